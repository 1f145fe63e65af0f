//! Stories of phones and sites that once broke a rule, as short as they could be made.

use hazel_tests::world::action::Action::*;
use hazel_tests::world::action::{Action, Fate, Line, Radio as Weather, Schedule, Trick};

use super::told;

/// Two people with a site each.
fn hosted(seed: u64, pact: (u8, u8), actions: Vec<Action>) -> Schedule {
    Schedule { seed, liars: vec![false; 2], sites: vec![true; 2], pacts: vec![pact], actions }
}

/// Seed 800265, I24: a site went on from a copy that was older than its user's claim. It kept silent about a half that it did not know, and
/// the phone, which had claimed it once, never did so again.
#[test]
fn a_site_goes_on_from_a_copy_older_than_the_claim() {
    told(&Schedule {
        seed: 800_265,
        liars: vec![false, false],
        sites: vec![true, true],
        pacts: vec![(1, 0)],
        actions: vec![
            KeepSite { site: 0 },
            Home { phone: 0, line: Line { seed: 5_836, ..Line::default() } },
            RestoreSite { pick: 10 },
        ],
    });
}

/// Seed 3000764, I24: the foil's site went on from a copy, and was told the end of the order that it had forgotten. It took back what it
/// held before that too, found that the end follows nothing, and the two sites never agreed again.
#[test]
fn a_site_is_told_the_end_of_what_it_forgot() {
    let home = |phone, seed, cut| Home { phone, line: Line { cut, seed, ..Line::default() } };
    told(&Schedule {
        seed: 3_000_764,
        liars: vec![false, false],
        sites: vec![true, true],
        pacts: vec![(1, 0)],
        actions: vec![
            home(8, 7_599, None),
            Pay { phone: 10, tally: 2, units: 10_000, insist: false },
            Send { phone: 0, tally: 5, to: 6, fate: Fate::default() },
            KeepSite { site: 2 },
            home(3, 57_218, Some(6)),
            RestoreSite { pick: 23 },
            home(3, 20_483, None),
            home(0, 18_835, None),
        ],
    });
}

/// Seed 3002870, I25: a phone was rebuilt from its partner's reminder, which tells one chain after the other, and heard an acceptance before
/// the payment that it accepts. When everything without a place was added up again, the acceptance counted all the same. 3003087 is another.
#[test]
fn an_acceptance_is_told_before_its_payment() {
    told(&Schedule {
        seed: 3_002_870,
        liars: vec![false, false],
        sites: vec![true, true],
        pacts: vec![(1, 0)],
        actions: vec![
            Home { phone: 6, line: Line { seed: 55_106, ..Line::default() } },
            Pay { phone: 4, tally: 1, units: 3_000, insist: false },
            Keep { phone: 8 },
            Close { phone: 11, tally: 3 },
            Restore { pick: 23, old_lives: true, from_backup: false },
            Send { phone: 9, tally: 2, to: 2, fate: Fate::default() },
            Accept { phone: 7, tally: 2 },
            Remind { phone: 4, tally: 1, old_lives: false },
        ],
    });
}

/// Seed 9004206, I24: the foil's site went on from an older copy, and its word for what it still knew, in its new view, took the place of
/// the one that reached further. Without that one nobody could show it what it had ordered, and it ordered the same place anew.
#[test]
fn a_site_hears_what_it_had_said_itself() {
    let line = |loss, doubling, late, bent, cut, seed| Line { loss, doubling, late, bent, cut, seed };
    told(&hosted(
        9_004_206,
        (1, 0),
        vec![
            Home { phone: 0, line: line(24, 15, 11, 5, None, 62_928) },
            Pay { phone: 10, tally: 5, units: 50_000, insist: true },
            KillSite { site: 3 },
            Home { phone: 9, line: line(2, 45, 25, 4, Some(7), 37_660) },
            KeepSite { site: 2 },
            Home { phone: 7, line: line(23, 32, 6, 3, None, 52_788) },
            Home { phone: 0, line: line(24, 28, 30, 4, None, 30_281) },
            RestoreSite { pick: 0 },
        ],
    ));
}

/// Seed 9006586, I24: a site that had forgotten everything heard of a new epoch before the chit that moved its partner's half, so that the
/// move had no effect in the order in which it had heard. It took the node of that half for a stranger, for ever.
#[test]
fn a_move_is_heard_of_after_a_new_epoch() {
    let home = |phone, cut, seed| Home { phone, line: Line { cut, seed, ..Line::default() } };
    told(&hosted(
        9_006_586,
        (0, 1),
        vec![
            KeepSite { site: 2 },
            Pay { phone: 4, tally: 3, units: 1, insist: true },
            home(9, Some(7), 10_973),
            Pay { phone: 7, tally: 4, units: 10_000, insist: false },
            home(2, None, 47_191),
            home(5, None, 27_800),
            RestoreSite { pick: 15 },
            Renew { phone: 1, tally: 3 },
        ],
    ));
}

