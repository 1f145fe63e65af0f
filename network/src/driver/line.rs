//! One channel: a dialog on a socket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use hazel_sync::Time;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::clock::SystemTime;
use super::desk::{Caller, Tray, Word, weight_of};
use super::gauge::Gauges;
use super::journal::{Journal, Level, short};
use crate::letter::Correspondent;
use crate::peer::{Claim, Dialog, Fault, Input, LONG, Output};

/// How long a packet may take to leave, in milliseconds.
const STUCK: u64 = 30_000;
/// Read at once.
const CHUNK: usize = 4096;

/// What all channels share.
pub(super) struct Shared {
    pub(super) words: mpsc::Sender<Word>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) journal: Journal,
    pub(super) clock: SystemTime,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) numbers: AtomicU64,
    /// Leave to hold a letter that is longer than most.
    pub(super) long: Arc<Semaphore>,
}

/// A channel under way.
pub(super) struct Line {
    pub(super) shared: Arc<Shared>,
    pub(super) dialog: Dialog,
    pub(super) from: SocketAddr,
    /// Who is at the other end: known from the beginning to whoever calls, to the called one when the desk has said so.
    pub(super) who: Option<Correspondent>,
    /// Given back when the channel is open: there are few places for those who have not said who they are.
    pub(super) unproven: Option<OwnedSemaphorePermit>,
}

struct Held {
    number: u64,
    letters: mpsc::UnboundedReceiver<Vec<u8>>,
    /// How many bytes wait in it.
    waiting: Arc<AtomicUsize>,
    /// Leave to hold a long letter.
    long: Option<OwnedSemaphorePermit>,
    opened: bool,
    question: Option<oneshot::Receiver<Option<Correspondent>>>,
    writing: Vec<u8>,
    written: usize,
    /// When what is being written must have left.
    stuck_at: Time,
}

impl Line {
    /// Holds the dialog until it ends. Whether it was ever open.
    pub(super) async fn hold(mut self, mut stream: TcpStream) -> (bool, Fault) {
        let number = self.shared.numbers.fetch_add(1, Ordering::Relaxed);
        let (tray, letters, waiting) = Tray::new();
        let mut held = Held {
            number,
            letters,
            waiting,
            long: None,
            opened: false,
            question: None,
            writing: Vec::new(),
            written: 0,
            stuck_at: self.shared.clock.now().after(STUCK),
        };
        let fault = self.talk(&mut stream, &mut held, tray).await;
        if held.opened {
            self.shared.gauges.open.down();
            if let Some(who) = self.who {
                let _ = self.shared.words.send(Word::Closed { who, line: number }).await;
            }
        }
        self.shared.gauges.ended(fault);
        let level = if held.opened { Level::Info } else { Level::Debug };
        let facts: [(&str, Value); 3] = [
            ("from", self.from.to_string().into()),
            ("why", fault.code().into()),
            ("open", held.opened.into()),
        ];
        self.shared.journal.tell(level, "channel_ended", &facts);
        (held.opened, fault)
    }

