//! Sites in the world: the real node on a store in files, letters between it, its users' phones and other sites through the same bad air;
//! killed, and going on from older copies.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use hazel_core::canon::Canon as _;
use hazel_core::key::{PublicKey, SecretKey};
use hazel_core::message::Message;
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{Event, Input, Node, Output};
use hazel_network::store::SqliteStore;
use hazel_network::uplink::{Talk, UplinkError};

use super::action::Line;
use super::air::outcome;
use super::chance::Chance;
use super::{NOTHING, Verdict, World};
use crate::model::Broken;

type Outcome = Result<&'static str, Broken>;

/// Letters that one visit, or the sites among themselves, may need. A bound against two who never come to rest.
const LETTERS_MAX: usize = 400;

/// Somebody's site.
pub(super) struct Site {
    person: usize,
    key: SecretKey,
    node: Option<Node<SqliteStore>>,
    path: PathBuf,
    copies: Vec<PathBuf>,
}

/// A letter to a site.
pub(super) struct Mail {
    to: usize,
    from: Correspondent,
    bytes: Vec<u8>,
    /// Not the bytes that were sent.
    bent: bool,
}

/// A line, and what decides about each letter on it.
pub(super) struct Weather {
    line: Line,
    chance: Chance,
    arrived: u32,
}

impl Weather {
    pub(super) const fn new(line: Line) -> Self {
        Self { line, chance: Chance::new(0x11fe_0000 + line.seed as u64), arrived: 0 }
    }

    fn is_cut(&self) -> bool {
        self.line.cut.is_some_and(|most| self.arrived >= u32::from(most))
    }

    fn hits(&mut self, share: u8) -> bool {
        share > 0 && self.chance.percent(u64::from(share))
    }
}

fn failed(error: impl std::fmt::Display) -> Broken {
    Broken::new(0, format!("a site: {error}"))
}

impl World {
    /// Opens a site for somebody.
    pub(super) fn open_site(&mut self, person: usize) {
        let mut seed = [0; 32];
        hazel_core::key::Entropy::fill(&mut *self.entropy(), &mut seed);
        let path = self.folder.path().join(format!("site-{person}.db"));
        let site = Site { person, key: SecretKey::from_seed(&seed), node: None, path, copies: Vec::new() };
        self.sites.push(site);
        self.start_site(self.sites.len() - 1).expect("a new site");
    }

    fn start_site(&mut self, site: usize) -> Verdict {
        let entropy = self.entropy();
        let it = &mut self.sites[site];
        it.node = None;
        let store = SqliteStore::open_one(&it.path).map_err(failed)?;
        it.node = Some(Node::open(store, it.key.clone(), entropy).map_err(failed)?);
        Ok(())
    }

    /// Everybody who has a site lets it speak for all their halves, and the partners are told: a phone that was lost before anybody heard of
    /// it would come back as its own node beside a site (`orders_beside_a_site`).
    pub(crate) fn move_in(&mut self) -> Verdict {
        for pact in 0..self.pacts.len() {
            for person in self.pacts[pact].people {
                let Some(site) = self.site_of(person) else { continue };
                let (phone, id) = (self.phones_of(person)[0], self.pacts[pact].id);
                outcome(self.phones[phone].wallet.host_at(&id, &self.sites[site].key.public()))?;
                self.check(phone)?;
            }
            if self.is_hosted(pact) {
                let [stock, foil] = self.pacts[pact].people.map(|person| self.phones_of(person)[0]);
                self.meet(stock, foil, pact)?;
            }
        }
        Ok(())
    }

    fn site_of(&self, person: usize) -> Option<usize> {
        self.sites.iter().position(|site| site.person == person)
    }

    pub(super) fn is_site(&self, key: &PublicKey) -> bool {
        self.sites.iter().any(|site| site.key.public() == *key)
    }

    /// Whether a site speaks for one of the two halves.
    pub(super) fn is_hosted(&self, pact: usize) -> bool {
        self.pacts[pact].people.iter().any(|person| self.site_of(*person).is_some())
    }

