//! A restored foil waits for the stock's node. Where that is a site, the stock's phone hands the request on and keeps what was asked apart from
//! what is promised. The site is played here by its summaries; `network/tests` tells the same with real ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::digest::Digest;
use hazel_core::key::{PublicKey, SecretKey};
use hazel_core::message::{Have, Message};
use hazel_core::order::{Head, Links};
use hazel_core::ordering::{OrderingError, endorse, runs};
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Audience, EnrolmentRequest, Wallet};
use story::*;

fn site_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Digest::of(name.as_bytes()).0)
}

fn site(name: &str) -> PublicKey {
    site_key(name).public()
}

/// A site confirms everything that Ana's phone knows the order of.
fn confirm(ana: &mut Wallet, tally: &TallyId, name: &str) {
    let it = ana.tally(tally).unwrap();
    let head = Head { tally: *tally, view: it.view, index: it.index, hash: it.head };
    let word = Message::Endorsement(head.endorse(&site_key(name)));
    ana.from_site(tally, &site(name), vec![word]).unwrap();
}

/// Hand-overs both ways, a few times.
fn talk(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    one.ask_what_is_missing(tally).unwrap();
    other.ask_what_is_missing(tally).unwrap();
    for _ in 0..4 {
        if let Some(bytes) = one.hand_over(tally).unwrap() {
            other.receive(&bytes).unwrap();
        }
        if let Some(bytes) = other.hand_over(tally).unwrap() {
            one.receive(&bytes).unwrap();
        }
    }
}

/// Ana's half has moved to her site, Ben's phone orders for itself; then Ben's phone is lost and made anew.
fn beside_a_site() -> (Wallet, Wallet, TallyId, StoryClock) {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    meet(&mut ana, &mut ben, &tally);
    ana.host_at(&tally, &site("Ana's")).unwrap().unwrap();
    talk(&mut ana, &mut ben, &tally);
    confirm(&mut ana, &tally, "Ana's");
    let new = restored(&mut ben, &clock);
    (ana, new, tally, clock)
}

fn restored(ben: &mut Wallet, clock: &StoryClock) -> Wallet {
    story::restored("Ben", &ben.backup(&words("Ben")).unwrap(), clock)
}

/// What a phone of Ana's tells her site of how far its memory goes.
fn told_site(phone: &mut Wallet, tally: &TallyId) -> Have {
    let Some(Message::Have(have)) = phone.to_site(tally).unwrap().pop() else { panic!("no summary") };
    have
}

fn hear(phone: &mut Wallet, tally: &TallyId, site: &PublicKey, have: Have) {
    phone.from_site(tally, site, vec![Message::Have(have)]).unwrap();
}

/// Ben has no site of his own: what Ana's site says of the order he hears from her phone, once.
#[test]
fn a_partner_without_a_site_hears_its_word_from_the_phone() {
    let (mut ana, _, tally, _) = beside_a_site();
    let told = |ana: &mut Wallet| {
        let said = ana.outbox(&tally, Audience::Partner).unwrap();
        said.iter().filter(|it| matches!(it, Message::Endorsement(word) if word.key == site("Ana's"))).count()
    };
    assert_eq!(told(&mut ana), 1);
    ana.hand_over(&tally).unwrap();
    assert_eq!(told(&mut ana), 0);
    confirm(&mut ana, &tally, "Ana's");
    assert_eq!(told(&mut ana), 0, "it has said nothing new");
}

