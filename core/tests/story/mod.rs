//! Two people in memory: what every story below begins with.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]
#![allow(dead_code, unreachable_pub, reason = "each story uses the part it needs")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hazel_core::canon::Canon as _;
use hazel_core::digest::Digest;
use hazel_core::key::{Entropy, RecoveryWords};
use hazel_core::keystore::BareKey;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Clock, Delivery, Enrolment, EnrolmentRequest, Payment, Wallet, WalletError};

/// A clock that a story moves.
#[derive(Clone)]
pub struct StoryClock(pub Arc<AtomicU64>);

impl StoryClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_760_000_000)))
    }

    pub fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Bytes that are the same in every run.
pub struct Seeded(Digest);

impl Seeded {
    pub fn new(seed: &str) -> Self {
        Self(Digest::of(seed.as_bytes()))
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            self.0 = Digest::of(&self.0.0);
            part.copy_from_slice(&self.0.0[..part.len()]);
        }
    }
}

pub fn words(name: &str) -> RecoveryWords {
    RecoveryWords::generate(&mut Seeded::new(name))
}

pub fn guard() -> BareKey {
    BareKey::new([5; 32])
}

pub fn wallet(name: &str, clock: &StoryClock) -> Wallet {
    wallet_in(Store::in_memory().unwrap(), name, clock)
}

pub fn wallet_in(store: Store, name: &str, clock: &StoryClock) -> Wallet {
    let entropy = Box::new(Seeded::new(&format!("{name}'s wallet")));
    Wallet::create(store, &guard(), name, &words(name), Box::new(clock.clone()), entropy).unwrap()
}

/// A new phone made from a backup.
pub fn restored(name: &str, backup: &[u8], clock: &StoryClock) -> Wallet {
    let (store, entropy) =
        (Store::in_memory().unwrap(), Box::new(Seeded::new(&format!("{name}'s new phone"))));
    Wallet::restore(store, &guard(), &words(name), backup, Box::new(clock.clone()), entropy).unwrap()
}

/// A copy of a phone, which goes on with the same keys; it lives as long as the folder it stands in.
pub fn copied(wallet: &Wallet, clock: &StoryClock) -> (tempfile::TempDir, Wallet) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    wallet.copy_database(&path).unwrap();
    let entropy = Box::new(Seeded::new("copy"));
    let copy = Wallet::open(Store::open(&path).unwrap(), &guard(), Box::new(clock.clone()), entropy).unwrap();
    (folder, copy)
}

/// Another phone of the same person, let in by the first.
pub fn another_phone(first: &mut Wallet, clock: &StoryClock, name: &str) -> Wallet {
    let (request, secret) = EnrolmentRequest::new(name, &mut Seeded::new(name));
    let request = EnrolmentRequest::from_bytes(&request.to_bytes()).unwrap();
    assert_eq!(request.name(), name, "it is shown before the device is let in");
    let answer = Enrolment::from_bytes(&first.add_device(&request).unwrap().to_bytes()).unwrap();
    let entropy = Box::new(Seeded::new(&format!("{name}'s wallet")));
    Wallet::enrol(Store::in_memory().unwrap(), &guard(), &secret, &answer, Box::new(clock.clone()), entropy)
        .unwrap()
}

pub fn terms(chips: i64) -> Terms {
    Terms { limit: Units::new(chips * 1000), notice_days: 7 }
}

pub fn chips(chips: i64) -> Units {
    Units::new(chips * 1000)
}

/// One hand-over from one to the other, if there is anything to tell.
pub fn hand(from: &mut Wallet, to: &mut Wallet, tally: &TallyId) -> Option<Delivery> {
    let bytes = from.hand_over(tally).unwrap()?;
    let before = from.tally(tally).map(|t| (t.index, t.agreed));
    let sent = format!("{before:?} {:?}", to.tally(tally).map(|t| (t.side, t.index, t.agreed)));
    let delivery = to.receive(&bytes).unwrap();
    assert_eq!(delivery.rejected, [], "everything honest is let in: {sent}");
    Some(delivery)
}

