//! What a code means, whoever it was made by.

use hazel_core::address::Address;
use hazel_core::invoice::SignedInvoice;
use hazel_core::message::Handover;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::SignedReceipt;
use hazel_core::tally::SignedTally;
use hazel_core::ticket::Ticket;

use crate::link::{ChipAddress, ConnectTicket, Invitation, Link, PayRequest, SealedKey};
use crate::parts::Part;

/// Everything that a scan can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qr {
    /// Invites to a tally: unexpired, unused, its places to meet public.
    Ticket(Box<Ticket>),
    /// Offers a tally.
    Offer(Box<SignedTally>),
    /// Asks for a payment: unexpired, unpaid.
    Invoice(Box<SignedInvoice>),
    /// Hands a payment over.
    Payment(Box<PledgeCode>),
    /// Shows a payment with the payee's receipt.
    Receipted(Box<ReceiptedCode>),
    /// Gives a receipt.
    Receipt(Box<SignedReceipt>),
    /// Says where a party can be reached, if anywhere.
    Address(Address),
    /// A digest that two people compare; it invites to nothing.
    Verification([u8; 32]),
    /// Messages of a meeting, sealed for one partner.
    Messages(Handover),
    /// One part of an animated sequence, to be given to a [`crate::parts::Assembly`].
    Part(Part),
    /// Connects a device to a site of the existing software.
    Connect(ConnectTicket),
    /// Invites to a tally at a site of the existing software.
    Invite(Invitation),
    /// Asks for a payment through the existing software.
    Pay(PayRequest),
    /// Brings the existing app's signing key.
    Key(SealedKey),
    /// Where somebody can be reached through the existing software.
    ChipAddress(ChipAddress),
    /// Nothing of ours, shown as what it is and never followed.
    Foreign(Foreign),
}

/// Content that means something to other software, or to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What sort of content it is.
    pub sort: ForeignSort,
    /// The content.
    pub text: String,
}

/// Sorts of content that are worth a word of their own on a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignSort {
    /// Access to a wireless network.
    Wifi,
    /// A business card.
    Contact,
    /// A payment in some other money.
    OtherPayment,
    /// Anything else under a scheme of its own.
    OtherScheme,
    /// Words.
    Words,
}

impl From<Link> for Qr {
    fn from(link: Link) -> Self {
        match link {
            Link::Connect(it) => Self::Connect(it),
            Link::Invite(it) => Self::Invite(it),
            Link::Pay(it) => Self::Pay(it),
            Link::Key(it) => Self::Key(it),
        }
    }
}
