//! Damaged journals: --resume believes the lines up to the first torn one, goes on from the runs that are there, and
//! touches nothing outside its work directory.

#![no_main]

use std::fs;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use twinmill::config::Compression;
use twinmill::fuzzing::{resume, write_run};

#[derive(Arbitrary, Debug)]
struct Journal {
    lines: Vec<Line>,
    /// Whether the lines have right checksums.
    sealed: bool,
}

#[derive(Arbitrary, Debug)]
enum Line {
    Bytes(Vec<u8>),
    Begin,
    Map { job: u32, chain: u64, task: u32, run: Option<Name>, count: u64 },
    Job { job: u32, chain: u64, partitions: Vec<(Name, [u64; 4])>, count: u64 },
}

#[derive(Arbitrary, Debug)]
enum Name {
    Whole,
    Missing,
    Outside,
    Other(String),
}

const COUNTERS: [&str; 14] = [
    "MAP_INPUT_RECORDS",
    "MAP_OUTPUT_RECORDS",
    "MAP_OUTPUT_BYTES",
    "MAP_OUTPUT_MATERIALIZED_BYTES",
    "COMBINE_INPUT_RECORDS",
    "COMBINE_OUTPUT_RECORDS",
    "SPILLED_RECORDS",
    "MERGED_MAP_OUTPUTS",
    "REDUCE_SHUFFLE_BYTES",
    "REDUCE_INPUT_GROUPS",
    "REDUCE_INPUT_RECORDS",
    "REDUCE_OUTPUT_RECORDS",
    "FILE_BYTES_READ",
    "FILE_BYTES_WRITTEN",
];

impl Line {
    fn bytes(&self) -> Vec<u8> {
        let json = match self {
            Line::Bytes(bytes) => return bytes.iter().copied().filter(|byte| *byte != b'\n').collect(),
            Line::Begin => json!({"Begin": {"identity": [["the job", "job"]], "run": 0}}),
            Line::Map { job, chain, task, run, count } => json!({"Map": {
                "job": job % 4, "chain": chain, "task": task, "attempt": 0, "run": run.as_ref().map(Name::text),
                "records": count, "bytes": count, "seconds": 0.5, "counters": counters(*count), "user": counts(*count),
            }}),
            Line::Job { job, chain, partitions, count } => {
                let partition = |(name, [offset, stored, bytes, records]): &(Name, [u64; 4])| {
                    let index =
                        json!({"offset": offset, "stored_bytes": stored, "record_bytes": bytes, "records": records});
                    json!([name.text(), index])
                };
                json!({"Job": {
                    "job": job % 4, "chain": chain, "partitions": partitions.iter().map(partition).collect::<Vec<_>>(),
                    "map_tasks": 1, "seconds": 0.5, "bytes": count, "counters": counters(*count),
                    "user_counters": {"group": {"name": count}}, "waves": [[counts(*count)]],
                }})
            }
        };
        json.to_string().into_bytes()
    }
}

impl Name {
    fn text(&self) -> &str {
        match self {
            Name::Whole => "whole",
            Name::Missing => "missing",
            Name::Outside => "../../outside",
            Name::Other(name) => name,
        }
    }
}

fn counters(count: u64) -> Value {
    COUNTERS.iter().map(|name| ((*name).to_owned(), json!(count))).collect::<serde_json::Map<_, _>>().into()
}

fn counts(count: u64) -> Value {
    json!({"counters": [["group", "name", count]], "aggregates": [["sum", count]]})
}

fuzz_target!(|journal: Journal| {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside.run");
    fs::write(&outside, "").unwrap();
    let work = dir.path().join("work");
    for runs in ["map-output", "between-jobs"] {
        let runs = work.join(runs);
        fs::create_dir_all(&runs).unwrap();
        write_run(&runs, "whole", 1, Compression::None, 64, &[(0, b"key".to_vec(), b"value".to_vec())]).unwrap();
    }
    let lines: Vec<Vec<u8>> = journal.lines.iter().map(Line::bytes).collect();
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let believed = resume(&work, &lines, journal.sealed).unwrap();
    assert!(believed <= lines.len());
    if journal.sealed && matches!(journal.lines.first(), Some(Line::Begin)) {
        let whole = journal.lines.iter().take_while(|line| !matches!(line, Line::Bytes(_))).count();
        assert!(believed >= whole, "{believed} of {whole} whole lines are believed");
    }
    assert!(outside.exists(), "what is not in the work directory is nobody's business");
});
