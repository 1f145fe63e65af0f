//! The whole of a tally for accountants and courts: what was agreed, and every chit with who signed it.
//!
//! An export says nothing from one holder's point of view, so that both halves of a tally export the same bytes.

use std::fmt::Write as _;

use crate::book::Flag;
use crate::calendar::stamp;
use crate::chit::{Note, SignedChit};
use crate::digest::Digest;
use crate::store::{Shelf, StoredChit};
use crate::tally::{Halves, Side, SignedTally, TallyId};
use crate::units::Units;

use super::ordering::unlinked;
use super::{Result, Wallet, standing, tally_row};

/// One chit in an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedChit {
    /// Its place in the order; none while it has none.
    pub index: Option<u64>,
    /// What was signed, by which key, with which signature.
    pub signed: SignedChit,
    /// Its hash.
    pub hash: Digest,
    /// What the two parties wrote to it.
    pub note: Note,
    /// How it is taken.
    pub flag: Flag,
    /// Whether it is final.
    pub is_final: bool,
    /// What the foil's holder owes the stock's after it.
    pub foil_owes: Option<Units>,
}

/// A tally with everything on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub tally: TallyId,
    /// What both signed.
    pub contract: SignedTally,
    /// How many chits are in the order, and the hash over them.
    pub index: u64,
    /// The hash over the order.
    pub head: Digest,
    /// Up to here it is final.
    pub final_index: u64,
    /// The chits: the order first, then what has no place yet.
    pub chits: Vec<ExportedChit>,
}

impl Wallet {
    /// Everything on a tally.
    pub fn export(&mut self, id: &TallyId) -> Result<Export> {
        self.study(|shelf, hands| {
            let row = tally_row(shelf, id)?;
            let standing = standing(shelf, row.no)?;
            let key = hands.pair_key(shelf, row.no)?;
            let exported = |stored: StoredChit, paid: Option<Halves<Units>>| -> Result<ExportedChit> {
                let index = (stored.place > 0).then_some(stored.place);
                Ok(ExportedChit {
                    index,
                    hash: stored.entry.chit.hash(),
                    note: Note::open(&key, &stored.entry.chit).unwrap_or_default(),
                    flag: stored.flag,
                    is_final: index.is_some_and(|index| index <= standing.final_index),
                    foil_owes: paid.map(|paid| paid.foil.minus(paid.stock)).transpose()?,
                    signed: stored.entry,
                })
            };
            let mut chits = Vec::new();
            for place in shelf.places(row.no, 0, standing.book.head.index)? {
                if let Some(stored) = shelf.chit_by_no(place.chit)? {
                    chits.push(exported(stored, Some(place.paid))?);
                }
            }
            for stored in unplaced(shelf, row.no)? {
                chits.push(exported(stored, None)?);
            }
            Ok(Export {
                tally: row.id,
                contract: row.contract()?.clone(),
                index: standing.book.head.index,
                head: standing.book.head.hash,
                final_index: standing.final_index,
                chits,
            })
        })
    }
}

/// What has no place yet, by chain and number: the order in which it came in is each holder's own.
fn unplaced(shelf: &Shelf<'_>, tally: i64) -> Result<Vec<StoredChit>> {
    let mut waiting = unlinked(shelf, &shelf.chains(tally)?)?;
    waiting.sort_by_key(|stored| (stored.entry.chit.chain, stored.entry.chit.seq, stored.entry.chit.hash()));
    Ok(waiting)
}

impl Export {
    /// What a half's holder is called in the contract.
    #[must_use]
    pub fn name(&self, side: Side) -> &str {
        &self.contract.tally.half(side).cert.name
    }

    /// A table for a spreadsheet. Both halves of a tally export the same bytes.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::from(
            "index,date,payer,payee,kind,amount,foil owes,memo,reference,taken as,state,device,epoch,number,hash,key,signature\n",
        );
        for row in &self.chits {
            let chit = &row.signed.chit;
            let payee = chit.body.pledged().map_or("", |_| self.name(chit.chain.side.other()));
            let state = if row.is_final { "final" } else { "not final" };
            let signature = row.signed.signature.0.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            let fields = [
                row.index.map_or_else(String::new, |index| index.to_string()),
                stamp(chit.date),
                self.name(chit.chain.side).to_owned(),
                payee.to_owned(),
                chit.body.kind().to_owned(),
                chit.body.pledged().map_or_else(String::new, |units| units.to_string()),
                row.foil_owes.map_or_else(String::new, |units| units.to_string()),
                row.note.memo.clone(),
                row.note.reference.clone(),
                row.flag.words().to_owned(),
                state.to_owned(),
                chit.chain.device.to_string(),
                chit.chain.epoch.to_string(),
                chit.seq.to_string(),
                row.hash.to_string(),
                row.signed.key.to_string(),
                signature,
            ];
            csv.push_str(&fields.map(|field| quoted(&field)).join(","));
            csv.push('\n');
        }
        csv
    }
}

/// A field as spreadsheets read it. A leading sign that would start a formula is defused with an apostrophe, except in numbers.
fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '@', '-', '\t', '\r']) && field.parse::<Units>().is_err();
    let text = if formula { format!("'{field}") } else { field.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_a_spreadsheet() {
        assert_eq!(quoted("two, please"), "\"two, please\"");
        assert_eq!(quoted("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("-12.50"), "-12.50");
    }
}
