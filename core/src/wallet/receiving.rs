//! Receiving a hand-over: open it, pass every object through the door, take it in, and say what changed.

use crate::admit::{
    AnswerGround, ChitAdmission, ChitGround, DeviceGround, NodeGround, Refusal, Unverified, Verified, admit,
    prove,
};
use crate::book::Flag;
use crate::canon::{Canon as _, Malformed};
use crate::chit::{Body, ChainId, DeviceAct, SignedChit};
use crate::invoice::{InvoiceState, SignedAnswer, SignedInvoice, Verdict};
use crate::key::PublicKey;
use crate::message::{Handover, Have, Message, Page, Spoilt};
use crate::order::{Certificate, Endorsement, ForkProof, Links};
use crate::receipt::SignedReceipt;
use crate::store::{ChainRow, InvoiceRow, Shelf, Standing, TallyRow};
use crate::tally::{Side, TallyId};
use crate::units::Units;

use super::exchange::answer_summary;
use super::opening::{follow_phase, take_offer, take_refusal, take_request};
use super::ordering::{Linked, follow, keep_word, open_view, pays, speak, speaks, superseded};
use super::outbox::{OWED_CONTRACT, OWED_HAVE, OWED_ORDER, OWED_RECEIPTS};
use super::{Hands, Result, Wallet, WalletError, tally_no};
use crate::intake::{append, chain_for, ground_of, new_chain};

/// The most that may wait for missing chits, per tally.
const PARKED_MAX: u64 = 1 << 20;
/// The highest view that a summary may name. Views are counted on from it; half of their range is left, so that no partner's summary can
/// use them up.
const VIEW_MAX: u64 = 1 << 31;

/// Something that changed because of what arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A chit of this side, and how it is taken.
    Chit {
        /// Who signed it.
        by: Side,
        /// What kind.
        kind: &'static str,
        /// How much, if it is a payment.
        units: Option<Units>,
        /// How it is taken.
        flag: Flag,
    },
    /// The partner has given a receipt for my chits up to a number.
    Held {
        /// Up to which.
        seq: u64,
    },
    /// Another payment was asked of me.
    Asked {
        /// How much.
        units: Units,
    },
    /// An invoice was declined or withdrawn.
    Answered {
        /// Where it stands now.
        state: InvoiceState,
    },
    /// The order grew.
    Ordered {
        /// Up to which index.
        index: u64,
    },
    /// Somebody signed two things that cannot both be.
    Fork {
        /// Whose device.
        side: Side,
    },
    /// Something waits for what must come before it.
    Waiting,
}

/// Something that was not let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Which message of the hand-over, from 0.
    pub message: usize,
    /// Why.
    pub refusal: Refusal,
}

/// What came of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which tally it was about.
    pub tally: TallyId,
    /// What changed.
    pub changes: Vec<Change>,
    /// What was not let in, and why.
    pub rejected: Vec<Rejected>,
    /// Whether there is something to tell the partner now.
    pub reply: bool,
}

impl Wallet {
    /// Takes in a hand-over, from whatever road it came. All of it is durable when this returns; what was refused left no trace.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Delivery> {
        let handover = Handover::from_bytes(bytes)?;
        self.act(|shelf, hands| {
            let (no, messages) = open(shelf, hands, &handover)?;
            take_in(shelf, hands, no, handover.introduction(), messages)
        })
    }

    /// Takes in messages that a carrier with its own seal has brought for one tally.
    pub fn receive_messages(&mut self, tally: &TallyId, messages: Vec<Message>) -> Result<Delivery> {
        self.act(|shelf, hands| take_in(shelf, hands, tally_no(shelf, tally)?, None, whole(messages)))
    }
}

