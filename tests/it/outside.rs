//! Crates outside this one (`tests/outside/`), as others write them: the built programs, and a format of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::Value;
use twinmill::prelude::*;

use crate::harness::{MODES, Scratch, assert_same_bytes, concatenated, read_output};

#[path = "../outside/paragraphs/src/format.rs"]
mod format;

use format::Paragraphs;

/// One of the built programs, in a scratch directory with its inputs.
struct Outside {
    scratch: Scratch,
    program: PathBuf,
}

impl Outside {
    fn new(example: &str, inputs: &[(&str, &[u8])]) -> Self {
        let scratch = Scratch::new();
        inputs.iter().for_each(|(name, bytes)| drop(scratch.write(name, bytes)));
        // The test binary lies in `deps`, beside the directory of the examples.
        let program = env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples").join(example);
        assert!(
            program.exists(),
            "{} is not built: cargo test builds it, and so does cargo build --examples",
            program.display()
        );
        Outside { scratch, program }
    }

    /// Runs a command of words separated by spaces, which succeeds; returns its output.
    #[track_caller]
    fn succeed(&self, words: &str) -> String {
        let mut command = Command::new(&self.program);
        command.args(words.split_whitespace()).current_dir(self.scratch.path("")).stdin(Stdio::null());
        command.env("TMPDIR", self.scratch.path("work")).env("XDG_CACHE_HOME", self.scratch.path("cache"));
        let ended = command.output().unwrap();
        assert!(ended.status.success(), "{words}: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap()
    }

    /// The output of a job in one part; asserts that it is the same on disk and in memory, in one split and in tiny
    /// ones.
    #[track_caller]
    fn output(&self, job: &str, inputs: &str) -> String {
        let mut outputs = BTreeSet::new();
        for mode in ["disk", "memory"] {
            for split in ["1GiB", "7"] {
                let settings = format!("--mode {mode} --split-size {split} --reducers 1 --workers 2 --quiet");
                self.succeed(&format!("run {job} {inputs} {settings} --output out"));
                outputs.insert(concatenated(&read_output(&self.scratch.path("out"))));
                fs::remove_dir_all(self.scratch.path("out")).unwrap();
            }
        }
        assert_eq!(outputs.len(), 1, "{job} differs between modes or splits: {outputs:?}");
        String::from_utf8(outputs.pop_first().unwrap()).unwrap()
    }
}

const VERSES: [(&str, &[u8]); 3] = [
    ("a.txt", b"The rose is red\nthe violet is blue\n"),
    ("b.txt", b"Red red rose\n\nis\n"),
    ("c/d.txt", b"nothing is like it"),
];

/// Each line of [`VERSES`] with the name of its file.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    VERSES.into_iter().flat_map(|(name, bytes)| {
        let name = name.rsplit('/').next().unwrap();
        std::str::from_utf8(bytes).unwrap().lines().map(move |line| (name, line))
    })
}

/// The text form of a sorted map.
fn shown<K: ToString, V: ToString>(map: impl IntoIterator<Item = (K, V)>) -> String {
    map.into_iter().map(|(key, value)| format!("{}\t{}\n", key.to_string(), value.to_string())).collect()
}

#[test]
fn an_inverted_index_lists_the_files_of_each_word() {
    let mut expected: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (name, line) in lines() {
        for word in line.split_whitespace() {
            expected.entry(word.to_lowercase()).or_default().insert(name);
        }
    }
    let files = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(",");
    let expected = shown(expected.into_iter().map(|(word, names)| (word, files(names))));
    let outside = Outside::new("inverted_index", &VERSES);
    assert_eq!(outside.output("inverted-index", "--input input"), expected);
}

