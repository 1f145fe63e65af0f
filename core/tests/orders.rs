//! Stories of orders: whose word is kept, what is heard of an order that cannot be followed, and when an order is answered.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_core::message::Message;
use hazel_core::order::{Endorsement, Head, Links};
use hazel_core::ordering::{
    Linked, OrderingError, cut, endorse, follow, keep_word, named, raise_view, runs, settle,
};
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Audience, Change, Wallet};
use story::*;

/// A word of the foil's node for the order as a wallet holds it now, said in some view.
fn word_of_ben(wallet: &Wallet, tally: &TallyId, view: u64) -> Endorsement {
    let have = wallet.have(tally).unwrap();
    let head = Head { tally: *tally, view, index: have.index, hash: have.hash };
    head.endorse(&words("Ben").root().node_key(&tally.0))
}

/// A foil that has forgotten says in a new view what it still knows. What it said before reaches further and is kept: it is what a phone
/// restored from a backup needs to hear.
#[test]
fn a_word_for_less_never_takes_the_place_of_one_for_more() {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let (backup, less) = (ben.backup(&words("Ben")).unwrap(), word_of_ben(&ben, &tally, 9));
    pay(&mut ben, &tally, 7).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let heard = ana.receive_messages(&tally, vec![Message::Endorsement(less)]).unwrap();
    assert_eq!(heard.rejected, []);
    let mut new = restored("Ben", &backup, &clock);
    meet(&mut ana, &mut new, &tally);
    assert!(!new.tally(&tally).unwrap().reconciling);
    assert_equal_halves(&mut ana, &mut new, &tally);
    assert_eq!(new.tally(&tally).unwrap().final_index, 3, "two payments and the new epoch");
}

/// An old phone hears how its successor has ordered anew, and not yet all that it ordered. What has a place keeps it until everything is here.
#[test]
fn nothing_loses_its_place_before_all_of_the_new_order_is_here() {
    let (mut ana, mut old, tally, clock) = pair();
    let backup = old.backup(&words("Ben")).unwrap();
    pay(&mut ana, &tally, 4).unwrap();
    old.receive(&ana.hand_over(&tally).unwrap().unwrap()).unwrap();
    let before = old.tally(&tally).unwrap();
    assert_eq!((before.index, before.agreed), (1, 0));
    let mut new = restored("Ben", &backup, &clock);
    ana.receive(&new.hand_over(&tally).unwrap().unwrap()).unwrap();
    new.receive(&ana.hand_over(&tally).unwrap().unwrap()).unwrap();
    pay(&mut ana, &tally, 5).unwrap();
    new.receive(&ana.hand_over(&tally).unwrap().unwrap()).unwrap();
    // The new epoch and the order, without the second payment: with the epoch in it the old phone is silent, and mends nothing by itself.
    let told = new.outbox(&tally, Audience::Partner).unwrap();
    let heard = old.receive_messages(&tally, told.clone()).unwrap();
    assert_eq!(heard.rejected, []);
    let after = old.tally(&tally).unwrap();
    assert_eq!((after.index, after.head, after.view), (before.index, before.head, before.view));
    old.receive_messages(&tally, new.outbox(&tally, Audience::Network).unwrap()).unwrap();
    old.receive_messages(&tally, told).unwrap();
    let view = old.tally(&tally).unwrap();
    assert_eq!((view.index, view.view), (3, new.tally(&tally).unwrap().view));
}

/// A foil's phone begins anew unheard. Meanwhile another one is restored from a backup and agrees with the stock, in a lower view and epoch.
/// The first one gives the order, and must not depart from what was agreed: it takes that up, and goes on above it.
#[test]
fn who_gives_the_order_takes_up_what_another_has_agreed() {
    let (mut ana, mut first, tally, clock) = pair();
    let backup = first.backup(&words("Ben")).unwrap();
    for _ in 0..3 {
        first.renew(&tally).unwrap();
    }
    pay(&mut first, &tally, 2).unwrap();
    first.outbox(&tally, Audience::Partner).unwrap();
    let mut second = restored("Ben", &backup, &clock);
    meet(&mut ana, &mut second, &tally);
    let (agreed, ordered) = (ana.tally(&tally).unwrap(), first.tally(&tally).unwrap());
    assert!((agreed.agreed, ordered.index) > (0, 0) && ordered.view > agreed.view);
    // Its own order is refused once, and told why.
    for _ in 0..8 {
        for gives in [true, false] {
            let (one, other) = if gives { (&mut first, &mut ana) } else { (&mut ana, &mut first) };
            if let Some(bytes) = one.hand_over(&tally).unwrap() {
                other.receive(&bytes).unwrap();
            }
        }
    }
    assert!(!first.tally(&tally).unwrap().reconciling);
    assert_equal_halves(&mut ana, &mut first, &tally);
    let view = first.tally(&tally).unwrap();
    assert_eq!((view.final_index, view.unordered), (view.index, 0));
    assert_eq!(first.balance(&tally).unwrap(), chips(-2));
}

