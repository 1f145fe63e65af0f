//! Whether the tables of a file are those that Hazel makes, word by word.
//!
//! A statement that is right fails when the disk has changed the name of a column. Only who knows the tables can tell that from a
//! statement that is wrong.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rusqlite::Connection;

use super::shelf::Result;
use super::{Store, StoreError};

/// A remark on a column that was put better later. Files made before have the old words.
const REWORDED: (&str, &str) = (
    "-- the versions I signed before that one, one after the other",
    "-- the version I signed before that one",
);

/// A table or an index as the file describes it: its kind, its name, what it belongs to, its words.
type Described = (String, String, String, Option<String>);

impl Store {
    /// Compares the tables with those of a new file.
    pub fn check_tables(&self) -> Result<()> {
        let damaged = StoreError::Corrupt { what: "its tables" };
        let held = described(&self.connection).map_err(|_| damaged.clone())?;
        let new = Self::prepare(Connection::open_in_memory()?, &self.migrations)?;
        let made = described(&new.connection)?;
        if held == made || held == made.into_iter().map(as_once_worded).collect() {
            Ok(())
        } else {
            Err(damaged)
        }
    }

    /// A failure that was taken for a defect of ours, blamed on the file if its tables are not as we made them.
    pub(crate) fn blame(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Defect { .. } => self.check_tables().err().unwrap_or(error),
            other => other,
        }
    }
}

/// Whether a file says of itself that only a newer SQLite may write it, or read its tables. What SQLite says then is also said of a file
/// whose owner forbids writing, and of a wrong statement.
pub(super) fn head_bent(path: &Path) -> bool {
    const WRITE_AHEAD_LOG: u8 = 2;
    const TABLES_OF_TODAY: u32 = 4;
    let mut head = [0; 48];
    if File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_err() {
        return false;
    }
    let [.., a, b, c, d] = head;
    head[18] > WRITE_AHEAD_LOG || u32::from_be_bytes([a, b, c, d]) > TABLES_OF_TODAY
}

fn as_once_worded((kind, name, table, words): Described) -> Described {
    let (now, once) = REWORDED;
    (kind, name, table, words.map(|words| words.replace(now, once)))
}

fn described(connection: &Connection) -> Result<BTreeSet<Described>> {
    // Counters that SQLite keeps for itself belong to no version of the schema.
    let mut query = connection
        .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_stat*'")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    rows.map(|row| Ok(row?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without remarks, which the page may word as it likes.
    fn plain(connection: &Connection) -> BTreeSet<Described> {
        let bare = |words: String| {
            let lines = words.lines().map(|line| line.split("--").next().unwrap_or("").trim().to_owned());
            lines.collect::<Vec<_>>().join(" ")
        };
        let all = described(connection).unwrap();
        all.into_iter().map(|(kind, name, table, words)| (kind, name, table, words.map(bare))).collect()
    }

    #[test]
    fn the_migrations_lead_to_the_schema_on_the_page() {
        let page = Connection::open_in_memory().unwrap();
        page.execute_batch(include_str!("schema.sql")).unwrap();
        assert_eq!(plain(&Store::in_memory().unwrap().connection), plain(&page));
    }

    #[test]
    fn every_column_says_what_it_is() {
        for line in include_str!("schema.sql").lines().filter(|line| line.starts_with("    ")) {
            let constraint =
                ["PRIMARY KEY (", "UNIQUE ("].iter().any(|start| line.trim_start().starts_with(start));
            assert!(constraint || line.contains("-- "), "{line}");
        }
    }

    #[test]
    fn a_head_is_bent_where_it_asks_for_a_newer_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wallet.db");
        assert!(!head_bent(&path), "there is no file");
        drop(Store::create(&path).unwrap());
        assert!(!head_bent(&path), "as it was made");
        let whole = std::fs::read(&path).unwrap();
        for (place, newer) in [(18, 3), (47, 5), (44, 1)] {
            let mut bent = whole.clone();
            bent[place] = newer;
            std::fs::write(&path, bent).unwrap();
            assert!(head_bent(&path), "{place}");
        }
    }

    #[test]
    fn a_column_that_the_disk_renamed_is_damage_and_no_defect() {
        let store = Store::in_memory().unwrap();
        assert_eq!(store.check_tables(), Ok(()));
        let wrong = StoreError::from(store.connection.prepare("SELECT nothing FROM wallet").err().unwrap());
        assert!(matches!(wrong, StoreError::Defect { .. }), "{wrong:?}");
        assert_eq!(store.blame(wrong.clone()), wrong);
        store.connection.execute_batch("ALTER TABLE wallet RENAME COLUMN rehearsed TO rehearsee").unwrap();
        assert_eq!(store.blame(wrong), StoreError::Corrupt { what: "its tables" });
    }
}
