//! The numbers of a report add up.

use std::collections::BTreeSet;
use std::fs;

use twinmill::config::{Compression, OutputCodec};
use twinmill::observe::counters::Counters;
use twinmill::observe::purpose::Purpose;
use twinmill::observe::report::Outcome as AttemptOutcome;
use twinmill::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::harness::{MODES, Scratch};
use crate::sample_jobs::{add, counts, word_count, words};

/// 4,000 lines of three words each, 1,500 of them distinct.
fn some_text() -> String {
    (0..4_000u32).map(|i| format!("w{} w{} v{}\n", i % 1000, (i * 7) % 1000, i % 500)).collect()
}

const LINES: u64 = 4_000;
const WORDS: u64 = 12_000;
const DISTINCT: u64 = 1_500;

/// Asserts what holds for every run of word count on the text.
fn assert_consistent(counters: &Counters, maps: u64, reducers: u64) {
    let text = some_text();
    assert_eq!(counters.map_input_records, LINES);
    assert_eq!(counters.map_output_records, WORDS);
    let bytes: usize = words(text.as_bytes()).map(|word| word.len() + 1).sum();
    assert_eq!(counters.map_output_bytes, bytes as u64, "keys, and a byte for each 1");
    assert_eq!(counters.reduce_input_groups, DISTINCT);
    assert_eq!(counters.reduce_output_records, DISTINCT);
    assert_eq!(counters.merged_map_outputs, maps * reducers);
    assert_eq!(counters.reduce_shuffle_bytes, counters.map_output_materialized_bytes);
}

#[test]
fn without_a_combiner_every_record_reaches_a_reducer() {
    let scratch = Scratch::with_input(some_text());
    for mode in MODES {
        for (split_bytes, maps) in [(1 << 20, 1), (10_000, some_text().len().div_ceil(10_000) as u64)] {
            for sort_buffer_bytes in [32 << 10, 1 << 20] {
                let mut config = scratch.config(mode);
                (config.split_bytes, config.sort_buffer_bytes) = (Some(split_bytes), sort_buffer_bytes);
                let job = word_count().input(scratch.input().as_path());
                let counters = scratch.run(&config, |config| job.run(config)).report.counters;
                assert_consistent(&counters, maps, 3);
                assert_eq!(counters.reduce_input_records, WORDS);
                assert_eq!((counters.combine_input_records, counters.combine_output_records), (0, 0));
            }
        }
    }
}

#[test]
fn with_one_split_and_one_spill_a_combiner_leaves_each_key_once() {
    let scratch = Scratch::with_input(some_text());
    for mode in MODES {
        let mut config = scratch.config(mode);
        config.split_bytes = Some(1 << 20);
        let job = word_count().combine(add).input(scratch.input().as_path());
        let counters = scratch.run(&config, |config| job.run(config)).report.counters;
        assert_consistent(&counters, 1, 3);
        assert_eq!((counters.combine_input_records, counters.combine_output_records), (WORDS, DISTINCT));
        assert_eq!(counters.reduce_input_records, DISTINCT);
    }
}

#[test]
fn what_a_combiner_takes_away_is_what_a_reducer_does_not_see() {
    let scratch = Scratch::with_input(some_text());
    for mode in MODES {
        for merge_factor in [2, 64] {
            let mut config = scratch.config(mode);
            (config.split_bytes, config.sort_buffer_bytes) = (Some(15_000), 32 << 10);
            config.merge_factor = merge_factor;
            let job = word_count().combine(add).input(scratch.input().as_path());
            let counters = scratch.run(&config, |config| job.run(config)).report.counters;
            assert_consistent(&counters, some_text().len().div_ceil(15_000) as u64, 3);
            let combined = counters.combine_input_records - counters.combine_output_records;
            assert!(combined > 0);
            assert_eq!(counters.reduce_input_records, WORDS - combined, "{mode:?} {merge_factor}");
        }
    }
}

#[test]
fn in_disk_mode_every_map_output_record_is_written_also_when_it_fits_the_buffer() {
    let scratch = Scratch::with_input(some_text());
    let stored = [Compression::None, Compression::Lz4, Compression::Zstd].map(|compression| {
        let mut config = scratch.config(Mode::Disk);
        (config.split_bytes, config.compression) = (Some(1 << 20), compression);
        let job = word_count().input(scratch.input().as_path());
        let counters = scratch.run(&config, |config| job.run(config)).report.counters;
        assert_eq!(counters.spilled_records, WORDS);
        assert!(counters.file_bytes_written > counters.map_output_materialized_bytes, "blocks, and an index");
        assert_eq!(counters.file_bytes_read, counters.map_output_materialized_bytes);
        counters.map_output_materialized_bytes
    });
    assert!(stored[1] < stored[0] && stored[2] < stored[0], "{stored:?}");
}

