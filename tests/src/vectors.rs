//! The files that every language reads: what must be accepted, what must be refused, and with which words.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::examples::{Example, examples};
use crate::fault::Fault;
use crate::strangers::departures;
use crate::{curve, door, impostors, rules, texts};

/// An object that must be read, and must be written again as the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// What it shows.
    pub name: String,
    /// Which decoder reads it.
    pub object: String,
    /// The bytes.
    pub bytes: String,
    /// Their SHA-256.
    pub hash: String,
    /// What is signed in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signed: Option<Signed>,
}

/// A signature in an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The hash of the signed body.
    pub digest: String,
    /// The bytes the signature is made over: the kind of statement, a zero byte, the digest.
    pub message: String,
    /// By which key.
    pub key: String,
    /// The signature.
    pub signature: String,
}

/// Bytes that must be refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The sort of fault.
    pub class: String,
    /// What was done.
    pub name: String,
    /// Which decoder reads it.
    pub object: String,
    /// The bytes.
    pub bytes: String,
    /// How it must be refused.
    #[serde(flatten)]
    pub fault: Fault,
}

/// A signature on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// The sort of trick.
    pub class: String,
    /// What was done.
    pub name: String,
    /// The key.
    pub key: String,
    /// The hash of the body of a chit that is said to be signed.
    pub digest: String,
    /// The signature.
    pub signature: String,
    /// How it must be refused; absent if it must hold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
}

/// An X25519 key with which nothing may be agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// What is wrong with it.
    pub name: String,
    /// The key.
    pub key: String,
}

/// Everything that is kept in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vectors {
    /// What must be read.
    pub accepted: Vec<Accepted>,
    /// What must not be read.
    pub refused: Vec<Refused>,
    /// Where objects arrive at the door.
    pub grounds: Vec<door::Ground>,
    /// What the door says of what was read.
    pub door: Vec<door::AtTheDoor>,
    /// What holds on the curve.
    pub curve: Vec<Curve>,
    /// Keys with which nothing may be agreed.
    pub agreement: Vec<Agreement>,
    /// What people type.
    pub texts: Vec<texts::Typed>,
}

impl Vectors {
    /// Makes them all.
    #[must_use]
    pub fn generate() -> Option<Self> {
        let examples = examples()?;
        let refused = refused(&examples)?;
        let accepted = examples.into_iter().map(accepted).collect();
        let curve = curve::attempts().into_iter().map(|it| Curve {
            class: it.class.to_owned(),
            name: it.name,
            key: hex(&it.key.0),
            digest: hex(&it.body.0),
            signature: hex(&it.signature.0),
            code: it.code.map(str::to_owned),
        });
        let agreement = curve::low_order_agreements();
        let agreement = agreement.into_iter().map(|(name, key)| Agreement { name, key: hex(&key) });
        let (grounds, door) = impostors::vectors()?;
        Some(Self {
            accepted,
            refused,
            grounds,
            door,
            curve: curve.collect(),
            agreement: agreement.collect(),
            texts: texts::vectors(),
        })
    }

    /// The files, each with one vector on a line.
    pub fn files(&self) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
        Ok(vec![
            ("accepted.json", lines(&self.accepted)?),
            ("refused.json", lines(&self.refused)?),
            ("grounds.json", lines(&self.grounds)?),
            ("door.json", lines(&self.door)?),
            ("curve.json", lines(&self.curve)?),
            ("agreement.json", lines(&self.agreement)?),
            ("texts.json", lines(&self.texts)?),
        ])
    }

    /// Reads the files.
    pub fn read(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            accepted: list(folder, "accepted.json")?,
            refused: list(folder, "refused.json")?,
            grounds: list(folder, "grounds.json")?,
            door: list(folder, "door.json")?,
            curve: list(folder, "curve.json")?,
            agreement: list(folder, "agreement.json")?,
            texts: list(folder, "texts.json")?,
        })
    }

    /// Writes the files.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, text) in self.files()? {
            std::fs::write(folder.join(name), text)?;
        }
        Ok(())
    }
}

/// Where the files are kept.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn accepted(example: Example) -> Accepted {
    let signed = example.signed.map(|(statement, body, key, signature)| Signed {
        digest: hex(&body.0),
        message: hex(&statement.about(&body)),
        key: hex(&key.0),
        signature: hex(&signature.0),
    });
    Accepted {
        name: example.name,
        object: example.node.name().to_owned(),
        hash: hex(&hazel_core::digest::Digest::of(&example.bytes).0),
        bytes: hex(&example.bytes),
        signed,
    }
}

fn refused(examples: &[Example]) -> Option<Vec<Refused>> {
    let mut all = Vec::new();
    for example in examples {
        let Some(depth) = example.tried else { continue };
        for wrong in departures(&example.node, depth) {
            all.push(Refused {
                class: wrong.class.to_owned(),
                name: format!("{}: {}", example.name, wrong.name),
                object: example.node.name().to_owned(),
                bytes: hex(&wrong.bytes),
                fault: wrong.fault,
            });
        }
    }
    for (object, name, bytes, fault) in rules::broken()? {
        let (class, object) = ("rule".to_owned(), object.to_owned());
        all.push(Refused { class, name, object, bytes: hex(&bytes), fault });
    }
    Some(all)
}

fn lines<T: Serialize>(list: &[T]) -> Result<String, serde_json::Error> {
    let each: Result<Vec<_>, _> = list.iter().map(serde_json::to_string).collect();
    Ok(format!("[\n{}\n]\n", each?.join(",\n")))
}

fn list<T: for<'de> Deserialize<'de>>(folder: &Path, name: &str) -> io::Result<Vec<T>> {
    Ok(serde_json::from_str(&std::fs::read_to_string(folder.join(name))?)?)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}
