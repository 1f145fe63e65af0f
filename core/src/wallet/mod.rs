//! The wallet: the verbs a screen needs, each one transaction.
//!
//! A verb reads rows, asks the rules (`book`, `admit`, `negotiation`), writes what follows, and only when that is on the disk may
//! anything be shown or sent. There is no outbox to fill: what must be told is always found again in the rows that made it true.

mod asking;
mod audit;
mod backup;
mod closing;
mod contract;
mod devices;
mod errands;
mod errands_home;
mod evidence;
mod exchange;
mod export;
mod history;
mod meeting;
mod meeting_keys;
mod merging;
mod notes;
mod opening;
mod ordering;
mod outbox;
mod overview;
mod pages;
mod paying;
mod pictures;
mod receiving;
mod recovery;
mod settling;
mod signing;
mod uplink;

use std::path::Path;

use zeroize::Zeroizing;

use crate::admit::Refusal;
use crate::canon::Malformed;
use crate::key::{Entropy, PartyRoot, RecoveryWords, SecretKey, WordsError, fresh};
use crate::keystore::{KeyStore, KeyStoreError, Vault};
use crate::message::{Mark, OpenError};
use crate::negotiation::{OutOfPlace, TallyEvent};
use crate::ordering::OrderingError;
use crate::pair::{PairError, PairKey};
use crate::store::{Event, Shelf, Standing, Store, StoreError, TallyRow, WalletRow};
use crate::tally::{Date, NAME_MAX, TallyId};
use crate::units::AmountError;

pub use asking::{Ask, InvoiceView};
pub use audit::{AuditReport, Finding};
pub use backup::{Backup, BackupError};
pub use devices::{DeviceView, Enrolment, EnrolmentRequest};
pub use errands::{
    CARRIED_BYTES, CARRIED_MAX, CannotGive, ErrandNews, ErrandTurn, ErrandView, FOR_GIVER_BYTES,
    FOR_GIVER_MAX,
};
pub use errands_home::SiteErrands;
pub use export::{Export, ExportedChit};
pub use history::{ChitView, Custody, Facets, Filter};
pub use meeting::{MeetingKeys, Talk, Unsettled};
pub use merging::{MergeLine, MergeReport};
pub use opening::{CONTRACT_TEXT, OfferView};
pub use outbox::Audience;
pub use overview::{Attention, Position, TallyView};
pub use paying::{CannotPay, Exposure, Payment, Quote, Room, Went};
pub use pictures::{CodeRefusal, TakenPayment};
pub use receiving::{Change, Delivery, Rejected};
pub use recovery::{Rebuilt, RehearsalReport};
pub use settling::Settled;
pub use signing::Ready;
pub use uplink::{SiteDelivery, Speakers};

/// What time it is. An argument, so that a world in memory has its own.
pub trait Clock: Send {
    /// Seconds since 1970.
    fn now(&self) -> Date;
}

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

type Result<T, E = WalletError> = std::result::Result<T, E>;

/// An open wallet.
pub struct Wallet {
    store: Store,
    vault: Vault,
    root: Option<PartyRoot>,
    me: WalletRow,
    clock: Box<dyn Clock>,
    entropy: Box<dyn Entropy>,
    ready: Option<Ready>,
}

/// What a verb works with inside its transaction, beside the rows.
struct Hands<'w> {
    vault: &'w Vault,
    root: Option<&'w PartyRoot>,
    me: &'w WalletRow,
    now: Date,
    entropy: &'w mut dyn Entropy,
    ready: &'w mut Option<Ready>,
}

impl Wallet {
    /// Makes a wallet in a new database, from new recovery words.
    pub fn create(
        store: Store,
        guard: &dyn KeyStore,
        name: &str,
        words: &RecoveryWords,
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        Self::create_as(store, guard, name, Some(words.root()), 1, clock, entropy)
    }

    /// Makes a wallet in a new file. The file appears under its name only when the wallet is in it.
    pub fn create_file(
        path: &Path,
        guard: &dyn KeyStore,
        name: &str,
        words: &RecoveryWords,
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        Self::create(Store::draft(path)?, guard, name, words, clock, entropy)?.published(path)
    }

