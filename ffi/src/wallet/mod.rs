//! The wallet: one lock around the core's, and every verb a screen needs.

mod audit;
mod devices;
mod errands;
mod events;
mod home;
mod hosting;
mod opening;
mod paying;
mod recovery;
mod wishes;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use hazel_core::canon::Canon as _;
use hazel_core::key::RecoveryWords;
use hazel_core::store::{Store, StoreError};
use hazel_core::tally::TallyId;
use hazel_core::wallet::Wallet as Core;
use hazel_core::wallet::WalletError;

pub use audit::{Audit, AuditReport};
pub use devices::{NewDevice, new_device};
pub use errands::{Errand, ErrandNews, ErrandVerdict};
pub use events::Event;
pub use home::PageOf;
pub use hosting::Speaker;
pub use opening::{Invitation, Offer};
pub use paying::{Ask, Payment, Quote, Room, TakenPayment, Went};
pub use recovery::Rehearsal;
pub use wishes::Wishes;

use crate::Answer;
use crate::edge::{Clock, Clockwork, SystemEntropy, Told};
use crate::guard::{Guard, KeyStore};
use crate::post::{Listener, LogLevel, LogSink, Notice, Post};
use crate::trouble::{HazelError, poisoned};

/// A wallet. May be called from any thread; calls take their turns.
#[derive(uniffi::Object)]
pub struct Wallet {
    cell: Arc<Cell>,
}

/// What a wallet and its meetings share.
pub(crate) struct Cell {
    held: Mutex<Held>,
    clock: Arc<Clockwork>,
    pub(crate) post: Post,
}

enum Held {
    Open(Box<Core>),
    Suspended(Box<Core>),
    Shut,
}

#[uniffi::export]
impl Wallet {
    /// Makes a wallet in a new file. The file appears under its name only when the wallet is in it.
    #[uniffi::constructor]
    pub fn create(
        file: &str,
        keys: Arc<dyn KeyStore>,
        name: &str,
        words: &str,
        clock: Option<Arc<dyn Clock>>,
    ) -> Answer<Arc<Self>> {
        let words = RecoveryWords::parse(words)?;
        Self::around(keys, clock, |guard, clock, entropy| {
            Core::create_file(Path::new(file), guard, name, &words, clock, entropy)
        })
    }

    /// Opens the wallet in a file. The key store may ask the person.
    #[uniffi::constructor]
    pub fn open(file: &str, keys: Arc<dyn KeyStore>, clock: Option<Arc<dyn Clock>>) -> Answer<Arc<Self>> {
        Self::around(keys, clock, |guard, clock, entropy| Core::open(stored(file)?, guard, clock, entropy))
    }

