//! What is done inside one transaction: letters taken in, the node's own word, and what follows for others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hazel_core::admit::Refusal;
use hazel_core::canon::Canon as _;
use hazel_core::claim::{Claim, may_claim};
use hazel_core::key::{Entropy, PublicKey, SecretKey};
use hazel_core::message::Message;
use hazel_core::order::Endorsement;
use hazel_core::ordering::{OrderingError, endorse, named, open_view, settle, takes_over};
use hazel_core::rows::Rows as _;
use hazel_core::store::{Standing, StoreError};
use hazel_core::tally::{Date, Side, SignedTally, TallyId};

use crate::letter::{Body, Correspondent, Letter};
use crate::store::{Desk, HalfRow};

use super::confirming::{Request, request_in};
use super::intake::{Intake, Taken};
use super::{Event, Output};

/// The most halves one user may claim on a shard.
const CLAIMS_MAX: u64 = 100_000;

type HalfId = (TallyId, Side);

/// One thing to do.
pub(super) enum Job {
    /// A letter came in.
    Letter { from: Correspondent, letter: Box<Letter> },
    /// Ask the partner's node what it holds.
    Nudge(TallyId, Side),
}

impl Job {
    pub(super) fn half(&self) -> HalfId {
        match self {
            Self::Letter { letter, .. } => (letter.tally, letter.half),
            Self::Nudge(tally, side) => (*tally, *side),
        }
    }

    pub(super) fn is_about_errands(&self) -> bool {
        matches!(self, Self::Letter { letter, .. } if matches!(letter.body, Body::Errands(_)))
    }
}

/// What came of it, to be acted upon after the commit.
#[derive(Default)]
pub(super) struct Done {
    pub(super) outputs: Vec<Output>,
    letters: Vec<(Correspondent, Letter)>,
    /// Letters for halves that this site keeps on another shard.
    pub(super) elsewhere: Vec<Job>,
    /// Where something is not final, with the partner's nodes; or everything is.
    pub(super) restless: BTreeMap<HalfId, Option<Vec<PublicKey>>>,
    pub(super) nudged: BTreeSet<HalfId>,
}

/// How far back a letter is looked for that another one can be joined to: what one letter leads to is written in a row.
const JOIN_WITHIN: usize = 8;

impl Done {
    /// Lays a letter down for somebody; joined to the one before about the same half, where that can be.
    pub(super) fn post(&mut self, to: Correspondent, letter: Letter) {
        let about = (letter.tally, letter.half);
        let mut recent = self.letters.iter_mut().rev().take(JOIN_WITHIN);
        let before = recent.find(|(whom, it)| *whom == to && (it.tally, it.half) == about);
        let rest = match before {
            Some((_, before)) => before.join(letter),
            None => Some(letter),
        };
        self.letters.extend(rest.map(|letter| (to, letter)));
    }

    /// What leaves, now that all is said.
    fn sealed(mut self) -> Self {
        let letters = std::mem::take(&mut self.letters);
        let leave = |(to, letter): (Correspondent, Letter)| Output::Letter { to, bytes: letter.to_bytes() };
        self.outputs.extend(letters.into_iter().map(leave));
        self
    }
}

/// How a half stood before a letter.
pub(super) struct Before {
    view: u64,
    pub(super) index: u64,
    pub(super) agreed: u64,
    pub(super) final_index: u64,
    pub(super) words: Vec<Endorsement>,
    /// How often the partner's half had moved.
    pub(super) moves: u64,
    pub(super) owed: i64,
}

/// One transaction's work.
pub(super) struct Work<'w> {
    pub(super) desk: Desk<'w>,
    pub(super) key: &'w SecretKey,
    pub(super) own: PublicKey,
    entropy: &'w mut dyn Entropy,
    /// Whether the other half of a tally may lie on a shard that is not to be seen from here.
    pub(super) sharded: bool,
    /// The date, for invoices whose time is over.
    pub(super) date: Date,
    pub(super) queue: VecDeque<Job>,
    pub(super) done: Done,
}

impl<'w> Work<'w> {
    pub(super) fn new(
        desk: Desk<'w>,
        key: &'w SecretKey,
        entropy: &'w mut dyn Entropy,
        sharded: bool,
        date: Date,
    ) -> Self {
        let (queue, done) = Default::default();
        Self { desk, key, own: key.public(), entropy, sharded, date, queue, done }
    }

