//! `twinmill run`: one job, its output, its report.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::Cli;
use crate::harness::{assert_same_parts, read_output, run_files};
use crate::sample_jobs::{counts, word_count_oracle};

fn some_text() -> String {
    (0..5_000u32).map(|i| format!("word{} and word{}\n", i % 700, i.wrapping_mul(40_503) % 1_300)).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Whether `value` has the shape of `contract`: the same keys of the same types; every item of a list like the first.
fn assert_shaped(value: &Value, contract: &Value, at: &str) {
    match contract {
        Value::Object(members) => {
            for (key, contract) in members {
                let value = value.get(key).unwrap_or_else(|| panic!("{at} has no {key}"));
                assert_shaped(value, contract, &format!("{at}.{key}"));
            }
        }
        Value::Array(items) => {
            let values = value.as_array().unwrap_or_else(|| panic!("{at} is {value}"));
            for value in values {
                assert_shaped(value, &items[0], &format!("{at}[]"));
            }
        }
        Value::Number(number) if number.is_u64() => assert!(value.is_u64(), "{at} is {value}"),
        Value::Number(_) => assert!(value.is_f64(), "{at} is {value}"),
        Value::String(choices) if choices.contains('|') => {
            let value = value.as_str().unwrap_or_else(|| panic!("{at} is {value}"));
            assert!(choices.split('|').any(|choice| choice == value), "{at} is {value}");
        }
        Value::String(_) => assert!(value.is_string(), "{at} is {value}"),
        Value::Bool(_) => assert!(value.is_boolean(), "{at} is {value}"),
        Value::Null => {}
    }
}

/// The report of the contract, a value for each type.
fn contract() -> Value {
    json!({
        "schema": 1, "job": "", "mode": "disk|memory|reference",
        "factors": {"map_output": "disk|memory", "between_jobs": "disk|memory", "invariant": "reread|cached",
            "grouping": "sort|hash"},
        "workers": 2, "reducers": 2, "input_bytes": 0, "wall_seconds": 0.0, "cpu_seconds": 0.0, "peak_rss_bytes": 0,
        "counters": {"MAP_INPUT_RECORDS": 0, "MAP_OUTPUT_RECORDS": 0, "MAP_OUTPUT_BYTES": 0,
            "MAP_OUTPUT_MATERIALIZED_BYTES": 0, "COMBINE_INPUT_RECORDS": 0, "COMBINE_OUTPUT_RECORDS": 0,
            "SPILLED_RECORDS": 0, "MERGED_MAP_OUTPUTS": 0, "REDUCE_SHUFFLE_BYTES": 0, "REDUCE_INPUT_GROUPS": 0,
            "REDUCE_INPUT_RECORDS": 0, "REDUCE_OUTPUT_RECORDS": 0, "FILE_BYTES_READ": 0, "FILE_BYTES_WRITTEN": 0},
        "user_counters": {},
        "process_io": {"rchar": 0, "wchar": 0, "read_bytes": 0, "write_bytes": 0},
        "phases": [{"name": "prepare|sample|map|sort|spill|merge|shuffle|reduce|commit|finish", "wall_seconds": 0.0, "busy_seconds": 0.0,
            "bytes": 0}],
        "iterations": [{"index": 0, "wall_seconds": 0.0}],
        "tasks": [{"id": "", "attempt": 0, "outcome": "succeeded|failed|killed", "start_seconds": 0.0,
            "end_seconds": 0.0, "records": 0, "bytes": 0}],
        "machine": {"cpus": 2, "cpu_model": "", "memory_bytes": 0, "filesystem": "", "kernel": ""},
        "output": {"path": "", "records": 0, "bytes": 0, "digest": ""},
    })
}

#[test]
fn the_report_has_the_contracts_keys_and_types() {
    let cli = Cli::with_input(some_text());
    for mode in ["disk", "memory"] {
        cli.succeed(&format!("run wordcount --mode {mode} --input input --output {mode} --report {mode}.json"));
        let report = cli.json(&format!("{mode}.json"));
        assert_shaped(&report, &contract(), mode);
        assert_eq!(
            (&report["schema"], &report["job"], &report["mode"]),
            (&json!(1), &json!("wordcount"), &json!(mode))
        );
        let invariant = if mode == "disk" { "reread" } else { "cached" };
        let factors = json!({"map_output": mode, "between_jobs": mode, "invariant": invariant, "grouping": "sort"});
        assert_eq!(report["factors"], factors);
        assert_eq!(report["phases"].as_array().unwrap().len(), 10);
        assert_eq!(report["input_bytes"], some_text().len());
        let output = cli.output(mode);
        assert_eq!(report["output"]["path"], mode);
        assert_eq!(report["output"]["records"], counts(some_text().as_bytes()).len());
        assert_eq!(report["output"]["bytes"], output.len());
        assert_eq!(report["output"]["digest"], format!("xxh3:{:016x}", xxh3_64(&output)));
    }
    cli.assert_left(&["disk", "disk.json", "memory", "memory.json"]);
}

#[test]
fn the_report_of_a_reference_has_the_same_keys() {
    let cli = Cli::with_input(some_text());
    cli.succeed("run wordcount --mode reference --input input --output output --report report.json");
    let report = cli.json("report.json");
    let mut contract = contract();
    contract["factors"] = Value::Null;
    assert_shaped(&report, &contract, "reference");
    let mut expected = keys(&contract);
    expected.extend(["bounds", "cpu_system_seconds", "durability", "evicted_parts", "extra_work", "input_file_bytes"]);
    expected.extend(["io_by_purpose", "peak_reserved_bytes", "recoveries", "time"]);
    expected.sort_unstable();
    let mut actual = keys(&report);
    actual.sort_unstable();
    assert_eq!(actual, expected);
    assert_eq!((&report["factors"], &report["workers"]), (&Value::Null, &json!(1)));
    assert_eq!(report["output"]["digest"], format!("xxh3:{:016x}", xxh3_64(&cli.output("output"))));
}

#[test]
fn settings_reach_the_job() {
    let cli = Cli::with_input(some_text());
    let settings = "--mode disk --between-jobs memory --reducers 5 --workers 3 --memory 2MiB --sort-buffer 64k \
                    --merge-factor 2 --split-size 20k --compress zstd --no-combiner";
    cli.succeed(&format!("run wordcount {settings} --input input --output output --report report.json"));
    let (report, text) = (cli.json("report.json"), some_text());
    assert_eq!((&report["workers"], &report["reducers"]), (&json!(3), &json!(5)));
    assert_eq!(
        (&report["factors"]["map_output"], &report["factors"]["between_jobs"]),
        (&json!("disk"), &json!("memory"))
    );
    let counters = &report["counters"];
    assert_eq!(counters["COMBINE_INPUT_RECORDS"], 0);
    assert_eq!(counters["MERGED_MAP_OUTPUTS"], 5 * text.len().div_ceil(20 << 10));
    assert!(counters["SPILLED_RECORDS"].as_u64() > counters["MAP_OUTPUT_RECORDS"].as_u64());
    let parts = read_output(&cli.scratch.path("output"));
    assert_same_parts(&parts, &word_count_oracle(text.as_bytes(), 5), "settings");
}

#[test]
fn outputs_are_byte_identical_at_the_settings_of_the_issue() {
    let text = some_text();
    let cli = Cli::with_input(&text);
    let expected = word_count_oracle(text.as_bytes(), 2);
    let mut settings = vec!["--memory 1MiB --mode memory".to_owned(), "--memory 1MiB --mode disk --cold".to_owned()];
    for mode in ["disk", "memory"] {
        settings.extend([1, 2, 4, 7].map(|workers| format!("--mode {mode} --workers {workers}")));
        settings.extend(["64KiB", "1MiB", "1GiB"].map(|size| format!("--mode {mode} --sort-buffer {size}")));
        settings.extend(["none", "lz4", "zstd"].map(|codec| format!("--mode {mode} --compress {codec} --memory 100k")));
        settings.push(format!("--mode {mode} --merge-factor 2 --sort-buffer 32k --no-combiner"));
    }
    for settings in settings {
        cli.succeed(&format!(
            "run wordcount --reducers 2 --input input --output output --overwrite --quiet {settings}"
        ));
        let parts = read_output(&cli.scratch.path("output"));
        assert_same_parts(&parts, &expected, settings);
    }
    cli.assert_left(&["output"]);
}

#[test]
fn memory_mode_writes_no_intermediate_file_while_the_budget_holds() {
    let cli = Cli::with_input(some_text());
    cli.succeed("run wordcount --no-combiner --input input --output output --report report.json");
    let report = cli.json("report.json");
    let counters = &report["counters"];
    assert_eq!((&counters["FILE_BYTES_WRITTEN"], &counters["FILE_BYTES_READ"]), (&json!(0), &json!(0)));
    assert_eq!(counters["SPILLED_RECORDS"], 0);
    // Output and report are written after the last look at the counters, or are counted here.
    let written = report["process_io"]["wchar"].as_u64().unwrap();
    assert!(written < 2 * report["output"]["bytes"].as_u64().unwrap() + 4096, "{written}");
}

#[test]
fn intermediates_that_are_kept_can_be_inspected() {
    let cli = Cli::with_input(some_text());
    for options in ["--no-combiner", "--no-combiner --compress lz4", "--sort-buffer 64k --split-size 30k"] {
        let run = "run wordcount --mode disk --keep-intermediates --input input --output output --overwrite";
        cli.succeed(&format!("{run} --work-dir kept {options} --report report.json"));
        let counters = &cli.json("report.json")["counters"];
        let seen: Value = serde_json::from_str(&cli.succeed("inspect kept --json").stdout).unwrap();
        assert_eq!(seen["total"]["records"], counters["REDUCE_INPUT_RECORDS"], "{options}");
        assert_eq!(seen["total"]["stored_bytes"], counters["MAP_OUTPUT_MATERIALIZED_BYTES"], "{options}");
        assert_eq!(seen["total"]["damaged_files"], 0);
        let files = seen["files"].as_array().unwrap();
        assert_eq!(files.len() as u64 * 2, counters["MERGED_MAP_OUTPUTS"].as_u64().unwrap(), "two reducers");
        let sum: u64 = files.iter().map(|file| file["records"].as_u64().unwrap()).sum();
        assert_eq!(sum, counters["REDUCE_INPUT_RECORDS"].as_u64().unwrap());
        fs::remove_dir_all(cli.scratch.path("kept")).unwrap();
    }
}

#[test]
fn a_damaged_intermediate_is_found_by_inspect() {
    let cli = Cli::with_input(some_text());
    cli.succeed("run wordcount --mode disk --keep-intermediates --work-dir kept --input input --output output");
    let files = run_files(&cli.scratch.path("kept"));
    let mut bytes = fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&files[0], bytes).unwrap();
    let ended = cli.run("inspect kept --json");
    assert_eq!(ended.status, Some(1));
    let name = files[0].file_name().unwrap().to_str().unwrap();
    ended.says(&["damaged run kept/", name, "block checksum", "1 file cannot be read"]);
    let seen: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&seen["total"]["damaged_files"], &seen["total"]["files"]), (&json!(1), &json!(files.len() - 1)));
}

