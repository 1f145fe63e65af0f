//! Two wallets on two radios of one computer: meet by ticket, pay, be cut off in the middle, meet again with the roles swapped; a
//! stranger and somebody who poses as the partner are refused. Wants BlueZ with the adapters `hci0` and `hci1`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a story on a real radio prints, looks at the clock and stops at the first surprise"
)]

mod goodput;

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use hazel_cli::meeting::{Acquaintance, Call, Door, MeetingError, Report, Visit, Waiter, session_entropy};
use hazel_core::key::{Entropy, RecoveryWords};
use hazel_core::keystore::BareKey;
use hazel_core::negotiation::{By, TallyState};
use hazel_core::store::Store;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Clock, Payment, Unsettled, Wallet, WalletError};
use hazel_sync::beacon::Sight;
use hazel_sync::carrier::ble::central::Central;
use hazel_sync::carrier::ble::peripheral::Peripheral;
use hazel_sync::carrier::ble::{Place, Road};
use hazel_sync::carrier::{Link, run};
use hazel_sync::session::{Carrier, Hint, Id, Input, Outcome, Output, Patience, Role, Session, Setting, Way};
use hazel_sync::{PublicKey, SecretKey, Time};

const LIMIT: Duration = Duration::from_secs(90);
const NOW: u64 = 1_790_000_000;

/// The VM's clock begins anywhere; both phones share this one.
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> u64 {
        NOW
    }
}

struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            self.0 += 1;
            part.copy_from_slice(&hazel_core::digest::Digest::of(&self.0.to_be_bytes()).0[..part.len()]);
        }
    }
}

/// Breaks after so many packets received.
struct Fragile<'l>(&'l mut dyn Link, usize);

impl Link for Fragile<'_> {
    fn mtu(&self) -> u16 {
        self.0.mtu()
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        self.0.send(packet)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let packet = self.0.receive(milliseconds)?;
        self.1 = self.1.saturating_sub(usize::from(packet.is_some()));
        if self.1 == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(packet) }
    }
}

/// Both people agree to what they are offered.
fn agree(wallet: &mut Wallet, tally: &TallyId) -> Result<(), WalletError> {
    let keys = wallet.meeting_keys(tally)?;
    match wallet.tally(tally)?.state {
        TallyState::CertsKnown if keys.theirs.is_some() && !keys.introduces => {
            wallet.offer(tally, None, None)
        }
        TallyState::Offered(By::Partner) => {
            let version = wallet.offered(tally)?.version;
            wallet.accept(tally, &version)
        }
        _ => Ok(()),
    }
}

fn clock() -> impl FnMut() -> Time {
    let start = Instant::now();
    move || Time(u64::try_from(start.elapsed().as_millis()).unwrap())
}

/// A phone that is seen as an iPhone has no channel to offer; all others have one, and it is taken.
const fn road(place: Place) -> Road {
    match place {
        Place::Company => Road::Channel,
        Place::Name | Place::Nowhere => Road::Service,
    }
}

/// Shows itself on `hci0` until a meeting is over. Says how many strangers called.
fn wait(wallet: &mut Wallet, tally: &TallyId, seed: u64, place: Place) -> (Report, usize) {
    let known = Acquaintance::of(wallet, tally).unwrap();
    let tag = known.shown_tag(NOW).or(known.ticket_tag()).unwrap();
    let door = Door::to(wallet, &wallet.meetable().unwrap()).unwrap();
    let mut waiter = Waiter::behind(door, Carrier::Ble);
    let mut radio = Peripheral::open(Some("hci0"), &[tag], place, road(place)).unwrap();
    let (mut strangers, mut calls, mut clock) = (0, 0, clock());
    loop {
        let mut link = radio.wait(LIMIT).unwrap();
        calls += 1;
        let entropy = session_entropy(&mut Seeded(seed * 1_000 + calls));
        let call = waiter.receive(wallet, &mut link, &entropy, &mut clock, &mut agree).unwrap();
        println!("  waiter: {call:?}");
        strangers += usize::from(matches!(call, Call::Stranger));
        let forged = waiter.visit().is_some_and(|visit| visit.is_over() && !visit.report().met);
        if forged {
            strangers += 1;
            waiter.leave();
        } else if waiter.visit().is_some_and(Visit::is_over) {
            return (waiter.leave().unwrap().end(wallet).unwrap(), strangers);
        }
        radio = link.close();
    }
}

