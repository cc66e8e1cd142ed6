//! The `twinmill` command: parse, resolve, run, exit code. The work is the library's, the jobs are in `jobs/`.

use std::env;
use std::process::ExitCode;

mod cli;
#[path = "../jobs/mod.rs"]
mod jobs;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::silence_worker_panics();
    let jobs = jobs::all();
    let outcome = cli::parse(&jobs, env::args_os()).and_then(cli::Command::run);
    cli::exit_code(outcome)
}
