//! A way between two sockets that takes its time: what passes it comes out later by a settable delay. So round trips can be counted with a
//! stopwatch.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::broken;
use crate::edge::Stopwatch;
use crate::trouble::Trouble;

/// How long everything takes each way, in milliseconds; one for all lanes of a story.
pub(super) type Delay = Arc<AtomicU64>;

/// Opens a lane to that address; it stays open as long as the program lives.
pub(super) fn open(to: SocketAddr, delay: &Delay) -> Result<SocketAddr, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(broken)?;
    let here = listener.local_addr().map_err(broken)?;
    let delay = Arc::clone(delay);
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(to) else { continue };
            for (from, to) in [(&near, &far), (&far, &near)] {
                let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else { continue };
                let _ = to.set_nodelay(true);
                carry(from, to, &delay);
            }
        }
    });
    Ok(here)
}

fn carry(mut from: TcpStream, mut to: TcpStream, delay: &Delay) {
    let (send, take) = mpsc::channel::<(Duration, Vec<u8>)>();
    let (clock, delay) = (Stopwatch::start(), Arc::clone(delay));
    thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            let wait = Duration::from_millis(delay.load(Ordering::Relaxed));
            let bytes = buffer.get(..len).unwrap_or_default().to_vec();
            if send.send((clock.passed().saturating_add(wait), bytes)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in take {
            thread::sleep(due.saturating_sub(clock.passed()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
