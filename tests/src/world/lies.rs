//! What dishonest partners do: they have their own real keys, the key of the pair, and a program of their own.

use hazel_core::canon::Canon as _;
use hazel_core::chit::{Body, ChainId, Chit, DeviceAct};
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::SecretKey;
use hazel_core::message::{Handover, Have, Message, Page};
use hazel_core::order::{Head, Links};
use hazel_core::tally::{Grant, Side, TallyId};
use hazel_core::units::Units;
use hazel_core::wallet::Payment;
use hazel_network::letter::{Correspondent, Letter};

use super::action::Trick;
use super::air::Packet;
use super::post::Mail;
use super::{NOTHING, Phone, World};
use crate::model::Broken;

type Outcome = Result<&'static str, Broken>;

impl World {
    /// A liar's trick on one tally; honest people have none.
    pub(super) fn lie(&mut self, phone: usize, pact: usize, trick: Trick) -> Outcome {
        if !self.people[self.phones[phone].person].liar {
            return Ok(NOTHING);
        }
        let (side, id) = (self.side(phone, pact), self.pacts[pact].id);
        let contract = self.pacts[pact].contract.clone();
        let own_root = self.people[self.phones[phone].person].words.root();
        let Ok(view) = self.phones[phone].wallet.tally(&id) else { return Ok(NOTHING) };
        let stranger = SecretKey::from_seed(&[9; 32]);
        let messages = match trick {
            Trick::ForgeTheirs => {
                self.fault("forged");
                vec![self.forged(phone, pact, side.other(), &stranger)]
            }
            Trick::ForgeOwn => {
                self.fault("forged");
                vec![self.forged(phone, pact, side, &stranger)]
            }
            Trick::ForgeEpoch => {
                self.fault("forged");
                let chain = ChainId { side: side.other(), device: 1, epoch: 77 };
                let first_key = stranger.public().digest();
                let grant = Grant { device: 1, epoch: 77, first_key, device_key: stranger.public() };
                let digest = hazel_core::admit::grant_digest(&id, side.other(), &grant);
                let by_party = own_root.party_key(&id.0).sign(Statement::Grant, &digest);
                let body = Body::Device(DeviceAct::Epoch { grant, by_party });
                page(id, chain, 1, Digest::default(), body, &stranger)
            }
            Trick::AlterOffer => {
                self.fault("altered offer");
                let mut altered = contract;
                altered.tally.halves.of_mut(side.other()).terms.limit = Units::new(900_000);
                altered.tally.revision += 1;
                let altered = altered.signed(side, &own_root.party_key(&id.0));
                vec![Message::Offer(Box::new(altered))]
            }
            Trick::LieAboutMemory(pick) => {
                self.fault("lying summary");
                vec![Message::Have(self.false_memory(phone, pact, pick))]
            }
            Trick::Equivocate(pick) => {
                self.fault("two orders");
                let index = u64::from(pick) % (view.index + 2);
                let hash = Digest::of(&[pick]);
                let head = Head { tally: id, view: view.view + u64::from(pick % 2), index, hash };
                let endorsement = head.endorse(&self.voice(phone, &id));
                self.hears(pact, &endorsement)?;
                vec![
                    Message::Endorsement(endorsement),
                    Message::Links(Links { after: view.index, runs: Vec::new(), endorsement }),
                ]
            }
            Trick::Withhold(_) | Trick::Backwards => {
                let Some(bytes) = self.emit(phone, pact)? else { return Ok(NOTHING) };
                self.fault("withheld");
                let opened = Handover::from_bytes(&bytes).ok();
                let opened = opened.and_then(|it| it.open(&self.pacts[pact].key).ok()).unwrap_or_default();
                let mut messages: Vec<Message> = opened.into_iter().flatten().collect();
                match trick {
                    Trick::Withhold(pick) if !messages.is_empty() => {
                        messages.remove(usize::from(pick) % messages.len());
                    }
                    _ => messages.reverse(),
                }
                messages
            }
            Trick::Clone => return self.clone_phone(phone),
            Trick::Flood => return self.flood(phone, pact),
        };
        let mut entropy = self.entropy();
        let sealed = Handover::seal(&messages, &self.pacts[pact].key, None, &mut *entropy);
        let bytes = sealed.to_bytes();
        for to in self.phones_of(self.partner(phone, pact)) {
            self.deliver(&Packet { bytes: bytes.clone(), to, bent: false })?;
        }
        self.lie_by_site(phone, pact, messages)
    }

