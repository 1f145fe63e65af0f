//! What a meeting costs on the air: bytes of two real wallets that share n chits and differ in d. `--nocapture` prints the table.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "numbers in a test are small, and this one is there to be read"
)]

mod phones;

use hazel_sync::carrier::memory::Weather;
use phones::{World, pay};

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

/// Ana has paid n times and met Ben; then d times more, and meets him again.
fn meet(shared: usize, different: usize) -> Cost {
    let story = || {
        let mut world = World::partners(9, Weather { delay: 30, ..Weather::default() });
        for _ in 0..shared {
            pay(&mut world.ana.wallet, &world.tally, 0, 10);
        }
        world.meet(true);
        for _ in 0..different {
            pay(&mut world.ana.wallet, &world.tally, 0, 10);
        }
        world
    };
    let mut twin = story();
    let mut talk = twin.ana.wallet.begin_meeting(&twin.tally).unwrap();
    let mut chits = 0;
    loop {
        let letters = twin.ana.wallet.say(&mut talk).unwrap();
        if letters.is_empty() {
            break;
        }
        chits += letters.iter().map(Vec::len).sum::<usize>();
    }
    let mut world = story();
    for phone in [&mut world.ana, &mut world.ben] {
        (phone.bytes, phone.packets) = (0, 0);
        phone.reports.clear();
    }
    world.meet(true);
    world.assert_in_sync("counted");
    Cost {
        shared,
        different,
        bytes: world.ana.bytes + world.ben.bytes - HANDSHAKE,
        chits,
        letters: world.ana.last().delivered + world.ben.last().delivered,
        packets: [world.ana.packets, world.ben.packets],
    }
}

#[test]
fn the_byte_table() {
    let mut table = Vec::new();
    for shared in [0, 10, 1_000] {
        for different in [0, 1, 10, 100] {
            table.push(meet(shared, different));
        }
    }
    println!(
        "shared | different | bytes both ways, handshake aside | of it chits | beyond | letters | packets each way"
    );
    for Cost { shared, different, bytes, chits, letters, packets } in &table {
        let beyond = i64::try_from(*bytes).unwrap() - i64::try_from(*chits).unwrap();
        println!(
            "{shared:6} | {different:9} | {bytes:33} | {chits:11} | {beyond:6} | {letters:7} | {packets:?}"
        );
    }
    println!(
        "others, on the same work: Automerge 25 KB cold at n = 10,000 and d = 0, 277 bytes warm at d = 1;"
    );
    println!(
        "negentropy 834 to 2,300 bytes beyond the entry at d = 1. Both without signatures, receipts or an order."
    );
    let of = |shared, different| {
        table.iter().find(|cost| (cost.shared, cost.different) == (shared, different)).unwrap()
    };
    assert!(of(1_000, 0).bytes <= 250, "nothing to say costs next to nothing");
    for different in [0, 1, 10, 100] {
        // Numbers grow by a few bytes as they grow long, and nothing else may.
        let (few, many) = (of(10, different), of(1_000, different));
        assert!(many.bytes.abs_diff(few.bytes) <= 40, "{} and {}", few.bytes, many.bytes);
        assert!(many.bytes <= many.chits + 400, "{different}: {}", many.bytes);
    }
    let marginal = (of(1_000, 100).bytes - of(1_000, 10).bytes) / 90;
    let entry = (of(1_000, 100).chits - of(1_000, 10).chits) / 90;
    println!("each further chit: {marginal} bytes on the air, {entry} by itself");
    assert!(marginal <= entry + 8);
    // Receipt, order and its confirmation are three signatures; from some entries on, what the entries leave out outweighs them.
    for different in [10, 100] {
        assert!(of(1_000, different).bytes <= different * (entry + 8) + 120, "{different}");
    }
    assert!(of(1_000, 1).packets.iter().all(|packets| *packets <= 9), "handshake and one chit");
}
