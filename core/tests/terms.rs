//! Stories of two people who agree on terms, and change them later.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::admit::Refusal;
use hazel_core::digest::Digest;
use hazel_core::letter::{Letterbox, letters};
use hazel_core::message::{Have, Message};
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::{Side, SignedTally, Tally, TallyId};
use hazel_core::wallet::{Audience, Wallet};
use story::*;

#[test]
fn two_offers_race_and_the_same_one_governs() {
    let (mut ana, mut ben, _) = people();
    let ticket = ana.invite(Side::Foil, terms(100), 3600, &[]).unwrap();
    let tally = ben.accept_ticket(&ticket, terms(50)).unwrap();
    hand(&mut ben, &mut ana, &tally);
    ana.offer(&tally, None, None).unwrap();
    hand(&mut ana, &mut ben, &tally);
    ben.offer(&tally, Some(terms(60)), None).unwrap();
    let from_ben = ben.hand_over(&tally).unwrap().unwrap();
    ana.revise(&tally).unwrap();
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Revising);
    ana.offer(&tally, Some(terms(90)), None).unwrap();
    let from_ana = ana.hand_over(&tally).unwrap().unwrap();
    ana.receive(&from_ben).unwrap();
    ben.receive(&from_ana).unwrap();
    // Both have revision 2 of both: whoever accepts first, the same contract governs in the end.
    let accepted = |wallet: &mut Wallet| {
        let version = wallet.offered(&tally).unwrap().version;
        wallet.accept(&tally, &version).is_ok()
    };
    assert!(accepted(&mut ana) | accepted(&mut ben));
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.tally(&tally).unwrap().head, ben.tally(&tally).unwrap().head);
    pay(&mut ben, &tally, 5).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// That both have signed is told until something comes back: a hand-over may be lost.
#[test]
fn a_contract_is_told_until_it_is_heard() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    offered(&mut ana, &mut ben, &tally);
    accept(&mut ben, &tally);
    let tells = |ben: &mut Wallet| {
        let said = ben.outbox(&tally, Audience::Partner).unwrap();
        said.iter().any(|message| matches!(message, Message::Offer(offer) if offer.is_contract()))
    };
    for _ in 0..2 {
        assert!(tells(&mut ben));
        let _lost = ben.hand_over(&tally).unwrap().unwrap();
    }
    hand(&mut ben, &mut ana, &tally).unwrap();
    // Whoever signs chits on it has heard of it.
    pay(&mut ana, &tally, 1).unwrap();
    let mut chits = ana.outbox(&tally, Audience::Partner).unwrap();
    chits.retain(|message| matches!(message, Message::Chits(_)));
    assert_eq!(ben.receive_messages(&tally, chits).unwrap().rejected, []);
    assert!(!tells(&mut ben));
}

/// Ben has heard Ana's offer twice, made one of his own, and she has said no. To that he has nothing to say.
#[test]
fn whoever_was_refused_does_not_refuse_in_return() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    hand(&mut ben, &mut ana, &tally);
    ana.offer(&tally, None, None).unwrap();
    for _ in 0..2 {
        hand(&mut ana, &mut ben, &tally).unwrap();
    }
    ben.offer(&tally, Some(terms(60)), None).unwrap();
    hand(&mut ben, &mut ana, &tally).unwrap();
    ana.refuse(&tally).unwrap();
    hand(&mut ana, &mut ben, &tally).unwrap();
    assert_eq!(ben.tally(&tally).unwrap().state, TallyState::Refused);
    assert_eq!(ben.outbox(&tally, Audience::Partner).unwrap(), []);
}

