//! Bigrams: how often each token is followed by each other one, in two ways that courses compare: pairs and stripes.
//!
//! ```text
//! "a rose is a rose"     pairs     (a rose) 1 (rose is) 1 (is a) 1 (a rose) 1        a key for each bigram
//!                        stripes   a {rose: 1}  rose {is: 1}  is {a: 1}  a {rose: 1}  a key for each first token
//! ```
//!
//! - *Pairs* shuffle small records, and no task holds more than its sort buffer. The combiner adds up equal bigrams.
//! - *Stripes* shuffle fewer and larger records, since a first token is written once for all that follow it. A stripe must fit
//!   into memory: that of a frequent token has a large part of the vocabulary.
//! - *Shuffle*: both partition by the first token, so they give the same bytes, and both send all bigrams of a frequent token to
//!   one reducer.
//!
//! `--relative` divides a count by that of its first token, which pairs know only after the last bigram of the token. The key
//! `a ` with nothing after it counts `a *`, all bigrams that begin with `a`, and sorts before every one of them:
//!
//! ```text
//! a       2        the reducer sees this first, and has nothing to remember but one number: order inversion
//! a rose  2        2 / 2
//! ```
//!
//! - *Memory* helps pairs most, which shuffle the most.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use memchr::memchr;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::job::HashPartitioner;
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::largest_numbers;
use crate::jobs::tally::Tally;
use crate::jobs::tokens::{Tokenizer, Tokens};

pub struct Bigrams;

#[derive(clap::Args)]
pub struct Options {
    /// What is shuffled: a key for each bigram (pairs), or one for each first token, with all tokens that follow it (stripes);
    /// the output is the same
    #[arg(long, value_enum, value_name = "METHOD", default_value = "pairs")]
    method: Method,
    /// Divide each count by that of all bigrams with the same first token
    #[arg(long)]
    relative: bool,
    /// What a token is
    #[arg(long, value_enum, value_name = "RULE", default_value = "letters")]
    tokens: Tokens,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Count each bigram by itself
    Pairs,
    /// Gather for each token a map of those that follow it
    Stripes,
}

/// Separates the tokens of a bigram. No token has one.
const SPACE: u8 = b' ';

/// Length of the first token at the front of a key.
fn first_len(key: &[u8]) -> usize {
    memchr(SPACE, key).unwrap_or(key.len())
}

/// Calls `each` with the tokens of each bigram of a line.
#[inline(always)]
fn for_each_bigram(tokenizer: &mut Tokenizer, line: &[u8], mut each: impl FnMut(&[u8], &[u8])) {
    let mut tokens = tokenizer.of(line);
    let Some(mut first) = tokens.next() else { return };
    for second in tokens {
        each(first, second);
        first = second;
    }
}

fn join(first: &[u8], second: &[u8], bigram: &mut Vec<u8>) {
    bigram.clear();
    bigram.extend_from_slice(first);
    bigram.push(SPACE);
    bigram.extend_from_slice(second);
}

// ------------------------------------------------------------------ pairs

/// Emits each bigram with 1, and for relative counts its first token too.
#[derive(Clone)]
struct EachPair {
    tokenizer: Tokenizer,
    relative: bool,
    bigram: Vec<u8>,
}

impl Mapper for EachPair {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        let EachPair { tokenizer, relative, bigram } = self;
        for_each_bigram(tokenizer, line.bytes(), |first, second| {
            join(first, second, bigram);
            if *relative {
                out.emit(&bigram[..=first.len()], 1);
            }
            out.emit(&bigram[..], 1);
        });
        Ok(())
    }
}

/// Divides the counts of a first token's bigrams by that of the token, which comes first.
#[derive(Clone, Default)]
struct Divide {
    bigram: Vec<u8>,
}

impl Reducer for Divide {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = f64;

    fn reduce(&mut self, _: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], f64>) -> Result<()> {
        let (mut all, mut count) = (0, 0);
        self.bigram.clear();
        while let Some((key, more)) = counts.next_with_key() {
            if key.last() == Some(&SPACE) {
                all += more;
                continue;
            }
            if key != self.bigram {
                if count > 0 {
                    out.emit(&self.bigram, share(count, all));
                }
                self.bigram.clear();
                self.bigram.extend_from_slice(key);
                count = 0;
            }
            count += more;
        }
        if count > 0 {
            out.emit(&self.bigram, share(count, all));
        }
        Ok(())
    }
}

fn share(count: u64, all: u64) -> f64 {
    count as f64 / all as f64
}

// ------------------------------------------------------------------ stripes

/// How often each token follows another one.
type Stripe = BTreeMap<Vec<u8>, u64>;

fn add(stripe: &mut Stripe, more: Stripe) {
    for (token, count) in more {
        *stripe.entry(token).or_default() += count;
    }
}

