//! Programs of several jobs: one reads the output of another, from files or from memory.

use std::path::Path;

use twinmill::config::{Compression, Factors, Medium, OnFull};
use twinmill::prelude::*;

use crate::harness::{MODES, Scratch, run_files};
use crate::sample_jobs::{JoinValues, Sum, add, counts, map_lines, word_count};

const MEDIA: [Medium; 2] = [Medium::Disk, Medium::Memory];

/// Turns (word, count) into a key that orders by count, descending, then by word.
#[derive(Clone)]
struct ByCount;

impl Mapper for ByCount {
    type Input = Pairs<[u8], u64>;
    type Key = (i64, Vec<u8>);
    type Value = ();

    fn map(&mut self, (word, count): (&[u8], u64), out: &mut impl Emit<(i64, Vec<u8>), ()>) -> Result<()> {
        out.emit((-(count as i64), word), ());
        Ok(())
    }
}

/// Counts words, then sorts them by their counts.
fn most_frequent(input: &Path, config: &JobConfig) -> Result<Report> {
    let mut driver = Driver::start("most-frequent", config)?;
    let counts = driver.run_to_dataset(&word_count().combine(add).input(input))?;
    let sort = Job::new("sort", ByCount, JoinValues::<(i64, Vec<u8>), ()>::new()).input(&counts).reducers(1);
    driver.run(&sort)?;
    drop(counts);
    driver.finish()
}

fn some_text() -> String {
    (0..20_000u32).map(|i| format!("w{} ", i.wrapping_mul(2_654_435_761) % 1009 % (1 + i % 613))).collect()
}

fn most_frequent_oracle(text: &str) -> String {
    let mut sorted: Vec<_> = counts(text.as_bytes()).into_iter().map(|(word, count)| (-(count as i64), word)).collect();
    sorted.sort_unstable();
    let line = |(count, word): &(i64, &[u8])| format!("{count}\t{}\t\n", std::str::from_utf8(word).unwrap());
    sorted.iter().map(line).collect()
}

#[test]
fn a_chain_gives_the_same_bytes_wherever_its_intermediates_lie() {
    let text = some_text();
    let (scratch, expected) = (Scratch::with_input(&text), most_frequent_oracle(&text));
    for map_output in MEDIA {
        for between_jobs in MEDIA {
            for (memory_bytes, compression) in
                [(1, Compression::Lz4), (200 << 10, Compression::Zstd), (64 << 20, Compression::None)]
            {
                let mut config = scratch.config(Mode::Memory);
                config.factors = Factors { map_output, between_jobs, ..config.factors };
                (config.memory_bytes, config.compression) = (memory_bytes, compression);
                config.split_bytes = Some(30_000);
                let outcome = scratch.run(&config, |config| most_frequent(&scratch.input(), config));
                assert_eq!(outcome.text(), expected, "{map_output:?} {between_jobs:?} {memory_bytes}");
                let in_memory =
                    (map_output, between_jobs) == (Medium::Memory, Medium::Memory) && memory_bytes > 1 << 20;
                assert_eq!(outcome.report.counters.file_bytes_written == 0, in_memory);
            }
        }
    }
}

#[test]
fn each_factor_decides_for_its_own_intermediates() {
    let text = some_text();
    let scratch = Scratch::with_input(&text);
    let written = |map_output, between_jobs| {
        let mut config = scratch.config(Mode::Memory);
        config.factors = Factors { map_output, between_jobs, ..config.factors };
        let outcome = scratch.run(&config, |config| most_frequent(&scratch.input(), config));
        let counters = outcome.report.counters;
        (counters.file_bytes_written, counters.spilled_records)
    };
    let (all, spilled) = written(Medium::Disk, Medium::Disk);
    let (map_outputs, spilled_by_maps) = written(Medium::Disk, Medium::Memory);
    let (datasets, spilled_by_datasets) = written(Medium::Memory, Medium::Disk);
    assert!(map_outputs > 0 && datasets > 0);
    assert_eq!(all, map_outputs + datasets);
    assert_eq!((spilled, spilled_by_datasets), (spilled_by_maps, 0));
}

