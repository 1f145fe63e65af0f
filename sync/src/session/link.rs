//! A session's links: greeting on the first, proof on every later one, and the clock that watches them.

use super::fault::{FORGOTTEN, Fault, Outcome, Stage};
use super::{Hint, Misuse, Output, Phase, Role, Session, Way, payload};
use crate::Time;
use crate::frame::{Greeting, Packet, Payload, Resume};
use crate::keys::same;

const CONTROL_REPEAT: u64 = 400;

/// What there is of a link.
pub(super) enum Link {
    Down,
    Up {
        /// The peer's first packet was the right one: the stream may flow.
        greeted: bool,
        /// The packet to repeat until the peer is heard, and when next.
        control: Option<(Vec<u8>, Time)>,
        /// Set on a link that goes on with a parted session.
        resumed: bool,
        /// Whether this side opened it.
        dialing: bool,
        payload: Payload,
    },
}

impl Link {
    /// Whether the stream may flow.
    pub(super) fn speaks(&self) -> bool {
        matches!(self, Self::Up { greeted: true, .. })
    }
}

impl Session {
    pub(super) fn link_up(&mut self, mtu: u16, dialing: bool) -> Result<(), Misuse> {
        if !matches!(self.link, Link::Down) {
            return Err(Misuse::LinkedAlready);
        }
        let payload = payload(mtu)?;
        self.last_heard = self.now;
        let resumed = matches!(self.phase, Phase::Open(_));
        if resumed {
            self.link_counts.0 = self.link_counts.0.saturating_add(1);
            let control = dialing.then(|| self.claim()).flatten().map(|claim| (claim, self.now));
            self.link = Link::Up { greeted: false, control, resumed, dialing, payload };
            return Ok(());
        }
        self.began = Some(self.now);
        let dialer = self.setting.role == Role::Dialer;
        let control = dialer.then(|| (Packet::Open(self.greeting()).write(), self.now));
        self.framer.link_up(payload, false, self.now);
        self.link = Link::Up { greeted: dialer, control, resumed, dialing, payload };
        if dialer && let Err(fault) = self.advance() {
            self.fail(fault);
        }
        Ok(())
    }

    pub(super) fn link_down(&mut self) {
        if matches!(self.link, Link::Down) {
            return;
        }
        self.link = Link::Down;
        match &mut self.phase {
            Phase::Shaking(_) => self.end(Outcome::Failed(Fault::LinkLost)),
            Phase::Open(open) => {
                if open.pairwise.is_none() {
                    open.pairwise = self.secret.pairwise(&open.theirs).ok();
                }
                let until = self.parted_until.unwrap_or_else(|| self.now.after(self.setting.patience.parted));
                self.parted_until = Some(until);
                self.outputs.extend(self.transfer.beginning(self.now, true).map(Output::Begun));
                self.outputs.push_back(Output::Parted(until));
            }
            Phase::Over(_) => self.flush_until = None,
        }
    }

    pub(super) fn packet(&mut self, bytes: &[u8]) {
        let Link::Up { greeted, resumed, .. } = self.link else { return };
        let outcome = match Packet::read(bytes) {
            Ok(packet) => self.hear(&packet),
            Err(error) => Err(Fault::Frame(error)),
        };
        match outcome {
            Ok(()) => self.last_heard = self.now,
            // Nobody has proven to be the peer on this link: the session stays as it is for who can.
            Err(fault) if resumed && !greeted => self.refuse(fault),
            Err(fault) => self.fail(fault),
        }
    }

    fn refuse(&mut self, fault: Fault) {
        self.outputs.push_back(Output::LinkRefused(fault));
        self.outputs.push_back(Output::HangUp);
        self.link_down();
    }

