//! How a chit is taken, and what must be known to say so.

use crate::units::Units;

/// Why a chit does not count as it says. It stays in the order for ever; a flag says how it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// It counts.
    Clear,
    /// Beyond the limit the creditor granted.
    OverLimit,
    /// Signed by a device that may sign no longer, or on a chain that was forked.
    AfterRevoke,
    /// Within the limit, but beyond what this one device was handed.
    OverAllowance,
    /// The tally was closing or closed.
    AfterClose,
    /// The invoice was already paid.
    DuplicateInvoice,
    /// Was flagged, and the creditor has accepted it: it counts.
    Accepted,
    /// A setting whose precondition failed: it changes nothing.
    Ineffective,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Self; 8] = [
        Self::Clear,
        Self::OverLimit,
        Self::OverAllowance,
        Self::AfterRevoke,
        Self::AfterClose,
        Self::DuplicateInvoice,
        Self::Accepted,
        Self::Ineffective,
    ];

    /// Whether a pledge with this flag stays outside the terms until somebody acts.
    #[must_use]
    pub const fn is_outside(self) -> bool {
        matches!(
            self,
            Self::OverLimit
                | Self::OverAllowance
                | Self::AfterRevoke
                | Self::AfterClose
                | Self::DuplicateInvoice
        )
    }

    /// The number under which it is stored.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Clear => 0,
            Self::OverLimit => 1,
            Self::AfterRevoke => 2,
            Self::AfterClose => 3,
            Self::DuplicateInvoice => 4,
            Self::Accepted => 5,
            Self::Ineffective => 6,
            Self::OverAllowance => 7,
        }
    }

    /// The flag of that number.
    #[must_use]
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.code() == code)
    }

    /// The words on the screen.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Clear => "",
            Self::OverLimit => "over the limit",
            Self::OverAllowance => "over the device's allowance",
            Self::AfterRevoke => "signed by a revoked device",
            Self::AfterClose => "after closing",
            Self::DuplicateInvoice => "invoice already paid",
            Self::Accepted => "accepted",
            Self::Ineffective => "without effect",
        }
    }
}

/// What the fold must know from elsewhere about one chit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// For a pledge: its invoice was answered by a chit before this one.
    pub answered: bool,
    /// For an acceptance: the amount of the flagged pledge it names, if there is one that still waits.
    pub waiting: Option<Units>,
}
