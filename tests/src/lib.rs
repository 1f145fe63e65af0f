//! The world Hazel is proven in.

pub mod crash;
