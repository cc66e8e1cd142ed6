//! Counts of words in one thread, as a careful engineer would write them without a framework.
//!
//! A word of up to 15 bytes is a number: its bytes from the most significant on, then zeros, and its length in the last byte.
//! Numbers order as their words do. They lie with their counts in a table with open addressing, at most half full; words are
//! gathered in batches, and the slots of a batch are read before any is counted, so that the processor waits for all of them
//! at once. Longer words lie one after another in one piece of memory, and a table of its own has their places.

use std::hash::BuildHasher;
use std::hint::black_box;
use std::ops::Range;

use hashbrown::DefaultHashBuilder;

use crate::jobs::line_sorter::Prefixed;

/// Longest word that is a number.
const SHORT_BYTES: usize = 15;
/// Words of a batch.
const BATCH: usize = 64;
/// Slots of a new table.
const FIRST_SLOTS: usize = 1 << 10;

/// How often each word was seen.
#[derive(Default)]
pub struct Tally {
    table: Table,
    /// Short words that are not counted yet, with their hashes.
    batch: Vec<(u128, u64)>,
    long: LongWords,
}

/// A short word as a number, which is never zero, and its count.
#[derive(Clone, Copy, Default)]
struct Counted {
    word: u128,
    count: u64,
}

impl Tally {
    /// Counts a word, which is not empty.
    #[inline(always)]
    pub fn add(&mut self, word: &[u8]) {
        if word.len() > SHORT_BYTES {
            return self.long.add(word);
        }
        self.add_short(pack(word));
    }

    /// Counts the word at a place in `text`, which is not empty. It takes no branch that depends on the length of a short
    /// word, which cannot be predicted.
    #[inline(always)]
    pub fn add_within(&mut self, text: &[u8], place: Range<usize>) {
        if place.len() > SHORT_BYTES {
            return self.long.add(&text[place]);
        }
        self.add_short(pack_within(text, place));
    }

    #[inline(always)]
    fn add_short(&mut self, word: u128) {
        self.batch.push((word, self.table.hash(word)));
        if self.batch.len() == BATCH {
            self.count_batch();
        }
    }

    #[inline(never)]
    fn count_batch(&mut self) {
        self.table.make_room(self.batch.len());
        let counts = self.batch.iter().map(|(_, hash)| self.table.slots[self.table.home(*hash)].count);
        black_box(counts.fold(0, |all, count| all | count));
        for (word, hash) in self.batch.drain(..) {
            self.table.slot_of(word, hash).count += 1;
        }
    }

    /// Calls `each` for every word in byte order, with its count.
    ///
    /// # Errors
    /// The first error of `each`.
    pub fn for_each_sorted<E>(mut self, mut each: impl FnMut(&[u8], u64) -> Result<(), E>) -> Result<(), E> {
        self.count_batch();
        let mut short = self.table.slots;
        short.retain(|slot| slot.word > 0);
        short.sort_unstable_by_key(|slot| slot.word);
        let (long, text) = self.long.sorted();
        let mut long = long.iter().map(|(word, count)| (word.of(&text), *count)).peekable();
        for Counted { word, count } in short {
            let bytes = word.to_be_bytes();
            let word = &bytes[..usize::from(bytes[SHORT_BYTES])];
            while let Some((before, count)) = long.next_if(|(long, _)| *long < word) {
                each(before, count)?;
            }
            each(word, count)?;
        }
        long.try_for_each(|(word, count)| each(word, count))
    }
}

/// The counts of longer words, in a table of the same kind. A slot holds the hash of its word and its place in the text.
#[derive(Default)]
struct LongWords {
    /// One after another, those of the batch behind the others.
    text: Vec<u8>,
    slots: Vec<LongWord>,
    used: usize,
    /// Words that are not counted yet.
    batch: Vec<LongWord>,
    hasher: DefaultHashBuilder,
}

/// A longer word, and its count, which is zero in an empty slot.
#[derive(Clone, Copy, Default)]
struct LongWord {
    hash: u64,
    start: usize,
    len: usize,
    count: u64,
}

impl LongWords {
    fn add(&mut self, word: &[u8]) {
        let start = self.text.len();
        self.batch.push(LongWord { hash: self.hasher.hash_one(word), start, len: word.len(), count: 1 });
        self.text.extend_from_slice(word);
        if self.batch.len() == BATCH {
            self.count_batch();
        }
    }

    /// Counts the batch, and keeps the text of words that are new.
    #[inline(never)]
    fn count_batch(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        self.make_room(self.batch.len());
        let LongWords { text, slots, used, batch, .. } = self;
        let mask = slots.len() - 1;
        // Reads the slots, and the text that they lead to, of the whole batch at once.
        let read = batch.iter().map(|word| text[slots[word.hash as usize & mask].start]);
        black_box(read.fold(0, |all, byte| all | byte));
        let mut end = batch.first().map_or(text.len(), |word| word.start);
        for word in batch.drain(..) {
            let mut at = word.hash as usize & mask;
            let is_other =
                |slot: &LongWord| slot.count > 0 && (slot.hash != word.hash || slot.of(text) != word.of(text));
            while is_other(&slots[at]) {
                at = (at + 1) & mask;
            }
            let slot = &mut slots[at];
            if slot.count == 0 {
                text.copy_within(word.start..word.start + word.len, end);
                *slot = LongWord { start: end, count: 0, ..word };
                (*used, end) = (*used + 1, end + word.len);
            }
            slot.count += 1;
        }
        text.truncate(end);
    }

