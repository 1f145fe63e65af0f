//! Meetings, and the healing at the end: the honest phones meet until nothing is left to tell, and then everything is final.

use std::collections::BTreeSet;

use hazel_core::book::Flag;
use hazel_core::message::Message;
use hazel_core::order::ForkProof;
use hazel_core::tally::Side;
use hazel_core::wallet::Audience;

use super::air::Packet;
use super::telling::in_short;
use super::{Verdict, World, half};
use crate::model::{Broken, named};

/// How often two phones may answer each other in one meeting.
const ANSWERS_MAX: usize = 16;
/// The same where a site speaks for one of them: what only the site can confirm they tell each other again and again.
const ANSWERS_HOSTED: usize = 4;
/// How often everybody may meet everybody.
const ROUNDS_MAX: usize = 12;

impl World {
    /// Two phones stand beside each other: both say what they hold, then hand over until neither has anything to tell.
    pub(super) fn meet(&mut self, one: usize, other: usize, pact: usize) -> Verdict {
        let id = self.pacts[pact].id;
        for phone in [one, other] {
            self.phones[phone].wallet.ask_what_is_missing(&id).ok();
        }
        self.count.steps += 1;
        let hosted = self.is_hosted(pact);
        for _ in 0..if hosted { ANSWERS_HOSTED } else { ANSWERS_MAX } {
            let mut silent = true;
            for (from, to) in [(one, other), (other, one)] {
                if let Some(bytes) = self.emit(from, pact)? {
                    silent = false;
                    self.deliver(&Packet { bytes, to, bent: false })?;
                }
            }
            if silent {
                return Ok(());
            }
        }
        // A phone that may not confirm an order, because it is no node or no longer the one, is told it again until another has.
        let rooted = |phone: usize| self.phones[phone].wallet.has_root();
        let alone = |phone: usize| {
            let of_person = self.phones_of(self.phones[phone].person);
            rooted(phone) && of_person.into_iter().filter(|at| rooted(*at)).count() == 1
        };
        if alone(one)
            && alone(other)
            && self.is_honest(pact)
            && !hosted
            && ![one, other].iter().any(|phone| self.is_replaced(*phone, &id))
        {
            let told = [self.unsaid(one, pact), self.unsaid(other, pact)];
            let seen = format!("phones {one} and {other} never come to rest: {} and {}", told[0], told[1]);
            return Err(Broken::new(24, seen));
        }
        Ok(())
    }

    /// What a phone still wants to say, in short.
    fn unsaid(&mut self, phone: usize, pact: usize) -> String {
        let id = self.pacts[pact].id;
        let messages = self.phones[phone].wallet.outbox(&id, Audience::Partner).unwrap_or_default();
        messages.iter().map(in_short).collect::<Vec<_>>().join("; ")
    }

    /// The healing phase. Liars fall silent; what is in the air arrives.
    pub fn heal(&mut self) -> Verdict {
        while !self.air.is_empty() {
            let packet = self.air.remove(0);
            self.deliver(&packet)?;
        }
        for pact in 0..self.pacts.len() {
            if self.is_honest(pact) {
                self.heal_tally(pact)?;
            }
            self.check_proofs(pact)?;
        }
        for phone in 0..self.phones.len() {
            if self.phones[phone].lives && !self.people[self.phones[phone].person].liar {
                self.audit(phone)?;
            }
        }
        Ok(())
    }

    fn heal_tally(&mut self, pact: usize) -> Verdict {
        let [stock, foil] = self.pacts[pact].people;
        let (stocks, foils) = (self.phones_of(stock), self.phones_of(foil));
        let mut last = Vec::new();
        for _ in 0..ROUNDS_MAX {
            self.time.pass(3600);
            for phone in stocks.iter().chain(&foils) {
                self.begin_anew_if_replaced(*phone, pact)?;
            }
            for one in &stocks {
                for other in &foils {
                    self.meet(*one, *other, pact)?;
                }
            }
            self.everybody_home(&[stocks.clone(), foils.clone()].concat())?;
            let now = self.stands(pact, stocks.iter().chain(&foils).copied());
            if now == last {
                break;
            }
            last = now;
        }
        self.check_healed(pact, &stocks, &foils)
    }

    /// Whatever may still move: a view is asked for, promised and answered before anything is ordered in it.
    fn stands(&self, pact: usize, phones: impl Iterator<Item = usize>) -> Vec<(String, u64, bool)> {
        let seen = phones.filter_map(|phone| self.phones[phone].seen.get(&self.pacts[pact].id));
        seen.map(|seen| (seen.export.to_csv(), seen.view.view, seen.view.reconciling)).collect()
    }

