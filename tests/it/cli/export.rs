//! A comparison as a page, Markdown, CSV and a trace, and all of them from saved reports.
//!
//! The page's drawings are checked in a browser, by `scripts/page-test`.

use std::fs;

use serde_json::{Value, json};

use super::Cli;

const FORMS: &str = "--html r.html --export-markdown r.md --export-csv r.csv --trace r.trace";

impl Cli {
    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.scratch.path(name)).unwrap()
    }
}

/// The reports that a page holds.
fn embedded(page: &str) -> Value {
    let (_, data) = page.split_once("id=\"reports\">").unwrap();
    serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_comparison_is_written_in_every_form() {
    let cli = Cli::with_input("a b a\n".repeat(100));
    cli.succeed(&format!("compare wordcount --input input --runs 2 --quiet --report r.json {FORMS}"));
    let report = cli.json("r.json");
    assert_eq!(embedded(&cli.text("r.html")), json!([report]));
    let markdown = cli.text("r.md");
    assert!(markdown.starts_with("## wordcount: 600 B of input, 2 runs a mode"), "{markdown}");
    assert!(markdown.contains("|  | disk | memory | reference |\n|---|---:|---:|---:|\n"), "{markdown}");
    assert!(markdown.contains("twinmill compare wordcount --input input --runs 2"), "{markdown}");
    let csv = cli.text("r.csv");
    assert_eq!(csv.matches("\r\n").count(), 1 + 6);
    assert!(csv.starts_with("job,variant,mode,round,") && csv.contains("\r\nwordcount,memory,memory,1,"), "{csv}");
    let trace: Value = serde_json::from_str(&cli.text("r.trace")).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let named: Vec<_> = events.iter().filter(|event| event["ph"] == "M").map(|event| &event["args"]["name"]).collect();
    assert!(named[0].as_str().unwrap().starts_with("wordcount disk, round "), "{named:?}");
    let (of_driver, tasks): (Vec<_>, Vec<_>) = events
        .iter()
        .filter(|event| event["ph"] == "X" && event["pid"] == 1)
        .partition(|event| event["cat"] == "driver");
    let middle = report["middle_runs"][0].clone();
    let runs = report["runs"].as_array().unwrap();
    let run = runs.iter().find(|run| run["variant"] == middle[0] && run["round"] == middle[1]).unwrap();
    assert_eq!(tasks.len(), run["tasks"].as_array().unwrap().len());
    assert_eq!(of_driver.len(), run["driver"].as_array().unwrap().len());
    assert_eq!((&of_driver[0]["name"], &of_driver[0]["ts"]), (&json!("prepare"), &json!(0.0)));
    cli.assert_left(&["r.csv", "r.html", "r.json", "r.md", "r.trace"]);
}

#[test]
fn saved_reports_give_the_same_forms_again() {
    let cli = Cli::with_input("a b a\n".repeat(100));
    cli.succeed(&format!("compare wordcount --input input --runs 3 --quiet --report r.json {FORMS}"));
    let forms = ["r.html", "r.md", "r.csv", "r.trace"];
    let before = forms.map(|form| cli.text(form));
    cli.succeed(&format!("report r.json {FORMS}"));
    assert!(forms.map(|form| cli.text(form)) == before, "another page, table or trace");
    cli.succeed("compare sort --input input --runs 1 --quiet --report s.json");
    cli.succeed("report r.json s.json --html both.html");
    assert_eq!(embedded(&cli.text("both.html")), json!([cli.json("r.json"), cli.json("s.json")]));
}

#[test]
fn a_report_alone_is_printed() {
    let cli = Cli::with_input("a b a\n".repeat(100));
    let printed = cli.succeed("compare wordcount --input input --runs 2 --quiet --details --report r.json").stdout;
    assert_eq!(cli.succeed("report r.json").stdout, printed);
    assert!(printed.contains("peak memory") && printed.contains("outputs identical: yes"), "{printed}");
    cli.succeed("run sort --input input --output out --quiet --report s.json");
    let both = cli.succeed("report s.json r.json").stdout;
    assert!(both.contains("sort: 600 B of input") && both.contains("wordcount: 600 B of input"), "{both}");
}

#[test]
fn runs_of_the_same_job_are_put_side_by_side() {
    let cli = Cli::with_input("b a\n".repeat(10));
    for (job, mode) in [("wordcount", "disk"), ("wordcount", "memory"), ("sort", "memory")] {
        let output = format!("--output {job}-{mode} --report {job}-{mode}.json");
        cli.succeed(&format!("run {job} --input input --mode {mode} --quiet {output}"));
    }
    cli.succeed("report wordcount-memory.json sort-memory.json wordcount-disk.json --html r.html");
    let reports = embedded(&cli.text("r.html"));
    let modes = |i: usize| reports[i]["summary"].as_array().unwrap().iter().map(|row| &row["mode"]).collect::<Vec<_>>();
    assert_eq!((&reports[0]["job"], modes(0)), (&json!("wordcount"), vec![&json!("memory"), &json!("disk")]));
    assert_eq!((&reports[1]["job"], modes(1)), (&json!("sort"), vec![&json!("memory")]));
    let sentence = reports[0]["verdict"][0].as_str().unwrap();
    assert!(sentence.ends_with("undecided: fewer than three runs of each do not tell that from noise."), "{sentence}");
}

#[test]
fn what_is_no_report_and_what_cannot_be_written_is_named() {
    let cli = Cli::with_input("a b");
    for text in ["no JSON", "{}", "{\"runs\": [{}]}"] {
        fs::write(cli.scratch.path("input/r.json"), text).unwrap();
        cli.fail(2, "report input/r.json --html r.html").says(&["input/r.json is no report"]);
    }
    cli.fail(1, "report no-such.json --html r.html").says(&["cannot read no-such.json"]);
    cli.fail(1, "compare wordcount --input input --html no/such/page.html").says(&["no/such/page.html"]);
}
