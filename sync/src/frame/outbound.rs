//! The sending half: keeps every byte until it is acknowledged, and chooses what to send next.

use super::packet::{Ack, number_len};
use super::ranges::Ranges;
use super::{FrameError, PIECES_PER_ACK, Payload, WINDOW};
use crate::Time;
use std::collections::{BTreeMap, VecDeque};

/// A piece counts as lost when one sent this many pieces later has arrived.
const REORDERING: u64 = 8;
const FIRST_TIMEOUT: u64 = 500;
const SHORTEST_TIMEOUT: u64 = 250;
const LONGEST_TIMEOUT: u64 = 2_000;
/// Repetitions come no further apart than this, unless trips take longer: what is lost again and again is lost by chance, and two packets a
/// second fill no link.
const LONGEST_PAUSE: u64 = 1_000;
/// What may be sent before the peer has said how much it takes: a handshake and a little more.
const FIRST_CREDIT: u32 = 2_048;
/// What may be in flight at least, however long the queue before the radio: so many bytes, and so many packets. With fewer packets
/// the peer would wait for more before it acknowledges them.
const LEAST_IN_FLIGHT: u32 = 1_024;
const LEAST_PACKETS: u32 = PIECES_PER_ACK + 1;
/// A queue of this many milliseconds keeps any radio busy; a longer one only delays repetitions.
const QUEUE: u64 = 100;

#[derive(Clone, Copy, Debug)]
struct Flight {
    end: u32,
    order: u64,
    sent: Time,
    again: bool,
}

/// Bytes on their way.
#[derive(Debug)]
pub(super) struct Outbound {
    /// The stream from `base` on.
    buffer: VecDeque<u8>,
    base: u32,
    limit: u32,
    /// Not in flight and not known to have arrived.
    due: Ranges,
    /// Arrived beyond `base`.
    arrived: Ranges,
    flights: BTreeMap<u32, Flight>,
    fresh_from: u32,
    order: u64,
    newest_arrival: u64,
    progress: Time,
    timeout: u64,
    /// Mean and spread of how long a piece and its acknowledgement take.
    trip: Option<(u64, u64)>,
    shortest_trip: u64,
    in_flight: u32,
    /// Grows while trips stay short. A link that loses is not a link that is full, so loss does not shrink it.
    most_in_flight: u32,
    least_in_flight: u32,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            buffer: VecDeque::new(),
            base: 0,
            limit: FIRST_CREDIT,
            due: Ranges::default(),
            arrived: Ranges::default(),
            flights: BTreeMap::new(),
            fresh_from: 0,
            order: 0,
            newest_arrival: 0,
            progress: Time::default(),
            timeout: FIRST_TIMEOUT,
            trip: None,
            shortest_trip: u64::MAX,
            in_flight: 0,
            most_in_flight: FIRST_CREDIT,
            least_in_flight: LEAST_IN_FLIGHT,
        }
    }
}

impl Outbound {
    fn end(&self) -> u32 {
        u32::try_from(self.buffer.len()).map_or(u32::MAX, |len| self.base.saturating_add(len))
    }

    /// Bytes that the peer has not acknowledged.
    pub(super) fn backlog(&self) -> usize {
        self.buffer.len()
    }

