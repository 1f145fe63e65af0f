//! A site that the kernel kills at every write and every sync of its files, whose last write is torn, whose power is cut, whose disk is
//! full. It is handed letters one after the other; whatever it had answered must be in its files afterwards, and handing it the same
//! letters again must lead to the same rows as if nothing had happened.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use hazel_core::canon::Canon as _;
use hazel_core::key::PublicKey;
use hazel_core::message::{Message, Page};
use hazel_core::order::Head;
use hazel_core::rows::Rows as _;
use hazel_core::tally::{Halves, Side, TallyId};
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::load::{Plan, Register};
use hazel_network::node::{Event, Input, Node, Output};
use hazel_network::store::{SiteStore, SqliteStore};

use super::{Seeded, site_key};
use crate::crash::sweep::{Report, on_all_cores};
use crate::crash::torn::{Unsynced, copy_folder, is_shared_memory, power_cut, tear, tears};
use crate::crash::trace::{Call, Fate, Kind, run};

const TALLIES: u64 = 3;
/// How often a letter is tried on a bad disk before the site gives up.
const TRIES: usize = 3;

fn plan() -> Plan {
    let sites = Halves { stock: site_key("birch").public(), foil: site_key("alder").public() };
    Plan { people: 2, tallies: TALLIES, sites }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}

type Said = (Correspondent, Vec<u8>);

/// A life of the site, undisturbed: everything it was told, by users and by the partner's site.
fn life() -> Vec<Said> {
    let mut birch = SqliteStore::in_memory(1).unwrap();
    plan().fill(&mut birch, Side::Stock, &mut Register::default(), TALLIES, &mut |_| ()).unwrap();
    let mut birch = Node::open(birch, site_key("birch"), Box::new(Seeded::new("birch"))).unwrap();
    let mut alder = site(SqliteStore::in_memory(1).unwrap());
    let mut told: Vec<Said> = Vec::new();
    let mut tell = |alder: &mut Node<SqliteStore>, from: Correspondent, bytes: Vec<u8>| {
        if let Correspondent::User(user) = from {
            alder.link_user(user, "somebody", 1).unwrap();
        }
        let mut letters = vec![(from, bytes)];
        while let Some((from, bytes)) = letters.pop() {
            told.push((from, bytes.clone()));
            for output in alder.batch(vec![Input::Letter { from, bytes }], 1) {
                let Output::Letter { to: Correspondent::Site(_), bytes } = output else { continue };
                let from = Correspondent::Site(site_key("alder").public());
                for answer in birch.batch(vec![Input::Letter { from, bytes }], 1) {
                    if let Output::Letter { to: Correspondent::Site(_), bytes } = answer {
                        letters.push((Correspondent::Site(site_key("birch").public()), bytes));
                    }
                }
            }
        }
    };
    for tally in 0..TALLIES {
        let (user, claim) = plan().claim(tally);
        let (user, mut pen) = (Correspondent::User(user), plan().pen(tally));
        tell(&mut alder, user, claim);
        tell(&mut alder, user, pen.letter());
        // The second comes before the first: it waits. What nobody may say is refused.
        let (first, second) = (pen.pledge(), pen.pledge());
        let page = |chit| Page::of(&[chit]).map(Message::Chits).unwrap();
        let foreign = Message::Endorsement(Head { index: 9, ..pen.head() }.endorse(&site_key("a stranger")));
        for messages in [vec![page(second), foreign], vec![page(first)]] {
            let body = Body::Messages { ask: false, messages };
            let letter = Letter { tally: pen.head().tally, half: Side::Foil, body };
            tell(&mut alder, user, letter.to_bytes());
        }
        tell(&mut alder, user, pen.letter());
    }
    let status = alder.status().unwrap();
    assert_eq!(
        (status.halves, status.chits, status.restless),
        (TALLIES, TALLIES * 4, 0),
        "all of it is final"
    );
    told
}

/// The site, with its users.
fn site<S: SiteStore>(store: S) -> Node<S> {
    Node::open(store, site_key("alder"), Box::new(Seeded::new("alder"))).unwrap()
}

/// The child: takes in every letter of the script, and writes down outside its folder what it said in return.
pub fn take_in(folder: &Path, script: &Path, said: &Path) {
    let store = SqliteStore::open_one(&folder.join("site.db"));
    let Ok(store) = store else { std::process::exit(3) };
    let Ok(mut alder) = Node::open(store, site_key("alder"), Box::new(Seeded::new("alder"))) else {
        std::process::exit(3)
    };
    let mut said = OpenOptions::new().create(true).append(true).open(said).unwrap();
    for line in fs::read_to_string(script).unwrap().lines() {
        let mut words = line.split(' ');
        let (kind, key, letter) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let key: [u8; 32] = unhex(key).try_into().unwrap();
        let from = match kind {
            "user" => Correspondent::User(key),
            _ => Correspondent::Site(PublicKey(key)),
        };
        let mut tries = 0;
        loop {
            let linked = match from {
                Correspondent::User(user) => alder.link_user(user, "somebody", 1).is_ok(),
                Correspondent::Site(_) => true,
            };
            let outputs = match linked {
                true => alder.batch(vec![Input::Letter { from, bytes: unhex(letter) }], 1),
                false => Vec::new(),
            };
            let failed = outputs.iter().any(|it| matches!(it, Output::Event(Event::Failed(_))));
            if linked && !failed {
                for output in outputs {
                    if let Output::Letter { bytes, .. } = output {
                        writeln!(said, "{}", hex(&bytes)).unwrap();
                    }
                }
                break;
            }
            assert!(
                !outputs.iter().any(|it| matches!(it, Output::Letter { .. })),
                "a failed batch says nothing"
            );
            tries += 1;
            if tries == TRIES {
                std::process::exit(3);
            }
        }
    }
}

