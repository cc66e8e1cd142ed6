//! The third column of every comparison: a job written plainly, in one thread, without the framework.
//!
//! A reference reads its inputs through a [`ReferenceRun`], does the work with whatever collections fit, and writes its
//! result to the run's parts, so that they can be compared byte by byte: each record to the part that its key goes to in the
//! job, and in the order of the keys. [`ReferenceRun::write_by_key`] finds the part. Where the job does not make a part for each
//! reducer, [`ReferenceRun::one_part`] or [`ReferenceRun::map_only`] says so.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use crate::cancel::{CancelToken, RECORDS_BETWEEN_CHECKS};
use crate::config::{PageCache, PartForm, Sync};
use crate::error::{Error, Result};
use crate::input::bad_records::{BadRecords, Scout};
use crate::input::source::Source;
use crate::input::split::{FilePiece, Piece};
use crate::input::{InputFormat, Inputs, Lines, PieceReader, ReadContext, Record, torn_record};
use crate::iterate::invariant::{BLOCK_BYTES, Block, Parse};
use crate::job::{HashPartitioner, Partitioner};
use crate::machine::limits::check_address_space;
use crate::machine::{CpuTime, Machine, ProcessIo, peak_rss_bytes};
use crate::observe::activity::{Reading, transfer};
use crate::observe::counters::Counters;
use crate::observe::progress::Progress;
use crate::observe::purpose::{FileUse, Purpose, by_purpose};
use crate::observe::report::{ColdCache, ExtraWork, OutputReport, Report};
use crate::pipeline::commit::PartsDir;
use crate::record::{ToKey, ToText};
use crate::runtime::output_dir::OutputDir;
use crate::runtime::output_files::OutputFile;
use crate::runtime::output_place::OutputPlace;
use crate::runtime::places::Plan;
use crate::runtime::session::Session;

/// One run of a reference: its inputs to read, and the parts of its output to write.
#[derive(Debug)]
pub struct ReferenceRun {
    dir: PartsDir,
    reducers: u32,
    parts: Parts,
    files: Vec<OutputFile>,
    cancel: CancelToken,
    inputs: Inputs,
    bad_records: BadRecords,
}

/// The parts of a reference's output, being written.
#[derive(Debug)]
pub struct Parts {
    parts: Vec<Part>,
    records: u64,
    bytes: u64,
    cancel: CancelToken,
}

#[derive(Debug)]
struct Part {
    path: PathBuf,
    buffer: Vec<u8>,
}

impl Part {
    fn new(path: PathBuf) -> Self {
        Part { path, buffer: Vec::new() }
    }

    fn flush(&mut self) -> Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(&self.path);
        let bytes = self.buffer.len();
        let write = |mut file: File| file.write_all(&self.buffer).map(|()| bytes);
        let written = file.and_then(|file| transfer(FileUse::writes(Purpose::Output), || write(file)));
        self.buffer.clear();
        written.map(drop).map_err(Error::at("write", &self.path))
    }
}

impl ReferenceRun {
    /// Makes the output one part, as it is of a job with [one reducer](crate::Job::reducers) whatever the settings say. A
    /// reference calls this before it writes.
    pub fn one_part(&mut self) {
        self.reducers = 1;
        self.parts.parts.truncate(1);
    }

    /// Makes the output one `part-m-…`, as it is of a [map-only](crate::Job::map_only) job with one split. A reference calls
    /// this before it writes.
    pub fn map_only(&mut self) {
        self.reducers = 0;
        self.parts.parts = vec![Part::new(self.dir.part_path('m', 0))];
    }

    /// Number of parts of the output, or 0 where it is that of a map-only job.
    pub fn reducers(&self) -> u32 {
        self.reducers
    }

    /// The files that the run reads, to look at them beforehand.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// The part that the default partitioner gives an encoded key to. [`write_by_key`](Self::write_by_key) encodes a key itself.
    pub fn partition(&self, key: &[u8]) -> u32 {
        HashPartitioner::default().partition(key, self.reducers())
    }

