//! Every job on any input: disk mode, memory mode and the reference fail alike, with an error and nothing left, or give the
//! same bytes. A panic in a job's code is a finding, though a run would survive it.

#![no_main]
#![allow(dead_code, missing_docs)]

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use twinmill::config::{Compression, Grouping};
use twinmill::program::AnyProgram;
use twinmill::{JobConfig, Mode};

#[path = "../../../jobs/mod.rs"]
mod jobs;

static JOBS: LazyLock<Vec<Box<dyn AnyProgram>>> = LazyLock::new(jobs::all);

/// Each task takes its time.
const MOST_SPLITS: u64 = 16;

#[derive(Arbitrary, Debug)]
struct Input {
    job: u8,
    /// Bits that say which of a job's options are given.
    options: u8,
    settings: Settings,
    files: Vec<Content>,
    /// A side input of the job: centroids, or the input of the sort.
    other: Content,
    /// End of the names of inputs: any bytes that a name may have.
    name: Vec<u8>,
    pattern: String,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct Settings {
    workers: u8,
    reducers: u8,
    split_bytes: u16,
    memory_bytes: u16,
    compression: u8,
    by_hash: bool,
}

#[derive(Arbitrary, Debug)]
enum Content {
    Bytes(Vec<u8>),
    /// Characters of tables and edges.
    Table(Vec<u8>),
    /// Lines of a node and another.
    Edges(Vec<(u8, u8)>),
    /// Rows of as many numbers.
    Rows(u8, Vec<i8>),
    /// Filled up to records of 100 bytes.
    Records(Vec<u8>),
    /// Lines that begin alike, with so many times 16 bytes.
    Alike(u8, Vec<u8>),
    /// Lines of fields, quoted or not, between separators.
    Fields(Separator, Vec<(Quote, u8)>),
    /// Content after the mark of an encoding.
    Marked(Mark, Box<Content>),
    /// Compressed, whatever its name says.
    Gzip(Box<Content>),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Separator {
    Comma,
    Tab,
    Semicolon,
    Space,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Quote {
    None,
    Whole,
    /// With a separator and a doubled quote in it.
    Within,
    Open,
    EndOfLine,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Mark {
    Utf8,
    Utf16Le,
    Utf16Be,
    Utf32Le,
    Utf32Be,
}

impl Mark {
    fn bytes(self) -> &'static [u8] {
        match self {
            Mark::Utf8 => b"\xef\xbb\xbf",
            Mark::Utf16Le => b"\xff\xfe",
            Mark::Utf16Be => b"\xfe\xff",
            Mark::Utf32Le => b"\xff\xfe\0\0",
            Mark::Utf32Be => b"\0\0\xfe\xff",
        }
    }
}

fn fields(separator: Separator, fields: &[(Quote, u8)]) -> Vec<u8> {
    let separator = match separator {
        Separator::Comma => ',',
        Separator::Tab => '\t',
        Separator::Semicolon => ';',
        Separator::Space => ' ',
    };
    let mut text = String::new();
    for (quote, number) in fields {
        if !matches!(text.chars().last(), None | Some('\n')) {
            text.push(separator);
        }
        text += &match quote {
            Quote::None => number.to_string(),
            Quote::Whole => format!("\"{number}\""),
            Quote::Within => format!("\"a{separator}{number}\"\"b\""),
            Quote::Open => format!("\"{number}"),
            Quote::EndOfLine => format!("{number}\n"),
        };
    }
    text.into_bytes()
}

/// How deep content may lie in other content; each level is made anew.
const MOST_LEVELS: u32 = 3;

impl Content {
    fn bytes(&self) -> Vec<u8> {
        self.bytes_below(0)
    }

    fn bytes_below(&self, level: u32) -> Vec<u8> {
        const ALPHABET: &[u8] = b"0123456789012345..,\t \n\n\r-+eE#naif\"";
        match self {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Table(bytes) => bytes.iter().map(|byte| ALPHABET[usize::from(*byte) % ALPHABET.len()]).collect(),
            Content::Edges(edges) => {
                edges.iter().map(|(a, b)| format!("{}\t{}\n", a % 16, b % 16)).collect::<String>().into_bytes()
            }
            Content::Rows(columns, numbers) => {
                let rows = numbers.chunks(usize::from(columns % 5) + 1);
                let row =
                    |row: &[i8]| row.iter().map(|n| (f32::from(*n) / 8.0).to_string()).collect::<Vec<_>>().join(",");
                rows.map(|numbers| row(numbers) + "\n").collect::<String>().into_bytes()
            }
            Content::Records(bytes) => {
                let mut bytes = bytes.clone();
                bytes.resize(bytes.len().next_multiple_of(100), b'x');
                bytes
            }
            Content::Alike(times, ends) => {
                let beginning = "deep".repeat(4 * usize::from(*times));
                ends.iter().map(|end| format!("{beginning}{end}\n")).collect::<String>().into_bytes()
            }
            Content::Fields(separator, of) => fields(*separator, of),
            Content::Marked(..) | Content::Gzip(..) if level == MOST_LEVELS => Vec::new(),
            Content::Marked(mark, content) => [mark.bytes(), &content.bytes_below(level + 1)].concat(),
            Content::Gzip(content) => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(&content.bytes_below(level + 1)).unwrap();
                encoder.finish().unwrap()
            }
        }
    }
}

impl Input {
    fn name(&self, number: usize) -> OsString {
        let ending = self.name.iter().copied().filter(|byte| !matches!(byte, 0 | b'/')).take(200);
        OsString::from_vec(format!("input-{number}").into_bytes().into_iter().chain(ending).collect())
    }