    pub(super) fn run(mut self, jobs: Vec<Job>) -> Result<Done, StoreError> {
        // Always in one order, so that two processes never wait for each other.
        let tallies: BTreeSet<TallyId> = jobs.iter().map(|job| job.half().0).collect();
        for tally in &tallies {
            self.desk.lock(tally)?;
        }
        // Where both halves are kept here each letter leads to a few more. A bound against a defect, not a limit of use.
        let mut left = jobs.len().saturating_mul(32);
        self.queue.extend(jobs);
        while let Some(job) = self.queue.pop_front() {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(1);
            match job {
                Job::Letter { from, letter } => self.letter(from, *letter)?,
                Job::Nudge(tally, side) => self.nudge(tally, side)?,
            }
        }
        Ok(self.done.sealed())
    }

    fn letter(&mut self, from: Correspondent, letter: Letter) -> Result<(), StoreError> {
        let half = self.desk.half(&letter.tally, letter.half)?;
        let request = request_in(&from, &letter);
        match (letter.body, half) {
            // A letter about one half with a claim on another: no half would be found here that may well be kept.
            (Body::Claim { claim, .. }, _)
                if (claim.hosting.tally, claim.hosting.side) != (letter.tally, letter.half) =>
            {
                self.refuse(from, letter.tally, letter.half, &[(0, Refusal::OutOfPlace { what: "claim" })]);
                Ok(())
            }
            (Body::Claim { contract, claim }, half) => self.claim(from, half, *contract, &claim),
            (Body::Messages { ask, messages }, Some(half)) => {
                self.messages(from, &half, ask, messages, request)
            }
            (Body::Notes { ask, notes }, Some(half)) => self.notes(from, &half, ask, &notes),
            (Body::Errands(said), _) => self.errands(from, (letter.tally, letter.half), said),
            (body @ (Body::Messages { .. } | Body::Notes { .. }), None)
                if from == Correspondent::Site(self.own) =>
            {
                let letter = Letter { tally: letter.tally, half: letter.half, body };
                self.done.elsewhere.push(Job::Letter { from, letter: Box::new(letter) });
                Ok(())
            }
            // A half that is not kept here: a stranger learns nothing, not even that.
            _ => Ok(()),
        }
    }

    /// A user says that a half is its own.
    fn claim(
        &mut self,
        from: Correspondent,
        half: Option<HalfRow>,
        contract: SignedTally,
        claim: &Claim,
    ) -> Result<(), StoreError> {
        let Correspondent::User(user) = from else { return Ok(()) };
        let side = claim.hosting.side;
        let verdict = self.judge_claim(half.as_ref(), &contract, claim, &user)?;
        let half = match (verdict, half) {
            (Err(refusal), _) => {
                self.refuse(from, contract.tally.id, side, &[(0, refusal)]);
                return Ok(());
            }
            (Ok(()), Some(half)) => half,
            (Ok(()), None) => {
                self.done.outputs.push(Output::Event(Event::Hosted(contract.tally.id, side)));
                self.desk.open_half(side, contract)?
            }
        };
        self.desk.put_claim(half.no, claim)
    }

    fn judge_claim(
        &self,
        half: Option<&HalfRow>,
        contract: &SignedTally,
        claim: &Claim,
        user: &[u8; 32],
    ) -> Result<Result<(), Refusal>, StoreError> {
        if !contract.is_contract() {
            return Ok(Err(Refusal::Unsigned));
        }
        if let Err(error) = contract.check_signatures() {
            return Ok(Err(Refusal::Signature { what: "tally", error }));
        }
        let tip = match half {
            Some(half) => {
                if let Some(what) = half.contract.tally.difference(&contract.tally) {
                    return Ok(Err(Refusal::Altered { what }));
                }
                self.desk.standing(half.no)?.tip
            }
            None if self.desk.claims_of(user)? >= CLAIMS_MAX => {
                return Ok(Err(Refusal::OutOfPlace { what: "claim" }));
            }
            None => hazel_core::book::Book::open(&contract.tally, 0),
        };
        Ok(claim.check(&contract.tally, &tip, &self.own, user))
    }

