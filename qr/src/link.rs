//! Codes in the field: the links and records of mychips.org in every form that its sites and its app produce.
//!
//! Reading forgives what is known to be wrong in the field and unambiguous; writing is strict. A record reaches
//! the reader as a query, as base64 of JSON in place of the query, as bare JSON, or as any of these inside the
//! quotation marks of a JSON text.

mod address;
mod fields;
mod invite;
mod pay;
mod query;
mod record;
mod signkey;
mod ticket;

pub use self::address::ChipAddress;
pub(crate) use self::address::from_text as address_from_text;
pub use self::invite::Invitation;
pub use self::pay::PayRequest;
pub use self::signkey::{KeyRefusal, OpenedKey, SealedKey};
pub use self::ticket::ConnectTicket;

use self::query::Query;
use self::record::Record;
use crate::circumstances::Circumstances;
use crate::host::{Host, Hosts};
use crate::refusal::{Reason, Recognised, Refusal};

/// The host that all links of the existing software name; it is a label, nothing is fetched from it.
const HOST: &str = "mychips.org";

/// An `https` link, cut at its marks and not yet decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Url<'a> {
    pub(crate) host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
    query: &'a str,
    pub(crate) fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// None where the text is not a web link at all.
    pub(crate) fn cut(text: &'a str) -> Option<Self> {
        let rest = after_scheme(text, "https://").or_else(|| after_scheme(text, "http://"))?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let (rest, fragment) = match rest.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (rest, None),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        Some(Self { host, port, path, query, fragment })
    }
}

/// The rest of a text after a scheme in whatever case.
pub(crate) fn after_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// What a link or a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Connects a device to a site.
    Connect(ConnectTicket),
    /// Invites to a tally.
    Invite(Invitation),
    /// Asks for a payment.
    Pay(PayRequest),
    /// Brings a signing key.
    Key(SealedKey),
}

/// The four sorts of link, by path and by the names their records go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Ticket,
    Invite,
    Pay,
    SignKey,
}

impl Sort {
    fn of_path(path: &str) -> Option<Self> {
        match path.trim_matches('/') {
            "ticket" | "connect" => Some(Self::Ticket),
            "invite" => Some(Self::Invite),
            "pay" => Some(Self::Pay),
            "signkey" => Some(Self::SignKey),
            _ => None,
        }
    }

    fn recognised(self) -> Recognised {
        match self {
            Self::Ticket => Recognised::ConnectTicket,
            Self::Invite => Recognised::Invitation,
            Self::Pay => Recognised::PayRequest,
            Self::SignKey => Recognised::SigningKey,
        }
    }
}

/// Reads a link; none where it belongs to somebody else.
pub(crate) fn from_url(url: Url<'_>, around: &Circumstances<'_>) -> Option<Result<Link, Refusal>> {
    if url.path == "/user.html" && ["token", "user"].iter().all(|name| Query::has(url.query, name)) {
        return Some(
            page_ticket(url, around).map_err(|reason| Refusal::new(Recognised::ConnectTicket, reason)),
        );
    }
    if !url.host.eq_ignore_ascii_case(HOST) {
        // A host that imitates the known one is worth its own words; others are simply elsewhere.
        let imitated = match Host::new(url.host, Hosts::Any) {
            Err(reason @ Reason::ImitatedHost(_)) => Some(reason),
            _ => None,
        };
        let sort = Sort::of_path(url.path).map_or(Recognised::ForeignLink, Sort::recognised);
        return imitated.map(|reason| Err(Refusal::new(sort, reason)));
    }
    if !matches!(url.port, None | Some("443" | "80")) {
        return Some(Err(Refusal::new(Recognised::OtherMychips, Reason::Malformed("port"))));
    }
    let Some(sort) = Sort::of_path(url.path) else {
        return Some(Err(Refusal::new(Recognised::OtherMychips, Reason::UnknownRecord)));
    };
    Some(read(sort, url, around).map_err(|reason| Refusal::new(sort.recognised(), reason)))
}

fn read(sort: Sort, url: Url<'_>, around: &Circumstances<'_>) -> Result<Link, Reason> {
    if let Some(json) = record::from_base64(url.query) {
        return Record::inside(sort, &json)?.read(around);
    }
    let query = Query::read(url.query, url.fragment, sort == Sort::Pay)?;
    match sort {
        Sort::Ticket => ticket::from_query(&query, None)?.read(around).map(Link::Connect),
        Sort::Invite => invite::from_query(&query)?.read(around).map(Link::Invite),
        Sort::Pay => pay::from_query(&query)?.read().map(Link::Pay),
        Sort::SignKey => signkey::from_query(&query)?.read().map(Link::Key),
    }
}

/// A ticket in the form of a site's own page, which names the host outside the query.
fn page_ticket(url: Url<'_>, around: &Circumstances<'_>) -> Result<Link, Reason> {
    let query = Query::read(url.query, url.fragment, false)?;
    ticket::from_query(&query, Some(url.host))?.read(around).map(Link::Connect)
}

/// Reads a record that came without a link around it.
pub(crate) fn from_json(text: &str, around: &Circumstances<'_>) -> Result<Link, Refusal> {
    let (sort, record) = Record::named(text).map_err(|reason| Refusal::new(Recognised::Unknown, reason))?;
    record.read(around).map_err(|reason| Refusal::new(sort.recognised(), reason))
}

/// Percent-encodes everything but unreserved characters.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut safe = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            safe.push(char::from(byte));
        } else {
            _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}
