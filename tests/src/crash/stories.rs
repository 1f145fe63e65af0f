//! Stories of two people: paying, handing over, ordering, opening and closing.

use std::fs;

use hazel_core::book::Flag;
use hazel_core::canon::Canon as _;
use hazel_core::invoice::InvoiceState;
use hazel_core::negotiation::TallyState;
use hazel_core::tally::Side;
use hazel_core::ticket::Ticket;
use hazel_core::wallet::{Ask, Payment, Wallet, Went};

use super::Story;
use super::people::{Folder, assert_equal_halves, chips, only_tally, own_payments, pay_until, terms};

/// Empties the road: what was handed over while a story was prepared is no part of it.
pub(super) fn clear_road(folder: &Folder) {
    fs::remove_dir_all(folder.path.join("road")).unwrap();
}

pub(super) fn prepared_pair(folder: &Folder) {
    drop(folder.pair());
    clear_road(folder);
}

pub(super) fn nothing(_: &Folder) {}

/// Both halves meet once more and are equal in every byte; so many payments are there.
pub(super) fn equal_with(folder: &Folder, payments: [usize; 2]) {
    let (mut ana, mut ben, tally) = folder.both();
    folder.meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
    assert_eq!([own_payments(&mut ana, &tally), own_payments(&mut ben, &tally)], payments);
    let view = ana.tally(&tally).unwrap();
    assert_eq!((view.final_index, view.unordered), (view.index, 0), "everything is final");
}

fn asked(folder: &Folder, times: i64) {
    let (mut ana, mut ben, tally) = folder.pair();
    for units in 1..=times {
        let ask = Ask { units: chips(units), memo: "eggs".into(), valid_for: 1_000_000, ..Ask::default() };
        ana.ask(&tally, &ask).unwrap();
    }
    folder.meet(&mut ana, &mut ben, &tally);
    clear_road(folder);
}

/// Ben pays three invoices. Killed and restarted, he asks what went through, and pays the rest.
pub const PAY: Story = Story {
    name: "pay",
    about: "three invoices are paid and handed over",
    points: "before the commit of a new chit; after commit, before a byte leaves; after send, before receipt",
    prepare: |folder| asked(folder, 3),
    act: |folder| {
        let mut ben = folder.open("ben");
        let tally = only_tally(&ben);
        for invoice in ben.invoices(&tally).unwrap() {
            if ben.went_for(&invoice.id).unwrap() == Went::NeverSigned {
                let payment =
                    Payment { units: invoice.units, invoice: Some(invoice.id), ..Payment::default() };
                ben.pay(&tally, &payment).unwrap();
                let bytes = ben.hand_over(&tally).unwrap().unwrap();
                folder.send("ben", "ana", &bytes);
            }
        }
    },
    inspect: |folder| {
        let mut ben = folder.open("ben");
        let tally = only_tally(&ben);
        let mut gone = 0;
        for invoice in ben.invoices(&tally).unwrap() {
            match ben.went_for(&invoice.id).unwrap() {
                Went::NeverSigned => assert_eq!(invoice.state, InvoiceState::Issued),
                Went::Signed(chit) => {
                    gone += 1;
                    assert_eq!(ben.went(&tally, &chit).unwrap(), Went::Signed(chit));
                    assert_eq!(invoice.state, InvoiceState::Paid);
                    let again =
                        Payment { units: invoice.units, invoice: Some(invoice.id), ..Payment::default() };
                    assert_eq!(ben.pay(&tally, &again).unwrap_err().code(), "invoice_over");
                }
                other => panic!("nobody has confirmed anything: {other:?}"),
            }
        }
        assert_eq!(own_payments(&mut ben, &tally), gone);
    },
    finish: |folder| {
        equal_with(folder, [0, 3]);
        let (mut ana, ben, tally) = folder.both();
        assert_eq!(ana.balance(&tally).unwrap(), chips(6));
        for invoice in ana.invoices(&tally).unwrap() {
            assert_eq!(invoice.state, InvoiceState::Paid);
            assert!(matches!(ben.went_for(&invoice.id).unwrap(), Went::Final(_)));
        }
    },
};

