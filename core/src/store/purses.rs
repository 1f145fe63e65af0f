//! What a payment starts from and what it moves, without the rest of a tally.

use rusqlite::params;

use crate::book::Book;
use crate::canon::Canon as _;
use crate::negotiation::TallyState;
use crate::tally::{Halves, Side, TallyId};
use crate::units::Units;

use super::StoreError;
use super::chains::chain_row;
use super::rows::{ChainRow, object, side};
use super::shelf::{Result, Shelf};

/// All of a tally that a payment needs, read at once.
#[derive(Debug, Clone)]
pub struct Purse {
    /// The short name inside this database.
    pub no: i64,
    /// My half.
    pub side: Side,
    /// Where it stands.
    pub state: TallyState,
    /// Sealed: the pair key.
    pub pair: Option<Vec<u8>>,
    /// What a payment moves, if there is a contract.
    pub front: Option<Front>,
}

/// The end of everything held on a tally, and my own chain.
#[derive(Debug, Clone)]
pub struct Front {
    /// The book over everything held.
    pub tip: Book,
    /// How many chits have come in.
    pub arrivals: i64,
    /// Pledged by each side and final.
    pub final_paid: Halves<Units>,
    /// Restored, and waiting for the partner's word.
    pub reconciling: bool,
    /// My own chain.
    pub chain: Option<ChainRow>,
}

impl Shelf<'_> {
    /// What a payment on this tally starts from, if there is such a tally.
    pub fn purse(&self, id: &TallyId) -> Result<Option<Purse>> {
        let sql = "SELECT tally.no, tally.side, state, pair, tip, arrivals, final_stock, final_foil, reconciling, chain.no, chain.tally, chain.side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed FROM tally LEFT JOIN standing ON standing.tally = tally.no LEFT JOIN chain ON chain.no = standing.chain WHERE tally.id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let state = row.get_ref(2)?.as_str().map_err(|_| StoreError::Corrupt { what: "a tally's state" })?;
        let tip = row.get_ref(4)?.as_blob_or_null().map_err(|_| StoreError::Corrupt { what: "book" })?;
        let front = match tip {
            None => None,
            Some(tip) => Some(Front {
                tip: object(tip)?,
                arrivals: row.get(5)?,
                final_paid: Halves { stock: Units::new(row.get(6)?), foil: Units::new(row.get(7)?) },
                reconciling: row.get(8)?,
                chain: match row.get::<_, Option<i64>>(9)? {
                    None => None,
                    Some(_) => Some(chain_row(row, 9)?),
                },
            }),
        };
        Ok(Some(Purse {
            no: row.get(0)?,
            side: side(row.get(1)?)?,
            state: TallyState::named(state).ok_or(StoreError::Corrupt { what: "a tally's state" })?,
            pair: row.get(3)?,
            front,
        }))
    }

    /// Writes what one more chit has moved: the tip and the count. The order's book stays as it is.
    pub fn put_tip(&self, tally: i64, tip: &Book, arrivals: i64) -> Result<()> {
        let sql = "UPDATE standing SET tip = ?1, arrivals = ?2, sum = row_sum(tally, book, ?1, ?2, agreed, final, final_stock, final_foil, chain, reconciling, owed, met) WHERE tally = ?3";
        self.0.prepare_cached(sql)?.execute(params![tip.to_bytes(), arrivals, tally])?;
        Ok(())
    }
}