#[test]
fn without_an_output_the_first_lines_are_shown_and_nothing_is_kept() {
    let cli = Cli::with_input(some_text());
    let ended = cli.succeed("run sort --reducers 1 --input input");
    let text = some_text();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), lines[..10]);
    cli.assert_left(&[]);
}

#[test]
fn progress_and_summary_are_plain_lines_and_quiet_has_none() {
    let cli = Cli::with_input(some_text());
    let ended = cli.succeed("run wordcount --mode disk --input input --output loud");
    assert_eq!(ended.stdout, "");
    ended.says(&["wordcount (disk): "]);
    assert!(!ended.stderr.contains('\r') && !ended.stderr.contains('\x1b'), "{}", ended.stderr);
    let ended = cli.succeed("run wordcount --mode disk --input input --output quiet --quiet");
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
}

#[test]
fn overwriting_is_done_on_request_only() {
    let cli = Cli::with_input("a b a");
    cli.succeed("run wordcount --reducers 3 --input input --output output --quiet");
    cli.fail(1, "run wordcount --reducers 1 --input input --output output --quiet");
    cli.succeed("run wordcount --reducers 1 --input input --output output --quiet --overwrite");
    assert_eq!(read_output(&cli.scratch.path("output")), word_count_oracle(b"a b a", 1));
}

