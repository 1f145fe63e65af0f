//! A foil's site has forgotten what it ordered and orders anew; the stock's phone, which has no site, has agreed to what was forgotten. What
//! both halves stand for is told to the foil's phone, and goes before the newer order there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::admit::Refusal;
use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_core::letter::letters;
use hazel_core::message::Message;
use hazel_core::order::{Certificate, CertificateError, Endorsement, Head, Links, Run};
use hazel_core::ordering::{OrderingError, adopt};
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::Wallet;
use story::*;

/// The view in which Ben's site orders first, and the one after it has forgotten that.
const FIRST: u64 = 10;
const ANEW: u64 = 20;

fn site() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

/// An order of Ben's site over what stands on this phone: in which view, and under which number the phone shows it.
fn ordered(phone: &mut Wallet, tally: &TallyId, places: &[(u64, usize)]) -> Links {
    ordered_by(&site(), phone, tally, places)
}

fn ordered_by(node: &SecretKey, phone: &mut Wallet, tally: &TallyId, places: &[(u64, usize)]) -> Links {
    let export = phone.export(tally).unwrap();
    let mut head = Head { tally: *tally, view: 0, index: 0, hash: export.contract.tally.digest() };
    let mut runs = Vec::new();
    for (view, number) in places.iter().copied() {
        let chit = &export.chits[number].signed.chit;
        head = Head { view, ..head }.then(&chit.hash());
        runs.push(Run { view, chain: chit.chain, first: chit.seq, count: 1, last: chit.hash() });
    }
    Links { after: 0, runs, endorsement: head.endorse(node) }
}

/// Ben's half is at his site, and each of the two has paid. The site has given all of it a place, Ana has heard that, and nobody has heard
/// that she agrees.
fn agreed_and_unheard() -> (Wallet, Wallet, TallyId) {
    let (mut ana, mut ben, tally, _) = pair();
    ben.host_at(&tally, &site().public()).unwrap().unwrap();
    pay(&mut ana, &tally, 1).unwrap();
    pay(&mut ben, &tally, 2).unwrap();
    talk(&mut ana, &mut ben, &tally);
    let order = Message::Links(ordered(&mut ben, &tally, &[0, 1, 2].map(|number| (FIRST, number))));
    ben.from_site(&tally, &site().public(), vec![order]).unwrap();
    hand(&mut ben, &mut ana, &tally).unwrap();
    let hers = ana.tally(&tally).unwrap();
    assert_eq!((hers.index, hers.final_index), (3, 3));
    (ana, ben, tally)
}

/// By the numbers under which Ben's phone shows them first: what Ana paid, his move to the site, and what he paid.
#[test]
fn what_was_agreed_goes_before_a_newer_order_of_the_same_or_of_another_kind() {
    for numbers in [[0, 1, 2], [1, 0, 2]] {
        let (mut ana, mut ben, tally) = agreed_and_unheard();
        let anew = Message::Links(ordered(&mut ben, &tally, &numbers.map(|number| (ANEW, number))));
        ben.from_site(&tally, &site().public(), vec![anew]).unwrap();
        let (hers, his) = (ana.tally(&tally).unwrap(), ben.tally(&tally).unwrap());
        assert!(his.index == 3 && his.head != hers.head && his.agreed == 0, "{numbers:?}");
        ana.ask_what_is_missing(&tally).unwrap();
        ben.ask_what_is_missing(&tally).unwrap();
        for _ in 0..3 {
            for ben_tells in [true, false] {
                let (from, to) = if ben_tells { (&mut ben, &mut ana) } else { (&mut ana, &mut ben) };
                if let Some(told) = from.hand_over(&tally).unwrap() {
                    to.receive(&told).unwrap();
                }
            }
        }
        assert_equal_halves(&mut ana, &mut ben, &tally);
        assert_eq!(ben.tally(&tally).unwrap().final_index, 3, "{numbers:?}");
        assert_eq!(ben.have(&tally).unwrap().view, ANEW, "his site is told in which view it stood");
    }
}

/// A long order fills letters of its own, and what stands for it comes in the next.
#[test]
fn an_order_and_its_certificate_may_come_in_two_letters_of_a_meeting() {
    let (mut ana, mut ben, tally) = agreed_and_unheard();
    let anew = Message::Links(ordered(&mut ben, &tally, &[1, 0, 2].map(|number| (ANEW, number))));
    ben.from_site(&tally, &site().public(), vec![anew]).unwrap();
    let have = ben.have(&tally).unwrap();
    ana.receive_messages(&tally, vec![Message::Have(have)]).unwrap();
    let told = ana.outbox(&tally, hazel_core::wallet::Audience::Partner).unwrap();
    assert!(matches!(told[..], [Message::Links(_), Message::Certificate(_)]), "{told:?}");
    let mut talk = ben.begin_meeting(&tally).unwrap();
    for message in told {
        for letter in letters(&[message]) {
            ben.hear(&mut talk, None, &letter).unwrap();
        }
    }
    let his = ben.tally(&tally).unwrap();
    assert_eq!((his.head, his.final_index), (ana.tally(&tally).unwrap().head, 3));
}

