//! A wallet's way home: its link to a site, and one round of telling and hearing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use hazel_core::key::Entropy as _;
use hazel_core::tally::TallyId;
use hazel_core::wallet::Wallet;
use hazel_network::backoff::Backoff;
use hazel_network::driver::{CallError, Channel};
use hazel_network::peer::SiteKey;
use hazel_network::ticket::{SiteTicket, agent_of, site_of};
use hazel_network::uplink::{Heard, Talk, UplinkError};
use hazel_sync::SecretKey;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::edge::{Stopwatch, SystemEntropy};
use crate::guard;
use crate::home::Home;
use crate::trouble::{Exit, Trouble, sentence};

/// How long a person waits for that.
const QUIET: Duration = Duration::from_millis(700);

/// A wallet's link to its site.
pub(crate) struct Link {
    home: Home,
    pub(crate) site: SiteKey,
    /// `host:port`.
    pub(crate) place: String,
    key: SecretKey,
    claimed: BTreeSet<TallyId>,
    /// Silence after which the site has said what it has to say.
    pub(crate) quiet: Duration,
}

/// What came of going home.
pub(crate) struct Report {
    pub(crate) heard: Heard,
    /// Tallies with something that is not final yet.
    pub(crate) pending: usize,
    /// Channels it took.
    pub(crate) channels: usize,
}

fn key_file(home: &Home) -> PathBuf {
    home.folder().join("link.key")
}

fn link_file(home: &Home) -> PathBuf {
    home.folder().join("link.json")
}

impl Link {
    /// The key by which this device is known at sites: made once.
    fn own_key(home: &Home) -> Result<SecretKey, Trouble> {
        let path = key_file(home);
        if !path.exists() {
            let mut bytes = Zeroizing::new([0; 32]);
            SystemEntropy.fill(&mut *bytes);
            guard::write_key(&path, &bytes)?;
        }
        Ok(SecretKey::new(*guard::read_key(&path)?))
    }

    /// Redeems a ticket. The link is written down when the site has let this wallet in.
    pub(crate) fn by_ticket(
        home: &Home,
        ticket: &SiteTicket,
        within: Duration,
    ) -> Result<(Self, Channel), Trouble> {
        let key = Self::own_key(home)?;
        let channel = Channel::redeem(ticket, &key, within).map_err(|error| lost(&error))?;
        let no_site = || Trouble::usage("The ticket names no site.");
        let site = ticket.site().ok_or_else(no_site)?;
        let (host, port) = ticket.address.endpoint().ok_or_else(no_site)?;
        let place = format!("{host}:{port}");
        let link = Self { home: home.clone(), site, place, key, claimed: BTreeSet::new(), quiet: QUIET };
        link.write()?;
        Ok((link, channel))
    }

    /// The link that was made.
    pub(crate) fn read(home: &Home) -> Result<Self, Trouble> {
        let path = link_file(home);
        if !path.exists() {
            return Err(Trouble::new(Exit::Refused, "no_link", "This wallet has no site.")
                .advise("“hazel link TICKET” makes one yours; whoever runs a site makes tickets."));
        }
        let text = std::fs::read(&path).map_err(|error| Trouble::file(&path, &error))?;
        let parse = || {
            let value: Value = serde_json::from_slice(&text).ok()?;
            let site = site_of(value.get("site")?.as_str()?)?;
            let place = value.get("at")?.as_str()?.to_owned();
            let claimed = value.get("claimed")?.as_array()?;
            let claimed = claimed.iter().map(|it| it.as_str()?.parse().ok()).collect::<Option<_>>()?;
            Some((site, place, claimed))
        };
        let damaged = || {
            Trouble::new(Exit::Damaged, "corrupt", format!("{} cannot be read.", path.display()))
                .advise("Take it away and link again with a new ticket; nothing is lost.")
        };
        let (site, place, claimed) = parse().ok_or_else(damaged)?;
        Ok(Self { home: home.clone(), site, place, key: Self::own_key(home)?, claimed, quiet: QUIET })
    }