    /// Appends to the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let start = self.end();
        let end = u32::try_from(bytes.len())
            .ok()
            .and_then(|len| start.checked_add(len))
            .ok_or(FrameError::Spent)?;
        if end > u32::MAX.saturating_sub(WINDOW) {
            return Err(FrameError::Spent);
        }
        self.buffer.extend(bytes);
        self.due.insert(start, end);
        Ok(())
    }

    /// The offset at which the next piece would start.
    pub(super) fn next_offset(&self) -> Option<u32> {
        let (start, _) = self.due.first().filter(|(start, _)| *start < self.limit)?;
        (self.in_flight < self.most_in_flight).then_some(start)
    }

    /// Takes the next piece of at most `space` bytes including its offset.
    pub(super) fn next_piece(&mut self, space: usize, now: Time) -> Option<(u32, Vec<u8>)> {
        let start = self.next_offset()?;
        let (_, due_end) = self.due.first()?;
        let room = u32::try_from(space.checked_sub(number_len(start))?).ok().filter(|room| *room > 0)?;
        let end = due_end.min(self.limit).min(start.saturating_add(room));
        let from = usize::try_from(start.checked_sub(self.base)?).ok()?;
        let to = usize::try_from(end.checked_sub(self.base)?).ok()?;
        if to > self.buffer.len() {
            return None;
        }
        let bytes = self.buffer.range(from..to).copied().collect();
        self.due.remove(start, end);
        if self.flights.is_empty() {
            self.progress = now;
        }
        self.order = self.order.saturating_add(1);
        let flight = Flight { end, order: self.order, sent: now, again: start < self.fresh_from };
        self.flights.insert(start, flight);
        self.in_flight = self.in_flight.saturating_add(end.saturating_sub(start));
        self.fresh_from = self.fresh_from.max(end);
        Some((start, bytes))
    }

    /// Learns what has arrived. An acknowledgement of bytes that never left is the peer's lie.
    pub(super) fn learn(&mut self, ack: &Ack, now: Time) -> Result<(), FrameError> {
        let furthest = ack.islands.last().map_or(ack.upto, |(_, end)| *end);
        if furthest > self.fresh_from {
            return Err(FrameError::AckOfUnsent { upto: furthest, sent: self.fresh_from });
        }
        self.limit = self.limit.max(ack.upto.saturating_add(ack.room.min(WINDOW)));
        for (start, end) in &ack.islands {
            self.arrived.insert((*start).max(self.base), *end);
        }
        if ack.upto > self.base {
            let gone = usize::try_from(ack.upto.saturating_sub(self.base)).unwrap_or(usize::MAX);
            self.buffer.drain(..gone.min(self.buffer.len()));
            self.arrived.remove(self.base, ack.upto);
            self.base = ack.upto;
        }
        self.due.remove(0, self.base);
        for (start, end) in &ack.islands {
            self.due.remove(*start, *end);
        }
        self.land(now);
        Ok(())
    }

    /// Ends the flights that have arrived, measures their trip, and gives up those overtaken by many.
    fn land(&mut self, now: Time) {
        let (base, arrived) = (self.base, &self.arrived);
        let landed: Vec<(u32, Flight)> = self
            .flights
            .iter()
            .filter(|(start, flight)| flight.end <= base || arrived.covers((**start).max(base), flight.end))
            .map(|(start, flight)| (*start, *flight))
            .collect();
        let mut bytes = 0_u32;
        for (start, flight) in &landed {
            self.flights.remove(start);
            bytes = bytes.saturating_add(flight.end.saturating_sub(*start));
        }
        self.in_flight = self.in_flight.saturating_sub(bytes);
        if let Some((_, newest)) = landed.iter().max_by_key(|(_, flight)| flight.order) {
            self.newest_arrival = self.newest_arrival.max(newest.order);
            self.progress = now;
            if !newest.again {
                self.measure(now.since(newest.sent), bytes);
            }
            self.timeout = self.settled_timeout();
        }
        let overtaken = self.newest_arrival.saturating_sub(REORDERING);
        self.recall(|_, flight| flight.order <= overtaken);
        // Small packets name few islands: the piece that holds up all others must not wait for news of those beyond.
        let patience = self.settled_timeout();
        self.recall(|start, flight| start <= base && flight.sent.after(patience) <= now);
    }

    fn measure(&mut self, trip: u64, landed: u32) {
        self.shortest_trip = self.shortest_trip.min(trip);
        let full = trip > self.shortest_trip.saturating_mul(2).saturating_add(QUEUE);
        self.most_in_flight = if full {
            self.most_in_flight.saturating_sub(landed / 2).max(self.least_in_flight)
        } else {
            self.most_in_flight.saturating_add(landed).min(WINDOW)
        };
        let (mean, spread) = self.trip.map_or((trip, trip / 2), |(mean, spread)| {
            let off = mean.abs_diff(trip);
            (
                (mean.saturating_mul(7).saturating_add(trip)) / 8,
                (spread.saturating_mul(3).saturating_add(off)) / 4,
            )
        });
        self.trip = Some((mean, spread));
    }

    fn settled_timeout(&self) -> u64 {
        self.trip.map_or(FIRST_TIMEOUT, |(mean, spread)| {
            mean.saturating_add(spread.saturating_mul(4)).clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT)
        })
    }

    /// Puts chosen flights back among what is due, without the parts that arrived.
    fn recall(&mut self, lost: impl Fn(u32, &Flight) -> bool) {
        let chosen: Vec<_> =
            self.flights.iter().filter(|(s, f)| lost(**s, f)).map(|(s, f)| (*s, f.end)).collect();
        for (start, end) in chosen {
            self.flights.remove(&start);
            self.in_flight = self.in_flight.saturating_sub(end.saturating_sub(start));
            for (from, to) in self.arrived.gaps(start.max(self.base), end) {
                self.due.insert(from, to);
            }
        }
    }

    /// When silence will be taken for loss.
    pub(super) fn wake(&self) -> Option<Time> {
        if self.flights.is_empty() { None } else { Some(self.progress.after(self.timeout)) }
    }

    /// After too long a silence sends the two first pieces again and waits twice as long, up to a second.
    pub(super) fn tick(&mut self, now: Time) {
        if self.wake().is_none_or(|wake| wake > now) {
            return;
        }
        let upto = self.flights.keys().nth(1).or(self.flights.keys().next()).copied().unwrap_or_default();
        self.recall(|start, _| start <= upto);
        self.progress = now;
        self.timeout = self.timeout.saturating_mul(2).min(LONGEST_PAUSE.max(self.settled_timeout()));
    }

    /// A new link: whatever was in flight on the old one may be lost.
    pub(super) fn restart(&mut self, payload: Payload) {
        let packets = u32::try_from(payload.bytes()).unwrap_or(LEAST_IN_FLIGHT).saturating_mul(LEAST_PACKETS);
        self.least_in_flight = packets.clamp(LEAST_IN_FLIGHT, WINDOW);
        self.recall(|_, _| true);
        self.trip = None;
        self.shortest_trip = u64::MAX;
        self.most_in_flight = self.least_in_flight.max(FIRST_CREDIT);
        self.timeout = FIRST_TIMEOUT;
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "offsets in a test are small")]
mod tests {
    use super::*;

