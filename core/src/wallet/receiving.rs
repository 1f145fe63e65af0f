//! Receiving a hand-over: open it, hand every message to who takes it in, and say what changed.

use crate::admit::Refusal;
use crate::canon::{Canon as _, Malformed};
use crate::message::{HANDOVER_MAX, Handover, Have, Message, Spoilt};
use crate::order::Links;
use crate::ordering::VIEW_MAX;
use crate::store::{Shelf, Standing};
use crate::tally::TallyId;

use super::asking::{take_answer, take_invoice};
use super::closing::follow_phase;
use super::contract::{take_offer, take_refusal, take_request};
use super::delivery::{Change, Delivery, Intake, Rejected, same_tally};
use super::evidence::{take_certificate, take_links, take_proof, take_receipt, take_word};
use super::exchange::answer_summary;
use super::ordering::speak;
use super::owed::OWED_HAVE;
use super::pages::{NEWER, has_room, take_page};
use super::{Hands, Result, Wallet, WalletError, tally_no};

impl Wallet {
    /// Takes in a hand-over, from whatever road it came. All of it is durable when this returns; what was refused left no trace.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Delivery> {
        if bytes.len() > HANDOVER_MAX {
            return Err(Malformed::TooLong { what: Handover::WHAT, max: HANDOVER_MAX as u64 }.into());
        }
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
pub(super) fn open(
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
            // What I said to the partner must not be taken for what the partner says to me.
            if handover.is_echo_to(&hands.own_mark()) {
                return Err(WalletError::OwnHandOver);
            }
            // The introduction stands outside the seal: another key than the partner's is not what the partner sent.
            let partner = shelf.tally(no)?.partner.map(|cert| cert.agreement_key);
            if let (Some(known), Some(said)) = (partner, handover.introduction())
                && known != *said
            {
                return Err(WalletError::NotForUs);
            }
            return Ok((no, handover.open(&key)?));
        }
    }
    Err(WalletError::NotForUs)
}

/// Takes messages in and looks whether there is something to tell in return.
pub(super) fn take_in(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    no: i64,
    introduction: Option<&[u8; 32]>,
    messages: Vec<Result<Message, Spoilt>>,
) -> Result<Delivery> {
    let delivery = absorb(shelf, hands, no, introduction, messages, &mut None)?;
    let reply = !super::outbox::messages(shelf, hands, &shelf.tally(no)?)?.is_empty();
    Ok(Delivery { reply, ..delivery })
}

/// Takes messages in one after the other, then lets this device say what it has to say. Leaves open whether there is a reply. `orphan` is an
/// order that could not be followed, where what stands for it may come in a later letter.
pub(super) fn absorb(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    no: i64,
    introduction: Option<&[u8; 32]>,
    messages: Vec<Result<Message, Spoilt>>,
    orphan: &mut Option<Links>,
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
            let mut intake = Intake { row, standing, changes: &mut changes, proofs: &mut proofs, orphan };
            take(shelf, hands, &mut intake, introduction, message)?;
            if let Some(standing) = &intake.standing {
                shelf.put_standing(standing)?;
            }
            Ok(())
        });
        // Where the disk has failed the whole transaction is gone: whatever is written now would stand alone.
        if let Err(error @ WalletError::Store(_)) = taken {
            return Err(error);
        }
        if taken.is_err() {
            changes.truncate(seen);
            *hands.ready = None;
        }
        // A lie is refused, and the proof of it is kept.
        for proof in &proofs {
            shelf.put_proof(no, proof)?;
            shelf.add_event(Some(no), "order_forked", "")?;
        }
        // What was kept aside is no part of this hand-over: neither that it is refused nor that it waits is said of it.
        if position >= arrived {
            let late = changes.split_off(seen);
            changes.extend(late.into_iter().filter(|change| *change != Change::Waiting));
        }
        let refusal = match taken {
            Ok(()) => continue,
            Err(WalletError::Refused(refusal)) => refusal,
            Err(WalletError::Malformed(fault)) => fault.into(),
            Err(WalletError::Amount(_)) => Refusal::Overflow,
            Err(WalletError::OutOfPlace(_)) => Refusal::OutOfPlace { what: "message" },
            Err(other) => return Err(other),
        };
        if position < arrived {
            rejected.push(Rejected { message: position, refusal });
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
        Message::Links(links) => {
            let done = take_links(shelf, hands, intake, standing, &links);
            *intake.orphan = done.is_err().then_some(links);
            done
        }
        Message::Endorsement(word) => take_word(shelf, intake, standing, word),
        Message::Receipt(receipt) => take_receipt(shelf, intake, standing, receipt),
        Message::Invoice(invoice) => take_invoice(shelf, intake, standing, invoice),
        Message::Answer(answer) => take_answer(shelf, intake, standing, answer),
        Message::Have(have) => take_summary(shelf, hands, intake, standing, &have),
        Message::Certificate(certificate) => take_certificate(shelf, hands, intake, standing, certificate),
        Message::Proof(proof) => take_proof(shelf, intake, proof),
        Message::Request(_) | Message::Offer(_) | Message::Refuse { .. } => Ok(()),
    }
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

/// Messages as a carrier brings them that has read them already.
pub(super) fn whole(messages: Vec<Message>) -> Vec<Result<Message, Spoilt>> {
    messages.into_iter().map(Ok).collect()
}
