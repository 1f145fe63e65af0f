//! Paying by pictures alone: the pledge as one code, and the payee's receipt as another.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::admit::Refusal;
use hazel_core::canon::Canon;
use hazel_core::digest::Digest;
use hazel_core::key::Signature;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Audience, Change, CodeRefusal, Custody, Filter, Wallet, WalletError, Went};
use story::*;

/// As it is read from the picture.
fn scanned<T: Canon + PartialEq + std::fmt::Debug>(shown: &T) -> T {
    let read = T::from_bytes(&shown.to_bytes()).unwrap();
    assert_eq!(read, *shown);
    read
}

fn words_of(wallet: &mut Wallet, tally: &TallyId) -> Vec<&'static str> {
    let shown = wallet.history(tally, &Filter { most: 9, ..Filter::default() }).unwrap();
    shown.iter().map(|entry| entry.facets.word()).collect()
}

/// Ben shows what he pays, Ana shows that she has it: the payment counts once, however often it is scanned, and Ben knows.
#[test]
fn a_payment_and_its_receipt_are_two_pictures() {
    let (mut ana, mut ben, tally, _) = pair();
    for seq in 1..=2 {
        let chit = pay(&mut ben, &tally, 5).unwrap();
        let code = scanned(&ben.payment_code(&tally, &chit).unwrap());
        let taken = ana.take_payment_code(&code).unwrap();
        assert_eq!((taken.chit, taken.again), (chit, false));
        assert!(matches!(taken.delivery.changes[..], [Change::Chit { .. }]), "{:?}", taken.delivery);
        let taken = ana.take_payment_code(&code).unwrap();
        assert_eq!((taken.again, taken.delivery.changes), (true, vec![]));
        assert_eq!(
            ana.history(&tally, &Filter { most: 1, ..Filter::default() }).unwrap()[0].note.memo,
            "coffee"
        );
        let receipt = scanned(&ana.receipt_code(&tally, &chit).unwrap());
        assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Signed(chit));
        assert_eq!(ben.take_receipt_code(&receipt).unwrap().changes, [Change::Held { seq }]);
        assert_eq!(ben.take_receipt_code(&receipt).unwrap().changes, [], "again");
        assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Received(chit));
    }
    assert_eq!(ana.balance(&tally).unwrap(), chips(10));
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// Both in one picture: Ben learns from it that Ana has his payment, and Ana's other phone learns of both.
#[test]
fn a_payment_goes_with_its_receipt_in_one_picture() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ana, &clock, "tablet");
    let chit = pay(&mut ben, &tally, 5).unwrap();
    ana.take_payment_code(&ben.payment_code(&tally, &chit).unwrap()).unwrap();
    let code = scanned(&ana.receipted_code(&tally, &chit).unwrap());
    let taken = ben.take_receipted_code(&code).unwrap();
    assert_eq!((taken.again, taken.delivery.changes), (true, vec![Change::Held { seq: 1 }]));
    let taken = tablet.take_receipted_code(&code).unwrap();
    assert!(!taken.again);
    assert_eq!(tablet.balance(&tally).unwrap(), chips(5));
    // A receipt under something else than this pledge makes no such code.
    let other = pay(&mut ben, &tally, 5).unwrap();
    let export = ben.export(&tally).unwrap();
    let [first, second] = [0, 1].map(|at| export.chits[at].signed.clone());
    let receipt = ana.receipt_code(&tally, &chit).unwrap();
    assert_eq!(ReceiptedCode::of(&first, &receipt), Some(code));
    assert_eq!(ReceiptedCode::of(&second, &receipt), None);
    assert_eq!(second.chit.reference(), other);
}

/// A code leaves out the hash of the chit before. Where that is not held, nothing is wrong with it, and it is said what has to come first.
#[test]
fn what_comes_before_must_be_handed_over_first() {
    let (mut ana, mut ben, tally, clock) = pair();
    let paid = [1, 2, 3].map(|units| pay(&mut ben, &tally, units).unwrap());
    let code = |ben: &mut Wallet, at: usize| ben.payment_code(&tally, &paid[at]).unwrap();
    let first = |from, to| Some(WalletError::Code(CodeRefusal::EarlierFirst { from, to }));
    assert_eq!(ana.take_payment_code(&code(&mut ben, 2)).err(), first(1, 2));
    ana.take_payment_code(&code(&mut ben, 0)).unwrap();
    assert_eq!(ana.take_payment_code(&code(&mut ben, 2)).err(), first(2, 2));
    assert_eq!(ana.balance(&tally).unwrap(), chips(1), "nothing of it stays");
    for at in [1, 2] {
        ana.take_payment_code(&code(&mut ben, at)).unwrap();
    }
    assert_eq!(ana.balance(&tally).unwrap(), chips(6));
    let mut tablet = another_phone(&mut ben, &clock, "tablet");
    ben.hand_allowance(&tally, 2, chips(5)).unwrap();
    tablet.receive_messages(&tally, ben.outbox(&tally, Audience::Partner).unwrap()).unwrap();
    let chit = pay(&mut tablet, &tally, 1).unwrap();
    let unknown = ana.take_payment_code(&tablet.payment_code(&tally, &chit).unwrap()).err();
    assert_eq!(unknown, Some(WalletError::Code(CodeRefusal::DeviceFirst)));
    let all =
        [CodeRefusal::EarlierFirst { from: 1, to: 2 }, CodeRefusal::DeviceFirst, CodeRefusal::NotMyPayment];
    assert_eq!(all.map(CodeRefusal::code), ["earlier_first", "device_first", "not_my_payment"]);
}

