//! The crash points of LEDGER.md §7 that concern one phone. In each a process is killed for real, at the very call that the name says.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a story that goes wrong should stop loudly"
)]

use std::fs;
use std::path::Path;

use hazel_core::digest::Digest;
use hazel_core::store::{Store, StoreError};
use hazel_core::wallet::{Payment, Wallet, WalletError, Went};
use hazel_tests::crash::disk::{After, BadDisk, Fault};
use hazel_tests::crash::people::{Folder, chips, only_tally, own_payments};
use hazel_tests::crash::sweep::{Report, Stage, settle};
use hazel_tests::crash::trace::{Call, Fate, Kind, obstacle};
use hazel_tests::crash::{STORIES, Story, phones, stories};

fn child() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_hazel-crash"))
}

/// Says so where nothing can be killed, so that nobody takes a skipped test for a passed one.
fn can_kill(test: &str) -> bool {
    let why = obstacle();
    if let Some(why) = &why {
        eprintln!("SKIPPED: {test}: no process can be killed at a chosen point here: {why}");
    }
    why.is_none()
}

struct Scene {
    story: Story,
    stage: Stage,
    _scratch: tempfile::TempDir,
}

impl Scene {
    fn set(story: Story) -> Self {
        let scratch = tempfile::tempdir().unwrap();
        Self { story, stage: Stage::set(story, child(), scratch.path()), _scratch: scratch }
    }

    /// The first call from `from` on that is meant.
    fn first(&self, from: usize, meant: impl Fn(&Call) -> bool) -> usize {
        from + self.stage.calls[from..].iter().position(meant).unwrap()
    }

    /// The first call that writes this file.
    fn write_to(&self, from: usize, file: &str) -> usize {
        self.first(from, |call| call.kind == Kind::Write && call.file == Path::new(file))
    }

    /// The moment in which the `count`-th hand-over begins to leave.
    fn leaves(&self, count: usize) -> usize {
        let name = format!("road/{count:04}");
        self.first(0, |call| call.kind == Kind::Make && call.file.to_string_lossy().starts_with(&name))
    }

    /// Kills the process before that call; what comes back is the restarted phone's.
    fn killed(&self, at: usize) -> Folder {
        Folder::new(&self.stage.kill(at).0, 1)
    }

    /// The restarted app goes on to the end; everything is sound before and after.
    fn goes_on(&self, folder: &Folder, at: usize) {
        settle(&self.story, &folder.path, 1, at);
    }
}

fn went_of_all(folder: &Folder, payer: &str) -> Vec<Went> {
    let mut wallet = folder.open(payer);
    let tally = only_tally(&wallet);
    let chits = wallet.export(&tally).unwrap().chits;
    chits.iter().map(|row| wallet.went(&tally, &row.signed.chit.reference()).unwrap()).collect()
}

fn held(folder: &Folder, name: &str) -> Vec<Digest> {
    let mut wallet = folder.open(name);
    let tally = only_tally(&wallet);
    wallet.export(&tally).unwrap().chits.iter().map(|row| row.hash).collect()
}

#[test]
fn before_the_commit_of_a_new_chit_nothing_happened() {
    if !can_kill("before the commit of a new chit") {
        return;
    }
    let scene = Scene::set(stories::PAY);
    // The last commit before the hand-over leaves notes that it was handed over; the one before that is the payment. It runs from the
    // sync before it to the write that makes it valid.
    let log: Vec<_> = (scene.stage.calls[..scene.leaves(0)].iter().enumerate())
        .filter(|(_, call)| call.kind == Kind::Sync && call.file == Path::new("ben.db-wal"))
        .map(|(at, _)| at)
        .collect();
    let [.., opened, paid, _handed_over] = log[..] else { panic!("too few commits: {log:?}") };
    let (first, last) = (scene.write_to(opened, "ben.db-wal"), paid - 1);
    for at in [first, first + (last - first) / 2, last] {
        let folder = scene.killed(at);
        assert_eq!(held(&folder, "ben"), [], "killed before call {at}");
        let mut ben = folder.open("ben");
        let tally = only_tally(&ben);
        for invoice in ben.invoices(&tally).unwrap() {
            assert_eq!(ben.went_for(&invoice.id).unwrap(), Went::NeverSigned);
        }
        let chit = ben.pay(&tally, &Payment { units: chips(1), ..Payment::default() }).unwrap();
        assert_eq!(chit.seq, 1, "the key was not used");
        drop(ben);
        fs::remove_dir_all(&folder.path).unwrap();
        let folder = scene.killed(at);
        scene.goes_on(&folder, at);
        fs::remove_dir_all(&folder.path).unwrap();
    }
    assert_eq!(held(&scene.killed(paid), "ben").len(), 1, "one write later it is there");
    scene.goes_on(&scene.killed(paid + 1), paid + 1);
}

