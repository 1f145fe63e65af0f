//! What may follow what, as tables: every event in every stage of a chit and of an invoice, on two real wallets.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::chit::ChitRef;
use hazel_core::invoice::{InvoiceId, InvoiceState};
use hazel_core::message::Message;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Ask, Audience, Filter, Payment, Wallet};
use story::*;

/// A payment between two phones, and the first hand-over in which it left.
struct Trade {
    payer: Wallet,
    payee: Wallet,
    tally: TallyId,
    chit: ChitRef,
    letter: Vec<u8>,
}

/// Something that can happen to a chit after it was signed.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The payer hands over, and it is lost.
    Lost,
    /// The payer hands over, and it arrives.
    Arrives,
    /// The very first hand-over arrives, however often.
    Again,
    /// Only receipts come back.
    Receipt,
    /// Only the order comes back, or a word for it.
    Order,
    /// Only a summary comes back.
    Summary,
    /// Everything comes back.
    Answer,
}

use Event::{Again, Answer, Arrives, Lost, Order, Receipt, Summary};

const EVENTS: [Event; 7] = [Lost, Arrives, Again, Receipt, Order, Summary, Answer];

impl Trade {
    /// A payment by the holder of the foil, whose phone orders, or by the holder of the stock.
    fn new(by_foil: bool) -> Self {
        let (ana, ben, tally, _) = pair();
        let (mut payer, payee) = if by_foil { (ben, ana) } else { (ana, ben) };
        let chit = pay(&mut payer, &tally, 3).unwrap();
        let mut copy = copied(&mut payer);
        let letter = copy.hand_over(&tally).unwrap().unwrap();
        Self { payer, payee, tally, chit, letter }
    }

    fn happen(&mut self, event: Event) {
        let Self { payer, payee, tally, .. } = self;
        match event {
            Lost => drop(payer.hand_over(tally).unwrap()),
            Arrives => drop(hand(payer, payee, tally)),
            Again => assert_eq!(payee.receive(&self.letter).unwrap().rejected, []),
            Answer => drop(hand(payee, payer, tally)),
            Receipt => self.come_back(|message| matches!(message, Message::Receipt(_))),
            Order => self.come_back(|message| matches!(message, Message::Links(_) | Message::Endorsement(_))),
            Summary => self.come_back(|message| matches!(message, Message::Have(_))),
        }
    }

    fn come_back(&mut self, which: impl Fn(&Message) -> bool) {
        let mut told = self.payee.outbox(&self.tally, Audience::Partner).unwrap();
        told.retain(which);
        assert_eq!(self.payer.receive_messages(&self.tally, told).unwrap().rejected, []);
    }

    /// The first letter of the word on the payer's screen and on the payee's; a dash where nobody has heard of it.
    fn words(&mut self) -> String {
        let most = Filter { most: 9, ..Filter::default() };
        [&mut self.payer, &mut self.payee]
            .map(|wallet| {
                let page = wallet.history(&self.tally, &most).unwrap();
                let shown = page.iter().find(|entry| entry.chit == self.chit);
                shown.map_or('-', |entry| entry.facets.word().chars().next().unwrap())
            })
            .iter()
            .collect()
    }
}

/// A copy of a phone that says what the phone would say, and is thrown away.
fn copied(wallet: &mut Wallet) -> Wallet {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    wallet.copy_database(&path).unwrap();
    let store = hazel_core::store::Store::open(&path).unwrap();
    Wallet::open(store, &guard(), Box::new(StoryClock::new()), Box::new(Seeded::new("copy"))).unwrap()
}