/// Whoever is told again an order that it holds says its half's word for it again, if there is one; a tablet of the stock has none to say.
#[test]
fn an_order_that_is_known_is_answered_by_whoever_has_a_word_for_it() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    let order = ben.hand_over(&tally).unwrap().unwrap();
    let says_its_word = |wallet: &mut Wallet| {
        let said = wallet.outbox(&tally, Audience::Partner).unwrap();
        said.iter().any(|message| matches!(message, Message::Endorsement(_)))
    };
    ana.receive(&order).unwrap();
    assert!(says_its_word(&mut ana));
    ana.hand_over(&tally).unwrap().unwrap();
    assert!(!says_its_word(&mut ana), "it is said once");
    ana.receive(&order).unwrap();
    assert!(says_its_word(&mut ana), "and again when the order is");
    ana.hand_over(&tally).unwrap().unwrap();
    let mut alone = ben.outbox(&tally, Audience::Partner).unwrap();
    alone.retain(|message| matches!(message, Message::Links(_)));
    assert_eq!((alone.len(), ana.receive_messages(&tally, alone).unwrap().rejected), (1, vec![]));
    assert!(says_its_word(&mut ana), "or nothing else but the order");
}

/// Of an order of chits that are not here nothing can be followed: the phone says how far its memory goes.
#[test]
fn an_order_of_what_is_not_here_is_answered_with_a_question() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    let mut told = ben.outbox(&tally, Audience::Partner).unwrap();
    told.retain(|message| matches!(message, Message::Links(_)));
    let heard = ana.receive_messages(&tally, told).unwrap();
    assert_eq!((heard.changes, heard.rejected), (vec![Change::Waiting], vec![]));
    let said = ana.outbox(&tally, Audience::Partner).unwrap();
    assert!(matches!(said[..], [Message::Have(_)]), "{said:?}");
}

/// The foil's half gives the order. Whoever of the stock's phones has followed it tells nobody.
#[test]
fn an_order_is_told_by_the_half_that_gives_it() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ana, &clock, "tablet");
    pay(&mut ben, &tally, 10).unwrap();
    tablet.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    let view = tablet.tally(&tally).unwrap();
    assert_eq!((view.index, view.agreed), (1, 0));
    let tells = |wallet: &mut Wallet| {
        let said = wallet.outbox(&tally, Audience::Partner).unwrap();
        said.iter().any(|message| matches!(message, Message::Links(_)))
    };
    assert!(!tells(&mut tablet));
    // What Ana's node says of an order that Ben holds is nothing new to him, and no presumption.
    meet(&mut ana, &mut ben, &tally);
    let (_folder, store, no) = rows_of(&ben, &tally);
    let repeated = store.read(|shelf| {
        let runs = runs(shelf, &shelf.standing(no)?.unwrap(), 0)?;
        let endorsement = shelf.endorsement(no, &node("Ana", &tally).public())?.unwrap();
        Ok::<_, OrderingError>(Message::Links(Links { after: 0, runs, endorsement }))
    });
    assert_eq!(ben.receive_messages(&tally, vec![repeated.unwrap()]).unwrap().rejected, []);
}

/// Two payments of Ben's that both phones have agreed on, as Ana's phone holds them.
fn two_agreed() -> (TallyId, tempfile::TempDir, Store, i64) {
    let (mut ana, mut ben, tally, _) = pair();
    for _ in 0..2 {
        pay(&mut ben, &tally, 1).unwrap();
    }
    meet(&mut ana, &mut ben, &tally);
    let (folder, store, no) = rows_of(&ana, &tally);
    (tally, folder, store, no)
}

fn node(name: &str, tally: &TallyId) -> SecretKey {
    words(name).root().node_key(&tally.0)
}

/// A head on the order that is held.
fn here(store: &Store, no: i64, tally: TallyId, view: u64, index: u64) -> Head {
    let hash = store.read(|shelf| shelf.place(no, index)).unwrap().unwrap().hash;
    Head { tally, view, index, hash }
}

fn elsewhere(tally: TallyId, view: u64, index: u64, order: &str) -> Head {
    Head { tally, view, index, hash: Digest::of(order.as_bytes()) }
}

