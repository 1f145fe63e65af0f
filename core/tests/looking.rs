//! What a wallet shows: where its holder stands, what a payment would mean, what waits, what is found.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::negotiation::TallyState;
use hazel_core::store::Store;
use hazel_core::tally::Side;
use hazel_core::units::AmountError;
use hazel_core::wallet::{Ask, Attention, CannotPay, Filter, Payment, Speakers, Wallet};
use story::*;

#[test]
fn a_position_is_the_sum_over_all_tallies() {
    let (mut ana, mut ben, owing, clock) = pair();
    let mut carla = wallet("Carla", &clock);
    let owed = opened(&mut ana, &mut carla);
    pay(&mut ana, &owing, 7).unwrap();
    pay(&mut carla, &owed, 30).unwrap();
    meet(&mut carla, &mut ana, &owed);
    // The third is a ticket that nobody has answered.
    ana.invite(Side::Stock, terms(1), 3600, &[]).unwrap();
    let (position, tallies) = ana.overview().unwrap();
    assert_eq!((position.owed_to_me, position.owed_by_me), (chips(30), chips(7)));
    assert_eq!((position.net, position.final_net), (chips(23), chips(30)), "Ben has not heard of the 7");
    assert_eq!((position.open, tallies.len()), (2, 3));
    assert_eq!(ana.position().unwrap(), position);
    meet(&mut ana, &mut ben, &owing);
    assert_eq!(ana.position().unwrap().final_net, chips(23));
    assert_eq!(ben.position().unwrap().net, chips(7));
}

#[test]
fn a_quote_says_what_a_payment_would_mean() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 60).unwrap();
    let quote = ben.quote(&tally, chips(40)).unwrap();
    assert_eq!((quote.before, quote.after), (chips(-60), chips(-100)));
    assert_eq!((quote.limit, quote.obstacle), (chips(100), None));
    let over = ben.quote(&tally, chips(41)).unwrap();
    assert_eq!(over.after, chips(-101), "it is said although it cannot be paid");
    assert!(matches!(over.obstacle, Some(CannotPay::OverLimit { .. })), "{:?}", over.obstacle);
    let nothing = ben.can_pay(&tally, chips(-1)).unwrap().obstacle;
    assert_eq!(nothing, Some(CannotPay::Amount(AmountError::NotPositive)));
    assert_eq!(ben.can_pay(&tally, chips(0)).unwrap().obstacle, None, "it asks for the largest only");
    meet(&mut ana, &mut ben, &tally);
    let back = ana.quote(&tally, chips(111)).unwrap();
    assert_eq!((back.before, back.after, back.limit), (chips(60), chips(-51), chips(50)));
    assert!(back.obstacle.is_some());
}

#[test]
fn whoever_is_asked_for_an_answer_is_told_so() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    assert!(!ana.attention().unwrap().contains(&Attention::Requested(tally)));
    hand(&mut ben, &mut ana, &tally);
    assert!(ana.attention().unwrap().contains(&Attention::Requested(tally)));
    assert!(!ben.attention().unwrap().contains(&Attention::Requested(tally)), "who answered a ticket waits");
    ana.offer(&tally, None, None).unwrap();
    hand(&mut ana, &mut ben, &tally);
    assert!(ben.attention().unwrap().contains(&Attention::Offered(tally)));
    assert!(!ana.attention().unwrap().contains(&Attention::Offered(tally)));
    accept(&mut ben, &tally);
    assert!(!ben.attention().unwrap().contains(&Attention::Offered(tally)));
}

/// Ben has asked Ana for a payment, and paid her more than she lets him owe.
#[test]
fn what_waits_for_an_answer_is_named_until_it_has_one() {
    let (mut ana, mut ben, tally, _) = pair();
    let ask = Ask { units: chips(3), valid_for: 3600, ..Ask::default() };
    let invoice = ben.ask(&tally, &ask).unwrap().invoice.id();
    pay(&mut ben, &tally, 1).unwrap();
    let chit = ben.pay(&tally, &Payment { units: chips(120), insist: true, ..Payment::default() }).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let waits = [Attention::Asked(tally, invoice), Attention::Waiting(tally, chit), Attention::Rehearse];
    assert_eq!(ana.attention().unwrap(), waits);
    assert_eq!(ben.attention().unwrap(), [Attention::Rehearse]);
    ana.accept_pledge(&tally, &chit).unwrap();
    ana.decline(&invoice).unwrap();
    assert_eq!(ana.attention().unwrap(), [Attention::HandOver(tally), Attention::Rehearse]);
    assert_eq!(ana.outbox_tallies().unwrap(), [tally]);
}

