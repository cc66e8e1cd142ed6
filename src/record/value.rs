//! Value codecs: compact, with no order to keep.
//!
//! Integers are varints (signed ones zigzag), floats eight or four bytes, byte strings their bytes. Inside a tuple byte
//! strings carry their length.

use crate::error::{Error, Result};
use crate::record::{ToText, varint};

/// A type of intermediate or output value; see [`Key`](super::Key) for why reading and writing are two traits.
pub trait Value: 'static {
    /// What a reducer is given: borrowed where the encoding allows it.
    type Ref<'a>;

    /// Reads a whole encoding.
    ///
    /// # Errors
    /// [`Error::Codec`] where the bytes are no encoding of this type.
    fn decode(bytes: &[u8]) -> Result<Self::Ref<'_>>;

    /// Reads a whole encoding into an owned value.
    ///
    /// # Errors
    /// [`Error::Codec`] where the bytes are no encoding of this type.
    fn decode_owned(bytes: &[u8]) -> Result<Self>
    where
        Self: Sized,
    {
        let mut rest = bytes;
        let value = Self::decode_part(&mut rest)?;
        if rest.is_empty() { Ok(value) } else { Err(Error::codec("end of value", bytes)) }
    }

    /// Reads the encoding at the front of `bytes`, as it stands inside a tuple, and moves past it.
    ///
    /// # Errors
    /// [`Error::Codec`] where the bytes are no encoding of this type.
    fn decode_part(bytes: &mut &[u8]) -> Result<Self>
    where
        Self: Sized;

    /// Bytes on the heap that the value owns; what a combiner holds is counted against the sort buffer by it.
    fn heap_bytes(&self) -> usize {
        0
    }
}

/// Something that can be emitted as a value of type `V`.
pub trait ToValue<V: ?Sized>: ToText {
    /// Appends the encoding as it stands inside a tuple.
    fn encode_part(&self, out: &mut Vec<u8>);

    /// Appends the whole encoding, whose end the record's frame knows.
    #[inline(always)]
    fn encode(&self, out: &mut Vec<u8>) {
        self.encode_part(out);
    }

    /// Bytes of the whole encoding.
    fn encoded_len(&self) -> usize {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes.len()
    }

    /// Bytes of the whole encoding where they are known without encoding it, or fewer: what room is made for at once. Byte
    /// strings know them.
    #[inline(always)]
    fn least_encoded_len(&self) -> usize {
        0
    }

    /// The value itself, for a combiner.
    #[inline(always)]
    fn into_value(self) -> V
    where
        Self: Sized,
        V: Value + Sized,
    {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        V::decode_owned(&bytes).expect("a type decodes what is encoded as it")
    }
}

macro_rules! number_value {
    ($($value:ty: |$v:ident, $out:ident| $encode:expr, $len:expr, |$bytes:ident| $decode:expr;)+) => {$(
        impl Value for $value {
            type Ref<'a> = $value;

            #[inline(always)]
            fn decode(bytes: &[u8]) -> Result<$value> {
                Self::decode_owned(bytes)
            }

            #[inline(always)]
            fn decode_part($bytes: &mut &[u8]) -> Result<$value> {
                $decode
            }
        }

        impl ToValue<$value> for $value {
            #[inline(always)]
            fn encode_part(&self, $out: &mut Vec<u8>) {
                let $v = *self;
                $encode
            }

            #[inline(always)]
            fn encoded_len(&self) -> usize {
                let $v = *self;
                $len
            }

            #[inline(always)]
            fn into_value(self) -> $value {
                self
            }
        }
    )+};
}

#[inline(always)]
fn read_varint(bytes: &mut &[u8]) -> Result<u64> {
    let mut at = 0;
    let n = varint::read(bytes, &mut at).ok_or_else(|| Error::codec("varint", bytes))?;
    *bytes = &bytes[at..];
    Ok(n)
}

fn read_unsigned<T: TryFrom<u64>>(expected: &'static str, bytes: &mut &[u8]) -> Result<T> {
    let all = *bytes;
    T::try_from(read_varint(bytes)?).map_err(|_| Error::codec(expected, all))
}

fn zigzag(v: i64) -> u64 {
    (v << 1 ^ v >> 63) as u64
}

fn read_signed<T: TryFrom<i64>>(expected: &'static str, bytes: &mut &[u8]) -> Result<T> {
    let all = *bytes;
    let n = read_varint(bytes)?;
    let v = (n >> 1) as i64 ^ -((n & 1) as i64);
    T::try_from(v).map_err(|_| Error::codec(expected, all))
}

fn take<const N: usize>(expected: &'static str, bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk().ok_or_else(|| Error::codec(expected, bytes))?;
    *bytes = tail;
    Ok(*head)
}

