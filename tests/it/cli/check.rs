//! `twinmill check`: the laws of a job's code.

use std::fs;

use serde_json::Value;

use super::Cli;

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

#[test]
fn a_check_of_a_wrong_input_fails_as_a_run_does_and_leaves_nothing() {
    let cli = Cli::with_input("1\t2\n3 4\n");
    cli.fail(1, "check components --input input").says(&["at offset 4: ", "'3 4' is no edge"]);
    cli.fail(2, "check wordcuont").says(&["unknown job 'wordcuont'"]);
    cli.fail(2, "check wordcount --budget 0s");
    cli.fail(2, "check wordcount --input input --report input/data.txt").says(&["--report"]);
    assert_eq!(fs::read(cli.scratch.path("input/data.txt")).unwrap(), b"1\t2\n3 4\n");
}
