//! What must hold whenever a phone's files are opened again, whatever happened to its process.

use std::collections::BTreeMap;
use std::fs;

use hazel_core::canon::Canon as _;
use hazel_core::store::Store;
use hazel_core::wallet::{Wallet, WalletError};

use super::people::Folder;

/// Every byte string that each forward key was seen to sign, over all files and all runs (I11).
#[derive(Debug, Default)]
pub struct Signed(BTreeMap<[u8; 32], Vec<u8>>);

impl Signed {
    /// Notes everything that a wallet holds, and refuses a key that signs a second time.
    pub fn note(&mut self, wallet: &mut Wallet) {
        for view in wallet.tallies().unwrap() {
            let Ok(export) = wallet.export(&view.id) else { continue };
            for row in export.chits {
                let bytes = row.signed.to_bytes();
                let known = self.0.entry(row.signed.key.0).or_insert_with(|| bytes.clone());
                assert!(
                    *known == bytes,
                    "I11: a key of the {} has signed chit {} twice",
                    row.signed.chit.chain.side,
                    row.signed.chit.seq
                );
            }
        }
    }

    /// How many keys were seen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whose wallet files are in the folder.
#[must_use]
pub fn owners(folder: &Folder) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(&folder.path)
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".db")?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Opens every wallet in the folder, audits it, and notes what it has signed. A file in which no wallet was made yet is passed over.
pub fn all_is_sound(folder: &Folder, signed: &mut Signed) {
    for name in owners(folder) {
        match folder.try_open(&name) {
            Ok(mut wallet) => {
                let report = wallet.audit(&mut |_| true).unwrap();
                assert!(report.findings.is_empty(), "{name}: {}", report.findings[0]);
                signed.note(&mut wallet);
            }
            Err(WalletError::WrongFile) => drop(Store::open(&folder.file(&name)).unwrap()),
            Err(error) => panic!("{name}'s wallet does not open: {error}"),
        }
    }
}

/// The road delivers everything once more, late: whatever had left is still known to its signer, and nothing counts twice.
pub fn deliver_late(folder: &Folder, signed: &mut Signed) {
    for (to, bytes) in folder.on_the_road() {
        let Ok(mut wallet) = folder.try_open(&to) else { continue };
        match wallet.receive(&bytes) {
            Ok(_) => signed.note(&mut wallet),
            // A hand-over that was cut off while it left, and one for a wallet that does not know the tally yet.
            Err(WalletError::Malformed(_) | WalletError::NotForUs) => {}
            Err(error) => panic!("{to} cannot take in what was on the road: {error}"),
        }
    }
    // I12: what left a signer was on its disk before. So whatever partners hold of a chain, its signer holds as well.
    for signer in owners(folder) {
        let Ok(mut wallet) = folder.try_open(&signer) else { continue };
        for view in wallet.tallies().unwrap().into_iter().filter(|view| !view.reconciling) {
            let Ok(own) = wallet.export(&view.id) else { continue };
            for partner in owners(folder).into_iter().filter(|name| *name != signer) {
                let Ok(mut other) = folder.try_open(&partner) else { continue };
                let Ok(theirs) = other.export(&view.id) else { continue };
                if other.tally(&view.id).unwrap().side == view.side {
                    continue;
                }
                for row in theirs.chits.iter().filter(|row| row.signed.chit.chain.side == view.side) {
                    let device = row.signed.chit.chain.device;
                    let kept = device != wallet.device() || own.chits.iter().any(|o| o.signed == row.signed);
                    assert!(kept, "I12: {partner} holds chit {} that {signer} has lost", row.signed.chit.seq);
                }
            }
        }
    }
}
