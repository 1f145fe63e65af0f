//! Letting ten thousand foreign chits in against ten thousand bare signatures, and reading a certified history again against hashing.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a bench stops loudly and prints its figures"
)]

mod floor;

use std::hint::black_box;

use criterion::{Criterion, criterion_group};
use ed25519_dalek::{Signature, VerifyingKey};
use floor::{criterion, figure, hand, micros, open_tally, ratio, time, wallet};
use hazel_core::admit::{ChitAdmission, ChitGround, Unverified, admit, prove};
use hazel_core::canon::Canon as _;
use hazel_core::chit::SignedChit;
use hazel_core::digest::{Digest, Statement};
use hazel_core::message::{Message, Page};
use hazel_core::order::Head;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::units::Units;
use hazel_core::wallet::{Payment, Wallet};

const COUNT: usize = 10_000;

/// A payer with many payments, and a payee who has not heard of them.
fn history(count: usize) -> (Wallet, Wallet, TallyId, Vec<SignedChit>) {
    let mut payee = wallet("payee", Store::in_memory().unwrap());
    let mut payer = wallet("payer", Store::in_memory().unwrap());
    let tally = open_tally(&mut payee, &mut payer);
    for _ in 0..count {
        payer
            .pay(&tally, &Payment { units: Units::new(2_500), memo: "coffee".into(), ..Payment::default() })
            .unwrap();
    }
    let chits = payer.export(&tally).unwrap().chits.into_iter().map(|chit| chit.signed).collect();
    (payee, payer, tally, chits)
}

/// What nobody can do without: decode the key, hash the body, verify strictly.
fn bare(entries: &[(Vec<u8>, [u8; 32], [u8; 64])]) {
    for (body, key, signature) in entries {
        let key = VerifyingKey::from_bytes(key).unwrap();
        let message = Statement::Chit.about(&Digest::of(body));
        key.verify_strict(&message, &Signature::from_bytes(signature)).unwrap();
    }
}

/// The whole way through the door, without a database.
fn through_the_door(bytes: &[Vec<u8>], tally: &TallyId, first_key: Digest, threads: usize) -> usize {
    let mut claims: Vec<Unverified<SignedChit>> =
        bytes.iter().map(|b| Unverified::from_bytes(b).unwrap()).collect();
    prove(&mut claims, threads);
    let party_key = claims[0].claim().key;
    let mut promised = first_key;
    claims
        .into_iter()
        .filter(|claim| {
            let next = claim.claim().chit.next_key;
            let ground = ChitGround { tally, party_key: &party_key, promised: Some(promised), here: &[] };
            promised = next;
            matches!(admit(claim.clone(), &ground), Ok(ChitAdmission::New(_)))
        })
        .count()
}

fn doors(c: &mut Criterion) {
    let (_, _, tally, chits) = history(200);
    let bytes: Vec<_> = chits.iter().map(|chit| chit.to_bytes()).collect();
    let first = chits[0].key.digest();
    c.bench_function("200 chits through the door", |b| b.iter(|| through_the_door(&bytes, &tally, first, 1)));
    c.bench_function("encode a chit", |b| b.iter(|| chits[0].to_bytes()));
    c.bench_function("encode and hash a chit", |b| b.iter(|| chits[0].chit.hash()));
    c.bench_function("decode a chit, canonical form checked", |b| {
        b.iter(|| SignedChit::from_bytes(&bytes[0]).unwrap())
    });
}

criterion_group! { name = benches; config = criterion(); targets = doors }

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    let (_, _, tally, chits) = history(COUNT);
    let bytes: Vec<_> = chits.iter().map(|chit| chit.to_bytes()).collect();
    let entries: Vec<_> = chits.iter().map(|c| (c.chit.to_bytes(), c.key.0, c.signature.0)).collect();
    let first = chits[0].key.digest();
    let through = |threads| assert_eq!(through_the_door(&bytes, &tally, first, threads), COUNT);
    ratio(
        "10,000 chits through the door / bare strict verification",
        1.15,
        5,
        || bare(&entries),
        || through(1),
    );
    let two = ratio("two threads / one thread", 1.0 / 1.7, 5, || through(1), || through(2));
    println!(
        "two threads are {:.2} x faster (aim 1.70, {})",
        1.0 / two,
        if 1.0 / two >= 1.7 { "reached" } else { "NOT reached" }
    );
    figure("encode and hash a chit", micros(1000, || black_box(chits[0].chit.hash())), "us", 0.5);
    figure("a pledge with a memo as it is signed and stored", bytes[0].len() as f64, "B", 270.0);
    figure("the same on air and in codes", chits[0].brief().to_bytes().len() as f64, "B", 175.0);
    let folder = tempfile::tempdir().unwrap();
    let mut round = 0;
    ratio(
        "10,000 chits received and stored, one thread's floor / bare strict verification",
        1.60,
        3,
        || bare(&entries),
        || {
            round += 1;
            let path = folder.path().join(format!("payee-{round}.db"));
            let mut payee = wallet("payee", Store::create(&path).unwrap());
            let mut payer = wallet("payer", Store::in_memory().unwrap());
            assert_eq!(open_tally(&mut payee, &mut payer), tally);
            let pages: Vec<_> =
                chits.chunks(1000).map(|page| Message::Chits(Page::of(page).unwrap())).collect();
            for page in pages {
                assert_eq!(payee.receive_messages(&tally, vec![page]).unwrap().rejected, []);
            }
        },
    );
    certified(&chits, &tally, &entries);
    payments_and_hand_over();
}

/// A history whose head was certified is read again by hashing alone.
fn certified(chits: &[SignedChit], tally: &TallyId, entries: &[(Vec<u8>, [u8; 32], [u8; 64])]) {
    let node = hazel_core::key::SecretKey::from_seed(&[7; 32]);
    let hashes = || {
        let mut head = Head::start(*tally, 0, Digest::default());
        for (body, _, _) in entries {
            head = head.then(&Digest::of(body));
        }
        head
    };
    let words = [hashes().endorse(&node), hashes().endorse(&node)];
    ratio(
        "a certified history by hashing / by full verification",
        0.02,
        5,
        || bare(entries),
        || {
            let head = hashes();
            for word in &words {
                assert_eq!(word.head, head);
                word.check_signature().unwrap();
            }
        },
    );
    black_box((chits.len(), Side::Stock));
}

/// One payment handed over whole: sign, commit, seal, open, verify, commit.
fn payments_and_hand_over() {
    let (mut payee, mut payer, tally, _) = history(0);
    let payment = Payment { units: Units::new(2_500), memo: "coffee".into(), ..Payment::default() };
    let mut times: Vec<_> = (0..500)
        .map(|_| {
            time(|| {
                payer.pay(&tally, &payment).unwrap();
                hand(&mut payer, &mut payee, &tally);
                hand(&mut payee, &mut payer, &tally);
            })
        })
        .collect();
    times.sort_unstable();
    println!(
        "pay, hand over, receive, and the receipt and order back, in memory: {:.0} us",
        times[250].as_secs_f64() * 1e6
    );
}
