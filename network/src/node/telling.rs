//! What others are told: the partner's sites and the users, because of what came in, in answer, or once more.

use hazel_core::admit::Refusal;
use hazel_core::key::PublicKey;
use hazel_core::message::{Message, Page};
use hazel_core::order::Endorsement;
use hazel_core::ordering::OrderingError;
use hazel_core::rows::Rows as _;
use hazel_core::store::{Standing, StoreError};
use hazel_core::tally::{Side, TallyId};
use hazel_core::telling;

use crate::letter::{Body, Correspondent, Letter, Refused};
use crate::store::HalfRow;

use super::intake::Taken;
use super::work::{Before, Job, Work};
use super::{Event, Output};

impl Work<'_> {
    /// What others must be told because of what came in.
    pub(super) fn tell(
        &mut self,
        half: &HalfRow,
        standing: &Standing,
        before: &Before,
        words: &[Endorsement],
        taken: &Taken,
        from: Correspondent,
    ) -> Result<(), StoreError> {
        let own_word = words.iter().find(|word| word.key == self.own);
        let spoke = own_word != before.words.iter().find(|word| word.key == self.own);
        let mut brought: Vec<Message> = Page::all_of(&taken.fresh).map(Message::Chits).collect();
        brought.extend(taken.notes.iter().cloned());
        // The partner's nodes.
        let mut news = Vec::new();
        if spoke {
            let base = before.index.min(before.agreed);
            if half.side == Side::Foil {
                plain(telling::order(&self.desk, standing, words, base, &mut news))?;
            }
            if news.is_empty() {
                news.extend(own_word.map(|word| Message::Endorsement(*word)));
            }
        }
        for (site, side) in self.others(half, standing) {
            let to = Correspondent::Site(site);
            let mut messages = if to == from { Vec::new() } else { brought.clone() };
            messages.extend(news.iter().cloned());
            self.send(to, half.tally, side, false, messages);
            // Whatever is new is confirmed by whoever takes it in. Where the partner's half has moved to, nothing is known yet.
            if standing.owed > before.owed && taken.notes.is_empty() && side != half.side {
                self.send_notes(to, half, side, true)?;
            }
        }
        // The users.
        let mut news = Vec::new();
        if standing.book.head.index != before.index {
            plain(telling::order(
                &self.desk,
                standing,
                words,
                before.index.min(before.final_index),
                &mut news,
            ))?;
        }
        if words != before.words {
            telling::told_words(standing, words, before.final_index, &mut news);
        }
        for claim in self.desk.claims(half.no)? {
            let to = Correspondent::User(claim.member);
            let mut messages = if to == from { Vec::new() } else { brought.clone() };
            messages.extend(news.iter().cloned());
            self.send(to, half.tally, half.side, false, messages);
        }
        Ok(())
    }

    /// The other nodes that are named on a tally, each with the half it keeps: the partner's, and those of this half before or after me.
    /// Where this site keeps the other half too, it is told even before the two have named it to each other.
    pub(super) fn others(&self, half: &HalfRow, standing: &Standing) -> Vec<(PublicKey, Side)> {
        let mut all = Vec::new();
        if self.sharded || half.paired {
            all.push((self.own, half.side.other()));
        }
        for side in [half.side.other(), half.side] {
            for key in standing.tip.nodes.of(side) {
                if (*key != self.own || side != half.side) && !all.contains(&(*key, side)) {
                    all.push((*key, side));
                }
            }
        }
        all
    }

    /// The answer to whoever wrote: what it lacks by its summary, what was refused, and a question if something is missing here.
    pub(super) fn answer(
        &mut self,
        from: Correspondent,
        half: &HalfRow,
        standing: &Standing,
        ask: bool,
        taken: &Taken,
    ) -> Result<(), StoreError> {
        let mut messages = Vec::new();
        let mut question = taken.missing;
        for have in &taken.summaries {
            let answer = plain(telling::answer(&self.desk, standing, have))?;
            messages = answer.messages;
            // A user always hears something: then it knows that it was heard.
            let reply = ask && (answer.behind || matches!(from, Correspondent::User(_)));
            if reply && !question {
                messages.push(Message::Have(plain(telling::summary(&self.desk, standing))?));
            }
        }
        if question && !taken.summaries.is_empty() && !ask {
            // Its summary was an answer already. It is asked again when it is time, not in a circle.
            question = false;
        }
        if question {
            messages.push(Message::Have(plain(telling::summary(&self.desk, standing))?));
        }
        let side = self.side_of(&from, half, standing);
        self.send(from, half.tally, side, question, messages);
        if !taken.refused.is_empty() {
            self.refuse(from, half.tally, half.side, &taken.refused);
        }
        Ok(())
    }

    /// Which half a correspondent keeps or holds.
    pub(super) fn side_of(&self, from: &Correspondent, half: &HalfRow, standing: &Standing) -> Side {
        match from {
            Correspondent::User(_) => half.side,
            Correspondent::Site(site)
                if *site == self.own || standing.tip.nodes.of(half.side.other()).contains(site) =>
            {
                half.side.other()
            }
            Correspondent::Site(_) => half.side,
        }
    }

    pub(super) fn refuse(
        &mut self,
        from: Correspondent,
        tally: TallyId,
        side: Side,
        refused: &[(u64, Refusal)],
    ) {
        let event = |code| Output::Event(Event::Refused { from, code });
        self.done.outputs.extend(refused.iter().map(|(_, refusal)| event(refusal.code())));
        if matches!(from, Correspondent::User(_)) {
            let said = |(message, refusal): &(u64, Refusal)| Refused {
                message: *message,
                code: refusal.code().to_owned(),
            };
            let body = Body::Refused(refused.iter().map(said).collect());
            self.post(from, Letter { tally, half: side, body });
        }
    }

    pub(super) fn send(
        &mut self,
        to: Correspondent,
        tally: TallyId,
        half: Side,
        ask: bool,
        messages: Vec<Message>,
    ) {
        for letter in Letter::carrying(tally, half, ask, messages) {
            self.post(to, letter);
        }
    }

    pub(super) fn post(&mut self, to: Correspondent, letter: Letter) {
        if to == Correspondent::Site(self.own) {
            self.queue.push_back(Job::Letter { from: to, letter: Box::new(letter) });
        } else {
            self.done.post(to, letter);
        }
    }

    /// Tells the partner's nodes once more where this half stands, and asks for what they have.
    pub(super) fn nudge(&mut self, tally: TallyId, side: Side) -> Result<(), StoreError> {
        self.done.nudged.insert((tally, side));
        let Some(half) = self.desk.half(&tally, side)? else {
            self.done.restless.insert((tally, side), None);
            return Ok(());
        };
        let standing = self.desk.standing(half.no)?;
        let words = self.desk.endorsements(half.no)?;
        let mut messages = Vec::new();
        if side == Side::Foil {
            plain(telling::order(&self.desk, &standing, &words, standing.agreed, &mut messages))?;
        }
        messages
            .extend(words.iter().filter(|word| word.key == self.own).map(|word| Message::Endorsement(*word)));
        messages.push(Message::Have(plain(telling::summary(&self.desk, &standing))?));
        for (site, of) in self.others(&half, &standing) {
            self.send(Correspondent::Site(site), tally, of, true, messages.clone());
            if standing.owed != 0 && of != side {
                self.send_notes(Correspondent::Site(site), &half, of, true)?;
            }
        }
        self.note_restless(&half, &standing);
        Ok(())
    }

    pub(super) fn note_restless(&mut self, half: &HalfRow, standing: &Standing) {
        let partners = match crate::store::is_restless(standing) {
            true => Some(self.others(half, standing).into_iter().map(|(key, _)| key).collect()),
            false => None,
        };
        self.done.restless.insert((half.tally, half.side), partners);
    }
}

/// Reading never refuses anybody: what is left of an error is the store's.
pub(super) fn plain<T>(result: Result<T, OrderingError>) -> Result<T, StoreError> {
    result.map_err(|error| match error {
        OrderingError::Store(error) => error,
        _ => StoreError::Corrupt { what: "an order" },
    })
}