    /// Doubles the table until so many more words leave a quarter of it empty. Most slots that a search passes are told by
    /// their hashes, without a look at the text.
    fn make_room(&mut self, more: usize) {
        while 4 * (self.used + more) > 3 * self.slots.len() {
            let doubled = vec![LongWord::default(); FIRST_SLOTS.max(2 * self.slots.len())];
            let mask = doubled.len() - 1;
            for word in std::mem::replace(&mut self.slots, doubled) {
                let mut at = word.hash as usize & mask;
                while word.count > 0 && self.slots[at].count > 0 {
                    at = (at + 1) & mask;
                }
                if word.count > 0 {
                    self.slots[at] = word;
                }
            }
        }
    }

    /// The words in byte order, with their counts, and the text in which they lie.
    fn sorted(mut self) -> (Vec<(Prefixed, u64)>, Vec<u8>) {
        self.count_batch();
        let LongWords { text, mut slots, used, .. } = self;
        slots.retain(|slot| slot.count > 0);
        slots.shrink_to_fit();
        let mut words = Vec::with_capacity(used);
        words.extend(slots.iter().map(|word| (Prefixed::within(&text, word.start, word.len), word.count)));
        drop(slots);
        words.sort_unstable_by(|(one, _), (other, _)| one.compare(other, &text));
        (words, text)
    }
}

impl LongWord {
    fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.start..][..self.len]
    }
}

/// The counts of short words.
struct Table {
    slots: Vec<Counted>,
    used: usize,
    hasher: DefaultHashBuilder,
}

impl Default for Table {
    fn default() -> Self {
        Table { slots: vec![Counted::default(); FIRST_SLOTS], used: 0, hasher: DefaultHashBuilder::default() }
    }
}

impl Table {
    #[inline(always)]
    fn hash(&self, word: u128) -> u64 {
        self.hasher.hash_one(word)
    }

    /// The slot at which the search for a word begins.
    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// The slot of a word, which is made its own where it has none. There must be room.
    #[inline(always)]
    fn slot_of(&mut self, word: u128, hash: u64) -> &mut Counted {
        let (mut at, mask) = (self.home(hash), self.slots.len() - 1);
        loop {
            let known = self.slots[at].word;
            if known == word || known == 0 {
                break;
            }
            at = (at + 1) & mask;
        }
        let slot = &mut self.slots[at];
        self.used += usize::from(slot.word == 0);
        slot.word = word;
        slot
    }

    /// Doubles the table until so many more words leave it half empty.
    fn make_room(&mut self, more: usize) {
        while 2 * (self.used + more) > self.slots.len() {
            let doubled = vec![Counted::default(); 2 * self.slots.len()];
            self.used = 0;
            for Counted { word, count } in std::mem::replace(&mut self.slots, doubled) {
                if word > 0 {
                    self.slot_of(word, self.hash(word)).count = count;
                }
            }
        }
    }
}

/// The number of a word of 1 to 15 bytes. Its two ends are read at once, and overlap where it is shorter than both.
#[inline(always)]
fn pack(word: &[u8]) -> u128 {
    let len = word.len();
    let bits = |missing: usize| 8 * missing as u32;
    let (high, low) = if let (Some(first), Some(last)) = (word.first_chunk(), word.last_chunk()) {
        (u64::from_be_bytes(*first), u64::from_be_bytes(*last).checked_shl(bits(16 - len)).unwrap_or(0))
    } else if let (Some(first), Some(last)) = (word.first_chunk(), word.last_chunk()) {
        let rest = u32::from_be_bytes(*last).checked_shl(bits(8 - len)).unwrap_or(0);
        (u64::from(u32::from_be_bytes(*first)) << 32 | u64::from(rest), 0)
    } else {
        (word.iter().enumerate().fold(0, |all, (at, byte)| all | u64::from(*byte) << bits(7 - at)), 0)
    };
    u128::from(high) << 64 | u128::from(low) | len as u128
}

/// [`pack`] of the bytes at a place in `text`. It reads 16 bytes from the word's first byte on, or the last 16 of the text.
#[inline(always)]
fn pack_within(text: &[u8], place: Range<usize>) -> u128 {
    let Some(last_start) = text.len().checked_sub(size_of::<u128>()) else { return pack(&text[place]) };
    let start = place.start.min(last_start);
    let bytes = text[start..].first_chunk().expect("16 bytes from there on");
    let from_word = u128::from_be_bytes(*bytes) << (8 * (place.start - start));
    from_word & u128::MAX << (8 * (size_of::<u128>() - place.len())) | place.len() as u128
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_counted_and_come_in_byte_order(
            words in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"\0ab\xff"[..]), 1..20), 0..3000),
        ) {
            let (mut tally, mut expected) = (super::Tally::default(), std::collections::BTreeMap::<Vec<u8>, u64>::new());
            for word in &words {
                tally.add(word);
                *expected.entry(word.clone()).or_default() += 1;
            }
            let mut counted = Vec::new();
            tally.for_each_sorted(|word, count| { counted.push((word.to_vec(), count)); Ok::<_, ()>(()) }).unwrap();
            prop_assert_eq!(counted, expected.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn a_word_within_a_text_is_the_word_by_itself(
            text in prop::collection::vec(any::<u8>(), 1..40),
            (start, len) in (0usize..40, 1..=super::SHORT_BYTES),
        ) {
            let start = start.min(text.len() - 1);
            let place = start..(start + len).min(text.len());
            prop_assert_eq!(super::pack_within(&text, place.clone()), super::pack(&text[place]));
        }
    }
}