/// Looks for a tag on `hci1` and calls whoever shows it; the first link breaks after so many packets.
fn call(
    wallet: &mut Wallet,
    tally: &TallyId,
    seed: u64,
    breaks: Option<usize>,
    place: Place,
) -> (Report, usize) {
    let known = Acquaintance::of(wallet, tally).unwrap();
    let sought = |seen: Sight| known.is_sought(seen, NOW);
    // Nothing but a connection tells whose device it is that shows no tag.
    let wanted = |_: &str, seen: &[Sight]| match place {
        Place::Nowhere => true,
        Place::Name => seen.iter().any(|seen| matches!(seen, Sight::Name(_)) && sought(*seen)),
        Place::Company => seen.iter().any(|seen| matches!(seen, Sight::Whole(_)) && sought(*seen)),
    };
    let entropy = session_entropy(&mut Seeded(seed));
    let mut visit = Visit::call(wallet, &known, Carrier::Ble, &entropy).unwrap();
    let (mut links, mut clock) = (0, clock());
    while !visit.is_over() {
        let radio = Central::open(Some("hci1")).unwrap();
        let mut link = {
            let found = radio.find(wanted, LIMIT).unwrap();
            let link = radio.connect(found).unwrap();
            assert!(link.tags().iter().any(|tag| sought(Sight::from(*tag))));
            assert_eq!(link.road(), road(place));
            link
        };
        let mut fragile =
            Fragile(&mut link, if links == 0 { breaks.unwrap_or(usize::MAX) } else { usize::MAX });
        links += 1;
        let worked = visit.over(wallet, &mut fragile, true, &mut clock, &mut agree);
        println!("  caller: {worked:?} after {} ms", clock().0);
        let _ = link.close();
    }
    (visit.end(wallet).unwrap(), links)
}

/// One meeting: the first waits, the second calls. Returns on how many links it took.
fn meet(
    told: &str,
    waiter: &mut Wallet,
    caller: &mut Wallet,
    tally: &TallyId,
    seed: u64,
    breaks: Option<usize>,
    place: Place,
) -> usize {
    let start = Instant::now();
    let ((waited, _), (called, links)) = thread::scope(|scope| {
        let waits = scope.spawn(|| wait(waiter, tally, seed, place));
        let calls = scope.spawn(|| call(caller, tally, seed + 500, breaks, place));
        (waits.join().unwrap(), calls.join().unwrap())
    });
    for (name, report) in [("waiter", &waited), ("caller", &called)] {
        assert!(report.in_sync(), "{told}: {name}: {:?}", report.end);
        assert_eq!(report.unsettled, Unsettled::default(), "{told}: {name}");
        assert!(report.deliveries.iter().all(|delivery| delivery.rejected.is_empty()), "{told}: {name}");
    }
    let (one, other) = (waiter.tally(tally).unwrap(), caller.tally(tally).unwrap());
    assert_eq!((one.head, one.final_index), (other.head, other.index), "{told}");
    assert_eq!(one.balance, other.balance.negated(), "{told}");
    let letters = (called.delivered, waited.delivered);
    println!(
        "STORY {told}: in sync at {} in {} ms, {links} links, letters {letters:?}",
        one.index,
        start.elapsed().as_millis()
    );
    links
}

fn wallet(folder: &Path, name: &str, seed: u64) -> Wallet {
    let store = Store::create(&folder.join(format!("{name}.db"))).unwrap();
    let words = RecoveryWords::generate(&mut Seeded(seed));
    Wallet::create(store, &BareKey::new([5; 32]), name, &words, Box::new(Fixed), Box::new(Seeded(seed + 50)))
        .unwrap()
}

fn pay(wallet: &mut Wallet, tally: &TallyId, times: usize) {
    for _ in 0..times {
        let payment = Payment { units: Units::new(10), memo: "coffee".into(), ..Payment::default() };
        wallet.pay(tally, &payment).unwrap();
    }
}

