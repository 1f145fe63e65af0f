//! Stories of one phone: made, backed up, lost, restored, joined by a second one.

use std::fs;

use hazel_core::canon::Canon as _;
use hazel_core::store::{Store, StoreError};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Enrolment, EnrolmentRequest, Payment, Wallet, WalletError};

use super::Story;
use super::people::{
    Folder, NEXT_MIGRATIONS, Seeded, chips, guard, only_tally, own_payments, pay_until, words,
};
use super::stories::{agreed_prefix_is_equal, clear_road, equal_with, nothing};
use super::torn::all_bytes;

/// A wallet is made where none was.
pub const CREATE: Story = Story {
    name: "create",
    about: "a wallet is made",
    points: "during the first migration and before the first commit",
    prepare: nothing,
    act: |folder| {
        if !folder.file("ana").exists() {
            drop(folder.create("ana"));
        }
    },
    inspect: nothing,
    finish: |folder| {
        let mut ana = folder.open("ana");
        assert_eq!((ana.name(), ana.device(), ana.has_root()), ("ana", 1, true));
        ana.check_words(&words("ana")).unwrap();
        assert!(ana.audit(&mut |_| true).unwrap().findings.is_empty());
    },
};

/// A second phone is let in, is given an allowance, and pays.
pub const DEVICES: Story = Story {
    name: "devices",
    about: "a second phone is let in and pays",
    points: "before and after the commit of a grant; a second device's first commit",
    prepare: |folder| {
        drop(folder.pair());
        clear_road(folder);
    },
    act: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        // The tablet keeps its secret until the answer is here; it asks with the same one again after a crash.
        let (request, secret) = EnrolmentRequest::new("tablet", &mut Seeded::new("tablet"));
        if !folder.path.join("enrolment").exists() {
            let enrolment = ben.add_device(&request).unwrap();
            folder.write_whole("enrolment", &enrolment.to_bytes());
        }
        if !folder.file("tablet").exists() {
            let answer = Enrolment::from_bytes(&fs::read(folder.path.join("enrolment")).unwrap()).unwrap();
            let (clock, entropy) = (folder.clock(), folder.entropy("tablet"));
            let place = folder.file("tablet");
            drop(Wallet::enrol_file(&place, &guard(), &secret, &answer, clock, entropy).unwrap());
        }
        let mut tablet = folder.open("tablet");
        let number = tablet.device();
        let handed = |ben: &Wallet| {
            let views = ben.devices(&tally).unwrap();
            views.iter().any(|d| d.mine && d.device == number && d.allowance.is_some_and(|a| a > chips(0)))
        };
        if !handed(&ben) {
            ben.hand_allowance(&tally, number, chips(40)).unwrap();
        }
        folder.talk(&mut ben, &mut ana, &tally);
        tablet.ask_what_is_missing(&tally).unwrap();
        folder.talk_as(&mut tablet, &mut ana, &tally, ["tablet", "ana"]);
        if own_payments(&mut tablet, &tally) == 0 {
            tablet.pay(&tally, &Payment { units: chips(5), ..Payment::default() }).unwrap();
        }
        folder.talk_as(&mut tablet, &mut ana, &tally, ["tablet", "ana"]);
    },
    inspect: agreed_prefix_is_equal,
    finish: |folder| {
        equal_with(folder, [0, 1]);
        let (mut ana, ben, tally) = folder.both();
        let mut tablet = folder.open("tablet");
        tablet.ask_what_is_missing(&tally).unwrap();
        folder.talk_as(&mut tablet, &mut ana, &tally, ["tablet", "ana"]);
        assert_eq!(tablet.balance(&tally).unwrap(), chips(-5));
        let allowances: Vec<_> =
            ben.devices(&tally).unwrap().into_iter().filter(|d| d.mine).filter_map(|d| d.allowance).collect();
        let handed_out = allowances.iter().fold(chips(0), |sum, units| sum.plus(*units).unwrap());
        assert_eq!(handed_out, chips(35), "handed on once, and five of it spent");
    },
};

/// Opens a backup in memory and tells how many payments of Ben's are in it.
fn payments_in_backup(folder: &Folder) -> usize {
    let bytes = fs::read(folder.path.join("ben.backup")).unwrap();
    let memory = Store::in_memory().unwrap();
    let mut copy =
        Wallet::restore(memory, &guard(), &words("ben"), &bytes, folder.clock(), folder.entropy("copy"))
            .unwrap();
    let tally = only_tally(&copy);
    own_payments(&mut copy, &tally)
}

