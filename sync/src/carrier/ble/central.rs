//! The side that scans and connects.

#[cfg(target_os = "linux")]
use super::channel::Channel;
use super::{BleError, INFO, RX, Road, SERVICE, TAG_COMPANY, TX, runtime, within};
use crate::Information;
use crate::beacon::{Sight, Tag};
use crate::carrier::Link;
use crate::frame::WIRE;
#[cfg(target_os = "linux")]
use btleplug::api::AddressType;
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

    /// Connects, reads the other's version, and opens a channel or listens.
    pub fn connect(self, found: Found) -> Result<CentralLink, BleError> {
        let peripheral = found.peripheral;
        let (way, tags) = self.runtime.block_on(async {
            within("connecting", peripheral.connect()).await?;
            within("asking for services", peripheral.discover_services()).await?;
            let all = peripheral.characteristics();
            let find = |uuid| all.iter().find(|c| c.uuid == uuid).cloned().ok_or(BleError::NoService);
            let (rx, tx, info) = (find(RX)?, find(TX)?, find(INFO)?);
            let said = within("reading the version", peripheral.read(&info)).await?;
            let told = Information::read(&said).ok_or_else(|| unread(&said))?;
            #[cfg(target_os = "linux")]
            if let Some(channel) = self.channel(&peripheral, told.channel).await {
                return Ok((Way::Channel(channel), told.tags));
            }
            let notifications = within("listening", peripheral.notifications()).await?;
            within("listening", peripheral.subscribe(&tx)).await?;
            let runtime = self.runtime.handle().clone();
            let notifications = Notifications { runtime, stream: Some(notifications) };
            Ok::<_, BleError>((Way::Service { notifications, rx, answered: false }, told.tags))
        })?;
        Ok(CentralLink { way, central: self, peripheral, tags })
    }

    /// The other's channel, if it tells one and it opens.
    #[cfg(target_os = "linux")]
    async fn channel(&self, peripheral: &Peripheral, number: u16) -> Option<Channel> {
        if number == 0 {
            return None;
        }
        let known = within("reading an advertisement", peripheral.properties()).await.ok()??;
        let random = known.address_type == Some(AddressType::Random);
        let radio = within("asking for an adapter's name", self.adapter.adapter_info()).await.ok()?;
        let radio = radio.split_whitespace().next()?;
        Channel::dial(radio, peripheral.address().into_inner(), random, number).await.ok()
    }
}

/// Why an information could not be read.
fn unread(said: &[u8]) -> BleError {
    match said.first() {
        Some(wire) if *wire != WIRE => BleError::Version(*wire),
        _ => BleError::NoService,
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

/// Over what a link's packets cross.
enum Way {
    Service {
        notifications: Notifications,
        rx: Characteristic,
        answered: bool,
    },
    #[cfg(target_os = "linux")]
    Channel(Channel),
}

/// A link that this side opened.
pub struct CentralLink {
    way: Way,
    central: Central,
    peripheral: Peripheral,
    tags: Vec<Tag>,
}

impl CentralLink {
    /// The tags that the other side tells whoever connects.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// Over what its packets cross.
    #[must_use]
    pub const fn road(&self) -> Road {
        match self.way {
            Way::Service { .. } => Road::Service,
            #[cfg(target_os = "linux")]
            Way::Channel(_) => Road::Channel,
        }
    }

    /// Hangs up and gives the radio back.
    pub fn close(self) -> Result<Central, BleError> {
        let Self { way, central, peripheral, .. } = self;
        {
            let _inside = central.runtime.enter();
            drop(way);
        }
        central.runtime.block_on(within("hanging up", peripheral.disconnect()))?;
        Ok(central)
    }
}

impl Link for CentralLink {
    fn mtu(&self) -> u16 {
        match &self.way {
            Way::Service { .. } => self.peripheral.mtu().clamp(23, 517),
            #[cfg(target_os = "linux")]
            Way::Channel(_) => crate::STREAM_MTU,
        }
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        let Self { way, central, peripheral, .. } = self;
        match way {
            Way::Service { rx, answered, .. } => {
                // Unanswered writes sent before the other stack is ready for them are lost without a word.
                let kind = if *answered { WriteType::WithoutResponse } else { WriteType::WithResponse };
                let write = within("writing", peripheral.write(rx, packet, kind));
                central.runtime.block_on(write).map_err(io::Error::other)?;
                *answered = true;
                Ok(())
            }
            #[cfg(target_os = "linux")]
            Way::Channel(channel) => {
                central.runtime.block_on(within("sending", channel.send(packet))).map_err(io::Error::other)
            }
        }
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let limit = Duration::from_millis(milliseconds);
        let Self { way, central, peripheral, .. } = self;
        central.runtime.block_on(async {
            match way {
                Way::Service { notifications, .. } => {
                    match tokio::time::timeout(limit, notifications.next()).await {
                        Ok(Some(notification)) => Ok((notification.uuid == TX).then_some(notification.value)),
                        Ok(None) => Err(ErrorKind::UnexpectedEof.into()),
                        Err(_) => still_up(peripheral).await,
                    }
                }
                #[cfg(target_os = "linux")]
                Way::Channel(channel) => match tokio::time::timeout(limit, channel.next()).await {
                    Ok(packet) => packet.map(Some),
                    Err(_) => Ok(None),
                },
            }
        })
    }
}

/// Nothing came; a link that is gone does not say so by itself.
async fn still_up(peripheral: &Peripheral) -> io::Result<Option<Vec<u8>>> {
    let up = within("asking whether the link is up", peripheral.is_connected()).await;
    if up.map_err(io::Error::other)? { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) }
}