/// Somebody who has seen what is in the air and has no key: once without, once with the right hint.
fn pose(ana: &mut Wallet, ben: &mut Wallet, tally: &TallyId) {
    let (keys, known) = (ana.meeting_keys(tally).unwrap(), Acquaintance::of(ben, tally).unwrap());
    let hints = [Hint([7; 8]), known.shown_tag(NOW).unwrap().hint()];
    let before = ana.tally(tally).unwrap();
    let (refused, met) = thread::scope(|scope| {
        let waits = scope.spawn(|| wait(ana, tally, 60, Place::Company));
        let mut refused = Vec::new();
        for hint in hints {
            let setting = Setting {
                role: Role::Dialer,
                way: Way::Partner { key: PublicKey(keys.ours) },
                carrier: Carrier::Ble,
                dialer: Id(keys.name_of(&keys.theirs.unwrap())),
                waiter: Id(keys.name_of(&keys.ours)),
                hint,
                kept: None,
                patience: Patience { handshake: 3_000, ..Patience::default() },
            };
            let entropy = session_entropy(&mut Seeded(u64::from(hint.0.first().copied().unwrap())));
            let mut session = Session::new(setting, &SecretKey::new([9; 32]), &entropy).unwrap();
            session.handle(Time(0), Input::Send(b"let me in".to_vec())).unwrap();
            let radio = Central::open(Some("hci1")).unwrap();
            let found = radio.find(|_, seen| !seen.is_empty(), LIMIT).unwrap();
            let mut link = radio.connect(found).unwrap();
            let mut outcome = None;
            let worked = run(&mut session, &mut link, true, &mut clock(), &mut |_, output, _| match output {
                Output::Ended(end) => outcome = Some(end.outcome),
                other => assert!(!matches!(other, Output::Met(_)), "met {other:?}"),
            });
            println!("  impostor: {worked:?} {outcome:?}");
            refused.push(matches!(outcome, Some(Outcome::Failed(_))));
            let _ = link.close();
        }
        let (called, _) = call(ben, tally, 900, None, Place::Company);
        (refused, (waits.join().unwrap(), called))
    });
    let ((waited, strangers), called) = met;
    assert_eq!((refused.as_slice(), strangers), ([true, true].as_slice(), 2));
    assert!(waited.in_sync() && called.in_sync());
    assert_eq!(ana.tally(tally).unwrap().head, before.head);
    println!("STORY a stranger and a forged partner: refused, and the partner met after them");
}

fn main() -> Result<(), MeetingError> {
    if std::env::args().nth(1).is_some_and(|scene| scene == "goodput") {
        goodput::compare(Road::Service);
        goodput::compare(Road::Channel);
        return Ok(());
    }
    let folder = std::env::temp_dir();
    let (mut ana, mut ben) = (wallet(&folder, "Ana", 100), wallet(&folder, "Ben", 300));
    let terms = Terms { limit: Units::new(1_000_000), notice_days: 7 };
    let ticket = ana.invite(Side::Stock, terms, 3600, &[])?;
    let tally = ben.accept_ticket(&ticket, terms)?;
    meet("by ticket", &mut ana, &mut ben, &tally, 1, None, Place::Company);
    pay(&mut ana, &tally, 1);
    meet("one payment, seen as an iPhone in use would be", &mut ana, &mut ben, &tally, 2, None, Place::Name);
    meet(
        "nothing new, seen as an iPhone in a pocket would be",
        &mut ana,
        &mut ben,
        &tally,
        3,
        None,
        Place::Nowhere,
    );
    for (told, seed, place) in [
        ("long, cut in the middle, roles swapped, over a channel", 4, Place::Company),
        ("long, cut in the middle, roles swapped, over the service", 5, Place::Name),
    ] {
        pay(&mut ana, &tally, 200);
        pay(&mut ben, &tally, 200);
        let links = meet(told, &mut ben, &mut ana, &tally, seed, Some(40), place);
        assert_eq!(links, 2, "the first link was to break");
    }
    pose(&mut ana, &mut ben, &tally);
    goodput::compare(Road::Service);
    goodput::compare(Road::Channel);
    println!("STORY all told");
    Ok(())
}
