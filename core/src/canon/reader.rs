//! Reading: bounds first, memory afterwards.

use minicbor::data::Type;

use super::{Canon, Malformed, WIRE_VERSION};

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
