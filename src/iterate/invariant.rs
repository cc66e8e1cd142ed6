//! Inputs that do not change in a loop, and the parsing of them.
//!
//! An input is cut into parts, and [`Parse`] makes [blocks](Block) of the records of a part: whatever form suits the
//! mapper, such as columns of numbers. With [`Reread`](crate::config::Invariant::Reread) a block lives until the mapper has
//! seen it; with [`Cached`](crate::config::Invariant::Cached) a part's blocks stay in memory. The mapper is given the same
//! blocks either way.
//!
//! A block holds the records that start in one aligned stretch of [`BLOCK_BYTES`] of a file, or one partition of a
//! dataset, however the input is split among tasks. A sum of floats over a block is therefore always the same, and so is a
//! sum over blocks in input order: results do not depend on the number of workers.
//!
//! The median of many numbers, halving the range that it is in. They are parsed once and read by every iteration:
//!
//! ```
//! use std::ops::ControlFlow;
//! use twinmill::prelude::*;
//!
//! #[derive(Default)]
//! struct Numbers(Vec<f64>);
//!
//! impl Block for Numbers {
//!     fn records(&self) -> u64 {
//!         self.0.len() as u64
//!     }
//!     fn heap_bytes(&self) -> usize {
//!         self.0.capacity() * size_of::<f64>()
//!     }
//! }
//!
//! struct ParseNumbers;
//!
//! impl Parse for ParseNumbers {
//!     type Input = Lines;
//!     type Block = Numbers;
//!     fn parse(&self, line: Record<'_>, block: &mut Numbers) -> Result<()> {
//!         block.0.push(line.text()?.parse()?);
//!         Ok(())
//!     }
//! }
//!
//! # let dir = tempfile::tempdir().unwrap();
//! # let input = dir.path().join("input");
//! # std::fs::write(&input, "3\n1\n90\n2\n60\n").unwrap();
//! let mut driver = Driver::start("median", &JobConfig::new(Mode::Memory))?;
//! let numbers = driver.invariant(&input, ParseNumbers)?;
//! let (mut low, mut high) = (0.0, 128.0);
//! driver.iterate(20, |driver, _| {
//!     let middle = (low + high) / 2.0;
//!     let compare = mapper_of(Blocks::<ParseNumbers>::new(), move |numbers, out: &mut Out<(), ()>| {
//!         let below = numbers.0.iter().filter(|number| **number < middle).count();
//!         out.aggregate("below", below as u64);
//!         out.aggregate("others", (numbers.0.len() - below) as u64);
//!         Ok(())
//!     });
//!     driver.run_to_dataset(&Job::map_only("compare", compare).input(&numbers))?;
//!     let is_above = driver.aggregate("below") <= driver.aggregate("others");
//!     *(if is_above { &mut low } else { &mut high }) = middle;
//!     Ok(ControlFlow::Continue(()))
//! })?;
//! assert_eq!(low.round(), 3.0);
//! # Ok::<(), Error>(())
//! ```

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::config::JobConfig;
use crate::error::{Error, Result};
use crate::input::bad_records::Scout;
use crate::input::split::{self, FilePiece, Piece, Split};
use crate::input::{Input, InputFile, InputFormat, Inputs, InvariantPiece, InvariantSource, PieceReader, SentParts};
use crate::iterate::cache::{PartCache, PartId};
use crate::observe::activity::{Activity, Doing};
use crate::store::Segment;

/// Stretch of a file whose records make one block: some thousand records, so that a block of numbers stays in a core's
/// second-level cache.
pub const BLOCK_BYTES: u64 = 256 << 10;
/// Stretch of a file that is kept or evicted as one part.
const PART_BYTES: u64 = 16 * BLOCK_BYTES;

/// Parsed records.
pub trait Block: Default + Send + Sync + 'static {
    /// The number of records.
    fn records(&self) -> u64;

    /// Bytes on the heap, which the cache counts against the memory budget.
    fn heap_bytes(&self) -> usize;

    /// Called once a block that will be kept has all its records: the place to give back spare memory.
    fn complete(&mut self) {}

    /// How a block is sent between machines. With it, an engine that keeps the input of a loop in memory keeps blocks, and
    /// each job there decodes them; without it, the engine keeps the input, and each job parses it again.
    fn codec() -> Option<BlockCodec<Self>> {
        None
    }
}

