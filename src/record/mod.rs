//! What flows through a job: keys and values, typed at the surface and bytes below it.
//!
//! Keys order as bytes: [`key`] encodes every key type such that `memcmp` on encodings is the order of the type, so the
//! data path sorts, merges and groups without knowing types. Values ([`value`]) are encoded for size. [`text`] is how
//! both are printed in output files. A record inside a run is a key and a value behind their lengths.

pub(crate) mod frame;
pub mod key;
mod list;
pub(crate) mod prefix;
pub mod text;
pub mod value;
pub(crate) mod varint;
mod words;

pub use key::{Key, KeyByRef, ToKey};
pub use list::ListItem;
pub use text::ToText;
pub use value::{OwnedValue, ToValue, Value};
pub use words::Words;
