//! Jobs on text, against oracles written another way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::Cli;
use crate::harness::assert_same_bytes;

/// Text with everything that tells the rules for tokens apart, in several files: `one`, `three.tar` and `two`.
fn some_documents(cli: &Cli) -> BTreeMap<String, Vec<u8>> {
    let every_line = "the\n".repeat(300);
    let documents = [
        ("one.txt", "To be, or not to be:\r\nthat is the question\n\n".to_owned() + &every_line),
        ("deep/two", "\u{e9}t\u{e9} the The THE caf\u{e9}\tthe9the".to_owned()),
        ("three.tar.gz", "the end of the end\nthe end".to_owned()),
    ];
    for (name, text) in &documents {
        cli.scratch.write(name, text);
    }
    let name = |path: &str| path.rsplit('/').next().unwrap().rsplit_once('.').map_or(path, |(stem, _)| stem).to_owned();
    let named = |(path, text): (&str, String)| (name(path).replace("deep/", ""), text.into_bytes());
    documents.into_iter().map(named).collect()
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

/// Runs of letters in lower case.
fn letters(line: &[u8]) -> Vec<String> {
    let text: String = line.iter().map(|byte| char::from(*byte).to_ascii_lowercase()).collect();
    let runs = text.split(|c: char| !c.is_ascii_lowercase()).filter(|run| !run.is_empty());
    runs.map(str::to_owned).collect()
}

/// Runs a job in every mode with several reducers, and with little memory: the lines are always these, in any order, and
/// those of a part are sorted.
#[track_caller]
fn assert_lines(cli: &Cli, job: &str, expected: &BTreeSet<String>) {
    for reducers in [1, 3, 7] {
        let mut first = None;
        for mode in ["disk --sort-buffer 64k --split-size 99", "disk", "memory", "reference"] {
            let run = format!("run {job} --mode {mode} --reducers {reducers} --output out --overwrite --quiet");
            cli.succeed(&run);
            let output = cli.output("out");
            let text = String::from_utf8_lossy(&output).into_owned();
            let lines: BTreeSet<String> = text.lines().map(str::to_owned).collect();
            assert_eq!(&lines, expected, "{run}");
            assert_eq!(lines.len(), text.lines().count(), "{run}");
            let first = first.get_or_insert_with(|| output.clone());
            assert_same_bytes(&output, first, format_args!("{run}"));
        }
    }
}

#[test]
fn words_are_counted_by_either_rule() {
    let cli = Cli::new();
    let documents = some_documents(&cli);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for token in documents.values().flat_map(|text| letters(text)) {
        *counts.entry(token).or_default() += 1;
    }
    let expected = counts.iter().map(|(token, count)| format!("{token}\t{count}")).collect();
    assert_lines(&cli, "wordcount --tokens letters --input input", &expected);
}

#[test]
fn an_inverted_index_lists_the_documents_of_each_term() {
    let cli = Cli::new();
    let documents = some_documents(&cli);
    let mut index: BTreeMap<String, BTreeMap<&str, u64>> = BTreeMap::new();
    for (name, text) in &documents {
        letters(text).into_iter().for_each(|term| *index.entry(term).or_default().entry(name).or_default() += 1);
    }
    let list =
        |of: &BTreeMap<&str, u64>| of.iter().map(|(name, n)| format!("{name}:{n}")).collect::<Vec<_>>().join(",");
    let expected: BTreeSet<String> =
        index.iter().map(|(term, of)| format!("{term}\t{}\t{}", of.len(), list(of))).collect();
    assert!(expected.contains("the\t3\tone:301,three.tar:3,two:5"), "{expected:?}");
    assert_lines(&cli, "inverted-index --input input", &expected);
}

#[test]
fn documents_of_one_name_or_of_a_name_that_breaks_lines_are_refused() {
    let cli = Cli::new();
    some_documents(&cli);
    cli.scratch.write("other/two.md", "text");
    for mode in ["disk", "memory", "reference"] {
        let ended = cli.fail(1, &format!("run inverted-index --mode {mode} --input input --output out"));
        ended.says(&["two documents have the name 'two'", "input/deep/two", "input/other/two.md", "rename one"]);
    }
    fs::rename(cli.scratch.path("input/other/two.md"), cli.scratch.path("input/other/tw\no.md")).unwrap();
    cli.fail(1, "run inverted-index --input input --output out").says(&["has a line feed in its name"]);
}

#[test]
fn bigrams_are_counted_by_pairs_and_by_stripes() {
    let cli = Cli::new();
    let documents = some_documents(&cli);
    let (mut counts, mut firsts) = (BTreeMap::new(), BTreeMap::new());
    for line in documents.values().flat_map(|text| lines(text)) {
        for pair in letters(line).windows(2) {
            *counts.entry((pair[0].clone(), pair[1].clone())).or_insert(0u64) += 1;
            *firsts.entry(pair[0].clone()).or_insert(0u64) += 1;
        }
    }
    let expected = counts.iter().map(|((one, two), count)| format!("{one} {two}\t{count}")).collect();
    // Few digits, which Rust prints as the contract has them but for whole numbers.
    let share = |one: &String, count: u64| format!("{:?}", count as f64 / firsts[one] as f64);
    let relative = counts.iter().map(|((one, two), count)| format!("{one} {two}\t{}", share(one, *count))).collect();
    for method in ["pairs", "stripes"] {
        assert_lines(&cli, &format!("bigrams --method {method} --input input"), &expected);
        assert_lines(&cli, &format!("bigrams --relative --method {method} --input input"), &relative);
    }
}

#[test]
fn distinct_keeps_each_line_once() {
    let cli = Cli::with_input("b\na\r\n\nb\na\n\nb");
    for mode in ["disk --split-size 2", "memory", "reference"] {
        cli.succeed(&format!("run distinct --mode {mode} --reducers 1 --input input --output out --overwrite --quiet"));
        assert_eq!(cli.output("out"), b"\na\na\r\nb\n", "{mode}");
    }
}
