//! Stories of invoices: what one may list, and whose word about it is said again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::invoice::{InvoiceId, InvoiceState, Line, SignedAnswer, SignedInvoice, Verdict};
use hazel_core::key::Signature;
use hazel_core::message::{HANDOVER_MAX, Have, Message};
use hazel_core::store::StoreError;
use hazel_core::tally::{Side, TallyId};
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Audience, Change, Custody, Filter, Payment, Wallet};
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

/// What takes an invoice's place may come before it: that counts where one and the same side has asked.
#[test]
fn an_invoice_is_replaced_by_what_came_before_it() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ben, &clock, "tablet");
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let asked = [1, 2].map(|_| ana.ask(&tally, &ask).unwrap());
    let [first, second] = [0, 1].map(|at: usize| asked.get(at).unwrap().invoice.id());
    let replaced = ana.ask(&tally, &Ask { supersedes: Some(first), ..ask.clone() }).unwrap();
    hand(&mut ana, &mut ben, &tally);
    let by_ben = ben.ask(&tally, &Ask { supersedes: Some(second), ..ask }).unwrap();
    let told = [vec![replaced, by_ben], asked.to_vec()].concat().into_iter().map(Message::Invoice).collect();
    assert_eq!(tablet.receive_messages(&tally, told).unwrap().rejected, []);
    let states = [first, second].map(|id| tablet.invoice(&id).unwrap().state);
    assert_eq!(states, [InvoiceState::Countered, InvoiceState::Issued]);
}

/// Only a device of the asker's asks, and only one of the payer's says no; nobody takes anything else for an invoice or an answer.
#[test]
fn nobody_asks_or_answers_for_another() {
    let (mut ana, mut ben, tally, _) = pair();
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let signed = ana.ask(&tally, &ask).unwrap();
    let told = |wallet: &mut Wallet, message: Message| {
        let heard = wallet.receive_messages(&tally, vec![message]).unwrap().rejected;
        heard.first().map(|rejected| rejected.refusal.code())
    };
    let asked = |change: &dyn Fn(&mut SignedInvoice)| {
        let mut other = signed.clone();
        change(&mut other);
        Message::Invoice(other)
    };
    assert_eq!(told(&mut ben, asked(&|it| it.invoice.units = chips(4))), Some("bad_signature"));
    assert_eq!(told(&mut ben, asked(&|it| it.signature = Signature([9; 64]))), Some("bad_signature"));
    assert_eq!(told(&mut ben, asked(&|it| it.invoice.by.device = 9)), Some("unknown_device"));
    assert_eq!(told(&mut ben, asked(&|it| it.invoice.by.side = Side::Foil)), Some("bad_signature"));
    assert_eq!(told(&mut ben, asked(&|it| it.invoice.tally = TallyId([9; 16]))), Some("other_tally"));
    assert_eq!(ben.invoices(&tally).unwrap(), []);
    assert_eq!(told(&mut ben, asked(&|_| {})), None);
    let id = signed.invoice.id();
    ben.decline(&id).unwrap();
    let mut said = ben.outbox(&tally, Audience::Partner).unwrap();
    said.retain(|message| matches!(message, Message::Answer(_)));
    let Some(Message::Answer(no)) = said.pop() else { panic!("no answer") };
    let answered = |change: &dyn Fn(&mut SignedAnswer)| {
        let mut other = no.clone();
        change(&mut other);
        Message::Answer(other)
    };
    assert_eq!(told(&mut ana, answered(&|it| it.signature = Signature([9; 64]))), Some("bad_signature"));
    assert_eq!(told(&mut ana, answered(&|it| it.answer.verdict = Verdict::Withdrawn)), Some("wrong_side"));
    assert_eq!(told(&mut ana, answered(&|it| it.answer.by.side = Side::Stock)), Some("wrong_side"));
    assert_eq!(told(&mut ana, answered(&|it| it.answer.by.epoch = 9)), Some("unknown_device"));
    assert_eq!(told(&mut ana, answered(&|it| it.answer.invoice.0[0] ^= 1)), Some("out_of_place"));
    assert_eq!(told(&mut ana, answered(&|it| it.answer.tally = TallyId([9; 16]))), Some("other_tally"));
    assert_eq!(ana.invoice(&id).unwrap().state, InvoiceState::Issued);
    assert_eq!(told(&mut ana, answered(&|_| {})), None);
    assert_eq!(ana.invoice(&id).unwrap().state, InvoiceState::Declined);
}

