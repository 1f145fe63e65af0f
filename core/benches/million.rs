//! A wallet with a long life: a million chits on two hundred tallies (`HAZEL_MILLION=20000` for a quick look), against bare SQL.

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

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group};
use floor::{Noon, Seeded, hand, open_tally, ratio, time, wallet};
use hazel_core::canon::Canon as _;
use hazel_core::chit::{Note, SignedChit};
use hazel_core::keystore::BareKey;
use hazel_core::store::Store;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{Filter, Payment, Wallet};
use rusqlite::Connection;

const TALLIES: usize = 200;

fn chits() -> usize {
    std::env::var("HAZEL_MILLION").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// Every chit is really signed, really ordered and really stored; only the other half lives in memory and syncs are off meanwhile.
fn grow(path: &Path) -> Vec<TallyId> {
    let mut mine = wallet("mine", Store::create(path).unwrap());
    let each = chits() / TALLIES;
    let payment = Payment { units: Units::new(2_500), memo: "coffee".into(), ..Payment::default() };
    let mut tallies = Vec::new();
    for partner in 0..TALLIES {
        let mut theirs = wallet(&format!("partner {partner}"), Store::in_memory().unwrap());
        let tally = open_tally(&mut mine, &mut theirs);
        for _ in 0..each {
            theirs.pay(&tally, &payment).unwrap();
        }
        for _ in 0..3 {
            hand(&mut theirs, &mut mine, &tally);
            hand(&mut mine, &mut theirs, &tally);
        }
        assert_eq!(usize::try_from(mine.tally(&tally).unwrap().final_index), Ok(each));
        tallies.push(tally);
        if partner % 20 == 19 {
            println!("  {} of {} tallies grown", partner + 1, TALLIES);
        }
    }
    tallies
}

fn open(path: &Path) -> Wallet {
    let store = Store::open(path).unwrap();
    Wallet::open(store, &BareKey::new([5; 32]), Box::new(Noon), Box::new(Seeded::new("reader"))).unwrap()
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn nothing(_: &mut Criterion) {}

criterion_group!(benches, nothing);

/// What a wallet needs in a process of its own: the growing above has used memory that no phone would.
fn resident(path: &Path) {
    let mut wallet = open(path);
    for view in wallet.tallies().unwrap() {
        black_box(wallet.history(&view.id, &Filter { most: 20, ..Filter::default() }).unwrap());
    }
    println!(
        "resident memory after looking at every tally: {:.1} MB (aim 20)",
        resident_kib() as f64 / 1024.0
    );
}

fn main() {
    if let Some(path) = std::env::var_os("HAZEL_RESIDENT") {
        return resident(Path::new(&path));
    }
    benches();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    println!("growing {} chits", chits());
    let took = time(|| {
        let tallies = grow(&path);
        std::fs::write(
            folder.path().join("tallies"),
            tallies.iter().map(|t| format!("{t}\n")).collect::<String>(),
        )
        .unwrap();
    });
    println!("grown in {:.0} s", took.as_secs_f64());
    let list = std::fs::read_to_string(folder.path().join("tallies")).unwrap();
    let tallies: Vec<TallyId> = list.lines().map(|line| line.parse().unwrap()).collect();
    let size = std::fs::metadata(&path).unwrap().len();
    println!("{:.0} bytes on disk a chit (aim 400)", size as f64 / chits() as f64);
    let first_screen_sql = || {
        let bare = Connection::open(&path).unwrap();
        bare.pragma_update(None, "journal_mode", "WAL").unwrap();
        let mut query = bare
            .prepare("SELECT tally.no, tally.id, side, state, name, book, tip, agreed, final, final_stock, final_foil, owed, met FROM tally JOIN standing ON standing.tally = tally.no")
            .unwrap();
        let mut rows = query.query([]).unwrap();
        let mut sum = 0;
        while let Some(row) = rows.next().unwrap() {
            let tip: Vec<u8> = row.get(6).unwrap();
            sum += tip.len();
        }
        black_box(sum);
    };
    ratio("cold open to first screen / the same rows in bare SQL", 3.0, 50, first_screen_sql, || {
        let wallet = open(&path);
        black_box(wallet.overview().unwrap());
    });
    let mut wallet = open(&path);
    let tally = tallies[TALLIES / 2];
    let times = (0..1000).map(|_| time(|| wallet.balance(&tally).unwrap()));
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    println!("a balance: {:.1} us (aim 10)", times[500].as_secs_f64() * 1e6);
    let bare = Connection::open(&path).unwrap();
    let no: i64 =
        bare.query_row("SELECT no FROM tally WHERE id = ?", [&tally.0[..]], |row| row.get(0)).unwrap();
    let index: i64 =
        bare.query_row("SELECT max(no) FROM place WHERE no < ?", [(no + 1) << 32], |row| row.get(0)).unwrap();
    ratio(
        "a page of 20 chits / the same rows in bare SQL",
        3.0,
        1000,
        || {
            let mut query = bare
                .prepare_cached("SELECT place.paid_stock, place.paid_foil, chit.flag, chit.entry FROM place JOIN chit ON chit.no = place.chit WHERE place.no > ?1 - 20 AND place.no <= ?1 ORDER BY place.no DESC")
                .unwrap();
            let mut rows = query.query([index]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                black_box(row.get::<_, Vec<u8>>(3).unwrap());
            }
        },
        || {
            black_box(wallet.history(&tally, &Filter { most: 20, ..Filter::default() }).unwrap());
        },
    );
    let pair = hazel_core::pair::PairKey::from_bytes([7; 32]);
    ratio(
        "a page of 20 chits / the same rows read, hashed and their notes tried with a key",
        1.5,
        1000,
        || {
            let mut query = bare
                .prepare_cached("SELECT chit.entry FROM place JOIN chit ON chit.no = place.chit WHERE place.no > ?1 - 20 AND place.no <= ?1 ORDER BY place.no DESC")
                .unwrap();
            let mut rows = query.query([index]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let signed = SignedChit::from_stored(row.get_ref(0).unwrap().as_blob().unwrap()).unwrap();
                black_box((signed.chit.hash(), Note::open(&pair, &signed.chit)).1.is_err());
            }
        },
        || {
            black_box(wallet.history(&tally, &Filter { most: 20, ..Filter::default() }).unwrap());
        },
    );
    drop((wallet, bare));
    let own = std::env::current_exe().unwrap();
    let told = std::process::Command::new(own).env("HAZEL_RESIDENT", &path).output().unwrap();
    print!("{}", String::from_utf8_lossy(&told.stdout));
}
