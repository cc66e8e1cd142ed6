//! Hadoop's `SequenceFile`: records of a key and a value, of types that the file names.
//!
//! ```text
//! header   S E Q 6   class of keys   class of values   compressed?   in blocks?   class of codec   metadata   mark
//!
//! record   length of key and value (4)   length of key (4)   key   value, or compressed value
//!
//! block    -1 (4)   mark (16)   number of records   lengths of keys   keys   lengths of values   values
//!                                                   └─ each: length of what follows, compressed ─┘
//! ```
//!
//! Between records there is a mark now and then, 16 bytes behind a length of -1: whoever begins in the middle of the file looks
//! for it, and so each piece of a file owns the marks that begin in it and the records up to the next one. Numbers without a size
//! are [of variable length](crate::streaming::varint).

mod decode;
mod header;
mod reader;
#[cfg(all(test, feature = "codecs"))]
mod tests;
mod writer;

pub use decode::decode;
pub use header::Packing;
pub use reader::read;
pub use writer::Writer;