/// Finds the tally a hand-over was sealed for, and opens it.
fn open(
    shelf: &Shelf<'_>,
    hands: &Hands<'_>,
    handover: &Handover,
) -> Result<(i64, Vec<Result<Message, Spoilt>>)> {
    for no in shelf.tallies()? {
        let key = match (shelf.tally_secrets(no)?.pair, handover.introduction()) {
            (Some(_), _) => hands.pair_key(shelf, no)?,
            (None, Some(agreement)) => {
                let (id, ..) = shelf.tally_label(no)?;
                match crate::pair::PairKey::agree(&id, &hands.root()?.agreement_key(&id.0), agreement) {
                    Ok(key) => key,
                    Err(_) => continue,
                }
            }
            (None, None) => continue,
        };
        if handover.is_for(&key) {
            return Ok((no, handover.open(&key)?));
        }
    }
    Err(WalletError::NotForUs)
}

/// What is gathered while messages are taken in.
struct Intake<'i> {
    row: TallyRow,
    standing: Option<Standing>,
    changes: &'i mut Vec<Change>,
    proofs: &'i mut Vec<ForkProof>,
}

/// Takes messages in and looks whether there is something to tell in return.
pub(super) fn take_in(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    no: i64,
    introduction: Option<&[u8; 32]>,
    messages: Vec<Result<Message, Spoilt>>,
) -> Result<Delivery> {
    let delivery = absorb(shelf, hands, no, introduction, messages)?;
    let reply = !super::outbox::messages(shelf, hands, &shelf.tally(no)?)?.is_empty();
    Ok(Delivery { reply, ..delivery })
}

/// Takes messages in one after the other, then lets this device say what it has to say. Leaves open whether there is a reply.
pub(super) fn absorb(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    no: i64,
    introduction: Option<&[u8; 32]>,
    messages: Vec<Result<Message, Spoilt>>,
) -> Result<Delivery> {
    let (mut changes, mut rejected) = (Vec::new(), Vec::new());
    let arrived = messages.len();
    // What an older version of this wallet had to keep aside may be readable by now.
    let aside = shelf.unpark(no, NEWER)?.into_iter();
    let aside = aside.map(|bytes| Message::from_bytes(&bytes).map_err(|fault| Spoilt { fault, bytes }));
    for (position, message) in messages.into_iter().chain(aside).enumerate() {
        let message = match message {
            Ok(message) => message,
            Err(Spoilt { fault, bytes }) => {
                if matches!(fault, Malformed::Newer { .. }) && has_room(shelf, no, NEWER, bytes.len())? {
                    shelf.park(no, NEWER, &bytes)?;
                }
                if position < arrived {
                    rejected.push(Rejected { message: position, refusal: fault.into() });
                }
                continue;
            }
        };
        let mut proofs = Vec::new();
        let seen = changes.len();
        // What is refused leaves nothing behind, however far it came.
        let taken = shelf.attempt(|| {
            let (row, standing) = (shelf.tally(no)?, shelf.standing(no)?);
            let mut intake = Intake { row, standing, changes: &mut changes, proofs: &mut proofs };
            take(shelf, hands, &mut intake, introduction, message)?;
            if let Some(standing) = &intake.standing {
                shelf.put_standing(standing)?;
            }
            Ok(())
        });
        if taken.is_err() {
            changes.truncate(seen);
            *hands.ready = None;
        }
        // A lie is refused, and the proof of it is kept.
        for proof in &proofs {
            shelf.put_proof(no, proof)?;
            shelf.add_event(Some(no), "order_forked", "")?;
        }
        match taken {
            Ok(()) => {}
            Err(WalletError::Refused(refusal)) => rejected.push(Rejected { message: position, refusal }),
            Err(WalletError::Malformed(fault)) => {
                rejected.push(Rejected { message: position, refusal: fault.into() })
            }
            Err(WalletError::Amount(_)) => {
                rejected.push(Rejected { message: position, refusal: Refusal::Overflow })
            }
            Err(WalletError::OutOfPlace(_)) => {
                rejected
                    .push(Rejected { message: position, refusal: Refusal::OutOfPlace { what: "message" } });
            }
            Err(other) => return Err(other),
        }
    }
    let mut row = shelf.tally(no)?;
    if let Some(mut standing) = shelf.standing(no)? {
        standing.met = Some(hands.now);
        speak(shelf, hands, row.side, &mut standing)?;
        follow_phase(shelf, hands, &mut row, &mut standing)?;
        speak(shelf, hands, row.side, &mut standing)?;
        follow_phase(shelf, hands, &mut row, &mut standing)?;
        shelf.put_standing(&standing)?;
    }
    Ok(Delivery { tally: row.id, changes, rejected, reply: false })
}

