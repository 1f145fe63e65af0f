//! Proofs of submission: what a site has signed to have. The newest for each tally is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hazel_core::canon::Canon as _;
use hazel_core::tally::TallyId;
use hazel_network::confirmation::Confirmation;
use hazel_network::ticket::agent_of;
use serde::{Deserialize, Serialize};

use crate::home::Home;
use crate::parcel::replace;
use crate::record::hex;
use crate::trouble::{Exit, Trouble};

/// A proof as it is kept in `submitted.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Which site has signed it.
    pub(crate) site: String,
    /// Where it was.
    pub(crate) at: String,
    /// The batch it entered.
    pub(crate) batch: u64,
    /// The letter that brought it.
    pub(crate) request: String,
    /// The signed bytes, in hexadecimal.
    pub(crate) proof: String,
}

fn file(home: &Home) -> PathBuf {
    home.folder().join("submitted.json")
}

/// The proofs that are kept, by the tally. A file that cannot be read is no reason not to go home: it is begun anew.
fn kept(home: &Home) -> BTreeMap<String, Kept> {
    std::fs::read(file(home)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

/// Keeps what a site has confirmed.
pub(super) fn keep(home: &Home, at: &str, proofs: &[Confirmation]) -> Result<Vec<(TallyId, Kept)>, Trouble> {
    let (mut all, mut new) = (kept(home), Vec::new());
    for proof in proofs {
        let it = &proof.submission;
        let kept = Kept {
            site: agent_of(&proof.site),
            at: at.to_owned(),
            batch: it.batch,
            request: hex(&it.request),
            proof: hex(&proof.to_bytes()),
        };
        all.insert(it.tally.to_string(), kept.clone());
        new.push((it.tally, kept));
    }
    if !new.is_empty() {
        let text = serde_json::to_vec(&all)
            .map_err(|error| Trouble::new(Exit::Unsound, "proofs", error.to_string()))?;
        replace(&file(home), &text)?;
    }
    Ok(new)
}
