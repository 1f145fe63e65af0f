//! What a wallet can show and scan, without I/O and without a clock: bytes and pixels in, one [`Qr`] or a
//! [`Refusal`] out; payloads in, pictures out.
//!
//! ```
//! use hazel_core::address::Address;
//! use hazel_qr::code::Own;
//! use hazel_qr::picture::Level;
//! use hazel_qr::scan::{self, Circumstances, Qr};
//! use hazel_qr::show::{Shown, show};
//!
//! let address: Address = "chip://ana:U2F3W5@example.org:65430".parse()?;
//! let own = Own::of(&address)?;
//! let Shown::Still(picture) = show(&own, Level::SCREEN)? else { unreachable!() };
//! assert!(picture.version() <= 10);
//! let read = scan::text(&own.picture_text(), &Circumstances::at(1_800_000_000));
//! assert_eq!(read, Ok(Qr::Address(address)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod animate;
pub mod append;
mod base45;
mod circumstances;
pub mod code;
mod date;
pub mod file;
pub mod host;
mod kind;
pub mod link;
pub mod luma;
pub mod parts;
pub mod payload;
pub mod picture;
mod qr;
pub mod read;
mod refusal;
pub mod scan;
pub mod show;

pub use qr::{Foreign, ForeignSort, Qr};
pub use refusal::{Reason, Recognised, Refusal};
