//! The sweep: every story killed at every point, every torn variant opened, counted.

use std::any::Any;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Story;
use super::check::{Signed, all_is_sound, deliver_late};
use super::people::Folder;
use super::torn::{Unsynced, copy_folder, is_shared_memory, power_cut, tear, tears};
use super::trace::{Call, Fate, Kind, Ran, run};

/// What a sweep found.
#[derive(Debug, Default)]
pub struct Report {
    /// Processes killed, by what they were about to do.
    pub killed: BTreeMap<Kind, usize>,
    /// States of the disk opened in which the last write was torn.
    pub torn: usize,
    /// States of the disk opened in which unsynced writes were lost.
    pub lost: usize,
    /// What went wrong, and where.
    pub failures: Vec<String>,
}

impl Report {
    /// How many crash points were lived through.
    #[must_use]
    pub fn points(&self) -> usize {
        self.killed.values().sum::<usize>() + self.torn + self.lost
    }

    /// Adds another report.
    pub fn add(&mut self, other: Self) {
        for (kind, count) in other.killed {
            *self.killed.entry(kind).or_default() += count;
        }
        self.torn += other.torn;
        self.lost += other.lost;
        self.failures.extend(other.failures);
    }
}

/// One story, prepared, with its points known.
pub struct Stage {
    pub(super) story: Story,
    child: PathBuf,
    pub(super) scratch: PathBuf,
    /// What the undisturbed child did to its files.
    pub calls: Vec<Call>,
}

impl Stage {
    /// Prepares a story, and runs it once undisturbed.
    #[must_use]
    pub fn set(story: Story, child: &Path, scratch: &Path) -> Self {
        let scratch = scratch.join(story.name);
        let beginning = scratch.join("beginning");
        fs::create_dir_all(&beginning).unwrap();
        (story.prepare)(&Folder::new(&beginning, 0));
        let mut stage = Self { story, child: child.to_owned(), scratch, calls: Vec::new() };
        let folder = stage.copy("undisturbed");
        let ran = stage.run(&folder, 0, None);
        assert!(ran.well, "{}: the undisturbed child failed", story.name);
        settle(&story, &folder, 1, 0);
        fs::remove_dir_all(&folder).unwrap();
        stage.calls = ran.calls;
        stage
    }

    fn copy(&self, name: &str) -> PathBuf {
        let folder = self.scratch.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        copy_folder(&self.scratch.join("beginning"), &folder);
        folder
    }

    /// The app is started for the `time`-th time after the first, and meets its fate.
    pub(super) fn run(&self, folder: &Path, time: u32, fate: Option<(&str, usize, Fate)>) -> Ran {
        let args = ["child", self.story.name, folder.to_str().unwrap(), &time.to_string()];
        run(&self.child, &args, folder, fate)
    }

    /// Kills the child on entering its call number `at`, and returns its folder and what it had done.
    #[must_use]
    pub fn kill(&self, at: usize) -> (PathBuf, Vec<Call>) {
        let folder = self.copy(&format!("killed-{at}"));
        let call = &self.calls[at];
        let ran = self.run(&folder, 0, Some((&call.name, call.count, Fate::Kill)));
        assert!(ran.killed, "{} was to be killed at {at}", self.story.name);
        // SQLite salts its log anew in every run, so bytes may differ, but never what is done to which file.
        assert_eq!(ran.calls.len(), at + 1, "{}: another course of events", self.story.name);
        let (last, planned) = (&ran.calls[at], call);
        assert_eq!((&last.name, &last.file, last.offset), (&planned.name, &planned.file, planned.offset));
        assert!(!last.done, "a call that was to be prevented took place");
        (folder, ran.calls)
    }

    /// Lives through the crash at one point: the killed process, its last write torn, the power cut.
    pub fn live_through(&self, at: usize, report: &mut Report) {
        let (folder, calls) = self.kill(at);
        let last = &calls[at];
        let mut attempt = |folder: &Path, what: String| {
            let done = catch_unwind(AssertUnwindSafe(|| settle(&self.story, folder, 1, at)));
            if let Err(cause) = done {
                let (story, place, text) = (self.story.name, last.file.display(), words_of(&*cause));
                report.failures.push(format!("{story} {at}, {what} ({} {place}): {text}", last.name));
            }
        };
        if last.kind == Kind::Write && !is_shared_memory(&last.file) {
            for variant in tears(last.data.len()) {
                let torn = folder.with_extension("torn");
                copy_folder(&folder, &torn);
                tear(&torn, last, variant);
                attempt(&torn, format!("{variant:?}"));
                fs::remove_dir_all(&torn).unwrap();
                report.torn += 1;
            }
        }
        for kept in [Unsynced::AllLost, Unsynced::LastKept] {
            let cut = folder.with_extension("cut");
            if power_cut(&self.scratch.join("beginning"), &cut, &calls, kept) {
                attempt(&cut, format!("power cut, {kept:?}"));
                report.lost += 1;
            }
            fs::remove_dir_all(&cut).unwrap();
        }
        attempt(&folder, "killed".to_owned());
        fs::remove_dir_all(&folder).unwrap();
        *report.killed.entry(last.kind).or_default() += 1;
    }

    /// Lives through the crash at every `step`-th point, on all cores.
    #[must_use]
    pub fn sweep(&self, step: usize) -> Report {
        let report = Mutex::new(Report::default());
        on_all_cores(self.calls.len(), step, |at| self.add_point(at, &report));
        report.into_inner().unwrap()
    }

    /// Lives through one crash after the other, from the last call back, until one does harm: what is not synced has gathered by then.
    #[must_use]
    pub fn sweep_until_harm(&self) -> Report {
        let report = Mutex::new(Report::default());
        on_all_cores(self.calls.len(), 1, |back| {
            if report.lock().unwrap().failures.is_empty() {
                self.add_point(self.calls.len() - 1 - back, &report);
            }
        });
        report.into_inner().unwrap()
    }

    fn add_point(&self, at: usize, to: &Mutex<Report>) {
        let mut own = Report::default();
        self.live_through(at, &mut own);
        to.lock().unwrap().add(own);
    }
}

/// The phone is switched on for the `time`-th time: everything is sound, the story goes on to its end, and everything is sound then.
pub fn settle(story: &Story, folder: &Path, time: u32, at: usize) {
    let mut signed = Signed::default();
    let folder = Folder::new(folder, time);
    all_is_sound(&folder, &mut signed);
    (story.inspect)(&folder);
    // What was on the road arrives before the app goes on, or after everything, by turns.
    let early = at.is_multiple_of(2);
    if early {
        deliver_late(&folder, &mut signed);
    }
    (story.act)(&folder);
    (story.finish)(&folder);
    if !early {
        deliver_late(&folder, &mut signed);
        (story.finish)(&folder);
    }
    all_is_sound(&folder, &mut signed);
}

/// Does something for every `step`-th number below `count`, on all cores.
pub fn on_all_cores(count: usize, step: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(step, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    work(at);
                }
            });
        }
    });
}

/// What a panic said.
#[must_use]
pub fn words_of(cause: &(dyn Any + Send)) -> String {
    let text = cause.downcast_ref::<String>().cloned();
    text.or_else(|| cause.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}
