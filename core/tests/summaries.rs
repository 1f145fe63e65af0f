//! Stories of summaries: what a phone does when its partner says how far its memory goes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::chit::ChainId;
use hazel_core::digest::Digest;
use hazel_core::message::{Have, Message, Page};
use hazel_core::order::Endorsement;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Audience, Wallet};
use story::*;

/// Ben has ordered two payments, and knows that Ana has agreed to the first.
fn half_agreed() -> (Wallet, Wallet, TallyId) {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    pay(&mut ben, &tally, 2).unwrap();
    ana.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    let view = ben.tally(&tally).unwrap();
    assert_eq!((view.index, view.agreed), (2, 1));
    (ana, ben, tally)
}

fn hear(wallet: &mut Wallet, tally: &TallyId, have: Have) {
    let heard = wallet.receive_messages(tally, vec![Message::Have(have)]).unwrap();
    assert_eq!(heard.rejected, []);
}

/// Whoever has agreed to less than both have is told what the nodes of its own half have said; whoever has not forgotten it is not.
#[test]
fn nobody_is_told_its_own_word_that_it_still_knows() {
    for (agreed, told) in [(0, 1), (1, 0)] {
        let (ana, mut ben, tally) = half_agreed();
        let own = words("Ana").root().node_key(&tally.0).public();
        let have = ana.have(&tally).unwrap();
        let (_folder, store, no) = rows_of(&ben, &tally);
        let hash = store.read(|shelf| shelf.place(no, 1)).unwrap().unwrap().hash;
        hear(&mut ben, &tally, Have { index: 1, hash, agreed, ..have });
        let said = ben.outbox(&tally, Audience::Partner).unwrap();
        let words = said.iter().filter(|it| matches!(it, Message::Endorsement(word) if word.key == own));
        assert_eq!(words.count(), told, "{agreed} {said:?}");
    }
}

/// Who gives the order begins a new view when its partner has promised one to somebody else or has agreed with somebody else, and
/// everything that the partner names is here. Nothing else that a summary says makes it forget what it has ordered.
#[test]
fn who_gives_the_order_gives_way_to_a_promise_and_to_an_agreement_of_others() {
    let another = Digest::of(b"another order");
    let unknown = (ChainId { side: Side::Stock, device: 9, epoch: 1 }, 4, another);
    let told = [
        ("the same order", 0, None, 1, vec![], false),
        ("agreed further on the same order", 0, None, 2, vec![], false),
        ("agreed as far, another order behind it", 0, Some(another), 1, vec![], false),
        ("agreed less far, another order", 0, Some(another), 0, vec![], false),
        ("agreed further on another order", 0, Some(another), 2, vec![], true),
        ("a view was promised", 7, None, 1, vec![], true),
        ("a view was promised, and there is more than is here", 7, None, 1, vec![unknown], false),
        ("agreed on another order, with more than is here", 0, Some(another), 2, vec![unknown], false),
    ];
    for (what, view, hash, agreed, chains, gives_way) in told {
        let (ana, mut ben, tally) = half_agreed();
        let have = ana.have(&tally).unwrap();
        let hash = hash.unwrap_or(have.hash);
        hear(&mut ben, &tally, Have { view, hash, agreed, chains, ..have });
        let after = ben.tally(&tally).unwrap();
        assert_eq!(after.reconciling, gives_way, "{what}");
        assert_eq!(
            (after.view > view, after.index),
            if gives_way { (true, 1) } else { (false, 2) },
            "{what}"
        );
    }
}

/// Whether a phone tells its partner the whole order from its beginning.
fn tells_all(wallet: &mut Wallet, tally: &TallyId) -> bool {
    let said = wallet.outbox(tally, Audience::Partner).unwrap();
    said.iter().any(|message| matches!(message, Message::Links(links) if links.after == 0))
}

