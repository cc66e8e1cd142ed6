//! What jobs read: files, and what other jobs left.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;
use crate::iterate::invariant::InvariantSource;
use crate::pipeline::merge::{RunCursor, Segment};
use crate::record::{Key, Value};

/// What a job reads.
#[derive(Clone, Debug)]
pub enum Input {
    /// Files, and the files below directories.
    Files(Vec<PathBuf>),
    /// What another job left.
    #[doc(hidden)]
    Segments(Vec<Segment>),
    /// What is parsed for a loop.
    #[doc(hidden)]
    Invariant(Arc<dyn InvariantSource>),
}

impl From<Vec<PathBuf>> for Input {
    fn from(paths: Vec<PathBuf>) -> Self {
        Input::Files(paths)
    }
}

impl From<&[PathBuf]> for Input {
    fn from(paths: &[PathBuf]) -> Self {
        Input::Files(paths.to_vec())
    }
}

impl<const N: usize> From<[&str; N]> for Input {
    fn from(paths: [&str; N]) -> Self {
        Input::Files(paths.map(PathBuf::from).to_vec())
    }
}

impl From<&Path> for Input {
    fn from(path: &Path) -> Self {
        Input::Files(vec![path.to_owned()])
    }
}

impl<K: ?Sized, V: ?Sized> From<&Dataset<K, V>> for Input {
    fn from(dataset: &Dataset<K, V>) -> Self {
        Input::Segments(dataset.segments.clone())
    }
}

/// The output of a job that another job reads: one partition a reducer, in files or in memory as the factor
/// `between_jobs` says. It goes away when it is dropped. A mapper reads it as [`Pairs`](crate::Pairs).
#[derive(Debug)]
pub struct Dataset<K: ?Sized, V: ?Sized> {
    pub(crate) segments: Vec<Segment>,
    pub(crate) types: PhantomData<fn(&K, &V)>,
}

impl<K: ?Sized, V: ?Sized> Clone for Dataset<K, V> {
    fn clone(&self) -> Self {
        Dataset { segments: self.segments.clone(), types: PhantomData }
    }
}

impl<K: ?Sized, V: ?Sized> Dataset<K, V> {
    /// Records in all partitions.
    pub fn records(&self) -> u64 {
        self.segments.iter().map(|segment| segment.index().records).sum()
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized> Dataset<K, V> {
    /// Calls `each` for every record, partition by partition, in the order in which the reducers emitted them.
    ///
    /// # Errors
    /// Those of reading, and what `each` returns.
    pub fn for_each(&self, mut each: impl FnMut(K::Ref<'_>, V::Ref<'_>) -> Result<()>) -> Result<()> {
        for segment in &self.segments {
            let mut cursor = RunCursor::open(segment)?;
            while cursor.advance()?.is_some() {
                each(K::decode(cursor.key())?, V::decode(cursor.value())?)?;
            }
        }
        Ok(())
    }
}