/// Two contracts are signed at once, and the one that does not govern is given up. Who had it says how far its memory goes now.
#[test]
fn whoever_gives_a_contract_up_says_what_is_left() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    offered(&mut ana, &mut ben, &tally);
    ben.offer(&tally, Some(terms(60)), None).unwrap();
    let from_ben = ben.hand_over(&tally).unwrap().unwrap();
    ana.offer(&tally, Some(terms(90)), None).unwrap();
    let from_ana = ana.hand_over(&tally).unwrap().unwrap();
    ana.receive(&from_ben).unwrap();
    ben.receive(&from_ana).unwrap();
    accept(&mut ana, &tally);
    accept(&mut ben, &tally);
    let held = |wallet: &mut Wallet| wallet.export(&tally).unwrap().contract;
    let (of_ana, of_ben) = (held(&mut ana), held(&mut ben));
    assert_ne!(of_ana, of_ben);
    let (gives_up, governs) =
        if of_ben.governs_over(&of_ana) { (&mut ana, of_ben) } else { (&mut ben, of_ana) };
    let mut talk = gives_up.begin_meeting(&tally).unwrap();
    gives_up.say(&mut talk).unwrap();
    for letter in letters(&[Message::Offer(Box::new(governs.clone()))]) {
        gives_up.hear(&mut talk, None, &letter).unwrap();
    }
    assert_eq!(held(gives_up), governs);
    let mut letterbox = Letterbox::default();
    let said = gives_up.say(&mut talk).unwrap();
    let said: Vec<_> = said.iter().flat_map(|letter| letterbox.open(letter).unwrap()).collect();
    let left = |have: &Have| have.contract == governs.tally.digest() && have.index == 0;
    assert!(said.iter().any(|it| matches!(it, Ok(Message::Have(have)) if left(have))), "{said:?}");
}

/// What is offered may be a contract of other words than everybody's.
#[test]
fn an_offer_says_whether_its_contract_is_the_usual_one() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(ana.outbox(&tally, Audience::Partner).unwrap(), [], "a request is not thrown back");
    ana.offer(&tally, None, None).unwrap();
    let mut said = ana.outbox(&tally, Audience::Partner).unwrap();
    ben.receive_messages(&tally, said.clone()).unwrap();
    assert!(ben.offered(&tally).unwrap().usual_contract);
    let Some(Message::Offer(offer)) = said.pop() else { panic!("{said:?}") };
    let unusual = Tally { contract: Digest::of(b"other words"), revision: 9, ..offer.tally };
    let offer = SignedTally::draft(unusual).signed(Side::Stock, &words("Ana").root().party_key(&tally.0));
    ben.receive_messages(&tally, vec![Message::Offer(Box::new(offer))]).unwrap();
    assert!(!ben.offered(&tally).unwrap().usual_contract);
}

/// Ana calls herself something else in a later offer. Ben's phone follows, unless he has given her a name of his own.
#[test]
fn a_partner_is_called_what_it_calls_itself_or_what_its_holder_calls_it() {
    for own in [None, Some("Sis")] {
        let (mut ana, mut ben, _) = people();
        let tally = introduce(&mut ana, &mut ben);
        offered(&mut ana, &mut ben, &tally);
        if let Some(own) = own {
            ben.rename(&tally, own).unwrap();
        }
        let Some(Message::Offer(offer)) = ana.outbox(&tally, Audience::Partner).unwrap().pop() else {
            panic!("no offer")
        };
        let mut renamed = Tally { revision: 9, ..offer.tally };
        renamed.halves.stock.cert.name = "Anna".into();
        let offer = SignedTally::draft(renamed).signed(Side::Stock, &words("Ana").root().party_key(&tally.0));
        let heard = ben.receive_messages(&tally, vec![Message::Offer(Box::new(offer))]).unwrap();
        assert_eq!(heard.rejected, []);
        assert_eq!(ben.tally(&tally).unwrap().name, own.unwrap_or("Anna"));
    }
}

/// A refusal that was long on its way names a version that is no longer on the table.
#[test]
fn a_refusal_refuses_the_version_that_it_names() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    hand(&mut ben, &mut ana, &tally);
    let refused = |ana: &mut Wallet, version: Digest| {
        let heard = ana.receive_messages(&tally, vec![Message::Refuse { tally, version }]).unwrap();
        assert_eq!(heard.rejected, []);
        ana.tally(&tally).unwrap().state
    };
    assert_eq!(refused(&mut ana, Digest::of(b"another version")), TallyState::CertsKnown);
    ana.offer(&tally, None, None).unwrap();
    hand(&mut ana, &mut ben, &tally);
    for another in [Digest::of(b"another version"), Digest::default()] {
        assert_eq!(refused(&mut ana, another), TallyState::Offered(By::Me));
    }
    assert_eq!(refused(&mut ana, ben.offered(&tally).unwrap().version), TallyState::Refused);
}