/// The two are in one order, of which Ben has not heard that Ana agrees: her words are enough, and the order is not told again.
#[test]
fn whoever_is_not_astray_is_told_words_only() {
    let (mut ana, ben, tally) = agreed_and_unheard();
    let have = ben.have(&tally).unwrap();
    ana.receive_messages(&tally, vec![Message::Have(have)]).unwrap();
    let told = ana.outbox(&tally, hazel_core::wallet::Audience::Partner).unwrap();
    assert!(told.iter().any(|it| matches!(it, Message::Endorsement(_))), "{told:?}");
    assert!(!told.iter().any(|it| matches!(it, Message::Links(_) | Message::Certificate(_))), "{told:?}");
}

/// Ben's phone gives the order itself, in a view of its own, and hears that both halves stood for another one in an older view.
#[test]
fn whoever_gives_the_order_adopts_none() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ana, &tally, 1).unwrap();
    pay(&mut ben, &tally, 2).unwrap();
    ben.receive(&ana.hand_over(&tally).unwrap().unwrap()).unwrap();
    ben.renew(&tally).unwrap();
    ben.hand_over(&tally).unwrap();
    let (before, view) = (ben.tally(&tally).unwrap(), ben.have(&tally).unwrap().view);
    assert!(before.index == 3 && view > 0);
    let [hers, his] = ["Ana", "Ben"].map(|name| words(name).root().node_key(&tally.0));
    let links = ordered_by(&his, &mut ben, &tally, &[(0, 1)]);
    let head = links.endorsement.head;
    let certificate = Certificate {
        head,
        words: [hers, his].map(|key| (key.public(), head.endorse(&key).signature)).to_vec(),
    };
    ben.receive_messages(&tally, vec![Message::Links(links), Message::Certificate(certificate)]).unwrap();
    assert_eq!(ben.tally(&tally).unwrap().head, before.head);
}

/// Whom an order that departs from the one held is taken from, and what it may not touch.
#[test]
fn an_order_is_adopted_where_both_halves_stand_for_it_and_above_what_is_agreed() {
    let (ana, mut ben, tally) = agreed_and_unheard();
    let (_folder, mut store, no) = rows_of(&ana, &tally);
    let hers = words("Ana").root().node_key(&tally.0);
    let mut heard = |places: &[(u64, usize)], by: &[&SecretKey], agreed: u64, spoilt: bool| {
        let mut links = ordered(&mut ben, &tally, places);
        if spoilt {
            links.runs[0].last = Digest::of(b"a chit that is not here");
        }
        let head = links.endorsement.head;
        let word = |key: &&SecretKey| -> Endorsement { head.endorse(key) };
        let words = by.iter().map(word).map(|it| (it.key, it.signature)).collect();
        store.change(|shelf| {
            let mut standing = shelf.standing(no)?.unwrap();
            standing.agreed = agreed;
            standing.book.head.view = ANEW;
            let departs = adopt(shelf, &mut standing, &links, &Certificate { head, words })?;
            assert!(!standing.reconciling && departs != (places == [(FIRST, 0)]));
            Ok::<_, OrderingError>((standing.book.head.index, standing.book.head.view))
        })
    };
    let other_way = [1, 0, 2].map(|number| (FIRST - 1, number));
    let missing = |side| Err(OrderingError::Refused(CertificateError::TooFew(side).into()));
    assert_eq!(heard(&other_way, &[&site()], 0, false), missing(Side::Stock));
    assert_eq!(heard(&other_way, &[&hers], 0, false), missing(Side::Foil));
    let refused = |refusal| Err(OrderingError::Refused(refusal));
    assert_eq!(heard(&other_way, &[&site(), &hers], 0, true), refused(Refusal::WrongHead));
    assert_eq!(
        heard(&other_way, &[&site(), &hers], 2, false),
        refused(Refusal::OrderRewritten { index: 1 }),
        "what is agreed stays"
    );
    let beginning = heard(&[(FIRST, 0)], &[&site(), &hers], 0, false);
    assert_eq!(beginning, Ok((3, ANEW)), "what stands behind it stays");
    assert_eq!(
        heard(&other_way, &[&site(), &hers], 0, false),
        Ok((3, ANEW)),
        "and follows no older view later"
    );
}
