//! Tallies: what there is, where each stands, and how one ends.

use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::Terms;
use hazel_core::units::Units;
use hazel_core::wallet::{Attention, OfferView, TallyView};
use serde_json::{Value, json};

use super::opening::{Accept, Offer, Refuse, Revise};
use crate::calendar::minute;
use crate::home::Home;
use crate::lettering::{FAINT, GOOD, TITLE, WARN};
use crate::page::Page;
use crate::partner::{asked_of_me, find, name_of, short};
use crate::record;
use crate::screen::Answer;
use crate::table::{Column, Table};
use crate::trouble::Trouble;

/// Open, look at and close tallies
#[derive(Debug, clap::Subcommand)]
pub(crate) enum TallyCommand {
    #[command(
        after_help = "Examples:\n  hazel tally offer --limit 100 --out ticket.hazel\n  hazel tally offer Ben --limit 80"
    )]
    Offer(Offer),
    #[command(
        after_help = "Examples:\n  hazel tally accept ticket.hazel --limit 50\n  hazel tally accept Ana"
    )]
    Accept(Accept),
    #[command(after_help = "Example:\n  hazel tally refuse Ben")]
    Refuse(Refuse),
    #[command(after_help = "Example:\n  hazel tally revise Ana --limit 30 --their-limit 60")]
    Revise(Revise),
    #[command(after_help = "Example:\n  hazel tally list")]
    List(List),
    #[command(after_help = "Example:\n  hazel tally show Ana")]
    Show(Show),
    #[command(after_help = "Example:\n  hazel tally close Ana")]
    Close(Close),
    #[command(after_help = "Example:\n  hazel tally rename Ana \"Ana from the market\"")]
    Rename(Rename),
}

impl TallyCommand {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        match self {
            Self::Offer(offer) => offer.run(home),
            Self::Accept(accept) => accept.run(home),
            Self::Refuse(refuse) => refuse.run(home),
            Self::Revise(revise) => revise.run(home),
            Self::List(list) => list.run(home),
            Self::Show(show) => show.run(home),
            Self::Close(close) => close.run(home),
            Self::Rename(rename) => rename.run(home),
        }
    }
}

/// All tallies and where they stand
#[derive(Debug, clap::Args)]
pub(crate) struct List {}

impl List {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        wallet.expire_tickets()?;
        let views = wallet.tallies()?;
        let all: Vec<Value> = views.iter().map(record::tally).collect();
        let mut page = Page::new();
        if views.is_empty() {
            page.say(
                "No tallies yet. “hazel tally offer --limit 100” makes a ticket for somebody you trust.",
            );
        } else {
            page.table(table(&views));
        }
        Ok(Answer::new(json!({ "tallies": all }), page))
    }
}

/// Tallies under one another: balance, what I may still owe and what I grant.
pub(crate) fn table(views: &[TallyView]) -> Table {
    let mut table = Table::new(&[
        ("partner", Column::Giving),
        ("state", Column::Left),
        ("balance", Column::Right),
        ("I may owe", Column::Right),
        ("may owe me", Column::Right),
        ("id", Column::Left),
    ]);
    for view in views {
        table.row([
            name_of(view),
            view.state.to_string(),
            view.balance.to_string(),
            view.received.limit.to_string(),
            view.granted.limit.to_string(),
            short(&view.id),
        ]);
    }
    table
}

/// One tally: balance, limits, open invoices, and what can be done
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
}

impl Show {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let name = name_of(&view);
        let mut json = record::tally(&view);
        let mut page = Page::new();
        page.styled(TITLE, format!("{name} · {}", view.state));
        page.say(standing_words(&view));
        if view.state.is_contract() {
            let room = wallet.can_pay(&view.id, Units::ZERO)?;
            let exposure = wallet.exposure(&view.id, None)?;
            let invoices = wallet.invoices(&view.id)?;
            page.say(format!("You can pay up to {} now.", room.largest));
            limits(&mut page, &view.granted, &view.received, &name);
            if exposure.worst > exposure.held {
                page.say(format!(
                    "At worst {name} owes you {}, if they have signed what has not reached you yet.",
                    exposure.worst
                ));
            }
            waiting(&mut page, &view, &name);
            for invoice in asked_of_me(&mut wallet, &view.id)? {
                page.styled(
                    WARN,
                    format!(
                        "{name} asks for {} ({}), invoice {}.",
                        invoice.units,
                        invoice.memo,
                        short(&invoice.id)
                    ),
                );
            }
            page.say(format!("Entries: {}, final up to {}.", view.index, view.final_index));
            if view.unordered > 0 {
                page.say(format!("Without a place in the order yet: {}.", view.unordered));
            }
            if let Some(met) = view.met {
                page.styled(FAINT, format!("Last heard of {name}: {} UTC", minute(met)));
            }
            page.styled(FAINT, format!("Head {}", view.head));
            if let Some(object) = json.as_object_mut() {
                object.insert("can_pay".into(), room.largest.to_string().into());
                object.insert("exposure".into(), record::exposure(&exposure));
                object.insert("invoices".into(), invoices.iter().map(record::invoice).collect());
            }
        } else if view.state == TallyState::Offered(By::Partner) {
            let offered = wallet.offered(&view.id)?;
            offer(&mut page, &offered, &name);
            if let Some(object) = json.as_object_mut() {
                object.insert("offered".into(), json!({
                    "version": offered.version.to_string(), "revision": offered.revision,
                    "granted": record::terms(&offered.granted), "received": record::terms(&offered.received),
                    "usual_contract": offered.usual_contract, "denomination": offered.denomination,
                }));
            }
        } else {
            limits(&mut page, &view.granted, &view.received, &name);
        }
        page.styled(FAINT, format!("Tally {}", view.id));
        let requested = wallet.attention()?.contains(&Attention::Requested(view.id));
        if let Some(next) = next_step(&view, requested) {
            page.gap().say(next);
        }
        Ok(Answer::new(json, page))
    }
}

