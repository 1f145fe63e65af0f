//! Why something was not done: a stable code, whose fault, arguments for the sentence that the app writes in its own language.

use std::fmt;
use std::sync::PoisonError;

use hazel_core::admit::{Culprit as CoreCulprit, Refusal};
use hazel_core::canon::Malformed;
use hazel_core::key::WordsError;
use hazel_core::keystore::KeyStoreError as CoreKeys;
use hazel_core::store::StoreError;
use hazel_core::units::AmountError;
use hazel_core::wallet::{BackupError, CannotPay, CodeRefusal, WalletError};
use hazel_meeting::MeetingError;
use hazel_sync::TooLong;
use hazel_sync::session::{Blame, Fault, Misuse};

/// Whose fault something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Culprit {
    /// The person holding this phone, or the app that calls.
    You,
    /// Whoever made what was scanned or opened.
    Sender,
    /// The partner has signed or said what cannot be.
    Partner,
    /// This machine: its disk, its key store, its radio.
    Machine,
    /// Hazel.
    Us,
    /// Nobody: it is the wrong moment.
    Nobody,
}

/// A word for the sentence that an app writes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Argument {
    /// Which word.
    pub name: String,
    /// Its value; amounts in thousandths.
    pub value: String,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Trouble {
    /// A stable name, the same in every language and in the terminal.
    pub code: String,
    /// Whose fault it is.
    pub culprit: Culprit,
    /// What the sentence needs.
    pub arguments: Vec<Argument>,
    /// An English sentence, for a log.
    pub detail: String,
}

impl Trouble {
    pub(crate) fn new(code: &str, culprit: Culprit, detail: &dyn fmt::Display) -> Self {
        Self { code: code.to_owned(), culprit, arguments: Vec::new(), detail: detail.to_string() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.arguments.push(Argument { name: name.to_owned(), value: value.to_string() });
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(form, "{}: {}", self.code, self.detail)
    }
}

/// Why a call did not do what it was asked, by what an app does about it. The code says more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[error("{trouble}")]
#[allow(missing_docs, reason = "each says what is wrong")]
pub enum HazelError {
    /// The rules of the ledger say no: tell the person.
    Refused { trouble: Trouble },
    /// What was typed or asked for cannot be: ask again.
    Usage { trouble: Trouble },
    /// The wallet stays locked: a key store or recovery words.
    Locked { trouble: Trouble },
    /// Bytes that are not ours, or damaged.
    Damaged { trouble: Trouble },
    /// The phone: disk full, file out of reach, link lost. Try again.
    Machine { trouble: Trouble },
    /// Made by a newer Hazel: update.
    Newer { trouble: Trouble },
    /// The wallet or the meeting is closed, or the app is suspended.
    Over { trouble: Trouble },
    /// A defect of Hazel or of the app.
    Defect { trouble: Trouble },
}

impl HazelError {
    /// What is wrong.
    #[must_use]
    pub const fn trouble(&self) -> &Trouble {
        match self {
            Self::Refused { trouble }
            | Self::Usage { trouble }
            | Self::Locked { trouble }
            | Self::Damaged { trouble }
            | Self::Machine { trouble }
            | Self::Newer { trouble }
            | Self::Over { trouble }
            | Self::Defect { trouble } => trouble,
        }
    }

    pub(crate) fn refused(code: &str, culprit: Culprit, detail: &dyn fmt::Display) -> Self {
        Self::Refused { trouble: Trouble::new(code, culprit, detail) }
    }

    pub(crate) fn machine(code: &str, culprit: Culprit, detail: &dyn fmt::Display) -> Self {
        Self::Machine { trouble: Trouble::new(code, culprit, detail) }
    }

    pub(crate) fn over(code: &str, detail: &dyn fmt::Display) -> Self {
        Self::Over { trouble: Trouble::new(code, Culprit::You, detail) }
    }

