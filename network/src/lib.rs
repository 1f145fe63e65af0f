//! The site: no sockets, no clock outside driver.rs.
