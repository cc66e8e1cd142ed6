//! Records between a map task and a reduce task that are processes of their own.
//!
//! | form | what a map task writes, and a reduce task reads |
//! |---|---|
//! | records | key and value as [raw bytes](crate::record::raw_bytes); a reduce task reads them sorted by key |
//! | records with token | the same, with the [token] of the partition before each key |
//! | blocks | partition (4 bytes), length (4 bytes), sorted [blocks](crate::store::wire) of one map task; again and again |
//! | blocks with token | raw bytes: token and place of a block (16 bytes) as the key, the block as the value |
//!
//! Blocks know their place, so they may arrive in any order, and equal keys come in the order of the input all the same. Records
//! of one key come as the cluster sorts them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::cancel::RECORDS_BETWEEN_CHECKS;
use crate::config::{Compression, Grouping};
use crate::error::{Error, Result};
use crate::observe::purpose::Purpose;
use crate::pipeline::collect::MapOutput;
use crate::pipeline::task::Task;
use crate::record::raw_bytes::{self, read_whole};
use crate::runtime::apart::one_task::ShuffleForm;
use crate::runtime::apart::token::{self, TOKEN_BYTES};
use crate::store::wire::{BlockPlace, WireBlock, seal_segment};
use crate::store::{BlockBuilder, Run, RunBuilder, RunCursor, RunWriter, Segment};

/// Blocks of one partition are gathered up to so many bytes.
const MOST_GATHERED_BYTES: usize = 32 << 20;
const BUFFER_BYTES: usize = 256 << 10;

fn input_name() -> &'static Path {
    Path::new("standard input")
}

fn writing(error: std::io::Error) -> Error {
    Error::io("write", Path::new("standard output"), error)
}

/// Writes the output of a map task of this number.
///
/// # Errors
/// Those of reading the output and of writing.
pub(crate) fn write(
    output: &MapOutput,
    number: u32,
    reducers: u32,
    form: ShuffleForm,
    compression: Compression,
    out: &mut dyn Write,
) -> Result<()> {
    let mut gathered = Vec::new();
    for partition in 0..reducers {
        if form.token && form.blocks && number == 0 {
            // Streaming throws away what a reducer prints that has no input; so each has some.
            let key = [&token::of(partition, reducers)[..], &[0; 12]];
            raw_bytes::write(out, &key).and_then(|()| raw_bytes::write(out, &[])).map_err(writing)?;
        }
        for (run_number, run) in (0..).zip(&output.runs) {
            if run.index().get(partition).records == 0 {
                continue;
            }
            let segment = Segment { run: run.clone(), partition, read_for: Purpose::Shuffle };
            if form.blocks {
                let place = BlockPlace { task: number, run: run_number, block: 0 };
                seal_segment(&segment, place, compression, |place, block| {
                    if form.token {
                        let BlockPlace { task, run, block: number } = place;
                        let place = [task, run, number].map(u32::to_be_bytes);
                        let key = [&token::of(partition, reducers)[..], &place[0], &place[1], &place[2]];
                        let written = raw_bytes::write(out, &key).and_then(|()| raw_bytes::write(out, &[block]));
                        return written.map_err(writing);
                    }
                    if gathered.len() + block.len() > MOST_GATHERED_BYTES {
                        flush(partition, &mut gathered, out)?;
                    }
                    gathered.extend_from_slice(block);
                    Ok(())
                })?;
            } else {
                write_records(&segment, form.token.then(|| token::of(partition, reducers)), out)?;
            }
            run.release(partition);
        }
        flush(partition, &mut gathered, out)?;
    }
    Ok(())
}

/// Writes the gathered blocks of a partition, if there are any.
fn flush(partition: u32, gathered: &mut Vec<u8>, out: &mut dyn Write) -> Result<()> {
    if gathered.is_empty() {
        return Ok(());
    }
    let header = [partition, gathered.len() as u32].map(u32::to_be_bytes);
    out.write_all(&header.concat()).and_then(|()| out.write_all(gathered)).map_err(writing)?;
    gathered.clear();
    Ok(())
}

fn write_records(segment: &Segment, token: Option<[u8; TOKEN_BYTES]>, out: &mut dyn Write) -> Result<()> {
    let token = token.as_ref().map_or(&[][..], |token| &token[..]);
    let mut cursor = RunCursor::open(segment)?;
    while cursor.advance()?.is_some() {
        let written =
            raw_bytes::write(out, &[token, cursor.key()]).and_then(|()| raw_bytes::write(out, &[cursor.value()]));
        written.map_err(writing)?;
    }
    Ok(())
}