/// Makes bytes of a [`Block`], and the same block of those bytes: most easily those of a tuple, as a [`Value`](crate::record::Value).
#[derive(Clone, Copy, Debug)]
pub struct BlockCodec<B> {
    /// Appends the bytes of a block.
    pub encode: fn(&B, &mut Vec<u8>),
    /// The block of these bytes, all of them; an error where they are no block's.
    pub decode: fn(&[u8]) -> Result<B>,
}

/// Parses the records of an invariant input.
pub trait Parse: Send + Sync + 'static {
    /// The format that finds the records.
    type Input: InputFormat;
    /// The type that the records are parsed into.
    type Block: Block;

    /// Adds a record to a block.
    ///
    /// # Errors
    /// An error where the record does not parse; its file and offset are added.
    fn parse(&self, record: <Self::Input as InputFormat>::Record<'_>, block: &mut Self::Block) -> Result<()>;
}

/// An input that is parsed into blocks: see [`Driver::invariant`](crate::Driver::invariant) and
/// [`Driver::read_once`](crate::Driver::read_once). A mapper reads it as [`Blocks`].
pub struct Invariant<P: Parse>(Arc<Source<P>>);

impl<P: Parse> Clone for Invariant<P> {
    fn clone(&self) -> Self {
        Invariant(self.0.clone())
    }
}

impl<P: Parse> From<&Invariant<P>> for Input {
    fn from(invariant: &Invariant<P>) -> Self {
        Input::Invariant(invariant.0.clone())
    }
}

impl<P: Parse> fmt::Debug for Invariant<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<P: Parse> Invariant<P> {
    /// The blocks of one part, which for a dataset is one partition: for a mapper that joins it with the same partition of
    /// its input.
    ///
    /// # Errors
    /// Those of reading and parsing.
    pub fn part(&self, part: u32) -> Result<Arc<Vec<P::Block>>> {
        let source = &self.0;
        if let Some(blocks) = source.cached(part)? {
            return Ok(blocks);
        }
        // The mapper asks for it, but it is not the mapper's work.
        let _parsing = Doing::here().enter(Activity::Parse);
        source.with_reader(part, |reader| source.parse_part(part, reader))
    }
}

struct Source<P> {
    parse: P,
    /// Numbers of the parts that go to one map task.
    splits: Vec<std::ops::Range<u32>>,
    parts: Vec<Piece>,
    files: Arc<[InputFile]>,
    /// Whether more jobs than one read it.
    in_loop: bool,
    /// The cache of parsed parts and the input's number there; `None` where parts are not kept.
    cache: Option<(Arc<PartCache>, u32)>,
    inputs: Inputs,
}

impl<P> fmt::Debug for Source<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invariant").field("parts", &self.parts.len()).field("cache", &self.cache).finish()
    }
}

impl<P> Drop for Source<P> {
    fn drop(&mut self) {
        if let Some((cache, input)) = &self.cache {
            cache.remove_input(*input);
        }
    }
}

impl<P: Parse> Invariant<P> {
    /// Cuts an input into parts, which are kept in the cache, if any. One that is `in_loop` is read by more jobs than one.
    pub(crate) fn plan(
        input: Input,
        parse: P,
        in_loop: bool,
        config: &JobConfig,
        inputs: &Inputs,
        cache: Option<&Arc<PartCache>>,
    ) -> Result<Self> {
        if P::Input::BEGINS_AT_RECORDS {
            return Err(Error::Config(
                "the blocks of an invariant input begin anywhere, which its format does not allow".into(),
            ));
        }
        let alignment = BLOCK_BYTES.next_multiple_of(P::Input::SPLIT_ALIGNMENT);
        let (files, splits) = match input {
            Input::Files(paths) => {
                let files = inputs.files(&paths)?;
                let bytes = files.iter().map(|file| file.bytes).sum();
                let split_bytes = split::split_bytes(config, bytes);
                let splits = split::plan_at_most(0, &files, split_bytes, alignment, 0)?;
                let cut = |split| cut(split, (PART_BYTES / BLOCK_BYTES).saturating_mul(alignment));
                (files, splits.into_iter().map(cut).collect::<Result<Vec<_>>>()?)
            }
            Input::Segments(segments) => (
                Arc::default(),
                segments.into_iter().map(|segment| vec![Piece::Partition(segment)]).collect::<Vec<_>>(),
            ),
            Input::Invariant(_) => return Err(Error::Config("an invariant input is parsed already".into())),
        };
        let mut parts = Vec::new();
        let mut ranges = Vec::new();
        for split in splits {
            let first = parts.len() as u32;
            parts.extend(split);
            ranges.push(first..parts.len() as u32);
        }
        Ok(Invariant(Arc::new(Source {
            parse,
            splits: ranges,
            parts,
            files,
            in_loop,
            cache: cache.map(|cache| (cache.clone(), cache.add_input())),
            inputs: inputs.clone(),
        })))
    }
}

