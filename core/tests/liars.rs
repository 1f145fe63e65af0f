//! Stories of partners who lie, and of phones that were copied.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::admit::{Refusal, grant_digest};
use hazel_core::chit::{Body, ChainId, Chit, DeviceAct, SignedChit};
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::{PublicKey, SecretKey, Signature};
use hazel_core::message::{Message, Page};
use hazel_core::order::{ForkError, ForkProof, Head, Links, Run};
use hazel_core::tally::{Grant, Half, Side, Tally, TallyId, Terms};
use hazel_core::units::Units;
use hazel_core::wallet::{Ask, Attention, Audience, Payment, Wallet, Went};
use story::*;

fn refusals(wallet: &mut Wallet, tally: &TallyId, messages: Vec<Message>) -> Vec<Refusal> {
    let delivery = wallet.receive_messages(tally, messages).unwrap();
    delivery.rejected.into_iter().map(|rejected| rejected.refusal).collect()
}

fn audit(wallet: &mut Wallet) {
    assert_eq!(wallet.audit(&mut |_| true).unwrap().findings, []);
}

/// The runs of an order, backwards: what a stock would send that wants the foil's order turned round.
fn turned(foil: &mut Wallet, tally: &TallyId, count: usize) -> Vec<Run> {
    let mut chits = foil.export(tally).unwrap().chits;
    chits.truncate(count);
    let run = |chit: &hazel_core::wallet::ExportedChit| {
        let chit = &chit.signed.chit;
        Run { view: 7, chain: chit.chain, first: chit.seq, count: 1, last: chit.hash() }
    };
    chits.iter().rev().map(run).collect()
}

#[test]
fn a_stock_cannot_dictate_the_foils_order() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ana, &tally, 1).unwrap();
    pay(&mut ben, &tally, 2).unwrap();
    hand(&mut ana, &mut ben, &tally);
    ben.outbox(&tally, Audience::Partner).unwrap();
    let before = ben.tally(&tally).unwrap();
    assert_eq!((before.index, before.agreed), (2, 0));
    let node = words("Ana").root().node_key(&tally.0);
    let runs = turned(&mut ben, &tally, 2);
    let contract = ben.export(&tally).unwrap().contract.tally.digest();
    let mut head = Head::start(tally, 7, contract);
    for run in &runs {
        head = head.then(&run.last);
    }
    let honest_hash = Links { after: 0, runs: runs.clone(), endorsement: head.endorse(&node) };
    assert_eq!(refusals(&mut ben, &tally, vec![Message::Links(honest_hash)]), [Refusal::NotANode]);
    head.hash = Digest::of(b"nothing");
    let wrong_hash = Links { after: 0, runs, endorsement: head.endorse(&node) };
    assert_eq!(refusals(&mut ben, &tally, vec![Message::Links(wrong_hash)]), [Refusal::NotANode]);
    assert_eq!(
        ben.tally(&tally).unwrap(),
        hazel_core::wallet::TallyView { met: ben.tally(&tally).unwrap().met, ..before }
    );
    audit(&mut ben);
    meet(&mut ana, &mut ben, &tally);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn a_page_with_one_bad_chit_leaves_nothing_behind() {
    let (mut ana, mut ben, tally, _) = pair();
    for amount in 1..=3 {
        pay(&mut ben, &tally, amount).unwrap();
    }
    let mut chits: Vec<_> = ben.export(&tally).unwrap().chits.into_iter().map(|chit| chit.signed).collect();
    let good = Page::of(&chits).unwrap();
    chits[2].signature = Signature([9; 64]);
    let bad = Page::of(&chits).unwrap();
    let before = ana.tally(&tally).unwrap();
    let refused = refusals(&mut ana, &tally, vec![Message::Chits(bad)]);
    assert_eq!(refused.iter().map(Refusal::code).collect::<Vec<_>>(), ["bad_signature"]);
    assert_eq!(ana.tally(&tally).unwrap().balance, before.balance);
    assert_eq!(ana.export(&tally).unwrap().chits.len(), 0);
    audit(&mut ana);
    assert_eq!(refusals(&mut ana, &tally, vec![Message::Chits(good)]), []);
    assert_eq!(ana.balance(&tally).unwrap(), chips(6));
    chits[2].key = PublicKey([1; 32]);
    audit(&mut ana);
}

