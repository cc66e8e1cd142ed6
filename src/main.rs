//! The `twinmill` command: the library's command line with the jobs of `jobs/`.

use std::process::ExitCode;

#[path = "../jobs/mod.rs"]
mod jobs;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    twinmill::cli::main(jobs::all())
}
