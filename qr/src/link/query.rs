//! The query of a link, with the memo that the field's sites forget to escape.

use std::collections::BTreeMap;

use crate::refusal::Reason;

/// Parameters that some sort of link has; whatever else follows a memo might be a piece of it.
const KNOWN: [&str; 17] = [
    "host",
    "port",
    "user",
    "token",
    "expires",
    "chad",
    "cuid",
    "agent",
    "units",
    "ref",
    "memo",
    "date",
    "hint",
    "s",
    "i",
    "d",
    "randomString",
];

/// Parameters by name, percent-decoded.
#[derive(Debug, Default)]
pub(super) struct Query<'a> {
    values: BTreeMap<&'a str, String>,
}

impl<'a> Query<'a> {
    /// Whether there is a parameter of this name, for telling whose link it is.
    pub(super) fn has(query: &str, name: &str) -> bool {
        query.split('&').filter_map(|piece| piece.split_once('=')).any(|(found, _)| found == name)
    }

    /// Splits at `&` and decodes. With `has_memo`, what an unescaped `&` or `#` tore off the memo is put back.
    pub(super) fn read(query: &'a str, fragment: Option<&str>, has_memo: bool) -> Result<Self, Reason> {
        let mut pieces: Vec<(&str, String)> = Vec::new();
        for piece in query.split('&') {
            match piece.split_once('=') {
                Some((name, value)) if is_parameter(name) => pieces.push((name, value.to_owned())),
                named => match pieces.last_mut() {
                    Some(("memo", memo)) if has_memo => {
                        if named.is_some_and(|(name, _)| is_identifier(name)) {
                            return Err(Reason::AmbiguousMemo);
                        }
                        memo.push('&');
                        memo.push_str(piece);
                    }
                    // A name without a value, or a parameter of somebody else's.
                    _ => {}
                },
            }
        }
        if let (Some(("memo", memo)), Some(rest), true) = (pieces.last_mut(), fragment, has_memo) {
            memo.push('#');
            memo.push_str(rest);
        }
        let mut found = Self::default();
        for (name, value) in pieces {
            found.put(name, &value)?;
        }
        Ok(found)
    }

    fn put(&mut self, name: &'a str, value: &str) -> Result<(), Reason> {
        if name.starts_with("req-") {
            return Err(Reason::RequiredUnknown(name.chars().take(64).collect()));
        }
        let Some(name) = KNOWN.into_iter().find(|known| *known == name) else { return Ok(()) };
        let value = decoded(value).ok_or(Reason::Malformed(name))?;
        match self.values.insert(name, value.clone()) {
            Some(before) if before != value && name != "randomString" => Err(Reason::Twice(name)),
            _ => Ok(()),
        }
    }

    /// A value that is there and not empty.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An owned value, as records hold it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(str::to_owned)
    }
}

fn is_parameter(name: &str) -> bool {
    name.starts_with("req-") || KNOWN.contains(&name)
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter))
}

/// Percent-decoding; `+` stays a plus, because the field's encoders never write it for a blank.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
            bytes.push((high << 4) | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The value of one hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::Query;
    use crate::refusal::Reason;

    fn memo(query: &str, fragment: Option<&str>) -> Result<Option<String>, Reason> {
        Query::read(query, fragment, true).map(|query| query.text("memo"))
    }

    #[test]
    fn a_torn_memo_is_mended_only_where_it_reads_one_way() {
        for (query, fragment, expected) in [
            ("memo=Coffee%20&%20cake", None, "Coffee & cake"),
            ("memo=a&b&c&units=5", None, "a&b&c"),
            ("memo=Table%20", Some("5 & 6"), "Table #5 & 6"),
            ("memo=a&%20b=c", None, "a& b=c"),
            ("memo=a&", None, "a&"),
            ("memo=100%25+1", None, "100%+1"),
        ] {
            assert_eq!(memo(query, fragment), Ok(Some(expected.to_owned())), "{query}");
        }
        assert_eq!(memo("memo=Tom&Jerry=friends", None), Err(Reason::AmbiguousMemo));
        assert_eq!(memo("units=1&memo=x&units=2", None), Err(Reason::Twice("units")));
        assert_eq!(memo("memo=%ff", None), Err(Reason::Malformed("memo")));
        assert_eq!(memo("memo=%4", None), Err(Reason::Malformed("memo")));
    }

    #[test]
    fn strangers_are_ignored_unless_they_demand_otherwise() {
        let query = Query::read("&utm=1&flag&token=t&randomString=a&randomString=b", None, false).unwrap();
        assert_eq!((query.value("token"), query.value("utm")), (Some("t"), None));
        let demand = Query::read("token=t&req-escrow=1", None, false).unwrap_err();
        assert_eq!(demand, Reason::RequiredUnknown("req-escrow".to_owned()));
    }
}
