//! Connection tickets: how the existing app gets from a site to a key of its own.

use serde::Deserialize;

use super::fields::{Number, plain, token};
use super::query::Query;
use super::{HOST, encoded};
use crate::circumstances::Circumstances;
use crate::date;
use crate::host::Host;
use crate::refusal::Reason;

/// A one-time permission to register a device's key at a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTicket {
    /// The site.
    pub host: Host,
    /// Its websocket port.
    pub port: u16,
    /// The user at that site.
    pub user: String,
    /// What proves the permission, once.
    pub token: String,
    /// End of validity in seconds since 1970; links do not carry it.
    pub expires: Option<u64>,
}

impl ConnectTicket {
    /// The link that the existing app reads.
    #[must_use]
    pub fn link(&self) -> String {
        let Self { host, port, user, token, .. } = self;
        format!(
            "https://{HOST}/ticket?host={}&port={port}&user={}&token={}",
            encoded(host.as_str()),
            encoded(user),
            encoded(token)
        )
    }
}

/// A ticket's fields as they came. Database rows call the user `token_ent`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Fields {
    host: Option<String>,
    port: Option<Number>,
    #[serde(alias = "token_ent")]
    user: Option<String>,
    token: Option<String>,
    expires: Option<String>,
}

impl Fields {
    pub(super) fn read(self, around: &Circumstances<'_>) -> Result<ConnectTicket, Reason> {
        let ticket = ConnectTicket {
            host: Host::new(&self.host.ok_or(Reason::Missing("host"))?, around.hosts)?,
            port: self.port.ok_or(Reason::Missing("port"))?.port()?,
            user: plain(self.user, "user", 128)?,
            token: token(self.token)?,
            expires: expiry(self.expires.as_deref())?,
        };
        around.admit(ticket.expires, ticket.token.as_bytes())?;
        Ok(ticket)
    }
}

/// A date that must be readable where it is given.
pub(super) fn expiry(text: Option<&str>) -> Result<Option<u64>, Reason> {
    text.map(|text| date::seconds(text).ok_or(Reason::Malformed("expires"))).transpose()
}

pub(super) fn from_query(query: &Query<'_>, page_host: Option<&str>) -> Result<Fields, Reason> {
    Ok(Fields {
        host: page_host.map(str::to_owned).or_else(|| query.text("host")),
        port: query.text("port").map(Number::Quoted),
        user: query.text("user"),
        token: query.text("token"),
        expires: query.text("expires"),
    })
}
