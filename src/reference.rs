//! The third column of every comparison: a job written plainly, in one thread, without the framework.
//!
//! A reference reads its inputs through a [`ReferenceRun`], does the work with whatever collections fit, and writes its
//! result to the run's parts, partitioned as the framework would have it, so that they can be compared byte by byte.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::config::{JobConfig, PageCache, Sync};
use crate::error::{Error, Result};
use crate::iterate::invariant::{BLOCK_BYTES, Block, Parse};
use crate::job::{HashPartitioner, Partitioner};
use crate::observe::activity::FileUse;
use crate::observe::counters::Counters;
use crate::observe::machine::{Machine, ProcessIo, cpu_time, peak_rss_bytes};
use crate::observe::report::{ColdCache, OutputReport, Report};
use crate::pipeline::commit::OutputDir;
use crate::pipeline::decompress::Codec;
use crate::pipeline::inputs::Inputs;
use crate::pipeline::output_place::OutputPlace;
use crate::pipeline::read::{Lines, Record, torn_record};
use crate::record::ToText;
use crate::runtime::cancel::{CancelToken, RECORDS_BETWEEN_CHECKS};
use crate::runtime::page_cache::drop_pages;
use crate::runtime::places::Plan;

/// One run of a reference: its inputs to read, and the parts of its output to write.
#[derive(Debug)]
pub struct ReferenceRun {
    parts: Vec<Part>,
    records: u64,
    bytes: u64,
    cancel: CancelToken,
    inputs: Inputs,
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Part {
    fn flush(&mut self) -> Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(&self.buffer));
        self.buffer.clear();
        written.map_err(Error::at("write", &self.path))
    }
}

impl ReferenceRun {
    /// How many parts there are.
    pub fn reducers(&self) -> u32 {
        self.parts.len() as u32
    }

    /// What is known of the files that are read: for looking at them beforehand.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The part that the default partitioner gives an encoded key to.
    pub fn partition(&self, key: &[u8]) -> u32 {
        HashPartitioner::default().partition(key, self.reducers())
    }

    /// Calls `each` for every line of the files at and below `inputs`, without its LF, in the order the framework reads
    /// them.
    ///
    /// # Errors
    /// [`Error::Io`] for inputs that cannot be read, and what `each` returns, placed at its line.
    pub fn for_each_line(&self, inputs: &[PathBuf], mut each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        let mut line = Vec::new();
        let mut until_check = RECORDS_BETWEEN_CHECKS;
        for file in self.inputs.files(inputs)?.iter() {
            let (mut reader, mut offset) = (open(&file.path)?, 0);
            loop {
                self.cancel.check_every(&mut until_check)?;
                line.clear();
                let bytes = reader.read_until(b'\n', &mut line).map_err(Error::at("read", &file.path))?;
                if bytes == 0 {
                    break;
                }
                let record = Record::new(line.strip_suffix(b"\n").unwrap_or(&line), offset, &file.path);
                each(record).map_err(|error| error.in_record(&file.path, offset))?;
                offset += bytes as u64;
            }
        }
        Ok(())
    }

    /// The blocks that a loop over the same [invariant](crate::iterate::invariant) input would be given.
    ///
    /// # Errors
    /// Those of reading and parsing.
    pub fn blocks<P: Parse<Input = Lines>>(&self, inputs: &[PathBuf], parse: &P) -> Result<Vec<P::Block>> {
        let mut blocks = Vec::new();
        let (mut block, mut stretch) = (P::Block::default(), (PathBuf::new(), 0));
        self.for_each_line(inputs, |line| {
            if stretch.1 != line.offset() / BLOCK_BYTES || stretch.0 != line.path() {
                blocks.push(std::mem::take(&mut block));
                stretch = (line.path().to_owned(), line.offset() / BLOCK_BYTES);
            }
            parse.parse(line, &mut block)
        })?;
        blocks.push(block);
        blocks.retain(|block| block.records() > 0);
        Ok(blocks)
    }

    /// The records of `N` bytes in the files at and below `inputs`, one after another.
    ///
    /// # Errors
    /// [`Error::Io`] for inputs that cannot be read, [`Error::Record`] where a file ends within a record.
    pub fn read_records<const N: usize>(&self, inputs: &[PathBuf]) -> Result<Vec<u8>> {
        const CHUNK_BYTES: u64 = 16 << 20;
        let mut bytes = Vec::new();
        for file in self.inputs.files(inputs)?.iter() {
            bytes.reserve_exact(file.bytes as usize);
            let (mut reader, first) = (open(&file.path)?, bytes.len());
            loop {
                self.cancel.check()?;
                let chunk = reader.by_ref().take(CHUNK_BYTES).read_to_end(&mut bytes);
                if chunk.map_err(Error::at("read", &file.path))? == 0 {
                    break;
                }
            }
            let (whole, rest) = ((bytes.len() - first) / N * N, (bytes.len() - first) % N);
            if rest > 0 {
                return Err(torn_record(rest, N).in_record(&file.path, whole as u64));
            }
        }
        Ok(bytes)
    }

