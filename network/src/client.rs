//! A request that several nodes must confirm: sent, sent again, counted, proven or given up. No I/O, no clock.
//!
//! A request goes to the best node. Whoever confirms it names the batch that it entered, and the nodes that are active. Active nodes
//! that were not asked yet are asked, until enough confirmations name the same batch; then the client stops. With one site, its
//! single confirmation is the quorum: [`Limits::one_site`].
//!
//! ```text
//! waiting ──node refuses, so many that the rest cannot suffice──▶ refused
//!    │ ├────enough confirmations of one batch──────────────────▶ proven ──included within k batches──▶ forgotten
//!    │ └────every answer timed out and no resend is left────────▶ unconfirmed    └──not included──▶ broken promises
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use hazel_sync::Time;

use crate::directory::Directory;
use crate::peer::SiteKey;

pub use crate::confirmation::RequestId;

/// How much a client does for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Confirmations that must name the same batch.
    pub confirmations: usize,
    /// Sendings beyond the first to each node, in all.
    pub resends: u32,
    /// How long one sending waits for its answer, in milliseconds.
    pub wait: u64,
    /// Batches that are open at a time.
    pub open: u64,
    /// Batches after which what was confirmed must be included.
    pub inclusion: u64,
    /// Requests under way at once.
    pub requests: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { confirmations: 3, resends: 4, wait: 6_000, open: 2, inclusion: 3, requests: 1024 }
    }
}

impl Limits {
    /// The limits where one site speaks for the party: its single confirmation is the quorum.
    #[must_use]
    pub fn one_site() -> Self {
        Self { confirmations: 1, ..Self::default() }
    }
}

/// What happens to a client. A confirmation or refusal came over a channel that proves whose it is.
#[derive(Clone, Debug)]
pub enum Input {
    /// Have this confirmed.
    Submit(RequestId, Vec<u8>),
    /// A node has taken it into a batch.
    Confirmed {
        /// Which node.
        node: SiteKey,
        /// What.
        request: RequestId,
        /// The number of the batch.
        batch: u64,
        /// The nodes that are active, as it says.
        active: Vec<SiteKey>,
    },
    /// A node does not take it.
    Refused {
        /// Which node.
        node: SiteKey,
        /// What.
        request: RequestId,
        /// Why, as a stable name.
        reason: String,
    },
    /// A batch is closed, and these are in it.
    Closed(u64, BTreeSet<RequestId>),
    /// This needs no confirmation any more: what it said is said by another request.
    Dropped(RequestId),
    /// The channel to a node is gone: it will not answer what it was asked on it.
    Lost(SiteKey),
    /// Time passed.
    Tick,
}

/// What a client wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the request to this node.
    Send(SiteKey, RequestId, Vec<u8>),
    /// Enough nodes have confirmed; keep this.
    Proven(RequestId, Proof),
    /// It will not be confirmed; show why.
    GivenUp(RequestId, Reason),
    /// This node confirmed and did not include: it loses score.
    BrokenPromise(SiteKey, RequestId),
    /// Too much is under way; hand it in again later.
    Full(RequestId),
}

/// Proof of submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Which batch.
    pub batch: u64,
    /// Who named it.
    pub nodes: BTreeSet<SiteKey>,
}

/// Why a request is given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nodes refuse it.
    #[error("the nodes do not take it: {0}")]
    Refused(String),
    /// Too few answered in time.
    #[error("only {confirmed} of {wanted} nodes have confirmed it")]
    Unconfirmed {
        /// How many named the same batch.
        confirmed: usize,
        /// How many had to.
        wanted: usize,
    },
    /// No node is known.
    #[error("no node is known")]
    Nobody,
}

struct Request {
    bytes: Vec<u8>,
    /// Sent and not answered, with the time at which the wait ends.
    asked: BTreeMap<SiteKey, Time>,
    seen: BTreeSet<SiteKey>,
    active: BTreeSet<SiteKey>,
    confirmed: BTreeMap<SiteKey, u64>,
    refused: BTreeMap<SiteKey, String>,
    resends: u32,
}

