//! Contracts as they are written: what none may say, and which of two governs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::admit::{Refusal, TicketGround, Unverified, admit};
use hazel_core::canon::{Canon as _, Malformed};
use hazel_core::chit::Variables;
use hazel_core::key::{PublicKey, SecretKey};
use hazel_core::message::Message;
use hazel_core::negotiation::TallyState;
use hazel_core::tally::{Side, SignedTally, Tally, TallyId, Terms};
use hazel_core::ticket::SignedRequest;
use hazel_core::units::Units;
use hazel_core::wallet::{Audience, Wallet};
use story::*;

/// What Ana and Ben have signed.
fn contract() -> Tally {
    let (mut ana, _, tally, _) = pair();
    ana.export(&tally).unwrap().contract.tally
}

type Change = fn(&mut Tally);

#[test]
fn a_contract_that_names_something_twice_or_not_at_all_is_not_read() {
    let tally = contract();
    assert_eq!(Tally::from_bytes(&tally.to_bytes()).as_ref(), Ok(&tally));
    let mut weak = [0; 32];
    weak[0] = 1;
    let mut with_weak = tally.clone();
    with_weak.halves.stock.cert.party_key = PublicKey(weak);
    let refused = Malformed::WeakKey { what: "public key" };
    assert_eq!(Tally::from_bytes(&with_weak.to_bytes()), Err(refused), "a key that anybody can sign with");
    let changes: [(&str, Change); 7] = [
        ("no device", |tally| tally.halves.stock.cert.grants.clear()),
        ("no node", |tally| tally.halves.foil.cert.nodes.clear()),
        ("one device twice", |tally| {
            let grants = &mut tally.halves.foil.cert.grants;
            grants.push(grants[0]);
        }),
        ("one node twice", |tally| {
            let nodes = &mut tally.halves.stock.cert.nodes;
            nodes.push(nodes[0]);
        }),
        ("one party", |tally| tally.halves.foil.cert.party_key = tally.halves.stock.cert.party_key),
        ("one agreement key", |tally| {
            tally.halves.foil.cert.agreement_key = tally.halves.stock.cert.agreement_key;
        }),
        ("a name of two lines", |tally| tally.halves.foil.cert.name.push('\n')),
    ];
    for (what, change) in changes {
        let mut other = tally.clone();
        change(&mut other);
        assert!(Tally::from_bytes(&other.to_bytes()).is_err(), "{what}");
    }
}

#[test]
fn one_signature_is_an_offer_and_two_are_a_contract() {
    let tally = contract();
    let signed = |sides: &[Side]| {
        let draft = SignedTally::draft(tally.clone());
        sides.iter().fold(draft, |it, side| it.signed(*side, &SecretKey::from_seed(&[1; 32]))).is_contract()
    };
    let told = [signed(&[]), signed(&[Side::Stock]), signed(&[Side::Foil]), signed(&Side::BOTH)];
    assert_eq!(told, [false, false, false, true]);
}

/// The later version governs, and of two with one number always the same one, whoever asks.
#[test]
fn of_two_contracts_one_governs() {
    let draft = |revision: u32, denomination: &str| {
        SignedTally::draft(Tally { revision, denomination: denomination.into(), ..contract() })
    };
    let (one, other, later) = (draft(1, "CHIP"), draft(1, "egg"), draft(2, "CHIP"));
    assert!(!one.governs_over(&one));
    assert_ne!(one.governs_over(&other), other.governs_over(&one));
    for early in [one, other] {
        assert!(later.governs_over(&early) && !early.governs_over(&later));
    }
}

#[test]
fn terms_reach_from_nothing_to_the_largest_limit_and_ten_years() {
    for (milli, notice_days, readable) in [
        (0, 0, true),
        (Units::MAX.milli(), 3650, true),
        (-1, 0, false),
        (Units::MAX.milli() + 1, 0, false),
        (0, 3651, false),
    ] {
        let terms = Terms { limit: Units::new(milli), notice_days };
        let read = Terms::from_bytes(&terms.to_bytes());
        assert_eq!(read.is_ok_and(|read| read == terms), readable, "{terms:?}");
    }
}

/// Rates are parts of a million, up to all of it.
#[test]
fn wishes_reach_from_giving_all_to_taking_all() {
    for (rate, readable) in
        [(0, true), (1_000_000, true), (-1_000_000, true), (1_000_001, false), (-1_000_001, false)]
    {
        for wish in [
            Variables { reward: rate, ..Variables::default() },
            Variables { clutch: rate, ..Variables::default() },
        ] {
            let read = Variables::from_bytes(&wish.to_bytes());
            assert_eq!(read.is_ok_and(|read| read == wish), readable, "{wish:?}");
        }
    }
}

/// What a door says of the answer to a ticket: it is good for whoever holds its secret, until its last second, and as it was signed.
#[test]
fn a_ticket_is_answered_by_whoever_has_scanned_it() {
    let (mut ana, mut ben, _) = people();
    let ticket = ana.invite(Side::Stock, terms(100), 3600, &[]).unwrap();
    let tally = ben.accept_ticket(&ticket, terms(50)).unwrap();
    let Some(Message::Request(answer)) = ben.outbox(&tally, Audience::Partner).unwrap().pop() else {
        panic!()
    };
    let key = ben.meeting_keys(&tally).unwrap().ours;
    let admitted = |change: &dyn Fn(&mut SignedRequest), agreement_key: &[u8; 32], late: u64| {
        let mut answer = (*answer).clone();
        change(&mut answer);
        let now = ticket.expires + late;
        let ground = TicketGround { ticket: &ticket, agreement_key, now };
        admit(Unverified::from(answer), &ground).map(|_| ()).map_err(|refusal| refusal.code())
    };
    assert_eq!(admitted(&|_| {}, &key, 0), Ok(()));
    assert_eq!(admitted(&|_| {}, &key, 1), Err("bad_ticket"));
    assert_eq!(admitted(&|_| {}, &[9; 32], 0), Err("altered"));
    assert_eq!(admitted(&|it| it.request.nonce[0] ^= 1, &key, 0), Err("bad_ticket"));
    assert_eq!(admitted(&|it| it.request.tally = TallyId([9; 16]), &key, 0), Err("other_tally"));
    assert_eq!(admitted(&|it| it.request.terms = terms(51), &key, 0), Err("bad_signature"));
}

