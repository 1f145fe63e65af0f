//! Where a site lives: a folder with its key, its configuration and, unless it is kept elsewhere, its database.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hazel_core::key::{Entropy as _, SecretKey};
use hazel_core::tally::Date;
use hazel_core::wallet::Clock as _;
use hazel_network::directory::{Directory, KnownNode, Medium};
use hazel_network::driver::Level;
use hazel_network::node::Node;
use hazel_network::peer::SiteKey;
use hazel_network::store::{SiteStore, SqliteStore};
use hazel_network::ticket::{agent_of, site_of};
use serde::{Deserialize, Serialize};

use crate::edge::{SystemEntropy, WallClock};
use crate::guard;
use crate::home::default_folder;
use crate::parcel;
use crate::trouble::{Exit, Trouble, sentence};

/// How a site is set up: `site.toml`, and the environment above it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// Where its health and metrics pages are; none without.
    #[serde(default)]
    pub(crate) pages: Option<SocketAddr>,
    /// What wallets and sites call it by.
    pub(crate) host: String,
    /// On which port.
    pub(crate) port: u16,
    /// `sqlite:FILE` in this folder, or `postgres://…`.
    pub(crate) store: String,
    /// From which level on it tells what happens.
    #[serde(default = "info")]
    pub(crate) log: String,
    /// Calls of one address in a row.
    #[serde(default = "burst")]
    pub(crate) calls_in_a_row: u32,
    /// Milliseconds until one more is allowed.
    #[serde(default = "refill")]
    pub(crate) calls_refill_ms: u64,
    /// Other sites: their keys, and where they listen.
    #[serde(default)]
    pub(crate) neighbours: BTreeMap<String, String>,
    /// A list of nodes in this folder that somebody publishes; its sites are neighbours too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) list: Option<String>,
    /// The publisher's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) list_by: Option<String>,
}

fn info() -> String {
    "info".into()
}

const fn burst() -> u32 {
    20
}

const fn refill() -> u64 {
    500
}

/// A site's folder.
pub(crate) struct Premises {
    folder: PathBuf,
}

impl Premises {
    pub(crate) fn new(folder: Option<PathBuf>) -> Result<Self, Trouble> {
        let folder = folder.map_or_else(|| default_folder().map(|it| it.join("site")), Ok)?;
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.join("site.key")
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.join("site.toml")
    }

    pub(crate) fn used_tickets(&self) -> PathBuf {
        self.folder.join("tickets.used")
    }