#[test]
fn one_report_covers_all_jobs() {
    let text = some_text();
    let distinct = counts(text.as_bytes()).len() as u64;
    for mode in MODES {
        let scratch = Scratch::with_input(&text);
        let report = scratch.run(&scratch.config(mode), |config| most_frequent(&scratch.input(), config)).report;
        assert_eq!((report.job.as_str(), report.input_bytes), ("most-frequent", text.len() as u64));
        assert_eq!(report.counters.map_input_records, 1 + distinct);
        assert_eq!(report.counters.map_output_records, 20_000 + distinct);
        assert_eq!(report.counters.reduce_output_records, 2 * distinct);
        assert_eq!((report.output.records, report.reducers), (distinct, 1));
        let mut ids: Vec<_> = report.tasks.iter().map(|task| task.id.as_str()).collect();
        ids.sort_unstable();
        let (second, first): (Vec<&str>, Vec<&str>) = ids.into_iter().partition(|id| id.starts_with("job2-"));
        assert_eq!(first, ["map-00000", "map-00001", "reduce-00000", "reduce-00001", "reduce-00002"]);
        assert_eq!(second, ["job2-map-00000", "job2-map-00001", "job2-map-00002", "job2-reduce-00000"]);
    }
}

/// Halves numbers, rounding down; leaves zeros out.
#[derive(Clone)]
struct Halve;

impl Mapper for Halve {
    type Input = Pairs<[u8], u64>;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, (word, count): (&[u8], u64), out: &mut impl Emit<[u8], u64>) -> Result<()> {
        if count > 1 {
            out.emit(word, count / 2);
        }
        Ok(())
    }
}

#[test]
fn a_loop_hands_a_dataset_from_job_to_job_until_it_is_empty() {
    for mode in MODES {
        let scratch = Scratch::with_input("a a a a a a a a b b b c");
        let config = scratch.config(mode);
        let outcome = scratch.run(&config, |config| {
            let mut driver = Driver::start("halve", config)?;
            let mut data = driver.run_to_dataset(&word_count().input(scratch.input().as_path()))?;
            let mut sizes = vec![data.records()];
            while data.records() > 0 {
                data = driver.run_to_dataset(&Job::new("halve", Halve, Sum).input(&data))?;
                sizes.push(data.records());
            }
            assert_eq!(sizes, [3, 2, 1, 1, 0]);
            let files_of_the_last = if mode == Mode::Disk { 3 } else { 0 };
            assert_eq!(run_files(&config.work_dir).len(), files_of_the_last);
            driver.run(&Job::new("halve", Halve, Sum).input(&data))?;
            driver.finish()
        });
        assert_eq!((outcome.parts.len(), outcome.text().as_str()), (3, ""));
    }
}

#[test]
fn a_dataset_goes_away_when_it_is_dropped() {
    let scratch = Scratch::with_input("a b c");
    let config = scratch.config(Mode::Disk);
    let mut driver = Driver::start("datasets", &config).unwrap();
    let job = word_count().input(scratch.input().as_path());
    let (first, second) = (driver.run_to_dataset(&job).unwrap(), driver.run_to_dataset(&job).unwrap());
    assert_eq!(run_files(&config.work_dir).len(), 6, "a file for each partition, and no map output is left");
    drop(first);
    assert_eq!(run_files(&config.work_dir).len(), 3);
    let clone = second.clone();
    drop(second);
    assert_eq!((clone.records(), run_files(&config.work_dir).len()), (3, 3));
    drop(clone);
    assert_eq!(run_files(&config.work_dir).len(), 0);
    driver.finish().unwrap();
    scratch.assert_nothing_left();
}

/// Emits the counts of a dataset as text, after an asterisk.
#[derive(Clone)]
struct ShowCount;

impl Mapper for ShowCount {
    type Input = Pairs<[u8], u64>;
    type Key = Vec<u8>;
    type Value = String;

    fn map(&mut self, (word, count): (&[u8], u64), out: &mut impl Emit<Vec<u8>, String>) -> Result<()> {
        out.emit(word, format!("*{count}"));
        Ok(())
    }
}

#[test]
fn a_dataset_can_be_joined_with_a_file_and_with_itself() {
    for mode in MODES {
        let scratch = Scratch::new();
        let text = scratch.write("text", "a b a c");
        let names = scratch.write("names", "a\nb\nd\n");
        let name = |line: Record<'_>| Ok(vec![(line.to_vec(), "name".to_owned())]);
        let outcome = scratch.run(&scratch.config(mode), |config| {
            let mut driver = Driver::start("join", config)?;
            let counts = driver.run_to_dataset(&word_count().input(text.as_path()))?;
            let mappers = (ShowCount, map_lines(name), ShowCount);
            let job = Job::new("join", mappers, JoinValues::<Vec<u8>, String>::new()).reducers(1);
            driver.run(&job.input(&counts).input(names.as_path()).input(&counts))?;
            driver.finish()
        });
        assert_eq!(outcome.text(), "a\t*2,name,*2\nb\t*1,name,*1\nc\t*1,*1\nd\tname\n");
    }
}

