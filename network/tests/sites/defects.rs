//! What the existing systems get wrong, each tried on a site here. It must fail to work.

use hazel_core::canon::Canon as _;
use hazel_core::chit::{Body as ChitBody, SignedChit, Variables};
use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_core::message::{Message, Page};
use hazel_core::order::{Certificate, Endorsement, Head};
use hazel_core::rows::Rows as _;
use hazel_core::tally::{Side, SignedTally, Terms};
use hazel_core::units::Units;
use hazel_network::letter::{Body, Correspondent, Letter};
use hazel_network::node::{Event, Input, Output};
use hazel_network::store::{SiteStore as _, SqliteStore};

use crate::world::{Who, World, chips_of, meet, memory, pay, site_key, user_of};

fn hosted() -> World<SqliteStore> {
    let mut world = World::new(vec![memory(), memory()]);
    world.host(Who::Ana);
    world.host(Who::Ben);
    let tally = world.tally;
    meet(&mut world.ana, &mut world.ben, &tally);
    pay(&mut world.ben, &tally, 5);
    world.uplink(Who::Ana);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
    world
}

fn say(world: &World<SqliteStore>, half: Side, messages: Vec<Message>) -> Vec<u8> {
    Letter::carrying(world.tally, half, true, messages).remove(0).to_bytes()
}

/// What a site does with a letter of messages from somebody.
fn give(
    world: &mut World<SqliteStore>,
    site: usize,
    from: Correspondent,
    messages: Vec<Message>,
) -> Vec<Output> {
    let half = if site == 0 { Side::Stock } else { Side::Foil };
    let bytes = say(world, half, messages);
    world.sites[site].batch(vec![Input::Letter { from, bytes }], 5)
}

fn codes(outputs: &[Output]) -> Vec<&'static str> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Event(Event::Refused { code, .. }) => Some(*code),
            _ => None,
        })
        .collect()
}

fn letters(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output, Output::Letter { .. })).count()
}

fn contract(world: &mut World<SqliteStore>) -> SignedTally {
    let tally = world.tally;
    world.sites[0].store().half_of(&tally)
}

trait HalfOf {
    fn half_of(&mut self, tally: &hazel_core::tally::TallyId) -> SignedTally;
    fn chits_of(&mut self, tally: &hazel_core::tally::TallyId, side: Side) -> Vec<SignedChit>;
}

impl HalfOf for SqliteStore {
    fn half_of(&mut self, tally: &hazel_core::tally::TallyId) -> SignedTally {
        let mut found = None;
        self.read(0, &mut |desk| {
            found = desk.half(tally, Side::Stock)?.map(|half| half.contract);
            Ok(())
        })
        .unwrap();
        found.unwrap()
    }

    fn chits_of(&mut self, tally: &hazel_core::tally::TallyId, side: Side) -> Vec<SignedChit> {
        let mut found = Vec::new();
        self.read(0, &mut |desk| {
            let half = desk.half(tally, side)?.unwrap();
            for chain in desk.chains(half.no)? {
                found.extend(
                    desk.chits(chain.no, chain.base, chain.seq, 100)?.into_iter().map(|chit| chit.entry),
                );
            }
            Ok(())
        })
        .unwrap();
        found
    }
}

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
    let hosting = |user| hazel_core::claim::Hosting { tally, side: Side::Stock, site, user };
    let honest = world.ana.claim(&tally, &site, user_of(Who::Ana)).unwrap();
    let partner = world.ben.claim(&tally, &site, [9; 32]).unwrap();
    let forged = [
        // Somebody's own key; another's claim on one's own channel; the partner's claim on the half that is not its own.
        (hosting([9; 32]).sign(&SecretKey::from_seed(&[3; 32])), "unknown_device"),
        (honest, "out_of_place"),
        (hazel_core::claim::Claim { hosting: hosting([9; 32]), ..partner }, "unknown_device"),
    ];
    for (claim, code) in forged {
        let body = Body::Claim { contract: contract.clone(), claim: Box::new(claim) };
        let bytes = Letter { tally, half: Side::Stock, body }.to_bytes();
        let from = Correspondent::User([9; 32]);
        let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
        assert_eq!(codes(&outputs), [code]);
    }
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
fn ten_follows_nine() {
    let mut world = hosted();
    let tally = world.tally;
    for _ in 0..12 {
        pay(&mut world.ben, &tally, 1);
        world.uplink(Who::Ben);
        world.carry();
    }
    world.assert_all_final();
    let seqs = |chits: &[SignedChit]| -> Vec<u64> {
        chits.iter().filter(|c| c.chit.chain.side == Side::Foil).map(|c| c.chit.seq).collect()
    };
    let held = world.sites[0].store().chits_of(&tally, Side::Stock);
    assert_eq!(seqs(&held), (1..=14).collect::<Vec<_>>());
    // And from nothing: a site that asks for everything gets it in that order.
    let nothing = hazel_core::message::Have {
        chains: Vec::new(),
        view: 0,
        index: 0,
        hash: contract(&mut world).tally.digest(),
        agreed: 0,
        ..world.ana.have(&tally).unwrap()
    };
    let from = Correspondent::Site(world.sites[1].key());
    let outputs = give(&mut world, 0, from, vec![Message::Have(nothing)]);
    let Some(Output::Letter { bytes, .. }) = outputs.first() else { panic!("an answer: {outputs:?}") };
    let Body::Messages { messages, .. } = Letter::from_bytes(bytes).unwrap().body else { panic!("messages") };
    let told: Vec<SignedChit> = messages
        .into_iter()
        .filter_map(|message| if let Message::Chits(page) = message { Some(page.unfold()) } else { None })
        .flatten()
        .collect();
    assert_eq!(seqs(&told), (1..=14).collect::<Vec<_>>());
}

