//! Two people agree on a contract over bad air: offers cross, come twice, come late, come spoilt; and in the end both have one contract.

use std::collections::BTreeSet;

use hazel_core::negotiation::{By, TallyState};
use hazel_core::pair::PairKey;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;

use super::air::outcome;
use super::chance::Chance;
use super::{Pact, Verdict, World};
use crate::model::{Broken, Ledger};

/// Moves that two people make before the air clears.
const MOVES: u64 = 14;
/// Hand-overs each way that must suffice on good air.
const CALM: usize = 12;

const fn terms(limit: i64) -> Terms {
    Terms { limit: Units::new(limit), notice_days: 7 }
}

impl World {
    /// Opens a tally between two people's first phones.
    pub(crate) fn negotiate(&mut self, stock: usize, foil: usize) -> Verdict {
        let failed = |what: &str| Broken::new(24, format!("no tally came of it: {what}"));
        let [a, b] = self.phones.get_disjoint_mut([stock, foil]).expect("two people");
        let ticket = a.wallet.invite(Side::Stock, terms(100_000), 3600, &[]);
        let ticket = ticket.map_err(|error| failed(&error.to_string()))?;
        let id = b.wallet.accept_ticket(&ticket, terms(50_000));
        let id = id.map_err(|error| failed(&error.to_string()))?;
        let pacts = self.pacts.len() as u64;
        let mut chance = Chance::new(self.seed ^ (0x0ff3_0000 + pacts));
        let mut held: Vec<(usize, Vec<u8>)> = Vec::new();
        let moves = if chance.percent(60) { MOVES } else { 0 };
        for _ in 0..moves {
            self.bargain(&mut chance, [stock, foil], &id, &mut held)?;
        }
        for (to, bytes) in held {
            outcome(self.phones[to].wallet.receive(&bytes))?;
        }
        self.conclude([stock, foil], &id)?;
        self.found(stock, foil, id)
    }

    /// One move: somebody offers, agrees, or hands over; and the air does what it likes.
    fn bargain(
        &mut self,
        chance: &mut Chance,
        people: [usize; 2],
        id: &TallyId,
        held: &mut Vec<(usize, Vec<u8>)>,
    ) -> Verdict {
        let at = usize::from(chance.pick(2));
        let (one, other) = (people[at], people[1 - at]);
        let wallet = &mut self.phones[one].wallet;
        let kind = match chance.below(10) {
            0 | 1 => {
                let limits = [50_000, 60_000, 100_000];
                let limit = limits[usize::from(chance.pick(3))];
                outcome(wallet.offer(id, Some(terms(limit)), None))?;
                None
            }
            2 => {
                if let Ok(version) = wallet.offered(id).map(|offered| offered.version) {
                    outcome(wallet.accept(id, &version))?;
                }
                None
            }
            _ => {
                let Ok(Some(mut bytes)) = wallet.hand_over(id) else { return Ok(()) };
                match chance.below(8) {
                    0 => Some("negotiation: lost"),
                    1 => {
                        outcome(self.phones[other].wallet.receive(&bytes))?;
                        outcome(self.phones[other].wallet.receive(&bytes))?;
                        Some("negotiation: doubled")
                    }
                    2 => {
                        held.push((other, bytes));
                        Some("negotiation: held up")
                    }
                    3 => {
                        let bit = usize::try_from(chance.below(bytes.len() as u64)).unwrap_or(0);
                        bytes[bit] ^= 4;
                        if outcome(self.phones[other].wallet.receive(&bytes))? == "done" {
                            return Err(Broken::new(7, "a spoilt offer was let in"));
                        }
                        Some("negotiation: spoilt")
                    }
                    4 if !held.is_empty() => {
                        let (to, late) = held.remove(0);
                        outcome(self.phones[other].wallet.receive(&bytes))?;
                        outcome(self.phones[to].wallet.receive(&late))?;
                        Some("negotiation: overtaken")
                    }
                    _ => {
                        outcome(self.phones[other].wallet.receive(&bytes))?;
                        None
                    }
                }
            }
        };
        if let Some(kind) = kind {
            self.fault(kind);
        }
        Ok(())
    }

    /// The air is good, and both want it: whoever may, offers; whoever is offered something, agrees.
    fn conclude(&mut self, people: [usize; 2], id: &TallyId) -> Verdict {
        for _ in 0..CALM {
            for at in [1, 0] {
                let (one, other) = (people[at], people[1 - at]);
                let state = self.state(one, id);
                let wallet = &mut self.phones[one].wallet;
                match state {
                    Some(TallyState::Offered(By::Partner)) => {
                        if let Ok(version) = wallet.offered(id).map(|offered| offered.version) {
                            outcome(wallet.accept(id, &version))?;
                        }
                    }
                    Some(TallyState::CertsKnown | TallyState::Revising) => {
                        outcome(wallet.offer(id, None, None))?;
                    }
                    // What was lost is told again.
                    _ => {
                        wallet.ask_what_is_missing(id).ok();
                    }
                }
                if let Ok(Some(bytes)) = wallet.hand_over(id) {
                    outcome(self.phones[other].wallet.receive(&bytes))?;
                }
            }
            let contracts: BTreeSet<Vec<u8>> = people
                .iter()
                .filter_map(|at| self.phones[*at].wallet.export(id).ok())
                .map(|export| hazel_core::canon::Canon::to_bytes(&export.contract))
                .collect();
            let open = people.iter().all(|at| self.state(*at, id) == Some(TallyState::Open));
            let quiet =
                people.iter().all(|at| self.phones[*at].wallet.hand_over(id).ok().flatten().is_none());
            if open && quiet && contracts.len() == 1 {
                return Ok(());
            }
        }
        let states = people.map(|at| self.state(at, id));
        Err(Broken::new(24, format!("two people who agree come to no contract: {states:?}")))
    }

    fn state(&self, phone: usize, id: &TallyId) -> Option<TallyState> {
        self.phones[phone].wallet.tally(id).ok().map(|view| view.state)
    }

    /// From now on the world looks at what is signed on it.
    fn found(&mut self, stock: usize, foil: usize, id: TallyId) -> Verdict {
        let failed = |error: String| Broken::new(0, format!("a new tally cannot be read: {error}"));
        let export = self.phones[stock].wallet.export(&id);
        let contract = export.map_err(|error| failed(error.to_string()))?.contract;
        let cert = &contract.tally.halves.foil.cert;
        let agreement = self.people[stock].words.root().agreement_key(&id.0);
        let key = PairKey::agree(&id, &agreement, &cert.agreement_key);
        self.pacts.push(Pact {
            id,
            key: key.map_err(|error| failed(error.to_string()))?,
            people: [stock, foil],
            ledger: Ledger::new(contract.tally.clone()),
            contract,
            invoices: Vec::new(),
            agreed: Vec::new(),
            held: [BTreeSet::new(), BTreeSet::new()],
            insisted: Vec::new(),
            loose: [false; 2],
        });
        Ok(())
    }
}