#[test]
fn a_job_of_another_crate_is_compared_with_table_page_and_json() {
    let outside = Outside::new("inverted_index", &VERSES);
    let printed =
        outside.succeed("compare inverted-index --input input --runs 2 --details --report r.json --html page.html");
    for said in ["disk", "memory", "records, shuffled", "outputs identical: yes"] {
        assert!(printed.contains(said), "no {said:?} in: {printed}");
    }
    let report: Value = serde_json::from_slice(&fs::read(outside.scratch.path("r.json")).unwrap()).unwrap();
    assert_eq!(report["job"], "inverted-index");
    let page = fs::read_to_string(outside.scratch.path("page.html")).unwrap();
    assert!(page.contains("inverted-index") && page.contains("</html>"));
    let listed = outside.succeed("list");
    assert!(listed.contains("List the files in which each word occurs"), "{listed}");
}

#[test]
fn pairs_and_stripes_count_the_same_words_that_share_a_line() {
    let mut stripes: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (_, line) in lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let stripe = stripes.entry(word).or_default();
            for other in words[..at].iter().chain(&words[at + 1..]) {
                *stripe.entry(other).or_default() += 1;
            }
        }
    }
    let pairs = stripes
        .iter()
        .flat_map(|(word, stripe)| stripe.iter().map(move |(other, count)| (format!("{word}\t{other}"), count)));
    let expected = shown(pairs);
    assert_eq!(Outside::new("courses", &VERSES).output("pairs", "--input input"), expected);
    let entries = |stripe: &BTreeMap<&str, u64>| {
        stripe.iter().map(|(other, count)| format!("{other}:{count}")).collect::<Vec<_>>().join(",")
    };
    let expected = shown(stripes.iter().map(|(word, stripe)| (word, entries(stripe))));
    assert_eq!(Outside::new("courses", &VERSES).output("stripes", "--input input"), expected);
}

#[test]
fn a_join_brings_names_and_items_together() {
    let names = b"2\tBob\n1\tAnn\n4\tDan\n";
    let items = b"1\tplum\n3\tnobody's\n2\tapple\n1\tcherry\n";
    let outside = Outside::new("courses", &[("names", names), ("items", items)]);
    let joined = outside.output("join", "--input input/names --input input/items");
    assert_eq!(joined, "1\tAnn\tplum\n1\tAnn\tcherry\n2\tBob\tapple\n");
}

#[test]
fn the_most_frequent_words_come_first_and_no_more_than_ten_of_them() {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    lines().flat_map(|(_, line)| line.split_whitespace()).for_each(|word| *counts.entry(word).or_default() += 1);
    let mut sorted: Vec<(&str, u64)> = counts.into_iter().collect();
    sorted.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    assert!(sorted.len() > 10, "there are words to leave out");
    let outside = Outside::new("courses", &VERSES);
    assert_eq!(outside.output("top-k", "--input input"), shown(sorted.into_iter().take(10)));
}

/// The offset and the bytes of each paragraph, found without pieces and chunks.
fn paragraphs(text: &[u8]) -> Vec<(usize, &[u8])> {
    let start = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut at = start;
    for line in text[start..].split_inclusive(|byte| *byte == b'\n') {
        let empty = line == b"\n";
        match found.last_mut() {
            Some((_, end)) if !empty && *end == at => *end += line.len(),
            _ if !empty => found.push((at, at + line.len())),
            _ => {}
        }
        at += line.len();
    }
    let shown = |(from, to): (usize, usize)| {
        let bytes = &text[from..to];
        // The line end before an empty line stands between paragraphs; the one that ends the text does not.
        let between = to < text.len();
        (from, if between { &bytes[..bytes.len() - 1] } else { bytes })
    };
    found.into_iter().map(shown).collect()
}

/// Emits each paragraph with its place.
fn show_paragraphs(scratch: &Scratch, config: &JobConfig) -> Result<Report> {
    let show = mapper_of(Paragraphs, |paragraph, out: &mut Out<u64, Vec<u8>>| {
        if paragraph.starts_with(b"bad") {
            return Err("a bad paragraph".into());
        }
        out.emit(paragraph.offset(), paragraph.bytes().escape_ascii().to_string());
        Ok(())
    });
    Job::map_only("paragraphs", show).input(scratch.input()).run(config)
}

