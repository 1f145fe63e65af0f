//! A code: something that is shown and scanned, as bytes that go through an app untouched.

pub use hazel_qr::code::Kind as CodeKind;
use hazel_qr::code::Own;
use hazel_qr::host::{Host, Hosts};
use hazel_qr::payload::Payload;

use crate::Answer;
use crate::trouble::{Culprit, HazelError, Trouble};

/// What a code is about.
#[uniffi::remote(Enum)]
pub enum CodeKind {
    Ticket,
    Offer,
    Invoice,
    #[uniffi(name = "Payment")]
    Pledge,
    Receipted,
    Receipt,
    Address,
    Verification,
    Messages,
}

/// A code of Hazel's. Show it with `Show`, hand it to the wallet after a scan, or send it as a link.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Code {
    /// What it is about.
    pub kind: CodeKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The text that a picture, or a tag, carries.
    pub text: String,
}

impl Code {
    pub(crate) fn of<T: Payload>(it: &T) -> Answer<Self> {
        Own::of(it).map(|own| Self::from(&own)).map_err(unshowable)
    }

    pub(crate) fn own(bytes: &[u8]) -> Answer<Own> {
        Own::from_bytes(bytes).map_err(unshowable)
    }
}

pub(crate) fn unshowable(reason: hazel_qr::Reason) -> HazelError {
    HazelError::Usage { trouble: Trouble::new("no_such_code", Culprit::You, &reason) }
}

impl From<&Own> for Code {
    fn from(own: &Own) -> Self {
        Self { kind: own.kind(), bytes: own.bytes(), text: own.picture_text() }
    }
}

/// The code as a link for chats and tags: under this host, or under Hazel's own scheme without one. The host never sees what is in it.
#[uniffi::export]
pub fn link_of(code: Vec<u8>, host: Option<String>) -> Answer<String> {
    let own = Code::own(&code)?;
    match host {
        Some(host) => own.link(&Host::new(&host, Hosts::Public).map_err(unshowable)?),
        None => own.uri(),
    }
    .map_err(unshowable)
}
