//! A MapReduce runtime with two ways of keeping intermediate data.
//!
//! [`Mode::Disk`] is Hadoop's way: every map output is written to disk before a reducer reads it. [`Mode::Memory`] is
//! Spark's: map outputs stay in memory. Everything else is the same program, so what differs in time is what it costs to
//! keep intermediates on disk.
//!
//! It is no cluster and no query engine: one machine, one process, jobs of map and reduce functions.
//!
//! Word count, made of [stock parts](parts):
//!
//! ```
//! use twinmill::prelude::*;
//!
//! fn main() -> Result<()> {
//! #   let dir = tempfile::tempdir().unwrap();
//! #   std::fs::write(dir.path().join("input.txt"), "to be or not to be").unwrap();
//! #   std::env::set_current_dir(dir.path()).unwrap();
//!     let words = mapper(|line, out: &mut Out<[u8], u64>| {
//!         line.words().for_each(|word| out.emit(word, 1));
//!         Ok(())
//!     });
//!     let job = Job::new("wordcount", words, Sum).combine(Sum).input("input.txt");
//!     let report = job.run(&JobConfig::new(Mode::Memory).reducers(1).output("counts"))?;
//!     println!("{report}");
//! #   assert_eq!(report.counters.map_output_records, 6);
//! #   assert_eq!(std::fs::read_to_string("counts/part-r-00000").unwrap(), "be\t2\nnot\t1\nor\t1\nto\t2\n");
//!     Ok(())
//! }
//! ```
//!
//! The same with a [`Mapper`] and a [`Reducer`] written out. A part of your own may have state, and hooks before its
//! first record and after its last one; its records cost a few nanoseconds less than those of a closure.
//!
//! ```
//! use twinmill::prelude::*;
//!
//! #[derive(Clone)]
//! struct Tokenize;
//!
//! impl Mapper for Tokenize {
//!     type Input = Lines;
//!     type Key = [u8];
//!     type Value = u64;
//!
//!     fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
//!         line.words().for_each(|word| out.emit(word, 1));
//!         Ok(())
//!     }
//! }
//!
//! #[derive(Clone)]
//! struct AddUp;
//!
//! impl Reducer for AddUp {
//!     type Key = [u8];
//!     type Value = u64;
//!     type OutKey = [u8];
//!     type OutValue = u64;
//!
//!     fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
//!         out.emit(word, counts.sum::<u64>());
//!         Ok(())
//!     }
//! }
//!
//! let job = Job::new("wordcount", Tokenize, AddUp).combine(|sum: &mut u64, count| *sum += count).input("input.txt");
//! # let dir = tempfile::tempdir().unwrap();
//! # let (input, output) = (dir.path().join("input"), dir.path().join("output"));
//! # std::fs::write(&input, "to be or not to be").unwrap();
//! # let job = Job::new("wordcount", Tokenize, AddUp).combine(|sum: &mut u64, count| *sum += count).input(&input);
//! # let report = job.run(&JobConfig::new(Mode::Memory).reducers(1).output(&output))?;
//! # assert_eq!(std::fs::read_to_string(output.join("part-r-00000")).unwrap(), "be\t2\nnot\t1\nor\t1\nto\t2\n");
//! # Ok::<(), Error>(())
//! ```
//!
//! More to copy from:
//!
//! | example | place |
//! |---|---|
//! | jobs in a chain | [`Driver`] |
//! | a loop of jobs | [`Driver::iterate`] |
//! | an input that a loop keeps parsed | [`iterate::invariant`] |
//! | a secondary sort | [`Job::group_by_first`] |
//! | parts that are sorted one after another | [`Driver::total_order`] |
//! | a partitioner | [`Partitioner`] |
//! | an input format | [`InputFormat`] |
//! | types of keys and values, built in and your own | [`record::key`], [`record::value`] |
//! | jobs with a command line | `jobs/` and `tests/outside/` in the repository |
//!
//! # Where to read
//!
//! 1. [`job`]: the parts of a job; [`parts`]: stock parts for most jobs.
//! 2. [`record`]: keys and values, and their bytes.
//! 3. [`input`]: files, and the records in them.
//! 4. [`iterate`]: data that a loop of jobs keeps.
//! 5. The settings of a run: [`config`].
//! 6. [`observe`]: counters, phases, the report.
//! 7. [`reference`](mod@reference): a job without the framework, to compare with.
//! 8. [`check`]: the laws that the code of a job must keep, checked.
//! 9. [`generate`]: inputs made to measure with.
//! 10. `program` and `cli`, with the feature `cli`: the command line, for any jobs.
//!
//! The source is a house of rooms. A room uses only those before it in this list, and no two files use each other, directly
//! or through others; `scripts/check-rooms` checks both.
//!
//! | room | content |
//! |---|---|
//! | `error`, `cancel`, `quantity` | errors; the token that stops a run; sizes and times as people write them |
//! | `record` | keys and values, their bytes, text and words |
//! | `machine` | resources of the process: limits and use |
//! | `config` | settings, and nothing else |
//! | `observe` | counters, phases, the use of time, progress, the report |
//! | `store` | runs in files and in memory: the only thing that the modes change |
//! | `remote` | files in HDFS and object stores, read by ranges and written as a whole |
//! | `input` | from files of any origin to records |
//! | `job` | the contract: mappers, reducers, and their arguments |
//! | `parts` | stock parts of jobs |
//! | `pipeline` | the data path, one file a stage, and its recipes `map_task` and `reduce_task` |
//! | `iterate` | data that a loop keeps |
//! | `runtime` | jobs on this machine: session, driver, waves, attempts, resuming, output; tasks that run apart |
//! | `engine` | jobs on other machines: what submits and collects |
//! | `reference`, `check`, `generate` | jobs without the framework; laws of user code; inputs to measure with |
//! | `streaming` | commands in any language as mapper and reducer |
//! | `predict` | what a measured run would take on a cluster |
//! | `program`, `measure`, `cli` | jobs with a name and options; runs side by side; the command line |

