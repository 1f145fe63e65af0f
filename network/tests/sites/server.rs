//! Databases on the server that `HAZEL_POSTGRES` names, one for each store of a test.

use hazel_network::store::{PostgresStore, SiteStore};
use postgres::{Client, NoTls};

pub struct Server {
    url: String,
    run: String,
}

impl Server {
    /// The server, or none, with a word about what is skipped.
    pub fn named() -> Option<Self> {
        let Ok(url) = std::env::var("HAZEL_POSTGRES") else {
            eprintln!("SKIPPED: PostgreSQL, because HAZEL_POSTGRES names no server");
            return None;
        };
        Some(Self { url, run: format!("hazel_{}", std::process::id()) })
    }

    /// The store of that name; made if it is not there. Each shard is a database of its own.
    pub fn store(&self, name: &str, shards: usize) -> Box<dyn SiteStore> {
        let urls: Vec<_> = (0..shards).map(|shard| self.database(name, shard)).collect();
        Box::new(PostgresStore::connect(&urls).unwrap())
    }

    /// A store whose tables lie in that folder, on a small disk of its own.
    #[cfg(feature = "postgres")]
    pub fn store_in(&self, folder: &str) -> PostgresStore {
        let small = format!("{}_small", self.run);
        let mut client = Client::connect(&self.url, NoTls).unwrap();
        client.batch_execute(&format!("CREATE TABLESPACE {small} LOCATION '{folder}'")).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {small} TABLESPACE {small}")).unwrap();
        PostgresStore::connect(&[format!("{} dbname={small}", self.url)]).unwrap()
    }

    fn database(&self, name: &str, shard: usize) -> String {
        let database =
            format!("{}_{}_{shard}", self.run, name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        let mut client = Client::connect(&self.url, NoTls).unwrap();
        let there = client.query("SELECT 1 FROM pg_database WHERE datname = $1", &[&database]).unwrap();
        if there.is_empty() {
            client.batch_execute(&format!("CREATE DATABASE {database}")).unwrap();
        }
        format!("{} dbname={database}", self.url)
    }
}
