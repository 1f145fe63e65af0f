//! What people do with their phones, and what happens to phones.

use hazel_core::canon::{Canon as _, Malformed, Reader, Writer};
use hazel_core::message::{Handover, Message};
use hazel_core::store::Store;
use hazel_core::tally::Terms;
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Attention, EnrolmentRequest, Payment, Wallet, WalletError};

use super::action::Action;
use super::air::outcome;
use super::chance::{PhoneClock, guard};
use super::post::Weather;
use super::{Kept, NOTHING, Phone, World, half};
use crate::model::Broken;

type Outcome = Result<&'static str, Broken>;

impl World {
    pub(super) fn perform(&mut self, action: Action) -> Outcome {
        use Action::*;
        match action {
            Pay { phone, tally, units, insist } => {
                self.pay(phone, tally, &Payment { units: Units::new(units), insist, ..Payment::default() })
            }
            PayInvoice { phone, tally, pick } => self.pay_invoice(phone, tally, pick),
            Accept { phone, tally } => self.accept(phone, tally),
            Ask { phone, tally, units, valid_for } => self.ask(phone, tally, units, valid_for),
            Decline { phone, tally, pick } => self.answer(phone, tally, pick, Wallet::decline),
            Withdraw { phone, tally, pick } => self.answer(phone, tally, pick, Wallet::withdraw),
            Grant { phone, tally, limit, notice_days } => {
                let terms = Terms { limit: Units::new(limit), notice_days };
                let (at, pact) = self.at(phone, tally);
                let grantor = half(self.side(at, pact));
                self.pacts[pact].loose[1 - grantor] = true;
                self.verb(phone, tally, |wallet, id| wallet.grant(id, terms).map(|_| ()))
            }
            Call { phone, tally } => {
                self.verb(phone, tally, |wallet, id| wallet.call(id, Units::ZERO, 0).map(|_| ()))
            }
            Close { phone, tally } => self.verb(phone, tally, Wallet::close),
            Rename { phone, tally } => self.verb(phone, tally, |wallet, id| wallet.rename(id, "neighbour")),
            AddDevice { phone } => self.add_device(phone),
            HandAllowance { phone, tally, units } => self.hand_allowance(phone, tally, units),
            Revoke { phone } => self.revoke(phone),
            Send { phone, tally, to, fate } => {
                let (phone, pact) = self.at(phone, tally);
                self.send(phone, pact, to, fate)
            }
            Arrive { pick } => self.arrive(pick),
            Replay { pick, to } => self.replay_past(pick, to),
            Meet { phone, tally, to } => {
                let (phone, pact) = self.at(phone, tally);
                let partners = self.phones_of(self.partner(phone, pact));
                self.meet(phone, partners[usize::from(to) % partners.len()], pact)?;
                Ok("done")
            }
            Radio { phone, tally, to, radio } => {
                let (phone, pact) = self.at(phone, tally);
                let partners = self.phones_of(self.partner(phone, pact));
                self.radio(phone, partners[usize::from(to) % partners.len()], pact, radio)
            }
            Kill { phone } => self.kill(phone),
            Tear { phone, tally, units, at } => {
                let (phone, pact) = self.at(phone, tally);
                self.tear(phone, pact, units, at)
            }
            Lose { phone } => self.lose(phone),
            Renew { phone, tally } => self.renew(phone, tally),
            Resume { phone, tally } => self.resume(phone, tally),
            Keep { phone } => self.keep(phone),
            Restore { pick, old_lives, from_backup } => self.restore(pick, old_lives, from_backup),
            Remind { phone, tally, old_lives } => self.remind(phone, tally, old_lives),
            Skew { phone, seconds, backwards } => {
                let phone = self.phone(phone);
                self.phones[phone].clock.set(seconds, backwards);
                self.fault(if backwards { "clock backwards" } else { "clock wrong" });
                Ok("done")
            }
            Pass { seconds } => {
                self.time.pass(u64::from(seconds));
                Ok("done")
            }
            Lie { phone, tally, trick } => {
                let (phone, pact) = self.at(phone, tally);
                self.lie(phone, pact, trick)
            }
            Full { phone, tally, pages, deed, dies } => {
                let (phone, pact) = self.at(phone, tally);
                self.full(phone, pact, pages, deed, dies)
            }
            Home { phone, line } => self.home(self.phone(phone), &mut Weather::new(line)),
            Post { pick } => self.post(pick),
            KillSite { site } => self.kill_site(site),
            KeepSite { site } => self.keep_site(site),
            RestoreSite { pick } => self.restore_site(pick),
        }
    }

