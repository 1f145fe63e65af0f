//! What the terminal, the tests and the radio's test share: meetings, where the wallet and the session come together.

pub mod meeting;
