//! Load for a site: people, tallies and pledges by the hundred thousand, and the floors they are measured against. For
//! `hazel site bench` and the benches; nothing of a site uses it.
//!
//! Everything is real: contracts with both signatures, chits in forward chains, claims. Only the keys follow from numbers,
//! so that nobody has to remember a million of them.

mod floor;
mod people;

pub use floor::{Recording, Spoken, replay};
pub use people::{Pen, Person, Plan, Register};
