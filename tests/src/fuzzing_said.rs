//! What a fuzzer says to a wallet in a meeting, when the session has let it through: letters in full and in short form, and errands.
//!
//! A script is a list of messages, each behind its length in two bytes. The speaker is a partner and may say anything: nothing panics,
//! nothing is signed or owed, and what is kept for others stays within its bounds.

use hazel_cli::meeting::Meeting;
use hazel_core::canon::Canon as _;
use hazel_core::errand::ErrandMessage;
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{FOR_GIVER_BYTES, FOR_GIVER_MAX, Payment, Wallet};
use hazel_sync::session::{
    Carrier, Entropy, Hint, Id, MessageId, Output, Patience, Peer, Role, Session, Setting, Way,
};
use hazel_sync::{SecretKey, Time};

use crate::world::chance::{PhoneClock, Seeded, WorldTime, guard, words};

const DAY: u64 = 24 * 3600;
/// What the seeds' one payment is.
const PAID: Units = Units::new(1_000);

/// The script is all that a carrier hears from one partner, whose seal holds.
pub(crate) fn said(bytes: &[u8]) {
    let Some(mut heard) = Heard::new() else { return };
    for message in messages(bytes) {
        if let Ok(errand) = ErrandMessage::from_bytes(message) {
            assert!(
                errand.to_bytes() == message && ErrandMessage::is_meant_by(message),
                "it has one spelling"
            );
        }
        heard.hear(message);
    }
    let kept = heard.carrier.errands().unwrap_or_default();
    let sizes: u64 = kept.iter().map(|errand| errand.bytes as u64).sum();
    assert!(kept.len() as u64 <= FOR_GIVER_MAX && sizes <= FOR_GIVER_BYTES, "one partner fills the phone");
    // The seeds hold one payment of Ana's; nothing else that may be true can be said without the partner's keys.
    let owed = heard.carrier.tally(&heard.tally).map_or(Units::ZERO, |view| view.balance);
    assert!([Units::ZERO, PAID].contains(&owed), "words moved a tally");
}

/// What a fuzzer begins with: a payment as a letter in full, the same in short form, an errand, and each word about errands.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let Some(heard) = Heard::new() else { return Vec::new() };
    let Heard { mut ana, ben, with_ben, tally, .. } = heard;
    drop(ben);
    let payment = Payment { units: PAID, ..Payment::default() };
    let paid = [&tally, &with_ben].map(|tally| ana.pay(tally, &payment).is_ok());
    let Ok(mut talk) = ana.begin_meeting(&tally) else { return Vec::new() };
    let letters = ana.say(&mut talk).unwrap_or_default();
    let errand =
        ana.give_errand(&with_ben, &tally, DAY).and_then(|_| ana.say_errands(&tally)).unwrap_or_default();
    let short: Vec<Vec<u8>> = letters.iter().map(|letter| shortened(letter, &tally)).collect();
    let words =
        [&[0x83, 1, 0, 0x80][..], &[0x83, 1, 1, 0x80], &[0x83, 1, 3, 0x82, 0x40, 0]].map(<[u8]>::to_vec);
    let mut all: Vec<Vec<u8>> = vec![script(&letters), script(&short), script(&errand), script(&words)];
    all.push(script(&[letters, short, errand, words.to_vec()].concat()));
    all.retain(|script| !script.is_empty() && paid == [true; 2]);
    all
}

/// A carrier, and the partner who is heard.
struct Heard {
    carrier: Wallet,
    ana: Wallet,
    ben: Wallet,
    /// The carrier's with Ana.
    tally: TallyId,
    /// Ana's with Ben.
    with_ben: TallyId,
    meeting: Meeting,
    session: Session,
}

impl Heard {
    fn new() -> Option<Self> {
        let time = WorldTime::new();
        let [mut carrier, mut ana, mut ben] = [wallet(0, &time)?, wallet(1, &time)?, wallet(2, &time)?];
        let tally = opened(&mut carrier, &mut ana)?;
        let with_ben = opened(&mut ana, &mut ben)?;
        carrier.carry_errands(true).ok()?;
        let meeting = Meeting::begin(&mut carrier, &tally).ok()?;
        let mut heard = Self { carrier, ana, ben, tally, with_ben, meeting, session: session()? };
        let peer = Peer { key: SecretKey::new([2; 32]).public(), ticket: None };
        heard.output(Output::Met(peer));
        Some(heard)
    }

    fn hear(&mut self, message: &[u8]) {
        self.output(Output::Message(MessageId::of(message), message.to_vec()));
    }

    fn output(&mut self, output: Output) {
        let Self { carrier, meeting, session, .. } = self;
        meeting.hear(session, carrier, &mut |_, _| Ok(()), output, Time(0));
    }
}

fn wallet(person: usize, time: &WorldTime) -> Option<Wallet> {
    let clock = Box::new(PhoneClock::new(time));
    let entropy = Box::new(Seeded::new(1, person as u64));
    Wallet::create(Store::in_memory().ok()?, &guard(), "somebody", &words(1, person), clock, entropy).ok()
}

fn opened(one: &mut Wallet, other: &mut Wallet) -> Option<TallyId> {
    let terms = || Terms { limit: Units::new(100_000), notice_days: 7 };
    let ticket = one.invite(Side::Stock, terms(), 3600, &[]).ok()?;
    let tally = other.accept_ticket(&ticket, terms()).ok()?;
    one.receive(&other.hand_over(&tally).ok()??).ok()?;
    one.offer(&tally, None, None).ok()?;
    other.receive(&one.hand_over(&tally).ok()??).ok()?;
    let version = other.offered(&tally).ok()?.version;
    other.accept(&tally, &version).ok()?;
    one.receive(&other.hand_over(&tally).ok()??).ok()?;
    Some(tally)
}

/// A session that leads nowhere: what is said in return stays in its queue.
fn session() -> Option<Session> {
    let setting = Setting {
        role: Role::Waiter,
        way: Way::Partner { key: SecretKey::new([2; 32]).public() },
        carrier: Carrier::Memory,
        dialer: Id::default(),
        waiter: Id::default(),
        hint: Hint::default(),
        kept: None,
        patience: Patience::default(),
    };
    Session::new(setting, &SecretKey::new([1; 32]), &Entropy([3; 48])).ok()
}

/// A letter without its own head, and with the tally's name as it stands in short form.
fn shortened(letter: &[u8], tally: &TallyId) -> Vec<u8> {
    let (name, short) =
        ([&[0x50][..], &tally.0].concat(), [&[0xe0][..], tally.0.get(..3).unwrap_or_default()].concat());
    let (mut out, mut rest) = (vec![0xe2], letter.get(3..).unwrap_or_default());
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(name.as_slice()) {
            out.extend_from_slice(&short);
            rest = after;
        } else {
            out.push(*first);
            rest = after;
        }
    }
    out
}

fn script(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut script = Vec::new();
    for message in messages {
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
        script.extend(length.to_be_bytes());
        script.extend(message.iter().take(usize::from(length)));
    }
    script
}

fn messages(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (message, after) = after.split_at(usize::from(u16::from_be_bytes(*length)).min(after.len()));
        rest = after;
        Some(message)
    })
}