/// A new backup takes the place of an old one.
pub const BACKUP: Story = Story {
    name: "backup",
    about: "a new backup takes the place of the old one",
    points: "during a backup",
    prepare: |folder| {
        let (_, mut ben, tally) = folder.pair();
        pay_until(&mut ben, &tally, 1);
        folder.write_whole("ben.backup", &ben.backup(&words("ben")).unwrap());
        pay_until(&mut ben, &tally, 3);
        clear_road(folder);
    },
    act: |folder| {
        let mut ben = folder.open("ben");
        let backup = ben.backup(&words("ben")).unwrap();
        folder.write_whole("ben.backup", &backup);
    },
    inspect: |folder| {
        let payments = payments_in_backup(folder);
        assert!(payments == 1 || payments == 3, "neither the old backup nor the new one: {payments}");
    },
    finish: |folder| {
        assert_eq!(payments_in_backup(folder), 3);
        equal_with(folder, [0, 3]);
    },
};

/// Ben paid once and made a backup; he paid twice more, met Ana, and lost his phone. It lies in a drawer.
fn lost(folder: &Folder) {
    let (mut ana, mut ben, tally) = folder.pair();
    pay_until(&mut ben, &tally, 1);
    folder.meet(&mut ana, &mut ben, &tally);
    folder.write_whole("ben.backup", &ben.backup(&words("ben")).unwrap());
    pay_until(&mut ben, &tally, 3);
    folder.meet(&mut ana, &mut ben, &tally);
    drop(ben);
    fs::rename(folder.file("ben"), folder.path.join("ben.db.drawer")).unwrap();
    clear_road(folder);
}

fn restore(folder: &Folder) -> Wallet {
    let bytes = fs::read(folder.path.join("ben.backup")).unwrap();
    let (clock, entropy) = (folder.clock(), folder.entropy("ben's new phone"));
    Wallet::restore_file(&folder.file("ben"), &guard(), &words("ben"), &bytes, clock, entropy).unwrap()
}

fn active_epochs(wallet: &Wallet, tally: &TallyId, of_ben: bool) -> usize {
    let mine = wallet.name() == "ben";
    wallet.devices(tally).unwrap().iter().filter(|d| (d.mine == mine) == of_ben && d.active).count()
}

/// Whatever became of the restoring: the phone has no wallet yet, or one that cannot sign, or a new epoch and no other.
fn never_two_epochs(folder: &Folder) {
    if !folder.file("ben").exists() {
        return;
    }
    let (mut ana, mut ben) = (folder.open("ana"), folder.open("ben"));
    let tally = only_tally(&ana);
    assert_eq!(only_tally(&ben), tally, "a restored wallet has its tallies from its first moment");
    if ben.tally(&tally).unwrap().reconciling {
        let payment = Payment { units: chips(1), insist: true, ..Payment::default() };
        assert_eq!(ben.pay(&tally, &payment).unwrap_err().code(), "reconciling");
    } else {
        let newest = ben.export(&tally).unwrap().chits.iter().map(|c| c.signed.chit.chain.epoch).max();
        assert!(newest > Some(1), "signing goes on without a new epoch");
        assert_eq!(active_epochs(&ben, &tally, true), 1, "two live epochs");
    }
    assert_eq!(active_epochs(&ana, &tally, true), 1, "two live epochs at the partner");
    let old_chain =
        ana.export(&tally).unwrap().chits.iter().filter(|c| c.signed.chit.chain.epoch == 1).count();
    assert_eq!(old_chain, 3, "the old chain goes on");
}

fn restored_and_paid(folder: &Folder) {
    equal_with(folder, [0, 4]);
    never_two_epochs(folder);
    let (ana, ben, tally) = folder.both();
    assert!(!ben.tally(&tally).unwrap().reconciling);
    assert_eq!(ana.balance(&tally).unwrap(), chips(4));
}

/// The lost phone's backup is restored; the partner is met, a new epoch begins, a payment follows.
pub const RESTORE: Story = Story {
    name: "restore",
    about: "a lost phone's backup is restored, and the first payment signed after a new epoch",
    points: "during a restore; during an epoch change",
    prepare: lost,
    act: |folder| {
        if !folder.file("ben").exists() {
            drop(restore(folder));
        }
        met_and_paid(folder);
    },
    inspect: never_two_epochs,
    finish: restored_and_paid,
};

