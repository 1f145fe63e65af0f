//! Notes: receipts, invoices and answers on their way through a site, between two who never meet.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::invoice::{InvoiceId, InvoiceState, Verdict};
use hazel_core::message::Message;
use hazel_core::notes::{Heard, Notes};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Ask, Payment, Wallet};
use story::*;

fn asked(wallet: &mut Wallet, tally: &TallyId, valid_for: u64) -> InvoiceId {
    let ask = Ask { units: chips(3), valid_for, ..Ask::default() };
    wallet.ask(tally, &ask).unwrap().invoice.id()
}

/// What one phone lacks of another's notes, told in words.
fn lacks(to: &Wallet, of: &mut Wallet, tally: &TallyId) -> Vec<String> {
    let told = of.notes_beyond(tally, &to.notes(tally).unwrap()).unwrap();
    let word = |message: Message| match message {
        Message::Receipt(signed) => format!("receipt up to {}", signed.receipt.seq),
        Message::Invoice(_) => "invoice".to_owned(),
        Message::Answer(signed) => signed.answer.verdict.state().name().to_owned(),
        other => panic!("{other:?}"),
    };
    told.into_iter().map(word).collect()
}

/// Tells what the other phone lacks.
fn tell(from: &mut Wallet, to: &mut Wallet, tally: &TallyId) {
    let told = from.notes_beyond(tally, &to.notes(tally).unwrap()).unwrap();
    assert_eq!(to.receive_messages(tally, told).unwrap().rejected, []);
    assert_eq!(lacks(to, from, tally), [""; 0], "it lacks nothing any more");
}

/// Ana asks, Ben says no to one thing and pays another, and Ana takes a third one back: each is told what it has not heard, once.
#[test]
fn each_is_told_what_it_has_not_heard() {
    let (mut ana, mut ben, tally, _) = pair();
    let [declined, paid, withdrawn] = [1, 2, 3].map(|_| asked(&mut ana, &tally, 3600));
    assert_eq!(lacks(&ben, &mut ana, &tally), ["invoice"; 3]);
    tell(&mut ana, &mut ben, &tally);
    assert_eq!(lacks(&ana, &mut ben, &tally), [""; 0], "nobody is told its own invoices");
    assert_eq!(ben.notes_beyond(&tally, &Notes::default()).unwrap(), [], "whoever is asked asks nobody");
    ben.decline(&declined).unwrap();
    ana.withdraw(&withdrawn).unwrap();
    ben.pay(&tally, &Payment { units: chips(3), invoice: Some(paid), ..Payment::default() }).unwrap();
    assert_eq!(lacks(&ana, &mut ben, &tally), ["declined"]);
    assert_eq!(lacks(&ben, &mut ana, &tally), ["withdrawn"]);
    tell(&mut ben, &mut ana, &tally);
    tell(&mut ana, &mut ben, &tally);
    assert_eq!(ana.invoice(&declined).unwrap().state, InvoiceState::Declined);
    assert_eq!(ben.invoice(&withdrawn).unwrap().state, InvoiceState::Withdrawn);
    let heard = |wallet: &Wallet| {
        let notes = wallet.notes(&tally).unwrap();
        [declined, paid, withdrawn].map(|id| notes.invoice(&id).unwrap())
    };
    assert_eq!(heard(&ben), [Heard::Enough, Heard::Enough, Heard::Withdrawn]);
    assert_eq!(heard(&ana), [Heard::Enough, Heard::Nothing, Heard::Withdrawn]);
    // Who has come too late for an invoice that was answered is told both.
    assert_eq!(ana.notes_beyond(&tally, &Notes::default()).unwrap().len(), 3 + 2);
}

/// Ben's payment reaches Ana by another way. Her receipt is what he lacks until he has it; his own chits are told by the order.
#[test]
fn a_receipt_is_told_until_it_is_known() {
    let (mut ana, mut ben, tally, _) = pair();
    for _ in 0..2 {
        pay(&mut ben, &tally, 1).unwrap();
    }
    assert_eq!(lacks(&ben, &mut ana, &tally), [""; 0]);
    ana.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    let held = |wallet: &Wallet| wallet.notes(&tally).unwrap().held.iter().map(|it| it.1).collect::<Vec<_>>();
    assert_eq!((held(&ana), held(&ben)), (vec![2], vec![0]));
    assert_eq!(lacks(&ben, &mut ana, &tally), ["receipt up to 2"]);
    tell(&mut ana, &mut ben, &tally);
    assert_eq!(held(&ben), [2]);
}

/// An invoice is told until its last second; of what is over nothing more is said.
#[test]
fn what_is_over_is_told_no_longer() {
    let (mut ana, mut ben, tally, clock) = pair();
    asked(&mut ana, &tally, 60);
    clock.pass(60);
    assert_eq!(lacks(&ben, &mut ana, &tally), ["invoice"]);
    tell(&mut ana, &mut ben, &tally);
    assert_eq!(ben.notes(&tally).unwrap().invoices.len(), 1);
    clock.pass(1);
    assert_eq!(lacks(&ben, &mut ana, &tally), [""; 0]);
    assert_eq!(ben.notes(&tally).unwrap(), Notes::default());
}

/// Which answers are news, by what was heard before.
#[test]
fn an_answer_is_news_to_whoever_has_heard_none_or_a_weaker_one() {
    let id = InvoiceId([3; 16]);
    for (heard, news) in [
        (None, [true, true]),
        (Some(Heard::Nothing), [true, true]),
        (Some(Heard::Withdrawn), [false, true]),
        (Some(Heard::Enough), [false, false]),
    ] {
        let notes =
            Notes { invoices: heard.map(|heard| (id, heard)).into_iter().collect(), ..Notes::default() };
        assert_eq!([Verdict::Withdrawn, Verdict::Declined].map(|it| notes.lacks(&id, it)), news, "{heard:?}");
    }
}
