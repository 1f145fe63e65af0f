//! The two roads between wallets: what waits to be handed over, and what has come.

use std::path::{Path, PathBuf};

use hazel_core::canon::Canon as _;
use hazel_core::negotiation::{By, TallyState};
use hazel_core::ticket::Ticket;
use hazel_core::wallet::{Change, Delivery, TallyView, Wallet};
use serde_json::{Value, json};

use super::letter::Letter;
use crate::home::Home;
use crate::lettering::{BAD, FAINT, GOOD, TITLE, WARN};
use crate::page::Page;
use crate::parcel::{self, Kind, Parcel};
use crate::partner::{find, name_of, short};
use crate::progress::Progress;
use crate::record;
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble};

/// Write what your partners must be told: files for a stick, text for an e-mail
#[derive(Debug, clap::Args)]
pub(crate) struct Outbox {
    /// Only for this partner; left out, for everybody
    partner: Option<String>,
    #[command(flatten)]
    letter: Letter,
    /// Only say for whom something waits
    #[arg(long)]
    list: bool,
    /// Also ask for what is missing here, even if there is nothing to tell: the beginning of a meeting
    #[arg(long)]
    ask_missing: bool,
}

impl Outbox {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let waiting = self.waiting(&mut wallet)?;
        if self.list || waiting.is_empty() {
            return Ok(listed(&waiting));
        }
        let to_folder = self.letter.out().is_some_and(Path::is_dir);
        if waiting.len() > 1 && !to_folder && (self.letter.is_raw() || self.letter.out().is_some()) {
            return Err(Trouble::usage("Something waits for more than one partner.")
                .advise("Name one of them, or a folder with --out."));
        }
        let progress = Progress::begin("Sealing", Some(waiting.len()));
        let (mut sent, mut bytes, mut page) = (Vec::new(), Vec::new(), Page::new());
        for view in &waiting {
            // The place is found first: what was handed over is noted as sent, so it should have somewhere to go.
            let place = self.letter.place(&format!("for-{}-{}", name_of(view), short(&view.id)))?;
            let Some(sealed) = wallet.hand_over(&view.id)? else { continue };
            let parcel = Parcel::new(Kind::HandOver, sealed);
            match &place {
                Some(path) => {
                    parcel::write(path, &parcel.to_file(self.letter.is_raw()))?;
                    page.styled(GOOD, format!("For {}: {}", name_of(view), path.display()));
                }
                None => bytes.extend_from_slice(&parcel.to_file(self.letter.is_raw())),
            }
            sent.push(json!({
                "tally": view.id.to_string(), "partner": view.name, "bytes": parcel.bytes.len(),
                "file": place.map(|path| path.display().to_string()), "text": parcel.to_text(),
            }));
            progress.step();
        }
        let mut answer = Answer::new(json!({ "hand_overs": sent }), page);
        answer.bytes = (!bytes.is_empty()).then_some(bytes);
        Ok(answer)
    }

    fn waiting(&self, wallet: &mut Wallet) -> Result<Vec<TallyView>, Trouble> {
        let only = self.partner.as_ref().map(|partner| find(wallet, partner)).transpose()?;
        if self.ask_missing {
            let asked = only.as_ref().map_or_else(|| wallet.tallies(), |view| Ok(vec![view.clone()]))?;
            for view in asked {
                wallet.ask_what_is_missing(&view.id)?;
            }
        }
        let all = wallet.outbox_tallies()?;
        let wanted = all.into_iter().filter(|id| only.as_ref().is_none_or(|view| view.id == *id));
        wanted.map(|id| Ok(wallet.tally(&id)?)).collect()
    }
}

fn listed(waiting: &[TallyView]) -> Answer {
    let mut page = Page::new();
    if waiting.is_empty() {
        page.say("Nothing waits to be handed over.");
    }
    for view in waiting {
        page.say(format!("For {}: hazel outbox {}", name_of(view), short(&view.id)));
    }
    let list: Vec<Value> =
        waiting.iter().map(|view| json!({ "tally": view.id.to_string(), "partner": view.name })).collect();
    let key = if waiting.is_empty() { "hand_overs" } else { "waiting" };
    Answer::new(json!({ key: list }), page)
}

/// Take in what partners have handed over
#[derive(Debug, clap::Args)]
pub(crate) struct Receive {
    /// Files; left out or "-", standard input
    files: Vec<PathBuf>,
}

impl Receive {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let stdin = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &stdin[..] } else { &self.files };
        let progress = Progress::begin("Taking in", Some(files.len()));
        let (mut page, mut told, mut trouble) = (Page::new(), Vec::new(), None);
        for file in files {
            let all = parcel::read(file).and_then(Parcel::read_all);
            let parcels = match all {
                Ok(parcels) => parcels.into_iter().map(Ok).collect(),
                Err(unreadable) => vec![Err(unreadable)],
            };
            for parcel in parcels {
                let taken = parcel.and_then(|parcel| take(&mut wallet, &parcel));
                told.push(tell(file, &wallet, taken, &mut page, &mut trouble)?);
            }
            progress.step();
        }
        let mut answer = Answer::new(json!({ "deliveries": told }), page);
        answer.trouble = trouble;
        Ok(answer)
    }
}

