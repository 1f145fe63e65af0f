//! Two phones, the air between them, one clock: what the stories of meetings are played in.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly, and each uses a part of this"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hazel_cli::meeting::{Acquaintance, Door, Meeting, Report, session_entropy};
use hazel_core::digest::Digest;
use hazel_core::key::{Entropy, RecoveryWords};
use hazel_core::keystore::BareKey;
use hazel_core::negotiation::{By, TallyState};
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Clock, Payment, Unsettled, Wallet, WalletError};
use hazel_sync::Time;
use hazel_sync::carrier::memory::{Air, Side as End, Weather};
use hazel_sync::session::{Carrier, Input, Outcome, Output, Session};

#[derive(Clone)]
pub struct StoryClock(Arc<AtomicU64>);

impl StoryClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_790_000_000)))
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

pub fn wallet(name: &str, seed: u64, clock: &StoryClock) -> Wallet {
    let entropy = Box::new(Seeded::new(&format!("the wallet of {name} {seed}")));
    let words = RecoveryWords::generate(&mut Seeded::new(&format!("{name} {seed}")));
    let store = Store::in_memory().unwrap();
    Wallet::create(store, &BareKey::new([5; 32]), name, &words, Box::new(clock.clone()), entropy).unwrap()
}

pub fn chips(chips: i64) -> Units {
    Units::new(chips * 1000)
}

pub fn terms(limit: i64) -> Terms {
    Terms { limit: chips(limit), notice_days: 7 }
}

pub fn pay(from: &mut Wallet, tally: &TallyId, whole: i64, milli: i64) {
    let units = Units::new(whole * 1_000 + milli);
    let payment = Payment { units, memo: "coffee".into(), ..Payment::default() };
    from.pay(tally, &payment).unwrap();
}

/// One device: a wallet that lasts, and what a process holds as long as it lives.
pub struct Phone {
    pub wallet: Wallet,
    pub talk: Option<(Session, Meeting)>,
    pub reports: Vec<Report>,
    pub hung_up: bool,
    pub parted: bool,
    wake: Option<Time>,
    awaits: bool,
    pub packets: usize,
    pub bytes: usize,
    /// When its last session knew how it ended.
    pub ended: Time,
}

impl Phone {
    pub fn new(wallet: Wallet) -> Self {
        Self {
            wallet,
            talk: None,
            reports: vec![],
            hung_up: true,
            parted: false,
            wake: None,
            awaits: false,
            packets: 0,
            bytes: 0,
            ended: Time(0),
        }
    }

    /// Somebody calls whose first packet this is: finds out who, and answers.
    fn answer(&mut self, packet: &[u8], (carrier, mtu): (Carrier, u16), now: Time, entropy: &mut Seeded) {
        let unix = self.wallet.now();
        let door = Door::to(&self.wallet, &self.wallet.meetable().unwrap()).unwrap();
        let entropy = session_entropy(entropy);
        let Some((tally, mut session)) = door.answer(packet, carrier, unix, &entropy).unwrap() else {
            return;
        };
        let meeting = Meeting::begin(&mut self.wallet, &tally).unwrap();
        session.handle(now, Input::LinkUp { mtu, dialing: false }).unwrap();
        (self.talk, self.awaits) = (Some((session, meeting)), false);
    }

    /// The process ends: what was not in the wallet is gone.
    pub fn die(&mut self) {
        (self.talk, self.hung_up, self.parted, self.wake, self.awaits) = (None, true, false, None, false);
    }

    /// The person gives the meeting up: the program ends it and keeps what has arrived.
    pub fn give_up(&mut self, now: Time) {
        self.input(now, Input::Cancel);
        self.hung_up = true;
        self.drain(now);
    }

    fn input(&mut self, now: Time, input: Input<'_>) {
        if let Some((session, _)) = &mut self.talk {
            let _ = session.handle(now, input);
        }
    }

    /// Drains the session; what goes on the air.
    fn drain(&mut self, now: Time) -> Vec<Vec<u8>> {
        let mut air = Vec::new();
        let Some((session, meeting)) = &mut self.talk else { return air };
        while let Some(output) = session.poll() {
            match output {
                Output::Packet(packet) => {
                    self.packets += 1;
                    self.bytes += packet.len();
                    air.push(packet);
                }
                Output::HangUp => self.hung_up = true,
                Output::WakeAt(at) => self.wake = Some(at),
                Output::Parted(_) => self.parted = true,
                output => {
                    if matches!(output, Output::Ended(_)) {
                        self.ended = now;
                    }
                    meeting.hear(session, &mut self.wallet, &mut settle_terms, output, now);
                }
            }
        }
        if meeting.report().end.is_some() && self.hung_up {
            let (_, meeting) = self.talk.take().unwrap();
            self.reports.push(meeting.end(&mut self.wallet).unwrap());
        }
        air
    }

