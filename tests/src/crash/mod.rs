//! Phones that die: stories of wallets on real files, whose process the kernel kills at every write and every sync.
//!
//! A story is prepared, acted by a child that is killed on the way, and acted again by the restarted app, which does what is not done
//! yet. Before and after that everything on the disk must be sound, and nothing may have been signed twice, lost or half done.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a story that goes wrong should stop loudly; the sweep prints and measures"
)]

pub mod check;
pub mod disk;
pub mod people;
pub mod phones;
pub mod stories;
pub mod sweep;
pub mod torn;
pub mod trace;
pub mod twice;

use people::Folder;

/// One story: how it begins, what happens in it, and what must be true.
#[derive(Clone, Copy)]
pub struct Story {
    /// Its name on the command line.
    pub name: &'static str,
    /// What happens in it.
    pub about: &'static str,
    /// The crash points of LEDGER.md §7 that it passes.
    pub points: &'static str,
    /// Makes the files it begins with.
    pub prepare: fn(&Folder),
    /// Does what is not done yet.
    pub act: fn(&Folder),
    /// What must hold when the files are opened after the process was killed anywhere in it.
    pub inspect: fn(&Folder),
    /// What must hold in the end.
    pub finish: fn(&Folder),
}

/// All stories.
pub const STORIES: [Story; 16] = [
    stories::PAY,
    stories::HAND_OVER,
    stories::PAGE,
    stories::CROSSING,
    stories::OPENING,
    stories::INVOICES,
    stories::ACCEPTING,
    stories::CLOSING,
    stories::CHECKPOINT,
    phones::CREATE,
    phones::DEVICES,
    phones::BACKUP,
    phones::RESTORE,
    phones::EPOCH,
    phones::MIGRATION,
    phones::WIPE,
];

/// The story of that name.
#[must_use]
pub fn story(name: &str) -> Option<Story> {
    STORIES.into_iter().find(|story| story.name == name)
}
