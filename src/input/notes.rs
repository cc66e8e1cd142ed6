//! Sentences about an input that are no errors but should be read.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::observe::activity::lock;

/// Notes of readers that are no errors, each sentence once.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<BTreeSet<String>>);

impl Notes {
    pub fn add(&self, sentence: String) {
        lock(&self.0).insert(sentence);
    }

    /// The notes, in byte order.
    pub fn said(&self) -> Vec<String> {
        lock(&self.0).iter().cloned().collect()
    }
}
