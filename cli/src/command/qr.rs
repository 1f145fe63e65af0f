//! Codes: show something as a picture, and say what pictures show.

use std::path::PathBuf;

use hazel_core::canon::Canon as _;
use hazel_core::invoice::SignedInvoice;
use hazel_core::message::Handover;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::SignedReceipt;
use hazel_core::tally::SignedTally;
use hazel_core::ticket::Ticket;
use hazel_core::wallet::{ChitView, Filter, Wallet};
use hazel_qr::code::Own;
use hazel_qr::payload::Payload;
use serde_json::{Value, json};

use super::scanned::{said, take};
use crate::camera::{look, nothing, unusable};
use crate::canvas::Canvas;
use crate::card::{Sticker, Words};
use crate::home::Home;
use crate::page::{BAD, Page};
use crate::parcel::{self, Kind, Parcel};
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
    #[command(after_help = "Examples:\n  hazel qr scan photo.jpg\n  hazel qr scan --take frames/")]
    Scan(Scan),
}

impl Qr {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        match self {
            Self::Show(show) => show.run(home),
            Self::Scan(scan) => scan.run(home),
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
            self.canvas.draw(&own(&Parcel::read_one(parcel::read(file)?)?)?, &mut page)?
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
            let own = own(&Parcel::read_one(parcel::read(file)?)?)?;
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

/// The code of what is in a file. Raw bytes are what the first decoder that accepts them says.
fn own(parcel: &Parcel) -> Result<Own, Trouble> {
    fn as_a<T: Payload>(bytes: &[u8]) -> Option<Own> {
        T::from_bytes(bytes).ok().and_then(|it| Own::of(&it).ok())
    }
    let bytes = parcel.bytes.as_slice();
    let found = match parcel.kind {
        Kind::Ticket => as_a::<Ticket>(bytes),
        Kind::HandOver => as_a::<Handover>(bytes),
        _ => as_a::<Ticket>(bytes)
            .or_else(|| as_a::<Handover>(bytes))
            .or_else(|| as_a::<SignedInvoice>(bytes))
            .or_else(|| as_a::<SignedTally>(bytes))
            .or_else(|| as_a::<PledgeCode>(bytes))
            .or_else(|| as_a::<ReceiptedCode>(bytes))
            .or_else(|| as_a::<SignedReceipt>(bytes)),
    };
    found.ok_or_else(|| {
        Trouble::usage("There is no code for what is in this file.")
            .advise("Tickets and hand-overs can be shown; other files travel as files.")
    })
}

/// Say what pictures show; with --take, take it in
#[derive(Debug, clap::Args)]
pub(crate) struct Scan {
    /// PNG, JPEG or GIF files, or folders of frames
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Take invoices, payments, receipts and messages into the wallet
    #[arg(long)]
    take: bool,
}

impl Scan {
    fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let sight = look(&self.files)?;
        if sight.codes.is_empty() {
            return Err(nothing(&sight));
        }
        let mut wallet = if self.take { Some(home.open()?) } else { None };
        let (mut page, mut codes, mut trouble) = (Page::new(), Vec::new(), None);
        for code in sight.codes {
            let done = match (code, &mut wallet) {
                (Err(refusal), _) => Err(unusable(&refusal)),
                (Ok(qr), Some(wallet)) => take(wallet, qr, &mut page),
                (Ok(qr), None) => Ok(said(&qr, &mut page)),
            };
            codes.push(done.unwrap_or_else(|refused| {
                page.styled(BAD, &refused.message);
                let json = json!({ "kind": "refused", "error": refused.to_json() });
                trouble.get_or_insert(refused);
                json
            }));
        }
        for (have, of) in &sight.unfinished {
            page.say(format!("Codes that belong together: {have} of {of} were seen."));
            codes.push(json!({ "kind": "part", "have": have, "of": of }));
        }
        let mut answer = Answer::new(json!({ "codes": codes }), page);
        answer.trouble = trouble;
        Ok(answer)
    }
}
