//! TeraSort: records of 100 bytes sorted by their first 10.

use std::path::PathBuf;

use twinmill::generate::{Kind, Shape};
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

#[derive(Clone)]
struct Each;

impl Reducer for Each {
    type Key = [u8];
    type Value = [u8];
    type OutKey = [u8];
    type OutValue = [u8];

    fn reduce(&mut self, key: &[u8], rests: &mut Values<[u8]>, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        while let Some(rest) = rests.next() {
            out.emit(key, rest);
        }
        Ok(())
    }
}

fn total_order(inputs: &[PathBuf], reducers: u32, seen: &Inputs) -> Result<TotalOrderPartitioner> {
    let mut sample: Vec<Box<[u8]>> = Vec::new();
    if reducers > 1 {
        seen.sample::<FixedLength<RECORD_BYTES>>(inputs, SAMPLE_KEYS, |record| {
            sample.push(record[..KEY_BYTES].into());
            Ok(())
        })?;
    }
    Ok(TotalOrderPartitioner::from_sample(sample, reducers))
}

impl Program for Terasort {
    type Options = ();

    const NAME: &'static str = "terasort";
    const ABOUT: &'static str = "Sort records of 100 bytes by their first 10";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Terasort, Shape::bytes(256 << 20)))
    }

    fn run(&self, _: &(), inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let order = total_order(inputs, session.config.reducers, driver.inputs())?;
        let job = Job::new(Self::NAME, SplitKey, Each).input(inputs).partition_by(order);
        driver.run(&job.output_format(OutputFormat::Raw))?;
        driver.finish()
    }
}

impl Terasort {
    fn reference(&self, _: &(), inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let order = total_order(inputs, run.reducers(), run.inputs())?;
        let bytes = run.read_records::<RECORD_BYTES>(inputs)?;
        let (records, _) = bytes.as_chunks::<RECORD_BYTES>();
        let mut sorted: Vec<&[u8; RECORD_BYTES]> = records.iter().collect();
        sorted.sort_by_key(|record| &record[..KEY_BYTES]);
        sorted.iter().try_for_each(|record| {
            let part = order.partition(&record[..KEY_BYTES], run.reducers());
            run.write_raw(part, *record)
        })
    }
}