    /// Calls `each` for every line of the files at and below `inputs`, without its LF, in the order the framework reads
    /// them. A line on which `each` fails is passed over as long as records [may be
    /// skipped](crate::JobConfig::skip_bad_records), so it must leave nothing of a line that it fails on.
    ///
    /// # Errors
    /// [`Error::Io`] for inputs that cannot be read, and errors of `each`, with the line's place.
    pub fn for_each_line(&self, inputs: &[PathBuf], each: impl FnMut(Record<'_>) -> Result<()>) -> Result<()> {
        self.for_each::<Lines>(inputs, each)
    }

    /// Calls `each` for every record of the files at and below `inputs`, in the order the framework reads them, as
    /// [`for_each_line`](Self::for_each_line) does for lines.
    ///
    /// # Errors
    /// Those of [`for_each_line`](Self::for_each_line).
    pub fn for_each<F: InputFormat>(
        &self,
        inputs: &[PathBuf],
        each: impl FnMut(F::Record<'_>) -> Result<()>,
    ) -> Result<()> {
        let scout = Scout::new(&self.bad_records);
        self.read::<F>(inputs, self.may_skip().then_some(&scout), each)
    }

    /// Like [`for_each`](Self::for_each), for a job whose output is written while its input is read: `each` is given the parts
    /// of the output, too.
    ///
    /// # Errors
    /// Those of [`for_each_line`](Self::for_each_line).
    pub fn for_each_into_parts<F: InputFormat>(
        &mut self,
        inputs: &[PathBuf],
        mut each: impl FnMut(F::Record<'_>, &mut Parts) -> Result<()>,
    ) -> Result<()> {
        let none = Parts { parts: Vec::new(), records: 0, bytes: 0, cancel: self.cancel.clone() };
        let mut parts = std::mem::replace(&mut self.parts, none);
        let outcome = self.for_each::<F>(inputs, |record| each(record, &mut parts));
        self.parts = parts;
        outcome
    }

    fn may_skip(&self) -> bool {
        self.bad_records.limit() > 0
    }

    fn read<F: InputFormat>(
        &self,
        inputs: &[PathBuf],
        scout: Option<&Scout<'_>>,
        mut each: impl FnMut(F::Record<'_>) -> Result<()>,
    ) -> Result<()> {
        let (mut buffer, mut bytes_read, mut until_check) = (Vec::new(), 0, RECORDS_BETWEEN_CHECKS);
        let progress = Progress::default();
        let (cancel, notes) = (&self.cancel, self.inputs.notes());
        let context =
            ReadContext { cancel, purpose: Purpose::Input, at_a_time: usize::MAX, progress: &progress, notes, scout };
        for file in self.inputs.files(inputs)?.iter() {
            let piece = Piece::File(FilePiece::whole(file));
            let reader = PieceReader { piece: &piece, buffer: &mut buffer, bytes_read: &mut bytes_read, context };
            F::read(reader, |record| {
                self.cancel.check_every(&mut until_check)?;
                each(record)
            })?;
        }
        Ok(())
    }

    /// The blocks that a loop over the same [invariant](crate::iterate::invariant) input would be given.
    ///
    /// # Errors
    /// Those of reading and parsing.
    pub fn blocks<P: Parse<Input = Lines>>(&self, inputs: &[PathBuf], parse: &P) -> Result<Vec<P::Block>> {
        loop {
            let scout = Scout::new(&self.bad_records);
            let blocks = self.blocks_without(inputs, parse, self.may_skip().then_some(&scout))?;
            // A block with a bad record may hold half of it; the next time the record is passed over.
            if scout.verdict().is_ok() {
                return Ok(blocks);
            }
        }
    }

    fn blocks_without<P: Parse<Input = Lines>>(
        &self,
        inputs: &[PathBuf],
        parse: &P,
        scout: Option<&Scout<'_>>,
    ) -> Result<Vec<P::Block>> {
        let mut blocks = Vec::new();
        let (mut block, mut stretch) = (P::Block::default(), (PathBuf::new(), 0));
        self.read::<Lines>(inputs, scout, |line| {
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
        let mut bytes: Vec<u8> = Vec::new();
        for file in self.inputs.files(inputs)?.iter() {
            let whole = FilePiece::whole(file);
            let mut source = Source::open(&whole, Purpose::Input, &self.cancel, self.inputs.notes())?;
            let first = bytes.len();
            // The file system states the size; where there is no room for so many bytes, it may be wrong.
            let _ = bytes.try_reserve_exact(usize::try_from(file.bytes).unwrap_or(0));
            let outcome = (|| {
                self.cancel.check()?;
                while source.append_to(&mut bytes, CHUNK_BYTES)? {
                    self.cancel.check()?;
                }
                let (whole, rest) = ((bytes.len() - first) / N * N, (bytes.len() - first) % N);
                if rest > 0 { Err(torn_record(rest, N).in_record(file.name(), whole as u64)) } else { Ok(()) }
            })();
            source.finish(outcome, self.inputs.notes())?;
        }
        Ok(bytes)
    }

    /// Adds files beside the parts, which `make` makes of all that was written so far, as
    /// [`run_with_files`](crate::Driver::run_with_files) does.
    ///
    /// # Errors
    /// [`Error::Io`] where parts cannot be written, and those of `make`.
    pub fn add_files(&mut self, make: impl FnOnce(&[PathBuf]) -> Result<Vec<OutputFile>>) -> Result<()> {
        self.parts.parts.iter_mut().try_for_each(Part::flush)?;
        let paths: Vec<PathBuf> = self.parts.parts.iter().map(|part| part.path.clone()).collect();
        self.files.append(&mut make(&paths)?);
        Ok(())
    }

    /// Appends `key TAB value NEWLINE` to a part.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write(&mut self, part: u32, key: &(impl ToText + ?Sized), value: &(impl ToText + ?Sized)) -> Result<()> {
        self.parts.write(part, key, value)
    }

    /// Appends `key TAB value NEWLINE` to the part that the default partitioner gives the key to. `K` is the key's type in the
    /// job, [`Mapper::Key`](crate::job::Mapper::Key), such as `(String, u64)`; what is written may borrow: `(&str, u64)`.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write_by_key<K: ?Sized>(
        &mut self,
        key: &(impl ToKey<K> + ?Sized),
        value: &(impl ToText + ?Sized),
    ) -> Result<()> {
        let mut scratch = Vec::new();
        let part = self.partition(key.encode(&mut scratch));
        self.write(part, key, value)
    }

    /// Appends a record as it is, with nothing after it.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn write_raw(&mut self, part: u32, record: &[u8]) -> Result<()> {
        self.parts.append(part, |buffer| buffer.extend_from_slice(record))
    }
}

impl Parts {
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
/// Whatever stopped it, with the job's name ([`Error::Job`]); nothing is left behind then.
pub fn run(
    name: &str,
    inputs: &[PathBuf],
    session: impl Into<Session>,
    reference: impl FnOnce(&mut ReferenceRun) -> Result<()>,
) -> Result<Report> {
    let mut reference = Some(reference);
    let outcome = run_erased(name, inputs, session.into(), &mut |run| reference.take().expect("called once")(run));
    outcome.map_err(|error| error.in_job(name))
}

/// [`run`], compiled once for all jobs. It calls `reference` once.
fn run_erased(
    name: &str,
    inputs: &[PathBuf],
    session: Session,
    reference: &mut dyn FnMut(&mut ReferenceRun) -> Result<()>,
) -> Result<Report> {
    let Session { config, cancel, progress, inputs: seen, .. } = session;
    config.validate()?;
    check_address_space(1)?;
    Plan::of(&config, inputs).check(&cancel)?;
    let seen = seen.of_a_run(&cancel, &progress);
    if config.page_cache == PageCache::Cold {
        seen.files(inputs)?.iter().try_for_each(|file| file.drop_cached_pages(&cancel))?;
    }
    let Some(path) = config.output.clone() else {
        return Err(Error::Config(format!("the reference of {name} needs an output directory")));
    };
    let (cpu_before, io_before, began) = (CpuTime::now(), ProcessIo::now(), Reading::now());
    let mut place = OutputPlace::claim(&path, config.existing_output)?;
    let dir = OutputDir::create(&mut place, Sync::Cache, PartForm::default())?;
    let reducers = config.reducers.max(1);
    let parts = (0..reducers).map(|part| Part::new(dir.parts().part_path('r', part)));
    let bad_records = BadRecords::at_most(config.skip_bad_records);
    let parts = Parts { parts: parts.collect(), records: 0, bytes: 0, cancel: cancel.clone() };
    let mut output = ReferenceRun {
        dir: dir.parts().clone(),
        reducers,
        parts,
        files: Vec::new(),
        cancel,
        inputs: seen,
        bad_records,
    };
    reference(&mut output)?;
    output.parts.parts.iter_mut().try_for_each(Part::flush)?;
    dir.set_aside(&output.bad_records)?;
    dir.add_files(|_| Ok(std::mem::take(&mut output.files)))?;
    dir.commit()?;
    let ended = Reading::now();
    let cpu = CpuTime::now().since(cpu_before);
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
        input_file_bytes: output.inputs.file_bytes(),
        wall_seconds: ended.at.duration_since(began.at).as_secs_f64(),
        cpu_seconds: cpu.total().as_secs_f64(),
        cpu_system_seconds: cpu.system.as_secs_f64(),
        programs_cpu_seconds: 0.0,
        peak_rss_bytes: peak_rss_bytes(),
        peak_reserved_bytes: 0,
        memory_by_purpose: None,
        evicted_parts: 0,
        counters: Counters::default(),
        user_counters: output.bad_records.user_counters(),
        process_io,
        io_by_purpose: by_purpose(&ended.since(&began).file_bytes, process_io),
        extra_work: ExtraWork::default(),
        cold_cache: (config.page_cache == PageCache::Cold).then(|| ColdCache::of(input_bytes, process_io)),
        phases: Vec::new(),
        time: None,
        bounds: None,
        iterations: Vec::new(),
        recoveries: Vec::new(),
        engine: None,
        resumed: None,
        tasks: Vec::new(),
        driver: Vec::new(),
        machine: Machine::describe(&config.work_dir),
        output: OutputReport { path, records: output.parts.records, bytes: output.parts.bytes, digest: None },
        notes: output.inputs.said(),
        guessed: output.inputs.guessed(),
    })
}
