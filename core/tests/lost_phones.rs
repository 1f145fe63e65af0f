//! Stories of phones that were lost, and of partners who lie.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::store::Store;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Ask, Attention, Wallet};
use story::*;

/// Both restore an old backup, in either role; what was signed since comes back from the partner.
#[test]
fn a_restored_phone_reads_at_once_and_signs_after_it_met_the_partner() {
    for lost in ["Ana", "Ben"] {
        let (mut ana, mut ben, tally, clock) = pair();
        pay(&mut ben, &tally, 10).unwrap();
        meet(&mut ana, &mut ben, &tally);
        let backup =
            if lost == "Ana" { ana.backup(&words("Ana")) } else { ben.backup(&words("Ben")) }.unwrap();
        pay(&mut ben, &tally, 7).unwrap();
        pay(&mut ana, &tally, 4).unwrap();
        meet(&mut ana, &mut ben, &tally);
        let (mut new, mut partner) = match lost {
            "Ana" => (restored("Ana", &backup, &clock), ben),
            _ => (restored("Ben", &backup, &clock), ana),
        };
        assert!(new.tally(&tally).unwrap().reconciling);
        assert_eq!(new.have(&tally).unwrap().view > 0, lost == "Ben", "who gives the order begins a view");
        assert_eq!(pay(&mut new, &tally, 1).unwrap_err().code(), "reconciling");
        meet(&mut new, &mut partner, &tally);
        assert!(!new.tally(&tally).unwrap().reconciling, "{lost}");
        assert_equal_halves(&mut new, &mut partner, &tally);
        pay(&mut new, &tally, 2).unwrap();
        pay(&mut partner, &tally, 3).unwrap();
        meet(&mut new, &mut partner, &tally);
        assert_equal_halves(&mut new, &mut partner, &tally);
        let view = new.tally(&tally).unwrap();
        assert_eq!(view.final_index, view.index, "{lost}");
    }
}

/// Hand-overs both ways; what is not let in is told otherwise.
fn talk(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    for _ in 0..6 {
        if let Some(bytes) = one.hand_over(tally).unwrap() {
            other.receive(&bytes).unwrap();
        }
        if let Some(bytes) = other.hand_over(tally).unwrap() {
            one.receive(&bytes).unwrap();
        }
    }
}

/// A restored foil announces a view and never hears the promise. Its old phone opens a higher one and orders there; the restored phone, which
/// has the same node key, must not go on in that view.
#[test]
fn a_restored_foil_does_not_order_where_its_old_phone_has() {
    let (mut ana, mut old, tally, clock) = pair();
    pay(&mut old, &tally, 10).unwrap();
    meet(&mut ana, &mut old, &tally);
    let mut new = restored("Ben", &old.backup(&words("Ben")).unwrap(), &clock);
    ana.receive(&new.hand_over(&tally).unwrap().unwrap()).unwrap();
    pay(&mut old, &tally, 1).unwrap();
    talk(&mut old, &mut ana, &tally);
    assert!(!old.tally(&tally).unwrap().reconciling, "the old phone has opened a view of its own");
    talk(&mut new, &mut ana, &tally);
    let (first, second) = (old.tally(&tally).unwrap(), new.tally(&tally).unwrap());
    assert!(first.view > 0 && !second.reconciling);
    assert!(second.view > first.view, "one node key, one view, two phones that order in it");
    assert_equal_halves(&mut new, &mut ana, &tally);
}

#[test]
fn what_was_in_flight_when_the_phone_was_lost_is_kept_and_flagged() {
    let (mut ana, mut ben, tally, clock) = pair();
    let backup = ben.backup(&words("Ben")).unwrap();
    pay(&mut ben, &tally, 9).unwrap();
    let in_flight = ben.hand_over(&tally).unwrap().unwrap();
    let mut new = restored("Ben", &backup, &clock);
    meet(&mut new, &mut ana, &tally);
    pay(&mut new, &tally, 1).unwrap();
    meet(&mut new, &mut ana, &tally);
    ana.receive(&in_flight).unwrap();
    meet(&mut new, &mut ana, &tally);
    assert_equal_halves(&mut new, &mut ana, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(1));
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, chips(9));
}

