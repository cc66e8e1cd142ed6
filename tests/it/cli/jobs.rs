//! Every job, against its reference and against oracles.

use std::collections::BTreeMap;
use std::fs;

use regex::bytes::Regex;
use serde_json::Value;

use super::Cli;
use crate::harness::{assert_same_bytes, assert_same_parts, read_output};
use crate::sample_jobs::{lines, word_count_oracle};

/// Text of some 200 KB.
fn generate_text(cli: &Cli) -> Vec<u8> {
    cli.succeed("gen text --size 200k --vocabulary 3000 --seed 5 --out input/text");
    fs::read(cli.scratch.path("input/text")).unwrap()
}

#[test]
fn every_listed_job_gives_the_same_parts_on_disk_in_memory_and_without_the_framework() {
    let cli = Cli::new();
    let jobs: Value = serde_json::from_str(&cli.succeed("list --json").stdout).unwrap();
    for job in jobs.as_array().unwrap() {
        let name = job["name"].as_str().unwrap();
        // A test of its own has the jobs that are given no input, or options with it.
        let Some(input) = cli.generated_input_of(job, "150k") else { continue };
        for reducers in [1, 2, 5] {
            let outputs = ["disk", "memory", "reference"].map(|mode| {
                let options = "--split-size 20k --report report.json --output output --overwrite --quiet";
                cli.succeed(&format!("run {name} --mode {mode} --reducers {reducers} --input {input} {options}"));
                (cli.part_names("output"), cli.json("report.json")["output"]["digest"].as_str().unwrap().to_owned())
            });
            assert!(outputs.iter().all(|output| *output == outputs[0]), "{name}, {reducers}: {outputs:?}");
            assert!(cli.json("report.json")["output"]["bytes"].as_u64() > Some(0), "{name}");
        }
    }
}

#[test]
fn a_file_that_ends_within_a_record_fails_terasort_and_its_check_in_every_mode() {
    let cli = Cli::new();
    // Bytes missing at the end of one file are not supplied by the next. Either error may be found first.
    fs::create_dir_all(cli.scratch.path("input")).unwrap();
    fs::create_dir_all(cli.scratch.path("whole")).unwrap();
    fs::write(cli.scratch.path("input/a"), [b'a'; 250]).unwrap();
    fs::write(cli.scratch.path("input/b"), [b'b'; 50]).unwrap();
    fs::write(cli.scratch.path("whole/a"), [b'a'; 300]).unwrap();
    for job in
        ["terasort --input input", "terasort-validate --input input", "terasort-validate --input whole --against input"]
    {
        for mode in ["disk", "memory", "reference"] {
            let ended = cli.fail(1, &format!("run {job} --mode {mode} --max-attempts 1 --output out --quiet"));
            ended.says(&["input/", ": the file ends after 50 bytes of a record of 100 bytes"]);
        }
    }
}

#[test]
fn a_bad_record_where_a_job_looks_ahead_is_the_mappers_to_refuse_or_to_skip() {
    let cli = Cli::new();
    for (job, good, bad, said) in [
        ("pagerank", "1\t2\n5\t6\n", "1\t2\n3 4\n5\t6\n", "'3 4' is no edge"),
        ("components", "1\t2\n5\t6\n", "1\t2\n3 4\n5\t6\n", "'3 4' is no edge"),
        ("kmeans --k 2", "1,2\n3,4\n", "1,2\n1,x\n3,4\n", "'x' is no finite number"),
    ] {
        fs::write(cli.scratch.path("good"), good).unwrap();
        fs::write(cli.scratch.path("bad"), bad).unwrap();
        for mode in ["disk", "memory"] {
            let run = format!("run {job} --mode {mode} --quiet --reducers 2 --overwrite --output out");
            cli.succeed(&format!("{run} --input good"));
            let expected = cli.output("out");
            cli.succeed(&format!("{run} --input bad --skip-bad-records 1"));
            fs::remove_dir_all(cli.scratch.path("out/_skipped")).unwrap();
            assert!(cli.output("out") == expected, "{job} {mode}");
            fs::remove_dir_all(cli.scratch.path("out")).unwrap();
            cli.fail(1, &format!("{run} --input bad")).says(&["task map-00000 attempt 0: ", "bad at offset 4: ", said]);
        }
    }
}

