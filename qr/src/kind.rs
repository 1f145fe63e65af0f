//! What a code can be about, and which objects of the ledger crate have codes of their own.

use std::fmt;

use hazel_core::address::Address;
use hazel_core::canon::Canon;
use hazel_core::invoice::SignedInvoice;
use hazel_core::message::Handover;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::SignedReceipt;
use hazel_core::tally::SignedTally;
use hazel_core::ticket::Ticket;

/// What an own code is about. The numbers are on the wire and are never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A one-time, expiring invitation to meet.
    Ticket = 1,
    /// An offer of a tally, signed by one side.
    Offer = 2,
    /// A request to be paid.
    Invoice = 3,
    /// A signed pledge on its way to the payee.
    Pledge = 4,
    /// A signed pledge together with the payee's receipt.
    Receipted = 5,
    /// The payee's receipt alone.
    Receipt = 6,
    /// Where a party can be reached.
    Address = 7,
    /// A digest that two people compare; it invites to nothing.
    Verification = 8,
    // 9 is kept for a key under a passphrase.
    /// Messages of a meeting, for devices that have no radio in common.
    Messages = 10,
}

impl Kind {
    /// Every kind in the order of its number.
    pub const ALL: [Self; 9] = [
        Self::Ticket,
        Self::Offer,
        Self::Invoice,
        Self::Pledge,
        Self::Receipted,
        Self::Receipt,
        Self::Address,
        Self::Verification,
        Self::Messages,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        form.write_str(match self {
            Self::Ticket => "ticket",
            Self::Offer => "tally offer",
            Self::Invoice => "invoice",
            Self::Pledge => "payment",
            Self::Receipted => "payment with its receipt",
            Self::Receipt => "receipt",
            Self::Address => "address",
            Self::Verification => "verification code",
            Self::Messages => "messages for a partner",
        })
    }
}

/// An object that a code of its own kind carries.
pub trait Payload: Canon {
    /// The kind of code.
    const KIND: Kind;
}

impl Payload for Ticket {
    const KIND: Kind = Kind::Ticket;
}

impl Payload for SignedTally {
    const KIND: Kind = Kind::Offer;
}

impl Payload for SignedInvoice {
    const KIND: Kind = Kind::Invoice;
}

impl Payload for PledgeCode {
    const KIND: Kind = Kind::Pledge;
}

impl Payload for ReceiptedCode {
    const KIND: Kind = Kind::Receipted;
}

impl Payload for SignedReceipt {
    const KIND: Kind = Kind::Receipt;
}

impl Payload for Address {
    const KIND: Kind = Kind::Address;
}

impl Payload for Handover {
    const KIND: Kind = Kind::Messages;
}
