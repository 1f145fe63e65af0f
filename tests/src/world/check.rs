//! After every step: what a phone shows must be what the model makes of what was really signed.

use std::collections::{BTreeMap, BTreeSet};

use hazel_core::book::Flag;
use hazel_core::chit::SignedChit;
use hazel_core::digest::Digest;
use hazel_core::negotiation::TallyState;
use hazel_core::tally::Side;
use hazel_core::wallet::{ChitView, Clock as _, Custody, Export, Filter, MergeReport, TallyView};

use super::{Phone, Verdict, World, half};
use crate::model::{Broken, Fold, Named, Taken, is_outside, named};

/// What a phone showed of one tally the last time it was looked at.
pub(super) struct Seen {
    pub(super) view: TallyView,
    pub(super) export: Export,
    /// Oldest first: the order, then what has no place.
    pub(super) history: Vec<ChitView>,
    /// What has been put into the order since its beginning.
    pub(super) report: MergeReport,
    /// How the agreed part of the order takes each chit in it.
    agreed: Vec<Taken>,
}

impl Seen {
    /// In which view a chit got its place.
    fn view_of(&self, chit: &ChitView) -> Option<u64> {
        let at = usize::try_from(chit.facets.place?).ok()?.checked_sub(1)?;
        self.report.lines.get(at).map(|line| line.view)
    }

    /// What stands at each place of the order, and in which view it got there.
    fn places(&self) -> impl Iterator<Item = (Digest, u64)> {
        let chits = self.history.iter().map(|shown| shown.chit.hash);
        chits.zip(self.report.lines.iter().map(|line| line.view))
    }
}

const ALL: Filter =
    Filter { skip: 0, most: 1 << 20, since: None, until: None, text: None, payments_only: false };

const fn taken(flag: Flag) -> Taken {
    match flag {
        Flag::Clear => Taken::Counts,
        Flag::OverLimit => Taken::OverLimit,
        Flag::OverAllowance => Taken::OverAllowance,
        Flag::AfterRevoke => Taken::NoLeave,
        Flag::AfterClose => Taken::TooLate,
        Flag::DuplicateInvoice => Taken::Again,
        Flag::Accepted => Taken::Accepted,
        Flag::Ineffective => Taken::Nothing,
    }
}

impl World {
    /// Looks at everything one phone shows.
    pub(super) fn check(&mut self, phone: usize) -> Verdict {
        let person = self.phones[phone].person;
        for pact in 0..self.pacts.len() {
            if self.pacts[pact].people.contains(&person) {
                self.check_tally(phone, pact).map_err(|broken| Broken {
                    seen: format!("phone {phone} of person {person}: {}", broken.seen),
                    ..broken
                })?;
            }
        }
        Ok(())
    }

