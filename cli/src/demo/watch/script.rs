//! What happens on the stage, one act after the other.

use std::collections::VecDeque;

use hazel_core::invoice::{InvoiceId, SignedInvoice};
use hazel_core::tally::{Side as Half, Terms};
use hazel_core::ticket::Ticket;
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Clock as _, Payment};
use hazel_qr::code::Own;
use hazel_qr::luma::Luma;
use hazel_qr::picture::{Level, Picture};
use hazel_qr::read;
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_sync::Time;
use hazel_sync::carrier::memory::Side;

use super::stage::Stage;
use crate::edge::WallClock;
use crate::trouble::{Exit, Trouble};

const HOUR: u64 = 3600;
/// How long a caption stands before anything happens, in milliseconds of the stage.
const READ: u64 = 350;
/// How long a code is held up.
const HELD_UP: u64 = 450;
/// Between two links.
const APART: u64 = 250;
/// A meeting that takes longer has gone wrong.
const LONGEST: u64 = 120_000;
/// Pixels per module for the camera.
const SCALE: u16 = 4;

/// One act.
#[derive(Debug, Clone, Copy)]
enum Act {
    Say(&'static str),
    /// Ana holds up a ticket, Ben's camera reads it.
    Ticket,
    /// Ben holds up an invoice, Ana's camera reads it, and she pays.
    Invoice(i64, &'static str),
    Pay(Side, i64, &'static str),
    /// They meet; the first link is cut after so many packets, if after any.
    Meet(Side, Option<usize>),
    Compare,
}

const STORY: [Act; 15] = [
    Act::Say("Ana and Ben stand face to face. No network, no server. Ana shows a ticket."),
    Act::Ticket,
    Act::Say("Ben's phone calls hers over the air: both sign the tally."),
    Act::Meet(Side::Right, None),
    Act::Say("The radios are off. Ben shows an invoice; Ana scans it and pays alone."),
    Act::Invoice(12_500, "eggs"),
    Act::Say("They meet again. Some packets get lost, and come again."),
    Act::Meet(Side::Left, None),
    Act::Say("Each pays something while apart."),
    Act::Pay(Side::Right, 4_000, "ladder"),
    Act::Pay(Side::Left, 2_500, "coffee"),
    Act::Pay(Side::Right, 750, "pear"),
    Act::Say("Now the link is cut in the middle. Press c to cut it yourself, any time."),
    Act::Meet(Side::Right, Some(7)),
    Act::Compare,
];

/// What is going on.
enum Doing {
    Nothing,
    Waiting(Time),
    /// A code is held up by one side until then, for what is to be read from it.
    HeldUp(Side, Time, Time, Wanted),
    /// A meeting that began then; who calls next if the link goes.
    Meeting(Time, Side),
    /// The link is gone until then.
    Apart(Time, Time, Side),
    Over,
}

#[derive(Clone, Copy)]
enum Wanted {
    Ticket,
    Invoice(InvoiceId),
}

/// The story, and where it is.
pub(super) struct Script {
    acts: VecDeque<Act>,
    doing: Doing,
}

impl Script {
    pub(super) fn new() -> Self {
        Self { acts: STORY.into(), doing: Doing::Nothing }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.doing, Doing::Over)
    }

    /// Lets time pass on the stage, and goes on with the story where an act has come to its end.
    pub(super) fn pass(&mut self, stage: &mut Stage, milliseconds: u64) -> Result<(), Trouble> {
        stage.pass(milliseconds)?;
        let now = stage.now;
        self.doing = match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Waiting(until) if now < until => Doing::Waiting(until),
            Doing::HeldUp(by, since, until, wanted) if now < until => {
                let gone = now.since(since).saturating_mul(100).checked_div(HELD_UP).unwrap_or(100);
                stage.phone(by.other()).shown.camera = Some(u16::try_from(gone).unwrap_or(100));
                Doing::HeldUp(by, since, until, wanted)
            }
            Doing::HeldUp(by, _, _, wanted) => {
                scanned(stage, by, wanted)?;
                Doing::Waiting(now.after(READ))
            }
            Doing::Meeting(since, _) if now.since(since) > LONGEST => {
                return Err(surprise("The two never come to rest."));
            }
            Doing::Meeting(since, next) if stage.linked => Doing::Meeting(since, next),
            Doing::Meeting(_, _) if stage.in_sync() => Doing::Waiting(now.after(READ)),
            Doing::Meeting(since, next) => Doing::Apart(now.after(APART), since, next),
            Doing::Apart(until, since, next) if now < until => Doing::Apart(until, since, next),
            Doing::Apart(_, since, next) => {
                stage.link(next)?;
                Doing::Meeting(since, next.other())
            }
            Doing::Over => Doing::Over,
            Doing::Nothing | Doing::Waiting(_) => self.next_act(stage)?,
        };
        Ok(())
    }

    fn next_act(&mut self, stage: &mut Stage) -> Result<Doing, Trouble> {
        let Some(act) = self.acts.pop_front() else { return Ok(Doing::Over) };
        let now = stage.now;
        Ok(match act {
            Act::Say(caption) => {
                stage.caption = caption.into();
                stage.tell(format!("“{caption}”"));
                Doing::Waiting(now.after(READ))
            }
            Act::Ticket => {
                let terms = Terms { limit: Units::new(100_000), notice_days: 7 };
                let ticket = stage.ana.wallet.invite(Half::Stock, terms, HOUR, &[])?;
                hold_up(stage, Side::Left, &own(Own::of(&ticket))?)?;
                Doing::HeldUp(Side::Left, now, now.after(HELD_UP), Wanted::Ticket)
            }
            Act::Invoice(units, memo) => {
                let tally = stage.tally()?;
                let ask =
                    Ask { units: Units::new(units), memo: memo.into(), valid_for: HOUR, ..Ask::default() };
                let invoice = stage.ben.wallet.ask(&tally, &ask)?;
                hold_up(stage, Side::Right, &own(Own::of(&invoice))?)?;
                Doing::HeldUp(Side::Right, now, now.after(HELD_UP), Wanted::Invoice(invoice.invoice.id()))
            }
            Act::Pay(from, units, memo) => {
                let tally = stage.tally()?;
                let payment = Payment { units: Units::new(units), memo: memo.into(), ..Payment::default() };
                stage.phone(from).wallet.pay(&tally, &payment)?;
                stage.look()?;
                Doing::Waiting(now.after(READ))
            }
            Act::Meet(caller, cut) => {
                stage.cut_after = cut;
                stage.link(caller)?;
                Doing::Meeting(now, caller.other())
            }
            Act::Compare => {
                compare(stage)?;
                Doing::Waiting(now.after(READ))
            }
        })
    }
}

fn surprise(what: impl Into<String>) -> Trouble {
    Trouble::new(Exit::Unsound, "demo", what)
}

fn own(made: Result<Own, hazel_qr::Reason>) -> Result<Own, Trouble> {
    made.map_err(|reason| surprise(format!("A code could not be made: {reason}.")))
}

fn hold_up(stage: &mut Stage, side: Side, own: &Own) -> Result<(), Trouble> {
    let picture = Picture::fixed(own.picture_text(), Level::SCREEN)
        .map_err(|refusal| surprise(format!("A code could not be drawn: {refusal}.")))?;
    let phone = stage.phone(side);
    phone.shown.code = Some(picture);
    phone.shown.does = "shows a code".into();
    let other = stage.phone(side.other());
    other.shown.camera = Some(0);
    other.shown.does = "looks at it".into();
    Ok(())
}

/// The other's camera has seen the code: it is read from its pixels, and what it says is done.
fn scanned(stage: &mut Stage, by: Side, wanted: Wanted) -> Result<(), Trouble> {
    let unread = || surprise("A code was not read from the screen.");
    let picture = stage.phone(by).shown.code.take().ok_or_else(unread)?;
    let reader = stage.phone(by.other());
    reader.shown.camera = None;
    let (side, pixels) = picture.luma(SCALE).map_err(|_| unread())?;
    let side = usize::try_from(side).map_err(|_| unread())?;
    let frame = Luma::new(&pixels, side, side, side).map_err(|_| unread())?;
    let seen = read::codes(&frame).into_iter().next().ok_or_else(unread)?;
    let what = scan::bytes(&seen.content, &Circumstances::at(WallClock.now())).map_err(|_| unread())?;
    let name = reader.name;
    match (what, wanted) {
        (Qr::Ticket(ticket), Wanted::Ticket) => {
            stage.tell(format!("  {name}'s camera reads a ticket: {} modules a side", picture.side()));
            accept(stage, &ticket)
        }
        (Qr::Invoice(invoice), Wanted::Invoice(id)) if invoice.invoice.id() == id => {
            stage.tell(format!("  {name}'s camera reads an invoice: {} modules a side", picture.side()));
            pay(stage, &invoice)
        }
        _ => Err(unread()),
    }
}

fn accept(stage: &mut Stage, ticket: &Ticket) -> Result<(), Trouble> {
    let terms = Terms { limit: Units::new(50_000), notice_days: 7 };
    stage.tally = Some(stage.ben.wallet.accept_ticket(ticket, terms)?);
    stage.ana.shown.does = "waits for Ben".into();
    stage.ben.shown.does = "has Ana's ticket".into();
    Ok(())
}

fn pay(stage: &mut Stage, invoice: &SignedInvoice) -> Result<(), Trouble> {
    let tally = stage.tally()?;
    let asked = stage.ana.wallet.take_invoice(invoice)?;
    let payment =
        Payment { units: asked.units, invoice: Some(asked.id), memo: asked.memo, ..Payment::default() };
    stage.ana.wallet.pay(&tally, &payment)?;
    stage.ana.shown.does = "has paid, alone".into();
    stage.ben.shown.does = "knows nothing of it".into();
    stage.look()
}

/// Both halves side by side: the same entries in the same order, all of them final.
fn compare(stage: &mut Stage) -> Result<(), Trouble> {
    let tally = stage.tally()?;
    let (ana, ben) = (stage.ana.wallet.tally(&tally)?, stage.ben.wallet.tally(&tally)?);
    let told = stage.ana.wallet.export(&tally)?.to_csv() == stage.ben.wallet.export(&tally)?.to_csv();
    let all_final = ana.final_index == ana.index && ben.final_index == ben.index;
    if ana.head != ben.head || ana.balance != ben.balance.negated() || !told || !all_final {
        return Err(Trouble::new(Exit::Unsound, "unequal", "The two halves differ."));
    }
    let count = stage.between.count;
    stage.caption = format!(
        "Equal halves: {} entries, Ana {}, Ben {}. {} packets, {} lost, {} sent again, {} cut.",
        ana.index, ana.balance, ben.balance, count.sent, count.lost, count.again, stage.cuts
    );
    let caption = stage.caption.clone();
    stage.tell(caption);
    Ok(())
}
