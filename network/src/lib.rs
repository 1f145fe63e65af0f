//! The site: no sockets, no clock outside driver.rs.

pub mod backoff;
#[cfg(feature = "site")]
pub mod client;
pub mod confirmation;
#[cfg(feature = "site")]
pub mod directory;
#[cfg(feature = "site")]
pub mod driver;
pub mod letter;
#[cfg(feature = "load")]
pub mod load;
#[cfg(feature = "site")]
pub mod node;
pub mod peer;
#[cfg(feature = "site")]
pub mod site;
#[cfg(feature = "site")]
pub mod store;
pub mod ticket;
pub mod uplink;
