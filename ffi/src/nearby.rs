//! Partners near by: what joins a radio, which knows of links and packets, to the meetings of a wallet.
//!
//! The platform says what its radio saw; what the radio is to do comes back through [`Radio`], in order, on the wallet's own thread.
//! Who calls whom follows from the keys and the clock (`docs/protocol-sync.md`), here as everywhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use hazel_core::tally::TallyId;
use hazel_meeting::asks_to_be_introduced;
use hazel_sync::session::Input;

use crate::Answer;
use crate::air::Sight;
use crate::channels::Channels;
use crate::meeting::{Act, Carrier, Ending, Meeting};
use crate::newcomer::Newcomer;
use crate::post::{LogLevel, Notice};
use crate::trouble::{HazelError, poisoned};
use crate::wallet::Wallet;

/// The platform's radio. What it throws is logged; a link that does not work it reports as down, sooner or later.
#[uniffi::export(foreign)]
pub trait Radio: Send + Sync {
    /// Open a link to this peer. Ends in `link_up`, or in `no_link`.
    fn connect(&self, peer: String) -> Result<(), HazelError>;
    /// Write one packet on a link. Packets of a link keep their order.
    fn send(&self, link: u64, packet: Vec<u8>) -> Result<(), HazelError>;
    /// Close a link, after what was written has left.
    fn hang_up(&self, link: u64) -> Result<(), HazelError>;
    /// Call `tick` at this time of your own clock; replaces every earlier one.
    fn wake_at(&self, at: u64) -> Result<(), HazelError>;
}

/// Seconds for which a partner with whom nothing is open is left in peace.
const PEACE: u64 = 60_000;

/// Meetings with whoever comes near. Times are milliseconds of the radio's clock, from any moment, never going back.
#[derive(uniffi::Object)]
pub struct Nearby {
    pub(crate) wallet: Arc<Wallet>,
    radio: Arc<dyn Radio>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// By tally.
    meetings: BTreeMap<TallyId, Going>,
    pub(crate) links: BTreeMap<u64, Whose>,
    /// Peers that are being connected, and about what.
    pub(crate) calling: BTreeMap<String, Wanted>,
    /// Somebody new, if somebody is wanted.
    pub(crate) newcomer: Option<Newcomer>,
    /// With whom everything was settled, and when.
    settled: BTreeMap<TallyId, u64>,
    pub(crate) channels: Channels,
    stopped: bool,
}

/// What somebody is connected for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Tally(TallyId),
    Newcomer,
}

/// Whom a link belongs to.
#[derive(Clone)]
pub(crate) enum Whose {
    /// A caller who has said nothing yet.
    Unknown,
    Partner(Link),
    Newcomer,
}

#[derive(Clone)]
pub(crate) struct Link {
    tally: TallyId,
    meeting: Arc<Meeting>,
}

/// A link that has come up.
pub(crate) struct Up {
    pub(crate) link: u64,
    pub(crate) mtu: u16,
    pub(crate) dialing: bool,
    pub(crate) now: u64,
}

struct Going {
    meeting: Arc<Meeting>,
    link: Option<u64>,
    wake: Option<u64>,
}

#[uniffi::export]
impl Nearby {
    /// Meetings of this wallet over this radio.
    #[uniffi::constructor]
    pub fn new(wallet: Arc<Wallet>, radio: Arc<dyn Radio>) -> Answer<Arc<Self>> {
        wallet.beacons()?;
        Ok(Arc::new(Self { wallet, radio, state: Mutex::default() }))
    }

    /// The radio has seen somebody show this. Answers whose tag it is; calls them if it is this device's turn.
    pub fn seen(&self, peer: &str, sight: Sight, now: u64) -> Answer<Option<TallyId>> {
        if let Some(seen) = sight.read() {
            let mut state = self.state()?;
            let busy = state.calling.contains_key(peer);
            if !busy && state.newcomer.as_ref().is_some_and(|newcomer| newcomer.calls(peer, seen)) {
                self.connect(&mut state, peer, Wanted::Newcomer);
            }
        }
        let Some(sighting) = self.wallet.recognise(sight)? else { return Ok(None) };
        let tally = sighting.tally;
        let mut state = self.state()?;
        let wanted = Wanted::Tally(tally);
        let busy = state.meetings.get(&tally).is_some_and(|going| going.link.is_some())
            || state.calling.contains_key(peer)
            || state.calling.values().any(|called| *called == wanted);
        let left_alone = state.settled.get(&tally).is_some_and(|at| now < at.saturating_add(PEACE));
        if sighting.calls && !busy && !left_alone {
            self.connect(&mut state, peer, wanted);
        }
        Ok(Some(tally))
    }

