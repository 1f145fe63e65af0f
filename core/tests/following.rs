//! Stories of orders as the other half tells them: what is followed, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::admit::Refusal;
use hazel_core::canon::Canon as _;
use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_core::message::Message;
use hazel_core::order::{Certificate, Head, Links, Run, majority};
use hazel_core::ordering::{Linked, OrderingError, VIEW_MAX, follow, open_view, raise_view, runs};
use hazel_core::tally::{Halves, TallyId};
use hazel_core::wallet::{Audience, Wallet};
use story::*;

/// What becomes of an order of Ben's on Ana's phone as it is now, if the two have agreed on that much; the phone itself hears nothing of it.
fn told(
    ana: &Wallet,
    tally: &TallyId,
    agreed: u64,
    links: impl FnOnce(Head) -> (Vec<Run>, Head),
) -> Result<Linked, OrderingError> {
    let (_folder, mut store, no) = rows_of(ana, tally);
    store.change(|shelf| {
        let contract = shelf.tally(no)?.contract.unwrap().tally.digest();
        let mut standing = shelf.standing(no)?.unwrap();
        standing.agreed = agreed;
        let (runs, head) = links(Head::start(*tally, 0, contract));
        let endorsement = head.endorse(&words("Ben").root().node_key(&tally.0));
        follow(shelf, &mut standing, &Links { after: 0, runs, endorsement })
    })
}

/// The runs, linked in one view, and the head that they lead to. Each is of one chit.
fn linked(start: Head, runs: &[Run], view: u64) -> (Vec<Run>, Head) {
    let end = runs.iter().fold(Head { view, ..start }, |head, run| head.then(&run.last));
    (runs.iter().map(|run| Run { view, ..*run }).collect(), end)
}

/// Ana and Ben have each paid the other and agreed on an order: Ana's phone, and the two chits one by one.
fn two_by_two() -> (Wallet, TallyId, Vec<Run>) {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    pay(&mut ana, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let (_folder, store, no) = rows_of(&ana, &tally);
    let told = store.read(|shelf| runs(shelf, &shelf.standing(no)?.unwrap(), 0)).unwrap();
    assert_eq!(told.len(), 2);
    (ana, tally, told)
}

/// Ana holds what Ben paid and has not heard its place. She follows where the chits lead to the head, and the last of them was linked in
/// its view or an older one.
#[test]
fn an_order_is_followed_where_it_leads_to_its_head() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    let mut chits = ben.outbox(&tally, Audience::Partner).unwrap();
    chits.retain(|message| matches!(message, Message::Chits(_)));
    ana.receive_messages(&tally, chits).unwrap();
    ben.hand_over(&tally).unwrap();
    let (_folder, store, no) = rows_of(&ben, &tally);
    let chit = store.read(|shelf| runs(shelf, &shelf.standing(no)?.unwrap(), 0)).unwrap();
    let heard = |linked_in: u64, view: u64, index: u64, another: bool| {
        told(&ana, &tally, 0, |start| {
            let (runs, end) = linked(start, &chit, linked_in);
            let hash = if another { start.hash } else { end.hash };
            (runs, Head { view, index, hash, ..end })
        })
    };
    let refused = Err(OrderingError::Refused(Refusal::WrongHead));
    for (what, found, expected) in [
        ("to its head", heard(0, 0, 1, false), Ok(Linked::Followed)),
        ("in an older view", heard(0, 4, 1, false), Ok(Linked::Followed)),
        ("in a later view", heard(4, 3, 1, false), refused.clone()),
        ("to another head", heard(0, 0, 1, true), refused.clone()),
        ("to a longer order", heard(0, 0, 2, false), refused.clone()),
        ("to a shorter order", heard(0, 0, 0, false), refused),
    ] {
        assert_eq!(found, expected, "{what}");
    }
}

