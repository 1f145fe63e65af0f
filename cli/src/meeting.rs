//! A meeting of two wallets: the session carries, the wallet decides, this joins the two. No I/O, no clock.
//!
//! Hand every output of the session but packets, wake-ups and hang-ups to [`Meeting::hear`]; it puts into the session what there is
//! to say and settles when nothing is left. [`Door`] tells a waiter which of its tallies a caller means.

use std::collections::VecDeque;

use hazel_core::tally::TallyId;
use hazel_core::wallet::{Delivery, MeetingKeys, Talk, Unsettled, Wallet, WalletError};
use hazel_sync::beacon::{EPOCH_SECONDS, Epoch, Tag, dials};
use hazel_sync::frame::Greeting;
use hazel_sync::session::{
    Carrier, Digest, End, Entropy, Fault, Hint, Id, Input, Nonce, Outcome, Output, Partial, Patience, Role,
    Session, Setting, Way,
};
use hazel_sync::{PairwiseKey, PublicKey, SecretKey, Time, WeakKey};

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
}

/// One tally's way to its partner.
pub struct Acquaintance {
    keys: MeetingKeys,
    secret: SecretKey,
    pairwise: Option<PairwiseKey>,
}

impl Acquaintance {
    /// Asks the wallet for the keys of this tally.
    pub fn of(wallet: &Wallet, tally: &TallyId) -> Result<Self, MeetingError> {
        let keys = wallet.meeting_keys(tally)?;
        let secret = SecretKey::new(*keys.secret);
        let pairwise = keys.theirs.map(|theirs| secret.pairwise(&PublicKey(theirs))).transpose()?;
        Ok(Self { keys, secret, pairwise })
    }

    /// Which tally.
    #[must_use]
    pub fn tally(&self) -> &TallyId {
        &self.keys.tally
    }

    /// The tag that this device shows to the partner now.
    #[must_use]
    pub fn shown_tag(&self, unix: u64) -> Option<Tag> {
        let pairwise = self.pairwise.as_ref()?;
        Some(Tag::new(pairwise, &self.secret.public(), Epoch::at(unix)))
    }

    /// The tag that the partner shows now.
    #[must_use]
    pub fn awaited_tag(&self, unix: u64) -> Option<Tag> {
        let (pairwise, theirs) = (self.pairwise.as_ref()?, self.keys.theirs?);
        Some(Tag::new(pairwise, &PublicKey(theirs), Epoch::at(unix)))
    }

    /// Whether of the two it is this device that calls now.
    #[must_use]
    pub fn calls(&self, unix: u64) -> bool {
        match (&self.pairwise, self.keys.theirs) {
            (Some(pairwise), Some(theirs)) => {
                dials(pairwise, &self.secret.public(), &PublicKey(theirs), unix)
            }
            _ => false,
        }
    }

    /// The hint by which a ticket is meant.
    #[must_use]
    pub fn ticket_hint(&self) -> Option<Hint> {
        self.nonce().map(|nonce| Hint::of_ticket(&nonce))
    }

    fn nonce(&self) -> Option<Nonce> {
        self.keys.ticket.as_ref().map(|nonce| Nonce(**nonce))
    }

    /// The session of a caller: by ticket until the partner is known, as partners afterwards.
    pub fn dial(
        &self,
        carrier: Carrier,
        unix: u64,
        kept: Option<Partial>,
        entropy: &Entropy,
    ) -> Result<Session, MeetingError> {
        let theirs = self.keys.theirs.ok_or(MeetingError::NobodyYet)?;
        let ours = self.keys.name_of(&self.keys.ours);
        let waiter = Id(self.keys.name_of(&theirs));
        let by_ticket = self.nonce().filter(|_| self.keys.introduces);
        let (way, hint, dialer) = match by_ticket {
            // Only the handshake tells the inviter who calls.
            Some(nonce) => {
                let hint = Hint::of_ticket(&nonce);
                (Way::Ticket { nonce, issuer: PublicKey(theirs) }, hint, Id::default())
            }
            None => {
                let tag = self.shown_tag(unix).ok_or(MeetingError::NobodyYet)?;
                (Way::Partner { key: PublicKey(theirs) }, tag.hint(), Id(ours))
            }
        };
        let patience = Patience::default();
        let setting = Setting { role: Role::Dialer, way, carrier, dialer, waiter, hint, kept, patience };
        Ok(Session::new(setting, &self.secret, entropy)?)
    }

