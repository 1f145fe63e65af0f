//! The way home: a site for each, real processes of this machine, one of them killed in the middle.

use std::path::Path;
use std::time::Duration;

use hazel_core::tally::TallyId;
use hazel_core::units::Units;

use super::person::{Person, Table};
use crate::homeward::Link;
use crate::running::RunningSite;
use crate::trouble::{Exit, Trouble};

const PATIENCE: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(200);

/// What came of it.
pub(super) struct Homecoming {
    /// How the killed site ended.
    pub(super) killed: String,
    /// Letters and bytes of Ana's last visit but one, when the partner's site was away.
    pub(super) alone: bool,
    /// Letters of all visits.
    pub(super) letters: u64,
}

/// Redeems a ticket and lets the site speak for the tally. The phones meet before anybody goes home.
fn link(person: &mut Person, site: &RunningSite, tally: &TallyId) -> Result<Link, Trouble> {
    let ticket = site.ticket(&person.name.to_lowercase())?;
    let home = person.home().clone();
    let (mut link, _) = Link::by_ticket(&home, &ticket, PATIENCE)?;
    link.quiet = QUIET;
    person.wallet()?.host_at(tally, &link.site)?;
    Ok(link)
}

/// A few files each way.
fn cross(one: &mut Person, other: &mut Person, table: &mut Table, tally: &TallyId) -> Result<(), Trouble> {
    for _ in 0..3 {
        table.hand(one, other, tally)?;
        table.hand(other, one, tally)?;
    }
    Ok(())
}

/// Plays the chapter.
pub(super) fn play(
    stage: &Path,
    ana: &mut Person,
    ben: &mut Person,
    table: &mut Table,
    tally: &TallyId,
) -> Result<Homecoming, Trouble> {
    let at = |name: &str| RunningSite::make(&stage.join(name), |_| ());
    let (mut one, mut two) = (at("site-of-ana")?, at("site-of-ben")?);
    one.knows(&two, &two.config.listen.to_string())?;
    two.knows(&one, &one.config.listen.to_string())?;
    one.start()?;
    two.start()?;
    let (mut from_ana, mut from_ben) = (link(ana, &one, tally)?, link(ben, &two, tally)?);
    cross(ana, ben, table, tally)?;
    ana.pay(tally, Units::new(2_000), "a sack of apples")?;
    ben.pay(tally, Units::new(2_000), "a ladder for a day")?;
    cross(ana, ben, table, tally)?;
    let killed = two.kill()?;
    let alone = from_ana.go_home(ana.wallet()?, None, PATIENCE)?;
    two.start()?;
    let mut letters = alone.heard.letters;
    for _ in 0..5 {
        let ben_home = from_ben.go_home(ben.wallet()?, None, PATIENCE)?;
        let ana_home = from_ana.go_home(ana.wallet()?, None, PATIENCE)?;
        letters = letters.saturating_add(ben_home.heard.letters).saturating_add(ana_home.heard.letters);
        if ben_home.pending == 0 && ana_home.pending == 0 {
            return Ok(Homecoming { killed, alone: alone.pending > 0, letters });
        }
    }
    Err(Trouble::new(Exit::Unsound, "demo", "The sites did not make everything final."))
}
