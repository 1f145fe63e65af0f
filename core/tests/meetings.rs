//! What two wallets say when they meet, carried by nobody in particular.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a story that goes wrong should stop loudly"
)]

mod story;

use hazel_core::letter::{LETTER_MAX, Letterbox, letters};
use hazel_core::message::{Have, Message};
use hazel_core::negotiation::{By, TallyState};
use hazel_core::store::Begun;
use hazel_core::tally::{Side, TallyId};
use hazel_core::wallet::{Audience, Custody, Filter, Unsettled, Wallet};
use story::*;

/// Letters both ways until nobody says more, or until the one of that number is lost and with it the meeting.
/// Returns how many arrived.
fn talk(
    one: &mut Wallet,
    other: &mut Wallet,
    tally: &TallyId,
    introduction: Option<&[u8; 32]>,
    lost: Option<usize>,
) -> usize {
    let mut talks = [one.begin_meeting(tally).unwrap(), other.begin_meeting(tally).unwrap()];
    let (mut arrived, mut quiet, mut turn) = (0, 0, 0);
    let mut cut = false;
    while quiet < 2 && !cut {
        let (speaker, hearer) = if turn == 0 { (&mut *one, &mut *other) } else { (&mut *other, &mut *one) };
        let letters = speaker.say(&mut talks[turn]).unwrap();
        quiet = if letters.is_empty() { quiet + 1 } else { 0 };
        for letter in letters {
            assert!(letter.len() <= LETTER_MAX);
            if lost == Some(arrived) {
                cut = true;
                break;
            }
            let heard = hearer.hear(&mut talks[1 - turn], introduction, &letter).unwrap();
            assert!(heard.is_none_or(|delivery| delivery.rejected.is_empty()));
            arrived += 1;
            assert!(arrived < 200, "the two never come to rest");
        }
        turn = 1 - turn;
    }
    let same = !cut && one.stands_at(tally).unwrap() == other.stands_at(tally).unwrap();
    one.end_meeting(&talks[0], same).unwrap();
    other.end_meeting(&talks[1], same).unwrap();
    arrived
}

fn assert_settled(one: &mut Wallet, other: &mut Wallet, tally: &TallyId) {
    assert_eq!(one.stands_at(tally).unwrap(), other.stands_at(tally).unwrap());
    for wallet in [&*one, &*other] {
        assert!(wallet.unsettled(tally).unwrap().is_nothing());
    }
    assert_equal_halves(one, other, tally);
}

#[test]
fn a_payment_takes_three_letters_and_the_next_meeting_none() {
    let (mut ana, mut ben, tally, _clock) = pair();
    talk(&mut ana, &mut ben, &tally, None, None);
    assert_settled(&mut ana, &mut ben, &tally);
    assert_eq!(talk(&mut ana, &mut ben, &tally, None, None), 0);
    pay(&mut ana, &tally, 5).unwrap();
    let open = ana.unsettled(&tally).unwrap();
    assert_eq!(open, Unsettled { unheld: 1, unordered: 1, ..Unsettled::default() });
    assert!(!open.is_nothing());
    assert_ne!(ana.stands_at(&tally).unwrap(), ben.stands_at(&tally).unwrap());
    assert_eq!(talk(&mut ana, &mut ben, &tally, None, None), 3);
    assert_settled(&mut ana, &mut ben, &tally);
    assert_eq!(talk(&mut ben, &mut ana, &tally, None, None), 0);
}

/// Before there is a contract two phones stand at the same place when both know the same offers, or that there will be none.
#[test]
fn two_who_negotiate_stand_together_when_both_know_what_is_offered() {
    let (mut ana, mut ben, _clock) = people();
    let tally = introduce(&mut ana, &mut ben);
    let together =
        |ana: &Wallet, ben: &Wallet| ana.stands_at(&tally).unwrap() == ben.stands_at(&tally).unwrap();
    assert!(!together(&ana, &ben), "asked, and not heard");
    hand(&mut ben, &mut ana, &tally);
    assert!(together(&ana, &ben));
    ana.offer(&tally, None, None).unwrap();
    assert!(!together(&ana, &ben), "offered, and not heard");
    hand(&mut ana, &mut ben, &tally);
    assert!(together(&ana, &ben));
    ben.refuse(&tally).unwrap();
    assert!(!together(&ana, &ben), "refused, and not heard");
    hand(&mut ben, &mut ana, &tally);
    assert!(together(&ana, &ben));
}