    /// Whether somebody's phone orders for a half whose partner is spoken for by a site. Restored, it would wait for the promise of the
    /// stock's node, which only phones give (decision 0509).
    pub(super) fn orders_beside_a_site(&self, person: usize) -> bool {
        let foil_of = |pact: &&super::Pact| pact.people[1] == person;
        let stocks = self.pacts.iter().filter(foil_of).map(|pact| pact.people[0]);
        self.site_of(person).is_none() && stocks.into_iter().any(|stock| self.site_of(stock).is_some())
    }

    /// A phone goes home.
    pub(super) fn home(&mut self, phone: usize, weather: &mut Weather) -> Outcome {
        let Some(site) = self.site_of(self.phones[phone].person) else { return Ok(NOTHING) };
        let (key, user) = (self.sites[site].key.public(), self.user(phone));
        let now = self.time.now();
        self.node(site).link_user(user, "a phone", now).map_err(failed)?;
        let Self { phones, .. } = self;
        let Some(it) = phones.get_mut(phone) else { return Ok(NOTHING) };
        let (mut talk, first) = match Talk::begin(&mut it.wallet, key, user, &it.claimed) {
            Ok(begun) => begun,
            Err(UplinkError::Wallet(error)) => return outcome::<()>(Err(error)),
            Err(error) => return Err(failed(error)),
        };
        self.check(phone)?;
        let mut letters: VecDeque<(bool, Vec<u8>)> = first.into_iter().map(|it| (true, it)).collect();
        for round in 0.. {
            let Some((up, bytes)) = letters.pop_front() else { break };
            if round > LETTERS_MAX {
                return Err(Broken::new(24, format!("phone {phone} and its site never come to rest")));
            }
            if weather.is_cut() {
                self.fault("site: line cut");
                break;
            }
            if up {
                self.overhear_letter(&bytes, self.people[self.phones[phone].person].liar)?;
            }
            for (bytes, bent) in
                self.fates(bytes, weather, Some((site, Correspondent::User(user))).filter(|_| up))
            {
                weather.arrived += 1;
                let answers = match up {
                    true => {
                        self.site_hears(Mail { to: site, from: Correspondent::User(user), bytes, bent })?
                    }
                    false => self.phone_hears(phone, &mut talk, &bytes)?,
                };
                letters.extend(
                    answers.into_iter().filter(|(to, _)| up.then_some(user) == *to).map(|(_, it)| (!up, it)),
                );
            }
        }
        talk.settle_claims(&mut self.phones[phone].claimed);
        self.carry(weather)?;
        Ok("done")
    }

    /// What arrives of one letter. What is held up goes among the mail, if it is to a site.
    fn fates(
        &mut self,
        bytes: Vec<u8>,
        weather: &mut Weather,
        to: Option<(usize, Correspondent)>,
    ) -> Vec<(Vec<u8>, bool)> {
        if weather.hits(weather.line.loss) {
            self.fault("site: letter lost");
            return Vec::new();
        }
        let mut sent = vec![(bytes.clone(), false)];
        if weather.hits(weather.line.doubling) {
            self.fault("site: letter doubled");
            sent.push((bytes.clone(), false));
        }
        if weather.hits(weather.line.bent) && !bytes.is_empty() {
            self.fault("site: letter bent");
            let (mut bent, bit) = (bytes.clone(), weather.chance.draw() as usize);
            let at = bit / 8 % bent.len();
            bent[at] ^= 1 << (bit % 8);
            sent[0] = (bent, true);
        }
        if weather.hits(weather.line.late)
            && let Some((to, from)) = to
        {
            self.fault("site: letter held up");
            let (bytes, bent) = sent.remove(0);
            self.mail.push(Mail { to, from, bytes, bent });
        }
        sent
    }

