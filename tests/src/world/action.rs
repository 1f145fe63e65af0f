//! What can happen in a world, and how a schedule of it is drawn from a seed.
//!
//! Phones, tallies and packets are named by numbers that are taken modulo what there is, so that a schedule from which actions were
//! dropped is still a schedule.

use super::chance::Chance;

/// What the air does to one hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fate {
    /// It never arrives.
    pub lost: bool,
    /// How many more times it arrives.
    pub again: u8,
    /// It stays in the air until something makes it arrive: later things overtake it.
    pub late: bool,
    /// It is cut off, or a bit of it is turned, at this place.
    pub harm: Harm,
    /// It comes to this phone instead.
    pub stray: Option<u8>,
}

/// Damage to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Harm {
    /// None.
    #[default]
    None,
    /// Cut off.
    Cut(u16),
    /// One bit turned.
    Flip(u16),
}

/// A meeting over a radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Radio {
    /// The longest packet, 23 to 517 bytes.
    pub mtu: u16,
    /// Packets lost, in percent.
    pub loss: u8,
    /// Packets doubled, in percent.
    pub doubling: u8,
    /// Milliseconds by which a packet may be late, so that others overtake it.
    pub jitter: u8,
    /// The link is cut when so many packets have arrived.
    pub cut: Option<u16>,
}

/// What a liar does with its real keys and a program of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trick {
    /// A payment in the partner's name, with a key that nobody promised.
    ForgeTheirs,
    /// A payment of its own with a key that nobody promised.
    ForgeOwn,
    /// A new epoch for the partner's device, authorised by the liar.
    ForgeEpoch,
    /// The contract again with another limit.
    AlterOffer,
    /// A summary that knows nothing, or everything.
    LieAboutMemory(u8),
    /// A word for an order that is none.
    Equivocate(u8),
    /// A hand-over from which one message is left out.
    Withhold(u8),
    /// The same hand-over backwards.
    Backwards,
    /// A copy of the whole phone that goes on beside it, with the same next key.
    Clone,
    /// Payments far over the limit, one after the other.
    Flood,
}

/// What is asked of a phone whose disk is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is what its name says")]
pub enum Deed {
    Pay,
    Receive,
    HandOver,
    Ask,
    Grant,
    Rename,
    Close,
}

/// What the line between a phone, its site and other sites does to letters, in percent of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    /// Lost.
    pub loss: u8,
    /// Said twice.
    pub doubling: u8,
    /// Held up, so that others overtake them.
    pub late: u8,
    /// A bit of them is turned.
    pub bent: u8,
    /// The line is cut when so many letters have arrived.
    pub cut: Option<u8>,
    /// What decides which letters these are.
    pub seed: u16,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "every action has a phone, mostly a tally, and what its name says")]
pub enum Action {
    Pay { phone: u8, tally: u8, units: i64, insist: bool },
    PayInvoice { phone: u8, tally: u8, pick: u8 },
    Accept { phone: u8, tally: u8 },
    Ask { phone: u8, tally: u8, units: i64, valid_for: u32 },
    Decline { phone: u8, tally: u8, pick: u8 },
    Withdraw { phone: u8, tally: u8, pick: u8 },
    Grant { phone: u8, tally: u8, limit: i64, notice_days: u32 },
    Call { phone: u8, tally: u8 },
    Close { phone: u8, tally: u8 },
    Rename { phone: u8, tally: u8 },
    AddDevice { phone: u8 },
    HandAllowance { phone: u8, tally: u8, units: i64 },
    Revoke { phone: u8 },
    Send { phone: u8, tally: u8, to: u8, fate: Fate },
    Arrive { pick: u8 },
    Replay { pick: u8, to: u8 },
    Meet { phone: u8, tally: u8, to: u8 },
    Radio { phone: u8, tally: u8, to: u8, radio: Radio },
    Kill { phone: u8 },
    Tear { phone: u8, tally: u8, units: i64, at: u16 },
    Lose { phone: u8 },
    Renew { phone: u8, tally: u8 },
    Resume { phone: u8, tally: u8 },
    Keep { phone: u8 },
    Restore { pick: u8, old_lives: bool, from_backup: bool },
    Remind { phone: u8, tally: u8, old_lives: bool },
    Skew { phone: u8, seconds: i64, backwards: bool },
    Pass { seconds: u32 },
    Lie { phone: u8, tally: u8, trick: Trick },
    Full { phone: u8, tally: u8, pages: u8, deed: Deed, dies: bool },
    Home { phone: u8, line: Line },
    Post { pick: u8 },
    KillSite { site: u8 },
    KeepSite { site: u8 },
    RestoreSite { pick: u8 },
}

