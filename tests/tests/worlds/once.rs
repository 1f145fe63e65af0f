//! Stories of phones that once broke a rule, as short as they could be made.

use hazel_tests::world::action::Action::{
    self, Accept, AddDevice, Ask, Close, Grant, Keep, Kill, Lie, Meet, Pay, Radio, Remind, Renew, Replay,
    Restore, Revoke, Send, Tear,
};
use hazel_tests::world::action::{Fate, Harm, Radio as Weather, Schedule, Trick};

use super::told;

fn holds(seed: u64, actions: Vec<Action>) {
    told(&Schedule { seed, liars: vec![false, false], pacts: vec![(0, 1)], actions, ..Schedule::default() });
}

/// The same where the first of the two lies.
fn holds_against_a_liar(seed: u64, actions: Vec<Action>) {
    told(&Schedule { seed, liars: vec![true, false], pacts: vec![(0, 1)], actions, ..Schedule::default() });
}

/// Seed 1127, I24: a restored foil took its own summary, thrown back by the air, for its partner's answer, and ordered anew what
/// its partner had confirmed.
#[test]
fn a_restored_foil_hears_itself() {
    let send = |to| Send { phone: 7, tally: 5, to, fate: Fate::default() };
    let restore = Restore { pick: 24, old_lives: false, from_backup: false };
    for pick in 0..12 {
        let heard = Replay { pick, to: 1 };
        let meet = Meet { phone: 3, tally: 0, to: 8 };
        let keep = Keep { phone: 5 };
        let close = Close { phone: 5, tally: 5 };
        holds(1127, vec![meet, keep, close, send(1), restore, send(6), send(7), send(11), heard]);
    }
}

/// Seed 122, I13: two copies of one phone went on with the same keys. The second two chits of one key came in a page behind the
/// first, and were not compared with what the other branch held at their place.
#[test]
fn a_copied_phone_is_copied_again() {
    let weather = Weather { mtu: 23, loss: 5, doubling: 0, jitter: 0, cut: Some(69) };
    holds_against_a_liar(
        122,
        vec![
            Lie { phone: 0, tally: 5, trick: Trick::Clone },
            Lie { phone: 2, tally: 1, trick: Trick::Clone },
            Grant { phone: 0, tally: 1, limit: 1, notice_days: 0 },
            Radio { phone: 9, tally: 2, to: 9, radio: weather },
            Send { phone: 11, tally: 5, to: 1, fate: Fate::default() },
        ],
    );
}

/// Seed 40925: a copied phone's chits came home by the partner, and the phone itself, which could sign no more, called its file damaged.
#[test]
fn a_copy_goes_on_with_a_phones_chain() {
    told(&Schedule {
        seed: 40925,
        liars: vec![false, true, false, false],
        pacts: vec![(0, 1), (1, 2), (0, 3)],
        actions: vec![
            Pay { phone: 6, tally: 2, units: 50_000, insist: false },
            Lie { phone: 9, tally: 4, trick: Trick::Clone },
            Close { phone: 2, tally: 3 },
            Pay { phone: 6, tally: 1, units: 50_000, insist: false },
            Send { phone: 6, tally: 3, to: 4, fate: Fate::default() },
            Meet { phone: 7, tally: 0, to: 7 },
        ],
        ..Schedule::default()
    });
}

/// Seed 41110, I24: a second phone of the stock let in a tablet and was lost, and the partner had never heard of it. What the tablet
/// told was news of a higher epoch, and neither the first phone nor the third could sign: their holder begins anew on the newest.
#[test]
fn a_lost_phone_is_heard_of_by_the_tablet_it_let_in() {
    told(&Schedule {
        seed: 41110,
        liars: vec![false, false],
        pacts: vec![(1, 0)],
        actions: vec![
            Remind { phone: 0, tally: 5, old_lives: true },
            AddDevice { phone: 5 },
            Remind { phone: 8, tally: 2, old_lives: false },
        ],
        ..Schedule::default()
    });
}

/// Seed 41466, I24: a foil began anew, ordered, and was lost; only the stock's tablet had heard its order. The foil that came after it
/// ordered in a lower view, which the tablet must not follow.
#[test]
fn a_tablet_alone_has_heard_a_lost_foils_view() {
    holds(
        41466,
        vec![
            Keep { phone: 8 },
            AddDevice { phone: 4 },
            Kill { phone: 1 },
            Renew { phone: 1, tally: 2 },
            Kill { phone: 9 },
            Send { phone: 4, tally: 3, to: 1, fate: Fate::default() },
            Remind { phone: 9, tally: 4, old_lives: false },
        ],
    );
}

