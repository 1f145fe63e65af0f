//! Messages both ways: cut into records, confirmed under seal, taken up again where an earlier session ended.

use super::Digest;
use super::fault::{Fault, Outcome, Rule};
use super::item::Item;
use super::noise::MAX_PLAIN;
use crate::Time;
use std::collections::VecDeque;

/// The longest message of an application.
pub const MAX_MESSAGE: usize = 48 * 1024;
/// Bytes of messages that may wait to be cut: while one is on its way, and until it is confirmed, the next is there already.
pub(super) const MAX_QUEUE: usize = 2 * MAX_MESSAGE;
/// Room that the head of a whole or begun message needs in a record.
const ITEM_HEAD: usize = 32;
/// A message longer than this is announced by name, so that its beginning can be kept.
const MAX_WHOLE: usize = MAX_PLAIN / 2;
const CONFIRM_DELAY: u64 = 150;
const CONFIRM_AFTER: u32 = 16;
/// How long a message may be on its way before what has come of it is told, and told again.
const TELL_EVERY: u64 = 1_000;

/// The name of a message: the first half of the SHA-256 of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageId(pub [u8; 16]);

impl MessageId {
    /// Names these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let hash: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(bytes).into();
        Self(hash.first_chunk().copied().unwrap_or_default())
    }
}

/// The beginning of a long message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// Its name.
    pub id: MessageId,
    /// How long it will be.
    pub total: u32,
    /// What has arrived of it.
    pub bytes: Vec<u8>,
}

impl Partial {
    fn have(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }
}

/// What the peer's records mean to the application.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    Message(MessageId, Vec<u8>),
    Delivered(MessageId),
}

#[derive(Debug)]
struct Outgoing {
    id: MessageId,
    bytes: Vec<u8>,
    /// How much of it is cut; `None` until it is begun.
    cut: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Settled {
    digest: Digest,
    seen: u32,
}

/// Both directions of one session's messages.
#[derive(Debug, Default)]
pub(super) struct Transfer {
    queue: VecDeque<Outgoing>,
    unconfirmed: VecDeque<MessageId>,
    cut_count: u32,
    confirmed: u32,
    received: u32,
    /// Of those, how many the application has taken.
    pub(super) taken: u32,
    told: u32,
    confirm_at: Option<Time>,
    kept: Option<Partial>,
    kept_told: bool,
    incoming: Option<Partial>,
    /// When it was last told how much of that has come, and how much it was.
    told_begun: (Time, u32),
    peer_holds: Option<(MessageId, u32)>,
    /// Long messages wait until the peer has said what it holds.
    pub(super) peer_heard: bool,
    ours: Option<Settled>,
    ours_due: bool,
    theirs: Option<Settled>,
}

impl Transfer {
    pub(super) fn new(kept: Option<Partial>) -> Self {
        Self { kept, ..Self::default() }
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.iter().map(|m| m.bytes.len().saturating_sub(m.cut.unwrap_or(0))).sum()
    }

    pub(super) fn push(&mut self, bytes: Vec<u8>) -> MessageId {
        let id = MessageId::of(&bytes);
        self.queue.push_back(Outgoing { id, bytes, cut: None });
        id
    }

    /// The application has nothing more to send for now and stands at this digest.
    pub(super) fn settle(&mut self, digest: Digest) {
        self.ours = Some(Settled { digest, seen: self.taken });
        self.ours_due = true;
    }