    /// A phone takes in what its site says; what it answers is for nobody's key.
    fn phone_hears(
        &mut self,
        phone: usize,
        talk: &mut Talk,
        bytes: &[u8],
    ) -> Result<Vec<(Option<[u8; 32]>, Vec<u8>)>, Broken> {
        let answers = match talk.hear(&mut self.phones[phone].wallet, bytes) {
            Ok(answers) => answers,
            Err(UplinkError::Malformed(_)) => Vec::new(),
            Err(UplinkError::Wallet(error)) => {
                outcome::<()>(Err(error))?;
                Vec::new()
            }
        };
        self.check(phone)?;
        Ok(answers.into_iter().map(|it| (None, it)).collect())
    }

    /// A site takes in a letter. What it says to other sites goes among the mail; what it says to users is returned.
    fn site_hears(&mut self, mail: Mail) -> Result<Vec<(Option<[u8; 32]>, Vec<u8>)>, Broken> {
        let Mail { to, from, bytes, bent } = mail;
        let person = self.sites[to].person;
        if !bent && let Ok(letter) = Letter::from_bytes(&bytes) {
            self.reached(person, &letter);
        }
        self.feed(to, Input::Letter { from, bytes })
    }

    /// What a site holds, its half holds.
    fn reached(&mut self, person: usize, letter: &Letter) {
        let Body::Messages { messages, .. } = &letter.body else { return };
        for pact in self.pacts.iter_mut().filter(|pact| pact.id == letter.tally) {
            for (at, _) in pact.people.iter().enumerate().filter(|(_, of)| **of == person) {
                for message in messages {
                    if let Message::Chits(page) = message {
                        pact.held[at].extend(page.clone().unfold().iter().map(|chit| chit.chit.hash()));
                    }
                }
            }
        }
    }

    fn feed(&mut self, site: usize, input: Input) -> Result<Vec<(Option<[u8; 32]>, Vec<u8>)>, Broken> {
        let now = self.time.now() * 1000;
        let own = Correspondent::Site(self.sites[site].key.public());
        let node = self.node(site);
        node.handle(input, now);
        let outputs: Vec<Output> = std::iter::from_fn(|| node.poll()).collect();
        let mut to_users = Vec::new();
        for output in outputs {
            match output {
                Output::Letter { to, bytes } => {
                    self.overhear_letter(&bytes, false)?;
                    match to {
                        Correspondent::User(user) => to_users.push((Some(user), bytes)),
                        Correspondent::Site(key) => {
                            // A phone that speaks for its half itself has no line to other sites.
                            let neighbour = self.sites.iter().position(|site| site.key.public() == key);
                            self.mail.extend(neighbour.map(|to| Mail { to, from: own, bytes, bent: false }));
                        }
                    }
                }
                Output::Event(Event::Failed(error)) => return Err(failed(error)),
                Output::Event(event) => self.note(&format!("site {site} {event:?}")),
                Output::Deadline(_) => {}
            }
        }
        Ok(to_users)
    }

    /// Letters between sites, until there are none.
    fn carry(&mut self, weather: &mut Weather) -> Verdict {
        let mut held = Vec::new();
        for round in 0.. {
            if self.mail.is_empty() {
                break;
            }
            if round > LETTERS_MAX {
                return Err(Broken::new(24, "sites never come to rest"));
            }
            let Mail { to, from, bytes, bent } = self.mail.remove(0);
            let before = self.mail.len();
            let arrive = self.fates(bytes, weather, Some((to, from)));
            held.extend(self.mail.drain(before..));
            for (bytes, harmed) in arrive {
                self.site_hears(Mail { to, from, bytes, bent: bent || harmed })?;
            }
        }
        self.mail = held;
        Ok(())
    }

    /// Something that was held up arrives, perhaps before what was sent earlier.
    pub(super) fn post(&mut self, pick: u8) -> Outcome {
        if self.mail.is_empty() {
            return Ok(NOTHING);
        }
        let at = usize::from(pick) % self.mail.len();
        if at > 0 {
            self.fault("site: letter overtaken");
        }
        let mail = self.mail.remove(at);
        self.site_hears(mail)?;
        Ok("done")
    }

