//! What the person must be told, also after a restart; and what can be taken out of a wallet to look at.

pub use hazel_core::store::Event;
use hazel_core::tally::TallyId;

use super::Wallet;
use crate::Answer;

/// Something that happened. It comes again until it is handled.
#[uniffi::remote(Record)]
pub struct Event {
    /// Its number.
    pub no: i64,
    /// Which tally it is about.
    pub tally: Option<TallyId>,
    /// A stable name, such as "tally_opened".
    pub code: String,
    /// Its arguments.
    #[uniffi(name = "arguments")]
    pub args: Vec<String>,
}

#[uniffi::export]
impl Wallet {
    /// The oldest thing that the person has not been told.
    pub fn next_event(&self) -> Answer<Option<Event>> {
        self.read(|wallet| Ok(wallet.next_event()?))
    }

    /// The person has been told.
    pub fn event_handled(&self, no: i64) -> Answer<()> {
        self.read(|wallet| Ok(wallet.event_handled(no)?))
    }

    /// A tally as a table for a spreadsheet. Both phones export the same bytes.
    pub fn export_csv(&self, tally: TallyId) -> Answer<String> {
        self.read(|wallet| Ok(wallet.export(&tally)?.to_csv()))
    }

    /// The same for a program, as one JSON object.
    pub fn export_json(&self, tally: TallyId) -> Answer<String> {
        self.read(|wallet| Ok(wallet.export(&tally)?.to_json()))
    }
}
