//! One visit to a site: the talk, what must be confirmed in it, and coming back when the channel broke.

use std::collections::BTreeSet;
use std::time::Duration;

use hazel_core::digest::Digest;
use hazel_core::key::Entropy as _;
use hazel_core::tally::TallyId;
use hazel_core::wallet::Wallet;
use hazel_network::backoff::Backoff;
use hazel_network::client::{Client, Input, Limits, Output, Reason, RequestId};
use hazel_network::directory::Directory;
use hazel_network::driver::{CallError, Channel};
use hazel_network::uplink::{Heard, Talk, UplinkError};
use hazel_sync::Time;

use super::links::Link;
use super::lost;
use super::proofs::{Kept, keep};
use crate::edge::{Stopwatch, SystemEntropy};
use crate::trouble::{Exit, Trouble, sentence};

/// How long one place is tried.
const CONNECT: Duration = Duration::from_secs(10);

/// When what happened, counted from the beginning of the visit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks {
    /// The channel was open.
    pub(crate) opened: Duration,
    /// Everything was said.
    pub(crate) said: Duration,
    /// The site's first letter was here.
    pub(crate) heard: Duration,
    /// Nothing more was to be expected.
    pub(crate) done: Duration,
}

/// What came of a visit.
pub(crate) struct Report {
    /// Of the last channel.
    pub(crate) marks: Marks,
    pub(crate) heard: Heard,
    /// Tallies with something that is not final yet.
    pub(crate) pending: usize,
    /// Channels it took.
    pub(crate) channels: usize,
    /// What the site has signed to have now.
    pub(crate) proofs: Vec<(TallyId, Kept)>,
    /// What it has not confirmed, and why.
    pub(crate) unconfirmed: Vec<(TallyId, Reason)>,
}

/// Why a talk ended early.
enum Broken {
    Channel(CallError),
    Wallet(Trouble),
}

impl From<CallError> for Broken {
    fn from(error: CallError) -> Self {
        Self::Channel(error)
    }
}

impl From<Trouble> for Broken {
    fn from(trouble: Trouble) -> Self {
        Self::Wallet(trouble)
    }
}

/// A visit under way.
struct Visit<'l> {
    link: &'l mut Link,
    client: Client,
    directory: Directory,
    watch: Stopwatch,
    within: Duration,
    /// What was handed to the client on the channel before.
    requests: BTreeSet<RequestId>,
    unconfirmed: Vec<(RequestId, Reason)>,
    marks: Marks,
}

impl Link {
    /// Tells the site everything that is not final and hears what it says, until there is nothing more to expect, or for so long.
    /// A channel that breaks is opened again, later each time.
    pub(crate) fn go_home(
        &mut self,
        wallet: &mut Wallet,
        first: Option<Channel>,
        within: Duration,
    ) -> Result<Report, Trouble> {
        let directory = self.directory();
        let mut visit = Visit {
            link: self,
            client: Client::new(Limits::one_site()),
            directory,
            watch: Stopwatch::start(),
            within,
            requests: BTreeSet::new(),
            unconfirmed: Vec::new(),
            marks: Marks::default(),
        };
        let done = visit.run(wallet, first);
        visit.note_merit()?;
        done
    }
}

