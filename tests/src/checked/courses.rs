//! Courses of events drawn by a seed, through stories too long to be explored whole: every one ends with everybody hearing everybody,
//! and then everything must be final. What a phone does is worked out once and remembered, so that a course costs little.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use hazel_core::digest::Digest;
use hazel_core::tally::Side;
use stateright::Model as _;

use super::tales::story;
use super::{Act, Bug, State, Story};
use crate::noise::Noise;

/// Steps before everybody hears everybody.
const STEPS: usize = 40;
/// Letters in them; as many more are written at the end as it takes.
const LETTERS: u8 = 20;
/// After so many rounds in which everybody hears everybody nothing may be open any more.
const ROUNDS: usize = 12;
/// What is remembered is forgotten after so many courses: it grows with each.
const FORGET: u64 = 10_000;

/// Acts are drawn by kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hears,
    HearsAgain,
    Writes,
    Pays,
    ComesBack,
    Other,
}

/// What came of one course.
#[derive(Debug, Default)]
struct Told {
    /// What went wrong on purpose, how often.
    faults: BTreeMap<&'static str, u64>,
    /// What happened.
    acts: Vec<Act>,
    /// The rule that was broken in the end.
    broken: Option<&'static str>,
}

impl Told {
    fn fault(&mut self, what: &'static str) {
        *self.faults.entry(what).or_default() += 1;
    }
}

/// The stories that courses go through. They remember what was worked out in one course for the next.
struct Stories(Vec<Story>);

impl Stories {
    fn with(bug: Bug) -> Self {
        let three = || Story {
            phones: vec![(Side::Stock, 1), (Side::Foil, 1), (Side::Foil, 2)],
            pays: vec![1, 2, 2],
            one_invoice: true,
            ..story("three phones")
        };
        let two = || Story { pays: vec![3, 3], ..story("two phones") };
        let mut all = vec![two(), Story { closes: true, ..two() }, three()];
        for lost in [0, 1] {
            all.push(Story { restores: Some(lost), ..two() });
            all.push(Story { restores: Some(lost), closes: true, ..two() });
            all.push(Story { restores: Some(lost), ..three() });
        }
        Self(all.into_iter().map(|story| Story { bug, letters: LETTERS, ..story }).collect())
    }

    /// The course of that seed.
    fn course(&self, seed: u64) -> Told {
        let mut noise = Noise::new(seed);
        let at = noise.below(self.0.len());
        Course { story: &self.0[at], heard: vec![BTreeSet::new(); 3], told: Told::default() }.run(&mut noise)
    }
}

/// What came of many courses.
#[derive(Debug, Default)]
pub struct Drawn {
    /// How many.
    pub courses: u64,
    /// Steps of all of them.
    pub steps: u64,
    /// What went wrong on purpose, how often.
    pub faults: BTreeMap<&'static str, u64>,
    /// Those in which a rule did not hold: by which acts.
    pub broken: BTreeMap<u64, (&'static str, Vec<Act>)>,
}

/// The courses of these seeds, on so many threads.
#[must_use]
pub fn draw_many(bug: Bug, first: u64, count: u64, threads: usize) -> Drawn {
    let (drawn, end) = (Mutex::new(Drawn::default()), first.saturating_add(count));
    let mut from = first;
    while from < end {
        let upto = end.min(from.saturating_add(FORGET));
        let (next, stories) = (AtomicU64::new(from), Stories::with(bug));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= upto {
                            return;
                        }
                        let told = stories.course(seed);
                        drawn.lock().expect("nobody stops while it counts").add(seed, told);
                    }
                });
            }
        });
        from = upto;
    }
    drawn.into_inner().expect("nobody stops while it counts")
}

impl Drawn {
    fn add(&mut self, seed: u64, told: Told) {
        self.courses += 1;
        self.steps += told.acts.len() as u64;
        for (what, times) in told.faults {
            *self.faults.entry(what).or_default() += times;
        }
        if let Some(rule) = told.broken {
            self.broken.insert(seed, (rule, told.acts));
        }
    }
}

struct Course<'s> {
    story: &'s Story,
    /// Which letters each phone has heard.
    heard: Vec<BTreeSet<Digest>>,
    told: Told,
}

