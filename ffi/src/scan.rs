//! From a text, a link or a camera's frame to what it means.

use std::sync::{Arc, Mutex, PoisonError};

use hazel_core::chit::ChitRef as ChitId;
use hazel_core::invoice::InvoiceId;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_qr::ForeignSort;
use hazel_qr::code::Own;
use hazel_qr::luma::Luma;
use hazel_qr::parts::Assembly;
use hazel_qr::payload::meaning;
use hazel_qr::read::small_codes;
use hazel_qr::scan::{self, Circumstances, Qr};

use crate::Answer;
use crate::codes::Code;
use crate::edge::{Clock, Clockwork};
use crate::records::Terms;
use crate::trouble::{HazelError, Trouble};

/// What a scan means. What the wallet can do something with carries a code, to be handed back to it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "the fields are named by what they hold; amounts in thousandths")]
pub enum Meaning {
    /// Invites to a tally: ask what to grant, then `accept_ticket`.
    Ticket { tally: TallyId, partner: String, granted: Terms, expires: u64 },
    /// A signed version of a tally.
    Offer { tally: TallyId },
    /// Asks for a payment: `take` it, then show the quote.
    Invoice { tally: TallyId, invoice: InvoiceId, units: Units, expires: u64 },
    /// A payment to `take`.
    Payment { tally: TallyId, units: Units },
    /// A payment with its receipt, to `take`.
    Receipted { tally: TallyId, units: Units },
    /// A receipt to `take`.
    Receipt { tally: TallyId, chit: ChitId },
    /// Messages of a partner to `take`.
    Messages,
    /// Where somebody can be reached.
    Address { address: String },
    /// Thirty-two bytes that two people compare.
    Verification { digest: Vec<u8> },
    /// A part of a moving code: frame after frame until it is whole.
    Part { have: u32, of: u32 },
    /// Something of the existing MyCHIPs software, told apart by its sort.
    Mychips { sort: String },
    /// Nothing of ours. Shown as text, never followed.
    Foreign { sort: String, text: String },
    /// Something of ours that is not used, and why.
    Refused { trouble: Trouble },
}

/// One thing that was scanned.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Scanned {
    /// What it means.
    pub meaning: Meaning,
    /// The code, where the wallet can do something with it.
    pub code: Option<Code>,
}

/// A scanner. Keeps the parts of a moving code between frames; knows no wallet and judges no signature.
#[derive(uniffi::Object)]
pub struct Scan {
    clock: Arc<Clockwork>,
    parts: Mutex<Assembly>,
}

#[uniffi::export]
impl Scan {
    /// A scanner that has seen nothing.
    #[uniffi::constructor]
    pub fn new(clock: Option<Arc<dyn Clock>>) -> Answer<Arc<Self>> {
        Ok(Arc::new(Self { clock: Clockwork::new(clock)?, parts: Mutex::default() }))
    }

    /// Reads a text: from the platform's own reader, a link that was tapped, a tag, or the clipboard.
    pub fn text(&self, text: &str) -> Answer<Scanned> {
        let around = Circumstances::at(self.clock.ask()?);
        Ok(self.judged(scan::text(text, &around), &around))
    }