    fn exports(&self, pact: usize, phones: impl Iterator<Item = usize>) -> Vec<String> {
        let seen = phones.filter_map(|phone| self.phones[phone].seen.get(&self.pacts[pact].id));
        seen.map(|seen| seen.export.to_csv()).collect()
    }

    /// I5, I24: everything honest is on both halves, final, and told in the same bytes.
    fn check_healed(&self, pact: usize, stocks: &[usize], foils: &[usize]) -> Verdict {
        let id = self.pacts[pact].id;
        let exports = self.exports(pact, stocks.iter().chain(foils).copied());
        let everybody: Vec<usize> = stocks.iter().chain(foils).copied().collect();
        for (phone, csv) in everybody.iter().zip(&exports) {
            let Some(seen) = self.phones[*phone].seen.get(&id) else { continue };
            let view = &seen.view;
            if view.reconciling {
                return Err(Broken::new(
                    24,
                    format!("phone {phone} has met everybody and still may not sign"),
                ));
            }
            if view.unordered > 0 || view.final_index != view.index {
                let (loose, last, all) = (view.unordered, view.final_index, view.index);
                let seen = format!("phone {phone}: {loose} without a place, final {last} of {all}");
                return Err(Broken::new(24, seen));
            }
            if *csv != exports[0] {
                let first = everybody[0];
                let line = csv.lines().zip(exports[0].lines()).position(|(one, other)| one != other);
                let line = line.map_or(csv.lines().count(), |at| at);
                let (one, other) = (csv.lines().nth(line), exports[0].lines().nth(line));
                let seen = format!("exports of phones {phone} and {first} differ: {one:?} and {other:?}");
                return Err(Broken::new(24, seen));
            }
        }
        let reports =
            everybody.iter().filter_map(|phone| self.phones[*phone].seen.get(&id)).map(|it| it.report.hash);
        if reports.collect::<BTreeSet<_>>().len() > 1 {
            return Err(Broken::new(24, "the merge reports differ"));
        }
        self.check_spending(pact, everybody[0])
    }

    /// I10: whoever never insisted, and whose limit nobody lowered, never owes more than was granted, however many phones signed.
    fn check_spending(&self, pact: usize, phone: usize) -> Verdict {
        let Some(seen) = self.phones[phone].seen.get(&self.pacts[pact].id) else { return Ok(()) };
        let pact = &self.pacts[pact];
        for row in &seen.export.chits {
            let side: Side = row.signed.chit.chain.side;
            let insisted = pact.insisted.iter().any(|chit| chit.chain.side == side);
            if row.flag == Flag::OverLimit && !insisted && !pact.loose[half(side)] {
                return Err(Broken::new(10, format!("{} is over the limit", named(&row.signed))));
            }
        }
        Ok(())
    }

    /// I13: whoever holds two chits of one key holds a proof of it that a stranger can check.
    fn check_proofs(&mut self, pact: usize) -> Verdict {
        for phone in 0..self.phones.len() {
            let (lives, person) = (self.phones[phone].lives, self.phones[phone].person);
            if !lives || self.people[person].liar {
                continue;
            }
            let Some(seen) = self.phones[phone].seen.get(&self.pacts[pact].id) else { continue };
            let mut keys = BTreeSet::new();
            let chits = seen.export.chits.iter().map(|row| row.signed.key);
            let forked: Vec<_> = chits.filter(|key| !keys.insert(*key)).collect();
            if forked.is_empty() {
                continue;
            }
            let told = self.everything(phone, pact);
            for key in forked {
                let proven = told.iter().any(|message| match message {
                    Message::Proof(proof) => {
                        matches!(proof, ForkProof::Chits(one, _) if one.key == key) && proof.check().is_ok()
                    }
                    _ => false,
                });
                if !proven {
                    let seen = format!("phone {phone} holds two chits of one key and no proof of it");
                    return Err(Broken::new(13, seen));
                }
            }
        }
        Ok(())
    }

    /// The wallet's own audit must agree with everything the model saw.
    fn audit(&mut self, phone: usize) -> Verdict {
        match self.phones[phone].wallet.audit(&mut |_| true) {
            Ok(report) if report.findings.is_empty() => Ok(()),
            Ok(report) => {
                let first = report.findings.first().map(ToString::to_string).unwrap_or_default();
                Err(Broken::new(25, format!("the audit of phone {phone} finds: {first}")))
            }
            Err(error) => Err(Broken::new(0, format!("the audit of phone {phone} fails: {error}"))),
        }
    }
}
