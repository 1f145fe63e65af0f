//! What a scanned code means, in words, in names, and to the wallet.

use hazel_core::canon::Canon as _;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{TakenPayment, Wallet};
use hazel_qr::scan::Qr;
use serde_json::{Value, json};

use super::foreign;
use crate::calendar::{minute, stamp};
use crate::camera;
use crate::lettering::GOOD;
use crate::page::Page;
use crate::partner::{chit_id, name_of, short};
use crate::record;
use crate::trouble::Trouble;

/// Says what a code is. Nothing of it is taken in.
pub(super) fn said(qr: &Qr, page: &mut Page) -> Value {
    let (words, json) = meaning(qr);
    page.say(words);
    json
}

fn meaning(qr: &Qr) -> (String, Value) {
    match qr {
        Qr::Ticket(it) => (
            format!(
                "A ticket of {}: you may owe up to {}, until {} UTC. Answer it: hazel tally accept FILE",
                it.name,
                it.terms.limit,
                minute(it.expires)
            ),
            json!({ "kind": "ticket", "tally": it.tally.to_string(), "name": it.name,
                    "granted": record::terms(&it.terms), "expires": stamp(it.expires), "places": it.rendezvous }),
        ),
        Qr::Offer(it) => (
            format!("An offer of tally {}.", short(&it.tally.id)),
            json!({ "kind": "offer", "tally": it.tally.id.to_string(), "revision": it.tally.revision }),
        ),
        Qr::Invoice(it) => (
            format!(
                "An invoice for {}, to be paid until {} UTC.",
                it.invoice.units,
                minute(it.invoice.expires)
            ),
            json!({ "kind": "invoice", "invoice": it.invoice.id().to_string(), "tally": it.invoice.tally.to_string(),
                    "amount": it.invoice.units.to_string(), "expires": stamp(it.invoice.expires) }),
        ),
        Qr::Payment(it) => (
            format!("A payment of {}. Take it in with --take.", it.units),
            json!({ "kind": "payment", "tally": it.tally.to_string(), "amount": it.units.to_string(), "number": it.seq }),
        ),
        Qr::Receipted(it) => (
            format!("A payment of {} with its receipt.", it.pledge.units),
            json!({ "kind": "receipted", "tally": it.pledge.tally.to_string(),
                    "amount": it.pledge.units.to_string(), "number": it.pledge.seq }),
        ),
        Qr::Receipt(it) => (
            "A receipt. Take it in with --take.".to_owned(),
            json!({ "kind": "receipt", "tally": it.receipt.tally.to_string(), "id": it.receipt.hash.to_string(),
                    "number": it.receipt.seq }),
        ),
        Qr::Address(it) => {
            (format!("An address: {it}"), json!({ "kind": "address", "address": it.to_string() }))
        }
        Qr::Verification(digest) => {
            let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            (format!("A code to compare: {digest}"), json!({ "kind": "verification", "digest": digest }))
        }
        Qr::Messages(it) => {
            let bytes = it.to_bytes().len();
            (
                "Messages for a partner. Take them in with --take.".to_owned(),
                json!({ "kind": "messages", "bytes": bytes }),
            )
        }
        other => foreign::meaning(other),
    }
}

/// Takes in what can be taken in without another word; everything else is only said.
pub(super) fn take(wallet: &mut Wallet, qr: Qr, page: &mut Page) -> Result<Value, Trouble> {
    let mut json = meaning(&qr).1;
    let facts = match qr {
        Qr::Invoice(it) => {
            let invoice = wallet.take_invoice(&it)?;
            let name = partner(wallet, &invoice.tally)?;
            page.styled(GOOD, format!("{name} asks you for {}. {}", invoice.units, invoice.memo));
            page.say(format!("Pay it: hazel pay {name} --invoice {}", short(&invoice.id)));
            json!({ "memo": invoice.memo, "state": invoice.state.name() })
        }
        Qr::Payment(it) => {
            let taken = wallet.take_payment_code(&it)?;
            received(wallet, &taken, &it.units.to_string(), page)?
        }
        Qr::Receipted(it) => {
            let taken = wallet.take_receipted_code(&it)?;
            received(wallet, &taken, &it.pledge.units.to_string(), page)?
        }
        Qr::Receipt(it) => {
            let delivery = wallet.take_receipt_code(&it)?;
            let name = partner(wallet, &it.receipt.tally)?;
            page.styled(GOOD, format!("{name} has received your payment ({}).", short(&it.receipt.hash)));
            record::delivery(&delivery)
        }
        Qr::Messages(it) => {
            let delivery = wallet.receive(&it.to_bytes())?;
            let name = partner(wallet, &delivery.tally)?;
            page.styled(GOOD, format!("Messages of {name} were taken in."));
            record::delivery(&delivery)
        }
        Qr::Ticket(it) => {
            camera::judge(wallet, &it)?;
            return Ok(said(&Qr::Ticket(it), page));
        }
        other => {
            return Ok(said(&other, page));
        }
    };
    if let (Value::Object(json), Value::Object(facts)) = (&mut json, facts) {
        json.extend(facts);
    }
    Ok(json)
}

fn received(wallet: &Wallet, taken: &TakenPayment, units: &str, page: &mut Page) -> Result<Value, Trouble> {
    let view = wallet.tally(&taken.delivery.tally)?;
    let (name, id) = (name_of(&view), short(&taken.chit.hash));
    if taken.chit.chain.side == view.side {
        page.styled(GOOD, format!("{name} has received your payment of {units} ({id})."));
    } else if taken.again {
        page.say(format!("This payment of {units} was taken in before; it counts once."));
    } else {
        page.styled(GOOD, format!("{name} pays you {units}. ({id})"));
    }
    if taken.chit.chain.side != view.side {
        page.say(format!("Show your receipt: hazel qr show --receipt {name} --which {id}"));
    }
    let mut json = record::delivery(&taken.delivery);
    if let Value::Object(json) = &mut json {
        json.insert("id".into(), chit_id(&taken.chit).into());
        json.insert("again".into(), taken.again.into());
        json.insert("balance".into(), view.balance.to_string().into());
    }
    Ok(json)
}

fn partner(wallet: &Wallet, tally: &TallyId) -> Result<String, Trouble> {
    Ok(name_of(&wallet.tally(tally)?))
}