    /// The key that speaks for a half of this person: its site's, if it has one.
    fn voice(&self, phone: usize, tally: &TallyId) -> SecretKey {
        let person = self.phones[phone].person;
        self.site_of(person).map_or_else(
            || self.people[person].words.root().node_key(&tally.0),
            |site| self.sites[site].key.clone(),
        )
    }

    /// A liar's site says the same to the partner's.
    fn lie_by_site(&mut self, phone: usize, pact: usize, messages: Vec<Message>) -> Outcome {
        let partner = self.partner(phone, pact);
        let (Some(own), Some(to)) = (self.site_of(self.phones[phone].person), self.site_of(partner)) else {
            return Ok("done");
        };
        self.fault("site: lies");
        let from = Correspondent::Site(self.sites[own].key.public());
        let half = self.side(phone, pact).other();
        for letter in Letter::carrying(self.pacts[pact].id, half, false, messages) {
            self.site_hears(Mail { to, from, bytes: letter.to_bytes() })?;
        }
        Ok("done")
    }

    /// A payment at the end of some chain of a side, with a key of the forger's.
    fn forged(&self, phone: usize, pact: usize, side: Side, key: &SecretKey) -> Message {
        let id = self.pacts[pact].id;
        let seen = self.phones[phone].seen.get(&id);
        let mut chits = seen.map(|seen| &seen.export.chits).into_iter().flatten().map(|row| &row.signed.chit);
        let last = chits.rfind(|chit| chit.chain.side == side);
        let (chain, seq, before) = match last {
            Some(chit) => (chit.chain, chit.seq + 1, chit.hash()),
            None => (ChainId { side, device: 1, epoch: 1 }, 1, Digest::default()),
        };
        let body = Body::Pledge { units: Units::new(77_000), invoice: None, sealed: None };
        page(id, chain, seq, before, body, key).remove(0)
    }

    fn false_memory(&self, phone: usize, pact: usize, pick: u8) -> Have {
        let id = self.pacts[pact].id;
        let mut have = self.phones[phone].wallet.have(&id).unwrap_or(Have {
            tally: id,
            contract: Digest::default(),
            chains: Vec::new(),
            view: 0,
            index: 0,
            hash: Digest::default(),
            agreed: 0,
            invoices: Vec::new(),
            restored: false,
        });
        match pick % 5 {
            0 => have.chains.clear(),
            1 => (have.index, have.agreed, have.view) = (1 << 40, 1 << 40, 1 << 40),
            2 => have.restored = true,
            3 => (have.index, have.agreed, have.contract) = (0, 0, Digest::default()),
            _ => {
                for (_, seq, _) in &mut have.chains {
                    *seq += 7;
                }
            }
        }
        have
    }

    /// The same phone twice, with the same next key: whatever both sign is a fork.
    fn clone_phone(&mut self, phone: usize) -> Outcome {
        let person = self.phones[phone].person;
        if self.phones_of(person).len() >= 3 {
            return Ok(NOTHING);
        }
        let wallet = self.twin(phone)?;
        let clock = self.phones[phone].clock.clone();
        self.fault("cloned");
        self.join(Phone::new(person, wallet, clock))?;
        for phone in [phone, self.phones.len() - 1] {
            let pact = self.pact(phone, 0);
            let payment = Payment { units: Units::new(1_000 + phone as i64), ..Payment::default() };
            self.pay_at(phone, pact, &payment)?;
        }
        Ok("done")
    }

    fn flood(&mut self, phone: usize, pact: usize) -> Outcome {
        self.fault("flood");
        for _ in 0..4 {
            let payment = Payment { units: Units::new(5_000_000), insist: true, ..Payment::default() };
            self.pay_at(phone, pact, &payment)?;
        }
        Ok("done")
    }
}

fn page(
    tally: TallyId,
    chain: ChainId,
    seq: u64,
    prev_own: Digest,
    body: Body,
    key: &SecretKey,
) -> Vec<Message> {
    let next_key = Digest::of(b"nobody's key");
    let chit = Chit { tally, chain, seq, prev_own, next_key, date: 1_760_000_000, body }.sign(key);
    Page::of(&[chit]).map(Message::Chits).into_iter().collect()
}