/// Seed 3000760, I13: the stock had promised a rebuilt foil to wait for it, which never heard so. Its old phone opened a view above the promised
/// one and ordered there; the rebuilt phone followed, took the stock's next summary for the promise, and ordered in that view too.
#[test]
fn a_rebuilt_foil_follows_its_old_phone_into_a_higher_view() {
    let send = |phone, tally, to, again, late| {
        let fate = Fate { again, late, ..Fate::default() };
        Send { phone, tally, to, fate }
    };
    let weather = Weather { mtu: 247, loss: 0, doubling: 0, jitter: 0, cut: None };
    told(&Schedule {
        seed: 3_000_760,
        liars: vec![false, false],
        pacts: vec![(1, 0)],
        actions: vec![
            Pay { phone: 4, tally: 5, units: 25_000, insist: true },
            send(10, 4, 4, 1, true),
            Remind { phone: 1, tally: 0, old_lives: true },
            AddDevice { phone: 3 },
            send(11, 2, 6, 2, false),
            Radio { phone: 2, tally: 5, to: 0, radio: weather },
            Meet { phone: 4, tally: 3, to: 9 },
            Pay { phone: 8, tally: 1, units: 25_000, insist: false },
            Meet { phone: 2, tally: 4, to: 4 },
            send(8, 4, 8, 2, false),
        ],
        ..Schedule::default()
    });
}

/// Seed 187, I13: the same without a radio.
#[test]
fn both_copies_of_a_phone_go_on() {
    holds_against_a_liar(
        187,
        vec![
            Lie { phone: 0, tally: 4, trick: Trick::Clone },
            AddDevice { phone: 6 },
            Pay { phone: 2, tally: 3, units: 3_000, insist: false },
            Send { phone: 11, tally: 4, to: 0, fate: Fate::default() },
            Meet { phone: 6, tally: 2, to: 4 },
        ],
    );
}

/// Seed 200, I9: an old phone accepted a payment, and its acceptance got its place behind the new phone's epoch, where it has no
/// effect. The old phone went on showing the payment as accepted. (The first check that failed here was wrong: decision 0503.)
#[test]
fn an_acceptance_comes_after_its_device() {
    let send = |phone, tally| Send { phone, tally, to: 3, fate: Fate::default() };
    told(&Schedule {
        seed: 200,
        liars: vec![false, false],
        pacts: vec![(1, 0)],
        actions: vec![
            Pay { phone: 7, tally: 5, units: 100_000, insist: true },
            Meet { phone: 10, tally: 4, to: 4 },
            Accept { phone: 10, tally: 4 },
            Remind { phone: 11, tally: 1, old_lives: true },
            send(5, 2),
            send(4, 4),
        ],
        ..Schedule::default()
    });
}

/// Seed 1266, I25: two phones of one person each began an epoch, and the order left one of them without effect. The audit called the
/// invoice that it had signed meanwhile damaged.
#[test]
fn an_invoice_of_an_epoch_without_effect() {
    told(&Schedule {
        seed: 1266,
        liars: vec![false; 4],
        pacts: vec![(1, 0), (2, 1), (3, 0)],
        actions: vec![
            AddDevice { phone: 9 },
            Remind { phone: 11, tally: 1, old_lives: false },
            Kill { phone: 4 },
            AddDevice { phone: 7 },
            Remind { phone: 7, tally: 5, old_lives: true },
            Ask { phone: 6, tally: 2, units: 10_000, valid_for: 86_400 },
        ],
        ..Schedule::default()
    });
}

/// Seed 5270, I24: a revoked phone sealed a closing tally, without effect, and sealed it again with every answer: the meeting never ended.
#[test]
fn a_revoked_phone_does_not_seal() {
    told(&Schedule {
        seed: 5270,
        liars: vec![false; 3],
        pacts: vec![(0, 1), (2, 0), (2, 1)],
        actions: vec![
            AddDevice { phone: 10 },
            Close { phone: 9, tally: 0 },
            Revoke { phone: 11 },
            Send { phone: 7, tally: 4, to: 5, fate: Fate::default() },
            Meet { phone: 1, tally: 4, to: 10 },
        ],
        ..Schedule::default()
    });
}

/// Seed 5295, I22: a phone said closed of an order that its partner had not confirmed, and that was given up for a restored foil's.
#[test]
fn closed_is_said_of_what_both_agree_on() {
    told(&Schedule {
        seed: 5295,
        liars: vec![false; 3],
        pacts: vec![(0, 1), (0, 2), (2, 1)],
        actions: vec![
            AddDevice { phone: 3 },
            Close { phone: 3, tally: 0 },
            Keep { phone: 1 },
            Restore { pick: 16, old_lives: true, from_backup: false },
        ],
        ..Schedule::default()
    });
}

/// Seed 20130, I24: a restored foil was told to begin a new epoch before its partner had said what it holds. It ordered anew what the
/// partner had confirmed, in a view of its own, and the two never came to rest.
#[test]
fn a_restored_foil_does_not_begin_anew_unheard() {
    let fate = Fate { lost: true, again: 2, late: true, ..Fate::default() };
    told(&Schedule {
        seed: 20_130,
        liars: vec![false, false],
        pacts: vec![(1, 0)],
        actions: vec![
            Keep { phone: 2 },
            Pay { phone: 2, tally: 3, units: 50_000, insist: false },
            Send { phone: 10, tally: 0, to: 4, fate },
            AddDevice { phone: 10 },
            Restore { pick: 20, old_lives: false, from_backup: false },
            Renew { phone: 2, tally: 3 },
        ],
        ..Schedule::default()
    });
}

