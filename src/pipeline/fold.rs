//! Combines encoded values of one key into one.

use std::marker::PhantomData;

use crate::error::Result;
use crate::job::Combiner;
use crate::record::{ToValue, Value};

/// No combiner: map outputs are sorted as they are.
#[derive(Clone, Copy, Debug)]
pub struct NoCombiner;

/// A combiner in use.
#[derive(Debug)]
pub struct Combine<V, C> {
    pub(crate) combiner: C,
    value: PhantomData<fn() -> V>,
}

impl<V, C> Combine<V, C> {
    /// Combines with `combiner`.
    pub(crate) fn with(combiner: C) -> Self {
        Combine { combiner, value: PhantomData }
    }
}

impl<V, C: Clone> Clone for Combine<V, C> {
    fn clone(&self) -> Self {
        Combine { combiner: self.combiner.clone(), value: PhantomData }
    }
}

/// Folds encoded values of one key into one.
pub trait Fold: Clone + Send + Sync {
    /// Whether there is a combiner at all; the rest is not called otherwise.
    const COMBINES: bool;
    /// The type that values of one key are folded into.
    type Accumulator;

    /// The accumulator of one value.
    ///
    /// # Errors
    /// [`Error::Codec`](crate::Error::Codec) where `value` is no encoding.
    fn decode(&self, value: &[u8]) -> Result<Self::Accumulator>;

    /// Folds an encoded value.
    ///
    /// # Errors
    /// [`Error::Codec`](crate::Error::Codec) where `value` is no encoding.
    fn fold(&self, accumulator: &mut Self::Accumulator, value: &[u8]) -> Result<()>;

    /// Appends the accumulator's encoding.
    fn encode(&self, accumulator: &Self::Accumulator, out: &mut Vec<u8>);
}

impl Fold for NoCombiner {
    const COMBINES: bool = false;
    type Accumulator = ();

    fn decode(&self, _: &[u8]) -> Result<()> {
        unreachable!("nothing is combined")
    }

    fn fold(&self, _: &mut (), _: &[u8]) -> Result<()> {
        unreachable!("nothing is combined")
    }

    fn encode(&self, _: &(), _: &mut Vec<u8>) {
        unreachable!("nothing is combined")
    }
}

impl<V: Value + ToValue<V>, C: Combiner<V>> Fold for Combine<V, C> {
    const COMBINES: bool = true;
    type Accumulator = V;

    fn decode(&self, value: &[u8]) -> Result<V> {
        V::decode_owned(value)
    }

    fn fold(&self, accumulator: &mut V, value: &[u8]) -> Result<()> {
        self.combiner.combine(accumulator, V::decode_owned(value)?);
        Ok(())
    }

    fn encode(&self, accumulator: &V, out: &mut Vec<u8>) {
        accumulator.encode(out);
    }
}
