//! Errands that end at a site: whoever carries one leaves it with its own site, and there its addressee finds it.

use std::collections::{BTreeSet, VecDeque};

use hazel_core::canon::Canon as _;
use hazel_core::digest::Digest;
use hazel_core::errand::{ERRAND_MAX, Errand, ErrandId, ErrandMessage, Verdict};
use hazel_core::message::{Handover, Message};
use hazel_core::pair::PairKey;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{CARRIED_MAX, Clock as _, ErrandNews, Wallet};
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{ERRANDS_MAX, Input, Node, Output};
use hazel_network::store::SqliteStore;
use hazel_network::uplink::Talk;

use crate::world::{StoryClock, assert_all_final, chips_of, clock, open_tally, pair, pay, site_on, wallet};

const DAY: u64 = 24 * 3600;

/// Ana and Ben keep a tally at the market's site. The carpenter knows Ana only, and is at home there too.
struct Market {
    clock: StoryClock,
    site: Node<SqliteStore>,
    ana: Wallet,
    ben: Wallet,
    carpenter: Wallet,
    tally: TallyId,
    with_ana: TallyId,
}

/// The key of somebody's uplink.
fn user(name: &str) -> [u8; 32] {
    Digest::of(name.as_bytes()).0
}

fn market(shards: usize) -> Market {
    let clock = clock();
    let (mut ana, mut ben, tally) = pair(&clock);
    let mut carpenter = wallet("Carpenter", &clock);
    let with_ana = open_tally(&mut ana, &mut carpenter);
    carpenter.carry_errands(true).unwrap();
    let mut site = site_on("the market's", SqliteStore::in_memory(shards).unwrap());
    for name in ["Ana", "Ben", "Carpenter"] {
        site.link_user(user(name), name, 1).unwrap();
    }
    for wallet in [&mut ana, &mut ben] {
        wallet.host_at(&tally, &site.key()).unwrap();
    }
    carpenter.host_at(&with_ana, &site.key()).unwrap();
    let mut market = Market { clock, site, ana, ben, carpenter, tally, with_ana };
    // All have been home once, and Ana and Ben know each other's site.
    crate::world::meet(&mut market.ana, &mut market.ben, &tally);
    for _ in 0..2 {
        market.all_go_home();
    }
    market
}

/// What came of a visit.
#[derive(Default)]
struct Visited {
    news: Vec<ErrandNews>,
    letters: usize,
    errands_handed: usize,
    finished: bool,
}

impl Market {
    fn all_go_home(&mut self) {
        self.ana_goes_home();
        self.ben_goes_home(None);
        self.carpenter_goes_home(None);
    }

    fn ana_goes_home(&mut self) {
        let Self { site, ana, clock, .. } = self;
        assert!(visit(site, ana, "Ana", clock, None).finished);
    }

    fn ben_goes_home(&mut self, cut: Option<usize>) -> Visited {
        let Self { site, ben, clock, .. } = self;
        visit(site, ben, "Ben", clock, cut)
    }

    fn carpenter_goes_home(&mut self, cut: Option<usize>) -> Visited {
        let Self { site, carpenter, clock, .. } = self;
        visit(site, carpenter, "Carpenter", clock, cut)
    }

    /// Ana has no network: she pays, and the carpenter takes it along.
    fn ana_pays_and_gives(&mut self) {
        self.ana_pays_and_gives_another(5);
        assert_eq!(self.carpenter.errands().unwrap().len(), 1);
    }

    /// One more payment, and one more errand with all that Ben does not have.
    fn ana_pays_and_gives_another(&mut self, chips: i64) {
        let Self { ana, carpenter, tally, with_ana, .. } = self;
        pay(ana, tally, chips);
        ana.give_errand(tally, with_ana, DAY).unwrap().unwrap();
        for said in ana.say_errands(with_ana).unwrap() {
            for answer in carpenter.hear_errand(with_ana, &said).unwrap().reply {
                ana.hear_errand(with_ana, &answer).unwrap();
            }
        }
    }