#[test]
fn a_copied_phone_is_found_out_and_both_payments_bind() {
    let (mut ana, mut ben, tally, clock) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let (_folder, mut copy) = copied(&ben, &clock);
    pay(&mut ben, &tally, 10).unwrap();
    pay(&mut copy, &tally, 20).unwrap();
    pay(&mut copy, &tally, 3).unwrap();
    let (from_ben, from_copy) =
        (ben.hand_over(&tally).unwrap().unwrap(), copy.hand_over(&tally).unwrap().unwrap());
    ana.receive(&from_ben).unwrap();
    let delivery = ana.receive(&from_copy).unwrap();
    assert!(
        delivery.changes.iter().any(|change| matches!(change, hazel_core::wallet::Change::Fork { .. })),
        "{delivery:?}"
    );
    let proofs = ana.attention().unwrap().into_iter().filter(|a| matches!(a, Attention::Proof(_))).count();
    assert_eq!(proofs, 1);
    assert_eq!(
        ana.balance(&tally).unwrap(),
        chips(31),
        "both payments of the fork bind; what follows it waits"
    );
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, chips(3));
    audit(&mut ana);
    // The copy has also spoken for the order, otherwise than the phone it was copied from.
    let again: Vec<_> = ana.receive(&from_copy).unwrap().rejected.iter().map(|r| r.refusal.code()).collect();
    assert_eq!(again, ["order_rewritten"]);
    audit(&mut ana);
    meet(&mut ben, &mut ana, &tally);
    assert_equal_halves(&mut ben, &mut ana, &tally);
    assert_eq!(pay(&mut ben, &tally, 1).unwrap_err().code(), "revoked", "a forked chain signs no longer");
    ben.renew(&tally).unwrap();
    pay(&mut ben, &tally, 4).unwrap();
    meet(&mut ben, &mut ana, &tally);
    assert_eq!(ana.balance(&tally).unwrap(), chips(35));
    assert_equal_halves(&mut ben, &mut ana, &tally);
    audit(&mut ben);
    audit(&mut ana);
}

/// Only the party itself lets a phone of its own begin anew, and what it has signed for one such phone lets in no other.
#[test]
fn nobody_begins_an_epoch_on_anothers_word() {
    let (mut ana, mut ben, tally, _) = pair();
    ben.renew(&tally).unwrap();
    let honest = ben.export(&tally).unwrap().chits.remove(0).signed;
    let Body::Device(DeviceAct::Epoch { grant, by_party }) = honest.chit.body else { panic!("{honest:?}") };
    let thief = SecretKey::from_seed(&[9; 32]);
    let begun = |device: u32, epoch: u64, by_party: &dyn Fn(&Grant) -> Signature| {
        let key = thief.public();
        let grant = Grant { device, epoch, device_key: key, first_key: key.digest() };
        let body = Body::Device(DeviceAct::Epoch { grant, by_party: by_party(&grant) });
        let chain = ChainId { side: Side::Foil, device, epoch };
        let chit = Chit { chain, body, ..honest.chit.clone() }.sign(&thief);
        vec![Message::Chits(Page::of(&[chit]).unwrap())]
    };
    let signed = |key: &SecretKey, side: Side| {
        let key = key.clone();
        move |grant: &Grant| key.sign(Statement::Grant, &grant_digest(&tally, side, grant))
    };
    let [of_ana, of_ben] = ["Ana", "Ben"].map(|name| words(name).root().party_key(&tally.0));
    for (what, told) in [
        ("Ben's word for another phone", begun(1, grant.epoch + 1, &|_| by_party)),
        ("Ben's word for that number", begun(1, grant.epoch, &|_| by_party)),
        ("the thief's own", begun(1, 7, &signed(&thief, Side::Foil))),
        ("Ana's", begun(1, 7, &signed(&of_ana, Side::Foil))),
        ("Ben's for the other half", begun(1, 7, &signed(&of_ben, Side::Stock))),
    ] {
        let refused = refusals(&mut ana, &tally, told);
        assert!(
            matches!(refused[..], [Refusal::Signature { what: "grant of a new epoch", .. }]),
            "{what}: {refused:?}"
        );
    }
    // Nor is a word for one place good for another: neither for another epoch nor further on in the chain.
    let first_key = thief.public().digest();
    let grant = Grant { device: 1, epoch: 7, device_key: thief.public(), first_key };
    let body = Body::Device(DeviceAct::Epoch { grant, by_party: signed(&of_ben, Side::Foil)(&grant) });
    for (epoch, seq, prev_own) in [(8, 1, Digest::default()), (7, 2, Digest::of(b"a chit"))] {
        let chain = ChainId { side: Side::Foil, device: 1, epoch };
        let chit = Chit { chain, seq, prev_own, body: body.clone(), ..honest.chit.clone() }.sign(&thief);
        let told = vec![Message::Chits(Page::of(&[chit]).unwrap())];
        assert_eq!(refusals(&mut ana, &tally, told), [Refusal::WrongPlace]);
    }
    assert_eq!(ana.export(&tally).unwrap().chits, []);
    assert_eq!(refusals(&mut ana, &tally, begun(1, 7, &signed(&of_ben, Side::Foil))), []);
}

