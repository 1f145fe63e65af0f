//! The room in a file's pages that nothing uses, for the audit.
//!
//! With `secure_delete` SQLite leaves zeros there, but for three things: fragments of less than four bytes, the places of cells that are
//! gone, and now and then the remains of a cell that was moved. Whatever else is not zero was changed by the disk. Neither says anything.

use std::fs::File;
use std::io::{self, BufReader, Read};

use super::shelf::Result;
use super::{Store, StoreError};

impl Store {
    /// The pages with bytes in unused room, counted from one. None are looked for in a database in memory, nor while another program
    /// holds the file.
    pub fn stray_pages(&self) -> Result<Vec<u32>> {
        match self.fold() {
            Err(StoreError::Busy) => return Ok(Vec::new()),
            folded => folded?,
        }
        match self.connection.path() {
            Some(path) if !path.is_empty() => Ok(stray_pages(&mut BufReader::new(File::open(path)?))?),
            _ => Ok(Vec::new()),
        }
    }
}

fn stray_pages(file: &mut impl Read) -> io::Result<Vec<u32>> {
    const HEAD: usize = 100;
    let mut head = [0; HEAD];
    file.read_exact(&mut head)?;
    let size = match Page(&head).number(16) {
        Some(1) => 65_536,
        Some(size) => size,
        None => return Ok(Vec::new()),
    };
    let mut page = vec![0; size];
    let (Some(first), mut strays) = (page.get_mut(HEAD..), Vec::new()) else { return Ok(Vec::new()) };
    file.read_exact(first)?;
    let mut begins = HEAD;
    for number in 1.. {
        if Page(&page).holds_strays(begins).unwrap_or(false) {
            strays.push(number);
        }
        begins = 0;
        match file.read_exact(&mut page) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            read => read?,
        }
    }
    Ok(strays)
}

struct Page<'p>(&'p [u8]);

impl Page<'_> {
    fn number(&self, at: usize) -> Option<usize> {
        let (bytes, _) = self.0.get(at..)?.split_first_chunk()?;
        Some(usize::from(u16::from_be_bytes(*bytes)))
    }

    /// Whether a page of rows or keys that begins there holds bytes where nothing is. `None` if it is not made as SQLite makes one; its
    /// own check says so.
    fn holds_strays(&self, begins: usize) -> Option<bool> {
        let from_begin = |offset: usize| begins.checked_add(offset);
        let list = match self.0.get(begins)? {
            2 | 5 => from_begin(12)?,
            10 | 13 => from_begin(8)?,
            // The rest of a long entry, or free.
            _ => return Some(false),
        };
        let mut free = self.number(from_begin(1)?)?;
        let cells = self.number(from_begin(3)?)?;
        let content = self.number(from_begin(5)?)?;
        let mut gap = list.checked_add(cells.checked_mul(2)?)?;
        // The places of cells that are gone stay behind the list of those that are there.
        while gap < content && self.number(gap)? != 0 {
            gap = gap.checked_add(2)?;
        }
        let mut strays = gap < content && !self.blank(gap, content)?;
        while free != 0 {
            let (next, length) = (self.number(free)?, self.number(free.checked_add(2)?)?);
            strays |= !self.blank(free.checked_add(4)?, free.checked_add(length)?)?;
            if next != 0 && next <= free {
                return None;
            }
            free = next;
        }
        Some(strays)
    }

    fn blank(&self, from: usize, to: usize) -> Option<bool> {
        Some(self.0.get(from..to)?.iter().all(|byte| *byte == 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that gives one page, and then fails.
    struct Failing(usize);

    impl Read for Failing {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let length = bytes.len().min(self.0);
            if length == 0 {
                return Err(io::ErrorKind::Other.into());
            }
            bytes.fill(2);
            self.0 = self.0.saturating_sub(length);
            Ok(length)
        }
    }

    /// Where a file cannot be read to its end nobody knows what stands in the rest.
    #[test]
    fn a_disk_that_fails_is_not_taken_for_the_end_of_the_file() {
        let size = usize::from(u16::from_be_bytes([2, 2]));
        let found = stray_pages(&mut Failing(size)).map_err(|error| error.kind());
        assert_eq!(found, Err(io::ErrorKind::Other));
    }
}