#[test]
fn a_reader_that_closes_the_output_is_no_error() {
    let cli = Cli::with_input(some_text());
    for words in ["run wordcount --input input --quiet", "list", "gen text --size 1MiB --out -"] {
        let mut child = cli.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{words}");
    }
    cli.assert_left(&[]);
}

#[test]
fn without_an_input_a_generated_one_is_kept_in_the_cache_and_found_again() {
    let cli = Cli::new();
    cli.succeed("run terasort-validate --output first").says(&["no --input: generating 1 record of terasort in"]);
    let files = || fs::read_dir(cli.scratch.path("cache/twinmill")).unwrap().map(|file| file.unwrap().path());
    let made: Vec<_> = files().map(|path| (fs::metadata(&path).unwrap().modified().unwrap(), path)).collect();
    assert_eq!(made.len(), 1);
    cli.succeed("run terasort-validate --mode disk --output second")
        .says(&["no --input: reading 1 record of terasort in"]);
    let found: Vec<_> = files().map(|path| (fs::metadata(&path).unwrap().modified().unwrap(), path)).collect();
    assert_eq!(found, made);
    assert_eq!(cli.output("first"), cli.output("second"));
}

#[test]
fn inputs_may_be_many_and_compressed() {
    let cli = Cli::new();
    cli.scratch.write("b.txt", "b a\n");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"c a\n").unwrap();
    cli.scratch.write("dir/c.gz", encoder.finish().unwrap());
    for mode in ["disk", "memory", "reference"] {
        let inputs = "--input input/b.txt --input input/dir --input input/b.txt";
        cli.succeed(&format!("run wordcount --reducers 1 --mode {mode} {inputs} --output {mode}"));
        assert_eq!(String::from_utf8(cli.output(mode)).unwrap(), "a\t3\nb\t2\nc\t1\n");
    }
}

