//! The `twinmill` command: the library's command line with the jobs of `jobs/`.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use twinmill::ReservedAllocator;

#[path = "../jobs/mod.rs"]
mod jobs;

#[global_allocator]
static ALLOCATOR: ReservedAllocator<MiMalloc> = ReservedAllocator::new(MiMalloc);

fn main() -> ExitCode {
    twinmill::cli::main(jobs::all())
}
