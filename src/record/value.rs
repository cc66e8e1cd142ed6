//! Value codecs: compact, with no order to keep.
//!
//! | type | encoding |
//! |---|---|
//! | integers up to 64 bits | varint, seven bits a byte; signed ones zigzag |
//! | `u128`, `i128` | sixteen bytes, little-endian |
//! | `f32`, `f64` | four or eight bytes, little-endian |
//! | `bool`, `char` | one byte; varint of the scalar value |
//! | bytes, strings | as they are; inside another value after their length, a varint |
//! | `[u8; N]` | as they are |
//! | `Option` | `00`, or `01` and the value |
//! | `()` | no byte |
//! | tuples, arrays | their parts one after another |
//! | `Vec` of anything but `u8`, sets | the number of items, a varint, and the items |
//! | [`Packed`](super::Packed) numbers | as they are, little-endian; inside another value after their number, a varint |
//! | maps | the number of entries, a varint, and each key with its value |
//!
//! Sets and maps are encoded in the order of their items and keys, hashed ones too, so that equal values are equal bytes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::record::text::{sorted, sorted_by_key};
use crate::record::{ListItem, ToText, varint};

/// A type of intermediate or output value; see [`Key`](super::Key) for why reading and writing are two traits.
///
/// The [table of encodings](self) lists the built-in types. A type of your own is most easily encoded as a tuple:
///
/// ```
/// use twinmill::Result;
/// use twinmill::record::{ToText, ToValue, Value};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Visit { page: String, seconds: f64 }
///
/// impl Value for Visit {
///     type Ref<'a> = Visit;
///     fn decode(bytes: &[u8]) -> Result<Visit> { Visit::decode_owned(bytes) }
///     fn decode_part(bytes: &mut &[u8]) -> Result<Visit> {
///         let (page, seconds) = <(String, f64)>::decode_part(bytes)?;
///         Ok(Visit { page, seconds })
///     }
/// }
/// impl ToText for Visit {
///     fn write_text(&self, out: &mut Vec<u8>) { (&self.page, self.seconds).write_text(out) }
/// }
/// impl ToValue<Visit> for Visit {
///     fn encode_part(&self, out: &mut Vec<u8>) {
///         ToValue::<(String, f64)>::encode_part(&(&self.page, self.seconds), out)
///     }
/// }
/// let (visit, mut bytes) = (Visit { page: "/".into(), seconds: 1.5 }, Vec::new());
/// visit.encode(&mut bytes);
/// assert_eq!(Visit::decode(&bytes)?, visit);
/// # Ok::<(), twinmill::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a value of a job",
    note = "there are numbers of fixed width (`u64` for `usize`), strings, tuples, lists and maps of such values",
    note = "for a type of your own, implement `twinmill::record::Value`, most often by way of a tuple"
)]
pub trait Value: 'static {
    /// The type that a reducer is given: borrowed where the encoding allows it.
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

    /// Bytes on the heap that the value owns, with those of the values in it. What a combiner holds is counted against the
    /// sort buffer by it.
    fn heap_bytes(&self) -> usize {
        0
    }

    /// Bytes on the heap that the value owns, without those of the values in it, so that a list can tell them without a look
    /// at every item.
    fn own_heap_bytes(&self) -> usize {
        self.heap_bytes()
    }
}

/// A type whose values a loop over [`Values`](crate::Values) hands out: owned, a `String` for `str`.
pub trait OwnedValue: Value {
    /// The type that the loop is given.
    type Owned;

    /// Reads a whole encoding.
    ///
    /// # Errors
    /// [`Error::Codec`] where the bytes are no encoding of this type.
    fn own(bytes: &[u8]) -> Result<Self::Owned>;
}

impl<V: Value> OwnedValue for V {
    type Owned = V;

    #[inline(always)]
    fn own(bytes: &[u8]) -> Result<V> {
        V::decode_owned(bytes)
    }
}

impl OwnedValue for [u8] {
    type Owned = Vec<u8>;

    fn own(bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(bytes.to_vec())
    }
}

impl OwnedValue for str {
    type Owned = String;

    fn own(bytes: &[u8]) -> Result<String> {
        utf8(bytes).map(str::to_owned)
    }
}

