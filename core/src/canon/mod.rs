//! The one encoding of everything that is signed, stored or sent: deterministic CBOR arrays.
//!
//! Only definite arrays, unsigned and signed integers, byte strings, UTF-8 text and null. Whatever decodes must encode to the
//! very same bytes, or it is refused: so one object has one byte string, one hash and one signature.

mod reader;
mod writer;

pub use reader::Reader;
pub use writer::Writer;

/// The version of the wire format. It stands first in every byte string that leaves a device or reaches the disk.
pub const WIRE_VERSION: u64 = 1;

/// Why bytes are not an object of ours. Always the fault of whoever made the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes end in the middle.
    #[error("{what}: cut off in the middle")]
    Truncated {
        /// The element that was being read.
        what: &'static str,
    },
    /// Something follows the object.
    #[error("{what}: too long at the end (bytes: {extra})")]
    Trailing {
        /// The object that was read.
        what: &'static str,
        /// How many bytes follow it.
        extra: usize,
    },
    /// Another type of element stands where this one belongs.
    #[error("{what}: another kind of value was expected")]
    WrongType {
        /// The element that was being read.
        what: &'static str,
    },
    /// A list or array of another length.
    #[error("{what}: {found} elements, but {wanted} belong there")]
    WrongLength {
        /// The element that was being read.
        what: &'static str,
        /// The length that belongs there.
        wanted: u64,
        /// The length found.
        found: u64,
    },
    /// A text, byte string or list above its bound.
    #[error("{what}: longer than the {max} allowed")]
    TooLong {
        /// The element that was being read.
        what: &'static str,
        /// The bound.
        max: u64,
    },
    /// A number outside its range.
    #[error("{what}: the number is out of range")]
    OutOfRange {
        /// The element that was being read.
        what: &'static str,
    },
    /// Text that is not UTF-8.
    #[error("{what}: not valid UTF-8")]
    NotText {
        /// The element that was being read.
        what: &'static str,
    },
    /// The same object has a shorter or differently ordered encoding.
    #[error("{what}: not in canonical form")]
    NotCanonical {
        /// The object that was read.
        what: &'static str,
    },
    /// Made by a newer Hazel. To be kept aside, not dropped.
    #[error("{what}: made by a newer Hazel (version {version}); update to read it")]
    Newer {
        /// The object that was read.
        what: &'static str,
        /// The version or kind that is not known here.
        version: u64,
    },
    /// A public key that would let anybody sign.
    #[error("{what}: a weak key")]
    WeakKey {
        /// The key that was read.
        what: &'static str,
    },
}

/// An object with one canonical encoding.
pub trait Canon: Sized {
    /// What the object is called in an error.
    const WHAT: &'static str;

    /// Writes the object.
    fn write(&self, to: &mut Writer);

    /// Reads the object; bounds and ranges are checked, the canonical form is checked by [`Canon::from_bytes`].
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed>;

    /// The canonical bytes.
    fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(256);
        self.write(&mut writer);
        writer.into_bytes()
    }

    /// Reads a whole byte string of our own that passed [`Canon::from_bytes`] when it came in: neither its form nor its keys are checked
    /// again.
    fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        whole(Reader::of_own(bytes))
    }

    /// Reads a whole byte string and refuses it unless it is the canonical one.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let it: Self = whole(Reader::new(bytes))?;
        if it.to_bytes() != bytes {
            return Err(Malformed::NotCanonical { what: Self::WHAT });
        }
        Ok(it)
    }
}

