//! The order: which chit has which place, and what nodes have said of it.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::book::{Book, Flag};
use crate::canon::Canon;
use crate::digest::Digest;
use crate::key::PublicKey;
use crate::order::Endorsement;
use crate::tally::Halves;
use crate::units::Units;

use super::StoreError;
use super::rows::{PlaceRow, fixed, number, object, optional, stored};
use super::shelf::{Result, Shelf, composed};

impl Shelf<'_> {
    /// Puts a chit at the end of the order, where the book has just arrived.
    pub fn add_place(&self, tally: i64, book: &Book, chit: i64, flag: Flag) -> Result<()> {
        let sql = "INSERT INTO place (no, chit, hash, view, flag, paid_stock, paid_foil) VALUES (?, ?, ?, ?, ?, ?, ?)";
        self.0.prepare_cached(sql)?.execute(params![
            composed(tally, book.head.index)?,
            chit,
            book.head.hash.0,
            stored(book.head.view)?,
            flag.code(),
            book.paid.stock.milli(),
            book.paid.foil.milli(),
        ])?;
        let mut update = self.0.prepare_cached("UPDATE chit SET place = ?, flag = ? WHERE no = ?")?;
        update.execute(params![stored(book.head.index)?, flag.code(), chit])?;
        Ok(())
    }

    /// A place of the order.
    pub fn place(&self, tally: i64, index: u64) -> Result<Option<PlaceRow>> {
        Ok(self.places(tally, index.saturating_sub(1), index)?.pop())
    }

    /// Places after `after` up to `upto`, in order.
    pub fn places(&self, tally: i64, after: u64, upto: u64) -> Result<Vec<PlaceRow>> {
        let sql = "SELECT chit, hash, view, flag, paid_stock, paid_foil FROM place WHERE no > ? AND no <= ? ORDER BY no";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([composed(tally, after)?, composed(tally, upto)?])?;
        let mut places = Vec::new();
        while let Some(row) = rows.next()? {
            places.push(place_row(row)?);
        }
        Ok(places)
    }

    /// The order takes a chit otherwise than before: its creditor has accepted it.
    pub fn flag_place(&self, tally: i64, index: u64, flag: Flag) -> Result<()> {
        let mut update = self.0.prepare_cached("UPDATE place SET flag = ? WHERE no = ?")?;
        update.execute(params![flag.code(), composed(tally, index)?])?;
        Ok(())
    }

    /// Takes the order back to an index: a new view begins there.
    pub fn cut_places(&self, tally: i64, index: u64) -> Result<()> {
        let range = [composed(tally, index)?, composed(tally, u64::from(u32::MAX))?];
        let free = "UPDATE chit SET place = 0 WHERE no IN (SELECT chit FROM place WHERE no > ? AND no <= ?)";
        self.0.prepare_cached(free)?.execute(range)?;
        self.0.prepare_cached("DELETE FROM place WHERE no > ? AND no <= ?")?.execute(range)?;
        Ok(())
    }

    /// The newest words of all nodes on a tally.
    pub fn endorsements(&self, tally: i64) -> Result<Vec<Endorsement>> {
        let mut query =
            self.0.prepare_cached("SELECT entry FROM endorsement WHERE tally = ? ORDER BY key")?;
        let mut rows = query.query([tally])?;
        let mut words = Vec::new();
        while let Some(row) = rows.next()? {
            words.push(object(&row.get::<_, Vec<u8>>(0)?)?);
        }
        Ok(words)
    }

    /// One node's newest word.
    pub fn endorsement(&self, tally: i64, key: &PublicKey) -> Result<Option<Endorsement>> {
        let mut query = self.0.prepare_cached("SELECT entry FROM endorsement WHERE tally = ? AND key = ?")?;
        let entry: Option<Vec<u8>> = query.query_row(params![tally, key.0], |row| row.get(0)).optional()?;
        optional(entry)
    }

    /// Keeps a node's newest word.
    pub fn put_endorsement(&self, tally: i64, word: &Endorsement) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO endorsement (tally, key, view, idx, entry) VALUES (?, ?, ?, ?, ?)";
        self.0.prepare_cached(sql)?.execute(params![
            tally,
            word.key.0,
            stored(word.head.view)?,
            stored(word.head.index)?,
            word.to_bytes(),
        ])?;
        Ok(())
    }
}

fn place_row(row: &Row<'_>) -> Result<PlaceRow> {
    let hash = row.get_ref(1)?.as_blob().map_err(|_| StoreError::Corrupt { what: "a hash" })?;
    let view = number(row.get(2)?)?;
    let flag = Flag::of_code(row.get(3)?).ok_or(StoreError::Corrupt { what: "a chit's flag" })?;
    let paid = Halves { stock: Units::new(row.get(4)?), foil: Units::new(row.get(5)?) };
    Ok(PlaceRow { chit: row.get(0)?, hash: Digest(fixed(hash)?), view, flag, paid })
}
