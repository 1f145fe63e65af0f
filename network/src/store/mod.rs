//! What a site keeps: users, the halves of their tallies, and nothing about what they paid for.
//!
//! [`SiteStore`] runs transactions on one of its shards; [`Desk`] is what can be read and written inside one, the same statements on
//! every engine. Users are spread over shards by their keys, and a half lies where its first user lies, so that one transaction touches
//! one shard. Where the two halves of a tally lie apart, they speak by letters like two sites do.

mod desk;
mod errands;
mod notes;
mod order_rows;
#[cfg(feature = "postgres")]
mod postgres;
mod sql;
mod sqlite;
#[cfg(feature = "testing")]
pub mod suite;
mod tickets;

pub use hazel_core::store::StoreError;

pub use desk::{ClaimRow, Contracts, Desk, HalfRow, MemberRow};
pub(crate) use desk::{UNTOLD, is_restless};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use sql::{Found, Put, Row, Sql};
pub use sqlite::SqliteStore;
pub use tickets::UsedTickets;

/// The version of the site's schema, counted in migrations.
pub const SCHEMA_VERSION: usize = 4;

/// Where a site keeps everything. Both engines behind it pass one suite.
pub trait SiteStore: Send {
    /// How many shards there are; at least one.
    fn shards(&self) -> u16;

    /// Changes everything or nothing on one shard; when it returns without error, the change is durable.
    fn change(
        &mut self,
        shard: u16,
        act: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// Reads one shard.
    fn read(
        &mut self,
        shard: u16,
        look: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;
}

impl SiteStore for Box<dyn SiteStore> {
    fn shards(&self) -> u16 {
        (**self).shards()
    }

    fn change(
        &mut self,
        shard: u16,
        act: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        (**self).change(shard, act)
    }

    fn read(
        &mut self,
        shard: u16,
        look: &mut dyn FnMut(&Desk<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        (**self).read(shard, look)
    }
}

/// The shard of a user.
#[must_use]
pub fn shard_of(user: &[u8; 32], shards: u16) -> u16 {
    let start = user.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let shard = start.checked_rem(u64::from(shards.max(1))).unwrap_or(0);
    u16::try_from(shard).unwrap_or(0)
}
