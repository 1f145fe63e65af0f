//! What a wallet has to say of a tally: where its negotiation stands, the order and the words for it, receipts, invoices, a summary; and all of it
//! at once, for a node, a backup, or a partner who has lost it.

use crate::chit::ChainId;
use crate::digest::Digest;
use crate::invoice::InvoiceState;
use crate::message::{Have, Message, PAGE_MAX, Page};
use crate::negotiation::{By, TallyState};
use crate::order::{Endorsement, Links};
use crate::receipt::Receipt;
use crate::store::{ChainRow, InvoiceRow, Shelf, Standing, TallyRow};
use crate::tally::{Halves, Side};
use crate::telling;

use super::contract::refused_version;
use super::ordering::{named, runs, unlinked};
use super::owed::{OWED_HISTORY, OWED_ORDER, OWED_RECEIPTS, OWED_WORDS};
use super::{Hands, Result};

/// How many open invoices a summary names at most.
const OPEN_NAMED: usize = 240;
/// How many that were withdrawn or replaced.
const BACK_NAMED: usize = 8;

/// Where the negotiation stands.
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

/// Chits of a chain after a number.
pub(super) fn page(shelf: &Shelf<'_>, chain: &ChainRow, after: u64, most: usize) -> Result<Option<Page>> {
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
pub(super) fn is_hosted(standing: &Standing) -> bool {
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