/// A phone of the foil's that has not heard of the view that the stock has promised is told everything: it must see who replaced it.
#[test]
fn who_is_behind_the_promised_view_is_told_everything() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let old = ben.have(&tally).unwrap();
    hear(&mut ana, &tally, old.clone());
    assert!(!tells_all(&mut ana, &tally), "nothing differs");
    hear(&mut ana, &tally, Have { view: 9, restored: true, ..old.clone() });
    assert_eq!(ana.have(&tally).unwrap().view, 9, "promised");
    ana.outbox(&tally, Audience::Partner).unwrap();
    hear(&mut ana, &tally, Have { view: 9, ..old.clone() });
    assert!(!tells_all(&mut ana, &tally), "it knows");
    hear(&mut ana, &tally, old);
    assert!(tells_all(&mut ana, &tally));
    // The foil's own views are told as they are made.
    let of_ana = ana.have(&tally).unwrap();
    ben.renew(&tally).unwrap();
    hear(&mut ben, &tally, Have { view: 0, ..of_ana });
    assert!(!tells_all(&mut ben, &tally));
}

/// A foil's old phone has heard that another one was restored in its place, and hears that something was agreed there. What it has ordered itself
/// and nobody agreed to, if anything, it forgets, and asks.
#[test]
fn an_old_phone_asks_for_the_order_of_the_one_that_replaced_it() {
    for ordered in [0, 1] {
        let (mut ana, mut old, tally, clock) = pair();
        let backup = old.backup(&words("Ben")).unwrap();
        for _ in 0..ordered {
            pay(&mut ana, &tally, 3).unwrap();
            old.receive(&ana.hand_over(&tally).unwrap().unwrap()).unwrap();
        }
        let mut new = restored("Ben", &backup, &clock);
        meet(&mut ana, &mut new, &tally);
        pay(&mut new, &tally, 5).unwrap();
        meet(&mut ana, &mut new, &tally);
        let agreed = ana.tally(&tally).unwrap().agreed;
        assert_eq!((agreed, old.tally(&tally).unwrap().index), (2 + ordered, ordered));
        let chits: Vec<_> = ana.export(&tally).unwrap().chits.into_iter().map(|row| row.signed).collect();
        let chits = Page::all_of(&chits).map(Message::Chits).collect();
        assert_eq!(old.receive_messages(&tally, chits).unwrap().rejected, []);
        old.hand_over(&tally).unwrap();
        hear(&mut old, &tally, ana.have(&tally).unwrap());
        assert_eq!(old.tally(&tally).unwrap().index, 0);
        let said = old.outbox(&tally, Audience::Partner).unwrap();
        assert!(said.iter().any(|message| matches!(message, Message::Have(_))), "{said:?}");
        meet(&mut ana, &mut old, &tally);
        assert_eq!(old.tally(&tally).unwrap().agreed, agreed);
    }
}

/// What a phone tells its partner, in words.
fn said(wallet: &mut Wallet, tally: &TallyId) -> Vec<String> {
    let own = |word: &Endorsement| word.key == words("Ana").root().node_key(&tally.0).public();
    let word = |message: &Message| match message {
        Message::Have(_) => "summary".to_owned(),
        Message::Chits(page) => format!("{} chits from {}", page.chits.len(), page.first),
        Message::Links(links) => format!("order after {}", links.after),
        Message::Endorsement(word) => format!("{}'s word", if own(word) { "Ana" } else { "Ben" }),
        Message::Certificate(_) => "certificate".to_owned(),
        Message::Receipt(_) => "receipt".to_owned(),
        other => panic!("{other:?}"),
    };
    wallet.outbox(tally, Audience::Partner).unwrap().iter().map(word).collect()
}

/// Ana has paid three times. What Ben's summary names as it is here is not told again; of more than there is she asks.
#[test]
fn chits_are_told_from_where_a_summary_ends() {
    type Named = Option<(u64, bool)>;
    let told: [(Named, &[&str]); 7] = [
        (None, &["3 chits from 1", "summary"]),
        (Some((0, false)), &["3 chits from 1", "summary"]),
        (Some((1, true)), &["2 chits from 2", "summary"]),
        (Some((2, false)), &["3 chits from 1", "summary"]),
        (Some((3, true)), &[]),
        (Some((3, false)), &["3 chits from 1", "summary"]),
        (Some((9, false)), &["summary"]),
    ];
    for (named, expected) in told {
        let (mut ana, ben, tally, _) = pair();
        let paid = [1, 2, 3].map(|units| pay(&mut ana, &tally, units).unwrap());
        let have = ben.have(&tally).unwrap();
        let name = |(seq, right): (u64, bool)| {
            let hash = paid.iter().find(|chit| right && chit.seq == seq).map(|chit| chit.hash);
            (paid[0].chain, seq, hash.unwrap_or(Digest::of(b"another chit")))
        };
        hear(&mut ana, &tally, Have { chains: named.map(name).into_iter().collect(), ..have });
        assert_eq!(said(&mut ana, &tally), expected, "{named:?}");
    }
}

