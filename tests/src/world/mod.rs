//! People, phones, air: the real wallet, unchanged, in a world in memory in which everything goes wrong.
//!
//! A schedule is drawn from a seed. First comes a phase with faults, in which only safety is asked for; then the honest phones meet
//! until everything honest is final.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a world that goes wrong should stop loudly"
)]

pub mod action;
mod air;
pub mod chance;
mod check;
mod disk;
mod full;
mod heal;
mod lies;
mod negotiating;
mod post;
mod radio;
pub mod replay;
mod sites;
mod telling;
mod verbs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hazel_core::chit::ChitRef;
use hazel_core::digest::Digest;
use hazel_core::invoice::InvoiceId;
use hazel_core::key::RecoveryWords;
use hazel_core::pair::PairKey;
use hazel_core::store::Store;
use hazel_core::tally::{Side, SignedTally, TallyId};
use hazel_core::wallet::Wallet;

use crate::model::{Broken, Ledger};
use action::{Action, Schedule};
use air::Packet;
use chance::{PhoneClock, Seeded, WorldTime, guard, words};
use check::Seen;
use post::Mail;
use sites::Site;

/// Somebody with recovery words.
struct Person {
    words: RecoveryWords,
    liar: bool,
}

/// A phone with the real wallet on it.
struct Phone {
    person: usize,
    wallet: Wallet,
    clock: PhoneClock,
    /// Lost phones stay in the list, so that the others keep their numbers.
    lives: bool,
    seen: BTreeMap<TallyId, Seen>,
    /// What its site knows to be its own, as far as the phone knows.
    claimed: BTreeSet<TallyId>,
}

impl Phone {
    const fn new(person: usize, wallet: Wallet, clock: PhoneClock) -> Self {
        Self { person, wallet, clock, lives: true, seen: BTreeMap::new(), claimed: BTreeSet::new() }
    }
}

/// A tally, and everything that was really signed on it.
struct Pact {
    id: TallyId,
    contract: SignedTally,
    key: PairKey,
    /// Who holds the stock, and who the foil.
    people: [usize; 2],
    ledger: Ledger,
    invoices: Vec<InvoiceId>,
    /// The longest order on which both halves were ever known to agree.
    agreed: Vec<Digest>,
    /// What each half's phones have ever held.
    held: [BTreeSet<Digest>; 2],
    /// Payments for which somebody insisted.
    insisted: Vec<ChitRef>,
    /// Halves whose holder did something after which its payments may go over the limit without insisting.
    loose: [bool; 2],
}

/// A whole copy of one phone's database at some time.
struct Kept {
    phone: usize,
    path: PathBuf,
}

/// What happened in a world.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Actions that did something, and meetings while healing.
    pub steps: u64,
    /// Chits signed.
    pub chits: u64,
    /// Faults that were really injected, by kind.
    pub faults: BTreeMap<&'static str, u64>,
}

/// A world.
pub struct World {
    seed: u64,
    time: WorldTime,
    people: Vec<Person>,
    phones: Vec<Phone>,
    pacts: Vec<Pact>,
    air: Vec<Packet>,
    /// Everything that ever left a phone, for those who replay.
    past: Vec<Packet>,
    kept: Vec<Kept>,
    sites: Vec<Site>,
    /// Letters between sites and to them that are on their way.
    mail: Vec<Mail>,
    /// Whether a site goes on from an older copy.
    site_restored: bool,
    /// Who was ever restored.
    restored: Vec<usize>,
    count: Count,
    trace: Digest,
    /// Everything in words, for whoever wants to hear it.
    told: Option<Vec<String>>,
    serial: u64,
    folder: tempfile::TempDir,
}

type Verdict = Result<(), Broken>;

const fn half(side: Side) -> usize {
    match side {
        Side::Stock => 0,
        Side::Foil => 1,
    }
}

/// Where databases of killed phones live: in memory where there is a place for that, because every commit is synced.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the databases of killed phones")
}

