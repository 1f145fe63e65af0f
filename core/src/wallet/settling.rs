//! What is signed on an open tally beside payments: acceptances, terms, calls, wishes, allowances.

use crate::chit::{Body, ChitRef, DeviceAct, Variables};
use crate::negotiation::{OutOfPlace, TallyEvent, TallyState};
use crate::store::Shelf;
use crate::tally::{Date, TallyId, Terms};
use crate::units::{AmountError, Units};

use super::ordering::find;
use super::signing::sign;
use super::{Hands, Result, Wallet, WalletError, standing, tally_no};

/// What an entry settles, for a screen to show. Payments settle nothing but themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// A debt is to come down by a date.
    Call {
        /// What may remain.
        down_to: Units,
        /// By when.
        by: Date,
    },
    /// The credit its signer grants.
    Terms {
        /// The new terms.
        terms: Terms,
        /// From when, if they are narrower than before.
        from: Date,
    },
    /// What its signer would like to hold.
    Variables(Variables),
}

impl Settled {
    /// What a chit's body settles.
    pub(super) const fn of(body: &Body) -> Option<Self> {
        match body {
            Body::Call { down_to, by } => Some(Self::Call { down_to: *down_to, by: *by }),
            Body::Terms { terms, from } => Some(Self::Terms { terms: *terms, from: *from }),
            Body::Set(variables) => Some(Self::Variables(*variables)),
            _ => None,
        }
    }
}

impl Wallet {
    /// Accepts a pledge of the partner that went beyond the terms: from then on it counts.
    pub fn accept_pledge(&mut self, tally: &TallyId, chit: &ChitRef) -> Result<ChitRef> {
        self.act(|shelf, hands| {
            let no = tally_no(shelf, tally)?;
            let (_, side, ..) = shelf.tally_label(no)?;
            let waits = find(shelf, no, chit)?
                .is_some_and(|found| found.flag.is_outside() && chit.chain.side != side);
            if !waits {
                return Err(WalletError::Unknown { what: "payment that waits to be accepted" });
            }
            settle(shelf, hands, tally, Body::Accept { chit: *chit })
        })
    }

    /// Changes the credit I grant. Wider terms hold at once; narrower ones after the notice both signed.
    pub fn grant(&mut self, tally: &TallyId, terms: Terms) -> Result<ChitRef> {
        if terms.limit < Units::ZERO || terms.limit > Units::MAX {
            return Err(AmountError::TooLarge.into());
        }
        self.act(|shelf, hands| {
            let no = tally_no(shelf, tally)?;
            let (_, side, ..) = shelf.tally_label(no)?;
            let tip = standing(shelf, no)?.tip;
            if !tip.has_room_for(side, &terms, hands.now.max(*tip.latest.of(side.other()))) {
                return Err(WalletError::TermsUsedUp);
            }
            let notice = u64::from(tip.terms.of(side).notice_days).saturating_mul(86_400);
            let from: Date = hands.now.saturating_add(notice);
            settle(shelf, hands, tally, Body::Terms { terms, from })
        })
    }

    /// Asks the partner to bring its debt down.
    pub fn call(&mut self, tally: &TallyId, down_to: Units, by: Date) -> Result<ChitRef> {
        self.act(|shelf, hands| settle(shelf, hands, tally, Body::Call { down_to, by }))
    }

    /// Sets my own trading variables, for lifts.
    pub fn set_variables(&mut self, tally: &TallyId, variables: Variables) -> Result<ChitRef> {
        self.act(|shelf, hands| settle(shelf, hands, tally, Body::Set(variables)))
    }

    /// My own trading variables, as they stand.
    pub fn variables(&self, tally: &TallyId) -> Result<Variables> {
        self.look(|shelf| {
            let no = tally_no(shelf, tally)?;
            let (_, side, ..) = shelf.tally_label(no)?;
            Ok(*standing(shelf, no)?.tip.variables.of(side))
        })
    }

    /// Hands part of this device's allowance to another of my devices.
    pub fn hand_allowance(&mut self, tally: &TallyId, to: u32, units: Units) -> Result<ChitRef> {
        let units = units.payable()?;
        if let Some(obstacle) = self.can_pay(tally, units)?.obstacle {
            return Err(obstacle.into());
        }
        self.act(|shelf, hands| settle(shelf, hands, tally, Body::Device(DeviceAct::Hand { to, units })))
    }
}

/// Signs a chit that is no payment and stores where the tally stands.
pub(super) fn settle(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    tally: &TallyId,
    body: Body,
) -> Result<ChitRef> {
    let no = tally_no(shelf, tally)?;
    let (_, _, state, _) = shelf.tally_label(no)?;
    if !matches!(state, TallyState::Open | TallyState::Closing) {
        return Err(OutOfPlace { state, event: TallyEvent::Edit }.into());
    }
    let mut standing = standing(shelf, no)?;
    let (signed, _) = sign(shelf, hands, tally, &mut standing, |_, _| body)?;
    shelf.put_standing(&standing)?;
    Ok(signed.chit.reference())
}