    fn check_tally(&mut self, phone: usize, pact: usize) -> Verdict {
        let id = self.pacts[pact].id;
        let Phone { wallet, seen, .. } = &mut self.phones[phone];
        let failed = |error| Broken::new(0, format!("a tally cannot be read: {error}"));
        let Ok(view) = wallet.tally(&id) else { return Ok(()) };
        // Most of what happens is about another tally.
        if seen.get(&id).is_some_and(|seen| seen.view == view) {
            return Ok(());
        }
        let export = wallet.export(&id).map_err(failed)?;
        let mut history = wallet.history(&id, &ALL).map_err(failed)?;
        history.reverse();
        let report = wallet.merge_report(&id, 0).map_err(failed)?;
        let mut now = Seen { view, export, history, report, agreed: Vec::new() };
        let by_hash: BTreeMap<Digest, &SignedChit> =
            now.export.chits.iter().map(|chit| (chit.hash, &chit.signed)).collect();
        let mut chits = Vec::new();
        for shown in &now.history {
            let chit = *by_hash
                .get(&shown.chit.hash)
                .ok_or_else(|| Broken::new(5, "a chit is shown and not exported"))?;
            // What was hashed before has its hash still.
            let ledger = &self.pacts[pact].ledger;
            if !ledger.is_signed(&shown.chit.hash, chit) && chit.chit.hash() != shown.chit.hash {
                return Err(Broken::new(7, format!("{} is shown under another hash", named(chit))));
            }
            chits.push((shown.chit.hash, chit));
        }
        self.check_signers(phone, pact, &chits)?;
        self.tell_standing(phone, pact, &now.view);
        self.note(&format!("{phone} {:?} {} {}", now.view.head, now.view.balance, now.view.final_index));
        let agreed = usize::try_from(now.view.agreed).unwrap_or(usize::MAX);
        let placed = now.report.lines.len();
        let ([agreed, placed], fold) = self.pacts[pact].ledger.folds(&chits, [agreed, placed]);
        if !self.people[self.phones[phone].person].liar {
            self.check_books(pact, &now, &chits, &fold)?;
            self.check_terms(phone, pact, &now, &fold)?;
            self.check_order(phone, pact, &now, &chits, &placed)?;
            check_end(&now, &placed, &fold)?;
            if let Some(before) = self.phones[phone].seen.get(&id) {
                check_steady(before, &now, || self.is_replaced(phone, &id))?;
            }
        }
        now.agreed = agreed.rows.iter().map(|(_, taken, _)| *taken).collect();
        self.phones[phone].seen.insert(id, now);
        Ok(())
    }