fn take(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    intake: &mut Intake<'_>,
    introduction: Option<&[u8; 32]>,
    message: Message,
) -> Result<()> {
    match message {
        Message::Request(request) => {
            let agreement = introduction.ok_or(Refusal::BadTicket)?;
            return take_request(shelf, hands, intake.row.clone(), agreement, *request);
        }
        Message::Offer(offer) => {
            if offer.tally.id != intake.row.id {
                return Err(Refusal::OtherTally { what: "tally" }.into());
            }
            take_offer(shelf, hands, intake.row.clone(), *offer)?;
            intake.standing = shelf.standing(intake.row.no)?;
            if let Some(standing) = &mut intake.standing {
                standing.owed |= OWED_HAVE;
            }
            return Ok(());
        }
        Message::Refuse { tally, version } => {
            same_tally(&intake.row, &tally, "refusal")?;
            return take_refusal(shelf, intake.row.clone(), &version);
        }
        _ => {}
    }
    let Some(mut standing) = intake.standing.take() else {
        return Err(Refusal::OutOfPlace { what: "message" }.into());
    };
    let done = take_on_contract(shelf, hands, intake, &mut standing, message);
    intake.standing = Some(standing);
    done
}

fn take_on_contract(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    intake: &mut Intake<'_>,
    standing: &mut Standing,
    message: Message,
) -> Result<()> {
    match message {
        Message::Chits(page) => take_page(shelf, intake, standing, page),
        Message::Links(links) => take_links(shelf, hands, intake, standing, &links),
        Message::Endorsement(word) => take_word(shelf, intake, standing, word),
        Message::Receipt(receipt) => take_receipt(shelf, intake, standing, receipt),
        Message::Invoice(invoice) => take_invoice(shelf, intake, standing, invoice),
        Message::Answer(answer) => take_answer(shelf, intake, standing, answer),
        Message::Have(have) => take_summary(shelf, hands, intake, standing, &have),
        Message::Certificate(certificate) => take_certificate(shelf, intake, standing, certificate),
        Message::Proof(proof) => take_proof(shelf, intake, proof),
        Message::Request(_) | Message::Offer(_) | Message::Refuse { .. } => Ok(()),
    }
}

fn same_tally(row: &TallyRow, tally: &TallyId, what: &'static str) -> Result<()> {
    if *tally == row.id { Ok(()) } else { Err(Refusal::OtherTally { what }.into()) }
}

