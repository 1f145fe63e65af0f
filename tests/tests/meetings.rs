//! Paid while offline, met over the air: whatever is cut, lost, doubled or overtaken, the next meeting ends with equal halves.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod phones;

use hazel_cli::meeting::Acquaintance;
use hazel_core::canon::Canon as _;
use hazel_core::invoice::{InvoiceState, SignedInvoice};
use hazel_core::keystore::BareKey;
use hazel_core::store::Store;
use hazel_core::wallet::Clock as _;
use hazel_core::wallet::{Ask, EnrolmentRequest, Payment, Wallet};
use hazel_qr::code::{Kind, Own};
use hazel_qr::parts::{Assembly, Sequence};
use hazel_qr::scan::{self, Circumstances, Qr};
use hazel_sync::beacon::EPOCH_SECONDS;
use hazel_sync::carrier::memory::{Pace, Weather};
use hazel_sync::session::{Carrier, Fault, Outcome};
use phones::{Seeded, World, chips, pay};

/// What happens before the two meet: Ben asks, Ana scans his code and pays; Ben also pays something and asks for more.
fn offline(world: &mut World) {
    let (ana, ben, tally) = (&mut world.ana.wallet, &mut world.ben.wallet, world.tally);
    let ask = |units| Ask { units: chips(units), memo: "eggs".into(), valid_for: 3600, ..Ask::default() };
    let shown = ben.ask(&tally, &ask(7)).unwrap();
    let scanned = SignedInvoice::from_bytes(&shown.to_bytes()).unwrap();
    let invoice = ana.take_invoice(&scanned).unwrap();
    let payment = Payment { units: invoice.units, invoice: Some(invoice.id), ..Payment::default() };
    ana.pay(&tally, &payment).unwrap();
    pay(ben, &tally, 2, 0);
    ben.ask(&tally, &ask(4)).unwrap();
}

/// What must be true afterwards, on both phones.
fn assert_told(world: &mut World, told: &str) {
    world.assert_equal(told);
    let tally = world.tally;
    let states = |phone: &mut phones::Phone| {
        let mut states: Vec<_> =
            phone.wallet.invoices(&tally).unwrap().into_iter().map(|i| (i.units, i.state)).collect();
        states.sort_by_key(|(units, _)| *units);
        states
    };
    let wanted = [(chips(4), InvoiceState::Issued), (chips(7), InvoiceState::Paid)];
    assert_eq!(
        (states(&mut world.ana), states(&mut world.ben)),
        (wanted.to_vec(), wanted.to_vec()),
        "{told}"
    );
    let view = world.ana.wallet.tally(&tally).unwrap();
    assert_eq!((view.index, view.final_index, view.balance), (2, 2, chips(-5)), "{told}");
}

fn fair() -> Weather {
    Weather { delay: 5, ..Weather::default() }
}

#[test]
fn a_first_meeting_by_ticket_opens_a_tally_in_one_go() {
    let mut world = World::ticket(1, fair());
    world.meet(false);
    world.assert_in_sync("ticket");
    assert!(world.ana.last().met && world.ben.last().met);
    world.meet(true);
    world.assert_in_sync("and partners meet again");
    assert_eq!(world.ana.last().delivered + world.ben.last().delivered, 0, "nothing to say");
}

