//! Letters: their form and length, what is answered, what they do not do.

use hazel_core::canon::Canon as _;
use hazel_core::digest::Digest;
use hazel_core::message::Message;
use hazel_core::order::Head;
use hazel_core::tally::Side;
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Payment};
use hazel_network::letter::{Correspondent, LETTER_MAX};
use hazel_network::node::Input;

use super::{codes, hosted, letters, say};
use crate::world::{Who, chips_of, pay, site_key, user_of};

#[test]
fn whoever_was_refused_is_told_why() {
    let mut world = hosted();
    let tally = world.tally;
    let head = Head { tally, view: 1, index: 99, hash: Digest::of(b"x") };
    let word = Message::Endorsement(head.endorse(&site_key("a stranger")));
    let bytes = say(&world, Side::Stock, vec![word]);
    world.post(Who::Ana, Who::Site(0), bytes);
    world.carry();
    assert_eq!(world.refused, ["not_a_node"]);
}

#[test]
fn a_letter_longer_than_eight_thousand_bytes_leaves_and_arrives() {
    let mut world = hosted();
    let tally = world.tally;
    let memo = "a long word about what it was for ".repeat(6);
    for _ in 0..60 {
        let payment = Payment { units: Units::new(10), memo: memo.clone(), ..Payment::default() };
        world.ben.pay(&tally, &payment).unwrap();
    }
    let messages = world.ben.to_site(&tally).unwrap();
    assert!(say(&world, Side::Foil, messages).len() > 8_000);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}

#[test]
fn a_letter_has_one_form_of_bytes() {
    let mut world = hosted();
    let tally = world.tally;
    let honest = say(&world, Side::Stock, vec![Message::Have(world.ana.have(&tally).unwrap())]);
    // The same number in a longer form says the same, and is not the same.
    let mut longer = honest.clone();
    longer.splice(1..2, [0x18, 0x01]);
    let mut trailing = honest;
    trailing.push(0);
    for (bytes, code) in [(longer, "not_canonical"), (trailing, "trailing")] {
        let from = Correspondent::User(user_of(Who::Ana));
        let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
        assert_eq!((codes(&outputs), letters(&outputs)), (vec![code], 0));
    }
    let from = Correspondent::User(user_of(Who::Ana));
    let huge = vec![0; LETTER_MAX + 1];
    assert_eq!(codes(&world.sites[0].batch(vec![Input::Letter { from, bytes: huge }], 5)), ["too_long"]);
}

/// Kinds 16 to 19 are kept for lifts. Until a site knows how to check them it takes in none.
#[test]
fn what_lifts_will_say_is_refused_until_it_can_be_checked() {
    let mut world = hosted();
    let tally = world.tally;
    pay(&mut world.ben, &tally, 1);
    let messages = world.ben.to_site(&tally).unwrap();
    let Some(Message::Chits(page)) = messages.iter().find(|it| matches!(it, Message::Chits(_))) else {
        panic!("a payment waits")
    };
    let body = page.clone().unfold().remove(0).chit.body.to_bytes();
    let honest = say(&world, Side::Foil, messages);
    let at = honest.windows(body.len()).position(|part| part == body).unwrap();
    for kind in 16..20 {
        let mut bytes = honest.clone();
        bytes[at + 1] = kind;
        let from = Correspondent::User(user_of(Who::Ben));
        let outputs = world.sites[1].batch(vec![Input::Letter { from, bytes }], 5);
        assert_eq!((codes(&outputs), letters(&outputs)), (vec!["newer"], 0), "kind {kind}");
    }
}

#[test]
fn an_invoice_counts_in_no_balance_on_its_way_through_the_sites() {
    let mut world = hosted();
    let tally = world.tally;
    let (balance, room) =
        (world.ben.balance(&tally).unwrap(), world.ben.can_pay(&tally, chips_of(95)).unwrap());
    let ask = Ask { units: chips_of(90), valid_for: 60, ..Ask::default() };
    world.ana.ask(&tally, &ask).unwrap();
    world.uplink(Who::Ana);
    world.carry();
    assert_eq!(world.ben.invoices(&tally).unwrap().len(), 1, "it has arrived");
    assert_eq!(world.ben.balance(&tally).unwrap(), balance);
    assert_eq!(
        world.ben.can_pay(&tally, chips_of(95)).unwrap(),
        room,
        "what is only asked for takes no room"
    );
    world.assert_all_final();
}
