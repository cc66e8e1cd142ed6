//! Words of a command line.

use std::ffi::{OsStr, OsString};

/// `--name=value`, which also works for values that look like options.
pub fn join(flag: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> OsString {
    let mut word = flag.as_ref().to_owned();
    word.push("=");
    word.push(value);
    word
}
