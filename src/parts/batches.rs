//! Items for the same key, sent together.

use crate::job::Emit;
use crate::record::{Number, Packed};

/// Items that are gathered before they are sent, whatever the number of keys: two megabytes of them, if they are of four bytes.
const CAPACITY: usize = 1 << 17;
/// Bits that one pass of the sort looks at.
const DIGIT_BITS: u32 = 11;

/// Gathers what a mapper has for integer keys, and emits the items of a key together, as one value.
///
/// A record costs some ten nanoseconds however small it is. A mapper with millions of small items for thousands of keys
/// saves nearly all of that: it pushes the items, and a hundred thousand of them at a time are sorted by key, as
/// integers, and emitted.
///
/// ```
/// use twinmill::parts::Batches;
/// use twinmill::prelude::*;
/// use twinmill::record::Packed;
///
/// /// Sends each number to the key that is its last digit.
/// #[derive(Clone, Default)]
/// struct ByLastDigit(Batches<u64>);
///
/// impl Mapper for ByLastDigit {
///     type Input = Lines;
///     type Key = u32;
///     type Value = Packed<u64>;
///
///     fn map(&mut self, line: Record<'_>, out: &mut impl Emit<u32, Packed<u64>>) -> Result<()> {
///         let number: u64 = line.text()?.parse()?;
///         self.0.push((number % 10) as u32, number, out);
///         Ok(())
///     }
///
///     fn finish(&mut self, out: &mut impl Emit<u32, Packed<u64>>) -> Result<()> {
///         self.0.send(out);
///         Ok(())
///     }
/// }
/// ```
///
/// The items of a key come to the reducer in the order in which they were pushed.
#[derive(Clone, Debug)]
pub struct Batches<T> {
    items: Vec<(u32, T)>,
    /// The other half of the sort, and the items of one key.
    sorted: Vec<(u32, T)>,
    batch: Vec<T>,
    /// All bits that keys have.
    bits: u32,
}

impl<T> Default for Batches<T> {
    fn default() -> Self {
        Batches { items: Vec::new(), sorted: Vec::new(), batch: Vec::new(), bits: 0 }
    }
}

impl<T: Number> Batches<T> {
    /// Takes an item for a key.
    #[inline(always)]
    pub fn push(&mut self, key: u32, item: T, out: &mut impl Emit<u32, Packed<T>>) {
        self.items.push((key, item));
        self.bits |= key;
        if self.items.len() == CAPACITY {
            self.send(out);
        }
    }

    /// Emits everything that was gathered.
    #[inline(never)]
    pub fn send(&mut self, out: &mut impl Emit<u32, Packed<T>>) {
        let key_bits = u32::BITS - self.bits.leading_zeros();
        for low in (0..key_bits).step_by(DIGIT_BITS as usize) {
            self.sort_by_digit(low, DIGIT_BITS.min(key_bits - low));
        }
        for of_key in self.items.chunk_by(|one, next| one.0 == next.0) {
            self.batch.clear();
            self.batch.extend(of_key.iter().map(|(_, item)| *item));
            out.emit(of_key[0].0, &self.batch[..]);
        }
        self.items.clear();
        self.bits = 0;
    }

    /// Sorts by `bits` bits of the keys from `low` on; items that agree in them keep their order.
    fn sort_by_digit(&mut self, low: u32, bits: u32) {
        let digit = |key: u32| (key >> low & ((1 << bits) - 1)) as usize;
        let mut places = vec![0usize; 1 << bits];
        self.items.iter().for_each(|(key, _)| places[digit(*key)] += 1);
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        let Some(any) = self.items.first() else { return };
        self.sorted.resize(self.items.len(), *any);
        for item in &self.items {
            let place = &mut places[digit(item.0)];
            self.sorted[*place] = *item;
            *place += 1;
        }
        std::mem::swap(&mut self.items, &mut self.sorted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ToKey, ToValue, Value};

    /// Keeps what was emitted.
    #[derive(Default)]
    struct Emitted(Vec<(u32, Vec<u32>)>);

    impl Emit<u32, Packed<u32>> for Emitted {
        fn emit<Q: ToKey<u32>, W: ToValue<Packed<u32>>>(&mut self, key: Q, value: W) {
            let (mut key_bytes, mut value_bytes) = (Vec::new(), Vec::new());
            value.encode(&mut value_bytes);
            let key = u32::from_be_bytes(key.encode(&mut key_bytes).try_into().unwrap());
            self.0.push((key, Packed::decode_owned(&value_bytes).unwrap().0));
        }

        fn count(&mut self, _: &'static str, _: &'static str, _: u64) {}

        fn aggregate(&mut self, _: &'static str, _: u64) {}
    }

    #[test]
    fn items_come_by_key_in_the_order_in_which_they_were_pushed() {
        for (keys, factor) in [(1u32, 1), (10, 1), (3000, 1), (50_000, 80_000)] {
            let (mut batches, mut out) = (Batches::default(), Emitted::default());
            let items = CAPACITY as u32 + 1000;
            let key = |item: u32| (item.wrapping_mul(2_654_435_761) >> 7) % keys * factor;
            (0..items).for_each(|item| batches.push(key(item), item, &mut out));
            assert!(out.0.len() as u32 <= keys && out.0.is_sorted_by_key(|(key, _)| *key), "{keys}");
            batches.send(&mut out);
            let mut found: Vec<(u32, u32)> =
                out.0.iter().flat_map(|(key, items)| items.iter().map(|item| (*key, *item))).collect();
            assert!(found.chunk_by(|one, next| one.0 == next.0).all(|of_key| of_key.is_sorted()));
            found.sort_unstable_by_key(|(_, item)| *item);
            assert!(found == (0..items).map(|item| (key(item), item)).collect::<Vec<_>>(), "{keys}");
        }
    }
}
