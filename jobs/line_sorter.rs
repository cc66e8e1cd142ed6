//! Lines sorted by their bytes in one thread, as a careful engineer would without a framework.
//!
//! ```text
//! text     kiwi fig apple fig …          one after another
//! lines    "kiwi" 0│4   "fig" 4│3   …    the first 16 bytes as a number, which mostly decides without a look at the text
//! ```

use std::cmp::Ordering;

/// Fewest lines that are looked through for repetitions.
const FEW: usize = 1 << 20;

/// Bytes of a prefix.
const PREFIX_BYTES: usize = size_of::<u128>();

/// Bytes in a text, with the first of them as a number that orders like them. Zeros stand behind fewer.
#[derive(Clone, Copy)]
pub struct Prefixed {
    prefix: u128,
    start: usize,
    len: usize,
}

impl Prefixed {
    /// Appends bytes to a text.
    #[inline]
    pub fn append(bytes: &[u8], text: &mut Vec<u8>) -> Self {
        let start = text.len();
        text.extend_from_slice(bytes);
        Prefixed::within(text, start, bytes.len())
    }

    /// The bytes at a place in a text.
    #[inline]
    pub fn within(text: &[u8], start: usize, len: usize) -> Self {
        let bytes = &text[start..][..len];
        let prefix = match bytes.first_chunk() {
            Some(first) => u128::from_be_bytes(*first),
            None => {
                let mut first = [0; PREFIX_BYTES];
                first[..len].copy_from_slice(bytes);
                u128::from_be_bytes(first)
            }
        };
        Prefixed { prefix, start, len }
    }

    pub fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.start..][..self.len]
    }

    /// The place in the text behind the bytes.
    pub fn end(&self) -> usize {
        self.start + self.len
    }

    /// Compares the bytes, with a look at the text only where the prefixes do not decide.
    #[inline]
    pub fn compare(&self, other: &Self, text: &[u8]) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| match self.len.max(other.len) {
            ..=PREFIX_BYTES => self.len.cmp(&other.len),
            _ => self.of(text).cmp(other.of(text)),
        })
    }
}

/// Lines to sort.
#[derive(Default)]
pub struct LineSorter {
    text: Vec<u8>,
    lines: Vec<Prefixed>,
    /// Lines that were distinct when they were last looked through.
    distinct: usize,
}

impl LineSorter {
    /// A sorter with room for so many bytes of lines.
    pub fn with_capacity(bytes: usize) -> Self {
        LineSorter { text: Vec::with_capacity(bytes), ..LineSorter::default() }
    }

    #[inline]
    pub fn add(&mut self, line: &[u8]) {
        self.lines.push(Prefixed::append(line, &mut self.text));
    }

    /// Adds a line that may be there already. Repetitions are dropped each time that there are twice as many lines as were
    /// distinct, so that the sorter never holds more than that, unless they are few.
    #[inline]
    pub fn add_distinct(&mut self, line: &[u8]) {
        self.add(line);
        if self.lines.len() >= FEW.max(2 * self.distinct) {
            self.drop_repetitions();
        }
    }

    #[inline(never)]
    fn drop_repetitions(&mut self) {
        self.sort();
        let LineSorter { text, lines, distinct } = self;
        lines.dedup_by(|line, before| line.compare(before, text).is_eq());
        let mut kept = Vec::with_capacity(text.capacity().min(2 * lines.iter().map(|line| line.len).sum::<usize>()));
        for line in &mut *lines {
            let start = kept.len();
            kept.extend_from_slice(line.of(text));
            line.start = start;
        }
        (*text, *distinct) = (kept, lines.len());
    }

    fn sort(&mut self) {
        let text = &self.text;
        // The lines that were sorted before are a run that a stable sort merges with the rest.
        self.lines.sort_by(|one, other| one.compare(other, text));
    }

    /// Calls `each` for every line in byte order.
    ///
    /// # Errors
    /// The first error of `each`.
    pub fn for_each_sorted<E>(mut self, each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.sort();
        self.lines.iter().map(|line| line.of(&self.text)).try_for_each(each)
    }

    /// Calls `each` once for equal lines, in byte order.
    ///
    /// # Errors
    /// The first error of `each`.
    pub fn for_each_distinct<E>(mut self, each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.drop_repetitions();
        self.lines.iter().map(|line| line.of(&self.text)).try_for_each(each)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_come_in_byte_order_and_once_where_that_is_asked(
            lines in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"\0ab\xff"[..]), 0..20), 0..200),
            looks in 1usize..5,
        ) {
            use super::LineSorter;
            let (mut all, mut once) = (LineSorter::with_capacity(10), LineSorter::default());
            for (at, line) in lines.iter().enumerate() {
                all.add(line);
                once.add_distinct(line);
                if at % (10 * looks) == 0 {
                    once.drop_repetitions();
                }
            }
            let (mut sorted, mut distinct) = (Vec::new(), Vec::new());
            all.for_each_sorted(|line| { sorted.push(line.to_vec()); Ok::<_, ()>(()) }).unwrap();
            once.for_each_distinct(|line| { distinct.push(line.to_vec()); Ok::<_, ()>(()) }).unwrap();
            let mut expected = lines;
            expected.sort();
            prop_assert_eq!(&sorted, &expected);
            expected.dedup();
            prop_assert_eq!(distinct, expected);
        }
    }

    #[test]
    fn many_repetitions_take_the_memory_of_few_lines() {
        use super::*;
        let mut sorter = LineSorter::default();
        for number in 0..3 * FEW as u64 {
            sorter.add_distinct(&(number % 1000).to_be_bytes());
            assert!(sorter.lines.len() <= FEW);
        }
        let mut distinct = 0;
        sorter
            .for_each_distinct(|_| {
                distinct += 1;
                Ok::<_, ()>(())
            })
            .unwrap();
        assert_eq!(distinct, 1000);
    }
}
