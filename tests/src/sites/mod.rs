//! Two wallets that trade while their sites, real processes on this machine, are killed at any moment and come back.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::string_slice,
    reason = "a story that goes wrong should stop loudly; it waits for real processes"
)]

pub mod child;
pub mod letters;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hazel_core::digest::Digest;
use hazel_core::invoice::InvoiceId;
use hazel_core::key::{Entropy, RecoveryWords, SecretKey};
use hazel_core::keystore::BareKey;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Clock, Payment, Wallet};
use hazel_network::driver::{CallError, Channel, SystemTime};
use hazel_network::ticket::{Invitation, SiteTicket, TicketId};
use hazel_network::uplink::Talk;

/// No visit takes longer.
const VISIT: Duration = Duration::from_secs(20);

/// What came of a story.
#[derive(Debug)]
pub struct End {
    /// How often a site was killed.
    pub kills: u64,
    /// How often the database's server was restarted.
    pub restarts: u64,
    /// Payments that were signed.
    pub payments: u64,
    /// Payments that were asked for.
    pub asked: u64,
    /// How often a wallet went home.
    pub visits: u64,
    /// How often its site was gone before it had said everything.
    pub cut: u64,
    /// Entries on the tally at the end.
    pub entries: u64,
}

/// The key of a site of this name.
#[must_use]
pub fn site_key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Digest::of(name.as_bytes()).0)
}

struct Today;

impl Clock for Today {
    fn now(&self) -> u64 {
        SystemTime::date()
    }
}

/// Bytes that follow from a seed.
struct Seeded(Digest);

impl Seeded {
    fn new(seed: &str) -> Self {
        Self(Digest::of(seed.as_bytes()))
    }

    fn below(&mut self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes) % bound
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

/// Where sites keep what they keep.
#[derive(Debug, Clone, Default)]
pub enum Engine {
    /// Each in its file.
    #[default]
    Sqlite,
    /// Each in a database of this server; with a command that restarts the server, if it is to be restarted under load.
    Postgres {
        /// What it is reached by.
        url: String,
        /// A command for the shell.
        restart: Option<String>,
    },
}

impl Engine {
    /// What a site of that name is told about its store; the database is made anew.
    fn store_of(&self, name: &str) -> String {
        match self {
            Self::Sqlite => "sqlite".to_owned(),
            #[cfg(feature = "postgres")]
            Self::Postgres { url, .. } => {
                let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
                let database = format!("hazel_story_{}_{name}", std::process::id());
                client.batch_execute(&format!("DROP DATABASE IF EXISTS {database}")).unwrap();
                client.batch_execute(&format!("CREATE DATABASE {database}")).unwrap();
                format!("{url} dbname={database}")
            }
            #[cfg(not(feature = "postgres"))]
            Self::Postgres { .. } => panic!("{name}: built without PostgreSQL"),
        }
    }