    pub fn last(&self) -> &Report {
        self.reports.last().expect("no meeting has ended")
    }
}

/// Both people agree to what they are offered.
fn settle_terms(wallet: &mut Wallet, tally: &TallyId) -> Result<(), WalletError> {
    match wallet.tally(tally)?.state {
        TallyState::CertsKnown if wallet.meeting_keys(tally)?.theirs.is_some() => {
            // Only the inviter knows a partner here whom it has not offered anything.
            if wallet.meeting_keys(tally)?.introduces { Ok(()) } else { wallet.offer(tally, None, None) }
        }
        TallyState::Offered(By::Partner) => {
            let version = wallet.offered(tally)?.version;
            wallet.accept(tally, &version)
        }
        _ => Ok(()),
    }
}

/// Ana and Ben, what is between their phones, and the tally they keep.
pub struct World {
    pub ana: Phone,
    pub ben: Phone,
    pub tally: TallyId,
    pub clock: StoryClock,
    pub air: Air,
    pub now: Time,
    pub mtu: u16,
    pub carrier: Carrier,
    pub until_cut: Option<usize>,
    pub arrived: usize,
    /// Which of the partner's devices is called, if not the one with the recovery words.
    pub to_device: Option<u32>,
    seed: u64,
}

impl World {
    /// Ben has scanned Ana's ticket; they have not met.
    pub fn ticket(seed: u64, weather: Weather) -> Self {
        let clock = StoryClock::new();
        let (ana, ben) = (wallet("Ana", seed, &clock), wallet("Ben", seed, &clock));
        Self::scanned(ana, ben, clock, seed, weather)
    }

    /// The second of these has scanned the first one's ticket; they have not met.
    fn scanned(mut ana: Wallet, mut ben: Wallet, clock: StoryClock, seed: u64, weather: Weather) -> Self {
        let ticket = ana.invite(Side::Stock, terms(100), 3600, &[]).unwrap();
        let tally = ben.accept_ticket(&ticket, terms(50)).unwrap();
        let (ana, ben) = (Phone::new(ana), Phone::new(ben));
        let air = Air::new(seed, weather);
        Self {
            ana,
            ben,
            tally,
            clock,
            air,
            now: Time(0),
            mtu: 247,
            carrier: Carrier::Memory,
            until_cut: None,
            arrived: 0,
            to_device: None,
            seed,
        }
    }

    /// They have met, and keep an open tally.
    pub fn partners(seed: u64, weather: Weather) -> Self {
        let mut world = Self::ticket(seed, Weather { delay: 5, ..Weather::default() });
        world.open(seed, weather);
        world
    }

    /// Two who have a wallet each open a tally, and keep it.
    pub fn opened(ana: Wallet, ben: Wallet, clock: &StoryClock, seed: u64, weather: Weather) -> Self {
        let fair = Weather { delay: 5, ..Weather::default() };
        let mut world = Self::scanned(ana, ben, clock.clone(), seed, fair);
        world.open(seed, weather);
        world
    }

    fn open(&mut self, seed: u64, weather: Weather) {
        self.meet(false);
        self.assert_in_sync("opening");
        self.air = Air::new(seed, weather);
        for phone in [&mut self.ana, &mut self.ben] {
            (phone.packets, phone.bytes) = (0, 0);
            phone.reports.clear();
        }
        self.arrived = 0;
    }

