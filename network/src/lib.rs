//! The site: no sockets, no clock outside driver.rs.

pub mod backoff;
pub mod client;
pub mod directory;
pub mod driver;
pub mod letter;
#[cfg(feature = "load")]
pub mod load;
pub mod node;
pub mod peer;
pub mod site;
pub mod store;
pub mod ticket;
pub mod uplink;