#[test]
fn after_the_commit_before_a_byte_leaves_the_same_bytes_are_sent_later() {
    if !can_kill("after commit, before a byte leaves") {
        return;
    }
    let scene = Scene::set(stories::PAY);
    let at = scene.leaves(0);
    let folder = scene.killed(at);
    assert!(folder.on_the_road().is_empty());
    let signed = held(&folder, "ben");
    assert!(matches!(went_of_all(&folder, "ben")[..], [Went::Signed(_)]));
    scene.goes_on(&folder, at);
    assert!(held(&folder, "ana").contains(&signed[0]), "another chit was sent than was signed");
}

#[test]
fn after_send_before_receipt_it_is_sent_again_and_counts_once() {
    if !can_kill("after send, before receipt") {
        return;
    }
    let scene = Scene::set(stories::PAY);
    let at = scene.leaves(1);
    let folder = scene.killed(at);
    let (mut ana, mut ben, tally) = folder.both();
    ana.receive(&folder.on_the_road()[0].1).unwrap();
    let again = ben.hand_over(&tally).unwrap().expect("it is told again until there is a receipt");
    ana.receive(&again).unwrap();
    ana.receive(&again).unwrap();
    assert_eq!(ana.export(&tally).unwrap().chits.len(), 2);
    assert_eq!(ana.balance(&tally).unwrap(), ben.balance(&tally).unwrap().negated());
    drop((ana, ben));
    scene.goes_on(&folder, at);
}

#[test]
fn before_the_receivers_commit_there_is_no_receipt() {
    if !can_kill("receiver before commit") {
        return;
    }
    let scene = Scene::set(stories::HAND_OVER);
    let at = scene.write_to(scene.leaves(0) + 2, "ana.db-wal");
    let folder = scene.killed(at);
    assert_eq!(held(&folder, "ana"), []);
    assert!(went_of_all(&folder, "ben").iter().all(|went| matches!(went, Went::Signed(_))));
    scene.goes_on(&folder, at);
}

#[test]
fn after_the_receivers_commit_the_receipt_comes_on_the_next_summary() {
    if !can_kill("receiver after commit, before receipt") {
        return;
    }
    let scene = Scene::set(stories::HAND_OVER);
    let at = scene.leaves(1);
    let folder = scene.killed(at);
    assert_eq!(held(&folder, "ana").len(), 2);
    assert!(went_of_all(&folder, "ben").iter().all(|went| matches!(went, Went::Signed(_))));
    let (mut ana, mut ben, tally) = folder.both();
    ben.ask_what_is_missing(&tally).unwrap();
    let summary = ben.hand_over(&tally).unwrap().unwrap();
    ana.receive(&summary).unwrap();
    let receipt = ana.hand_over(&tally).unwrap().unwrap();
    ben.receive(&receipt).unwrap();
    drop((ana, ben));
    assert!(!went_of_all(&folder, "ben").iter().any(|went| matches!(went, Went::Signed(_))));
    scene.goes_on(&folder, at);
}

#[test]
fn what_the_authority_has_linked_keeps_its_place() {
    if !can_kill("authority after link") {
        return;
    }
    let scene = Scene::set(stories::CROSSING);
    let at = scene.leaves(1);
    let folder = scene.killed(at);
    let (ana, ben, tally) = folder.both();
    assert!(ben.tally(&tally).unwrap().index > ana.tally(&tally).unwrap().index, "linked, and not yet told");
    let linked = usize::try_from(ben.tally(&tally).unwrap().index).unwrap();
    drop((ana, ben));
    let order = held(&folder, "ben");
    scene.goes_on(&folder, at);
    assert_eq!(held(&folder, "ben")[..linked], order[..linked], "another order than was linked");
    assert_eq!(held(&folder, "ana")[..linked], order[..linked]);
}

