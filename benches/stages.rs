//! Each stage on its own: records and bytes a second.
//!
//! Records are made before the clock starts. Sorting and spilling happen inside a map task and cannot be called from
//! here: a task collects the records, and the phase that it logs is measured.

use std::path::Path;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use twinmill::InputFormat;
use twinmill::config::Compression;
use twinmill::generate::{Kind, Shape, generate};
use twinmill::observe::report::Phase;
use twinmill::prelude::*;
use twinmill::record::{ToKey, ToValue, Words};
use twinmill::stages::{self, Accept, Accepted, MapOutput, PhaseName, Worker};

mod support;

const RECORDS: usize = 1_000_000;
const RECORD_BYTES: usize = 100;
const KEY_BYTES: usize = 10;
/// Distinct words of the default text, and of one with so few that they stay in the first-level cache.
const VOCABULARIES: [u32; 2] = [200_000, 100];

/// The types of a job whose records come from the bench: word and count.
#[derive(Clone)]
struct Counts;

impl Mapper for Counts {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, _: Record<'_>, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        Ok(())
    }
}

impl Reducer for Counts {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.emit(word, counts.sum::<u64>());
        Ok(())
    }
}

/// The types of a job whose records come from the bench: key and payload.
#[derive(Clone)]
struct Payloads;

impl Mapper for Payloads {
    type Input = Lines;
    type Key = [u8];
    type Value = [u8];

    fn map(&mut self, _: Record<'_>, _: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        Ok(())
    }
}

impl Reducer for Payloads {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = [u8];

    fn reduce(&mut self, key: &[u8], values: &mut Values<[u8]>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        while let Some(value) = values.next() {
            out.emit(key, value);
        }
        Ok(())
    }
}

/// Takes the output of a reducer and adds up its lengths.
#[derive(Default)]
struct Discard {
    bytes: usize,
}

impl Accept<[u8], u64> for &mut Discard {
    fn accept<Q: ToKey<[u8]>, W: ToValue<u64>>(&mut self, key: Q, value: W, scratch: &mut Vec<u8>) -> Accepted {
        self.bytes += key.encode(scratch).len() + value.encoded_len();
        Ok(())
    }
}

