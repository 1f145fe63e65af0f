//! One phone on the stage: a wallet in its folder, what its process holds while it meets, and what its screen shows.

use std::path::Path;

use hazel_cli::meeting::{Acquaintance, Door, Meeting, MeetingError, Report, session_entropy};
use hazel_core::key::RecoveryWords;
use hazel_core::negotiation::{By, TallyState};
use hazel_core::tally::TallyId;
use hazel_core::wallet::{Facets, Filter, Wallet, WalletError};
use hazel_qr::picture::Picture;
use hazel_sync::Time;
use hazel_sync::session::{Carrier, Input, Output, Session};

use crate::edge::SystemEntropy;
use crate::home::Home;
use crate::trouble::{Exit, Trouble};

/// Payments that a screen shows, newest first.
const ROWS: usize = 6;

/// One payment on a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) units: String,
    pub(super) facets: Facets,
}

impl Row {
    /// How far it has come, in one word: what its owner has signed alone is only that.
    pub(super) fn word(&self) -> &'static str {
        match self.facets.word() {
            "pending" => "signed",
            word => word,
        }
    }
}

/// What a screen shows.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    pub(super) balance: String,
    pub(super) rows: Vec<Row>,
    /// One line on what the phone does.
    pub(super) does: String,
    /// A code held up for the other's camera.
    pub(super) code: Option<Picture>,
    /// A camera looks: how much of the code it has seen, in percent.
    pub(super) camera: Option<u16>,
}

/// Somebody with a phone.
pub(super) struct Phone {
    pub(super) name: &'static str,
    pub(super) wallet: Wallet,
    pub(super) shown: Shown,
    pub(super) wake: Option<Time>,
    pub(super) linked: bool,
    /// Nothing has been heard of who calls.
    awaits: bool,
    talk: Option<(Session, Meeting)>,
    /// The last meeting that ended, and whether it has been looked at.
    pub(super) ended: Option<Report>,
}

impl Phone {
    pub(super) fn new(name: &'static str, stage: &Path) -> Result<Self, Trouble> {
        let home = Home::at(&stage.join(name.to_lowercase()));
        let wallet = home.create(name, &RecoveryWords::generate(&mut SystemEntropy), false)?;
        let shown = Shown { does: "in the pocket".into(), balance: "0.00".into(), ..Shown::default() };
        Ok(Self { name, wallet, shown, wake: None, linked: false, awaits: false, talk: None, ended: None })
    }

    pub(super) fn is_talking(&self) -> bool {
        self.talk.is_some()
    }

    /// The radio has a link that this phone opened: goes on with a parted session, or begins one.
    pub(super) fn call(&mut self, tally: &TallyId, mtu: u16, now: Time) -> Result<(), Trouble> {
        self.linked = true;
        if self.talk.is_none() {
            let known = Acquaintance::of(&self.wallet, tally).map_err(broken)?;
            let entropy = session_entropy(&mut SystemEntropy);
            let session = known.dial(Carrier::Memory, self.wallet.now(), &entropy).map_err(broken)?;
            let meeting = Meeting::begin(&mut self.wallet, tally)?;
            let (session, meeting) = self.talk.insert((session, meeting));
            let _ = session.handle(now, Input::LinkUp { mtu, dialing: true });
            meeting.call(session, &mut self.wallet, now);
            self.shown.does = "calls".into();
        } else {
            self.input(now, Input::LinkUp { mtu, dialing: true });
            self.shown.does = "calls again".into();
        }
        Ok(())
    }

    /// The radio has a link that the other opened. Who it is, the first packet tells.
    pub(super) fn be_called(&mut self, mtu: u16, now: Time) {
        self.linked = true;
        self.awaits = self.talk.is_none();
        self.input(now, Input::LinkUp { mtu, dialing: false });
        self.shown.does = "is called".into();
    }

    pub(super) fn input(&mut self, now: Time, input: Input<'_>) {
        if let Some((session, _)) = &mut self.talk {
            // An input that comes too late for a session that has ended changes nothing.
            let _ = session.handle(now, input);
        }
    }

    pub(super) fn hear(&mut self, packet: &[u8], mtu: u16, now: Time) -> Result<(), Trouble> {
        if self.awaits {
            let door = Door::to(&self.wallet, &self.wallet.meetable()?).map_err(broken)?;
            let entropy = session_entropy(&mut SystemEntropy);
            let unix = self.wallet.now();
            if let Some((tally, mut session)) =
                door.answer(packet, Carrier::Memory, unix, &entropy).map_err(broken)?
            {
                let _ = session.handle(now, Input::LinkUp { mtu, dialing: false });
                self.talk = Some((session, Meeting::begin(&mut self.wallet, &tally)?));
                self.awaits = false;
            }
        }
        self.input(now, Input::Packet(packet));
        Ok(())
    }

