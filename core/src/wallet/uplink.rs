//! The way home: what a wallet tells the site that speaks for its half, and what it takes from there.
//!
//! Nothing is remembered of what was told. Whatever is not final is told again; what came in time is known by its hash. The channel is
//! sealed and proves who is at its other end; what passes through it is judged like everything else.

use crate::chit::{Body, ChitRef};
use crate::claim::{Claim, Hosting};
use crate::key::PublicKey;
use crate::message::{Have, Message};
use crate::store::{Shelf, Standing};
use crate::tally::{Side, TallyId};
use crate::telling::{self, Answer};

use super::delivery::Delivery;
use super::exchange::reconcile;
use super::ordering::{settle, speak, speaks};
use super::owed::OWED_ORDER;
use super::promise::{asked, hear_promise, summary_for_site};
use super::receiving::{absorb, whole};
use super::saying::for_network;
use super::signing::sign;
use super::{Result, Wallet, WalletError, standing, tally_no, tally_row};

/// Who speaks for my half of a tally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speakers {
    /// Which tally.
    pub tally: TallyId,
    /// My half.
    pub side: Side,
    /// The nodes, by everything that is signed.
    pub nodes: Vec<PublicKey>,
    /// Whether this phone is one of them.
    pub here: bool,
    /// The nodes of the partner's half.
    pub partner: Vec<PublicKey>,
    /// How often my half has moved.
    pub epoch: u64,
    /// Whether there is something that is not final, or that the partner waits for.
    pub pending: bool,
}

/// What came of a letter from a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteDelivery {
    /// What changed, and what was not let in.
    pub delivery: Delivery,
    /// What the site must be told in return; nothing if it has everything.
    pub answer: Vec<Message>,
}

impl Wallet {
    /// Who speaks for my half, of every tally with a contract.
    pub fn speakers(&mut self) -> Result<Vec<Speakers>> {
        self.study(|shelf, hands| {
            let mut all = Vec::new();
            for no in shelf.tallies()? {
                let Some(standing) = shelf.standing(no)? else { continue };
                let (tally, side, ..) = shelf.tally_label(no)?;
                all.push(Speakers {
                    tally,
                    side,
                    nodes: standing.tip.nodes.of(side).clone(),
                    here: speaks(hands, &standing, side),
                    partner: standing.tip.nodes.of(side.other()).clone(),
                    epoch: *standing.tip.node_epoch.of(side),
                    pending: is_pending(shelf, &standing)?,
                });
            }
            Ok(all)
        })
    }

    /// Lets a site speak for my half from now on; this phone, or the site before, says nothing more for it. None if it speaks already.
    pub fn host_at(&mut self, tally: &TallyId, site: &PublicKey) -> Result<Option<ChitRef>> {
        site.check().map_err(|_| WalletError::Unknown { what: "site with such a key" })?;
        self.name_nodes(tally, |_| Ok(vec![*site]))
    }

    /// Lets this phone speak for its half again.
    pub fn host_here(&mut self, tally: &TallyId) -> Result<Option<ChitRef>> {
        let own = self.root.as_ref().ok_or(WalletError::NoRoot)?.node_key(&tally.0).public();
        self.name_nodes(tally, |_| Ok(vec![own]))
    }

    fn name_nodes(
        &mut self,
        tally: &TallyId,
        nodes: impl FnOnce(&Shelf<'_>) -> Result<Vec<PublicKey>>,
    ) -> Result<Option<ChitRef>> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            let mut standing = standing(shelf, row.no)?;
            // The last thing this phone has to say, if it has a say: what it has seen is ordered before it falls silent.
            speak(shelf, hands, row.side, &mut standing)?;
            let nodes = nodes(shelf)?;
            if *standing.tip.nodes.of(row.side) == nodes {
                shelf.put_standing(&standing)?;
                return Ok(None);
            }
            let epoch = standing.tip.node_epoch.of(row.side).saturating_add(1);
            let (signed, _) = sign(shelf, hands, tally, &mut standing, |_, _| Body::Nodes { epoch, nodes })?;
            shelf.put_standing(&standing)?;
            Ok(Some(signed.chit.reference()))
        })
    }

    /// "This half is mine", for one site and one channel. Signed with the party's key, or on a second device with the device's own.
    pub fn claim(&mut self, tally: &TallyId, site: &PublicKey, user: [u8; 32]) -> Result<Claim> {
        self.study(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            let hosting = Hosting { tally: *tally, side: row.side, site: *site, user };
            let key = match hands.root {
                Some(root) => root.party_key(&tally.0),
                None => hands.device_key(shelf, row.no)?,
            };
            Ok(hosting.sign(&key))
        })
    }

    /// What the site must be told of a tally: everything of both parties that is not final, and at the end how far this wallet's memory
    /// goes. A site listens only after a [`Wallet::claim`], which may be repeated at any time.
    pub fn to_site(&mut self, tally: &TallyId) -> Result<Vec<Message>> {
        self.study(|shelf, _| {
            let row = tally_row(shelf, tally)?;
            let standing = standing(shelf, row.no)?;
            let mut out = for_network(shelf, &row)?;
            out.push(Message::Have(summary_for_site(shelf, row.side, &standing)?));
            Ok(out)
        })
    }

    /// Takes in what a site tells of a tally. The channel has proven which site it is. All of it is durable when this returns.
    pub fn from_site(
        &mut self,
        tally: &TallyId,
        site: &PublicKey,
        messages: Vec<Message>,
    ) -> Result<SiteDelivery> {
        self.act(|shelf, hands| {
            let no = tally_no(shelf, tally)?;
            let words = shelf.endorsements(no)?;
            let (summaries, rest): (Vec<_>, Vec<_>) =
                messages.into_iter().partition(|message| matches!(message, Message::Have(_)));
            let delivery = absorb(shelf, hands, no, None, whole(rest), &mut None)?;
            let (row, mut standing) = (shelf.tally(no)?, standing(shelf, no)?);
            settle(shelf, &mut standing)?;
            if shelf.endorsements(no)? != words {
                // A partner without a site hears it from me.
                standing.owed |= OWED_ORDER;
            }
            let mut answer = Answer::default();
            for summary in &summaries {
                let Message::Have(have) = summary else { continue };
                if have.tally != *tally {
                    continue;
                }
                if standing.reconciling {
                    reconcile(shelf, hands, &row, &mut standing, have)?;
                }
                hear_promise(shelf, hands, &row, &mut standing, site, have)?;
                answer = answer_site(shelf, row.side, &standing, have)?;
            }
            shelf.put_standing(&standing)?;
            Ok(SiteDelivery { delivery, answer: answer.messages })
        })
    }
}

/// What a site lacks by its summary; with my own summary if it has something that is not here, or has not promised what was asked for.
fn answer_site(shelf: &Shelf<'_>, side: Side, standing: &Standing, have: &Have) -> Result<Answer> {
    let mut answer = telling::answer(shelf, standing, have)?;
    let mine = summary_for_site(shelf, side, standing)?;
    if answer.behind || (side == Side::Stock && have.view < mine.view) {
        answer.messages.push(Message::Have(mine));
    }
    Ok(answer)
}

fn is_pending(shelf: &Shelf<'_>, standing: &Standing) -> Result<bool> {
    let held = u64::try_from(standing.arrivals).unwrap_or(u64::MAX);
    let waits = standing.final_index < standing.tip.head.index.max(held) || standing.reconciling;
    Ok(waits || asked(shelf, standing.tally)? > standing.book.head.view)
}