impl Course<'_> {
    fn run(mut self, noise: &mut Noise) -> Told {
        let mut state = self.story.init_states().remove(0);
        let mut acts = Vec::new();
        for _ in 0..STEPS {
            acts.clear();
            self.story.actions(&state, &mut acts);
            let Some(act) = self.draw(&state, &acts, noise) else { break };
            self.count(&state, act);
            self.step(&mut state, act);
        }
        for letter in &state.air {
            for (at, heard) in self.heard.iter().take(state.phones.len()).enumerate() {
                if at != letter.from && !heard.contains(&letter.digest) {
                    self.told.fault("letter lost");
                }
            }
        }
        self.heal(&mut state);
        self.told.broken = state.broken;
        self.told
    }

    /// One act of those that are possible: first of which kind, so that the many letters do not drown the rest.
    fn draw(&self, state: &State, acts: &[Act], noise: &mut Noise) -> Option<Act> {
        let drawn = match noise.below(100) {
            0..32 => Kind::Hears,
            32..42 => Kind::HearsAgain,
            42..74 => Kind::Writes,
            74..90 => Kind::Pays,
            90..95 => Kind::ComesBack,
            _ => Kind::Other,
        };
        let mut one_of = |kind: Kind| {
            let those: Vec<&Act> = acts.iter().filter(|act| self.kind(state, act) == kind).collect();
            noise.pick(&those).map(|act| **act)
        };
        // Hearing again is always possible, and would take the place of all that no longer is.
        [drawn, Kind::Writes, Kind::Hears, Kind::HearsAgain].into_iter().find_map(&mut one_of)
    }

    fn kind(&self, state: &State, act: &Act) -> Kind {
        match *act {
            Act::Hear(at, position) if self.heard[at].contains(&state.air[position].digest) => {
                Kind::HearsAgain
            }
            Act::Hear(..) => Kind::Hears,
            Act::Write(_) => Kind::Writes,
            Act::Pay(_) => Kind::Pays,
            Act::Restore => Kind::ComesBack,
            Act::Keep | Act::Close(_) => Kind::Other,
        }
    }

    fn step(&mut self, state: &mut State, act: Act) -> bool {
        if state.broken.is_some() {
            return false;
        }
        self.told.acts.push(act);
        match self.story.next_state(state, act) {
            Some(next) => {
                *state = next;
                true
            }
            None => false,
        }
    }

    /// What goes wrong in a step: what is heard was heard before, or something later of the same phone was.
    fn count(&mut self, state: &State, act: Act) {
        match act {
            Act::Hear(at, position) => {
                let letter = &state.air[position];
                let heard = &mut self.heard[at];
                let later = state.air[position + 1..].iter();
                let overtaken =
                    later.filter(|it| it.from == letter.from).any(|it| heard.contains(&it.digest));
                if !heard.insert(letter.digest) {
                    self.told.fault("letter heard again");
                } else if overtaken {
                    self.told.fault("letter overtaken");
                }
            }
            Act::Restore => self.told.fault("phone restored"),
            Act::Pay(_) | Act::Close(_) | Act::Write(_) | Act::Keep => {}
        }
    }

    /// Everybody hears everybody until nobody has anything new to say; then nothing may be open.
    fn heal(&mut self, state: &mut State) {
        for _ in 0..ROUNDS {
            let mut news = false;
            for from in 0..state.phones.len() {
                state.air.clear();
                state.letters = 1;
                news |= self.step(state, Act::Write(from));
                for at in 0..state.phones.len() {
                    if at != from {
                        news |= self.step(state, Act::Hear(at, 0));
                    }
                }
            }
            if !news || settled(state) {
                break;
            }
        }
        if !settled(state) {
            state.broken = state.broken.or(Some("I24: not everything became final"));
        }
    }
}

/// Whether all phones hold one order, everything in it is final, and nothing that can be in it is not.
fn settled(state: &State) -> bool {
    let phones = || state.phones.iter().map(|moment| &moment.phone);
    let head = phones().next().map(|phone| phone.standing.book.head);
    phones().all(|phone| {
        let standing = &phone.standing;
        let placed = phone.drawer.chits.values().all(|kept| kept.place > 0);
        let is_final = standing.final_index == standing.book.head.index;
        !standing.reconciling && placed && is_final && Some(standing.book.head) == head
    })
}