    /// The person wants to meet this partner now: peace is over.
    pub fn meet(&self, tally: TallyId) -> Answer<()> {
        self.state()?.settled.remove(&tally);
        Ok(())
    }

    /// A peer could not be connected.
    pub fn no_link(&self, peer: &str) -> Answer<()> {
        self.state()?.calling.remove(peer);
        Ok(())
    }

    /// A link is up, by a number that is not given twice. `mtu` is what one packet carries and three bytes more.
    pub fn link_up(&self, link: u64, peer: &str, mtu: u16, dialing: bool, now: u64) -> Answer<()> {
        let mut state = self.state()?;
        if !dialing {
            state.links.insert(link, Whose::Unknown);
            return Ok(());
        }
        let up = Up { link, mtu, dialing: true, now };
        match state.calling.remove(peer) {
            Some(Wanted::Tally(tally)) => {
                let meeting = match state.meetings.get(&tally) {
                    Some(going) => Arc::clone(&going.meeting),
                    None => self.wallet.call(tally, Carrier::Ble)?,
                };
                self.rise(&mut state, tally, &meeting, up)
            }
            Some(Wanted::Newcomer) => self.welcome(&mut state, peer, &up),
            None => {
                self.wish(move |radio| radio.hang_up(link));
                Ok(())
            }
        }
    }

    /// A packet came on a link. `mtu` is the link's, as known now.
    pub fn packet(&self, link: u64, bytes: Vec<u8>, mtu: u16, now: u64) -> Answer<()> {
        let mut state = self.state()?;
        match state.links.get(&link).cloned() {
            // The radio is late: that link is gone.
            None => Ok(()),
            Some(Whose::Newcomer) => self.with_newcomer(&mut state, link, Input::Packet(&bytes), now),
            Some(Whose::Partner(it)) => {
                let acts = it.meeting.packet(bytes, now);
                self.carry_out(&mut state, link, it.tally, acts, now)
            }
            Some(Whose::Unknown) => self.first(&mut state, link, bytes, mtu, now),
        }
    }

    /// A link is gone.
    pub fn link_down(&self, link: u64, now: u64) -> Answer<()> {
        let mut state = self.state()?;
        let whose = state.links.remove(&link);
        let broke = match &whose {
            Some(Whose::Partner(it)) => it.meeting.report()?.ending.is_none(),
            Some(Whose::Newcomer) => true,
            Some(Whose::Unknown) | None => false,
        };
        state.channels.down(link, broke);
        let it = match whose {
            Some(Whose::Partner(it)) => it,
            Some(Whose::Newcomer) => {
                self.lose_newcomer(&mut state, link);
                return Ok(());
            }
            Some(Whose::Unknown) | None => return Ok(()),
        };
        if let Some(going) = state.meetings.get_mut(&it.tally).filter(|going| going.link == Some(link)) {
            going.link = None;
            let acts = it.meeting.link_down(now);
            self.carry_out(&mut state, link, it.tally, acts, now)?;
        }
        Ok(())
    }

    /// The time of the last `wake_at` has come.
    pub fn tick(&self, now: u64) -> Answer<()> {
        let mut state = self.state()?;
        self.wake_newcomer(&mut state, now)?;
        let due = |going: &Going| going.wake.is_some_and(|at| at <= now);
        let tallies: Vec<_> =
            state.meetings.iter().filter(|(_, going)| due(going)).map(|(tally, _)| *tally).collect();
        for tally in tallies {
            let Some(going) = state.meetings.get_mut(&tally) else { continue };
            going.wake = None;
            let (link, acts) = (going.link.unwrap_or_default(), going.meeting.tick(now));
            self.carry_out(&mut state, link, tally, acts, now)?;
        }
        Ok(())
    }

    /// Ends every meeting, finished or not. Nothing is lost. Close the links afterwards.
    pub fn stop(&self, now: u64) -> Answer<()> {
        self.leave_newcomer(now)?;
        let mut state = self.state()?;
        let tallies: Vec<_> = state.meetings.keys().copied().collect();
        for tally in tallies {
            let Some(going) = state.meetings.get(&tally) else { continue };
            let (link, acts) = (going.link.unwrap_or_default(), going.meeting.cancel(now));
            self.carry_out(&mut state, link, tally, acts, now)?;
        }
        state.stopped = true;
        Ok(())
    }
}

