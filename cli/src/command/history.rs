//! What happened on a tally: page by page for a person, and whole for an accountant.

use std::path::PathBuf;

use hazel_core::wallet::{ChitView, Filter, Settled};
use serde_json::{Value, json};

use crate::calendar::{day, last_second, parse_day};
use crate::home::Home;
use crate::lettering::{FAINT, GOOD, PLAIN, TITLE, WARN, count};
use crate::page::Page;
use crate::parcel;
use crate::partner::{find, name_of, short};
use crate::progress::Progress;
use crate::record;
use crate::screen::Answer;
use crate::table::{Column, Table};
use crate::trouble::{Exit, Trouble};

/// What happened on a tally, newest first, with the running balance
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// Only payments, no settings
    #[arg(long)]
    payments: bool,
    /// Only what was signed on this day or later (2026-11-21)
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    /// Only what was signed on this day or earlier (2026-11-30)
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Only what has this text in its memo or reference
    #[arg(long, value_name = "TEXT")]
    find: Option<String>,
    /// Skip this many
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    skip: usize,
    /// Show at most this many
    #[arg(long, default_value_t = 20, value_name = "COUNT")]
    most: usize,
}

impl History {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let since = self.since.as_deref().map(parse_day).transpose()?;
        let until = self.until.as_deref().map(parse_day).transpose()?.map(last_second);
        let filter = Filter {
            skip: self.skip,
            // One more than is shown tells whether there is a next page.
            most: self.most.saturating_add(1),
            since,
            until,
            text: self.find.clone(),
            payments_only: self.payments,
        };
        let mut entries = wallet.history(&view.id, &filter)?;
        let more = entries.len() > self.most;
        entries.truncate(self.most);
        let next = more.then(|| self.skip.saturating_add(self.most));
        let mut page = Page::new();
        page.styled(TITLE, format!("{} · balance {}", name_of(&view), view.balance));
        if entries.is_empty() {
            page.say(self.nothing());
        } else {
            page.table(table(&entries));
        }
        if let Some(next) = next {
            page.styled(FAINT, format!("More: --skip {next}"));
        }
        let list: Vec<Value> = entries.iter().map(record::entry).collect();
        let json = json!({
            "tally": view.id.to_string(), "partner": view.name, "balance": view.balance.to_string(),
            "entries": list, "next_skip": next,
        });
        Ok(Answer::new(json, page))
    }
}

impl History {
    const fn nothing(&self) -> &'static str {
        let chosen = self.payments
            || self.since.is_some()
            || self.until.is_some()
            || self.find.is_some()
            || self.skip > 0;
        if chosen { "Nothing here is like that." } else { "Nothing here yet." }
    }
}

fn table(entries: &[ChitView]) -> Table {
    let mut table = Table::new(&[
        ("date", Column::Left),
        ("for", Column::Giving),
        ("amount", Column::Right),
        ("balance", Column::Right),
        ("state", Column::Left),
        ("id", Column::Left),
    ]);
    for entry in entries {
        let style = if entry.flag.is_outside() { WARN } else { PLAIN };
        let amount = if entry.kind == "payment" { entry.units.to_string() } else { String::new() };
        table.styled(
            style,
            [
                day(entry.date),
                subject(entry),
                amount,
                entry.balance.to_string(),
                entry.facets.word().to_owned(),
                short(&entry.chit.hash),
            ],
        );
    }
    table
}

/// What an entry is about: its memo, or what it settles, or its kind; and how it is taken, if that needs saying.
fn subject(entry: &ChitView) -> String {
    let about = match &entry.settled {
        Some(Settled::Call { down_to, by }) => format!("call: down to {down_to} by {}", day(*by)),
        Some(Settled::Terms { terms, from }) => {
            format!("credit terms: up to {} from {}", terms.limit, day(*from))
        }
        Some(Settled::Variables(wish)) => format!("settings: target {}, bound {}", wish.target, wish.bound),
        None if entry.note.memo.is_empty() => entry.kind.to_owned(),
        None => entry.note.memo.clone(),
    };
    if entry.flag.words().is_empty() { about } else { format!("{about} ({})", entry.flag.words()) }
}

/// The whole tally for an accountant: every entry with who signed it
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// For a spreadsheet, or for a program
    #[arg(long, value_parser = ["csv", "json"], default_value = "csv")]
    format: String,
    /// Write it to this new file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        if !view.state.is_contract() {
            return Err(Trouble::new(
                Exit::Refused,
                "out_of_place",
                "There is no contract yet, so there is nothing to export.",
            ));
        }
        let _progress = Progress::begin("Writing it all out", None);
        let whole = wallet.export(&view.id)?;
        let unwritten = || Trouble::new(Exit::Defect, "defect", "The export could not be written as JSON.");
        let object: Value = serde_json::from_str(&whole.to_json()).map_err(|_| unwritten())?;
        let bytes = if self.format == "csv" {
            whole.to_csv().into_bytes()
        } else {
            let mut bytes = serde_json::to_vec_pretty(&object).map_err(|_| unwritten())?;
            bytes.push(b'\n');
            bytes
        };
        let mut page = Page::new();
        let Some(out) = &self.out else {
            let mut answer = Answer::new(object, page);
            answer.bytes = Some(bytes);
            return Ok(answer);
        };
        parcel::write(out, &bytes)?;
        page.styled(
            GOOD,
            format!("{} written to {}.", count(whole.chits.len(), "entry", "entries"), out.display()),
        );
        let json = json!({
            "tally": view.id.to_string(), "file": out.display().to_string(), "format": self.format,
            "entry_count": whole.chits.len(), "head": whole.head.to_string(),
        });
        Ok(Answer::new(json, page))
    }
}
