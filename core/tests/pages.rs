//! Pages and runs of chits: what may share one, and how far one reaches.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::admit::Refusal;
use hazel_core::canon::{Canon as _, Malformed};
use hazel_core::chit::{ChainId, Chit, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::message::{HANDOVER_MAX, Message, Page};
use hazel_core::order::Run;
use hazel_core::tally::Side;
use hazel_core::units::Units;
use hazel_core::wallet::{Audience, Change, Export, Payment, Rejected, Wallet};
use story::*;

/// Two branches of a fork never share a page, although their numbers follow each other.
#[test]
fn a_page_stays_on_its_branch() {
    let (mut ana, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    for units in [1, 2] {
        pay(&mut ben, &tally, units).unwrap();
    }
    for units in [5, 6] {
        pay(&mut copy, &tally, units).unwrap();
    }
    let signed = |export: Export| export.chits.into_iter().map(|row| row.signed).collect::<Vec<_>>();
    let (one, other) = (signed(ben.export(&tally).unwrap()), signed(copy.export(&tally).unwrap()));
    assert_eq!((one.len(), other.len()), (2, 2));
    let mixed = [one[0].clone(), other[1].clone()];
    let pages: Vec<Page> = Page::all_of(&mixed).collect();
    assert_eq!(pages.len(), 2);
    assert_eq!(pages.into_iter().flat_map(Page::unfold).collect::<Vec<_>>(), mixed);
    assert_eq!(Page::all_of(&one).count(), 1);
    // Who holds the one and hears how the other goes on has to hear its beginning first, though one key signs both.
    let mut told = |chits: &[SignedChit]| {
        let heard = ana.receive_messages(&tally, vec![Message::Chits(Page::of(chits).unwrap())]).unwrap();
        assert_eq!(heard.rejected, []);
        (heard.changes.contains(&Change::Waiting), ana.balance(&tally).unwrap())
    };
    assert_eq!(told(&one[..1]), (false, chips(1)));
    assert_eq!(told(&other[1..]), (true, chips(1)));
    assert_eq!(told(&other[..1]), (false, chips(6)));
    // Nor do a chit and one that names it as the one before, but has another chain or number.
    for (device, seq) in [(9, 2), (1, 3)] {
        let mut strange = one[1].clone();
        (strange.chit.chain.device, strange.chit.seq) = (device, seq);
        let two = [one[0].clone(), strange];
        assert_eq!(Page::all_of(&two).flat_map(Page::unfold).collect::<Vec<_>>(), two);
    }
}

/// A copy has signed something else in every place of two: each is a fork of its own, and both are told.
#[test]
fn every_place_that_was_given_twice_is_told() {
    let (mut ana, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    let mut told = |wallet: &mut Wallet, first: i64| {
        for units in [first, first + 1] {
            pay(wallet, &tally, units).unwrap();
        }
        let heard = ana.receive(&wallet.hand_over(&tally).unwrap().unwrap()).unwrap();
        heard.changes.into_iter().filter(|change| matches!(change, Change::Fork { .. })).count()
    };
    assert_eq!((told(&mut ben, 1), told(&mut copy, 5)), (0, 2));
    assert_eq!(ana.audit(&mut |_| true).unwrap().findings, []);
}

/// A chain's numbers end below 2³², and no page leads further.
#[test]
fn a_page_reaches_to_the_last_number_there_may_be() {
    let (_, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    let page = Page::of(&[ben.export(&tally).unwrap().chits[0].signed.clone()]).unwrap();
    for (first, readable) in [(0, false), (1, true), ((1 << 32) - 1, true), (1 << 32, false)] {
        let chit = Chit { seq: first, ..page.clone().unfold()[0].chit.clone() };
        let page = Page { first, ..page.clone() };
        assert_eq!(Page::from_bytes(&page.to_bytes()).is_ok_and(|read| read == page), readable, "{first}");
        assert_eq!(Chit::from_bytes(&chit.to_bytes()).is_ok_and(|read| read == chit), readable, "{first}");
    }
}

/// So does a run of the order, which begins with some chit and is of some length.
#[test]
fn a_run_reaches_to_the_last_number_there_may_be() {
    let chain = ChainId { side: Side::Foil, device: 1, epoch: 1 };
    let last = (1 << 32) - 1;
    for (first, count, readable) in [
        (0, 1, false),
        (1, 0, false),
        (1, 1, true),
        (1, last, true),
        (last, 1, true),
        (last, 2, false),
        (u64::MAX, 1, false),
    ] {
        let run = Run { view: 0, chain, first, count, last: Digest::of(b"a chit") };
        let read = Run::from_bytes(&run.to_bytes());
        assert_eq!(read.is_ok_and(|read| read == run), readable, "{count} from {first}");
    }
}

/// Ben's chits come in the wrong order. What comes too early is kept, and counts as soon as it can be read; nothing is told twice for it.
#[test]
fn a_page_that_comes_too_early_is_kept() {
    let (mut ana, mut ben, tally, _) = pair();
    let paid = [1, 2, 4].map(|units| pay(&mut ben, &tally, units).unwrap());
    let signed: Vec<_> = ben.export(&tally).unwrap().chits.into_iter().map(|row| row.signed).collect();
    assert_eq!(paid.len(), signed.len());
    let mut hears = |at: usize| {
        let page = Message::Chits(Page::of(&signed[at..=at]).unwrap());
        let heard = ana.receive_messages(&tally, vec![page]).unwrap();
        assert_eq!(heard.rejected, []);
        let waits = heard.changes.contains(&Change::Waiting);
        let said = ana.outbox(&tally, Audience::Partner).unwrap();
        assert!(said.iter().any(|message| matches!(message, Message::Have(_))), "it says what is here");
        (waits, ana.balance(&tally).unwrap(), ana.unsettled(&tally).unwrap().waiting > 0)
    };
    assert_eq!(hears(2), (true, chips(0), true));
    assert_eq!(hears(1), (true, chips(0), true));
    assert_eq!(hears(0), (false, chips(7), false));
}

/// Nobody fills a phone with what waits for something that never comes.
#[test]
fn what_waits_has_a_bound() {
    const MOST: u64 = 1 << 20;
    let (mut ana, mut ben, tally, _) = pair();
    let long = Payment { units: Units::new(1), memo: "as long as can be, ".repeat(12), ..Payment::default() };
    for _ in 0..251 {
        ben.pay(&tally, &long).unwrap();
    }
    let mut signed: Vec<_> = ben.export(&tally).unwrap().chits.into_iter().map(|row| row.signed).collect();
    signed.remove(0);
    let mut waiting = 0;
    for from in 0.. {
        let page = Message::Chits(Page::of(&signed[from..]).unwrap());
        let length = page.to_bytes().len() as u64;
        let heard = ana.receive_messages(&tally, vec![page]).unwrap();
        let kept = ana.unsettled(&tally).unwrap().waiting;
        if waiting + length > MOST {
            assert!(matches!(heard.rejected[..], [Rejected { refusal: Refusal::TooMuchParked, .. }]));
            assert_eq!(kept, waiting);
            return;
        }
        assert_eq!(heard.rejected, []);
        waiting += length;
        assert_eq!(kept, waiting);
    }
}

#[test]
fn a_backlog_goes_over_in_hand_overs_of_bounded_length() {
    let (mut ana, mut ben, tally, _) = pair();
    let long = Payment {
        units: Units::new(1),
        memo: "as long as can be, ".repeat(12),
        reference: "r".repeat(64),
        ..Payment::default()
    };
    for _ in 0..1_600 {
        ben.pay(&tally, &long).unwrap();
    }
    pay(&mut ana, &tally, 3).unwrap();
    let mut lengths = Vec::new();
    while ben.tally(&tally).unwrap().final_index < 1_601 {
        assert!(lengths.len() < 8, "it comes to an end: {lengths:?}");
        let bytes = ben.hand_over(&tally).unwrap().unwrap();
        lengths.push(bytes.len());
        assert_eq!(ana.receive(&bytes).unwrap().rejected, []);
        let answer = ana.hand_over(&tally).unwrap().unwrap();
        assert_eq!(ben.receive(&answer).unwrap().rejected, []);
    }
    assert!(lengths.len() > 1 && lengths.iter().all(|length| *length <= HANDOVER_MAX), "{lengths:?}");
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
    let too_long = Malformed::TooLong { what: "hand-over", max: HANDOVER_MAX as u64 };
    let mut refused = |length: usize| ana.receive(&vec![0x85; length]).unwrap_err();
    assert_eq!(refused(HANDOVER_MAX + 1), too_long.clone().into());
    assert_ne!(refused(HANDOVER_MAX), too_long.into());
}

/// However much of what a copy has signed comes in, its phone is told once that there is one.
#[test]
fn a_copy_is_told_once() {
    let (mut ana, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    for units in [3, 4] {
        pay(&mut copy, &tally, units).unwrap();
    }
    meet(&mut copy, &mut ana, &tally);
    ben.ask_what_is_missing(&tally).unwrap();
    ana.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    let heard = ben.receive(&ana.hand_over(&tally).unwrap().unwrap()).unwrap();
    let told = heard.changes.iter().filter(|change| matches!(change, Change::Fork { .. }));
    assert_eq!((told.count(), ben.balance(&tally).unwrap()), (1, chips(-7)));
}
