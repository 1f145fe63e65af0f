//! The story itself: a tally by ticket, an invoice, payments with nobody online, both at once, over the limit, and a crash.

use std::path::{Path, PathBuf};

use hazel_core::canon::Canon as _;
use hazel_core::invoice::Line;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::ticket::Ticket;
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Filter, Payment, WalletError, Went};
use serde_json::{Value, json};

use super::air;
use super::person::{Person, Table, take};
use super::pictures;
use super::sites;
use super::{Step, Telling};
use crate::lettering::{GOOD, TITLE};
use crate::page::Page;
use crate::parcel::{self, Kind, Parcel};
use crate::table::{Column, Table as Grid};
use crate::trouble::{Exit, Trouble};

type Told = Result<Step, Trouble>;

const HOUR: u64 = 3600;

const fn chips(milli: i64) -> Units {
    Units::new(milli)
}

fn surprise(what: impl Into<String>) -> Trouble {
    Trouble::new(Exit::Unsound, "demo", what)
}

/// How the story ends.
pub(super) struct End {
    pub(super) halves: Vec<Value>,
    pub(super) page: Page,
}

/// Plays the whole story on a stage, step by step.
pub(super) fn play(
    stage: &Path,
    by_radio: bool,
    telling: &mut Telling<'_>,
) -> Result<(End, Option<Trouble>), Trouble> {
    let (mut ana, mut ben) = (Person::new("Ana", stage)?, Person::new("Ben", stage)?);
    let mut table = Table::new(stage)?;
    let (tally, step) = opening(&mut ana, &mut ben, &mut table)?;
    telling.step(&step)?;
    let mut scene = Scene { ana, ben, table, tally, stage: stage.to_owned() };
    for chapter in [
        Scene::invoice,
        Scene::paying_alone,
        Scene::hand_over,
        Scene::pictures,
        Scene::both_at_once,
        Scene::killed,
        Scene::over_the_limit,
        Scene::restart,
        Scene::meeting,
    ] {
        let step = chapter(&mut scene)?;
        telling.step(&step)?;
    }
    if by_radio {
        telling.step(&air::chapter(&mut scene.ana, &mut scene.ben, &scene.tally)?)?;
    }
    telling.step(&scene.homecoming()?)?;
    scene.end()
}

/// Two people with an open tally, and the table between them.
struct Scene {
    ana: Person,
    ben: Person,
    table: Table,
    tally: TallyId,
    stage: PathBuf,
}

fn opening(ana: &mut Person, ben: &mut Person, table: &mut Table) -> Result<(TallyId, Step), Trouble> {
    let terms = |limit| Terms { limit: chips(limit), notice_days: 7 };
    let ticket = ana.wallet()?.invite(Side::Stock, terms(100_000), HOUR, &[])?;
    let path = table.lay(ana.name, &Parcel::new(Kind::Ticket, ticket.to_bytes()))?;
    let scanned = Ticket::from_bytes(&Parcel::read_one(parcel::read(&path)?)?.bytes)?;
    let tally = ben.wallet()?.accept_ticket(&scanned, terms(50_000))?;
    table.hand(ben, ana, &tally)?;
    ana.wallet()?.offer(&tally, None, None)?;
    table.hand(ana, ben, &tally)?;
    let offered = ben.wallet()?.offered(&tally)?;
    ben.wallet()?.accept(&tally, &offered.version)?;
    table.meet(ben, ana, &tally)?;
    let told = vec![
        "Ana writes a ticket: Ben may owe her up to 100.00. Ben answers it: Ana may owe him up to 50.00."
            .into(),
        "Ana signs the contract and hands it to Ben; Ben checks that nothing was changed and signs.".into(),
        "→ Two signatures: the tally is open. Nobody else was asked.".into(),
    ];
    let facts = json!({ "tally": tally.to_string(), "ana_grants": "100.00", "ben_grants": "50.00" });
    Ok((tally, Step { title: "A tally by ticket", told, facts }))
}

impl Scene {
    fn invoice(&mut self) -> Told {
        let line = |text: &str, count, units| Line { text: text.into(), count, units: chips(units) };
        let ask = Ask {
            memo: "from the stall".into(),
            lines: vec![line("dozen eggs", 2, 7_000), line("loaf of bread", 1, 5_500)],
            valid_for: 24 * HOUR,
            ..Ask::default()
        };
        self.ana.wallet()?.ask(&self.tally, &ask)?;
        self.table.hand(&mut self.ana, &mut self.ben, &self.tally)?;
        let told = vec![
            "Ana asks Ben for 12.50: 2 dozen eggs 7.00, 1 loaf of bread 5.50. She signs the invoice and hands it over.".into(),
            "→ Asking moves no balance: both still stand at 0.00.".into(),
        ];
        self.told("An invoice", told, json!({ "asked": "12.50" }))
    }

