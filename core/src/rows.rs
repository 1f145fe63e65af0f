//! What the rules of order read and write, inside one transaction. A wallet keeps these rows on its phone, a site for each half that it
//! hosts; the rules are the same.

use crate::book::{Book, Flag};
use crate::chit::{ChainId, SignedChit};
use crate::invoice::InvoiceId;
use crate::key::PublicKey;
use crate::order::{Endorsement, ForkProof};
use crate::store::{ChainRow, PlaceRow, Shelf, StoreError, StoredChit};
use crate::tally::{Side, SignedTally};
use crate::units::Units;

type Result<T> = std::result::Result<T, StoreError>;

/// The rows of tallies. A tally goes by the short name it has in this store.
pub trait Rows {
    /// The contract that governs.
    fn contract(&self, tally: i64) -> Result<SignedTally>;
    /// All chains and their branches, oldest first.
    fn chains(&self, tally: i64) -> Result<Vec<ChainRow>>;
    /// The branches of one chain, the first one first.
    fn branches(&self, tally: i64, id: &ChainId) -> Result<Vec<ChainRow>>;
    /// Adds a chain and returns its short name.
    fn add_chain(&self, row: &ChainRow) -> Result<i64>;
    /// Writes what moves on a chain.
    fn put_chain(&self, row: &ChainRow) -> Result<()>;
    /// The chits of one chain after `after` up to `upto`, in order, at most `most`.
    fn chits(&self, chain: i64, after: u64, upto: u64, most: usize) -> Result<Vec<StoredChit>>;
    /// One chit by its stored name.
    fn chit_by_no(&self, no: i64) -> Result<Option<StoredChit>>;
    /// One chit by its number in its chain.
    fn chit(&self, chain: i64, seq: u64) -> Result<Option<StoredChit>> {
        self.chit_by_no(crate::store::chit_no(chain, seq)?)
    }
    /// Adds a chit at its place in its chain.
    fn add_chit(&self, chain: i64, chit: &SignedChit, arrival: i64, flag: Flag) -> Result<()>;
    /// Changes how a chit is taken.
    fn flag_chit(&self, no: i64, flag: Flag) -> Result<()>;
    /// Places after `after` up to `upto`, in order.
    fn places(&self, tally: i64, after: u64, upto: u64) -> Result<Vec<PlaceRow>>;
    /// A place of the order.
    fn place(&self, tally: i64, index: u64) -> Result<Option<PlaceRow>> {
        Ok(self.places(tally, index.saturating_sub(1), index)?.pop())
    }
    /// Puts a chit at the end of the order, where the book has just arrived.
    fn add_place(&self, tally: i64, book: &Book, chit: i64, flag: Flag) -> Result<()>;
    /// The order takes a chit otherwise than before.
    fn flag_place(&self, tally: i64, index: u64, flag: Flag) -> Result<()>;
    /// Takes the order back to an index.
    fn cut_places(&self, tally: i64, index: u64) -> Result<()>;
    /// The newest words of all nodes.
    fn endorsements(&self, tally: i64) -> Result<Vec<Endorsement>>;
    /// One node's newest word.
    fn endorsement(&self, tally: i64, key: &PublicKey) -> Result<Option<Endorsement>>;
    /// Keeps a node's newest word.
    fn put_endorsement(&self, tally: i64, word: &Endorsement) -> Result<()>;
    /// Which of a side's pledges answer an invoice: the first in the order, the first that came in.
    fn answers(&self, tally: i64, payer: Side, id: &InvoiceId) -> Result<Option<(Option<i64>, i64)>>;
    /// Notes which of a side's pledges answer an invoice.
    fn put_answers(
        &self,
        tally: i64,
        payer: Side,
        id: &InvoiceId,
        ordered: Option<i64>,
        first: i64,
    ) -> Result<()>;
    /// A pledge answers an invoice: whoever keeps invoices notes that it is paid. A site keeps none, it cannot read them.
    fn settle_invoice(&self, tally: i64, payer: Side, id: &InvoiceId, units: Units) -> Result<()>;
    /// Keeps a proof that somebody signed two things that cannot both be.
    fn put_proof(&self, tally: i64, proof: &ForkProof) -> Result<()>;
    /// Something moved that somebody may want to be told.
    fn note(&self, tally: i64, code: &str, args: &str) -> Result<()>;
}

