//! Co-occurrence by pairs: how often each word stands in one line with each other word.

use twinmill::prelude::*;
use twinmill::program::{AnyProgram, program};

/// The count of pairs, for the command line.
pub fn pairs() -> Box<dyn AnyProgram> {
    let pairs = mapper(|line, out: &mut Out<(String, String), u64>| {
        let words: Vec<&str> = line.text()?.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            for (_, other) in words.iter().enumerate().filter(|(other, _)| *other != at) {
                out.emit((word, other), 1);
            }
        }
        Ok(())
    });
    program("pairs", "Count pairs of words that share a line", move |inputs, config| {
        Job::new("pairs", pairs.clone(), Sum).combine(Sum).input(inputs).run(config)
    })
}
