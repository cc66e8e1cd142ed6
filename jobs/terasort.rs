//! TeraSort: records of 100 bytes sorted by their first 10.

use std::path::PathBuf;

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
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Terasort, Shape::bytes(256 << 20)))
    }

    fn run(&self, _: &(), inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let order = total_order(driver.inputs(), inputs, &SplitKey, SAMPLE_KEYS, session.config.reducers)?;
        let job = Job::new(Self::NAME, SplitKey, Identity).input(inputs).partition_by(order);
        driver.run(&job.output_format(OutputFormat::Raw))?;
        driver.finish()
    }
}

impl Terasort {
    fn reference(&self, _: &(), inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let order = total_order(run.inputs(), inputs, &SplitKey, SAMPLE_KEYS, run.reducers())?;
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
