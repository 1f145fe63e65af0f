//! A set of byte positions, kept as the fewest half-open ranges.

use std::collections::BTreeMap;

/// Positions by range: start to end, never touching one another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(BTreeMap<u32, u32>);

impl Ranges {
    pub(super) fn insert(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let (mut low, mut high) = (start, end);
        let touching: Vec<_> =
            self.0.range(..=end).rev().take_while(|(_, e)| **e >= start).map(|(s, e)| (*s, *e)).collect();
        for (s, e) in touching {
            self.0.remove(&s);
            (low, high) = (low.min(s), high.max(e));
        }
        self.0.insert(low, high);
    }

    pub(super) fn remove(&mut self, start: u32, end: u32) {
        if start >= end {
            return;
        }
        let crossing: Vec<_> =
            self.0.range(..end).rev().take_while(|(_, e)| **e > start).map(|(s, e)| (*s, *e)).collect();
        for (s, e) in crossing {
            self.0.remove(&s);
            if s < start {
                self.0.insert(s, start);
            }
            if e > end {
                self.0.insert(end, e);
            }
        }
    }

    /// Whether every position from `start` to `end` is in the set.
    pub(super) fn covers(&self, start: u32, end: u32) -> bool {
        self.0.range(..=start).next_back().is_some_and(|(_, e)| *e >= end)
    }

    /// The parts of `start..end` that are not in the set.
    pub(super) fn gaps(&self, start: u32, end: u32) -> Vec<(u32, u32)> {
        let mut gaps = Self::default();
        gaps.insert(start, end);
        for (s, e) in self.iter().filter(|(s, e)| *s < end && *e > start) {
            gaps.remove(s, e);
        }
        gaps.iter().collect()
    }

    pub(super) fn first(&self) -> Option<(u32, u32)> {
        self.0.first_key_value().map(|(s, e)| (*s, *e))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.0.iter().map(|(s, e)| (*s, *e))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn agrees_with_a_plain_set_of_positions() {
        let mut state = 1_u32;
        let mut draw = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let (mut ranges, mut model) = (Ranges::default(), BTreeSet::new());
        for _ in 0..4_000 {
            let start = draw(60);
            let end = start + draw(12);
            if draw(2) == 0 {
                ranges.insert(start, end);
                model.extend(start..end);
            } else {
                ranges.remove(start, end);
                model.retain(|p| *p < start || *p >= end);
            }
            let listed: BTreeSet<u32> = ranges.iter().flat_map(|(s, e)| s..e).collect();
            assert_eq!(listed, model);
            let touching = ranges.iter().zip(ranges.iter().skip(1)).any(|((_, e), (s, _))| e >= s);
            assert!(!touching, "{ranges:?}");
            let missing: BTreeSet<u32> =
                ranges.gaps(start, end).into_iter().flat_map(|(s, e)| s..e).collect();
            assert_eq!(missing, (start..end).filter(|p| !model.contains(p)).collect());
            assert_eq!(start < end && ranges.covers(start, end), start < end && missing.is_empty());
        }
    }
}