    /// I7, I8, I11: nothing is there that nobody signed, and what is new was signed here, now, with its own key.
    fn check_signers(&mut self, phone: usize, pact: usize, chits: &[Named<'_>]) -> Verdict {
        let side = self.side(phone, pact);
        let liar = self.people[self.phones[phone].person].liar;
        let ledger = &mut self.pacts[pact].ledger;
        for (hash, chit) in chits {
            if ledger.knows(hash) {
                continue;
            }
            if chit.chit.chain.side != side {
                return Err(Broken::new(7, format!("{} was let in, and nobody signed it", named(chit))));
            }
            ledger.signs(chit, liar)?;
        }
        self.pacts[pact].held[half(side)].extend(chits.iter().map(|(hash, _)| *hash));
        Ok(())
    }

    /// I1, I6, I9, I21, I25: balances, flags and what waits are a fold over the chits in the order shown, and nothing else.
    fn check_books(&self, pact: usize, now: &Seen, chits: &[Named<'_>], fold: &Fold) -> Verdict {
        let view = &now.view;
        for ((shown, (_, chit)), (_, should, _)) in now.history.iter().zip(chits).zip(&fold.rows) {
            if taken(shown.flag) != *should {
                let rule = if is_outside(taken(shown.flag)) || is_outside(*should) { 9 } else { 25 };
                let what = named(chit);
                return Err(Broken::new(
                    rule,
                    format!("{what} is {:?} and should be {should:?}", shown.flag),
                ));
            }
        }
        let sums = [
            ("balance", view.balance.milli(), fold.balance(view.side)),
            ("outside, mine", view.outside_mine.milli(), fold.outside(view.side)),
            ("outside, theirs", view.outside_theirs.milli(), fold.outside(view.side.other())),
        ];
        for (what, shown, should) in sums {
            if shown != should {
                return Err(Broken::new(25, format!("{what} is {shown} and should be {should}")));
            }
        }
        for (row, (_, _, owes)) in now.export.chits.iter().zip(&fold.rows) {
            if row.foil_owes.is_some_and(|shown| shown.milli() != *owes) {
                return Err(Broken::new(
                    1,
                    format!("the foil owes {:?} and should owe {owes}", row.foil_owes),
                ));
            }
        }
        let settled = usize::try_from(view.final_index).unwrap_or(usize::MAX);
        let owes = if settled == 0 { 0 } else { fold.rows.get(settled - 1).map_or(i64::MAX, |row| row.2) };
        let should = if view.side == Side::Stock { owes } else { -owes };
        if view.final_balance.milli() != should {
            let shown = view.final_balance.milli();
            return Err(Broken::new(1, format!("the final balance is {shown} and should be {should}")));
        }
        for (at, person) in self.pacts[pact].people.iter().enumerate() {
            if !self.people[*person].liar && fold.active(Side::BOTH[at]) == 0 {
                return Err(Broken::new(28, format!("nobody may sign for the {}", Side::BOTH[at])));
            }
        }
        Ok(())
    }

    /// I8, I10: a limit is what the creditor signed, and an allowance what was handed to a device and not spent.
    fn check_terms(&self, phone: usize, pact: usize, now: &Seen, fold: &Fold) -> Verdict {
        let (view, date) = (&now.view, self.phones[phone].clock.now());
        for (side, terms) in [(view.side, view.granted), (view.side.other(), view.received)] {
            let (shown, should) = (terms.limit.milli(), fold.limit(side, date));
            if shown != should {
                let seen = format!("the {side} is shown to grant {shown} and grants {should}");
                return Err(Broken::new(8, seen));
            }
        }
        for device in self.phones[phone].wallet.devices(&self.pacts[pact].id).unwrap_or_default() {
            let side = if device.mine { view.side } else { view.side.other() };
            let should = fold.allowance(side, device.device);
            if device.allowance.is_some_and(|shown| shown.milli() != should) {
                let (at, shown) = (device.device, device.allowance);
                let seen = format!("device {at} of the {side} may sign {shown:?}, and has {should} left");
                return Err(Broken::new(10, seen));
            }
        }
        Ok(())
    }

    /// I2, I3, I4, I15: the order has no gaps, agrees with the other half's, and is final where both parties' nodes said so.
    fn check_order(
        &mut self,
        phone: usize,
        pact: usize,
        now: &Seen,
        chits: &[Named<'_>],
        order: &Fold,
    ) -> Verdict {
        let view = &now.view;
        for (line, (_, should, _)) in now.report.lines.iter().zip(&order.rows) {
            if taken(line.flag) != *should {
                let (at, flag) = (line.index, line.flag);
                return Err(Broken::new(25, format!("place {at} is {flag:?} and should be {should:?}")));
            }
        }
        if now.report.lines.len() as u64 != view.index {
            let (told, index) = (now.report.lines.len(), view.index);
            return Err(Broken::new(25, format!("{told} places are reported and {index} ordered")));
        }
        let mut before: BTreeSet<Digest> = BTreeSet::new();
        for (hash, chit) in chits {
            if chit.chit.seq > 1 && !before.contains(&chit.chit.prev_own) {
                return Err(Broken::new(4, format!("{} comes before what it follows", named(chit))));
            }
            if !before.insert(*hash) {
                return Err(Broken::new(6, format!("{} is there twice", named(chit))));
            }
        }
        if view.final_index > view.agreed || view.agreed > view.index {
            let (f, a, i) = (view.final_index, view.agreed, view.index);
            return Err(Broken::new(15, format!("final {f}, agreed {a}, ordered {i}")));
        }
        let agreed = usize::try_from(view.agreed).unwrap_or(usize::MAX);
        let own: Vec<Digest> = chits.iter().take(agreed).map(|(hash, _)| *hash).collect();
        if self.is_honest(pact) {
            let known = &mut self.pacts[pact].agreed;
            if let Some(at) = known.iter().zip(&own).position(|(one, other)| one != other) {
                let rule = if self.phones[phone].seen.is_empty() { 2 } else { 3 };
                return Err(Broken::new(
                    rule,
                    format!("place {} of the agreed order is another chit", at + 1),
                ));
            }
            if own.len() > known.len() {
                *known = own;
            }
        }
        for side in Side::BOTH {
            let pact = &self.pacts[pact];
            let said = pact.ledger.nodes(side).map(|key| pact.ledger.reach(key)).max().unwrap_or(0);
            let own_half = side == view.side;
            if !self.people[pact.people[half(side)]].liar && !own_half && said < view.final_index {
                let last = view.final_index;
                return Err(Broken::new(15, format!("final up to {last}, the {side}'s nodes said {said}")));
            }
        }
        let theirs = &self.pacts[pact].held[half(view.side.other())];
        for (shown, (_, chit)) in now.history.iter().zip(chits) {
            if shown.mine && shown.facets.custody == Custody::Held && !theirs.contains(&shown.chit.hash) {
                let what = named(chit);
                return Err(Broken::new(
                    14,
                    format!("{what} is called received, and the partner never had it"),
                ));
            }
        }
        Ok(())
    }

    /// After a phone is gone: both halves agree on what somebody still remembers.
    pub(super) fn forget(&mut self) {
        for pact in &mut self.pacts {
            let seen = self.phones.iter().filter(|phone| phone.lives).filter_map(|p| p.seen.get(&pact.id));
            let longest = seen.map(|seen| seen.view.agreed).max().unwrap_or(0);
            pact.agreed.truncate(usize::try_from(longest).unwrap_or(usize::MAX));
        }
    }
}

/// I22: closed means zero, nothing waiting, sealed by both.
fn check_end(now: &Seen, placed: &Fold, fold: &Fold) -> Verdict {
    let closed = placed.is_closed() && fold.balance(Side::Stock) == 0;
    if now.view.state == TallyState::Closed && !closed {
        return Err(Broken::new(22, format!("closed with a balance of {}", fold.balance(Side::Stock))));
    }
    Ok(())
}

/// I5, I14: on one phone nothing vanishes, and no facet of a chit goes backwards.
fn check_steady(before: &Seen, now: &Seen, is_replaced: impl Fn() -> bool) -> Verdict {
    let (old, new) = (&before.view, &now.view);
    let follows_another = new.view < old.view && is_replaced();
    if new.agreed < old.agreed
        || new.final_index < old.final_index
        || (new.view < old.view && !follows_another)
    {
        return Err(Broken::new(14, "agreed, final or the view went backwards"));
    }
    let shown: BTreeMap<Digest, &ChitView> = now.history.iter().map(|it| (it.chit.hash, it)).collect();
    // What both halves turn out to have agreed on is not what stood here.
    let overruled = before.places().zip(now.places()).take(new.agreed as usize).any(|(was, is)| was != is);
    for was in &before.history {
        let what = || format!("{} {} of device {}", was.kind, was.chit.seq, was.chit.chain.device);
        let Some(is) = shown.get(&was.chit.hash) else {
            return Err(Broken::new(5, format!("{} has vanished", what())));
        };
        if is.facets.custody < was.facets.custody {
            let (from, to) = (was.facets.custody, is.facets.custody);
            return Err(Broken::new(14, format!("{} went from {from:?} to {to:?}", what())));
        }
        let left = was.facets.place.is_some() && is.facets.place != was.facets.place;
        // What nobody has agreed to yet may be ordered anew: in a higher view than the one in which it was, or by the phone that was
        // restored in this one's place.
        let anew = now.report.lines.iter().map(|line| line.view).max() > before.view_of(was);
        let may = anew || overruled || old.reconciling || new.reconciling;
        if left && (was.facets.agreed || !(may || is_replaced())) {
            let (from, to) = (was.facets.place, is.facets.place);
            return Err(Broken::new(14, format!("{} went from place {from:?} to {to:?}", what())));
        }
    }
    // How the agreed order takes a chit stands; only a later acceptance brings one inside the terms. What a screen shows may change: it
    // is a fold over everything held, and an acceptance that gets its place behind the end of its device's epoch has no effect.
    for (line, was) in now.report.lines.iter().zip(&before.agreed) {
        if taken(line.flag) != *was && line.flag != Flag::Accepted {
            let (at, is) = (line.index, line.flag);
            return Err(Broken::new(3, format!("place {at} was agreed as {was:?} and is {is:?}")));
        }
    }
    Ok(())
}
