//! What the tests share with the terminal: meetings, where the wallet and the session come together.

pub use hazel_meeting as meeting;
