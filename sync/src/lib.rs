//! Two devices that meet over any carrier of bytes: no I/O, no clock, no randomness of its own.
//!
//! [`frame`] carries records over packets that get lost; [`session`] makes of them a meeting of two proven devices
//! that survives its links; [`beacon`] lets partners find one another unseen. Only [`carrier`] touches the world.

pub mod beacon;
pub mod carrier;
pub mod frame;
mod information;
mod keys;
mod noise;
pub mod session;
mod stream;
mod time;

pub use information::{Information, TAGS_MAX};
pub use keys::{PairwiseKey, PublicKey, SecretKey, WeakKey};
pub use noise::noise;
pub use stream::{STREAM_MTU, TooLong, framed, take_packet};
pub use time::Time;
