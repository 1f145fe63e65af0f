//! Codes in parts: what does not fit one code becomes an endless animated sequence that may be caught anywhere.
//!
//! The content is cut into fragments; the sequence shows each once and then exclusive-or mixtures of them, chosen
//! so that any few more distinct frames than there are fragments are enough, whichever were missed. Every frame
//! carries the digest of the whole content, so a transfer has one name on every carrier.

use minicbor::Decoder as Cbor;
use sha2::{Digest as _, Sha256};
use ur::fountain;

use crate::base45;
use crate::code::{MOST_PAYLOAD, Own};
use crate::picture::{FRAME_VERSION, Level, Picture, PictureRefusal};
use crate::refusal::{Reason, Recognised, Refusal};

/// What the text of every frame begins with.
pub const PREFIX: &str = "HP:";

/// The version of frames that this crate writes.
const WIRE: u8 = 1;
/// Content bytes in one frame: the 310 bytes of a version-11 code less the longest header.
const FRAGMENT: usize = 264;
/// What a reader accepts from other writers: shorter fragments would let a claim grow the tables.
const LEAST_FRAGMENT: usize = 128;
/// Version and kind stand before the payload.
const MOST_CONTENT: usize = MOST_PAYLOAD + 2;
const MOST_PARTS: usize = MOST_CONTENT.div_ceil(LEAST_FRAGMENT);
const ID: usize = 16;
const CHECK: usize = 4;

/// Names a transfer by its content: half a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransferId([u8; ID]);

impl TransferId {
    /// The name of this content, as any carrier can compute it.
    #[must_use]
    pub fn of(own: &Own) -> Self {
        Self::of_bytes(&own.bytes())
    }

    fn of_bytes(content: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(b"hazel/v1/parts\0").chain_update(content).finalize();
        Self(first(&digest))
    }

    /// The bytes, for a table or another carrier.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; ID] {
        &self.0
    }
}

/// The sender's side: frames without end.
pub struct Sequence {
    id: TransferId,
    encoder: fountain::Encoder,
    shown: u32,
}

/// One frame to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The frame's place in the sequence, from 1; beyond `of` the frames are mixtures.
    pub number: u32,
    /// How many fragments there are.
    pub of: u32,
    /// The text of the code.
    pub text: String,
}

impl Frame {
    /// The frame as a picture at the level for screens, at version 11 or below.
    ///
    /// # Errors
    /// [`PictureRefusal`] from the writer; the length always fits.
    pub fn picture(&self) -> Result<Picture, PictureRefusal> {
        Picture::within(&self.text, Level::SCREEN, FRAME_VERSION)
    }
}

impl Sequence {
    /// Cuts a code into fragments.
    ///
    /// # Errors
    /// [`Reason::Length`] where the fragmenter refuses the content, which no [`Own`] makes it do.
    pub fn new(own: &Own) -> Result<Self, Reason> {
        let content = own.bytes();
        let encoder =
            fountain::Encoder::new(&content, FRAGMENT).map_err(|_| Reason::Length(content.len()))?;
        Ok(Self { id: TransferId::of_bytes(&content), encoder, shown: 0 })
    }

    /// The transfer's name.
    #[must_use]
    pub fn id(&self) -> TransferId {
        self.id
    }

    /// How many fragments there are: the y of "frame x of y".
    #[must_use]
    pub fn of(&self) -> u32 {
        u32::try_from(self.encoder.fragment_count()).unwrap_or(u32::MAX)
    }

    /// The next frame.
    ///
    /// # Errors
    /// [`Reason::Encoding`] if the part cannot be written, which would be a defect of the fragmenter.
    pub fn next_frame(&mut self) -> Result<Frame, Reason> {
        let body = minicbor::to_vec(self.encoder.next_part()).map_err(|_| Reason::Encoding("CBOR"))?;
        self.shown = self.shown.saturating_add(1);
        let mut bytes = vec![WIRE];
        bytes.extend_from_slice(&self.id.0);
        bytes.extend_from_slice(&check(self.id, &body));
        bytes.extend_from_slice(&body);
        Ok(Frame { number: self.shown, of: self.of(), text: format!("{PREFIX}{}", base45::encode(&bytes)) })
    }
}

impl std::fmt::Debug for Sequence {
    fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        form.debug_struct("Sequence")
            .field("id", &self.id)
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

/// One received frame, checked by itself: its claims are bounded and its bytes are those that were sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    id: TransferId,
    number: u32,
    of: u32,
    length: u32,
    part: fountain::Part,
}

