//! Top: the records with the greatest numbers.
//!
//! ```text
//! apple TAB 3     split 1 keeps  plum 9, fig 4      one reducer    plum TAB 9
//! plum  TAB 9                                      ───────────▶    pear TAB 5
//! pear  TAB 5     split 2 keeps  pear 5, kiwi 4
//! ```
//!
//! - *Shuffle*: a record is its own key, number first and turned round, so that the greatest sorts first. One reducer takes
//!   the first `--k` and leaves the rest unread.
//! - Each task [keeps](crate::jobs::least) no more than `--k` records, so almost nothing is shuffled.
//! - *Memory* helps not at all: the job is reading.
//!
//! Numbers are compared by all of their [digits](crate::jobs::decimals), and printed as they were.

use std::cmp::Reverse;
use std::path::PathBuf;

use memchr::memchr;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::{Key, ToKey};
use twinmill::reference::ReferenceRun;

use crate::jobs::decimals;
use crate::jobs::least::Least;
use crate::jobs::shown::{Shown, wrong_line};

pub struct Top;

#[derive(clap::Args)]
pub struct Options {
    /// Number of records to keep
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    k: u64,
}

/// The order of the result: the number, greatest first, then the key, then the number as it was printed.
type Place = (Reverse<Vec<u8>>, Vec<u8>, Vec<u8>);

/// Reads records, and encodes their places.
#[derive(Clone, Default)]
struct Places {
    number: Vec<u8>,
    place: Vec<u8>,
}

impl Places {
    /// The encoded place of a line's record; `None` where the line is empty.
    fn of(&mut self, line: &[u8]) -> Result<Option<&[u8]>> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Ok(None);
        }
        let tab = memchr(b'\t', line).ok_or_else(|| no_record(line))?;
        let (key, number) = (&line[..tab], &line[tab + 1..]);
        self.number.clear();
        decimals::encode(number, &mut self.number).ok_or_else(|| no_number(number, line))?;
        self.place.clear();
        ToKey::<Place>::encode_part(&(Reverse(&self.number), key, number), &mut self.place);
        Ok(Some(&self.place))
    }
}

#[cold]
fn no_record(line: &[u8]) -> Error {
    Error::wrong_input(format!("{} is no record: a key and a number with a TAB between them", Shown(line)))
}

#[cold]
fn no_number(number: &[u8], line: &[u8]) -> Error {
    let hint = if number.contains(&b'\t') { "; a record has one TAB, before its number" } else { "" };
    wrong_line(line, format_args!("{} is no number, such as 12 or -1.5e3", Shown(number)), hint)
}

/// Keeps the greatest records of a split.
#[derive(Clone)]
struct KeepGreatest {
    places: Places,
    greatest: Least,
}

impl Mapper for KeepGreatest {
    type Input = Lines;
    type Key = [u8];
    type Value = [u8];

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        if let Some(place) = self.places.of(line.bytes())? {
            self.greatest.offer(place, &[], out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        self.greatest.send(out);
        Ok(())
    }
}

/// Prints the first places.
#[derive(Clone)]
struct PrintFirst {
    left: u64,
}

impl Reducer for PrintFirst {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = [u8];

    fn reduce(&mut self, place: &[u8], equal: &mut Values<[u8]>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        let (_, key, number) = Place::decode(place)?;
        while self.left > 0 && equal.next().is_some() {
            self.left -= 1;
            out.emit(&key, &number);
        }
        Ok(())
    }
}

impl Program for Top {
    type Options = Options;

    const NAME: &'static str = "top";
    const ABOUT: &'static str = "Find the records with the greatest numbers";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(4_000_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let keep = KeepGreatest { places: Places::default(), greatest: Least::new(options.k) };
        Job::new(Self::NAME, keep, PrintFirst { left: options.k }).input(inputs).reducers(1).run(session)
    }
}

impl Top {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut places, mut greatest) = (Places::default(), Least::new(options.k));
        run.for_each_line(inputs, |line| {
            if let Some(place) = places.of(line.bytes())? {
                greatest.keep(place, &[]);
            }
            Ok(())
        })?;
        run.one_part();
        greatest.into_sorted().iter().try_for_each(|(place, _)| {
            let (_, key, number) = Place::decode(place)?;
            run.write(0, &key, &number)
        })
    }
}
