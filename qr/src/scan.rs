//! From whatever a scanner or a clipboard delivers to one [`Qr`].

pub use crate::circumstances::Circumstances;
pub use crate::qr::{Foreign, ForeignSort, Qr};

use crate::append::Gathering;
use crate::code::{self, FRAGMENT_PREFIX, Own, PICTURE_PREFIX, URI_PREFIX};
use crate::host::{Host, Hosts};
use crate::link::{self, Url, after_scheme};
use crate::luma::Luma;
use crate::parts;
use crate::payload::meaning;
use crate::read::{self, Seen};
use crate::refusal::{Reason, Recognised, Refusal};

/// The longest text that is looked at: four of the largest codes that exist.
pub const MOST_TEXT: usize = 16 * 1024;

/// Reads a text: from a scanner, a link that was tapped, or the clipboard.
///
/// # Errors
/// A [`Refusal`] that says what it was and what is wrong. Nothing is fetched, whatever the text asks for.
pub fn text(text: &str, around: &Circumstances<'_>) -> Result<Qr, Refusal> {
    if text.len() > MOST_TEXT {
        let reason = Reason::TooLong { bytes: text.len(), most: MOST_TEXT };
        return Err(Refusal::new(Recognised::Unknown, reason));
    }
    // Base45 may end in a blank, so own codes are recognised before anything is trimmed.
    if let Some(own) = own(text, around) {
        return own;
    }
    let text = text.trim_matches([' ', '\t', '\r', '\n', '\u{feff}']);
    // Some sites put the link into their codes as a JSON text, quotation marks included.
    if text.len() > 1 && text.starts_with('"') && text.ends_with('"') {
        return match serde_json::from_str::<String>(text) {
            Ok(inner) => unquoted(inner.trim(), around),
            Err(_) => Err(Refusal::new(Recognised::Unknown, Reason::Encoding("JSON text"))),
        };
    }
    unquoted(text, around)
}

/// Reads bytes: the content of a code in byte mode, which is text, or an own code in binary.
///
/// # Errors
/// As [`text`]; bytes that are neither are refused with [`Reason::NotText`].
pub fn bytes(bytes: &[u8], around: &Circumstances<'_>) -> Result<Qr, Refusal> {
    if bytes.len() > MOST_TEXT {
        let reason = Reason::TooLong { bytes: bytes.len(), most: MOST_TEXT };
        return Err(Refusal::new(Recognised::Unknown, reason));
    }
    // No text begins with a control character, so a version byte cannot be mistaken for one.
    if let [version, ..] = bytes
        && *version < 9
    {
        let own = Own::from_bytes(bytes).map_err(|reason| Refusal::new(Recognised::HazelCode, reason))?;
        return meaning(&own, around);
    }
    match std::str::from_utf8(bytes) {
        Ok(content) => text(content, around),
        Err(_) => Err(Refusal::new(Recognised::Unknown, Reason::NotText)),
    }
}

/// Reads a camera frame or a picture: every code in it, each with its own answer. Codes that hold one text together
/// are read as that text.
///
/// # Errors
/// [`Reason::NoCode`] where nothing was found that a reader could verify.
pub fn frame(frame: &Luma<'_>, around: &Circumstances<'_>) -> Result<Vec<Result<Qr, Refusal>>, Refusal> {
    seen(&read::codes(frame), around)
}

/// What codes mean that a reader has seen in one frame; as [`frame`].
///
/// # Errors
/// As [`frame`].
pub fn seen(seen: &[Seen], around: &Circumstances<'_>) -> Result<Vec<Result<Qr, Refusal>>, Refusal> {
    if seen.is_empty() {
        return Err(Refusal::new(Recognised::Frame, Reason::NoCode));
    }
    let (mut answers, mut gathering) = (Vec::new(), Gathering::new());
    for code in seen {
        match code.share {
            None => answers.push(bytes(&code.content, around)),
            Some(share) => match gathering.take(share, &code.content) {
                Ok(None) => {}
                Ok(Some(whole)) => answers.push(bytes(&whole, around)),
                Err(refusal) => answers.push(Err(refusal)),
            },
        }
    }
    let missing = gathering.missing().map(|(have, of)| Reason::OthersMissing { have, of });
    answers.extend(missing.map(|reason| Err(Refusal::new(Recognised::Share, reason))));
    Ok(answers)
}

/// Own codes by their prefixes.
fn own(text: &str, around: &Circumstances<'_>) -> Option<Result<Qr, Refusal>> {
    if let Some(rest) = text.strip_prefix(PICTURE_PREFIX) {
        return Some(code::from_picture(rest).and_then(|own| meaning(&own, around)));
    }
    text.strip_prefix(parts::PREFIX).map(|rest| parts::from_text(rest).map(Qr::Part))
}

fn unquoted(text: &str, around: &Circumstances<'_>) -> Result<Qr, Refusal> {
    if let Some(own) = own(text, around) {
        return own;
    }
    if text.is_empty() {
        return Err(Refusal::new(Recognised::Unknown, Reason::Empty));
    }
    if let Some(rest) = after_scheme(text, URI_PREFIX) {
        return meaning(&code::from_link(rest)?, around);
    }
    if let Some(rest) = after_scheme(text, "hazel:") {
        return Err(other_version(rest));
    }
    if let Some(rest) = after_scheme(text, "chip://") {
        return link::address_from_text(rest, around).map(Qr::ChipAddress);
    }
    if text.starts_with('{') {
        return link::from_json(text, around).map(Qr::from);
    }
    match Url::cut(text) {
        Some(url) => web_link(url, around),
        None => Ok(Qr::Foreign(foreign(text))),
    }
}

fn web_link(url: Url<'_>, around: &Circumstances<'_>) -> Result<Qr, Refusal> {
    if let Some(rest) = url.fragment.and_then(|fragment| fragment.strip_prefix(FRAGMENT_PREFIX)) {
        // The host of an own link is never contacted, but a person may judge the link by it.
        Host::new(url.host, around.hosts).map_err(|reason| Refusal::new(Recognised::HazelLink, reason))?;
        return meaning(&code::from_link(rest)?, around);
    }
    if let Some(found) = link::from_url(url, around) {
        return found.map(Qr::from);
    }
    let reason = match Host::new(url.host, Hosts::Any) {
        Ok(host) => Reason::NeedsNetwork(host.to_string()),
        Err(reason) => reason,
    };
    Err(Refusal::new(Recognised::ForeignLink, reason))
}

/// `hazel:` with something else than `v1.` behind it.
fn other_version(rest: &str) -> Refusal {
    let version =
        rest.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.')).map(|(number, _)| number);
    let reason = match version.and_then(|number| number.parse().ok()) {
        Some(number @ 2_u8..) => Reason::NewerVersion(number),
        Some(number) => Reason::NoSuchVersion(number),
        None => Reason::UnknownRecord,
    };
    Refusal::new(Recognised::HazelLink, reason)
}

fn foreign(text: &str) -> Foreign {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let sort = match scheme.as_deref() {
        Some("wifi") => ForeignSort::Wifi,
        Some("mecard" | "begin" | "bizcard") => ForeignSort::Contact,
        Some("bitcoin" | "lightning" | "ethereum" | "payto" | "monero" | "cashu" | "upi") => {
            ForeignSort::OtherPayment
        }
        Some(scheme) if is_scheme(scheme) => ForeignSort::OtherScheme,
        _ => ForeignSort::Words,
    };
    Foreign { sort, text: text.to_owned() }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter))
}
