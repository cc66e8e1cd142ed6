//! What the system gives this process, and what the process has used of it: processors, memory, threads, open files.

mod control_group;
mod figures;
pub mod limits;
mod proc;

pub use figures::{Machine, ProcessIo, cpu_time, peak_rss_bytes};
