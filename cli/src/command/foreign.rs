//! Codes of the existing software and of everybody else, in words and in names. None of them is followed or opened.

use hazel_core::units::Units;
use hazel_qr::ForeignSort;
use hazel_qr::link::{ConnectTicket, Invitation, PayRequest};
use hazel_qr::scan::Qr;
use serde_json::{Value, json};

use crate::calendar::{minute, stamp};

pub(super) fn meaning(qr: &Qr) -> (String, Value) {
    match qr {
        Qr::Connect(it) => connect(it),
        Qr::Invite(it) => invite(it),
        Qr::Pay(it) => pay(it),
        Qr::Key(_) => (
            "A MyCHIPs signing key, locked with a passphrase. Whoever has both can sign in its owner's name: \
             show it to nobody. Hazel only says that it is one."
                .into(),
            json!({ "kind": "mychips_key", "locked": true }),
        ),
        Qr::ChipAddress(it) => {
            (format!("A CHIP address: {it}"), json!({ "kind": "address", "address": it.to_string() }))
        }
        Qr::Foreign(it) => {
            let sort = match it.sort {
                ForeignSort::Wifi => "access to a wireless network",
                ForeignSort::Contact => "a business card",
                ForeignSort::OtherPayment => "a payment in other money",
                ForeignSort::OtherScheme => "something for another program",
                ForeignSort::Words => "words",
            };
            (
                format!("Nothing of Hazel's, {sort}: {}", it.text),
                json!({ "kind": "foreign", "sort": sort, "text": it.text }),
            )
        }
        _ => ("A code of another sort.".to_owned(), json!({ "kind": "other" })),
    }
}

/// The token is a secret of the site and its user: it is neither shown nor told to programs.
fn connect(it: &ConnectTicket) -> (String, Value) {
    let words = format!(
        "A MyCHIPs ticket: the app that uses it first acts for user {} at {}, port {}{}. Nothing was connected.",
        it.user,
        it.host,
        it.port,
        until(it.expires)
    );
    let json = json!({ "kind": "mychips_ticket", "user": it.user, "host": it.host.as_str(), "port": it.port,
                       "expires": it.expires.map(stamp) });
    (words, json)
}

fn invite(it: &Invitation) -> (String, Value) {
    let words = format!(
        "A MyCHIPs invitation to a tally from {}{}. Answering it needs that site; nothing was sent.",
        it.from,
        until(it.expires)
    );
    let from = it.from.to_string();
    (words, json!({ "kind": "mychips_invitation", "from": from, "expires": it.expires.map(stamp) }))
}

fn pay(it: &PayRequest) -> (String, Value) {
    let amount =
        it.units.and_then(|units| i64::try_from(units).ok()).map(|units| Units::new(units).to_string());
    let asked = amount.as_deref().unwrap_or("an amount of the payer's choice");
    let memo = it.memo.as_ref().map_or_else(String::new, |memo| format!(", for “{memo}”"));
    let words = format!(
        "A MyCHIPs request: pay {asked} to {}:{}{memo}. Nobody has signed it; nothing was paid.",
        it.cuid, it.agent
    );
    let json = json!({ "kind": "mychips_payment", "payee": it.cuid, "agent": it.agent, "amount": amount,
                       "memo": it.memo, "reference": it.reference });
    (words, json)
}

fn until(expires: Option<u64>) -> String {
    expires.map_or_else(String::new, |end| format!(", until {} UTC", minute(end)))
}