/// A type that can be emitted as a value of type `V`: the value, a reference to it, or its borrowed form.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be emitted as a value of type `{V}`",
    note = "the job's `Value`, or this part of it, is `{V}`; numbers must have its width, so write `n as u64` for a `usize`"
)]
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

    /// Length of the whole encoding where it is known without encoding, as for byte strings, or a smaller number. So
    /// much room is made at once.
    #[inline(always)]
    fn least_encoded_len(&self) -> usize {
        0
    }

    /// A copy of the value, for a combiner.
    #[inline(always)]
    fn to_value(&self) -> V
    where
        V: Value + Sized,
    {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        V::decode_owned(&bytes).expect("a type decodes what is encoded as it")
    }

    /// The value itself, for a combiner.
    #[inline(always)]
    fn into_value(self) -> V
    where
        Self: Sized,
        V: Value + Sized,
    {
        self.to_value()
    }
}

macro_rules! pointer_to_value {
    ($(($($generics:tt)*) $pointer:ty;)+) => {$(
        impl<V: ?Sized, $($generics)*> ToValue<V> for $pointer {
            #[inline(always)]
            fn encode_part(&self, out: &mut Vec<u8>) {
                (**self).encode_part(out);
            }

            #[inline(always)]
            fn encode(&self, out: &mut Vec<u8>) {
                (**self).encode(out);
            }

            #[inline(always)]
            fn encoded_len(&self) -> usize {
                (**self).encoded_len()
            }

            #[inline(always)]
            fn least_encoded_len(&self) -> usize {
                (**self).least_encoded_len()
            }

            #[inline(always)]
            fn to_value(&self) -> V
            where
                V: Value + Sized,
            {
                (**self).to_value()
            }
        }
    )+};
}
pointer_to_value! {
    (T: ToValue<V> + ?Sized) &T;
    (T: ToValue<V> + ?Sized) Box<T>;
    (T: ToValue<V> + ?Sized) Rc<T>;
    (T: ToValue<V> + ?Sized) Arc<T>;
    (T: ToValue<V> + ToOwned + ?Sized) Cow<'_, T>;
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
            fn to_value(&self) -> $value {
                *self
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
    u128: |v, out| out.extend_from_slice(&v.to_le_bytes()), size_of_val(&v), |bytes| take("u128", bytes).map(u128::from_le_bytes);
    i128: |v, out| out.extend_from_slice(&v.to_le_bytes()), size_of_val(&v), |bytes| take("i128", bytes).map(i128::from_le_bytes);
    bool: |v, out| out.push(u8::from(v)), size_of_val(&v), |bytes| take("bool", bytes).map(|[byte]| byte != 0);
    char: |v, out| varint::push(u32::from(v).into(), out), varint::len(u32::from(v).into()), |bytes| read_char(bytes);
}

fn read_char(bytes: &mut &[u8]) -> Result<char> {
    let all = *bytes;
    let scalar: u32 = read_unsigned("char", bytes)?;
    char::from_u32(scalar).ok_or_else(|| Error::codec("char", all))
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
    ($(($($generics:tt)*) $from:ty => $value:ty: |$own:ident| $copy:expr $(=> $moved:expr)?;)+) => {$(
        impl<$($generics)*> ToValue<$value> for $from {
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

            fn to_value(&self) -> $value {
                let $own = self;
                $copy
            }

            $(fn into_value(self) -> $value {
                let $own = self;
                $moved
            })?
        }
    )+};
}
byte_string_to_value! {
    () [u8] => Vec<u8>: |v| v.to_vec();
    (const N: usize) [u8; N] => Vec<u8>: |v| v.to_vec();
    () Vec<u8> => Vec<u8>: |v| v.clone() => v;
    () str => Vec<u8>: |v| v.as_bytes().to_vec();
    () str => String: |v| v.to_owned();
    () String => Vec<u8>: |v| v.as_bytes().to_vec() => v.into_bytes();
    () String => String: |v| v.clone() => v;
}

macro_rules! byte_string_to_unsized_value {
    ($(($($generics:tt)*) $from:ty => $value:ty;)+) => {$(
        impl<$($generics)*> ToValue<$value> for $from {
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
byte_string_to_unsized_value! {
    () [u8] => [u8];
    (const N: usize) [u8; N] => [u8];
    () Vec<u8> => [u8];
    () str => [u8];
    () str => str;
    () String => [u8];
    () String => str;
}
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

    fn own_heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::own_heap_bytes)
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

    fn to_value(&self) -> Option<T> {
        self.as_ref().map(Q::to_value)
    }

    fn into_value(self) -> Option<T> {
        self.map(Q::into_value)
    }
}

/// Reads a number, and as many items or entries after it.
fn read_items<I, C: FromIterator<I>>(bytes: &mut &[u8], mut read: impl FnMut(&mut &[u8]) -> Result<I>) -> Result<C> {
    let items = read_varint(bytes)?;
    (0..items).map(|_| read(bytes)).collect()
}

/// Appends the number of items and the items.
fn push_items<T: ?Sized, Q: ToValue<T>>(items: impl ExactSizeIterator<Item = Q>, out: &mut Vec<u8>) {
    varint::push(items.len() as u64, out);
    items.for_each(|item| item.encode_part(out));
}

/// Appends the number of entries, and each key with its value.
fn push_entries<'m, K, V, QK, QV>(entries: impl ExactSizeIterator<Item = (&'m QK, &'m QV)>, out: &mut Vec<u8>)
where
    QK: ToValue<K> + 'm,
    QV: ToValue<V> + 'm,
{
    varint::push(entries.len() as u64, out);
    entries.for_each(|(key, value)| {
        key.encode_part(out);
        value.encode_part(out);
    });
}

impl<T: Value + ListItem> Value for Vec<T> {
    type Ref<'a> = Vec<T>;

    fn decode(bytes: &[u8]) -> Result<Vec<T>> {
        Self::decode_owned(bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<Vec<T>> {
        read_items(bytes, T::decode_part)
    }

    fn heap_bytes(&self) -> usize {
        self.own_heap_bytes() + self.iter().map(T::heap_bytes).sum::<usize>()
    }

    fn own_heap_bytes(&self) -> usize {
        self.capacity() * size_of::<T>()
    }
}

impl<T: Value + ListItem, Q: ToValue<T> + ListItem> ToValue<Vec<T>> for Vec<Q> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        push_items(self.iter(), out);
    }

    fn to_value(&self) -> Vec<T> {
        self.iter().map(Q::to_value).collect()
    }

    fn into_value(self) -> Vec<T> {
        self.into_iter().map(Q::into_value).collect()
    }
}

impl<T: Value + ListItem, Q: ToValue<T> + ListItem> ToValue<Vec<T>> for [Q] {
    fn encode_part(&self, out: &mut Vec<u8>) {
        push_items(self.iter(), out);
    }

    fn to_value(&self) -> Vec<T> {
        self.iter().map(Q::to_value).collect()
    }
}

impl<const N: usize> Value for [u8; N] {
    type Ref<'a> = [u8; N];

    fn decode(bytes: &[u8]) -> Result<[u8; N]> {
        Self::decode_owned(bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<[u8; N]> {
        take("as many bytes as the array has", bytes)
    }
}

impl<const N: usize> ToValue<[u8; N]> for [u8; N] {
    fn encode_part(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn encoded_len(&self) -> usize {
        N
    }

    fn to_value(&self) -> [u8; N] {
        *self
    }
}

impl<T: Value + ListItem, const N: usize> Value for [T; N] {
    type Ref<'a> = [T; N];

    fn decode(bytes: &[u8]) -> Result<[T; N]> {
        Self::decode_owned(bytes)
    }

    fn decode_part(bytes: &mut &[u8]) -> Result<[T; N]> {
        let items = (0..N).map(|_| T::decode_part(bytes)).collect::<Result<Vec<T>>>()?;
        Ok(items.try_into().unwrap_or_else(|_| unreachable!("as many were read as there are")))
    }

    fn heap_bytes(&self) -> usize {
        self.iter().map(T::heap_bytes).sum()
    }

    fn own_heap_bytes(&self) -> usize {
        self.iter().map(T::own_heap_bytes).sum()
    }
}

impl<T: Value + ListItem, Q: ToValue<T> + ListItem, const N: usize> ToValue<[T; N]> for [Q; N] {
    fn encode_part(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.encode_part(out));
    }

    fn to_value(&self) -> [T; N] {
        self.each_ref().map(Q::to_value)
    }

    fn into_value(self) -> [T; N] {
        self.map(Q::into_value)
    }
}

/// Bytes that an item takes in a tree or a table beside its own: links, spare room, control bytes.
const NODE_BYTES: usize = 16;

macro_rules! set_value {
    ($(($($item:tt)*) ($($hasher:tt)*) $set:ty;)+) => {$(
        impl<T: Value + $($item)*, $($hasher)*> Value for $set {
            type Ref<'a> = $set;

            fn decode(bytes: &[u8]) -> Result<$set> {
                Self::decode_owned(bytes)
            }

            fn decode_part(bytes: &mut &[u8]) -> Result<$set> {
                read_items(bytes, T::decode_part)
            }

            fn heap_bytes(&self) -> usize {
                self.own_heap_bytes() + self.iter().map(T::heap_bytes).sum::<usize>()
            }

            fn own_heap_bytes(&self) -> usize {
                self.len() * (size_of::<T>() + NODE_BYTES)
            }
        }
    )+};
}
set_value! {
    (Ord) () BTreeSet<T>;
    (Ord + Eq + Hash) (S: BuildHasher + Default + 'static) HashSet<T, S>;
}

macro_rules! map_value {
    ($(($($key:tt)*) ($($hasher:tt)*) $map:ty;)+) => {$(
        impl<K: Value + $($key)*, V: Value, $($hasher)*> Value for $map {
            type Ref<'a> = $map;

            fn decode(bytes: &[u8]) -> Result<$map> {
                Self::decode_owned(bytes)
            }

            fn decode_part(bytes: &mut &[u8]) -> Result<$map> {
                read_items(bytes, |bytes| Ok((K::decode_part(bytes)?, V::decode_part(bytes)?)))
            }

            fn heap_bytes(&self) -> usize {
                let of_entries = self.iter().map(|(key, value)| key.heap_bytes() + value.heap_bytes());
                self.own_heap_bytes() + of_entries.sum::<usize>()
            }

            fn own_heap_bytes(&self) -> usize {
                self.len() * (size_of::<(K, V)>() + NODE_BYTES)
            }
        }
    )+};
}
map_value! {
    (Ord) () BTreeMap<K, V>;
    (Ord + Eq + Hash) (S: BuildHasher + Default + 'static) HashMap<K, V, S>;
}

impl<T: Value + Ord, Q: ToValue<T> + Ord> ToValue<BTreeSet<T>> for BTreeSet<Q> {
    fn encode_part(&self, out: &mut Vec<u8>) {
        push_items(self.iter(), out);
    }

    fn to_value(&self) -> BTreeSet<T> {
        self.iter().map(Q::to_value).collect()
    }

    fn into_value(self) -> BTreeSet<T> {
        self.into_iter().map(Q::into_value).collect()
    }
}

impl<T, Q, S, R> ToValue<HashSet<T, S>> for HashSet<Q, R>
where
    T: Value + Ord + Eq + Hash,
    S: BuildHasher + Default + 'static,
    Q: ToValue<T> + Ord,
{
    fn encode_part(&self, out: &mut Vec<u8>) {
        push_items(sorted(self).into_iter(), out);
    }

    fn to_value(&self) -> HashSet<T, S> {
        self.iter().map(Q::to_value).collect()
    }

    fn into_value(self) -> HashSet<T, S> {
        self.into_iter().map(Q::into_value).collect()
    }
}

impl<K, V, QK, QV> ToValue<BTreeMap<K, V>> for BTreeMap<QK, QV>
where
    K: Value + Ord,
    V: Value,
    QK: ToValue<K> + Ord,
    QV: ToValue<V>,
{
    fn encode_part(&self, out: &mut Vec<u8>) {
        push_entries(self.iter(), out);
    }

    fn to_value(&self) -> BTreeMap<K, V> {
        self.iter().map(|(key, value)| (key.to_value(), value.to_value())).collect()
    }

    fn into_value(self) -> BTreeMap<K, V> {
        self.into_iter().map(|(key, value)| (key.into_value(), value.into_value())).collect()
    }
}

macro_rules! hashed_map_to_value {
    ($(($($hasher:tt)*) ($($key:tt)*) $map:ty;)+) => {$(
        /// Encoded in the order of the keys.
        impl<K, V, QK, QV, R, $($hasher)*> ToValue<$map> for HashMap<QK, QV, R>
        where
            K: Value + $($key)*,
            V: Value,
            QK: ToValue<K> + Ord,
            QV: ToValue<V>,
        {
            fn encode_part(&self, out: &mut Vec<u8>) {
                push_entries(sorted_by_key(self).into_iter(), out);
            }

            fn to_value(&self) -> $map {
                self.iter().map(|(key, value)| (key.to_value(), value.to_value())).collect()
            }

            fn into_value(self) -> $map {
                self.into_iter().map(|(key, value)| (key.into_value(), value.into_value())).collect()
            }
        }
    )+};
}
hashed_map_to_value! {
    () (Ord) BTreeMap<K, V>;
    (S: BuildHasher + Default + 'static) (Ord + Eq + Hash) HashMap<K, V, S>;
}

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

    fn to_value(&self) {}
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

            fn own_heap_bytes(&self) -> usize {
                0 $(+ self.$at.own_heap_bytes())*
            }
        }

        impl<$($part: Value, $from: ToValue<$part>),*> ToValue<($($part,)*)> for ($($from,)*) {
            fn encode_part(&self, out: &mut Vec<u8>) {
                $(self.$at.encode_part(out);)*
            }

            fn to_value(&self) -> ($($part,)*) {
                ($(self.$at.to_value(),)*)
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
    (A QA 0, B QB 1, C QC 2, D QD 3, E QE 4);
    (A QA 0, B QB 1, C QC 2, D QD 3, E QE 4, F QF 5);
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
            wide in any::<(u128, i128, char)>(),
            flags in any::<(bool, Option<u32>, i32)>(),
            strings in any::<(String, Vec<u8>)>(),
            list in prop::collection::vec(-1e9..1e9, 0..5),
            six in any::<(u8, u16, u32, i16, bool, char)>(),
        ) {
            survives(numbers)?;
            survives(wide)?;
            survives(flags)?;
            survives(strings.0.clone())?;
            survives(strings.1.clone())?;
            survives(strings)?;
            survives(list)?;
            survives(six)?;
        }

        #[test]
        fn lists_arrays_sets_and_maps_survive(
            stripe in prop::collection::vec(any::<(String, u64)>(), 0..5),
            nested in prop::collection::vec(prop::collection::vec(any::<Option<Vec<u8>>>(), 0..3), 0..3),
            arrays in any::<([u8; 5], [i32; 3], [(bool, String); 2])>(),
            set in prop::collection::btree_set(any::<String>(), 0..5),
            map in prop::collection::btree_map(any::<String>(), any::<(u64, Vec<f32>)>(), 0..5),
        ) {
            survives(stripe)?;
            survives(nested)?;
            survives(arrays)?;
            survives(set.iter().cloned().collect::<HashSet<_>>())?;
            survives(set)?;
            survives(map.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<HashMap<_, _>>())?;
            survives(map)?;
        }

        #[test]
        fn a_hashed_map_is_encoded_as_a_sorted_one(map in prop::collection::btree_map(any::<u32>(), any::<String>(), 0..20)) {
            let hashed: HashMap<&u32, &String> = map.iter().collect();
            let (mut of_sorted, mut of_hashed) = (Vec::new(), Vec::new());
            ToValue::<BTreeMap<u32, String>>::encode(&map, &mut of_sorted);
            ToValue::<BTreeMap<u32, String>>::encode(&hashed, &mut of_hashed);
            prop_assert_eq!(&of_hashed, &of_sorted);
            let copy: BTreeMap<u32, String> = hashed.into_value();
            prop_assert_eq!(copy, map);
        }

        #[test]
        fn references_and_borrowed_parts_encode_like_the_value(text in any::<String>(), n in any::<u64>()) {
            fn encoded<V: Value>(value: impl ToValue<V>) -> (Vec<u8>, usize) {
                let mut bytes = Vec::new();
                value.encode(&mut bytes);
                (bytes, value.encoded_len())
            }
            let whole = encoded::<String>(text.clone());
            prop_assert_eq!(encoded::<String>(&text), whole.clone());
            prop_assert_eq!(encoded::<String>(&text.as_str()), whole.clone());
            prop_assert_eq!(encoded::<String>(Cow::from(&text)), whole.clone());
            prop_assert_eq!(encoded::<Vec<u8>>(Arc::<str>::from(&text[..])), whole);
            let pair = encoded::<(String, u64)>((text.clone(), n));
            prop_assert_eq!(encoded::<(String, u64)>((&text, &n)), pair.clone());
            prop_assert_eq!(encoded::<(String, u64)>(&(&text[..], n)), pair);
            prop_assert_eq!(encoded::<Vec<String>>(vec![&text[..]]), encoded::<Vec<String>>(vec![text.clone()]));
            let dynamic: &dyn ToValue<String> = &&text[..];
            prop_assert_eq!(dynamic.into_value(), text);
        }

        #[test]
        fn arbitrary_bytes_decode_or_fail_cleanly(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = <(u16, String, Option<i32>)>::decode(&bytes);
            let _ = <Vec<f64>>::decode(&bytes);
            let _ = <BTreeMap<String, Vec<char>>>::decode(&bytes);
            let _ = <HashSet<[i64; 3]>>::decode(&bytes);
        }
    }

    #[test]
    fn a_number_out_of_range_is_refused() {
        let mut bytes = Vec::new();
        ToValue::<u64>::encode(&300u64, &mut bytes);
        assert!(u8::decode(&bytes).is_err());
        bytes.clear();
        ToValue::<u64>::encode(&0xd800u64, &mut bytes);
        assert!(char::decode(&bytes).is_err());
    }

    #[test]
    fn a_loop_is_given_owned_values() {
        assert_eq!(<str as OwnedValue>::own(b"a").unwrap(), "a".to_owned());
        assert_eq!(<[u8] as OwnedValue>::own(b"a").unwrap(), vec![b'a']);
        assert_eq!(<u64 as OwnedValue>::own(b"\x05").unwrap(), 5);
    }
}
