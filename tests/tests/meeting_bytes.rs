//! What a meeting costs on the air: bytes of two real wallets that share n chits and differ in d. `--nocapture` prints the table.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "numbers in a test are small, and this one is there to be read"
)]

mod phones;

use hazel_core::letter::letters;
use hazel_core::message::Message;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Audience, Wallet};
use hazel_sync::carrier::memory::Weather;
use phones::{World, pay, terms};

/// The open packet, two messages of KK with their lengths, and the heads of their packets.
const HANDSHAKE: usize = 10 + (1 + 48) + (1 + 48) + 2 * 2;

struct Cost {
    shared: usize,
    different: usize,
    /// All packets of both, without the handshake.
    bytes: usize,
    /// What the chits that cross measure by themselves.
    chits: usize,
    letters: usize,
    packets: [usize; 2],
}

/// They share so many chits, and nothing is left to say.
fn sharing(shared: usize) -> World {
    let mut world = World::partners(9, Weather { delay: 30, ..Weather::default() });
    if shared > 1_000 {
        world.ben.wallet.grant(&world.tally, terms(1_000_000)).unwrap();
        world.meet(true);
    }
    // Whoever shares a million has met before.
    for begun in (0..shared).step_by(1_000) {
        for _ in begun..shared.min(begun + 1_000) {
            pay(&mut world.ana.wallet, &world.tally, 0, 10);
        }
        hand_letters(&mut world);
    }
    world.meet(true);
    world.assert_settled("shared");
    world
}

/// Letters both ways without a session: what the two share is not what is counted.
fn hand_letters(world: &mut World) {
    let (ana, ben, tally) = (&mut world.ana.wallet, &mut world.ben.wallet, &world.tally);
    let mut talks = [ana.begin_meeting(tally).unwrap(), ben.begin_meeting(tally).unwrap()];
    let mut quiet = 0;
    while quiet < 2 {
        for turn in [0, 1] {
            let (from, to) = if turn == 0 { (&mut *ana, &mut *ben) } else { (&mut *ben, &mut *ana) };
            let letters = from.say(&mut talks[turn]).unwrap();
            quiet = if letters.is_empty() { quiet + 1 } else { 0 };
            for letter in letters {
                to.hear(&mut talks[1 - turn], None, &letter).unwrap();
            }
        }
    }
    ana.end_meeting(&talks[0], true).unwrap();
    ben.end_meeting(&talks[1], true).unwrap();
}

/// Ana pays so many times more, and meets Ben.
fn meet(world: &mut World, shared: usize, different: usize) -> Cost {
    let before =
        world.ana.wallet.have(&world.tally).unwrap().chains.iter().map(|chain| chain.1).max().unwrap_or(0);
    for _ in 0..different {
        pay(&mut world.ana.wallet, &world.tally, 0, 10);
    }
    let mut from = before;
    let mut chits = 0;
    while let Some(message) = page_after(&mut world.ana.wallet, &world.tally, from) {
        let letter = letters(std::slice::from_ref(&message));
        chits += letter.iter().map(Vec::len).sum::<usize>();
        let Message::Chits(page) = message else { break };
        from += page.chits.len() as u64;
    }
    for phone in [&mut world.ana, &mut world.ben] {
        (phone.bytes, phone.packets) = (0, 0);
        phone.reports.clear();
    }
    world.meet(true);
    world.assert_settled("counted");
    Cost {
        shared,
        different,
        bytes: world.ana.bytes + world.ben.bytes - HANDSHAKE,
        chits,
        letters: world.ana.last().delivered + world.ben.last().delivered,
        packets: [world.ana.packets, world.ben.packets],
    }
}

/// What Ana has signed after a number, as one message.
fn page_after(ana: &mut Wallet, tally: &TallyId, from: u64) -> Option<Message> {
    ana.outbox(tally, Audience::Partner)
        .unwrap()
        .into_iter()
        .find(|message| matches!(message, Message::Chits(page) if page.first == from + 1))
}

/// How many the two share: a few hundred in every test, and what HAZEL_SHARED says (100000,1000000) when somebody wants to know.
fn counts() -> Vec<usize> {
    let more = std::env::var("HAZEL_SHARED").unwrap_or_default();
    [0, 10, 1_000].into_iter().chain(more.split(',').filter_map(|count| count.parse().ok())).collect()
}

#[test]
fn the_byte_table() {
    let mut table = Vec::new();
    println!(
        "shared | different | bytes both ways, handshake aside | of it chits | beyond | letters | packets each way"
    );
    for shared in counts() {
        let mut world = sharing(shared);
        // Each row shares a few more than the one before.
        table.extend([0, 1, 10, 100].map(|different| {
            let cost = meet(&mut world, shared, different);
            let Cost { bytes, chits, letters, packets, .. } = &cost;
            let beyond = i64::try_from(*bytes).unwrap() - i64::try_from(*chits).unwrap();
            println!(
                "{shared:6} | {different:9} | {bytes:33} | {chits:11} | {beyond:6} | {letters:7} | {packets:?}"
            );
            cost
        }));
    }
    println!(
        "others on the same work, without receipts or an order: cargo run --release --manifest-path tests/peers/Cargo.toml"
    );
    let of = |shared, different| {
        table.iter().find(|cost| (cost.shared, cost.different) == (shared, different)).unwrap()
    };
    assert!(of(1_000, 0).bytes <= 250, "nothing to say costs next to nothing");
    for many in table.iter().filter(|cost| cost.shared >= 1_000) {
        // Numbers grow by a few bytes as they grow long, and nothing else may.
        let few = of(10, many.different);
        assert!(many.bytes.abs_diff(few.bytes) <= 40, "{} and {}", few.bytes, many.bytes);
        // Beyond 65,535 each of the five numbers outside the chits is two bytes longer.
        let longer = if many.shared > 65_535 { 10 } else { 0 };
        assert!(many.bytes <= many.chits + 400 + longer, "{}: {}", many.different, many.bytes);
    }
    let marginal = (of(1_000, 100).bytes - of(1_000, 10).bytes) / 90;
    let entry = (of(1_000, 100).chits - of(1_000, 10).chits) / 90;
    println!("each further chit: {marginal} bytes on the air, {entry} by itself");
    assert!(marginal <= entry + 8);
    // Receipt, order and its confirmation are three signatures; from some entries on, what the entries leave out outweighs them.
    for different in [10, 100] {
        assert!(of(1_000, different).bytes <= different * (entry + 8) + 120, "{different}");
    }
    assert!(of(1_000, 1).packets.iter().all(|packets| *packets <= 7), "handshake and one chit");
}

/// Counted on a link so slow that nothing else takes time: the handshake is one round trip. A chit's way there, its receipt and place back,
/// the word for that place there: one and a half. Who confirmed learns with the next half that its word arrived (decision 0110).
#[test]
fn one_chit_is_in_sync_two_round_trips_after_the_handshake() {
    const TRIP: u64 = 1_000;
    let mut world = World::partners(9, Weather { delay: TRIP, ..Weather::default() });
    for (different, halves) in [(0, 2), (1, 4), (10, 4)] {
        for _ in 0..different {
            pay(&mut world.ana.wallet, &world.tally, 0, 10);
        }
        let start = world.now;
        world.meet(true);
        world.assert_settled("slow");
        let last = world.ana.ended.since(start).max(world.ben.ended.since(start));
        let trips = last / TRIP;
        // What is still under way belongs to a link that is gone.
        world.cut();
        println!("{different} chits: {} half round trips after the handshake's two, {last} ms", trips - 2);
        assert!(trips <= 2 + halves, "{different}: {last} ms");
    }
}
