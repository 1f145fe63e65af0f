//! Answering a summary: find what the partner lacks, and after a restore find out what I lack.

use crate::admit::grant_digest;
use crate::chit::{Body, ChainId, ChitRef, DeviceAct};
use crate::digest::{Digest, Statement};
use crate::intake::End;
use crate::invoice::{InvoiceState, Verdict};
use crate::key::{SecretKey, fresh};
use crate::message::Have;
use crate::store::{Shelf, Standing, TallyRow};
use crate::tally::{Grant, Side};
use crate::telling::held_of;

use super::opening::own_chain;
use super::ordering::{cut, find, hash_at, open_view, settle, speaks, superseded};
use super::owed::{OWED_CONTRACT, OWED_HAVE, OWED_HISTORY, OWED_ORDER, OWED_RECEIPTS, OWED_WORDS};
use super::promise::hear_request;
use super::signing::sign_on;
use super::{DEVICE_KEY, Hands, Result, WalletError};

/// Compares the partner's summary with what is held and notes what must be told.
pub(super) fn answer_summary(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &TallyRow,
    standing: &mut Standing,
    have: &Have,
) -> Result<()> {
    let contract = row.contract()?.tally.digest();
    if have.contract == contract {
        standing.owed &= !OWED_CONTRACT;
    } else {
        standing.owed |= OWED_CONTRACT;
    }
    if have.restored {
        // It lost my receipts too, and would send me everything of its own that I am about to tell it.
        standing.owed |= OWED_HAVE | OWED_RECEIPTS;
    }
    hear_request(shelf, hands, row, standing, have)?;
    chains(shelf, row, standing, have)?;
    invoices(shelf, row, have)?;
    let same = hash_at(shelf, standing, &contract, have.index)? == Some(have.hash);
    // On places that this phone has given to something else.
    let departs = have.agreed > standing.agreed && !same;
    if (have.view > standing.book.head.view || departs)
        && !standing.reconciling
        && holds_all(shelf, row, have)?
        && row.side == Side::Foil
        && speaks(hands, standing, Side::Foil)
    {
        give_way(shelf, hands, standing, have, departs)?;
    }
    if standing.reconciling {
        return reconcile(shelf, hands, row, standing, have);
    }
    let ours = standing.book.head;
    let behind = have.view < ours.view && row.side == Side::Stock;
    // The partner does not know what both halves stand for, and has given its places to something else, or may have in a view unknown here.
    let astray =
        have.agreed < standing.agreed && !same && (have.index <= ours.index || have.view > ours.view);
    if have.index < standing.agreed || behind || astray || (have.restored && have.agreed < standing.agreed) {
        standing.owed |= OWED_HISTORY;
    } else if !same || have.agreed < standing.agreed || have.index != ours.index {
        standing.owed |= OWED_ORDER;
        if have.agreed < standing.agreed {
            standing.owed |= OWED_WORDS;
        }
        if have.index > ours.index && row.side == Side::Stock {
            standing.owed |= OWED_HAVE;
        }
    }
    Ok(())
}

/// Another phone with this one's node key has ordered something that is not in this one's order, or was promised to be waited for. The
/// partner will follow nothing that departs from what was agreed there, nor an order of a lower view. So this one forgets what nobody has
/// agreed to; if it still gives the order, since the other one is gone, it opens a higher view and takes up what was agreed. If the other one was
/// restored in its place, it follows that one, in whichever view.
fn give_way(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    standing: &mut Standing,
    have: &Have,
    departs: bool,
) -> Result<()> {
    if !superseded(shelf, standing)? {
        standing.reconciling = true;
        cut(shelf, standing, standing.agreed)?;
        return open_view(shelf, hands, standing, have.view);
    }
    if departs {
        cut(shelf, standing, standing.agreed)?;
        standing.book.head.view = shelf.place(standing.tally, standing.agreed)?.map_or(0, |place| place.view);
        standing.owed |= OWED_HAVE;
    }
    Ok(())
}

/// Whether this phone gives the foil's order, or will when it is reconciled, and no other one was restored in its place.
pub(super) fn gives_order(
    shelf: &Shelf<'_>,
    hands: &Hands<'_>,
    row: &TallyRow,
    standing: &Standing,
) -> Result<bool> {
    let speaks = row.side == Side::Foil && speaks(hands, standing, Side::Foil);
    Ok(speaks && !superseded(shelf, standing)?)
}

/// What the partner does not hold of a chain is sent again; what it holds and I do not, it will send when it sees my summary.
fn chains(shelf: &Shelf<'_>, row: &TallyRow, standing: &mut Standing, have: &Have) -> Result<()> {
    for mut chain in shelf.chains(row.no)? {
        let theirs = held_of(shelf, &chain, have)?;
        if theirs > chain.seq {
            standing.owed |= OWED_HAVE;
        }
        // A receipt is a signature, a summary is not: it only says what to send again.
        let known = theirs.min(chain.seq);
        let held = if chain.id.side == row.side { chain.held } else { chain.held.max(known) };
        if (known, held) != (chain.known, chain.held) {
            (chain.known, chain.held) = (known, held);
            shelf.put_chain(&chain)?;
        }
    }
    let unknown = |id: &ChainId| shelf.branches(row.no, id).is_ok_and(|branches| branches.is_empty());
    if have.chains.iter().any(|(id, ..)| unknown(id)) {
        standing.owed |= OWED_HAVE;
    }
    Ok(())
}

