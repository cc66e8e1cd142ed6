//! Runs jobs on this machine: tasks and attempts, their order, and recovery from failures.
//!
//! Uses the pipeline and everything below it. A caller gives a [session] to a [driver], which runs one [job] after another:
//!
//! ```text
//! session ─▶ driver ─▶ wave of map tasks ─▶ map outputs ─▶ wave of reduce tasks ─▶ output, or dataset for the next job
//!                        └─ scheduler: a thread a worker, attempt by attempt ─┘
//! ```
//!
//! 1. The driver makes a [work_dir], which its process owns by a [lock_file], and claims the [output_place] unless an
//!    [existing_output] forbids it. [places] keeps outputs from replacing inputs.
//! 2. [One job](one_job) is [waves] of tasks, whose counts are added up in [totals]. The [scheduler] runs a [wave] attempt
//!    by [attempt], keeps a [ledger] of them, and turns [panics] into errors; [strike] makes failures on purpose.
//! 3. Reducers take the [map_outputs], by partition with the help of [holders]. A lost output is made again.
//!    Data of the job's own counts in the memory budget as [own_memory].
//! 4. The [output_dir] is published when all its parts are there, with the [output_files] beside them.
//! 5. A [journal] records the progress of the run; a run of the same [identity] can [resume] it.
//!
//! The tasks of a job may run [apart], in other processes.
//!
//! [output_names] and [beside] name files until they are complete, and [removal] removes leftovers.
//!
//! # What happens when something fails
//!
//! | failure | outcome | tests |
//! |---|---|---|
//! | a task fails, panics or runs past `--task-timeout` | it is tried again from the start, `--max-attempts` times; the job's error says job, task, attempt, file and offset | `failures`, `fault_lab` |
//! | a task lags behind | `--speculative` gives it a second attempt; the first to finish wins | [scheduler], `fault_lab` |
//! | a map output is damaged, cut short or gone | its map task alone runs again, and the reducer after it; the summary, the table and `recoveries` in the report say what that cost | `damage` |
//! | records that cannot be mapped | they fail the job, or with `--skip-bad-records N` are passed over, counted and set aside in `_skipped/` | `bad_records` |
//! | `kill -9` | the same command with `--resume` goes on from the map outputs, and in a loop from the datasets, that were complete. It does so only if every option, every file that is read, the output's place and the program are unchanged, and says what has changed; memory mode starts over | `crash`, `scripts/crash` |
//! | leftovers of a killed process | the next run in the same place removes them, but nothing of a live run; with `--resume`, other resumable work stays | [work_dir] |
//! | Ctrl-C, SIGTERM, the terminal is closed | the run stops within a second, cleans up, and exits with 130, 143 or 129 | `signals` |
//! | too little disk, memory, threads or open files; too much of something | the run works, or ends with a clear error, exit status 1 and nothing left | `scripts/pressure`, `scripts/trials` |
//! | a call to the store fails | the right output or a clean error, with no file and no reservation left | [driver] |
//! | inputs, run files, journals or command lines of any bytes | the three modes agree, or fail alike with an error; no panic, no room made for more than a file can hold | `scripts/fuzz` |
//!
//! Limits: an attempt stops between records, blocks or groups, so code that never returns from one call cannot be ended. A
//! partition of a dataset between jobs that is damaged in all its copies fails the job. Runs in memory carry no checksums. A
//! resumed run sets aside only the bad records that it meets itself.

pub(crate) mod apart;
pub(crate) mod attempt;
pub mod beside;
pub mod driver;
pub mod existing_output;
pub(crate) mod holders;
pub mod identity;
pub(crate) mod job;
pub(crate) mod journal;
mod ledger;
pub mod lock_file;
pub(crate) mod map_outputs;
mod one_job;
pub(crate) mod output_dir;
pub(crate) mod output_files;
pub(crate) mod output_names;
pub mod output_place;
pub(crate) mod own_memory;
pub mod panics;
pub mod places;
pub(crate) mod removal;
pub mod resume;
pub(crate) mod scheduler;
pub mod session;
pub(crate) mod strike;
mod totals;
pub(crate) mod transient;
mod wave;
mod waves;
pub mod work_dir;
