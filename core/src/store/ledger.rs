//! What can be read and written inside one transaction.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::book::{Book, Flag};
use crate::canon::Canon;
use crate::chit::{ChainId, SignedChit};
use crate::digest::Digest;
use crate::invoice::{InvoiceId, InvoiceState};
use crate::key::PublicKey;
use crate::negotiation::TallyState;
use crate::order::{Endorsement, ForkProof};
use crate::tally::{Date, Halves, Side, TallyId};
use crate::units::Units;

use super::StoreError;
use super::rows::{
    ChainRow, Event, Glance, InvoiceRow, KeptWord, PlaceRow, PlacedChit, Standing, StoredChit, TallyRow,
    TallySecrets, Traded, WalletRow, fixed, number, object, optional, side, side_code, stored,
};

type Result<T> = std::result::Result<T, StoreError>;

/// Rows of the database, for as long as a transaction lasts.
pub struct Shelf<'c>(&'c Connection);

const CHAIN: &str = "SELECT no, tally, side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed FROM chain";

/// Tables whose rows an audit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedTable {
    /// Every chit belongs to a chain.
    Chits,
    /// Every place belongs to an order.
    Places,
    /// Every answer belongs to a pledge.
    Answers,
    /// Every endorsement belongs to a tally.
    Endorsements,
}

/// The tables whose rows carry a sum, and the columns it is over.
const SUMMED: [(&str, &str); 7] = [
    ("wallet", "no, database, key, root, name, device, rehearsed"),
    (
        "tally",
        "no, id, side, state, name, ticket, inviter, cert, partner, request, terms, my_offer, my_earlier, their_offer, contract, pair, device_key, opened, untold",
    ),
    (
        "standing",
        "tally, book, tip, arrivals, agreed, final, final_stock, final_foil, chain, reconciling, owed, met",
    ),
    (
        "chain",
        "no, tally, side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed",
    ),
    ("invoice", "id, tally, mine, state, units, date, expires, entry, answer, sent"),
    ("parked", "tally, reason, bytes"),
    ("event", "tally, code, args"),
];

/// Makes the sum over a row known to SQL: the beginning of a SHA-256 over types, lengths and values.
pub(super) fn teach_row_sum(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("row_sum", -1, flags, |context| {
        let mut row = Vec::with_capacity(512);
        for index in 0..context.len() {
            let (kind, bytes): (u8, &[u8]) = match context.get_raw(index) {
                ValueRef::Null => (0, &[]),
                ValueRef::Integer(number) => {
                    row.push(1);
                    row.extend_from_slice(&number.to_be_bytes());
                    continue;
                }
                ValueRef::Real(_) => (2, &[]),
                ValueRef::Text(text) => (3, text),
                ValueRef::Blob(blob) => (4, blob),
            };
            row.push(kind);
            row.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            row.extend_from_slice(bytes);
        }
        Ok(i64::from_be_bytes(Digest::of(&row).first()))
    })?;
    Ok(())
}

/// chit.no and place.no: a short name in the upper half, a running number in the lower.
fn composed(upper: i64, lower: u64) -> Result<i64> {
    upper
        .checked_mul(1 << 32)
        .and_then(|base| base.checked_add(stored(lower).ok()?))
        .ok_or(StoreError::Corrupt { what: "a number" })
}

/// The stored name of a chit: its chain's short name in the upper half, its number in the lower.
pub fn chit_no(chain: i64, seq: u64) -> Result<i64> {
    composed(chain, seq)
}

impl<'c> Shelf<'c> {
    pub(super) const fn new(connection: &'c Connection) -> Self {
        Self(connection)
    }

    /// Tries something inside the transaction: if it is refused, what it wrote is taken back and the rest stays.
    pub fn attempt<T, E: From<StoreError>>(
        &self,
        act: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let run =
            |sql: &str| self.0.prepare_cached(sql).and_then(|mut s| s.execute([])).map_err(StoreError::from);
        run("SAVEPOINT attempt")?;
        let done = act();
        if done.is_err() {
            run("ROLLBACK TO attempt")?;
        }
        run("RELEASE attempt")?;
        done
    }

