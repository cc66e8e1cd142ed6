//! Pointwise mutual information: which tokens stand in one line more often than chance would put them there.
//!
//! ```text
//! pmi(a, b) = log10( lines · lines with both / (lines with a · lines with b) )
//!
//! job 1   line ─▶ (token) 1                     reduce   lines with each token, if they are enough
//! job 2   line ─▶ (a, b) 1  for each pair       reduce   lines with both; the rest of the formula is side data
//! ```
//!
//! A pair cannot be in more lines than each of its tokens, so with `--min-count` the second job leaves out all tokens that are in
//! fewer lines, and most pairs with them: what Apriori does for shopping baskets. The frequent tokens are numbered in byte order
//! and go to every task as side data, which must fit into memory; the second job shuffles pairs of numbers, eight bytes each.
//!
//! - *Shuffle*: the second job's, a record for each pair, quadratic in the tokens of a line.
//! - *Combiner*: it adds up equal pairs of a split, and saves most where pairs are frequent.
//! - *Memory* helps by the pairs that are shuffled; between the jobs there are only tokens.

use std::path::PathBuf;
use std::sync::Arc;

use hashbrown::HashMap;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::ToKey;
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{Finite, Largest, first_of, number, significant};
use crate::jobs::tokens::{Tokenizer, Tokens};

pub struct Pmi;

#[derive(clap::Args)]
pub struct Options {
    /// Leave out pairs that stand together in fewer lines than this
    #[arg(long, value_name = "N", default_value_t = 10)]
    min_count: u64,
    /// What a token is
    #[arg(long, value_enum, value_name = "RULE", default_value = "letters")]
    tokens: Tokens,
}

// ------------------------------------------------------------------ tokens

/// Emits each token of a line once, and counts lines.
#[derive(Clone)]
struct TokensOfLine {
    tokenizer: Tokenizer,
    lines: u64,
}

/// The different tokens of a line, in order.
fn different<'a>(tokenizer: &'a mut Tokenizer, line: &'a [u8]) -> Vec<&'a [u8]> {
    let mut tokens: Vec<&[u8]> = tokenizer.of(line).collect();
    tokens.sort_unstable();
    tokens.dedup();
    tokens
}

impl Mapper for TokensOfLine {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.lines += 1;
        different(&mut self.tokenizer, line.bytes()).into_iter().for_each(|token| out.emit(token, 1));
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.aggregate("lines", self.lines);
        Ok(())
    }
}

/// Keeps the tokens that are in enough lines.
#[derive(Clone)]
struct Frequent {
    min_count: u64,
}

impl Reducer for Frequent {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, token: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        let count = counts.sum::<u64>();
        if count >= self.min_count {
            out.emit(token, count);
        }
        Ok(())
    }
}

/// The frequent tokens, numbered in byte order, with the lines that they are in.
#[derive(Debug)]
struct Vocabulary {
    lines: u64,
    tokens: Vec<(Vec<u8>, u64)>,
    numbers: HashMap<Vec<u8>, u32>,
}

impl Vocabulary {
    fn of(mut tokens: Vec<(Vec<u8>, u64)>, lines: u64) -> Self {
        tokens.sort_unstable();
        let numbers = tokens.iter().zip(0u32..).map(|((token, _), number)| (token.clone(), number)).collect();
        Vocabulary { lines, tokens, numbers }
    }

    /// Writes a pair as it is printed, and returns its information.
    fn judge(&self, (one, other): (u32, u32), both: u64, pair: &mut Vec<u8>) -> f64 {
        let ((one, lines_one), (other, lines_other)) = (&self.tokens[one as usize], &self.tokens[other as usize]);
        pair.clear();
        pair.extend_from_slice(one);
        pair.push(b' ');
        pair.extend_from_slice(other);
        (self.lines as f64 * both as f64 / (*lines_one as f64 * *lines_other as f64)).log10()
    }
}

// ------------------------------------------------------------------ pairs

/// Finds the pairs of frequent tokens in lines.
#[derive(Clone)]
struct PairsOfLine {
    vocabulary: Arc<Vocabulary>,
    tokenizer: Tokenizer,
    numbers: Vec<u32>,
}

impl PairsOfLine {
    /// Calls `each` with each pair of a line, the smaller number first.
    #[inline]
    fn for_each(&mut self, line: &[u8], mut each: impl FnMut((u32, u32))) {
        self.numbers.clear();
        let known = &self.vocabulary.numbers;
        self.numbers.extend(self.tokenizer.of(line).filter_map(|token| known.get(token)));
        self.numbers.sort_unstable();
        self.numbers.dedup();
        for (place, one) in self.numbers.iter().enumerate() {
            self.numbers[place + 1..].iter().for_each(|other| each((*one, *other)));
        }
    }
}

