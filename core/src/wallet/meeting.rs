//! A meeting with the partner of one tally: the keys for it, what to say, what was heard, where both stand at its end.
//!
//! A carrier brings letters whole and in order and says whether they arrived; how it does that is not known here. What is said is
//! noted as told at once. A meeting that ends short of equal heads, for whatever reason, makes the next one begin with a summary.

use std::collections::{BTreeMap, BTreeSet};

use x25519_dalek::PublicKey as AgreementPublic;
use zeroize::Zeroizing;

use crate::canon::Canon as _;
use crate::chit::ChainId;
use crate::digest::Digest;
use crate::key::derive;
use crate::letter::{LETTER_MAX, Letterbox, ROOM, letters};
use crate::message::{Message, PAGE_MAX, Page};
use crate::negotiation::TallyState;
use crate::order::Links;
use crate::store::{Begun, ChainRow, Shelf, TallyRow};
use crate::tally::{Side, TallyId};

use super::delivery::Delivery;
use super::outbox::{mark_sent, prepare};
use super::owed::{OWED_CONTRACT, OWED_HAVE, OWED_RECEIPTS, UNFINISHED};
use super::pages::GAP;
use super::receiving::absorb;
use super::saying::{have, invoices, negotiation, order, receipts};
use super::{Result, Wallet, WalletError, standing, tally_no, tally_row};

/// How many bytes of chits are taken from the database before the carrier is asked again.
const BATCH: usize = 2 * ROOM;
/// How many chits are read at once.
const READ: usize = 128;

/// What this device meets the partner of one tally by.
pub struct MeetingKeys {
    /// Which tally.
    pub tally: TallyId,
    /// My secret (X25519), of this tally alone.
    pub secret: Zeroizing<[u8; 32]>,
    /// Its public half.
    pub ours: [u8; 32],
    /// The partner's public key; none while nobody has answered my ticket.
    pub theirs: Option<[u8; 32]>,
    /// The secret of the ticket, as long as the two may have to meet by it.
    pub ticket: Option<Zeroizing<[u8; 32]>>,
    /// Whether I scanned the ticket and the partner does not know me yet, as far as I know.
    pub introduces: bool,
    /// Which device of the partner, if not the one that holds the recovery words.
    pub device: Option<u32>,
}

impl MeetingKeys {
    /// What the owner of a key is called in the meetings of this tally.
    #[must_use]
    pub fn name_of(&self, key: &[u8; 32]) -> [u8; 16] {
        Digest::of_parts(&[b"hazel/v1/meeting-name", &self.tally.0, key]).first()
    }
}

/// What has been said and heard in one meeting.
#[derive(Debug, Clone)]
pub struct Talk {
    tally: TallyId,
    letterbox: Letterbox,
    /// Chits said in this meeting: of each chain from which number on, up to which.
    chits: BTreeMap<i64, (u64, u64)>,
    said: BTreeSet<Digest>,
    summary: Option<Digest>,
    /// An order heard in this meeting that could not be followed; it counts all the same if a certificate for it comes.
    orphan: Option<Links>,
}

impl Talk {
    /// About which tally.
    #[must_use]
    pub const fn tally(&self) -> &TallyId {
        &self.tally
    }

    /// Whether this is news in this meeting. A summary is never repeated unless it has changed, so two of them cannot chase each other.
    fn is_news(&mut self, message: &Message) -> bool {
        let hash = Digest::of(&message.to_bytes());
        match message {
            Message::Have(_) => self.summary.replace(hash) != Some(hash),
            _ => self.said.insert(hash),
        }
    }
}

/// What the two halves of a tally have not settled, as far as is known here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// My chits for which the partner has given no receipt.
    pub unheld: u64,
    /// Chits without a place in the order.
    pub unordered: u64,
    /// Places that the other half has not confirmed.
    pub unagreed: u64,
    /// Bytes that wait for something missing.
    pub waiting: u64,
    /// There is no contract with both signatures yet.
    pub unsigned: bool,
}

impl Unsettled {
    /// Whether nothing is open between the two.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Wallet {
    /// The keys to meet the partner of a tally by: the device of the partner that holds the recovery words.
    pub fn meeting_keys(&self, tally: &TallyId) -> Result<MeetingKeys> {
        let row = self.look(|shelf| tally_row(shelf, tally))?;
        let secret = self.meeting_secret(&row)?;
        let scanned = row.ticket.as_ref().filter(|_| !row.inviter);
        let theirs = row.partner.as_ref().map(|cert| cert.agreement_key);
        let unsigned = row.contract.is_none() && row.state != TallyState::Expired;
        let nonce = row.ticket.as_ref().filter(|_| unsigned).map(|ticket| ticket.nonce);
        Ok(MeetingKeys {
            tally: *tally,
            ours: AgreementPublic::from(&secret).to_bytes(),
            secret: Zeroizing::new(secret.to_bytes()),
            theirs: theirs.or(scanned.map(|ticket| ticket.meeting_key)),
            ticket: nonce.map(|nonce| Zeroizing::new(derive(&nonce, b"hazel/v1/meeting-nonce", &tally.0))),
            introduces: scanned.is_some() && row.partner.is_none(),
            device: None,
        })
    }

