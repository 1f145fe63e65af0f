//! Things as JSON: stable keys, amounts as decimal text, times in UTC. What a screen says in words is said here in names.

use hazel_core::admit::Refusal;
use hazel_core::tally::Terms;
use hazel_core::wallet::{Change, ChitView, Delivery, Exposure, InvoiceView, Settled, TallyView, Went};
use serde_json::{Value, json};

use crate::calendar::stamp;
use crate::partner::chit_id;
use crate::trouble::culprit;

pub(crate) fn terms(terms: &Terms) -> Value {
    json!({ "limit": terms.limit.to_string(), "notice_days": terms.notice_days })
}

pub(crate) fn tally(view: &TallyView) -> Value {
    json!({
        "tally": view.id.to_string(),
        "partner": view.name,
        "side": view.side.to_string(),
        "state": view.state.name(),
        "balance": view.balance.to_string(),
        "final_balance": view.final_balance.to_string(),
        "waiting_from_me": view.outside_mine.to_string(),
        "waiting_for_me": view.outside_theirs.to_string(),
        "granted": terms(&view.granted),
        "received": terms(&view.received),
        "index": view.index,
        "head": view.head.to_string(),
        "view": view.view,
        "agreed_index": view.agreed,
        "final_index": view.final_index,
        "unordered": view.unordered,
        "read_only": view.reconciling,
        "last_met": view.met.map(stamp),
    })
}

pub(crate) fn entry(view: &ChitView) -> Value {
    json!({
        "id": chit_id(&view.chit),
        "mine": view.mine,
        "kind": view.kind,
        "settles": view.settled.as_ref().map(settled),
        "amount": view.units.to_string(),
        "balance": view.balance.to_string(),
        "date": stamp(view.date),
        "memo": view.note.memo,
        "reference": view.note.reference,
        "invoice": view.invoice.map(|id| id.to_string()),
        "taken_as": view.flag.words(),
        "state": view.facets.word(),
        "index": view.facets.place,
    })
}

fn settled(settled: &Settled) -> Value {
    match settled {
        Settled::Call { down_to, by } => json!({ "down_to": down_to.to_string(), "by": stamp(*by) }),
        Settled::Terms { terms: new, from } => json!({ "terms": terms(new), "from": stamp(*from) }),
        Settled::Variables(wish) => json!({
            "target": wish.target.to_string(), "bound": wish.bound.to_string(),
            "reward_ppm": wish.reward, "clutch_ppm": wish.clutch,
        }),
    }
}

pub(crate) fn invoice(view: &InvoiceView) -> Value {
    let items: Vec<Value> = view
        .lines
        .iter()
        .map(|line| json!({ "text": line.text, "count": line.count, "amount": line.units.to_string() }))
        .collect();
    json!({
        "invoice": view.id.to_string(),
        "tally": view.tally.to_string(),
        "mine": view.mine,
        "state": view.state.name(),
        "amount": view.units.to_string(),
        "memo": view.memo,
        "items": items,
        "date": stamp(view.date),
        "expires": stamp(view.expires),
    })
}

pub(crate) fn exposure(exposure: &Exposure) -> Value {
    json!({
        "held": exposure.held.to_string(),
        "waiting": exposure.outside.to_string(),
        "unseen": exposure.unseen.to_string(),
        "worst": exposure.worst.to_string(),
    })
}

/// Name and sentence of what became of a payment.
pub(crate) const fn went(went: &Went) -> (&'static str, &'static str) {
    match went {
        Went::NeverSigned => ("never_signed", "It was never signed: nothing happened and nothing is owed."),
        Went::Signed(_) => {
            ("signed", "It is signed and safe on this device; your partner has not confirmed it yet.")
        }
        Went::Received(_) => ("received", "Your partner's device holds it."),
        Went::Final(_) => ("final", "It is final: both sides stand for it."),
    }
}

pub(crate) fn refusal(refusal: &Refusal) -> Value {
    json!({ "code": refusal.code(), "message": refusal.to_string(), "culprit": culprit(refusal.culprit()) })
}

pub(crate) fn delivery(delivery: &Delivery) -> Value {
    let changes: Vec<Value> = delivery.changes.iter().map(change).collect();
    let rejected: Vec<Value> = delivery.rejected.iter().map(|rejected| refusal(&rejected.refusal)).collect();
    json!({
        "tally": delivery.tally.to_string(),
        "changes": changes,
        "rejected": rejected,
        "reply": delivery.reply,
    })
}

fn change(change: &Change) -> Value {
    match change {
        Change::Chit { by, kind, units, flag } => json!({
            "change": "entry", "by": by.to_string(), "kind": kind,
            "amount": units.map(|units| units.to_string()), "taken_as": flag.words(),
        }),
        Change::Held { seq } => json!({ "change": "held", "number": seq }),
        Change::Asked { units } => json!({ "change": "asked", "amount": units.to_string() }),
        Change::Answered { state } => json!({ "change": "answered", "state": state.name() }),
        Change::Ordered { index } => json!({ "change": "ordered", "index": index }),
        Change::Fork { side } => json!({ "change": "fork", "side": side.to_string() }),
        Change::Waiting => json!({ "change": "waiting" }),
    }
}

/// Bytes as programs read them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