    /// Restarts the server, the hard way. Whether there is one to restart.
    fn restart(&self) -> bool {
        let Self::Postgres { restart: Some(command), .. } = self else { return false };
        let ran = Command::new("sh").args(["-c", command]).stdout(Stdio::null()).status().unwrap();
        assert!(ran.success(), "{command}");
        true
    }
}

/// A site that can be killed.
struct Site {
    store: String,
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    neighbour: String,
    child: Option<Child>,
}

impl Site {
    fn start(&mut self) {
        let mut child = Command::new(&self.program)
            .args([
                "site",
                self.folder.to_str().unwrap(),
                &self.port.to_string(),
                &self.neighbour,
                &self.store,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said.trim(), "serving", "{} came back", self.folder.display());
        self.child = Some(child);
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Somebody with a wallet and a site.
struct Person {
    wallet: Wallet,
    key: hazel_sync::SecretKey,
    site: &'static str,
    port: u16,
    claimed: BTreeSet<TallyId>,
}

impl Person {
    fn new(name: &str, site: &'static str, port: u16, folder: &Path) -> Self {
        let store = Store::create(&folder.join(format!("{name}.db"))).unwrap();
        let words = RecoveryWords::generate(&mut Seeded::new(name));
        let entropy = Box::new(Seeded::new(&format!("{name}'s wallet")));
        let guard = BareKey::new([5; 32]);
        let wallet = Wallet::create(store, &guard, name, &words, Box::new(Today), entropy).unwrap();
        let key = hazel_sync::SecretKey::new(Digest::of(format!("{name}'s link").as_bytes()).0);
        Self { wallet, key, site, port, claimed: BTreeSet::new() }
    }

    fn link(&mut self, tally: &TallyId) {
        let it = Invitation {
            name: "user",
            host: "127.0.0.1",
            port: self.port,
            expires: SystemTime::date() + 3600,
            only_from: None,
        };
        let key = site_key(self.site);
        let ticket = SiteTicket::issue(&key, TicketId([7; 8]), &it).unwrap();
        drop(Channel::redeem(&ticket, &self.key, Duration::from_secs(10)).unwrap());
        self.wallet.host_at(tally, &key.public()).unwrap();
    }

    /// Goes home: whether everything is final now. An error means that the site was gone. It hangs up after so long a silence; where it is
    /// patient only once the site has answered everything, as `hazel sync` does: a site at work on thousands of entries is silent too, and
    /// whoever hangs up on it brings them all again.
    fn home(&mut self, silence: Duration, patient: bool) -> Result<bool, CallError> {
        let begun = Instant::now();
        let site = site_key(self.site).public();
        let place = format!("127.0.0.1:{}", self.port);
        let mut channel = Channel::call(&place, &site, &self.key, Duration::from_secs(2))?;
        let (mut talk, letters) =
            Talk::begin(&mut self.wallet, site, self.key.public().0, &self.claimed).unwrap();
        for letter in letters {
            channel.send(letter)?;
        }
        let mut quiet = Instant::now();
        while talk.pending(&mut self.wallet).unwrap() > 0 || !talk.all_answered() {
            let may_go = !patient || talk.all_answered();
            if may_go && quiet.elapsed() > silence || begun.elapsed() > VISIT {
                break;
            }
            let Some(letter) = channel.receive(Duration::from_millis(20))? else { continue };
            quiet = Instant::now();
            for answer in talk.hear(&mut self.wallet, &letter).unwrap() {
                channel.send(answer)?;
            }
        }
        assert!(talk.heard.refused.is_empty() && talk.heard.rejected.is_empty(), "{:?}", talk.heard);
        talk.settle_claims(&mut self.claimed);
        Ok(talk.pending(&mut self.wallet).unwrap() == 0)
    }

    fn ask(&mut self, tally: &TallyId) {
        let ask = Ask { units: Units::new(1), memo: "eggs".into(), valid_for: 86_400, ..Ask::default() };
        self.wallet.ask(tally, &ask).unwrap();
    }

    /// What is known of invoices and their answers, and that a receipt is here for everything this person signed.
    fn notes(&mut self, tally: &TallyId, side: Side) -> (BTreeSet<InvoiceId>, bool) {
        let invoices = self.wallet.invoices(tally).unwrap().into_iter().map(|it| it.id).collect();
        let signed = self.wallet.have(tally).unwrap().chains;
        let held = self.wallet.notes(tally).unwrap();
        let mut own = signed.iter().filter(|(chain, ..)| chain.side == side);
        (invoices, own.all(|(chain, seq, _)| held.held(chain) == *seq))
    }

    fn pay(&mut self, tally: &TallyId, milli: i64) -> bool {
        let payment = Payment { units: Units::new(milli), memo: "coffee".into(), ..Payment::default() };
        self.wallet.pay(tally, &payment).is_ok()
    }
}

fn hand(from: &mut Wallet, to: &mut Wallet, tally: &TallyId) {
    if let Some(bytes) = from.hand_over(tally).unwrap() {
        assert_eq!(to.receive(&bytes).unwrap().rejected, [], "everything honest is let in");
    }
}

fn meet(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    for _ in 0..4 {
        hand(one, other, tally);
        hand(other, one, tally);
    }
}

/// An open tally between the two.
fn open(ana: &mut Wallet, ben: &mut Wallet) -> TallyId {
    let terms = || Terms { limit: Units::new(1_000_000_000), notice_days: 7 };
    let ticket = ana.invite(Side::Stock, terms(), 3600, &[]).unwrap();
    let tally = ben.accept_ticket(&ticket, terms()).unwrap();
    hand(ben, ana, &tally);
    ana.offer(&tally, None, None).unwrap();
    hand(ana, ben, &tally);
    let version = ben.offered(&tally).unwrap().version;
    ben.accept(&tally, &version).unwrap();
    meet(ben, ana, &tally);
    tally
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Lives the story: this program is started as a site, twice, and killed so often.
#[must_use]
pub fn story(program: &Path, kills: u64, seed: u64, engine: &Engine) -> End {
    let folder = tempfile::tempdir().unwrap();
    let ports = [free_port(), free_port()];
    let mut sites: Vec<Site> = [("alder", "birch", 0, 1), ("birch", "alder", 1, 0)]
        .into_iter()
        .map(|(name, other, own, its)| {
            let folder = folder.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            let neighbour = format!("{other}=127.0.0.1:{}", ports[its]);
            Site {
                store: engine.store_of(name),
                program: program.to_owned(),
                folder,
                port: ports[own],
                neighbour,
                child: None,
            }
        })
        .collect();
    sites.iter_mut().for_each(Site::start);
    let mut ana = Person::new("Ana", "alder", ports[0], folder.path());
    let mut ben = Person::new("Ben", "birch", ports[1], folder.path());
    let tally = open(&mut ana.wallet, &mut ben.wallet);
    ana.link(&tally);
    ben.link(&tally);
    meet(&mut ana.wallet, &mut ben.wallet, &tally);
    let (killed, restarted, over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let mut end = thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let mut chance = Seeded::new(&format!("killer {seed}"));
            let mut sites = sites;
            while killed.load(Ordering::Relaxed) < kills && !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(chance.below(120)));
                let site = usize::try_from(chance.below(2)).unwrap();
                sites[site].kill();
                let so_far = killed.fetch_add(1, Ordering::Relaxed) + 1;
                if so_far.is_multiple_of(10) && engine.restart() {
                    restarted.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_millis(chance.below(60)));
                sites[site].start();
            }
            sites
        });
        let trading = Trading { ana: &mut ana, ben: &mut ben, tally, killed: &killed, kills, seed };
        let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| trading.on()));
        over.store(true, Ordering::Relaxed);
        let sites = killer.join().unwrap();
        let end = end.unwrap_or_else(|why| std::panic::resume_unwind(why));
        settle(&mut ana, &mut ben, &tally);
        drop(sites);
        end
    });
    end.kills = killed.load(Ordering::Relaxed);
    end.restarts = restarted.load(Ordering::Relaxed);
    let (mine, theirs) = (ana.wallet.export(&tally).unwrap(), ben.wallet.export(&tally).unwrap());
    assert_eq!(mine.to_csv(), theirs.to_csv(), "both halves, byte for byte");
    let (a, b) = (ana.wallet.tally(&tally).unwrap(), ben.wallet.tally(&tally).unwrap());
    assert_eq!((a.head, a.index, a.final_index), (b.head, b.index, b.index), "one head, all of it final");
    assert_eq!(a.balance, b.balance.negated());
    for person in [&mut ana, &mut ben] {
        assert!(person.wallet.audit(&mut |_| true).unwrap().findings.is_empty());
    }
    end.entries = a.index;
    assert_eq!(end.entries, end.payments + 2, "every payment once, and the two chits that name the sites");
    end
}

