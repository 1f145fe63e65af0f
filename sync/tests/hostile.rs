//! What strangers, liars and broken radios can do: nothing that counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "numbers in a test are small"
)]

mod world;

use hazel_sync::carrier::memory::{Side, Weather};
use hazel_sync::frame::{FrameError, Greeting, Packet, Piece};
use hazel_sync::session::*;
use hazel_sync::{SecretKey, Time};
use world::*;

fn fair() -> Weather {
    Weather { delay: 5, ..Weather::default() }
}

fn waiter(way: Way) -> Device {
    let session = Session::new(setting(Role::Waiter, way), &waiter_key(), &Entropy([8; 48])).unwrap();
    Device::new(session, load(3, &[100]), 1)
}

fn dialer(setting: Setting, secret: &SecretKey) -> Device {
    let session = Session::new(setting, secret, &Entropy([9; 48])).unwrap();
    Device::new(session, load(4, &[100]), 1)
}

/// Runs a dialer that is not the one awaited; returns both ends' outcomes.
fn clash(left: Device, right: Device) -> (Option<Outcome>, Option<Outcome>) {
    let mut world = World::new(left, right, 1, fair());
    world.link(247, true);
    world.run(100_000);
    for device in [&world.left, &world.right] {
        assert!(
            device.met.is_none() && device.holds.is_empty() && device.delivered.is_empty() && device.hung_up
        );
    }
    (world.left.outcome(), world.right.outcome())
}

#[test]
fn a_stranger_with_the_wrong_secret_gets_nowhere() {
    // Another psk under the right hint: the waiter can read message one, so the dialer sees the forgery first.
    let mut wrong_nonce =
        setting(Role::Dialer, Way::Ticket { nonce: Nonce([0; 32]), issuer: waiter_key().public() });
    wrong_nonce.hint = Hint::of_ticket(&NONCE);
    let (left, right) = clash(dialer(wrong_nonce, &dialer_key()), waiter(ticket()));
    assert_eq!(
        (left, right),
        (Some(Outcome::Failed(Fault::Forged)), Some(Outcome::Failed(Fault::HungUp(7))))
    );

    let wrong_issuer = setting(Role::Dialer, Way::Ticket { nonce: NONCE, issuer: secret(9).public() });
    let (_, right) = clash(dialer(wrong_issuer, &dialer_key()), waiter(ticket()));
    assert_eq!(right, Some(Outcome::Failed(Fault::Forged)));

    let impostor = setting(Role::Dialer, partner(waiter_key().public()));
    let (_, right) = clash(dialer(impostor, &secret(66)), waiter(partner(dialer_key().public())));
    assert_eq!(right, Some(Outcome::Failed(Fault::Forged)));
}

#[test]
fn carrier_and_both_names_are_bound() {
    let changes: [fn(&mut Setting); 3] = [
        |setting| setting.carrier = Carrier::Tcp,
        |setting| setting.dialer = Id([7; 16]),
        |setting| setting.waiter = Id([7; 16]),
    ];
    for change in changes {
        let mut changed = setting(Role::Dialer, ticket());
        change(&mut changed);
        let (_, right) = clash(dialer(changed, &dialer_key()), waiter(ticket()));
        assert_eq!(right, Some(Outcome::Failed(Fault::Forged)));
    }
}

#[test]
fn the_wrong_pattern_or_ticket_is_named_before_any_work() {
    let (_, right) = clash(dialer(setting(Role::Dialer, Way::Stranger), &dialer_key()), waiter(ticket()));
    assert_eq!(right, Some(Outcome::Failed(Fault::Pattern(2))));
    let other = setting(Role::Dialer, Way::Ticket { nonce: Nonce([3; 32]), issuer: waiter_key().public() });
    let (left, right) = clash(dialer(other, &dialer_key()), waiter(ticket()));
    assert_eq!((left, right), (Some(Outcome::Failed(Fault::HungUp(3))), Some(Outcome::Failed(Fault::Hint))));
}

#[test]
fn our_own_key_is_not_a_partner() {
    let mirror = setting(Role::Dialer, Way::Stranger);
    let (left, right) = clash(dialer(mirror, &waiter_key()), waiter(Way::Stranger));
    assert_eq!(
        (left, right),
        (Some(Outcome::Failed(Fault::Mirror)), Some(Outcome::Failed(Fault::HungUp(7))))
    );
}

