//! Takes the records of user code. Keeps errors until they are asked for, and the counts of user code.

use std::result;

use crate::error::{Error, Result};
use crate::job::Emit;
use crate::observe::counters::UserCounters;
use crate::record::{Key, ToKey, ToValue, Value};

/// The outcome of taking a record. The error is boxed, so that an outcome is returned in registers: there is one a record.
pub type Accepted<T = ()> = result::Result<T, Box<Error>>;

/// Takes emitted records.
pub trait Accept<K: Key + ?Sized, V: Value + ?Sized> {
    /// Takes a record. After an error it may be called again, until user code has returned from its record. `scratch` is for
    /// the key's bytes.
    ///
    /// # Errors
    /// Any obstacle to keeping the record.
    fn accept<Q, W>(&mut self, key: Q, value: W, scratch: &mut Vec<u8>) -> Accepted
    where
        Q: ToKey<K>,
        W: ToValue<V>;
}

/// Hands emitted records to `to`.
#[derive(Debug)]
pub struct Emitter<S> {
    to: S,
    scratch: Vec<u8>,
    user_counters: UserCounters,
    error: Option<Error>,
}

impl<S> Emitter<S> {
    /// Makes an emitter to which nothing was emitted yet.
    pub fn new(to: S) -> Self {
        Emitter { to, scratch: Vec::new(), user_counters: UserCounters::default(), error: None }
    }

    /// Returns the first error of the records that were emitted since the last call.
    ///
    /// # Errors
    /// That first error.
    #[inline(always)]
    pub fn check(&mut self) -> Result<()> {
        if self.error.is_some() { Err(self.error.take().expect("just seen")) } else { Ok(()) }
    }

    /// Ends the emitting; returns the taker of the records, and the counts.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn finish(mut self) -> Result<(S, UserCounters)> {
        self.check()?;
        Ok((self.to, self.user_counters))
    }

    #[cold]
    fn keep(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }
}

impl<K: Key + ?Sized, V: Value + ?Sized, S: Accept<K, V>> Emit<K, V> for Emitter<S> {
    #[inline(always)]
    fn emit<Q, W>(&mut self, key: Q, value: W)
    where
        Q: ToKey<K>,
        W: ToValue<V>,
    {
        if let Err(error) = self.to.accept(key, value, &mut self.scratch) {
            self.keep(*error);
        }
    }

    fn count(&mut self, group: &'static str, name: &'static str, n: u64) {
        self.user_counters.add(group, name, n);
    }

    fn aggregate(&mut self, name: &'static str, n: u64) {
        self.user_counters.aggregate(name, n);
    }
}