struct Trading<'t> {
    ana: &'t mut Person,
    ben: &'t mut Person,
    tally: TallyId,
    killed: &'t AtomicU64,
    kills: u64,
    seed: u64,
}

impl Trading<'_> {
    /// Pays, meets and goes home at random until the killing is over.
    fn on(self) -> End {
        let mut end = End { kills: 0, restarts: 0, payments: 0, asked: 0, visits: 0, cut: 0, entries: 0 };
        let mut chance = Seeded::new(&format!("traders {}", self.seed));
        while self.killed.load(Ordering::Relaxed) < self.kills {
            let (one, other) = if chance.below(2) == 0 {
                (&mut *self.ana, &mut *self.ben)
            } else {
                (&mut *self.ben, &mut *self.ana)
            };
            match chance.below(9) {
                // As many as a site keeps of one asker, and no more: nothing may be missing in the end.
                0 if end.asked < 128 => {
                    end.asked += 1;
                    one.ask(&self.tally);
                }
                1 | 2 => {
                    end.payments +=
                        u64::from(one.pay(&self.tally, 1 + i64::try_from(chance.below(500)).unwrap()))
                }
                3 | 4 => meet(&mut one.wallet, &mut other.wallet, &self.tally),
                _ => {
                    end.visits += 1;
                    end.cut += u64::from(one.home(Duration::from_millis(50), false).is_err());
                }
            }
        }
        end
    }
}

/// Nobody kills any more: each goes home until all is final.
fn settle(ana: &mut Person, ben: &mut Person, tally: &TallyId) {
    let begun = Instant::now();
    loop {
        let done = [&mut *ana, &mut *ben].map(|person| person.home(Duration::from_millis(500), true));
        // Whoever came home first may not know yet what the other brought.
        let heads = [&mut *ana, &mut *ben].map(|person| person.wallet.tally(tally).unwrap().head);
        let (mine, theirs) = (ana.notes(tally, Side::Stock), ben.notes(tally, Side::Foil));
        let told = mine.0 == theirs.0 && mine.1 && theirs.1;
        if done.iter().all(|it| matches!(it, Ok(true))) && heads[0] == heads[1] && told {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "not final: {done:?}");
    }
}