/// What came of one parcel, and how its tally stood before.
struct Taken {
    delivery: Delivery,
    before: Option<TallyView>,
}

fn take(wallet: &mut Wallet, parcel: &Parcel) -> Result<Taken, Trouble> {
    let instead = match parcel.kind {
        Kind::Ticket => Some("This is a ticket: answer it with “hazel tally accept FILE”."),
        Kind::Reminder => Some("This is a reminder: take it in with “hazel rebuild FILE”."),
        Kind::Enrolment => Some("This is for a new device: see “hazel devices --help”."),
        Kind::Unlabelled if Ticket::from_bytes(&parcel.bytes).is_ok() => {
            Some("This is a ticket: answer it with “hazel tally accept FILE”.")
        }
        Kind::HandOver | Kind::Unlabelled => None,
    };
    if let Some(instead) = instead {
        return Err(Trouble::usage("This is not a hand-over.").advise(instead));
    }
    let before = wallet.tallies()?;
    let delivery = wallet.receive(&parcel.bytes)?;
    let before = before.into_iter().find(|view| view.id == delivery.tally);
    Ok(Taken { delivery, before })
}

/// Tells what came of one parcel. The first trouble decides how the command ends; the others are told all the same.
fn tell(
    file: &Path,
    wallet: &Wallet,
    taken: Result<Taken, Trouble>,
    page: &mut Page,
    trouble: &mut Option<Trouble>,
) -> Result<Value, Trouble> {
    let from = file.display().to_string();
    let taken = match taken {
        Ok(taken) => taken,
        Err(failed) => {
            page.styled(BAD, format!("{from}: {}", failed.message));
            let told = json!({ "file": from, "error": failed.to_json() });
            trouble.get_or_insert(failed);
            return Ok(told);
        }
    };
    let view = wallet.tally(&taken.delivery.tally)?;
    let name = name_of(&view);
    page.styled(TITLE, format!("From {name}"));
    let mut news = 0_usize;
    if taken.before.as_ref().is_none_or(|before| before.state != view.state) {
        page.under(GOOD, state_words(&view, &name));
        news = news.saturating_add(1);
    }
    for change in &taken.delivery.changes {
        let (style, words) = change_words(change, &view, &name);
        page.under(style, words);
        news = news.saturating_add(1);
    }
    for rejected in &taken.delivery.rejected {
        page.under(BAD, format!("Not let in: {}.", rejected.refusal));
        let mut refused = Trouble::from(hazel_core::wallet::WalletError::from(rejected.refusal.clone()));
        if news > 0 {
            refused = refused.advise("Nothing of that was stored; everything else was taken in.");
        }
        trouble.get_or_insert(Trouble { exit: Exit::Refused, ..refused });
    }
    if news == 0 && taken.delivery.rejected.is_empty() {
        page.under(FAINT, "Nothing new.");
    }
    if taken.delivery.reply {
        page.under(FAINT, format!("There is something to hand back: hazel outbox {name}"));
    }
    let mut told = record::delivery(&taken.delivery);
    if let Some(object) = told.as_object_mut() {
        object.insert("file".into(), from.into());
        object.insert("partner".into(), view.name.clone().into());
        object.insert("state".into(), view.state.name().into());
        object.insert("balance".into(), view.balance.to_string().into());
    }
    Ok(told)
}

/// What a tally has come to.
pub(super) fn state_words(view: &TallyView, name: &str) -> String {
    match view.state {
        TallyState::CertsKnown => format!("{name} answered your ticket: hazel tally show {name}"),
        TallyState::Offered(By::Partner) => format!("{name} offers you a tally: hazel tally show {name}"),
        TallyState::Open => format!("Your tally with {name} is open."),
        other => format!("The tally is now {other}."),
    }
}

pub(super) fn change_words(change: &Change, view: &TallyView, name: &str) -> (anstyle::Style, String) {
    match change {
        Change::Chit { by, units: Some(units), flag, .. } if *by != view.side => {
            let flagged =
                if flag.is_outside() { format!(" ({}: waits for you)", flag.words()) } else { String::new() };
            (if flag.is_outside() { WARN } else { GOOD }, format!("{name} pays you {units}{flagged}."))
        }
        Change::Chit { units: Some(units), .. } => (GOOD, format!("A payment of yours came back: {units}.")),
        Change::Chit { kind, .. } => {
            (GOOD, format!("Signed by {}: {kind}.", if by_me(change, view) { "you" } else { name }))
        }
        Change::Held { seq } => {
            (GOOD, format!("{name} has received what you signed, up to your number {seq}."))
        }
        Change::Asked { units } => (WARN, format!("{name} asks you for {units}.")),
        Change::Answered { state } => (WARN, format!("An invoice is now {}.", state.name())),
        Change::Ordered { index } => (GOOD, format!("Both have the same order, up to entry {index}.")),
        Change::Fork { side } => {
            let who = if *side == view.side { "You" } else { name };
            (BAD, format!("{who} signed two things that cannot both be. The proof is kept."))
        }
        Change::Waiting => (WARN, "Something waits for a hand-over that has not come yet.".into()),
    }
}

fn by_me(change: &Change, view: &TallyView) -> bool {
    matches!(change, Change::Chit { by, .. } if *by == view.side)
}
