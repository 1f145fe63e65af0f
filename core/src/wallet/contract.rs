//! The partner's side of opening a tally: what it answers, offers and refuses, and the contract that comes of it.

use crate::admit::{OfferAdmission, OfferGround, Refusal, TicketGround, Unverified, admit};
use crate::book::Book;
use crate::chit::ChainId;
use crate::digest::Digest;
use crate::intake::new_chain;
use crate::negotiation::{By, TallyEvent, TallyState};
use crate::pair::PairKey;
use crate::store::{Shelf, Standing, TallyRow};
use crate::tally::{Halves, SignedTally};
use crate::ticket::SignedRequest;

use super::ordering::cut;
use super::owed::OWED_CONTRACT;
use super::{Hands, PAIR, Result};

/// The partner has answered my ticket.
pub(super) fn take_request(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    mut row: TallyRow,
    agreement: &[u8; 32],
    request: SignedRequest,
) -> Result<()> {
    if row.request.as_ref() == Some(&request) {
        return Ok(());
    }
    let ticket = row.ticket.clone().filter(|_| row.inviter).ok_or(Refusal::BadTicket)?;
    if row.state != TallyState::Ticketed {
        return Err(Refusal::BadTicket.into());
    }
    let ground = TicketGround { ticket: &ticket, agreement_key: agreement, now: hands.now };
    let request = admit(Unverified::from(request), &ground)?.into_it();
    let pair = PairKey::agree(&row.id, &hands.root()?.agreement_key(&row.id.0), agreement)?;
    row.state = row.state.after(TallyEvent::Answer)?;
    row.name.clone_from(&request.request.cert.name);
    row.partner = Some(request.request.cert.clone());
    row.pair = Some(hands.vault.seal(PAIR, row.no, pair.as_bytes(), hands.entropy));
    shelf.add_event(Some(row.no), "tally_requested", &row.name)?;
    row.request = Some(request);
    Ok(shelf.put_tally(&row)?)
}

/// A version of the contract has arrived, with the partner's signature or both.
pub(super) fn take_offer(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    mut row: TallyRow,
    offer: SignedTally,
) -> Result<()> {
    let known = |held: &Option<SignedTally>| held.as_ref() == Some(&offer);
    if known(&row.contract) || known(&row.their_offer) {
        // The partner repeats an offer that was refused: it has missed the refusal.
        if row.state == TallyState::Refused && !row.untold {
            shelf.put_tally(&TallyRow { untold: true, ..row })?;
        }
        return Ok(());
    }
    let mine = row.cert.clone().ok_or(Refusal::OutOfPlace { what: "offer" })?;
    let offers = row.my_offers();
    let ground = OfferGround {
        my_side: row.side,
        my_half: &mine,
        my_offers: &offers,
        scanned: row.ticket.as_ref().filter(|_| !row.inviter),
        partner: row.partner.as_ref(),
    };
    match admit(Unverified::from(offer), &ground)? {
        OfferAdmission::Contract(contract) => govern(shelf, hands, row, contract.it()),
        OfferAdmission::Offer(offer) => {
            let offer = offer.into_it();
            if row.their_offer.as_ref().is_some_and(|held| held.governs_over(&offer)) {
                return Ok(());
            }
            row.state = row.state.after(TallyEvent::Offer(By::Partner))?;
            let partner = offer.tally.half(row.side.other()).cert.clone();
            follow_name(&mut row, &partner.name);
            row.partner = Some(partner);
            row.their_offer = Some(offer);
            shelf.add_event(Some(row.no), "tally_offered", &row.name)?;
            Ok(shelf.put_tally(&row)?)
        }
    }
}

/// Takes the partner's name for it, unless I have given it another one.
fn follow_name(row: &mut TallyRow, name: &str) {
    let known = row.partner.as_ref().map(|cert| cert.name.as_str());
    let shown = known.or(row.ticket.as_ref().map(|ticket| ticket.name.as_str()));
    if row.name.is_empty() || shown == Some(row.name.as_str()) {
        name.clone_into(&mut row.name);
    }
}

/// Both signatures are here: the tally opens, or the higher of two contracts takes over.
pub(super) fn govern(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    mut row: TallyRow,
    contract: &SignedTally,
) -> Result<()> {
    let before = shelf.standing(row.no)?;
    // A contract that comes again while the tally is closing changes nothing.
    let Ok(state) = row.state.after(TallyEvent::Accept) else { return Ok(()) };
    row.state = state;
    if row.contract.as_ref().is_some_and(|held| held.governs_over(contract)) {
        return Ok(shelf.put_tally(&row)?);
    }
    let partner = row.side.other();
    let cert = contract.tally.half(partner).cert.clone();
    follow_name(&mut row, &cert.name);
    row.opened = row.opened.or(Some(hands.now));
    row.contract = Some(contract.clone());
    match before {
        Some(mut standing) => {
            if standing.agreed > 0 {
                return Err(Refusal::OutOfPlace { what: "contract" }.into());
            }
            shelf.put_tally(&row)?;
            // The order begins again from it.
            cut(shelf, &mut standing, 0)?;
            standing.owed |= OWED_CONTRACT;
            shelf.put_standing(&standing)?;
        }
        None => {
            for grant in &cert.grants {
                let id = ChainId { side: partner, device: grant.device, epoch: grant.epoch };
                shelf.add_chain(&new_chain(row.no, id, grant.first_key))?;
            }
            let own = shelf.chains(row.no)?.iter().find(|chain| chain.seed.is_some()).map(|chain| chain.no);
            open_standing(shelf, &row, contract, own)?;
            shelf.add_event(Some(row.no), "tally_opened", &row.name)?;
        }
    }
    row.partner = Some(cert);
    Ok(shelf.put_tally(&row)?)
}

/// The first standing of a tally with a contract.
pub(super) fn open_standing(
    shelf: &Shelf<'_>,
    row: &TallyRow,
    contract: &SignedTally,
    own: Option<i64>,
) -> Result<()> {
    let book = Book::open(&contract.tally, 0);
    Ok(shelf.put_standing(&Standing {
        tally: row.no,
        tip: book.clone(),
        book,
        arrivals: 0,
        agreed: 0,
        final_index: 0,
        final_paid: Halves::default(),
        chain: own,
        reconciling: false,
        owed: OWED_CONTRACT,
        met: None,
    })?)
}

/// The partner does not want a version.
pub(super) fn take_refusal(shelf: &Shelf<'_>, mut row: TallyRow, version: &Digest) -> Result<()> {
    let mine = row.my_offer.as_ref().is_some_and(|offer| offer.tally.digest() == *version);
    let asked = row.state == TallyState::CertsKnown && *version == Digest::default();
    if (mine && row.state == TallyState::Offered(By::Me)) || asked {
        row.state = row.state.after(TallyEvent::Refuse)?;
        shelf.add_event(Some(row.no), "tally_refused", &row.name)?;
        shelf.put_tally(&row)?;
    }
    Ok(())
}

/// A refusal of mine that the partner must hear of: which version, if there was one.
pub(super) fn refused_version(row: &TallyRow) -> Option<Digest> {
    let must_tell = row.untold && row.state == TallyState::Refused && row.partner.is_some();
    must_tell.then(|| row.their_offer.as_ref().map_or(Digest::default(), |offer| offer.tally.digest()))
}