/// Who owes whom, in words.
pub(crate) fn standing_words(view: &TallyView) -> String {
    let name = name_of(view);
    if view.balance > Units::ZERO {
        format!("{name} owes you {}.", view.balance)
    } else if view.balance < Units::ZERO {
        format!("You owe {name} {}.", view.balance.negated())
    } else {
        "You are even.".to_owned()
    }
}

fn limits(page: &mut Page, mine: &Terms, theirs: &Terms, name: &str) {
    page.say(format!("{name} may owe you up to {} ({} days' notice).", mine.limit, mine.notice_days));
    page.say(format!("You may owe {name} up to {} ({} days' notice).", theirs.limit, theirs.notice_days));
}

/// What lies on the table: the very version that accepting would sign.
fn offer(page: &mut Page, offered: &OfferView, name: &str) {
    page.say(format!("{name} offers, in version {} ({}):", offered.revision, short(&offered.version)));
    limits(page, &offered.granted, &offered.received, name);
    if !offered.usual_contract {
        page.styled(
            WARN,
            "It refers to another contract text than the usual one. Read that text before you sign.",
        );
    }
    if offered.denomination != "CHIP" {
        page.styled(WARN, format!("It counts in {}.", offered.denomination));
    }
}

fn waiting(page: &mut Page, view: &TallyView, name: &str) {
    if view.outside_theirs > Units::ZERO {
        page.styled(
            WARN,
            format!("{} from {name} waits outside the terms; see “hazel attention”.", view.outside_theirs),
        );
    }
    if view.outside_mine > Units::ZERO {
        page.styled(WARN, format!("{} of yours waits until {name} accepts it.", view.outside_mine));
    }
    if view.reconciling {
        page.styled(WARN, format!("Restored: it can be read only, until {name} has told what they hold."));
    }
}

fn next_step(view: &TallyView, requested: bool) -> Option<String> {
    let id = if view.name.is_empty() { short(&view.id) } else { view.name.clone() };
    match view.state {
        TallyState::Ticketed => Some("Next: give the ticket to your partner and wait for the answer.".into()),
        TallyState::CertsKnown if requested => Some(format!(
            "Next: “hazel tally offer {id}” signs these terms, “hazel tally refuse {id}” says no."
        )),
        TallyState::CertsKnown => {
            Some(format!("Next: hand your answer over with “hazel outbox {id}” and wait for the offer."))
        }
        TallyState::Offered(By::Partner) => Some(format!(
            "Next: “hazel tally accept {id}”, “hazel tally revise {id} …” or “hazel tally refuse {id}”."
        )),
        TallyState::Offered(By::Me) => Some(format!("Next: hand it over with “hazel outbox {id}”.")),
        TallyState::Revising => {
            Some(format!("Next: “hazel tally offer {id} --limit …” signs the new terms."))
        }
        _ => None,
    }
}

/// Ask to end a tally: from then on only payments towards zero
#[derive(Debug, clap::Args)]
pub(crate) struct Close {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
}

impl Close {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        if view.state == TallyState::Closing {
            let mut page = Page::new();
            page.say(format!("Your tally with {} is closing already.", name_of(&view)));
            page.say(standing_words(&view));
            return Ok(Answer::new(record::tally(&view), page));
        }
        wallet.close(&view.id)?;
        let after = wallet.tally(&view.id)?;
        let mut page = Page::new();
        page.styled(GOOD, format!("You asked {} to close this tally.", name_of(&after)));
        page.say("Only payments towards zero are possible now; at zero both wallets seal it.");
        page.say(standing_words(&after)).say(format!("Hand it over: hazel outbox {}", name_of(&after)));
        Ok(Answer::new(record::tally(&after), page))
    }
}

/// Call a tally by another name on your screens
#[derive(Debug, clap::Args)]
pub(crate) struct Rename {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// The new name
    name: String,
}

impl Rename {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        if self.name.trim().is_empty() {
            return Err(Trouble::usage("A name is needed."));
        }
        wallet.rename(&view.id, &self.name)?;
        let after = wallet.tally(&view.id)?;
        let mut page = Page::new();
        page.styled(GOOD, format!("{} is now called {} here.", name_of(&view), after.name));
        Ok(Answer::new(record::tally(&after), page))
    }
}
