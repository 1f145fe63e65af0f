//! A lane between two people: a socket of this machine, cut once in the middle.

use std::io;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use hazel_cli::meeting::{Acquaintance, Door, MeetingError, Report, Visit, Waiter, session_entropy};
use hazel_core::tally::TallyId;
use hazel_core::wallet::Wallet;
use hazel_sync::Time;
use hazel_sync::carrier::Link;
use hazel_sync::carrier::tcp::TcpLink;
use hazel_sync::session::Carrier;

use crate::edge::{Stopwatch, SystemEntropy};

const LIMIT: Duration = Duration::from_secs(20);

/// What came of a meeting, at the one who waited and the one who called, and how many links it took.
pub(super) type Met = (Report, Report, usize);

/// Lets the second call the first; the first link breaks after so many packets.
pub(super) fn meet(
    waits: &mut Wallet,
    calls: &mut Wallet,
    tally: &TallyId,
    breaks: usize,
) -> Result<Met, Missed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(waits, &listener));
        let known = Acquaintance::of(calls, tally)?;
        let mut visit = Visit::call(calls, &known, Carrier::Tcp, &session_entropy(&mut SystemEntropy))?;
        let (mut links, watch) = (0_usize, Stopwatch::start());
        while !visit.is_over() && watch.passed() < LIMIT {
            let mut link = TcpLink::connect(&address, LIMIT)?;
            let left = if links == 0 { breaks } else { usize::MAX };
            links = links.saturating_add(1);
            let mut link = Breaking { link: &mut link, left };
            let _ = visit.over(calls, &mut link, true, &mut clock(watch), &mut |_, _| Ok(()));
        }
        let called = visit.end(calls).map_err(MeetingError::from)?;
        let waited = waiting.join().map_err(|_| Missed::Fell)??;
        Ok((waited, called, links))
    })
}

fn wait(wallet: &mut Wallet, listener: &TcpListener) -> Result<Report, Missed> {
    let door = Door::to(wallet, &wallet.meetable().map_err(MeetingError::from)?)?;
    let mut waiter = Waiter::behind(door, Carrier::Tcp);
    let watch = Stopwatch::start();
    while !waiter.visit().is_some_and(Visit::is_over) && watch.passed() < LIMIT {
        let mut link = TcpLink::accept(listener, LIMIT)?;
        let entropy = session_entropy(&mut SystemEntropy);
        waiter.receive(wallet, &mut link, &entropy, &mut clock(watch), &mut |_, _| Ok(()))?;
    }
    let visit = waiter.leave().ok_or(Missed::Fell)?;
    Ok(visit.end(wallet).map_err(MeetingError::from)?)
}

fn clock(watch: Stopwatch) -> impl FnMut() -> Time {
    move || Time(u64::try_from(watch.passed().as_millis()).unwrap_or(u64::MAX))
}

/// A link that breaks after so many packets.
struct Breaking<'l> {
    link: &'l mut TcpLink,
    left: usize,
}

impl Link for Breaking<'_> {
    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        self.link.send(packet)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let packet = self.link.receive(milliseconds)?;
        self.left = self.left.saturating_sub(usize::from(packet.is_some()));
        if self.left == 0 { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(packet) }
    }
}

/// Why two people on one machine did not meet.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missed {
    /// The meeting.
    #[error(transparent)]
    Meeting(#[from] MeetingError),
    /// The socket.
    #[error(transparent)]
    Socket(#[from] io::Error),
    /// The one who waited fell over.
    #[error("the one who waited is gone")]
    Fell,
}
