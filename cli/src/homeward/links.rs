//! The sites that know this wallet: where they are, how well they answer, and the list of nodes that says where they have moved to.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use hazel_core::key::Entropy as _;
use hazel_core::tally::TallyId;
use hazel_network::directory::{DIRECTORY_MAX, Directory, KnownNode, Medium};
use hazel_network::driver::Channel;
use hazel_network::peer::SiteKey;
use hazel_network::ticket::{SiteTicket, agent_of, site_of};
use hazel_sync::SecretKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::lost;
use crate::edge::SystemEntropy;
use crate::guard;
use crate::home::Home;
use crate::parcel::replace;
use crate::trouble::{Exit, Trouble, sentence};

/// How long a person waits for a site that may have more to say.
const QUIET: Duration = Duration::from_millis(700);
/// What is taken for granted of a site that was never called: half a second, and that it mostly answers.
const UNKNOWN: (u32, u32) = (500, 900);

/// A wallet's link to a site.
pub(crate) struct Link {
    pub(super) home: Home,
    pub(crate) site: SiteKey,
    /// `host:port`.
    pub(crate) place: String,
    pub(super) key: SecretKey,
    pub(super) claimed: BTreeSet<TallyId>,
    /// Milliseconds until it answers, and how many of a thousand attempts go well.
    pub(super) merit: (u32, u32),
    /// Silence after which the site has said what it has to say.
    pub(crate) quiet: Duration,
}

/// `link.json`.
#[derive(Default, Serialize, Deserialize)]
struct Written {
    sites: Vec<WrittenLink>,
    /// Who signs the list of nodes.
    #[serde(default)]
    list_by: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenLink {
    site: String,
    at: String,
    claimed: Vec<String>,
    latency_ms: u32,
    reliability: u32,
}

fn link_file(home: &Home) -> PathBuf {
    home.folder().join("link.json")
}

fn list_file(home: &Home) -> PathBuf {
    home.folder().join("nodes.toml")
}

fn written(home: &Home) -> Result<Written, Trouble> {
    let path = link_file(home);
    if !path.exists() {
        return Ok(Written::default());
    }
    let text = std::fs::read(&path).map_err(|error| Trouble::file(&path, &error))?;
    serde_json::from_slice(&text).map_err(|_| damaged(home))
}

fn damaged(home: &Home) -> Trouble {
    Trouble::new(Exit::Damaged, "corrupt", format!("{} cannot be read.", link_file(home).display()))
        .advise("Take it away and link again with a new ticket; nothing is lost.")
}

fn write(home: &Home, written: &Written) -> Result<(), Trouble> {
    let text = serde_json::to_vec(written).map_err(|_| damaged(home))?;
    replace(&link_file(home), &text)
}

impl Link {
    /// The key by which this device is known at sites: made once.
    fn own_key(home: &Home) -> Result<SecretKey, Trouble> {
        let path = home.folder().join("link.key");
        if !path.exists() {
            let mut bytes = Zeroizing::new([0; 32]);
            SystemEntropy.fill(&mut *bytes);
            guard::write_key(&path, &bytes)?;
        }
        Ok(SecretKey::new(*guard::read_key(&path)?))
    }

    /// Redeems a ticket. The link is written down when the site has let this wallet in.
    pub(crate) fn by_ticket(
        home: &Home,
        ticket: &SiteTicket,
        within: Duration,
    ) -> Result<(Self, Channel), Trouble> {
        let key = Self::own_key(home)?;
        let channel = Channel::redeem(ticket, &key, within).map_err(|error| lost(&error))?;
        let no_site = || Trouble::usage("The ticket names no site.");
        let site = ticket.site().ok_or_else(no_site)?;
        let (host, port) = ticket.address.endpoint().ok_or_else(no_site)?;
        let place = format!("{host}:{port}");
        let claimed = BTreeSet::new();
        let link = Self { home: home.clone(), site, place, key, claimed, merit: UNKNOWN, quiet: QUIET };
        link.write()?;
        Ok((link, channel))
    }

