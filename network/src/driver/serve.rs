//! A site on its sockets: begin, serve, stop.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hazel_sync::SecretKey;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, mpsc, watch};

use super::caller::{Calls, call_all};
use super::clock::{Seed, SystemTime};
use super::desk::{Desk, Host, Word};
use super::gauge::Gauges;
use super::journal::{Journal, Level};
use super::line::{Line, Shared, prepare};
use super::page::show;
use crate::backoff::Backoff;
use crate::peer::{Allowance, Buckets, Dialog, Fault, Patience};

/// Words that wait at the desk, at most.
const DESK: usize = 4096;
/// What a bad first packet costs its address on top.
const PENALTY: u32 = 4;
/// How long a stopping site waits for its channels.
const FAREWELL: Duration = Duration::from_secs(3);

/// How much a site lets happen at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Channels open at once.
    pub channels: usize,
    /// Connections that have not yet said who they are.
    pub unproven: usize,
    /// Letters of more than 32 KiB under way at once; the rest wait.
    pub long_letters: usize,
    /// Calls of one address.
    pub allowance: Allowance,
    /// How long each stage of a dialog may take.
    pub patience: Patience,
    /// Waiting times between calls to a site that is not there.
    pub backoff: Backoff,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            channels: 20_000,
            unproven: 1024,
            long_letters: 64,
            allowance: Allowance::default(),
            patience: Patience::default(),
            backoff: Backoff::new(250, 30_000),
        }
    }
}

/// Where a site serves.
pub struct Serve {
    /// The public listener.
    pub listen: SocketAddr,
    /// The operator's pages; none without.
    pub pages: Option<SocketAddr>,
    /// The site's key for dialogs.
    pub key: SecretKey,
    /// How much.
    pub limits: Limits,
    /// Where it tells what happened.
    pub journal: Journal,
}

/// Why a site cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or not this machine's.
    #[error("{address} cannot be listened at: {error}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// No threads.
    #[error("the site could not start: {0}")]
    Start(io::Error),
}

/// A site that serves. Dropped without [`Serving::stop`], it stops all the same, less politely.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its pages are.
    pub pages: Option<SocketAddr>,
    /// Its figures.
    pub gauges: Arc<Gauges>,
    stop: watch::Sender<bool>,
    runtime: Runtime,
    desk: JoinHandle<()>,
}

impl Serve {
    /// Begins to serve this host. When it returns, callers are heard.
    pub fn begin<H: Host>(self, host: H) -> Result<Serving, ServeError> {
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(ServeError::Start)?;
        let listener = listen(&runtime, self.listen)?;
        let pages = self.pages.map(|address| listen(&runtime, address)).transpose()?;
        let address = listener.local_addr().map_err(ServeError::Start)?;
        let pages_at = pages.as_ref().map(TcpListener::local_addr).transpose().map_err(ServeError::Start)?;
        let gauges = Arc::new(Gauges::default());
        let (stop, stopping) = watch::channel(false);
        let (words, heard) = mpsc::channel(DESK);
        let (wanted, wants) = mpsc::unbounded_channel();
        let desk = Desk {
            host,
            words: heard,
            wanted,
            gauges: Arc::clone(&gauges),
            journal: self.journal.clone(),
            lines: BTreeMap::new(),
        };
        let desk = std::thread::Builder::new()
            .name("desk".into())
            .spawn(move || desk.run())
            .map_err(ServeError::Start)?;
        let shared = Arc::new(Shared {
            words,
            gauges: Arc::clone(&gauges),
            journal: self.journal.clone(),
            clock: SystemTime::begin(),
            stop: stopping.clone(),
            numbers: AtomicU64::new(0),
            long: Arc::new(Semaphore::new(self.limits.long_letters)),
        });
        let calls = Calls {
            shared: Arc::clone(&shared),
            ours: self.key.clone(),
            patience: self.limits.patience,
            backoff: self.limits.backoff,
        };
        runtime.spawn(call_all(Arc::new(calls), wants));
        runtime.spawn(ticking(Arc::clone(&shared)));
        if let Some(listener) = pages {
            runtime.spawn(show(listener, Arc::clone(&gauges), stopping));
        }
        let door = Door {
            places: Arc::new(Semaphore::new(self.limits.channels)),
            unproven: Arc::new(Semaphore::new(self.limits.unproven)),
            buckets: Arc::new(Mutex::new(Buckets::new(self.limits.allowance))),
            key: self.key,
            patience: self.limits.patience,
            shared,
        };
        runtime.spawn(door.open(listener));
        self.journal.tell(Level::Info, "serving", &[("address", address.to_string().into())]);
        Ok(Serving { address, pages: pages_at, gauges, stop, runtime, desk })
    }
}

fn listen(runtime: &Runtime, address: SocketAddr) -> Result<TcpListener, ServeError> {
    runtime.block_on(TcpListener::bind(address)).map_err(|error| ServeError::Listen { address, error })
}

impl Serving {
    /// Takes no more calls, lets go of every channel, and returns when everything that was heard is written down.
    pub fn stop(self) {
        let _ = self.stop.send(true);
        self.runtime.shutdown_timeout(FAREWELL);
        // All who could speak are gone, so the desk ends when it has done what lies on it.
        let _ = self.desk.join();
    }

    /// Waits until the machine asks the site to stop (an interrupt, or SIGTERM), then stops.
    pub fn until_asked_to_stop(self) {
        self.runtime.block_on(asked_to_stop());
        self.stop();
    }
}

#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Tells the desk every second that time passes.
async fn ticking(shared: Arc<Shared>) {
    let mut stop = shared.stop.clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            _ = stop.changed() => return,
        }
        if shared.words.send(Word::Tick).await.is_err() {
            return;
        }
    }
}

/// The public door.
struct Door {
    places: Arc<Semaphore>,
    unproven: Arc<Semaphore>,
    buckets: Arc<Mutex<Buckets>>,
    key: SecretKey,
    patience: Patience,
    shared: Arc<Shared>,
}

impl Door {
    async fn open(self, listener: TcpListener) {
        let mut stop = self.shared.stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => return,
            };
            match accepted {
                Ok((stream, from)) => self.let_in(stream, from),
                // Out of descriptors, most likely: accepting again at once would only burn the machine.
                Err(error) => {
                    self.shared.journal.tell(
                        Level::Error,
                        "not_accepted",
                        &[("why", error.to_string().into())],
                    );
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn let_in(&self, stream: TcpStream, from: SocketAddr) {
        let gauges = &self.shared.gauges;
        gauges.accepted.up();
        let (now, ip) = (self.shared.clock.now(), from.ip());
        if !self.buckets.lock().is_ok_and(|mut buckets| buckets.take(ip, 1, now)) {
            gauges.turned_away.up();
            return;
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        let unproven = Arc::clone(&self.unproven).try_acquire_owned();
        let (Ok(place), Ok(unproven)) = (place, unproven) else {
            gauges.full.up();
            return;
        };
        if prepare(&stream).is_err() {
            return;
        }
        let line = Line {
            dialog: Dialog::wait(self.key.clone(), Seed::fresh(), self.patience, now),
            shared: Arc::clone(&self.shared),
            from,
            who: None,
            unproven: Some(unproven),
        };
        let (buckets, shared) = (Arc::clone(&self.buckets), Arc::clone(&self.shared));
        tokio::spawn(async move {
            let (opened, fault) = line.hold(stream).await;
            drop(place);
            let lied = !opened && !matches!(fault, Fault::Closed);
            if let Ok(mut buckets) = buckets.lock()
                && lied
            {
                buckets.take(ip, PENALTY, shared.clock.now());
            }
        });
    }
}
