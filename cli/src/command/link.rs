//! A wallet and its site: making the link, and going home.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hazel_core::negotiation::TallyState;
use hazel_core::tally::TallyId;
use hazel_core::wallet::Wallet;
use hazel_network::ticket::{SiteTicket, agent_of, site_of};
use hazel_qr::scan::Qr;
use serde_json::{Value, json};

use super::exchange::change_words;
use crate::camera;
use crate::home::Home;
use crate::homeward::{self, Report};
use crate::lettering::{BAD, FAINT, GOOD, TITLE, WARN, count};
use crate::page::Page;
use crate::parcel;
use crate::partner::{find, name_of, short};
use crate::progress::Progress;
use crate::screen::Answer;
use crate::table::{Column, Table};
use crate::trouble::{Trouble, sentence};

/// Let a site speak for your tallies: it makes final what you and your partners sign
#[derive(Debug, clap::Args)]
pub(crate) struct Link {
    /// The ticket from whoever runs the site: its text, or a picture or file with it
    ticket: String,
    /// Only the tally with this partner; again for more (default: all)
    #[arg(long, value_name = "PARTNER")]
    only: Vec<String>,
    /// Be a guest: bring what concerns this site, your partner's for instance, and let it speak for nothing of yours
    #[arg(long, conflicts_with = "only")]
    guest: bool,
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
        if self.guest {
            page.styled(GOOD, format!("You are a guest at {} now.", link.place));
        } else {
            let tallies = count(tallies.len(), "tally", "tallies");
            page.styled(GOOD, format!("{} speaks for {tallies} of yours now.", link.place));
            page.say("Your partners learn it when your phones meet next, or through the site.");
        }
        told(&mut wallet, &[(link, report)], &[], page)
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

    fn tallies(&self, wallet: &mut Wallet) -> Result<Vec<TallyId>, Trouble> {
        if self.guest {
            return Ok(Vec::new());
        }
        if !self.only.is_empty() {
            return self.only.iter().map(|name| Ok(find(wallet, name)?.id)).collect();
        }
        let open = wallet.tallies()?.into_iter().filter(|view| view.state.is_contract());
        Ok(open.filter(|view| view.state != TallyState::Closed).map(|view| view.id).collect())
    }
}

/// Tell your sites what you signed, and hear what has become final
#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    /// Give up after so many seconds
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    within: u64,
}

impl Sync {
    /// Every site that has to do with a tally is visited, the best first. One that is away keeps nobody from the others.
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let (mut visits, mut missed) = (Vec::new(), Vec::new());
        let progress = Progress::begin("At the site", None);
        for mut link in homeward::Link::all(home)? {
            match link.go_home(&mut wallet, None, Duration::from_secs(self.within)) {
                Ok(report) => visits.push((link, report)),
                Err(trouble) => missed.push((link, trouble)),
            }
        }
        drop(progress);
        if visits.is_empty()
            && let Some((_, trouble)) = missed.pop()
        {
            return Err(trouble);
        }
        told(&mut wallet, &visits, &missed, Page::new())
    }
}

/// The sites and other nodes this wallet knows; takes in a signed list of them
#[derive(Debug, clap::Args)]
pub(crate) struct Nodes {
    /// A new list, as its publisher signed it
    #[arg(requires = "by")]
    list: Option<PathBuf>,
    /// The publisher's key
    #[arg(long, value_name = "KEY", requires = "list", allow_hyphen_values = true)]
    by: Option<String>,
}

impl Nodes {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        if !home.database().exists() {
            // It says so itself.
            home.open()?;
        }
        let mut page = Page::new();
        if let (Some(path), Some(by)) = (&self.list, &self.by) {
            let by = site_of(by).ok_or_else(|| Trouble::usage("This is not the key of a publisher."))?;
            let text = String::from_utf8_lossy(&parcel::read(path)?).into_owned();
            let list = homeward::take_list(home, &text, &by)?;
            page.styled(GOOD, format!("Taken in: {}.", count(list.by_merit().len(), "node", "nodes")));
        }
        let links = match homeward::Link::all(home) {
            Err(trouble) if trouble.code == "no_link" => Vec::new(),
            links => links?,
        };
        let directory = homeward::directory(home, &links)?;
        let columns = [
            ("node", Column::Left),
            ("at", Column::Left),
            ("answers in", Column::Right),
            ("went well", Column::Right),
            ("", Column::Left),
        ];
        let (mut table, mut nodes) = (Table::new(&columns), Vec::new());
        for node in directory.by_merit() {
            let mine = links.iter().any(|link| link.site == node.key);
            table.row([
                node.alias.clone(),
                node.routing.clone(),
                format!("{} ms", node.latency),
                format!("{} %", node.reliability / 10),
                if mine { "yours".to_owned() } else { String::new() },
            ]);
            nodes.push(json!({
                "alias": node.alias, "key": agent_of(&node.key), "at": node.routing, "latency_ms": node.latency,
                "reliability": node.reliability, "mine": mine,
            }));
        }
        if nodes.is_empty() {
            page.say("No site is known yet: “hazel link TICKET” makes one yours.");
        } else {
            page.table(table);
        }
        Ok(Answer::new(json!({ "nodes": nodes }), page))
    }
}

