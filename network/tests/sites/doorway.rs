//! A site behind its driver: whom it lets in by which ticket, and what its journal and its counts say of a batch.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use hazel_core::canon::Canon as _;
use hazel_core::errand::{ErrandMessage, Verdict};
use hazel_core::store::Store;
use hazel_core::tally::{Date, Side};
use hazel_core::wallet::{CARRIED_MAX, Wallet};
use hazel_network::driver::{Caller, Event, Host as _, Journal, Level};
use hazel_network::letter::{Correspondent, Letter};
use hazel_network::node::Node;
use hazel_network::peer::{Claim, Token};
use hazel_network::site::{Site, Surroundings};
use hazel_network::store::SqliteStore;
use hazel_network::ticket::{Invitation, SiteTicket, TicketId};

use crate::world::{
    Seeded, Who, World, clock, guard, meet, memory, open_tally, pay, site_key, site_on, user_of, wallet,
};

/// A journal that can be read.
#[derive(Clone, Default)]
struct Pages(Arc<Mutex<Vec<u8>>>);

impl Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Pages {
    /// What was told since it was read last: each event, and one of its facts.
    fn read(&self, fact: &str) -> Vec<(String, String)> {
        let told = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let of = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let lines = told.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.map(|line: serde_json::Value| (of(&line, "event"), of(&line, fact))).collect()
    }
}

struct Open {
    site: Site<SqliteStore>,
    pages: Pages,
    _folder: tempfile::TempDir,
}

fn open(node: Node<SqliteStore>, name: &str) -> Open {
    let (folder, pages) = (tempfile::tempdir().unwrap(), Pages::default());
    let around = Surroundings {
        used_tickets: folder.path().join("tickets"),
        neighbours: BTreeMap::new(),
        journal: Journal::to(Box::new(pages.clone()), Level::Debug),
    };
    Open { site: Site::new(node, site_key(name), around, 1).unwrap(), pages, _folder: folder }
}

fn ticket(site: &str, number: u8, only_from: Option<&str>) -> Token {
    let only_from: Option<IpAddr> = only_from.map(|address| address.parse().unwrap());
    let it = Invitation { name: "ben", host: "market.example", port: 7001, expires: 100, only_from };
    SiteTicket::issue(&site_key(site), TicketId([number; 8]), &it).unwrap().token
}

/// A ticket makes one wallet a user, which needs none from then on, and may show it again where it did not hear that it was let in.
#[test]
fn a_ticket_lets_one_wallet_in() {
    let name = "the market's";
    let Open { mut site, pages, _folder } = open(site_on(name, memory()), name);
    let mut comes = |wallet: u8, token: Option<Token>, now: Date| {
        let claim = Claim { key: hazel_sync::PublicKey([wallet; 32]), token };
        site.welcome(&Caller { claim, from: "192.0.2.7:4000".parse().unwrap() }, now).is_some()
    };
    let good = ticket(name, 1, Some("192.0.2.7"));
    assert!(!comes(1, None, 1));
    for token in [Some(good), None, Some(good)] {
        assert!(comes(1, token, 1));
    }
    assert!(!comes(2, Some(good), 1));
    assert!(!comes(2, Some(ticket(name, 2, Some("192.0.2.8"))), 1));
    assert!(!comes(2, Some(ticket("another", 3, None)), 1));
    assert!(!comes(2, Some(ticket(name, 4, None)), 101));
    let told = pages.read("why");
    assert_eq!(
        told.iter().map(|(event, why)| (event.as_str(), why.as_str())).collect::<Vec<_>>(),
        [
            ("user_linked", ""),
            ("ticket_refused", "it was used already"),
            ("ticket_refused", "the ticket is for another address"),
            ("ticket_refused", "the ticket is not one of this site's"),
            ("ticket_refused", "the ticket has expired; ask for another"),
        ]
    );
}

fn letters(world: &mut World<SqliteStore>) -> Vec<Event> {
    let letters = world.flying.drain(..);
    letters.map(|parcel| Event::Letter(Correspondent::User(user_of(parcel.from)), parcel.bytes)).collect()
}

/// Both halves are at one site, and a copy of Ben's phone has signed another payment than he.
#[test]
fn the_journal_says_what_became_of_a_batch() {
    let mut world = World::new(vec![memory()]);
    let tally = world.tally;
    world.host(Who::Ana);
    world.host(Who::Ben);
    meet(&mut world.ana, &mut world.ben, &tally);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy");
    world.ben.copy_database(&path).unwrap();
    let (store, entropy) = (Store::open(&path).unwrap(), Box::new(Seeded::new("copy")));
    let mut copy = Wallet::open(store, &guard(), Box::new(clock()), entropy).unwrap();
    pay(&mut world.ben, &tally, 5);
    pay(&mut copy, &tally, 7);
    world.uplink(Who::Ana);
    world.uplink(Who::Ben);
    let honest = letters(&mut world);
    std::mem::swap(&mut world.ben, &mut copy);
    world.uplink(Who::Ben);
    let mut forked = letters(&mut world);
    forked.push(Event::Letter(Correspondent::User(user_of(Who::Ben)), b"no letter".to_vec()));

    let Open { mut site, pages, _folder } = open(world.sites.remove(0), "the stock's");
    let batch = site.batch(honest, 1).unwrap();
    assert!(batch.chits >= 3 && batch.finals >= 2 && batch.refused == 0, "{batch:?}");
    let halves: Vec<_> = pages.read("half").into_iter().filter(|(event, _)| event != "final").collect();
    let hosted = |half: Side| ("half_hosted".to_owned(), half.to_string());
    assert_eq!(halves, Side::BOTH.map(hosted));
    let batch = site.batch(forked, 1).unwrap();
    assert_eq!(batch.refused, 1, "{batch:?}");
    let told = pages.read("code");
    assert!(told.contains(&("fork".into(), String::new())), "{told:?}");
    assert!(told.iter().any(|(event, code)| event == "refused" && !code.is_empty()), "{told:?}");
}

/// Ben leaves as many errands as one user may, and one more; of one it is said that it has arrived.
#[test]
fn errands_are_counted() {
    let mut world = World::new(vec![memory()]);
    let (tally, mut carrier) = (world.tally, wallet("Carrier", &clock()));
    let with = open_tally(&mut world.ben, &mut carrier);
    pay(&mut world.ben, &tally, 1);
    let errands: Vec<_> = (0..=CARRIED_MAX)
        .map(|_| {
            world.ben.give_errand(&tally, &with, 3600).unwrap().unwrap();
            let said = world.ben.say_errands(&with).unwrap().pop().unwrap();
            ErrandMessage::from_bytes(&said).unwrap()
        })
        .collect();
    let ErrandMessage::Handed(first) = &errands[0] else { panic!("{errands:?}") };
    let arrived = ErrandMessage::Answered { id: first.id(), verdict: Verdict::Arrived };
    let user = Correspondent::User(user_of(Who::Ben));
    let said = errands.into_iter().chain([arrived]).collect();
    let letters = Letter::about_errands(tally, Side::Foil, said);
    let events = letters.iter().map(|letter| Event::Letter(user, letter.to_bytes())).collect();
    let Open { mut site, _folder, .. } = open(world.sites.remove(0), "the stock's");
    let counts = site.batch(events, 1_760_000_000_000).unwrap().errands;
    assert_eq!((counts.kept, counts.no_room, counts.delivered), (CARRIED_MAX, 1, 1));
}
