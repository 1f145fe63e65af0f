//! A payment by pictures alone: an invoice, a payment and a receipt, each drawn on one side and read on the other.

use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Payment, Went};
use hazel_qr::scan::Qr;

use super::person::{Person, Table};
use crate::camera;
use crate::trouble::{Exit, Trouble};

/// How long the invoice on the screen can be paid.
const QUARTER: u64 = 900;

/// The payee asks, the payer pays, and both know it, although nothing but light has passed between them.
pub(super) fn pay(
    table: &mut Table,
    payee: &mut Person,
    payer: &mut Person,
    tally: &TallyId,
    (units, memo): (Units, &str),
) -> Result<(), Trouble> {
    let other = || Trouble::new(Exit::Unsound, "demo", "A picture was read as something else.");
    let ask = Ask { units, memo: memo.into(), valid_for: QUARTER, ..Ask::default() };
    let asked = payee.wallet()?.ask(tally, &ask)?;
    let scanned = camera::invoice(&table.show(payee.name, &asked)?)?;
    let invoice = payer.wallet()?.take_invoice(&scanned)?;
    let payment = Payment { units: invoice.units, invoice: Some(invoice.id), ..Payment::default() };
    let chit = payer.wallet()?.pay(tally, &payment)?;

    let code = payer.wallet()?.payment_code(tally, &chit)?;
    let Qr::Payment(code) = camera::one(&table.show(payer.name, &code)?)? else { return Err(other()) };
    payee.wallet()?.take_payment_code(&code)?;

    let receipt = payee.wallet()?.receipt_code(tally, &chit)?;
    let Qr::Receipt(receipt) = camera::one(&table.show(payee.name, &receipt)?)? else { return Err(other()) };
    payer.wallet()?.take_receipt_code(&receipt)?;
    match payer.wallet()?.went(tally, &chit)? {
        Went::Received(_) => Ok(()),
        _ => Err(Trouble::new(Exit::Unsound, "demo", "The receipt was not understood.")),
    }
}
