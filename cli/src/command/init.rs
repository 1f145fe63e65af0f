//! Making a wallet.

use hazel_core::key::RecoveryWords;
use serde_json::json;

use crate::edge::SystemEntropy;
use crate::guard::WordsFrom;
use crate::home::Home;
use crate::lettering::{GOOD, TITLE, WARN};
use crate::page::Page;
use crate::screen::Answer;
use crate::trouble::Trouble;

/// Make a new wallet
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// What your partners should call you
    name: String,
    #[command(flatten)]
    words: WordsFrom,
    /// Guard the wallet with a passphrase instead of a key file (HAZEL_PASSPHRASE, or asked for)
    #[arg(long)]
    passphrase: bool,
}

impl Init {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        if self.name.trim().is_empty() {
            return Err(Trouble::usage("A name is needed: what your partners should call you."));
        }
        let new = !self.words.is_given();
        let words = if new { RecoveryWords::generate(&mut SystemEntropy) } else { self.words.words()? };
        home.create(&self.name, &words, self.passphrase)?;
        let folder = home.folder().display().to_string();
        let guarded_by = if home.key_file().exists() { "key_file" } else { "passphrase" };
        let mut page = Page::new();
        page.styled(GOOD, format!("{}, your wallet is in {folder}.", self.name));
        match guarded_by {
            "key_file" => page.say(format!(
                "Its key is {}, which only you can read. Whoever has both can spend.",
                home.key_file().display()
            )),
            _ => page.say("It opens with your passphrase only."),
        };
        let mut json = json!({
            "name": self.name, "folder": folder, "guarded_by": guarded_by,
        });
        if new {
            let phrase = words.phrase();
            page.gap().styled(TITLE, "Your 24 recovery words, shown only this once:").gap();
            page.verbatim(numbered(&phrase)).gap();
            page.styled(WARN, "Write them on paper and keep it safe. With them a lost wallet comes back; without them it does not.");
            if let Some(object) = json.as_object_mut() {
                object.insert("recovery_words".into(), phrase.as_str().into());
            }
        }
        page.gap().say("Next: “hazel tally offer --limit 100” makes a ticket for somebody you trust.");
        Ok(Answer::new(json, page))
    }
}

/// Four words a line, with their numbers.
fn numbered(phrase: &str) -> String {
    let words: Vec<String> = phrase
        .split(' ')
        .enumerate()
        .map(|(at, word)| format!("{:>2}. {word:<12}", at.saturating_add(1)))
        .collect();
    let lines: Vec<String> = words.chunks(4).map(|line| format!("  {}", line.concat().trim_end())).collect();
    lines.join("\n")
}
