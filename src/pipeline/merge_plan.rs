//! Plans merges where there are more runs than can be merged at once.
//!
//! A merge takes *neighbours*, so that equal keys stay in the order of the runs. It takes the cheapest ones, and in the
//! first merge just so many that all later merges are full (Hadoop's `Merger.getPassFactor`). The merged run takes
//! their place.
//!
//! ```text
//! runs      a ⇄ b ⇄ c ⇄ d ⇄ e          a list; each holds the bytes of the window that begins with it
//! windows   [b c d] < [a b c] < [c d e]   a heap by bytes; outdated windows are passed over when they come up
//! ```
//!
//! A merge changes the windows that begin within its own width of it and no others, so planning all merges of n runs takes
//! O(n log n) looks at runs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// No run.
const NONE: usize = usize::MAX;

/// Runs that are left to merge, in order.
pub(crate) struct MergePlan<T> {
    /// A list through an array: a merged run takes the place of the first of its parts, so that places stay in order.
    places: Vec<Place<T>>,
    /// Number of runs that are left.
    left: usize,
    /// Number of runs that may be left in the end.
    most_left: usize,
    fan_in: usize,
    /// Number of runs in a window.
    width: usize,
    /// Bytes and first run of windows, old ones among them.
    windows: BinaryHeap<Reverse<(u64, usize)>>,
    /// The place for the run that is being merged, which notes its passes already.
    hole: usize,
    #[cfg(test)]
    looks: usize,
}

struct Place<T> {
    run: Option<T>,
    bytes: u64,
    /// Merges one after another that its records went through.
    passes: u32,
    before: usize,
    after: usize,
    /// Bytes of the window that begins here, if there is one.
    window: Option<u64>,
}

impl<T> MergePlan<T> {
    /// A plan for `runs`, each with its bytes, until at most `most_left` of them are left. No merge takes more than `fan_in`,
    /// which is at least two.
    pub fn new(runs: impl IntoIterator<Item = (T, u64)>, fan_in: usize, most_left: usize) -> Self {
        let mut places: Vec<Place<T>> = Vec::new();
        for (at, (run, bytes)) in runs.into_iter().enumerate() {
            places.push(Place {
                run: Some(run),
                bytes,
                passes: 0,
                before: at.wrapping_sub(1),
                after: at + 1,
                window: None,
            });
        }
        if let Some(last) = places.last_mut() {
            last.after = NONE;
        }
        MergePlan {
            left: places.len(),
            places,
            most_left: most_left.max(1),
            fan_in,
            width: 0,
            windows: BinaryHeap::new(),
            hole: NONE,
            #[cfg(test)]
            looks: 0,
        }
    }

    /// Takes out the runs to merge next, whose merged run must be [put back](Self::put). `None` where few enough are
    /// left.
    pub fn next_merge(&mut self) -> Option<Vec<T>> {
        let excess = self.left.checked_sub(self.most_left).filter(|excess| *excess > 0)?;
        let width = match excess % (self.fan_in - 1) {
            0 => self.fan_in,
            odd => odd + 1,
        };
        if width != self.width {
            self.width = width;
            self.windows.clear();
            self.places.iter_mut().for_each(|place| place.window = None);
            self.note_windows(0, NONE);
        }
        let start = self.cheapest();
        let mut taken = Vec::with_capacity(width);
        let mut at = start;
        let mut passes = 0;
        for _ in 0..width {
            let place = &mut self.places[at];
            taken.extend(place.run.take());
            passes = passes.max(place.passes + 1);
            place.window = None;
            at = place.after;
        }
        (self.places[start].after, self.places[start].passes) = (at, passes);
        if at != NONE {
            self.places[at].before = start;
        }
        self.left -= width;
        self.hole = start;
        Some(taken)
    }

    /// Puts the merged run, of so many bytes, in the place of its parts.
    pub fn put(&mut self, merged: T, bytes: u64) {
        let hole = std::mem::replace(&mut self.hole, NONE);
        let place = &mut self.places[hole];
        (place.run, place.bytes) = (Some(merged), bytes);
        self.left += 1;
        let mut first = hole;
        for _ in 1..self.width {
            match self.places[first].before {
                NONE => break,
                before => first = before,
            }
        }
        self.note_windows(first, hole);
    }

    /// Most merges one after another that records of one run went through.
    pub fn passes(&self) -> u32 {
        self.places.iter().filter(|place| place.run.is_some()).map(|place| place.passes).max().unwrap_or(0)
    }

    /// The runs that are left, in order.
    pub fn into_rest(self) -> Vec<T> {
        self.places.into_iter().filter_map(|place| place.run).collect()
    }

    /// First run of the window of fewest bytes, the first of those.
    fn cheapest(&mut self) -> usize {
        loop {
            self.look();
            let Reverse((bytes, start)) = self.windows.pop().expect("there are more runs than a window holds");
            if self.places[start].window == Some(bytes) {
                return start;
            }
        }
    }

    /// Notes the windows that begin from `first` to `last`.
    fn note_windows(&mut self, first: usize, last: usize) {
        let (mut bytes, mut end) = (0u64, first);
        for _ in 0..self.width {
            if end == NONE {
                return self.forget_windows(first, last);
            }
            self.look();
            bytes += self.places[end].bytes;
            end = self.places[end].after;
        }
        let mut start = first;
        loop {
            let Place { bytes: leaving, after, .. } = self.places[start];
            if self.places[start].window != Some(bytes) {
                self.places[start].window = Some(bytes);
                self.windows.push(Reverse((bytes, start)));
            }
            if start == last {
                return;
            }
            if end == NONE {
                return self.forget_windows(after, last);
            }
            self.look();
            bytes = bytes - leaving + self.places[end].bytes;
            (start, end) = (after, self.places[end].after);
        }
    }