    fn paying_alone(&mut self) -> Told {
        let asked = self.ben.wallet()?.invoices(&self.tally)?;
        let invoice = asked.last().ok_or_else(|| surprise("Ben does not see the invoice."))?;
        let payment = Payment { units: invoice.units, invoice: Some(invoice.id), ..Payment::default() };
        self.ben.wallet()?.pay(&self.tally, &payment)?;
        let word = self.word_at_ben()?;
        let told = vec![
            "Nobody is online, Ana least of all. Ben pays the invoice: his wallet signs 12.50 and has it on the disk."
                .into(),
            format!("→ On Ben's screen the payment is “{word}”; Ana knows nothing of it yet."),
        ];
        self.told("A payment while nobody is online", told, json!({ "state_at_ben": word }))
    }

    fn hand_over(&mut self) -> Told {
        let before = self.word_at_ben()?;
        let (_, size) = self
            .table
            .hand(&mut self.ben, &mut self.ana, &self.tally)?
            .ok_or_else(|| surprise("Ben has nothing to hand over."))?;
        self.table.hand(&mut self.ana, &mut self.ben, &self.tally)?;
        let after = self.word_at_ben()?;
        self.table.meet(&mut self.ana, &mut self.ben, &self.tally)?;
        let told = vec![
            format!(
                "Ben hands Ana a file of {size} bytes, sealed for her alone; she hands one back with her receipt."
            ),
            format!(
                "→ On Ben's screen the payment goes from “{before}” to “{after}”: both hold it at the same place."
            ),
        ];
        self.told("The hand-over", told, json!({ "from": before, "to": after, "bytes": size }))
    }

    fn pictures(&mut self) -> Told {
        let Self { ana, ben, table, tally, .. } = self;
        pictures::pay(table, ana, ben, tally, (chips(2_500), "coffee"))?;
        pictures::pay(table, ben, ana, tally, (chips(2_500), "nails"))?;
        let files = self.table.meet(&mut self.ana, &mut self.ben, &self.tally)?;
        let told = vec![
            "No files now: Ana's screen shows an invoice of 2.50 for coffee, Ben's camera reads it. Ben pays, his screen shows the payment, Ana's camera reads it; her screen shows the receipt.".into(),
            "Then Ben sells Ana nails for 2.50 in the same way.".into(),
            format!("→ Six pictures, and each knows that the other holds the payment. {files} files later the order is settled too."),
        ];
        self.told("A payment by pictures", told, json!({ "pictures": 6, "files": files }))
    }

    fn both_at_once(&mut self) -> Told {
        self.ana.pay(&self.tally, chips(4_000), "for holding the ladder")?;
        self.ben.pay(&self.tally, chips(2_500), "for a coffee")?;
        let missing = || surprise("One of the two has nothing to hand over.");
        let there = self.table.lay_hand_over(&mut self.ana, &self.tally)?.ok_or_else(missing)?;
        let back = self.table.lay_hand_over(&mut self.ben, &self.tally)?.ok_or_else(missing)?;
        take(&mut self.ana, &back)?;
        take(&mut self.ben, &there)?;
        let files = self.table.meet(&mut self.ana, &mut self.ben, &self.tally)?;
        let told = vec![
            "At the same moment Ana pays Ben 4.00 for holding the ladder, and Ben pays Ana 2.50 for a coffee. \
             Their files cross on the way."
                .into(),
            format!("→ Neither is lost and neither waits: after {files} more files both have the same order."),
        ];
        self.told("Both pay at the same moment", told, json!({ "ana_pays": "4.00", "ben_pays": "2.50" }))
    }

