//! Chits with no right to their place: other tallies, other halves, other keys, replays, gaps, forks, epochs without leave.

use hazel_core::admit::grant_digest;
use hazel_core::chit::{Body, ChainId, Chit, DeviceAct, SignedChit};
use hazel_core::digest::{Digest, Statement};
use hazel_core::key::{PublicKey, SecretKey, Signature};
use hazel_core::tally::{Grant, Side};

use super::{Attempt, fails, passes, wrong_signatures};
use crate::curve;
use crate::door::{Ground, text};
use crate::fault::Fault;
use crate::honest::{ELSEWHERE, Pair, Person, TALLY, plain};
use crate::vectors::hex;

pub(super) fn attempts(pair: &Pair) -> Option<Vec<Attempt>> {
    let mut all = chits(pair)?;
    all.extend(epochs(pair));
    Some(all)
}

fn chit_ground(person: &Person) -> Ground {
    Ground {
        tally: Some(text(&TALLY)),
        party_key: Some(hex(&person.party().public().0)),
        promised: Some(hex(&person.grant().first_key.0)),
        ..Ground::default()
    }
}

fn chits(pair: &Pair) -> Option<Vec<Attempt>> {
    let foil = &pair.foil;
    let (ground, wrong_key) = (chit_ground(foil), wrong_chit_key());
    let mut all = Vec::new();
    for body in pair.bodies()? {
        let it = foil.chit(body);
        let kind = it.chit.body.kind();
        all.push(passes(format!("first of its chain: {kind}"), &it, &ground, "new"));
        let elsewhere = Ground { tally: Some(text(&ELSEWHERE)), ..ground.clone() };
        all.push(fails(
            "other_tally",
            format!("{kind} of another tally"),
            &it,
            &elsewhere,
            Fault::other_tally("chit"),
        ));
        let held = Ground { here: vec![text(&it)], ..ground.clone() };
        all.push(passes(format!("replayed: {kind}"), &it, &held, "known"));
        let altered = SignedChit { signature: Signature(curve::flipped(&it.signature.0, 3)), ..it.clone() };
        all.push(fails(
            "altered",
            format!("{kind} with an altered signature"),
            &altered,
            &ground,
            Fault::bad_signature("chit"),
        ));
        let mut later = it;
        later.chit.date = later.chit.date.saturating_add(1);
        all.push(fails(
            "altered",
            format!("{kind} with an altered date"),
            &later,
            &ground,
            Fault::bad_signature("chit"),
        ));
    }
    let row = foil.chits(&[plain(1), plain(2), plain(3)]);
    let [first, second, third] = row.as_slice() else { return None };
    let after = |chit: &SignedChit| Ground { promised: Some(hex(&chit.chit.next_key.0)), ..ground.clone() };
    let gap = Ground { promised: None, ..ground.clone() };
    all.push(passes("second after first", second, &after(first), "new"));
    all.push(passes("second without first", second, &gap, "gap"));
    all.push(passes("third without second", third, &gap, "gap"));
    all.push(fails("gap", "third in the second's place", third, &after(first), wrong_key.clone()));
    all.push(fails("gap", "second in the first's place", second, &ground, wrong_key.clone()));
    let forked = |it: &SignedChit| Ground { here: vec![text(it)], ..ground.clone() };
    let other = foil.chit(plain(99));
    all.push(passes("another first with the same key", &other, &forked(first), "fork"));
    let broken = SignedChit { signature: first.signature, ..other.clone() };
    all.push(fails(
        "fork",
        "another first with the first's signature",
        &broken,
        &forked(first),
        Fault::bad_signature("chit"),
    ));
    let both = Ground { here: vec![text(first), text(&other)], ..ground.clone() };
    all.push(passes("a third branch", &foil.chit(plain(7)), &both, "fork"));
    all.push(passes("the second branch again", &other, &both, "known"));
    // The ground is the stock's, so the promise is another.
    all.push(fails(
        "other_side",
        "a chit of the foil in the stock's chain",
        first,
        &chit_ground(&pair.stock),
        wrong_key.clone(),
    ));
    let mine = Chit { chain: pair.stock.chain(), ..first.chit.clone() };
    let forged = mine.sign(&foil.first.key());
    all.push(fails(
        "other_side",
        "the foil signs for the stock",
        &forged,
        &chit_ground(&pair.stock),
        wrong_key.clone(),
    ));
    let stolen = first.chit.clone().sign(&foil.device);
    all.push(fails("wrong_key", "signed with the device's key", &stolen, &ground, wrong_key.clone()));
    let reused = second.chit.clone().sign(&foil.first.key());
    all.push(fails("wrong_key", "the second signed with the first's key", &reused, &after(first), wrong_key));
    let unsigned = SignedChit { signature: first.signature, ..second.clone() };
    all.push(fails("altered", "not signed, before a gap", &unsigned, &gap, Fault::bad_signature("chit")));
    all.extend(misplaced(first, second, &ground));
    let hash = first.chit.hash();
    for (class, name, signature) in wrong_signatures(Statement::Chit, &foil.first.key(), &hash) {
        let it = SignedChit { signature, ..first.clone() };
        all.push(fails(class, name, &it, &ground, Fault::bad_signature("chit")));
    }
    for (name, key) in curve::weak_keys().into_iter().step_by(4) {
        let key = PublicKey(key);
        let it = SignedChit { key, ..first.clone() };
        let promised = Ground { promised: Some(hex(&key.digest().0)), ..ground.clone() };
        all.push(fails("weak_key", format!("promised: {name}"), &it, &promised, Fault::weak_signer("chit")));
    }
    Some(all)
}