    /// The job's options, as they stand on a command line.
    fn words(&self, name: &str, other: &Path) -> Vec<String> {
        let given = |bit: u8, word: &str| (self.options >> bit & 1 == 1).then(|| word.to_owned());
        let test = |bit: u8| given(bit, &format!("--test={}", other.display()));
        let few = ["--iterations=2", "--k=2"].map(|word| Some(word.to_owned())).to_vec();
        let some: Vec<Option<String>> = match name {
            "wordcount" => vec![given(0, "--no-combiner")],
            "grep" => vec![Some(format!("--pattern={}", self.pattern))],
            "sort" => vec![given(0, "--total-order=false")],
            "terasort-validate" => vec![given(0, &format!("--against={}", other.display()))],
            "pagerank" => vec![
                Some("--iterations=3".to_owned()),
                given(0, "--ids=number"),
                given(1, "--tolerance=0.01"),
                given(2, "--damping=1"),
            ],
            "components" => vec![given(0, "--ids=number")],
            "logreg" => vec![
                Some("--iterations=2".to_owned()),
                given(0, "--header"),
                given(1, "--label-column=2"),
                given(2, "--standardize"),
                given(3, "--positive=0.5"),
            ],
            "kmeans" => vec![
                Some("--iterations=2".to_owned()),
                Some(format!("--k={}", 1 + (self.options >> 6))),
                given(0, "--header"),
                given(1, "--columns=1,2"),
                given(2, "--standardize"),
                given(3, &format!("--centroids={}", other.display())),
                given(4, "--tolerance=1"),
            ],
            "inverted-index" | "tfidf" | "wordmean" | "wordmedian" | "wordstandarddeviation" | "anagrams" => {
                vec![given(0, "--tokens=letters")]
            }
            "bigrams" => vec![given(0, "--tokens=letters"), given(1, "--method=stripes"), given(2, "--relative")],
            "pmi" => vec![given(0, "--tokens=letters"), given(1, "--min-count=1")],
            "top" => vec![given(0, "--k=3")],
            "sample" => {
                let one = ["--fraction=0.5", "--count=3"][usize::from(self.options & 1)];
                vec![given(1, one), given(2, "--sample-seed=7")]
            }
            "degrees" | "triangles" | "common-friends" | "asymmetric-friends" => vec![given(0, "--ids=number")],
            "bfs" => vec![Some(format!("--source={}", self.options >> 5)), given(0, "--ids=number")],
            "people-you-may-know" => vec![given(0, "--ids=number"), given(1, "--k=2")],
            "pi" => vec![Some("--maps=2".to_owned()), Some("--samples=50".to_owned())],
            "select" => {
                [self.of_a_table(), vec![given(4, "--columns=2,1"), given(5, &format!("--where=1>{}", self.pattern))]]
                    .concat()
            }
            "aggregate" => [
                self.of_a_table(),
                vec![
                    Some("--group-by=1".to_owned()),
                    Some("--agg=count,sum:2,mean:2,min:2,max:2".to_owned()).filter(|_| self.options >> 4 & 1 == 1),
                ],
            ]
            .concat(),
            // Of two inputs; with one or three it is an error of all.
            "join" => {
                let how = ["--how=left", "--how=full"][usize::from(self.options >> 5 & 1)];
                [self.of_a_table(), vec![Some("--on=1".to_owned()), given(4, how), given(6, "--strategy=broadcast")]]
                    .concat()
            }
            "secondary-sort" => {
                [self.of_a_table(), vec![Some("--key=1".to_owned()), given(4, "--order=2:desc"), given(5, "--first=1")]]
                    .concat()
            }
            "statistics" => [self.of_a_table(), vec![given(4, "--columns=1"), given(5, "--sample")]].concat(),
            "linear" => {
                [self.of_a_table(), vec![given(4, "--ridge=1"), given(5, "--label-column=2"), test(6)]].concat()
            }
            "pca" => [self.of_a_table(), vec![Some("--k=1".to_owned()), given(4, "--standardize"), test(6)]].concat(),
            "svm" => {
                let iterations = Some("--iterations=2".to_owned());
                [self.of_a_table(), vec![iterations, given(4, "--standardize"), test(6)]].concat()
            }
            "naive-bayes" => vec![given(0, "--tokens=letters"), given(1, "--alpha=0.5"), test(2)],
            "gmm" => [self.of_a_table(), few, vec![given(4, &format!("--centroids={}", other.display()))]].concat(),
            "als" => [few, vec![test(0)]].concat(),
            _ => vec![],
        };
        some.into_iter().flatten().collect()
    }

