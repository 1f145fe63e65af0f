//! Two people with phones, and sites, in one process: letters are carried by hand, so that a test can lose, double and mix them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hazel_core::canon::Canon as _;
use hazel_core::digest::Digest;
use hazel_core::key::{Entropy, PublicKey, RecoveryWords, SecretKey};
use hazel_core::keystore::BareKey;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Change, Clock, Payment, Wallet};
use hazel_network::confirmation::Confirmation;
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{Input, Node, Output};
use hazel_network::store::{SiteStore, SqliteStore};

#[derive(Clone)]
pub struct StoryClock(pub Arc<AtomicU64>);

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

    pub fn below(&mut self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes) % bound
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

pub fn clock() -> StoryClock {
    StoryClock(Arc::new(AtomicU64::new(1_760_000_000)))
}

pub fn words(name: &str) -> RecoveryWords {
    RecoveryWords::generate(&mut Seeded::new(name))
}

pub fn guard() -> BareKey {
    BareKey::new([5; 32])
}

pub fn wallet(name: &str, clock: &StoryClock) -> Wallet {
    let entropy = Box::new(Seeded::new(&format!("{name}'s wallet")));
    let store = Store::in_memory().unwrap();
    Wallet::create(store, &guard(), name, &words(name), Box::new(clock.clone()), entropy).unwrap()
}

pub fn terms(chips: i64) -> Terms {
    Terms { limit: chips_of(chips), notice_days: 7 }
}

pub fn chips_of(chips: i64) -> Units {
    Units::new(chips * 1000)
}

pub fn site_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Digest::of(name.as_bytes()).0)
}

pub fn site_on<S: SiteStore>(name: &str, store: S) -> Node<S> {
    Node::open(store, site_key(name), Box::new(Seeded::new(&format!("{name}'s site")))).unwrap()
}

/// One hand-over between two phones, if there is anything to tell.
pub fn hand(from: &mut Wallet, to: &mut Wallet, tally: &TallyId) -> bool {
    let Some(bytes) = from.hand_over(tally).unwrap() else { return false };
    let delivery = to.receive(&bytes).unwrap();
    // What a node said before its half moved on may come late: it says nothing any more, and nobody has lied.
    let late = ["not_a_node", "order_rewritten", "old_view"];
    let lies: Vec<_> = delivery.rejected.iter().filter(|it| !late.contains(&it.refusal.code())).collect();
    assert!(lies.is_empty(), "everything honest is let in: {lies:?}");
    true
}

/// A meeting of two phones, until neither has anything to tell.
pub fn meet(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    one.ask_what_is_missing(tally).unwrap();
    other.ask_what_is_missing(tally).unwrap();
    for _ in 0..12 {
        let there = hand(one, other, tally);
        let back = hand(other, one, tally);
        if !there && !back {
            return;
        }
    }
    let partner = hazel_core::wallet::Audience::Partner;
    panic!(
        "the two never come to rest: {:?}\n{:?}\n{:?}\n{:?}",
        one.outbox(tally, partner),
        other.outbox(tally, partner),
        one.speakers(),
        other.speakers()
    );
}

/// Ana holds the stock and grants 100, Ben holds the foil and grants 50. Both phones speak for themselves.
pub fn pair(clock: &StoryClock) -> (Wallet, Wallet, TallyId) {
    let (mut ana, mut ben) = (wallet("Ana", clock), wallet("Ben", clock));
    let tally = open_tally(&mut ana, &mut ben);
    (ana, ben, tally)
}

/// The first holds the stock and grants 100, the second holds the foil and grants 50.
pub fn open_tally(one: &mut Wallet, other: &mut Wallet) -> TallyId {
    let ticket = one.invite(Side::Stock, terms(100), 3600, &[]).unwrap();
    let tally = other.accept_ticket(&ticket, terms(50)).unwrap();
    hand(other, one, &tally);
    one.offer(&tally, None, None).unwrap();
    hand(one, other, &tally);
    let version = other.offered(&tally).unwrap().version;
    other.accept(&tally, &version).unwrap();
    meet(other, one, &tally);
    tally
}

pub fn pay(from: &mut Wallet, tally: &TallyId, amount: i64) {
    let payment = Payment { units: chips_of(amount), memo: "coffee".into(), ..Payment::default() };
    from.pay(tally, &payment).unwrap();
}

/// Whoever can send or get a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Ana,
    Ben,
    Site(usize),
}

pub struct Parcel {
    pub from: Who,
    pub to: Who,
    pub bytes: Vec<u8>,
}

/// How letters travel.
pub struct Air {
    pub chance: Seeded,
    /// Out of 100.
    pub lose: u64,
    pub double: u64,
    pub mix: bool,
}

impl Air {
    pub fn calm() -> Self {
        Self { chance: Seeded::new("calm"), lose: 0, double: 0, mix: false }
    }

