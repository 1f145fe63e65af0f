//! When a phone is lost: backup, rehearsal, restore, and rebuilding from what partners hold.
//!
//! Nothing secret is in a backup but what the recovery words make again; forward keys least of all. A restored tally can be read only,
//! until the partner has told what it holds; then this device begins a new epoch.

use std::path::Path;

use crate::admit::Refusal;
use crate::canon::{Canon as _, Reader, WIRE_VERSION, Writer};
use crate::chit::ChainId;
use crate::digest::Digest;
use crate::key::{Entropy, RecoveryWords, fresh};
use crate::keystore::KeyStore;
use crate::message::{Handover, Message};
use crate::negotiation::TallyState;
use crate::pair::PairKey;
use crate::store::{Shelf, Standing, Store, TallyRow};
use crate::tally::{Date, Side, SignedTally, TallyId};

use super::backup::{Backup, BackupError, KeptTally, open_backup, seal_backup};
use super::contract::open_standing;
use super::exchange::begin_epoch;
use super::opening::blank;
use super::ordering::{open_view, speaks};
use super::owed::OWED_HAVE;
use super::receiving::{take_in, whole};
use super::saying::{everything, have};
use super::{Clock, Hands, PAIR, Rejected, Result, Wallet, WalletError, tally_row};
use crate::intake::new_chain;

/// What a rehearsal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalReport {
    /// How many tallies came back.
    pub tallies: usize,
    /// How many chits came back.
    pub chits: usize,
    /// When the backup was made.
    pub made: Date,
    /// How many chits were signed since: they would come back from the partners.
    pub newer: usize,
}

/// What came of a partner's reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Which tally came back.
    pub tally: TallyId,
    /// The partner who told it.
    pub partner: String,
    /// What the partner told that was not true, or not signed.
    pub lies: Vec<Rejected>,
}

impl Wallet {
    /// A backup, sealed with the recovery words. What was never signed by both is not in it.
    pub fn backup(&mut self, words: &RecoveryWords) -> Result<Vec<u8>> {
        self.check_words(words)?;
        self.act(|shelf, hands| {
            let mut tallies = Vec::new();
            for no in shelf.tallies()? {
                let row = shelf.tally(no)?;
                if let Some(contract) = row.contract.clone() {
                    tallies.push(KeptTally {
                        contract,
                        side: row.side,
                        name: row.name.clone(),
                        inviter: row.inviter,
                        state: row.state.name().to_owned(),
                        messages: everything(shelf, &row)?,
                    });
                }
            }
            let made =
                Backup { made: hands.now, name: hands.me.name.clone(), device: hands.me.device, tallies };
            seal_backup(&made, words, hands.entropy)
        })
    }

    /// Restores a backup into memory and compares it with this wallet, so that one knows before one needs it.
    pub fn rehearse_restore(&mut self, words: &RecoveryWords, bytes: &[u8]) -> Result<RehearsalReport> {
        let now = self.clock.now();
        let backup = open_backup(words, bytes)?;
        let mut entropy = Replay(fresh(&mut *self.entropy));
        let guard = crate::keystore::BareKey::new(fresh(&mut entropy));
        let mut copy = Self::restore_as(
            Store::in_memory()?,
            &guard,
            words,
            &backup,
            Box::new(Still(now)),
            Box::new(entropy),
        )?;
        let (mut chits, mut newer) = (0_usize, 0_usize);
        for kept in &backup.tallies {
            let id = kept.contract.tally.id;
            let (theirs, ours) = (copy.export(&id)?, self.export(&id)?);
            let missing =
                theirs.chits.iter().any(|chit| !ours.chits.iter().any(|own| own.signed == chit.signed));
            if missing {
                return Err(BackupError::Damaged { part: 0 }.into());
            }
            chits = chits.saturating_add(theirs.chits.len());
            newer = newer.saturating_add(ours.chits.len().saturating_sub(theirs.chits.len()));
        }
        self.store.change(|shelf| Ok::<_, WalletError>(shelf.put_rehearsed(now)?))?;
        Ok(RehearsalReport { tallies: backup.tallies.len(), chits, made: backup.made, newer })
    }

