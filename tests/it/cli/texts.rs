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

/// Runs a job in both modes and without the framework; the outputs are the same bytes, which are returned as records: a key and
/// numbers, of which there are so many.
fn numbers(cli: &Cli, job: &str, columns: usize) -> BTreeMap<String, Vec<f64>> {
    let mut outputs = ["disk --sort-buffer 64k --split-size 99", "memory", "reference"].map(|mode| {
        cli.succeed(&format!("run {job} --mode {mode} --reducers 3 --output out --overwrite --quiet"));
        cli.output("out")
    });
    assert!(outputs.iter().all(|output| *output == outputs[0]), "{job}");
    let text = String::from_utf8(std::mem::take(&mut outputs[0])).unwrap();
    let record = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let (key, numbers) = fields.split_at(fields.len() - columns);
        (key.join("\t"), numbers.iter().map(|number| number.parse().unwrap()).collect())
    };
    text.lines().map(record).collect()
}

#[track_caller]
fn assert_numbers(found: &BTreeMap<String, Vec<f64>>, expected: &BTreeMap<String, Vec<f64>>) {
    assert!(found.keys().eq(expected.keys()), "{found:?} {expected:?}");
    for (key, numbers) in expected {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
        assert!(numbers.iter().zip(&found[key]).all(near), "{key}: {:?} {numbers:?}", found[key]);
    }
}

#[test]
fn terms_are_weighed_by_their_documents() {
    let cli = Cli::new();
    let documents = some_documents(&cli);
    let all: BTreeMap<&String, Vec<String>> = documents.iter().map(|(name, text)| (name, letters(text))).collect();
    let mut expected = BTreeMap::new();
    for (name, terms) in &all {
        for term in terms {
            let count = terms.iter().filter(|other| *other == term).count() as f64;
            let with_term = all.values().filter(|terms| terms.contains(term)).count() as f64;
            expected.insert(format!("{term}\t{name}"), vec![count * (3.0 / with_term).ln()]);
        }
    }
    assert_numbers(&numbers(&cli, "tfidf --input input", 1), &expected);
}

#[test]
fn information_is_that_of_pairs_in_enough_lines() {
    let cli = Cli::with_input("a b c\nb a, b\n\nc b\na\nB-A d\nd\n");
    let with = |tokens: &str| match tokens {
        "a" => 4.0,
        "b" => 4.0,
        "a b" => 3.0,
        "b c" | "c" => 2.0,
        _ => unreachable!(),
    };
    let information = |one: &str, other: &str| {
        let both = format!("{one} {other}");
        let value = (7.0_f64 * with(&both) / (with(one) * with(other))).log10();
        (both.clone(), vec![value, with(&both)])
    };
    let expected = BTreeMap::from([information("a", "b"), information("b", "c")]);
    assert_numbers(&numbers(&cli, "pmi --min-count 2 --input input", 2), &expected);
    assert!(numbers(&cli, "pmi --input input", 2).is_empty());
}

#[test]
fn lengths_of_words_are_told_as_hadoops_examples_tell_them() {
    let cli = Cli::with_input("to be or not\n to  be\tthat\n");
    for (job, output, said) in [
        ("wordmean", "count\t7\nlength\t17\n", "The mean is: 2.428571428571428"),
        ("wordmedian", "2\t5\n3\t1\n4\t1\n", "The median is: 2"),
        ("wordstandarddeviation", "count\t7\nlength\t17\nsquare\t45\n", "The standard deviation is: 0.728431359"),
    ] {
        assert_eq!(numbers(&cli, &format!("{job} --input input"), 1).len(), output.lines().count());
        assert_eq!(String::from_utf8(cli.output("out")).unwrap(), output);
        let shown = cli.succeed(&format!("run {job} --input input")).stdout;
        assert!(shown.contains(said), "{shown}");
    }
}

/// What a job prints in each mode, the same in all.
#[track_caller]
fn printed(cli: &Cli, job: &str, split_size: u32) -> String {
    let outputs = ["disk --sort-buffer 64k", "memory --reducers 1", "reference"].map(|mode| {
        cli.succeed(&format!("run {job} --mode {mode} --split-size {split_size} --output out --overwrite --quiet"));
        String::from_utf8(cli.output("out")).unwrap()
    });
    assert!(outputs.iter().all(|output| *output == outputs[0]), "{job}: {outputs:?}");
    outputs[0].clone()
}