/// A node's words come in any order. The one kept is what the order held here rests on, whoever else would rather hear something newer.
#[test]
fn of_two_words_of_a_node_the_one_that_carries_the_order_is_kept() {
    let (tally, _folder, mut store, no) = two_agreed();
    let key = node("somebody", &tally);
    let [first, second, first_anew] =
        [(0, 1), (0, 2), (1, 1)].map(|(view, index)| here(&store, no, tally, view, index));
    let other = |view, index| elsewhere(tally, view, index, "another order");
    let third = |view, index| elsewhere(tally, view, index, "a third order");
    let told = [
        ("what reaches further", first, second, true),
        ("what reaches less far", second, first, false),
        ("less, in a newer view", second, first_anew, false),
        ("as much, in a newer view", first, first_anew, true),
        ("as much, in an older view", first_anew, first, false),
        ("the order that is held, after another one", other(1, 2), first, true),
        ("another order, after the one that is held", first, other(5, 3), false),
        ("another order in a newer view", other(0, 3), third(1, 1), true),
        ("another order in an older view", other(1, 1), third(0, 3), false),
        ("two for one place", other(1, 3), third(1, 3), false),
    ];
    for (what, held, heard, replaced) in told {
        let kept = store.change(|shelf| {
            shelf.put_endorsement(no, &held.endorse(&key))?;
            keep_word(shelf, no, &heard.endorse(&key))?;
            Ok::<_, OrderingError>(shelf.endorsement(no, &key.public())?.map(|word| word.head))
        });
        assert_eq!(kept.unwrap(), Some(if replaced { heard } else { held }), "{what}");
    }
}

/// Both halves have agreed as far as both speak for the order that is held, and somebody is told so when it moves, not again and again.
#[test]
fn agreed_is_what_both_say_of_this_very_order() {
    let (tally, _folder, mut store, no) = two_agreed();
    let [first, second] = [1, 2].map(|index| here(&store, no, tally, 0, index));
    let told = [
        ("both say all of it", second, 2, vec!["agreed", "final"]),
        ("one says less", first, 1, vec!["agreed", "final"]),
        ("one says another order", elsewhere(tally, 0, 1, "another order"), 0, vec![]),
        ("one says more than is here", elsewhere(tally, 0, 3, "a longer order"), 0, vec![]),
    ];
    for (what, of_ben, agreed, events) in told {
        let (reached, noted) = store
            .change(|shelf| {
                let mut standing = shelf.standing(no)?.unwrap();
                (standing.agreed, standing.final_index) = (0, 0);
                shelf.put_endorsement(no, &second.endorse(&node("Ana", &tally)))?;
                shelf.put_endorsement(no, &of_ben.endorse(&node("Ben", &tally)))?;
                while let Some(event) = shelf.next_event()? {
                    shelf.drop_event(event.no)?;
                }
                settle(shelf, &mut standing)?;
                settle(shelf, &mut standing)?;
                let mut noted = Vec::new();
                while let Some(event) = shelf.next_event()? {
                    shelf.drop_event(event.no)?;
                    noted.push(event.code);
                }
                Ok::<_, OrderingError>(((standing.agreed, standing.final_index), noted))
            })
            .unwrap();
        assert_eq!(
            (reached, noted),
            ((agreed, agreed), events.iter().map(|&e| e.to_owned()).collect()),
            "{what}"
        );
    }
}

/// A stock that has promised to wait for a view has nothing to confirm in it before the foil's node has ordered there; then it says so once.
#[test]
fn a_promise_is_no_confirmation() {
    let (tally, _folder, mut store, no) = two_agreed();
    let (ana, ben) = (node("Ana", &tally), node("Ben", &tally));
    let said = store.change(|shelf| {
        let mut standing = shelf.standing(no)?.unwrap();
        assert!(raise_view(shelf, &mut standing, 9)?);
        let promised = endorse(shelf, &ana, Side::Stock, &mut standing)?;
        shelf.put_endorsement(no, &standing.book.head.endorse(&node("somebody", &tally)))?;
        let by_a_stranger = endorse(shelf, &ana, Side::Stock, &mut standing)?;
        keep_word(shelf, no, &standing.book.head.endorse(&ben))?;
        let ordered = endorse(shelf, &ana, Side::Stock, &mut standing)?;
        let again = endorse(shelf, &ana, Side::Stock, &mut standing)?;
        Ok::<_, OrderingError>([promised, by_a_stranger, ordered, again])
    });
    assert_eq!(said.unwrap(), [false, false, true, false]);
}

/// An order without anything in it is the contract, and nobody has to speak for that again.
#[test]
fn of_an_empty_order_nobody_says_anything() {
    let (_, ben, tally, _) = pair();
    let (_folder, mut store, no) = rows_of(&ben, &tally);
    let said = store.change(|shelf| {
        let mut standing = shelf.standing(no)?.unwrap();
        endorse(shelf, &node("Ben", &tally), Side::Foil, &mut standing)
    });
    assert!(!said.unwrap());
}