#[test]
fn word_count_counts_words() {
    let cli = Cli::new();
    let text = generate_text(&cli);
    for options in ["--mode disk", "--mode memory", "--mode disk --no-combiner", "--mode memory --no-combiner"] {
        cli.succeed(&format!("run wordcount --reducers 4 {options} --input input --output output --overwrite --quiet"));
        assert_same_parts(&read_output(&cli.scratch.path("output")), &word_count_oracle(&text, 4), options);
    }
}

/// Matches that are not empty, line by line: most frequent first, then in byte order.
fn grep_oracle(text: &[u8], pattern: &str) -> Vec<u8> {
    let pattern = Regex::new(pattern).unwrap();
    let mut counts: BTreeMap<&[u8], i64> = BTreeMap::new();
    for (_, line) in lines(text) {
        let matches = pattern.find_iter(line).filter(|found| !found.is_empty());
        matches.for_each(|found| *counts.entry(found.as_bytes()).or_default() += 1);
    }
    let mut sorted: Vec<_> = counts.into_iter().map(|(found, count)| (-count, found)).collect();
    sorted.sort_unstable();
    sorted.iter().flat_map(|(count, found)| [found, format!("\t{}\n", -count).as_bytes()].concat()).collect()
}

#[test]
fn grep_counts_matches_most_frequent_first() {
    let cli = Cli::new();
    let mut text = generate_text(&cli);
    text.extend_from_slice(b"\xff\0not text\r\nlast line without newline");
    fs::write(cli.scratch.path("input/text"), &text).unwrap();
    for pattern in ["[aeiou]+", "^[a-d][a-z]*", "(?-u)[^a-z]+$", "x*", "never(?i)matches"] {
        let expected = grep_oracle(&text, pattern);
        for settings in
            ["--mode disk --workers 3", "--mode memory --split-size 10k --reducers 7", "--mode disk --reducers 0"]
        {
            let run =
                format!("run grep --pattern {pattern} {settings} --input input --output output --overwrite --quiet");
            cli.succeed(&run);
            assert_same_bytes(&cli.output("output"), &expected, format_args!("{pattern} {settings}"));
        }
    }
}

#[test]
fn sort_gives_the_lines_in_byte_order() {
    let cli = Cli::new();
    let mut text = generate_text(&cli);
    text.extend_from_slice(b"\n\n\xff\xfe\na\0b\na\na\r\nlast line without newline");
    fs::write(cli.scratch.path("input/text"), &text).unwrap();
    let mut sorted: Vec<&[u8]> = lines(&text).map(|(_, line)| line).collect();
    sorted.sort_unstable();
    let expected: Vec<u8> = sorted.iter().flat_map(|line| [line, b"\n".as_slice()].concat()).collect();
    for settings in
        ["--mode disk --reducers 1", "--mode memory --reducers 2", "--mode disk --reducers 5 --split-size 9k"]
    {
        cli.succeed(&format!("run sort {settings} --input input --output output --overwrite --quiet"));
        assert_same_bytes(&cli.output("output"), &expected, settings);
    }
    let parts = read_output(&cli.scratch.path("output"));
    assert!(parts.iter().all(|(_, bytes)| bytes.len() > expected.len() / 20), "the ranges are of about equal weight");
}

#[test]
fn sort_without_a_total_order_sorts_each_part() {
    let cli = Cli::new();
    let text = generate_text(&cli);
    cli.succeed("run sort --total-order false --reducers 3 --input input --output output --quiet");
    let parts = read_output(&cli.scratch.path("output"));
    let sorted = |bytes: &[u8]| lines(bytes).map(|(_, line)| line.to_vec()).collect::<Vec<_>>().is_sorted();
    assert!(parts.len() == 3 && parts.iter().all(|(_, bytes)| sorted(bytes)));
    assert_eq!(parts.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(), text.len());
}

