//! Every decodable object in the words of the grammar: names, order and bounds of its elements, as docs/protocol has them.

use hazel_core::address::Address;
use hazel_core::chit::{Body, ChainId, Chit, ChitRef, DeviceAct, Note, SignedChit, Variables};
use hazel_core::invoice::{Answer, Invoice, Line, Particulars, SignedAnswer, SignedInvoice, Verdict};
use hazel_core::message::{Have, Message, Page};
use hazel_core::order::{Certificate, Endorsement, ForkProof, Head, Links, Run, Seal};
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::{Receipt, SignedReceipt};
use hazel_core::tally::{Grant, Half, Halves, PartyCert, Side, SignedTally, Tally, TallyId, Terms};
use hazel_core::ticket::{Request, SignedRequest, Ticket};
use hazel_core::units::Units;

use crate::grammar::Node;

pub(crate) fn tally_id(it: &TallyId) -> Node {
    Node::fixed("tally id", &it.0)
}

pub(crate) fn side(it: Side) -> Node {
    let value = match it {
        Side::Stock => 0,
        Side::Foil => 1,
    };
    Node::Uint { what: "side", value, max: 1 }
}

pub(crate) const fn units(it: Units) -> Node {
    Node::Int { what: "amount", value: it.milli() }
}

pub(crate) fn hash(it: &hazel_core::digest::Digest) -> Node {
    Node::fixed("hash", &it.0)
}

pub(crate) fn key(it: &hazel_core::key::PublicKey) -> Node {
    Node::Key(it.0.to_vec())
}

pub(crate) fn signature(it: &hazel_core::key::Signature) -> Node {
    Node::fixed("signature", &it.0)
}

pub(crate) fn chain(it: &ChainId) -> Node {
    let items = vec![side(it.side), Node::uint32("device", it.device), Node::uint("epoch", it.epoch)];
    Node::array("chain", items)
}

pub(crate) fn terms(it: &Terms) -> Node {
    Node::array("terms", vec![units(it.limit), Node::uint32("days of notice", it.notice_days)])
}

pub(crate) fn grant(it: &Grant) -> Node {
    let (device, epoch) = (Node::uint32("device", it.device), Node::uint("epoch", it.epoch));
    Node::array("device grant", vec![device, epoch, hash(&it.first_key), key(&it.device_key)])
}

pub(crate) fn address(it: &Address) -> Node {
    let (host, port) = it.endpoint().unwrap_or_default();
    let port = Node::Uint { what: "port", value: port.into(), max: u16::MAX.into() };
    let (cuid, agent) = (Node::text("cuid", it.cuid(), 64), Node::text("agent", it.agent(), 64));
    Node::array("address", vec![cuid, agent, Node::text("host", host, 253), port])
}

pub(crate) fn cert(it: &PartyCert) -> Node {
    let items = vec![
        key(&it.party_key),
        Node::fixed("agreement key", &it.agreement_key),
        Node::text("name", &it.name, 64),
        Node::maybe("address", it.address.as_ref().map(|it| address(it).whole())),
        Node::List {
            what: "device grants",
            items: it.grants.iter().map(|it| grant(it).whole()).collect(),
            max: 8,
        },
        Node::List { what: "nodes", items: it.nodes.iter().map(key).collect(), max: 16 },
    ];
    Node::array("certificate of a party", items)
}

pub(crate) fn half(it: &Half) -> Node {
    Node::array("half of a tally", vec![cert(&it.cert).whole(), terms(&it.terms).whole()])
}

pub(crate) fn halves(it: &Halves<Half>) -> Node {
    Node::array("two halves", vec![half(&it.stock).whole(), half(&it.foil).whole()])
}

pub(crate) fn tally(it: &Tally) -> Node {
    let items = vec![
        Node::Suite,
        tally_id(&it.id),
        Node::uint32("revision", it.revision),
        Node::uint("date", it.date),
        hash(&it.contract),
        Node::text("denomination", &it.denomination, 16),
        halves(&it.halves).whole(),
    ];
    Node::array("tally", items)
}

