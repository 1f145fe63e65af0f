//! Codes: show something as a picture, and say what pictures show.

use std::path::{Path, PathBuf};

use hazel_core::canon::Canon as _;
use hazel_core::ticket::Ticket;
use hazel_core::wallet::{ChitView, Filter, Wallet};
use hazel_qr::code::Own;
use serde_json::{Value, json};

use super::foreign::OpenKey;
use super::scanned::{said, take};
use crate::camera::{code_of, look, nothing, read_text, unusable};
use crate::canvas::Canvas;
use crate::card::{Sticker, Words};
use crate::home::Home;
use crate::lettering::BAD;
use crate::page::Page;
use crate::parcel::{self, Parcel};
use crate::partner::{find, find_chit, find_invoice, name_of};
use crate::screen::Answer;
use crate::trouble::Trouble;

/// Show codes that a camera reads, and read them from pictures
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Qr {
    #[command(
        after_help = "Examples:\n  hazel qr show ticket.hazel\n  hazel qr show --payment Ana --png pay.png\n  hazel qr show from-ben.txt --animate from-ben.gif"
    )]
    Show(Box<Show>),
    #[command(
        after_help = "Examples:\n  hazel qr scan photo.jpg\n  hazel qr scan --take frames/\n  hazel qr scan --text 'https://mychips.org/pay?chad=anna:agent7&units=12500'"
    )]
    Scan(Scan),
    #[command(after_help = "Example:\n  hazel qr open-key exported.png --out key.json")]
    OpenKey(OpenKey),
}

impl Qr {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        match self {
            Self::Show(show) => show.run(home),
            Self::Scan(scan) => scan.run(home),
            Self::OpenKey(open) => open.run(),
        }
    }
}

/// Show a file, a payment, a receipt or any text as a code
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true), override_usage = "hazel qr show [OPTIONS] [FILE]")]
pub(crate) struct Show {
    /// A ticket or a hand-over ("-" for standard input)
    #[arg(group = "what")]
    file: Option<PathBuf>,
    /// Any text
    #[arg(long, group = "what")]
    text: Option<String>,
    /// Your newest payment to this partner
    #[arg(long, group = "what", value_name = "PARTNER")]
    payment: Option<String>,
    /// Your receipt for this partner's newest payment
    #[arg(long, group = "what", value_name = "PARTNER")]
    receipt: Option<String>,
    /// The partner's newest payment and your receipt in one code
    #[arg(long, group = "what", value_name = "PARTNER")]
    receipted: Option<String>,
    /// An invoice again (the beginning of its id)
    #[arg(long, group = "what", value_name = "ID")]
    invoice: Option<String>,
    /// Another payment than the newest (the beginning of its id)
    #[arg(long, value_name = "ID", conflicts_with_all = ["file", "text", "invoice"])]
    which: Option<String>,
    #[command(flatten)]
    canvas: Canvas,
    #[command(flatten)]
    sticker: Sticker,
}

impl Show {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        self.canvas.must_be_free()?;
        self.sticker.must_be_free()?;
        let mut page = Page::new();
        let card = if self.sticker.file().is_some() { self.print(home, &mut page)? } else { Value::Null };
        if !card.is_null() && !self.canvas.is_file() {
            return Ok(Answer::new(card, page));
        }
        let mut json = if let Some(text) = &self.text {
            self.canvas.draw_text(text, &mut page)?
        } else if let Some(file) = &self.file {
            self.canvas.draw(&own(file)?, &mut page)?
        } else if let Some(wanted) = &self.invoice {
            let mut wallet = home.open()?;
            let id = find_invoice(&mut wallet, None, wanted)?.id;
            self.canvas.draw_object(&wallet.invoice_code(&id)?, &mut page)?
        } else {
            self.draw_payment(&mut home.open()?, &mut page)?
        };
        if let (Value::Object(json), Value::Object(card)) = (&mut json, card) {
            json.extend(card);
        }
        Ok(Answer::new(json, page))
    }

    /// A card to print. Payments and receipts are shown once to one person; nobody puts them on paper.
    fn print(&self, home: &Home, page: &mut Page) -> Result<Value, Trouble> {
        let (code, words) = if let Some(text) = &self.text {
            (text.clone(), Words::of_text(text))
        } else if let Some(wanted) = &self.invoice {
            let mut wallet = home.open()?;
            let view = find_invoice(&mut wallet, None, wanted)?;
            let own = Own::of(&wallet.invoice_code(&view.id)?);
            let payee =
                if view.mine { wallet.name().to_owned() } else { name_of(&wallet.tally(&view.tally)?) };
            (own.map_err(|_| uncarded())?.picture_text(), Words::of_invoice(&payee, &view))
        } else if let Some(file) = &self.file {
            let own = own(file)?;
            let ticket = Ticket::from_bytes(own.payload()).map_err(|_| uncarded())?;
            (own.picture_text(), Words::of_ticket(&ticket))
        } else {
            return Err(uncarded());
        };
        let sticker = self.sticker.print(&code, &words, page)?;
        Ok(json!({ "sticker": sticker, "text": code }))
    }

    fn draw_payment(&self, wallet: &mut Wallet, page: &mut Page) -> Result<Value, Trouble> {
        let named = [&self.payment, &self.receipt, &self.receipted].into_iter().flatten().next();
        let named = named.ok_or_else(|| Trouble::usage("Nothing to show was named."))?;
        let (view, mine) = (find(wallet, named)?, self.payment.is_some());
        let entry = match &self.which {
            Some(wanted) => find_chit(wallet, &view.id, wanted)?,
            None => newest(wallet, &view.id, mine)?,
        };
        if mine {
            self.canvas.draw_object(&wallet.payment_code(&view.id, &entry.chit)?, page)
        } else if self.receipt.is_some() {
            self.canvas.draw_object(&wallet.receipt_code(&view.id, &entry.chit)?, page)
        } else {
            self.canvas.draw_object(&wallet.receipted_code(&view.id, &entry.chit)?, page)
        }
    }
}

