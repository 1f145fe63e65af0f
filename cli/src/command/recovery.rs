//! When a machine is lost: backups, proving them, and coming back.

use std::path::{Path, PathBuf};

use hazel_core::wallet::Wallet;
use serde_json::{Value, json};

use super::letter::Letter;
use crate::calendar::{minute, stamp};
use crate::guard::WordsFrom;
use crate::home::Home;
use crate::lettering::{BAD, GOOD, WARN, count};
use crate::page::Page;
use crate::parcel::{self, Kind, Parcel};
use crate::partner::{find, name_of};
use crate::progress::Progress;
use crate::record;
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble};

/// Write a backup, sealed with your recovery words
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// The new file
    file: PathBuf,
    #[command(flatten)]
    words: WordsFrom,
}

impl Backup {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let words = self.words.words()?;
        let sealed = {
            let _progress = Progress::begin("Sealing the backup", None);
            wallet.backup(&words)?
        };
        parcel::write(&self.file, &sealed)?;
        let mut page = Page::new();
        page.styled(GOOD, format!("The backup is in {} ({} bytes).", self.file.display(), sealed.len()));
        page.say("Keep it on another machine or stick. Prove it now: hazel rehearse FILE");
        Ok(Answer::new(json!({ "file": self.file.display().to_string(), "bytes": sealed.len() }), page))
    }
}

/// Prove that a backup restores, before you need it; changes nothing
#[derive(Debug, clap::Args)]
pub(crate) struct Rehearse {
    /// The backup file ("-" for standard input)
    file: PathBuf,
    #[command(flatten)]
    words: WordsFrom,
}

impl Rehearse {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let (words, bytes) = (self.words.words()?, read_beside(&self.file, &self.words)?);
        let report = {
            let _progress = Progress::begin("Rehearsing", None);
            wallet.rehearse_restore(&words, &bytes)?
        };
        let mut page = Page::new();
        page.styled(
            GOOD,
            format!(
                "This backup restores: {}, {}.",
                count(report.tallies, "tally", "tallies"),
                count(report.chits, "entry", "entries")
            ),
        );
        page.say(format!("It was made {} UTC.", minute(report.made)));
        if report.newer > 0 {
            page.styled(
                WARN,
                format!(
                    "Newer than that: {}; your partners would send it back.",
                    count(report.newer, "entry", "entries")
                ),
            );
        }
        let json = json!({
            "tallies": report.tallies, "entries": report.chits, "newer": report.newer, "made": stamp(report.made),
        });
        Ok(Answer::new(json, page))
    }
}

/// Make a wallet again from a backup and your recovery words
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The backup file ("-" for standard input)
    file: PathBuf,
    #[command(flatten)]
    words: WordsFrom,
    /// Guard the wallet with a passphrase instead of a key file (HAZEL_PASSPHRASE, or asked for)
    #[arg(long)]
    passphrase: bool,
}

impl Restore {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        home.must_be_empty()?;
        let (words, bytes) = (self.words.words()?, read_beside(&self.file, &self.words)?);
        let wallet = home.restore(&words, &bytes, self.passphrase)?;
        let views = wallet.tallies()?;
        let mut page = Page::new();
        page.styled(
            GOOD,
            format!(
                "Welcome back, {}. Here again: {}.",
                wallet.name(),
                count(views.len(), "tally", "tallies")
            ),
        );
        page.say(
            "Each can be read at once, and signed on after you have exchanged hand-overs with its partner:",
        );
        page.say("hazel outbox, then hazel receive.");
        let json = json!({
            "name": wallet.name(), "folder": home.folder().display().to_string(),
            "tallies": views.iter().map(record::tally).collect::<Vec<Value>>(),
        });
        Ok(Answer::new(json, page))
    }
}

/// Reads a file while the words may come from standard input.
fn read_beside(file: &Path, words: &WordsFrom) -> Result<Vec<u8>, Trouble> {
    if words.uses_stdin() && file == Path::new("-") {
        return Err(Trouble::usage("Only one of the two can come from standard input."));
    }
    parcel::read(file)
}

/// Write everything on a tally for a partner who has lost their wallet
#[derive(Debug, clap::Args)]
pub(crate) struct Remind {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    #[command(flatten)]
    letter: Letter,
}

