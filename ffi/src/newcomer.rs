//! Somebody new, without a camera: both screens show the same words and pictures, and only when both people have said so does one side
//! hand the other a ticket. What comes after is an ordinary meeting by that ticket.

use std::collections::BTreeSet;

use hazel_core::canon::Canon as _;
use hazel_core::key::Entropy as _;
use hazel_core::tally::TallyId;
use hazel_core::ticket::Ticket;
use hazel_meeting::{Introduction, NEWCOMER, Step, session_entropy};
use hazel_sync::Time;
use hazel_sync::beacon::Sight as Seen;
use hazel_sync::session::{Carrier, End, Fault, Input, Outcome};

use crate::Answer;
use crate::air::ShownTag;
use crate::edge::SystemEntropy;
use crate::meeting::shown;
use crate::nearby::{Nearby, State, Up, Wanted, Whose};
use crate::post::Notice;
use crate::records::{Side, Terms};
use crate::trouble::{Culprit, HazelError, Trouble};

/// A ticket that is handed over in person is answered at once.
const VALID: u64 = 3_600;
/// The reason that the other side gives when its person said no.
const CODES_DIFFER: u8 = 6;

/// Being introduced to somebody new.
pub(crate) struct Newcomer {
    /// The half to invite to, on the side that waits to be called; none on the side that calls.
    invites: Option<Side>,
    /// The credit I would grant.
    terms: Terms,
    /// Who was called and was not the one meant.
    tried: BTreeSet<String>,
    visit: Option<Visit>,
    over: bool,
}

struct Visit {
    link: u64,
    introduction: Introduction,
    wake: Option<u64>,
    /// The tally of the ticket that I have given.
    given: Option<TallyId>,
    taken: Option<Vec<u8>>,
    /// What came of it has been told.
    ended: bool,
    hung_up: bool,
}

impl Newcomer {
    pub(crate) fn wake(&self) -> Option<u64> {
        self.visit.as_ref().and_then(|visit| visit.wake)
    }

    /// Whether this side calls whoever shows this.
    pub(crate) fn calls(&self, peer: &str, seen: Seen) -> bool {
        let free = !self.over && self.visit.is_none() && self.invites.is_none();
        free && seen.is_of(NEWCOMER) && !self.tried.contains(peer)
    }

    /// Whether this side waits to be called and nobody has yet.
    pub(crate) fn waits(&self) -> bool {
        !self.over && self.visit.is_none() && self.invites.is_some()
    }
}

#[uniffi::export]
impl Nearby {
    /// What to show now: a tag for each partner to be met, and one more while somebody new may call.
    pub fn tags(&self) -> Answer<Vec<ShownTag>> {
        let new = self.state()?.newcomer.as_ref().is_some_and(Newcomer::waits);
        let partners = self.wallet.shown_tags()?;
        Ok(new.then_some(NEWCOMER).into_iter().chain(partners).map(Into::into).collect())
    }

    /// Waits for somebody new, and will invite them to a tally: `side` is the half I would hold, `terms` the credit I would grant. The
    /// other one seeks. What comes of it is told in notices.
    pub fn await_newcomer(&self, side: Side, terms: Terms) -> Answer<()> {
        self.meet_newcomer(Some(side), terms)
    }

    /// Looks for somebody who awaits a newcomer, and will answer their ticket. `terms` is the credit I would grant in return.
    pub fn seek_newcomer(&self, terms: Terms) -> Answer<()> {
        self.meet_newcomer(None, terms)
    }

    /// The person has compared the two screens.
    pub fn codes_match(&self, same: bool, now: u64) -> Answer<()> {
        self.say(Input::CodesMatch(same), now)
    }

    /// Nobody new is to be met any more.
    pub fn leave_newcomer(&self, now: u64) -> Answer<()> {
        let mut state = self.state()?;
        state.calling.retain(|_, wanted| *wanted != Wanted::Newcomer);
        if let Some(newcomer) = &mut state.newcomer {
            newcomer.over = true;
        }
        drop(state);
        self.say(Input::Cancel, now)
    }
}

impl Nearby {
    fn meet_newcomer(&self, invites: Option<Side>, terms: Terms) -> Answer<()> {
        let mut state = self.state()?;
        let before = state.newcomer.as_ref().and_then(|before| before.visit.as_ref());
        if before.is_some_and(|visit| !visit.ended) {
            return Err(HazelError::usage("newcomer_already", &"somebody new is being met already"));
        }
        state.newcomer = Some(Newcomer { invites, terms, tried: BTreeSet::new(), visit: None, over: false });
        Ok(())
    }

    fn say(&self, input: Input<'_>, now: u64) -> Answer<()> {
        let mut state = self.state()?;
        let Some(visit) = state.newcomer.as_mut().and_then(|newcomer| newcomer.visit.as_mut()) else {
            return Ok(());
        };
        let steps = visit.introduction.handle(input, Time(now));
        self.take_steps(&mut state, steps, now)
    }

    /// A link to somebody new came up.
    pub(crate) fn welcome(&self, state: &mut State, peer: &str, up: &Up) -> Answer<()> {
        let Some(newcomer) = &mut state.newcomer else { return Ok(()) };
        newcomer.tried.insert(peer.to_owned());
        let mut secret = [0; 32];
        SystemEntropy.fill(&mut secret);
        let entropy = session_entropy(&mut SystemEntropy);
        let mut introduction = Introduction::new(Carrier::Ble, up.dialing, secret, &entropy)?;
        let steps = introduction.link_up(up.mtu, Time(up.now));
        newcomer.visit = Some(Visit {
            link: up.link,
            introduction,
            wake: None,
            given: None,
            taken: None,
            ended: false,
            hung_up: false,
        });
        state.links.insert(up.link, Whose::Newcomer);
        self.take_steps(state, steps, up.now)
    }