    fn ack(upto: u32, islands: &[(u32, u32)]) -> Ack {
        Ack { upto, room: WINDOW, islands: islands.to_vec() }
    }

    fn drain(outbound: &mut Outbound, now: u64) -> Vec<u32> {
        core::iter::from_fn(|| outbound.next_piece(11, Time(now))).map(|(offset, _)| offset).collect()
    }

    #[test]
    fn nothing_leaves_beyond_the_credit() {
        let mut outbound = Outbound::default();
        outbound.push(&[1; 9_000]).unwrap();
        let send = |outbound: &mut Outbound| {
            core::iter::from_fn(|| outbound.next_piece(244, Time(0))).map(|(_, b)| b.len()).sum()
        };
        let first: usize = send(&mut outbound);
        assert_eq!(first, 2_048);
        outbound.learn(&Ack { upto: 2_048, room: 512, islands: vec![] }, Time(1)).unwrap();
        let more: usize = send(&mut outbound);
        assert_eq!(more, 512);
    }

    #[test]
    fn a_queue_that_grows_is_not_fed() {
        let mut outbound = Outbound::default();
        outbound.push(&[1; 60_000]).unwrap();
        let mut at = 0;
        for trip in [30; 8] {
            drain(&mut outbound, at);
            at += trip;
            let upto = outbound.fresh_from;
            outbound.learn(&ack(upto, &[]), Time(at)).unwrap();
        }
        assert_eq!(outbound.most_in_flight, WINDOW);
        outbound.push(&[1; 60_000]).unwrap();
        for trip in [500; 4] {
            drain(&mut outbound, at);
            at += trip;
            let upto = outbound.fresh_from;
            outbound.learn(&ack(upto, &[]), Time(at)).unwrap();
        }
        assert_eq!(outbound.most_in_flight, LEAST_IN_FLIGHT);
    }

