//! All wallets come back at the same moment after an outage: each with one payment that waits, each until it holds the proof that it is final.

use std::path::Path;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use hazel_core::tally::{Halves, Side};
use hazel_network::backoff::Backoff;
use hazel_network::driver::{CallError, Channel, Seed};
use hazel_network::load::{Pen, Person, Plan, Register};
use hazel_network::peer::SiteKey;
use hazel_network::store::SqliteStore;

use super::board::{Aim, Board};
use super::{Bench, broken};
use crate::edge::Stopwatch;
use crate::progress::Progress;
use crate::running::RunningSite;
use crate::trouble::Trouble;

/// Nobody waits longer than this.
const PATIENCE: Duration = Duration::from_secs(300);
/// Threads that mostly wait need little.
const STACK: usize = 192 * 1024;

pub(super) fn measure(bench: &Bench, stage: &Path, board: &mut Board) -> Result<(), Trouble> {
    let generous = |config: &mut crate::premises::Config| config.calls_in_a_row = 10_000_000;
    let mut ours = RunningSite::make(&stage.join("crowded"), generous)?;
    let mut partner = RunningSite::make(&stage.join("partner"), generous)?;
    ours.knows(&partner, &partner.config.listen.to_string())?;
    partner.knows(&ours, &ours.config.listen.to_string())?;
    let site = ours.premises.key()?.public();
    let plan = Plan {
        people: bench.wallets,
        tallies: bench.wallets,
        sites: Halves { stock: partner.premises.key()?.public(), foil: site },
    };
    for (running, side) in [(&ours, Side::Foil), (&partner, Side::Stock)] {
        let mut store = SqliteStore::open_one(&running.premises.folder().join("site.db"))?;
        plan.fill(&mut store, side, &mut Register::default(), plan.tallies, &mut |_| ())?;
    }
    partner.start()?;
    ours.start()?;
    let before = ours.memory();

    let count = usize::try_from(bench.wallets).unwrap_or(usize::MAX);
    let bar = Progress::begin("wallets come home", Some(count));
    let (told, ends) = mpsc::channel();
    let (start, leave) =
        (Arc::new(Barrier::new(count.saturating_add(1))), Arc::new(Barrier::new(count.saturating_add(1))));
    let place = ours.config.listen.to_string();
    for number in 0..bench.wallets {
        let mut pen = plan.pen(number);
        let mut guest = Guest {
            letter: pen.letter(),
            pen,
            key: Person::new(plan.holder(number)).link(),
            site,
            place: place.clone(),
            calls: 0,
        };
        let (told, start, leave) = (told.clone(), Arc::clone(&start), Arc::clone(&leave));
        thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || {
                start.wait();
                let watch = Stopwatch::start();
                let channel = guest.come_home(watch);
                let _ = told.send((channel.is_some(), watch.passed(), guest.calls));
                // All stay until all are home: then the site's memory is looked at.
                leave.wait();
                drop(channel);
            })
            .map_err(broken)?;
    }
    start.wait();
    let (mut times, mut failed, mut calls) = (Vec::new(), 0_u64, 0_u64);
    for _ in 0..count {
        let (home, took, called) = ends.recv().map_err(broken)?;
        calls = calls.saturating_add(called);
        if home {
            times.push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        } else {
            failed = failed.saturating_add(1);
        }
        bar.step();
    }
    drop(bar);
    let during = ours.memory();
    leave.wait();

    times.sort_unstable();
    let at = |part: usize| {
        let index =
            times.len().saturating_mul(part).checked_div(100).unwrap_or(0).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or(0)
    };
    board.alone(
        format!("of {} wallets at once, not final in the end", bench.wallets),
        failed,
        "",
        Aim::Below(0),
    );
    board.alone("time to final, median", at(50), "ms", Aim::None);
    board.alone("time to final, one in a hundred takes longer", at(99), "ms", Aim::None);
    board.alone("time to final, the last", at(100), "ms", Aim::None);
    board.alone("calls they made", calls, "", Aim::None);
    if let (Some(before), Some(during)) = (before, during) {
        let each = during.saturating_sub(before).checked_div(bench.wallets).unwrap_or(0);
        board.alone("memory per open channel", each, "bytes", Aim::Below(64 * 1024));
    }
    Ok(())
}

/// Somebody with a payment that waits.
struct Guest {
    pen: Pen,
    letter: Vec<u8>,
    key: hazel_sync::SecretKey,
    site: SiteKey,
    place: String,
    calls: u64,
}

impl Guest {
    /// Calls until the payment is proven to be final, with growing pauses. The channel, if it went well.
    fn come_home(&mut self, watch: Stopwatch) -> Option<Channel> {
        let mut backoff = Backoff::new(100, 5_000);
        while watch.passed() < PATIENCE {
            self.calls = self.calls.saturating_add(1);
            if let Ok(channel) = self.once(watch) {
                return Some(channel);
            }
            thread::sleep(Duration::from_millis(backoff.failed(Seed::number())));
        }
        None
    }

    fn once(&self, watch: Stopwatch) -> Result<Channel, CallError> {
        let mut channel = Channel::call(&self.place, &self.site, &self.key, Duration::from_secs(15))?;
        channel.send(self.letter.clone())?;
        while watch.passed() < PATIENCE {
            match channel.receive(Duration::from_secs(30))? {
                Some(letter) if self.pen.is_final(&letter) => return Ok(channel),
                Some(_) => {}
                None => return Err(CallError::Late),
            }
        }
        Err(CallError::Late)
    }
}
