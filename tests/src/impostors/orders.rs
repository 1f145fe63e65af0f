//! Endorsements by nobody, certificates that count wrong, proofs that prove nothing.

use hazel_core::canon::Canon;
use hazel_core::chit::{ChainId, Chit, SignedChit};
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::{PublicKey, SecretKey};
use hazel_core::order::{Certificate, Endorsement, ForkProof, Head, NodeSets};
use hazel_core::tally::{Halves, Side};

use super::{Attempt, fails, passes, wrong_signatures};
use crate::door::{Ground, text};
use crate::fault::Fault;
use crate::honest::{ELSEWHERE, Pair, Person, TALLY, plain};
use crate::vectors::hex;

pub(super) fn attempts(pair: &Pair) -> Option<Vec<Attempt>> {
    let mut all = endorsements(pair);
    all.extend(certificates(pair)?);
    all.extend(proofs(pair)?);
    Some(all)
}

fn node_ground(nodes: &NodeSets) -> Ground {
    let list = |keys: &[PublicKey]| keys.iter().map(|key| hex(&key.0)).collect();
    Ground {
        tally: Some(text(&TALLY)),
        stock_nodes: list(&nodes.stock),
        foil_nodes: list(&nodes.foil),
        ..Ground::default()
    }
}

fn endorsements(pair: &Pair) -> Vec<Attempt> {
    let (ground, it) = (node_ground(&pair.nodes()), pair.endorsement());
    let elsewhere = Ground { tally: Some(text(&ELSEWHERE)), ..ground.clone() };
    let nobody = || Fault::new("not_a_node", "the order is endorsed by a key that speaks for neither party");
    let mut all = vec![
        passes("the foil's word", &it, &ground, "good"),
        passes("the stock's word", &pair.head().endorse(&pair.stock.node()), &ground, "good"),
        fails("other_tally", "of another tally", &it, &elsewhere, Fault::other_tally("endorsement")),
    ];
    let strangers = [
        ("party key", pair.foil.party()),
        ("device key", pair.foil.device.clone()),
        ("stranger", Person::new(Side::Foil, 9).node()),
    ];
    for (name, key) in strangers {
        all.push(fails(
            "not_a_node",
            format!("by the {name}"),
            &pair.head().endorse(&key),
            &ground,
            nobody(),
        ));
    }
    let body = Digest::of(&it.head.to_bytes());
    for (class, name, signature) in wrong_signatures(Statement::Endorsement, &pair.foil.node(), &body) {
        let forged = Endorsement { signature, ..it };
        all.push(fails(class, name, &forged, &ground, Fault::bad_signature("endorsement")));
    }
    for (name, head) in [
        ("another view", Head { view: 1, ..it.head }),
        ("another index", Head { index: 2, ..it.head }),
        ("another hash", Head { hash: Digest::of(b"other"), ..it.head }),
    ] {
        all.push(fails(
            "altered",
            name,
            &Endorsement { head, ..it },
            &ground,
            Fault::bad_signature("endorsement"),
        ));
    }
    all
}

fn certificates(pair: &Pair) -> Option<Vec<Attempt>> {
    let node = |side, number| Person::new(side, number).node();
    let cluster = |side, from: u8| -> Vec<SecretKey> {
        (from..from.saturating_add(3)).map(|n| node(side, n)).collect()
    };
    let (stock, foil) = (cluster(Side::Stock, 10), cluster(Side::Foil, 20));
    let publics = |keys: &[SecretKey]| keys.iter().map(SecretKey::public).collect::<Vec<_>>();
    let nodes = Halves { stock: publics(&stock), foil: publics(&foil) };
    let ground = node_ground(&nodes);
    let (head, first) = (pair.head(), stock.first()?);
    let of = |keys: &[&SecretKey]| {
        let words = keys.iter().map(|key| head.endorse(key)).map(|it| (it.key, it.signature)).collect();
        Certificate { head, words }
    };
    let pick = |stocks: usize, foils: usize| {
        of(&stock.iter().take(stocks).chain(foil.iter().take(foils)).collect::<Vec<_>>())
    };
    let few = |side| {
        Fault::new("bad_certificate", format!("the certificate lacks a majority of the {side}'s nodes"))
    };
    let one = |count| Fault::new("bad_certificate", format!("the certificate counts {count}"));
    let mut all = vec![passes("two phones", &pair.certificate(), &node_ground(&pair.nodes()), "good")];
    for (stocks, foils) in [(2, 2), (3, 2), (2, 3), (3, 3)] {
        all.push(passes(format!("{stocks} and {foils} of three"), &pick(stocks, foils), &ground, "good"));
    }
    for (stocks, foils, lacking) in [
        (0, 0, Side::Stock),
        (0, 3, Side::Stock),
        (1, 3, Side::Stock),
        (1, 1, Side::Stock),
        (3, 0, Side::Foil),
        (3, 1, Side::Foil),
        (2, 1, Side::Foil),
    ] {
        all.push(fails(
            "too_few",
            format!("{stocks} and {foils} of three"),
            &pick(stocks, foils),
            &ground,
            few(lacking),
        ));
    }
    let mut doubled = pick(2, 1);
    doubled.words.extend_from_within(2..);
    all.push(fails("doubled", "one node of the foil twice", &doubled, &ground, one("one node twice")));
    let foreign = node(Side::Stock, 30);
    let with_stranger = of(&stock.iter().chain(&foil).chain([&foreign]).collect::<Vec<_>>());
    all.push(fails(
        "not_a_node",
        "a stranger among them",
        &with_stranger,
        &ground,
        one("a node of neither party"),
    ));
    let site = Halves { stock: vec![first.public()], foil: vec![first.public()] };
    all.push(passes("one site for both", &of(&[first]), &node_ground(&site), "good"));
    let four: Vec<_> = stock.iter().chain([&foreign]).cloned().collect();
    let even = Halves { stock: publics(&four), foil: publics(&foil) };
    all.push(fails("too_few", "two of four", &pick(2, 3), &node_ground(&even), few(Side::Stock)));
    let elsewhere = Ground { tally: Some(text(&ELSEWHERE)), ..ground.clone() };
    all.push(fails(
        "other_tally",
        "of another tally",
        &pick(2, 2),
        &elsewhere,
        Fault::other_tally("certificate"),
    ));
    let body = Digest::of(&head.to_bytes());
    let held = || Fault::new("bad_certificate", "a signature in the certificate does not hold");
    for (class, name, signature) in wrong_signatures(Statement::Endorsement, first, &body) {
        let mut it = pick(2, 2);
        it.words.first_mut()?.1 = signature;
        all.push(fails(class, name, &it, &ground, held()));
    }
    let mut other = pick(3, 3);
    other.head.index = 2;
    all.push(fails("altered", "another index", &other, &ground, held()));
    Some(all)
}