impl Nearby {
    pub(crate) fn state(&self) -> Answer<MutexGuard<'_, State>> {
        let state = self.state.lock().map_err(poisoned)?;
        if state.stopped {
            Err(HazelError::over("meeting_over", &"the radio was stopped"))
        } else {
            Ok(state)
        }
    }

    fn connect(&self, state: &mut State, peer: &str, wanted: Wanted) {
        state.calling.insert(peer.to_owned(), wanted);
        let peer = peer.to_owned();
        self.wish(move |radio| radio.connect(peer));
    }

    /// The first packet of a caller: goes on with a parted meeting, begins another, or means nobody here.
    fn first(&self, state: &mut State, link: u64, bytes: Vec<u8>, mtu: u16, now: u64) -> Answer<()> {
        if asks_to_be_introduced(&bytes) && state.newcomer.as_ref().is_some_and(Newcomer::waits) {
            self.welcome(state, "", &Up { link, mtu, dialing: false, now })?;
            return self.with_newcomer(state, link, Input::Packet(&bytes), now);
        }
        let mut found = None;
        for going in state.meetings.values() {
            if going.meeting.recognises(bytes.clone())? {
                found = Some(Arc::clone(&going.meeting));
            }
        }
        if found.is_none() {
            found = self.wallet.answer(bytes.clone(), Carrier::Ble)?;
        }
        let Some(meeting) = found else {
            state.links.remove(&link);
            self.wish(move |radio| radio.hang_up(link));
            return Ok(());
        };
        let tally = meeting.tally()?;
        self.rise(state, tally, &meeting, Up { link, mtu, dialing: false, now })?;
        let acts = meeting.packet(bytes, now);
        self.carry_out(state, link, tally, acts, now)
    }

    fn rise(&self, state: &mut State, tally: TallyId, meeting: &Arc<Meeting>, up: Up) -> Answer<()> {
        let Up { link, mtu, dialing, now } = up;
        state.links.insert(link, Whose::Partner(Link { tally, meeting: Arc::clone(meeting) }));
        let going = Going { meeting: Arc::clone(meeting), link: Some(link), wake: None };
        if let Some(before) = state.meetings.insert(tally, going)
            && !Arc::ptr_eq(&before.meeting, meeting)
        {
            // Whoever begins anew has forgotten the old meeting.
            before.meeting.end()?;
        }
        let acts = meeting.link_up(mtu, dialing, now);
        self.carry_out(state, link, tally, acts, now)
    }

    /// Does what a meeting wants. A meeting that cannot go on is over; the next one says everything again.
    fn carry_out(
        &self,
        state: &mut State,
        link: u64,
        tally: TallyId,
        acts: Answer<Vec<Act>>,
        now: u64,
    ) -> Answer<()> {
        let post = &self.wallet.cell().post;
        let acts = acts.unwrap_or_else(|error| {
            let trouble = error.trouble().clone();
            post.log(LogLevel::Warning, format!("a meeting was broken off: {}", trouble.code));
            vec![Act::HangUp, Act::Ended { ending: Ending::Failed { trouble } }]
        });
        let mut ended = false;
        for act in acts {
            match act {
                Act::Packet { bytes } => self.wish(move |radio| radio.send(link, bytes)),
                Act::HangUp => {
                    state.links.remove(&link);
                    self.wish(move |radio| radio.hang_up(link));
                }
                Act::WakeAt { at } => {
                    if let Some(going) = state.meetings.get_mut(&tally) {
                        going.wake = Some(at);
                    }
                }
                Act::Met => post.tell(Notice::Met { tally }),
                Act::Parted { .. } => post.tell(Notice::Parted { tally }),
                Act::Ended { .. } => ended = true,
                Act::News { .. } | Act::Delivered | Act::Compare { .. } => {}
            }
        }
        // An ended session still flushes: it stays until the link is gone.
        if ended && let Some(going) = state.meetings.get(&tally) {
            let report = going.meeting.report()?;
            if report.ending == Some(Ending::InSync) {
                state.settled.insert(tally, now);
            }
            post.tell(Notice::Over { report });
        }
        let gone = |going: &Going| !going.link.is_some_and(|link| state.links.contains_key(&link));
        if let Some(going) = state.meetings.get(&tally)
            && gone(going)
            && going.meeting.report()?.ending.is_some()
        {
            going.meeting.end()?;
            state.meetings.remove(&tally);
        }
        self.wake_when_due(state);
        Ok(())
    }

    pub(crate) fn wake_when_due(&self, state: &State) {
        let meetings = state.meetings.values().filter_map(|going| going.wake);
        let newcomer = state.newcomer.as_ref().and_then(Newcomer::wake);
        if let Some(at) = meetings.chain(newcomer).min() {
            self.wish(move |radio| radio.wake_at(at));
        }
    }

    pub(crate) fn wish(&self, wish: impl FnOnce(&dyn Radio) -> Result<(), HazelError> + Send + 'static) {
        let radio = Arc::clone(&self.radio);
        self.wallet.cell().post.run(move || wish(&*radio));
    }
}