/// Who is in a world, and what happens there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The seed it was drawn from. Keys come from it too.
    pub seed: u64,
    /// For each person, whether it lies.
    pub liars: Vec<bool>,
    /// For each person, whether a site speaks for it; nobody's does where this is empty.
    pub sites: Vec<bool>,
    /// Who keeps tallies with whom: stock, foil.
    pub pacts: Vec<(u8, u8)>,
    /// What happens.
    pub actions: Vec<Action>,
}

/// What a world is to be about, for whoever looks for something of which it is known where it dwells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum About {
    /// Everything.
    #[default]
    Anything,
    /// Phones that are lost and come back, and old ones that go on.
    Restores,
    /// What a device may spend, and what one side grants the other.
    Limits,
    /// Liars, and what they say over a hand-over's key.
    Lies,
}

impl About {
    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Anything, Self::Restores, Self::Limits, Self::Lies];
        all.into_iter().find(|about| about.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anything => "anything",
            Self::Restores => "restores",
            Self::Limits => "limits",
            Self::Lies => "lies",
        }
    }

    const fn likes(self, action: &Action) -> bool {
        use Action::{
            AddDevice, Grant, HandAllowance, Keep, Lie, Meet, Pay, Remind, Renew, Replay, Restore, Send,
        };
        match self {
            Self::Anything => true,
            Self::Restores => matches!(
                action,
                Keep { .. } | Restore { .. } | Remind { .. } | Renew { .. } | Send { .. } | Pay { .. }
            ),
            Self::Limits => matches!(
                action,
                Grant { .. } | HandAllowance { .. } | AddDevice { .. } | Pay { .. } | Meet { .. }
            ),
            Self::Lies => matches!(action, Lie { .. } | Send { .. } | Replay { .. } | Meet { .. }),
        }
    }
}