/// By what two phones find each other, and which of them calls: whoever has scanned the ticket, by the ticket; then one of the two, by the tag
/// that the other shows for a quarter of an hour.
#[test]
fn who_is_looked_for_and_who_calls() {
    let mut world = World::ticket(1, fair());
    let (tally, now) = (world.tally, world.clock.now());
    let known = |world: &World| {
        let of = |phone: &phones::Phone| Acquaintance::of(&phone.wallet, &tally).unwrap();
        (of(&world.ana), of(&world.ben))
    };
    let (ana, ben) = known(&world);
    let (inviter, invited) = if ana.introduces() { (ben, ana) } else { (ana, ben) };
    let shown = inviter.ticket_tag().unwrap();
    assert!(invited.introduces() && !inviter.introduces());
    assert!(invited.is_sought(shown, now) && !inviter.is_sought(shown, now));
    assert!(inviter.shown_tag(now).is_none() && !inviter.calls(now), "she does not know him yet");

    world.meet(false);
    let (ana, ben) = known(&world);
    let shown = ben.shown_tag(now).unwrap();
    let sought = |off: u64| ana.is_sought(shown, now + off * EPOCH_SECONDS);
    assert_eq!([0, 1, 2].map(sought), [true, true, false], "by a clock that is a little off");
    assert!(!ben.is_sought(shown, now), "nobody looks for himself");
    let calls = |quarter: u64| {
        let unix = now + quarter * EPOCH_SECONDS;
        assert_ne!(ana.calls(unix), ben.calls(unix), "one of the two");
        ana.calls(unix)
    };
    let turns = (0..40).filter(|quarter| calls(*quarter)).count();
    assert!((1..40).contains(&turns), "each has its turns: {turns}");
}

#[test]
fn paid_offline_and_met() {
    let mut world = World::partners(1, fair());
    offline(&mut world);
    world.meet(true);
    world.assert_in_sync("met");
    assert_told(&mut world, "met");
}

/// The heart of it. After the n-th packet the link is cut, for every n: once both programs live on, once both are dead.
#[test]
fn a_meeting_cut_after_any_packet_is_finished_by_the_next() {
    let whole = |cut: Option<usize>| {
        let mut world = World::partners(3, fair());
        offline(&mut world);
        world.until_cut = cut;
        world.mtu = 100;
        world.meet(true);
        world
    };
    let packets = whole(None).arrived;
    assert!(packets >= 25, "{packets} packets only");
    let mut resumed = 0;
    for cut in 0..packets {
        for dead in [false, true] {
            let told = format!("cut after {cut}, dead: {dead}");
            let mut world = whole(Some(cut));
            if dead {
                world.ana.die();
                world.ben.die();
            } else {
                resumed += usize::from(world.ana.parted && world.ben.parted);
                // Where only one of the two still waits for the other, the other has ended and must be called anew.
                if world.ana.talk.is_some() != world.ben.talk.is_some() {
                    world.ana.die();
                    world.ben.die();
                }
            }
            world.mtu = 247;
            world.meet(cut % 2 == 0);
            world.assert_in_sync(&told);
            assert_told(&mut world, &told);
        }
    }
    assert!(resumed * 2 > packets, "{resumed} of {packets} went on where they ended");
}

#[test]
fn an_opening_cut_after_any_packet_is_finished_by_the_next() {
    let whole = |cut: Option<usize>| {
        let mut world = World::ticket(5, fair());
        world.until_cut = cut;
        world.meet(false);
        world
    };
    let packets = whole(None).arrived;
    for cut in 0..packets {
        let mut world = whole(Some(cut));
        world.ana.die();
        world.ben.die();
        world.meet(false);
        world.assert_in_sync(&format!("cut after {cut}"));
    }
}

