//! Asking for a payment, and saying no.

use hazel_core::invoice::{Line, SignedInvoice};
use hazel_core::units::Units;
use hazel_core::wallet::{Ask as Asking, InvoiceView, Wallet};
use hazel_qr::code::Own;
use serde_json::{Value, json};

use crate::calendar::{minute, parse_span};
use crate::canvas::Canvas;
use crate::card::{Sticker, Words};
use crate::home::Home;
use crate::lettering::{GOOD, WARN};
use crate::page::Page;
use crate::partner::{find, find_invoice, invoice_id, name_of, short};
use crate::record;
use crate::screen::Answer;
use crate::trouble::Trouble;

/// Ask your partner for a payment; binds nobody
#[derive(Debug, clap::Args)]
pub(crate) struct Ask {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// How much; left out, the sum of the items
    amount: Option<Units>,
    /// What it is for; only your partner can read it
    #[arg(long, default_value = "", hide_default_value = true)]
    memo: String,
    /// An item: "eggs=2x3.50" for two at 3.50, "bread=5.50" for one; may be repeated
    #[arg(long, value_name = "ITEM", value_parser = parse_item)]
    item: Vec<Line>,
    /// How long it can be paid (30m, 12h, 7d, 2w)
    #[arg(long, value_parser = parse_span, default_value = "7d", value_name = "TIME")]
    valid: u64,
    /// The earlier invoice that this one takes the place of (the beginning of its id)
    #[arg(long, value_name = "ID")]
    instead_of: Option<String>,
    /// Show the invoice as a code too
    #[arg(long)]
    qr: bool,
    #[command(flatten)]
    canvas: Canvas,
    #[command(flatten)]
    sticker: Sticker,
}

impl Ask {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let earlier = match &self.instead_of {
            Some(wanted) => Some(find_invoice(&mut wallet, Some(&view.id), wanted)?.id),
            None => None,
        };
        if self.amount.is_none() && self.item.is_empty() {
            return Err(Trouble::usage("How much? An amount or items are needed.")
                .advise(format!("For example “hazel ask {} --item eggs=2x3.50”.", name_of(&view))));
        }
        let ask = Asking {
            units: self.amount.map(Units::payable).transpose()?.unwrap_or(Units::ZERO),
            memo: self.memo.clone(),
            lines: self.item.clone(),
            valid_for: self.valid,
            supersedes: earlier,
        };
        let shown = self.qr || self.canvas.is_file();
        self.canvas.must_be_free()?;
        self.sticker.must_be_free()?;
        let signed = wallet.ask(&view.id, &ask)?;
        let id = signed.invoice.id();
        let invoice = wallet.invoice(&id)?;
        let name = name_of(&view);
        let mut page = Page::new();
        page.styled(GOOD, format!("You ask {name} for {}. (invoice {})", invoice.units, short(&id)));
        for line in &invoice.lines {
            page.under(crate::lettering::PLAIN, format!("{} {}  {}", line.count, line.text, line.units));
        }
        page.say(format!("It can be paid until {} UTC.", minute(invoice.expires)));
        let mut json = record::invoice(&invoice);
        if shown {
            self.canvas.draw_beside(&signed, &mut json, &mut page);
        }
        if self.sticker.file().is_some() {
            self.print(&wallet, &signed, &invoice, &mut json, &mut page);
        }
        page.say(format!("Hand it over: hazel outbox {name}"));
        Ok(Answer::new(json, page))
    }
}

impl Ask {
    /// The invoice stays signed whatever becomes of its card, so trouble is only told.
    fn print(
        &self,
        wallet: &Wallet,
        signed: &SignedInvoice,
        invoice: &InvoiceView,
        json: &mut Value,
        page: &mut Page,
    ) {
        let words = Words::of_invoice(wallet.name(), invoice);
        let code = Own::of(signed).map(|own| own.picture_text()).unwrap_or_default();
        let printed = self.sticker.print(&code, &words, page).unwrap_or_else(|trouble| {
            page.styled(WARN, &trouble.message).say(&trouble.advice);
            json!({ "error": trouble.to_json() })
        });
        if let Value::Object(json) = json {
            json.insert("sticker".into(), printed);
        }
    }
}

/// Reads an item: "eggs=2x3.50" or "bread=5.50". The price is for one; the line holds what they cost together.
fn parse_item(text: &str) -> Result<Line, String> {
    let wrong = || format!("“{text}” is no item; write it like eggs=2x3.50 or bread=5.50");
    let (name, price) =
        text.rsplit_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(wrong)?;
    let (count, price) = match price.split_once(['x', '×']) {
        Some((count, price)) => (count.trim().parse::<u32>().map_err(|_| wrong())?, price),
        None => (1, price),
    };
    let price: Units = price.trim().parse().map_err(|_| wrong())?;
    let together = price.milli().checked_mul(i64::from(count)).map(Units::new).ok_or_else(wrong)?;
    let units = together.payable().map_err(|error| error.to_string())?;
    Ok(Line { text: name.trim().to_owned(), count, units })
}

/// Say that you will not pay an invoice
#[derive(Debug, clap::Args)]
pub(crate) struct Decline {
    /// The beginning of the invoice's id
    invoice: String,
}

impl Decline {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let invoice = find_invoice(&mut wallet, None, &self.invoice)?;
        if invoice.mine {
            return Err(Trouble::usage("This invoice is your own.")
                .advise(format!("Take it back with “hazel withdraw {}”.", short(&invoice.id))));
        }
        wallet.decline(&invoice.id)?;
        let mut page = Page::new();
        page.styled(WARN, format!("Declined: you will not pay the {} that were asked.", invoice.units));
        page.say("Your partner hears of it with the next hand-over.");
        Ok(Answer::new(json!({ "invoice": invoice_id(&invoice.id), "state": "declined" }), page))
    }
}

/// Take back an invoice of yours
#[derive(Debug, clap::Args)]
pub(crate) struct Withdraw {
    /// The beginning of the invoice's id
    invoice: String,
}

impl Withdraw {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let invoice = find_invoice(&mut wallet, None, &self.invoice)?;
        if !invoice.mine {
            return Err(Trouble::usage("This invoice is your partner's.")
                .advise(format!("Say no with “hazel decline {}”.", short(&invoice.id))));
        }
        wallet.withdraw(&invoice.id)?;
        let mut page = Page::new();
        page.styled(WARN, format!("Withdrawn: you no longer ask for the {}.", invoice.units));
        page.say("Your partner hears of it with the next hand-over.");
        Ok(Answer::new(json!({ "invoice": invoice_id(&invoice.id), "state": "withdrawn" }), page))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_costs_its_price_times_its_count() {
        let line = parse_item("eggs=2x3.50").unwrap();
        assert_eq!((line.text.as_str(), line.count, line.units), ("eggs", 2, Units::new(7_000)));
        assert_eq!(parse_item("a=b=5,5").unwrap().text, "a=b");
        for text in ["eggs", "=3", "eggs=", "eggs=2x", "eggs=x3", "eggs=0x3", "eggs=-1x3", "eggs=1x-3"] {
            assert!(parse_item(text).is_err(), "{text}");
        }
    }
}
