//! A job that does nothing but compute, so many per cent longer in disk mode as `PLANTED_PERCENT` says: a difference that
//! is known before it is measured. `scripts/verdicts` measures it.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use twinmill::prelude::*;
use twinmill::program::program;

/// Steps for each record: about 25 ms.
const STEPS: u64 = 10_000_000;

fn main() -> ExitCode {
    let percent: u64 = env::var("PLANTED_PERCENT").ok().and_then(|percent| percent.parse().ok()).unwrap_or(0);
    twinmill::cli::main(program(
        "planted",
        "Compute, longer in disk mode by PLANTED_PERCENT",
        move |inputs, session| {
            let more = if session.config.mode == Mode::Disk { percent } else { 0 };
            let steps = STEPS * (100 + more) / 100;
            let compute = mapper(move |record, out: &mut Out<u64, u64>| {
                compute_for(steps);
                // What is computed depends on the mode, and what is emitted must not.
                out.emit((record.len() % 7) as u64, 1);
                Ok(())
            });
            Job::new("planted", compute, Sum).input(inputs).run(session)
        },
    ))
}

/// Takes time in proportion to `steps`, each of which needs the one before it.
fn compute_for(steps: u64) {
    let mut state = black_box(1u64);
    for _ in 0..steps {
        state = state.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) ^ 1;
    }
    black_box(state);
}
