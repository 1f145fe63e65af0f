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

    /// For a foil: a view of the stock's node above this one's. It follows nothing older, so this node orders on above it.
    pub(super) fn view_above(
        from: Correspondent,
        half: &HalfRow,
        standing: &Standing,
        summaries: &[Have],
    ) -> Option<u64> {
        let Correspondent::Site(site) = from else { return None };
        if half.side != Side::Foil || !standing.tip.nodes.stock.contains(&site) {
            return None;
        }
        let above = |view: &u64| *view > standing.book.head.view && *view <= VIEW_MAX;
        summaries.iter().map(|have| have.view).filter(above).max()
    }
}
