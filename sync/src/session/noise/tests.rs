//! Our primitives under Noise, against published answers and against one another.

#![allow(clippy::arithmetic_side_effects, reason = "numbers in a test are small")]

use super::*;
use crate::keys::tests::low_order_points;
use crate::session::{Carrier, Hint, Id, Patience};

#[path = "vectors.rs"]
mod vectors;

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn key(hex: &str) -> [u8; 32] {
    bytes(hex).try_into().unwrap()
}

#[test]
fn published_vectors_hold() {
    for vector in &vectors::VECTORS {
        let [init_s, init_e, resp_s, resp_e] = vector.secrets.map(key);
        let [init_public, resp_public] = [init_s, resp_s].map(|secret| SecretKey::new(secret).public().0);
        let prologue = bytes(vector.prologue);
        let psk = vector.psk.map(key);
        let build = |secret: &[u8; 32], ephemeral, theirs: Option<&[u8; 32]>| {
            let primitives = Box::new(Primitives { ephemeral, known: SecretKey::new(init_s) });
            let mut builder = Builder::with_resolver(vector.name.parse().unwrap(), primitives)
                .prologue(&prologue)
                .and_then(|builder| builder.local_private_key(secret))
                .unwrap();
            if let Some(psk) = &psk {
                builder = builder.psk(2, psk).unwrap();
            }
            if let Some(theirs) = theirs {
                builder = builder.remote_public_key(theirs).unwrap();
            }
            if ephemeral == init_e { builder.build_initiator() } else { builder.build_responder() }.unwrap()
        };
        let knows_waiter = !vector.name.contains("XX");
        let knows_dialer = vector.name.contains("KK");
        let mut sides = [
            build(&init_s, init_e, knows_waiter.then_some(&resp_public)),
            build(&resp_s, resp_e, knows_dialer.then_some(&init_public)),
        ];
        let handshake = if knows_waiter { 2 } else { 3 };
        let (shaking, transport) = vector.messages.split_at(handshake);
        for (n, (payload, sealed)) in shaking.iter().enumerate() {
            let (mut out, mut back) = ([0; 512], [0; 512]);
            let len = sides[n % 2].write_message(&bytes(payload), &mut out).unwrap();
            assert_eq!(out[..len], bytes(sealed), "{} message {n}", vector.name);
            let len = sides[(n + 1) % 2].read_message(&bytes(sealed), &mut back).unwrap();
            assert_eq!(back[..len], bytes(payload));
        }
        assert!(sides.iter().all(|side| side.get_handshake_hash() == bytes(vector.hash)));
        let seal = |state: HandshakeState| Seal {
            state: state.into_stateless_transport_mode().unwrap(),
            sent: 0,
            received: 0,
            records_per_key: RECORDS_PER_KEY,
        };
        let mut sides = sides.map(seal);
        for (n, (payload, sealed)) in transport.iter().enumerate() {
            let from = (handshake + n) % 2;
            assert_eq!(
                sides[from].seal(&bytes(payload)).unwrap(),
                bytes(sealed),
                "{} transport {n}",
                vector.name
            );
            assert_eq!(sides[1 - from].open(&bytes(sealed)).unwrap(), bytes(payload));
        }
    }
}

fn setting(role: Role, way: Way) -> Setting {
    Setting {
        role,
        way,
        carrier: Carrier::Memory,
        dialer: Id([1; 16]),
        waiter: Id([2; 16]),
        hint: Hint::default(),
        kept: None,
        patience: Patience::default(),
    }
}

fn shake(way: Way) -> [Seal; 2] {
    let (a, b) = (SecretKey::new([1; 32]), SecretKey::new([2; 32]));
    let mut dialer = Handshake::new(&setting(Role::Dialer, way.clone()), &a, [3; 32]).unwrap();
    let mut waiter = Handshake::new(&setting(Role::Waiter, way), &b, [4; 32]).unwrap();
    while !(dialer.finished() && waiter.finished()) {
        let (from, to) =
            if dialer.our_turn() { (&mut dialer, &mut waiter) } else { (&mut waiter, &mut dialer) };
        let message = from.write().unwrap();
        to.read(&message).unwrap();
    }
    let (dialer, waiter) = (dialer.finish().unwrap(), waiter.finish().unwrap());
    assert_eq!(dialer.hash, waiter.hash);
    assert_eq!((dialer.theirs, waiter.theirs), (b.public(), a.public()));
    [dialer.seal, waiter.seal]
}

