//! TeraValidate: checks that records are sorted, and that they are the records that went into the sort.
//!
//! Each map task checks the order of its records and leaves, for each stretch of a file, its first and last key and the sum
//! of its records' checksums. One reducer sees the stretches in order and checks the seams. With `--against` the records of
//! another input are added up too, and the sums must be equal.

use std::path::PathBuf;

use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::reference::ReferenceRun;
use xxhash_rust::xxh3::xxh3_64;

use crate::jobs::terasort::{KEY_BYTES, RECORD_BYTES};

pub struct TerasortValidate;

#[derive(clap::Args)]
pub struct Options {
    /// The input of the sort: its records must add up to the same checksum
    #[arg(long, value_name = "PATH")]
    against: Vec<PathBuf>,
}

/// Number of the input that should be sorted.
const SORTED: u8 = 0;
/// Number of the input that was sorted.
const AGAINST: u8 = 1;

/// Number of the input, path and offset of a stretch.
type Place = (u8, Vec<u8>, u64);
/// First key, last key, records, sum of checksums.
type Stretch = (Vec<u8>, Vec<u8>, u64, u64);

/// Adds up the records of an input, and checks their order if it is the sorted one.
#[derive(Clone)]
struct Scan {
    input: u8,
    stretch: Option<(Place, Stretch)>,
}

impl Scan {
    fn of(input: u8) -> Self {
        Scan { input, stretch: None }
    }
}

impl Mapper for Scan {
    type Input = FixedLength<RECORD_BYTES>;
    type Key = Place;
    type Value = Stretch;

    fn map(&mut self, record: Record<'_>, out: &mut impl Emit<Place, Stretch>) -> Result<()> {
        let (key, checksum) = (&record[..KEY_BYTES], xxh3_64(&record));
        let path = record.path().as_os_str().as_encoded_bytes();
        match &mut self.stretch {
            Some((place, (_, last, records, sum))) if place.1 == path => {
                if self.input == SORTED && key < last.as_slice() {
                    let (key, last) = (key.escape_ascii(), last.escape_ascii());
                    return Err(Error::wrong_input(format!("not sorted: key \"{key}\" after \"{last}\"")));
                }
                last.clear();
                last.extend_from_slice(key);
                *records += 1;
                *sum = sum.wrapping_add(checksum);
            }
            _ => {
                self.finish(out)?;
                let place = (self.input, path.to_vec(), record.offset());
                self.stretch = Some((place, (key.to_vec(), key.to_vec(), 1, checksum)));
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<Place, Stretch>) -> Result<()> {
        if let Some((place, stretch)) = self.stretch.take() {
            out.emit(&place, stretch);
        }
        Ok(())
    }
}

/// Checks the seams between stretches and adds everything up.
#[derive(Clone, Default)]
struct Seams {
    last_key: Vec<u8>,
    records: [u64; 2],
    sums: [u64; 2],
    compares: bool,
}

impl Reducer for Seams {
    type Key = Place;
    type Value = Stretch;
    type OutKey = str;
    type OutValue = String;

    fn reduce(
        &mut self,
        (input, path, offset): Place,
        stretches: &mut Values<Stretch>,
        _: &mut impl Emit<str, String>,
    ) -> Result<()> {
        for (first, last, records, sum) in stretches {
            if input == SORTED {
                if first < self.last_key {
                    let (path, first, last) =
                        (String::from_utf8_lossy(&path), first.escape_ascii(), self.last_key.escape_ascii());
                    return Err(Error::wrong_input(format!(
                        "not sorted: {path} at offset {offset}: key \"{first}\" after \"{last}\" before it"
                    )));
                }
                self.last_key = last;
            }
            let input = usize::from(input);
            self.records[input] += records;
            self.sums[input] = self.sums[input].wrapping_add(sum);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<str, String>) -> Result<()> {
        let ([records, against], [sum, sum_against]) = (self.records, self.sums);
        if self.compares {
            compare((records, sum), (against, sum_against))?;
        }
        write_result(records, sum, |name, value| {
            out.emit(name, value);
            Ok(())
        })
    }
}

/// Compares the number and checksum of the sorted records with those of the records that went into the sort.
fn compare((records, sum): (u64, u64), (against, sum_against): (u64, u64)) -> Result<()> {
    if (records, sum) == (against, sum_against) {
        return Ok(());
    }
    Err(Error::wrong_input(format!(
        "not the same records: {records} with checksum {sum:016x} against {against} with {sum_against:016x}"
    )))
}

fn write_result(records: u64, sum: u64, mut write: impl FnMut(&'static str, String) -> Result<()>) -> Result<()> {
    write("checksum", format!("{sum:016x}"))?;
    write("records", records.to_string())
}

impl Program for TerasortValidate {
    type Options = Options;

    const NAME: &'static str = "terasort-validate";
    const ABOUT: &'static str = "Check that records are sorted, and add up their checksums";
    const SUBJECT: &'static str = "sorting";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    /// One record, which is sorted: only the output of a terasort is worth validating.
    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Terasort, Shape::records(1)))
    }

    fn side_inputs(&self, options: &Options) -> Vec<PathBuf> {
        options.against.clone()
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        if options.against.is_empty() {
            return Job::new(Self::NAME, Scan::of(SORTED), Seams::default()).input(inputs).reducers(1).run(session);
        }
        let mappers = (Scan::of(SORTED), Scan::of(AGAINST));
        let reducer = Seams { compares: true, ..Seams::default() };
        let job = Job::new(Self::NAME, mappers, reducer).input(inputs).input(options.against.as_slice());
        job.reducers(1).run(session)
    }
}

impl TerasortValidate {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let add_up =
            |records: &[[u8; RECORD_BYTES]]| records.iter().fold(0u64, |sum, record| sum.wrapping_add(xxh3_64(record)));
        let bytes = run.read_records::<RECORD_BYTES>(inputs)?;
        let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
        let keys = records.iter().map(|record| &record[..KEY_BYTES]);
        if let Some((last, key)) = keys.clone().zip(keys.skip(1)).find(|(last, key)| key < last) {
            let (key, last) = (key.escape_ascii(), last.escape_ascii());
            return Err(Error::wrong_input(format!("not sorted: key \"{key}\" after \"{last}\"")));
        }
        let sum = add_up(records);
        if !options.against.is_empty() {
            let against = run.read_records::<RECORD_BYTES>(&options.against)?;
            let (against, _) = against.as_chunks::<RECORD_BYTES>();
            compare((records.len() as u64, sum), (against.len() as u64, add_up(against)))?;
        }
        run.one_part();
        write_result(records.len() as u64, sum, |name, value| run.write(0, name, &value))
    }
}
