//! A disk that is full or fails: the phone is told so, nothing is changed, and it goes on when the disk does.

use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use hazel_core::invoice::InvoiceId;
use hazel_core::wallet::{Payment, Wallet, WalletError, Went};

use super::people::{Folder, only_tally};
use super::stories::PAY;
use super::sweep::{on_all_cores, settle, words_of};
use super::torn::copy_folder;
use super::trace::{Call, Fate, Kind, run};

/// What the app does when it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It tries the same again.
    TriesAgain,
    /// Its process ends on the spot, without closing anything.
    Dies,
    /// It closes the wallet in good order.
    Closes,
}

impl After {
    /// By its name on the command line.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::TriesAgain, Self::Dies, Self::Closes].into_iter().find(|after| after.name() == name)
    }

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TriesAgain => "again",
            Self::Dies => "dies",
            Self::Closes => "closes",
        }
    }
}

/// Pays the three invoices of the story "pay" on a disk that may fail, and writes down what it was told, and about which invoice.
pub fn pay_on_a_bad_disk(folder: &Folder, after: After) {
    let Some(mut ben) = patiently(folder, after, || folder.try_open("ben")) else { return };
    let tally = only_tally(&ben);
    let Some(invoices) = patiently(folder, after, || ben.invoices(&tally)) else { return };
    for invoice in invoices {
        if ben.went_for(&invoice.id).unwrap() != Went::NeverSigned {
            continue;
        }
        let payment = Payment { units: invoice.units, invoice: Some(invoice.id), ..Payment::default() };
        let before = fingerprint(&mut ben);
        loop {
            match ben.pay(&tally, &payment) {
                Ok(_) => break,
                Err(error) => {
                    told(folder, &error, Some(&invoice.id));
                    let plain =
                        ["disk_full", "disk_failed", "disk_unsettled", "unreachable"].contains(&error.code());
                    assert!(plain, "a bad disk is called {error}");
                    assert_eq!(ben.went_for(&invoice.id).unwrap(), Went::NeverSigned, "{error}");
                    assert_eq!(fingerprint(&mut ben), before, "{error}");
                }
            }
            match after {
                After::TriesAgain => {}
                After::Dies => std::process::abort(),
                After::Closes => return,
            }
        }
    }
}

fn patiently<T>(
    folder: &Folder,
    after: After,
    mut verb: impl FnMut() -> Result<T, WalletError>,
) -> Option<T> {
    loop {
        match verb() {
            Ok(done) => return Some(done),
            Err(error) => told(folder, &error, None),
        }
        if after != After::TriesAgain {
            return None;
        }
    }
}

/// Everything a screen could show that a payment changes, read without writing.
fn fingerprint(ben: &mut Wallet) -> String {
    let tally = only_tally(ben);
    let view = ben.tally(&tally).unwrap();
    format!("{} {} {}", view.balance, view.index, view.unordered)
}

fn told(folder: &Folder, error: &WalletError, about: Option<&InvoiceId>) {
    let line = format!("{} {}\n", error.code(), about.map_or_else(String::new, |id| format!("{:?}", id.0)));
    let path = folder.path.join("told");
    let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(line.as_bytes()).unwrap();
}

/// What the phone was told.
#[must_use]
pub fn what_was_told(folder: &Folder) -> Vec<(String, String)> {
    let text = fs::read_to_string(folder.path.join("told")).unwrap_or_default();
    text.lines()
        .map(|line| {
            let (code, about) = line.split_once(' ').unwrap();
            (code.to_owned(), about.to_owned())
        })
        .collect()
}

/// After the process is gone: an invoice of which the phone was told that nothing was changed is unpaid when the file is opened again.
pub fn told_the_truth(folder: &Folder) {
    let mut ben = folder.open("ben");
    let tally = only_tally(&ben);
    for (code, about) in what_was_told(folder) {
        // The one answer that promises nothing: the file opened again says what is so.
        if code == "disk_unsettled" {
            continue;
        }
        for invoice in ben.invoices(&tally).unwrap() {
            if format!("{:?}", invoice.id.0) == about {
                let went = ben.went_for(&invoice.id).unwrap();
                assert_eq!(went, Went::NeverSigned, "told {code}: nothing was changed, but it was");
            }
        }
    }
}