impl Mapper for PairsOfLine {
    type Input = Lines;
    type Key = (u32, u32);
    type Value = u64;

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<(u32, u32), u64>) -> Result<()> {
        self.for_each(line.bytes(), |pair| out.emit(pair, 1));
        Ok(())
    }
}

/// Judges the pairs that are in enough lines.
#[derive(Clone)]
struct Judge {
    vocabulary: Arc<Vocabulary>,
    min_count: u64,
    pair: Vec<u8>,
}

impl Reducer for Judge {
    type Key = (u32, u32);
    type Value = u64;
    type OutKey = [u8];
    type OutValue = (f64, u64);

    fn reduce(
        &mut self,
        numbers: (u32, u32),
        counts: &mut Values<u64>,
        out: &mut impl Emit<[u8], (f64, u64)>,
    ) -> Result<()> {
        let both = counts.sum::<u64>();
        if both >= self.min_count {
            let information = self.vocabulary.judge(numbers, both, &mut self.pair);
            out.emit(&self.pair, (information, both));
        }
        Ok(())
    }
}

impl Program for Pmi {
    type Options = Options;

    const NAME: &'static str = "pmi";
    const ABOUT: &'static str = "Find the tokens that stand in one line more often than by chance";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(16 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let (tokenizer, min_count) = (Tokenizer::new(options.tokens), options.min_count);
        let mut driver = Driver::start(Self::NAME, session)?;
        let tokens = TokensOfLine { tokenizer: tokenizer.clone(), lines: 0 };
        let count = Job::new("pmi-tokens", tokens, Frequent { min_count }).combine(Sum).input(inputs);
        let frequent = driver.run_to_dataset(&count.reducers(session.config.reducers.max(1)))?;
        let (lines, mut tokens) = (driver.aggregate("lines"), Vec::new());
        frequent.for_each(|token, count| {
            tokens.push((token.to_vec(), count));
            Ok(())
        })?;
        let vocabulary = Arc::new(Vocabulary::of(tokens, lines));
        let pairs = PairsOfLine { vocabulary: vocabulary.clone(), tokenizer, numbers: Vec::new() };
        let judge = Judge { vocabulary, min_count, pair: Vec::new() };
        driver.run(&Job::new("pmi-pairs", pairs, judge).combine(Sum).input(inputs))?;
        // A run that is resumed reads it again, so it stays to the end.
        drop(frequent);
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let mut largest = Largest::new();
        output.each_record(|pair, information_and_lines| {
            let information = information_and_lines.split(|byte| *byte == b'\t').next().unwrap_or_default();
            largest.offer(Finite(number(information)?), pair);
            Ok(())
        })?;
        let heading = first_of(largest.seen(), "pairs", "highest information");
        let mut rows = vec![["pair", "information"].map(str::to_owned).to_vec()];
        rows.extend(largest.into_sorted().into_iter().map(|(Finite(value), pair)| vec![pair, significant(value)]));
        Ok(Some(Highlights { heading, rows }))
    }
}

impl Pmi {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut tokenizer, mut lines) = (Tokenizer::new(options.tokens), 0);
        let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
        run.for_each_line(inputs, |line| {
            lines += 1;
            different(&mut tokenizer, line.bytes())
                .into_iter()
                .for_each(|token| *counts.entry_ref(token).or_default() += 1);
            Ok(())
        })?;
        let frequent = counts.into_iter().filter(|(_, count)| *count >= options.min_count).collect();
        let vocabulary = Arc::new(Vocabulary::of(frequent, lines));
        let mut line_pairs = PairsOfLine { vocabulary: vocabulary.clone(), tokenizer, numbers: Vec::new() };
        let mut pairs: HashMap<(u32, u32), u64> = HashMap::new();
        run.for_each_line(inputs, |line| {
            line_pairs.for_each(line.bytes(), |pair| *pairs.entry(pair).or_default() += 1);
            Ok(())
        })?;
        let mut pairs: Vec<_> = pairs.into_iter().filter(|(_, both)| *both >= options.min_count).collect();
        pairs.sort_unstable();
        let (mut key, mut text) = (Vec::new(), Vec::new());
        pairs.into_iter().try_for_each(|(pair, both)| {
            let information = vocabulary.judge(pair, both, &mut text);
            let part = run.partition(ToKey::<(u32, u32)>::encode(&pair, &mut key));
            run.write(part, &text, &(information, both))
        })
    }
}
