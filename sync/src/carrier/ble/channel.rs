//! An L2CAP channel: the same packets without the service's detour over the system's bus.
//!
//! The peripheral tells the channel's number in its information; a central that cannot open it goes on with the service.
//! Phones see of a channel a stream of bytes, so a packet stands behind its length, and where the system's units end means nothing.

use super::{BleError, at_most};
use crate::{framed, take_packet};
use bluer::l2cap::{SeqPacket, SeqPacketListener, Socket, SocketAddr};
use bluer::{Adapter, Address, AddressType};
use std::io::{self, ErrorKind};
use std::time::Duration;

/// A channel opens at once or not at all.
const OPENING: Duration = Duration::from_secs(4);
/// The longest unit that is taken from the system; this side asks for no longer ones.
const UNIT: usize = 1_024;

/// Where others may open a channel.
pub(super) struct Entrance {
    listener: SeqPacketListener,
    number: u16,
}

impl Entrance {
    /// Takes a free number on this radio.
    pub(super) async fn open(adapter: &Adapter) -> Result<Self, BleError> {
        let socket = bound(adapter).await?;
        let number = socket.local_addr()?.psm;
        Ok(Self { listener: socket.listen(1)?, number })
    }

    /// The number to tell.
    pub(super) const fn number(&self) -> u16 {
        self.number
    }

    /// Waits until somebody opens it.
    pub(super) async fn next(&self) -> Result<Channel, BleError> {
        let (socket, from) = self.listener.accept().await?;
        Ok(Channel::over(socket, from.addr))
    }
}

/// A socket of this radio with a free number: where a computer has several, the system would take any.
async fn bound(adapter: &Adapter) -> Result<Socket<SeqPacket>, BleError> {
    let (address, kind) = (adapter.address().await?, adapter.address_type().await?);
    let socket = Socket::<SeqPacket>::new_seq_packet()?;
    socket.bind(SocketAddr::new(address, kind, 0))?;
    Ok(socket)
}

/// An open channel.
pub(super) struct Channel {
    socket: SeqPacket,
    peer: Address,
    /// Bytes of a packet that is not whole yet.
    begun: Vec<u8>,
}

impl Channel {
    /// Opens the channel of that number at a device that is connected to the named radio.
    pub(super) async fn dial(
        radio: &str,
        peer: [u8; 6],
        random: bool,
        number: u16,
    ) -> Result<Self, BleError> {
        let kind = if random { AddressType::LeRandom } else { AddressType::LePublic };
        let session = at_most(OPENING, "asking for adapters", bluer::Session::new()).await?;
        let socket = bound(&session.adapter(radio)?).await?;
        let peer = Address::new(peer);
        let opened = socket.connect(SocketAddr::new(peer, kind, number));
        let socket = at_most(OPENING, "opening a channel", opened).await?;
        Ok(Self::over(socket, peer))
    }

    const fn over(socket: SeqPacket, peer: Address) -> Self {
        Self { socket, peer, begun: Vec::new() }
    }

    pub(super) const fn peer(&self) -> Address {
        self.peer
    }

    pub(super) fn is_open(&self) -> bool {
        self.socket.peer_addr().is_ok()
    }

    pub(super) async fn send(&self, packet: &[u8]) -> io::Result<()> {
        let bytes = framed(packet).map_err(|too_long| io::Error::new(ErrorKind::InvalidInput, too_long))?;
        // Nearly always one unit; a stack may take shorter ones only.
        for unit in bytes.chunks(self.socket.send_mtu()?.max(1)) {
            if self.socket.send(unit).await? != unit.len() {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    pub(super) async fn next(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let packet = take_packet(&mut self.begun);
            if let Some(packet) =
                packet.map_err(|too_long| io::Error::new(ErrorKind::InvalidData, too_long))?
            {
                return Ok(packet);
            }
            let mut unit = [0; UNIT];
            match self.socket.recv(&mut unit).await? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => self.begun.extend_from_slice(unit.get(..length).unwrap_or_default()),
            }
        }
    }
}
