//! An inverted index: for each word, the files in which it occurs.

use std::collections::BTreeSet;
use std::process::ExitCode;

use twinmill::prelude::*;
use twinmill::program::program;

type Files = BTreeSet<String>;

fn main() -> ExitCode {
    let words = mapper(|line, out: &mut Out<str, Files>| {
        let file = line.path().file_name().unwrap_or_default().to_string_lossy();
        for word in line.text()?.split_whitespace() {
            out.emit(word.to_lowercase(), Files::from([file.to_string()]));
        }
        Ok(())
    });
    let all_files = reducer(|word: &str, files: &mut Values<Files>, out: &mut Out<str, Files>| {
        out.emit(word, files.flatten().collect::<Files>());
        Ok(())
    });
    twinmill::cli::main(program("inverted-index", "List the files in which each word occurs", move |inputs, config| {
        Job::new("inverted-index", words.clone(), all_files.clone())
            .combine(|files: &mut Files, more| files.extend(more))
            .input(inputs)
            .run(config)
    }))
}
