//! The pack of a split: the input of one map task, on its way to another machine.
//!
//! A pack is a stream of records of [raw bytes](crate::record::raw_bytes), or a [SequenceFile](crate::record::sequence_file) of
//! them, whose keys are one byte. The output of a task that leaves a part or a dataset is such a stream, too, so it can be the
//! input of another task:
//!
//! ```text
//! key H │ what follows, in JSON: the pieces of a split, or the summary of the task that wrote this
//! key D │ file, 4 bytes │ offset, 8 bytes │ bytes of the file                 of files on the submitting machine
//! key D │ part, 4 bytes │ a block of parsed records                           of an invariant input that was parsed before
//! key D │ a block                                                             of a dataset
//! key D │ bytes of a part                                                     of an output
//! …
//! ```
//!
//! A file in a store that this program reads by itself, in HDFS or an object store, is only referred to: its pieces stand in the
//! head, the [plan](crate::runtime::apart::plan) says which file it is, and the task reads the ranges that it needs where they
//! lie. One split may have pieces of both kinds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::input::SentParts;
use crate::input::replica::Replica;
use crate::record::raw_bytes::{self, read_whole};
use crate::record::sequence_file::{self, SequenceFile};
use crate::runtime::apart::summary::TaskSummary;

/// The key of the first record.
const HEAD: &[u8] = b"H";
/// The key of all others.
const DATA: &[u8] = b"D";

/// The first record.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(clippy::large_enum_variant, reason = "a task has one head")]
pub(crate) enum Head {
    /// Pieces of the files of a plan; the bytes of those that have replicas follow.
    Split { split: u32, input: usize, pieces: Vec<PackedPiece> },
    /// Parsed blocks of these parts of an invariant input follow.
    Parsed { split: u32, input: usize, parts: Vec<u32> },
    /// Nothing follows: the program itself makes the data of this split.
    Own { split: u32 },
    /// The output of a task follows.
    Output(TaskSummary),
}

/// A piece of a split.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum PackedPiece {
    /// Of a file of the plan, by its number.
    File { file: u32, start: u64, end: u64, cut: (u64, u64) },
    /// A part of an invariant input.
    Part(u32),
}

/// Writes the first record.
///
/// # Errors
/// Those of writing.
pub(crate) fn write_head(out: &mut dyn Write, head: &Head) -> Result<()> {
    let head = serde_json::to_vec(head).expect("a head has no keys but strings");
    write(out, HEAD, &[&head])
}

/// Writes a record of data.
///
/// # Errors
/// Those of writing.
pub(crate) fn write_data(out: &mut dyn Write, data: &[u8]) -> Result<()> {
    write(out, DATA, &[data])
}

/// Writes bytes of a file of the plan.
///
/// # Errors
/// Those of writing.
pub(crate) fn write_range(out: &mut dyn Write, file: u32, offset: u64, bytes: &[u8]) -> Result<()> {
    write(out, DATA, &[&file.to_be_bytes(), &offset.to_be_bytes(), bytes])
}

/// Writes a block of a part of an invariant input.
///
/// # Errors
/// Those of writing.
pub(crate) fn write_block(out: &mut dyn Write, part: u32, block: &[u8]) -> Result<()> {
    write(out, DATA, &[&part.to_be_bytes(), block])
}

fn write(out: &mut dyn Write, key: &[u8], value: &[&[u8]]) -> Result<()> {
    let written = raw_bytes::write(out, &[key]).and_then(|()| raw_bytes::write(out, value));
    written.map_err(Error::at("write", Path::new("a pack")))
}

/// Bytes of a pack that are read at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// A pack that is being read.
#[derive(Debug)]
pub(crate) struct Pack<R> {
    input: R,
    /// `None` where records follow each other without a file around them.
    file: Option<SequenceFile>,
    /// The first bytes of the stream, until they are read.
    first: Option<[u8; 4]>,
    key: Vec<u8>,
    value: Vec<u8>,
    /// Bytes of the value that were read.
    taken: usize,
}