/// Seed 9007160, I12: a site put chits of two branches of a forked chain into one page, which says only of its first chit what it follows:
/// the second was told with a hash that nobody had signed.
#[test]
fn the_branches_of_a_fork_are_told_apart() {
    let send = |phone, tally, to| Send { phone, tally, to, fate: Fate::default() };
    told(&Schedule {
        seed: 9_007_160,
        liars: vec![false, false, true],
        sites: vec![true; 3],
        pacts: vec![(1, 0), (0, 2)],
        actions: vec![
            Lie { phone: 11, tally: 4, trick: Trick::Clone },
            send(7, 1, 10),
            send(2, 4, 3),
            Pay { phone: 11, tally: 2, units: 10_000, insist: false },
            send(7, 0, 4),
        ],
    });
}

/// Seed 114 of those about lies, I24, though nobody lied: the foil's site went on from a copy and said the same order again in its new view. The
/// foil's phone, which has followed it in the older view, had no word for the order in that one any more, and never told it to the partner.
#[test]
fn a_site_says_the_same_order_again_in_a_newer_view() {
    told(&Schedule {
        seed: 114,
        liars: vec![false, false],
        sites: vec![false, true],
        pacts: vec![(0, 1)],
        actions: vec![
            Home { phone: 1, line: Line::default() },
            KeepSite { site: 0 },
            RestoreSite { pick: 0 },
            Home { phone: 1, line: Line::default() },
        ],
    });
}

/// Seed 12003527, I24: the foil's site went on from a copy and ordered the same anew, and the stock's phone, which has no site, had agreed to
/// what was forgotten. Nobody showed the foil's phone what both halves stood for.
#[test]
fn the_stocks_phone_has_agreed_to_what_the_foils_site_forgot() {
    let home = |seed| Home { phone: 6, line: Line { seed, ..Line::default() } };
    told(&Schedule {
        seed: 12_003_527,
        liars: vec![false; 3],
        sites: vec![true, true, false],
        pacts: vec![(0, 1), (2, 0), (2, 1)],
        actions: vec![
            home(41_809),
            Pay { phone: 9, tally: 3, units: 20_000, insist: false },
            KeepSite { site: 2 },
            home(11_985),
            Send { phone: 0, tally: 1, to: 0, fate: Fate::default() },
            RestoreSite { pick: 3 },
        ],
    });
}

/// Seed 14016945, I13: the foil's site went on from a copy that was made before it knew of the half. The phone claimed it again and told it its own order up to
/// what is agreed; behind that it ordered in the same view what it had ordered there before, the other way round.
#[test]
fn a_site_goes_on_from_a_copy_without_the_half_and_hears_its_own_words() {
    let home = |phone, seed| Home { phone, line: Line { seed, ..Line::default() } };
    told(&hosted(
        14_016_945,
        (0, 1),
        vec![
            KeepSite { site: 3 },
            home(5, 54_676),
            Close { phone: 10, tally: 4 },
            Grant { phone: 11, tally: 0, limit: 50_000, notice_days: 3 },
            Send { phone: 3, tally: 2, to: 10, fate: Fate::default() },
            home(0, 16_806),
            RestoreSite { pick: 17 },
        ],
    ));
}

/// Seed 15011118, I14: the foil's phone was told a beginning of its own order, in an older view and with a certificate, and gave up what stood behind it.
#[test]
fn a_certificate_for_the_beginning_of_an_order_takes_nothing_from_its_end() {
    let home = |phone, seed| Home { phone, line: Line { seed, ..Line::default() } };
    told(&hosted(
        15_011_118,
        (1, 0),
        vec![
            Pay { phone: 3, tally: 2, units: 50_000, insist: true },
            Send { phone: 5, tally: 1, to: 3, fate: Fate::default() },
            home(0, 26_118),
            Radio {
                phone: 5,
                tally: 5,
                to: 8,
                radio: Weather { mtu: 185, loss: 5, doubling: 0, jitter: 40, cut: None },
            },
            KeepSite { site: 2 },
            Call { phone: 0, tally: 2 },
            RestoreSite { pick: 0 },
            Replay { pick: 29, to: 1 },
            home(3, 9_033),
            home(10, 5_044),
        ],
    ));
}

/// Seed 16001220, I24: a phone and its copy each went home, to a site that in between went on from a copy. The stock's site had agreed to a
/// payment of the phone, the foil's now held the copy's, two long. The numbers of the longer branch were taken for the shorter one's too,
/// so the payment was never told, and without it neither could follow the other.
#[test]
fn a_site_lacks_the_shorter_branch_of_a_forked_chain() {
    let home = |phone, cut, seed| Home { phone, line: Line { cut, seed, ..Line::default() } };
    told(&Schedule {
        liars: vec![true, false],
        ..hosted(
            16_001_220,
            (1, 0),
            vec![
                Lie { phone: 4, tally: 1, trick: Trick::Clone },
                Grant { phone: 8, tally: 5, limit: 100_000, notice_days: 4 },
                Pay { phone: 1, tally: 3, units: 50_000, insist: false },
                KeepSite { site: 2 },
                home(0, None, 13_225),
                home(7, Some(4), 18_856),
                RestoreSite { pick: 13 },
                home(5, None, 54_105),
            ],
        )
    });
}