#[test]
fn progress_is_told_as_it_happens() {
    let cli = Cli::with_input(some_text());
    let words = "run wordcount --input input --output output --inject map:0:slow=4s";
    let mut child = cli.command(words).stderr(Stdio::piped()).spawn().unwrap();
    let first = BufReader::new(child.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(first.contains(" s: wordcount map, 1 of 2 tasks done, "), "{first}");
    child.wait().unwrap();
}

#[test]
fn a_run_without_an_output_shows_what_people_want_to_see_of_it() {
    let cli = Cli::new();
    cli.scratch.write("graph", "a\tb\nc\tb\nb\ta\nx\ty\n");
    cli.scratch.write("points", "1,1\n1,2\n9,9\n");
    cli.scratch.write("labels", "1,2\n0,-2\n");
    cli.scratch.write("text", "b a\nb c b\n");
    let shown = |words: &str| cli.succeed(&format!("run {words} --quiet")).stdout;
    for mode in ["disk", "memory", "reference"] {
        let ranks = shown(&format!("pagerank --input input/graph --iterations 20 --mode {mode}"));
        let nodes: Vec<_> = ranks.lines().skip(2).map(|line| line.split_whitespace().next().unwrap()).collect();
        assert!(ranks.starts_with("5 nodes, highest rank first:\nnode      rank\n"), "{ranks}");
        assert_eq!(nodes, ["b", "a", "y", "c", "x"], "{ranks}");
        let components = shown(&format!("components --input input/graph --mode {mode}"));
        assert_eq!(
            components,
            "2 components of 5 nodes:\nsmallest id   nodes\na                 3\nx                 2\n"
        );
        let clusters = shown(&format!("kmeans --k 2 --input input/points --mode {mode}"));
        assert!(clusters.starts_with("2 clusters:\ncluster   points"), "{clusters}");
        assert!(clusters.contains("9  9"), "{clusters}");
        let weights = shown(&format!("logreg --input input/labels --mode {mode}"));
        assert!(weights.starts_with("2 weights, the intercept first:\nfeature"), "{weights}");
        assert!(weights.contains("\nintercept"), "{weights}");
        let words = shown(&format!("wordcount --input input/text --mode {mode}"));
        assert_eq!(words, "3 words, highest count first:\nword   count\nb          3\na          1\nc          1\n");
    }
}
