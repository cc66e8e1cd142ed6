//! An input that a loop has parsed, as a job reads it.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::input::listing::InputFile;
use crate::store::Segment;

/// An invariant input whose type is known to its mapper only.
#[doc(hidden)]
pub trait InvariantSource: fmt::Debug + Send + Sync {
    /// The parts of each split.
    fn splits(&self) -> &[Range<u32>];

    /// Bytes of a part as it is stored.
    fn part_bytes(&self, part: u32) -> u64;

    /// The files that a job will read, and their bytes, without the parts that are in the cache.
    fn files_to_read(&self) -> (&[InputFile], u64);

    /// The partition of a dataset that a part is; `None` where it is a piece of a file.
    fn segment(&self, part: u32) -> Option<&Segment>;

    /// The file that a part is a piece of; `None` where it is a partition of a dataset.
    fn file(&self, part: u32) -> Option<&InputFile>;

    /// For the mapper, which knows the type.
    fn as_any(&self) -> &dyn Any;
}

/// A part of an invariant input, as a task reads it.
#[derive(Clone, Debug)]
pub(crate) struct InvariantPiece {
    pub source: Arc<dyn InvariantSource>,
    pub part: u32,
}
