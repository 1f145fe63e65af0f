//! Stories of one person with two phones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::message::Message;
use hazel_core::negotiation::TallyState;
use hazel_core::store::Store;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{Attention, Audience, Change, Payment, Wallet};
use story::*;

fn second_phone(first: &mut Wallet, clock: &StoryClock) -> Wallet {
    another_phone(first, clock, "tablet")
}

fn largest(wallet: &Wallet, tally: &TallyId) -> Units {
    wallet.can_pay(tally, Units::ZERO).unwrap().largest
}

#[test]
fn a_second_phone_pays_within_its_allowance() {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    let mut tablet = second_phone(&mut ben, &clock);
    assert_eq!(tablet.device(), 2);
    assert!(ben.has_root() && !tablet.has_root());
    assert_eq!(tablet.balance(&tally).unwrap(), chips(-10));
    assert_eq!(largest(&tablet, &tally), Units::ZERO);
    ben.hand_allowance(&tally, 2, chips(40)).unwrap();
    assert_eq!(largest(&ben, &tally), chips(50));
    for (amount, obstacle) in
        [(50, None), (51, Some("over_allowance")), (90, Some("over_allowance")), (91, Some("over_limit"))]
    {
        let told = ben.can_pay(&tally, chips(amount)).unwrap().obstacle.map(|it| it.code());
        assert_eq!(told, obstacle, "{amount}: the limit is the partner's word, the allowance one's own");
    }
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    assert_eq!(largest(&tablet, &tally), chips(40));
    // Two phones, neither knowing of the other's payments: together they stay within the limit.
    pay(&mut tablet, &tally, 40).unwrap();
    pay(&mut ben, &tally, 50).unwrap();
    assert_eq!(pay(&mut tablet, &tally, 1).unwrap_err().code(), "over_allowance");
    let exposure = ana.exposure(&tally, Some(2)).unwrap();
    assert_eq!(
        (exposure.held, exposure.worst),
        (chips(10), chips(60)),
        "the first phone may have spent its 50 unseen"
    );
    meet(&mut tablet, &mut ana, &tally);
    assert_eq!(ana.exposure(&tally, Some(2)).unwrap().worst, chips(100));
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(100));
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, Units::ZERO);
    meet(&mut tablet, &mut ana, &tally);
    assert_equal_halves(&mut tablet, &mut ana, &tally);
    assert_equal_halves(&mut ben, &mut ana, &tally);
}

#[test]
fn a_revoked_phone_signs_no_longer() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ben, &clock);
    ben.hand_allowance(&tally, 2, chips(20)).unwrap();
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    assert_eq!(ben.revoke_device(2).unwrap(), 1);
    meet(&mut ben, &mut ana, &tally);
    pay(&mut tablet, &tally, 5).unwrap();
    meet(&mut tablet, &mut ana, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), Units::ZERO);
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, chips(5));
    assert_eq!(pay(&mut tablet, &tally, 1).unwrap_err().code(), "revoked");
    assert!(!tablet.attention().unwrap().contains(&Attention::Replaced(tally)), "it cannot begin anew");
    for (device, why) in
        [(1, "nobody revokes the device in hand"), (2, "once is enough"), (9, "there is none")]
    {
        assert_eq!(ben.revoke_device(device).unwrap_err().code(), "unknown", "{why}");
    }
    meet(&mut ben, &mut ana, &tally);
    assert_equal_halves(&mut ben, &mut ana, &tally);
}

