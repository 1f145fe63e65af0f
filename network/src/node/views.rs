//! Views that others name in their summaries. A summary is no signature, and no more can come of a false one than a higher view: nothing is
//! confirmed, and whoever orders for the foil goes on above it.

use hazel_core::message::Have;
use hazel_core::ordering::{VIEW_MAX, raise_view};
use hazel_core::store::{Standing, StoreError};
use hazel_core::tally::Side;

use crate::letter::Correspondent;
use crate::store::HalfRow;

use super::telling::plain;
use super::work::Work;

impl Work<'_> {
    /// For a stock: follows no older view from now on than its own user names, to whom the foil's restored phone announced it, or who
    /// promised it before the half moved here. Not before all is here that the user knows to be agreed: it may be of an older view.
    /// Returns whether there is something new to promise.
    pub(super) fn promise(
        &self,
        from: Correspondent,
        half: &HalfRow,
        standing: &mut Standing,
        summaries: &[Have],
    ) -> Result<bool, StoreError> {
        let speaks = half.side == Side::Stock && standing.tip.nodes.stock.contains(&self.own);
        if !speaks || !matches!(from, Correspondent::User(_)) {
            return Ok(false);
        }
        let agreed = standing.agreed;
        let named = summaries.iter().filter(|have| have.agreed <= agreed).map(|have| have.view).max();
        plain(named.map_or(Ok(false), |view| raise_view(&self.desk, standing, view)))
    }

    /// For a foil: a view above this one's that the stock's node names, or that this half's own phone announced when it had forgotten that a
    /// site orders for it. The stock follows nothing older, so this node orders on above it.
    pub(super) fn view_above(
        from: Correspondent,
        half: &HalfRow,
        standing: &Standing,
        summaries: &[Have],
    ) -> Option<u64> {
        let believed = match from {
            Correspondent::User(_) => true,
            Correspondent::Site(site) => standing.tip.nodes.stock.contains(&site),
        };
        if half.side != Side::Foil || !believed {
            return None;
        }
        let above = |view: &u64| *view > standing.book.head.view && *view <= VIEW_MAX;
        summaries.iter().map(|have| have.view).filter(above).max()
    }
}