/// Reads what map tasks have written for the partition of a reduce task: map outputs in the order of the map tasks.
///
/// # Errors
/// Those of reading and of keeping the records; [`Error::Config`] where the input is not of this form.
pub(crate) fn read(task: &Task<'_>, form: ShuffleForm, input: Box<dyn Read + Send>) -> Result<Vec<MapOutput>> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, input);
    if !form.blocks {
        return read_records(task, form, &mut input);
    }
    let mut arrived = Arrived { task, runs: BTreeMap::new(), open: None, builder: BlockBuilder::with_capacity(0) };
    let mut block = WireBlock::default();
    if form.token {
        let (mut key, mut value) = (Vec::new(), Vec::new());
        while raw_bytes::read(&mut input, &mut key).map_err(Error::at("read", input_name()))? {
            if !raw_bytes::read(&mut input, &mut value).map_err(Error::at("read", input_name()))? {
                return Err(Error::io("read", input_name(), ErrorKind::UnexpectedEof.into()));
            }
            let mut value = &value[..];
            while block.read(&mut value, input_name())? {
                arrived.take(&block)?;
            }
        }
    } else {
        let mut header = [0; 8];
        while read_whole(&mut input, &mut header).map_err(Error::at("read", input_name()))? {
            let [partition, len] =
                [0, 4].map(|at| u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes")));
            let mut blocks = (&mut input).take(len.into());
            if partition != task.context.index {
                // Another reducer's, in a stream of all partitions.
                std::io::copy(&mut blocks, &mut std::io::sink()).map_err(Error::at("read", input_name()))?;
                continue;
            }
            while block.read(&mut blocks, input_name())? {
                arrived.take(&block)?;
            }
        }
    }
    arrived.into_outputs()
}

/// The runs that have arrived, in blocks.
struct Arrived<'t> {
    task: &'t Task<'t>,
    /// Complete runs, by map task and number.
    runs: BTreeMap<(u32, u32), Arc<dyn Run>>,
    /// The run that is arriving, and the number of its next block.
    open: Option<(BlockPlace, Box<dyn RunWriter>)>,
    builder: BlockBuilder,
}

impl Arrived<'_> {
    fn take(&mut self, block: &WireBlock) -> Result<()> {
        self.task.context.cancel.check()?;
        let place = block.place;
        if self.open.as_ref().is_none_or(|(next, _)| (next.task, next.run) != (place.task, place.run)) {
            self.close()?;
            let BlockPlace { task, run, .. } = place;
            let name = self.task.run_name(format_args!("arrived-{task}-{run}"));
            let writer = self.task.store.create(&name, self.task.context.reducers, Purpose::Shuffle)?;
            self.open = Some((BlockPlace { block: 0, ..place }, writer));
        }
        let (next, writer) = self.open.as_mut().expect("just opened");
        if next.block != place.block {
            let BlockPlace { task, run, block } = *next;
            return Err(Error::Corrupt {
                path: input_name().to_owned(),
                offset: 0,
                what: "the next block",
                expected: format!("block {block} of run {run} of map task {task}"),
                got: format!("block {}", place.block),
            });
        }
        next.block += 1;
        self.builder.refill(&block.bytes, block.records);
        writer.put(self.task.context.index, &mut self.builder)
    }

    /// Completes the run that is arriving.
    fn close(&mut self) -> Result<()> {
        let Some((place, writer)) = self.open.take() else { return Ok(()) };
        let run = writer.finish()?;
        match self.runs.entry((place.task, place.run)) {
            Entry::Vacant(entry) => drop(entry.insert(run)),
            Entry::Occupied(_) => {
                let BlockPlace { task, run, .. } = place;
                return Err(Error::Config(format!(
                    "run {run} of map task {task} arrives twice: the input holds the output of two attempts"
                )));
            }
        }
        Ok(())
    }

    fn into_outputs(mut self) -> Result<Vec<MapOutput>> {
        self.close()?;
        let mut outputs: Vec<(u32, MapOutput)> = Vec::new();
        for ((task, _), run) in self.runs {
            match outputs.last_mut() {
                Some((last, output)) if *last == task => output.runs.push(run),
                _ => outputs.push((task, MapOutput { runs: vec![run] })),
            }
        }
        Ok(outputs.into_iter().map(|(_, output)| output).collect())
    }
}

/// Reads sorted records as one map output.
fn read_records(task: &Task<'_>, form: ShuffleForm, input: &mut impl BufRead) -> Result<Vec<MapOutput>> {
    let skipped = if form.token { TOKEN_BYTES } else { 0 };
    let (mut key, mut value, mut before) = (Vec::new(), Vec::new(), Vec::new());
    let partitions = task.context.reducers;
    let mut run = RunBuilder::create(
        task.store,
        &task.run_name(format_args!("arrived")),
        partitions,
        task.config.block_bytes(),
        Purpose::Shuffle,
    )?;
    let (mut records, mut until_check) = (0u64, RECORDS_BETWEEN_CHECKS);
    let is_sorted = task.config.factors.grouping == Grouping::Sort;
    let wrong = |records: u64, what: &str| Err(Error::Config(format!("record {records} of standard input {what}")));
    while raw_bytes::read(input, &mut key).map_err(Error::at("read", input_name()))? {
        task.context.cancel.check_every(&mut until_check)?;
        records += 1;
        if !raw_bytes::read(input, &mut value).map_err(Error::at("read", input_name()))? {
            return wrong(records, "has a key and no value");
        }
        let Some(own) = key.get(skipped..) else { return wrong(records, "has no token before its key") };
        if is_sorted && records > 1 && own < &before[..] {
            return wrong(records, "comes after a greater key: sort records by the bytes of their keys");
        }
        run.push(task.context.index, own, &value, records > 1 && own == &before[..])?;
        if own != &before[..] {
            before.clear();
            before.extend_from_slice(own);
        }
    }
    Ok(vec![MapOutput { runs: vec![run.finish()?] }])
}
