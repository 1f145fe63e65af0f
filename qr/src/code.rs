//! Own codes, "code wire 1": a version byte, a kind byte, and a payload that the ledger crate understands.
//!
//! One byte string, three dresses: `HZ:` with base45 for pictures, `https://HOST/#v1.` with base64url for links
//! that may pass through other people's software (a fragment never reaches the web server), and `hazel:v1.` with
//! the same for the system's own hand-over.

pub use crate::kind::Kind;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base45;
use crate::host::Host;
use crate::kind::Payload;
use crate::refusal::{Reason, Recognised, Refusal};

/// The version that this crate writes.
pub const CODE_WIRE: u8 = 1;

/// The longest payload of one code or of one sequence of parts.
pub const MOST_PAYLOAD: usize = 64 * 1024;

pub(crate) const PICTURE_PREFIX: &str = "HZ:";
pub(crate) const URI_PREFIX: &str = "hazel:v1.";
pub(crate) const FRAGMENT_PREFIX: &str = "v1.";

/// Bytes of a verification code: a digest of both parties' keys and nothing else.
const VERIFICATION_LENGTH: usize = 32;

/// An own code: what it is about, and the bytes that the ledger crate decodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    kind: Kind,
    payload: Vec<u8>,
}

impl Own {
    /// Wraps a payload.
    ///
    /// # Errors
    /// [`Reason::Length`] where it is empty, above [`MOST_PAYLOAD`], or not the 32 bytes of a verification code.
    pub fn new(kind: Kind, payload: Vec<u8>) -> Result<Self, Reason> {
        let fits = match kind {
            Kind::Verification => payload.len() == VERIFICATION_LENGTH,
            _ => (1..=MOST_PAYLOAD).contains(&payload.len()),
        };
        if fits { Ok(Self { kind, payload }) } else { Err(Reason::Length(payload.len())) }
    }

    /// The code of an object.
    ///
    /// # Errors
    /// [`Reason::Length`] where it is longer than any code: only messages can be.
    pub fn of<T: Payload>(it: &T) -> Result<Self, Reason> {
        Self::new(T::KIND, it.to_bytes())
    }

    /// What the code is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The bytes for the ledger crate.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Version, kind, payload.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![CODE_WIRE, self.kind.number()];
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Reads what [`bytes`](Self::bytes) wrote.
    ///
    /// # Errors
    /// A [`Reason`] for every version, kind or length that this version of the wire does not define.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Reason> {
        match bytes {
            [] => Err(Reason::Empty),
            [0, ..] => Err(Reason::NoSuchVersion(0)),
            [version, ..] if *version != CODE_WIRE => Err(Reason::NewerVersion(*version)),
            [_] => Err(Reason::Length(0)),
            [_, number, payload @ ..] => {
                let kind = Kind::from_number(*number).ok_or(Reason::UnknownKind(*number))?;
                Self::new(kind, payload.to_vec())
            }
        }
    }

    /// The text for a picture: the densest form that a QR code has for bytes that must survive every reader.
    #[must_use]
    pub fn picture_text(&self) -> String {
        format!("{PICTURE_PREFIX}{}", base45::encode(&self.bytes()))
    }

    /// A link for chats and mails, its payload in the fragment.
    ///
    /// # Errors
    /// [`Reason::NotAsLink`] for a verification code, which only means something between two people in one place.
    pub fn link(&self, host: &Host) -> Result<String, Reason> {
        Ok(format!("https://{host}/#{FRAGMENT_PREFIX}{}", self.base64()?))
    }

    /// The same under the custom scheme, for handing over within one device.
    ///
    /// # Errors
    /// As [`link`](Self::link).
    pub fn uri(&self) -> Result<String, Reason> {
        Ok(format!("{URI_PREFIX}{}", self.base64()?))
    }

    fn base64(&self) -> Result<String, Reason> {
        match self.kind {
            Kind::Verification => Err(Reason::NotAsLink),
            _ => Ok(URL_SAFE_NO_PAD.encode(self.bytes())),
        }
    }
}

/// Reads the text after `HZ:`.
pub(crate) fn from_picture(text: &str) -> Result<Own, Refusal> {
    base45::decode(text)
        .ok_or(Reason::Encoding("base45"))
        .and_then(|bytes| Own::from_bytes(&bytes))
        .map_err(|reason| Refusal::new(Recognised::HazelCode, reason))
}

/// Reads the text after `v1.` of a link.
pub(crate) fn from_link(text: &str) -> Result<Own, Refusal> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Reason::Encoding("base64url"))?;
        let own = Own::from_bytes(&bytes)?;
        if own.kind == Kind::Verification { Err(Reason::NotAsLink) } else { Ok(own) }
    };
    read().map_err(|reason| Refusal::new(Recognised::HazelLink, reason))
}
