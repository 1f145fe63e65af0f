//! The rows that the rules of order read and write, in statements that every engine understands.

use hazel_core::book::{Book, Flag};
use hazel_core::canon::Canon as _;
use hazel_core::chit::{ChainId, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::invoice::InvoiceId;
use hazel_core::key::PublicKey;
use hazel_core::order::{Endorsement, ForkProof};
use hazel_core::rows::Rows;
use hazel_core::store::{ChainRow, PlaceRow, StoreError, StoredChit, chit_no};
use hazel_core::tally::{Halves, Side, SignedTally};
use hazel_core::units::Units;

use super::desk::{Desk, object, of_side, put, side};
use super::sql::{Put, Row};

type Result<T> = std::result::Result<T, StoreError>;

impl Rows for Desk<'_> {
    fn contract(&self, tally: i64) -> Result<SignedTally> {
        let row = self.one("SELECT contract FROM half WHERE no = $1", &[Put::Number(tally)])?;
        self.contract_in(tally, row.ok_or(StoreError::Corrupt { what: "a missing half" })?.bytes(0)?)
    }

    fn chains(&self, tally: i64) -> Result<Vec<ChainRow>> {
        let sql = "SELECT no, half, side, device, epoch, branch, base, seq, hash, next_key, linked FROM chain WHERE half = $1 ORDER BY no";
        self.rows(sql, &[Put::Number(tally)])?.iter().map(chain_row).collect()
    }

    fn branches(&self, tally: i64, id: &ChainId) -> Result<Vec<ChainRow>> {
        let sql = "SELECT no, half, side, device, epoch, branch, base, seq, hash, next_key, linked FROM chain WHERE half = $1 AND side = $2 AND device = $3 AND epoch = $4 ORDER BY branch";
        let values = [Put::Number(tally), of_side(id.side), Put::Number(id.device.into()), put(id.epoch)?];
        self.rows(sql, &values)?.iter().map(chain_row).collect()
    }

    fn add_chain(&self, row: &ChainRow) -> Result<i64> {
        let sql = "INSERT INTO chain (half, side, device, epoch, branch, base, seq, hash, next_key, linked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING no";
        let values = [
            Put::Number(row.tally),
            of_side(row.id.side),
            Put::Number(row.id.device.into()),
            put(row.id.epoch)?,
            Put::Number(row.branch.into()),
            put(row.base)?,
            put(row.seq)?,
            Put::Bytes(&row.hash.0),
            Put::Bytes(&row.next_key.0),
            put(row.linked)?,
        ];
        self.one(sql, &values)?.ok_or(StoreError::Corrupt { what: "a missing chain" })?.number(0)
    }

    fn put_chain(&self, row: &ChainRow) -> Result<()> {
        let sql = "UPDATE chain SET seq = $1, hash = $2, next_key = $3, linked = $4 WHERE no = $5";
        let values = [
            put(row.seq)?,
            Put::Bytes(&row.hash.0),
            Put::Bytes(&row.next_key.0),
            put(row.linked)?,
            Put::Number(row.no),
        ];
        self.run(sql, &values)
    }

    fn chits(&self, chain: i64, after: u64, upto: u64, most: usize) -> Result<Vec<StoredChit>> {
        let sql = "SELECT no, arrival, flag, place, entry FROM chit WHERE no > $1 AND no <= $2 ORDER BY no LIMIT $3";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let values =
            [Put::Number(chit_no(chain, after)?), Put::Number(chit_no(chain, upto)?), Put::Number(most)];
        self.rows(sql, &values)?.iter().map(chit_row).collect()
    }

    fn chit_by_no(&self, no: i64) -> Result<Option<StoredChit>> {
        let sql = "SELECT no, arrival, flag, place, entry FROM chit WHERE no = $1";
        self.one(sql, &[Put::Number(no)])?.map(|row| chit_row(&row)).transpose()
    }

    fn add_chit(&self, chain: i64, chit: &SignedChit, arrival: i64, flag: Flag) -> Result<()> {
        let sql = "INSERT INTO chit (no, arrival, flag, place, entry) VALUES ($1, $2, $3, 0, $4)";
        let no = chit_no(chain, chit.chit.seq)?;
        self.run(sql, &[Put::Number(no), Put::Number(arrival), of_flag(flag), Put::Bytes(&chit.to_bytes())])
    }

    fn flag_chit(&self, no: i64, flag: Flag) -> Result<()> {
        self.run("UPDATE chit SET flag = $1 WHERE no = $2", &[of_flag(flag), Put::Number(no)])
    }

    fn places(&self, tally: i64, after: u64, upto: u64) -> Result<Vec<PlaceRow>> {
        let sql = "SELECT chit, hash, view, flag, paid_stock, paid_foil FROM place WHERE no > $1 AND no <= $2 ORDER BY no";
        let values = [Put::Number(chit_no(tally, after)?), Put::Number(chit_no(tally, upto)?)];
        self.rows(sql, &values)?.iter().map(place_row).collect()
    }

    fn add_place(&self, tally: i64, book: &Book, chit: i64, flag: Flag) -> Result<()> {
        let sql = "INSERT INTO place (no, chit, hash, view, flag, paid_stock, paid_foil) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = [
            Put::Number(chit_no(tally, book.head.index)?),
            Put::Number(chit),
            Put::Bytes(&book.head.hash.0),
            put(book.head.view)?,
            of_flag(flag),
            Put::Number(book.paid.stock.milli()),
            Put::Number(book.paid.foil.milli()),
        ];
        self.run(sql, &values)?;
        let sql = "UPDATE chit SET place = $1, flag = $2 WHERE no = $3";
        self.run(sql, &[put(book.head.index)?, of_flag(flag), Put::Number(chit)])
    }

    fn flag_place(&self, tally: i64, index: u64, flag: Flag) -> Result<()> {
        let values = [of_flag(flag), Put::Number(chit_no(tally, index)?)];
        self.run("UPDATE place SET flag = $1 WHERE no = $2", &values)
    }

    fn cut_places(&self, tally: i64, index: u64) -> Result<()> {
        let range = [Put::Number(chit_no(tally, index)?), Put::Number(chit_no(tally, u64::from(u32::MAX))?)];
        let free =
            "UPDATE chit SET place = 0 WHERE no IN (SELECT chit FROM place WHERE no > $1 AND no <= $2)";
        self.run(free, &range)?;
        self.run("DELETE FROM place WHERE no > $1 AND no <= $2", &range)
    }

    fn endorsements(&self, tally: i64) -> Result<Vec<Endorsement>> {
        let rows = self.rows("SELECT entry FROM word WHERE half = $1 ORDER BY key", &[Put::Number(tally)])?;
        rows.iter().map(|row| object(row.bytes(0)?)).collect()
    }

    fn endorsement(&self, tally: i64, key: &PublicKey) -> Result<Option<Endorsement>> {
        let sql = "SELECT entry FROM word WHERE half = $1 AND key = $2";
        self.one(sql, &[Put::Number(tally), Put::Bytes(&key.0)])?.map(|row| object(row.bytes(0)?)).transpose()
    }

    fn put_endorsement(&self, tally: i64, word: &Endorsement) -> Result<()> {
        let sql = "INSERT INTO word (half, key, entry) VALUES ($1, $2, $3) ON CONFLICT (half, key) DO UPDATE SET entry = excluded.entry";
        self.run(sql, &[Put::Number(tally), Put::Bytes(&word.key.0), Put::Bytes(&word.to_bytes())])
    }

    fn answers(&self, tally: i64, payer: Side, id: &InvoiceId) -> Result<Option<(Option<i64>, i64)>> {
        let sql = "SELECT ordered, first FROM answer WHERE half = $1 AND side = $2 AND id = $3";
        let row = self.one(sql, &[Put::Number(tally), of_side(payer), Put::Bytes(&id.0)])?;
        row.map(|row| Ok((row.number_or_none(0)?, row.number(1)?))).transpose()
    }

    fn put_answers(
        &self,
        tally: i64,
        payer: Side,
        id: &InvoiceId,
        ordered: Option<i64>,
        first: i64,
    ) -> Result<()> {
        let sql = "INSERT INTO answer (half, side, id, ordered, first) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (half, side, id) DO UPDATE SET ordered = excluded.ordered, first = excluded.first";
        let values = [
            Put::Number(tally),
            of_side(payer),
            Put::Bytes(&id.0),
            ordered.map_or(Put::Null, Put::Number),
            Put::Number(first),
        ];
        self.run(sql, &values)
    }

    fn settle_invoice(&self, _: i64, _: Side, _: &InvoiceId, _: Units) -> Result<()> {
        Ok(())
    }

    fn put_proof(&self, tally: i64, proof: &ForkProof) -> Result<()> {
        let bytes = proof.to_bytes();
        let sql =
            "INSERT INTO proof (half, hash, bytes) VALUES ($1, $2, $3) ON CONFLICT (half, hash) DO NOTHING";
        self.run(sql, &[Put::Number(tally), Put::Bytes(&Digest::of(&bytes).0), Put::Bytes(&bytes)])
    }

    fn note(&self, _: i64, _: &str, _: &str) -> Result<()> {
        // A site has no screen; what moved leaves it as letters and events.
        Ok(())
    }
}

