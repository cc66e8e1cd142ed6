//! Holds emulated disks against the bandwidth they state, and the accounting of reports against the time that a slow
//! disk costs. Prints both; fails where the first is off by more than 5 % or the second by more than 10 %.

use std::process::ExitCode;

use clap::Command;
use twinmill::config::DiskProfile;
use twinmill::generate::{Amount, Kind};
use twinmill::quantity::ByteSize;
use twinmill::{Mode, Report, Session, stages};

#[expect(dead_code, reason = "benches need no descriptions")]
#[path = "../jobs/mod.rs"]
mod jobs;
mod support;

const BANDWIDTH_TOLERANCE: f64 = 0.05;
const ACCOUNTING_TOLERANCE: f64 = 0.1;
const ROUNDS: usize = 3;

fn main() -> ExitCode {
    let bandwidths = ["hdd", "sata-ssd", "nvme", "64MB,8ms"].map(|text| bandwidth(&text.parse().expect("a profile")));
    let accounted = ["hdd", "sata-ssd"].map(|text| accounting(&text.parse().expect("a profile")));
    ExitCode::from(u8::from(!bandwidths.iter().chain(&accounted).all(|good| *good)))
}

/// Writes and reads as many bytes as the emulated disk takes a second for, with and without emulation.
fn bandwidth(profile: &DiskProfile) -> bool {
    let dir = support::scratch();
    let bytes = profile.bandwidth_bytes_per_second;
    let transfer = |emulated| {
        let seconds = stages::write_and_read(dir.path(), emulated, bytes).expect("the disk takes a second of data");
        seconds.map(|seconds| bytes as f64 / (seconds - profile.seek.as_secs_f64()))
    };
    let (own, emulated) = (transfer(None), transfer(Some(profile.clone())));
    let mut good = true;
    for ((what, own), emulated) in ["write", "read"].into_iter().zip(own).zip(emulated) {
        let off = emulated / bytes as f64 - 1.0;
        let verdict = if own < bytes as f64 {
            "this machine is slower than that"
        } else if off.abs() <= BANDWIDTH_TOLERANCE {
            "as stated"
        } else {
            good = false;
            "NOT AS STATED"
        };
        let [emulated, own] = [emulated, own].map(|speed| ByteSize(speed as u64));
        println!("{profile}: {what} {emulated}/s, {:+.1} %; without emulation {own}/s: {verdict}", off * 100.0);
    }
    good
}

/// Sorts with and without the emulated disk, in turn, and compares two medians: the time lost, and the time that
/// reports say was lost.
fn accounting(profile: &DiskProfile) -> bool {
    let program = jobs::all().into_iter().find(|job| job.name() == "terasort").expect("a job of the registry");
    let options = program.with_options(Command::new("bench").no_binary_name(true)).get_matches_from([""; 0]);
    let dir = support::scratch();
    let (_, mut shape) = program.default_input().expect("it has one");
    shape.amount = Amount::Bytes(128 << 20);
    let input = [support::input(dir.path(), Kind::Terasort, &shape)];
    let run = |emulated: Option<&DiskProfile>| -> Report {
        let output = tempfile::tempdir_in(dir.path()).expect("the directory is there");
        let mut config = support::config(Mode::Disk, dir.path()).output(output.path().join("output"));
        config.disk_profile = emulated.cloned();
        program.run(&options, &input, &Session::from(config)).expect("the job succeeds")
    };
    run(None);
    let (mut lost, mut explained) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (own, slow) = (run(None), run(Some(profile)));
        lost.push(slow.wall_seconds - own.wall_seconds);
        explained.push(slow.wall_seconds - slow.bounds.expect("a run has bounds").infinitely_fast_disk_seconds);
    }
    let [lost, explained] = [lost, explained].map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        seconds[ROUNDS / 2]
    });
    let off = explained / lost - 1.0;
    let good = off.abs() <= ACCOUNTING_TOLERANCE;
    let verdict = if good { "explained" } else { "NOT EXPLAINED" };
    println!(
        "{profile}: terasort took {lost:.2} s longer, its report says {explained:.2} s, {:+.1} %: {verdict}",
        off * 100.0
    );
    good
}
