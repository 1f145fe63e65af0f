//! What must be told, found in the rows that made it true. Handing it over changes nothing but "sent"; it is told again until the
//! partner's receipt or summary shows that it is known.

use x25519_dalek::PublicKey as AgreementPublic;

use crate::canon::Canon as _;
use crate::chit::ChainId;
use crate::digest::Digest;
use crate::invoice::InvoiceState;
use crate::message::{HANDOVER_MAX, Handover, Have, Message, PAGE_MAX, Page};
use crate::negotiation::{By, TallyState};
use crate::order::{Endorsement, Links};
use crate::receipt::Receipt;
use crate::store::{ChainRow, InvoiceRow, Shelf, Standing, TallyRow};
use crate::tally::{Halves, Side, TallyId};
use crate::telling;

use super::contract::refused_version;
use super::ordering::{named, runs, speak, unlinked};
use super::owed::{
    OWED_CONTRACT, OWED_HAVE, OWED_HISTORY, OWED_ORDER, OWED_RECEIPTS, OWED_WORDS, UNFINISHED,
};
use super::{Hands, Result, Wallet, tally_no, tally_row};

/// How many open invoices a summary names at most.
const OPEN_NAMED: usize = 240;
/// How many that were withdrawn or replaced.
const BACK_NAMED: usize = 8;

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

