//! The one encoding of everything that is signed, stored or sent: deterministic CBOR arrays.
//!
//! Only definite arrays, unsigned and signed integers, byte strings, UTF-8 text and null. Whatever decodes must encode to the
//! very same bytes, or it is refused: so one object has one byte string, one hash and one signature.

use minicbor::data::Type;

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

/// Writes canonical CBOR into memory.
pub struct Writer(minicbor::Encoder<Vec<u8>>);

impl Writer {
    /// A writer with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(minicbor::Encoder::new(Vec::with_capacity(bytes)))
    }

    /// Starts an array of `len` elements.
    pub fn array(&mut self, len: u64) -> &mut Self {
        let _ = self.0.array(len);
        self
    }

    /// Starts a list whose length is counted.
    pub fn list(&mut self, len: usize) -> &mut Self {
        self.array(u64::try_from(len).unwrap_or(u64::MAX))
    }

    /// An unsigned integer.
    pub fn uint(&mut self, number: u64) -> &mut Self {
        let _ = self.0.u64(number);
        self
    }

    /// A signed integer.
    pub fn int(&mut self, number: i64) -> &mut Self {
        let _ = self.0.i64(number);
        self
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let _ = self.0.bytes(bytes);
        self
    }

    /// A text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let _ = self.0.str(text);
        self
    }

    /// Nothing, where an optional element is absent.
    pub fn null(&mut self) -> &mut Self {
        let _ = self.0.null();
        self
    }

    /// Another object in place.
    pub fn put<T: Canon>(&mut self, it: &T) -> &mut Self {
        it.write(self);
        self
    }

    /// Another object, or null.
    pub fn put_option<T: Canon>(&mut self, it: Option<&T>) -> &mut Self {
        match it {
            Some(it) => self.put(it),
            None => self.null(),
        }
    }

    /// A list of objects.
    pub fn put_list<T: Canon>(&mut self, items: &[T]) -> &mut Self {
        self.list(items.len());
        for item in items {
            item.write(self);
        }
        self
    }

    /// Bytes that are canonical CBOR already and are taken over as they are.
    pub fn raw(&mut self, canonical: &[u8]) -> &mut Self {
        self.0.writer_mut().extend_from_slice(canonical);
        self
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_writer()
    }
}

/// Reads CBOR with a bound on everything, before any memory is reserved for what a count claims.
pub struct Reader<'b> {
    bytes: minicbor::Decoder<'b>,
    /// Whether these are bytes of our own that passed the door when they came in.
    own: bool,
}

