//! One dialog over one stream: see the states in the module above.

use std::collections::VecDeque;

use hazel_sync::{PublicKey, SecretKey, Time};

use super::frame::{self, FIRST_MAX, FRAME_MAX, Frames, Packet};
use super::noise::{self, Half, PLAIN_MAX, Seal};
use super::{Fault, LETTER_MAX, Token};

const I: u8 = b'I';
const N: u8 = b'N';
const K: u8 = b'K';
const A: u8 = b'A';
const T: u8 = b'T';
/// The first byte of a T packet's plaintext: whether the letter goes on in the next one.
const LAST: u8 = 0;
const MORE: u8 = 1;

/// How long each stage may take, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte to an open channel.
    pub handshake: u64,
    /// For one letter, once begun.
    pub letter: u64,
    /// Silence after which the responder closes; the caller waits half as long again.
    pub idle: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { handshake: 10_000, letter: 30_000, idle: 60_000 }
    }
}

/// What happens to a dialog.
#[derive(Debug)]
pub enum Input<'a> {
    /// The stream said this.
    Bytes(&'a [u8]),
    /// Whether the [`Claim`] that was asked about is good.
    Answer(bool),
    /// Carry this letter. Taken only while [`Dialog::takes`] says so.
    Send(Vec<u8>),
    /// The stream ended.
    Gone,
    /// Time passed.
    Tick,
}

/// What a dialog wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Write this on the stream.
    Write(Vec<u8>),
    /// Somebody wants to come in: answer with [`Input::Answer`].
    Who(Claim),
    /// The other side is proven and alive.
    Open(PublicKey),
    /// A letter of the other side's.
    Letter(Vec<u8>),
    /// Close the stream; nothing more will come.
    End(Fault),
}

/// Who a caller says it is, before anything is proven to be alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its key.
    pub key: PublicKey,
    /// The ticket's token, at first contact.
    pub token: Option<Token>,
}

/// Where a dialog stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing was said.
    None,
    /// An I was said.
    Ticket,
    /// An N was said.
    Request,
    /// The responder has answered and has not heard the caller under seal.
    Pending,
    /// Letters travel.
    Open,
    /// It is over.
    Ended,
}

enum Phase {
    /// The responder before the first packet.
    Awaiting,
    /// The responder asks whether the ticket of an I is good.
    Redeeming(PublicKey, Half),
    /// The responder has an N: who it names, the packet, whether that one is known.
    Named {
        key: PublicKey,
        n: Vec<u8>,
        known: bool,
    },
    /// The caller waits for an A.
    Calling {
        key: PublicKey,
        half: Half,
        first: bool,
    },
    /// The responder waits for the first T.
    Pending(PublicKey, Seal),
    Open(Seal),
    Ended,
}

/// One dialog.
pub struct Dialog {
    ours: SecretKey,
    ephemeral: [u8; 32],
    patience: Patience,
    phase: Phase,
    calls: bool,
    frames: Frames,
    letter: Vec<u8>,
    unfinished: bool,
    outgoing: Option<(Vec<u8>, usize)>,
    outputs: VecDeque<Output>,
    began: Time,
    heard: Time,
    /// When the packet or letter under way began.
    under_way: Option<Time>,
    /// Whether its end was told.
    ended: bool,
}

impl Dialog {
    /// Waits to be called. The ephemeral bytes are fresh ones, for this dialog alone.
    #[must_use]
    pub fn wait(ours: SecretKey, ephemeral: [u8; 32], patience: Patience, now: Time) -> Self {
        Self {
            ours,
            ephemeral,
            patience,
            phase: Phase::Awaiting,
            calls: false,
            frames: Frames::default(),
            letter: Vec::new(),
            unfinished: false,
            outgoing: None,
            outputs: VecDeque::new(),
            began: now,
            heard: now,
            under_way: None,
            ended: false,
        }
    }

    /// Calls a site for the first time, with the token of its ticket.
    pub fn redeem(
        ours: SecretKey,
        site: PublicKey,
        token: &Token,
        ephemeral: [u8; 32],
        patience: Patience,
        now: Time,
    ) -> Result<Self, Fault> {
        let (body, half) = noise::call_with_ticket(&ours, &site, token, ephemeral)?;
        let mut dialog = Self::wait(ours, ephemeral, patience, now);
        dialog.outputs.push_back(Output::Write(frame::write(I, &body)?));
        Ok(dialog.calling(site, half, true))
    }