    /// Makes a wallet from a backup. Every tally can be read at once, and signed on when its partner was met.
    pub fn restore(
        store: Store,
        guard: &dyn KeyStore,
        words: &RecoveryWords,
        bytes: &[u8],
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        Self::restore_as(store, guard, words, &open_backup(words, bytes)?, clock, entropy)
    }

    /// Restores a backup into a new file. The file appears under its name only when everything is in it.
    pub fn restore_file(
        path: &Path,
        guard: &dyn KeyStore,
        words: &RecoveryWords,
        bytes: &[u8],
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        let backup = open_backup(words, bytes)?;
        Self::restore_as(Store::draft(path)?, guard, words, &backup, clock, entropy)?.published(path)
    }

    fn restore_as(
        store: Store,
        guard: &dyn KeyStore,
        words: &RecoveryWords,
        backup: &Backup,
        clock: Box<dyn Clock>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self> {
        let mut wallet =
            Self::create_as(store, guard, &backup.name, Some(words.root()), backup.device, clock, entropy)?;
        wallet.act(|shelf, hands| {
            for kept in &backup.tallies {
                let row = readmit(shelf, hands, &kept.contract)?;
                let state = TallyState::named(&kept.state).ok_or(BackupError::Damaged { part: 0 })?;
                shelf.put_tally(&TallyRow {
                    state,
                    inviter: kept.inviter,
                    name: kept.name.clone(),
                    ..row.clone()
                })?;
                let delivery = take_in(shelf, hands, row.no, None, whole(kept.messages.clone()))?;
                // Everything in a backup was let in once; what is not let in now is not what was written.
                if !delivery.rejected.is_empty() {
                    return Err(BackupError::Damaged { part: 0 }.into());
                }
                announce_view(shelf, hands, row.no)?;
            }
            Ok(())
        })?;
        Ok(wallet)
    }

    /// Everything on a tally for a partner who has lost its wallet and has nothing but its words.
    pub fn remind(&mut self, tally: &TallyId) -> Result<Vec<u8>> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            let contract = row.contract()?.clone();
            let mut messages = vec![Message::Offer(Box::new(contract.clone()))];
            messages.extend(everything(shelf, &row)?);
            messages.push(Message::Have(have(shelf, &row)?));
            let mine = contract.tally.half(row.side).cert.agreement_key;
            let handover = Handover::seal(&messages, &hands.pair_key(shelf, row.no)?, None, hands.entropy);
            let mut to = Writer::with_capacity(1024);
            to.array(4).uint(WIRE_VERSION).put(tally).bytes(&mine).put(&handover);
            Ok(to.into_bytes())
        })
    }

    /// Takes back a tally from a partner's reminder. Everything in it is checked; what is not true is named.
    pub fn rebuild(&mut self, reminder: &[u8]) -> Result<Rebuilt> {
        let mut from = Reader::new(reminder);
        from.array("reminder", 4)?;
        from.version("reminder")?;
        let (tally, agreement): (TallyId, [u8; 32]) = (from.take()?, from.fixed("agreement key")?);
        let handover = Handover::from_bytes(from.element("hand-over")?)?;
        from.end("reminder")?;
        self.act(|shelf, hands| {
            let key = PairKey::agree(&tally, &hands.root()?.agreement_key(&tally.0), &agreement)?;
            let mut messages = handover.open(&key)?;
            if shelf.tally_no(&tally)?.is_none() {
                let Some(Ok(Message::Offer(contract))) = messages.first().cloned() else {
                    return Err(Refusal::Unsigned.into());
                };
                if contract.tally.id != tally {
                    return Err(Refusal::OtherTally { what: "tally" }.into());
                }
                readmit(shelf, hands, &contract)?;
            }
            let mut messages = messages.split_off(1.min(messages.len()));
            let row = tally_row(shelf, &tally)?;
            if row.side == Side::Foil {
                // A reminder may be old. The foil orders again when its partner has answered the view that it announces below.
                messages.retain(|message| !matches!(message, Ok(Message::Have(_))));
            }
            let delivery = take_in(shelf, hands, row.no, None, messages)?;
            announce_view(shelf, hands, row.no)?;
            Ok(Rebuilt { tally, partner: row.name, lies: delivery.rejected })
        })
    }

    /// Goes on with a restored tally although the partner cannot be met, or keeps naming chits that it does not send. What was signed
    /// before and comes later is kept, and counts when the partner and I say so.
    pub fn resume(&mut self, tally: &TallyId) -> Result<()> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            let mut standing = super::standing(shelf, row.no)?;
            if standing.reconciling {
                begin_epoch(shelf, hands, &row, &mut standing)?;
                shelf.put_standing(&standing)?;
            }
            Ok(())
        })
    }

    /// Begins a new epoch for this device, after its chain was forked: somebody has a copy of this phone's memory. A restored tally
    /// begins one by itself when the partner has said what it holds; who will not wait for that says so with [`Wallet::resume`].
    pub fn renew(&mut self, tally: &TallyId) -> Result<()> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, tally)?;
            let mut standing = super::standing(shelf, row.no)?;
            if standing.reconciling {
                return Err(WalletError::Reconciling);
            }
            begin_epoch(shelf, hands, &row, &mut standing)?;
            Ok(shelf.put_standing(&standing)?)
        })
    }

    /// Refuses words that are not this wallet's.
    pub fn check_words(&self, words: &RecoveryWords) -> Result<()> {
        match &self.root {
            Some(root) if root.as_bytes() == words.root().as_bytes() => Ok(()),
            Some(_) => Err(BackupError::WrongWords.into()),
            None => Err(WalletError::NoRoot),
        }
    }
}