/// A proof that somebody else has found is kept as one's own are, if it proves anything.
#[test]
fn a_proof_that_is_told_is_kept() {
    let (mut ana, _, tally, _) = pair();
    let node = words("Ben").root().node_key(&tally.0);
    let word =
        |order: &[u8]| Box::new(Head { tally, view: 3, index: 7, hash: Digest::of(order) }.endorse(&node));
    let told = |ana: &mut Wallet, other: &[u8]| {
        let proof = Message::Proof(ForkProof::Orders(word(b"one"), word(other)));
        let refused = refusals(ana, &tally, vec![proof]).len();
        let kept = ana.attention().unwrap().into_iter().filter(|it| matches!(it, Attention::Proof(_)));
        (refused, kept.count())
    };
    assert_eq!(told(&mut ana, b"one"), (1, 0), "one order twice");
    assert_eq!(told(&mut ana, b"other"), (0, 1));
    audit(&mut ana);
}

/// Two chits prove something where both stand at one place of one chain, and differ.
#[test]
fn two_chits_prove_a_fork_where_they_contradict_each_other() {
    let (_, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    let signed = |wallet: &mut Wallet, units: i64| {
        pay(wallet, &tally, units).unwrap();
        Box::new(wallet.export(&tally).unwrap().chits.pop().unwrap().signed)
    };
    let (first, second, other) = (signed(&mut ben, 1), signed(&mut ben, 2), signed(&mut copy, 3));
    let mut forged = other.clone();
    forged.signature = Signature([9; 64]);
    let proves = |one: &SignedChit, other: &SignedChit| {
        ForkProof::Chits(Box::new(one.clone()), Box::new(other.clone())).check()
    };
    assert_eq!(proves(&first, &other), Ok(()));
    assert_eq!(proves(&first, &first), Err(ForkError::NoContradiction));
    assert_eq!(proves(&first, &second), Err(ForkError::NoContradiction));
    for (one, other) in [(&first, &forged), (&forged, &first)] {
        assert!(matches!(proves(one, other), Err(ForkError::Signature(_))));
    }
}

/// Ben's node says two things of one place. The second is refused, and both together are kept.
#[test]
fn two_words_for_one_place_are_proof() {
    let (mut ana, mut ben, tally, _) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    meet(&mut ana, &mut ben, &tally);
    let node = words("Ben").root().node_key(&tally.0);
    let word = |view: u64| {
        let head = Head { tally, view, index: 1, hash: Digest::of(b"another order") };
        vec![Message::Endorsement(head.endorse(&node))]
    };
    let proofs = |ana: &mut Wallet| {
        ana.attention().unwrap().into_iter().filter(|it| matches!(it, Attention::Proof(_))).count()
    };
    assert_eq!(refusals(&mut ana, &tally, word(9)), [], "in another view");
    assert_eq!(proofs(&mut ana), 0);
    assert_eq!(refusals(&mut ana, &tally, word(0)), [Refusal::OrderRewritten { index: 1 }]);
    assert_eq!(proofs(&mut ana), 1);
}

#[test]
fn raising_a_lowered_limit_does_not_bring_the_old_one_back() {
    let (mut ana, mut ben, tally, clock) = pair();
    ana.grant(&tally, terms(20)).unwrap();
    clock.pass(8 * 86_400);
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(20));
    ana.grant(&tally, terms(50)).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(50));
    assert_eq!(ana.tally(&tally).unwrap().granted, terms(50));
}

#[test]
fn the_notice_cannot_be_shortened_without_notice() {
    let (mut ana, mut ben, tally, clock) = pair();
    ana.grant(&tally, Terms { limit: chips(100), notice_days: 0 }).unwrap();
    ana.grant(&tally, Terms { limit: Units::ZERO, notice_days: 0 }).unwrap();
    clock.pass(60);
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ben.can_pay(&tally, Units::ZERO).unwrap().largest, chips(100));
    pay(&mut ben, &tally, 60).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(ana.tally(&tally).unwrap().outside_theirs, Units::ZERO);
    assert_equal_halves(&mut ana, &mut ben, &tally);
}