/// A wallet's client.
pub struct Client {
    limits: Limits,
    requests: BTreeMap<RequestId, Request>,
    proven: BTreeMap<RequestId, Proof>,
    newest: u64,
    outputs: VecDeque<Output>,
}

impl Client {
    /// A client that has nothing to do.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let (requests, proven, outputs) = Default::default();
        Self { limits, requests, proven, newest: 0, outputs }
    }

    /// Tells the client what happened. The directory says whom to ask first, and learns who answers.
    pub fn handle(&mut self, input: Input, directory: &mut Directory, now: Time) {
        match input {
            Input::Submit(id, bytes) => self.submit(id, bytes, directory, now),
            Input::Confirmed { node, request, batch, active } => {
                self.confirmed(node, request, batch, active, directory, now);
            }
            Input::Refused { node, request, reason } => {
                if let Some(known) = self.requests.get_mut(&request)
                    && known.asked.remove(&node).is_some()
                {
                    known.refused.insert(node, reason);
                    self.go_on(&request, directory, now);
                }
            }
            Input::Closed(batch, included) => self.closed(batch, &included),
            Input::Dropped(request) => {
                self.requests.remove(&request);
                self.outputs.retain(|output| !matches!(output, Output::Send(_, id, _) if *id == request));
            }
            Input::Lost(node) => self.silent(directory, now, |asked, _| *asked == node),
            Input::Tick => self.silent(directory, now, |_, until| until <= now),
        }
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with a tick; none while nothing waits.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        self.requests.values().flat_map(|request| request.asked.values()).min().copied()
    }

    fn submit(&mut self, id: RequestId, bytes: Vec<u8>, directory: &mut Directory, now: Time) {
        // Handing the same fact in twice is one request.
        if self.requests.contains_key(&id) || self.proven.contains_key(&id) {
            return;
        }
        if self.requests.len() >= self.limits.requests {
            return self.outputs.push_back(Output::Full(id));
        }
        let request = Request {
            bytes,
            asked: BTreeMap::new(),
            seen: BTreeSet::new(),
            active: BTreeSet::new(),
            confirmed: BTreeMap::new(),
            refused: BTreeMap::new(),
            resends: 0,
        };
        self.requests.insert(id, request);
        self.go_on(&id, directory, now);
    }

    fn confirmed(
        &mut self,
        node: SiteKey,
        id: RequestId,
        batch: u64,
        active: Vec<SiteKey>,
        directory: &mut Directory,
        now: Time,
    ) {
        let Some(request) = self.requests.get_mut(&id) else { return };
        // Only whoever was asked has a say, once; later than its wait counts as well as in time.
        if !request.seen.contains(&node) || request.confirmed.contains_key(&node) {
            return;
        }
        if let Some(until) = request.asked.remove(&node) {
            let took = self.limits.wait.saturating_sub(until.since(now));
            directory.answered(&node, u32::try_from(took).unwrap_or(u32::MAX));
        }
        request.active.extend(active.into_iter().take(64));
        request.confirmed.insert(node, batch);
        self.newest = self.newest.max(batch);
        self.go_on(&id, directory, now);
    }

    /// Some of those who were asked will not answer any more.
    fn silent(&mut self, directory: &mut Directory, now: Time, is_silent: impl Fn(&SiteKey, Time) -> bool) {
        let ids: Vec<RequestId> = self.requests.keys().copied().collect();
        for id in ids {
            let Some(request) = self.requests.get_mut(&id) else { continue };
            let silent: Vec<SiteKey> = request
                .asked
                .iter()
                .filter(|(node, until)| is_silent(node, **until))
                .map(|it| *it.0)
                .collect();
            for node in &silent {
                request.asked.remove(node);
                directory.failed(node);
            }
            if !silent.is_empty() {
                self.go_on(&id, directory, now);
            }
        }
    }

    /// Asks whoever is still missing, or ends the request.
    fn go_on(&mut self, id: &RequestId, directory: &Directory, now: Time) {
        let (limits, oldest) = (self.limits, self.newest.saturating_sub(self.limits.open.saturating_sub(1)));
        let Some(request) = self.requests.get_mut(id) else { return };
        let best = request.best(oldest);
        if let Some((batch, nodes)) = &best
            && nodes.len() >= limits.confirmations
        {
            let proof = Proof { batch: *batch, nodes: nodes.clone() };
            self.outputs.push_back(Output::Proven(*id, proof.clone()));
            self.proven.insert(*id, proof);
            self.requests.remove(id);
            return;
        }
        let have = best.map_or(0, |(_, nodes)| nodes.len());
        let missing = limits.confirmations.saturating_sub(have);
        let first = request.seen.is_empty();
        while request.asked.len() < if first { 1 } else { missing } {
            let Some((node, again)) = request.next(directory) else { break };
            // What an active node has not seen is its first sending; anything after silence is a resend.
            if again || (!first && !request.active.contains(&node)) {
                if request.resends >= limits.resends {
                    break;
                }
                request.resends = request.resends.saturating_add(1);
            }
            request.seen.insert(node);
            request.asked.insert(node, now.after(limits.wait));
            self.outputs.push_back(Output::Send(node, *id, request.bytes.clone()));
            if first {
                break;
            }
        }
        if request.asked.is_empty() {
            let reason = match request.refused.values().next() {
                Some(why) => Reason::Refused(why.clone()),
                None if request.seen.is_empty() => Reason::Nobody,
                None => Reason::Unconfirmed { confirmed: have, wanted: limits.confirmations },
            };
            self.outputs.push_back(Output::GivenUp(*id, reason));
            self.requests.remove(id);
        }
    }

    fn closed(&mut self, batch: u64, included: &BTreeSet<RequestId>) {
        self.newest = self.newest.max(batch.saturating_add(1));
        self.proven.retain(|id, _| !included.contains(id));
        let overdue = |proof: &Proof| proof.batch.saturating_add(self.limits.inclusion) <= batch;
        for (id, proof) in self.proven.iter().filter(|(_, proof)| overdue(proof)) {
            self.outputs.extend(proof.nodes.iter().map(|node| Output::BrokenPromise(*node, *id)));
        }
        self.proven.retain(|_, proof| proof.batch.saturating_add(self.limits.inclusion) > batch);
    }
}

