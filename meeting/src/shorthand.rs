//! Letters in short form: what both sides know is named by its first bytes, and what follows from the rest is left out.
//!
//! Names stand for byte strings that the tally or an earlier letter of this meeting holds. Letters of one direction arrive in order, so
//! what was said or heard is known to both. What the two knew before is only assumed to be the same: as soon as either says a summary,
//! nothing that was only assumed is named any more. A letter that cannot be put back is not taken in; a summary is asked for instead.

use std::collections::BTreeSet;

use hazel_core::canon::{Canon as _, WIRE_VERSION, Writer};
use hazel_core::digest::Digest;
use hazel_core::letter::{LETTER_MAX, Letterbox};
use hazel_core::message::{Message, Page};
use hazel_core::order::Head;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Wallet, WalletError};

use element::{Chained, Token, element, put_string};

mod element;

/// A letter in short form begins so; a letter in full is an array and never does.
const SHORT: u8 = 0xe2;
/// The first bytes of a known string, by which it is named.
const NAME: usize = 3;
/// Of each direction, so many strings are remembered, the first ones.
const REMEMBERED: usize = 256;

/// A letter names something that is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

/// Byte strings, found by how they begin.
#[derive(Default)]
struct Strings(BTreeSet<Vec<u8>>);

impl Strings {
    fn remember(&mut self, string: &[u8]) {
        if self.0.len() < REMEMBERED {
            self.0.insert(string.to_vec());
        }
    }

    fn beginning<'s>(&'s self, name: &'s [u8]) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        self.0.range(name.to_vec()..).map(Vec::as_slice).take_while(move |string| string.starts_with(name))
    }
}

/// Both directions of one meeting.
pub(crate) struct Shorthand {
    /// What this side knew before.
    before: Strings,
    /// Of that, what the partner is assumed to know too.
    assumed: Strings,
    /// Heads of the order that both can compute.
    foreseen: Strings,
    said: Strings,
    heard: Strings,
    /// The order that both are assumed to agree on, with what was said or heard since.
    head: Option<Head>,
    /// Whether the chits since were this side's; those of both sides have no order that both can foresee.
    since: Option<bool>,
    trusts: bool,
    /// Whether a letter was said that names what is only assumed.
    relied: bool,
    /// Whether the partner has said a summary after a letter of this side had arrived.
    summed_up: bool,
    /// Whether a letter of this side is known to have arrived.
    arrived: bool,
    outgoing: Letterbox,
    incoming: Letterbox,
}

impl Shorthand {
    /// What the two are assumed to know of a tally when they meet.
    pub(crate) fn about(wallet: &mut Wallet, tally: &TallyId) -> Result<Self, WalletError> {
        let have = wallet.have(tally)?;
        let speakers = wallet.speakers()?.into_iter().find(|speakers| speakers.tally == *tally);
        let (mut before, mut assumed) = (Strings::default(), Strings::default());
        let agreed = have.agreed == have.index && speakers.is_some();
        let nodes = speakers.into_iter().flat_map(|speakers| [speakers.nodes, speakers.partner].concat());
        assumed.remember(&tally.0);
        assumed.remember(&have.contract.0);
        nodes.for_each(|node| assumed.remember(&node.0));
        if agreed {
            assumed.remember(&have.hash.0);
        }
        before.remember(&have.hash.0);
        // Before the first chit of a chain.
        assumed.remember(&Digest::default().0);
        have.chains.iter().for_each(|(_, _, hash)| before.remember(&hash.0));
        let head = Head { tally: *tally, view: have.view, index: have.index, hash: have.hash };
        Ok(Self {
            before,
            assumed,
            foreseen: Strings::default(),
            said: Strings::default(),
            heard: Strings::default(),
            head: agreed.then_some(head),
            since: None,
            trusts: true,
            relied: false,
            summed_up: false,
            arrived: false,
            outgoing: Letterbox::default(),
            incoming: Letterbox::default(),
        })
    }

    /// Nothing that is only assumed is named from now on.
    pub(crate) fn distrust(&mut self) {
        self.trusts = false;
    }

    /// A letter of this side has arrived. A summary that was said before is no answer to it, and puts nothing in doubt.
    pub(crate) fn arrived(&mut self) {
        self.arrived = true;
    }

    /// Whether the partner may not have understood a letter: it has said a summary after one that names what was only assumed. Once only.
    pub(crate) fn was_in_doubt(&mut self) -> bool {
        let doubt = self.relied && self.summed_up;
        self.relied &= !doubt;
        doubt
    }

    /// A letter of this side, as it is sent. Must be asked in the order in which letters are sent.
    pub(crate) fn shorten(&mut self, letter: &[u8]) -> Vec<u8> {
        let opened: Vec<_> = self.outgoing.open(letter).unwrap_or_default();
        let Ok(messages) = opened.into_iter().collect::<Result<Vec<Message>, _>>() else {
            return letter.to_vec();
        };
        if messages.iter().any(|message| matches!(message, Message::Have(_))) {
            self.distrust();
        }
        let mut out = vec![SHORT];
        for message in &messages {
            self.shorten_message(message, &mut out);
            self.learn(true, message);
        }
        if out.len() < 2 || out.len() >= letter.len() {
            return letter.to_vec();
        }
        self.relied |= self.trusts;
        out
    }

