//! What a device with a radio tells whoever connects and reads: the wire's version, an L2CAP channel, and the tags that it shows.

use crate::beacon::Tag;
use crate::frame::WIRE;

/// More tags than these are not told, so that one reading is one packet on most links.
pub const TAGS_MAX: usize = 16;

/// The information of a device that speaks this version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Information {
    /// The L2CAP channel that packets may take instead; zero for none.
    pub channel: u16,
    /// For who saw no tag in the air.
    pub tags: Vec<Tag>,
}

impl Information {
    /// Reads it; nothing if another version is spoken, or none. What is left over at the end is a newer Hazel's.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (&[wire, high, low], rest) = bytes.split_first_chunk()?;
        if wire != WIRE {
            return None;
        }
        let tags = rest.chunks(8).filter_map(|tag| tag.try_into().ok().map(Tag)).take(TAGS_MAX);
        Some(Self { channel: u16::from_be_bytes([high, low]), tags: tags.collect() })
    }

    /// As it is read.
    pub fn bytes(&self) -> Vec<u8> {
        let tags = self.tags.iter().take(TAGS_MAX).flat_map(|tag| tag.0);
        [WIRE].into_iter().chain(self.channel.to_be_bytes()).chain(tags).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_information_of_today_and_of_tomorrow_is_read() {
        let tags: Vec<_> = (0..20).map(|n| Tag([n; 8])).collect();
        let told = Information { channel: 0x1234, tags };
        let bytes = told.bytes();
        assert_eq!((bytes.len(), &bytes[..3]), (3 + 8 * TAGS_MAX, &[1, 0x12, 0x34][..]));
        let read = Information::read(&[&bytes, &[9, 9][..]].concat()).unwrap();
        assert_eq!((read.channel, &read.tags[..]), (0x1234, &told.tags[..TAGS_MAX]));
        assert_eq!(Information::default().bytes(), [1, 0, 0]);
        for none in [&[][..], &[1], &[1, 0], &[2, 0, 0]] {
            assert_eq!(Information::read(none), None);
        }
    }
}
