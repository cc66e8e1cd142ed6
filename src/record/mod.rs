//! Keys and values, which flow through a job: typed at the surface, bytes below it.
//!
//! Keys order as bytes: [`key`] encodes every key type such that `memcmp` on encodings is the order of the type, so the
//! data path sorts, merges and groups without knowing types. Values ([`value`]) are encoded for size. [`text`] prints
//! both in output files. A record inside a run is a key and a value after their lengths.

pub(crate) mod buffer;
pub(crate) mod frame;
pub mod key;
mod list;
pub(crate) mod marks;
pub mod packed;
pub(crate) mod prefix;
pub(crate) mod raw_bytes;
pub(crate) mod rounding;
pub(crate) mod sequence_file;
pub mod text;
pub mod value;
pub(crate) mod varint;
mod words;

pub use key::{Key, KeyByRef, ToKey};
pub use list::ListItem;
pub use packed::{Number, Packed, PackedRef};
pub use text::ToText;
pub use value::{OwnedValue, ToValue, Value};
pub use words::Words;
