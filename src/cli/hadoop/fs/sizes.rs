//! `-du`, `-count` and `-df`: bytes of files, of directories, and of the file system.

use std::ffi::{OsStr, OsString};

use nix::sys::statvfs::statvfs;

use super::complaint::{Complaint, Done};
use super::names::Item;
use super::run::{Run, print, print_path};
use crate::cli::hadoop::fs_words::size;

/// What is at and below a path.
#[derive(Default)]
struct Sum {
    dirs: u64,
    files: u64,
    bytes: u64,
}

impl Sum {
    fn of(item: &Item) -> Done<Self> {
        let found = item.path.metadata().map_err(Complaint::at(item))?;
        if !found.is_dir() {
            return Ok(Sum { dirs: 0, files: 1, bytes: found.len() });
        }
        let mut sum = Sum { dirs: 1, ..Sum::default() };
        for child in item.children()? {
            let is_link = child.path.symlink_metadata().is_ok_and(|found| found.is_symlink());
            // A link to a directory may lead back here.
            let below = if is_link && child.is_dir() { Sum { dirs: 1, ..Sum::default() } } else { Sum::of(&child)? };
            sum.dirs += below.dirs;
            sum.files += below.files;
            sum.bytes += below.bytes;
        }
        Ok(sum)
    }
}

/// `-du`: what is in each directory, or with `-s` the directory itself. The lines come last, in columns.
pub fn usage(run: &mut Run<'_>) -> Done {
    let mut rows: Vec<(String, OsString)> = Vec::new();
    run.each(|run, item| {
        let items = if item.is_dir() && !run.words.has(&["-s"]) { item.children()? } else { vec![item.clone()] };
        for item in items {
            match Sum::of(&item) {
                Ok(sum) => rows.push((size(sum.bytes, &run.words), item.shown)),
                Err(complaint) => run.complain(complaint)?,
            }
        }
        Ok(())
    })?;
    let (mut widest, mut widest_space) = (rows.iter().map(|(bytes, _)| bytes.len()).max().unwrap_or(0), 0);
    if run.words.has(&["-v"]) {
        const SPACE: &str = "DISK_SPACE_CONSUMED_WITH_ALL_REPLICAS";
        (widest, widest_space) = (widest.max(4), SPACE.len());
        print(format_args!("{:<widest$}  {SPACE}  FULL_PATH_NAME", "SIZE"));
    }
    let widest_space = widest.max(widest_space);
    for (bytes, path) in rows {
        // A local file has one copy.
        print_path(&format!("{bytes:<widest$}  {bytes:<widest_space$}  "), &path);
    }
    Ok(())
}

/// `-count`. Local files have no quota.
pub fn count(run: &mut Run<'_>) -> Done {
    if run.words.has(&["-e"]) {
        return Err(Complaint::Usage("FileSystem file:/// does not support Erasure Coding".into()));
    }
    const QUOTA: [(&str, &str, usize); 4] =
        [("QUOTA", "none", 12), ("REM_QUOTA", "inf", 15), ("SPACE_QUOTA", "none", 15), ("REM_SPACE_QUOTA", "inf", 15)];
    const SNAPSHOT: [(&str, usize); 4] = [
        ("SNAPSHOT_LENGTH", 18),
        ("SNAPSHOT_FILE_COUNT", 24),
        ("SNAPSHOT_DIR_COUNT", 24),
        ("SNAPSHOT_SPACE_CONSUMED", 28),
    ];
    let (quota, only_quota) = (run.words.has(&["-q", "-u"]), run.words.has(&["-u"]));
    let snapshots = run.words.has(&["-s"]) && !only_quota;
    let line = |sum: Option<[String; 3]>| {
        let mut line = String::new();
        if quota {
            for (head, value, width) in QUOTA {
                line += &format!("{:>width$} ", if sum.is_none() { head } else { value });
            }
        }
        if !only_quota {
            let head = || ["DIR_COUNT", "FILE_COUNT", "CONTENT_SIZE"].map(str::to_owned);
            let [dirs, files, bytes] = sum.clone().unwrap_or_else(head);
            line += &format!("{dirs:>12} {files:>12} {bytes:>18} ");
        }
        if snapshots {
            for (head, width) in SNAPSHOT {
                line += &format!("{:>width$} ", if sum.is_none() { head } else { "0" });
            }
        }
        line
    };
    if run.words.has(&["-v"]) {
        print_path(&line(None), OsStr::new("PATHNAME"));
    }
    run.each(|run, item| {
        let sum = Sum::of(item)?;
        let shown = [sum.dirs, sum.files, sum.bytes].map(|number| size(number, &run.words));
        print_path(&line(Some(shown)), &item.shown);
        Ok(())
    })
}

/// `-df`: the space of the file system that a path lies in.
pub fn space(run: &mut Run<'_>) -> Done {
    let mut rows = vec![["Filesystem", "Size", "Used", "Available", "Use%"].map(str::to_owned)];
    run.each(|run, item| {
        let found = statvfs(&item.path).map_err(|error| Complaint::at(item)(error.into()))?;
        // Fields differ in width between systems.
        #[allow(clippy::unnecessary_cast)]
        let bytes = |blocks| blocks as u64 * found.fragment_size() as u64;
        let (all, free) = (bytes(found.blocks()), bytes(found.blocks_free()));
        let used = all.saturating_sub(free);
        let percent = format!("{:.0}%", used as f64 * 100.0 / all.max(1) as f64);
        let [all, used, free] = [all, used, free].map(|bytes| size(bytes, &run.words));
        rows.push(["file:///".to_owned(), all, used, free, percent]);
        Ok(())
    })?;
    if rows.len() == 1 {
        return Ok(());
    }
    let [first, all, used, free, percent] =
        [0, 1, 2, 3, 4].map(|at| rows.iter().map(|row| row[at].len()).max().unwrap_or(0));
    for [name, a, b, c, d] in rows {
        print(format_args!("{name:<first$}  {a:>all$}  {b:>used$}  {c:>free$}  {d:>percent$}"));
    }
    Ok(())
}
