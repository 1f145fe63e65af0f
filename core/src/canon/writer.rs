//! Writing: definite lengths, the shortest form of every number.

use super::Canon;

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
