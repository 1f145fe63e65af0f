//! `hazel demo`: two people, two real wallets, files handed from one to the other. It ends with equal halves or fails.

mod air;
mod lane;
mod person;
mod pictures;
mod sites;
mod story;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};

use hazel_core::key::Entropy as _;
use serde_json::{Value, json};

use crate::edge::SystemEntropy;
use crate::lettering::{FAINT, GOOD, PLAIN, TITLE};
use crate::page::Page;
use crate::screen::{Answer, Screen};
use crate::trouble::Trouble;

/// Two wallets in a scratch folder trade with each other, step by step
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Keep both wallets and every file that was handed over in this new folder
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// See two phones and the air between them; line by line where there is no terminal
    #[arg(long)]
    watch: bool,
    /// With a chapter by Bluetooth, where this machine has two radios
    #[arg(long, conflicts_with = "watch")]
    ble: bool,
    /// What the air does while you watch: the same seed loses the same packets
    #[arg(long, default_value_t = 3, requires = "watch", value_name = "SEED")]
    seed: u64,
    /// Play the payer who is killed: sign the payment of an invoice, say so, and hang
    #[arg(long, hide = true, num_args = 2, value_names = ["FOLDER", "INVOICE"])]
    sign_and_hang: Option<Vec<String>>,
}

impl Demo {
    pub(crate) fn run(&self, screen: &Screen) -> Result<Answer, Trouble> {
        if let Some([folder, invoice]) = self.sign_and_hang.as_deref() {
            return person::sign_and_hang(Path::new(folder), invoice);
        }
        let scratch = Scratch::new(self.keep.as_deref())?;
        if self.watch {
            return watch::watch(&scratch.folder, self.seed, screen);
        }
        let mut telling = Telling { screen, steps: Vec::new() };
        telling.opening(&scratch)?;
        let (end, trouble) = story::play(&scratch.folder, self.ble, &mut telling)?;
        let mut answer = Answer::new(
            json!({ "steps": telling.steps, "halves": end.halves, "equal": trouble.is_none(),
                    "folder": self.keep.as_ref().map(|folder| folder.display().to_string()) }),
            end.page,
        );
        answer.trouble = trouble;
        Ok(answer)
    }
}

/// The folder of the story; swept away afterwards unless it is to be kept.
struct Scratch {
    folder: PathBuf,
    keep: bool,
}

impl Scratch {
    fn new(keep: Option<&Path>) -> Result<Self, Trouble> {
        let mut name = [0; 6];
        SystemEntropy.fill(&mut name);
        let name = name.iter().fold("hazel-demo-".to_owned(), |name, byte| format!("{name}{byte:02x}"));
        let folder = keep.map_or_else(|| std::env::temp_dir().join(name), Path::to_owned);
        fs::create_dir(&folder).map_err(|error| Trouble::file(&folder, &error))?;
        Ok(Self { folder, keep: keep.is_some() })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed lies in the system's folder for temporary files.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Tells the story while it happens, and remembers it for programs.
struct Telling<'s> {
    screen: &'s Screen,
    steps: Vec<Value>,
}

/// One step of the story.
struct Step {
    title: &'static str,
    told: Vec<String>,
    facts: Value,
}

impl Telling<'_> {
    fn opening(&self, scratch: &Scratch) -> Result<(), Trouble> {
        let mut page = Page::new();
        page.say(
            "Ana sells at the market, Ben mends roofs. Each has a wallet, and they hand each other files: \
             no server, no network, no cash. Both names are sample data.",
        );
        if scratch.keep {
            page.styled(FAINT, format!("Everything stays in {}.", scratch.folder.display()));
        }
        self.screen.show(&page)
    }

    fn step(&mut self, step: &Step) -> Result<(), Trouble> {
        let number = self.steps.len().saturating_add(1);
        let mut page = Page::new();
        page.gap().styled(TITLE, format!("{number}. {}", step.title));
        for line in &step.told {
            let style = if line.starts_with('→') { GOOD } else { PLAIN };
            page.under(style, line);
        }
        self.steps.push(json!({
            "number": number, "title": step.title, "told": step.told, "facts": step.facts,
        }));
        self.screen.show(&page)
    }
}
