//! What a disk may hold after the power went: the last write torn, and writes that were never synced lost.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::trace::{Call, Kind};

/// The ways in which the write that was cut off may have reached the disk in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tear {
    /// Only so many of its bytes; behind them stands what stood there before.
    Prefix(usize),
    /// Room was made for all of it, but the bytes from here on are zero.
    ZeroFrom(usize),
    /// The end arrived, the bytes before it are zero.
    ZeroUpTo(usize),
    /// The end arrived, before it stands what stood there before.
    StaleUpTo(usize),
    /// One bit differs.
    Flipped(usize),
}

/// The tears worth trying for a write of that length: at both ends, in the middle, at the sectors of a disk.
#[must_use]
pub fn tears(length: usize) -> Vec<Tear> {
    let half = length / 2;
    let mut tears = vec![Tear::ZeroFrom(0)];
    if length > 1 {
        tears.extend([Tear::Prefix(1), Tear::Prefix(half), Tear::Prefix(length - 1)]);
        tears.extend([Tear::ZeroFrom(half), Tear::ZeroUpTo(half), Tear::StaleUpTo(half)]);
        tears.push(Tear::Flipped(length - 1));
    }
    if length > 1024 {
        tears.extend([Tear::Prefix(512), Tear::Prefix(length - 512), Tear::StaleUpTo(512)]);
    }
    tears
}

/// Lets the call that was cut off reach the disk in part.
pub fn tear(folder: &Path, call: &Call, tear: Tear) {
    let Some(mut file) = fs::OpenOptions::new().write(true).open(folder.join(&call.file)).ok() else {
        return;
    };
    let offset = call.offset.unwrap_or_else(|| file.metadata().unwrap().len());
    let mut data = call.data.clone();
    let mut skip = 0;
    match tear {
        Tear::Prefix(kept) => data.truncate(kept),
        Tear::ZeroFrom(kept) => data[kept..].fill(0),
        Tear::ZeroUpTo(lost) => data[..lost].fill(0),
        Tear::StaleUpTo(lost) => skip = lost,
        Tear::Flipped(at) => data[at] ^= 1,
    }
    file.seek(SeekFrom::Start(offset + skip as u64)).unwrap();
    file.write_all(&data[skip..]).unwrap();
}

/// What the disk may have kept of writes that nobody waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced {
    /// Nothing.
    AllLost,
    /// The last one only: a disk may write in any order.
    LastKept,
}

/// Makes the folder anew as the disk holds it after the power went: everything of the beginning, everything that was synced, and of the
/// rest what the disk has kept. Files that are made, renamed or removed are taken as journalled by the file system, in order.
///
/// Returns whether anything was lost: if not, this is the killed process over again.
#[must_use]
pub fn power_cut(beginning: &Path, folder: &Path, calls: &[Call], kept: Unsynced) -> bool {
    copy_folder(beginning, folder);
    let calls: Vec<&Call> = calls.iter().filter(|call| call.done && !is_shared_memory(&call.file)).collect();
    let mut lost = false;
    // A file's name may change; what was written to it goes along.
    let last = calls.iter().rposition(|call| call.kind == Kind::Write);
    for (at, call) in calls.iter().enumerate() {
        match call.kind {
            Kind::Write | Kind::Resize => {
                if synced_later(&calls[at..]) || (kept == Unsynced::LastKept && Some(at) == last) {
                    apply(folder, call);
                } else {
                    lost = true;
                }
            }
            Kind::Make if call.name == "openat" => {
                let path = folder.join(&call.file);
                if !path.exists() {
                    fs::write(path, []).unwrap();
                }
            }
            Kind::Make => fs::create_dir_all(folder.join(&call.file)).unwrap(),
            Kind::Remove => drop(fs::remove_file(folder.join(&call.file))),
            Kind::Rename => fs::rename(folder.join(&call.file), folder.join(&call.to)).unwrap(),
            Kind::Sync => {}
        }
    }
    lost
}

/// The road is another phone's memory: what was put on it has left.
fn synced_later(calls: &[&Call]) -> bool {
    let Some((first, later)) = calls.split_first() else { return false };
    let mut name = &first.file;
    if name.starts_with("road") {
        return true;
    }
    for call in later {
        match call.kind {
            Kind::Sync if call.file == *name => return true,
            Kind::Rename if call.file == *name => name = &call.to,
            Kind::Remove if call.file == *name => return true,
            _ => {}
        }
    }
    false
}

fn apply(folder: &Path, call: &Call) {
    let path = folder.join(&call.file);
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path).unwrap();
    match (call.kind, call.offset) {
        (Kind::Resize, Some(length)) => file.set_len(length).unwrap(),
        (Kind::Resize, None) => {}
        (_, offset) => {
            file.seek(offset.map_or(SeekFrom::End(0), SeekFrom::Start)).unwrap();
            file.write_all(&call.data).unwrap();
        }
    }
}

/// SQLite's index over its log lives in shared memory only; it is made anew after the power went.
#[must_use]
pub fn is_shared_memory(file: &Path) -> bool {
    file.to_str().is_some_and(|name| name.ends_with("-shm"))
}

/// Copies a folder and what is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// All bytes of all files in a folder, for searching.
#[must_use]
pub fn all_bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(all_bytes(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}
