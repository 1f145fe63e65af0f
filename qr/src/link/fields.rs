//! JSON and its values as records have them: bounded, and forgiving where the field is known to differ.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::refusal::Reason;

/// Lists and objects inside each other; real records have three.
const DEEPEST: usize = 8;

/// Padding as it comes, and whatever the last letter's spare bits say: the field has both.
const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const FOR_URLS: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

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
