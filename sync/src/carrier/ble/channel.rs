//! An L2CAP channel between two computers: the same packets without the service's detour over the system's bus.
//!
//! The peripheral tells the channel's number in its information; a central that cannot open it goes on with the service.

use super::{BleError, at_most};
use bluer::l2cap::{SeqPacket, SeqPacketListener, Socket, SocketAddr};
use bluer::{Adapter, Address, AddressType};
use std::io::{self, ErrorKind};
use std::time::Duration;

/// A channel opens at once or not at all.
const OPENING: Duration = Duration::from_secs(4);
/// The longest packet of a session, and what the service's packets are counted with beside their bytes.
const MOST: usize = 500;
const HEAD: usize = 3;

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
        Ok(Channel { socket, peer: from.addr })
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
        Ok(Self { socket, peer })
    }

    pub(super) const fn peer(&self) -> Address {
        self.peer
    }

    /// As the service counts it: a session's packets are of the same length over either.
    pub(super) fn mtu(&self) -> u16 {
        let most = self.socket.send_mtu().unwrap_or(MOST).min(MOST).saturating_add(HEAD);
        // 500 bytes and their head count as 503; whoever takes so many is given the longest pieces.
        u16::try_from(if most > MOST { 517 } else { most }).unwrap_or(517).max(23)
    }

    pub(super) fn is_open(&self) -> bool {
        self.socket.peer_addr().is_ok()
    }

    pub(super) async fn send(&self, packet: &[u8]) -> io::Result<()> {
        let sent = self.socket.send(packet).await?;
        if sent == packet.len() { Ok(()) } else { Err(ErrorKind::WriteZero.into()) }
    }

    pub(super) async fn next(&self) -> io::Result<Vec<u8>> {
        let mut packet = vec![0; 1_024];
        match self.socket.recv(&mut packet).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            length => {
                packet.truncate(length);
                Ok(packet)
            }
        }
    }
}
