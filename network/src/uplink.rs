//! What a wallet and its site say to each other, whatever carries it. No I/O, no clock.
//!
//! The wallet speaks first: for each half that the site keeps, everything that is not final, and how far its memory goes. The
//! site answers with what the wallet lacks. Then both compare notes: receipts, invoices and answers for a partner who is never met.
//! Nothing is remembered between two channels; each begins from the rows.

use std::collections::{BTreeMap, BTreeSet};

use hazel_core::canon::{Canon as _, Malformed};
use hazel_core::errand::{ErrandMessage, Verdict};
use hazel_core::message::Message;
use hazel_core::notes::Notes;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{
    Change, ErrandNews, Rejected, SiteDelivery, SiteErrands, Speakers, Wallet, WalletError,
};

use crate::confirmation::{Confirmation, RequestId, request_of};
use crate::letter::{Body, Letter};
use crate::peer::SiteKey;

/// Why a letter of a site's could not be used.
#[derive(Debug, thiserror::Error)]
pub enum UplinkError {
    /// The wallet could not take it in.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// Not a letter.
    #[error("the site sent something that is no letter: {0}")]
    Malformed(#[from] Malformed),
}

/// What came of the talk so far.
#[derive(Debug, Default)]
pub struct Heard {
    /// What changed in the wallet.
    pub changes: Vec<(TallyId, Change)>,
    /// What of the site's was not let in here.
    pub rejected: Vec<(TallyId, Rejected)>,
    /// What the site has signed to have: proofs of submission, to be kept.
    pub confirmed: Vec<Confirmation>,
    /// What the site did not let in, and why.
    pub refused: Vec<(TallyId, String)>,
    /// What happened to errands.
    pub errands: Vec<ErrandNews>,
    /// Letters of the site's that were taken into the wallet: each is a commit.
    pub taken: u64,
    /// Letters, both ways.
    pub letters: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// One channel's talk.
pub struct Talk {
    site: SiteKey,
    user: [u8; 32],
    halves: BTreeMap<TallyId, Side>,
    answered: BTreeSet<TallyId>,
    /// What the site has said it knows of the notes, with what it was told since.
    notes: BTreeMap<TallyId, Notes>,
    /// Whose notes were asked about, and not answered yet.
    asked: BTreeSet<TallyId>,
    /// Letters about errands that are not answered yet.
    errands_asked: usize,
    /// Whether all errands were handed over; before that, one is tried.
    errands_handed: bool,
    /// Letters that bring chits and are not confirmed yet.
    requests: BTreeMap<RequestId, Letter>,
    /// What came of it.
    pub heard: Heard,
}

/// Whether a site's word on an errand leaves hope for others: it was taken, or refused for a fault of its own.
const fn is_no_want_of_room(said: &ErrandMessage) -> bool {
    matches!(said, ErrandMessage::Answered { verdict, .. } if !matches!(verdict, Verdict::Full | Verdict::FullForGiver))
}

/// The halves of this wallet that a site has to do with: it speaks for them, or for the partner's. Either site takes what both have signed.
pub fn hosted(wallet: &mut Wallet, site: &SiteKey) -> Result<Vec<Speakers>, WalletError> {
    let concerns = |it: &Speakers| it.nodes.contains(site) || it.partner.contains(site);
    Ok(wallet.speakers()?.into_iter().filter(concerns).collect())
}

impl Talk {
    /// Begins: with the letters to send first. Halves that were never claimed on this link are claimed.
    pub fn begin(
        wallet: &mut Wallet,
        site: SiteKey,
        user: [u8; 32],
        claimed: &BTreeSet<TallyId>,
    ) -> Result<(Self, Vec<Vec<u8>>), UplinkError> {
        let halves = hosted(wallet, &site)?.into_iter().map(|it| (it.tally, it.side)).collect();
        let mut talk = Self {
            site,
            user,
            halves,
            answered: BTreeSet::new(),
            notes: BTreeMap::new(),
            asked: BTreeSet::new(),
            errands_asked: 0,
            errands_handed: false,
            requests: BTreeMap::new(),
            heard: Heard::default(),
        };
        let mut letters = Vec::new();
        if let Some((tally, side)) = talk.halves.first_key_value().map(|(tally, side)| (*tally, *side)) {
            let said = wallet.errands_for_site()?;
            letters.extend(talk.about_errands(tally, side, said));
        }
        for (tally, side) in talk.halves.clone() {
            letters.extend(talk.opening(wallet, &tally, side, !claimed.contains(&tally))?);
        }
        Ok((talk, letters))
    }

