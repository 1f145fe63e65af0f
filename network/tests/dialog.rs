//! The peer dialog between two ends of a stream in memory: what must work, and everything existing sites get wrong in it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test that goes wrong should stop loudly"
)]

use hazel_network::peer::{
    Claim, Dialog, Fault, Input, LETTER_MAX, LONG, Output, Patience, State, Token, dialog_key, dialog_secret,
};
use hazel_sync::{PublicKey, SecretKey, Time};

const NOW: Time = Time(1_000);
const TOKEN: Token = Token([7; 40]);

fn wallet() -> SecretKey {
    SecretKey::new([1; 32])
}

fn site() -> SecretKey {
    SecretKey::new([2; 32])
}

fn stranger() -> SecretKey {
    SecretKey::new([3; 32])
}

fn waiting(seed: u8) -> Dialog {
    Dialog::wait(site(), [seed; 32], Patience::default(), NOW)
}

fn first_contact(ours: SecretKey, token: &Token) -> Dialog {
    Dialog::redeem(ours, site().public(), token, [11; 32], Patience::default(), NOW).unwrap()
}

fn calling(ours: SecretKey, to: PublicKey, seed: u8) -> Dialog {
    Dialog::call(ours, to, ([seed; 32], [seed + 1; 32]), Patience::default(), NOW).unwrap()
}

/// Everything that a dialog wants done now, its bytes joined.
fn drain(dialog: &mut Dialog) -> (Vec<u8>, Vec<Output>) {
    let (mut bytes, mut rest) = (Vec::new(), Vec::new());
    while let Some(output) = dialog.poll() {
        match output {
            Output::Write(written) => bytes.extend(written),
            other => rest.push(other),
        }
    }
    (bytes, rest)
}

/// Carries bytes to and fro until nobody says anything; the site welcomes those the closure welcomes.
fn carry(
    caller: &mut Dialog,
    host: &mut Dialog,
    welcome: impl Fn(&Claim) -> bool,
) -> (Vec<Output>, Vec<Output>) {
    let (mut at_caller, mut at_host) = (Vec::new(), Vec::new());
    loop {
        let (there, news) = drain(caller);
        at_caller.extend(news);
        host.handle(Input::Bytes(&there), NOW);
        let (mut back, mut news) = drain(host);
        while let Some(Output::Who(claim)) = news.iter().find(|it| matches!(it, Output::Who(_))) {
            let good = welcome(claim);
            at_host.append(&mut news);
            host.handle(Input::Answer(good), NOW);
            let (more, others) = drain(host);
            back.extend(more);
            news = others;
        }
        at_host.extend(news);
        caller.handle(Input::Bytes(&back), NOW);
        if there.is_empty() && back.is_empty() {
            return (at_caller, at_host);
        }
    }
}

fn open_pair() -> (Dialog, Dialog) {
    let (mut caller, mut host) = (calling(wallet(), site().public(), 21), waiting(41));
    carry(&mut caller, &mut host, |claim| claim.key == wallet().public());
    assert_eq!((caller.state(), host.state()), (State::Open, State::Open));
    (caller, host)
}

#[test]
fn a_ticket_opens_a_channel_and_both_know_with_whom() {
    let (mut caller, mut host) = (first_contact(wallet(), &TOKEN), waiting(41));
    assert_eq!((caller.state(), host.state()), (State::Ticket, State::None));
    let (at_caller, at_host) = carry(&mut caller, &mut host, |claim| claim.token == Some(TOKEN));
    assert_eq!(at_caller, [Output::Open(site().public())]);
    let claim = Claim { key: wallet().public(), token: Some(TOKEN) };
    assert_eq!(at_host, [Output::Who(claim), Output::Open(wallet().public())]);
}

#[test]
fn a_known_caller_identifies_itself_and_letters_travel_both_ways() {
    let (mut caller, mut host) = open_pair();
    assert_eq!(caller.handle(Input::Send(b"a chit".to_vec()), NOW), None);
    assert_eq!(host.handle(Input::Send(b"a certificate".to_vec()), NOW), None);
    let (at_caller, at_host) = carry(&mut caller, &mut host, |_| false);
    assert_eq!(at_caller, [Output::Letter(b"a certificate".to_vec())]);
    assert_eq!(at_host, [Output::Letter(b"a chit".to_vec())]);
}

