//! Over all tallies: where I stand, what waits for me, what has happened.

use hazel_core::store::Event;
use hazel_core::units::Units;
use hazel_core::wallet::{Attention as Waits, Wallet};
use serde_json::{Value, json};

use super::tally;
use crate::calendar::day;
use crate::home::Home;
use crate::lettering::{BAD, FAINT, TITLE, WARN, count};
use crate::page::Page;
use crate::partner::{chit_id, find_chit, invoice_id, name_of, short};
use crate::screen::Answer;
use crate::trouble::Trouble;

/// Where you stand over all tallies
#[derive(Debug, clap::Args)]
pub(crate) struct Position {}

impl Position {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let wallet = home.open()?;
        let position = wallet.position()?;
        let views: Vec<_> = wallet.tallies()?.into_iter().filter(|view| view.state.is_contract()).collect();
        let mut page = Page::new();
        page.styled(
            TITLE,
            format!("{}, on {}", wallet.name(), count(position.open, "open tally", "open tallies")),
        );
        page.say(format!("Others owe you {}, you owe others {}.", position.owed_to_me, position.owed_by_me));
        page.say(format!("Together {}; by what is final {}.", position.net, position.final_net));
        if !views.is_empty() {
            page.gap().table(tally::table(&views));
        }
        let json = json!({
            "name": wallet.name(), "device": wallet.device(), "open": position.open,
            "owed_to_me": position.owed_to_me.to_string(), "owed_by_me": position.owed_by_me.to_string(),
            "net": position.net.to_string(), "final_net": position.final_net.to_string(),
            "tallies": views.iter().map(crate::record::tally).collect::<Vec<_>>(),
        });
        Ok(Answer::new(json, page))
    }
}

/// What waits for you, and what to type
#[derive(Debug, clap::Args)]
pub(crate) struct Attention {}

impl Attention {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        wallet.expire_tickets()?;
        let (mut page, mut list) = (Page::new(), Vec::new());
        for item in wallet.attention()? {
            let (json, words, command) = waiting(&mut wallet, &item)?;
            let style = if matches!(item, Waits::Proof(_)) { BAD } else { WARN };
            page.styled(style, words).under(FAINT, command);
            list.push(json);
        }
        if list.is_empty() {
            page.say("Nothing waits for you.");
        }
        Ok(Answer::new(json!({ "attention": list }), page))
    }
}

/// One thing that waits: for a program, in words, and the command that deals with it.
fn waiting(wallet: &mut Wallet, item: &Waits) -> Result<(Value, String, String), Trouble> {
    let (tally, code) = match item {
        Waits::Requested(tally) => (Some(tally), "requested"),
        Waits::Offered(tally) => (Some(tally), "offered"),
        Waits::Asked(tally, _) => (Some(tally), "asked"),
        Waits::Waiting(tally, _) => (Some(tally), "waiting"),
        Waits::Reconcile(tally) => (Some(tally), "reconcile"),
        Waits::Replaced(tally) => (Some(tally), "replaced"),
        Waits::Proof(tally) => (Some(tally), "proof"),
        Waits::HandOver(tally) => (Some(tally), "hand_over"),
        Waits::Rehearse => (None, "rehearse"),
    };
    let view = tally.map(|tally| wallet.tally(tally)).transpose()?;
    let name = view.as_ref().map_or_else(String::new, name_of);
    let mut json = json!({
        "what": code, "tally": tally.map(ToString::to_string), "partner": view.as_ref().map(|view| view.name.clone()),
    });
    let mut put = |key: &str, value: String| {
        if let Some(object) = json.as_object_mut() {
            object.insert(key.to_owned(), value.into());
        }
    };
    let id = view.as_ref().map_or_else(String::new, |view| short(&view.id));
    let (words, command) = match item {
        Waits::Requested(_) => (
            format!("{name} answered your ticket."),
            format!("hazel tally show {id}, then hazel tally offer {id}"),
        ),
        Waits::Offered(_) => (
            format!("{name} offers you a tally."),
            format!("hazel tally show {id}, then hazel tally accept {id}"),
        ),
        Waits::Asked(_, invoice) => {
            let asked = wallet.invoice(invoice)?;
            put("invoice", invoice_id(invoice));
            put("amount", asked.units.to_string());
            let memo = if asked.memo.is_empty() { String::new() } else { format!(": {}", asked.memo) };
            (
                format!("{name} asks you for {}{memo}.", asked.units),
                format!("hazel pay {id} --invoice {}", short(invoice)),
            )
        }
        Waits::Waiting(tally, chit) => {
            let entry = find_chit(wallet, tally, &chit_id(chit))?;
            put("id", chit_id(chit));
            put("amount", entry.units.to_string());
            let command = format!("hazel accept-payment {id} {}", short(&chit.hash));
            (format!("{} from {name} waits to be accepted ({}).", entry.units, entry.flag.words()), command)
        }
        Waits::Reconcile(_) => (
            format!("The tally with {name} was restored: exchange hand-overs before you sign on it."),
            format!("hazel outbox {id}"),
        ),
        Waits::Replaced(_) => (
            format!(
                "Another phone signs in the place of this one on the tally with {name}. If you have that phone no more, begin anew."
            ),
            format!("hazel renew {id}"),
        ),
        Waits::Proof(_) => (
            format!(
                "On the tally with {name} somebody signed two things that cannot both be. The proof is kept."
            ),
            format!("hazel history {id}"),
        ),
        Waits::HandOver(_) => {
            (format!("Something waits to be handed to {name}."), format!("hazel outbox {id}"))
        }
        Waits::Rehearse => (
            "No backup was proven lately.".to_owned(),
            "hazel backup FILE, then hazel rehearse FILE".to_owned(),
        ),
    };
    put("command", command.clone());
    Ok((json, words, command))
}