type Visit = (homeward::Link, Report);

/// How it went, for the screen and for programs.
fn told(
    wallet: &mut Wallet,
    visits: &[Visit],
    missed: &[(homeward::Link, Trouble)],
    mut page: Page,
) -> Result<Answer, Trouble> {
    let mut errands = Vec::new();
    for (link, report) in visits {
        page.styled(TITLE, format!("At {}", link.place));
        visited(wallet, report, &mut page)?;
        errands.extend(super::errand::told(wallet, &link.place, &report.heard.errands, &mut page)?);
    }
    for (link, trouble) in missed {
        page.styled(TITLE, format!("At {}", link.place));
        page.under(BAD, trouble.message.clone());
    }
    let mut waiting = std::collections::BTreeSet::new();
    for (link, _) in visits {
        let halves = hazel_network::uplink::hosted(wallet, &link.site)?;
        waiting.extend(halves.into_iter().filter(|half| half.pending).map(|half| half.tally));
    }
    let pending = waiting.len();
    if pending == 0 {
        page.under(GOOD, "Everything is final.");
    } else {
        page.under(
            WARN,
            format!("{} with something that is not final yet.", count(pending, "tally", "tallies")),
        );
        page.under(FAINT, "It becomes final when your partner's side has been heard too.");
    }
    let sum = |of: &dyn Fn(&Report) -> u64| visits.iter().map(|(_, report)| of(report)).sum::<u64>();
    let (letters, bytes) = (sum(&|it| it.heard.letters), sum(&|it| it.heard.bytes));
    let shown = usize::try_from(letters).unwrap_or(usize::MAX);
    page.under(FAINT, format!("{}, {bytes} bytes.", count(shown, "letter", "letters")));
    let list = |of: &dyn Fn(&Report) -> Vec<Value>| -> Vec<Value> {
        visits.iter().flat_map(|(_, report)| of(report)).collect()
    };
    let code = |tally: &TallyId, code: &str| json!({ "tally": tally.to_string(), "code": code });
    let refused = list(&|it| it.heard.refused.iter().map(|(tally, why)| code(tally, why)).collect());
    let rejected =
        list(&|it| it.heard.rejected.iter().map(|(tally, why)| code(tally, why.refusal.code())).collect());
    let proofs = list(&|it| it.proofs.iter().map(|(tally, proof)| proof_json(tally, proof)).collect());
    let unconfirmed =
        list(&|it| it.unconfirmed.iter().map(|(tally, why)| code(tally, &why.to_string())).collect());
    let sites: Vec<Value> = visits
        .iter()
        .map(|(link, report)| json!({
            "site": agent_of(&link.site), "at": link.place, "channels": report.channels, "pending": report.pending,
        }))
        .chain(missed.iter().map(|(link, trouble)| {
            json!({ "site": agent_of(&link.site), "at": link.place, "code": trouble.code })
        }))
        .collect();
    let json = json!({
        "sites": sites, "pending": pending, "final": pending == 0,
        "changes": sum(&|it| it.heard.changes.len() as u64), "letters": letters, "bytes": bytes,
        "refused": refused, "rejected": rejected, "proofs": proofs, "unconfirmed": unconfirmed,
        "errands": errands,
    });
    Ok(Answer::new(json, page))
}

fn proof_json(tally: &TallyId, proof: &homeward::Kept) -> Value {
    json!({
        "tally": tally.to_string(), "site": proof.site, "at": proof.at, "batch": proof.batch,
        "request": proof.request, "proof": proof.proof,
    })
}

/// What came of one visit.
fn visited(wallet: &Wallet, report: &Report, page: &mut Page) -> Result<(), Trouble> {
    let heard = &report.heard;
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
    for (tally, why) in &report.unconfirmed {
        page.under(
            BAD,
            format!("Not confirmed, on tally {}: {why}. “hazel sync” tells it again.", short(tally)),
        );
    }
    for (tally, proof) in &report.proofs {
        page.under(
            FAINT,
            format!(
                "The site has signed that it has what you brought for tally {} (batch {}).",
                short(tally),
                proof.batch
            ),
        );
    }
    Ok(())
}