#[test]
fn what_a_half_has_confirmed_stays_confirmed() {
    if !can_kill("half after confirm") {
        return;
    }
    let scene = Scene::set(stories::HAND_OVER);
    let at = scene.leaves(1);
    let folder = scene.killed(at);
    let (ana, ben, tally) = folder.both();
    let (confirmed, known) = (ana.tally(&tally).unwrap().agreed, ben.tally(&tally).unwrap().agreed);
    assert_eq!((confirmed, known), (2, 0), "confirmed, and not yet told");
    drop((ana, ben));
    scene.goes_on(&folder, at);
    assert_eq!(folder.open("ben").tally(&tally).unwrap().agreed, 2);
}

#[test]
fn in_the_middle_of_a_page_there_is_never_half_a_chit() {
    if !can_kill("in the middle of a page") {
        return;
    }
    let scene = Scene::set(stories::PAGE);
    let (first, sent) = (scene.write_to(0, "ana.db-wal"), scene.leaves(1));
    assert!(sent - first > 20, "a page takes many writes: {}", sent - first);
    let mut report = Report::default();
    for at in (first..sent).step_by((sent - first) / 4) {
        let folder = scene.killed(at);
        assert!([0, 40].contains(&held(&folder, "ana").len()));
        fs::remove_dir_all(&folder.path).unwrap();
        scene.stage.live_through(at, &mut report);
    }
    assert_eq!(report.failures, Vec::<String>::new());
}

#[test]
fn during_an_epoch_change_there_are_never_two_live_ones() {
    if !can_kill("during an epoch change") {
        return;
    }
    let scene = Scene::set(phones::EPOCH);
    let (mut before, mut after) = (0, 0);
    let first = scene.leaves(0);
    for at in (first..scene.stage.calls.len()).step_by(9) {
        let folder = scene.killed(at);
        let ben = folder.open("ben");
        let reconciling = ben.tally(&only_tally(&ben)).unwrap().reconciling;
        *(if reconciling { &mut before } else { &mut after }) += 1;
        drop(ben);
        // The story itself counts the live epochs, on both phones, before and after it goes on.
        scene.goes_on(&folder, at);
    }
    assert!(before > 0 && after > 0, "killed {before} times before the new epoch and {after} times after");
}

#[test]
fn during_a_backup_the_old_one_is_intact() {
    if !can_kill("during a backup") {
        return;
    }
    let scene = Scene::set(phones::BACKUP);
    let rename = scene.first(0, |call| call.kind == Kind::Rename);
    let old = fs::read(scene.killed(0).path.join("ben.backup")).unwrap();
    for at in [scene.write_to(0, "ben.backup.new"), rename, rename + 1] {
        let folder = scene.killed(at);
        let now = fs::read(folder.path.join("ben.backup")).unwrap();
        assert_eq!(now == old, at <= rename, "killed before call {at}");
        scene.goes_on(&folder, at);
    }
}

#[test]
fn during_a_restore_nothing_is_signed_before_the_new_epoch() {
    if !can_kill("during a restore") {
        return;
    }
    let scene = Scene::set(phones::RESTORE);
    let named = scene.first(0, |call| call.kind == Kind::Rename && call.to == Path::new("ben.db"));
    for at in [named / 2, named] {
        let folder = scene.killed(at);
        assert!(!folder.file("ben").exists(), "half a wallet under the name of a whole one");
        scene.goes_on(&folder, at);
    }
    let at = scene.leaves(0);
    let folder = scene.killed(at);
    let mut ben = folder.open("ben");
    let tally = only_tally(&ben);
    assert!(ben.tally(&tally).unwrap().reconciling);
    let payment = Payment { units: chips(1), insist: true, ..Payment::default() };
    assert_eq!(ben.pay(&tally, &payment).unwrap_err().code(), "reconciling");
    assert_eq!(own_payments(&mut ben, &tally), 1, "what the backup held");
    drop(ben);
    scene.goes_on(&folder, at);
}

