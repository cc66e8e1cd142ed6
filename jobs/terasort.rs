//! TeraSort: records of 100 bytes sorted by their first 10.

use std::path::PathBuf;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::parts::total_order;
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::reference::ReferenceRun;

/// Bytes of a record.
pub const RECORD_BYTES: usize = 100;
/// Bytes of its key, which comes first.
pub const KEY_BYTES: usize = 10;
/// Keys looked at to choose split points, as many as Hadoop's TeraSort does.
const SAMPLE_KEYS: usize = 100_000;

pub struct Terasort;

#[derive(Clone)]
struct SplitKey;

impl Mapper for SplitKey {
    type Input = FixedLength<RECORD_BYTES>;
    type Key = [u8];
    type Value = [u8];

    fn map(&mut self, record: Record<'_>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        let (key, rest) = record.bytes().split_at(KEY_BYTES);
        out.emit(key, rest);
        Ok(())
    }
}

impl Program for Terasort {
    type Options = ();

    const NAME: &'static str = "terasort";
    const ABOUT: &'static str = "Sort records of 100 bytes by their first 10";
    const SUBJECT: &'static str = "sorting";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Terasort, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, _: &()) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, _: &(), inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let order = total_order(driver.inputs(), inputs, &SplitKey, SAMPLE_KEYS, session.config.reducers)?;
        let job = Job::new(Self::NAME, SplitKey, Identity).input(inputs).partition_by(order);
        driver.run(&job.output_format(OutputFormat::Raw))?;
        driver.finish()
    }
}

/// Bits of a place behind a key.
const PLACE_BITS: u32 = u128::BITS - 8 * KEY_BYTES as u32;
const PLACES: u128 = (1 << PLACE_BITS) - 1;

/// A record's key as a number that orders like it.
fn key(record: &[u8; RECORD_BYTES]) -> u128 {
    record[..KEY_BYTES].iter().fold(0, |key, byte| key << 8 | u128::from(*byte))
}

impl Terasort {
    fn reference(&self, _: &(), inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let order = total_order(run.inputs(), inputs, &SplitKey, SAMPLE_KEYS, run.reducers())?;
        let bytes = run.read_records::<RECORD_BYTES>(inputs)?;
        let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
        // A key and the place of its record are one number, so that sorting looks at no record, and equal keys stay in order.
        let mut sorted: Vec<u128> =
            (0..).zip(records).map(|(place, record)| key(record) << PLACE_BITS | place).collect();
        sorted.sort_unstable();
        sorted.iter().try_for_each(|entry| {
            let record = &records[(entry & PLACES) as usize];
            let part = order.partition(&record[..KEY_BYTES], run.reducers());
            run.write_raw(part, record)
        })
    }
}
