//! Pictures in: every code in a frame. A payload counts only when the code's own error correction has verified it.

mod correction;
mod modules;
mod segments;
mod small;

#[cfg(feature = "rxing")]
mod binary;
#[cfg(feature = "rxing")]
mod decode;
#[cfg(feature = "rxing")]
mod finders;
#[cfg(feature = "rxing")]
mod grey;
#[cfg(feature = "rxing")]
mod rectify;
#[cfg(feature = "rxing")]
mod rows;
#[cfg(feature = "rxing")]
mod search;

pub use self::small::small_codes;
use crate::append::Share;
use crate::luma::Luma;

/// One code in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The payload's bytes, verified by the code's error correction.
    pub content: Vec<u8>,
    /// Where the content is only one share of a text in several codes.
    pub share: Option<Share>,
    /// The corners on the upright frame, from the code's own top left.
    pub corners: [(i32, i32); 4],
}

/// Every code in a frame, by the reader with the widest reach that is built in.
#[must_use]
pub fn codes(frame: &Luma<'_>) -> Vec<Seen> {
    #[cfg(feature = "rxing")]
    return search::codes(frame);
    #[cfg(not(feature = "rxing"))]
    small_codes(frame)
}
