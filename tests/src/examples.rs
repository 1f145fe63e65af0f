//! One honest example of every object that can be decoded, and more at the edges of its ranges.

use hazel_core::canon::Canon;
use hazel_core::chit::{Body, Note, Variables};
use hazel_core::digest::{Digest, Statement};
use hazel_core::invoice::{Line, Particulars, Verdict};
use hazel_core::key::{PublicKey, Signature};
use hazel_core::order::Run;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::tally::{Half, PartyCert, Side, SignedTally, Terms};
use hazel_core::units::Units;

use crate::grammar::Node;
use crate::honest::{self, ELSEWHERE, NOW, Pair, Person, TALLY, plain};
use crate::shapes;
use crate::strangers::Depth;

/// An object as it must be read.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// What the core writes.
    pub bytes: Vec<u8>,
    /// What the grammar says of it.
    pub node: Node,
    /// How far strangers go on it; none if they leave it to another example.
    pub tried: Option<Depth>,
    /// What is signed in it, with which key.
    pub signed: Option<(Statement, Digest, PublicKey, Signature)>,
}

impl Example {
    fn of<T: Canon>(name: impl Into<String>, it: &T, node: Node) -> Self {
        Self { name: name.into(), bytes: it.to_bytes(), node, tried: None, signed: None }
    }

    fn own(self) -> Self {
        Self { tried: Some(Depth::Own), ..self }
    }

    fn deep(self) -> Self {
        Self { tried: Some(Depth::Deep), ..self }
    }

    fn signed(self, what: Statement, body: Digest, key: PublicKey, signature: Signature) -> Self {
        Self { signed: Some((what, body, key, signature)), ..self }
    }
}

/// All of them, in a stable order.
#[must_use]
pub fn examples() -> Option<Vec<Example>> {
    let pair = Pair::new();
    let mut all = parts(&pair)?;
    all.extend(chits(&pair)?);
    all.extend(documents(&pair)?);
    all.extend(orders(&pair));
    all.extend(edges(&pair)?);
    for (index, message) in pair.messages()?.iter().enumerate() {
        let name = format!("message of kind {index}");
        let example = Example::of(name, message, shapes::message(message));
        // What is inside is tried on its own; the message itself on its smallest kind.
        all.push(if index == 2 { example.own() } else { example });
    }
    for introduced in [false, true] {
        let it = pair.handover(introduced)?;
        let bytes = it.to_bytes();
        // Behind the head, the version and the introduction: 0x50 tag, 0x58 0x18 nonce, and what is sealed.
        let rest = bytes.get(if introduced { 36 } else { 3 }..)?;
        let (tag, nonce, sealed) = (rest.get(1..17)?, rest.get(19..43)?, rest.get(45..)?);
        let node = shapes::handover(it.introduction(), tag, nonce, sealed);
        let name = if introduced { "hand-over to an inviter" } else { "hand-over to a partner" };
        let example = Example::of(name, &it, node);
        all.push(if introduced { example.own() } else { example });
    }
    Some(all)
}