impl Remind {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        if !view.state.is_contract() {
            return Err(Trouble::new(
                Exit::Refused,
                "out_of_place",
                "There is no contract on this tally to remind anybody of.",
            ));
        }
        let reminder = wallet.remind(&view.id)?;
        let mut page = Page::new();
        page.styled(GOOD, format!("A reminder of everything on your tally with {}.", name_of(&view)));
        page.say("With it and their recovery words they take the tally back: hazel rebuild FILE");
        let json = json!({ "tally": view.id.to_string(), "partner": view.name });
        self.letter.deliver(&Parcel::new(Kind::Reminder, reminder), json, page)
    }
}

/// Take tallies back from partners' reminders; what is not true in them is named
#[derive(Debug, clap::Args)]
pub(crate) struct Rebuild {
    /// Reminders; left out or "-", standard input
    files: Vec<PathBuf>,
}

impl Rebuild {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &stdin[..] } else { &self.files };
        let progress = Progress::begin("Rebuilding", Some(files.len()));
        let (mut page, mut told, mut trouble) = (Page::new(), Vec::new(), None);
        for file in files {
            for parcel in Parcel::read_all(parcel::read(file)?)? {
                told.push(take_back(&mut wallet, &parcel, &mut page, &mut trouble)?);
            }
            progress.step();
        }
        let mut answer = Answer::new(json!({ "rebuilt": told }), page);
        answer.trouble = trouble;
        Ok(answer)
    }
}

fn take_back(
    wallet: &mut Wallet,
    parcel: &Parcel,
    page: &mut Page,
    trouble: &mut Option<Trouble>,
) -> Result<Value, Trouble> {
    if !matches!(parcel.kind, Kind::Reminder | Kind::Unlabelled) {
        return Err(Trouble::usage("This is not a reminder.")
            .advise("If it is a hand-over, take it in with “hazel receive”."));
    }
    let rebuilt = wallet.rebuild(&parcel.bytes)?;
    let view = wallet.tally(&rebuilt.tally)?;
    let name = name_of(&view);
    page.styled(
        GOOD,
        format!("Your tally with {name} is back: {} entries, balance {}.", view.index, view.balance),
    );
    for lie in &rebuilt.lies {
        page.styled(BAD, format!("{name} told something that is not true: {}.", lie.refusal));
    }
    if !rebuilt.lies.is_empty() {
        let message = format!("{name} told something that is not true; it was left out.");
        trouble.get_or_insert(
            Trouble { culprit: "partner", ..Trouble::new(Exit::Unsound, "lying_partner", message) }
                .advise("Compare with other witnesses before you trade on."),
        );
    }
    page.say(format!("Exchange hand-overs before you sign on it: hazel outbox {name}"));
    Ok(json!({
        "tally": rebuilt.tally.to_string(), "partner": view.name, "balance": view.balance.to_string(),
        "index": view.index, "lies": rebuilt.lies.iter().map(|lie| record::refusal(&lie.refusal)).collect::<Vec<_>>(),
    }))
}

/// Go on with a restored tally although the partner cannot be met
#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
}

impl Resume {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        if !view.reconciling {
            let message =
                format!("The tally with {} was not restored; you can sign on it as ever.", name_of(&view));
            return Err(Trouble::new(Exit::Refused, "out_of_place", message));
        }
        wallet.resume(&view.id)?;
        let mut page = Page::new();
        page.styled(WARN, format!("You can sign on the tally with {} again.", name_of(&view)));
        page.say("What you signed before and comes later is kept, and counts when both of you say so.");
        Ok(Answer::new(record::tally(&wallet.tally(&view.id)?), page))
    }
}

/// Sign with a new chain on this device, after somebody else has signed with a copy of it
#[derive(Debug, clap::Args)]
pub(crate) struct Renew {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
}

impl Renew {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        wallet.renew(&view.id)?;
        let mut page = Page::new();
        page.styled(
            WARN,
            format!("This device signs with a new chain on the tally with {}.", name_of(&view)),
        );
        page.say(format!("Hand it over: hazel outbox {}", name_of(&view)));
        Ok(Answer::new(record::tally(&wallet.tally(&view.id)?), page))
    }
}