    /// The plaintext of the next record, if there is reason for one now.
    pub(super) fn next_record(&mut self, now: Time) -> Option<Vec<u8>> {
        let confirm = self.told < self.received && self.confirm_at.is_some_and(|at| at <= now);
        let announce = self.kept.is_some() && !self.kept_told;
        let settle = self.ours_due && self.queue.is_empty();
        let front = self.queue.front().filter(|front| self.may_cut(front));
        if !(confirm || announce || settle || front.is_some()) {
            return None;
        }
        let mut out = Vec::with_capacity(MAX_PLAIN);
        if let Some(kept) = self.kept.as_ref().filter(|_| announce) {
            Item::Holds { id: kept.id, have: kept.have() }.write(&mut out);
            self.kept_told = true;
        }
        if self.told < self.received && !settle {
            Item::Received(self.received).write(&mut out);
            self.tell();
        }
        self.cut_into(&mut out);
        if let Some(ours) = self.ours.filter(|_| self.ours_due && self.queue.is_empty())
            && out.len().saturating_add(40) <= MAX_PLAIN
        {
            Item::Settled { digest: ours.digest.0, seen: ours.seen }.write(&mut out);
            self.ours_due = false;
            if ours.seen == self.received {
                self.tell();
            }
        }
        Some(out)
    }

    fn tell(&mut self) {
        self.told = self.received;
        self.confirm_at = None;
    }

    fn may_cut(&self, message: &Outgoing) -> bool {
        self.peer_heard || message.bytes.len() <= MAX_WHOLE
    }

    fn cut_into(&mut self, out: &mut Vec<u8>) {
        while let Some(front) = self.queue.front() {
            let room = MAX_PLAIN.saturating_sub(out.len()).saturating_sub(ITEM_HEAD);
            if !self.may_cut(front) || room == 0 {
                return;
            }
            let len = front.bytes.len();
            let done = if let Some(from) = front.cut {
                let to = len.min(from.saturating_add(room));
                Item::More(front.bytes.get(from..to).unwrap_or_default()).write(out);
                to
            } else if len <= MAX_WHOLE {
                if len > room {
                    return;
                }
                Item::Whole(&front.bytes).write(out);
                len
            } else {
                // Good once: if the same message is said again, the peer no longer keeps its beginning.
                let held = self.peer_holds.take_if(|(id, _)| *id == front.id).map(|(_, have)| have);
                let offset =
                    held.filter(|have| usize::try_from(*have).is_ok_and(|have| have < len)).unwrap_or(0);
                let from = usize::try_from(offset).unwrap_or_default();
                let to = len.min(from.saturating_add(room));
                let bytes = front.bytes.get(from..to).unwrap_or_default();
                let total = u32::try_from(len).unwrap_or(u32::MAX);
                Item::Begin { id: front.id, total, offset, bytes }.write(out);
                to
            };
            if done < len {
                if let Some(front) = self.queue.front_mut() {
                    front.cut = Some(done);
                }
                return;
            }
            self.unconfirmed.extend(self.queue.pop_front().map(|message| message.id));
            self.cut_count = self.cut_count.saturating_add(1);
        }
    }

    /// Takes in one item about messages.
    pub(super) fn take(&mut self, item: Item<'_>, now: Time, news: &mut Vec<News>) -> Result<(), Fault> {
        match item {
            Item::Whole(bytes) if self.incoming.is_none() => self.arrived(bytes.to_vec(), now, news),
            Item::Begin { id, total, offset, bytes } if self.incoming.is_none() => {
                if usize::try_from(total).map_or(true, |total| total > MAX_MESSAGE) {
                    return Err(Fault::Rule(Rule::MessageTooLong(total)));
                }
                self.incoming = Some(self.begun(id, total, offset)?);
                self.told_begun = (now, offset);
                self.grow(bytes, now, news)?;
            }
            Item::More(bytes) => self.grow(bytes, now, news)?,
            Item::Received(count) => self.confirm(count, news)?,
            Item::Settled { digest, seen } => {
                self.confirm(seen.max(self.confirmed), news)?;
                self.theirs = Some(Settled { digest: Digest(digest), seen });
            }
            Item::Holds { id, have } => self.peer_holds = Some((id, have)),
            _ => return Err(Fault::Rule(Rule::Misplaced)),
        }
        Ok(())
    }

