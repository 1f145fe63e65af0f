//! Stories of invoices: what one may list, and whose word about it is said again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::invoice::{InvoiceState, Line};
use hazel_core::message::Message;
use hazel_core::wallet::{Ask, Audience, Wallet};
use story::*;

#[test]
fn an_invoice_lists_up_to_24_items() {
    let (mut ana, _, tally, _) = pair();
    let egg = Line { text: "an egg".into(), count: 1, units: chips(1) };
    let mut asked = |items: usize| {
        let ask = Ask { lines: vec![egg.clone(); items], valid_for: 3600, ..Ask::default() };
        ana.ask(&tally, &ask).map(|signed| signed.invoice.units)
    };
    assert_eq!(asked(24), Ok(chips(24)));
    assert_eq!(asked(25).unwrap_err().code(), "too_long");
}

/// Ana takes back what Ben has declined, and has not heard that he did. The stronger word stands, and he says it again; a word that she
/// has heard he does not repeat.
#[test]
fn whoever_says_the_weaker_word_is_told_the_stronger_one() {
    let (mut ana, mut ben, tally, _) = pair();
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let id = ana.ask(&tally, &ask).unwrap().invoice.id();
    hand(&mut ana, &mut ben, &tally);
    let answers = |wallet: &mut Wallet| {
        let mut said = wallet.outbox(&tally, Audience::Partner).unwrap();
        said.retain(|message| matches!(message, Message::Answer(_)));
        said
    };
    ben.decline(&id).unwrap();
    let declined = answers(&mut ben);
    ben.hand_over(&tally).unwrap();
    assert_eq!(answers(&mut ben), [], "it is said once");
    ben.receive_messages(&tally, declined.clone()).unwrap();
    assert_eq!(answers(&mut ben), [], "thrown back");
    ana.withdraw(&id).unwrap();
    let withdrawn = answers(&mut ana);
    ben.receive_messages(&tally, withdrawn).unwrap();
    assert_eq!(answers(&mut ben), declined);
    assert_eq!(ben.invoice(&id).unwrap().state, InvoiceState::Declined);
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.invoice(&id).unwrap().state, InvoiceState::Declined);
}