#[test]
fn with_nothing_but_the_words_a_partner_can_tell_everything() {
    for lost in ["Ana", "Ben"] {
        let (mut ana, mut ben, tally, clock) = pair();
        for _ in 0..3 {
            pay(&mut ben, &tally, 10).unwrap();
            pay(&mut ana, &tally, 3).unwrap();
            meet(&mut ana, &mut ben, &tally);
        }
        let mut partner = if lost == "Ana" { ben } else { ana };
        let entropy = Box::new(Seeded::new("new phone"));
        let clock = Box::new(clock.clone());
        let mut new =
            Wallet::create(Store::in_memory().unwrap(), &guard(), lost, &words(lost), clock, entropy)
                .unwrap();
        let told = new.rebuild(&partner.remind(&tally).unwrap()).unwrap();
        assert_eq!((told.tally, told.partner.as_str()), (tally, partner.name()));
        assert_eq!(told.lies, []);
        // A reminder may be old: who gives the order waits until its partner has answered it.
        assert_eq!(new.tally(&tally).unwrap().reconciling, lost == "Ben");
        assert_eq!(new.balance(&tally).unwrap(), partner.balance(&tally).unwrap().negated());
        meet(&mut new, &mut partner, &tally);
        assert!(!new.tally(&tally).unwrap().reconciling);
        pay(&mut new, &tally, 2).unwrap();
        meet(&mut new, &mut partner, &tally);
        assert_equal_halves(&mut new, &mut partner, &tally);
    }
}

#[test]
fn a_backup_is_rehearsed_and_its_three_errors_differ() {
    let (_, mut ben, tally, _) = pair();
    let backup = ben.backup(&words("Ben")).unwrap();
    pay(&mut ben, &tally, 9).unwrap();
    assert!(ben.attention().unwrap().contains(&Attention::Rehearse));
    let report = ben.rehearse_restore(&words("Ben"), &backup).unwrap();
    assert_eq!((report.tallies, report.chits, report.newer), (1, 0, 1));
    assert!(!ben.attention().unwrap().contains(&Attention::Rehearse), "it is remembered");
    let refusal = |words, bytes: &[u8]| {
        let clock = Box::new(StoryClock::new());
        let entropy = Box::new(Seeded::new("x"));
        Wallet::restore(Store::in_memory().unwrap(), &guard(), &words, bytes, clock, entropy)
            .err()
            .unwrap()
            .code()
    };
    assert_eq!(refusal(words("Ana"), &backup), "wrong_passphrase");
    let mut bent = backup.clone();
    bent[200] ^= 1;
    assert_eq!(refusal(words("Ben"), &bent), "corrupt");
    let mut newer = backup.clone();
    newer[12] = 2;
    assert_eq!(refusal(words("Ben"), &newer), "newer");
    newer[12] = 0;
    assert_eq!(refusal(words("Ben"), &newer), "not_a_backup");
    assert_eq!(refusal(words("Ben"), b"something else"), "not_a_backup");
}

/// The phone was not lost after all: two phones of one person, with one node key, on both ends of a backup.
#[test]
fn an_old_phone_that_goes_on_and_a_restored_one_never_order_against_each_other() {
    for lost in ["Ana", "Ben"] {
        let (mut ana, mut ben, tally, clock) = pair();
        let backup =
            if lost == "Ana" { ana.backup(&words("Ana")) } else { ben.backup(&words("Ben")) }.unwrap();
        pay(&mut ana, &tally, 3).unwrap();
        pay(&mut ben, &tally, 4).unwrap();
        let mut new = restored(lost, &backup, &clock);
        let (mut old, mut partner) = if lost == "Ana" { (ana, ben) } else { (ben, ana) };
        // The restored phone has asked, and before it hears the answer the old one comes by.
        new.ask_what_is_missing(&tally).unwrap();
        let question = new.hand_over(&tally).unwrap().unwrap();
        partner.receive(&question).unwrap();
        meet_often(&mut old, &mut partner, &tally);
        meet_often(&mut new, &mut partner, &tally);
        meet_often(&mut old, &mut partner, &tally);
        meet_often(&mut new, &mut partner, &tally);
        assert_equal_halves(&mut new, &mut partner, &tally);
        assert_equal_halves(&mut old, &mut partner, &tally);
        let view = new.tally(&tally).unwrap();
        assert_eq!(view.final_index, view.index, "{lost}");
        assert_eq!(pay(&mut old, &tally, 1).unwrap_err().code(), "revoked", "{lost}");
        assert!(old.attention().unwrap().contains(&Attention::Replaced(tally)), "{lost}");
        assert!(!new.attention().unwrap().contains(&Attention::Replaced(tally)), "{lost}");
    }
}