#[test]
fn further_merge_passes_write_records_again() {
    let scratch = Scratch::with_input(some_text().repeat(4));
    let spilled = |mode, merge_factor, sort_buffer_bytes| {
        let mut config = scratch.config(mode);
        (config.merge_factor, config.sort_buffer_bytes) = (merge_factor, sort_buffer_bytes);
        (config.split_bytes, config.memory_bytes) = (Some(1 << 20), 64 << 20);
        let job = word_count().input(scratch.input().as_path());
        let report = scratch.run(&config, |config| job.run(config)).report;
        let through =
            |name: &str| report.phases.iter().find(|phase| phase.name == name).map_or(0, |phase| phase.records);
        (report.counters.spilled_records, through("spill"), through("merge"))
    };
    let records = 4 * WORDS;
    assert_eq!(spilled(Mode::Disk, 64, 32 << 20), (records, records, 0), "one spill");
    let (twice, spills, merged) = spilled(Mode::Disk, 64, 64 << 10);
    assert_eq!((twice, merged), (spills + merged, records), "spills, and one merge pass");
    assert!((records / 2..records).contains(&spills), "all but each task's last buffer: {spills}");
    let (often, spills, merged) = spilled(Mode::Disk, 2, 64 << 10);
    assert!(often == spills + merged && often > 3 * records, "several merge passes");
    assert_eq!(spilled(Mode::Memory, 64, 64 << 10).0, 0);
    assert_eq!(spilled(Mode::Memory, 2, 64 << 10).0, 0);
}

#[test]
fn in_memory_mode_nothing_goes_through_files_while_the_budget_holds() {
    let scratch = Scratch::with_input(some_text());
    let mut config = scratch.config(Mode::Memory);
    (config.split_bytes, config.sort_buffer_bytes, config.merge_factor) = (Some(10_000), 32 << 10, 2);
    let job = word_count().input(scratch.input().as_path());
    let report = scratch.run(&config, |config| job.run(config)).report;
    let Counters { spilled_records, file_bytes_written, file_bytes_read, .. } = report.counters;
    assert_eq!((spilled_records, file_bytes_written, file_bytes_read), (0, 0, 0));
    assert!(report.peak_reserved_bytes > report.counters.map_output_materialized_bytes);
    assert!(report.peak_reserved_bytes <= config.memory_bytes);
}

#[test]
fn tasks_are_reported_one_by_one() {
    let scratch = Scratch::with_input(some_text());
    for mode in MODES {
        let mut config = scratch.config(mode);
        config.split_bytes = Some(10_000);
        let job = word_count().input(scratch.input().as_path());
        let report = scratch.run(&config, |config| job.run(config)).report;
        let maps = some_text().len().div_ceil(10_000);
        let mut expected: BTreeSet<_> = (0..maps).map(|i| format!("map-{i:05}")).collect();
        expected.extend((0..3).map(|i| format!("reduce-{i:05}")));
        assert_eq!(report.tasks.iter().map(|task| task.id.clone()).collect::<BTreeSet<_>>(), expected);
        assert_eq!(report.tasks.len(), expected.len());
        assert!(report.tasks.iter().all(|task| (task.attempt, task.outcome) == (0, AttemptOutcome::Succeeded)));
        assert!(report.tasks.iter().all(|task| 0.0 <= task.start_seconds && task.start_seconds <= task.end_seconds));
        let records = |kind: &str| -> u64 {
            report.tasks.iter().filter(|task| task.id.starts_with(kind)).map(|task| task.records).sum()
        };
        assert_eq!((records("map"), records("reduce")), (LINES, WORDS));
    }
}

#[test]
fn the_output_is_reported_with_its_digest_on_request() {
    let scratch = Scratch::with_input(some_text());
    let config = scratch.config(Mode::Disk);
    let mut report = word_count().input(scratch.input().as_path()).run(&config).unwrap();
    assert_eq!((report.output.records, &report.output.digest), (DISTINCT, &None));
    report.output.compute_digest(&twinmill::CancelToken::default()).unwrap();
    let bytes: Vec<u8> =
        twinmill::part_files(&report.output.path).unwrap().iter().flat_map(|p| fs::read(p).unwrap()).collect();
    assert_eq!(report.output.bytes, bytes.len() as u64);
    assert_eq!(report.output.digest, Some(format!("xxh3:{:016x}", xxh3_64(&bytes))));
}

#[test]
fn the_process_reads_and_writes_at_least_what_its_jobs_do() {
    let text = some_text();
    let scratch = Scratch::with_input(&text);
    let job = word_count().input(scratch.input().as_path());
    let report = scratch.run(&scratch.config(Mode::Disk), |config| job.run(config)).report;
    assert!(report.process_io.rchar >= text.len() as u64 + report.counters.file_bytes_read);
    assert!(report.process_io.wchar >= report.output.bytes + report.counters.file_bytes_written);
    assert!(report.peak_rss_bytes > 0 && report.wall_seconds > 0.0);
    let names: Vec<_> = report.phases.iter().map(|phase| &*phase.name).collect();
    let expected = ["prepare", "sample", "map", "sort", "spill", "merge", "shuffle", "reduce", "commit", "finish"];
    assert_eq!(names, expected);
    assert!(report.phases.iter().all(|phase| phase.wall_seconds <= report.wall_seconds + 1e-6));
    assert_eq!(counts(text.as_bytes()).len() as u64, DISTINCT);
}

#[test]
fn the_bytes_of_an_output_are_those_of_its_files_however_they_are_compressed() {
    let scratch = Scratch::with_input(some_text());
    for codec in OutputCodec::ALL.map(Some).into_iter().chain([None]) {
        let mut config = scratch.config(Mode::Memory);
        config.part_form.codec = codec;
        let job = word_count().input(scratch.input().as_path());
        let outcome = scratch.run(&config, |config| job.run(config));
        let bytes = outcome.bytes().len() as u64;
        assert_eq!(outcome.report.output.bytes, bytes, "{codec:?}");
        assert_eq!(outcome.report.io(Purpose::Output).unwrap().bytes_written, bytes, "{codec:?}");
    }
}
