//! Disk, memory and a plain oracle give the same bytes, whatever the settings: nothing but the number of reducers changes
//! an output.

use proptest::prelude::*;
use twinmill::config::{Compression, Grouping};
use twinmill::generate::{Kind, Shape, generate};
use twinmill::{JobConfig, Mode};

use crate::harness::{MODES, Scratch, assert_same_parts};
use crate::sample_jobs::{add, append, positions, positions_by_lists, positions_oracle, word_count, word_count_oracle};

const CODECS: [Compression; 3] = [Compression::None, Compression::Lz4, Compression::Zstd];

/// Generated text, followed by content that is unusual in text: NUL, CRLF, bytes that are no UTF-8, empty lines, words
/// of all lengths up to some thousand bytes, no final newline.
fn unruly_text(bytes: u64) -> Vec<u8> {
    let mut shape = Shape::bytes(bytes);
    shape.vocabulary_words = 3000;
    let mut text = Vec::new();
    generate(Kind::Text, &shape, 11, &mut text).unwrap();
    text.extend_from_slice(b"\n\n\r\na\0b a\0 \0\r\n\xff\xfe \xc3\x28\t\x0cform feed\x0b\n");
    for length in (0..40).chain([100, 127, 128, 129, 255, 5000]) {
        text.extend(std::iter::repeat_n(b'w', length));
        text.push(b" \n"[length % 2]);
    }
    text.extend_from_slice(b"the end");
    text
}

/// Runs four jobs in both modes: values without a combiner, their order, and a combiner with small and with large values.
fn assert_equivalent(scratch: &Scratch, text: &[u8], modes: &[Mode], context: &str, set: impl Fn(&mut JobConfig)) {
    let input = scratch.input();
    for mode in modes {
        let mut config = scratch.config(*mode);
        set(&mut config);
        let context = format!("{context}, {mode:?}");
        let counts = word_count_oracle(text, config.reducers);
        let plain = scratch.run(&config, |config| word_count().input(input.as_path()).run(config));
        assert_same_parts(&plain.parts, &counts, format_args!("counts, {context}"));
        let combined = scratch.run(&config, |config| word_count().combine(add).input(input.as_path()).run(config));
        assert_same_parts(&combined.parts, &counts, format_args!("combined counts, {context}"));
        let lists = positions_oracle(text, config.reducers);
        let plain = scratch.run(&config, |config| positions().input(input.as_path()).run(config));
        assert_same_parts(&plain.parts, &lists, format_args!("positions, {context}"));
        let job = positions_by_lists().combine(append);
        let combined = scratch.run(&config, |config| job.input(input.as_path()).run(config));
        assert_same_parts(&combined.parts, &lists, format_args!("combined positions, {context}"));
    }
}

fn assert_equivalent_at<T: std::fmt::Debug>(bytes: u64, settings: &[T], set: impl Fn(&mut JobConfig, &T)) {
    let text = unruly_text(bytes);
    let scratch = Scratch::with_input(&text);
    for setting in settings {
        assert_equivalent(&scratch, &text, &MODES, &format!("{setting:?}"), |config| set(config, setting));
    }
}

#[test]
fn the_output_is_the_same_at_every_budget() {
    assert_equivalent_at(120_000, &[1, 128 << 10, 1 << 20, 256 << 20], |config, memory_bytes| {
        config.memory_bytes = *memory_bytes;
        config.split_bytes = Some(50_000);
    });
}

#[test]
fn the_output_is_the_same_with_every_sort_buffer() {
    assert_equivalent_at(200_000, &[1, 32 << 10, 64 << 10, 100_001, 1 << 20, 1 << 30], |config, sort_buffer_bytes| {
        config.memory_bytes = 256 << 20;
        config.sort_buffer_bytes = *sort_buffer_bytes;
    });
}

#[test]
fn the_output_is_the_same_whether_records_are_grouped_by_sorting_or_by_hashing() {
    assert_equivalent_at(200_000, &[32 << 10, 64 << 10, 1 << 20, 64 << 20], |config, sort_buffer_bytes| {
        config.factors.grouping = Grouping::Hash;
        config.sort_buffer_bytes = *sort_buffer_bytes;
        config.memory_bytes = 4 * *sort_buffer_bytes;
        config.merge_factor = 3;
        config.split_bytes = Some(70_000);
    });
}

