//! Intermediates that go to files, and their removal. Each test of a spill asserts that the result is that of a plain
//! sort, and that spilling did or did not happen at this budget.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use twinmill::config::{Intermediates, MIN_MEMORY_BYTES_PER_WORKER, MIN_SORT_BUFFER_BYTES, Medium, OnFull};
use twinmill::prelude::*;

use crate::harness::{MODES, Scratch, assert_same_bytes, records_in_run_files, run_files};
use crate::sample_jobs::{Tokenize, add, map_lines, word_count};

/// Lines in no order, some of them more than once.
fn unsorted_lines(lines: u32) -> Vec<u8> {
    let line = |i: u32| format!("{:08x} line\n", i.wrapping_mul(2_654_435_761) % (lines - lines / 10)).into_bytes();
    (0..lines).flat_map(line).collect()
}

/// Writes a line as often as it occurs.
#[derive(Clone)]
struct Each;

impl Reducer for Each {
    type Key = Vec<u8>;
    type Value = ();
    type OutKey = [u8];
    type OutValue = ();

    fn reduce(&mut self, line: &[u8], copies: &mut Values<()>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        copies.for_each(|()| out.emit(line, ()));
        Ok(())
    }
}

/// Sorts lines.
fn sort(scratch: &Scratch, config: &JobConfig) -> Result<Report> {
    let map = |line: Record<'_>| Ok(vec![(line.to_vec(), ())]);
    Job::new("sort", map_lines(map), Each).input(scratch.input().as_path()).reducers(1).run(config)
}

/// Sorts at a budget and compares with a plain sort.
fn sorted_at(scratch: &Scratch, lines: &[u8], config: &JobConfig) -> Report {
    let outcome = scratch.run(config, |config| sort(scratch, config));
    let mut expected: Vec<&[u8]> = lines.split_inclusive(|byte| *byte == b'\n').collect();
    expected.sort_unstable();
    assert_same_bytes(&outcome.bytes(), &expected.concat(), format_args!("{} bytes of memory", config.memory_bytes));
    outcome.report
}

#[test]
fn a_sort_spills_exactly_when_its_budget_is_too_small() {
    let lines = unsorted_lines(20_000);
    let scratch = Scratch::with_input(&lines);
    let mut config = scratch.config(Mode::Memory);
    // So little that blocks are as small as at any smaller budget, and slabs with them.
    (config.workers, config.sort_buffer_bytes, config.memory_bytes) = (1, 64 << 10, 1 << 20);
    let peak = sorted_at(&scratch, &lines, &config).peak_reserved_bytes;
    assert!(peak > lines.len() as u64 && peak < 8 << 20, "{peak}");
    for (memory_bytes, spills) in [(1, true), (80 << 10, true), (peak / 2, true), (peak - 1, true), (peak, false)] {
        config.memory_bytes = memory_bytes;
        let report = sorted_at(&scratch, &lines, &config);
        let counters = &report.counters;
        assert_eq!(counters.spilled_records > 0, spills, "{memory_bytes}");
        assert_eq!(counters.file_bytes_written > 0, spills, "{memory_bytes}");
        assert!(report.peak_reserved_bytes <= memory_bytes.max(MIN_MEMORY_BYTES_PER_WORKER), "{memory_bytes}");
        assert_eq!(report.notes.len(), usize::from(memory_bytes == 1), "{memory_bytes}");
    }
}

#[test]
fn with_on_full_fail_a_job_ends_where_it_would_spill() {
    let lines = unsorted_lines(20_000);
    let scratch = Scratch::with_input(&lines);
    let mut config = scratch.config(Mode::Memory);
    // So little that blocks are as small as at any smaller budget, and slabs with them.
    (config.workers, config.sort_buffer_bytes, config.memory_bytes) = (1, 64 << 10, 1 << 20);
    let peak = sorted_at(&scratch, &lines, &config).peak_reserved_bytes;
    config.on_full = OnFull::Fail;
    config.memory_bytes = peak;
    sorted_at(&scratch, &lines, &config);
    for memory_bytes in [1, peak / 2, peak - 1] {
        config.memory_bytes = memory_bytes;
        let error = scratch.fail(&config, |config| sort(&scratch, config));
        let Error::Task { attempt, source, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*attempt, 0, "another attempt would not help");
        let Error::MemoryFull { requested_bytes, used_bytes, limit_bytes } = **source else { panic!("{error:?}") };
        let budget = memory_bytes.max(MIN_MEMORY_BYTES_PER_WORKER);
        assert!(limit_bytes == budget && requested_bytes + used_bytes > limit_bytes, "{error}");
        assert!(error.to_string().contains("raise --memory or allow --on-full spill"), "{error}");
    }
}

#[test]
fn reserved_memory_stays_within_the_budget_and_the_smallest_sort_buffers() {
    let lines = unsorted_lines(30_000);
    let scratch = Scratch::with_input(&lines);
    for mode in MODES {
        for (memory_bytes, workers) in [(1, 4), (100 << 10, 3), (1 << 20, 7), (1 << 20, 2)] {
            let mut config = scratch.config(mode);
            (config.memory_bytes, config.workers, config.split_bytes) = (memory_bytes, workers, Some(20_000));
            // The order of events between two tasks depends on chance.
            for _ in 0..4 {
                let peak = sorted_at(&scratch, &lines, &config).peak_reserved_bytes;
                let least = config.least_memory_bytes();
                let most = memory_bytes.max(least) + workers as u64 * MIN_SORT_BUFFER_BYTES;
                assert!(peak <= most, "{mode:?}, {memory_bytes} bytes, {workers} workers: {peak}");
            }
        }
    }
}

