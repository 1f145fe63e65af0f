//! Order and finality of one tally: the foil's node links, the stock's confirms, majorities of both make final.

use crate::admit::Refusal;
use crate::book::{Book, Facts, Flag};
use crate::chit::{Body, Chit, ChitRef};
use crate::digest::Digest;
use crate::invoice::{InvoiceState, SignedInvoice};
use crate::key::PublicKey;
use crate::order::{Endorsement, Links, NodeSets, Run, majority};
use crate::store::{ChainRow, Shelf, Standing, StoredChit, chit_no};
use crate::tally::Side;
use crate::units::Units;

use super::outbox::{OWED_HAVE, OWED_ORDER};
use super::{Hands, Result};

/// Whether a pledge's invoice was answered by a pledge of the same side that came in before it.
pub(super) fn answered_before(shelf: &Shelf<'_>, tally: i64, chit: &Chit, stored: i64) -> Result<bool> {
    let Body::Pledge { invoice: Some(id), .. } = &chit.body else { return Ok(false) };
    Ok(match shelf.answers(tally, chit.chain.side, id)? {
        None => false,
        Some((Some(ordered), _)) => ordered != stored,
        Some((None, first)) => first != stored,
    })
}

/// Whether a pledge's invoice was answered by a pledge of the same side before it in the order.
fn answered_in_order(shelf: &Shelf<'_>, tally: i64, chit: &Chit, stored: i64) -> Result<bool> {
    let Body::Pledge { invoice: Some(id), .. } = &chit.body else { return Ok(false) };
    let answers = shelf.answers(tally, chit.chain.side, id)?;
    Ok(answers.is_some_and(|(ordered, _)| ordered.is_some_and(|no| no != stored)))
}

/// Notes that a pledge answers its invoice, and that the invoice is paid if the amount suffices.
pub(super) fn note_answer(shelf: &Shelf<'_>, tally: i64, chit: &Chit, stored: i64) -> Result<()> {
    let Body::Pledge { invoice: Some(id), units, .. } = &chit.body else { return Ok(()) };
    let payer = chit.chain.side;
    let (ordered, first) = shelf.answers(tally, payer, id)?.unwrap_or((None, stored));
    shelf.put_answers(tally, payer, id, ordered, first)?;
    if let Some(mut invoice) = shelf.invoice(id)?.filter(|invoice| invoice.tally == tally)
        && pays(*units, payer, &invoice.entry)
    {
        invoice.state = invoice.state.hearing(InvoiceState::Paid);
        shelf.put_invoice(&invoice)?;
    }
    Ok(())
}

/// Whether a pledge of this side and amount is what an invoice asks for.
pub(super) fn pays(units: Units, payer: Side, invoice: &SignedInvoice) -> bool {
    invoice.invoice.by.side == payer.other() && units >= invoice.invoice.units
}

/// The amount of the pledge that an acceptance names, if that pledge waits.
pub(super) fn waiting_pledge(
    shelf: &Shelf<'_>,
    tally: i64,
    chit: &Chit,
    ordered: bool,
) -> Result<Option<Units>> {
    let Body::Accept { chit: named } = &chit.body else { return Ok(None) };
    let Some(found) = find(shelf, tally, named)? else { return Ok(None) };
    let flag = match (ordered, found.place) {
        (false, _) => found.flag,
        (true, 0) => return Ok(None),
        (true, index) => shelf.place(tally, index)?.map_or(Flag::Clear, |place| place.flag),
    };
    Ok(if flag.is_outside() { found.entry.chit.body.pledged() } else { None })
}

/// Marks the pledge that an acceptance has brought inside the terms.
pub(super) fn settle_acceptance(shelf: &Shelf<'_>, tally: i64, chit: &Chit, flag: Flag) -> Result<()> {
    let (Body::Accept { chit: named }, Flag::Clear) = (&chit.body, flag) else { return Ok(()) };
    if let Some(found) = find(shelf, tally, named)? {
        shelf.flag_chit(found.no, Flag::Accepted)?;
    }
    Ok(())
}

