//! A meeting of two wallets: the session carries, the wallet decides, this joins the two. No I/O, no clock.
//!
//! Hand every output of the session but packets, wake-ups and hang-ups to [`Meeting::hear`]; it puts into the session what there is
//! to say and settles when nothing is left. [`Door`] tells a waiter which of its tallies a caller means.

use std::collections::VecDeque;

use hazel_core::errand::ErrandMessage;
use hazel_core::store::Begun;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Delivery, ErrandNews, Talk, Unsettled, Wallet, WalletError};
use hazel_sync::session::{Digest, End, Entropy, Fault, Input, Outcome, Output, Partial, Session};
use hazel_sync::{Time, WeakKey};

use shorthand::{Shorthand, Unknown};

mod door;
mod introduction;
mod shorthand;
mod visit;

pub use door::{Acquaintance, Door};
pub use introduction::{Introduced, Introduction, NEWCOMER, Step, asks_to_be_introduced};
pub use visit::{Call, Visit, Waiter};

/// Why there was no meeting, or why it was broken off on this side.
#[derive(Debug, thiserror::Error)]
pub enum MeetingError {
    /// The wallet.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The session could not begin.
    #[error(transparent)]
    Session(#[from] Fault),
    /// The partner's key is one with which anybody would agree the same secret.
    #[error(transparent)]
    WeakKey(#[from] WeakKey),
    /// Nobody has answered the ticket, so there is nobody to call.
    #[error("nobody has answered this ticket yet: wait to be called")]
    NobodyYet,
    /// The partner has no such device, or it may sign no longer.
    #[error("the partner has no device {0} that may sign")]
    NoDevice(u32),
}

/// Random bytes for one session, from whatever the wallet's edge draws from.
#[must_use]
pub fn session_entropy(source: &mut dyn hazel_core::key::Entropy) -> Entropy {
    let mut bytes = [0; 48];
    source.fill(&mut bytes);
    Entropy(bytes)
}

/// How a meeting went.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether the partner was proven to be the one meant.
    pub met: bool,
    /// Letters that the partner has confirmed.
    pub delivered: usize,
    /// Letters that came.
    pub received: usize,
    /// What each of them changed.
    pub deliveries: Vec<Delivery>,
    /// What happened to errands.
    pub errands: Vec<ErrandNews>,
    /// How the session ended, if it has.
    pub end: Option<End>,
    /// What the two have not settled, as this side sees it.
    pub unsettled: Unsettled,
}

impl Report {
    /// Whether both hold the same, as both have said under seal.
    #[must_use]
    pub fn in_sync(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome == Outcome::InSync)
    }
}

/// The wallet's half of one meeting.
pub struct Meeting {
    talk: Talk,
    shorthand: Shorthand,
    letters: VecDeque<Vec<u8>>,
    introduction: Option<[u8; 32]>,
    exhausted: bool,
    /// Whether errands are still to be spoken of: once, before this side settles.
    errands_due: bool,
    said: usize,
    report: Report,
    trouble: Option<WalletError>,
}

/// What the user decides between letters, such as answering an offer.
pub type Decision<'d> = &'d mut dyn FnMut(&mut Wallet, &TallyId) -> Result<(), WalletError>;

impl Meeting {
    /// Begins a meeting about one tally.
    pub fn begin(wallet: &mut Wallet, tally: &TallyId) -> Result<Self, WalletError> {
        Ok(Self {
            talk: wallet.begin_meeting(tally)?,
            shorthand: Shorthand::about(wallet, tally)?,
            letters: VecDeque::new(),
            introduction: None,
            exhausted: false,
            errands_due: true,
            said: 0,
            report: Report::default(),
            trouble: None,
        })
    }

    /// What a caller has to say goes with its first record; a waiter speaks once the caller is proven.
    pub fn call(&mut self, session: &mut Session, wallet: &mut Wallet, now: Time) {
        self.speak(session, wallet, now);
    }

    /// Takes in one output of the session.
    pub fn hear(
        &mut self,
        session: &mut Session,
        wallet: &mut Wallet,
        decide: Decision<'_>,
        output: Output,
        now: Time,
    ) {
        match output {
            Output::Met(peer) => {
                self.report.met = true;
                self.introduction = peer.ticket.is_some().then_some(peer.key.0);
                self.speak(session, wallet, now);
            }
            Output::Message(_, letter) => {
                self.report.received = self.report.received.saturating_add(1);
                let heard = if ErrandMessage::is_meant_by(&letter) {
                    self.hear_errand(wallet, &letter)
                } else {
                    self.hear_letter(wallet, &letter, decide)
                };
                if let Err(trouble) = heard {
                    return self.break_off(session, trouble, now);
                }
                self.speak(session, wallet, now);
            }
            Output::Delivered(_) => {
                self.report.delivered = self.report.delivered.saturating_add(1);
                self.shorthand.arrived();
                self.speak(session, wallet, now);
            }
            Output::Begun(partial) => {
                if let Err(trouble) = wallet.keep_begun(self.talk.tally(), Some(&begun(&partial))) {
                    self.break_off(session, trouble, now);
                }
            }
            Output::Ended(end) => self.report.end = Some(end),
            _ => {}
        }
    }