/// Chits of one chain. Each passes the door by itself; what waits for something earlier is parked, within bounds.
fn take_page(shelf: &Shelf<'_>, intake: &mut Intake<'_>, standing: &mut Standing, page: Page) -> Result<()> {
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

/// Messages as a carrier brings them that has read them already.
pub(super) fn whole(messages: Vec<Message>) -> Vec<Result<Message, Spoilt>> {
    messages.into_iter().map(Ok).collect()
}

pub(super) const GAP: &str = "gap";
const NEWER: &str = "newer";

fn has_room(shelf: &Shelf<'_>, tally: i64, reason: &str, bytes: usize) -> Result<bool> {
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
    for claim in claims {
        let done = take_chit(shelf, intake, standing, &mut at, claim);
        if !matches!(done, Ok(false)) {
            if let Some(chain) = &at {
                shelf.put_chain(chain)?;
            }
            return done;
        }
    }
    if let Some(chain) = &at {
        shelf.put_chain(chain)?;
    }
    Ok(false)
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
    let follows = |chain: &ChainRow| {
        chain.id == chit.chain && chain.seq.checked_add(1) == Some(chit.seq) && chain.hash == chit.prev_own
    };
    let no = intake.row.no;
    let (promised, here);
    if at.as_ref().is_some_and(follows) {
        (promised, here) = (at.as_ref().map(|chain| chain.next_key), Vec::new());
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
    let flag = append(shelf, standing, chain, &signed)?;
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
        let args = [
            kind.to_owned(),
            units.map_or_else(String::new, |u| u.milli().to_string()),
            flag.words().to_owned(),
        ];
        shelf.add_event(Some(intake.row.no), "chit_received", &args.join("\n"))?;
    }
    intake.changes.push(Change::Chit { by: chit.chain.side, kind, units, flag });
    Ok(())
}

fn take_links(
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
            let mine_no_more = intake.row.side == Side::Foil
                && speaks(hands, standing, Side::Foil)
                && standing.book.head.view > head.view;
            if mine_no_more && !standing.reconciling && !superseded(shelf, standing)? {
                // Another phone with this one's node key has opened a view. To order again, this one must open its own.
                standing.reconciling = true;
                open_view(shelf, hands, standing, word.head.view)?;
                standing.owed |= OWED_HAVE;
            }
            intake.changes.push(Change::Ordered { index: standing.book.head.index });
            keep_word(shelf, intake.row.no, &word)
        }
        Linked::Known => {
            standing.owed |= OWED_ORDER;
            keep_word(shelf, intake.row.no, &word)
        }
        Linked::Gap => {
            standing.owed |= OWED_HAVE;
            intake.changes.push(Change::Waiting);
            Ok(())
        }
    }
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

fn take_word(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &Standing,
    word: Endorsement,
) -> Result<()> {
    let ground = NodeGround { tally: &intake.row.id, nodes: &standing.tip.nodes };
    let word = admit(Unverified::from(word), &ground)?.into_it();
    if notice_lie(shelf, intake, &word)? {
        return Err(Refusal::OrderRewritten { index: word.head.index }.into());
    }
    keep_word(shelf, intake.row.no, &word)
}

fn take_receipt(
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
        let news =
            receipt.seq > chain.held.min(chain.known) && receipt.seq > chain.base && receipt.seq <= chain.seq;
        if news
            && shelf.chit(chain.no, receipt.seq)?.is_some_and(|chit| chit.entry.chit.hash() == receipt.hash)
        {
            chain.known = chain.known.max(receipt.seq);
            if receipt.seq <= chain.held {
                shelf.put_chain(&chain)?;
                continue;
            }
            chain.held = receipt.seq;
            shelf.put_chain(&chain)?;
            shelf.add_event(Some(intake.row.no), "held", &receipt.seq.to_string())?;
            intake.changes.push(Change::Held { seq: receipt.seq });
        }
    }
    Ok(())
}

fn device_ground<'g>(row: &'g TallyRow, standing: &Standing, by: &ChainId) -> DeviceGround<'g> {
    let device_key: Option<PublicKey> = standing.tip.device(by).map(|device| device.grant.device_key);
    DeviceGround { tally: &row.id, device_key }
}

fn take_invoice(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &Standing,
    invoice: SignedInvoice,
) -> Result<()> {
    let ground = device_ground(&intake.row, standing, &invoice.invoice.by);
    let entry = admit(Unverified::from(invoice), &ground)?.into_it();
    keep_invoice(shelf, intake.row.no, intake.row.side, entry, intake.changes)
}

