//! The side that shows itself and is connected to.

use super::channel::{Channel, Entrance};
use super::{BleError, INFO, Place, RX, Road, SERVICE, TAG_COMPANY, TX, runtime, within};
use crate::beacon::Tag;
use crate::carrier::Link;
use crate::{Information, STREAM_MTU};
use bluer::adv::{Advertisement, AdvertisementHandle};
use bluer::gatt::local::{
    Application, ApplicationHandle, Characteristic, CharacteristicControl, CharacteristicControlEvent,
    CharacteristicNotify, CharacteristicNotifyMethod, CharacteristicRead, CharacteristicWrite,
    CharacteristicWriteMethod, Service, characteristic_control,
};
use bluer::gatt::{CharacteristicReader, CharacteristicWriter};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A radio that lets itself be found.
pub struct Peripheral {
    runtime: Runtime,
    /// Who wants to write to us.
    writers: CharacteristicControl,
    /// Who wants to hear us.
    listeners: CharacteristicControl,
    /// Where a channel may be opened; none where the system has no such sockets.
    entrance: Option<Entrance>,
    adapter: bluer::Adapter,
    _shown: AdvertisementHandle,
    _served: ApplicationHandle,
    _session: bluer::Session,
}

impl Peripheral {
    /// Shows the service, and the first of these tags in its place, on the named adapter or the first. Whoever connects is told all.
    pub fn open(name: Option<&str>, tags: &[Tag], place: Place, road: Road) -> Result<Self, BleError> {
        let runtime = runtime()?;
        let (writers, written_to) = characteristic_control();
        let (listeners, heard_at) = characteristic_control();
        let shown = |at| tags.first().copied().filter(|_| at == place);
        let (session, adapter, entrance, served, shown) = runtime.block_on(async {
            let session = within("asking for adapters", bluer::Session::new()).await?;
            let adapter = match name {
                Some(name) => session.adapter(name)?,
                None => within("asking for adapters", session.default_adapter()).await?,
            };
            within("switching the radio on", adapter.set_powered(true)).await?;
            let entrance = match road {
                Road::Channel => Entrance::open(&adapter).await.ok(),
                Road::Service => None,
            };
            let channel = entrance.as_ref().map_or(0, Entrance::number);
            let told = Information { channel, tags: tags.to_vec() };
            let rx = Characteristic { control_handle: written_to, ..rx() };
            let tx = Characteristic { control_handle: heard_at, ..tx() };
            let service = Service {
                uuid: SERVICE,
                primary: true,
                characteristics: vec![rx, tx, read_info(told.bytes())],
                ..Service::default()
            };
            let application = Application { services: vec![service], ..Application::default() };
            let served = within("offering the service", adapter.serve_gatt_application(application)).await?;
            let advertisement = Advertisement {
                service_uuids: [SERVICE].into(),
                manufacturer_data: shown(Place::Company)
                    .map(|tag| (TAG_COMPANY, tag.0.to_vec()))
                    .into_iter()
                    .collect(),
                local_name: shown(Place::Name).map(Tag::name),
                ..Advertisement::default()
            };
            let shown = within("advertising", adapter.advertise(advertisement)).await?;
            Ok::<_, BleError>((session, adapter, entrance, served, shown))
        })?;
        let (_shown, _served, _session) = (shown, served, session);
        Ok(Self { runtime, writers, listeners, entrance, adapter, _shown, _served, _session })
    }

    /// Waits until somebody connects and listens, or opens the channel.
    pub fn wait(mut self, limit: Duration) -> Result<PeripheralLink, BleError> {
        let Self { runtime, listeners, entrance, .. } = &mut self;
        let either = async {
            let listens = pin!(listener(listeners));
            match entrance {
                None => listens.await,
                Some(entrance) => {
                    let opens = pin!(entrance.next());
                    match select(listens, opens).await {
                        Either::Left((listens, _)) => listens,
                        Either::Right((opened, _)) => opened.map(Caller::Channel),
                    }
                }
            }
        };
        let caller = runtime.block_on(async { tokio::time::timeout(limit, either).await });
        let caller = caller.unwrap_or(Err(BleError::NotFound))?;
        Ok(PeripheralLink { peripheral: self, caller })
    }
}

/// The next who wants to hear us.
async fn listener(listeners: &mut CharacteristicControl) -> Result<Caller, BleError> {
    while let Some(event) = listeners.next().await {
        if let CharacteristicControlEvent::Notify(writer) = event {
            return Ok(Caller::Service { writer, reader: None });
        }
    }
    Err(BleError::NotFound)
}

