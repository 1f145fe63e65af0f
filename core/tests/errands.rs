//! Errands: Ana cannot meet Ben, and a third person's phone carries what she has to tell him.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::errand::{ERRAND_MAX, ErrandMessage, LIFETIME_MAX, Verdict};
use hazel_core::store::Store;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{CARRIED_MAX, CannotGive, ErrandNews, FOR_GIVER_MAX, Payment, Wallet, WalletError};
use story::*;

const DAY: u64 = 24 * 3600;

/// Two phones speak of errands until neither has more to say. Returns what happened, and all that was said.
fn speak(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) -> (Vec<ErrandNews>, Vec<Vec<u8>>) {
    let mut from = [one.say_errands(tally).unwrap(), other.say_errands(tally).unwrap()];
    let (mut news, mut said) = (Vec::new(), Vec::new());
    while let Some(speaker) = from.iter().position(|waiting| !waiting.is_empty()) {
        let message = from[speaker].remove(0);
        let hearer = if speaker == 0 { &mut *other } else { &mut *one };
        let turn = hearer.hear_errand(tally, &message).unwrap();
        from[1 - speaker].extend(turn.reply);
        news.extend(turn.news);
        said.push(message);
        assert!(said.len() < 100, "the two never come to rest");
    }
    (news, said)
}

fn verdicts(news: &[ErrandNews]) -> Vec<(&'static str, Verdict)> {
    let verdict = |news: &ErrandNews| match news {
        ErrandNews::OfMine(_, verdict) => ("mine", *verdict),
        ErrandNews::OfPartner(_, verdict) => ("partner's", *verdict),
        ErrandNews::HandedOver(_, verdict) => ("handed over", *verdict),
        ErrandNews::ForMe(_) => ("for me", Verdict::Arrived),
    };
    news.iter().map(verdict).collect()
}

impl Three {
    fn give(&mut self) {
        self.ana.give_errand(&self.tally, &self.with_ana, 7 * DAY).unwrap().unwrap();
    }

    fn ana_meets_carrier(&mut self) -> Vec<(&'static str, Verdict)> {
        verdicts(&speak(&mut self.ana, &mut self.carrier, &self.with_ana).0)
    }

    fn carrier_meets_ben(&mut self) -> Vec<(&'static str, Verdict)> {
        verdicts(&speak(&mut self.carrier, &mut self.ben, &self.with_ben).0)
    }

    fn ben_is_owed(&self) -> i64 {
        self.ben.tally(&self.tally).unwrap().balance.milli()
    }

    fn assert_settled(&mut self) {
        meet(&mut self.ana, &mut self.ben, &self.tally);
        assert_equal_halves(&mut self.ana, &mut self.ben, &self.tally);
        for wallet in [&mut self.ana, &mut self.ben, &mut self.carrier] {
            assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, []);
        }
    }
}

#[test]
fn a_payment_reaches_ben_through_a_third_phone_and_the_answer_comes_back() {
    let mut three = three();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    three.give();
    assert_eq!(three.ana_meets_carrier(), [("partner's", Verdict::Carried), ("mine", Verdict::Carried)]);
    assert_eq!(three.ana_meets_carrier(), [], "it is not given twice, and not shown to who gave it");
    assert_eq!(three.carrier_meets_ben(), [("for me", Verdict::Arrived), ("handed over", Verdict::Arrived)]);
    assert_eq!(three.ben_is_owed(), 5_000);
    assert_eq!(three.carrier.errands().unwrap(), [], "nothing is left with the carrier");
    assert_eq!(three.carrier_meets_ben(), []);

    // Ben's receipt and his word for the order go the same way back: the payment is final, and the two have not met.
    three.ben.give_errand(&three.tally, &three.with_ben, DAY).unwrap().unwrap();
    assert_eq!(three.carrier_meets_ben(), [("partner's", Verdict::Carried), ("mine", Verdict::Carried)]);
    let news = speak(&mut three.carrier, &mut three.ana, &three.with_ana).0;
    assert_eq!(verdicts(&news), [("for me", Verdict::Arrived), ("handed over", Verdict::Arrived)]);
    let view = three.ana.tally(&three.tally).unwrap();
    assert_eq!((view.index, view.final_index), (1, 1));
    three.assert_settled();
}

