//! One wallet comes home: two sites as processes, two wallets with their files, everything through sockets.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hazel_core::canon::Canon as _;
use hazel_core::key::RecoveryWords;
use hazel_core::message::Message;
use hazel_core::tally::{Side, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Payment, Wallet};

use super::board::{Aim, Board};
use super::lane::{self, Delay};
use super::{Bench, broken};
use crate::edge::{Stopwatch, SystemEntropy};
use crate::home::Home;
use crate::homeward::{Link, Report};
use crate::progress::Progress;
use crate::running::RunningSite;
use crate::trouble::Trouble;

const PATIENCE: Duration = Duration::from_secs(120);
const ROUNDS: usize = 25;
/// The delay by which round trips are counted, each way.
const FAR: u64 = 60;
/// Commits at the sites between a letter and its certificate: the foil's, the stock's, the foil's again.
const AT_SITES: u64 = 3;

pub(super) fn measure(bench: &Bench, stage: &Path, board: &mut Board) -> Result<(), Trouble> {
    let generous = |config: &mut crate::premises::Config| config.calls_in_a_row = 1_000_000;
    let mut one = RunningSite::make(&stage.join("site-of-the-payee"), generous)?;
    let mut two = RunningSite::make(&stage.join("site-of-the-payer"), generous)?;
    one.knows(&two, &two.config.listen.to_string())?;
    two.knows(&one, &one.config.listen.to_string())?;
    one.start()?;
    two.start()?;
    let mut story = Story::new(stage, &one, &two)?;

    let bar = Progress::begin("one wallet comes home", Some(ROUNDS));
    let (mut times, mut beyond, mut syncs) = (Vec::new(), Vec::new(), 0);
    let mut stages: [Vec<u64>; 4] = Default::default();
    for round in 0..ROUNDS {
        story.pay(1)?;
        let sync = sync_of(stage)?;
        let report = story.go_home()?;
        // Final, and known to be. What is written down about the visit afterwards is not part of it.
        let passed = micros(report.marks.done);
        syncs = AT_SITES.saturating_add(report.heard.taken);
        times.push(passed);
        beyond.push(passed.saturating_sub(syncs.saturating_mul(sync)));
        let marks = report.marks;
        let ends = [marks.opened, marks.said, marks.heard, marks.done];
        let mut before = Duration::ZERO;
        for (stage, end) in stages.iter_mut().zip(ends) {
            stage.push(micros(end.saturating_sub(before)));
            before = end;
        }
        bar.reach(round);
    }
    drop(bar);
    board.alone("one pending payment to final", median(&mut times), "µs", Aim::None);
    board.alone(format!("the same beyond its {syncs} syncs"), median(&mut beyond), "µs", Aim::Below(3_000));

    let names = ["called and recognised", "looked up and said", "to the first answer", "to the certificate"];
    for (name, stage) in names.into_iter().zip(&mut stages) {
        board.alone(format!("of it: {name}"), median(stage), "µs", Aim::None);
    }

    // From here on every way takes its time. Where times are measured there is none of these lanes: their threads would be measured too.
    let delay = Delay::default();
    one.kill()?;
    two.kill()?;
    one.knows(&two, &lane::open(two.config.listen, &delay)?.to_string())?;
    two.knows(&one, &lane::open(one.config.listen, &delay)?.to_string())?;
    one.start()?;
    two.start()?;
    story.payer.1.place = lane::open(two.config.listen, &delay)?.to_string();
    // The sites find each other again.
    story.pay(1)?;
    story.go_home()?;
    delay.store(FAR, Ordering::Relaxed);
    let mut trips = Vec::new();
    for _ in 0..3 {
        story.pay(1)?;
        let watch = Stopwatch::start();
        story.go_home()?;
        trips.push(micros(watch.passed()));
    }
    delay.store(0, Ordering::Relaxed);
    let trip = FAR.saturating_mul(2_000);
    // TCP's own handshake ends at the lane's near end, so it is added.
    let counted = median(&mut trips).checked_div(trip).unwrap_or(0).saturating_add(1);
    board.alone("round trips, TCP's and the handshake's among them", counted, "", Aim::Below(4));

    let bar = Progress::begin("payments away from home", usize::try_from(bench.chits).ok());
    for _ in 0..bench.chits {
        story.pay(1)?;
        bar.step();
    }
    drop(bar);
    let waiting = story.chit_bytes()?;
    let watch = Stopwatch::start();
    let report = story.go_home()?;
    let what = format!("bytes for {} pending payments / their chits", bench.chits);
    board.beside(what, report.heard.bytes, waiting, "bytes", Aim::AtMost(130));
    board.alone(
        format!("{} pending payments to final", bench.chits),
        millis(watch.passed()),
        "ms",
        Aim::None,
    );
    Ok(())
}

