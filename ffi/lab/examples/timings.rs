//! What a screen costs when Rust asks for it: the floor under the same calls from Kotlin and Swift (`ffi/timings.sh`).
//!
//! `timings grow FOLDER CHITS` makes a wallet with so many chits on twenty tallies; `timings read FOLDER` times reading it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench stops loudly, reads the clock and prints its figures"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_ffi::{PageOf, Payment, Side, Terms, Wallet};
use hazel_lab::{Faults, LabKeys, SimulatedPair};

const TALLIES: u32 = 20;
const FILE: &str = "ben.hazel";

fn page() -> PageOf {
    PageOf { skip: 0, most: 30, since: None, until: None, text: None, payments_only: false }
}

fn quiet() -> Faults {
    Faults {
        mtu: 517,
        claims: None,
        loss: 0,
        doubling: 0,
        jitter: 0,
        cuts: vec![],
        late: false,
        kill_right_after: None,
    }
}

fn open_tally(pair: &SimulatedPair, ana: &Wallet, ben: &Wallet) -> TallyId {
    let terms = Terms { limit: Units::new(1_000_000_000), notice_days: 30 };
    let invitation = ben.invite(Side::Stock, terms, 3_600).unwrap();
    let tally = ana.accept_ticket(invitation.code.bytes, terms).unwrap();
    pair.meet(&tally.to_string(), quiet()).unwrap();
    ben.offer(tally, None, None).unwrap();
    pair.meet(&tally.to_string(), quiet()).unwrap();
    ana.accept(tally, ana.offered(tally).unwrap().version).unwrap();
    pair.meet(&tally.to_string(), quiet()).unwrap();
    tally
}

/// Every chit is really signed, handed over, ordered and stored.
fn grow(folder: &str, chits: u32) {
    let pair = SimulatedPair::fresh(folder, 1).unwrap();
    let (ana, ben) = (pair.left().unwrap(), pair.right().unwrap());
    for _ in 0..TALLIES {
        let tally = open_tally(&pair, &ana, &ben);
        for _ in 0..chits / TALLIES {
            let (memo, reference) = ("coffee".to_owned(), String::new());
            let payment = Payment { units: Units::new(2_500), memo, reference, invoice: None, insist: false };
            ana.pay(tally, payment).unwrap();
        }
        for _ in 0..40 {
            let Some(letter) = ana.hand_over(tally).unwrap() else { break };
            ben.receive(letter).unwrap();
            if let Some(answer) = ben.hand_over(tally).unwrap() {
                ana.receive(answer).unwrap();
            }
        }
        let line = ben.tally(tally, page()).unwrap().tally;
        assert_eq!(
            (line.balance, line.final_balance),
            (Units::new(i64::from(chits / TALLIES) * 2_500), line.balance)
        );
    }
    ana.shut().unwrap();
    ben.shut().unwrap();
}

fn opened(folder: &str) -> Arc<Wallet> {
    let file = Path::new(folder).join(FILE).to_string_lossy().into_owned();
    Wallet::open(&file, Arc::new(LabKeys), None).unwrap()
}

/// The middle one of so many, in microseconds.
fn middle(times: usize, mut call: impl FnMut()) -> u128 {
    let mut taken: Vec<_> = (0..times)
        .map(|_| {
            let began = Instant::now();
            call();
            began.elapsed().as_micros()
        })
        .collect();
    taken.sort_unstable();
    taken[times / 2]
}

fn read(folder: &str) {
    let cold = middle(21, || {
        let wallet = opened(folder);
        black_box(wallet.home().unwrap());
        wallet.shut().unwrap();
    });
    let wallet = opened(folder);
    let tallies = wallet.home().unwrap().tallies;
    let home = middle(301, || {
        black_box(wallet.home().unwrap());
    });
    let mut turn = tallies.iter().cycle();
    let tally = middle(301, || {
        black_box(wallet.tally(turn.next().unwrap().id, page()).unwrap());
    });
    println!("Rust: open to first home {cold} us, home {home} us, a page of 30 {tally} us");
}

fn main() {
    let words: Vec<_> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["grow", folder, chits] => grow(folder, chits.parse().unwrap()),
        ["read", folder] => read(folder),
        _ => println!("timings grow FOLDER CHITS | timings read FOLDER"),
    }
}
