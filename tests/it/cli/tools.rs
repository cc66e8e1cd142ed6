//! `list`, `gen`, `inspect`, help.

use std::fs;

use serde_json::Value;

use super::{Cli, Ended};

#[test]
fn help_and_version_go_to_stdout_with_status_0() {
    let cli = Cli::new();
    for words in [
        "--help",
        "-h",
        "--version",
        "run --help",
        "run grep --help",
        "compare --help",
        "compare sort -h",
        "list --help",
    ]
    .into_iter()
    .chain(["gen --help", "inspect --help"])
    {
        let ended = cli.succeed(words);
        assert!(!ended.stdout.is_empty() && ended.stderr.is_empty(), "{words}");
    }
    assert!(cli.succeed("run grep --help").stdout.contains("--pattern"));
    cli.assert_left(&[]);
}

#[test]
fn the_jobs_of_the_contract_are_listed() {
    let cli = Cli::new();
    let (text, json) = (cli.succeed("list").stdout, cli.succeed("list --json").stdout);
    let jobs: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<_> = jobs.as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    for name in ["wordcount", "grep", "sort", "terasort", "terasort-validate"] {
        assert!(names.contains(&name) && text.contains(name), "{name}");
    }
    let named = |name: &str| text.lines().filter(|line| line.split(' ').next() == Some(name)).count();
    assert!(names.iter().all(|name| named(name) == 1), "{text}");
    // A heading for each subject, and the jobs of the subject below it.
    let subjects: Vec<_> = jobs.as_array().unwrap().iter().map(|job| job["subject"].as_str().unwrap()).collect();
    for (name, subject) in names.iter().zip(subjects) {
        let above = text[..text.find(&format!("\n{name} ")).unwrap()].lines().rfind(|line| line.ends_with(':'));
        assert_eq!(above, Some(&*format!("{subject}:")), "{name}");
    }
}

#[test]
fn a_seed_generates_the_same_bytes() {
    let cli = Cli::new();
    for kind in ["text", "terasort", "graph", "points", "labelled", "access-log"] {
        let generate = |seed: u32, name: &str| {
            cli.succeed(&format!("gen {kind} --size 30k --seed {seed} --out input/{name} --overwrite"));
            fs::read(cli.scratch.path("input").join(name)).unwrap()
        };
        let (first, again, other) = (generate(1, "first"), generate(1, "again"), generate(2, "other"));
        assert!(first == again && first != other, "{kind}");
        assert!(first.len() <= 30 << 10 && first.len() > 29 << 10 && first.ends_with(b"\n"), "{kind}: {}", first.len());
        let to_stdout = cli.succeed(&format!("gen {kind} --size 30k --seed 1 --out -"));
        assert_eq!(to_stdout.stdout.as_bytes(), first);
    }
    cli.assert_left(&[]);
}

#[test]
fn the_kinds_of_generated_inputs_are_listed_a_line_each() {
    let cli = Cli::new();
    let kinds = cli.command("gen --list").env("COLUMNS", "200").output().unwrap();
    let kinds = String::from_utf8(kinds.stdout).unwrap();
    let names: Vec<_> = kinds.lines().map(|line| line.split_once("  ").unwrap().0).collect();
    assert!(["text", "documents", "terasort", "graph"].iter().all(|name| names.contains(name)), "{kinds}");
    for name in names {
        cli.succeed(&format!("gen {name} --records 1 --out generated-{name} --overwrite"));
    }
}

#[test]
fn documents_are_a_directory_that_appears_whole() {
    let cli = Cli::new();
    cli.succeed("gen documents --size 300k --seed 1 --out docs");
    let files = |name: &str| {
        let files = twinmill::input::list_files(&[cli.scratch.path(name)]).unwrap();
        files
            .iter()
            .map(|file| (file.path.file_name().unwrap().to_owned(), fs::read(&file.path).unwrap()))
            .collect::<Vec<_>>()
    };
    let first = files("docs");
    assert!(first.len() > 1 && first[0].0 == "document-00000.txt");
    let stream = cli.succeed("gen documents --size 300k --seed 1 --out -").stdout;
    assert_eq!(stream.into_bytes(), first.iter().flat_map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>());
    cli.fail(1, "gen documents --size 300k --seed 2 --out docs").says(&["docs exists already"]);
    cli.succeed("gen documents --size 300k --seed 2 --out docs --overwrite");
    assert_ne!(files("docs"), first);
    fs::write(cli.scratch.path("docs/notes"), "mine").unwrap();
    cli.fail(2, "gen documents --size 300k --seed 1 --out docs --overwrite").says(&["docs has notes"]);
    cli.assert_left(&["docs"]);
}

#[test]
fn an_exact_number_of_records_can_be_generated() {
    let cli = Cli::new();
    let graph = cli.succeed("gen graph --edges 1000 --nodes 50 --out -").stdout;
    let ids = graph.lines().flat_map(|line| line.split('\t')).map(|id| id.parse::<u32>().unwrap());
    assert!(graph.lines().count() == 1000 && ids.max().unwrap() < 50);
    assert_eq!(cli.succeed("gen terasort --records 7 --out -").stdout.len(), 700);
}

#[test]
fn inspect_shows_files_partitions_and_records() {
    let cli = Cli::with_input("b a\n");
    cli.succeed("run wordcount --mode disk --workers 1 --keep-intermediates --work-dir kept --input input --quiet");
    let text = cli.succeed("inspect kept").stdout;
    assert!(
        text.contains("map-00000-0-map-output.run: 2 partitions, 2 records") && text.contains("checksums ok"),
        "{text}"
    );
    let text = cli.succeed("inspect kept -v --records 5").stdout;
    assert!(text.contains("partition 0:") && text.contains("partition 1:"), "{text}");
    assert!(text.contains(r#""a" → "\x01""#) && text.contains(r#""b" → "\x01""#), "{text}");
}

#[test]
fn nothing_is_wider_than_the_terminal() {
    let cli = Cli::with_input("a b a\n".repeat(100));
    cli.succeed("compare wordcount --input input --runs 2 --quiet --report r.json");
    for words in
        ["--help", "run --help", "compare sort --help", "gen --help", "list", "report r.json", "run sort --input input"]
    {
        for (columns, most) in [(Some("60"), 60), (None, 80)] {
            let mut command = cli.command(words);
            match columns {
                Some(columns) => command.env("COLUMNS", columns),
                None => command.env_remove("COLUMNS"),
            };
            let ended = Ended::of(words, command.output().unwrap());
            let widest = ended.stdout.lines().max_by_key(|line| line.chars().count()).unwrap();
            assert!(widest.chars().count() <= most, "{words}: {widest}");
        }
    }
}

#[test]
fn a_locale_without_utf_8_gets_ascii() {
    let cli = Cli::with_input("a b a\n".repeat(100));
    for words in
        ["compare wordcount --input input --runs 3 --details --quiet", "compare wordcount --input input --runs 1"]
    {
        let ended = Ended::of(words, cli.command(words).env("LC_ALL", "C").output().unwrap());
        assert!(ended.stdout.is_ascii() && ended.stderr.is_ascii(), "{}", ended.stdout);
        assert!(ended.stdout.contains('#'), "{}", ended.stdout);
    }
}
