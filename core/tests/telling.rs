//! What one keeper of a tally tells another in answer to its summary: what the other lacks, all of it and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::chit::ChainId;
use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_core::message::{Have, Message};
use hazel_core::order::Head;
use hazel_core::ordering::OrderingError;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::telling::{answer, summary};
use story::*;

/// A phone with two payments of Ben's in the order: Ana's, where both have agreed on them, or Ben's, where nobody else has seen them.
struct Keeper {
    tally: TallyId,
    store: Store,
    no: i64,
    _folder: tempfile::TempDir,
}

fn keeper(agreed: bool) -> Keeper {
    let (mut ana, mut ben, tally, _) = pair();
    for _ in 0..2 {
        pay(&mut ben, &tally, 1).unwrap();
    }
    let keeper = if agreed {
        meet(&mut ana, &mut ben, &tally);
        ana
    } else {
        ben.hand_over(&tally).unwrap();
        ben
    };
    let (folder, store, no) = rows_of(&keeper, &tally);
    Keeper { tally, store, no, _folder: folder }
}

impl Keeper {
    fn summary(&self) -> Have {
        self.store.read(|shelf| summary(shelf, &shelf.standing(self.no)?.unwrap())).unwrap()
    }

    fn hash_at(&self, index: u64) -> Digest {
        self.store.read(|shelf| shelf.place(self.no, index)).unwrap().unwrap().hash
    }

    /// What somebody with this summary is told, each message in short, and whether the keeper wants to be told something itself.
    fn answer(&self, have: &Have) -> (Vec<String>, bool) {
        let told = self.store.read(|shelf| answer(shelf, &shelf.standing(self.no)?.unwrap(), have)).unwrap();
        (told.messages.iter().map(short).collect(), told.behind)
    }
}

fn short(message: &Message) -> String {
    match message {
        Message::Offer(_) => "contract".into(),
        Message::Chits(page) => format!("{} chits from {}", page.chits.len(), page.first),
        Message::Links(links) => format!("order after {}", links.after),
        Message::Endorsement(word) => format!("word for {}", word.head.index),
        Message::Certificate(certificate) => format!("certificate for {}", certificate.head.index),
        other => format!("{other:?}"),
    }
}

/// Nobody has signed on Ana's chain yet, so there is nothing to say of it.
#[test]
fn a_summary_names_the_chains_on_which_something_is_held() {
    let have = keeper(true).summary();
    let [(chain, seq, _)] = have.chains[..] else { panic!("{have:?}") };
    assert_eq!((chain.side, seq), (Side::Foil, 2));
    assert_eq!((have.index, have.agreed, have.restored), (2, 2, false));
}

#[test]
fn whoever_holds_the_same_is_told_nothing() {
    let keeper = keeper(true);
    assert_eq!(keeper.answer(&keeper.summary()), (vec![], false));
}

type Change = fn(&mut Have, Digest);

/// What is changed in the summary of somebody who holds the same, and what that one is told then. It gets the hash at the first place.
#[test]
fn what_somebody_lacks_is_told_and_what_is_lacking_here_asked_for() {
    let keeper = keeper(true);
    let first = keeper.hash_at(1);
    let cases: [(&str, Change, &[&str], bool); 13] = [
        ("another contract", |have, _| have.contract = Digest::of(b"other"), &["contract"], false),
        ("one chit less", |have, _| have.chains[0].1 = 1, &["2 chits from 1"], false),
        ("no chit", |have, _| have.chains.clear(), &["2 chits from 1"], false),
        ("one chit more", |have, _| have.chains[0].1 = 3, &[], true),
        ("another branch", |have, _| have.chains[0].2 = Digest::of(b"other"), &["2 chits from 1"], false),
        ("a chain more", |have, _| have.chains.push((another(), 1, Digest::default())), &[], true),
        (
            "the order's beginning",
            |have, first| (have.index, have.hash) = (1, first),
            &["order after 1"],
            false,
        ),
        ("an order not agreed", |have, _| have.agreed = 1, &["certificate for 2"], false),
        (
            "its beginning, not agreed",
            |have, first| (have.index, have.hash, have.agreed) = (1, first, 0),
            &["order after 1", "certificate for 2"],
            false,
        ),
        (
            "another order behind what is agreed",
            |have, _| (have.hash, have.agreed) = (Digest::of(b"other"), 1),
            &["order after 1", "certificate for 2"],
            false,
        ),
        ("a longer order", |have, _| have.index = 5, &[], true),
        (
            "a longer order of which less is agreed",
            |have, _| (have.index, have.agreed) = (5, 1),
            &["order after 1", "certificate for 2"],
            true,
        ),
        ("more that is agreed", |have, _| have.agreed = 3, &[], true),
    ];
    for (what, change, told, behind) in cases {
        let mut have = keeper.summary();
        change(&mut have, first);
        let told: Vec<String> = told.iter().map(|&short| short.into()).collect();
        assert_eq!(keeper.answer(&have), (told, behind), "{what}");
    }
}

