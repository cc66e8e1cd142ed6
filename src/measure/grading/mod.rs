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
//! 3. [`sandbox`] starts each of its programs as the system allows: without a network, with a list of processes of its own, as
//!    another user, and under limits. It is the programs that are shut in; the engine that feeds them is not.
//! 4. A [`trial`] is one run, in a process of its own, which is watched and ended when it takes more than it may.
//! 5. [`grade`] makes the trials and turns what they show into points; [`answers`] compares their lines.
//!
//! Whatever a submission does, the next one is graded.
//!
//! Sums of floating-point numbers end in other digits in another order, so numbers of an answer that differ by at most 10⁻⁹ of
//! their size are the same, unless both are whole.

pub mod answers;
pub mod assignment;
pub mod grade;
pub mod sandbox;
pub mod submission;
pub mod trial;
