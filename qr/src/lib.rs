//! What a wallet can show and scan, without I/O and without a clock: bytes and pixels in, one [`Qr`] or a
//! [`Refusal`] out; payloads in, pictures out.

mod base45;
pub mod code;
mod date;
pub mod host;
pub mod picture;
mod refusal;

pub use refusal::{Reason, Recognised, Refusal};
