//! The reader of phones: a small detector, which follows connected regions and reads about half as much as the search.

use rqrr::BitGrid as _;

use super::Seen;
use super::modules::Modules;
use crate::luma::Luma;

/// Every code in a frame, by the small reader: for who has a reader of the platform's own, and little room (docs/decisions/0425).
#[must_use]
pub fn small_codes(frame: &Luma<'_>) -> Vec<Seen> {
    let (width, height) = (frame.width(), frame.height());
    let pixels = frame.tight();
    let shade =
        |x: usize, y: usize| pixels.get(y.saturating_mul(width).saturating_add(x)).copied().unwrap_or(255);
    // The detector indexes without asking; what it makes of a frame nobody has seen must not end the wallet.
    let found = std::panic::catch_unwind(|| {
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, shade);
        let located = image.detect_grids();
        let read = located.iter().filter_map(|it| {
            let is_dark = |x, y| it.grid.bit(y, x);
            let content = Modules { side: it.grid.size(), is_dark: &is_dark }.content()?;
            Some((content, it.bounds.map(|place| frame.upright((place.x, place.y)))))
        });
        read.collect::<Vec<_>>()
    });
    let mut seen: Vec<Seen> = Vec::new();
    for (content, corners) in found.unwrap_or_default() {
        let code = Seen { content: content.bytes, share: content.share, corners };
        if !seen.iter().any(|other| (&other.content, other.share) == (&code.content, code.share)) {
            seen.push(code);
        }
    }
    seen
}