    /// Options of the jobs that read tables, by the low bits.
    fn of_a_table(&self) -> Vec<Option<String>> {
        let given = |bit: u8, word: &str| (self.options >> bit & 1 == 1).then(|| word.to_owned());
        let format = ["--format=csv", "--format=tsv"][usize::from(self.options >> 1 & 1)];
        vec![given(0, format), given(2, "--header"), given(3, "--null=1")]
    }

    fn config(&self, mode: Mode, dir: &Path, input_bytes: u64) -> JobConfig {
        let Settings { workers, reducers, split_bytes, memory_bytes, compression, by_hash } = self.settings;
        let mut config = JobConfig::new(mode).output(dir.join("output"));
        config.work_dir = dir.join("work");
        config.workers = 1 + usize::from(workers % 2);
        config.reducers = 1 + u32::from(reducers % 3);
        config.split_bytes = Some(u64::from(split_bytes).max(1 + input_bytes / MOST_SPLITS));
        config.memory_bytes = u64::from(memory_bytes);
        config.sort_buffer_bytes = 4 << 10;
        config.compression = [Compression::None, Compression::Lz4, Compression::Zstd][usize::from(compression % 3)];
        config.factors.grouping = if by_hash { Grouping::Hash } else { Grouping::Sort };
        config.max_attempts = 1;
        config
    }
}

/// The output, and nothing else, or an error and nothing.
fn outcome(dir: &Path, run: impl FnOnce() -> twinmill::Result<twinmill::Report>) -> Result<Vec<u8>, String> {
    let outcome = run();
    let (output, work) = (dir.join("output"), dir.join("work"));
    let left: Vec<_> = fs::read_dir(&work).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?} is left");
    match outcome {
        Ok(_) => {
            let parts = twinmill::part_files(&output).unwrap();
            let bytes = parts.iter().flat_map(|part| fs::read(part).unwrap()).collect();
            fs::remove_dir_all(&output).unwrap();
            Ok(bytes)
        }
        Err(error) => {
            assert!(!output.exists(), "a half output is left after: {error}");
            assert!(!error.to_string().is_empty());
            Err(error.to_string())
        }
    }
}

fuzz_target!(|input: Input| {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("other");
    fs::create_dir(dir.path().join("work")).unwrap();
    fs::write(&other, input.other.bytes()).unwrap();
    let inputs: Vec<PathBuf> = (0..input.files.len().clamp(1, 3)).map(|i| dir.path().join(input.name(i))).collect();
    let mut input_bytes = 0;
    for (path, content) in inputs.iter().zip(input.files.iter().map(Content::bytes).chain([Vec::new()])) {
        input_bytes += content.len() as u64;
        fs::write(path, content).unwrap();
    }
    let job = &JOBS[usize::from(input.job) % JOBS.len()];
    let words = std::iter::once(job.name().to_owned()).chain(input.words(job.name(), &other));
    let Ok(options) = job.with_options(clap::Command::new(job.name())).try_get_matches_from(words) else { return };

    let [disk, memory] = [Mode::Disk, Mode::Memory].map(|mode| {
        let config = input.config(mode, dir.path(), input_bytes);
        outcome(dir.path(), || job.run(&options, &inputs, &config.into()))
    });
    let config = input.config(Mode::Memory, dir.path(), input_bytes);
    let reference = outcome(dir.path(), || job.run_reference(&options, &inputs, &config.into()));
    for (mode, other) in [("memory", memory), ("the reference", reference)] {
        match (&disk, &other) {
            (Ok(one), Ok(other)) => {
                assert!(one == other, "disk: {}\n{mode}: {}", one.escape_ascii(), other.escape_ascii());
            }
            (Err(_), Err(_)) => {}
            // The reference has no budget that the table could be too large for.
            (Err(error), Ok(_))
                if mode == "the reference" && error.contains("the right table does not fit half of --memory") => {}
            _ => panic!("{}: disk {disk:?}, {mode} {other:?}", job.name()),
        }
    }
});