impl Rows for Shelf<'_> {
    fn contract(&self, tally: i64) -> Result<SignedTally> {
        self.tally(tally)?.contract.ok_or(StoreError::Corrupt { what: "a tally without its contract" })
    }
    fn chains(&self, tally: i64) -> Result<Vec<ChainRow>> {
        self.chains(tally)
    }
    fn branches(&self, tally: i64, id: &ChainId) -> Result<Vec<ChainRow>> {
        self.branches(tally, id)
    }
    fn add_chain(&self, row: &ChainRow) -> Result<i64> {
        self.add_chain(row)
    }
    fn put_chain(&self, row: &ChainRow) -> Result<()> {
        self.put_chain(row)
    }
    fn chits(&self, chain: i64, after: u64, upto: u64, most: usize) -> Result<Vec<StoredChit>> {
        self.chits(chain, after, upto, most)
    }
    fn chit_by_no(&self, no: i64) -> Result<Option<StoredChit>> {
        self.chit_by_no(no)
    }
    fn add_chit(&self, chain: i64, chit: &SignedChit, arrival: i64, flag: Flag) -> Result<()> {
        self.add_chit(chain, chit, arrival, flag)
    }
    fn flag_chit(&self, no: i64, flag: Flag) -> Result<()> {
        self.flag_chit(no, flag)
    }
    fn places(&self, tally: i64, after: u64, upto: u64) -> Result<Vec<PlaceRow>> {
        self.places(tally, after, upto)
    }
    fn add_place(&self, tally: i64, book: &Book, chit: i64, flag: Flag) -> Result<()> {
        self.add_place(tally, book, chit, flag)
    }
    fn flag_place(&self, tally: i64, index: u64, flag: Flag) -> Result<()> {
        self.flag_place(tally, index, flag)
    }
    fn cut_places(&self, tally: i64, index: u64) -> Result<()> {
        self.cut_places(tally, index)
    }
    fn endorsements(&self, tally: i64) -> Result<Vec<Endorsement>> {
        self.endorsements(tally)
    }
    fn endorsement(&self, tally: i64, key: &PublicKey) -> Result<Option<Endorsement>> {
        self.endorsement(tally, key)
    }
    fn put_endorsement(&self, tally: i64, word: &Endorsement) -> Result<()> {
        self.put_endorsement(tally, word)
    }
    fn answers(&self, tally: i64, payer: Side, id: &InvoiceId) -> Result<Option<(Option<i64>, i64)>> {
        self.answers(tally, payer, id)
    }
    fn put_answers(
        &self,
        tally: i64,
        payer: Side,
        id: &InvoiceId,
        ordered: Option<i64>,
        first: i64,
    ) -> Result<()> {
        self.put_answers(tally, payer, id, ordered, first)
    }
    fn settle_invoice(&self, tally: i64, payer: Side, id: &InvoiceId, units: Units) -> Result<()> {
        if let Some(mut invoice) = self.invoice(id)?.filter(|invoice| invoice.tally == tally)
            && invoice.entry.invoice.is_paid_by(payer, units)
        {
            invoice.state = invoice.state.hearing(crate::invoice::InvoiceState::Paid);
            self.put_invoice(&invoice)?;
        }
        Ok(())
    }
    fn put_proof(&self, tally: i64, proof: &ForkProof) -> Result<()> {
        self.put_proof(tally, proof)
    }
    fn note(&self, tally: i64, code: &str, args: &str) -> Result<()> {
        self.add_event(Some(tally), code, args)
    }
}
