//! What a radio shows of a device, sees of others, and tells whoever connects: bytes and letters, the same on every platform.

use hazel_sync::Information as Told;
use hazel_sync::beacon::{Sight as Seen, Tag};
use hazel_sync::take_packet;

use crate::Answer;

/// A tag to show, in the two forms that systems let an app advertise.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ShownTag {
    /// Eight bytes, as manufacturer data.
    pub bytes: Vec<u8>,
    /// The same as a name of ten letters.
    pub name: String,
}

impl From<Tag> for ShownTag {
    fn from(tag: Tag) -> Self {
        Self { bytes: tag.0.to_vec(), name: tag.name() }
    }
}

/// What can be seen of somebody's tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum Sight {
    /// All of it.
    Whole {
        /// Eight bytes.
        tag: Vec<u8>,
    },
    /// The first eight letters of its name; some phones cut the last two off.
    Name {
        /// Eight letters.
        letters: String,
    },
}

impl Sight {
    /// As the sessions know it; nothing if it is of another length.
    pub(crate) fn read(&self) -> Option<Seen> {
        match self {
            Self::Whole { tag } => Some(Seen::Whole(Tag(tag.as_slice().try_into().ok()?))),
            Self::Name { letters } => Some(Seen::Name(letters.as_bytes().try_into().ok()?)),
        }
    }
}

/// Reads what came in an advertisement with Hazel's service: what stands under company 0xffff, and the device's name. There may be both,
/// and one of them old: some systems remember what a device showed before.
#[uniffi::export]
pub fn sights(company: Option<Vec<u8>>, name: Option<String>) -> Answer<Vec<Sight>> {
    let seen = Seen::read(company.as_deref(), name.as_deref());
    Ok(seen.into_iter().map(said).collect())
}

fn said(seen: Seen) -> Sight {
    match seen {
        Seen::Whole(tag) => Sight::Whole { tag: tag.0.to_vec() },
        Seen::Name(letters) => Sight::Name { letters: letters.iter().copied().map(char::from).collect() },
    }
}

/// What the information characteristic of a device says that speaks this version.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Information {
    /// The L2CAP channel that packets may take instead; zero for none. Whether to take it says [`Nearby::channel`](crate::Nearby).
    pub channel: u16,
    /// The tags it shows, for who saw none in the air.
    pub tags: Vec<Sight>,
}

/// Reads the information characteristic; none if another version is spoken, or none of Hazel's: then leave.
#[uniffi::export]
pub fn read_information(bytes: Vec<u8>) -> Answer<Option<Information>> {
    let told = Told::read(&bytes);
    Ok(told.map(|told| Information {
        channel: told.channel,
        tags: told.tags.into_iter().map(|tag| said(Seen::Whole(tag))).collect(),
    }))
}

/// What the information characteristic of this device says while it shows these tags and listens on this channel; zero for none.
#[uniffi::export]
pub fn information(tags: Vec<ShownTag>, channel: u16) -> Answer<Vec<u8>> {
    let tags = tags.iter().filter_map(|tag| tag.bytes.as_slice().try_into().ok().map(Tag)).collect();
    Ok(Told { channel, tags }.bytes())
}

/// What a channel has brought: phones see of it a stream of bytes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Brought {
    /// Packets that are whole.
    pub packets: Vec<Vec<u8>>,
    /// The beginning of the next one: to be put before what comes then.
    pub begun: Vec<u8>,
}

/// The packets in what a channel has brought. Close a channel that brings nonsense.
#[uniffi::export]
pub fn brought(mut bytes: Vec<u8>) -> Answer<Brought> {
    let mut packets = Vec::new();
    while let Some(packet) = take_packet(&mut bytes)? {
        packets.push(packet);
    }
    Ok(Brought { packets, begun: bytes })
}

/// A packet as a channel carries it.
#[uniffi::export]
pub fn framed(packet: Vec<u8>) -> Answer<Vec<u8>> {
    Ok(hazel_sync::framed(&packet)?)
}
