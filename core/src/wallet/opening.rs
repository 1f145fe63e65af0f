//! From a ticket to a version of the contract that both have seen.

use x25519_dalek::PublicKey as AgreementPublic;

use crate::admit::Refusal;
use crate::canon::Canon as _;
use crate::chit::ChainId;
use crate::digest::Digest;
use crate::intake::new_chain;
use crate::key::{ForwardSeed, SecretKey, fresh};
use crate::negotiation::{By, TallyEvent, TallyState};
use crate::pair::PairKey;
use crate::store::{Shelf, TallyRow};
use crate::tally::{Date, Grant, Half, Halves, PartyCert, Side, SignedTally, Tally, TallyId, Terms};
use crate::ticket::{Request, Ticket};

use super::contract::govern;
use super::{DEVICE_KEY, Hands, PAIR, Result, SEED, Wallet, WalletError, check_length, tally_row};

/// The text both sign by its hash, unless they agree on another.
pub const CONTRACT_TEXT: &str = include_str!("contract.txt");

const DENOMINATION: &str = "CHIP";

/// A version of the contract that the partner has signed, as it must be seen before it is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferView {
    /// Names this version; hand it back to accept it.
    pub version: Digest,
    /// The how-manieth version.
    pub revision: u32,
    /// What the partner is called.
    pub partner: String,
    /// The half I would hold.
    pub side: Side,
    /// The credit I would grant.
    pub granted: Terms,
    /// The credit that would be granted to me.
    pub received: Terms,
    /// Whether it rests on the contract text that comes with Hazel.
    pub usual_contract: bool,
    /// What is counted.
    pub denomination: String,
}

/// The most versions of one contract that this party may offer.
const OFFERS_MAX: usize = 16;

impl Wallet {
    /// Invites somebody to a tally: makes the ticket to show. `role` is the half I would hold, `terms` the credit I would grant.
    pub fn invite(
        &mut self,
        role: Side,
        terms: Terms,
        valid_for: u64,
        rendezvous: &[String],
    ) -> Result<Ticket> {
        self.act(|shelf, hands| {
            let id = TallyId(fresh(hands.entropy));
            let root = hands.root()?.clone();
            let ticket = Ticket {
                tally: id,
                role,
                meeting_key: AgreementPublic::from(&root.agreement_key(&id.0)).to_bytes(),
                party_commitment: root.party_key(&id.0).public().digest(),
                nonce: fresh(hands.entropy),
                expires: hands.now.saturating_add(valid_for),
                terms,
                name: hands.me.name.clone(),
                rendezvous: rendezvous.to_vec(),
            };
            Ticket::from_bytes(&ticket.to_bytes())?;
            let mut row = blank(id, role, TallyState::Ticketed, String::new(), true, terms);
            row.ticket = Some(ticket.clone());
            begin(shelf, hands, row)?;
            Ok(ticket)
        })
    }

    /// Answers a ticket. `terms` is the credit I would grant in return. The request leaves with the next hand-over.
    pub fn accept_ticket(&mut self, ticket: &Ticket, terms: Terms) -> Result<TallyId> {
        self.act(|shelf, hands| {
            if hands.now > ticket.expires || shelf.tally_no(&ticket.tally)?.is_some() {
                return Err(Refusal::BadTicket.into());
            }
            let root = hands.root()?.clone();
            let pair =
                PairKey::agree(&ticket.tally, &root.agreement_key(&ticket.tally.0), &ticket.meeting_key)?;
            let role = ticket.role.other();
            let mut row =
                blank(ticket.tally, role, TallyState::CertsKnown, ticket.name.clone(), false, terms);
            row.ticket = Some(ticket.clone());
            let mut row = begin(shelf, hands, row)?;
            let cert = row.cert.clone().ok_or(WalletError::Unknown { what: "certificate" })?;
            let request = Request { tally: ticket.tally, nonce: ticket.nonce, cert, terms };
            row.request = Some(request.sign(&root.party_key(&ticket.tally.0)));
            row.pair = Some(hands.vault.seal(PAIR, row.no, pair.as_bytes(), hands.entropy));
            shelf.put_tally(&row)?;
            Ok(ticket.tally)
        })
    }