/// The stock has promised a restored foil to wait for it, and that phone is lost before it hears of it; the old one turns up again.
#[test]
fn an_old_phone_goes_on_when_the_restored_one_is_lost_before_it_was_answered() {
    let (mut ana, mut ben, tally, clock) = pair();
    let backup = ben.backup(&words("Ben")).unwrap();
    pay(&mut ana, &tally, 3).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let mut lost = restored("Ben", &backup, &clock);
    lost.ask_what_is_missing(&tally).unwrap();
    ana.receive(&lost.hand_over(&tally).unwrap().unwrap()).unwrap();
    drop(lost);
    pay(&mut ben, &tally, 4).unwrap();
    meet_often(&mut ben, &mut ana, &tally);
    assert_equal_halves(&mut ben, &mut ana, &tally);
    let view = ben.tally(&tally).unwrap();
    assert_eq!((view.final_index, view.unordered), (view.index, 0));
    pay(&mut ben, &tally, 1).unwrap();
}

#[test]
fn an_old_summary_does_not_let_a_restored_foil_order() {
    let (mut ana, mut ben, tally, clock) = pair();
    let backup = ben.backup(&words("Ben")).unwrap();
    ana.ask_what_is_missing(&tally).unwrap();
    let old_summary = ana.hand_over(&tally).unwrap().unwrap();
    pay(&mut ana, &tally, 3).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let mut new = restored("Ben", &backup, &clock);
    new.receive(&old_summary).unwrap();
    assert!(new.tally(&tally).unwrap().reconciling, "what both agreed since then is not in it");
    meet(&mut new, &mut ana, &tally);
    assert_equal_halves(&mut new, &mut ana, &tally);
}

/// Phones of which one may not confirm an order repeat themselves; that is no mistake here.
fn meet_often(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    one.ask_what_is_missing(tally).unwrap();
    other.ask_what_is_missing(tally).unwrap();
    for _ in 0..2 {
        talk(one, other, tally);
    }
}

/// Whoever carries a hand-over can throw it back. A phone that was restored must not take its own words for its partner's.
#[test]
fn a_restored_phone_does_not_believe_its_own_echo() {
    for lost in ["Ana", "Ben"] {
        let (mut ana, mut ben, tally, clock) = pair();
        pay(&mut ben, &tally, 10).unwrap();
        meet(&mut ana, &mut ben, &tally);
        let backup =
            if lost == "Ana" { ana.backup(&words("Ana")) } else { ben.backup(&words("Ben")) }.unwrap();
        pay(&mut ben, &tally, 7).unwrap();
        pay(&mut ana, &tally, 4).unwrap();
        meet(&mut ana, &mut ben, &tally);
        let mut new = restored(lost, &backup, &clock);
        for _ in 0..3 {
            new.ask_what_is_missing(&tally).unwrap();
            let echo = new.hand_over(&tally).unwrap().unwrap();
            assert_eq!(new.receive(&echo).unwrap_err().code(), "own_hand_over");
            assert!(new.tally(&tally).unwrap().reconciling, "{lost} took an echo for the partner's word");
        }
        let mut partner = if lost == "Ana" { ben } else { ana };
        meet(&mut new, &mut partner, &tally);
        assert!(!new.tally(&tally).unwrap().reconciling);
        assert_equal_halves(&mut new, &mut partner, &tally);
    }
}

