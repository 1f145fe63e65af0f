//! What carries packets: the only part of this crate that may touch the world.

#[cfg(feature = "ble")]
pub mod ble;
pub mod memory;
pub mod tcp;

use crate::Time;
use crate::frame::Packet;
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

/// A link whose first packet was looked at, to see which session it is for; it gives that packet out first.
pub struct Greeted<L> {
    link: L,
    first: Option<Vec<u8>>,
}

impl<L: Link> Greeted<L> {
    /// Waits at most so long for the first packet that greets or resumes; anything before it is lost, and comes again.
    pub fn wait(mut link: L, milliseconds: u64, clock: &mut dyn FnMut() -> Time) -> io::Result<Self> {
        let end = clock().after(milliseconds);
        loop {
            let left = end.since(clock());
            if left == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let Some(packet) = link.receive(left)? else { continue };
            match Packet::read(&packet) {
                Ok(Packet::Open(_) | Packet::Resume(_)) => return Ok(Self { link, first: Some(packet) }),
                Ok(_) => {}
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }

    /// The packet: for [`Greeting::read`](crate::frame::Greeting::read) or [`Session::recognises`].
    pub fn first(&self) -> &[u8] {
        self.first.as_deref().unwrap_or_default()
    }
}

impl<L: Link> Link for Greeted<L> {
    fn mtu(&self) -> u16 {
        self.link.mtu()
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        self.link.send(packet)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.link.receive(milliseconds),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Greeting;

    /// Gives out these packets, one a millisecond.
    struct Script(Vec<Vec<u8>>);

    impl Link for Script {
        fn mtu(&self) -> u16 {
            23
        }

        fn send(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn receive(&mut self, _: u64) -> io::Result<Option<Vec<u8>>> {
            Ok(if self.0.is_empty() { None } else { Some(self.0.remove(0)) })
        }
    }

    #[allow(clippy::arithmetic_side_effects, reason = "a test's clock")]
    fn wait(packets: &[Vec<u8>]) -> io::Result<Greeted<Script>> {
        let mut now = 0;
        Greeted::wait(Script(packets.to_vec()), 50, &mut || {
            now += 1;
            Time(now)
        })
    }

    #[test]
    fn the_greeting_is_read_and_kept() {
        let greeting = Greeting { pattern: 3, hint: [7; 8] };
        let open = Packet::Open(greeting).write();
        let (early, late) = (vec![0x12, 0, 1], vec![0x12, 0, 2]);
        let mut link = wait(&[early, open.clone(), late.clone()]).unwrap();
        assert_eq!(Greeting::read(link.first()), Some(greeting));
        let heard: Vec<_> = (0..3).map(|_| link.receive(1).unwrap()).collect();
        assert_eq!(heard, [Some(open), Some(late), None]);
    }

    #[test]
    fn silence_and_noise_are_told_apart() {
        let kind = |packets: &[Vec<u8>]| wait(packets).err().map(|error| error.kind());
        assert_eq!(kind(&[]), Some(io::ErrorKind::TimedOut));
        assert_eq!(kind(&[vec![0x24]]), Some(io::ErrorKind::InvalidData));
    }
}