fn uncarded() -> Trouble {
    Trouble::usage("There is no card for this.").advise("Invoices, tickets and texts can be printed.")
}

fn newest(wallet: &mut Wallet, tally: &hazel_core::tally::TallyId, mine: bool) -> Result<ChitView, Trouble> {
    let all = Filter { most: usize::MAX, payments_only: true, ..Filter::default() };
    let found = wallet.history(tally, &all)?.into_iter().find(|entry| entry.mine == mine);
    found.ok_or_else(|| {
        Trouble::unknown(if mine { "You have paid nothing here." } else { "Nothing was paid to you here." })
    })
}

fn own(file: &Path) -> Result<Own, Trouble> {
    code_of(&Parcel::read_one(parcel::read(file)?)?).ok_or_else(|| {
        Trouble::usage("There is no code for what is in this file.")
            .advise("Tickets and hand-overs can be shown; other files travel as files.")
    })
}

/// Say what pictures, links and letters show; with --take, take it in
#[derive(Debug, clap::Args)]
#[command(override_usage = "hazel qr scan [OPTIONS] <FILE>...")]
pub(crate) struct Scan {
    /// PNG, JPEG or GIF files, folders of frames, or text files with a link or code on a line
    #[arg(required_unless_present = "text")]
    files: Vec<PathBuf>,
    /// Read this link or text instead of files
    #[arg(long, conflicts_with = "files")]
    text: Option<String>,
    /// Take invoices, payments, receipts and messages into the wallet
    #[arg(long)]
    take: bool,
}

impl Scan {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let sight = self.text.as_deref().map_or_else(|| look(&self.files), read_text);
        if sight.codes.is_empty() {
            return Err(nothing(&sight));
        }
        let mut wallet = if self.take { Some(home.open()?) } else { None };
        let (mut page, mut codes, mut troubles) = (Page::new(), Vec::new(), Vec::new());
        for code in sight.codes {
            let done = match (code, &mut wallet) {
                (Err(refusal), _) => Err(unusable(&refusal)),
                (Ok(qr), Some(wallet)) => take(wallet, qr, &mut page),
                (Ok(qr), None) => Ok(said(&qr, &mut page)),
            };
            match done {
                Ok(json) => codes.push(json),
                Err(refused) => troubles.push(("refused", refused)),
            }
        }
        troubles.extend(sight.unread.into_iter().map(|trouble| ("unread", trouble)));
        for (have, of) in &sight.unfinished {
            page.say(format!("Codes that belong together: {have} of {of} were seen."));
            codes.push(json!({ "kind": "part", "have": have, "of": of }));
        }
        // The first is said when the program ends, with its advice.
        for (_, trouble) in troubles.iter().skip(1) {
            page.styled(BAD, &trouble.message);
        }
        codes.extend(
            troubles.iter().map(|(kind, trouble)| json!({ "kind": kind, "error": trouble.to_json() })),
        );
        let mut answer = Answer::new(json!({ "codes": codes }), page);
        answer.trouble = troubles.into_iter().next().map(|(_, trouble)| trouble);
        Ok(answer)
    }
}