/// Stores an admitted invoice; one that is known changes nothing.
pub(super) fn keep_invoice(
    shelf: &Shelf<'_>,
    tally: i64,
    my_side: Side,
    entry: SignedInvoice,
    changes: &mut Vec<Change>,
) -> Result<()> {
    let id = entry.invoice.id();
    if shelf.invoice(&id)?.is_some() {
        return Ok(());
    }
    let before = entry.invoice.supersedes.map(|id| shelf.invoice(&id)).transpose()?.flatten();
    // Only the one who asked may put another invoice in the place of the first.
    let same_asker =
        |before: &InvoiceRow| before.tally == tally && before.entry.invoice.by.side == entry.invoice.by.side;
    if let Some(mut before) = before.filter(same_asker) {
        before.state = before.state.hearing(InvoiceState::Countered);
        shelf.put_invoice(&before)?;
    }
    let mine = entry.invoice.by.side == my_side;
    let payer = entry.invoice.by.side.other();
    let answer = match shelf.answers(tally, payer, &id)? {
        Some((ordered, first)) => shelf.chit_by_no(ordered.unwrap_or(first))?,
        None => None,
    };
    let paid = answer
        .and_then(|chit| chit.entry.chit.body.pledged())
        .is_some_and(|units| pays(units, payer, &entry));
    let state = if paid { InvoiceState::Paid } else { InvoiceState::Issued };
    if !mine {
        shelf.add_event(Some(tally), "payment_asked", &entry.invoice.units.milli().to_string())?;
        changes.push(Change::Asked { units: entry.invoice.units });
    }
    Ok(shelf.put_invoice(&InvoiceRow { id, tally, mine, state, entry, answer: None, sent: !mine })?)
}

fn take_answer(
    shelf: &Shelf<'_>,
    intake: &mut Intake<'_>,
    standing: &Standing,
    answer: SignedAnswer,
) -> Result<()> {
    let unknown = Refusal::OutOfPlace { what: "answer to an invoice" };
    let known = shelf.invoice(&answer.answer.invoice)?.filter(|invoice| invoice.tally == intake.row.no);
    let mut invoice = known.ok_or(unknown)?;
    let device = device_ground(&intake.row, standing, &answer.answer.by);
    let ground = AnswerGround { device, asker: invoice.entry.invoice.by.side };
    let answer = admit(Unverified::from(answer), &ground)?.into_it();
    let state = match answer.answer.verdict {
        Verdict::Declined => InvoiceState::Declined,
        Verdict::Withdrawn => InvoiceState::Withdrawn,
    };
    let after = invoice.state.hearing(state);
    if after != invoice.state {
        invoice.state = after;
        invoice.answer = Some(answer);
        shelf.put_invoice(&invoice)?;
        shelf.add_event(Some(intake.row.no), "invoice_answered", after.name())?;
        intake.changes.push(Change::Answered { state: after });
    }
    Ok(())
}

fn take_summary(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    intake: &mut Intake<'_>,
    standing: &mut Standing,
    have: &Have,
) -> Result<()> {
    same_tally(&intake.row, &have.tally, "summary")?;
    if have.view > VIEW_MAX {
        return Err(Malformed::OutOfRange { what: "view" }.into());
    }
    answer_summary(shelf, hands, &intake.row, standing, have)
}

fn take_certificate(
    shelf: &Shelf<'_>,
    intake: &Intake<'_>,
    standing: &Standing,
    certificate: Certificate,
) -> Result<()> {
    let ground = NodeGround { tally: &intake.row.id, nodes: &standing.book.nodes };
    let certificate: Verified<Certificate> = admit(Unverified::from(certificate), &ground)?;
    let Certificate { head, words } = certificate.into_it();
    for (key, signature) in words {
        keep_word(shelf, intake.row.no, &Endorsement { head, key, signature })?;
    }
    Ok(())
}

fn take_proof(shelf: &Shelf<'_>, intake: &Intake<'_>, proof: ForkProof) -> Result<()> {
    let proof = admit(Unverified::from(proof), &intake.row.id)?;
    Ok(shelf.put_proof(intake.row.no, proof.it())?)
}
