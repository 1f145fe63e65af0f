//! `hazel demo --watch`: the story of two phones as a moving picture, or line by line where nobody can see one.
//!
//! Wallets, codes, sessions and packets are the real ones; only the air is made of memory, with faults from a seed.

mod between;
mod draw;
mod phone;
mod script;
mod stage;

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use serde_json::{Value, json};

use crate::lettering::{FAINT, GOOD, PLAIN, WARN};
use crate::page::Page;
use crate::screen::{Answer, Screen};
use crate::trouble::{Exit, Trouble};
use draw::Pace;
use script::Script;
use stage::Stage;

/// Between two pictures, in milliseconds.
const PICTURE: u64 = 40;
/// Stage milliseconds in a second: slow enough to follow a packet with the eyes.
const SPEEDS: [u64; 6] = [25, 50, 100, 200, 400, 1_000];
/// Where nobody watches, so much passes at a time.
const STEP: u64 = 10;

/// Plays the story; the seed decides what the air does.
pub(super) fn watch(folder: &Path, seed: u64, screen: &Screen) -> Result<Answer, Trouble> {
    let mut show = Show { stage: Stage::new(folder, seed)?, script: Script::new(), told: Vec::new() };
    let seen = std::io::stdout().is_terminal() && !screen.is_json();
    if seen {
        show.in_pictures()?
    } else {
        show.in_lines(screen)?
    }
    let count = show.stage.between.count;
    let json = json!({
        "seed": seed, "told": show.told, "over": show.script.is_over(), "cuts": show.stage.cuts,
        "packets": { "sent": count.sent, "lost": count.lost, "again": count.again, "bytes": count.bytes },
    });
    let mut page = Page::new();
    if seen {
        page.say(show.stage.caption);
    }
    Ok(Answer::new(json, page))
}

/// A stage on which a story is played.
struct Show {
    stage: Stage,
    script: Script,
    told: Vec<Value>,
}

impl Show {
    fn pass(&mut self, milliseconds: u64) -> Result<Vec<String>, Trouble> {
        self.script.pass(&mut self.stage, milliseconds)?;
        let lines = std::mem::take(&mut self.stage.lines);
        self.told.extend(lines.iter().map(|line| line.as_str().into()));
        Ok(lines)
    }

    fn in_lines(&mut self, screen: &Screen) -> Result<(), Trouble> {
        while !self.script.is_over() {
            let mut page = Page::new();
            for line in self.pass(STEP)? {
                let style = match line.chars().next() {
                    Some('=') => GOOD,
                    Some('✂') => WARN,
                    Some(' ') => FAINT,
                    _ => PLAIN,
                };
                page.styled(style, line.trim_start().to_owned());
            }
            screen.show(&page)?;
        }
        Ok(())
    }

    fn in_pictures(&mut self) -> Result<(), Trouble> {
        let mut terminal = ratatui::try_init().map_err(|error| unseen(&error))?;
        let shown = self.animate(&mut terminal);
        // Whatever happened, the terminal is given back as it was.
        ratatui::restore();
        shown
    }

    fn animate(&mut self, terminal: &mut DefaultTerminal) -> Result<(), Trouble> {
        let (mut paused, mut speed) = (false, 3_usize);
        loop {
            let per_second = SPEEDS.get(speed).copied().unwrap_or(100);
            if !paused && !self.script.is_over() {
                self.pass(per_second.saturating_mul(PICTURE).div_ceil(1_000))?;
            }
            let pace = Pace { paused, speed: per_second, over: self.script.is_over() };
            terminal.draw(|frame| draw::draw(frame, &self.stage, pace)).map_err(|error| unseen(&error))?;
            match key(Duration::from_millis(PICTURE))? {
                Some(KeyCode::Char('q') | KeyCode::Esc) => return Ok(()),
                Some(KeyCode::Char('c')) => self.stage.cut()?,
                Some(KeyCode::Char(' ')) => paused = !paused,
                Some(KeyCode::Char('+' | '=')) => {
                    speed = speed.saturating_add(1).min(SPEEDS.len().saturating_sub(1));
                }
                Some(KeyCode::Char('-')) => speed = speed.saturating_sub(1),
                _ => {}
            }
        }
    }
}

/// The key pressed meanwhile; Ctrl-C is one that leaves.
fn key(wait: Duration) -> Result<Option<KeyCode>, Trouble> {
    if !event::poll(wait).map_err(|error| unseen(&error))? {
        return Ok(None);
    }
    match event::read().map_err(|error| unseen(&error))? {
        Event::Key(key) if key.kind == KeyEventKind::Press => {
            let leaves = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
            Ok(Some(if leaves { KeyCode::Esc } else { key.code }))
        }
        _ => Ok(None),
    }
}

fn unseen(error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Machine, "terminal", format!("The terminal cannot show the picture: {error}."))
        .advise("“hazel demo --watch | cat” tells it line by line.")
}
