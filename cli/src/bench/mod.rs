//! `hazel site bench`: how much a site of this build carries on this machine, each figure beside its floor in the same run.
//!
//! The people are made up, everything they sign is real. Sites run as processes of their own; what is measured inside one process says so.

mod board;
mod crowd;
mod homecoming;
mod lane;
mod pledges;

use std::path::{Path, PathBuf};

use hazel_core::key::Entropy as _;

use crate::edge::SystemEntropy;
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble};
use board::Board;

/// Measure how much a site carries on this machine, beside what the machine itself can do
///
/// Takes a minute or two as it stands; with a million tallies some ten minutes and 4 GB of disk. Everything it makes is in one folder
/// that is taken away at the end. Best run with --release and on a quiet machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Bench {
    /// Tallies at the site whose growth is measured
    #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    tallies: u64,
    /// People who hold them
    #[arg(long, default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    people: u64,
    /// Pledges in each measurement
    #[arg(long, default_value_t = 2_048, value_name = "N", value_parser = clap::value_parser!(u64).range(256..=100_000))]
    pledges: u64,
    /// Payments that wait in the wallet that has been away for long
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=20_000))]
    chits: u64,
    /// Wallets that come back all at once after an outage; each takes two open files
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=20_000))]
    wallets: u64,
    /// Where databases are made: on another disk, or in memory to see what is left without syncs (default: the system's folder for
    /// temporary files)
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Only this part
    #[arg(long, value_enum, value_name = "PART")]
    only: Option<Part>,
}

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Durable pledges, and how their cost grows
    Pledges,
    /// One wallet comes home
    Home,
    /// All wallets come home at once
    Crowd,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<Answer, Trouble> {
        let stage = Stage::new(self.folder.as_deref())?;
        let mut board = Board::default();
        let wanted = |part| self.only.is_none_or(|only| only == part);
        if wanted(Part::Pledges) {
            pledges::measure(self, &stage.0, &mut board)?;
        }
        if wanted(Part::Home) {
            homecoming::measure(self, &stage.0, &mut board)?;
        }
        if wanted(Part::Crowd) {
            crowd::measure(self, &stage.0, &mut board)?;
        }
        Ok(board.answer())
    }
}

/// The folder of one run; it is taken away whatever happens.
struct Stage(PathBuf);

impl Stage {
    fn new(parent: Option<&Path>) -> Result<Self, Trouble> {
        let mut name = [0; 4];
        SystemEntropy.fill(&mut name);
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let folder = parent.join(format!("hazel-bench-{:08x}", u32::from_be_bytes(name)));
        std::fs::create_dir_all(&folder).map_err(|error| Trouble::file(&folder, &error))?;
        Ok(Self(folder))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What cannot be measured was not measured: the bench ends.
fn broken(why: impl std::fmt::Display) -> Trouble {
    Trouble::new(Exit::Unsound, "bench", crate::trouble::sentence(&why.to_string()))
}
