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
use std::sync::mpsc::sync_channel;

use floor::story::{Seeded, StoryClock, guard};
use floor::{figure, hand, micros, open_tally, ratio, time, wallet};
use hazel_core::canon::Canon as _;
use hazel_core::chit::{Note, SignedChit};
use hazel_core::store::Store;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_core::wallet::{Filter, Payment, Wallet};
use rusqlite::Connection;

const TALLIES: usize = 200;

fn chits() -> usize {
    std::env::var("HAZEL_MILLION").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// Every chit is really signed, handed over, verified, ordered and stored; only the other half lives in memory. One thread signs while the
/// other takes in.
fn grow(path: &Path) -> Vec<TallyId> {
    let mut mine = wallet("mine", Store::create(path).unwrap());
    let each = chits() / TALLIES;
    let partners: Vec<(Wallet, TallyId)> = (0..TALLIES)
        .map(|partner| {
            let mut theirs = wallet(&format!("partner {partner}"), Store::in_memory().unwrap());
            let tally = open_tally(&mut mine, &mut theirs);
            (theirs, tally)
        })
        .collect();
    let tallies = partners.iter().map(|(_, tally)| *tally).collect();
    let (signed, arriving) = sync_channel(2);
    let signer = std::thread::spawn(move || {
        let payment = Payment { units: Units::new(2_500), memo: "coffee".into(), ..Payment::default() };
        for (mut theirs, tally) in partners {
            for _ in 0..each {
                theirs.pay(&tally, &payment).unwrap();
            }
            signed.send((theirs, tally)).unwrap();
        }
    });
    for (done, (mut theirs, tally)) in arriving.iter().enumerate() {
        while hand(&mut theirs, &mut mine, &tally) | hand(&mut mine, &mut theirs, &tally) {}
        assert_eq!(usize::try_from(mine.tally(&tally).unwrap().final_index), Ok(each));
        if done % 20 == 19 {
            println!("  {} of {TALLIES} tallies grown", done + 1);
        }
    }
    signer.join().unwrap();
    tallies
}

fn open(path: &Path) -> Wallet {
    let store = Store::open(path).unwrap();
    Wallet::open(store, &guard(), Box::new(StoryClock::new()), Box::new(Seeded::new("reader"))).unwrap()
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// What a wallet needs in a process of its own: the growing above has used memory that no phone would.
fn resident(path: &Path) {
    let mut wallet = open(path);
    for view in wallet.tallies().unwrap() {
        black_box(wallet.history(&view.id, &Filter { most: 20, ..Filter::default() }).unwrap());
    }
    figure("resident memory after looking at every tally", resident_kib() as f64 / 1024.0, "MB", 20.0);
}

fn main() {
    if let Some(path) = std::env::var_os("HAZEL_RESIDENT") {
        return resident(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet.db");
    println!("growing {} chits", chits());
    let mut tallies = Vec::new();
    let took = time(|| tallies = grow(&path));
    println!("grown in {:.0} s", took.as_secs_f64());
    let size = std::fs::metadata(&path).unwrap().len();
    figure("on the disk, a chit", size as f64 / chits() as f64, "B", 400.0);
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
    // A fresh one each time, so that it is looked up and not remembered.
    let mut turn = tallies.iter().cycle();
    let balance = micros(u32::try_from(TALLIES).unwrap(), || wallet.balance(turn.next().unwrap()).unwrap());
    figure("a balance, of each tally in turn", balance, "us", 10.0);
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
