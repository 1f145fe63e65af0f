//! From a ticket to an open tally: offer, accept, refuse, revise.

use std::path::Path;

use hazel_core::canon::Canon as _;
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::{Side, Terms};
use hazel_core::ticket::Ticket;
use hazel_core::units::{AmountError, Units};
use hazel_core::wallet::{TallyView, Wallet};
use serde_json::json;

use super::letter::Letter;
use crate::calendar::{minute, parse_span, stamp};
use crate::camera;
use crate::canvas::Canvas;
use crate::home::Home;
use crate::lettering::{GOOD, WARN};
use crate::page::Page;
use crate::parcel::{self, Kind, Parcel};
use crate::partner::{find, name_of};
use crate::record;
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble};

/// The notice people give each other unless they say otherwise.
const NOTICE_DAYS: u32 = 7;

/// Reads a limit: an amount that is not below zero.
pub(super) fn parse_limit(text: &str) -> Result<Units, String> {
    match text.parse::<Units>() {
        Ok(limit) if limit < Units::ZERO => Err("a limit cannot be below zero".into()),
        Ok(limit) if limit > Units::MAX => Err(AmountError::TooLarge.to_string()),
        Ok(limit) => Ok(limit),
        Err(error) => Err(error.to_string()),
    }
}

/// The credit I grant, as far as it is said.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct MyTerms {
    /// How much your partner may owe you
    #[arg(long, value_name = "AMOUNT", value_parser = parse_limit)]
    limit: Option<Units>,
    /// Days of notice before a lower limit of yours takes effect
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=3650))]
    notice: Option<u32>,
}

impl MyTerms {
    /// What is said here, and for the rest what was before.
    fn over(&self, before: Terms) -> Option<Terms> {
        let said = self.limit.is_some() || self.notice.is_some();
        said.then(|| Terms {
            limit: self.limit.unwrap_or(before.limit),
            notice_days: self.notice.unwrap_or(before.notice_days),
        })
    }

    pub(super) fn new_terms(&self) -> Terms {
        let none = Terms { limit: Units::ZERO, notice_days: NOTICE_DAYS };
        self.over(none).unwrap_or(none)
    }
}

/// Invite somebody with a ticket, or sign an offer to somebody who answered one
#[derive(Debug, clap::Args)]
pub(crate) struct Offer {
    /// Who answered your ticket; leave it out to make a new ticket
    partner: Option<String>,
    #[command(flatten)]
    mine: MyTerms,
    /// How much you may owe your partner, if not what your partner said
    #[arg(long, value_name = "AMOUNT", requires = "partner", value_parser = parse_limit)]
    their_limit: Option<Units>,
    /// For a ticket: the half you hold; the foil's phone puts entries in order
    #[arg(long, value_parser = ["stock", "foil"], default_value = "stock")]
    role: String,
    /// For a ticket: how long it can be answered (30m, 12h, 7d, 2w)
    #[arg(long, value_parser = parse_span, default_value = "7d", value_name = "TIME")]
    valid: u64,
    #[command(flatten)]
    letter: Letter,
    /// For a ticket: show it as a code instead of text
    #[arg(long, conflicts_with = "partner")]
    qr: bool,
    #[command(flatten)]
    canvas: Canvas,
}

impl Offer {
    pub(super) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        match &self.partner {
            None => self.ticket(&mut wallet),
            Some(partner) => {
                let view = find(&wallet, partner)?;
                sign_offer(&mut wallet, &view, &self.mine, self.their_limit)
            }
        }
    }

    fn ticket(&self, wallet: &mut Wallet) -> Result<Answer, Trouble> {
        self.canvas.must_be_free()?;
        let role = if self.role == "foil" { Side::Foil } else { Side::Stock };
        let ticket = wallet.invite(role, self.mine.new_terms(), self.valid, &[])?;
        let parcel = Parcel::new(Kind::Ticket, ticket.to_bytes());
        let mut page = Page::new();
        page.styled(GOOD, format!("A ticket: whoever answers it may owe you up to {}.", ticket.terms.limit));
        page.say(format!(
            "Give it to one person you trust; it can be answered until {} UTC.",
            minute(ticket.expires)
        ));
        let mut json = json!({
            "tally": ticket.tally.to_string(), "expires": stamp(ticket.expires), "granted": record::terms(&ticket.terms),
        });
        if self.qr || self.canvas.is_file() {
            self.canvas.draw_beside(&ticket, &mut json, &mut page);
            if self.letter.out().is_none() {
                return Ok(Answer::new(json, page));
            }
        }
        self.letter.deliver(&parcel, json, page)
    }
}

