//! A site in memory: the real node, and the real dialog at the other end of a stream that breaks when it is told to.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hazel_core::digest::Digest;
use hazel_core::key::{Entropy, SecretKey};
use hazel_core::units::Units;
use hazel_ffi::{HazelError, Homeward, Trouble, Uplink};
use hazel_network::driver::SystemTime;
use hazel_network::letter::Correspondent;
use hazel_network::node::{Input as Told, Node, Output as Wish};
use hazel_network::peer::{Claim, Dialog, Input, Output, Patience, dialog_secret};
use hazel_network::store::SqliteStore;
use hazel_network::ticket::{Invitation, SiteTicket, TicketId, agent_of, check};
use hazel_sync::Time;

/// How long a piece of the stream takes, in milliseconds.
const PIECE: u64 = 20;
/// Bytes of a piece.
const PIECE_BYTES: usize = 1_400;

/// How a visit to the site went.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Visit {
    /// Whether the site let the wallet in.
    pub opened: bool,
    /// Tallies with something that is not final yet, if the visit came to its end.
    pub pending: Option<u64>,
    /// Why it ended early, if it did.
    pub trouble: Option<Trouble>,
    /// Payments that came from the partners, in thousandths.
    pub payments: Vec<i64>,
    /// What the site did not let in, by the names of why.
    pub declined: Vec<String>,
    /// Bytes that went either way.
    pub bytes: u64,
}

/// A site, and a stream to it.
#[derive(uniffi::Object)]
pub struct SimulatedSite {
    key: SecretKey,
    inner: Mutex<Inner>,
}

struct Inner {
    node: Node<SqliteStore>,
    seed: Seeded,
    now: u64,
}

#[uniffi::export]
impl SimulatedSite {
    /// A site that knows nobody.
    #[uniffi::constructor]
    pub fn new(seed: u64) -> Result<std::sync::Arc<Self>, HazelError> {
        let digest = Digest::of(&seed.to_be_bytes());
        let key = SecretKey::from_seed(&digest.0);
        let store = SqliteStore::in_memory(1)?;
        let node = Node::open(store, key.clone(), Box::new(Seeded(digest)))?;
        let inner = Inner { node, seed: Seeded(Digest::of(&digest.0)), now: 0 };
        Ok(std::sync::Arc::new(Self { key, inner: Mutex::new(inner) }))
    }

    /// The site's name, for `host_at`.
    pub fn name(&self) -> Result<String, HazelError> {
        Ok(agent_of(&self.key.public()))
    }

    /// A ticket, good once.
    pub fn ticket(&self) -> Result<String, HazelError> {
        let mut id = [0; 8];
        self.inner().seed.fill(&mut id);
        let expires = SystemTime::date().saturating_add(3_600);
        let it = Invitation { name: "user", host: "site.example", port: 7878, expires, only_from: None };
        let ticket = SiteTicket::issue(&self.key, TicketId(id), &it);
        ticket.map(|ticket| ticket.to_string()).map_err(|_| defect("the ticket cannot be written"))
    }

    /// The time by the lab's clock: what an uplink is told when it is made.
    pub fn now(&self) -> Result<u64, HazelError> {
        Ok(self.inner().now)
    }

    /// A wallet goes home. The stream breaks after so many bytes, if it is to break.
    pub fn visit(&self, uplink: &Uplink, cut_after: Option<u64>) -> Result<Visit, HazelError> {
        let mut inner = self.inner();
        let ephemeral = inner.seed.bytes();
        let now = Time(inner.now);
        let dialog = Dialog::wait(dialog_secret(&self.key), ephemeral, Patience::default(), now);
        let visit = Visit {
            opened: false,
            pending: None,
            trouble: None,
            payments: Vec::new(),
            declined: Vec::new(),
            bytes: 0,
        };
        let mut stream = Stream {
            key: &self.key,
            inner: &mut inner,
            dialog,
            who: None,
            visit,
            to_site: Vec::new(),
            to_wallet: Vec::new(),
            unsent: VecDeque::new(),
            hung_up: false,
        };
        stream.run(uplink, cut_after.unwrap_or(u64::MAX))?;
        Ok(stream.visit)
    }
}

impl SimulatedSite {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One stream, and what is on its way.
struct Stream<'s> {
    key: &'s SecretKey,
    inner: &'s mut Inner,
    dialog: Dialog,
    who: Option<Correspondent>,
    visit: Visit,
    to_site: Vec<u8>,
    to_wallet: Vec<u8>,
    /// Letters that the site's dialog has not taken yet.
    unsent: VecDeque<Vec<u8>>,
    hung_up: bool,
}