/// What an echo says of what is held must not keep anything from being handed over again.
#[test]
fn an_echo_keeps_nothing_back() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    let lost_on_the_way = ben.hand_over(&tally).unwrap().unwrap();
    assert_eq!(ben.receive(&lost_on_the_way).unwrap_err().code(), "own_hand_over");
    hand(&mut ben, &mut ana, &tally).unwrap();
    assert_eq!(ana.balance(&tally).unwrap(), chips(10), "the chit is told again without being asked for");
}

/// What `docs/threats.md` says of two new phones and an old one.
#[test]
fn both_are_restored_while_an_old_phone_lives() {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 10).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let (ana_backup, ben_backup) = (ana.backup(&words("Ana")).unwrap(), ben.backup(&words("Ben")).unwrap());
    // Only the old phones know of this one.
    pay(&mut ben, &tally, 7).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let (mut new_ana, mut new_ben) =
        (restored("Ana", &ana_backup, &clock), restored("Ben", &ben_backup, &clock));
    meet(&mut new_ana, &mut new_ben, &tally);
    for new in [&new_ana, &new_ben] {
        assert!(!new.tally(&tally).unwrap().reconciling);
        assert_eq!(new.tally(&tally).unwrap().index, 3, "a payment and two new epochs");
    }
    pay(&mut new_ana, &tally, 1).unwrap();
    pay(&mut new_ben, &tally, 2).unwrap();
    meet(&mut new_ana, &mut new_ben, &tally);
    assert_equal_halves(&mut new_ana, &mut new_ben, &tally);
    assert_eq!(new_ana.balance(&tally).unwrap(), chips(11));
    // The old phone turns up again. It has seen the end of another order and refuses this one, for ever; but what only it had comes back,
    // and waits outside the terms until Ana accepts it.
    let mut refused = 0;
    for _ in 0..6 {
        ben.ask_what_is_missing(&tally).unwrap();
        if let Some(bytes) = ben.hand_over(&tally).unwrap() {
            new_ana.receive(&bytes).unwrap();
        }
        if let Some(bytes) = new_ana.hand_over(&tally).unwrap() {
            let rejected = ben.receive(&bytes).unwrap().rejected;
            refused += rejected.iter().filter(|it| it.refusal.code() == "order_rewritten").count();
        }
    }
    assert!(refused > 0);
    meet(&mut new_ana, &mut new_ben, &tally);
    assert_equal_halves(&mut new_ana, &mut new_ben, &tally);
    assert_eq!(new_ana.balance(&tally).unwrap(), chips(11));
    assert_eq!(new_ana.tally(&tally).unwrap().outside_theirs, chips(7));
    for wallet in [&mut new_ana, &mut new_ben, &mut ben] {
        assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, []);
    }
}

/// The partner waits for the restored foil, and the old phone orders on all the same. Its newer word must not take the place of the one
/// on which the agreed order rests: the restored phone is told that one, and may not sign before it has seen it.
#[test]
fn a_word_for_an_order_that_nobody_follows_replaces_nothing() {
    let (mut ana, mut ben, tally, clock) = pair();
    let backup = ben.backup(&words("Ben")).unwrap();
    ana.ask_what_is_missing(&tally).unwrap();
    let old_summary = ana.hand_over(&tally).unwrap().unwrap();
    pay(&mut ana, &tally, 3).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let mut new = restored("Ben", &backup, &clock);
    ana.receive(&new.hand_over(&tally).unwrap().unwrap()).unwrap();
    pay(&mut ben, &tally, 4).unwrap();
    ben.receive(&old_summary).unwrap();
    ana.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
    meet_often(&mut new, &mut ana, &tally);
    assert!(!new.tally(&tally).unwrap().reconciling);
    assert_equal_halves(&mut new, &mut ana, &tally);
}

