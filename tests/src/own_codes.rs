//! Own codes by the thousand: real objects of the ledger, signed and sealed, with contents from one seed.

use hazel_core::chit::{Body, ChainId, Chit, Note, PledgePlace, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::invoice::{Invoice, InvoiceId, Line, Particulars};
use hazel_core::key::{ForwardSeed, SecretKey};
use hazel_core::pair::PairKey;
use hazel_core::payment_code::{PledgeCode, ReceiptedCode};
use hazel_core::receipt::{Receipt, SignedReceipt};
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::ticket::Ticket;
use hazel_core::units::Units;
use hazel_qr::code::Own;

use crate::honest::NOW;
use crate::noise::Noise;

/// One of what a wallet shows: pledge, pledge with receipt, receipt, ticket or invoice. None if it were too long for any code.
#[must_use]
pub fn any(noise: &mut Noise) -> Option<Own> {
    match noise.below(5) {
        0 => Own::of(&PledgeCode::of(&pledge(noise, 40))?),
        1 => {
            let pledge = pledge(noise, 12);
            let receipt = receipt(noise, &pledge);
            Own::of(&ReceiptedCode::of(&pledge, &receipt)?)
        }
        2 => {
            let pledge = pledge(noise, 40);
            Own::of(&receipt(noise, &pledge))
        }
        3 => Own::of(&ticket(noise)),
        _ => Own::of(&invoice(noise).sign(&key(noise))),
    }
    .ok()
}

/// A signed pledge somewhere on a tally, with a memo of at most so many letters.
#[must_use]
pub fn pledge(noise: &mut Noise, memo: usize) -> SignedChit {
    let (tally, chain) = (tally(noise), chain(noise, Side::Foil));
    let memo = noise.below(memo.saturating_add(1));
    let invoice = (noise.below(2) == 0).then(|| InvoiceId(bytes(noise)));
    let (seq, memo) = (between(noise, 2, 5_000), letters(noise, memo));
    pledge_of(noise, tally, chain, seq, invoice, &memo)
}

/// A signed pledge with exactly this memo, at this number.
#[must_use]
pub fn pledge_of(
    noise: &mut Noise,
    tally: TallyId,
    chain: ChainId,
    seq: u64,
    invoice: Option<InvoiceId>,
    memo: &str,
) -> SignedChit {
    let (units, date) = (amount(noise), NOW.saturating_add(between(noise, 0, 1 << 26)));
    let note = Note { memo: memo.to_owned(), reference: String::new() };
    let place = PledgePlace { tally, chain, seq, date, units };
    let sealed = note.seal(&PairKey::from_bytes(bytes(noise)), &place);
    let seed = ForwardSeed::from_bytes(bytes(noise));
    let chit = Chit {
        tally,
        chain,
        seq,
        prev_own: Digest(bytes(noise)),
        next_key: seed.next().key().public().digest(),
        date,
        body: Body::Pledge { units, invoice, sealed },
    };
    chit.sign(&seed.key())
}

/// The payee's receipt for a pledge.
#[must_use]
pub fn receipt(noise: &mut Noise, pledge: &SignedChit) -> SignedReceipt {
    let by = chain(noise, pledge.chit.chain.side.other());
    let named = pledge.chit.reference();
    let receipt =
        Receipt { tally: pledge.chit.tally, by, chain: named.chain, seq: named.seq, hash: named.hash };
    receipt.sign(&key(noise))
}

/// A ticket that names up to one public place to meet.
#[must_use]
pub fn ticket(noise: &mut Noise) -> Ticket {
    let name = between_usize(noise, 2, 24);
    let places = ["pay.example.org:65430", "198.211.7.3:4100", "node-7.tallies.example.net"];
    let place = noise.pick(&places).filter(|_| noise.clone().below(2) == 0);
    Ticket {
        tally: tally(noise),
        role: if noise.below(2) == 0 { Side::Stock } else { Side::Foil },
        meeting_key: bytes(noise),
        party_commitment: Digest(bytes(noise)),
        nonce: bytes(noise),
        expires: NOW.saturating_add(between(noise, 60, 86_400)),
        terms: Terms { limit: amount(noise), notice_days: 7 },
        name: letters(noise, name),
        rendezvous: place.map(|it| (*it).to_owned()).into_iter().collect(),
    }
}

/// An invoice of up to six items.
#[must_use]
pub fn invoice(noise: &mut Noise) -> Invoice {
    let (tally, by, nonce) = (tally(noise), chain(noise, Side::Stock), bytes(noise));
    let count = noise.below(7);
    let memo = if count == 0 { between_usize(noise, 1, 24) } else { 0 };
    let line = |noise: &mut Noise| {
        let text = between_usize(noise, 3, 14);
        Line { text: letters(noise, text), count: 1, units: amount(noise) }
    };
    let lines = (0..count).map(|_| line(noise)).collect();
    let particulars = Particulars { memo: letters(noise, memo), lines };
    let sealed = Invoice::seal(&particulars, &PairKey::from_bytes(bytes(noise)), &tally, &nonce);
    let expires = NOW.saturating_add(between(noise, 60, 86_400 * 30));
    Invoice { tally, by, date: NOW, expires, units: amount(noise), supersedes: None, sealed, nonce }
}

fn tally(noise: &mut Noise) -> TallyId {
    TallyId(bytes(noise))
}

/// A first device in its first epoch, or once in a while one that was restored.
fn chain(noise: &mut Noise, side: Side) -> ChainId {
    let epoch = if noise.below(20) == 0 { between(noise, 2, 200) } else { 1 };
    ChainId { side, device: if noise.below(5) == 0 { 2 } else { 1 }, epoch }
}

fn key(noise: &mut Noise) -> SecretKey {
    SecretKey::from_seed(&bytes(noise))
}

fn amount(noise: &mut Noise) -> Units {
    Units::new(i64::try_from(between(noise, 1, 3_000_000)).unwrap_or(1))
}

fn between(noise: &mut Noise, low: u64, high: u64) -> u64 {
    low.saturating_add(noise.next().checked_rem(high.saturating_sub(low)).unwrap_or_default())
}

fn between_usize(noise: &mut Noise, low: usize, high: usize) -> usize {
    low.saturating_add(noise.below(high.saturating_sub(low)))
}

fn letters(noise: &mut Noise, count: usize) -> String {
    (0..count).filter_map(|_| noise.pick(b"abcdefghijklmnoprstuvwz ").map(|it| char::from(*it))).collect()
}

fn bytes<const N: usize>(noise: &mut Noise) -> [u8; N] {
    std::array::from_fn(|_| noise.next().to_le_bytes().first().copied().unwrap_or_default())
}
