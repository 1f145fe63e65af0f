//! A site on real sockets, with a host that only echoes: what the driver promises whatever the host does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test that goes wrong should stop loudly, and may look at the clock"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hazel_core::key::SecretKey as SiteSecret;
use hazel_core::tally::Date;
use hazel_network::backoff::Backoff;
use hazel_network::driver::{
    Batch, Broken, CallError, Caller, Channel, Event, Host, Journal, Level, Limits, Outgoing, Serve, Serving,
};
use hazel_network::letter::Correspondent;
use hazel_network::peer::{Allowance, Fault, Patience, SiteKey, dialog_secret};
use hazel_network::ticket::{Invitation, SiteTicket, TicketId};
use hazel_sync::SecretKey;

const SOON: Duration = Duration::from_secs(5);

fn site() -> SiteSecret {
    SiteSecret::from_seed(&[2; 32])
}

fn wallet(seed: u8) -> SecretKey {
    SecretKey::new([seed; 32])
}

/// Echoes letters to those it knows. It breaks while it is told to.
#[derive(Clone, Default)]
struct Echo(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    batches: Vec<usize>,
    opened: usize,
    broken: bool,
    slow: Duration,
}

impl Host for Echo {
    fn welcome(&mut self, caller: &Caller, _: Date) -> Option<Correspondent> {
        let key = caller.claim.key;
        (key != wallet(66).public()).then_some(Correspondent::User(key.0))
    }

    fn batch(&mut self, events: Vec<Event>, _: u64) -> Result<Batch, Broken> {
        let mut told = self.0.lock().unwrap();
        std::thread::sleep(told.slow);
        if told.broken {
            return Err(Broken("the disk is full".into()));
        }
        let mut letters = Vec::new();
        for event in events {
            match event {
                Event::Opened(_) => told.opened += 1,
                Event::Letter(to, bytes) => letters.push(Outgoing { to, bytes }),
                Event::Tick => {}
            }
        }
        told.batches.push(letters.len());
        Ok(Batch { letters, ..Batch::default() })
    }

    fn place(&self, _: &SiteKey) -> Option<String> {
        None
    }
}

/// Has one letter for another site, and sends it whenever somebody calls or that site is there.
struct Courier(String);

impl Host for Courier {
    fn welcome(&mut self, caller: &Caller, _: Date) -> Option<Correspondent> {
        Some(Correspondent::User(caller.claim.key.0))
    }

    fn batch(&mut self, events: Vec<Event>, _: u64) -> Result<Batch, Broken> {
        let opened = events.iter().filter(|event| matches!(event, Event::Opened(_)));
        let to = Correspondent::Site(another_site().public());
        let letters = opened.map(|_| Outgoing { to, bytes: b"for you".to_vec() }).collect();
        Ok(Batch { letters, ..Batch::default() })
    }

    fn place(&self, site: &SiteKey) -> Option<String> {
        (*site == another_site().public()).then(|| self.0.clone())
    }
}

fn another_site() -> SiteSecret {
    SiteSecret::from_seed(&[3; 32])
}

fn generous() -> Limits {
    Limits { allowance: Allowance { burst: 10_000, refill: 1, addresses: 16 }, ..Limits::default() }
}

fn serve(limits: Limits, host: &Echo) -> Serving {
    serve_at("127.0.0.1:0", &site(), limits, host.clone())
}

fn serve_at(address: &str, site: &SiteSecret, limits: Limits, host: impl Host + 'static) -> Serving {
    let journal = Journal::to(Box::new(std::io::sink()), Level::Debug);
    let (listen, pages) = (address.parse().unwrap(), Some("127.0.0.1:0".parse().unwrap()));
    Serve { listen, pages, key: dialog_secret(site), limits, journal }.begin(host).unwrap()
}

fn call(serving: &Serving, seed: u8) -> Result<Channel, CallError> {
    Channel::call(&serving.address.to_string(), &site().public(), &wallet(seed), SOON)
}

/// Writes these bytes on a new connection; what comes back until it is closed, and how long that took.
fn shout(address: SocketAddr, bytes: &[u8]) -> (Vec<u8>, Duration) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let begun = Instant::now();
    let _ = stream.write_all(bytes);
    let mut heard = Vec::new();
    let _ = stream.read_to_end(&mut heard);
    (heard, begun.elapsed())
}

