//! Two phones over a radio: the real sessions, cut into packets of 23 to 517 bytes that are lost, doubled and overtaken, and a link
//! that is cut in the middle of a message.

use hazel_cli::meeting::{Acquaintance, Door, Meeting, session_entropy};
use hazel_core::canon::Canon as _;
use hazel_core::message::{Handover, Message};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Wallet, WalletError};
use hazel_sync::Time;
use hazel_sync::carrier::memory::{Air, Side as AirEnd, Weather};
use hazel_sync::session::{Carrier, Input, Output, Session};

use super::action::Radio;
use super::chance::Seeded;
use super::verbs::sealed_in;
use super::{NOTHING, World, half};
use crate::model::Broken;

/// Milliseconds after which two people walk on, in sync or not.
const PATIENCE: u64 = 120_000;

/// One end of a link: a wallet that lasts, and what its process holds of the talk.
struct End<'w> {
    wallet: &'w mut Wallet,
    talk: Option<(Session, Meeting)>,
    wake: Option<Time>,
    hung_up: bool,
}

impl End<'_> {
    fn input(&mut self, now: Time, input: Input<'_>) {
        if let Some((session, _)) = &mut self.talk {
            session.handle(now, input).ok();
        }
    }

    /// What the session wants on the air; everything else goes to the wallet.
    fn drain(&mut self, now: Time) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        let Some((session, meeting)) = &mut self.talk else { return packets };
        while let Some(output) = session.poll() {
            match output {
                Output::Packet(packet) => packets.push(packet),
                Output::HangUp => self.hung_up = true,
                Output::WakeAt(at) => self.wake = Some(at),
                Output::Parted(_) => {}
                output => meeting.hear(session, self.wallet, &mut no_terms, output, now),
            }
        }
        packets
    }

    /// Somebody calls whose first packet this is.
    fn answer(&mut self, packet: &[u8], mtu: u16, now: Time, entropy: &mut Seeded) {
        let unix = self.wallet.now();
        let door = self.wallet.meetable().ok().and_then(|all| Door::to(self.wallet, &all).ok());
        let entropy = session_entropy(entropy);
        let answered = door.and_then(|door| door.answer(packet, Carrier::Memory, unix, &entropy).ok());
        let Some((tally, mut session)) = answered.flatten() else { return };
        let Ok(meeting) = Meeting::begin(self.wallet, &tally) else { return };
        session.handle(now, Input::LinkUp { mtu, dialing: false }).ok();
        self.talk = Some((session, meeting));
    }

    fn end(self) -> bool {
        let ended = self.talk.and_then(|(_, meeting)| meeting.end(self.wallet).ok());
        ended.is_some_and(|report| report.in_sync())
    }
}

fn no_terms(_: &mut Wallet, _: &TallyId) -> Result<(), WalletError> {
    Ok(())
}