/// Where the pages of chits in these letters begin, and how many chits each has.
fn pages(letters: &[Vec<u8>]) -> Vec<(u64, usize)> {
    let mut letterbox = Letterbox::default();
    let said = letters.iter().flat_map(|letter| letterbox.open(letter).unwrap());
    let pages = said.filter_map(|it| match it {
        Ok(Message::Chits(page)) => Some((page.first, page.chits.len())),
        _ => None,
    });
    pages.collect()
}

/// In the middle of a meeting Ben turns out to hold less than Ana thought: she says again what he lacks, also what she has just said.
#[test]
fn what_the_other_turns_out_to_lack_is_said_again() {
    let (mut ana, mut ben, tally, _clock) = pair();
    pay(&mut ana, &tally, 1).unwrap();
    talk(&mut ana, &mut ben, &tally, None, None);
    let early = ben.have(&tally).unwrap();
    pay(&mut ana, &tally, 1).unwrap();
    talk(&mut ana, &mut ben, &tally, None, None);
    pay(&mut ana, &tally, 1).unwrap();
    let mut meeting = ana.begin_meeting(&tally).unwrap();
    assert_eq!(pages(&ana.say(&mut meeting).unwrap()), [(3, 1)]);
    for letter in letters(&[Message::Have(early)]) {
        ana.hear(&mut meeting, None, &letter).unwrap();
    }
    assert_eq!(pages(&ana.say(&mut meeting).unwrap()), [(2, 2)]);
}

#[test]
fn a_meeting_that_loses_any_letter_is_finished_by_the_next() {
    for lost in 0..6 {
        let (mut ana, mut ben, tally, _clock) = pair();
        talk(&mut ana, &mut ben, &tally, None, None);
        pay(&mut ana, &tally, 5).unwrap();
        pay(&mut ben, &tally, 2).unwrap();
        talk(&mut ana, &mut ben, &tally, None, Some(lost));
        talk(&mut ben, &mut ana, &tally, None, None);
        assert_settled(&mut ana, &mut ben, &tally);
    }
}

#[test]
fn a_long_history_comes_in_letters_of_bounded_size() {
    let (mut ana, mut ben, tally, _clock) = pair();
    for _ in 0..800 {
        ana.pay(&tally, &story_payment()).unwrap();
    }
    let mut talk_ana = ana.begin_meeting(&tally).unwrap();
    let first = ana.say(&mut talk_ana).unwrap();
    let sizes: Vec<_> = first.iter().map(Vec::len).collect();
    assert!((2..=4).contains(&first.len()) && sizes.iter().sum::<usize>() < 4 * LETTER_MAX, "{sizes:?}");
    let shown = ana.history(&tally, &Filter { most: 800, ..Filter::default() }).unwrap();
    let sent = shown.iter().filter(|entry| entry.facets.custody == Custody::Sent).count();
    assert_eq!(sent, pages(&first).iter().map(|(_, chits)| chits).sum());
    assert!(sent < 800, "{sent}");
    let second = ana.say(&mut talk_ana).unwrap();
    let upto = |letters: &[Vec<u8>]| pages(letters).last().map(|(from, chits)| from + *chits as u64);
    assert_eq!(pages(&second).first().map(|page| page.0), upto(&first), "it goes on where it was");
    ana.end_meeting(&talk_ana, false).unwrap();
    talk(&mut ana, &mut ben, &tally, None, Some(2));
    talk(&mut ana, &mut ben, &tally, None, None);
    assert_settled(&mut ana, &mut ben, &tally);
    assert_eq!(ben.tally(&tally).unwrap().index, 800);
}

fn story_payment() -> hazel_core::wallet::Payment {
    hazel_core::wallet::Payment {
        units: hazel_core::units::Units::new(10),
        memo: "a memo of about the length that people write".into(),
        ..Default::default()
    }
}

