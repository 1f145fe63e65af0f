//! The search with the widest reach: cheap to dear, over pictures of several sizes.
//!
//! One binarisation feeds all detectors of a stage; the first stage that reads everything it has located ends the search.

use super::Seen;
use super::binary::{self, Cells, Ink, Stage};
use super::decode::{decode, is_aligned};
use super::finders::{self, Found, Located, Triple};
use super::grey::Grey;
use super::rectify::{self, Square};
use super::segments::Content;
use crate::luma::Luma;

pub(super) fn codes(frame: &Luma<'_>) -> Vec<Seen> {
    let mut search =
        Search { frame, seen: Vec::new(), known: Vec::new(), placed: Vec::new(), fits: MOST_FITS };
    search.run();
    search.seen
}

struct Search<'f, 'a> {
    frame: &'f Luma<'a>,
    seen: Vec<Seen>,
    /// The finders of what was read.
    known: Vec<Triple>,
    /// Codes that were fitted and not read, on the frame.
    placed: Vec<(Triple, Square)>,
    /// Fits that this frame may still cost.
    fits: usize,
}

impl Search<'_, '_> {
    /// Cheap to dear: small pictures first, fitting after sampling, what no camera should deliver last.
    fn run(&mut self) {
        let full = Grey::of(self.frame);
        let half = full.halved();
        let first = self.sample(&half, &Cells::of(&half), Stage { ink: Ink::Dark, share: 10, margin: 10 });
        if self.is_done() {
            return;
        }
        let cells = Cells::of(&full);
        let second = self.sample(&full, &cells, Stage { ink: Ink::Dark, share: 8, margin: 8 });
        if !self.seen.is_empty() || self.fit(&full, second) || self.fit(&half, first) {
            return;
        }
        let smooth = full.smoothed();
        let third = self.sample(&smooth, &cells, Stage { ink: Ink::Dark, share: 24, margin: 3 });
        if !self.seen.is_empty() || self.fit(&smooth, third) {
            return;
        }
        self.sample(&full, &cells, Stage { ink: Ink::Light, share: 8, margin: 8 });
    }

    /// A code that fills most of the frame leaves no room for another; a smaller one might have neighbours that
    /// the small picture does not show.
    fn is_done(&self) -> bool {
        let shorter = i64::try_from(self.frame.width().min(self.frame.height())).unwrap_or(i64::MAX);
        let [first, _, third, _] = match self.seen.as_slice() {
            [only] => only.corners,
            _ => return false,
        };
        let reach = |a: i32, b: i32| i64::from(a.abs_diff(b));
        let longest = reach(first.0, third.0).max(reach(first.1, third.1));
        longest.saturating_mul(2) > shorter
    }

    /// One binarisation, and all codes in it that plain sampling reads; returns what was located beside them.
    #[expect(clippy::cast_precision_loss, reason = "a picture is a few times smaller than the frame")]
    fn sample(&mut self, grey: &Grey<'_>, cells: &Cells, stage: Stage) -> Vec<(Triple, Option<Located>)> {
        let Some(image) = binary::local(grey, cells, stage) else { return Vec::new() };
        let Found { read, unread } = finders::search(&image, &self.known);
        for (content, corners, finders) in read {
            self.put(content, corners, grey.shrink);
            self.known.push(finders.times(grey.shrink as f32));
        }
        unread
    }

    /// Fits the most promising of what was located; true where one was read.
    ///
    /// A code that was fitted before and not read is looked at again where it is: it needs no second fit.
    #[expect(clippy::cast_precision_loss, reason = "a picture is a few times smaller than the frame")]
    fn fit(&mut self, grey: &Grey<'_>, located: Vec<(Triple, Option<Located>)>) -> bool {
        let shrink = grey.shrink as f32;
        for (_, square) in self.placed.clone() {
            let square = square.divided(shrink);
            if let Reading::Read(content) = read(grey, square) {
                self.put(content, square.outer(), grey.shrink);
                return true;
            }
        }
        for (triple, located) in located.into_iter().take(2) {
            let on_frame = triple.times(shrink);
            if self.placed.iter().any(|(placed, _)| placed.shares(&on_frame)) {
                continue;
            }
            match fit(grey, &triple, located.as_ref(), &mut self.fits) {
                Some((square, Some(content))) => {
                    self.put(content, square.outer(), grey.shrink);
                    return true;
                }
                Some((square, None)) => self.placed.push((on_frame, square.times(shrink))),
                None => {}
            }
        }
        false
    }

    fn put(&mut self, content: Content, corners: [rectify::Point; 4], shrink: usize) {
        #[expect(
            clippy::float_arithmetic,
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "pixels of a frame below 2^14"
        )]
        let corners = corners
            .map(|(x, y)| self.frame.upright(((x * shrink as f32) as i32, (y * shrink as f32) as i32)));
        let Content { bytes: content, share } = content;
        if !self.seen.iter().any(|seen| seen.content == content && seen.share == share) {
            self.seen.push(Seen { content, share, corners });
        }
    }
}

/// Fits in one frame: what is read at all is read by the first few, and a camera brings another frame.
const MOST_FITS: usize = 6;

/// What a fitted square shows.
enum Reading {
    /// A code.
    Read(Content),
    /// The lines that every code has, and too much damage between them.
    Placed,
    /// Something else.
    Nothing,
}

/// Fits a perspective to the brightness and reads the modules under it: from where the detector saw a code, or else
/// from its finders alone. Without a content, the square is that of a code that cannot be read here.
fn fit(
    grey: &Grey<'_>,
    triple: &Triple,
    located: Option<&Located>,
    left: &mut usize,
) -> Option<(Square, Option<Content>)> {
    let mut fitted = |square: Square| {
        *left = left.checked_sub(1)?;
        let square = square.fitted(grey)?;
        match read(grey, square) {
            Reading::Read(content) => Some((square, Some(content))),
            Reading::Placed => Some((square, None)),
            Reading::Nothing => None,
        }
    };
    let seen = located.filter(|located| is_aligned(&located.modules, LOOSELY));
    if let Some(found) = seen.and_then(Square::of_located).and_then(&mut fitted) {
        return Some(found);
    }
    let mut squares: Vec<(Square, f32)> = rectify::likely_sides(triple.middles, triple.widths)
        .into_iter()
        .filter_map(|side| Square::of_finders(grey, triple.middles, triple.widths, side))
        .collect();
    squares.sort_by(|a, b| b.1.total_cmp(&a.1));
    squares.into_iter().take(2).find_map(|(square, _)| fitted(square))
}

/// Reads the modules under a square more and more sharply.
fn read(grey: &Grey<'_>, square: Square) -> Reading {
    // The lines are few and the modules many: what does not keep time is not looked at.
    let modules = square.keeps_time(grey, LOOSELY).then(|| square.modules(grey)).flatten();
    let Some(modules) = modules else { return Reading::Nothing };
    let mut placed = false;
    for sharpness in [0.0, 0.5, 1.0] {
        let Some(bits) = modules.bits(sharpness) else { break };
        if let Some(content) = decode(&bits) {
            return Reading::Read(content);
        }
        // Half of the timing lines are right by chance; what is as wrong as that stays so however sharp it is.
        if !is_aligned(&bits, LOOSELY) {
            break;
        }
        placed = placed || is_aligned(&bits, CLOSELY);
    }
    if placed { Reading::Placed } else { Reading::Nothing }
}

/// Of how many modules of the timing lines one may be wrong.
const CLOSELY: usize = 12;
const LOOSELY: usize = 3;
