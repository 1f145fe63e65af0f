//! Peers that are who they say and break the rules all the same.

#![allow(clippy::arithmetic_side_effects, reason = "numbers in a test are small")]

use super::*;

fn pair(way: fn(Role) -> Way) -> [Session; 2] {
    [(Role::Dialer, 1), (Role::Waiter, 2)].map(|(role, n)| {
        let setting = Setting {
            role,
            way: way(role),
            carrier: Carrier::Memory,
            dialer: Id([1; 16]),
            waiter: Id([2; 16]),
            hint: Hint::default(),
            kept: None,
            patience: Patience::default(),
        };
        let mut session = Session::new(setting, &SecretKey::new([n; 32]), &Entropy([n + 10; 48])).unwrap();
        session.handle(Time(0), Input::LinkUp { mtu: 247, dialing: role == Role::Dialer }).unwrap();
        session
    })
}

fn partners(role: Role) -> Way {
    let other = if role == Role::Dialer { 2 } else { 1 };
    Way::Partner { key: SecretKey::new([other; 32]).public() }
}

/// Passes packets both ways for a second; returns what else each side said.
fn pass(sides: &mut [Session; 2], from: u64) -> [Vec<Output>; 2] {
    let mut said = [vec![], vec![]];
    for now in (from..from + 1_000).step_by(10) {
        for side in [0, 1] {
            sides[side].handle(Time(now), Input::Tick).unwrap();
            while let Some(output) = sides[side].poll() {
                match output {
                    Output::Packet(packet) => {
                        sides[1 - side].handle(Time(now), Input::Packet(&packet)).unwrap()
                    }
                    Output::WakeAt(_) => {}
                    output => said[side].push(output),
                }
            }
        }
    }
    said
}

fn ended(outputs: &[Output]) -> Option<Outcome> {
    outputs.iter().find_map(|output| match output {
        Output::Ended(end) => Some(end.outcome),
        _ => None,
    })
}

fn shows_message(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Message(..)))
}

#[test]
fn nobody_speaks_before_both_users_agree() {
    for early in [Item::Whole(b"too soon"), Item::Received(0), Item::Settled { digest: [0; 8], seen: 0 }] {
        let mut sides = pair(|_| Way::Stranger);
        let shown = pass(&mut sides, 0);
        assert!(shown.iter().all(|said| matches!(said.as_slice(), [Output::Compare(_)])));
        sides[0].say(&[early]).unwrap();
        let said = pass(&mut sides, 1_000);
        assert_eq!(ended(&said[1]), Some(Outcome::Failed(Fault::Rule(Rule::OutOfTurn))));
        assert!(!shows_message(&said[1]));
    }
}

#[test]
fn one_user_who_agrees_is_not_enough() {
    let mut sides = pair(|_| Way::Stranger);
    pass(&mut sides, 0);
    sides[0].handle(Time(1_000), Input::CodesMatch(true)).unwrap();
    let said = pass(&mut sides, 1_000);
    assert!(said.iter().flatten().all(|output| !matches!(output, Output::Met(_))));
    assert_eq!(sides[0].handle(Time(2_000), Input::CodesMatch(true)), Err(Misuse::NothingToCompare));
    sides[1].handle(Time(2_000), Input::CodesMatch(true)).unwrap();
    let said = pass(&mut sides, 2_000);
    assert!(said.iter().all(|said| said.iter().any(|output| matches!(output, Output::Met(_)))));
}

#[test]
fn users_who_walk_away_end_the_comparison() {
    let mut sides = pair(|_| Way::Stranger);
    pass(&mut sides, 0);
    let said = pass(&mut sides, 121_000);
    assert_eq!(ended(&said[0]), Some(Outcome::Failed(Fault::Late(Stage::Comparing))));
    assert!(ended(&said[1]).is_some());
}

#[test]
fn a_proven_peer_that_lies_is_named_and_cut_off() {
    let lies = [
        (Item::Received(3), Rule::AckOfUnsent),
        (Item::More(b"x"), Rule::Misplaced),
        (Item::Confirmed, Rule::Misplaced),
        (Item::Commit([0; 32]), Rule::Misplaced),
    ];
    for (lie, rule) in lies {
        let mut sides = pair(partners);
        pass(&mut sides, 0);
        // What it said before the lie still counts: it was said under seal.
        sides[0].say(&[Item::Whole(b"true"), lie]).unwrap();
        let said = pass(&mut sides, 1_000);
        assert_eq!(ended(&said[1]), Some(Outcome::Failed(Fault::Rule(rule))));
        assert!(shows_message(&said[1]) && said[1].contains(&Output::HangUp));
    }
}

#[test]
fn a_resumed_session_waits_only_so_long() {
    let mut sides = pair(partners);
    pass(&mut sides, 0);
    sides[0].handle(Time(1_000), Input::LinkDown).unwrap();
    assert_eq!(sides[0].poll(), Some(Output::Parted(Time(601_000))));
    assert_eq!(sides[0].poll(), Some(Output::WakeAt(Time(601_000))));
    sides[0].handle(Time(601_000), Input::Tick).unwrap();
    let end = End { outcome: Outcome::Unfinished, undelivered: vec![], partial: None };
    assert_eq!(sides[0].poll(), Some(Output::Ended(end)));
}
