//! Notes which bytes of the input files are read.
//!
//! A program that sends its tasks to other machines looks at its inputs before its first task: for the first row of a table,
//! for a sample of keys. A task repeats the program up to its own job, without those files, or far from them. What the program
//! looked at is therefore noted here, and sent along: in a [`replica`](crate::input::replica), or for a file in a store as
//! [copies](crate::remote::Copies).

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::observe::activity::lock;
use crate::observe::purpose::Purpose;

/// The parts of files that were read, by path.
pub(crate) type Seen = BTreeMap<Arc<Path>, Ranges>;

/// Notes what is read.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// What was read beforehand, to look at it.
    looked_at: Mutex<Seen>,
    /// What was read for tasks since it was last taken.
    read: Mutex<Seen>,
    paused: AtomicBool,
}

impl Watch {
    fn note(&self, purpose: Purpose, path: &Arc<Path>, from: u64, to: u64) {
        let seen = if purpose == Purpose::Sampling { &self.looked_at } else { &self.read };
        if !self.paused.load(Ordering::Relaxed) {
            lock(seen).entry(path.clone()).or_default().add(from, to);
        }
    }

    /// What was looked at so far.
    pub fn looked_at(&self) -> Seen {
        lock(&self.looked_at).clone()
    }

    /// What was read for tasks since this was last called.
    pub fn take_read(&self) -> Seen {
        std::mem::take(&mut lock(&self.read))
    }

    /// Does `look` without noting what it looks at, because its result is remembered instead.
    pub fn unnoted<T>(&self, look: impl FnOnce() -> T) -> T {
        let before = self.paused.swap(true, Ordering::Relaxed);
        let result = look();
        self.paused.store(before, Ordering::Relaxed);
        result
    }
}

/// The watch over a file, if there is one. It makes no file different from another.
#[derive(Clone, Default)]
pub(crate) struct Watched(pub Option<Arc<Watch>>);

impl Watched {
    /// Notes that these bytes of a file were read.
    #[inline]
    pub fn note(&self, purpose: Purpose, path: &Arc<Path>, from: u64, to: u64) {
        if let Some(watch) = &self.0 {
            watch.note(purpose, path, from, to);
        }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("")
    }
}

impl PartialEq for Watched {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Watched {}

/// Ranges of bytes, in ascending order, that do not touch each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Adds the bytes `from..to`.
    pub fn add(&mut self, from: u64, to: u64) {
        if from >= to {
            return;
        }
        // The ranges that touch the new one become one with it.
        let first = self.0.partition_point(|(_, end)| *end < from);
        let behind = self.0.partition_point(|(start, _)| *start <= to);
        let touched = &self.0[first..behind.max(first)];
        let from = touched.first().map_or(from, |(start, _)| from.min(*start));
        let to = touched.last().map_or(to, |(_, end)| to.max(*end));
        self.0.splice(first..behind.max(first), [(from, to)]);
    }

    /// The ranges.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_hold_what_was_added_and_do_not_touch(added in prop::collection::vec((0u64..60, 0u64..9), 0..20)) {
            let (mut ranges, mut bytes) = (Ranges::default(), [false; 80]);
            for (from, len) in added {
                ranges.add(from, from + len);
                bytes[from as usize..(from + len) as usize].fill(true);
            }
            let mut held = [false; 80];
            ranges.iter().for_each(|(from, to)| held[from as usize..to as usize].fill(true));
            prop_assert_eq!(held, bytes);
            prop_assert!(ranges.0.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
