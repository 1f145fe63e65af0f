//! The wallet as a whole: its own row, and what its screen has not been told.

use rusqlite::{OptionalExtension as _, params};

use crate::tally::{Date, TallyId};

use super::rows::{Event, WalletRow, fixed, number, stored};
use super::shelf::{Result, Shelf};

impl Shelf<'_> {
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

    /// Notes when a backup was proven.
    pub fn put_rehearsed(&self, date: Date) -> Result<()> {
        self.0
            .prepare_cached(
                "UPDATE wallet SET rehearsed = ?1, sum = row_sum(no, database, key, root, name, device, ?1)",
            )?
            .execute([stored(date)?])?;
        Ok(())
    }

    /// Destroys every secret, and with the vault's key what opens them. SQLite overwrites what it deletes.
    pub fn forget_keys(&self) -> Result<()> {
        self.0.execute_batch(
            "DELETE FROM wallet; UPDATE tally SET pair = NULL, device_key = NULL; UPDATE chain SET seed = NULL",
        )?;
        Ok(())
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
}