/// Puts a contract of mine back: both signatures are checked, and that the words make my keys in it.
fn readmit(shelf: &Shelf<'_>, hands: &mut Hands<'_>, contract: &SignedTally) -> Result<TallyRow> {
    let id = contract.tally.id;
    let own = hands.root()?.party_key(&id.0).public();
    let side = Side::BOTH
        .into_iter()
        .find(|side| contract.tally.half(*side).cert.party_key == own)
        .ok_or(WalletError::NotForUs)?;
    if !contract.is_contract() {
        return Err(Refusal::Unsigned.into());
    }
    contract.check_signatures().map_err(|error| Refusal::Signature { what: "tally", error })?;
    let (mine, theirs) = (contract.tally.half(side), contract.tally.half(side.other()));
    let pair = PairKey::agree(&id, &hands.root()?.agreement_key(&id.0), &theirs.cert.agreement_key)?;
    let mut row = blank(id, side, TallyState::Open, theirs.cert.name.clone(), false, mine.terms);
    row.no = shelf.add_tally(&row)?;
    row.cert = Some(mine.cert.clone());
    row.partner = Some(theirs.cert.clone());
    row.my_offer = Some(contract.clone());
    row.contract = Some(contract.clone());
    row.pair = Some(hands.vault.seal(PAIR, row.no, pair.as_bytes(), hands.entropy));
    row.opened = Some(contract.tally.date);
    shelf.put_tally(&row)?;
    for side in Side::BOTH {
        for grant in &contract.tally.half(side).cert.grants {
            let id = ChainId { side, device: grant.device, epoch: grant.epoch };
            shelf.add_chain(&new_chain(row.no, id, grant.first_key))?;
        }
    }
    open_standing(shelf, &row, contract, None)?;
    let standing = super::standing(shelf, row.no)?;
    shelf.put_standing(&Standing { reconciling: true, owed: OWED_HAVE, ..standing })?;
    Ok(row)
}

/// A restored foil begins a view of its own before it meets anybody: its summary announces it, and the stock's answers it.
fn announce_view(shelf: &Shelf<'_>, hands: &mut Hands<'_>, no: i64) -> Result<()> {
    let mut standing = super::standing(shelf, no)?;
    let orders = shelf.tally_label(no)?.1 == Side::Foil && speaks(hands, &standing, Side::Foil);
    if standing.reconciling && orders {
        open_view(shelf, hands, &mut standing, 0)?;
        shelf.put_standing(&standing)?;
    }
    Ok(())
}

/// A clock that stands still while a rehearsal runs.
struct Still(Date);

impl Clock for Still {
    fn now(&self) -> Date {
        self.0
    }
}

/// Bytes for a rehearsal: its wallet never signs anything that leaves this memory.
struct Replay([u8; 32]);

impl Entropy for Replay {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes.chunks_mut(32) {
            self.0 = Digest::of(&self.0).0;
            let len = byte.len();
            byte.copy_from_slice(self.0.get(..len).unwrap_or_default());
        }
    }
}
