//! One site, as a process of its own: the real node, store and driver.

use std::io::Write as _;
use std::path::Path;

use hazel_core::key::{Entropy, SecretKey};
use hazel_network::driver::{Journal, Level, Limits, Serve, SystemTime};
use hazel_network::node::Node;
use hazel_network::peer::{Allowance, dialog_secret};
use hazel_network::site::{Site, Surroundings};
use hazel_network::store::{SiteStore, SqliteStore, StoreError};

use super::site_key;

struct Fresh;

impl Entropy for Fresh {
    fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(32) {
            part.copy_from_slice(&hazel_network::driver::Seed::fresh::<32>()[..part.len()]);
        }
    }
}

/// The store that was named: `sqlite`, or what a PostgreSQL is reached by.
fn store(folder: &Path, named: &str) -> Result<Box<dyn SiteStore>, StoreError> {
    match named {
        "sqlite" => Ok(Box::new(SqliteStore::open_one(&folder.join("site.db"))?)),
        #[cfg(feature = "postgres")]
        url => Ok(Box::new(hazel_network::store::PostgresStore::connect(&[url.to_owned()])?)),
        #[cfg(not(feature = "postgres"))]
        other => panic!("built without PostgreSQL: {other}"),
    }
}

/// Opens the site. A server that is just coming back is waited for, as whoever starts sites again would.
fn open(folder: &Path, named: &str, key: &SecretKey) -> Node<Box<dyn SiteStore>> {
    for _ in 0..600 {
        let opened = store(folder, named).and_then(|it| Node::open(it, key.clone(), Box::new(Fresh)));
        match opened {
            Ok(node) => return node,
            Err(StoreError::Unreachable | StoreError::Unsettled | StoreError::Busy) => {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the database did not come back");
}

/// Serves until it is killed. The neighbour is `NAME=PLACE`; the site's own name is that of its folder.
pub fn serve(folder: &Path, port: u16, neighbour: &str, named: &str) {
    let key: SecretKey = site_key(folder.file_name().unwrap().to_str().unwrap());
    let (name, place) = neighbour.split_once('=').unwrap();
    let node = open(folder, named, &key);
    let journal = Journal::to(Box::new(std::io::sink()), Level::Error);
    let around = Surroundings {
        used_tickets: folder.join("tickets.used"),
        neighbours: [(site_key(name).public(), place.to_owned())].into(),
        journal: journal.clone(),
    };
    let site = Site::new(node, key.clone(), around, SystemTime::date()).unwrap();
    let listen = ([127, 0, 0, 1], port).into();
    let allowance = Allowance { burst: 100_000, refill: 1, addresses: 16 };
    let limits =
        Limits { allowance, backoff: hazel_network::backoff::Backoff::new(20, 500), ..Limits::default() };
    let serving =
        Serve { listen, pages: None, key: dialog_secret(&key), limits, journal }.begin(site).unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "serving").and_then(|()| out.flush()).unwrap();
    serving.until_asked_to_stop();
}