fn proofs(pair: &Pair) -> Option<Vec<Attempt>> {
    let ground = Ground { tally: Some(text(&TALLY)), ..Ground::default() };
    let elsewhere = Ground { tally: Some(text(&ELSEWHERE)), ..Ground::default() };
    let nothing = || Fault::new("bad_proof", "the two statements do not contradict each other");
    let unsigned = || Fault::new("bad_proof", "one of the two signatures does not hold");
    let mut all = Vec::new();
    for proof in [pair.forked_chain(), pair.forked_order()] {
        all.push(passes("two statements of one key", &proof, &ground, "good"));
        all.push(fails(
            "other_tally",
            "of another tally",
            &proof,
            &elsewhere,
            Fault::other_tally("fork proof"),
        ));
    }
    let chits = |one: &SignedChit, other: &SignedChit| {
        ForkProof::Chits(Box::new(one.clone()), Box::new(other.clone()))
    };
    let row = pair.foil.chits(&[plain(1), plain(2)]);
    let (one, other) = (pair.foil.chit(plain(1)), pair.foil.chit(plain(2)));
    let forged = SignedChit { signature: one.signature, ..other.clone() };
    all.push(fails("no_contradiction", "the same chit twice", &chits(&one, &one), &ground, nothing()));
    let signed_again = SignedChit { signature: other.signature, ..one.clone() };
    all.push(fails(
        "no_contradiction",
        "one chit, two signatures",
        &chits(&one, &signed_again),
        &ground,
        nothing(),
    ));
    all.push(fails("no_contradiction", "two places", &chits(row.first()?, row.last()?), &ground, nothing()));
    let foreign = other.chit.clone().sign(&pair.stock.device);
    all.push(fails("no_contradiction", "two keys", &chits(&one, &foreign), &ground, nothing()));
    let moved = Chit { tally: ELSEWHERE, ..other.chit.clone() }.sign(&pair.foil.first.key());
    all.push(fails("no_contradiction", "two tallies", &chits(&one, &moved), &ground, nothing()));
    let epoch =
        Chit { chain: ChainId { epoch: 1, ..other.chit.chain }, ..other.chit }.sign(&pair.foil.first.key());
    all.push(fails("no_contradiction", "two epochs", &chits(&one, &epoch), &ground, nothing()));
    all.push(fails("altered", "the second not signed", &chits(&one, &forged), &ground, unsigned()));
    all.push(fails("altered", "the first not signed", &chits(&forged, &one), &ground, unsigned()));
    let orders = |one: Endorsement, other: Endorsement| ForkProof::Orders(Box::new(one), Box::new(other));
    let (head, node) = (pair.head(), pair.foil.node());
    let rival = Head { hash: Digest::of(b"other"), ..head };
    let word = head.endorse(&node);
    for (name, second) in [
        ("the same order twice", word),
        ("two indexes", Head { index: 2, ..rival }.endorse(&node)),
        ("two views", Head { view: 1, ..rival }.endorse(&node)),
        ("two nodes", rival.endorse(&pair.stock.node())),
        ("two tallies of one node", Head { tally: ELSEWHERE, ..rival }.endorse(&node)),
    ] {
        all.push(fails("no_contradiction", name, &orders(word, second), &ground, nothing()));
    }
    for (class, name, signature) in
        wrong_signatures(Statement::Endorsement, &node, &Digest::of(&rival.to_bytes()))
    {
        let second = Endorsement { head: rival, key: node.public(), signature };
        all.push(fails(class, name, &orders(word, second), &ground, unsigned()));
    }
    Some(all)
}