pub(crate) fn signed_tally(it: &SignedTally) -> Node {
    let word = |side| Node::maybe("signature", it.signatures.of(side).as_ref().map(signature));
    Node::array(
        "signed tally",
        vec![Node::Version("signed tally"), tally(&it.tally).whole(), word(Side::Stock), word(Side::Foil)],
    )
}

pub(crate) fn reference(it: &ChitRef) -> Node {
    let seq = Node::uint("sequence number", it.seq);
    Node::array("chit reference", vec![chain(&it.chain).whole(), seq, hash(&it.hash)])
}

pub(crate) fn variables(it: &Variables) -> Node {
    let rate = |what, value: i32| Node::Int { what, value: value.into() };
    let items = vec![units(it.target), units(it.bound), rate("reward", it.reward), rate("clutch", it.clutch)];
    Node::array("trading variables", items)
}

pub(crate) fn head(it: &Head) -> Node {
    let bounded = |what, number| Node::Uint { what, value: number, max: u32::MAX.into() };
    let (view, index) = (bounded("view", it.view), bounded("index", it.index));
    Node::array("head", vec![Node::Suite, tally_id(&it.tally), view, index, hash(&it.hash)])
}

pub(crate) fn seal(it: &Seal) -> Node {
    let sealed = |(place, seq): &(ChainId, u64)| {
        Node::array("sealed chain", vec![chain(place).whole(), Node::uint("sequence number", *seq)])
    };
    let chains =
        Node::List { what: "sealed chains", items: it.chains.iter().map(sealed).collect(), max: 1024 };
    Node::array("seal", vec![head(&it.head).whole(), chains])
}

pub(crate) fn body(it: &Body) -> Node {
    let kind = |value| Node::Kind { what: "kind of chit", value, newer: 9 };
    let act = |value| Node::Kind { what: "kind of device act", value, newer: 4 };
    let items = match it {
        Body::Pledge { units: amount, invoice, sealed } => {
            let invoice = invoice.map(|it| Node::fixed("invoice id", &it.0));
            let sealed = sealed.clone().map(|bytes| Node::Bytes { what: "sealed memo", bytes, max: 340 });
            let memo = Node::maybe("sealed memo", sealed);
            vec![kind(0), units(*amount), Node::maybe("invoice id", invoice), memo]
        }
        Body::Set(it) => vec![kind(1), variables(it).whole()],
        Body::Terms { terms: it, from } => {
            vec![kind(2), terms(it).whole(), Node::uint("date of effect", *from)]
        }
        Body::Call { down_to, by } => {
            vec![kind(3), units(*down_to), Node::uint("date of the call", *by)]
        }
        Body::Accept { chit } => vec![kind(4), reference(chit).whole()],
        Body::Device(DeviceAct::Add(it)) => vec![kind(5), act(0), grant(it).whole()],
        Body::Device(DeviceAct::Revoke { device }) => {
            vec![kind(5), act(1), Node::uint32("device", *device)]
        }
        Body::Device(DeviceAct::Epoch { grant: it, by_party }) => {
            vec![kind(5), act(2), grant(it).whole(), signature(by_party)]
        }
        Body::Device(DeviceAct::Hand { to, units: amount }) => {
            vec![kind(5), act(3), Node::uint32("device", *to), units(*amount)]
        }
        Body::Nodes { epoch, nodes } => {
            let nodes = Node::List { what: "nodes", items: nodes.iter().map(key).collect(), max: 16 };
            vec![kind(6), Node::uint("epoch of nodes", *epoch), nodes]
        }
        Body::Close => vec![kind(7)],
        Body::Seal(it) => vec![kind(8), seal(it).whole()],
    };
    Node::Array { what: "chit body", items, cap: Some(8) }
}

