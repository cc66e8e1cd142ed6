//! The limits of the control groups that the process is in, at every level.
//!
//! A process is in one group of each hierarchy. The group's own limit and those of all groups above it hold at once, so the
//! smallest counts: a container may allow what the service around it does not. Both versions of the file system are read:
//!
//! ```text
//! /proc/self/cgroup     0::/user/job          the group, as a path in its hierarchy   (4:memory:/user/job in version 1)
//! /proc/self/mountinfo  … / /sys/fs/cgroup …  where the hierarchy is mounted, and from which of its groups on
//!
//! /sys/fs/cgroup/user/job ─▶ /sys/fs/cgroup/user ─▶ /sys/fs/cgroup      each may have a limit
//! ```

use std::fs;
use std::path::{Path, PathBuf};

/// The file systems in which the kernel shows control groups.
#[derive(Debug)]
pub(crate) struct ControlGroups {
    /// `/`; another directory in tests.
    root: PathBuf,
}

/// One of the two layouts of a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The directories of the process's group and of all groups above it that can be seen, from the lowest up.
#[derive(Debug)]
struct Levels {
    version: Version,
    dirs: Vec<PathBuf>,
}

impl ControlGroups {
    /// The control groups of this process.
    pub fn of_this_process() -> Self {
        ControlGroups { root: "/".into() }
    }

    /// The smallest limit of memory, in bytes.
    pub fn memory_limit_bytes(&self) -> Option<u64> {
        self.memory_levels().filter_map(|(version, dir)| memory_limit(version, &dir)).min()
    }

    /// The least memory that a level with a limit has left, in bytes. Cached pages of files count as left, since the kernel
    /// takes them back first.
    pub fn memory_left_bytes(&self) -> Option<u64> {
        let left = |(version, dir): (Version, PathBuf)| {
            let limit = memory_limit(version, &dir)?;
            let (usage, stat, file_pages) = match version {
                Version::One => ("memory.usage_in_bytes", "memory.stat", ["total_inactive_file", "total_active_file"]),
                Version::Two => ("memory.current", "memory.stat", ["inactive_file", "active_file"]),
            };
            let used = number(&dir.join(usage)).unwrap_or(0);
            let stat = read(&dir.join(stat)).unwrap_or_default();
            let of_files: u64 = stat
                .lines()
                .filter_map(|line| line.split_once(' '))
                .filter(|(name, _)| file_pages.contains(name))
                .filter_map(|(_, bytes)| bytes.trim().parse::<u64>().ok())
                .sum();
            Some(limit.saturating_sub(used.saturating_sub(of_files)))
        };
        self.memory_levels().filter_map(left).min()
    }

    /// The smallest number of processes and threads that a level allows.
    pub fn threads_limit(&self) -> Option<u64> {
        self.levels("pids")
            .into_iter()
            .flat_map(|levels| levels.dirs)
            .filter_map(|dir| number(&dir.join("pids.max")))
            .min()
    }

    fn memory_levels(&self) -> impl Iterator<Item = (Version, PathBuf)> {
        let of = |levels: Levels| levels.dirs.into_iter().map(move |dir| (levels.version, dir));
        self.levels("memory").into_iter().flat_map(of)
    }

    /// The levels that have `controller`: in version 1 those of its own hierarchy, in version 2 those of the only one. Where
    /// both are mounted only one of them has limits; the files of the other are not there.
    fn levels(&self, controller: &str) -> Vec<Levels> {
        let groups = read(&self.root.join("proc/self/cgroup")).unwrap_or_default();
        let mounts = read(&self.root.join("proc/self/mountinfo")).unwrap_or_default();
        let of_group = |line: &str| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, group) = (fields.next()?, fields.next()?);
            let version = match controllers {
                "" => Version::Two,
                named if named.split(',').any(|name| name == controller) => Version::One,
                _ => return None,
            };
            let mount = mounts.lines().filter_map(Mount::parse).rfind(|mount| mount.has(version, controller))?;
            Some(Levels { version, dirs: self.dirs(&mount, Path::new(group)) })
        };
        groups.lines().filter_map(of_group).collect()
    }

    fn dirs(&self, mount: &Mount, group: &Path) -> Vec<PathBuf> {
        // A group outside the mounted part cannot be seen; the mount's own group is above it.
        let below = group.strip_prefix(&mount.from).unwrap_or(Path::new(""));
        let top = self.root.join(mount.at.strip_prefix("/").unwrap_or(&mount.at));
        below.ancestors().map(|group| top.join(group)).collect()
    }
}

/// A line of `mountinfo`.
struct Mount {
    /// The directory of the file system that is mounted.
    from: PathBuf,
    at: PathBuf,
    kind: String,
    options: String,
}

impl Mount {
    /// `36 35 98:0 /from /at rw,noatime master:1 - cgroup2 source rw,options`
    fn parse(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (from, at) = (unescape(before.next()?), unescape(before.next()?));
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?.to_owned(), after.nth(1).unwrap_or_default().to_owned());
        Some(Mount { from, at, kind, options })
    }

    fn has(&self, version: Version, controller: &str) -> bool {
        match version {
            Version::One => self.kind == "cgroup" && self.options.split(',').any(|option| option == controller),
            Version::Two => self.kind == "cgroup2",
        }
    }
}

