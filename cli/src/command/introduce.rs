//! A first meeting without a camera: both screens show the same words and pictures, and the two people say so to each other.

use std::io::BufRead as _;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use hazel_cli::meeting::{Introduced, Introduction, asks_to_be_introduced, session_entropy};
use hazel_core::canon::Canon as _;
use hazel_core::key::Entropy as _;
use hazel_core::tally::{Side, TallyId};
use hazel_core::ticket::Ticket;
use hazel_core::wallet::Wallet;
use hazel_sync::carrier::tcp::TcpLink;
use hazel_sync::carrier::{Greeted, Link};
use hazel_sync::session::{Carrier, Code, Fault, Outcome};

use super::host::{Host, broken, network};
use super::meet::concluded;
use super::opening::MyTerms;
use crate::edge::SystemEntropy;
use crate::home::Home;
use crate::lettering::TITLE;
use crate::page::Page;
use crate::screen::{Answer, Screen};
use crate::trouble::{Exit, Trouble};

/// Meet somebody for the first time without a camera: compare words on both screens, then open a tally
#[derive(Debug, clap::Args)]
pub(crate) struct Introduce {
    /// Call at this address, and take the other's ticket
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "listen", required_unless_present = "listen")]
    dial: Option<SocketAddr>,
    /// Wait at this address, and give a ticket; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    mine: MyTerms,
    /// Give up after so many seconds
    #[arg(long, default_value_t = 180, value_name = "SECONDS")]
    within: u64,
}

/// The reason that the other side gives when its user said no.
const CODES_DIFFER: u8 = 6;
/// A ticket that is handed over in person is answered at once.
const VALID: u64 = 3_600;
/// How long a caller may take for its first packet, in milliseconds.
const FIRST_WORD: u64 = 10_000;
/// Between two tries to reach somebody who is not there yet.
const PAUSE: Duration = Duration::from_millis(200);

impl Introduce {
    pub(crate) fn run(&self, home: &Home, screen: &Screen) -> Result<Answer, Trouble> {
        if screen.is_json() {
            return Err(Trouble::usage("Comparing words takes two people at two screens; --json has none.")
                .advise("A ticket in a file does the same: hazel tally offer, then hazel meet."));
        }
        let mut wallet = home.open()?;
        let mut host = Host::new(Duration::from_secs(self.within), true);
        let met = match (self.dial, self.listen) {
            (Some(address), _) => {
                let ticket = take(&host, &address, screen)?;
                let tally = wallet.accept_ticket(&ticket, self.mine.new_terms())?;
                let view = wallet.tally(&tally)?;
                host.dial(&mut wallet, &view, None, &address)?
            }
            (None, Some(address)) => {
                let listener = TcpListener::bind(address).map_err(|error| network(&error))?;
                let at = listener.local_addr().map_err(|error| network(&error))?;
                screen.show(Page::new().say(format!("Waiting for somebody new at {at}.")))?;
                let tally = self.give(&mut wallet, &host, &listener, screen)?;
                let view = wallet.tally(&tally)?;
                host.wait(&mut wallet, Some(&view), &listener)?
            }
            (None, None) => return Err(Trouble::usage("Name an address with --dial or --listen.")),
        };
        concluded(&mut wallet, met)
    }

    /// Waits for a stranger; once both people have agreed, makes a ticket and hands it over. Returns the tally it is for.
    fn give(
        &self,
        wallet: &mut Wallet,
        host: &Host,
        listener: &TcpListener,
        screen: &Screen,
    ) -> Result<TallyId, Trouble> {
        while !host.left().is_zero() {
            let Ok(link) = TcpLink::accept(listener, host.left()) else { break };
            let Ok(mut link) = Greeted::wait(link, FIRST_WORD, &mut host.clock()) else { continue };
            if !asks_to_be_introduced(link.first()) {
                continue;
            }
            let mut made = None;
            let came = introduce(host, &mut link, false, screen, &mut || {
                let ticket = wallet.invite(Side::Stock, self.mine.new_terms(), VALID, &[]);
                let bytes = ticket.as_ref().ok().map(Ticket::to_bytes);
                made = Some(ticket.map(|ticket| ticket.tally));
                bytes
            })?;
            return match made {
                Some(tally) if came.is_done() => Ok(tally?),
                _ => Err(not_introduced(&came)),
            };
        }
        Err(nobody())
    }
}

/// Calls until somebody answers; returns the ticket that was handed over.
fn take(host: &Host, address: &SocketAddr, screen: &Screen) -> Result<Ticket, Trouble> {
    while !host.left().is_zero() {
        let Ok(mut link) = TcpLink::connect(address, host.left()) else {
            std::thread::sleep(PAUSE);
            continue;
        };
        let came = introduce(host, &mut link, true, screen, &mut || None)?;
        return match &came.taken {
            Some(ticket) if came.is_done() => Ok(Ticket::from_bytes(ticket)?),
            _ => Err(not_introduced(&came)),
        };
    }
    Err(nobody())
}

fn introduce(
    host: &Host,
    link: &mut dyn Link,
    dials: bool,
    screen: &Screen,
    gives: &mut dyn FnMut() -> Option<Vec<u8>>,
) -> Result<Introduced, Trouble> {
    let mut secret = [0; 32];
    SystemEntropy.fill(&mut secret);
    let entropy = session_entropy(&mut SystemEntropy);
    let introduction = Introduction::new(Carrier::Tcp, dials, secret, &entropy).map_err(broken)?;
    Ok(introduction.over(link, &mut host.clock(), &mut |code| ask(screen, code), gives))
}

/// Shows the code and waits for a word.
fn ask(screen: &Screen, code: &Code) -> bool {
    let mut page = Page::new();
    page.gap().styled(TITLE, format!("{}    {}", code.words().join("  "), code.emoji().join(" ")));
    page.say("Does the other screen show the same three words and four pictures? Write yes, or no.");
    let mut said = String::new();
    let heard = screen.show(&page).is_ok() && std::io::stdin().lock().read_line(&mut said).is_ok();
    heard && matches!(said.trim().to_lowercase().as_str(), "y" | "yes")
}

fn not_introduced(came: &Introduced) -> Trouble {
    match came.end.as_ref().map(|end| end.outcome) {
        Some(Outcome::Failed(Fault::CodesDiffer | Fault::HungUp(CODES_DIFFER))) => {
            let message = "The two screens did not show the same, or one of you said no.";
            Trouble::new(Exit::Refused, "codes_differ", message)
                .advise("Somebody may be between you. Nothing was handed over: try again, or scan a ticket.")
        }
        _ => Trouble::new(Exit::Machine, "not_introduced", "The link was lost before you knew each other.")
            .advise("Nothing was handed over: try again."),
    }
}

fn nobody() -> Trouble {
    Trouble::new(Exit::Machine, "nobody_came", "Nobody was met in time.")
        .advise("One waits with --listen, the other calls with --dial; --within gives more time.")
}