#[test]
fn the_greatest_numbers_come_first_and_of_equal_ones_the_smaller_key() {
    let cli = Cli::with_input("b\t2\na\t2.0\n\nhuge\t9007199254740993\nlarge\t9007199254740992\r\nless\t-1e3\nb\t2\n");
    let first = "huge\t9007199254740993\nlarge\t9007199254740992\na\t2.0\nb\t2\nb\t2\nless\t-1e3\n";
    assert_eq!(printed(&cli, "top --input input", 9), first);
    assert_eq!(
        printed(&cli, "top --k 4 --input input", 9),
        first.lines().take(4).map(|l| l.to_owned() + "\n").collect::<String>()
    );
    assert_eq!(printed(&cli, "top --k 1000000 --input input", 9), first);
    for (line, said) in [
        ("a 1", "'a 1' is no record: a key and a number with a TAB between them"),
        ("a\tb", "'b' is no number"),
        ("a\tnan", "'nan' is no number"),
        ("a\t1\t2", "a record has one TAB"),
    ] {
        let bad = cli.scratch.write("bad", format!("x\t1\n{line}\n"));
        for mode in ["disk", "memory", "reference"] {
            let ended = cli.fail(1, &format!("run top --mode {mode} --input {} --output none", bad.display()));
            ended.says(&["bad at offset 4: ", said]);
        }
    }
    cli.fail(2, "run top --k 0 --input input");
}

#[test]
fn a_sample_is_the_same_however_it_is_taken() {
    let cli = Cli::new();
    let text: String = (0..2000).map(|number| format!("line {number}\n")).collect();
    cli.scratch.write("one", &text[..9000]);
    cli.scratch.write("two", &text[9000..]);
    let lines: Vec<&str> = text.lines().collect();
    let sample = |options: &str| {
        let sample = printed(&cli, &format!("sample {options} --input input"), 3000);
        let sample: Vec<String> = sample.lines().map(str::to_owned).collect();
        let mut places = lines.iter();
        assert!(sample.iter().all(|line| places.any(|other| other == line)), "in the order of the input");
        sample
    };
    let tenth = sample("--fraction 0.1");
    assert!((150..250).contains(&tenth.len()) && sample("") == tenth, "{}", tenth.len());
    assert_ne!(sample("--fraction 0.1 --seed 2"), tenth);
    assert_eq!((sample("--fraction 0").len(), sample("--fraction 1").len()), (0, 2000));
    let (some, more) = (sample("--count 50"), sample("--count 60"));
    assert_eq!((some.len(), more.len()), (50, 60));
    assert!(some.iter().all(|line| more.contains(line)));
    assert_eq!(
        (sample("--count 5000").len(), sample("--count 0").len(), sample("--count 200000").len()),
        (2000, 0, 2000)
    );
    cli.fail(2, "run sample --fraction 1.5 --input input");
    cli.fail(2, "run sample --fraction 0.5 --count 3 --input input");
}

#[test]
fn anagrams_are_groups_of_different_words() {
    let cli = Cli::with_input("stop pots Pots tops\npots stop\nalone alone\nn\0o o\0n n\x010");
    let expected = ["\0no\tn\0o,o\0n", "opst\tpots,stop,tops"].map(str::to_owned);
    assert_lines(&cli, "anagrams --input input", &expected.into());
    let letters = ["no\tno,on", "opst\tpots,stop,tops"].map(str::to_owned);
    let cli = Cli::with_input("Stop pots Pots tops\nno, on!");
    assert_lines(&cli, "anagrams --tokens letters --input input", &letters.into());
}

#[test]
fn pi_is_estimated_as_hadoops_example_does() {
    let cli = Cli::new();
    // What Hadoop's example prints for so many maps and samples.
    for (options, expected) in [
        ("--maps 10 --samples 100", "3.14800000000000000000\n"),
        ("--maps 16 --samples 1000", "3.14250000000000000000\n"),
    ] {
        for mode in ["disk", "memory --reducers 1", "reference"] {
            cli.succeed(&format!("run pi {options} --mode {mode} --output out --overwrite --quiet"));
            assert_eq!(String::from_utf8(cli.output("out")).unwrap(), expected, "{options} {mode}");
        }
    }
    cli.scratch.write("data", "1");
    cli.fail(2, "run pi --input input").says(&["pi reads no input; leave out --input"]);
}
