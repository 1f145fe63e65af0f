//! Every limit of the quorum, with nodes that answer, are silent, refuse and lie.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that goes wrong should stop loudly"
)]

use std::collections::BTreeSet;

use hazel_core::digest::Digest;
use hazel_core::key::SecretKey;
use hazel_network::client::{Client, Input, Limits, Output, Reason, RequestId};
use hazel_network::directory::{Directory, KnownNode, Medium};
use hazel_network::peer::SiteKey;
use hazel_sync::Time;

const ID: RequestId = [1; 16];

fn key(seed: u8) -> SiteKey {
    SecretKey::from_seed(&[seed; 32]).public()
}

/// So many nodes; the lower the number, the quicker.
fn directory(nodes: u8) -> Directory {
    let mut directory = Directory::new(0);
    for n in 0..nodes {
        let (alias, routing) = (format!("{n}"), format!("192.0.2.{n}:1"));
        let latency = u32::from(n);
        directory.learn(KnownNode {
            alias,
            key: key(n),
            medium: Medium::Tcp,
            routing,
            latency,
            reliability: 1000,
        });
    }
    directory
}

struct Desk {
    client: Client,
    directory: Directory,
    now: Time,
}

impl Desk {
    fn new(limits: Limits, nodes: u8) -> Self {
        Self { client: Client::new(limits), directory: directory(nodes), now: Time(0) }
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        self.client.handle(input, &mut self.directory, self.now);
        std::iter::from_fn(|| self.client.poll()).collect()
    }

    fn submit(&mut self) -> Vec<SiteKey> {
        asked(&self.tell(Input::Submit(ID, b"chit".to_vec())))
    }

    fn confirm(&mut self, node: SiteKey, batch: u64, active: u8) -> Vec<Output> {
        let active = (0..active).map(key).collect();
        self.tell(Input::Confirmed { node, request: ID, batch, active })
    }

    fn wait(&mut self) -> Vec<Output> {
        self.now = self.client.wake_at().unwrap();
        self.tell(Input::Tick)
    }
}

fn asked(outputs: &[Output]) -> Vec<SiteKey> {
    outputs.iter().filter_map(|it| if let Output::Send(node, ..) = it { Some(*node) } else { None }).collect()
}

#[test]
fn unseen_actives_are_asked_until_three_name_one_batch_and_then_it_stops() {
    let mut desk = Desk::new(Limits::default(), 2);
    assert_eq!(desk.submit(), [key(0)], "the best node first");
    let outputs = desk.confirm(key(0), 7, 9);
    assert_eq!(asked(&outputs).len(), 2, "as many as are missing, no more");
    let next = asked(&outputs);
    assert_eq!(desk.confirm(next[0], 7, 9), []);
    let outputs = desk.confirm(next[1], 7, 9);
    let [Output::Proven(ID, proof)] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!((proof.batch, proof.nodes.len()), (7, 3));
    assert_eq!(desk.client.wake_at(), None, "nothing wakes a phone any more");
    assert!(desk.submit().is_empty(), "the same fact is not submitted twice");
}

#[test]
fn confirmations_of_different_batches_do_not_add_up() {
    let mut desk = Desk::new(Limits::default(), 6);
    desk.submit();
    let next = asked(&desk.confirm(key(0), 7, 6));
    let more = asked(&desk.confirm(next[0], 8, 6));
    assert_eq!(desk.confirm(next[0], 7, 6), [], "nobody has two votes");
    let last = asked(&desk.confirm(next[1], 8, 6));
    let outputs = desk.confirm([more, last].concat()[0], 8, 6);
    assert!(
        matches!(&outputs[..], [Output::Proven(ID, proof)] if proof.batch == 8 && proof.nodes.len() == 3)
    );
}

#[test]
fn two_batches_are_open_and_what_named_an_older_one_rolls_over() {
    let mut desk = Desk::new(Limits { confirmations: 2, ..Limits::default() }, 8);
    desk.submit();
    let next = asked(&desk.confirm(key(0), 5, 8));
    // Meanwhile batch 6 is closed too: 7 and 8 are open, and 5 counts no more.
    assert!(desk.tell(Input::Closed(7, BTreeSet::new())).is_empty());
    let more = asked(&desk.confirm(next[0], 5, 8));
    assert!(!more.is_empty(), "two names of a closed batch prove nothing");
    let mut outputs = desk.confirm(more[0], 8, 8);
    if outputs.iter().all(|it| !matches!(it, Output::Proven(..))) {
        let node = more.get(1).copied().unwrap_or_else(|| asked(&outputs)[0]);
        outputs = desk.confirm(node, 8, 8);
    }
    assert!(matches!(&outputs[..], [Output::Proven(ID, proof)] if proof.batch == 8), "{outputs:?}");
}

#[test]
fn four_resends_of_six_seconds_and_no_more() {
    for nodes in [1, 3, 20] {
        let mut desk = Desk::new(Limits::default(), nodes);
        let mut sent = desk.submit().len();
        let end = loop {
            let outputs = desk.wait();
            sent += asked(&outputs).len();
            if let Some(end) = outputs.into_iter().find(|it| matches!(it, Output::GivenUp(..))) {
                break end;
            }
        };
        assert_eq!(end, Output::GivenUp(ID, Reason::Unconfirmed { confirmed: 0, wanted: 3 }));
        assert!(sent <= 5, "{sent} sendings to {nodes} silent nodes");
        assert!(desk.now <= Time(5 * 6_000) && desk.now >= Time(6_000), "{:?}", desk.now);
        assert_eq!(desk.client.wake_at(), None);
    }
}