#[test]
fn codes_that_differ_end_it_on_both_sides() {
    let mut left = dialer(setting(Role::Dialer, Way::Stranger), &dialer_key());
    left.says_match = false;
    let (left, right) = clash(left, waiter(Way::Stranger));
    assert_eq!(
        (left, right),
        (Some(Outcome::Failed(Fault::CodesDiffer)), Some(Outcome::Failed(Fault::HungUp(6))))
    );
}

/// Somebody in the middle runs a session with each: the two screens show different codes.
#[test]
fn whoever_sits_in_the_middle_cannot_make_the_codes_equal() {
    let shown = |n: u8| {
        let mut world = World::new(
            dialer(setting(Role::Dialer, Way::Stranger), &secret(n)),
            waiter(Way::Stranger),
            1,
            fair(),
        );
        world.link(247, true);
        world.run(10_000);
        world.assert_in_sync("codes");
        world.left.code.unwrap()
    };
    let (with_one, with_other) = (shown(20), shown(21));
    assert_ne!(with_one.words(), with_other.words());
    assert_ne!(with_one.emoji(), with_other.emoji());
}

fn low_order() -> [[u8; 32]; 3] {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    [[0; 32], one, minus_one]
}

#[test]
fn weak_keys_are_refused_wherever_they_come_from() {
    for point in low_order() {
        // As an ephemeral key in the first message of each pattern.
        for (pattern, way) in [(1, ticket()), (2, Way::Stranger), (3, partner(dialer_key().public()))] {
            let mut device = waiter(way);
            device.link_up(247, false, Time(0));
            device.drain(Time(0));
            let hint = if pattern == 1 { Hint::of_ticket(&NONCE).0 } else { [0; 8] };
            let len = [0, 96, 32, 48][usize::from(pattern)];
            let mut record = vec![len];
            record.extend(point);
            record.resize(1 + usize::from(len), 0x11);
            let open = Packet::Open(Greeting { pattern, hint }).write();
            let piece = Packet::Flow { ack: None, piece: Some(Piece { offset: 0, bytes: &record }) }.write();
            for packet in [open, piece] {
                device.session.handle(Time(1), Input::Packet(&packet)).unwrap();
                device.drain(Time(1));
            }
            assert_eq!(
                device.outcome(),
                Some(Outcome::Failed(Fault::WeakKey)),
                "pattern {pattern} {point:02x?}"
            );
        }
        // As the static key of a ticket or a partner.
        let key = hazel_sync::PublicKey(point);
        for way in [Way::Ticket { nonce: NONCE, issuer: key }, partner(key)] {
            let mut device = dialer(setting(Role::Dialer, way), &dialer_key());
            device.link_up(247, true, Time(0));
            device.drain(Time(0));
            assert_eq!(device.outcome(), Some(Outcome::Failed(Fault::WeakKey)));
        }
    }
}

#[test]
fn a_newer_version_is_named() {
    let mut device = waiter(ticket());
    device.link_up(247, false, Time(0));
    device.session.handle(Time(1), Input::Packet(&[0x24, 1])).unwrap();
    let air = device.drain(Time(1));
    assert_eq!(device.outcome(), Some(Outcome::Failed(Fault::Frame(FrameError::Version(2)))));
    assert_eq!((air, device.hung_up), (vec![vec![0x16, 1]], true));
}

/// A recording of the dialer's packets, played to a fresh waiter: no ticket is consumed, nothing is stored.
#[test]
fn a_recorded_dialer_consumes_nothing() {
    let mut world = World::meeting(ticket(), ticket(), 1, fair(), [load(1, &[300]), vec![]]);
    world.link(247, true);
    world.run(10_000);
    world.assert_in_sync("recorded");
    let mut device = waiter(ticket());
    device.link_up(247, false, Time(0));
    for packet in &world.left.packets {
        device.session.handle(Time(1), Input::Packet(packet)).unwrap();
        device.drain(Time(1));
    }
    let late = Time(device.wake.unwrap().0.max(61_000));
    device.session.handle(late, Input::Tick).unwrap();
    device.drain(late);
    assert!(device.met.is_none() && device.holds.is_empty() && device.end.is_some());
}