/// Cuts the files of a split into parts.
fn cut(split: Split, part_bytes: u64) -> Result<Vec<Piece>> {
    let mut parts = Vec::new();
    for piece in split.pieces {
        match piece {
            // A piece that is not all of its file was cut already, so it may be cut again.
            Piece::File(piece)
                if piece.end - piece.start > part_bytes && (!piece.is_whole() || piece.file.may_be_cut()?) =>
            {
                let mut from = piece.start;
                while from < piece.end {
                    let to = (from + part_bytes).min(piece.end);
                    parts.push(Piece::File(FilePiece::new(&piece.file, from, to)));
                    from = to;
                }
            }
            whole => parts.push(whole),
        }
    }
    Ok(parts)
}

impl<P: Parse> Source<P> {
    /// The input that a piece is a part of, the number of the part, and where its blocks are if they were sent.
    fn of(piece: &Piece) -> Result<(&Self, u32, Option<&SentParts>)> {
        let Piece::Invariant(InvariantPiece { source, part, sent }) = piece else {
            return Err(Error::Config("a mapper of blocks reads an invariant input".into()));
        };
        let Some(source) = source.as_any().downcast_ref::<Source<P>>() else {
            return Err(Error::Config("the invariant input is parsed in another way than the mapper reads it".into()));
        };
        Ok((source, *part, sent.as_deref()))
    }

    /// Lets `read` read a part outside of the input of a task.
    fn with_reader<T>(&self, part: u32, read: impl FnOnce(PieceReader<'_>) -> T) -> T {
        let (mut buffer, mut bytes_read) = (Vec::new(), 0);
        let (piece, context) = (&self.parts[part as usize], self.inputs.context(None));
        read(PieceReader { piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context })
    }

    fn id(&self, part: u32) -> Option<(&PartCache, PartId)> {
        self.cache.as_ref().map(|(cache, input)| (cache.as_ref(), PartId { input: *input, part }))
    }

    /// The blocks that are kept of a part. A file that has changed since is an error, as it is where parts are parsed again.
    fn cached(&self, part: u32) -> Result<Option<Arc<Vec<P::Block>>>> {
        let Some(kept) = self.id(part).and_then(|(cache, id)| cache.get(id)) else { return Ok(None) };
        if let Piece::File(piece) = &self.parts[part as usize] {
            piece.file.check_unchanged()?;
        }
        Ok(Some(kept.downcast().expect("an input's parts are of its type")))
    }

    /// Parses a part and keeps it if that is possible.
    fn parse_part(&self, part: u32, reader: PieceReader<'_>) -> Result<Arc<Vec<P::Block>>> {
        let mut blocks = Vec::new();
        let scout = reader.context.scout;
        self.parse_blocks(reader, |block| {
            block.complete();
            blocks.push(std::mem::take(block));
            Ok(())
        })?;
        // A part with a bad record must not be kept: not all of it was parsed.
        scout.map_or(Ok(()), Scout::verdict)?;
        let blocks = Arc::new(blocks);
        if let Some((cache, id)) = self.id(part) {
            let heap: usize = blocks.iter().map(Block::heap_bytes).sum();
            let bytes = heap + blocks.capacity() * size_of::<P::Block>();
            cache.insert(id, blocks.clone(), bytes as u64);
        }
        Ok(blocks)
    }

    /// Calls `each` for one block after another; it may take the block.
    fn parse_blocks(&self, reader: PieceReader<'_>, mut each: impl FnMut(&mut P::Block) -> Result<()>) -> Result<()> {
        let mut block = P::Block::default();
        let mut stretch = 0;
        P::Input::read(reader, |record| {
            let of_record = P::Input::offset(&record) / BLOCK_BYTES;
            if of_record != stretch {
                if block.records() > 0 {
                    each(&mut block)?;
                    block = P::Block::default();
                }
                stretch = of_record;
            }
            self.parse.parse(record, &mut block)
        })?;
        if block.records() > 0 { each(&mut block) } else { Ok(()) }
    }
}

impl<P: Parse> InvariantSource for Source<P> {
    fn splits(&self) -> &[std::ops::Range<u32>] {
        &self.splits
    }

