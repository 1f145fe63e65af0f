//! What must be told, found in the rows that made it true. Handing it over changes nothing but "sent"; it is told again until the
//! partner's receipt or summary shows that it is known.

use x25519_dalek::PublicKey as AgreementPublic;

use crate::canon::Canon as _;
use crate::message::{HANDOVER_MAX, Handover, Have, Message};
use crate::negotiation::TallyState;
use crate::store::{ChainRow, Shelf, TallyRow};
use crate::tally::TallyId;

use super::contract::refused_version;
use super::ordering::speak;
use super::owed::{OWED_CONTRACT, OWED_HAVE, UNFINISHED};
use super::saying::{for_network, have, invoices, is_hosted, negotiation, order, page, receipts};
use super::{Hands, Result, Wallet, tally_no, tally_row};

/// Whom something is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// The partner's phone, by whatever road.
    Partner,
    /// The nodes of both parties.
    Network,
}

impl Wallet {
    /// What this partner must still be told. Nothing is noted as told; a node of its half first says what it has to say of the order.
    pub fn outbox(&mut self, tally: &TallyId, audience: Audience) -> Result<Vec<Message>> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            prepare(shelf, hands, &row)?;
            match audience {
                Audience::Partner => messages(shelf, hands, &row),
                Audience::Network => for_network(shelf, &row),
            }
        })
    }

    /// Which tallies have something for their partner.
    pub fn outbox_tallies(&mut self) -> Result<Vec<TallyId>> {
        let all = self.look(|shelf| {
            shelf.tallies()?.into_iter().map(|no| Ok(shelf.tally_label(no)?.0)).collect::<Result<Vec<_>>>()
        })?;
        let mut waiting = Vec::new();
        for tally in all {
            if !self.outbox(&tally, Audience::Partner)?.is_empty() {
                waiting.push(tally);
            }
        }
        Ok(waiting)
    }

    /// The hand-over for this partner, sealed, ready for any road; none if there is nothing to tell.
    pub fn hand_over(&mut self, tally: &TallyId) -> Result<Option<Vec<u8>>> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            Ok(handed(shelf, hands, &row, HANDOVER_MAX)?.map(|handover| handover.to_bytes()))
        })
    }

    /// Asks for a summary to be sent with the next hand-over, so that the partner finds out what is missing here.
    pub fn ask_what_is_missing(&mut self, tally: &TallyId) -> Result<()> {
        self.act(|shelf, _| {
            let no = tally_no(shelf, tally)?;
            if let Some(mut standing) = shelf.standing(no)? {
                standing.owed |= OWED_HAVE;
                shelf.put_standing(&standing)?;
            }
            Ok(())
        })
    }

    /// How far this wallet's memory of a tally goes: the beginning of every meeting.
    pub fn have(&self, tally: &TallyId) -> Result<Have> {
        self.look(|shelf| {
            let row = tally_row(shelf, tally)?;
            have(shelf, &row)
        })
    }
}

/// Seals what the partner must be told, as much as goes into so many bytes, and notes it as handed over; none if there is nothing.
pub(super) fn handed(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &TallyRow,
    most: usize,
) -> Result<Option<Handover>> {
    prepare(shelf, hands, row)?;
    let Packed { messages, pages, complete } = packed(shelf, hands, row, most)?;
    if messages.is_empty() {
        return Ok(None);
    }
    if complete {
        mark_sent(shelf, row)?;
    } else {
        mark_pages(shelf, pages)?;
    }
    let introduction = match (row.inviter, row.state) {
        (false, TallyState::CertsKnown) => {
            Some(AgreementPublic::from(&hands.root()?.agreement_key(&row.id.0)).to_bytes())
        }
        _ => None,
    };
    let key = hands.pair_key(shelf, row.no)?;
    let nonce = hands.own_mark().nonce(hands.entropy);
    Ok(Some(Handover::seal_with(&messages, &key, introduction, nonce)))
}

/// Lets a node of its half speak before anything is handed over.
pub(super) fn prepare(shelf: &Shelf<'_>, hands: &mut Hands<'_>, row: &TallyRow) -> Result<()> {
    if let Some(mut standing) = shelf.standing(row.no)? {
        let before = (standing.book.head.index, standing.owed, standing.agreed, standing.final_index);
        speak(shelf, hands, row.side, &mut standing)?;
        if before != (standing.book.head.index, standing.owed, standing.agreed, standing.final_index) {
            shelf.put_standing(&standing)?;
        }
    }
    Ok(())
}

/// What the partner must be told next, in the order in which it can be used.
pub(super) fn messages(shelf: &Shelf<'_>, hands: &mut Hands<'_>, row: &TallyRow) -> Result<Vec<Message>> {
    Ok(packed(shelf, hands, row, HANDOVER_MAX)?.messages)
}