/// Keys and values one after another, and where they end.
#[derive(Default)]
struct Records {
    bytes: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Records {
    fn push(&mut self, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((key_end, self.bytes.len()));
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.ends.iter().scan(0, |start, &(key_end, end)| {
            let from = std::mem::replace(start, end);
            Some((&self.bytes[from..key_end], &self.bytes[key_end..end]))
        })
    }

    fn throughput(&self) -> Throughput {
        Throughput::ElementsAndBytes { elements: self.ends.len() as u64, bytes: self.bytes.len() as u64 }
    }

    /// Words from a Zipf vocabulary, each with the encoded count 1.
    fn words(vocabulary: u32) -> Records {
        let mut records = Records::default();
        Words::of(&text(vocabulary)).take(RECORDS).for_each(|word| records.push(word, &[1]));
        records
    }

    /// Random keys of 10 bytes after `prefix`, with `payload_bytes` of value.
    fn random(prefix: &[u8], payload_bytes: usize) -> Records {
        let mut bytes = Vec::new();
        generate(Kind::Terasort, &Shape::records(RECORDS as u64), 1, &mut bytes).expect("memory takes every write");
        let mut records = Records::default();
        for record in bytes.chunks_exact(RECORD_BYTES) {
            let (key, payload) = record.split_at(KEY_BYTES);
            records.push(&[prefix, key].concat(), &payload[..payload_bytes]);
        }
        records
    }

    /// Deals the records out in turn to as many others as there are `hands`.
    fn deal(&self, hands: usize) -> Vec<Records> {
        let mut dealt: Vec<Records> = (0..hands).map(|_| Records::default()).collect();
        self.iter().enumerate().for_each(|(i, (key, value))| dealt[i % hands].push(key, value));
        dealt
    }

    fn emit_ones(&self, out: &mut impl Emit<[u8], u64>) {
        self.iter().for_each(|(key, _)| out.emit(key, 1));
    }

    fn emit(&self, out: &mut impl Emit<[u8], [u8]>) {
        self.iter().for_each(|(key, value)| out.emit(key, value));
    }
}

/// Text of at least [`RECORDS`] words.
fn text(vocabulary: u32) -> Vec<u8> {
    let mut shape = Shape::records(RECORDS as u64 / 9);
    shape.vocabulary_words = vocabulary;
    let mut text = Vec::new();
    generate(Kind::Text, &shape, 1, &mut text).expect("memory takes every write");
    text
}

fn worker(mode: Mode, adjust: impl FnOnce(&mut JobConfig)) -> Worker {
    let mut config = support::config(mode, env!("CARGO_TARGET_TMPDIR").as_ref());
    adjust(&mut config);
    Worker::new(&config).expect("the target directory is writable")
}

/// Measures one phase of the task that `collect` runs.
fn bench_phase(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    phase: PhaseName,
    records: &Records,
    collect: impl Fn() -> Result<(MapOutput, Vec<Phase>)>,
) {
    let seconds = || collect().expect("the task succeeds").1[phase as usize].busy_seconds;
    group.throughput(records.throughput());
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| Duration::from_secs_f64(seconds())).sum());
    });
}

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    let text = text(VOCABULARIES[0]);
    let throughput = |elements: usize, bytes: &[u8]| Throughput::ElementsAndBytes {
        elements: elements as u64,
        bytes: bytes.len() as u64,
    };

    group.throughput(throughput(Words::of(&text).count(), &text));
    group.bench_function("words of a slice", |b| b.iter(|| Words::of(&text).map(<[u8]>::len).sum::<usize>()));
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    group.bench_function("words of its lines", |b| {
        b.iter(|| lines.iter().flat_map(|line| Words::of(line)).map(<[u8]>::len).sum::<usize>());
    });

    let dir = support::scratch();
    let path = support::input(dir.path(), Kind::Text, &Shape::bytes(64 << 20));
    let bytes = std::fs::read(&path).expect("just written");
    group.throughput(throughput(bytes.iter().filter(|&&byte| byte == b'\n').count(), &bytes));
    group.bench_function("lines of a file", |b| b.iter(|| read_all::<Lines>(&path)));

    let path = support::input(dir.path(), Kind::Terasort, &Shape::records(RECORDS as u64));
    let bytes = std::fs::read(&path).expect("just written");
    group.throughput(throughput(RECORDS, &bytes));
    group.bench_function("100-byte records of a file", |b| b.iter(|| read_all::<FixedLength<RECORD_BYTES>>(&path)));
}

/// Bytes of all records of a file.
fn read_all<F: for<'a> InputFormat<Record<'a> = Record<'a>>>(path: &Path) -> usize {
    let mut sum = 0;
    let add = |record: Record<'_>| {
        sum += record.len();
        Ok(())
    };
    stages::read::<F>(path, add).expect("the file is readable");
    sum
}

fn collect(c: &mut Criterion) {
    let mut group = c.benchmark_group("collect");
    let worker = worker(Mode::Memory, |config| config.sort_buffer_bytes = 256 << 20);

    let job = Job::new("bench", Payloads, Payloads);
    for (id, records) in [
        ("words into the sort buffer", Records::words(VOCABULARIES[0])),
        ("100-byte records into the sort buffer", Records::random(b"", RECORD_BYTES - KEY_BYTES)),
    ] {
        bench_phase(&mut group, id, PhaseName::Map, &records, || worker.collect(&job, |out| records.emit(out)));
    }

    let job = Job::new("bench", Counts, Counts).combine(|sum: &mut u64, count| *sum += count);
    for vocabulary in VOCABULARIES {
        let records = Records::words(vocabulary);
        let id = format!("words into the combiner's table, {vocabulary} distinct");
        bench_phase(&mut group, &id, PhaseName::Map, &records, || worker.collect(&job, |out| records.emit_ones(out)));
    }
}