    fn part_bytes(&self, part: u32) -> u64 {
        self.parts[part as usize].bytes()
    }

    fn files_to_read(&self) -> (&[InputFile], u64) {
        let to_read = |part: &u32| !self.id(*part).is_some_and(|(cache, id)| cache.contains(id));
        let bytes = (0..self.parts.len() as u32).filter(to_read).map(|part| self.part_bytes(part)).sum();
        if self.files.is_empty() { (&[], 0) } else { (&self.files, bytes) }
    }

    fn segment(&self, part: u32) -> Option<&Segment> {
        match &self.parts[part as usize] {
            Piece::Partition(segment) => Some(segment),
            Piece::File(_) | Piece::Invariant(_) => None,
        }
    }

    fn file(&self, part: u32) -> Option<&InputFile> {
        self.parts[part as usize].file()
    }

    fn is_sent(&self) -> bool {
        self.in_loop && P::Block::codec().is_some()
    }

    fn send(&self, part: u32, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let codec = P::Block::codec().ok_or_else(|| Error::Config("the blocks of this input cannot be sent".into()))?;
        let mut bytes = Vec::new();
        self.with_reader(part, |reader| {
            self.parse_blocks(reader, |block| {
                bytes.clear();
                (codec.encode)(block, &mut bytes);
                each(&bytes)
            })
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The blocks of an [`Invariant`] input.
#[derive(Clone, Copy, Debug)]
pub struct Blocks<P>(std::marker::PhantomData<fn(&P)>);

impl<P> Blocks<P> {
    /// The format as a value, for [`mapper_of`](crate::parts::mapper_of).
    pub fn new() -> Self {
        Blocks(std::marker::PhantomData)
    }
}

impl<P> Default for Blocks<P> {
    fn default() -> Self {
        Blocks::new()
    }
}

impl<P: Parse> InputFormat for Blocks<P> {
    type Record<'a> = &'a P::Block;

    fn records(block: &Self::Record<'_>) -> u64 {
        block.records()
    }

    fn look_through(piece: PieceReader<'_>) -> Result<()> {
        let (source, part, _) = Source::<P>::of(piece.piece)?;
        match &source.parts[part as usize] {
            // Another format than this one reads it.
            of_file @ Piece::File(_) => P::Input::look_through(PieceReader { piece: of_file, ..piece }),
            Piece::Partition(_) | Piece::Invariant(_) => Ok(()),
        }
    }

    fn read(piece: PieceReader<'_>, mut each: impl FnMut(&P::Block) -> Result<()>) -> Result<()> {
        let (source, part, sent) = Source::<P>::of(piece.piece)?;
        if let Some((sent, codec)) = sent.zip(P::Block::codec()) {
            let context = piece.context;
            context.progress.add_bytes(source.part_bytes(part));
            return sent.each_of(part, |bytes| {
                context.cancel.check()?;
                each(&(codec.decode)(bytes)?)
            });
        }
        if let Some(blocks) = source.cached(part)? {
            piece.context.progress.add_bytes(source.part_bytes(part));
            return blocks.iter().try_for_each(each);
        }
        let reader = PieceReader { piece: &source.parts[part as usize], ..piece };
        if source.cache.is_some() {
            return source.parse_part(part, reader)?.iter().try_for_each(each);
        }
        source.parse_blocks(reader, |block| each(block))
    }
}