#[test]
fn the_output_is_the_same_at_every_split_size() {
    let text = b"one two\nthree\n\nfour four four\r\nfive";
    let scratch = Scratch::with_input(text);
    for split_bytes in (1..9).chain([15, 16, 17, 33, 34, 35]) {
        assert_equivalent(&scratch, text, &MODES, &format!("splits of {split_bytes}"), |config| {
            config.split_bytes = Some(split_bytes);
        });
    }
    assert_equivalent_at(60_000, &[997, 8 << 10, 60_000, u64::MAX], |config, split_bytes| {
        config.split_bytes = Some(*split_bytes);
    });
}

#[test]
fn the_output_has_the_oracles_parts_for_every_number_of_reducers() {
    assert_equivalent_at(30_000, &[1, 2, 7], |config, reducers| {
        config.reducers = *reducers;
        config.split_bytes = Some(11_000);
    });
}

#[test]
fn a_thousand_reducers_work() {
    let text = unruly_text(30_000);
    let scratch = Scratch::with_input(&text);
    for mode in MODES {
        let mut config = scratch.config(mode).reducers(1000);
        (config.split_bytes, config.sort_buffer_bytes) = (Some(15_000), 32 << 10);
        let outcome = scratch.run(&config, |config| word_count().input(scratch.input().as_path()).run(config));
        assert_same_parts(&outcome.parts, &word_count_oracle(&text, 1000), format_args!("{mode:?}"));
    }
}

#[test]
fn the_output_is_the_same_with_any_number_of_workers() {
    assert_equivalent_at(120_000, &[1, 2, 4, 7], |config, workers| {
        config.workers = *workers;
        config.split_bytes = Some(9_000);
        config.sort_buffer_bytes = 32 << 10;
    });
}

#[test]
fn the_output_is_the_same_however_many_merge_passes_there_are() {
    assert_equivalent_at(200_000, &[2, 3, 64], |config, merge_factor| {
        config.merge_factor = *merge_factor;
        config.sort_buffer_bytes = 32 << 10;
        config.split_bytes = Some(40_000);
    });
}

#[test]
fn the_output_is_the_same_with_every_codec() {
    assert_equivalent_at(100_000, &CODECS, |config, compression| {
        config.compression = *compression;
        config.memory_bytes = 128 << 10;
        config.sort_buffer_bytes = 32 << 10;
    });
}

#[test]
fn a_memory_budget_of_1_mib_suffices_for_any_input_and_merge_factor() {
    let text = unruly_text(400_000);
    let scratch = Scratch::with_input(&text);
    assert_equivalent(&scratch, &text, &[Mode::Memory], "1 MiB", |config| {
        config.memory_bytes = 1 << 20;
        config.workers = 4;
        config.merge_factor = 2;
        config.split_bytes = Some(20_000);
    });
}

/// Short words with many repetitions, and now and then any byte.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => Just(b' '), 2 => Just(b'\n'), 12 => b'a'..=b'e', 1 => any::<u8>()];
    (prop::collection::vec(byte, 0..1500), 1usize..60).prop_map(|(bytes, times)| bytes.repeat(times))
}

#[derive(Clone, Debug)]
struct Settings {
    mode: Mode,
    reducers: u32,
    workers: usize,
    memory_bytes: u64,
    sort_buffer_bytes: u64,
    merge_factor: usize,
    splits: u64,
    compression: Compression,
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let scheduling = (prop::sample::select(&MODES[..]), 1u32..9, 1usize..5);
    let budgets = (10u32..24, 10u32..24, 2usize..9);
    (scheduling, budgets, 1u64..16, prop::sample::select(&CODECS[..])).prop_map(
        |((mode, reducers, workers), (memory_log2, sort_buffer_log2, merge_factor), splits, compression)| Settings {
            mode,
            reducers,
            workers,
            memory_bytes: 1 << memory_log2,
            sort_buffer_bytes: 1 << sort_buffer_log2,
            merge_factor,
            splits,
            compression,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_gives_the_oracles_bytes_at_any_settings(text in any_text(), settings in any_settings()) {
        let scratch = Scratch::with_input(&text);
        assert_equivalent(&scratch, &text, &[settings.mode], "random settings", |config| {
            config.reducers = settings.reducers;
            config.workers = settings.workers;
            config.memory_bytes = settings.memory_bytes;
            config.sort_buffer_bytes = settings.sort_buffer_bytes;
            config.merge_factor = settings.merge_factor;
            config.split_bytes = Some((text.len() as u64 / settings.splits).max(1));
            config.compression = settings.compression;
        });
    }
}