    pub fn rough(seed: u64) -> Self {
        Self { chance: Seeded::new(&format!("air {seed}")), lose: 20, double: 20, mix: true }
    }
}

pub struct World<S> {
    pub ana: Wallet,
    pub ben: Wallet,
    pub tally: TallyId,
    pub sites: Vec<Node<S>>,
    /// Which site speaks for whom.
    pub home: [usize; 2],
    /// Whose phone has a network.
    pub online: [bool; 2],
    pub air: Air,
    pub flying: VecDeque<Parcel>,
    pub now: u64,
    pub refused: Vec<String>,
    pub confirmed: Vec<Confirmation>,
    pub carried: usize,
}

pub fn user_of(who: Who) -> [u8; 32] {
    Digest::of(format!("{who:?}").as_bytes()).0
}

impl<S: SiteStore> World<S> {
    /// Both halves hosted: at two sites, or both at the first.
    pub fn new(stores: Vec<S>) -> Self {
        let clock = clock();
        let (ana, ben, tally) = pair(&clock);
        let names = ["the stock's", "the foil's", "a third"];
        let count = stores.len();
        let sites = stores.into_iter().zip(names).map(|(store, name)| site_on(name, store)).collect();
        let mut world = Self {
            ana,
            ben,
            tally,
            sites,
            home: [0, count.min(2) - 1],
            online: [true, true],
            air: Air::calm(),
            flying: VecDeque::new(),
            now: 1,
            refused: Vec::new(),
            confirmed: Vec::new(),
            carried: 0,
        };
        for (at, who) in [(0, Who::Ana), (1, Who::Ben)] {
            let home = world.home[at];
            world.sites[home].link_user(user_of(who), "somebody", 1).unwrap();
        }
        world
    }

    /// Both halves hosted, a payment made where the two met, and all of it final.
    pub fn settled(stores: Vec<S>) -> Self {
        let mut world = Self::new(stores);
        world.host(Who::Ana);
        world.host(Who::Ben);
        let tally = world.tally;
        meet(&mut world.ana, &mut world.ben, &tally);
        pay(&mut world.ben, &tally, 5);
        world.uplink(Who::Ana);
        world.uplink(Who::Ben);
        world.carry();
        world.assert_all_final();
        world
    }

    pub fn phone(&mut self, who: Who) -> &mut Wallet {
        match who {
            Who::Ana => &mut self.ana,
            Who::Ben => &mut self.ben,
            Who::Site(_) => panic!("no phone"),
        }
    }

    pub fn site_of(&self, who: Who) -> usize {
        self.home[usize::from(who == Who::Ben)]
    }

    pub fn side_of(who: Who) -> Side {
        if who == Who::Ana { Side::Stock } else { Side::Foil }
    }

    /// Signs that the site speaks for this person's half.
    pub fn host(&mut self, who: Who) {
        let (tally, key) = (self.tally, self.sites[self.site_of(who)].key());
        self.phone(who).host_at(&tally, &key).unwrap();
        self.claim(who);
    }

    pub fn claim(&mut self, who: Who) {
        self.claim_at(who, self.site_of(who));
    }

    /// Claims a half at any site that knows its user, the partner's too.
    pub fn claim_at(&mut self, who: Who, site: usize) {
        let (tally, key) = (self.tally, self.sites[site].key());
        let user = user_of(who);
        let claim = self.phone(who).claim(&tally, &key, user).unwrap();
        let contract = self.phone(who).export(&tally).unwrap().contract;
        let body = Body::Claim { contract: Box::new(contract), claim: Box::new(claim) };
        let letter = Letter { tally, half: Self::side_of(who), body };
        self.post(who, Who::Site(site), letter.to_bytes());
    }

    /// A phone tells its site everything that is not final.
    pub fn uplink(&mut self, who: Who) {
        self.uplink_at(who, self.site_of(who));
    }

    pub fn uplink_at(&mut self, who: Who, site: usize) {
        let tally = self.tally;
        let messages = self.phone(who).to_site(&tally).unwrap();
        for letter in Letter::carrying(tally, Self::side_of(who), true, messages) {
            self.post(who, Who::Site(site), letter.to_bytes());
        }
        self.compare_notes(who, Who::Site(site));
    }

    /// A phone says what it knows of receipts, invoices and answers, and asks what its site knows.
    pub fn compare_notes(&mut self, who: Who, site: Who) {
        let tally = self.tally;
        let notes = self.phone(who).notes(&tally).unwrap();
        let letter = Letter { tally, half: Self::side_of(who), body: Body::Notes { ask: true, notes } };
        self.post(who, site, letter.to_bytes());
    }

    pub fn post(&mut self, from: Who, to: Who, bytes: Vec<u8>) {
        let chance = &mut self.air.chance;
        if self.air.lose > 0 && chance.below(100) < self.air.lose {
            return;
        }
        if self.air.double > 0 && chance.below(100) < self.air.double {
            self.flying.push_back(Parcel { from, to, bytes: bytes.clone() });
        }
        self.flying.push_back(Parcel { from, to, bytes });
    }