/// Two payments travel: chits there, order and receipts back, until both are at rest.
pub const HAND_OVER: Story = Story {
    name: "hand-over",
    about: "payments are handed over, received, confirmed",
    points: "after send, before receipt; receiver before commit; receiver after commit, before receipt; half after confirm",
    prepare: |folder| {
        let (_, mut ben, tally) = folder.pair();
        pay_until(&mut ben, &tally, 2);
        clear_road(folder);
    },
    act: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        folder.meet(&mut ben, &mut ana, &tally);
    },
    inspect: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        assert_eq!(own_payments(&mut ben, &tally), 2, "nothing is lost");
        let held = ana.export(&tally).unwrap().chits.len();
        for row in ben.export(&tally).unwrap().chits {
            let chit = row.signed.chit.reference();
            let went = ben.went(&tally, &chit).unwrap();
            assert_ne!(went, Went::NeverSigned);
            // A receipt exists only for what is on the receiver's disk.
            assert!(went == Went::Signed(chit) || held == 2, "{went:?} with {held} held");
        }
    },
    finish: |folder| equal_with(folder, [0, 2]),
};

/// A page of forty chits arrives.
pub const PAGE: Story = Story {
    name: "page",
    about: "a page of forty chits arrives and is answered",
    points: "in the middle of a page; receiver before commit; receiver after commit, before receipt",
    prepare: |folder| {
        let (_, mut ben, tally) = folder.pair();
        pay_until(&mut ben, &tally, 40);
        clear_road(folder);
        let page = ben.hand_over(&tally).unwrap().unwrap();
        folder.send("ben", "ana", &page);
    },
    act: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        for (_, page) in folder.on_the_road().into_iter().take(1) {
            ana.receive(&page).unwrap();
        }
        folder.talk(&mut ana, &mut ben, &tally);
    },
    inspect: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        let held = ana.export(&tally).unwrap().chits.len();
        assert!(held == 0 || held == 40, "half a page: {held} chits");
        let receipted = (ben.export(&tally).unwrap().chits.iter())
            .any(|row| !matches!(ben.went(&tally, &row.signed.chit.reference()).unwrap(), Went::Signed(_)));
        assert!(!receipted || held == 40, "a receipt for what is not on the disk");
    },
    finish: |folder| equal_with(folder, [0, 40]),
};

/// Both pay at once, twice, and the hand-overs cross.
pub const CROSSING: Story = Story {
    name: "crossing",
    about: "both pay at once and their hand-overs cross",
    points: "authority after link; half after confirm",
    prepare: prepared_pair,
    act: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        for round in 1..=2 {
            pay_until(&mut ana, &tally, round);
            pay_until(&mut ben, &tally, round);
            let (there, back) = (ana.hand_over(&tally).unwrap(), ben.hand_over(&tally).unwrap());
            if let Some(bytes) = &there {
                folder.send("ana", "ben", bytes);
                ben.receive(bytes).unwrap();
            }
            if let Some(bytes) = &back {
                folder.send("ben", "ana", bytes);
                ana.receive(bytes).unwrap();
            }
        }
        folder.talk(&mut ana, &mut ben, &tally);
    },
    inspect: agreed_prefix_is_equal,
    finish: |folder| equal_with(folder, [2, 2]),
};

/// I2 and I3: what both halves agreed on is the same on both, at every moment.
pub(super) fn agreed_prefix_is_equal(folder: &Folder) {
    let (mut ana, mut ben, tally) = folder.both();
    let agreed = |wallet: &Wallet| wallet.tally(&tally).unwrap().agreed;
    let common = usize::try_from(agreed(&ana).min(agreed(&ben))).unwrap();
    let hashes = |wallet: &mut Wallet| -> Vec<_> {
        wallet.export(&tally).unwrap().chits.iter().take(common).map(|row| row.hash).collect()
    };
    assert_eq!(hashes(&mut ana), hashes(&mut ben));
}

