//! The text form of keys and values in output files.
//!
//! | type | text |
//! |---|---|
//! | bytes, strings, characters | as they are |
//! | integers | in decimal |
//! | floats | the shortest digits that read back to the same value: `0.1`, `2.0`, `1e300` |
//! | `bool` | `true`, `false` |
//! | `None`, `()` | nothing, not even a separator: Hadoop's `NullWritable` |
//! | tuples | their parts with TAB between them |
//! | lists, sets | their items with commas between them |
//! | maps | `key:value`, with commas between the entries |
//!
//! Within a list or a map, a tuple has colons between its parts and a list has spaces between its items:
//! `Vec<(String, u64)>` prints `a:1,b:2`, and `BTreeMap<String, Vec<u64>>` prints `a:1 2,b:3`.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use crate::record::ListItem;

/// A type that can be printed as a key or value of an output file.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no text form for output files",
    note = "for a type of your own, implement `twinmill::record::ToText`, most often by way of a tuple"
)]
pub trait ToText {
    /// Appends the text form.
    fn write_text(&self, out: &mut Vec<u8>);

    /// Appends the text form within a list or a map.
    fn write_item(&self, out: &mut Vec<u8>) {
        self.write_text(out);
    }

    /// Length of the text form where it is known without writing it, as for byte strings, or a smaller number. So much
    /// room is made at once.
    #[inline(always)]
    fn least_text_len(&self) -> usize {
        0
    }

    /// The text form where it lies in memory as it is written, so that a long one need not be copied.
    #[inline(always)]
    fn text_in_place(&self) -> Option<&[u8]> {
        None
    }

    /// Whether there is nothing to print, not even a separator: Hadoop's `NullWritable`.
    fn is_null(&self) -> bool {
        false
    }
}

macro_rules! pointer_to_text {
    ($(($($generics:tt)*) $pointer:ty;)+) => {$(
        impl<$($generics)*> ToText for $pointer {
            fn write_text(&self, out: &mut Vec<u8>) {
                (**self).write_text(out);
            }

            fn write_item(&self, out: &mut Vec<u8>) {
                (**self).write_item(out);
            }

            #[inline(always)]
            fn least_text_len(&self) -> usize {
                (**self).least_text_len()
            }

            #[inline(always)]
            fn text_in_place(&self) -> Option<&[u8]> {
                (**self).text_in_place()
            }

            fn is_null(&self) -> bool {
                (**self).is_null()
            }
        }
    )+};
}
pointer_to_text! {
    (T: ToText + ?Sized) &T;
    (T: ToText + ?Sized) Box<T>;
    (T: ToText + ?Sized) Rc<T>;
    (T: ToText + ?Sized) Arc<T>;
    (T: ToText + ToOwned + ?Sized) Cow<'_, T>;
}

impl<T: ToText> ToText for Reverse<T> {
    fn write_text(&self, out: &mut Vec<u8>) {
        self.0.write_text(out);
    }

    fn write_item(&self, out: &mut Vec<u8>) {
        self.0.write_item(out);
    }

    #[inline(always)]
    fn least_text_len(&self) -> usize {
        self.0.least_text_len()
    }

    #[inline(always)]
    fn text_in_place(&self) -> Option<&[u8]> {
        self.0.text_in_place()
    }

    fn is_null(&self) -> bool {
        self.0.is_null()
    }
}

macro_rules! bytes_to_text {
    ($(($($generics:tt)*) $text:ty;)+) => {$(
        impl<$($generics)*> ToText for $text {
            fn write_text(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_ref());
            }

            #[inline(always)]
            fn least_text_len(&self) -> usize {
                AsRef::<[u8]>::as_ref(self).len()
            }

            #[inline(always)]
            fn text_in_place(&self) -> Option<&[u8]> {
                Some(self.as_ref())
            }
        }
    )+};
}
bytes_to_text! {
    () [u8];
    () Vec<u8>;
    (const N: usize) [u8; N];
    () str;
    () String;
}

impl ToText for char {
    fn write_text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

macro_rules! integer_to_text {
    ($($number:ty),+) => {$(
        impl ToText for $number {
            fn write_text(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            }
        }
    )+};
}
integer_to_text!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

macro_rules! float_to_text {
    ($($number:ty),+) => {$(
        impl ToText for $number {
            fn write_text(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(ryu::Buffer::new().format(*self).as_bytes());
            }
        }
    )+};
}
float_to_text!(f32, f64);

impl ToText for bool {
    fn write_text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl<T: ToText> ToText for Option<T> {
    fn write_text(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.write_text(out);
        }
    }

    fn write_item(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.write_item(out);
        }
    }

    #[inline(always)]
    fn least_text_len(&self) -> usize {
        self.as_ref().map_or(0, T::least_text_len)
    }

