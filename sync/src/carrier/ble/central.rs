//! The side that scans and connects.

use super::{BleError, INFO, RX, SERVICE, TAG_COMPANY, TX, runtime, told_tags, within};
use crate::beacon::{Sight, Tag};
use crate::carrier::Link;
use crate::frame::WIRE;
use btleplug::api::{
    Central as _, Characteristic, Manager as _, Peripheral as _, ScanFilter, ValueNotification, WriteType,
};
use btleplug::platform::{Adapter, Manager, Peripheral};
use futures_util::StreamExt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};

const LOOK: Duration = Duration::from_millis(100);
/// Some stacks report an advertiser only when a scan begins.
const LOOKS_PER_SCAN: u32 = 40;

/// A radio that looks for others.
pub struct Central {
    runtime: Runtime,
    adapter: Adapter,
}

/// Somebody who shows the service.
pub struct Found {
    peripheral: Peripheral,
    /// What can be seen of its tag; nothing where only its information tells it.
    pub seen: Vec<Sight>,
}

impl Found {
    /// The radio's word for this device: for as long as it keeps its address.
    #[must_use]
    pub fn address(&self) -> String {
        self.peripheral.address().to_string()
    }
}

impl Central {
    /// Takes the adapter whose name begins so, or the first.
    pub fn open(name: Option<&str>) -> Result<Self, BleError> {
        let runtime = runtime()?;
        let adapter = runtime.block_on(async {
            let manager = within("asking for adapters", Manager::new()).await?;
            for adapter in within("asking for adapters", manager.adapters()).await? {
                let info = within("asking for an adapter's name", adapter.adapter_info()).await?;
                if name.is_none_or(|name| info.starts_with(name)) {
                    return Ok(adapter);
                }
            }
            Err(BleError::NoAdapter)
        })?;
        Ok(Self { runtime, adapter })
    }

    /// Scans until somebody wanted is seen: by address and by what can be seen of a tag.
    pub fn find(&self, wanted: impl Fn(&str, &[Sight]) -> bool, limit: Duration) -> Result<Found, BleError> {
        let scan = async {
            loop {
                let filter = ScanFilter { services: vec![SERVICE] };
                within("starting a scan", self.adapter.start_scan(filter)).await?;
                for _ in 0..LOOKS_PER_SCAN {
                    tokio::time::sleep(LOOK).await;
                    if let Some(found) = self.look(&wanted).await? {
                        return Ok(found);
                    }
                }
                within("stopping a scan", self.adapter.stop_scan()).await?;
            }
        };
        self.runtime.block_on(async {
            let found = tokio::time::timeout(limit, scan).await.unwrap_or(Err(BleError::NotFound));
            // A radio that scans while it connects does both badly.
            let stopped = within("stopping a scan", self.adapter.stop_scan()).await;
            let found = found?;
            stopped.map(|()| found)
        })
    }

    async fn look(&self, wanted: &impl Fn(&str, &[Sight]) -> bool) -> Result<Option<Found>, BleError> {
        for peripheral in within("listing devices", self.adapter.peripherals()).await? {
            let Some(seen) = within("reading an advertisement", peripheral.properties()).await? else {
                continue;
            };
            let company = seen.manufacturer_data.get(&TAG_COMPANY).map(Vec::as_slice);
            let shown = Sight::read(company, seen.advertisement_name.as_deref());
            if seen.services.contains(&SERVICE) && wanted(&seen.address.to_string(), &shown) {
                return Ok(Some(Found { peripheral, seen: shown }));
            }
        }
        Ok(None)
    }

    /// Connects, listens, and reads the other's version.
    pub fn connect(self, found: Found) -> Result<CentralLink, BleError> {
        let peripheral = found.peripheral;
        let (rx, notifications, tags) = self.runtime.block_on(async {
            within("connecting", peripheral.connect()).await?;
            within("asking for services", peripheral.discover_services()).await?;
            let all = peripheral.characteristics();
            let find = |uuid| all.iter().find(|c| c.uuid == uuid).cloned().ok_or(BleError::NoService);
            let (rx, tx, info) = (find(RX)?, find(TX)?, find(INFO)?);
            let said = within("reading the version", peripheral.read(&info)).await?;
            match said.first() {
                Some(&WIRE) => {}
                other => return Err(BleError::Version(other.copied().unwrap_or_default())),
            }
            let notifications = within("listening", peripheral.notifications()).await?;
            within("listening", peripheral.subscribe(&tx)).await?;
            Ok((rx, notifications, told_tags(&said)))
        })?;
        let runtime = self.runtime.handle().clone();
        let notifications = Notifications { runtime, stream: Some(notifications) };
        Ok(CentralLink { notifications, central: self, peripheral, rx, tags, answered: false })
    }
}

type Stream = Pin<Box<dyn futures_util::Stream<Item = ValueNotification> + Send>>;

/// What the other side says. The stack's stream starts a task when it is dropped, and must be inside a runtime then.
struct Notifications {
    runtime: Handle,
    stream: Option<Stream>,
}

impl Notifications {
    async fn next(&mut self) -> Option<ValueNotification> {
        self.stream.as_mut()?.next().await
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        let _inside = self.runtime.enter();
        self.stream = None;
    }
}

/// A link that this side opened.
pub struct CentralLink {
    notifications: Notifications,
    central: Central,
    peripheral: Peripheral,
    rx: Characteristic,
    tags: Vec<Tag>,
    answered: bool,
}

impl CentralLink {
    /// The tags that the other side tells whoever connects.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// Hangs up and gives the radio back.
    pub fn close(self) -> Result<Central, BleError> {
        self.central.runtime.block_on(within("hanging up", self.peripheral.disconnect()))?;
        Ok(self.central)
    }
}

impl Link for CentralLink {
    fn mtu(&self) -> u16 {
        self.peripheral.mtu().clamp(23, 517)
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        // Unanswered writes sent before the other stack is ready for them are lost without a word.
        let kind = if self.answered { WriteType::WithoutResponse } else { WriteType::WithResponse };
        let write = within("writing", self.peripheral.write(&self.rx, packet, kind));
        self.central.runtime.block_on(write).map_err(io::Error::other)?;
        self.answered = true;
        Ok(())
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let limit = Duration::from_millis(milliseconds);
        self.central.runtime.block_on(async {
            match tokio::time::timeout(limit, self.notifications.next()).await {
                Ok(Some(notification)) => Ok((notification.uuid == TX).then_some(notification.value)),
                Ok(None) => Err(ErrorKind::UnexpectedEof.into()),
                Err(_) => {
                    let up = within("asking whether the link is up", self.peripheral.is_connected()).await;
                    if up.map_err(io::Error::other)? {
                        Ok(None)
                    } else {
                        Err(ErrorKind::UnexpectedEof.into())
                    }
                }
            }
        })
    }
}