    fn hear(&mut self, packet: &Packet<'_>) -> Result<(), Fault> {
        let Link::Up { greeted, control, resumed, .. } = &mut self.link else { return Ok(()) };
        match packet {
            Packet::Flow { ack, piece } if *greeted => {
                if !*resumed {
                    *control = None;
                }
                self.framer.hear(ack.as_ref(), *piece, self.now)?;
                self.advance()
            }
            // Overtook the greeting, or left over from the link before: it comes again.
            Packet::Flow { .. } => Ok(()),
            Packet::Open(greeting) if !*resumed => self.opened(greeting),
            Packet::Open(_) if *greeted => Ok(()),
            Packet::Open(_) => Err(Fault::FalseResume),
            Packet::Resume(claim) if *resumed => self.resumed(claim),
            Packet::Resume(_) if *greeted => Ok(()),
            Packet::Resume(_) => Err(Fault::Forgotten),
            Packet::Close(reason) => {
                self.closed(*reason);
                Ok(())
            }
        }
    }

    fn greeting(&self) -> Greeting {
        Greeting { pattern: pattern(&self.setting.way), hint: self.setting.hint.0 }
    }

    fn opened(&mut self, greeting: &Greeting) -> Result<(), Fault> {
        let expected = self.greeting();
        if self.setting.role == Role::Dialer {
            return Err(Fault::Pattern(greeting.pattern));
        }
        if greeting.pattern != expected.pattern {
            return Err(Fault::Pattern(greeting.pattern));
        }
        if greeting.hint != expected.hint {
            return Err(Fault::Hint);
        }
        if let Link::Up { greeted, .. } = &mut self.link {
            *greeted = true;
        }
        Ok(())
    }

    /// Our proof of being one half of this session, for this link only.
    fn claim(&self) -> Option<Vec<u8>> {
        let count = self.link_counts.0;
        let proof = self.proof(self.setting.role, count)?;
        Some(Packet::Resume(Resume { count, proof }).write())
    }

    fn proof(&self, role: Role, count: u16) -> Option<[u8; 16]> {
        let Phase::Open(open) = &self.phase else { return None };
        let role = [u8::from(role == Role::Waiter)];
        let hash =
            open.pairwise.as_ref()?.hash(&[b"hazel sync 1 resume", &open.hash, &role, &count.to_be_bytes()]);
        hash.first_chunk().copied()
    }

    /// Whether a claim was made by the other half of this session.
    pub(super) fn claim_holds(&self, claim: &Resume) -> bool {
        let theirs = if self.setting.role == Role::Dialer { Role::Waiter } else { Role::Dialer };
        claim.count >= self.link_counts.1
            && self.proof(theirs, claim.count).is_some_and(|proof| same(&proof, &claim.proof))
    }

    fn resumed(&mut self, claim: &Resume) -> Result<(), Fault> {
        let holds = self.claim_holds(claim);
        let again = claim.count == self.link_counts.1;
        let answer = self.claim();
        let Link::Up { greeted, control, payload, dialing, .. } = &mut self.link else { return Ok(()) };
        if *greeted {
            // A replay changes nothing; a repetition means that our answer, or what we said of the link before, was lost.
            if holds && again {
                if !*dialing {
                    *control = answer.map(|answer| (answer, self.now));
                }
                self.framer.repeat_ack(self.now);
            }
            return Ok(());
        }
        if !holds || again {
            return Err(Fault::FalseResume);
        }
        *greeted = true;
        // Repeated until the peer has said what arrived over the link before; who has dialled has made its claim once already.
        let due = if *dialing { self.now.after(CONTROL_REPEAT) } else { self.now };
        *control = answer.map(|answer| (answer, due));
        self.link_counts.1 = claim.count;
        self.framer.link_up(*payload, true, self.now);
        self.parted_until = None;
        Ok(())
    }

    /// The peer closed the link; nobody vouches for the reason.
    fn closed(&mut self, reason: u8) {
        match &self.phase {
            Phase::Open(_) if reason == FORGOTTEN => {
                self.end(Outcome::Failed(Fault::Forgotten));
                self.hang_up();
            }
            Phase::Open(open) if open.met => {
                self.outputs.push_back(Output::HangUp);
                self.link_down();
            }
            Phase::Shaking(_) | Phase::Open(_) => {
                self.end(Outcome::Failed(Fault::HungUp(reason)));
                self.hang_up();
            }
            Phase::Over(_) => self.hang_up(),
        }
    }

