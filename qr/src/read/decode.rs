//! From modules to content: format, error correction, and the segments of the content as bytes.

use rxing::common::BitMatrix;
use rxing::qrcode::cpp_port::decoder::Decode;

use super::segments::Content;
use crate::append::Share;

/// Error correction and content of sampled modules, mirrored ones too.
pub(super) fn decode(modules: &BitMatrix) -> Option<Content> {
    let side = modules.width();
    if !(21..=177).contains(&side) || side % 4 != 1 || modules.height() != side {
        return None;
    }
    // Error correction is dear, and what has no timing lines has nothing to correct.
    if !is_aligned(modules, 4) {
        return None;
    }
    // It indexes without asking; what it makes of modules that nobody has drawn must not end the wallet.
    let read = std::panic::catch_unwind(|| Decode(modules).ok()).ok().flatten().filter(|it| it.isValid())?;
    let set = read.structuredAppend();
    let share = || Share::new(set.index.try_into().ok()?, set.count.try_into().ok()?, set.id.parse().ok()?);
    Some(Content { bytes: read.content().bytes().to_vec(), share: share() })
}

/// Whether of the modules of both timing lines no more than one in so many is wrong.
pub(super) fn is_aligned(modules: &BitMatrix, one_in: usize) -> bool {
    let line = 8..modules.width().saturating_sub(8);
    let wrong =
        |at: &dyn Fn(u32) -> bool| line.clone().filter(|&along| at(along) == (along % 2 == 1)).count();
    let wrong = wrong(&|along| modules.get(along, 6)).saturating_add(wrong(&|along| modules.get(6, along)));
    wrong.saturating_mul(one_in) <= line.len().saturating_mul(2)
}