/// Written through a socket of the stack's: a call over the system's bus for each packet would cost more, and reorder them.
fn rx() -> Characteristic {
    Characteristic {
        uuid: RX,
        write: Some(CharacteristicWrite {
            write: true,
            write_without_response: true,
            method: CharacteristicWriteMethod::Io,
            ..CharacteristicWrite::default()
        }),
        ..Characteristic::default()
    }
}

fn tx() -> Characteristic {
    Characteristic {
        uuid: TX,
        notify: Some(CharacteristicNotify {
            notify: true,
            method: CharacteristicNotifyMethod::Io,
            ..CharacteristicNotify::default()
        }),
        ..Characteristic::default()
    }
}

fn read_info(told: Vec<u8>) -> Characteristic {
    Characteristic {
        uuid: INFO,
        read: Some(CharacteristicRead {
            read: true,
            fun: Box::new(move |_| Box::pin(std::future::ready(Ok(told.clone())))),
            ..CharacteristicRead::default()
        }),
        ..Characteristic::default()
    }
}

/// How the other side came.
enum Caller {
    Service {
        writer: CharacteristicWriter,
        /// There once the other side has written.
        reader: Option<CharacteristicReader>,
    },
    Channel(Channel),
}

/// A link that the other side opened.
pub struct PeripheralLink {
    peripheral: Peripheral,
    caller: Caller,
}

impl PeripheralLink {
    /// Over what its packets cross.
    #[must_use]
    pub const fn road(&self) -> Road {
        match self.caller {
            Caller::Service { .. } => Road::Service,
            Caller::Channel(_) => Road::Channel,
        }
    }

    /// Hangs up and shows itself again.
    pub fn close(self) -> Peripheral {
        let Self { peripheral, caller } = self;
        // A caller that is gone may already be calling again: that link must not be hung up on.
        let (there, address) = match &caller {
            Caller::Service { writer, .. } => {
                (writer.is_closed().is_ok_and(|closed| !closed), writer.device_address())
            }
            Caller::Channel(channel) => (channel.is_open(), channel.peer()),
        };
        let device = peripheral.adapter.device(address);
        {
            let _inside = peripheral.runtime.enter();
            drop(caller);
        }
        if let (true, Ok(device)) = (there, device) {
            let _ = peripheral.runtime.block_on(within("hanging up", device.disconnect()));
        }
        peripheral
    }
}

impl Link for PeripheralLink {
    fn mtu(&self) -> u16 {
        match &self.caller {
            Caller::Service { writer, .. } => u16::try_from(writer.mtu()).unwrap_or(u16::MAX).clamp(23, 517),
            Caller::Channel(_) => STREAM_MTU,
        }
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        let Self { peripheral: Peripheral { runtime, .. }, caller } = self;
        let sent = match caller {
            Caller::Service { writer, .. } => runtime.block_on(within("notifying", writer.send(packet))),
            Caller::Channel(channel) => runtime.block_on(within("sending", channel.send(packet))),
        };
        sent.map_err(io::Error::other)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let limit = Duration::from_millis(milliseconds);
        let Self { peripheral: Peripheral { runtime, writers, .. }, caller } = self;
        match caller {
            Caller::Service { writer, reader } => {
                let next = next(writers, reader, writer.device_address());
                match runtime.block_on(async { tokio::time::timeout(limit, next).await }) {
                    Ok(packet) => packet.map(Some),
                    Err(_) if writer.is_closed()? => Err(ErrorKind::UnexpectedEof.into()),
                    Err(_) => Ok(None),
                }
            }
            Caller::Channel(channel) => {
                match runtime.block_on(async { tokio::time::timeout(limit, channel.next()).await }) {
                    Ok(packet) => packet.map(Some),
                    Err(_) => Ok(None),
                }
            }
        }
    }
}

/// The next packet of this device; the stack's socket for it comes with its first write.
async fn next(
    writers: &mut CharacteristicControl,
    reader: &mut Option<CharacteristicReader>,
    from: bluer::Address,
) -> io::Result<Vec<u8>> {
    loop {
        if let Some(open) = reader {
            let packet = open.recv().await?;
            if packet.is_empty() {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            return Ok(packet);
        }
        match writers.next().await {
            Some(CharacteristicControlEvent::Write(request)) if request.device_address() == from => {
                *reader = Some(request.accept().map_err(io::Error::other)?);
            }
            // Left over from somebody who was turned away.
            Some(_) => {}
            None => return Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}