    /// Restores a backup into a new file. Every tally can be read at once, and signed on when its partner was met.
    #[uniffi::constructor]
    pub fn restore(
        file: &str,
        keys: Arc<dyn KeyStore>,
        words: &str,
        backup: Vec<u8>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Answer<Arc<Self>> {
        let words = RecoveryWords::parse(words)?;
        Self::around(keys, clock, |guard, clock, entropy| {
            Core::restore_file(Path::new(file), guard, &words, &backup, clock, entropy)
        })
    }

    /// Makes this device's wallet from the answer of another device of the same holder.
    #[uniffi::constructor]
    pub fn enrol(
        file: &str,
        keys: Arc<dyn KeyStore>,
        secret: Vec<u8>,
        enrolment: Vec<u8>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Answer<Arc<Self>> {
        let secret = <[u8; 32]>::try_from(secret)
            .map(zeroize::Zeroizing::new)
            .map_err(|_| HazelError::usage("unknown", &"this is no secret of a device"))?;
        let enrolment = hazel_core::wallet::Enrolment::from_bytes(&enrolment)?;
        Self::around(keys, clock, |guard, clock, entropy| {
            Core::enrol_file(Path::new(file), guard, &secret, &enrolment, clock, entropy)
        })
    }

    /// Closes the wallet. Every call afterwards answers "closed"; closing again answers nothing and does nothing.
    pub fn shut(&self) -> Answer<()> {
        self.cell.post.end();
        *self.cell.lock()? = Held::Shut;
        Ok(())
    }

    /// Before the system freezes the app: waits for the call that runs, and lets no other begin. No transaction is open when it returns,
    /// and the file is not locked.
    pub fn suspend(&self) -> Answer<()> {
        self.cell.turn(|held| match held {
            Held::Open(wallet) => Held::Suspended(wallet),
            other => other,
        })
    }

    /// The app runs again. Needs no key: it never left this process.
    pub fn resume(&self) -> Answer<()> {
        self.cell.turn(|held| match held {
            Held::Suspended(wallet) => Held::Open(wallet),
            other => other,
        })
    }

    /// Tells a listener from now on, or nobody.
    pub fn listen(&self, listener: Option<Arc<dyn Listener>>) -> Answer<()> {
        self.cell.with(|_| Ok(()))?;
        self.cell.post.listen(listener);
        Ok(())
    }

    /// Writes log lines to a sink from now on, or nowhere.
    pub fn log_to(&self, sink: Option<Arc<dyn LogSink>>) -> Answer<()> {
        self.cell.with(|_| Ok(()))?;
        self.cell.post.log_to(sink);
        Ok(())
    }

    /// Destroys this wallet: the keys first and for good, then the file. What was signed stays owed.
    pub fn wipe(&self) -> Answer<()> {
        let wallet = {
            let mut held = self.cell.lock()?;
            match std::mem::replace(&mut *held, Held::Shut) {
                Held::Open(wallet) => wallet,
                other => {
                    *held = other;
                    return Err(held.closed());
                }
            }
        };
        self.cell.post.end();
        Ok(wallet.wipe()?)
    }
}

/// Removes a file whose wiping was interrupted after the keys were gone: opening it answers "wrong_file". Refuses one with a wallet in it.
#[uniffi::export]
pub fn finish_wipe(file: &str) -> Answer<()> {
    Ok(Core::finish_wipe(stored(file)?)?)
}

/// A file that is there: opening one that is not would make it.
fn stored(file: &str) -> Result<Store, WalletError> {
    let path = Path::new(file);
    if path.exists() { Ok(Store::open(path)?) } else { Err(StoreError::Unreachable.into()) }
}

impl Wallet {
    /// What one of the core's verbs makes or opens with the platform's key store and clock.
    fn around(
        keys: Arc<dyn KeyStore>,
        clock: Option<Arc<dyn Clock>>,
        make: impl FnOnce(&Guard, Box<Told>, Box<SystemEntropy>) -> Result<Core, WalletError>,
    ) -> Answer<Arc<Self>> {
        let (guard, clock) = (Guard::new(keys), Clockwork::new(clock)?);
        let made = make(&guard, Box::new(Told(Arc::clone(&clock))), Box::new(SystemEntropy));
        let held = Mutex::new(Held::Open(Box::new(guard.explain(made)?)));
        Ok(Arc::new(Self { cell: Arc::new(Cell { held, clock, post: Post::default() }) }))
    }

    pub(crate) const fn cell(&self) -> &Arc<Cell> {
        &self.cell
    }

    /// Reads.
    fn read<T>(&self, look: impl FnOnce(&mut Core) -> Answer<T>) -> Answer<T> {
        self.cell.with(look)
    }

    /// Changes one tally, and says so.
    fn change<T>(&self, tally: TallyId, verb: impl FnOnce(&mut Core) -> Answer<T>) -> Answer<T> {
        let done = self.cell.with(verb)?;
        self.cell.tell(tally);
        Ok(done)
    }
}

impl Cell {
    /// Lends the wallet out, with the present time.
    pub(crate) fn with<T>(&self, verb: impl FnOnce(&mut Core) -> Answer<T>) -> Answer<T> {
        self.clock.ask()?;
        let mut held = self.lock()?;
        match &mut *held {
            Held::Open(wallet) => verb(wallet),
            closed => Err(closed.closed()),
        }
    }

    pub(crate) fn tell(&self, tally: TallyId) {
        self.post.tell(Notice::Tally { tally });
    }

    pub(crate) fn log(&self, level: LogLevel, line: impl Into<String>) {
        self.post.log(level, line);
    }

    fn turn(&self, turn: impl FnOnce(Held) -> Held) -> Answer<()> {
        let mut held = self.lock()?;
        *held = turn(std::mem::replace(&mut *held, Held::Shut));
        if matches!(*held, Held::Shut) { Err(held.closed()) } else { Ok(()) }
    }

    fn lock(&self) -> Answer<MutexGuard<'_, Held>> {
        self.held.lock().map_err(poisoned)
    }
}

impl Held {
    fn closed(&self) -> HazelError {
        match self {
            Self::Suspended(_) => HazelError::over("suspended", &"the app is suspended"),
            _ => HazelError::over("closed", &"the wallet is closed"),
        }
    }
}