/// What a new phone pays reaches the partner before it has heard of the phone: it waits, and counts when the leave is here.
#[test]
fn what_an_unknown_phone_has_signed_waits_for_its_leave() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ben, &clock);
    tablet.pay(&tally, &Payment { units: chips(3), insist: true, ..Payment::default() }).unwrap();
    let chits = |wallet: &mut Wallet, by: u32| {
        let mut said = wallet.outbox(&tally, Audience::Partner).unwrap();
        said.retain(|it| matches!(it, Message::Chits(page) if page.chain.device == by));
        said
    };
    let heard = ana.receive_messages(&tally, chits(&mut tablet, 2)).unwrap();
    assert_eq!((heard.changes, heard.rejected), (vec![Change::Waiting], vec![]));
    let heard = ana.receive_messages(&tally, chits(&mut ben, 1)).unwrap();
    assert_eq!((heard.changes.len(), heard.rejected), (2, vec![]));
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, chips(3));
}

/// A tablet lets in a watch, and has lost its leave before that is heard of. What the watch signs is let in all the same, and does not count.
#[test]
fn whoever_was_let_in_too_late_is_heard_and_does_not_count() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ben, &clock);
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    let mut watch = another_phone(&mut tablet, &clock, "watch");
    ben.revoke_device(2).unwrap();
    meet(&mut ben, &mut ana, &tally);
    talk(&mut tablet, &mut ana, &tally);
    for _ in 0..2 {
        watch.pay(&tally, &Payment { units: chips(3), insist: true, ..Payment::default() }).unwrap();
    }
    let heard = hand(&mut watch, &mut ana, &tally).unwrap();
    assert!(!heard.changes.contains(&Change::Waiting), "nothing waits for its leave: {:?}", heard.changes);
    assert_eq!(ana.balance(&tally).unwrap(), Units::ZERO);
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, chips(6));
    assert_eq!(ana.audit(&mut |_| true).unwrap().findings, []);
}

/// Ana's first phone is lost, and her tablet takes its leave away: nothing is handed on any more, and all of the limit is the tablet's.
#[test]
fn a_phone_that_outlives_the_first_has_the_whole_limit() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ana, &clock);
    meet(&mut ana, &mut ben, &tally);
    talk(&mut tablet, &mut ben, &tally);
    assert_eq!(largest(&tablet, &tally), Units::ZERO);
    assert_eq!(tablet.revoke_device(1).unwrap(), 1);
    assert_eq!(largest(&tablet, &tally), chips(50));
    pay(&mut tablet, &tally, 30).unwrap();
    talk(&mut tablet, &mut ben, &tally);
    assert_eq!(ben.balance(&tally).unwrap(), chips(30));
    assert_eq!(ben.tally(&tally).unwrap().outside_theirs, Units::ZERO);
    let known = ben.devices(&tally).unwrap().into_iter().find(|device| !device.mine && device.device == 2);
    assert_eq!(known.unwrap().allowance, None, "it needs none");
}

#[test]
fn a_revoked_phone_seals_nothing() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ana, &clock);
    meet(&mut ana, &mut ben, &tally);
    meet(&mut tablet, &mut ben, &tally);
    assert_eq!(ana.revoke_device(2).unwrap(), 1);
    meet(&mut ana, &mut ben, &tally);
    ben.close(&tally).unwrap();
    // Its seal would have no effect, and it would sign another with every answer. Without Ana's word the two cannot agree, so they say
    // again what they said.
    for _ in 0..3 {
        hand(&mut tablet, &mut ben, &tally);
        hand(&mut ben, &mut tablet, &tally);
    }
    assert_eq!(tablet.tally(&tally).unwrap().state, TallyState::Sealing);
    assert!(tablet.have(&tally).unwrap().chains.iter().all(|(chain, ..)| chain.device == 1));
    meet(&mut ana, &mut ben, &tally);
    meet(&mut tablet, &mut ben, &tally);
    for wallet in [&ana, &ben, &tablet] {
        assert_eq!(wallet.tally(&tally).unwrap().state, TallyState::Closed, "{}", wallet.name());
    }
    assert_equal_halves(&mut tablet, &mut ben, &tally);
}

