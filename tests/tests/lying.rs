//! A partner who lies: the seal holds, the keys are right, and what is said is not. Nothing moves that the partner has not signed, every
//! lie has a name, what is said in return is bounded, and the honest phone of the same partner meets as ever afterwards.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a story that goes wrong should stop loudly"
)]

mod phones;

use std::collections::VecDeque;

use hazel_cli::meeting::{Acquaintance, Door, Meeting, session_entropy};
use hazel_core::chit::SignedChit;
use hazel_core::digest::Digest;
use hazel_core::letter::{LETTER_MAX, PARTED_MAX, letters};
use hazel_core::message::{Have, Message, Page};
use hazel_core::wallet::{Clock as _, WalletError};
use hazel_sync::Time;
use hazel_sync::carrier::memory::Weather;
use hazel_sync::session::{Carrier, Digest as Standing, Input, Outcome, Output};
use phones::{Seeded, World, chips, pay};

/// What an honest phone may say in return to one who lies.
const MOST_SAID: usize = 12;

/// A meeting in which Ana lied.
#[derive(Debug)]
struct Heard {
    /// Letters that Ben said.
    said: usize,
    /// What he did not let in.
    rejected: Vec<&'static str>,
    /// How it ended for him; none if his phone broke it off.
    outcome: Option<Outcome>,
    /// Why it did.
    trouble: Option<&'static str>,
}

/// Ana's phone meets Ben with its own keys, says these letters, and then that it stands where nobody does.
fn lie(world: &mut World, letters: Vec<Vec<u8>>) -> Heard {
    let World { ana, ben, tally, clock, .. } = world;
    let entropy = |name: &str| session_entropy(&mut Seeded::new(name));
    let known = Acquaintance::of(&ana.wallet, tally).unwrap();
    let mut liar = known.dial(Carrier::Memory, clock.now(), &entropy("the liar")).unwrap();
    let door = Door::to(&ben.wallet, &[*tally]).unwrap();
    liar.handle(Time(0), Input::LinkUp { mtu: 247, dialing: true }).unwrap();
    let mut letters = VecDeque::from(letters);
    let (mut talk, mut said, mut hung_up) = (None, 0, false);
    for now in (0..60_000).step_by(20).map(Time) {
        while letters.front().is_some_and(|letter| letter.len() <= liar.room()) {
            let _ = liar.handle(now, Input::Send(letters.pop_front().unwrap()));
        }
        if letters.is_empty() {
            let _ = liar.handle(now, Input::Settled(Standing([9; 8])));
        }
        liar.handle(now, Input::Tick).unwrap();
        let mut air = Vec::new();
        while let Some(output) = liar.poll() {
            match output {
                Output::Packet(packet) => air.push(packet),
                Output::Message(..) => said += 1,
                _ => {}
            }
        }
        for packet in air {
            let (session, _) = talk.get_or_insert_with(|| {
                let answered = door.answer(&packet, Carrier::Memory, clock.now(), &entropy("Ben")).unwrap();
                let (_, mut session) = answered.unwrap();
                session.handle(now, Input::LinkUp { mtu: 247, dialing: false }).unwrap();
                (session, Meeting::begin(&mut ben.wallet, tally).unwrap())
            });
            session.handle(now, Input::Packet(&packet)).unwrap();
        }
        let Some((session, meeting)) = &mut talk else { continue };
        session.handle(now, Input::Tick).unwrap();
        while let Some(output) = session.poll() {
            match output {
                Output::Packet(packet) => liar.handle(now, Input::Packet(&packet)).unwrap(),
                Output::HangUp => hung_up = true,
                output => meeting.hear(session, &mut ben.wallet, &mut |_, _| Ok(()), output, now),
            }
        }
        assert!(session.held() <= 256 * 1024);
        if hung_up {
            break;
        }
    }
    assert!(hung_up, "it ends");
    let ended = talk.unwrap().1.end(&mut ben.wallet);
    let trouble = ended.as_ref().err().map(WalletError::code);
    let report = ended.unwrap_or_default();
    let rejected = report.deliveries.iter().flat_map(|delivery| &delivery.rejected);
    let rejected = rejected.map(|it| it.refusal.code()).collect();
    Heard { said, rejected, outcome: report.end.map(|end| end.outcome), trouble }
}

/// Ana and Ben, three payments of hers that he has, and three that he does not have yet.
fn before() -> (World, Vec<SignedChit>) {
    let mut world = World::partners(31, Weather { delay: 5, ..Weather::default() });
    for round in 0..2 {
        for _ in 0..3 {
            pay(&mut world.ana.wallet, &world.tally, 1, 0);
        }
        if round == 0 {
            world.meet(true);
            world.assert_in_sync("before");
        }
    }
    let chits = world.ana.wallet.export(&world.tally).unwrap().chits;
    (world, chits.into_iter().map(|chit| chit.signed).collect())
}

/// Ben has what he had, and nothing is wrong with his file; the honest Ana meets him, and both agree.
fn assert_unharmed(mut world: World, heard: &Heard, told: &str) {
    assert!(heard.said <= MOST_SAID, "{told}: {} letters in return", heard.said);
    assert_ne!(heard.outcome, Some(Outcome::InSync), "{told}");
    let tally = world.tally;
    assert_eq!(world.ben.wallet.balance(&tally).unwrap(), chips(3), "{told}: nothing has moved");
    assert_eq!(world.ben.wallet.audit(&mut |_| true).unwrap().findings, [], "{told}");
    // What he was told of her memory may have to be unlearned first.
    for _ in 0..2 {
        world.meet(true);
    }
    world.assert_in_sync(told);
    assert_eq!(world.ben.wallet.balance(&tally).unwrap(), chips(6), "{told}");
}

