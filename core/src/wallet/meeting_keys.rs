//! Keys of devices without the recovery words: such a device meets by the key of its own certificate.
//!
//! The certificate names the key with which a device signs receipts and orders; the partner knows it from the chit that gave the device
//! leave. The same key agrees secrets (decision 0101), so nothing new is sent, and a revoked device is not met any more.

use x25519_dalek::{PublicKey as AgreementPublic, StaticSecret};
use zeroize::Zeroizing;

use crate::key::SecretKey;
use crate::store::TallyRow;
use crate::tally::TallyId;

use super::meeting::MeetingKeys;
use super::{DEVICE_KEY, Result, Wallet, secret, standing, tally_row};

impl Wallet {
    /// What this device proves itself by: the party's key for this tally, or its own where it has no recovery words.
    pub(super) fn meeting_secret(&self, row: &TallyRow) -> Result<StaticSecret> {
        match &self.root {
            Some(root) => Ok(root.agreement_key(&row.id.0)),
            None => {
                let sealed = self.look(|shelf| Ok(shelf.tally_secrets(row.no)?.device_key))?;
                let seed = secret(&self.vault, DEVICE_KEY, row.no, sealed.as_ref())?;
                Ok(SecretKey::from_seed(&seed).agreement())
            }
        }
    }

    /// The keys to meet each device of the partner by that has leave to sign and may have no recovery words.
    pub fn device_meeting_keys(&self, tally: &TallyId) -> Result<Vec<MeetingKeys>> {
        let (row, devices) = self.look(|shelf| {
            let row = tally_row(shelf, tally)?;
            if row.contract.is_none() {
                return Ok((row, Vec::new()));
            }
            let tip = standing(shelf, row.no)?.tip;
            let theirs = tip.active(row.side.other());
            let mut devices: Vec<_> = theirs.map(|device| device.grant).collect();
            // The newest epoch of a device speaks for it.
            devices.sort_by_key(|grant| (grant.device, std::cmp::Reverse(grant.epoch)));
            devices.dedup_by_key(|grant| grant.device);
            Ok((row, devices))
        })?;
        let mut all = Vec::new();
        for grant in devices {
            // A key that is no point of the curve was refused at the door; whoever holds none cannot be met.
            let Ok(theirs) = grant.device_key.agreement() else { continue };
            let secret = self.meeting_secret(&row)?;
            all.push(MeetingKeys {
                tally: *tally,
                ours: AgreementPublic::from(&secret).to_bytes(),
                secret: Zeroizing::new(secret.to_bytes()),
                theirs: Some(theirs),
                ticket: None,
                introduces: false,
                device: Some(grant.device),
            });
        }
        Ok(all)
    }
}