/// Two phones were restored one after the other, and the partner hears of the first one last. Whichever has the lower epoch shows that it
/// may not sign, and its holder can begin anew on it.
#[test]
fn whoever_is_left_with_the_lower_epoch_begins_anew() {
    let mut replaced = 0;
    for (lost, seed) in [("Ana", "one"), ("Ana", "two"), ("Ana", "three"), ("Ben", "one"), ("Ben", "two")] {
        let (ana, ben, tally, clock) = pair();
        let (mut old, mut partner) = if lost == "Ana" { (ana, ben) } else { (ben, ana) };
        let backup = old.backup(&words(lost)).unwrap();
        let mut first = restored(lost, &backup, &clock);
        partner.receive(&first.hand_over(&tally).unwrap().unwrap()).unwrap();
        first.receive(&partner.hand_over(&tally).unwrap().unwrap()).unwrap();
        let late = first.hand_over(&tally).unwrap().unwrap();
        let (store, entropy) = (Store::in_memory().unwrap(), Box::new(Seeded::new(seed)));
        let clock = Box::new(clock.clone());
        let mut new = Wallet::restore(store, &guard(), &words(lost), &backup, clock, entropy).unwrap();
        meet_often(&mut new, &mut partner, &tally);
        partner.receive(&late).unwrap();
        meet_often(&mut new, &mut partner, &tally);
        let here = |wallet: &Wallet| wallet.devices(&tally).unwrap().into_iter().find(|it| it.here).unwrap();
        if !here(&new).active {
            replaced += 1;
            assert_eq!(pay(&mut new, &tally, 1).unwrap_err().code(), "revoked");
            new.renew(&tally).unwrap();
            meet_often(&mut new, &mut partner, &tally);
        }
        assert!(here(&new).active, "{lost} {seed}");
        pay(&mut new, &tally, 1).unwrap();
        meet(&mut new, &mut partner, &tally);
        assert_equal_halves(&mut new, &mut partner, &tally);
        let view = new.tally(&tally).unwrap();
        assert_eq!(view.final_index, view.index, "{lost} {seed}");
    }
    assert!(replaced > 0, "no first phone had the higher epoch");
}

/// Somebody has copied the phone's memory and pays with it. The phone itself is not damaged; it may sign no longer, and begins anew.
#[test]
fn a_copy_goes_on_with_a_phones_chain() {
    let (mut ana, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    pay(&mut copy, &tally, 3).unwrap();
    meet(&mut copy, &mut ana, &tally);
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ben.can_pay(&tally, chips(1)).unwrap().obstacle.map(|it| it.code()), Some("revoked"));
    assert_eq!(pay(&mut ben, &tally, 1).unwrap_err().code(), "revoked");
    assert_eq!(ben.close(&tally).unwrap_err().code(), "revoked");
    assert!(ben.attention().unwrap().contains(&Attention::Replaced(tally)));
    assert!(ben.devices(&tally).unwrap().iter().all(|device| !device.here || !device.active));
    assert!(ben.audit(&mut |_| true).unwrap().findings.is_empty());
    ben.renew(&tally).unwrap();
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(4), "what was signed with Ben's keys is owed");
    assert_equal_halves(&mut ben, &mut ana, &tally);
}

/// Two phones were restored, and the partner hears first of the one with the higher epoch: in the order the other one's has no effect. What
/// that one asked for before it heard of this is no damage.
#[test]
fn what_a_phone_asked_for_before_it_was_replaced_is_no_damage() {
    let mut replaced = 0;
    for seed in ["one", "two", "three"] {
        let (mut ana, mut ben, tally, clock) = pair();
        let backup = ana.backup(&words("Ana")).unwrap();
        let mut first = restored("Ana", &backup, &clock);
        ben.receive(&first.hand_over(&tally).unwrap().unwrap()).unwrap();
        first.receive(&ben.hand_over(&tally).unwrap().unwrap()).unwrap();
        first.ask(&tally, &Ask { units: chips(3), valid_for: 3600, ..Ask::default() }).unwrap();
        let (store, entropy) = (Store::in_memory().unwrap(), Box::new(Seeded::new(seed)));
        let clock = Box::new(clock.clone());
        let mut new = Wallet::restore(store, &guard(), &words("Ana"), &backup, clock, entropy).unwrap();
        meet_often(&mut new, &mut ben, &tally);
        meet_often(&mut first, &mut ben, &tally);
        let here = first.devices(&tally).unwrap().into_iter().find(|device| device.here);
        replaced += usize::from(here.is_none_or(|device| !device.active));
        for wallet in [&mut first, &mut new, &mut ben] {
            assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, [], "{seed}");
        }
    }
    assert!(replaced > 0, "no first phone had the lower epoch");
}
