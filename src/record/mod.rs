//! What flows through a job: keys and values, typed at the surface and bytes below it.
//!
//! Keys order as bytes: [`key`] encodes every key type such that `memcmp` on encodings is the order of the type, so the
//! data path sorts, merges and groups without knowing types. Values ([`value`]) are encoded for size. [`text`] is how
//! both are printed in output files. [`varint`] and [`frame`] are the bytes of a record inside a run.

pub mod frame;
pub mod key;
pub mod text;
pub mod value;
pub(crate) mod varint;

pub use key::{Key, ToKey};
pub use text::ToText;
pub use value::{ToValue, Value};
