//! Time against the size of the input and against the number of workers. The names of the groups say which axis is
//! swept: `scaling/JOB/MODE/workers` (on the largest input) and `scaling/JOB/MODE/input`.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

#[expect(dead_code, reason = "benches need no descriptions")]
#[path = "../jobs/mod.rs"]
mod jobs;
mod support;
#[path = "support/workload.rs"]
mod workload;

use workload::{MODES, REFERENCE, Workload};

const SMALLEST_INPUT_BYTES: u64 = 8 << 20;
const FACTORS: [u64; 3] = [1, 4, 16];
const WORKERS: [usize; 2] = [1, 2];

fn scaling(c: &mut Criterion) {
    for job in ["wordcount", "sort"] {
        let workloads = FACTORS.map(|factor| (factor, Workload::new(job, &[], factor * SMALLEST_INPUT_BYTES)));
        let (_, largest) = &workloads[FACTORS.len() - 1];
        for side in MODES {
            let mut group = c.benchmark_group(format!("scaling/{job}/{}/workers", side.0));
            WORKERS.into_iter().for_each(|workers| largest.bench(&mut group, workers, side, workers));
        }
        for side in MODES.into_iter().chain([REFERENCE]) {
            let mut group = c.benchmark_group(format!("scaling/{job}/{}/input", side.0));
            for (factor, workload) in &workloads {
                workload.bench(&mut group, format!("x{factor}"), side, 2);
            }
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    targets = scaling
}
criterion_main!(benches);
