//! Key codecs: encodings whose byte order is the order of the keys.
//!
//! | type | encoding |
//! |---|---|
//! | bytes, strings | as they are; inside a tuple `00` becomes `00 FF` and `00 01` ends the part |
//! | unsigned integers | big-endian |
//! | signed integers | big-endian with the sign bit flipped |
//! | floats | IEEE 754 total order: negative ones complemented, others with the sign bit flipped, big-endian |
//! | `bool`, `()` | one byte, no byte |
//! | `Option` | `00`, or `01` and the value: `None` first |
//! | tuples | their parts one after another |

use crate::error::{Error, Result};
use crate::record::ToText;

/// A type of intermediate or output key.
///
/// [`Key`] reads keys, [`ToKey`] writes them. They are two traits so that a mapper can emit what it has (`&str`, a tuple
/// of borrowed parts) where the job's key type is owned.
///
/// A type of one's own needs an encoding whose byte order is the order it should have, most often by way of a tuple:
///
/// ```
/// use twinmill::record::{Key, ToKey, ToText};
/// use twinmill::Result;
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Flight { origin: String, minute: u32 }
///
/// impl Key for Flight {
///     type Ref<'a> = Flight;
///     fn decode(bytes: &[u8]) -> Result<Flight> {
///         let (origin, minute) = <(String, u32)>::decode(bytes)?;
///         Ok(Flight { origin, minute })
///     }
///     fn decode_part(bytes: &mut &[u8]) -> Result<Flight> {
///         let (origin, minute) = <(String, u32)>::decode_part(bytes)?;
///         Ok(Flight { origin, minute })
///     }
/// }
/// impl ToText for Flight {
///     fn write_text(&self, out: &mut Vec<u8>) { (&self.origin, self.minute).write_text(out) }
/// }
/// impl ToKey<Flight> for Flight {
///     fn encode_part(&self, out: &mut Vec<u8>) { ToKey::<(String, u32)>::encode_part(&(&self.origin, self.minute), out) }
/// }
/// let mut scratch = Vec::new();
/// let flight = Flight { origin: "JFK".into(), minute: 75 };
/// assert_eq!(Flight::decode(flight.encode(&mut scratch))?, flight);
/// # Ok::<(), twinmill::Error>(())
/// ```
pub trait Key: 'static {
    /// What a reducer is given: borrowed where the encoding allows it.
    type Ref<'a>;

    /// Reads a whole encoding.
    ///
    /// # Errors
    /// [`Error::Codec`] where the bytes are no encoding of this type.
    fn decode(bytes: &[u8]) -> Result<Self::Ref<'_>>;

    /// Reads the encoding at the front of `bytes`, as it stands inside a tuple, and moves past it.
    ///
    /// # Errors
    /// [`Error::Codec`] where the bytes are no encoding of this type.
    fn decode_part(bytes: &mut &[u8]) -> Result<Self>
    where
        Self: Sized;
}

/// Something that can be emitted as a key of type `K`.
pub trait ToKey<K: ?Sized>: ToText {
    /// Appends the encoding as it stands inside a tuple: no encoding is a prefix of another one.
    fn encode_part(&self, out: &mut Vec<u8>);

    /// The whole encoding, in `scratch` unless the value's own bytes are the encoding.
    #[inline(always)]
    fn encode<'a>(&'a self, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        scratch.clear();
        self.encode_part(scratch);
        scratch
    }
}

impl<K: ?Sized, T: ToKey<K> + ?Sized> ToKey<K> for &T {
    fn encode_part(&self, out: &mut Vec<u8>) {
        (**self).encode_part(out);
    }

    #[inline(always)]
    fn encode<'a>(&'a self, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        (**self).encode(scratch)
    }
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.contains(&0) {
        out.extend_from_slice(bytes);
        return out.extend_from_slice(&[0, 1]);
    }
    let mut from = 0;
    for zero in memchr::memchr_iter(0, bytes) {
        out.extend_from_slice(&bytes[from..=zero]);
        out.push(0xff);
        from = zero + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.extend_from_slice(&[0, 1]);
}

