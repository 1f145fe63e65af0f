//! Documents of one device at the door: receipts, invoices and their answers.

use crate::canon::Canon;
use crate::digest::{Digest, Statement};
use crate::invoice::{SignedAnswer, SignedInvoice, Verdict};
use crate::key::{PublicKey, Signature};
use crate::receipt::SignedReceipt;
use crate::tally::{Side, TallyId};

use super::{Object, Refusal, Unverified, Verified};

/// What must be known to judge a document of one device.
#[derive(Debug, Clone, Copy)]
pub struct DeviceGround<'g> {
    /// The tally it must be on.
    pub tally: &'g TallyId,
    /// The key of the device that claims to have signed it.
    pub device_key: Option<PublicKey>,
}

impl DeviceGround<'_> {
    fn check(
        &self,
        what: &'static str,
        tally: &TallyId,
        statement: Statement,
        body: &Digest,
        signature: &Signature,
    ) -> Result<(), Refusal> {
        if tally != self.tally {
            return Err(Refusal::OtherTally { what });
        }
        let key = self.device_key.ok_or(Refusal::UnknownDevice { what })?;
        key.verify(statement, body, signature).map_err(|error| Refusal::Signature { what, error })
    }
}

impl Object for SignedReceipt {
    type Ground<'g> = DeviceGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &DeviceGround<'_>) -> Result<Verified<Self>, Refusal> {
        let it = claim.it;
        if it.receipt.by.side == it.receipt.chain.side {
            return Err(Refusal::WrongSide { what: "receipt" });
        }
        let body = Digest::of(&it.receipt.to_bytes());
        ground.check("receipt", &it.receipt.tally, Statement::Receipt, &body, &it.signature)?;
        Ok(Verified(it))
    }
}

impl Object for SignedInvoice {
    type Ground<'g> = DeviceGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &DeviceGround<'_>) -> Result<Verified<Self>, Refusal> {
        let it = claim.it;
        let body = Digest::of(&it.invoice.to_bytes());
        ground.check("invoice", &it.invoice.tally, Statement::Invoice, &body, &it.signature)?;
        Ok(Verified(it))
    }
}

/// What must be known to judge an answer to an invoice.
#[derive(Debug, Clone, Copy)]
pub struct AnswerGround<'g> {
    /// The device that claims to have signed it.
    pub device: DeviceGround<'g>,
    /// Who asked for the payment.
    pub asker: Side,
}

impl Object for SignedAnswer {
    type Ground<'g> = AnswerGround<'g>;
    type Admitted = Verified<Self>;

    fn judge(claim: Unverified<Self>, ground: &AnswerGround<'_>) -> Result<Verified<Self>, Refusal> {
        let it = claim.it;
        let speaker = match it.answer.verdict {
            Verdict::Withdrawn => ground.asker,
            Verdict::Declined => ground.asker.other(),
        };
        if it.answer.by.side != speaker {
            return Err(Refusal::WrongSide { what: "answer to an invoice" });
        }
        let body = Digest::of(&it.answer.to_bytes());
        let what = "answer to an invoice";
        ground.device.check(what, &it.answer.tally, Statement::Answer, &body, &it.signature)?;
        Ok(Verified(it))
    }
}
