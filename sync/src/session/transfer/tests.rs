//! Cutting and joining messages without a network between.

#![allow(clippy::arithmetic_side_effects, reason = "numbers in a test are small")]

use super::*;
use crate::frame::Reader;

/// Passes one record; returns what it meant.
fn pass(from: &mut Transfer, to: &mut Transfer, now: u64) -> Option<Result<Vec<News>, Fault>> {
    let record = from.next_record(Time(now))?;
    assert!(record.len() <= MAX_PLAIN);
    let mut reader = Reader(&record);
    let mut news = Vec::new();
    while reader.end().is_err() {
        let taken = Item::read(&mut reader).and_then(|item| to.take(item, Time(now), &mut news));
        if let Err(fault) = taken {
            return Some(Err(fault));
        }
    }
    to.taken += u32::try_from(news.iter().filter(|n| matches!(n, News::Message(..))).count()).unwrap();
    Some(Ok(news))
}

fn heard() -> Transfer {
    Transfer { peer_heard: true, ..Transfer::default() }
}

#[test]
fn messages_of_any_length_arrive_in_order() {
    let (mut a, mut b) = (heard(), heard());
    let messages: Vec<Vec<u8>> =
        [0, 1, 200, MAX_WHOLE, MAX_WHOLE + 1, 20_000, 3, MAX_PLAIN].iter().map(|len| vec![7; *len]).collect();
    messages.iter().for_each(|message| _ = a.push(message.clone()));
    let mut arrived = Vec::new();
    while let Some(news) = pass(&mut a, &mut b, 0) {
        arrived.extend(news.unwrap().into_iter().map(|news| match news {
            News::Message(_, bytes) => bytes,
            News::Delivered(_) => panic!("nothing was sent this way"),
        }));
    }
    assert_eq!(arrived, messages);
    assert_eq!(a.leftovers().0.len(), messages.len());
}

#[test]
fn small_messages_share_a_record_and_cost_little() {
    let mut a = heard();
    (0..20).for_each(|n| _ = a.push(vec![n; 180]));
    let record = a.next_record(Time(0)).unwrap();
    assert!(record.len() <= 20 * (180 + 3));
    assert_eq!(a.next_record(Time(0)), None);
}

#[test]
fn confirmation_waits_a_little_then_tells_exactly_what_arrived() {
    let (mut a, mut b) = (heard(), heard());
    let id = a.push(vec![1; 10]);
    pass(&mut a, &mut b, 100).unwrap().unwrap();
    assert_eq!((b.wake(), b.next_record(Time(249))), (Some(Time(250)), None));
    assert_eq!(pass(&mut b, &mut a, 250), Some(Ok(vec![News::Delivered(id)])));
    assert_eq!(b.wake(), None);
}

#[test]
fn liars_are_named() {
    let rule = |items: &[Item<'_>]| {
        let (mut b, mut news) = (heard(), Vec::new());
        b.push(vec![1; 10]);
        b.next_record(Time(0));
        items.iter().map(|item| b.take(*item, Time(0), &mut news)).find_map(Result::err)
    };
    let id = MessageId([1; 16]);
    let begin = |total, offset, bytes| Item::Begin { id, total, offset, bytes };
    let found = |rule| Some(Fault::Rule(rule));
    assert_eq!(rule(&[Item::Received(2)]), found(Rule::AckOfUnsent));
    assert_eq!(rule(&[Item::Received(1), Item::Received(0)]), found(Rule::AckOfUnsent));
    assert_eq!(rule(&[Item::Settled { digest: [0; 8], seen: 9 }]), found(Rule::AckOfUnsent));
    assert_eq!(rule(&[Item::More(b"x")]), found(Rule::Misplaced));
    assert_eq!(rule(&[begin(10, 5, b"x")]), found(Rule::Misplaced));
    assert_eq!(rule(&[begin(10, 0, b"x"), begin(10, 0, b"x")]), found(Rule::Misplaced));
    assert_eq!(rule(&[begin(10, 0, b"x"), Item::Whole(b"x")]), found(Rule::Misplaced));
    assert_eq!(rule(&[begin(60_000, 0, b"x")]), found(Rule::MessageTooLong(60_000)));
    assert_eq!(rule(&[begin(2, 0, b"xy")]), found(Rule::Misnamed));
    assert_eq!(rule(&[begin(2, 0, b"xyz")]), found(Rule::Misnamed));
    assert_eq!(rule(&[Item::Confirmed]), found(Rule::Misplaced));
    assert_eq!(rule(&[Item::Received(1), Item::Settled { digest: [0; 8], seen: 1 }]), None);
}

#[test]
fn a_kept_beginning_saves_its_bytes_and_a_wrong_one_does_no_harm() {
    let message: Vec<u8> = (0..9_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let id = MessageId::of(&message);
    for (have, spoilt, fine) in [(8_000, false, true), (8_000, true, false), (0, false, true)] {
        let mut bytes = message[..have].to_vec();
        if spoilt {
            bytes[5] ^= 1;
        }
        let (mut a, mut b) = (heard(), Transfer::new(Some(Partial { id, total: 9_000, bytes })));
        pass(&mut b, &mut a, 0).unwrap().unwrap();
        a.push(message.clone());
        let mut crossed = 0;
        let mut last = Ok(vec![]);
        while let Some(record) = a.next_record(Time(0)) {
            crossed += record.len();
            let mut reader = Reader(&record);
            let mut news = Vec::new();
            last = Item::read(&mut reader).and_then(|item| b.take(item, Time(0), &mut news)).map(|()| news);
        }
        assert!(crossed < 9_000 - have + 100);
        let expected = if fine {
            Ok(vec![News::Message(id, message.clone())])
        } else {
            Err(Fault::Rule(Rule::Misnamed))
        };
        assert_eq!(last, expected);
    }
}

#[test]
fn the_verdict_waits_for_digests_taken_after_all_messages() {
    let (mut a, mut b) = (heard(), heard());
    let one = Digest([1; 8]);
    a.settle(one);
    b.settle(one);
    a.push(vec![1]);
    pass(&mut a, &mut b, 0).unwrap().unwrap();
    pass(&mut b, &mut a, 0).unwrap().unwrap();
    // The right settled before it had seen the message: its digest does not count yet.
    assert_eq!((a.verdict(), b.verdict()), (None, None));
    b.settle(Digest([2; 8]));
    pass(&mut b, &mut a, 0).unwrap().unwrap();
    let (ours, theirs) = (one, Digest([2; 8]));
    assert_eq!(a.verdict(), Some(Outcome::Apart { ours, theirs }));
    assert_eq!(b.verdict(), Some(Outcome::Apart { ours: theirs, theirs: ours }));
}