/// How often an action is drawn again that the world is not about.
const REDRAWS: u8 = 3;

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        Self::about(seed, About::Anything)
    }

    /// The schedule of a seed in which mostly such things happen; with [`About::Anything`] it is the same as [`Schedule::draw`].
    #[must_use]
    pub fn about(seed: u64, about: About) -> Self {
        let mut chance = Chance::new(seed);
        let people = [2, 2, 2, 3, 3, 4][usize::from(chance.pick(6))];
        let mut liars = vec![false; people];
        if chance.percent(35) {
            let liar = usize::from(chance.pick(people as u8));
            liars[liar] = true;
        }
        let mut pacts = Vec::new();
        for one in 1..people as u8 {
            let other = chance.pick(one);
            pacts.push(if chance.percent(50) { (one, other) } else { (other, one) });
        }
        if people == 3 && chance.percent(30) {
            pacts.push((2, u8::from(pacts.contains(&(2, 0)) || pacts.contains(&(0, 2)))));
        }
        let storm = chance.percent(50);
        // Three of four worlds are short, so that there can be many; what takes long to come about needs the others.
        let drawn = chance.below(45);
        let length = if drawn.is_multiple_of(4) { 15 + drawn } else { 8 + drawn / 2 };
        let mut action =
            || {
                let drawn = Action::draw(&mut chance, storm);
                (0..REDRAWS).fold(drawn, |last, _| {
                    if about.likes(&last) { last } else { Action::draw(&mut chance, storm) }
                })
            };
        let actions = (0..length).map(|_| action()).collect();
        let mut schedule = Self { seed, liars, sites: Vec::new(), pacts, actions };
        schedule.add_machines();
        schedule
    }

    /// Full disks and sites, drawn by themselves and put in between: the rest of a seed's world is what it was before there were any.
    fn add_machines(&mut self) {
        let mut chance = Chance::new(self.seed ^ 0x517e_5000_0000);
        let mut extra = Vec::new();
        if chance.percent(30) {
            extra.extend((0..=chance.below(2)).map(|_| Action::full(&mut chance)));
        }
        if chance.percent(25) {
            self.sites = self.liars.iter().map(|_| chance.percent(75)).collect();
            let storm = chance.percent(50);
            extra.extend((0..5 + chance.below(8)).map(|_| Action::of_sites(&mut chance, storm)));
        }
        for action in extra {
            let at = chance.below(self.actions.len() as u64 + 1);
            self.actions.insert(at as usize, action);
        }
    }

    /// Two people with one tally to whom a byte each happens, at most sixty.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let action = |(at, byte): (u64, &u8)| {
            // The place counts too, so that one byte twice is not always the same thing again.
            Action::draw(&mut Chance::new(u64::from(*byte) | at << 8), *byte > 127)
        };
        let actions = (0..60).zip(bytes).map(action).collect();
        let liars = vec![false, bytes.len().is_multiple_of(3)];
        Self { seed: 0, liars, sites: Vec::new(), pacts: vec![(0, 1)], actions }
    }

    /// The same world in which only these actions happen.
    #[must_use]
    pub fn with(&self, actions: Vec<Action>) -> Self {
        Self { actions, ..self.clone() }
    }

    /// The schedule as lines of code.
    #[must_use]
    pub fn story(&self) -> String {
        let Self { seed, liars, sites, pacts, .. } = self;
        let mut story = format!("// seed {seed}, liars {liars:?}, sites {sites:?}, tallies {pacts:?}\n");
        for action in &self.actions {
            story.push_str(&format!("world.act({action:?});\n"));
        }
        story
    }
}

const AMOUNTS: [i64; 8] = [1, 1_000, 3_000, 10_000, 20_000, 25_000, 50_000, 100_000];

fn amount(chance: &mut Chance) -> i64 {
    AMOUNTS[usize::from(chance.pick(8))]
}

impl Fate {
    fn draw(chance: &mut Chance, storm: bool) -> Self {
        let share = |calm: u64, stormy: u64| if storm { stormy } else { calm };
        Self {
            lost: chance.percent(share(5, 30)),
            again: if chance.percent(share(10, 50)) { 1 + chance.pick(2) } else { 0 },
            late: chance.percent(share(10, 30)),
            harm: match chance.below(share(60, 12)) {
                0 => Harm::Cut(chance.draw() as u16),
                1 => Harm::Flip(chance.draw() as u16),
                _ => Harm::None,
            },
            stray: chance.percent(share(3, 8)).then(|| chance.pick(12)),
        }
    }
}

impl Radio {
    fn draw(chance: &mut Chance) -> Self {
        Self {
            mtu: [23, 23, 64, 185, 247, 517][usize::from(chance.pick(6))],
            loss: [0, 0, 5, 30][usize::from(chance.pick(4))],
            doubling: [0, 0, 10, 50][usize::from(chance.pick(4))],
            jitter: [0, 0, 40, 200][usize::from(chance.pick(4))],
            cut: if chance.percent(50) { Some(u16::from(chance.pick(90))) } else { None },
        }
    }
}

impl Line {
    fn draw(chance: &mut Chance, storm: bool) -> Self {
        let mut share = |most: u8| if storm { chance.pick(most) } else { 0 };
        let (loss, doubling, late, bent) = (share(31), share(51), share(31), share(6));
        let cut = chance.percent(25).then(|| chance.pick(12));
        Self { loss, doubling, late, bent, cut, seed: chance.draw() as u16 }
    }
}

impl Action {
    fn full(chance: &mut Chance) -> Self {
        use Deed::{Ask, Close, Grant, HandOver, Pay, Receive, Rename};
        let (phone, tally, pages) = (chance.pick(12), chance.pick(6), chance.pick(3));
        let deeds = [Pay, Pay, Receive, Receive, HandOver, Ask, Grant, Rename, Close];
        let deed = deeds[usize::from(chance.pick(deeds.len() as u8))];
        Self::Full { phone, tally, pages, deed, dies: chance.percent(30) }
    }

