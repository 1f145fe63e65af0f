//! The wallet as Kotlin and Swift see it. Converts; decides nothing.
//!
//! Everything here is synchronous and returns what happened: a screen calls from a thread of its own. Amounts are thousandths in an
//! `i64`, names and ids are strings, times are seconds since 1970. A foreign callback is never made while a lock is held, and never
//! on the stack of a call into this crate, except for the key store: it is asked while a wallet opens, before there is a lock.

mod air;
mod channels;
mod codes;
mod edge;
mod guard;
mod ids;
mod meeting;
mod nearby;
mod newcomer;
mod post;
mod records;
mod scan;
mod show;
mod tidings;
mod trouble;
mod uplink;
mod wallet;

pub use air::{
    Brought, Information, ShownTag, Sight, brought, framed, information, read_information, sights,
};
pub use codes::{Code, CodeKind, link_of};
pub use edge::Clock;
pub use guard::{KeyStatus, KeyStore, KeyStoreError};
pub use meeting::{Act, Beacon, Carrier, Ending, Meeting, MeetingReport, Sighting};
pub use nearby::{Nearby, Radio};
pub use post::{Listener, LogLevel, LogSink, Notice};
pub use records::{
    Attention, ChitLine, Custody, Device, Exposure, Home, InvoiceLine, InvoiceState, Item, Position, Side,
    Stage, Taken, TallyLine, TallyPage, Terms,
};
pub use scan::{Meaning, Scan, Scanned};
pub use show::{Modules, Show};
pub use tidings::{Fork, Tidings};
pub use trouble::{Argument, Culprit, HazelError, Trouble};
pub use uplink::{Homeward, SiteLink, Uplink};
pub use wallet::{
    Ask, Audit, AuditReport, Errand, ErrandNews, ErrandVerdict, Event, Invitation, NewDevice, Offer, PageOf,
    Payment, Quote, Rehearsal, Room, Speaker, TakenPayment, Wallet, Went, Wishes, finish_wipe, new_device,
};

use hazel_core::key::RecoveryWords;
use hazel_core::units::Units;

/// What every export answers.
pub(crate) type Answer<T> = Result<T, HazelError>;

/// An amount as people write prices: two decimals, a third only where it is not zero.
#[uniffi::export]
pub fn format_amount(units: Units) -> Answer<String> {
    Ok(units.to_string())
}

/// Reads what a person typed, with a point or a comma.
#[uniffi::export]
pub fn parse_amount(text: &str) -> Answer<Units> {
    Ok(text.parse()?)
}

/// Twenty-four new recovery words. They exist nowhere else: show them, have them written down, and let go of them.
#[uniffi::export]
pub fn new_words() -> Answer<String> {
    let words = RecoveryWords::generate(&mut edge::SystemEntropy);
    Ok(String::clone(&words.phrase()))
}

/// Whether these are recovery words, and which of them is mistyped if not.
#[uniffi::export]
pub fn check_words(words: &str) -> Answer<()> {
    RecoveryWords::parse(words)?;
    Ok(())
}

uniffi::setup_scaffolding!();