#[test]
fn a_first_meeting_is_by_ticket_and_later_ones_are_not() {
    let (mut ana, mut ben, _) = people();
    let ticket = ana.invite(Side::Stock, terms(100), 3600, &[]).unwrap();
    let tally = ben.accept_ticket(&ticket, terms(50)).unwrap();
    let (inviter, asker) = (ana.meeting_keys(&tally).unwrap(), ben.meeting_keys(&tally).unwrap());
    assert_eq!(inviter.theirs, None);
    assert_eq!(asker.theirs, Some(inviter.ours));
    assert_eq!(inviter.ours, ticket.meeting_key);
    assert!(inviter.ticket.is_some() && inviter.ticket == asker.ticket);
    assert!(asker.introduces && !inviter.introduces);

    let stranger = [9; 32];
    let mut talks = (ben.begin_meeting(&tally).unwrap(), ana.begin_meeting(&tally).unwrap());
    let request = ben.say(&mut talks.0).unwrap();
    let heard = ana.hear(&mut talks.1, Some(&stranger), &request[0]).unwrap().unwrap();
    assert_eq!(heard.rejected.len(), 1, "another key than the one that asks");

    talk(&mut ben, &mut ana, &tally, Some(&asker.ours), None);
    ana.offer(&tally, None, None).unwrap();
    assert_eq!(ana.meeting_keys(&tally).unwrap().theirs, Some(asker.ours));
    talk(&mut ben, &mut ana, &tally, Some(&asker.ours), None);
    assert_eq!(ben.tally(&tally).unwrap().state, TallyState::Offered(By::Partner));
    assert!(!ben.meeting_keys(&tally).unwrap().introduces);
    accept(&mut ben, &tally);
    talk(&mut ben, &mut ana, &tally, None, None);
    assert_settled(&mut ana, &mut ben, &tally);
    assert!(ana.meeting_keys(&tally).unwrap().ticket.is_none(), "a ticket is good once");
    assert!(inviter.name_of(&inviter.ours) != inviter.name_of(&asker.ours));
}

#[test]
fn a_refusal_is_heard_in_a_meeting() {
    let (mut ana, mut ben, _) = people();
    let tally = introduce(&mut ana, &mut ben);
    let key = ben.meeting_keys(&tally).unwrap().ours;
    talk(&mut ben, &mut ana, &tally, Some(&key), None);
    ana.refuse(&tally).unwrap();
    talk(&mut ben, &mut ana, &tally, Some(&key), None);
    assert_eq!(ben.tally(&tally).unwrap().state, TallyState::Refused);
    assert_eq!(ana.stands_at(&tally).unwrap(), ben.stands_at(&tally).unwrap());
}

/// The beginning of a letter that was cut off is kept for the next meeting, and no more of it than any letter has.
#[test]
fn the_beginning_of_a_letter_is_kept_and_has_a_bound() {
    let (mut ana, _, tally, _) = pair();
    let begun = |length: usize| Begun { name: [7; 16], total: 9, bytes: vec![1; length] };
    assert_eq!(ana.begun(&tally).unwrap(), None);
    ana.keep_begun(&tally, Some(&begun(LETTER_MAX))).unwrap();
    assert_eq!(ana.keep_begun(&tally, Some(&begun(LETTER_MAX + 1))).unwrap_err().code(), "too_long");
    assert_eq!(ana.begun(&tally).unwrap(), Some(begun(LETTER_MAX)));
    ana.keep_begun(&tally, None).unwrap();
    assert_eq!(ana.begun(&tally).unwrap(), None);
}

/// Ben's phone is restored and waits for a view that Ana's cannot promise, for her site speaks for her: neither can end it, and both fall silent.
#[test]
fn two_summaries_do_not_chase_each_other() {
    let (mut ana, mut ben, tally, clock) = pair();
    let site = hazel_core::key::SecretKey::from_seed(&[9; 32]).public();
    ana.host_at(&tally, &site).unwrap().unwrap();
    talk(&mut ana, &mut ben, &tally, None, None);
    let mut new = restored("Ben", &ben.backup(&words("Ben")).unwrap(), &clock);
    for _ in 0..2 {
        assert!(talk(&mut new, &mut ana, &tally, None, None) < 12);
        assert!(new.tally(&tally).unwrap().reconciling);
    }
}

/// Whoever was cut off in a meeting begins the next one with a summary, and with its receipts; after one that came to its end nothing is said.
#[test]
fn after_a_meeting_that_was_cut_off_a_summary_comes_first() {
    let (mut ana, mut ben, tally, _clock) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    talk(&mut ana, &mut ben, &tally, None, None);
    let begins_with = |ana: &mut Wallet, in_sync: bool| {
        let mut meeting = ana.begin_meeting(&tally).unwrap();
        let mut letterbox = Letterbox::default();
        let letters = ana.say(&mut meeting).unwrap();
        ana.end_meeting(&meeting, in_sync).unwrap();
        let said: Vec<_> = letters.iter().flat_map(|letter| letterbox.open(letter).unwrap()).collect();
        let has = |what: fn(&Message) -> bool| said.iter().any(|it| it.as_ref().is_ok_and(what));
        [has(|it| matches!(it, Message::Have(_))), has(|it| matches!(it, Message::Receipt(_)))]
    };
    assert_eq!(begins_with(&mut ana, false), [false, false]);
    assert_eq!(begins_with(&mut ana, true), [true, true]);
    assert_eq!(begins_with(&mut ana, true), [false, false]);
}

