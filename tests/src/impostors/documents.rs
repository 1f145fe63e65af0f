//! Receipts, invoices, answers, requests and contracts that are not what they claim.

use hazel_core::canon::Canon;
use hazel_core::digest::{Digest, Statement};
use hazel_core::invoice::{SignedAnswer, SignedInvoice, Verdict};
use hazel_core::key::{SecretKey, Signature};
use hazel_core::receipt::{Receipt, SignedReceipt};
use hazel_core::tally::{Side, SignedTally, Tally};
use hazel_core::ticket::{SignedRequest, Ticket};

use super::{Attempt, fails, passes, wrong_signatures};
use crate::curve;
use crate::door::{Ground, text};
use crate::fault::Fault;
use crate::honest::{ELSEWHERE, NOW, Pair, Person, TALLY};
use crate::vectors::hex;

pub(super) fn attempts(pair: &Pair) -> Option<Vec<Attempt>> {
    let mut all = receipts(pair);
    all.extend(invoices(pair)?);
    all.extend(answers(pair)?);
    all.extend(requests(pair));
    all.extend(offers(pair));
    Some(all)
}

fn device_ground(judge: &Person, signer: &Person) -> Ground {
    Ground {
        tally: Some(text(&TALLY)),
        my_side: Some(judge.side.to_string()),
        device_key: Some(hex(&signer.device.public().0)),
        ..Ground::default()
    }
}

/// What holds for every document of a device: another tally, an unknown device, another device, a weak key, every wrong signature.
fn device_documents<T: Canon>(
    what: &str,
    kind: Statement,
    signer: (&SecretKey, &Digest),
    ground: &Ground,
    with: impl Fn(Signature) -> T,
) -> Vec<Attempt> {
    let good = with(signer.0.sign(kind, signer.1));
    let mut all = vec![passes(format!("honest {what}"), &good, ground, "good")];
    let elsewhere = Ground { tally: Some(text(&ELSEWHERE)), ..ground.clone() };
    all.push(fails("other_tally", "of another tally", &good, &elsewhere, Fault::other_tally(what)));
    let unknown = Ground { device_key: None, ..ground.clone() };
    let never =
        Fault::new("unknown_device", format!("{what}: signed by a device that was never granted leave"));
    all.push(fails("unknown_device", "by an unknown device", &good, &unknown, never));
    let another =
        Ground { device_key: Some(hex(&SecretKey::from_seed(&[98; 32]).public().0)), ..ground.clone() };
    all.push(fails("wrong_key", "by another device", &good, &another, Fault::bad_signature(what)));
    for (name, key) in curve::weak_keys().into_iter().step_by(7) {
        let weak = Ground { device_key: Some(hex(&key)), ..ground.clone() };
        all.push(fails(
            "weak_key",
            format!("the device's key: {name}"),
            &good,
            &weak,
            Fault::weak_signer(what),
        ));
    }
    for (class, name, signature) in wrong_signatures(kind, signer.0, signer.1) {
        all.push(fails(class, name, &with(signature), ground, Fault::bad_signature(what)));
    }
    all
}

fn wrong_side(what: &str) -> Fault {
    Fault::new("wrong_side", format!("{what}: signed for the wrong half of the tally"))
}

fn receipts(pair: &Pair) -> Vec<Attempt> {
    let (ground, receipt) = (device_ground(&pair.foil, &pair.stock), pair.receipt());
    let body = Digest::of(&receipt.to_bytes());
    let with = |signature| SignedReceipt { receipt: receipt.clone(), signature };
    let mut all = device_documents("receipt", Statement::Receipt, (&pair.stock.device, &body), &ground, with);
    let own = Receipt { by: pair.foil.chain(), ..receipt.clone() }.sign(&pair.stock.device);
    all.push(fails("other_side", "for its own chain", &own, &ground, wrong_side("receipt")));
    let mut more = pair.signed_receipt();
    more.receipt.seq = 2;
    all.push(fails("altered", "for one chit more", &more, &ground, Fault::bad_signature("receipt")));
    all
}