#[test]
fn a_carrier_learns_neither_what_nor_whom_for() {
    let mut three = three();
    let memo = "a memo nobody else should read";
    let payment = Payment { units: chips(5), memo: memo.into(), ..Payment::default() };
    three.ana.pay(&three.tally, &payment).unwrap();
    three.give();
    three.give();
    let (_, said) = speak(&mut three.ana, &mut three.carrier, &three.with_ana);
    let names = [three.tally.0.to_vec(), b"Ben".to_vec(), b"Ana".to_vec(), memo.as_bytes().to_vec()];
    for bytes in said.iter().chain(&three.carrier.say_errands(&three.with_ben).unwrap()) {
        for name in &names {
            assert!(!bytes.windows(name.len()).any(|part| part == name), "{name:?} can be read");
        }
    }
    let carried = three.carrier.errands().unwrap();
    assert_eq!(carried.len(), 2);
    assert!(carried.iter().all(|errand| errand.addressee.is_none() && errand.with == three.with_ana));
    // Two for one addressee do not look alike.
    let shown = ErrandMessage::from_bytes(&three.carrier.say_errands(&three.with_ben).unwrap()[0]).unwrap();
    let ErrandMessage::Shown(shown) = shown else { panic!("{shown:?}") };
    assert_ne!(shown[0], shown[1]);
}

#[test]
fn only_the_addressee_is_given_it() {
    let mut three = three();
    let mut dora = wallet("Dora", &three.clock);
    let with_dora = opened(&mut three.carrier, &mut dora);
    dora.carry_errands(true).unwrap();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    three.give();
    three.ana_meets_carrier();
    assert_eq!(
        speak(&mut three.carrier, &mut dora, &with_dora).0,
        [],
        "Dora is shown it, and it means nothing to her"
    );
    // Claims that she makes up, or has heard of another errand, give her nothing.
    for claim in [[0; 16], [7; 16]] {
        let mut lie = vec![0x83, 1, 1, 0x81, 0x50];
        lie.extend(claim);
        assert!(three.carrier.hear_errand(&with_dora, &lie).unwrap().reply.is_empty());
    }
    // Nor can she talk the carrier into forgetting it: the name of an errand is known only to who has had it in hand.
    let lie =
        ErrandMessage::Answered { id: hazel_core::errand::ErrandId([3; 16]), verdict: Verdict::Arrived };
    three.carrier.hear_errand(&with_dora, &lie.to_bytes()).unwrap();
    assert_eq!(three.carrier_meets_ben().len(), 2);
    assert_eq!(three.ben_is_owed(), 5_000);
}

#[test]
fn doubled_repeated_and_late_deliveries_change_nothing() {
    let mut three = three();
    let mut other = wallet("Other carrier", &three.clock);
    let (other_ana, other_ben) = (opened(&mut three.ana, &mut other), opened(&mut three.ben, &mut other));
    other.carry_errands(true).unwrap();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    three.give();
    three.ana.give_errand(&three.tally, &other_ana, DAY).unwrap().unwrap();
    let (_, said) = speak(&mut three.ana, &mut three.carrier, &three.with_ana);
    let (_, said_other) = speak(&mut three.ana, &mut other, &other_ana);
    // The same again, as when the answer was lost: kept once.
    for _ in 0..3 {
        let turn = three.carrier.hear_errand(&three.with_ana, &said[0]).unwrap();
        assert_eq!(verdicts(turn.news.as_slice()), [("partner's", Verdict::Carried)]);
    }
    assert_eq!(three.carrier.errands().unwrap().len(), 1);

    three.carrier_meets_ben();
    assert_eq!(three.ben_is_owed(), 5_000);
    let news = speak(&mut other, &mut three.ben, &other_ben).0;
    assert_eq!(verdicts(&news), [("for me", Verdict::Arrived), ("handed over", Verdict::Arrived)]);
    let ErrandNews::ForMe(delivery) = &news[0] else { panic!("{news:?}") };
    assert_eq!((delivery.changes.as_slice(), delivery.rejected.as_slice()), (&[][..], &[][..]));
    // And thrown at Ben himself, again and again.
    for message in said.iter().chain(&said_other) {
        if matches!(ErrandMessage::from_bytes(message).unwrap(), ErrandMessage::Handed(_)) {
            three.ben.hear_errand(&three.with_ben, message).unwrap();
        }
    }
    assert_eq!((three.ben_is_owed(), three.ben.tally(&three.tally).unwrap().index), (5_000, 1));
    three.assert_settled();
}

