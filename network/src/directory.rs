//! The nodes a wallet knows: a signed list it was shipped with, and what it has observed since. Read once, then in memory.

use std::collections::BTreeMap;
use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hazel_core::key::SecretKey;
use hazel_core::tally::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::peer::SiteKey;
use crate::ticket::{agent_of, site_of};

/// The longest list that is read.
pub const DIRECTORY_MAX: usize = 1024 * 1024;
const SIGNED: &str = "\n# signed ";
const LABEL: &[u8] = b"hazel/v1/directory\0";
/// How much of an observation goes into what was known: an eighth.
const WEIGHT: u32 = 8;
/// Reliability is counted in thousandths.
const ALWAYS: u32 = 1000;

/// What carries letters to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Medium {
    /// A socket: the routing is `host:port`.
    Tcp,
}

/// One node of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownNode {
    /// What people call it.
    pub alias: String,
    /// Its key.
    pub key: SiteKey,
    /// What carries letters to it.
    pub medium: Medium,
    /// Where it is, as the medium says it.
    pub routing: String,
    /// How long an answer takes, in milliseconds, averaged.
    pub latency: u32,
    /// How many of a thousand attempts go well, averaged.
    pub reliability: u32,
}

/// The nodes a wallet knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    issued: Date,
    nodes: BTreeMap<SiteKey, KnownNode>,
}

/// Why a list is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// Too long to be one.
    #[error("the list of nodes is too long")]
    TooLong,
    /// No signature at its end, or not by the one who publishes it.
    #[error("the list of nodes is not signed by whoever should have signed it; get it again")]
    Unsigned,
    /// Not TOML, or a field is missing or wrong.
    #[error("the list of nodes cannot be read: {0}")]
    Unreadable(String),
    /// A version that is not known here.
    #[error("the list of nodes was made for a newer Hazel")]
    Newer,
    /// The list known already is newer.
    #[error("a newer list of nodes is in use already")]
    Older,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    version: u32,
    issued: Date,
    #[serde(default)]
    node: Vec<ListedNode>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedNode {
    alias: String,
    key: String,
    medium: Medium,
    routing: String,
    latency_ms: u32,
    reliability: u32,
}

impl Directory {
    /// Reads a list that this publisher signed.
    pub fn read(text: &str, publisher: &SiteKey) -> Result<Self, DirectoryError> {
        if text.len() > DIRECTORY_MAX {
            return Err(DirectoryError::TooLong);
        }
        let (body, signature) = text.trim_end().rsplit_once(SIGNED).ok_or(DirectoryError::Unsigned)?;
        let signature = unhex(signature).ok_or(DirectoryError::Unsigned)?;
        publisher.check().map_err(|_| DirectoryError::Unsigned)?;
        VerifyingKey::from_bytes(&publisher.0)
            .and_then(|key| key.verify_strict(&statement(body), &Signature::from_bytes(&signature)))
            .map_err(|_| DirectoryError::Unsigned)?;
        Self::parse(body)
    }

    fn parse(body: &str) -> Result<Self, DirectoryError> {
        let unreadable = |why: String| DirectoryError::Unreadable(why);
        let listed: Listed = toml::from_str(body).map_err(|error| unreadable(error.message().to_owned()))?;
        if listed.version != 1 {
            return Err(DirectoryError::Newer);
        }
        let mut directory = Self { issued: listed.issued, nodes: BTreeMap::new() };
        for node in listed.node {
            let key = site_of(&node.key).ok_or_else(|| unreadable(format!("the key of {}", node.alias)))?;
            directory.learn(KnownNode {
                alias: node.alias,
                key,
                medium: node.medium,
                routing: node.routing,
                latency: node.latency_ms,
                reliability: node.reliability.min(ALWAYS),
            });
        }
        Ok(directory)
    }

    /// The list as its publisher signs and ships it.
    pub fn publish(&self, publisher: &SecretKey) -> Result<String, DirectoryError> {
        let node = |node: &KnownNode| ListedNode {
            alias: node.alias.clone(),
            key: agent_of(&node.key),
            medium: node.medium,
            routing: node.routing.clone(),
            latency_ms: node.latency,
            reliability: node.reliability,
        };
        let listed =
            Listed { version: 1, issued: self.issued, node: self.nodes.values().map(node).collect() };
        let body = toml::to_string(&listed).map_err(|error| DirectoryError::Unreadable(error.to_string()))?;
        let body = body.trim_end();
        let signature = SigningKey::from_bytes(&publisher.seed()).sign(&statement(body)).to_bytes();
        Ok(format!("{body}{SIGNED}{}\n", Hex(&signature)))
    }

    /// An empty list of this day.
    #[must_use]
    pub const fn new(issued: Date) -> Self {
        Self { issued, nodes: BTreeMap::new() }
    }