fn invoices(pair: &Pair) -> Option<Vec<Attempt>> {
    let (ground, invoice) = (device_ground(&pair.foil, &pair.stock), pair.invoice()?);
    let body = Digest::of(&invoice.to_bytes());
    let with = |signature| SignedInvoice { invoice: invoice.clone(), signature };
    let mut all = device_documents("invoice", Statement::Invoice, (&pair.stock.device, &body), &ground, with);
    let mut dearer = pair.signed_invoice()?;
    dearer.invoice.units = hazel_core::units::Units::new(99_000);
    all.push(fails("altered", "for more than was asked", &dearer, &ground, Fault::bad_signature("invoice")));
    Some(all)
}

fn answers(pair: &Pair) -> Option<Vec<Attempt>> {
    const WHAT: &str = "answer to an invoice";
    let mut all = Vec::new();
    for (verdict, by, judge) in
        [(Verdict::Declined, &pair.foil, &pair.stock), (Verdict::Withdrawn, &pair.stock, &pair.foil)]
    {
        let ground = Ground { asker: Some(Side::Stock.to_string()), ..device_ground(judge, by) };
        let answer = pair.answer(verdict)?;
        let body = Digest::of(&answer.to_bytes());
        let with = |signature| SignedAnswer { answer: answer.clone(), signature };
        all.extend(device_documents(WHAT, Statement::Answer, (&by.device, &body), &ground, with));
        let turned = Ground { asker: Some(Side::Foil.to_string()), ..ground.clone() };
        let it = pair.signed_answer(verdict)?;
        all.push(fails(
            "other_side",
            format!("{verdict:?} by the wrong half"),
            &it,
            &turned,
            wrong_side(WHAT),
        ));
        let mut other = it;
        other.answer.verdict = match verdict {
            Verdict::Declined => Verdict::Withdrawn,
            Verdict::Withdrawn => Verdict::Declined,
        };
        all.push(fails("other_side", format!("{verdict:?} turned round"), &other, &ground, wrong_side(WHAT)));
    }
    Some(all)
}

fn altered(what: &str) -> Fault {
    Fault::new(
        "altered",
        format!("the partner changed the {what} of the tally that was offered; it was not opened"),
    )
}

fn requests(pair: &Pair) -> Vec<Attempt> {
    const WHAT: &str = "tally request";
    let ground = |ticket: &Ticket| Ground {
        ticket: Some(text(ticket)),
        agreement_key: Some(hex(&pair.foil.agreement())),
        now: Some(NOW),
        ..Ground::default()
    };
    let (ticket, it) = (pair.ticket(), pair.signed_request());
    let stale = || Fault::new("bad_ticket", "the ticket is not good (any more)");
    let at = |now| Ground { now: Some(now), ..ground(&ticket) };
    let mut all = vec![
        passes("honest request", &it, &ground(&ticket), "good"),
        passes("in the last second", &it, &at(ticket.expires), "good"),
        fails("expired", "a second too late", &it, &at(ticket.expires.saturating_add(1)), stale()),
        fails("expired", "at the end of time", &it, &at(u64::MAX), stale()),
    ];
    let other = Ticket { nonce: [8; 16], ..ticket.clone() };
    all.push(fails("replay", "for another ticket", &it, &ground(&other), stale()));
    let other = Ticket { tally: ELSEWHERE, ..ticket.clone() };
    all.push(fails("other_tally", "of another tally", &it, &ground(&other), Fault::other_tally(WHAT)));
    let swapped = Ground { agreement_key: Some(hex(&pair.stock.agreement())), ..ground(&ticket) };
    all.push(fails("wrong_key", "with another agreement key", &it, &swapped, altered("agreement key")));
    let body = Digest::of(&it.request.to_bytes());
    for (class, name, signature) in wrong_signatures(Statement::Request, &pair.foil.party(), &body) {
        let forged = SignedRequest { signature, ..it.clone() };
        all.push(fails(class, name, &forged, &ground(&ticket), Fault::bad_signature(WHAT)));
    }
    let mut renamed = it;
    renamed.request.cert.name = "Mallory".to_owned();
    all.push(fails("altered", "another name", &renamed, &ground(&ticket), Fault::bad_signature(WHAT)));
    all
}

