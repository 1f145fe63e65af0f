//! What is done inside one transaction: letters taken in, the node's own word, and what follows for others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hazel_core::admit::Refusal;
use hazel_core::canon::Canon as _;
use hazel_core::chit::SignedChit;
use hazel_core::claim::{Claim, may_claim};
use hazel_core::key::{Entropy, PublicKey, SecretKey};
use hazel_core::message::{Message, PAGE_MAX, Page};
use hazel_core::order::Endorsement;
use hazel_core::ordering::{OrderingError, endorse, open_view, settle, takes_over};
use hazel_core::rows::Rows as _;
use hazel_core::store::{Standing, StoreError};
use hazel_core::tally::{Side, SignedTally, TallyId};
use hazel_core::telling;

use crate::letter::{Body, Correspondent, Letter, Refused};
use crate::store::{Desk, HalfRow};

use super::intake::{Intake, Taken, named};
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
}

/// What came of it, to be acted upon after the commit.
#[derive(Default)]
pub(super) struct Done {
    pub(super) outputs: Vec<Output>,
    /// Letters for halves that this site keeps on another shard.
    pub(super) elsewhere: Vec<Job>,
    /// Where something is not final, with the partner's nodes; or everything is.
    pub(super) restless: BTreeMap<HalfId, Option<Vec<PublicKey>>>,
    pub(super) nudged: BTreeSet<HalfId>,
}

/// How a half stood before a letter.
struct Before {
    index: u64,
    agreed: u64,
    final_index: u64,
    words: Vec<Endorsement>,
}

/// One transaction's work.
pub(super) struct Work<'w> {
    desk: Desk<'w>,
    key: &'w SecretKey,
    own: PublicKey,
    entropy: &'w mut dyn Entropy,
    /// Whether the other half of a tally may lie on a shard that is not to be seen from here.
    sharded: bool,
    queue: VecDeque<Job>,
    done: Done,
}

impl<'w> Work<'w> {
    pub(super) fn new(
        desk: Desk<'w>,
        key: &'w SecretKey,
        entropy: &'w mut dyn Entropy,
        sharded: bool,
    ) -> Self {
        Self { desk, key, own: key.public(), entropy, sharded, queue: VecDeque::new(), done: Done::default() }
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
        Ok(self.done)
    }

    fn letter(&mut self, from: Correspondent, letter: Letter) -> Result<(), StoreError> {
        let half = self.desk.half(&letter.tally, letter.half)?;
        match (letter.body, half) {
            (Body::Claim { contract, claim }, half) => self.claim(from, half, *contract, &claim),
            (Body::Messages { ask, messages }, Some(half)) => self.messages(from, &half, ask, messages),
            (Body::Messages { ask, messages }, None) if from == Correspondent::Site(self.own) => {
                let letter =
                    Letter { tally: letter.tally, half: letter.half, body: Body::Messages { ask, messages } };
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
    ) -> Result<(), StoreError> {
        let mut standing = self.desk.standing(half.no)?;
        let Some(bringer) = self.may_speak(from, half, &standing)? else { return Ok(()) };
        let before = self.before(half, &standing)?;
        let taken = Intake::new(self.desk, half, self.own, bringer, &mut standing).take(messages)?;
        self.speak(half, &mut standing)?;
        let words = self.desk.endorsements(half.no)?;
        if self.settled(half, &standing, &before, &words, &taken) {
            self.desk.put_standing(&standing)?;
            self.tell(half, &standing, &before, &words, &taken.fresh, from)?;
        }
        self.answer(from, half, &standing, ask, &taken)?;
        self.note_restless(half, &standing)
    }

    /// Whether a correspondent has a say about a half, and under which key what it brings is counted.
    fn may_speak(
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
            index: standing.book.head.index,
            agreed: standing.agreed,
            final_index: standing.final_index,
            words: self.desk.endorsements(half.no)?,
        })
    }