#[test]
fn keys_change_by_count_on_both_sides() {
    let [mut dialer, mut waiter] = shake(Way::Stranger);
    for n in 0..RECORDS_PER_KEY * 3 + 1 {
        let sealed = dialer.seal(&n.to_be_bytes()).unwrap();
        assert_eq!(waiter.open(&sealed).unwrap(), n.to_be_bytes());
    }
    // A side that forgot to change would be found out at once.
    let [mut dialer, mut waiter] = shake(Way::Stranger);
    waiter.records_per_key = u64::MAX;
    let failed = (0..RECORDS_PER_KEY + 1).find(|_| waiter.open(&dialer.seal(b"x").unwrap()).is_err());
    assert_eq!(failed, Some(RECORDS_PER_KEY));
}

#[test]
fn a_record_opens_once_in_its_place_and_unchanged() {
    let [mut dialer, mut waiter] = shake(Way::Stranger);
    let (first, second) = (dialer.seal(b"first").unwrap(), dialer.seal(b"second").unwrap());
    assert_eq!(waiter.open(&second), Err(Fault::Forged));
    for at in 0..first.len() {
        let mut turned = first.clone();
        turned[at] ^= 0x10;
        assert_eq!(waiter.open(&turned), Err(Fault::Forged));
    }
    assert_eq!(waiter.open(&first).unwrap(), b"first");
    assert_eq!(waiter.open(&first), Err(Fault::Forged));
    assert_eq!(waiter.open(&second).unwrap(), b"second");
    assert_eq!(waiter.open(&[0; 15]), Err(Fault::Forged));
    assert_eq!(dialer.open(&first), Err(Fault::Forged));
}

/// A waiter that answers with each weak ephemeral key: no dialer computes a key from it.
#[test]
fn weak_answers_are_refused_by_the_dialer() {
    for point in low_order_points() {
        for way in [Way::Stranger, Way::Partner { key: SecretKey::new([2; 32]).public() }] {
            let mut dialer =
                Handshake::new(&setting(Role::Dialer, way), &SecretKey::new([1; 32]), [3; 32]).unwrap();
            dialer.write().unwrap();
            let mut answer = point.to_vec();
            answer.resize(96, 0);
            assert_eq!(dialer.read(&answer), Err(Fault::WeakKey));
        }
    }
}

#[test]
fn a_handshake_message_with_a_payload_is_refused() {
    let dialer = setting(Role::Dialer, Way::Stranger);
    let mut dialer = Handshake::new(&dialer, &SecretKey::new([1; 32]), [3; 32]).unwrap();
    let mut waiter =
        Handshake::new(&setting(Role::Waiter, Way::Stranger), &SecretKey::new([2; 32]), [4; 32]).unwrap();
    let mut message = dialer.write().unwrap();
    message.push(1);
    assert_eq!(waiter.read(&message), Err(Fault::HandshakePayload));
}

#[test]
fn every_part_of_the_prologue_is_bound() {
    let changes: [fn(&mut Setting); 4] = [
        |setting| setting.carrier = Carrier::Ble,
        |setting| setting.hint = Hint([1; 8]),
        |setting| setting.dialer = Id([9; 16]),
        |setting| setting.waiter = Id([9; 16]),
    ];
    for change in changes {
        let mut changed = setting(Role::Waiter, Way::Stranger);
        change(&mut changed);
        let dialer = setting(Role::Dialer, Way::Stranger);
        let mut dialer = Handshake::new(&dialer, &SecretKey::new([1; 32]), [3; 32]).unwrap();
        let mut waiter = Handshake::new(&changed, &SecretKey::new([2; 32]), [4; 32]).unwrap();
        waiter.read(&dialer.write().unwrap()).unwrap();
        assert_eq!(dialer.read(&waiter.write().unwrap()), Err(Fault::Forged));
    }
}