    fn begun(&mut self, id: MessageId, total: u32, offset: u32) -> Result<Partial, Fault> {
        if offset == 0 {
            return Ok(Partial { id, total, bytes: Vec::new() });
        }
        let fits = |kept: &mut Partial| kept.id == id && kept.total == total && kept.have() == offset;
        self.kept.take_if(fits).ok_or(Fault::Rule(Rule::Misplaced))
    }

    fn grow(&mut self, bytes: &[u8], now: Time, news: &mut Vec<News>) -> Result<(), Fault> {
        let incoming = self.incoming.as_mut().ok_or(Fault::Rule(Rule::Misplaced))?;
        incoming.bytes.extend_from_slice(bytes);
        if incoming.have() < incoming.total {
            return Ok(());
        }
        let whole = self.incoming.take().ok_or(Fault::Rule(Rule::Misplaced))?;
        if whole.have() != whole.total || MessageId::of(&whole.bytes) != whole.id {
            return Err(Fault::Rule(Rule::Misnamed));
        }
        self.kept.take_if(|kept| kept.id == whole.id);
        self.arrived(whole.bytes, now, news);
        Ok(())
    }

    fn arrived(&mut self, bytes: Vec<u8>, now: Time, news: &mut Vec<News>) {
        self.received = self.received.saturating_add(1);
        // Whoever sends long messages waits for room.
        let at_once = bytes.len() > MAX_WHOLE || self.received.saturating_sub(self.told) >= CONFIRM_AFTER;
        let wait = if at_once { 0 } else { CONFIRM_DELAY };
        let at = now.after(wait);
        self.confirm_at = Some(self.confirm_at.map_or(at, |earlier| earlier.min(at)));
        news.push(News::Message(MessageId::of(&bytes), bytes));
    }

    fn confirm(&mut self, count: u32, news: &mut Vec<News>) -> Result<(), Fault> {
        if count > self.cut_count || count < self.confirmed {
            return Err(Fault::Rule(Rule::AckOfUnsent));
        }
        while self.confirmed < count {
            news.extend(self.unconfirmed.pop_front().map(News::Delivered));
            self.confirmed = self.confirmed.saturating_add(1);
        }
        Ok(())
    }

    /// The verdict, once each side's last digest was taken after all of the other's messages.
    pub(super) fn verdict(&self) -> Option<Outcome> {
        let (ours, theirs) = (self.ours?, self.theirs?);
        let complete = self.queue.is_empty() && !self.ours_due;
        if !complete || theirs.seen != self.cut_count || ours.seen != self.received {
            return None;
        }
        let (ours, theirs) = (ours.digest, theirs.digest);
        Some(if ours == theirs { Outcome::InSync } else { Outcome::Apart { ours, theirs } })
    }

    pub(super) fn wake(&self) -> Option<Time> {
        self.confirm_at.filter(|_| self.told < self.received)
    }

    /// What has come of a message that takes its time: now and then, or at once if this link has brought all that it will.
    pub(super) fn beginning(&mut self, now: Time, at_once: bool) -> Option<Partial> {
        let incoming = self.incoming.as_ref()?;
        let (at, told) = self.told_begun;
        if incoming.have() <= told || !(at_once || now.since(at) >= TELL_EVERY) {
            return None;
        }
        self.told_begun = (now, incoming.have());
        Some(incoming.clone())
    }

    /// What the next session needs to know.
    pub(super) fn leftovers(&mut self) -> (Vec<MessageId>, Option<Partial>) {
        let undelivered = self.unconfirmed.drain(..).chain(self.queue.drain(..).map(|m| m.id)).collect();
        let begun = self.incoming.take().filter(|partial| !partial.bytes.is_empty());
        (undelivered, begun.or(self.kept.take()))
    }

    pub(super) fn held(&self) -> usize {
        let partial = |p: &Option<Partial>| p.as_ref().map_or(0, |p| p.bytes.capacity());
        let waiting: usize = self.queue.iter().map(|m| m.bytes.capacity()).sum();
        waiting.saturating_add(partial(&self.incoming)).saturating_add(partial(&self.kept))
    }
}

#[cfg(test)]
mod tests;