#[test]
fn what_goes_beyond_a_phones_allowance_waits_to_be_accepted() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ben, &clock);
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    let worst = ana.exposure(&tally, None).unwrap().worst;
    let payment = Payment { units: chips(3), insist: true, ..Payment::default() };
    let chit = tablet.pay(&tally, &payment).unwrap();
    meet(&mut tablet, &mut ana, &tally);
    assert_eq!(
        ana.balance(&tally).unwrap(),
        Units::ZERO,
        "the first phone may have spent all of the limit unseen"
    );
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, chips(3));
    assert_eq!(ana.exposure(&tally, None).unwrap().worst, worst);
    ana.accept_pledge(&tally, &chit).unwrap();
    meet(&mut ana, &mut tablet, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(3));
    assert_equal_halves(&mut tablet, &mut ana, &tally);
}

/// What was accepted although it went beyond a phone's allowance is off what the phone is handed next, and off no other phone's.
#[test]
fn what_was_accepted_is_off_the_next_allowance() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ben, &clock);
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    let chit = tablet.pay(&tally, &Payment { units: chips(3), insist: true, ..Payment::default() }).unwrap();
    meet(&mut tablet, &mut ana, &tally);
    meet(&mut ben, &mut ana, &tally);
    ana.accept_pledge(&tally, &chit).unwrap();
    meet(&mut ben, &mut ana, &tally);
    ben.hand_allowance(&tally, 2, chips(10)).unwrap();
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    assert_eq!((largest(&tablet, &tally), largest(&ben, &tally)), (chips(7), chips(90)));
}

/// A backup tells one chain after the other, so a phone made from it hears an acceptance before the payment it accepts. In that order
/// it has no effect, and it stays so, however often everything without a place is added up again; the creditor can accept once more.
#[test]
fn an_acceptance_that_comes_before_its_payment_has_no_effect() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ben, &clock);
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    let payment = Payment { units: chips(3), insist: true, ..Payment::default() };
    let chit = tablet.pay(&tally, &payment).unwrap();
    hand(&mut tablet, &mut ana, &tally);
    ana.accept_pledge(&tally, &chit).unwrap();
    let backup = ana.backup(&words("Ana")).unwrap();
    let entropy = Box::new(Seeded::new("new phone"));
    let new_clock = Box::new(clock.clone());
    let store = Store::in_memory().unwrap();
    let mut new = Wallet::restore(store, &guard(), &words("Ana"), &backup, new_clock, entropy).unwrap();
    assert_eq!(new.audit(&mut |_| true).unwrap().findings, []);
    for partner in [&mut tablet, &mut ben] {
        meet(&mut new, partner, &tally);
        assert_eq!(new.tally(&tally).unwrap().outside_theirs, chips(3));
        assert_eq!(new.balance(&tally).unwrap(), Units::ZERO);
        assert_eq!(new.audit(&mut |_| true).unwrap().findings, []);
    }
    new.accept_pledge(&tally, &chit).unwrap();
    meet(&mut new, &mut ben, &tally);
    assert_eq!(new.balance(&tally).unwrap(), chips(3));
    assert_equal_halves(&mut new, &mut ben, &tally);
}

