//! How much goes in one errand, how much is carried, and what is said of the rest.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::errand::{ERRAND_MAX, Errand, ErrandMessage, Verdict};
use hazel_core::message::{Message, Page};
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{
    Ask, CARRIED_BYTES, Custody, ErrandNews, FOR_GIVER_BYTES, Filter, Payment, Wallet, WalletError,
};
use story::*;

/// What Ben gives along for Ana, if he can, with a tally between him and a carrier.
fn given(ben: &mut Wallet, tally: &TallyId, clock: &StoryClock) -> Result<Errand, WalletError> {
    let with = opened(ben, &mut wallet("Carrier", clock));
    ben.give_errand(tally, &with, 3600)?.unwrap();
    let said = ErrandMessage::from_bytes(&ben.say_errands(&with)?[0])?;
    let ErrandMessage::Handed(errand) = said else { panic!("{said:?}") };
    Ok(*errand)
}

/// An errand is filled with chits to a half and a little more. Where these are all there is, their order goes along; of more, it does not.
#[test]
fn what_goes_whole_goes_with_its_order() {
    for (payments, arrives) in [(48, (48, 48)), (52, (52, 52)), (60, (60, 60)), (61, (60, 0))] {
        let (mut ana, mut ben, tally, clock) = pair();
        for _ in 0..payments {
            let payment = Payment { units: chips(1), memo: "m".repeat(180), ..Payment::default() };
            ben.pay(&tally, &payment).unwrap();
        }
        let errand = given(&mut ben, &tally, &clock).unwrap();
        assert_eq!(ana.receive(&errand.handover().to_bytes()).unwrap().rejected, []);
        assert_eq!((ana.export(&tally).unwrap().chits.len(), ana.tally(&tally).unwrap().index), arrives);
    }
}

/// Ben has more to tell of his first phone than one errand holds. What his tablet has signed stays behind, and is not called sent.
#[test]
fn what_stays_behind_is_not_called_sent() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ben, &clock, "tablet");
    ben.hand_allowance(&tally, 2, chips(20)).unwrap();
    meet(&mut ben, &mut ana, &tally);
    talk(&mut tablet, &mut ana, &tally);
    let of_tablet = pay(&mut tablet, &tally, 1).unwrap();
    let signed = tablet.export(&tally).unwrap().chits.into_iter().map(|row| row.signed);
    let own: Vec<_> = signed.filter(|signed| signed.chit.reference() == of_tablet).collect();
    ben.receive_messages(&tally, vec![Message::Chits(Page::of(&own).unwrap())]).unwrap();
    for _ in 0..100 {
        let payment = Payment { units: Units::new(10), memo: "m".repeat(180), ..Payment::default() };
        ben.pay(&tally, &payment).unwrap();
    }
    given(&mut ben, &tally, &clock).unwrap();
    let all = ben.history(&tally, &Filter { most: 200, payments_only: true, ..Filter::default() }).unwrap();
    assert_eq!(all.len(), 101);
    let sent: Vec<_> = all.iter().filter(|view| view.facets.custody == Custody::Sent).collect();
    assert!((1..100).contains(&sent.len()), "{}", sent.len());
    assert!(sent.iter().all(|view| view.chit.chain != of_tablet.chain));
}

/// Ben asks Ana for so many payments, with so many letters of what for in all, and gives that along.
fn asked(count: usize, letters: usize) -> Result<Errand, WalletError> {
    let (_ana, mut ben, tally, clock) = pair();
    for at in 0..count {
        let memo = "m".repeat(letters / count + usize::from(at < letters % count));
        ben.ask(&tally, &Ask { units: chips(1), memo, valid_for: 3600, ..Ask::default() }).unwrap();
    }
    given(&mut ben, &tally, &clock)
}

/// The longest errand there may be: one letter more is too many.
fn longest() -> Errand {
    let length = |count: usize| asked(count, 100 * count).unwrap().to_bytes().len();
    let each = length(41) - length(40);
    let count = 40 + (ERRAND_MAX - length(40)) / each;
    let letters = 100 * count + ERRAND_MAX - length(count);
    assert_eq!(asked(count, letters + 1).unwrap_err().code(), "too_long");
    asked(count, letters).unwrap()
}

/// As many bytes are carried as are promised, for one partner and for all: not one less, and not one more.
#[test]
fn the_longest_errands_fill_a_carrier_to_the_last_byte() {
    let errand = longest();
    let length = errand.to_bytes().len() as u64;
    assert_eq!(length, ERRAND_MAX as u64);
    let (for_giver, givers) = (FOR_GIVER_BYTES / length, CARRIED_BYTES / FOR_GIVER_BYTES);
    assert_eq!((for_giver * length, givers * FOR_GIVER_BYTES), (FOR_GIVER_BYTES, CARRIED_BYTES));
    let clock = StoryClock::new();
    let mut carrier = wallet("Carrier", &clock);
    carrier.carry_errands(true).unwrap();
    let verdict = |with: &TallyId, carrier: &mut Wallet, at: u64| {
        let mut given = errand.clone();
        given.expires -= at;
        let said = ErrandMessage::Handed(Box::new(given)).to_bytes();
        match carrier.hear_errand(with, &said).unwrap().news {
            Some(ErrandNews::OfPartner(_, verdict)) => verdict,
            other => panic!("{other:?}"),
        }
    };
    for giver in 0..givers {
        let with = opened(&mut wallet(&format!("Giver {giver}"), &clock), &mut carrier);
        for at in 0..for_giver {
            assert_eq!(verdict(&with, &mut carrier, at), Verdict::Carried, "{giver} {at}");
        }
        assert_eq!(verdict(&with, &mut carrier, for_giver), Verdict::FullForGiver);
    }
    let with = opened(&mut wallet("One more", &clock), &mut carrier);
    assert_eq!(verdict(&with, &mut carrier, 0), Verdict::Full);
}
