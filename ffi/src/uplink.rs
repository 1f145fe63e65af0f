//! The way home: bytes in, bytes out, timers out. The platform's socket drives it; what is said is the wallet's and its site's.
//!
//! An uplink ends by itself: when the site has answered about every tally and is silent, or when the time that it was given is over.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use hazel_core::key::{Entropy as _, PublicKey};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Delivery, ErrandNews, Wallet as Core};
use hazel_network::peer::{Dialog, Fault, Input, Output, Patience, dialog_key};
use hazel_network::ticket::{SiteTicket, agent_of, site_of};
use hazel_network::uplink::{Talk, UplinkError};
use hazel_sync::{SecretKey, Time};
use zeroize::Zeroizing;

use crate::Answer;
use crate::edge::SystemEntropy;
use crate::ids::Count;
use crate::post::LogLevel;
use crate::tidings::Tidings;
use crate::trouble::{Culprit, HazelError, Trouble, poisoned};
use crate::wallet::{Cell, Wallet};

/// Silence after which the site has said what it has to say, in milliseconds.
const QUIET: u64 = 700;

/// A site that lets this device in. To be kept where no other app reads: who has the secret can read what the site has for this wallet,
/// though sign nothing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SiteLink {
    /// The site's key, as it stands in an address.
    pub site: String,
    /// Where it listens.
    pub host: String,
    /// On which port.
    pub port: u16,
    /// By what this device is known there.
    pub secret: Vec<u8>,
}

/// What the socket, the timer or the screen is to do, in order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "the fields are named by what they hold")]
pub enum Homeward {
    /// Write this on the stream.
    Write { bytes: Vec<u8> },
    /// The site is proven to be the one meant, and has let this device in: keep the link.
    Opened,
    /// Something was taken in.
    News { tidings: Tidings },
    /// The site did not let something in; the code says why, and is stable.
    Declined { tally: TallyId, code: String },
    /// Call `tick` at this time, in milliseconds of the caller's clock; replaces every earlier one.
    WakeAt { at: u64 },
    /// It is over: close the stream. So many tallies have something that is not final yet; the trouble is why it ended early, if it did.
    /// Nothing is lost; what was not confirmed is told again the next time.
    Ended { pending: Count, trouble: Option<Trouble> },
}

/// One channel to a site.
#[derive(uniffi::Object)]
pub struct Uplink {
    cell: Arc<Cell>,
    link: SiteLink,
    site: PublicKey,
    user: [u8; 32],
    line: Mutex<Line>,
}

struct Line {
    dialog: Dialog,
    talk: Option<Talk>,
    unsent: VecDeque<Vec<u8>>,
    heard: Time,
    until: Time,
    is_connected: bool,
    is_over: bool,
}

#[uniffi::export]
impl Wallet {
    /// First contact, by the ticket of whoever runs the site. `within` milliseconds from `now` it ends, whatever came of it.
    pub fn first_uplink(&self, ticket: &str, now: u64, within: u64) -> Answer<Arc<Uplink>> {
        let unreadable = |detail: &str| HazelError::usage("no_site_ticket", &detail);
        let ticket: SiteTicket = ticket
            .trim()
            .parse()
            .map_err(|error: hazel_network::ticket::TicketError| unreadable(&error.to_string()))?;
        let site = ticket.site().ok_or_else(|| unreadable("the ticket names no site"))?;
        let (host, port) =
            ticket.address.endpoint().ok_or_else(|| unreadable("the ticket names no place"))?;
        let secret = Zeroizing::new(fresh());
        let (key, time) = (known_key(&site)?, Time(now));
        let ours = SecretKey::new(*secret);
        let dialog =
            Dialog::redeem(ours, key, &ticket.token, fresh(), Patience::default(), time).map_err(lost)?;
        let link = SiteLink { site: agent_of(&site), host: host.to_owned(), port, secret: secret.to_vec() };
        self.cell().with(|_| Ok(()))?;
        Uplink::new(self.cell(), link, dialog, time.after(within), time)
    }

    /// Goes home over a link that was made before.
    pub fn uplink(&self, link: SiteLink, now: u64, within: u64) -> Answer<Arc<Uplink>> {
        let (key, time) = (known_key(&site_named(&link.site)?)?, Time(now));
        let ours = secret_of(&link)?;
        let dialog = Dialog::call(ours, key, (fresh(), fresh()), Patience::default(), time).map_err(lost)?;
        self.cell().with(|_| Ok(()))?;
        Uplink::new(self.cell(), link, dialog, time.after(within), time)
    }
}

