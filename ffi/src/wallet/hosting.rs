//! Who speaks for my half of a tally when this phone is away.

use hazel_core::tally::TallyId;
use hazel_network::ticket::agent_of;

use super::Wallet;
use crate::Answer;
use crate::uplink::site_named;

/// Who speaks for my half of a tally.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Speaker {
    /// Which tally.
    pub tally: TallyId,
    /// Whether this phone does.
    pub here: bool,
    /// The sites that do.
    pub sites: Vec<String>,
    /// Whether there is something that is not final.
    pub pending: bool,
}

#[uniffi::export]
impl Wallet {
    /// Who speaks for my half, of every tally with a contract.
    pub fn speakers(&self) -> Answer<Vec<Speaker>> {
        self.read(|wallet| {
            let speaker = |it: hazel_core::wallet::Speakers| Speaker {
                tally: it.tally,
                here: it.here,
                sites: if it.here { Vec::new() } else { it.nodes.iter().map(agent_of).collect() },
                pending: it.pending,
            };
            Ok(wallet.speakers()?.into_iter().map(speaker).collect())
        })
    }

    /// Lets a site speak for my half from now on.
    pub fn host_at(&self, tally: TallyId, site: &str) -> Answer<()> {
        let site = site_named(site)?;
        self.change(tally, |wallet| Ok(wallet.host_at(&tally, &site).map(|_| ())?))
    }

    /// Lets this phone speak for its half again.
    pub fn host_here(&self, tally: TallyId) -> Answer<()> {
        self.change(tally, |wallet| Ok(wallet.host_here(&tally).map(|_| ())?))
    }
}
