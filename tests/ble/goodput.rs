//! What a session makes of a radio link, beside a bare write loop over the same two radios in the same run.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use hazel_sync::carrier::ble::central::{Central, CentralLink};
use hazel_sync::carrier::ble::peripheral::{Peripheral, PeripheralLink};
use hazel_sync::carrier::ble::{Place, Road};
use hazel_sync::carrier::{Link, run};
use hazel_sync::frame::Payload;
use hazel_sync::session::{
    Carrier, Digest, Entropy, Hint, Id, Input, Misuse, Output, Patience, Role, Session, Setting, Way,
};
use hazel_sync::{SecretKey, Time};

use super::LIMIT;

/// What crosses in each of the two.
const BYTES: usize = 800_000;
const MESSAGE: usize = 40_000;

/// Measures both and prints the ratio, and how long the processor had nothing to do meanwhile.
pub(super) fn compare(road: Road) {
    let [(bare, idle_bare), (session, idle)] =
        [watched(road, bare_reads, bare_writes), watched(road, session_reads, session_writes)];
    println!("goodput: idle {idle_bare} ms of the bare loop's link, {idle} ms of the session's");
    println!(
        "STORY goodput: {road:?}, {BYTES} bytes, bare writes {bare} B/s, a session {session} B/s, ratio 0.{:02}",
        session * 100 / bare.max(1)
    );
}

/// The rate, and the milliseconds for which the system was idle.
fn watched(road: Road, reads: fn(&mut PeripheralLink) -> u64, writes: fn(&mut CentralLink)) -> (u64, u64) {
    let before = idle();
    let rate = over_a_link(road, reads, writes);
    (rate, idle() - before)
}

/// The system's own count, in hundredths of a second.
fn idle() -> u64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let hundredths: u64 = stat.split_whitespace().nth(4).unwrap().parse().unwrap();
    hundredths * 10
}

/// Counts what crosses.
struct Counted<'l, L>(&'l mut L, [usize; 4]);

impl<L: Link> Link for Counted<'_, L> {
    fn mtu(&self) -> u16 {
        self.0.mtu()
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        self.1[0] += 1;
        self.1[1] += packet.len();
        self.0.send(packet)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let packet = self.0.receive(milliseconds)?;
        self.1[2] += usize::from(packet.is_some());
        self.1[3] += usize::from(packet.is_none());
        Ok(packet)
    }
}

/// One link between the two radios; what the reading side measures.
fn over_a_link(road: Road, reads: fn(&mut PeripheralLink) -> u64, writes: fn(&mut CentralLink)) -> u64 {
    thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let radio = Peripheral::open(Some("hci0"), &[], Place::Nowhere, road).unwrap();
            let mut link = radio.wait(LIMIT).unwrap();
            let rate = reads(&mut link);
            let _ = link.close();
            rate
        });
        let radio = Central::open(Some("hci1")).unwrap();
        // BlueZ remembers what was shown before, so no tag can be waited for.
        let found = radio.find(|_, _| true, LIMIT).unwrap();
        let mut link = radio.connect(found).unwrap();
        assert_eq!(link.road(), road);
        writes(&mut link);
        let rate = reading.join().unwrap();
        let _ = link.close();
        rate
    })
}

fn rate(bytes: usize, since: Instant) -> u64 {
    let milliseconds = u64::try_from(since.elapsed().as_millis()).unwrap().max(1);
    u64::try_from(bytes).unwrap() * 1_000 / milliseconds
}

/// As fast as the radio takes them, with nobody watching what arrives.
fn bare_writes(link: &mut CentralLink) {
    let packet = vec![0x5a; Payload::for_mtu(link.mtu()).unwrap().bytes()];
    for _ in 0..BYTES.div_ceil(packet.len()) {
        link.send(&packet).unwrap();
    }
}

/// From the first packet to the last; what the radio dropped does not count.
fn bare_reads(link: &mut PeripheralLink) -> u64 {
    let first = link.receive(10_000).unwrap().unwrap();
    let (start, mut bytes, mut last) = (Instant::now(), 0, 0);
    while bytes + first.len() < BYTES {
        // A link that ends, or falls silent, has brought what it will bring.
        let Ok(Some(packet)) = link.receive(2_000) else { break };
        bytes += packet.len();
        last = rate(bytes, start);
    }
    last
}

fn session(role: Role) -> Session {
    let (dialer, waiter) = (SecretKey::new([1; 32]), SecretKey::new([2; 32]));
    let (ours, theirs) = if role == Role::Dialer { (dialer, waiter) } else { (waiter, dialer) };
    let setting = Setting {
        role,
        way: Way::Partner { key: theirs.public() },
        carrier: Carrier::Ble,
        dialer: Id::default(),
        waiter: Id::default(),
        hint: Hint::default(),
        kept: None,
        patience: Patience::default(),
    };
    Session::new(setting, &ours, &Entropy([if role == Role::Dialer { 3 } else { 4 }; 48])).unwrap()
}

fn clock() -> impl FnMut() -> Time {
    let start = Instant::now();
    move || Time(u64::try_from(start.elapsed().as_millis()).unwrap())
}

fn session_writes(link: &mut CentralLink) {
    let mut session = session(Role::Dialer);
    let mut left = BYTES / MESSAGE;
    let mut give = |session: &mut Session, now: Time| {
        while left > 0 && session.room() >= MESSAGE {
            left -= 1;
            let message = vec![u8::try_from(left).unwrap(); MESSAGE];
            session.handle(now, Input::Send(message)).unwrap();
        }
        if left == 0 {
            let settled = session.handle(now, Input::Settled(Digest([1; 8])));
            assert!(matches!(settled, Ok(()) | Err(Misuse::Over)));
        }
    };
    give(&mut session, Time(0));
    let mut link = Counted(link, [0; 4]);
    run(&mut session, &mut link, true, &mut clock(), &mut |session, output, now| {
        if matches!(output, Output::Delivered(_) | Output::Met(_)) {
            give(session, now);
        }
    })
    .unwrap();
    let [sent, bytes, received, silences] = link.1;
    println!("goodput: {sent} packets of {bytes} bytes sent, {received} received, {silences} waits in vain");
}

/// From the moment the other is proven to the last message, whole and opened.
fn session_reads(link: &mut PeripheralLink) -> u64 {
    let mut session = session(Role::Waiter);
    let (mut met, mut bytes, mut last) = (Instant::now(), 0, 0);
    let worked = run(&mut session, link, false, &mut clock(), &mut |session, output, now| match output {
        Output::Met(_) => met = Instant::now(),
        Output::Message(_, message) => {
            bytes += message.len();
            last = rate(bytes, met);
            if bytes == BYTES {
                session.handle(now, Input::Settled(Digest([1; 8]))).unwrap();
            }
        }
        _ => {}
    });
    assert_eq!(bytes, BYTES, "{worked:?}");
    thread::sleep(Duration::from_millis(300));
    last
}