/// A tally is opened by ticket, from two empty wallets.
pub const OPENING: Story = Story {
    name: "opening",
    about: "a tally opens by ticket: request, offer, acceptance",
    points: "before the commit; after commit, before a byte leaves; receiver before and after commit, for contracts",
    prepare: |folder| drop((folder.create("ana"), folder.create("ben"))),
    act: |folder| {
        let (mut ana, mut ben) = (folder.open("ana"), folder.open("ben"));
        let place = folder.path.join("ticket");
        if !place.exists() {
            let ticket = ana.invite(Side::Stock, terms(1000), 1_000_000, &[]).unwrap();
            folder.write_whole("ticket", &ticket.to_bytes());
        }
        let ticket = Ticket::from_bytes(&fs::read(&place).unwrap()).unwrap();
        let tally = ticket.tally;
        if ben.tallies().unwrap().is_empty() {
            ben.accept_ticket(&ticket, terms(500)).unwrap();
        }
        folder.talk_of_terms(&mut ben, &mut ana, &tally);
        if ana.tally(&tally).unwrap().state == TallyState::CertsKnown {
            ana.offer(&tally, None, None).unwrap();
        }
        folder.talk_of_terms(&mut ana, &mut ben, &tally);
        if ben.tally(&tally).unwrap().state != TallyState::Open {
            let version = ben.offered(&tally).unwrap().version;
            ben.accept(&tally, &version).unwrap();
        }
        folder.meet(&mut ben, &mut ana, &tally);
    },
    inspect: nothing,
    finish: |folder| {
        let (mut ana, mut ben) = (folder.open("ana"), folder.open("ben"));
        let tally = only_tally(&ben);
        assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Open);
        assert_eq!(ben.tally(&tally).unwrap().state, TallyState::Open);
        pay_until(&mut ana, &tally, 1);
        pay_until(&mut ben, &tally, 1);
        folder.meet(&mut ana, &mut ben, &tally);
        assert_equal_halves(&mut ana, &mut ben, &tally);
        assert_eq!(ana.tally(&tally).unwrap().final_index, 2);
    },
};

/// One invoice is declined, one withdrawn, one replaced.
pub const INVOICES: Story = Story {
    name: "invoices",
    about: "invoices are declined, withdrawn and replaced",
    points: "after commit, before a byte leaves, for words about invoices",
    prepare: |folder| asked(folder, 3),
    act: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        let invoices = ana.invoices(&tally).unwrap();
        let of = |chips_asked| invoices.iter().find(|invoice| invoice.units == chips(chips_asked)).unwrap();
        if ben.invoice(&of(1).id).unwrap().state == InvoiceState::Issued {
            ben.decline(&of(1).id).unwrap();
        }
        if of(2).state == InvoiceState::Issued {
            ana.withdraw(&of(2).id).unwrap();
        }
        if of(3).state == InvoiceState::Issued {
            let supersedes = Some(of(3).id);
            let ask = Ask { units: chips(4), valid_for: 1_000_000, supersedes, ..Ask::default() };
            ana.ask(&tally, &ask).unwrap();
        }
        folder.talk(&mut ana, &mut ben, &tally);
    },
    inspect: nothing,
    finish: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        folder.meet(&mut ana, &mut ben, &tally);
        for wallet in [&mut ana, &mut ben] {
            let mut found: Vec<_> =
                wallet.invoices(&tally).unwrap().iter().map(|i| (i.units, i.state)).collect();
            found.sort_by_key(|(units, _)| *units);
            assert_eq!(
                found,
                [
                    (chips(1), InvoiceState::Declined),
                    (chips(2), InvoiceState::Withdrawn),
                    (chips(3), InvoiceState::Countered),
                    (chips(4), InvoiceState::Issued),
                ],
                "{}",
                wallet.name()
            );
        }
    },
};