impl Stream<'_> {
    fn run(&mut self, uplink: &Uplink, cut_after: u64) -> Result<(), HazelError> {
        let mut wake = self.wallet(uplink.connected(self.inner.now)?);
        while let Some(at) = wake {
            if self.visit.bytes >= cut_after {
                self.wallet(uplink.gone(self.inner.now)?);
                return Ok(());
            }
            if !self.to_site.is_empty() {
                self.inner.now = self.inner.now.saturating_add(PIECE);
                let piece = piece(&mut self.to_site);
                self.site(&piece)?;
            } else if !self.to_wallet.is_empty() {
                self.inner.now = self.inner.now.saturating_add(PIECE);
                let piece = piece(&mut self.to_wallet);
                wake = self.wallet(uplink.bytes(piece, self.inner.now)?);
            } else if self.hung_up {
                wake = self.wallet(uplink.gone(self.inner.now)?);
            } else {
                self.inner.now = self.inner.now.max(at);
                wake = self.wallet(uplink.tick(self.inner.now)?);
            }
        }
        Ok(())
    }

    /// Carries out what the wallet wants; when it wants to be woken, if it goes on.
    fn wallet(&mut self, acts: Vec<Homeward>) -> Option<u64> {
        let mut wake = None;
        for act in acts {
            match act {
                Homeward::Write { bytes } => {
                    self.visit.bytes = self.visit.bytes.saturating_add(size(&bytes));
                    self.to_site.extend(bytes);
                }
                Homeward::Opened => self.visit.opened = true,
                Homeward::News { tidings } => {
                    self.visit.payments.extend(tidings.payments.into_iter().map(Units::milli));
                }
                Homeward::Declined { code, .. } => self.visit.declined.push(code),
                Homeward::WakeAt { at } => wake = Some(at),
                Homeward::Ended { pending, trouble } => {
                    self.visit.pending = trouble.is_none().then(|| wide(pending));
                    self.visit.trouble = trouble;
                }
            }
        }
        wake
    }

    fn site(&mut self, bytes: &[u8]) -> Result<(), HazelError> {
        let now = Time(self.inner.now);
        self.dialog.handle(Input::Bytes(bytes), now);
        loop {
            while let Some(output) = self.dialog.poll() {
                match output {
                    Output::Write(bytes) => {
                        self.visit.bytes = self.visit.bytes.saturating_add(size(&bytes));
                        self.to_wallet.extend(bytes);
                    }
                    Output::Who(claim) => {
                        self.who = self.welcome(&claim)?;
                        self.dialog.handle(Input::Answer(self.who.is_some()), now);
                    }
                    Output::Letter(bytes) => self.answer(bytes),
                    Output::End(_) => self.hung_up = true,
                    Output::Open(_) => {}
                }
            }
            if !self.dialog.takes() {
                return Ok(());
            }
            let Some(letter) = self.unsent.pop_front() else { return Ok(()) };
            self.dialog.handle(Input::Send(letter), now);
        }
    }

    /// Hands the node a letter, and keeps what it has to say to this wallet. What is for others is dropped: it is told again.
    fn answer(&mut self, bytes: Vec<u8>) {
        let Some(from) = self.who else { return };
        for wish in self.inner.node.batch(vec![Told::Letter { from, bytes }], self.inner.now) {
            if let Wish::Letter { to, bytes } = wish
                && to == from
            {
                self.unsent.push_back(bytes);
            }
        }
    }

    fn welcome(&mut self, claim: &Claim) -> Result<Option<Correspondent>, HazelError> {
        let user = claim.key.0;
        if let Some(token) = &claim.token {
            let from = std::net::IpAddr::from([127, 0, 0, 1]);
            let Ok(good) = check(self.key, token, from, SystemTime::date()) else { return Ok(None) };
            self.inner.node.link_user(user, &good.name(), SystemTime::date())?;
        }
        Ok(self.inner.node.is_user(&user)?.then_some(Correspondent::User(user)))
    }
}

fn piece(from: &mut Vec<u8>) -> Vec<u8> {
    let most = from.len().min(PIECE_BYTES);
    from.drain(..most).collect()
}

fn size(bytes: &[u8]) -> u64 {
    wide(bytes.len())
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn defect(detail: &str) -> HazelError {
    let trouble = Trouble {
        code: "defect".into(),
        culprit: hazel_ffi::Culprit::Us,
        arguments: Vec::new(),
        detail: detail.into(),
    };
    HazelError::Defect { trouble }
}

/// Bytes that follow from a seed: the lab's site is the same every time.
struct Seeded(Digest);

impl Seeded {
    fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            self.0 = Digest::of(&self.0.0);
            for (to, from) in part.iter_mut().zip(self.0.0) {
                *to = from;
            }
        }
    }
}
