//! A disk that is full or fails: the phone is told so, nothing is changed, and it goes on when the disk does.

use std::fs;
use std::io::Write as _;

use hazel_core::invoice::InvoiceId;
use hazel_core::wallet::{Payment, Wallet, WalletError, Went};

use super::people::{Folder, only_tally};

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

fn patiently<T>(folder: &Folder, after: After, mut verb: impl FnMut() -> Result<T, WalletError>) -> Option<T> {
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
        for invoice in ben.invoices(&tally).unwrap() {
            if format!("{:?}", invoice.id.0) == about {
                let went = ben.went_for(&invoice.id).unwrap();
                assert_eq!(went, Went::NeverSigned, "told {code}: nothing was changed, but it was");
            }
        }
    }
}