    fn published(mut self, path: &Path) -> Result<Self> {
        self.store.publish(path)?;
        Ok(self)
    }

    fn create_as(
        mut store: Store,
        guard: &dyn KeyStore,
        name: &str,
        root: Option<PartyRoot>,
        device: u32,
        clock: Box<dyn Clock>,
        mut entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        check_length("name", name, usize::try_from(NAME_MAX).unwrap_or(usize::MAX))?;
        if name.chars().any(char::is_control) {
            return Err(Malformed::OutOfRange { what: "name" }.into());
        }
        let key = Zeroizing::new(fresh::<32>(&mut *entropy));
        let database = fresh(&mut *entropy);
        let wrapped = guard.wrap(&key, &mut *entropy)?;
        let vault = Vault::new(*key, database);
        let sealed = root.as_ref().map(|root| vault.seal(ROOT, 1, root.as_bytes(), &mut *entropy));
        let me = WalletRow {
            database,
            key: wrapped,
            root: sealed,
            name: name.to_owned(),
            device,
            rehearsed: None,
        };
        store.change(|shelf| match shelf.wallet()? {
            Some(_) => Err(WalletError::WrongFile),
            None => Ok(shelf.put_wallet(&me)?),
        })?;
        Ok(Self { store, vault, root, me, clock, entropy, ready: None })
    }

    /// Opens the wallet in a database.
    pub fn open(
        store: Store,
        guard: &dyn KeyStore,
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        let me = store.read(|shelf| shelf.wallet()).map_err(|error| store.blame(error))?;
        let me = me.ok_or(WalletError::WrongFile)?;
        let key = match guard.unwrap(&me.key) {
            // What the disk has changed looks to a key store like a wrong passphrase, or like a key it never had.
            Err(
                KeyStoreError::WrongPassphrase
                | KeyStoreError::Invalidated
                | KeyStoreError::Damaged
                | KeyStoreError::Newer,
            ) if store.read(|shelf| shelf.wallet_altered())? => {
                return Err(StoreError::Corrupt { what: "the wallet's own row" }.into());
            }
            other => other?,
        };
        let vault = Vault::new(*key, me.database);
        let root = match &me.root {
            Some(sealed) => Some(PartyRoot::from_bytes(*secret(&vault, ROOT, 1, Some(sealed))?)),
            None => None,
        };
        Ok(Self { store, vault, root, me, clock, entropy, ready: None })
    }

    /// Destroys this wallet: the keys first and for good, then the file. What was signed stays owed; the recovery words and the
    /// partners can bring it back.
    pub fn wipe(self) -> Result<()> {
        let Self { mut store, .. } = self;
        store.change(|shelf| shelf.forget_keys())?;
        Ok(store.discard()?)
    }

    /// Removes a file whose wiping was interrupted after the keys were gone. Refuses one that still holds a wallet.
    pub fn finish_wipe(store: Store) -> Result<()> {
        match store.read(|shelf| shelf.wallet())? {
            Some(_) => Err(WalletError::WrongFile),
            None => Ok(store.discard()?),
        }
    }

