//! Key codecs: encodings whose byte order is the order of the keys.
//!
//! | type | encoding |
//! |---|---|
//! | bytes, strings | as they are; inside a tuple `00` becomes `00 FF` and `00 01` ends the part |
//! | unsigned integers | big-endian |
//! | signed integers | big-endian with the sign bit flipped |
//! | floats | IEEE 754 total order: negative ones complemented, others with the sign bit flipped, big-endian |
//! | `bool`, `()` | one byte, no byte |
//! | `char` | its scalar value in four bytes, big-endian |
//! | `Option` | `00`, or `01` and the value: `None` first |
//! | tuples, arrays | their parts one after another; `[u8; N]` as it is |
//! | `Vec` of anything but `u8` | `01` before each item, `00` at the end: a list stands before the lists it begins |
//! | [`Reverse`] | the encoding with every bit flipped: the largest first |

use std::borrow::Cow;
use std::cmp::Reverse;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::record::{ListItem, ToText};

/// A type of intermediate or output key.
///
/// [`Key`] reads keys, [`ToKey`] writes them. They are two traits so that a mapper can emit what it has (`&str`, a tuple
/// of borrowed parts) where the job's key type is owned.
///
/// A type of your own needs an encoding whose byte order is the order that the type should have. A tuple is the easiest
/// way:
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a key of a job",
    note = "there are numbers of fixed width (`u64` for `usize`), strings, tuples and lists of such keys",
    note = "for a type of your own, implement `twinmill::record::Key`, most often by way of a tuple"
)]
pub trait Key: 'static {
    /// The type that a reducer is given: borrowed where the encoding allows it.
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

    /// Moves past what [`decode_part`](Self::decode_part) reads. It is asked of every record where a part of the key makes the
    /// group, so it should not allocate.
    ///
    /// # Errors
    /// [`Error::Codec`] where the bytes are no encoding of this type, as far as that is seen without reading all of it.
    fn skip_part(bytes: &mut &[u8]) -> Result<()>
    where
        Self: Sized,
    {
        Self::decode_part(bytes).map(drop)
    }
}

/// A type of keys that a closure can be given by reference, whatever a reducer is given: all are.
pub trait KeyByRef: Key {
    /// Calls `each` with a reference to the key.
    fn by_ref<T>(key: Self::Ref<'_>, each: impl FnOnce(&Self) -> T) -> T;
}

impl<K: for<'a> Key<Ref<'a> = K>> KeyByRef for K {
    #[inline(always)]
    fn by_ref<T>(key: K, each: impl FnOnce(&K) -> T) -> T {
        each(&key)
    }
}

macro_rules! borrowed_key_by_ref {
    ($($key:ty: |$from:ident| $owned:expr;)+) => {$(
        impl KeyByRef for $key {
            #[inline(always)]
            fn by_ref<T>($from: Self::Ref<'_>, each: impl FnOnce(&Self) -> T) -> T {
                each($owned)
            }
        }
    )+};
}
borrowed_key_by_ref! {
    [u8]: |key| key;
    str: |key| key;
    Vec<u8>: |key| &key.to_owned();
    String: |key| &key.to_owned();
}

/// A type that can be emitted as a key of type `K`: the key, a reference to it, or its borrowed form.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be emitted as a key of type `{K}`",
    note = "the job's `Key`, or this part of it, is `{K}`; numbers must have its width, so write `n as u64` for a `usize`"
)]
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

macro_rules! pointer_to_key {
    ($(($($generics:tt)*) $pointer:ty;)+) => {$(
        impl<K: ?Sized, $($generics)*> ToKey<K> for $pointer {
            #[inline(always)]
            fn encode_part(&self, out: &mut Vec<u8>) {
                (**self).encode_part(out);
            }

            #[inline(always)]
            fn encode<'a>(&'a self, scratch: &'a mut Vec<u8>) -> &'a [u8] {
                (**self).encode(scratch)
            }
        }
    )+};
}
pointer_to_key! {
    (T: ToKey<K> + ?Sized) &T;
    (T: ToKey<K> + ?Sized) Box<T>;
    (T: ToKey<K> + ?Sized) Rc<T>;
    (T: ToKey<K> + ?Sized) Arc<T>;
    (T: ToKey<K> + ToOwned + ?Sized) Cow<'_, T>;
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
    for_each_escaped(bytes, |piece| plain.extend_from_slice(piece))?;
    Ok(plain)
}

