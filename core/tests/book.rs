//! The book as such: which settings have an effect where they stand.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::book::{Book, Facts, Flag, Phase};
use hazel_core::chit::{Body, ChainId, Chit, ChitRef, DeviceAct};
use hazel_core::digest::Digest;
use hazel_core::key::{PublicKey, Signature};
use hazel_core::order::Seal;
use hazel_core::tally::{Grant, Side};
use hazel_core::units::Units;
use story::*;

use Flag::{AfterClose, Clear, Ineffective};

/// A page of the book of Ana's and Ben's contract, and how many chits are on it.
struct Page {
    book: Book,
    written: u64,
}

impl Page {
    fn new() -> Self {
        let (mut ana, _, tally, _) = pair();
        Self { book: Book::open(&ana.export(&tally).unwrap().contract.tally, 0), written: 0 }
    }

    /// What a device of one side, in its first epoch, signs next, and how it is taken.
    fn write(&mut self, side: Side, device: u32, body: Body) -> Flag {
        self.write_knowing(side, device, body, Facts::default())
    }

    fn write_knowing(&mut self, side: Side, device: u32, body: Body, facts: Facts) -> Flag {
        self.written += 1;
        let chain = ChainId { side, device, epoch: 1 };
        let (prev_own, next_key) = Default::default();
        let (tally, seq) = (self.book.head.tally, self.written);
        let chit = Chit { tally, chain, seq, prev_own, next_key, date: 1_760_000_000, body };
        self.book.apply(&chit, facts).unwrap()
    }

    /// What a device of the stock's and the foil's of that number may still sign.
    fn allowances(&self, device: u32) -> [Units; 2] {
        Side::BOTH.map(|side| self.book.allowance(side, device).unwrap())
    }
}

fn grant(device: u32, epoch: u64) -> Grant {
    Grant { device, epoch, device_key: PublicKey([7; 32]), first_key: Digest::default() }
}

fn add(device: u32) -> Body {
    Body::Device(DeviceAct::Add(grant(device, 1)))
}

fn revoke(device: u32) -> Body {
    Body::Device(DeviceAct::Revoke { device })
}

fn hand_on(to: u32) -> Body {
    Body::Device(DeviceAct::Hand { to, units: chips(1) })
}

fn nodes(epoch: u64) -> Body {
    Body::Nodes { epoch, nodes: vec![PublicKey([8; 32])] }
}

fn epoch(device: u32, epoch: u64) -> Body {
    Body::Device(DeviceAct::Epoch { grant: grant(device, epoch), by_party: Signature([0; 64]) })
}

/// A device is let in once, handed something only by another one of its side, and the last one cannot be sent away. What the other side
/// calls its devices is all one.
#[test]
fn whom_a_setting_of_devices_names() {
    let mut page = Page::new();
    for (side, by, body, taken) in [
        (Side::Stock, 1, revoke(1), Ineffective),
        (Side::Stock, 1, hand_on(2), Ineffective),
        (Side::Stock, 1, add(2), Clear),
        (Side::Stock, 1, add(2), Ineffective),
        (Side::Foil, 1, hand_on(2), Ineffective),
        (Side::Foil, 1, revoke(2), Ineffective),
        (Side::Foil, 1, add(2), Clear),
        (Side::Foil, 1, add(1), Ineffective),
        (Side::Stock, 1, add(5), Clear),
        (Side::Stock, 1, hand_on(5), Clear),
        (Side::Foil, 1, hand_on(5), Ineffective),
        (Side::Stock, 1, hand_on(1), Ineffective),
        (Side::Stock, 5, hand_on(1), Clear),
        (Side::Stock, 1, revoke(7), Ineffective),
        (Side::Stock, 1, revoke(5), Clear),
        (Side::Stock, 1, revoke(5), Ineffective),
        (Side::Stock, 1, hand_on(5), Ineffective),
        (Side::Stock, 5, hand_on(1), Ineffective),
        (Side::Stock, 1, add(5), Ineffective),
        (Side::Stock, 1, epoch(2, 1), Ineffective),
        (Side::Stock, 1, epoch(2, 3), Clear),
        (Side::Stock, 1, epoch(2, 2), Ineffective),
        (Side::Stock, 1, revoke(1), Clear),
        (Side::Foil, 1, hand_on(2), Clear),
        (Side::Foil, 1, epoch(2, 5), Clear),
        (Side::Foil, 1, epoch(1, 3), Clear),
    ] {
        let what = format!("{side} {by}: {body:?}");
        assert_eq!(page.write(side, by, body), taken, "{what}");
    }
}