    /// The link is gone. A session that had begun waits for the next one.
    pub(super) fn lose_link(&mut self, now: Time) -> Result<(), Trouble> {
        self.linked = false;
        self.input(now, Input::LinkDown);
        self.drain(now)?;
        self.shown.does = if self.talk.is_some() { "waits for the next link" } else { "alone" }.into();
        Ok(())
    }

    /// Forgets a session that the other has forgotten too.
    pub(super) fn forget(&mut self) {
        if let Some((_, meeting)) = self.talk.take() {
            self.ended = meeting.end(&mut self.wallet).ok();
        }
    }

    /// Carries out what the session wants; returns the packets for the air.
    pub(super) fn drain(&mut self, now: Time) -> Result<Vec<Vec<u8>>, Trouble> {
        let mut air = Vec::new();
        let Some((session, meeting)) = &mut self.talk else { return Ok(air) };
        while let Some(output) = session.poll() {
            match output {
                Output::Packet(packet) => air.push(packet),
                Output::HangUp => self.linked = false,
                Output::WakeAt(at) => self.wake = Some(at),
                Output::Parted(_) | Output::LinkRefused(_) | Output::Compare(_) => {}
                output => {
                    match &output {
                        Output::Met(_) => self.shown.does = "knows the other".into(),
                        Output::Message(..) => self.shown.does = "takes in letters".into(),
                        Output::Delivered(_) => self.shown.does = "was understood".into(),
                        _ => {}
                    }
                    meeting.hear(session, &mut self.wallet, &mut agree, output, now);
                }
            }
        }
        if meeting.report().end.is_some()
            && !self.linked
            && let Some((_, meeting)) = self.talk.take()
        {
            let report = meeting.end(&mut self.wallet)?;
            self.shown.does = if report.in_sync() { "in sync" } else { "cut off" }.into();
            self.ended = Some(report);
            self.wake = None;
        }
        Ok(air)
    }

    /// How the last meeting ended, if it has.
    pub(super) fn how_it_ended(&self) -> String {
        let end = self.ended.as_ref().and_then(|report| report.end.as_ref());
        end.map_or_else(|| "still waiting".into(), |end| format!("{:?}", end.outcome))
    }

    /// Looks at the wallet again. Returns what has moved, in words.
    pub(super) fn refresh(&mut self, tally: &TallyId) -> Result<Vec<String>, Trouble> {
        let view = self.wallet.tally(tally)?;
        self.shown.balance = view.balance.to_string();
        if !matches!(view.state, TallyState::Open) {
            return Ok(Vec::new());
        }
        let filter = Filter { most: ROWS, payments_only: true, ..Filter::default() };
        let rows: Vec<Row> = self.wallet.history(tally, &filter)?.iter().map(row).collect();
        let mut moved = Vec::new();
        for row in rows.iter().rev() {
            let before = self.shown.rows.iter().find(|before| before.what == row.what);
            match before.map(Row::word) {
                Some(word) if word == row.word() => {}
                Some(word) => {
                    moved.push(format!("{}: {} {} → {}", self.name, row.what, word, row.word()));
                }
                None => moved.push(format!("{}: {} {}", self.name, row.what, row.word())),
            }
        }
        self.shown.rows = rows;
        Ok(moved)
    }
}

fn row(chit: &hazel_core::wallet::ChitView) -> Row {
    Row { what: chit.note.memo.clone(), units: chit.units.to_string(), facets: chit.facets }
}

/// Both people agree to what they are offered: they stand face to face.
fn agree(wallet: &mut Wallet, tally: &TallyId) -> Result<(), WalletError> {
    let keys = wallet.meeting_keys(tally)?;
    match wallet.tally(tally)?.state {
        TallyState::CertsKnown if keys.theirs.is_some() && !keys.introduces => {
            wallet.offer(tally, None, None)
        }
        TallyState::Offered(By::Partner) => {
            let offered = wallet.offered(tally)?;
            wallet.accept(tally, &offered.version)
        }
        _ => Ok(()),
    }
}

/// A meeting that could not be begun.
pub(super) fn broken(error: MeetingError) -> Trouble {
    match error {
        MeetingError::Wallet(error) => error.into(),
        other => Trouble::new(Exit::Unsound, "demo", format!("The two did not meet: {other}.")),
    }
}
