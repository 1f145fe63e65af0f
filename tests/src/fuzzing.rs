//! What a fuzzer calls: one plain function for every parser that meets bytes of strangers, and what it begins with.
//!
//! `tests/fuzz` wraps each in a target of its own; `cargo test` runs them over the seeds and over the seeds spoilt.

use std::ops::ControlFlow;

use hazel_core::address::Address;
use hazel_core::canon::Canon;
use hazel_core::chit::{Body, BriefChit, Note, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::invoice::{Particulars, SignedAnswer, SignedInvoice};
use hazel_core::message::{Handover, Have, Message, Page};
use hazel_core::order::{Certificate, Endorsement, ForkProof, Links, Seal};
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::SignedReceipt;
use hazel_core::tally::{PartyCert, SignedTally};
use hazel_core::ticket::{SignedRequest, Ticket};
use hazel_core::units::Units;
use hazel_qr::Refusal;
use hazel_qr::append::{Gathering, Share};
use hazel_qr::code::{Kind, Own};
use hazel_qr::host::{Host, Hosts};
use hazel_qr::luma::Luma;
use hazel_qr::parts::Assembly;
use hazel_qr::payload::Payload;
use hazel_qr::scan::{self, Circumstances, Qr};

use crate::honest::{NOW, Pair};
use crate::world::action::Schedule;
use crate::world::replay;
use crate::{fuzzing_air, fuzzing_said};

/// A function that any bytes may be given to. It fails by panicking.
pub type Target = fn(&[u8]);

/// Every parser: its name, what it reads, and how.
pub const TARGETS: [(&str, &str, Target); 42] = [
    ("air_beacon", "air", fuzzing_air::beacon),
    ("air_letter", "air", fuzzing_air::letter),
    ("air_meeting", "air", fuzzing_air::meeting),
    ("air_packet", "air", fuzzing_air::packet),
    ("air_said", "air", fuzzing_said::said),
    ("air_stranger", "air", fuzzing_air::stranger),
    ("answer", SignedAnswer::WHAT, object::<SignedAnswer>),
    ("body", Body::WHAT, object::<Body>),
    ("brief_chit", BriefChit::WHAT, object::<BriefChit>),
    ("certificate", Certificate::WHAT, object::<Certificate>),
    ("chit", SignedChit::WHAT, object::<SignedChit>),
    ("endorsement", Endorsement::WHAT, object::<Endorsement>),
    ("fork_proof", ForkProof::WHAT, object::<ForkProof>),
    ("handover", Handover::WHAT, handover),
    ("have", Have::WHAT, object::<Have>),
    ("invoice", SignedInvoice::WHAT, object::<SignedInvoice>),
    ("links", Links::WHAT, object::<Links>),
    ("message", Message::WHAT, message),
    ("note", Note::WHAT, object::<Note>),
    ("offer", SignedTally::WHAT, object::<SignedTally>),
    ("page", Page::WHAT, page),
    ("particulars", Particulars::WHAT, object::<Particulars>),
    ("party", PartyCert::WHAT, object::<PartyCert>),
    ("pledge_code", PledgeCode::WHAT, pledge_code),
    ("receipt", SignedReceipt::WHAT, object::<SignedReceipt>),
    ("receipted_code", ReceiptedCode::WHAT, receipted_code),
    ("request", SignedRequest::WHAT, object::<SignedRequest>),
    ("seal", Seal::WHAT, object::<Seal>),
    ("ticket", Ticket::WHAT, object::<Ticket>),
    ("two_wallets", "actions", two_wallets),
    ("typed_address", "text", typed_address),
    ("typed_amount", "text", typed_amount),
    ("qr_bytes", "code", qr_bytes),
    ("qr_file", "code", qr_file),
    ("qr_frame", "code", qr_frame),
    ("qr_host", "code", qr_host),
    ("qr_link", "code", qr_link),
    ("qr_parts", "code", qr_parts),
    ("qr_payload", "code", qr_payload),
    ("qr_record", "code", qr_record),
    ("qr_shares", "code", qr_shares),
    ("qr_text", "code", qr_text),
];

/// Runs a target by its name; says whether there is one.
pub fn run(name: &str, bytes: &[u8]) -> bool {
    let target = TARGETS.iter().find(|(known, ..)| *known == name);
    if let Some((.., target)) = target {
        target(bytes);
    }
    target.is_some()
}

/// Whatever is read is written as the same bytes.
fn object<T: Canon>(bytes: &[u8]) {
    match T::from_bytes(bytes) {
        Ok(it) => assert!(it.to_bytes() == bytes, "{}: written otherwise than read", T::WHAT),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn message(bytes: &[u8]) {
    object::<Message>(bytes);
    if let Ok(Message::Chits(page)) = Message::from_bytes(bytes) {
        unfold(&page);
    }
}

fn page(bytes: &[u8]) {
    object::<Page>(bytes);
    if let Ok(page) = Page::from_bytes(bytes) {
        unfold(&page);
    }
}

fn unfold(page: &Page) {
    let chits = page.clone().unfold();
    assert!(Page::of(&chits).as_ref() == Some(page), "a page folds into what it was");
}

fn handover(bytes: &[u8]) {
    object::<Handover>(bytes);
    if let (Ok(handover), Some(key)) = (Handover::from_bytes(bytes), Pair::new().key()) {
        for spoilt in handover.open(&key).into_iter().flatten().filter_map(Result::err) {
            assert!(Message::from_bytes(&spoilt.bytes) == Err(spoilt.fault));
        }
    }
}

fn pledge_code(bytes: &[u8]) {
    object::<PledgeCode>(bytes);
    if let Ok(code) = PledgeCode::from_bytes(bytes) {
        let chit = code.after(Digest::default());
        assert!(PledgeCode::of(&chit).as_ref() == Some(&code), "a code is the code of its chit");
        assert!(SignedChit::from_bytes(&chit.to_bytes()).as_ref() == Ok(&chit), "and the chit can be stored");
    }
}

fn receipted_code(bytes: &[u8]) {
    object::<ReceiptedCode>(bytes);
    if let Ok(code) = ReceiptedCode::from_bytes(bytes) {
        let chit = code.pledge.after(Digest::default());
        let receipt = code.receipt(&chit.chit.reference());
        assert!(ReceiptedCode::of(&chit, &receipt).as_ref() == Some(&code));
    }
}

/// Each byte is an action or a fault, drawn by its value; the rules hold after each of them and after the healing.
fn two_wallets(bytes: &[u8]) {
    let run = replay::run(&Schedule::of_bytes(bytes));
    assert!(run.broken.is_none(), "{:?}", run.broken);
}

fn typed_address(bytes: &[u8]) {
    if let Ok(address) = std::str::from_utf8(bytes).unwrap_or_default().parse::<Address>() {
        assert!(address.to_string().parse() == Ok(address.clone()));
        object::<Address>(&address.to_bytes());
    }
}

fn typed_amount(bytes: &[u8]) {
    if let Ok(units) = std::str::from_utf8(bytes).unwrap_or_default().parse::<Units>() {
        assert!(units.to_string().parse() == Ok(units), "{units}");
    }
}

fn qr_text(bytes: &[u8]) {
    answered(&scan::text(&String::from_utf8_lossy(bytes), &Circumstances::at(NOW)));
}

fn qr_bytes(bytes: &[u8]) {
    answered(&scan::bytes(bytes, &Circumstances::at(NOW)));
}

/// An own code of every kind with these bytes in it.
fn qr_payload(bytes: &[u8]) {
    for kind in Kind::ALL {
        if let Ok(own) = Own::new(kind, bytes.to_vec()) {
            answered(&scan::bytes(&own.bytes(), &Circumstances::at(NOW)));
        }
    }
}

fn qr_link(bytes: &[u8]) {
    let query = String::from_utf8_lossy(bytes);
    for sort in ["ticket", "invite", "pay", "signkey"] {
        answered(&scan::text(&format!("https://mychips.org/{sort}?{query}"), &Circumstances::at(NOW)));
    }
}

fn qr_record(bytes: &[u8]) {
    let record = String::from_utf8_lossy(bytes);
    for name in ["ticket", "connect", "invite", "pay", "invoice", "signkey"] {
        answered(&scan::text(&format!("{{\"{name}\":{record}}}"), &Circumstances::at(NOW)));
    }
}

fn qr_host(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for hosts in [Hosts::Public, Hosts::Any] {
        if let Ok(host) = Host::new(&text, hosts) {
            assert!(Host::new(host.as_str(), hosts).as_ref() == Ok(&host), "a host stays a host");
        }
        if let Ok((host, port)) = Host::with_port(&text, hosts) {
            let whole = port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
            assert!(Host::with_port(&whole, hosts) == Ok((host, port)), "{whole}");
        }
    }
}

/// Lines of text as frames of sequences, all given to one assembly.
fn qr_parts(bytes: &[u8]) {
    let mut assembly = Assembly::new();
    for line in String::from_utf8_lossy(bytes).lines().take(64) {
        if let Ok(Qr::Part(part)) = scan::text(&format!("HP:{line}"), &Circumstances::at(NOW)) {
            _ = assembly.take(part);
            let sane = assembly.progress().is_none_or(|progress| progress.have <= progress.of);
            assert!(sane, "more parts than there are");
        }
    }
}

/// Lines as shares of texts in several codes: place, count and check of each stand in its first three bytes.
fn qr_shares(bytes: &[u8]) {
    let mut gathering = Gathering::new();
    for line in bytes.split(|byte| *byte == b'\n').take(64) {
        let [number, of, parity, content @ ..] = line else { continue };
        let of = (of % 15).saturating_add(2);
        let number = number.checked_rem(of).unwrap_or_default().saturating_add(1);
        let share = Share { number, of, parity: *parity };
        if let Ok(Some(whole)) = gathering.take(share, content) {
            assert!(whole.iter().fold(0, |sum, byte| sum ^ byte) == *parity, "joined against its own check");
            answered(&scan::bytes(&whole, &Circumstances::at(NOW)));
        }
        assert!(gathering.missing().all(|(have, of)| have < of), "whole, and not handed out");
    }
}

/// The first byte chooses the width, the rest are pixels.
fn qr_frame(bytes: &[u8]) {
    let Some((width, pixels)) = bytes.split_first() else { return };
    let width = usize::from(*width).max(21);
    let height = pixels.len().checked_div(width).unwrap_or_default();
    if let Ok(luma) = Luma::new(pixels, width, height, width) {
        for code in hazel_qr::read::codes(&luma) {
            answered(&scan::bytes(&code.content, &Circumstances::at(NOW)));
        }
    }
}

fn qr_file(bytes: &[u8]) {
    let mut given = 0_u32;
    let read = hazel_qr::file::frames(bytes, &mut |_| {
        given = given.saturating_add(1);
        if given < 8 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert!(read.is_err() || read.is_ok_and(|count| given <= count), "more frames than there are");
}

/// A refusal has words; what is ours is shown again as what it was read from.
fn answered(read: &Result<Qr, Refusal>) {
    let again = match read {
        Err(refusal) => return assert!(!refusal.to_string().is_empty()),
        Ok(Qr::Ticket(it)) => shown(&**it),
        Ok(Qr::Offer(it)) => shown(&**it),
        Ok(Qr::Invoice(it)) => shown(&**it),
        Ok(Qr::Payment(it)) => shown(&**it),
        Ok(Qr::Receipted(it)) => shown(&**it),
        Ok(Qr::Receipt(it)) => shown(&**it),
        Ok(Qr::Address(it)) => shown(it),
        Ok(Qr::Messages(it)) => shown(it),
        Ok(_) => return,
    };
    assert!(again.is_none_or(|again| scan::bytes(&again, &Circumstances::at(NOW)) == *read));
}

fn shown<T: Payload>(it: &T) -> Option<Vec<u8>> {
    Own::of(it).ok().map(|own| own.bytes())
}