/// An answer to a ticket that comes again is the same answer. The key beside it stands outside the seal, and it must be the one that was met.
#[test]
fn an_answer_may_come_twice() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    let answer = ben.hand_over(&tally).unwrap().unwrap();
    for _ in 0..2 {
        assert_eq!(ana.receive(&answer).unwrap().rejected, []);
        assert_eq!(ana.tally(&tally).unwrap().state, TallyState::CertsKnown);
    }
    let key = ben.meeting_keys(&tally).unwrap().ours;
    let at = answer.windows(32).position(|bytes| bytes == key).unwrap();
    let mut altered = answer;
    altered[at] ^= 1;
    assert_eq!(ana.receive(&altered).unwrap_err().code(), "not_for_us");
}

/// Ben has scanned Ana's ticket. He takes an offer from her alone, in which he is himself; later she stays who she was.
#[test]
fn an_offer_is_from_the_one_who_was_met() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    hand(&mut ben, &mut ana, &tally);
    ana.offer(&tally, None, None).unwrap();
    let Some(Message::Offer(offer)) = ana.outbox(&tally, Audience::Partner).unwrap().pop() else { panic!() };
    let (of_ana, thief) = (words("Ana").root().party_key(&tally.0), SecretKey::from_seed(&[9; 32]));
    let told = |ben: &mut Wallet, key: &SecretKey, change: &dyn Fn(&mut Tally)| {
        let mut version = offer.tally.clone();
        change(&mut version);
        let offer = SignedTally::draft(version).signed(Side::Stock, key);
        let heard = ben.receive_messages(&tally, vec![Message::Offer(Box::new(offer))]).unwrap();
        heard.rejected.into_iter().map(|rejected| rejected.refusal).next()
    };
    let altered = |what| Some(Refusal::Altered { what });
    let changes: [(&SecretKey, Change, Option<Refusal>, Option<Refusal>); 4] = [
        (
            &of_ana,
            |it| it.halves.foil.cert.name.push('!'),
            altered("my own keys or name"),
            altered("my own keys or name"),
        ),
        (
            &of_ana,
            |it| it.halves.foil.cert.nodes = it.halves.stock.cert.nodes.clone(),
            altered("my own keys or name"),
            altered("my own keys or name"),
        ),
        (
            &thief,
            |it| it.halves.stock.cert.party_key = SecretKey::from_seed(&[9; 32]).public(),
            Some(Refusal::NotTheInviter),
            altered("partner's keys"),
        ),
        (
            &of_ana,
            |it| it.halves.stock.cert.agreement_key = [9; 32],
            Some(Refusal::NotTheInviter),
            altered("partner's keys"),
        ),
    ];
    for (key, change, before, _) in &changes {
        assert_eq!(told(&mut ben, key, change), *before);
    }
    let forged = told(&mut ben, &thief, &|_| {});
    assert!(matches!(forged, Some(Refusal::Signature { what: "tally", .. })), "{forged:?}");
    let draft = SignedTally::draft(offer.tally.clone());
    let unsigned = ben.receive_messages(&tally, vec![Message::Offer(Box::new(draft))]).unwrap();
    assert_eq!(unsigned.rejected[0].refusal, Refusal::Unsigned);
    assert_eq!(ben.tally(&tally).unwrap().state, TallyState::CertsKnown);
    assert_eq!(told(&mut ben, &of_ana, &|_| {}), None);
    for (key, change, _, after) in &changes {
        assert_eq!(told(&mut ben, key, change), *after);
    }
}

/// Ana has offered twice. What comes back signed and is neither of the two is refused, and it is said what was changed in the one it is made of.
#[test]
fn what_was_changed_in_an_offer_is_named() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    hand(&mut ben, &mut ana, &tally);
    let mut offers = Vec::new();
    for chips in [100, 90] {
        ana.offer(&tally, Some(terms(chips)), None).unwrap();
        let Some(Message::Offer(offer)) = ana.outbox(&tally, Audience::Partner).unwrap().pop() else {
            panic!()
        };
        offers.push(offer.tally);
    }
    let mut refused = |at: usize, change: Change| {
        let mut version = offers[at].clone();
        change(&mut version);
        let both = ["Ana", "Ben"].map(|name| words(name).root().party_key(&tally.0));
        let signed = SignedTally::draft(version).signed(Side::Stock, &both[0]).signed(Side::Foil, &both[1]);
        let heard = ana.receive_messages(&tally, vec![Message::Offer(Box::new(signed))]).unwrap();
        heard.rejected.into_iter().map(|rejected| rejected.refusal).next()
    };
    let altered = |what| Some(Refusal::Altered { what });
    assert_eq!(refused(0, |it| it.halves.stock.terms = terms(90)), altered("credit terms"));
    assert_eq!(refused(0, |it| it.date += 1), altered("date"));
    assert_eq!(refused(1, |it| it.date += 1), altered("date"));
    assert_eq!(refused(1, |it| it.revision += 1), altered("whole text"));
    assert_eq!(refused(0, |_| {}), None);
}