#[test]
fn asked_is_not_promised_and_neither_is_forgotten() {
    let (mut ana, mut new, tally, clock) = beside_a_site();
    talk(&mut new, &mut ana, &tally);
    let asked = new.have(&tally).unwrap().view;
    assert!(new.tally(&tally).unwrap().reconciling);
    assert!(ana.have(&tally).unwrap().view < asked, "nothing is promised");
    // Her phone is killed and opens again from its file.
    let folder = tempfile::tempdir().unwrap();
    let reopened = |wallet: &mut Wallet, name: &str| {
        let path = folder.path().join(name);
        wallet.copy_database(&path).unwrap();
        let entropy = Box::new(Seeded::new(name));
        Wallet::open(Store::open(&path).unwrap(), &guard(), Box::new(clock.clone()), entropy).unwrap()
    };
    let mut ana = reopened(&mut ana, "asked");
    let said = told_site(&mut ana, &tally);
    assert_eq!(said.view, asked, "her site is asked");
    assert!(ana.speakers().unwrap()[0].pending);
    // What is no promise of the one who speaks for her.
    let own = site("Ana's");
    let no_promises = [
        (site("another"), said.clone()),
        (own, Have { view: asked - 1, ..said.clone() }),
        (own, Have { agreed: said.agreed + 1, ..said.clone() }),
        (own, Have { view: u64::MAX, ..said.clone() }),
    ];
    for (site, have) in no_promises {
        hear(&mut ana, &tally, &site, have.clone());
        talk(&mut new, &mut ana, &tally);
        assert!(new.tally(&tally).unwrap().reconciling, "{have:?}");
        assert_eq!(told_site(&mut ana, &tally).view, asked, "it is asked again");
        assert!(ana.have(&tally).unwrap().view < asked);
    }
    hear(&mut ana, &tally, &own, said);
    let told = ana.outbox(&tally, Audience::Partner).unwrap();
    assert!(told.iter().any(|it| matches!(it, Message::Have(have) if have.view == asked)), "{told:?}");
    let mut ana = reopened(&mut ana, "promised");
    assert_eq!(ana.have(&tally).unwrap().view, asked);
    talk(&mut new, &mut ana, &tally);
    assert!(!new.tally(&tally).unwrap().reconciling);
    pay(&mut new, &tally, 1).unwrap();
    for wallet in [&mut ana, &mut new] {
        assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, []);
    }
}

#[test]
fn of_many_requests_the_highest_is_kept_and_none_beyond_the_bound() {
    let (mut ana, new, tally, _) = beside_a_site();
    let honest = new.have(&tally).unwrap();
    let mut ask = |view| {
        let have = Have { view, ..honest.clone() };
        ana.receive_messages(&tally, vec![Message::Have(have)]).unwrap();
        told_site(&mut ana, &tally).view
    };
    assert_eq!(ask(700_000), 700_000);
    assert_eq!(ask(500_000), 700_000, "an older one that comes late");
    assert_eq!(ask(700_000), 700_000);
    assert_eq!(ask((1 << 31) + 1), 700_000, "refused");
    assert_eq!(ask(1 << 31), 1 << 31);
    let not_restored = Have { view: 900_000, restored: false, ..honest };
    let (mut ana, _, tally, _) = beside_a_site();
    ana.receive_messages(&tally, vec![Message::Have(Have { tally, ..not_restored })]).unwrap();
    assert!(told_site(&mut ana, &tally).view < 900_000, "only who may not sign asks");
}

#[test]
fn another_phone_of_the_same_holder_asks_the_site_too() {
    let (mut ana, mut new, tally, clock) = beside_a_site();
    let (request, secret) = EnrolmentRequest::new("tablet", &mut Seeded::new("enrolment"));
    let answer = ana.add_device(&request).unwrap();
    let (store, entropy) = (Store::in_memory().unwrap(), Box::new(Seeded::new("tablet")));
    let mut tablet = Wallet::enrol(store, &guard(), &secret, &answer, Box::new(clock), entropy).unwrap();
    talk(&mut new, &mut tablet, &tally);
    let asked = new.have(&tally).unwrap().view;
    assert_eq!(told_site(&mut tablet, &tally).view, asked);
    assert!(told_site(&mut ana, &tally).view < asked, "the first phone has heard nothing");
    // The first phone hears the site's promise and may say so, whoever asked.
    let said = told_site(&mut ana, &tally);
    hear(&mut ana, &tally, &site("Ana's"), Have { view: asked, ..said });
    talk(&mut new, &mut ana, &tally);
    assert!(!new.tally(&tally).unwrap().reconciling);
}

