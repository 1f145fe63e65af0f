//! No secret is written in the open: not in the file, not in a backup, a letter, an export or an error.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use std::sync::{Arc, Mutex};

use hazel_core::digest::{Digest, Statement};
use hazel_core::invoice::InvoiceId;
use hazel_core::key::{Entropy, ForwardSeed, RecoveryWords, SecretKey};
use hazel_core::pair::PairKey;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Filter, Payment, Wallet};
use story::*;

/// Draws as [`Seeded`] does, and remembers every draw that is as long as a key.
struct Remembered(Seeded, Arc<Mutex<Vec<[u8; 32]>>>);

impl Entropy for Remembered {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
        if let Ok(key) = <[u8; 32]>::try_from(&*bytes) {
            self.1.lock().unwrap().push(key);
        }
    }
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

/// What a log would show of a key, of what it signs and of names: enough to tell two apart, and no secret.
#[test]
fn a_log_tells_two_keys_apart_and_shows_neither() {
    let shown = |seed: u8| {
        let key = SecretKey::from_seed(&[seed; 32]);
        let (public, signature) = (key.public(), key.sign(Statement::Chit, &Digest::of(b"a chit")));
        assert!(public.to_string().starts_with(format!("{public:?}").trim_end_matches('…')));
        assert!(format!("{key:?}").contains(&format!("{public:?}")), "a secret key goes by its public half");
        assert!(!format!("{key:?}").contains(&format!("{seed:02x}").repeat(4)));
        [
            format!("{key:?}"),
            format!("{public:?}"),
            format!("{signature:?}"),
            format!("{:?}", InvoiceId([seed; 16])),
            format!("{:?}", TallyId([seed; 16])),
        ]
    };
    for (one, other) in shown(1).iter().zip(&shown(2)) {
        assert_ne!(one, other);
    }
}

#[test]
fn nothing_that_opens_or_signs_is_written_in_the_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    let clock = StoryClock::new();
    let drawn = Arc::new(Mutex::new(Vec::new()));
    let entropy = || Box::new(Remembered(Seeded::new("Ana draws"), Arc::clone(&drawn)));
    let words: RecoveryWords = words("Ana");
    let mut ana =
        Wallet::create_file(&path, &guard(), "Ana", &words, Box::new(clock.clone()), entropy()).unwrap();
    let mut ben = wallet("Ben", &clock);
    let tally = introduce(&mut ana, &mut ben);
    open(&mut ana, &mut ben, &tally);
    let memo = "a private word between two";
    for _ in 0..3 {
        let payment = Payment { units: chips(1), memo: memo.into(), ..Payment::default() };
        ana.pay(&tally, &payment).unwrap();
        pay(&mut ben, &tally, 1).unwrap();
        meet(&mut ana, &mut ben, &tally);
    }
    ana.pay(&tally, &Payment { units: chips(1), memo: memo.into(), ..Payment::default() }).unwrap();

    let mut secrets: Vec<(String, Vec<u8>)> = Vec::new();
    for (no, key) in drawn.lock().unwrap().iter().enumerate() {
        secrets.push((format!("draw {no}"), key.to_vec()));
        let mut seed = ForwardSeed::from_bytes(*key);
        for step in 0..6 {
            secrets.push((format!("key {step} of draw {no}"), seed.key().seed().to_vec()));
            seed = seed.next();
            secrets.push((format!("seed {step} of draw {no}"), seed.as_bytes().to_vec()));
        }
    }
    assert!(secrets.len() >= 3 * 13, "the vault's key, a device's and a chain's were drawn");
    let root = words.root();
    let theirs = ben.export(&tally).unwrap().contract.tally.half(Side::Foil).cert.agreement_key;
    let pair = PairKey::agree(&tally, &root.agreement_key(&tally.0), &theirs).unwrap();
    secrets.extend([
        ("guard".into(), vec![5; 32]),
        ("root".into(), root.as_bytes().to_vec()),
        ("party key".into(), root.party_key(&tally.0).seed().to_vec()),
        ("node key".into(), root.node_key(&tally.0).seed().to_vec()),
        ("backup key".into(), root.backup_key().seed().to_vec()),
        ("agreement key".into(), root.agreement_key(&tally.0).to_bytes().to_vec()),
        ("pair key".into(), pair.as_bytes().to_vec()),
        ("words".into(), words.phrase().as_bytes()[..24].to_vec()),
        ("memo".into(), memo.as_bytes().to_vec()),
    ]);

    let backup = ana.backup(&words).unwrap();
    let letter = ana.hand_over(&tally).unwrap().unwrap();
    let wrong = RecoveryWords::generate(&mut Seeded::new("somebody else"));
    let told = [
        format!("{:?}", ana.tally(&tally).unwrap()),
        format!("{:?}", ana.attention().unwrap()),
        format!("{:?}", ana.offered(&tally).err()),
        format!("{:?}", ana.check_words(&wrong).err()),
        format!("{:?}", ana.receive(&letter).err()),
        format!("{:?} {:?}", root.party_key(&tally.0), root.node_key(&tally.0)),
    ]
    .concat();
    let export = ana.export(&tally).unwrap().to_csv();
    let seen = ana.history(&tally, &Filter { most: 1, ..Filter::default() }).unwrap();
    assert_eq!(seen[0].note.memo, memo, "the holder reads it");
    let mut places = vec![
        ("the file", std::fs::read(&path).unwrap()),
        ("its log", std::fs::read(folder.path().join("wallet.db-wal")).unwrap()),
        ("a backup", backup),
        ("a letter", letter),
        ("what a log would show", told.into_bytes()),
    ];
    drop(ana);
    places.push(("the file when it is closed", std::fs::read(&path).unwrap()));
    Store::open(&path).unwrap().check_pages().unwrap();
    for (place, bytes) in &places {
        for (name, secret) in &secrets {
            let spelt: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
            let open = holds(bytes, secret) || holds(bytes, spelt.as_bytes());
            assert!(!open, "{name} stands in {place}");
        }
    }
    // An export is for the holder: it has the memo, and nothing that signs.
    for (name, secret) in secrets.iter().filter(|(name, _)| name != "memo") {
        assert!(!holds(export.as_bytes(), secret), "{name} stands in an export");
    }
}
