//! The same facts on text that people wrote. Skipped where that is not at hand, which is said on standard error.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use twinmill::Mode;

use crate::harness::{MODES, Scratch, assert_same_parts};
use crate::sample_jobs::{add, positions, positions_oracle, word_count, word_count_oracle};

/// `name` in the directory that `TWINMILL_DATA` names, else in `../shared/data`.
pub fn data(name: &str) -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let path = env::var_os("TWINMILL_DATA").map_or_else(default, PathBuf::from).join(name);
    if !path.exists() {
        // Not by way of eprintln, which is shown only where a test fails.
        let said =
            format!("skipped: there is no {}; set TWINMILL_DATA to a directory that has {name}\n", path.display());
        io::stderr().write_all(said.as_bytes()).unwrap();
        return None;
    }
    Some(path)
}

/// The bytes of all files below a directory.
fn all_bytes(dir: &Path) -> Vec<u8> {
    let files = twinmill::input::list_files(&[dir.to_owned()]).unwrap();
    // A newline after each, so that no word goes on in the next file.
    files.iter().flat_map(|file| [fs::read(&file.path).unwrap(), b"\n".to_vec()].concat()).collect()
}

#[test]
fn the_words_of_real_text_are_counted_as_an_oracle_does() {
    let Some(text) = data("text") else { return };
    let scratch = Scratch::new();
    let expected = word_count_oracle(&all_bytes(&text), 3);
    for mode in MODES {
        for memory_bytes in [4 << 20, 256 << 20] {
            let mut config = scratch.config(mode);
            config.memory_bytes = memory_bytes;
            let plain = scratch.run(&config, |config| word_count().input(text.as_path()).run(config));
            assert_same_parts(&plain.parts, &expected, format_args!("{mode:?}, {memory_bytes}"));
            let combined = scratch.run(&config, |config| word_count().combine(add).input(text.as_path()).run(config));
            assert_same_parts(&combined.parts, &expected, format_args!("combined, {mode:?}, {memory_bytes}"));
        }
    }
}

#[test]
fn every_word_of_a_real_book_is_found_in_its_place() {
    let Some(book) = data("text/kjv.txt") else { return };
    let expected = positions_oracle(&fs::read(&book).unwrap(), 3);
    let scratch = Scratch::new();
    for mode in MODES {
        let mut config = scratch.config(mode);
        config.split_bytes = Some(if mode == Mode::Disk { 300_007 } else { 70_001 });
        let outcome = scratch.run(&config, |config| positions().input(book.as_path()).run(config));
        assert_same_parts(&outcome.parts, &expected, format_args!("{mode:?}"));
    }
}