    #[test]
    fn only_what_is_missing_is_sent_again() {
        let mut outbound = Outbound::default();
        outbound.push(&[1; 120]).unwrap();
        let offsets = drain(&mut outbound, 0);
        assert_eq!(offsets.len(), 12);
        // 10..20 and 30..40 were lost; everything else has arrived.
        outbound.learn(&ack(10, &[(20, 30), (40, 120)]), Time(30)).unwrap();
        assert_eq!(drain(&mut outbound, 40), [10, 30]);
        outbound.learn(&ack(120, &[]), Time(60)).unwrap();
        assert_eq!((outbound.backlog(), outbound.wake()), (0, None));
    }

    #[test]
    fn silence_repeats_the_oldest_and_waits_longer() {
        let mut outbound = Outbound::default();
        outbound.push(&[1; 100]).unwrap();
        drain(&mut outbound, 0);
        assert_eq!(outbound.wake(), Some(Time(500)));
        outbound.tick(Time(499));
        assert_eq!(drain(&mut outbound, 499), [] as [u32; 0]);
        outbound.tick(Time(500));
        assert_eq!(drain(&mut outbound, 500), [0, 10]);
        assert_eq!(outbound.wake(), Some(Time(1_500)));
    }

    #[test]
    fn a_new_link_repeats_only_holes() {
        let mut outbound = Outbound::default();
        outbound.push(&[1; 100]).unwrap();
        drain(&mut outbound, 0);
        outbound.learn(&ack(20, &[(50, 60)]), Time(10)).unwrap();
        outbound.restart(Payload::SMALLEST);
        let again: Vec<_> =
            core::iter::from_fn(|| outbound.next_piece(500, Time(20))).map(|(o, b)| (o, b.len())).collect();
        assert_eq!(again, [(20, 30), (60, 40)]);
    }

    #[test]
    fn the_piece_that_holds_up_all_others_does_not_wait_for_many_to_overtake_it() {
        let mut outbound = Outbound::default();
        outbound.push(&[1; 10]).unwrap();
        drain(&mut outbound, 0);
        let mut sent = Vec::new();
        for n in 1..=4 {
            outbound.push(&[1; 10]).unwrap();
            sent.extend(drain(&mut outbound, u64::from(n) * 100));
            outbound.learn(&ack(0, &[(10, 10 + n * 10)]), Time(u64::from(n) * 100 + 50)).unwrap();
        }
        sent.extend(drain(&mut outbound, 500));
        assert_eq!(sent, [10, 20, 0, 30, 40]);
    }

    #[test]
    fn an_acknowledgement_of_the_future_is_a_lie() {
        let mut outbound = Outbound::default();
        outbound.push(&[1; 100]).unwrap();
        outbound.next_piece(11, Time(0));
        assert_eq!(
            outbound.learn(&ack(11, &[]), Time(1)),
            Err(FrameError::AckOfUnsent { upto: 11, sent: 10 })
        );
        assert_eq!(
            outbound.learn(&ack(0, &[(4, 40)]), Time(1)),
            Err(FrameError::AckOfUnsent { upto: 40, sent: 10 })
        );
    }
}
