//! The life of a tally as a table: which event leads where, and which is out of place.
//!
//! ```text
//! Ticketed → CertsKnown → Offered(mine | theirs) → Open → Closing → Sealing → Closed
//!                            ↑  ↓        ↓
//!                          Revising   Refused, Expired
//! ```
//! A contract with both signatures opens the tally from wherever the negotiation stood: two signatures are the contract.

use std::fmt;

/// Whose act it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Mine.
    Me,
    /// The partner's.
    Partner,
}

/// Where a tally stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TallyState {
    /// A ticket was shown; nobody has answered.
    Ticketed,
    /// Both know who the other is.
    CertsKnown,
    /// A version with one signature lies on the table.
    Offered(By),
    /// I am changing the terms; the signature that was there is void.
    Revising,
    /// Both have signed: chits may be.
    Open,
    /// One of the two said no.
    Refused,
    /// Nobody answered in time.
    Expired,
    /// One of the two wants to end it: only chits that bring the balance towards zero.
    Closing,
    /// The balance is zero; both seal their chains.
    Sealing,
    /// Ended.
    Closed,
}

/// What can happen to a tally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TallyEvent {
    /// The ticket was answered with a certificate.
    Answer,
    /// Somebody signs a version.
    Offer(By),
    /// I start to change the terms.
    Edit,
    /// The second signature is there.
    Accept,
    /// Somebody says no.
    Refuse,
    /// The time given has passed.
    Expire,
    /// A closing chit is in the order.
    Close,
    /// Closing, and the balance has come to zero.
    Balance,
    /// Sealing, and a late chit moved the balance.
    Unbalance,
    /// Both seals are in the order.
    Seal,
}

/// This cannot happen to a tally in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not possible while the tally is {state}")]
pub struct OutOfPlace {
    /// The state it is in.
    pub state: TallyState,
    /// What was tried.
    pub event: TallyEvent,
}

impl TallyState {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::Ticketed,
        Self::CertsKnown,
        Self::Offered(By::Me),
        Self::Offered(By::Partner),
        Self::Revising,
        Self::Open,
        Self::Refused,
        Self::Expired,
        Self::Closing,
        Self::Sealing,
        Self::Closed,
    ];

    /// The state after an event.
    pub fn after(self, event: TallyEvent) -> Result<Self, OutOfPlace> {
        use TallyEvent as E;
        let next = match (self, event) {
            (Self::Ticketed, E::Answer) => Self::CertsKnown,
            (
                Self::CertsKnown | Self::Offered(_) | Self::Revising | Self::Refused | Self::Expired,
                E::Offer(by),
            ) => Self::Offered(by),
            (Self::CertsKnown | Self::Offered(_) | Self::Refused | Self::Expired, E::Edit) => Self::Revising,
            (Self::Offered(_) | Self::Revising | Self::Refused | Self::Expired, E::Accept) => Self::Open,
            (Self::Ticketed | Self::CertsKnown | Self::Offered(_) | Self::Revising, E::Refuse) => {
                Self::Refused
            }
            (Self::Ticketed | Self::CertsKnown | Self::Offered(_) | Self::Revising, E::Expire) => {
                Self::Expired
            }
            (Self::Open, E::Accept) => Self::Open,
            (Self::Open, E::Close) | (Self::Closing, E::Close) | (Self::Sealing, E::Unbalance) => {
                Self::Closing
            }
            (Self::Closing, E::Balance) => Self::Sealing,
            (Self::Sealing, E::Seal) => Self::Closed,
            (state, event) => return Err(OutOfPlace { state, event }),
        };
        Ok(next)
    }

    /// Whether chits exist on it.
    #[must_use]
    pub const fn is_contract(self) -> bool {
        matches!(self, Self::Open | Self::Closing | Self::Sealing | Self::Closed)
    }

    /// The name under which it is stored and exported.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticketed => "ticketed",
            Self::CertsKnown => "introduced",
            Self::Offered(By::Me) => "offered by me",
            Self::Offered(By::Partner) => "offered to me",
            Self::Revising => "being revised",
            Self::Open => "open",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Closing => "closing",
            Self::Sealing => "sealing",
            Self::Closed => "closed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for TallyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [TallyEvent; 11] = [
        TallyEvent::Answer,
        TallyEvent::Offer(By::Me),
        TallyEvent::Offer(By::Partner),
        TallyEvent::Edit,
        TallyEvent::Accept,
        TallyEvent::Refuse,
        TallyEvent::Expire,
        TallyEvent::Close,
        TallyEvent::Balance,
        TallyEvent::Unbalance,
        TallyEvent::Seal,
    ];

    /// One row a state, one letter an event: the first letter of the next state's name (m/t for offers), a dot where out of place.
    const TABLE: [(TallyState, &str); 11] = [
        (TallyState::Ticketed, "i....re...."),
        (TallyState::CertsKnown, ".mtb.re...."),
        (TallyState::Offered(By::Me), ".mtbore...."),
        (TallyState::Offered(By::Partner), ".mtbore...."),
        (TallyState::Revising, ".mt.ore...."),
        (TallyState::Open, "....o..c..."),
        (TallyState::Refused, ".mtbo......"),
        (TallyState::Expired, ".mtbo......"),
        (TallyState::Closing, ".......cs.."),
        (TallyState::Sealing, ".........cd"),
        (TallyState::Closed, "..........."),
    ];

    fn letter(state: TallyState) -> char {
        match state {
            TallyState::CertsKnown => 'i',
            TallyState::Offered(By::Me) => 'm',
            TallyState::Offered(By::Partner) => 't',
            TallyState::Closed => 'd',
            other => other.name().chars().next().unwrap(),
        }
    }

    #[test]
    fn the_whole_table_legal_and_illegal() {
        for (state, row) in TABLE {
            for (event, expected) in EVENTS.into_iter().zip(row.chars()) {
                let found = state.after(event).map_or('.', letter);
                assert_eq!(found, expected, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn names_read_back() {
        for state in TallyState::ALL {
            assert_eq!(TallyState::named(&state.to_string()), Some(state));
        }
    }

    /// Once both have signed there is a contract, and there always will be.
    #[test]
    fn a_contract_is_what_both_have_signed() {
        let contracts: Vec<_> = TallyState::ALL.into_iter().filter(|state| state.is_contract()).collect();
        assert_eq!(
            contracts,
            [TallyState::Open, TallyState::Closing, TallyState::Sealing, TallyState::Closed]
        );
    }
}
