//! Errands: a hand-over for a partner who cannot be met goes along with one who will meet them.
//!
//! Nothing rests on it. Whoever gives an errand tells the same again at the next meeting, whoever carries one cannot read it, and whoever
//! it is for takes it in as a hand-over from any other road.

use crate::canon::Canon as _;
use crate::errand::{
    Claim, ERRAND_MAX, Errand, ErrandId, ErrandMessage, INSIDE_MAX, LIFETIME_MAX, SHOWN_MAX, Shown, Verdict,
};
use crate::store::{ErrandRow, Shelf};
use crate::tally::{Date, TallyId};

use super::delivery::Delivery;
use super::outbox::handed;
use super::receiving::{open, take_in};
use super::{Hands, Result, Wallet, WalletError, tally_no, tally_row};

/// The most errands that are carried.
pub const CARRIED_MAX: u64 = SHOWN_MAX as u64;
/// The most bytes of errands that are carried.
pub const CARRIED_BYTES: u64 = 1 << 20;
/// The most errands that are carried for one partner.
pub const FOR_GIVER_MAX: u64 = 8;
/// The most bytes of errands that are carried for one partner.
pub const FOR_GIVER_BYTES: u64 = 128 * 1024;

/// Why an errand cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotGive {
    /// Whoever is met can be told at once.
    #[error("this partner can be told directly: an errand is for somebody whom the carrier will meet")]
    SamePartner,
    /// There is no contract with one of the two yet.
    #[error("both tallies must be open: with whoever carries it, and with whom it is for")]
    NotOpen,
    /// Nobody carries anything for so long.
    #[error("an errand is carried for 30 days at most")]
    TooLong,
}

impl CannotGive {
    /// A stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SamePartner => "same_partner",
            Self::NotOpen => "not_open",
            Self::TooLong => "errand_too_long",
        }
    }
}

/// An errand as its holder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrandView {
    /// Its name.
    pub id: ErrandId,
    /// Mine: with whom it goes. Another's: who gave it.
    pub with: TallyId,
    /// Whom it is for, if it is mine. Of another's errand that is not known here.
    pub addressee: Option<TallyId>,
    /// What was said when it was last given; nothing if it was not yet.
    pub said: Option<Verdict>,
    /// Carried until then.
    pub expires: Date,
    /// How long it is.
    pub bytes: usize,
}

/// What happened to errands in a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrandNews {
    /// What the partner says of mine.
    OfMine(ErrandId, Verdict),
    /// Whether one of the partner's is taken along.
    OfPartner(ErrandId, Verdict),
    /// One that I carried has arrived, or was of no use to whom it was for.
    HandedOver(ErrandId, Verdict),
    /// One that the partner carried was for me.
    ForMe(Delivery),
}

/// What came of something said about errands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrandTurn {
    /// What to say in return.
    pub reply: Vec<Vec<u8>>,
    /// What happened.
    pub news: Option<ErrandNews>,
}

impl Wallet {
    /// Whether this phone takes errands along for its partners.
    pub fn carries_errands(&self) -> Result<bool> {
        self.look(|shelf| Ok(shelf.porter_since()?.is_some()))
    }

    /// Says whether this phone takes errands along. Those that it has promised to carry it keeps.
    pub fn carry_errands(&mut self, carries: bool) -> Result<()> {
        self.act(|shelf, hands| Ok(shelf.put_porter(carries.then_some(hands.now))?))
    }

    /// Seals what one partner must be told, for another to carry; it is given at their next meeting. None if there is nothing to tell.
    pub fn give_errand(&mut self, to: &TallyId, by: &TallyId, seconds: u64) -> Result<Option<ErrandView>> {
        if to == by {
            return Err(CannotGive::SamePartner.into());
        }
        if seconds > LIFETIME_MAX {
            return Err(CannotGive::TooLong.into());
        }
        self.act(|shelf, hands| {
            let (row, carrier) = (tally_row(shelf, to)?, tally_row(shelf, by)?);
            if row.contract.is_none() || carrier.contract.is_none() {
                return Err(CannotGive::NotOpen.into());
            }
            let Some(handover) = handed(shelf, hands, &row, INSIDE_MAX)? else { return Ok(None) };
            let expires = hands.now.saturating_add(seconds);
            let entry = Errand::new(handover, &hands.pair_key(shelf, row.no)?, row.side.other(), expires);
            if entry.to_bytes().len() > ERRAND_MAX {
                return Err(WalletError::TooLong { what: Errand::WHAT, max: ERRAND_MAX });
            }
            let errand =
                ErrandRow { id: entry.id(), tally: carrier.no, addressee: Some(row.no), said: None, entry };
            shelf.put_errand(&errand)?;
            view(shelf, &errand).map(Some)
        })
    }