    /// The session for a caller who has opened with this hint.
    fn answer(
        &self,
        carrier: Carrier,
        hint: Hint,
        by_ticket: bool,
        kept: Option<Partial>,
        entropy: &Entropy,
    ) -> Result<Session, MeetingError> {
        let waiter = Id(self.keys.name_of(&self.keys.ours));
        let (way, dialer) = if by_ticket {
            let nonce = self.nonce().ok_or(MeetingError::NobodyYet)?;
            (Way::Ticket { nonce, issuer: self.secret.public() }, Id::default())
        } else {
            let theirs = self.keys.theirs.ok_or(MeetingError::NobodyYet)?;
            (Way::Partner { key: PublicKey(theirs) }, Id(self.keys.name_of(&theirs)))
        };
        let patience = Patience::default();
        let setting = Setting { role: Role::Waiter, way, carrier, dialer, waiter, hint, kept, patience };
        Ok(Session::new(setting, &self.secret, entropy)?)
    }
}

/// Everybody who may call: how a waiter finds the tally that a caller means, without the caller naming it to others.
pub struct Door {
    acquaintances: Vec<Acquaintance>,
}

impl Door {
    /// Opens to the partners of these tallies.
    pub fn to(wallet: &Wallet, tallies: &[TallyId]) -> Result<Self, MeetingError> {
        let acquaintances = tallies.iter().map(|tally| Acquaintance::of(wallet, tally)).collect::<Result<_, _>>()?;
        Ok(Self { acquaintances })
    }

    /// Whom this door is open to.
    #[must_use]
    pub fn acquaintances(&self) -> &[Acquaintance] {
        &self.acquaintances
    }

    /// The tally and the session for a caller's first packet; none if it means nobody here.
    pub fn answer(
        &self,
        first: &[u8],
        carrier: Carrier,
        unix: u64,
        entropy: &Entropy,
    ) -> Result<Option<(TallyId, Session)>, MeetingError> {
        let Some(hint) = Greeting::read(first).map(|greeting| greeting.hint()) else { return Ok(None) };
        for known in &self.acquaintances {
            let by_ticket = !known.keys.introduces && known.ticket_hint() == Some(hint);
            if by_ticket || known.shows(hint, unix) {
                let session = known.answer(carrier, hint, by_ticket, None, entropy)?;
                return Ok(Some((*known.tally(), session)));
            }
        }
        Ok(None)
    }
}

impl Acquaintance {
    /// Whether the partner shows this tag, by a clock up to a quarter of an hour off.
    fn shows(&self, hint: Hint, unix: u64) -> bool {
        let clocks = [unix.saturating_sub(EPOCH_SECONDS), unix, unix.saturating_add(EPOCH_SECONDS)];
        clocks.into_iter().any(|unix| self.awaited_tag(unix).is_some_and(|tag| tag.hint() == hint))
    }
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
    letters: VecDeque<Vec<u8>>,
    introduction: Option<[u8; 32]>,
    exhausted: bool,
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
            letters: VecDeque::new(),
            introduction: None,
            exhausted: false,
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
                let heard = wallet.hear(&mut self.talk, self.introduction.as_ref(), &letter);
                let heard = heard.and_then(|delivery| {
                    decide(wallet, self.talk.tally())?;
                    Ok(delivery)
                });
                match heard {
                    Ok(delivery) => self.report.deliveries.extend(delivery),
                    Err(trouble) => return self.break_off(session, trouble, now),
                }
                self.exhausted = false;
                self.speak(session, wallet, now);
            }
            Output::Delivered(_) => {
                self.report.delivered = self.report.delivered.saturating_add(1);
                self.speak(session, wallet, now);
            }
            Output::Ended(end) => self.report.end = Some(end),
            _ => {}
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
                if session.handle(now, Input::Send(letter)).is_err() {
                    return;
                }
            }
            if !self.letters.is_empty() || self.exhausted {
                break;
            }
            match wallet.say(&mut self.talk) {
                Ok(letters) => {
                    self.exhausted = letters.is_empty();
                    self.letters.extend(letters);
                }
                Err(trouble) => return self.break_off(session, trouble, now),
            }
        }
        let answered = self.said == 0 || self.report.received > 0 || self.report.delivered == self.said;
        if self.letters.is_empty() && answered {
            match wallet.stands_at(self.talk.tally()) {
                Ok(digest) => {
                    let _ = session.handle(now, Input::Settled(Digest(digest.0)));
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
        self.report.unsettled = wallet.end_meeting(&self.talk, in_sync)?;
        match self.trouble {
            Some(trouble) => Err(trouble),
            None => Ok(self.report),
        }
    }
}
