//! Codes read: from picture files, moving pictures and folders of frames. Nothing that a code asks for is ever fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hazel_core::invoice::SignedInvoice;
use hazel_core::ticket::Ticket;
use hazel_core::wallet::Clock as _;
use hazel_qr::append::{Gathering, Share};
use hazel_qr::file::{FileRefusal, frames};
use hazel_qr::parts::{Assembly, TransferId};
use hazel_qr::payload::meaning;
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_qr::{Reason, Refusal, read};

use crate::edge::WallClock;
use crate::parcel;
use crate::progress::Progress;
use crate::trouble::{Exit, Trouble, sentence};

/// What was seen in the pictures.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// Every content once, in the order in which it was seen.
    pub(crate) codes: Vec<Result<Qr, Refusal>>,
    /// What stands in several codes of which some are missing: how many are known, and how many there are.
    pub(crate) unfinished: Vec<(u32, u32)>,
}

/// Looks at files and at the files in folders.
pub(crate) fn look(paths: &[PathBuf]) -> Result<Sight, Trouble> {
    let mut eye = Eye::default();
    let files: Vec<PathBuf> =
        paths.iter().map(|path| files(path)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let progress = Progress::begin("Looking at pictures", Some(files.len()));
    for file in &files {
        eye.look_at(file)?;
        progress.step();
    }
    drop(progress);
    let mut sight = eye.sight;
    let progress = eye.transfers.values().filter_map(Assembly::progress);
    sight.unfinished = progress.map(|progress| (progress.have, progress.of)).collect();
    sight.unfinished.extend(eye.shares.missing());
    Ok(sight)
}

/// Whether a file is a picture by its first bytes.
pub(crate) fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"GIF8") || bytes.starts_with(&[0xff, 0xd8, 0xff])
}

/// The invoice in a picture.
pub(crate) fn invoice(path: &Path) -> Result<SignedInvoice, Trouble> {
    only(path, "an invoice", |qr| match qr {
        Qr::Invoice(invoice) => Ok(*invoice),
        other => Err(other),
    })
}

/// The ticket in a picture.
pub(crate) fn ticket(path: &Path) -> Result<Ticket, Trouble> {
    only(path, "a ticket", |qr| match qr {
        Qr::Ticket(ticket) => Ok(*ticket),
        other => Err(other),
    })
}

fn only<T>(path: &Path, what: &str, wanted: impl Fn(Qr) -> Result<T, Qr>) -> Result<T, Trouble> {
    wanted(one(path)?).map_err(|_| {
        Trouble::usage(format!("This picture does not show {what}."))
            .advise("“hazel qr scan” says what it shows.")
    })
}

/// The one code in a picture.
pub(crate) fn one(path: &Path) -> Result<Qr, Trouble> {
    let mut sight = look(&[path.to_owned()])?;
    match (sight.codes.pop(), sight.codes.is_empty()) {
        (Some(Ok(qr)), true) => Ok(qr),
        (Some(Err(refusal)), true) => Err(unusable(&refusal)),
        (Some(_), false) => Err(Trouble::usage("This picture shows more than one code.")
            .advise("Give one that shows only the one that is meant.")),
        (None, _) => Err(nothing(&sight)),
    }
}

/// Why no code came of it.
pub(crate) fn nothing(sight: &Sight) -> Trouble {
    match sight.unfinished.first() {
        Some((have, of)) => {
            let message = format!("Only {have} of {of} codes that belong together are there.");
            Trouble::new(Exit::Damaged, "unfinished", message)
                .advise("Film a moving picture a little longer; scan codes of one text together.")
        }
        None => Trouble::new(Exit::Damaged, "no_code", "No code could be read in this picture.")
            .advise("Come closer, hold still, and keep the white edge in the picture."),
    }
}

/// A code that was read and is not used.
pub(crate) fn unusable(refusal: &Refusal) -> Trouble {
    let exit = match refusal.reason {
        Reason::NewerVersion(_) => Exit::Newer,
        Reason::Expired { .. } | Reason::Used | Reason::LocalHost(_) | Reason::NeedsNetwork(_) => {
            Exit::Refused
        }
        _ => Exit::Damaged,
    };
    let message = sentence(&refusal.to_string());
    Trouble { culprit: "sender", ..Trouble::new(exit, "code_refused", message) }
}

/// The pictures in a folder in the order of their names; or the file itself.
fn files(path: &Path) -> Result<Vec<PathBuf>, Trouble> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let trouble = |error: std::io::Error| Trouble::file(path, &error);
    let mut all = Vec::new();
    for entry in fs::read_dir(path).map_err(trouble)? {
        let file = entry.map_err(trouble)?.path();
        let end = file.extension().map(|end| end.to_string_lossy().to_lowercase());
        if end.is_some_and(|end| ["png", "jpg", "jpeg", "gif"].contains(&end.as_str())) {
            all.push(file);
        }
    }
    all.sort();
    Ok(all)
}

#[derive(Default)]
struct Eye {
    sight: Sight,
    seen: BTreeSet<(Option<Share>, Vec<u8>)>,
    shares: Gathering,
    transfers: BTreeMap<TransferId, Assembly>,
    whole: BTreeSet<TransferId>,
}

impl Eye {
    fn look_at(&mut self, file: &Path) -> Result<(), Trouble> {
        let bytes = parcel::read(file)?;
        let read = frames(&bytes, &mut |frame| {
            for code in read::codes(frame) {
                if self.seen.insert((code.share, code.content.clone())) {
                    self.take(code.share, &code.content);
                }
            }
            ControlFlow::Continue(())
        });
        read.map(|_| ()).map_err(|refusal| {
            let exit = if refusal == FileRefusal::UnknownFormat { Exit::Usage } else { Exit::Damaged };
            Trouble::new(exit, "picture", sentence(&format!("{}: {refusal}", file.display())))
        })
    }

    fn take(&mut self, share: Option<Share>, content: &[u8]) {
        let around = Circumstances::at(WallClock.now());
        if let Some(share) = share {
            match self.shares.take(share, content) {
                Ok(None) => {}
                Ok(Some(whole)) => self.sight.codes.push(scan::bytes(&whole, &around)),
                Err(refusal) => self.sight.codes.push(Err(refusal)),
            }
            return;
        }
        let part = match scan::bytes(content, &around) {
            Ok(Qr::Part(part)) => part,
            other => return self.sight.codes.push(other),
        };
        let id = part.id();
        if self.whole.contains(&id) {
            return;
        }
        let taken = self.transfers.entry(id).or_default().take(part);
        match taken {
            Ok(None) => {}
            Ok(Some(own)) => {
                self.transfers.remove(&id);
                self.whole.insert(id);
                self.sight.codes.push(meaning(&own, &around));
            }
            Err(refusal) => self.sight.codes.push(Err(refusal)),
        }
    }
}
