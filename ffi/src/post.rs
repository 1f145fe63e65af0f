//! What goes out to the platform unasked: notices and log lines, from a thread of its own, so that no callback is ever made under a
//! lock or on the stack of a call.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use hazel_core::tally::TallyId;

use crate::HazelError;
use crate::meeting::MeetingReport;
use crate::trouble::Trouble;

/// Something changed: read it again. What exactly happened stands in the events, which survive the app.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "the fields are named by what they hold")]
pub enum Notice {
    /// A tally changed, or came to be.
    Tally { tally: TallyId },
    /// Anything may have changed.
    Everything,
    /// A partner came near and is proven to be the one meant.
    Met { tally: TallyId },
    /// The link to a partner was lost in the middle; another one goes on.
    Parted { tally: TallyId },
    /// A meeting is over.
    Over { report: MeetingReport },
    /// Somebody new: show these, three words and the same as four pictures, and ask whether the other screen shows the same; answer with
    /// `codes_match`.
    Compare { words: Vec<String>, emoji: Vec<String> },
    /// Both have agreed, and a tally has begun. The meeting that follows is an ordinary one.
    Introduced { tally: TallyId },
    /// It came to nothing with this one. Nothing was handed over.
    NotIntroduced { trouble: Trouble },
}

/// Hears that something changed. What it throws is logged, and it is told the next thing all the same.
#[uniffi::export(foreign)]
pub trait Listener: Send + Sync {
    /// Something changed.
    fn changed(&self, notice: Notice) -> Result<(), HazelError>;
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// The way of things.
    Info,
    /// Something was refused or lost, and will be said again.
    Warning,
    /// A callback threw.
    Error,
}

/// Takes log lines. No amount, name, key or memo is ever in one.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// One line.
    fn log(&self, level: LogLevel, line: String) -> Result<(), HazelError>;
}

/// Something that the platform is to do.
type Errand = Box<dyn FnOnce() -> Result<(), HazelError> + Send>;

enum Letter {
    Notice(Arc<dyn Listener>, Notice, Option<Arc<dyn LogSink>>),
    Line(Arc<dyn LogSink>, LogLevel, String),
    Errand(Errand, Option<Arc<dyn LogSink>>),
}

/// Who wants to hear, and the way there.
#[derive(Default)]
pub(crate) struct Post {
    round: Mutex<Round>,
}

#[derive(Default)]
struct Round {
    listener: Option<Arc<dyn Listener>>,
    sink: Option<Arc<dyn LogSink>>,
    letters: Option<Sender<Letter>>,
}

impl Post {
    pub(crate) fn listen(&self, listener: Option<Arc<dyn Listener>>) {
        self.round().listener = listener;
    }

    pub(crate) fn log_to(&self, sink: Option<Arc<dyn LogSink>>) {
        self.round().sink = sink;
    }

    pub(crate) fn tell(&self, notice: Notice) {
        let mut round = self.round();
        if let Some(listener) = round.listener.clone() {
            let sink = round.sink.clone();
            round.send(Letter::Notice(listener, notice, sink));
        }
    }

    pub(crate) fn log(&self, level: LogLevel, line: impl Into<String>) {
        let mut round = self.round();
        if let Some(sink) = round.sink.clone() {
            round.send(Letter::Line(sink, level, line.into()));
        }
    }

    /// Has the platform do something, after everything that was sent before.
    pub(crate) fn run(&self, errand: impl FnOnce() -> Result<(), HazelError> + Send + 'static) {
        let mut round = self.round();
        let sink = round.sink.clone();
        round.send(Letter::Errand(Box::new(errand), sink));
    }

    /// No more letters: the thread ends when it has delivered those on their way.
    pub(crate) fn end(&self) {
        *self.round() = Round::default();
    }

    fn round(&self) -> std::sync::MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Round {
    fn send(&mut self, letter: Letter) {
        let letters = self.letters.get_or_insert_with(begin);
        if let Err(unsent) = letters.send(letter) {
            // The platform's runtime has killed the thread: begin another one.
            let letters = begin();
            let _ = letters.send(unsent.0);
            self.letters = Some(letters);
        }
    }
}

fn begin() -> Sender<Letter> {
    let (letters, post) = channel();
    // Without a thread nobody hears anything, and the persisted events are still there.
    let _ = thread::Builder::new().name("hazel-post".into()).spawn(move || {
        for letter in post {
            match letter {
                // A sink that throws has nobody to tell it to.
                Letter::Line(sink, level, line) => {
                    let _ = sink.log(level, line);
                }
                Letter::Errand(errand, sink) => {
                    if let (Err(thrown), Some(sink)) = (errand(), sink) {
                        let _ = sink.log(LogLevel::Error, format!("the radio failed: {thrown}"));
                    }
                }
                Letter::Notice(listener, notice, sink) => {
                    if let (Err(thrown), Some(sink)) = (listener.changed(notice), sink) {
                        let _ = sink.log(LogLevel::Error, format!("a listener failed: {thrown}"));
                    }
                }
            }
        }
    });
    letters
}
