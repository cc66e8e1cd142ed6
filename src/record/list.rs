//! Marks the types that lists are made of.
//!
//! `Vec<u8>` and `[u8; N]` are bytes, and lists of anything else are encoded and printed item by item. The two must not
//! be mixed up, so the items of lists are marked.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A type whose `Vec` is a list: any but `u8`.
///
/// A type of your own becomes an item by `impl ListItem for Mine {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not marked as an item of lists",
    note = "for a type of your own, write `impl twinmill::record::ListItem for Mine {{}}`; `Vec<u8>` is bytes"
)]
pub trait ListItem {}

macro_rules! list_item {
    ($($item:ty),+) => {$(impl ListItem for $item {})+};
}
list_item!(u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, bool, char, str, String);

impl<T: ListItem + ?Sized> ListItem for &T {}
impl<T: ListItem + ?Sized> ListItem for Box<T> {}
impl<T: ListItem + ToOwned + ?Sized> ListItem for Cow<'_, T> {}
impl<T> ListItem for [T] {}
impl<T> ListItem for Vec<T> {}
impl<T, const N: usize> ListItem for [T; N] {}
impl<T> ListItem for Option<T> {}
impl<T> ListItem for Reverse<T> {}
impl<T> ListItem for BTreeSet<T> {}
impl<T, S> ListItem for HashSet<T, S> {}
impl<K, V> ListItem for BTreeMap<K, V> {}
impl<K, V, S> ListItem for HashMap<K, V, S> {}

macro_rules! tuple_item {
    ($(($($part:ident),*);)+) => {$(impl<$($part),*> ListItem for ($($part,)*) {})+};
}
tuple_item! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
}