fn shown_paragraphs(text: &[u8]) -> Vec<u8> {
    let show = |(at, bytes): (usize, &[u8])| format!("{at}\t{}\n", bytes.escape_ascii());
    paragraphs(text).into_iter().map(show).collect::<String>().into_bytes()
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![5 => Just("\n"), 2 => Just("a"), 2 => Just("bc d"), 1 => Just("\r")];
    let parts = prop::collection::vec(part, 0..40);
    (any::<bool>(), parts)
        .prop_map(|(mark, parts)| [if mark { "\u{feff}" } else { "" }, &parts.concat()].concat().into())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_any_size_own_each_paragraph_once(text in any_text(), split_bytes in 1u64..50) {
        let scratch = Scratch::with_input(&text);
        let mut config = scratch.config(Mode::Memory);
        config.split_bytes = Some(split_bytes);
        let outcome = scratch.run(&config, |config| show_paragraphs(&scratch, config));
        let context = format!("splits of {split_bytes} bytes of {:?}", String::from_utf8_lossy(&text));
        assert_same_bytes(&outcome.bytes(), &shown_paragraphs(&text), context);
    }
}

#[test]
fn paragraphs_larger_than_what_is_read_at_a_time_are_whole() {
    let paragraph = |bytes: usize| [b"line of text\n".repeat(bytes / 13), b"\n\n".to_vec()].concat();
    let text = [10, 300_000, 20, 2_500_000, 16_384, 262_144, 0, 5].map(paragraph).concat();
    let scratch = Scratch::with_input(&text);
    for split_bytes in [100_000, 262_143, 3_000_000, 1 << 30] {
        let mut config = scratch.config(Mode::Disk);
        config.split_bytes = Some(split_bytes);
        let outcome = scratch.run(&config, |config| show_paragraphs(&scratch, config));
        assert_same_bytes(&outcome.bytes(), &shown_paragraphs(&text), format_args!("splits of {split_bytes} bytes"));
    }
}

#[test]
fn paragraphs_of_compressed_files_are_read_with_their_places_after_decompression() {
    let text = b"\n\none\ntwo\n\n\nthree\n\n".repeat(1_000);
    let scratch = Scratch::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&text).unwrap();
    scratch.write("data.gz", gzip.finish().unwrap());
    let mut config = scratch.config(Mode::Memory);
    config.split_bytes = Some(100);
    let outcome = scratch.run(&config, |config| show_paragraphs(&scratch, config));
    assert_same_bytes(&outcome.bytes(), &shown_paragraphs(&text), "compressed");
}

#[test]
fn a_bad_paragraph_is_named_with_its_place_or_skipped() {
    let text = b"good\n\nbad one\n\ngood\n\nbad two";
    for mode in MODES {
        let scratch = Scratch::with_input(text);
        let mut config = scratch.config(mode);
        config.split_bytes = Some(4);
        let error = scratch.fail(&config, |config| show_paragraphs(&scratch, config)).to_string();
        let named = [6, 21].iter().any(|at| error.contains(&format!("data.txt at offset {at}: a bad paragraph")));
        assert!(named, "{error}");
        config.skip_bad_records = 2;
        let report = show_paragraphs(&scratch, &config).unwrap();
        assert_eq!(report.output.records, 2);
        let skipped = fs::read_to_string(scratch.path("output/_skipped/records.tsv")).unwrap();
        assert!(skipped.contains("\t6\ta bad paragraph\tbad one\n") && skipped.contains("\t21\t"), "{skipped}");
    }
}

#[test]
fn the_built_paragraphs_are_those_of_the_text() {
    let text = b"a b\nc\n\n\n\nd e f\n\n";
    let outside = Outside::new("paragraphs", &[("x.txt", text)]);
    assert_eq!(outside.output("paragraphs", "--input input"), "x.txt\t0\t2\t3\nx.txt\t9\t1\t3\n");
}
