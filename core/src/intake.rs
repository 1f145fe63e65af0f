//! Taking one chit into a tally's rows: the ground on which the door judges it, the chain it goes on, and its place at that chain's end.

use crate::book::{Book, Facts, Flag};
use crate::canon::{Canon as _, Malformed};
use crate::chit::{Body, ChainId, Chit, DeviceAct, SignedChit};
use crate::digest::Digest;
use crate::ordering::{OrderingError, answered_before, note_answer, settle_acceptance, waiting_pledge};
use crate::rows::Rows;
use crate::store::{ChainRow, Standing, chit_no};

type Result<T> = std::result::Result<T, OrderingError>;

/// What the store knows about a chit's place: the key promised for it, and what is there already.
pub fn ground_of(
    rows: &impl Rows,
    tally: i64,
    standing: &Standing,
    chit: &Chit,
) -> Result<(Option<Digest>, Vec<SignedChit>)> {
    let branches = rows.branches(tally, &chit.chain)?;
    let mut here = Vec::new();
    let mut promised = match chit.seq {
        1 => match standing.tip.device(&chit.chain) {
            Some(device) => Some(device.grant.first_key),
            None => leave_without_effect(rows, tally, &chit.chain)?,
        },
        _ => None,
    };
    for branch in &branches {
        here.extend(rows.chit(branch.no, chit.seq)?.map(|stored| stored.entry));
        if promised.is_none() {
            promised = match rows.chit(branch.no, chit.seq.saturating_sub(1))? {
                Some(stored) if stored.entry.chit.hash() == chit.prev_own => Some(stored.entry.chit.next_key),
                _ => None,
            };
        }
    }
    Ok((promised, here))
}

/// The first key of a device whose leave is held, but changes nothing in the order seen here. Its chits are let in and flagged all the
/// same: in the other half's order the leave may have come in time, and what may come in must not depend on the order.
fn leave_without_effect(rows: &impl Rows, tally: i64, id: &ChainId) -> Result<Option<Digest>> {
    for chain in rows.chains(tally)?.iter().filter(|chain| chain.id.side == id.side) {
        for stored in rows.chits(chain.no, chain.base, chain.seq, usize::MAX)? {
            if let Body::Device(DeviceAct::Add(grant)) = &stored.entry.chit.body
                && (grant.device, grant.epoch) == (id.device, id.epoch)
            {
                return Ok(Some(grant.first_key));
            }
        }
    }
    Ok(None)
}

/// The chain that an admitted chit goes on: the one whose end it follows, a new epoch's, or a new branch where a key was used twice.
pub fn chain_for(rows: &impl Rows, tally: i64, signed: &SignedChit) -> Result<ChainRow> {
    let chit = &signed.chit;
    let branches = rows.branches(tally, &chit.chain)?;
    let before = chit.seq.saturating_sub(1);
    if let Some(chain) = branches.iter().find(|chain| chain.seq == before && chain.hash == chit.prev_own) {
        return Ok(chain.clone());
    }
    let mut chain = new_chain(tally, chit.chain, signed.key.digest());
    chain.branch = u32::try_from(branches.len()).map_err(|_| Malformed::OutOfRange { what: "branch" })?;
    (chain.base, chain.seq, chain.linked, chain.hash) = (before, before, before, chit.prev_own);
    (chain.known, chain.held, chain.sent, chain.receipted) = (before, before, before, before);
    chain.no = rows.add_chain(&chain)?;
    Ok(chain)
}

/// A chain on which nothing is signed yet.
pub fn new_chain(tally: i64, id: ChainId, first_key: Digest) -> ChainRow {
    ChainRow {
        no: 0,
        tally,
        id,
        branch: 0,
        base: 0,
        seq: 0,
        hash: Digest::default(),
        next_key: first_key,
        linked: 0,
        sent: 0,
        known: 0,
        held: 0,
        receipted: 0,
        seed: None,
    }
}

/// The end of everything held on a tally: what one more chit moves. The caller writes it.
pub struct End<'s> {
    /// On which tally.
    pub tally: i64,
    /// The book over everything held.
    pub tip: &'s mut Book,
    /// How many chits have come in.
    pub arrivals: &'s mut i64,
}

impl<'s> End<'s> {
    /// Of a tally's whole standing.
    pub const fn of(standing: &'s mut Standing) -> Self {
        Self { tally: standing.tally, tip: &mut standing.tip, arrivals: &mut standing.arrivals }
    }
}

/// Puts an admitted or own chit at the end of its chain and into the tip. The caller writes chain and standing.
pub fn append(rows: &impl Rows, end: End<'_>, chain: &mut ChainRow, signed: &SignedChit) -> Result<Flag> {
    let End { tally, tip, arrivals } = end;
    let chit = &signed.chit;
    let stored = chit_no(chain.no, chit.seq)?;
    let facts = Facts {
        answered: answered_before(rows, tally, chit, stored)?,
        waiting: waiting_pledge(rows, tally, chit, Some(*arrivals))?,
    };
    let flag = tip.apply(chit, facts)?;
    rows.add_chit(chain.no, signed, *arrivals, flag)?;
    *arrivals = arrivals.saturating_add(1);
    note_answer(rows, tally, chit, stored)?;
    settle_acceptance(rows, tally, chit, flag)?;
    chain.seq = chit.seq;
    chain.hash = Digest::of(&chit.to_bytes());
    chain.next_key = chit.next_key;
    Ok(flag)
}
