//! Paying: may I, what would it mean, do it, and did it go through?

use std::path::PathBuf;

use hazel_core::invoice::InvoiceState;
use hazel_core::units::Units;
use hazel_core::wallet::{CannotPay, Filter, InvoiceView, Payment, TallyView, Wallet, Went};
use serde_json::json;

use super::tally::standing_words;
use crate::camera;
use crate::canvas::Canvas;
use crate::home::Home;
use crate::lettering::{GOOD, WARN};
use crate::page::Page;
use crate::partner::{asked_of_me, chit_id, find, find_chit, find_invoice, name_of, short};
use crate::record;
use crate::screen::Answer;
use crate::trouble::Trouble;

/// Pay your partner: signed at once, handed over when you meet
#[derive(Debug, clap::Args)]
pub(crate) struct Pay {
    /// The partner's name, or the beginning of the tally's id; left out with --qr
    #[arg(required_unless_present = "qr")]
    partner: Option<String>,
    /// How much; left out, what the invoice asks
    amount: Option<Units>,
    /// Pay this invoice (the beginning of its id)
    #[arg(long, value_name = "ID")]
    invoice: Option<String>,
    /// What it is for; only your partner can read it (left out, what the invoice says)
    #[arg(long)]
    memo: Option<String>,
    /// A reference for your partner's books
    #[arg(long, default_value = "", hide_default_value = true)]
    reference: String,
    /// Sign even beyond the limit: your partner must then accept it
    #[arg(long)]
    insist: bool,
    /// Only say what it would mean; sign nothing
    #[arg(long)]
    quote: bool,
    /// Pay the invoice in this picture, and show the payment as a code
    #[arg(long, value_name = "FILE", conflicts_with = "invoice")]
    qr: Option<PathBuf>,
    #[command(flatten)]
    canvas: Canvas,
}

impl Pay {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        self.canvas.must_be_free()?;
        let mut wallet = home.open()?;
        let (view, invoice) = self.whom_and_why(&mut wallet)?;
        let units = match (self.amount, &invoice) {
            (Some(amount), _) => amount,
            (None, Some(invoice)) => invoice.units,
            (None, None) => return Err(nothing_named(&mut wallet, &view)),
        };
        if let Some(invoice) = invoice.as_ref().filter(|invoice| units < invoice.units) {
            return Err(too_little(&view, units, invoice));
        }
        if self.quote {
            return quote(&wallet, &view, units.payable()?, invoice.as_ref());
        }
        let asked_for = invoice.as_ref().map(|invoice| invoice.memo.clone());
        let payment = Payment {
            units,
            memo: self.memo.clone().or(asked_for).unwrap_or_default(),
            reference: self.reference.clone(),
            invoice: invoice.map(|invoice| invoice.id),
            insist: self.insist,
        };
        let chit = wallet.pay(&view.id, &payment)?;
        let after = wallet.tally(&view.id)?;
        let name = name_of(&after);
        let mut page = Page::new();
        page.styled(GOOD, format!("Signed: you pay {name} {units}. ({})", short(&chit.hash)));
        if after.outside_mine > view.outside_mine {
            page.styled(WARN, format!("It is beyond the terms and counts only when {name} accepts it."));
        }
        page.say(standing_words(&after)).say(format!("Hand it over: hazel outbox {name}"));
        let mut json = json!({
            "tally": after.id.to_string(), "partner": after.name, "id": chit_id(&chit), "amount": units.to_string(),
            "balance": after.balance.to_string(), "within_terms": after.outside_mine == view.outside_mine,
            "invoice": payment.invoice.map(|id| id.to_string()), "state": "signed",
        });
        if self.qr.is_some() || self.canvas.is_file() {
            let code = wallet.payment_code(&after.id, &chit)?;
            self.canvas.draw_beside(&code, &mut json, &mut page);
        }
        Ok(Answer::new(json, page))
    }

    /// The partner and the invoice: as they were named, or as the picture says.
    fn whom_and_why(&self, wallet: &mut Wallet) -> Result<(TallyView, Option<InvoiceView>), Trouble> {
        let named = self.partner.as_ref().map(|partner| find(wallet, partner)).transpose()?;
        let Some(file) = &self.qr else {
            let view = named.ok_or_else(|| Trouble::usage("Nobody to pay was named."))?;
            let invoice = self.answered_invoice(wallet, &view)?;
            return Ok((view, invoice));
        };
        let signed = camera::invoice(file)?;
        if named.is_some_and(|view| view.id != signed.invoice.tally) {
            return Err(Trouble::usage("The invoice in this picture is on another tally."));
        }
        let invoice = wallet.take_invoice(&signed)?;
        if invoice.mine {
            return Err(Trouble::usage("The invoice in this picture is your own."));
        }
        Ok((wallet.tally(&invoice.tally)?, Some(invoice)))
    }

    fn answered_invoice(
        &self,
        wallet: &mut Wallet,
        view: &TallyView,
    ) -> Result<Option<InvoiceView>, Trouble> {
        self.invoice.as_ref().map(|wanted| find_invoice(wallet, Some(&view.id), wanted)).transpose()
    }
}

/// Neither an amount nor an invoice: perhaps the partner has asked for something.
fn nothing_named(wallet: &mut Wallet, view: &TallyView) -> Trouble {
    let trouble = Trouble::usage("How much? An amount or an invoice is needed.");
    match asked_of_me(wallet, &view.id).ok().and_then(|asked| asked.first().map(|first| short(&first.id))) {
        Some(id) => trouble.advise(format!(
            "{} asks you for something: “hazel pay {} --invoice {id}”.",
            name_of(view),
            name_of(view)
        )),
        None => trouble.advise(format!("For example “hazel pay {} 12.50 --memo coffee”.", name_of(view))),
    }
}

