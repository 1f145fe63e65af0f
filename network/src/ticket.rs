//! An invitation to a site: where it is, by which key it is known, and a token that is good once and not for long.
//!
//! A token proves itself: it carries its expiry and whom it is limited to under a seal that only the site can make. So
//! making one writes nothing down; only what is *used* must be remembered, and only until it would have expired.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hazel_core::address::{Address, AddressError};
use hazel_core::canon::{Canon, Malformed, Reader, WIRE_VERSION, Writer};
use hazel_core::key::SecretKey;
use hazel_core::tally::Date;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::peer::{SiteKey, Token};

const SCHEME: &str = "hazel-site:";
const TOKEN: usize = 40;

/// What a site hands to somebody who shall become its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteTicket {
    /// The user's name at the site, the site's key, and where it listens.
    pub address: Address,
    /// Good once.
    pub token: Token,
    /// Until when.
    pub expires: Date,
}

/// The number of a ticket, by which the site remembers that it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TicketId(pub [u8; 8]);

/// A token that is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Good {
    /// Which ticket.
    pub id: TicketId,
    /// Until when.
    pub expires: Date,
}

impl Good {
    /// What a user is called who came with it.
    #[must_use]
    pub fn name(&self) -> String {
        self.id.to_string()
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why a token is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// Not made by this site, or changed.
    #[error("the ticket is not one of this site's")]
    Foreign,
    /// Too old.
    #[error("the ticket has expired; ask for another")]
    Expired,
    /// Limited to another network address.
    #[error("the ticket is for another address")]
    Elsewhere,
}

/// Text that is no ticket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// It does not begin as one.
    #[error("this is no site ticket; one begins with {SCHEME}")]
    Scheme,
    /// It was cut or changed on its way.
    #[error("the site ticket is damaged; copy it whole")]
    Damaged(#[from] Malformed),
    /// Its address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// Where a ticket leads and for whom it is.
#[derive(Debug, Clone, Copy)]
pub struct Invitation<'i> {
    /// The user's name at the site.
    pub name: &'i str,
    /// Where the site listens.
    pub host: &'i str,
    /// On which port.
    pub port: u16,
    /// Until when it is good.
    pub expires: Date,
    /// The only address it may be used from.
    pub only_from: Option<IpAddr>,
}

impl SiteTicket {
    /// Makes a ticket; `id` is fresh and random.
    pub fn issue(site: &SecretKey, id: TicketId, it: &Invitation<'_>) -> Result<Self, AddressError> {
        let address = Address::new(it.name, &agent_of(&site.public()), it.host, it.port)?;
        let mut token = [0; TOKEN];
        let bound = it.only_from.map_or([0; 8], |address| bound_to(site, address));
        let body = [id.0, it.expires.to_be_bytes(), bound].concat();
        let tag = tag(site, b"ticket", &body);
        for (to, from) in token.iter_mut().zip(body.iter().chain(tag.iter())) {
            *to = *from;
        }
        Ok(Self { address, token: Token(token), expires: it.expires })
    }

    /// The site's key; none if the address names none.
    #[must_use]
    pub fn site(&self) -> Option<SiteKey> {
        site_of(self.address.agent())
    }
}

/// Whether this token is good here and now, and which ticket it is.
pub fn check(site: &SecretKey, token: &Token, from: IpAddr, now: Date) -> Result<Good, Stale> {
    let (body, seal) = token.0.split_first_chunk::<24>().ok_or(Stale::Foreign)?;
    let wanted = tag(site, b"ticket", body);
    let differs = wanted.iter().zip(seal).fold(0, |so_far, (a, b)| so_far | (a ^ b));
    if differs != 0 {
        return Err(Stale::Foreign);
    }
    let part = |at: usize| body.get(at..).and_then(<[u8]>::first_chunk::<8>).copied().unwrap_or_default();
    if now > Date::from_be_bytes(part(8)) {
        return Err(Stale::Expired);
    }
    if part(16) != [0; 8] && part(16) != bound_to(site, from) {
        return Err(Stale::Elsewhere);
    }
    Ok(Good { id: TicketId(part(0)), expires: Date::from_be_bytes(part(8)) })
}

fn bound_to(site: &SecretKey, address: IpAddr) -> [u8; 8] {
    let tag = tag(site, b"address", address.to_canonical().to_string().as_bytes());
    tag.first_chunk().copied().unwrap_or_default()
}

fn tag(site: &SecretKey, label: &[u8], body: &[u8]) -> [u8; 16] {
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(site.seed().iter()) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(b"hazel site 1 ");
    mac.update(label);
    mac.update(body);
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    whole.first_chunk().copied().unwrap_or_default()
}

/// A site's key as the agent of an address.
#[must_use]
pub fn agent_of(site: &SiteKey) -> String {
    URL_SAFE_NO_PAD.encode(site.0)
}

/// The key that an agent stands for.
#[must_use]
pub fn site_of(agent: &str) -> Option<SiteKey> {
    let bytes = URL_SAFE_NO_PAD.decode(agent).ok()?;
    Some(hazel_core::key::PublicKey(bytes.try_into().ok()?)).filter(|key| key.check().is_ok())
}

impl fmt::Display for SiteTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", URL_SAFE_NO_PAD.encode(self.to_bytes()))
    }
}