/// Payee and payer, each with a site.
struct Story {
    payer: (Wallet, Link),
    tally: TallyId,
}

impl Story {
    fn new(stage: &Path, one: &RunningSite, two: &RunningSite) -> Result<Self, Trouble> {
        let wallet = |name: &str| -> Result<(Home, Wallet), Trouble> {
            let home = Home::at(&stage.join(name));
            let wallet = home.create(name, &RecoveryWords::generate(&mut SystemEntropy), false)?;
            Ok((home, wallet))
        };
        let ((home_of_payee, mut payee), (home_of_payer, mut payer)) = (wallet("payee")?, wallet("payer")?);
        let terms = Terms { limit: Units::new(1_000_000_000_000), notice_days: 7 };
        let ticket = payee.invite(Side::Stock, terms, 3600, &[])?;
        let tally = payer.accept_ticket(&ticket, terms)?;
        hand(&mut payer, &mut payee, &tally)?;
        payee.offer(&tally, None, None)?;
        hand(&mut payee, &mut payer, &tally)?;
        let offered = payer.offered(&tally)?;
        payer.accept(&tally, &offered.version)?;
        hand(&mut payer, &mut payee, &tally)?;
        hand(&mut payee, &mut payer, &tally)?;
        let mut links = Vec::new();
        for (home, wallet, site) in [(&home_of_payee, &mut payee, one), (&home_of_payer, &mut payer, two)] {
            let (link, channel) = Link::by_ticket(home, &site.ticket("somebody")?, PATIENCE)?;
            drop(channel);
            wallet.host_at(&tally, &link.site)?;
            links.push(link);
        }
        for _ in 0..4 {
            hand(&mut payer, &mut payee, &tally)?;
            hand(&mut payee, &mut payer, &tally)?;
        }
        let (Some(mut of_payer), Some(mut of_payee)) = (links.pop(), links.pop()) else {
            return Err(broken("a link is missing"));
        };
        for _ in 0..5 {
            of_payee.go_home(&mut payee, None, PATIENCE)?;
            if of_payer.go_home(&mut payer, None, PATIENCE)?.pending == 0 {
                return Ok(Self { payer: (payer, of_payer), tally });
            }
        }
        Err(broken("the first visits did not end well"))
    }

    fn pay(&mut self, milli: i64) -> Result<(), Trouble> {
        let payment =
            Payment { units: Units::new(milli), memo: "a basket of eggs".into(), ..Payment::default() };
        self.payer.0.pay(&self.tally, &payment)?;
        Ok(())
    }

    fn go_home(&mut self) -> Result<Report, Trouble> {
        let (wallet, link) = &mut self.payer;
        let report = link.go_home(wallet, None, PATIENCE)?;
        if report.pending == 0 { Ok(report) } else { Err(broken("a payment did not become final")) }
    }

    /// What the chits that wait measure on their way, without anything around them.
    fn chit_bytes(&mut self) -> Result<u64, Trouble> {
        let pages = self.payer.0.to_site(&self.tally)?;
        let bytes = pages.iter().map(|message| match message {
            Message::Chits(page) => page.chits.iter().map(|chit| chit.to_bytes().len() as u64).sum(),
            _ => 0,
        });
        Ok(bytes.sum())
    }
}

fn hand(from: &mut Wallet, to: &mut Wallet, tally: &TallyId) -> Result<(), Trouble> {
    if let Some(bytes) = from.hand_over(tally)? {
        to.receive(&bytes)?;
    }
    Ok(())
}

/// How long one append and its sync take here and now, in microseconds.
fn sync_of(stage: &Path) -> Result<u64, Trouble> {
    let path = stage.join("sync");
    let failed = |error: std::io::Error| Trouble::file(&path, &error);
    let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    let mut times = Vec::new();
    for _ in 0..5 {
        let watch = Stopwatch::start();
        file.write_all(&[3; 4096]).and_then(|()| file.sync_data()).map_err(failed)?;
        times.push(micros(watch.passed()));
    }
    Ok(median(&mut times))
}

fn median(times: &mut [u64]) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0)
}

fn micros(passed: Duration) -> u64 {
    u64::try_from(passed.as_micros()).unwrap_or(u64::MAX)
}

fn millis(passed: Duration) -> u64 {
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
}