    /// Carries letters until none is under way.
    pub fn carry(&mut self) {
        for _ in 0..10_000 {
            let at = match self.flying.len() {
                0 => return,
                count if self.air.mix => usize::try_from(self.air.chance.below(count as u64)).unwrap(),
                _ => 0,
            };
            let parcel = self.flying.remove(at).unwrap();
            self.carried += 1;
            self.deliver(parcel);
        }
        panic!("letters never come to rest");
    }

    pub fn deliver(&mut self, Parcel { from, to, bytes }: Parcel) {
        match to {
            Who::Site(site) => {
                let from = match from {
                    Who::Site(other) => Correspondent::Site(self.sites[other].key()),
                    who => Correspondent::User(user_of(who)),
                };
                self.give(site, Input::Letter { from, bytes });
            }
            who if self.online[usize::from(who == Who::Ben)] => {
                let letter = Letter::from_bytes(&bytes).unwrap();
                match letter.body {
                    Body::Messages { messages, .. } => {
                        let Who::Site(at) = from else { panic!("phones write no letters to each other") };
                        let (tally, site) = (self.tally, self.sites[at].key());
                        let told = self.phone(who).from_site(&tally, &site, messages).unwrap();
                        let side = Self::side_of(who);
                        for letter in Letter::carrying(tally, side, false, told.answer) {
                            self.post(who, from, letter.to_bytes());
                        }
                        if told.delivery.changes.iter().any(|it| matches!(it, Change::Chit { .. })) {
                            self.compare_notes(who, from);
                        }
                    }
                    Body::Notes { notes, .. } => {
                        let tally = self.tally;
                        let lacking = self.phone(who).notes_beyond(&tally, &notes).unwrap();
                        for letter in Letter::carrying(tally, Self::side_of(who), false, lacking) {
                            self.post(who, from, letter.to_bytes());
                        }
                    }
                    Body::Refused(refused) => self.refused.extend(refused.into_iter().map(|r| r.code)),
                    Body::Confirmed(proof) => self.confirmed.push(*proof),
                    Body::Claim { .. } | Body::Errands(_) => {
                        panic!("no site claims a half, or speaks of errands first")
                    }
                }
            }
            _ => {}
        }
    }

    /// Hands one thing to a site and posts what it wants sent.
    pub fn give(&mut self, site: usize, input: Input) {
        let outputs = self.sites[site].batch(vec![input], self.now);
        for output in outputs {
            match output {
                Output::Letter { to: Correspondent::User(user), bytes } => {
                    let to = if user == user_of(Who::Ana) { Who::Ana } else { Who::Ben };
                    self.post(Who::Site(site), to, bytes);
                }
                Output::Letter { to: Correspondent::Site(key), bytes } => {
                    if let Some(other) = self.sites.iter().position(|node| node.key() == key) {
                        self.post(Who::Site(site), Who::Site(other), bytes);
                    }
                }
                Output::Event(_) | Output::Deadline(_) => {}
            }
        }
    }

    /// Time passes: sites ask again.
    pub fn tick(&mut self) {
        self.now += 1_000_000;
        for site in 0..self.sites.len() {
            self.give(site, Input::Tick);
        }
    }

    /// Everything signed is final on both, with equal heads.
    pub fn assert_all_final(&mut self) {
        assert_all_final(&mut self.ana, &mut self.ben, &self.tally);
    }

    pub fn is_all_final(&mut self) -> bool {
        let (a, b) = (self.ana.tally(&self.tally).unwrap(), self.ben.tally(&self.tally).unwrap());
        let pending = |wallet: &mut Wallet| wallet.speakers().unwrap().iter().any(|it| it.pending);
        a.head == b.head
            && a.final_index == a.index
            && b.final_index == b.index
            && !pending(&mut self.ana)
            && !pending(&mut self.ben)
    }
}

pub fn assert_all_final(ana: &mut Wallet, ben: &mut Wallet, tally: &TallyId) {
    let (a, b) = (ana.tally(tally).unwrap(), ben.tally(tally).unwrap());
    assert_eq!((a.head, a.index), (b.head, b.index), "one order");
    assert_eq!((a.final_index, b.final_index), (a.index, b.index), "all of it final");
    assert_eq!(a.balance, b.balance.negated());
    assert!(!ana.speakers().unwrap()[0].pending && !ben.speakers().unwrap()[0].pending, "nothing pending");
    assert_eq!(ana.export(tally).unwrap().to_csv(), ben.export(tally).unwrap().to_csv());
}

pub fn memory() -> SqliteStore {
    SqliteStore::in_memory(1).unwrap()
}

pub fn public(name: &str) -> PublicKey {
    site_key(name).public()
}