/// Every packet of a meeting is replayed after every later one, in both directions.
#[test]
fn replays_at_every_later_point_change_nothing() {
    for way in 0..3_u8 {
        let (left, right) = match way {
            0 => (ticket(), ticket()),
            1 => (Way::Stranger, Way::Stranger),
            _ => (partner(waiter_key().public()), partner(dialer_key().public())),
        };
        let mut world = World::meeting(left, right, 3, fair(), [load(1, &[900, 60]), load(2, &[700])]);
        world.link(150, true);
        let mut heard: [Vec<Vec<u8>>; 2] = [vec![], vec![]];
        while !(world.left.hung_up && world.right.hung_up) {
            for from in [0, 1] {
                let device = if from == 0 { &mut world.left } else { &mut world.right };
                for packet in device.drain(world.now) {
                    let other = if from == 0 { &mut world.right } else { &mut world.left };
                    heard[from].push(packet);
                    for old in heard[from].iter().rev() {
                        other.session.handle(world.now, Input::Packet(old)).unwrap();
                        let answers = other.drain(world.now);
                        for answer in answers {
                            world.air.send(
                                if from == 0 { Side::Right } else { Side::Left },
                                &answer,
                                world.now,
                            );
                        }
                    }
                }
            }
            world.now = world.now.after(5);
            while let Some((side, packet)) = world.air.receive(world.now) {
                let device = if side == Side::Left { &mut world.left } else { &mut world.right };
                heard[usize::from(side == Side::Left)].push(packet.clone());
                device.session.handle(world.now, Input::Packet(&packet)).unwrap();
            }
            for device in [&mut world.left, &mut world.right] {
                device.session.handle(world.now, Input::Tick).unwrap();
            }
            assert!(world.now < Time(60_000), "way {way} never ends");
        }
        world.assert_in_sync(&format!("way {way}"));
    }
}