#[test]
fn a_map_only_job_may_leave_a_dataset() {
    let lines = |line: Record<'_>| Ok(vec![(line.to_vec(), line.offset())]);
    for mode in MODES {
        let scratch = Scratch::with_input("c\na\nb\na\n");
        let mut config = scratch.config(mode);
        config.split_bytes = Some(2);
        let outcome = scratch.run(&config, |config| {
            let mut driver = Driver::start("lines", config)?;
            let data =
                driver.run_to_dataset(&Job::map_only("lines", map_lines(lines)).input(scratch.input().as_path()))?;
            assert_eq!(data.records(), 4);
            driver.run(&Job::new("count", ShowPairs, JoinValues::<Vec<u8>, u64>::new()).input(&data).reducers(1))?;
            driver.finish()
        });
        assert_eq!(outcome.text(), "a\t2,6\nb\t4\nc\t0\n");
    }
}

/// Passes pairs on.
#[derive(Clone)]
struct ShowPairs;

impl Mapper for ShowPairs {
    type Input = Pairs<Vec<u8>, u64>;
    type Key = Vec<u8>;
    type Value = u64;

    fn map(&mut self, (key, value): (&[u8], u64), out: &mut impl Emit<Vec<u8>, u64>) -> Result<()> {
        out.emit(key, value);
        Ok(())
    }
}

#[test]
fn files_and_datasets_are_not_taken_for_each_other() {
    let scratch = Scratch::with_input("a b");
    let config = scratch.config(Mode::Memory);
    let pairs_of_file = Job::new("halve", Halve, Sum).input(scratch.input().as_path());
    let error = scratch.fail(&config, |config| pairs_of_file.run(config)).to_string();
    assert!(error.ends_with("a mapper of pairs reads datasets, not files"), "{error}");
    let error = scratch.fail(&config, |config| {
        let mut driver = Driver::start("lines", config)?;
        let counts = driver.run_to_dataset(&word_count().input(scratch.input().as_path()))?;
        driver.run(&word_count().input(&counts))?;
        driver.finish()
    });
    assert!(error.to_string().ends_with("this mapper reads files, not datasets"), "{error}");
}

/// Fails at a word.
#[derive(Clone)]
struct FailAt(&'static [u8]);

impl Mapper for FailAt {
    type Input = Pairs<[u8], u64>;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, (word, count): (&[u8], u64), out: &mut impl Emit<[u8], u64>) -> Result<()> {
        if word == self.0 {
            return Err(Error::user("cannot bear this word"));
        }
        out.emit(word, count);
        Ok(())
    }
}

#[test]
fn a_chain_that_fails_in_a_later_job_leaves_nothing_and_names_it() {
    for mode in MODES {
        let scratch = Scratch::with_input("a b c");
        let error = scratch.fail(&scratch.config(mode).reducers(1), |config| {
            let mut driver = Driver::start("chain", config)?;
            let counts = driver.run_to_dataset(&word_count().input(scratch.input().as_path()))?;
            driver.run(&Job::new("fail", FailAt(b"b"), Sum).input(&counts))?;
            driver.finish()
        });
        let expected = "job chain: task job2-map-00000 attempt 3: cannot bear this word";
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_driver_that_is_dropped_midway_leaves_nothing() {
    for mode in MODES {
        let scratch = Scratch::with_input("a b c");
        let mut driver = Driver::start("dropped", scratch.config(mode)).unwrap();
        let dataset = driver.run_to_dataset(&word_count().input(scratch.input().as_path())).unwrap();
        drop(driver);
        scratch.assert_nothing_left();
        assert_eq!(dataset.records(), 3);
    }
}

#[test]
fn a_dataset_that_exceeds_the_budget_spills_or_fails_as_asked() {
    let text: String = (0..30_000).map(|i| format!("word{i} ")).collect();
    let scratch = Scratch::with_input(&text);
    let mut config = scratch.config(Mode::Memory);
    config.factors.map_output = Medium::Disk;
    (config.memory_bytes, config.sort_buffer_bytes) = (256 << 10, 32 << 10);
    let outcome = scratch.run(&config, |config| most_frequent(&scratch.input(), config));
    assert_eq!(outcome.text(), most_frequent_oracle(&text));
    config.on_full = OnFull::Fail;
    let error = scratch.fail(&config, |config| most_frequent(&scratch.input(), config));
    let Error::Task { task, attempt: 0, source, .. } = &error else { panic!("{error:?}") };
    assert!(task.starts_with("reduce-") && matches!(**source, Error::MemoryFull { .. }), "{error}");
}
