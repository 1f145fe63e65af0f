//! How a partner is recognised in the air, and how nobody else can follow.
//!
//! A device advertises one tag for each partner that it wants to meet. The tag changes every quarter of an hour and with
//! the device that shows it; without the pairwise key two tags of one device look like those of two. Which of two
//! devices dials follows from the pairwise key and the clock, and turns round at every try.
//!
//! A tag is shown as eight bytes where the system lets an app advertise them, and otherwise as a name of ten letters.

use crate::keys::{PairwiseKey, PublicKey};
use crate::session::Hint;
use std::collections::BTreeMap;

/// Seconds for which a tag is shown.
pub const EPOCH_SECONDS: u64 = 15 * 60;
/// Seconds of one try; then the roles are swapped.
pub const TRY_SECONDS: u64 = 20;

/// A quarter of an hour, counted from the beginning of 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of this second.
    pub fn at(unix_seconds: u64) -> Self {
        Self(unix_seconds.checked_div(EPOCH_SECONDS).unwrap_or_default())
    }

    /// This one, and one to each side for clocks that differ.
    fn tolerated(self) -> [Self; 3] {
        [Self(self.0.saturating_sub(1)), self, Self(self.0.saturating_add(1))]
    }
}

/// Eight bytes in an advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(pub [u8; 8]);

impl Tag {
    /// What the owner of `shower` shows to the other holder of `key`.
    pub fn new(key: &PairwiseKey, shower: &PublicKey, epoch: Epoch) -> Self {
        let hash = key.hash(&[b"hazel sync 1 beacon", &shower.0, &epoch.0.to_be_bytes()]);
        Self(hash.first_chunk().copied().unwrap_or_default())
    }

    /// The tag as the hint with which a dialer opens, so that a waiter knows which partner calls.
    pub fn hint(self) -> Hint {
        Hint(self.0)
    }

    /// The name to show where nothing but a name and a service may be advertised: ten letters, as Z85 of ZeroMQ's RFC 32 has them.
    pub fn name(self) -> String {
        let mut letters = String::with_capacity(10);
        for four in self.0.chunks(4) {
            let number = four.iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
            for power in [4, 3, 2, 1, 0] {
                let digit = number.checked_div(85_u32.pow(power)).unwrap_or_default() % 85;
                let letter = usize::try_from(digit).ok().and_then(|digit| Z85.get(digit));
                letters.push(char::from(letter.copied().unwrap_or_default()));
            }
        }
        letters
    }
}

const Z85: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// What can be seen of a tag in an advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// All of it.
    Whole(Tag),
    /// The first eight letters of its name; some phones cut the last two off.
    Name([u8; 8]),
}

impl Sight {
    /// Reads what came with our service: manufacturer data, and the device's name. There may be both, and one of them old: some systems
    /// remember what a device showed before. Most names are no tag, and some look like one that nobody shows.
    pub fn read(manufacturer: Option<&[u8]>, name: Option<&str>) -> Vec<Self> {
        let whole = manufacturer.and_then(|data| data.try_into().ok()).map(|tag| Self::Whole(Tag(tag)));
        let name =
            name.map(str::as_bytes).filter(|name| name.len() <= 10 && name.iter().all(|b| Z85.contains(b)));
        let name = name.and_then(|name| name.first_chunk().copied()).map(Self::Name);
        whole.into_iter().chain(name).collect()
    }

    /// Whether this tag looks so.
    pub fn is_of(self, tag: Tag) -> bool {
        match self {
            Self::Whole(seen) => seen == tag,
            Self::Name(seen) => tag.name().as_bytes().starts_with(&seen),
        }
    }
}

impl From<Tag> for Sight {
    fn from(tag: Tag) -> Self {
        Self::Whole(tag)
    }
}

/// The tags that partners may be showing now.
#[derive(Clone, Debug)]
pub struct Watch<P> {
    epoch: Epoch,
    tags: BTreeMap<Tag, P>,
}

impl<P: Clone> Watch<P> {
    /// Looks out for these partners: whatever the caller calls them, the pairwise key, the partner's key.
    pub fn new<'a>(
        epoch: Epoch,
        partners: impl IntoIterator<Item = (P, &'a PairwiseKey, &'a PublicKey)>,
    ) -> Self {
        let each = |(partner, key, theirs): (P, &PairwiseKey, &PublicKey)| {
            epoch.tolerated().map(|epoch| (Tag::new(key, theirs, epoch), partner.clone()))
        };
        Self { epoch, tags: partners.into_iter().flat_map(each).collect() }
    }

    /// Whose tag this is.
    pub fn recognise(&self, sight: impl Into<Sight>) -> Option<&P> {
        match sight.into() {
            Sight::Whole(tag) => self.tags.get(&tag),
            sight @ Sight::Name(_) => {
                self.tags.iter().find(|(tag, _)| sight.is_of(**tag)).map(|(_, partner)| partner)
            }
        }
    }

    /// Whether the tags have to be computed anew.
    pub fn is_stale(&self, unix_seconds: u64) -> bool {
        Epoch::at(unix_seconds) != self.epoch
    }
}

