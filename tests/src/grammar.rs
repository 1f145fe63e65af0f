//! The grammar of the wire, written from the page and not from the code: every element with its name and bounds, and an encoder of
//! its own. What it writes must be byte for byte what the core writes.

/// One element of an object, with its value and what belongs there.
#[derive(Debug, Clone)]
pub enum Node {
    /// The version of the wire in front of an object.
    Version(&'static str),
    /// The suite of a signed body.
    Suite,
    /// Which of several forms follows; `newer` is the first number that nobody uses yet.
    Kind {
        /// Its name.
        what: &'static str,
        /// Which form.
        value: u64,
        /// The first unknown one.
        newer: u64,
    },
    /// An unsigned number.
    Uint {
        /// Its name.
        what: &'static str,
        /// The number.
        value: u64,
        /// The largest allowed.
        max: u64,
    },
    /// A signed number of any size that fits 64 bits.
    Int {
        /// Its name.
        what: &'static str,
        /// The number.
        value: i64,
    },
    /// A byte string of one length.
    Fixed {
        /// Its name.
        what: &'static str,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A public key that is checked as it is read.
    Key(Vec<u8>),
    /// A byte string up to a bound.
    Bytes {
        /// Its name.
        what: &'static str,
        /// The bytes.
        bytes: Vec<u8>,
        /// The longest allowed.
        max: u64,
    },
    /// A text up to a bound.
    Text {
        /// Its name.
        what: &'static str,
        /// The text.
        text: String,
        /// The longest allowed, in bytes.
        max: u64,
    },
    /// An array of one length.
    Array {
        /// Its name.
        what: &'static str,
        /// The elements.
        items: Vec<Node>,
        /// The bound where the length is known only after the kind has been read.
        cap: Option<u64>,
    },
    /// A list up to a bound.
    List {
        /// Its name.
        what: &'static str,
        /// The elements.
        items: Vec<Node>,
        /// The most allowed.
        max: u64,
    },
    /// Something that may be absent and is there.
    Maybe(Box<Node>),
    /// Something that may be absent and is.
    Absent(&'static str),
    /// An object that is tried on its own elsewhere: here only as a whole.
    Whole(Box<Node>),
}

/// Where an element stands in the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Span<'n> {
    /// The element.
    pub node: &'n Node,
    /// Whether null may stand here instead.
    pub optional: bool,
    /// Its first byte.
    pub start: usize,
    /// The first byte behind its head.
    pub inside: usize,
    /// The first byte behind it.
    pub end: usize,
}

impl Node {
    /// An array of one length.
    #[must_use]
    pub const fn array(what: &'static str, items: Vec<Self>) -> Self {
        Self::Array { what, items, cap: None }
    }

    /// A number without a bound of its own.
    #[must_use]
    pub const fn uint(what: &'static str, value: u64) -> Self {
        Self::Uint { what, value, max: u64::MAX >> 1 }
    }

    /// A number of 32 bits.
    #[must_use]
    pub fn uint32(what: &'static str, value: u32) -> Self {
        Self::Uint { what, value: value.into(), max: u32::MAX.into() }
    }

    /// A byte string of one length.
    #[must_use]
    pub fn fixed(what: &'static str, bytes: &[u8]) -> Self {
        Self::Fixed { what, bytes: bytes.to_vec() }
    }

    /// A text up to a bound.
    #[must_use]
    pub fn text(what: &'static str, text: &str, max: u64) -> Self {
        Self::Text { what, text: text.to_owned(), max }
    }

    /// Something or nothing.
    #[must_use]
    pub fn maybe(what: &'static str, it: Option<Self>) -> Self {
        it.map_or(Self::Absent(what), |it| Self::Maybe(Box::new(it)))
    }

    /// An object that is tried on its own.
    #[must_use]
    pub fn whole(self) -> Self {
        Self::Whole(Box::new(self))
    }

    /// What an error about this element must call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Version(what) | Self::Absent(what) => what,
            Self::Suite => "suite",
            Self::Key(_) => "public key",
            Self::Kind { what, .. }
            | Self::Uint { what, .. }
            | Self::Int { what, .. }
            | Self::Fixed { what, .. }
            | Self::Bytes { what, .. }
            | Self::Text { what, .. }
            | Self::Array { what, .. }
            | Self::List { what, .. } => what,
            Self::Maybe(it) | Self::Whole(it) => it.name(),
        }
    }

