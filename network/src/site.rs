//! A site behind its driver: the node, the tickets that were used, and where other sites are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hazel_core::key::{PublicKey, SecretKey};
use hazel_core::tally::{Date, Side, TallyId};
use serde_json::Value;

use crate::driver::{Batch, Broken, Caller, Event, Host, Journal, Level, Outgoing};
use crate::letter::Correspondent;
use crate::node::{self, Input, Node, Output};
use crate::peer::{SiteKey, Token, dialog_key};
use crate::store::{SiteStore, UsedTickets};
use crate::ticket::check;

/// A site.
pub struct Site<S> {
    node: Node<S>,
    key: SecretKey,
    used: UsedTickets,
    neighbours: BTreeMap<SiteKey, String>,
    callers: BTreeMap<[u8; 32], SiteKey>,
    journal: Journal,
}

/// Files and places of a site.
pub struct Surroundings {
    /// Where used tickets are remembered.
    pub used_tickets: PathBuf,
    /// Where other sites listen.
    pub neighbours: BTreeMap<SiteKey, String>,
    /// Where it tells what happened.
    pub journal: Journal,
}

impl<S: SiteStore + 'static> Site<S> {
    /// A site with this node.
    pub fn new(node: Node<S>, key: SecretKey, around: Surroundings, now: Date) -> Result<Self, Broken> {
        let used = UsedTickets::open(&around.used_tickets, now)
            .map_err(|error| broken(&around.used_tickets, &error))?;
        let callers =
            around.neighbours.keys().filter_map(|site| dialog_key(site).map(|key| (key.0, *site))).collect();
        Ok(Self { node, key, used, neighbours: around.neighbours, callers, journal: around.journal })
    }

    fn redeem(&mut self, caller: &Caller, token: &Token, now: Date) -> Option<Correspondent> {
        let user = caller.claim.key.0;
        let refused = |why: String| self.journal.tell(Level::Info, "ticket_refused", &[("why", why.into())]);
        let ticket = match check(&self.key, token, caller.from.ip(), now) {
            Ok(ticket) => ticket,
            Err(stale) => {
                refused(stale.to_string());
                return None;
            }
        };
        match self.used.user(&ticket.id) {
            Some(before) if before != user => {
                refused("it was used already".into());
                return None;
            }
            Some(_) => {}
            // The ticket is used up before its user exists: a crash between the two costs one more call by the same wallet.
            None => self.used.put(ticket.id, user, ticket.expires).ok()?,
        }
        if !self.node.is_user(&user).ok()? {
            self.node.link_user(user, &ticket.name(), now).ok()?;
            self.journal.tell(Level::Info, "user_linked", &[("ticket", ticket.name().into())]);
        }
        Some(Correspondent::User(user))
    }

    fn told(&self, event: &node::Event, batch: &mut Batch) {
        let about = |tally: &TallyId, side: Side| {
            [("tally", tally.to_string()), ("half", side.to_string())]
                .map(|(name, it)| (name, Value::from(it)))
        };
        match event {
            node::Event::Hosted(tally, side) => {
                self.journal.tell(Level::Info, "half_hosted", &about(tally, *side));
            }
            node::Event::Chits(_, _, count) => batch.chits = batch.chits.saturating_add(*count),
            node::Event::Final(tally, side, index) => {
                batch.finals = batch.finals.saturating_add(1);
                let [tally, half] = about(tally, *side);
                self.journal.tell(Level::Debug, "final", &[tally, half, ("index", (*index).into())]);
            }
            node::Event::Refused { code, .. } => {
                batch.refused = batch.refused.saturating_add(1);
                self.journal.tell(Level::Info, "refused", &[("code", (*code).into())]);
            }
            node::Event::Errand(node::Errand::Kept) => {
                batch.errands.kept = batch.errands.kept.saturating_add(1)
            }
            node::Event::Errand(node::Errand::NoRoom) => {
                batch.errands.no_room = batch.errands.no_room.saturating_add(1)
            }
            node::Event::Errand(node::Errand::Delivered) => {
                batch.errands.delivered = batch.errands.delivered.saturating_add(1);
            }
            node::Event::Forked(tally, side) => {
                self.journal.tell(Level::Warn, "fork", &about(tally, *side));
            }
            node::Event::Failed(_) => {}
        }
    }
}

fn broken(path: &Path, error: &std::io::Error) -> Broken {
    Broken(format!("{}: {error}", path.display()))
}

impl<S: SiteStore + 'static> Host for Site<S> {
    fn welcome(&mut self, caller: &Caller, now: Date) -> Option<Correspondent> {
        let key = caller.claim.key.0;
        match &caller.claim.token {
            Some(token) => self.redeem(caller, token, now),
            None => match self.callers.get(&key) {
                Some(site) => Some(Correspondent::Site(*site)),
                None => self.node.is_user(&key).ok()?.then_some(Correspondent::User(key)),
            },
        }
    }

    fn batch(&mut self, events: Vec<Event>, now: u64) -> Result<Batch, Broken> {
        let inputs = events.into_iter().map(|event| match event {
            Event::Opened(who) => Input::Opened(who),
            Event::Letter(from, bytes) => Input::Letter { from, bytes },
            Event::Tick => Input::Tick,
        });
        let mut batch = Batch::default();
        let mut failed = None;
        for output in self.node.batch(inputs.collect(), now) {
            match output {
                Output::Letter { to, bytes } => batch.letters.push(Outgoing { to, bytes }),
                Output::Event(node::Event::Failed(error)) => failed = Some(Broken(error.to_string())),
                Output::Event(event) => self.told(&event, &mut batch),
                // The driver's tick comes every second.
                Output::Deadline(_) => {}
            }
        }
        failed.map_or(Ok(batch), Err)
    }

    fn place(&self, site: &PublicKey) -> Option<String> {
        self.neighbours.get(site).cloned()
    }
}
