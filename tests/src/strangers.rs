//! What strangers do to bytes: every departure from the grammar, each with the one error that it must meet.

use crate::fault::Fault;
use crate::grammar::{Node, Sort, Span, head, long_head};

/// Bytes that must be refused, and how.
#[derive(Debug, Clone)]
pub struct Wrong {
    /// The sort of departure.
    pub class: &'static str,
    /// What was done, in words.
    pub name: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How they must be refused.
    pub fault: Fault,
}

/// Values that stand nowhere in the grammar, or not where they are put.
const ALIENS: [(&str, &str, &[u8], Option<Sort>); 17] = [
    ("wrong_type", "a number", &[0x00], Some(Sort::Number)),
    ("wrong_type", "a byte string", &[0x40], Some(Sort::Bytes)),
    ("wrong_type", "a text", &[0x60], Some(Sort::Text)),
    ("wrong_type", "an array", &[0x80], Some(Sort::Array)),
    ("wrong_type", "null", &[0xf6], Some(Sort::Null)),
    ("wrong_type", "a map", &[0xa0], None),
    ("float", "a half float", &[0xf9, 0x3c, 0x00], None),
    ("tag", "a tagged number", &[0xc1, 0x00], None),
    ("wrong_type", "a negative number", &[0x20], Some(Sort::Signed)),
    ("wrong_type", "false", &[0xf4], None),
    ("float", "a double", &[0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0], None),
    ("tag", "a big number", &[0xc2, 0x41, 0x01], None),
    ("wrong_type", "undefined", &[0xf7], None),
    ("float", "a float", &[0xfa, 0x3f, 0x80, 0, 0], None),
    ("wrong_type", "a simple value", &[0xf8, 0x20], None),
    ("wrong_type", "a break", &[0xff], None),
    ("wrong_type", "a reserved head", &[0x1c], None),
];

/// Objects of up to so many bytes are tried twice as hard: the files stay small where the objects are large.
const SMALL: usize = 80;

/// Objects of more bytes are tried half as hard in what all elements have in common.
const LARGE: usize = 130;

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything, on the object's own elements.
    Own,
    /// Everything, on every element at every depth.
    Deep,
}

/// Every departure from the grammar of one object.
#[must_use]
pub fn departures(root: &Node, depth: Depth) -> Vec<Wrong> {
    let (bytes, spans) = root.spans(depth == Depth::Deep);
    let mut all = Vec::new();
    for extra in [1, bytes.len().min(36)] {
        let tail = bytes.iter().copied().cycle().take(extra);
        let longer: Vec<u8> = bytes.iter().copied().chain(tail).collect();
        let name = format!("{extra} bytes behind the end");
        all.push(Wrong {
            class: "trailing",
            name,
            bytes: longer,
            fault: Fault::trailing(root.name(), extra),
        });
    }
    for (index, span) in spans.iter().enumerate() {
        let mut site = Site { root, whole: &bytes, span, index, all: &mut all };
        site.cut();
        if bytes.len() <= LARGE || index.is_multiple_of(2) {
            site.alien();
            site.longer();
            site.unbounded();
        }
        site.inside();
    }
    all
}

struct Site<'a> {
    root: &'a Node,
    whole: &'a [u8],
    span: &'a Span<'a>,
    index: usize,
    all: &'a mut Vec<Wrong>,
}

