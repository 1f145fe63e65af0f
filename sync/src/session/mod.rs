//! Two devices, one meeting, any number of links: a pure state machine.
//!
//! **The drain rule**: after every [`Session::handle`], call [`Session::poll`] until it says `None` and carry out each
//! output in order; then sleep until the last [`Output::WakeAt`] or the next input, whichever is first.
//!
//! ```text
//!            LinkUp          handshake done      both digests known
//!  Fresh ──────────▶ Shaking ─────────────▶ Open ─────────────▶ Over (flushes, then hangs up)
//!    │ LinkDown, deadline │              LinkDown│ ▲LinkUp + proof
//!    └───────▶ Over ◀─────┘                      ▼ │
//!               ▲                              Parted
//!               └──────────── deadline ───────────┘
//! ```
//!
//! Nothing has an effect before the first sealed record: a ticket's nonce is reported only with [`Output::Met`], and a
//! replayed first message of a handshake ends in silence. Between strangers, not before both users agreed.

mod code;
mod crypto;
mod fault;
mod item;
mod link;
mod noise;
mod port;
mod setting;
mod transfer;
mod words;

pub use code::Code;
pub use fault::{Blame, End, Fault, Outcome, Peer, Rule, Stage};
pub use port::{Input, Misuse, Output};
pub use setting::{Carrier, Digest, Entropy, Hint, Id, Nonce, Patience, Role, Setting, Way};
pub use transfer::{MAX_MESSAGE, MessageId, Partial};

use crate::Time;
use crate::frame::{Framer, Packet, Payload, Reader};
use crate::keys::{PairwiseKey, PublicKey, SecretKey};
use code::Comparison;
pub(crate) use crypto::Primitives;
use fault::DONE;
use item::Item;
use link::Link;
use noise::{Handshake, Seal};
use std::collections::VecDeque;
use transfer::{MAX_QUEUE, News, Transfer};

/// A handshake that is done.
struct Open {
    seal: Seal,
    hash: [u8; 32],
    /// Known once the first link is lost; only a resumed one needs it.
    pairwise: Option<PairwiseKey>,
    theirs: PublicKey,
    comparison: Option<Comparison>,
    met: bool,
    /// When the first record goes out even if there is nothing to say.
    hello: Option<Time>,
    asked: Time,
}

enum Phase {
    Shaking(Box<Handshake>),
    Open(Box<Open>),
    /// Ended; an open session still flushes.
    Over(Option<Box<Open>>),
}

/// One meeting of two devices.
pub struct Session {
    setting: Setting,
    secret: SecretKey,
    number: [u8; 16],
    phase: Phase,
    link: Link,
    framer: Framer,
    transfer: Transfer,
    outputs: VecDeque<Output>,
    now: Time,
    began: Option<Time>,
    last_heard: Time,
    parted_until: Option<Time>,
    flush_until: Option<Time>,
    told_wake: Option<Time>,
    /// Our link's number and the peer's, in claims to resume.
    link_counts: (u16, u16),
    ended: bool,
}

/// How long a waiter holds back an empty first record, in case the application has something to put into it.
const HELLO_DELAY: u64 = 40;

impl Session {
    /// A session that waits for its first link.
    pub fn new(setting: Setting, secret: &SecretKey, entropy: &Entropy) -> Result<Self, Fault> {
        let (ephemeral, number) = entropy.0.split_first_chunk::<32>().ok_or(Fault::Crypto)?;
        let number = number.first_chunk().copied().ok_or(Fault::Crypto)?;
        let handshake = Handshake::new(&setting, secret, *ephemeral)?;
        Ok(Self {
            transfer: Transfer::new(setting.kept.clone()),
            setting,
            secret: secret.clone(),
            number,
            phase: Phase::Shaking(Box::new(handshake)),
            link: Link::Down,
            framer: Framer::default(),
            outputs: VecDeque::new(),
            now: Time::default(),
            began: None,
            last_heard: Time::default(),
            parted_until: None,
            flush_until: None,
            told_wake: None,
            link_counts: (0, 0),
            ended: false,
        })
    }

    /// Takes in what happened at `now`.
    pub fn handle(&mut self, now: Time, input: Input<'_>) -> Result<(), Misuse> {
        self.now = self.now.max(now);
        let over = matches!(self.phase, Phase::Over(_));
        match input {
            Input::Packet(bytes) => self.packet(bytes),
            Input::LinkDown => self.link_down(),
            Input::Tick => {
                self.told_wake = None;
                self.tick();
            }
            Input::Cancel if over => {}
            _ if over => return Err(Misuse::Over),
            Input::LinkUp { mtu, dialing } => return self.link_up(mtu, dialing),
            Input::Send(bytes) => return self.send(bytes),
            Input::Settled(digest) => {
                self.transfer.settle(digest);
                self.conclude();
            }
            Input::CodesMatch(same) => return self.codes_match(same),
            Input::Cancel => self.leave(Outcome::Cancelled),
        }
        Ok(())
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(output) = self.outputs.pop_front() {
            if matches!(output, Output::Message(..)) {
                self.transfer.taken = self.transfer.taken.saturating_add(1);
            }
            return Some(output);
        }
        if let Err(fault) = self.fill() {
            self.fail(fault);
            return self.outputs.pop_front();
        }
        if let Some(packet) = self.speak() {
            return Some(Output::Packet(packet));
        }
        if self.flushed() {
            self.hang_up();
            return self.outputs.pop_front();
        }
        let wake = self.wake();
        if wake == self.told_wake {
            return None;
        }
        self.told_wake = wake;
        wake.map(Output::WakeAt)
    }

