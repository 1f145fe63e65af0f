//! The one place that writes: an answer as plain words on a page, or as one JSON object.

use std::io::{self, IsTerminal as _, Write};

use serde_json::{Map, Value};

use crate::film::{self, Still};
use crate::lettering::{BAD, FAINT};
use crate::page::Page;
use crate::trouble::{Exit, Trouble};

/// What came of a command.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// For programs.
    pub(crate) json: Map<String, Value>,
    /// For people.
    pub(crate) page: Page,
    /// Bytes that leave as they are, instead of the page.
    pub(crate) bytes: Option<Vec<u8>>,
    /// What went wrong although there is something to show.
    pub(crate) trouble: Option<Trouble>,
}

impl Answer {
    /// An answer whose JSON is this object.
    pub(crate) fn new(json: Value, page: Page) -> Self {
        let json = match json {
            Value::Object(map) => map,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Self { json, page, bytes: None, trouble: None }
    }
}

/// Standard output and standard error.
pub(crate) struct Screen {
    json: bool,
}

impl Screen {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Shows a part of an answer while the rest is still being worked on; programs get everything at the end.
    pub(crate) fn show(&self, page: &Page) -> Result<(), Trouble> {
        if self.json { Ok(()) } else { write_out(page.render().as_bytes(), true) }
    }

    /// Shows an answer and says how the program ends.
    pub(crate) fn answer(&self, answer: Answer) -> u8 {
        let shown = if self.json {
            let mut object = answer.json;
            if let Some(trouble) = &answer.trouble {
                object.insert("error".to_owned(), trouble.to_json());
            }
            write_object(&object)
        } else if let Some(bytes) = &answer.bytes {
            write_out(bytes, false)
        } else {
            write_out(answer.page.render().as_bytes(), true).and_then(|()| show_film(answer.page.frames()))
        };
        match (shown, answer.trouble) {
            (Err(trouble), _) => self.trouble(&trouble),
            (Ok(()), Some(trouble)) if self.json => trouble.exit as u8,
            (Ok(()), Some(trouble)) => self.trouble(&trouble),
            (Ok(()), None) => 0,
        }
    }

    /// Says what went wrong, and how the program ends.
    pub(crate) fn trouble(&self, trouble: &Trouble) -> u8 {
        if self.json {
            let object = Map::from_iter([("error".to_owned(), trouble.to_json())]);
            let _ = write_object(&object);
        } else {
            let mut page = Page::new();
            page.styled(BAD, &trouble.message);
            if !trouble.advice.is_empty() {
                page.say(&trouble.advice);
            }
            page.styled(FAINT, format!("({})", trouble.code));
            // Nowhere is left to say that standard error does not work.
            let _ = anstream::stderr().write_all(page.render().as_bytes());
        }
        trouble.exit as u8
    }
}

/// Frames move where somebody can see it and press a key; elsewhere they stand below each other.
fn show_film(frames: &[Still]) -> Result<(), Trouble> {
    if frames.is_empty() {
        return Ok(());
    }
    if film::somebody_films() {
        return film::play(frames).map_err(|error| {
            Trouble::new(Exit::Machine, "output", format!("The frames could not be shown: {error}."))
        });
    }
    let all: String = frames.iter().map(|still| format!("{}{}\n", still.picture, still.caption)).collect();
    write_out(all.as_bytes(), true)
}

fn write_object(object: &Map<String, Value>) -> Result<(), Trouble> {
    let mut text = serde_json::to_string_pretty(object)
        .map_err(|_| Trouble::new(Exit::Defect, "defect", "The answer could not be written as JSON."))?;
    text.push('\n');
    write_out(text.as_bytes(), false)
}

fn write_out(bytes: &[u8], styled: bool) -> Result<(), Trouble> {
    let done = if styled {
        let mut out = anstream::stdout();
        out.write_all(bytes).and_then(|()| out.flush())
    } else {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush())
    };
    match done {
        // Whoever read along has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            Err(Trouble::new(Exit::Machine, "output", format!("The answer could not be shown: {error}.")))
        }
        Ok(()) => Ok(()),
    }
}

/// Whether somebody looks at standard error.
pub(crate) fn somebody_watches() -> bool {
    io::stderr().is_terminal()
}