    /// The wallet's own row, if it was made already.
    pub fn wallet(&self) -> Result<Option<WalletRow>> {
        let sql = "SELECT database, key, root, name, device, rehearsed FROM wallet";
        let row = self.0.prepare_cached(sql)?.query_row([], |row| {
            Ok((
                row.get::<_, Vec<u8>>(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get::<_, Option<i64>>(5)?,
            ))
        });
        let Some((database, key, root, name, device, rehearsed)) = row.optional()? else { return Ok(None) };
        let rehearsed = rehearsed.map(number).transpose()?;
        Ok(Some(WalletRow { database: fixed(&database)?, key, root, name, device, rehearsed }))
    }

    /// Writes the wallet's own row.
    pub fn put_wallet(&self, row: &WalletRow) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO wallet (no, database, key, root, name, device, rehearsed, sum) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, row_sum(1, ?1, ?2, ?3, ?4, ?5, ?6))";
        let rehearsed = row.rehearsed.map(stored).transpose()?;
        self.0.prepare_cached(sql)?.execute(params![
            row.database,
            row.key,
            row.root,
            row.name,
            row.device,
            rehearsed
        ])?;
        Ok(())
    }

    /// Destroys every secret, and with the vault's key what opens them. SQLite overwrites what it deletes.
    pub fn forget_keys(&self) -> Result<()> {
        self.0.execute_batch(
            "DELETE FROM wallet; UPDATE tally SET pair = NULL, device_key = NULL; UPDATE chain SET seed = NULL",
        )?;
        Ok(())
    }

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
            my_earlier: optional(row.get(11)?)?,
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
            row.my_earlier.as_ref().map(Canon::to_bytes),
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

    /// Where a tally stands, if it has a contract.
    pub fn standing(&self, tally: i64) -> Result<Option<Standing>> {
        let sql = "SELECT book, tip, arrivals, agreed, final, final_stock, final_foil, chain, reconciling, owed, met FROM standing WHERE tally = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([tally])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let book = |index: usize| -> Result<Book> {
            let bytes = row.get_ref(index)?.as_blob().map_err(|_| StoreError::Corrupt { what: "book" })?;
            object(bytes)
        };
        Ok(Some(Standing {
            tally,
            book: book(0)?,
            tip: book(1)?,
            arrivals: row.get(2)?,
            agreed: number(row.get(3)?)?,
            final_index: number(row.get(4)?)?,
            final_paid: Halves { stock: Units::new(row.get(5)?), foil: Units::new(row.get(6)?) },
            chain: row.get(7)?,
            reconciling: row.get(8)?,
            owed: row.get(9)?,
            met: row.get::<_, Option<i64>>(10)?.map(number).transpose()?,
        }))
    }

    /// What a list shows: of all tallies, or of one.
    pub fn glances(&self, only: Option<&TallyId>) -> Result<Vec<Glance>> {
        let sql = "SELECT no, id, side, state, name, book, tip, arrivals, agreed, final, final_stock, final_foil, reconciling, met FROM tally LEFT JOIN standing ON standing.tally = tally.no WHERE ?1 IS NULL OR id = ?1 ORDER BY no";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([only.map(|id| id.0)])?;
        let mut glances = Vec::new();
        while let Some(row) = rows.next()? {
            let state =
                row.get_ref(3)?.as_str().map_err(|_| StoreError::Corrupt { what: "a tally's state" })?;
            glances.push(Glance {
                no: row.get(0)?,
                id: TallyId(fixed(
                    row.get_ref(1)?.as_blob().map_err(|_| StoreError::Corrupt { what: "tally id" })?,
                )?),
                side: side(row.get(2)?)?,
                state: TallyState::named(state).ok_or(StoreError::Corrupt { what: "a tally's state" })?,
                name: row.get(4)?,
                traded: traded(row)?,
            });
        }
        Ok(glances)
    }

    /// The chits of the order after `after` up to `upto`, in order.
    pub fn placed(&self, tally: i64, after: u64, upto: u64) -> Result<Vec<PlacedChit>> {
        let sql = "SELECT chit.no, arrival, chit.flag, chit.place, entry, paid_stock, paid_foil FROM place JOIN chit ON chit.no = place.chit WHERE place.no > ? AND place.no <= ? ORDER BY place.no";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([composed(tally, after)?, composed(tally, upto)?])?;
        let mut placed = Vec::new();
        while let Some(row) = rows.next()? {
            let paid = Halves { stock: Units::new(row.get(5)?), foil: Units::new(row.get(6)?) };
            placed.push(PlacedChit { chit: chit_row(row)?, paid });
        }
        Ok(placed)
    }

    /// My half and the book over everything held: all that a balance needs.
    pub fn tip(&self, id: &TallyId) -> Result<Option<(Side, Option<Book>)>> {
        let sql = "SELECT side, tip FROM tally LEFT JOIN standing ON standing.tally = tally.no WHERE id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([id.0])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let tip = row.get_ref(1)?.as_blob_or_null().map_err(|_| StoreError::Corrupt { what: "book" })?;
        Ok(Some((side(row.get(0)?)?, tip.map(object).transpose()?)))
    }

    /// Writes where a tally stands.
    pub fn put_standing(&self, row: &Standing) -> Result<()> {
        let sql = "INSERT INTO standing (tally, book, tip, arrivals, agreed, final, final_stock, final_foil, chain, reconciling, owed, met, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)) ON CONFLICT (tally) DO UPDATE SET book = excluded.book, tip = excluded.tip, arrivals = excluded.arrivals, agreed = excluded.agreed, final = excluded.final, final_stock = excluded.final_stock, final_foil = excluded.final_foil, chain = excluded.chain, reconciling = excluded.reconciling, owed = excluded.owed, met = excluded.met, sum = excluded.sum";
        self.0.prepare_cached(sql)?.execute(params![
            row.tally,
            row.book.to_bytes(),
            row.tip.to_bytes(),
            row.arrivals,
            stored(row.agreed)?,
            stored(row.final_index)?,
            row.final_paid.stock.milli(),
            row.final_paid.foil.milli(),
            row.chain,
            row.reconciling,
            row.owed,
            row.met.map(stored).transpose()?,
        ])?;
        Ok(())
    }

    /// All chains of a tally and their branches, oldest first.
    pub fn chains(&self, tally: i64) -> Result<Vec<ChainRow>> {
        let mut query = self.0.prepare_cached(&format!("{CHAIN} WHERE tally = ? ORDER BY no"))?;
        let mut rows = query.query([tally])?;
        let mut chains = Vec::new();
        while let Some(row) = rows.next()? {
            chains.push(chain_row(row)?);
        }
        Ok(chains)
    }

    /// The branches of one chain, the first one first.
    pub fn branches(&self, tally: i64, id: &ChainId) -> Result<Vec<ChainRow>> {
        let sql =
            format!("{CHAIN} WHERE tally = ? AND side = ? AND device = ? AND epoch = ? ORDER BY branch");
        let mut query = self.0.prepare_cached(&sql)?;
        let mut rows = query.query(params![tally, side_code(id.side), id.device, stored(id.epoch)?])?;
        let mut chains = Vec::new();
        while let Some(row) = rows.next()? {
            chains.push(chain_row(row)?);
        }
        Ok(chains)
    }

    /// A chain by its short name.
    pub fn chain(&self, no: i64) -> Result<ChainRow> {
        let mut query = self.0.prepare_cached(&format!("{CHAIN} WHERE no = ?"))?;
        let mut rows = query.query([no])?;
        chain_row(rows.next()?.ok_or(StoreError::Corrupt { what: "a missing chain" })?)
    }

    /// Adds a chain and returns its short name.
    pub fn add_chain(&self, row: &ChainRow) -> Result<i64> {
        let sql = "INSERT INTO chain (tally, side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)";
        self.0.prepare_cached(sql)?.execute(params![
            row.tally,
            side_code(row.id.side),
            row.id.device,
            stored(row.id.epoch)?,
            row.branch,
            stored(row.base)?,
            stored(row.seq)?,
            row.hash.0,
            row.next_key.0,
            stored(row.linked)?,
            stored(row.sent)?,
            stored(row.known)?,
            stored(row.held)?,
            stored(row.receipted)?,
            row.seed,
        ])?;
        let no = self.0.last_insert_rowid();
        self.put_chain(&ChainRow { no, ..row.clone() })?;
        Ok(no)
    }

    /// Writes what moves on a chain.
    pub fn put_chain(&self, row: &ChainRow) -> Result<()> {
        let sql = "UPDATE chain SET seq = ?1, hash = ?2, next_key = ?3, linked = ?4, sent = ?5, known = ?6, held = ?7, receipted = ?8, seed = ?9, sum = row_sum(no, tally, side, device, epoch, branch, base, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) WHERE no = ?10";
        self.0.prepare_cached(sql)?.execute(params![
            stored(row.seq)?,
            row.hash.0,
            row.next_key.0,
            stored(row.linked)?,
            stored(row.sent)?,
            stored(row.known)?,
            stored(row.held)?,
            stored(row.receipted)?,
            row.seed,
            row.no,
        ])?;
        Ok(())
    }

    /// Adds a chit at its place in its chain.
    pub fn add_chit(&self, chain: i64, chit: &SignedChit, arrival: i64, flag: Flag) -> Result<()> {
        let no = composed(chain, chit.chit.seq)?;
        let mut insert = self
            .0
            .prepare_cached("INSERT INTO chit (no, arrival, flag, place, entry) VALUES (?, ?, ?, 0, ?)")?;
        insert.execute(params![no, arrival, flag.code(), chit.to_bytes()])?;
        Ok(())
    }

    /// The chits of one chain after `after` up to `upto`, in order, at most `most`.
    pub fn chits(&self, chain: i64, after: u64, upto: u64, most: usize) -> Result<Vec<StoredChit>> {
        let sql =
            "SELECT no, arrival, flag, place, entry FROM chit WHERE no > ? AND no <= ? ORDER BY no LIMIT ?";
        let mut query = self.0.prepare_cached(sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = query.query(params![composed(chain, after)?, composed(chain, upto)?, most])?;
        let mut chits = Vec::new();
        while let Some(row) = rows.next()? {
            chits.push(chit_row(row)?);
        }
        Ok(chits)
    }

    /// The chits of one chain as they lie there, for the audit: their number, and the row if it can be read at all.
    pub fn chits_unread(
        &self,
        chain: i64,
        after: u64,
        upto: u64,
        most: usize,
    ) -> Result<Vec<(i64, Result<StoredChit>)>> {
        let sql =
            "SELECT no, arrival, flag, place, entry FROM chit WHERE no > ? AND no <= ? ORDER BY no LIMIT ?";
        let mut query = self.0.prepare_cached(sql)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = query.query(params![composed(chain, after)?, composed(chain, upto)?, most])?;
        let mut chits = Vec::new();
        while let Some(row) = rows.next()? {
            let entry = row.get_ref(4)?.as_blob().unwrap_or_default();
            let strict =
                SignedChit::from_bytes(entry).map_err(|_| StoreError::Corrupt { what: SignedChit::WHAT });
            chits.push((row.get(0)?, strict.and_then(|_| chit_row(row))));
        }
        Ok(chits)
    }

    /// How many rows a table has.
    pub fn count(&self, table: CountedTable) -> Result<u64> {
        let sql = match table {
            CountedTable::Chits => "SELECT count(*) FROM chit",
            CountedTable::Places => "SELECT count(*) FROM place",
            CountedTable::Answers => "SELECT count(*) FROM answer",
            CountedTable::Endorsements => "SELECT count(*) FROM endorsement",
        };
        number(self.0.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Tables in which a row is not what was written, by their sums.
    pub fn altered_tables(&self) -> Result<Vec<&'static str>> {
        let mut altered = Vec::new();
        for (table, columns) in SUMMED {
            let sql = format!("SELECT count(*) FROM {table} WHERE sum IS NOT row_sum({columns})");
            let wrong: i64 = self.0.query_row(&sql, [], |row| row.get(0))?;
            if wrong > 0 {
                altered.push(table);
            }
        }
        Ok(altered)
    }

    /// All proofs with the hash they are kept under.
    pub fn proofs_kept(&self) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let mut query = self.0.prepare_cached("SELECT hash, bytes FROM proof")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.map(|row| Ok(row?)).collect()
    }

    /// Endorsements with the columns they are kept under.
    pub fn endorsements_kept(&self, tally: i64) -> Result<Vec<KeptWord>> {
        let mut query =
            self.0.prepare_cached("SELECT key, view, idx, entry FROM endorsement WHERE tally = ?")?;
        let rows = query.query_map([tally], |row| {
            Ok(KeptWord { key: row.get(0)?, view: row.get(1)?, index: row.get(2)?, entry: row.get(3)? })
        })?;
        rows.map(|row| Ok(row?)).collect()
    }

    /// One chit by its number in its chain.
    pub fn chit(&self, chain: i64, seq: u64) -> Result<Option<StoredChit>> {
        self.chit_by_no(composed(chain, seq)?)
    }

    /// One chit by its stored name.
    pub fn chit_by_no(&self, no: i64) -> Result<Option<StoredChit>> {
        let mut query =
            self.0.prepare_cached("SELECT no, arrival, flag, place, entry FROM chit WHERE no = ?")?;
        let mut rows = query.query([no])?;
        rows.next()?.map(chit_row).transpose()
    }

    /// Changes how a chit is taken.
    pub fn flag_chit(&self, no: i64, flag: Flag) -> Result<()> {
        self.0.prepare_cached("UPDATE chit SET flag = ? WHERE no = ?")?.execute(params![flag.code(), no])?;
        Ok(())
    }

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

    /// An invoice.
    pub fn invoice(&self, id: &InvoiceId) -> Result<Option<InvoiceRow>> {
        let sql = "SELECT id, tally, mine, state, entry, answer, sent FROM invoice WHERE id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([id.0])?;
        rows.next()?.map(invoice_row).transpose()
    }

    /// All invoices of a tally, oldest first.
    pub fn invoices(&self, tally: i64) -> Result<Vec<InvoiceRow>> {
        let sql = "SELECT id, tally, mine, state, entry, answer, sent FROM invoice WHERE tally = ? ORDER BY date, id";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([tally])?;
        let mut invoices = Vec::new();
        while let Some(row) = rows.next()? {
            invoices.push(invoice_row(row)?);
        }
        Ok(invoices)
    }

    /// Writes an invoice.
    pub fn put_invoice(&self, row: &InvoiceRow) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO invoice (id, tally, mine, state, units, date, expires, entry, answer, sent, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10))";
        let invoice = &row.entry.invoice;
        self.0.prepare_cached(sql)?.execute(params![
            row.id.0,
            row.tally,
            row.mine,
            row.state.name(),
            invoice.units.milli(),
            stored(invoice.date)?,
            stored(invoice.expires)?,
            row.entry.to_bytes(),
            row.answer.as_ref().map(Canon::to_bytes),
            row.sent,
        ])?;
        Ok(())
    }

    /// Which of a side's pledges answer an invoice: the first in the order, the first that came in.
    pub fn answers(&self, tally: i64, payer: Side, id: &InvoiceId) -> Result<Option<(Option<i64>, i64)>> {
        let sql = "SELECT ordered, first FROM answer WHERE tally = ? AND side = ? AND id = ?";
        let mut query = self.0.prepare_cached(sql)?;
        let row =
            query.query_row(params![tally, side_code(payer), id.0], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(row.optional()?)
    }

    /// Notes which of a side's pledges answer an invoice.
    pub fn put_answers(
        &self,
        tally: i64,
        payer: Side,
        id: &InvoiceId,
        ordered: Option<i64>,
        first: i64,
    ) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO answer (tally, side, id, ordered, first) VALUES (?, ?, ?, ?, ?)";
        self.0.prepare_cached(sql)?.execute(params![tally, side_code(payer), id.0, ordered, first])?;
        Ok(())
    }

    /// Keeps a message that cannot be used yet.
    pub fn park(&self, tally: i64, reason: &str, message: &[u8]) -> Result<()> {
        let held = "SELECT count(*) FROM parked WHERE tally = ? AND reason = ? AND bytes = ?";
        let mut query = self.0.prepare_cached(held)?;
        if query.query_row::<i64, _, _>(params![tally, reason, message], |row| row.get(0))? > 0 {
            return Ok(());
        }
        let sql = "INSERT INTO parked (tally, reason, bytes, sum) VALUES (?1, ?2, ?3, row_sum(?1, ?2, ?3))";
        self.0.prepare_cached(sql)?.execute(params![tally, reason, message])?;
        Ok(())
    }

    /// How many bytes are parked for a tally, for one reason.
    pub fn parked_bytes(&self, tally: i64, reason: &str) -> Result<u64> {
        let sql = "SELECT coalesce(sum(length(bytes)), 0) FROM parked WHERE tally = ? AND reason = ?";
        let mut query = self.0.prepare_cached(sql)?;
        number(query.query_row(params![tally, reason], |row| row.get(0))?)
    }

    /// Takes out everything that waited for one reason, oldest first.
    pub fn unpark(&self, tally: i64, reason: &str) -> Result<Vec<Vec<u8>>> {
        let mut query =
            self.0.prepare_cached("SELECT bytes FROM parked WHERE tally = ? AND reason = ? ORDER BY no")?;
        let rows = query.query_map(params![tally, reason], |row| row.get(0))?;
        let messages: Vec<Vec<u8>> = rows.collect::<std::result::Result<_, _>>()?;
        if !messages.is_empty() {
            let mut delete = self.0.prepare_cached("DELETE FROM parked WHERE tally = ? AND reason = ?")?;
            delete.execute(params![tally, reason])?;
        }
        Ok(messages)
    }

    /// Keeps a proof.
    pub fn put_proof(&self, tally: i64, proof: &ForkProof) -> Result<()> {
        let bytes = proof.to_bytes();
        let mut insert =
            self.0.prepare_cached("INSERT OR IGNORE INTO proof (hash, tally, bytes) VALUES (?, ?, ?)")?;
        insert.execute(params![Digest::of(&bytes).0, tally, bytes])?;
        Ok(())
    }

    /// All proofs of a tally.
    pub fn proofs(&self, tally: i64) -> Result<Vec<ForkProof>> {
        let mut query = self.0.prepare_cached("SELECT bytes FROM proof WHERE tally = ? ORDER BY hash")?;
        let mut rows = query.query([tally])?;
        let mut proofs = Vec::new();
        while let Some(row) = rows.next()? {
            proofs.push(object(&row.get::<_, Vec<u8>>(0)?)?);
        }
        Ok(proofs)
    }

    /// Adds to what the screen has not been told.
    pub fn add_event(&self, tally: Option<i64>, code: &str, args: &str) -> Result<()> {
        let mut insert = self.0.prepare_cached(
            "INSERT INTO event (tally, code, args, sum) VALUES (?1, ?2, ?3, row_sum(?1, ?2, ?3))",
        )?;
        insert.execute(params![tally, code, args])?;
        Ok(())
    }

    /// The oldest thing the screen has not been told.
    pub fn next_event(&self) -> Result<Option<Event>> {
        let sql = "SELECT event.no, tally.id, code, args FROM event LEFT JOIN tally ON tally.no = event.tally ORDER BY event.no LIMIT 1";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let tally = row.get::<_, Option<Vec<u8>>>(1)?.map(|id| fixed(&id).map(TallyId)).transpose()?;
        let args: String = row.get(3)?;
        Ok(Some(Event {
            no: row.get(0)?,
            tally,
            code: row.get(2)?,
            args: args.lines().map(str::to_owned).collect(),
        }))
    }

    /// The screen has been told.
    pub fn drop_event(&self, no: i64) -> Result<()> {
        self.0.prepare_cached("DELETE FROM event WHERE no = ?")?.execute([no])?;
        Ok(())
    }

    /// Notes when a backup was proven.
    pub fn put_rehearsed(&self, date: Date) -> Result<()> {
        self.0
            .prepare_cached(
                "UPDATE wallet SET rehearsed = ?1, sum = row_sum(no, database, key, root, name, device, ?1)",
            )?
            .execute([stored(date)?])?;
        Ok(())
    }
}