#[test]
fn an_altered_errand_is_refused_and_costs_nothing() {
    let mut three = three();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    three.give();
    let whole = three.ana.say_errands(&three.with_ana).unwrap().remove(0);
    let before = three.ben.tally(&three.tally).unwrap().head;
    let mut opened = 0;
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        match three.ben.hear_errand(&three.with_ben, &altered) {
            Err(WalletError::Malformed(_)) => {}
            Err(other) => panic!("{other}"),
            Ok(turn) => match verdicts(turn.news.as_slice()).as_slice() {
                // Only the day until which it is carried may change: it binds nobody but the carrier.
                [("for me", Verdict::Arrived)] => opened += 1,
                // Spoilt, or not recognised as his.
                [] | [("partner's", Verdict::NotCarrying)] => {
                    assert_eq!(three.ben.tally(&three.tally).unwrap().head, before, "byte {at}");
                }
                other => panic!("{other:?}"),
            },
        }
        if opened > 0 {
            break;
        }
    }
    assert!(opened <= 4);
    three.assert_settled();
}

#[test]
fn what_is_too_much_is_refused_clearly() {
    let mut three = three();
    pay(&mut three.ana, &three.tally, 1).unwrap();
    three.carrier.carry_errands(false).unwrap();
    three.give();
    assert_eq!(
        three.ana_meets_carrier(),
        [("partner's", Verdict::NotCarrying), ("mine", Verdict::NotCarrying)]
    );
    three.carrier.carry_errands(true).unwrap();
    assert_eq!(
        three.ana_meets_carrier(),
        [("partner's", Verdict::Carried), ("mine", Verdict::Carried)],
        "asked again"
    );
    for n in 1..FOR_GIVER_MAX {
        three.give();
        assert_eq!(three.ana_meets_carrier()[0].1, Verdict::Carried, "{n}");
    }
    three.give();
    assert_eq!(three.ana_meets_carrier()[0].1, Verdict::FullForGiver);
    // Others still may, until the phone is full.
    let mut carried = FOR_GIVER_MAX;
    for n in 0..=CARRIED_MAX / FOR_GIVER_MAX {
        let mut giver = wallet(&format!("Giver {n}"), &three.clock);
        let with = opened(&mut giver, &mut three.carrier);
        let to = opened(&mut giver, &mut wallet(&format!("Friend {n}"), &three.clock));
        pay(&mut giver, &to, 1).unwrap();
        for _ in 0..FOR_GIVER_MAX {
            giver.give_errand(&to, &with, DAY).unwrap().unwrap();
        }
        for (_, verdict) in
            verdicts(&speak(&mut giver, &mut three.carrier, &with).0).iter().filter(|v| v.0 == "mine")
        {
            let wanted = if carried < CARRIED_MAX { Verdict::Carried } else { Verdict::Full };
            assert_eq!(*verdict, wanted);
            carried = (carried + 1).min(CARRIED_MAX);
        }
    }
    assert_eq!(three.carrier.errands().unwrap().len() as u64, CARRIED_MAX);

    let to = three.tally;
    let refused = |result: Result<_, WalletError>| match result {
        Err(WalletError::CannotGive(cannot)) => cannot,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(three.ana.give_errand(&to, &to, DAY)), CannotGive::SamePartner);
    assert_eq!(refused(three.ana.give_errand(&to, &three.with_ana, LIFETIME_MAX + 1)), CannotGive::TooLong);
    let ticket = three.ana.invite(hazel_core::tally::Side::Stock, terms(1), 3600, &[]).unwrap();
    assert_eq!(refused(three.ana.give_errand(&ticket.tally, &three.with_ana, DAY)), CannotGive::NotOpen);
}

#[test]
fn a_long_history_goes_in_errands_of_bounded_size() {
    let mut three = three();
    for _ in 0..400 {
        let payment = Payment { units: chips(0), memo: "m".repeat(200), ..Payment::default() };
        let payment = Payment { units: hazel_core::units::Units::new(10), ..payment };
        three.ana.pay(&three.tally, &payment).unwrap();
    }
    let errand = three.ana.give_errand(&three.tally, &three.with_ana, DAY).unwrap().unwrap();
    assert!(errand.bytes <= ERRAND_MAX && errand.bytes > ERRAND_MAX / 4, "{}", errand.bytes);
    three.ana_meets_carrier();
    three.carrier_meets_ben();
    assert!(three.ben_is_owed() >= 200, "{}", three.ben_is_owed());
    three.assert_settled();
    assert_eq!(three.ben_is_owed(), 4_000);
}