impl Visit<'_> {
    fn run(&mut self, wallet: &mut Wallet, first: Option<Channel>) -> Result<Report, Trouble> {
        let (mut channel, mut channels) = (first, 0_usize);
        let mut backoff = Backoff::new(100, 5_000);
        loop {
            let opened = channel.take().map_or_else(|| self.open(), Ok);
            let done = opened.and_then(|mut open| {
                channels = channels.saturating_add(1);
                self.talk(wallet, &mut open)
            });
            let failed = match done {
                Ok((talk, pending)) => return self.report(talk, pending, channels),
                Err(Broken::Wallet(trouble)) => return Err(trouble),
                Err(Broken::Channel(error)) => error,
            };
            let (site, now) = (self.link.site, self.now());
            self.client.handle(Input::Lost(site), &mut self.directory, now);
            let wait = Duration::from_millis(backoff.failed(random()));
            let is_late = self.watch.passed().saturating_add(wait) >= self.within;
            if matches!(failed, CallError::Unwelcome) || is_late {
                return Err(lost(&failed));
            }
            std::thread::sleep(wait);
        }
    }

    fn now(&self) -> Time {
        Time(u64::try_from(self.watch.passed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Opens a channel where the site was found last, or where the list of nodes says that it is now.
    fn open(&mut self) -> Result<Channel, Broken> {
        let mut failed = CallError::Late;
        for place in self.link.places()? {
            let left = self.within.saturating_sub(self.watch.passed()).min(CONNECT);
            match Channel::call(&place, &self.link.site, &self.link.key, left) {
                Ok(channel) => {
                    self.link.place = place;
                    return Ok(channel);
                }
                Err(error) => failed = error,
            }
        }
        self.directory.failed(&self.link.site);
        Err(failed.into())
    }

    fn talk(&mut self, wallet: &mut Wallet, channel: &mut Channel) -> Result<(Talk, usize), Broken> {
        self.marks = Marks { opened: self.watch.passed(), ..Marks::default() };
        let user = self.link.key.public().0;
        let (mut talk, letters) =
            Talk::begin(wallet, self.link.site, user, &self.link.claimed).map_err(unheard)?;
        self.submit(&talk, letters, channel)?;
        self.marks.said = self.watch.passed();
        let (mut silent, mut confirmed) = (Stopwatch::start(), 0_usize);
        while self.watch.passed() < self.within {
            self.hear_from_client(&talk, &mut confirmed, channel)?;
            let said_all = talk.all_answered() && self.client.wake_at().is_none();
            if said_all && (self.is_home(&talk, wallet)? || silent.passed() >= self.link.quiet) {
                break;
            }
            let Some(letter) = channel.receive(Duration::from_millis(50))? else { continue };
            silent = Stopwatch::start();
            if self.marks.heard.is_zero() {
                self.marks.heard = self.watch.passed();
            }
            for answer in talk.hear(wallet, &letter).map_err(unheard)? {
                channel.send(answer)?;
            }
        }
        talk.settle_claims(&mut self.link.claimed);
        self.marks.done = self.watch.passed();
        let pending = talk.pending(wallet).map_err(Trouble::from)?;
        Ok((talk, pending))
    }

    fn is_home(&self, talk: &Talk, wallet: &mut Wallet) -> Result<bool, Broken> {
        Ok(talk.pending(wallet).map_err(Trouble::from)? == 0)
    }

    /// Sends the first letters. Those that bring chits are requests: the client sees to it that they are confirmed.
    fn submit(&mut self, talk: &Talk, letters: Vec<Vec<u8>>, channel: &mut Channel) -> Result<(), Broken> {
        let requests: BTreeSet<RequestId> = talk.requests().map(|(id, _)| *id).collect();
        let now = self.now();
        // What was said on a channel before, and is said in other words now, needs no answer any more.
        for gone in self.requests.difference(&requests) {
            self.client.handle(Input::Dropped(*gone), &mut self.directory, now);
        }
        for letter in letters {
            let id: RequestId = Digest::of(&letter).first();
            if requests.contains(&id) {
                self.client.handle(Input::Submit(id, letter), &mut self.directory, now);
                self.send_due(channel)?;
            } else {
                channel.send(letter)?;
            }
        }
        self.requests = requests;
        Ok(())
    }

    /// Tells the client what the site has confirmed or refused, and does what it wants.
    fn hear_from_client(
        &mut self,
        talk: &Talk,
        confirmed: &mut usize,
        channel: &mut Channel,
    ) -> Result<(), Broken> {
        let now = self.now();
        for proof in talk.heard.confirmed.iter().skip(*confirmed) {
            let it = &proof.submission;
            let (request, batch, active) = (it.request, it.batch, it.active.clone());
            let confirmed = Input::Confirmed { node: proof.site, request, batch, active };
            self.client.handle(confirmed, &mut self.directory, now);
        }
        *confirmed = talk.heard.confirmed.len();
        if talk.all_answered() {
            // The site has answered everything. What it refused and did not confirm, it will not.
            for (request, letter) in talk.requests() {
                let code = talk.heard.refused.iter().find(|(tally, _)| *tally == letter.tally);
                if let Some((_, code)) = code {
                    let (request, reason) = (*request, code.clone());
                    let refused = Input::Refused { node: self.link.site, request, reason };
                    self.client.handle(refused, &mut self.directory, now);
                }
            }
        }
        if self.client.wake_at().is_some_and(|at| at <= now) {
            self.client.handle(Input::Tick, &mut self.directory, now);
        }
        self.send_due(channel)
    }

    fn send_due(&mut self, channel: &mut Channel) -> Result<(), Broken> {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Send(_, _, bytes) => channel.send(bytes)?,
                Output::GivenUp(request, reason) => self.unconfirmed.push((request, reason)),
                // The talk holds the signed proof itself; with one site nothing else comes.
                Output::Proven(..) | Output::BrokenPromise(..) | Output::Full(_) => {}
            }
        }
        Ok(())
    }

    fn report(&mut self, talk: Talk, pending: usize, channels: usize) -> Result<Report, Trouble> {
        let tally_of = |request: &RequestId| {
            talk.requests().find(|(id, _)| *id == request).map(|(_, letter)| letter.tally)
        };
        let unconfirmed: Vec<_> = std::mem::take(&mut self.unconfirmed)
            .into_iter()
            .filter_map(|(request, reason)| Some((tally_of(&request)?, reason)))
            .collect();
        let proofs = keep(&self.link.home, &self.link.place, &talk.heard.confirmed)?;
        Ok(Report { marks: self.marks, heard: talk.heard, pending, channels, proofs, unconfirmed })
    }

    /// Writes down how well the site answered, and what it knows now.
    fn note_merit(&mut self) -> Result<(), Trouble> {
        if let Some(node) = self.directory.node(&self.link.site) {
            self.link.merit = (node.latency, node.reliability);
        }
        self.link.write()
    }
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes);
    u64::from_be_bytes(bytes)
}

fn unheard(error: UplinkError) -> Broken {
    Broken::Wallet(match error {
        UplinkError::Wallet(error) => error.into(),
        UplinkError::Malformed(_) => Trouble::new(Exit::Damaged, "letter", sentence(&error.to_string())),
    })
}
