//! The ten most frequent words: a job that counts, and one that sorts by count and keeps the first.

use std::cmp::Reverse;

use twinmill::prelude::*;
use twinmill::program::{AnyProgram, program};

/// Keeps the first records that it sees: with one reducer, the first of all.
#[derive(Clone)]
struct First {
    left: usize,
}

impl Reducer for First {
    type Key = (Reverse<u64>, String);
    type Value = ();
    type OutKey = str;
    type OutValue = u64;

    fn reduce(
        &mut self,
        (Reverse(count), word): (Reverse<u64>, String),
        _: &mut Values<()>,
        out: &mut impl Emit<str, u64>,
    ) -> Result<()> {
        if self.left > 0 {
            self.left -= 1;
            out.emit(word, count);
        }
        Ok(())
    }
}

/// The ten words, for the command line.
pub fn top_k() -> Box<dyn AnyProgram> {
    let by_count = mapper_of(Pairs::<[u8], u64>::new(), |(word, count), out: &mut Out<(Reverse<u64>, String), ()>| {
        out.emit((Reverse(count), std::str::from_utf8(word)?), ());
        Ok(())
    });
    program("top-k", "Find the ten most frequent words", move |inputs, config| {
        let mut driver = Driver::start("top-k", config)?;
        let counts = driver.run_to_dataset(&Job::new("count", Words, Sum).combine(Sum).input(inputs))?;
        driver.run(&Job::new("top", by_count.clone(), First { left: 10 }).input(&counts).reducers(1))?;
        drop(counts);
        driver.finish()
    })
}
