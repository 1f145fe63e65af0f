//! A phone at one moment, as states hold it: shared, with everything that states ask of it worked out once; and what all phones
//! together have ever said.

use std::collections::BTreeMap;
use std::sync::Arc;

use hazel_core::book::Phase;
use hazel_core::canon::Writer;
use hazel_core::chit::Body;
use hazel_core::digest::Digest;
use hazel_core::order::Endorsement;
use hazel_core::store::PlaceRow;
use hazel_core::tally::Side;

use super::memory::{Memory, Name, short};
use super::phone::{self, Letter, Phone};

/// Whose word it is, and of which view and index.
type Place = ([u8; 32], u64, u64);

/// A phone at one moment.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) phone: Phone,
    /// Everything about it, as one hash.
    pub(super) name: Name,
    /// The rule that does not hold on this phone alone.
    pub(super) wrong: Option<&'static str>,
    signed: Vec<(Digest, Digest)>,
    said: Vec<(Place, Digest)>,
    agreed: Vec<Digest>,
}

impl Moment {
    fn of(phone: Phone, name: Name, one_invoice: bool) -> Self {
        let chits = phone.drawer.chits.values();
        let signed = chits.map(|kept| (kept.signed.key.digest(), kept.signed.chit.hash())).collect();
        let words = phone.drawer.words.values();
        let said =
            words.map(|word| ((word.key.0, word.head.view, word.head.index), word.head.hash)).collect();
        let upto = usize::try_from(phone.standing.agreed).unwrap_or(usize::MAX);
        let hash = |place: &PlaceRow| phone.drawer.chits[&place.chit].signed.chit.hash();
        let agreed = phone.drawer.places.iter().take(upto).map(hash).collect();
        let wrong = judge(&phone, one_invoice);
        Self { name, wrong, signed, said, agreed, phone }
    }
}

/// What has been worked out of one story.
#[derive(Debug, Default)]
pub(super) struct Known {
    moments: Memory<Arc<Moment>>,
    after: Memory<Arc<Moment>>,
    letters: Memory<(Arc<Moment>, Arc<Letter>)>,
}

impl Known {
    /// A phone as it is held in states.
    pub(super) fn moment(&self, phone: Phone, one_invoice: bool) -> Arc<Moment> {
        let name = name_of(&phone);
        self.moments.of(name, 0, || Arc::new(Moment::of(phone, name, one_invoice)))
    }

    /// What a phone is after something that has this name.
    pub(super) fn after(
        &self,
        moment: &Moment,
        deed: Name,
        one_invoice: bool,
        act: impl FnOnce(&mut Phone),
    ) -> Arc<Moment> {
        self.after.of(moment.name, deed, || {
            let mut phone = moment.phone.clone();
            act(&mut phone);
            self.moment(phone, one_invoice)
        })
    }

    /// What a phone is after it has written a letter, and the letter.
    pub(super) fn letter(
        &self,
        moment: &Moment,
        one_invoice: bool,
        write: impl FnOnce(&mut Phone) -> Letter,
    ) -> (Arc<Moment>, Arc<Letter>) {
        self.letters.of(moment.name, 0, || {
            let mut phone = moment.phone.clone();
            let letter = write(&mut phone);
            (self.moment(phone, one_invoice), Arc::new(letter))
        })
    }
}

/// The name of everything a phone is: whatever is not in it, no rule may look at.
fn name_of(phone: &Phone) -> Name {
    let mut to = Writer::with_capacity(4096);
    let (standing, chain) = (&phone.standing, &phone.chain);
    to.put(&phone.side).uint(phone.device.into()).put(chain).uint(phone.closed.into());
    to.put(&standing.book).put(&standing.tip).put(&standing.final_paid);
    to.uint(standing.agreed).uint(standing.final_index).uint(standing.reconciling.into());
    for number in [standing.arrivals, standing.owed, standing.chain.unwrap_or(0)] {
        to.bytes(&number.to_be_bytes());
    }
    phone.drawer.write(&mut to);
    short(&Digest::of(&to.into_bytes()))
}