fn traded(row: &Row<'_>) -> Result<Option<Traded>> {
    let blob = |index: usize| {
        row.get_ref(index)?.as_blob_or_null().map_err(|_| StoreError::Corrupt { what: "book" })
    };
    let (Some(book), Some(tip)) = (blob(5)?, blob(6)?) else { return Ok(None) };
    Ok(Some(Traded {
        head: Book::head_of(book).map_err(|_| StoreError::Corrupt { what: "book" })?,
        tip: object(tip)?,
        arrivals: number(row.get(7)?)?,
        agreed: number(row.get(8)?)?,
        final_index: number(row.get(9)?)?,
        final_paid: Halves { stock: Units::new(row.get(10)?), foil: Units::new(row.get(11)?) },
        reconciling: row.get(12)?,
        met: row.get::<_, Option<i64>>(13)?.map(number).transpose()?,
    }))
}

fn chain_row(row: &Row<'_>) -> Result<ChainRow> {
    let blob = |index: usize| -> Result<Digest> {
        Ok(Digest(fixed(row.get_ref(index)?.as_blob().map_err(|_| StoreError::Corrupt { what: "a hash" })?)?))
    };
    Ok(ChainRow {
        no: row.get(0)?,
        tally: row.get(1)?,
        id: ChainId { side: side(row.get(2)?)?, device: row.get(3)?, epoch: number(row.get(4)?)? },
        branch: row.get(5)?,
        base: number(row.get(6)?)?,
        seq: number(row.get(7)?)?,
        hash: blob(8)?,
        next_key: blob(9)?,
        linked: number(row.get(10)?)?,
        sent: number(row.get(11)?)?,
        known: number(row.get(12)?)?,
        held: number(row.get(13)?)?,
        receipted: number(row.get(14)?)?,
        seed: row.get(15)?,
    })
}