fn unescape(bytes: &mut &[u8]) -> Result<Vec<u8>> {
    let mut plain = Vec::new();
    loop {
        let zero = memchr::memchr(0, bytes).ok_or_else(|| Error::codec("bytes ended by 00 01", bytes))?;
        plain.extend_from_slice(&bytes[..zero]);
        let after = bytes.get(zero + 1).copied();
        *bytes = bytes.get(zero + 2..).unwrap_or_default();
        match after {
            Some(0xff) => plain.push(0),
            Some(1) => return Ok(plain),
            _ => return Err(Error::codec("00 FF or 00 01", bytes)),
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::codec("UTF-8", bytes))
}

macro_rules! byte_string_key {
    ($key:ty, $borrowed:ty, |$bytes:ident| $decode:expr $(, |$input:ident| $decode_part:expr)?) => {
        impl Key for $key {
            type Ref<'a> = &'a $borrowed;

            #[inline(always)]
            fn decode($bytes: &[u8]) -> Result<&$borrowed> {
                $decode
            }

            $(fn decode_part($input: &mut &[u8]) -> Result<Self> {
                $decode_part
            })?
        }
    };
}
byte_string_key!([u8], [u8], |bytes| Ok(bytes));
byte_string_key!(Vec<u8>, [u8], |bytes| Ok(bytes), |input| unescape(input));
byte_string_key!(str, str, |bytes| utf8(bytes));
byte_string_key!(String, str, |bytes| utf8(bytes), |input| {
    let bytes = unescape(input)?;
    String::from_utf8(bytes).map_err(|e| Error::codec("UTF-8", e.as_bytes()))
});

macro_rules! byte_string_to_key {
    ($from:ty => $($key:ty),+) => {$(
        impl ToKey<$key> for $from {
            fn encode_part(&self, out: &mut Vec<u8>) {
                escape(self.as_ref(), out);
            }

            #[inline(always)]
            fn encode<'a>(&'a self, _: &'a mut Vec<u8>) -> &'a [u8] {
                self.as_ref()
            }
        }
    )+};
}
byte_string_to_key!([u8] => [u8], Vec<u8>);
byte_string_to_key!(Vec<u8> => [u8], Vec<u8>);
byte_string_to_key!(str => [u8], Vec<u8>, str, String);
byte_string_to_key!(String => [u8], Vec<u8>, str, String);

/// Takes `N` bytes from the front.
fn take<const N: usize>(expected: &'static str, bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk().ok_or_else(|| Error::codec(expected, bytes))?;
    *bytes = tail;
    Ok(*head)
}

/// Decodes a whole encoding by way of `decode_part`.
fn whole<K: Key>(expected: &'static str, bytes: &[u8]) -> Result<K> {
    let mut rest = bytes;
    let key = K::decode_part(&mut rest)?;
    if rest.is_empty() { Ok(key) } else { Err(Error::codec(expected, bytes)) }
}

macro_rules! fixed_width_key {
    ($($key:ty: |$value:ident| $to_bytes:expr, |$array:ident| $from_bytes:expr;)+) => {$(
        impl Key for $key {
            type Ref<'a> = $key;

            fn decode(bytes: &[u8]) -> Result<$key> {
                whole(stringify!($key), bytes)
            }

            fn decode_part(bytes: &mut &[u8]) -> Result<$key> {
                let $array = take(stringify!($key), bytes)?;
                Ok($from_bytes)
            }
        }

        impl ToKey<$key> for $key {
            #[inline(always)]
            fn encode_part(&self, out: &mut Vec<u8>) {
                let $value = *self;
                out.extend_from_slice(&$to_bytes);
            }
        }
    )+};
}
fixed_width_key! {
    u8: |v| v.to_be_bytes(), |b| u8::from_be_bytes(b);
    u16: |v| v.to_be_bytes(), |b| u16::from_be_bytes(b);
    u32: |v| v.to_be_bytes(), |b| u32::from_be_bytes(b);
    u64: |v| v.to_be_bytes(), |b| u64::from_be_bytes(b);
    u128: |v| v.to_be_bytes(), |b| u128::from_be_bytes(b);
    i8: |v| (v ^ i8::MIN).to_be_bytes(), |b| i8::from_be_bytes(b) ^ i8::MIN;
    i16: |v| (v ^ i16::MIN).to_be_bytes(), |b| i16::from_be_bytes(b) ^ i16::MIN;
    i32: |v| (v ^ i32::MIN).to_be_bytes(), |b| i32::from_be_bytes(b) ^ i32::MIN;
    i64: |v| (v ^ i64::MIN).to_be_bytes(), |b| i64::from_be_bytes(b) ^ i64::MIN;
    i128: |v| (v ^ i128::MIN).to_be_bytes(), |b| i128::from_be_bytes(b) ^ i128::MIN;
    f32: |v| order_f32(v.to_bits()).to_be_bytes(), |b| f32::from_bits(disorder_f32(u32::from_be_bytes(b)));
    f64: |v| order_f64(v.to_bits()).to_be_bytes(), |b| f64::from_bits(disorder_f64(u64::from_be_bytes(b)));
    bool: |v| [u8::from(v)], |b| b != [0];
}

fn order_f32(bits: u32) -> u32 {
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn disorder_f32(ordered: u32) -> u32 {
    if ordered >> 31 == 1 { ordered ^ 1 << 31 } else { !ordered }
}

fn order_f64(bits: u64) -> u64 {
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn disorder_f64(ordered: u64) -> u64 {
    if ordered >> 63 == 1 { ordered ^ 1 << 63 } else { !ordered }
}

impl<T: Key> Key for Option<T> {
    type Ref<'a> = Option<T>;

    fn decode(bytes: &[u8]) -> Result<Option<T>> {
        whole("Option", bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Option<T>> {
        match take("Option", bytes)? {
            [0] => Ok(None),
            [1] => T::decode_part(bytes).map(Some),
            other => Err(Error::codec("Option", &other)),
        }
    }
}

impl<T, Q: ToKey<T>> ToKey<Option<T>> for Option<Q> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        match self {
            None => out.push(0),
            Some(value) => {
                out.push(1);
                value.encode_part(out);
            }
        }
    }
}

macro_rules! tuple_key {
    ($(($($part:ident $from:ident $at:tt),*);)+) => {$(
        impl<$($part: Key),*> Key for ($($part,)*) {
            type Ref<'a> = Self;

            fn decode(bytes: &[u8]) -> Result<Self> {
                whole("tuple", bytes)
            }

            fn decode_part(_bytes: &mut &[u8]) -> Result<Self> {
                Ok(($($part::decode_part(_bytes)?,)*))
            }
        }

        impl<$($part, $from: ToKey<$part>),*> ToKey<($($part,)*)> for ($($from,)*) {
            fn encode_part(&self, _out: &mut Vec<u8>) {
                $(self.$at.encode_part(_out);)*
            }
        }
    )+};
}
tuple_key! {
    ();
    (A QA 0);
    (A QA 0, B QB 1);
    (A QA 0, B QB 1, C QC 2);
    (A QA 0, B QB 1, C QC 2, D QD 3);
}

/// Bytes that the first part of an encoded tuple takes: the grouping prefix of a secondary sort.
///
/// # Errors
/// [`Error::Codec`] where the bytes do not begin with an encoding of `A`.
pub fn first_part_len<A: Key>(tuple: &[u8]) -> Result<usize> {
    let mut rest = tuple;
    A::decode_part(&mut rest)?;
    Ok(tuple.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    fn encoded<K: ?Sized, Q: ToKey<K>>(key: &Q) -> Vec<u8> {
        key.encode(&mut Vec::new()).to_vec()
    }

    fn orders_like_its_bytes<K>(a: &K, b: &K, order: Ordering) -> Result<(), TestCaseError>
    where
        K: for<'a> Key<Ref<'a> = K> + ToKey<K> + PartialEq + std::fmt::Debug,
    {
        let (bytes_a, bytes_b) = (encoded::<K, K>(a), encoded::<K, K>(b));
        prop_assert_eq!(bytes_a.cmp(&bytes_b), order, "{:?} {:?}", a, b);
        prop_assert_eq!(&K::decode(&bytes_a).unwrap(), a);
        prop_assert!(bytes_a.is_empty() || K::decode(&bytes_a[..bytes_a.len() - 1]).is_err());
        Ok(())
    }

    fn short_bytes() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(0xff), any::<u8>()], 0..6)
    }

    proptest! {
        #[test]
        fn integers_order_as_bytes(a in any::<(u32, i64, i16, u128)>(), b in any::<(u32, i64, i16, u128)>()) {
            orders_like_its_bytes(&a.0, &b.0, a.0.cmp(&b.0))?;
            orders_like_its_bytes(&a.1, &b.1, a.1.cmp(&b.1))?;
            orders_like_its_bytes(&a.2, &b.2, a.2.cmp(&b.2))?;
            orders_like_its_bytes(&a, &b, a.cmp(&b))?;
        }

        #[test]
        fn floats_order_as_bytes(a in any::<f64>(), b in any::<f64>(), c in any::<f32>(), d in any::<f32>()) {
            orders_like_its_bytes(&a, &b, a.total_cmp(&b))?;
            orders_like_its_bytes(&c, &d, c.total_cmp(&d))?;
        }

        #[test]
        fn tuples_of_byte_strings_order_part_by_part(a in (short_bytes(), any::<Option<i8>>(), short_bytes()), b in (short_bytes(), any::<Option<i8>>(), short_bytes())) {
            orders_like_its_bytes(&a, &b, a.cmp(&b))?;
            let bytes = encoded::<(Vec<u8>, Option<i8>, Vec<u8>), _>(&a);
            let first = encoded::<(Vec<u8>,), _>(&(a.0.clone(),));
            prop_assert_eq!(first_part_len::<Vec<u8>>(&bytes).unwrap(), first.len());
        }
    }

    #[test]
    fn a_byte_string_alone_is_its_own_encoding() {
        assert_eq!(<str as ToKey<[u8]>>::encode("a\0b", &mut Vec::new()), b"a\0b");
        assert_eq!(<str as Key>::decode(b"\xff").unwrap_err().to_string(), r#"cannot decode UTF-8 from "\xff""#);
    }

    #[test]
    fn borrowed_parts_encode_like_owned_ones() {
        let owned = encoded::<(String, u64), _>(&("a".to_owned(), 1u64));
        assert_eq!(encoded::<(String, u64), _>(&("a", 1u64)), owned);
    }
}