pub(crate) fn chit(it: &Chit) -> Node {
    let items = vec![
        Node::Suite,
        tally_id(&it.tally),
        side(it.chain.side),
        Node::uint32("device", it.chain.device),
        Node::uint("epoch", it.chain.epoch),
        Node::Uint { what: "sequence number", value: it.seq, max: u32::MAX.into() },
        hash(&it.prev_own),
        hash(&it.next_key),
        Node::uint("date", it.date),
        body(&it.body).whole(),
    ];
    Node::array("chit", items)
}

pub(crate) fn signed_chit(it: &SignedChit) -> Node {
    let key = Node::fixed("chit key", &it.key.0);
    let items = vec![Node::Version("signed chit"), chit(&it.chit).whole(), key, signature(&it.signature)];
    Node::array("signed chit", items)
}

/// The short form shows nothing of itself but its bytes, so it is laid out from the whole chit.
pub(crate) fn brief(it: &SignedChit) -> Node {
    let fixed = [&it.chit.next_key.0[..], &it.key.0, &it.signature.0].concat();
    let fixed = Node::fixed("key, next key and signature", &fixed);
    Node::array("brief chit", vec![Node::uint("date", it.chit.date), body(&it.chit.body).whole(), fixed])
}

pub(crate) fn note(it: &Note) -> Node {
    let (memo, reference) = (Node::text("memo", &it.memo, 240), Node::text("reference", &it.reference, 64));
    Node::array("note", vec![memo, reference])
}

pub(crate) fn endorsement(it: &Endorsement) -> Node {
    let items =
        vec![Node::Version("endorsement"), head(&it.head).whole(), key(&it.key), signature(&it.signature)];
    Node::array("endorsement", items)
}

pub(crate) fn certificate(it: &Certificate) -> Node {
    let words = it.words.iter().map(|(by, word)| Node::array("endorsement", vec![key(by), signature(word)]));
    let words = Node::List { what: "endorsements", items: words.collect(), max: 32 };
    Node::array("certificate", vec![Node::Version("certificate"), head(&it.head).whole(), words])
}

pub(crate) fn run(it: &Run) -> Node {
    let view = Node::Uint { what: "view", value: it.view, max: u32::MAX.into() };
    let (first, count) = (Node::uint("first of a run", it.first), Node::uint("length of a run", it.count));
    Node::array("run of chits", vec![view, chain(&it.chain).whole(), first, count, hash(&it.last)])
}

pub(crate) fn links(it: &Links) -> Node {
    let runs = it.runs.iter().map(|it| run(it).whole()).collect();
    let runs = Node::List { what: "runs", items: runs, max: 1 << 21 };
    Node::array("links", vec![Node::uint("index", it.after), runs, endorsement(&it.endorsement).whole()])
}

pub(crate) fn proof(it: &ForkProof) -> Node {
    let kind = |value| Node::Kind { what: "kind of proof", value, newer: 2 };
    let version = Node::Version("fork proof");
    let items = match it {
        ForkProof::Chits(one, other) => {
            vec![version, kind(0), signed_chit(one).whole(), signed_chit(other).whole()]
        }
        ForkProof::Orders(one, other) => {
            vec![version, kind(1), endorsement(one).whole(), endorsement(other).whole()]
        }
    };
    Node::array("fork proof", items)
}

pub(crate) fn line(it: &Line) -> Node {
    let (text, count) = (Node::text("item text", &it.text, 80), Node::uint32("item count", it.count));
    Node::array("invoice item", vec![text, count, units(it.units)])
}

pub(crate) fn particulars(it: &Particulars) -> Node {
    let items = it.lines.iter().map(|it| line(it).whole()).collect();
    let lines = Node::List { what: "items", items, max: 24 };
    Node::array("particulars of an invoice", vec![Node::text("memo", &it.memo, 240), lines])
}