fn another() -> ChainId {
    ChainId { side: Side::Foil, device: 9, epoch: 1 }
}

/// A copy of Ben's phone has signed one payment, and he two under the same numbers. Whoever lacks one of the two branches is told that one,
/// and nobody is asked for what is held here.
#[test]
fn of_a_forked_chain_the_other_branch_is_told() {
    let (mut ana, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    pay(&mut copy, &tally, 1).unwrap();
    for units in [2, 3] {
        pay(&mut ben, &tally, units).unwrap();
    }
    for phone in [&mut copy, &mut ben] {
        ana.receive(&phone.hand_over(&tally).unwrap().unwrap()).unwrap();
    }
    let (folder, store, no) = rows_of(&ana, &tally);
    let keeper = Keeper { tally, store, no, _folder: folder };
    for (lacks, told) in [(1, "1 chits from 1"), (2, "2 chits from 1")] {
        let mut have = keeper.summary();
        have.chains.retain(|(_, seq, _)| *seq != lacks);
        assert_eq!(keeper.answer(&have), (vec![told.into()], false));
    }
}

/// Nobody but Ben's own node stands for the order. Whoever has promised a newer view would refuse it, unless it has lost its memory.
#[test]
fn an_order_that_only_the_foil_has_seen_is_told_in_its_view_or_to_who_was_restored() {
    let keeper = keeper(false);
    let all = |have: Have| keeper.answer(&Have { index: 0, hash: have.contract, agreed: 0, ..have });
    let told = |messages: &[&str]| (messages.iter().map(|&short| short.to_owned()).collect(), false);
    let have = keeper.summary();
    assert_eq!(all(have.clone()), told(&["order after 0", "word for 2"]));
    assert_eq!(all(Have { view: 9, ..have.clone() }), told(&["word for 2"]));
    assert_eq!(all(Have { view: 9, restored: true, ..have }), told(&["order after 0", "word for 2"]));
}

/// Somebody holds a longer order and has agreed to as much as this keeper has: nothing of the order here is news there.
#[test]
fn a_longer_order_is_asked_for_and_not_answered() {
    let keeper = keeper(false);
    let have = Have { index: 5, ..keeper.summary() };
    assert_eq!(keeper.answer(&have), (vec!["word for 2".into()], true));
}

/// The foil's node has said something of the beginning only. Nobody would follow the order beyond that.
#[test]
fn an_order_is_told_as_far_as_somebody_stands_for_it() {
    let mut keeper = keeper(false);
    let (no, hash) = (keeper.no, keeper.hash_at(1));
    let first = Head { tally: keeper.tally, view: 0, index: 1, hash };
    let word = first.endorse(&words("Ben").root().node_key(&keeper.tally.0));
    keeper.store.change(|shelf| shelf.put_endorsement(no, &word)).unwrap();
    let have = keeper.summary();
    let have = Have { index: 0, hash: have.contract, agreed: 0, ..have };
    assert_eq!(keeper.answer(&have).0, ["word for 1"]);
}

/// Both halves stand for the agreed order: it is told whatever view its reader has promised. A word of somebody who speaks for neither
/// half is no part of it, and is told to nobody.
#[test]
fn an_agreed_order_is_told_in_any_view_and_no_strangers_word() {
    let mut keeper = keeper(true);
    let stranger = SecretKey::from_seed(&[9; 32]);
    let (no, have) = (keeper.no, keeper.summary());
    let head = Head { tally: keeper.tally, view: 0, index: have.index, hash: have.hash };
    let kept = keeper.store.change(|shelf| {
        shelf.put_endorsement(no, &head.endorse(&stranger))?;
        Ok::<_, OrderingError>(shelf.endorsements(no)?.len())
    });
    assert_eq!(kept, Ok(3));
    let have = Have { view: 9, index: 0, hash: have.contract, agreed: 0, ..have };
    assert_eq!(keeper.answer(&have).0, ["order after 0", "certificate for 2"]);
    let told = keeper.store.read(|shelf| answer(shelf, &shelf.standing(no)?.unwrap(), &have)).unwrap();
    let Some(Message::Certificate(certificate)) = told.messages.last() else { panic!("{told:?}") };
    assert!(
        certificate.words.len() == 2 && certificate.words.iter().all(|(key, _)| *key != stranger.public())
    );
}
