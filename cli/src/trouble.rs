//! Why a command did not do what it was asked: in plain words, with a stable code, and with what to do about it.

use std::io;
use std::path::Path;

use hazel_core::admit::{Culprit, Refusal};
use hazel_core::canon::Malformed;
use hazel_core::invoice::InvoiceState;
use hazel_core::key::WordsError;
use hazel_core::keystore::KeyStoreError;
use hazel_core::store::StoreError;
use hazel_core::units::AmountError;
use hazel_core::wallet::{CannotPay, CodeRefusal, WalletError};
use serde_json::{Value, json};

/// How the program ends. The numbers are documented in `--help` and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The rules of the ledger say no.
    Refused = 1,
    /// The command cannot be understood, or names something that is not there.
    Usage = 2,
    /// The file is not ours, or it is damaged.
    Damaged = 3,
    /// The machine: the wallet is busy, the disk is full, a file cannot be reached.
    Machine = 4,
    /// The wallet stays locked: a wrong passphrase, key file or recovery words.
    Locked = 5,
    /// Made by a newer Hazel.
    Newer = 6,
    /// A defect of Hazel.
    Defect = 7,
    /// A check that ran to its end found something wrong.
    Unsound = 8,
}

/// The exit codes, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused by the rules of the ledger; nothing was changed
  2  not understood, or no such partner, invoice or payment
  3  not a file of Hazel's, or damaged
  4  the wallet is in use, the disk is full, a file cannot be reached
  5  locked: wrong passphrase, key file or recovery words
  6  made by a newer Hazel; update
  7  a defect of Hazel
  8  a check found something wrong (audit, rebuild, demo)";

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) advice: String,
    pub(crate) culprit: &'static str,
    pub(crate) exit: Exit,
}

impl Trouble {
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        let culprit = match exit {
            Exit::Refused | Exit::Usage | Exit::Locked => "you",
            Exit::Damaged => "sender",
            Exit::Machine => "machine",
            Exit::Newer | Exit::Defect | Exit::Unsound => "us",
        };
        Self { code, message: message.into(), advice: String::new(), culprit, exit }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    /// Something that was named and is not there.
    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "unknown", message)
    }

    /// What to do about it.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    /// A file that the system does not give or take.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        let shown = path.display();
        match error.kind() {
            io::ErrorKind::NotFound => Self::new(Exit::Machine, "no_file", format!("There is no {shown}."))
                .advise("Check the path, and that the stick or folder is there."),
            io::ErrorKind::PermissionDenied => {
                Self::new(Exit::Machine, "no_permission", format!("You may not open {shown}."))
                    .advise("Check whom the file belongs to.")
            }
            io::ErrorKind::StorageFull => {
                Self::new(Exit::Machine, "disk_full", format!("The disk is full; {shown} was not written."))
                    .advise("Free some space and try again.")
            }
            io::ErrorKind::AlreadyExists => {
                Self::new(Exit::Machine, "file_exists", format!("{shown} is there already."))
                    .advise("Choose another name; nothing is ever overwritten.")
            }
            _ => Self::new(Exit::Machine, "file", format!("{shown}: {error}.")),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let message = if self.advice.is_empty() {
            self.message.clone()
        } else {
            format!("{} {}", self.message, self.advice)
        };
        json!({ "code": self.code, "message": message, "culprit": self.culprit })
    }
}

impl From<WalletError> for Trouble {
    fn from(error: WalletError) -> Self {
        let (exit, culprit) = blame(&error);
        Self {
            code: error.code(),
            message: sentence(&error.to_string()),
            advice: advice(&error).into(),
            culprit,
            exit,
        }
    }
}

macro_rules! through_wallet_error {
    ($($error:ty),*) => {$(
        impl From<$error> for Trouble {
            fn from(error: $error) -> Self {
                WalletError::from(error).into()
            }
        }
    )*};
}

through_wallet_error!(StoreError, Malformed, WordsError, KeyStoreError);

impl From<AmountError> for Trouble {
    fn from(error: AmountError) -> Self {
        Self { exit: Exit::Usage, ..WalletError::from(error).into() }
    }
}