pub(crate) fn invoice(it: &Invoice) -> Node {
    let items = vec![
        Node::Suite,
        tally_id(&it.tally),
        chain(&it.by).whole(),
        Node::uint("date", it.date),
        Node::uint("expiry", it.expires),
        units(it.units),
        Node::maybe("invoice id", it.supersedes.map(|it| Node::fixed("invoice id", &it.0))),
        Node::Bytes { what: "sealed particulars", bytes: it.sealed.clone(), max: 4096 },
        Node::fixed("nonce", &it.nonce),
    ];
    Node::array("invoice", items)
}

pub(crate) fn signed_invoice(it: &SignedInvoice) -> Node {
    let items = vec![Node::Version("signed invoice"), invoice(&it.invoice).whole(), signature(&it.signature)];
    Node::array("signed invoice", items)
}

pub(crate) fn answer(it: &Answer) -> Node {
    let value = match it.verdict {
        Verdict::Declined => 0,
        Verdict::Withdrawn => 1,
    };
    let items = vec![
        Node::Suite,
        tally_id(&it.tally),
        chain(&it.by).whole(),
        Node::fixed("invoice id", &it.invoice.0),
        Node::Kind { what: "verdict", value, newer: 2 },
        Node::uint("date", it.date),
    ];
    Node::array("answer to an invoice", items)
}

pub(crate) fn signed_answer(it: &SignedAnswer) -> Node {
    let items = vec![Node::Version("signed answer"), answer(&it.answer).whole(), signature(&it.signature)];
    Node::array("signed answer", items)
}

pub(crate) fn receipt(it: &Receipt) -> Node {
    let (by, of) = (chain(&it.by).whole(), chain(&it.chain).whole());
    let seq = Node::uint("sequence number", it.seq);
    Node::array("receipt", vec![Node::Suite, tally_id(&it.tally), by, of, seq, hash(&it.hash)])
}

pub(crate) fn signed_receipt(it: &SignedReceipt) -> Node {
    let items = vec![Node::Version("signed receipt"), receipt(&it.receipt).whole(), signature(&it.signature)];
    Node::array("signed receipt", items)
}

pub(crate) fn pledge_code(it: &PledgeCode) -> Node {
    let mut items = open_pledge("payment code", it);
    let fixed = [&it.next_key.0[..], &it.key.0, &it.signature.0].concat();
    items.push(Node::fixed("key, next key and signature", &fixed));
    Node::array("payment code", items)
}

pub(crate) fn receipted_code(it: &ReceiptedCode) -> Node {
    let pledge = &it.pledge;
    let mut items = open_pledge("payment code with receipt", pledge);
    items.extend([Node::uint32("device", it.device), Node::uint("epoch", it.epoch)]);
    let fixed = [&pledge.next_key.0[..], &pledge.key.0, &pledge.signature.0, &it.signature.0].concat();
    items.push(Node::fixed("key, next key and two signatures", &fixed));
    Node::array("payment code with receipt", items)
}

fn open_pledge(what: &'static str, it: &PledgeCode) -> Vec<Node> {
    let invoice = it.invoice.map(|it| Node::fixed("invoice id", &it.0));
    let sealed = it.sealed.clone().map(|bytes| Node::Bytes { what: "sealed memo", bytes, max: 340 });
    vec![
        Node::Version(what),
        tally_id(&it.tally),
        side(it.chain.side),
        Node::uint32("device", it.chain.device),
        Node::uint("epoch", it.chain.epoch),
        Node::Uint { what: "sequence number", value: it.seq, max: u32::MAX.into() },
        Node::uint("date", it.date),
        units(it.units),
        Node::maybe("invoice id", invoice),
        Node::maybe("sealed memo", sealed),
    ]
}

pub(crate) fn ticket(it: &Ticket) -> Node {
    let places = it.rendezvous.iter().map(|it| Node::text("place to meet", it, 128)).collect();
    let items = vec![
        Node::Version("ticket"),
        Node::Suite,
        tally_id(&it.tally),
        side(it.role),
        Node::fixed("meeting key", &it.meeting_key),
        hash(&it.party_commitment),
        Node::fixed("nonce", &it.nonce),
        Node::uint("expiry", it.expires),
        terms(&it.terms).whole(),
        Node::text("name", &it.name, 64),
        Node::List { what: "places to meet", items: places, max: 4 },
    ];
    Node::array("ticket", items)
}

