//! A pair of wallets with a bad radio between them, and a site that both can reach, for the tests of apps. Never part of one: it ships in a library of its own.
//!
//! The radio is seeded: the same seed loses, doubles and delays the same packets. The wallets' keys are not, so bytes differ from run
//! to run, and what they come to does not.

mod air;
mod door;
mod pair;
mod site;
mod vectors;

pub use air::Faults;
pub use door::{Ground, judge};
pub use pair::{Encounter, LabKeys, SimulatedPair, wipe_half};
pub use site::{SimulatedSite, Visit};
pub use vectors::{agree_with, check_signature, decode, read_address};

uniffi::setup_scaffolding!();