/// While a half moves to a site, words of those who spoke for it before still count, and none of anybody is counted twice.
#[test]
fn who_spoke_before_is_named_beside_who_speaks_now() {
    let (mut ana, _, tally, _) = pair();
    let site = node("a site", &tally).public();
    ana.host_at(&tally, &site).unwrap().unwrap();
    let (_folder, store, no) = rows_of(&ana, &tally);
    let nodes = named(&store.read(|shelf| shelf.standing(no)).unwrap().unwrap());
    assert_eq!(nodes.stock, [site, node("Ana", &tally).public()]);
    assert_eq!(nodes.foil, [node("Ben", &tally).public()]);
}

/// Whoever is told again what it holds, all of it or its beginning, takes it for known; another order of the same length it refuses.
#[test]
fn an_order_that_is_held_is_known_up_to_any_place() {
    let (tally, _folder, mut store, no) = two_agreed();
    let ben = node("Ben", &tally);
    let heads = [1, 2].map(|index| here(&store, no, tally, 0, index));
    let mut said = |index: u64, head: Head| {
        store
            .change(|shelf| {
                let mut standing = shelf.standing(no)?.unwrap();
                let mut runs = runs(shelf, &standing, 0)?;
                let end = shelf.place(no, index)?.unwrap();
                let last = shelf.chit_by_no(end.chit)?.unwrap().entry.chit.hash();
                runs.truncate(1);
                (runs[0].count, runs[0].last) = (index, last);
                follow(shelf, &mut standing, &Links { after: 0, runs, endorsement: head.endorse(&ben) })
            })
            .map_err(|error| error.to_string())
    };
    assert_eq!(said(2, heads[1]).unwrap(), Linked::Known);
    assert_eq!(said(1, heads[0]).unwrap(), Linked::Known);
    assert!(said(2, elsewhere(tally, 0, 2, "another order")).is_err());
    assert!(said(1, elsewhere(tally, 0, 1, "another order")).is_err());
    assert!(said(1, heads[1]).is_err());
}

/// An order is told chain by chain: a new run begins where another chain goes on, and nowhere else.
#[test]
fn an_order_is_told_in_as_few_runs_as_its_chains_take_turns() {
    let (mut ana, mut ben, tally, _) = pair();
    for by_ana in [false, false, true, false] {
        pay(if by_ana { &mut ana } else { &mut ben }, &tally, 1).unwrap();
        meet(&mut ana, &mut ben, &tally);
    }
    let (_folder, store, no) = rows_of(&ana, &tally);
    let told = store.read(|shelf| runs(shelf, &shelf.standing(no)?.unwrap(), 0)).unwrap();
    let told: Vec<_> = told.iter().map(|run| (run.chain.side, run.first, run.count)).collect();
    assert_eq!(told, [(Side::Foil, 1, 2), (Side::Stock, 1, 1), (Side::Foil, 3, 1)]);
}

/// A copy of Ben's phone has ordered in a newer view. His phone follows, and will order again in a view of its own; the receipts that Ana has
/// missed it says all the same.
#[test]
fn who_opens_a_view_above_a_copy_says_what_else_is_owed() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ana, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    pay(&mut ana, &tally, 2).unwrap();
    let mut told = ana.outbox(&tally, Audience::Partner).unwrap();
    told.retain(|message| matches!(message, Message::Chits(_)));
    ben.receive_messages(&tally, told.clone()).unwrap();
    ben.hand_over(&tally).unwrap();
    let key = words("Ben").root().node_key(&tally.0);
    let (_folder, mut store, no) = rows_of(&ben, &tally);
    let of_copy = store.change(|shelf| {
        let mut standing = shelf.standing(no)?.unwrap();
        let after = standing.agreed;
        cut(shelf, &mut standing, after)?;
        assert!(raise_view(shelf, &mut standing, 9)?);
        assert!(endorse(shelf, &key, Side::Foil, &mut standing)?);
        let endorsement = shelf.endorsement(no, &key.public())?.unwrap();
        Ok::<_, OrderingError>(Links { after, runs: runs(shelf, &standing, after)?, endorsement })
    });
    told.push(Message::Links(of_copy.unwrap()));
    assert_eq!(ben.receive_messages(&tally, told).unwrap().rejected, []);
    let view = ben.tally(&tally).unwrap();
    assert!(view.reconciling && view.view > 9);
    let said = ben.outbox(&tally, Audience::Partner).unwrap();
    assert!(said.iter().any(|message| matches!(message, Message::Receipt(_))), "{said:?}");
}
