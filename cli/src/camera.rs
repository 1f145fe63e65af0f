//! Codes read: from picture files, moving pictures, folders of frames, and texts. Nothing that a code asks for is ever fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use hazel_core::canon::Malformed;
use hazel_core::invoice::SignedInvoice;
use hazel_core::message::Handover;
use hazel_core::negotiation::TallyState;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::SignedReceipt;
use hazel_core::tally::SignedTally;
use hazel_core::ticket::Ticket;
use hazel_core::wallet::{Clock as _, Wallet};
use hazel_qr::append::{Gathering, Share};
use hazel_qr::code::Own;
use hazel_qr::file::{FileRefusal, frames};
use hazel_qr::link::SealedKey;
use hazel_qr::parts::{Assembly, TransferId};
use hazel_qr::payload::{Payload, meaning};
use hazel_qr::scan::{self, Circumstances, Foreign, Qr};
use hazel_qr::{ForeignSort, Reason, Refusal, read};

use crate::calendar::minute;
use crate::edge::WallClock;
use crate::parcel::{self, Kind, Parcel};
use crate::progress::Progress;
use crate::trouble::{Exit, Trouble, sentence};

/// Lines of a text file that are looked at: a moving picture's parts, one on a line, and some more.
const MOST_LINES: usize = 2_048;

/// What was seen in the pictures.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// Every content once, in the order in which it was seen.
    pub(crate) codes: Vec<Result<Qr, Refusal>>,
    /// What stands in several codes of which some are missing: how many are known, and how many there are.
    pub(crate) unfinished: Vec<(u32, u32)>,
    /// Files of which nothing, or not everything, could be read.
    pub(crate) unread: Vec<Trouble>,
}

/// Looks at files and at the files in folders.
pub(crate) fn look(paths: &[PathBuf]) -> Sight {
    let mut eye = Eye::default();
    let _progress = Progress::begin("Looking at pictures", None);
    for path in paths {
        if let Err(trouble) = eye.look_along(path) {
            eye.sight.unread.push(trouble);
        }
    }
    eye.closed()
}