/// Only a payment in its right place becomes sent by showing it: what was never shown does not by showing what follows.
#[test]
fn what_was_shown_counts_as_sent_where_nothing_is_left_out() {
    let (_, mut ben, tally, _) = pair();
    let paid = [1, 2, 3].map(|units| pay(&mut ben, &tally, units).unwrap());
    let custody = |ben: &mut Wallet| {
        let shown = ben.history(&tally, &Filter { most: 9, ..Filter::default() }).unwrap();
        shown.iter().rev().map(|entry| entry.facets.custody != Custody::Local).collect::<Vec<_>>()
    };
    for (shown, sent) in
        [(1, [false; 3]), (0, [true, false, false]), (2, [true, false, false]), (1, [true, true, false])]
    {
        ben.payment_code(&tally, &paid[shown]).unwrap();
        assert_eq!(custody(&mut ben), sent, "{shown}");
    }
    let granted = ben.grant(&tally, terms(60)).unwrap();
    assert_eq!(ben.payment_code(&tally, &granted).err(), Some(WalletError::Unknown { what: "payment" }));
}

/// Nobody is owed by a picture that its signer did not make, and nobody has what it was not given.
#[test]
fn a_picture_that_was_altered_is_refused() {
    let (mut ana, mut ben, tally, _) = pair();
    let chit = pay(&mut ben, &tally, 5).unwrap();
    let code = ben.payment_code(&tally, &chit).unwrap();
    let altered = [
        PledgeCode { units: chips(50), ..code.clone() },
        PledgeCode { signature: Signature([9; 64]), ..code.clone() },
        PledgeCode { date: 1, ..code.clone() },
    ];
    for altered in altered {
        let refused = ana.take_payment_code(&altered).unwrap_err();
        assert!(matches!(refused, WalletError::Refused(Refusal::Signature { .. })), "{refused:?}");
    }
    assert_eq!(words_of(&mut ana, &tally), [""; 0]);
    ana.take_payment_code(&code).unwrap();
    assert_eq!(
        ben.receipt_code(&tally, &chit).err(),
        Some(WalletError::Refused(Refusal::WrongSide { what: "receipt" })),
        "nobody receipts what it pays itself"
    );
    let receipt = ana.receipt_code(&tally, &chit).unwrap();
    assert_eq!(ana.take_receipt_code(&receipt).err(), Some(WalletError::Code(CodeRefusal::NotMyPayment)));
    let mut of_another = receipt.clone();
    of_another.receipt.hash = Digest::of(b"another payment");
    assert_eq!(ben.take_receipt_code(&of_another).err(), Some(WalletError::Code(CodeRefusal::NotMyPayment)));
    let mut forged = receipt;
    forged.signature = Signature([9; 64]);
    let refused = ben.take_receipt_code(&forged).unwrap_err();
    assert!(matches!(refused, WalletError::Refused(Refusal::Signature { .. })), "{refused:?}");
    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Signed(chit));
    // Somebody who keeps no such tally is told that it is not meant.
    let mut stranger = wallet("Stranger", &StoryClock::new());
    assert_eq!(stranger.take_payment_code(&code).err(), Some(WalletError::NotForUs));
}

/// A chain's numbers begin with one and end below 2³²; no picture speaks of another.
#[test]
fn a_picture_names_a_number_that_there_may_be() {
    let (_, mut ben, tally, _) = pair();
    let chit = pay(&mut ben, &tally, 5).unwrap();
    let code = ben.payment_code(&tally, &chit).unwrap();
    for (seq, readable) in [(0, false), (1, true), ((1 << 32) - 1, true), (1 << 32, false)] {
        let code = PledgeCode { seq, ..code.clone() };
        assert_eq!(
            PledgeCode::from_bytes(&code.to_bytes()).is_ok_and(|read| read == code),
            readable,
            "{seq}"
        );
    }
}
