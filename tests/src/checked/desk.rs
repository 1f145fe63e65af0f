//! The rows of one half of a tally, in memory and cheap to copy: the rules of order run on them as they run on a phone and on a site.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use hazel_core::book::{Book, Flag};
use hazel_core::canon::Writer;
use hazel_core::chit::{ChainId, SignedChit};
use hazel_core::invoice::InvoiceId;
use hazel_core::key::PublicKey;
use hazel_core::order::{Endorsement, ForkProof};
use hazel_core::rows::Rows;
use hazel_core::store::{ChainRow, PlaceRow, StoreError, StoredChit, chit_no};
use hazel_core::tally::{Side, SignedTally};
use hazel_core::units::Units;

type Result<T> = std::result::Result<T, StoreError>;

/// A chit as it is kept here.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The signed chit.
    pub signed: Arc<SignedChit>,
    /// The how-manieth that came in.
    pub arrival: i64,
    /// How it is taken.
    pub flag: Flag,
    /// Its place, or 0.
    pub place: u64,
}

/// Which pledge answered an invoice: first in the order, and first that came in.
type Answers = BTreeMap<(Side, [u8; 16]), (Option<i64>, i64)>;

/// The rows.
#[derive(Debug, Clone)]
pub struct Drawer {
    /// The contract.
    pub contract: Arc<SignedTally>,
    /// Chains and branches; a chain's short name is its position from 1.
    pub chains: Vec<ChainRow>,
    /// Chits by their stored name.
    pub chits: BTreeMap<i64, Kept>,
    /// The order.
    pub places: Vec<PlaceRow>,
    /// The newest word of each node.
    pub words: BTreeMap<[u8; 32], Endorsement>,
    answers: Answers,
    /// Whether the desk forgets which invoices were answered: a bug, to be caught.
    pub forgets_answers: bool,
}

impl Drawer {
    /// The rows of a tally on which nothing happened.
    #[must_use]
    pub fn new(contract: Arc<SignedTally>, chains: Vec<ChainRow>) -> Self {
        Self {
            contract,
            chains,
            chits: BTreeMap::new(),
            places: Vec::new(),
            words: BTreeMap::new(),
            answers: BTreeMap::new(),
            forgets_answers: false,
        }
    }

    /// All rows, one after the other, so that they can be given a name.
    pub(super) fn write(&self, to: &mut Writer) {
        for chain in &self.chains {
            let ChainRow { no, tally: _, id, branch, base, seq, hash, next_key, linked, .. } = chain;
            to.bytes(&no.to_be_bytes()).put(id).uint(u64::from(*branch)).uint(*base).uint(*seq);
            to.put(hash).put(next_key).uint(*linked);
            to.uint(chain.sent).uint(chain.known).uint(chain.held).uint(chain.receipted);
        }
        for (no, Kept { signed, arrival, flag, place }) in &self.chits {
            to.bytes(&no.to_be_bytes()).put(&signed.signature).bytes(&arrival.to_be_bytes());
            to.uint(flag.code().into()).uint(*place);
        }
        for PlaceRow { chit, hash, view, flag, paid } in &self.places {
            to.bytes(&chit.to_be_bytes()).put(hash).uint(*view).uint(flag.code().into()).put(paid);
        }
        for word in self.words.values() {
            to.put(word);
        }
        for ((side, invoice), (ordered, first)) in &self.answers {
            to.put(side)
                .bytes(invoice)
                .bytes(&ordered.unwrap_or(0).to_be_bytes())
                .bytes(&first.to_be_bytes());
        }
        to.uint(self.chains.len() as u64).uint(self.chits.len() as u64).uint(self.places.len() as u64);
    }
}

/// A drawer that is open: what the rules write goes in while they read.
#[derive(Debug)]
pub struct Desk(RefCell<Drawer>);

impl Desk {
    /// Opens a drawer.
    #[must_use]
    pub const fn open(drawer: Drawer) -> Self {
        Self(RefCell::new(drawer))
    }

    /// Closes it again.
    #[must_use]
    pub fn close(self) -> Drawer {
        self.0.into_inner()
    }
}

fn stored(no: i64, kept: &Kept) -> StoredChit {
    let Kept { signed, arrival, flag, place } = kept;
    StoredChit { no, arrival: *arrival, flag: *flag, place: *place, entry: (**signed).clone() }
}

impl Rows for Desk {
    fn contract(&self, _: i64) -> Result<SignedTally> {
        Ok((*self.0.borrow().contract).clone())
    }

    fn chains(&self, _: i64) -> Result<Vec<ChainRow>> {
        Ok(self.0.borrow().chains.clone())
    }

    fn branches(&self, _: i64, id: &ChainId) -> Result<Vec<ChainRow>> {
        Ok(self.0.borrow().chains.iter().filter(|chain| chain.id == *id).cloned().collect())
    }