    fn is_null(&self) -> bool {
        self.as_ref().is_none_or(T::is_null)
    }
}

/// Appends items with something between them.
fn join(items: impl IntoIterator<Item: ToText>, between: u8, out: &mut Vec<u8>) {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(between);
        }
        item.write_item(out);
    }
}

macro_rules! items_to_text {
    ($(($($generics:tt)*) $items:ty: |$list:ident| $sorted:expr;)+) => {$(
        impl<$($generics)*> ToText for $items {
            fn write_text(&self, out: &mut Vec<u8>) {
                let $list = self;
                join($sorted, b',', out);
            }

            fn write_item(&self, out: &mut Vec<u8>) {
                let $list = self;
                join($sorted, b' ', out);
            }
        }
    )+};
}
items_to_text! {
    (T: ToText + ListItem) [T]: |list| list;
    (T: ToText + ListItem) Vec<T>: |list| list;
    (T: ToText + ListItem, const N: usize) [T; N]: |list| list;
    (T: ToText) BTreeSet<T>: |set| set;
    (K: ToText, V: ToText) BTreeMap<K, V>: |map| map;
    (T: ToText + Ord, S) HashSet<T, S>: |set| sorted(set);
    (K: ToText + Ord, V: ToText, S) HashMap<K, V, S>: |map| sorted_by_key(map);
}

/// The items of a set in their order.
pub(super) fn sorted<T: Ord, S>(set: &HashSet<T, S>) -> Vec<&T> {
    let mut items: Vec<&T> = set.iter().collect();
    items.sort_unstable();
    items
}

/// The entries of a map in the order of their keys.
pub(super) fn sorted_by_key<K: Ord, V, S>(map: &HashMap<K, V, S>) -> Vec<(&K, &V)> {
    let mut entries: Vec<(&K, &V)> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

macro_rules! tuple_to_text {
    ($(($first:ident 0 $(, $part:ident $at:tt)*);)+) => {$(
        impl<$first: ToText $(, $part: ToText)*> ToText for ($first, $($part,)*) {
            fn write_text(&self, out: &mut Vec<u8>) {
                self.0.write_text(out);
                $(
                    out.push(b'\t');
                    self.$at.write_text(out);
                )*
            }

            #[inline(always)]
            fn least_text_len(&self) -> usize {
                self.0.least_text_len() $(+ 1 + self.$at.least_text_len())*
            }

            fn write_item(&self, out: &mut Vec<u8>) {
                self.0.write_item(out);
                $(
                    out.push(b':');
                    self.$at.write_item(out);
                )*
            }
        }
    )+};
}
tuple_to_text! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
}

impl ToText for () {
    fn write_text(&self, _: &mut Vec<u8>) {}

    fn is_null(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: impl ToText) -> String {
        let mut out = Vec::new();
        of.write_text(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_forms() {
        assert_eq!(text((("a", -1i32, 0.1f64, true), Some(1e300f64))), "a\t-1\t0.1\ttrue\t1e300");
        assert_eq!(text(vec![0.5f64, 2.0]), "0.5,2.0");
        assert_eq!(text(['ä', 'b']), "ä,b");
        assert_eq!(text(*b"bytes"), "bytes");
        assert!(().is_null() && None::<u8>.is_null() && !"".is_null());
    }

    #[test]
    fn what_stands_in_a_list_or_map_has_separators_of_its_own() {
        assert_eq!(text(vec![("a".to_owned(), 1u64), ("b".to_owned(), 2)]), "a:1,b:2");
        assert_eq!(text(BTreeMap::from([("a", vec![1u64, 2]), ("b", vec![3])])), "a:1 2,b:3");
        assert_eq!(text((1u64, vec![(2u64, Some(3u64)), (4, None)])), "1\t2:3,4:");
        assert_eq!(text(vec![vec![1u32, 2], vec![], vec![3]]), "1 2,,3");
    }

    #[test]
    fn the_least_length_is_that_of_strings_and_never_more_than_the_text() {
        let least = |of: &dyn ToText| of.least_text_len();
        assert_eq!([least(&"a line"), least(&b"a line".to_vec()), least(&Cow::from("a line"))], [6; 3]);
        assert_eq!([least(&("a", "line")), least(&Some("a line")), least(&Reverse("a line"))], [6; 3]);
        assert!([least(&7u64), least(&None::<String>), least(&vec![1u64])].into_iter().all(|least| least <= 1));
        assert_eq!((least(&()), least(&("a", 1u64, vec!["b"]))), (0, 3));
    }

    #[test]
    fn hashed_maps_and_sets_are_printed_in_order() {
        assert_eq!(text((0..100u64).map(|n| (99 - n, n)).collect::<HashMap<_, _>>()).split(',').next(), Some("0:99"));
        assert_eq!(text(HashSet::from([3u64, 1, 2])), "1,2,3");
    }
}