    fn killed(&mut self) -> Told {
        let ask = Ask {
            units: chips(20_000),
            memo: "mending the stall's roof".into(),
            valid_for: HOUR,
            ..Ask::default()
        };
        let invoice = self.ben.wallet()?.ask(&self.tally, &ask)?.invoice.id();
        self.table.hand(&mut self.ben, &mut self.ana, &self.tally)?;
        let status = self.ana.pay_and_be_killed(&invoice)?;
        let went = self.ana.wallet()?.went_for(&invoice)?;
        if !matches!(went, Went::Signed(_)) {
            return Err(surprise(format!("After the crash the answer was {went:?}.")));
        }
        let again = Payment { units: chips(20_000), invoice: Some(invoice), ..Payment::default() };
        let refused = match self.ana.wallet()?.pay(&self.tally, &again) {
            Err(refused) => refused,
            Ok(_) => return Err(surprise("Ana could pay one invoice twice.")),
        };
        self.table.meet(&mut self.ana, &mut self.ben, &self.tally)?;
        let settled = self.ana.wallet()?.went_for(&invoice)?;
        if !matches!(settled, Went::Final(_)) {
            return Err(surprise(format!("After the hand-over the answer was {settled:?}.")));
        }
        let told = vec![
            "Ben asks for 20.00 for mending the roof. Ana pays, and in that very moment her wallet's process is killed."
                .into(),
            format!("The process ended with “{status}”. Ana opens her wallet again and asks: did it go through?"),
            "→ “Signed and safe on this device; Ben has not confirmed it.” Signing again is refused: paid already.".into(),
            "→ After the next hand-over the same question is answered with “final”.".into(),
        ];
        let facts = json!({ "process": status.to_string(), "after_the_crash": "signed",
            "signing_again": refused.code(), "after_the_hand_over": "final" });
        self.told("A crash right after signing", told, facts)
    }

    fn over_the_limit(&mut self) -> Told {
        let much = chips(130_000);
        let refused =
            match self.ben.wallet()?.pay(&self.tally, &Payment { units: much, ..Payment::default() }) {
                Err(WalletError::CannotPay(cannot)) => cannot,
                other => return Err(surprise(format!("A payment over the limit ended with {other:?}."))),
            };
        let payment = Payment { units: much, memo: "a whole cow".into(), insist: true, ..Payment::default() };
        let chit = self.ben.wallet()?.pay(&self.tally, &payment)?;
        self.table.meet(&mut self.ben, &mut self.ana, &self.tally)?;
        let waiting = self.ana.wallet()?.tally(&self.tally)?.outside_theirs;
        let before = self.ana.balance(&self.tally)?;
        self.ana.wallet()?.accept_pledge(&self.tally, &chit)?;
        self.table.meet(&mut self.ana, &mut self.ben, &self.tally)?;
        let told = vec![
            format!("Ben wants to pay 130.00 for a whole cow. His wallet refuses: {refused}."),
            format!(
                "He insists, so the payment is signed and flagged. Ana sees {waiting} waiting beside a balance of {before}."
            ),
            "→ Ana accepts it: now it counts, because the one who gives the credit said so.".into(),
        ];
        let facts = json!({ "refused": refused.code(), "waiting_at_ana": waiting.to_string() });
        self.told("A payment over the limit", told, facts)
    }

    fn restart(&mut self) -> Told {
        self.ben
            .pay(&self.tally, chips(10), "one more nail")
            .err()
            .filter(|trouble| trouble.code == "over_limit")
            .ok_or_else(|| surprise("Ben could pay although his limit is used up."))?;
        self.ana.pay(&self.tally, chips(35_250), "roof, second half")?;
        let before = self.ana.balance(&self.tally)?;
        self.ana.close();
        self.ben.close();
        if self.ana.balance(&self.tally)? != before {
            return Err(surprise("Ana's balance changed while her wallet was closed."));
        }
        let files = self.table.meet(&mut self.ana, &mut self.ben, &self.tally)?;
        let told = vec![
            "Ana pays Ben 35.25 for the second half of the roof. Before anything is handed over, both close their wallets.".into(),
            format!("→ Opened again, nothing is missing. {files} files later both halves are settled."),
        ];
        self.told("Both close and open again", told, json!({ "files": files }))
    }

    /// Face to face, without files: what waits goes across by itself, although the link breaks in the middle.
    fn meeting(&mut self) -> Told {
        self.ana.pay(&self.tally, chips(1_000), "gutter")?;
        self.ben.pay(&self.tally, chips(250), "a pear")?;
        let (waits, calls) = (self.ana.wallet()?, self.ben.wallet()?);
        let (waited, called, links) = super::lane::meet(waits, calls, &self.tally, 2)
            .map_err(|missed| surprise(format!("The two did not meet: {missed}.")))?;
        if !waited.in_sync() || !called.in_sync() || links != 2 {
            return Err(surprise("The meeting did not end in sync over its second link."));
        }
        let letters = waited.delivered.saturating_add(called.delivered);
        let told = vec![
            "Ana owes Ben 1.00 for the gutter, Ben owes Ana 0.25 for a pear. They stand face to face and let their wallets meet; the link breaks in the middle.".into(),
            format!("→ Over a second link {letters} letters in all have crossed, and both say: in sync."),
        ];
        self.told("A meeting, cut in the middle", told, json!({ "links": links, "letters": letters }))
    }

