//! What a fuzzer says to two devices that meet: packets, sessions in every state, beacons, letters.
//!
//! A script is a list of packets, each behind its length in one byte. Whatever it says, nothing panics, no memory grows, nothing has an
//! effect that the honest partner did not cause, and the honest packets of the same meeting are all that can.

use crate::fuzzing_said;
use hazel_core::letter::Letterbox;
use hazel_sync::beacon::{Epoch, Sight, Tag, Watch};
use hazel_sync::frame::Packet;
use hazel_sync::session::{
    Carrier, Digest, Entropy, Hint, Id, Input, Output, Patience, Role, Session, Setting, Way,
};
use hazel_sync::{SecretKey, Time};

/// What a session may hold, whatever is said to it.
const MOST_HELD: usize = 256 * 1024;
/// What the honest dialer says.
const SAID: &[u8] = b"what the partner has to say";

const DIALER: [u8; 32] = [1; 32];
const WAITER: [u8; 32] = [2; 32];

/// A packet that is read is written as the same bytes, but for numbers that are counted in blocks.
pub(crate) fn packet(bytes: &[u8]) {
    match Packet::read(bytes) {
        Ok(packet) => {
            let again = packet.write();
            assert!(Packet::read(&again).map(|packet| packet.write()) == Ok(again), "it has one spelling");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The script is all that a waiting session hears: nobody is met, nothing is stored.
pub(crate) fn stranger(bytes: &[u8]) {
    for role in [Role::Waiter, Role::Dialer] {
        let Some(mut end) = End::new(role) else { return };
        for (time, packet) in (0_u64..).zip(packets(bytes)) {
            end.hear(Time(time.saturating_mul(10)), packet);
        }
        end.tick(Time(60_000));
        assert!(!end.met && end.heard.is_empty(), "a stranger was believed");
    }
}

/// The script falls into a meeting of two honest devices, a packet after each of theirs: only what the partner said is heard.
pub(crate) fn meeting(bytes: &[u8]) {
    let (Some(mut dialer), Some(mut waiter)) = (End::new(Role::Dialer), End::new(Role::Waiter)) else {
        return;
    };
    let mut script = packets(bytes);
    let mut recorded: Vec<Vec<u8>> = Vec::new();
    for time in (0..3_000_u64).step_by(50) {
        let now = Time(time);
        for dials in [true, false] {
            let (speaker, hearer) =
                if dials { (&mut dialer, &mut waiter) } else { (&mut waiter, &mut dialer) };
            for said in speaker.tick(now) {
                hearer.hear(now, &said);
                recorded.push(said);
                match script.next() {
                    // A packet of one byte names an earlier one: a replay.
                    Some([number]) => {
                        let replayed = recorded.get(usize::from(*number)).cloned();
                        hearer.hear(now, &replayed.unwrap_or_default());
                    }
                    Some(packet) => hearer.hear(now, packet),
                    None => {}
                }
            }
        }
    }
    assert!(waiter.heard.len() <= 1 && waiter.heard.iter().all(|heard| heard == SAID));
    assert!(dialer.heard.is_empty(), "the waiter said nothing");
}

/// Nobody is recognised by bytes that were made without the key.
pub(crate) fn beacon(bytes: &[u8]) {
    let Some(tag) = bytes.first_chunk::<8>().copied().map(Tag) else { return };
    let (dialer, waiter) = (SecretKey::new(DIALER), SecretKey::new(WAITER));
    let Ok(key) = dialer.pairwise(&waiter.public()) else { return };
    let now = Epoch::at(1_790_000_000);
    let watch = Watch::new(now, [("the partner", &key, &waiter.public())]);
    let own = Tag::new(&key, &waiter.public(), now);
    assert!(watch.recognise(own).is_some());
    let shown = [1_790_000_000 - 900, 1_790_000_000, 1_790_000_000 + 900]
        .map(|unix| Tag::new(&key, &waiter.public(), Epoch::at(unix)));
    assert!(watch.recognise(tag).is_some() == shown.contains(&tag));
    // The same bytes as the name of a device.
    let name = core::str::from_utf8(bytes).ok();
    for seen in Sight::read(None, name) {
        assert!(watch.recognise(seen).is_some() == shown.iter().any(|tag| name.is_some_and(|name| tag.name().starts_with(name.get(..8).unwrap_or(name)))));
    }
}

/// Letters one after the other, as parts of messages.
pub(crate) fn letter(bytes: &[u8]) {
    let mut letterbox = Letterbox::default();
    for letter in packets(bytes) {
        match letterbox.open(letter) {
            Ok(messages) => assert!(messages.len() <= 255),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// What a fuzzer begins with: the packets of an honest handshake, a packet of each kind, tags.
pub(crate) fn seeds(name: &str) -> Vec<Vec<u8>> {
    let honest = honest();
    match name {
        "air_packet" => honest,
        "air_beacon" => vec![vec![7; 8], vec![0; 8]],
        "air_said" => fuzzing_said::seeds(),
        "air_letter" => {
            vec![script(&[&[0x82, 0x01, 0x80]]), script(&[&[0x84, 0x01, 0x00, 0x02, 0x41, 0x00]])]
        }
        _ => {
            let all: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();
            let mut scripts: Vec<Vec<u8>> = honest.iter().map(|packet| script(&[packet])).collect();
            scripts.extend([script(&all), script(&[&[0], &[1], &[2], &[3]])]);
            scripts
        }
    }
}

fn script(packets: &[&[u8]]) -> Vec<u8> {
    let mut script = Vec::new();
    for packet in packets {
        script.push(u8::try_from(packet.len()).unwrap_or(u8::MAX));
        script.extend(packet.iter().take(255));
    }
    script
}

fn packets(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first()?;
        let (packet, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        Some(packet)
    })
}

/// The packets of a meeting that nobody disturbs.
fn honest() -> Vec<Vec<u8>> {
    let (Some(mut dialer), Some(mut waiter)) = (End::new(Role::Dialer), End::new(Role::Waiter)) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for time in (0..1_000_u64).step_by(50) {
        for said in dialer.tick(Time(time)) {
            waiter.hear(Time(time), &said);
            all.push(said);
        }
        for said in waiter.tick(Time(time)) {
            dialer.hear(Time(time), &said);
            all.push(said);
        }
    }
    all
}

/// One side of a meeting of partners, with a link that is up.
struct End {
    session: Session,
    met: bool,
    heard: Vec<Vec<u8>>,
}

impl End {
    fn new(role: Role) -> Option<Self> {
        let (ours, theirs) = if role == Role::Dialer { (DIALER, WAITER) } else { (WAITER, DIALER) };
        let setting = Setting {
            role,
            way: Way::Partner { key: SecretKey::new(theirs).public() },
            carrier: Carrier::Memory,
            dialer: Id([1; 16]),
            waiter: Id([2; 16]),
            hint: Hint([3; 8]),
            kept: None,
            patience: Patience::default(),
        };
        let entropy = Entropy(if role == Role::Dialer { [8; 48] } else { [9; 48] });
        let mut session = Session::new(setting, &SecretKey::new(ours), &entropy).ok()?;
        session.handle(Time(0), Input::LinkUp { mtu: 247, dialing: role == Role::Dialer }).ok()?;
        if role == Role::Dialer {
            session.handle(Time(0), Input::Send(SAID.to_vec())).ok()?;
        }
        session.handle(Time(0), Input::Settled(Digest([4; 8]))).ok()?;
        Some(Self { session, met: false, heard: Vec::new() })
    }

    /// Takes in a packet; what it would answer comes with the next tick.
    fn hear(&mut self, now: Time, packet: &[u8]) {
        let _ = self.session.handle(now, Input::Packet(packet));
    }

    fn tick(&mut self, now: Time) -> Vec<Vec<u8>> {
        let _ = self.session.handle(now, Input::Tick);
        let mut air = Vec::new();
        while let Some(output) = self.session.poll() {
            match output {
                Output::Packet(packet) => air.push(packet),
                Output::Met(_) => self.met = true,
                Output::Message(_, message) => {
                    assert!(self.met, "an effect before the meeting");
                    self.heard.push(message);
                    let _ = self.session.handle(now, Input::Settled(Digest([4; 8])));
                }
                _ => {}
            }
            assert!(air.len() < 1_000, "it never falls silent");
        }
        assert!(self.session.held() <= MOST_HELD, "{} bytes held", self.session.held());
        air
    }
}
