//! What others need for the same work: two devices share n entries, one has d more, and afterwards both have all.
//!
//! `cargo run --release --manifest-path tests/peers/Cargo.toml` prints a row for each. Bytes are those of all messages in both directions
//! beyond the d entries themselves; a secured link would add its own to either.

use automerge::sync::{State, SyncDoc as _};
use automerge::transaction::Transactable as _;
use automerge::{AutoCommit, ObjType, ROOT, ReadDoc as _};
use negentropy::{Id, Negentropy, NegentropyStorageVector};

/// As long as a chit of docs/performance-sync.md is on the air.
const ENTRY: usize = 167;

type Anything = Box<dyn std::error::Error>;

/// Bytes that nothing compresses (SplitMix64), the same in every run.
fn noise(number: usize, length: usize) -> Vec<u8> {
    let mut state = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend((mixed ^ (mixed >> 31)).to_be_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// What one way of bringing two to the same state needed.
struct Cost {
    bytes: usize,
    messages: usize,
}

/// Says all that the two documents have to say to each other.
fn sync(one: &mut AutoCommit, other: &mut AutoCommit, states: &mut [State; 2]) -> Result<Cost, Anything> {
    let mut cost = Cost { bytes: 0, messages: 0 };
    loop {
        let [of_one, of_other] = states;
        let there = one.sync().generate_sync_message(of_one);
        let back = other.sync().generate_sync_message(of_other);
        if there.is_none() && back.is_none() {
            return Ok(cost);
        }
        if let Some(message) = there {
            count(&mut cost, &message.clone().encode());
            other.sync().receive_sync_message(of_other, message)?;
        }
        if let Some(message) = back {
            count(&mut cost, &message.clone().encode());
            one.sync().receive_sync_message(of_one, message)?;
        }
    }
}

fn count(cost: &mut Cost, bytes: &[u8]) {
    cost.bytes += bytes.len();
    cost.messages += 1;
}

/// Documents with a list to which one entry a change is added. Warm: the two remember where they stood; cold: they do not.
fn automerge(shared: usize, different: usize) -> Result<[Cost; 2], Anything> {
    let mut one = AutoCommit::new();
    let list = one.put_object(ROOT, "entries", ObjType::List)?;
    let add = |document: &mut AutoCommit, number: usize| -> Result<(), Anything> {
        let end = document.length(&list);
        document.insert(&list, end, noise(number, ENTRY))?;
        document.commit();
        Ok(())
    };
    for number in 0..shared {
        add(&mut one, number)?;
    }
    let mut other = one.fork();
    let mut warm = [State::new(), State::new()];
    sync(&mut one, &mut other, &mut warm)?;
    for number in shared..shared + different {
        add(&mut one, number)?;
    }
    let mut twin = other.fork();
    let costs = [
        sync(&mut one, &mut other, &mut warm)?,
        sync(&mut one, &mut twin, &mut [State::new(), State::new()])?,
    ];
    for document in [&other, &twin] {
        assert_eq!(document.length(&list), shared + different);
    }
    Ok(costs)
}

/// Sets of (time, 32 bytes): who has more asks, and learns what the other lacks. The entries themselves would follow.
fn negentropy(shared: usize, different: usize) -> Result<Cost, Anything> {
    let set = |entries: usize| -> Result<NegentropyStorageVector, Anything> {
        let mut set = NegentropyStorageVector::new();
        for number in 0..entries {
            let id: [u8; 32] = noise(number, 32).try_into().map_err(|_| "32 bytes")?;
            set.insert(1_790_000_000 + number as u64, Id::from_byte_array(id))?;
        }
        set.seal()?;
        Ok(set)
    };
    let mut asks = Negentropy::owned(set(shared + different)?, 0)?;
    let mut answers = Negentropy::owned(set(shared)?, 0)?;
    let (mut has, mut lacks) = (Vec::new(), Vec::new());
    let mut cost = Cost { bytes: 0, messages: 0 };
    let mut next = Some(asks.initiate()?);
    while let Some(question) = next {
        count(&mut cost, &question);
        let answer = answers.reconcile(&question)?;
        count(&mut cost, &answer);
        next = asks.reconcile_with_ids(&answer, &mut has, &mut lacks)?;
    }
    assert_eq!((has.len(), lacks.len()), (different, 0));
    Ok(cost)
}

fn main() -> Result<(), Anything> {
    println!(
        "     n |   d | Automerge, warm | Automerge, cold | negentropy      (bytes beyond the entries, messages)"
    );
    for shared in [1_000, 10_000, 100_000] {
        for different in [0, 1, 10, 100] {
            let [warm, cold] = automerge(shared, different)?;
            let asked = negentropy(shared, different)?;
            let beyond = |cost: &Cost| format!("{:7} ({:2})", cost.bytes - different * ENTRY, cost.messages);
            println!(
                "{shared:6} | {different:3} | {:>15} | {:>15} | {:7} ({:2})",
                beyond(&warm),
                beyond(&cold),
                asked.bytes,
                asked.messages
            );
        }
    }
    Ok(())
}