    fn add_chain(&self, row: &ChainRow) -> Result<i64> {
        let mut drawer = self.0.borrow_mut();
        let no = drawer.chains.len() as i64 + 1;
        drawer.chains.push(ChainRow { no, ..row.clone() });
        Ok(no)
    }

    fn put_chain(&self, row: &ChainRow) -> Result<()> {
        let mut drawer = self.0.borrow_mut();
        if let Some(held) = drawer.chains.iter_mut().find(|held| held.no == row.no) {
            held.clone_from(row);
        }
        Ok(())
    }

    fn chits(&self, chain: i64, after: u64, upto: u64, most: usize) -> Result<Vec<StoredChit>> {
        let (from, to) = (chit_no(chain, after)? + 1, chit_no(chain, upto)?);
        let drawer = self.0.borrow();
        let range = if from <= to { Some(drawer.chits.range(from..=to)) } else { None };
        Ok(range.into_iter().flatten().take(most).map(|(no, kept)| stored(*no, kept)).collect())
    }

    fn chit_by_no(&self, no: i64) -> Result<Option<StoredChit>> {
        Ok(self.0.borrow().chits.get(&no).map(|kept| stored(no, kept)))
    }

    fn add_chit(&self, chain: i64, chit: &SignedChit, arrival: i64, flag: Flag) -> Result<()> {
        let no = chit_no(chain, chit.chit.seq)?;
        let kept = Kept { signed: Arc::new(chit.clone()), arrival, flag, place: 0 };
        self.0.borrow_mut().chits.insert(no, kept);
        Ok(())
    }

    fn flag_chit(&self, no: i64, flag: Flag) -> Result<()> {
        if let Some(kept) = self.0.borrow_mut().chits.get_mut(&no) {
            kept.flag = flag;
        }
        Ok(())
    }

    fn places(&self, _: i64, after: u64, upto: u64) -> Result<Vec<PlaceRow>> {
        let drawer = self.0.borrow();
        let numbered = (1_u64..).zip(&drawer.places);
        Ok(numbered.filter(|(index, _)| *index > after && *index <= upto).map(|(_, place)| *place).collect())
    }

    fn add_place(&self, _: i64, book: &Book, chit: i64, flag: Flag) -> Result<()> {
        let mut drawer = self.0.borrow_mut();
        let (hash, view) = (book.head.hash, book.head.view);
        drawer.places.push(PlaceRow { chit, hash, view, flag, paid: book.paid });
        if let Some(kept) = drawer.chits.get_mut(&chit) {
            (kept.place, kept.flag) = (book.head.index, flag);
        }
        Ok(())
    }

    fn flag_place(&self, _: i64, index: u64, flag: Flag) -> Result<()> {
        let mut drawer = self.0.borrow_mut();
        if let Some(place) = (1_u64..).zip(&mut drawer.places).find(|(at, _)| *at == index) {
            place.1.flag = flag;
        }
        Ok(())
    }

    fn cut_places(&self, _: i64, index: u64) -> Result<()> {
        let mut drawer = self.0.borrow_mut();
        drawer.places.truncate(usize::try_from(index).unwrap_or(usize::MAX));
        for kept in drawer.chits.values_mut().filter(|kept| kept.place > index) {
            kept.place = 0;
        }
        Ok(())
    }

    fn endorsements(&self, _: i64) -> Result<Vec<Endorsement>> {
        Ok(self.0.borrow().words.values().copied().collect())
    }

    fn endorsement(&self, _: i64, key: &PublicKey) -> Result<Option<Endorsement>> {
        Ok(self.0.borrow().words.get(&key.0).copied())
    }

    fn put_endorsement(&self, _: i64, word: &Endorsement) -> Result<()> {
        self.0.borrow_mut().words.insert(word.key.0, *word);
        Ok(())
    }

    fn answers(&self, _: i64, payer: Side, id: &InvoiceId) -> Result<Option<(Option<i64>, i64)>> {
        let drawer = self.0.borrow();
        Ok(drawer.answers.get(&(payer, id.0)).copied().filter(|_| !drawer.forgets_answers))
    }

    fn put_answers(
        &self,
        _: i64,
        payer: Side,
        id: &InvoiceId,
        ordered: Option<i64>,
        first: i64,
    ) -> Result<()> {
        self.0.borrow_mut().answers.insert((payer, id.0), (ordered, first));
        Ok(())
    }

    fn settle_invoice(&self, _: i64, _: Side, _: &InvoiceId, _: Units) -> Result<()> {
        Ok(())
    }

    fn put_proof(&self, _: i64, _: &ForkProof) -> Result<()> {
        Ok(())
    }

    fn note(&self, _: i64, _: &str, _: &str) -> Result<()> {
        Ok(())
    }
}