impl<R: Read> Pack<R> {
    /// Reads the first record.
    ///
    /// # Errors
    /// Those of reading; [`Error::Config`] where it is no pack.
    pub fn open(input: R) -> Result<(Head, Self)> {
        let no_pack = |why: &str| Error::Config(format!("this is no input or output of a task ({why})"));
        let (mut input, mut first) = (input, [0; 4]);
        let (mut file, mut unread) = (None, None);
        match read_whole(&mut input, &mut first).map_err(|error| no_pack(&error.to_string()))? {
            false => return Err(no_pack("it is empty")),
            true if first == sequence_file::MAGIC => {
                file = Some(SequenceFile::begin(&mut input).map_err(|error| no_pack(&error.to_string()))?);
            }
            true => unread = Some(first),
        }
        let mut pack = Pack { input, file, first: unread, key: Vec::new(), value: Vec::new(), taken: 0 };
        if !pack.next().map_err(|error| no_pack(&error.to_string()))? || pack.key != HEAD {
            return Err(no_pack("its first record is no head"));
        }
        let head = serde_json::from_slice(&pack.value).map_err(|error| no_pack(&error.to_string()))?;
        pack.taken = pack.value.len();
        Ok((head, pack))
    }

    /// Moves to the next record; `false` at the end.
    fn next(&mut self) -> io::Result<bool> {
        self.taken = 0;
        self.value.clear();
        if let Some(file) = &self.file {
            return file.next(&mut self.input, &mut self.key, &mut self.value);
        }
        let first = self.first.take();
        let mut input = first.as_ref().map_or(&[][..], |first| &first[..]).chain(&mut self.input);
        if !raw_bytes::read(&mut input, &mut self.key)? {
            return Ok(false);
        }
        if !raw_bytes::read(&mut self.input, &mut self.value)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(true)
    }

    /// Puts the bytes of files to their places in replicas, which have the numbers of their files.
    ///
    /// # Errors
    /// Those of reading and of writing.
    pub fn fill(mut self, replicas: &BTreeMap<u32, Replica>) -> Result<()> {
        let input = Path::new("standard input");
        while self.next().map_err(Error::at("read", input))? {
            let (Some((file, rest)), true) = (self.value.split_first_chunk::<4>(), self.key == DATA) else {
                return Err(Error::Config("standard input has a record that is no piece of a file".into()));
            };
            let (Some((offset, bytes)), Some(replica)) =
                (rest.split_first_chunk::<8>(), replicas.get(&u32::from_be_bytes(*file)))
            else {
                return Err(Error::Config("standard input and the plan are of different jobs".into()));
            };
            replica.fill(u64::from_be_bytes(*offset), bytes)?;
        }
        Ok(())
    }
}

impl<R: Read + Send + 'static> Pack<R> {
    /// The parsed blocks that follow.
    pub fn into_blocks(mut self) -> SentParts {
        SentParts::new(Box::new(move |block| {
            if !self.next().map_err(Error::at("read", Path::new("standard input")))? {
                return Ok(None);
            }
            let Some((part, bytes)) = self.value.split_first_chunk::<4>().filter(|_| self.key == DATA) else {
                return Err(Error::Config("standard input has a record that is no parsed block".into()));
            };
            block.clear();
            block.extend_from_slice(bytes);
            Ok(Some(u32::from_be_bytes(*part)))
        }))
    }
}

impl Pack<BufReader<File>> {
    /// Opens the output of a task; returns the task's summary.
    ///
    /// # Errors
    /// Those of opening; an error with the path where the file is no output of a task.
    pub fn of_output(path: &Path) -> Result<(TaskSummary, Self)> {
        let file = File::open(path).map_err(Error::at("open", path))?;
        let wrong = |why: &dyn std::fmt::Display| Error::user(format!("{}: {why}", path.display()));
        match Self::open(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(|error| wrong(&error))? {
            (Head::Output(summary), pack) => Ok((summary, pack)),
            (Head::Split { .. } | Head::Parsed { .. } | Head::Own { .. }, _) => {
                Err(wrong(&"this is the input of a task, not an output"))
            }
        }
    }
}

impl<R: Read> Read for Pack<R> {
    /// Reads the data of the records after the first one as one stream.
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.value.len() {
            if !self.next()? {
                return Ok(0);
            }
        }
        let rest = &self.value[self.taken..];
        let bytes = rest.len().min(target.len());
        target[..bytes].copy_from_slice(&rest[..bytes]);
        self.taken += bytes;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_read_as_one_stream() {
        let mut stream = Vec::new();
        write_head(&mut stream, &Head::Own { split: 7 }).unwrap();
        ["to be", "", " or not", " to be"].iter().for_each(|text| write_data(&mut stream, text.as_bytes()).unwrap());
        let (head, mut pack) = Pack::open(&stream[..]).unwrap();
        assert!(matches!(head, Head::Own { split: 7 }));
        let mut text = String::new();
        pack.read_to_string(&mut text).unwrap();
        assert_eq!(text, "to be or not to be");
        let text = Pack::open(&b"lines of text\n"[..]).unwrap_err().to_string();
        assert!(text.contains("no input or output of a task"), "{text}");
    }
}
