//! The book as such: which settings have an effect where they stand.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::book::{Book, Facts, Flag};
use hazel_core::chit::{Body, ChainId, Chit, DeviceAct};
use hazel_core::digest::Digest;
use hazel_core::key::{PublicKey, Signature};
use hazel_core::tally::{Grant, Side};
use story::*;

use Flag::{Clear, Ineffective};

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
        self.written += 1;
        let chain = ChainId { side, device, epoch: 1 };
        let (prev_own, next_key) = Default::default();
        let (tally, seq) = (self.book.head.tally, self.written);
        let chit = Chit { tally, chain, seq, prev_own, next_key, date: 1_760_000_000, body };
        self.book.apply(&chit, Facts::default()).unwrap()
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
    ] {
        let what = format!("{side} {by}: {body:?}");
        assert_eq!(page.write(side, by, body), taken, "{what}");
    }
}
