//! What every store of a site must do. Called by the tests of each engine, with a way to open a store: the same name is the same store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a store that does not hold what it promises should stop the test loudly"
)]

use hazel_core::book::{Book, Flag};
use hazel_core::canon::Canon as _;
use hazel_core::chit::{Body, ChainId, Chit, SignedChit};
use hazel_core::digest::Digest;
use hazel_core::errand::Errand;
use hazel_core::invoice::{Answer, Invoice, InvoiceId, Verdict};
use hazel_core::key::SecretKey;
use hazel_core::message::{Handover, Message};
use hazel_core::notes::{Heard, Notes};
use hazel_core::order::{ForkProof, Head};
use hazel_core::pair::PairKey;
use hazel_core::receipt::Receipt;
use hazel_core::rows::Rows as _;
use hazel_core::store::chit_no;
use hazel_core::tally::{Grant, Half, Halves, PartyCert, Side, SignedTally, Tally, TallyId, Terms};
use hazel_core::units::Units;

use super::{Desk, MemberRow, SiteStore, StoreError};

type Opened = Box<dyn SiteStore>;
/// Opens the store of that name, or makes it.
pub type Open<'o> = &'o (dyn Fn(&str) -> Opened + Sync);

/// Everything.
pub fn all(open: Open<'_>) {
    a_change_is_all_or_nothing(open);
    what_is_refused_inside_is_taken_back(open);
    rows_come_back_as_they_were(open);
    an_order_can_be_cut_and_made_again(open);
    what_waits_is_bounded_and_kept_once(open);
    an_older_copy_is_known_until_the_site_has_gone_on(open);
    another_process_sees_what_was_committed(open);
    two_processes_never_decide_at_once(open);
}

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Digest::of(name.as_bytes()).0)
}

/// A contract of two parties with one device each.
#[must_use]
pub fn contract(name: &str) -> SignedTally {
    let half = |side: Side| {
        let of = |what: &str| key(&format!("{name} {side} {what}"));
        let grant = Grant {
            device: 1,
            epoch: 0,
            first_key: of("chit 1").public().digest(),
            device_key: of("device").public(),
        };
        Half {
            cert: PartyCert {
                party_key: of("party").public(),
                agreement_key: Digest::of(format!("{name} {side}").as_bytes()).0,
                name: format!("the {side}'s holder"),
                address: None,
                grants: vec![grant],
                nodes: vec![of("node").public()],
            },
            terms: Terms { limit: Units::new(100_000), notice_days: 7 },
        }
    };
    let tally = Tally {
        id: TallyId(Digest::of(name.as_bytes()).first()),
        revision: 1,
        date: 1,
        contract: Digest::of(b"contract"),
        denomination: "CHIP".into(),
        halves: Halves { stock: half(Side::Stock), foil: half(Side::Foil) },
    };
    let party = |side: Side| key(&format!("{name} {side} party"));
    SignedTally::draft(tally).signed(Side::Stock, &party(Side::Stock)).signed(Side::Foil, &party(Side::Foil))
}

fn chit(name: &str, side: Side, seq: u64, prev_own: Digest) -> SignedChit {
    let of = |seq: u64| key(&format!("{name} {side} chit {seq}"));
    let chit = Chit {
        tally: contract(name).tally.id,
        chain: ChainId { side, device: 1, epoch: 0 },
        seq,
        prev_own,
        next_key: of(seq + 1).public().digest(),
        date: 5,
        body: Body::Pledge { units: Units::new(10), invoice: None, sealed: None },
    };
    chit.sign(&of(seq))
}