    fn of_sites(chance: &mut Chance, storm: bool) -> Self {
        match chance.below(10) {
            0..6 => Self::Home { phone: chance.pick(12), line: Line::draw(chance, storm) },
            6 => Self::Post { pick: chance.pick(30) },
            7 => Self::KillSite { site: chance.pick(4) },
            8 => Self::KeepSite { site: chance.pick(4) },
            _ => Self::RestoreSite { pick: chance.pick(30) },
        }
    }

    fn draw(chance: &mut Chance, storm: bool) -> Self {
        let (phone, tally, to, pick) = (chance.pick(12), chance.pick(6), chance.pick(12), chance.pick(30));
        match chance.below(100) {
            0..15 => Self::Pay { phone, tally, units: amount(chance), insist: chance.percent(25) },
            15..18 => Self::PayInvoice { phone, tally, pick },
            18..21 => Self::Accept { phone, tally },
            21..24 => {
                let valid_for = if chance.percent(20) { 1 } else { 86_400 };
                Self::Ask { phone, tally, units: amount(chance), valid_for }
            }
            24 => Self::Decline { phone, tally, pick },
            25 => Self::Withdraw { phone, tally, pick },
            26..29 => {
                let notice_days = u32::from(chance.pick(8));
                Self::Grant { phone, tally, limit: amount(chance), notice_days }
            }
            29 => Self::Call { phone, tally },
            30..32 => Self::Close { phone, tally },
            32 => Self::Rename { phone, tally },
            33..35 => Self::AddDevice { phone },
            35..37 => Self::HandAllowance { phone, tally, units: amount(chance) },
            37 => Self::Revoke { phone },
            38..62 => Self::Send { phone, tally, to, fate: Fate::draw(chance, storm) },
            62..67 => Self::Arrive { pick },
            67..70 => Self::Replay { pick, to },
            70..73 => Self::Meet { phone, tally, to },
            73..75 => Self::Radio { phone, tally, to, radio: Radio::draw(chance) },
            75..77 => Self::Kill { phone },
            77 => Self::Tear { phone, tally, units: amount(chance), at: chance.draw() as u16 },
            78 => match chance.below(4) {
                0 => Self::Renew { phone, tally },
                1 => Self::Resume { phone, tally },
                _ => Self::Lose { phone },
            },
            79..82 => Self::Keep { phone },
            82..84 => {
                // A real backup is stretched with Argon2id, twice a fifth of a second, as long as five worlds; most restores take the cheaper road.
                let (old_lives, from_backup) = (chance.percent(30), chance.below(400) == 0);
                Self::Restore { pick, old_lives, from_backup }
            }
            84 => Self::Remind { phone, tally, old_lives: chance.percent(30) },
            85..88 => {
                let reach = [90, 3_600, 40 * 86_400, 3 * 365 * 86_400][usize::from(chance.pick(4))];
                let seconds = if chance.percent(50) { reach } else { -reach };
                Self::Skew { phone, seconds, backwards: chance.percent(30) }
            }
            88..91 => {
                Self::Pass { seconds: [60, 7_200, 5 * 86_400, 9 * 86_400][usize::from(chance.pick(4))] }
            }
            _ => Self::Lie { phone, tally, trick: Trick::draw(chance) },
        }
    }
}

impl Trick {
    fn draw(chance: &mut Chance) -> Self {
        let pick = chance.pick(30);
        match chance.below(11) {
            0 => Self::ForgeTheirs,
            1 => Self::ForgeOwn,
            2 => Self::ForgeEpoch,
            3 => Self::AlterOffer,
            4 => Self::LieAboutMemory(pick),
            5 => Self::Equivocate(pick),
            6 => Self::Withhold(pick),
            7 => Self::Backwards,
            8 | 9 => Self::Clone,
            _ => Self::Flood,
        }
    }
}