impl World {
    /// Two phones meet over a radio in bad weather.
    pub(super) fn radio(
        &mut self,
        phone: usize,
        other: usize,
        pact: usize,
        radio: Radio,
    ) -> Result<&'static str, Broken> {
        let (id, mtu) = (self.pacts[pact].id, radio.mtu.clamp(23, 517));
        let (mut entropy, mut answering) = (*self.entropy(), *self.entropy());
        let loss = u64::from(radio.loss.min(30));
        let doubling = u64::from(radio.doubling.min(50));
        let weather = Weather { loss, doubling, delay: 10, jitter: u64::from(radio.jitter), pace: None };
        let seed = self.seed ^ self.serial;
        let Ok([one, two]) = self.phones.get_disjoint_mut([phone, other]) else { return Ok(NOTHING) };
        let caller = &mut one.wallet;
        let unix = caller.now();
        let dialled = Acquaintance::of(caller, &id)
            .ok()
            .and_then(|known| known.dial(Carrier::Memory, unix, &session_entropy(&mut entropy)).ok());
        let begun = dialled.and_then(|session| Some((session, Meeting::begin(caller, &id).ok()?)));
        let Some((mut session, mut meeting)) = begun else { return Ok("cannot be met") };
        session.handle(Time(0), Input::LinkUp { mtu, dialing: true }).ok();
        meeting.call(&mut session, caller, Time(0));
        let caller = End { wallet: caller, talk: Some((session, meeting)), wake: None, hung_up: false };
        let waiter = End { wallet: &mut two.wallet, talk: None, wake: None, hung_up: false };
        let mut link = Link { ends: [caller, waiter], air: Air::new(seed, weather), mtu, arrived: 0 };
        let cut = link.run(radio.cut.map(usize::from), &mut answering);
        let [caller, waiter] = link.ends;
        let synced = [caller.end(), waiter.end()];
        for (kind, happened) in [
            ("radio: cut inside a message", cut),
            ("radio: packets lost", loss > 0),
            ("radio: packets doubled", doubling > 0),
            ("radio: packets overtaken", radio.jitter > 0),
            ("radio: smallest packets", mtu < 64),
        ] {
            if happened {
                self.fault(kind);
            }
        }
        // First what was said, then what came of it: final is what the other party's node has spoken for.
        for end in [phone, other] {
            self.overhear(end, pact)?;
        }
        for end in [phone, other] {
            self.check(end)?;
        }
        Ok(if synced == [true; 2] { "in sync" } else { "apart" })
    }

    /// What a sealed session carried nobody can listen to; the words that a phone holds afterwards are the words that were said.
    pub(super) fn overhear(&mut self, phone: usize, pact: usize) -> Result<(), Broken> {
        for message in self.everything(phone, pact) {
            match message {
                Message::Endorsement(word) => self.hears(pact, &word)?,
                Message::Certificate(certificate) => self.hears_all(pact, &certificate)?,
                Message::Links(links) => self.hears(pact, &links.endorsement)?,
                // Each may hold what the other signed in this very meeting, and its receipt: both are heard before either is judged.
                Message::Chits(page) => {
                    let side = self.side(phone, pact);
                    let liar = self.people[self.phones[phone].person].liar;
                    let pact = &mut self.pacts[pact];
                    for chit in page.unfold() {
                        if chit.chit.chain.side == side && !pact.ledger.knows(&chit.chit.hash()) {
                            pact.ledger.signs(&chit, liar)?;
                        }
                        pact.held[half(side)].insert(chit.chit.hash());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Everything that a phone would tell a partner who has lost it.
    pub(super) fn everything(&mut self, phone: usize, pact: usize) -> Vec<Message> {
        let Ok(reminder) = self.phones[phone].wallet.remind(&self.pacts[pact].id) else { return Vec::new() };
        let sealed = sealed_in(&reminder).ok().and_then(|bytes| Handover::from_bytes(bytes).ok());
        let opened = sealed.and_then(|it| it.open(&self.pacts[pact].key).ok()).unwrap_or_default();
        opened.into_iter().flatten().collect()
    }
}

/// A link, and who is on it: first who called.
struct Link<'w> {
    ends: [End<'w>; 2],
    air: Air,
    mtu: u16,
    arrived: usize,
}

impl Link<'_> {
    /// Until both hung up, the link is cut, or nobody has patience any more. Returns whether it was cut.
    fn run(&mut self, cut_after: Option<usize>, answering: &mut Seeded) -> bool {
        let (mut now, stop) = (Time(0), Time(PATIENCE));
        loop {
            for at in [0, 1] {
                self.speak(at, now);
            }
            if self.ends.iter().all(|end| end.hung_up) {
                return false;
            }
            let wakes = self.ends.iter().filter_map(|end| end.wake);
            let Some(next) = wakes.chain(self.air.next_arrival()).min().filter(|next| *next <= stop) else {
                return false;
            };
            now = now.max(next);
            for end in &mut self.ends {
                if end.wake.is_some_and(|at| at <= now) {
                    end.wake = None;
                    end.input(now, Input::Tick);
                }
            }
            while let Some((side, packet)) = self.air.receive(now) {
                if cut_after.is_some_and(|after| self.arrived >= after) {
                    for end in &mut self.ends {
                        end.input(now, Input::LinkDown);
                        end.drain(now);
                    }
                    return true;
                }
                self.arrived += 1;
                let at = usize::from(side == AirEnd::Right);
                if at == 1 && self.ends[1].talk.is_none() {
                    self.ends[1].answer(&packet, self.mtu, now, answering);
                }
                self.ends[at].input(now, Input::Packet(&packet));
                self.speak(at, now);
            }
        }
    }

    fn speak(&mut self, at: usize, now: Time) {
        let side = if at == 0 { AirEnd::Left } else { AirEnd::Right };
        for packet in self.ends[at].drain(now) {
            self.air.send(side, &packet, now);
        }
    }
}
