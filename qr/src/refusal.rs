//! Why something that was scanned is not used: what it looked like, and what is wrong with it.

use std::fmt;

use hazel_core::canon::Malformed;

use crate::kind::Kind;

/// A scan that leads to nothing, in words a screen can choose from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{recognised}: {reason}")]
pub struct Refusal {
    /// What the content was recognised as before it was refused.
    pub recognised: Recognised,
    /// What is wrong with it.
    pub reason: Reason,
}

impl Refusal {
    pub(crate) fn new(recognised: Recognised, reason: Reason) -> Self {
        Self { recognised, reason }
    }
}

/// What the content claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recognised {
    /// Nothing that a wallet knows.
    Unknown,
    /// A code of this wallet.
    HazelCode,
    /// A code of this wallet, of this kind.
    Own(Kind),
    /// A link of this wallet.
    HazelLink,
    /// One part of an animated sequence of this wallet.
    HazelPart,
    /// One of several codes that hold one text together, as other software draws them.
    Share,
    /// A mychips.org ticket that connects a device to a site.
    ConnectTicket,
    /// A mychips.org invitation to a tally.
    Invitation,
    /// A mychips.org request for payment.
    PayRequest,
    /// A mychips.org signing key under a passphrase.
    SigningKey,
    /// A mychips.org link or record of a sort that is not read here.
    OtherMychips,
    /// A CHIP address.
    Address,
    /// A link to somewhere else.
    ForeignLink,
    /// A picture or a camera frame.
    Frame,
}

impl fmt::Display for Recognised {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Own(kind) = self {
            return write!(form, "Hazel {kind}");
        }
        form.write_str(match self {
            Self::Unknown => "unknown code",
            Self::HazelCode | Self::Own(_) => "Hazel code",
            Self::HazelLink => "Hazel link",
            Self::HazelPart => "frame of a moving Hazel code",
            Self::Share => "one of several codes that belong together",
            Self::ConnectTicket => "MyCHIPs connection ticket",
            Self::Invitation => "MyCHIPs tally invitation",
            Self::PayRequest => "MyCHIPs payment request",
            Self::SigningKey => "MyCHIPs signing key",
            Self::OtherMychips => "MyCHIPs link of another sort",
            Self::Address => "CHIP address",
            Self::ForeignLink => "link to elsewhere",
            Self::Frame => "picture",
        })
    }
}

/// What is wrong. The issuer is at fault unless the text says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is nothing to read.
    #[error("it is empty")]
    Empty,
    /// Longer than anything that is legitimately scanned; nothing of it was parsed.
    #[error("{bytes} bytes are more than the {most} that are read")]
    TooLong {
        /// Length of what was given.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The bytes are neither UTF-8 text nor a code in binary.
    #[error("it is binary data of no known sort")]
    NotText,
    /// Written by a newer wallet: the reader has to be updated.
    #[error("version {0} is newer than this wallet")]
    NewerVersion(u8),
    /// A version byte that was never given out.
    #[error("version {0} does not exist")]
    NoSuchVersion(u8),
    /// A kind of code that this version does not define.
    #[error("kind {0} is not known")]
    UnknownKind(u8),
    /// The payload is shorter or longer than its kind allows.
    #[error("{0} bytes are not the length of such a payload")]
    Length(usize),
    /// The ledger cannot read what the code carries.
    #[error(transparent)]
    Payload(Malformed),
    /// A kind that may only be shown as a picture was found in a link.
    #[error("this kind of code is never sent as a link")]
    NotAsLink,
    /// Not valid in the encoding that it should be in.
    #[error("it is not valid {0}")]
    Encoding(&'static str),
    /// JSON with lists in lists in lists.
    #[error("its JSON is nested deeper than {0} levels")]
    TooDeep(usize),
    /// The link or record has none of the known names.
    #[error("it holds nothing that is known here")]
    UnknownRecord,
    /// A required field is not there.
    #[error("“{0}” is missing")]
    Missing(&'static str),
    /// A field is given more than once with different values.
    #[error("“{0}” is given twice")]
    Twice(&'static str),
    /// A field is there but not of its form.
    #[error("“{0}” is not of the right form")]
    Malformed(&'static str),
    /// A payment request that names the payee's site but not the payee: a known defect of the issuing site.
    #[error("the payee's id is missing: the site that issued it left it out, ask for a corrected request")]
    PayeeMissing,
    /// An unescaped `&` makes it impossible to tell the memo from parameters.
    #[error("the memo contains an unescaped “&” and could be read in two ways")]
    AmbiguousMemo,
    /// A `req-` parameter must be understood, and is not.
    #[error("it requires “{0}”, which this wallet does not know")]
    RequiredUnknown(String),
    /// Its time is over.
    #[error("it expired at {ended}, now is {now} (seconds since 1970)")]
    Expired {
        /// End of validity.
        ended: u64,
        /// The reader's clock.
        now: u64,
    },
    /// A one-time code that this wallet has used before.
    #[error("it has already been used")]
    Used,
    /// The host is this machine or lies in a private network.
    #[error("host “{0}” is local or private and cannot be meant for another person's device")]
    LocalHost(String),
    /// The host's letters could be mistaken for others.
    #[error("host “{0}” contains letters that imitate others")]
    ImitatedHost(String),
    /// The host is not a host name or address.
    #[error("“{0}” is not a host")]
    BadHost(String),
    /// Its meaning would have to be fetched.
    #[error("it is a link to “{0}” and would have to be fetched; nothing was")]
    NeedsNetwork(String),
    /// Parts of two transfers were shown to one reader.
    #[error("it belongs to another moving code than the frames before it")]
    OtherTransfer,
    /// A part whose check does not match its content.
    #[error("it was altered on the way")]
    Altered,
    /// The other codes of the same text were not in the picture.
    #[error("{have} of {of} were seen; show the others too")]
    OthersMissing {
        /// How many were seen.
        have: u32,
        /// How many there are.
        of: u32,
    },
    /// A part that claims more parts or bytes than a transfer may have.
    #[error("it claims {parts} parts and {bytes} bytes, more than a transfer may have")]
    HugeClaim {
        /// Claimed number of parts.
        parts: u32,
        /// Claimed length of the whole.
        bytes: u32,
    },
    /// No code was found, or none could be read.
    #[error("no readable code was found")]
    NoCode,
    /// Width, height, stride and buffer do not fit together, or the frame is larger than any camera's.
    #[error("the frame's measures do not fit its pixels")]
    BadFrame,
}
