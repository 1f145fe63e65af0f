//! What a newer Hazel says to this one: it is named as such, kept aside whole, and read when it can be.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::canon::{Canon as _, WIRE_VERSION, Writer};
use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_core::message::{Message, Page};
use hazel_core::order::Head;
use hazel_core::pair::PairKey;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Audience, Wallet};
use rusqlite::Connection;
use story::*;

/// The key of the two, as Ben computes it.
fn pair_key(ben: &mut Wallet, tally: &TallyId) -> PairKey {
    let theirs = ben.export(tally).unwrap().contract.tally.half(Side::Stock).cert.agreement_key;
    PairKey::agree(tally, &words("Ben").root().agreement_key(&tally.0), &theirs).unwrap()
}

/// Seals messages as they stand on the page of bytes, so that some may be of a kind that does not exist here.
fn sealed(key: &PairKey, nonce: [u8; 24], messages: &[Vec<u8>]) -> Vec<u8> {
    let mut plain = Writer::with_capacity(1024);
    plain.list(messages.len());
    for message in messages {
        plain.raw(message);
    }
    let place = [&b"handover"[..], &nonce].concat();
    let tag: [u8; 16] = Digest::of_parts(&[&key.purpose(b"handover"), &nonce]).first();
    let mut to = Writer::with_capacity(1024);
    to.array(5).uint(WIRE_VERSION).null().bytes(&tag).bytes(&nonce);
    to.bytes(&key.seal(&place, &plain.into_bytes()));
    to.into_bytes()
}

/// Messages that a later version may send: of another kind, of a later wire version, and a chit of the kinds kept for lifts.
fn to_come() -> Vec<Vec<u8>> {
    let of = |version: u64, kind: u64| {
        let mut to = Writer::with_capacity(32);
        to.array(3).uint(version).uint(kind).array(2).text("a lift").uint(7);
        to.into_bytes()
    };
    vec![of(WIRE_VERSION, 99), of(WIRE_VERSION + 1, 3)]
}

/// A copy of a wallet's file.
fn file_of(wallet: &Wallet) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    wallet.copy_database(&path).unwrap();
    (folder, path)
}

fn kept_aside(wallet: &Wallet) -> Vec<Vec<u8>> {
    let (_folder, path) = file_of(wallet);
    let connection = Connection::open(path).unwrap();
    let mut query =
        connection.prepare("SELECT bytes FROM parked WHERE reason = 'newer' ORDER BY no").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_a_newer_hazel_sends_is_kept_aside_and_costs_the_rest_nothing() {
    let (mut ana, mut ben, tally, _) = pair();
    let key = pair_key(&mut ben, &tally);
    pay(&mut ben, &tally, 4).unwrap();
    let honest = ben.outbox(&tally, Audience::Partner).unwrap();
    let mut messages = to_come();
    messages.extend(honest.iter().map(|message| message.to_bytes()));
    for round in 0..3 {
        let delivery = ana.receive(&sealed(&key, [round; 24], &messages)).unwrap();
        let named: Vec<_> = delivery.rejected.iter().map(|it| (it.message, it.refusal.code())).collect();
        assert_eq!(named, [(0, "newer"), (1, "newer")], "round {round}");
        assert_eq!(ana.balance(&tally).unwrap(), chips(4), "what can be read is taken in");
        assert_eq!(kept_aside(&ana), to_come(), "kept whole, and once");
    }
    assert_eq!(ana.audit(&mut |_| true).unwrap().findings, []);
}

/// A wallet as an older Hazel would have left it, had this message been new to it.
fn updated(wallet: &Wallet, clock: &StoryClock, aside: &[u8]) -> (tempfile::TempDir, Wallet) {
    let (folder, path) = file_of(wallet);
    Store::open(&path).unwrap().change(|shelf| shelf.park(1, "newer", aside)).unwrap();
    let entropy = Box::new(Seeded::new("updated"));
    let wallet =
        Wallet::open(Store::open(&path).unwrap(), &guard(), Box::new(clock.clone()), entropy).unwrap();
    (folder, wallet)
}

#[test]
fn what_was_kept_aside_is_read_when_it_can_be() {
    let (ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 4).unwrap();
    let page = ben.outbox(&tally, Audience::Partner).unwrap()[0].to_bytes();
    let (_folder, mut ana) = updated(&ana, &clock, &page);
    assert_eq!(ana.balance(&tally).unwrap(), chips(0));
    ana.receive_messages(&tally, Vec::new()).unwrap();
    assert_eq!(ana.balance(&tally).unwrap(), chips(4));
    assert_eq!(kept_aside(&ana), Vec::<Vec<u8>>::new());
    assert_eq!(ana.audit(&mut |_| true).unwrap().findings, []);
}

/// What no Hazel will ever read is refused, and nothing of it stays.
#[test]
fn what_is_no_message_is_not_kept_for_a_newer_hazel() {
    let (mut ana, mut ben, tally, _) = pair();
    let key = pair_key(&mut ben, &tally);
    let mut to = Writer::with_capacity(32);
    to.array(3).uint(WIRE_VERSION).uint(3).array(2).text("no word of a node").uint(7);
    let delivery = ana.receive(&sealed(&key, [7; 24], &[to.into_bytes()])).unwrap();
    assert_eq!(delivery.rejected.iter().map(|it| it.refusal.code()).collect::<Vec<_>>(), ["wrong_length"]);
    assert_eq!(kept_aside(&ana), Vec::<Vec<u8>>::new());
}

/// A picture that is scanned has no part in what was kept aside: it is taken in although that waits for another payment, or is refused.
#[test]
fn what_was_kept_aside_refuses_no_picture() {
    let (ana, mut ben, tally, clock) = pair();
    let paid = [1, 2, 4].map(|units| pay(&mut ben, &tally, units).unwrap());
    let last = ben.export(&tally).unwrap().chits.pop().unwrap().signed;
    let head = Head { tally, view: 0, index: 1, hash: last.chit.hash() };
    let waits = Message::Chits(Page::of(&[last]).unwrap());
    let refused = Message::Endorsement(head.endorse(&SecretKey::from_seed(&[9; 32])));
    for (aside, balances) in [(waits, [1, 7]), (refused, [1, 3])] {
        let (_folder, mut ana) = updated(&ana, &clock, &aside.to_bytes());
        for (chit, balance) in paid.iter().zip(balances) {
            let code = ben.payment_code(&tally, chit).unwrap();
            let taken = ana.take_payment_code(&code).unwrap();
            assert_eq!((taken.chit, taken.delivery.rejected), (*chit, vec![]));
            assert_eq!(ana.balance(&tally).unwrap(), chips(balance));
        }
        assert_eq!(ana.audit(&mut |_| true).unwrap().findings, []);
    }
}
