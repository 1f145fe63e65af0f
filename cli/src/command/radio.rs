//! Meetings over Bluetooth: shows itself and looks for the partner by turns, until the two have met.

use std::collections::BTreeSet;
use std::time::Duration;

use hazel_cli::meeting::{Acquaintance, Call, Door, Visit, Waiter, session_entropy};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{TallyView, Wallet};
use hazel_sync::beacon::{Sight, TRY_SECONDS, Tag};
use hazel_sync::carrier::ble::BleError;
use hazel_sync::carrier::ble::central::Central;
use hazel_sync::session::Carrier;

use super::host::{Host, Met, broken};
use crate::edge::SystemEntropy;
use crate::progress::Progress;
use crate::trouble::{Exit, Trouble};

/// Meets a partner, or whoever of the partners calls, over the named radio or the first.
pub(crate) fn meet(
    host: &Host,
    wallet: &mut Wallet,
    partner: Option<&TallyView>,
    adapter: Option<&str>,
) -> Result<Met, Trouble> {
    let views = match partner {
        Some(partner) => vec![partner.clone()],
        None => wallet.tallies()?,
    };
    let open = wallet.meetable()?;
    let tallies: Vec<TallyId> = views.iter().map(|view| view.id).filter(|id| open.contains(id)).collect();
    let known = partner.map(|partner| Acquaintance::of(wallet, &partner.id)).transpose().map_err(broken)?;
    let waiter = Waiter::behind(Door::to(wallet, &tallies).map_err(broken)?, Carrier::Ble);
    let mut air = Air { host, adapter, views: &views, known, waiter, called: None, passed: BTreeSet::new() };
    let _progress = Progress::begin("Looking for each other", None);
    while !air.is_over() && !host.left().is_zero() {
        let worked = if air.calls(wallet.now()) { air.call(wallet) } else { air.wait(wallet) };
        match worked {
            // Nobody there yet, or a link that was lost: as long as there is time, another try can go on.
            Ok(()) | Err(Missed::Radio(BleError::Late(_))) => {}
            Err(Missed::Radio(BleError::NotFound)) => air.passed.clear(),
            Err(Missed::Radio(
                error @ (BleError::NoAdapter | BleError::Version(_) | BleError::System(_)),
            )) => return Err(trouble(&error)),
            Err(Missed::Radio(_)) => std::thread::sleep(PAUSE),
            Err(Missed::Wallet(trouble)) => return Err(trouble),
        }
    }
    Ok(air.leave())
}

/// A radio that refused may only be busy.
const PAUSE: Duration = Duration::from_millis(500);

enum Missed {
    Radio(BleError),
    Wallet(Trouble),
}

impl From<BleError> for Missed {
    fn from(error: BleError) -> Self {
        Self::Radio(error)
    }
}

pub(super) fn trouble(error: &BleError) -> Trouble {
    Trouble::new(Exit::Machine, "radio", format!("Bluetooth: {error}."))
        .advise("“hazel nearby --diagnose” says what is in the way.")
}

/// The tags to show to everybody behind a door.
pub(super) fn tags(door: &Door, now: u64) -> Vec<Tag> {
    let shown = |known: &Acquaintance| known.shown_tag(now).or(known.ticket_tag());
    door.acquaintances().iter().filter_map(shown).collect()
}

struct Air<'a> {
    host: &'a Host,
    adapter: Option<&'a str>,
    views: &'a [TallyView],
    known: Option<Acquaintance>,
    waiter: Waiter,
    called: Option<Visit>,
    /// Devices that were asked in this turn and are not sought.
    passed: BTreeSet<String>,
}

