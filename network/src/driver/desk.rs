//! The one thread that owns the host: it takes what has arrived on all channels, lets the host write it down in one
//! transaction, and only then lets go of what the host says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hazel_core::tally::Date;
use tokio::sync::{mpsc, oneshot};

use super::clock::SystemTime;
use super::gauge::Gauges;
use super::journal::{Journal, Level};
use crate::letter::Correspondent;
use crate::peer::{Claim, SiteKey};

/// Letters that are written down together, at most.
const BATCH: usize = 512;
/// Bytes that wait for one channel, at most.
const WAITING: usize = 8 << 20;

/// Somebody who wants to come in.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Its key, and the token it brings.
    pub claim: Claim,
    /// Where it calls from.
    pub from: SocketAddr,
}

/// What happened on the channels.
#[derive(Debug)]
pub enum Event {
    /// A channel to this one is open: tell what waits for it.
    Opened(Correspondent),
    /// A letter.
    Letter(Correspondent, Vec<u8>),
    /// Time passed.
    Tick,
}

/// A letter that leaves.
#[derive(Debug)]
pub struct Outgoing {
    /// To whom.
    pub to: Correspondent,
    /// What.
    pub bytes: Vec<u8>,
}

/// What came of a batch that is durable.
#[derive(Debug, Default)]
pub struct Batch {
    /// What leaves now.
    pub letters: Vec<Outgoing>,
    /// Chits that came in.
    pub chits: u64,
    /// Halves on which something became final.
    pub finals: u64,
    /// What was not let in.
    pub refused: u64,
    /// What was done about errands.
    pub errands: Errands,
}

/// What was done about errands in a batch.
#[derive(Debug, Default)]
pub struct Errands {
    /// Taken in, to be kept for somebody.
    pub kept: u64,
    /// Not taken, for want of room.
    pub no_room: u64,
    /// Fetched by whoever they are for.
    pub delivered: u64,
}

/// A batch could not be written down; nothing of it counts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// The open channels of each, with their numbers.
pub(super) type Lines = BTreeMap<Correspondent, Vec<(u64, Tray)>>;

/// Where letters for one channel wait. Bounded by bytes: whoever reads so slowly is cut off, and told again.
#[derive(Clone)]
pub(super) struct Tray {
    letters: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

impl Tray {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Vec<u8>>, Arc<AtomicUsize>) {
        let (letters, taken) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        (Self { letters, waiting: Arc::clone(&waiting) }, taken, waiting)
    }

    /// Lays a letter down; whether there was room.
    fn lay(&self, letter: Vec<u8>) -> bool {
        let weight = weight_of(&letter);
        let before = self.waiting.fetch_add(weight, Ordering::Relaxed);
        before.saturating_add(weight) <= WAITING && self.letters.send(letter).is_ok()
    }
}

/// What a letter counts while it waits.
pub(super) fn weight_of(letter: &[u8]) -> usize {
    letter.len().saturating_add(64)
}

/// What a driver serves: a node with its store.
pub trait Host: Send + 'static {
    /// Who this is, if it may come in. A ticket is used up by it, durably.
    fn welcome(&mut self, caller: &Caller, now: Date) -> Option<Correspondent>;

    /// Takes in what happened, at this time in milliseconds. When this returns, it is durable, and the letters may leave.
    fn batch(&mut self, events: Vec<Event>, now: u64) -> Result<Batch, Broken>;

    /// Where a site can be called.
    fn place(&self, site: &SiteKey) -> Option<String>;
}

/// What the desk is told.
pub(super) enum Word {
    Knock(Caller, oneshot::Sender<Option<Correspondent>>),
    Where(SiteKey, oneshot::Sender<Option<String>>),
    Opened { who: Correspondent, line: u64, letters: Tray },
    Letter { who: Correspondent, line: u64, bytes: Vec<u8> },
    Closed { who: Correspondent, line: u64 },
    Tick,
}

/// The desk.
pub(super) struct Desk<H> {
    pub(super) host: H,
    pub(super) words: mpsc::Receiver<Word>,
    pub(super) wanted: mpsc::UnboundedSender<SiteKey>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) journal: Journal,
    /// Open channels, the newest last.
    pub(super) lines: Lines,
}

impl<H: Host> Desk<H> {
    /// Works until nobody can say anything any more.
    pub(super) fn run(mut self) {
        while let Some(first) = self.words.blocking_recv() {
            let mut events = Vec::new();
            let mut next = Some(first);
            while let Some(word) = next {
                events.extend(self.word(word));
                next = if events.len() < BATCH { self.words.try_recv().ok() } else { None };
            }
            if !events.is_empty() {
                self.batch(events);
            }
        }
    }