/// A chit by its reference, on whatever branch of its chain it is.
pub(super) fn find(shelf: &Shelf<'_>, tally: i64, named: &ChitRef) -> Result<Option<StoredChit>> {
    for branch in shelf.branches(tally, &named.chain)? {
        if named.seq > branch.base
            && named.seq <= branch.seq
            && let Some(stored) = shelf.chit(branch.no, named.seq)?
            && stored.entry.chit.hash() == named.hash
        {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// Everything that is held and has no place in the order, in the order in which it came.
pub(super) fn unlinked(shelf: &Shelf<'_>, chains: &[ChainRow]) -> Result<Vec<StoredChit>> {
    let mut waiting = Vec::new();
    for chain in chains {
        waiting.extend(shelf.chits(chain.no, chain.linked, chain.seq, usize::MAX)?);
    }
    waiting.sort_by_key(|chit| chit.arrival);
    Ok(waiting)
}

/// Gives one chit the next place.
fn place(
    shelf: &Shelf<'_>,
    tally: i64,
    book: &mut Book,
    chain: &mut ChainRow,
    stored: &StoredChit,
) -> Result<()> {
    let chit = &stored.entry.chit;
    let facts = Facts {
        answered: answered_in_order(shelf, tally, chit, stored.no)?,
        waiting: waiting_pledge(shelf, tally, chit, true)?,
    };
    let flag = book.apply(chit, facts)?;
    shelf.add_place(tally, book, stored.no, flag)?;
    chain.linked = chit.seq;
    if let Body::Pledge { invoice: Some(id), .. } = &chit.body
        && let Some((None, first)) = shelf.answers(tally, chit.chain.side, id)?
    {
        shelf.put_answers(tally, chit.chain.side, id, Some(stored.no), first)?;
    }
    if let (Body::Accept { chit: named }, Flag::Clear) = (&chit.body, flag)
        && let Some(found) = find(shelf, tally, named)?
    {
        shelf.flag_place(tally, found.place, Flag::Accepted)?;
        shelf.flag_chit(found.no, Flag::Accepted)?;
    }
    Ok(())
}

/// The authority links everything that has no place yet, in first-seen order. Returns whether it did anything.
fn link_all(shelf: &Shelf<'_>, standing: &mut Standing) -> Result<bool> {
    let mut chains = shelf.chains(standing.tally)?;
    let waiting = unlinked(shelf, &chains)?;
    for stored in &waiting {
        if let Some(chain) =
            chains.iter_mut().find(|chain| chit_no(chain.no, stored.entry.chit.seq) == Ok(stored.no))
        {
            place(shelf, standing.tally, &mut standing.book, chain, stored)?;
            shelf.put_chain(chain)?;
        }
    }
    standing.tip = standing.book.clone();
    Ok(!waiting.is_empty())
}

/// Takes the tip from the order again and lets what has no place follow, in first-seen order.
pub(super) fn retip(shelf: &Shelf<'_>, standing: &mut Standing) -> Result<()> {
    let waiting = unlinked(shelf, &shelf.chains(standing.tally)?)?;
    standing.tip = standing.book.clone();
    for stored in &waiting {
        if let Body::Accept { chit: named } = &stored.entry.chit.body
            && let Some(found) = find(shelf, standing.tally, named)?.filter(|found| found.place > 0)
        {
            let flag = shelf.place(standing.tally, found.place)?.map_or(found.flag, |place| place.flag);
            shelf.flag_chit(found.no, flag)?;
        }
    }
    for stored in &waiting {
        let chit = &stored.entry.chit;
        let facts = Facts {
            answered: answered_before(shelf, standing.tally, chit, stored.no)?,
            waiting: waiting_pledge(shelf, standing.tally, chit, false)?,
        };
        let flag = standing.tip.apply(chit, facts)?;
        if flag != stored.flag {
            shelf.flag_chit(stored.no, flag)?;
        }
        settle_acceptance(shelf, standing.tally, chit, flag)?;
    }
    Ok(())
}

/// The runs of the order after `after`, as the other half needs them.
pub(super) fn runs(shelf: &Shelf<'_>, standing: &Standing, after: u64) -> Result<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for place in shelf.places(standing.tally, after, standing.book.head.index)? {
        let Some(stored) = shelf.chit_by_no(place.chit)? else { continue };
        let chit = &stored.entry.chit;
        match runs.last_mut() {
            Some(run)
                if run.view == place.view
                    && run.chain == chit.chain
                    && run.last == chit.prev_own
                    && run.first.checked_add(run.count) == Some(chit.seq) =>
            {
                run.count = run.count.saturating_add(1);
                run.last = chit.hash();
            }
            _ => {
                let (view, chain, first) = (place.view, chit.chain, chit.seq);
                runs.push(Run { view, chain, first, count: 1, last: chit.hash() });
            }
        }
    }
    Ok(runs)
}

/// What became of an order that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    /// It goes on from here.
    Followed,
    /// Nothing new.
    Known,
    /// Something it names is not here yet.
    Gap,
}

/// Follows the authority's order. The endorsement's signature was checked at the door; here it is checked that the order leads to it.
pub(super) fn follow(shelf: &Shelf<'_>, standing: &mut Standing, links: &Links) -> Result<Linked> {
    let head = &links.endorsement.head;
    if head.view < standing.book.head.view {
        return Err(Refusal::OldView.into());
    }
    if links.after > standing.book.head.index {
        return Ok(Linked::Gap);
    }
    let mut book = standing.book.clone();
    let mut chains = shelf.chains(standing.tally)?;
    let mut index = links.after;
    let mut new: Vec<(u64, usize, StoredChit)> = Vec::new();
    let mut linked: Vec<u64> = chains.iter().map(|chain| chain.linked).collect();
    for run in &links.runs {
        let Some(named) = run_chits(shelf, standing.tally, &chains, run)? else { return Ok(Linked::Gap) };
        for (position, stored) in named {
            index = index.saturating_add(1);
            if index <= standing.book.head.index {
                if shelf.place(standing.tally, index)?.is_none_or(|place| place.chit != stored.no) {
                    return rewritten(shelf, standing, links, index);
                }
                continue;
            }
            let at = linked.get_mut(position).filter(|at| at.checked_add(1) == Some(stored.entry.chit.seq));
            *at.ok_or(Refusal::WrongHead)? = stored.entry.chit.seq;
            new.push((run.view, position, stored));
        }
    }
    if new.is_empty() {
        let here = if head.index == 0 {
            Some(standing.book.head.hash)
        } else {
            shelf.place(standing.tally, head.index)?.map(|p| p.hash)
        };
        let known = head.index == index
            && (here == Some(head.hash)
                || head.index == standing.book.head.index && standing.book.head.hash == head.hash);
        return if known { Ok(Linked::Known) } else { Err(Refusal::WrongHead.into()) };
    }
    // The hash alone tells whether the order leads to the head, so nothing is written for one that does not.
    let mut reached = book.head;
    for (view, _, stored) in &new {
        reached.view = *view;
        reached = reached.then(&stored.entry.chit.hash());
    }
    let last = std::mem::replace(&mut reached.view, head.view);
    if reached != *head || last > head.view {
        return Err(Refusal::WrongHead.into());
    }
    for (view, position, stored) in &new {
        book.head.view = *view;
        if let Some(chain) = chains.get_mut(*position) {
            place(shelf, standing.tally, &mut book, chain, stored)?;
            shelf.put_chain(chain)?;
        }
    }
    book.head.view = head.view;
    standing.book = book;
    retip(shelf, standing)?;
    Ok(Linked::Followed)
}

/// The chits a run names, each with the position of its chain; none while one of them is missing.
fn run_chits(
    shelf: &Shelf<'_>,
    tally: i64,
    chains: &[ChainRow],
    run: &Run,
) -> Result<Option<Vec<(usize, StoredChit)>>> {
    let Some(end) = run.first.checked_add(run.count).and_then(|end| end.checked_sub(1)) else {
        return Ok(None);
    };
    let named = ChitRef { chain: run.chain, seq: end, hash: run.last };
    let Some(mut at) = find(shelf, tally, &named)? else { return Ok(None) };
    let mut found = Vec::new();
    loop {
        let (seq, before) = (at.entry.chit.seq, at.entry.chit.prev_own);
        let position = chains.iter().position(|chain| chit_no(chain.no, seq) == Ok(at.no));
        found.push((position.unwrap_or(usize::MAX), at));
        if seq <= run.first {
            break;
        }
        let named = ChitRef { chain: run.chain, seq: seq.saturating_sub(1), hash: before };
        match find(shelf, tally, &named)? {
            Some(earlier) => at = earlier,
            None => return Ok(None),
        }
    }
    found.reverse();
    Ok(Some(found))
}

/// An order that departs from the one held. Below what both agreed it is refused.
fn rewritten(shelf: &Shelf<'_>, standing: &mut Standing, links: &Links, index: u64) -> Result<Linked> {
    if links.endorsement.head.view > standing.book.head.view && index > standing.agreed {
        // A foil that was restored begins a new view; what was linked and not agreed is ordered anew.
        cut(shelf, standing, index.saturating_sub(1))?;
        return follow(shelf, standing, links);
    }
    Err(Refusal::OrderRewritten { index }.into())
}

/// Takes the order back to `index` and rebuilds the book up to there.
pub(super) fn cut(shelf: &Shelf<'_>, standing: &mut Standing, index: u64) -> Result<()> {
    let contract = shelf.tally(standing.tally)?.contract()?.tally.clone();
    let kept = shelf.places(standing.tally, 0, index)?;
    shelf.cut_places(standing.tally, 0)?;
    let mut chains = shelf.chains(standing.tally)?;
    for chain in &mut chains {
        chain.linked = chain.base;
        for chit in shelf.chits(chain.no, chain.base, chain.seq, usize::MAX)? {
            if let Body::Pledge { invoice: Some(id), .. } = &chit.entry.chit.body
                && let Some((_, first)) = shelf.answers(standing.tally, chain.id.side, id)?
            {
                shelf.put_answers(standing.tally, chain.id.side, id, None, first)?;
            }
        }
    }
    let mut book = Book::open(&contract, 0);
    for row in &kept {
        let Some(stored) = shelf.chit_by_no(row.chit)? else { continue };
        if let Some(chain) =
            chains.iter_mut().find(|chain| chit_no(chain.no, stored.entry.chit.seq) == Ok(stored.no))
        {
            book.head.view = row.view;
            place(shelf, standing.tally, &mut book, chain, &stored)?;
        }
    }
    for chain in &chains {
        shelf.put_chain(chain)?;
    }
    book.head.view = standing.book.head.view;
    standing.book = book;
    retip(shelf, standing)
}

/// Keeps a node's word; an older one never replaces a newer one.
pub(super) fn keep_word(shelf: &Shelf<'_>, tally: i64, word: &Endorsement) -> Result<()> {
    let newer = shelf
        .endorsement(tally, &word.key)?
        .is_none_or(|held| (word.head.view, word.head.index) > (held.head.view, held.head.index));
    if newer {
        shelf.put_endorsement(tally, word)?;
    }
    Ok(())
}

/// Says what this device has to say about the order, if it is a node of its half: links as the foil, confirms as the stock.
pub(super) fn speak(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    side: Side,
    standing: &mut Standing,
) -> Result<()> {
    if let (Some(root), false) = (hands.root, standing.reconciling) {
        let key = root.node_key(&standing.book.head.tally.0);
        if standing.tip.nodes.of(side).contains(&key.public()) {
            if side == Side::Foil {
                link_all(shelf, standing)?;
            }
            let head = standing.book.head;
            let own = shelf.endorsement(standing.tally, &key.public())?;
            let silent = own.is_none_or(|word| (word.head.view, word.head.index) < (head.view, head.index));
            if silent && head.index > 0 {
                shelf.put_endorsement(standing.tally, &head.endorse(&key))?;
                standing.owed |= OWED_ORDER;
            }
        }
    }
    settle(shelf, standing)
}

/// Moves agreed and final forward as far as the words of the nodes carry.
pub(super) fn settle(shelf: &Shelf<'_>, standing: &mut Standing) -> Result<()> {
    let words = shelf.endorsements(standing.tally)?;
    let nodes = standing.book.nodes.clone();
    let mut reach: Vec<(PublicKey, u64)> = Vec::new();
    for word in &words {
        if stands(shelf, standing, word)? {
            reach.push((word.key, word.head.index));
        }
    }
    let carried = |side: Side, needed: usize| -> u64 {
        let mut indices: Vec<u64> =
            reach.iter().filter(|(key, _)| nodes.of(side).contains(key)).map(|(_, index)| *index).collect();
        indices.sort_unstable_by(|a, b| b.cmp(a));
        indices.get(needed.saturating_sub(1)).copied().unwrap_or(0)
    };
    let both = |needed: fn(&NodeSets, Side) -> usize| {
        carried(Side::Stock, needed(&nodes, Side::Stock)).min(carried(Side::Foil, needed(&nodes, Side::Foil)))
    };
    let agreed = both(|_, _| 1);
    let last = both(|nodes, side| majority(nodes.of(side).len()));
    if agreed > standing.agreed {
        standing.agreed = agreed;
        shelf.add_event(Some(standing.tally), "agreed", &agreed.to_string())?;
    }
    if last > standing.final_index {
        standing.final_index = last;
        standing.final_paid =
            shelf.place(standing.tally, last)?.map_or(standing.final_paid, |place| place.paid);
        shelf.add_event(Some(standing.tally), "final", &last.to_string())?;
    }
    Ok(())
}

/// Whether a word speaks for a stretch of the very order that is held.
fn stands(shelf: &Shelf<'_>, standing: &Standing, word: &Endorsement) -> Result<bool> {
    Ok(word.head.index <= standing.book.head.index
        && shelf.place(standing.tally, word.head.index)?.is_some_and(|place| place.hash == word.head.hash))
}

/// Another contract governs: the order begins again from it. Only before both halves have agreed on anything.
pub(super) fn begin_again(shelf: &Shelf<'_>, standing: &mut Standing) -> Result<()> {
    standing.owed |= OWED_HAVE;
    cut(shelf, standing, 0)
}

/// The hash over the order at an index.
pub(super) fn hash_at(
    shelf: &Shelf<'_>,
    standing: &Standing,
    contract: &Digest,
    index: u64,
) -> Result<Option<Digest>> {
    Ok(if index == 0 { Some(*contract) } else { shelf.place(standing.tally, index)?.map(|place| place.hash) })
}
