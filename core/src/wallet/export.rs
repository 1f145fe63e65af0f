//! The whole of a tally for accountants and courts: what was agreed, and every chit with who signed it.
//!
//! An export says nothing from one holder's point of view, so that both halves of a tally export the same bytes.

use std::fmt::{self, Display, Write as _};

use crate::book::Flag;
use crate::calendar::stamp;
use crate::chit::{Note, SignedChit};
use crate::digest::{Digest, hex};
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
                hexadecimal(&row.signed.signature.0),
            ];
            csv.push_str(&fields.map(|field| quoted(&field)).join(","));
            csv.push('\n');
        }
        csv
    }

    /// The same for a program: one JSON object. Both halves of a tally export the same bytes. Amounts are texts, since a reader's numbers may
    /// be too short for them.
    #[must_use]
    pub fn to_json(&self) -> String {
        let contract = &self.contract.tally;
        let entries: Vec<String> = self.chits.iter().map(|row| self.entry(row)).collect();
        object(&[
            ("tally", text(&self.tally)),
            ("contract", text(&contract.digest())),
            ("text", text(&contract.contract)),
            ("denomination", text(&contract.denomination)),
            ("revision", contract.revision.to_string()),
            ("date", text(&stamp(contract.date))),
            ("stock", self.half(Side::Stock)),
            ("foil", self.half(Side::Foil)),
            ("index", self.index.to_string()),
            ("head", text(&self.head)),
            ("final_index", self.final_index.to_string()),
            ("entries", format!("[{}]", entries.join(","))),
        ])
    }

    fn half(&self, side: Side) -> String {
        let half = self.contract.tally.half(side);
        let granted =
            [("limit", text(&half.terms.limit)), ("notice_days", half.terms.notice_days.to_string())];
        object(&[
            ("name", text(&half.cert.name)),
            ("party_key", text(&half.cert.party_key)),
            ("granted", object(&granted)),
            (
                "signature",
                or_null(self.contract.signatures.of(side).as_ref().map(|it| text(&hexadecimal(&it.0)))),
            ),
        ])
    }

    fn entry(&self, row: &ExportedChit) -> String {
        let chit = &row.signed.chit;
        let pledged = chit.body.pledged();
        object(&[
            ("index", or_null(row.index)),
            ("date", text(&stamp(chit.date))),
            ("by", text(&self.name(chit.chain.side))),
            ("to", or_null(pledged.map(|_| text(&self.name(chit.chain.side.other()))))),
            ("kind", text(&chit.body.kind())),
            ("amount", or_null(pledged.map(|units| text(&units)))),
            ("foil_owes", or_null(row.foil_owes.map(|units| text(&units)))),
            ("memo", text(&row.note.memo)),
            ("reference", text(&row.note.reference)),
            ("taken_as", text(&row.flag.words())),
            ("final", row.is_final.to_string()),
            ("side", text(&chit.chain.side)),
            ("device", chit.chain.device.to_string()),
            ("epoch", chit.chain.epoch.to_string()),
            ("number", chit.seq.to_string()),
            ("hash", text(&row.hash)),
            ("key", text(&row.signed.key)),
            ("signature", text(&hexadecimal(&row.signed.signature.0))),
        ])
    }
}

/// Names and values, which are JSON already, as a JSON object.
fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

/// A JSON text. What controls a terminal is escaped, so that none of it reaches one.
fn text(value: &dyn Display) -> String {
    let mut json = String::from('"');
    for letter in value.to_string().chars() {
        let _ = match letter {
            '"' | '\\' => write!(json, "\\{letter}"),
            letter if letter.is_control() => write!(json, "\\u{:04x}", u32::from(letter)),
            letter => write!(json, "{letter}"),
        };
    }
    json.push('"');
    json
}

fn or_null(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

fn hexadecimal(bytes: &[u8]) -> String {
    fmt::from_fn(|f| hex(bytes, f)).to_string()
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
    fn texts_survive_json() {
        assert_eq!(text(&"two \"cups\", \\ and\n\u{7f}ñ"), "\"two \\\"cups\\\", \\\\ and\\u000a\\u007fñ\"");
        assert_eq!(object(&[("a", or_null(Some(1))), ("b", or_null(None::<u8>))]), "{\"a\":1,\"b\":null}");
    }

    #[test]
    fn fields_survive_a_spreadsheet() {
        assert_eq!(quoted("two, please"), "\"two, please\"");
        assert_eq!(quoted("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("-12.50"), "-12.50");
    }
}
