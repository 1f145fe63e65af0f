//! The ledger of Hazel: pure rules, one database, no clock, no network.

pub mod address;
pub mod admit;
pub mod book;
pub mod canon;
pub mod chit;
pub mod claim;
pub mod digest;
pub mod intake;
pub mod invoice;
pub mod key;
pub mod keystore;
pub mod letter;
pub mod message;
pub mod negotiation;
pub mod order;
pub mod ordering;
pub mod pair;
pub mod payment_code;
pub mod receipt;
pub mod rows;
pub mod store;
pub mod tally;
pub mod telling;
pub mod ticket;
pub mod units;
pub mod wallet;
