//! Bytes of a file that lie on this machine already.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::remote::failure::Failure;

/// Ranges of a file in a store, whose bytes lie one after another in a file of this machine.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    /// Where the bytes lie.
    kept: Option<Arc<File>>,
    /// The end of each range, and the place of its bytes, by its first offset.
    ranges: BTreeMap<u64, (u64, u64)>,
}

impl Copies {
    /// No ranges yet, of bytes that lie in `kept`.
    pub fn within(kept: &Arc<File>) -> Self {
        Copies { kept: Some(kept.clone()), ranges: BTreeMap::new() }
    }

    /// Adds a range that overlaps no other, whose bytes begin at `place`.
    pub fn add(&mut self, range: Range<u64>, place: u64) {
        self.ranges.insert(range.start, (range.end, place));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Copies bytes from an offset on; `None` where there are none.
    ///
    /// # Errors
    /// Those of reading the file of this machine.
    pub fn read_at(&self, target: &mut [u8], offset: u64) -> Result<Option<usize>, Failure> {
        let (Some(kept), Some((start, (end, place)))) = (&self.kept, self.ranges.range(..=offset).next_back()) else {
            return Ok(None);
        };
        if offset >= *end {
            return Ok(None);
        }
        let bytes = usize::try_from(end - offset).unwrap_or(usize::MAX).min(target.len());
        let read = kept.read_exact_at(&mut target[..bytes], place + (offset - start));
        read.map_err(|error| Failure::Refused(format!("its bytes on this machine cannot be read: {error}")))?;
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_range_ends_where_its_bytes_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept");
        fs::write(&path, "a plan: headtail").unwrap();
        let mut copies = Copies::within(&Arc::new(File::open(&path).unwrap()));
        assert!(copies.is_empty());
        copies.add(0..4, 8);
        copies.add(100..104, 12);
        let read = |offset| {
            let mut target = [0; 3];
            let read = copies.read_at(&mut target, offset).unwrap();
            read.map(|bytes| String::from_utf8(target[..bytes].to_vec()).unwrap())
        };
        let expected = [(0, Some("hea")), (2, Some("ad")), (4, None), (99, None), (101, Some("ail")), (104, None)];
        for (offset, text) in expected {
            assert_eq!(read(offset).as_deref(), text, "{offset}");
        }
        fs::write(&path, "a plan: he").unwrap();
        let error = copies.read_at(&mut [0; 4], 0).unwrap_err();
        assert!(error.to_string().contains("cannot be read"), "{error}");
    }
}
