//! A table of accumulators: one a key, folded in place. It is behind [combiners](crate::pipeline::collect), and behind the
//! [repeats](crate::streaming::repeats) of commands.
//!
//! Open addressing with linear probing, at most five eighths full. Keys of up to [`INLINE_BYTES`] lie in their slot beside the
//! accumulator, so that a hit touches one cache line; a longer key lies in an arena, and its slot holds its hash and its
//! place there.

#![expect(unsafe_code, reason = "uninitialised accumulators, and reading short keys without branching on their length")]

use std::collections::TryReserveError;
use std::hash::{BuildHasher, RandomState};
use std::mem::MaybeUninit;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::pipeline::prefetch;
use crate::record::Value;

/// Longest key that lies in its slot.
pub(crate) const INLINE_BYTES: usize = 16;
/// Slots of a new table: few, since a table grows with what it holds and a share of memory may be small.
const FIRST_SLOTS: usize = 1 << 6;
/// Bytes of a new arena.
const FIRST_ARENA_BYTES: usize = 1 << 10;

/// The content of a slot: nothing, an inline key of length `tag - 1`, or a key in the arena.
type Tag = u64;
const EMPTY: Tag = 0;
const IN_ARENA: Tag = INLINE_BYTES as Tag + 2;

/// What a look compares comes first, so that it lies in the line that a look fetches.
#[repr(C)]
struct Slot<V> {
    /// An inline key padded with zeros; or hash and arena position.
    key: [u64; 2],
    tag: Tag,
    /// Initialised exactly where the tag is not [`EMPTY`].
    value: MaybeUninit<V>,
}

/// An inline key, hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InlineKey {
    key: [u64; 2],
    tag: Tag,
    hash: u64,
}

impl InlineKey {
    /// The bytes of the key.
    pub fn bytes(&self) -> &[u8] {
        &bytes_of(&self.key)[..self.tag as usize - 1]
    }
}

/// Accumulators by key.
pub(crate) struct Table<V> {
    slots: Box<[Slot<V>]>,
    used: usize,
    /// Long keys, each after its length in four bytes.
    arena: Vec<u8>,
    /// Bytes that the accumulators own, or more: see [`count_heap`](Self::count_heap).
    heap_bytes: usize,
    /// Seed of the hash; random, so that colliding keys cannot be prepared.
    seed: u64,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Table {
            slots: empty_slots(FIRST_SLOTS).expect("the system has memory for the smallest table"),
            used: 0,
            arena: Vec::new(),
            heap_bytes: 0,
            seed: RandomState::new().hash_one(FIRST_SLOTS),
        }
    }
}

fn empty_slots<V>(count: usize) -> Result<Box<[Slot<V>]>, TryReserveError> {
    let mut slots = Vec::new();
    slots.try_reserve_exact(count)?;
    slots.extend((0..count).map(|_| Slot { key: [0; 2], tag: EMPTY, value: MaybeUninit::uninit() }));
    Ok(slots.into_boxed_slice())
}

impl<V> Table<V> {
    /// Keys in the table.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether `more` keys fit without growing.
    #[inline(always)]
    pub fn has_room(&self, more: usize) -> bool {
        8 * (self.used + more) <= 5 * self.slots.len()
    }

    /// Bytes of memory in use.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.slots) + self.arena.capacity() + self.heap_bytes
    }

    /// Bytes of memory in use while [`grow`](Self::grow) is at work.
    pub fn memory_bytes_to_grow(&self) -> usize {
        self.memory_bytes() + 2 * size_of_val(&*self.slots)
    }

    /// Most keys that the table holds without growing.
    pub fn most_keys(&self) -> usize {
        self.slots.len() / 8 * 5
    }

    /// Hashes a key that lies in its slot.
    #[inline(always)]
    pub fn inline_key(&self, key: &[u8]) -> InlineKey {
        let words = load_short(key);
        let tag = key.len() as Tag + 1;
        InlineKey { key: words, tag, hash: hash_words(words, tag ^ self.seed) }
    }

    /// Fetches the slot of a key.
    #[inline(always)]
    pub fn prefetch(&self, key: &InlineKey) {
        prefetch::read(&self.slots[self.home(key.hash)]);
    }

    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// Whether the key of the slot is this one: `None` for an empty slot.
    #[inline(always)]
    fn holds(slot: &Slot<V>, key: &InlineKey) -> Option<bool> {
        if slot.tag == key.tag && slot.key == key.key {
            Some(true)
        } else if slot.tag == EMPTY {
            None
        } else {
            Some(false)
        }
    }
}

