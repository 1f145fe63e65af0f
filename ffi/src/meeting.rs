//! One meeting: bytes in, bytes out, timers out. The platform's radio drives it; what is said is the wallet's.

use std::sync::{Arc, Mutex, MutexGuard};

use hazel_core::tally::TallyId;
use hazel_core::wallet::{ErrandNews as CoreNews, Wallet as Core};
use hazel_meeting::{Acquaintance, Door, session_entropy};
use hazel_sync::Time;
use hazel_sync::beacon::Tag;
use hazel_sync::session::{self, Code, Input, Outcome, Output, Session};

use crate::Answer;
use crate::air::{ShownTag, Sight};
use crate::edge::SystemEntropy;
use crate::ids::Count;
use crate::post::LogLevel;
use crate::tidings::Tidings;
use crate::trouble::{HazelError, Trouble, poisoned};
use crate::wallet::{Cell, ErrandNews, Wallet};

/// What carries the packets. Both sides must say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Carrier {
    /// Inside one process: the lab.
    Memory,
    /// A socket.
    Tcp,
    /// Bluetooth LE.
    Ble,
}

impl From<Carrier> for session::Carrier {
    fn from(carrier: Carrier) -> Self {
        match carrier {
            Carrier::Memory => Self::Memory,
            Carrier::Tcp => Self::Tcp,
            Carrier::Ble => Self::Ble,
        }
    }
}

/// How a meeting ended.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "the field says why")]
pub enum Ending {
    /// Both hold the same, as both have said under seal.
    InSync,
    /// All was exchanged and the two still differ: something waits for a person.
    Apart,
    /// The link did not come back, or the other side left early. The next meeting goes on.
    Unfinished,
    /// Cancelled here.
    Cancelled,
    /// Broken off.
    Failed { trouble: Trouble },
}

/// What the radio, the timer or the screen is to do, in order. Times are milliseconds of the caller's clock.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(missing_docs, reason = "the fields are named by what they hold")]
pub enum Act {
    /// Write this on the link, as one packet.
    Packet { bytes: Vec<u8> },
    /// Show these, three words and the same as four pictures, and ask whether the other screen shows the same; answer with `codes_match`.
    Compare { words: Vec<String>, emoji: Vec<String> },
    /// The partner is proven to be the one meant.
    Met,
    /// Something was taken in.
    News { tidings: Tidings },
    /// The partner has confirmed something that was said.
    Delivered,
    /// The link is gone; another one before this time goes on where it ended.
    Parted { until: u64 },
    /// The meeting is over.
    Ended { ending: Ending },
    /// Close the link.
    HangUp,
    /// Call `tick` at this time; replaces every earlier one.
    WakeAt { at: u64 },
}

/// How a meeting went.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct MeetingReport {
    /// About which tally.
    pub tally: TallyId,
    /// Whether the partner was proven to be the one meant.
    pub met: bool,
    /// Letters that the partner has confirmed.
    pub delivered: Count,
    /// Letters that came.
    pub received: Count,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
    /// Chits of mine for which the partner has given no receipt.
    pub unheld: u64,
    /// Chits without a place in the order.
    pub unordered: u64,
    /// Places that the partner has not confirmed.
    pub unagreed: u64,
    /// What happened to errands.
    #[uniffi(default = [])]
    pub errands: Vec<ErrandNews>,
}

/// What this device shows to the partner of one tally, now.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Beacon {
    /// Which tally.
    pub tally: TallyId,
    /// The partner's name on my screens.
    pub partner: String,
    /// What to advertise; it changes every quarter of an hour.
    pub tag: ShownTag,
    /// Whether of the two it is this device that calls in this try of twenty seconds.
    pub calls: bool,
}

/// Whose tag was seen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Sighting {
    /// Which tally.
    pub tally: TallyId,
    /// The partner's name on my screens.
    pub partner: String,
    /// Whether it is this device that calls now.
    pub calls: bool,
}

/// One meeting. It may go over any number of links; `end` says how it went.
#[derive(uniffi::Object)]
pub struct Meeting {
    cell: Arc<Cell>,
    tally: TallyId,
    visit: Mutex<Option<Visit>>,
}

struct Visit {
    session: Session,
    talk: hazel_meeting::Meeting,
    /// A caller has something to say before it is answered.
    must_call: bool,
    heard: usize,
    /// How much of the news of errands has been told.
    fetched: usize,
}

#[uniffi::export]
impl Wallet {
    /// Who is to be met: a tag for each tally that has somebody to meet.
    pub fn beacons(&self) -> Answer<Vec<Beacon>> {
        self.cell().with(|wallet| {
            let now = wallet.now();
            let mut beacons = Vec::new();
            for tally in wallet.meetable()? {
                let known = Acquaintance::of(wallet, &tally)?;
                let Some(tag) = shown_tag(&known, now) else { continue };
                let partner = wallet.tally(&tally)?.name;
                beacons.push(Beacon { tally, partner, tag: tag.into(), calls: known.calls(now) });
            }
            Ok(beacons)
        })
    }