#[test]
fn memory_is_given_back_between_the_jobs_of_a_program() {
    let lines = unsorted_lines(20_000);
    let scratch = Scratch::with_input(&lines);
    let mut config = scratch.config(Mode::Memory);
    (config.workers, config.sort_buffer_bytes) = (1, 64 << 10);
    // The buffer is reserved while reducers write, too.
    let peak = sorted_at(&scratch, &lines, &config).peak_reserved_bytes;
    config.memory_bytes = peak * 3 / 2 + config.sort_buffer_bytes;
    config.on_full = OnFull::Fail;
    config.output = None;
    let map = |line: Record<'_>| Ok(vec![(line.to_vec(), ())]);
    let job = Job::new("sort", map_lines(map), Each).input(scratch.input().as_path()).reducers(3);
    let mut driver = Driver::start("sorts", &config).unwrap();
    for _ in 0..5 {
        assert_eq!(driver.run_to_dataset(&job).unwrap().records(), 20_000);
    }
    let report = driver.finish().unwrap();
    assert_eq!(report.counters.file_bytes_written, 0);
    scratch.assert_nothing_left();
}

/// Looks into the work directory when it begins to reduce.
#[derive(Clone)]
struct LookAround {
    work_dir: PathBuf,
    /// Files, and records in them.
    seen: Arc<Mutex<Vec<(usize, u64)>>>,
}

impl Reducer for LookAround {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        let seen = (run_files(&self.work_dir).len(), records_in_run_files(&self.work_dir));
        self.seen.lock().unwrap().push(seen);
        Ok(())
    }

    fn reduce(&mut self, _: &[u8], _: &mut Values<u64>, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        Ok(())
    }
}

/// The files that each reducer saw, with one worker.
fn files_seen_by_reducers(scratch: &Scratch, config: &JobConfig) -> Vec<(usize, u64)> {
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let spy = LookAround { work_dir: config.work_dir.clone(), seen: seen.clone() };
    let job = Job::new("look", Tokenize, spy).input(scratch.input().as_path());
    scratch.run(config, |config| job.run(config));
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[test]
fn in_disk_mode_a_reducer_finds_every_record_in_one_file_a_map_task() {
    let scratch = Scratch::with_input("to be or not to be\n".repeat(2_000));
    let mut config = scratch.config(Mode::Disk);
    (config.workers, config.split_bytes) = (1, Some(19 * 1_000));
    assert_eq!(files_seen_by_reducers(&scratch, &config), [(2, 12_000); 3], "each split fits the sort buffer");
    config.sort_buffer_bytes = 32 << 10;
    assert_eq!(files_seen_by_reducers(&scratch, &config), [(2, 12_000); 3], "each split is spilled several times");
}

#[test]
fn in_memory_mode_there_is_no_file_while_the_budget_holds() {
    let scratch = Scratch::with_input("to be or not to be\n".repeat(2_000));
    let mut config = scratch.config(Mode::Memory);
    (config.workers, config.split_bytes, config.sort_buffer_bytes) = (1, Some(19 * 100), 32 << 10);
    assert_eq!(files_seen_by_reducers(&scratch, &config), [(0, 0); 3]);
    config.memory_bytes = 64 << 10;
    let seen = files_seen_by_reducers(&scratch, &config);
    assert!(seen.iter().all(|(files, records)| *files > 0 && *records < 12_000), "some runs spilled: {seen:?}");
    config.factors.map_output = Medium::Disk;
    assert_eq!(files_seen_by_reducers(&scratch, &config), [(20, 12_000); 3], "the factor decides, not the mode");
}

#[test]
fn map_outputs_that_are_kept_hold_what_the_reducers_read() {
    for combined in [false, true] {
        let scratch = Scratch::with_input("to be or not to be\n".repeat(2_000));
        let mut config = scratch.config(Mode::Disk);
        (config.split_bytes, config.sort_buffer_bytes) = (Some(10_000), 32 << 10);
        config.intermediates = Intermediates::Keep;
        let job = word_count().input(scratch.input().as_path());
        let report = if combined { job.combine(add).run(&config) } else { job.run(&config) }.unwrap();
        assert_eq!(run_files(&config.work_dir).len(), 4, "one a map task, and no spills");
        assert_eq!(records_in_run_files(&config.work_dir), report.counters.reduce_input_records);
    }
}

#[test]
fn in_memory_mode_there_is_nothing_to_keep() {
    let scratch = Scratch::with_input("to be or not to be\n");
    let mut config = scratch.config(Mode::Memory);
    config.intermediates = Intermediates::Keep;
    word_count().input(scratch.input().as_path()).run(&config).unwrap();
    assert_eq!(run_files(&config.work_dir), Vec::<PathBuf>::new());
}

#[test]
fn two_runs_may_share_a_work_directory() {
    let lines = unsorted_lines(5_000);
    let scratch = Scratch::with_input(&lines);
    let sort_beside_others = |i: usize| {
        let config = scratch.config(MODES[i % 2]).output(scratch.path(&format!("output-{i}")));
        let mut report = sort(&scratch, &JobConfig { memory_bytes: 64 << 10, ..config }).unwrap();
        report.output.compute_digest(&twinmill::CancelToken::default()).unwrap();
        std::fs::remove_dir_all(&report.output.path).unwrap();
        report.output.digest.unwrap()
    };
    let digests: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|i| {
                scope.spawn({
                    let sort = &sort_beside_others;
                    move || sort(i)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    scratch.assert_nothing_left();
}
