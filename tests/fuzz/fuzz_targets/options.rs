//! Command lines of any words: a command, or a refusal with exit status 2 and a reason. Nothing is run.

#![no_main]
#![allow(dead_code, missing_docs)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use twinmill::Fault;
use twinmill::quantity::{ByteSize, parse_duration};
use twinmill::program::AnyProgram;

#[path = "../../../jobs/mod.rs"]
mod jobs;

static JOBS: LazyLock<Vec<Box<dyn AnyProgram>>> = LazyLock::new(jobs::all);

fuzz_target!(|line: &[u8]| {
    let words = line.split(|byte| *byte == b'\n').map(|word| OsString::from_vec(word.to_vec()));
    let refused = twinmill::cli::refusal(&JOBS, std::iter::once("twinmill".into()).chain(words));
    assert!(matches!(refused, None | Some(0 | 2)), "{refused:?}");
    let Ok(text) = std::str::from_utf8(line) else { return };
    // Sizes are printed with three digits, so the largest may be rounded up to what is too large.
    if let Some(size) = text.parse::<ByteSize>().ok().filter(|size| size.0 < 1 << 63) {
        let again: ByteSize = size.to_string().parse().unwrap();
        assert!(again.0.abs_diff(size.0) <= size.0 / 100, "{text}: {size}");
    }
    if let Ok(fault) = text.parse::<Fault>() {
        let printed = fault.to_string();
        assert_eq!(printed.strip_prefix("injected by ").unwrap().parse(), Ok(fault));
    }
    if let Ok(duration) = parse_duration(text) {
        assert!(!duration.is_zero(), "{text}");
    }
});