/// A tablet has no recovery words and proves itself by its own key, which Ana knows from its leave, as long as it has leave.
#[test]
fn each_device_of_a_partner_can_be_met() {
    let (mut ana, mut ben, tally, clock) = pair();
    let tablet = another_phone(&mut ben, &clock, "tablet");
    ben.renew(&tally).unwrap();
    hand(&mut ben, &mut ana, &tally);
    let met = |ana: &Wallet| {
        let keys = ana.device_meeting_keys(&tally).unwrap();
        keys.iter().map(|keys| (keys.device, keys.theirs)).collect::<Vec<_>>()
    };
    let of_tablet = tablet.meeting_keys(&tally).unwrap().ours;
    let known = met(&ana);
    assert_eq!(known.iter().map(|it| it.0).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(known[1].1, Some(of_tablet));
    let of_ana = ana.meeting_keys(&tally).unwrap().ours;
    assert!(ana.device_meeting_keys(&tally).unwrap().iter().all(|keys| keys.ours == of_ana));
    ben.revoke_device(2).unwrap();
    hand(&mut ben, &mut ana, &tally);
    assert_eq!(met(&ana), known[..1]);
}

/// Chits of a tablet of her own reach Ana from Ben in a meeting: she says that she has them.
#[test]
fn what_another_phone_has_signed_is_answered_with_a_summary() {
    let (mut ana, mut ben, tally, clock) = pair();
    let mut tablet = another_phone(&mut ana, &clock, "tablet");
    talk(&mut ana, &mut ben, &tally, None, None);
    tablet.grant(&tally, terms(120)).unwrap();
    let mut said = tablet.outbox(&tally, Audience::Partner).unwrap();
    said.retain(|message| matches!(message, Message::Chits(page) if page.chain.device == 2));
    let mut meeting = ana.begin_meeting(&tally).unwrap();
    for letter in letters(&said) {
        ana.hear(&mut meeting, None, &letter).unwrap();
    }
    let mut letterbox = Letterbox::default();
    let answer = ana.say(&mut meeting).unwrap();
    let answer: Vec<_> = answer.iter().flat_map(|letter| letterbox.open(letter).unwrap()).collect();
    assert!(answer.iter().any(|it| matches!(it, Ok(Message::Have(_)))), "{answer:?}");
}

/// Ben says in a meeting that he has agreed to less than he has. He is told the words for it and asked nothing: nothing is missing here.
#[test]
fn whoever_lacks_words_alone_is_not_asked() {
    let (mut ana, mut ben, tally, _clock) = pair();
    pay(&mut ben, &tally, 1).unwrap();
    talk(&mut ana, &mut ben, &tally, None, None);
    let less = Have { agreed: 0, ..ben.have(&tally).unwrap() };
    let mut meeting = ana.begin_meeting(&tally).unwrap();
    for letter in letters(&[Message::Have(less)]) {
        ana.hear(&mut meeting, None, &letter).unwrap();
    }
    let mut letterbox = Letterbox::default();
    let said = ana.say(&mut meeting).unwrap();
    let said: Vec<_> = said.iter().flat_map(|letter| letterbox.open(letter).unwrap()).collect();
    assert!(matches!(said[..], [Ok(Message::Endorsement(_)), Ok(Message::Endorsement(_))]), "{said:?}");
}

/// As much as is said at once may be all there is: then the order of it is said along with it.
#[test]
fn a_history_that_fills_a_batch_is_said_with_its_order() {
    let said = |paid: usize| {
        let (_ana, mut ben, tally, _clock) = pair();
        for _ in 0..paid {
            ben.pay(&tally, &story_payment()).unwrap();
        }
        let mut meeting = ben.begin_meeting(&tally).unwrap();
        let letters = ben.say(&mut meeting).unwrap();
        let mut letterbox = Letterbox::default();
        let ordered = letters.iter().flat_map(|letter| letterbox.open(letter).unwrap());
        let ordered = ordered.filter(|it| matches!(it, Ok(Message::Links(_)))).count();
        (pages(&letters).iter().map(|(_, chits)| chits).sum::<usize>(), ordered)
    };
    let (batch, ordered) = said(800);
    assert!(batch < 800 && ordered == 0, "{batch}");
    assert_eq!(said(batch), (batch, 1));
}
