//! Invitations to a tally with somebody at a site of the existing software.

use serde::{Deserialize, Serialize};

use super::address::{self, ChipAddress};
use super::fields::{Number, parse, token};
use super::query::Query;
use super::ticket::expiry;
use super::{HOST, encoded};
use crate::circumstances::Circumstances;
use crate::refusal::Reason;

/// A token that opens a tally, and where its issuer can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What proves the invitation, at the issuer's site.
    pub token: String,
    /// The issuer.
    pub from: ChipAddress,
    /// End of validity in seconds since 1970; links do not carry it.
    pub expires: Option<u64>,
}

impl Invitation {
    /// The link that the existing app reads: `token`, then `chad` as percent-encoded JSON.
    #[must_use]
    pub fn link(&self) -> String {
        let chad = Chad {
            cuid: Some(self.from.cuid.clone()),
            host: Some(self.from.host.as_str().to_owned()),
            port: Some(PortNumber(self.from.port)),
            agent: Some(self.from.agent.clone()),
        };
        // A struct of texts and a number has no way to fail to serialise.
        let chad = serde_json::to_string(&chad).unwrap_or_default();
        format!("https://{HOST}/invite?token={}&chad={}", encoded(&self.token), encoded(&chad))
    }
}

/// Serialised in the order that the sites write.
#[derive(Debug, Serialize)]
struct Chad {
    cuid: Option<String>,
    host: Option<String>,
    port: Option<PortNumber>,
    agent: Option<String>,
}

#[derive(Debug, Serialize)]
struct PortNumber(u16);

/// An invitation's fields as they came.
#[derive(Debug, Deserialize)]
pub(super) struct Fields {
    token: Option<String>,
    chad: Option<ChadFields>,
    expires: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ChadFields {
    cuid: Option<String>,
    host: Option<String>,
    port: Option<Number>,
    agent: Option<String>,
}

impl Fields {
    pub(super) fn read(self, around: &Circumstances<'_>) -> Result<Invitation, Reason> {
        let chad = self.chad.ok_or(Reason::Missing("chad"))?;
        let port = chad.port.map(|port| port.port()).transpose()?;
        let from = address::checked(chad.cuid, chad.agent, chad.host, port, around.hosts)?;
        let invitation =
            Invitation { token: token(self.token)?, from, expires: expiry(self.expires.as_deref())? };
        around.admit(invitation.expires, invitation.token.as_bytes())?;
        Ok(invitation)
    }
}

pub(super) fn from_query(query: &Query<'_>) -> Result<Fields, Reason> {
    let chad = match query.value("chad") {
        Some(json) => Some(parse(json).map_err(|reason| match reason {
            Reason::TooDeep(_) => reason,
            _ => Reason::Malformed("chad"),
        })?),
        None => None,
    };
    Ok(Fields { token: query.text("token"), chad, expires: query.text("expires") })
}