/// Every event in every stage: what it was, and what both screens say after each. The halves end equal whatever happened.
fn table(by_foil: bool, stages: &[&[Event]]) -> Vec<String> {
    let reach = |before: &[Event]| {
        let mut trade = Trade::new(by_foil);
        before.iter().for_each(|event| trade.happen(*event));
        trade
    };
    let row = |before: &&[Event]| {
        let mut row = reach(before).words();
        for event in EVENTS {
            let mut trade = reach(before);
            trade.happen(event);
            row.extend([" ", &trade.words()]);
            let Trade { payer, payee, tally, .. } = &mut trade;
            meet(payer, payee, tally);
            assert_equal_halves(payer, payee, tally);
            assert_eq!(trade.words(), "ff", "by the foil: {by_foil}, after {before:?}, then {event:?}");
        }
        row
    };
    stages.iter().map(row).collect()
}

#[test]
fn a_chit_that_its_signers_phone_orders_goes_by_this_table() {
    let stages: [&[Event]; 6] =
        [&[], &[Lost], &[Arrives], &[Arrives, Receipt], &[Arrives, Order], &[Arrives, Answer]];
    assert_eq!(
        table(true, &stages),
        [
            // the stage, then lost, arrives, again, receipt, order, summary, everything
            "p- p- pf pf p- p- p- p-",
            "p- p- pf pf p- p- p- p-",
            "pf pf pf pf rf ff pf ff",
            "rf rf rf rf rf ff rf ff",
            "ff ff ff ff ff ff ff ff",
            "ff ff ff ff ff ff ff ff",
        ]
    );
}

#[test]
fn a_chit_that_the_partners_phone_orders_goes_by_this_table() {
    let stages: [&[Event]; 7] = [
        &[],
        &[Lost],
        &[Arrives],
        &[Arrives, Receipt],
        &[Arrives, Order],
        &[Arrives, Answer],
        &[Arrives, Answer, Arrives],
    ];
    assert_eq!(
        table(false, &stages),
        [
            // the stage, then lost, arrives, again, receipt, order, summary, everything
            "p- p- pr pr p- p- p- p-",
            "p- p- pr pr p- p- p- p-",
            "pr pr pr pr rr fr pr fr",
            "rr rr rr rr rr fr rr fr",
            "fr fr ff fr fr fr fr fr",
            "fr fr ff fr fr fr fr fr",
            "ff ff ff ff ff ff ff ff",
        ]
    );
}

/// What can be done about an invoice, by whom.
type Verb = fn(&mut Stall) -> bool;

/// Ana has asked Ben for three.
struct Stall {
    ana: Wallet,
    ben: Wallet,
    tally: TallyId,
    clock: StoryClock,
    asked: InvoiceId,
}

impl Stall {
    fn new() -> Self {
        let (mut ana, mut ben, tally, clock) = pair();
        let asked = ana.ask(&tally, &Self::three()).unwrap().invoice.id();
        meet(&mut ana, &mut ben, &tally);
        Self { ana, ben, tally, clock, asked }
    }

    fn three() -> Ask {
        Ask { units: chips(3), valid_for: 3600, ..Ask::default() }
    }

    fn pay(&mut self) -> bool {
        let payment = Payment { units: chips(3), invoice: Some(self.asked), ..Payment::default() };
        self.ben.pay(&self.tally, &payment).is_ok()
    }

    fn replace(&mut self) -> bool {
        self.ana.ask(&self.tally, &Ask { supersedes: Some(self.asked), ..Self::three() }).is_ok()
    }

    fn wait(&mut self) -> bool {
        self.clock.pass(3601);
        true
    }

    fn decline(&mut self) -> bool {
        self.ben.decline(&self.asked).is_ok()
    }

    fn withdraw(&mut self) -> bool {
        self.ana.withdraw(&self.asked).is_ok()
    }

    fn meet(&mut self) {
        meet(&mut self.ana, &mut self.ben, &self.tally);
    }

    /// How both see it, as letters.
    fn states(&mut self) -> [char; 2] {
        [&mut self.ana, &mut self.ben].map(|wallet| letter(wallet.invoice(&self.asked).unwrap().state))
    }
}

