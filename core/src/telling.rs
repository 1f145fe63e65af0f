//! What one keeper of a tally tells another one in answer to its summary, without remembering what it told before.
//!
//! Two keepers are alike here: a wallet and its site, or two sites. Each compares the other's summary with its own rows.

use crate::chit::{ChainId, ChitRef};
use crate::digest::Digest;
use crate::message::{Have, Message, PAGE_MAX, Page};
use crate::order::{Certificate, Endorsement, Links, majority};
use crate::ordering::{OrderingError, find, hash_at, runs};
use crate::rows::Rows;
use crate::store::{ChainRow, Standing};
use crate::tally::Side;

type Result<T> = std::result::Result<T, OrderingError>;

/// What follows from another keeper's summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// What it lacks, in the order in which it can be used.
    pub messages: Vec<Message>,
    /// Whether it has something that is not here.
    pub behind: bool,
}

/// How far the memory of a tally goes here. Invoices are left out: they are between the two parties.
pub fn summary(rows: &impl Rows, standing: &Standing) -> Result<Have> {
    let head = standing.book.head;
    let chains: Vec<(ChainId, u64, Digest)> = rows
        .chains(standing.tally)?
        .iter()
        .filter(|chain| chain.seq > chain.base)
        .map(|chain| (chain.id, chain.seq, chain.hash))
        .collect();
    Ok(Have {
        tally: head.tally,
        contract: rows.contract(standing.tally)?.tally.digest(),
        chains,
        view: head.view,
        index: head.index,
        hash: head.hash,
        agreed: standing.agreed,
        invoices: Vec::new(),
        restored: standing.reconciling,
    })
}

/// What somebody with this summary lacks.
pub fn answer(rows: &impl Rows, standing: &Standing, have: &Have) -> Result<Answer> {
    let contract = rows.contract(standing.tally)?.tally.digest();
    let mut out = Answer::default();
    if have.contract != contract {
        out.messages.push(Message::Offer(Box::new(rows.contract(standing.tally)?)));
    }
    let chains = rows.chains(standing.tally)?;
    for chain in &chains {
        let theirs = held_of(rows, chain, have)?;
        out.behind |= theirs > chain.seq;
        pages(rows, chain, theirs, &mut out.messages)?;
    }
    out.behind |= have.chains.iter().any(|(id, ..)| !chains.iter().any(|chain| chain.id == *id));
    let head = standing.book.head;
    let from = match hash_at(rows, standing, &contract, have.index)? {
        Some(hash) if hash == have.hash => have.index,
        // Whatever else differs: what both halves have agreed on is one order.
        Some(_) => have.agreed.min(standing.agreed),
        None if have.agreed < standing.agreed => have.agreed,
        None => head.index,
    };
    out.behind |= have.index > head.index || have.agreed > standing.agreed;
    let words = rows.endorsements(standing.tally)?;
    // An order of an older view than the reader's is followed only by whoever has lost its own, or where both halves stand for it. Told to
    // anybody else it would be refused, and asked for again.
    let newer = reaching(standing, &words).is_some_and(|word| word.head.view >= have.view);
    if newer || have.restored || certificate(standing, &words).is_some() {
        order(rows, standing, &words, from, &mut out.messages)?;
    }
    told_words(standing, &words, have.agreed, &mut out.messages);
    Ok(out)
}

/// How far somebody holds one chain of mine by its summary; beyond what is held here if it says so.
pub fn held_of(rows: &impl Rows, chain: &ChainRow, have: &Have) -> Result<u64> {
    for &(id, seq, hash) in have.chains.iter().filter(|(id, ..)| *id == chain.id) {
        let here = rows.chit(chain.no, seq)?.is_some_and(|chit| chit.entry.chit.hash() == hash);
        // Of a forked chain, a chit on another branch says nothing about this one.
        let beyond = seq > chain.seq && find(rows, chain.tally, &ChitRef { chain: id, seq, hash })?.is_none();
        if here || beyond {
            return Ok(seq);
        }
    }
    Ok(chain.base)
}

/// The chits of one chain after a number, in pages.
pub fn pages(rows: &impl Rows, chain: &ChainRow, mut after: u64, out: &mut Vec<Message>) -> Result<()> {
    while after < chain.seq {
        let chits = rows.chits(chain.no, after, chain.seq, PAGE_MAX)?;
        let page: Vec<_> = chits.into_iter().map(|chit| chit.entry).collect();
        let Some(last) = page.last() else { break };
        after = last.chit.seq;
        out.extend(Page::of(&page).map(Message::Chits));
    }
    Ok(())
}

/// The order after an index, if somebody's word reaches to its end: the foil's own where it is known.
pub fn order(
    rows: &impl Rows,
    standing: &Standing,
    words: &[Endorsement],
    after: u64,
    out: &mut Vec<Message>,
) -> Result<()> {
    let head = standing.book.head;
    if after >= head.index {
        return Ok(());
    }
    if let Some(word) = reaching(standing, words) {
        out.push(Message::Links(Links { after, runs: runs(rows, standing, after)?, endorsement: *word }));
    }
    Ok(())
}

/// Somebody's word for the whole order: the foil's own where it is known.
fn reaching<'w>(standing: &Standing, words: &'w [Endorsement]) -> Option<&'w Endorsement> {
    let all = || words.iter().filter(|word| reaches(standing, word));
    all().find(|word| standing.book.nodes.foil.contains(&word.key)).or_else(|| all().next())
}

/// Whether a word is about the whole order, in whatever view: who has promised a newer one still has the words of an older one.
fn reaches(standing: &Standing, word: &Endorsement) -> bool {
    let head = standing.book.head;
    (word.head.index, word.head.hash) == (head.index, head.hash)
}

/// The words that reach beyond an index: as a certificate where they make one.
pub fn told_words(standing: &Standing, words: &[Endorsement], beyond: u64, out: &mut Vec<Message>) {
    if let Some(certificate) = certificate(standing, words).filter(|it| it.head.index > beyond) {
        out.push(Message::Certificate(certificate));
        return;
    }
    let speaks = |word: &&Endorsement| {
        standing.book.nodes.stock.contains(&word.key) || standing.book.nodes.foil.contains(&word.key)
    };
    out.extend(
        words
            .iter()
            .filter(speaks)
            .filter(|word| word.head.index > beyond)
            .map(|word| Message::Endorsement(*word)),
    );
}

/// The certificate over the whole order, if the words make one.
#[must_use]
pub fn certificate(standing: &Standing, words: &[Endorsement]) -> Option<Certificate> {
    let head = words.iter().filter(|word| reaches(standing, word)).max_by_key(|word| word.head.view)?.head;
    let nodes = &standing.book.nodes;
    let words: Vec<_> = words.iter().filter(|word| word.head == head).collect();
    let carried = Side::BOTH.iter().all(|side| {
        let said = words.iter().filter(|word| nodes.of(*side).contains(&word.key)).count();
        said >= majority(nodes.of(*side).len())
    });
    let named = |key| nodes.stock.contains(key) || nodes.foil.contains(key);
    let words = words.iter().filter(|word| named(&word.key)).map(|word| (word.key, word.signature)).collect();
    // Each signature was verified at the door.
    Some(Certificate { head, words }).filter(|_| carried)
}
