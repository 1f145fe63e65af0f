//! A meeting over links that wait, such as sockets and radios: one session, however many links it takes.

use std::io;

use hazel_core::tally::TallyId;
use hazel_core::wallet::{Wallet, WalletError};
use hazel_sync::Time;
use hazel_sync::carrier::{Greeted, Link, run};
use hazel_sync::session::{Carrier, Entropy, Input, Session};

use super::{Acquaintance, Decision, Door, Meeting, MeetingError, Report};

/// One meeting of this process.
pub struct Visit {
    tally: TallyId,
    session: Session,
    meeting: Meeting,
    linked: bool,
    calls: bool,
}

impl Visit {
    /// Prepares to call a partner.
    pub fn call(
        wallet: &mut Wallet,
        known: &Acquaintance,
        carrier: Carrier,
        entropy: &Entropy,
    ) -> Result<Self, MeetingError> {
        let session = known.dial(carrier, wallet.now(), entropy)?;
        let meeting = Meeting::begin(wallet, known.tally())?;
        Ok(Self { tally: *known.tally(), session, meeting, linked: false, calls: true })
    }

    /// Answers a caller by its first packet; none if it means nobody here.
    pub fn answer(
        wallet: &mut Wallet,
        door: &Door,
        first: &[u8],
        carrier: Carrier,
        entropy: &Entropy,
    ) -> Result<Option<Self>, MeetingError> {
        let Some((tally, session)) = door.answer(first, carrier, wallet.now(), entropy)? else {
            return Ok(None);
        };
        let meeting = Meeting::begin(wallet, &tally)?;
        Ok(Some(Self { tally, session, meeting, linked: false, calls: false }))
    }

    /// About which tally.
    #[must_use]
    pub const fn tally(&self) -> &TallyId {
        &self.tally
    }

    /// How it stands so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.meeting.report()
    }

    /// Whether nothing is left that another link could bring.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.meeting.report().end.is_some()
    }

    /// Whether a first packet on a new link goes on with this very meeting.
    #[must_use]
    pub fn recognises(&self, first: &[u8]) -> bool {
        self.session.recognises(first)
    }

    /// Meets over one link until it is done or the link is lost; in the second case another link may go on.
    pub fn over(
        &mut self,
        wallet: &mut Wallet,
        link: &mut dyn Link,
        dialing: bool,
        clock: &mut dyn FnMut() -> Time,
        decide: Decision<'_>,
    ) -> io::Result<()> {
        let Self { session, meeting, linked, calls, .. } = self;
        if !*linked && *calls {
            meeting.call(session, wallet, clock());
        }
        *linked = true;
        run(session, link, dialing, clock, &mut |session, output, now| {
            meeting.hear(session, wallet, decide, output, now);
        })
    }

    /// Ends it, finished or not, and says how it went.
    pub fn end(mut self, wallet: &mut Wallet) -> Result<Report, WalletError> {
        // A meeting that is parted gives up what has arrived of a long letter, for the next one to go on with.
        if self.session.handle(Time::default(), Input::Cancel).is_ok() {
            while let Some(output) = self.session.poll() {
                self.meeting.hear(&mut self.session, wallet, &mut |_, _| Ok(()), output, Time::default());
            }
        }
        self.meeting.end(wallet)
    }
}

/// Lends a link out, so that whoever owns it has it back afterwards.
struct Lent<'l>(&'l mut dyn Link);

impl Link for Lent<'_> {
    fn mtu(&self) -> u16 {
        self.0.mtu()
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        self.0.send(packet)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        self.0.receive(milliseconds)
    }
}

/// How long a caller may take to say what it wants, in milliseconds.
const FIRST_WORD: u64 = 10_000;

/// What came of a link that somebody else opened.
#[derive(Debug)]
pub enum Call {
    /// The link was lost, or closed, before its caller said whom it wants.
    Silence(io::Error),
    /// The caller means nobody here. It is not told why.
    Stranger,
    /// There was a meeting; the link may have been lost in the middle of it.
    Meeting(io::Result<()>),
}

/// Somebody who waits to be called.
pub struct Waiter {
    door: Door,
    carrier: Carrier,
    visit: Option<Visit>,
}

impl Waiter {
    /// Waits behind this door.
    #[must_use]
    pub fn behind(door: Door, carrier: Carrier) -> Self {
        Self { door, carrier, visit: None }
    }

    /// The meeting that has begun, if one has.
    #[must_use]
    pub fn visit(&self) -> Option<&Visit> {
        self.visit.as_ref()
    }

    /// Takes out the meeting, finished or not.
    pub fn leave(&mut self) -> Option<Visit> {
        self.visit.take()
    }

    /// Receives a call: goes on with the meeting that was parted, or begins another. A stranger's call leaves a parted one as it is.
    pub fn receive(
        &mut self,
        wallet: &mut Wallet,
        link: &mut dyn Link,
        entropy: &Entropy,
        clock: &mut dyn FnMut() -> Time,
        decide: Decision<'_>,
    ) -> Result<Call, MeetingError> {
        let mut greeted = match Greeted::wait(Lent(link), FIRST_WORD, clock) {
            Ok(greeted) => greeted,
            Err(lost) => return Ok(Call::Silence(lost)),
        };
        if !self.visit.as_ref().is_some_and(|visit| visit.recognises(greeted.first())) {
            // Whoever begins anew has forgotten the old meeting.
            match Visit::answer(wallet, &self.door, greeted.first(), self.carrier, entropy)? {
                Some(visit) => self.visit = Some(visit),
                None => return Ok(Call::Stranger),
            }
        }
        match &mut self.visit {
            Some(visit) => Ok(Call::Meeting(visit.over(wallet, &mut greeted, false, clock, decide))),
            None => Ok(Call::Stranger),
        }
    }
}
