//! Errands that users bring for others. A site sees of them what every carrier sees, keeps them on its first shard, and hands each to
//! whoever of its users shows the claim. Each letter is answered, so that a wallet knows when it was heard.

use std::collections::BTreeSet;

use hazel_core::canon::Canon as _;
use hazel_core::errand::{Errand, ErrandMessage, SHOWN_MAX, Verdict};
use hazel_core::store::StoreError;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{CARRIED_BYTES, CARRIED_MAX};

use crate::letter::{Correspondent, Letter};

use super::work::Work;
use super::{Errand as Noted, Event, Output};

/// The most errands that a site keeps: a wallet is shown all of them with each visit.
pub const ERRANDS_MAX: u64 = 1_024;
/// The most bytes of them.
pub const ERRANDS_BYTES: u64 = 16 << 20;

impl Work<'_> {
    /// A user speaks about errands. That it is one was asked before; about its halves it says nothing with this.
    pub(super) fn errands(
        &mut self,
        from: Correspondent,
        (tally, half): (TallyId, Side),
        said: Vec<ErrandMessage>,
    ) -> Result<(), StoreError> {
        let Correspondent::User(user) = from else { return Ok(()) };
        self.desk.drop_late_errands(self.date)?;
        let (mut reply, mut handed) = (Vec::new(), BTreeSet::new());
        for message in said {
            match message {
                ErrandMessage::Handed(errand) => {
                    let verdict = self.keep(&user, &errand)?;
                    reply.push(ErrandMessage::Answered { id: errand.id(), verdict });
                }
                ErrandMessage::Shown(_) => {
                    let shown = self.desk.errands_shown(&user)?;
                    reply.extend(shown.chunks(SHOWN_MAX).map(|shown| ErrandMessage::Shown(shown.to_vec())));
                }
                ErrandMessage::Claimed(claims) => {
                    for claim in claims {
                        let Some(errand) = self.desk.errand_claimed(&claim)? else { continue };
                        // Once in an answer, however often it is claimed in one letter.
                        if handed.len() < SHOWN_MAX && handed.insert(errand.id()) {
                            reply.push(ErrandMessage::Handed(Box::new(errand)));
                        }
                    }
                }
                // Only who was handed it knows its name.
                ErrandMessage::Answered { id, verdict: Verdict::Arrived | Verdict::Spoilt } => {
                    if self.desk.has_errand(&id)? {
                        self.desk.drop_errand(&id)?;
                        self.note_errand(Noted::Delivered);
                    }
                }
                ErrandMessage::Answered { .. } => {}
            }
        }
        for letter in Letter::about_errands(tally, half, reply) {
            self.post(from, letter);
        }
        Ok(())
    }

    fn note_errand(&mut self, what: Noted) {
        self.done.outputs.push(Output::Event(Event::Errand(what)));
    }

    /// Keeps an errand within all bounds, or says why not.
    fn keep(&mut self, user: &[u8; 32], errand: &Errand) -> Result<Verdict, StoreError> {
        if let Some(verdict) = errand.unfit(self.date) {
            return Ok(verdict);
        }
        if self.desk.has_errand(&errand.id())? {
            // It comes again: our answer was lost.
            return Ok(Verdict::Carried);
        }
        let bytes = u64::try_from(errand.to_bytes().len()).unwrap_or(u64::MAX);
        let [(all, all_bytes), (of_user, user_bytes)] = self.desk.errands_kept(user)?;
        let verdict = if of_user >= CARRIED_MAX || user_bytes.saturating_add(bytes) > CARRIED_BYTES {
            Verdict::FullForGiver
        } else if all >= ERRANDS_MAX || all_bytes.saturating_add(bytes) > ERRANDS_BYTES {
            Verdict::Full
        } else {
            self.desk.put_errand(user, errand)?;
            Verdict::Carried
        };
        self.note_errand(if verdict == Verdict::Carried { Noted::Kept } else { Noted::NoRoom });
        Ok(verdict)
    }
}