    /// The type of CBOR that stands here; numbers with a sign are their own.
    #[must_use]
    pub const fn sort(&self) -> Sort {
        match self {
            Self::Version(_) | Self::Suite | Self::Kind { .. } | Self::Uint { .. } => Sort::Number,
            Self::Int { .. } => Sort::Signed,
            Self::Fixed { .. } | Self::Key(_) | Self::Bytes { .. } => Sort::Bytes,
            Self::Text { .. } => Sort::Text,
            Self::Array { .. } | Self::List { .. } => Sort::Array,
            Self::Absent(_) => Sort::Null,
            Self::Maybe(it) | Self::Whole(it) => it.sort(),
        }
    }

    /// The number, length or count in its head, with the major type.
    #[must_use]
    pub fn head(&self) -> (u8, u64) {
        match self {
            Self::Version(_) | Self::Suite => (0, 1),
            Self::Kind { value, .. } | Self::Uint { value, .. } => (0, *value),
            Self::Int { value, .. } => match u64::try_from(*value) {
                Ok(value) => (0, value),
                Err(_) => (1, !value.cast_unsigned()),
            },
            Self::Fixed { bytes, .. } | Self::Key(bytes) | Self::Bytes { bytes, .. } => {
                (2, bytes.len() as u64)
            }
            Self::Text { text, .. } => (3, text.len() as u64),
            Self::Array { items, .. } | Self::List { items, .. } => (4, items.len() as u64),
            Self::Absent(_) => (7, 22),
            Self::Maybe(it) | Self::Whole(it) => it.head(),
        }
    }

    /// The canonical bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        self.lay(false, true, &mut bytes, &mut spans);
        bytes
    }

    /// The canonical bytes and where each element stands; inside objects tried elsewhere only if `deep`.
    #[must_use]
    pub fn spans(&self, deep: bool) -> (Vec<u8>, Vec<Span<'_>>) {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        self.lay(false, deep, &mut bytes, &mut spans);
        (bytes, spans)
    }

    fn lay<'n>(&'n self, optional: bool, deep: bool, to: &mut Vec<u8>, spans: &mut Vec<Span<'n>>) {
        match self {
            Self::Maybe(it) => return it.lay(true, deep, to, spans),
            Self::Whole(it) if deep => return it.lay(optional, deep, to, spans),
            Self::Whole(it) => {
                let start = to.len();
                let mut inner = Vec::new();
                it.lay(optional, false, to, &mut inner);
                spans.extend(inner.first().map(|span| Span { start, ..*span }));
                return;
            }
            _ => {}
        }
        let (major, number) = self.head();
        let start = to.len();
        to.extend(head(major, number));
        let (inside, here) = (to.len(), spans.len());
        spans.push(Span { node: self, optional, start, inside, end: inside });
        match self {
            Self::Fixed { bytes, .. } | Self::Key(bytes) | Self::Bytes { bytes, .. } => to.extend(bytes),
            Self::Text { text, .. } => to.extend(text.bytes()),
            Self::Array { items, .. } => items.iter().for_each(|item| item.lay(false, deep, to, spans)),
            Self::List { items, .. } => {
                // The items of a list are alike: the first is tried, the others are there.
                for (index, item) in items.iter().enumerate() {
                    let mut others = Vec::new();
                    item.lay(false, deep, to, if index == 0 { spans } else { &mut others });
                }
            }
            _ => {}
        }
        if let Some(span) = spans.get_mut(here) {
            span.end = to.len();
        }
    }
}

/// A type of CBOR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// An unsigned number.
    Number,
    /// A number that may be negative.
    Signed,
    /// A byte string.
    Bytes,
    /// A text.
    Text,
    /// An array.
    Array,
    /// Null.
    Null,
}

/// The shortest head.
#[must_use]
pub fn head(major: u8, number: u64) -> Vec<u8> {
    match number {
        0..=23 => vec![major << 5 | number.to_le_bytes()[0]],
        24..=0xff => long_head(major, number, 1),
        0x100..=0xffff => long_head(major, number, 2),
        0x1_0000..=0xffff_ffff => long_head(major, number, 4),
        _ => long_head(major, number, 8),
    }
}

/// A head whose number takes 1, 2, 4 or 8 bytes, whether it needs them or not.
#[must_use]
pub fn long_head(major: u8, number: u64, width: usize) -> Vec<u8> {
    let code = match width {
        1 => 24,
        2 => 25,
        4 => 26,
        _ => 27,
    };
    let digits = number.to_be_bytes();
    let mut bytes = vec![major << 5 | code];
    bytes.extend(digits.iter().skip(8_usize.saturating_sub(width)));
    bytes
}