#[test]
fn bad_weather_only_takes_longer() {
    // More at night: HAZEL_SEEDS says how many.
    let seeds = std::env::var("HAZEL_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(60_u64);
    for seed in 0..seeds {
        let weather = Weather {
            loss: seed * 7 % 31,
            doubling: seed * 13 % 51,
            delay: seed % 40,
            jitter: seed * 11 % 90,
            pace: None,
        };
        let mut world = World::partners(seed, weather);
        world.mtu = u16::try_from(23 + seed * 37 % 495).unwrap();
        offline(&mut world);
        world.until_cut = (seed % 3 == 0).then_some(usize::try_from(seed % 20).unwrap());
        world.meet(seed % 2 == 0);
        if seed % 3 == 0 {
            world.ana.die();
            world.ben.die();
            world.meet(seed % 2 == 1);
        }
        let told = format!("seed {seed}, {weather:?}");
        // A handshake may run out of time where a third of all packets is lost.
        for _ in 0..4 {
            if world.ana.last().in_sync() && world.ben.last().in_sync() {
                break;
            }
            world.ana.die();
            world.ben.die();
            world.meet(true);
        }
        world.assert_in_sync(&told);
        assert_told(&mut world, &told);
    }
}

/// Ben's second phone has no recovery words: it meets by the key of its own certificate.
#[test]
fn a_phone_without_the_words_is_met_by_its_own_key() {
    let mut world = World::partners(4, fair());
    let (request, secret) = EnrolmentRequest::new("tablet", &mut Seeded::new("tablet"));
    let answer = world.ben.wallet.add_device(&request).unwrap();
    world.ben.wallet.hand_allowance(&world.tally, 2, chips(20)).unwrap();
    let entropy = Box::new(Seeded::new("the tablet's wallet"));
    let clock = Box::new(world.clock.clone());
    let store = Store::in_memory().unwrap();
    let mut tablet = Wallet::enrol(store, &BareKey::new([5; 32]), &secret, &answer, clock, entropy).unwrap();
    assert!(!tablet.has_root());
    // Before Ana has heard of it, it means nobody to her.
    core::mem::swap(&mut world.ben.wallet, &mut tablet);
    world.link(false);
    world.run(60_000);
    let end = world.ben.last().end.as_ref().map(|end| end.outcome);
    assert!(matches!(end, Some(Outcome::Failed(Fault::Late(_)))), "{end:?}");
    world.ana.die();
    world.ben.die();

    // The first phone tells her; from then on the second meets her, and she it.
    core::mem::swap(&mut world.ben.wallet, &mut tablet);
    world.meet(true);
    world.assert_in_sync("the first phone tells of the second");
    core::mem::swap(&mut world.ben.wallet, &mut tablet);
    world.meet(false);
    world.assert_in_sync("the second phone calls");
    pay(&mut world.ben.wallet, &world.tally, 3, 0);
    world.to_device = Some(2);
    world.meet(true);
    assert!(world.ana.last().in_sync() && world.ben.last().in_sync(), "and is called");
    // Ana holds the payment; its place in the order waits for the phone that is Ben's node.
    assert_eq!(world.ana.wallet.tally(&world.tally).unwrap().balance, chips(3));
    assert_eq!(world.ana.last().unsettled.unordered, 1);

    // A revoked phone is not met any more.
    core::mem::swap(&mut world.ben.wallet, &mut tablet);
    world.ben.wallet.revoke_device(2).unwrap();
    world.to_device = None;
    // Ana takes Ben's phones for one memory until a summary shows that this one lacks the tablet's payment.
    for _ in 0..3 {
        world.meet(true);
    }
    world.assert_in_sync("the first phone takes the leave away");
    core::mem::swap(&mut world.ben.wallet, &mut tablet);
    world.link(false);
    world.run(60_000);
    let end = world.ben.last().end.as_ref().map(|end| end.outcome);
    assert!(matches!(end, Some(Outcome::Failed(Fault::Late(_)))), "{end:?}");
}

#[test]
fn a_stranger_is_not_let_in() {
    let mut world = World::partners(1, fair());
    let mut other = World::partners(2, fair());
    // Another pair's Ben calls this Ana: his hint means nobody here, and he hears nothing.
    pay(&mut other.ben.wallet, &other.tally, 3, 0);
    core::mem::swap(&mut world.ben, &mut other.ben);
    let tally = core::mem::replace(&mut world.tally, other.tally);
    world.link(false);
    world.run(60_000);
    let end = world.ben.last().end.as_ref().map(|end| end.outcome);
    assert!(matches!(end, Some(Outcome::Failed(Fault::Late(_)))), "{end:?}");
    assert!(!world.ben.last().met && world.ana.reports.is_empty());
    assert_eq!(world.ana.wallet.tally(&tally).unwrap().index, 0);
    assert_eq!(
        world.ben.wallet.unsettled(&other.tally).unwrap().unheld,
        1,
        "and it is known what is missing"
    );
}

/// A partner who has lost part of its memory without knowing it: equal words, unequal heads.
#[test]
fn in_sync_is_said_on_equal_heads_only() {
    let mut world = World::partners(1, fair());
    let mut earlier = World::partners(1, fair());
    for amount in [1, 2] {
        pay(&mut world.ana.wallet, &world.tally, amount, 0);
        world.meet(true);
        world.assert_in_sync("before the loss");
    }
    // The phone of Ben as it was before: an old copy of its file put back by hand.
    core::mem::swap(&mut world.ben, &mut earlier.ben);
    world.meet(true);
    let end = world.ana.last().end.as_ref().map(|end| end.outcome);
    assert!(matches!(end, Some(Outcome::Apart { .. })), "{end:?}");
    world.meet(true);
    world.meet(true);
    assert!(world.ana.last().in_sync() && world.ben.last().in_sync(), "{:?}", world.ana.last());
    world.assert_equal("what was lost came back");
}

/// What one side assumes the other to know is not always so: the partner took the payment from a code, and its memory goes further.
#[test]
fn a_letter_that_is_not_understood_is_said_again_in_full() {
    let mut world = World::partners(11, Weather { delay: 5, ..Weather::default() });
    pay(&mut world.ana.wallet, &world.tally, 0, 10);
    world.meet(true);
    world.assert_in_sync("before");
    pay(&mut world.ana.wallet, &world.tally, 0, 20);
    let letter = world.ana.wallet.hand_over(&world.tally).unwrap().unwrap();
    world.ben.wallet.receive(&letter).unwrap();
    pay(&mut world.ana.wallet, &world.tally, 0, 30);
    world.meet(true);
    world.assert_in_sync("one meeting is enough");
    assert_eq!(world.ben.wallet.tally(&world.tally).unwrap().index, 3);
}

/// How the programs end in the middle of a letter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    /// The link is lost, and both give up.
    GivenUp,
    /// The link is lost, and the system kills both.
    KilledAfter,
    /// Both are killed while letters cross.
    Killed,
}