    fn opening(
        &mut self,
        wallet: &mut Wallet,
        tally: &TallyId,
        side: Side,
        claims: bool,
    ) -> Result<Vec<Vec<u8>>, UplinkError> {
        let mut letters = Vec::new();
        let (mut contract, mut messages) = (None, Vec::new());
        for message in wallet.to_site(tally)? {
            match message {
                Message::Offer(signed) => contract = Some(signed),
                other => messages.push(other),
            }
        }
        if claims || contract.is_some() {
            let contract = match contract {
                Some(contract) => contract,
                None => Box::new(wallet.export(tally)?.contract),
            };
            let claim = Box::new(wallet.claim(tally, &self.site, self.user)?);
            letters.push(Letter { tally: *tally, half: side, body: Body::Claim { contract, claim } });
        }
        letters.extend(Letter::carrying(*tally, side, true, messages));
        for letter in &letters {
            self.requests.extend(request_of(letter).map(|request| (request, letter.clone())));
        }
        letters.push(self.asking(wallet, tally, side)?);
        Ok(self.posted(&letters))
    }

    /// The requests that are not confirmed yet.
    pub fn requests(&self) -> impl Iterator<Item = (&RequestId, &Letter)> {
        self.requests.iter()
    }

    /// "This is what I know of the notes; what do you know?"
    fn asking(&mut self, wallet: &mut Wallet, tally: &TallyId, half: Side) -> Result<Letter, UplinkError> {
        self.asked.insert(*tally);
        let body = Body::Notes { ask: true, notes: wallet.notes(tally)? };
        Ok(Letter { tally: *tally, half, body })
    }

    /// What the site lacks of the notes, now that it has said what it knows; and whether it has it then.
    fn notes_due(
        &mut self,
        wallet: &mut Wallet,
        tally: &TallyId,
        side: Side,
    ) -> Result<Vec<Letter>, UplinkError> {
        let Some(known) = self.notes.get(tally) else { return Ok(Vec::new()) };
        let due = wallet.notes_beyond(tally, known)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        // Told once on this channel, whatever the site makes of it.
        let mine = wallet.notes(tally)?;
        self.notes.insert(*tally, mine);
        let mut letters = Letter::carrying(*tally, side, false, due);
        letters.push(self.asking(wallet, tally, side)?);
        Ok(letters)
    }

    /// Takes in a letter of the site's; what to send in return. All of it is durable when this returns.
    pub fn hear(&mut self, wallet: &mut Wallet, bytes: &[u8]) -> Result<Vec<Vec<u8>>, UplinkError> {
        self.count(bytes.len());
        let letter = Letter::from_bytes(bytes)?;
        let tally = letter.tally;
        // About another half than those that stand in signed tallies, a site has nothing to say here.
        let Some(side) = self.halves.get(&tally).copied() else { return Ok(Vec::new()) };
        match letter.body {
            Body::Claim { .. } => Ok(Vec::new()),
            Body::Confirmed(confirmation) => {
                let request = confirmation.submission.request;
                let brought = self.requests.get(&request);
                if brought.is_some_and(|letter| confirmation.proves(letter, &self.site)) {
                    self.requests.remove(&request);
                    self.heard.confirmed.push(*confirmation);
                }
                Ok(Vec::new())
            }
            Body::Refused(refused) => {
                self.answered.insert(tally);
                self.heard.refused.extend(refused.into_iter().map(|it| (tally, it.code)));
                Ok(Vec::new())
            }
            Body::Messages { messages, .. } => {
                self.answered.insert(tally);
                self.heard.taken = self.heard.taken.saturating_add(1);
                let SiteDelivery { delivery, answer } = wallet.from_site(&tally, &self.site, messages)?;
                self.heard.changes.extend(delivery.changes.into_iter().map(|it| (tally, it)));
                self.heard.rejected.extend(delivery.rejected.into_iter().map(|it| (tally, it)));
                let mut letters = Letter::carrying(tally, side, false, answer);
                letters.extend(self.notes_due(wallet, &tally, side)?);
                Ok(self.posted(&letters))
            }
            Body::Errands(said) => self.hear_errands(wallet, (tally, side), said),
            Body::Notes { notes, .. } => {
                self.asked.remove(&tally);
                self.notes.entry(tally).or_insert(notes);
                let letters = self.notes_due(wallet, &tally, side)?;
                Ok(self.posted(&letters))
            }
        }
    }

