//! What `hadoop fs` is told, and what it shows, wherever the files are.

use std::ffi::OsStr;

/// Bytes that `-tail` shows.
pub const TAIL_BYTES: u64 = 1024;

/// Flags and paths of a command.
pub struct Words<'a> {
    pub flags: Vec<&'a str>,
    pub paths: Vec<&'a OsStr>,
}

impl Words<'_> {
    pub fn has(&self, flags: &[&str]) -> bool {
        self.flags.iter().any(|flag| flags.contains(flag))
    }
}

/// The permissions of a mode: `rwxr-xr-x`.
pub fn mode_bits(mode: u32) -> String {
    (0..9).map(|bit| if mode & (0o400 >> bit) != 0 { ["r", "w", "x"][bit % 3] } else { "-" }).collect()
}
