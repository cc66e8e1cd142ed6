//! Failures made on purpose: the output is as if they had not happened, and the report tells that they did.

use std::time::Duration;

use twinmill::FaultLab;
use twinmill::config::Stragglers;
use twinmill::observe::report::{Outcome as AttemptOutcome, Recovery, RecoveryKind};
use twinmill::prelude::*;

use crate::harness::{MODES, Outcome, Scratch, assert_same_parts};
use crate::sample_jobs::{add, word_count, word_count_oracle};

fn text() -> String {
    (0..20_000).map(|i| format!("word{}{}", i * i % 3_001, if i % 11 == 0 { '\n' } else { ' ' })).collect()
}

/// Six map tasks or so, three reducers.
fn config(scratch: &Scratch, mode: Mode, faults: &[&str]) -> JobConfig {
    let mut config = scratch.config(mode);
    config.split_bytes = Some(30 << 10);
    config.faults = lab(faults);
    config
}

fn lab(faults: &[&str]) -> FaultLab {
    FaultLab { faults: faults.iter().map(|fault| fault.parse().unwrap()).collect(), seed: 7 }
}

fn run(scratch: &Scratch, config: &JobConfig) -> Outcome {
    scratch.run(config, |config| word_count().combine(add).input(scratch.input().as_path()).run(config))
}

fn recovered(outcome: &Outcome) -> Vec<(RecoveryKind, &str, u32)> {
    outcome.report.recoveries.iter().map(|r: &Recovery| (r.kind, r.task.as_str(), r.attempt)).collect()
}

#[test]
fn each_fault_is_recovered_from_in_its_own_way() {
    use RecoveryKind::{Rerun, Retry};

    let expected = word_count_oracle(text().as_bytes(), 3);
    for mode in MODES {
        for (fault, kind, task) in [
            ("map:2:panic", Retry, "map-00002"),
            ("map:2:error", Retry, "map-00002"),
            ("reduce:1:panic", Retry, "reduce-00001"),
            ("reduce:1:error", Retry, "reduce-00001"),
            ("run:2:flip", Rerun, "map-00002"),
            ("run:2:truncate", Rerun, "map-00002"),
            ("run:2:delete", Rerun, "map-00002"),
        ] {
            let scratch = Scratch::with_input(text());
            let outcome = run(&scratch, &config(&scratch, mode, &[fault]));
            assert_same_parts(&outcome.parts, &expected, format_args!("{mode:?} {fault}"));
            assert_eq!(outcome.report.counters.map_input_records, 1820, "{mode:?} {fault}");
            let recovered = recovered(&outcome);
            assert!(recovered.contains(&(kind, task, 1)), "{mode:?} {fault}: {recovered:?}");
            let of_kind = recovered.iter().filter(|(other, ..)| *other == kind).count();
            assert_eq!(of_kind, 1, "{mode:?} {fault}: {recovered:?}");
            if kind == Retry {
                let why = &outcome.report.recoveries[0].why;
                assert!(why.ends_with(&format!("injected by {fault}")), "{why}");
            }
        }
    }
}

#[test]
fn many_faults_at_once_do_not_change_the_output() {
    let expected = word_count_oracle(text().as_bytes(), 3);
    for mode in MODES {
        let scratch = Scratch::with_input(text());
        let faults = ["map:*:panic:p=0.3", "reduce:*:error:p=0.3", "run:*:flip:p=0.3", "run:*:delete:p=0.2"];
        let mut config = config(&scratch, mode, &faults);
        config.max_attempts = 30;
        let outcome = run(&scratch, &config);
        assert_same_parts(&outcome.parts, &expected, format_args!("{mode:?}"));
        assert!(outcome.report.recoveries.len() > 5, "{:?}", outcome.report.recoveries);
    }
}

#[test]
fn the_same_seed_fails_the_same_attempts() {
    let scratch = Scratch::with_input(text());
    let failed = |workers, seed| {
        let mut config = config(&scratch, Mode::Memory, &["map:*:error:p=0.5", "reduce:*:error:p=0.5"]);
        (config.workers, config.faults.seed, config.max_attempts) = (workers, seed, 50);
        let outcome = run(&scratch, &config);
        let failed = outcome.report.tasks.iter().filter(|task| task.outcome == AttemptOutcome::Failed);
        let mut failed: Vec<_> = failed.map(|task| (task.id.clone(), task.attempt)).collect();
        failed.sort();
        failed
    };
    let first = failed(1, 3);
    assert!(!first.is_empty());
    assert_eq!(first, failed(4, 3));
    assert_ne!(first, failed(1, 4));
}

