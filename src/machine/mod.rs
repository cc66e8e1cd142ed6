//! Resources of this process, as limits and as use: processors, memory, threads, open files.

mod control_group;
mod figures;
pub mod limits;
mod proc;

pub use figures::{Machine, ProcessIo, cpu_time, peak_rss_bytes};
