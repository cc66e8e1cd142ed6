//! Facts about collectors, whatever the size of their buffers: tasks run without a driver.

use std::sync::Arc;

use walkdir::WalkDir;

use super::MapOutput;
use super::spills::MOST_SPILLS;
use crate::cancel::CancelToken;
use crate::config::{JobConfig, MIN_SORT_BUFFER_BYTES, Mode};
use crate::error::Result;
use crate::input::{Lines, Record};
use crate::job::{Emit, Mapper};
use crate::observe::purpose::Purpose;
use crate::pipeline::merge::Merge;
use crate::pipeline::reduce::MapOnly;
use crate::runtime::job::Job;
use crate::stages::Worker;
use crate::store::{Run, Segment};

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
                let files =
                    WalkDir::new(dir.path()).into_iter().filter(|entry| entry.as_ref().unwrap().file_type().is_file());
                assert!(files.count() <= MOST_SPILLS + 1, "{mode:?}");
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
        let mut counts = std::collections::BTreeMap::<Vec<u8>, u64>::new();
        words.iter().for_each(|word| *counts.entry(word.clone().into_bytes()).or_default() += 1);
        let mut combined = std::collections::BTreeMap::<Vec<u8>, u64>::new();
        for (key, value) in merged(&output) {
            *combined.entry(key).or_default() += <u64 as crate::record::Value>::decode(&value).unwrap();
        }
        assert_eq!(combined, counts);
    }
}
