//! Reads the files of `/proc`.

use std::fs;

/// A field of `/proc/meminfo` in bytes.
pub(super) fn meminfo_bytes(name: &str) -> Option<u64> {
    kib(&proc_field("/proc/meminfo", name)?)
}

/// The bytes of a number of kilobytes as the kernel writes it.
pub(super) fn kib(value: &str) -> Option<u64> {
    Some(value.strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// The value after a name and a colon in a file of `/proc`.
pub(super) fn proc_field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (_, value) =
        text.lines().filter_map(|line| line.split_once(':')).find(|(field, _)| field.trim_end() == name)?;
    Some(value.trim().to_owned())
}