impl Air<'_> {
    fn is_over(&self) -> bool {
        let over = |visit: Option<&Visit>| visit.is_some_and(Visit::is_over);
        over(self.called.as_ref()) || over(self.waiter.visit())
    }

    fn leave(mut self) -> Met {
        let visit = self.called.or_else(|| self.waiter.leave())?;
        let before = self.views.iter().find(|view| view.id == *visit.tally())?;
        Some((before.clone(), visit))
    }

    /// Whose turn it is. Once a meeting has begun, both sides keep their parts in it.
    fn calls(&self, now: u64) -> bool {
        let theirs = self.known.as_ref().is_some_and(|known| known.introduces() || known.calls(now));
        // Only on Linux can a computer be seen.
        cfg!(not(target_os = "linux")) || self.called.is_some() || (self.waiter.visit().is_none() && theirs)
    }

    /// What is left of this turn.
    fn turn(&self, now: u64) -> Duration {
        let into = now.checked_rem(TRY_SECONDS).unwrap_or_default();
        Duration::from_secs(TRY_SECONDS.saturating_sub(into)).min(self.host.left())
    }

    fn call(&mut self, wallet: &mut Wallet) -> Result<(), Missed> {
        let (Some(known), now) = (&self.known, wallet.now()) else { return Ok(()) };
        let radio = Central::open(self.adapter)?;
        // Who shows no tag, as a phone in a pocket, or just now another one, tells it when asked.
        let shows = |seen: &[Sight]| seen.iter().any(|seen| known.is_sought(*seen, now));
        let wanted = |address: &str, seen: &[Sight]| shows(seen) || !self.passed.contains(address);
        let found = radio.find(wanted, self.turn(now))?;
        let (address, seen) = (found.address(), found.seen.clone());
        let mut link = radio.connect(found)?;
        let told = link.tags().iter().any(|tag| known.is_sought(*tag, now));
        if !told && !shows(&seen) {
            self.passed.insert(address);
            let _ = link.close();
            return Ok(());
        }
        if self.called.is_none() {
            let entropy = session_entropy(&mut SystemEntropy);
            let visit = Visit::call(wallet, known, Carrier::Ble, &entropy);
            self.called = Some(visit.map_err(|error| Missed::Wallet(broken(error)))?);
        }
        if let (Some(visit), Some(before)) = (&mut self.called, self.views.first()) {
            let mut decide = self.host.decision(before);
            let _ = visit.over(wallet, &mut link, true, &mut self.host.clock(), &mut decide);
        }
        let _ = link.close();
        // A link that was lost before the two knew each other was no meeting.
        self.called.take_if(|visit| visit.is_over() && !visit.report().met);
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn wait(&mut self, _: &mut Wallet) -> Result<(), Missed> {
        Err(Missed::Radio(BleError::NotFound))
    }

    #[cfg(target_os = "linux")]
    fn wait(&mut self, wallet: &mut Wallet) -> Result<(), Missed> {
        use hazel_sync::carrier::ble::peripheral::Peripheral;
        use hazel_sync::carrier::ble::{Place, Road};

        let now = wallet.now();
        let door = Door::to(wallet, &self.views.iter().map(|view| view.id).collect::<Vec<_>>());
        let tags = tags(&door.map_err(|error| Missed::Wallet(broken(error)))?, now);
        let radio = Peripheral::open(self.adapter, &tags, Place::Company, Road::Channel)?;
        let mut link = radio.wait(self.turn(now))?;
        let (host, views) = (self.host, self.views);
        let mut decide = |wallet: &mut Wallet, tally: &TallyId| {
            let before = views.iter().find(|view| view.id == *tally);
            before.map_or(Ok(()), |before| (host.decision(before))(wallet, tally))
        };
        let entropy = session_entropy(&mut SystemEntropy);
        let call = self.waiter.receive(wallet, &mut link, &entropy, &mut host.clock(), &mut decide);
        let forged = self.waiter.visit().is_some_and(|visit| visit.is_over() && !visit.report().met);
        if matches!(call.map_err(|error| Missed::Wallet(broken(error)))?, Call::Stranger) || forged {
            // Somebody else called, or posed as the partner. The partner may still come.
            drop(if forged { self.waiter.leave() } else { None });
        }
        drop(link.close());
        Ok(())
    }
}
