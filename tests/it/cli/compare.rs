//! `twinmill compare`: the table and its JSON.

use serde_json::{Value, json};

use super::Cli;

#[test]
fn a_comparison_reports_every_run_and_a_summary_of_each_mode() {
    let cli = Cli::new();
    cli.succeed("gen text --size 100k --out input/text");
    let ended = cli.succeed("compare wordcount --runs 2 --reducers 3 --input input --report report.json");
    let report = cli.json("report.json");
    assert_eq!(report["outputs_identical"], true);
    let runs = report["runs"].as_array().unwrap();
    let modes: Vec<_> = runs.iter().map(|run| run["mode"].as_str().unwrap()).collect();
    assert_eq!(modes.iter().filter(|mode| **mode == "disk").count(), 2, "{modes:?}");
    assert_eq!(modes.iter().filter(|mode| **mode == "memory").count(), 2, "{modes:?}");
    assert_eq!(modes.iter().filter(|mode| **mode == "reference").count(), 2, "{modes:?}");
    assert!(runs.iter().all(|run| run["reducers"] == 3 && run["output"]["digest"] == runs[0]["output"]["digest"]));
    let written = |run: &&Value| run["counters"]["FILE_BYTES_WRITTEN"].as_u64().unwrap() > 0;
    assert!(runs.iter().filter(written).all(|run| run["mode"] == "disk") && runs.iter().filter(written).count() == 2);
    let summary = report["summary"].as_array().unwrap();
    assert_eq!(summary.iter().map(|row| &row["mode"]).collect::<Vec<_>>(), ["disk", "memory", "reference"]);
    for row in summary {
        let times: Vec<_> =
            runs.iter().filter(|run| run["mode"] == row["mode"]).map(|run| &run["wall_seconds"]).collect();
        let number = |name: &str| row[name].as_f64().unwrap();
        assert!(times.contains(&&row["min_seconds"]) && times.contains(&&row["max_seconds"]), "{row}");
        assert!(number("min_seconds") <= number("median_seconds") && number("median_seconds") <= number("max_seconds"));
        assert_eq!(row["ci95_seconds"].as_array().unwrap().len(), 2);
    }
    for row in ["disk", "memory", "reference", "time, median", "map", "sort", "spill", "merge", "shuffle", "reduce"] {
        assert!(ended.stdout.contains(row), "no {row} in:\n{}", ended.stdout);
    }
    assert!(ended.stdout.contains("outputs identical: yes (xxh3:"), "{}", ended.stdout);
    cli.assert_left(&["report.json"]);
}

#[test]
fn a_comparison_may_be_of_some_modes_and_settings() {
    let cli = Cli::new();
    cli.succeed("gen terasort --size 50k --out input/records");
    let settings = "--modes memory,disk --runs 1 --workers 1 --compress lz4 --memory 100k --cold --quiet";
    let ended = cli.succeed(&format!("compare terasort {settings} --input input --report report.json"));
    assert_eq!(ended.stderr, "");
    let report = cli.json("report.json");
    let runs: Vec<_> = report["runs"].as_array().unwrap().iter().map(|run| (&run["mode"], &run["workers"])).collect();
    assert_eq!(runs, [(&json!("memory"), &json!(1)), (&json!("disk"), &json!(1))]);
    assert!(ended.stdout.contains("cold page cache") && !ended.stdout.contains("reference"), "{}", ended.stdout);
    cli.assert_left(&["report.json"]);
}

#[test]
fn a_comparison_passes_the_jobs_options_on() {
    let cli = Cli::with_input("some words\nother words\n");
    let ended = cli.succeed("compare grep --pattern=-?wor[a-z]+ --runs 1 --input input --report report.json --quiet");
    assert!(ended.stdout.contains("outputs identical: yes"), "{}", ended.stdout);
    let report = cli.json("report.json");
    assert!(report["runs"].as_array().unwrap().iter().all(|run| run["output"]["records"] == 1));
}

#[test]
fn intermediates_of_a_comparison_can_be_kept() {
    let cli = Cli::with_input("some words\n".repeat(100));
    let settings = "--modes disk,memory --runs 1 --keep-intermediates --work-dir kept --quiet";
    cli.succeed(&format!("compare wordcount --no-combiner {settings} --input input"));
    let seen: Value = serde_json::from_str(&cli.succeed("inspect kept --json").stdout).unwrap();
    assert_eq!(seen["total"]["records"], 200);
}

#[test]
fn a_reference_cannot_be_compared_without_reducers() {
    let cli = Cli::with_input("a b");
    cli.fail(2, "compare wordcount --reducers 0 --input input").says(&["--reducers 0"]);
    cli.succeed("compare wordcount --reducers 0 --modes disk,memory --runs 1 --input input --quiet");
}
