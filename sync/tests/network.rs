//! Two sessions in two threads over a real socket, cut in the middle and taken up again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test over a real socket needs a real clock"
)]

mod world;

use hazel_sync::carrier::tcp::TcpLink;
use hazel_sync::carrier::{Link, run};
use hazel_sync::session::*;
use hazel_sync::{SecretKey, Time};
use std::io;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};
use world::{dialer_key, load, partner, setting, waiter_key};

/// Breaks after so many packets received.
struct Fragile(TcpLink, usize);

impl Link for Fragile {
    fn mtu(&self) -> u16 {
        self.0.mtu()
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        self.0.send(packet)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let packet = self.0.receive(milliseconds)?;
        self.1 = self.1.saturating_sub(usize::from(packet.is_some()));
        if self.1 == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(packet) }
    }
}

struct Story {
    heard: Vec<Vec<u8>>,
    parted: usize,
    outcome: Option<Outcome>,
}

fn live(
    mut session: Session,
    mut connect: impl FnMut() -> TcpLink,
    dialing: bool,
    ours: Vec<Vec<u8>>,
    expects: usize,
) -> Story {
    let start = Instant::now();
    let mut clock = || Time(u64::try_from(start.elapsed().as_millis()).unwrap());
    ours.into_iter().for_each(|message| session.handle(clock(), Input::Send(message)).unwrap());
    let mut story = Story { heard: vec![], parted: 0, outcome: None };
    for link in 0..3 {
        let mut fragile = Fragile(connect(), if link == 0 { 20 } else { usize::MAX });
        let worked = run(&mut session, &mut fragile, dialing, &mut clock, &mut |session, output, now| {
            match output {
                Output::Message(_, bytes) => story.heard.push(bytes),
                Output::Parted(_) => story.parted += 1,
                Output::Ended(end) => story.outcome = Some(end.outcome),
                _ => {}
            }
            if story.heard.len() == expects && story.outcome.is_none() {
                let told = session.handle(now, Input::Settled(Digest([9; 8])));
                assert!(matches!(told, Ok(()) | Err(Misuse::Over)));
            }
        });
        if story.outcome.is_some() {
            return story;
        }
        assert!(worked.is_err());
    }
    story
}

fn session(role: Role, secret: &SecretKey, theirs: &SecretKey) -> Session {
    let mut setting = setting(role, partner(theirs.public()));
    setting.carrier = Carrier::Tcp;
    Session::new(setting, secret, &Entropy([if role == Role::Dialer { 1 } else { 2 }; 48])).unwrap()
}

#[test]
fn a_meeting_over_sockets_survives_a_broken_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let limit = Duration::from_secs(20);
    let (left, right) = (load(1, &[30_000, 20]), load(2, &[20_000, 5]));
    let (ours, theirs) = (left.clone(), right.clone());
    let waiter = thread::spawn(move || {
        let session = session(Role::Waiter, &waiter_key(), &dialer_key());
        live(session, || TcpLink::accept(&listener, limit).unwrap(), false, theirs, 2)
    });
    let dialer = session(Role::Dialer, &dialer_key(), &waiter_key());
    let dialer = live(dialer, || TcpLink::connect(&address, limit).unwrap(), true, ours, 2);
    let waiter = waiter.join().unwrap();
    assert_eq!((dialer.heard, waiter.heard), (right, left));
    assert_eq!((dialer.outcome, waiter.outcome), (Some(Outcome::InSync), Some(Outcome::InSync)));
    assert!(dialer.parted >= 1 && waiter.parted >= 1);
}
