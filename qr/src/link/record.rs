//! Records as JSON: found, bounded, and given to the reader of their sort.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::{Sort, invite, pay, signkey, ticket};
use crate::refusal::Reason;
use crate::scan::{Circumstances, Qr};

/// Lists and objects inside each other; real records have three.
const DEEPEST: usize = 8;

/// Padding as it comes, and whatever the last letter's spare bits say: the field has both.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const FOR_URLS: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

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

    pub(super) fn read(self, around: &Circumstances<'_>) -> Result<Qr, Reason> {
        match self {
            Self::Ticket(fields) => fields.read(around).map(Qr::Connect),
            Self::Invite(fields) => fields.read(around).map(Qr::Invite),
            Self::Pay(fields) => fields.read().map(Qr::Pay),
            Self::SignKey(fields) => fields.read().map(Qr::Key),
        }
    }
}

/// Parses one JSON text of bounded depth; a field given twice is an error of the parser.
pub(super) fn parse<'j, T: Deserialize<'j>>(json: &'j str) -> Result<T, Reason> {
    if depth(json) > DEEPEST {
        return Err(Reason::TooDeep(DEEPEST));
    }
    if let Some(name) = demand(json) {
        return Err(Reason::RequiredUnknown(name.chars().take(64).collect()));
    }
    serde_json::from_str(json).map_err(|_| Reason::Encoding("JSON of this record"))
}

/// A field that must be understood, and is not: it is called `req-` something, as in a query.
fn demand(json: &str) -> Option<&str> {
    json.match_indices("\"req-").find_map(|(at, _)| {
        let (before, from) = json.split_at_checked(at)?;
        let (name, after) = from.strip_prefix('"')?.split_once('"')?;
        (!before.ends_with('\\') && after.trim_start().starts_with(':')).then_some(name)
    })
}

/// How deep brackets stand inside each other, outside of strings.
fn depth(json: &str) -> usize {
    let (mut deepest, mut now, mut quoted, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                now = now.saturating_add(1);
                deepest = deepest.max(now);
            }
            b'}' | b']' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
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

/// Base64 in either alphabet, with or without padding.
pub(super) fn bytes_of_base64(text: &str) -> Option<Vec<u8>> {
    PLAIN.decode(text).or_else(|_| FOR_URLS.decode(text)).ok()
}

/// A number that some sites print as a number and others as text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Plain(u64),
    Quoted(String),
}

impl Number {
    pub(super) fn value(&self) -> Option<u64> {
        match self {
            Self::Plain(value) => Some(*value),
            Self::Quoted(text) if text.bytes().all(|digit| digit.is_ascii_digit()) => text.parse().ok(),
            Self::Quoted(_) => None,
        }
    }

    pub(super) fn port(&self) -> Result<u16, Reason> {
        let port = self.value().and_then(|value| u16::try_from(value).ok()).filter(|port| *port > 0);
        port.ok_or(Reason::Malformed("port"))
    }
}

/// A text of bounded length that a screen shows as it was written: no control characters, no marks that turn the
/// direction of what follows, nothing that was lost in decoding.
pub(super) fn plain(text: Option<String>, name: &'static str, most: usize) -> Result<String, Reason> {
    let text = text.filter(|text| !text.is_empty()).ok_or(Reason::Missing(name))?;
    let misleads = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffd}')
    };
    if text.len() <= most && !text.chars().any(misleads) { Ok(text) } else { Err(Reason::Malformed(name)) }
}

/// A token as sites issue it: hexadecimal in the field, letters and digits in general.
pub(super) fn token(text: Option<String>) -> Result<String, Reason> {
    let token = plain(text, "token", 128)?;
    let sound = token.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter));
    if sound { Ok(token) } else { Err(Reason::Malformed("token")) }
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
