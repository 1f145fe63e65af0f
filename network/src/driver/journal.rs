//! What happened, one JSON object a line. Keys are shortened, letters and tokens never appear.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use super::clock::SystemTime;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The ordinary course.
    Debug,
    /// What an operator may want to know.
    Info,
    /// What an operator should look at.
    Warn,
    /// What does not work.
    Error,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Where it is written.
#[derive(Clone)]
pub struct Journal {
    out: Arc<Mutex<Box<dyn Write + Send>>>,
    least: Level,
}

impl Journal {
    /// Writes to this, from this level on.
    #[must_use]
    pub fn to(out: Box<dyn Write + Send>, least: Level) -> Self {
        Self { out: Arc::new(Mutex::new(out)), least }
    }

    /// Tells what happened.
    pub fn tell(&self, level: Level, event: &str, facts: &[(&str, Value)]) {
        if level < self.least {
            return;
        }
        let mut line = Map::new();
        line.insert("at".into(), SystemTime::date().into());
        line.insert("level".into(), level.name().into());
        line.insert("event".into(), event.into());
        line.extend(facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        if let Ok(mut out) = self.out.lock() {
            // A journal that cannot be written must not stop what it is about.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
    }
}

/// The beginning of a key: enough to tell two apart in a journal.
pub(super) fn short(key: &[u8; 32]) -> String {
    key.iter().take(4).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