    /// Makes the folder of a new site, with a new key.
    pub(crate) fn make(&self, config: &Config) -> Result<SiteKey, Trouble> {
        fs::create_dir_all(&self.folder).map_err(|error| Trouble::file(&self.folder, &error))?;
        if self.key_file().exists() {
            return Err(Trouble::file(&self.key_file(), &ErrorKind::AlreadyExists.into()));
        }
        // A store that cannot be had is refused before there is anything that a second try would find in its way.
        self.store(config)?;
        let text =
            toml::to_string(config).map_err(|error| unreadable(&self.config_file(), &error.to_string()))?;
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        SystemEntropy.fill(&mut *seed);
        guard::write_key(&self.key_file(), &seed)?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.config_file())
            .map_err(|error| Trouble::file(&self.config_file(), &error))?;
        std::io::Write::write_all(&mut file, text.as_bytes())
            .map_err(|error| Trouble::file(&self.config_file(), &error))?;
        Ok(SecretKey::from_seed(&seed).public())
    }

    pub(crate) fn key(&self) -> Result<SecretKey, Trouble> {
        Ok(SecretKey::from_seed(&*guard::read_key(&self.key_file())?))
    }

    /// The configuration as it is written.
    fn written(&self) -> Result<Config, Trouble> {
        let path = self.config_file();
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                let message = format!("There is no site in {}.", self.folder.display());
                Trouble::new(Exit::Machine, "no_site", message)
                    .advise("Make one with “hazel site init”, or name its folder with --site.")
            }
            _ => Trouble::file(&path, &error),
        })?;
        toml::from_str(&text).map_err(|error| unreadable(&path, error.message()))
    }

    /// The configuration, with the environment above it.
    pub(crate) fn config(&self) -> Result<Config, Trouble> {
        let mut config = self.written()?;
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let parsed = |name: &'static str| {
            let wrong = move |_| Trouble::usage(format!("{name} is no address like 0.0.0.0:65430."));
            set(name).map(|value| value.parse().map_err(wrong)).transpose()
        };
        config.listen = parsed("HAZEL_SITE_LISTEN")?.unwrap_or(config.listen);
        config.pages = parsed("HAZEL_SITE_PAGES")?.or(config.pages);
        config.host = set("HAZEL_SITE_HOST").unwrap_or(config.host);
        if let Some(port) = set("HAZEL_SITE_PORT") {
            config.port = port.parse().map_err(|_| Trouble::usage("HAZEL_SITE_PORT is no port."))?;
        }
        config.store = set("HAZEL_SITE_STORE").unwrap_or(config.store);
        config.log = set("HAZEL_SITE_LOG").unwrap_or(config.log);
        Ok(config)
    }

    /// Writes down where another site is.
    pub(crate) fn know(&self, agent: &str, place: &str) -> Result<(), Trouble> {
        let (path, mut config) = (self.config_file(), self.written()?);
        config.neighbours.insert(agent.to_owned(), place.to_owned());
        let text = toml::to_string(&config).map_err(|error| unreadable(&path, &error.to_string()))?;
        parcel::replace(&path, text.as_bytes())
    }

    /// Where other sites are: those of the published list, and above them those that this operator has named.
    pub(crate) fn neighbours(&self, config: &Config) -> Result<BTreeMap<SiteKey, String>, Trouble> {
        let key = |agent: &String| {
            site_of(agent).ok_or_else(|| Trouble::usage(format!("“{agent}” is not the key of a site.")))
        };
        let mut all = BTreeMap::new();
        if let (Some(file), Some(by)) = (&config.list, &config.list_by) {
            let path = self.folder.join(file);
            let text = fs::read_to_string(&path).map_err(|error| Trouble::file(&path, &error))?;
            let list =
                Directory::read(&text, &key(by)?).map_err(|error| unreadable(&path, &error.to_string()))?;
            all.extend(list.by_merit().into_iter().map(|node| (node.key, node.routing.clone())));
        }
        for (agent, place) in &config.neighbours {
            all.insert(key(agent)?, place.clone());
        }
        all.remove(&self.key()?.public());
        Ok(all)
    }

    /// A list of this site and the neighbours it knows, signed with its key.
    pub(crate) fn published(&self, config: &Config, issued: Date) -> Result<String, Trouble> {
        let key = self.key()?;
        let node = |key: SiteKey, routing: String| KnownNode {
            alias: routing.clone(),
            key,
            medium: Medium::Tcp,
            routing,
            latency: 100,
            reliability: 990,
        };
        let mut list = Directory::new(issued);
        list.learn(node(key.public(), format!("{}:{}", config.host, config.port)));
        for (neighbour, place) in self.neighbours(config)? {
            list.learn(node(neighbour, place));
        }
        list.publish(&key).map_err(|error| Trouble::usage(sentence(&error.to_string())))
    }

    pub(crate) fn node(&self, config: &Config) -> Result<Node<Box<dyn SiteStore>>, Trouble> {
        let store = self.store(config)?;
        Ok(Node::open(store, self.key()?, Box::new(SystemEntropy))?)
    }

    fn store(&self, config: &Config) -> Result<Box<dyn SiteStore>, Trouble> {
        match config.store.split_once(':') {
            Some(("sqlite", file)) => Ok(Box::new(SqliteStore::open_one(&self.folder.join(file))?)),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => {
                let urls: Vec<String> = config.store.split_whitespace().map(str::to_owned).collect();
                Ok(Box::new(hazel_network::store::PostgresStore::connect(&urls)?))
            }
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => {
                Err(Trouble::usage("This hazel was built without PostgreSQL.")
                    .advise("Build it with --features postgres."))
            }
            _ => Err(Trouble::usage("The store is “sqlite:FILE” or “postgres://…”.")),
        }
    }

    /// Copies the database of a site that keeps it in a file.
    pub(crate) fn copy_store(&self, config: &Config, to: &Path) -> Result<(), Trouble> {
        match config.store.split_once(':') {
            Some(("sqlite", file)) => {
                if to.exists() {
                    return Err(Trouble::file(to, &ErrorKind::AlreadyExists.into()));
                }
                Ok(SqliteStore::open_one(&self.folder.join(file))?.copy_to(0, to)?)
            }
            _ => Err(Trouble::usage("PostgreSQL is backed up with its own tools (pg_dump).")),
        }
    }
}

impl Config {
    /// A site that listens here and keeps its database in its folder.
    pub(crate) fn new(listen: SocketAddr, host: &str) -> Self {
        Self {
            listen,
            pages: None,
            host: host.to_owned(),
            port: listen.port(),
            store: "sqlite:site.db".into(),
            log: info(),
            calls_in_a_row: burst(),
            calls_refill_ms: refill(),
            neighbours: BTreeMap::new(),
            list: None,
            list_by: None,
        }
    }

    pub(crate) fn level(&self) -> Result<Level, Trouble> {
        match self.log.as_str() {
            "debug" => Ok(Level::Debug),
            "info" => Ok(Level::Info),
            "warn" => Ok(Level::Warn),
            "error" => Ok(Level::Error),
            _ => Err(Trouble::usage("The level of the log is debug, info, warn or error.")),
        }
    }

    /// How others name this site in their configuration.
    pub(crate) fn address(&self, key: &SiteKey) -> String {
        format!("chip://{}@{}:{}", agent_of(key), self.host, self.port)
    }
}

/// Until when something made now is good.
pub(crate) fn good_for(seconds: u64) -> u64 {
    WallClock.now().saturating_add(seconds)
}

fn unreadable(path: &Path, why: &str) -> Trouble {
    let message = format!("{} cannot be read: {}", path.display(), sentence(why));
    Trouble::new(Exit::Damaged, "config", message)
}
