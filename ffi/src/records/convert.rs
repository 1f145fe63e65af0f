//! The core's views as records.

use hazel_core::book::Flag;
use hazel_core::invoice::{InvoiceState as CoreInvoiceState, Line};
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::{Side as CoreSide, TallyId, Terms as CoreTerms};
use hazel_core::units::Units;
use hazel_core::wallet as core;

use super::ids::{chit_id, count};
use super::{
    Attention, ChitLine, Custody, Device, Exposure, InvoiceLine, InvoiceState, Item, Position, Side, Stage,
    Taken, TallyLine, Terms,
};

impl From<CoreSide> for Side {
    fn from(side: CoreSide) -> Self {
        match side {
            CoreSide::Stock => Self::Stock,
            CoreSide::Foil => Self::Foil,
        }
    }
}

impl From<Side> for CoreSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Stock => Self::Stock,
            Side::Foil => Self::Foil,
        }
    }
}

impl From<core::Exposure> for Exposure {
    fn from(it: core::Exposure) -> Self {
        let core::Exposure { held, outside, unseen, worst } = it;
        Self { held: held.milli(), outside: outside.milli(), unseen: unseen.milli(), worst: worst.milli() }
    }
}

impl From<CoreTerms> for Terms {
    fn from(terms: CoreTerms) -> Self {
        Self { limit: terms.limit.milli(), notice_days: terms.notice_days }
    }
}

impl From<Terms> for CoreTerms {
    fn from(terms: Terms) -> Self {
        Self { limit: Units::new(terms.limit), notice_days: terms.notice_days }
    }
}

impl From<TallyState> for Stage {
    fn from(state: TallyState) -> Self {
        match state {
            TallyState::Ticketed => Self::Ticketed,
            TallyState::CertsKnown => Self::Introduced,
            TallyState::Offered(By::Me) => Self::OfferedByMe,
            TallyState::Offered(By::Partner) => Self::OfferedToMe,
            TallyState::Revising => Self::Revising,
            TallyState::Open => Self::Open,
            TallyState::Refused => Self::Refused,
            TallyState::Expired => Self::Expired,
            TallyState::Closing => Self::Closing,
            TallyState::Sealing => Self::Sealing,
            TallyState::Closed => Self::Closed,
        }
    }
}

impl From<core::TallyView> for TallyLine {
    fn from(view: core::TallyView) -> Self {
        Self {
            id: view.id.to_string(),
            partner: view.name,
            side: view.side.into(),
            stage: view.state.into(),
            balance: view.balance.milli(),
            final_balance: view.final_balance.milli(),
            outside_mine: view.outside_mine.milli(),
            outside_theirs: view.outside_theirs.milli(),
            granted: view.granted.into(),
            received: view.received.into(),
            index: view.index,
            head: view.head.to_string(),
            agreed: view.agreed,
            final_index: view.final_index,
            unordered: count(view.unordered),
            reconciling: view.reconciling,
            met: view.met,
        }
    }
}

impl From<core::Position> for Position {
    fn from(position: core::Position) -> Self {
        Self {
            owed_to_me: position.owed_to_me.milli(),
            owed_by_me: position.owed_by_me.milli(),
            net: position.net.milli(),
            final_net: position.final_net.milli(),
            open: count(position.open),
        }
    }
}

impl From<core::Attention> for Attention {
    fn from(waiting: core::Attention) -> Self {
        let id = |tally: TallyId| tally.to_string();
        match waiting {
            core::Attention::Requested(tally) => Self::Requested { tally: id(tally) },
            core::Attention::Offered(tally) => Self::Offered { tally: id(tally) },
            core::Attention::Asked(tally, invoice) => {
                Self::Asked { tally: id(tally), invoice: invoice.to_string() }
            }
            core::Attention::Waiting(tally, chit) => Self::Waiting { tally: id(tally), chit: chit_id(&chit) },
            core::Attention::Reconcile(tally) => Self::Reconcile { tally: id(tally) },
            core::Attention::Replaced(tally) => Self::Replaced { tally: id(tally) },
            core::Attention::Proof(tally) => Self::Proof { tally: id(tally) },
            core::Attention::HandOver(tally) => Self::HandOver { tally: id(tally) },
            core::Attention::Rehearse => Self::Rehearse,
        }
    }
}

impl From<core::ChitView> for ChitLine {
    fn from(view: core::ChitView) -> Self {
        Self {
            id: chit_id(&view.chit),
            mine: view.mine,
            kind: view.kind.to_owned(),
            units: view.units.milli(),
            balance: view.balance.milli(),
            date: view.date,
            memo: view.note.memo,
            reference: view.note.reference,
            invoice: view.invoice.map(|id| id.to_string()),
            taken: view.flag.into(),
            custody: match view.facets.custody {
                core::Custody::Local => Custody::Local,
                core::Custody::Sent => Custody::Sent,
                core::Custody::Held => Custody::Held,
            },
            place: view.facets.place,
            agreed: view.facets.agreed,
            is_final: view.facets.is_final,
            word: view.facets.word().to_owned(),
        }
    }
}

impl From<Flag> for Taken {
    fn from(flag: Flag) -> Self {
        match flag {
            Flag::Clear => Self::Clear,
            Flag::OverLimit => Self::OverLimit,
            Flag::OverAllowance => Self::OverAllowance,
            Flag::AfterRevoke => Self::AfterRevoke,
            Flag::AfterClose => Self::AfterClose,
            Flag::DuplicateInvoice => Self::DuplicateInvoice,
            Flag::Accepted => Self::Accepted,
            Flag::Ineffective => Self::Ineffective,
        }
    }
}

impl From<CoreInvoiceState> for InvoiceState {
    fn from(state: CoreInvoiceState) -> Self {
        match state {
            CoreInvoiceState::Draft => Self::Draft,
            CoreInvoiceState::Issued => Self::Issued,
            CoreInvoiceState::Expired => Self::Expired,
            CoreInvoiceState::Countered => Self::Countered,
            CoreInvoiceState::Withdrawn => Self::Withdrawn,
            CoreInvoiceState::Declined => Self::Declined,
            CoreInvoiceState::Paid => Self::Paid,
        }
    }
}

impl From<core::InvoiceView> for InvoiceLine {
    fn from(view: core::InvoiceView) -> Self {
        let item = |line: Line| Item { text: line.text, count: line.count, units: line.units.milli() };
        Self {
            id: view.id.to_string(),
            tally: view.tally.to_string(),
            mine: view.mine,
            state: view.state.into(),
            units: view.units.milli(),
            memo: view.memo,
            items: view.lines.into_iter().map(item).collect(),
            date: view.date,
            expires: view.expires,
        }
    }
}

impl From<core::DeviceView> for Device {
    fn from(view: core::DeviceView) -> Self {
        Self {
            device: view.device,
            epoch: view.epoch,
            mine: view.mine,
            here: view.here,
            active: view.active,
            signed: view.signed,
            allowance: view.allowance.map(Units::milli),
        }
    }
}