    pub(crate) fn usage(code: &str, detail: &dyn fmt::Display) -> Self {
        Self::Usage { trouble: Trouble::new(code, Culprit::You, detail) }
    }

    pub(crate) fn defect(code: &str, detail: &dyn fmt::Display) -> Self {
        Self::Defect { trouble: Trouble::new(code, Culprit::Us, detail) }
    }
}

/// A verb that panicked has left its transaction undone, but not what stands in memory.
pub(crate) fn poisoned<T>(_: PoisonError<T>) -> HazelError {
    HazelError::defect("poisoned", &"an earlier call failed badly; open the wallet again")
}

impl From<uniffi::UnexpectedUniFFICallbackError> for HazelError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Defect { trouble: Trouble::new("callback_failed", Culprit::You, &error.reason) }
    }
}

impl From<WalletError> for HazelError {
    fn from(error: WalletError) -> Self {
        let code = error.code();
        let family = |culprit| described(&error, Trouble::new(code, culprit, &error));
        use Culprit::{Machine, Nobody, Sender, Us, You};
        match &error {
            WalletError::Store(StoreError::Corrupt { .. } | StoreError::NotAWallet)
            | WalletError::KeyStore(CoreKeys::Damaged) => Self::Damaged { trouble: family(Machine) },
            WalletError::Store(StoreError::Newer)
            | WalletError::KeyStore(CoreKeys::Newer)
            | WalletError::Malformed(Malformed::Newer { .. })
            | WalletError::Refused(Refusal::Malformed(Malformed::Newer { .. }))
            | WalletError::Backup(BackupError::Newer) => Self::Newer { trouble: family(Us) },
            WalletError::Store(StoreError::Defect { .. }) => Self::Defect { trouble: family(Us) },
            WalletError::Store(_) => Self::Machine { trouble: family(Machine) },
            WalletError::KeyStore(_)
            | WalletError::Words(_)
            | WalletError::Backup(BackupError::WrongWords) => Self::Locked { trouble: family(You) },
            WalletError::Malformed(_) | WalletError::Refused(Refusal::Malformed(_)) => {
                Self::Damaged { trouble: family(Sender) }
            }
            WalletError::Backup(_) => Self::Damaged { trouble: family(Machine) },
            WalletError::Refused(refusal) => Self::Refused { trouble: family(culprit(refusal.culprit())) },
            WalletError::Unknown { .. }
            | WalletError::TooLong { .. }
            | WalletError::Amount(_)
            | WalletError::CannotPay(CannotPay::Amount(_)) => Self::Usage { trouble: family(You) },
            WalletError::NotForUs | WalletError::Pair(_) => Self::Refused { trouble: family(Sender) },
            WalletError::Code(_)
            | WalletError::Reconciling
            | WalletError::CannotPay(CannotPay::Reconciling) => Self::Refused { trouble: family(Nobody) },
            _ => Self::Refused { trouble: family(You) },
        }
    }
}

/// The words that the sentence about this error needs.
fn described(error: &WalletError, trouble: Trouble) -> Trouble {
    match error {
        WalletError::CannotPay(
            CannotPay::OverLimit { largest }
            | CannotPay::OverAllowance { largest }
            | CannotPay::Closing { largest },
        ) => trouble.with("largest", largest.milli()),
        WalletError::CannotPay(CannotPay::InvoiceOver { state }) | WalletError::InvoiceOver { state } => {
            trouble.with("state", state)
        }
        WalletError::CannotPay(CannotPay::NotOpen { state }) => trouble.with("state", state),
        WalletError::Unknown { what } => trouble.with("what", what),
        WalletError::TooLong { what, max } => trouble.with("what", what).with("max", max),
        WalletError::Words(WordsError::Count(count)) => trouble.with("count", count),
        WalletError::Words(WordsError::Unknown(place)) => trouble.with("place", place),
        WalletError::Code(CodeRefusal::EarlierFirst { from, to }) => {
            trouble.with("from", from).with("to", to)
        }
        _ => trouble,
    }
}