fn blame(error: &WalletError) -> (Exit, &'static str) {
    match error {
        WalletError::Store(StoreError::Corrupt { .. } | StoreError::NotAWallet)
        | WalletError::KeyStore(KeyStoreError::Damaged) => (Exit::Damaged, "machine"),
        WalletError::Store(StoreError::Newer)
        | WalletError::KeyStore(KeyStoreError::Newer)
        | WalletError::Malformed(Malformed::Newer { .. })
        | WalletError::Refused(Refusal::Malformed(Malformed::Newer { .. })) => (Exit::Newer, "us"),
        WalletError::Store(StoreError::Defect { .. }) => (Exit::Defect, "us"),
        WalletError::Store(_) => (Exit::Machine, "machine"),
        WalletError::KeyStore(_) | WalletError::Words(_) => (Exit::Locked, "you"),
        WalletError::Malformed(_) | WalletError::Refused(Refusal::Malformed(_)) => (Exit::Damaged, "sender"),
        WalletError::Refused(refusal) => (Exit::Refused, culprit(refusal.culprit())),
        WalletError::Backup(backup) => match backup.code() {
            "newer" => (Exit::Newer, "us"),
            "wrong_passphrase" => (Exit::Locked, "you"),
            _ => (Exit::Damaged, "machine"),
        },
        WalletError::Unknown { .. }
        | WalletError::Amount(AmountError::NotPositive | AmountError::NotANumber)
        | WalletError::CannotPay(CannotPay::Amount(_)) => (Exit::Usage, "you"),
        WalletError::NotForUs | WalletError::Pair(_) => (Exit::Refused, "sender"),
        WalletError::Code(_) => (Exit::Refused, "nobody"),
        WalletError::Reconciling | WalletError::CannotPay(CannotPay::Reconciling) => {
            (Exit::Refused, "nobody")
        }
        _ => (Exit::Refused, "you"),
    }
}

/// Who is at fault, as a word.
pub(crate) const fn culprit(culprit: Culprit) -> &'static str {
    match culprit {
        Culprit::Sender => "sender",
        Culprit::Partner => "partner",
        Culprit::Nobody => "nobody",
        Culprit::Us => "us",
    }
}

/// What a person can do next, where the message does not say it already.
fn advice(error: &WalletError) -> &'static str {
    match error {
        WalletError::KeyStore(KeyStoreError::WrongPassphrase) => {
            "Check the passphrase; HAZEL_PASSPHRASE is used if it is set."
        }
        WalletError::KeyStore(KeyStoreError::Damaged) => {
            "Restore the wallet from a backup; “hazel restore --help” says how."
        }
        WalletError::Words(_) => "Nothing was changed.",
        WalletError::CannotPay(CannotPay::OverLimit { .. }) => {
            "Pay less, ask your partner to raise the limit, or insist with --insist: your partner must then accept it."
        }
        WalletError::CannotPay(CannotPay::InvoiceOver { state }) | WalletError::InvoiceOver { state } => {
            if *state == InvoiceState::Paid.name() {
                "Nothing was signed again."
            } else {
                "Ask for a new one."
            }
        }
        WalletError::Reconciling | WalletError::CannotPay(CannotPay::Reconciling) => {
            "Exchange hand-overs with your partner first: “hazel outbox” and “hazel receive”."
        }
        WalletError::Code(CodeRefusal::EarlierFirst { .. } | CodeRefusal::DeviceFirst) => {
            "Take in your partner's hand-over, or have “hazel qr show” show the earlier payments first."
        }
        WalletError::OutOfPlace(_) => "“hazel tally show” says where it stands and what can be done.",
        WalletError::OwnHandOver => "Nothing was changed. Send it to the partner it was made for.",
        WalletError::NotForUs => "Nothing was changed. Ask the sender for whom it was meant.",
        WalletError::Malformed(Malformed::Newer { .. }) => "The file was left as it is.",
        WalletError::Malformed(_) => "Ask the sender to send it again; nothing was changed.",
        WalletError::Refused(Refusal::BadTicket) => "Ask for a new ticket.",
        WalletError::Refused(_) => "Nothing of it was stored.",
        WalletError::Store(StoreError::Unsettled) => {
            "Do not pay again: mend the disk, open the wallet once more, and ask with “hazel did-it-go”."
        }
        WalletError::Store(StoreError::Defect { .. }) => "Please report this; nothing was changed.",
        _ => "",
    }
}

/// A message as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_passphrase_a_corrupt_file_and_a_newer_version_end_differently() {
        let exits = [
            Trouble::from(KeyStoreError::WrongPassphrase).exit,
            Trouble::from(StoreError::Corrupt { what: "its pages" }).exit,
            Trouble::from(StoreError::Newer).exit,
        ];
        assert_eq!(exits, [Exit::Locked, Exit::Damaged, Exit::Newer]);
    }

    #[test]
    fn messages_are_sentences() {
        let trouble = Trouble::from(AmountError::NotPositive);
        assert_eq!(trouble.message, "The amount must be more than zero.");
        assert_eq!((trouble.exit, trouble.code), (Exit::Usage, "amount"));
    }
}