    async fn talk(&mut self, stream: &mut TcpStream, held: &mut Held, tray: Tray) -> Fault {
        let (mut tray, mut stop) = (Some(tray), self.shared.stop.clone());
        let (mut read, mut write) = stream.split();
        let mut buffer = [0; CHUNK];
        loop {
            if let Some(fault) = self.carry_out(held, &mut tray).await {
                return fault;
            }
            if held.opened && held.letters.is_closed() {
                // The desk gave this channel up.
                return Fault::Slow;
            }
            let now = self.shared.clock.now();
            if held.writing.is_empty() {
                held.stuck_at = now.after(STUCK);
            } else if held.stuck_at <= now {
                return Fault::Slow;
            }
            let wake = self.dialog.wake_at().min(held.stuck_at.max(now.after(1)));
            let wake = Duration::from_millis(wake.since(now));
            let holds_much = self.dialog.kept() > LONG;
            if !holds_much {
                held.long = None;
            }
            let starved = holds_much && held.long.is_none();
            let rest = held.writing.get(held.written..).unwrap_or_default();
            tokio::select! {
                done = write.write(rest), if !rest.is_empty() => match done {
                    Ok(0) | Err(_) => self.say(Input::Gone),
                    Ok(len) => {
                        held.written = held.written.saturating_add(len);
                        if held.written >= held.writing.len() {
                            (held.writing, held.written) = (Vec::new(), 0);
                        }
                    }
                },
                done = read.read(&mut buffer), if self.dialog.listens() && !starved => match done {
                    Ok(len) if len > 0 => self.say(Input::Bytes(buffer.get(..len).unwrap_or_default())),
                    _ => self.say(Input::Gone),
                },
                leave = Arc::clone(&self.shared.long).acquire_owned(), if starved => held.long = leave.ok(),
                letter = held.letters.recv(), if held.opened && rest.is_empty() && self.dialog.takes() => match letter {
                    Some(letter) => {
                        held.waiting.fetch_sub(weight_of(&letter), Ordering::Relaxed);
                        self.say(Input::Send(letter));
                    }
                    None => self.say(Input::Gone),
                },
                answer = answer(&mut held.question), if held.question.is_some() => {
                    held.question = None;
                    self.who = answer;
                    self.say(Input::Answer(answer.is_some()));
                }
                () = tokio::time::sleep(wake) => self.say(Input::Tick),
                _ = stop.changed(), if rest.is_empty() => return Fault::Closed,
            }
        }
    }

    fn say(&mut self, input: Input<'_>) {
        if self.dialog.handle(input, self.shared.clock.now()).is_some() {
            // Only a host that disregards the bound gets here. The channel goes on without the letter.
            self.shared.gauges.letters_dropped.up();
            self.shared.journal.tell(Level::Error, "letter_too_long", &[]);
        }
    }

    /// Does what the dialog wants, until there is something to wait for.
    async fn carry_out(&mut self, held: &mut Held, tray: &mut Option<Tray>) -> Option<Fault> {
        loop {
            let next = if held.writing.is_empty() { self.dialog.poll() } else { self.dialog.poll_news() };
            match next? {
                Output::Write(bytes) => held.writing.extend(bytes),
                Output::Who(claim) => held.question = self.knock(claim).await,
                Output::Open(_) => {
                    let (Some(who), Some(letters)) = (self.who, tray.take()) else {
                        return Some(Fault::Unwelcome);
                    };
                    (held.opened, self.unproven) = (true, None);
                    self.shared.gauges.open.up();
                    self.told(&who);
                    let opened = Word::Opened { who, line: held.number, letters };
                    self.shared.words.send(opened).await.ok()?;
                }
                Output::Letter(bytes) => {
                    // Waiting here is what keeps a flood of letters in the sender's hands.
                    let letter = Word::Letter { who: self.who?, line: held.number, bytes };
                    self.shared.words.send(letter).await.ok()?;
                }
                Output::End(fault) => return Some(fault),
            }
        }
    }

    async fn knock(&self, claim: Claim) -> Option<oneshot::Receiver<Option<Correspondent>>> {
        let (ask, answer) = oneshot::channel();
        self.shared.words.send(Word::Knock(Caller { claim, from: self.from }, ask)).await.ok()?;
        Some(answer)
    }

    fn told(&self, who: &Correspondent) {
        let (kind, key) = match who {
            Correspondent::User(key) => ("user", short(key)),
            Correspondent::Site(key) => ("site", short(&key.0)),
        };
        let from = self.from.to_string();
        self.shared.journal.tell(
            Level::Info,
            "channel_open",
            &[("kind", kind.into()), ("key", key.into()), ("from", from.into())],
        );
    }
}

async fn answer(question: &mut Option<oneshot::Receiver<Option<Correspondent>>>) -> Option<Correspondent> {
    question.as_mut()?.await.ok().flatten()
}

/// Sets what every socket of ours has.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)
}
