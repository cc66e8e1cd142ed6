//! Resources of this process, as limits and as use: processors, memory, threads, open files.
//!
//! [`limits`] looks at what the process may have, within its [control groups](control_group) too; [`figures`] describe the
//! machine and what the process has used of it. Both read [`proc`].

mod control_group;
mod figures;
pub mod limits;
mod proc;

pub use figures::{Machine, ProcessIo, cpu_time, peak_rss_bytes};
