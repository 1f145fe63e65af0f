//! Checking everything again from the signed bytes.

use hazel_core::chit::ChainId;
use serde_json::{Value, json};

use crate::home::Home;
use crate::lettering::{BAD, GOOD, count};
use crate::page::Page;
use crate::progress::Progress;
use crate::screen::Answer;
use crate::trouble::{Exit, Trouble};

/// Check every signature, head and total again, and name the entry that is wrong
#[derive(Debug, clap::Args)]
pub(crate) struct Audit {}

impl Audit {
    pub(crate) fn run(&self, home: &Home) -> Result<Answer, Trouble> {
        let mut wallet = home.open()?;
        let entries = wallet.tallies()?.iter().fold(0_usize, |sum, view| {
            sum.saturating_add(usize::try_from(view.index).unwrap_or(usize::MAX))
                .saturating_add(view.unordered)
        });
        let report = {
            let progress = Progress::begin("Checking every entry", Some(entries));
            wallet.audit(&mut |done| {
                progress.reach(done);
                true
            })?
        };
        let mut page = Page::new();
        page.say(format!(
            "{}, {} and {} were checked.",
            count(report.tallies, "tally", "tallies"),
            count(report.chits, "entry", "entries"),
            count(report.signatures, "signature", "signatures")
        ));
        for finding in &report.findings {
            page.styled(BAD, finding.to_string());
        }
        let findings: Vec<Value> = report
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "what": finding.what, "tally": finding.tally.map(|tally| tally.to_string()),
                    "entry": finding.chit.map(|(chain, number)| place(&chain, number)),
                })
            })
            .collect();
        let sound = findings.is_empty();
        if sound {
            page.styled(GOOD, "All is as it was signed.");
        }
        if !report.stray_pages.is_empty() {
            page.say(format!(
                "Stray bytes lie in unused room of {}: left there by the database when it moved an entry, or changed by the disk. They say nothing; no entry is touched.",
                count(report.stray_pages.len(), "page", "pages")
            ));
        }
        let json = json!({
            "tallies": report.tallies, "entries": report.chits, "signatures": report.signatures,
            "sound": sound, "findings": findings, "stray_pages": report.stray_pages,
        });
        let mut answer = Answer::new(json, page);
        let message = "The wallet's file is not what was written.";
        answer.trouble = (!sound).then(|| {
            Trouble { culprit: "machine", ..Trouble::new(Exit::Unsound, "audit", message) }.advise(
                "Do not sign with it. Restore a backup into a new folder; “hazel restore --help” says how.",
            )
        });
        Ok(answer)
    }
}

fn place(chain: &ChainId, number: u64) -> Value {
    json!({ "side": chain.side.to_string(), "device": chain.device, "epoch": chain.epoch, "number": number })
}
