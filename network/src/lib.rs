//! The site: no sockets, no clock outside driver.rs.

pub mod letter;
pub mod node;
pub mod store;