/// Blanks are written as `\040` there, and so are a few other bytes.
fn unescape(text: &str) -> PathBuf {
    let mut parts = text.split('\\');
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                path.push(char::from(byte));
                path.push_str(&part[3..]);
            }
            None => {
                path.push('\\');
                path.push_str(part);
            }
        }
    }
    path.into()
}

fn memory_limit(version: Version, dir: &Path) -> Option<u64> {
    let files: &[&str] = match version {
        Version::One => &["memory.limit_in_bytes"],
        Version::Two => &["memory.max", "memory.high"],
    };
    files.iter().filter_map(|file| number(&dir.join(file))).min()
}

/// The number in a file; `None` for `max`, and where there is no such file.
fn number(path: &Path) -> Option<u64> {
    read(path)?.trim().parse().ok()
}

fn read(path: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&fs::read(path).ok()?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up root directory with these files.
    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, ControlGroups) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let groups = ControlGroups { root: dir.path().to_owned() };
        (dir, groups)
    }

    const MOUNTED: &str = "24 23 0:21 / /proc rw - proc proc rw\n30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_smallest_limit_of_all_levels_counts() {
        let (_dir, groups) = tree(&[
            ("proc/self/cgroup", "0::/service/container/job\n"),
            ("proc/self/mountinfo", MOUNTED),
            ("sys/fs/cgroup/service/memory.max", "4000000\n"),
            ("sys/fs/cgroup/service/memory.current", "3900000\n"),
            ("sys/fs/cgroup/service/memory.stat", "anon 1\ninactive_file 200000\nactive_file 100000\n"),
            ("sys/fs/cgroup/service/container/memory.max", "3000000\n"),
            ("sys/fs/cgroup/service/container/memory.high", "2000000\n"),
            ("sys/fs/cgroup/service/container/memory.current", "500000\n"),
            ("sys/fs/cgroup/service/container/job/memory.max", "max\n"),
            ("sys/fs/cgroup/service/container/job/memory.current", "500000\n"),
            ("sys/fs/cgroup/service/pids.max", "100\n"),
            ("sys/fs/cgroup/service/container/pids.max", "max\n"),
            ("sys/fs/cgroup/service/container/job/pids.max", "200\n"),
        ]);
        assert_eq!(groups.memory_limit_bytes(), Some(2_000_000));
        assert_eq!(groups.memory_left_bytes(), Some(400_000), "the service has less left than the container");
        assert_eq!(groups.threads_limit(), Some(100));
    }

    #[test]
    fn version_1_has_a_hierarchy_for_each_controller() {
        let (_dir, groups) = tree(&[
            ("proc/self/cgroup", "8:pids:/p\n4:cpu,memory:/a/b\n0::/unified\n"),
            (
                "proc/self/mountinfo",
                "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                 32 30 0:28 / /sys/fs/cgroup/pids rw master:3 - cgroup cgroup rw,pids\n\
                 33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            ),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000000\n"),
            ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "900000\n"),
            ("sys/fs/cgroup/memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file 300000\n"),
            ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/pids/p/pids.max", "7\n"),
        ]);
        assert_eq!(groups.memory_limit_bytes(), Some(1_000_000));
        assert_eq!(groups.memory_left_bytes(), Some(400_000));
        assert_eq!(groups.threads_limit(), Some(7));
    }

    #[test]
    fn a_container_sees_its_own_group_as_the_mount() {
        let files = |group: &'static str| {
            [
                ("proc/self/cgroup", group),
                ("proc/self/mountinfo", "30 23 0:26 /docker/a\\040b /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"),
                ("sys/fs/cgroup/memory.max", "5000\n"),
                ("sys/fs/cgroup/inner/memory.max", "4000\n"),
            ]
        };
        for (group, expected) in
            [("0::/docker/a b\n", 5000), ("0::/docker/a b/inner\n", 4000), ("0::/../elsewhere\n", 5000)]
        {
            let (_dir, groups) = tree(&files(group));
            assert_eq!(groups.memory_limit_bytes(), Some(expected), "{group}");
        }
    }

    #[test]
    fn what_is_missing_or_no_number_is_no_limit() {
        let none: &[&[(&str, &str)]] = &[
            &[],
            &[("proc/self/cgroup", "0::/a\n")],
            &[("proc/self/cgroup", "no colons\n0::/a"), ("proc/self/mountinfo", "nor this\n- -\n")],
            &[("proc/self/cgroup", "0::/a\n"), ("proc/self/mountinfo", MOUNTED)],
            &[
                ("proc/self/cgroup", "0::/a\n"),
                ("proc/self/mountinfo", MOUNTED),
                ("sys/fs/cgroup/a/memory.max", "max\n"),
                ("sys/fs/cgroup/memory.max", "lots\n"),
            ],
        ];
        for files in none {
            let (_dir, groups) = tree(files);
            assert_eq!((groups.memory_limit_bytes(), groups.memory_left_bytes()), (None, None), "{files:?}");
            assert_eq!(groups.threads_limit(), None, "{files:?}");
        }
    }
}