/// As much of what the partner must be told as goes into one hand-over.
struct Packed {
    messages: Vec<Message>,
    /// Up to where the chits of which chain are in it. A forked chain has several rows of one name.
    pages: Vec<(ChainRow, u64)>,
    /// Whether that is all there is to tell.
    complete: bool,
}

/// Where there are more chits than fit, the rest follows when the partner has told that it holds these.
fn packed(shelf: &Shelf<'_>, hands: &mut Hands<'_>, row: &TallyRow, most: usize) -> Result<Packed> {
    let (mut out, mut pages) = (Vec::new(), Vec::new());
    let mut complete = true;
    negotiation(row, &mut out);
    if let Some(standing) = shelf.standing(row.no)? {
        if standing.owed & OWED_CONTRACT != 0 {
            out.extend(row.contract.clone().map(|contract| Message::Offer(Box::new(contract))));
        }
        complete = chits(shelf, row, most, &mut pages, &mut out)?;
        let mut ordered = 0;
        if complete {
            let mut rest = Vec::new();
            order(shelf, row, &standing, &mut rest)?;
            let orders = rest.len();
            receipts(shelf, hands, row, &standing, &mut rest)?;
            invoices(shelf, row, &mut rest)?;
            complete = out.is_empty() || size(&out).saturating_add(size(&rest)) <= beside_chits(most);
            if complete {
                ordered = orders;
                out.extend(rest);
            }
        }
        // Where sites speak, two phones may hold different orders and neither can mend it: an order alone asks for no summary in return.
        let asks = if is_hosted(&standing) { out.len() > ordered } else { !out.is_empty() };
        if asks || standing.owed & OWED_HAVE != 0 || standing.reconciling {
            out.push(Message::Have(have(shelf, row)?));
        }
    }
    Ok(Packed { messages: out, pages, complete })
}

/// What all messages but the summary may measure where there are chits among them, in a hand-over of so many bytes.
const fn beside_chits(most: usize) -> usize {
    (most / 8).saturating_mul(7)
}

/// Chits in one page of a hand-over: even the longest are far below what is left beside the rest.
fn handed_page(most: usize) -> usize {
    (most / 2048).min(250)
}

fn size(messages: &[Message]) -> usize {
    messages.iter().map(|message| message.to_bytes().len()).fold(0, usize::saturating_add)
}

/// Chits of every chain beyond what the other side is known to hold, up to half of a hand-over. Returns whether these are all.
fn chits(
    shelf: &Shelf<'_>,
    row: &TallyRow,
    most: usize,
    pages: &mut Vec<(ChainRow, u64)>,
    out: &mut Vec<Message>,
) -> Result<bool> {
    let mut size = 0_usize;
    for chain in shelf.chains(row.no)? {
        let mut after = chain.known.max(chain.base);
        while after < chain.seq {
            if size >= most / 2 {
                return Ok(false);
            }
            let Some(page) = page(shelf, &chain, after, handed_page(most))? else { break };
            after = after.saturating_add(page.chits.len() as u64);
            let page = Message::Chits(page);
            size = size.saturating_add(page.to_bytes().len());
            out.push(page);
            pages.push((chain.clone(), after));
        }
    }
    Ok(true)
}

/// Notes which chits were handed over.
fn mark_pages(shelf: &Shelf<'_>, pages: Vec<(ChainRow, u64)>) -> Result<()> {
    for (mut chain, upto) in pages {
        chain.sent = chain.sent.max(upto);
        shelf.put_chain(&chain)?;
    }
    Ok(())
}

/// Notes that the partner was handed everything there was. It is told again where it must be confirmed.
pub(super) fn mark_sent(shelf: &Shelf<'_>, row: &TallyRow) -> Result<()> {
    if refused_version(row).is_some() {
        shelf.put_tally(&TallyRow { untold: false, ..row.clone() })?;
    }
    for mut chain in shelf.chains(row.no)? {
        let theirs = chain.id.side != row.side;
        let (sent, receipted) = (chain.seq, if theirs { chain.seq } else { chain.receipted });
        if (chain.sent, chain.receipted) != (sent, receipted) {
            (chain.sent, chain.receipted) = (sent, receipted);
            shelf.put_chain(&chain)?;
        }
    }
    for mut invoice in shelf.invoices(row.no)?.into_iter().filter(|invoice| !invoice.sent) {
        invoice.sent = true;
        shelf.put_invoice(&invoice)?;
    }
    if let Some(mut standing) = shelf.standing(row.no)? {
        standing.owed &= OWED_CONTRACT | UNFINISHED;
        shelf.put_standing(&standing)?;
    }
    Ok(())
}