impl Site<'_> {
    const fn what(&self) -> &'static str {
        self.span.node.name()
    }

    fn element(&self) -> &[u8] {
        self.whole.get(self.span.start..self.span.end).unwrap_or_default()
    }

    fn payload(&self) -> &[u8] {
        self.whole.get(self.span.inside..self.span.end).unwrap_or_default()
    }

    /// Puts other bytes in the element's place.
    fn put(&mut self, class: &'static str, done: &str, instead: &[u8], fault: Fault) {
        let before = self.whole.get(..self.span.start).unwrap_or_default();
        let after = self.whole.get(self.span.end..).unwrap_or_default();
        let bytes = [before, instead, after].concat();
        self.push(class, done, bytes, fault);
    }

    fn push(&mut self, class: &'static str, done: &str, bytes: Vec<u8>, fault: Fault) {
        let name = format!("{} #{}: {done}", self.what(), self.index);
        self.all.push(Wrong { class, name, bytes, fault });
    }

    fn cut(&mut self) {
        let payload = self.span.end.saturating_sub(self.span.inside);
        let middle = self.span.inside.saturating_add(payload / 2);
        let mut places = vec![(self.span.start, "cut off before it")];
        if self.span.inside > self.span.start.saturating_add(1) {
            places.push((self.span.inside.saturating_sub(1), "cut off in its head"));
        }
        if matches!(self.span.node.sort(), Sort::Bytes | Sort::Text) && payload > 1 {
            places.push((middle, "cut off in its middle"));
            if self.whole.len() <= SMALL {
                places.push((self.span.end.saturating_sub(1), "cut off before its last byte"));
            }
        }
        for (place, done) in places {
            let bytes = self.whole.get(..place).unwrap_or_default().to_vec();
            self.push("truncated", done, bytes, Fault::truncated(self.what()));
        }
    }

    /// Two of the values that do not belong here (one in a large object), the following ones at the next element.
    fn alien(&mut self) {
        let sort = self.span.node.sort();
        let foreign = |(_, _, _, is): &&(&str, &str, &[u8], Option<Sort>)| match is {
            None => true,
            Some(_) if sort == Sort::Null => false,
            Some(Sort::Null) => !self.span.optional,
            Some(Sort::Number | Sort::Signed) if sort == Sort::Signed => false,
            Some(is) => *is != sort,
        };
        let fitting: Vec<_> = ALIENS.iter().filter(foreign).collect();
        let count = if self.whole.len() <= SMALL { 2 } else { 1 };
        let turn = self.index.wrapping_mul(count);
        for (class, name, bytes, _) in fitting.iter().cycle().skip(turn).take(count) {
            self.put(class, &format!("{name} instead"), bytes, Fault::wrong_type(self.what()));
        }
        if self.index % 2 == 1 {
            return;
        }
        let tagged = [&[0xc6][..], self.element()].concat();
        self.put("tag", "a tag in front", &tagged, Fault::wrong_type(self.what()));
    }

    /// The same number, length or count in more bytes than it needs.
    fn longer(&mut self) {
        if self.span.node.sort() == Sort::Null {
            return;
        }
        let (major, number) = self.span.node.head();
        let shortest = head(major, number).len();
        let class = if major < 2 { "longer_number" } else { "longer_length" };
        for (turn, width) in [1, 2, 4, 8_usize].into_iter().enumerate() {
            let longer = long_head(major, number, width);
            // Numbers in every second width, lengths in every fourth: they are read by the same code.
            let ours = if major < 2 { turn % 2 == self.index % 2 } else { turn % 4 == self.index % 4 };
            if longer.len() > shortest && ours {
                let bytes = [&longer[..], self.payload()].concat();
                let done = format!("{number} in {width} bytes");
                self.put(class, &done, &bytes, Fault::not_canonical(self.root.name()));
            }
        }
    }

    /// Lengths that are left open, and lengths that are lies.
    fn unbounded(&mut self) {
        let (major, _) = self.span.node.head();
        let (sort, what) = (self.span.node.sort(), self.what());
        if matches!(sort, Sort::Bytes | Sort::Text | Sort::Array) {
            let inner = if sort == Sort::Array { self.payload() } else { self.element() };
            let open = [&[major << 5 | 31], inner, &[0xff]].concat();
            self.put("indefinite", "with an open length", &open, Fault::not_canonical(what));
        }
        if matches!(sort, Sort::Bytes | Sort::Text) {
            let claim = self.claim();
            let huge = [&head(major, claim)[..], self.payload()].concat();
            self.put("huge_count", &format!("claims {claim} bytes"), &huge, Fault::truncated(what));
        }
    }

    /// More than anybody has.
    fn claim(&self) -> u64 {
        if self.index.is_multiple_of(2) { u64::MAX } else { u32::MAX.into() }
    }

    fn inside(&mut self) {
        let what = self.what();
        match self.span.node.clone() {
            Node::Version(_) | Node::Suite => {
                self.put("out_of_range", "0", &[0], Fault::out_of_range(what));
                for version in [2, 24, u64::MAX >> 1] {
                    self.future(version);
                }
            }
            Node::Kind { newer, .. } => {
                for version in [newer, 255, u64::MAX >> 1] {
                    self.future(version);
                }
            }
            Node::Uint { max, .. } if max < u64::MAX >> 1 => {
                for number in [max.saturating_add(1), u64::MAX] {
                    let fault = Fault::out_of_range(what);
                    self.put("out_of_range", &number.to_string(), &head(0, number), fault);
                }
            }
            Node::Int { .. } => {
                for (major, number) in [(0, 1 << 63), (0, u64::MAX), (1, 1 << 63), (1, u64::MAX)] {
                    let done = if major == 0 { format!("{number}") } else { format!("-1-{number}") };
                    self.put("out_of_range", &done, &head(major, number), Fault::out_of_range(what));
                }
            }
            Node::Fixed { bytes, .. } | Node::Key(bytes) => self.lengths(&bytes),
            Node::Bytes { max, .. } | Node::Text { max, .. } => self.content(max),
            Node::Array { items, cap, .. } => self.elements(&items, cap),
            Node::List { max, items, .. } => self.list(max, &items),
            Node::Uint { .. } | Node::Absent(_) | Node::Maybe(_) | Node::Whole(_) => {}
        }
        if let Node::Key(_) = self.span.node {
            for (name, key) in crate::curve::weak_keys().into_iter().skip(self.index % 13).step_by(13) {
                let bytes = [&[0x58, 32], &key[..]].concat();
                self.put("weak_key", &name, &bytes, Fault::weak_key(what));
            }
        }
    }

    fn future(&mut self, version: u64) {
        let fault = Fault::newer(self.what(), version);
        self.put("future", &format!("number {version}"), &head(0, version), fault);
    }

    fn lengths(&mut self, bytes: &[u8]) {
        let wanted = bytes.len();
        for found in [wanted.saturating_sub(1), wanted.saturating_add(1)] {
            let other: Vec<u8> = bytes.iter().copied().cycle().take(found).collect();
            let instead = [head(2, found as u64), other].concat();
            let fault = Fault::wrong_length(self.what(), wanted as u64, found as u64);
            self.put("wrong_length", &format!("{found} bytes"), &instead, fault);
        }
    }

    fn content(&mut self, max: u64) {
        let (major, _) = self.span.node.head();
        if let Ok(most @ ..=4096) = usize::try_from(max) {
            let length = most.saturating_add(1);
            let instead = [head(major, length as u64), vec![b'a'; length]].concat();
            self.put("too_long", &format!("{length} bytes"), &instead, Fault::too_long(self.what(), max));
        }
        if major != 3 {
            return;
        }
        let broken: [(&str, &[u8]); 5] = [
            ("a lone continuation byte", &[0x80]),
            ("a broken sequence", &[0xc3, 0x28]),
            ("an overlong slash", &[0xc0, 0xaf]),
            ("half a surrogate pair", &[0xed, 0xa0, 0x80]),
            ("beyond the last character", &[0xf4, 0x90, 0x80, 0x80]),
        ];
        for (name, text) in broken {
            let instead = [head(3, text.len() as u64), text.to_vec()].concat();
            self.put("not_text", name, &instead, Fault::not_text(self.what()));
        }
    }

    fn elements(&mut self, items: &[Node], cap: Option<u64>) {
        let what = self.what();
        let count = items.len() as u64;
        for found in [count.saturating_sub(1), count.saturating_add(1)] {
            let (class, done) = if found < count {
                ("missing", "without its last element")
            } else {
                ("doubled", "with its last element twice")
            };
            let mut list: Vec<&Node> = items.iter().collect();
            match items.last() {
                Some(last) if found > count => list.push(last),
                _ => drop(list.pop()),
            }
            let instead = array(&list);
            self.put(class, done, &instead, Fault::wrong_length(what, count, found));
        }
        self.outgrown(items);
        let claim = self.claim();
        let huge = [&head(4, claim)[..], self.payload()].concat();
        let fault = match cap {
            Some(max) => Fault::too_long(what, max),
            None => Fault::wrong_length(what, count, claim),
        };
        self.put("huge_count", &format!("claims {claim} elements"), &huge, fault);
        for (left, pair) in items.windows(2).enumerate() {
            let [one, other] = pair else { continue };
            if interchangeable(one, other) {
                continue;
            }
            let mut list: Vec<&Node> = items.iter().collect();
            list.swap(left, left.saturating_add(1));
            let done = format!("{} and {} (place {left}) exchanged", one.name(), other.name());
            self.put("order", &done, &array(&list), Fault::wrong_type(one.name()));
        }
    }

    /// A version to come may have more elements or fewer, and is still a newer version.
    fn outgrown(&mut self, items: &[Node]) {
        let Some(Node::Version(_) | Node::Suite) = items.first() else { return };
        for (count, done) in
            [(items.len().saturating_add(1), "more"), (items.len().saturating_sub(1), "fewer")]
        {
            let rest = items.iter().skip(1).chain(items.last()).take(count.saturating_sub(1));
            let rest: Vec<u8> = rest.flat_map(Node::bytes).collect();
            let instead = [head(4, count as u64), vec![2], rest].concat();
            let fault = Fault::newer(items.first().map_or("", Node::name), 2);
            self.put("future", &format!("number 2 with an element {done}"), &instead, fault);
        }
    }

    fn list(&mut self, max: u64, items: &[Node]) {
        let what = self.what();
        for claim in [max.saturating_add(1), u64::MAX] {
            let all: Vec<u8> = items.iter().flat_map(Node::bytes).collect();
            let instead = [head(4, claim), all].concat();
            let class = if claim > max.saturating_add(1) { "huge_count" } else { "too_long" };
            self.put(class, &format!("claims {claim} elements"), &instead, Fault::too_long(what, max));
        }
    }
}

/// Whether two neighbours could take each other's place without a wrong type: then exchanging them is another value, not a fault.
fn interchangeable(one: &Node, other: &Node) -> bool {
    let number = |sort| matches!(sort, Sort::Number | Sort::Signed);
    let optional = |node: &Node| matches!(node, Node::Maybe(_) | Node::Absent(_));
    let (a, b) = (one.sort(), other.sort());
    a == b
        || number(a) && number(b)
        || optional(one) && b != Sort::Number
        || optional(one) && matches!(other, Node::Absent(_))
}

fn array(items: &[&Node]) -> Vec<u8> {
    let all: Vec<u8> = items.iter().flat_map(|item| item.bytes()).collect();
    [head(4, items.len() as u64), all].concat()
}
