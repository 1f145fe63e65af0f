//! Records as JSON: found, bounded, and given to the reader of their sort.

use serde::Deserialize;

use super::fields::{bytes_of_base64, parse};
use super::{Link, Sort, invite, pay, signkey, ticket};
use crate::circumstances::Circumstances;
use crate::refusal::Reason;

/// Everything that may stand at the top of a record, beside titles and messages that nobody needs.
#[derive(Debug, Deserialize)]
struct Top {
    ticket: Option<ticket::Fields>,
    connect: Option<ticket::Fields>,
    invite: Option<invite::Fields>,
    invoice: Option<pay::Fields>,
    pay: Option<pay::Fields>,
    signkey: Option<signkey::Fields>,
}

/// The fields of one record, none of them checked.
pub(super) enum Record {
    Ticket(ticket::Fields),
    Invite(invite::Fields),
    Pay(pay::Fields),
    SignKey(signkey::Fields),
}

impl Record {
    /// A record under its name.
    pub(super) fn named(json: &str) -> Result<(Sort, Self), Reason> {
        let top: Top = parse(json)?;
        let found = [
            top.ticket.map(|fields| (Sort::Ticket, Self::Ticket(fields))),
            top.connect.map(|fields| (Sort::Ticket, Self::Ticket(fields))),
            top.invite.map(|fields| (Sort::Invite, Self::Invite(fields))),
            top.invoice.map(|fields| (Sort::Pay, Self::Pay(fields))),
            top.pay.map(|fields| (Sort::Pay, Self::Pay(fields))),
            top.signkey.map(|fields| (Sort::SignKey, Self::SignKey(fields))),
        ];
        let mut found = found.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(record), None) => Ok(record),
            (Some(_), Some(_)) => Err(Reason::Twice("record")),
            _ => Err(Reason::UnknownRecord),
        }
    }

    /// A record inside a link that has already said what it is: with its name around it or bare.
    pub(super) fn inside(sort: Sort, json: &str) -> Result<Self, Reason> {
        match Self::named(json) {
            Ok((found, record)) if found == sort => Ok(record),
            Ok(_) => Err(Reason::Malformed("record")),
            Err(Reason::UnknownRecord) => match sort {
                Sort::Ticket => parse(json).map(Self::Ticket),
                Sort::Invite => parse(json).map(Self::Invite),
                Sort::Pay => parse(json).map(Self::Pay),
                Sort::SignKey => parse(json).map(Self::SignKey),
            },
            Err(other) => Err(other),
        }
    }

    pub(super) fn read(self, around: &Circumstances<'_>) -> Result<Link, Reason> {
        match self {
            Self::Ticket(fields) => fields.read(around).map(Link::Connect),
            Self::Invite(fields) => fields.read(around).map(Link::Invite),
            Self::Pay(fields) => fields.read().map(Link::Pay),
            Self::SignKey(fields) => fields.read().map(Link::Key),
        }
    }
}

/// JSON that stands as base64 where a query would be: both alphabets, with or without padding.
pub(super) fn from_base64(query: &str) -> Option<String> {
    // Every JSON object begins so in base64; a blank or a line end may stand before the first field.
    if !query.starts_with("ey") && !query.starts_with("ew") {
        return None;
    }
    let query = query.replace("%3D", "=").replace("%3d", "=").replace("%2B", "+").replace("%2F", "/");
    let bytes = bytes_of_base64(&query)?;
    String::from_utf8(bytes).ok().filter(|text| text.starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_must_be_understood_is_refused_wherever_it_stands() {
        let found = |json| Record::named(json).err();
        let escrow = Some(Reason::RequiredUnknown("req-escrow".to_owned()));
        assert_eq!(found(r#"{"ticket":{"token":"t","req-escrow":1}}"#), escrow);
        assert_eq!(found(r#"{"req-escrow" : {}, "ticket":{"token":"t"}}"#), escrow);
        for harmless in [r#"{"ticket":{"token":"req-escrow"}}"#, r#"{"pay":{"memo":"a \"req-escrow\": b"}}"#]
        {
            assert_eq!(found(harmless), None, "{harmless}");
        }
    }
}