fn met_and_paid(folder: &Folder) {
    let (mut ana, mut ben, tally) = folder.both();
    folder.meet(&mut ben, &mut ana, &tally);
    pay_until(&mut ben, &tally, 4);
    folder.talk(&mut ben, &mut ana, &tally);
}

/// The same from the moment the restored phone meets its partner.
pub const EPOCH: Story = Story {
    name: "epoch",
    about: "a restored phone meets its partner and begins a new epoch",
    points: "during an epoch change; during a restore (no signing before the new epoch)",
    prepare: |folder| {
        lost(folder);
        drop(restore(folder));
    },
    act: met_and_paid,
    inspect: never_two_epochs,
    finish: restored_and_paid,
};

/// The next Hazel brings a wallet's schema up to date.
pub const MIGRATION: Story = Story {
    name: "migration",
    about: "the next Hazel opens a wallet and changes its schema",
    points: "during a migration",
    prepare: |folder| {
        let (mut ana, mut ben, tally) = folder.pair();
        pay_until(&mut ben, &tally, 10);
        folder.meet(&mut ana, &mut ben, &tally);
        pay_until(&mut ben, &tally, 12);
        folder.write_whole("before.csv", ben.export(&tally).unwrap().to_csv().as_bytes());
        clear_road(folder);
    },
    act: |folder| drop(Store::open_ahead(&folder.file("ben"), &NEXT_MIGRATIONS).unwrap()),
    inspect: |folder| {
        // Old or new, the export is the same; this Hazel refuses what it does not know instead of guessing.
        match Store::open(&folder.file("ben")) {
            Ok(_) | Err(StoreError::Newer) => {}
            Err(error) => panic!("neither old nor new: {error}"),
        }
        let mut ben = folder.open("ben");
        let tally = only_tally(&ben);
        let before = fs::read_to_string(folder.path.join("before.csv")).unwrap();
        assert_eq!(ben.export(&tally).unwrap().to_csv(), before);
    },
    finish: |folder| {
        assert_eq!(Store::open(&folder.file("ben")).err(), Some(StoreError::Newer));
        equal_with(folder, [0, 12]);
    },
};

/// A wallet is wiped.
pub const WIPE: Story = Story {
    name: "wipe",
    about: "a wallet is wiped from its phone",
    points: "during a wipe (keys first)",
    prepare: |folder| {
        let (_, mut ben, tally) = folder.pair();
        pay_until(&mut ben, &tally, 1);
        let store = Store::open(&folder.file("ben")).unwrap();
        fs::write(folder.path.join("key"), store.read(|shelf| shelf.wallet()).unwrap().unwrap().key).unwrap();
        clear_road(folder);
    },
    act: |folder| match folder.file("ben").exists().then(|| folder.try_open("ben")) {
        Some(Ok(ben)) => ben.wipe().unwrap(),
        Some(Err(WalletError::WrongFile)) => {
            Wallet::finish_wipe(Store::open(&folder.file("ben")).unwrap()).unwrap();
        }
        Some(Err(error)) => panic!("neither a wallet nor a wiped one: {error}"),
        None => {}
    },
    inspect: |folder| {
        // While the file is there, it is a whole wallet or one without keys, and never a file without keys' protection.
        if !folder.file("ben").exists() {
            return;
        }
        match folder.try_open("ben") {
            Ok(mut ben) => {
                let tally = only_tally(&ben);
                assert_eq!(own_payments(&mut ben, &tally), 1);
            }
            Err(WalletError::WrongFile) => {}
            Err(error) => panic!("neither a wallet nor a wiped one: {error}"),
        }
    },
    finish: |folder| {
        let key = fs::read(folder.path.join("key")).unwrap();
        for (file, bytes) in all_bytes(&folder.path) {
            let name = file.file_name().unwrap().to_str().unwrap();
            assert!(!name.starts_with("ben"), "{name} is left");
            let found = bytes.windows(key.len()).any(|part| part == key);
            assert!(!found || name == "key", "the wrapped key is still in {name}");
        }
        // What Ben had signed and not handed over is gone with the phone; Ana's half goes on.
        drop(folder.open("ana"));
    },
};