#[test]
fn an_errand_is_carried_until_its_day_and_no_longer() {
    let mut three = three();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    three.give();
    three.ana_meets_carrier();
    three.clock.pass(7 * DAY);
    assert_eq!(three.carrier.errands().unwrap().len(), 1);
    let shown = three.carrier.say_errands(&three.with_ben).unwrap().remove(0);
    let claimed = three.ben.hear_errand(&three.with_ben, &shown).unwrap().reply.remove(0);
    three.clock.pass(1);
    assert!(
        three.carrier.hear_errand(&three.with_ben, &claimed).unwrap().reply.is_empty(),
        "claimed too late"
    );
    assert_eq!(three.carrier.errands().unwrap(), []);
    assert_eq!(three.carrier_meets_ben(), []);
    assert_eq!(three.ben_is_owed(), 0);
    // Given too late, or by a clock that is far ahead.
    three.give();
    let given = three.ana.say_errands(&three.with_ana).unwrap().remove(0);
    three.clock.pass(7 * DAY + 1);
    let verdict = |three: &mut Three, given: &[u8]| {
        verdicts(three.carrier.hear_errand(&three.with_ana, given).unwrap().news.as_slice())[0].1
    };
    assert_eq!(verdict(&mut three, &given), Verdict::Expired);
    let ErrandMessage::Handed(errand) = ErrandMessage::from_bytes(&given).unwrap() else { panic!() };
    let mut later = errand;
    later.expires += 10 * LIFETIME_MAX;
    let later = ErrandMessage::Handed(later).to_bytes();
    assert_eq!(verdict(&mut three, &later), Verdict::TooFarAhead);
    assert_eq!(three.ana_meets_carrier(), [], "what is over is not offered");
    three.assert_settled();
}

/// Errands are in no backup: they are others' property, and whoever gave them says the same again.
#[test]
fn a_restored_carrier_has_forgotten_them_and_nothing_is_lost() {
    let mut three = three();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    three.give();
    three.ana_meets_carrier();
    let backup = three.carrier.backup(&words("Carrier")).unwrap();
    three.carrier = Wallet::restore(
        Store::in_memory().unwrap(),
        &guard(),
        &words("Carrier"),
        &backup,
        Box::new(three.clock.clone()),
        Box::new(Seeded::new("the new phone")),
    )
    .unwrap();
    assert_eq!(three.carrier.errands().unwrap(), []);
    assert!(!three.carrier.carries_errands().unwrap(), "nobody carries without having said so");
    meet(&mut three.carrier, &mut three.ben, &three.with_ben);
    assert_eq!(three.carrier_meets_ben(), []);
    pay(&mut three.ana, &three.tally, 1).unwrap();
    meet(&mut three.carrier, &mut three.ana, &three.with_ana);
    three.carrier.carry_errands(true).unwrap();
    three.give();
    three.ana_meets_carrier();
    three.carrier_meets_ben();
    assert_eq!(three.ben_is_owed(), 6_000, "the next errand says all that is not known to have arrived");
    three.assert_settled();
}

/// What was promised is in the file, and what was not is not.
#[test]
fn a_promise_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("carrier.db");
    let mut three = three();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    three.give();
    three.ana_meets_carrier();
    three.carrier.copy_database(&path).unwrap();
    three.carrier = Wallet::open(
        Store::open(&path).unwrap(),
        &guard(),
        Box::new(three.clock.clone()),
        Box::new(Seeded::new("after the crash")),
    )
    .unwrap();
    assert_eq!(three.carrier.audit(&mut |_| true).unwrap().findings, []);
    assert_eq!(three.carrier_meets_ben().len(), 2);
    assert_eq!(three.ben_is_owed(), 5_000);
}

#[test]
fn whoever_gave_it_can_think_better_of_it() {
    let mut three = three();
    pay(&mut three.ana, &three.tally, 5).unwrap();
    let errand = three.ana.give_errand(&three.tally, &three.with_ana, DAY).unwrap().unwrap();
    three.ana.drop_errand(&errand.id).unwrap();
    assert_eq!(three.ana_meets_carrier(), []);
    assert!(matches!(three.ana.drop_errand(&errand.id), Err(WalletError::Unknown { .. })));
    three.assert_settled();
}