#[test]
fn terasort_sorts_records_stably_and_its_validation_accepts_it() {
    let cli = Cli::new();
    cli.succeed("gen terasort --size 300k --seed 9 --out input/records");
    // Keys that occur twice, so that the order of equal keys can be seen.
    let mut input = fs::read(cli.scratch.path("input/records")).unwrap();
    for i in (0..input.len() / 100).step_by(3) {
        input[100 * i..100 * i + 10].copy_from_slice(format!("KEY{:07}", i % 50).as_bytes());
    }
    fs::write(cli.scratch.path("input/records"), &input).unwrap();
    let mut sorted: Vec<&[u8]> = input.chunks(100).collect();
    sorted.sort_by_key(|record| &record[..10]);
    for settings in
        ["--mode disk --memory 128k --reducers 3", "--mode memory --reducers 1", "--mode memory --split-size 777"]
    {
        cli.succeed(&format!("run terasort {settings} --input input --output sorted --overwrite --quiet"));
        assert_same_bytes(&cli.output("sorted"), &sorted.concat(), settings);
        for mode in ["disk", "memory", "reference"] {
            let against = format!("run terasort-validate --mode {mode} --input sorted --against input --split-size 5k");
            cli.succeed(&format!("{against} --output verdict --overwrite --quiet"));
            let verdict = String::from_utf8(cli.output("verdict")).unwrap();
            let (checksum, records) = verdict.split_once('\n').unwrap();
            assert!(checksum.starts_with("checksum\t") && checksum.len() == 9 + 16, "{verdict}");
            assert_eq!(records, format!("records\t{}\n", input.len() / 100));
        }
    }
}

#[test]
fn terasort_validate_rejects_what_is_not_sorted_or_not_the_same() {
    let cli = Cli::new();
    cli.succeed("gen terasort --size 50k --out input/records");
    cli.succeed("run terasort --reducers 2 --input input --output sorted --quiet");
    let part = cli.scratch.path("sorted/part-r-00000");
    let sorted = fs::read(&part).unwrap();
    let judge = |bytes: &[u8], message: &str| {
        fs::write(&part, bytes).unwrap();
        for mode in ["disk", "memory"] {
            // One record a split: then the order is seen only at the seams.
            for split_size in ["100", "1MiB"] {
                let words = format!(
                    "run terasort-validate --mode {mode} --split-size {split_size} --input sorted --against input"
                );
                cli.fail(1, &format!("{words} --output verdict")).says(&["job terasort-validate: task", message]);
            }
        }
        let words = "run terasort-validate --mode reference --input sorted --against input --output verdict";
        cli.fail(1, words).says(&[message]);
    };
    let mut swapped = sorted.clone();
    swapped[1000..1200].rotate_left(100);
    judge(&swapped, "not sorted");
    let mut changed = sorted.clone();
    changed[1050] ^= 1;
    judge(&changed, "not the same records");
    judge(&sorted[100..], "not the same records");
    judge(&[&sorted[..100], &sorted[..]].concat(), "not the same records");
    let last = sorted.len() - 100;
    judge(&[&sorted[last..], &sorted[..last]].concat(), "not sorted");
}

#[test]
fn real_data_is_counted_grepped_and_sorted_as_oracles_do() {
    let Some(book) = crate::real_data::data("text/kjv.txt") else { return };
    let (cli, text) = (Cli::new(), fs::read(&book).unwrap());
    let book = book.display();
    let mut sorted: Vec<&[u8]> = lines(&text).map(|(_, line)| line).collect();
    sorted.sort_unstable();
    let sorted: Vec<u8> = sorted.iter().flat_map(|line| [line, b"\n".as_slice()].concat()).collect();
    for mode in ["disk", "memory"] {
        let run = |job: &str| {
            cli.succeed(&format!(
                "run {job} --mode {mode} --reducers 3 --input {book} --output output --overwrite --quiet"
            ));
            cli.output("output")
        };
        run("wordcount");
        assert_same_parts(&read_output(&cli.scratch.path("output")), &word_count_oracle(&text, 3), mode);
        assert_same_bytes(&run("grep --pattern [A-Z][a-z]+ing"), &grep_oracle(&text, "[A-Z][a-z]+ing"), mode);
        assert_same_bytes(&run("sort"), &sorted, mode);
    }
}