fn chit_row(row: &Row<'_>) -> Result<StoredChit> {
    let bytes = row.get_ref(4)?.as_blob().map_err(|_| StoreError::Corrupt { what: "signed chit" })?;
    let flag = Flag::of_code(row.get(2)?).ok_or(StoreError::Corrupt { what: "a chit's flag" })?;
    let place = number(row.get(3)?)?;
    Ok(StoredChit { no: row.get(0)?, arrival: row.get(1)?, flag, place, entry: object(bytes)? })
}

fn place_row(row: &Row<'_>) -> Result<PlaceRow> {
    let hash = row.get_ref(1)?.as_blob().map_err(|_| StoreError::Corrupt { what: "a hash" })?;
    let view = number(row.get(2)?)?;
    let flag = Flag::of_code(row.get(3)?).ok_or(StoreError::Corrupt { what: "a chit's flag" })?;
    let paid = Halves { stock: Units::new(row.get(4)?), foil: Units::new(row.get(5)?) };
    Ok(PlaceRow { chit: row.get(0)?, hash: Digest(fixed(hash)?), view, flag, paid })
}

fn invoice_row(row: &Row<'_>) -> Result<InvoiceRow> {
    let state: String = row.get(3)?;
    Ok(InvoiceRow {
        id: InvoiceId(fixed(&row.get::<_, Vec<u8>>(0)?)?),
        tally: row.get(1)?,
        mine: row.get(2)?,
        state: InvoiceState::named(&state).ok_or(StoreError::Corrupt { what: "an invoice's state" })?,
        entry: object(&row.get::<_, Vec<u8>>(4)?)?,
        answer: optional(row.get(5)?)?,
        sent: row.get(6)?,
    })
}