/// A meeting: both say what they hold, then hand-overs both ways until neither has anything to tell.
pub fn meet(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    one.ask_what_is_missing(tally).unwrap();
    other.ask_what_is_missing(tally).unwrap();
    for _ in 0..12 {
        let there = hand(one, other, tally).is_some();
        let back = hand(other, one, tally).is_some();
        if !there && !back {
            return;
        }
    }
    let partner = hazel_core::wallet::Audience::Partner;
    panic!(
        "the two never come to rest: {:?}\n{:?}",
        one.outbox(tally, partner),
        other.outbox(tally, partner)
    );
}

/// Hand-overs both ways with a phone that does not speak for its half: until one that does has spoken, the two repeat themselves.
pub fn talk(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    for _ in 0..4 {
        hand(one, other, tally);
        hand(other, one, tally);
    }
}

/// Ana and Ben with an open tally: Ana holds the stock and grants 100, Ben holds the foil and grants 50.
pub fn pair() -> (Wallet, Wallet, TallyId, StoryClock) {
    let (mut ana, mut ben, clock) = people();
    let tally = opened(&mut ana, &mut ben);
    (ana, ben, tally, clock)
}

/// Two people open a tally: the first holds the stock and grants 100, the second holds the foil and grants 50.
pub fn opened(stock: &mut Wallet, foil: &mut Wallet) -> TallyId {
    let tally = introduce(stock, foil);
    open(stock, foil, &tally);
    tally
}

/// Ana and Ben keep a tally; either keeps one with the carrier, who takes errands along.
pub struct Three {
    pub ana: Wallet,
    pub ben: Wallet,
    pub carrier: Wallet,
    pub tally: TallyId,
    pub with_ana: TallyId,
    pub with_ben: TallyId,
    pub clock: StoryClock,
}

pub fn three() -> Three {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut carrier = wallet("Carrier", &clock);
    let with_ana = opened(&mut ana, &mut carrier);
    let with_ben = opened(&mut ben, &mut carrier);
    carrier.carry_errands(true).unwrap();
    Three { ana, ben, carrier, tally, with_ana, with_ben, clock }
}

/// Ana and Ben, who do not know each other.
pub fn people() -> (Wallet, Wallet, StoryClock) {
    let clock = StoryClock::new();
    (wallet("Ana", &clock), wallet("Ben", &clock), clock)
}

/// The one shows a ticket, grants 100 and will hold the stock; the other has answered it, grants 50, and has not handed that over.
pub fn introduce(stock: &mut Wallet, foil: &mut Wallet) -> TallyId {
    let ticket = stock.invite(Side::Stock, terms(100), 3600, &[]).unwrap();
    foil.accept_ticket(&ticket, terms(50)).unwrap()
}

/// The answer to the ticket arrives and is offered back as it was asked for.
pub fn offered(stock: &mut Wallet, foil: &mut Wallet, tally: &TallyId) {
    hand(foil, stock, tally);
    stock.offer(tally, None, None).unwrap();
    hand(stock, foil, tally);
}

/// Signs what is on the table.
pub fn accept(wallet: &mut Wallet, tally: &TallyId) {
    let version = wallet.offered(tally).unwrap().version;
    wallet.accept(tally, &version).unwrap();
}

/// From an answered ticket to an open tally.
pub fn open(stock: &mut Wallet, foil: &mut Wallet, tally: &TallyId) {
    offered(stock, foil, tally);
    accept(foil, tally);
    meet(foil, stock, tally);
}

pub fn pay(
    from: &mut Wallet,
    tally: &TallyId,
    amount: i64,
) -> Result<hazel_core::chit::ChitRef, WalletError> {
    from.pay(tally, &Payment { units: chips(amount), memo: "coffee".into(), ..Payment::default() })
}

/// Both halves tell the same story.
pub fn assert_equal_halves(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    let (a, b) = (one.tally(tally).unwrap(), other.tally(tally).unwrap());
    assert_eq!(a.head, b.head);
    assert_eq!(a.index, b.index);
    assert_eq!(a.balance, b.balance.negated());
    assert_eq!(a.final_index, b.final_index);
    assert_eq!(one.export(tally).unwrap().to_csv(), other.export(tally).unwrap().to_csv());
}

/// The rows of a phone's one tally, to be looked at without the phone, and their name there.
pub fn rows_of(wallet: &Wallet, tally: &TallyId) -> (tempfile::TempDir, Store, i64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    wallet.copy_database(&path).unwrap();
    let store = Store::open(&path).unwrap();
    let no = store.read(|shelf| shelf.tally_no(tally)).unwrap().unwrap();
    (folder, store, no)
}
