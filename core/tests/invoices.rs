//! Stories of invoices: what one may list, and whose word about it is said again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::invoice::{InvoiceState, Line};
use hazel_core::message::Message;
use hazel_core::store::StoreError;
use hazel_core::wallet::{Ask, Audience, Change, Wallet};
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

/// Whoever asks sees all that was asked, and is not told of it as of something new.
#[test]
fn an_invoice_is_open_to_its_last_second_and_news_to_its_payer_only() {
    let (mut ana, mut ben, tally, clock) = pair();
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let ids = [1, 2].map(|_| ana.ask(&tally, &ask).unwrap().invoice.id());
    let news = hand(&mut ana, &mut ben, &tally).unwrap().changes;
    assert_eq!(news, [Change::Asked { units: chips(3) }, Change::Asked { units: chips(3) }]);
    let noted = |wallet: &Wallet| {
        let (_folder, mut store, _) = rows_of(wallet, &tally);
        let asked = store.change(|shelf| {
            let mut asked = 0;
            while let Some(event) = shelf.next_event()? {
                asked += u32::from(event.code == "payment_asked");
                shelf.drop_event(event.no)?;
            }
            Ok::<_, StoreError>(asked)
        });
        asked.unwrap()
    };
    assert_eq!((noted(&ana), noted(&ben)), (0, 2));
    for (pass, state) in [(3600, InvoiceState::Issued), (1, InvoiceState::Expired)] {
        clock.pass(pass);
        for wallet in [&mut ana, &mut ben] {
            let shown = wallet.invoices(&tally).unwrap();
            assert_eq!(
                shown.iter().map(|it| (it.id, it.state)).collect::<Vec<_>>(),
                ids.map(|id| (id, state))
            );
        }
    }
}

/// Ben asks Ana in the place of what she has asked him. It is his to ask, and not his to take hers away.
#[test]
fn nobody_replaces_the_invoice_of_another() {
    let (mut ana, mut ben, tally, _) = pair();
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let id = ana.ask(&tally, &ask).unwrap().invoice.id();
    hand(&mut ana, &mut ben, &tally);
    let other = ben.ask(&tally, &Ask { supersedes: Some(id), ..ask }).unwrap().invoice.id();
    meet(&mut ana, &mut ben, &tally);
    for wallet in [&mut ana, &mut ben] {
        let states = [id, other].map(|id| wallet.invoice(&id).unwrap().state);
        assert_eq!(states, [InvoiceState::Issued; 2]);
    }
}
