//! Whole jobs, in both modes and as the plain single-threaded reference: bytes of input a second.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

#[expect(dead_code, reason = "benches need no descriptions")]
#[path = "../jobs/mod.rs"]
mod jobs;
mod support;
#[path = "support/workload.rs"]
mod workload;

use workload::{MODES, REFERENCE, Workload};

const INPUT_BYTES: u64 = 64 << 20;

const JOBS: [(&str, &[&str]); 4] =
    [("wordcount", &[]), ("wordcount", &["--no-combiner"]), ("sort", &[]), ("terasort", &[])];

fn end_to_end(c: &mut Criterion) {
    for (job, options) in JOBS {
        let workload = Workload::new(job, options, INPUT_BYTES);
        let mut group = c.benchmark_group(format!("end_to_end/{job}{}", options.concat().replace("--", "-")));
        for side in MODES.into_iter().chain([REFERENCE]) {
            workload.bench(&mut group, side.0, side, 2);
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    targets = end_to_end
}
criterion_main!(benches);