fn one(message: Message) -> Vec<Vec<u8>> {
    letters(&[message])
}

/// What is said of a summary, and what makes it so.
type Lie = (&'static str, fn(&mut Have));

#[test]
fn a_false_summary_moves_nothing() {
    let lies: [Lie; 6] = [
        ("nothing is held", |have| (have.chains, have.index, have.agreed) = (vec![], 0, 0)),
        ("more is held than was ever signed", |have| {
            have.chains.iter_mut().for_each(|chain| chain.1 = 1 << 40);
        }),
        ("other chits are held", |have| {
            have.chains.iter_mut().for_each(|chain| chain.2 = Digest([7; 32]));
        }),
        ("the order goes further", |have| (have.index, have.agreed) = (1 << 40, 1 << 40)),
        ("another order", |have| have.hash = Digest([7; 32])),
        ("a contract that nobody signed", |have| have.contract = Digest([7; 32])),
    ];
    for (told, change) in lies {
        let (mut world, _) = before();
        let mut have = world.ana.wallet.have(&world.tally).unwrap();
        change(&mut have);
        let heard = lie(&mut world, one(Message::Have(have)));
        assert_eq!(heard.trouble, None, "{told}");
        assert_unharmed(world, &heard, told);
    }
}

#[test]
fn a_summary_said_a_thousand_times_is_not_answered_a_thousand_times() {
    let (mut world, _) = before();
    let mut have = world.ana.wallet.have(&world.tally).unwrap();
    have.chains.clear();
    let heard = lie(&mut world, vec![letters(&[Message::Have(have)]).remove(0); 1_000]);
    assert_unharmed(world, &heard, "a flood of summaries");
}

#[test]
fn what_is_withheld_makes_the_rest_wait() {
    let (mut world, chits) = before();
    let page = Page::of(&chits[4..]).unwrap();
    let heard = lie(&mut world, one(Message::Chits(page)));
    assert_eq!((heard.trouble, heard.rejected.len()), (None, 0));
    assert!(
        world.ben.wallet.unsettled(&world.tally).unwrap().waiting > 0,
        "and it is known that something is missing"
    );
    assert_unharmed(world, &heard, "the fourth of six withheld");
}

#[test]
fn chits_and_summaries_of_another_tally_are_refused() {
    let (mut world, _) = before();
    let mut other = World::partners(32, Weather::default());
    pay(&mut other.ana.wallet, &other.tally, 50, 0);
    let chits: Vec<_> = other.ana.wallet.export(&other.tally).unwrap().chits;
    let chits: Vec<_> = chits.into_iter().map(|chit| chit.signed).collect();
    let page = Page::of(&chits).unwrap();
    let have = other.ana.wallet.have(&other.tally).unwrap();
    // Under its own name, and under the name of the tally that the meeting is about.
    let renamed = Page { tally: world.tally, ..page.clone() };
    let said = [Message::Chits(page), Message::Have(have), Message::Chits(renamed)];
    let heard = lie(&mut world, letters(&said));
    assert_eq!(heard.trouble, None);
    assert_eq!(heard.rejected, ["other_tally", "other_tally", "wrong_key"]);
    assert_unharmed(world, &heard, "another tally");
}

/// Counts and lengths that would take memory if they were believed.
#[test]
fn huge_claims_end_the_meeting_and_hold_nothing() {
    // A letter of version 1 whose one message is a page that claims 2^32 chits; a message in parts of 2^40 bytes, and one just too long.
    let page = [&[0x82, 0x01, 0x81, 0x83, 0x01, 0x02, 0x86][..], &[0x9a, 0xff, 0xff, 0xff, 0xff]].concat();
    let parted = |total: u64| {
        let total = total.to_be_bytes();
        [&[0x84, 0x01, 0x1b][..], &total, &[0x00, 0x59, 0x10, 0x00], &[7; 4096]].concat()
    };
    let too_long = parted(u64::try_from(PARTED_MAX).unwrap() + 1);
    for letter in [page, parted(1 << 40), too_long] {
        let (mut world, _) = before();
        let heard = lie(&mut world, vec![letter]);
        assert!(heard.trouble.is_some(), "{heard:?}");
        assert_unharmed(world, &heard, "a huge claim");
    }
    // One that keeps its word so far, and never ends: what has come of it is let go with the meeting.
    let (mut world, _) = before();
    let first =
        [&[0x84, 0x01, 0x1a, 0x00, 0x10, 0x00, 0x00, 0x00, 0x59, 0x80, 0x00][..], &[7; 0x8000]].concat();
    assert!(first.len() < LETTER_MAX);
    let heard = lie(&mut world, vec![first]);
    assert_unharmed(world, &heard, "a message that never ends");
}

#[test]
fn a_letter_of_a_newer_version_is_named_so() {
    let (mut world, _) = before();
    let heard = lie(&mut world, vec![vec![0x82, 0x02, 0x80]]);
    assert_eq!(heard.trouble, Some("newer"), "{heard:?}");
    assert_unharmed(world, &heard, "a newer letter");
}
