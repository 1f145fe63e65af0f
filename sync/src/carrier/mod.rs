//! What carries packets: the only part of this crate that may touch the world.

pub mod memory;