fn sign_offer(
    wallet: &mut Wallet,
    view: &TallyView,
    mine: &MyTerms,
    their_limit: Option<Units>,
) -> Result<Answer, Trouble> {
    let theirs = their_limit.map(|limit| Terms { limit, ..view.received });
    wallet.offer(&view.id, mine.over(view.granted), theirs)?;
    let after = wallet.tally(&view.id)?;
    let (name, received) = (name_of(&after), theirs.unwrap_or(after.received));
    let mut page = Page::new();
    page.styled(
        GOOD,
        format!(
            "Offered: {name} may owe you up to {}, you may owe {name} up to {}.",
            after.granted.limit, received.limit
        ),
    );
    page.say(format!("Hand it over: hazel outbox {name}"));
    Ok(Answer::new(record::tally(&after), page))
}

/// Answer a ticket, or sign what your partner offered
#[derive(Debug, clap::Args)]
pub(crate) struct Accept {
    /// A ticket file or a picture of one ("-" for standard input), or the partner who made an offer
    ticket_or_partner: String,
    #[command(flatten)]
    mine: MyTerms,
    /// Sign only this version of the offer (the beginning of its id, as "tally show" names it)
    #[arg(long, value_name = "ID")]
    version: Option<String>,
}

impl Accept {
    pub(super) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let wallet = home.open()?;
        let path = Path::new(&self.ticket_or_partner);
        if self.ticket_or_partner == "-" || path.is_file() {
            self.answer(wallet, path)
        } else {
            self.sign(wallet)
        }
    }

    fn answer(&self, mut wallet: Wallet, path: &Path) -> Result<Answer, Trouble> {
        let bytes = parcel::read(path)?;
        if camera::is_picture(&bytes) {
            let ticket = camera::ticket(path)?;
            return self.answered(&mut wallet, &ticket);
        }
        let parcel = Parcel::read_one(bytes)?;
        if !matches!(parcel.kind, Kind::Ticket | Kind::Unlabelled) {
            return Err(Trouble::usage("This is not a ticket.")
                .advise("If it is a hand-over, take it in with “hazel receive”."));
        }
        self.answered(&mut wallet, &Ticket::from_bytes(&parcel.bytes)?)
    }

    fn answered(&self, wallet: &mut Wallet, ticket: &Ticket) -> Result<Answer, Trouble> {
        camera::judge(wallet, ticket)?;
        let tally = wallet.accept_ticket(ticket, self.mine.new_terms())?;
        let view = wallet.tally(&tally)?;
        let name = name_of(&view);
        let mut page = Page::new();
        page.styled(
            GOOD,
            format!("You answered {name}'s ticket. You may owe {name} up to {}.", ticket.terms.limit),
        );
        page.say(format!("{name} may owe you up to {}.", view.granted.limit));
        page.say(format!("Hand your answer over: hazel outbox {name}"));
        Ok(Answer::new(record::tally(&view), page))
    }

    fn sign(&self, mut wallet: Wallet) -> Result<Answer, Trouble> {
        let view = find(&wallet, &self.ticket_or_partner).map_err(|trouble| {
            let advice = "Name a ticket file that is there, or a partner from “hazel tally list”.";
            if trouble.message.starts_with("No tally") { trouble.advise(advice) } else { trouble }
        })?;
        if view.state != TallyState::Offered(By::Partner) {
            return Err(Trouble::new(
                Exit::Refused,
                "out_of_place",
                format!("{} has not offered anything.", name_of(&view)),
            )
            .advise("“hazel tally show” says where it stands and what can be done."));
        }
        let offered = wallet.offered(&view.id)?;
        if self.mine.over(offered.granted).is_some_and(|terms| terms != offered.granted) {
            return Err(Trouble::usage("Accepting signs exactly what was offered.")
                .advise("To ask for other terms, use “hazel tally revise”."));
        }
        let version = offered.version.to_string();
        if self
            .version
            .as_ref()
            .is_some_and(|seen| seen.len() < 4 || !version.starts_with(&seen.to_lowercase()))
        {
            return Err(Trouble::new(
                Exit::Refused,
                "newer_offer",
                "The offer on the table is not the one you name.",
            )
            .advise("Look at it with “hazel tally show”; nothing was signed."));
        }
        wallet.accept(&view.id, &offered.version)?;
        let after = wallet.tally(&view.id)?;
        let name = name_of(&after);
        let mut page = Page::new();
        page.styled(GOOD, format!("Your tally with {name} is open."));
        page.say(format!(
            "{name} may owe you up to {}, you may owe {name} up to {}.",
            after.granted.limit, after.received.limit
        ));
        page.say(format!("Hand your signature over: hazel outbox {name}"));
        Ok(Answer::new(record::tally(&after), page))
    }
}

