//! Accounts that add up, for every job: the bytes of the process by purpose, and the time of all workers by use.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::Cli;

/// Bytes that a process reads about itself and its machine, and writes into its work directory, whatever the size of the
/// input: files of `/proc`, a few hundred bytes at a time, and the owner of the directory.
const OF_ITS_OWN_BYTES: u64 = 64 << 10;

/// Largest difference of clocks that are read one after another, and of sums of figures that are rounded to microseconds.
const SLACK_SECONDS: f64 = 0.005;

/// Runs every job in each mode, once for all tests, and hands name and report of those in `modes` to `check`. The buffers are so
/// small that they spill.
fn every_job(modes: &[&str], check: impl Fn(&str, &Value)) {
    static RUNS: OnceLock<Vec<(&str, String, Value)>> = OnceLock::new();
    let runs = RUNS.get_or_init(|| {
        let cli = Cli::new();
        let jobs: Value = serde_json::from_str(&cli.succeed("list --json").stdout).unwrap();
        let mut runs = Vec::new();
        for job in jobs.as_array().unwrap() {
            let name = job["name"].as_str().unwrap();
            let Some(input) = cli.generated_input_of(job, "1MB") else { continue };
            for mode in ["disk", "memory", "reference"] {
                let sizes = "--split-size 300k --sort-buffer 64k --merge-factor 3 --workers 2 --reducers 3";
                let files = format!("--input {input} --output output --overwrite --report report.json --quiet");
                cli.succeed(&format!("run {name} --mode {mode} {sizes} {files}"));
                runs.push((mode, format!("{name}, {mode}"), cli.json("report.json")));
            }
        }
        runs
    });
    runs.iter().filter(|(mode, ..)| modes.contains(mode)).for_each(|(_, of, report)| check(of, report));
}

fn bytes(of: &Value) -> u64 {
    of.as_u64().unwrap()
}

/// Bytes read and written for a purpose.
fn io(report: &Value, purpose: &str) -> (u64, u64) {
    let all = report["io_by_purpose"].as_array().unwrap();
    let io = all.iter().find(|io| io["purpose"] == purpose).unwrap();
    (bytes(&io["bytes_read"]), bytes(&io["bytes_written"]))
}

fn tells_bytes(of: &str, report: &Value) {
    let all = report["io_by_purpose"].as_array().unwrap();
    let sum = |key: &str| all.iter().map(|io| bytes(&io[key])).sum::<u64>();
    let process = &report["process_io"];
    for (key, process, other) in [
        ("bytes_read", bytes(&process["rchar"]), io(report, "other").0),
        ("bytes_written", bytes(&process["wchar"]), io(report, "other").1),
    ] {
        assert_eq!(sum(key), process, "{of}: {key} of {report:#}");
        assert!(other <= process / 100 + OF_ITS_OWN_BYTES, "{of}: {key}: {other} of {process} for nothing known");
    }
    assert!(io(report, "input").0 >= bytes(&report["input_bytes"]), "{of}: {all:?}");
    assert!(io(report, "output").1 >= bytes(&report["output"]["bytes"]), "{of}: {all:?}");
    let through_files: u64 = ["spill", "merge", "between_jobs"].iter().map(|purpose| io(report, purpose).1).sum();
    assert_eq!(through_files, bytes(&report["counters"]["FILE_BYTES_WRITTEN"]), "{of}: {all:?}");
    let samples = of.starts_with("sort") || of.starts_with("terasort,");
    assert!(!samples || io(report, "sampling").0 > 100_000, "{of}: {all:?}");
}

fn tells_time(of: &str, report: &Value) {
    let time = report["time"].as_object().unwrap();
    let told: f64 = time.values().flat_map(|part| part.as_object().unwrap().values()).filter_map(Value::as_f64).sum();
    let seconds = |of: &Value| of.as_f64().unwrap();
    let (wall, workers) = (seconds(&report["wall_seconds"]), seconds(&report["workers"]));
    assert!((told - workers * wall).abs() <= told / 100.0 + SLACK_SECONDS, "{of}: {told} s in {wall} s of {workers}");
    let phases = report["phases"].as_array().unwrap();
    let busy: f64 = phases.iter().map(|phase| seconds(&phase["busy_seconds"])).sum();
    let computed: f64 = phases.iter().map(|phase| seconds(&phase["cpu_seconds"])).sum();
    assert!(computed <= busy + SLACK_SECONDS && busy <= told + SLACK_SECONDS, "{of}: {computed} {busy} {told}");
    // From the start of the run to its first task the driver works, and then after the last one.
    let spans = report["driver"].as_array().unwrap();
    let first = spans.iter().take_while(|span| ["prepare", "sample"].contains(&span["phase"].as_str().unwrap()));
    let first_task = report["tasks"].as_array().unwrap().iter().map(|task| seconds(&task["start_seconds"]));
    let (first_task, mut end) = (first_task.fold(f64::INFINITY, f64::min), 0.0);
    for span in first.take_while(|span| seconds(&span["start_seconds"]) < first_task) {
        assert!((seconds(&span["start_seconds"]) - end).abs() <= 0.001, "{of}: a gap at {end}: {spans:?}");
        end = seconds(&span["end_seconds"]);
    }
    assert!(end > 0.0 && end <= first_task + SLACK_SECONDS, "{of}: {end} and {first_task}: {spans:?}");
    assert_eq!(spans.last().unwrap()["phase"], "finish", "{of}: {spans:?}");
}

#[test]
fn the_bytes_of_the_process_are_told_by_purpose() {
    every_job(&["disk", "memory", "reference"], tells_bytes);
}

#[test]
fn all_time_of_all_workers_is_told() {
    every_job(&["disk", "memory"], tells_time);
}

#[test]
fn a_worker_without_a_task_merges_for_the_only_reducer() {
    let cli = Cli::new();
    cli.succeed("gen text --size 18MB --seed 3 --out text");
    let run = |mode: &str, workers: u32, output: &str| {
        let sizes = format!("--split-size 3M --sort-buffer 2M --workers {workers} --reducers 1");
        let files = format!("--input text --output {output} --report report.json --quiet");
        cli.succeed(&format!("run sort --mode {mode} {sizes} {files}"));
        cli.json("report.json")
    };
    for mode in ["disk", "memory"] {
        let report = run(mode, 2, &format!("{mode}-2"));
        tells_bytes(mode, &report);
        tells_time(mode, &report);
        let sum = |of: &Value| of["cpu"].as_object().unwrap().values().filter_map(Value::as_f64).sum::<f64>();
        let own: f64 = report["tasks"].as_array().unwrap().iter().map(|task| sum(&task["time"])).sum();
        let driver = ["prepare", "sample", "commit", "finish"].map(|phase| json!(phase));
        let of_driver = |phase: &&Value| driver.contains(&phase["name"]);
        let phases = report["phases"].as_array().unwrap();
        let of_driver: f64 = phases.iter().filter(of_driver).filter_map(|phase| phase["cpu_seconds"].as_f64()).sum();
        let of_run = sum(&report["time"]) - of_driver;
        assert!(of_run > own + 0.001, "{mode}: {own} s of tasks and {of_run} s in all: {:#}", report["time"]);
        run(mode, 1, &format!("{mode}-1"));
        assert!(cli.output(&format!("{mode}-2")) == cli.output(&format!("{mode}-1")), "{mode}");
    }
}
