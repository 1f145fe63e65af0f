//! The life of a chit as a table: every combination of its facets, legal and illegal, and the one word a screen shows.

use hazel_core::wallet::{Custody, Facets};

/// Whether a chit can be in this state at all: what is agreed has a place, what is final is agreed.
const fn is_possible(facets: &Facets) -> bool {
    (!facets.agreed || facets.place.is_some()) && (!facets.is_final || facets.agreed)
}

fn all() -> impl Iterator<Item = Facets> {
    let custody = [Custody::Local, Custody::Sent, Custody::Held];
    custody.into_iter().flat_map(|custody| {
        [None, Some(1)].into_iter().flat_map(move |place| {
            [false, true].into_iter().flat_map(move |agreed| {
                [false, true].into_iter().map(move |is_final| Facets { custody, place, agreed, is_final })
            })
        })
    })
}

/// Each facet moves by itself and never backwards.
fn may_follow(before: &Facets, after: &Facets) -> bool {
    after.custody >= before.custody
        && after.place.is_some() >= before.place.is_some()
        && after.agreed >= before.agreed
        && after.is_final >= before.is_final
}

#[test]
fn every_possible_state_has_its_word() {
    let words: Vec<(Facets, &str)> =
        all().filter(is_possible).map(|facets| (facets, facets.word())).collect();
    assert_eq!(words.len(), 12);
    for (facets, word) in words {
        let expected = if facets.is_final {
            "final"
        } else if facets.agreed {
            "agreed"
        } else if facets.custody == Custody::Held {
            "received"
        } else {
            "pending"
        };
        assert_eq!(word, expected, "{facets:?}");
    }
}

#[test]
fn a_word_never_goes_backwards_when_no_facet_does() {
    let order = ["pending", "received", "agreed", "final"];
    let rank = |facets: &Facets| order.iter().position(|word| *word == facets.word());
    let (mut legal, mut illegal) = (0, 0);
    for before in all().filter(is_possible) {
        for after in all().filter(is_possible) {
            if may_follow(&before, &after) {
                assert!(rank(&after) >= rank(&before), "{before:?} {after:?}");
                legal += 1;
            } else {
                illegal += 1;
            }
        }
    }
    assert_eq!((legal, illegal), (60, 84));
}
