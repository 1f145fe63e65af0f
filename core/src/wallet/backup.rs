//! The file that a backup is: what stands in it, and how the recovery words seal it.
//!
//! Sealed in parts under a key that the words are stretched to, so that wrong words, a damaged part and a newer file are three things.

use zeroize::Zeroizing;

use crate::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use crate::digest::{Digest, Statement};
use crate::key::{Entropy, PublicKey, RecoveryWords, Signature, fresh};
use crate::keystore::{open_bytes, seal, stretch};
use crate::message::Message;
use crate::tally::{Date, Side, SignedTally};

use super::{Result, WalletError};

/// Why a backup cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// Another kind of file.
    #[error("this file is not a Hazel backup")]
    NotABackup,
    /// Written by a newer Hazel.
    #[error("this backup was written by a newer Hazel; update to restore it")]
    Newer,
    /// The words do not open it.
    #[error("these recovery words do not belong to this backup")]
    WrongWords,
    /// The words are right, but the file is not what was written.
    #[error("the backup is damaged (part {part}); use another copy")]
    Damaged {
        /// Which part of the file.
        part: usize,
    },
}

impl BackupError {
    /// A stable name, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotABackup => "not_a_backup",
            Self::Newer => "newer",
            Self::WrongWords => "wrong_passphrase",
            Self::Damaged { .. } => "corrupt",
        }
    }
}

const MAGIC: &[u8; 12] = b"hazel-backup";
const CHUNK: usize = 64 * 1024;

/// What a backup holds, before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub(super) made: Date,
    pub(super) name: String,
    pub(super) device: u32,
    pub(super) tallies: Vec<KeptTally>,
}

/// A tally as it is kept: the rows that are not secret, and everything on it as messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptTally {
    pub(super) contract: SignedTally,
    pub(super) side: Side,
    pub(super) name: String,
    pub(super) inviter: bool,
    pub(super) state: String,
    pub(super) messages: Vec<Message>,
}

/// Seals a backup for whoever has the words.
pub(super) fn seal_backup(
    backup: &Backup,
    words: &RecoveryWords,
    entropy: &mut dyn Entropy,
) -> Result<Vec<u8>> {
    let body = backup.to_bytes();
    let key = words.root().backup_key();
    let digest = Digest::of(&body);
    let mut plain = Writer::with_capacity(body.len().saturating_add(128));
    plain.array(3).raw(&body).put(&key.public()).put(&key.sign(Statement::Backup, &digest));
    let plain = plain.into_bytes();
    let salt: [u8; 16] = fresh(entropy);
    let nonce: [u8; 24] = fresh(entropy);
    let sealing = stretch(&words.phrase(), &salt)?;
    let mut out = [&MAGIC[..], &[1], &salt, &check_of(&sealing), &nonce].concat();
    let count = plain.len().div_ceil(CHUNK);
    for (part, chunk) in plain.chunks(CHUNK).enumerate() {
        let sealed = seal(&sealing, &chunk_nonce(&nonce, part), &place_of(part, count), chunk);
        out.extend_from_slice(&sealed);
    }
    Ok(out)
}

/// Opens a backup with the words and checks who has signed it.
pub(super) fn open_backup(words: &RecoveryWords, bytes: &[u8]) -> Result<Backup> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(BackupError::NotABackup)?;
    let (version, rest) = rest.split_first().ok_or(BackupError::NotABackup)?;
    match version {
        1 => {}
        0 => return Err(BackupError::NotABackup.into()),
        _ => return Err(BackupError::Newer.into()),
    }
    let damaged = |part| WalletError::from(BackupError::Damaged { part });
    let (salt, rest) = rest.split_first_chunk::<16>().ok_or_else(|| damaged(0))?;
    let (check, rest) = rest.split_first_chunk::<16>().ok_or_else(|| damaged(0))?;
    let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or_else(|| damaged(0))?;
    let key = stretch(&words.phrase(), salt)?;
    if check_of(&key) != *check {
        return Err(BackupError::WrongWords.into());
    }
    let sealed_chunk = CHUNK.saturating_add(16);
    let count = sealed.len().div_ceil(sealed_chunk);
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    for (part, chunk) in sealed.chunks(sealed_chunk).enumerate() {
        let opened = open_bytes(&key, &chunk_nonce(nonce, part), &place_of(part, count), chunk);
        plain.extend_from_slice(&opened.ok_or_else(|| damaged(part.saturating_add(1)))?);
    }
    let mut from = Reader::new(&plain);
    let read = |from: &mut Reader<'_>| -> Result<(Digest, Backup, PublicKey, Signature), Malformed> {
        from.array("backup", 3)?;
        let body = from.element("backup")?;
        let parts = (Digest::of(body), Backup::from_bytes(body)?, from.take()?, from.take()?);
        from.end("backup")?;
        Ok(parts)
    };
    let (digest, backup, signer, signature) = read(&mut from).map_err(|fault| match fault {
        Malformed::Newer { .. } => WalletError::from(BackupError::Newer),
        _ => damaged(count),
    })?;
    let own = words.root().backup_key().public();
    if signer != own || signer.verify(Statement::Backup, &digest, &signature).is_err() {
        return Err(BackupError::WrongWords.into());
    }
    Ok(backup)
}