    /// Whose tag this is, of those that can be met; none if nobody's.
    pub fn recognise(&self, sight: Sight) -> Answer<Option<Sighting>> {
        let Some(seen) = sight.read() else { return Ok(None) };
        self.cell().with(|wallet| {
            let now = wallet.now();
            for tally in wallet.meetable()? {
                let known = Acquaintance::of(wallet, &tally)?;
                let by_ticket = known.introduces() && known.ticket_tag().is_some_and(|tag| seen.is_of(tag));
                if by_ticket || known.shows(seen, now) {
                    let partner = wallet.tally(&tally)?.name;
                    // Who scanned a ticket always calls: its maker does not know whom to call.
                    return Ok(Some(Sighting { tally, partner, calls: by_ticket || known.calls(now) }));
                }
            }
            Ok(None)
        })
    }

    /// Prepares to call the partner of a tally.
    pub fn call(&self, tally: TallyId, carrier: Carrier) -> Answer<Arc<Meeting>> {
        self.cell().with(|wallet| {
            let known = Acquaintance::of(wallet, &tally)?;
            let entropy = session_entropy(&mut SystemEntropy);
            let session = known.dial(carrier.into(), wallet.now(), &entropy)?;
            Meeting::begin(self.cell(), wallet, tally, session, true)
        })
    }

    /// Finds out by a caller's first packet whom it means; none if nobody here. The packet itself is given to the meeting afterwards,
    /// after `link_up`.
    pub fn answer(&self, first: Vec<u8>, carrier: Carrier) -> Answer<Option<Arc<Meeting>>> {
        self.cell().with(|wallet| {
            let door = Door::to(wallet, &wallet.meetable()?)?;
            let entropy = session_entropy(&mut SystemEntropy);
            let answered = door.answer(&first, carrier.into(), wallet.now(), &entropy)?;
            let begin = |(tally, session)| Meeting::begin(self.cell(), wallet, tally, session, false);
            answered.map(begin).transpose()
        })
    }
}

#[uniffi::export]
impl Meeting {
    /// About which tally.
    pub fn tally(&self) -> Answer<TallyId> {
        Ok(self.tally)
    }

    /// A link came up. `mtu` is what it carries in one packet, 23 to 517; `dialing` tells whether this side opened it; `now` counts
    /// milliseconds from any moment, and never goes back.
    pub fn link_up(&self, mtu: u16, dialing: bool, now: u64) -> Answer<Vec<Act>> {
        self.handle(now, Input::LinkUp { mtu, dialing })
    }

    /// The link is gone.
    pub fn link_down(&self, now: u64) -> Answer<Vec<Act>> {
        self.handle(now, Input::LinkDown)
    }

    /// A packet arrived. Late, twice or out of order does no harm.
    pub fn packet(&self, bytes: Vec<u8>, now: u64) -> Answer<Vec<Act>> {
        self.handle(now, Input::Packet(&bytes))
    }

    /// The time of the last `WakeAt` has come.
    pub fn tick(&self, now: u64) -> Answer<Vec<Act>> {
        self.handle(now, Input::Tick)
    }

    /// The person has compared the two screens.
    pub fn codes_match(&self, same: bool, now: u64) -> Answer<Vec<Act>> {
        self.handle(now, Input::CodesMatch(same))
    }

    /// The person gives up. Nothing is lost: what was not confirmed is said again at the next meeting.
    pub fn cancel(&self, now: u64) -> Answer<Vec<Act>> {
        self.handle(now, Input::Cancel)
    }

    /// Whether a first packet on a new link goes on with this very meeting.
    pub fn recognises(&self, first: Vec<u8>) -> Answer<bool> {
        Ok(self.visit()?.as_ref().is_some_and(|visit| visit.session.recognises(&first)))
    }

    /// How it stands so far. What is not settled is counted at the end.
    pub fn report(&self) -> Answer<MeetingReport> {
        let place = self.visit()?;
        Ok(told(self.tally, place.as_ref().ok_or_else(over)?.talk.report()))
    }

    /// Ends the meeting, finished or not, and says how it went.
    pub fn end(&self) -> Answer<MeetingReport> {
        let visit = self.visit()?.take().ok_or_else(over)?;
        let report = self.cell.with(|wallet| Ok(visit.talk.end(wallet)?))?;
        let line = format!("a meeting ended: {} letters out, {} in", report.delivered, report.received);
        self.cell.log(LogLevel::Info, line);
        self.cell.tell(self.tally);
        Ok(told(self.tally, &report))
    }
}

