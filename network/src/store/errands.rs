//! Errands that users have carried here. What a user may leave is decided by the node; here are the rows.

use hazel_core::canon::Canon as _;
use hazel_core::errand::{Claim, Errand, ErrandId, Shown};
use hazel_core::store::StoreError;
use hazel_core::tally::Date;

use super::desk::{Desk, object, put};
use super::sql::Put;

type Result<T> = std::result::Result<T, StoreError>;

impl Desk<'_> {
    /// Keeps an errand. One that is here already stays as it was brought first.
    pub fn put_errand(&self, bringer: &[u8; 32], errand: &Errand) -> Result<()> {
        let sql = "INSERT INTO errand (id, bringer, tag, expires, entry) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";
        let (id, shown, entry) = (errand.id(), errand.shown(), errand.to_bytes());
        let expires = put(errand.expires)?;
        let values =
            [Put::Bytes(&id.0), Put::Bytes(bringer), Put::Bytes(shown.tag()), expires, Put::Bytes(&entry)];
        self.run(sql, &values)
    }

    /// Whether an errand is kept.
    pub fn has_errand(&self, id: &ErrandId) -> Result<bool> {
        Ok(!self.rows("SELECT expires FROM errand WHERE id = $1", &[Put::Bytes(&id.0)])?.is_empty())
    }

    /// How many errands are kept and how many bytes: together, and of those the ones that somebody brought.
    pub fn errands_kept(&self, bringer: &[u8; 32]) -> Result<[(u64, u64); 2]> {
        let sql = "SELECT count(*), CAST(coalesce(sum(length(entry)), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN bringer = $1 THEN 1 ELSE 0 END), 0) AS BIGINT), CAST(coalesce(sum(CASE WHEN bringer = $1 THEN length(entry) ELSE 0 END), 0) AS BIGINT) FROM errand";
        let rows = self.rows(sql, &[Put::Bytes(bringer)])?;
        let row = rows.first().ok_or(StoreError::Corrupt { what: "a count" })?;
        Ok([(row.count(0)?, row.count(1)?), (row.count(2)?, row.count(3)?)])
    }

    /// How many errands are kept here, and how many bytes.
    pub fn errands_in_all(&self) -> Result<(u64, u64)> {
        let sql = "SELECT count(*), CAST(coalesce(sum(length(entry)), 0) AS BIGINT) FROM errand";
        let row = self.one(sql, &[])?.unwrap_or_default();
        Ok((row.count(0)?, row.count(1)?))
    }

    /// What is seen of all that others brought.
    pub fn errands_shown(&self, bringer: &[u8; 32]) -> Result<Vec<Shown>> {
        let sql = "SELECT entry FROM errand WHERE bringer <> $1 ORDER BY expires, id";
        let rows = self.rows(sql, &[Put::Bytes(bringer)])?;
        rows.iter().map(|row| Ok(object::<Errand>(row.bytes(0)?)?.shown())).collect()
    }

    /// The errand that is claimed, if it is here.
    pub fn errand_claimed(&self, claim: &Claim) -> Result<Option<Errand>> {
        let rows = self.rows("SELECT entry FROM errand WHERE tag = $1", &[Put::Bytes(&claim.tag())])?;
        rows.first().map(|row| object(row.bytes(0)?)).transpose()
    }

    /// Forgets an errand.
    pub fn drop_errand(&self, id: &ErrandId) -> Result<()> {
        self.run("DELETE FROM errand WHERE id = $1", &[Put::Bytes(&id.0)])
    }

    /// Forgets all errands whose time was over at this date.
    pub fn drop_late_errands(&self, date: Date) -> Result<()> {
        self.run("DELETE FROM errand WHERE expires < $1", &[put(date)?])
    }
}
