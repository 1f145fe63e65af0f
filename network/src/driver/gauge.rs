//! Figures of a running site, as text that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::peer::Fault;

/// Counters and gauges; each is changed from any thread.
#[derive(Debug, Default)]
pub struct Gauges {
    pub(super) accepted: Count,
    pub(super) turned_away: Count,
    pub(super) full: Count,
    pub(super) open: Count,
    pub(super) calls: Count,
    pub(super) calls_failed: Count,
    pub(super) letters_in: Count,
    pub(super) letters_out: Count,
    pub(super) letters_dropped: Count,
    pub(super) batches: Count,
    pub(super) batches_failed: Count,
    pub(super) batch_micros: Count,
    pub(super) chits: Count,
    pub(super) finals: Count,
    pub(super) refused: Count,
    pub(super) errands_kept: Count,
    pub(super) errands_no_room: Count,
    pub(super) errands_delivered: Count,
    faults: Mutex<BTreeMap<Fault, u64>>,
    troubled: AtomicBool,
}

/// A number that several threads change.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn up(&self) {
        self.add(1);
    }

    pub(super) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauges {
    pub(super) fn ended(&self, fault: Fault) {
        if let Ok(mut faults) = self.faults.lock() {
            let count = faults.entry(fault).or_default();
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn set_troubled(&self, troubled: bool) {
        self.troubled.store(troubled, Ordering::Relaxed);
    }

    /// Whether the last batch could be written down.
    #[must_use]
    pub fn is_well(&self) -> bool {
        !self.troubled.load(Ordering::Relaxed)
    }

    /// How many channels are open.
    #[must_use]
    pub fn open_channels(&self) -> u64 {
        self.open.get()
    }

    /// How often a channel ended so.
    #[must_use]
    pub fn ends(&self, fault: Fault) -> u64 {
        self.faults.lock().map_or(0, |faults| faults.get(&fault).copied().unwrap_or(0))
    }

    /// How many connections were turned away unheard, because their address called too often.
    #[must_use]
    pub fn turned_away(&self) -> u64 {
        self.turned_away.get()
    }

    /// Everything, as Prometheus reads it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut line = |name: &str, kind: &str, help: &str, value: u64| {
            let _ =
                writeln!(out, "# HELP hazel_{name} {help}\n# TYPE hazel_{name} {kind}\nhazel_{name} {value}");
        };
        line("up", "gauge", "Whether the last batch could be written down.", u64::from(self.is_well()));
        line("channels_open", "gauge", "Channels that are open now.", self.open.get());
        for (name, help, count) in [
            ("connections_accepted_total", "Connections accepted.", &self.accepted),
            (
                "connections_turned_away_total",
                "Connections of addresses that called too often.",
                &self.turned_away,
            ),
            ("connections_full_total", "Connections refused because there were too many.", &self.full),
            ("calls_total", "Calls to other sites.", &self.calls),
            ("calls_failed_total", "Calls to other sites that reached nobody.", &self.calls_failed),
            ("letters_in_total", "Letters that came.", &self.letters_in),
            ("letters_out_total", "Letters that left.", &self.letters_out),
            (
                "letters_dropped_total",
                "Letters for somebody who was not there or too slow; they are said again.",
                &self.letters_dropped,
            ),
            ("batches_total", "Batches written down.", &self.batches),
            ("batches_failed_total", "Batches that could not be written down.", &self.batches_failed),
            ("chits_total", "Chits that came in.", &self.chits),
            ("finals_total", "How often something became final on a half.", &self.finals),
            ("refused_total", "Messages that were not let in.", &self.refused),
            ("errands_kept_total", "Errands taken in, to be kept for somebody.", &self.errands_kept),
            ("errands_no_room_total", "Errands not taken for want of room.", &self.errands_no_room),
            ("errands_delivered_total", "Errands fetched by whoever they are for.", &self.errands_delivered),
            ("batch_microseconds_total", "Time spent on batches.", &self.batch_micros),
        ] {
            line(name, "counter", help, count.get());
        }
        out.push_str("# HELP hazel_channels_ended_total Channels that ended, and why.\n# TYPE hazel_channels_ended_total counter\n");
        if let Ok(faults) = self.faults.lock() {
            for (fault, count) in faults.iter() {
                let _ = writeln!(out, "hazel_channels_ended_total{{why=\"{}\"}} {count}", fault.code());
            }
        }
        out
    }
}
