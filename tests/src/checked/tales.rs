//! Which stories are explored, and how; and the same stories with a bug in each.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use hazel_core::tally::Side;
use stateright::{Checker, Model};

use super::bargain::Bargain;
use super::{Bug, Story};

/// A state that says itself what is wrong with it.
pub(super) trait Judged {
    /// The rule that does not hold.
    fn broken(&self) -> Option<&'static str>;
}

/// A story of one kind or the other.
#[derive(Debug, Clone)]
pub enum Tale {
    /// Chits and their order.
    Order(Story),
    /// A contract.
    Bargain(Bargain),
}

/// What came of one story.
#[derive(Debug, Clone)]
pub struct Explored {
    /// Different states.
    pub states: usize,
    /// How deep.
    pub depth: usize,
    /// Whether everything that can happen was seen.
    pub whole: bool,
    /// The rule that was broken, and how.
    pub broken: Option<String>,
    /// Whether what the story is about happens in it at all.
    pub lives: bool,
}

impl Tale {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Order(story) => story.name,
            Self::Bargain(bargain) => bargain.name,
        }
    }

    /// What is wrong with it on purpose.
    #[must_use]
    pub const fn bug(&self) -> Bug {
        match self {
            Self::Order(story) => story.bug,
            Self::Bargain(bargain) => bargain.bug,
        }
    }

    const fn with(mut self, wrong: Bug) -> Self {
        match &mut self {
            Self::Order(story) => story.bug = wrong,
            Self::Bargain(bargain) => bargain.bug = wrong,
        }
        self
    }

    /// Explores it, up to so many states.
    #[must_use]
    pub fn explore(self, most: usize, threads: usize) -> Explored {
        let shortest = self.bug() != Bug::None;
        match self {
            Self::Order(story) => explore(story, most, threads, shortest),
            Self::Bargain(bargain) => explore(bargain, most, threads, shortest),
        }
    }
}

/// A bug is told by the shortest way to it, for which all states of one depth have to be held at once; where none is awaited, one way
/// after the other is gone to its end, and only the names of states are kept.
fn explore<M>(model: M, most: usize, threads: usize, shortest: bool) -> Explored
where
    M: Model + Send + Sync + 'static,
    M::State: Judged + Hash + Clone + PartialEq + Send + Sync + 'static,
    M::Action: Debug + Clone + PartialEq,
{
    let builder = model.checker().target_state_count(most).threads(threads);
    if shortest { told(&builder.spawn_bfs().join(), most) } else { told(&builder.spawn_dfs().join(), most) }
}

fn told<M>(checker: &impl Checker<M>, most: usize) -> Explored
where
    M: Model,
    M::State: Judged + Hash + Clone + PartialEq,
    M::Action: Debug + Clone + PartialEq,
{
    let found = |property: &str| checker.discoveries().remove(property);
    let broken = found("the rules hold").map(|path| {
        let rule = path.last_state().broken().unwrap_or("?");
        format!("{rule}, by {:?}", path.into_actions())
    });
    Explored {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        whole: checker.is_done() && checker.state_count() < most,
        lives: checker.discoveries().keys().any(|property| *property != "the rules hold"),
        broken,
    }
}

pub(super) fn story(name: &'static str) -> Story {
    Story {
        name,
        phones: vec![(Side::Stock, 1), (Side::Foil, 1)],
        pays: vec![1, 1],
        letters: 4,
        restores: None,
        one_invoice: false,
        closes: false,
        bug: Bug::None,
        known: Arc::default(),
    }
}

/// The stories as they should be.
#[must_use]
pub fn stories() -> Vec<Tale> {
    let order = vec![
        Story { pays: vec![2, 2], letters: 5, ..story("consensus of two halves") },
        Story { pays: vec![2, 1], letters: 5, restores: Some(0), ..story("restore of a signer") },
        Story { pays: vec![1, 2], letters: 5, restores: Some(1), ..story("restore of the foil") },
        Story { letters: 6, closes: true, ..story("closing while a payment is on its way") },
        Story {
            phones: vec![(Side::Stock, 1), (Side::Foil, 1), (Side::Foil, 2)],
            pays: vec![0, 1, 1],
            letters: 5,
            one_invoice: true,
            ..story("one invoice paid from two devices")
        },
    ];
    let bargain = Bargain {
        name: "negotiation",
        offers: 1,
        edits: 1,
        refusals: 1,
        bug: Bug::None,
        known: Arc::default(),
    };
    order.into_iter().map(Tale::Order).chain([Tale::Bargain(bargain)]).collect()
}

/// The same with more in them, for a night.
#[must_use]
pub fn long_stories() -> Vec<Tale> {
    vec![
        Tale::Order(Story { pays: vec![3, 3], letters: 6, ..story("consensus, longer") }),
        Tale::Order(Story {
            pays: vec![2, 2],
            letters: 6,
            restores: Some(0),
            ..story("restore of a signer, longer")
        }),
        Tale::Order(Story {
            pays: vec![2, 2],
            letters: 6,
            restores: Some(1),
            ..story("restore of the foil, longer")
        }),
        Tale::Order(Story { pays: vec![2, 1], letters: 7, closes: true, ..story("closing, longer") }),
        Tale::Order(Story {
            phones: vec![(Side::Stock, 1), (Side::Foil, 1), (Side::Foil, 2)],
            pays: vec![1, 2, 1],
            letters: 6,
            one_invoice: true,
            ..story("one invoice, longer")
        }),
        Tale::Bargain(Bargain {
            name: "negotiation, longer",
            offers: 2,
            edits: 1,
            refusals: 1,
            bug: Bug::None,
            known: Arc::default(),
        }),
    ]
}

/// The same stories with a bug in each.
#[must_use]
pub fn broken_stories() -> Vec<Tale> {
    let all = [
        ("consensus", Bug::OneSide),
        ("restore of the foil", Bug::AnyHead),
        ("restore of a signer", Bug::ContinueChain),
        ("restore of the foil", Bug::NoView),
        ("closing", Bug::CloseByTip),
        ("one invoice", Bug::ForgetAnswers),
        ("negotiation", Bug::LastContract),
    ];
    let tale = |(name, bug): (&str, Bug)| {
        stories().into_iter().find(|tale| tale.name().contains(name)).map(|tale| tale.with(bug))
    };
    all.into_iter().filter_map(tale).collect()
}
