//! Whole jobs through the public API, and the binary through its command line.
//!
//! One test binary, a module a subject:
//!
//! - `equivalence`: disk, memory and a plain oracle give the same bytes, whatever the settings.
//! - `input`: the records that a job reads from its files.
//! - `contract`: the parts of a job, and the guarantees that they are given.
//! - `laws`: mistakes in the code of a job are found.
//! - `keys`: keys come in the order of their type.
//! - `chain`: programs of several jobs.
//! - `counters`: the report's numbers add up.
//! - `spilling`: intermediates that go to files, and their removal.
//! - `failures`: failing jobs, their messages, and nothing left behind.
//! - `damage`: map outputs that are lost and made again.
//! - `fault_lab`: failures made on purpose.
//! - `bad_records`: records that cannot be mapped, and runs that go on without them.
//! - `time_use`: the use of time, and emulated disks.
//! - `outside`: jobs and a format of other crates, `tests/outside/`.
//! - `documents`: the links of the Markdown pages.
//! - `real_data`: the same on text that people wrote.
//! - `cli`: the command line's contract.
//!
//! They use `harness`, and the jobs and oracles of `sample_jobs`.

mod bad_records;
mod chain;
mod cli;
mod contract;
mod counters;
mod damage;
mod documents;
mod equivalence;
mod failures;
mod fault_lab;
mod harness;
mod input;
mod keys;
mod laws;
mod outside;
mod real_data;
mod sample_jobs;
mod spilling;
mod time_use;
