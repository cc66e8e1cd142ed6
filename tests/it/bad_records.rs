//! Records on which a job's code fails, and runs that go on without them.

use std::fs;

use twinmill::prelude::*;

use crate::harness::{MODES, Scratch};
use crate::sample_jobs::Sum;

/// Emits each line, and then fails on some, in one way or another.
#[derive(Clone)]
struct Picky;

impl Mapper for Picky {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.emit(line.bytes(), 1);
        match line.bytes() {
            b"bad" => Err(Error::user("no number")),
            b"worse" => panic!("at a record"),
            _ => Ok(()),
        }
    }
}

/// 3,000 good lines, among them some bad ones in several splits.
fn input(bad: &[(usize, &str)]) -> String {
    let mut lines: Vec<String> = (0..3_000).map(|i| format!("good{}", i % 10)).collect();
    bad.iter().rev().for_each(|(at, line)| lines.insert(*at, (*line).to_owned()));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn config(scratch: &Scratch, mode: Mode, skip: u64) -> JobConfig {
    let mut config = scratch.config(mode).reducers(1);
    config.split_bytes = Some(4_000);
    config.max_attempts = 2;
    config.skip_bad_records = skip;
    config
}

fn job(scratch: &Scratch) -> Job<Picky, Sum> {
    Job::new("picky", Picky, Sum).input(scratch.input().as_path())
}

#[test]
fn bad_records_are_skipped_counted_and_set_aside() {
    let bad = [(0, "bad"), (5, "worse"), (6, "worse"), (7, "bad"), (1_500, "bad"), (1_501, "bad"), (2_999, "worse")];
    let text = input(&bad);
    for mode in MODES {
        let scratch = Scratch::with_input(&text);
        let report = job(&scratch).run(config(&scratch, mode, 7)).unwrap();
        let part = fs::read_to_string(scratch.path("output/part-r-00000")).unwrap();
        assert_eq!(part, (0..10).map(|i| format!("good{i}\t300\n")).collect::<String>(), "{mode:?}");
        assert_eq!(report.user_counters["twinmill"]["SKIPPED_RECORDS"], 7);
        assert_eq!(report.counters.map_input_records, 3_000);
        assert_eq!(report.counters.map_output_records, 3_000);
        let aside = fs::read_to_string(scratch.path("output/_skipped/records.tsv")).unwrap();
        let path = scratch.path("input/data.txt");
        let line = |(at, what): &(usize, &str)| {
            let before: usize =
                text.lines().take(*at + bad.iter().filter(|(other, _)| other < at).count()).map(|l| l.len() + 1).sum();
            let why = if *what == "bad" { "no number" } else { "panicked" };
            format!("{}\t{before}\t{why}\t{what}\n", path.display())
        };
        assert_eq!(aside, bad.iter().map(line).collect::<String>(), "{mode:?}");
        fs::remove_dir_all(scratch.path("output")).unwrap();
        scratch.assert_nothing_left();
    }
}

#[test]
fn one_bad_record_too_many_fails_the_job_with_its_place() {
    for (bad, message) in [("bad", "no number"), ("worse", "panicked: at a record")] {
        let scratch = Scratch::with_input(input(&[(0, bad), (3, bad)]));
        for (skip, offset) in [(0, 0), (1, 1 + bad.len() as u64 + 18)] {
            let error = scratch.fail(&config(&scratch, Mode::Disk, skip), |config| job(&scratch).run(config));
            let Error::Task { source, attempt, .. } = &error else { panic!("{error:?}") };
            let Error::Record { offset: at, source, .. } = &**source else { panic!("{error:?}") };
            assert_eq!((*at, source.to_string().as_str()), (offset, message), "{error}");
            // An attempt that panics finds one bad record, one that gets an error finds all of its task. Neither counts.
            assert_eq!(*attempt, 1 + u32::from(skip > 0 && bad == "worse"), "{error}");
        }
    }
}

#[test]
fn nothing_is_set_aside_where_nothing_is_bad() {
    let scratch = Scratch::with_input(input(&[]));
    let outcome = scratch.run(&config(&scratch, Mode::Memory, 100), |config| job(&scratch).run(config));
    assert!(!outcome.report.user_counters.contains_key("twinmill"));
}