    /// Something happened on the link to somebody new.
    pub(crate) fn with_newcomer(
        &self,
        state: &mut State,
        link: u64,
        input: Input<'_>,
        now: u64,
    ) -> Answer<()> {
        let visit = state.newcomer.as_mut().and_then(|newcomer| newcomer.visit.as_mut());
        let Some(visit) = visit.filter(|visit| visit.link == link) else { return Ok(()) };
        let steps = visit.introduction.handle(input, Time(now));
        self.take_steps(state, steps, now)
    }

    /// The link to somebody new is gone: whatever was not handed over is not.
    pub(crate) fn lose_newcomer(&self, state: &mut State, link: u64) {
        let Some(newcomer) = &mut state.newcomer else { return };
        if newcomer.visit.as_ref().is_some_and(|visit| visit.link == link) {
            let told = newcomer.visit.take().is_some_and(|visit| visit.ended);
            if !told && !newcomer.over {
                let lost = Trouble::new("link_lost", Culprit::Nobody, &"the link to somebody new was lost");
                self.wallet.cell().post.tell(Notice::NotIntroduced { trouble: lost });
            }
        }
    }

    /// The time of a wake of an introduction has come.
    pub(crate) fn wake_newcomer(&self, state: &mut State, now: u64) -> Answer<()> {
        let visit = state.newcomer.as_mut().and_then(|newcomer| newcomer.visit.as_mut());
        let Some(visit) = visit.filter(|visit| visit.wake.is_some_and(|at| at <= now)) else { return Ok(()) };
        visit.wake = None;
        let steps = visit.introduction.handle(Input::Tick, Time(now));
        self.take_steps(state, steps, now)
    }

    fn take_steps(&self, state: &mut State, steps: Vec<Step>, now: u64) -> Answer<()> {
        let Some(mut newcomer) = state.newcomer.take() else { return Ok(()) };
        if let Some(mut visit) = newcomer.visit.take() {
            for step in steps {
                self.take_step(&mut newcomer, &mut visit, step, now);
            }
            if visit.hung_up {
                state.links.remove(&visit.link);
            } else {
                newcomer.visit = Some(visit);
            }
        }
        state.newcomer = Some(newcomer);
        self.wake_when_due(state);
        Ok(())
    }

    fn take_step(&self, newcomer: &mut Newcomer, visit: &mut Visit, step: Step, now: u64) {
        let (link, post) = (visit.link, &self.wallet.cell().post);
        match step {
            Step::Packet(bytes) => self.wish(move |radio| radio.send(link, bytes)),
            Step::HangUp => {
                visit.hung_up = true;
                self.wish(move |radio| radio.hang_up(link));
            }
            Step::WakeAt(at) => visit.wake = Some(at.0),
            Step::Compare(code) => {
                let (words, emoji) = shown(&code);
                post.tell(Notice::Compare { words, emoji });
            }
            Step::Agreed => {
                let Some(side) = newcomer.invites else { return };
                let terms = newcomer.terms;
                let made = self.wallet.cell().with(|wallet| Ok(wallet.invite(side, terms, VALID, &[])?));
                let next = match made {
                    Ok(ticket) => {
                        visit.given = Some(ticket.tally);
                        visit.introduction.give(ticket.to_bytes(), Time(now))
                    }
                    Err(refused) => {
                        newcomer.over = true;
                        post.tell(Notice::NotIntroduced { trouble: refused.trouble().clone() });
                        visit.introduction.handle(Input::Cancel, Time(now))
                    }
                };
                for step in next {
                    self.take_step(newcomer, visit, step, now);
                }
            }
            Step::Taken(ticket) => visit.taken = Some(ticket),
            Step::Ended(end) => {
                visit.ended = true;
                if !newcomer.over {
                    post.tell(self.concluded(newcomer, visit, &end));
                }
            }
        }
    }

    /// What came of it. Only what both have agreed to, and what has arrived, counts.
    fn concluded(&self, newcomer: &mut Newcomer, visit: &mut Visit, end: &End) -> Notice {
        if end.outcome != Outcome::InSync {
            // The one who waits goes on waiting, the one who seeks asks the next one.
            return Notice::NotIntroduced { trouble: why_not(end.outcome) };
        }
        newcomer.over = true;
        let tally = match (visit.given.take(), visit.taken.take()) {
            (Some(tally), _) => Ok(tally),
            (None, Some(ticket)) => self.answer_ticket(&ticket, newcomer.terms),
            (None, None) => Err(HazelError::defect("no_ticket", &"nothing was handed over")),
        };
        match tally {
            Ok(tally) => {
                self.wallet.cell().tell(tally);
                Notice::Introduced { tally }
            }
            Err(refused) => Notice::NotIntroduced { trouble: refused.trouble().clone() },
        }
    }

    fn answer_ticket(&self, ticket: &[u8], terms: Terms) -> Answer<TallyId> {
        let ticket = Ticket::from_bytes(ticket)?;
        self.wallet.cell().with(|wallet| Ok(wallet.accept_ticket(&ticket, terms)?))
    }
}

fn why_not(outcome: Outcome) -> Trouble {
    match outcome {
        Outcome::Failed(Fault::CodesDiffer | Fault::HungUp(CODES_DIFFER)) => {
            let detail = "the two screens did not show the same, or one of the two said no";
            Trouble::new("codes_differ", Culprit::Nobody, &detail)
        }
        Outcome::Failed(fault) => HazelError::from(fault).trouble().clone(),
        Outcome::Cancelled => Trouble::new("cancelled_meeting", Culprit::You, &"given up"),
        _ => Trouble::new("link_lost", Culprit::Nobody, &"the link was lost before the two knew each other"),
    }
}
