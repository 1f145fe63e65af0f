//! CHIP addresses: where a party can be reached through a site, if anywhere. `chip://cuid:agent@host:port`

use std::fmt;
use std::str::FromStr;

use crate::canon::{Canon, Malformed, Reader, Writer};

/// A CHIP address. Only the agent is always there; a wallet without a site has no address at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    cuid: String,
    agent: String,
    host: String,
    port: u16,
}

/// Text that is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A part is missing, too long, or holds a character that has no place there.
    #[error("not a CHIP address: the {0} is wrong; write it like chip://cuid:agent@host:port")]
    Part(&'static str),
}

const SCHEME: &str = "chip://";

impl Address {
    /// An address of checked parts.
    pub fn new(cuid: &str, agent: &str, host: &str, port: u16) -> Result<Self, AddressError> {
        let word = |text: &str, max: usize| {
            text.len() <= max && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if !word(cuid, 64) {
            return Err(AddressError::Part("cuid"));
        }
        if agent.is_empty() || !word(agent, 64) {
            return Err(AddressError::Part("agent"));
        }
        if !word(host, 253) {
            return Err(AddressError::Part("host"));
        }
        if host.is_empty() != (port == 0) {
            return Err(AddressError::Part("port"));
        }
        Ok(Self { cuid: cuid.to_owned(), agent: agent.to_owned(), host: host.to_owned(), port })
    }

    /// The user's name at the site.
    #[must_use]
    pub fn cuid(&self) -> &str {
        &self.cuid
    }

    /// The key of the site's agent, as text.
    #[must_use]
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// Host and port, if the address names them.
    #[must_use]
    pub fn endpoint(&self) -> Option<(&str, u16)> {
        (!self.host.is_empty()).then_some((&self.host, self.port))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        if !self.cuid.is_empty() {
            write!(f, "{}:", self.cuid)?;
        }
        f.write_str(&self.agent)?;
        match self.endpoint() {
            Some((host, port)) => write!(f, "@{host}:{port}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.strip_prefix(SCHEME).unwrap_or(text);
        let (who, endpoint) = match text.split_once('@') {
            Some((who, endpoint)) => (who, Some(endpoint)),
            None => (text, None),
        };
        let (cuid, agent) = who.split_once(':').unwrap_or(("", who));
        let (host, port) = match endpoint {
            Some(endpoint) => {
                let (host, port) = endpoint.rsplit_once(':').ok_or(AddressError::Part("port"))?;
                (host, port.parse().map_err(|_| AddressError::Part("port"))?)
            }
            None => ("", 0),
        };
        Self::new(cuid, agent, host, port)
    }
}

impl Canon for Address {
    const WHAT: &'static str = "address";

    fn write(&self, to: &mut Writer) {
        to.array(4).text(&self.cuid).text(&self.agent).text(&self.host).uint(self.port.into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array(Self::WHAT, 4)?;
        let cuid = from.text("cuid", 64)?;
        let agent = from.text("agent", 64)?;
        let host = from.text("host", 253)?;
        let port = u16::try_from(from.uint("port")?).map_err(|_| Malformed::OutOfRange { what: "port" })?;
        Self::new(&cuid, &agent, &host, port).map_err(|_| Malformed::OutOfRange { what: Self::WHAT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        for text in [
            "chip://ana:U2F3W5@example.org:65430",
            "chip://U2F3W5@example.org:65430",
            "chip://U2F3W5",
            "chip://ana:U2F3W5",
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(
                (address.agent(), address.cuid()),
                ("U2F3W5", if text.contains("ana") { "ana" } else { "" })
            );
            assert_eq!(address.endpoint(), text.contains('@').then_some(("example.org", 65430)));
            assert_eq!(Address::from_bytes(&address.to_bytes()), Ok(address));
        }
    }

    #[test]
    fn the_wrong_part_is_named() {
        for (text, part) in [
            ("", "agent"),
            ("a b:c", "cuid"),
            ("a:c@h", "port"),
            ("a:c@h:70000", "port"),
            ("c@h h:1", "host"),
        ] {
            assert_eq!(text.parse::<Address>(), Err(AddressError::Part(part)), "{text}");
        }
    }
}
