//! Figures of the operating system: the machine, and this process's use of it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

use crate::machine::limits::processors;
use crate::machine::proc::{kib, meminfo_bytes, proc_field};

/// The machine a run was measured on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Machine {
    /// Processors this process may use.
    pub cpus: usize,
    /// As the kernel names it.
    pub cpu_model: String,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Type of the file system of the work directory.
    pub filesystem: String,
    /// Kernel release.
    pub kernel: String,
}

impl Machine {
    /// Describes this machine; `work_dir` says which file system is meant.
    pub fn describe(work_dir: &Path) -> Self {
        Machine {
            cpus: processors(),
            cpu_model: proc_field("/proc/cpuinfo", "model name").unwrap_or_default(),
            memory_bytes: meminfo_bytes("MemTotal").unwrap_or(0),
            filesystem: filesystem(work_dir).unwrap_or_default(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        }
    }
}

/// `/proc/self/io`: bytes that the process asked for, and bytes that reached the block device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct ProcessIo {
    /// Bytes asked for by read calls.
    pub rchar: u64,
    /// Bytes handed to write calls.
    pub wchar: u64,
    /// Bytes fetched from the block device.
    pub read_bytes: u64,
    /// Bytes sent to the block device, or queued for it in the page cache.
    pub write_bytes: u64,
}

impl ProcessIo {
    /// The counts so far; zeros where the kernel does not tell.
    pub fn now() -> Self {
        let field = |name| proc_field("/proc/self/io", name).and_then(|value| value.parse().ok()).unwrap_or(0);
        ProcessIo {
            rchar: field("rchar"),
            wchar: field("wchar"),
            read_bytes: field("read_bytes"),
            write_bytes: field("write_bytes"),
        }
    }

    /// The counts since `earlier`.
    pub fn since(self, earlier: ProcessIo) -> Self {
        ProcessIo {
            rchar: self.rchar - earlier.rchar,
            wchar: self.wchar - earlier.wchar,
            read_bytes: self.read_bytes - earlier.read_bytes,
            write_bytes: self.write_bytes - earlier.write_bytes,
        }
    }
}

/// Largest resident size of this process so far.
pub fn peak_rss_bytes() -> u64 {
    proc_field("/proc/self/status", "VmHWM").and_then(|value| kib(&value)).unwrap_or(0)
}

/// The resident size of this process, which takes no more than a call to the system each time.
#[derive(Debug)]
pub(crate) struct ResidentSize {
    statm: File,
    page_bytes: u64,
}

impl ResidentSize {
    /// `None` where the system does not tell.
    pub fn open() -> Option<Self> {
        let page_bytes = sysconf(SysconfVar::PAGE_SIZE).ok()??;
        Some(ResidentSize { statm: File::open("/proc/self/statm").ok()?, page_bytes: page_bytes as u64 })
    }

    /// The size now.
    pub fn bytes(&self) -> Option<u64> {
        let mut line = [0; 128];
        let read = self.statm.read_at(&mut line, 0).ok()?;
        let pages: u64 = str::from_utf8(&line[..read]).ok()?.split(' ').nth(1)?.parse().ok()?;
        Some(pages * self.page_bytes)
    }
}

/// Processor time of this process, or of programs that it started.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CpuTime {
    /// In the program itself.
    pub user: Duration,
    /// In calls to the system.
    pub system: Duration,
}

impl CpuTime {
    /// The times so far.
    pub fn now() -> Self {
        CpuTime::of(UsageWho::RUSAGE_SELF)
    }

    /// The times of programs that this process has started and that have ended, with theirs.
    pub fn of_programs() -> Self {
        CpuTime::of(UsageWho::RUSAGE_CHILDREN)
    }

    fn of(who: UsageWho) -> Self {
        let time = |time: TimeVal| Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()) as u64);
        getrusage(who).map_or(CpuTime::default(), |usage| CpuTime {
            user: time(usage.user_time()),
            system: time(usage.system_time()),
        })
    }

    /// The times since `earlier`.
    pub fn since(self, earlier: CpuTime) -> Self {
        CpuTime { user: self.user.saturating_sub(earlier.user), system: self.system.saturating_sub(earlier.system) }
    }

    /// Both together.
    pub fn total(self) -> Duration {
        self.user + self.system
    }
}

/// The type of the mount with the longest path above `dir`.
fn filesystem(dir: &Path) -> Option<String> {
    let dir = dir.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let on_path = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (mount, kind) = (fields.next()?, fields.next()?);
        dir.starts_with(mount).then_some((mount.len(), kind))
    });
    // Of mounts on the same point the last one is visible.
    Some(on_path.max_by_key(|(length, _)| *length)?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_seen() {
        let resident = ResidentSize::open().and_then(|size| size.bytes()).unwrap();
        // Both are sums of counts that each processor keeps, and may differ by some pages.
        assert!(resident > 1 << 20 && peak_rss_bytes() + (4 << 20) > resident, "{resident}");
        assert!(!Machine::describe(Path::new("/")).filesystem.is_empty());
    }
}