/// Calls `each` for one piece after another of an escaped string, and moves past its end.
#[inline]
fn for_each_escaped(bytes: &mut &[u8], mut each: impl FnMut(&[u8])) -> Result<()> {
    loop {
        let zero = memchr::memchr(0, bytes).ok_or_else(|| Error::codec("bytes ended by 00 01", bytes))?;
        let (piece, is_end) = match bytes.get(zero + 1) {
            Some(0xff) => (&bytes[..=zero], false),
            Some(1) => (&bytes[..zero], true),
            _ => return Err(Error::codec("00 FF or 00 01", bytes)),
        };
        each(piece);
        *bytes = &bytes[zero + 2..];
        if is_end {
            return Ok(());
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
            }

            fn skip_part($input: &mut &[u8]) -> Result<()> {
                for_each_escaped($input, |_| {})
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
    ($(($($generics:tt)*) $from:ty => $key:ty;)+) => {$(
        impl<$($generics)*> ToKey<$key> for $from {
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
byte_string_to_key! {
    () [u8] => [u8];
    () [u8] => Vec<u8>;
    (const N: usize) [u8; N] => [u8];
    (const N: usize) [u8; N] => Vec<u8>;
    () Vec<u8> => [u8];
    () Vec<u8> => Vec<u8>;
    () str => [u8];
    () str => Vec<u8>;
    () str => str;
    () str => String;
    () String => [u8];
    () String => Vec<u8>;
    () String => str;
    () String => String;
}

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

impl Key for char {
    type Ref<'a> = char;

    fn decode(bytes: &[u8]) -> Result<char> {
        whole("char", bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<char> {
        let all = *bytes;
        char::from_u32(u32::decode_part(bytes)?).ok_or_else(|| Error::codec("char", all))
    }
}

impl ToKey<char> for char {
    fn encode_part(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::from(*self).to_be_bytes());
    }
}

impl<K: Key> Key for Reverse<K> {
    type Ref<'a> = Reverse<K>;

    fn decode(bytes: &[u8]) -> Result<Reverse<K>> {
        whole("Reverse", bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Reverse<K>> {
        let flipped: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        let mut rest = &flipped[..];
        let key = K::decode_part(&mut rest)?;
        *bytes = &bytes[flipped.len() - rest.len()..];
        Ok(Reverse(key))
    }
}

impl<K, Q: ToKey<K>> ToKey<Reverse<K>> for Reverse<Q> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.0.encode_part(out);
        // No encoding is a prefix of another one, so the first byte that differs decides, and is flipped in both.
        out[start..].iter_mut().for_each(|byte| *byte = !*byte);
    }
}

impl<T: Key + ListItem> Key for Vec<T> {
    type Ref<'a> = Vec<T>;

    fn decode(bytes: &[u8]) -> Result<Vec<T>> {
        whole("list", bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Vec<T>> {
        let mut items = Vec::new();
        loop {
            match take("list", bytes)? {
                [0] => return Ok(items),
                [1] => items.push(T::decode_part(bytes)?),
                other => return Err(Error::codec("list", &other)),
            }
        }
    }
}

impl<T: ListItem, Q: ToKey<T> + ListItem> ToKey<Vec<T>> for [Q] {
    fn encode_part(&self, out: &mut Vec<u8>) {
        for item in self {
            out.push(1);
            item.encode_part(out);
        }
        out.push(0);
    }
}

impl<T: ListItem, Q: ToKey<T> + ListItem> ToKey<Vec<T>> for Vec<Q> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        self[..].encode_part(out);
    }
}

impl<const N: usize> Key for [u8; N] {
    type Ref<'a> = [u8; N];

    fn decode(bytes: &[u8]) -> Result<[u8; N]> {
        whole("as many bytes as the array has", bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<[u8; N]> {
        take("as many bytes as the array has", bytes)
    }
}

impl<const N: usize> ToKey<[u8; N]> for [u8; N] {
    fn encode_part(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl<T: Key + ListItem, const N: usize> Key for [T; N] {
    type Ref<'a> = [T; N];

    fn decode(bytes: &[u8]) -> Result<[T; N]> {
        whole("array", bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<[T; N]> {
        let parts = (0..N).map(|_| T::decode_part(bytes)).collect::<Result<Vec<T>>>()?;
        Ok(parts.try_into().unwrap_or_else(|_| unreachable!("as many were read as there are")))
    }

    fn skip_part(bytes: &mut &[u8]) -> Result<()> {
        (0..N).try_for_each(|_| T::skip_part(bytes))
    }
}

impl<T: ListItem, Q: ToKey<T> + ListItem, const N: usize> ToKey<[T; N]> for [Q; N] {
    fn encode_part(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|part| part.encode_part(out));
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

            fn skip_part(_bytes: &mut &[u8]) -> Result<()> {
                $($part::skip_part(_bytes)?;)*
                Ok(())
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
    (A QA 0, B QB 1, C QC 2, D QD 3, E QE 4);
    (A QA 0, B QB 1, C QC 2, D QD 3, E QE 4, F QF 5);
}

/// Bytes that the first part of an encoded tuple takes: the grouping prefix of a secondary sort.
///
/// # Errors
/// [`Error::Codec`] where the bytes do not begin with an encoding of `A`.
pub fn first_part_len<A: Key>(tuple: &[u8]) -> Result<usize> {
    let mut rest = tuple;
    A::skip_part(&mut rest)?;
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
        fn every_width_orders_as_bytes(a in any::<(u8, u16, u64, i8, i32, i128)>(), b in any::<(u8, u16, u64, i8, i32, i128)>()) {
            orders_like_its_bytes(&a.0, &b.0, a.0.cmp(&b.0))?;
            orders_like_its_bytes(&a.1, &b.1, a.1.cmp(&b.1))?;
            orders_like_its_bytes(&a.2, &b.2, a.2.cmp(&b.2))?;
            orders_like_its_bytes(&a.3, &b.3, a.3.cmp(&b.3))?;
            orders_like_its_bytes(&a.4, &b.4, a.4.cmp(&b.4))?;
            orders_like_its_bytes(&a.5, &b.5, a.5.cmp(&b.5))?;
            orders_like_its_bytes(&a, &b, a.cmp(&b))?;
        }

        #[test]
        fn characters_flags_and_arrays_order_as_bytes(
            a in any::<(char, bool, [u8; 3], [i16; 2], Option<char>)>(),
            b in any::<(char, bool, [u8; 3], [i16; 2], Option<char>)>(),
        ) {
            orders_like_its_bytes(&a.0, &b.0, a.0.cmp(&b.0))?;
            orders_like_its_bytes(&a.1, &b.1, a.1.cmp(&b.1))?;
            orders_like_its_bytes(&a.2, &b.2, a.2.cmp(&b.2))?;
            orders_like_its_bytes(&a.3, &b.3, a.3.cmp(&b.3))?;
            orders_like_its_bytes(&a, &b, a.cmp(&b))?;
        }

        #[test]
        fn strings_order_as_bytes(a in any::<String>(), b in any::<String>()) {
            let (of_a, of_b) = (encoded::<String, _>(&a), encoded::<String, _>(&b));
            prop_assert_eq!(of_a.cmp(&of_b), a.cmp(&b));
            prop_assert_eq!(<String as Key>::decode(&of_a).unwrap(), &a[..]);
            orders_like_its_bytes(&(a.clone(), 1u8), &(b.clone(), 0u8), (&a, 1).cmp(&(&b, 0)))?;
        }

        #[test]
        fn lists_order_as_bytes(
            a in prop::collection::vec(prop::collection::vec(short_bytes(), 0..3), 0..3),
            b in prop::collection::vec(prop::collection::vec(short_bytes(), 0..3), 0..3),
            n in any::<(i8, i8)>(),
        ) {
            orders_like_its_bytes(&a, &b, a.cmp(&b))?;
            orders_like_its_bytes(&(a.clone(), n.0), &(b.clone(), n.1), (&a, n.0).cmp(&(&b, n.1)))?;
        }

        #[test]
        fn a_reversed_order_is_the_order_of_flipped_bytes(a in (short_bytes(), any::<u16>()), b in (short_bytes(), any::<u16>())) {
            let reversed = |(bytes, n): &(Vec<u8>, u16)| (Reverse(bytes.clone()), *n);
            orders_like_its_bytes(&reversed(&a), &reversed(&b), reversed(&a).cmp(&reversed(&b)))?;
            orders_like_its_bytes(&Reverse(a.clone()), &Reverse(b.clone()), b.cmp(&a))?;
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
            prop_assert_eq!(first_part_len::<(Vec<u8>, Option<i8>, Vec<u8>)>(&bytes).unwrap(), bytes.len());
            prop_assert_eq!(unescape(&mut &first[..]).unwrap(), a.0);
            for len in 0..first.len() {
                prop_assert!(unescape(&mut &first[..len]).is_err() && first_part_len::<Vec<u8>>(&first[..len]).is_err());
            }
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
        assert_eq!(encoded::<(String, u64), _>(&&(&"a".to_owned(), &1u64)), owned);
        assert_eq!(encoded::<(String, u64), _>(&(Cow::from("a"), Box::new(1u64))), owned);
        assert_eq!(encoded::<[u8], _>(b"abc"), b"abc");
        let dynamic: &dyn ToKey<str> = &"a\0b";
        assert_eq!(dynamic.encode(&mut Vec::new()), b"a\0b");
    }
}