fn page(serving: &Serving, path: &str) -> String {
    let (heard, _) = shout(serving.pages.unwrap(), format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes());
    String::from_utf8(heard).unwrap()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn letters_come_back_through_one_commit_each_batch() {
    let echo = Echo::default();
    let serving = serve(generous(), &echo);
    let mut channel = call(&serving, 1).unwrap();
    for len in [0, 1, 8_001, 32 * 1024, 1 << 20] {
        channel.send(vec![7; len]).unwrap();
        assert_eq!(channel.receive(SOON).unwrap().unwrap().len(), len);
    }
    // While one batch is slow the others gather, and leave together.
    echo.0.lock().unwrap().slow = Duration::from_millis(100);
    for n in 0..50 {
        channel.send(vec![n; 100]).unwrap();
    }
    for n in 0..50 {
        assert_eq!(channel.receive(SOON).unwrap().unwrap(), vec![n; 100], "in order");
    }
    let batches = echo.0.lock().unwrap().batches.iter().filter(|len| **len > 0).count();
    assert!(batches < 5 + 50, "{batches} transactions for 55 letters");
    serving.stop();
}

#[test]
fn a_ticket_and_a_known_key_open_a_channel_and_a_stranger_hears_nothing() {
    let serving = serve(generous(), &Echo::default());
    let (host, port) = ("127.0.0.1", serving.address.port());
    let it = Invitation { name: "ana", host, port, expires: u64::MAX / 4, only_from: None };
    let ticket = SiteTicket::issue(&site(), TicketId([1; 8]), &it).unwrap();
    assert!(Channel::redeem(&ticket, &wallet(3), SOON).is_ok());
    assert!(matches!(Channel::redeem(&ticket, &wallet(66), SOON), Err(CallError::Unwelcome)));
    assert!(matches!(call(&serving, 66), Err(CallError::Unwelcome)));
    until("two were turned away", || serving.gauges.ends(Fault::Unwelcome) == 2);
    serving.stop();
}

#[test]
fn whatever_is_not_a_first_packet_is_answered_with_zero_bytes_and_closed() {
    let serving = serve(generous(), &Echo::default());
    let http = b"GET / HTTP/1.1\r\n\r\n".to_vec();
    let raw = b"\0\0\0\x0eN\"some-agent\"\0".to_vec();
    for bytes in [http, raw, vec![0; 4], vec![0xff; 4096], vec![b'I'; 300], vec![0, 0, 0, 1, b'A']] {
        let (heard, took) = shout(serving.address, &bytes);
        assert!(heard.is_empty(), "{heard:?}");
        assert!(took < Duration::from_secs(2));
    }
    assert_eq!(serving.gauges.open_channels(), 0);
    serving.stop();
}

#[test]
fn slow_loris_is_closed_when_its_time_is_up_and_takes_no_place_from_others() {
    let patience = Patience { handshake: 300, letter: 300, idle: 60_000 };
    let limits = Limits { patience, unproven: 64, ..generous() };
    let serving = serve(limits, &Echo::default());
    let slow: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(serving.address).unwrap()).collect();
    for mut stream in &slow {
        let _ = stream.write_all(&[0]);
    }
    assert!(call(&serving, 1).is_ok(), "an honest caller beside forty slow ones");
    until("all slow ones are gone", || serving.gauges.ends(Fault::Slow) >= 40);
    for mut stream in slow {
        stream.set_read_timeout(Some(SOON)).unwrap();
        assert_eq!(stream.read(&mut [0; 16]).unwrap_or(0), 0);
    }
    serving.stop();
}

#[test]
fn half_open_connections_have_few_places_and_never_all() {
    let limits = Limits { unproven: 8, ..generous() };
    let serving = serve(limits, &Echo::default());
    let mut open = call(&serving, 1).unwrap();
    let _silent: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(serving.address).unwrap()).collect();
    until("the places are taken", || page(&serving, "/metrics").contains("connections_full_total 42"));
    open.send(b"still here".to_vec()).unwrap();
    assert_eq!(open.receive(SOON).unwrap(), Some(b"still here".to_vec()));
    serving.stop();
}

#[test]
fn a_flood_from_one_address_runs_dry_and_lies_cost_more_than_calls() {
    let allowance = Allowance { burst: 20, refill: 60_000, addresses: 16 };
    let serving = serve(Limits { allowance, ..Limits::default() }, &Echo::default());
    for _ in 0..60 {
        let (heard, _) = shout(serving.address, b"\0\0\0\x02Xx");
        assert!(heard.is_empty());
    }
    assert!(serving.gauges.turned_away() >= 50, "{}", serving.gauges.turned_away());
    assert!(call(&serving, 1).is_err(), "the address has used up what it had");
    serving.stop();
}

