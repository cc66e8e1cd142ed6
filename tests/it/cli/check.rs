//! `twinmill check`: the laws of a job's code.

use std::fs;

use serde_json::Value;

use super::{Cli, Ended};

#[test]
fn every_listed_job_keeps_the_laws() {
    let cli = Cli::new();
    let jobs: Value = serde_json::from_str(&cli.succeed("list --json").stdout).unwrap();
    for job in jobs.as_array().unwrap() {
        let name = job["name"].as_str().unwrap();
        let options = if name == "terasort-validate" {
            cli.succeed("gen terasort --records 100 --out records");
            cli.succeed("run terasort --input records --output sorted --reducers 3 --quiet");
            "--input sorted"
        } else if name == "pi" {
            "--maps 3 --samples 500"
        } else {
            ""
        };
        cli.succeed(&format!(
            "check {name} {options} --quick --sample-size 4k --budget 60s --report report.json --quiet"
        ));
        let report = cli.json("report.json");
        assert!(report["broken"].is_null() && report["runs"].as_u64().unwrap() >= 10, "{name}: {report}");
        let fates = report["laws"].as_array().unwrap().iter().map(|tried| tried["fate"].as_str().unwrap());
        assert!(fates.clone().all(|fate| fate != "no-time" && fate != "not-tried"), "{name}: {report}");
    }
}

#[test]
fn a_check_tells_each_law_and_what_it_looked_at() {
    let cli = Cli::with_input("b a b\nc\n".repeat(100));
    let told = cli.succeed("check wordcount --input input --sample-size 100").stdout;
    for what in [
        "runs on the first 24 lines of the input (96 B)",
        "kept       the order of the input's lines makes no difference (2 pairs of runs)",
        "kept       a combiner may be called any number of times, or never (18 pairs of runs)",
        "kept       the job gives the same bytes as its reference (3 pairs of runs)",
    ] {
        assert!(told.contains(what), "no {what:?} in {told}");
    }
    let told = cli.succeed("check wordcount --no-combiner --input input").stdout;
    assert!(told.contains("not tried  a combiner may be called any number of times, or never: nothing"), "{told}");
    assert_eq!(cli.succeed("check wordcount --input input --quiet").stdout, "");
    cli.assert_left(&[]);
}

/// Sums numbers by key.
const SUM: &str = "awk '{n[$1] += $2} END {for (k in n) printf \"%s\\t%.17g\\n\", k, n[k] | \"sort\"}'";

#[test]
fn a_combiner_that_fails_is_told_with_its_error() {
    let cli = Cli::with_input("b 1\na 1\nb 1\n");
    for combiner in ["sh nosuch.sh", "awk '/^b/ {exit 3} {print}'"] {
        let mut command = cli.command("check");
        command.args(["stream", "-input", "input", "-mapper", "awk '{print $1 \"\\t\" $2}'", "-reducer", SUM]);
        command.args(["-combiner", combiner, "--quick", "--budget", "5s"]);
        let ended = Ended::of(combiner, command.output().unwrap());
        assert_eq!(ended.status, Some(1), "{combiner}: {}", ended.stderr);
        let told = ended.stdout.replace(['\n', ' '], "");
        let gone = "nolinerepeatsthistaskalone:itsinputwasasample";
        for what in ["BROKENacombinermaybecalled", "itfails:", "thecombiner`", "subprocessfailedwithcode", gone] {
            assert!(told.contains(what), "{combiner}: no {what:?} in {}", ended.stdout);
        }
    }
}

#[test]
fn a_reducer_that_trusts_the_order_of_values_is_found_with_its_key() {
    let input: String = (1..=9).map(|n| format!("k{} v{n}\n", n % 2)).collect();
    let cli = Cli::with_input(input);
    let check = |reducer: &str, words: &[&str]| {
        let mut command = cli.command("check");
        command.args(["stream", "-input", "input", "-reducer", reducer, "--quick", "--budget", "60s"]).args(words);
        Ended::of(reducer, command.output().unwrap())
    };
    let mapper = ["-mapper", "awk '{print $1 \"\\t\" $2}'"];
    let ended = check("awk '$1 != last {print} {last = $1}'", &mapper);
    assert_eq!(ended.status, Some(1), "{}", ended.stdout);
    for what in ["BROKEN     the order of the input's lines", "The key is k"] {
        assert!(ended.stdout.contains(what), "no {what:?} in {}", ended.stdout);
    }
    let ended = check("cat", &mapper);
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("kept       the order of the input's lines"), "{}", ended.stdout);
    // Offsets say where lines lie.
    let ended = check("cat", &[]);
    assert_eq!(ended.status, Some(0), "{}", ended.stdout);
    assert!(ended.stdout.contains("not tried  the order of the input's lines"), "{}", ended.stdout);
}

#[test]
fn sums_of_floats_that_are_rounded_otherwise_break_no_law() {
    let input: String = (1..=60).map(|i| format!("k {:.2}\n", 0.37 * f64::from(i) + 0.1)).collect();
    let cli = Cli::with_input(input);
    let mut command = cli.command("check");
    command.args(["stream", "-input", "input", "-mapper", "awk '{print $1 \"\\t\" $2}'", "-reducer", SUM]);
    command.args(["-combiner", SUM, "--quick", "--budget", "60s", "--report", "r.json"]);
    let ended = Ended::of("floats", command.output().unwrap());
    assert_eq!(ended.status, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("Numbers differ by rounding alone"), "{}", ended.stdout);
    assert!(cli.json("r.json")["rounding"]["lines"][0].as_str().unwrap().starts_with("k\t"));
}

#[test]
fn a_check_of_a_wrong_input_fails_as_a_run_does_and_leaves_nothing() {
    let cli = Cli::with_input("1\t2\n3 4\n");
    cli.fail(1, "check components --input input").says(&["at offset 4: ", "'3 4' is no edge"]);
    cli.fail(2, "check wordcuont").says(&["unknown job 'wordcuont'"]);
    cli.fail(2, "check wordcount --budget 0s");
    cli.fail(2, "check wordcount --input input --report input/data.txt").says(&["--report"]);
    assert_eq!(fs::read(cli.scratch.path("input/data.txt")).unwrap(), b"1\t2\n3 4\n");
}
