//! Paying: may I, what would it mean, do it, and did it go through?

use crate::book::Book;
use crate::chit::{Body, ChitRef, MEMO_MAX, Note, PledgePlace, REFERENCE_MAX};
use crate::intake::End;
use crate::invoice::{InvoiceId, InvoiceState};
use crate::negotiation::TallyState;
use crate::pair::PairKey;
use crate::store::{Front, Purse, Shelf, chit_no};
use crate::tally::{Date, Side, TallyId};
use crate::units::{AmountError, Units};

use super::ordering::find;
use super::signing::{may_sign, sign_on};
use super::{Hands, PAIR, Result, Wallet, WalletError, check_length, secret, standing, tally_no};

/// Why a payment is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotPay {
    /// Beyond the credit the partner grants.
    #[error("that is more than your partner's limit allows; at most {largest} is possible now")]
    OverLimit {
        /// The largest possible amount.
        largest: Units,
    },
    /// Beyond what this device may sign by itself.
    #[error("that is more than this device may sign; at most {largest}. Your other device holds the rest")]
    OverAllowance {
        /// The largest possible amount.
        largest: Units,
    },
    /// The tally is closing, and this would move the balance away from zero.
    #[error("the tally is closing; only payments towards zero are possible, at most {largest}")]
    Closing {
        /// The largest possible amount.
        largest: Units,
    },
    /// The tally is not open.
    #[error("the tally is {state}; nothing can be paid on it")]
    NotOpen {
        /// Where it stands.
        state: TallyState,
    },
    /// The tally was restored and the partner has not been met.
    #[error(
        "this tally was restored and can be read only, until your partner's phone has told what it holds"
    )]
    Reconciling,
    /// This device has been revoked, its chain was forked or taken over by a copy of it, or another phone was restored in its place.
    #[error(
        "this device may sign no longer on this tally; if it is the only one that you have left, begin anew on it (renew)"
    )]
    Revoked,
    /// Not an amount that can be pledged.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The invoice is answered already.
    #[error("this invoice is {state} already")]
    InvoiceOver {
        /// Where it stands.
        state: &'static str,
    },
}

impl CannotPay {
    /// A stable name, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OverLimit { .. } => "over_limit",
            Self::OverAllowance { .. } => "over_allowance",
            Self::Closing { .. } => "closing",
            Self::NotOpen { .. } => "not_open",
            Self::Reconciling => "reconciling",
            Self::Revoked => "revoked",
            Self::Amount(_) => "amount",
            Self::InvoiceOver { .. } => "invoice_over",
        }
    }

    /// Whether the person may insist: the pledge is then signed and flagged until the partner accepts it.
    #[must_use]
    pub const fn can_insist(self) -> bool {
        matches!(self, Self::OverLimit { .. } | Self::OverAllowance { .. })
    }
}

/// Whether an amount can be paid, cheaply enough to ask at every key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The largest amount that can be paid now.
    pub largest: Units,
    /// Why the amount that was asked about cannot be paid; none if it can.
    pub obstacle: Option<CannotPay>,
}

/// What a payment would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// My balance now; negative if I owe.
    pub before: Units,
    /// My balance afterwards.
    pub after: Units,
    /// The limit within which I may owe.
    pub limit: Units,
    /// What stands against the payment, if anything.
    pub obstacle: Option<CannotPay>,
}

/// How much a partner may owe me at worst, from what I hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// What I hold: the partner's debt within the terms.
    pub held: Units,
    /// What waits outside the terms.
    pub outside: Units,
    /// What other devices of the partner may have signed unseen.
    pub unseen: Units,
    /// The worst case within the terms.
    pub worst: Units,
}

/// A payment to make.
#[derive(Debug, Clone, Default)]
pub struct Payment {
    /// How much.
    pub units: Units,
    /// What for, for the partner's eyes only.
    pub memo: String,
    /// A reference, for the partner's eyes only.
    pub reference: String,
    /// The invoice it answers.
    pub invoice: Option<InvoiceId>,
    /// Sign even beyond the limit: the partner must then accept it.
    pub insist: bool,
}

/// What became of a payment. Asked again after a crash, the answer is one of these, and never "sign again".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// Never signed: nothing happened and nothing is owed.
    NeverSigned,
    /// Signed and safe on this device; the partner has not confirmed it.
    Signed(ChitRef),
    /// The partner's device holds it.
    Received(ChitRef),
    /// Final: nodes of both parties stand for it.
    Final(ChitRef),
}

