//! A wallet that brought chits gets this site's signed word that they are here. It leaves after the commit, like everything.

use hazel_core::chit::ChainId;
use hazel_core::message::Message;
use hazel_core::rows::Rows as _;
use hazel_core::store::{Standing, StoreError};

use crate::confirmation::{RequestId, Submission, batch_at, request_of};
use crate::letter::{Body, Correspondent, Letter};
use crate::store::HalfRow;

use super::work::Work;

/// What a wallet has brought, and must be here to be confirmed: up to which number of each chain.
pub(super) struct Request {
    id: RequestId,
    ends: Vec<(ChainId, u64)>,
}

/// The request that a letter is, if a wallet wrote it.
pub(super) fn request_in(from: &Correspondent, letter: &Letter) -> Option<Request> {
    let (Correspondent::User(_), Body::Messages { messages, .. }) = (from, &letter.body) else { return None };
    let ends = messages.iter().filter_map(|message| match message {
        Message::Chits(page) => {
            Some((page.chain, page.first.saturating_add(page.chits.len() as u64).saturating_sub(1)))
        }
        _ => None,
    });
    Some(Request { id: request_of(letter)?, ends: ends.collect() })
}

impl Work<'_> {
    /// Confirms a request if everything in it is here. What was refused, or waits for what must come before it, is not.
    pub(super) fn confirm(
        &mut self,
        from: Correspondent,
        half: &HalfRow,
        standing: &Standing,
        request: Request,
    ) -> Result<(), StoreError> {
        let mut chains: Vec<(ChainId, u64, _)> = Vec::new();
        for (chain, last) in request.ends {
            let branches = self.desk.branches(half.no, &chain)?;
            let Some(held) = branches.into_iter().find(|branch| branch.seq >= last) else { return Ok(()) };
            if !chains.iter().any(|(id, ..)| *id == chain) {
                chains.push((chain, held.seq, held.hash));
            }
        }
        let submission = Submission {
            tally: half.tally,
            half: half.side,
            request: request.id,
            batch: batch_at(self.date),
            active: standing.tip.nodes.of(half.side).clone(),
            chains,
        };
        let body = Body::Confirmed(Box::new(submission.sign(self.key)));
        self.post(from, Letter { tally: half.tally, half: half.side, body });
        Ok(())
    }
}