    /// Signs a version of the contract and offers it. `terms` is the credit I grant; the partner's side is as the partner asked.
    pub fn offer(&mut self, tally: &TallyId, terms: Option<Terms>, theirs: Option<Terms>) -> Result<()> {
        self.act(|shelf, hands| {
            let mut row = tally_row(shelf, tally)?;
            row.state = row.state.after(TallyEvent::Offer(By::Me))?;
            row.terms = terms.unwrap_or(row.terms);
            let draft = draft(&row, hands.now, theirs)?;
            let key = hands.root()?.party_key(&row.id.0);
            // What I signed binds me for as long as the partner may bring it back, so each version is kept, and there is an end to them.
            if row.my_offers().len() >= OFFERS_MAX {
                return Err(WalletError::OffersUsedUp);
            }
            row.my_earlier.extend(row.my_offer.take());
            row.my_offer = Some(SignedTally::draft(draft).signed(row.side, &key));
            Ok(shelf.put_tally(&row)?)
        })
    }

    /// What the partner has offered, to be looked at before it is accepted.
    pub fn offered(&self, tally: &TallyId) -> Result<OfferView> {
        self.look(|shelf| {
            let row = tally_row(shelf, tally)?;
            let offer = row.their_offer.ok_or(WalletError::Unknown { what: "offer" })?.tally;
            Ok(OfferView {
                version: offer.digest(),
                revision: offer.revision,
                partner: offer.half(row.side.other()).cert.name.clone(),
                side: row.side,
                granted: offer.half(row.side).terms,
                received: offer.half(row.side.other()).terms,
                usual_contract: offer.contract == Digest::of(CONTRACT_TEXT.as_bytes()),
                denomination: offer.denomination,
            })
        })
    }

    /// Signs the very version that was looked at: the tally is open.
    pub fn accept(&mut self, tally: &TallyId, version: &Digest) -> Result<()> {
        self.act(|shelf, hands| {
            let mut row = tally_row(shelf, tally)?;
            if row.state != TallyState::Offered(By::Partner) {
                return Err(
                    crate::negotiation::OutOfPlace { state: row.state, event: TallyEvent::Accept }.into()
                );
            }
            let seen = row.their_offer.clone().filter(|offer| offer.tally.digest() == *version);
            let theirs = seen.ok_or(WalletError::Unknown { what: "offer (a newer one may have come)" })?;
            let contract = theirs.signed(row.side, &hands.root()?.party_key(&row.id.0));
            row.my_earlier.extend(row.my_offer.take());
            row.my_offer = Some(contract.clone());
            govern(shelf, hands, row, &contract)
        })
    }

    /// Says no to a ticket, a request or an offer.
    pub fn refuse(&mut self, tally: &TallyId) -> Result<()> {
        self.act(|shelf, _| {
            let mut row = tally_row(shelf, tally)?;
            row.state = row.state.after(TallyEvent::Refuse)?;
            row.untold = true;
            Ok(shelf.put_tally(&row)?)
        })
    }

    /// Takes the table back to change the terms; whatever signature lay there is void for what comes next.
    pub fn revise(&mut self, tally: &TallyId) -> Result<()> {
        self.act(|shelf, _| {
            let mut row = tally_row(shelf, tally)?;
            row.state = row.state.after(TallyEvent::Edit)?;
            Ok(shelf.put_tally(&row)?)
        })
    }

    /// Gives a tally another name on my screens.
    pub fn rename(&mut self, tally: &TallyId, name: &str) -> Result<()> {
        check_length("name", name, 64)?;
        self.act(|shelf, _| {
            let mut row = tally_row(shelf, tally)?;
            name.clone_into(&mut row.name);
            Ok(shelf.put_tally(&row)?)
        })
    }

