//! Lists of numbers of fixed width, which are read where they lie.
//!
//! A `Vec<u64>` as a value is a list of varints: small, and decoded number by number. [`Packed`] numbers lie as they lie in
//! memory, and a reducer or mapper reads them from the record's own bytes:
//!
//! ```text
//! Packed([7, 300])  as u32   07 00 00 00 │ 2c 01 00 00
//! ```
//!
//! Work on numbers whose keys are small integers is fastest by the block: one record for the numbers of a thousand keys costs
//! what a record for one of them costs. The key is then the number of the block, and a place in the list is a key in it:
//!
//! ```
//! use twinmill::prelude::*;
//! use twinmill::record::{Packed, PackedRef};
//!
//! /// Adds up lists place by place.
//! #[derive(Clone)]
//! struct AddUp;
//!
//! impl Reducer for AddUp {
//!     type Key = u32;
//!     type Value = Packed<u64>;
//!     type OutKey = u32;
//!     type OutValue = Packed<u64>;
//!
//!     fn reduce(
//!         &mut self,
//!         block: u32,
//!         lists: &mut Values<Packed<u64>>,
//!         out: &mut impl Emit<u32, Packed<u64>>,
//!     ) -> Result<()> {
//!         let mut sums = vec![0; 1000];
//!         while let Some(list) = lists.next() {
//!             sums.iter_mut().zip(list.iter()).for_each(|(sum, number)| *sum += number);
//!         }
//!         out.emit(block, &sums[..]);
//!         Ok(())
//!     }
//! }
//! ```

use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::record::{ListItem, ToText, ToValue, Value, varint};

/// Numbers of fixed width, as a value; see the [module](self).
///
/// A slice `[T]` or `&[T]` can be emitted where the job's value is `Packed<T>`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packed<T>(pub Vec<T>);

/// A number of fixed width.
pub trait Number: Copy + ListItem + ToText + Send + Sync + 'static + sealed::Bytes {}

mod sealed {
    /// A number as bytes, the lowest first.
    pub trait Bytes: Sized {
        /// Reads a number from as many bytes as it has.
        fn read(bytes: &[u8]) -> Self;

        /// Writes the number to as many bytes as it has.
        fn write(self, bytes: &mut [u8]);
    }
}

macro_rules! number {
    ($($number:ty),+) => {$(
        impl Number for $number {}

        impl sealed::Bytes for $number {
            #[inline(always)]
            fn read(bytes: &[u8]) -> Self {
                <$number>::from_le_bytes(bytes.try_into().expect("as many bytes as the number has"))
            }

            #[inline(always)]
            fn write(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
        }
    )+};
}
number!(u16, u32, u64, u128, i16, i32, i64, i128, f32, f64);

/// [`Packed`] numbers where they lie.
#[derive(Clone, Copy, Debug)]
pub struct PackedRef<'a, T> {
    bytes: &'a [u8],
    number: PhantomData<fn() -> T>,
}

impl<'a, T: Number> PackedRef<'a, T> {
    /// Number of numbers.
    pub fn len(self) -> usize {
        self.bytes.len() / size_of::<T>()
    }

    /// Whether there is no number.
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The numbers, in order.
    #[inline(always)]
    pub fn iter(self) -> impl ExactSizeIterator<Item = T> + Clone + use<'a, T> {
        self.bytes.chunks_exact(size_of::<T>()).map(T::read)
    }
}

impl<T: Number> Value for Packed<T> {
    type Ref<'a> = PackedRef<'a, T>;

    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<PackedRef<'_, T>> {
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return Err(Error::codec("whole numbers", bytes));
        }
        Ok(PackedRef { bytes, number: PhantomData })
    }

    fn decode_owned(bytes: &[u8]) -> Result<Self> {
        Ok(Packed(Self::decode(bytes)?.iter().collect()))
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Self> {
        let (all, mut at) = (*bytes, 0);
        let numbers = varint::read(all, &mut at).and_then(|numbers| usize::try_from(numbers).ok());
        let len = numbers.and_then(|numbers| numbers.checked_mul(size_of::<T>()));
        let parts = len.and_then(|len| all[at..].split_at_checked(len));
        let (numbers, rest) = parts.ok_or_else(|| Error::codec("as many numbers as said", all))?;
        *bytes = rest;
        Self::decode_owned(numbers)
    }

    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<T>()
    }
}

impl<T: Number> ToValue<Packed<T>> for [T] {
    fn encode_part(&self, out: &mut Vec<u8>) {
        varint::push(self.len() as u64, out);
        self.encode(out);
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + size_of_val(self), 0);
        out[start..].chunks_exact_mut(size_of::<T>()).zip(self).for_each(|(bytes, number)| number.write(bytes));
    }

    #[inline(always)]
    fn encoded_len(&self) -> usize {
        size_of_val(self)
    }

    #[inline(always)]
    fn least_encoded_len(&self) -> usize {
        size_of_val(self)
    }
}

impl<T: Number> ToText for Packed<T> {
    fn write_text(&self, out: &mut Vec<u8>) {
        self.0.write_text(out);
    }

    fn write_item(&self, out: &mut Vec<u8>) {
        self.0.write_item(out);
    }
}

impl<T: Number> ToValue<Packed<T>> for Packed<T> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        self.0[..].encode_part(out);
    }

    fn encode(&self, out: &mut Vec<u8>) {
        self.0[..].encode(out);
    }

    fn encoded_len(&self) -> usize {
        self.0[..].encoded_len()
    }

    fn least_encoded_len(&self) -> usize {
        self.0[..].least_encoded_len()
    }

    fn into_value(self) -> Packed<T> {
        self
    }
}

impl<T: Number> ToText for PackedRef<'_, T> {
    fn write_text(&self, out: &mut Vec<u8>) {
        self.iter().collect::<Vec<T>>().write_text(out);
    }
}

impl<T: Number> ToValue<Packed<T>> for PackedRef<'_, T> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        varint::push(self.len() as u64, out);
        out.extend_from_slice(self.bytes);
    }

    #[inline(always)]
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes);
    }

    #[inline(always)]
    fn encoded_len(&self) -> usize {
        self.bytes.len()
    }

    #[inline(always)]
    fn least_encoded_len(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_numbers_are_read_where_they_lie_and_inside_of_tuples() {
        let (numbers, mut bytes) = (vec![7u32, 300, u32::MAX], Vec::new());
        ToValue::<Packed<u32>>::encode(&numbers[..], &mut bytes);
        assert_eq!(bytes, [7, 0, 0, 0, 0x2c, 1, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        let packed = Packed::<u32>::decode(&bytes).unwrap();
        assert_eq!((packed.len(), packed.iter().collect::<Vec<_>>()), (3, numbers.clone()));
        let (mut again, mut within) = (Vec::new(), Vec::new());
        packed.encode(&mut again);
        assert_eq!(again, bytes);
        type Pair = (Packed<f64>, u64);
        (Packed(vec![0.5, -0.0]), 9u64).encode(&mut within);
        assert_eq!(Pair::decode(&within).unwrap(), (Packed(vec![0.5, -0.0]), 9));
        assert!(Packed::<u32>::decode(&bytes[1..]).is_err(), "no whole number of numbers");
        assert!(Pair::decode(&within[..within.len() - 2]).is_err());
    }
}