#[test]
fn an_invoice_is_paid_by_its_payer_on_its_tally_in_full() {
    let (mut ana, mut ben, tally, _) = pair();
    let ask = Ask { units: chips(12), valid_for: 3600, ..Ask::default() };
    let id = ana.ask(&tally, &ask).unwrap().invoice.id();
    meet(&mut ana, &mut ben, &tally);
    ana.pay(&tally, &Payment { units: chips(1), ..Payment::default() }).unwrap();
    ben.pay(&tally, &Payment { units: Units::new(1), invoice: Some(id), ..Payment::default() }).unwrap();
    meet(&mut ana, &mut ben, &tally);
    assert_eq!(
        ana.invoice(&id).unwrap().state,
        hazel_core::invoice::InvoiceState::Issued,
        "a crumb is no payment"
    );
    let again = ben.pay(&tally, &Payment { units: chips(12), invoice: Some(id), ..Payment::default() });
    assert_eq!(again.unwrap_err().code(), "invoice_over", "it was answered");
    assert_equal_halves(&mut ana, &mut ben, &tally);
    audit(&mut ana);
    audit(&mut ben);
}

#[test]
fn a_refusal_is_told_again_when_it_was_missed() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    offered(&mut ana, &mut ben, &tally);
    ben.refuse(&tally).unwrap();
    let _lost = ben.hand_over(&tally).unwrap().unwrap();
    assert!(ben.hand_over(&tally).unwrap().is_none());
    hand(&mut ana, &mut ben, &tally);
    hand(&mut ben, &mut ana, &tally).unwrap();
    assert_eq!(ana.tally(&tally).unwrap().state, hazel_core::negotiation::TallyState::Refused);
}

/// Two versions of a contract are told apart by what differs first, so that a person can be told what was altered.
#[test]
fn what_was_altered_in_a_contract_is_named() {
    let (mut ana, _, tally, _) = pair();
    let signed = ana.export(&tally).unwrap().contract.tally;
    assert_eq!(signed.difference(&signed), None);
    let alter = |change: fn(&mut Tally)| {
        let mut altered = signed.clone();
        change(&mut altered);
        assert_eq!(altered.difference(&signed), signed.difference(&altered));
        signed.difference(&altered)
    };
    assert_eq!(alter(|it| it.id = TallyId([9; 16])), Some("tally id"));
    assert_eq!(alter(|it| it.revision += 1), Some("revision"));
    assert_eq!(alter(|it| it.contract = Digest::of(b"another text")), Some("contract"));
    assert_eq!(alter(|it| it.denomination.push('!')), Some("denomination"));
    for side in Side::BOTH {
        let half = |change: fn(&mut Half)| {
            let mut altered = signed.clone();
            change(altered.halves.of_mut(side));
            signed.difference(&altered)
        };
        assert_eq!(half(|it| it.terms = terms(7)), Some("credit terms"));
        assert_eq!(half(|it| it.cert.name.push('!')), Some("keys or name of a party"));
    }
    assert_eq!(alter(|it| it.date += 1), Some("date"));
}

/// A copy of Ben's phone has paid with the same number as he, and Ana has given a receipt for that. For what he has paid there is none.
#[test]
fn a_receipt_for_a_copys_payment_is_none_for_mine() {
    let (mut ana, mut ben, tally, clock) = pair();
    let (_folder, mut copy) = copied(&ben, &clock);
    let theirs = pay(&mut copy, &tally, 3).unwrap();
    let mine = pay(&mut ben, &tally, 5).unwrap();
    assert_eq!((theirs.chain, theirs.seq), (mine.chain, mine.seq));
    let mut told = copy.outbox(&tally, Audience::Partner).unwrap();
    hand(&mut copy, &mut ana, &tally);
    told.retain(|message| matches!(message, Message::Chits(_)));
    told.extend(ana.outbox(&tally, Audience::Partner).unwrap());
    told.retain(|message| matches!(message, Message::Chits(_) | Message::Receipt(_)));
    ben.receive_messages(&tally, told).unwrap();
    assert_eq!(ben.went(&tally, &theirs), Ok(Went::Received(theirs)));
    assert_eq!(ben.went(&tally, &mine), Ok(Went::Signed(mine)));
}