    /// Calls a site that knows this key. Two ephemerals: one for the N, one for the K.
    pub fn call(
        ours: SecretKey,
        site: PublicKey,
        ephemerals: ([u8; 32], [u8; 32]),
        patience: Patience,
        now: Time,
    ) -> Result<Self, Fault> {
        let n = noise::identify(&ours, &site, ephemerals.0)?;
        let (k, half) = noise::call(&ours, &site, &n, ephemerals.1)?;
        let mut dialog = Self::wait(ours, ephemerals.1, patience, now);
        let both = [frame::write(N, &n)?, frame::write(K, &k)?].concat();
        dialog.outputs.push_back(Output::Write(both));
        Ok(dialog.calling(site, half, false))
    }

    fn calling(mut self, key: PublicKey, half: Half, first: bool) -> Self {
        (self.phase, self.calls) = (Phase::Calling { key, half, first }, true);
        self
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Awaiting => State::None,
            Phase::Redeeming(..) | Phase::Calling { first: true, .. } => State::Ticket,
            Phase::Named { .. } | Phase::Calling { .. } => State::Request,
            Phase::Pending(..) => State::Pending,
            Phase::Open(_) => State::Open,
            Phase::Ended => State::Ended,
        }
    }

    /// Whether bytes of the stream are wanted now. While a question is open, nothing more is read.
    #[must_use]
    pub fn listens(&self) -> bool {
        !matches!(self.phase, Phase::Redeeming(..) | Phase::Named { known: false, .. } | Phase::Ended)
    }

    /// Whether another letter can be taken.
    #[must_use]
    pub fn takes(&self) -> bool {
        matches!(self.phase, Phase::Open(_)) && self.outgoing.is_none()
    }

    /// How many bytes this dialog holds on to beyond itself.
    #[must_use]
    pub fn kept(&self) -> usize {
        let outgoing = self.outgoing.as_ref().map_or(0, |(letter, _)| letter.capacity());
        self.frames.kept().saturating_add(self.letter.capacity()).saturating_add(outgoing)
    }

    /// When to come back with a [`Input::Tick`].
    #[must_use]
    pub fn wake_at(&self) -> Time {
        let idle = if self.calls { self.patience.idle.saturating_mul(3) / 2 } else { self.patience.idle };
        match (&self.phase, self.under_way) {
            (Phase::Open(_), Some(begun)) => begun.after(self.patience.letter),
            (Phase::Open(_), None) => self.heard.after(idle),
            _ => self.began.after(self.patience.handshake),
        }
    }

    /// Tells the dialog what happened. A letter that was not taken comes back.
    pub fn handle(&mut self, input: Input<'_>, now: Time) -> Option<Vec<u8>> {
        let done = match input {
            Input::Bytes(bytes) => self.bytes(bytes, now),
            Input::Answer(good) => self.answered(good, now),
            Input::Send(letter) if !self.takes() || letter.len() > LETTER_MAX => return Some(letter),
            Input::Send(letter) => {
                self.outgoing = Some((letter, 0));
                Ok(())
            }
            Input::Gone => Err(Fault::Closed),
            Input::Tick => Ok(()),
        };
        let late = now >= self.wake_at();
        let done = done.and(match self.phase {
            Phase::Open(_) if late && self.under_way.is_none() => Err(Fault::Idle),
            _ if late => Err(Fault::Slow),
            _ => Ok(()),
        });
        if let Err(fault) = done {
            self.end(fault);
        }
        None
    }

    /// The next thing to do. Pieces of a letter are sealed one by one, as this is called.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(output) = self.poll_news() {
            return Some(output);
        }
        match self.next_piece()? {
            Ok(bytes) => Some(Output::Write(bytes)),
            Err(fault) => {
                self.end(fault);
                self.outputs.pop_front()
            }
        }
    }

    /// The next thing to do, but no further piece of a letter: for a driver whose stream takes no more for now.
    pub fn poll_news(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Seals the next piece of the letter that leaves.
    fn next_piece(&mut self) -> Option<Result<Vec<u8>, Fault>> {
        let Phase::Open(seal) = &mut self.phase else { return None };
        let (letter, done) = self.outgoing.as_mut()?;
        let rest = letter.get(*done..).unwrap_or_default();
        let piece = rest.get(..PLAIN_MAX - 1).unwrap_or(rest);
        let last = piece.len() == rest.len();
        let mut plain = Vec::with_capacity(piece.len().saturating_add(1));
        plain.push(if last { LAST } else { MORE });
        plain.extend_from_slice(piece);
        *done = done.saturating_add(piece.len());
        let sealed = seal.seal(&plain);
        if last {
            self.outgoing = None;
        }
        Some(sealed.and_then(|sealed| frame::write(T, &sealed)))
    }

    fn bytes(&mut self, bytes: &[u8], now: Time) -> Result<(), Fault> {
        if matches!(self.phase, Phase::Ended) {
            return Ok(());
        }
        self.frames.feed(bytes);
        self.advance(now)
    }

    /// Takes the packets that are here, as far as the dialog listens.
    fn advance(&mut self, now: Time) -> Result<(), Fault> {
        while self.listens() {
            let max = if matches!(self.phase, Phase::Open(_)) { FRAME_MAX } else { FIRST_MAX };
            let Some(packet) = self.frames.next(max)? else { break };
            self.packet(packet, now)?;
        }
        let under_way = self.frames.in_the_middle() || self.unfinished;
        self.under_way = under_way.then(|| self.under_way.unwrap_or(now));
        // Whoever writes on before it was answered has more to say than a handshake has.
        if !self.listens() && self.frames.kept() > FIRST_MAX.saturating_mul(8) {
            return Err(Fault::TooLong);
        }
        Ok(())
    }

    fn packet(&mut self, packet: Packet, now: Time) -> Result<(), Fault> {
        let phase = core::mem::replace(&mut self.phase, Phase::Ended);
        match (phase, packet.letter) {
            (Phase::Awaiting, I) => {
                let (key, token, half) = noise::open_ticket_call(&self.ours, &packet.body, self.ephemeral)?;
                self.ask(Claim { key, token: Some(token) });
                self.phase = Phase::Redeeming(key, half);
            }
            (Phase::Awaiting, N) => {
                let key = noise::open_identity(&self.ours, &packet.body)?;
                self.ask(Claim { key, token: None });
                self.phase = Phase::Named { key, n: packet.body, known: false };
            }
            (Phase::Named { key, n, known: true }, K) => {
                let half = noise::open_call(&self.ours, &key, &n, &packet.body, self.ephemeral)?;
                self.respond(key, half)?;
            }
            (Phase::Calling { key, half, .. }, A) => {
                self.phase = Phase::Open(half.finish(&packet.body)?);
                self.heard = now;
                // The responder believes only what it hears under seal; the first letter may be long in coming.
                self.say_here()?;
                self.outputs.push_back(Output::Open(key));
            }
            (Phase::Pending(key, mut seal), T) => {
                let plain = seal.open(&packet.body)?;
                self.phase = Phase::Open(seal);
                self.outputs.push_back(Output::Open(key));
                self.heard(&plain, now)?;
            }
            (Phase::Open(mut seal), T) => {
                let plain = seal.open(&packet.body)?;
                self.phase = Phase::Open(seal);
                self.heard(&plain, now)?;
            }
            _ => return Err(Fault::OutOfTurn),
        }
        Ok(())
    }

    fn ask(&mut self, claim: Claim) {
        self.outputs.push_back(Output::Who(claim));
    }

    fn answered(&mut self, good: bool, now: Time) -> Result<(), Fault> {
        match core::mem::replace(&mut self.phase, Phase::Ended) {
            Phase::Redeeming(key, half) if good => self.respond(key, half)?,
            Phase::Named { key, n, .. } if good => self.phase = Phase::Named { key, n, known: true },
            Phase::Redeeming(..) | Phase::Named { .. } => return Err(Fault::Unwelcome),
            other => self.phase = other,
        }
        self.advance(now)
    }

    fn respond(&mut self, key: PublicKey, half: Half) -> Result<(), Fault> {
        let (body, seal) = half.answer()?;
        self.outputs.push_back(Output::Write(frame::write(A, &body)?));
        self.phase = Phase::Pending(key, seal);
        Ok(())
    }

    /// An empty T: "it is really me".
    fn say_here(&mut self) -> Result<(), Fault> {
        if let Phase::Open(seal) = &mut self.phase {
            let sealed = seal.seal(&[])?;
            self.outputs.push_back(Output::Write(frame::write(T, &sealed)?));
        }
        Ok(())
    }

    fn heard(&mut self, plain: &[u8], now: Time) -> Result<(), Fault> {
        self.heard = now;
        let Some((how, piece)) = plain.split_first() else { return Ok(()) };
        if self.letter.len().saturating_add(piece.len()) > LETTER_MAX {
            return Err(Fault::TooLong);
        }
        self.letter.extend_from_slice(piece);
        self.unfinished = match *how {
            LAST => false,
            MORE => true,
            _ => return Err(Fault::OutOfTurn),
        };
        if !self.unfinished {
            self.outputs.push_back(Output::Letter(core::mem::take(&mut self.letter)));
            self.under_way = None;
        }
        Ok(())
    }

    fn end(&mut self, fault: Fault) {
        if core::mem::replace(&mut self.ended, true) {
            return;
        }
        self.phase = Phase::Ended;
        // What is not proven is answered with nothing at all; letters that had arrived whole have arrived.
        self.outputs.retain(|output| matches!(output, Output::Letter(_) | Output::Open(_)));
        self.outputs.push_back(Output::End(fault));
        (self.outgoing, self.letter, self.frames) = (None, Vec::new(), Frames::default());
    }
}