number_value! {
    u8: |v, out| varint::push(v.into(), out), varint::len(v.into()), |bytes| read_unsigned("u8", bytes);
    u16: |v, out| varint::push(v.into(), out), varint::len(v.into()), |bytes| read_unsigned("u16", bytes);
    u32: |v, out| varint::push(v.into(), out), varint::len(v.into()), |bytes| read_unsigned("u32", bytes);
    u64: |v, out| varint::push(v, out), varint::len(v), |bytes| read_varint(bytes);
    i8: |v, out| varint::push(zigzag(v.into()), out), varint::len(zigzag(v.into())), |bytes| read_signed("i8", bytes);
    i16: |v, out| varint::push(zigzag(v.into()), out), varint::len(zigzag(v.into())), |bytes| read_signed("i16", bytes);
    i32: |v, out| varint::push(zigzag(v.into()), out), varint::len(zigzag(v.into())), |bytes| read_signed("i32", bytes);
    i64: |v, out| varint::push(zigzag(v), out), varint::len(zigzag(v)), |bytes| read_signed("i64", bytes);
    f32: |v, out| out.extend_from_slice(&v.to_le_bytes()), size_of_val(&v), |bytes| take("f32", bytes).map(f32::from_le_bytes);
    f64: |v, out| out.extend_from_slice(&v.to_le_bytes()), size_of_val(&v), |bytes| take("f64", bytes).map(f64::from_le_bytes);
    bool: |v, out| out.push(u8::from(v)), size_of_val(&v), |bytes| take("bool", bytes).map(|[byte]| byte != 0);
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::codec("UTF-8", bytes))
}

fn sized_bytes<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8]> {
    let all = *bytes;
    let len = usize::try_from(read_varint(bytes)?).unwrap_or(usize::MAX);
    let (head, tail) = bytes.split_at_checked(len).ok_or_else(|| Error::codec("bytes of the length said", all))?;
    *bytes = tail;
    Ok(head)
}

impl Value for [u8] {
    type Ref<'a> = &'a [u8];

    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<&[u8]> {
        Ok(bytes)
    }
}

impl Value for str {
    type Ref<'a> = &'a str;

    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<&str> {
        utf8(bytes)
    }
}

impl Value for Vec<u8> {
    type Ref<'a> = &'a [u8];

    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<&[u8]> {
        Ok(bytes)
    }

    fn decode_owned(bytes: &[u8]) -> Result<Self> {
        Ok(bytes.to_vec())
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Self> {
        sized_bytes(bytes).map(<[u8]>::to_vec)
    }

    fn heap_bytes(&self) -> usize {
        self.capacity()
    }
}

impl Value for String {
    type Ref<'a> = &'a str;

    #[inline(always)]
    fn decode(bytes: &[u8]) -> Result<&str> {
        utf8(bytes)
    }

    fn decode_owned(bytes: &[u8]) -> Result<Self> {
        utf8(bytes).map(str::to_owned)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Self> {
        utf8(sized_bytes(bytes)?).map(str::to_owned)
    }

    fn heap_bytes(&self) -> usize {
        self.capacity()
    }
}

macro_rules! byte_string_to_value {
    ($from:ty => $($value:ty: |$own:ident| $into:expr),+) => {$(
        impl ToValue<$value> for $from {
            fn encode_part(&self, out: &mut Vec<u8>) {
                let bytes: &[u8] = self.as_ref();
                varint::push(bytes.len() as u64, out);
                out.extend_from_slice(bytes);
            }

            #[inline(always)]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_ref());
            }

            #[inline(always)]
            fn encoded_len(&self) -> usize {
                AsRef::<[u8]>::as_ref(self).len()
            }

            #[inline(always)]
            fn least_encoded_len(&self) -> usize {
                AsRef::<[u8]>::as_ref(self).len()
            }

            fn into_value(self) -> $value {
                let $own = self;
                $into
            }
        }
    )+};
}
byte_string_to_value!(&[u8] => Vec<u8>: |v| v.to_vec());
byte_string_to_value!(Vec<u8> => Vec<u8>: |v| v);
byte_string_to_value!(&str => String: |v| v.to_owned(), Vec<u8>: |v| v.as_bytes().to_vec());
byte_string_to_value!(String => String: |v| v, Vec<u8>: |v| v.into_bytes());

macro_rules! borrowed_to_unsized_value {
    ($($from:ty => $value:ty),+) => {$(
        impl ToValue<$value> for $from {
            fn encode_part(&self, out: &mut Vec<u8>) {
                let bytes: &[u8] = self.as_ref();
                varint::push(bytes.len() as u64, out);
                out.extend_from_slice(bytes);
            }

            #[inline(always)]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_ref());
            }

            #[inline(always)]
            fn encoded_len(&self) -> usize {
                AsRef::<[u8]>::as_ref(self).len()
            }

            #[inline(always)]
            fn least_encoded_len(&self) -> usize {
                AsRef::<[u8]>::as_ref(self).len()
            }
        }
    )+};
}
borrowed_to_unsized_value!(&[u8] => [u8], &str => str, &str => [u8]);

impl<T: Value> Value for Option<T> {
    type Ref<'a> = Option<T>;

