//! Which tickets were used, and by whom: a file of lines, each durable before the ticket's user is let in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use hazel_core::tally::Date;

use crate::ticket::TicketId;

/// The tickets that were used and have not expired.
pub struct UsedTickets {
    file: File,
    used: BTreeMap<TicketId, [u8; 32]>,
}

impl UsedTickets {
    /// Reads the file, or makes it. Expired tickets are forgotten: nobody can use them any more.
    pub fn open(path: &Path, now: Date) -> io::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut used = BTreeMap::new();
        // A last line that was cut short by a crash never let anybody in.
        let mut kept = String::new();
        for line in text.lines() {
            if let Some((id, user, expires)) = parse(line)
                && expires >= now
            {
                used.insert(id, user);
                kept.push_str(line);
                kept.push('\n');
            }
        }
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(kept.as_bytes())?;
        file.sync_all()?;
        hazel_core::store::name(&fresh, path)?;
        Ok(Self { file: OpenOptions::new().append(true).open(path)?, used })
    }

    /// Who used a ticket.
    #[must_use]
    pub fn user(&self, id: &TicketId) -> Option<[u8; 32]> {
        self.used.get(id).copied()
    }

    /// Notes, durably, that a ticket was used.
    pub fn put(&mut self, id: TicketId, user: [u8; 32], expires: Date) -> io::Result<()> {
        // Begun with an end of line: had the disk no room for the one before, half of that stands there, and must not spoil this one.
        let line = format!("\n{} {} {expires}\n", hex(&id.0), hex(&user));
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()?;
        self.used.insert(id, user);
        Ok(())
    }
}

fn parse(line: &str) -> Option<(TicketId, [u8; 32], Date)> {
    let mut words = line.split(' ');
    let (id, user, expires) = (words.next()?, words.next()?, words.next()?);
    let whole = words.next().is_none();
    Some((TicketId(unhex(id)?), unhex(user)?, expires.parse().ok()?)).filter(|_| whole)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N.saturating_mul(2) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_ticket_is_remembered_until_it_expires_and_through_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tickets");
        let mut used = UsedTickets::open(&path, 0).unwrap();
        used.put(TicketId([1; 8]), [7; 32], 100).unwrap();
        used.put(TicketId([2; 8]), [8; 32], 200).unwrap();
        drop(used);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"0303030303030303 09").unwrap();
        let used = UsedTickets::open(&path, 100).unwrap();
        assert_eq!(used.user(&TicketId([1; 8])), Some([7; 32]));
        assert_eq!(used.user(&TicketId([3; 8])), None);
        drop(used);
        let mut used = UsedTickets::open(&path, 101).unwrap();
        assert_eq!(used.user(&TicketId([1; 8])), None);
        assert_eq!(used.user(&TicketId([2; 8])), Some([8; 32]));
        used.put(TicketId([4; 8]), [9; 32], 300).unwrap();
        drop(used);
        assert_eq!(UsedTickets::open(&path, 0).unwrap().user(&TicketId([4; 8])), Some([9; 32]));
    }

    #[test]
    fn half_a_line_that_a_full_disk_left_does_not_swallow_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tickets");
        let mut used = UsedTickets::open(&path, 0).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"0303030303030303 09").unwrap();
        used.put(TicketId([5; 8]), [6; 32], 100).unwrap();
        drop(used);
        assert_eq!(UsedTickets::open(&path, 0).unwrap().user(&TicketId([5; 8])), Some([6; 32]));
    }
}