#[test]
fn one_site_is_its_own_quorum() {
    let mut desk = Desk::new(Limits::one_site(), 1);
    assert_eq!(desk.submit(), [key(0)]);
    let outputs = desk.confirm(key(0), 1, 1);
    assert!(matches!(&outputs[..], [Output::Proven(ID, proof)] if proof.nodes == [key(0)].into()));
}

#[test]
fn a_refusal_is_shown_with_its_reason_and_nobody_at_all_is_named_too() {
    let mut desk = Desk::new(Limits::one_site(), 1);
    desk.submit();
    let refused = Input::Refused { node: key(0), request: ID, reason: "fork".into() };
    assert_eq!(desk.tell(refused), [Output::GivenUp(ID, Reason::Refused("fork".into()))]);
    let mut alone = Desk::new(Limits::default(), 0);
    let outputs = alone.tell(Input::Submit(ID, Vec::new()));
    assert_eq!(outputs, [Output::GivenUp(ID, Reason::Nobody)]);
}

#[test]
fn only_those_who_were_asked_have_a_say() {
    let mut desk = Desk::new(Limits::one_site(), 1);
    desk.submit();
    assert_eq!(desk.confirm(key(200), 1, 1), []);
    assert!(desk.client.wake_at().is_some());
}

#[test]
fn a_node_that_confirms_and_does_not_include_is_caught() {
    let mut desk = Desk::new(Limits::one_site(), 1);
    desk.submit();
    desk.confirm(key(0), 10, 1);
    assert_eq!(desk.tell(Input::Closed(12, BTreeSet::new())), []);
    assert_eq!(desk.tell(Input::Closed(13, BTreeSet::new())), [Output::BrokenPromise(key(0), ID)]);
    let mut honest = Desk::new(Limits::one_site(), 1);
    honest.submit();
    honest.confirm(key(0), 10, 1);
    honest.tell(Input::Closed(10, [ID].into()));
    assert_eq!(honest.tell(Input::Closed(20, BTreeSet::new())), []);
}

#[test]
fn a_lost_channel_is_silence_and_costs_a_resend_not_six_seconds() {
    let mut desk = Desk::new(Limits::one_site(), 1);
    let mut sent = desk.submit().len();
    for lost in 1.. {
        let before = desk.directory.node(&key(0)).unwrap().reliability;
        let outputs = desk.tell(Input::Lost(key(0)));
        assert!(desk.directory.node(&key(0)).unwrap().reliability < before, "and is held against the node");
        match &outputs[..] {
            [Output::Send(..)] => sent += 1,
            end => {
                assert_eq!(end, [Output::GivenUp(ID, Reason::Unconfirmed { confirmed: 0, wanted: 1 })]);
                assert_eq!((sent, lost, desk.now), (5, 5, Time(0)), "once and four times again");
                return;
            }
        }
        assert_eq!(desk.tell(Input::Lost(key(9))), [], "another node's channel is not this one's");
    }
}

#[test]
fn what_is_said_in_other_words_needs_no_confirmation_any_more() {
    let mut desk = Desk::new(Limits::one_site(), 1);
    desk.submit();
    assert_eq!(desk.tell(Input::Dropped(ID)), []);
    assert_eq!(desk.client.wake_at(), None);
    assert_eq!(desk.confirm(key(0), 1, 1), [], "and a late one says nothing");
}

#[test]
fn what_is_under_way_is_bounded() {
    let mut desk = Desk::new(Limits { requests: 2, ..Limits::default() }, 1);
    for n in 0..2 {
        assert_eq!(asked(&desk.tell(Input::Submit([n; 16], Vec::new()))).len(), 1);
    }
    assert_eq!(desk.tell(Input::Submit([9; 16], Vec::new())), [Output::Full([9; 16])]);
}

/// Nodes that answer at random: every request ends, within its limits, and never proven by fewer than three of one batch.
#[test]
fn two_thousand_seeded_stories_keep_every_limit() {
    for seed in 0..2_000_u32 {
        let mut state = Digest::of(&seed.to_be_bytes());
        let mut roll = |bound: u8| {
            state = Digest::of(&state.0);
            state.0[0] % bound
        };
        let nodes = 1 + roll(12);
        let mut desk = Desk::new(Limits::default(), nodes);
        let mut open = desk.submit();
        let mut sendings = open.len();
        let mut ended = 0;
        let mut confirmed = 0;
        for _ in 0..200 {
            let outputs = match (open.pop(), roll(4)) {
                (Some(_), 0) | (None, _) if desk.client.wake_at().is_some() => desk.wait(),
                (Some(node), 1) => desk.tell(Input::Refused { node, request: ID, reason: "busy".into() }),
                (Some(node), _) => {
                    confirmed += 1;
                    let batch = 5 + u64::from(roll(2));
                    desk.confirm(node, batch, nodes)
                }
                (None, _) => break,
            };
            let more = asked(&outputs);
            sendings += more.len();
            open.extend(more);
            for output in outputs {
                match output {
                    Output::Proven(_, proof) => {
                        assert!(proof.nodes.len() >= 3, "seed {seed}");
                        ended += 1;
                    }
                    Output::GivenUp(..) => ended += 1,
                    _ => {}
                }
            }
        }
        assert_eq!((ended, desk.client.wake_at()), (1, None), "seed {seed}");
        assert!(sendings <= usize::from(nodes) + 5, "seed {seed}: {sendings} sendings, {confirmed} answers");
        assert!(desk.now <= Time(6_000 * (u64::from(nodes) + 5)), "seed {seed}");
    }
}