/// Reads a text as it was typed or copied.
pub(crate) fn read_text(text: &str) -> Sight {
    let mut eye = Eye::default();
    eye.take(None, text.as_bytes());
    eye.closed()
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

/// Whether this wallet may answer a ticket, from a file as from a picture: once, in time, and not its own.
pub(crate) fn judge(wallet: &Wallet, ticket: &Ticket) -> Result<(), Trouble> {
    let known = wallet.tally(&ticket.tally);
    if known.as_ref().is_ok_and(|view| view.state == TallyState::Ticketed) {
        return Err(
            Trouble::usage("This ticket is your own.").advise("Give it to the person it is meant for.")
        );
    }
    let around = Circumstances { used: &|_| known.is_ok(), ..now() };
    let own = Own::of(ticket).map_err(|reason| Trouble::usage(sentence(&reason.to_string())))?;
    meaning(&own, &around).map(|_| ()).map_err(|refusal| unusable(&refusal))
}

/// The locked signing key of the MyCHIPs app in a picture or a text file.
pub(crate) fn signing_key(path: &Path) -> Result<SealedKey, Trouble> {
    only(path, "a MyCHIPs signing key", |qr| match qr {
        Qr::Key(key) => Ok(key),
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
    let mut sight = look(&[path.to_owned()]);
    match (sight.codes.pop(), sight.codes.is_empty()) {
        (Some(Ok(qr)), true) => Ok(qr),
        (Some(Err(refusal)), true) => Err(unusable(&refusal)),
        (Some(_), false) => Err(Trouble::usage("This picture shows more than one code.")
            .advise("Give one that shows only the one that is meant.")),
        (None, _) => Err(nothing(&sight)),
    }
}

/// The code of what is in a file. Raw bytes are what the first decoder that accepts them says.
pub(crate) fn code_of(parcel: &Parcel) -> Option<Own> {
    fn as_a<T: Payload>(bytes: &[u8]) -> Option<Own> {
        T::from_bytes(bytes).ok().and_then(|it| Own::of(&it).ok())
    }
    let bytes = parcel.bytes.as_slice();
    match parcel.kind {
        Kind::Ticket => as_a::<Ticket>(bytes),
        Kind::HandOver => as_a::<Handover>(bytes),
        _ => as_a::<Ticket>(bytes)
            .or_else(|| as_a::<Handover>(bytes))
            .or_else(|| as_a::<SignedInvoice>(bytes))
            .or_else(|| as_a::<SignedTally>(bytes))
            .or_else(|| as_a::<PledgeCode>(bytes))
            .or_else(|| as_a::<ReceiptedCode>(bytes))
            .or_else(|| as_a::<SignedReceipt>(bytes)),
    }
}

/// Why no code came of it.
pub(crate) fn nothing(sight: &Sight) -> Trouble {
    match (sight.unfinished.as_slice(), sight.unread.first()) {
        ([_, _, ..], _) => {
            let seen: Vec<String> =
                sight.unfinished.iter().map(|(have, of)| format!("{have} of {of}")).collect();
            let message = format!("Codes of several things are mixed here: {} are there.", seen.join(", "));
            Trouble::new(Exit::Damaged, "unfinished", message)
                .advise("Each needs all of its own; scan one after the other.")
        }
        ([(have, of)], _) => {
            let message = format!("Only {have} of {of} codes that belong together are there.");
            Trouble::new(Exit::Damaged, "unfinished", message)
                .advise("Film a moving picture a little longer; scan codes of one text together.")
        }
        ([], Some(trouble)) => trouble.clone(),
        ([], None) => no_code("this picture"),
    }
}

fn no_code(place: &str) -> Trouble {
    Trouble::new(Exit::Damaged, "no_code", format!("No code could be read in {place}."))
        .advise("Come closer, hold still, and keep the white edge in the picture.")
}

/// A code that was read and is not used.
pub(crate) fn unusable(refusal: &Refusal) -> Trouble {
    let exit = match refusal.reason {
        Reason::NewerVersion(_) | Reason::Payload(Malformed::Newer { .. }) => Exit::Newer,
        Reason::Expired { .. } | Reason::Used | Reason::LocalHost(_) | Reason::NeedsNetwork(_) => {
            Exit::Refused
        }
        _ => Exit::Damaged,
    };
    let message = match &refusal.reason {
        Reason::Expired { ended, .. } => {
            format!("{}: it could be used until {} UTC.", refusal.recognised, minute(*ended))
        }
        Reason::Payload(Malformed::Newer { .. }) => {
            format!("{}: it was made by a newer Hazel.", refusal.recognised)
        }
        Reason::Payload(why) => format!("{}: it is damaged ({why}).", refusal.recognised),
        _ => refusal.to_string(),
    };
    let advice = match &refusal.reason {
        Reason::NewerVersion(_) | Reason::Payload(Malformed::Newer { .. }) => {
            "Update Hazel and scan it again."
        }
        Reason::Expired { .. } | Reason::Used => "Ask for a new one.",
        Reason::NeedsNetwork(_) => "Hazel opens no links; open it yourself if you know whose it is.",
        Reason::ImitatedHost(_) => "Somebody may want it to be taken for another; do not use it.",
        Reason::Altered | Reason::Payload(_) | Reason::Encoding(_) => "Ask to be shown it again.",
        _ => "",
    };
    let culprit = if exit == Exit::Newer { "us" } else { "sender" };
    Trouble { culprit, ..Trouble::new(exit, "code_refused", sentence(&message)).advise(advice) }
}

/// The pictures in a folder in the order of their names.
fn frames_in(path: &Path) -> Result<Vec<PathBuf>, Trouble> {
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
    /// Looks at a file, in which something must be; or at the frames in a folder, where many show nothing.
    fn look_along(&mut self, path: &Path) -> Result<(), Trouble> {
        if path.is_dir() {
            let frames = frames_in(path)?;
            if frames.is_empty() {
                let message = format!("There is no PNG, JPEG or GIF file in {}.", path.display());
                return Err(Trouble::new(Exit::Usage, "picture", message));
            }
            for frame in frames {
                if let Err(trouble) = self.look_at(&frame) {
                    self.sight.unread.push(trouble);
                }
            }
            return Ok(());
        }
        if self.look_at(path)? { Ok(()) } else { Err(no_code(&path.display().to_string())) }
    }

    /// Looks at one file; says whether there was any code.
    fn look_at(&mut self, file: &Path) -> Result<bool, Trouble> {
        let bytes = parcel::read(file)?;
        if !is_picture(&bytes) && self.read_lines(&bytes) {
            return Ok(true);
        }
        let mut any = false;
        let read = frames(&bytes, &mut |frame| {
            for code in read::codes(frame) {
                any = true;
                self.take(code.share, &code.content);
            }
            ControlFlow::Continue(())
        });
        read.map(|_| any).map_err(|refusal| match refusal {
            FileRefusal::UnknownFormat => {
                let message = format!(
                    "{} is neither a PNG, JPEG or GIF picture nor a text with a code in it.",
                    file.display()
                );
                Trouble::new(Exit::Usage, "picture", message)
            }
            _ => {
                Trouble::new(Exit::Damaged, "picture", format!("{} was not read: {refusal}.", file.display()))
            }
        })
    }

    /// Codes as text, one on a line, or a letter as it travels by mail; says whether there was any.
    fn read_lines(&mut self, bytes: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(bytes) else { return self.read_letters(bytes) };
        let whole = text.trim_start().starts_with(['{', '"']).then_some(text);
        let lines = whole.into_iter().chain(whole.is_none().then(|| text.lines()).into_iter().flatten());
        let codes: Vec<&str> = lines.filter(|line| is_code(line)).take(MOST_LINES).collect();
        for code in &codes {
            self.take(None, code.as_bytes());
        }
        !codes.is_empty() || self.read_letters(bytes)
    }

    fn read_letters(&mut self, bytes: &[u8]) -> bool {
        let found = Parcel::read_all(bytes.to_vec()).unwrap_or_default();
        let codes: Vec<Own> = found.iter().filter_map(code_of).collect();
        for own in &codes {
            self.understand(own);
        }
        !codes.is_empty()
    }

    fn take(&mut self, share: Option<Share>, content: &[u8]) {
        if !self.seen.insert((share, content.to_vec())) {
            return;
        }
        let Some(share) = share else { return self.read(content) };
        match self.shares.take(share, content) {
            Ok(None) => {}
            Ok(Some(whole)) => self.read(&whole),
            Err(refusal) => self.sight.codes.push(Err(refusal)),
        }
    }

    fn read(&mut self, content: &[u8]) {
        let part = match scan::bytes(content, &now()) {
            Ok(Qr::Part(part)) => part,
            other => return self.sight.codes.push(other),
        };
        let id = part.id();
        if self.whole.contains(&id) {
            return;
        }
        match self.transfers.entry(id).or_default().take(part) {
            Ok(None) => {}
            Ok(Some(own)) => self.understand(&own),
            Err(refusal) => self.sight.codes.push(Err(refusal)),
        }
    }

    /// What is whole, wherever it came from, ends the moving picture that has begun to show it.
    fn understand(&mut self, own: &Own) {
        let id = TransferId::of(own);
        self.transfers.remove(&id);
        if self.whole.insert(id) {
            self.sight.codes.push(meaning(own, &now()));
        }
    }

    fn closed(self) -> Sight {
        let Self { mut sight, transfers, shares, .. } = self;
        let progress = transfers.values().filter_map(Assembly::progress);
        sight.unfinished = progress.map(|progress| (progress.have, progress.of)).collect();
        sight.unfinished.extend(shares.missing());
        sight
    }
}

fn now() -> Circumstances<'static> {
    Circumstances::at(WallClock.now())
}

/// Whether a line is more than words.
fn is_code(line: &str) -> bool {
    match scan::text(line, &now()) {
        Ok(Qr::Foreign(Foreign { sort: ForeignSort::Words | ForeignSort::OtherScheme, .. })) => false,
        Ok(_) => true,
        Err(refusal) => refusal.reason != Reason::Empty,
    }
}