    /// What the site keeps for others than this user.
    fn kept(&mut self) -> usize {
        let mut kept = 0;
        let mut count = |desk: &hazel_network::store::Desk<'_>| {
            kept = desk.errands_shown(&[0; 32])?.len();
            Ok(())
        };
        hazel_network::store::SiteStore::read(self.site.store(), 0, &mut count).unwrap();
        kept
    }

    /// A user says something about errands; what the site answers.
    fn say(&mut self, name: &str, said: Vec<ErrandMessage>) -> Vec<ErrandMessage> {
        let now = self.clock.now() * 1000;
        let mut heard = Vec::new();
        for letter in Letter::about_errands(self.with_ana, Side::Foil, said) {
            let input = Input::Letter { from: Correspondent::User(user(name)), bytes: letter.to_bytes() };
            for output in self.site.batch(vec![input], now) {
                let Output::Letter { bytes, .. } = output else { continue };
                let Body::Errands(said) = Letter::from_bytes(&bytes).unwrap().body else {
                    panic!("an answer")
                };
                heard.extend(said);
            }
        }
        heard
    }
}

/// One channel, until nothing is left to say or so many letters were heard at either end.
fn visit(
    site: &mut Node<SqliteStore>,
    wallet: &mut Wallet,
    name: &str,
    clock: &StoryClock,
    cut: Option<usize>,
) -> Visited {
    let (from, now) = (Correspondent::User(user(name)), clock.now() * 1000);
    let (mut talk, letters) = Talk::begin(wallet, site.key(), user(name), &BTreeSet::new()).unwrap();
    let mut flying = VecDeque::from(letters);
    let mut visited = Visited::default();
    'talk: while let Some(bytes) = flying.pop_front() {
        if let Body::Errands(said) = Letter::from_bytes(&bytes).unwrap().body {
            let handed = |it: &&ErrandMessage| matches!(it, ErrandMessage::Handed(_));
            visited.errands_handed += said.iter().filter(handed).count();
        }
        let outputs = site.batch(vec![Input::Letter { from, bytes }], now);
        visited.letters += 1;
        for output in outputs {
            if cut.is_some_and(|cut| visited.letters >= cut) {
                break 'talk;
            }
            match output {
                Output::Letter { to, bytes } if to == from => {
                    visited.letters += 1;
                    flying.extend(talk.hear(wallet, &bytes).unwrap());
                }
                _ => {}
            }
        }
    }
    visited.finished = talk.all_answered();
    visited.news = talk.heard.errands;
    visited
}

#[test]
fn what_somebody_carries_is_left_at_the_site_and_found_there_by_one_who_is_never_met() {
    for shards in [1, 3] {
        let mut market = market(shards);
        market.ana_pays_and_gives();
        let left = market.carpenter_goes_home(None);
        assert!(left.finished);
        assert!(matches!(left.news[..], [ErrandNews::HandedOver(_, Verdict::Carried)]), "{:?}", left.news);
        assert_eq!(market.carpenter.errands().unwrap(), [], "carried no longer");
        assert_eq!(market.kept(), 1);
        let found = market.ben_goes_home(None);
        assert!(found.finished && matches!(found.news[..], [ErrandNews::ForMe(_)]), "{:?}", found.news);
        assert_eq!(market.ben.balance(&market.tally).unwrap(), chips_of(5));
        assert_eq!(market.kept(), 0, "handed over is handed over");
        // Ben has told the site in the same talk, and Ana finds it there: final, though her phone and his have not met.
        market.ana_goes_home();
        market.ben_goes_home(None);
        let Market { ana, ben, tally, .. } = &mut market;
        assert_all_final(ana, ben, tally);
        assert_eq!(market.ben_goes_home(None).news, []);
    }
}

