//! Engines: they run the tasks of jobs apart from the program, in processes of their own, on other machines.
//!
//! ```text
//! run JOB --engine NAME ──▶ coordinator ──stage──▶ engine ──▶ twinmill task map|reduce JOB --plan …   on many machines
//!                               ▲                    │
//!                               └── parts, counters ─┘
//! ```
//!
//! An engine submits and collects, and nothing else: the [stages](crate::runtime::apart) of a program come to it complete. To add
//! one, implement [`Engine`](crate::runtime::apart::engine::Engine) in a file here.
//!
//! - [`batch`] hands the commands of a stage to any program that runs commands: `xargs`, GNU parallel, `sbatch --wait`.
//! - [`hadoop`] submits a job to YARN by Hadoop's own Streaming.
//! - [`spark`] submits a program to Spark that lives as long as the run, and asks it for one stage after another.
//!
//! All start [children] that end when the run is cancelled, send the [program] itself to where tasks run, handle the [files of
//! tasks](task_files) in the same way, and tell how long it took to [move data](transfer) there and back.

pub(crate) mod batch;
pub(crate) mod children;
pub(crate) mod hadoop;
pub(crate) mod options;
pub(crate) mod program;
pub(crate) mod spark;
pub(crate) mod task_files;
pub(crate) mod transfer;
