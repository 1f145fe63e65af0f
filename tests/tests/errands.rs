//! Three phones over the air: what Ana has to tell Ben goes along with a carrier, whatever is cut on either way.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod phones;

use hazel_core::errand::Verdict;
use hazel_core::wallet::ErrandNews;
use hazel_sync::carrier::memory::Weather;
use phones::{Phone, StoryClock, World, chips, pay, wallet};

const DAY: u64 = 24 * 3600;

/// One world for each two that meet; the carrier's phone, and Ana's and Ben's, are put into whichever is played.
struct Three {
    together: World,
    ana_and_carrier: World,
    ben_and_carrier: World,
}

fn three(seed: u64, weather: Weather) -> Three {
    let clock = StoryClock::new();
    let fresh = |name: &str| wallet(name, seed, &clock);
    let mut together = World::opened(fresh("Ana"), fresh("Ben"), &clock, seed, weather);
    let nobody = || wallet("nobody", seed, &clock);
    let lent = |phone: &mut Phone| core::mem::replace(&mut phone.wallet, nobody());
    let mut ana_and_carrier =
        World::opened(lent(&mut together.ana), fresh("Carrier"), &clock, seed + 1, weather);
    let carrier = lent(&mut ana_and_carrier.ben);
    let mut ben_and_carrier = World::opened(lent(&mut together.ben), carrier, &clock, seed + 2, weather);
    ben_and_carrier.ben.wallet.carry_errands(true).unwrap();
    core::mem::swap(&mut together.ana.wallet, &mut ana_and_carrier.ana.wallet);
    core::mem::swap(&mut together.ben.wallet, &mut ben_and_carrier.ana.wallet);
    Three { together, ana_and_carrier, ben_and_carrier }
}

/// A meeting that may be cut after so many packets, both programs dying with it; returns how many packets arrived.
fn meet(world: &mut World, cut: Option<usize>) -> usize {
    world.until_cut = cut;
    world.arrived = 0;
    world.meet(true);
    world.until_cut = None;
    world.ana.die();
    world.ben.die();
    world.arrived
}

impl Three {
    fn ana_pays_ben_and_sends_it_along(&mut self) {
        let (tally, with) = (self.together.tally, self.ana_and_carrier.tally);
        let ana = &mut self.together.ana.wallet;
        pay(ana, &tally, 5, 0);
        ana.give_errand(&tally, &with, DAY).unwrap().unwrap();
    }

    fn ana_meets_carrier(&mut self, cut: Option<usize>) -> usize {
        let Self { together, ana_and_carrier, ben_and_carrier } = self;
        core::mem::swap(&mut together.ana.wallet, &mut ana_and_carrier.ana.wallet);
        core::mem::swap(&mut ben_and_carrier.ben.wallet, &mut ana_and_carrier.ben.wallet);
        let packets = meet(ana_and_carrier, cut);
        core::mem::swap(&mut together.ana.wallet, &mut ana_and_carrier.ana.wallet);
        core::mem::swap(&mut ben_and_carrier.ben.wallet, &mut ana_and_carrier.ben.wallet);
        packets
    }

    fn ben_meets_carrier(&mut self, cut: Option<usize>) -> usize {
        let Self { together, ben_and_carrier, .. } = self;
        core::mem::swap(&mut together.ben.wallet, &mut ben_and_carrier.ana.wallet);
        let packets = meet(ben_and_carrier, cut);
        core::mem::swap(&mut together.ben.wallet, &mut ben_and_carrier.ana.wallet);
        packets
    }

    fn assert_arrived(&mut self, told: &str) {
        assert_eq!(self.together.ben.wallet.tally(&self.together.tally).unwrap().balance, chips(5), "{told}");
        assert_eq!(
            self.ben_and_carrier.ben.wallet.errands().unwrap(),
            [],
            "{told}: nothing is left with the carrier"
        );
        self.together.meet(true);
        self.together.assert_in_sync(told);
    }
}

fn fair() -> Weather {
    Weather { delay: 5, ..Weather::default() }
}

#[test]
fn a_payment_goes_along_and_both_meetings_are_in_sync() {
    let mut three = three(1, fair());
    three.ana_pays_ben_and_sends_it_along();
    three.ana_meets_carrier(None);
    let given = three.ana_and_carrier.ana.last();
    assert!(
        given.in_sync() && matches!(given.errands[..], [ErrandNews::OfMine(_, Verdict::Carried)]),
        "{given:?}"
    );
    three.ben_meets_carrier(None);
    let (ben, carrier) = (three.ben_and_carrier.ana.last(), three.ben_and_carrier.ben.last());
    assert!(ben.in_sync() && matches!(ben.errands[..], [ErrandNews::ForMe(_)]), "{ben:?}");
    assert!(carrier.in_sync(), "{carrier:?}");
    assert!(matches!(carrier.errands[..], [ErrandNews::HandedOver(_, Verdict::Arrived)]), "{carrier:?}");
    three.assert_arrived("fair weather");
    // Where nothing is carried nothing is said of errands.
    three.ben_meets_carrier(None);
    let quiet = three.ben_and_carrier.ana.last();
    assert_eq!((quiet.delivered, quiet.received), (0, 0));
}

/// Cut after the n-th packet, for every n, on the way in and on the way out: the next meeting ends it, and it arrives once.
#[test]
fn an_errand_survives_a_cut_after_any_packet() {
    let mut whole = three(2, fair());
    whole.ana_pays_ben_and_sends_it_along();
    let (there, back) = (whole.ana_meets_carrier(None), whole.ben_meets_carrier(None));
    assert!(there >= 8 && back >= 8, "{there} and {back} packets");
    for cut in 0..there.max(back) {
        let mut three = three(2, fair());
        three.ana_pays_ben_and_sends_it_along();
        three.ana_meets_carrier(Some(cut));
        three.ana_meets_carrier(None);
        three.ben_meets_carrier(Some(cut));
        three.ben_meets_carrier(None);
        three.assert_arrived(&format!("cut after {cut}"));
    }
}

#[test]
fn bad_weather_only_takes_longer() {
    for seed in 0..12 {
        let weather =
            Weather { loss: seed * 7 % 25, doubling: seed * 13 % 51, delay: 20, jitter: 60, pace: None };
        let mut three = three(seed, weather);
        three.ana_pays_ben_and_sends_it_along();
        for _ in 0..3 {
            three.ana_meets_carrier(None);
            three.ben_meets_carrier(None);
        }
        three.assert_arrived(&format!("seed {seed}, {weather:?}"));
    }
}
