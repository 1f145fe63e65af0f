//! The wallet: the verbs a screen needs, each one transaction.
//!
//! A verb reads rows, asks the rules (`book`, `admit`, `negotiation`), writes what follows, and only when that is on the disk may
//! anything be shown or sent. There is no outbox to fill: what must be told is always found again in the rows that made it true.

mod asking;
mod audit;
mod backup;
mod closing;
mod contract;
mod delivery;
mod devices;
mod errands;
mod errands_home;
mod error;
mod evidence;
mod exchange;
mod export;
mod hands;
mod history;
mod meeting;
mod meeting_keys;
mod merging;
mod notes;
mod numbers;
mod opening;
mod ordering;
mod outbox;
mod overview;
mod owed;
mod pages;
mod paying;
mod pictures;
mod promise;
mod receiving;
mod recovery;
mod saying;
mod settling;
mod signing;
mod uplink;

use std::path::Path;

use zeroize::Zeroizing;

use crate::canon::Malformed;
use crate::key::{Entropy, PartyRoot, RecoveryWords, fresh};
use crate::keystore::{KeyStore, KeyStoreError, Vault};
use crate::store::{Event, Shelf, Store, StoreError, WalletRow};
use crate::tally::{Date, NAME_MAX};
use error::Result;
use hands::{DEVICE_KEY, Hands, PAIR, ROOT, SEED, check_length, secret, standing, tally_no, tally_row};

pub use asking::{Ask, InvoiceView};
pub use audit::{AuditReport, Finding};
pub use backup::{Backup, BackupError};
pub use delivery::{Change, Delivery, Rejected};
pub use devices::{DeviceView, Enrolment, EnrolmentRequest};
pub use errands::{
    CARRIED_BYTES, CARRIED_MAX, CannotGive, ErrandNews, ErrandTurn, ErrandView, FOR_GIVER_BYTES,
    FOR_GIVER_MAX,
};
pub use errands_home::SiteErrands;
pub use error::WalletError;
pub use export::{Export, ExportedChit};
pub use history::{ChitView, Custody, Facets, Filter};
pub use meeting::{MeetingKeys, Talk, Unsettled};
pub use merging::{MergeLine, MergeReport};
pub use opening::{CONTRACT_TEXT, OfferView};
pub use outbox::Audience;
pub use overview::{Attention, Position, TallyView};
pub use paying::{CannotPay, Exposure, Payment, Quote, Room, Went};
pub use pictures::{CodeRefusal, TakenPayment};
pub use recovery::{Rebuilt, RehearsalReport};
pub use settling::Settled;
pub use signing::Ready;
pub use uplink::{SiteDelivery, Speakers};

/// What time it is. An argument, so that a world in memory has its own.
pub trait Clock: Send {
    /// Seconds since 1970.
    fn now(&self) -> Date;
}

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