/// One way in which the disk fails, and what the app does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// What happens to the call.
    pub fate: Fate,
    /// What the app does.
    pub after: After,
}

/// Every kind of fault that can meet a call.
#[must_use]
pub fn faults(kind: Kind) -> Vec<Fault> {
    let fates: &[Fate] = match kind {
        Kind::Write => &[
            Fate::Fail("ENOSPC"),
            Fate::FailFromHere("ENOSPC"),
            Fate::Fail("EIO"),
            Fate::FailFromHere("EIO"),
        ],
        Kind::Sync => &[Fate::Fail("EIO"), Fate::FailFromHere("EIO")],
        _ => &[],
    };
    let mut all = Vec::new();
    for fate in fates {
        for after in [After::TriesAgain, After::Dies, After::Closes] {
            // Trying again for ever on a disk that never recovers is no plan.
            if !(after == After::TriesAgain && matches!(fate, Fate::FailFromHere(_))) {
                all.push(Fault { fate: *fate, after });
            }
        }
    }
    all
}

/// Payments on a disk that fails at chosen calls.
pub struct BadDisk {
    child: PathBuf,
    scratch: PathBuf,
    /// What the payer does to the files on a good disk.
    pub calls: Vec<Call>,
}

impl BadDisk {
    /// Prepares the story and notes its calls.
    #[must_use]
    pub fn set(child: &Path, scratch: &Path) -> Self {
        let scratch = scratch.join("bad-disk");
        let beginning = scratch.join("beginning");
        fs::create_dir_all(&beginning).unwrap();
        (PAY.prepare)(&Folder::new(&beginning, 0));
        let mut bad = Self { child: child.to_owned(), scratch, calls: Vec::new() };
        let (folder, calls) = bad.pay(None, After::Closes);
        fs::remove_dir_all(&folder).unwrap();
        bad.calls = calls;
        bad
    }

    fn pay(&self, fate: Option<(&Call, Fate)>, after: After) -> (PathBuf, Vec<Call>) {
        let name =
            fate.map_or_else(String::new, |(call, fate)| format!("{}-{}-{fate:?}-", call.name, call.count));
        let name: String = name.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect();
        let folder = self.scratch.join(format!("{name}{}", after.name()));
        copy_folder(&self.scratch.join("beginning"), &folder);
        let args = ["bad-disk", after.name(), folder.to_str().unwrap()];
        let fate = fate.map(|(call, fate)| (call.name.as_str(), call.count, fate));
        let ran = run(&self.child, &args, &folder, fate);
        assert!(ran.well || after == After::Dies, "the payer stumbled over the disk");
        (folder, ran.calls)
    }

    /// Lives through one fault, and returns what the phone was told.
    pub fn live_through(&self, call: &Call, fault: Fault) -> Vec<String> {
        let (folder, calls) = self.pay(Some((call, fault.fate)), fault.after);
        assert!(calls.iter().any(|call| !call.done), "the disk did not fail");
        let here = Folder::new(&folder, 1);
        if fault.after != After::TriesAgain {
            told_the_truth(&here);
        }
        let codes: Vec<String> = what_was_told(&here).into_iter().map(|(code, _)| code).collect();
        settle(&PAY, &folder, 1, call.count);
        fs::remove_dir_all(&folder).unwrap();
        codes
    }

    /// Lives through every fault at every `step`-th call. Returns how many there were, and what went wrong.
    #[must_use]
    pub fn sweep(&self, step: usize) -> (usize, Vec<String>) {
        let all: Vec<(&Call, Fault)> = (self.calls.iter().step_by(step))
            .flat_map(|call| faults(call.kind).into_iter().map(move |fault| (call, fault)))
            .collect();
        let failures = Mutex::new(Vec::new());
        on_all_cores(all.len(), 1, |at| {
            let (call, fault) = all[at];
            let lived = catch_unwind(AssertUnwindSafe(|| self.live_through(call, fault)));
            if let Err(cause) = lived {
                let place = call.file.display();
                let text = words_of(&*cause);
                let line = format!("{} {} {fault:?} {place}: {text}", call.name, call.count);
                failures.lock().unwrap().push(line);
            }
        });
        (all.len(), failures.into_inner().unwrap())
    }
}
