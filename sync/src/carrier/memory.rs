//! Air in memory: loses, doubles, delays and reorders from a seed, keeps a radio's timing, and can be cut.

use crate::Time;
use std::collections::BTreeMap;

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The end that opened the link.
    Left,
    /// The end that was found.
    Right,
}

impl Side {
    /// The end opposite.
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// A radio that speaks only at intervals, so many packets each way.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Milliseconds from one connection event to the next.
    pub interval: u64,
    /// Packets an event carries each way.
    pub packets: u64,
}

/// What the air does to packets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Packets lost, in percent.
    pub loss: u64,
    /// Packets doubled, in percent.
    pub doubling: u64,
    /// Milliseconds that every packet takes.
    pub delay: u64,
    /// Milliseconds by which it may take longer; more than nothing reorders.
    pub jitter: u64,
    /// The radio's timing, if it is one.
    pub pace: Option<Pace>,
}

/// A link between two ends.
#[derive(Debug)]
pub struct Air {
    dice: u64,
    weather: Weather,
    flying: BTreeMap<(Time, u64), (Side, Vec<u8>)>,
    sent: u64,
    events: [(u64, u64); 2],
}

impl Air {
    /// The same seed and the same packets make the same story.
    pub fn new(seed: u64, weather: Weather) -> Self {
        Self { dice: seed, weather, flying: BTreeMap::new(), sent: 0, events: [(0, 0); 2] }
    }

    /// Sends a packet from one end. Says when it will arrive, for whoever watches: never where it is lost, twice where it is doubled.
    pub fn send(&mut self, from: Side, packet: &[u8], now: Time) -> Vec<Time> {
        let leaves = self.slot(from, now);
        let lost = self.roll(100) < self.weather.loss;
        if lost {
            return Vec::new();
        }
        let copies = if self.roll(100) < self.weather.doubling { 2 } else { 1 };
        let mut arrivals = Vec::new();
        for _ in 0..copies {
            let jitter = self.roll(self.weather.jitter.saturating_add(1));
            let arrives = leaves.after(self.weather.delay.saturating_add(jitter));
            self.sent = self.sent.saturating_add(1);
            self.flying.insert((arrives, self.sent), (from.other(), packet.to_vec()));
            arrivals.push(arrives);
        }
        arrivals
    }

    /// When the radio gets to this packet.
    fn slot(&mut self, from: Side, now: Time) -> Time {
        let Some(pace) = self.weather.pace else { return now };
        let interval = pace.interval.max(1);
        let next = now.0.div_ceil(interval);
        let [left, right] = &mut self.events;
        let used = if from == Side::Left { left } else { right };
        if next > used.0 {
            *used = (next, 0);
        }
        if used.1 >= pace.packets {
            *used = (used.0.saturating_add(1), 0);
        }
        used.1 = used.1.saturating_add(1);
        Time(used.0.saturating_mul(interval))
    }

    /// When the next packet arrives.
    pub fn next_arrival(&self) -> Option<Time> {
        self.flying.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next packet that has arrived by now, and at which end.
    pub fn receive(&mut self, now: Time) -> Option<(Side, Vec<u8>)> {
        let entry = self.flying.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }

    /// Cuts the link: whatever was in the air is gone.
    pub fn cut(&mut self) {
        self.flying.clear();
    }

    fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64: a full period from any seed, and one line an auditor can check.
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(sides).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(air: &mut Air) -> Vec<(u64, Vec<u8>)> {
        let mut out = Vec::new();
        while let Some(at) = air.next_arrival() {
            let (_, packet) = air.receive(at).unwrap();
            out.push((at.0, packet));
        }
        out
    }

    #[test]
    fn the_same_seed_tells_the_same_story_and_another_does_not() {
        let story = |seed| {
            let mut air =
                Air::new(seed, Weather { loss: 30, doubling: 50, delay: 5, jitter: 40, pace: None });
            (0..100_u8).for_each(|n| drop(air.send(Side::Left, &[n], Time(u64::from(n)))));
            arrivals(&mut air)
        };
        assert_eq!(story(1), story(1));
        assert_ne!(story(1), story(2));
        let order: Vec<_> = story(1).into_iter().map(|(_, packet)| packet).collect();
        assert!(!order.is_sorted() && order.len() > 60);
    }

    #[test]
    fn a_radio_keeps_its_events() {
        let pace = Some(Pace { interval: 30, packets: 4 });
        let mut air = Air::new(0, Weather { pace, ..Weather::default() });
        (0..10_u8).for_each(|n| drop(air.send(Side::Left, &[n], Time(1))));
        air.send(Side::Right, &[99], Time(1));
        let times: Vec<_> = arrivals(&mut air).into_iter().map(|(at, _)| at).collect();
        assert_eq!(times, [30, 30, 30, 30, 30, 60, 60, 60, 60, 90, 90]);
    }

    #[test]
    fn a_cut_loses_what_is_in_the_air() {
        let mut air = Air::new(0, Weather { delay: 9, ..Weather::default() });
        air.send(Side::Left, b"x", Time(0));
        assert_eq!(air.receive(Time(8)), None);
        air.cut();
        assert_eq!(air.next_arrival(), None);
    }
}
