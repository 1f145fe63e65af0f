//! Stories of a carrier whose site takes errands on.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::canon::Canon as _;
use hazel_core::errand::{ErrandId, ErrandMessage, Verdict};
use hazel_core::units::Units;
use hazel_core::wallet::{
    CARRIED_BYTES, CARRIED_MAX, ErrandNews, FOR_GIVER_BYTES, FOR_GIVER_MAX, Payment, SiteErrands, Wallet,
};
use story::*;

const DAY: u64 = 86_400;

fn ids(wallet: &Wallet) -> Vec<ErrandId> {
    let mut ids: Vec<_> = wallet.errands().unwrap().into_iter().map(|errand| errand.id).collect();
    ids.sort_unstable();
    ids
}

/// Ana and Ben have each given the carrier an errand for the other. The site takes one of them: the other is still carried, and whoever
/// gave one still gives it, whatever its own site says.
#[test]
fn what_a_site_has_taken_is_carried_no_longer_and_all_else_is() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut carrier = wallet("Carrier", &clock);
    carrier.carry_errands(true).unwrap();
    for giver in [&mut ana, &mut ben] {
        let with = opened(giver, &mut carrier);
        pay(giver, &tally, 1).unwrap();
        giver.give_errand(&tally, &with, 7 * DAY).unwrap().unwrap();
        for given in giver.say_errands(&with).unwrap() {
            carrier.hear_errand(&with, &given).unwrap();
        }
    }
    let (of_ana, of_ben) = (ids(&ana), ids(&ben));
    assert_eq!((of_ana.len(), of_ben.len(), ids(&carrier).len()), (1, 1, 2));
    let taken = |wallet: &mut Wallet| {
        let said = of_ana.iter().map(|id| ErrandMessage::Answered { id: *id, verdict: Verdict::Carried });
        wallet.errands_from_site(said.collect()).unwrap().news
    };
    let news: Vec<_> = of_ana.iter().map(|id| ErrandNews::HandedOver(*id, Verdict::Carried)).collect();
    assert_eq!(taken(&mut carrier), news);
    assert_eq!(ids(&carrier), of_ben);
    assert_eq!(taken(&mut carrier), [], "told again");
    assert_eq!(taken(&mut ana), []);
    assert_eq!(ids(&ana), of_ana);
}

/// A site is shown one errand, the shortest, and asked what waits there; the others follow if it takes that one. None is too old.
#[test]
fn a_site_is_given_the_shortest_errand_first() {
    let (mut ana, _, tally, clock) = pair();
    let mut carrier = wallet("Carrier", &clock);
    carrier.carry_errands(true).unwrap();
    let with = opened(&mut ana, &mut carrier);
    for _ in 0..2 {
        pay(&mut ana, &tally, 1).unwrap();
        ana.give_errand(&tally, &with, 7 * DAY).unwrap().unwrap();
    }
    for given in ana.say_errands(&with).unwrap() {
        carrier.hear_errand(&with, &given).unwrap();
    }
    let all = carrier.more_errands_for_site().unwrap();
    let length = |it: &ErrandMessage| it.to_bytes().len();
    let [short, long] = &all[..] else { panic!("{} are carried", all.len()) };
    assert!(length(short) < length(long));
    assert_eq!(carrier.errands_for_site().unwrap(), [short.clone(), ErrandMessage::Shown(Vec::new())]);
    clock.pass(7 * DAY);
    assert_eq!(carrier.more_errands_for_site().unwrap().len(), 2, "the last second still counts");
    clock.pass(1);
    assert_eq!(carrier.errands_for_site().unwrap(), [ErrandMessage::Shown(Vec::new())]);
    assert_eq!(ana.more_errands_for_site().unwrap(), [], "what one has given oneself goes another way");
}

/// What waits at Ben's site for him he asks for by what only he can make of it, and takes in. Of what is for others he says nothing.
#[test]
fn what_waits_at_a_site_is_fetched() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut carrier = wallet("Carrier", &clock);
    let with = opened(&mut ana, &mut carrier);
    pay(&mut ana, &tally, 1).unwrap();
    ana.give_errand(&tally, &with, 7 * DAY).unwrap().unwrap();
    let given = ErrandMessage::from_bytes(&ana.say_errands(&with).unwrap().remove(0)).unwrap();
    let ErrandMessage::Handed(errand) = given.clone() else { panic!("{given:?}") };
    let shown = ErrandMessage::Shown(vec![errand.shown()]);
    let claim = ben.errands_from_site(vec![shown.clone()]).unwrap().reply;
    let [ErrandMessage::Claimed(claims)] = &claim[..] else { panic!("{claim:?}") };
    assert!(claims.len() == 1 && claims.iter().all(|claim| errand.is_claimed_by(claim)));
    for other in [&mut ana, &mut carrier] {
        assert_eq!(
            other.errands_from_site(vec![shown.clone(), given.clone()]).unwrap(),
            SiteErrands::default()
        );
    }
    let told = ben.errands_from_site(vec![given]).unwrap();
    assert_eq!(told.reply, [ErrandMessage::Answered { id: errand.id(), verdict: Verdict::Arrived }]);
    assert!(matches!(told.news[..], [ErrandNews::ForMe(_)]), "{told:?}");
    assert_eq!(ben.balance(&tally).unwrap(), chips(1));
}

/// What is carried has bounds in bytes as well: for one giver, and in all.
#[test]
fn long_errands_fill_a_carrier_before_their_number_does() {
    let (mut ana, _, tally, clock) = pair();
    let mut carrier = wallet("Carrier", &clock);
    carrier.carry_errands(true).unwrap();
    let with = opened(&mut ana, &mut carrier);
    for _ in 0..400 {
        let memo = "m".repeat(200);
        ana.pay(&tally, &Payment { units: Units::new(10), memo, ..Payment::default() }).unwrap();
    }
    for _ in 0..FOR_GIVER_MAX {
        ana.give_errand(&tally, &with, 7 * DAY).unwrap().unwrap();
    }
    let given = ana.say_errands(&with).unwrap();
    let (mut all, mut full, mut full_for_giver) = (0, false, false);
    while !full {
        let from = opened(&mut wallet(&format!("Giver {all}"), &clock), &mut carrier);
        let mut of_giver = 0;
        for errand in &given {
            let ErrandMessage::Handed(handed) = ErrandMessage::from_bytes(errand).unwrap() else { panic!() };
            let bytes = handed.to_bytes().len() as u64;
            let verdict = if of_giver + bytes > FOR_GIVER_BYTES {
                full_for_giver = true;
                Verdict::FullForGiver
            } else if all + bytes > CARRIED_BYTES {
                full = true;
                Verdict::Full
            } else {
                of_giver += bytes;
                all += bytes;
                Verdict::Carried
            };
            let news = carrier.hear_errand(&from, errand).unwrap().news;
            assert!(
                matches!(news, Some(ErrandNews::OfPartner(_, said)) if said == verdict),
                "{all}: {news:?}"
            );
        }
    }
    assert!(full_for_giver, "else the story would show half of it");
    assert!((carrier.errands().unwrap().len() as u64) < CARRIED_MAX);
}
