//! Facts about collectors, whatever the size of their buffers: tasks run without a driver.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::MapOutput;
use super::spills::MOST_SPILLS;
use crate::cancel::CancelToken;
use crate::config::{Grouping, JobConfig, MIN_SORT_BUFFER_BYTES, Mode};
use crate::error::Result;
use crate::input::{Lines, Record};
use crate::job::{Emit, Mapper};
use crate::observe::purpose::Purpose;
use crate::pipeline::merge::Merge;
use crate::pipeline::reduce::MapOnly;
use crate::record::Value;
use crate::runtime::job::Job;
use crate::stages::Worker;
use crate::store::{Run, Segment, run_files};

/// The types of a job whose records come from a test.
#[derive(Clone)]
struct Texts;

impl Mapper for Texts {
    type Input = Lines;
    type Key = [u8];
    type Value = [u8];

    fn map(&mut self, _: Record<'_>, _: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        Ok(())
    }
}

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

/// A worker of one reducer with the smallest sort buffer.
fn worker(mode: Mode, dir: &tempfile::TempDir) -> Worker {
    let mut config = JobConfig::new(mode).reducers(1);
    (config.workers, config.sort_buffer_bytes, config.work_dir) = (1, 1, dir.path().to_owned());
    Worker::new(&config).unwrap()
}

fn emit(out: &mut impl Emit<[u8], [u8]>, key: &[u8], value: &[u8]) {
    out.emit(key, value);
}

fn count(out: &mut impl Emit<[u8], u64>, word: &[u8]) {
    out.emit(word, 1u64);
}

fn merged(output: &MapOutput) -> Vec<(Vec<u8>, Vec<u8>)> {
    let segments = output.runs.iter().map(|run| Segment { run: run.clone(), partition: 0, read_for: Purpose::Merge });
    let mut merge = Merge::open(segments, &CancelToken::default()).unwrap();
    let mut records = Vec::new();
    while merge.advance().unwrap().is_some() {
        records.push((merge.key().to_vec(), merge.value().to_vec()));
    }
    records
}

fn records_of(run: &Arc<dyn Run>) -> u64 {
    run.index().get(0).records
}

#[test]
fn records_of_any_size_come_out_sorted_and_equal_keys_as_they_were_emitted() {
    let buffer = MIN_SORT_BUFFER_BYTES as usize;
    // Around the buffer's size, within a buffer that holds something and in one that is empty.
    let sizes = [10, buffer - 60, 10, buffer, buffer + 1, 2000, 20_000, 20_000, 3 * buffer, 200_000, 0, 40];
    for mode in [Mode::Disk, Mode::Memory] {
        let dir = tempfile::tempdir().unwrap();
        let worker = worker(mode, &dir);
        let job = Job::new("texts", Texts, MapOnly::<[u8], [u8]>::default());
        let mut expected: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for round in 0..3u8 {
            for (i, size) in sizes.iter().enumerate() {
                expected.push((vec![b'k', i as u8 % 4], vec![round; *size]));
                expected.push((vec![b'k'; *size], vec![round, i as u8]));
            }
        }
        let emitted = expected.clone();
        let (output, _) =
            worker.collect(&job, |out| emitted.iter().for_each(|(key, value)| emit(out, key, value))).unwrap();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        let merged = merged(&output);
        assert_eq!(merged.len(), expected.len());
        assert!(merged == expected, "{mode:?}: records are not those of a stable sort");
    }
}

#[test]
fn on_disk_the_last_buffer_is_merged_from_memory() {
    for (mode, grouping) in [(Mode::Disk, Grouping::Sort), (Mode::Disk, Grouping::Hash), (Mode::Memory, Grouping::Sort)]
    {
        let dir = tempfile::tempdir().unwrap();
        let mut config = JobConfig::new(mode).reducers(3);
        (config.workers, config.sort_buffer_bytes, config.work_dir) = (1, 64 << 10, dir.path().to_owned());
        config.factors.grouping = grouping;
        let worker = Worker::new(&config).unwrap();
        let job = Job::new("texts", Texts, MapOnly::<[u8], [u8]>::default());
        let (output, phases) = worker
            .collect(&job, |out| (0..1000u32).for_each(|i| emit(out, &(i % 700).to_be_bytes(), &[b'v'; 100])))
            .unwrap();
        let records = |name| phases.iter().filter(|phase| phase.name == name).map(|phase| phase.records).sum::<u64>();
        assert_eq!(output.runs.iter().map(|run| run.index().total().records).sum::<u64>(), 1000, "{mode:?}");
        match mode {
            Mode::Disk => {
                assert!((1..1000).contains(&records("spill")), "{grouping:?}: all of it was spilled");
                assert_eq!((output.runs.len(), records("merge")), (1, 1000), "{grouping:?}");
            }
            Mode::Memory => assert_eq!((records("spill"), records("merge")), (1000, 0)),
        }
    }
}

#[test]
fn a_task_keeps_few_runs_however_often_its_buffer_is_full() {
    for mode in [Mode::Disk, Mode::Memory] {
        let dir = tempfile::tempdir().unwrap();
        let worker = worker(mode, &dir);
        let job = Job::new("texts", Texts, MapOnly::<[u8], [u8]>::default());
        let key = |i: u32| (i.wrapping_mul(2_654_435_761) % 700).to_be_bytes();
        let records = 5 * MOST_SPILLS as u32 * MIN_SORT_BUFFER_BYTES as u32 / 1000;
        let (output, _) = worker
            .collect(&job, |out| {
                (0..records).for_each(|i| emit(out, &key(i), &[&i.to_be_bytes()[..], &[0; 1000]].concat()));
                assert!(run_files(dir.path()) <= MOST_SPILLS + 1, "{mode:?}");
            })
            .unwrap();
        assert!((1..=MOST_SPILLS).contains(&output.runs.len()), "{mode:?}: {} runs", output.runs.len());
        let mut expected: Vec<u32> = (0..records).collect();
        expected.sort_by_key(|i| key(*i));
        let order: Vec<u32> =
            merged(&output).iter().map(|(_, value)| u32::from_be_bytes(value[..4].try_into().unwrap())).collect();
        assert!(order == expected, "{mode:?}: equal keys are not as they were emitted");
    }
}

