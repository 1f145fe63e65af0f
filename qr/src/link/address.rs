//! CHIP addresses: a person at an agent at a host.

use std::fmt;

use super::fields::plain;
use crate::circumstances::Circumstances;
use crate::host::{Host, Hosts};
use crate::refusal::{Reason, Recognised, Refusal};

/// The port where agents listen unless told otherwise.
const DEFAULT_PORT: u16 = 65_430;

/// `cuid:agent@host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipAddress {
    /// The person's id at the agent.
    pub cuid: String,
    /// The agent's public key, 43 letters of base64url.
    pub agent: String,
    /// Where the agent listens.
    pub host: Host,
    /// On which port.
    pub port: u16,
}

impl fmt::Display for ChipAddress {
    /// The address as a link under its own scheme.
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(form, "chip://{}:{}@{}:{}", self.cuid, self.agent, self.host, self.port)
    }
}

/// Reads the text after `chip://`.
pub(crate) fn from_text(text: &str, around: &Circumstances<'_>) -> Result<ChipAddress, Refusal> {
    let read = || {
        let (person, place) = text.split_once('@').ok_or(Reason::Missing("host"))?;
        let (cuid, agent) = person.split_once(':').ok_or(Reason::Missing("cuid"))?;
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (place, None),
        };
        let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        let digits = |port: &&str| port.bytes().all(|digit| digit.is_ascii_digit());
        let port = match port {
            Some(port) => Some(
                Some(port)
                    .filter(digits)
                    .and_then(|port| port.parse().ok())
                    .ok_or(Reason::Malformed("port"))?,
            ),
            None => None,
        };
        checked(Some(cuid.to_owned()), Some(agent.to_owned()), Some(host.to_owned()), port, around.hosts)
    };
    read().map_err(|reason| Refusal::new(Recognised::Address, reason))
}

/// An address from fields that may be missing or wrong.
pub(super) fn checked(
    cuid: Option<String>,
    agent: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    hosts: Hosts,
) -> Result<ChipAddress, Reason> {
    let port = port.unwrap_or(DEFAULT_PORT);
    Ok(ChipAddress {
        cuid: cuid_of(cuid)?,
        agent: agent_of(agent)?,
        host: Host::new(&host.ok_or(Reason::Missing("host"))?, hosts)?,
        port: if port == 0 { Err(Reason::Malformed("port"))? } else { port },
    })
}

/// A person's id, free of the marks that separate it from the rest of an address.
pub(super) fn cuid_of(text: Option<String>) -> Result<String, Reason> {
    let cuid = plain(text, "cuid", 128)?;
    if cuid.contains([':', '@', '/', '?', '#']) { Err(Reason::Malformed("cuid")) } else { Ok(cuid) }
}

/// An agent's id: base64url of 32 bytes in the field, a peer id in newer documents.
pub(super) fn agent_of(text: Option<String>) -> Result<String, Reason> {
    let agent = plain(text, "agent", 128)?;
    let sound = agent.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter));
    if sound { Ok(agent) } else { Err(Reason::Malformed("agent")) }
}
