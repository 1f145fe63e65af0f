//! What partners may say of errands that is not so, or not theirs to say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::errand::{ErrandId, ErrandMessage, LIFETIME_MAX, Verdict};
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{CannotGive, ErrandNews, FOR_GIVER_MAX, Wallet};
use story::*;

/// Ana has given the carrier an errand for Ben.
fn given() -> (Three, ErrandId) {
    let mut three = three();
    let Three { ana, carrier, tally, with_ana, .. } = &mut three;
    pay(ana, tally, 1).unwrap();
    let errand = ana.give_errand(tally, with_ana, 3600).unwrap().unwrap().id;
    for said in ana.say_errands(with_ana).unwrap() {
        carrier.hear_errand(with_ana, &said).unwrap();
    }
    assert_eq!(carrier.errands().unwrap().len(), 1);
    (three, errand)
}

fn arrived(id: ErrandId) -> Vec<u8> {
    ErrandMessage::Answered { id, verdict: Verdict::Arrived }.to_bytes()
}

/// Only whoever carries an errand says what became of it; its addressee says so to the carrier, and whoever gave it says nothing at all.
#[test]
fn what_became_of_an_errand_is_said_by_whoever_had_it_in_hand() {
    let (Three { mut ana, mut carrier, tally, with_ana, with_ben, .. }, errand) = given();
    let turn = ana.hear_errand(&tally, &arrived(errand)).unwrap();
    assert_eq!(turn.news, None, "Ben does not carry it");
    assert_eq!(ana.errands().unwrap()[0].said, None);
    let turn = carrier.hear_errand(&with_ana, &arrived(errand)).unwrap();
    assert_eq!(turn.news, None, "she cannot know");
    assert_eq!(carrier.errands().unwrap().len(), 1);
    carrier.hear_errand(&with_ben, &arrived(errand)).unwrap().news.unwrap();
    assert_eq!(carrier.errands().unwrap(), []);
}

/// A carrier that is full for Ana says so of what is new, and of what it carries that it does.
#[test]
fn what_is_carried_already_needs_no_room() {
    let (Three { mut ana, mut carrier, tally, with_ana, .. }, _) = given();
    let mut give = || {
        ana.give_errand(&tally, &with_ana, 3600).unwrap().unwrap();
        ana.say_errands(&with_ana).unwrap()
    };
    let mut verdict = |said: &[u8]| match carrier.hear_errand(&with_ana, said).unwrap().news {
        Some(ErrandNews::OfPartner(_, verdict)) => verdict,
        other => panic!("{other:?}"),
    };
    let first = give().remove(1);
    assert_eq!(verdict(&first), Verdict::Carried);
    for _ in 2..FOR_GIVER_MAX {
        assert_eq!(verdict(give().last().unwrap()), Verdict::Carried);
    }
    assert_eq!(verdict(give().last().unwrap()), Verdict::FullForGiver);
    assert_eq!(verdict(&first), Verdict::Carried);
    assert!(carrier.carries_errands().unwrap());
}

#[test]
fn what_cannot_be_given_is_said_in_a_word() {
    let all = [CannotGive::SamePartner, CannotGive::NotOpen, CannotGive::TooLong];
    assert_eq!(all.map(|cannot| cannot.code()), ["same_partner", "not_open", "errand_too_long"]);
    let (Three { mut ana, tally, with_ana, .. }, _) = given();
    assert!(
        ana.give_errand(&tally, &with_ana, LIFETIME_MAX).unwrap().is_some(),
        "as long as that it is carried"
    );
}

/// Ben asks for the errand where it is not carried: at Ana's, who tells him herself. Nor does Ana get back from the carrier what she gave it.
#[test]
fn an_errand_is_handed_over_by_its_carrier_and_to_its_addressee_alone() {
    let (Three { mut ana, mut ben, mut carrier, tally, with_ana, with_ben, .. }, _) = given();
    let shown = carrier.say_errands(&with_ben).unwrap().remove(0);
    let claimed = ben.hear_errand(&with_ben, &shown).unwrap().reply.remove(0);
    assert_eq!(ana.hear_errand(&tally, &claimed).unwrap().reply, [[0; 0]; 0]);
    assert_eq!(carrier.hear_errand(&with_ana, &claimed).unwrap().reply, [[0; 0]; 0]);
    let handed = carrier.hear_errand(&with_ben, &claimed).unwrap().reply;
    assert!(matches!(ErrandMessage::from_bytes(&handed[0]), Ok(ErrandMessage::Handed(_))));
}

/// Whoever has only been shown a ticket is told nothing of what is carried.
#[test]
fn errands_are_spoken_of_where_there_is_a_contract() {
    let (Three { mut carrier, with_ben, .. }, _) = given();
    let ticket = carrier.invite(Side::Stock, terms(1), 3600, &[]).unwrap();
    let said = |carrier: &mut Wallet, with: &TallyId| carrier.say_errands(with).unwrap().len();
    assert_eq!((said(&mut carrier, &with_ben), said(&mut carrier, &ticket.tally)), (1, 0));
}