/// A visit that ends after any letter, of the carpenter's and of Ben's: what was not said comes again, and arrives once.
#[test]
fn a_visit_cut_after_any_letter_is_finished_by_the_next() {
    let mut whole = market(1);
    whole.ana_pays_and_gives();
    let letters = whole.carpenter_goes_home(None).letters.max(whole.ben_goes_home(None).letters);
    assert!(letters >= 8, "{letters}");
    for cut in 1..=letters {
        let mut market = market(1);
        market.ana_pays_and_gives();
        market.carpenter_goes_home(Some(cut));
        assert!(
            market.kept() + market.carpenter.errands().unwrap().len() >= 1,
            "cut after {cut}: it is somewhere"
        );
        market.carpenter_goes_home(None);
        assert_eq!(market.carpenter.errands().unwrap(), [], "cut after {cut}");
        market.ben_goes_home(Some(cut));
        market.ben_goes_home(None);
        assert_eq!(market.kept(), 0, "cut after {cut}");
        assert_eq!(market.ben.balance(&market.tally).unwrap(), chips_of(5), "cut after {cut}");
        for _ in 0..2 {
            market.all_go_home();
        }
        let Market { ana, ben, tally, .. } = &mut market;
        assert_all_final(ana, ben, tally);
    }
}

/// An errand that nobody here can claim.
fn strange(n: u32, expires: u64, messages: usize) -> Errand {
    let refusal = Message::Refuse { tally: TallyId([1; 16]), version: Digest([2; 32]) };
    let mut nonce = [0; 24];
    nonce[..4].copy_from_slice(&n.to_be_bytes());
    let key = PairKey::from_bytes([9; 32]);
    Errand::new(Handover::seal_with(&vec![refusal; messages], &key, None, nonce), &key, Side::Foil, expires)
}

fn handed(errand: &Errand) -> ErrandMessage {
    ErrandMessage::Handed(Box::new(errand.clone()))
}

fn verdicts(answers: &[ErrandMessage]) -> Vec<Verdict> {
    let verdict = |answer: &ErrandMessage| match answer {
        ErrandMessage::Answered { verdict, .. } => *verdict,
        other => panic!("{other:?}"),
    };
    answers.iter().map(verdict).collect()
}

