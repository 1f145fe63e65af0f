//! The vectors against the core: as generated, and as they stand in the files.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};

use hazel_core::admit::Refusal;
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::{PublicKey, Signature};
use hazel_core::pair::{PairError, PairKey};
use hazel_tests::decoders::{DECODERS, decoder};
use hazel_tests::door::judge;
use hazel_tests::examples::examples;
use hazel_tests::fault::Fault;
use hazel_tests::honest::{Pair, TALLY};
use hazel_tests::texts;
use hazel_tests::vectors::{Vectors, folder, hex, unhex};

/// Shows every disagreement at once: with thousands of vectors the pattern says more than the first one.
fn agree(mut wrong: Vec<String>) {
    let count = wrong.len();
    wrong.truncate(60);
    assert!(wrong.is_empty(), "{count} disagreements:\n{}", wrong.join("\n"));
}

fn kept() -> Vectors {
    Vectors::read(&folder()).unwrap()
}

#[test]
fn the_files_are_what_is_generated() {
    for (name, text) in Vectors::generate().unwrap().files().unwrap() {
        let kept = std::fs::read_to_string(folder().join(name)).unwrap();
        assert!(kept == text, "{name} is out of date: cargo run -p hazel-tests --bin hazel-tests -- vectors");
    }
}

#[test]
fn the_grammar_and_the_core_write_the_same_bytes() {
    let differ = examples().unwrap().into_iter().filter(|it| it.node.bytes() != it.bytes);
    agree(
        differ.map(|it| format!("{}\n  {}\n  {}", it.name, hex(&it.bytes), hex(&it.node.bytes()))).collect(),
    );
}

#[test]
fn what_must_be_read_is_read() {
    let mut wrong = Vec::new();
    for it in kept().accepted {
        let bytes = unhex(&it.bytes).unwrap();
        let read = decoder(&it.object).unwrap()(&bytes);
        if read.as_deref() != Ok(&bytes[..]) {
            wrong.push(format!("{}: {read:?}", it.name));
        }
        assert_eq!(hex(&Digest::of(&bytes).0), it.hash, "{}", it.name);
        if let Some(signed) = it.signed {
            let fixed = |text: &str| unhex(text).unwrap();
            let digest = Digest(fixed(&signed.digest).try_into().unwrap());
            let label = fixed(&signed.message);
            let statement = [
                Statement::Chit,
                Statement::Endorsement,
                Statement::Receipt,
                Statement::Tally,
                Statement::Request,
                Statement::Invoice,
                Statement::Answer,
            ];
            let statement = statement.into_iter().find(|it| it.about(&digest) == label).unwrap();
            let key = PublicKey(fixed(&signed.key).try_into().unwrap());
            let signature = Signature(fixed(&signed.signature).try_into().unwrap());
            assert_eq!(key.verify(statement, &digest, &signature), Ok(()), "{}", it.name);
        }
    }
    agree(wrong);
}

#[test]
fn what_must_not_be_read_is_refused_with_the_right_words() {
    let mut wrong = Vec::new();
    for it in kept().refused {
        let read = decoder(&it.object).unwrap()(&unhex(&it.bytes).unwrap());
        let found = match read {
            Ok(_) => Fault::new("accepted", ""),
            Err(error) => {
                let refusal = Refusal::from(error);
                Fault::new(refusal.code(), refusal.to_string())
            }
        };
        if found != it.fault {
            wrong.push(format!("{} / {}\n  should: {:?}\n  is:     {found:?}", it.object, it.name, it.fault));
        }
    }
    agree(wrong);
}

#[test]
fn signatures_hold_or_do_not_as_the_strict_equation_says() {
    let mut wrong = Vec::new();
    for it in kept().curve {
        let fixed = |text: &str| unhex(text).unwrap();
        let digest = Digest(fixed(&it.digest).try_into().unwrap());
        let key = PublicKey(fixed(&it.key).try_into().unwrap());
        let signature = Signature(fixed(&it.signature).try_into().unwrap());
        let verdict = key.verify(Statement::Chit, &digest, &signature);
        let code = verdict.err().map(|error| Refusal::Signature { what: "chit", error }.code());
        if code != it.code.as_deref() {
            wrong.push(format!("{}: {} should be {:?}, is {code:?}", it.class, it.name, it.code));
        }
    }
    agree(wrong);
}

#[test]
fn nothing_is_agreed_with_a_key_of_low_order() {
    let mine = Pair::new().stock.root.agreement_key(&TALLY.0);
    for it in kept().agreement {
        let theirs = unhex(&it.key).unwrap().try_into().unwrap();
        assert_eq!(PairKey::agree(&TALLY, &mine, &theirs).err(), Some(PairError::WeakKey), "{}", it.name);
    }
}

#[test]
fn typed_texts_are_taken_for_what_they_are() {
    let mut wrong = Vec::new();
    for it in kept().texts {
        let found = texts::read(&it.object, &it.text).unwrap();
        if found.as_ref().ok() != it.read.as_ref() || found.as_ref().err() != it.error.as_ref() {
            wrong.push(format!("{:?} should be {:?} {:?}, is {found:?}", it.text, it.read, it.error));
        }
    }
    agree(wrong);
}

#[test]
fn every_decoder_and_every_class_is_tried() {
    let vectors = kept();
    for (object, _) in DECODERS {
        assert!(vectors.accepted.iter().any(|it| it.object == object), "{object} is never read");
        assert!(vectors.refused.iter().any(|it| it.object == object), "{object} is never refused");
    }
    let mut classes = BTreeMap::<_, usize>::new();
    for class in vectors.refused.iter().map(|it| &it.class) {
        *classes.entry(class).or_default() += 1;
    }
    println!("{classes:#?}");
    let unique: BTreeSet<_> = vectors.refused.iter().map(|it| (&it.object, &it.bytes)).collect();
    assert!(unique.len() >= 2_000, "{} different vectors", unique.len());
    assert!(vectors.accepted.len() >= 150, "{} accepted", vectors.accepted.len());
    let size: usize = vectors.files().unwrap().iter().map(|(_, text)| text.len()).sum();
    assert!(size < 1_600_000, "{size} bytes of vectors");
}

#[test]
fn the_door_says_what_it_must() {
    let mut wrong = Vec::new();
    let kept = kept();
    for it in kept.door {
        let (mut admitted, mut refused) = (None, None);
        match judge(&it, &kept.grounds).unwrap_or_else(|| panic!("unreadable: {}", it.name)) {
            Ok(how) => admitted = Some(how.to_owned()),
            Err(refusal) => refused = Some(Fault::new(refusal.code(), refusal.to_string())),
        }
        if (&admitted, &refused) != (&it.admitted, &it.refused) {
            let (should, is) = ((&it.admitted, &it.refused), (admitted, refused));
            wrong.push(format!("{} / {}\n  should: {should:?}\n  is:     {is:?}", it.object, it.name));
        }
    }
    agree(wrong);
}