/// Everything that a site's file says, in words that can be compared.
fn state(folder: &Path) -> Vec<String> {
    let mut store = SqliteStore::open_one(&folder.join("site.db")).unwrap();
    let mut lines = Vec::new();
    store
        .read(0, &mut |desk| {
            lines.push(format!("{:?} {:?}", desk.members()?, desk.counts()?));
            for tally in 0..TALLIES {
                let id = plan().pen(tally).head().tally;
                let Some(half) = desk.half(&id, Side::Foil)? else { continue };
                let standing = desk.standing(half.no)?;
                let (book, tip) = (standing.book.to_bytes(), standing.tip.to_bytes());
                lines
                    .push(format!("{id} {} {} {}", standing.arrivals, standing.agreed, standing.final_index));
                lines.push(format!("{} {}", hex(&book), hex(&tip)));
                for chain in desk.chains(half.no)? {
                    for chit in desk.chits(chain.no, chain.base, chain.seq, 100)? {
                        lines.push(format!(
                            "{} {} {:?} {}",
                            chit.place,
                            chit.arrival,
                            chit.flag,
                            hex(&chit.entry.to_bytes())
                        ));
                    }
                }
                for word in desk.endorsements(half.no)? {
                    lines.push(hex(&word.to_bytes()));
                }
            }
            Ok(())
        })
        .unwrap();
    lines
}

/// The orders that the site stood for in what it said: the hash at each place.
fn words_said(said: &Path) -> BTreeMap<(TallyId, u64, u64), [u8; 32]> {
    let own = site_key("alder").public();
    let mut words = BTreeMap::new();
    for line in fs::read_to_string(said).unwrap_or_default().lines() {
        let Ok(letter) = Letter::from_bytes(&unhex(line)) else { panic!("a letter of the site's") };
        let Body::Messages { messages, .. } = letter.body else { continue };
        let heads = messages.into_iter().filter_map(|message| match message {
            Message::Links(links) if links.endorsement.key == own => Some(links.endorsement.head),
            Message::Endorsement(word) if word.key == own => Some(word.head),
            Message::Certificate(certificate) => Some(certificate.head),
            _ => None,
        });
        for head in heads {
            let before = words.insert((head.tally, head.view, head.index), head.hash.0);
            assert!(before.is_none_or(|before| before == head.hash.0), "the site stood for two orders");
        }
    }
    words
}

/// What the site had answered is in its files.
fn nothing_said_is_lost(folder: &Path, said: &Path) {
    let words = words_said(said);
    if words.is_empty() {
        return;
    }
    let mut store = SqliteStore::open_one(&folder.join("site.db")).unwrap();
    store
        .read(0, &mut |desk| {
            for ((tally, _, index), hash) in &words {
                let half = desk.half(tally, Side::Foil)?.unwrap_or_else(|| panic!("a half was forgotten"));
                let place =
                    desk.place(half.no, *index)?.unwrap_or_else(|| panic!("place {index} was forgotten"));
                assert_eq!(place.hash.0, *hash, "another order than it stood for");
            }
            Ok(())
        })
        .unwrap();
}

/// A site whose undisturbed life is known.
pub struct Stage {
    child: PathBuf,
    scratch: PathBuf,
    calls: Vec<Call>,
    undisturbed: Vec<String>,
}

impl Stage {
    /// Lives the life once.
    #[must_use]
    pub fn set(child: &Path, scratch: &Path) -> Self {
        fs::create_dir_all(scratch.join("beginning")).unwrap();
        let lines: Vec<String> = life()
            .into_iter()
            .map(|(from, letter)| match from {
                Correspondent::User(key) => format!("user {} {}", hex(&key), hex(&letter)),
                Correspondent::Site(key) => format!("site {} {}", hex(&key.0), hex(&letter)),
            })
            .collect();
        fs::write(scratch.join("script"), lines.join("\n")).unwrap();
        let mut stage = Self {
            child: child.to_owned(),
            scratch: scratch.to_owned(),
            calls: Vec::new(),
            undisturbed: Vec::new(),
        };
        let folder = stage.fresh("undisturbed");
        let ran = stage.run(&folder, None);
        assert!(ran.1, "the undisturbed site failed");
        stage.calls = ran.0;
        stage.undisturbed = state(&folder);
        assert!(stage.undisturbed.len() > 20 && stage.calls.len() > 100, "{}", stage.calls.len());
        stage
    }