/// What has happened since you last looked
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Show only the oldest, and show it again next time
    #[arg(long)]
    peek: bool,
}

impl Events {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let (mut page, mut list) = (Page::new(), Vec::new());
        while let Some(event) = wallet.next_event()? {
            let name = match &event.tally {
                Some(tally) => name_of(&wallet.tally(tally)?),
                None => wallet.name().to_owned(),
            };
            page.say(event_words(&event, &name));
            list.push(json!({
                "number": event.no, "event": event.code, "arguments": event.args,
                "tally": event.tally.map(|tally| tally.to_string()), "partner": name,
            }));
            if self.peek {
                break;
            }
            wallet.event_handled(event.no)?;
        }
        if list.is_empty() {
            page.say("Nothing new.");
        }
        Ok(Answer::new(json!({ "events": list }), page))
    }
}

/// An event in words. One that this page does not know is shown as it is rather than kept back.
fn event_words(event: &Event, name: &str) -> String {
    let first = event.args.first().map_or("", String::as_str);
    let amount =
        |text: &str| text.parse().map_or_else(|_| String::new(), |milli| Units::new(milli).to_string());
    match event.code.as_str() {
        "tally_requested" => format!("{name} answered your ticket."),
        "tally_offered" => format!("{name} offers you a tally."),
        "tally_opened" => format!("Your tally with {name} is open."),
        "tally_refused" => format!("{name} said no."),
        "tally_closing" => format!("{name} wants to close the tally."),
        "tally_closed" => format!("The tally with {name} is closed."),
        "payment_asked" => format!("{name} asks you for {}.", amount(first)),
        "invoice_answered" => format!("An invoice between you and {name} is now {first}."),
        "chit_received" => {
            match event.args.get(1).map(|milli| amount(milli)).filter(|amount| !amount.is_empty()) {
                Some(amount) => {
                    let flag = event.args.get(2).filter(|flag| !flag.is_empty());
                    let flag = flag.map_or_else(String::new, |flag| format!(" ({flag})"));
                    format!("{name} paid you {amount}{flag}.")
                }
                None => match (event.args.get(3), event.args.get(4).and_then(|by| by.parse().ok())) {
                    (Some(down_to), Some(by)) => {
                        format!(
                            "{name} asks you to bring your debt down to {} by {}.",
                            amount(down_to),
                            day(by)
                        )
                    }
                    _ => format!("{name} signed: {first}."),
                },
            }
        }
        "held" => format!("{name} has received what you signed, up to your number {first}."),
        "agreed" => format!("You and {name} have the same order, up to entry {first}."),
        "final" => format!("Everything up to entry {first} with {name} is final."),
        "reconciled" => format!("The restored tally with {name} can be signed on again."),
        "chain_forked" | "order_forked" => {
            format!("On the tally with {name} two things were signed that cannot both be. The proof is kept.")
        }
        other => format!("{name}: {other} {}", event.args.join(" ")),
    }
}
