//! The stage: two phones, the air, one clock of their own. It knows no terminal and never sleeps.

use std::path::Path;

use hazel_core::tally::TallyId;
use hazel_sync::Time;
use hazel_sync::carrier::memory::Side;
use hazel_sync::session::Input;

use super::between::Between;
use super::phone::Phone;
use crate::trouble::{Exit, Trouble};

/// The MTU that phones of today agree on.
const MTU: u16 = 247;

/// Two phones and what is between them.
pub(super) struct Stage {
    pub(super) ana: Phone,
    pub(super) ben: Phone,
    pub(super) between: Between,
    pub(super) now: Time,
    pub(super) tally: Option<TallyId>,
    pub(super) linked: bool,
    /// What the narrator says.
    pub(super) caption: String,
    /// What happened, line by line; whoever tells takes them out.
    pub(super) lines: Vec<String>,
    /// The script cuts the link after so many packets have arrived.
    pub(super) cut_after: Option<usize>,
    pub(super) cuts: usize,
}

impl Stage {
    pub(super) fn new(folder: &Path, seed: u64) -> Result<Self, Trouble> {
        Ok(Self {
            ana: Phone::new("Ana", folder)?,
            ben: Phone::new("Ben", folder)?,
            between: Between::new(seed),
            now: Time(0),
            tally: None,
            linked: false,
            caption: String::new(),
            lines: Vec::new(),
            cut_after: None,
            cuts: 0,
        })
    }

    pub(super) fn phone(&mut self, side: Side) -> &mut Phone {
        match side {
            Side::Left => &mut self.ana,
            Side::Right => &mut self.ben,
        }
    }

    pub(super) fn tally(&self) -> Result<TallyId, Trouble> {
        self.tally.ok_or_else(|| Trouble::new(Exit::Defect, "defect", "The story has no tally yet."))
    }

    pub(super) fn tell(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// The phones come near each other, and one calls.
    pub(super) fn link(&mut self, caller: Side) -> Result<(), Trouble> {
        // Where only one of the two still waits, the other has ended: it must be called anew.
        if self.ana.is_talking() != self.ben.is_talking() {
            self.ana.forget();
            self.ben.forget();
        }
        let (tally, now) = (self.tally()?, self.now);
        let goes_on = self.ana.is_talking();
        // Whose ticket nobody has answered has nobody to call.
        let knows = self.phone(caller).wallet.meeting_keys(&tally)?.theirs.is_some();
        let caller = if knows { caller } else { caller.other() };
        if !goes_on {
            self.between.begin_session();
            (self.ana.ended, self.ben.ended) = (None, None);
        }
        self.linked = true;
        self.phone(caller.other()).be_called(MTU, now);
        self.phone(caller).call(&tally, MTU, now)?;
        let name = self.phone(caller).name;
        self.tell(if goes_on {
            format!("~ a second link: {name} calls now, and they go on where they were cut")
        } else {
            format!("~ a link: {name} calls")
        });
        self.speak()
    }

    /// Somebody walks away, or pressed the key.
    pub(super) fn cut(&mut self) -> Result<(), Trouble> {
        if !self.linked {
            return Ok(());
        }
        self.linked = false;
        self.cut_after = None;
        self.cuts = self.cuts.saturating_add(1);
        self.between.cut(self.now);
        let now = self.now;
        self.ana.lose_link(now)?;
        self.ben.lose_link(now)?;
        self.tell("✂ the link is cut; what was in the air is gone");
        Ok(())
    }

    /// Whether both say that they hold the same.
    pub(super) fn in_sync(&self) -> bool {
        [&self.ana, &self.ben]
            .iter()
            .all(|phone| phone.ended.as_ref().is_some_and(hazel_cli::meeting::Report::in_sync))
    }

    /// Lets time pass, and everything happen that falls into it.
    pub(super) fn pass(&mut self, milliseconds: u64) -> Result<(), Trouble> {
        let stop = self.now.after(milliseconds);
        self.speak()?;
        loop {
            let wakes = [self.ana.wake, self.ben.wake, self.between.next_arrival()];
            let Some(next) = wakes.into_iter().flatten().min().filter(|next| *next <= stop) else { break };
            self.now = self.now.max(next);
            self.ring();
            while let Some((to, packet)) = self.between.receive(self.now) {
                if let Some(left) = &mut self.cut_after {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        self.cut()?;
                        break;
                    }
                }
                let now = self.now;
                self.phone(to).hear(&packet, MTU, now)?;
                self.speak()?;
            }
            self.speak()?;
        }
        self.now = stop;
        self.between.sweep(stop);
        self.look()
    }

    /// Wakes whoever asked to be woken by now.
    fn ring(&mut self) {
        for phone in [&mut self.ana, &mut self.ben] {
            if phone.wake.is_some_and(|at| at <= self.now) {
                phone.wake = None;
                phone.input(self.now, Input::Tick);
            }
        }
    }

    /// What both have to say goes into the air; what has moved on their screens is told.
    fn speak(&mut self) -> Result<(), Trouble> {
        for side in [Side::Left, Side::Right] {
            let now = self.now;
            let packets = self.phone(side).drain(now)?;
            let arrow = if side == Side::Left { "Ana → Ben" } else { "Ben → Ana" };
            for packet in packets {
                if let Some(fate) = self.between.send(side, &packet, now) {
                    self.tell(format!("  {arrow}: a packet of {} bytes {fate}", packet.len()));
                }
            }
        }
        if self.linked && self.ana.linked != self.ben.linked && self.between.next_arrival().is_none() {
            // A radio notices that the other has hung up.
            let now = self.now;
            let other = if self.ana.linked { &mut self.ana } else { &mut self.ben };
            other.lose_link(now)?;
        }
        if self.linked && !self.ana.linked && !self.ben.linked {
            self.linked = false;
            if self.in_sync() {
                self.tell("= both say: in sync");
            } else {
                let ends = [self.ana.how_it_ended(), self.ben.how_it_ended()];
                self.tell(format!("~ they hang up with something missing: {}", ends.join(", ")));
            }
        }
        Ok(())
    }

    /// Both screens are looked at again.
    pub(super) fn look(&mut self) -> Result<(), Trouble> {
        let Some(tally) = self.tally else { return Ok(()) };
        for side in [Side::Left, Side::Right] {
            let moved = self.phone(side).refresh(&tally)?;
            self.lines.extend(moved.into_iter().map(|line| format!("  {line}")));
        }
        Ok(())
    }
}
