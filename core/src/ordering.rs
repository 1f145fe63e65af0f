//! Order and finality of one tally, whoever keeps its rows: the foil's node links, the stock's confirms, majorities of both make final.

mod following;
mod words;

pub use following::{Linked, adopt, cut, follow};
pub use words::{endorse, keep_word, named, settle};

use crate::admit::Refusal;
use crate::book::{Book, Facts, Flag};
use crate::canon::Malformed;
use crate::chit::{Body, Chit, ChitRef};
use crate::digest::Digest;
use crate::key::PublicKey;
use crate::order::Run;
use crate::rows::Rows;
use crate::store::{ChainRow, Standing, StoreError, StoredChit, chit_no};
use crate::units::{AmountError, Units};

/// Why the order of a tally could not be changed as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderingError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that arrived was not let in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An amount that cannot be.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl From<Malformed> for OrderingError {
    fn from(malformed: Malformed) -> Self {
        Self::Refused(malformed.into())
    }
}

type Result<T> = std::result::Result<T, OrderingError>;

/// Whether a pledge's invoice was answered by a pledge of the same side that came in before it.
pub fn answered_before(rows: &impl Rows, tally: i64, chit: &Chit, stored: i64) -> Result<bool> {
    let Body::Pledge { invoice: Some(id), .. } = &chit.body else { return Ok(false) };
    Ok(match rows.answers(tally, chit.chain.side, id)? {
        None => false,
        Some((Some(ordered), _)) => ordered != stored,
        Some((None, first)) => first != stored,
    })
}

/// Whether a pledge's invoice was answered by a pledge of the same side before it in the order.
fn answered_in_order(rows: &impl Rows, tally: i64, chit: &Chit, stored: i64) -> Result<bool> {
    let Body::Pledge { invoice: Some(id), .. } = &chit.body else { return Ok(false) };
    let answers = rows.answers(tally, chit.chain.side, id)?;
    Ok(answers.is_some_and(|(ordered, _)| ordered.is_some_and(|no| no != stored)))
}

/// Notes that a pledge answers its invoice, and that the invoice is paid if the amount suffices.
pub fn note_answer(rows: &impl Rows, tally: i64, chit: &Chit, stored: i64) -> Result<()> {
    let Body::Pledge { invoice: Some(id), units, .. } = &chit.body else { return Ok(()) };
    let payer = chit.chain.side;
    let (ordered, first) = rows.answers(tally, payer, id)?.unwrap_or((None, stored));
    rows.put_answers(tally, payer, id, ordered, first)?;
    rows.settle_invoice(tally, payer, id, *units)?;
    Ok(())
}

/// The amount of the pledge that an acceptance names, if that pledge comes before it and waits. `came` is when the acceptance came in,
/// as long as it has no place in the order.
pub fn waiting_pledge(rows: &impl Rows, tally: i64, chit: &Chit, came: Option<i64>) -> Result<Option<Units>> {
    let Body::Accept { chit: named } = &chit.body else { return Ok(None) };
    let Some(found) = find(rows, tally, named)? else { return Ok(None) };
    let flag = match (came, found.place) {
        (None, 0) => return Ok(None),
        (None, index) => rows.place(tally, index)?.map_or(Flag::Clear, |place| place.flag),
        // A backup and a reminder tell one chain after the other, so an acceptance may come in before what it accepts. The flag of a
        // pledge that came later is left from the last time everything was added up.
        (Some(came), 0) if found.arrival > came => return Ok(None),
        (Some(_), _) => found.flag,
    };
    Ok(if flag.is_outside() { found.entry.chit.body.pledged() } else { None })
}

/// Marks the pledge that an acceptance has brought inside the terms.
pub fn settle_acceptance(rows: &impl Rows, tally: i64, chit: &Chit, flag: Flag) -> Result<()> {
    let (Body::Accept { chit: named }, Flag::Clear) = (&chit.body, flag) else { return Ok(()) };
    if let Some(found) = find(rows, tally, named)? {
        rows.flag_chit(found.no, Flag::Accepted)?;
    }
    Ok(())
}

/// A chit by its reference, on whatever branch of its chain it is.
pub fn find(rows: &impl Rows, tally: i64, named: &ChitRef) -> Result<Option<StoredChit>> {
    for branch in rows.branches(tally, &named.chain)? {
        if named.seq <= branch.seq
            && let Some(stored) = rows.chit(branch.no, named.seq)?
            && stored.entry.chit.hash() == named.hash
        {
            return Ok(Some(stored));
        }
    }
    Ok(None)
}

/// Everything that is held and has no place in the order, in the order in which it came.
pub fn unlinked(rows: &impl Rows, chains: &[ChainRow]) -> Result<Vec<StoredChit>> {
    let mut waiting = Vec::new();
    for chain in chains {
        waiting.extend(rows.chits(chain.no, chain.linked, chain.seq, usize::MAX)?);
    }
    waiting.sort_by_key(|chit| chit.arrival);
    Ok(waiting)
}