/// The acceptance of an early offer is on its way while the one who made it has offered three times more: what both have signed governs.
#[test]
fn an_early_offer_may_come_back_signed_after_later_ones() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    offered(&mut ana, &mut ben, &tally);
    accept(&mut ben, &tally);
    for limit in 1..=3 {
        ana.offer(&tally, Some(terms(limit)), None).unwrap();
    }
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Open);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// Two contracts could govern: the two have gone by the earlier one, and Ana has signed the later one too.
fn two_contracts() -> (Wallet, Wallet, TallyId, SignedTally) {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    offered(&mut ana, &mut ben, &tally);
    accept(&mut ben, &tally);
    ana.offer(&tally, Some(terms(500)), None).unwrap();
    let Some(Message::Offer(later)) = ana.outbox(&tally, Audience::Partner).unwrap().pop() else { panic!() };
    meet(&mut ben, &mut ana, &tally);
    (ana, ben, tally, *later)
}

/// The two have agreed on a payment under the earlier contract. It is too late for the other.
#[test]
fn a_contract_is_not_exchanged_under_what_was_agreed() {
    let (mut ana, mut ben, tally, later) = two_contracts();
    pay(&mut ben, &tally, 5).unwrap();
    let brings = |ana: &mut Wallet| {
        let signed = later.clone().signed(Side::Foil, &words("Ben").root().party_key(&tally.0));
        let heard = ana.receive_messages(&tally, vec![Message::Offer(Box::new(signed))]).unwrap().rejected;
        heard.into_iter().map(|rejected| rejected.refusal).next()
    };
    let before = ana.export(&tally).unwrap().contract;
    assert!(later.tally.revision > before.tally.revision);
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(brings(&mut ana), Some(Refusal::OutOfPlace { what: "contract" }));
    assert_eq!(ana.export(&tally).unwrap().contract, before);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

/// Every version that was signed is kept, so there is an end to them: the seventeenth is refused and nothing is lost by it.
#[test]
fn nobody_offers_without_end() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    hand(&mut ben, &mut ana, &tally);
    for limit in 1..=16 {
        ana.offer(&tally, Some(terms(limit)), None).unwrap();
    }
    assert_eq!(ana.offer(&tally, Some(terms(17)), None).unwrap_err().code(), "offers_used_up");
    hand(&mut ana, &mut ben, &tally);
    accept(&mut ben, &tally);
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Open);
}

/// Before there is a contract each sees what it would grant itself, and what the other has said last.
#[test]
fn a_tally_that_is_negotiated_shows_what_was_said_last() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    let seen = |wallet: &Wallet| {
        let view = wallet.tally(&tally).unwrap();
        [view.granted, view.received].map(|terms| terms.limit)
    };
    assert_eq!(seen(&ana), [chips(100), chips(0)], "nobody has answered");
    assert_eq!(seen(&ben), [chips(50), chips(100)], "by the ticket");
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(seen(&ana), [chips(100), chips(50)]);
    ana.offer(&tally, Some(terms(90)), Some(terms(40))).unwrap();
    hand(&mut ana, &mut ben, &tally);
    assert_eq!(seen(&ben), [chips(40), chips(90)], "by the offer");
    accept(&mut ben, &tally);
    meet(&mut ben, &mut ana, &tally);
    assert_eq!((seen(&ana), seen(&ben)), ([chips(90), chips(40)], [chips(40), chips(90)]));
}

/// Whoever hears that both have signed the later contract tells it.
#[test]
fn a_contract_that_takes_over_is_told() {
    let (mut ana, _ben, tally, later) = two_contracts();
    let tells = |ana: &mut Wallet| {
        let said = ana.outbox(&tally, Audience::Partner).unwrap();
        said.iter().any(|message| matches!(message, Message::Offer(offer) if offer.is_contract()))
    };
    assert!(!tells(&mut ana), "both know the earlier one");
    let signed = later.signed(Side::Foil, &words("Ben").root().party_key(&tally.0));
    let heard = ana.receive_messages(&tally, vec![Message::Offer(Box::new(signed))]).unwrap();
    assert_eq!(heard.rejected, []);
    assert!(tells(&mut ana));
}
