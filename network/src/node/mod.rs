//! A site: it hosts users, orders for the foils among their halves, confirms for the stocks, and says so with its one node key.
//!
//! No I/O but the store, no clock: time and randomness are arguments. A batch of inputs is one transaction on each shard it touches, and
//! what follows from it is handed out only after the commit. Nothing is remembered outside the store but when to ask again.

mod confirming;
mod copies;
mod errands;
mod intake;
mod notes;
mod telling;
mod views;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hazel_core::canon::Canon as _;
use hazel_core::key::{Entropy, PublicKey, SecretKey};
use hazel_core::tally::{Date, Side, TallyId};

use crate::letter::{Body, Correspondent, LETTER_MAX, Letter};
use crate::store::{MemberRow, SiteStore, StoreError, shard_of};

pub use errands::{ERRANDS_BYTES, ERRANDS_MAX};
pub use intake::PARKED_MAX;
use work::{Done, Job, Work};

/// The most letters that one transaction takes in.
const BATCH_MAX: usize = 512;
/// How long a partner's node has to answer before it is asked again, in milliseconds; doubled each time.
const ASK_AGAIN: u64 = 2_000;
const ASK_AGAIN_MAX: u64 = 600_000;

/// Something that happened to a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A letter came in on a channel that proves who sent it.
    Letter {
        /// From whom.
        from: Correspondent,
        /// The letter.
        bytes: Vec<u8>,
    },
    /// A channel to another site is open (again).
    Opened(Correspondent),
    /// Time has passed.
    Tick,
}

/// What a site wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send this. If there is no channel it may be dropped: what matters is told again.
    Letter {
        /// To whom.
        to: Correspondent,
        /// The letter.
        bytes: Vec<u8>,
    },
    /// For logs and metrics.
    Event(Event),
    /// Hand in [`Input::Tick`] at this time, in milliseconds.
    Deadline(u64),
}

/// Something worth a line in a log. No event carries a secret or a memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A user's half is kept here from now on.
    Hosted(TallyId, Side),
    /// Chits came in.
    Chits(TallyId, Side, u64),
    /// Everything up to this index is final.
    Final(TallyId, Side, u64),
    /// Something was not let in.
    Refused {
        /// Who sent it.
        from: Correspondent,
        /// A stable name of the reason.
        code: &'static str,
    },
    /// Something was done about an errand.
    Errand(Errand),
    /// Somebody has signed two things that cannot both be; the proof is kept.
    Forked(TallyId, Side),
    /// The store failed; nothing of the letters of that transaction was kept, their senders will repeat them.
    Failed(StoreError),
}

/// What was done about an errand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// It was taken in, to be kept until its addressee comes.
    Kept,
    /// There was no room for it.
    NoRoom,
    /// Whom it is for has it.
    Delivered,
}

/// How a site stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// Users.
    pub members: u64,
    /// Halves that are kept.
    pub halves: u64,
    /// Chits that are kept.
    pub chits: u64,
    /// Halves on which something is not final.
    pub restless: u64,
    /// Halves of which the partner's site has not shown yet that it has all notes.
    pub untold: u64,
    /// Errands that are kept for whoever they are for.
    pub errands: u64,
    /// Bytes of them.
    pub errand_bytes: u64,
}

struct Retry {
    at: u64,
    attempt: u32,
    partners: Vec<PublicKey>,
}

/// A site.
pub struct Node<S> {
    store: S,
    key: SecretKey,
    entropy: Box<dyn Entropy>,
    retries: BTreeMap<(TallyId, Side), Retry>,
    due: BTreeSet<(u64, TallyId, Side)>,
    out: VecDeque<Output>,
}

impl<S: SiteStore> Node<S> {
    /// Opens a site on its store. The first time, the store is marked with the site's key; later another key is refused. On an older
    /// copy the site begins new views, so that it does not order twice what it has forgotten.
    pub fn open(mut store: S, key: SecretKey, mut entropy: Box<dyn Entropy>) -> Result<Self, StoreError> {
        let (shards, mine) = (store.shards(), key.public());
        let mut waiting = Vec::new();
        for shard in 0..shards {
            store.change(shard, &mut |desk| {
                match desk.site()? {
                    None => desk.put_site(&mine, shard, shards)?,
                    Some(known) if known == (mine, shard, shards) => {}
                    Some(_) => return Err(StoreError::NotAWallet),
                }
                copies::go_on(desk, &mine, &mut *entropy)?;
                waiting.extend(desk.restless()?);
                Ok(())
            })?;
        }
        let (retries, due, out) = Default::default();
        let mut node = Self { store, key, entropy, retries, due, out };
        for (tally, side) in waiting {
            node.set_retry((tally, side), 0, 0, Vec::new());
        }
        Ok(node)
    }