    fn decode(bytes: &[u8]) -> Result<Option<T>> {
        Self::decode_owned(bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Option<T>> {
        match take("Option", bytes)? {
            [0] => Ok(None),
            [1] => T::decode_part(bytes).map(Some),
            other => Err(Error::codec("Option", &other)),
        }
    }

    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::heap_bytes)
    }
}

impl<T: Value, Q: ToValue<T>> ToValue<Option<T>> for Option<Q> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.encode_part(out);
            }
        }
    }

    fn into_value(self) -> Option<T> {
        self.map(Q::into_value)
    }
}

impl<T: Value> Value for Vec<T>
where
    Vec<T>: List<T>,
{
    type Ref<'a> = Vec<T>;

    fn decode(bytes: &[u8]) -> Result<Vec<T>> {
        Self::decode_owned(bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Vec<T>> {
        let all = *bytes;
        let len = read_varint(bytes)?;
        if len > bytes.len() as u64 {
            return Err(Error::codec("list", all));
        }
        (0..len).map(|_| T::decode_part(bytes)).collect()
    }

    fn heap_bytes(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

impl<T: Value + ToValue<T>> ToValue<Vec<T>> for Vec<T>
where
    Vec<T>: List<T> + ToText,
{
    fn encode_part(&self, out: &mut Vec<u8>) {
        varint::push(self.len() as u64, out);
        for value in self {
            value.encode_part(out);
        }
    }

    fn into_value(self) -> Vec<T> {
        self
    }
}

/// Vectors of numbers and strings, which unlike `Vec<u8>` are encoded item by item.
pub trait List<T> {}
macro_rules! list {
    ($($item:ty),+) => {$(impl List<$item> for Vec<$item> {})+};
}
list!(u32, u64, i32, i64, f32, f64, String);

impl Value for () {
    type Ref<'a> = ();

    fn decode(bytes: &[u8]) -> Result<()> {
        Self::decode_owned(bytes)
    }

    fn decode_part(_: &mut &[u8]) -> Result<()> {
        Ok(())
    }
}

impl ToValue<()> for () {
    fn encode_part(&self, _: &mut Vec<u8>) {}

    fn into_value(self) {}
}

macro_rules! tuple_value {
    ($(($($part:ident $from:ident $at:tt),*);)+) => {$(
        impl<$($part: Value),*> Value for ($($part,)*) {
            type Ref<'a> = Self;

            fn decode(bytes: &[u8]) -> Result<Self> {
                Self::decode_owned(bytes)
            }

            fn decode_part(bytes: &mut &[u8]) -> Result<Self> {
                Ok(($($part::decode_part(bytes)?,)*))
            }

            fn heap_bytes(&self) -> usize {
                0 $(+ self.$at.heap_bytes())*
            }
        }

        impl<$($part: Value, $from: ToValue<$part>),*> ToValue<($($part,)*)> for ($($from,)*) {
            fn encode_part(&self, out: &mut Vec<u8>) {
                $(self.$at.encode_part(out);)*
            }

            fn into_value(self) -> ($($part,)*) {
                ($(self.$at.into_value(),)*)
            }
        }
    )+};
}
tuple_value! {
    (A QA 0);
    (A QA 0, B QB 1);
    (A QA 0, B QB 1, C QC 2);
    (A QA 0, B QB 1, C QC 2, D QD 3);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn survives<V>(value: V) -> Result<(), TestCaseError>
    where
        V: Value + ToValue<V> + Clone + PartialEq + std::fmt::Debug,
    {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        prop_assert_eq!(&V::decode_owned(&bytes).unwrap(), &value);
        prop_assert_eq!(value.encoded_len(), bytes.len());
        let mut part = Vec::new();
        value.encode_part(&mut part);
        let (mut rest, whole) = (&part[..], part.len());
        prop_assert_eq!(&V::decode_part(&mut rest).unwrap(), &value);
        prop_assert!(rest.is_empty() && (whole == 0 || V::decode_part(&mut &part[..whole - 1]).is_err()));
        prop_assert_eq!(value.clone().into_value(), value);
        Ok(())
    }

    proptest! {
        #[test]
        fn values_survive(
            numbers in any::<(u64, i64, u8, i8)>(),
            flags in any::<(bool, Option<u32>, i32)>(),
            strings in any::<(String, Vec<u8>)>(),
            list in prop::collection::vec(-1e9..1e9, 0..5),
        ) {
            survives(numbers)?;
            survives(flags)?;
            survives(strings.0.clone())?;
            survives(strings.1.clone())?;
            survives(strings)?;
            survives(list)?;
        }

        #[test]
        fn arbitrarybytes_decode_or_fail_cleanly(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = <(u16, String, Option<i32>)>::decode(&bytes);
            let _ = <Vec<f64>>::decode(&bytes);
        }
    }

    #[test]
    fn a_numberout_of_range_is_refused() {
        let mut bytes = Vec::new();
        ToValue::<u64>::encode(&300u64, &mut bytes);
        assert!(u8::decode(&bytes).is_err());
    }
}