    /// A link is there. Where a session is parted, it goes on; otherwise the caller begins one and the waiter answers it.
    pub fn link(&mut self, ana_calls: bool) {
        let Self { ana, ben, tally, clock, now, carrier, mtu, to_device, .. } = self;
        self.seed += 1;
        let mut entropy = Seeded::new(&format!("session {}", self.seed));
        let unix = clock.now();
        let (caller, waiter) = if ana_calls { (ana, ben) } else { (ben, ana) };
        for phone in [&mut *caller, &mut *waiter] {
            (phone.hung_up, phone.parted) = (false, false);
        }
        if caller.talk.is_none() {
            let known = match to_device {
                Some(device) => Acquaintance::of_device(&caller.wallet, tally, *device).unwrap(),
                None => Acquaintance::of(&caller.wallet, tally).unwrap(),
            };
            let mut session = known.dial(*carrier, unix, &session_entropy(&mut entropy)).unwrap();
            let mut meeting = Meeting::begin(&mut caller.wallet, tally).unwrap();
            session.handle(*now, Input::LinkUp { mtu: *mtu, dialing: true }).unwrap();
            meeting.call(&mut session, &mut caller.wallet, *now);
            caller.talk = Some((session, meeting));
        } else {
            caller.input(*now, Input::LinkUp { mtu: *mtu, dialing: true });
        }
        // A waiter learns from the first packet who calls.
        waiter.awaits = waiter.talk.is_none();
        waiter.input(*now, Input::LinkUp { mtu: *mtu, dialing: false });
    }

    /// A whole meeting.
    pub fn meet(&mut self, ana_calls: bool) {
        self.link(ana_calls);
        self.run(600_000);
    }

    pub fn cut(&mut self) {
        self.air.cut();
        for phone in [&mut self.ana, &mut self.ben] {
            phone.input(self.now, Input::LinkDown);
            phone.hung_up = true;
            phone.drain(self.now);
        }
    }

    /// Until both hung up, the link is cut as planned, or so many milliseconds have passed.
    pub fn run(&mut self, limit: u64) -> bool {
        let stop = self.now.after(limit);
        loop {
            for (end, phone) in [(End::Left, &mut self.ana), (End::Right, &mut self.ben)] {
                for packet in phone.drain(self.now) {
                    self.air.send(end, &packet, self.now);
                }
            }
            if self.ana.hung_up && self.ben.hung_up {
                return true;
            }
            let next = [self.air.next_arrival(), self.ana.wake, self.ben.wake].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= stop) else { return false };
            self.now = self.now.max(next);
            for phone in [&mut self.ana, &mut self.ben] {
                if phone.wake.is_some_and(|at| at <= self.now) {
                    phone.wake = None;
                    phone.input(self.now, Input::Tick);
                }
            }
            while let Some((end, packet)) = self.air.receive(self.now) {
                if self.until_cut.is_some_and(|left| self.arrived >= left) {
                    self.until_cut = None;
                    self.cut();
                    return true;
                }
                self.arrived += 1;
                let phone = if end == End::Left { &mut self.ana } else { &mut self.ben };
                if phone.awaits {
                    let mut entropy = Seeded::new(&format!("answer {} {}", self.seed, self.arrived));
                    phone.answer(&packet, (self.carrier, self.mtu), self.now, &mut entropy);
                }
                phone.input(self.now, Input::Packet(&packet));
                for answer in phone.drain(self.now) {
                    self.air.send(end, &answer, self.now);
                }
            }
        }
    }

    /// Both say that they are in sync, and they are.
    pub fn assert_in_sync(&mut self, told: &str) {
        self.assert_settled(told);
        self.assert_equal(told);
    }

    /// Both say that they are in sync; what they hold is not read again.
    pub fn assert_settled(&mut self, told: &str) {
        for phone in [&self.ana, &self.ben] {
            let end = phone.last().end.as_ref().map(|end| end.outcome);
            assert_eq!(end, Some(Outcome::InSync), "{told}");
            assert_eq!(phone.last().unsettled, Unsettled::default(), "{told}");
        }
    }

    /// Both halves tell the same story, whatever anybody says of it.
    pub fn assert_equal(&mut self, told: &str) {
        let (ana, ben) = (&mut self.ana.wallet, &mut self.ben.wallet);
        let (a, b) = (ana.tally(&self.tally).unwrap(), ben.tally(&self.tally).unwrap());
        assert_eq!((a.head, a.index, a.agreed), (b.head, b.index, b.agreed), "{told}");
        assert_eq!(a.balance, b.balance.negated(), "{told}");
        let (one, other) = (ana.export(&self.tally).unwrap(), ben.export(&self.tally).unwrap());
        assert_eq!(one.to_csv(), other.to_csv(), "{told}");
        let merged = |wallet: &Wallet| wallet.merge_report(&self.tally, 0).unwrap().hash;
        assert_eq!(merged(ana), merged(ben), "{told}");
    }
}
