//! Two wallets, and meetings between them by a clock of their own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hazel_core::store::Store;
use hazel_ffi::{
    Act, Carrier, HazelError, KeyStatus, KeyStore, KeyStoreError, Meeting, MeetingReport, Wallet, new_words,
};
use hazel_sync::Time;
use hazel_sync::carrier::memory::{Air, Side, Weather};

use crate::air::Faults;
use crate::vectors::no;

/// How long two phones try, by their own clock: beyond every patience of a session.
const LONGEST: u64 = 3_600_000;
/// How long a radio takes to come back.
const BETWEEN: u64 = 1_500;

/// A key store that keeps its key in memory. For the lab, and for nothing else.
#[derive(Debug, Default)]
pub struct LabKeys;

impl KeyStore for LabKeys {
    fn wrap(&self, secret: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        Ok(secret.into_iter().rev().collect())
    }

    fn unwrap(&self, wrapped: Vec<u8>) -> Result<Vec<u8>, KeyStoreError> {
        self.wrap(wrapped)
    }

    fn delete(&self) -> Result<(), KeyStoreError> {
        Ok(())
    }

    fn status(&self) -> Result<KeyStatus, KeyStoreError> {
        Ok(KeyStatus::Ready)
    }
}

/// Leaves of a wallet's file what a wipe leaves that was killed in the middle: the keys are gone, the file is not.
#[uniffi::export]
pub fn wipe_half(file: &str) -> Result<(), HazelError> {
    Ok(Store::open(Path::new(file))?.change(|shelf| shelf.forget_keys())?)
}

/// How an encounter went.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Encounter {
    /// What the caller says.
    pub left: MeetingReport,
    /// What the called one says; none if it never learned who calls.
    pub right: Option<MeetingReport>,
    /// How many links it took.
    pub links: u32,
    /// How many packets were given to the radio.
    pub packets: u32,
    /// How long it took, by the lab's clock.
    pub milliseconds: u64,
}

/// Two wallets and a radio.
#[derive(uniffi::Object)]
pub struct SimulatedPair {
    left: Arc<Wallet>,
    right: Arc<Wallet>,
    seed: Mutex<u64>,
}

#[uniffi::export]
impl SimulatedPair {
    /// Two wallets that are there already.
    #[uniffi::constructor]
    pub fn new(left: Arc<Wallet>, right: Arc<Wallet>, seed: u64) -> Result<Arc<Self>, HazelError> {
        Ok(Arc::new(Self { left, right, seed: Mutex::new(seed) }))
    }

    /// Two new wallets in a folder: Ana's, who is on the left, and Ben's.
    #[uniffi::constructor]
    pub fn fresh(folder: &str, seed: u64) -> Result<Arc<Self>, HazelError> {
        let make = |name: &str, file: &str| {
            let path = Path::new(folder).join(file).to_string_lossy().into_owned();
            Wallet::create(&path, Arc::new(LabKeys), name, &new_words()?, None)
        };
        Self::new(make("Ana", "ana.hazel")?, make("Ben", "ben.hazel")?, seed)
    }

    /// The one who calls.
    pub fn left(&self) -> Result<Arc<Wallet>, HazelError> {
        Ok(Arc::clone(&self.left))
    }

    /// The one who is called.
    pub fn right(&self) -> Result<Arc<Wallet>, HazelError> {
        Ok(Arc::clone(&self.right))
    }

    /// The left one calls the right one about a tally, over as many links as it takes. Another encounter rolls other dice.
    pub fn meet(&self, tally: &str, faults: Faults) -> Result<Encounter, HazelError> {
        let tally = tally.parse().map_err(|_| no("unknown", "this is no id of a tally"))?;
        let seed = {
            let mut seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner);
            *seed = seed.wrapping_add(1);
            *seed
        };
        let weather = Weather {
            loss: faults.loss.into(),
            doubling: faults.doubling.into(),
            delay: 5,
            jitter: faults.jitter.into(),
            pace: None,
        };
        let mut street = Street {
            air: Air::new(seed, weather),
            faults,
            now: 0,
            packets: 0,
            left: Phone::new(&self.left, Some(self.left.call(tally, Carrier::Memory)?)),
            right: Phone::new(&self.right, None),
        };
        street.run()
    }
}

/// One phone in the street.
struct Phone {
    wallet: Arc<Wallet>,
    meeting: Option<Arc<Meeting>>,
    linked: bool,
    over: bool,
    hung_up: bool,
    wake: Option<u64>,
}

impl Phone {
    fn new(wallet: &Arc<Wallet>, meeting: Option<Arc<Meeting>>) -> Self {
        Self { wallet: Arc::clone(wallet), meeting, linked: false, over: false, hung_up: false, wake: None }
    }
}

/// Both phones, and what is between them.
struct Street {
    air: Air,
    faults: Faults,
    now: u64,
    packets: u32,
    left: Phone,
    right: Phone,
}