/// Gives one chit the next place.
fn place(
    rows: &impl Rows,
    tally: i64,
    book: &mut Book,
    chain: &mut ChainRow,
    stored: &StoredChit,
) -> Result<()> {
    let chit = &stored.entry.chit;
    let facts = Facts {
        answered: answered_in_order(rows, tally, chit, stored.no)?,
        waiting: waiting_pledge(rows, tally, chit, None)?,
    };
    let flag = book.apply(chit, facts)?;
    rows.add_place(tally, book, stored.no, flag)?;
    chain.linked = chit.seq;
    if let Body::Pledge { invoice: Some(id), .. } = &chit.body
        && let Some((None, first)) = rows.answers(tally, chit.chain.side, id)?
    {
        rows.put_answers(tally, chit.chain.side, id, Some(stored.no), first)?;
    }
    if let Body::Accept { chit: named } = &chit.body
        && let Some(found) = find(rows, tally, named)?
    {
        if flag == Flag::Clear {
            rows.flag_place(tally, found.place, Flag::Accepted)?;
        }
        // An acceptance may have counted while it had no place, and have no effect where it got one.
        let taken = rows.place(tally, found.place)?.map_or(found.flag, |place| place.flag);
        rows.flag_chit(found.no, taken)?;
    }
    Ok(())
}

/// The authority links everything that has no place yet, in first-seen order.
fn link_all(rows: &impl Rows, standing: &mut Standing) -> Result<()> {
    let mut chains = rows.chains(standing.tally)?;
    let waiting = unlinked(rows, &chains)?;
    for stored in &waiting {
        if let Some(chain) =
            chains.iter_mut().find(|chain| chit_no(chain.no, stored.entry.chit.seq) == Ok(stored.no))
        {
            place(rows, standing.tally, &mut standing.book, chain, stored)?;
            rows.put_chain(chain)?;
        }
    }
    standing.tip = standing.book.clone();
    Ok(())
}

/// Takes the tip from the order again and lets what has no place follow, in first-seen order.
pub fn retip(rows: &impl Rows, standing: &mut Standing) -> Result<()> {
    let waiting = unlinked(rows, &rows.chains(standing.tally)?)?;
    standing.tip = standing.book.clone();
    for stored in &waiting {
        if let Body::Accept { chit: named } = &stored.entry.chit.body
            && let Some(found) = find(rows, standing.tally, named)?
        {
            let flag = rows.place(standing.tally, found.place)?.map_or(found.flag, |place| place.flag);
            rows.flag_chit(found.no, flag)?;
        }
    }
    for stored in &waiting {
        let chit = &stored.entry.chit;
        let facts = Facts {
            answered: answered_before(rows, standing.tally, chit, stored.no)?,
            waiting: waiting_pledge(rows, standing.tally, chit, Some(stored.arrival))?,
        };
        let flag = standing.tip.apply(chit, facts)?;
        if flag != stored.flag {
            rows.flag_chit(stored.no, flag)?;
        }
        settle_acceptance(rows, standing.tally, chit, flag)?;
    }
    Ok(())
}

/// The runs of the order after `after`, as the other half needs them.
pub fn runs(rows: &impl Rows, standing: &Standing, after: u64) -> Result<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for place in rows.places(standing.tally, after, standing.book.head.index)? {
        let Some(stored) = rows.chit_by_no(place.chit)? else { continue };
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

/// The hash over the order at an index.
pub fn hash_at(
    rows: &impl Rows,
    standing: &Standing,
    contract: &Digest,
    index: u64,
) -> Result<Option<Digest>> {
    Ok(if index == 0 { Some(*contract) } else { rows.place(standing.tally, index)?.map(|place| place.hash) })
}

/// Whether a key has been named for the foil and nobody has ordered under its name yet: the order so far was made by others.
#[must_use]
pub fn takes_over(standing: &Standing, key: &PublicKey) -> bool {
    standing.tip.nodes.foil.contains(key) && !standing.book.nodes.foil.contains(key)
}

/// The highest view that a summary may name. Views are counted on from it; half of their range is left, so that no partner's summary can
/// use them up.
pub const VIEW_MAX: u64 = 1 << 31;

/// Follows no order of an older view from now on, because somebody's summary names this one. Returns whether that is news.
pub fn raise_view(rows: &impl Rows, standing: &mut Standing, view: u64) -> Result<bool> {
    let news = view > standing.book.head.view && view <= VIEW_MAX;
    if news {
        standing.book.head.view = view;
        retip(rows, standing)?;
    }
    Ok(news)
}

/// Begins a view in which nobody has ordered anything, above every view that was heard of. The step is random: of two that do so without
/// knowing of one another each would else order its own way in the same view.
pub fn open_view(rows: &impl Rows, standing: &mut Standing, above: u64, step: u16) -> Result<()> {
    let step = u64::from(step).saturating_add(1);
    let view = standing.book.head.view.max(above).saturating_add(step);
    if view > u64::from(u32::MAX) {
        return Err(Malformed::OutOfRange { what: "view" }.into());
    }
    standing.book.head.view = view;
    retip(rows, standing)
}
