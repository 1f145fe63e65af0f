//! Hosts in codes: which ones can be meant for another person's device, and which ones imitate.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::refusal::Reason;

/// Names that never leave a household or a machine.
const LOCAL_SUFFIXES: [&str; 7] = ["local", "localhost", "internal", "lan", "home", "intranet", "home.arpa"];

/// The longest host name that DNS can carry.
const LONGEST: usize = 253;

/// Which hosts a reader accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hosts {
    /// Those that any device in the world could reach: what a wallet uses.
    #[default]
    Public,
    /// Local and private ones too: for a developer's own site on the same desk.
    Any,
}

/// A host name or address, in lower case, that was checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host(String);

impl Host {
    /// Checks a host against the rules of `hosts`.
    ///
    /// # Errors
    /// [`Reason::ImitatedHost`], [`Reason::LocalHost`] or [`Reason::BadHost`], with the host as it was given.
    pub fn new(text: &str, hosts: Hosts) -> Result<Self, Reason> {
        if text.len() > LONGEST {
            return Err(Reason::BadHost(text.chars().take(32).collect()));
        }
        if !text.is_ascii() || imitates(text) {
            return Err(Reason::ImitatedHost(text.to_owned()));
        }
        let host = text.to_ascii_lowercase();
        let local = match Form::of(&host).ok_or_else(|| Reason::BadHost(text.to_owned()))? {
            Form::V4(address) => is_local_v4(address),
            Form::V6(address) => is_local_v6(address),
            Form::Name => is_local_name(&host),
        };
        if local && hosts == Hosts::Public { Err(Reason::LocalHost(host)) } else { Ok(Self(host)) }
    }

    /// Checks a host with or without a port behind it; a version 6 address with a port stands in brackets.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Reason::Malformed`] for a port that is none.
    pub fn with_port(text: &str, hosts: Hosts) -> Result<(Self, Option<u16>), Reason> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') && (!host.contains(':') || host.ends_with(']')) => {
                (host, Some(port))
            }
            _ => (text, None),
        };
        let host = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        let port = port.map(|port| match port.parse() {
            Ok(number) if number > 0 && port.bytes().all(|digit| digit.is_ascii_digit()) => Ok(number),
            _ => Err(Reason::Malformed("port")),
        });
        Ok((Self::new(host, hosts)?, port.transpose()?))
    }

    /// The host without brackets, as a resolver takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Host {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') { write!(form, "[{}]", self.0) } else { form.write_str(&self.0) }
    }
}

enum Form {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Name,
}

impl Form {
    fn of(host: &str) -> Option<Self> {
        if host.contains(':') {
            return host.parse().ok().map(Self::V6);
        }
        let sound = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
        };
        if !host.split('.').all(sound) {
            return None;
        }
        // Resolvers take `127.1`, `0x7f.1` and `2130706433` for addresses; only four plain numbers are one here.
        let last = host.rsplit('.').next().unwrap_or(host);
        if last.starts_with("0x") || last.bytes().all(|letter| letter.is_ascii_digit()) {
            return host.parse().ok().map(Self::V4);
        }
        Some(Self::Name)
    }
}

/// Punycode hides what it shows; and some plain letters pass for the ones of the only host that is known by name.
fn imitates(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let known = "mychips.org";
    host.split('.').any(|label| label.starts_with("xn--"))
        || (host != known && blurred(&host) == blurred(known))
}

/// Letters as a hurried eye sees them.
fn blurred(host: &str) -> String {
    host.replace("rn", "m")
        .replace("vv", "w")
        .replace(['1', 'l', 'j'], "i")
        .replace('0', "o")
        .replace('5', "s")
}

fn is_local_name(host: &str) -> bool {
    !host.contains('.')
        || LOCAL_SUFFIXES.iter().any(|suffix| {
            host.strip_suffix(suffix).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || match address.octets() {
            [0 | 240..=255, ..] | [192, 0, 0, _] => true,
            // Carriers' shared space, benchmarks.
            [100, second, ..] => (64..128).contains(&second),
            [198, second, ..] => (18..20).contains(&second),
            _ => false,
        }
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = match segments {
        // Mapped and translated addresses, and 6to4, carry a version 4 address inside.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = embedded {
        return is_local_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    }
    let [first, second, ..] = segments;
    // Only 2000::/3 is routed between people; of that, 2001:db8::/32 is for books.
    !(0x2000..0x4000).contains(&first) || (first == 0x2001 && second == 0xdb8)
}

#[cfg(test)]
mod tests {
    use super::{Host, Hosts};
    use crate::refusal::Reason;

    #[test]
    fn public_hosts_are_taken_in_lower_case() {
        for (given, kept) in [
            ("Site.Example.ORG", "site.example.org"),
            ("8.8.8.8", "8.8.8.8"),
            ("2606:4700::1111", "2606:4700::1111"),
            ("mychips.org", "mychips.org"),
        ] {
            assert_eq!(
                Host::new(given, Hosts::Public).map(|host| host.as_str().to_owned()),
                Ok(kept.to_owned())
            );
        }
        assert_eq!(Host::new("2606:4700::1111", Hosts::Public).unwrap().to_string(), "[2606:4700::1111]");
    }

    #[test]
    fn local_hosts_are_refused_by_name_and_taken_on_request() {
        for local in [
            "localhost",
            "printer",
            "a.local",
            "x.localhost",
            "db.internal",
            "nas.lan",
            "a.home.arpa",
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:192.168.1.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
        ] {
            assert_eq!(Host::new(local, Hosts::Public), Err(Reason::LocalHost(local.to_owned())));
            assert!(Host::new(local, Hosts::Any).is_ok(), "{local}");
        }
        for public in ["172.32.0.1", "100.128.0.1", "198.20.0.1", "mylocal.org", "homes.example.com"] {
            assert!(Host::new(public, Hosts::Public).is_ok(), "{public}");
        }
    }

    #[test]
    fn imitations_are_refused_whatever_hosts_are_taken() {
        for host in [
            "mychıps.org",
            "mусhips.org",
            "xn--mychps-tfb.org",
            "a.xn--p1ai",
            "rnychips.org",
            "mych1ps.org",
            "mychips.0rg",
            "mychip5.org",
            "MYCHLPS.org",
            "ｍychips.org",
        ] {
            assert_eq!(Host::new(host, Hosts::Any), Err(Reason::ImitatedHost(host.to_owned())));
        }
    }

    #[test]
    fn what_resolvers_would_guess_at_is_no_host() {
        for host in [
            "",
            ".",
            "a..b",
            "-a.org",
            "a-.org",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "1.2.3.4.5",
            "a b.org",
            "a_b.org",
            "a.org.",
            "a.org/",
            "a@b.org",
            "[::1]",
            "1:2",
            "a\\b.org",
        ] {
            assert_eq!(Host::new(host, Hosts::Any), Err(Reason::BadHost(host.to_owned())), "{host}");
        }
        assert!(Host::new(&"a.".repeat(1 << 20), Hosts::Any).is_err());
    }
}