impl Wallet {
    /// Whether this amount can be paid now, and the largest that can. Zero asks for the largest only.
    pub fn can_pay(&self, tally: &TallyId, units: Units) -> Result<Room> {
        let now = self.clock.now();
        self.look(|shelf| {
            let purse = shelf.purse(tally)?.ok_or(WalletError::Unknown { what: "tally" })?;
            Ok(room(&purse, now, units)?)
        })
    }

    /// What a payment would mean.
    pub fn quote(&self, tally: &TallyId, units: Units) -> Result<Quote> {
        let obstacle = self.can_pay(tally, units)?.obstacle;
        let now = self.clock.now();
        self.look(|shelf| {
            let no = tally_no(shelf, tally)?;
            let (_, side, ..) = shelf.tally_label(no)?;
            let standing = standing(shelf, no)?;
            let before = standing.tip.balance(side)?;
            Ok(Quote {
                before,
                after: before.minus(units)?,
                limit: standing.tip.limit_for(side, now),
                obstacle,
            })
        })
    }

    /// Signs a payment. When this returns it is on the disk, with everything that must be told because of it.
    pub fn pay(&mut self, tally: &TallyId, payment: &Payment) -> Result<ChitRef> {
        check_length("memo", &payment.memo, MEMO_MAX)?;
        check_length("reference", &payment.reference, REFERENCE_MAX)?;
        self.act(|shelf, hands| {
            let purse = shelf.purse(tally)?.ok_or(WalletError::Unknown { what: "tally" })?;
            if let Some(invoice) = &payment.invoice {
                still_open(shelf, &purse, invoice)?;
            }
            match room(&purse, hands.now, payment.units.payable()?)?.obstacle {
                Some(obstacle) if !(payment.insist && obstacle.can_insist()) => return Err(obstacle.into()),
                _ => {}
            }
            let sealed = note(hands, &purse, payment)?;
            let Purse { no, state, front, .. } = purse;
            let Some(Front { mut tip, mut arrivals, chain: Some(chain), .. }) = front else {
                return Err(CannotPay::NotOpen { state }.into());
            };
            let (units, date, invoice) = (payment.units, hands.now, payment.invoice);
            let end = End { tally: no, tip: &mut tip, arrivals: &mut arrivals };
            let (signed, _) = sign_on(shelf, hands, tally, end, chain, |chain, seq| {
                let place = PledgePlace { tally: *tally, chain: chain.id, seq, date, units };
                Body::Pledge {
                    units,
                    invoice,
                    sealed: sealed.and_then(|(key, note)| note.seal(&key, &place)),
                }
            })?;
            shelf.put_tip(no, &tip, arrivals)?;
            Ok(signed.chit.reference())
        })
    }

    /// Did it go through? Answered from the database alone, at any time and after any crash.
    pub fn went(&self, tally: &TallyId, chit: &ChitRef) -> Result<Went> {
        self.look(|shelf| {
            let no = tally_no(shelf, tally)?;
            let Some(found) = find(shelf, no, chit)? else { return Ok(Went::NeverSigned) };
            let standing = standing(shelf, no)?;
            // Of a forked chain, the branch that holds this very chit: a receipt for a copy's is none for mine.
            let held = shelf
                .branches(no, &chit.chain)?
                .iter()
                .any(|branch| chit_no(branch.no, chit.seq) == Ok(found.no) && chit.seq <= branch.held)
                || (found.place > 0 && found.place <= standing.agreed);
            Ok(if found.place > 0 && found.place <= standing.final_index {
                Went::Final(*chit)
            } else if held {
                Went::Received(*chit)
            } else {
                Went::Signed(*chit)
            })
        })
    }

    /// Did the payment of this invoice go through? For a screen that was killed before it learned which chit it signed.
    pub fn went_for(&self, invoice: &InvoiceId) -> Result<Went> {
        let answer = self.look(|shelf| {
            let Some(asked) = shelf.invoice(invoice)? else { return Ok(None) };
            let payer = asked.entry.invoice.by.side.other();
            let Some((ordered, first)) = shelf.answers(asked.tally, payer, invoice)? else { return Ok(None) };
            let Some(stored) = shelf.chit_by_no(ordered.unwrap_or(first))? else { return Ok(None) };
            Ok::<_, WalletError>(Some((stored.entry.chit.tally, stored.entry.chit.reference())))
        })?;
        match answer {
            Some((tally, chit)) => self.went(&tally, &chit),
            None => Ok(Went::NeverSigned),
        }
    }

