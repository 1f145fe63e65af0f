//! A bar for what takes more than a second: on standard error, and only if somebody looks at it.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::edge::Stopwatch;
use crate::screen::somebody_watches;

const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);
const CELLS: usize = 30;

/// Shows that something goes on until it is dropped.
pub(crate) struct Progress {
    done: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    painter: Option<JoinHandle<()>>,
}

impl Progress {
    /// Something of `total` steps; none if that is not known beforehand.
    pub(crate) fn begin(what: &'static str, total: Option<usize>) -> Self {
        let (done, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let painter = somebody_watches().then(|| {
            let (done, over) = (Arc::clone(&done), Arc::clone(&over));
            thread::spawn(move || paint(what, total, &done, &over))
        });
        Self { done, over, painter }
    }

    /// One step more.
    pub(crate) fn step(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// This many steps in all.
    pub(crate) fn reach(&self, done: usize) {
        self.done.store(done, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(painter) = self.painter.take() {
            painter.thread().unpark();
            // A painter that fell over has nothing more to paint.
            let _ = painter.join();
        }
    }
}

fn paint(what: &str, total: Option<usize>, done: &AtomicUsize, over: &AtomicBool) {
    let watch = Stopwatch::start();
    let mut painted = false;
    while !over.load(Ordering::Relaxed) {
        thread::park_timeout(TICK);
        if watch.passed() >= PATIENCE && !over.load(Ordering::Relaxed) {
            let line = line(what, total, done.load(Ordering::Relaxed), watch.passed());
            let _ = write!(std::io::stderr(), "\r{line}");
            painted = true;
        }
    }
    if painted {
        let _ = write!(std::io::stderr(), "\r{:78}\r", "");
    }
}

fn line(what: &str, total: Option<usize>, done: usize, passed: Duration) -> String {
    match total.filter(|total| *total > 0) {
        Some(total) => {
            let filled = done.min(total).saturating_mul(CELLS).checked_div(total).unwrap_or(0);
            let (bar, rest) = ("█".repeat(filled), "·".repeat(CELLS.saturating_sub(filled)));
            format!("{what:24} {bar}{rest} {done} of {total}")
        }
        None => format!("{what} … {} s", passed.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_up_and_stays_on_its_line() {
        let at = |done| line("reading", Some(4), done, Duration::ZERO);
        assert_eq!(at(0).matches('█').count(), 0);
        assert_eq!(at(2).matches('█').count(), CELLS / 2);
        assert_eq!(at(9).matches('█').count(), CELLS);
        assert!(at(4).chars().count() < 78);
        assert_eq!(line("checking", None, 0, Duration::from_secs(3)), "checking … 3 s");
    }
}
