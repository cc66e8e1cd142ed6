//! The use of time: a report accounts for all of it, and explains the cost of an emulated disk.

use serde_json::Value;
use twinmill::config::DiskProfile;
use twinmill::observe::time_use::TimeUse;
use twinmill::prelude::*;

use crate::harness::{MODES, Scratch, assert_same_parts};
use crate::sample_jobs::word_count;

/// Largest difference of clocks that are read one after another.
const SLACK_SECONDS: f64 = 0.01;

fn some_text() -> String {
    (0..40_000u32).map(|i| format!("w{} w{} v{}\n", i % 1000, (i * 7) % 1000, i % 500)).collect()
}

fn total(time: &TimeUse) -> f64 {
    let parts = serde_json::to_value(time).unwrap();
    let parts = parts.as_object().unwrap().values().flat_map(|part| part.as_object().unwrap().values());
    parts.filter_map(Value::as_f64).sum()
}

#[test]
fn all_time_of_every_task_is_accounted_for() {
    let scratch = Scratch::with_input(some_text());
    for mode in MODES {
        let mut config = scratch.config(mode);
        config.split_bytes = Some(100_000);
        let job = word_count().input(scratch.input().as_path());
        let report = scratch.run(&config, |config| job.run(config)).report;
        for task in &report.tasks {
            let (took, told) = (task.end_seconds - task.start_seconds, total(&task.time));
            assert!((took - told).abs() <= SLACK_SECONDS, "{mode:?} {}: {took} s, of which {told} s are told", task.id);
        }
        let tasks: f64 = report.tasks.iter().map(|task| total(&task.time)).sum();
        let phases: f64 = report.phases.iter().map(|phase| total(&phase.time)).sum();
        assert!(phases <= tasks + report.wall_seconds + SLACK_SECONDS, "{mode:?}: {phases} s of {tasks} s");
        let (all, wall) = (total(&report.time.unwrap()), report.wall_seconds);
        assert!(all >= wall - SLACK_SECONDS && all <= 2.0 * wall + SLACK_SECONDS, "{mode:?}: {all} s in {wall} s");
        let bounds = report.bounds.unwrap();
        for bound in [bounds.infinitely_fast_disk_seconds, bounds.free_intermediate_files_seconds] {
            assert!((0.0..=wall + SLACK_SECONDS).contains(&bound), "{mode:?}: {bounds:?} of {wall} s");
        }
    }
}

#[test]
fn memory_mode_spends_nothing_on_intermediate_files() {
    let scratch = Scratch::with_input(some_text());
    let job = word_count().input(scratch.input().as_path());
    let [disk, memory] = MODES.map(|mode| scratch.run(&scratch.config(mode), |config| job.run(config)).report);
    assert_eq!(memory.time.unwrap().intermediate_files(), 0.0);
    assert!(disk.time.unwrap().intermediate_files() > 0.0);
}

#[test]
fn an_emulated_disk_is_waited_for_and_the_report_explains_it() {
    let scratch = Scratch::with_input(some_text());
    let job = word_count().input(scratch.input().as_path());
    let profile: DiskProfile = "2MB,0".parse().unwrap();
    let run = |mode, profile: Option<&DiskProfile>| {
        let mut config = scratch.config(mode);
        (config.workers, config.disk_profile) = (1, profile.cloned());
        scratch.run(&config, |config| job.run(config))
    };
    let (own, slow) = (run(Mode::Disk, None), run(Mode::Disk, Some(&profile)));
    assert_same_parts(&slow.parts, &own.parts, "an emulated disk");
    let Report { counters, time, bounds, wall_seconds, disk_profile, .. } = slow.report;
    assert_eq!(disk_profile, Some(profile.clone()));
    let bytes = counters.file_bytes_written + counters.file_bytes_read;
    assert_eq!(bytes, own.report.counters.file_bytes_written + own.report.counters.file_bytes_read);
    // The disk saves up idle time, some milliseconds for each of the few files, which is subtracted.
    let served = bytes as f64 / 2e6 * 0.8;
    assert!(served > 0.2, "{bytes} bytes are enough to wait for");
    let TimeUse { wait, .. } = time.unwrap();
    assert!(wait.write_intermediate + wait.read_intermediate >= served, "{wait:?}");
    assert!(wall_seconds - bounds.unwrap().infinitely_fast_disk_seconds >= served, "{bounds:?} of {wall_seconds} s");

    let memory = run(Mode::Memory, Some(&profile)).report;
    assert_eq!(memory.time.unwrap().intermediate_files(), 0.0, "memory mode does not use the disk");
}