fn offers(pair: &Pair) -> Vec<Attempt> {
    let sign = |tally: &Tally, sides: &[Side]| {
        sides.iter().fold(SignedTally::draft(tally.clone()), |it, side| match side {
            Side::Stock => it.signed(Side::Stock, &pair.stock.party()),
            Side::Foil => it.signed(Side::Foil, &pair.foil.party()),
        })
    };
    let tally = pair.tally();
    // The foil looks: it scanned the stock's ticket and has signed one version.
    let ground = Ground {
        my_side: Some(Side::Foil.to_string()),
        my_cert: Some(text(&tally.halves.foil.cert)),
        my_offers: vec![text(&sign(&tally, &[Side::Foil]))],
        ticket: Some(text(&pair.ticket())),
        partner: Some(text(&tally.halves.stock.cert)),
        ..Ground::default()
    };
    let unsigned = || Fault::new("unsigned", "the offer lacks the partner's signature");
    let mut all = vec![
        passes("the partner's offer", &sign(&tally, &[Side::Stock]), &ground, "offer"),
        passes("what both have signed", &sign(&tally, &Side::BOTH), &ground, "contract"),
        fails("unsigned", "a draft", &sign(&tally, &[]), &ground, unsigned()),
        fails("unsigned", "my own offer come back", &sign(&tally, &[Side::Foil]), &ground, unsigned()),
    ];
    type Change = fn(&mut Tally);
    let changes: [(&str, Change); 6] = [
        ("contract", |it| it.contract = Digest::of(b"another text")),
        ("denomination", |it| it.denomination = "HOUR".to_owned()),
        ("credit terms", |it| it.halves.foil.terms.limit = hazel_core::units::Units::new(1_000_000)),
        ("date", |it| it.date = 0),
        ("tally id", |it| it.id = ELSEWHERE),
        ("whole text", |it| it.revision = 2),
    ];
    for (what, change) in changes {
        let mut other = tally.clone();
        change(&mut other);
        all.push(fails(
            "altered",
            format!("a contract with another {what}"),
            &sign(&other, &Side::BOTH),
            &ground,
            altered(what),
        ));
        let kept = SignedTally { tally: other, signatures: sign(&tally, &Side::BOTH).signatures };
        all.push(fails(
            "altered",
            format!("old signatures, another {what}"),
            &kept,
            &ground,
            Fault::bad_signature("tally"),
        ));
    }
    let mut mine = tally.clone();
    mine.halves.foil.cert.name = "Bela".to_owned();
    all.push(fails(
        "altered",
        "my name changed",
        &sign(&mine, &[Side::Stock]),
        &ground,
        altered("my own keys or name"),
    ));
    let other = Person::new(Side::Stock, 5);
    let mut theirs = tally.clone();
    theirs.halves.stock.cert = other.cert("Ana");
    let replaced = SignedTally::draft(theirs).signed(Side::Stock, &other.party());
    all.push(fails("wrong_key", "the partner's keys changed", &replaced, &ground, altered("partner's keys")));
    let first = Ground { partner: None, ..ground.clone() };
    let inviter = || Fault::new("not_the_inviter", "the partner's key is not the one the ticket promised");
    all.push(fails("wrong_key", "not the keys of the ticket", &replaced, &first, inviter()));
    for (name, ticket) in [
        ("another commitment", Ticket { party_commitment: Digest::of(b"other"), ..pair.ticket() }),
        ("another meeting key", Ticket { meeting_key: [9; 32], ..pair.ticket() }),
        ("the other role", Ticket { role: Side::Foil, ..pair.ticket() }),
    ] {
        let scanned = Ground { ticket: Some(text(&ticket)), ..first.clone() };
        all.push(fails("wrong_key", name, &sign(&tally, &[Side::Stock]), &scanned, inviter()));
    }
    for (class, name, signature) in
        wrong_signatures(Statement::Tally, &pair.stock.party(), &tally.digest()).into_iter().step_by(2)
    {
        let mut forged = sign(&tally, &Side::BOTH);
        forged.signatures.stock = Some(signature);
        all.push(fails(class, name, &forged, &ground, Fault::bad_signature("tally")));
    }
    all
}