impl FromStr for SiteTicket {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(TicketError::Scheme)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(rest)
            .map_err(|_| TicketError::Damaged(Malformed::OutOfRange { what: Self::WHAT }))?;
        let ticket = Self::from_bytes(&bytes)?;
        ticket.site().ok_or(AddressError::Part("agent"))?;
        ticket.address.endpoint().ok_or(AddressError::Part("host"))?;
        Ok(ticket)
    }
}

impl Canon for SiteTicket {
    const WHAT: &'static str = "site ticket";

    fn write(&self, to: &mut Writer) {
        to.array(4).uint(WIRE_VERSION).put(&self.address).bytes(&self.token.0).uint(self.expires);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.versioned(Self::WHAT, 4)?;
        let address = from.take()?;
        let token = Token(from.fixed("token")?);
        Ok(Self { address, token, expires: from.uint("expiry")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 8));

    fn site() -> SecretKey {
        SecretKey::from_seed(&[9; 32])
    }

    fn ticket(only_from: Option<IpAddr>) -> SiteTicket {
        let it = Invitation { name: "ana", host: "example.org", port: 65430, expires: 1000, only_from };
        SiteTicket::issue(&site(), TicketId([5; 8]), &it).unwrap()
    }

    #[test]
    fn a_ticket_reads_back_and_fits_a_small_code() {
        let made = ticket(None);
        assert_eq!(made.to_string().parse(), Ok(made.clone()));
        assert_eq!(made.site(), Some(site().public()));
        assert!(made.to_string().len() < 220, "{}", made.to_string().len());
    }

    #[test]
    fn it_is_good_until_it_expires_and_only_where_it_was_made() {
        let token = ticket(None).token;
        assert_eq!(check(&site(), &token, HERE, 1000), Ok(Good { id: TicketId([5; 8]), expires: 1000 }));
        assert_eq!(check(&site(), &token, HERE, 1001), Err(Stale::Expired));
        assert_eq!(check(&SecretKey::from_seed(&[8; 32]), &token, HERE, 0), Err(Stale::Foreign));
    }

    #[test]
    fn it_may_be_limited_to_one_address() {
        let token = ticket(Some(HERE)).token;
        assert_eq!(check(&site(), &token, HERE, 0), Ok(Good { id: TicketId([5; 8]), expires: 1000 }));
        assert_eq!(check(&site(), &token, THERE, 0), Err(Stale::Elsewhere));
        let IpAddr::V4(v4) = HERE else { panic!() };
        assert_eq!(
            check(&site(), &token, v4.to_ipv6_mapped().into(), 0),
            Ok(Good { id: TicketId([5; 8]), expires: 1000 })
        );
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        for place in 0..TOKEN {
            let mut token = ticket(None).token;
            token.0[place] ^= 1;
            assert_eq!(check(&site(), &token, HERE, 0), Err(Stale::Foreign), "byte {place}");
        }
    }

    #[test]
    fn other_texts_are_no_tickets() {
        assert_eq!("https://mychips.org/ticket".parse::<SiteTicket>(), Err(TicketError::Scheme));
        let text = ticket(None).to_string();
        for cut in SCHEME.len()..text.len() {
            assert!(text.get(..cut).unwrap().parse::<SiteTicket>().is_err(), "cut at {cut}");
        }
    }
}
