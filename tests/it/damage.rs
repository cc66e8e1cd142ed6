//! Map outputs that are lost between their map task and their reducers, and are made again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use twinmill::observe::report::{Outcome as AttemptOutcome, RecoveryKind};
use twinmill::prelude::*;

use crate::harness::{Outcome, Scratch, assert_same_parts, run_files};
use crate::sample_jobs::{Sum, Tokenize, word_count, word_count_oracle};

/// Damage to a run file.
type Damage = fn(&Path);

fn flip_a_bit(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    // In the first of three partitions, so that it is always the same reducer that finds it.
    let place = bytes.len() / 6;
    bytes[place] ^= 4;
    fs::write(path, bytes).unwrap();
}

fn cut_in_half(path: &Path) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

/// Puts the run of another map task, which is sound, in the place of a map task's.
fn replace_by_another(path: &Path) {
    let other = run_files(path.parent().unwrap()).into_iter().find(|other| other != path).unwrap();
    fs::remove_file(path).unwrap();
    fs::copy(other, path).unwrap();
}

const DAMAGES: [(&str, Damage); 4] =
    [("flip", flip_a_bit), ("truncate", cut_in_half), ("delete", remove), ("replace", replace_by_another)];

/// Counts words. The first reducers to begin, as many as `times` says, damage the outputs of one map task.
#[derive(Clone)]
struct Saboteur {
    work_dir: PathBuf,
    map_task: &'static str,
    damage: Damage,
    times: u32,
    done: Arc<AtomicU32>,
}

impl Reducer for Saboteur {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        if self.done.fetch_add(1, Ordering::Relaxed) < self.times {
            let of_task = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(self.map_task);
            run_files(&self.work_dir).iter().filter(of_task).for_each(|path| (self.damage)(path));
        }
        Ok(())
    }

    fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        Sum.reduce(word, counts, out)
    }
}

fn text() -> String {
    (0..40_000).map(|i| format!("word{}{}", i % 5_000, if i % 9 == 0 { '\n' } else { ' ' })).collect()
}

/// Four map tasks and three reducers, one after another. Blocks are of 4 KiB, so that the damage lies beyond the bytes
/// that the reducer has read when it begins.
fn config(scratch: &Scratch) -> JobConfig {
    let mut config = scratch.config(Mode::Disk);
    (config.workers, config.memory_bytes, config.split_bytes) = (1, 1 << 20, Some(100 << 10));
    config
}

fn run_sabotaged(scratch: &Scratch, config: &JobConfig, damage: Damage, times: u32) -> Result<Report> {
    let (work_dir, map_task) = (config.work_dir.clone(), "map-00002");
    let saboteur = Saboteur { work_dir, map_task, damage, times, done: Arc::default() };
    Job::new("damage", Tokenize, saboteur).input(scratch.input().as_path()).run(config)
}

/// Task and attempt of the map attempts that ended so.
fn map_attempts(outcome: &Outcome) -> Vec<(&str, u32)> {
    let attempts = outcome.report.tasks.iter().filter(|task| task.id.starts_with("map"));
    assert!(attempts.clone().all(|task| task.outcome == AttemptOutcome::Succeeded));
    attempts.map(|task| (task.id.as_str(), task.attempt)).collect()
}

#[test]
fn a_damaged_map_output_is_found_when_it_is_read_and_its_map_task_alone_runs_again() {
    let scratch = Scratch::with_input(text());
    let config = config(&scratch);
    let sound = scratch.run(&config, |config| word_count().input(scratch.input().as_path()).run(config));
    for (name, damage) in DAMAGES {
        let outcome = scratch.run(&config, |config| run_sabotaged(&scratch, config, damage, 1));
        assert_same_parts(&outcome.parts, &sound.parts, name);
        assert_same_parts(&outcome.parts, &word_count_oracle(text().as_bytes(), 3), name);
        let expected = [("map-00000", 0), ("map-00001", 0), ("map-00002", 0), ("map-00003", 0), ("map-00002", 1)];
        let mut attempts = map_attempts(&outcome);
        attempts.sort_by_key(|(_, attempt)| *attempt);
        assert_eq!(attempts, expected, "{name}");
        assert_eq!(outcome.report.counters.map_input_records, sound.report.counters.map_input_records);

        let [restart, rerun] = &outcome.report.recoveries[..] else { panic!("{:?}", outcome.report.recoveries) };
        assert!(restart.kind == RecoveryKind::Restart && restart.task.starts_with("reduce-"), "{name}: {restart:?}");
        assert!(restart.why.starts_with("the output of map-00002 is lost: "), "{}", restart.why);
        assert_eq!((rerun.kind, rerun.task.as_str(), rerun.attempt), (RecoveryKind::Rerun, "map-00002", 1), "{name}");
        assert!(rerun.why.contains("map-00002-0-map-output.run"), "{}", rerun.why);
        assert!(rerun.seconds_lost > 0.0);
    }
}

#[test]
fn a_map_output_that_is_always_lost_fails_the_job_when_its_attempts_are_used_up() {
    let scratch = Scratch::with_input(text());
    for max_attempts in [1, 3] {
        let mut config = config(&scratch);
        config.max_attempts = max_attempts;
        let error = scratch.fail(&config, |config| run_sabotaged(&scratch, config, cut_in_half, u32::MAX));
        let Error::Task { task, attempt, source, .. } = &error else { panic!("{error:?}") };
        assert_eq!((task.as_str(), *attempt), ("map-00002", max_attempts - 1), "{error}");
        assert!(source.to_string().contains("damaged run"), "{error}");
        assert!(source.to_string().contains(&format!("map-00002-{}-map-output.run", max_attempts - 1)), "{error}");
    }
}

#[test]
fn losing_a_map_output_does_not_use_up_a_reducers_attempts() {
    let scratch = Scratch::with_input(text());
    let mut config = config(&scratch);
    // The one reducer finds two outputs lost in turn; these failures do not count, for it has only two attempts.
    (config.max_attempts, config.reducers) = (2, 1);
    let first: Damage = |path| {
        let dir = path.parent().unwrap();
        [1, 2].iter().for_each(|task| flip_a_bit(&dir.join(format!("map-0000{task}-0-map-output.run"))));
    };
    let outcome = scratch.run(&config, |config| run_sabotaged(&scratch, config, first, 1));
    assert_same_parts(&outcome.parts, &word_count_oracle(text().as_bytes(), 1), "two lost");
    assert_eq!(outcome.report.recoveries.iter().filter(|r| r.kind == RecoveryKind::Rerun).count(), 2);
    assert_eq!(outcome.report.recoveries.iter().filter(|r| r.kind == RecoveryKind::Restart).count(), 2);
}