#[test]
fn a_site_is_called_by_the_key_that_stands_in_the_tally() {
    let node = hazel_core::key::SecretKey::from_seed(&[9; 32]);
    let (key, secret) = (dialog_key(&node.public()).unwrap(), dialog_secret(&node));
    let mut host = Dialog::wait(secret, [41; 32], Patience::default(), NOW);
    let mut caller = calling(wallet(), key, 21);
    carry(&mut caller, &mut host, |_| true);
    assert_eq!((caller.state(), host.state()), (State::Open, State::Open));
}

/// NETWORK.md §6: "a message over 8,000 bytes cannot leave".
#[test]
fn defect_a_message_over_8000_bytes_leaves() {
    for len in [0, 1, 7_999, 8_000, 8_001, 8_192, 20_000, 300_000, LETTER_MAX] {
        let (mut caller, mut host) = open_pair();
        let letter: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        caller.handle(Input::Send(letter.clone()), NOW);
        let (_, at_host) = carry(&mut caller, &mut host, |_| false);
        assert_eq!(at_host, [Output::Letter(letter)], "{len}");
        assert_eq!(host.state(), State::Open);
    }
}

#[test]
fn a_letter_beyond_the_bound_is_handed_back() {
    let (mut caller, _) = open_pair();
    assert_eq!(
        caller.handle(Input::Send(vec![0; LETTER_MAX + 1]), NOW).map(|it| it.len()),
        Some(LETTER_MAX + 1)
    );
    assert_eq!(caller.state(), State::Open);
}

/// NETWORK.md §6: "the existing site never switches on its Noise layer".
#[test]
fn defect_nothing_is_ever_in_plaintext() {
    let (mut caller, mut host) = open_pair();
    let secret = b"owes 12.50 for coffee".to_vec();
    caller.handle(Input::Send(secret.clone()), NOW);
    let (bytes, _) = drain(&mut caller);
    assert!(!bytes.windows(secret.len()).any(|it| it == secret));
    assert!(bytes.len() > secret.len() + 16);
    host.handle(Input::Bytes(&bytes), NOW);
    assert_eq!(drain(&mut host).1, [Output::Letter(secret)]);
    // Nor does anybody who listens learn who is calling.
    let (first, _) = drain(&mut calling(wallet(), site().public(), 61));
    assert!(!first.windows(32).any(|it| it == wallet().public().0));
}

/// NETWORK.md §6: "accepts any socket's claim of an agent id".
#[test]
fn defect_claiming_an_id_without_its_key_opens_nothing() {
    // An honest N of the wallet's, as the stranger saw it pass; then a K of the stranger's own.
    let (passed, _) = drain(&mut calling(wallet(), site().public(), 21));
    let n_len = 4 + u32::from_be_bytes(passed[..4].try_into().unwrap()) as usize;
    let (own, _) = drain(&mut calling(stranger(), site().public(), 51));
    let own_n = 4 + u32::from_be_bytes(own[..4].try_into().unwrap()) as usize;
    let mut host = waiting(41);
    host.handle(Input::Bytes(&passed[..n_len]), NOW);
    assert_eq!(drain(&mut host).1, [Output::Who(Claim { key: wallet().public(), token: None })]);
    host.handle(Input::Answer(true), NOW);
    host.handle(Input::Bytes(&own[own_n..]), NOW);
    assert_eq!(drain(&mut host), (Vec::new(), vec![Output::End(Fault::Forged)]));
}

/// The raw form that existing sites accept: a letter and JSON in the clear.
#[test]
fn defect_a_plaintext_peer_is_answered_with_nothing() {
    for text in [&b"N\"some-agent\""[..], b"I{\"ticket\":{}}", b"K{}", b"T{}", b"A", b"X"] {
        let mut host = waiting(41);
        let framed = [&(text.len() as u32).to_be_bytes()[..], text].concat();
        host.handle(Input::Bytes(&framed), NOW);
        let (written, told) = drain(&mut host);
        assert!(written.is_empty(), "not one byte is answered");
        assert!(matches!(told[..], [Output::End(Fault::Forged | Fault::OutOfTurn)]), "{told:?}");
    }
}

