//! Sample: some lines of the input, chosen by chance but always the same ones.
//!
//! ```text
//! line ─▶ hash with the seed ─▶ below a limit?     --fraction 0.1   below a tenth of all hashes
//!                                                  --count 100      among the hundred least
//! ```
//!
//! A hash of the line decides, so it does not matter which task reads the line, how the files are cut, and in which mode: two
//! runs with one seed agree, and a line that occurs twice is taken twice or not at all. Lines are printed in the order of the
//! input.
//!
//! - `--fraction` needs no shuffle: a job of map tasks alone.
//! - `--count` is about all lines, so a reducer must see the candidates of all tasks. Each task [keeps](crate::jobs::least) no
//!   more than it could be asked for. A second job brings the lines back into their order.
//! - *Memory* helps not at all: the job is reading.

use std::path::PathBuf;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::{Key, ToKey};
use twinmill::reference::ReferenceRun;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::jobs::files::FileOf;
use crate::jobs::least::Least;

pub struct Sample;

#[derive(clap::Args)]
pub struct Options {
    /// Take about this share of the lines: 0 takes none, 0.1 about one line in ten, 1 all; equal lines are taken
    /// together [default: 0.1, unless --count is
    /// given]
    #[arg(long, value_name = "P", value_parser = fraction, conflicts_with = "count")]
    fraction: Option<f64>,
    /// Take exactly this many lines, or all lines where the input has fewer
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Number from which the choice of lines is made: the same number takes the same lines, another takes others. `run` takes
    /// --seed for it, too
    #[arg(long, value_name = "N", default_value_t = 1, alias = "seed")]
    sample_seed: u64,
}

fn fraction(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| (0.0..=1.0).contains(value));
    value.ok_or_else(|| "must be a number from 0 to 1".into())
}

/// Without an option.
const FRACTION: f64 = 0.1;

fn hash(line: &[u8], seed: u64) -> u64 {
    xxh3_64_with_seed(line, seed)
}

// ------------------------------------------------------------------ fraction

/// Passes lines on whose hash is in the lower fraction of all hashes.
#[derive(Clone, Copy)]
struct Take {
    fraction: f64,
    seed: u64,
}

impl Take {
    fn takes(self, line: &[u8]) -> bool {
        // As many bits as a float has, so that 1 takes all lines and 0 none.
        const UNIT: f64 = 1.0 / (1u64 << f64::MANTISSA_DIGITS) as f64;
        ((hash(line, self.seed) >> (u64::BITS - f64::MANTISSA_DIGITS)) as f64) * UNIT < self.fraction
    }
}

impl Mapper for Take {
    type Input = Lines;
    type Key = [u8];
    type Value = ();

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        if self.takes(line.bytes()) {
            out.emit(line.bytes(), ());
        }
        Ok(())
    }
}

// ------------------------------------------------------------------ count

/// The number of a line's file, and its offset there.
type Place = (u32, u64);

/// Encodes the hash and the place of lines.
#[derive(Clone)]
struct Candidates {
    seed: u64,
    file: FileOf,
    key: Vec<u8>,
}

impl Candidates {
    fn new(seed: u64, inputs: &[PathBuf], seen: &Inputs) -> Result<Self> {
        Ok(Candidates { seed, file: FileOf::in_order(inputs, seen)?, key: Vec::new() })
    }

    fn key(&mut self, line: &Record<'_>) -> Result<&[u8]> {
        let place: Place = (self.file.number(line)?, line.offset());
        self.key.clear();
        ToKey::<(u64, Place)>::encode_part(&(hash(line.bytes(), self.seed), place), &mut self.key);
        Ok(&self.key)
    }
}

/// Keeps the lines of a split that have the least hashes.
#[derive(Clone)]
struct KeepLeast {
    candidates: Candidates,
    least: Least,
}

impl Mapper for KeepLeast {
    type Input = Lines;
    type Key = [u8];
    type Value = [u8];

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        self.least.offer(self.candidates.key(&line)?, line.bytes(), out);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        self.least.send(out);
        Ok(())
    }
}

/// Hands on the first lines by their places.
#[derive(Clone)]
struct First {
    left: u64,
}

impl Reducer for First {
    type Key = [u8];
    type Value = [u8];
    type OutKey = Place;
    type OutValue = [u8];

    fn reduce(&mut self, candidate: &[u8], lines: &mut Values<[u8]>, out: &mut impl Emit<Place, [u8]>) -> Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        let (_, place) = <(u64, Place)>::decode(candidate)?;
        while self.left > 0 {
            let Some(line) = lines.next() else { break };
            self.left -= 1;
            out.emit(place, line);
        }
        Ok(())
    }
}

/// Prints lines, without their places.
#[derive(Clone)]
struct Print;

impl Reducer for Print {
    type Key = Place;
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = ();

    fn reduce(&mut self, _: Place, lines: &mut Values<[u8]>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        while let Some(line) = lines.next() {
            out.emit(line, ());
        }
        Ok(())
    }
}

impl Program for Sample {
    type Options = Options;

    const NAME: &'static str = "sample";
    const ABOUT: &'static str = "Take some lines by chance, the same ones with the same seed";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Text, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        match options.count {
            None => driver.run(&Job::map_only(Self::NAME, options.take()).input(inputs))?,
            Some(count) => {
                let candidates = Candidates::new(options.sample_seed, inputs, driver.inputs())?;
                let keep = KeepLeast { candidates, least: Least::new(count) };
                let choose = Job::new(Self::NAME, keep, First { left: count }).input(inputs).reducers(1);
                let chosen = driver.run_to_dataset(&choose)?;
                driver.run(&Job::new(Self::NAME, Identity, Print).input(&chosen).reducers(1))?;
            }
        }
        driver.finish()
    }
}

impl Options {
    fn take(&self) -> Take {
        Take { fraction: self.fraction.unwrap_or(FRACTION), seed: self.sample_seed }
    }
}

impl Sample {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut lines = Vec::new();
        match options.count {
            None => {
                run.map_only();
                let take = options.take();
                run.for_each_line(inputs, |line| {
                    if take.takes(line.bytes()) {
                        lines.push(line.bytes().to_vec());
                    }
                    Ok(())
                })?;
            }
            Some(count) => {
                run.one_part();
                let mut candidates = Candidates::new(options.sample_seed, inputs, run.inputs())?;
                let mut least = Least::new(count);
                run.for_each_line(inputs, |line| {
                    least.keep(candidates.key(&line)?, line.bytes());
                    Ok(())
                })?;
                let by_place = |(key, line): (Vec<u8>, Vec<u8>)| (key[size_of::<u64>()..].to_vec(), line);
                let mut chosen: Vec<_> = least.into_sorted().into_iter().map(by_place).collect();
                chosen.sort_unstable();
                lines.extend(chosen.into_iter().map(|(_, line)| line));
            }
        }
        lines.iter().try_for_each(|line| run.write(0, line, &()))
    }
}