#[test]
fn what_a_site_keeps_is_bounded_and_has_its_day() {
    let mut market = market(1);
    let soon = market.clock.now() + DAY;
    let of = |n: u32| handed(&strange(n, soon, 1));
    let unfit = [
        handed(&strange(1, market.clock.now() - 1, 1)),
        handed(&strange(2, soon + 40 * DAY, 1)),
        handed(&strange(3, soon, ERRAND_MAX / 40)),
    ];
    let wanted = [Verdict::Expired, Verdict::TooFarAhead, Verdict::TooLong];
    assert_eq!(verdicts(&market.say("Carpenter", unfit.to_vec())), wanted);
    let most = u32::try_from(CARRIED_MAX).unwrap();
    let answers = market.say("Carpenter", (0..=most).map(of).collect());
    let mut wanted = vec![Verdict::Carried; most as usize];
    wanted.push(Verdict::FullForGiver);
    assert_eq!(verdicts(&answers), wanted, "one user does not fill it");
    assert_eq!(verdicts(&market.say("Carpenter", vec![of(0)])), [Verdict::Carried], "said again, kept once");
    // So many users as it takes; all of them are shown to the next.
    for at in 1..=(ERRANDS_MAX / CARRIED_MAX) {
        let name = format!("user {at}");
        market.site.link_user(user(&name), &name, 1).unwrap();
        let first = u32::try_from(at).unwrap() * 1_000;
        let last = market.say(&name, (first..first + most).map(of).collect()).pop().unwrap();
        let full = at == ERRANDS_MAX / CARRIED_MAX;
        assert_eq!(verdicts(&[last]), [if full { Verdict::Full } else { Verdict::Carried }]);
    }
    let shown = market.say("Ben", vec![ErrandMessage::Shown(vec![])]);
    let count: usize =
        shown.iter().map(|it| if let ErrandMessage::Shown(shown) = it { shown.len() } else { 0 }).sum();
    assert_eq!(count as u64, ERRANDS_MAX);
    assert!(market.ben_goes_home(None).finished, "none of them is for Ben, and he is not kept waiting");
    market.clock.0.fetch_add(2 * DAY, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(market.say("Ben", vec![ErrandMessage::Shown(vec![])]), [], "their day is over");
    assert_eq!(market.kept(), 0);
}

/// A site without room: a carrier tries one errand each visit, not all of them. When there is room again, all of them go over at once.
#[test]
fn a_carrier_whose_site_is_full_tries_the_shortest_errand_only() {
    let mut market = market(1);
    for _ in 0..3 {
        market.ana_pays_and_gives_another(1);
    }
    let most = u32::try_from(CARRIED_MAX).unwrap();
    let soon = market.clock.now() + DAY / 2;
    market.say("Carpenter", (0..most).map(|n| handed(&strange(n, soon, 1))).collect());
    for _ in 0..2 {
        let visited = market.carpenter_goes_home(None);
        assert!(visited.finished);
        assert_eq!((visited.news.len(), visited.errands_handed), (0, 1));
        assert_eq!(market.carpenter.errands().unwrap().len(), 3, "still carried");
    }
    market.clock.0.fetch_add(DAY / 2 + 1, std::sync::atomic::Ordering::Relaxed);
    let visited = market.carpenter_goes_home(None);
    assert_eq!((visited.news.len(), visited.errands_handed), (3, 3));
    assert_eq!((market.carpenter.errands().unwrap(), market.kept()), (vec![], 3));
    let status = market.site.status().unwrap();
    assert!(status.errands == 3 && status.errand_bytes > 3 * 64, "{status:?}");
}

#[test]
fn strangers_and_liars_get_nothing_and_take_nothing_away() {
    let mut market = market(1);
    market.ana_pays_and_gives();
    market.carpenter_goes_home(None);
    let question = || ErrandMessage::Shown(vec![]);
    assert_eq!(market.say("somebody", vec![question()]), [], "who was never linked hears nothing");
    assert_eq!(market.say("Carpenter", vec![question()]), [], "what one has brought is not shown to one");
    let [ErrandMessage::Shown(shown)] = &market.say("Ana", vec![question()])[..] else { panic!("shown") };
    // What is shown claims nothing: the claim is another sixteen bytes, which only the addressee can compute.
    let tag = *shown[0].tag();
    let false_claim = hazel_core::errand::Claim::from_bytes(&[&[0x50][..], &tag].concat()).unwrap();
    assert_eq!(market.say("Ana", vec![ErrandMessage::Claimed(vec![false_claim; 64])]), []);
    let guess = ErrandMessage::Answered { id: ErrandId([7; 16]), verdict: Verdict::Arrived };
    assert_eq!(market.say("Ana", vec![guess]), []);
    assert_eq!(market.kept(), 1);
    // Its addressee claims it a hundred times in one letter, and is handed it once.
    let turn = market.ben.errands_from_site(vec![ErrandMessage::Shown(shown.clone())]).unwrap();
    let claims = vec![turn.reply[0].clone(); 100];
    assert_eq!(market.say("Ben", claims).len(), 1);
    // A site that spoils what it was given: it is said so, and Ben's phone is none the worse.
    let ErrandMessage::Handed(errand) = &market.say("Ben", turn.reply)[0] else { panic!("handed") };
    let mut bytes = errand.to_bytes();
    *bytes.last_mut().unwrap() ^= 1;
    let spoilt = ErrandMessage::Handed(Box::new(Errand::from_bytes(&bytes).unwrap()));
    let turn = market.ben.errands_from_site(vec![spoilt]).unwrap();
    assert_eq!((verdicts(&turn.reply), turn.news), (vec![Verdict::Spoilt], vec![]));
    assert_eq!(market.ben_goes_home(None).news.len(), 1, "the whole one still comes");
}