/// Between two sites: as long as the move is not in the order, the site before may still confirm what an old phone ordered.
#[test]
fn where_the_half_moves_on_the_new_site_alone_promises_nothing() {
    let (mut ana, mut new, tally, _) = beside_a_site();
    ana.host_at(&tally, &site("the next")).unwrap().unwrap();
    talk(&mut new, &mut ana, &tally);
    let said = told_site(&mut ana, &tally);
    for name in ["Ana's", "the next"] {
        hear(&mut ana, &tally, &site(name), said.clone());
        assert!(ana.have(&tally).unwrap().view < said.view, "{name}");
    }
    talk(&mut new, &mut ana, &tally);
    assert!(new.tally(&tally).unwrap().reconciling, "its holder may go on without (`resume`)");
}

/// Ana's phone cannot confirm what Ben orders, for her site speaks for her: an order is told to it once, not until it is confirmed.
#[test]
fn an_order_is_told_once_to_a_phone_that_cannot_confirm_it() {
    let (mut ana, mut ben, tally, _) = pair();
    ana.host_at(&tally, &site("Ana's")).unwrap().unwrap();
    talk(&mut ana, &mut ben, &tally);
    let tells_order = |ben: &mut Wallet| {
        let said = ben.outbox(&tally, Audience::Partner).unwrap();
        said.iter().any(|message| matches!(message, Message::Links(_)))
    };
    for _ in 0..2 {
        pay(&mut ben, &tally, 1).unwrap();
        assert!(tells_order(&mut ben));
        ana.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
        assert!(!tells_order(&mut ben));
    }
    // She says that she has the chits and not their order: the order alone is told, and asks for nothing in return.
    let (have, known) = (ana.have(&tally).unwrap(), ben.have(&tally).unwrap().chains);
    let have = Have { index: 0, hash: have.contract, chains: known, ..have };
    ben.receive_messages(&tally, vec![Message::Have(have)]).unwrap();
    let said = ben.outbox(&tally, Audience::Partner).unwrap();
    assert!(matches!(said[..], [Message::Links(_)]), "{said:?}");
    pay(&mut ben, &tally, 1).unwrap();
    let said = ben.outbox(&tally, Audience::Partner).unwrap();
    assert!(matches!(said[..], [Message::Chits(_), Message::Links(_), Message::Have(_)]), "{said:?}");
}

/// Where a site gives the order a restored phone asks nobody to wait for it.
#[test]
fn a_restored_phone_that_does_not_give_the_order_begins_no_view() {
    let (_, mut ben, tally, clock) = pair();
    assert!(restored(&mut ben, &clock).have(&tally).unwrap().view > 0);
    ben.host_at(&tally, &site("Ben's")).unwrap().unwrap();
    assert_eq!(restored(&mut ben, &clock).have(&tally).unwrap().view, 0);
}

/// Ben's half comes home from a site that has ordered in the meantime. His phone begins a view of its own: the site may have gone on in the
/// one before.
#[test]
fn a_phone_that_gives_the_order_again_begins_a_view() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    ben.host_at(&tally, &site("Ben's")).unwrap().unwrap();
    let (_folder, mut store, no) = rows_of(&ben, &tally);
    let links = store.change(|shelf| {
        let mut standing = shelf.standing(no)?.unwrap();
        let key = site_key("Ben's");
        assert!(endorse(shelf, &key, Side::Foil, &mut standing)?);
        let (runs, endorsement) =
            (runs(shelf, &standing, 0)?, shelf.endorsement(no, &key.public())?.unwrap());
        Ok::<_, OrderingError>(Links { after: 0, runs, endorsement })
    });
    let heard = ben.from_site(&tally, &site("Ben's"), vec![Message::Links(links.unwrap())]).unwrap();
    assert_eq!(heard.delivery.rejected, []);
    let of_site = ben.tally(&tally).unwrap();
    assert_eq!((of_site.index, of_site.unordered), (2, 0));
    ben.host_here(&tally).unwrap().unwrap();
    ben.outbox(&tally, Audience::Partner).unwrap();
    let own = ben.tally(&tally).unwrap();
    assert_eq!((own.index, own.unordered), (3, 0));
    assert!(own.view > of_site.view);
}

