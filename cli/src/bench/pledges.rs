//! Durable pledges inside this process, from the arrival of a letter to the endorsed head; and how their cost, the start and the memory
//! grow with the number of tallies.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hazel_core::key::SecretKey;
use hazel_core::tally::{Halves, Side};
use hazel_network::letter::Correspondent;
use hazel_network::load::{Pen, Person, Plan, Recording, Register, replay};
use hazel_network::node::{Event, Input, Node, Output};
use hazel_network::store::{SiteStore, SqliteStore};

use super::board::{Aim, Board};
use super::{Bench, broken};
use crate::edge::{Stopwatch, SystemEntropy};
use crate::progress::Progress;
use crate::running::RunningSite;
use crate::trouble::Trouble;

/// The site that growth is measured against.
const SMALL: u64 = 10_000;
/// Pledges in one commit.
const GROUP: u64 = 256;

pub(super) fn measure(bench: &Bench, stage: &Path, board: &mut Board) -> Result<(), Trouble> {
    let partner = SecretKey::from_seed(&[2; 32]).public();
    let mut large = RunningSite::make(&stage.join("large"), |_| ())?;
    let mut empty = RunningSite::make(&stage.join("empty"), |_| ())?;
    let key = large.premises.key()?;
    let foil = key.public();
    let plan = |tallies: u64| Plan {
        people: bench.people.min(tallies),
        tallies,
        sites: Halves { stock: partner, foil },
    };
    let small = Ground { key: key.clone(), plan: plan(SMALL), file: stage.join("small.db") };
    let large_ground =
        Ground { key, plan: plan(bench.tallies), file: large.premises.folder().join("site.db") };
    small.fill(None)?;

    let (alone, bare) = small.pair(bench.pledges, 1)?;
    let (grouped, bare_grouped) = small.pair(bench.pledges, GROUP)?;
    let unit = "a second";
    let second = |each: u64| 1_000_000_000_u64.checked_div(each).unwrap_or(0);
    board.beside(
        "pledges, each in its commit / bare commits",
        second(alone),
        second(bare),
        unit,
        Aim::AtLeast(50),
    );
    board.beside("pledges in groups / bare commits", second(grouped), second(bare), unit, Aim::AtLeast(50));
    board.beside(
        "pledges in groups / bare rows in groups",
        second(grouped),
        second(bare_grouped),
        unit,
        Aim::None,
    );

    let bar = Progress::begin("making tallies", usize::try_from(bench.tallies).ok());
    large_ground.fill(Some(&bar))?;
    drop(bar);
    let watch = Stopwatch::start();
    drop(large_ground.node(&large_ground.file)?);
    let started = millis(watch.passed());
    board.alone(format!("start at {} tallies", bench.tallies), started, "ms", Aim::Below(2_000));
    empty.start()?;
    large.start()?;
    match (empty.memory(), large.memory()) {
        (Some(empty), Some(large)) => {
            let each = large.saturating_sub(empty).checked_div(plan(bench.tallies).people).unwrap_or(0);
            board.alone("memory per idle user beyond the store", each, "bytes", Aim::Below(200));
        }
        _ => board.note("Memory was not measured: this system does not tell it."),
    }
    empty.kill()?;
    large.kill()?;
    // In place: a copy of a million tallies would only measure the copy.
    let (small_one, large_one) = (alone, large_ground.ours_in_place(bench.pledges, 1)?);
    let (small_group, large_group) = (grouped, large_ground.ours_in_place(bench.pledges, GROUP)?);
    let micros = |nanos: u64| nanos.checked_div(1_000).unwrap_or(0);
    let growth = |how: &str| format!("a pledge{how} at {} tallies / at {SMALL}", bench.tallies);
    board.beside(growth(""), micros(large_one), micros(small_one), "µs", Aim::AtMost(120));
    board.beside(growth(" in a group"), micros(large_group), micros(small_group), "µs", Aim::AtMost(120));
    Ok(())
}

/// A site's database and who is in it.
struct Ground {
    key: SecretKey,
    plan: Plan,
    file: PathBuf,
}