    /// A site's process is killed; what it had committed is there when it starts again.
    pub(super) fn kill_site(&mut self, site: u8) -> Outcome {
        let Some(site) = self.any_site(site) else { return Ok(NOTHING) };
        self.start_site(site)?;
        self.fault("site: killed");
        self.wake(site)?;
        Ok("done")
    }

    /// A copy of a site's database, as its operator makes them.
    pub(super) fn keep_site(&mut self, site: u8) -> Outcome {
        let Some(site) = self.any_site(site) else { return Ok(NOTHING) };
        self.serial += 1;
        let path = self.folder.path().join(format!("site-copy-{}.db", self.serial));
        self.node(site).store().copy_to(0, &path).map_err(failed)?;
        self.sites[site].copies.push(path);
        Ok("done")
    }

    /// A site is lost and goes on from an older copy. Only where nobody else has forgotten anything: those who have not tell it again.
    pub(super) fn restore_site(&mut self, pick: u8) -> Outcome {
        let copies = self
            .sites
            .iter()
            .enumerate()
            .flat_map(|(at, site)| site.copies.iter().map(move |it| (at, it.clone())));
        let copies: Vec<_> = copies.collect();
        if copies.is_empty() || self.site_restored || !self.restored.is_empty() {
            return Ok(NOTHING);
        }
        let (site, copy) = copies[usize::from(pick) % copies.len()].clone();
        self.sites[site].node = None;
        self.serial += 1;
        let path = self.folder.path().join(format!("site-again-{}.db", self.serial));
        copied(&copy, &path)?;
        self.sites[site].path = path;
        self.start_site(site)?;
        self.site_restored = true;
        self.fault("site: restored");
        self.wake(site)?;
        Ok("done")
    }

    /// Channels to a site are open again, and whatever it wanted to ask is due.
    fn wake(&mut self, site: usize) -> Verdict {
        self.feed(site, Input::Tick)?;
        for other in 0..self.sites.len() {
            if other != site {
                let keys = [site, other].map(|at| Correspondent::Site(self.sites[at].key.public()));
                self.feed(site, Input::Opened(keys[1]))?;
                self.feed(other, Input::Opened(keys[0]))?;
            }
        }
        Ok(())
    }

    /// While healing: what was held up arrives, the sites speak to each other, and these phones go home, on a good line.
    pub(super) fn everybody_home(&mut self, phones: &[usize]) -> Verdict {
        if self.sites.is_empty() {
            return Ok(());
        }
        let mut calm = Weather::new(Line::default());
        for site in 0..self.sites.len() {
            self.wake(site)?;
        }
        self.carry(&mut calm)?;
        for phone in phones.iter().chain(phones) {
            self.home(*phone, &mut calm)?;
        }
        Ok(())
    }

    fn any_site(&self, number: u8) -> Option<usize> {
        usize::from(number).checked_rem(self.sites.len())
    }

    fn node(&mut self, site: usize) -> &mut Node<SqliteStore> {
        self.sites[site].node.as_mut().expect("a site that was started")
    }

    /// The key of a phone's line home.
    fn user(&self, phone: usize) -> [u8; 32] {
        hazel_core::digest::Digest::of_parts(&[
            b"line",
            &self.seed.to_be_bytes(),
            &(phone as u64).to_be_bytes(),
        ])
        .0
    }

    fn overhear_letter(&mut self, bytes: &[u8], liar: bool) -> Verdict {
        let Ok(letter) = Letter::from_bytes(bytes) else {
            return Err(Broken::new(0, "a letter left that is none"));
        };
        let Body::Messages { messages, .. } = letter.body else { return Ok(()) };
        for pact in 0..self.pacts.len() {
            if self.pacts[pact].id == letter.tally {
                for message in &messages {
                    self.leaves(pact, message.clone(), liar)?;
                }
            }
        }
        Ok(())
    }
}

fn copied(from: &Path, to: &Path) -> Verdict {
    std::fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| Broken::new(0, format!("a file of the world: {error}")))
}