    /// Errands of mine that others carry or will, and those that I carry; none whose time is over.
    pub fn errands(&self) -> Result<Vec<ErrandView>> {
        let now = self.now();
        self.look(|shelf| {
            let rows = shelf.errands()?.into_iter().filter(|row| row.entry.expires >= now);
            rows.map(|row| view(shelf, &row)).collect()
        })
    }

    /// Forgets an errand: mine is not given any more, another's is not carried any more.
    pub fn drop_errand(&mut self, id: &ErrandId) -> Result<()> {
        self.act(|shelf, _| {
            let rows = shelf.errands()?.into_iter().filter(|row| row.id == *id);
            let mut dropped = false;
            for row in rows {
                shelf.drop_errand(row.tally, id)?;
                dropped = true;
            }
            if dropped { Ok(()) } else { Err(WalletError::Unknown { what: Errand::WHAT }) }
        })
    }

    /// What to say about errands to a partner who is met: mine that are to go along, and what is carried for others.
    pub fn say_errands(&mut self, partner: &TallyId) -> Result<Vec<Vec<u8>>> {
        let waits = self.look(|shelf| {
            let no = tally_no(shelf, partner)?;
            let rows = shelf.errands()?;
            Ok(rows.iter().any(|row| is_due(row, no)) && shelf.tally(no)?.contract.is_some())
        })?;
        if !waits {
            return Ok(Vec::new());
        }
        self.act(|shelf, hands| {
            shelf.drop_late_errands(hands.now)?;
            let no = tally_no(shelf, partner)?;
            let mut rows = shelf.errands()?;
            rows.retain(|row| is_due(row, no));
            let (mine, carried): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.addressee.is_some());
            let shown: Vec<Shown> = carried.iter().map(|row| row.entry.shown()).take(SHOWN_MAX).collect();
            let mut said: Vec<_> = mine.into_iter().map(|row| handed_over(row.entry)).collect();
            if !shown.is_empty() {
                said.push(ErrandMessage::Shown(shown).to_bytes());
            }
            Ok(said)
        })
    }

    /// Takes in what a partner who is met says about errands. What it promises is on the disk when this returns.
    pub fn hear_errand(&mut self, partner: &TallyId, said: &[u8]) -> Result<ErrandTurn> {
        let message = ErrandMessage::from_bytes(said)?;
        self.act(|shelf, hands| {
            let no = tally_no(shelf, partner)?;
            match message {
                ErrandMessage::Shown(shown) => claim(shelf, hands, &shown),
                ErrandMessage::Claimed(claims) => hand_over(shelf, hands, no, &claims),
                ErrandMessage::Handed(errand) => take(shelf, hands, no, *errand),
                ErrandMessage::Answered { id, verdict } => answered(shelf, no, id, verdict),
            }
        })
    }
}

fn view(shelf: &Shelf<'_>, row: &ErrandRow) -> Result<ErrandView> {
    Ok(ErrandView {
        id: row.id,
        with: shelf.tally_label(row.tally)?.0,
        addressee: row.addressee.map(|no| Ok::<_, WalletError>(shelf.tally_label(no)?.0)).transpose()?,
        said: row.said,
        expires: row.entry.expires,
        bytes: row.entry.to_bytes().len(),
    })
}

/// Whether this errand is something to talk about with the partner of that tally.
fn is_due(row: &ErrandRow, no: i64) -> bool {
    if row.addressee.is_some() {
        row.tally == no && !matches!(row.said, Some(Verdict::Carried | Verdict::Arrived))
    } else {
        // Whoever gave it has no use for it.
        row.tally != no
    }
}

fn handed_over(errand: Errand) -> Vec<u8> {
    ErrandMessage::Handed(Box::new(errand)).to_bytes()
}

/// Claims what is for me among what the partner carries.
fn claim(shelf: &Shelf<'_>, hands: &Hands<'_>, shown: &[Shown]) -> Result<ErrandTurn> {
    let claims = claims(shelf, hands, shown)?;
    let reply = if claims.is_empty() { vec![] } else { vec![ErrandMessage::Claimed(claims).to_bytes()] };
    Ok(ErrandTurn { reply, news: None })
}

/// The claims to what is for me.
pub(super) fn claims(shelf: &Shelf<'_>, hands: &Hands<'_>, shown: &[Shown]) -> Result<Vec<Claim>> {
    let mut claims: Vec<Claim> = Vec::new();
    for no in shelf.tallies()? {
        if shelf.tally_secrets(no)?.pair.is_none() {
            continue;
        }
        let (key, side) = (hands.pair_key(shelf, no)?, shelf.tally(no)?.side);
        claims.extend(shown.iter().filter_map(|shown| shown.claim(&key, side)));
    }
    Ok(claims)
}

