//! A wallet and its site: making the link, and going home.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hazel_core::negotiation::TallyState;
use hazel_core::wallet::Wallet;
use hazel_network::ticket::{SiteTicket, agent_of};
use hazel_qr::scan::Qr;
use serde_json::{Value, json};

use super::exchange::change_words;
use crate::camera;
use crate::home::Home;
use crate::homeward::{self, Report};
use crate::page::{BAD, FAINT, GOOD, Page, TITLE, WARN, count};
use crate::parcel;
use crate::partner::{find, name_of, short};
use crate::progress::Progress;
use crate::screen::Answer;
use crate::trouble::{Trouble, sentence};

/// Let a site speak for your tallies: it makes final what you and your partners sign
#[derive(Debug, clap::Args)]
pub(crate) struct Link {
    /// The ticket from whoever runs the site: its text, or a picture or file with it
    ticket: String,
    /// Only the tally with this partner; again for more (default: all)
    #[arg(long, value_name = "PARTNER")]
    only: Vec<String>,
    /// Give up after so many seconds
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    within: u64,
}

impl Link {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let ticket: SiteTicket =
            self.text()?.trim().parse().map_err(|error: hazel_network::ticket::TicketError| {
                Trouble::usage(sentence(&error.to_string()))
            })?;
        let mut wallet = home.open()?;
        let tallies = self.tallies(&mut wallet)?;
        let within = Duration::from_secs(self.within);
        let progress = Progress::begin("At the site", None);
        let (mut link, channel) = homeward::Link::by_ticket(home, &ticket, within)?;
        for tally in &tallies {
            wallet.host_at(tally, &link.site)?;
        }
        let report = link.go_home(&mut wallet, Some(channel), within)?;
        drop(progress);
        let mut page = Page::new();
        page.styled(
            GOOD,
            format!("{} speaks for {} of yours now.", link.place, count(tallies.len(), "tally", "tallies")),
        );
        page.say("Your partners learn it when your phones meet next, or through the site.");
        told(&wallet, &link, &report, page)
    }

    /// The ticket's text, wherever it is.
    fn text(&self) -> Result<String, Trouble> {
        let path = Path::new(&self.ticket);
        if self.ticket.starts_with("hazel-site:") || !path.exists() {
            return Ok(self.ticket.clone());
        }
        let bytes = parcel::read(path)?;
        if !camera::is_picture(&bytes) {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        match camera::one(&PathBuf::from(path))? {
            Qr::Foreign(foreign) => Ok(foreign.text),
            _ => Err(Trouble::usage("This picture does not show a site ticket.")),
        }
    }

    fn tallies(&self, wallet: &mut Wallet) -> Result<Vec<hazel_core::tally::TallyId>, Trouble> {
        if !self.only.is_empty() {
            return self.only.iter().map(|name| Ok(find(wallet, name)?.id)).collect();
        }
        let open = wallet.tallies()?.into_iter().filter(|view| view.state.is_contract());
        Ok(open.filter(|view| view.state != TallyState::Closed).map(|view| view.id).collect())
    }
}

/// Tell your site what you signed, and hear what has become final
#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    /// Give up after so many seconds
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    within: u64,
}

impl Sync {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let mut link = homeward::Link::read(home)?;
        let report = {
            let _progress = Progress::begin("At the site", None);
            link.go_home(&mut wallet, None, Duration::from_secs(self.within))?
        };
        told(&wallet, &link, &report, Page::new())
    }
}

/// How it went, for the screen and for programs.
fn told(wallet: &Wallet, link: &homeward::Link, report: &Report, mut page: Page) -> Result<Answer, Trouble> {
    let heard = &report.heard;
    page.styled(TITLE, format!("At {}", link.place));
    for (tally, change) in &heard.changes {
        let view = wallet.tally(tally)?;
        let name = name_of(&view);
        let (style, words) = change_words(change, &view, &name);
        page.under(style, words);
    }
    for (tally, rejected) in &heard.rejected {
        page.under(BAD, format!("Not let in, on tally {}: {}.", short(tally), rejected.refusal));
    }
    for (tally, code) in &heard.refused {
        page.under(BAD, format!("The site did not take something of tally {}: {code}.", short(tally)));
    }
    if report.pending == 0 {
        page.under(GOOD, "Everything is final.");
    } else {
        page.under(
            WARN,
            format!("{} with something that is not final yet.", count(report.pending, "tally", "tallies")),
        );
        page.under(FAINT, "It becomes final when your partner's side has been heard too.");
    }
    let letters = usize::try_from(heard.letters).unwrap_or(usize::MAX);
    page.under(FAINT, format!("{}, {} bytes.", count(letters, "letter", "letters"), heard.bytes));
    let refused: Vec<Value> = heard
        .refused
        .iter()
        .map(|(tally, code)| json!({ "tally": tally.to_string(), "code": code }))
        .collect();
    let rejected: Vec<Value> = heard
        .rejected
        .iter()
        .map(|(tally, it)| json!({ "tally": tally.to_string(), "code": it.refusal.code() }))
        .collect();
    let json = json!({
        "site": agent_of(&link.site), "at": link.place, "pending": report.pending, "final": report.pending == 0,
        "changes": heard.changes.len(), "letters": heard.letters, "bytes": heard.bytes,
        "channels": report.channels, "refused": refused, "rejected": rejected,
    });
    Ok(Answer::new(json, page))
}
