//! Two strangers without a camera: both screens show one code, and only when both people have agreed does one hand the other a ticket.
//!
//! The session is between two keys made for it alone. What comes after is a meeting by that ticket.

use hazel_sync::carrier::Link;
use hazel_sync::frame::Greeting;
use hazel_sync::session::{
    Carrier, Code, Digest, End, Entropy, Hint, Id, Input, MessageId, Outcome, Output, Patience, Role,
    Session, Setting, Way,
};
use hazel_sync::{SecretKey, Time};

use super::MeetingError;

/// The number of the handshake pattern between strangers.
const STRANGERS: u8 = 2;
/// The longest that a silent link is waited for before the session is asked again, in milliseconds.
const LONGEST_WAIT: u64 = 1_000;

/// Whether a caller's first packet is a stranger's who wants to be introduced.
#[must_use]
pub fn asks_to_be_introduced(first: &[u8]) -> bool {
    Greeting::read(first).is_some_and(|greeting| greeting.pattern == STRANGERS)
}

/// One side of an introduction.
pub struct Introduction {
    session: Session,
    dials: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Introduced {
    /// What the other gave.
    pub taken: Option<Vec<u8>>,
    /// How the session ended; in sync if what was given has arrived.
    pub end: Option<End>,
}

impl Introduced {
    /// Whether both have agreed to the code, and what was to be given has arrived.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome == Outcome::InSync)
    }
}

impl Introduction {
    /// Prepares one side.
    pub fn new(
        carrier: Carrier,
        dials: bool,
        secret: [u8; 32],
        entropy: &Entropy,
    ) -> Result<Self, MeetingError> {
        let setting = Setting {
            role: if dials { Role::Dialer } else { Role::Waiter },
            way: Way::Stranger,
            carrier,
            dialer: Id::default(),
            waiter: Id::default(),
            hint: Hint::default(),
            kept: None,
            patience: Patience::default(),
        };
        Ok(Self { session: Session::new(setting, &SecretKey::new(secret), entropy)?, dials })
    }

    /// Runs over one link. `same` shows the code and says whether the other screen shows the same; it may take its time. `gives` is asked
    /// once both have agreed, and must give something on exactly one of the two sides.
    pub fn over(
        mut self,
        link: &mut dyn Link,
        clock: &mut dyn FnMut() -> Time,
        same: &mut dyn FnMut(&Code) -> bool,
        gives: &mut dyn FnMut() -> Option<Vec<u8>>,
    ) -> Introduced {
        let mut came = Introduced { taken: None, end: None };
        let up = Input::LinkUp { mtu: link.mtu(), dialing: self.dials };
        let _ = self.session.handle(clock(), up);
        let (mut wake, mut code): (Option<Time>, Option<Code>) = (None, None);
        loop {
            while let Some(output) = self.session.poll() {
                match output {
                    // A link that is lost here hands nothing over; the two begin anew.
                    Output::Packet(packet) if link.send(&packet).is_err() => return came,
                    Output::HangUp => return came,
                    Output::WakeAt(at) => wake = Some(at),
                    Output::Compare(shown) => code = Some(shown),
                    Output::Met(_) => self.give(gives(), clock()),
                    Output::Message(_, gift) => {
                        let _ = self.session.handle(clock(), Input::Settled(stands_at(&gift)));
                        came.taken = Some(gift);
                    }
                    Output::Ended(end) => came.end = Some(end),
                    _ => {}
                }
            }
            // Only now has all left that the other screen needs to show the same code.
            if let Some(code) = code.take() {
                let _ = self.session.handle(clock(), Input::CodesMatch(same(&code)));
                continue;
            }
            let now = clock();
            let wait = wake.map_or(LONGEST_WAIT, |at| at.since(now).min(LONGEST_WAIT));
            let packet = if wait == 0 { Ok(None) } else { link.receive(wait) };
            let Ok(packet) = packet else { return came };
            let _ = self.session.handle(clock(), packet.as_deref().map_or(Input::Tick, Input::Packet));
        }
    }

    fn give(&mut self, gift: Option<Vec<u8>>, now: Time) {
        if let Some(gift) = gift {
            let stands = stands_at(&gift);
            let _ = self.session.handle(now, Input::Send(gift));
            let _ = self.session.handle(now, Input::Settled(stands));
        }
    }
}

fn stands_at(gift: &[u8]) -> Digest {
    let mut digest = Digest::default();
    let name = MessageId::of(gift).0;
    for (to, from) in digest.0.iter_mut().zip(name) {
        *to = from;
    }
    digest
}