impl Request {
    /// The open batch that most have named, and who.
    fn best(&self, oldest: u64) -> Option<(u64, BTreeSet<SiteKey>)> {
        let mut batches: BTreeMap<u64, BTreeSet<SiteKey>> = BTreeMap::new();
        for (node, batch) in self.confirmed.iter().filter(|(_, batch)| **batch >= oldest) {
            batches.entry(*batch).or_default().insert(*node);
        }
        batches.into_iter().max_by_key(|(_, nodes)| nodes.len())
    }

    /// Whom to ask next: an active node that was not asked, then the best of the directory, then one that was silent, again.
    fn next(&self, directory: &Directory) -> Option<(SiteKey, bool)> {
        let unseen = |node: &&SiteKey| !self.seen.contains(*node);
        let known = directory.by_merit();
        let by_merit = || known.iter().map(|node| &node.key);
        let active = by_merit().filter(|node| self.active.contains(*node)).chain(&self.active).find(unseen);
        if let Some(node) = active.or_else(|| by_merit().find(unseen)) {
            return Some((*node, false));
        }
        let silent = |node: &&SiteKey| {
            !self.asked.contains_key(*node)
                && !self.confirmed.contains_key(*node)
                && !self.refused.contains_key(*node)
        };
        by_merit().chain(&self.active).find(silent).map(|node| (*node, true))
    }
}