#[test]
fn a_fault_that_strikes_every_attempt_fails_the_job_with_its_own_error() {
    for mode in MODES {
        let scratch = Scratch::with_input(text());
        for (fault, message) in [
            ("map:1:error:attempts=*", "task map-00001 attempt 3: injected by map:1:error:attempts=*"),
            ("map:1:panic:attempts=4", "task map-00001 attempt 3: panicked: injected by map:1:panic:attempts=4"),
            ("reduce:2:error:attempts=*", "task reduce-00002 attempt 3: injected by reduce:2:error:attempts=*"),
            ("run:0:delete:attempts=*", "task map-00000 attempt 3: "),
        ] {
            let config = config(&scratch, mode, &[fault]);
            let error = scratch.fail(&config, |config| word_count().input(scratch.input().as_path()).run(config));
            assert!(error.to_string().contains(message), "{mode:?} {fault}: {error}");
        }
    }
}

#[test]
fn faults_strike_the_chosen_job_of_a_program() {
    let scratch = Scratch::with_input(text());
    for (fault, task) in [("map:0:error:job=2", "job2-map-00000"), ("reduce:0:error", "reduce-00000")] {
        let config = config(&scratch, Mode::Disk, &[fault]);
        let outcome = scratch.run(&config, |config| {
            let mut driver = Driver::start("chain", config)?;
            driver.run_to_dataset(&word_count().input(scratch.input().as_path()))?;
            driver.run(&word_count().input(scratch.input().as_path()))?;
            driver.finish()
        });
        assert_eq!(recovered(&outcome), [(RecoveryKind::Retry, task, 1)]);
    }
}

#[test]
fn a_slow_task_is_overtaken_by_a_second_attempt() {
    for mode in MODES {
        let scratch = Scratch::with_input(text());
        let mut config = config(&scratch, mode, &["map:2:slow=1h", "reduce:1:slow=1h"]);
        config.stragglers = Stragglers::Speculate;
        let outcome = run(&scratch, &config);
        assert_same_parts(&outcome.parts, &word_count_oracle(text().as_bytes(), 3), format_args!("{mode:?}"));
        let speculation = RecoveryKind::Speculation;
        assert_eq!(recovered(&outcome), [(speculation, "map-00002", 1), (speculation, "reduce-00001", 1)]);
        let killed = outcome.report.tasks.iter().filter(|task| task.outcome == AttemptOutcome::Killed);
        assert_eq!(killed.map(|task| task.attempt).collect::<Vec<_>>(), [0, 0]);
        assert_eq!(outcome.report.counters.map_input_records, 1820);
    }
}

#[test]
fn a_slow_task_runs_into_its_time_limit_and_is_tried_again() {
    for mode in MODES {
        let scratch = Scratch::with_input(text());
        let mut config = config(&scratch, mode, &["map:2:slow=1h", "reduce:1:slow=1h"]);
        config.task_timeout = Some(Duration::from_secs(2));
        let outcome = run(&scratch, &config);
        assert_same_parts(&outcome.parts, &word_count_oracle(text().as_bytes(), 3), format_args!("{mode:?}"));
        assert_eq!(
            recovered(&outcome),
            [(RecoveryKind::Retry, "map-00002", 1), (RecoveryKind::Retry, "reduce-00001", 1)]
        );
        assert!(outcome.report.recoveries.iter().all(|r| r.why == "ran past the time limit of 2s"));
        let error = scratch.fail(
            &JobConfig {
                max_attempts: 2,
                task_timeout: Some(Duration::from_millis(50)),
                faults: lab(&["map:2:slow=1h:attempts=*"]),
                ..config
            },
            |config| word_count().input(scratch.input().as_path()).run(config),
        );
        assert_eq!(error.to_string(), "job wordcount: task map-00002 attempt 1: ran past the time limit of 50ms");
    }
}
