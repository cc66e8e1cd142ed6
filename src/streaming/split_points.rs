//! The keys at which `TotalOrderPartitioner` cuts the order of all keys.
//!
//! They lie in a file, which Hadoop's `InputSampler` writes: a `SequenceFile` with a key fewer than there are reducers, in order. A
//! file of text with a key a line does as well.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::input::{Inputs, OpenFiles};
use crate::streaming::order::Order;
use crate::streaming::reading::Reading;
use crate::streaming::writable::Writable;

/// Where Hadoop looks for the file if it is told nothing.
pub const DEFAULT_PATH: &str = "_partition.lst";

/// Keys in order.
#[derive(Clone, Debug)]
pub struct SplitPoints {
    order: Order,
    /// As they compare.
    keys: Vec<Vec<u8>>,
    path: PathBuf,
}

impl SplitPoints {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Config`] where they are not in order; those of reading the file.
    pub fn read(path: &Path, order: &Order) -> Result<Self> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        let mut take = |key: &[u8]| {
            let mut comparable = Vec::new();
            order.encode(key, &mut comparable);
            let ascends = keys.last().is_none_or(|last| *last < comparable);
            keys.push(comparable);
            let wrong = || Error::Config(format!("{}: Split points are out of order", path.display()));
            if ascends { Ok(()) } else { Err(wrong()) }
        };
        Inputs::default().scan::<OpenFiles>(&[path.to_owned()], |mut file| {
            Reading::Auto.each(&mut file, |_, key, value| {
                // The records of a SequenceFile have a key alone, those of a file of text a line behind its offset.
                let mut text = Vec::new();
                if value == Writable::Null {
                    key.show(&mut text)
                } else {
                    value.show(&mut text)
                }
                take(&text)
            })?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(SplitPoints { order: order.clone(), keys, path: path.to_owned() })
    }

    /// Checks that there is one fewer than reducers.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check(&self, reducers: u32) -> Result<()> {
        if self.keys.len() as u64 + 1 == u64::from(reducers.max(1)) {
            return Ok(());
        }
        Err(Error::Config(format!(
            "Wrong number of partitions in keyset: {} has {} keys, and {reducers} reducers need {}",
            self.path.display(),
            self.keys.len(),
            reducers.saturating_sub(1)
        )))
    }

    /// The number of keys that are not above this one.
    pub fn partition_of(&self, key: &[u8]) -> u32 {
        let not_above = |wanted: &[u8]| self.keys.partition_point(|point| point.as_slice() <= wanted) as u32;
        if let Order::Bytes = self.order {
            return not_above(key);
        }
        let mut comparable = Vec::new();
        self.order.encode(key, &mut comparable);
        not_above(&comparable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_the_reducer_between_whose_points_they_lie() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("points");
        std::fs::write(&path, "b\nd\n").unwrap();
        let points = SplitPoints::read(&path, &Order::Bytes).unwrap();
        for (key, partition) in [("", 0), ("a", 0), ("b", 1), ("c", 1), ("d", 2), ("e", 2)] {
            assert_eq!(points.partition_of(key.as_bytes()), partition, "{key}");
        }
        points.check(3).unwrap();
        assert!(points.check(2).unwrap_err().to_string().contains("Wrong number of partitions"));
        std::fs::write(&path, "d\nb\n").unwrap();
        assert!(SplitPoints::read(&path, &Order::Bytes).unwrap_err().to_string().contains("out of order"));
    }
}
