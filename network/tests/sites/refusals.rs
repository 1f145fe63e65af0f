//! What a site takes from its own user for a half, and what it refuses by name because it does not belong there.

use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_core::message::Message;
use hazel_core::order::{ForkProof, Head};
use hazel_core::tally::{Side, SignedTally, Tally};
use hazel_core::wallet::Audience;
use hazel_network::letter::Letter;

use crate::world::{Who, World, clock, memory, open_tally, pay, wallet};

#[test]
fn what_does_not_belong_to_a_half_is_refused_by_name() {
    let mut world = World::settled(vec![memory()]);
    let (tally, mut stranger) = (world.tally, wallet("Stranger", &clock()));
    let contract = world.ben.export(&tally).unwrap().contract;
    let altered =
        SignedTally::draft(Tally { contract: Digest::of(b"other words"), ..contract.tally.clone() });
    let other = open_tally(&mut stranger, &mut world.ben);
    pay(&mut world.ben, &other, 1);
    let mut of_other = world.ben.outbox(&other, Audience::Partner).unwrap();
    of_other.retain(|message| matches!(message, Message::Chits(_)));
    let head = |hash: &[u8]| Head { tally, view: 0, index: 1, hash: Digest::of(hash) };
    let two_words =
        [b"one", b"two"].map(|hash| Box::new(head(hash).endorse(&SecretKey::from_seed(&[9; 32]))));
    let [one, two] = two_words;
    let said = [
        (Message::Offer(Box::new(contract)), None),
        (Message::Proof(ForkProof::Orders(one, two)), None),
        (Message::Offer(Box::new(altered)), Some("altered")),
        (Message::Refuse { tally, version: Digest::default() }, Some("out_of_place")),
        (Message::Have(world.ben.have(&other).unwrap()), Some("other_tally")),
        (of_other.remove(0), Some("other_tally")),
    ];
    for (message, refused) in said {
        let told = format!("{message:?}");
        for letter in Letter::carrying(tally, Side::Foil, false, vec![message]) {
            world.post(Who::Ben, Who::Site(0), hazel_core::canon::Canon::to_bytes(&letter));
        }
        world.carry();
        let codes: Vec<_> = world.refused.drain(..).collect();
        assert_eq!(codes.iter().map(String::as_str).collect::<Vec<_>>(), Vec::from_iter(refused), "{told}");
    }
    world.assert_all_final();
}