/// Emits each first token with a stripe of the one that follows.
#[derive(Clone)]
struct EachStripe {
    tokenizer: Tokenizer,
    first: Vec<u8>,
}

impl Mapper for EachStripe {
    type Input = Lines;
    type Key = [u8];
    type Value = Stripe;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], Stripe>) -> Result<()> {
        let EachStripe { tokenizer, first: key } = self;
        for_each_bigram(tokenizer, line.bytes(), |first, second| {
            // With the space, keys have the order of their bigrams.
            join(first, &[], key);
            out.emit(&key[..], Stripe::from([(second.to_vec(), 1)]));
        });
        Ok(())
    }
}

/// The bigrams of a stripe with their counts.
#[derive(Clone, Default)]
struct Count {
    bigram: Vec<u8>,
}

/// The bigrams of a stripe with their shares.
#[derive(Clone, Default)]
struct Share {
    bigram: Vec<u8>,
}

fn whole_stripe(stripes: &mut Values<Stripe>) -> Stripe {
    stripes.fold(Stripe::new(), |mut all, stripe| {
        add(&mut all, stripe);
        all
    })
}

impl Reducer for Count {
    type Key = [u8];
    type Value = Stripe;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, first: &[u8], stripes: &mut Values<Stripe>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        for (second, count) in whole_stripe(stripes) {
            join(&first[..first_len(first)], &second, &mut self.bigram);
            out.emit(&self.bigram, count);
        }
        Ok(())
    }
}

impl Reducer for Share {
    type Key = [u8];
    type Value = Stripe;
    type OutKey = [u8];
    type OutValue = f64;

    fn reduce(&mut self, first: &[u8], stripes: &mut Values<Stripe>, out: &mut impl Emit<[u8], f64>) -> Result<()> {
        let stripe = whole_stripe(stripes);
        let all = stripe.values().sum();
        for (second, count) in stripe {
            join(&first[..first_len(first)], &second, &mut self.bigram);
            out.emit(&self.bigram, share(count, all));
        }
        Ok(())
    }
}

// ------------------------------------------------------------------ the program

impl Program for Bigrams {
    type Options = Options;

    const NAME: &'static str = "bigrams";
    const ABOUT: &'static str = "Count pairs of tokens that follow one another";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(32 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let (tokenizer, by_first) = (Tokenizer::new(options.tokens), HashPartitioner::of_prefix(first_len));
        let pairs = EachPair { tokenizer: tokenizer.clone(), relative: options.relative, bigram: Vec::new() };
        let stripes = EachStripe { tokenizer, first: Vec::new() };
        match (options.method, options.relative) {
            (Method::Pairs, false) => {
                Job::new(Self::NAME, pairs, Sum).input(inputs).combine(Sum).partition_by(by_first).run(session)
            }
            (Method::Pairs, true) => {
                let job = Job::new(Self::NAME, pairs, Divide::default()).input(inputs).group_by_prefix(first_len);
                job.combine(Sum).run(session)
            }
            (Method::Stripes, false) => {
                let job = Job::new(Self::NAME, stripes, Count::default()).input(inputs);
                job.combine(add).partition_by(by_first).run(session)
            }
            (Method::Stripes, true) => {
                let job = Job::new(Self::NAME, stripes, Share::default()).input(inputs);
                job.combine(add).partition_by(by_first).run(session)
            }
        }
    }

    fn show(&self, options: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let number = if options.relative { "share" } else { "count" };
        largest_numbers(output, "bigrams", ["bigram", number]).map(Some)
    }
}

impl Bigrams {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut tokenizer, mut bigram) = (Tokenizer::new(options.tokens), Vec::new());
        let (mut tally, mut firsts) = (Tally::default(), Tally::default());
        run.for_each_line(inputs, |line| {
            for_each_bigram(&mut tokenizer, line.bytes(), |first, second| {
                join(first, second, &mut bigram);
                tally.add(&bigram);
                if options.relative {
                    firsts.add(&bigram[..=first.len()]);
                }
            });
            Ok(())
        })?;
        // Firsts come in the order of their bigrams.
        let mut all = Vec::new();
        firsts.for_each_sorted(|_, count| {
            all.push(count);
            Ok::<(), Error>(())
        })?;
        let (mut all, mut first, mut of_first) = (all.into_iter(), Vec::new(), 0);
        tally.for_each_sorted(|bigram, count| {
            let part = run.partition(&bigram[..first_len(bigram)]);
            if !options.relative {
                return run.write(part, bigram, &count);
            }
            let with_space = &bigram[..=first_len(bigram)];
            if with_space != first {
                first = with_space.to_vec();
                of_first = all.next().unwrap_or_default();
            }
            run.write(part, bigram, &share(count, of_first))
        })
    }
}
