//! A carrier between two: what leaves its phone, what stays, message by message.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::errand::{ErrandId, ErrandMessage, Verdict};
use hazel_core::tally::TallyId;
use hazel_core::wallet::Wallet;
use story::*;

const DAY: u64 = 24 * 3600;

/// Ana's carrier has two errands for Ben, and meets him.
fn carrier_with_two() -> (Wallet, Wallet, TallyId, StoryClock) {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut carrier = wallet("Carrier", &clock);
    let with_ana = opened(&mut ana, &mut carrier);
    let with_ben = opened(&mut ben, &mut carrier);
    carrier.carry_errands(true).unwrap();
    for amount in [5, 6] {
        pay(&mut ana, &tally, amount).unwrap();
        ana.give_errand(&tally, &with_ana, 7 * DAY).unwrap().unwrap();
    }
    for message in ana.say_errands(&with_ana).unwrap() {
        carrier.hear_errand(&with_ana, &message).unwrap();
    }
    assert_eq!(carrier.errands().unwrap().len(), 2);
    (carrier, ben, with_ben, clock)
}

/// All that is answered to these.
fn heard(wallet: &mut Wallet, tally: &TallyId, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    messages.iter().flat_map(|message| wallet.hear_errand(tally, message).unwrap().reply).collect()
}

#[test]
fn what_has_arrived_is_forgotten_and_nothing_else() {
    let (mut carrier, mut ben, tally, _) = carrier_with_two();
    let shown = carrier.say_errands(&tally).unwrap();
    let claims = heard(&mut ben, &tally, &shown);
    let handed = heard(&mut carrier, &tally, &claims);
    let [first, _cut_off] = &handed[..] else { panic!("{} were handed over", handed.len()) };
    let answers = heard(&mut ben, &tally, std::slice::from_ref(first));
    heard(&mut carrier, &tally, &answers);
    assert_eq!(carrier.errands().unwrap().len(), 1);
    let unknown = ErrandMessage::Answered { id: ErrandId([9; 16]), verdict: Verdict::Arrived };
    assert_eq!(carrier.hear_errand(&tally, &unknown.to_bytes()).unwrap().news, None, "nobody carries that");
    assert_eq!(carrier.errands().unwrap().len(), 1);
}

#[test]
fn what_is_too_old_is_not_handed_over_even_if_it_was_shown_in_time() {
    let (mut carrier, mut ben, tally, clock) = carrier_with_two();
    let shown = carrier.say_errands(&tally).unwrap();
    let claims = heard(&mut ben, &tally, &shown);
    clock.pass(8 * DAY);
    assert!(heard(&mut carrier, &tally, &claims).is_empty());
}