#[test]
fn an_invoice_is_paid_by_whoever_it_asks_and_where_it_asks() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut cyd = wallet("Cyd", &clock);
    let with_cyd = opened(&mut cyd, &mut ben);
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let id = ana.ask(&tally, &ask).unwrap().invoice.id();
    hand(&mut ana, &mut ben, &tally);
    let pays = |wallet: &mut Wallet, on: &TallyId| {
        let payment = Payment { units: chips(3), invoice: Some(id), ..Payment::default() };
        wallet.pay(on, &payment).map_err(|error| error.code())
    };
    assert_eq!(pays(&mut ana, &tally), Err("unknown"), "one's own");
    assert_eq!(pays(&mut ben, &with_cyd), Err("unknown"), "to somebody else");
    assert!(pays(&mut ben, &tally).is_ok());
    assert_eq!(pays(&mut ben, &tally), Err("invoice_over"));
}

/// What a summary says of invoices: what it does not name has never been heard of, what it names is open there, and what it names twice
/// was taken back there, so that only a stronger word is news.
#[test]
fn a_summary_says_which_invoices_are_open() {
    let heard = |by_ana: bool, act: &dyn Fn(&mut Wallet, &mut Wallet, &InvoiceId), named: usize| {
        let (mut ana, mut ben, tally, _) = pair();
        let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
        let id = ana.ask(&tally, &ask).unwrap().invoice.id();
        meet(&mut ana, &mut ben, &tally);
        act(&mut ana, &mut ben, &id);
        let (wallet, partner) = if by_ana { (&mut ana, &ben) } else { (&mut ben, &ana) };
        wallet.hand_over(&tally).unwrap();
        let have = Have { invoices: vec![id; named], ..partner.have(&tally).unwrap() };
        wallet.receive_messages(&tally, vec![Message::Have(have)]).unwrap();
        let said = wallet.outbox(&tally, Audience::Partner).unwrap();
        let has = |what: fn(&Message) -> bool| said.iter().any(what);
        [has(|it| matches!(it, Message::Invoice(_))), has(|it| matches!(it, Message::Answer(_)))]
    };
    let nothing = |_: &mut Wallet, _: &mut Wallet, _: &InvoiceId| {};
    let withdraw = |ana: &mut Wallet, _: &mut Wallet, id: &InvoiceId| ana.withdraw(id).unwrap();
    let decline = |_: &mut Wallet, ben: &mut Wallet, id: &InvoiceId| ben.decline(id).unwrap();
    assert_eq!([0, 1, 2].map(|named| heard(true, &nothing, named)), [[true, false], [false; 2], [false; 2]]);
    assert_eq!([0, 1, 2].map(|named| heard(false, &nothing, named)), [[false; 2]; 3]);
    assert_eq!([0, 1, 2].map(|named| heard(true, &withdraw, named)), [[false; 2], [true; 2], [false; 2]]);
    let answer = [false, true];
    assert_eq!([0, 1, 2].map(|named| heard(false, &decline, named)), [[false; 2], answer, answer]);
}

/// As many chits and invoices wait as two hand-overs hold: none is longer than it may be, and everything arrives.
#[test]
fn invoices_wait_for_a_hand_over_with_room() {
    let (mut ana, mut ben, tally, _) = pair();
    let line = Line { text: "t".repeat(80), count: 1, units: Units::new(1) };
    let ask = Ask { lines: vec![line; 24], valid_for: 3600, ..Ask::default() };
    for _ in 0..300 {
        ana.ask(&tally, &ask).unwrap();
    }
    for _ in 0..800 {
        let memo = "m".repeat(200);
        ana.pay(&tally, &Payment { units: Units::new(10), memo, ..Payment::default() }).unwrap();
    }
    let first = ana.hand_over(&tally).unwrap().unwrap();
    assert!(first.len() <= HANDOVER_MAX);
    assert_eq!(ben.receive(&first).unwrap().rejected, []);
    let sent = |wallet: &mut Wallet| {
        let all = wallet.history(&tally, &Filter { most: 800, ..Filter::default() }).unwrap();
        all.iter().filter(|entry| entry.facets.custody == Custody::Sent).count()
    };
    assert_eq!((sent(&mut ana), ben.invoices(&tally).unwrap().len()), (800, 0));
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ben.invoices(&tally).unwrap().len(), 300);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}