/// Tells wrong words from a damaged file without opening anything.
fn check_of(key: &[u8; 32]) -> [u8; 16] {
    Digest::of_parts(&[b"hazel/v1/backup-check", key]).first()
}

fn chunk_nonce(nonce: &[u8; 24], part: usize) -> [u8; 24] {
    Digest::of_parts(&[b"hazel/v1/backup-chunk", nonce, &(part as u64).to_be_bytes()]).first()
}

/// Binds each part to its number and to how many there are, so that none can be left out or moved.
fn place_of(part: usize, count: usize) -> Vec<u8> {
    [&(part as u64).to_be_bytes()[..], &(count as u64).to_be_bytes()].concat()
}

impl Canon for KeptTally {
    const WHAT: &'static str = "kept tally";

    fn write(&self, to: &mut Writer) {
        to.array(6)
            .put(&self.contract)
            .put(&self.side)
            .text(&self.name)
            .uint(self.inviter.into())
            .text(&self.state);
        to.put_list(&self.messages);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 6)?;
        Ok(Self {
            contract: from.take()?,
            side: from.take()?,
            name: from.text("name", 64)?,
            inviter: from.uint("inviter")? != 0,
            state: from.text("state", 32)?,
            messages: from.take_list("messages", u64::MAX)?,
        })
    }
}

impl Canon for Backup {
    const WHAT: &'static str = "backup";

    fn write(&self, to: &mut Writer) {
        to.array(5)
            .uint(WIRE_VERSION)
            .uint(self.made)
            .text(&self.name)
            .uint(self.device.into())
            .put_list(&self.tallies);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 5)?;
        from.version(Self::WHAT)?;
        let (made, name, device) = (from.uint("date")?, from.text("name", 64)?, from.uint32("device")?);
        Ok(Self { made, name, device, tallies: from.take_list("tallies", u64::MAX)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;

    /// One key seals all parts of a backup, so each has a nonce of its own, and a place that says how many there are.
    #[test]
    fn no_two_parts_are_sealed_alike() {
        let nonces = [chunk_nonce(&[1; 24], 0), chunk_nonce(&[1; 24], 1), chunk_nonce(&[2; 24], 0)];
        let places = [place_of(0, 2), place_of(1, 2), place_of(0, 3)];
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert_ne!(nonces[one], nonces[other]);
            assert_ne!(places[one], places[other]);
        }
    }

    /// Whoever has the words can seal anything with them. What their own key has not signed is no backup of theirs, and what a newer Hazel
    /// has written is not called damaged.
    #[test]
    fn what_is_sealed_with_the_words_is_still_judged() {
        let words = RecoveryWords::parse(&format!("{}art", "abandon ".repeat(23))).unwrap();
        let (own, stranger) = (words.root().backup_key(), SecretKey::from_seed(&[7; 32]));
        let (salt, nonce) = ([1; 16], [2; 24]);
        let sealing = stretch(&words.phrase(), &salt).unwrap();
        let opened = |version: u64, named: &SecretKey, signer: &SecretKey| {
            let mut body = Writer::with_capacity(64);
            body.array(5).uint(version).uint(0).text("Ben").uint(1).list(0);
            let body = body.into_bytes();
            let mut plain = Writer::with_capacity(256);
            let signature = signer.sign(Statement::Backup, &Digest::of(&body));
            plain.array(3).raw(&body).put(&named.public()).put(&signature);
            let part = seal(&sealing, &chunk_nonce(&nonce, 0), &place_of(0, 1), &plain.into_bytes());
            let file = [&MAGIC[..], &[1], &salt, &check_of(&sealing), &nonce, &part].concat();
            open_backup(&words, &file).map(|_| ())
        };
        assert_eq!(opened(WIRE_VERSION, &own, &own), Ok(()));
        assert_eq!(opened(WIRE_VERSION.saturating_add(1), &own, &own), Err(BackupError::Newer.into()));
        assert_eq!(opened(WIRE_VERSION, &own, &stranger), Err(BackupError::WrongWords.into()));
        assert_eq!(opened(WIRE_VERSION, &stranger, &stranger), Err(BackupError::WrongWords.into()));
    }
}