fn parts(pair: &Pair) -> Option<Vec<Example>> {
    let (foil, cert) = (&pair.foil, pair.foil.cert("Béla"));
    let with_address = PartyCert { address: Some(honest::address()?), ..cert.clone() };
    let half = Half { cert: cert.clone(), terms: honest::terms() };
    let variables =
        Variables { target: Units::new(-5), bound: Units::new(7_000), reward: -1_000, clutch: 250 };
    let line = Line { text: "coffee".to_owned(), count: 2, units: Units::new(12_500) };
    let chit = foil.chit(plain(12_500));
    let tally = pair.tally();
    Some(vec![
        Example::of("tally id", &TALLY, shapes::tally_id(&TALLY)).own(),
        Example::of("stock", &Side::Stock, shapes::side(Side::Stock)).own(),
        Example::of("foil", &Side::Foil, shapes::side(Side::Foil)),
        Example::of("amount", &Units::new(12_500), shapes::units(Units::new(12_500))).own(),
        Example::of("hash", &Digest::of(b"hazel"), shapes::hash(&Digest::of(b"hazel"))).own(),
        Example::of("public key", &foil.device.public(), shapes::key(&foil.device.public())).own(),
        Example::of("signature", &chit.signature, shapes::signature(&chit.signature)).own(),
        Example::of("chain", &foil.chain(), shapes::chain(&foil.chain())).own(),
        Example::of("terms", &honest::terms(), shapes::terms(&honest::terms())).own(),
        Example::of("grant", &foil.grant(), shapes::grant(&foil.grant())).own(),
        Example::of("address", &honest::address()?, shapes::address(&honest::address()?)).own(),
        Example::of("certificate without address", &cert, shapes::cert(&cert)).own(),
        Example::of("certificate with address", &with_address, shapes::cert(&with_address)),
        Example::of("half", &half, shapes::half(&half)).own(),
        Example::of("two halves", &tally.halves, shapes::halves(&tally.halves)).own(),
        Example::of("trading variables", &variables, shapes::variables(&variables)).own(),
        Example::of("note", &honest::note(), shapes::note(&honest::note())).own(),
        Example::of("item", &line, shapes::line(&line)).own(),
        Example::of("particulars", &honest::particulars(), shapes::particulars(&honest::particulars())).own(),
        Example::of("invoice id", &pair.invoice()?.id(), Node::fixed("invoice id", &pair.invoice()?.id().0))
            .own(),
        Example::of("chit reference", &chit.chit.reference(), shapes::reference(&chit.chit.reference()))
            .own(),
        Example::of("seal", &pair.seal(), shapes::seal(&pair.seal())).own(),
    ])
}

fn chits(pair: &Pair) -> Option<Vec<Example>> {
    let mut all = Vec::new();
    for (index, body) in pair.bodies()?.into_iter().enumerate() {
        let kind = format!("{} ({index})", body.kind());
        all.push(Example::of(format!("body: {kind}"), &body, shapes::body(&body)).own());
        let it = pair.foil.chit(body);
        let chit = Example::of(format!("signed chit: {kind}"), &it, shapes::signed_chit(&it));
        let chit = chit.signed(Statement::Chit, it.chit.hash(), it.key, it.signature);
        if index == 0 {
            all.push(chit.deep());
            all.push(Example::of(format!("chit: {kind}"), &it.chit, shapes::chit(&it.chit)).own());
            all.push(Example::of(format!("brief chit: {kind}"), &it.brief(), shapes::brief(&it)).own());
        } else {
            all.push(chit);
            all.push(Example::of(format!("chit: {kind}"), &it.chit, shapes::chit(&it.chit)));
        }
    }
    for it in pair.foil.chits(&[plain(1), plain(2), plain(3)]) {
        let name = format!("signed chit: number {}", it.chit.seq);
        let example = Example::of(name, &it, shapes::signed_chit(&it));
        all.push(example.signed(Statement::Chit, it.chit.hash(), it.key, it.signature));
    }
    let page = pair.page()?;
    all.push(Example::of("page", &page, shapes::page(&page)).own());
    let pledge = PledgeCode::of(&pair.foil.chit(pair.pledge()?))?;
    all.push(Example::of("payment code", &pledge, shapes::pledge_code(&pledge)).own());
    let plain = pair.foil.chit(plain(12_500));
    let bare = PledgeCode::of(&plain)?;
    all.push(Example::of("payment code without invoice and memo", &bare, shapes::pledge_code(&bare)));
    let receipted = ReceiptedCode::of(&plain, &pair.signed_receipt())?;
    all.push(Example::of("payment code with receipt", &receipted, shapes::receipted_code(&receipted)).own());
    Some(all)
}