    /// How many points there are.
    #[must_use]
    pub fn points(&self) -> usize {
        self.calls.len()
    }

    fn fresh(&self, name: &str) -> PathBuf {
        let folder = self.scratch.join(name);
        copy_folder(&self.scratch.join("beginning"), &folder);
        folder
    }

    fn run(&self, folder: &Path, fate: Option<(&str, usize, Fate)>) -> (Vec<Call>, bool) {
        let (script, said) = (self.scratch.join("script"), folder.with_extension("said"));
        let args = ["letters", folder.to_str().unwrap(), script.to_str().unwrap(), said.to_str().unwrap()];
        let ran = run(&self.child, &args, folder, fate);
        (ran.calls, ran.well)
    }

    /// The same letters come once more, as their senders would send them; then everything is as if nothing had happened.
    fn comes_back(&self, folder: &Path, said: &Path, what: &str, report: &Mutex<Report>) {
        let done = std::panic::catch_unwind(|| {
            nothing_said_is_lost(folder, said);
            let script = self.scratch.join("script");
            let again = std::process::Command::new(&self.child)
                .args(["letters", folder.to_str().unwrap(), script.to_str().unwrap(), said.to_str().unwrap()])
                .output()
                .unwrap();
            assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
            assert_eq!(state(folder), self.undisturbed, "other rows than in an undisturbed life");
            words_said(said);
        });
        if let Err(cause) = done {
            report
                .lock()
                .unwrap()
                .failures
                .push(format!("{what}: {}", crate::crash::sweep::words_of(&*cause)));
        }
    }

    /// Kills the site at every `step`-th point, tears its last write, cuts its power.
    #[must_use]
    pub fn sweep(&self, step: usize) -> Report {
        let report = Mutex::new(Report::default());
        on_all_cores(self.calls.len(), step, |at| {
            let call = &self.calls[at];
            let folder = self.fresh(&format!("killed-{at}"));
            let (calls, _) = self.run(&folder, Some((&call.name, call.count, Fate::Kill)));
            let last = &calls[calls.len() - 1];
            assert!(calls.len() == at + 1 && !last.done, "another course of events at {at}");
            let said = folder.with_extension("said");
            let place = format!("{} of {}", last.name, last.file.display());
            let variant = |name: &str| {
                let (folder, its) =
                    (folder.with_extension(name), folder.with_extension(format!("{name}.said")));
                fs::write(&its, fs::read(&said).unwrap_or_default()).unwrap();
                (folder, its)
            };
            if last.kind == Kind::Write && !is_shared_memory(&last.file) {
                for torn in tears(last.data.len()) {
                    let (copy, its) = variant("torn");
                    copy_folder(&folder, &copy);
                    tear(&copy, last, torn);
                    self.comes_back(&copy, &its, &format!("{at}, {torn:?}, {place}"), &report);
                    fs::remove_dir_all(&copy).unwrap();
                    report.lock().unwrap().torn += 1;
                }
            }
            for kept in [Unsynced::AllLost, Unsynced::LastKept] {
                let (copy, its) = variant("cut");
                if power_cut(&self.scratch.join("beginning"), &copy, &calls, kept) {
                    self.comes_back(&copy, &its, &format!("{at}, power cut, {kept:?}, {place}"), &report);
                    report.lock().unwrap().lost += 1;
                }
                fs::remove_dir_all(&copy).unwrap();
            }
            self.comes_back(&folder, &said, &format!("{at}, killed, {place}"), &report);
            fs::remove_dir_all(&folder).unwrap();
            *report.lock().unwrap().killed.entry(last.kind).or_default() += 1;
        });
        report.into_inner().unwrap()
    }

    /// Lets the disk be full or fail at every `step`-th point: for one call, or from then on. How many disks there were, and what went wrong.
    #[must_use]
    pub fn bad_disks(&self, step: usize) -> (usize, Vec<String>) {
        let (count, report) = (Mutex::new(0), Mutex::new(Report::default()));
        on_all_cores(self.calls.len(), step, |at| {
            let call = &self.calls[at];
            let fates: &[Fate] = match call.kind {
                Kind::Write | Kind::Make | Kind::Resize => &[
                    Fate::Fail("ENOSPC"),
                    Fate::FailFromHere("ENOSPC"),
                    Fate::Fail("EIO"),
                    Fate::FailFromHere("EIO"),
                ],
                Kind::Sync => &[Fate::Fail("EIO"), Fate::FailFromHere("EIO")],
                Kind::Remove | Kind::Rename => &[],
            };
            for fate in fates {
                let folder = self.fresh(&format!("bad-{at}"));
                let said = folder.with_extension("said");
                let _ = fs::remove_file(&said);
                self.run(&folder, Some((&call.name, call.count, *fate)));
                // The disk is well again.
                self.comes_back(&folder, &said, &format!("{at}, {fate:?}, {}", call.name), &report);
                fs::remove_dir_all(&folder).unwrap();
                *count.lock().unwrap() += 1;
            }
        });
        (count.into_inner().unwrap(), report.into_inner().unwrap().failures)
    }
}
