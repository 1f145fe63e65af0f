//! What the person must be told, also after a restart; and what can be taken out of a wallet to look at.

use super::Wallet;
use crate::Answer;
use crate::records::tally_of;

/// Something that happened. It comes again until it is handled.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Event {
    /// Its number.
    pub no: i64,
    /// Which tally it is about.
    pub tally: Option<String>,
    /// A stable name, such as "tally_opened".
    pub code: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

#[uniffi::export]
impl Wallet {
    /// The oldest thing that the person has not been told.
    pub fn next_event(&self) -> Answer<Option<Event>> {
        self.read(|wallet| {
            Ok(wallet.next_event()?.map(|event| Event {
                no: event.no,
                tally: event.tally.map(|tally| tally.to_string()),
                code: event.code,
                arguments: event.args,
            }))
        })
    }

    /// The person has been told.
    pub fn event_handled(&self, no: i64) -> Answer<()> {
        self.read(|wallet| Ok(wallet.event_handled(no)?))
    }

    /// A tally as a table for a spreadsheet. Both phones export the same bytes.
    pub fn export_csv(&self, tally: &str) -> Answer<String> {
        let id = tally_of(tally)?;
        self.read(|wallet| Ok(wallet.export(&id)?.to_csv()))
    }

    /// The same for a program, as one JSON object.
    pub fn export_json(&self, tally: &str) -> Answer<String> {
        let id = tally_of(tally)?;
        self.read(|wallet| Ok(wallet.export(&id)?.to_json()))
    }
}