/// Ana and Ben have agreed on two payments of Ben's. Whoever says that it knows less is told what it lacks, and whoever says that it knows
/// more is asked by the stock, which is to follow.
#[test]
fn an_order_is_told_from_where_a_summary_ends() {
    type Lack = fn(&mut Have, Digest);
    let less: [(&str, Lack, &[&str], &[&str]); 9] = [
        ("everything", |_, _| {}, &[], &[]),
        (
            "agreed to less",
            |have, _| have.agreed = 1,
            &["Ana's word", "Ben's word", "summary"],
            &["Ben's word", "Ana's word", "summary"],
        ),
        (
            "knows less",
            |have, first| (have.index, have.hash, have.agreed) = (1, first, 1),
            &["order after 0", "certificate", "summary"],
            &["order after 0", "certificate", "summary"],
        ),
        (
            "forgot less",
            |have, _| (have.agreed, have.restored) = (1, true),
            &["order after 0", "certificate", "receipt", "summary"],
            &["order after 0", "certificate", "summary"],
        ),
        (
            "another order",
            |have, _| have.hash = Digest::of(b"another"),
            &["Ana's word", "summary"],
            &["Ben's word", "summary"],
        ),
        (
            "another order, agreed to less",
            |have, _| (have.hash, have.agreed) = (Digest::of(b"another"), 1),
            &["order after 0", "certificate", "summary"],
            &["order after 0", "certificate", "summary"],
        ),
        (
            "a longer order, agreed to less",
            |have, _| (have.index, have.hash, have.agreed) = (3, Digest::of(b"longer"), 1),
            &["Ana's word", "Ben's word", "summary"],
            &["Ben's word", "Ana's word", "summary"],
        ),
        (
            "a longer order in a newer view, agreed to less",
            |have, _| (have.index, have.hash, have.agreed, have.view) = (3, Digest::of(b"longer"), 1, 7),
            &["order after 0", "certificate", "summary"],
            &["summary"],
        ),
        (
            "a longer order",
            |have, _| (have.index, have.hash) = (3, Digest::of(b"longer")),
            &["Ana's word", "summary"],
            &["Ben's word", "summary"],
        ),
    ];
    for (what, lack, by_ana, by_ben) in less {
        let (mut ana, mut ben, tally, _) = pair();
        for _ in 0..2 {
            pay(&mut ben, &tally, 1).unwrap();
        }
        meet(&mut ana, &mut ben, &tally);
        let (_folder, store, no) = rows_of(&ben, &tally);
        let first = store.read(|shelf| shelf.place(no, 1)).unwrap().unwrap().hash;
        for (stock, expected) in [(true, by_ana), (false, by_ben)] {
            let (wallet, partner) = if stock { (&mut ana, &ben) } else { (&mut ben, &ana) };
            let mut have = partner.have(&tally).unwrap();
            lack(&mut have, first);
            hear(wallet, &tally, have);
            assert_eq!(said(wallet, &tally), expected, "the stock: {stock}, of {what}");
        }
    }
    // Before anything has a place here.
    for (stock, expected) in [(true, &["summary"][..]), (false, &[])] {
        let (ana, ben, tally, _) = pair();
        let (mut wallet, partner) = if stock { (ana, ben) } else { (ben, ana) };
        let have = partner.have(&tally).unwrap();
        hear(&mut wallet, &tally, Have { index: 1, hash: Digest::of(b"longer"), ..have });
        assert_eq!(said(&mut wallet, &tally), expected, "the stock: {stock}");
    }
    let (mut ana, ben, tally, _) = pair();
    let unknown = (ChainId { side: Side::Foil, device: 9, epoch: 1 }, 1, Digest::of(b"a chit"));
    hear(&mut ana, &tally, Have { chains: vec![unknown], ..ben.have(&tally).unwrap() });
    assert_eq!(said(&mut ana, &tally), ["summary"], "of a chain that is not here");
}