/// Seed 1910, I24: an old phone beside a rebuilt one ordered on where nobody followed. Its newer word replaced the one on which the
/// agreed order rested, so the rebuilt phone could never be shown what both had agreed on, and stayed read-only.
#[test]
fn an_old_phone_speaks_where_nobody_follows() {
    let send = |phone, tally, to, again| {
        let fate = Fate { again, ..Fate::default() };
        Send { phone, tally, to, fate }
    };
    holds(
        1910,
        vec![
            Remind { phone: 4, tally: 4, old_lives: true },
            Pay { phone: 9, tally: 1, units: 1, insist: false },
            send(9, 1, 0, 0),
            send(7, 3, 6, 0),
            send(4, 0, 2, 0),
            send(2, 5, 10, 2),
            send(5, 4, 2, 1),
            send(3, 5, 8, 0),
            send(3, 4, 11, 0),
            Replay { pick: 25, to: 10 },
            Pay { phone: 1, tally: 5, units: 100_000, insist: false },
        ],
    );
}

/// Seed 1913, I24: of two phones restored one after the other the first had the higher epoch, and was heard of late. The second took it
/// for its successor and fell silent, and its holder was shown nothing of it.
#[test]
fn a_lost_phone_is_heard_late() {
    let fate = Fate::default();
    told(&Schedule {
        seed: 1913,
        liars: vec![false, false],
        pacts: vec![(1, 0)],
        actions: vec![
            AddDevice { phone: 11 },
            Keep { phone: 7 },
            Grant { phone: 3, tally: 4, limit: 20_000, notice_days: 0 },
            Tear { phone: 6, tally: 5, units: 10_000, at: 28_361 },
            Send { phone: 2, tally: 4, to: 2, fate: Fate { harm: Harm::Cut(58_033), ..fate } },
            Restore { pick: 11, old_lives: false, from_backup: false },
            Send { phone: 5, tally: 0, to: 4, fate: Fate { late: true, ..fate } },
            Send { phone: 0, tally: 4, to: 1, fate: Fate { lost: true, ..fate } },
            AddDevice { phone: 3 },
            Meet { phone: 3, tally: 4, to: 1 },
            Restore { pick: 28, old_lives: false, from_backup: false },
        ],
        ..Schedule::default()
    });
}

/// A phone rebuilt from its partner's memory gave a lost tablet's number to another one (core/src/wallet/numbers.rs).
#[test]
fn a_forgotten_tablets_number_is_not_given_again() {
    let reminded = Remind { phone: 5, tally: 4, old_lives: false };
    let granted = Grant { phone: 11, tally: 4, limit: 10_000, notice_days: 3 };
    holds(
        3_001_290,
        vec![AddDevice { phone: 2 }, granted, AddDevice { phone: 4 }, reminded, AddDevice { phone: 11 }],
    );
}

/// Seed 9007721, I14: an old phone heard of the order that its successor had begun, and lacked a chit of it. Its own order was gone
/// before it knew that it could not follow.
#[test]
fn an_order_is_kept_until_the_next_one_is_whole() {
    let radio = Weather { mtu: 23, loss: 5, doubling: 10, jitter: 0, cut: Some(22) };
    let restore = |pick, old_lives| Restore { pick, old_lives, from_backup: false };
    holds(
        9_007_721,
        vec![
            Keep { phone: 11 },
            restore(2, true),
            AddDevice { phone: 10 },
            Pay { phone: 7, tally: 2, units: 50_000, insist: true },
            restore(26, false),
            Radio { phone: 1, tally: 3, to: 11, radio },
            Send { phone: 6, tally: 4, to: 3, fate: Fate { again: 1, ..Fate::default() } },
            Meet { phone: 3, tally: 0, to: 2 },
        ],
    );
}

/// Seed 9303582, I24: a foil began anew unheard, and lost touch; a second phone was rebuilt and agreed with the stock in a lower view. The
/// first one then gave its own order, which departed from what was agreed, for ever.
#[test]
fn who_gives_the_order_takes_up_what_another_has_agreed() {
    let radio = Weather { mtu: 247, loss: 0, doubling: 10, jitter: 40, cut: None };
    holds(
        9_303_582,
        vec![
            Renew { phone: 5, tally: 0 },
            Remind { phone: 0, tally: 5, old_lives: true },
            Radio { phone: 8, tally: 3, to: 9, radio },
        ],
    );
}

/// The same seed, as it was shrunk when that held: the second phone had the higher epoch, and the first one, which it had replaced, could not
/// follow it down.
#[test]
fn a_replaced_phone_follows_into_a_lower_view() {
    let radio = Weather { mtu: 64, loss: 30, doubling: 10, jitter: 0, cut: Some(30) };
    holds(
        9_303_582,
        vec![
            Radio { phone: 2, tally: 2, to: 6, radio },
            Kill { phone: 4 },
            Renew { phone: 5, tally: 0 },
            Remind { phone: 0, tally: 5, old_lives: true },
            Meet { phone: 9, tally: 2, to: 5 },
        ],
    );
}
