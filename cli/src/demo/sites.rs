//! The way home: a site for each, real processes of this machine, one of them killed in the middle.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hazel_core::key::Entropy as _;
use hazel_core::tally::TallyId;
use hazel_core::units::Units;
use hazel_network::ticket::{Invitation, SiteTicket, TicketId, agent_of};

use super::person::{Person, Table};
use crate::edge::SystemEntropy;
use crate::homeward::Link;
use crate::premises::{Config, Premises, good_for};
use crate::trouble::{Exit, Trouble, sentence};

const PATIENCE: Duration = Duration::from_secs(20);
const QUIET: Duration = Duration::from_millis(200);
const HOUR: u64 = 3600;

/// What came of it.
pub(super) struct Homecoming {
    /// How the killed site ended.
    pub(super) killed: String,
    /// Letters and bytes of Ana's last visit but one, when the partner's site was away.
    pub(super) alone: bool,
    /// Letters of all visits.
    pub(super) letters: u64,
}

/// A site of the story.
struct Site {
    premises: Premises,
    config: Config,
    child: Option<Child>,
}

fn machine(error: &std::io::Error) -> Trouble {
    Trouble::new(Exit::Machine, "no_process", sentence(&format!("no site could be started: {error}")))
}

impl Site {
    fn new(stage: &Path, name: &str) -> Result<Self, Trouble> {
        let premises = Premises::new(Some(stage.join(name)))?;
        // A free port, asked of the system.
        let listen =
            TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).map_err(|it| machine(&it))?;
        let config = Config::new(listen, "127.0.0.1");
        premises.make(&config)?;
        Ok(Self { premises, config, child: None })
    }

    fn knows(&self, other: &Self) -> Result<(), Trouble> {
        let agent = agent_of(&other.premises.key()?.public());
        self.premises.know(&agent, &other.config.listen.to_string())
    }

    fn start(&mut self) -> Result<(), Trouble> {
        let mut child = Command::new(std::env::current_exe().map_err(|it| machine(&it))?)
            .args(["site", "run", "--site"])
            .arg(self.premises.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|it| machine(&it))?;
        let mut lines = child.stderr.take().map(|it| BufReader::new(it).lines());
        let serving = lines
            .as_mut()
            .and_then(Iterator::next)
            .is_some_and(|line| line.is_ok_and(|it| it.contains("serving")));
        self.child = Some(child);
        if let Some(lines) = lines {
            // What it tells is read, so that it never waits for a reader.
            std::thread::spawn(move || lines.for_each(drop));
        }
        if serving {
            Ok(())
        } else {
            Err(Trouble::new(Exit::Unsound, "demo", "A site did not begin to serve."))
        }
    }

    fn kill(&mut self) -> Result<String, Trouble> {
        let Some(mut child) = self.child.take() else { return Ok(String::new()) };
        child.kill().map_err(|it| machine(&it))?;
        Ok(child.wait().map_err(|it| machine(&it))?.to_string())
    }

    fn ticket(&self, name: &str) -> Result<SiteTicket, Trouble> {
        let mut id = [0; 8];
        SystemEntropy.fill(&mut id);
        let (host, port) = (self.config.host.as_str(), self.config.port);
        let it = Invitation { name, host, port, expires: good_for(HOUR), only_from: None };
        SiteTicket::issue(&self.premises.key()?, TicketId(id), &it)
            .map_err(|error| Trouble::usage(sentence(&error.to_string())))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // A story that goes wrong must not leave a process behind.
        let _ = self.kill();
    }
}

/// Redeems a ticket and lets the site speak for the tally. The phones meet before anybody goes home.
fn link(person: &mut Person, site: &Site, tally: &TallyId) -> Result<Link, Trouble> {
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
    let (mut one, mut two) = (Site::new(stage, "site-of-ana")?, Site::new(stage, "site-of-ben")?);
    one.knows(&two)?;
    two.knows(&one)?;
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