/// Whoever waits for an answer to a ticket shows the ticket's tag: the partner's key is not known yet.
fn shown_tag(known: &Acquaintance, now: u64) -> Option<Tag> {
    known.shown_tag(now).or_else(|| known.ticket_tag())
}

impl Wallet {
    /// What to advertise, for each tally that has somebody to meet.
    pub(crate) fn shown_tags(&self) -> Answer<Vec<Tag>> {
        self.cell().with(|wallet| {
            let mut tags = Vec::new();
            for tally in wallet.meetable()? {
                tags.extend(shown_tag(&Acquaintance::of(wallet, &tally)?, wallet.now()));
            }
            Ok(tags)
        })
    }
}

fn told(tally: TallyId, report: &hazel_meeting::Report) -> MeetingReport {
    MeetingReport {
        tally,
        met: report.met,
        delivered: report.delivered,
        received: report.received,
        ending: report.end.as_ref().map(|end| ending(&end.outcome)),
        unheld: report.unsettled.unheld,
        unordered: report.unsettled.unordered,
        unagreed: report.unsettled.unagreed,
        errands: report.errands.iter().map(Into::into).collect(),
    }
}

impl Meeting {
    fn begin(
        cell: &Arc<Cell>,
        wallet: &mut Core,
        tally: TallyId,
        session: Session,
        must_call: bool,
    ) -> Answer<Arc<Self>> {
        let talk = hazel_meeting::Meeting::begin(wallet, &tally)?;
        let visit = Mutex::new(Some(Visit { session, talk, must_call, heard: 0, fetched: 0 }));
        Ok(Arc::new(Self { cell: Arc::clone(cell), tally, visit }))
    }

    fn visit(&self) -> Answer<MutexGuard<'_, Option<Visit>>> {
        self.visit.lock().map_err(poisoned)
    }

    /// Gives the session an input and carries out what is the wallet's of what it wants; the rest is the platform's.
    fn handle(&self, now: u64, input: Input<'_>) -> Answer<Vec<Act>> {
        let mut place = self.visit()?;
        let visit = place.as_mut().ok_or_else(over)?;
        let now = Time(now);
        let acts = self.cell.with(|wallet| {
            let linked = matches!(input, Input::LinkUp { .. });
            visit.session.handle(now, input)?;
            if linked && std::mem::take(&mut visit.must_call) {
                visit.talk.call(&mut visit.session, wallet, now);
            }
            let mut acts = Vec::new();
            while let Some(output) = visit.session.poll() {
                acts.extend(act(&output));
                visit.talk.hear(&mut visit.session, wallet, &mut |_, _| Ok(()), output, now);
                let deliveries = &visit.talk.report().deliveries;
                acts.extend(deliveries.iter().skip(visit.heard).map(|it| Act::News { tidings: it.into() }));
                visit.heard = deliveries.len();
            }
            Ok(acts)
        })?;
        let errands = visit.talk.report().errands.iter().skip(visit.fetched);
        let for_me = |news: &CoreNews| match news {
            CoreNews::ForMe(delivery) => Some(delivery.tally),
            _ => None,
        };
        let others: Vec<_> = errands.filter_map(for_me).collect();
        visit.fetched = visit.talk.report().errands.len();
        drop(place);
        others.into_iter().for_each(|tally| self.cell.tell(tally));
        if acts.iter().any(|act| matches!(act, Act::News { .. } | Act::Delivered)) {
            self.cell.tell(self.tally);
        }
        Ok(acts)
    }
}

fn over() -> HazelError {
    HazelError::over("meeting_over", &"the meeting is over")
}

/// What of the session's wishes is not the wallet's.
fn act(output: &Output) -> Option<Act> {
    Some(match output {
        Output::Packet(bytes) => Act::Packet { bytes: bytes.clone() },
        Output::Compare(code) => {
            let (words, emoji) = shown(code);
            Act::Compare { words, emoji }
        }
        Output::Met(_) => Act::Met,
        Output::Delivered(_) => Act::Delivered,
        Output::Parted(until) => Act::Parted { until: until.0 },
        Output::Ended(end) => Act::Ended { ending: ending(&end.outcome) },
        Output::HangUp => Act::HangUp,
        Output::WakeAt(at) => Act::WakeAt { at: at.0 },
        Output::Message(..) | Output::Begun(_) | Output::LinkRefused(_) => return None,
    })
}

/// A code as three words and as four pictures.
pub(crate) fn shown(code: &Code) -> (Vec<String>, Vec<String>) {
    let said = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    (said(&code.words()), said(&code.emoji()))
}

fn ending(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::InSync => Ending::InSync,
        Outcome::Apart { .. } => Ending::Apart,
        Outcome::Unfinished => Ending::Unfinished,
        Outcome::Cancelled => Ending::Cancelled,
        Outcome::Failed(fault) => Ending::Failed { trouble: HazelError::from(*fault).trouble().clone() },
    }
}
