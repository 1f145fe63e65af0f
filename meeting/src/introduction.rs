//! Two strangers without a camera: both screens show one code, and only when both people have agreed does one hand the other a ticket.
//!
//! The session is between two keys made for it alone. What comes after is a meeting by that ticket.

use std::collections::VecDeque;

use hazel_sync::beacon::Tag;
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
/// What a radio shows as long as somebody wants to be introduced. The same for everybody: it says nothing else.
pub const NEWCOMER: Tag = Tag(*b"newcomer");
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

/// What one side is to do next, in order.
#[derive(Debug)]
pub enum Step {
    /// Write this on the link, as one packet.
    Packet(Vec<u8>),
    /// Show this code and ask whether the other screen shows the same.
    Compare(Code),
    /// Both have said so. Now one may [`give`](Introduction::give).
    Agreed,
    /// The other gave this.
    Taken(Vec<u8>),
    /// It is over; nothing but packets and a hang-up follow.
    Ended(End),
    /// Close the link.
    HangUp,
    /// Say [`Input::Tick`] at this time; replaces every earlier one.
    WakeAt(Time),
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
        let mut steps: VecDeque<Step> = self.link_up(link.mtu(), clock()).into();
        let (mut wake, mut code): (Option<Time>, Option<Code>) = (None, None);
        loop {
            while let Some(step) = steps.pop_front() {
                match step {
                    // A link that is lost here hands nothing over; the two begin anew.
                    Step::Packet(packet) if link.send(&packet).is_err() => return came,
                    Step::Packet(_) => {}
                    Step::HangUp => return came,
                    Step::WakeAt(at) => wake = Some(at),
                    Step::Compare(shown) => code = Some(shown),
                    Step::Agreed => {
                        let given = gives().map(|gift| self.give(gift, clock()));
                        steps.extend(given.unwrap_or_default());
                    }
                    Step::Taken(gift) => came.taken = Some(gift),
                    Step::Ended(end) => came.end = Some(end),
                }
            }
            // Only now has all left that the other screen needs to show the same code.
            if let Some(code) = code.take() {
                steps.extend(self.handle(Input::CodesMatch(same(&code)), clock()));
                continue;
            }
            let now = clock();
            let wait = wake.map_or(LONGEST_WAIT, |at| at.since(now).min(LONGEST_WAIT));
            let packet = if wait == 0 { Ok(None) } else { link.receive(wait) };
            let Ok(packet) = packet else { return came };
            steps.extend(self.handle(packet.as_deref().map_or(Input::Tick, Input::Packet), clock()));
        }
    }

    /// A link came up. There is one only: if it is lost, nothing was handed over, and the two begin anew.
    pub fn link_up(&mut self, mtu: u16, now: Time) -> Vec<Step> {
        self.handle(Input::LinkUp { mtu, dialing: self.dials }, now)
    }

    /// What happened, and what is to be done about it. What cannot happen now changes nothing.
    pub fn handle(&mut self, input: Input<'_>, now: Time) -> Vec<Step> {
        let _ = self.session.handle(now, input);
        let mut steps = Vec::new();
        while let Some(output) = self.session.poll() {
            steps.push(match output {
                Output::Packet(packet) => Step::Packet(packet),
                Output::HangUp => Step::HangUp,
                Output::WakeAt(at) => Step::WakeAt(at),
                Output::Compare(code) => Step::Compare(code),
                Output::Met(_) => Step::Agreed,
                Output::Message(_, gift) => {
                    let _ = self.session.handle(now, Input::Settled(stands_at(&gift)));
                    Step::Taken(gift)
                }
                Output::Ended(end) => Step::Ended(end),
                Output::Begun(_) | Output::Delivered(_) | Output::Parted(_) | Output::LinkRefused(_) => {
                    continue;
                }
            });
        }
        steps
    }

    /// Hands this over. Only after [`Step::Agreed`], and on one of the two sides.
    pub fn give(&mut self, gift: Vec<u8>, now: Time) -> Vec<Step> {
        let stands = stands_at(&gift);
        let _ = self.session.handle(now, Input::Send(gift));
        self.handle(Input::Settled(stands), now)
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