#[test]
fn a_false_claim_to_resume_leaves_the_session_for_its_owner() {
    let meeting = || {
        let (left, right) = (partner(waiter_key().public()), partner(dialer_key().public()));
        let mut world = World::meeting(left, right, 5, fair(), [load(1, &[9_000]), vec![]]);
        world.until_cut = Some(30);
        world.link(100, true);
        world.run(10_000);
        world
    };
    let mut world = meeting();
    let claims = [
        vec![0x15, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        Packet::Open(Greeting { pattern: 3, hint: [0; 8] }).write(),
        vec![0xff, 0xff],
    ];
    for claim in &claims {
        world.right.refused = None;
        world.right.link_up(100, false, world.now);
        world.right.session.handle(world.now, Input::Packet(claim)).unwrap();
        world.right.drain(world.now);
        assert!(world.right.refused.is_some() && world.right.hung_up && world.right.end.is_none());
        assert!(!world.right.session.recognises(claim));
    }
    world.left.packets.clear();
    world.link(100, true);
    world.run(100_000);
    world.assert_in_sync("after false claims");

    // The owner's own claim, recorded, is worth nothing on the link after.
    let recorded = world.left.packets[0].clone();
    assert!(matches!(Packet::read(&recorded), Ok(Packet::Resume(_))));
    let mut world = meeting();
    assert!(world.right.session.recognises(&recorded));
    world.until_cut = Some(world.delivered_packets + 12);
    world.link(100, true);
    world.run(100_000);
    assert!(!world.right.session.recognises(&recorded));
    world.right.link_up(100, false, world.now);
    world.right.session.handle(world.now, Input::Packet(&recorded)).unwrap();
    world.right.drain(world.now);
    assert_eq!(world.right.refused, Some(Fault::FalseResume));

    // Nor on the one after that, when another claim has been the last.
    world.until_cut = Some(world.delivered_packets + 12);
    world.link(100, true);
    world.run(100_000);
    assert!(world.right.end.is_none());
    world.right.refused = None;
    world.right.link_up(100, false, world.now);
    world.right.session.handle(world.now, Input::Packet(&recorded)).unwrap();
    world.right.drain(world.now);
    assert_eq!(world.right.refused, Some(Fault::FalseResume));
}

/// A radio that doubles every packet: claims to resume do not answer one another for ever.
#[test]
fn doubled_claims_do_not_echo() {
    let (left, right) = (partner(waiter_key().public()), partner(dialer_key().public()));
    let weather = Weather { delay: 5, doubling: 100, ..Weather::default() };
    let mut world = World::meeting(left, right, 5, weather, [load(1, &[9_000]), vec![]]);
    world.until_cut = Some(40);
    world.link(100, true);
    world.run(10_000);
    world.left.packets.clear();
    world.right.packets.clear();
    world.link(100, true);
    world.run(100_000);
    world.assert_in_sync("doubled");
    for device in [&world.left, &world.right] {
        let claims =
            device.packets.iter().filter(|packet| matches!(Packet::read(packet), Ok(Packet::Resume(_))));
        assert!(claims.count() <= 3);
    }
}

#[test]
fn a_peer_that_forgot_says_so() {
    let (left, right) = (partner(waiter_key().public()), partner(dialer_key().public()));
    let mut world = World::meeting(left, right, 5, fair(), [load(1, &[9_000]), vec![]]);
    world.until_cut = Some(30);
    world.link(100, true);
    world.run(10_000);
    world.right = waiter(partner(dialer_key().public()));
    world.link(100, true);
    world.run(10_000);
    assert_eq!(world.left.outcome(), Some(Outcome::Failed(Fault::Forgotten)));
    assert_eq!(world.left.end.as_ref().map(|end| end.undelivered.len()), Some(1));
}

#[test]
fn stalling_is_bounded_at_every_stage() {
    // A dialer that connects and says nothing.
    let mut device = waiter(ticket());
    device.link_up(247, false, Time(0));
    device.drain(Time(0));
    assert_eq!(device.wake, Some(Time(60_000)));
    device.session.handle(Time(60_000), Input::Tick).unwrap();
    device.drain(Time(60_000));
    assert_eq!(device.outcome(), Some(Outcome::Failed(Fault::Late(Stage::Handshake))));
    assert!(device.hung_up);

    // A peer that vanishes without a disconnect: parted after silence, over after patience.
    let mut world = World::meeting(ticket(), ticket(), 1, fair(), [load(1, &[40_000]), vec![]]);
    world.link(100, true);
    world.run(60);
    assert!(world.left.met.is_some());
    world.right = waiter(ticket());
    world.run(40_000);
    assert!(world.left.parted && world.left.hung_up && world.left.end.is_none());
    world.run(700_000);
    assert_eq!(world.left.outcome(), Some(Outcome::Unfinished));
}

/// A live session in every stage is fed any bytes, and packets of its own meeting with any bit turned.
#[test]
fn any_bytes_at_any_point_end_in_a_typed_reason() {
    let mut dice = 1_u64;
    let mut roll = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let (mut failed, mut survived, mut parted) = (0, 0, 0);
    for round in 0..1_500_u64 {
        let (left, right) = match round % 3 {
            0 => (ticket(), ticket()),
            1 => (Way::Stranger, Way::Stranger),
            _ => (partner(waiter_key().public()), partner(dialer_key().public())),
        };
        let mut world = World::meeting(left, right, round, fair(), [load(1, &[400]), load(2, &[3_000])]);
        world.link(100, true);
        world.run(roll(140));
        let mut bytes = match roll(3) {
            0 => (0..roll(100)).map(|_| roll(256).to_le_bytes()[0]).collect(),
            1 => {
                let mut bytes: Vec<u8> = (0..roll(60) + 1).map(|_| roll(256).to_le_bytes()[0]).collect();
                bytes[0] = 0x10 | (bytes[0] & 7);
                bytes
            }
            _ => world.left.packets.last().cloned().unwrap_or_default(),
        };
        if !bytes.is_empty() {
            let at = usize::try_from(roll(bytes.len() as u64)).unwrap();
            bytes[at] ^= 1 << roll(8);
        }
        world.right.session.handle(world.now, Input::Packet(&bytes)).unwrap();
        let holds = world.right.holds.len();
        world.right.drain(world.now);
        assert_eq!(world.right.holds.len(), holds, "stored from nothing");
        world.run(200_000);
        for (device, sent) in [(&world.left, load(2, &[3_000])), (&world.right, load(1, &[400]))] {
            assert!(device.holds.is_empty() || device.holds == sent);
            assert!(device.hung_up, "round {round}");
        }
        match world.right.outcome() {
            Some(Outcome::InSync) => survived += 1,
            Some(_) => failed += 1,
            None => parted += 1,
        }
    }
    assert!(failed > 200 && survived > 100, "{failed} {survived} {parted}");
}

/// A flood of well-formed packets without a key: little memory, little work, a named end.
#[test]
fn a_flood_holds_less_than_a_window() {
    let mut device = waiter(ticket());
    device.link_up(517, false, Time(0));
    device
        .session
        .handle(
            Time(0),
            Input::Packet(&Packet::Open(Greeting { pattern: 1, hint: Hint::of_ticket(&NONCE).0 }).write()),
        )
        .unwrap();
    let mut most = 0;
    for n in 0..20_000_u32 {
        let bytes = [0x7f; 400];
        let offset = 500 + n * 401 % 15_000;
        let packet = Packet::Flow { ack: None, piece: Some(Piece { offset, bytes: &bytes }) }.write();
        device.session.handle(Time(1), Input::Packet(&packet)).unwrap();
        device.drain(Time(1));
        most = most.max(device.session.held());
    }
    assert!(device.end.is_none() && most < 64 * 1024, "{most}");
    let beyond = Packet::Flow { ack: None, piece: Some(Piece { offset: 16_384, bytes: &[0] }) }.write();
    device.session.handle(Time(1), Input::Packet(&beyond)).unwrap();
    device.drain(Time(1));
    let refused = FrameError::BeyondWindow { end: 16_385, limit: 16_384 };
    assert_eq!(device.outcome(), Some(Outcome::Failed(Fault::Frame(refused))));
}

#[test]
fn misuse_is_the_callers_and_changes_nothing() {
    let mut session =
        Session::new(setting(Role::Dialer, ticket()), &dialer_key(), &Entropy([1; 48])).unwrap();
    let mut handle = |input| session.handle(Time(0), input);
    assert_eq!(handle(Input::Send(vec![0; MAX_MESSAGE + 1])), Err(Misuse::TooLong(MAX_MESSAGE + 1)));
    assert_eq!(handle(Input::CodesMatch(true)), Err(Misuse::NothingToCompare));
    assert_eq!(handle(Input::LinkUp { mtu: 22, dialing: true }), Err(Misuse::Link(FrameError::Mtu(22))));
    // One that is on its way and one that follows it.
    assert_eq!(handle(Input::Send(vec![0; MAX_MESSAGE])), Ok(()));
    assert_eq!(handle(Input::Send(vec![0; MAX_MESSAGE])), Ok(()));
    assert_eq!(handle(Input::Send(vec![0; 1])), Err(Misuse::Full));
    assert_eq!(handle(Input::LinkUp { mtu: 23, dialing: true }), Ok(()));
    assert_eq!(handle(Input::LinkUp { mtu: 23, dialing: true }), Err(Misuse::LinkedAlready));
    assert_eq!(handle(Input::Cancel), Ok(()));
    assert_eq!(handle(Input::Send(vec![])), Err(Misuse::Over));
    assert_eq!(handle(Input::Cancel), Ok(()));
}

#[test]
fn a_cancelled_session_tells_the_other_side() {
    let mut world = World::meeting(ticket(), ticket(), 1, fair(), [load(1, &[40_000]), vec![]]);
    world.link(100, true);
    while world.right.session.held() < 30_000 {
        world.run(2);
    }
    world.left.session.handle(world.now, Input::Cancel).unwrap();
    assert!(world.run(60_000));
    assert_eq!(world.left.outcome(), Some(Outcome::Cancelled));
    assert_eq!(world.right.outcome(), Some(Outcome::Unfinished));
    assert!(world.right.end.as_ref().unwrap().partial.is_some());
    assert_eq!(world.left.end.as_ref().unwrap().undelivered.len(), 1);
}