impl Part {
    /// Which transfer it belongs to.
    #[must_use]
    pub fn id(&self) -> TransferId {
        self.id
    }

    /// Its place in the sequence, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many fragments the transfer has.
    #[must_use]
    pub fn of(&self) -> u32 {
        self.of
    }

    /// How many bytes the content has.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.length
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Reason> {
        let (&version, rest) = bytes.split_first().ok_or(Reason::Empty)?;
        match version {
            0 => return Err(Reason::NoSuchVersion(0)),
            WIRE => {}
            newer => return Err(Reason::NewerVersion(newer)),
        }
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or(Reason::Length(bytes.len()))?;
        let (found, body) = rest.split_first_chunk::<CHECK>().ok_or(Reason::Length(bytes.len()))?;
        let id = TransferId(*id);
        if check(id, body) != *found {
            return Err(Reason::Altered);
        }
        let claim = Claim::read(body).ok_or(Reason::Encoding("CBOR of a part"))?;
        claim.within_bounds()?;
        let part: fountain::Part = minicbor::decode(body).map_err(|_| Reason::Encoding("CBOR of a part"))?;
        // One part has one encoding: what does not come out as it went in had a second one.
        if minicbor::to_vec(&part).is_ok_and(|again| again == body) {
            Ok(Self { id, number: claim.number, of: claim.of, length: claim.length, part })
        } else {
            Err(Reason::Encoding("CBOR of a part"))
        }
    }
}

/// What a part says of its transfer, read without copying anything.
struct Claim {
    number: u32,
    of: u32,
    length: u32,
    fragment: usize,
}

impl Claim {
    fn read(body: &[u8]) -> Option<Self> {
        let mut cbor = Cbor::new(body);
        if cbor.array().ok()? != Some(5) {
            return None;
        }
        let (number, of, length) = (cbor.u32().ok()?, cbor.u32().ok()?, cbor.u32().ok()?);
        cbor.u32().ok()?;
        let fragment = cbor.bytes().ok()?.len();
        (cbor.position() == body.len()).then_some(Self { number, of, length, fragment })
    }

    fn within_bounds(&self) -> Result<(), Reason> {
        let (Ok(of), Ok(length)) = (usize::try_from(self.of), usize::try_from(self.length)) else {
            return Err(Reason::HugeClaim { parts: self.of, bytes: self.length });
        };
        if of > MOST_PARTS || length > MOST_CONTENT {
            return Err(Reason::HugeClaim { parts: self.of, bytes: self.length });
        }
        let fits = self.number > 0
            && of > 0
            && length > 2
            && (of == 1 || self.fragment >= LEAST_FRAGMENT)
            && length.checked_div(of.max(1)).is_some()
            && length.div_ceil(self.fragment.max(1)) == of;
        if fits { Ok(()) } else { Err(Reason::Malformed("part")) }
    }
}

/// Reads the text after `HP:`.
pub(crate) fn from_text(text: &str) -> Result<Part, Refusal> {
    base45::decode(text)
        .ok_or(Reason::Encoding("base45"))
        .and_then(|bytes| Part::from_bytes(&bytes))
        .map_err(|reason| Refusal::new(Recognised::HazelPart, reason))
}

/// How far a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Fragments that are known.
    pub have: u32,
    /// Fragments that there are.
    pub of: u32,
}

/// The receiver's side: collects the parts of one transfer in any order.
#[derive(Default)]
pub struct Assembly {
    first: Option<Part>,
    decoder: fountain::Decoder,
    mixtures: usize,
}

impl Assembly {
    /// An assembly that takes its name from the first part it is given.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The transfer that is being received.
    #[must_use]
    pub fn id(&self) -> Option<TransferId> {
        self.first.as_ref().map(Part::id)
    }

