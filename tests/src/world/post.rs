//! Letters between phones, their sites and other sites: the real talk of the uplink, through air that is as bad as everywhere.

use std::collections::VecDeque;

use hazel_core::canon::Canon as _;
use hazel_core::message::Message;
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{Event, Input, Output};
use hazel_network::uplink::{Talk, UplinkError};

use super::action::Line;
use super::air::outcome;
use super::chance::Chance;
use super::sites::failed;
use super::telling::in_short;
use super::{NOTHING, Verdict, World};
use crate::model::Broken;

type Outcome = Result<&'static str, Broken>;
/// Letters, each with the key of the line it goes to; without one it is an answer on the line that is open.
type Said = Vec<(Option<[u8; 32]>, Vec<u8>)>;

/// Letters that one visit, or the sites among themselves, may need. A bound against two who never come to rest.
const LETTERS_MAX: usize = 400;

/// A letter to a site.
pub(super) struct Mail {
    pub(super) to: usize,
    pub(super) from: Correspondent,
    pub(super) bytes: Vec<u8>,
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

impl World {
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
            let honest = !self.people[self.phones[phone].person].liar;
            let to = Some((site, Correspondent::User(user))).filter(|_| up);
            for bytes in self.fates(&bytes, weather, to, honest) {
                weather.arrived += 1;
                let answers = match up {
                    true => self.site_hears(Mail { to: site, from: Correspondent::User(user), bytes })?,
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

    /// What arrives of one letter. What is held up goes among the mail, if it is to a site. A bit that turns on the way breaks a real
    /// line's seal, and the line ends there: only a liar's letters come in altered.
    fn fates(
        &mut self,
        bytes: &[u8],
        weather: &mut Weather,
        to: Option<(usize, Correspondent)>,
        honest: bool,
    ) -> Vec<Vec<u8>> {
        if weather.hits(weather.line.loss) {
            self.fault("site: letter lost");
            return Vec::new();
        }
        let mut sent = vec![bytes.to_vec()];
        if weather.hits(weather.line.doubling) {
            self.fault("site: letter doubled");
            sent.push(bytes.to_vec());
        }
        if weather.hits(weather.line.bent) && !bytes.is_empty() {
            self.fault("site: letter bent");
            if honest {
                weather.line.cut = Some(0);
                return Vec::new();
            }
            let bit = weather.chance.draw() as usize;
            let at = bit / 8 % bytes.len();
            sent[0][at] ^= 1 << (bit % 8);
        }
        if weather.hits(weather.line.late)
            && let Some((to, from)) = to
        {
            self.fault("site: letter held up");
            let bytes = sent.remove(0);
            self.mail.push(Mail { to, from, bytes });
        }
        sent
    }

    /// A phone takes in what its site says; what it answers is for nobody's key.
    fn phone_hears(&mut self, phone: usize, talk: &mut Talk, bytes: &[u8]) -> Result<Said, Broken> {
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
    pub(super) fn site_hears(&mut self, mail: Mail) -> Result<Said, Broken> {
        let Mail { to, from, bytes } = mail;
        let person = self.sites[to].person;
        if let Ok(letter) = Letter::from_bytes(&bytes) {
            self.reached(person, &letter);
        }
        self.feed(to, Input::Letter { from, bytes })
    }

    /// What a site holds, its half holds: of a letter in which a bit was turned, whatever is still as it was signed.
    fn reached(&mut self, person: usize, letter: &Letter) {
        let Body::Messages { messages, .. } = &letter.body else { return };
        for pact in self.pacts.iter_mut().filter(|pact| pact.id == letter.tally) {
            for (at, _) in pact.people.iter().enumerate().filter(|(_, of)| **of == person) {
                for message in messages {
                    if let Message::Chits(page) = message {
                        let chits = page.clone().unfold().into_iter();
                        let whole = chits.filter(|chit| chit.check_signature().is_ok());
                        pact.held[at].extend(whole.map(|chit| chit.chit.hash()));
                    }
                }
            }
        }
    }

    pub(super) fn feed(&mut self, site: usize, input: Input) -> Result<Said, Broken> {
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
                            self.mail.extend(neighbour.map(|to| Mail { to, from: own, bytes }));
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
            let Mail { to, from, bytes } = self.mail.remove(0);
            let before = self.mail.len();
            let speaker = match from {
                Correspondent::Site(key) => self.sites.iter().find(|site| site.key.public() == key),
                Correspondent::User(_) => self.sites.get(to),
            };
            let honest = speaker.is_some_and(|site| !self.people[site.person].liar);
            let arrive = self.fates(&bytes, weather, Some((to, from)), honest);
            held.extend(self.mail.drain(before..));
            for bytes in arrive {
                self.site_hears(Mail { to, from, bytes })?;
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
        self.tell(|| match &letter.body {
            Body::Messages { messages, .. } => {
                format!("    a letter: {}", messages.iter().map(in_short).collect::<Vec<_>>().join("; "))
            }
            other => format!("    a letter: {other:?}").chars().take(74).collect(),
        });
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