const fn letter(state: InvoiceState) -> char {
    match state {
        InvoiceState::Draft => 'd',
        InvoiceState::Issued => 'i',
        InvoiceState::Expired => 'e',
        InvoiceState::Countered => 'c',
        InvoiceState::Withdrawn => 'w',
        InvoiceState::Declined => 'n',
        InvoiceState::Paid => 'p',
    }
}

const VERBS: [(&str, Verb); 7] = [
    ("pay", Stall::pay),
    ("decline", Stall::decline),
    ("withdraw", Stall::withdraw),
    ("replace", Stall::replace),
    ("wait", Stall::wait),
    ("decline one's own", |stall| stall.ana.decline(&stall.asked).is_ok()),
    ("withdraw the partner's", |stall| stall.ben.withdraw(&stall.asked).is_ok()),
];

/// One row a state, one letter a verb of [`VERBS`]: the state that follows, a dot where the verb is refused and nothing changes.
#[test]
fn an_invoice_goes_from_state_to_state_by_this_table() {
    let rows: [(Verb, char, &str); 6] = [
        (|_| true, 'i', "pnwce.."),
        (Stall::wait, 'e', "pnwce.."),
        (Stall::replace, 'c', "...cc.."),
        (Stall::withdraw, 'w', "...ww.."),
        (Stall::decline, 'n', "...nn.."),
        (Stall::pay, 'p', "...pp.."),
    ];
    for (reach, state, row) in rows {
        for ((name, verb), expected) in VERBS.into_iter().zip(row.chars()) {
            let mut stall = Stall::new();
            assert!(reach(&mut stall));
            stall.meet();
            assert_eq!(stall.states(), [state; 2]);
            let done = verb(&mut stall);
            stall.meet();
            assert_eq!(done, expected != '.', "{name} where it is {state}");
            let after = if done { expected } else { state };
            assert_eq!(stall.states(), [after; 2], "{name} where it was {state}");
        }
    }
}

/// Both act before they meet, and show the same afterwards, also if what they said at once was lost on both ways.
#[test]
fn words_about_an_invoice_that_cross_end_by_this_table() {
    let payer: [Verb; 3] = [|_| true, Stall::pay, Stall::decline];
    let rows: [(Verb, [&str; 3]); 3] = [
        (|_| true, ["ii", "pp", "nn"]),
        (Stall::withdraw, ["ww", "pp", "nn"]),
        (Stall::replace, ["cc", "pp", "nn"]),
    ];
    for (payee, row) in rows {
        for (verb, expected) in payer.iter().zip(row) {
            for (payee_first, lost) in [(true, false), (false, false), (true, true), (false, true)] {
                let mut stall = Stall::new();
                for act in if payee_first { [payee, *verb] } else { [*verb, payee] } {
                    assert!(act(&mut stall));
                }
                if lost {
                    let Stall { ana, ben, tally, .. } = &mut stall;
                    drop((ana.hand_over(tally).unwrap(), ben.hand_over(tally).unwrap()));
                }
                stall.meet();
                assert_eq!(stall.states().iter().collect::<String>(), expected, "lost: {lost}");
                let rest = [&mut stall.ana, &mut stall.ben].map(|it| it.hand_over(&stall.tally).unwrap());
                assert_eq!(rest, [None, None], "and nothing is said twice");
            }
        }
    }
}

#[test]
fn an_invoice_that_comes_after_the_one_in_its_place_is_replaced_all_the_same() {
    let (mut ana, mut ben, tally, _) = pair();
    let first = ana.ask(&tally, &Stall::three()).unwrap().invoice.id();
    let second = ana.ask(&tally, &Ask { supersedes: Some(first), ..Stall::three() }).unwrap();
    ben.take_invoice(&second).unwrap();
    meet(&mut ana, &mut ben, &tally);
    for wallet in [&mut ana, &mut ben] {
        assert_eq!(wallet.invoice(&first).unwrap().state, InvoiceState::Countered);
        assert_eq!(wallet.invoice(&second.invoice.id()).unwrap().state, InvoiceState::Issued);
        assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, []);
    }
}
