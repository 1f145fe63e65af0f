//! The air between the two phones, and every packet in it where somebody who watches can see it.

use hazel_sync::Time;
use hazel_sync::carrier::memory::{Air, Pace, Side, Weather};
use hazel_sync::frame::Packet;

/// A radio's timing, and air bad enough that something is to be seen.
const WEATHER: Weather =
    Weather { loss: 12, doubling: 4, delay: 60, jitter: 40, pace: Some(Pace { interval: 30, packets: 4 }) };

/// How long the place of a lost packet stays marked, in milliseconds.
const MARK: u64 = 120;
/// How long a lost packet flies before it is gone.
const HALF: u64 = 40;

/// One packet on its way.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    pub(super) from: Side,
    pub(super) what: &'static str,
    pub(super) lost: bool,
    /// The same bytes were sent before.
    pub(super) again: bool,
    left: Time,
    ends: Time,
    /// Which of the lines it flies on.
    pub(super) lane: usize,
}

impl Flight {
    /// How far it is, in thousandths of the way.
    pub(super) fn progress(&self, now: Time) -> u64 {
        let whole = self.ends.since(self.left).max(1);
        let gone = now.since(self.left).min(whole);
        let part = gone.saturating_mul(1000).checked_div(whole).unwrap_or(1000);
        if self.lost { part.checked_div(2).unwrap_or(0) } else { part }
    }

    /// Whether a lost packet is past its end and only its mark is left.
    pub(super) fn is_gone(&self, now: Time) -> bool {
        self.lost && now >= self.ends
    }
}

/// What has been counted on this stage.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) sent: usize,
    pub(super) lost: usize,
    pub(super) again: usize,
    pub(super) bytes: usize,
}

/// The air, watched.
pub(super) struct Between {
    air: Air,
    pub(super) flights: Vec<Flight>,
    /// The furthest stream byte that each side has sent in this session.
    furthest: [u32; 2],
    pub(super) count: Count,
}

impl Between {
    pub(super) fn new(seed: u64) -> Self {
        Self { air: Air::new(seed, WEATHER), flights: Vec::new(), furthest: [0, 0], count: Count::default() }
    }

    /// A new session counts its stream from the beginning.
    pub(super) fn begin_session(&mut self) {
        self.furthest = [0, 0];
    }

    /// Sends a packet. Says in words what is worth telling.
    pub(super) fn send(&mut self, from: Side, packet: &[u8], now: Time) -> Option<&'static str> {
        let (what, again) = self.look(from, packet);
        let arrivals = self.air.send(from, packet, now);
        let lost = arrivals.is_empty();
        self.count.sent = self.count.sent.saturating_add(1);
        self.count.bytes = self.count.bytes.saturating_add(packet.len());
        self.count.lost = self.count.lost.saturating_add(usize::from(lost));
        self.count.again = self.count.again.saturating_add(usize::from(again));
        let ends = if lost { vec![now.after(HALF)] } else { arrivals };
        for ends in ends {
            let lane = self.count.sent;
            self.flights.push(Flight { from, what, lost, again, left: now, ends, lane });
        }
        match (lost, again) {
            (true, _) => Some("lost"),
            (false, true) => Some("comes again"),
            _ => None,
        }
    }

    /// What a packet is, by what anybody in the air can read of it.
    fn look(&mut self, from: Side, packet: &[u8]) -> (&'static str, bool) {
        let [left, right] = &mut self.furthest;
        let furthest = if from == Side::Left { left } else { right };
        match Packet::read(packet) {
            Ok(Packet::Open(_)) => ("hello", false),
            Ok(Packet::Resume(_)) => ("go on", false),
            Ok(Packet::Close(_)) => ("bye", false),
            Ok(Packet::Flow { piece: None, .. }) => ("ack", false),
            Ok(Packet::Flow { piece: Some(piece), .. }) => {
                let again = piece.offset < *furthest;
                let length = u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX);
                *furthest = (*furthest).max(piece.offset.saturating_add(length));
                ("sealed", again)
            }
            Err(_) => ("?", false),
        }
    }

    pub(super) fn next_arrival(&self) -> Option<Time> {
        self.air.next_arrival()
    }

    pub(super) fn receive(&mut self, now: Time) -> Option<(Side, Vec<u8>)> {
        self.air.receive(now)
    }

    /// The link is cut: what was in the air is lost where it is.
    pub(super) fn cut(&mut self, now: Time) {
        self.air.cut();
        self.sweep(now);
        for flight in self.flights.iter_mut().filter(|flight| !flight.lost) {
            flight.lost = true;
            flight.ends = now;
        }
    }

    /// Takes away what has arrived, and the marks that have stood long enough.
    pub(super) fn sweep(&mut self, now: Time) {
        self.flights.retain(|flight| {
            let until = if flight.lost { flight.ends.after(MARK) } else { flight.ends };
            until > now
        });
    }
}