    /// The key with which this site speaks; it stands in the tallies of its users.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.key.public()
    }

    /// The store, for copies and looks into it.
    pub const fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// Says that the store is an older copy, made or brought back by other means than the site's own, and goes on from it.
    pub fn restored(mut self) -> Result<Self, StoreError> {
        for shard in 0..self.store.shards() {
            self.store.change(shard, &mut |desk| desk.put_copied(true))?;
        }
        Self::open(self.store, self.key, self.entropy)
    }

    /// Links a user, by the key of its uplink.
    pub fn link_user(&mut self, key: [u8; 32], name: &str, now: Date) -> Result<(), StoreError> {
        let row = MemberRow { key, name: name.to_owned(), since: now };
        let shard = shard_of(&key, self.store.shards());
        self.store.change(shard, &mut |desk| desk.put_member(&row))
    }

    /// Lets a user go. What was signed stays; the user's wallets are strangers from now on.
    pub fn unlink_user(&mut self, key: &[u8; 32]) -> Result<(), StoreError> {
        for shard in 0..self.store.shards() {
            self.store.change(shard, &mut |desk| desk.drop_member(key))?;
        }
        Ok(())
    }

    /// Whether somebody is a user here.
    pub fn is_user(&mut self, key: &[u8; 32]) -> Result<bool, StoreError> {
        let mut found = false;
        let shard = shard_of(key, self.store.shards());
        self.store.read(shard, &mut |desk| {
            found = desk.member(key)?.is_some();
            Ok(())
        })?;
        Ok(found)
    }

    /// All users.
    pub fn users(&mut self) -> Result<Vec<MemberRow>, StoreError> {
        let mut all = Vec::new();
        for shard in 0..self.store.shards() {
            self.store.read(shard, &mut |desk| {
                all.extend(desk.members()?);
                Ok(())
            })?;
        }
        Ok(all)
    }

    /// How the site stands.
    pub fn status(&mut self) -> Result<Status, StoreError> {
        let mut status = Status::default();
        for shard in 0..self.store.shards() {
            self.store.read(shard, &mut |desk| {
                let [members, halves, chits, restless, untold] = desk.counts()?;
                status.members = status.members.saturating_add(members);
                status.halves = status.halves.saturating_add(halves);
                status.chits = status.chits.saturating_add(chits);
                status.restless = status.restless.saturating_add(restless);
                status.untold = status.untold.saturating_add(untold);
                let (errands, bytes) = desk.errands_in_all()?;
                status.errands = status.errands.saturating_add(errands);
                status.errand_bytes = status.errand_bytes.saturating_add(bytes);
                Ok(())
            })?;
        }
        Ok(status)
    }

    /// Takes one input in; what follows from it is polled.
    pub fn handle(&mut self, input: Input, now: u64) {
        let outputs = self.batch(vec![input], now);
        self.out.extend(outputs);
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Takes many inputs in. Each shard's part is one transaction (or a few, if there are very many); what is returned is durable.
    pub fn batch(&mut self, inputs: Vec<Input>, now: u64) -> Vec<Output> {
        let mut outputs = Vec::new();
        let mut jobs = VecDeque::new();
        for input in inputs {
            match input {
                Input::Letter { from, bytes } => match read_letter(&bytes) {
                    Ok(letter) => jobs.push_back(Job::Letter { from, letter: Box::new(letter) }),
                    Err(code) => outputs.push(Output::Event(Event::Refused { from, code })),
                },
                Input::Opened(Correspondent::Site(site)) => jobs.extend(self.business_with(&site)),
                Input::Opened(Correspondent::User(_)) => {}
                Input::Tick => jobs.extend(self.overdue(now)),
            }
        }
        // A tally across two shards speaks to itself by letters: what one transaction says is another one's input.
        // A bound against a defect, not a limit of use.
        let rounds = jobs.len().div_ceil(BATCH_MAX).saturating_add(32);
        for _ in 0..rounds {
            let next: Vec<Job> = jobs.drain(..jobs.len().min(BATCH_MAX)).collect();
            for (shard, part) in self.by_shard(next, &mut outputs) {
                jobs.extend(self.run(shard, part, now, &mut outputs));
            }
        }
        if let Some((at, ..)) = self.due.first() {
            outputs.push(Output::Deadline(*at));
        }
        outputs
    }

    /// One transaction. Returns letters for halves that lie on another shard.
    fn run(&mut self, shard: u16, jobs: Vec<Job>, now: u64, outputs: &mut Vec<Output>) -> Vec<Job> {
        let Self { store, key, entropy, .. } = self;
        let shards = store.shards();
        let mut jobs = Some(jobs);
        let mut done = Done::default();
        let result = store.change(shard, &mut |desk| {
            let Some(jobs) = jobs.take() else { return Ok(()) };
            done = Work::new(*desk, key, &mut **entropy, shards > 1, now / 1000).run(jobs)?;
            Ok(())
        });
        if let Err(error) = result {
            outputs.push(Output::Event(Event::Failed(error)));
            return Vec::new();
        }
        outputs.extend(done.outputs);
        for (half, partners) in done.restless {
            match partners {
                Some(partners) => {
                    let attempt = self.retries.get(&half).map_or(0, |retry| retry.attempt);
                    if done.nudged.contains(&half) || !self.retries.contains_key(&half) {
                        self.set_retry(half, attempt.saturating_add(1), now, partners);
                    }
                }
                None => self.drop_retry(&half),
            }
        }
        done.elsewhere
    }

    /// Which job goes to which shard. What is for a half that no shard keeps is dropped.
    fn by_shard(&mut self, jobs: Vec<Job>, outputs: &mut Vec<Output>) -> BTreeMap<u16, Vec<Job>> {
        let mut parts: BTreeMap<u16, Vec<Job>> = BTreeMap::new();
        for job in jobs {
            match self.shard_for(&job) {
                Ok(Some(shard)) => parts.entry(shard).or_default().push(job),
                Ok(None) => {}
                Err(error) => outputs.push(Output::Event(Event::Failed(error))),
            }
        }
        parts
    }

    fn shard_for(&mut self, job: &Job) -> Result<Option<u16>, StoreError> {
        let shards = self.store.shards();
        // Only who was linked may claim anything, or leave errands. Users and halves may lie apart, so this is asked before.
        if let Job::Letter { from: Correspondent::User(user), letter } = job
            && matches!(letter.body, Body::Claim { .. } | Body::Errands(_))
            && !self.is_user(user)?
        {
            return Ok(None);
        }
        if shards <= 1 || job.is_about_errands() {
            return Ok(Some(0));
        }
        let (tally, side) = job.half();
        for shard in 0..shards {
            let mut here = false;
            self.store.read(shard, &mut |desk| {
                here = desk.has_half(&tally, side)?;
                Ok(())
            })?;
            if here {
                return Ok(Some(shard));
            }
        }
        Ok(match job {
            Job::Letter { from: Correspondent::User(user), letter }
                if matches!(letter.body, Body::Claim { .. }) =>
            {
                Some(shard_of(user, shards))
            }
            // A half that is kept nowhere here: nobody is told.
            _ => None,
        })
    }

    fn overdue(&self, now: u64) -> Vec<Job> {
        self.due
            .iter()
            .take_while(|(at, ..)| *at <= now)
            .take(BATCH_MAX)
            .map(|(_, tally, side)| Job::Nudge(*tally, *side))
            .collect()
    }

    fn business_with(&self, site: &PublicKey) -> Vec<Job> {
        let about = |retry: &Retry| retry.partners.is_empty() || retry.partners.contains(site);
        self.retries
            .iter()
            .filter(|(_, retry)| about(retry))
            .map(|((tally, side), _)| Job::Nudge(*tally, *side))
            .collect()
    }

    fn set_retry(&mut self, half: (TallyId, Side), attempt: u32, now: u64, partners: Vec<PublicKey>) {
        self.drop_retry(&half);
        let wait = ASK_AGAIN.saturating_mul(1 << attempt.min(16)).min(ASK_AGAIN_MAX);
        let mut byte = [0; 1];
        self.entropy.fill(&mut byte);
        // Up to a quarter more, so that sites that lost one another do not all come back in one moment.
        let jitter = (wait / 1024).saturating_mul(u64::from(byte[0]));
        let at = now.saturating_add(wait).saturating_add(jitter);
        self.due.insert((at, half.0, half.1));
        self.retries.insert(half, Retry { at, attempt, partners });
    }

    fn drop_retry(&mut self, half: &(TallyId, Side)) {
        if let Some(retry) = self.retries.remove(half) {
            self.due.remove(&(retry.at, half.0, half.1));
        }
    }
}

fn read_letter(bytes: &[u8]) -> Result<Letter, &'static str> {
    if bytes.len() > LETTER_MAX {
        return Err("too_long");
    }
    Letter::from_bytes(bytes).map_err(|fault| hazel_core::admit::Refusal::from(fault).code())
}