    /// Appends `key TAB value NEWLINE` to a part.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&mut self, part: u32, key: &(impl ToText + ?Sized), value: &(impl ToText + ?Sized)) -> Result<()> {
        self.append(part, |line| {
            key.write_text(line);
            if !key.is_null() && !value.is_null() {
                line.push(b'\t');
            }
            value.write_text(line);
            line.push(b'\n');
        })
    }

    /// Appends a record that is all there is to write, with nothing behind it.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write_raw(&mut self, part: u32, record: &[u8]) -> Result<()> {
        self.append(part, |buffer| buffer.extend_from_slice(record))
    }

    fn append(&mut self, part: u32, fill: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        const BUFFER_BYTES: usize = 256 << 10;
        let part = &mut self.parts[part as usize];
        let before = part.buffer.len();
        fill(&mut part.buffer);
        self.records += 1;
        self.bytes += (part.buffer.len() - before) as u64;
        if part.buffer.len() < BUFFER_BYTES {
            return Ok(());
        }
        self.cancel.check()?;
        part.flush()
    }
}

/// Runs a job's reference and commits its output like a job's.
///
/// # Errors
/// Whatever stopped it; nothing is left behind then.
pub fn run(
    name: &str,
    inputs: &[PathBuf],
    config: &JobConfig,
    reference: impl FnOnce(&mut ReferenceRun) -> Result<()>,
) -> Result<Report> {
    config.validate()?;
    Plan::of(config, inputs).check(&config.cancel)?;
    let seen = config.inputs.of_a_run(&config.cancel);
    if config.page_cache == PageCache::Cold {
        seen.files(inputs)?.iter().try_for_each(|file| drop_pages(&file.path, FileUse::ReadInput))?;
    }
    let Some(path) = config.output.clone() else {
        return Err(Error::Config(format!("the reference of {name} needs an output directory")));
    };
    let (start, cpu_before, io_before) = (Instant::now(), cpu_time(), ProcessIo::now());
    let mut place = OutputPlace::claim(&path, config.existing_output)?;
    let dir = OutputDir::create(&mut place, Sync::Cache)?;
    let parts = (0..config.reducers.max(1)).map(|part| Part { path: dir.part_path('r', part), buffer: Vec::new() });
    let cancel = config.cancel.clone();
    let mut output = ReferenceRun { parts: parts.collect(), records: 0, bytes: 0, cancel, inputs: seen };
    reference(&mut output)?;
    output.parts.iter_mut().try_for_each(Part::flush)?;
    dir.commit()?;
    let process_io = ProcessIo::now().since(io_before);
    let input_bytes = output.inputs.bytes(inputs)?;
    Ok(Report {
        schema: 1,
        job: name.to_owned(),
        mode: "reference".to_owned(),
        factors: None,
        durability: None,
        disk_profile: None,
        workers: 1,
        reducers: output.reducers(),
        input_bytes,
        wall_seconds: start.elapsed().as_secs_f64(),
        cpu_seconds: (cpu_time() - cpu_before).as_secs_f64(),
        peak_rss_bytes: peak_rss_bytes(),
        peak_reserved_bytes: 0,
        evicted_parts: 0,
        counters: Counters::default(),
        user_counters: Default::default(),
        process_io,
        cold_cache: (config.page_cache == PageCache::Cold).then(|| ColdCache::of(input_bytes, process_io)),
        phases: Vec::new(),
        time: None,
        bounds: None,
        iterations: Vec::new(),
        recoveries: Vec::new(),
        resumed: None,
        tasks: Vec::new(),
        machine: Machine::describe(&config.work_dir),
        output: OutputReport { path, records: output.records, bytes: output.bytes, digest: None },
        notes: output.inputs.said(),
        guessed: output.inputs.guessed(),
    })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    const BUFFER_BYTES: usize = 256 << 10;
    let file = File::open(path).map_err(Error::at("open", path))?;
    Ok(match Codec::of(path) {
        None => Box::new(BufReader::with_capacity(BUFFER_BYTES, file)),
        Some(codec) => {
            let reader = codec.reader(file).map_err(Error::at("decompress", path))?;
            Box::new(BufReader::with_capacity(BUFFER_BYTES, reader))
        }
    })
}
