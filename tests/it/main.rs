//! Whole jobs through the public API, and the binary through its command line.
//!
//! One test binary, a module a subject:
//!
//! - `equivalence`: disk, memory and a plain oracle give the same bytes, whatever the settings.
//! - `input`: which records a job reads from which files.
//! - `contract`: what a job may be made of, and what its parts may rely on.
//! - `keys`: keys come in the order of their type.
//! - `chain`: programs of several jobs.
//! - `counters`: the report's numbers add up.
//! - `spilling`: when intermediates go to files, and that they go away.
//! - `failures`: what stops a job, what it says then, and what it leaves.
//! - `damage`: map outputs that are lost, and how they come back.
//! - `fault_lab`: failures made on purpose, and what they leave.
//! - `bad_records`: records that cannot be mapped, and going on without them.
//! - `time_use`: where time goes, and disks that are emulated.
//! - `real_data`: the same on text that people wrote.
//! - `cli`: the command line's contract.
//!
//! They stand on `harness`, and on the jobs and oracles of `sample_jobs`.

mod bad_records;
mod chain;
mod cli;
mod contract;
mod counters;
mod damage;
mod equivalence;
mod failures;
mod fault_lab;
mod harness;
mod input;
mod keys;
mod real_data;
mod sample_jobs;
mod spilling;
mod time_use;