/// A restored phone signs when it holds every chit that its partner names, and has heard of everything that was agreed.
#[test]
fn a_restored_phone_waits_for_all_that_its_partner_names() {
    let (mut ana, mut ben, tally, clock) = pair();
    let backup = ana.backup(&words("Ana")).unwrap();
    pay(&mut ben, &tally, 1).unwrap();
    let one = ben.have(&tally).unwrap().chains;
    assert_eq!(one.len(), 1);
    meet(&mut ana, &mut ben, &tally);
    let signs = |chains: &[(ChainId, u64, Digest)], agreed: u64| {
        let mut new = restored("Ana", &backup, &clock);
        // A stock goes by nobody's view.
        let have = Have { chains: chains.to_vec(), agreed, view: 3, ..new.have(&tally).unwrap() };
        hear(&mut new, &tally, Have { restored: false, ..have });
        !new.tally(&tally).unwrap().reconciling
    };
    assert!(!signs(&one, 0) && !signs(&[], 1) && !signs(&one, 1));
    assert!(signs(&[], 0));
    ana.renew(&tally).unwrap();
    assert_eq!(ana.have(&tally).unwrap().view, 0, "nor does it open one");
}

/// Whoever names another contract than the one that governs is told that one.
#[test]
fn a_summary_says_which_contract_is_known() {
    let (mut ana, ben, tally, _) = pair();
    let have = ben.have(&tally).unwrap();
    let mut tells = |have: Have| {
        hear(&mut ana, &tally, have);
        let said = ana.outbox(&tally, Audience::Partner).unwrap();
        said.iter().any(|message| matches!(message, Message::Offer(offer) if offer.is_contract()))
    };
    assert!(!tells(have.clone()));
    assert!(tells(Have { contract: Digest::of(b"another contract"), ..have.clone() }));
    assert!(!tells(have));
}

/// What is sealed for one tally and speaks of another is refused, whatever it is.
#[test]
fn what_is_about_another_tally_is_not_taken() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    let other = TallyId([9; 16]);
    let Some(Message::Chits(page)) = ben.outbox(&tally, Audience::Partner).unwrap().into_iter().next() else {
        panic!("no chits")
    };
    let have = ben.have(&tally).unwrap();
    for message in [
        Message::Have(Have { tally: other, ..have }),
        Message::Chits(Page { tally: other, ..page }),
        Message::Refuse { tally: other, version: Digest::default() },
    ] {
        let heard = ana.receive_messages(&tally, vec![message]).unwrap().rejected;
        assert_eq!(heard.iter().map(|it| it.refusal.code()).collect::<Vec<_>>(), ["other_tally"]);
    }
}

/// A restored foil announces a view of its own. Where a higher one was promised, to another phone that was restored, it goes above that.
#[test]
fn a_restored_foil_goes_above_every_view_that_was_promised() {
    let (ana, mut ben, tally, clock) = pair();
    let mut new = restored("Ben", &ben.backup(&words("Ben")).unwrap(), &clock);
    let asked = new.have(&tally).unwrap().view;
    let have = ana.have(&tally).unwrap();
    assert!(have.view < asked);
    hear(&mut new, &tally, have.clone());
    assert_eq!(new.have(&tally).unwrap().view, asked);
    let promised = asked.saturating_add(1);
    hear(&mut new, &tally, Have { view: promised, ..have });
    assert!(new.have(&tally).unwrap().view > promised);
    assert!(new.tally(&tally).unwrap().reconciling);
}

/// A phone that was restored and has to wait tells its partner all the same which contract governs.
#[test]
fn a_phone_that_waits_tells_the_contract() {
    let (mut ana, mut ben, tally, clock) = pair();
    let another = Have { contract: Digest::of(b"another contract"), ..ben.have(&tally).unwrap() };
    let backups = [ana.backup(&words("Ana")).unwrap(), ben.backup(&words("Ben")).unwrap()];
    // The stock waits for what was agreed, the foil for the view that it has announced.
    for ((name, agreed), backup) in [("Ana", 1), ("Ben", 0)].into_iter().zip(backups) {
        let mut new = restored(name, &backup, &clock);
        hear(&mut new, &tally, Have { agreed, ..another.clone() });
        assert!(new.tally(&tally).unwrap().reconciling, "{name}");
        let said = new.outbox(&tally, Audience::Partner).unwrap();
        assert!(said.iter().any(|message| matches!(message, Message::Offer(_))), "{name} {said:?}");
    }
}