/// Say no to a request or an offer
#[derive(Debug, clap::Args)]
pub(crate) struct Refuse {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
}

impl Refuse {
    pub(super) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        wallet.refuse(&view.id)?;
        let after = wallet.tally(&view.id)?;
        let mut page = Page::new();
        page.styled(WARN, format!("Refused. {} hears of it with the next hand-over.", name_of(&after)));
        Ok(Answer::new(record::tally(&after), page))
    }
}

/// Change the terms that are on the table; with new terms, sign them at once
#[derive(Debug, clap::Args)]
pub(crate) struct Revise {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    #[command(flatten)]
    mine: MyTerms,
    /// How much you may owe your partner
    #[arg(long, value_name = "AMOUNT", value_parser = parse_limit)]
    their_limit: Option<Units>,
}

impl Revise {
    pub(super) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        wallet.revise(&view.id)?;
        if self.mine.over(view.granted).is_some() || self.their_limit.is_some() {
            return sign_offer(&mut wallet, &view, &self.mine, self.their_limit);
        }
        let after = wallet.tally(&view.id)?;
        let mut page = Page::new();
        page.say("The offer that lay there no longer stands.");
        page.say(format!("Sign new terms: hazel tally offer {} --limit …", name_of(&after)));
        Ok(Answer::new(record::tally(&after), page))
    }
}

/// Change how much your partner may owe you
#[derive(Debug, clap::Args)]
pub(crate) struct Grant {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// The new limit
    #[arg(value_parser = parse_limit)]
    limit: Units,
    /// Days of notice from now on
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=3650))]
    notice: Option<u32>,
}

impl Grant {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let terms = Terms { limit: self.limit, notice_days: self.notice.unwrap_or(view.granted.notice_days) };
        let chit = wallet.grant(&view.id, terms)?;
        let name = name_of(&view);
        let mut page = Page::new();
        page.styled(GOOD, format!("Signed: {name} may owe you up to {}.", terms.limit));
        if terms.limit < view.granted.limit {
            page.say(format!(
                "A lower limit takes effect after {} days' notice; what was signed until then counts.",
                view.granted.notice_days
            ));
        } else {
            page.say(format!("It takes effect when {name} receives it."));
        }
        page.say(format!("Hand it over: hazel outbox {name}"));
        let json = json!({ "tally": view.id.to_string(), "granted": record::terms(&terms), "id": crate::partner::chit_id(&chit) });
        Ok(Answer::new(json, page))
    }
}
