//! Two framers, a bad link between them.

#![allow(clippy::arithmetic_side_effects, reason = "sums in a test are small")]

use super::*;

/// A small generator of our own: same seed, same story.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn hear(framer: &mut Framer, bytes: &[u8], now: Time) {
    if let Packet::Flow { ack, piece } = Packet::read(bytes).unwrap() {
        framer.hear(ack.as_ref(), piece, now).unwrap();
    }
}

fn records(framer: &mut Framer) -> Vec<Vec<u8>> {
    core::iter::from_fn(|| framer.next_record().unwrap()).collect()
}

fn story(dice: &mut Dice) -> Vec<Vec<u8>> {
    (0..dice.roll(12) + 1)
        .map(|n| {
            let len = usize::try_from(dice.roll(900)).unwrap();
            vec![u8::try_from(n).unwrap(); len]
        })
        .collect()
}

/// Runs until both are at rest; every packet is lost, doubled and delayed by chance.
fn converse(a: &mut Framer, b: &mut Framer, dice: &mut Dice, loss: u64, heard: &mut [Vec<Vec<u8>>; 2]) {
    let mut air: Vec<(u64, bool, Vec<u8>)> = Vec::new();
    for now in 0..400_000_u64 {
        for (from_a, framer) in [(true, &mut *a), (false, &mut *b)] {
            framer.tick(Time(now));
            while let Some(packet) = framer.speak(Time(now)) {
                assert!(packet.len() <= framer.payload.bytes());
                let copies = if dice.roll(100) < loss { 0 } else { 1 + u64::from(dice.roll(2) == 0) };
                for _ in 0..copies {
                    air.push((now + 1 + dice.roll(60), from_a, packet.clone()));
                }
            }
        }
        for (_, to_b, packet) in air.extract_if(.., |(at, ..)| *at <= now) {
            hear(if to_b { &mut *b } else { &mut *a }, &packet, Time(now));
        }
        heard[0].extend(records(a));
        heard[1].extend(records(b));
        if air.is_empty() && a.at_rest() && b.at_rest() {
            return;
        }
    }
    panic!("never at rest");
}

#[test]
fn both_streams_survive_a_bad_link() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let payload = Payload::for_mtu(23 + u16::try_from(dice.roll(495)).unwrap()).unwrap();
        let (mut a, mut b) = (Framer::default(), Framer::default());
        a.link_up(payload, false, Time(0));
        b.link_up(payload, false, Time(0));
        let (from_a, from_b) = (story(&mut dice), story(&mut dice));
        from_a.iter().for_each(|record| a.write(record).unwrap());
        from_b.iter().for_each(|record| b.write(record).unwrap());
        let loss = dice.roll(31);
        let mut heard = [vec![], vec![]];
        converse(&mut a, &mut b, &mut dice, loss, &mut heard);
        assert_eq!(heard, [from_b, from_a], "seed {seed}");
    }
}

/// Cuts after every packet; the next link has another payload, and no byte that arrived crosses it again.
#[test]
fn a_cut_after_any_packet_costs_no_byte_twice() {
    let record: Vec<u8> = (0..3_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    for cut in 0..30_usize {
        let (mut a, mut b) = (Framer::default(), Framer::default());
        a.link_up(Payload::for_mtu(100).unwrap(), false, Time(0));
        b.link_up(Payload::for_mtu(100).unwrap(), false, Time(0));
        a.write(&record[..1_500]).unwrap();
        a.write(&record[1_500..]).unwrap();
        let mut arrived = 0;
        for now in 0..40 {
            while arrived < cut
                && let Some(packet) = a.speak(Time(now))
            {
                hear(&mut b, &packet, Time(now));
                arrived += 1;
            }
        }
        let have = b.inbound.ack().upto;
        a.link_up(Payload::for_mtu(247).unwrap(), true, Time(100));
        b.link_up(Payload::for_mtu(247).unwrap(), true, Time(100));
        let mut crossed = 0;
        for now in 100..2_000 {
            for packet in core::iter::from_fn(|| a.speak(Time(now))).collect::<Vec<_>>() {
                if let Ok(Packet::Flow { piece: Some(piece), .. }) = Packet::read(&packet) {
                    assert!(piece.offset >= have, "cut {cut}: byte {} again", piece.offset);
                    crossed += piece.bytes.len();
                }
                hear(&mut b, &packet, Time(now));
            }
            for packet in core::iter::from_fn(|| b.speak(Time(now))).collect::<Vec<_>>() {
                hear(&mut a, &packet, Time(now));
            }
        }
        assert_eq!(records(&mut b).concat(), record);
        assert_eq!(crossed + usize::try_from(have).unwrap(), 3_004);
        assert!(a.at_rest());
    }
}

#[test]
fn old_packets_replayed_at_any_later_point_change_nothing() {
    let payload = Payload::for_mtu(64).unwrap();
    let (mut a, mut b) = (Framer::default(), Framer::default());
    a.link_up(payload, false, Time(0));
    b.link_up(payload, false, Time(0));
    let mut said: Vec<Vec<u8>> = Vec::new();
    let mut heard = Vec::new();
    for round in 0..20_u8 {
        let now = Time(u64::from(round) * 100);
        a.write(&[round; 150]).unwrap();
        while let Some(packet) = a.speak(now) {
            said.push(packet);
            for old in &said {
                hear(&mut b, old, now);
            }
            heard.extend(records(&mut b));
            while let Some(answer) = b.speak(now) {
                hear(&mut a, &answer, now);
            }
        }
    }
    assert_eq!(heard, (0..20_u8).map(|round| vec![round; 150]).collect::<Vec<_>>());
}

#[test]
fn any_bytes_are_refused_or_harmless() {
    let mut dice = Dice(7);
    let mut framer = Framer::default();
    framer.link_up(Payload::SMALLEST, false, Time(0));
    let (mut fine, mut refused) = (0, 0);
    for now in 0..60_000 {
        let mut bytes: Vec<u8> = (0..dice.roll(40)).map(|_| dice.roll(256).to_le_bytes()[0]).collect();
        if let Some(first) = bytes.first_mut() {
            *first = 0x10 | (*first & 0x0f);
        }
        let outcome = Packet::read(&bytes).and_then(|packet| match packet {
            Packet::Flow { ack, piece } => framer.hear(ack.as_ref(), piece, Time(now)),
            _ => Ok(()),
        });
        if outcome.is_ok() {
            fine += 1
        } else {
            refused += 1
        }
        if framer.next_record().is_err() {
            framer = Framer::default();
        }
        assert!(framer.held() < 64 * 1024);
    }
    assert!(fine > 1_000 && refused > 1_000, "{fine} {refused}");
}
