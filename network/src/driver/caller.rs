//! Calls to other sites: one task for each site that is wanted, with waiting times between attempts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hazel_sync::SecretKey;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::clock::Seed;
use super::desk::Word;
use super::journal::{Level, short};
use super::line::{Line, Shared, prepare};
use crate::backoff::Backoff;
use crate::letter::Correspondent;
use crate::peer::{Dialog, Fault, Patience, SiteKey, dialog_key};

/// How long a site may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Whoever calls.
pub(super) struct Calls {
    pub(super) shared: Arc<Shared>,
    pub(super) ours: SecretKey,
    pub(super) patience: Patience,
    pub(super) backoff: Backoff,
}

/// Calls whoever is wanted, until nobody can want anybody any more.
pub(super) async fn call_all(calls: Arc<Calls>, mut wanted: mpsc::UnboundedReceiver<SiteKey>) {
    let under_way = Arc::new(Mutex::new(BTreeSet::new()));
    let mut stop = calls.shared.stop.clone();
    loop {
        let site = tokio::select! {
            site = wanted.recv() => site,
            _ = stop.changed() => None,
        };
        let Some(site) = site else { return };
        if under_way.lock().await.insert(site) {
            let (calls, under_way) = (Arc::clone(&calls), Arc::clone(&under_way));
            tokio::spawn(async move {
                calls.until_it_is_said(site).await;
                under_way.lock().await.remove(&site);
            });
        }
    }
}

impl Calls {
    /// Calls until a channel was open and has nothing more to carry. One that broke is opened again: who knows what was lost.
    async fn until_it_is_said(&self, site: SiteKey) {
        let (mut backoff, mut stop) = (self.backoff, self.shared.stop.clone());
        loop {
            self.shared.gauges.calls.up();
            let failed = match self.once(site).await {
                // Nothing was said for a while, so there is nothing to say.
                Ok((true, Fault::Idle)) => return,
                Ok((opened, fault)) => {
                    if opened {
                        backoff.worked();
                    }
                    fault.code().to_owned()
                }
                Err(why) => why,
            };
            self.shared.gauges.calls_failed.up();
            let wait = Duration::from_millis(backoff.failed(Seed::number()));
            let waits = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            self.shared.journal.tell(
                Level::Warn,
                "site_not_reached",
                &[("site", short(&site.0).into()), ("why", failed.into()), ("wait_ms", waits.into())],
            );
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => return,
            }
        }
    }

    async fn once(&self, site: SiteKey) -> Result<(bool, Fault), String> {
        let (ask, answer) = oneshot::channel();
        let gone = |_| "stopping".to_owned();
        self.shared.words.send(Word::Where(site, ask)).await.map_err(|_| gone(()))?;
        let place = answer.await.map_err(|_| gone(()))?.ok_or("nobody knows where it is")?;
        let key = dialog_key(&site).ok_or("its key is none")?;
        let connected = tokio::time::timeout(CONNECT, TcpStream::connect(place.as_str())).await;
        let stream = connected.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())?;
        prepare(&stream).map_err(|error| error.to_string())?;
        let from = stream.peer_addr().map_err(|error| error.to_string())?;
        let ephemerals = (Seed::fresh(), Seed::fresh());
        let now = self.shared.clock.now();
        let dialog = Dialog::call(self.ours.clone(), key, ephemerals, self.patience, now)
            .map_err(|fault| fault.to_string())?;
        let line = Line {
            shared: Arc::clone(&self.shared),
            dialog,
            from,
            who: Some(Correspondent::Site(site)),
            unproven: None,
        };
        Ok(line.hold(stream).await)
    }
}