impl<V: Value> Table<V> {
    /// Folds `value` into the accumulator of an inline key, or makes it the accumulator. There must be room.
    #[inline(always)]
    pub fn fold_inline(&mut self, key: &InlineKey, value: V, combine: impl Fn(&mut V, V)) {
        let mut at = self.home(key.hash);
        loop {
            match Self::holds(&self.slots[at], key) {
                Some(true) => return self.fold_at(at, value, combine),
                Some(false) => at = (at + 1) & (self.slots.len() - 1),
                None => return self.insert(at, key.key, key.tag, value),
            }
        }
    }

    /// Folds `value` into the accumulator of a key longer than [`INLINE_BYTES`]. There must be a slot for it; where the key is
    /// new, and the long keys would take more than `most_bytes` with it or memory for them is refused, the value comes back.
    pub fn fold_long(&mut self, key: &[u8], value: V, combine: impl Fn(&mut V, V), most_bytes: usize) -> Result<(), V> {
        let hash = xxh3_64_with_seed(key, self.seed);
        let mut at = self.home(hash);
        loop {
            let slot = &self.slots[at];
            if slot.tag == IN_ARENA && slot.key[0] == hash && self.arena_key(slot.key[1]) == key {
                self.fold_at(at, value, combine);
                return Ok(());
            }
            if slot.tag == EMPTY {
                if !self.make_arena_room(size_of::<u32>() + key.len(), most_bytes) {
                    return Err(value);
                }
                let position = self.arena.len() as u64;
                self.arena.extend_from_slice(&(key.len() as u32).to_le_bytes());
                self.arena.extend_from_slice(key);
                self.insert(at, [hash, position], IN_ARENA, value);
                return Ok(());
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Makes room for so many bytes of long keys, which may take `most_bytes` in all; returns whether there is room.
    #[inline]
    fn make_arena_room(&mut self, bytes: usize, most_bytes: usize) -> bool {
        let (len, capacity) = (self.arena.len(), self.arena.capacity());
        let needed = len + bytes;
        if needed <= capacity {
            return true;
        }
        let doubled = (2 * capacity).max(FIRST_ARENA_BYTES).min(most_bytes).max(needed);
        needed <= most_bytes && self.arena.try_reserve_exact(doubled - len).is_ok()
    }

    #[inline(always)]
    fn fold_at(&mut self, at: usize, value: V, combine: impl Fn(&mut V, V)) {
        // SAFETY: the slot's tag was just compared with one that is not EMPTY, so the value is initialised.
        let accumulator = unsafe { self.slots[at].value.assume_init_mut() };
        // A look at all that is in the accumulator, for each value, would take quadratic time: what is in the value is taken
        // to be in the accumulator from now on.
        let within = value.heap_bytes() - value.own_heap_bytes();
        let own_before = accumulator.own_heap_bytes();
        combine(accumulator, value);
        self.heap_bytes = self.heap_bytes + within + accumulator.own_heap_bytes() - own_before;
    }

    /// Counts the bytes that the accumulators own again: they may have dropped some of the values that were folded into
    /// them.
    pub fn count_heap(&mut self) {
        self.heap_bytes = self.keys().map(|(at, _)| self.value(at).heap_bytes()).sum();
    }

    fn insert(&mut self, at: usize, key: [u64; 2], tag: Tag, value: V) {
        self.used += 1;
        self.heap_bytes += value.heap_bytes();
        self.slots[at] = Slot { key, tag, value: MaybeUninit::new(value) };
    }

    /// Doubles the number of slots.
    ///
    /// # Errors
    /// An error where the system refuses memory; the table is unchanged.
    #[inline(never)]
    pub fn grow(&mut self) -> Result<(), TryReserveError> {
        let doubled = empty_slots(2 * self.slots.len())?;
        for slot in std::mem::replace(&mut self.slots, doubled) {
            let hash = match slot.tag {
                EMPTY => continue,
                IN_ARENA => slot.key[0],
                tag => hash_words(slot.key, tag ^ self.seed),
            };
            let mut at = self.home(hash);
            while self.slots[at].tag != EMPTY {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = slot;
        }
        Ok(())
    }

    /// Slot numbers and keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = (usize, &[u8])> {
        (0..self.slots.len()).filter(|&at| self.slots[at].tag != EMPTY).map(|at| (at, self.key(at)))
    }

    /// The key in a slot that is in use.
    pub fn key(&self, at: usize) -> &[u8] {
        let slot = &self.slots[at];
        match slot.tag {
            IN_ARENA => self.arena_key(slot.key[1]),
            tag => &bytes_of(&slot.key)[..tag as usize - 1],
        }
    }

    /// Fetches a slot that will be read.
    pub fn prefetch_slot(&self, at: usize) {
        prefetch::read(&self.slots[at]);
    }

    /// The accumulator in a slot that is in use.
    pub fn value(&self, at: usize) -> &V {
        let slot = &self.slots[at];
        assert!(slot.tag != EMPTY, "only slots in use have values");
        // SAFETY: the tag is not EMPTY.
        unsafe { slot.value.assume_init_ref() }
    }

    fn arena_key(&self, position: u64) -> &[u8] {
        let (len, rest) = self.arena[position as usize..].split_first_chunk().expect("keys stand behind their lengths");
        &rest[..u32::from_le_bytes(*len) as usize]
    }
}

impl<V> Table<V> {
    /// Gives the memory of the long keys back. The table is empty.
    pub fn forget_arena(&mut self) {
        debug_assert_eq!(self.used, 0, "keys lie in the arena");
        self.arena = Vec::new();
    }

    /// Removes all keys; the slots stay.
    pub fn clear(&mut self) {
        for slot in &mut self.slots {
            if slot.tag != EMPTY {
                slot.tag = EMPTY;
                // SAFETY: the tag was not EMPTY, and is now, so that the value is dropped once.
                unsafe { slot.value.assume_init_drop() };
            }
        }
        self.used = 0;
        self.arena.clear();
        self.heap_bytes = 0;
    }
}

impl<V> Drop for Table<V> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<V>() {
            self.clear();
        }
    }
}

/// A key of at most [`INLINE_BYTES`] as two words, padded with zeros, its first byte first in memory.
#[inline(always)]
pub(crate) fn load_short(key: &[u8]) -> [u64; 2] {
    #[cfg(target_arch = "x86_64")]
    {
        const PAGE_BYTES: usize = 4096;
        let start = key.as_ptr();
        if start.addr() % PAGE_BYTES <= PAGE_BYTES - INLINE_BYTES && !key.is_empty() {
            let (low, high): (u64, u64);
            // SAFETY: the loads read 16 bytes from the key's first byte on, of which those after the key may belong to any
            // other value.
            // - They cannot fault. The key is not empty, so its first byte is readable. The processor protects memory in
            //   pages, none smaller than 4 KiB, and the condition above keeps all 16 bytes in the page of the first.
            // - They are not loads of the language, which must not leave an allocation, but of a processor, which knows
            //   none: that is why this is assembly. It writes nothing and leaves flags and stack alone, as its options say.
            // - The bytes after the key make no difference, even if another thread writes them at this moment: the processor
            //   loads some bytes there, and the mask clears them before they are used. So the result depends on the key
            //   alone, as `pure` promises.
            // Measured on word count of 512 MiB: with loads chosen by the length of the key the whole job takes 1.2 times
            // as long, because lengths of words cannot be predicted.
            unsafe {
                std::arch::asm!(
                    "mov {low}, [{start}]",
                    "mov {high}, [{start} + 8]",
                    low = out(reg) low,
                    high = lateout(reg) high,
                    start = in(reg) start,
                    options(pure, readonly, nostack, preserves_flags),
                );
            }
            let mask = &MASKS[key.len()];
            return [low & mask[0], high & mask[1]];
        }
    }
    let mut bytes = [0; INLINE_BYTES];
    bytes[..key.len()].copy_from_slice(key);
    [0, 8].map(|at| u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes")))
}

/// Ones where a key of the index's length has bytes.
static MASKS: [[u64; 2]; INLINE_BYTES + 1] = {
    let mut masks = [[0; 2]; INLINE_BYTES + 1];
    let mut len = 1;
    while len <= INLINE_BYTES {
        let bits = u128::MAX >> (128 - 8 * len);
        masks[len] = [bits as u64, (bits >> 64) as u64];
        len += 1;
    }
    masks
};

/// The memory of two words.
fn bytes_of(words: &[u64; 2]) -> &[u8; INLINE_BYTES] {
    // SAFETY: 16 initialised bytes, and any alignment will do for bytes.
    unsafe { &*std::ptr::from_ref(words).cast() }
}

/// One multiplication, folded: the mixing step of wyhash.
#[inline(always)]
fn hash_words(words: [u64; 2], seed: u64) -> u64 {
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f];
    let product = u128::from(words[0] ^ seed) * u128::from(ODD[0]);
    let mixed = (product as u64 ^ (product >> 64) as u64) ^ words[1];
    let product = u128::from(mixed) * u128::from(ODD[1]);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::error::Result;
    use crate::record::ListItem;

    proptest! {
        #[test]
        fn a_table_folds_like_a_map(keys in prop::collection::vec(prop::collection::vec(0u8..3, 0..20), 0..3000)) {
            let (mut table, mut map) = (Table::<Vec<u8>>::default(), BTreeMap::<Vec<u8>, Vec<u8>>::new());
            let append = |sum: &mut Vec<u8>, mut more: Vec<u8>| sum.append(&mut more);
            for round in 0..2 {
                for (i, key) in keys.iter().enumerate() {
                    let value = vec![i as u8, round];
                    map.entry(key.clone()).or_default().extend(&value);
                    if !table.has_room(1) {
                        table.grow().unwrap();
                    }
                    if key.len() <= INLINE_BYTES {
                        table.fold_inline(&table.inline_key(key), value, append);
                    } else {
                        table.fold_long(key, value, append, usize::MAX).unwrap();
                    }
                }
                let folded: BTreeMap<_, _> = table.keys().map(|(at, key)| (key.to_vec(), table.value(at).clone())).collect();
                prop_assert_eq!(&folded, &map);
                let heap: usize = table.keys().map(|(at, _)| table.value(at).capacity()).sum();
                prop_assert_eq!(table.heap_bytes, heap);
                table.clear();
                map.clear();
                prop_assert_eq!(table.keys().count(), 0);
            }
        }
    }

    thread_local! {
        static LOOKS: Cell<usize> = const { Cell::new(0) };
    }

    /// A part of a list, which counts how often it is asked for its size.
    struct Item(Vec<u8>);

    impl ListItem for Item {}

    impl Value for Item {
        type Ref<'a> = Item;

        fn decode(bytes: &[u8]) -> Result<Item> {
            Self::decode_owned(bytes)
        }

        fn decode_part(bytes: &mut &[u8]) -> Result<Item> {
            Vec::decode_part(bytes).map(Item)
        }

        fn heap_bytes(&self) -> usize {
            LOOKS.set(LOOKS.get() + 1);
            self.0.capacity()
        }
    }

    fn item(bytes: usize) -> Vec<Item> {
        vec![Item(Vec::with_capacity(bytes))]
    }

    #[test]
    fn what_a_list_takes_is_known_without_a_look_at_all_of_it_for_each_value() {
        let looks = |folds: usize| {
            let (mut table, before) = (Table::<Vec<Item>>::default(), LOOKS.get());
            for _ in 0..folds {
                table.fold_inline(&table.inline_key(b"key"), item(100), |list, mut more| list.append(&mut more));
            }
            let looks = LOOKS.get() - before;
            let counted = table.heap_bytes;
            table.count_heap();
            assert_eq!(counted, table.heap_bytes);
            assert!(counted >= folds * (100 + size_of::<Item>()));
            looks
        };
        assert!((1000..2000).contains(&looks(1000)));
        assert_eq!(looks(4000), 4 * looks(1000));
    }

    #[test]
    fn what_a_combiner_drops_is_not_counted_when_it_is_counted_again() {
        let mut table = Table::<Vec<Item>>::default();
        for _ in 0..100 {
            table.fold_inline(&table.inline_key(b"key"), item(1000), |_first, _other| {});
        }
        assert!(table.heap_bytes >= 100_000);
        table.count_heap();
        assert!(table.heap_bytes < 2000, "{}", table.heap_bytes);
    }

    #[test]
    fn long_keys_take_no_more_memory_than_they_may() {
        let mut table = Table::<u64>::default();
        let sum = |sum: &mut u64, more| *sum += more;
        let key = |i: u32| format!("a key that is long enough: {i:08}").into_bytes();
        let mut taken = 0;
        while table.has_room(1) && table.fold_long(&key(taken), 1, sum, 700).is_ok() {
            taken += 1;
        }
        assert_eq!(taken as usize, 700 / (key(0).len() + 4), "as many as there is room for");
        assert!(table.memory_bytes() <= FIRST_SLOTS * size_of::<Slot<u64>>() + 700);
        assert_eq!(table.fold_long(&key(0), 1, sum, 700), Ok(()), "those that are there are found still");
        assert_eq!(table.fold_long(&key(taken), 5, sum, 700), Err(5), "the value of another comes back");
        table.clear();
        assert_eq!(table.fold_long(&key(taken), 5, sum, 700), Ok(()));
    }

    #[test]
    fn short_keys_are_loaded_without_what_stands_behind_them() {
        let page_of_ones = vec![0xffu8; 3 * 4096];
        for start in 0..2 * 4096 {
            for len in 0..=INLINE_BYTES {
                let words = load_short(&page_of_ones[start..start + len]);
                assert_eq!(words, MASKS[len], "{start} {len}");
            }
        }
    }
}
