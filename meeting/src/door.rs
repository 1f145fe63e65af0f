//! Whom a device can meet, and how a waiter finds out who calls.

use hazel_core::store::Begun;
use hazel_core::tally::TallyId;
use hazel_core::wallet::{MeetingKeys, Wallet};
use hazel_sync::beacon::{EPOCH_SECONDS, Epoch, Sight, Tag, dials};
use hazel_sync::frame::Greeting;
use hazel_sync::session::{
    Carrier, Entropy, Hint, Id, MessageId, Nonce, Partial, Patience, Role, Session, Setting, Way,
};
use hazel_sync::{PairwiseKey, PublicKey, SecretKey};

use super::MeetingError;

/// One tally's way to its partner.
pub struct Acquaintance {
    keys: MeetingKeys,
    secret: SecretKey,
    pairwise: Option<PairwiseKey>,
    /// The beginning of a long letter, kept from a meeting that was cut.
    kept: Option<Partial>,
}

impl Acquaintance {
    /// The partner of this tally, at the device that holds the recovery words.
    pub fn of(wallet: &Wallet, tally: &TallyId) -> Result<Self, MeetingError> {
        Self::by(wallet, wallet.meeting_keys(tally)?)
    }

    /// The partner of this tally at every device that may call.
    pub fn all_of(wallet: &Wallet, tally: &TallyId) -> Result<Vec<Self>, MeetingError> {
        let mut all = vec![Self::of(wallet, tally)?];
        for keys in wallet.device_meeting_keys(tally)? {
            all.push(Self::by(wallet, keys)?);
        }
        Ok(all)
    }

    /// The partner at one device by its number.
    pub fn of_device(wallet: &Wallet, tally: &TallyId, device: u32) -> Result<Self, MeetingError> {
        let keys = wallet.device_meeting_keys(tally)?;
        Self::by(
            wallet,
            keys.into_iter()
                .find(|keys| keys.device == Some(device))
                .ok_or(MeetingError::NoDevice(device))?,
        )
    }

    fn by(wallet: &Wallet, keys: MeetingKeys) -> Result<Self, MeetingError> {
        let secret = SecretKey::new(*keys.secret);
        let pairwise = keys.theirs.map(|theirs| secret.pairwise(&PublicKey(theirs))).transpose()?;
        let partial = |Begun { name, total, bytes }| Partial { id: MessageId(name), total, bytes };
        let kept = wallet.begun(&keys.tally)?.map(partial);
        Ok(Self { keys, secret, pairwise, kept })
    }

    /// Which tally.
    #[must_use]
    pub fn tally(&self) -> &TallyId {
        &self.keys.tally
    }

    /// The tag that this device shows to the partner now.
    #[must_use]
    pub fn shown_tag(&self, unix: u64) -> Option<Tag> {
        let pairwise = self.pairwise.as_ref()?;
        Some(Tag::new(pairwise, &self.secret.public(), Epoch::at(unix)))
    }

    /// The tag that the partner shows now.
    #[must_use]
    pub fn awaited_tag(&self, unix: u64) -> Option<Tag> {
        let (pairwise, theirs) = (self.pairwise.as_ref()?, self.keys.theirs?);
        Some(Tag::new(pairwise, &PublicKey(theirs), Epoch::at(unix)))
    }

    /// Whether the partner shows this tag, by a clock up to a quarter of an hour off.
    #[must_use]
    pub fn shows(&self, seen: impl Into<Sight>, unix: u64) -> bool {
        let seen = seen.into();
        let clocks = [unix.saturating_sub(EPOCH_SECONDS), unix, unix.saturating_add(EPOCH_SECONDS)];
        clocks.into_iter().filter_map(|unix| self.awaited_tag(unix)).any(|tag| seen.is_of(tag))
    }

    /// Whether this is somebody to call: the partner's tag, or the tag of the ticket that this device has scanned.
    #[must_use]
    pub fn is_sought(&self, seen: impl Into<Sight>, unix: u64) -> bool {
        let seen = seen.into();
        let by_ticket = self.ticket_tag().filter(|_| self.keys.introduces);
        by_ticket.is_some_and(|tag| seen.is_of(tag)) || self.shows(seen, unix)
    }

    /// The tag of a ticket: whoever has scanned it finds the inviter by it.
    #[must_use]
    pub fn ticket_tag(&self) -> Option<Tag> {
        self.ticket_hint().map(|hint| Tag(hint.0))
    }