impl World {
    /// The people of a schedule, before any two of them know one another.
    #[must_use]
    pub fn new(schedule: &Schedule) -> Self {
        let time = WorldTime::new();
        let seed = schedule.seed;
        let mut world = Self {
            seed,
            time,
            people: Vec::new(),
            phones: Vec::new(),
            pacts: Vec::new(),
            air: Vec::new(),
            past: Vec::new(),
            kept: Vec::new(),
            sites: Vec::new(),
            mail: Vec::new(),
            site_restored: false,
            restored: Vec::new(),
            count: Count::default(),
            trace: Digest::default(),
            told: None,
            serial: 0,
            folder: folder(),
        };
        for (person, liar) in schedule.liars.iter().enumerate() {
            world.people.push(Person { words: words(seed, person), liar: *liar });
            let clock = PhoneClock::new(&world.time);
            let entropy = world.entropy();
            let store = Store::in_memory().expect("a database in memory");
            let name = format!("person {person}");
            let words = words(seed, person);
            let wallet = Wallet::create(store, &guard(), &name, &words, Box::new(clock.clone()), entropy)
                .expect("a new wallet");
            world.phones.push(Phone::new(person, wallet, clock));
        }
        for (person, has_one) in schedule.sites.iter().enumerate() {
            if *has_one {
                world.open_site(person);
            }
        }
        world
    }

    fn entropy(&mut self) -> Box<Seeded> {
        self.serial += 1;
        Box::new(Seeded::new(self.seed, self.serial))
    }

    fn fault(&mut self, kind: &'static str) {
        *self.count.faults.entry(kind).or_default() += 1;
    }

    /// The living phone of that number, counted around.
    fn phone(&self, number: u8) -> usize {
        let living: Vec<usize> = (0..self.phones.len()).filter(|at| self.phones[*at].lives).collect();
        living[usize::from(number) % living.len()]
    }

    /// The living phones of one person.
    fn phones_of(&self, person: usize) -> Vec<usize> {
        (0..self.phones.len())
            .filter(|at| self.phones[*at].lives && self.phones[*at].person == person)
            .collect()
    }

    /// The tally of that number among those of a phone's person.
    fn pact(&self, phone: usize, number: u8) -> usize {
        let person = self.phones[phone].person;
        let own: Vec<usize> =
            (0..self.pacts.len()).filter(|at| self.pacts[*at].people.contains(&person)).collect();
        own[usize::from(number) % own.len()]
    }

    fn side(&self, phone: usize, pact: usize) -> Side {
        if self.pacts[pact].people[0] == self.phones[phone].person { Side::Stock } else { Side::Foil }
    }

    fn partner(&self, phone: usize, pact: usize) -> usize {
        self.pacts[pact].people[half(self.side(phone, pact).other())]
    }

    fn is_honest(&self, pact: usize) -> bool {
        self.pacts[pact].people.iter().all(|person| !self.people[*person].liar)
    }

    /// Lets one thing happen, and checks the rules on every phone that it touched.
    pub fn act(&mut self, action: Action) -> Verdict {
        self.time.pass(60);
        self.tell(|| format!("{action:?}"));
        let outcome = self.perform(action)?;
        self.tell(|| format!("  {outcome}"));
        self.count.steps += u64::from(outcome != NOTHING);
        self.note(&format!("{action:?} {outcome}"));
        Ok(())
    }

    fn note(&mut self, what: &str) {
        self.trace = Digest::of_parts(&[&self.trace.0, what.as_bytes()]);
    }

    /// A hash over everything that has happened.
    #[must_use]
    pub const fn trace(&self) -> Digest {
        self.trace
    }

    /// What has happened.
    #[must_use]
    pub fn count(&self) -> Count {
        let chits = self.pacts.iter().map(|pact| pact.ledger.len() as u64).sum();
        Count { chits, ..self.count.clone() }
    }
}

/// The outcome of an action for which there was no occasion.
const NOTHING: &str = "-";