    /// How many bytes of messages fit into the queue now.
    pub fn room(&self) -> usize {
        MAX_QUEUE.saturating_sub(self.transfer.queued())
    }

    /// Bytes of memory held for this session beyond its own size.
    pub fn held(&self) -> usize {
        self.framer.held().saturating_add(self.transfer.held())
    }

    /// Whether a first packet on a new link claims to go on with this very session.
    pub fn recognises(&self, packet: &[u8]) -> bool {
        match Packet::read(packet) {
            Ok(Packet::Resume(claim)) => claim.count > self.link_counts.1 && self.claim_holds(&claim),
            _ => false,
        }
    }

    fn send(&mut self, bytes: Vec<u8>) -> Result<(), Misuse> {
        if bytes.len() > MAX_MESSAGE {
            return Err(Misuse::TooLong(bytes.len()));
        }
        if bytes.len() > self.room() {
            return Err(Misuse::Full);
        }
        self.transfer.push(bytes);
        Ok(())
    }

    fn codes_match(&mut self, same: bool) -> Result<(), Misuse> {
        let Phase::Open(open) = &mut self.phase else { return Err(Misuse::NothingToCompare) };
        let comparison = open.comparison.as_mut().filter(|comparison| comparison.waits_for_user());
        let comparison = comparison.ok_or(Misuse::NothingToCompare)?;
        if !same {
            self.leave(Outcome::Failed(Fault::CodesDiffer));
            return Ok(());
        }
        comparison.we_agree = true;
        if let Err(fault) = self.say(&[Item::Confirmed]).and_then(|()| self.meet()) {
            self.fail(fault);
        }
        Ok(())
    }

    /// Runs the handshake and opens records, as far as what has arrived allows.
    fn advance(&mut self) -> Result<(), Fault> {
        loop {
            if let Phase::Shaking(handshake) = &mut self.phase {
                if handshake.our_turn() {
                    let message = handshake.write()?;
                    self.framer.write(&message)?;
                    continue;
                }
                if handshake.finished() {
                    self.open()?;
                    continue;
                }
            }
            let Some(record) = self.framer.next_record()? else { return Ok(()) };
            match &mut self.phase {
                Phase::Shaking(handshake) => handshake.read(&record)?,
                Phase::Open(open) => {
                    let plain = open.seal.open(&record)?;
                    self.record(&plain)?;
                }
                Phase::Over(_) => {}
            }
        }
    }

    fn open(&mut self) -> Result<(), Fault> {
        let placeholder = Phase::Over(None);
        let Phase::Shaking(handshake) = core::mem::replace(&mut self.phase, placeholder) else {
            return Ok(());
        };
        let finished = handshake.finish()?;
        let dialer = self.setting.role == Role::Dialer;
        let strangers = matches!(self.setting.way, Way::Stranger);
        let comparison = strangers.then(|| Comparison::new(finished.hash, dialer, self.number));
        let commitment = comparison.as_ref().and_then(Comparison::commitment);
        self.phase = Phase::Open(Box::new(Open {
            seal: finished.seal,
            hash: finished.hash,
            pairwise: None,
            theirs: finished.theirs,
            comparison,
            met: false,
            hello: (dialer && !strangers).then_some(self.now),
            asked: self.now,
        }));
        commitment.map_or(Ok(()), |hash| self.say(&[Item::Commit(hash)]))
    }