// With the command line nothing is unused.
#![cfg_attr(not(feature = "cli"), allow(dead_code))]

mod cancel;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
#[cfg(feature = "cli")]
mod engine;
pub mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "cli")]
pub mod generate;
pub mod input;
pub mod iterate;
pub mod job;
mod machine;
#[cfg(feature = "cli")]
mod measure;
pub mod observe;
pub mod parts;
mod pipeline;
#[cfg(feature = "cli")]
mod predict;
#[cfg(feature = "cli")]
pub mod program;
pub mod quantity;
pub mod record;
pub mod reference;
mod remote;
mod reserve;
mod runtime;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod stages;
mod store;
#[cfg(feature = "cli")]
mod streaming;

// The jobs know the library by its name. They are mounted here so that the command line is tested with them.
#[cfg(all(test, feature = "cli"))]
extern crate self as twinmill;
#[cfg(all(test, feature = "cli"))]
#[path = "../jobs/mod.rs"]
mod jobs;

pub use cancel::CancelToken;
pub use config::{Fault, FaultLab, JobConfig, Mode};
pub use error::{Error, Result};
pub use input::{
    Chunks, Dataset, FixedLength, Input, InputFormat, Inputs, Lines, Pairs, PieceReader, Record, Rows, Window,
};
pub use iterate::invariant::{Block, BlockCodec, Blocks, Invariant, Parse};
pub use job::{
    Combiner, Emit, HashPartitioner, Mapper, OutputFormat, Partitioner, Reducer, Spool, TaskContext, TaskInput,
    TotalOrderPartitioner, Values,
};
pub use machine::{Machine, ProcessIo};
pub use observe::progress::{Progress, Wave};
pub use observe::report::Report;
pub use record::Words;
pub use reserve::ReservedAllocator;
pub use runtime::driver::Driver;
pub use runtime::job::Job;
pub use runtime::output_dir::part_files;
pub use runtime::output_files::OutputFile;
pub use runtime::own_memory::Held;
pub use runtime::session::Session;

/// Everything that the file of a job needs.
pub mod prelude {
    pub use crate::parts::{Count, Identity, Max, Min, Out, Sum, Words, mapper, mapper_of, reducer};
    pub use crate::{
        Block, BlockCodec, Blocks, Combiner, Dataset, Driver, Emit, Error, FixedLength, Input, Inputs, Invariant, Job,
        JobConfig, Lines, Mapper, Mode, OutputFormat, Pairs, Parse, Partitioner, Record, Reducer, Report, Result,
        Session, TaskContext, TotalOrderPartitioner, Values,
    };
}

/// Compiles the job in the README.
#[cfg(all(doctest, feature = "cli"))]
#[doc = include_str!("../README.md")]
struct Readme;
