//! Every invoice again, and which payment answers it.

use std::collections::BTreeMap;

use crate::canon::Canon as _;
use crate::chit::{Body, ChainId, DeviceAct};
use crate::digest::Digest;
use crate::invoice::{InvoiceId, InvoiceState, SignedAnswer};
use crate::key::PublicKey;
use crate::store::StoredChit;
use crate::tally::Side;

use super::super::Result;
use super::TallyAudit;

impl TallyAudit<'_> {
    pub(super) fn invoices(&mut self, chits: &BTreeMap<i64, StoredChit>) -> Result<()> {
        let mut first: BTreeMap<(Side, InvoiceId), (i64, i64)> = BTreeMap::new();
        let mut ordered: BTreeMap<(Side, InvoiceId), (u64, i64)> = BTreeMap::new();
        for (no, stored) in chits {
            if let Body::Pledge { invoice: Some(id), .. } = stored.entry.chit.body {
                let id = (stored.entry.chit.chain.side, id);
                let candidate = (stored.arrival, *no);
                first.entry(id).and_modify(|held| *held = (*held).min(candidate)).or_insert(candidate);
                if stored.place > 0 {
                    let candidate = (stored.place, *no);
                    ordered.entry(id).and_modify(|held| *held = (*held).min(candidate)).or_insert(candidate);
                }
            }
        }
        for (id, (_, no)) in &first {
            self.seen.answers = self.seen.answers.saturating_add(1);
            let expected = Some((ordered.get(id).map(|(_, no)| *no), *no));
            self.report.expect(
                self.shelf.answers(self.row.no, id.0, &id.1)? == expected,
                &self.row.id,
                "which payment answers an invoice is damaged",
            );
        }
        for invoice in self.shelf.invoices(self.row.no)? {
            self.report.signatures = self.report.signatures.saturating_add(1);
            let body = Digest::of(&invoice.entry.invoice.to_bytes());
            let signer = self.device_key(&invoice.entry.invoice.by, chits);
            let statement = crate::digest::Statement::Invoice;
            let signed =
                signer.is_some_and(|key| key.verify(statement, &body, &invoice.entry.signature).is_ok());
            let payer = invoice.entry.invoice.by.side.other();
            let suffices = chits.values().any(|stored| match &stored.entry.chit.body {
                Body::Pledge { units, invoice: Some(id), .. } => {
                    *id == invoice.id
                        && stored.entry.chit.chain.side == payer
                        && invoice.entry.invoice.is_paid_by(payer, *units)
                }
                _ => false,
            });
            let paid = (invoice.state == InvoiceState::Paid) == suffices;
            let named = invoice.entry.invoice.id() == invoice.id
                && self.answered_rightly(&invoice.id, invoice.answer.as_ref(), chits);
            self.report.expect(signed && paid && named, &self.row.id, "an invoice is damaged");
        }
        Ok(())
    }

    /// The key of a device that once had leave: by the contract, or by any chit that is held. Where two epochs were begun at once the
    /// order leaves one of them without effect, and what its device signed before that was known is no damage.
    fn device_key(&self, by: &ChainId, chits: &BTreeMap<i64, StoredChit>) -> Option<PublicKey> {
        let granted = chits.values().filter(|stored| stored.entry.chit.chain.side == by.side);
        let granted = granted.filter_map(|stored| match &stored.entry.chit.body {
            Body::Device(DeviceAct::Add(grant) | DeviceAct::Epoch { grant, .. }) => Some(grant),
            _ => None,
        });
        let mut own = granted.filter(|grant| (grant.device, grant.epoch) == (by.device, by.epoch));
        let here = self.standing.tip.device(by).map(|device| device.grant.device_key);
        here.or_else(|| own.next().map(|grant| grant.device_key))
    }

    fn answered_rightly(
        &self,
        id: &InvoiceId,
        answer: Option<&SignedAnswer>,
        chits: &BTreeMap<i64, StoredChit>,
    ) -> bool {
        answer.is_none_or(|signed| {
            let body = Digest::of(&signed.answer.to_bytes());
            let key = self.device_key(&signed.answer.by, chits);
            let statement = crate::digest::Statement::Answer;
            signed.answer.invoice == *id
                && key.is_some_and(|key| key.verify(statement, &body, &signed.signature).is_ok())
        })
    }
}