/// Ben tells the same two chits the other way round: in a newer view, where nothing is agreed, that counts.
#[test]
fn an_order_is_made_anew_in_a_newer_view_only_and_not_where_it_was_agreed() {
    let (ana, tally, mut chits) = two_by_two();
    chits.reverse();
    let heard = |view: u64, agreed: u64| told(&ana, &tally, agreed, |start| linked(start, &chits, view));
    let refused = Err(OrderingError::Refused(Refusal::OrderRewritten { index: 1 }));
    assert_eq!(heard(0, 0), refused, "in the view in which it was given");
    assert_eq!(heard(1, 0), Ok(Linked::Followed));
    assert_eq!(heard(1, 1), refused, "agreed");
}

/// A view is opened above all that were heard of as long as there is one; what a partner's summary names counts up to half of them only.
#[test]
fn views_are_opened_and_promised_up_to_the_last_one() {
    let (ana, _, tally, _) = pair();
    let (_folder, mut store, no) = rows_of(&ana, &tally);
    let last = u64::from(u32::MAX);
    let reached = store.change(|shelf| {
        let mut standing = shelf.standing(no)?.unwrap();
        let promised = [VIEW_MAX, VIEW_MAX, VIEW_MAX + 1].map(|view| raise_view(shelf, &mut standing, view));
        assert_eq!(promised, [Ok(true), Ok(false), Ok(false)]);
        open_view(shelf, &mut standing, last - 1, 0)?;
        assert!(open_view(shelf, &mut standing, 0, 0).is_err());
        Ok::<_, OrderingError>(standing.book.head.view)
    });
    assert_eq!(reached, Ok(last));
}

/// A certificate needs a majority on either side, and says on which it has none.
#[test]
fn a_certificate_says_whose_nodes_are_missing() {
    let head = Head { tally: TallyId([3; 16]), view: 0, index: 1, hash: Digest::of(b"an order") };
    let [stock, foil] = [1, 2].map(|seed| SecretKey::from_seed(&[seed; 32]));
    let nodes = Halves { stock: vec![stock.public()], foil: vec![foil.public()] };
    let checked = |by: &[&SecretKey]| {
        let words = by.iter().map(|key| (key.public(), head.endorse(key).signature)).collect();
        Certificate { head, words }.check(&nodes).map_err(|error| error.to_string())
    };
    assert_eq!(checked(&[&stock, &foil]), Ok(()));
    for (by, missing) in [(&stock, "foil"), (&foil, "stock")] {
        assert_eq!(checked(&[by]), Err(format!("the certificate lacks a majority of the {missing}'s nodes")));
    }
    assert_eq!([1, 2, 3, 4, 5].map(majority), [1, 2, 2, 3, 3]);
}

/// Ana has confirmed an order, and Ben hears of it by a certificate. It brings what it says on the tally it is about, and nothing that
/// one of the halves has not said.
#[test]
fn a_certificate_makes_an_order_final() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    ana.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    let reached = ben.tally(&tally).unwrap();
    assert_eq!((reached.index, reached.agreed), (1, 0));
    let head = Head { tally, view: reached.view, index: 1, hash: reached.head };
    let mut told = |head: Head, by: &[&str]| {
        let key = |name: &&str| words(name).root().node_key(&tally.0);
        let words = by.iter().map(|name| (key(name).public(), head.endorse(&key(name)).signature)).collect();
        let certificate = Certificate { head, words };
        assert_eq!(Certificate::from_bytes(&certificate.to_bytes()).as_ref(), Ok(&certificate));
        let certificate = Message::Certificate(certificate);
        let heard = ben.receive_messages(&tally, vec![certificate]).unwrap().rejected;
        (heard.first().map(|it| it.refusal.code()), ben.tally(&tally).unwrap().final_index)
    };
    let elsewhere = Head { tally: TallyId([9; 16]), ..head };
    assert_eq!(told(elsewhere, &["Ana", "Ben"]), (Some("other_tally"), 0));
    assert_eq!(told(head, &["Ben"]), (Some("bad_certificate"), 0));
    assert_eq!(told(head, &["Ana", "Ben"]), (None, 1));
}