#[uniffi::export]
impl Uplink {
    /// Where to connect, and by what this device is known there; to be kept once the channel was open.
    pub fn link(&self) -> Answer<SiteLink> {
        Ok(self.link.clone())
    }

    /// The stream is connected: what to write first.
    pub fn connected(&self, now: u64) -> Answer<Vec<Homeward>> {
        self.line()?.is_connected = true;
        self.handle(None, now)
    }

    /// The stream said this.
    pub fn bytes(&self, bytes: Vec<u8>, now: u64) -> Answer<Vec<Homeward>> {
        self.handle(Some(Input::Bytes(&bytes)), now)
    }

    /// The time of the last `WakeAt` has come.
    pub fn tick(&self, now: u64) -> Answer<Vec<Homeward>> {
        self.handle(Some(Input::Tick), now)
    }

    /// The stream ended, or could not be connected.
    pub fn gone(&self, now: u64) -> Answer<Vec<Homeward>> {
        self.handle(Some(Input::Gone), now)
    }

    /// The person gives up. Close the stream; nothing is lost.
    pub fn cancel(&self) -> Answer<()> {
        self.line()?.is_over = true;
        Ok(())
    }
}

impl Uplink {
    fn new(cell: &Arc<Cell>, link: SiteLink, dialog: Dialog, until: Time, now: Time) -> Answer<Arc<Self>> {
        let (site, user) = (site_named(&link.site)?, secret_of(&link)?.public().0);
        let line = Line {
            dialog,
            talk: None,
            unsent: VecDeque::new(),
            heard: now,
            until,
            is_connected: false,
            is_over: false,
        };
        Ok(Arc::new(Self { cell: Arc::clone(cell), link, site, user, line: Mutex::new(line) }))
    }

    fn line(&self) -> Answer<MutexGuard<'_, Line>> {
        let line = self.line.lock().map_err(poisoned)?;
        if line.is_over { Err(HazelError::over("uplink_over", &"the channel is over")) } else { Ok(line) }
    }

    /// One input, and everything that follows from it.
    fn handle(&self, input: Option<Input<'_>>, now: u64) -> Answer<Vec<Homeward>> {
        let mut line = self.line()?;
        let (now, mut acts) = (Time(now), Vec::new());
        let done = self.cell.with(|wallet| {
            if let Some(input) = input {
                line.dialog.handle(input, now);
            }
            let mut fault = self.drain(&mut line, wallet, now, &mut acts)?;
            let is_done = line.is_done(wallet, now)?;
            if fault.is_none() && !is_done && now >= line.until {
                fault = Some(late());
            }
            if fault.is_none() && !is_done {
                acts.push(Homeward::WakeAt { at: line.wake_at().0 });
                return Ok(());
            }
            line.is_over = true;
            let pending = match &line.talk {
                Some(talk) => talk.pending(wallet).map_err(HazelError::from)?,
                None => 0,
            };
            acts.push(Homeward::Ended { pending, trouble: fault.map(|fault| fault.trouble().clone()) });
            Ok(())
        });
        // A wallet that fails, or is closed, ends the channel: the stream must not stay open for nobody.
        line.is_over = line.is_over || done.is_err();
        drop(line);
        done?;
        for act in &acts {
            match act {
                Homeward::News { tidings } => self.cell.tell(tidings.tally),
                Homeward::Ended { trouble: Some(trouble), .. } => {
                    self.cell.log(LogLevel::Warning, format!("a channel to a site ended: {}", trouble.code));
                }
                _ => {}
            }
        }
        Ok(acts)
    }

    /// Carries out what the dialog wants, until it wants nothing more; why it ended, if it did.
    fn drain(
        &self,
        line: &mut Line,
        wallet: &mut Core,
        now: Time,
        acts: &mut Vec<Homeward>,
    ) -> Answer<Option<HazelError>> {
        loop {
            while let Some(output) = line.dialog.poll() {
                match output {
                    Output::Write(bytes) => acts.push(Homeward::Write { bytes }),
                    Output::Open(_) => {
                        let (talk, letters) = Talk::begin(wallet, self.site, self.user, &BTreeSet::new())?;
                        line.talk = Some(talk);
                        line.unsent.extend(letters);
                        line.heard = now;
                        acts.push(Homeward::Opened);
                    }
                    Output::Letter(letter) => line.hear(wallet, &letter, now, acts)?,
                    Output::End(fault) => return Ok(Some(line.ended(fault))),
                    // Only who waits for callers is asked who may come in.
                    Output::Who(_) => {}
                }
            }
            match line.unsent.pop_front() {
                Some(letter) if line.dialog.takes() => drop(line.dialog.handle(Input::Send(letter), now)),
                Some(letter) => {
                    line.unsent.push_front(letter);
                    return Ok(None);
                }
                None => return Ok(None),
            }
        }
    }
}