    /// Whether this device has scanned the ticket and the partner does not know it yet, so that only this device can call.
    #[must_use]
    pub fn introduces(&self) -> bool {
        self.keys.introduces
    }

    /// Whether of the two it is this device that calls now.
    #[must_use]
    pub fn calls(&self, unix: u64) -> bool {
        match (&self.pairwise, self.keys.theirs) {
            (Some(pairwise), Some(theirs)) => {
                dials(pairwise, &self.secret.public(), &PublicKey(theirs), unix)
            }
            _ => false,
        }
    }

    /// The hint by which a ticket is meant.
    fn ticket_hint(&self) -> Option<Hint> {
        self.nonce().map(|nonce| Hint::of_ticket(&nonce))
    }

    fn nonce(&self) -> Option<Nonce> {
        self.keys.ticket.as_ref().map(|nonce| Nonce(**nonce))
    }

    /// The session of a caller: by ticket until the partner is known, as partners afterwards.
    pub fn dial(&self, carrier: Carrier, unix: u64, entropy: &Entropy) -> Result<Session, MeetingError> {
        let theirs = self.keys.theirs.ok_or(MeetingError::NobodyYet)?;
        let ours = self.keys.name_of(&self.keys.ours);
        let waiter = Id(self.keys.name_of(&theirs));
        let by_ticket = self.nonce().filter(|_| self.keys.introduces);
        let (way, hint, dialer) = match by_ticket {
            // Only the handshake tells the inviter who calls.
            Some(nonce) => {
                let hint = Hint::of_ticket(&nonce);
                (Way::Ticket { nonce, issuer: PublicKey(theirs) }, hint, Id::default())
            }
            None => {
                let tag = self.shown_tag(unix).ok_or(MeetingError::NobodyYet)?;
                (Way::Partner { key: PublicKey(theirs) }, tag.hint(), Id(ours))
            }
        };
        let (kept, patience) = (self.kept.clone(), Patience::default());
        let setting = Setting { role: Role::Dialer, way, carrier, dialer, waiter, hint, kept, patience };
        Ok(Session::new(setting, &self.secret, entropy)?)
    }

    /// The session for a caller who has opened with this hint.
    fn answer(
        &self,
        carrier: Carrier,
        hint: Hint,
        by_ticket: bool,
        entropy: &Entropy,
    ) -> Result<Session, MeetingError> {
        let waiter = Id(self.keys.name_of(&self.keys.ours));
        let (way, dialer) = if by_ticket {
            let nonce = self.nonce().ok_or(MeetingError::NobodyYet)?;
            (Way::Ticket { nonce, issuer: self.secret.public() }, Id::default())
        } else {
            let theirs = self.keys.theirs.ok_or(MeetingError::NobodyYet)?;
            (Way::Partner { key: PublicKey(theirs) }, Id(self.keys.name_of(&theirs)))
        };
        let (kept, patience) = (self.kept.clone(), Patience::default());
        let setting = Setting { role: Role::Waiter, way, carrier, dialer, waiter, hint, kept, patience };
        Ok(Session::new(setting, &self.secret, entropy)?)
    }
}

/// Everybody who may call: how a waiter finds the tally that a caller means, without the caller naming it to others.
pub struct Door {
    acquaintances: Vec<Acquaintance>,
}

impl Door {
    /// Opens to the partners of these tallies.
    pub fn to(wallet: &Wallet, tallies: &[TallyId]) -> Result<Self, MeetingError> {
        let mut acquaintances = Vec::new();
        for tally in tallies {
            acquaintances.extend(Acquaintance::all_of(wallet, tally)?);
        }
        Ok(Self { acquaintances })
    }

    /// Whom this door is open to.
    #[must_use]
    pub fn acquaintances(&self) -> &[Acquaintance] {
        &self.acquaintances
    }

    /// The tally and the session for a caller's first packet; none if it means nobody here.
    pub fn answer(
        &self,
        first: &[u8],
        carrier: Carrier,
        unix: u64,
        entropy: &Entropy,
    ) -> Result<Option<(TallyId, Session)>, MeetingError> {
        let Some(hint) = Greeting::read(first).map(|greeting| greeting.hint()) else { return Ok(None) };
        for known in &self.acquaintances {
            let by_ticket = !known.keys.introduces && known.ticket_hint() == Some(hint);
            if by_ticket || known.shows(Tag(hint.0), unix) {
                let session = known.answer(carrier, hint, by_ticket, entropy)?;
                return Ok(Some((*known.tally(), session)));
            }
        }
        Ok(None)
    }
}
