//! Why a verb did not do what it was asked, each with a stable name.

use super::{BackupError, CannotGive, CannotPay, CodeRefusal};
use crate::admit::Refusal;
use crate::canon::Malformed;
use crate::key::WordsError;
use crate::keystore::KeyStoreError;
use crate::message::OpenError;
use crate::negotiation::OutOfPlace;
use crate::ordering::OrderingError;
use crate::pair::PairError;
use crate::store::StoreError;
use crate::units::AmountError;

/// Why a verb did not do what it was asked. In every case but [`StoreError::Unsettled`] nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that arrived was not let in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The bytes are no object of ours.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// An amount that cannot be.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// Whoever guards the secrets.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The recovery words.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// Not possible where the tally stands.
    #[error(transparent)]
    OutOfPlace(#[from] OutOfPlace),
    /// The payment is not possible.
    #[error(transparent)]
    CannotPay(#[from] CannotPay),
    /// The errand cannot be given.
    #[error(transparent)]
    CannotGive(#[from] CannotGive),
    /// A payment code or receipt that says nothing here.
    #[error(transparent)]
    Code(#[from] CodeRefusal),
    /// The key of the two parties.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// A backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// No such thing here.
    #[error("there is no such {what} in this wallet")]
    Unknown {
        /// What was looked for.
        what: &'static str,
    },
    /// A hand-over that no tally of this wallet can open.
    #[error("this was made for somebody else, or for a tally that this wallet does not have")]
    NotForUs,
    /// A hand-over that this very wallet has made.
    #[error("this wallet made this itself; it is for your partner")]
    OwnHandOver,
    /// A text above its bound.
    #[error("the {what} is too long; at most {max} bytes fit")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// A restored tally whose partner has not been met yet.
    #[error(
        "this tally was restored and can be read only, until your partner's phone has told what it holds"
    )]
    Reconciling,
    /// This device does not hold the party's root.
    #[error("only the device with the recovery key can do this")]
    NoRoot,
    /// The invoice was answered already.
    #[error("the invoice is {state} already")]
    InvoiceOver {
        /// Where it stands.
        state: &'static str,
    },
    /// Sixteen offers are out and none of them was taken.
    #[error(
        "too many offers were made on this tally: take one of your partner's, or refuse it and invite again"
    )]
    OffersUsedUp,
    /// Sixteen narrower limits are announced, and one more would have no effect.
    #[error(
        "the limit was lowered too often in a row: grant at least what holds now, which ends what was announced, and lower it once after that"
    )]
    TermsUsedUp,
    /// Whoever asked for it has stopped it.
    #[error("it was stopped before it was done")]
    Stopped,
    /// The wallet file already holds a wallet, or none yet.
    #[error("the wallet file is not in the state this needs")]
    WrongFile,
}

impl From<OpenError> for WalletError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Pair(_) => Self::NotForUs,
            OpenError::Malformed(malformed) => Self::Malformed(malformed),
        }
    }
}

impl WalletError {
    /// A stable name, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Busy) => "busy",
            Self::Store(StoreError::Full) => "disk_full",
            Self::Store(StoreError::Disk { .. }) => "disk_failed",
            Self::Store(StoreError::Unsettled) => "disk_unsettled",
            Self::Store(StoreError::Unreachable) => "unreachable",
            Self::Store(StoreError::NotAWallet) => "not_a_wallet",
            Self::Store(StoreError::Newer) => "newer",
            Self::Store(StoreError::Corrupt { .. }) => "corrupt",
            Self::Store(StoreError::Defect { .. }) => "defect",
            Self::Refused(refusal) => refusal.code(),
            Self::Malformed(Malformed::Newer { .. }) => "newer",
            Self::Malformed(_) => "malformed",
            Self::Amount(_) => "amount",
            Self::KeyStore(KeyStoreError::Cancelled) => "cancelled",
            Self::KeyStore(KeyStoreError::LockedOut) => "locked_out",
            Self::KeyStore(KeyStoreError::NotEnrolled) => "not_enrolled",
            Self::KeyStore(KeyStoreError::Invalidated) => "invalidated",
            Self::KeyStore(KeyStoreError::WrongPassphrase) => "wrong_passphrase",
            Self::KeyStore(KeyStoreError::Damaged) => "corrupt",
            Self::KeyStore(KeyStoreError::Newer) => "newer",
            Self::Words(_) => "words",
            Self::OutOfPlace(_) => "out_of_place",
            Self::CannotPay(cannot) => cannot.code(),
            Self::CannotGive(cannot) => cannot.code(),
            Self::Code(refusal) => refusal.code(),
            Self::Pair(_) => "pair",
            Self::Backup(error) => error.code(),
            Self::Unknown { .. } => "unknown",
            Self::NotForUs => "not_for_us",
            Self::OwnHandOver => "own_hand_over",
            Self::TooLong { .. } => "too_long",
            Self::OffersUsedUp => "offers_used_up",
            Self::TermsUsedUp => "terms_used_up",
            Self::Reconciling => "reconciling",
            Self::NoRoot => "no_root",
            Self::InvoiceOver { .. } => "invoice_over",
            Self::Stopped => "stopped",
            Self::WrongFile => "wrong_file",
        }
    }
}

impl From<OrderingError> for WalletError {
    fn from(error: OrderingError) -> Self {
        match error {
            OrderingError::Store(error) => Self::Store(error),
            OrderingError::Refused(refusal) => Self::Refused(refusal),
            OrderingError::Amount(error) => Self::Amount(error),
        }
    }
}

/// What verbs answer.
pub(super) type Result<T, E = WalletError> = std::result::Result<T, E>;