/// NETWORK.md §6: "`nak` has no handler"; here nothing is ever said that the other side has no place for.
#[test]
fn defect_every_letter_has_its_place_in_every_state() {
    for letter in 0..=u8::MAX {
        let framed = [0, 0, 0, 2, letter, 0];
        let fresh = || (calling(wallet(), site().public(), 21), waiting(41));
        let (mut caller, mut host) = fresh();
        caller.handle(Input::Bytes(&framed), NOW);
        host.handle(Input::Bytes(&framed), NOW);
        let (mut open, mut hosting) = open_pair();
        open.handle(Input::Bytes(&framed), NOW);
        hosting.handle(Input::Bytes(&framed), NOW);
        for dialog in [caller, host, open, hosting] {
            assert_eq!(dialog.state(), State::Ended, "letter {letter}");
        }
    }
}

#[test]
fn an_unknown_caller_and_a_bad_ticket_hear_nothing() {
    for mut caller in [calling(stranger(), site().public(), 21), first_contact(stranger(), &Token([0; 40]))] {
        let mut host = waiting(41);
        let (first, _) = drain(&mut caller);
        host.handle(Input::Bytes(&first), NOW);
        assert!(matches!(drain(&mut host).1[..], [Output::Who(_)]));
        assert!(!host.listens());
        host.handle(Input::Answer(false), NOW);
        assert_eq!(drain(&mut host), (Vec::new(), vec![Output::End(Fault::Unwelcome)]));
    }
}

#[test]
fn a_site_with_another_key_cannot_answer() {
    let mut caller = calling(wallet(), SecretKey::new([4; 32]).public(), 21);
    let mut host = waiting(41);
    let (_, at_host) = carry(&mut caller, &mut host, |_| true);
    assert_eq!(at_host, [Output::End(Fault::Forged)]);
    assert_eq!(caller.state(), State::Request);
    caller.handle(Input::Bytes(&[0, 0, 0, 49, b'A']), NOW);
    caller.handle(Input::Bytes(&stranger().public().0), NOW);
    caller.handle(Input::Bytes(&[0; 16]), NOW);
    assert_eq!(drain(&mut caller).1, [Output::End(Fault::Forged)]);
}

#[test]
fn a_replayed_i_or_n_and_k_opens_nothing() {
    for mut caller in [calling(wallet(), site().public(), 21), first_contact(wallet(), &TOKEN)] {
        let (first, _) = drain(&mut caller);
        let mut host = waiting(41);
        host.handle(Input::Bytes(&first), NOW);
        drain(&mut host);
        host.handle(Input::Answer(true), NOW);
        let (answer, _) = drain(&mut host);
        caller.handle(Input::Bytes(&answer), NOW);
        caller.handle(Input::Send(b"once".to_vec()), NOW);
        let (letters, _) = drain(&mut caller);
        // The same bytes on another stream: the site answers with other keys, and what was recorded does not open.
        let mut again = waiting(42);
        again.handle(Input::Bytes(&first), NOW);
        drain(&mut again);
        again.handle(Input::Answer(true), NOW);
        assert_eq!(again.state(), State::Pending);
        assert!(!again.takes(), "nothing leaves before the caller is proven alive");
        again.handle(Input::Bytes(&letters), NOW);
        assert_eq!(drain(&mut again).1, [Output::End(Fault::Forged)]);
        host.handle(Input::Bytes(&letters), NOW);
        assert_eq!(drain(&mut host).1, [Output::Open(wallet().public()), Output::Letter(b"once".to_vec())]);
        // And on the same stream a letter counts once.
        host.handle(Input::Bytes(&letters), NOW);
        assert_eq!(drain(&mut host).1, [Output::End(Fault::Forged)]);
    }
}

