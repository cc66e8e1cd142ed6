//! The records with the least keys, found in one pass: each task keeps its own, and a reducer takes the least of all.
//!
//! ```text
//! split   9 4 7 1 8      keeps  1 4    ┐
//! split   5 3 6 2        keeps  2 3    ┘ ─▶ one reducer   1 2
//! ```
//!
//! A task that keeps `k` records shuffles `k` instead of all: what a combiner would save, for a question that is about all
//! records and not about those of one key. Where `k` is so large that a task had better not hold it, records go to the shuffle
//! as they are, and it sorts them.

use std::collections::BinaryHeap;

use twinmill::prelude::*;

/// Records that a task holds at most.
const MOST_HELD: u64 = 100_000;

/// The records with the least keys that a task has seen. Keys are encoded ones.
#[derive(Clone, Debug)]
pub struct Least {
    most: u64,
    /// The greatest is on top.
    kept: BinaryHeap<(Vec<u8>, Vec<u8>)>,
}

impl Least {
    /// Keeps as many.
    pub fn new(most: u64) -> Self {
        Least { most, kept: BinaryHeap::new() }
    }

    /// Takes a record: keeps it, or hands it on where there are too many to keep.
    #[inline]
    pub fn offer(&mut self, key: &[u8], value: &[u8], out: &mut impl Emit<[u8], [u8]>) {
        if self.most > MOST_HELD { out.emit(key, value) } else { self.keep(key, value) }
    }

    /// Keeps a record, if its key is among the least.
    #[inline]
    pub fn keep(&mut self, key: &[u8], value: &[u8]) {
        if (self.kept.len() as u64) < self.most {
            self.kept.push((key.to_vec(), value.to_vec()));
        } else if let Some(mut greatest) = self.kept.peek_mut().filter(|greatest| key < &greatest.0[..]) {
            *greatest = (key.to_vec(), value.to_vec());
        }
    }

    /// Emits what was kept.
    pub fn send(&mut self, out: &mut impl Emit<[u8], [u8]>) {
        self.kept.drain().for_each(|(key, value)| out.emit(&key, &value));
    }

    /// What was kept, the least first.
    pub fn into_sorted(self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.kept.into_sorted_vec()
    }
}
