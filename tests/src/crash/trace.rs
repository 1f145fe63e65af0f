//! The kernel as the killer: a child runs under `strace`, which kills it on entering a chosen call, or makes that call fail.
//!
//! strace counts the calls of each name by themselves, so a point is a name and its how-manieth call. On entering means before: the
//! call does not take place. Killed before the next point is killed after this one, since nothing else touches the files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The calls by which a process changes files.
const CHANGING: &str = "pwrite64,write,fdatasync,fsync,ftruncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,openat";

/// What a call does to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Writes bytes.
    Write,
    /// Waits until the disk has them.
    Sync,
    /// Makes a file or a folder, or empties one.
    Make,
    /// Changes a file's length.
    Resize,
    /// Removes a file.
    Remove,
    /// Renames a file.
    Rename,
}

/// One call that touched the folder.
#[derive(Debug, Clone)]
pub struct Call {
    /// The kernel's name for it.
    pub name: String,
    /// The how-manieth of that name in its process.
    pub count: usize,
    /// What it does.
    pub kind: Kind,
    /// On which file, within the folder.
    pub file: PathBuf,
    /// Where to, for a rename.
    pub to: PathBuf,
    /// The bytes written.
    pub data: Vec<u8>,
    /// Where they go; none at the end of what was written before.
    pub offset: Option<u64>,
    /// Whether it took place.
    pub done: bool,
}

/// What strace shall do at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Kill the process before it.
    Kill,
    /// Let this one call fail with that error.
    Fail(&'static str),
    /// Let this call and all later ones of its name fail.
    FailFromHere(&'static str),
}

/// How a traced child ended.
#[derive(Debug)]
pub struct Ran {
    /// What it did to the folder, in order.
    pub calls: Vec<Call>,
    /// Whether it was killed.
    pub killed: bool,
    /// Whether it ended by itself and well.
    pub well: bool,
}

/// Why processes cannot be killed here, if they cannot.
#[must_use]
pub fn obstacle() -> Option<String> {
    let probe = Command::new("strace").args(["-qq", "-o", "/dev/null", "-e", "trace=write", "true"]).output();
    match probe {
        Err(error) => Some(format!("strace cannot be started ({error}); install the package strace")),
        Ok(ran) if ran.status.success() => None,
        Ok(ran) => {
            Some(format!("strace may not trace here: {}", String::from_utf8_lossy(&ran.stderr).trim()))
        }
    }
}

/// Runs a child on a folder and notes what it does to it. With a fate, the call of that name and number meets it.
pub fn run(child: &Path, args: &[&str], folder: &Path, fate: Option<(&str, usize, Fate)>) -> Ran {
    let log = folder.with_extension("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-xx", "-s", "1048576", "-o"]).arg(&log);
    strace.args(["-e", &format!("trace={CHANGING}")]);
    if let Some((name, count, fate)) = fate {
        let what = match fate {
            Fate::Kill => format!("{name}:signal=SIGKILL:when={count}"),
            Fate::Fail(error) => format!("{name}:error={error}:when={count}"),
            Fate::FailFromHere(error) => format!("{name}:error={error}:when={count}+"),
        };
        strace.args(["-e", &format!("inject={what}")]);
    }
    let ran = strace.arg(child).args(args).output().unwrap();
    let text = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    let well = ran.status.success();
    let killed = text.lines().any(|line| line.ends_with("+++ killed by SIGKILL +++"));
    if !well && !killed && !matches!(fate, Some((_, _, Fate::Fail(_) | Fate::FailFromHere(_)))) {
        panic!("the child failed by itself: {}", String::from_utf8_lossy(&ran.stderr));
    }
    Ran { calls: calls(&text, folder), killed, well }
}

fn calls(log: &str, folder: &Path) -> Vec<Call> {
    let mut counts = BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        // With -f every line begins with the process; children of the child do not write.
        let Some((_, rest)) = line.split_once(' ') else { continue };
        let Some((name, rest)) = rest.trim_start().split_once('(') else { continue };
        if name.contains([' ', '+', '<']) {
            continue;
        }
        let count = counts.entry(name.to_owned()).or_insert(0);
        *count += 1;
        let done = !rest.ends_with("= ?") && !rest.contains("(INJECTED)");
        if let Some(mut call) = call(name, rest, folder) {
            (call.count, call.done) = (*count, done);
            calls.push(call);
        }
    }
    calls
}

fn call(name: &str, rest: &str, folder: &Path) -> Option<Call> {
    let kind = match name {
        "pwrite64" | "write" => Kind::Write,
        "fdatasync" | "fsync" => Kind::Sync,
        "ftruncate" | "fallocate" => Kind::Resize,
        "unlink" | "unlinkat" => Kind::Remove,
        "mkdir" | "mkdirat" => Kind::Make,
        "openat" if rest.contains("O_CREAT") || rest.contains("O_TRUNC") => Kind::Make,
        "openat" => return None,
        _ => Kind::Rename,
    };
    let mut strings = rest.split('"').skip(1).step_by(2).map(unhex);
    let described =
        rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| unhex(path));
    let by_name = matches!(kind, Kind::Remove | Kind::Rename | Kind::Make);
    let path = if by_name { strings.next()? } else { described? };
    let within = |path: Vec<u8>| {
        let path = PathBuf::from(String::from_utf8(path).ok()?);
        Some(path.strip_prefix(folder).ok()?.to_owned())
    };
    let file = within(path)?;
    let to = if kind == Kind::Rename { within(strings.next()?)? } else { PathBuf::new() };
    let data = if kind == Kind::Write { strings.next().unwrap_or_default() } else { Vec::new() };
    let last =
        rest.rsplit_once(')').and_then(|(args, _)| args.rsplit_once(", ")).map(|(_, last)| last.trim());
    let offset =
        if matches!(name, "pwrite64" | "ftruncate") { last.and_then(|n| n.parse().ok()) } else { None };
    Some(Call { name: name.to_owned(), count: 0, kind, file, to, data, offset, done: true })
}

fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).filter_map(|byte| u8::from_str_radix(byte.get(..2)?, 16).ok()).collect()
}