    /// Seals these items as a record of their own, at once.
    fn say(&mut self, items: &[Item<'_>]) -> Result<(), Fault> {
        let mut plain = Vec::new();
        items.iter().for_each(|item| item.write(&mut plain));
        self.seal(&plain)
    }

    fn seal(&mut self, plain: &[u8]) -> Result<(), Fault> {
        if let Phase::Open(open) | Phase::Over(Some(open)) = &mut self.phase {
            open.hello = None;
            let sealed = open.seal.seal(plain)?;
            self.framer.write(&sealed)?;
        }
        Ok(())
    }

    fn record(&mut self, plain: &[u8]) -> Result<(), Fault> {
        self.meet()?;
        let mut news = Vec::new();
        let mut reader = Reader(plain);
        let mut outcome = Ok(());
        while outcome.is_ok() && reader.end().is_err() {
            outcome = Item::read(&mut reader).and_then(|item| self.item(item, &mut news));
        }
        // What came before a broken item was said under the peer's seal all the same.
        self.outputs.extend(news.into_iter().map(|news| match news {
            News::Message(id, bytes) => Output::Message(id, bytes),
            News::Delivered(id) => Output::Delivered(id),
        }));
        if let Phase::Open(open) = &self.phase {
            self.transfer.peer_heard |= open.met;
        }
        outcome?;
        self.outputs.extend(self.transfer.beginning(self.now, false).map(Output::Begun));
        self.conclude();
        Ok(())
    }

    fn item(&mut self, item: Item<'_>, news: &mut Vec<News>) -> Result<(), Fault> {
        let Phase::Open(open) = &mut self.phase else { return Ok(()) };
        if let Item::Bye(reason) = item {
            self.departed(reason);
            return Ok(());
        }
        let step = match (&mut open.comparison, item) {
            (Some(comparison), Item::Commit(hash)) => comparison.committed(hash)?,
            (Some(comparison), Item::Reveal(number)) => comparison.revealed(number)?,
            (Some(comparison), Item::Confirmed) => {
                comparison.confirmed()?;
                return self.meet();
            }
            (Some(comparison), _) if !comparison.agreed() => return Err(Fault::Rule(Rule::OutOfTurn)),
            _ => return self.transfer.take(item, self.now, news),
        };
        if let Some(code) = step.code {
            open.asked = self.now;
            self.outputs.push_back(Output::Compare(code));
        }
        step.reveal.map_or(Ok(()), |number| self.say(&[Item::Reveal(number)]))
    }

    /// A record has opened, so the peer is proven; between strangers, once both users agree.
    fn meet(&mut self) -> Result<(), Fault> {
        let Phase::Open(open) = &mut self.phase else { return Ok(()) };
        let agreed = open.comparison.as_ref().is_none_or(Comparison::agreed);
        if open.met || !agreed {
            return Ok(());
        }
        open.met = true;
        if self.setting.role == Role::Waiter {
            open.hello = Some(self.now.after(HELLO_DELAY));
        } else if open.comparison.is_some() {
            open.hello = Some(self.now);
        }
        let ticket = match &self.setting.way {
            Way::Ticket { nonce, .. } => Some(nonce.clone()),
            _ => None,
        };
        self.outputs.push_back(Output::Met(Peer { key: open.theirs, ticket }));
        Ok(())
    }

    /// Seals as many records as the window will soon take.
    fn fill(&mut self) -> Result<(), Fault> {
        loop {
            let Phase::Open(open) = &self.phase else { return Ok(()) };
            // A dialer's messages are safe with whoever finished the handshake; a waiter's only with who has spoken.
            let strangers = open.comparison.is_some();
            let free = open.met || (self.setting.role == Role::Dialer && !strangers);
            if !free || !self.link.speaks() || !self.framer.has_room() {
                return Ok(());
            }
            let hello = open.hello.is_some_and(|at| at <= self.now);
            match self.transfer.next_record(self.now) {
                Some(plain) => self.seal(&plain)?,
                None if hello => self.seal(&[])?,
                None => return Ok(()),
            }
            self.conclude();
        }
    }

    fn conclude(&mut self) {
        if matches!(self.phase, Phase::Open(_))
            && let Some(outcome) = self.transfer.verdict()
        {
            self.end(outcome);
        }
    }

    /// Tells the peer, then ends.
    fn leave(&mut self, outcome: Outcome) {
        let reason = if let Outcome::Failed(fault) = outcome { fault.number() } else { DONE };
        if matches!(self.phase, Phase::Shaking(_)) && self.link.speaks() {
            self.outputs.push_back(Output::Packet(Packet::Close(reason).write()));
        }
        let said = self.say(&[Item::Bye(reason)]);
        self.end(outcome);
        if said.is_err() || !matches!(self.phase, Phase::Over(Some(_))) {
            self.hang_up();
        }
    }

    /// The peer has left under seal.
    fn departed(&mut self, reason: u8) {
        let outcome =
            if reason == DONE { Outcome::Unfinished } else { Outcome::Failed(Fault::HungUp(reason)) };
        self.end(outcome);
    }

    /// Breaks off at once: nothing from this link can be trusted any more.
    fn fail(&mut self, fault: Fault) {
        if self.ended {
            self.phase = Phase::Over(None);
            return self.hang_up();
        }
        if !matches!(self.link, Link::Down) {
            self.outputs.push_back(Output::Packet(Packet::Close(fault.number()).write()));
        }
        self.end(Outcome::Failed(fault));
        self.phase = Phase::Over(None);
        self.hang_up();
    }

    fn end(&mut self, outcome: Outcome) {
        let open = match core::mem::replace(&mut self.phase, Phase::Over(None)) {
            Phase::Open(open) => Some(open),
            Phase::Shaking(_) | Phase::Over(_) => None,
        };
        self.ended = true;
        let (undelivered, partial) = self.transfer.leftovers();
        self.transfer = Transfer::default();
        self.parted_until = None;
        self.flush_until = Some(self.now.after(self.setting.patience.flush));
        self.phase = Phase::Over(open);
        self.outputs.push_back(Output::Ended(End { outcome, undelivered, partial }));
    }
}

/// Chooses the payload, names the misuse.
fn payload(mtu: u16) -> Result<Payload, Misuse> {
    Payload::for_mtu(mtu).map_err(Misuse::Link)
}

#[cfg(test)]
mod tests;