/// What was ever said, by whomever, whether he still knows of it or not.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// What each node has said of each place.
    said: BTreeMap<Place, Digest>,
    /// What each key has signed.
    signed: BTreeMap<Digest, Digest>,
    /// The longest order on which both halves were known to agree.
    agreed: Vec<Digest>,
    /// All of it, as one hash.
    pub(super) name: Digest,
}

impl History {
    /// Whether a moment adds nothing.
    pub(super) fn knows(&self, moment: &Moment) -> bool {
        moment.signed.iter().all(|(key, chit)| self.signed.get(key) == Some(chit))
            && moment.said.iter().all(|(place, head)| self.said.get(place) == Some(head))
            && moment.agreed.len() <= self.agreed.len()
    }

    /// The history with one moment more. Says which rule that breaks.
    pub(super) fn with(&self, moment: &Moment) -> (Self, Option<&'static str>) {
        let (mut history, mut wrong) = (self.clone(), None);
        for (key, chit) in &moment.signed {
            if history.signed.entry(*key).or_insert(*chit) != chit {
                wrong = wrong.or(Some("I11: one key signed two chits"));
            }
        }
        for (place, head) in &moment.said {
            if history.said.entry(*place).or_insert(*head) != head {
                wrong = wrong.or(Some("I13: a node stood for two orders"));
            }
        }
        if moment.agreed.len() > history.agreed.len() {
            history.agreed.clone_from(&moment.agreed);
        }
        history.name = history.named();
        (history, wrong)
    }

    /// I2, I3: what both halves ever agreed on is the beginning of what anybody calls agreed.
    pub(super) fn contradicts(&self, moment: &Moment) -> bool {
        self.agreed.iter().zip(&moment.agreed).any(|(one, other)| one != other)
    }

    fn named(&self) -> Digest {
        let mut bytes = Vec::with_capacity(1024);
        for ((key, view, index), hash) in &self.said {
            bytes.extend(key);
            bytes.extend(view.to_be_bytes());
            bytes.extend(index.to_be_bytes());
            bytes.extend(hash.0);
        }
        for hash in self.signed.values().chain(&self.agreed) {
            bytes.extend(hash.0);
        }
        bytes.extend(self.said.len().to_be_bytes());
        bytes.extend(self.signed.len().to_be_bytes());
        Digest::of(&bytes)
    }
}

/// What can be seen on one phone alone.
fn judge(phone: &Phone, one_invoice: bool) -> Option<&'static str> {
    let (standing, places) = (&phone.standing, &phone.drawer.places);
    if standing.final_index > standing.agreed || standing.agreed > standing.book.head.index {
        return Some("I14: final, agreed and ordered are out of step");
    }
    let other = phone::node(phone.side.other()).public();
    let spoke = |index: u64| {
        let word = phone.drawer.words.get(&other.0)?;
        let place = places.get(usize::try_from(index.checked_sub(1)?).ok()?)?;
        let own = word.check_signature().is_ok();
        (own && word.head.index >= index && (word.head.index > index || word.head.hash == place.hash))
            .then_some(())
    };
    if standing.final_index > 0 && !standing.reconciling && spoke(standing.final_index).is_none() {
        return Some("I15: final without the other party's node");
    }
    // A stock that confirms has agreed with it, so that its own word always stands in its own order.
    let own = phone.drawer.words.get(&phone::node(phone.side).public().0);
    let held = |word: &Endorsement| {
        let at = usize::try_from(word.head.index.saturating_sub(1)).unwrap_or(usize::MAX);
        places.get(at).is_some_and(|place| place.hash == word.head.hash)
    };
    if phone.side == Side::Stock && !standing.reconciling && own.is_some_and(|word| !held(word)) {
        return Some("I2: a node stood for an order that it does not hold");
    }
    if one_invoice {
        let inside = phone.drawer.chits.values().filter(|kept| {
            let answers = matches!(kept.signed.chit.body, Body::Pledge { invoice: Some(_), .. });
            kept.place > 0 && answers && !kept.flag.is_outside()
        });
        if inside.count() > 1 {
            return Some("I21: one invoice was paid twice within terms");
        }
    }
    let book = &standing.book;
    if phone.closed && (book.phase != Phase::Closed || book.paid.stock != book.paid.foil) {
        return Some("I22: closed, and not at zero in the order");
    }
    None
}