    /// A letter of the partner, in full. Must be asked in the order in which letters came.
    pub(crate) fn expand(&mut self, letter: &[u8]) -> Result<Vec<u8>, Unknown> {
        let Some((&SHORT, mut rest)) = letter.split_first() else {
            for message in self.incoming.open(letter).unwrap_or_default().into_iter().flatten() {
                self.learn(false, &message);
            }
            return Ok(letter.to_vec());
        };
        let (mut count, mut messages) = (0_usize, Vec::new());
        while !rest.is_empty() {
            let message = self.put_back(&element(&mut rest).ok_or(Unknown)?)?;
            if messages.len().saturating_add(message.len()) > LETTER_MAX {
                return Err(Unknown);
            }
            // What a newer Hazel says is the wallet's to judge.
            if let Ok(message) = Message::from_bytes(&message) {
                self.learn(false, &message);
            }
            messages.extend(message);
            count = count.saturating_add(1);
        }
        let mut to = Writer::with_capacity(messages.len().saturating_add(16));
        to.array(2).uint(WIRE_VERSION).list(count).raw(&messages);
        Ok(to.into_bytes())
    }

    fn shorten_message(&self, message: &Message, out: &mut Vec<u8>) {
        let bytes = message.to_bytes();
        let tokens = element(&mut bytes.as_slice()).unwrap_or_default();
        let mut keys = tokens.iter().filter_map(|token| token.chained()).skip(1).map(|chained| chained.key);
        for token in &tokens {
            match token {
                Token::String(string) if self.is_common(message, string) => {
                    out.push(element::NAME);
                    out.extend(string.iter().take(NAME));
                }
                Token::String(string) => match token.chained() {
                    Some(chained) if keys.next().is_some_and(|key| chained.promises(key)) => {
                        out.push(element::CHAINED);
                        out.extend_from_slice(chained.rest);
                    }
                    _ => put_string(out, string),
                },
                Token::Raw(raw) => out.extend_from_slice(raw),
                Token::Name(_) | Token::Chained(_) => {}
            }
        }
    }

    /// Whether the partner knows this string, and no other here begins like it.
    fn is_common(&self, message: &Message, string: &[u8]) -> bool {
        let Some(name) = string.get(..NAME) else { return false };
        let holds = |strings: &Strings| strings.0.contains(string);
        let assumed = match message {
            // In chits, what their signer wrote is not looked at; a page goes on where the partner's memory ends.
            Message::Chits(page) => string == page.before.0 || string == page.tally.0,
            _ => holds(&self.assumed) || (self.head.is_some() && holds(&self.foreseen)),
        };
        let common = (self.trusts && assumed) || holds(&self.said) || holds(&self.heard);
        common && self.beginning(name).all(|other| other == string)
    }

    fn beginning<'s>(&'s self, name: &'s [u8]) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        [&self.before, &self.assumed, &self.foreseen, &self.said, &self.heard]
            .into_iter()
            .flat_map(move |strings| strings.beginning(name))
    }

    /// The bytes of a message in full.
    fn put_back(&self, tokens: &[Token<'_>]) -> Result<Vec<u8>, Unknown> {
        let mut out = Vec::new();
        let mut keys = tokens.iter().filter_map(|token| token.chained()).skip(1).map(|chained| chained.key);
        for token in tokens {
            let next = token.chained().and_then(|_| keys.next());
            match token {
                Token::Raw(raw) => out.extend_from_slice(raw),
                Token::String(string) => put_string(&mut out, string),
                Token::Chained(rest) => {
                    let promised = Digest::of(next.ok_or(Unknown)?).0;
                    put_string(&mut out, &[promised.as_slice(), rest].concat());
                }
                Token::Name(name) => {
                    let mut found = self.beginning(name);
                    let string = found.next().ok_or(Unknown)?;
                    if found.any(|other| other != string) {
                        return Err(Unknown);
                    }
                    put_string(&mut out, string);
                }
            }
            if out.len() > LETTER_MAX {
                return Err(Unknown);
            }
        }
        Ok(out)
    }

    /// What both know once this has arrived.
    fn learn(&mut self, mine: bool, message: &Message) {
        if let Message::Have(_) = message {
            self.distrust();
            self.summed_up |= !mine && self.arrived;
        }
        let last = if let Message::Chits(page) = message { self.follow(mine, page) } else { None };
        let strings = if mine { &mut self.said } else { &mut self.heard };
        if let Message::Chits(page) = message {
            strings.remember(&page.tally.0);
            strings.remember(&page.before.0);
            last.iter().for_each(|hash| strings.remember(&hash.0));
            return;
        }
        let bytes = message.to_bytes();
        for token in element(&mut bytes.as_slice()).unwrap_or_default() {
            if let Token::String(string) = token {
                strings.remember(string);
            }
        }
    }

    /// Goes on with the order as long as both see the same; returns the hash of the last chit.
    fn follow(&mut self, mine: bool, page: &Page) -> Option<Digest> {
        let hashes: Vec<Digest> = page.clone().unfold().iter().map(|signed| signed.chit.hash()).collect();
        if *self.since.get_or_insert(mine) != mine {
            self.head = None;
        }
        if let Some(head) = &mut self.head {
            *head = hashes.iter().fold(*head, |head, chit| head.then(chit));
            self.foreseen.remember(&head.hash.0);
        }
        hashes.last().copied()
    }
}

impl<'t> Token<'t> {
    /// A key, the promise of the next one and a signature, with or without the promise.
    fn chained(&self) -> Option<Chained<'t>> {
        match *self {
            Self::String(string) => Chained::read(string),
            Self::Chained(rest) => Chained::short(rest),
            Self::Raw(_) | Self::Name(_) => None,
        }
    }
}