    /// The links that were made, the best site first.
    pub(crate) fn all(home: &Home) -> Result<Vec<Self>, Trouble> {
        let mut links = Vec::new();
        for it in written(home)?.sites {
            let site = site_of(&it.site).ok_or_else(|| damaged(home))?;
            let claimed: Option<_> = it.claimed.iter().map(|tally| tally.parse().ok()).collect();
            links.push(Self {
                home: home.clone(),
                site,
                place: it.at,
                key: Self::own_key(home)?,
                claimed: claimed.ok_or_else(|| damaged(home))?,
                merit: (it.latency_ms, it.reliability),
                quiet: QUIET,
            });
        }
        if links.is_empty() {
            return Err(Trouble::new(Exit::Refused, "no_link", "This wallet has no site.")
                .advise("“hazel link TICKET” makes one yours; whoever runs a site makes tickets."));
        }
        let directory = directory(home, &links)?;
        let rank = |link: &Self| directory.by_merit().iter().position(|node| node.key == link.site);
        links.sort_by_key(rank);
        Ok(links)
    }

    pub(super) fn write(&self) -> Result<(), Trouble> {
        let mut all = written(&self.home)?;
        let site = agent_of(&self.site);
        all.sites.retain(|it| it.site != site);
        all.sites.push(WrittenLink {
            site,
            at: self.place.clone(),
            claimed: self.claimed.iter().map(ToString::to_string).collect(),
            latency_ms: self.merit.0,
            reliability: self.merit.1,
        });
        write(&self.home, &all)
    }

    /// This site among the nodes that are known, as it was observed.
    fn node(&self) -> KnownNode {
        KnownNode {
            alias: self.place.clone(),
            key: self.site,
            medium: Medium::Tcp,
            routing: self.place.clone(),
            latency: self.merit.0,
            reliability: self.merit.1,
        }
    }

    /// Where to look for the site: where it was found last, then where the list says that it is.
    pub(super) fn places(&self) -> Result<Vec<String>, Trouble> {
        let listed = listed(&self.home)?.and_then(|list| list.node(&self.site).map(|it| it.routing.clone()));
        let elsewhere = listed.filter(|place| *place != self.place);
        Ok([Some(self.place.clone()), elsewhere].into_iter().flatten().collect())
    }

    /// What this wallet knows of this site alone.
    pub(super) fn directory(&self) -> Directory {
        let mut directory = Directory::new(0);
        directory.learn(self.node());
        directory
    }
}

/// The list of nodes that was taken in, if there is one.
pub(crate) fn listed(home: &Home) -> Result<Option<Directory>, Trouble> {
    let (Some(by), path) = (written(home)?.list_by, list_file(home)) else { return Ok(None) };
    let by = site_of(&by).ok_or_else(|| damaged(home))?;
    let text = std::fs::read_to_string(&path).map_err(|error| Trouble::file(&path, &error))?;
    Directory::read(&text, &by).map(Some).map_err(|error| unusable(&error.to_string()))
}

fn unusable(why: &str) -> Trouble {
    Trouble::new(Exit::Refused, "nodes", sentence(why))
        .advise("Get the list again from whoever publishes it, and give the publisher's key with --by.")
}

/// All nodes this wallet knows: those of the list, and its own sites as they were observed.
pub(crate) fn directory(home: &Home, links: &[Link]) -> Result<Directory, Trouble> {
    let mut directory = listed(home)?.unwrap_or_else(|| Directory::new(0));
    for link in links {
        let routing = directory.node(&link.site).map(|node| node.routing.clone());
        let node = link.node();
        directory.learn(KnownNode { routing: routing.unwrap_or_else(|| node.routing.clone()), ..node });
    }
    Ok(directory)
}

/// Takes in a signed list of nodes. A list that is older than the one in use is refused.
pub(crate) fn take_list(home: &Home, text: &str, by: &SiteKey) -> Result<Directory, Trouble> {
    if text.len() > DIRECTORY_MAX {
        return Err(unusable("the list of nodes is too long"));
    }
    let fresh = Directory::read(text, by).map_err(|error| unusable(&error.to_string()))?;
    if let Some(mut known) = listed(home)? {
        known.renew(fresh.clone()).map_err(|error| unusable(&error.to_string()))?;
    }
    replace(&list_file(home), text.as_bytes())?;
    let mut all = written(home)?;
    all.list_by = Some(agent_of(by));
    write(home, &all)?;
    Ok(fresh)
}