    fn homecoming(&mut self) -> Told {
        let Self { ana, ben, table, tally, stage } = self;
        let home = sites::play(stage, ana, ben, table, tally)?;
        if !home.alone {
            return Err(surprise("One site alone made something final."));
        }
        let word = self.word_at_ben()?;
        let told = vec![
            "Each takes a site: a process of its own on this machine that speaks for a half from now on. With nobody online both pay 2.00, and their phones meet.".into(),
            format!("Ben's site is killed ({}). Ana's phone comes home alone: nothing is final yet.", home.killed),
            "The killed site comes back with everything it had acknowledged. Ben's phone comes home.".into(),
            format!("→ Both sites stand for one head. On Ben's screen his payment is “{word}”."),
        ];
        self.told(
            "Two sites, one of them killed",
            told,
            json!({ "site": home.killed, "letters": home.letters, "newest": word }),
        )
    }

    /// One word on how far the newest payment has come, as Ben sees it.
    fn word_at_ben(&mut self) -> Result<&'static str, Trouble> {
        let newest = self.ben.wallet()?.history(&self.tally, &Filter { most: 1, ..Filter::default() })?;
        newest.first().map(|chit| chit.facets.word()).ok_or_else(|| surprise("Ben's history is empty."))
    }

    /// A step, with where both stand after it.
    fn told(&mut self, title: &'static str, mut told: Vec<String>, facts: Value) -> Told {
        let (ana, ben) = (self.ana.balance(&self.tally)?, self.ben.balance(&self.tally)?);
        told.push(format!("Ana's balance {ana}, Ben's {ben}."));
        let mut facts = facts;
        if let Value::Object(facts) = &mut facts {
            facts.insert("balances".into(), json!({ "ana": ana.to_string(), "ben": ben.to_string() }));
        }
        Ok(Step { title, told, facts })
    }

    /// Compares the two halves: heads, balances, and every byte of what an accountant would be given.
    fn end(&mut self) -> Result<(End, Option<Trouble>), Trouble> {
        let mut grid = Grid::new(&[
            ("half", Column::Left),
            ("balance", Column::Right),
            ("final", Column::Right),
            ("entries", Column::Right),
            ("all final", Column::Left),
        ]);
        let (mut halves, mut seen, mut heads) = (Vec::new(), Vec::new(), Page::new());
        for person in [&mut self.ana, &mut self.ben] {
            let name = person.name;
            let view = person.wallet()?.tally(&self.tally)?;
            let export = person.wallet()?.export(&self.tally)?.to_csv();
            let all_final = view.final_index == view.index && view.unordered == 0;
            grid.row([
                name.into(),
                view.balance.to_string(),
                view.final_balance.to_string(),
                view.index.to_string(),
                if all_final { "yes" } else { "no" }.into(),
            ]);
            heads.say(format!("{name}'s head  {}", view.head));
            halves.push(json!({
                "name": name, "side": view.side.to_string(), "balance": view.balance.to_string(),
                "final_balance": view.final_balance.to_string(), "head": view.head.to_string(),
                "index": view.index, "final_index": view.final_index,
            }));
            seen.push((view, export, all_final));
        }
        let equal = match seen.as_slice() {
            [(ana, ana_told, ana_final), (ben, ben_told, ben_final)] => {
                ana.head == ben.head
                    && ana.balance == ben.balance.negated()
                    && ana.final_balance == ana.balance
                    && ben.final_balance == ben.balance
                    && ana_told == ben_told
                    && *ana_final
                    && *ben_final
            }
            _ => false,
        };
        let mut page = Page::new();
        page.gap().styled(TITLE, "Both halves").table(grid);
        page.verbatim(heads.render());
        if equal {
            page.styled(
                GOOD,
                "Equal: the same entries in the same order, and what one owes is what the other is owed.",
            );
        }
        let trouble = (!equal).then(|| Trouble::new(Exit::Unsound, "unequal", "The two halves differ."));
        Ok((End { halves, page }, trouble))
    }
}
