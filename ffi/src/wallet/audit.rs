//! Checking everything again: it takes its time, and can be stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Cell, Wallet};
use crate::Answer;
use crate::ids::{Count, count_of};

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AuditReport {
    /// How many tallies were checked.
    pub tallies: Count,
    /// How many chits were checked.
    pub chits: Count,
    /// How many signatures were verified.
    pub signatures: Count,
    /// What is wrong, in words; empty if all is well.
    pub findings: Vec<String>,
    /// Pages of the file with bytes in room that nothing uses: left by the database, or changed by the disk. They say nothing.
    pub stray_pages: Count,
}

/// One check of everything. Other calls into the wallet wait for its end, so it is one to be stopped.
#[derive(uniffi::Object)]
pub struct Audit {
    cell: Arc<Cell>,
    checked: AtomicU64,
    stopped: AtomicBool,
}

#[uniffi::export]
impl Wallet {
    /// Prepares to check every signature, chain, sum and secret again.
    pub fn audit(&self) -> Answer<Arc<Audit>> {
        let cell = Arc::clone(&self.cell);
        Ok(Arc::new(Audit { cell, checked: AtomicU64::new(0), stopped: AtomicBool::new(false) }))
    }
}

#[uniffi::export]
impl Audit {
    /// Checks, and says what it found; refuses with "stopped" if it was stopped before it was done. Changes nothing.
    pub fn run(&self) -> Answer<AuditReport> {
        let mut goes_on = |chits| {
            self.checked.store(count_of(chits), Ordering::Relaxed);
            !self.stopped.load(Ordering::Relaxed)
        };
        let report = self.cell.with(|wallet| Ok(wallet.audit(&mut goes_on)?))?;
        Ok(AuditReport {
            tallies: report.tallies,
            chits: report.chits,
            signatures: report.signatures,
            findings: report.findings.iter().map(ToString::to_string).collect(),
            stray_pages: report.stray_pages.len(),
        })
    }

    /// How many chits were checked so far. Answers at once, from any thread.
    pub fn checked(&self) -> Answer<u64> {
        Ok(self.checked.load(Ordering::Relaxed))
    }

    /// Stops it, from any thread, also before it has begun.
    pub fn cancel(&self) -> Answer<()> {
        self.stopped.store(true, Ordering::Relaxed);
        Ok(())
    }
}