    /// Marks what nobody answered in time. Binds nobody: a contract that comes late still opens.
    pub fn expire_tickets(&mut self) -> Result<usize> {
        self.act(|shelf, hands| {
            let mut expired = 0_usize;
            for no in shelf.tallies()? {
                let mut row = shelf.tally(no)?;
                let late = row.ticket.as_ref().is_some_and(|ticket| hands.now > ticket.expires);
                if row.state == TallyState::Ticketed && late {
                    row.state = row.state.after(TallyEvent::Expire)?;
                    shelf.put_tally(&row)?;
                    expired = expired.saturating_add(1);
                }
            }
            Ok(expired)
        })
    }
}

/// A tally about which nothing is known yet.
pub(super) fn blank(
    id: TallyId,
    side: Side,
    state: TallyState,
    name: String,
    inviter: bool,
    terms: Terms,
) -> TallyRow {
    TallyRow {
        no: 0,
        id,
        side,
        state,
        name,
        ticket: None,
        inviter,
        cert: None,
        partner: None,
        request: None,
        terms,
        my_offer: None,
        my_earlier: Vec::new(),
        their_offer: None,
        contract: None,
        pair: None,
        device_key: None,
        opened: None,
        untold: false,
    }
}

/// Stores a new tally with my certificate, and the chain that it promises.
fn begin(shelf: &Shelf<'_>, hands: &mut Hands<'_>, mut row: TallyRow) -> Result<TallyRow> {
    row.no = shelf.add_tally(&row)?;
    let root = hands.root()?.clone();
    let device_key = SecretKey::from_seed(&fresh(hands.entropy));
    let id = ChainId { side: row.side, device: hands.me.device, epoch: 1 };
    let first_key = own_chain(shelf, hands, row.no, id)?;
    let grant = Grant { device: id.device, epoch: id.epoch, first_key, device_key: device_key.public() };
    row.device_key = Some(hands.vault.seal(DEVICE_KEY, row.no, &device_key.seed(), hands.entropy));
    row.cert = Some(PartyCert {
        party_key: root.party_key(&row.id.0).public(),
        agreement_key: AgreementPublic::from(&root.agreement_key(&row.id.0)).to_bytes(),
        name: hands.me.name.clone(),
        address: None,
        grants: vec![grant],
        nodes: vec![root.node_key(&row.id.0).public()],
    });
    shelf.put_tally(&row)?;
    Ok(row)
}

/// Makes a chain of this device and returns the hash of its first key.
pub(super) fn own_chain(shelf: &Shelf<'_>, hands: &mut Hands<'_>, tally: i64, id: ChainId) -> Result<Digest> {
    let seed = ForwardSeed::generate(hands.entropy);
    let mut chain = new_chain(tally, id, seed.key().public().digest());
    chain.no = shelf.add_chain(&chain)?;
    chain.seed = Some(hands.vault.seal(SEED, chain.no, seed.as_bytes(), hands.entropy));
    shelf.put_chain(&chain)?;
    Ok(chain.next_key)
}

/// The next version of the contract: both certificates, my terms, and the partner's as last heard.
fn draft(row: &TallyRow, now: Date, theirs: Option<Terms>) -> Result<Tally> {
    let missing = || WalletError::Refused(Refusal::OutOfPlace { what: "offer" });
    let mine = Half { cert: row.cert.clone().ok_or_else(missing)?, terms: row.terms };
    let heard = row
        .their_offer
        .as_ref()
        .map(|offer| offer.tally.half(row.side.other()).terms)
        .or_else(|| row.request.as_ref().map(|request| request.request.terms));
    let partner =
        Half { cert: row.partner.clone().ok_or_else(missing)?, terms: theirs.or(heard).ok_or_else(missing)? };
    let revision = |offer: &Option<SignedTally>| offer.as_ref().map_or(0, |offer| offer.tally.revision);
    let halves = match row.side {
        Side::Stock => Halves { stock: mine, foil: partner },
        Side::Foil => Halves { stock: partner, foil: mine },
    };
    let tally = Tally {
        id: row.id,
        revision: revision(&row.my_offer).max(revision(&row.their_offer)).saturating_add(1),
        date: now,
        contract: Digest::of(CONTRACT_TEXT.as_bytes()),
        denomination: DENOMINATION.to_owned(),
        halves,
    };
    Tally::from_bytes(&tally.to_bytes())?;
    Ok(tally)
}
