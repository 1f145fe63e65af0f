//! Two devices, the air between them, one clock: what the integration tests and the bench play in.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test world stops at the first surprise, and each test uses a part of it"
)]

use hazel_sync::carrier::memory::{Air, Side, Weather};
use hazel_sync::frame::Packet;
use hazel_sync::session::*;
use hazel_sync::{PublicKey, SecretKey, Time};

pub const NONCE: Nonce = Nonce([0x5a; 32]);

pub fn secret(n: u8) -> SecretKey {
    SecretKey::new([n; 32])
}

pub fn dialer_key() -> SecretKey {
    secret(1)
}

pub fn waiter_key() -> SecretKey {
    secret(2)
}

pub fn ticket() -> Way {
    Way::Ticket { nonce: NONCE, issuer: waiter_key().public() }
}

pub fn partner(key: PublicKey) -> Way {
    Way::Partner { key }
}

pub fn setting(role: Role, way: Way) -> Setting {
    let hint = match &way {
        Way::Ticket { nonce, .. } => Hint::of_ticket(nonce),
        _ => Hint::default(),
    };
    Setting {
        role,
        way,
        carrier: Carrier::Memory,
        dialer: Id([1; 16]),
        waiter: Id([2; 16]),
        hint,
        kept: None,
        patience: Patience { handshake: 60_000, ..Patience::default() },
    }
}

/// An application that hands over its messages and stands at a digest of all that both hold.
pub struct Device {
    pub session: Session,
    pub to_send: Vec<Vec<u8>>,
    pub holds: Vec<Vec<u8>>,
    pub expects: usize,
    pub says_match: bool,
    pub code: Option<Code>,
    pub met: Option<Peer>,
    pub delivered: Vec<MessageId>,
    pub begun: Vec<Partial>,
    pub end: Option<End>,
    pub refused: Option<Fault>,
    pub parted: bool,
    pub hung_up: bool,
    pub wake: Option<Time>,
    pub packets: Vec<Vec<u8>>,
    settled: bool,
    sent: Vec<Vec<u8>>,
}

impl Device {
    pub fn new(session: Session, to_send: Vec<Vec<u8>>, expects: usize) -> Self {
        Self {
            session,
            to_send,
            holds: vec![],
            expects,
            says_match: true,
            code: None,
            met: None,
            delivered: vec![],
            begun: vec![],
            end: None,
            refused: None,
            parted: false,
            hung_up: false,
            wake: None,
            packets: vec![],
            settled: false,
            sent: vec![],
        }
    }

    pub fn digest(&self) -> Digest {
        let mut all: Vec<_> = self.sent.iter().chain(&self.holds).map(|m| MessageId::of(m).0).collect();
        all.sort_unstable();
        let id = MessageId::of(&all.concat());
        Digest(*id.0.first_chunk().unwrap())
    }

    /// Gives the session what it takes and settles once all is given and all expected has come.
    pub fn work(&mut self, now: Time) {
        while self.end.is_none() && !self.to_send.is_empty() && self.session.room() >= self.to_send[0].len() {
            let message = self.to_send.remove(0);
            self.sent.push(message.clone());
            self.tell(now, Input::Send(message));
        }
        let done = self.to_send.is_empty() && self.holds.len() >= self.expects;
        if self.end.is_none() && done && !self.settled {
            self.settled = true;
            self.tell(now, Input::Settled(self.digest()));
        }
    }

    /// The end may be among the outputs not yet seen.
    fn tell(&mut self, now: Time, input: Input<'_>) {
        let told = self.session.handle(now, input);
        assert!(matches!(told, Ok(()) | Err(Misuse::Over)), "{told:?}");
    }

    /// Drains the session; returns what goes on the air.
    pub fn drain(&mut self, now: Time) -> Vec<Vec<u8>> {
        self.work(now);
        let mut air = Vec::new();
        let mut turns = 0;
        while let Some(output) = self.session.poll() {
            turns += 1;
            assert!(turns < 10_000, "poll never ends");
            assert!(!self.hung_up || !matches!(output, Output::Packet(_)), "a packet after hanging up");
            match output {
                Output::Packet(packet) => {
                    self.packets.push(packet.clone());
                    air.push(packet);
                }
                Output::Compare(code) => {
                    self.code = Some(code);
                    self.tell(now, Input::CodesMatch(self.says_match));
                }
                Output::Met(peer) => assert!(self.met.replace(peer).is_none(), "met twice"),
                Output::Message(id, bytes) => {
                    assert!(self.met.is_some(), "an effect before the meeting");
                    assert_eq!(id, MessageId::of(&bytes));
                    self.holds.push(bytes);
                }
                Output::Begun(partial) => {
                    assert!(self.met.is_some(), "an effect before the meeting");
                    self.begun.push(partial);
                }
                Output::Delivered(id) => self.delivered.push(id),
                Output::Parted(_) => self.parted = true,
                Output::LinkRefused(fault) => self.refused = Some(fault),
                Output::Ended(end) => assert!(self.end.replace(end).is_none(), "ended twice"),
                Output::HangUp => self.hung_up = true,
                Output::WakeAt(at) => self.wake = Some(at),
            }
            self.work(now);
        }
        assert!(self.session.held() <= 256 * 1024, "{} bytes held", self.session.held());
        air
    }

