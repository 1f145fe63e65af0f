//! Two sessions over two radios of one computer: first link broken on purpose, the second finishes.
//!
//! Wants BlueZ with the adapters `hci0` and `hci1`; virtual ones will do.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    reason = "an example prints, looks at the clock and stops at the first surprise"
)]

use hazel_sync::beacon::{Epoch, Tag, Watch};
use hazel_sync::carrier::ble::central::Central;
use hazel_sync::carrier::ble::peripheral::Peripheral;
use hazel_sync::carrier::ble::{Place, Road};
use hazel_sync::carrier::{Link, run};
use hazel_sync::session::*;
use hazel_sync::{SecretKey, Time};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

const SIZE: usize = 20_000;
const LIMIT: Duration = Duration::from_secs(60);

/// Breaks after so many packets received.
struct Fragile<'a>(&'a mut dyn Link, usize);

impl Link for Fragile<'_> {
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

struct Half {
    name: &'static str,
    session: Session,
    start: Instant,
    heard: usize,
    outcome: Option<Outcome>,
}

impl Half {
    fn new(name: &'static str, role: Role, ours: u8, theirs: u8) -> Self {
        let way = Way::Partner { key: SecretKey::new([theirs; 32]).public() };
        let setting = Setting {
            role,
            way,
            carrier: Carrier::Ble,
            dialer: Id::default(),
            waiter: Id::default(),
            hint: Hint::default(),
            kept: None,
            patience: Patience::default(),
        };
        let session = Session::new(setting, &SecretKey::new([ours; 32]), &Entropy([ours; 48])).unwrap();
        Self { name, session, start: Instant::now(), heard: 0, outcome: None }
    }

    /// One link; says whether the session is over.
    fn live(&mut self, link: &mut dyn Link, dialing: bool) -> bool {
        let (name, start, heard, outcome) = (self.name, self.start, &mut self.heard, &mut self.outcome);
        let mut clock = || Time(u64::try_from(start.elapsed().as_millis()).unwrap());
        println!("{name}: link with MTU {} after {} ms", link.mtu(), clock().0);
        let worked =
            run(&mut self.session, link, dialing, &mut clock, &mut |session, output, now| match output {
                Output::Message(_, bytes) => {
                    *heard += bytes.len();
                    let _ = session.handle(now, Input::Settled(Digest([1; 8])));
                }
                Output::Ended(end) => *outcome = Some(end.outcome),
                other => println!("{name}: {other:?}"),
            });
        println!("{name}: {worked:?}, {heard} bytes, {outcome:?} after {} ms", clock().0);
        outcome.is_some()
    }
}

fn peripheral(tag: Tag) -> Half {
    let mut half = Half::new("peripheral", Role::Waiter, 2, 1);
    half.session.handle(Time(0), Input::Send(vec![2; SIZE])).unwrap();
    let mut radio = Peripheral::open(Some("hci0"), &[tag], Place::Company, Road::Channel).unwrap();
    loop {
        let mut link = radio.wait(LIMIT).unwrap();
        if half.live(&mut link, false) {
            return half;
        }
        radio = link.close();
    }
}

fn central(watch: &Watch<&'static str>) -> Half {
    let mut half = Half::new("central", Role::Dialer, 1, 2);
    half.session.handle(Time(0), Input::Send(vec![1; SIZE])).unwrap();
    let mut radio = Central::open(Some("hci1")).unwrap();
    for n in 0.. {
        let found =
            radio.find(|_, seen| seen.iter().any(|seen| watch.recognise(*seen).is_some()), LIMIT).unwrap();
        println!("central: found {:?}", found.seen.iter().find_map(|seen| watch.recognise(*seen)));
        let mut link = radio.connect(found).unwrap();
        let over = half.live(&mut Fragile(&mut link, if n == 0 { 25 } else { usize::MAX }), true);
        let closed = link.close();
        if over {
            return half;
        }
        radio = closed.unwrap();
    }
    panic!("never over");
}

fn main() {
    let key = SecretKey::new([1; 32]).pairwise(&SecretKey::new([2; 32]).public()).unwrap();
    let theirs = SecretKey::new([2; 32]).public();
    let now = Epoch::at(1_790_000_000);
    let tag = Tag::new(&key, &theirs, now);
    let shown = thread::spawn(move || peripheral(tag));
    let found = central(&Watch::new(now, [("the partner", &key, &theirs)]));
    let shown = shown.join().unwrap();
    for half in [&shown, &found] {
        assert_eq!((half.heard, half.outcome), (SIZE, Some(Outcome::InSync)), "{}", half.name);
    }
    println!("both in sync");
}