fn invoices(shelf: &Shelf<'_>, row: &TallyRow, have: &Have) -> Result<()> {
    for mut invoice in shelf.invoices(row.no)? {
        // Open there; or named twice, since it was taken back there: then only a stronger word is news.
        let named = have.invoices.iter().filter(|id| **id == invoice.id).count();
        let told_nothing = invoice.mine && invoice.state == InvoiceState::Issued && named == 0;
        let not_told_answer = named > 0
            && invoice
                .answer
                .as_ref()
                .is_some_and(|signed| named == 1 || signed.answer.verdict == Verdict::Declined);
        if invoice.sent && (told_nothing || not_told_answer) {
            invoice.sent = false;
            shelf.put_invoice(&invoice)?;
        }
    }
    Ok(())
}

/// Whether every chit that the partner's summary names is here.
fn holds_all(shelf: &Shelf<'_>, row: &TallyRow, have: &Have) -> Result<bool> {
    for (chain, seq, hash) in &have.chains {
        if find(shelf, row.no, &ChitRef { chain: *chain, seq: *seq, hash: *hash })?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// After a restore: once everything the partner holds is here, this device begins a new epoch and may sign again.
pub(super) fn reconcile(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &TallyRow,
    standing: &mut Standing,
    have: &Have,
) -> Result<()> {
    settle(shelf, standing)?;
    let orders = row.side == Side::Foil && speaks(hands, standing, Side::Foil);
    if orders && have.view != standing.book.head.view {
        // The stock has not yet promised to follow nobody but this phone. An older summary, held up or played again, says nothing.
        if have.view > standing.book.head.view {
            open_view(shelf, hands, standing, have.view)?;
        }
        standing.owed |= OWED_HAVE;
        return Ok(());
    }
    // What both halves agreed on is known by both nodes' words for it, not by having the same chits in the same places.
    if !holds_all(shelf, row, have)? || have.agreed > standing.agreed {
        standing.owed |= OWED_HAVE;
        return Ok(());
    }
    begin_epoch(shelf, hands, row, standing)
}

/// Ends the reading-only time of a restored tally, or begins anew after a fork: a new epoch for this device, and a foil orders on in a
/// view that no other phone can know.
pub(super) fn begin_epoch(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &TallyRow,
    standing: &mut Standing,
) -> Result<()> {
    if row.side == Side::Foil && speaks(hands, standing, Side::Foil) {
        if standing.reconciling {
            // The foil is right within a view: what both agreed on stands, the rest is ordered anew in the view announced when it was
            // restored.
            cut(shelf, standing, standing.agreed)?;
        } else {
            open_view(shelf, hands, standing, 0)?;
        }
    }
    standing.reconciling = false;
    new_epoch(shelf, hands, row, standing)
}

/// Opens a new epoch for this device, authorised by the party itself, and signs its first chit.
fn new_epoch(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    row: &TallyRow,
    standing: &mut Standing,
) -> Result<()> {
    let known =
        standing.tip.devices.iter().filter(|d| d.side == row.side && d.grant.device == hands.me.device);
    let highest = known.map(|device| device.grant.epoch).max().unwrap_or(0);
    // Two phones restored from one backup must not choose the same epoch: a random step keeps them apart.
    let step = u64::from(u16::from_be_bytes(fresh(hands.entropy))).saturating_add(1);
    let id = ChainId { side: row.side, device: hands.me.device, epoch: highest.saturating_add(step) };
    let first_key: Digest = own_chain(shelf, hands, row.no, id)?;
    let device_key = SecretKey::from_seed(&fresh(hands.entropy));
    let grant = Grant { device: id.device, epoch: id.epoch, first_key, device_key: device_key.public() };
    let party = hands.root()?.party_key(&row.id.0);
    let by_party = party.sign(Statement::Grant, &grant_digest(&row.id, row.side, &grant));
    let chain =
        shelf.branches(row.no, &id)?.pop().ok_or(WalletError::Unknown { what: "chain of this device" })?;
    standing.chain = Some(chain.no);
    sign_on(shelf, hands, &row.id, End::of(standing), chain, |_, _| {
        Body::Device(DeviceAct::Epoch { grant, by_party })
    })?;
    let mut row = shelf.tally(row.no)?;
    row.device_key = Some(hands.vault.seal(DEVICE_KEY, row.no, &device_key.seed(), hands.entropy));
    shelf.put_tally(&row)?;
    shelf.add_event(Some(row.no), "reconciled", &row.name)?;
    Ok(())
}