/// A phone is lost before the partner has heard of the tablet that it let in, and the one in its place lets in another. What the lost ones
/// signed comes late.
#[test]
fn a_phone_that_has_forgotten_whom_it_let_in_gives_no_number_twice() {
    for lost in ["Ana", "Ben"] {
        let (ana, ben, tally, clock) = pair();
        let (mut old, mut partner) = if lost == "Ana" { (ana, ben) } else { (ben, ana) };
        let backup = old.backup(&words(lost)).unwrap();
        let mut tablet = another_phone(&mut old, &clock, "tablet");
        tablet.grant(&tally, terms(10)).unwrap();
        let entropy = Box::new(Seeded::new(&format!("{lost}'s new phone")));
        let store = Store::in_memory().unwrap();
        let mut new =
            Wallet::restore(store, &guard(), &words(lost), &backup, Box::new(clock.clone()), entropy)
                .unwrap();
        let drawn = |phone: &Wallet| phone.device() >= 1_000_000_000;
        assert!(drawn(&another_phone(&mut new, &clock, "shelf")), "before it has heard from anybody");
        meet(&mut new, &mut partner, &tally);
        let mut desk = another_phone(&mut new, &clock, "desk");
        assert!(drawn(&desk), "and where it may have forgotten somebody");
        assert_ne!(desk.device(), tablet.device(), "{lost}");
        desk.grant(&tally, terms(20)).unwrap();
        meet(&mut new, &mut partner, &tally);
        talk(&mut desk, &mut partner, &tally);
        for late in [&mut tablet, &mut old] {
            partner.receive(&late.hand_over(&tally).unwrap().unwrap()).unwrap();
        }
        talk(&mut desk, &mut partner, &tally);
        meet(&mut new, &mut partner, &tally);
        assert_equal_halves(&mut new, &mut partner, &tally);
        let view = new.tally(&tally).unwrap();
        assert_eq!(view.final_index, view.index, "{lost}");
    }
}

#[test]
fn two_devices_let_in_a_phone_each_at_the_same_time() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = second_phone(&mut ben, &clock);
    meet(&mut ben, &mut ana, &tally);
    meet(&mut tablet, &mut ana, &tally);
    // Neither knows of the other's.
    let mut watch = another_phone(&mut ben, &clock, "watch");
    let mut desk = another_phone(&mut tablet, &clock, "desk");
    assert_eq!((watch.device(), desk.device()), (3, 2001));
    assert_eq!(another_phone(&mut tablet, &clock, "shelf").device(), 2002);
    ben.hand_allowance(&tally, 3, chips(20)).unwrap();
    for phone in [&mut ben, &mut tablet, &mut watch, &mut desk] {
        meet(phone, &mut ana, &tally);
    }
    meet(&mut ben, &mut ana, &tally);
    ben.hand_allowance(&tally, 2001, chips(10)).unwrap();
    for phone in [&mut ben, &mut watch, &mut desk] {
        meet(phone, &mut ana, &tally);
    }
    pay(&mut watch, &tally, 20).unwrap();
    pay(&mut desk, &tally, 10).unwrap();
    for phone in [&mut watch, &mut desk, &mut ben] {
        meet(phone, &mut ana, &tally);
    }
    assert_eq!(ana.balance(&tally).unwrap(), chips(30));
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, Units::ZERO);
    assert_equal_halves(&mut ben, &mut ana, &tally);
}

/// A new phone of Ben's knows from his first one what Ana has signed. It does not tell her that.
#[test]
fn a_new_phone_does_not_tell_the_partner_what_the_partner_signed() {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ana, &tally, 3).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let mut tablet = second_phone(&mut ben, &clock);
    assert_eq!(tablet.balance(&tally).unwrap(), chips(3));
    let told = tablet.outbox(&tally, Audience::Partner).unwrap();
    let side = ana.tally(&tally).unwrap().side;
    assert!(told.iter().any(|message| matches!(message, Message::Chits(_))), "the leave, by his first phone");
    assert!(!told.iter().any(|it| matches!(it, Message::Chits(page) if page.chain.side == side)), "{told:?}");
}

/// A phone that begins anew goes above its own epochs. Those of its partner's phones use up none of them.
#[test]
fn a_new_epoch_is_counted_from_ones_own() {
    let (mut ana, mut ben, tally, _) = pair();
    let epoch = |wallet: &Wallet| {
        wallet.devices(&tally).unwrap().into_iter().find(|device| device.here).unwrap().epoch
    };
    let most = epoch(&ana) + (1 << 16);
    while epoch(&ben) <= most {
        let before = epoch(&ben);
        ben.renew(&tally).unwrap();
        assert!(epoch(&ben) > before);
    }
    meet(&mut ana, &mut ben, &tally);
    ana.renew(&tally).unwrap();
    assert!((2..=most).contains(&epoch(&ana)), "{}", epoch(&ana));
}