fn change<T>(store: &mut Opened, act: impl Fn(&Desk<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut made = None;
    store.change(0, &mut |desk| {
        made = Some(act(desk)?);
        Ok(())
    })?;
    Ok(made.unwrap())
}

fn a_change_is_all_or_nothing(open: Open<'_>) {
    let mut store = open("all or nothing");
    let member = MemberRow { key: [1; 32], name: "somebody".into(), since: 7 };
    let failed = change(&mut store, |desk| {
        desk.put_member(&member)?;
        Err::<(), _>(StoreError::Full)
    });
    assert_eq!(failed, Err(StoreError::Full));
    assert_eq!(change(&mut store, |desk| desk.members()).unwrap(), []);
    change(&mut store, |desk| desk.put_member(&member)).unwrap();
    assert_eq!(change(&mut store, |desk| desk.member(&[1; 32])).unwrap(), Some(member.clone()));
    change(&mut store, |desk| desk.drop_member(&[1; 32])).unwrap();
    assert_eq!(change(&mut store, |desk| desk.member(&[1; 32])).unwrap(), None);
    drop(store);
    assert_eq!(change(&mut open("all or nothing"), |desk| desk.members()).unwrap(), []);
}

fn what_is_refused_inside_is_taken_back(open: Open<'_>) {
    let mut store = open("attempts");
    let member = |n: u8| MemberRow { key: [n; 32], name: n.to_string(), since: 7 };
    change(&mut store, |desk| {
        desk.put_member(&member(1))?;
        let refused = desk.attempt(|| {
            desk.put_member(&member(2))?;
            // A statement that fails must not take the rest with it, whatever the engine thinks of the transaction then.
            desk.open_half(Side::Stock, contract("attempts"))?;
            desk.open_half(Side::Stock, contract("attempts"))?;
            Ok::<_, StoreError>(())
        });
        assert!(refused.is_err(), "one half is kept once");
        desk.attempt(|| desk.put_member(&member(3)))
    })
    .unwrap();
    let kept = change(&mut store, |desk| desk.members()).unwrap();
    assert_eq!(kept, [member(1), member(3)]);
    assert!(!change(&mut store, |desk| desk.has_half(&contract("attempts").tally.id, Side::Stock)).unwrap());
}

fn rows_come_back_as_they_were(open: Open<'_>) {
    let name = "rows";
    let contract = contract(name);
    let mut store = open(name);
    change(&mut store, |desk| desk.open_half(Side::Foil, contract.clone()).map(|_| ())).unwrap();
    drop(store);
    let mut store = open(name);
    change(&mut store, |desk| {
        let half = desk.half(&contract.tally.id, Side::Foil)?.unwrap();
        assert_eq!(half.contract, contract);
        assert_eq!(desk.half(&contract.tally.id, Side::Stock)?, None);
        let standing = desk.standing(half.no)?;
        assert_eq!(standing.book, Book::open(&contract.tally, 0));
        assert_eq!(standing.tip, standing.book);
        let mut chains = desk.chains(half.no)?;
        assert_eq!(chains.len(), 2);
        let chain = &mut chains[0];
        let one = chit(name, Side::Stock, 1, Digest::default());
        desk.add_chit(chain.no, &one, 0, Flag::OverLimit)?;
        (chain.seq, chain.hash, chain.next_key) = (1, one.chit.hash(), one.chit.next_key);
        desk.put_chain(chain)?;
        let again = desk.branches(half.no, &chain.id)?.pop().unwrap();
        assert_eq!((again.seq, again.hash, again.next_key), (1, one.chit.hash(), one.chit.next_key));
        let stored = desk.chit(chain.no, 1)?.unwrap();
        assert_eq!((stored.entry, stored.flag, stored.place, stored.arrival), (one, Flag::OverLimit, 0, 0));
        assert_eq!(desk.chits(chain.no, 0, 9, 9)?.len(), 1);
        assert_eq!(desk.chits(chain.no, 1, 9, 9)?.len(), 0);
        let head = Head::start(contract.tally.id, 3, contract.tally.digest()).then(&Digest::of(b"x"));
        let (one, two) = (head.endorse(&key("a node")), head.then(&Digest::of(b"y")).endorse(&key("a node")));
        desk.put_endorsement(half.no, &one)?;
        desk.put_endorsement(half.no, &two)?;
        assert_eq!(desk.endorsements(half.no)?, [two]);
        assert_eq!(desk.endorsement(half.no, &key("a node").public())?, Some(two));
        assert_eq!(desk.endorsement(half.no, &key("nobody").public())?, None);
        let id = InvoiceId([9; 16]);
        assert_eq!(desk.answers(half.no, Side::Foil, &id)?, None);
        desk.put_answers(half.no, Side::Foil, &id, None, 5)?;
        desk.put_answers(half.no, Side::Foil, &id, Some(6), 5)?;
        assert_eq!(desk.answers(half.no, Side::Foil, &id)?, Some((Some(6), 5)));
        let proof = ForkProof::Orders(Box::new(one), Box::new(two));
        desk.put_proof(half.no, &proof)?;
        desk.put_proof(half.no, &proof)?;
        assert_eq!(desk.proofs(half.no)?, [proof]);
        let mut moved = desk.standing(half.no)?;
        (moved.arrivals, moved.agreed, moved.final_index) = (4, 3, 2);
        moved.tip.head = head;
        desk.put_standing(&moved)?;
        let again = desk.standing(half.no)?;
        assert_eq!((again.arrivals, again.agreed, again.final_index), (4, 3, 2));
        assert_eq!((again.tip, again.book), (moved.tip, moved.book));
        assert_eq!(desk.restless()?, [(contract.tally.id, Side::Foil)]);
        assert_eq!(desk.counts()?, [0, 1, 1, 1, 0]);
        notes_come_back_as_they_were(desk, half.no);
        errands_come_back_as_they_were(desk);
        Ok(())
    })
    .unwrap();
}

fn errands_come_back_as_they_were(desk: &Desk<'_>) {
    let key = PairKey::from_bytes([4; 32]);
    let refusal = Message::Refuse { tally: TallyId([1; 16]), version: Digest([2; 32]) };
    let errand = |n: u8, expires| {
        let handover = Handover::seal_with(std::slice::from_ref(&refusal), &key, None, [n; 24]);
        Errand::new(handover, &key, Side::Foil, expires)
    };
    let (one, two) = (errand(1, 200), errand(2, 100));
    for (bringer, errand) in [(1, &one), (2, &two), (2, &one)] {
        desk.put_errand(&[bringer; 32], errand).unwrap();
    }
    let bytes = |errand: &Errand| errand.to_bytes().len() as u64;
    let together = (2, bytes(&one) + bytes(&two));
    assert_eq!(desk.errands_kept(&[1; 32]).unwrap(), [together, (1, bytes(&one))], "each as it came first");
    assert_eq!(desk.errands_kept(&[3; 32]).unwrap(), [together, (0, 0)]);
    assert_eq!(desk.errands_shown(&[1; 32]).unwrap(), [two.shown()]);
    assert_eq!(desk.errands_shown(&[3; 32]).unwrap(), [two.shown(), one.shown()], "the shortest day first");
    let claim = one.shown().claim(&key, Side::Foil).unwrap();
    assert_eq!(desk.errand_claimed(&claim).unwrap(), Some(one.clone()));
    desk.drop_late_errands(101).unwrap();
    assert_eq!((desk.has_errand(&one.id()).unwrap(), desk.has_errand(&two.id()).unwrap()), (true, false));
    desk.drop_errand(&one.id()).unwrap();
    assert_eq!(desk.errand_claimed(&claim).unwrap(), None);
    assert_eq!(desk.errands_kept(&[1; 32]).unwrap(), [(0, 0), (0, 0)]);
}

fn notes_come_back_as_they_were(desk: &Desk<'_>, half: i64) {
    let tally = contract("rows").tally.id;
    let chain = |side| ChainId { side, device: 1, epoch: 0 };
    let receipt = |seq| {
        let it =
            Receipt { tally, by: chain(Side::Foil), chain: chain(Side::Stock), seq, hash: Digest::default() };
        it.sign(&key("a device"))
    };
    assert!(desk.put_receipt(half, &receipt(3)).unwrap());
    assert!(!desk.put_receipt(half, &receipt(2)).unwrap(), "an older one says nothing");
    assert!(!desk.put_receipt(half, &receipt(3)).unwrap(), "nor does the same again");
    let invoice = |expires, nonce| {
        let sealed = b"sealed".to_vec();
        let (by, units) = (chain(Side::Foil), Units::new(7));
        Invoice { tally, by, date: 1, expires, units, supersedes: None, sealed, nonce: [nonce; 8] }
            .sign(&key("a device"))
    };
    // As many as are kept, and one more that lasts longer: the one whose time is over first goes.
    for nonce in 0..=128 {
        desk.put_invoice(half, &invoice(100 + u64::from(nonce), nonce)).unwrap();
    }
    let first = invoice(100, 0).invoice.id();
    assert_eq!(desk.invoice(half, &first).unwrap(), None);
    let id = invoice(101, 1).invoice.id();
    let answer = Answer { tally, by: chain(Side::Stock), invoice: id, verdict: Verdict::Declined, date: 2 };
    let answer = answer.sign(&key("a device"));
    desk.put_answer(half, &id, &answer).unwrap();
    assert_eq!(desk.invoice(half, &id).unwrap().unwrap().answer, Some(answer));
    let known = desk.notes(half).unwrap();
    assert_eq!((known.held.as_slice(), known.invoices.len()), (&[(chain(Side::Stock), 3)][..], 128));
    assert_eq!(known.invoice(&id), Some(Heard::Enough));
    assert_eq!(desk.notes_beyond(half, &known).unwrap(), [], "whoever knows as much lacks nothing");
    let lacking = desk.notes_beyond(half, &Notes::default()).unwrap();
    assert_eq!(lacking.len(), 1 + 128 + 1);
    desk.drop_invoices(half, 102).unwrap();
    assert_eq!(desk.notes(half).unwrap().invoices.len(), 127);
}

fn an_order_can_be_cut_and_made_again(open: Open<'_>) {
    let name = "cut";
    let contract = contract(name);
    change(&mut open(name), |desk| {
        let half = desk.open_half(Side::Foil, contract.clone())?;
        let chain = desk.chains(half.no)?.remove(0);
        let mut book = Book::open(&contract.tally, 0);
        let mut before = Digest::default();
        // Ten and more: numbers are numbers here, in whatever order text would put them.
        for seq in 1..=12 {
            let signed = chit(name, Side::Stock, seq, before);
            before = signed.chit.hash();
            desk.add_chit(chain.no, &signed, i64::try_from(seq).unwrap(), Flag::Clear)?;
            book.head = book.head.then(&before);
            desk.add_place(half.no, &book, chit_no(chain.no, seq)?, Flag::Clear)?;
        }
        let numbers: Vec<_> = desk.chits(chain.no, 8, 12, 9)?.iter().map(|c| c.entry.chit.seq).collect();
        assert_eq!(numbers, [9, 10, 11, 12]);
        assert_eq!(desk.places(half.no, 0, 12)?.len(), 12);
        assert_eq!(desk.place(half.no, 12)?.unwrap().hash, book.head.hash);
        desk.flag_place(half.no, 9, Flag::Accepted)?;
        assert_eq!(desk.place(half.no, 9)?.unwrap().flag, Flag::Accepted);
        desk.cut_places(half.no, 9)?;
        assert_eq!(desk.places(half.no, 0, 12)?.len(), 9);
        let places: Vec<_> = desk.chits(chain.no, 8, 12, 9)?.iter().map(|chit| chit.place).collect();
        assert_eq!(places, [9, 0, 0, 0]);
        Ok(())
    })
    .unwrap();
}

fn what_waits_is_bounded_and_kept_once(open: Open<'_>) {
    change(&mut open("parked"), |desk| {
        let half = desk.open_half(Side::Foil, contract("parked"))?.no;
        assert!(desk.park(half, &[1; 32], b"0123456789", 20)?);
        assert!(desk.park(half, &[1; 32], b"abcdefghij", 20)?);
        assert!(!desk.park(half, &[1; 32], b"x", 20)?, "no room is left for this bringer");
        assert!(desk.park(half, &[2; 32], b"x", 20)?, "another one has its own");
        assert!(desk.park(half, &[2; 32], b"x", 20)?);
        let waiting = desk.unpark(half)?;
        assert_eq!(waiting.len(), 3, "nothing waits twice");
        assert_eq!(waiting[0], ([1; 32], b"0123456789".to_vec()));
        assert_eq!(desk.unpark(half)?, []);
        Ok(())
    })
    .unwrap();
}

fn an_older_copy_is_known_until_the_site_has_gone_on(open: Open<'_>) {
    let contract = contract("copied");
    change(&mut open("copied"), |desk| {
        assert!(!desk.is_copied()?, "nothing is known yet");
        desk.put_site(&key("the site's").public(), 0, 1)?;
        assert!(!desk.is_copied()?);
        desk.put_copied(true)?;
        assert!(desk.is_copied()?);
        desk.open_half(Side::Foil, contract.clone())?;
        assert_eq!(desk.tallies_of(Side::Foil)?, [contract.tally.id]);
        assert_eq!(desk.tallies_of(Side::Stock)?, []);
        desk.put_copied(false)
    })
    .unwrap();
    assert_eq!(change(&mut open("copied"), |desk| desk.is_copied()), Ok(false));
}

fn another_process_sees_what_was_committed(open: Open<'_>) {
    let (mut one, mut other) = (open("two"), open("two"));
    let member = MemberRow { key: [1; 32], name: "somebody".into(), since: 7 };
    change(&mut one, |desk| desk.put_member(&member)).unwrap();
    assert_eq!(change(&mut other, |desk| desk.members()).unwrap(), [member]);
}

fn two_processes_never_decide_at_once(open: Open<'_>) {
    let contract = contract("race");
    change(&mut open("race"), |desk| desk.open_half(Side::Foil, contract.clone()).map(|_| ())).unwrap();
    let work = || {
        let mut store = open("race");
        for _ in 0..50 {
            change(&mut store, |desk| {
                desk.lock(&contract.tally.id)?;
                let half = desk.half(&contract.tally.id, Side::Foil)?.unwrap();
                let mut standing = desk.standing(half.no)?;
                standing.arrivals += 1;
                desk.put_standing(&standing)
            })
            .unwrap();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let counted = change(&mut open("race"), |desk| {
        let half = desk.half(&contract.tally.id, Side::Foil)?.unwrap();
        Ok(desk.standing(half.no)?.arrivals)
    });
    assert_eq!(counted, Ok(100), "no process overwrote what the other had written");
}
