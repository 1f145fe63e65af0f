//! Sites in the world: the real node on a store in files, killed, and going on from older copies.

use std::path::{Path, PathBuf};

use hazel_core::key::{PublicKey, SecretKey};
use hazel_network::letter::Correspondent;
use hazel_network::node::{Input, Node};
use hazel_network::store::SqliteStore;

use super::air::outcome;
use super::{NOTHING, Verdict, World};
use crate::model::Broken;

type Outcome = Result<&'static str, Broken>;

/// Somebody's site.
pub(super) struct Site {
    pub(super) person: usize,
    pub(super) key: SecretKey,
    node: Option<Node<SqliteStore>>,
    path: PathBuf,
    copies: Vec<PathBuf>,
}

pub(super) fn failed(error: impl std::fmt::Display) -> Broken {
    Broken::new(0, format!("a site: {error}"))
}

impl World {
    /// Opens a site for somebody.
    pub(super) fn open_site(&mut self, person: usize) {
        let mut seed = [0; 32];
        hazel_core::key::Entropy::fill(&mut *self.entropy(), &mut seed);
        let path = self.folder.path().join(format!("site-{person}.db"));
        let site = Site { person, key: SecretKey::from_seed(&seed), node: None, path, copies: Vec::new() };
        self.sites.push(site);
        self.start_site(self.sites.len() - 1).expect("a new site");
    }

    fn start_site(&mut self, site: usize) -> Verdict {
        let entropy = self.entropy();
        let it = &mut self.sites[site];
        it.node = None;
        let store = SqliteStore::open_one(&it.path).map_err(failed)?;
        it.node = Some(Node::open(store, it.key.clone(), entropy).map_err(failed)?);
        Ok(())
    }

    /// Everybody who has a site lets it speak for all their halves, and the partners are told: a phone that was lost before anybody heard of
    /// it would come back as its own node beside a site.
    pub(crate) fn move_in(&mut self) -> Verdict {
        for pact in 0..self.pacts.len() {
            for person in self.pacts[pact].people {
                let Some(site) = self.site_of(person) else { continue };
                let (phone, id) = (self.phones_of(person)[0], self.pacts[pact].id);
                outcome(self.phones[phone].wallet.host_at(&id, &self.sites[site].key.public()))?;
                self.check(phone)?;
            }
            if self.is_hosted(pact) {
                let [stock, foil] = self.pacts[pact].people.map(|person| self.phones_of(person)[0]);
                self.meet(stock, foil, pact)?;
            }
        }
        Ok(())
    }

    pub(super) fn site_of(&self, person: usize) -> Option<usize> {
        self.sites.iter().position(|site| site.person == person)
    }

    /// Whether this is the site of somebody who does not lie. It never does, whatever its users' partners do.
    pub(super) fn is_honest_site(&self, key: &PublicKey) -> bool {
        self.sites.iter().any(|site| site.key.public() == *key && !self.people[site.person].liar)
    }

    /// Whether a site speaks for one of the two halves.
    pub(super) fn is_hosted(&self, pact: usize) -> bool {
        self.pacts[pact].people.iter().any(|person| self.site_of(*person).is_some())
    }

    /// A site's process is killed; what it had committed is there when it starts again.
    pub(super) fn kill_site(&mut self, site: u8) -> Outcome {
        let Some(site) = self.any_site(site) else { return Ok(NOTHING) };
        self.start_site(site)?;
        self.fault("site: killed");
        self.wake(site)?;
        Ok("done")
    }

    /// A copy of a site's database, as its operator makes them.
    pub(super) fn keep_site(&mut self, site: u8) -> Outcome {
        let Some(site) = self.any_site(site) else { return Ok(NOTHING) };
        self.serial += 1;
        let path = self.folder.path().join(format!("site-copy-{}.db", self.serial));
        self.node(site).store().copy_to(0, &path).map_err(failed)?;
        self.sites[site].copies.push(path);
        Ok("done")
    }

    /// A site is lost and goes on from an older copy. Only where nobody else has forgotten anything: those who have not tell it again.
    pub(super) fn restore_site(&mut self, pick: u8) -> Outcome {
        let copies = self
            .sites
            .iter()
            .enumerate()
            .flat_map(|(at, site)| site.copies.iter().map(move |it| (at, it.clone())));
        let copies: Vec<_> = copies.collect();
        if copies.is_empty() || self.site_restored || !self.restored.is_empty() {
            return Ok(NOTHING);
        }
        let (site, copy) = copies[usize::from(pick) % copies.len()].clone();
        self.sites[site].node = None;
        self.serial += 1;
        let path = self.folder.path().join(format!("site-again-{}.db", self.serial));
        copied(&copy, &path)?;
        self.sites[site].path = path;
        self.start_site(site)?;
        self.site_restored = true;
        self.fault("site: restored");
        self.wake(site)?;
        Ok("done")
    }

    /// Channels to a site are open again, and whatever it wanted to ask is due.
    pub(super) fn wake(&mut self, site: usize) -> Verdict {
        self.feed(site, Input::Tick)?;
        for other in 0..self.sites.len() {
            if other != site {
                let keys = [site, other].map(|at| Correspondent::Site(self.sites[at].key.public()));
                self.feed(site, Input::Opened(keys[1]))?;
                self.feed(other, Input::Opened(keys[0]))?;
            }
        }
        Ok(())
    }

    fn any_site(&self, number: u8) -> Option<usize> {
        usize::from(number).checked_rem(self.sites.len())
    }

    pub(super) fn node(&mut self, site: usize) -> &mut Node<SqliteStore> {
        self.sites[site].node.as_mut().expect("a site that was started")
    }
}

fn copied(from: &Path, to: &Path) -> Verdict {
    std::fs::copy(from, to)
        .map(|_| ())
        .map_err(|error| Broken::new(0, format!("a file of the world: {error}")))
}