    /// What the holder is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.me.name
    }

    /// Which of the party's devices this is.
    #[must_use]
    pub const fn device(&self) -> u32 {
        self.me.device
    }

    /// Whether this device holds the party's root.
    #[must_use]
    pub const fn has_root(&self) -> bool {
        self.root.is_some()
    }

    /// The present time, by the clock this wallet was given.
    #[must_use]
    pub fn now(&self) -> Date {
        self.clock.now()
    }

    /// The oldest thing that the screen has not been told. It comes again until it is handled, also after a restart.
    pub fn next_event(&self) -> Result<Option<Event>> {
        Ok(self.store.read(|shelf| shelf.next_event())?)
    }

    /// The screen has been told.
    pub fn event_handled(&mut self, no: i64) -> Result<()> {
        Ok(self.store.change(|shelf| shelf.drop_event(no))?)
    }

    /// A whole copy of the database for tools that look into it.
    pub fn copy_database(&self, path: &Path) -> Result<()> {
        Ok(self.store.copy_to(path)?)
    }

    /// Lets the database grow by so many pages and no more; see [`Store::grow_at_most`].
    pub fn grow_at_most(&self, pages: Option<u32>) -> Result<()> {
        Ok(self.store.grow_at_most(pages)?)
    }

    /// Runs a verb: everything it writes is durable when this returns, or nothing was written.
    fn act<T>(&mut self, verb: impl FnOnce(&Shelf<'_>, &mut Hands<'_>) -> Result<T>) -> Result<T> {
        let Self { store, vault, root, me, clock, entropy, ready } = self;
        let mut hands =
            Hands { vault, root: root.as_ref(), me, now: clock.now(), entropy: &mut **entropy, ready };
        let done = store.change(|shelf| verb(shelf, &mut hands));
        if done.is_err() {
            // A key made ready inside a transaction that did not happen must not be used for another chit.
            self.ready = None;
        }
        self.blamed(done)
    }

    /// Reads with what unseals notes; takes no lock that would keep a payment waiting.
    fn study<T>(&mut self, look: impl FnOnce(&Shelf<'_>, &mut Hands<'_>) -> Result<T>) -> Result<T> {
        let Self { store, vault, root, me, clock, entropy, ready } = self;
        let mut hands =
            Hands { vault, root: root.as_ref(), me, now: clock.now(), entropy: &mut **entropy, ready };
        let done = store.read(|shelf| look(shelf, &mut hands));
        self.blamed(done)
    }

    /// Reads without changing.
    fn look<T>(&self, look: impl FnOnce(&Shelf<'_>) -> Result<T>) -> Result<T> {
        self.blamed(self.store.read(look))
    }

    /// Damaged tables are not called a defect of ours.
    fn blamed<T>(&self, done: Result<T>) -> Result<T> {
        done.map_err(|error| match error {
            WalletError::Store(error) => self.store.blame(error).into(),
            other => other,
        })
    }
}

const ROOT: &str = "wallet.root";
const PAIR: &str = "tally.pair";
const DEVICE_KEY: &str = "tally.device_key";
const SEED: &str = "chain.seed";

/// Opens a secret that must be there and whole.
fn secret(
    vault: &Vault,
    place: &'static str,
    row: i64,
    sealed: Option<&Vec<u8>>,
) -> Result<Zeroizing<[u8; 32]>> {
    sealed
        .and_then(|sealed| vault.open(place, row, sealed))
        .ok_or(WalletError::Store(StoreError::Corrupt { what: place }))
}

fn check_length(what: &'static str, text: &str, max: usize) -> Result<()> {
    if text.len() > max { Err(WalletError::TooLong { what, max }) } else { Ok(()) }
}

impl Hands<'_> {
    /// By which this device knows its own hand-overs.
    fn own_mark(&self) -> Mark {
        Mark::new(self.vault.purpose(b"hazel/v1/own-mark"))
    }

    fn root(&self) -> Result<&PartyRoot> {
        self.root.ok_or(WalletError::NoRoot)
    }

    fn pair_key(&self, shelf: &Shelf<'_>, no: i64) -> Result<PairKey> {
        let sealed = shelf.tally_secrets(no)?.pair;
        Ok(PairKey::from_bytes(*secret(self.vault, PAIR, no, sealed.as_ref())?))
    }

    fn device_key(&self, shelf: &Shelf<'_>, no: i64) -> Result<SecretKey> {
        let sealed = shelf.tally_secrets(no)?.device_key;
        Ok(SecretKey::from_seed(&*secret(self.vault, DEVICE_KEY, no, sealed.as_ref())?))
    }
}

/// The short name of a tally that must be here.
fn tally_no(shelf: &Shelf<'_>, id: &TallyId) -> Result<i64> {
    shelf.tally_no(id)?.ok_or(WalletError::Unknown { what: "tally" })
}

/// A tally that must be here.
fn tally_row(shelf: &Shelf<'_>, id: &TallyId) -> Result<TallyRow> {
    Ok(shelf.tally(tally_no(shelf, id)?)?)
}

/// Where a tally stands; it must have a contract.
fn standing(shelf: &Shelf<'_>, no: i64) -> Result<Standing> {
    match shelf.standing(no)? {
        Some(standing) => Ok(standing),
        None => {
            let (_, _, state, _) = shelf.tally_label(no)?;
            Err(OutOfPlace { state, event: TallyEvent::Close }.into())
        }
    }
}
