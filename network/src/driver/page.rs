//! Two pages for whoever runs the site: `/health` and `/metrics`. A listener of its own, never the public one.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::gauge::Gauges;

/// A request longer than this, or slower than that, is none of ours.
const REQUEST: usize = 1024;
const PATIENCE: Duration = Duration::from_secs(2);
/// Readers at once.
const READERS: usize = 8;

/// Answers until the site stops.
pub(super) async fn show(listener: TcpListener, gauges: Arc<Gauges>, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(READERS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let (Ok((stream, _)), Ok(place)) = (accepted, Arc::clone(&places).try_acquire_owned()) else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let gauges = Arc::clone(&gauges);
        tokio::spawn(async move {
            let _ = tokio::time::timeout(PATIENCE, answer(stream, &gauges)).await;
            drop(place);
        });
    }
}

async fn answer(mut stream: TcpStream, gauges: &Gauges) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 256];
    while request.len() < REQUEST && !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece).await? {
            0 => return Ok(()),
            len => request.extend_from_slice(piece.get(..len).unwrap_or_default()),
        }
    }
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let (status, body) = match line {
        line if line.starts_with(b"GET /health ") && gauges.is_well() => ("200 OK", "well\n".to_owned()),
        line if line.starts_with(b"GET /health ") => {
            ("503 Service Unavailable", "the last batch could not be written down\n".to_owned())
        }
        line if line.starts_with(b"GET /metrics ") => ("200 OK", gauges.text()),
        _ => ("404 Not Found", "here are /health and /metrics\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