    /// Notes that too few runs follow these for a window.
    fn forget_windows(&mut self, first: usize, last: usize) {
        let mut at = first;
        while at != NONE {
            self.look();
            self.places[at].window = None;
            if at == last {
                return;
            }
            at = self.places[at].after;
        }
    }

    #[inline(always)]
    fn look(&mut self) {
        #[cfg(test)]
        {
            self.looks += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same choice by looking at everything.
    fn cheapest_window(sizes: &[u64], fan_in: usize, most_left: usize) -> std::ops::Range<usize> {
        let width = match (sizes.len() - most_left) % (fan_in - 1) {
            0 => fan_in,
            odd => odd + 1,
        };
        let start = (0..=sizes.len() - width).min_by_key(|&start| sizes[start..start + width].iter().sum::<u64>());
        start.unwrap()..start.unwrap() + width
    }

    /// Bytes of the merged run of so many bytes: fewer where the merge combines.
    fn merged_bytes(sum: u64, shrink: u64) -> u64 {
        sum - sum * shrink / 100
    }

    proptest! {
        #[test]
        fn merges_are_those_that_a_look_at_all_runs_would_choose(
            sizes in prop::collection::vec(0u64..50, 1..300),
            fan_in in 2usize..20,
            most_left in prop_oneof![Just(None), (1usize..150).prop_map(Some)],
            shrink in 0u64..100,
        ) {
            let most_left = most_left.unwrap_or(fan_in);
            let mut runs: Vec<(Vec<usize>, u64)> = sizes.iter().enumerate().map(|(i, size)| (vec![i], *size)).collect();
            let mut plan = MergePlan::new(runs.clone().into_iter().map(|(run, bytes)| ((run, bytes), bytes)), fan_in, most_left);
            let mut first = true;
            while runs.len() > most_left {
                let sizes: Vec<u64> = runs.iter().map(|run| run.1).collect();
                let window = cheapest_window(&sizes, fan_in, most_left);
                prop_assert!(first || window.len() == fan_in, "only the first merge is not full");
                let taken = plan.next_merge().expect("there are runs to merge");
                prop_assert_eq!(&taken, &runs[window.clone()]);
                let merged: Vec<usize> = taken.iter().flat_map(|run| run.0.clone()).collect();
                let bytes = merged_bytes(taken.iter().map(|run| run.1).sum(), shrink);
                plan.put((merged.clone(), bytes), bytes);
                runs.splice(window, [(merged, bytes)]);
                first = false;
            }
            prop_assert!(plan.next_merge().is_none());
            let rest = plan.into_rest();
            prop_assert_eq!(&rest, &runs);
            prop_assert!(first || rest.len() == most_left);
            let order: Vec<usize> = rest.into_iter().flat_map(|run| run.0).collect();
            prop_assert_eq!(order, (0..sizes.len()).collect::<Vec<_>>(), "runs stay in their order");
        }
    }

    struct Work {
        looks: usize,
        merges: usize,
        bytes: u64,
        bytes_merged: u64,
    }

    /// Counts the work of merging so many runs of some sizes.
    fn work(runs: usize, fan_in: usize) -> Work {
        let sizes = (0..runs as u64).map(|i| 1000 + i.wrapping_mul(2_654_435_761) % 1000);
        let bytes = sizes.clone().sum();
        let mut plan = MergePlan::new(sizes.map(|size| (size, size)), fan_in, fan_in);
        let (mut bytes_merged, mut merges) = (0, 0);
        while let Some(taken) = plan.next_merge() {
            let bytes = taken.iter().sum();
            plan.put(bytes, bytes);
            bytes_merged += bytes;
            merges += 1;
        }
        Work { looks: plan.looks, merges, bytes, bytes_merged }
    }

    #[test]
    fn planning_for_four_times_as_many_runs_takes_hardly_more_than_four_times_as_many_looks() {
        for fan_in in [2, 3, 10, 64] {
            let mut before: Option<Work> = None;
            for runs in [1_000, 4_000, 16_000] {
                let work = work(runs, fan_in);
                assert_eq!(work.merges, (runs - fan_in).div_ceil(fan_in - 1), "fan-in {fan_in}, {runs} runs");
                let passes = f64::ceil((runs as f64).log(fan_in as f64)) as u64;
                assert!(work.bytes_merged <= (passes + 1) * work.bytes, "fan-in {fan_in}, {runs} runs");
                assert!(work.looks <= 12 * runs, "fan-in {fan_in}, {runs} runs: {} looks", work.looks);
                if let Some(before) = before {
                    assert!(work.looks <= 5 * before.looks, "{} looks, before {}", work.looks, before.looks);
                }
                before = Some(work);
            }
        }
    }

    #[test]
    fn nothing_is_merged_where_few_enough_are_left() {
        for runs in 0..3 {
            let mut plan = MergePlan::new((0..runs).map(|run| (run, 1)), 3, 3);
            assert!(plan.next_merge().is_none());
            assert_eq!(plan.into_rest(), (0..runs).collect::<Vec<_>>());
        }
    }
}