/// Hands over what the partner has shown to be for it.
fn hand_over(shelf: &Shelf<'_>, hands: &Hands<'_>, no: i64, claims: &[Claim]) -> Result<ErrandTurn> {
    let mut reply = Vec::new();
    for row in shelf.errands()? {
        let carried = row.addressee.is_none() && row.tally != no && row.entry.expires >= hands.now;
        if carried && claims.iter().any(|claim| row.entry.is_claimed_by(claim)) {
            reply.push(handed_over(row.entry));
        }
    }
    Ok(ErrandTurn { reply, news: None })
}

/// An errand has come: it is for me, or to be carried.
fn take(shelf: &Shelf<'_>, hands: &mut Hands<'_>, no: i64, errand: Errand) -> Result<ErrandTurn> {
    let id = errand.id();
    let (verdict, news) = if let Some(mine) = take_mine(shelf, hands, &errand)? {
        mine
    } else {
        let verdict = may_carry(shelf, hands, no, &errand)?;
        if verdict == Verdict::Carried {
            let row = ErrandRow { id, tally: no, addressee: None, said: Some(verdict), entry: errand };
            shelf.put_errand(&row)?;
        }
        (verdict, Some(ErrandNews::OfPartner(id, verdict)))
    };
    Ok(ErrandTurn { reply: vec![ErrandMessage::Answered { id, verdict }.to_bytes()], news })
}

/// Takes an errand in if it is for me; nothing if it is for somebody else.
pub(super) fn take_mine(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    errand: &Errand,
) -> Result<Option<(Verdict, Option<ErrandNews>)>> {
    if claims(shelf, hands, &[errand.shown()])?.is_empty() {
        return Ok(None);
    }
    Ok(Some(match take_in_mine(shelf, hands, errand)? {
        Some(delivery) => (Verdict::Arrived, Some(ErrandNews::ForMe(delivery))),
        None => (Verdict::Spoilt, None),
    }))
}

/// Takes in what is for me, like a hand-over from any other road. None if it was altered on its way: its carrier need not keep it.
fn take_in_mine(shelf: &Shelf<'_>, hands: &mut Hands<'_>, errand: &Errand) -> Result<Option<Delivery>> {
    let done = shelf.attempt(|| {
        let (tally, messages) = open(shelf, hands, errand.handover())?;
        take_in(shelf, hands, tally, errand.handover().introduction(), messages)
    });
    match done {
        Ok(delivery) => Ok(Some(delivery)),
        Err(WalletError::NotForUs | WalletError::OwnHandOver | WalletError::Malformed(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// Whether there is room for one more, within all bounds.
fn may_carry(shelf: &Shelf<'_>, hands: &Hands<'_>, no: i64, errand: &Errand) -> Result<Verdict> {
    if shelf.porter_since()?.is_none() {
        return Ok(Verdict::NotCarrying);
    }
    if let Some(verdict) = errand.unfit(hands.now) {
        return Ok(verdict);
    }
    shelf.drop_late_errands(hands.now)?;
    let id = errand.id();
    if shelf.errands()?.iter().any(|row| row.tally == no && row.id == id && row.addressee.is_none()) {
        // It comes again: our answer was lost.
        return Ok(Verdict::Carried);
    }
    let bytes = u64::try_from(errand.to_bytes().len()).unwrap_or(u64::MAX);
    let [(all, all_bytes), (of_giver, giver_bytes)] = shelf.carried(no)?;
    if of_giver >= FOR_GIVER_MAX || giver_bytes.saturating_add(bytes) > FOR_GIVER_BYTES {
        return Ok(Verdict::FullForGiver);
    }
    if all >= CARRIED_MAX || all_bytes.saturating_add(bytes) > CARRIED_BYTES {
        return Ok(Verdict::Full);
    }
    Ok(Verdict::Carried)
}

/// The partner has said what became of an errand: of mine that it was to carry, or of one that I brought it.
fn answered(shelf: &Shelf<'_>, no: i64, id: ErrandId, verdict: Verdict) -> Result<ErrandTurn> {
    for mut row in shelf.errands()?.into_iter().filter(|row| row.id == id) {
        let news = match row.addressee {
            Some(_) if row.tally == no => {
                row.said = Some(verdict);
                shelf.put_errand(&row)?;
                ErrandNews::OfMine(id, verdict)
            }
            None if row.tally != no => {
                shelf.drop_errand(row.tally, &id)?;
                ErrandNews::HandedOver(id, verdict)
            }
            _ => continue,
        };
        return Ok(ErrandTurn { reply: Vec::new(), news: Some(news) });
    }
    Ok(ErrandTurn::default())
}
