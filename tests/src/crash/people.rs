//! People whose wallets are files in one folder, and the road between them.

use std::fs;
use std::path::{Path, PathBuf};

use hazel_core::digest::Digest;
use hazel_core::key::{Entropy, RecoveryWords};
use hazel_core::keystore::BareKey;
use hazel_core::store::{Store, StoreError};
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Clock, Payment, Wallet, WalletError};

const BEGINNING: u64 = 1_760_000_000;

/// A clock that stands still within one run, an hour later in the next. Whatever is signed again is then signed otherwise, so that
/// using a key twice cannot stay unseen.
struct Standing(u64);

impl Clock for Standing {
    fn now(&self) -> u64 {
        self.0
    }
}

/// Bytes that are the same in every repetition of a run.
pub struct Seeded(Digest);

impl Seeded {
    /// From a text.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        Self(Digest::of(seed.as_bytes()))
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            self.0 = Digest::of(&self.0.0);
            part.copy_from_slice(&self.0.0[..part.len()]);
        }
    }
}

/// What a next Hazel might do to a wallet: a table made anew, as SQLite wants it for most changes. There is only one released schema.
pub const NEXT_MIGRATIONS: [&str; 2] = [
    "CREATE TABLE chit_next (
        no INTEGER PRIMARY KEY, arrival INTEGER NOT NULL, flag INTEGER NOT NULL, place INTEGER NOT NULL,
        entry BLOB NOT NULL
    ) STRICT;
    INSERT INTO chit_next SELECT no, arrival, flag, place, entry FROM chit;
    DROP TABLE chit;
    ALTER TABLE chit_next RENAME TO chit;",
    "CREATE INDEX place_by_chit ON place (chit);",
];

/// Amounts in whole chips.
#[must_use]
pub const fn chips(chips: i64) -> Units {
    Units::new(chips * 1000)
}

/// Credit of so many chips.
#[must_use]
pub const fn terms(chips: i64) -> Terms {
    Terms { limit: Units::new(chips * 1000), notice_days: 7 }
}

/// Somebody's recovery words.
#[must_use]
pub fn words(name: &str) -> RecoveryWords {
    RecoveryWords::generate(&mut Seeded::new(name))
}

/// What guards the secrets here.
#[must_use]
pub fn guard() -> BareKey {
    BareKey::new([5; 32])
}

/// The folder of one story, in one run: the first may be killed, the second is the restart.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Where the files are.
    pub path: PathBuf,
    /// The how-manieth run this is.
    pub run: u32,
}

impl Folder {
    /// This folder in this run.
    #[must_use]
    pub fn new(path: &Path, run: u32) -> Self {
        Self { path: path.to_owned(), run }
    }