    /// Reads a camera's frame: the plane of brightness, its measures, and the distance of two rows in bytes. Nothing found is an
    /// empty list.
    pub fn frame(&self, pixels: &[u8], width: u32, height: u32, stride: u32) -> Answer<Vec<Scanned>> {
        let around = Circumstances::at(self.clock.ask()?);
        let size = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
        let luma = Luma::new(pixels, size(width), size(height), size(stride)).map_err(|reason| {
            HazelError::from(hazel_qr::Refusal { recognised: hazel_qr::Recognised::Frame, reason })
        })?;
        match scan::seen(&small_codes(&luma), &around) {
            Ok(found) => Ok(found.into_iter().map(|qr| self.judged(qr, &around)).collect()),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Forgets the parts of a moving code that was not finished.
    pub fn start_over(&self) -> Answer<()> {
        *self.parts.lock().unwrap_or_else(PoisonError::into_inner) = Assembly::new();
        Ok(())
    }
}

impl Scan {
    fn judged(&self, found: Result<Qr, hazel_qr::Refusal>, around: &Circumstances<'_>) -> Scanned {
        match found {
            Ok(Qr::Part(part)) => {
                let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
                match parts.take(part) {
                    Ok(Some(whole)) => {
                        drop(parts);
                        self.judged(meaning(&whole, around), around)
                    }
                    Ok(None) => {
                        let (have, of) = parts.progress().map_or((0, 0), |done| (done.have, done.of));
                        Scanned { meaning: Meaning::Part { have, of }, code: None }
                    }
                    Err(refusal) => refused(refusal),
                }
            }
            Ok(qr) => said(&qr),
            Err(refusal) => refused(refusal),
        }
    }
}

fn refused(refusal: hazel_qr::Refusal) -> Scanned {
    let trouble = HazelError::from(refusal).trouble().clone();
    Scanned { meaning: Meaning::Refused { trouble }, code: None }
}

fn said(qr: &Qr) -> Scanned {
    let mychips = |sort: &str| Meaning::Mychips { sort: sort.to_owned() };
    let meaning = match qr {
        Qr::Ticket(it) => Meaning::Ticket {
            tally: it.tally,
            partner: it.name.clone(),
            granted: it.terms,
            expires: it.expires,
        },
        Qr::Offer(it) => Meaning::Offer { tally: it.tally.id },
        Qr::Invoice(it) => Meaning::Invoice {
            tally: it.invoice.tally,
            invoice: it.invoice.id(),
            units: it.invoice.units,
            expires: it.invoice.expires,
        },
        Qr::Payment(it) => Meaning::Payment { tally: it.tally, units: it.units },
        Qr::Receipted(it) => Meaning::Receipted { tally: it.pledge.tally, units: it.pledge.units },
        Qr::Receipt(it) => {
            let it = &it.receipt;
            let chit = ChitId { chain: it.chain, seq: it.seq, hash: it.hash };
            Meaning::Receipt { tally: it.tally, chit }
        }
        Qr::Messages(_) => Meaning::Messages,
        Qr::Address(it) => Meaning::Address { address: it.to_string() },
        Qr::Verification(digest) => Meaning::Verification { digest: digest.to_vec() },
        Qr::Part(part) => Meaning::Part { have: 0, of: part.of() },
        Qr::Connect(_) => mychips("ticket"),
        Qr::Invite(_) => mychips("invitation"),
        Qr::Pay(_) => mychips("payment"),
        Qr::Key(_) => mychips("key"),
        Qr::ChipAddress(it) => Meaning::Address { address: it.to_string() },
        Qr::Foreign(it) => {
            let sort = match it.sort {
                ForeignSort::Wifi => "wifi",
                ForeignSort::Contact => "contact",
                ForeignSort::OtherPayment => "payment",
                ForeignSort::OtherScheme => "program",
                ForeignSort::Words => "words",
            };
            Meaning::Foreign { sort: sort.to_owned(), text: it.text.clone() }
        }
    };
    Scanned { meaning, code: own_of(qr).map(|own| Code::from(&own)) }
}

/// The code of what a wallet can take in or answer.
fn own_of(qr: &Qr) -> Option<Own> {
    match qr {
        Qr::Ticket(it) => Own::of(&**it),
        Qr::Offer(it) => Own::of(&**it),
        Qr::Invoice(it) => Own::of(&**it),
        Qr::Payment(it) => Own::of(&**it),
        Qr::Receipted(it) => Own::of(&**it),
        Qr::Receipt(it) => Own::of(&**it),
        Qr::Messages(it) => Own::of(it),
        _ => return None,
    }
    .ok()
}

/// What a code means to a wallet that was handed it: read again, by the wallet's own clock.
pub(crate) fn reread(code: &[u8], now: u64) -> Answer<Qr> {
    Ok(meaning(&Code::own(code)?, &Circumstances::at(now))?)
}
