//! A card for a printer: the code with its amount and words beside it, as an SVG page.

use std::path::{Path, PathBuf};

use hazel_core::ticket::Ticket;
use hazel_core::wallet::InvoiceView;
use hazel_qr::picture::Sheet;
use serde_json::{Value, json};

use crate::calendar::minute;
use crate::page::Page;
use crate::parcel;
use crate::trouble::{Exit, Trouble, sentence};

/// Where a card goes, if one is wanted.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Sticker {
    /// Draw a card to print into this new SVG file: the code with amount and words beside it
    #[arg(long, value_name = "FILE")]
    sticker: Option<PathBuf>,
}

/// What stands beside the code.
pub(crate) struct Words {
    title: String,
    amount: Option<String>,
    text: String,
}

impl Sticker {
    pub(crate) fn file(&self) -> Option<&Path> {
        self.sticker.as_deref()
    }

    /// Finds out before anything is signed that the file is there already.
    pub(crate) fn must_be_free(&self) -> Result<(), Trouble> {
        match self.file().filter(|path| path.exists()) {
            Some(path) => Err(Trouble::file(path, &std::io::ErrorKind::AlreadyExists.into())),
            None => Ok(()),
        }
    }

    /// Writes the card, if one is wanted.
    pub(crate) fn print(&self, code: &str, words: &Words, page: &mut Page) -> Result<Value, Trouble> {
        let Some(path) = self.file() else { return Ok(Value::Null) };
        let sheet = Sheet { title: &words.title, amount: words.amount.as_deref(), text: &words.text };
        let svg = sheet.svg(code).map_err(|refusal| {
            Trouble::new(Exit::Refused, "picture", sentence(&refusal.to_string()))
                .advise("Paper needs room for dirt: fewer items or a shorter memo fit.")
        })?;
        parcel::write(path, svg.as_bytes())?;
        page.say(format!("The card is in {}: 148 × 105 mm, ready to print.", path.display()));
        Ok(json!(path.display().to_string()))
    }
}

impl Words {
    /// Of an invoice: the payee's own name, what is asked for, and until when.
    pub(crate) fn of_invoice(payee: &str, invoice: &InvoiceView) -> Self {
        let mut lines: Vec<String> = Vec::new();
        lines.extend((!invoice.memo.is_empty()).then(|| invoice.memo.clone()));
        lines
            .extend(invoice.lines.iter().map(|line| format!("{} {}: {}", line.count, line.text, line.units)));
        lines.push(format!("To be paid until {} UTC", minute(invoice.expires)));
        Self { title: payee.into(), amount: Some(format!("{} CHIPs", invoice.units)), text: lines.join("\n") }
    }

    /// Of a ticket: whose it is and what it grants.
    pub(crate) fn of_ticket(ticket: &Ticket) -> Self {
        let text = format!(
            "An invitation to trade. Whoever answers may owe up to {} CHIPs.\nUntil {} UTC, once",
            ticket.terms.limit,
            minute(ticket.expires)
        );
        Self { title: ticket.name.clone(), amount: None, text }
    }

    /// Of a text that is its own explanation.
    pub(crate) fn of_text(text: &str) -> Self {
        Self { title: String::new(), amount: None, text: text.into() }
    }
}