#[test]
fn during_a_migration_the_file_is_old_or_new_and_says_the_same() {
    if !can_kill("during a migration") {
        return;
    }
    let scene = Scene::set(phones::MIGRATION);
    let (mut old, mut new) = (0, 0);
    for at in 0..scene.stage.calls.len() {
        let folder = scene.killed(at);
        match Store::open(&folder.file("ben")).err() {
            None => old += 1,
            Some(StoreError::Newer) => new += 1,
            Some(error) => panic!("neither old nor new: {error}"),
        }
        // The story compares the export with the one from before.
        scene.goes_on(&folder, at);
    }
    assert!(old > 0 && new > 0, "{old} times old, {new} times new");
}

#[test]
fn during_a_wipe_the_keys_go_first() {
    if !can_kill("during a wipe") {
        return;
    }
    let scene = Scene::set(phones::WIPE);
    let gone = scene.first(0, |call| call.kind == Kind::Remove);
    for (at, call) in scene.stage.calls.iter().enumerate() {
        let folder = scene.killed(at);
        if at >= gone && folder.file("ben").exists() {
            let error = folder.try_open("ben").err();
            assert_eq!(error, Some(WalletError::WrongFile), "{} before the keys were gone", call.name);
            let store = Store::open(&folder.file("ben")).unwrap();
            assert!(store.read(|shelf| shelf.wallet()).unwrap().is_none());
            assert!(Wallet::finish_wipe(store).is_ok());
        }
        scene.goes_on(&folder, at);
    }
}

#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    told_and_nothing_changed("disk full", Kind::Write, "ENOSPC", "disk_full");
}

#[test]
fn a_failed_write_is_told_and_changes_nothing() {
    told_and_nothing_changed("failed write", Kind::Write, "EIO", "disk_failed");
}

#[test]
fn a_failed_sync_is_told_and_changes_nothing() {
    told_and_nothing_changed("failed sync", Kind::Sync, "EIO", "disk_failed");
}

/// The payer's log fails once, and then works again: the payment is made on the second try, or not at all if the process dies.
fn told_and_nothing_changed(test: &str, kind: Kind, error: &'static str, code: &str) {
    if !can_kill(test) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let bad = BadDisk::set(child(), scratch.path());
    let log = |call: &&Call| call.kind == kind && call.file == Path::new("ben.db-wal");
    let calls: Vec<&Call> = bad.calls.iter().filter(log).collect();
    for call in calls.iter().step_by(calls.len().div_ceil(6)) {
        for after in [After::TriesAgain, After::Dies, After::Closes] {
            let told = bad.live_through(call, Fault { fate: Fate::Fail(error), after });
            assert!(told.iter().all(|told| told == code), "{told:?}");
            assert!(!told.is_empty() || kind == Kind::Sync, "{} {} was not told", call.name, call.count);
        }
    }
    // A disk that stays broken: whatever is said, the file opened again later is whole and tells the truth.
    let call = calls[calls.len() / 2];
    for after in [After::Dies, After::Closes] {
        let told = bad.live_through(call, Fault { fate: Fate::FailFromHere(error), after });
        let worse = error == "EIO" && told == ["disk_unsettled"];
        assert!(worse || told == [code], "{told:?}");
    }
}

/// A few points of every story; `hazel-crash` goes through all of them.
#[test]
fn every_story_survives_a_few_of_its_crashes() {
    if !can_kill("the sweep") {
        return;
    }
    for story in STORIES {
        let scene = Scene::set(story);
        let report = scene.stage.sweep(scene.stage.calls.len().div_ceil(2));
        assert_eq!(report.failures, Vec::<String>::new());
        assert!(report.points() >= 2, "{}: {} points", story.name, report.points());
    }
}

#[test]
fn every_story_survives_a_second_crash_behind_the_first() {
    if !can_kill("the second crash") {
        return;
    }
    for story in STORIES {
        let scene = Scene::set(story);
        let found = scene.stage.sweep_twice(scene.stage.calls.len().div_ceil(2), 1);
        assert_eq!(found.failures, Vec::<String>::new());
        assert!(found.points > 0, "{}: nothing was left to do", story.name);
    }
}