#[test]
fn a_k_does_not_fit_another_n() {
    let (one, _) = drain(&mut calling(wallet(), site().public(), 21));
    let (other, _) = drain(&mut calling(wallet(), site().public(), 51));
    let cut = |bytes: &[u8]| 4 + u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    let mut host = waiting(41);
    host.handle(Input::Bytes(&one[..cut(&one)]), NOW);
    host.handle(Input::Answer(true), NOW);
    drain(&mut host);
    host.handle(Input::Bytes(&other[cut(&other)..]), NOW);
    assert_eq!(drain(&mut host), (Vec::new(), vec![Output::End(Fault::Forged)]));
}

#[test]
fn every_changed_byte_of_every_packet_ends_in_silence() {
    let (honest, _) = drain(&mut calling(wallet(), site().public(), 21));
    for place in 4..honest.len() {
        let mut bytes = honest.clone();
        bytes[place] ^= 1;
        let mut host = waiting(41);
        let (mut written, mut told) = (Vec::new(), Vec::new());
        for input in [Input::Bytes(&bytes), Input::Answer(true)] {
            host.handle(input, NOW);
            let (more, news) = drain(&mut host);
            written.extend(more);
            told.extend(news);
        }
        assert!(written.is_empty(), "byte {place}");
        // A length that grew waits for more, and the deadline ends that.
        host.handle(Input::Tick, NOW.after(Patience::default().handshake));
        assert_eq!(host.state(), State::Ended, "byte {place}: {told:?}");
        assert!(drain(&mut host).0.is_empty());
    }
}

#[test]
fn the_dialog_is_the_same_however_the_stream_is_cut() {
    let (mut caller, mut host) = (calling(wallet(), site().public(), 21), waiting(41));
    let (mut opened, mut letters) = (0, Vec::new());
    caller.handle(Input::Tick, NOW);
    let mut sent = false;
    for _ in 0..50_000 {
        let (there, _) = drain(&mut caller);
        for byte in there {
            host.handle(Input::Bytes(&[byte]), NOW);
        }
        let (back, news) = drain(&mut host);
        for output in news {
            match output {
                Output::Who(_) => drop(host.handle(Input::Answer(true), NOW)),
                Output::Open(_) => opened += 1,
                Output::Letter(letter) => letters.push(letter),
                other => panic!("{other:?}"),
            }
        }
        for byte in back {
            caller.handle(Input::Bytes(&[byte]), NOW);
        }
        if caller.takes() && !sent {
            caller.handle(Input::Send(vec![5; 20_000]), NOW);
            sent = true;
        }
        if !letters.is_empty() {
            break;
        }
    }
    assert_eq!((opened, letters), (1, vec![vec![5; 20_000]]));
}

#[test]
fn slow_loris_has_ten_seconds_for_a_handshake_and_thirty_for_a_letter() {
    let patience = Patience::default();
    let mut host = waiting(41);
    let (first, _) = drain(&mut calling(wallet(), site().public(), 21));
    for (second, byte) in first.iter().enumerate() {
        host.handle(Input::Bytes(&[*byte]), NOW.after(second as u64 * 1_000));
    }
    assert_eq!(drain(&mut host), (Vec::new(), vec![Output::End(Fault::Slow)]));
    let (mut caller, mut host) = open_pair();
    caller.handle(Input::Send(vec![0; 8_000]), NOW);
    let (bytes, _) = drain(&mut caller);
    for (second, byte) in bytes.iter().enumerate().take(200) {
        host.handle(Input::Bytes(&[*byte]), NOW.after(second as u64 * 1_000));
    }
    assert_eq!(drain(&mut host).1, [Output::End(Fault::Slow)]);
    assert_eq!((patience.handshake, patience.letter), (10_000, 30_000));
}

#[test]
fn an_idle_channel_is_closed_by_the_responder_and_a_half_open_one_by_the_caller() {
    let (mut caller, mut host) = open_pair();
    assert!(host.wake_at() < caller.wake_at());
    for second in [10, 59] {
        host.handle(Input::Tick, NOW.after(second * 1_000));
        assert_eq!(host.state(), State::Open);
    }
    host.handle(Input::Tick, NOW.after(60_000));
    assert_eq!(drain(&mut host).1, [Output::End(Fault::Idle)]);
    caller.handle(Input::Tick, NOW.after(89_999));
    assert_eq!(caller.state(), State::Open);
    caller.handle(Input::Tick, NOW.after(90_000));
    assert_eq!(drain(&mut caller).1, [Output::End(Fault::Idle)]);
}