    fn about_errands(&mut self, tally: TallyId, side: Side, said: Vec<ErrandMessage>) -> Vec<Vec<u8>> {
        let letters = Letter::about_errands(tally, side, said);
        self.errands_asked = self.errands_asked.saturating_add(letters.len());
        self.posted(&letters)
    }

    /// What the site says about errands. Whatever one brings about a half that the site keeps goes there at once.
    fn hear_errands(
        &mut self,
        wallet: &mut Wallet,
        (tally, side): (TallyId, Side),
        said: Vec<ErrandMessage>,
    ) -> Result<Vec<Vec<u8>>, UplinkError> {
        self.errands_asked = self.errands_asked.saturating_sub(1);
        let has_room = said.iter().any(is_no_want_of_room);
        let SiteErrands { mut reply, news } = wallet.errands_from_site(said)?;
        if has_room && !core::mem::replace(&mut self.errands_handed, true) {
            reply.extend(wallet.more_errands_for_site()?);
        }
        let mut letters = Vec::new();
        if !reply.is_empty() {
            letters.extend(self.about_errands(tally, side, reply));
        }
        let brought: BTreeSet<TallyId> = news
            .iter()
            .filter_map(
                |news| if let ErrandNews::ForMe(delivery) = news { Some(delivery.tally) } else { None },
            )
            .collect();
        for tally in brought {
            if let Some(side) = self.halves.get(&tally).copied() {
                letters.extend(self.opening(wallet, &tally, side, false)?);
            }
        }
        self.heard.errands.extend(news);
        Ok(letters)
    }

    fn posted(&mut self, letters: &[Letter]) -> Vec<Vec<u8>> {
        let bytes: Vec<Vec<u8>> = letters.iter().map(hazel_core::canon::Canon::to_bytes).collect();
        bytes.iter().for_each(|letter| self.count(letter.len()));
        bytes
    }

    fn count(&mut self, bytes: usize) {
        self.heard.letters = self.heard.letters.saturating_add(1);
        self.heard.bytes = self.heard.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// The halves this talk is about.
    pub fn tallies(&self) -> impl Iterator<Item = &TallyId> {
        self.halves.keys()
    }

    /// Whether the site has answered about every half, and about whatever it was told since.
    #[must_use]
    pub fn all_answered(&self) -> bool {
        self.asked.is_empty()
            && self.errands_asked == 0
            && self.halves.keys().all(|tally| self.answered.contains(tally))
    }

    /// Notes what the site knows to be mine. A half about which it kept silent is to be claimed again: a site that went on from an older copy
    /// knows nothing of it, and does not even say so.
    pub fn settle_claims(&self, claimed: &mut BTreeSet<TallyId>) {
        if self.all_answered() {
            claimed.extend(self.tallies());
        } else {
            claimed.retain(|tally| !self.halves.contains_key(tally) || self.answered.contains(tally));
        }
    }

    /// How many halves have something that is not final.
    pub fn pending(&self, wallet: &mut Wallet) -> Result<usize, WalletError> {
        Ok(hosted(wallet, &self.site)?.iter().filter(|it| it.pending).count())
    }
}
