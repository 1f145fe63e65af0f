//! Stories about the end of a tally that once broke a rule, as short as they could be made.

use hazel_tests::world::action::Action::*;
use hazel_tests::world::action::Schedule;

use super::told;

/// Seed 13008155, I22: the stock had closed and both had sealed, of which its tablet knew nothing. There the foil's old phone turned up again
/// with a payment, and the tablet accepted it: the acceptance counted on the closed tally.
#[test]
fn a_tablet_accepts_what_came_after_the_end() {
    told(&Schedule {
        seed: 13_008_155,
        liars: vec![false; 2],
        sites: Vec::new(),
        pacts: vec![(0, 1)],
        actions: vec![
            Close { phone: 0, tally: 1 },
            AddDevice { phone: 6 },
            Pay { phone: 1, tally: 2, units: 1, insist: true },
            Keep { phone: 7 },
            Remind { phone: 11, tally: 5, old_lives: false },
            Meet { phone: 2, tally: 4, to: 0 },
            Restore { pick: 12, old_lives: false, from_backup: false },
            Meet { phone: 10, tally: 3, to: 11 },
            Accept { phone: 10, tally: 3 },
        ],
    });
}
