//! Stories of a carrier whose site takes errands on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a story that goes wrong should stop loudly")]

mod story;

use hazel_core::errand::{ErrandId, ErrandMessage, Verdict};
use hazel_core::wallet::{ErrandNews, Wallet};
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