#[test]
fn two_sites_with_different_clocks_keep_one_order() {
    let mut world = hosted();
    let tally = world.tally;
    pay(&mut world.ana, &tally, 1);
    pay(&mut world.ben, &tally, 1);
    world.now = 1;
    world.uplink(Who::Ana);
    world.now = 9_000_000_000;
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}

#[test]
fn a_setting_changes_its_own_half_only() {
    let mut world = hosted();
    let tally = world.tally;
    let mine = Variables { target: chips_of(3), bound: chips_of(9), reward: 5, clutch: 7 };
    world.ana.set_variables(&tally, mine).unwrap();
    world.uplink(Who::Ana);
    world.carry();
    world.assert_all_final();
    for (site, side) in [(0, Side::Stock), (1, Side::Foil)] {
        world.sites[site]
            .store()
            .read(0, &mut |desk| {
                let half = desk.half(&tally, side)?.unwrap();
                let book = desk.standing(half.no)?.book;
                assert_eq!(book.variables.stock, mine);
                assert_eq!(book.variables.foil, Variables::default());
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn whoever_was_refused_is_told_why() {
    let mut world = hosted();
    let tally = world.tally;
    let head = Head { tally, view: 1, index: 99, hash: Digest::of(b"x") };
    let word = Message::Endorsement(head.endorse(&site_key("a stranger")));
    let bytes = say(&world, Side::Stock, vec![word]);
    world.post(Who::Ana, Who::Site(0), bytes);
    world.carry();
    assert_eq!(world.refused, ["not_a_node"]);
}

#[test]
fn a_letter_longer_than_eight_thousand_bytes_leaves_and_arrives() {
    let mut world = hosted();
    let tally = world.tally;
    let memo = "a long word about what it was for ".repeat(6);
    for _ in 0..60 {
        let payment = hazel_core::wallet::Payment {
            units: Units::new(10),
            memo: memo.clone(),
            ..hazel_core::wallet::Payment::default()
        };
        world.ben.pay(&tally, &payment).unwrap();
    }
    let messages = world.ben.to_site(&tally).unwrap();
    assert!(say(&world, Side::Foil, messages).len() > 8_000);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}

#[test]
fn a_letter_has_one_form_of_bytes() {
    let mut world = hosted();
    let tally = world.tally;
    let honest = say(&world, Side::Stock, vec![Message::Have(world.ana.have(&tally).unwrap())]);
    // The same number in a longer form says the same, and is not the same.
    let mut longer = honest.clone();
    longer.splice(1..2, [0x18, 0x01]);
    let mut trailing = honest;
    trailing.push(0);
    for (bytes, code) in [(longer, "not_canonical"), (trailing, "trailing")] {
        let from = Correspondent::User(user_of(Who::Ana));
        let outputs = world.sites[0].batch(vec![Input::Letter { from, bytes }], 5);
        assert_eq!((codes(&outputs), letters(&outputs)), (vec![code], 0));
    }
    let from = Correspondent::User(user_of(Who::Ana));
    let huge = vec![0; hazel_network::letter::LETTER_MAX + 1];
    assert_eq!(codes(&world.sites[0].batch(vec![Input::Letter { from, bytes: huge }], 5)), ["too_long"]);
}

#[test]
fn an_invoice_counts_in_no_balance_on_its_way_through_the_sites() {
    let mut world = hosted();
    let tally = world.tally;
    let (balance, room) =
        (world.ben.balance(&tally).unwrap(), world.ben.can_pay(&tally, chips_of(95)).unwrap());
    let ask =
        hazel_core::wallet::Ask { units: chips_of(90), valid_for: 60, ..hazel_core::wallet::Ask::default() };
    world.ana.ask(&tally, &ask).unwrap();
    world.uplink(Who::Ana);
    world.carry();
    assert_eq!(world.ben.invoices(&tally).unwrap().len(), 1, "it has arrived");
    assert_eq!(world.ben.balance(&tally).unwrap(), balance);
    assert_eq!(
        world.ben.can_pay(&tally, chips_of(95)).unwrap(),
        room,
        "what is only asked for takes no room"
    );
    world.assert_all_final();
}

#[test]
fn a_certificate_with_too_few_doubled_or_foreign_signatures_proves_nothing() {
    let mut world = hosted();
    let tally = world.tally;
    let view = world.ana.tally(&tally).unwrap();
    let mut head = None;
    world.sites[0]
        .store()
        .read(0, &mut |desk| {
            let half = desk.half(&tally, Side::Stock)?.unwrap();
            head = Some(desk.standing(half.no)?.book.head);
            Ok(())
        })
        .unwrap();
    let head = head.unwrap();
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
        let told = world.ana.from_site(&tally, vec![certificate]).unwrap();
        assert_eq!(told.delivery.rejected.len(), 1);
    }
    let honest = Message::Certificate(Certificate { head, words: vec![stock, foil] });
    assert_eq!(codes(&give(&mut world, 0, Correspondent::User(user_of(Who::Ana)), vec![honest])), [""; 0]);
}

#[test]
fn a_partner_site_that_withholds_makes_nothing_final_and_loses_nothing() {
    let mut world = hosted();
    let tally = world.tally;
    pay(&mut world.ana, &tally, 2);
    world.uplink(Who::Ana);
    // Whatever is for the foil's site is dropped.
    for _ in 0..50 {
        let Some(parcel) = world.flying.pop_front() else { break };
        if parcel.to != Who::Site(1) {
            world.deliver(parcel);
        }
    }
    assert!(world.ana.speakers().unwrap()[0].pending, "one party's site alone makes nothing final");
    let status = world.sites[0].status().unwrap();
    assert_eq!(status.restless, 1, "and the operator sees that something waits");
    world.tick();
    world.carry();
    world.assert_all_final();
}

#[test]
fn a_partner_site_that_signs_two_orders_is_proven_a_liar() {
    let mut world = hosted();
    let tally = world.tally;
    let mut head = None;
    world.sites[0]
        .store()
        .read(0, &mut |desk| {
            let half = desk.half(&tally, Side::Stock)?.unwrap();
            head = Some(desk.standing(half.no)?.book.head);
            Ok(())
        })
        .unwrap();
    let lie = Head { hash: Digest::of(b"another order"), ..head.unwrap() };
    let word = lie.endorse(&site_key("the foil's"));
    let from = Correspondent::Site(world.sites[1].key());
    let outputs = give(&mut world, 0, from, vec![Message::Endorsement(word)]);
    assert_eq!(codes(&outputs), ["order_rewritten"]);
    assert!(outputs.contains(&Output::Event(Event::Forked(tally, Side::Stock))));
    world.sites[0]
        .store()
        .read(0, &mut |desk| {
            let half = desk.half(&tally, Side::Stock)?.unwrap();
            let proofs = desk.proofs(half.no)?;
            assert_eq!(proofs.len(), 1);
            proofs[0].check().unwrap();
            Ok(())
        })
        .unwrap();
    pay(&mut world.ben, &tally, 1);
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}

#[test]
fn what_waits_for_missing_chits_is_bounded() {
    let mut world = hosted();
    let tally = world.tally;
    let memo = "x".repeat(200);
    for _ in 0..400 {
        let payment = hazel_core::wallet::Payment {
            units: Units::new(1),
            memo: memo.clone(),
            ..hazel_core::wallet::Payment::default()
        };
        world.ben.pay(&tally, &payment).unwrap();
    }
    let mut chits = Vec::new();
    for message in world.ben.to_site(&tally).unwrap() {
        if let Message::Chits(page) = message {
            chits.extend(page.unfold());
        }
    }
    // Everything but the first, again and again in other cuts: all of it waits for that first one.
    let from = Correspondent::Site(world.sites[1].key());
    let mut refused = 0;
    for cut in 1..30 {
        let page = Page::of(&chits[cut..]).unwrap();
        refused += codes(&give(&mut world, 0, from, vec![Message::Chits(page)])).len();
    }
    assert!(refused > 10, "{refused} pages were sent away");
    // The first one comes, and everything is there at once.
    world.uplink(Who::Ben);
    world.carry();
    world.assert_all_final();
}

/// The operator's guide says of each defect which test it fails in. A name there that no test has would be an empty promise.
#[test]
fn every_test_that_the_guide_names_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let guide = std::fs::read_to_string(root.join("docs/site.md")).unwrap();
    let (_, table) = guide.split_once("## What others got wrong").unwrap();
    let mut sources = String::new();
    let mut folders: Vec<_> =
        ["network", "cli/tests", "tests/tests", "qr/tests"].map(|it| root.join(it)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let is_name = |it: &&str| it.matches('_').count() > 1 && !it.contains([' ', '=', '/']);
    let names: Vec<&str> = table.split('`').skip(1).step_by(2).filter(is_name).collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        // A long name may end in dots.
        let named = format!("fn {}", name.trim_end_matches('…'));
        assert!(sources.contains(&named), "{name} is no test");
    }
}
