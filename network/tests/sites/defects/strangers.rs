//! Who has no say: strangers, forgers, and whoever alters what was signed.

use hazel_core::canon::Canon as _;
use hazel_core::chit::Body as ChitBody;
use hazel_core::claim::{Claim, Hosting};
use hazel_core::key::SecretKey;
use hazel_core::message::{Message, Page};
use hazel_core::order::{Certificate, Endorsement};
use hazel_core::tally::{Side, Terms};
use hazel_core::units::Units;
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::Input;

use super::{HalfOf as _, codes, contract, give, head, hosted, letters};
use crate::world::{Who, chips_of, pay, site_key, user_of};

#[test]
fn a_stranger_asking_about_anothers_tally_gets_nothing() {
    let mut world = hosted();
    let tally = world.tally;
    let question = Message::Have(world.ana.have(&tally).unwrap());
    let strangers = [
        Correspondent::User([9; 32]),
        Correspondent::Site(site_key("a stranger").public()),
        // A user of the other site is a stranger here.
        Correspondent::User(user_of(Who::Ben)),
    ];
    for stranger in strangers {
        let outputs = give(&mut world, 0, stranger, vec![question.clone()]);
        assert_eq!(letters(&outputs), 0, "{stranger:?}");
        assert_eq!(codes(&outputs), [""; 0], "not even a reason");
    }
    // Linked, but the half is somebody else's.
    world.sites[0].link_user([9; 32], "another user", 1).unwrap();
    let outputs = give(&mut world, 0, Correspondent::User([9; 32]), vec![question]);
    assert_eq!(letters(&outputs), 0);
}

#[test]
fn a_claim_by_whoever_is_not_the_party_is_refused() {
    let mut world = hosted();
    let (tally, site) = (world.tally, world.sites[0].key());
    world.sites[0].link_user([9; 32], "another user", 1).unwrap();
    let contract = Box::new(contract(&mut world));
    let hosting = |user| Hosting { tally, side: Side::Stock, site, user };
    let honest = world.ana.claim(&tally, &site, user_of(Who::Ana)).unwrap();
    let partner = world.ben.claim(&tally, &site, [9; 32]).unwrap();
    let forged = [
        // Somebody's own key; another's claim on one's own channel; the partner's claim on the half that is not its own.
        (hosting([9; 32]).sign(&SecretKey::from_seed(&[3; 32])), "unknown_device"),
        (honest, "out_of_place"),
        (Claim { hosting: hosting([9; 32]), ..partner }, "unknown_device"),
    ];
    for (claim, code) in forged {
        let body = Body::Claim { contract: contract.clone(), claim: Box::new(claim) };
        let bytes = Letter { tally, half: Side::Stock, body }.to_bytes();
        let from = Correspondent::User([9; 32]);
        let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
        assert_eq!(codes(&outputs), [code]);
    }
}

/// The envelope names the half that is not kept, the claim in it the one that is: it was opened twice, and the site called that a defect of its own.
#[test]
fn a_claim_on_another_half_than_its_letter_is_about_is_refused() {
    let mut world = hosted();
    let (tally, site) = (world.tally, world.sites[0].key());
    let contract = Box::new(contract(&mut world));
    let claim = Box::new(world.ana.claim(&tally, &site, user_of(Who::Ana)).unwrap());
    let bytes = Letter { tally, half: Side::Foil, body: Body::Claim { contract, claim } }.to_bytes();
    let from = Correspondent::User(user_of(Who::Ana));
    let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
    assert_eq!(codes(&outputs), ["out_of_place"]);
}

#[test]
fn an_open_with_altered_terms_or_keys_is_refused() {
    let mut world = hosted();
    let (tally, site) = (world.tally, world.sites[0].key());
    let honest = contract(&mut world);
    let mut terms = honest.clone();
    terms.tally.halves.stock.terms = Terms { limit: chips_of(1_000_000), notice_days: 7 };
    let mut keys = honest.clone();
    keys.tally.halves.foil.cert.party_key = SecretKey::from_seed(&[4; 32]).public();
    let mut unsigned = honest.clone();
    unsigned.signatures.foil = None;
    let claim = Box::new(world.ana.claim(&tally, &site, user_of(Who::Ana)).unwrap());
    for (altered, code) in [(terms, "bad_signature"), (keys, "bad_signature"), (unsigned, "unsigned")] {
        let body = Body::Claim { contract: Box::new(altered.clone()), claim: claim.clone() };
        let bytes = Letter { tally, half: Side::Stock, body }.to_bytes();
        let from = Correspondent::User(user_of(Who::Ana));
        let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
        assert_eq!(codes(&outputs), [code]);
        // The partner's site may not slip it in either.
        let from = Correspondent::Site(world.sites[1].key());
        if altered.tally != honest.tally {
            let outputs = give(&mut world, 0, from, vec![Message::Offer(Box::new(altered))]);
            assert_eq!(codes(&outputs), ["altered"]);
        }
    }
    assert_eq!(contract(&mut world), honest);
}

#[test]
fn no_chit_comes_in_without_its_signature() {
    let mut world = hosted();
    let tally = world.tally;
    let before = world.sites[0].store().chits_of(&tally, Side::Stock);
    pay(&mut world.ben, &tally, 1);
    let fresh = world.ben.to_site(&tally).unwrap();
    let Some(Message::Chits(page)) = fresh.iter().find(|message| matches!(message, Message::Chits(_))) else {
        panic!("a payment waits")
    };
    let honest = page.clone().unfold().remove(0);
    let mut larger = honest.clone();
    larger.chit.body = ChitBody::Pledge { units: Units::new(9_999_999), invoice: None, sealed: None };
    let mut forged = honest.clone();
    forged.signature.0[7] ^= 1;
    let other_key = honest.chit.sign(&SecretKey::from_seed(&[8; 32]));
    let from = Correspondent::Site(world.sites[1].key());
    for (chit, code) in [(larger, "bad_signature"), (forged, "bad_signature"), (other_key, "wrong_key")] {
        let page = Page::of(&[chit]).unwrap();
        let outputs = give(&mut world, 0, from, vec![Message::Chits(page)]);
        assert_eq!(codes(&outputs), [code]);
    }
    assert_eq!(world.sites[0].store().chits_of(&tally, Side::Stock), before, "nothing of it was kept");
}

#[test]
fn a_certificate_with_too_few_doubled_or_foreign_signatures_proves_nothing() {
    let mut world = hosted();
    let (tally, own) = (world.tally, world.sites[0].key());
    let view = world.ana.tally(&tally).unwrap();
    let head = head(&mut world);
    assert_eq!(head.hash, view.head);
    let word = |name: &str| {
        let Endorsement { key, signature, .. } = head.endorse(&site_key(name));
        (key, signature)
    };
    let (stock, foil, foreign) = (word("the stock's"), word("the foil's"), word("a stranger"));
    let mut broken = foil;
    broken.1.0[3] ^= 1;
    let forms = [
        vec![stock],
        vec![stock, stock],
        vec![stock, foreign],
        vec![stock, foil, foreign],
        vec![stock, broken],
        vec![],
    ];
    for words in forms {
        let certificate = Message::Certificate(Certificate { head, words });
        let outputs = give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), vec![certificate.clone()]);
        assert_eq!(codes(&outputs), ["bad_certificate"], "{certificate:?}");
        let told = world.ana.from_site(&tally, &own, vec![certificate]).unwrap();
        assert_eq!(told.delivery.rejected.len(), 1);
    }
    let honest = Message::Certificate(Certificate { head, words: vec![stock, foil] });
    assert_eq!(codes(&give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), vec![honest])), [""; 0]);
}
