//! The air: hand-overs are lost, doubled, held up, overtaken, damaged, and come to the wrong phone.

use hazel_core::canon::Canon as _;
use hazel_core::message::{Handover, Message};
use hazel_core::order::{Certificate, Endorsement};
use hazel_core::wallet::WalletError;

use super::action::{Fate, Harm};
use super::{NOTHING, Verdict, World};
use crate::model::{Broken, named};

/// A hand-over on its way.
#[derive(Debug, Clone)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    pub(super) to: usize,
    /// Not the bytes that were sent.
    pub(super) bent: bool,
}

const PAST_MAX: usize = 80;

/// A refusal that a person would see is fine; a database that is wrong is not.
pub(super) fn outcome<T>(done: Result<T, WalletError>) -> Result<&'static str, Broken> {
    match done {
        Ok(_) => Ok("done"),
        Err(WalletError::Store(error)) => Err(Broken::new(0, format!("the database: {error}"))),
        Err(error) => Ok(error.code()),
    }
}

impl World {
    /// A phone hands over what it has for a partner's phone; the air does with it what it likes.
    pub(super) fn send(
        &mut self,
        phone: usize,
        pact: usize,
        to: u8,
        fate: Fate,
    ) -> Result<&'static str, Broken> {
        let Some(bytes) = self.emit(phone, pact)? else { return Ok(NOTHING) };
        let partners = self.phones_of(self.partner(phone, pact));
        let mut packet = Packet { bytes, to: partners[usize::from(to) % partners.len()], bent: false };
        if let Some(stray) = fate.stray {
            packet.to = self.phone(stray);
            let own = self.phones[packet.to].person == self.phones[phone].person;
            self.fault(if own { "thrown back" } else { "wrong phone" });
        }
        match fate.harm {
            Harm::None => {}
            Harm::Cut(at) => {
                let len = usize::from(at) % packet.bytes.len();
                packet.bytes.truncate(len);
                self.fault("cut off");
            }
            Harm::Flip(at) => {
                let len = packet.bytes.len();
                packet.bytes[usize::from(at) % len] ^= 1 << (at % 8);
                self.fault("bit turned");
            }
        }
        packet.bent = fate.harm != Harm::None;
        if fate.lost {
            self.fault("lost");
            return Ok("lost");
        }
        for _ in 0..fate.again {
            self.fault("doubled");
            self.air.push(packet.clone());
        }
        if fate.late {
            self.fault("held up");
            self.air.push(packet);
            return Ok("held up");
        }
        self.deliver(&packet)
    }

    /// Something that was held up arrives, perhaps before what was sent earlier.
    pub(super) fn arrive(&mut self, pick: u8) -> Result<&'static str, Broken> {
        if self.air.is_empty() {
            return Ok(NOTHING);
        }
        let at = usize::from(pick) % self.air.len();
        if at > 0 {
            self.fault("overtaken");
        }
        let packet = self.air.remove(at);
        self.deliver(&packet)
    }

    /// Somebody plays an old hand-over again.
    pub(super) fn replay_past(&mut self, pick: u8, to: u8) -> Result<&'static str, Broken> {
        if self.past.is_empty() {
            return Ok(NOTHING);
        }
        let old = self.past[usize::from(pick) % self.past.len()].clone();
        self.fault("played again");
        self.deliver(&Packet { to: self.phone(to), ..old })
    }

    /// Takes the hand-over out of a phone. What leaves must be durable there, and is what the model learns of.
    pub(super) fn emit(&mut self, phone: usize, pact: usize) -> Result<Option<Vec<u8>>, Broken> {
        let id = self.pacts[pact].id;
        let bytes = match self.phones[phone].wallet.hand_over(&id) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(WalletError::Store(error)) => return Err(Broken::new(0, format!("the database: {error}"))),
            Err(_) => return Ok(None),
        };
        self.tell_hand_over(phone, pact, &bytes);
        self.check(phone)?;
        self.listen(phone, pact, &bytes)?;
        let to = self.phones_of(self.partner(phone, pact))[0];
        self.past.push(Packet { bytes: bytes.clone(), to, bent: false });
        if self.past.len() > PAST_MAX {
            self.past.remove(0);
        }
        Ok(Some(bytes))
    }

    /// Opens what leaves a phone: I11 and I13 are about every byte that ever left, I12 about when.
    pub(super) fn listen(&mut self, phone: usize, pact: usize, bytes: &[u8]) -> Verdict {
        let liar = self.people[self.phones[phone].person].liar;
        let opened = Handover::from_bytes(bytes).ok().and_then(|it| it.open(&self.pacts[pact].key).ok());
        let unreadable = || Broken::new(0, "a phone sealed what its partner cannot open");
        for message in opened.ok_or_else(unreadable)? {
            self.leaves(pact, message.map_err(|_| unreadable())?, liar)?;
        }
        Ok(())
    }

    /// One message leaves a phone or a site.
    pub(super) fn leaves(&mut self, pact: usize, message: Message, liar: bool) -> Verdict {
        match message {
            Message::Chits(page) => {
                for chit in page.unfold() {
                    if !liar && !self.pacts[pact].ledger.knows(&chit.chit.hash()) {
                        let what = named(&chit);
                        return Err(Broken::new(12, format!("{what} left before it was durable")));
                    }
                }
            }
            Message::Links(links) => self.hears(pact, &links.endorsement)?,
            Message::Endorsement(word) => self.hears(pact, &word)?,
            Message::Certificate(certificate) => self.hears_all(pact, &certificate)?,
            Message::Proof(proof) if proof.check().is_err() => {
                return Err(Broken::new(13, "a proof that proves nothing left a phone"));
            }
            _ => {}
        }
        Ok(())
    }

    /// A word for an order left a phone, of whatever node.
    pub(super) fn hears(&mut self, pact: usize, word: &Endorsement) -> Verdict {
        let liar = !self.is_honest(pact) && !self.is_honest_site(&word.key);
        self.pacts[pact].ledger.endorses(word, liar)
    }

    /// The words of several nodes in one piece.
    pub(super) fn hears_all(&mut self, pact: usize, Certificate { head, words }: &Certificate) -> Verdict {
        words.iter().try_for_each(|(key, signature)| {
            self.hears(pact, &Endorsement { head: *head, key: *key, signature: *signature })
        })
    }

    /// A hand-over arrives.
    pub(super) fn deliver(&mut self, packet: &Packet) -> Result<&'static str, Broken> {
        if !self.phones[packet.to].lives {
            return Ok("nobody there");
        }
        let done = self.phones[packet.to].wallet.receive(&packet.bytes);
        let to = packet.to;
        self.tell(|| match &done {
            Ok(delivery) if delivery.rejected.is_empty() => format!("    phone {to} takes it in"),
            Ok(delivery) => format!("    phone {to} refuses of it: {:?}", delivery.rejected),
            Err(error) => format!("    phone {to}: {error}"),
        });
        let told = outcome(done)?;
        if packet.bent && told == "done" {
            return Err(Broken::new(7, "a hand-over that nobody sealed like this was let in"));
        }
        self.check(packet.to)?;
        Ok(told)
    }
}