/// A radio that carries eight kilobytes a second.
fn slow() -> Weather {
    Weather { delay: 5, pace: Some(Pace { interval: 30, packets: 1 }), ..Weather::default() }
}

/// Ana has more to say than one letter holds. The first is not whole when both programs end.
fn cut_in_the_middle_of_a_letter(ending: Ending) -> World {
    let mut world = World::partners(21, slow());
    for _ in 0..500 {
        pay(&mut world.ana.wallet, &world.tally, 0, 10);
    }
    world.carrier = Carrier::Ble;
    world.link(true);
    if ending == Ending::Killed {
        world.run(4_500);
        assert!(world.ana.talk.is_some() && world.ben.talk.is_some());
    } else {
        world.until_cut = Some(150);
        world.run(600_000);
    }
    let now = world.now;
    for phone in [&mut world.ana, &mut world.ben] {
        if ending == Ending::GivenUp { phone.give_up(now) } else { phone.die() }
    }
    world.cut();
    world
}

/// What arrived over one carrier is not sent again over the next, though the letter was not whole and the program has ended between.
#[test]
fn a_letter_begun_on_one_carrier_is_finished_on_another() {
    let mut again = World::partners(21, slow());
    for _ in 0..500 {
        pay(&mut again.ana.wallet, &again.tally, 0, 10);
    }
    again.meet(true);
    again.assert_in_sync("in one go");
    for ending in [Ending::GivenUp, Ending::KilledAfter, Ending::Killed] {
        finished_on_another(ending, again.ana.bytes);
    }
}

fn finished_on_another(ending: Ending, one_go: usize) {
    let mut world = cut_in_the_middle_of_a_letter(ending);
    let begun = world.ben.wallet.begun(&world.tally).unwrap().unwrap();
    let kept = begun.bytes.len();
    assert!(kept > 10_000 && u32::try_from(kept).unwrap() < begun.total, "{ending:?}: {kept}");
    world.carrier = Carrier::Tcp;
    world.mtu = 517;
    let before = world.ana.bytes;
    world.meet(false);
    world.assert_in_sync("the rest over another carrier");
    assert_eq!(world.ana.wallet.tally(&world.tally).unwrap().index, 500);
    let rest = world.ana.bytes - before;
    // What was in the air when the link broke must come again; what had arrived must not.
    assert!(rest + kept < one_go + one_go / 10, "{ending:?}: {kept} kept, {rest} sent, {one_go} in one go");
    assert_eq!(world.ben.wallet.begun(&world.tally).unwrap(), None, "and nothing is kept any more");
}