/// A payment that names an invoice and is less than it asks for would leave it open, and nothing could answer it any more.
fn too_little(view: &TallyView, units: Units, invoice: &InvoiceView) -> Trouble {
    Trouble::usage(format!("This invoice asks for {}; {units} does not pay it.", invoice.units)).advise(
        format!(
            "Leave the amount out to pay it whole, or pay without it: “hazel pay {} {units}”.",
            name_of(view)
        ),
    )
}

fn quote(
    wallet: &Wallet,
    view: &TallyView,
    units: Units,
    invoice: Option<&InvoiceView>,
) -> Result<Answer, Trouble> {
    let mut quote = wallet.quote(&view.id, units)?;
    let over = invoice.filter(|asked| !matches!(asked.state, InvoiceState::Issued | InvoiceState::Expired));
    quote.obstacle =
        quote.obstacle.or(over.map(|asked| CannotPay::InvoiceOver { state: asked.state.name() }));
    let mut page = Page::new();
    page.say(format!(
        "Paying {} {units} takes your balance from {} to {}.",
        name_of(view),
        quote.before,
        quote.after
    ));
    page.say(format!("You may owe up to {}.", quote.limit));
    let json = json!({
        "amount": units.to_string(), "before": quote.before.to_string(), "after": quote.after.to_string(),
        "limit": quote.limit.to_string(), "possible": quote.obstacle.is_none(),
    });
    let mut answer = Answer::new(json, page);
    answer.trouble = quote.obstacle.map(|obstacle| hazel_core::wallet::WalletError::from(obstacle).into());
    Ok(answer)
}

/// How much you can pay now; with an amount, whether that is possible
#[derive(Debug, clap::Args)]
pub(crate) struct CanPay {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// The amount to ask about
    amount: Option<Units>,
}

impl CanPay {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let amount = self.amount.map(Units::payable).transpose()?;
        let room = wallet.can_pay(&view.id, amount.unwrap_or(Units::ZERO))?;
        let mut page = Page::new();
        match amount {
            Some(amount) if room.obstacle.is_none() => {
                page.styled(GOOD, format!("Yes, you can pay {amount}."))
            }
            _ => page.say(format!("You can pay {} up to {} now.", name_of(&view), room.largest)),
        };
        let json = json!({
            "tally": view.id.to_string(), "largest": room.largest.to_string(), "possible": room.obstacle.is_none(),
        });
        let mut answer = Answer::new(json, page);
        answer.trouble = room.obstacle.map(|obstacle| hazel_core::wallet::WalletError::from(obstacle).into());
        Ok(answer)
    }
}

/// Did it go through? Ask at any time, also after a crash; never sign again to be sure
#[derive(Debug, clap::Args)]
pub(crate) struct DidItGo {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// Which payment (the beginning of its id); left out, your newest one
    payment: Option<String>,
    /// The payment of this invoice
    #[arg(long, value_name = "ID", conflicts_with = "payment")]
    invoice: Option<String>,
}

impl DidItGo {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let mut page = Page::new();
        let went = match (&self.invoice, &self.payment) {
            (Some(invoice), _) => {
                let invoice = find_invoice(&mut wallet, Some(&view.id), invoice)?;
                page.say(format!("The payment of invoice {} for {}:", short(&invoice.id), invoice.units));
                if invoice.state == InvoiceState::Paid || !invoice.mine {
                    wallet.went_for(&invoice.id)?
                } else {
                    Went::NeverSigned
                }
            }
            (None, payment) => {
                let chit = match payment {
                    Some(wanted) => Some(find_chit(&mut wallet, &view.id, wanted)?),
                    None => {
                        let all = Filter { most: usize::MAX, payments_only: true, ..Filter::default() };
                        wallet.history(&view.id, &all)?.into_iter().find(|entry| entry.mine)
                    }
                };
                match chit {
                    Some(entry) => {
                        page.say(format!(
                            "Payment {} of {}:",
                            short(&entry.chit.hash),
                            entry.units.negated()
                        ));
                        wallet.went(&view.id, &entry.chit)?
                    }
                    None => Went::NeverSigned,
                }
            }
        };
        let (name, sentence) = record::went(&went);
        page.say(sentence);
        let id = match &went {
            Went::NeverSigned => None,
            Went::Signed(chit) | Went::Received(chit) | Went::Final(chit) => Some(chit_id(chit)),
        };
        Ok(Answer::new(json!({ "tally": view.id.to_string(), "went": name, "id": id }), page))
    }
}

/// Accept a payment that went beyond the terms: from then on it counts
#[derive(Debug, clap::Args)]
pub(crate) struct AcceptPayment {
    /// The partner's name, or the beginning of the tally's id
    partner: String,
    /// Which payment (the beginning of its id)
    payment: String,
}

impl AcceptPayment {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let view = find(&wallet, &self.partner)?;
        let entry = find_chit(&mut wallet, &view.id, &self.payment)?;
        let acceptance = wallet.accept_pledge(&view.id, &entry.chit)?;
        let after = wallet.tally(&view.id)?;
        let mut page = Page::new();
        page.styled(GOOD, format!("Accepted: the {} now count.", entry.units));
        page.say(standing_words(&after)).say(format!("Hand it over: hazel outbox {}", name_of(&after)));
        let json = json!({
            "tally": after.id.to_string(), "id": chit_id(&acceptance), "accepted": chit_id(&entry.chit),
            "amount": entry.units.to_string(), "balance": after.balance.to_string(),
        });
        Ok(Answer::new(json, page))
    }
}
