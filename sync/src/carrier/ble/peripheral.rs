//! The side that shows itself and is connected to.

use super::{BleError, INFO, Place, RX, SERVICE, TAG_COMPANY, TX, info, runtime, within};
use crate::beacon::Tag;
use crate::carrier::Link;
use bluer::adv::{Advertisement, AdvertisementHandle};
use bluer::gatt::CharacteristicWriter;
use bluer::gatt::local::{
    Application, ApplicationHandle, Characteristic, CharacteristicControl, CharacteristicControlEvent,
    CharacteristicNotify, CharacteristicNotifyMethod, CharacteristicRead, CharacteristicWrite,
    CharacteristicWriteMethod, Service, characteristic_control,
};
use futures_util::StreamExt;
use std::io::{self, ErrorKind};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Packets that wait to be read; more would be sent again.
const WAITING: usize = 256;

/// A radio that lets itself be found.
pub struct Peripheral {
    runtime: Runtime,
    packets: Receiver<Vec<u8>>,
    control: CharacteristicControl,
    adapter: bluer::Adapter,
    _shown: AdvertisementHandle,
    _served: ApplicationHandle,
    _session: bluer::Session,
}

impl Peripheral {
    /// Shows the service, and the first of these tags in its place, on the named adapter or the first. Whoever connects is told all.
    pub fn open(name: Option<&str>, tags: &[Tag], place: Place) -> Result<Self, BleError> {
        let runtime = runtime()?;
        let (written, packets) = channel(WAITING);
        let (control, handle) = characteristic_control();
        let shown = |at| tags.first().copied().filter(|_| at == place);
        let (session, adapter, served, shown) = runtime.block_on(async {
            let session = within("asking for adapters", bluer::Session::new()).await?;
            let adapter = match name {
                Some(name) => session.adapter(name)?,
                None => within("asking for adapters", session.default_adapter()).await?,
            };
            within("switching the radio on", adapter.set_powered(true)).await?;
            let mut notified = tx();
            notified.control_handle = handle;
            let service = Service {
                uuid: SERVICE,
                primary: true,
                characteristics: vec![rx(written), notified, read_info(info(tags))],
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
            Ok::<_, BleError>((session, adapter, served, shown))
        })?;
        Ok(Self { runtime, packets, control, adapter, _shown: shown, _served: served, _session: session })
    }

    /// Waits until somebody connects and listens.
    pub fn wait(mut self, limit: Duration) -> Result<PeripheralLink, BleError> {
        let listen = async {
            while let Some(event) = self.control.next().await {
                if let CharacteristicControlEvent::Notify(writer) = event {
                    return Ok(writer);
                }
            }
            Err(BleError::NotFound)
        };
        let writer = self.runtime.block_on(async { tokio::time::timeout(limit, listen).await });
        let writer = writer.unwrap_or(Err(BleError::NotFound))?;
        // Whoever was turned away may have gone on writing; what the new one said too early it says again.
        while self.packets.try_recv().is_ok() {}
        Ok(PeripheralLink { peripheral: self, writer })
    }
}

fn rx(written: Sender<Vec<u8>>) -> Characteristic {
    let take = move |value: Vec<u8>, _| -> std::pin::Pin<Box<dyn Future<Output = _> + Send>> {
        // A full queue loses the packet, as the air would.
        let _ = written.try_send(value);
        Box::pin(std::future::ready(Ok(())))
    };
    Characteristic {
        uuid: RX,
        write: Some(CharacteristicWrite {
            write: true,
            write_without_response: true,
            method: CharacteristicWriteMethod::Fun(Box::new(take)),
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

/// A link that the other side opened.
pub struct PeripheralLink {
    peripheral: Peripheral,
    writer: CharacteristicWriter,
}

impl PeripheralLink {
    /// Hangs up and shows itself again.
    pub fn close(self) -> Peripheral {
        let Self { peripheral, writer } = self;
        // A caller that is gone may already be calling again: that link must not be hung up on.
        let there = writer.is_closed().is_ok_and(|closed| !closed);
        let caller = peripheral.adapter.device(writer.device_address());
        drop(writer);
        if let (true, Ok(caller)) = (there, caller) {
            let _ = peripheral.runtime.block_on(within("hanging up", caller.disconnect()));
        }
        peripheral
    }
}

impl Link for PeripheralLink {
    fn mtu(&self) -> u16 {
        u16::try_from(self.writer.mtu()).unwrap_or(u16::MAX).clamp(23, 517)
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        let notify = within("notifying", self.writer.send(packet));
        self.peripheral.runtime.block_on(notify).map_err(io::Error::other)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        let limit = Duration::from_millis(milliseconds);
        let packets = &mut self.peripheral.packets;
        match self.peripheral.runtime.block_on(async { tokio::time::timeout(limit, packets.recv()).await }) {
            Ok(Some(packet)) => Ok(Some(packet)),
            Ok(None) => Err(ErrorKind::UnexpectedEof.into()),
            Err(_) if self.writer.is_closed()? => Err(ErrorKind::UnexpectedEof.into()),
            Err(_) => Ok(None),
        }
    }
}