    fn write(&self) -> Result<(), Trouble> {
        let path = link_file(&self.home);
        let claimed: Vec<String> = self.claimed.iter().map(ToString::to_string).collect();
        let text = json!({ "site": agent_of(&self.site), "at": self.place, "claimed": claimed }).to_string();
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, text)
            .and_then(|()| std::fs::rename(&fresh, &path))
            .map_err(|error| Trouble::file(&path, &error))
    }

    /// Tells the site everything that is not final and hears what it says, until there is nothing more to expect, or for so long.
    /// A channel that breaks is opened again.
    pub(crate) fn go_home(
        &mut self,
        wallet: &mut Wallet,
        first: Option<Channel>,
        within: Duration,
    ) -> Result<Report, Trouble> {
        let (watch, mut backoff) = (Stopwatch::start(), Backoff::new(100, 5_000));
        let (mut channel, mut channels) = (first, 0_usize);
        loop {
            let left = within.saturating_sub(watch.passed());
            let opened = match channel.take() {
                Some(open) => Ok(open),
                None => Channel::call(&self.place, &self.site, &self.key, left.min(Duration::from_secs(10))),
            };
            let done = opened.map(|mut open| {
                channels = channels.saturating_add(1);
                self.talk(wallet, &mut open, &watch, within)
            });
            let failed = match done {
                Ok(Ok((heard, pending))) => return Ok(Report { heard, pending, channels }),
                Ok(Err(Broken::Wallet(trouble))) => return Err(trouble),
                Ok(Err(Broken::Channel(error))) | Err(error) => error,
            };
            let wait = Duration::from_millis(backoff.failed(u64::from(channels.count_ones())));
            if matches!(failed, CallError::Unwelcome) || watch.passed().saturating_add(wait) >= within {
                return Err(lost(&failed));
            }
            std::thread::sleep(wait);
        }
    }

    fn talk(
        &mut self,
        wallet: &mut Wallet,
        channel: &mut Channel,
        watch: &Stopwatch,
        within: Duration,
    ) -> Result<(Heard, usize), Broken> {
        let (mut talk, letters) =
            Talk::begin(wallet, self.site, self.key.public().0, &self.claimed).map_err(unheard)?;
        for letter in letters {
            channel.send(letter).map_err(Broken::Channel)?;
        }
        let mut silent = Stopwatch::start();
        while watch.passed() < within {
            if talk.all_answered()
                && (talk.pending(wallet).map_err(wallet_trouble)? == 0 || silent.passed() >= self.quiet)
            {
                break;
            }
            let Some(letter) = channel.receive(Duration::from_millis(50)).map_err(Broken::Channel)? else {
                continue;
            };
            silent = Stopwatch::start();
            for answer in talk.hear(wallet, &letter).map_err(unheard)? {
                channel.send(answer).map_err(Broken::Channel)?;
            }
        }
        if talk.all_answered() {
            self.claimed.extend(talk.tallies().copied());
            self.write().map_err(Broken::Wallet)?;
        }
        let pending = talk.pending(wallet).map_err(wallet_trouble)?;
        Ok((talk.heard, pending))
    }
}

/// Why a talk ended early.
enum Broken {
    Channel(CallError),
    Wallet(Trouble),
}

fn wallet_trouble(error: hazel_core::wallet::WalletError) -> Broken {
    Broken::Wallet(error.into())
}

fn unheard(error: UplinkError) -> Broken {
    Broken::Wallet(match error {
        UplinkError::Wallet(error) => error.into(),
        UplinkError::Malformed(_) => Trouble::new(Exit::Damaged, "letter", sentence(&error.to_string())),
    })
}

fn lost(error: &CallError) -> Trouble {
    let (code, advice) = match error {
        CallError::Unwelcome => ("unwelcome", "Ask whoever runs the site for a new ticket, and link again."),
        CallError::Unreachable { .. } | CallError::Late => (
            "unreachable_site",
            "Nothing is lost: what you signed waits, and goes out with the next “hazel sync”.",
        ),
        _ => ("channel_lost", "Nothing is lost: “hazel sync” goes on from there."),
    };
    Trouble { culprit: "nobody", ..Trouble::new(Exit::Machine, code, sentence(&error.to_string())) }
        .advise(advice)
}
