//! A link over a local network: packets behind their length on a TCP stream.

use super::Link;
use crate::{STREAM_MTU, framed, take_packet};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// A write that the other side does not take in this time is a broken link.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
const ACCEPT_STEP: Duration = Duration::from_millis(20);

/// One connection.
#[derive(Debug)]
pub struct TcpLink {
    stream: TcpStream,
    /// Bytes of a packet that is not whole yet.
    begun: Vec<u8>,
}

impl TcpLink {
    /// Dials, for at most so long.
    pub fn connect(address: &SocketAddr, limit: Duration) -> io::Result<Self> {
        Self::over(TcpStream::connect_timeout(address, limit)?)
    }

    /// Waits to be dialled, for at most so long.
    pub fn accept(listener: &TcpListener, limit: Duration) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let mut waited = Duration::ZERO;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return Self::over(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && waited < limit => {
                    thread::sleep(ACCEPT_STEP);
                    waited = waited.saturating_add(ACCEPT_STEP);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(ErrorKind::TimedOut.into()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes a connection made elsewhere.
    pub fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_LIMIT))?;
        Ok(Self { stream, begun: Vec::new() })
    }

    /// Takes the first packet off what has been read, if it is whole.
    fn whole(&mut self) -> io::Result<Option<Vec<u8>>> {
        take_packet(&mut self.begun).map_err(|too_long| io::Error::new(ErrorKind::InvalidData, too_long))
    }
}

impl Link for TcpLink {
    fn mtu(&self) -> u16 {
        STREAM_MTU
    }

    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        let bytes = framed(packet).map_err(|too_long| io::Error::new(ErrorKind::InvalidInput, too_long))?;
        self.stream.write_all(&bytes)
    }

    fn receive(&mut self, milliseconds: u64) -> io::Result<Option<Vec<u8>>> {
        if let Some(packet) = self.whole()? {
            return Ok(Some(packet));
        }
        self.stream.set_read_timeout(Some(Duration::from_millis(milliseconds.max(1))))?;
        let mut bytes = [0; 4_096];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(len) => {
                self.begun.extend_from_slice(bytes.get(..len).unwrap_or_default());
                self.whole()
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (TcpLink, TcpLink) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let dialled = TcpLink::connect(&address, Duration::from_secs(5)).unwrap();
        (dialled, TcpLink::accept(&listener, Duration::from_secs(5)).unwrap())
    }

    #[test]
    fn packets_keep_their_borders() {
        let (mut a, mut b) = pair();
        for len in [0, 1, 300, 514] {
            a.send(&vec![7; len]).unwrap();
        }
        for len in [0, 1, 300, 514] {
            let packet = core::iter::from_fn(|| Some(b.receive(1_000).unwrap())).take(50).flatten().next();
            assert_eq!(packet, Some(vec![7; len]));
        }
        assert_eq!(b.receive(1).unwrap(), None);
        assert!(a.send(&[0; 515]).is_err());
    }

    #[test]
    fn a_liar_and_a_hang_up_are_errors() {
        let (mut a, mut b) = pair();
        a.stream.write_all(&[0xff, 0xff]).unwrap();
        assert_eq!(b.receive(5_000).unwrap_err().kind(), ErrorKind::InvalidData);
        let (a, mut b) = pair();
        drop(a);
        assert_eq!(b.receive(5_000).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn nobody_dials() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let late = TcpLink::accept(&listener, Duration::from_millis(30)).unwrap_err();
        assert_eq!(late.kind(), ErrorKind::TimedOut);
    }
}
