//! Following the order that somebody else gives: place by place, anew in a newer view, or because nodes of both halves stand for it.

use crate::admit::Refusal;
use crate::book::Book;
use crate::chit::{Body, ChitRef};
use crate::order::{Certificate, Links, Run};
use crate::rows::Rows;
use crate::store::{ChainRow, Standing, StoredChit, chit_no};

use super::{Result, find, place, retip};

/// What became of an order that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// It goes on from here.
    Followed,
    /// Nothing new.
    Known,
    /// Something it names is not here yet.
    Gap,
}

/// Follows the authority's order. The endorsement's signature was checked at the door; here it is checked that the order leads to it.
pub fn follow(rows: &impl Rows, standing: &mut Standing, links: &Links) -> Result<Linked> {
    let head = &links.endorsement.head;
    // A restored foil has announced a view that nobody has ordered in yet; what it lacks was ordered in older ones.
    if head.view < standing.book.head.view && !standing.reconciling {
        return Err(Refusal::OldView.into());
    }
    if links.after > standing.book.head.index {
        return Ok(Linked::Gap);
    }
    let mut book = standing.book.clone();
    let mut chains = rows.chains(standing.tally)?;
    let mut index = links.after;
    let mut new: Vec<(u64, usize, StoredChit)> = Vec::new();
    let mut linked: Vec<u64> = chains.iter().map(|chain| chain.linked).collect();
    for run in &links.runs {
        let Some(named) = run_chits(rows, standing.tally, &chains, run)? else { return Ok(Linked::Gap) };
        for (position, stored) in named {
            index = index.saturating_add(1);
            if index <= standing.book.head.index {
                // The same chit linked in another view is another place: the hash is over both.
                let here = (stored.no, run.view);
                if rows.place(standing.tally, index)?.is_none_or(|place| (place.chit, place.view) != here) {
                    return rewritten(rows, standing, links, index);
                }
                continue;
            }
            let at = linked.get_mut(position).filter(|at| at.checked_add(1) == Some(stored.entry.chit.seq));
            *at.ok_or(Refusal::WrongHead)? = stored.entry.chit.seq;
            new.push((run.view, position, stored));
        }
    }
    if new.is_empty() {
        let here = if index == standing.book.head.index {
            Some(standing.book.head.hash)
        } else {
            rows.place(standing.tally, index)?.map(|place| place.hash)
        };
        let known = (head.index, Some(head.hash)) == (index, here);
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
            place(rows, standing.tally, &mut book, chain, stored)?;
            rows.put_chain(chain)?;
        }
    }
    book.head.view = head.view.max(standing.book.head.view);
    standing.book = book;
    retip(rows, standing)?;
    Ok(Linked::Followed)
}

/// The chits a run names, each with the position of its chain; none while one of them is missing.
fn run_chits(
    rows: &impl Rows,
    tally: i64,
    chains: &[ChainRow],
    run: &Run,
) -> Result<Option<Vec<(usize, StoredChit)>>> {
    let Some(end) = run.first.checked_add(run.count).and_then(|end| end.checked_sub(1)) else {
        return Ok(None);
    };
    let named = ChitRef { chain: run.chain, seq: end, hash: run.last };
    let Some(mut at) = find(rows, tally, &named)? else { return Ok(None) };
    let mut found = Vec::new();
    loop {
        let (seq, before) = (at.entry.chit.seq, at.entry.chit.prev_own);
        let position = chains.iter().position(|chain| chit_no(chain.no, seq) == Ok(at.no));
        found.push((position.unwrap_or(usize::MAX), at));
        if seq <= run.first {
            break;
        }
        let named = ChitRef { chain: run.chain, seq: seq.saturating_sub(1), hash: before };
        match find(rows, tally, &named)? {
            Some(earlier) => at = earlier,
            None => return Ok(None),
        }
    }
    found.reverse();
    Ok(Some(found))
}

/// An order that departs from the one held. Below what both agreed it is refused.
fn rewritten(rows: &impl Rows, standing: &mut Standing, links: &Links, index: u64) -> Result<Linked> {
    // In which view it was linked here, not which view was promised since.
    let held = rows.place(standing.tally, index)?.map_or(0, |place| place.view);
    if links.endorsement.head.view > held && index > standing.agreed {
        // A foil that was restored begins a new view; what was linked and not agreed is ordered anew. Nothing loses its place before
        // everything is here that will have one.
        let chains = rows.chains(standing.tally)?;
        for run in &links.runs {
            if run_chits(rows, standing.tally, &chains, run)?.is_none() {
                return Ok(Linked::Gap);
            }
        }
        cut(rows, standing, index.saturating_sub(1))?;
        return follow(rows, standing, links);
    }
    Err(Refusal::OrderRewritten { index }.into())
}

/// Takes an order over that departs from the one held, or was made by nodes that are not named here any more, because nodes of both halves
/// stand for it: in the place of one's own, above what was agreed here. The words of the certificate are for the caller to keep. Returns whether
/// it departs at all: where one's own goes through its end, what stands behind that stays.
pub fn adopt(
    rows: &impl Rows,
    standing: &mut Standing,
    links: &Links,
    certificate: &Certificate,
) -> Result<bool> {
    let end = links.endorsement.head;
    if rows.place(standing.tally, end.index)?.is_some_and(|place| place.hash == end.hash) {
        certificate.check(&standing.book.nodes).map_err(Refusal::from)?;
        return Ok(false);
    }
    let (view, reconciling) = (standing.book.head.view, standing.reconciling);
    // What comes before is held here: whoever told it has compared the two, and the head's hash tells whether it is so.
    cut(rows, standing, standing.agreed.max(links.after))?;
    // Of whichever view: what counts is who stands for it.
    standing.reconciling = true;
    let done = follow(rows, standing, links);
    standing.reconciling = reconciling;
    if matches!(done?, Linked::Gap) {
        return Err(Refusal::WrongHead.into());
    }
    certificate.check(&standing.book.nodes).map_err(Refusal::from)?;
    standing.book.head.view = standing.book.head.view.max(view);
    Ok(true)
}

/// Takes the order back to `index` and rebuilds the book up to there.
pub fn cut(rows: &impl Rows, standing: &mut Standing, index: u64) -> Result<()> {
    let contract = rows.contract(standing.tally)?.tally;
    let kept = rows.places(standing.tally, 0, index)?;
    rows.cut_places(standing.tally, 0)?;
    let mut chains = rows.chains(standing.tally)?;
    for chain in &mut chains {
        chain.linked = chain.base;
        for chit in rows.chits(chain.no, chain.base, chain.seq, usize::MAX)? {
            if let Body::Pledge { invoice: Some(id), .. } = &chit.entry.chit.body
                && let Some((_, first)) = rows.answers(standing.tally, chain.id.side, id)?
            {
                rows.put_answers(standing.tally, chain.id.side, id, None, first)?;
            }
        }
    }
    let mut book = Book::open(&contract, 0);
    for row in &kept {
        let Some(stored) = rows.chit_by_no(row.chit)? else { continue };
        if let Some(chain) =
            chains.iter_mut().find(|chain| chit_no(chain.no, stored.entry.chit.seq) == Ok(stored.no))
        {
            book.head.view = row.view;
            place(rows, standing.tally, &mut book, chain, &stored)?;
        }
    }
    for chain in &chains {
        rows.put_chain(chain)?;
    }
    book.head.view = standing.book.head.view;
    standing.book = book;
    retip(rows, standing)
}
