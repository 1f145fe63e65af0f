//! A payment by pictures alone: two wallets without a radio, a camera each, and what can go wrong between them.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../core/tests/story/mod.rs"]
mod story;

use hazel_core::admit::Refusal;
use hazel_core::chit::ChitRef;
use hazel_core::invoice::{InvoiceState, SignedInvoice};
use hazel_core::key::SignatureError;
use hazel_core::payment_code::PledgeCode;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Ask, CannotPay, Change, CodeRefusal, Payment, Wallet, WalletError, Went};
use hazel_qr::code::{Kind, Own};
use hazel_qr::luma::Luma;
use hazel_qr::payload::Payload;
use hazel_qr::picture::Level;
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_qr::show::{Shown, show};
use hazel_qr::{Reason, Recognised};
use hazel_tests::frames::{self, Dice};
use story::{StoryClock, chips, hand, meet, pair, pay, terms, wallet};

/// Shows an object on one phone and holds another phone's camera before it, a little askew and out of focus.
fn scanned<T: Payload>(it: &T, clock: &StoryClock) -> Qr {
    seen(&Own::of(it).unwrap(), clock).unwrap()
}

fn seen(own: &Own, clock: &StoryClock) -> Result<Qr, hazel_qr::Refusal> {
    let Shown::Still(picture) = show(own, Level::SCREEN).unwrap() else { panic!("one picture is enough") };
    let mut dice = Dice::new(own.payload().len() as u64);
    let pixels = frames::seen(&mut dice, &picture, (480, 480), frames::WORN);
    let luma = Luma::new(&pixels, 480, 480, 480).unwrap();
    let mut found =
        scan::frame(&luma, &Circumstances::at(clock.0.load(std::sync::atomic::Ordering::Relaxed)))?;
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn ask(payee: &mut Wallet, tally: &TallyId, amount: i64) -> SignedInvoice {
    let ask = Ask { units: chips(amount), memo: "two coffees".into(), valid_for: 600, ..Ask::default() };
    payee.ask(tally, &ask).unwrap()
}

fn scan_invoice(payer: &mut Wallet, invoice: &SignedInvoice, clock: &StoryClock) -> SignedInvoice {
    let Qr::Invoice(invoice) = scanned(invoice, clock) else { panic!("not an invoice") };
    payer.take_invoice(&invoice).unwrap();
    *invoice
}

fn pay_invoice(payer: &mut Wallet, tally: &TallyId, invoice: &SignedInvoice) -> Result<ChitRef, WalletError> {
    let payment =
        Payment { units: invoice.invoice.units, invoice: Some(invoice.invoice.id()), ..Payment::default() };
    payer.pay(tally, &payment)
}

#[test]
fn a_payment_goes_from_phone_to_phone_by_pictures_alone() {
    let (mut ana, mut ben, tally, clock) = pair();
    let invoice = ask(&mut ana, &tally, 12);
    let invoice = scan_invoice(&mut ben, &invoice, &clock);
    let id = invoice.invoice.id();
    assert_eq!(ben.invoice(&id).unwrap().memo, "two coffees");
    let chit = pay_invoice(&mut ben, &tally, &invoice).unwrap();
    assert_eq!(ben.went(&tally, &chit), Ok(Went::Signed(chit)));

    let Qr::Payment(code) = scanned(&ben.payment_code(&tally, &chit).unwrap(), &clock) else { panic!() };
    let taken = ana.take_payment_code(&code).unwrap();
    assert_eq!((taken.chit, taken.again, taken.delivery.rejected.len()), (chit, false, 0));
    assert_eq!(ana.balance(&tally).unwrap(), chips(12));
    assert_eq!(ana.invoice(&id).unwrap().state, InvoiceState::Paid);

    let Qr::Receipt(receipt) = scanned(&ana.receipt_code(&tally, &chit).unwrap(), &clock) else { panic!() };
    ben.take_receipt_code(&receipt).unwrap();
    assert_eq!(ben.went(&tally, &chit), Ok(Went::Received(chit)));
    assert_eq!(ben.balance(&tally).unwrap(), chips(-12));
    assert_eq!(ben.invoice(&id).unwrap().state, InvoiceState::Paid);

    // A later meeting finds nothing left to repair, and both halves become one story.
    meet(&mut ben, &mut ana, &tally);
    story::assert_equal_halves(&mut ana, &mut ben, &tally);
    assert!(matches!(ben.went(&tally, &chit), Ok(Went::Final(_))));
}

#[test]
fn payments_follow_each_other_in_both_directions() {
    let (mut ana, mut ben, tally, clock) = pair();
    for round in 1..=4 {
        let from_ben = round % 2 == 1;
        let (payer, payee) = if from_ben { (&mut ben, &mut ana) } else { (&mut ana, &mut ben) };
        let chit = pay(payer, &tally, round).unwrap();
        let Qr::Payment(code) = scanned(&payer.payment_code(&tally, &chit).unwrap(), &clock) else {
            panic!()
        };
        assert!(!payee.take_payment_code(&code).unwrap().again);
        // The payment with its receipt in one picture does what the two would.
        let Qr::Receipted(both) = scanned(&payee.receipted_code(&tally, &chit).unwrap(), &clock) else {
            panic!()
        };
        let taken = payer.take_receipted_code(&both).unwrap();
        assert!(taken.again, "the payer has its own payment already");
        assert_eq!(payer.went(&tally, &chit), Ok(Went::Received(chit)));
    }
    assert_eq!(ana.balance(&tally).unwrap(), chips(1 - 2 + 3 - 4));
    assert_eq!(ben.balance(&tally).unwrap(), chips(-(1 - 2 + 3 - 4)));
    meet(&mut ana, &mut ben, &tally);
    story::assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn what_is_shown_twice_counts_once() {
    let (mut ana, mut ben, tally, clock) = pair();
    let invoice = ask(&mut ana, &tally, 12);
    let invoice = scan_invoice(&mut ben, &invoice, &clock);
    let chit = pay_invoice(&mut ben, &tally, &invoice).unwrap();
    let again = pay_invoice(&mut ben, &tally, &invoice);
    assert_eq!(again, Err(CannotPay::InvoiceOver { state: "paid" }.into()));
    let paid = invoice.invoice.id().0;
    let used = move |token: &[u8]| token == paid;
    let around = Circumstances { used: &used, ..Circumstances::at(1_760_000_000) };
    let refusal = scan::text(&Own::of(&invoice).unwrap().picture_text(), &around).unwrap_err();
    assert_eq!((refusal.recognised, refusal.reason), (Recognised::Own(Kind::Invoice), Reason::Used));

    let code = ben.payment_code(&tally, &chit).unwrap();
    ana.take_payment_code(&code).unwrap();
    let second = ana.take_payment_code(&code).unwrap();
    assert_eq!((second.again, second.delivery.changes.len()), (true, 0));
    assert_eq!(ana.balance(&tally).unwrap(), chips(12));
    let receipt = ana.receipt_code(&tally, &chit).unwrap();
    assert_eq!(ben.take_receipt_code(&receipt).unwrap().changes.len(), 1);
    assert_eq!(ben.take_receipt_code(&receipt).unwrap().changes.len(), 0);
}

#[test]
fn what_is_over_or_for_somebody_else_is_refused_with_the_reason() {
    let (mut ana, mut ben, tally, clock) = pair();
    let invoice = ask(&mut ana, &tally, 12);
    clock.pass(600);
    let refusal = seen(&Own::of(&invoice).unwrap(), &clock).unwrap_err();
    assert_eq!(refusal.recognised, Recognised::Own(Kind::Invoice));
    assert_eq!(refusal.reason, Reason::Expired { ended: 1_760_000_600, now: 1_760_000_600 });

    let chit = pay(&mut ben, &tally, 3).unwrap();
    let code = ben.payment_code(&tally, &chit).unwrap();
    let mut stranger = wallet("Cleo", &clock);
    assert_eq!(stranger.take_payment_code(&code), Err(WalletError::NotForUs));
    assert_eq!(ana.payment_code(&tally, &chit), Err(WalletError::Unknown { what: "payment" }));
    assert_eq!(ana.receipt_code(&tally, &chit), Err(WalletError::Unknown { what: "payment" }));
    let own = ben.receipt_code(&tally, &chit);
    assert_eq!(own, Err(Refusal::WrongSide { what: "receipt" }.into()));
    ana.take_payment_code(&code).unwrap();
    let receipt = ana.receipt_code(&tally, &chit).unwrap();
    assert_eq!(stranger.take_receipt_code(&receipt), Err(WalletError::NotForUs));
    assert_eq!(ana.take_receipt_code(&receipt), Err(CodeRefusal::NotMyPayment.into()));
    let settings = ben.grant(&tally, terms(60)).unwrap();
    assert_eq!(ben.payment_code(&tally, &settings), Err(WalletError::Unknown { what: "payment" }));
}

#[test]
fn what_must_come_first_is_named_and_then_the_code_is_good() {
    let (mut ana, mut ben, tally, _clock) = pair();
    let chits: Vec<_> = (1..=4).map(|amount| pay(&mut ben, &tally, amount).unwrap()).collect();
    let last = ben.payment_code(&tally, &chits[3]).unwrap();
    let missing = Err(CodeRefusal::EarlierFirst { from: 1, to: 3 }.into());
    assert_eq!(ana.take_payment_code(&last), missing);
    let first = ben.payment_code(&tally, &chits[0]).unwrap();
    ana.take_payment_code(&first).unwrap();
    let missing = CodeRefusal::EarlierFirst { from: 2, to: 3 };
    assert_eq!(
        missing.to_string(),
        "other payments must be handed over first: 2 to 3 of the payer's phone are missing here"
    );
    assert_eq!(ana.take_payment_code(&last), Err(missing.into()));
    assert_eq!(ana.balance(&tally).unwrap(), chips(1), "nothing of it stays");
    hand(&mut ben, &mut ana, &tally);
    assert!(ana.take_payment_code(&last).unwrap().again);
    assert_eq!(ana.balance(&tally).unwrap(), chips(10));
    let next = pay(&mut ben, &tally, 5).unwrap();
    let next = ben.payment_code(&tally, &next).unwrap();
    assert!(!ana.take_payment_code(&next).unwrap().again);
}

#[test]
fn an_altered_picture_is_refused_whatever_was_altered() {
    let (mut ana, mut ben, tally, clock) = pair();
    let elsewhere = {
        let mut cleo = wallet("Cleo", &clock);
        cleo.invite(Side::Stock, terms(1), 60, &[]).unwrap().tally
    };
    let chit = pay(&mut ben, &tally, 3).unwrap();
    let honest = ben.payment_code(&tally, &chit).unwrap();
    let unsigned = |what| WalletError::Refused(Refusal::Signature { what, error: SignatureError::Wrong });
    let mut refused = |code: PledgeCode| ana.take_payment_code(&code);
    let more = PledgeCode { units: chips(300), ..honest.clone() };
    assert_eq!(refused(more), Err(unsigned("chit")));
    assert_eq!(refused(PledgeCode { sealed: None, ..honest.clone() }), Err(unsigned("chit")));
    assert_eq!(refused(PledgeCode { date: honest.date + 1, ..honest.clone() }), Err(unsigned("chit")));
    let turned = PledgeCode { key: hazel_core::key::PublicKey([9; 32]), ..honest.clone() };
    assert_eq!(refused(turned), Err(Refusal::WrongKey.into()));
    let mut mirrored = honest.clone();
    mirrored.chain.side = mirrored.chain.side.other();
    assert_eq!(refused(mirrored), Err(Refusal::WrongKey.into()));
    let moved = PledgeCode { tally: elsewhere, ..honest.clone() };
    assert_eq!(refused(moved), Err(WalletError::NotForUs));
    let mut nobody = honest.clone();
    nobody.chain.device = 7;
    assert_eq!(refused(nobody), Err(CodeRefusal::DeviceFirst.into()));
    assert_eq!(ana.balance(&tally).unwrap(), chips(0));

    ana.take_payment_code(&honest).unwrap();
    // The same number with another content is no second payment but a contradiction, and unsigned it is nothing.
    let other = PledgeCode { units: chips(4), ..honest };
    assert_eq!(ana.take_payment_code(&other), Err(unsigned("chit")));
    let mut receipt = ana.receipt_code(&tally, &chit).unwrap();
    receipt.signature.0[5] ^= 1;
    assert_eq!(ben.take_receipt_code(&receipt), Err(unsigned("receipt")));
    receipt.receipt.hash.0[0] ^= 1;
    assert_eq!(ben.take_receipt_code(&receipt), Err(CodeRefusal::NotMyPayment.into()));
    assert_eq!(ben.went(&tally, &chit), Ok(Went::Signed(chit)));
}

#[test]
fn a_key_used_twice_is_proven_by_pictures_too_and_both_ends_can_go_on() {
    let (mut ana, mut ben, tally, clock) = pair();
    let first = pay(&mut ben, &tally, 1).unwrap();
    ana.take_payment_code(&ben.payment_code(&tally, &first).unwrap()).unwrap();
    let scratch = std::env::temp_dir().join(format!("hazel-twin-{}.db", std::process::id()));
    _ = std::fs::remove_file(&scratch);
    ben.copy_database(&scratch).unwrap();
    let entropy = Box::new(story::Seeded::new("the twin"));
    let store = Store::open(&scratch).unwrap();
    let mut twin = Wallet::open(store, &story::guard(), Box::new(clock), entropy).unwrap();

    let codes = [(&mut ben, 2), (&mut twin, 3)].map(|(phone, amount)| {
        let chits = [pay(phone, &tally, amount).unwrap(), pay(phone, &tally, 10 * amount).unwrap()];
        chits.map(|chit| phone.payment_code(&tally, &chit).unwrap())
    });
    drop(twin);
    std::fs::remove_file(&scratch).unwrap();
    let [[bens, bens_next], [twins, twins_next]] = codes;
    assert!(!ana.take_payment_code(&bens).unwrap().again);
    let forked = ana.take_payment_code(&twins).unwrap();
    assert!(forked.delivery.changes.contains(&Change::Fork { side: Side::Foil }), "{forked:?}");
    // What follows either end says which one it follows by its signature alone.
    assert!(!ana.take_payment_code(&twins_next).unwrap().again);
    assert!(!ana.take_payment_code(&bens_next).unwrap().again);
    for code in [&bens, &twins, &bens_next, &twins_next] {
        assert!(ana.take_payment_code(code).unwrap().again);
    }
}
