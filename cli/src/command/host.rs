//! What a meeting needs of this machine: a watch, an address to call or to wait at, and what its user has decided beforehand.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use hazel_cli::meeting::{Acquaintance, Call, Door, MeetingError, Visit, Waiter, session_entropy};
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::{TallyId, Terms};
use hazel_core::wallet::{TallyView, Wallet, WalletError};
use hazel_sync::Time;
use hazel_sync::carrier::tcp::TcpLink;
use hazel_sync::session::Carrier;

use crate::edge::{Stopwatch, SystemEntropy};
use crate::progress::Progress;
use crate::trouble::{Exit, Trouble, sentence};

/// Between two tries to reach somebody who is not there yet.
const PAUSE: Duration = Duration::from_millis(200);

/// What a meeting needs of this machine.
pub(crate) struct Host {
    watch: Stopwatch,
    limit: Duration,
    agree: bool,
}

pub(crate) type Met = Option<(TallyView, Visit)>;

impl Host {
    pub(crate) fn new(limit: Duration, agree: bool) -> Self {
        Self { watch: Stopwatch::start(), limit, agree }
    }

    pub(crate) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.watch.passed())
    }

    pub(crate) fn clock(&self) -> impl FnMut() -> Time + use<> {
        let watch = self.watch;
        move || Time(u64::try_from(watch.passed().as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn dial(
        &mut self,
        wallet: &mut Wallet,
        partner: &TallyView,
        device: Option<u32>,
        address: &SocketAddr,
    ) -> Result<Met, Trouble> {
        let known = match device {
            Some(device) => Acquaintance::of_device(wallet, &partner.id, device),
            None => Acquaintance::of(wallet, &partner.id),
        }
        .map_err(broken)?;
        let entropy = session_entropy(&mut SystemEntropy);
        let mut visit = Visit::call(wallet, &known, Carrier::Tcp, &entropy).map_err(broken)?;
        let mut decide = self.decision(partner);
        let _progress = Progress::begin("Meeting", None);
        let mut reached = false;
        while !visit.is_over() && !self.left().is_zero() {
            match TcpLink::connect(address, self.left()) {
                Ok(mut link) => {
                    reached = true;
                    // A link that is lost is nothing to report as long as another can go on.
                    let _ = visit.over(wallet, &mut link, true, &mut self.clock(), &mut decide);
                }
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
        Ok(reached.then(|| (partner.clone(), visit)))
    }

    pub(super) fn wait(
        &mut self,
        wallet: &mut Wallet,
        partner: Option<&TallyView>,
        listener: &TcpListener,
    ) -> Result<Met, Trouble> {
        let tallies = match partner {
            Some(partner) => vec![partner.id],
            None => wallet.meetable()?,
        };
        let views: Vec<TallyView> = tallies.iter().map(|id| wallet.tally(id)).collect::<Result<_, _>>()?;
        let mut waiter = Waiter::behind(Door::to(wallet, &tallies).map_err(broken)?, Carrier::Tcp);
        let _progress = Progress::begin("Waiting to be called", None);
        while !waiter.visit().is_some_and(Visit::is_over) && !self.left().is_zero() {
            let Ok(mut link) = TcpLink::accept(listener, self.left()) else { break };
            let entropy = session_entropy(&mut SystemEntropy);
            let mut decide = |wallet: &mut Wallet, tally: &TallyId| {
                let before = views.iter().find(|view| view.id == *tally);
                before.map_or(Ok(()), |before| (self.decision(before))(wallet, tally))
            };
            let call = waiter.receive(wallet, &mut link, &entropy, &mut self.clock(), &mut decide);
            let forged = waiter.visit().is_some_and(|visit| visit.is_over() && !visit.report().met);
            if matches!(call.map_err(broken)?, Call::Stranger) || forged {
                // Somebody else called, or posed as the partner. The partner may still come.
                drop(if forged { waiter.leave() } else { None });
            }
        }
        let before = |visit: &Visit| views.iter().find(|view| view.id == *visit.tally()).cloned();
        Ok(waiter.leave().and_then(|visit| Some((before(&visit)?, visit))))
    }

    /// What the user has decided beforehand: with `--agree`, terms that are those asked for are signed.
    pub(crate) fn decision(
        &self,
        before: &TallyView,
    ) -> impl FnMut(&mut Wallet, &TallyId) -> Result<(), WalletError> + use<> {
        let (agree, wanted): (bool, [Terms; 2]) = (self.agree, [before.granted, before.received]);
        let invited = before.state == TallyState::Ticketed || before.state == TallyState::CertsKnown;
        move |wallet, tally| {
            if !agree || !invited {
                return Ok(());
            }
            match wallet.tally(tally)?.state {
                TallyState::CertsKnown if !wallet.meeting_keys(tally)?.introduces => {
                    wallet.offer(tally, None, None)
                }
                TallyState::Offered(By::Partner) => {
                    let offer = wallet.offered(tally)?;
                    if offer.usual_contract && [offer.granted, offer.received] == wanted {
                        wallet.accept(tally, &offer.version)?;
                    }
                    Ok(())
                }
                _ => Ok(()),
            }
        }
    }
}

pub(super) fn broken(error: MeetingError) -> Trouble {
    match error {
        MeetingError::Wallet(error) => error.into(),
        MeetingError::NobodyYet => Trouble::new(Exit::Refused, "nobody_yet", sentence(&error.to_string())),
        other => Trouble::new(Exit::Refused, "meeting_failed", sentence(&other.to_string())),
    }
}

pub(super) fn network(error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Machine, "network", format!("The network does not allow it: {error}."))
        .advise("Check the address, and that nothing else uses the port.")
}