/// What is handed on moves from one device to another of its side: to the epoch that still signs, and to nobody else of that number.
#[test]
fn an_allowance_is_handed_to_one_chain() {
    let mut page = Page::new();
    for side in Side::BOTH {
        assert_eq!(page.write(side, 1, add(2)), Clear);
        assert_eq!(page.write(side, 1, add(3)), Clear);
    }
    assert_eq!(page.write(Side::Stock, 1, hand_on(2)), Clear);
    assert_eq!((page.allowances(2), page.allowances(3)), ([chips(1), chips(0)], [chips(0), chips(0)]));
    assert_eq!(page.write(Side::Stock, 2, hand_on(3)), Clear);
    assert_eq!((page.allowances(2), page.allowances(3)), ([chips(0), chips(0)], [chips(1), chips(0)]));
    assert_eq!(page.write(Side::Stock, 1, epoch(3, 2)), Clear);
    assert_eq!(page.write(Side::Stock, 1, hand_on(3)), Clear);
    assert_eq!(page.allowances(3), [chips(2), chips(0)]);
    assert_eq!(page.book.handed_out(Side::Stock), Ok(chips(2)));
}

/// Who speaks for a half is said again and again, each time as the next word and not as one that came late or too soon.
#[test]
fn a_half_moves_one_step_at_a_time() {
    let mut page = Page::new();
    let told = [2, 1, 1, 3, 2].map(|epoch| page.write(Side::Stock, 1, nodes(epoch)));
    assert_eq!(told, [Ineffective, Clear, Ineffective, Ineffective, Clear]);
    assert_eq!(page.write(Side::Foil, 1, nodes(1)), Clear);
}

/// Nothing is sealed before somebody wants to end it, nor before the balance is zero; then each side seals once, and pays no more.
#[test]
fn a_tally_is_sealed_at_zero_and_by_both() {
    let mut page = Page::new();
    let seal = || Body::Seal(Seal { head: Page::new().book.head, chains: vec![] });
    let pays = |amount| Body::Pledge { units: chips(amount), invoice: None, sealed: None };
    for (side, body, taken, phase) in [
        (Side::Stock, seal(), Ineffective, Phase::Open),
        (Side::Foil, pays(5), Clear, Phase::Open),
        (Side::Stock, Body::Close, Clear, Phase::Closing),
        (Side::Foil, Body::Close, Ineffective, Phase::Closing),
        (Side::Stock, seal(), Ineffective, Phase::Closing),
        (Side::Foil, pays(1), AfterClose, Phase::Closing),
        (Side::Stock, pays(6), AfterClose, Phase::Closing),
    ] {
        let what = format!("{side}: {body:?}");
        assert_eq!((page.write(side, 1, body), page.book.phase), (taken, phase), "{what}");
    }
    let mut page = Page::new();
    for (side, body, taken, phase) in [
        (Side::Foil, pays(5), Clear, Phase::Open),
        (Side::Stock, Body::Close, Clear, Phase::Closing),
        (Side::Stock, pays(5), Clear, Phase::Closing),
        (Side::Stock, seal(), Clear, Phase::Closing),
        (Side::Stock, pays(1), AfterClose, Phase::Closing),
        (Side::Foil, seal(), Ineffective, Phase::Closing),
    ] {
        let what = format!("{side}: {body:?}");
        assert_eq!((page.write(side, 1, body), page.book.phase), (taken, phase), "{what}");
    }
    // A payment that came too late is accepted all the same: whoever has sealed does not pay it back, and nobody seals beside it.
    let late = ChainId { side: Side::Foil, device: 1, epoch: 1 };
    let named = ChitRef { chain: late, seq: page.written, hash: Digest::default() };
    assert_eq!(page.write(Side::Foil, 1, pays(5)), AfterClose);
    let waiting = Facts { waiting: Some(chips(5)), ..Facts::default() };
    assert_eq!(page.write_knowing(Side::Stock, 1, Body::Accept { chit: named }, waiting), Clear);
    assert_eq!(page.book.balance(Side::Stock), Ok(chips(5)));
    assert_eq!(page.write(Side::Stock, 1, pays(4)), AfterClose);
    let mut page = Page::new();
    for (side, body, taken, phase) in [
        (Side::Foil, Body::Close, Clear, Phase::Closing),
        (Side::Stock, seal(), Clear, Phase::Closing),
        (Side::Foil, seal(), Clear, Phase::Closed),
        (Side::Foil, pays(1), AfterClose, Phase::Closed),
    ] {
        let what = format!("{side}: {body:?}");
        assert_eq!((page.write(side, 1, body), page.book.phase), (taken, phase), "{what}");
    }
    // And what both have sealed stays at zero.
    let waiting = Facts { waiting: Some(chips(1)), ..Facts::default() };
    assert_eq!(page.write_knowing(Side::Stock, 1, Body::Accept { chit: named }, waiting), Ineffective);
    assert_eq!(page.book.balance(Side::Stock), Ok(chips(0)));
}

/// A side has 256 chains over the life of a tally and no more, whichever way another one would begin; the other side has its own.
#[test]
fn there_is_an_end_to_devices() {
    let mut page = Page::new();
    for device in 2..=256 {
        assert_eq!(page.write(Side::Stock, 1, add(device)), Clear, "{device}");
    }
    assert_eq!(page.write(Side::Stock, 1, add(257)), Ineffective);
    assert_eq!(page.write(Side::Stock, 1, epoch(1, 2)), Ineffective);
    assert_eq!(page.write(Side::Foil, 1, add(2)), Clear);
    assert_eq!(page.write(Side::Foil, 1, epoch(1, 2)), Clear);
}