    /// How much the partner may owe me at worst, given what I hold; `from` is the device that stands before me.
    pub fn exposure(&self, tally: &TallyId, from: Option<u32>) -> Result<Exposure> {
        let now = self.clock.now();
        self.look(|shelf| {
            let no = tally_no(shelf, tally)?;
            let (_, side, ..) = shelf.tally_label(no)?;
            Ok(exposure(&standing(shelf, no)?.tip, side, from, now)?)
        })
    }
}

fn still_open(shelf: &Shelf<'_>, purse: &Purse, id: &InvoiceId) -> Result<()> {
    let answered = shelf.answers(purse.no, purse.side, id)?.is_some();
    match shelf.invoice(id)? {
        Some(invoice) if invoice.tally != purse.no || invoice.mine => {
            Err(WalletError::Unknown { what: "invoice" })
        }
        _ if answered => Err(CannotPay::InvoiceOver { state: InvoiceState::Paid.name() }.into()),
        Some(invoice) if !matches!(invoice.state, InvoiceState::Issued | InvoiceState::Expired) => {
            Err(CannotPay::InvoiceOver { state: invoice.state.name() }.into())
        }
        _ => Ok(()),
    }
}

fn note(hands: &Hands<'_>, purse: &Purse, payment: &Payment) -> Result<Option<(PairKey, Note)>> {
    let note = Note { memo: payment.memo.clone(), reference: payment.reference.clone() };
    if note.is_empty() {
        return Ok(None);
    }
    let key = secret(hands.vault, PAIR, purse.no, purse.pair.as_ref())?;
    Ok(Some((PairKey::from_bytes(*key), note)))
}

/// The spend gate: limit granted to me − all I signed + what is final of the partner's, and within it this device's allowance.
fn room(purse: &Purse, now: Date, units: Units) -> Result<Room, AmountError> {
    let none = |obstacle| Ok(Room { largest: Units::ZERO, obstacle: Some(obstacle) });
    let Purse { side, state, .. } = *purse;
    let Some(front) = &purse.front else { return none(CannotPay::NotOpen { state }) };
    if front.reconciling {
        return none(CannotPay::Reconciling);
    }
    if !matches!(state, TallyState::Open | TallyState::Closing) {
        return none(CannotPay::NotOpen { state });
    }
    let tip = &front.tip;
    let Some(chain) = front.chain.as_ref().filter(|chain| may_sign(chain, tip)) else {
        return none(CannotPay::Revoked);
    };
    let committed = tip.paid.of(side).minus(*front.final_paid.of(side.other()))?;
    let by_limit = tip.limit_for(side, now).minus(committed)?.or_zero();
    let device = chain.id.device;
    let by_device = if tip.first_device(side) == Some(device) {
        by_limit.minus(tip.handed_out(side)?)?.or_zero()
    } else {
        by_limit.min(tip.allowance(side, device)?)
    };
    let largest = match state {
        TallyState::Closing => by_device.min(tip.balance(side)?.or_zero()),
        _ => by_device,
    }
    .min(Units::MAX);
    let obstacle = match units {
        Units::ZERO => None,
        units if units <= Units::ZERO => Some(CannotPay::Amount(AmountError::NotPositive)),
        units if units <= largest => None,
        _ if state == TallyState::Closing => Some(CannotPay::Closing { largest }),
        units if units > by_limit => Some(CannotPay::OverLimit { largest }),
        _ => Some(CannotPay::OverAllowance { largest }),
    };
    Ok(Room { largest, obstacle })
}

/// What the partner owes by what is held, and what its other devices may have signed meanwhile.
fn exposure(tip: &Book, my_side: Side, from: Option<u32>, now: Date) -> Result<Exposure, AmountError> {
    let partner = my_side.other();
    let balance = tip.balance(my_side)?;
    let headroom = tip.limit_for(partner, now).minus(balance)?.or_zero();
    let first = tip.first_device(partner);
    let mut devices: Vec<u32> = tip.active(partner).map(|device| device.grant.device).collect();
    devices.dedup();
    let mut unseen = Units::ZERO;
    for device in devices.into_iter().filter(|device| Some(*device) != from) {
        let left = if Some(device) == first {
            headroom.minus(tip.handed_out(partner)?)?.or_zero()
        } else {
            tip.allowance(partner, device)?
        };
        unseen = unseen.plus(left)?;
    }
    let unseen = unseen.min(headroom);
    let held = balance.or_zero();
    Ok(Exposure { held, outside: *tip.outside.of(partner), unseen, worst: balance.plus(unseen)?.or_zero() })
}