    pub(super) fn hang_up(&mut self) {
        if !matches!(self.link, Link::Down) {
            self.link = Link::Down;
            self.outputs.push_back(Output::HangUp);
        }
        if matches!(self.phase, Phase::Over(_)) {
            self.flush_until = None;
        }
    }

    /// The next packet for the link.
    pub(super) fn speak(&mut self) -> Option<Vec<u8>> {
        let Link::Up { greeted, control, resumed, .. } = &mut self.link else { return None };
        if *resumed && *greeted && !self.framer.is_deaf() {
            // The peer has proven itself and said what arrived: there is nothing left to claim.
            *control = None;
        }
        if let Some((packet, at)) = control.as_mut().filter(|(_, at)| *at <= self.now) {
            let packet = packet.clone();
            *at = self.now.after(CONTROL_REPEAT);
            return Some(packet);
        }
        if *greeted { self.framer.speak(self.now) } else { None }
    }

    /// Whether an ended session has nothing left to say.
    pub(super) fn flushed(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
            && matches!(self.link, Link::Up { .. })
            && (self.framer.at_rest() || !self.link.speaks())
    }

    pub(super) fn tick(&mut self) {
        if self.link.speaks() {
            self.framer.tick(self.now);
        }
        let due = |at: Option<Time>| at.is_some_and(|at| at <= self.now);
        if due(self.flush_until) {
            self.hang_up();
        } else if due(self.handshake_deadline()) {
            self.leave(Outcome::Failed(Fault::Late(Stage::Handshake)));
        } else if due(self.comparing_deadline()) {
            self.leave(Outcome::Failed(Fault::Late(Stage::Comparing)));
        } else if due(self.parted_until) {
            self.end(Outcome::Unfinished);
            self.hang_up();
        } else if due(self.silence_deadline()) {
            self.outputs.push_back(Output::HangUp);
            self.link_down();
        }
    }

    fn handshake_deadline(&self) -> Option<Time> {
        let pending = match &self.phase {
            Phase::Shaking(_) => true,
            Phase::Open(open) => !open.met && open.comparison.is_none() && self.parted_until.is_none(),
            Phase::Over(_) => false,
        };
        self.began.filter(|_| pending).map(|began| began.after(self.setting.patience.handshake))
    }

    fn comparing_deadline(&self) -> Option<Time> {
        match &self.phase {
            Phase::Open(open) if !open.met && open.comparison.is_some() => {
                Some(open.asked.after(self.setting.patience.comparing))
            }
            _ => None,
        }
    }

    fn silence_deadline(&self) -> Option<Time> {
        let comparing = self.comparing_deadline().is_some();
        match (&self.link, &self.phase) {
            (Link::Up { .. }, Phase::Open(_)) if !comparing => {
                Some(self.last_heard.after(self.setting.patience.silence))
            }
            _ => None,
        }
    }

    pub(super) fn wake(&self) -> Option<Time> {
        let control = match &self.link {
            Link::Up { control: Some((_, at)), .. } => Some(*at),
            _ => None,
        };
        let speaking = self.link.speaks();
        let hello = match &self.phase {
            Phase::Open(open) if speaking => open.hello,
            _ => None,
        };
        [
            control,
            hello,
            self.framer.wake().filter(|_| speaking),
            self.transfer.wake().filter(|_| speaking && self.framer.has_room()),
            self.flush_until,
            self.handshake_deadline(),
            self.comparing_deadline(),
            self.parted_until,
            self.silence_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

impl Greeting {
    /// Reads a dialer's first packet, so that a waiter can choose which session it is for.
    pub fn read(packet: &[u8]) -> Option<Self> {
        match Packet::read(packet) {
            Ok(Packet::Open(greeting)) => Some(greeting),
            _ => None,
        }
    }

    /// The hint that it carries.
    pub fn hint(&self) -> Hint {
        Hint(self.hint)
    }
}

/// The number of a handshake pattern on the wire.
fn pattern(way: &Way) -> u8 {
    match way {
        Way::Ticket { .. } => 1,
        Way::Stranger => 2,
        Way::Partner { .. } => 3,
    }
}