/// Whole letters that came over the air need not come again in a file: the summary in the receiver's file says what is there.
#[test]
fn what_began_over_the_air_is_finished_by_files_and_by_pictures() {
    let mut world = World::partners(22, fair());
    for _ in 0..900 {
        pay(&mut world.ana.wallet, &world.tally, 0, 10);
    }
    world.until_cut = Some(450);
    world.meet(true);
    world.ana.give_up(world.now);
    world.ben.give_up(world.now);
    let tally = world.tally;
    let (ana, ben) = (&mut world.ana.wallet, &mut world.ben.wallet);
    ben.ask_what_is_missing(&tally).unwrap();
    let asked = ben.hand_over(&tally).unwrap().unwrap();
    let held = ben.have(&tally).unwrap().chains.iter().map(|(_, seq, _)| *seq).max().unwrap_or(0);
    assert!(held > 100 && held < 900, "some letters came whole: {held}");
    ana.receive(&asked).unwrap();
    // The rest goes as the frames of a moving code, in any order, some seen twice.
    let rest = ana.hand_over(&tally).unwrap().unwrap();
    let each = rest.len() / usize::try_from(900 - held).unwrap();
    assert!((90..260).contains(&each), "only what is missing: {each} bytes for each chit");
    let own = Own::new(Kind::Messages, rest).unwrap();
    let mut frames = Sequence::new(&own).unwrap();
    let mut assembly = Assembly::new();
    let mut whole = None;
    for n in 0..frames.of() * 4 {
        let frame = frames.next_frame().unwrap();
        if n % 3 == 1 {
            continue;
        }
        let Qr::Part(part) = scan::text(&frame.text, &Circumstances::at(world.clock.now())).unwrap() else {
            panic!("a frame is a part")
        };
        whole = assembly.take(part).unwrap();
        if whole.is_some() {
            break;
        }
    }
    let taken = ben.receive(whole.unwrap().payload()).unwrap();
    assert_eq!(taken.rejected, []);
    // And the answer, by a file again.
    let back = ben.hand_over(&tally).unwrap().unwrap();
    ana.receive(&back).unwrap();
    if let Some(last) = ana.hand_over(&tally).unwrap() {
        ben.receive(&last).unwrap();
    }
    world.assert_equal("by three roads");
    assert_eq!(world.ben.wallet.tally(&tally).unwrap().index, 900);
}

/// Somebody has copied Ben's phone and paid with it. The phone itself learns of it in its second meeting, and may sign no more.
#[test]
fn a_phone_that_was_copied_learns_of_it_in_a_meeting() {
    let mut world = World::partners(3, fair());
    let tally = world.tally;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    world.ben.wallet.copy_database(&path).unwrap();
    let (clock, entropy) = (Box::new(world.clock.clone()), Box::new(Seeded::new("copy")));
    let copy = Wallet::open(Store::open(&path).unwrap(), &BareKey::new([5; 32]), clock, entropy).unwrap();
    let original = std::mem::replace(&mut world.ben.wallet, copy);
    pay(&mut world.ben.wallet, &tally, 3, 0);
    world.meet(true);
    world.assert_in_sync("the copy");
    world.ben.wallet = original;
    // Neither owes the other a word, as far as each knows; that their heads differ is why the next meeting begins with a summary.
    world.meet(true);
    let ended = world.ben.last().end.as_ref().map(|end| end.outcome);
    assert!(matches!(ended, Some(Outcome::Apart { .. })), "{ended:?}");
    world.meet(true);
    world.assert_in_sync("the phone itself");
    let refused = world.ben.wallet.pay(&tally, &Payment { units: chips(1), ..Payment::default() });
    assert_eq!(refused.unwrap_err().code(), "revoked");
}
