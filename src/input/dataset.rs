//! The inputs of jobs: files, and the outputs of other jobs.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Result;
use crate::input::parsed::InvariantSource;
use crate::record::{Key, Value};
use crate::store::{RunCursor, Segment};

/// An input of a job.
///
/// A path is an input, and so is a list of paths; an iterator of paths becomes one with
/// [`collect`](Iterator::collect). A [`Dataset`] and an [`Invariant`](crate::Invariant) are inputs by reference.
///
/// ```
/// use std::path::PathBuf;
/// use twinmill::Input;
///
/// let inputs: [Input; 4] = [
///     "logs".into(),
///     PathBuf::from("logs").into(),
///     ["a.txt", "b.txt.gz"].into(),
///     (1..=12).map(|month| format!("logs/2026-{month:02}")).collect(),
/// ];
/// # assert!(matches!(&inputs[3], Input::Files(paths) if paths.len() == 12));
/// ```
#[derive(Clone, Debug)]
pub enum Input {
    /// Files, and the files below directories.
    Files(Vec<PathBuf>),
    /// The output of another job.
    #[doc(hidden)]
    Segments(Vec<Segment>),
    /// An input that does not change in a loop.
    #[doc(hidden)]
    Invariant(Arc<dyn InvariantSource>),
}

macro_rules! path_to_input {
    ($($path:ty),+) => {$(
        impl From<$path> for Input {
            fn from(path: $path) -> Self {
                Input::Files(vec![path.into()])
            }
        }
    )+};
}
path_to_input!(&str, String, &String, &OsStr, OsString, &Path, PathBuf, &PathBuf, Cow<'_, Path>);

macro_rules! paths_to_input {
    ($(($($generics:tt)*) $paths:ty;)+) => {$(
        impl<P: AsRef<Path>, $($generics)*> From<$paths> for Input {
            fn from(paths: $paths) -> Self {
                paths.into_iter().collect()
            }
        }
    )+};
}
paths_to_input! {
    () &[P];
    () Vec<P>;
    () &Vec<P>;
    (const N: usize) [P; N];
    (const N: usize) &[P; N];
}

impl<P: AsRef<Path>> FromIterator<P> for Input {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Self {
        Input::Files(paths.into_iter().map(|path| path.as_ref().to_owned()).collect())
    }
}

impl<K: ?Sized, V: ?Sized> From<&Dataset<K, V>> for Input {
    fn from(dataset: &Dataset<K, V>) -> Self {
        Input::Segments(dataset.segments.clone())
    }
}

/// The output of a job that another job reads: one partition a reducer, in files or in memory as the factor
/// `between_jobs` says. It is removed when it is dropped. A mapper reads it as [`Pairs`](crate::Pairs).
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
    /// Those of reading and those of `each`.
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
