//! The world Hazel is proven in: people, phones and air, a second ledger that believes nothing, the strangers in it and what they do to
//! bytes, and the phones that die.

pub mod checked;
pub mod coverage;
pub mod crash;
pub mod curve;
pub mod decoders;
pub mod door;
pub mod examples;
pub mod fault;
pub mod figures;
pub mod frames;
pub mod fuzzing;
mod fuzzing_air;
mod fuzzing_said;
pub mod grammar;
pub mod honest;
pub mod impostors;
pub mod model;
pub mod mutants;
pub mod noise;
pub mod own_codes;
pub mod planted;
pub mod report;
pub mod rules;
pub mod seeds;
mod shapes;
pub mod sites;
pub mod spoiling;
pub mod strangers;
pub mod texts;
pub mod vectors;
pub mod world;