#[test]
fn a_flood_of_letters_is_slowed_down_not_stored() {
    let echo = Echo::default();
    echo.0.lock().unwrap().slow = Duration::from_millis(20);
    let serving = serve(generous(), &echo);
    let mut flood = call(&serving, 1).unwrap();
    let mut other = call(&serving, 2).unwrap();
    // Never reads what is echoed: its channel is given up, nobody else's.
    let sent = (0..2_000).take_while(|_| flood.send(vec![0; 32 * 1024]).is_ok()).count();
    assert!(sent < 2_000, "{sent} letters of 32 KiB were taken without one being read");
    other.send(b"mine".to_vec()).unwrap();
    assert_eq!(other.receive(SOON).unwrap(), Some(b"mine".to_vec()));
    serving.stop();
}

#[test]
fn what_cannot_be_written_down_is_not_answered_and_the_page_says_so() {
    let echo = Echo::default();
    let serving = serve(generous(), &echo);
    let mut channel = call(&serving, 1).unwrap();
    assert!(page(&serving, "/health").starts_with("HTTP/1.1 200"));
    echo.0.lock().unwrap().broken = true;
    channel.send(b"lost".to_vec()).unwrap();
    assert!(channel.receive(SOON).is_err(), "the channel ends without an answer");
    assert!(page(&serving, "/health").starts_with("HTTP/1.1 503"));
    assert!(page(&serving, "/metrics").contains("hazel_up 0"));
    echo.0.lock().unwrap().broken = false;
    let mut again = call(&serving, 1).unwrap();
    again.send(b"again".to_vec()).unwrap();
    assert_eq!(again.receive(SOON).unwrap(), Some(b"again".to_vec()));
    assert!(page(&serving, "/health").starts_with("HTTP/1.1 200"));
    serving.stop();
}

/// Nobody listens where the other site should be. It is called again until it is there, and then what waited is told.
#[test]
fn a_site_that_is_not_there_is_called_until_it_is() {
    let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let limits = Limits { backoff: Backoff::new(10, 40), ..generous() };
    let courier = serve_at("127.0.0.1:0", &site(), limits, Courier(place.clone()));
    let _channel = call(&courier, 1).unwrap();
    let failed =
        |line: &str| line.strip_prefix("hazel_calls_failed_total ").is_some_and(|calls| calls != "0");
    until("it was called", || page(&courier, "/metrics").lines().any(failed));
    let echo = Echo::default();
    let other = serve_at(&place, &another_site(), generous(), echo.clone());
    until("it was told", || echo.0.lock().unwrap().batches.contains(&1));
    other.stop();
    courier.stop();
}

#[test]
fn two_channels_of_one_wallet_are_harmless() {
    let echo = Echo::default();
    let serving = serve(generous(), &echo);
    let (mut old, mut new) = (call(&serving, 1).unwrap(), call(&serving, 1).unwrap());
    until("both are open", || echo.0.lock().unwrap().opened == 2);
    old.send(b"said on the old".to_vec()).unwrap();
    assert_eq!(new.receive(SOON).unwrap(), Some(b"said on the old".to_vec()), "answers take the newest");
    drop(new);
    until("the newer is gone", || serving.gauges.open_channels() == 1);
    until("the old one carries on", || {
        old.send(b"x".to_vec()).unwrap();
        old.receive(Duration::from_millis(100)).unwrap().is_some()
    });
    serving.stop();
}

#[test]
fn a_stopped_site_lets_go_and_its_address_is_free_again() {
    let serving = serve(generous(), &Echo::default());
    let (mut channel, address) = (call(&serving, 1).unwrap(), serving.address);
    let begun = Instant::now();
    serving.stop();
    assert!(begun.elapsed() < SOON);
    assert!(channel.receive(SOON).is_err());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn the_pages_take_no_nonsense() {
    let serving = serve(generous(), &Echo::default());
    assert!(page(&serving, "/secrets").starts_with("HTTP/1.1 404"));
    let (heard, _) = shout(serving.pages.unwrap(), &[b'x'; 5000]);
    assert!(heard.starts_with(b"HTTP/1.1 404") || heard.is_empty());
    let figures = page(&serving, "/metrics");
    for line in figures.split("\r\n\r\n").nth(1).unwrap().lines() {
        let well =
            line.starts_with("# ") || line.rsplit_once(' ').is_some_and(|(_, n)| n.parse::<u64>().is_ok());
        assert!(well, "{line}");
    }
    serving.stop();
}