    /// The tallies whose partners can be met.
    pub fn meetable(&self) -> Result<Vec<TallyId>> {
        self.look(|shelf| {
            let mut tallies = Vec::new();
            for no in shelf.tallies()? {
                let (id, _, state, _) = shelf.tally_label(no)?;
                if state != TallyState::Expired {
                    tallies.push(id);
                }
            }
            Ok(tallies)
        })
    }

    /// Begins a meeting. If the one before did not come to equal heads, this one will begin with a summary.
    pub fn begin_meeting(&mut self, tally: &TallyId) -> Result<Talk> {
        self.act(|shelf, _| {
            if let Some(mut standing) = shelf.standing(tally_no(shelf, tally)?)? {
                if standing.owed & UNFINISHED != 0 {
                    // Receipts too: a summary that crosses them would keep the chits, and with them the receipts, from coming again.
                    standing.owed |= OWED_HAVE | OWED_RECEIPTS;
                }
                standing.owed |= UNFINISHED;
                shelf.put_standing(&standing)?;
            }
            Ok(Talk {
                tally: *tally,
                letterbox: Letterbox::default(),
                chits: BTreeMap::new(),
                said: BTreeSet::new(),
                summary: None,
                orphan: None,
            })
        })
    }

    /// The next letters for the partner; none when nothing is left to say for now. Call it again once these are on their way.
    pub fn say(&mut self, talk: &mut Talk) -> Result<Vec<Vec<u8>>> {
        self.act(|shelf, hands| {
            let row = tally_row(shelf, &talk.tally)?;
            prepare(shelf, hands, &row)?;
            let mut messages = Vec::new();
            negotiation(&row, &mut messages);
            let Some(standing) = shelf.standing(row.no)? else {
                return Ok(spoken(shelf, talk, &row, messages, Vec::new())?.unwrap_or_default());
            };
            if standing.owed & OWED_CONTRACT != 0 {
                messages.extend(row.contract.clone().map(|contract| Message::Offer(Box::new(contract))));
            }
            let mut pages = Vec::new();
            let complete = chits(shelf, &row, talk, &mut pages)?;
            if !complete {
                messages.retain(|message| talk.is_news(message));
                messages.extend(pages);
                return Ok(letters(&messages));
            }
            let mut rest = Vec::new();
            order(shelf, &row, &standing, &mut rest)?;
            receipts(shelf, hands, &row, &standing, &mut rest)?;
            invoices(shelf, &row, &mut rest)?;
            if standing.owed & OWED_HAVE != 0 || standing.reconciling {
                rest.push(Message::Have(have(shelf, &row)?));
            }
            messages.extend(pages);
            Ok(spoken(shelf, talk, &row, messages, rest)?.unwrap_or_default())
        })
    }

    /// Takes in a letter of the partner. `introduction` is the key that a partner who came by ticket has proven to hold. None while
    /// a message is still coming in parts.
    pub fn hear(
        &mut self,
        talk: &mut Talk,
        introduction: Option<&[u8; 32]>,
        letter: &[u8],
    ) -> Result<Option<Delivery>> {
        let messages = talk.letterbox.open(letter)?;
        if messages.is_empty() {
            return Ok(None);
        }
        if messages.iter().any(|message| matches!(message, Ok(Message::Have(_)))) {
            // What was said may have been said to a memory that has less than was thought.
            talk.said.clear();
        }
        let Talk { tally, orphan, .. } = talk;
        self.act(|shelf, hands| {
            absorb(shelf, hands, tally_no(shelf, tally)?, introduction, messages, orphan).map(Some)
        })
    }

    /// Where this half stands, in one hash: equal on both halves if and only if both hold the same.
    pub fn stands_at(&self, tally: &TallyId) -> Result<Digest> {
        self.look(|shelf| {
            let row = tally_row(shelf, tally)?;
            let label: &[u8] = b"hazel/v1/stands-at";
            if row.contract.is_none() {
                return Ok(Digest::of_parts(&[label, &tally.0, &negotiated(&row).0]));
            }
            // What a summary says of chains and heads, without what only one side can know.
            let mut have = have(shelf, &row)?;
            (have.agreed, have.invoices, have.restored) = (0, Vec::new(), false);
            have.chains.sort_unstable_by_key(|(id, seq, hash)| (*id, *seq, *hash));
            Ok(Digest::of_parts(&[label, &tally.0, &have.to_bytes()]))
        })
    }

    /// Ends a meeting: with equal heads nothing of it need be said again.
    pub fn end_meeting(&mut self, talk: &Talk, in_sync: bool) -> Result<Unsettled> {
        self.act(|shelf, _| {
            let no = tally_no(shelf, &talk.tally)?;
            if let Some(mut standing) = shelf.standing(no)?
                && in_sync
            {
                standing.owed &= !UNFINISHED;
                shelf.put_standing(&standing)?;
            }
            unsettled(shelf, no)
        })
    }

    /// The beginning of a long letter that was cut off in an earlier meeting.
    pub fn begun(&self, tally: &TallyId) -> Result<Option<Begun>> {
        self.look(|shelf| Ok(shelf.begun(tally_no(shelf, tally)?)?))
    }

