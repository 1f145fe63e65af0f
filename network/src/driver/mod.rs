//! The only sockets of this crate: a site's listener and its calls to other sites, a wallet's call to its site, and a page of
//! figures for whoever runs a site. What arrives is carried to the [`Host`] in batches; what the host says leaves after the
//! batch is durable.
//!
//! ```text
//! socket ─▶ line (one task a channel) ─▶ desk (one thread, owns the host) ─▶ one transaction ─▶ line ─▶ socket
//!                                            └─ a site that is not connected ─▶ caller ─▶ line
//! ```

mod call;
mod caller;
mod clock;
mod desk;
mod gauge;
mod journal;
mod line;
mod page;
mod serve;

pub use call::{CallError, Channel};
pub use clock::{Seed, SystemTime};
pub use desk::{Batch, Broken, Caller, Errands, Event, Host, Outgoing};
pub use gauge::Gauges;
pub use journal::{Journal, Level};
pub use serve::{Limits, Serve, ServeError, Serving};
