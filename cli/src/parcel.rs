//! What travels between two wallets as a file: tickets, hand-overs, reminders. Raw bytes, or as text that survives an e-mail.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;

use crate::trouble::{Exit, Trouble};

/// What is in a parcel. Written on its label; the bytes are checked all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ticket,
    HandOver,
    Reminder,
    Enrolment,
    /// Raw bytes say nothing about themselves.
    Unlabelled,
}

impl Kind {
    const LABELLED: [Self; 4] = [Self::Ticket, Self::HandOver, Self::Reminder, Self::Enrolment];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Ticket => "HAZEL TICKET",
            Self::HandOver => "HAZEL HAND-OVER",
            Self::Reminder => "HAZEL REMINDER",
            Self::Enrolment => "HAZEL DEVICE",
            Self::Unlabelled => "HAZEL",
        }
    }
}

/// One thing to hand to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

const LINE: usize = 64;
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Nothing honest comes near; a wrong file should not fill the memory.
const LARGEST: u64 = 128 << 20;

impl Parcel {
    pub(crate) const fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, bytes }
    }

    /// As text: base64url between two labels.
    pub(crate) fn to_text(&self) -> String {
        let label = self.kind.label();
        let mut text = format!("{BEGIN}{label}{DASHES}\n");
        for (at, letter) in BASE64.encode(&self.bytes).chars().enumerate() {
            if at > 0 && at.is_multiple_of(LINE) {
                text.push('\n');
            }
            text.push(letter);
        }
        text.push_str(&format!("\n{END}{label}{DASHES}\n"));
        text
    }

    pub(crate) fn to_file(&self, raw: bool) -> Vec<u8> {
        if raw { self.bytes.clone() } else { self.to_text().into_bytes() }
    }

    /// Everything in a file: several letters in one e-mail, bare base64url, or raw bytes. Quoting marks and blanks do no harm.
    pub(crate) fn read_all(bytes: Vec<u8>) -> Result<Vec<Self>, Trouble> {
        let Some(text) = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0')) else {
            return Ok(vec![Self::new(Kind::Unlabelled, bytes)]);
        };
        if text.contains(BEGIN) {
            return labelled(text);
        }
        match decode(text) {
            Some(bytes) if !bytes.is_empty() => Ok(vec![Self::new(Kind::Unlabelled, bytes)]),
            _ => Err(not_ours("This is not a file that a Hazel wallet has made.")),
        }
    }

    /// The one parcel in a file.
    pub(crate) fn read_one(bytes: Vec<u8>) -> Result<Self, Trouble> {
        let mut all = Self::read_all(bytes)?;
        match (all.pop(), all.is_empty()) {
            (Some(parcel), true) => Ok(parcel),
            _ => Err(Trouble::usage("There is more than one letter in this file; give one at a time.")),
        }
    }
}

fn labelled(text: &str) -> Result<Vec<Parcel>, Trouble> {
    let mut parcels = Vec::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once(BEGIN) {
        let cut = || not_ours("The text is cut off: its last line is missing.");
        let (label, body) = begun.split_once(DASHES).ok_or_else(cut)?;
        let (body, after) = body.split_once(END).ok_or_else(cut)?;
        let kind = Kind::LABELLED.into_iter().find(|kind| kind.label() == label).ok_or_else(|| {
            Trouble::new(Exit::Newer, "newer", format!("This Hazel does not know what a “{label}” is."))
                .advise("Update, and try again; the file was left as it is.")
        })?;
        let bytes = decode(body)
            .ok_or_else(|| not_ours("The text between the two labels was changed on its way."))?;
        parcels.push(Parcel::new(kind, bytes));
        rest = after;
    }
    Ok(parcels)
}

/// Base64url as people forward it: with line breaks, quoting marks and padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let letters: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '>' | '=' | '\u{feff}'))
        .collect();
    BASE64.decode(letters).ok()
}

fn not_ours(message: &str) -> Trouble {
    Trouble::new(Exit::Damaged, "malformed", message).advise("Ask the sender to send it again.")
}

/// Reads a file, or standard input for "-".
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let done = if path == Path::new("-") {
        io::stdin().lock().take(LARGEST).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes))
    };
    done.map_err(|error| Trouble::file(path, &error))?;
    Ok(bytes)
}

/// Writes a new file, wholly and durably. What is there already is never overwritten.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let trouble = |error: io::Error| Trouble::file(path, &error);
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(trouble)?;
    let done = file.write_all(bytes).and_then(|()| file.sync_all());
    if done.is_err() {
        // Half a letter would be taken for a damaged one.
        let _ = fs::remove_file(path);
    }
    done.map_err(trouble)
}

/// Writes a file in the place of another, wholly and durably or not at all.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let fresh = path.with_extension("new");
    let written =
        fs::File::create(&fresh).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.and_then(|()| hazel_core::store::name(&fresh, path)).map_err(|error| Trouble::file(path, &error))
}

/// A name in a folder that is still free: "Ben-1a2b3c4d-3.hazel".
pub(crate) fn free_name(folder: &Path, about: &str) -> Result<PathBuf, Trouble> {
    let safe: String = about
        .chars()
        .map(|letter| if letter.is_alphanumeric() || letter == '-' { letter } else { '_' })
        .collect();
    (1..10_000)
        .map(|number| folder.join(format!("{safe}-{number}.hazel")))
        .find(|path| !path.exists())
        .ok_or_else(|| {
            Trouble::new(Exit::Machine, "file_exists", "This folder holds too many hand-overs.")
                .advise("Empty it.")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(bytes: &[u8]) -> Parcel {
        Parcel::new(Kind::HandOver, bytes.to_vec())
    }

    #[test]
    fn a_letter_survives_being_quoted_and_forwarded() {
        let sent = letter(&[7; 200]);
        let quoted: String =
            sent.to_text().lines().fold("Hello,\r\n".to_owned(), |all, line| format!("{all}> {line}\r\n"));
        assert_eq!(Parcel::read_one(quoted.into_bytes()).unwrap(), sent);
        let two = format!("{}\n{}", sent.to_text(), letter(b"other").to_text());
        assert_eq!(Parcel::read_all(two.into_bytes()).unwrap(), [sent, letter(b"other")]);
    }

    #[test]
    fn raw_bytes_and_bare_base64_are_taken_as_they_are() {
        let raw = Parcel::new(Kind::Unlabelled, vec![0x85, 1, 0, 255]);
        assert_eq!(Parcel::read_one(raw.to_file(true)).unwrap(), raw);
        assert_eq!(Parcel::read_one(b"hQEA_w\n".to_vec()).unwrap(), raw);
    }

    #[test]
    fn what_is_cut_off_changed_or_unknown_is_told_apart() {
        let text = letter(&[9; 100]).to_text();
        let code = |text: String| Parcel::read_all(text.into_bytes()).unwrap_err().exit;
        assert_eq!(code(text.lines().take(2).collect::<Vec<_>>().join("\n")), Exit::Damaged);
        assert_eq!(code(text.replace("CQk", "C!k")), Exit::Damaged);
        assert_eq!(code(text.replace("HAND-OVER", "TIME-MACHINE")), Exit::Newer);
        assert_eq!(code("just a note".into()), Exit::Damaged);
    }

    #[test]
    fn nothing_is_overwritten_and_names_stay_in_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = free_name(folder.path(), "../Ben").unwrap();
        assert_eq!(first.parent(), Some(folder.path()));
        write(&first, b"one").unwrap();
        assert_eq!(write(&first, b"two").unwrap_err().code, "file_exists");
        assert_ne!(free_name(folder.path(), "../Ben").unwrap(), first);
    }
}