#[test]
fn where_all_is_well_nothing_waits_but_the_rehearsal_of_a_backup() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 3).unwrap();
    meet(&mut ana, &mut ben, &tally);
    for wallet in [&mut ana, &mut ben] {
        assert_eq!(wallet.attention().unwrap(), [Attention::Rehearse]);
        assert_eq!(wallet.outbox_tallies().unwrap(), []);
    }
}

#[test]
fn a_ticket_expires_after_its_hour_and_once() {
    let (mut ana, mut ben, clock) = people();
    let ticket = ana.invite(Side::Stock, terms(100), 3600, &[]).unwrap();
    clock.pass(3600);
    assert_eq!(ana.expire_tickets().unwrap(), 0, "the last second still counts");
    assert!(wallet("Cai", &clock).accept_ticket(&ticket, terms(50)).is_ok(), "for whoever scans it as well");
    clock.pass(1);
    assert_eq!(ana.meetable().unwrap(), [ticket.tally]);
    assert_eq!(ana.expire_tickets().unwrap(), 1);
    assert_eq!(ana.meetable().unwrap(), [], "nobody comes any more");
    assert_eq!(ana.expire_tickets().unwrap(), 0);
    assert_eq!(ana.tallies().unwrap()[0].state, TallyState::Expired);
    assert!(ben.accept_ticket(&ticket, terms(50)).is_err());
    // A tally that a ticket has become does not expire with it.
    let (mut ana, _, tally, clock) = pair();
    clock.pass(7200);
    assert_eq!(ana.expire_tickets().unwrap(), 0);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Open);
}

#[test]
fn words_are_found_in_memos_and_references_however_they_are_written() {
    let (mut ana, mut ben, tally, _) = pair();
    for (memo, reference) in [("Rye bread", "A-1"), ("Wool", "order B-2"), ("coffee", "")] {
        let payment =
            Payment { units: chips(1), memo: memo.into(), reference: reference.into(), ..Payment::default() };
        ben.pay(&tally, &payment).unwrap();
    }
    meet(&mut ben, &mut ana, &tally);
    let found = |wallet: &mut Wallet, text: &str| -> Vec<String> {
        let filter = Filter { text: Some(text.to_owned()), most: 10, ..Filter::default() };
        wallet.history(&tally, &filter).unwrap().into_iter().map(|entry| entry.note.memo).collect()
    };
    for wallet in [&mut ana, &mut ben] {
        assert_eq!(found(wallet, "BREAD"), ["Rye bread"]);
        assert_eq!(found(wallet, "b-2"), ["Wool"]);
        assert_eq!(found(wallet, "tea"), [""; 0]);
        assert_eq!(found(wallet, "o").len(), 2);
    }
}

#[test]
fn who_will_not_wait_for_a_partner_goes_on_with_a_new_epoch() {
    let (mut ana, mut ben, tally, clock) = pair();
    let backup = ana.backup(&words("Ana")).unwrap();
    pay(&mut ana, &tally, 3).unwrap();
    let in_flight = ana.hand_over(&tally).unwrap().unwrap();
    let entropy = Box::new(Seeded::new("a new phone"));
    let store = Store::in_memory().unwrap();
    let mut new = Wallet::restore(store, &guard(), &words("Ana"), &backup, Box::new(clock), entropy).unwrap();
    assert_eq!(pay(&mut new, &tally, 1).unwrap_err().code(), "reconciling");
    new.resume(&tally).unwrap();
    assert!(!new.tally(&tally).unwrap().reconciling);
    let paid = pay(&mut new, &tally, 1).unwrap();
    assert!(paid.chain.epoch > 1, "a chain of its own: {:?}", paid.chain);
    assert_eq!(paid.seq, 2, "behind the opening of the epoch");
    // A second time it changes nothing.
    let before = new.have(&tally).unwrap();
    new.resume(&tally).unwrap();
    assert_eq!(new.have(&tally).unwrap(), before);
    ben.receive(&in_flight).unwrap();
    meet(&mut new, &mut ben, &tally);
    meet(&mut new, &mut ben, &tally);
    assert_equal_halves(&mut new, &mut ben, &tally);
    assert_eq!(ben.balance(&tally).unwrap(), chips(4));
}

