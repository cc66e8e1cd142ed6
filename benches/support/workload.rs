//! One of the binary's jobs with its options and an input, ready to be measured.

use std::fmt::Display;
use std::path::PathBuf;

use clap::{ArgMatches, Command};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, SamplingMode, Throughput};
use tempfile::TempDir;
use twinmill::generate::Amount;
use twinmill::program::AnyProgram;
use twinmill::{JobConfig, Mode, Session};

use crate::{jobs, support};

/// A way to run a job: its name, the mode whose defaults it takes, and the run.
pub type Side = (&'static str, Mode, fn(&Workload, &JobConfig));

/// On the framework, in both modes.
pub const MODES: [Side; 2] = [("disk", Mode::Disk, Workload::run), ("memory", Mode::Memory, Workload::run)];
/// Without the framework; the mode makes no difference.
pub const REFERENCE: Side = ("reference", Mode::Memory, Workload::run_reference);

pub type Group<'c> = BenchmarkGroup<'c, WallTime>;

pub struct Workload {
    program: Box<dyn AnyProgram>,
    options: ArgMatches,
    inputs: Vec<PathBuf>,
    dir: TempDir,
}

impl Workload {
    /// A job as on the command line, with `input_bytes` of the input that it generates by default.
    pub fn new(name: &str, options: &[&str], input_bytes: u64) -> Self {
        let program = jobs::all().into_iter().find(|job| job.name() == name).expect("a job of the registry");
        let command = program.with_options(Command::new("bench").no_binary_name(true));
        let (kind, mut shape) = program.default_input().expect("twinmill's jobs have one");
        shape.amount = Amount::Bytes(input_bytes);
        let dir = support::scratch();
        let inputs = vec![support::input(dir.path(), kind, &shape)];
        Workload { options: command.get_matches_from(options), program, inputs, dir }
    }

    fn run(&self, config: &JobConfig) {
        self.program.run(&self.options, &self.inputs, &Session::from(config)).expect("the job succeeds");
    }

    fn run_reference(&self, config: &JobConfig) {
        self.program
            .run_reference(&self.options, &self.inputs, &Session::from(config))
            .expect("the reference succeeds");
    }

    /// Measures one way to run the job; the throughput is in bytes of input. Each run has an output directory of its
    /// own, which is removed after the clock has stopped.
    pub fn bench(&self, group: &mut Group<'_>, id: impl Display, (_, mode, run): Side, workers: usize) {
        let mut config = support::config(mode, self.dir.path());
        config.workers = workers;
        let bytes = self.inputs[0].metadata().expect("the input is there").len();
        group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Bytes(bytes));
        group.bench_function(BenchmarkId::from_parameter(id), |bencher| {
            bencher.iter_batched(
                || tempfile::tempdir_in(self.dir.path()).expect("the directory is there"),
                |dir| {
                    run(self, &config.clone().output(dir.path().join("output")));
                    dir
                },
                BatchSize::PerIteration,
            );
        });
    }
}