impl Line {
    fn hear(&mut self, wallet: &mut Core, letter: &[u8], now: Time, acts: &mut Vec<Homeward>) -> Answer<()> {
        self.heard = now;
        let Some(talk) = &mut self.talk else { return Ok(()) };
        let answers = talk.hear(wallet, letter)?;
        self.unsent.extend(answers);
        let heard = &mut talk.heard;
        for (tally, code) in heard.refused.drain(..) {
            acts.push(Homeward::Declined { tally, code });
        }
        for news in heard.errands.drain(..) {
            if let ErrandNews::ForMe(delivery) = news {
                acts.push(Homeward::News { tidings: Tidings::from(&delivery) });
            }
        }
        // A letter is about one tally.
        let tally: Option<TallyId> =
            heard.changes.first().map(|(tally, _)| *tally).or_else(|| heard.rejected.first().map(|it| it.0));
        if let Some(tally) = tally {
            let changes = heard.changes.drain(..).map(|(_, change)| change).collect();
            let rejected = heard.rejected.drain(..).map(|(_, rejected)| rejected).collect();
            let delivery = Delivery { tally, changes, rejected, reply: false };
            acts.push(Homeward::News { tidings: Tidings::from(&delivery) });
        }
        Ok(())
    }

    /// Whether everything was said, and the site has nothing more to say.
    fn is_done(&self, wallet: &mut Core, now: Time) -> Answer<bool> {
        let Some(talk) = &self.talk else { return Ok(false) };
        if !talk.all_answered() || !self.unsent.is_empty() || !self.dialog.takes() {
            return Ok(false);
        }
        Ok(now >= self.heard.after(QUIET) || talk.pending(wallet).map_err(HazelError::from)? == 0)
    }

    fn wake_at(&self) -> Time {
        let wake = self.dialog.wake_at().min(self.until);
        match &self.talk {
            Some(talk) if talk.all_answered() => wake.min(self.heard.after(QUIET)),
            _ => wake,
        }
    }

    /// A site that does not know a caller, or not the ticket, closes without a word.
    fn ended(&self, fault: Fault) -> HazelError {
        match fault {
            Fault::Closed if !self.is_connected => {
                HazelError::machine("unreachable_site", Culprit::Nobody, &"the site cannot be reached")
            }
            Fault::Closed if self.talk.is_none() => {
                HazelError::refused("unwelcome", Culprit::Nobody, &"the site closed without a word")
            }
            fault => lost(fault),
        }
    }
}

impl From<UplinkError> for HazelError {
    fn from(error: UplinkError) -> Self {
        match error {
            UplinkError::Wallet(error) => error.into(),
            UplinkError::Malformed(malformed) => malformed.into(),
        }
    }
}

fn lost(fault: Fault) -> HazelError {
    HazelError::machine("channel_lost", Culprit::Nobody, &fault)
}

fn late() -> HazelError {
    HazelError::machine("late", Culprit::Nobody, &"the site did not answer in time")
}

pub(crate) fn site_named(site: &str) -> Answer<PublicKey> {
    site_of(site).ok_or_else(|| HazelError::usage("no_site", &"this names no site"))
}

fn known_key(site: &PublicKey) -> Answer<hazel_sync::PublicKey> {
    dialog_key(site).ok_or_else(|| HazelError::usage("no_site", &"the site has no proper key"))
}

fn secret_of(link: &SiteLink) -> Answer<SecretKey> {
    let bytes = <[u8; 32]>::try_from(link.secret.as_slice()).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| HazelError::usage("no_site", &"this is no secret of a link"))?;
    Ok(SecretKey::new(*bytes))
}

fn fresh() -> [u8; 32] {
    let mut bytes = [0; 32];
    SystemEntropy.fill(&mut bytes);
    bytes
}