    /// Takes a newer list. What was observed of nodes on both lists stays.
    pub fn renew(&mut self, newer: Self) -> Result<(), DirectoryError> {
        if newer.issued < self.issued {
            return Err(DirectoryError::Older);
        }
        let old = core::mem::replace(self, newer);
        for (key, node) in &mut self.nodes {
            if let Some(known) = old.nodes.get(key) {
                (node.latency, node.reliability) = (known.latency, known.reliability);
            }
        }
        Ok(())
    }

    /// Adds a node, or what is new about it; for instance one whose address stands in a tally.
    pub fn learn(&mut self, node: KnownNode) {
        self.nodes.insert(node.key, node);
    }

    /// What is known of a node.
    #[must_use]
    pub fn node(&self, key: &SiteKey) -> Option<&KnownNode> {
        self.nodes.get(key)
    }

    /// All nodes, the most reliable first, and of equally reliable ones the quickest.
    #[must_use]
    pub fn by_merit(&self) -> Vec<&KnownNode> {
        let mut nodes: Vec<_> = self.nodes.values().collect();
        nodes.sort_by_key(|node| (ALWAYS.saturating_sub(node.reliability), node.latency, node.key));
        nodes
    }

    /// An attempt went well, and took so many milliseconds.
    pub fn answered(&mut self, key: &SiteKey, milliseconds: u32) {
        if let Some(node) = self.nodes.get_mut(key) {
            node.latency = drift(node.latency, milliseconds);
            node.reliability = drift(node.reliability, ALWAYS);
        }
    }

    /// An attempt failed.
    pub fn failed(&mut self, key: &SiteKey) {
        if let Some(node) = self.nodes.get_mut(key) {
            node.reliability = drift(node.reliability, 0);
        }
    }
}

/// An exponentially weighted moving average in whole numbers; it reaches what it drifts to.
fn drift(known: u32, observed: u32) -> u32 {
    let step = known.abs_diff(observed).div_ceil(WEIGHT);
    if observed > known { known.saturating_add(step) } else { known.saturating_sub(step) }
}

fn statement(body: &str) -> Vec<u8> {
    [LABEL, Sha256::digest(body.as_bytes()).as_slice()].concat()
}

struct Hex<'b>(&'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn unhex(text: &str) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    if text.len() != 128 || !text.is_ascii() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publisher() -> SecretKey {
        SecretKey::from_seed(&[1; 32])
    }

    fn node(seed: u8, latency: u32, reliability: u32) -> KnownNode {
        let key = SecretKey::from_seed(&[seed; 32]).public();
        let routing = format!("node-{seed}.example.org:65430");
        KnownNode { alias: format!("node {seed}"), key, medium: Medium::Tcp, routing, latency, reliability }
    }

    fn list() -> Directory {
        let mut directory = Directory::new(100);
        for known in [node(2, 80, 990), node(3, 20, 990), node(4, 5, 700)] {
            directory.learn(known);
        }
        directory
    }

    #[test]
    fn a_list_reads_back_and_only_under_its_publisher() {
        let text = list().publish(&publisher()).unwrap();
        assert_eq!(Directory::read(&text, &publisher().public()), Ok(list()));
        let other = SecretKey::from_seed(&[7; 32]).public();
        assert_eq!(Directory::read(&text, &other), Err(DirectoryError::Unsigned));
    }

    #[test]
    fn no_byte_of_a_list_can_be_changed() {
        let text = list().publish(&publisher()).unwrap();
        for place in 0..text.len() - 1 {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Directory::read(&changed, &publisher().public()).is_err(), "byte {place}");
        }
    }

    #[test]
    fn the_best_come_first_and_observation_changes_who_that_is() {
        let mut directory = list();
        let first = |directory: &Directory| directory.by_merit()[0].alias.clone();
        assert_eq!(first(&directory), "node 3");
        let three = SecretKey::from_seed(&[3; 32]).public();
        for _ in 0..3 {
            directory.failed(&three);
        }
        assert_eq!(first(&directory), "node 2");
        for _ in 0..60 {
            directory.answered(&three, 10);
        }
        assert_eq!((first(&directory), directory.node(&three).unwrap().reliability), ("node 3".into(), 1000));
        assert_eq!(directory.node(&three).unwrap().latency, 10, "an average reaches what it drifts to");
    }

    #[test]
    fn a_newer_list_keeps_what_was_observed_and_an_older_one_is_refused() {
        let mut directory = list();
        let two = SecretKey::from_seed(&[2; 32]).public();
        directory.failed(&two);
        let seen = directory.node(&two).unwrap().reliability;
        let newer = Directory { issued: 101, ..list() };
        directory.renew(newer).unwrap();
        assert_eq!(directory.node(&two).unwrap().reliability, seen);
        assert_eq!(directory.renew(list()), Err(DirectoryError::Older));
    }

    #[test]
    fn a_newer_form_is_named_as_such() {
        let body = "version = 2\nissued = 1";
        assert_eq!(Directory::parse(body), Err(DirectoryError::Newer));
        assert!(matches!(Directory::parse("version = 1"), Err(DirectoryError::Unreadable(_))));
    }
}