impl<'b> Reader<'b> {
    /// A reader over bytes.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes: minicbor::Decoder::new(bytes), own: false }
    }

    /// A reader over bytes of our own that passed the door when they came in: that a key is a point is not computed again. Whoever
    /// verifies with it finds out in any case.
    #[must_use]
    pub fn of_own(bytes: &'b [u8]) -> Self {
        Self { own: true, ..Self::new(bytes) }
    }

    /// Whether these are bytes of our own.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        self.own
    }

    /// Refuses what follows the object.
    pub fn end(&self, what: &'static str) -> Result<(), Malformed> {
        match self.bytes.input().len().saturating_sub(self.bytes.position()) {
            0 => Ok(()),
            extra => Err(Malformed::Trailing { what, extra }),
        }
    }

    /// The version in front; anything above ours was made by a newer Hazel.
    pub fn version(&mut self, what: &'static str) -> Result<(), Malformed> {
        match self.uint(what)? {
            WIRE_VERSION => Ok(()),
            0 => Err(Malformed::OutOfRange { what }),
            version => Err(Malformed::Newer { what, version }),
        }
    }

    /// The start of an array of exactly `wanted` elements, a version in front. A newer version is called newer whatever its length.
    pub fn versioned(&mut self, what: &'static str, wanted: u64) -> Result<(), Malformed> {
        self.counted_after(what, wanted, |from| from.version(what))
    }

    /// The start of an array whose length counts only after its first element was found to be one that is known here.
    pub(crate) fn counted_after(
        &mut self,
        what: &'static str,
        wanted: u64,
        first: impl FnOnce(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        let found = self.length(what)?;
        if found > 0 {
            first(self)?;
        }
        if found == wanted { Ok(()) } else { Err(Malformed::WrongLength { what, wanted, found }) }
    }

    /// The start of an array of exactly `wanted` elements.
    pub fn array(&mut self, what: &'static str, wanted: u64) -> Result<(), Malformed> {
        let found = self.length(what)?;
        if found == wanted { Ok(()) } else { Err(Malformed::WrongLength { what, wanted, found }) }
    }

    /// The start of a list of at most `max` elements.
    pub fn list(&mut self, what: &'static str, max: u64) -> Result<u64, Malformed> {
        let found = self.length(what)?;
        if found <= max { Ok(found) } else { Err(Malformed::TooLong { what, max }) }
    }

    fn length(&mut self, what: &'static str) -> Result<u64, Malformed> {
        self.bytes.array().map_err(|e| malformed(&e, what))?.ok_or(Malformed::NotCanonical { what })
    }

    /// An unsigned integer.
    pub fn uint(&mut self, what: &'static str) -> Result<u64, Malformed> {
        let number = self.bytes.u64().map_err(|e| malformed(&e, what))?;
        // Everything that is counted is also stored, and SQLite counts in 63 bits.
        if number <= i64::MAX.unsigned_abs() { Ok(number) } else { Err(Malformed::OutOfRange { what }) }
    }

    /// An unsigned integer of 32 bits.
    pub fn uint32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        u32::try_from(self.uint(what)?).map_err(|_| Malformed::OutOfRange { what })
    }

    /// A signed integer.
    pub fn int(&mut self, what: &'static str) -> Result<i64, Malformed> {
        self.bytes.i64().map_err(|e| malformed(&e, what))
    }

    /// A byte string of at most `max` bytes, borrowed from the input.
    pub fn bytes(&mut self, what: &'static str, max: u64) -> Result<&'b [u8], Malformed> {
        if self.kind(what)? == Type::BytesIndef {
            return Err(Malformed::NotCanonical { what });
        }
        let bytes = self.bytes.bytes().map_err(|e| malformed(&e, what))?;
        if bytes.len() as u64 <= max { Ok(bytes) } else { Err(Malformed::TooLong { what, max }) }
    }

    /// A byte string of exactly `N` bytes.
    pub fn fixed<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Malformed> {
        let bytes = self.bytes(what, u64::MAX)?;
        <[u8; N]>::try_from(bytes).map_err(|_| Malformed::WrongLength {
            what,
            wanted: N as u64,
            found: bytes.len() as u64,
        })
    }

    /// A text of at most `max` bytes.
    pub fn text(&mut self, what: &'static str, max: u64) -> Result<String, Malformed> {
        if self.kind(what)? == Type::StringIndef {
            return Err(Malformed::NotCanonical { what });
        }
        let text = self
            .bytes
            .str()
            .map_err(|e| if e.is_message() { malformed(&e, what) } else { text_fault(&e, what) })?;
        if text.len() as u64 <= max { Ok(text.to_owned()) } else { Err(Malformed::TooLong { what, max }) }
    }

    /// Whether null stands here; it is passed over if so.
    pub fn is_null(&mut self, what: &'static str) -> Result<bool, Malformed> {
        if self.kind(what)? != Type::Null {
            return Ok(false);
        }
        self.bytes.null().map_err(|e| malformed(&e, what))?;
        Ok(true)
    }

    /// An object in place.
    pub fn take<T: Canon>(&mut self) -> Result<T, Malformed> {
        T::read(self)
    }

    /// An object, or null.
    pub fn take_option<T: Canon>(&mut self) -> Result<Option<T>, Malformed> {
        if self.is_null(T::WHAT)? { Ok(None) } else { T::read(self).map(Some) }
    }

    /// A list of at most `max` objects. Memory grows with what is really there, never with what a count claims.
    pub fn take_list<T: Canon>(&mut self, what: &'static str, max: u64) -> Result<Vec<T>, Malformed> {
        let count = self.list(what, max)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(T::read(self)?);
        }
        Ok(items)
    }

    /// The bytes of the element that stands here, whole; the reader moves behind it.
    pub fn element(&mut self, what: &'static str) -> Result<&'b [u8], Malformed> {
        let start = self.bytes.position();
        // The library's own way of skipping keeps a stack for open lengths, many bytes for each that arrives. A count is enough here.
        let mut left = 1_u64;
        while left > 0 {
            left = left.saturating_sub(1);
            match self.kind(what)? {
                Type::Array => left = left.saturating_add(self.length(what)?),
                Type::ArrayIndef | Type::BytesIndef | Type::StringIndef => {
                    return Err(Malformed::NotCanonical { what });
                }
                Type::U8
                | Type::U16
                | Type::U32
                | Type::U64
                | Type::I8
                | Type::I16
                | Type::I32
                | Type::I64
                | Type::Int
                | Type::Bytes
                | Type::String
                | Type::Null => {
                    self.bytes.skip().map_err(|e| malformed(&e, what))?;
                }
                _ => return Err(Malformed::WrongType { what }),
            }
        }
        self.bytes.input().get(start..self.bytes.position()).ok_or(Malformed::Truncated { what })
    }

    fn kind(&mut self, what: &'static str) -> Result<Type, Malformed> {
        self.bytes.datatype().map_err(|e| malformed(&e, what))
    }
}

fn malformed(error: &minicbor::decode::Error, what: &'static str) -> Malformed {
    if error.is_end_of_input() {
        Malformed::Truncated { what }
    } else if error.is_type_mismatch() {
        Malformed::WrongType { what }
    } else {
        Malformed::OutOfRange { what }
    }
}

fn text_fault(error: &minicbor::decode::Error, what: &'static str) -> Malformed {
    match malformed(error, what) {
        Malformed::OutOfRange { .. } => Malformed::NotText { what },
        other => other,
    }
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
