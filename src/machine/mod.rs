//! Resources of this process, as limits and as use: processors, memory, threads, open files.
//!
//! [`limits`] finds the limits on the process, those of its [control groups](control_group) included; [`figures`] describe
//! the machine and the process's use of it; [`load`] is what other processes leave of it. They read files of [`proc`].
//! [`peak_rates`] measures how fast the machine moves bytes at best, [`calendar`] gives the day on which that was, and
//! [`tie`] makes child processes end with this one.

#[cfg(feature = "cli")]
pub mod calendar;
mod control_group;
mod figures;
pub mod limits;
pub mod load;
#[cfg(feature = "cli")]
pub mod peak_rates;
mod proc;
#[cfg(feature = "cli")]
pub mod tie;

pub(crate) use figures::{CpuTime, ResidentSize};
pub use figures::{Machine, ProcessIo, peak_rss_bytes};