fn documents(pair: &Pair) -> Option<Vec<Example>> {
    let (tally, digest) = (pair.tally(), pair.tally().digest());
    let mut all = vec![Example::of("tally", &tally, shapes::tally(&tally)).own()];
    let draft = SignedTally::draft(tally);
    let offer = draft.clone().signed(Side::Stock, &pair.stock.party());
    let word = offer.signatures.stock?;
    all.push(Example::of("draft", &draft, shapes::signed_tally(&draft)));
    let offered = Example::of("offer", &offer, shapes::signed_tally(&offer));
    all.push(offered.signed(Statement::Tally, digest, pair.stock.party().public(), word));
    let contract = pair.contract();
    let word = contract.signatures.foil?;
    let example = Example::of("contract", &contract, shapes::signed_tally(&contract)).own();
    all.push(example.signed(Statement::Tally, digest, pair.foil.party().public(), word));
    all.push(Example::of("ticket", &pair.ticket(), shapes::ticket(&pair.ticket())).own());
    let request = pair.signed_request();
    let body = Digest::of(&request.request.to_bytes());
    all.push(Example::of("request", &request.request, shapes::request(&request.request)).own());
    let example = Example::of("signed request", &request, shapes::signed_request(&request)).own();
    all.push(example.signed(Statement::Request, body, pair.foil.party().public(), request.signature));
    let invoice = pair.signed_invoice()?;
    let body = Digest::of(&invoice.invoice.to_bytes());
    all.push(Example::of("invoice", &invoice.invoice, shapes::invoice(&invoice.invoice)).own());
    let example = Example::of("signed invoice", &invoice, shapes::signed_invoice(&invoice)).own();
    all.push(example.signed(Statement::Invoice, body, pair.stock.device.public(), invoice.signature));
    for (verdict, by) in [(Verdict::Declined, &pair.foil), (Verdict::Withdrawn, &pair.stock)] {
        let it = pair.signed_answer(verdict)?;
        let body = Digest::of(&it.answer.to_bytes());
        let declined = verdict == Verdict::Declined;
        let example = Example::of(format!("answer: {verdict:?}"), &it.answer, shapes::answer(&it.answer));
        all.push(if declined { example.own() } else { example });
        let example = Example::of(format!("signed answer: {verdict:?}"), &it, shapes::signed_answer(&it));
        let example = if declined { example.own() } else { example };
        all.push(example.signed(Statement::Answer, body, by.device.public(), it.signature));
    }
    let receipt = pair.signed_receipt();
    let body = Digest::of(&receipt.receipt.to_bytes());
    all.push(Example::of("receipt", &receipt.receipt, shapes::receipt(&receipt.receipt)).own());
    let example = Example::of("signed receipt", &receipt, shapes::signed_receipt(&receipt)).own();
    all.push(example.signed(Statement::Receipt, body, pair.stock.device.public(), receipt.signature));
    let have = pair.have()?;
    all.push(Example::of("have", &have, shapes::have(&have)).own());
    Some(all)
}

fn orders(pair: &Pair) -> Vec<Example> {
    let (head, word, links) = (pair.head(), pair.endorsement(), pair.links());
    let (certificate, chain, order) = (pair.certificate(), pair.forked_chain(), pair.forked_order());
    let body = Digest::of(&head.to_bytes());
    let mut all: Vec<_> =
        links.runs.iter().map(|run| Example::of("run", run, shapes::run(run)).own()).collect();
    all.extend([
        Example::of("head", &head, shapes::head(&head)).own(),
        Example::of("endorsement", &word, shapes::endorsement(&word)).own().signed(
            Statement::Endorsement,
            body,
            word.key,
            word.signature,
        ),
        Example::of("links", &links, shapes::links(&links)).own(),
        Example::of("certificate of two nodes", &certificate, shapes::certificate(&certificate)).own(),
        Example::of("proof of a forked chain", &chain, shapes::proof(&chain)),
        Example::of("proof of a forked order", &order, shapes::proof(&order)).own(),
    ]);
    all
}