    /// How far it has come; none before the first part.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        let first = self.first.as_ref()?;
        let have = self.decoder.resolved_fragment_count().unwrap_or(0);
        Some(Progress { have: u32::try_from(have).unwrap_or(u32::MAX), of: first.of })
    }

    /// Takes a part. Parts seen before change nothing; the whole is returned as soon as it is known and is what
    /// its name says.
    ///
    /// # Errors
    /// [`Reason::OtherTransfer`] leaves everything as it was; [`Reason::Altered`] on the last part means that an
    /// earlier one was forged, and starts afresh.
    pub fn take(&mut self, part: Part) -> Result<Option<Own>, Refusal> {
        let refuse = |reason| Refusal::new(Recognised::HazelPart, reason);
        match &self.first {
            Some(first) if first.id != part.id => return Err(refuse(Reason::OtherTransfer)),
            Some(first) if (first.of, first.length) != (part.of, part.length) => {
                return Err(refuse(Reason::Altered));
            }
            Some(_) => {}
            None => self.first = Some(part.clone()),
        }
        // Mixtures fill memory without bound if somebody sends ever new ones that never resolve; plain
        // fragments are as many as were claimed, and always lead to the end.
        let mixture = part.number > part.of;
        let most = usize::try_from(part.of).unwrap_or(MOST_PARTS).saturating_mul(3).saturating_add(32);
        if mixture && self.mixtures >= most {
            return Ok(None);
        }
        self.decoder.receive(part.part).map_err(|_| refuse(Reason::Altered))?;
        self.mixtures = self.mixtures.saturating_add(usize::from(mixture));
        match self.decoder.message() {
            Ok(None) => Ok(None),
            Ok(Some(content)) => self.finish(&content).map(Some).map_err(refuse),
            Err(_) => {
                *self = Self::default();
                Err(refuse(Reason::Altered))
            }
        }
    }

    /// Ends the transfer with content that came over another carrier.
    ///
    /// # Errors
    /// [`Reason::OtherTransfer`] where it is not the content that the parts announced.
    pub fn finish_with(&mut self, own: &Own) -> Result<(), Refusal> {
        if self.id() != Some(TransferId::of(own)) {
            return Err(Refusal::new(Recognised::HazelPart, Reason::OtherTransfer));
        }
        *self = Self::default();
        Ok(())
    }

    fn finish(&mut self, content: &[u8]) -> Result<Own, Reason> {
        let promised = self.id();
        *self = Self::default();
        if promised == Some(TransferId::of_bytes(content)) {
            Own::from_bytes(content)
        } else {
            Err(Reason::Altered)
        }
    }
}

impl std::fmt::Debug for Assembly {
    fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        form.debug_struct("Assembly")
            .field("id", &self.id())
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

/// Four bytes over a frame's name and body: finds damage; forgery is found by the digest of the whole.
fn check(id: TransferId, body: &[u8]) -> [u8; CHECK] {
    first(&Sha256::new().chain_update(b"hazel/v1/part\0").chain_update(id.0).chain_update(body).finalize())
}

/// The first bytes of a digest, which is longer than any use of it here.
fn first<const N: usize>(digest: &[u8]) -> [u8; N] {
    digest.first_chunk().copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::{Assembly, Sequence, from_text};
    use crate::code::{Kind, Own};
    use crate::picture::PictureRefusal;

    #[test]
    fn mixtures_that_never_resolve_are_held_up_to_a_bound_and_plain_frames_still_end_it() {
        let own =
            Own::new(Kind::Messages, (0..4_000_u16).map(|byte| byte.to_be_bytes()[1]).collect()).unwrap();
        let mut sequence = Sequence::new(&own).unwrap();
        let of = usize::try_from(sequence.of()).unwrap();
        let mut next =
            || from_text(sequence.next_frame().unwrap().text.strip_prefix("HP:").unwrap()).unwrap();
        let plain: Vec<_> = (0..of).map(|_| next()).collect();
        let mut assembly = Assembly::new();
        let bound = of * 3 + 32;
        let mut taken = 0;
        while taken < bound * 2 {
            let mixture = next();
            if !mixture.part.is_simple() {
                assert_eq!(assembly.take(mixture), Ok(None));
                taken += 1;
            }
        }
        assert_eq!((assembly.mixtures, assembly.progress().map(|progress| progress.have)), (bound, Some(0)));
        let mut whole = None;
        for part in plain {
            whole = whole.or(assembly.take(part).unwrap());
        }
        assert_eq!(whole, Some(own));
    }

    #[test]
    fn the_longest_header_leaves_a_frame_in_version_eleven() {
        let uneven = (0..crate::code::MOST_PAYLOAD).map(|place| Sha256::digest(place.to_be_bytes())[0]);
        let own = Own::new(Kind::Messages, uneven.collect()).unwrap();
        let mut sequence = Sequence::new(&own).unwrap();
        let last = (0..70_000).map(|_| sequence.next_frame().unwrap()).last().unwrap();
        assert_eq!(last.picture().map(|picture| picture.version()), Ok::<_, PictureRefusal>(11));
    }
}