/// Who speaks for a half, and whether somebody should look after it: something is on its way, or is waited for.
#[test]
fn a_holder_sees_who_speaks_for_a_half() {
    let (mut ana, mut ben, tally, clock) = pair();
    let backup = ana.backup(&words("Ana")).unwrap();
    let [of_ana, of_ben] = ["Ana", "Ben"].map(|name| words(name).root().node_key(&tally.0).public());
    let at_home = Speakers {
        tally,
        side: Side::Stock,
        nodes: vec![of_ana],
        here: true,
        partner: vec![of_ben],
        epoch: 0,
        pending: false,
    };
    assert_eq!(ana.speakers().unwrap(), std::slice::from_ref(&at_home));
    pay(&mut ana, &tally, 1).unwrap();
    assert_eq!(ana.speakers().unwrap(), [Speakers { pending: true, ..at_home.clone() }]);
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.speakers().unwrap(), std::slice::from_ref(&at_home));
    assert_eq!(ben.speakers().unwrap()[0].side, Side::Foil);
    assert!(restored("Ana", &backup, &clock).speakers().unwrap()[0].pending, "it waits for the partner");
    let site = hazel_core::key::SecretKey::from_seed(&[9; 32]).public();
    assert_eq!(ana.host_here(&tally), Ok(None), "it speaks already");
    ana.host_at(&tally, &site).unwrap().unwrap();
    assert_eq!(ana.host_at(&tally, &site), Ok(None));
    let moved = Speakers { nodes: vec![site], here: false, epoch: 1, pending: true, ..at_home.clone() };
    assert_eq!(ana.speakers().unwrap(), [moved]);
    ana.host_here(&tally).unwrap().unwrap();
    assert_eq!(ana.speakers().unwrap(), [Speakers { epoch: 2, pending: true, ..at_home }]);
}

#[test]
fn a_backup_is_to_be_proven_again_after_ninety_days() {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let backup = ben.backup(&words("Ben")).unwrap();
    let mut new = restored("Ben", &backup, &clock);
    meet(&mut new, &mut ana, &tally);
    pay(&mut new, &tally, 1).unwrap();
    let of_new = new.backup(&words("Ben")).unwrap();
    let foreign = ben.rehearse_restore(&words("Ben"), &of_new).unwrap_err();
    assert_eq!(foreign.code(), "corrupt", "there is something in it that was never here");
    let report = ben.rehearse_restore(&words("Ben"), &backup).unwrap();
    assert_eq!((report.tallies, report.chits, report.newer), (1, 1, 0));
    for (pass, due) in [(90 * 86_400, false), (1, true)] {
        clock.pass(pass);
        assert_eq!(ben.attention().unwrap().contains(&Attention::Rehearse), due);
    }
}

/// A phone in whose place another one was restored says so as long as there is something to sign.
#[test]
fn whoever_was_replaced_hears_no_more_of_it_when_all_is_over() {
    let (mut ana, mut old, tally, clock) = pair();
    let mut new = restored("Ben", &old.backup(&words("Ben")).unwrap(), &clock);
    meet(&mut new, &mut ana, &tally);
    let mut is_told = |ana: &mut Wallet| {
        old.ask_what_is_missing(&tally).unwrap();
        talk(&mut old, ana, &tally);
        let told = old.attention().unwrap().contains(&Attention::Replaced(tally));
        (old.tally(&tally).unwrap().state, told)
    };
    assert_eq!(is_told(&mut ana), (TallyState::Open, true));
    new.close(&tally).unwrap();
    meet(&mut new, &mut ana, &tally);
    assert_eq!(is_told(&mut ana), (TallyState::Closed, false));
}

/// What is on the table is what the newest offer says, whoever made it, and no longer what the ticket or the request said.
#[test]
fn a_tally_shows_the_terms_that_are_on_the_table() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    let shown = |wallet: &Wallet| {
        let view = wallet.tally(&tally).unwrap();
        (view.granted.limit, view.received.limit)
    };
    assert_eq!(shown(&ben), (chips(50), chips(100)), "as the ticket says");
    hand(&mut ben, &mut ana, &tally);
    ana.offer(&tally, Some(terms(90)), None).unwrap();
    assert_eq!(shown(&ana), (chips(90), chips(50)));
    hand(&mut ana, &mut ben, &tally);
    assert_eq!(shown(&ben), (chips(50), chips(90)));
    ben.offer(&tally, Some(terms(60)), None).unwrap();
    assert_eq!(shown(&ben), (chips(60), chips(90)));
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(shown(&ana), (chips(90), chips(60)));
    ana.offer(&tally, Some(terms(80)), None).unwrap();
    assert_eq!(shown(&ana), (chips(80), chips(60)));
}