/// The largest, smallest and widest values that are still allowed.
fn edges(pair: &Pair) -> Option<Vec<Example>> {
    let mut all = Vec::new();
    let widths = [0, 23, 24, 255, 256, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, u64::MAX >> 1];
    for number in widths {
        let mut chit = pair.foil.chit(plain(1)).chit;
        (chit.date, chit.chain.epoch) = (number, number);
        all.push(Example::of(format!("chit: date and epoch {number}"), &chit, shapes::chit(&chit)));
        let mut head = pair.head();
        if u32::try_from(number).is_ok() {
            (head.view, head.index) = (number, number);
            all.push(Example::of(format!("head: view and index {number}"), &head, shapes::head(&head)));
        }
    }
    for seq in [1, 23, 24, 255, 256, 65_536, u64::from(u32::MAX)] {
        let mut chit = pair.foil.chit(plain(1)).chit;
        (chit.seq, chit.tally) = (seq, ELSEWHERE);
        all.push(Example::of(format!("chit: number {seq}"), &chit, shapes::chit(&chit)));
    }
    for milli in [0, -1, 23, 24, -24, -25, 255, -256, -257, 65_535, i64::from(u32::MAX), i64::MAX, i64::MIN] {
        let units = Units::new(milli);
        all.push(Example::of(format!("amount {milli}"), &units, shapes::units(units)));
    }
    for milli in [1, Units::MAX.milli()] {
        let body = plain(milli);
        all.push(Example::of(format!("pledge of {milli}"), &body, shapes::body(&body)));
    }
    for (limit, notice_days) in [(0, 0), (Units::MAX.milli(), 3650)] {
        let terms = Terms { limit: Units::new(limit), notice_days };
        all.push(Example::of(format!("terms: limit {limit}"), &terms, shapes::terms(&terms)));
    }
    for rate in [-1_000_000, 1_000_000] {
        let it = Variables { reward: rate, clutch: rate, ..Variables::default() };
        all.push(Example::of(format!("rates of {rate}"), &it, shapes::variables(&it)));
    }
    for (memo, reference) in [(0, 0), (23, 24), (240, 64)] {
        let it = Note { memo: "m".repeat(memo), reference: "r".repeat(reference) };
        all.push(Example::of(format!("note of {memo} and {reference} bytes"), &it, shapes::note(&it)));
    }
    for count in [0, 24] {
        let line = Line { text: "€".repeat(26), count: u32::MAX, units: Units::ZERO };
        let it = Particulars { memo: String::new(), lines: vec![line; count] };
        all.push(Example::of(format!("particulars of {count} items"), &it, shapes::particulars(&it)));
    }
    let sealed = Body::Pledge { units: Units::new(1), invoice: None, sealed: Some(vec![0; 340]) };
    all.push(Example::of("pledge with the longest note", &sealed, shapes::body(&sealed)));
    let mut cert = pair.foil.cert("");
    let more = (3..18).map(|number| Person::new(Side::Foil, number).node().public());
    cert.nodes.extend(more);
    all.push(Example::of("certificate of sixteen nodes", &cert, shapes::cert(&cert)));
    let grants = (1..=8).map(|device| hazel_core::tally::Grant { device, ..pair.foil.grant() });
    let cert = PartyCert { grants: grants.collect(), ..pair.foil.cert(&"n".repeat(64)) };
    all.push(Example::of("certificate of eight devices", &cert, shapes::cert(&cert)));
    for (first, count) in [(1, u64::from(u32::MAX)), (u64::from(u32::MAX), 1)] {
        let run = Run { view: 0, chain: pair.foil.chain(), first, count, last: Digest::default() };
        all.push(Example::of(format!("run from {first}"), &run, shapes::run(&run)));
    }
    for text in ["chip://U2F3W5", "chip://ana:U2F3W5", "chip://a:b@h:1", "chip://a-b_c.d:E@h.example:65535"] {
        let it: hazel_core::address::Address = text.parse().ok()?;
        all.push(Example::of(text, &it, shapes::address(&it)));
    }
    let mut ticket = pair.ticket();
    (ticket.role, ticket.expires, ticket.name) = (Side::Foil, u64::MAX >> 1, String::new());
    ticket.rendezvous.clear();
    all.push(Example::of("ticket for a meeting face to face", &ticket, shapes::ticket(&ticket)));
    ticket.rendezvous = vec!["p".repeat(128); 4];
    all.push(Example::of("ticket with four places", &ticket, shapes::ticket(&ticket)));
    let mut invoice = pair.invoice()?;
    invoice.supersedes = Some(invoice.id());
    (invoice.expires, invoice.date) = (NOW, 0);
    all.push(Example::of("invoice that takes another's place", &invoice, shapes::invoice(&invoice)));
    let mut have = pair.have()?;
    have.chains.clear();
    have.invoices.clear();
    have.restored = true;
    all.push(Example::of("have of nothing", &have, shapes::have(&have)));
    Some(all)
}