    /// Somebody's wallet file.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.db"))
    }

    /// What the clock shows in this run.
    #[must_use]
    pub fn clock(&self) -> Box<dyn Clock> {
        Box::new(Standing(BEGINNING + 3600 * u64::from(self.run)))
    }

    /// Somebody's random bytes in this run.
    #[must_use]
    pub fn entropy(&self, name: &str) -> Box<dyn Entropy> {
        Box::new(Seeded::new(&format!("{name}, run {}", self.run)))
    }

    /// Makes somebody's wallet.
    #[must_use]
    pub fn create(&self, name: &str) -> Wallet {
        Wallet::create_file(&self.file(name), &guard(), name, &words(name), self.clock(), self.entropy(name))
            .unwrap()
    }

    /// Opens somebody's wallet, or says why not. A file that the next Hazel has migrated is opened as that one opens it.
    pub fn try_open(&self, name: &str) -> Result<Wallet, WalletError> {
        let store = match Store::open(&self.file(name)) {
            Err(StoreError::Newer) => Store::open_ahead(&self.file(name), &NEXT_MIGRATIONS)?,
            opened => opened?,
        };
        Wallet::open(store, &guard(), self.clock(), self.entropy(name))
    }

    /// Opens somebody's wallet.
    #[must_use]
    pub fn open(&self, name: &str) -> Wallet {
        self.try_open(name).unwrap_or_else(|error| panic!("{name}'s wallet does not open: {error}"))
    }

    /// Writes a file as a careful program does: beside, synced, then in its place.
    pub fn write_whole(&self, name: &str, bytes: &[u8]) {
        let (beside, place) = (self.path.join(format!("{name}.new")), self.path.join(name));
        fs::write(&beside, bytes).unwrap();
        fs::File::open(&beside).unwrap().sync_all().unwrap();
        fs::rename(&beside, &place).unwrap();
        fs::File::open(&self.path).unwrap().sync_all().unwrap();
    }

    /// Puts a hand-over on the road: from here on its bytes have left the phone.
    pub fn send(&self, from: &str, to: &str, bytes: &[u8]) {
        let road = self.path.join("road");
        fs::create_dir_all(&road).unwrap();
        let count = fs::read_dir(&road).unwrap().count();
        fs::write(road.join(format!("{count:04}.{from}.{to}")), bytes).unwrap();
    }

    /// Everything that is on the road: for whom, and its bytes. What was torn while it was written never left whole.
    #[must_use]
    pub fn on_the_road(&self) -> Vec<(String, Vec<u8>)> {
        let Ok(entries) = fs::read_dir(self.path.join("road")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
            .into_iter()
            .map(|file| (file.extension().unwrap().to_str().unwrap().to_owned(), fs::read(&file).unwrap()))
            .collect()
    }

    /// One hand-over by the road, if there is anything to tell.
    pub fn hand(&self, from: &mut Wallet, to: &mut Wallet, tally: &TallyId, names: [&str; 2]) -> bool {
        let Some(bytes) = from.hand_over(tally).unwrap() else { return false };
        self.send(names[0], names[1], &bytes);
        let delivery = to.receive(&bytes).unwrap();
        assert_eq!(delivery.rejected, [], "everything honest is let in");
        true
    }

    /// A meeting: both say what they hold, then hand-overs both ways until neither has anything to tell.
    pub fn meet(&self, one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
        one.ask_what_is_missing(tally).unwrap();
        other.ask_what_is_missing(tally).unwrap();
        self.talk(one, other, tally);
    }

    /// Hand-overs both ways until neither has anything to tell.
    pub fn talk(&self, one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
        let (a, b) = (one.name().to_owned(), other.name().to_owned());
        self.talk_as(one, other, tally, [&a, &b]);
    }

    /// The same under other names than their owners', for second devices.
    pub fn talk_as(&self, one: &mut Wallet, other: &mut Wallet, tally: &TallyId, names: [&str; 2]) {
        for _ in 0..16 {
            let there = self.hand(one, other, tally, names);
            let back = self.hand(other, one, tally, [names[1], names[0]]);
            if !there && !back {
                return;
            }
        }
        panic!("the two never come to rest");
    }

    /// A negotiation: there each hand-over may only repeat the last word, so that one each way is enough.
    pub fn talk_of_terms(&self, one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
        let (a, b) = (one.name().to_owned(), other.name().to_owned());
        self.hand(one, other, tally, [&a, &b]);
        self.hand(other, one, tally, [&b, &a]);
    }

    /// Ana and Ben with an open tally: Ana holds the stock and grants 1000, Ben holds the foil and grants 500.
    #[must_use]
    pub fn pair(&self) -> (Wallet, Wallet, TallyId) {
        let (mut ana, mut ben) = (self.create("ana"), self.create("ben"));
        let ticket = ana.invite(Side::Stock, terms(1000), 3600, &[]).unwrap();
        let tally = ben.accept_ticket(&ticket, terms(500)).unwrap();
        self.talk_of_terms(&mut ben, &mut ana, &tally);
        ana.offer(&tally, None, None).unwrap();
        self.talk_of_terms(&mut ana, &mut ben, &tally);
        let version = ben.offered(&tally).unwrap().version;
        ben.accept(&tally, &version).unwrap();
        self.meet(&mut ben, &mut ana, &tally);
        (ana, ben, tally)
    }

    /// Both wallets of a pair, and the tally between them.
    #[must_use]
    pub fn both(&self) -> (Wallet, Wallet, TallyId) {
        let (ana, ben) = (self.open("ana"), self.open("ben"));
        let tally = only_tally(&ana);
        (ana, ben, tally)
    }
}

/// The tally of a wallet that has one.
#[must_use]
pub fn only_tally(wallet: &Wallet) -> TallyId {
    let tallies = wallet.tallies().unwrap();
    assert_eq!(tallies.len(), 1, "{} should have one tally", wallet.name());
    tallies[0].id
}

/// How many payments a wallet's owner has signed on a tally.
pub fn own_payments(wallet: &mut Wallet, tally: &TallyId) -> usize {
    let side = wallet.tally(tally).unwrap().side;
    let chits = wallet.export(tally).unwrap().chits;
    chits
        .iter()
        .filter(|row| row.signed.chit.chain.side == side && row.signed.chit.body.pledged().is_some())
        .count()
}

/// Pays single chips until that many payments are signed. What a restarted app does that finds some of them signed already.
pub fn pay_until(wallet: &mut Wallet, tally: &TallyId, payments: usize) {
    for _ in own_payments(wallet, tally)..payments {
        wallet.pay(tally, &Payment { units: chips(1), memo: "coffee".into(), ..Payment::default() }).unwrap();
    }
}

/// Both halves tell the same story, down to the byte.
pub fn assert_equal_halves(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    let (a, b) = (one.tally(tally).unwrap(), other.tally(tally).unwrap());
    assert_eq!((a.head, a.index, a.final_index), (b.head, b.index, b.final_index));
    assert_eq!(a.balance, b.balance.negated());
    assert_eq!(one.export(tally).unwrap().to_csv(), other.export(tally).unwrap().to_csv());
}