impl Street {
    fn run(&mut self) -> Result<Encounter, HazelError> {
        let mut cuts = self.faults.cuts.clone().into_iter();
        let mut links = 0_u32;
        while self.now < LONGEST {
            links = links.saturating_add(1);
            let cut_at = cuts.next().map(|after| self.packets.saturating_add(after));
            self.link(cut_at)?;
            if self.left.over {
                break;
            }
            self.now = self.now.saturating_add(BETWEEN);
        }
        let left = self.left.meeting.take().map(|meeting| meeting.end()).transpose()?;
        let left = left.ok_or_else(nobody)?;
        let right = self.right.meeting.take().map(|meeting| meeting.end()).transpose()?;
        Ok(Encounter { left, right, links, packets: self.packets, milliseconds: self.now })
    }

    /// One link, until it is cut, hung up, or nothing moves any more.
    fn link(&mut self, cut_at: Option<u32>) -> Result<(), HazelError> {
        for side in [Side::Left, Side::Right] {
            self.phone(side).hung_up = false;
        }
        self.rise(Side::Left, true)?;
        while self.now < LONGEST {
            let cut = cut_at.is_some_and(|at| self.packets >= at);
            if cut || self.left.hung_up || self.right.hung_up {
                break;
            }
            if self.faults.kill_right_after.is_some_and(|after| self.packets >= after) {
                // The system asks nobody: what was in memory is gone, and the link with it.
                self.faults.kill_right_after = None;
                self.right = Phone::new(&self.right.wallet, None);
                break;
            }
            if !self.step()? {
                break;
            }
        }
        if !self.faults.late {
            self.air.cut();
        }
        for side in [Side::Left, Side::Right] {
            let now = self.now;
            let phone = self.phone(side);
            if let (true, Some(meeting)) = (std::mem::take(&mut phone.linked), phone.meeting.clone()) {
                let acts = meeting.link_down(now)?;
                self.carry_out(side, acts);
            }
        }
        Ok(())
    }

    /// The next thing that happens; false if nothing does.
    fn step(&mut self) -> Result<bool, HazelError> {
        let arrival = self.air.next_arrival().map(|at| at.0);
        let Some(next) = [arrival, self.left.wake, self.right.wake].into_iter().flatten().min() else {
            return Ok(false);
        };
        self.now = self.now.max(next);
        if let Some((side, packet)) = self.air.receive(Time(self.now)) {
            self.deliver(side, packet)?;
            return Ok(true);
        }
        for side in [Side::Left, Side::Right] {
            let now = self.now;
            let phone = self.phone(side);
            if phone.wake.is_some_and(|at| at <= now) {
                phone.wake = None;
                if let Some(meeting) = phone.meeting.clone() {
                    let acts = meeting.tick(now)?;
                    self.carry_out(side, acts);
                }
            }
        }
        Ok(true)
    }

    fn rise(&mut self, side: Side, dialing: bool) -> Result<(), HazelError> {
        let (mtu, now) = (self.faults.claimed(), self.now);
        let phone = self.phone(side);
        if let Some(meeting) = phone.meeting.clone() {
            phone.linked = true;
            let acts = meeting.link_up(mtu, dialing, now)?;
            self.carry_out(side, acts);
        }
        Ok(())
    }

    fn deliver(&mut self, side: Side, packet: Vec<u8>) -> Result<(), HazelError> {
        if side == Side::Right && !self.right.linked && !self.answers(&packet)? {
            return Ok(());
        }
        let now = self.now;
        let phone = self.phone(side);
        if let (true, Some(meeting)) = (phone.linked, phone.meeting.clone()) {
            let acts = meeting.packet(packet, now)?;
            self.carry_out(side, acts);
        }
        Ok(())
    }

    /// The first packet on a link: goes on with the meeting that was parted, begins another, or means nobody here.
    fn answers(&mut self, first: &[u8]) -> Result<bool, HazelError> {
        let known = match &self.right.meeting {
            Some(meeting) => meeting.recognises(first.to_vec())?,
            None => false,
        };
        if !known {
            match self.right.wallet.answer(first.to_vec(), Carrier::Memory)? {
                Some(meeting) => self.right.meeting = Some(meeting),
                None => {
                    // A packet of an earlier link, or a meeting that this phone has forgotten: whoever calls is not told why.
                    self.right.hung_up = self.right.meeting.is_none();
                    return Ok(false);
                }
            }
        }
        self.rise(Side::Right, false)?;
        Ok(true)
    }

    fn carry_out(&mut self, side: Side, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Packet { bytes } => {
                    self.packets = self.packets.saturating_add(1);
                    if !self.faults.swallows(&bytes) {
                        self.air.send(side, &bytes, Time(self.now));
                    }
                }
                Act::WakeAt { at } => self.phone(side).wake = Some(at),
                Act::HangUp => self.phone(side).hung_up = true,
                Act::Ended { .. } => self.phone(side).over = true,
                _ => {}
            }
        }
    }

    fn phone(&mut self, side: Side) -> &mut Phone {
        match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        }
    }
}

fn nobody() -> HazelError {
    HazelError::Over {
        trouble: hazel_ffi::Trouble {
            code: "meeting_over".into(),
            culprit: hazel_ffi::Culprit::You,
            arguments: Vec::new(),
            detail: "nobody called".into(),
        },
    }
}
