//! Co-occurrence by stripes: for each word, a map from the words of its lines to how often they stand beside it.

use std::collections::BTreeMap;

use twinmill::prelude::*;
use twinmill::program::{AnyProgram, program};

type Stripe = BTreeMap<String, u64>;

fn add(stripe: &mut Stripe, more: Stripe) {
    for (word, count) in more {
        *stripe.entry(word).or_default() += count;
    }
}

/// The stripes, for the command line.
pub fn stripes() -> Box<dyn AnyProgram> {
    let stripes = mapper(|line, out: &mut Out<str, Stripe>| {
        let words: Vec<&str> = line.text()?.split_whitespace().collect();
        for (at, word) in words.iter().enumerate() {
            let mut stripe = BTreeMap::new();
            for (_, other) in words.iter().enumerate().filter(|(other, _)| *other != at) {
                *stripe.entry(other).or_insert(0) += 1;
            }
            out.emit(word, stripe);
        }
        Ok(())
    });
    let merge = reducer(|word: &str, stripes: &mut Values<Stripe>, out: &mut Out<str, Stripe>| {
        let mut all = Stripe::new();
        for stripe in stripes {
            add(&mut all, stripe);
        }
        out.emit(word, all);
        Ok(())
    });
    program("stripes", "Count words that share a line, a map a word", move |inputs, config| {
        Job::new("stripes", stripes.clone(), merge.clone()).combine(add).input(inputs).run(config)
    })
}