    fn messages(
        &mut self,
        from: Correspondent,
        half: &HalfRow,
        ask: bool,
        messages: Vec<Message>,
        request: Option<Request>,
    ) -> Result<(), StoreError> {
        let mut standing = self.desk.standing(half.no)?;
        let Some(bringer) = self.may_speak(from, half, &standing)? else { return Ok(()) };
        let before = self.before(half, &standing)?;
        let taken = Intake::new(self.desk, half, self.own, bringer, &mut standing).take(messages)?;
        let above = Self::view_above(from, half, &standing, &taken.summaries);
        self.speak(half, &mut standing, taken.overtaken, above)?;
        let promised = self.promise(from, half, &mut standing, &taken.summaries)?;
        let words = self.desk.endorsements(half.no)?;
        self.owe_notes(half, &mut standing, &before, &taken, from)?;
        if self.settled(half, &standing, &before, &words, &taken) {
            self.desk.put_standing(&standing)?;
            self.tell(half, &standing, &before, &words, &taken, from)?;
        }
        // Whoever brought the request hears the promise, also if its summary was an answer already.
        self.answer(from, half, &standing, ask || promised, &taken)?;
        self.confirm_notes(from, half, &standing, &taken)?;
        if let Some(request) = request {
            self.confirm(from, half, &standing, request)?;
        }
        self.note_restless(half, &standing);
        Ok(())
    }

    /// Whether a correspondent has a say about a half, and under which key what it brings is counted.
    pub(super) fn may_speak(
        &self,
        from: Correspondent,
        half: &HalfRow,
        standing: &Standing,
    ) -> Result<Option<[u8; 32]>, StoreError> {
        Ok(match from {
            Correspondent::User(user) => {
                let mut claims = self.desk.claims(half.no)?.into_iter();
                let theirs = |key: &PublicKey| may_claim(&half.contract.tally, &standing.tip, half.side, key);
                claims.any(|claim| claim.member == user && theirs(&claim.key)).then_some(user)
            }
            Correspondent::Site(site) if site == self.own => Some(site.0),
            Correspondent::Site(site) => {
                let nodes = named(standing);
                Side::BOTH.iter().any(|side| nodes.of(*side).contains(&site)).then_some(site.0)
            }
        })
    }

    fn before(&self, half: &HalfRow, standing: &Standing) -> Result<Before, StoreError> {
        Ok(Before {
            view: standing.book.head.view,
            index: standing.book.head.index,
            agreed: standing.agreed,
            final_index: standing.final_index,
            words: self.desk.endorsements(half.no)?,
            moves: *standing.tip.node_epoch.of(half.side.other()),
            owed: standing.owed,
        })
    }

    /// Says what this node has to say about a half, and counts the words. Where its own order was overtaken it goes on in a new view: in the
    /// present one it has stood for something else. So it does where somebody to be heeded is in a
    /// view `above` (`view_above`).
    fn speak(
        &mut self,
        half: &HalfRow,
        standing: &mut Standing,
        overtaken: bool,
        above: Option<u64>,
    ) -> Result<(), StoreError> {
        let kept = standing.clone();
        let (desk, key, own) = (self.desk, self.key, self.own);
        let mut step = [0; 2];
        self.entropy.fill(&mut step);
        let said = desk.attempt(|| {
            if standing.tip.nodes.of(half.side).contains(&own) {
                if half.side == Side::Foil && (overtaken || above.is_some() || takes_over(standing, &own)) {
                    let heard = desk.endorsements(half.no)?.iter().map(|word| word.head.view).max();
                    let heard = heard.max(above).unwrap_or(0);
                    open_view(&desk, standing, heard, u16::from_be_bytes(step))?;
                }
                endorse(&desk, key, half.side, standing)?;
            }
            settle(&desk, standing)
        });
        match said {
            Ok(()) => Ok(()),
            Err(OrderingError::Store(error)) => Err(error),
            // An order that cannot be counted is not endorsed; what was taken in stays.
            Err(_) => {
                *standing = kept;
                Ok(())
            }
        }
    }

    /// Whether anything changed, with the events that say so.
    fn settled(
        &mut self,
        half: &HalfRow,
        standing: &Standing,
        before: &Before,
        words: &[Endorsement],
        taken: &Taken,
    ) -> bool {
        let (tally, side) = (half.tally, half.side);
        if !taken.fresh.is_empty() {
            let count = taken.fresh.len() as u64;
            self.done.outputs.push(Output::Event(Event::Chits(tally, side, count)));
        }
        if !taken.proofs.is_empty() {
            self.done.outputs.push(Output::Event(Event::Forked(tally, side)));
        }
        if standing.final_index > before.final_index {
            self.done.outputs.push(Output::Event(Event::Final(tally, side, standing.final_index)));
        }
        !taken.fresh.is_empty()
            || !taken.notes.is_empty()
            || standing.owed != before.owed
            || (standing.book.head.view, standing.book.head.index) != (before.view, before.index)
            || standing.agreed != before.agreed
            || standing.final_index != before.final_index
            || words != before.words
    }
}
