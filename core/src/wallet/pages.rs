//! Pages of chits that arrive: each chit passes the door and goes on its chain; what waits for an earlier one is parked.

use crate::admit::{ChitAdmission, ChitGround, Refusal, Unverified, admit, prove};
use crate::book::Flag;
use crate::canon::Canon as _;
use crate::chit::{Body, ChainId, DeviceAct, SignedChit};
use crate::intake::{End, append, chain_for, ground_of, new_chain};
use crate::message::{Message, Page};
use crate::store::{ChainRow, Shelf, Standing};

use super::delivery::{Change, Intake, same_tally};
use super::owed::{OWED_CONTRACT, OWED_HAVE, OWED_RECEIPTS};
use super::{Result, WalletError};

/// The most that may wait for missing chits, per tally.
const PARKED_MAX: u64 = 1 << 20;

/// Parked until an earlier chit is here.
pub(super) const GAP: &str = "gap";
/// Kept aside until this wallet is new enough to read it.
pub(super) const NEWER: &str = "newer";

/// Chits of one chain. Each passes the door by itself; what waits for something earlier is parked, within bounds.
pub(super) fn take_page(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &mut Standing,
    page: Page,
) -> Result<()> {
    same_tally(&intake.row, &page.tally, "chit")?;
    standing.owed &= !OWED_CONTRACT;
    let bytes = Message::Chits(page.clone()).to_bytes();
    if take_chits(shelf, intake, standing, page.unfold())? {
        park(shelf, intake.row.no, &bytes)?;
        standing.owed |= OWED_HAVE;
        intake.changes.push(Change::Waiting);
        return Ok(());
    }
    // What was missing may have come: everything parked is tried once more, as long as that gets somewhere.
    loop {
        let before = standing.arrivals;
        for message in shelf.unpark(intake.row.no, GAP)? {
            let Ok(Message::Chits(page)) = Message::from_bytes(&message) else { continue };
            let (kept, seen) = (standing.clone(), intake.changes.len());
            match shelf.attempt(|| take_chits(shelf, intake, standing, page.unfold())) {
                Ok(true) => shelf.park(intake.row.no, GAP, &message)?,
                Ok(false) => {}
                // What waited here and is refused now must not take with it what has just come in.
                Err(WalletError::Refused(_) | WalletError::Malformed(_) | WalletError::Amount(_)) => {
                    *standing = kept;
                    intake.changes.truncate(seen);
                }
                Err(other) => return Err(other),
            }
        }
        if standing.arrivals == before {
            return Ok(());
        }
    }
}

pub(super) fn has_room(shelf: &Shelf<'_>, tally: i64, reason: &str, bytes: usize) -> Result<bool> {
    Ok(shelf.parked_bytes(tally, reason)?.saturating_add(bytes as u64) <= PARKED_MAX)
}

fn park(shelf: &Shelf<'_>, tally: i64, message: &[u8]) -> Result<()> {
    if !has_room(shelf, tally, GAP, message.len())? {
        return Err(Refusal::TooMuchParked.into());
    }
    Ok(shelf.park(tally, GAP, message)?)
}