    fn hear_letter(
        &mut self,
        wallet: &mut Wallet,
        letter: &[u8],
        decide: Decision<'_>,
    ) -> Result<(), WalletError> {
        let delivery = self.take_in(wallet, letter)?;
        self.report.deliveries.extend(delivery);
        self.exhausted = false;
        decide(wallet, self.talk.tally())
    }

    fn hear_errand(&mut self, wallet: &mut Wallet, said: &[u8]) -> Result<(), WalletError> {
        let turn = wallet.hear_errand(self.talk.tally(), said)?;
        self.letters.extend(turn.reply);
        self.report.errands.extend(turn.news);
        Ok(())
    }

    /// A letter that names what is not known here is answered by a summary: the partner says again in full what it shows to be missing.
    fn take_in(&mut self, wallet: &mut Wallet, letter: &[u8]) -> Result<Option<Delivery>, WalletError> {
        match self.shorthand.expand(letter) {
            Ok(letter) => {
                let delivery = wallet.hear(&mut self.talk, self.introduction.as_ref(), &letter)?;
                if self.shorthand.was_in_doubt() {
                    // Everything that is not known to have arrived is said again.
                    let tally = *self.talk.tally();
                    self.talk = wallet.begin_meeting(&tally)?;
                }
                Ok(delivery)
            }
            Err(Unknown) => {
                self.shorthand.distrust();
                wallet.ask_what_is_missing(self.talk.tally()).map(|()| None)
            }
        }
    }

    /// Gives the session what it has room for; settles when all is said and, if anything was, all of it has arrived or been answered.
    fn speak(&mut self, session: &mut Session, wallet: &mut Wallet, now: Time) {
        if self.report.end.is_some() || self.trouble.is_some() {
            return;
        }
        loop {
            while self.letters.front().is_some_and(|letter| letter.len() <= session.room()) {
                let Some(letter) = self.letters.pop_front() else { break };
                self.said = self.said.saturating_add(1);
                let letter = if ErrandMessage::is_meant_by(&letter) {
                    letter
                } else {
                    self.shorthand.shorten(&letter)
                };
                if session.handle(now, Input::Send(letter)).is_err() {
                    return;
                }
            }
            if !self.letters.is_empty() || (self.exhausted && !self.errands_due) {
                break;
            }
            // What the two have to say of their own tally comes first.
            let more = if self.exhausted {
                self.errands_due = false;
                wallet.say_errands(self.talk.tally())
            } else {
                wallet.say(&mut self.talk).inspect(|letters| self.exhausted = letters.is_empty())
            };
            match more {
                Ok(letters) => self.letters.extend(letters),
                Err(trouble) => return self.break_off(session, trouble, now),
            }
        }
        let answered = self.said == 0 || self.report.received > 0 || self.report.delivered == self.said;
        if self.letters.is_empty() && answered {
            match wallet.stands_at(self.talk.tally()) {
                Ok(digest) => {
                    let _ = session.handle(now, Input::Settled(Digest(digest.first())));
                }
                Err(trouble) => self.break_off(session, trouble, now),
            }
        }
    }

    /// What cannot be kept must not be confirmed: the session ends, and the partner will say it again.
    fn break_off(&mut self, session: &mut Session, trouble: WalletError, now: Time) {
        self.trouble = Some(trouble);
        let _ = session.handle(now, Input::Cancel);
    }

    /// How it stands so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Ends the meeting and says how it went.
    pub fn end(mut self, wallet: &mut Wallet) -> Result<Report, WalletError> {
        let in_sync = self.report.in_sync();
        if let Some(end) = &self.report.end {
            let partial = end.partial.as_ref().filter(|_| !in_sync);
            wallet.keep_begun(self.talk.tally(), partial.map(begun).as_ref())?;
        }
        self.report.unsettled = wallet.end_meeting(&self.talk, in_sync)?;
        match self.trouble {
            Some(trouble) => Err(trouble),
            None => Ok(self.report),
        }
    }
}

fn begun(partial: &Partial) -> Begun {
    Begun { name: partial.id.0, total: partial.total, bytes: partial.bytes.clone() }
}
