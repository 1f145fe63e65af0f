//! Errands at a site: what is carried for others is left with one's own site, and what waits there for oneself is fetched.
//!
//! A site sees of an errand what every carrier sees, and hands it to whoever of its users shows the claim.

use crate::canon::Canon as _;
use crate::errand::{ErrandId, ErrandMessage, Shown, Verdict};
use crate::store::Shelf;

use super::errands::{ErrandNews, claims, take_mine};
use super::{Hands, Result, Wallet};

/// What came of what a site said about errands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteErrands {
    /// What to say in return.
    pub reply: Vec<ErrandMessage>,
    /// What happened.
    pub news: Vec<ErrandNews>,
}

impl Wallet {
    /// What to say about errands to a site of mine: the shortest that is carried here, and the question what waits there. Where there
    /// is no room for that one there is none for any, and the others are not sent in vain.
    pub fn errands_for_site(&self) -> Result<Vec<ErrandMessage>> {
        let mut said = self.carried_errands()?;
        said.truncate(1);
        said.push(ErrandMessage::Shown(Vec::new()));
        Ok(said)
    }

    /// All others that are carried here, now that the site has taken one.
    pub fn more_errands_for_site(&self) -> Result<Vec<ErrandMessage>> {
        self.carried_errands()
    }

    /// What is carried here for others and may still be handed on, the shortest first.
    fn carried_errands(&self) -> Result<Vec<ErrandMessage>> {
        let now = self.now();
        let mut rows = self.look(|shelf| Ok(shelf.errands()?))?;
        rows.retain(|row| row.addressee.is_none() && row.entry.expires >= now);
        rows.sort_by_cached_key(|row| row.entry.to_bytes().len());
        Ok(rows.into_iter().map(|row| ErrandMessage::Handed(Box::new(row.entry))).collect())
    }

    /// Takes in what a site of mine says about errands. What is said in return is on the disk when this returns.
    pub fn errands_from_site(&mut self, said: Vec<ErrandMessage>) -> Result<SiteErrands> {
        let idle =
            |message: &ErrandMessage| matches!(message, ErrandMessage::Shown(shown) if shown.is_empty());
        if said.iter().all(idle) {
            return Ok(SiteErrands::default());
        }
        self.act(|shelf, hands| {
            let mut turn = SiteErrands::default();
            for message in said {
                hear(shelf, hands, message, &mut turn)?;
            }
            Ok(turn)
        })
    }
}

fn hear(
    shelf: &Shelf<'_>,
    hands: &mut Hands<'_>,
    message: ErrandMessage,
    turn: &mut SiteErrands,
) -> Result<()> {
    match message {
        ErrandMessage::Shown(shown) => turn.reply.extend(claimed(shelf, hands, &shown)?),
        ErrandMessage::Handed(errand) => {
            // A site is no partner: what it brings for others is not taken along.
            if let Some((verdict, news)) = take_mine(shelf, hands, &errand)? {
                turn.reply.push(ErrandMessage::Answered { id: errand.id(), verdict });
                turn.news.extend(news);
            }
        }
        // Refused, it stays here: the site may have room another day, and its addressee may still be met.
        ErrandMessage::Answered { id, verdict: Verdict::Carried } => {
            if forget(shelf, &id)? {
                turn.news.push(ErrandNews::HandedOver(id, Verdict::Carried));
            }
        }
        ErrandMessage::Answered { .. } | ErrandMessage::Claimed(_) => {}
    }
    Ok(())
}

fn claimed(shelf: &Shelf<'_>, hands: &Hands<'_>, shown: &[Shown]) -> Result<Option<ErrandMessage>> {
    let claims = claims(shelf, hands, shown)?;
    Ok(if claims.is_empty() { None } else { Some(ErrandMessage::Claimed(claims)) })
}

/// Forgets an errand that was carried for somebody; says whether there was one.
fn forget(shelf: &Shelf<'_>, id: &ErrandId) -> Result<bool> {
    let rows = shelf.errands()?.into_iter().filter(|row| row.id == *id && row.addressee.is_none());
    let mut forgotten = false;
    for row in rows {
        shelf.drop_errand(row.tally, id)?;
        forgotten = true;
    }
    Ok(forgotten)
}
