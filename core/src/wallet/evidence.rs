//! Signed words about chits that arrive: links, endorsements, certificates, receipts, proofs.

use crate::admit::{DeviceGround, NodeGround, Refusal, Unverified, admit};
use crate::chit::ChainId;
use crate::key::PublicKey;
use crate::order::{Certificate, Endorsement, ForkProof, Links};
use crate::receipt::SignedReceipt;
use crate::store::{Shelf, Standing, TallyRow};

use super::delivery::{Change, Intake};
use super::exchange::gives_order;
use super::ordering::{Linked, adopt, follow, keep_word, named, open_view};
use super::owed::{OWED_HAVE, OWED_ORDER};
use super::{Hands, Result};

pub(super) fn take_links(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    intake: &mut Intake<'_>,
    standing: &mut Standing,
    links: &Links,
) -> Result<()> {
    let ground = NodeGround { tally: &intake.row.id, nodes: &standing.tip.nodes };
    let word = *admit(Unverified::from(links.endorsement), &ground)?.it();
    notice_lie(shelf, intake, &word)?;
    // Only the foil's nodes link. After a restore the order comes from whoever still has it, and repeating what is held is harmless.
    let head = standing.book.head;
    let repeats = word.head.view == head.view && word.head.index <= head.index;
    if !repeats && !standing.reconciling && !standing.tip.nodes.foil.contains(&word.key) {
        return Err(Refusal::NotANode.into());
    }
    match follow(shelf, standing, links)? {
        Linked::Followed => {
            if standing.book.head.view > head.view && gives_order(shelf, hands, &intake.row, standing)? {
                // Another phone with this one's node key has opened a view. To order again, this one must open its own.
                standing.reconciling = true;
                open_view(shelf, hands, standing, word.head.view)?;
                standing.owed |= OWED_HAVE;
            }
            intake.changes.push(Change::Ordered { index: standing.book.head.index });
            keep_word(shelf, intake.row.no, &word)
        }
        Linked::Known => {
            // Repeated, because the partner has missed my half's word for it. Where there is none, nothing I could say would end that.
            let reached = standing.book.head.index;
            let own = standing.book.nodes.of(intake.row.side);
            let said = |word: &Endorsement| own.contains(&word.key) && word.head.index >= reached;
            if shelf.endorsements(intake.row.no)?.iter().any(said) {
                standing.owed |= OWED_ORDER;
            }
            keep_word(shelf, intake.row.no, &word)
        }
        Linked::Gap => {
            standing.owed |= OWED_HAVE;
            intake.changes.push(Change::Waiting);
            Ok(())
        }
    }
}

pub(super) fn take_word(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &Standing,
    word: Endorsement,
) -> Result<()> {
    // Whoever has lost its memory hears what was agreed from those who spoke there, though their half may have moved on since.
    let nodes = if standing.reconciling { named(standing) } else { standing.tip.nodes.clone() };
    let ground = NodeGround { tally: &intake.row.id, nodes: &nodes };
    let word = admit(Unverified::from(word), &ground)?.into_it();
    if notice_lie(shelf, intake, &word)? {
        return Err(Refusal::OrderRewritten { index: word.head.index }.into());
    }
    keep_word(shelf, intake.row.no, &word)
}

/// Whether a node has said something else about the same place before. If so, the two words together are proof.
fn notice_lie(shelf: &Shelf<'_>, intake: &mut Intake<'_>, word: &Endorsement) -> Result<bool> {
    let Some(earlier) = shelf.endorsement(intake.row.no, &word.key)? else { return Ok(false) };
    let proof = ForkProof::Orders(Box::new(earlier), Box::new(*word));
    let lies = proof.check().is_ok();
    if lies {
        intake.proofs.push(proof);
    }
    Ok(lies)
}

/// What nodes of both halves stand for. An order that departs from the one held here goes before it then, except on the phone that gives the
/// foil's order: that one takes up what was agreed in a view of its own, when it hears the partner's summary.
pub(super) fn take_certificate(
    shelf: &Shelf<'_>,
    hands: &Hands<'_>,
    intake: &mut Intake<'_>,
    standing: &mut Standing,
    certificate: Certificate,
) -> Result<()> {
    let reached = (certificate.head.index, certificate.head.hash);
    let led_here = |links: &Links| (links.endorsement.head.index, links.endorsement.head.hash) == reached;
    let certificate = match intake.orphan.take().filter(led_here) {
        Some(links) if !gives_order(shelf, hands, &intake.row, standing)? => {
            if adopt(shelf, standing, &links, &certificate)? {
                intake.changes.push(Change::Ordered { index: standing.book.head.index });
            }
            certificate
        }
        _ => {
            let ground = NodeGround { tally: &intake.row.id, nodes: &standing.book.nodes };
            admit(Unverified::from(certificate), &ground)?.into_it()
        }
    };
    let Certificate { head, words } = certificate;
    for (key, signature) in words {
        keep_word(shelf, intake.row.no, &Endorsement { head, key, signature })?;
    }
    Ok(())
}

pub(super) fn take_receipt(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &Standing,
    receipt: SignedReceipt,
) -> Result<()> {
    let ground = device_ground(&intake.row, standing, &receipt.receipt.by);
    let receipt = admit(Unverified::from(receipt), &ground)?.into_it().receipt;
    if receipt.chain.side != intake.row.side {
        return Ok(());
    }
    for mut chain in shelf.branches(intake.row.no, &receipt.chain)? {
        // Of two branches only one holds what was receipted.
        let holds = receipt.seq <= chain.seq
            && shelf.chit(chain.no, receipt.seq)?.is_some_and(|chit| chit.entry.chit.hash() == receipt.hash);
        if !holds {
            continue;
        }
        let news = receipt.seq > chain.held;
        chain.known = chain.known.max(receipt.seq);
        chain.held = chain.held.max(receipt.seq);
        shelf.put_chain(&chain)?;
        if news {
            shelf.add_event(Some(intake.row.no), "held", &receipt.seq.to_string())?;
            intake.changes.push(Change::Held { seq: receipt.seq });
        }
    }
    Ok(())
}

pub(super) fn device_ground<'g>(row: &'g TallyRow, standing: &Standing, by: &ChainId) -> DeviceGround<'g> {
    let device_key: Option<PublicKey> = standing.tip.device(by).map(|device| device.grant.device_key);
    DeviceGround { tally: &row.id, device_key }
}

pub(super) fn take_proof(shelf: &Shelf<'_>, intake: &Intake<'_>, proof: ForkProof) -> Result<()> {
    let proof = admit(Unverified::from(proof), &intake.row.id)?;
    Ok(shelf.put_proof(intake.row.no, proof.it())?)
}