    pub(super) fn at(&self, phone: u8, tally: u8) -> (usize, usize) {
        let phone = self.phone(phone);
        (phone, self.pact(phone, tally))
    }

    fn verb(
        &mut self,
        phone: u8,
        tally: u8,
        verb: impl FnOnce(&mut Wallet, &hazel_core::tally::TallyId) -> Result<(), WalletError>,
    ) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let id = self.pacts[pact].id;
        let told = outcome(verb(&mut self.phones[phone].wallet, &id))?;
        self.check(phone)?;
        Ok(told)
    }

    fn pay(&mut self, phone: u8, tally: u8, payment: &Payment) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        self.pay_at(phone, pact, payment)
    }

    pub(super) fn pay_at(&mut self, phone: usize, pact: usize, payment: &Payment) -> Outcome {
        let id = self.pacts[pact].id;
        let done = self.phones[phone].wallet.pay(&id, payment);
        if let (Ok(chit), true) = (&done, payment.insist) {
            self.pacts[pact].insisted.push(*chit);
        }
        let told = outcome(done)?;
        self.check(phone)?;
        Ok(told)
    }

    fn pay_invoice(&mut self, phone: u8, tally: u8, pick: u8) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let invoices = &self.pacts[pact].invoices;
        if invoices.is_empty() {
            return Ok(NOTHING);
        }
        let id = invoices[usize::from(pick) % invoices.len()];
        let Ok(view) = self.phones[phone].wallet.invoice(&id) else { return Ok("not here") };
        self.pay_at(phone, pact, &Payment { units: view.units, invoice: Some(id), ..Payment::default() })
    }

    fn accept(&mut self, phone: u8, tally: u8) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let id = self.pacts[pact].id;
        let waits = self.phones[phone].wallet.attention().unwrap_or_default();
        let waits = waits.into_iter().find_map(|it| match it {
            Attention::Waiting(tally, chit) if tally == id => Some(chit),
            _ => None,
        });
        let Some(chit) = waits else { return Ok(NOTHING) };
        let told = outcome(self.phones[phone].wallet.accept_pledge(&id, &chit))?;
        // From here on the payer owes more than the limit without having broken it.
        self.pacts[pact].loose = [true; 2];
        self.check(phone)?;
        Ok(told)
    }

    fn ask(&mut self, phone: u8, tally: u8, units: i64, valid_for: u32) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let id = self.pacts[pact].id;
        let ask = Ask {
            units: Units::new(units),
            memo: "eggs".into(),
            valid_for: u64::from(valid_for),
            ..Ask::default()
        };
        let asked = self.phones[phone].wallet.ask(&id, &ask);
        if let Ok(invoice) = &asked {
            self.pacts[pact].invoices.push(invoice.invoice.id());
        }
        let told = outcome(asked)?;
        self.check(phone)?;
        Ok(told)
    }

    fn answer(
        &mut self,
        phone: u8,
        tally: u8,
        pick: u8,
        verb: fn(&mut Wallet, &hazel_core::invoice::InvoiceId) -> Result<(), WalletError>,
    ) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let invoices = &self.pacts[pact].invoices;
        if invoices.is_empty() {
            return Ok(NOTHING);
        }
        let id = invoices[usize::from(pick) % invoices.len()];
        let told = outcome(verb(&mut self.phones[phone].wallet, &id))?;
        self.check(phone)?;
        Ok(told)
    }

    fn add_device(&mut self, phone: u8) -> Outcome {
        let phone = self.phone(phone);
        let person = self.phones[phone].person;
        if self.phones_of(person).len() >= 3 {
            return Ok(NOTHING);
        }
        let (request, secret) = EnrolmentRequest::new("tablet", &mut *self.entropy());
        let added = self.phones[phone].wallet.add_device(&request);
        let enrolled = match added {
            Ok(answer) => {
                let (store, entropy) = (Store::in_memory().expect("a database"), self.entropy());
                let clock = PhoneClock::new(&self.time);
                let boxed = Box::new(clock.clone());
                Wallet::enrol(store, &guard(), &secret, &answer, boxed, entropy).map(|wallet| (wallet, clock))
            }
            Err(error) => Err(error),
        };
        self.check(phone)?;
        let (wallet, clock) = match enrolled {
            Ok(new) => new,
            Err(error) => return outcome::<()>(Err(error)),
        };
        self.join(Phone::new(person, wallet, clock))?;
        Ok("done")
    }

    /// A phone joins the world.
    pub(super) fn join(&mut self, phone: Phone) -> Result<(), Broken> {
        self.phones.push(phone);
        self.check(self.phones.len() - 1)
    }

    fn hand_allowance(&mut self, phone: u8, tally: u8, units: i64) -> Outcome {
        let (phone, pact) = self.at(phone, tally);
        let id = self.pacts[pact].id;
        let devices = self.phones[phone].wallet.devices(&id).unwrap_or_default();
        let Some(to) = devices.iter().find(|device| device.mine && !device.here && device.active) else {
            return Ok(NOTHING);
        };
        let told = outcome(self.phones[phone].wallet.hand_allowance(&id, to.device, Units::new(units)))?;
        self.check(phone)?;
        Ok(told)
    }

    fn revoke(&mut self, phone: u8) -> Outcome {
        let phone = self.phone(phone);
        let pact = self.pact(phone, 0);
        let devices = self.phones[phone].wallet.devices(&self.pacts[pact].id).unwrap_or_default();
        let Some(other) = devices.iter().find(|device| device.mine && !device.here && device.active) else {
            return Ok(NOTHING);
        };
        let told = outcome(self.phones[phone].wallet.revoke_device(other.device))?;
        // What the revoked device signed unseen comes on top of what the others may sign.
        self.loosen(self.phones[phone].person);
        self.fault("device revoked");
        self.check(phone)?;
        Ok(told)
    }

    /// From now on this person's payments may go over the limit without anybody's fault.
    pub(super) fn loosen(&mut self, person: usize) {
        for pact in &mut self.pacts {
            for (at, holder) in pact.people.iter().enumerate() {
                pact.loose[at] |= *holder == person;
            }
        }
    }

    /// A copy of a phone's database, as a file nobody else writes.
    pub(super) fn copied(&mut self, phone: usize) -> Result<std::path::PathBuf, Broken> {
        self.serial += 1;
        let path = self.folder.path().join(format!("{}.db", self.serial));
        match self.phones[phone].wallet.copy_database(&path) {
            Ok(()) => Ok(path),
            Err(error) => Err(Broken::new(0, format!("the database: {error}"))),
        }
    }

    pub(super) fn opened(&mut self, path: &std::path::Path, clock: &PhoneClock) -> Result<Wallet, Broken> {
        let entropy = self.entropy();
        let failed = |error: WalletError| Broken::new(0, format!("a wallet does not open again: {error}"));
        let store = Store::open(path).map_err(|error| failed(error.into()))?;
        Wallet::open(store, &guard(), Box::new(clock.clone()), entropy).map_err(failed)
    }

    /// The process is killed; what was committed is there when it starts again.
    fn kill(&mut self, phone: u8) -> Outcome {
        let phone = self.phone(phone);
        self.phones[phone].wallet = self.twin(phone)?;
        self.fault("killed");
        self.check(phone)?;
        Ok("done")
    }

    /// A second wallet from a copy of a phone's database.
    pub(super) fn twin(&mut self, phone: usize) -> Result<Wallet, Broken> {
        let path = self.copied(phone)?;
        let clock = self.phones[phone].clock.clone();
        self.opened(&path, &clock)
    }

    fn keep(&mut self, phone: u8) -> Outcome {
        let phone = self.phone(phone);
        if !self.phones[phone].wallet.has_root() {
            return Ok(NOTHING);
        }
        let path = self.copied(phone)?;
        self.kept.push(Kept { phone, path });
        Ok("done")
    }

    /// A phone is lost, and a new one is made from a backup. Which backup: any. What is in it is what the phone knew at the time.
    fn restore(&mut self, pick: u8, old_lives: bool, from_backup: bool) -> Outcome {
        if self.kept.is_empty() {
            return Ok(NOTHING);
        }
        let kept = &self.kept[usize::from(pick) % self.kept.len()];
        let (old, path) = (kept.phone, kept.path.clone());
        let person = self.phones[old].person;
        if !self.may_restore(person, old_lives) {
            return Ok(NOTHING);
        }
        self.serial += 1;
        let copy = self.folder.path().join(format!("{}.db", self.serial));
        std::fs::copy(&path, &copy).map_err(|error| Broken::new(0, error.to_string()))?;
        let clock = self.phones[old].clock.clone();
        let mut memory = self.opened(&copy, &clock)?;
        let words = self.people[person].words.clone();
        let (store, entropy) = (Store::in_memory().expect("a database"), self.entropy());
        let boxed = Box::new(clock.clone());
        let failed = |error: WalletError| Broken::new(0, format!("a backup does not come back: {error}"));
        let wallet = if from_backup {
            let backup = memory.backup(&words).map_err(failed)?;
            Wallet::restore(store, &guard(), &words, &backup, boxed, entropy).map_err(failed)?
        } else {
            let name = memory.name().to_owned();
            let mut new = Wallet::create(store, &guard(), &name, &words, boxed, entropy).map_err(failed)?;
            for pact in 0..self.pacts.len() {
                if self.pacts[pact].people.contains(&person) {
                    let told = self.memory_of(&mut memory, pact).map_err(failed)?;
                    new.rebuild(&told).map_err(failed)?;
                }
            }
            new
        };
        self.fault(if from_backup { "restored from a backup" } else { "restored" });
        self.replace(old, old_lives, wallet, clock)
    }

    /// Everything a phone knew of a tally, as if its partner had kept it: a backup without the seconds that its stretching takes.
    fn memory_of(&mut self, memory: &mut Wallet, pact: usize) -> Result<Vec<u8>, WalletError> {
        let (id, theirs) = (self.pacts[pact].id, self.partner_key(memory, pact)?);
        let reminder = memory.remind(&id)?;
        let opened = Handover::from_bytes(sealed_in(&reminder)?)?.open(&self.pacts[pact].key)?;
        let mut messages: Vec<Message> = opened.into_iter().flatten().collect();
        // A backup holds no summary: it is not the partner who says what it holds.
        messages.retain(|message| !matches!(message, Message::Have(_)));
        let mut entropy = self.entropy();
        let sealed = Handover::seal(&messages, &self.pacts[pact].key, None, &mut *entropy);
        let mut to = Writer::with_capacity(1024);
        to.array(4).uint(1).put(&id).bytes(&theirs).put(&sealed);
        Ok(to.into_bytes())
    }

    fn partner_key(&self, wallet: &Wallet, pact: usize) -> Result<[u8; 32], WalletError> {
        let pact = &self.pacts[pact];
        Ok(pact.contract.tally.half(wallet.tally(&pact.id)?.side.other()).cert.agreement_key)
    }

    /// A phone is lost with every backup; its partners tell it what they hold.
    fn remind(&mut self, phone: u8, tally: u8, old_lives: bool) -> Outcome {
        let (teller, pact) = self.at(phone, tally);
        let person = self.partner(teller, pact);
        let old = self.phones_of(person).into_iter().find(|at| self.phones[*at].wallet.has_root());
        let (Some(old), false) = (old, self.people[self.phones[teller].person].liar) else {
            return Ok(NOTHING);
        };
        // Only with this one partner: a person with other tallies would need all of their partners at once.
        let alone = self.pacts.iter().filter(|pact| pact.people.contains(&person)).count() == 1;
        if !alone || !self.may_restore(person, old_lives) {
            return Ok(NOTHING);
        }
        let id = self.pacts[pact].id;
        let failed = |error: WalletError| Broken::new(0, format!("a reminder does not help: {error}"));
        let told = match self.phones[teller].wallet.remind(&id) {
            Ok(told) => told,
            Err(error) => return outcome::<()>(Err(error)),
        };
        self.check(teller)?;
        let handover = sealed_in(&told).map_err(|_| Broken::new(0, "a reminder cannot be read"))?;
        self.listen(teller, pact, handover)?;
        let (store, entropy) = (Store::in_memory().expect("a database"), self.entropy());
        let clock = self.phones[old].clock.clone();
        let boxed = Box::new(clock.clone());
        let (words, name) = (self.people[person].words.clone(), format!("person {person}"));
        let mut new = Wallet::create(store, &guard(), &name, &words, boxed, entropy).map_err(failed)?;
        let rebuilt = new.rebuild(&told).map_err(failed)?;
        if !rebuilt.lies.is_empty() && self.is_honest(pact) {
            return Err(Broken::new(24, format!("an honest reminder is called a lie: {:?}", rebuilt.lies)));
        }
        self.fault("rebuilt from words");
        self.replace(old, old_lives, new, clock)
    }

    /// Two phones with one node key on *both* halves of a tally are four that cannot know of each other: two pairs of them may agree on
    /// two orders, and no rule on the page excludes it. So whoever's partner goes about with an old phone loses none. Nor where both would
    /// have forgotten, and a tablet of either remembers on what they had agreed.
    fn may_restore(&mut self, person: usize, old_lives: bool) -> bool {
        let doubled = |at: usize, world: &Self| {
            let of_person = world.phones_of(at).into_iter();
            of_person.filter(|phone| world.phones[*phone].wallet.has_root()).count() > 1
        };
        let partners = self.pacts.iter().filter(|pact| pact.people.contains(&person));
        let partners: Vec<usize> = partners.flat_map(|pact| pact.people).filter(|at| *at != person).collect();
        let restored = |at: &usize| self.restored.contains(at);
        let tablet =
            |at: &usize| self.phones_of(*at).into_iter().any(|it| !self.phones[it].wallet.has_root());
        let remembers = |at: &usize| restored(at) && (tablet(at) || tablet(&person));
        // A site that has forgotten something is told again by those who have not.
        let may = !self.site_restored
            && !partners.iter().any(|at| doubled(*at, self))
            && !partners.iter().any(remembers)
            && !(old_lives && (partners.iter().any(restored) || self.phones_of(person).len() >= 3));
        if may {
            self.restored.push(person);
        }
        may
    }

    fn replace(&mut self, old: usize, old_lives: bool, wallet: Wallet, clock: PhoneClock) -> Outcome {
        let person = self.phones[old].person;
        // Whoever lost the newest phone restores beside or instead of the one that carries that number now.
        let now = self.phones_of(person).into_iter().filter(|at| self.phones[*at].wallet.has_root()).max();
        match (old_lives, now) {
            (true, _) => self.fault("old phone goes on"),
            (false, Some(now)) => self.phones[now].lives = false,
            (false, None) => {}
        }
        self.loosen(person);
        self.forget();
        self.join(Phone::new(person, wallet, clock))?;
        Ok("done")
    }
}

/// The hand-over in a reminder.
pub(super) fn sealed_in(reminder: &[u8]) -> Result<&[u8], Malformed> {
    let mut from = Reader::new(reminder);
    from.array("reminder", 4)?;
    from.uint("version")?;
    from.element("tally")?;
    from.element("agreement key")?;
    from.element("hand-over")
}