/// A site is asked in return when it has something that is not here, or has not promised what it was asked for, and not otherwise.
#[test]
fn a_site_is_answered_with_a_summary_where_something_is_missing() {
    let (mut ana, mut ben, tally, _) = pair();
    for (phone, name) in [(&mut ana, "Ana's"), (&mut ben, "Ben's")] {
        phone.host_at(&tally, &site(name)).unwrap().unwrap();
    }
    let asks = |phone: &mut Wallet, name: &str, change: &dyn Fn(&mut Have)| {
        let mut have = told_site(phone, &tally);
        change(&mut have);
        let answer = phone.from_site(&tally, &site(name), vec![Message::Have(have)]).unwrap().answer;
        answer.iter().any(|message| matches!(message, Message::Have(_)))
    };
    assert!(!asks(&mut ana, "Ana's", &|_| {}));
    assert!(asks(&mut ana, "Ana's", &|have| have.index += 1));
    assert!(!asks(&mut ben, "Ben's", &|_| {}));
    assert!(asks(&mut ben, "Ben's", &|have| have.index += 1));
    assert!(!asks(&mut ben, "Ben's", &|have| have.view = 0), "a foil orders in views of its own");
    let (mut ana, mut new, tally, _) = beside_a_site();
    talk(&mut new, &mut ana, &tally);
    let mut have = told_site(&mut ana, &tally);
    have.view -= 1;
    let answer = ana.from_site(&tally, &site("Ana's"), vec![Message::Have(have)]).unwrap().answer;
    assert!(matches!(answer[..], [Message::Have(_)]), "{answer:?}");
}

/// Where no site speaks for the stock there is none to be asked: a tablet of Ana's hears what Ben asks, and keeps nothing of it.
#[test]
fn a_request_is_kept_for_a_site_only() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ana, &clock, "tablet");
    let mut new = restored(&mut ben, &clock);
    assert!(new.have(&tally).unwrap().view > 0);
    tablet.receive(&new.hand_over(&tally).unwrap().unwrap()).unwrap();
    assert_eq!(told_site(&mut tablet, &tally).view, 0);
}

/// Ben repeats what he has ordered since Ana's site confirmed the last time. Her phone has no word for it, and does not repeat the one for less.
#[test]
fn an_order_that_no_site_has_confirmed_is_not_answered() {
    let (mut ana, mut ben, tally, _) = pair();
    ana.host_at(&tally, &site("Ana's")).unwrap().unwrap();
    talk(&mut ana, &mut ben, &tally);
    confirm(&mut ana, &tally, "Ana's");
    pay(&mut ben, &tally, 1).unwrap();
    let mut order = ben.outbox(&tally, Audience::Partner).unwrap();
    ana.receive_messages(&tally, order.clone()).unwrap();
    order.retain(|message| matches!(message, Message::Links(_)));
    let answers = |ana: &mut Wallet| {
        ana.hand_over(&tally).unwrap();
        assert_eq!(ana.receive_messages(&tally, order.clone()).unwrap().rejected, []);
        let said = ana.outbox(&tally, Audience::Partner).unwrap();
        said.iter().any(|message| matches!(message, Message::Endorsement(_)))
    };
    assert!(!answers(&mut ana));
    confirm(&mut ana, &tally, "Ana's");
    assert!(answers(&mut ana));
}

/// Where Ben's site gives the order his phone waits for nobody's view and begins none, neither when it begins anew nor when it was restored.
#[test]
fn a_phone_beside_its_site_goes_by_no_view() {
    let (ana, mut ben, tally, clock) = pair();
    ben.host_at(&tally, &site("Ben's")).unwrap().unwrap();
    let mut new = restored(&mut ben, &clock);
    let have = Have { view: 7, ..ana.have(&tally).unwrap() };
    new.receive_messages(&tally, vec![Message::Have(have)]).unwrap();
    assert!(!new.tally(&tally).unwrap().reconciling);
    let view = ben.have(&tally).unwrap().view;
    ben.renew(&tally).unwrap();
    assert_eq!(ben.have(&tally).unwrap().view, view);
}