    /// Keeps the beginning of a long letter for the next meeting, over whatever carrier; or forgets it.
    pub fn keep_begun(&mut self, tally: &TallyId, begun: Option<&Begun>) -> Result<()> {
        if self.begun(tally)?.as_ref() == begun {
            return Ok(());
        }
        if begun.is_some_and(|begun| begun.bytes.len() > LETTER_MAX) {
            return Err(WalletError::TooLong { what: "letter", max: LETTER_MAX });
        }
        self.act(|shelf, _| Ok(shelf.put_begun(tally_no(shelf, tally)?, begun)?))
    }

    /// What the two halves have not settled, as far as is known here.
    pub fn unsettled(&self, tally: &TallyId) -> Result<Unsettled> {
        self.look(|shelf| unsettled(shelf, tally_no(shelf, tally)?))
    }
}

/// Packs what is news, and notes it as told.
fn spoken(
    shelf: &Shelf<'_>,
    talk: &mut Talk,
    row: &TallyRow,
    mut messages: Vec<Message>,
    rest: Vec<Message>,
) -> Result<Option<Vec<Vec<u8>>>> {
    messages.extend(rest);
    if messages.is_empty() {
        return Ok(None);
    }
    mark_sent(shelf, row)?;
    messages.retain(|message| matches!(message, Message::Chits(_)) || talk.is_news(message));
    Ok(Some(letters(&messages)))
}

/// Pages of chits that the partner lacks and that were not said in this meeting, up to a batch. Returns whether these were all.
fn chits(shelf: &Shelf<'_>, row: &TallyRow, talk: &mut Talk, out: &mut Vec<Message>) -> Result<bool> {
    let mut size = 0_usize;
    for mut chain in shelf.chains(row.no)? {
        let known = chain.known.max(chain.base);
        let (from, upto) = talk.chits.get(&chain.no).copied().unwrap_or((known, known));
        // A summary may have shown that less is held than was thought: then all from there on is said again.
        let (from, mut after) = if known < from { (known, known) } else { (from, upto.max(known)) };
        while after < chain.seq {
            if size >= BATCH {
                return Ok(false);
            }
            let Some(page) = page(shelf, &chain, after)? else { break };
            after = after.saturating_add(u64::try_from(page.chits.len()).unwrap_or(u64::MAX));
            let message = Message::Chits(page);
            size = size.saturating_add(message.to_bytes().len());
            out.push(message);
            talk.chits.insert(chain.no, (from, after));
            chain.sent = chain.sent.max(after);
            shelf.put_chain(&chain)?;
        }
    }
    Ok(true)
}

/// As many chits after a number as share a letter.
fn page(shelf: &Shelf<'_>, chain: &ChainRow, after: u64) -> Result<Option<Page>> {
    // The page's own head: tally, chain, number and hash.
    let mut room = ROOM.saturating_sub(128);
    let (mut chits, mut at) = (Vec::new(), after);
    while at < chain.seq {
        let read = shelf.chits(chain.no, at, chain.seq, READ)?;
        if read.is_empty() {
            break;
        }
        for stored in read {
            let size = stored.entry.brief().to_bytes().len();
            if size > room || chits.len() >= PAGE_MAX {
                return Ok(Page::of(&chits));
            }
            room = room.saturating_sub(size);
            at = stored.entry.chit.seq;
            chits.push(stored.entry);
        }
    }
    Ok(Page::of(&chits))
}

/// How far the two have come with a contract.
fn negotiated(row: &TallyRow) -> Digest {
    if row.state == TallyState::Refused {
        return Digest::of(b"refused");
    }
    let version =
        |offer: Option<&crate::tally::SignedTally>| offer.map_or(Digest::default(), |o| o.tally.digest());
    let (mine, theirs) = (version(row.my_offer.as_ref()), version(row.their_offer.as_ref()));
    let (stock, foil) = if row.side == Side::Stock { (mine, theirs) } else { (theirs, mine) };
    let request = row.request.as_ref().map_or(Digest::default(), |request| Digest::of(&request.to_bytes()));
    Digest::of_parts(&[&request.0, &stock.0, &foil.0])
}

fn unsettled(shelf: &Shelf<'_>, no: i64) -> Result<Unsettled> {
    let row = shelf.tally(no)?;
    if row.contract.is_none() {
        return Ok(Unsettled { unsigned: true, ..Unsettled::default() });
    }
    let standing = standing(shelf, no)?;
    let mut open = Unsettled {
        unagreed: standing.book.head.index.saturating_sub(standing.agreed),
        waiting: shelf.parked_bytes(no, GAP)?,
        ..Unsettled::default()
    };
    for chain in shelf.chains(no)? {
        let mine = |chain: &ChainId| chain.side == row.side;
        let unheld = if mine(&chain.id) { chain.seq.saturating_sub(chain.held.max(chain.base)) } else { 0 };
        open.unheld = open.unheld.saturating_add(unheld);
        open.unordered = open.unordered.saturating_add(chain.seq.saturating_sub(chain.linked));
    }
    Ok(open)
}
