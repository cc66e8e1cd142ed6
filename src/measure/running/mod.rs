//! Runs, each in a process of its own.
//!
//! - [`supervisor`]: waits for work and child processes, and stops them at a signal.
//! - [`child`]: one run of the job.
//! - [`peers`]: one run of another program that does the job; [`field`]: those that take part, and their turns.
//! - [`rounds`]: warm-ups, then every turn of every round; [`pace`]: which round comes next, and when they end;
//!   [`goal`]: what is to be known then.
//! - [`processors`], [`words`]: the processors of a child, and its options.

pub mod child;
pub mod field;
pub mod goal;
pub mod pace;
pub mod peers;
pub mod processors;
pub mod rounds;
pub mod supervisor;
pub mod words;
