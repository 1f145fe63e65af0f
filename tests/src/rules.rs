//! Objects of the right shape that say what nobody may say.

use hazel_core::canon::Canon;
use hazel_core::chit::{Body, DeviceAct, Variables};
use hazel_core::message::Page;
use hazel_core::order::Run;
use hazel_core::tally::{Grant, Side, Tally, Terms};
use hazel_core::units::Units;

use crate::fault::Fault;
use crate::grammar::Node;
use crate::honest::{Pair, plain};

/// The object's kind, what was done, its bytes, and how it must be refused.
pub type Broken = (&'static str, String, Vec<u8>, Fault);

/// All of them.
#[must_use]
pub fn broken() -> Option<Vec<Broken>> {
    let pair = Pair::new();
    let mut all = amounts(&pair)?;
    all.extend(places(&pair)?);
    all.extend(parties(&pair));
    all.extend(addresses());
    Some(all)
}

fn add<T: Canon>(all: &mut Vec<Broken>, done: impl Into<String>, it: &T, fault: Fault) {
    all.push((T::WHAT, done.into(), it.to_bytes(), fault));
}

fn amounts(pair: &Pair) -> Option<Vec<Broken>> {
    let mut all = Vec::new();
    let beyond = Units::MAX.milli().saturating_add(1);
    for milli in [0, -1, beyond, i64::MAX, i64::MIN] {
        let fault = Fault::out_of_range("pledged amount");
        add(&mut all, format!("pledge of {milli}"), &plain(milli), fault.clone());
        add(&mut all, format!("chit with a pledge of {milli}"), &pair.foil.chit(plain(milli)), fault.clone());
        let hand = Body::Device(DeviceAct::Hand { to: 2, units: Units::new(milli) });
        add(&mut all, format!("allowance of {milli}"), &hand, fault);
        let mut invoice = pair.invoice()?;
        invoice.units = Units::new(milli);
        add(&mut all, format!("invoice of {milli}"), &invoice, Fault::out_of_range("invoiced amount"));
    }
    for (limit, notice_days) in
        [(-1, 30), (i64::MIN, 30), (beyond, 30), (i64::MAX, 0), (0, 3651), (0, u32::MAX)]
    {
        let terms = Terms { limit: Units::new(limit), notice_days };
        let done = format!("limit {limit}, notice {notice_days}");
        add(&mut all, done.clone(), &terms, Fault::out_of_range("terms"));
        add(&mut all, done, &Body::Terms { terms, from: 0 }, Fault::out_of_range("terms"));
    }
    for rate in [1_000_001, -1_000_001, i32::MAX, i32::MIN] {
        let reward = Variables { reward: rate, ..Variables::default() };
        add(&mut all, format!("reward {rate}"), &reward, Fault::out_of_range("reward"));
        let clutch = Variables { clutch: rate, ..Variables::default() };
        add(&mut all, format!("clutch {rate}"), &clutch, Fault::out_of_range("clutch"));
    }
    Some(all)
}

fn places(pair: &Pair) -> Option<Vec<Broken>> {
    let mut all = Vec::new();
    let sequence = Fault::out_of_range("sequence number");
    for seq in [0, 1 << 32, u64::MAX] {
        let mut chit = pair.foil.chit(plain(1));
        chit.chit.seq = seq;
        add(&mut all, format!("signed chit number {seq}"), &chit, sequence.clone());
        add(&mut all, format!("chit number {seq}"), &chit.chit, sequence.clone());
    }
    for first in [0, (1 << 32) - 1, 1 << 32, u64::MAX] {
        let page = Page { first, ..pair.page()? };
        add(&mut all, format!("page of two from {first}"), &page, sequence.clone());
    }
    add(&mut all, "page of none", &Page { chits: Vec::new(), ..pair.page()? }, sequence);
    for (first, count) in [(0, 1), (1, 0), (1, 1 << 32), (1 << 62, 1), (1, 1 << 62), (1 << 32, 1)] {
        let run = pair.links().runs.first().map(|run| Run { first, count, ..*run })?;
        add(&mut all, format!("run of {count} from {first}"), &run, Fault::out_of_range("run of chits"));
    }
    Some(all)
}

fn parties(pair: &Pair) -> Vec<Broken> {
    let mut all = Vec::new();
    let (foil, node) = (&pair.foil, pair.foil.node().public());
    let (empty, twice) = (Fault::out_of_range, Fault::not_canonical);
    let what = "certificate of a party";
    let cert = |grants: Vec<Grant>, nodes| {
        let mut cert = foil.cert("Béla");
        (cert.grants, cert.nodes) = (grants, nodes);
        cert
    };
    add(&mut all, "no device", &cert(vec![], vec![node]), empty(what));
    add(&mut all, "no node", &cert(vec![foil.grant()], vec![]), empty(what));
    add(&mut all, "one device twice", &cert(vec![foil.grant(); 2], vec![node]), twice(what));
    let again = Grant { epoch: 1, ..foil.grant() };
    add(&mut all, "one device in two epochs", &cert(vec![foil.grant(), again], vec![node]), twice(what));
    add(&mut all, "one node twice", &cert(vec![foil.grant()], vec![node; 2]), twice(what));
    add(&mut all, "hosting by nobody", &Body::Nodes { epoch: 1, nodes: vec![] }, empty("nodes"));
    add(
        &mut all,
        "hosting by one node twice",
        &Body::Nodes { epoch: 1, nodes: vec![node; 2] },
        twice("nodes"),
    );
    let one_key = |change: fn(&mut Tally)| {
        let mut tally = pair.tally();
        change(&mut tally);
        tally
    };
    let fault = || Fault::out_of_range("two parties with one key");
    let party = one_key(|tally| tally.halves.foil.cert.party_key = tally.halves.stock.cert.party_key);
    add(&mut all, "one party key for both", &party, fault());
    let agreement =
        one_key(|tally| tally.halves.foil.cert.agreement_key = tally.halves.stock.cert.agreement_key);
    add(&mut all, "one agreement key for both", &agreement, fault());
    for side in Side::BOTH {
        let mut contract = pair.contract();
        let other = contract.tally.halves.of(side.other()).cert.party_key;
        contract.tally.halves.of_mut(side).cert.party_key = other;
        add(&mut all, format!("the {side} with the other's key"), &contract, fault());
    }
    all
}

/// The core cannot make these: they are written by the grammar.
fn addresses() -> Vec<Broken> {
    let long = "h".repeat(254);
    let parts: [(&str, &str, &str, &str, u16); 12] = [
        ("no agent", "ana", "", "example.org", 1),
        ("a space in the name", "a na", "U2F3W5", "example.org", 1),
        ("a colon in the agent", "ana", "U2:F3", "example.org", 1),
        ("an at sign in the host", "ana", "U2F3W5", "ex@mple.org", 1),
        ("a slash in the host", "ana", "U2F3W5", "example.org/x", 1),
        ("a line end in the host", "ana", "U2F3W5", "example.org\n", 1),
        ("letters beyond ASCII", "ána", "U2F3W5", "example.org", 1),
        ("a zero byte", "ana\0", "U2F3W5", "example.org", 1),
        ("a port without host", "ana", "U2F3W5", "", 1),
        ("a host without port", "ana", "U2F3W5", "example.org", 0),
        ("a direction mark", "ana", "U2F3W5", "\u{202e}gro", 1),
        ("a host too long", "ana", "U2F3W5", &long, 1),
    ];
    let mut all = Vec::new();
    for (done, cuid, agent, host, port) in parts {
        let port = Node::uint("port", port.into());
        let texts = [("cuid", cuid), ("agent", agent), ("host", host)];
        let mut items: Vec<_> = texts.iter().map(|(what, text)| Node::text(what, text, 253)).collect();
        items.push(port);
        let bytes = Node::array("address", items).bytes();
        let fault =
            if host.len() > 253 { Fault::too_long("host", 253) } else { Fault::out_of_range("address") };
        all.push(("address", done.to_owned(), bytes, fault));
    }
    all
}
