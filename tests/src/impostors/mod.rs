//! Who comes to the door with something of the right form and no right to it.

mod chains;
mod documents;
mod orders;

use hazel_core::canon::Canon;
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::{SecretKey, Signature};

use crate::curve;
use crate::door::{AtTheDoor, Ground, text};
use crate::fault::Fault;
use crate::honest::Pair;

const STATEMENTS: [Statement; 9] = [
    Statement::Chit,
    Statement::Endorsement,
    Statement::Receipt,
    Statement::Tally,
    Statement::Request,
    Statement::Invoice,
    Statement::Answer,
    Statement::Grant,
    Statement::Backup,
];

/// All of them.
#[must_use]
pub fn vectors() -> Option<(Vec<Ground>, Vec<AtTheDoor>)> {
    let pair = Pair::new();
    let mut all = chains::attempts(&pair)?;
    all.extend(documents::attempts(&pair)?);
    all.extend(orders::attempts(&pair)?);
    let mut grounds: Vec<Ground> = Vec::new();
    let numbered = all.into_iter().map(|it| {
        let known = grounds.iter().position(|ground| *ground == it.ground);
        let ground = known.unwrap_or(grounds.len());
        if known.is_none() {
            grounds.push(it.ground);
        }
        AtTheDoor { ground, ..it.at }
    });
    let numbered = numbered.collect();
    Some((grounds, numbered))
}

/// An attempt with its ground, before grounds are numbered.
struct Attempt {
    at: AtTheDoor,
    ground: Ground,
}

fn passes<T: Canon>(name: impl Into<String>, it: &T, ground: &Ground, admitted: &str) -> Attempt {
    let at = AtTheDoor {
        class: "admitted".to_owned(),
        name: name.into(),
        object: T::WHAT.to_owned(),
        bytes: text(it),
        ground: 0,
        admitted: Some(admitted.to_owned()),
        refused: None,
    };
    Attempt { at, ground: ground.clone() }
}

fn fails<T: Canon>(class: &str, name: impl Into<String>, it: &T, ground: &Ground, fault: Fault) -> Attempt {
    let Attempt { at, ground } = passes(name, it, ground, "");
    Attempt { at: AtTheDoor { class: class.to_owned(), admitted: None, refused: Some(fault), ..at }, ground }
}

/// Every way in which a signature over a body can be another one.
fn wrong_signatures(
    kind: Statement,
    key: &SecretKey,
    body: &Digest,
) -> Vec<(&'static str, String, Signature)> {
    let good = key.sign(kind, body);
    let mut all = Vec::new();
    for other in STATEMENTS.into_iter().filter(|other| *other != kind) {
        all.push(("wrong_domain", format!("signed as {other:?}"), key.sign(other, body)));
    }
    for bit in [0, 255, 256, 510] {
        all.push(("altered", format!("bit {bit} of the signature"), Signature(curve::flipped(&good.0, bit))));
    }
    all.push(("altered", "another body signed".to_owned(), key.sign(kind, &Digest::of(&body.0))));
    all.push(("altered", "a signature of zeros".to_owned(), Signature([0; 64])));
    all.push(("altered", "S beyond the order".to_owned(), Signature(curve::past_the_order(&good.0, 1))));
    let stranger = SecretKey::from_seed(&[99; 32]).sign(kind, body);
    all.push(("wrong_key", "signed by a stranger".to_owned(), stranger));
    all
}