fn sort(c: &mut Criterion) {
    let mut group = c.benchmark_group("sort");
    let worker = worker(Mode::Memory, |config| config.sort_buffer_bytes = 256 << 20);
    let job = Job::new("bench", Payloads, Payloads);
    for (id, records) in [
        ("random 10-byte keys", Records::random(b"", 0)),
        ("Zipf words", Records::words(VOCABULARIES[0])),
        ("random 10-byte keys behind a common prefix of 40", Records::random(&[b'x'; 40], 0)),
    ] {
        bench_phase(&mut group, id, PhaseName::Sort, &records, || worker.collect(&job, |out| records.emit(out)));
    }
}

fn spill(c: &mut Criterion) {
    let mut group = c.benchmark_group("spill");
    let job = Job::new("bench", Payloads, Payloads);
    for (what, records) in [
        ("words", Records::words(VOCABULARIES[0])),
        ("100-byte records", Records::random(b"", RECORD_BYTES - KEY_BYTES)),
    ] {
        for (to, mode, compression) in [
            ("memory", Mode::Memory, Compression::None),
            ("disk", Mode::Disk, Compression::None),
            ("disk, lz4", Mode::Disk, Compression::Lz4),
            ("disk, zstd", Mode::Disk, Compression::Zstd),
        ] {
            let worker = worker(mode, |config| {
                (config.sort_buffer_bytes, config.compression) = (256 << 20, compression);
            });
            let collect = || worker.collect(&job, |out| records.emit(out));
            bench_phase(&mut group, &format!("{what} to {to}"), PhaseName::Spill, &records, collect);
        }
    }
}

fn merge(c: &mut Criterion) {
    let mut group = c.benchmark_group("merge");
    let job = Job::new("bench", Payloads, Payloads);
    for (what, records) in [
        ("unique keys", Records::random(b"", RECORD_BYTES - KEY_BYTES)),
        ("words with many duplicates", Records::words(VOCABULARIES[0])),
    ] {
        group.throughput(records.throughput());
        for (place, mode) in [("in memory", Mode::Memory), ("on disk", Mode::Disk)] {
            let worker = worker(mode, |_| ());
            for runs in [2, 16, 64] {
                let emit = |hand: Records| worker.collect(&job, |out| hand.emit(out)).expect("the task succeeds").0;
                let map_outputs: Vec<MapOutput> = records.deal(runs).into_iter().map(emit).collect();
                group.bench_function(format!("{what}, {runs} runs {place}"), |b| {
                    b.iter(|| worker.merge(&job, &map_outputs).expect("the merge succeeds"));
                });
            }
        }
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
            let worker = worker(Mode::Disk, |config| {
                // An index entry and its scratch take 32 bytes a record.
                config.sort_buffer_bytes = (records.bytes.len() + 32 * RECORDS) as u64 / 16;
                config.compression = compression;
            });
            let id = format!("{what}, the spills of a map task, {compression:?}").to_lowercase();
            bench_phase(&mut group, &id, PhaseName::Merge, &records, || worker.collect(&job, |out| records.emit(out)));
        }
    }
}

fn reduce(c: &mut Criterion) {
    let mut group = c.benchmark_group("reduce");
    let worker = worker(Mode::Memory, |_| ());
    let job = Job::new("bench", Counts, Counts);
    for (id, records) in [
        ("groups of one", Records::random(b"", 0)),
        ("groups of Zipf words", Records::words(VOCABULARIES[0])),
        ("few groups", Records::words(VOCABULARIES[1])),
    ] {
        let emit = |hand: Records| worker.collect(&job, |out| hand.emit_ones(out)).expect("the task succeeds").0;
        let map_outputs: Vec<MapOutput> = records.deal(2).into_iter().map(emit).collect();
        group.throughput(records.throughput());
        group.bench_function(id, |b| {
            b.iter(|| {
                let mut out = Discard::default();
                worker.reduce(&job, &map_outputs, &mut out).expect("the reducer succeeds");
                out.bytes
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = read, collect, sort, spill, merge, reduce
}
criterion_main!(benches);
