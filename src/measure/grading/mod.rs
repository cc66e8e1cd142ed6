//! Grades a folder of submissions: programs of other people, each run by Hadoop Streaming's rules, and not trusted.
//!
//! ```text
//! assignment.toml ─▶ Assignment ─┐
//! submissions/ann ─▶ Submission ─┼─▶ trials in a sandbox ─▶ tests with points ─▶ Grade
//!             bob                ┘   (runs, answer, partitions, combiner, time)
//! ```
//!
//! 1. [`assignment`] reads the file: the commands, the input, the right answer, limits, points.
//! 2. [`submission`] copies a submission, so that it finds neither the others nor the answer beside it.
//! 3. [`sandbox`] finds out what the system allows, and [`shut_in`] becomes each of its programs so: without a network, with a
//!    list of processes and a [`view`] of the files of its own, as another user, with a short environment, and under limits. It is
//!    the programs that are shut in; the engine that feeds them is not.
//! 4. A [`trial`] is one run, in a process of its own, which is watched and ended when it takes more than it may.
//! 5. [`grade`] makes the trials and turns what they show into points; [`answers`] compares their lines.
//!
//! Whatever a submission does, the next one is graded.
//!
//! What a program of a submission finds, where the system allows it; a note of the grades says what it does not allow:
//!
//! - Its working directory has links to the submission's files, and may be written. So may `/tmp`, `/var/tmp` and `/dev/shm`,
//!   which are empty at first. All that it writes lies in memory, has at most `output` bytes, and is gone when it ends.
//! - Everything else is read-only. Homes, the folder of the assignment, its solution, the submissions and the work directory are
//!   out of sight. Directories of the `PATH` stay, so an interpreter in a home is found.
//! - Its environment has `PATH`, `LANG`, `LC_*`, `HOME=/tmp`, `TMPDIR=/tmp` and the variables of a streaming job.
//! - `memory` counts what its processes have mapped, and files in memory, sockets and pipes that they have open.
//!
//! Sums of floating-point numbers end in other digits in another order, so numbers of an answer that differ by at most 10⁻⁹ of
//! their size are the same, unless both are whole.

pub mod answers;
pub mod assignment;
pub mod filter;
pub mod grade;
pub mod sandbox;
pub mod shut_in;
pub mod submission;
pub mod trial;
pub mod view;
