//! What nodes have said of an order: which word of each is kept, how far all of them carry, and what a node says itself.

use crate::key::{PublicKey, SecretKey};
use crate::order::{Endorsement, NodeSets, majority};
use crate::rows::Rows;
use crate::store::Standing;
use crate::tally::Side;

use super::{Result, link_all};

/// Keeps a node's word, one of each. Of two that speak for the order held here the one that reaches further: what is agreed rests on it,
/// and whoever has forgotten that it ever said so is told it. One that does goes before one that does not, which comes again with the
/// order that leads to it. Otherwise the newer one. Returns whether this one was kept and is news.
pub fn keep_word(rows: &impl Rows, tally: i64, word: &Endorsement) -> Result<bool> {
    if let Some(held) = rows.endorsement(tally, &word.key)? {
        if held == *word {
            return Ok(false);
        }
        let further = (word.head.index, word.head.view) > (held.head.index, held.head.view);
        let newer = (word.head.view, word.head.index) > (held.head.view, held.head.index);
        let better = match in_order(rows, tally, word)? {
            true => further || !in_order(rows, tally, &held)?,
            false => newer && !in_order(rows, tally, &held)?,
        };
        if !better {
            return Ok(false);
        }
    }
    rows.put_endorsement(tally, word)?;
    Ok(true)
}

/// Moves agreed and final forward as far as the words of the nodes carry.
pub fn settle(rows: &impl Rows, standing: &mut Standing) -> Result<()> {
    let words = rows.endorsements(standing.tally)?;
    let nodes = standing.book.nodes.clone();
    let mut reach: Vec<(PublicKey, u64)> = Vec::new();
    for word in &words {
        if stands(rows, standing, word)? {
            reach.push((word.key, word.head.index));
        }
    }
    let carried = |side: Side, needed: usize| -> u64 {
        let mut indices: Vec<u64> =
            reach.iter().filter(|(key, _)| nodes.of(side).contains(key)).map(|(_, index)| *index).collect();
        indices.sort_unstable_by(|a, b| b.cmp(a));
        indices.get(needed.saturating_sub(1)).copied().unwrap_or(0)
    };
    let both = |needed: fn(&NodeSets, Side) -> usize| {
        carried(Side::Stock, needed(&nodes, Side::Stock)).min(carried(Side::Foil, needed(&nodes, Side::Foil)))
    };
    let agreed = both(|_, _| 1);
    let last = both(|nodes, side| majority(nodes.of(side).len()));
    if agreed > standing.agreed {
        standing.agreed = agreed;
        rows.note(standing.tally, "agreed", &agreed.to_string())?;
    }
    if last > standing.final_index {
        standing.final_index = last;
        standing.final_paid =
            rows.place(standing.tally, last)?.map_or(standing.final_paid, |place| place.paid);
        rows.note(standing.tally, "final", &last.to_string())?;
    }
    Ok(())
}

/// Whether a word speaks for a stretch of the very order that is held.
fn stands(rows: &impl Rows, standing: &Standing, word: &Endorsement) -> Result<bool> {
    Ok(word.head.index <= standing.book.head.index && in_order(rows, standing.tally, word)?)
}

fn in_order(rows: &impl Rows, tally: i64, word: &Endorsement) -> Result<bool> {
    Ok(rows.place(tally, word.head.index)?.is_some_and(|place| place.hash == word.head.hash))
}

/// Lets one node say what it has to say about the order: the foil's links what has no place and stands for the new head, the stock's
/// confirms what the foil has ordered. Returns whether it said anything new. That the key speaks for this side is for the caller to know.
pub fn endorse(rows: &impl Rows, key: &SecretKey, side: Side, standing: &mut Standing) -> Result<bool> {
    if side == Side::Foil {
        link_all(rows, standing)?;
    }
    let head = standing.book.head;
    // A view that the stock has merely promised to wait for holds nothing to confirm.
    let ordered = |word: &Endorsement| word.head == head && standing.book.nodes.foil.contains(&word.key);
    if side == Side::Stock && !rows.endorsements(standing.tally)?.iter().any(ordered) {
        return Ok(false);
    }
    let own = rows.endorsement(standing.tally, &key.public())?;
    let silent = own.is_none_or(|word| (word.head.view, word.head.index) < (head.view, head.index));
    if !silent || head.index == 0 {
        return Ok(false);
    }
    rows.put_endorsement(standing.tally, &head.endorse(key))?;
    Ok(true)
}

/// Everybody who is named for either half, in the order or by what is held beyond it.
#[must_use]
pub fn named(standing: &Standing) -> NodeSets {
    let mut nodes = standing.tip.nodes.clone();
    for side in Side::BOTH {
        for key in standing.book.nodes.of(side) {
            if !nodes.of(side).contains(key) {
                nodes.of_mut(side).push(*key);
            }
        }
    }
    nodes
}