fn of_flag<'v>(flag: Flag) -> Put<'v> {
    Put::Number(flag.code().into())
}

fn flag(code: i64) -> Result<Flag> {
    u8::try_from(code).ok().and_then(Flag::of_code).ok_or(StoreError::Corrupt { what: "a flag" })
}

fn chain_row(row: &Row) -> Result<ChainRow> {
    let small = |number: i64| u32::try_from(number).map_err(|_| StoreError::Corrupt { what: "a number" });
    let id = ChainId { side: side(row.number(2)?)?, device: small(row.number(3)?)?, epoch: row.count(4)? };
    let base = row.count(6)?;
    Ok(ChainRow {
        no: row.number(0)?,
        tally: row.number(1)?,
        id,
        branch: small(row.number(5)?)?,
        base,
        seq: row.count(7)?,
        hash: Digest(row.fixed(8)?),
        next_key: Digest(row.fixed(9)?),
        linked: row.count(10)?,
        sent: base,
        known: base,
        held: base,
        receipted: base,
        seed: None,
    })
}

fn chit_row(row: &Row) -> Result<StoredChit> {
    Ok(StoredChit {
        no: row.number(0)?,
        arrival: row.number(1)?,
        flag: flag(row.number(2)?)?,
        place: row.count(3)?,
        entry: object(row.bytes(4)?)?,
    })
}

fn place_row(row: &Row) -> Result<PlaceRow> {
    Ok(PlaceRow {
        chit: row.number(0)?,
        hash: Digest(row.fixed(1)?),
        view: row.count(2)?,
        flag: flag(row.number(3)?)?,
        paid: Halves { stock: Units::new(row.number(4)?), foil: Units::new(row.number(5)?) },
    })
}