/// Ana raises the limit, Ben goes beyond it, Ana accepts.
pub const ACCEPTING: Story = Story {
    name: "accepting",
    about: "a limit is raised, a payment goes beyond it and is accepted",
    points: "before and after the commit of chits that are no payments",
    prepare: prepared_pair,
    act: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        if ana.tally(&tally).unwrap().granted != terms(1100) {
            ana.grant(&tally, terms(1100)).unwrap();
        }
        folder.talk(&mut ana, &mut ben, &tally);
        if own_payments(&mut ben, &tally) == 0 {
            let payment = Payment { units: chips(1200), insist: true, ..Payment::default() };
            ben.pay(&tally, &payment).unwrap();
        }
        folder.talk(&mut ben, &mut ana, &tally);
        let waiting = ana.export(&tally).unwrap().chits;
        if let Some(row) = waiting.iter().find(|row| row.flag == Flag::OverLimit) {
            ana.accept_pledge(&tally, &row.signed.chit.reference()).unwrap();
        }
        folder.talk(&mut ana, &mut ben, &tally);
    },
    inspect: agreed_prefix_is_equal,
    finish: |folder| {
        equal_with(folder, [0, 1]);
        let (mut ana, _, tally) = folder.both();
        assert_eq!(ana.balance(&tally).unwrap(), chips(1200));
        assert_eq!(ana.export(&tally).unwrap().chits.len(), 3, "raised once, paid once, accepted once");
    },
};

/// A debt is paid back, and both seal the tally.
pub const CLOSING: Story = Story {
    name: "closing",
    about: "a tally is closed: paid back, sealed by both",
    points: "before and after the commit of a seal",
    prepare: |folder| {
        let (mut ana, mut ben, tally) = folder.pair();
        pay_until(&mut ben, &tally, 2);
        folder.meet(&mut ana, &mut ben, &tally);
        clear_road(folder);
    },
    act: |folder| {
        let (mut ana, mut ben, tally) = folder.both();
        if ben.tally(&tally).unwrap().state == TallyState::Open {
            ben.close(&tally).unwrap();
        }
        folder.talk(&mut ben, &mut ana, &tally);
        if own_payments(&mut ana, &tally) == 0 {
            ana.pay(&tally, &Payment { units: chips(2), ..Payment::default() }).unwrap();
        }
        folder.meet(&mut ana, &mut ben, &tally);
    },
    inspect: agreed_prefix_is_equal,
    finish: |folder| {
        equal_with(folder, [1, 2]);
        let (mut ana, ben, tally) = folder.both();
        assert_eq!(ana.tally(&tally).unwrap().state, TallyState::Closed);
        assert_eq!(ben.tally(&tally).unwrap().state, TallyState::Closed);
        let seals =
            ana.export(&tally).unwrap().chits.iter().filter(|c| c.signed.chit.body.kind() == "seal").count();
        assert_eq!(seals, 2);
    },
};

/// So many payments that SQLite moves its log into the file and begins the log anew.
pub const CHECKPOINT_PAYMENTS: usize = 150;

/// Payment after payment, past the point where the log is moved into the file.
pub const CHECKPOINT: Story = Story {
    name: "checkpoint",
    about: "payments until SQLite has moved its log into the file and begun it anew",
    points: "before the commit of a new chit, with the log being moved into the file",
    prepare: prepared_pair,
    act: |folder| {
        let mut ben = folder.open("ben");
        let tally = only_tally(&ben);
        pay_until(&mut ben, &tally, CHECKPOINT_PAYMENTS);
    },
    inspect: nothing,
    finish: |folder| equal_with(folder, [0, CHECKPOINT_PAYMENTS]),
};
