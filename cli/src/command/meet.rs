//! Two wallets that meet over a network or by radio: everything that waits is said and heard, both ways.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use hazel_cli::meeting::Report;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{TallyView, Wallet};
use hazel_sync::session::Outcome;
use serde_json::{Value, json};

use super::exchange::{change_words, state_words};
use super::host::{Host, Met, network};
use crate::home::Home;
use crate::lettering::{BAD, FAINT, GOOD, TITLE, WARN, count};
use crate::page::Page;
use crate::partner::{find, name_of};
use crate::record;
use crate::screen::{Answer, Screen};
use crate::trouble::{Exit, Trouble};

/// Meet a partner over a network or by Bluetooth: what waits on either side is handed over
#[derive(Debug, clap::Args)]
pub(crate) struct Meet {
    /// With whom; left out when waiting, whoever of your partners calls
    partner: Option<String>,
    /// Call at this address
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with_all = ["listen", "ble"], required_unless_present_any = ["listen", "ble"])]
    dial: Option<SocketAddr>,
    /// Wait at this address to be called; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "ble")]
    listen: Option<SocketAddr>,
    /// Meet by Bluetooth: each is seen and looks by turns
    #[arg(long)]
    ble: bool,
    /// With this radio, where there are several
    #[arg(long, value_name = "NAME", requires = "ble")]
    radio: Option<String>,
    /// Call this device of the partner's, where it is not the one that holds the recovery words
    #[arg(long, value_name = "NUMBER", requires = "dial")]
    device: Option<u32>,
    /// Give up after so many seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    within: u64,
    /// Where a tally is being opened: offer what was asked for, and sign an offer that is what you asked for
    #[arg(long)]
    agree: bool,
}

impl Meet {
    pub(crate) fn run(&self, home: &Home, screen: &Screen) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let partner = self.partner.as_ref().map(|partner| find(&wallet, partner)).transpose()?;
        let mut meeting = Host::new(Duration::from_secs(self.within), self.agree);
        if self.ble {
            let who = partner.as_ref().map_or_else(|| "your partners".to_owned(), name_of);
            screen.show(Page::new().say(format!("Looking for {who} by Bluetooth.")))?;
            let met = by_radio(&meeting, &mut wallet, partner.as_ref(), self.radio.as_deref())?;
            return concluded(&mut wallet, met);
        }
        let met = match (self.dial, self.listen) {
            (Some(address), _) => {
                let partner = partner.ok_or_else(|| Trouble::usage("Say whom to call."))?;
                meeting.dial(&mut wallet, &partner, self.device, &address)?
            }
            (None, Some(address)) => {
                let listener = TcpListener::bind(address).map_err(|error| network(&error))?;
                let at = listener.local_addr().map_err(|error| network(&error))?;
                let who = partner.as_ref().map_or_else(|| "your partners".to_owned(), name_of);
                screen.show(Page::new().say(format!("Waiting for {who} at {at}.")))?;
                meeting.wait(&mut wallet, partner.as_ref(), &listener)?
            }
            (None, None) => {
                return Err(Trouble::usage("Name an address with --dial or --listen, or say --ble."));
            }
        };
        concluded(&mut wallet, met)
    }
}

#[cfg(feature = "ble")]
use super::radio::meet as by_radio;

#[cfg(not(feature = "ble"))]
fn by_radio(_: &Host, _: &mut Wallet, _: Option<&TallyView>, _: Option<&str>) -> Result<Met, Trouble> {
    Err(super::nearby::in_the_way().unwrap_or_else(|| Trouble::usage("This build has no Bluetooth.")))
}

/// Ends a meeting and tells how it went.
pub(crate) fn concluded(wallet: &mut Wallet, met: Met) -> Result<Answer, Trouble> {
    let (before, visit) = met.ok_or_else(|| {
        Trouble::new(Exit::Machine, "nobody_came", "Nobody was met in time.")
            .advise("One waits with --listen, the other calls with --dial; or both say --ble. --within gives more time.")
    })?;
    let tally = *visit.tally();
    let report = visit.end(wallet)?;
    told(wallet, &before, &tally, &report)
}

/// How it went, for the screen and for programs.
fn told(wallet: &Wallet, before: &TallyView, tally: &TallyId, report: &Report) -> Result<Answer, Trouble> {
    let view = wallet.tally(tally)?;
    let name = name_of(&view);
    let mut page = Page::new();
    page.styled(TITLE, format!("A meeting with {name}"));
    if view.state != before.state {
        page.under(GOOD, state_words(&view, &name));
    }
    for delivery in &report.deliveries {
        for change in &delivery.changes {
            let (style, words) = change_words(change, &view, &name);
            page.under(style, words);
        }
        for rejected in &delivery.rejected {
            page.under(BAD, format!("Not let in: {}.", rejected.refusal));
        }
    }
    let errands = super::errand::told(wallet, &name, &report.errands, &mut page)?;
    let outcome = report.end.as_ref().map(|end| end.outcome);
    if report.in_sync() {
        let entries = usize::try_from(view.index).unwrap_or(usize::MAX);
        page.under(GOOD, format!("In sync: you both hold the same {}.", count(entries, "entry", "entries")));
    }
    for line in missing(report) {
        page.under(WARN, line);
    }
    page.under(
        FAINT,
        format!("{} given, {} received.", count(report.delivered, "letter", "letters"), report.received),
    );
    let open = &report.unsettled;
    let deliveries: Vec<Value> = report.deliveries.iter().map(record::delivery).collect();
    let mut answer = Answer::new(
        json!({
            "partner": view.name, "tally": tally.to_string(), "state": view.state.name(),
            "in_sync": report.in_sync(), "balance": view.balance.to_string(),
            "letters": { "given": report.delivered, "received": report.received },
            "missing": {
                "unheld": open.unheld, "unordered": open.unordered, "unagreed": open.unagreed,
                "waiting_bytes": open.waiting, "unsigned": open.unsigned,
            },
            "deliveries": deliveries, "errands": errands,
        }),
        page,
    );
    if !report.in_sync() {
        answer.trouble = Some(unfinished(outcome));
    }
    Ok(answer)
}

/// What the two have not settled, in words.
fn missing(report: &Report) -> Vec<String> {
    let open = &report.unsettled;
    let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    if open.unheld > 0 {
        lines.push(format!("{} of yours not confirmed yet.", count(number(open.unheld), "entry", "entries")));
    }
    if open.unordered > 0 {
        lines.push(format!("{} not in the order yet.", count(number(open.unordered), "entry", "entries")));
    }
    if open.unagreed > 0 {
        lines.push(format!("{} not agreed by both yet.", count(number(open.unagreed), "entry", "entries")));
    }
    if open.waiting > 0 {
        lines.push("Something waits for what must come before it.".into());
    }
    if open.unsigned {
        lines.push("The tally is not signed by both yet: hazel tally show says what comes next.".into());
    }
    lines
}

fn unfinished(outcome: Option<Outcome>) -> Trouble {
    let (code, message) = match outcome {
        Some(Outcome::Apart { .. }) => {
            ("apart", "You both said all you had, and still hold different things.".into())
        }
        Some(Outcome::Failed(fault)) => ("meeting_failed", format!("The meeting failed: {fault}.")),
        _ => ("unfinished", "The meeting was cut off before its end.".into()),
    };
    Trouble { culprit: "nobody", ..Trouble::new(Exit::Machine, code, message) }
        .advise("Nothing is lost: meet again, and it goes on from there.")
}