/// Whether this side dials at this second; the other side finds the opposite, and both the reverse at the next try.
pub fn dials(key: &PairwiseKey, ours: &PublicKey, theirs: &PublicKey, unix_seconds: u64) -> bool {
    let coin = key.hash(&[b"hazel sync 1 central"]).first().is_some_and(|byte| byte & 1 == 1);
    let turn = unix_seconds.checked_div(TRY_SECONDS).unwrap_or_default() & 1 == 1;
    (ours.0 < theirs.0) ^ coin ^ turn
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test looks at what it expects")]
mod tests {
    use super::*;
    use crate::keys::SecretKey;
    use std::collections::BTreeSet;

    const NOON: u64 = 1_790_000_100;

    fn pair(n: u8) -> (PairwiseKey, PublicKey, PublicKey) {
        let (a, b) = (SecretKey::new([n; 32]), SecretKey::new([n ^ 0xff; 32]));
        (a.pairwise(&b.public()).unwrap(), a.public(), b.public())
    }

    #[test]
    fn a_partner_is_recognised_by_clocks_a_quarter_of_an_hour_apart() {
        let (key, ours, theirs) = pair(1);
        let watch = Watch::new(Epoch::at(NOON), [("partner", &key, &theirs)]);
        let seen = |owner, seconds| watch.recognise(Tag::new(&key, owner, Epoch::at(seconds))).copied();
        for off in [NOON - EPOCH_SECONDS, NOON, NOON + EPOCH_SECONDS] {
            assert_eq!(seen(&theirs, off), Some("partner"));
        }
        assert_eq!(seen(&theirs, NOON - 2 * EPOCH_SECONDS), None);
        assert_eq!(seen(&theirs, NOON + 2 * EPOCH_SECONDS), None);
        assert_eq!(seen(&ours, NOON), None, "our own echo is not a partner");
        assert!(!watch.is_stale(NOON) && watch.is_stale(NOON + EPOCH_SECONDS));
    }

    #[test]
    fn tags_tell_partners_apart_and_never_repeat() {
        let pairs: Vec<_> = (1..=50).map(pair).collect();
        let watch = Watch::new(
            Epoch::at(NOON),
            pairs.iter().enumerate().map(|(n, (key, _, theirs))| (n, key, theirs)),
        );
        for (n, (key, _, theirs)) in pairs.iter().enumerate() {
            assert_eq!(watch.recognise(Tag::new(key, theirs, Epoch::at(NOON))), Some(&n));
        }
        let (key, ours, _) = pair(1);
        let day: BTreeSet<_> =
            (0..96).map(|n| Tag::new(&key, &ours, Epoch::at(NOON + n * EPOCH_SECONDS))).collect();
        assert_eq!(day.len(), 96);
    }

    #[test]
    fn a_name_of_ten_letters_is_recognised_too_and_one_that_was_cut() {
        let pairs: Vec<_> = (1..=50).map(pair).collect();
        let watch = Watch::new(
            Epoch::at(NOON),
            pairs.iter().enumerate().map(|(n, (key, _, theirs))| (n, key, theirs)),
        );
        for (n, (key, _, theirs)) in pairs.iter().enumerate() {
            let tag = Tag::new(key, theirs, Epoch::at(NOON));
            for name in [tag.name().as_str(), tag.name().get(..8).unwrap()] {
                let seen = Sight::read(None, Some(name));
                assert_eq!((tag.name().len(), watch.recognise(seen[0])), (10, Some(&n)));
            }
        }
        // The example of the RFC.
        assert_eq!(Tag([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]).name(), "HelloWorld");
    }

    #[test]
    fn what_is_no_tag_is_nothing() {
        let both = [Sight::Whole(Tag([1; 8])), Sight::Name(*b"HelloWor")];
        assert_eq!(Sight::read(Some(&[1; 8]), Some("HelloWorld")), both);
        assert_eq!(Sight::read(Some(&[1; 9]), Some("HelloWor")), both[1..]);
        for name in ["", "Phone", "HelloWo", "HelloWorlds", "Hello World", "BlueZ 5.66", "Gerät 12"] {
            assert_eq!(Sight::read(None, Some(name)), [], "{name}");
        }
        assert_eq!(Sight::read(Some(&[1; 7]), None), []);
    }

    #[test]
    fn exactly_one_dials_and_the_roles_swap() {
        let mut first = BTreeSet::new();
        for n in 1..60 {
            let (key, a, b) = pair(n);
            for seconds in [NOON, NOON + TRY_SECONDS, NOON + 7 * TRY_SECONDS] {
                assert_ne!(dials(&key, &a, &b, seconds), dials(&key, &b, &a, seconds));
            }
            assert_ne!(dials(&key, &a, &b, NOON), dials(&key, &a, &b, NOON + TRY_SECONDS));
            first.insert(dials(&key, &a, &b, NOON));
        }
        assert_eq!(first.len(), 2, "the same side would always begin");
    }
}