/// An object and nothing behind it.
fn whole<T: Canon>(mut from: Reader<'_>) -> Result<T, Malformed> {
    let it = T::read(&mut from)?;
    from.end(T::WHAT)?;
    Ok(it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Pair(u64, String);

    impl Canon for Pair {
        const WHAT: &'static str = "pair";
        fn write(&self, to: &mut Writer) {
            to.array(2).uint(self.0).text(&self.1);
        }
        fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
            from.array("pair", 2)?;
            Ok(Self(from.uint("number")?, from.text("word", 8)?))
        }
    }

    #[test]
    fn one_object_has_one_byte_string() {
        let bytes = Pair(7, "hi".into()).to_bytes();
        assert_eq!(bytes, [0x82, 0x07, 0x62, b'h', b'i']);
        assert_eq!(Pair::from_bytes(&bytes), Ok(Pair(7, "hi".into())));
    }

    #[test]
    fn every_departure_has_its_own_error() {
        let refuse = |bytes: &[u8]| Pair::from_bytes(bytes).unwrap_err();
        assert_eq!(refuse(&[0x82, 0x07]), Malformed::Truncated { what: "word" });
        assert_eq!(refuse(&[0x82, 0x07, 0x61, b'h', 0]), Malformed::Trailing { what: "pair", extra: 1 });
        assert_eq!(refuse(&[0x82, 0x18, 0x07, 0x61, b'h']), Malformed::NotCanonical { what: "pair" });
        assert_eq!(refuse(&[0x9f, 0x07, 0x61, b'h', 0xff]), Malformed::NotCanonical { what: "pair" });
        assert_eq!(refuse(&[0x82, 0x07, 0x7f, 0x61, b'h', 0xff]), Malformed::NotCanonical { what: "word" });
        assert_eq!(refuse(&[0x81, 0x07]), Malformed::WrongLength { what: "pair", wanted: 2, found: 1 });
        assert_eq!(refuse(&[0x82, 0x61, b'h', 0x07]), Malformed::WrongType { what: "number" });
        assert_eq!(refuse(&[0x82, 0x07, 0x61, 0xff]), Malformed::NotText { what: "word" });
        assert_eq!(refuse(b"\x82\x07\x69ninechars"), Malformed::TooLong { what: "word", max: 8 });
    }

    #[test]
    fn an_element_is_passed_over_whole_or_not_at_all() {
        let element = |bytes: &[u8]| Reader::new(bytes).element("it").map(<[u8]>::len);
        assert_eq!(element(&[0x82, 0x81, 0xf6, 0x42, 1, 2, 0]), Ok(6));
        assert_eq!(element(&[0x39, 1, 0, 0]), Ok(3));
        assert_eq!(element(&[0x82, 0x81]), Err(Malformed::Truncated { what: "it" }));
        assert_eq!(element(&[0x42, 1]), Err(Malformed::Truncated { what: "it" }));
        let endless = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
        assert_eq!(element(&endless), Err(Malformed::Truncated { what: "it" }));
        for open in [&[0x81, 0x9f, 0xff][..], &[0x5f, 0x40, 0xff], &[0x7f, 0x60, 0xff]] {
            assert_eq!(element(open), Err(Malformed::NotCanonical { what: "it" }));
        }
        for foreign in [&[0xa0][..], &[0xc0, 0], &[0xf5], &[0xfb, 0, 0, 0, 0, 0, 0, 0, 0], &[0xff]] {
            assert_eq!(element(foreign), Err(Malformed::WrongType { what: "it" }));
        }
        let deep = [0x81, 0x9f].repeat(1 << 20);
        assert_eq!(element(&deep), Err(Malformed::NotCanonical { what: "it" }));
    }

    #[test]
    fn a_newer_version_is_newer_whatever_its_length() {
        let versioned = |bytes: &[u8]| Reader::new(bytes).versioned("it", 2);
        assert_eq!(versioned(&[0x82, 1, 0]), Ok(()));
        assert_eq!(versioned(&[0x83, 2, 0, 0]), Err(Malformed::Newer { what: "it", version: 2 }));
        assert_eq!(
            versioned(&[0x83, 1, 0, 0]),
            Err(Malformed::WrongLength { what: "it", wanted: 2, found: 3 })
        );
        assert_eq!(versioned(&[0x80]), Err(Malformed::WrongLength { what: "it", wanted: 2, found: 0 }));
    }

    #[test]
    fn a_huge_claim_reserves_nothing() {
        let mut reader = Reader::new(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(reader.take_list::<Pair>("pairs", 4), Err(Malformed::TooLong { what: "pairs", max: 4 }));
    }
}
