//! The little that two database engines have in common, and all that the statements need of them.

use hazel_core::store::StoreError;

/// A value on its way into a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put<'v> {
    /// Nothing.
    Null,
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(&'v [u8]),
    /// Text.
    Text(&'v str),
}

/// A value out of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Null,
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
}

/// A row of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row(pub(super) Vec<Found>);

const COLUMN: StoreError = StoreError::Corrupt { what: "a column" };

impl Row {
    /// A number.
    pub fn number(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Found::Number(number)) => Ok(*number),
            _ => Err(COLUMN),
        }
    }

    /// A number that is not below zero.
    pub fn count(&self, column: usize) -> Result<u64, StoreError> {
        u64::try_from(self.number(column)?).map_err(|_| StoreError::Corrupt { what: "a number" })
    }

    /// A number, or nothing.
    pub fn number_or_none(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Found::Null) => Ok(None),
            _ => self.number(column).map(Some),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        match self.0.get(column) {
            Some(Found::Bytes(bytes)) => Ok(bytes),
            _ => Err(COLUMN),
        }
    }

    /// Bytes, or nothing.
    pub fn bytes_or_none(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.0.get(column) {
            Some(Found::Null) => Ok(None),
            _ => self.bytes(column).map(Some),
        }
    }

    /// Bytes of one length.
    pub fn fixed<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        self.bytes(column)?.try_into().map_err(|_| StoreError::Corrupt { what: "a column's length" })
    }

    /// Text.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.0.get(column) {
            Some(Found::Text(text)) => Ok(text),
            _ => Err(COLUMN),
        }
    }
}

/// An open transaction. Statements are written once for both engines: values go by `$1`, `$2` and so on, in the order of their first
/// appearance.
pub trait Sql {
    /// Runs a statement.
    fn run(&self, sql: &'static str, values: &[Put<'_>]) -> Result<(), StoreError>;
    /// Runs a query.
    fn rows(&self, sql: &'static str, values: &[Put<'_>]) -> Result<Vec<Row>, StoreError>;
    /// Whether the engine has taken back the whole transaction by itself, as SQLite does on a full or failing disk.
    fn has_ended(&self) -> bool {
        false
    }
    /// Keeps every other process away from what this number stands for until the transaction ends.
    fn lock(&self, what: i64) -> Result<(), StoreError>;
}
