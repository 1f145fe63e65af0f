//! What carries packets: the only part of this crate that may touch the world.

#[cfg(feature = "ble")]
pub mod ble;
pub mod memory;
pub mod tcp;

use crate::Time;
use crate::session::{Input, Output, Session};
use std::io;

/// A link that waits: one write is one packet, and a packet may get lost.
pub trait Link {
    /// What one write may carry, as Bluetooth counts it: three bytes more than the payload.
    fn mtu(&self) -> u16;
    /// Sends one packet.
    fn send(&mut self, packet: &[u8]) -> io::Result<()>;
    /// Waits at most so many milliseconds for a packet; `None` if none came.
    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>>;
}

/// The longest that a silent link is waited for before the session is asked again.
const LONGEST_WAIT: u64 = 1_000;

/// Runs a session over a link until it hangs up or the link breaks, and tells the application every other output.
///
/// The application may call [`Session::handle`] on the session it is given, as the drain rule allows.
pub fn run(
    session: &mut Session,
    link: &mut dyn Link,
    dialing: bool,
    clock: &mut dyn FnMut() -> Time,
    application: &mut dyn FnMut(&mut Session, Output, Time),
) -> io::Result<()> {
    let up = Input::LinkUp { mtu: link.mtu(), dialing };
    session.handle(clock(), up).map_err(io::Error::other)?;
    let worked = converse(session, link, clock, application);
    let down = session.handle(clock(), Input::LinkDown).map_err(io::Error::other);
    while let Some(output) = session.poll() {
        if !matches!(output, Output::Packet(_) | Output::HangUp | Output::WakeAt(_)) {
            application(session, output, clock());
        }
    }
    worked.and(down)
}

fn converse(
    session: &mut Session,
    link: &mut dyn Link,
    clock: &mut dyn FnMut() -> Time,
    application: &mut dyn FnMut(&mut Session, Output, Time),
) -> io::Result<()> {
    let mut wake = None;
    loop {
        while let Some(output) = session.poll() {
            match output {
                Output::Packet(packet) => link.send(&packet)?,
                Output::WakeAt(at) => wake = Some(at),
                Output::HangUp => return Ok(()),
                output => application(session, output, clock()),
            }
        }
        let now = clock();
        let wait = wake.map_or(LONGEST_WAIT, |at: Time| at.since(now).min(LONGEST_WAIT));
        let packet = if wait == 0 { None } else { link.receive(wait)? };
        let input = packet.as_deref().map_or(Input::Tick, Input::Packet);
        session.handle(clock(), input).map_err(io::Error::other)?;
    }
}