    /// What the host must be told of a word, if anything.
    fn word(&mut self, word: Word) -> Option<Event> {
        match word {
            Word::Knock(caller, answer) => {
                let _ = answer.send(self.host.welcome(&caller, SystemTime::date()));
                None
            }
            Word::Where(site, answer) => {
                let _ = answer.send(self.host.place(&site));
                None
            }
            Word::Opened { who, line, letters } => {
                self.lines.entry(who).or_default().push((line, letters));
                Some(Event::Opened(who))
            }
            Word::Closed { who, line } => {
                self.hang_up(&who, Some(line));
                None
            }
            Word::Letter { who, line, bytes } => {
                self.gauges.letters_in.up();
                // What is said on a line counts in turn: if something could not be written down, nothing said after it counts.
                self.is_open(&who, line).then_some(Event::Letter(who, bytes))
            }
            Word::Tick => Some(Event::Tick),
        }
    }

    fn is_open(&self, who: &Correspondent, line: u64) -> bool {
        self.lines.get(who).is_some_and(|lines| lines.iter().any(|(number, _)| *number == line))
    }

    fn hang_up(&mut self, who: &Correspondent, line: Option<u64>) {
        if let Some(lines) = self.lines.get_mut(who) {
            lines.retain(|(number, _)| line.is_some_and(|line| line != *number));
            if lines.is_empty() {
                self.lines.remove(who);
            }
        }
    }

    fn batch(&mut self, events: Vec<Event>) {
        let speakers: Vec<Correspondent> = events
            .iter()
            .filter_map(|event| match event {
                Event::Opened(who) | Event::Letter(who, _) => Some(*who),
                Event::Tick => None,
            })
            .collect();
        let clock = SystemTime::begin();
        let done = self.host.batch(events, SystemTime::date_in_milliseconds());
        self.gauges.batch_micros.add(clock.now().0.saturating_mul(1000));
        self.gauges.set_troubled(done.is_err());
        match done {
            Ok(done) => {
                self.gauges.batches.up();
                self.gauges.chits.add(done.chits);
                self.gauges.finals.add(done.finals);
                self.gauges.refused.add(done.refused);
                self.gauges.errands_kept.add(done.errands.kept);
                self.gauges.errands_no_room.add(done.errands.no_room);
                self.gauges.errands_delivered.add(done.errands.delivered);
                done.letters.into_iter().for_each(|letter| self.deliver(letter));
            }
            Err(broken) => {
                self.gauges.batches_failed.up();
                self.journal.tell(Level::Error, "not_written", &[("why", broken.0.into())]);
                // Nothing of it counts. Whoever spoke comes back and says it again.
                speakers.iter().for_each(|who| self.hang_up(who, None));
            }
        }
    }

    fn deliver(&mut self, letter: Outgoing) {
        let newest = self.lines.get(&letter.to).and_then(|lines| lines.last());
        match newest.map(|(_, tray)| tray.lay(letter.bytes)) {
            Some(true) => self.gauges.letters_out.up(),
            Some(false) => {
                // Too slow, or just gone: it is told everything again when it comes back.
                self.gauges.letters_dropped.up();
                self.hang_up(&letter.to, None);
            }
            None => {
                self.gauges.letters_dropped.up();
                if let Correspondent::Site(site) = letter.to {
                    let _ = self.wanted.send(site);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hazel_core::tally::Date;

    use super::*;

    /// A host whose disk is full for its second batch.
    struct FullOnce {
        batches: usize,
        heard: Vec<Vec<u8>>,
    }

    impl Host for FullOnce {
        fn welcome(&mut self, _: &Caller, _: Date) -> Option<Correspondent> {
            None
        }

        fn batch(&mut self, events: Vec<Event>, _: u64) -> Result<Batch, Broken> {
            self.batches = self.batches.saturating_add(1);
            if self.batches == 2 {
                return Err(Broken("full".to_owned()));
            }
            self.heard.extend(events.into_iter().filter_map(|event| match event {
                Event::Letter(_, bytes) => Some(bytes),
                Event::Opened(_) | Event::Tick => None,
            }));
            Ok(Batch::default())
        }

        fn place(&self, _: &SiteKey) -> Option<String> {
            None
        }
    }

    #[test]
    fn what_follows_a_letter_that_was_not_written_down_does_not_count_before_it_is_said_again() {
        let (who, (_, words)) = (Correspondent::User([7; 32]), mpsc::channel(1));
        let mut desk = Desk {
            host: FullOnce { batches: 0, heard: Vec::new() },
            words,
            wanted: mpsc::unbounded_channel().0,
            gauges: Arc::default(),
            journal: Journal::to(Box::new(Vec::new()), Level::Error),
            lines: Lines::new(),
        };
        let letter = |line, byte| Word::Letter { who, line, bytes: vec![byte] };
        let open = |line| Word::Opened { who, line, letters: Tray::new().0 };
        let mut say = |words: Vec<Word>| {
            let events = words.into_iter().filter_map(|word| desk.word(word)).collect();
            desk.batch(events);
        };
        say(vec![open(1)]);
        // Both were said before anybody could know that the first is lost.
        say(vec![letter(1, 1)]);
        say(vec![letter(1, 2)]);
        say(vec![open(2), letter(2, 1), letter(1, 2), letter(2, 2)]);
        assert_eq!(desk.host.heard.concat(), [1, 2]);
    }
}