#[test]
fn an_oversized_frame_is_refused_by_its_length_alone() {
    for (mut dialog, len) in [
        (waiting(41), 513_u32),
        (open_pair().1, 8 * 1024 + 1),
        (waiting(41), u32::MAX),
        (open_pair().1, u32::MAX),
    ] {
        dialog.handle(Input::Bytes(&len.to_be_bytes()), NOW);
        assert_eq!(drain(&mut dialog), (Vec::new(), vec![Output::End(Fault::TooLong)]));
        assert_eq!(dialog.kept(), 0);
    }
}

#[test]
fn a_channel_keeps_under_64_kib_beside_long_letters_and_nothing_at_rest() {
    let (mut caller, mut host) = open_pair();
    let mut most = 0;
    for round in 0..4 {
        caller.handle(Input::Send(vec![round; LONG]), NOW);
        while let Some(output) = caller.poll() {
            let Output::Write(bytes) = output else { panic!("{output:?}") };
            for piece in bytes.chunks(4096) {
                host.handle(Input::Bytes(piece), NOW);
                most = most.max(host.kept()).max(caller.kept());
            }
        }
        assert_eq!(drain(&mut host).1, [Output::Letter(vec![round; LONG])]);
    }
    assert!(most <= 64 * 1024, "{most} bytes");
    assert_eq!(host.kept(), 0, "an idle channel keeps nothing");
}

#[test]
fn whoever_writes_on_before_the_answer_is_cut_off() {
    let mut host = waiting(41);
    let (first, _) = drain(&mut calling(wallet(), site().public(), 21));
    host.handle(Input::Bytes(&first), NOW);
    drain(&mut host);
    host.handle(Input::Bytes(&[0; 8192]), NOW);
    assert_eq!(drain(&mut host), (Vec::new(), vec![Output::End(Fault::TooLong)]));
}

#[test]
fn two_channels_between_the_same_two_do_not_disturb_each_other() {
    let (mut one, mut host_one) = open_pair();
    let (mut two, mut host_two) = (calling(wallet(), site().public(), 71), waiting(43));
    carry(&mut two, &mut host_two, |_| true);
    one.handle(Input::Send(b"one".to_vec()), NOW);
    two.handle(Input::Send(b"two".to_vec()), NOW);
    assert_eq!(carry(&mut two, &mut host_two, |_| true).1, [Output::Letter(b"two".to_vec())]);
    assert_eq!(carry(&mut one, &mut host_one, |_| true).1, [Output::Letter(b"one".to_vec())]);
    // Bytes of one mean nothing on the other.
    one.handle(Input::Send(b"three".to_vec()), NOW);
    let (bytes, _) = drain(&mut one);
    host_two.handle(Input::Bytes(&bytes), NOW);
    assert_eq!(drain(&mut host_two).1, [Output::End(Fault::Forged)]);
    assert_eq!(host_one.state(), State::Open);
}

#[test]
fn after_the_end_nothing_comes_any_more() {
    let (mut caller, mut host) = open_pair();
    host.handle(Input::Gone, NOW);
    assert_eq!(drain(&mut host).1, [Output::End(Fault::Closed)]);
    caller.handle(Input::Send(b"late".to_vec()), NOW);
    let (bytes, _) = drain(&mut caller);
    host.handle(Input::Bytes(&bytes), NOW);
    host.handle(Input::Gone, NOW);
    assert_eq!(host.handle(Input::Send(b"x".to_vec()), NOW), Some(b"x".to_vec()));
    assert_eq!(drain(&mut host), (Vec::new(), Vec::new()));
}

#[test]
fn secrets_do_not_print() {
    assert_eq!(format!("{TOKEN:?}"), "Token(..)");
}
