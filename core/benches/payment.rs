//! A durable payment against what no payment can do without: one sync of its bytes, and one commit of its rows with one signature.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "a bench stops loudly and prints its figures"
)]

mod floor;

use std::fs::OpenOptions;
use std::io::Write as _;

use criterion::{Criterion, criterion_group};
use ed25519_dalek::{Signer as _, SigningKey};
use floor::{criterion, figure, micros, open_tally, ratio_at_leisure, wallet};
use hazel_core::store::Store;
use hazel_core::units::Units;
use hazel_core::wallet::{Payment, Wallet};
use rusqlite::{Connection, params};

fn payment() -> Payment {
    Payment { units: Units::new(2_500), memo: "coffee".into(), ..Payment::default() }
}

fn payer(folder: &std::path::Path, name: &str) -> (Wallet, hazel_core::tally::TallyId) {
    let mut payee = wallet("payee", Store::in_memory().unwrap());
    let mut payer = wallet("payer", Store::create(&folder.join(name)).unwrap());
    let tally = open_tally(&mut payee, &mut payer);
    (payer, tally)
}

/// The same rows in bare SQL, with the same settings and no thought.
struct BareRows {
    connection: Connection,
    key: SigningKey,
    next: i64,
}

impl BareRows {
    fn new(path: &std::path::Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "synchronous", "FULL").unwrap();
        connection.execute_batch(include_str!("../src/store/schema.sql")).unwrap();
        let blob = [7_u8; 32];
        connection
            .execute("INSERT INTO tally (no, id, side, state, name, inviter, terms, untold, sum) VALUES (1, ?1, 0, 'open', '', 0, ?1, 0, 0)", [&blob[..]])
            .unwrap();
        connection
            .execute(
                "INSERT INTO standing (tally, book, tip, arrivals, agreed, final, final_stock, final_foil, chain, reconciling, owed, met, sum) VALUES (1, ?1, ?1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)",
                [&[7_u8; 560][..]],
            )
            .unwrap();
        connection
            .execute(
                "INSERT INTO chain (no, tally, side, device, epoch, branch, base, seq, hash, next_key, linked, sent, known, held, receipted, seed, sum) VALUES (1, 1, 0, 1, 1, 0, 0, 0, ?1, ?1, 0, 0, 0, 0, 0, ?2, 0)",
                params![&blob[..], &[7_u8; 72][..]],
            )
            .unwrap();
        Self { connection, key: SigningKey::from_bytes(&blob), next: 1 }
    }

    fn commit(&mut self) {
        std::hint::black_box(self.key.sign(&self.next.to_be_bytes()));
        let transaction = self.connection.transaction().unwrap();
        let no = (1_i64 << 32) + self.next;
        let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
            transaction.prepare_cached(sql).unwrap().execute(values).unwrap();
        };
        run(
            "INSERT INTO chit (no, arrival, flag, place, entry) VALUES (?1, ?2, 0, 0, ?3)",
            &[&no, &self.next, &&[9_u8; 250][..]],
        );
        run(
            "UPDATE chain SET seq = ?1, hash = ?2, next_key = ?2, seed = ?3 WHERE no = 1",
            &[&self.next, &&[8_u8; 32][..], &&[6_u8; 72][..]],
        );
        run(
            "UPDATE standing SET book = ?1, tip = ?1, arrivals = ?2 WHERE tally = 1",
            &[&&[5_u8; 560][..], &self.next],
        );
        transaction.commit().unwrap();
        self.next += 1;
    }
}

fn durable(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (mut wallet, tally) = payer(folder.path(), "criterion.db");
    c.bench_function("durable payment", |b| b.iter(|| wallet.pay(&tally, &payment()).unwrap()));
    c.bench_function("can_pay", |b| b.iter(|| wallet.can_pay(&tally, Units::new(2_500)).unwrap()));
    c.bench_function("balance", |b| b.iter(|| wallet.balance(&tally).unwrap()));
}

criterion_group! { name = benches; config = criterion(); targets = durable }

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    let folder = tempfile::tempdir().unwrap();
    let (mut wallet, tally) = payer(folder.path(), "ratio.db");
    let pay = |wallet: &mut Wallet| {
        wallet.pay(&tally, &payment()).unwrap();
    };
    // What a person sees: the wallet had leisure while they typed. What a machine would see: one payment right after the other.
    let ready = |wallet: &mut Wallet| wallet.make_ready(&tally).unwrap();
    let at_once = |_: &mut Wallet| ();
    let mut log = OpenOptions::new().create(true).append(true).open(folder.path().join("log")).unwrap();
    let mut append = || {
        log.write_all(&[3; 275]).unwrap();
        log.sync_data().unwrap();
    };
    let what = "payment / append 275 bytes and fdatasync";
    ratio_at_leisure(what, 1.40, 2_000, &mut wallet, ready, &mut append, pay);
    let what = "payment right after another / append 275 bytes and fdatasync";
    ratio_at_leisure(what, 1.40, 2_000, &mut wallet, at_once, &mut append, pay);
    let mut bare = BareRows::new(&folder.path().join("bare.db"));
    let what = "payment / bare commit of its rows and one signature";
    ratio_at_leisure(what, 1.15, 2_000, &mut wallet, ready, || bare.commit(), pay);
    let what = "payment right after another / bare commit of its rows and one signature";
    ratio_at_leisure(what, 1.15, 2_000, &mut wallet, at_once, || bare.commit(), pay);
    figure("a balance", micros(100, || wallet.balance(&tally).unwrap()), "us", 10.0);
    let can_pay = micros(100, || wallet.can_pay(&tally, Units::new(2_500)).unwrap());
    println!("can_pay: {can_pay:.2} us");
    let before = written();
    (0..100).for_each(|_| pay(&mut wallet));
    match before.zip(written()) {
        Some((before, after)) => {
            figure("bytes written by a payment", (after - before) as f64 / 100.0, "B", 18_000.0);
        }
        None => println!("bytes written by a payment: this system does not count them"),
    }
    println!(
        "syncs of a payment: counted at the kernel by `cargo test -p hazel-tests --test payment_writes`"
    );
}

/// What this process has handed to the system to write, checkpoints and all.
fn written() -> Option<u64> {
    let counted = std::fs::read_to_string("/proc/self/io").ok()?;
    counted.lines().find_map(|line| line.strip_prefix("wchar: "))?.parse().ok()
}