pub(crate) const fn culprit(culprit: CoreCulprit) -> Culprit {
    match culprit {
        CoreCulprit::Sender => Culprit::Sender,
        CoreCulprit::Partner => Culprit::Partner,
        CoreCulprit::Nobody => Culprit::Nobody,
        CoreCulprit::Us => Culprit::Us,
    }
}

macro_rules! through_wallet_error {
    ($($error:ty),*) => {$(
        impl From<$error> for HazelError {
            fn from(error: $error) -> Self {
                WalletError::from(error).into()
            }
        }
    )*};
}

through_wallet_error!(StoreError, Refusal, Malformed, AmountError, WordsError, CannotPay);

impl From<hazel_qr::Refusal> for HazelError {
    fn from(refusal: hazel_qr::Refusal) -> Self {
        use hazel_qr::Reason;
        let trouble =
            |code, culprit| Trouble::new(code, culprit, &refusal).with("recognised", refusal.recognised);
        match &refusal.reason {
            Reason::NewerVersion(_) => Self::Newer { trouble: trouble("newer", Culprit::Us) },
            Reason::Payload(malformed) => {
                let code = Refusal::Malformed(malformed.clone()).code();
                match malformed {
                    Malformed::Newer { .. } => Self::Newer { trouble: trouble(code, Culprit::Us) },
                    _ => Self::Damaged { trouble: trouble(code, Culprit::Sender) },
                }
            }
            Reason::Expired { ended, .. } => {
                Self::Refused { trouble: trouble("expired", Culprit::Nobody).with("ended", ended) }
            }
            Reason::Used => Self::Refused { trouble: trouble("used", Culprit::Nobody) },
            Reason::NoCode => Self::Usage { trouble: trouble("no_code", Culprit::Nobody) },
            Reason::BadFrame => Self::Usage { trouble: trouble("bad_frame", Culprit::You) },
            Reason::NeedsNetwork(host) => {
                Self::Refused { trouble: trouble("needs_network", Culprit::Nobody).with("host", host) }
            }
            Reason::LocalHost(host) | Reason::ImitatedHost(host) | Reason::BadHost(host) => {
                Self::Refused { trouble: trouble("bad_host", Culprit::Sender).with("host", host) }
            }
            _ => Self::Damaged { trouble: trouble("unreadable", Culprit::Sender) },
        }
    }
}

impl From<MeetingError> for HazelError {
    fn from(error: MeetingError) -> Self {
        match error {
            MeetingError::Wallet(error) => error.into(),
            MeetingError::Session(fault) => fault.into(),
            MeetingError::WeakKey(_) => Self::refused("weak_key", Culprit::Partner, &error),
            MeetingError::NobodyYet => Self::refused("nobody_yet", Culprit::Nobody, &error),
            MeetingError::NoDevice(_) => Self::refused("no_such_device", Culprit::Partner, &error),
        }
    }
}

impl From<Fault> for HazelError {
    fn from(fault: Fault) -> Self {
        match fault.blame() {
            Blame::Peer => Self::refused("bad_peer", Culprit::Partner, &fault),
            Blame::Link => Self::machine("link_lost", Culprit::Nobody, &fault),
            Blame::Us => Self::defect("session", &fault),
        }
    }
}

impl From<TooLong> for HazelError {
    fn from(error: TooLong) -> Self {
        Self::refused("bad_peer", Culprit::Partner, &error)
    }
}

impl From<Misuse> for HazelError {
    fn from(misuse: Misuse) -> Self {
        match misuse {
            Misuse::Over => Self::over("meeting_over", &"the meeting is over"),
            // A radio's own measure of itself is the usual culprit.
            Misuse::Link(error) => Self::machine("bad_link", Culprit::Machine, &error),
            Misuse::LinkedAlready => Self::usage("linked_already", &"a link is up already"),
            other => Self::usage("misuse", &other),
        }
    }
}