fn wrong_chit_key() -> Fault {
    Fault::new("wrong_key", "the chit is not signed with the key that the one before it promised")
}

fn wrong_place() -> Fault {
    Fault::new("wrong_place", "the chit claims a place in its chain that it cannot have")
}

fn misplaced(first: &SignedChit, second: &SignedChit, ground: &Ground) -> Vec<Attempt> {
    let (mut late, mut early) = (first.clone(), second.clone());
    late.chit.prev_own = first.chit.hash();
    early.chit.prev_own = Digest::default();
    let mut top = early.clone();
    top.chit.seq = u32::MAX.into();
    [
        ("first with one before it", late),
        ("second with none before it", early),
        ("last with none before it", top),
    ]
    .map(|(name, it)| fails("wrong_place", name, &it, ground, wrong_place()))
    .into()
}

fn epochs(pair: &Pair) -> Vec<Attempt> {
    let foil = &pair.foil;
    let ground = Ground { promised: None, ..chit_ground(foil) };
    let leave = Grant { epoch: 1, ..foil.grant() };
    let chit = |grant: &Grant, by_party, epoch, device| {
        let body = Body::Device(DeviceAct::Epoch { grant: *grant, by_party });
        let chain = ChainId { side: Side::Foil, device, epoch };
        Chit { chain, ..foil.chit(body).chit }
    };
    let word = |key: &SecretKey, tally, side, grant: &Grant| {
        key.sign(Statement::Grant, &grant_digest(&tally, side, grant))
    };
    let party = foil.party();
    let good = word(&party, TALLY, Side::Foil, &leave);
    let key = foil.first.key();
    let bad = || Fault::bad_signature("grant of a new epoch");
    let mut second = chit(&leave, good, 1, 1);
    (second.seq, second.prev_own) = (2, Digest::of(b"before"));
    let mut all = vec![
        passes("a restored device", &chit(&leave, good, 1, 1).sign(&key), &ground, "new"),
        fails(
            "wrong_place",
            "leave for another epoch",
            &chit(&leave, good, 2, 1).sign(&key),
            &ground,
            wrong_place(),
        ),
        fails(
            "wrong_place",
            "leave for another device",
            &chit(&leave, good, 1, 2).sign(&key),
            &ground,
            wrong_place(),
        ),
        fails("wrong_place", "an epoch that begins at two", &second.sign(&key), &ground, wrong_place()),
        fails(
            "wrong_key",
            "with another key than its leave",
            &chit(&leave, good, 1, 1).sign(&foil.device),
            &ground,
            wrong_chit_key(),
        ),
    ];
    let widened = Grant { device_key: pair.stock.device.public(), ..leave };
    let attempts = [
        ("leave by the partner", leave, word(&pair.stock.party(), TALLY, Side::Foil, &leave)),
        ("leave by the device itself", leave, word(&foil.device, TALLY, Side::Foil, &leave)),
        ("leave of another tally", leave, word(&party, ELSEWHERE, Side::Foil, &leave)),
        ("leave for the other half", leave, word(&party, TALLY, Side::Stock, &leave)),
        (
            "leave signed as a contract",
            leave,
            party.sign(Statement::Tally, &grant_digest(&TALLY, Side::Foil, &leave)),
        ),
        ("another device key than was signed", widened, good),
        ("no signature", leave, Signature([0; 64])),
    ];
    for (name, grant, by_party) in attempts {
        all.push(fails("epoch", name, &chit(&grant, by_party, 1, 1).sign(&key), &ground, bad()));
    }
    all
}
