//! Resources of this process, as limits and as use: processors, memory, threads, open files.
//!
//! [`limits`] finds the limits on the process, those of its [control groups](control_group) included; [`figures`] describe
//! the machine and the process's use of it. Both read [`proc`].

mod control_group;
mod figures;
pub mod limits;
mod proc;

pub(crate) use figures::{CpuTime, ResidentSize};
pub use figures::{Machine, ProcessIo, peak_rss_bytes};
