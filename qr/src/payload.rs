//! What stands in an own code: objects of the ledger crate, read by its decoders with all their bounds, and judged as
//! far as a scan can judge without a ledger.

pub use crate::kind::Payload;

use hazel_core::address::Address;
use hazel_core::invoice::SignedInvoice;
use hazel_core::ticket::Ticket;

use crate::circumstances::Circumstances;
use crate::code::{Kind, Own};
use crate::host::{Host, Hosts};
use crate::qr::Qr;
use crate::refusal::{Reason, Recognised, Refusal};

/// Reads what an own code carries: from a picture, a link, or the last part of a sequence.
///
/// # Errors
/// A [`Refusal`] naming the kind, with what the ledger's decoder, the clock or the host says against it. Signatures are
/// not looked at here: whose they must be, only a ledger knows.
pub fn meaning(own: &Own, around: &Circumstances<'_>) -> Result<Qr, Refusal> {
    read(own, around).map_err(|reason| Refusal::new(Recognised::Own(own.kind()), reason))
}

fn read(own: &Own, around: &Circumstances<'_>) -> Result<Qr, Reason> {
    let bytes = own.payload();
    Ok(match own.kind() {
        Kind::Ticket => Qr::Ticket(Box::new(ticket(bytes, around)?)),
        Kind::Offer => Qr::Offer(Box::new(decoded(bytes)?)),
        Kind::Invoice => Qr::Invoice(Box::new(invoice(bytes, around)?)),
        Kind::Pledge => Qr::Payment(Box::new(decoded(bytes)?)),
        Kind::Receipted => Qr::Receipted(Box::new(decoded(bytes)?)),
        Kind::Receipt => Qr::Receipt(Box::new(decoded(bytes)?)),
        Kind::Address => Qr::Address(address(bytes, around.hosts)?),
        Kind::Verification => Qr::Verification(bytes.try_into().map_err(|_| Reason::Length(bytes.len()))?),
        Kind::Messages => Qr::Messages(decoded(bytes)?),
    })
}

fn decoded<T: Payload>(bytes: &[u8]) -> Result<T, Reason> {
    T::from_bytes(bytes).map_err(Reason::Payload)
}

fn ticket(bytes: &[u8], around: &Circumstances<'_>) -> Result<Ticket, Reason> {
    let ticket: Ticket = decoded(bytes)?;
    for place in &ticket.rendezvous {
        Host::with_port(place, around.hosts)?;
    }
    around.admit(Some(ticket.expires), &ticket.nonce)?;
    Ok(ticket)
}

fn invoice(bytes: &[u8], around: &Circumstances<'_>) -> Result<SignedInvoice, Reason> {
    let invoice: SignedInvoice = decoded(bytes)?;
    around.admit(Some(invoice.invoice.expires), &invoice.invoice.id().0)?;
    Ok(invoice)
}

fn address(bytes: &[u8], hosts: Hosts) -> Result<Address, Reason> {
    let address: Address = decoded(bytes)?;
    if let Some((host, _)) = address.endpoint() {
        Host::new(host, hosts)?;
    }
    Ok(address)
}