pub(crate) fn request(it: &Request) -> Node {
    let nonce = Node::fixed("nonce", &it.nonce);
    let items =
        vec![Node::Suite, tally_id(&it.tally), nonce, cert(&it.cert).whole(), terms(&it.terms).whole()];
    Node::array("tally request", items)
}

pub(crate) fn signed_request(it: &SignedRequest) -> Node {
    let items =
        vec![Node::Version("signed tally request"), request(&it.request).whole(), signature(&it.signature)];
    Node::array("signed tally request", items)
}

pub(crate) fn page(it: &Page) -> Node {
    let whole = it.clone().unfold();
    let first = Node::uint("sequence number", it.first);
    let briefs = whole.iter().map(|it| brief(it).whole()).collect();
    let chits = Node::List { what: "chits", items: briefs, max: 1000 };
    Node::array(
        "page of chits",
        vec![tally_id(&it.tally), chain(&it.chain).whole(), first, hash(&it.before), chits],
    )
}

pub(crate) fn have(it: &Have) -> Node {
    let held = |(place, seq, last): &(ChainId, u64, hazel_core::digest::Digest)| {
        let seq = Node::uint("sequence number", *seq);
        Node::array("held chain", vec![chain(place).whole(), seq, hash(last)])
    };
    let invoices = it.invoices.iter().map(|it| Node::fixed("invoice id", &it.0)).collect();
    let items = vec![
        tally_id(&it.tally),
        hash(&it.contract),
        Node::List { what: "held chains", items: it.chains.iter().map(held).collect(), max: 1024 },
        Node::uint("view", it.view),
        Node::uint("index", it.index),
        hash(&it.hash),
        Node::uint("agreed index", it.agreed),
        Node::List { what: "waiting invoices", items: invoices, max: 256 },
        Node::Uint { what: "restored", value: it.restored.into(), max: 1 },
    ];
    Node::array("summary of what is held", items)
}

pub(crate) fn message(it: &Message) -> Node {
    let (kind, inner) = match it {
        Message::Request(it) => (0, signed_request(it).whole()),
        Message::Offer(it) => (1, signed_tally(it).whole()),
        Message::Refuse { tally, version } => {
            (2, Node::array("refusal", vec![tally_id(tally), hash(version)]))
        }
        Message::Chits(it) => (3, page(it).whole()),
        Message::Links(it) => (4, links(it).whole()),
        Message::Endorsement(it) => (5, endorsement(it).whole()),
        Message::Receipt(it) => (6, signed_receipt(it).whole()),
        Message::Invoice(it) => (7, signed_invoice(it).whole()),
        Message::Answer(it) => (8, signed_answer(it).whole()),
        Message::Have(it) => (9, have(it).whole()),
        Message::Certificate(it) => (10, certificate(it).whole()),
        Message::Proof(it) => (11, proof(it).whole()),
    };
    let kind = Node::Kind { what: "kind of message", value: kind, newer: 12 };
    Node::array("message", vec![Node::Version("message"), kind, inner])
}

/// A hand-over is taken apart by its bytes: its parts are nobody's business.
pub(crate) fn handover(introduction: Option<&[u8; 32]>, tag: &[u8], nonce: &[u8], sealed: &[u8]) -> Node {
    let sealed = Node::Bytes { what: "sealed messages", bytes: sealed.to_vec(), max: 1 << 26 };
    let introduction = Node::maybe("introduction", introduction.map(|it| Node::fixed("introduction", it)));
    let (tag, nonce) = (Node::fixed("tag", tag), Node::fixed("nonce", nonce));
    Node::array("hand-over", vec![Node::Version("hand-over"), introduction, tag, nonce, sealed])
}
