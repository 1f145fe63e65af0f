//! A world told in words: who said what to whom, and where that left them. For a story that breaks a rule, to see how it came to that.

use hazel_core::canon::Canon as _;
use hazel_core::message::{Handover, Message};
use hazel_core::wallet::TallyView;

use super::World;

impl World {
    /// Keeps everything that happens in words from now on.
    pub fn tell_all(&mut self) {
        self.told = Some(Vec::new());
    }

    /// What was told so far.
    #[must_use]
    pub fn told(&self) -> &[String] {
        self.told.as_deref().unwrap_or_default()
    }

    /// One line, made only if somebody wants to hear it.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(told) = &mut self.told {
            told.push(line());
        }
    }

    /// What is in a hand-over.
    pub(super) fn tell_hand_over(&mut self, phone: usize, pact: usize, bytes: &[u8]) {
        if self.told.is_some() {
            let opened = Handover::from_bytes(bytes).ok().and_then(|it| it.open(&self.pacts[pact].key).ok());
            let said: Vec<String> = opened.into_iter().flatten().flatten().map(|it| in_short(&it)).collect();
            self.tell(|| format!("    phone {phone} says: {}", said.join("; ")));
        }
    }

    /// Where a phone stands, if that is news.
    pub(super) fn tell_standing(&mut self, phone: usize, pact: usize, view: &TallyView) {
        if self.told.is_some() {
            let waits = if view.reconciling { ", may not sign yet" } else { "" };
            let line = format!(
                "      phone {phone}, {} of tally {pact}: {} ordered in view {}, agreed {}, final {}, {} without a place{waits}",
                view.side, view.index, view.view, view.agreed, view.final_index, view.unordered
            );
            let news = format!("      phone {phone}, {} of tally {pact}:", view.side);
            let last = self.told().iter().rev().find(|told| told.starts_with(&news));
            if last != Some(&line) {
                self.tell(|| line);
            }
        }
    }
}

/// One message, in short.
pub(super) fn in_short(message: &Message) -> String {
    match message {
        Message::Chits(page) => {
            let (chain, last) = (page.chain, page.first + page.chits.len() as u64 - 1);
            let kinds: Vec<&str> = page.clone().unfold().iter().map(|chit| chit.chit.body.kind()).collect();
            let chain = format!("{} {}/{}", chain.side, chain.device, chain.epoch);
            format!("chits {}-{last} of {chain} ({})", page.first, kinds.join(", "))
        }
        Message::Links(links) => {
            let head = links.endorsement.head;
            format!("links {} to {} in view {}", links.after, head.index, head.view)
        }
        Message::Endorsement(word) => {
            // Behind the two bytes that say what it is.
            let key = word.key.to_bytes();
            let by = key.iter().skip(2).take(2).map(|byte| format!("{byte:02x}")).collect::<String>();
            format!("word of {by} for {} in view {}", word.head.index, word.head.view)
        }
        Message::Receipt(it) => {
            let (to, seq) = (it.receipt.chain, it.receipt.seq);
            format!("receipt {seq} of {} {}/{}", to.side, to.device, to.epoch)
        }
        Message::Have(have) => {
            let chains: Vec<String> = have
                .chains
                .iter()
                .map(|(chain, seq, _)| format!("{} {}/{} {seq}", chain.side, chain.device, chain.epoch))
                .collect();
            let lost = if have.restored { ", restored" } else { "" };
            let (index, view, agreed) = (have.index, have.view, have.agreed);
            format!("have {index} in view {view}, agreed {agreed}{lost} [{}]", chains.join(", "))
        }
        Message::Certificate(certificate) => {
            let (head, words) = (certificate.head, certificate.words.len());
            format!("certificate of {words} words for {} in view {}", head.index, head.view)
        }
        Message::Offer(_) => "contract".to_owned(),
        other => format!("{other:?}").chars().take(20).collect(),
    }
}