pub(super) fn negotiation(row: &TallyRow, out: &mut Vec<Message>) {
    match row.state {
        TallyState::CertsKnown if !row.inviter => {
            out.extend(row.request.clone().map(|request| Message::Request(Box::new(request))));
        }
        TallyState::Offered(By::Me) => {
            out.extend(row.my_offer.clone().map(|offer| Message::Offer(Box::new(offer))));
        }
        _ => {
            if let Some(version) = refused_version(row) {
                out.push(Message::Refuse { tally: row.id, version });
            }
        }
    }
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

fn page(shelf: &Shelf<'_>, chain: &ChainRow, after: u64, most: usize) -> Result<Option<Page>> {
    let chits = shelf.chits(chain.no, after, chain.seq, most)?;
    Ok(Page::of(&chits.into_iter().map(|chit| chit.entry).collect::<Vec<_>>()))
}

/// The order beyond what both agree on, and the words of the nodes.
pub(super) fn order(
    shelf: &Shelf<'_>,
    row: &TallyRow,
    standing: &Standing,
    out: &mut Vec<Message>,
) -> Result<()> {
    let head = standing.book.head.index;
    let from = if standing.owed & OWED_HISTORY != 0 { 0 } else { standing.agreed };
    let words = shelf.endorsements(row.no)?;
    let of_half = |side: Side| {
        words
            .iter()
            .filter(move |word| standing.book.nodes.of(side).contains(&word.key))
            .filter(move |word| standing.tip.nodes.of(side).contains(&word.key))
            .max_by_key(|word| (word.head.view, word.head.index))
    };
    // Whoever has promised a newer view still has the order of the older one to tell.
    let (index, hash) = (standing.book.head.index, standing.book.head.hash);
    let reaching = || words.iter().filter(|word| (word.head.index, word.head.hash) == (index, hash));
    // A site that goes on from an older copy says the same order again, in a newer view than the one in which this phone has followed it.
    let current = || reaching().filter(|word| word.head.view >= standing.book.head.view);
    let by_foil = |word: &&Endorsement| standing.book.nodes.foil.contains(&word.key);
    // Whoever was named in its place since is the one to listen to; its order will say the same or better.
    let in_office = |word: &&Endorsement| standing.tip.nodes.foil.contains(&word.key);
    let speaker = if standing.owed & OWED_HISTORY != 0 {
        reaching().find(by_foil).or_else(|| reaching().next())
    } else {
        current().find(by_foil).filter(in_office).filter(|_| row.side == Side::Foil)
    };
    // A phone that does not speak for its half cannot answer an order: it is told once, not until it agrees.
    let due = !is_hosted(standing) || standing.owed & (OWED_ORDER | OWED_HISTORY) != 0;
    if let Some(word) = speaker.filter(|_| from < head && due) {
        out.push(Message::Links(Links {
            after: from,
            runs: runs(shelf, standing, from)?,
            endorsement: *word,
        }));
    } else if standing.owed & OWED_ORDER != 0 {
        out.extend(of_half(row.side).map(|word| Message::Endorsement(*word)));
    }
    if standing.owed & OWED_HISTORY != 0 {
        // Where words of both halves reach to its end they go in one piece: on these an order counts against another one that is held.
        if let Some(certificate) = telling::certificate(standing, &words) {
            out.push(Message::Certificate(certificate));
        } else {
            let nodes = named(standing);
            let in_office =
                |word: &&Endorsement| Side::BOTH.iter().any(|side| nodes.of(*side).contains(&word.key));
            out.extend(words.iter().filter(in_office).map(|word| Message::Endorsement(*word)));
        }
    } else if standing.owed & OWED_WORDS != 0 {
        out.extend(of_half(row.side.other()).map(|word| Message::Endorsement(*word)));
    }
    Ok(())
}

/// Whether either half has ever been moved away from its phone.
fn is_hosted(standing: &Standing) -> bool {
    standing.tip.node_epoch != Halves::default()
}

pub(super) fn receipts(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &TallyRow,
    standing: &Standing,
    out: &mut Vec<Message>,
) -> Result<()> {
    let due = |chain: &ChainRow| chain.receipted < chain.seq || standing.owed & OWED_RECEIPTS != 0;
    receipts_beyond(shelf, hands, row, standing, &due, out)
}

/// Receipts for those chains of the partner's for which one is due.
pub(super) fn receipts_beyond(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &TallyRow,
    standing: &Standing,
    due: &dyn Fn(&ChainRow) -> bool,
    out: &mut Vec<Message>,
) -> Result<()> {
    let chains = shelf.chains(row.no)?;
    let Some(by) =
        standing.chain.and_then(|no| chains.iter().find(|chain| chain.no == no)).map(|chain| chain.id)
    else {
        return Ok(());
    };
    let mut key = None;
    for chain in chains.iter().filter(|it| it.id.side != row.side && it.seq > 0 && due(it)) {
        let receipt = Receipt { tally: row.id, by, chain: chain.id, seq: chain.seq, hash: chain.hash };
        if key.is_none() {
            key = Some(hands.device_key(shelf, row.no)?);
        }
        out.extend(key.as_ref().map(|key| Message::Receipt(receipt.sign(key))));
    }
    Ok(())
}

pub(super) fn invoices(shelf: &Shelf<'_>, row: &TallyRow, out: &mut Vec<Message>) -> Result<()> {
    for invoice in shelf.invoices(row.no)?.into_iter().filter(|invoice| !invoice.sent) {
        if invoice.mine {
            out.push(Message::Invoice(invoice.entry));
        }
        out.extend(invoice.answer.map(Message::Answer));
    }
    Ok(())
}

/// How far the memory of a tally goes.
pub(super) fn have(shelf: &Shelf<'_>, row: &TallyRow) -> Result<Have> {
    let contract = row.contract.as_ref().map_or(Digest::default(), |contract| contract.tally.digest());
    let chains: Vec<(ChainId, u64, Digest)> = shelf
        .chains(row.no)?
        .iter()
        .filter(|chain| chain.seq > chain.base)
        .map(|chain| (chain.id, chain.seq, chain.hash))
        .collect();
    let standing = shelf.standing(row.no)?;
    let restored = standing.as_ref().is_some_and(|standing| standing.reconciling);
    let (view, index, hash, agreed) = standing.map_or((0, 0, contract, 0), |standing| {
        let head = standing.book.head;
        (head.view, head.index, head.hash, standing.agreed)
    });
    let all = shelf.invoices(row.no)?;
    let open = all.iter().filter(|invoice| invoice.state == InvoiceState::Issued);
    // The payer may have declined what was taken back here, and both words were lost: the newest are named too, twice each.
    let taken_back = |it: &&InvoiceRow| matches!(it.state, InvoiceState::Countered | InvoiceState::Withdrawn);
    let back = all.iter().rev().filter(taken_back).take(BACK_NAMED).flat_map(|invoice| [invoice.id; 2]);
    let invoices = open.map(|invoice| invoice.id).take(OPEN_NAMED).chain(back).collect();
    Ok(Have { tally: row.id, contract, chains, view, index, hash, agreed, invoices, restored })
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

/// What the nodes must be told: everything that is not final, the order where it is known, and the words that were heard.
pub(super) fn for_network(shelf: &Shelf<'_>, row: &TallyRow) -> Result<Vec<Message>> {
    let Some(standing) = shelf.standing(row.no)? else { return Ok(Vec::new()) };
    let mut waiting = unlinked(shelf, &shelf.chains(row.no)?)?;
    for place in shelf.places(row.no, standing.final_index, standing.book.head.index)? {
        waiting.extend(shelf.chit_by_no(place.chit)?);
    }
    // First-seen order, so that a limit raised before a payment is also linked before it.
    waiting.sort_by_key(|chit| chit.arrival);
    let waiting: Vec<_> = waiting.into_iter().map(|chit| chit.entry).collect();
    let mut out: Vec<Message> = Page::all_of(&waiting).map(Message::Chits).collect();
    let words = shelf.endorsements(row.no)?;
    telling::order(shelf, &standing, &words, standing.final_index, &mut out)?;
    telling::told_words(&standing, &words, standing.final_index, &mut out);
    Ok(out)
}

/// Everything on a tally from its beginning, for a backup or for a partner who has lost it.
pub(super) fn everything(shelf: &Shelf<'_>, row: &TallyRow) -> Result<Vec<Message>> {
    let mut out = Vec::new();
    for chain in shelf.chains(row.no)? {
        let mut after = chain.base;
        while let Some(page) = page(shelf, &chain, after, PAGE_MAX)? {
            after = after.saturating_add(page.chits.len() as u64);
            out.push(Message::Chits(page));
        }
    }
    if let Some(mut standing) = shelf.standing(row.no)? {
        standing.owed = OWED_HISTORY;
        order(shelf, row, &standing, &mut out)?;
    }
    for invoice in shelf.invoices(row.no)? {
        out.push(Message::Invoice(invoice.entry));
        out.extend(invoice.answer.map(Message::Answer));
    }
    out.extend(shelf.proofs(row.no)?.into_iter().map(Message::Proof));
    Ok(out)
}
