//! Contracts, and how they came to be.

use rusqlite::{OptionalExtension as _, params};

use crate::canon::Canon;
use crate::negotiation::TallyState;
use crate::tally::{Side, TallyId};

use super::StoreError;
use super::rows::{
    TallyRow, TallySecrets, fixed, number, object, optional, sequence, sequence_bytes, side, side_code,
    stored,
};
use super::shelf::{Result, Shelf};

impl Shelf<'_> {
    /// All tallies' short names, oldest first.
    pub fn tallies(&self) -> Result<Vec<i64>> {
        let mut query = self.0.prepare_cached("SELECT no FROM tally ORDER BY no")?;
        let rows = query.query_map([], |row| row.get(0))?;
        rows.map(|no| Ok(no?)).collect()
    }

    /// The short name of a tally.
    pub fn tally_no(&self, id: &TallyId) -> Result<Option<i64>> {
        let mut query = self.0.prepare_cached("SELECT no FROM tally WHERE id = ?")?;
        Ok(query.query_row([id.0], |row| row.get(0)).optional()?)
    }

    /// A tally's contract and how it came to be.
    pub fn tally(&self, no: i64) -> Result<TallyRow> {
        let sql = "SELECT id, side, state, name, ticket, inviter, cert, partner, request, terms, my_offer, my_earlier, their_offer, contract, pair, device_key, opened, untold FROM tally WHERE no = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([no])?;
        let row = rows.next()?.ok_or(StoreError::Corrupt { what: "a missing tally" })?;
        let state: String = row.get(2)?;
        Ok(TallyRow {
            no,
            id: TallyId(fixed(&row.get::<_, Vec<u8>>(0)?)?),
            side: side(row.get(1)?)?,
            state: TallyState::named(&state).ok_or(StoreError::Corrupt { what: "a tally's state" })?,
            name: row.get(3)?,
            ticket: optional(row.get(4)?)?,
            inviter: row.get(5)?,
            cert: optional(row.get(6)?)?,
            partner: optional(row.get(7)?)?,
            request: optional(row.get(8)?)?,
            terms: object(&row.get::<_, Vec<u8>>(9)?)?,
            my_offer: optional(row.get(10)?)?,
            my_earlier: sequence(row.get(11)?)?,
            their_offer: optional(row.get(12)?)?,
            contract: optional(row.get(13)?)?,
            pair: row.get(14)?,
            device_key: row.get(15)?,
            opened: row.get::<_, Option<i64>>(16)?.map(number).transpose()?,
            untold: row.get(17)?,
        })
    }

    /// A tally's half, state and partner's name, without reading its documents.
    pub fn tally_label(&self, no: i64) -> Result<(TallyId, Side, TallyState, String)> {
        let mut query = self.0.prepare_cached("SELECT id, side, state, name FROM tally WHERE no = ?")?;
        let (id, half, state, name): (Vec<u8>, i64, String, String) =
            query.query_row([no], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let state = TallyState::named(&state).ok_or(StoreError::Corrupt { what: "a tally's state" })?;
        Ok((TallyId(fixed(&id)?), side(half)?, state, name))
    }

    /// The sealed pair key and device key of a tally.
    pub fn tally_secrets(&self, no: i64) -> Result<TallySecrets> {
        let mut query = self.0.prepare_cached("SELECT pair, device_key FROM tally WHERE no = ?")?;
        Ok(query.query_row([no], |row| Ok(TallySecrets { pair: row.get(0)?, device_key: row.get(1)? }))?)
    }

    /// Adds a tally and returns its short name.
    pub fn add_tally(&self, row: &TallyRow) -> Result<i64> {
        let mut insert = self.0.prepare_cached(
            "INSERT INTO tally (id, side, state, name, inviter, terms, untold, sum) VALUES (?, ?, ?, ?, ?, ?, 0, 0)",
        )?;
        let half = side_code(row.side);
        insert.execute(params![
            row.id.0,
            half,
            row.state.name(),
            row.name,
            row.inviter,
            row.terms.to_bytes()
        ])?;
        let no = self.0.last_insert_rowid();
        self.put_tally(&TallyRow { no, ..row.clone() })?;
        Ok(no)
    }

    /// Writes a tally.
    pub fn put_tally(&self, row: &TallyRow) -> Result<()> {
        let sql = "UPDATE tally SET state = ?1, name = ?2, ticket = ?3, inviter = ?4, cert = ?5, partner = ?6, request = ?7, terms = ?8, my_offer = ?9, my_earlier = ?10, their_offer = ?11, contract = ?12, pair = ?13, device_key = ?14, opened = ?15, untold = ?16, sum = row_sum(no, id, side, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) WHERE no = ?17";
        self.0.prepare_cached(sql)?.execute(params![
            row.state.name(),
            row.name,
            row.ticket.as_ref().map(Canon::to_bytes),
            row.inviter,
            row.cert.as_ref().map(Canon::to_bytes),
            row.partner.as_ref().map(Canon::to_bytes),
            row.request.as_ref().map(Canon::to_bytes),
            row.terms.to_bytes(),
            row.my_offer.as_ref().map(Canon::to_bytes),
            sequence_bytes(&row.my_earlier),
            row.their_offer.as_ref().map(Canon::to_bytes),
            row.contract.as_ref().map(Canon::to_bytes),
            row.pair,
            row.device_key,
            row.opened.map(stored).transpose()?,
            row.untold,
            row.no,
        ])?;
        Ok(())
    }
}