    pub fn link_up(&mut self, mtu: u16, dialing: bool, now: Time) {
        self.hung_up = false;
        self.session.handle(now, Input::LinkUp { mtu, dialing }).unwrap();
    }

    pub fn outcome(&self) -> Option<Outcome> {
        self.end.as_ref().map(|end| end.outcome)
    }
}

pub struct World {
    pub left: Device,
    pub right: Device,
    pub air: Air,
    pub now: Time,
    /// Packets that may still arrive before the link is cut.
    pub until_cut: Option<usize>,
    pub delivered_packets: usize,
    pub bytes: usize,
    /// Stream bytes that arrived: at which end, from where to where.
    pub arrived: Vec<(Side, usize, usize)>,
}

/// Where a packet's piece of the stream begins and ends.
pub fn piece(packet: &[u8]) -> Option<(usize, usize)> {
    match Packet::read(packet) {
        Ok(Packet::Flow { piece: Some(piece), .. }) => {
            Some((piece.offset as usize, piece.offset as usize + piece.bytes.len()))
        }
        _ => None,
    }
}

impl World {
    pub fn new(left: Device, right: Device, seed: u64, weather: Weather) -> Self {
        let air = Air::new(seed, weather);
        Self {
            left,
            right,
            air,
            now: Time(0),
            until_cut: None,
            delivered_packets: 0,
            bytes: 0,
            arrived: vec![],
        }
    }

    pub fn meeting(
        way_left: Way,
        way_right: Way,
        seed: u64,
        weather: Weather,
        loads: [Vec<Vec<u8>>; 2],
    ) -> Self {
        let entropy = |n: u8| Entropy(core::array::from_fn(|i| n ^ (seed as u8) ^ (i as u8)));
        let left = Session::new(setting(Role::Dialer, way_left), &dialer_key(), &entropy(7)).unwrap();
        let right = Session::new(setting(Role::Waiter, way_right), &waiter_key(), &entropy(200)).unwrap();
        let [of_left, of_right] = loads;
        let (l, r) = (of_left.len(), of_right.len());
        Self::new(Device::new(left, of_left, r), Device::new(right, of_right, l), seed, weather)
    }

    pub fn link(&mut self, mtu: u16, left_dials: bool) {
        self.left.link_up(mtu, left_dials, self.now);
        self.right.link_up(mtu, !left_dials, self.now);
    }

    pub fn cut(&mut self) {
        self.air.cut();
        self.left.session.handle(self.now, Input::LinkDown).unwrap();
        self.right.session.handle(self.now, Input::LinkDown).unwrap();
        self.left.drain(self.now);
        self.right.drain(self.now);
    }

    /// Runs until both hung up, the link is cut as planned, or `limit` milliseconds have passed.
    pub fn run(&mut self, limit: u64) -> bool {
        let stop = self.now.after(limit);
        loop {
            for (side, device) in [(Side::Left, &mut self.left), (Side::Right, &mut self.right)] {
                for packet in device.drain(self.now) {
                    self.bytes += packet.len();
                    self.air.send(side, &packet, self.now);
                }
            }
            if self.left.hung_up && self.right.hung_up {
                return true;
            }
            let next = [self.air.next_arrival(), self.left.wake, self.right.wake];
            let Some(next) = next.into_iter().flatten().min() else { return false };
            if next > stop {
                self.now = stop;
                return false;
            }
            self.now = self.now.max(next);
            for device in [&mut self.left, &mut self.right] {
                if device.wake.is_some_and(|at| at <= self.now) {
                    device.wake = None;
                    device.session.handle(self.now, Input::Tick).unwrap();
                }
            }
            while let Some((side, packet)) = self.air.receive(self.now) {
                if self.until_cut.is_some_and(|left| self.delivered_packets >= left) {
                    self.until_cut = None;
                    self.cut();
                    return true;
                }
                self.delivered_packets += 1;
                self.arrived.extend(piece(&packet).map(|(start, end)| (side, start, end)));
                let device = if side == Side::Left { &mut self.left } else { &mut self.right };
                device.session.handle(self.now, Input::Packet(&packet)).unwrap();
                // A radio hands over one packet at a time.
                for answer in device.drain(self.now) {
                    self.bytes += answer.len();
                    self.air.send(side, &answer, self.now);
                }
            }
        }
    }

    pub fn assert_in_sync(&self, told: &str) {
        assert_eq!(self.left.outcome(), Some(Outcome::InSync), "{told}: {:?}", self.right.end);
        assert_eq!(self.right.outcome(), Some(Outcome::InSync), "{told}: {:?}", self.left.end);
        assert_eq!(self.left.holds, self.right.sent, "{told}");
        assert_eq!(self.right.holds, self.left.sent, "{told}");
        for (device, other) in [(&self.left, &self.right), (&self.right, &self.left)] {
            let ids: Vec<_> = other.holds.iter().map(|m| MessageId::of(m)).collect();
            assert_eq!(device.delivered, ids, "{told}");
        }
    }
}

/// Messages of the given lengths, no two alike.
pub fn load(name: u8, lengths: &[usize]) -> Vec<Vec<u8>> {
    let message =
        |n: usize, len: usize| (0..len).map(|i| name ^ (n as u8) ^ (i as u8) ^ ((i >> 8) as u8)).collect();
    lengths.iter().enumerate().map(|(n, len)| message(n, *len)).collect()
}