/// Takes chits in until one has nothing to follow. Returns whether there was such a one.
fn take_chits(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &mut Standing,
    chits: Vec<SignedChit>,
) -> Result<bool> {
    let mut claims = Vec::new();
    for chit in chits {
        if is_held(shelf, intake.row.no, &chit)? {
            known(intake, standing, &chit);
        } else {
            claims.push(Unverified::from(chit));
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Below a few dozen signatures, starting threads costs more than it saves.
    let threads = if claims.len() < 32 { 1 } else { threads };
    prove(&mut claims, threads);
    let mut at: Option<ChainRow> = None;
    let mut gap = false;
    for claim in claims {
        gap = take_chit(shelf, intake, standing, &mut at, claim)?;
        if gap {
            break;
        }
    }
    if let Some(chain) = &at {
        shelf.put_chain(chain)?;
    }
    Ok(gap)
}

fn is_held(shelf: &Shelf<'_>, tally: i64, chit: &SignedChit) -> Result<bool> {
    Ok(super::ordering::find(shelf, tally, &chit.chit.reference())?.is_some())
}

/// Somebody repeats what is held here: the partner has missed the receipt, or for chits of my own side the summary. That the partner
/// holds mine only its receipt says: the same bytes come back to me when the air, or somebody in it, throws my own hand-over back.
fn known(intake: &Intake<'_>, standing: &mut Standing, chit: &SignedChit) {
    let mine = chit.chit.chain.side == intake.row.side;
    standing.owed |= if mine { OWED_HAVE } else { OWED_RECEIPTS };
}

/// One chit. `at` is the chain that the one before went on; it is written when another chain's turn comes.
fn take_chit(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &mut Standing,
    at: &mut Option<ChainRow>,
    claim: Unverified<SignedChit>,
) -> Result<bool> {
    let chit = claim.claim().chit.clone();
    let no = intake.row.no;
    let (promised, here);
    // Beside a chain that was forked, another branch may hold something at this very place, signed with the same key: a copied phone
    // goes on with the keys of the one it was copied from.
    let alone = standing.tip.device(&chit.chain).is_some_and(|device| !device.forked);
    // The chits of a page follow each other, and what follows a chit that is not held is not held either.
    if let Some(chain) = at.as_ref().filter(|_| alone) {
        (promised, here) = (Some(chain.next_key), Vec::new());
    } else {
        if let Some(chain) = at.take() {
            shelf.put_chain(&chain)?;
        }
        (promised, here) = ground_of(shelf, no, standing, &chit)?;
    }
    let party_key = intake.row.contract()?.tally.half(chit.chain.side).cert.party_key;
    let ground = ChitGround { tally: &intake.row.id, party_key: &party_key, promised, here: &here };
    let (verified, proof) = match admit(claim, &ground)? {
        ChitAdmission::Known => return Ok(false),
        ChitAdmission::Gap => return Ok(true),
        ChitAdmission::New(chit) => (chit, None),
        ChitAdmission::Fork(chit, proof) => (chit, Some(proof)),
    };
    let signed = verified.into_it();
    if at.is_none() {
        *at = Some(chain_for(shelf, no, &signed)?);
    }
    let Some(chain) = at else { return Ok(false) };
    if let Some(proof) = proof {
        shelf.put_proof(no, proof.it())?;
        shelf.add_event(Some(no), "chain_forked", &chit.chain.side.to_string())?;
        intake.changes.push(Change::Fork { side: chit.chain.side });
    }
    // Signed with a key that only this device should have, and not by it: somebody has a copy of its memory and goes on with its chain. The
    // seed that is here makes none of the keys to come.
    if standing.chain == Some(chain.no) && !standing.reconciling && chain.seed.take().is_some() {
        shelf.add_event(Some(no), "chain_forked", &chit.chain.side.to_string())?;
        intake.changes.push(Change::Fork { side: chit.chain.side });
    }
    let flag = append(shelf, End::of(standing), chain, &signed)?;
    if chit.chain.side == intake.row.side {
        standing.owed |= OWED_HAVE;
    }
    // Whoever brought the partner's chits has them. Mine may come from another device of mine: whether the partner has them its
    // receipts will say.
    if chit.chain.side != intake.row.side {
        chain.known = chain.known.max(chit.seq);
        chain.held = chain.held.max(chit.seq);
    }
    if let (Body::Device(DeviceAct::Add(grant)), true) = (&chit.body, flag != Flag::Ineffective) {
        let id = ChainId { side: chit.chain.side, device: grant.device, epoch: grant.epoch };
        if shelf.branches(no, &id)?.is_empty() {
            shelf.add_chain(&new_chain(no, id, grant.first_key))?;
        }
    }
    note_arrival(shelf, intake, &chit, flag)?;
    Ok(false)
}

fn note_arrival(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    chit: &crate::chit::Chit,
    flag: Flag,
) -> Result<()> {
    let (kind, units) = (chit.body.kind(), chit.body.pledged());
    if chit.chain.side != intake.row.side {
        let mut args = vec![
            kind.to_owned(),
            units.map_or_else(String::new, |u| u.milli().to_string()),
            flag.words().to_owned(),
        ];
        if let Body::Call { down_to, by } = &chit.body {
            args.extend([down_to.milli().to_string(), by.to_string()]);
        }
        shelf.add_event(Some(intake.row.no), "chit_received", &args.join("\n"))?;
    }
    intake.changes.push(Change::Chit { by: chit.chain.side, kind, units, flag });
    Ok(())
}
