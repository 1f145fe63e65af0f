//! Which links go over an L2CAP channel. Where one did not hold, the service is the way back.

use std::collections::{BTreeMap, BTreeSet};

use hazel_sync::STREAM_MTU;

use crate::Answer;
use crate::nearby::Nearby;

/// So many peers without a working channel are remembered. Phones change their addresses every quarter of an hour.
const REMEMBERED: usize = 256;

/// What is known of channels.
#[derive(Default)]
pub(crate) struct Channels {
    /// Links that go over one, and to whom.
    links: BTreeMap<u64, String>,
    /// Peers whose channel did not open, or broke before a meeting was over.
    given_up: BTreeSet<String>,
}

impl Channels {
    /// A link is gone; it `broke` if somebody had still something to say.
    pub(crate) fn down(&mut self, link: u64, broke: bool) {
        if let Some(peer) = self.links.remove(&link).filter(|_| broke) {
            self.give_up(peer);
        }
    }

    fn give_up(&mut self, peer: String) {
        if self.given_up.len() >= REMEMBERED {
            self.given_up.clear();
        }
        self.given_up.insert(peer);
    }
}

#[uniffi::export]
impl Nearby {
    /// The channel to open at this peer, which told that it listens on `told`; none where its packets are to go over the service. Ask
    /// before you listen to it.
    pub fn channel(&self, peer: &str, told: u16) -> Answer<Option<u16>> {
        let given_up = self.state()?.channels.given_up.contains(peer);
        Ok(Some(told).filter(|channel| *channel != 0 && !given_up))
    }

    /// The channel of this peer did not open within four seconds. Listen to it as ever; it is not asked for one again.
    pub fn no_channel(&self, peer: &str) -> Answer<()> {
        self.state()?.channels.give_up(peer.to_owned());
        Ok(())
    }

    /// A link is up over a channel: as `link_up`, with the MTU that every channel has. If it breaks, its peer is called over the
    /// service from then on. Close it if `brought` refuses what came, and report it as down.
    pub fn channel_up(&self, link: u64, peer: &str, dialing: bool, now: u64) -> Answer<()> {
        self.state()?.channels.links.insert(link, peer.to_owned());
        self.link_up(link, peer, STREAM_MTU, dialing, now)
    }
}
