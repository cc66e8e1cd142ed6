//! What people should know of an input though it is no error.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::observe::activity::lock;

/// What a reader has to say that is no error, each sentence once.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<BTreeSet<String>>);

impl Notes {
    pub fn add(&self, sentence: String) {
        lock(&self.0).insert(sentence);
    }

    /// What was noted, in byte order.
    pub fn said(&self) -> Vec<String> {
        lock(&self.0).iter().cloned().collect()
    }
}