    /// Says what this node has to say about a half, and counts the words.
    fn speak(&mut self, half: &HalfRow, standing: &mut Standing) -> Result<(), StoreError> {
        let kept = standing.clone();
        let (desk, key, own) = (self.desk, self.key, self.own);
        let mut step = [0; 2];
        self.entropy.fill(&mut step);
        let said = desk.attempt(|| {
            if standing.tip.nodes.of(half.side).contains(&own) {
                if half.side == Side::Foil && takes_over(standing, &own) {
                    let heard = desk.endorsements(half.no)?.iter().map(|word| word.head.view).max();
                    open_view(&desk, standing, heard.unwrap_or(0), u16::from_be_bytes(step))?;
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
            || standing.book.head.index != before.index
            || standing.agreed != before.agreed
            || standing.final_index != before.final_index
            || words != before.words
    }

    /// What others must be told because of what came in.
    fn tell(
        &mut self,
        half: &HalfRow,
        standing: &Standing,
        before: &Before,
        words: &[Endorsement],
        fresh: &[SignedChit],
        from: Correspondent,
    ) -> Result<(), StoreError> {
        let own_word = words.iter().find(|word| word.key == self.own);
        let spoke = own_word != before.words.iter().find(|word| word.key == self.own);
        let chits = pages(fresh);
        // The partner's nodes.
        let mut news = Vec::new();
        if spoke {
            let base = before.index.min(before.agreed);
            if half.side == Side::Foil {
                plain(telling::order(&self.desk, standing, words, base, &mut news))?;
            }
            if news.is_empty() {
                news.extend(own_word.map(|word| Message::Endorsement(*word)));
            }
        }
        for (site, side) in self.others(half, standing)? {
            let to = Correspondent::Site(site);
            let mut messages = if to == from { Vec::new() } else { chits.clone() };
            messages.extend(news.iter().cloned());
            self.send(to, half.tally, side, false, messages);
        }
        // The users.
        let mut news = Vec::new();
        if standing.book.head.index != before.index {
            plain(telling::order(
                &self.desk,
                standing,
                words,
                before.index.min(before.final_index),
                &mut news,
            ))?;
        }
        if words != before.words {
            telling::told_words(standing, words, before.final_index, &mut news);
        }
        for claim in self.desk.claims(half.no)? {
            let to = Correspondent::User(claim.member);
            let mut messages = if to == from { Vec::new() } else { chits.clone() };
            messages.extend(news.iter().cloned());
            self.send(to, half.tally, half.side, false, messages);
        }
        Ok(())
    }

    /// The other nodes that are named on a tally, each with the half it keeps: the partner's, and those of this half before or after me.
    /// Where this site keeps the other half too, it is told even before the two have named it to each other.
    fn others(&self, half: &HalfRow, standing: &Standing) -> Result<Vec<(PublicKey, Side)>, StoreError> {
        let mut all = Vec::new();
        if self.sharded || self.desk.has_half(&half.tally, half.side.other())? {
            all.push((self.own, half.side.other()));
        }
        for side in [half.side.other(), half.side] {
            for key in standing.tip.nodes.of(side) {
                if (*key != self.own || side != half.side) && !all.contains(&(*key, side)) {
                    all.push((*key, side));
                }
            }
        }
        Ok(all)
    }

    /// The answer to whoever wrote: what it lacks by its summary, what was refused, and a question if something is missing here.
    fn answer(
        &mut self,
        from: Correspondent,
        half: &HalfRow,
        standing: &Standing,
        ask: bool,
        taken: &Taken,
    ) -> Result<(), StoreError> {
        let mut messages = Vec::new();
        let mut question = taken.missing;
        for have in &taken.summaries {
            let answer = plain(telling::answer(&self.desk, standing, have))?;
            messages = answer.messages;
            // A user always hears something: then it knows that it was heard.
            let reply = ask && (answer.behind || matches!(from, Correspondent::User(_)));
            if reply && !question {
                messages.push(Message::Have(plain(telling::summary(&self.desk, standing))?));
            }
        }
        if question && !taken.summaries.is_empty() && !ask {
            // Its summary was an answer already. It is asked again when it is time, not in a circle.
            question = false;
        }
        if question {
            messages.push(Message::Have(plain(telling::summary(&self.desk, standing))?));
        }
        let side = match from {
            Correspondent::User(_) => half.side,
            Correspondent::Site(site)
                if site == self.own || standing.tip.nodes.of(half.side.other()).contains(&site) =>
            {
                half.side.other()
            }
            Correspondent::Site(_) => half.side,
        };
        self.send(from, half.tally, side, question, messages);
        if !taken.refused.is_empty() {
            self.refuse(from, half.tally, half.side, &taken.refused);
        }
        Ok(())
    }

    fn refuse(&mut self, from: Correspondent, tally: TallyId, side: Side, refused: &[(u64, Refusal)]) {
        let event = |code| Output::Event(Event::Refused { from, code });
        self.done.outputs.extend(refused.iter().map(|(_, refusal)| event(refusal.code())));
        if matches!(from, Correspondent::User(_)) {
            let said = |(message, refusal): &(u64, Refusal)| Refused {
                message: *message,
                code: refusal.code().to_owned(),
            };
            let body = Body::Refused(refused.iter().map(said).collect());
            let bytes = Letter { tally, half: side, body }.to_bytes();
            self.done.outputs.push(Output::Letter { to: from, bytes });
        }
    }

    fn send(&mut self, to: Correspondent, tally: TallyId, half: Side, ask: bool, messages: Vec<Message>) {
        for letter in Letter::carrying(tally, half, ask, messages) {
            if to == Correspondent::Site(self.own) {
                self.queue.push_back(Job::Letter { from: to, letter: Box::new(letter) });
            } else {
                self.done.outputs.push(Output::Letter { to, bytes: letter.to_bytes() });
            }
        }
    }

    /// Tells the partner's nodes once more where this half stands, and asks for what they have.
    fn nudge(&mut self, tally: TallyId, side: Side) -> Result<(), StoreError> {
        self.done.nudged.insert((tally, side));
        let Some(half) = self.desk.half(&tally, side)? else {
            self.done.restless.insert((tally, side), None);
            return Ok(());
        };
        let standing = self.desk.standing(half.no)?;
        let words = self.desk.endorsements(half.no)?;
        let mut messages = Vec::new();
        if side == Side::Foil {
            plain(telling::order(&self.desk, &standing, &words, standing.agreed, &mut messages))?;
        }
        messages
            .extend(words.iter().filter(|word| word.key == self.own).map(|word| Message::Endorsement(*word)));
        messages.push(Message::Have(plain(telling::summary(&self.desk, &standing))?));
        for (site, of) in self.others(&half, &standing)? {
            self.send(Correspondent::Site(site), tally, of, true, messages.clone());
        }
        self.note_restless(&half, &standing)
    }

    fn note_restless(&mut self, half: &HalfRow, standing: &Standing) -> Result<(), StoreError> {
        let partners = match crate::store::is_restless(standing) {
            true => Some(self.others(half, standing)?.into_iter().map(|(key, _)| key).collect()),
            false => None,
        };
        self.done.restless.insert((half.tally, half.side), partners);
        Ok(())
    }
}

/// Chits as they follow each other, in pages.
fn pages(chits: &[SignedChit]) -> Vec<Message> {
    let follows = |a: &SignedChit, b: &SignedChit| {
        a.chit.chain == b.chit.chain && a.chit.seq.checked_add(1) == Some(b.chit.seq)
    };
    let runs = chits.chunk_by(follows).flat_map(|run| run.chunks(PAGE_MAX));
    runs.filter_map(Page::of).map(Message::Chits).collect()
}

/// Reading never refuses anybody: what is left of an error is the store's.
fn plain<T>(result: Result<T, OrderingError>) -> Result<T, StoreError> {
    result.map_err(|error| match error {
        OrderingError::Store(error) => error,
        _ => StoreError::Corrupt { what: "an order" },
    })
}
