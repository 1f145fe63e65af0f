//! Other devices of the same holder.

use hazel_core::canon::Canon as _;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::EnrolmentRequest;

use super::Wallet;
use crate::Answer;
use crate::edge::SystemEntropy;
use crate::ids::Count;
use crate::post::Notice;

/// What a new device shows to be let in, and what it keeps to itself until the answer is here.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NewDevice {
    /// To be shown to the other device.
    pub request: Vec<u8>,
    /// To be kept here, and given to `Wallet.enrol` with the answer.
    pub secret: Vec<u8>,
}

/// Begins to enrol this device under another wallet of the holder's.
#[uniffi::export]
pub fn new_device(name: &str) -> Answer<NewDevice> {
    let (request, secret) = EnrolmentRequest::new(name, &mut SystemEntropy);
    Ok(NewDevice { request: request.to_bytes(), secret: secret.to_vec() })
}

#[uniffi::export]
impl Wallet {
    /// Lets another device of mine sign on every open tally. It may pay nothing until some allowance is handed to it.
    pub fn add_device(&self, request: Vec<u8>) -> Answer<Vec<u8>> {
        let request = EnrolmentRequest::from_bytes(&request)?;
        let answer = self.read(|wallet| Ok(wallet.add_device(&request)?.to_bytes()))?;
        self.cell.post.tell(Notice::Everything);
        Ok(answer)
    }

    /// Takes leave to sign from another device of mine, on every tally. What it has signed is still owed.
    pub fn revoke_device(&self, device: u32) -> Answer<Count> {
        let revoked = self.read(|wallet| Ok(wallet.revoke_device(device)?))?;
        self.cell.post.tell(Notice::Everything);
        Ok(revoked)
    }

    /// Hands part of this device's allowance to another of mine.
    pub fn hand_allowance(&self, tally: TallyId, to: u32, units: Units) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.hand_allowance(&tally, to, units).map(|_| ())?))
    }
}
