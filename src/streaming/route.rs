//! The engine's keys and values of a streaming job.
//!
//! The engine compares keys as bytes. Where records are ordered by their whole key, that is the engine's key. Where a
//! comparator orders them otherwise, the engine's key is made for it, and the record's own key travels with the value:
//!
//! ```text
//!              engine's key                       engine's value
//! plain        key                                value
//! counted      key                                number of records (a varint), value
//! ordered      partition (4 bytes), encoding      length of key (4 bytes), key, value
//! ```
//!
//! Keys are plain where their bytes are their order, and counted where records that are the same are [kept
//! once](crate::streaming::repeats). With a comparator, records that the comparator calls equal come in the order of the input.

use crate::error::{Error, Result};
use crate::job::Emit;
use crate::record::varint;
use crate::streaming::order::Order;
use crate::streaming::partition::{ByHadoop, EngineKeys, PARTITION_BYTES};

/// Makes the engine's keys and values.
#[derive(Clone, Debug)]
pub struct Route {
    pub order: Order,
    pub partition: ByHadoop,
    pub reducers: u32,
    is_counted: bool,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Route {
    /// A route to so many reducers; the number is known once a task begins.
    pub fn new(order: Order, partition: ByHadoop) -> Self {
        Route { order, partition, reducers: 1, is_counted: false, key: Vec::new(), value: Vec::new() }
    }

    /// The route for records that are kept once with their number, where keys are plain.
    pub fn counted(self) -> Self {
        Route { is_counted: self.is_plain(), ..self }
    }

    /// Whether records are kept once with their number.
    pub fn is_counted(&self) -> bool {
        self.is_counted
    }

    /// The partitioner of the engine's keys.
    pub fn partitioner(&self) -> EngineKeys {
        if self.is_plain() { EngineKeys::Plain(self.partition.clone()) } else { EngineKeys::Routed }
    }

    /// Whether the engine's keys are the records' own, so that its groups are runs of equal keys.
    #[inline]
    pub fn is_plain(&self) -> bool {
        matches!((&self.order, &self.partition), (Order::Bytes, by) if !matches!(by, ByHadoop::Program))
    }

    /// Emits a record for this reducer.
    pub fn emit_to(&mut self, partition: u32, key: &[u8], value: &[u8], out: &mut impl Emit<[u8], [u8]>) {
        self.make(partition, key, value);
        out.emit(self.key.as_slice(), self.value.as_slice());
    }

    /// Emits a record that came so many times.
    #[inline]
    pub fn emit_times(&mut self, times: u32, key: &[u8], value: &[u8], out: &mut impl Emit<[u8], [u8]>) {
        self.value.clear();
        varint::push(times.into(), &mut self.value);
        self.value.extend_from_slice(value);
        out.emit(key, self.value.as_slice());
    }

    /// Emits a record.
    #[inline]
    pub fn emit(&mut self, key: &[u8], value: &[u8], out: &mut impl Emit<[u8], [u8]>) {
        let (key, value) = self.engine_record(key, value);
        out.emit(key, value);
    }

    /// The engine's key and value of a record.
    #[inline]
    pub fn engine_record<'r>(&'r mut self, key: &'r [u8], value: &'r [u8]) -> (&'r [u8], &'r [u8]) {
        if !self.is_plain() {
            self.make(self.partition.of(key, self.reducers), key, value);
            return (&self.key, &self.value);
        }
        (key, value)
    }

    fn make(&mut self, partition: u32, key: &[u8], value: &[u8]) {
        self.key.clear();
        self.key.extend_from_slice(&partition.to_be_bytes());
        self.order.encode(key, &mut self.key);
        self.value.clear();
        self.value.extend_from_slice(&(key.len() as u32).to_be_bytes());
        self.value.extend_from_slice(key);
        self.value.extend_from_slice(value);
    }

    /// The record of an engine's key and value, and how many times it came.
    ///
    /// # Errors
    /// [`Error::Codec`] where they are none.
    #[inline]
    pub fn record<'r>(&self, key: &'r [u8], value: &'r [u8]) -> Result<(&'r [u8], &'r [u8], u64)> {
        if self.is_counted {
            let mut at = 0;
            let times = varint::read(value, &mut at).filter(|times| *times > 0);
            let times = times.ok_or_else(|| Error::codec("a number of records", value))?;
            return Ok((key, &value[at..], times));
        }
        if self.is_plain() {
            return Ok((key, value, 1));
        }
        let (length, rest) =
            value.split_first_chunk::<4>().ok_or_else(|| Error::codec("a record with its key", value))?;
        let (key, value) =
            rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(|| Error::codec("a key", value))?;
        Ok((key, value, 1))
    }
}

const _: () = assert!(PARTITION_BYTES == size_of::<u32>());
