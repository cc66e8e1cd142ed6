//! The engine's keys and values of a streaming job.
//!
//! The engine compares keys as bytes. Where records are ordered by their whole key, that is the engine's key. Where a
//! comparator orders them otherwise, the engine's key is made for it, and the record's own key travels with the value:
//!
//! ```text
//!              engine's key                       engine's value
//! plain        key                                value
//! ordered      partition (4 bytes), encoding      length of key (4 bytes), key, value
//! ```
//!
//! So records that the comparator calls equal come in the order of the input.

use crate::error::{Error, Result};
use crate::job::Emit;
use crate::streaming::order::Order;
use crate::streaming::partition::{ByHadoop, EngineKeys, PARTITION_BYTES};

/// Makes the engine's keys and values.
#[derive(Clone, Debug)]
pub struct Route {
    pub order: Order,
    pub partition: ByHadoop,
    pub reducers: u32,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl Route {
    /// A route to so many reducers; the number is known once a task begins.
    pub fn new(order: Order, partition: ByHadoop) -> Self {
        Route { order, partition, reducers: 1, key: Vec::new(), value: Vec::new() }
    }

    /// The partitioner of the engine's keys.
    pub fn partitioner(&self) -> EngineKeys {
        if self.is_plain() { EngineKeys::Plain(self.partition.clone()) } else { EngineKeys::Routed }
    }

    fn is_plain(&self) -> bool {
        matches!((&self.order, &self.partition), (Order::Bytes, by) if !matches!(by, ByHadoop::Program))
    }

    /// Emits a record for this reducer.
    pub fn emit_to(&mut self, partition: u32, key: &[u8], value: &[u8], out: &mut impl Emit<[u8], [u8]>) {
        self.make(partition, key, value);
        out.emit(self.key.as_slice(), self.value.as_slice());
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

    /// The record of an engine's key and value.
    ///
    /// # Errors
    /// [`Error::Codec`] where they are none.
    #[inline]
    pub fn record<'r>(&self, key: &'r [u8], value: &'r [u8]) -> Result<(&'r [u8], &'r [u8])> {
        if self.is_plain() {
            return Ok((key, value));
        }
        let (length, rest) =
            value.split_first_chunk::<4>().ok_or_else(|| Error::codec("a record with its key", value))?;
        rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(|| Error::codec("a key", value))
    }
}

const _: () = assert!(PARTITION_BYTES == size_of::<u32>());