impl Ground {
    fn fill(&self, bar: Option<&Progress>) -> Result<(), Trouble> {
        let mut store = SqliteStore::open_one(&self.file)?;
        let mut register = Register::default();
        let mut told = |done: u64| {
            if let (Some(bar), Ok(done)) = (bar, usize::try_from(done)) {
                bar.reach(done);
            }
        };
        Ok(self.plan.fill(&mut store, Side::Foil, &mut register, self.plan.tallies, &mut told)?)
    }

    fn node(&self, file: &Path) -> Result<Node<SqliteStore>, Trouble> {
        Ok(Node::open(SqliteStore::open_one(file)?, self.key.clone(), Box::new(SystemEntropy))?)
    }

    fn copy(&self, name: &str) -> Result<PathBuf, Trouble> {
        let path = self.file.with_extension(name);
        // A copy of the site's own making knows that it is one, and would begin new views first. Closed, the file is whole.
        std::fs::copy(&self.file, &path).map_err(|error| Trouble::file(&self.file, &error))?;
        Ok(path)
    }

    /// Nanoseconds for a pledge, so many a commit, and for its rows alone in bare commits of as many: medians, measured in turn. What the
    /// node says to its database is recorded in a first life and said again on another copy.
    fn pair(&self, pledges: u64, group: u64) -> Result<(u64, u64), Trouble> {
        let copy = |name: &str| self.copy(&format!("{name}-{group}"));
        let store = Recording::new(SqliteStore::open_one(&copy("recorded")?)?);
        let mut node = Node::open(store, self.key.clone(), Box::new(SystemEntropy))?;
        node.store().changes.clear();
        for batch in self.letters(0, pledges, group) {
            hand_in(&mut node, batch)?;
        }
        let said = std::mem::take(&mut node.store().changes);
        let mut bare = SqliteStore::open_one(&copy("bare")?)?;
        let mut node = self.node(&copy("ours")?)?;
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for (change, batch) in said.chunks(1).zip(self.letters(0, pledges, group)) {
            let watch = Stopwatch::start();
            replay(&mut bare, change)?;
            floor.push(each(watch.passed(), group));
            ours.push(each(hand_in(&mut node, batch)?, group));
        }
        Ok((median(&mut ours), median(&mut floor)))
    }

    fn ours_in_place(&self, pledges: u64, group: u64) -> Result<u64, Trouble> {
        let mut node = self.node(&self.file)?;
        // Other tallies than the measurement before.
        let skip = if group == 1 { 0 } else { pledges };
        let mut times = Vec::new();
        for batch in self.letters(skip, pledges, group) {
            times.push(each(hand_in(&mut node, batch)?, group));
        }
        Ok(median(&mut times))
    }

    /// Letters of people all over the site, each with one pledge on another tally: nothing lies beside what was touched before.
    fn letters(&self, skip: u64, pledges: u64, group: u64) -> Vec<Vec<Input>> {
        let letter = |at: u64| {
            let tally = at.saturating_mul(7_919).checked_rem(self.plan.tallies).unwrap_or(0);
            let mut pen: Pen = self.plan.pen(tally);
            let user = Person::new(self.plan.holder(tally)).link().public().0;
            Input::Letter { from: Correspondent::User(user), bytes: pen.letter() }
        };
        let whole = pledges.saturating_sub(pledges.checked_rem(group).unwrap_or(0));
        let mut batches: Vec<Vec<Input>> = Vec::new();
        for at in 0..whole {
            if at.checked_rem(group) == Some(0) {
                batches.push(Vec::new());
            }
            if let Some(batch) = batches.last_mut() {
                batch.push(letter(skip.saturating_add(at)));
            }
        }
        batches
    }
}

/// Hands a batch in; how long it took until it was durable.
fn hand_in<S: SiteStore>(node: &mut Node<S>, batch: Vec<Input>) -> Result<Duration, Trouble> {
    let wanted = batch.len();
    let watch = Stopwatch::start();
    let outputs = node.batch(batch, 1);
    let passed = watch.passed();
    let came = outputs.iter().filter(|it| matches!(it, Output::Event(Event::Chits(..)))).count();
    if came == wanted { Ok(passed) } else { Err(broken(format!("{came} of {wanted} pledges came in"))) }
}

fn each(passed: Duration, count: u64) -> u64 {
    let nanos = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX);
    nanos.checked_div(count).unwrap_or(0)
}

fn median(times: &mut [u64]) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0)
}

fn millis(passed: Duration) -> u64 {
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
}