#[test]
fn a_combiner_with_the_smallest_buffer_spills_hundreds_of_keys_at_a_time_and_no_more_than_were_emitted() {
    let add = |sum: &mut u64, count: u64| *sum += count;
    for (mode, suffix) in [(Mode::Disk, ""), (Mode::Memory, ""), (Mode::Memory, " that is no short word")] {
        let dir = tempfile::tempdir().unwrap();
        let worker = worker(mode, &dir);
        let job = Job::new("counts", Counts, MapOnly::<[u8], u64>::default()).combine(add);
        let words: Vec<String> = (0..20_000u64).map(|i| format!("{}{suffix}", i * i % 5003)).collect();
        let (output, _) =
            worker.collect(&job, |out| words.iter().for_each(|word| count(out, word.as_bytes()))).unwrap();
        let spilled: u64 = output.runs.iter().map(records_of).sum();
        assert!(spilled <= words.len() as u64, "{mode:?}: {spilled} records of {} are left", words.len());
        if mode == Mode::Memory {
            assert!(spilled >= 80 * (output.runs.len() as u64 - 1), "{spilled} records in {} runs", output.runs.len());
        }
        let mut counts = BTreeMap::<Vec<u8>, u64>::new();
        words.iter().for_each(|word| *counts.entry(word.clone().into_bytes()).or_default() += 1);
        assert_eq!(sums(&output), counts);
    }
}

/// The sums of a map output's values, by key.
fn sums(output: &MapOutput) -> BTreeMap<Vec<u8>, u64> {
    let mut sums = BTreeMap::new();
    for (key, value) in merged(output) {
        *sums.entry(key).or_default() += <u64 as Value>::decode(&value).unwrap();
    }
    sums
}

#[test]
fn keys_that_are_all_different_are_sorted_instead_and_the_table_comes_back_when_they_repeat() {
    for mode in [Mode::Disk, Mode::Memory] {
        let dir = tempfile::tempdir().unwrap();
        let mut config = JobConfig::new(mode).reducers(1);
        (config.workers, config.sort_buffer_bytes, config.work_dir) = (1, 256 << 10, dir.path().to_owned());
        let worker = Worker::new(&config).unwrap();
        let combined = AtomicU64::new(0);
        let add = |sum: &mut u64, count: u64| {
            combined.fetch_add(1, Ordering::Relaxed);
            *sum += count;
        };
        let job = Job::new("counts", Counts, MapOnly::<[u8], u64>::default()).combine(add);
        let (output, _) = worker
            .collect(&job, |out| {
                let combines_at_once = |out: &mut _| {
                    combined.store(0, Ordering::Relaxed);
                    (0..100).for_each(|_| count(out, b"same"));
                    combined.load(Ordering::Relaxed) >= 50
                };
                assert!(combines_at_once(out), "{mode:?}: a table to begin with");
                (0..1000u32).for_each(|i| count(out, &i.to_be_bytes()));
                assert!(!combines_at_once(out), "{mode:?}: a sort buffer for different keys");
                (0..20_000).for_each(|_| count(out, b"same"));
                assert!(combines_at_once(out), "{mode:?}: a table again after a spill of one key");
            })
            .unwrap();
        let sums = sums(&output);
        assert_eq!((sums.len(), sums[&b"same"[..]]), (1001, 20_300), "{mode:?}");
        assert!(sums.iter().all(|(key, sum)| *sum == 1 || key == b"same"), "{mode:?}");
    }
}

#[test]
fn whatever_repeats_when_the_sums_are_those_of_what_was_emitted() {
    // Stretches of different keys, and of keys that repeat, in several lengths, short and long keys.
    let stretches = [(700, 700), (3_000, 7), (300, 300), (5_000, 5_000), (9_000, 40), (100, 1)];
    for (mode, suffix) in [(Mode::Disk, ""), (Mode::Memory, ""), (Mode::Disk, " and so on for more than a slot")] {
        for buffer in [1, 64 << 10, 1 << 20] {
            let dir = tempfile::tempdir().unwrap();
            let mut config = JobConfig::new(mode).reducers(1);
            (config.workers, config.sort_buffer_bytes, config.work_dir) = (1, buffer, dir.path().to_owned());
            let job = Job::new("counts", Counts, MapOnly::<[u8], u64>::default()).combine(|sum: &mut u64, n| *sum += n);
            let stretch =
                |(i, (records, keys))| (0..records).map(move |n| format!("{} of stretch {}{suffix}", n % keys, i % 4));
            let words: Vec<String> = stretches.into_iter().enumerate().flat_map(stretch).collect();
            let worker = Worker::new(&config).unwrap();
            let (output, _) =
                worker.collect(&job, |out| words.iter().for_each(|word| count(out, word.as_bytes()))).unwrap();
            let mut expected = BTreeMap::<Vec<u8>, u64>::new();
            words.iter().for_each(|word| *expected.entry(word.clone().into_bytes()).or_default() += 1);
            assert!(sums(&output) == expected, "{mode:?} with {buffer} bytes");
        }
    }
}
