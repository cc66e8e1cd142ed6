//! An input that a loop has parsed, as a job reads it.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::error::{Error, Result};
use crate::input::listing::InputFile;
use crate::observe::activity::lock;
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

    /// Whether many jobs read the blocks of this input, and they can be sent to other machines.
    fn is_sent(&self) -> bool;

    /// Parses a part, and calls `each` with the bytes of one block after another.
    ///
    /// # Errors
    /// Those of reading, those of parsing and those of `each`.
    fn send(&self, part: u32, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()>;

    /// For the mapper, which knows the type.
    fn as_any(&self) -> &dyn Any;
}

/// A part of an invariant input, as a task reads it.
#[derive(Clone, Debug)]
pub(crate) struct InvariantPiece {
    pub source: Arc<dyn InvariantSource>,
    pub part: u32,
    /// Where its blocks come from if another task has parsed it.
    pub sent: Option<Arc<SentParts>>,
}

/// Reads the next block that was sent, in place of what the buffer held, and returns the number of its part; `None` at the end.
pub(crate) type NextBlock = dyn FnMut(&mut Vec<u8>) -> Result<Option<u32>> + Send;

/// Blocks that another task has parsed, in the order of their parts, which is the order in which a task reads them.
pub(crate) struct SentParts(Mutex<Sent>);

struct Sent {
    next: Box<NextBlock>,
    /// The part of the block in the buffer, if it was not yet read.
    of_part: Option<u32>,
    block: Vec<u8>,
}

impl SentParts {
    pub fn new(next: Box<NextBlock>) -> Self {
        SentParts(Mutex::new(Sent { next, of_part: None, block: Vec::new() }))
    }

    /// Calls `each` with the bytes of one block of a part after another.
    ///
    /// # Errors
    /// [`Error::Config`] where blocks of another part were to be read before, those of reading, and those of `each`.
    pub fn each_of(&self, part: u32, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let Sent { next, of_part, block } = &mut *lock(&self.0);
        loop {
            if of_part.is_none() {
                *of_part = next(block)?;
            }
            match *of_part {
                Some(of) if of == part => each(block)?,
                Some(of) if of < part => {
                    let message = format!("the blocks of part {of} were sent to a task that reads part {part}");
                    return Err(Error::Config(message));
                }
                Some(_) | None => return Ok(()),
            }
            *of_part = None;
        }
    }
}

impl fmt::Debug for SentParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentParts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One block for each pair of a part and a byte.
    fn sent(blocks: &'static [(u32, u8)]) -> SentParts {
        let mut blocks = blocks.iter();
        SentParts::new(Box::new(move |block| {
            block.clear();
            Ok(blocks.next().map(|(part, byte)| {
                block.push(*byte);
                *part
            }))
        }))
    }

    fn read(sent: &SentParts, part: u32) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        sent.each_of(part, |block| {
            all.extend(block);
            Ok(())
        })?;
        Ok(all)
    }

    #[test]
    fn each_part_has_its_own_blocks() {
        let sent = sent(&[(3, b'a'), (3, b'b'), (5, b'c')]);
        for (part, blocks) in [(2, ""), (3, "ab"), (3, ""), (4, ""), (5, "c"), (6, "")] {
            assert_eq!(read(&sent, part).unwrap(), blocks.as_bytes(), "part {part}");
        }
    }

    #[test]
    fn blocks_that_nobody_has_read_are_an_error() {
        let sent = sent(&[(3, b'a'), (4, b'b')]);
        let error = read(&sent, 4).unwrap_err().to_string();
        assert!(error.contains("part 3") && error.contains("part 4"), "{error}");
    }
}
