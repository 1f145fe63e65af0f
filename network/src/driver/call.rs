//! A wallet's channel to its site, on one thread that waits.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use hazel_sync::SecretKey;

use super::clock::{Seed, SystemTime};
use crate::peer::{Dialog, Fault, Input, LETTER_MAX, Output, Patience, SiteKey, State, dialog_key};
use crate::ticket::SiteTicket;

/// Why a site was not reached, or a channel was lost.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No connection.
    #[error("the site at {place} cannot be reached: {error}")]
    Unreachable {
        /// Where it was looked for.
        place: String,
        /// Why.
        error: io::Error,
    },
    /// The site closed without a word: it does not know this wallet, or the ticket is not good.
    #[error(
        "the site closed without a word: it does not know this wallet, or the ticket is used, expired or for another address"
    )]
    Unwelcome,
    /// The channel ended.
    #[error("the channel to the site ended: {0}")]
    Ended(Fault),
    /// The stream failed.
    #[error("the connection to the site failed: {0}")]
    Stream(#[from] io::Error),
    /// A letter beyond the bound.
    #[error("a letter of {0} bytes is too long")]
    TooLong(usize),
    /// The ticket or the tally names a site that has no proper key or place.
    #[error("the site has no proper key or address")]
    NoSite,
    /// It took too long.
    #[error("the site did not answer in time")]
    Late,
}

/// An open channel to a site.
pub struct Channel {
    stream: TcpStream,
    dialog: Dialog,
    clock: SystemTime,
    letters: std::collections::VecDeque<Vec<u8>>,
}

impl Channel {
    /// First contact: redeems a ticket.
    pub fn redeem(ticket: &SiteTicket, ours: &SecretKey, within: Duration) -> Result<Self, CallError> {
        let site = ticket.site().as_ref().and_then(dialog_key).ok_or(CallError::NoSite)?;
        let (host, port) = ticket.address.endpoint().ok_or(CallError::NoSite)?;
        let clock = SystemTime::begin();
        let (patience, now) = (Patience::default(), clock.now());
        let dialog = Dialog::redeem(ours.clone(), site, &ticket.token, Seed::fresh(), patience, now);
        Self::open(&format!("{host}:{port}"), dialog.map_err(CallError::Ended)?, clock, within)
    }

    /// Calls a site that knows this wallet.
    pub fn call(place: &str, site: &SiteKey, ours: &SecretKey, within: Duration) -> Result<Self, CallError> {
        let key = dialog_key(site).ok_or(CallError::NoSite)?;
        let clock = SystemTime::begin();
        let ephemerals = (Seed::fresh(), Seed::fresh());
        let dialog = Dialog::call(ours.clone(), key, ephemerals, Patience::default(), clock.now());
        Self::open(place, dialog.map_err(CallError::Ended)?, clock, within)
    }

    fn open(place: &str, dialog: Dialog, clock: SystemTime, within: Duration) -> Result<Self, CallError> {
        let stream = connect(place, within)?;
        let mut channel = Self { stream, dialog, clock, letters: std::collections::VecDeque::new() };
        while channel.dialog.state() != State::Open {
            if clock.now().0 > millis(within) {
                return Err(CallError::Late);
            }
            match channel.step(Duration::from_millis(200)) {
                Err(CallError::Ended(Fault::Closed)) => return Err(CallError::Unwelcome),
                other => other?,
            }
        }
        channel.flush()?;
        Ok(channel)
    }

    /// Sends a letter; returns when the stream has taken it.
    pub fn send(&mut self, letter: Vec<u8>) -> Result<(), CallError> {
        if letter.len() > LETTER_MAX {
            return Err(CallError::TooLong(letter.len()));
        }
        if let Some(back) = self.dialog.handle(Input::Send(letter), self.clock.now()) {
            self.flush()?;
            return Err(if self.dialog.takes() {
                CallError::TooLong(back.len())
            } else {
                CallError::Ended(Fault::Closed)
            });
        }
        self.flush()
    }

    /// The next letter, if one comes in time.
    pub fn receive(&mut self, within: Duration) -> Result<Option<Vec<u8>>, CallError> {
        let begun = self.clock.now();
        loop {
            if let Some(letter) = self.letters.pop_front() {
                return Ok(Some(letter));
            }
            let left = millis(within).saturating_sub(self.clock.now().since(begun));
            if left == 0 {
                return Ok(None);
            }
            self.step(Duration::from_millis(left))?;
        }
    }

    /// Writes what is due, then reads what comes, for so long at most.
    fn step(&mut self, within: Duration) -> Result<(), CallError> {
        self.flush()?;
        let mut buffer = [0; 4096];
        self.stream.set_read_timeout(Some(within.max(Duration::from_millis(1))))?;
        let now = |clock: &SystemTime| clock.now();
        match self.stream.read(&mut buffer) {
            Ok(0) => drop(self.dialog.handle(Input::Gone, now(&self.clock))),
            Ok(len) => {
                let bytes = buffer.get(..len).unwrap_or_default();
                drop(self.dialog.handle(Input::Bytes(bytes), now(&self.clock)));
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                drop(self.dialog.handle(Input::Tick, now(&self.clock)));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => drop(self.dialog.handle(Input::Gone, now(&self.clock))),
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), CallError> {
        while let Some(output) = self.dialog.poll() {
            match output {
                Output::Write(bytes) => self.stream.write_all(&bytes)?,
                Output::Letter(letter) => self.letters.push_back(letter),
                // What came whole before the end is still read.
                Output::End(_) if !self.letters.is_empty() => {}
                Output::End(fault) => return Err(CallError::Ended(fault)),
                Output::Open(_) | Output::Who(_) => {}
            }
        }
        if self.dialog.state() == State::Ended && self.letters.is_empty() {
            return Err(CallError::Ended(Fault::Closed));
        }
        Ok(())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn connect(place: &str, within: Duration) -> Result<TcpStream, CallError> {
    let unreachable = |error| CallError::Unreachable { place: place.to_owned(), error };
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in place.to_socket_addrs().map_err(unreachable)? {
        match TcpStream::connect_timeout(&address, within.max(Duration::from_millis(1))) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_write_timeout(Some(within.max(Duration::from_secs(1))))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(unreachable(last))
}
