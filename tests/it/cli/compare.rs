//! `twinmill compare`: the table and its JSON.

use std::fs;

use serde_json::{Value, json};

use super::Cli;

#[test]
fn a_comparison_reports_every_run_and_a_summary_of_each_mode() {
    let cli = Cli::new();
    cli.succeed("gen text --size 100k --out input/text");
    let ended = cli.succeed("compare wordcount --runs 2 --reducers 3 --input input --details --report report.json");
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
    let ended = cli.succeed(&format!("compare terasort {settings} --input input --details --report report.json"));
    assert_eq!(ended.stderr, "");
    let report = cli.json("report.json");
    let runs: Vec<_> = report["runs"].as_array().unwrap().iter().map(|run| (&run["mode"], &run["workers"])).collect();
    assert_eq!(runs.len(), 2);
    assert!(runs.contains(&(&json!("memory"), &json!(1))) && runs.contains(&(&json!("disk"), &json!(1))), "{runs:?}");
    let head = |line: &str| line.split_whitespace().eq(["memory", "disk"]);
    assert!(ended.stdout.lines().any(head), "{}", ended.stdout);
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
fn a_comparison_shows_what_a_lost_map_task_and_a_damaged_map_output_cost_in_each_mode() {
    let cli = Cli::new();
    cli.succeed("gen text --size 300k --out input/text");
    let faults = "--inject map:1:panic --inject run:2:flip";
    let files = "--report report.json --export-csv runs.csv --export-markdown table.md";
    let ended = cli.succeed(&format!("compare wordcount --runs 1 --input input {faults} {files} --details --quiet"));
    assert!(ended.stdout.contains("outputs identical: yes"), "{}", ended.stdout);
    let cells = |label: &str| {
        let row = ended.stdout.lines().find_map(|line| line.trim_start().strip_prefix(label));
        let row = row.unwrap_or_else(|| panic!("no {label} in:\n{}", ended.stdout));
        row.split("   ").filter(|cell| !cell.is_empty()).map(str::trim).map(str::to_owned).collect::<Vec<_>>()
    };
    for label in ["attempts tried again", "map outputs made again"] {
        let [disk, spared_disk, memory, spared_memory, reference] = &cells(label)[..] else {
            panic!("{label}: {:?}", cells(label))
        };
        assert!([disk, memory].iter().all(|cell| cell.starts_with("1, ") && cell.ends_with('s')), "{disk}, {memory}");
        assert_eq!([spared_disk, spared_memory, reference], ["0", "0", "–"]);
    }
    let report = cli.json("report.json");
    let runs = || report["runs"].as_array().unwrap().iter().filter(|run| run["mode"] != "reference");
    let maps = |run: &Value| {
        let tasks =
            run["tasks"].as_array().unwrap().iter().filter(|task| task["id"].as_str().unwrap().starts_with("map-"));
        tasks.filter(|task| task["attempt"] == 0).count()
    };
    assert!(runs().all(|run| maps(run) == 3), "the faults name task 2, so all have three tasks");
    let is_spared = |run: &Value| run["variant"].as_str().unwrap().ends_with(" without faults");
    assert!(runs().filter(|run| is_spared(run)).all(|run| run["recoveries"].as_array().unwrap().is_empty()));
    for run in runs().filter(|run| !is_spared(run)) {
        let of_kind = |kind| run["recoveries"].as_array().unwrap().iter().filter(move |r| r["kind"] == kind);
        assert_eq!(of_kind("retry").map(|r| &r["task"]).collect::<Vec<_>>(), ["map-00001"]);
        assert_eq!(of_kind("rerun").map(|r| &r["task"]).collect::<Vec<_>>(), ["map-00002"]);
        assert!(of_kind("restart").count() >= 1, "{}", run["recoveries"]);
        let mode = run["mode"].as_str().unwrap();
        let said = [
            format!("In {mode} the cost of the failures is undecided: "),
            ": 1 attempt tried again, 1 map output made again, ".into(),
        ];
        assert!(said.iter().all(|words| ended.stdout.contains(words)), "{}", ended.stdout);
    }
    let csv = fs::read_to_string(cli.scratch.path("runs.csv")).unwrap();
    assert!(csv.lines().next().unwrap().contains(",recoveries,recovery_seconds_lost,"), "{csv}");
    let table = fs::read_to_string(cli.scratch.path("table.md")).unwrap();
    assert!(table.contains("| · map outputs made again | 1, "), "{table}");
    cli.assert_left(&["report.json", "runs.csv", "table.md"]);
}

#[test]
fn an_emulated_disk_is_named_in_every_output() {
    let cli = Cli::with_input("some words and some more\n".repeat(1000));
    let label = "emulated disk (50 MB/s, 1 ms a seek)";
    let ended = cli.succeed("run wordcount --input input --disk-profile 50MB,1ms --output out --report run.json");
    ended.says(&[label]);
    assert_eq!(cli.json("run.json")["disk_profile"]["emulated"], true);
    let files =
        "--report report.json --html page.html --export-markdown table.md --export-csv runs.csv --trace trace.json";
    let ended = cli.succeed(&format!("compare wordcount --input input --disk-profile 50MB,1ms --runs 1 {files}"));
    let heading = ended.stdout.lines().find(|line| line.starts_with("wordcount: ")).unwrap();
    assert!(heading.ends_with(label), "{}", ended.stdout);
    assert_eq!(cli.json("report.json")["emulated_disk"], label);
    for file in ["page.html", "table.md", "trace.json"] {
        assert!(fs::read_to_string(cli.scratch.path(file)).unwrap().contains(label), "{file}");
    }
    let csv = fs::read_to_string(cli.scratch.path("runs.csv")).unwrap();
    assert!(csv.contains(",disk_profile,") && csv.contains(",\"50MB,1ms\","), "{csv}");
    cli.fail(2, "run wordcount --input input --output other --disk-profile floppy").says(&["'floppy' is no disk"]);
}

#[test]
fn a_fault_at_a_task_that_is_not_there_is_refused() {
    let cli = Cli::with_input("some words\n");
    for command in ["run wordcount --mode memory --output out", "compare wordcount --runs 1"] {
        let ended = cli.fail(2, &format!("{command} --split-size 1MiB --inject run:2:flip --input input --quiet"));
        ended.says(&["--inject run:2:flip: job wordcount has only map task 0"]);
    }
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

/// Variants in the order in which they ran.
fn order(report: &Value) -> Vec<(u64, &str)> {
    let of = |run: &Value| (run["round"].as_u64().unwrap(), run["variant"].as_str().unwrap().to_owned());
    report["runs"].as_array().unwrap().iter().map(of).map(|(round, name)| (round, name.leak() as &str)).collect()
}

#[test]
fn rounds_run_in_the_recorded_order_of_the_seed() {
    let cli = Cli::with_input("a b a");
    let compare = |seed: u32, name: &str| {
        let settings = format!("--runs 6 --warmup 0 --seed {seed} --quiet --report {name}");
        cli.succeed(&format!("compare wordcount --input input {settings}"));
        cli.json(name)
    };
    let (first, again, other) = (compare(1, "1.json"), compare(1, "2.json"), compare(2, "3.json"));
    assert_eq!(order(&first), order(&again));
    assert_ne!(order(&first), order(&other));
    for report in [&first, &other] {
        let planned = report["plan"]["order"].as_array().unwrap().iter().zip(0u64..);
        let planned =
            planned.flat_map(|(names, i)| names.as_array().unwrap().iter().map(move |n| (i, n.as_str().unwrap())));
        assert_eq!(order(report), planned.collect::<Vec<_>>());
        assert_eq!(report["warmups"], json!([]));
    }
}

#[test]
fn a_mode_can_be_compared_with_itself() {
    let cli = Cli::with_input("a b a");
    let settings = "--modes memory,memory --runs 3 --warmup 2 --quiet --report r.json";
    let ended = cli.succeed(&format!("compare wordcount --input input {settings}"));
    assert!(ended.stdout.contains("memory (2)"), "{}", ended.stdout);
    let report = cli.json("r.json");
    assert_eq!(report["warmups"].as_array().unwrap().len(), 4);
    assert_eq!(
        (&report["summary"][1]["mode"], &report["summary"][1]["variant"]),
        (&json!("memory"), &json!("memory (2)"))
    );
    let ratio = &report["ratios"][0];
    assert!(ratio["value"].as_f64().unwrap() >= 1.0 && ratio["rounds"] == 3, "{ratio}");
    let (low, high) = (ratio["ci95"][0].as_f64().unwrap(), ratio["ci95"][1].as_f64().unwrap());
    assert!(low <= ratio["value"].as_f64().unwrap() && high >= ratio["value"].as_f64().unwrap());
    assert_eq!(report["verdict"].as_array().unwrap().len(), 1);
}

#[test]
fn rounds_are_made_until_all_is_settled_or_the_time_is_spent_and_go_on_when_continued() {
    let cli = Cli::with_input("a b a");
    let compare =
        "compare wordcount --input input --modes disk,memory --warmup 0 --quiet --report r.json --budget 50ms";
    let ended = cli.succeed(compare);
    let report = cli.json("r.json");
    let rounds = report["settings"]["rounds"].as_u64().unwrap();
    assert!((3..=100).contains(&rounds) && report["runs"].as_array().unwrap().len() as u64 == 2 * rounds);
    assert_eq!(report["plan"]["order"].as_array().unwrap().len() as u64, rounds);
    let verdict = &report["verdicts"][0];
    let (low, high) = (verdict["interval"][0].as_f64().unwrap(), verdict["interval"][1].as_f64().unwrap());
    let kind = match (low > 1.0 || high < 1.0, low >= 1.0 / 1.05 && high <= 1.05) {
        (true, _) => "different",
        (false, true) => "equivalent",
        (false, false) => "undecided",
    };
    assert_eq!((&verdict["a"], &verdict["b"], &verdict["kind"]), (&json!("disk"), &json!("memory"), &json!(kind)));
    assert_eq!((&verdict["coverage"], &verdict["rounds"]), (&json!(0.99), &json!(rounds)));
    assert_eq!(kind == "undecided", ended.stdout.contains("Undecided between "), "{}", ended.stdout);
    let noise = &report["noise"];
    for name in ["load_average", "steal_percent", "smallest_detectable_percent", "other_processors"] {
        assert!(noise[name].is_number(), "{name}: {noise}");
    }
    assert!(noise["busy"].is_boolean() && noise.get("pressure_cpu").is_some() && noise.get("pressure_io").is_some());
    cli.succeed(&format!("{compare} --continue --runs {}", rounds + 2));
    let continued = cli.json("r.json");
    assert_eq!(continued["runs"].as_array().unwrap().len() as u64, 2 * rounds + 4);
    assert_eq!(continued["settings"]["looks"], "after_each_round", "the intervals allow for the looks before");
    assert!(continued["noise"]["watched_seconds"].as_f64() > noise["watched_seconds"].as_f64());
}

#[test]
fn an_interrupted_comparison_is_continued() {
    let cli = Cli::with_input("a b a");
    let compare = "compare wordcount --input input --warmup 0 --quiet --report r.json --continue";
    cli.succeed(&format!("{compare} --runs 4")).says(&["r.json: nothing to continue yet"]);
    let whole = cli.json("r.json");
    let mut cut = whole.clone();
    cut["runs"].as_array_mut().unwrap().truncate(5);
    std::fs::write(cli.scratch.path("r.json"), cut.to_string()).unwrap();
    cli.succeed(&format!("{compare} --runs 4"));
    let continued = cli.json("r.json");
    assert_eq!(continued["runs"].as_array().unwrap()[..5], whole["runs"].as_array().unwrap()[..5]);
    assert_eq!(order(&continued), order(&whole));
    cli.succeed(&format!("{compare} --runs 5"));
    assert_eq!(order(&cli.json("r.json"))[..12], order(&whole));
    assert_eq!(cli.json("r.json")["runs"].as_array().unwrap().len(), 15);
}

#[test]
fn a_comparison_with_other_settings_is_not_continued() {
    let cli = Cli::with_input("a b a");
    let compare = "compare wordcount --input input --warmup 0 --runs 1 --quiet --report r.json";
    cli.succeed(compare);
    for (settings, message) in [
        ("--seed 9", "cannot continue: seed was 1 and is 9 now"),
        ("--reducers 7", "options was [] and is [\"--reducers=7\"] now"),
        ("--no-combiner", "options was [] and is [\"--no-combiner\"] now"),
        ("--memory 1MiB", "memory_bytes was"),
        ("--cold", "options was"),
    ] {
        let before = cli.json("r.json");
        cli.fail(2, &format!("{compare} --continue {settings}")).says(&[message]);
        assert_eq!(cli.json("r.json"), before);
    }
    cli.scratch.write("more.txt", "c");
    cli.fail(2, &format!("{compare} --continue"))
        .says(&["cannot continue: an input is another file or has been written since"]);
    std::fs::write(cli.scratch.path("r.json"), "{}").unwrap();
    cli.fail(2, &format!("{compare} --continue")).says(&["r.json is no report of a comparison"]);
}

#[test]
fn a_ladder_has_a_step_for_each_factor_that_the_job_has_a_use_for() {
    let cli = Cli::new();
    cli.succeed("gen text --size 100k --out input/text");
    let settings = "--ladder --modes disk,memory --runs 2 --input input --quiet --report r.json";
    let ended = cli.succeed(&format!("compare grep --pattern [a-z]+ {settings}"));
    let report = cli.json("r.json");
    let steps = report["ladder"].as_array().unwrap();
    let changed: Vec<_> = steps.iter().map(|step| &step["changed"]).collect();
    assert_eq!(changed, [&Value::Null, &json!("map_output"), &json!("between_jobs"), &json!("invariant")]);
    let written: Vec<_> = steps.iter().map(|step| step["bytes"]["file_written"].as_f64().unwrap()).collect();
    assert!(written[0] > written[1] && written[1] > written[2] && written[2] == 0.0, "{written:?}");
    assert_eq!(steps[3]["does_not_apply"], "no loop");
    let differences: f64 = steps.iter().filter_map(|step| step["difference_seconds"].as_f64()).sum();
    let gap = report["ladder_total"]["gap_seconds"].as_f64().unwrap();
    assert!((differences - gap).abs() < 1e-9 && report["ladder_total"]["adds_up"] == true);
    let other = report["other_runs"].as_array().unwrap();
    assert!(
        other.iter().all(|run| run["factors"]["map_output"] == "memory" && run["factors"]["between_jobs"] == "disk")
    );
    assert_eq!((other.len(), &report["outputs_identical"]), (2, &json!(true)));
    assert!(ended.stdout.contains("between-jobs memory"), "{}", ended.stdout);
    // The plan is in the report, so that nothing is left to do.
    cli.succeed(&format!("compare grep --pattern [a-z]+ {settings} --continue"));
    assert_eq!(cli.json("r.json")["runs"], report["runs"]);
}

#[test]
fn a_memory_sweep_spills_where_the_budget_is_small_and_keeps_within_it() {
    let cli = Cli::new();
    cli.succeed("gen terasort --size 4MB --out input/records");
    let settings = "--modes disk,memory --memory-sweep 0,100 --sort-buffer 1MiB --runs 2 --input input --quiet";
    let ended = cli.succeed(&format!("compare terasort {settings} --report r.json"));
    let report = cli.json("r.json");
    let points = report["memory_sweep"].as_array().unwrap();
    assert_eq!((&points[0]["percent"], &points[0]["budget_bytes"]), (&json!(0), &json!(1 << 20)));
    assert_eq!(points[1]["budget_bytes"], report["memory_sweep_summary"]["working_set_bytes"]);
    assert!(points[0]["spilled_bytes"].as_f64().unwrap() > 1e6, "{points:?}");
    let within = |point: &Value| point["peak_reserved_bytes"].as_u64() <= point["budget_bytes"].as_u64();
    assert!(points.iter().all(within) && report["memory_sweep_summary"]["within_budget"] == true, "{points:?}");
    assert!(ended.stdout.contains(", the working set (100 %), everything stays in memory. "), "{}", ended.stdout);
    let small = format!("compare terasort {settings} --memory 1MiB --warmup 0");
    cli.fail(2, &small).says(&["--memory-sweep needs a budget that holds everything"]);
}

#[test]
fn a_loop_is_swept_over_its_iterations() {
    let cli = Cli::new();
    cli.succeed("gen graph --edges 2000 --out input/graph");
    let settings = "--iteration-sweep 1,2,3 --runs 2 --modes disk,memory --input input --quiet --report r.json";
    let ended = cli.succeed(&format!("compare pagerank {settings}"));
    let report = cli.json("r.json");
    let growth = &report["growths"][0];
    assert_eq!((&growth["axis"], growth["points"].as_array().unwrap().len()), (&json!("iterations"), 3));
    let other = report["other_runs"].as_array().unwrap();
    let iterations = |run: &Value| run["iterations"].as_array().unwrap().len();
    assert!(other.iter().all(|run| run["variant"].as_str().unwrap().contains(&format!(" {} ", iterations(run)))));
    assert_eq!((other.len(), &report["outputs_identical"]), (12, &json!(true)), "more iterations are other work");
    assert!(ended.stdout.contains("  fitted"), "{}", ended.stdout);
}

#[test]
fn the_default_input_is_grown_on_request() {
    let cli = Cli::new();
    // The default input of this job is one record, which is sorted; larger ones are not.
    cli.succeed("compare terasort-validate --scale 1 --runs 2 --modes memory,reference --quiet --report r.json");
    let report = cli.json("r.json");
    assert_eq!(report["growths"][0]["points"][0]["amount"], 100.0);
    assert!(report.get("other_runs").is_none(), "1 is the comparison itself");
    let ended = cli.run("compare terasort-validate --scale 20 --modes memory --quiet");
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
    ended.says(&["run in mode memory ×20: ", "not sorted"]);
    cli.fail(2, "compare wordcount --scale 2 --input input").says(&["cannot be used with --input"]);
    cli.fail(2, "compare wordcount --iteration-sweep 2").says(&["wordcount has no --iterations"]);
}

#[test]
fn a_lecture_answers_six_questions_on_one_page() {
    let cli = Cli::new();
    let lecture =
        "compare lecture --scale 0.002 --budget 1s --workers 2 --html page.html --report lecture.json --quiet";
    let ended = cli.succeed(lecture);
    assert_eq!(ended.stderr, "");
    for title in ["1 Word count. ", "2 Logistic regression. ", "3 PageRank. ", "4 A slow disk. ", "6 A failure. "] {
        assert!(ended.stdout.contains(title), "no {title} in:\n{}", ended.stdout);
    }
    let report = cli.json("lecture.json");
    let lessons = report["comparisons"].as_array().unwrap();
    assert_eq!(lessons.len(), 6);
    for lesson in lessons {
        let (title, verdict) = (&lesson["heading"]["title"], &lesson["verdict"]);
        assert!(title.is_string() && verdict[0].is_string() && lesson["outputs_identical"] == true, "{title}");
        assert_eq!(lesson["settings"]["workers"], 2);
    }
    assert_eq!(lessons[3]["emulated_disk"], "emulated disk hdd (150 MB/s, 10 ms a seek)");
    assert_eq!(lessons[4]["memory_sweep"].as_array().unwrap().len(), 3);
    let command: Vec<_> = lessons[5]["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert!(
        command.contains(&"--inject=map:1:panic") && command.last().unwrap().starts_with("--input="),
        "{command:?}"
    );
    let page = fs::read_to_string(cli.scratch.path("page.html")).unwrap();
    assert!(page.contains("Logistic regression") && page.contains("emulated disk hdd"));
    cli.succeed("report lecture.json --html again.html");
    assert!(fs::read_to_string(cli.scratch.path("again.html")).unwrap() == page, "another page");
    cli.fail(2, "compare lecture --modes disk").says(&["compare lecture chooses --modes", "it takes --workers"]);
    cli.fail(2, "compare lecture --scale 1,2").says(&["one --scale"]);
    cli.fail(1, "compare lecture --html no/such/page.html").says(&["no/such/page.html"]);
    let help = cli.succeed("compare lecture --help").stdout;
    assert!(help.contains("--html") && help.contains("6 A failure: ") && !help.contains("--modes"), "{help}");
}
