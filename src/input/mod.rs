//! Somebody else's files become records.
//!
//! ```text
//! paths ─▶ listing ─▶ files ─▶ splits of pieces ─▶ source (form, decompress) ─▶ chunks (encoding) ─▶ lines | fixed_length
//!                                                                                      datasets ─▶ pairs
//! ```
//!
//! 1. [`listing`] finds the files, [`inputs`] keeps what it found for the whole run.
//! 2. [`split`] cuts them into pieces of about equal size, one list of pieces a map task.
//! 3. A [`source`] opens the file of a piece and looks whether it has changed; [`form`] tells how it is compressed, and
//!    [`decompress`] reads it.
//! 4. [`chunks`] is a window over its bytes; [`encoding`] knows the marks at its beginning.
//! 5. An input [`format`](mod@format) finds the records: [`lines`], [`fixed_length`], or [`pairs`] of what another job left
//!    ([`dataset`]). What a loop has parsed already is [`parsed`].
//! 6. [`bad_records`] passes over what cannot be mapped; [`notes`] keeps what is no error and should be said.

pub mod bad_records;
mod chunks;
mod dataset;
pub(crate) mod decompress;
pub(crate) mod encoding;
mod fixed_length;
pub(crate) mod form;
mod format;
mod inputs;
mod lines;
pub mod listing;
pub(crate) mod notes;
mod pairs;
mod parsed;
pub(crate) mod source;
pub mod split;

pub(crate) use chunks::ReadContext;
pub use chunks::{Chunks, PieceReader, Record, Window};
pub use dataset::{Dataset, Input};
pub use fixed_length::FixedLength;
pub(crate) use fixed_length::torn_record;
pub use format::InputFormat;
pub(crate) use format::read_split;
pub use inputs::Inputs;
pub use lines::Lines;
pub use listing::{InputFile, list_files};
pub use pairs::Pairs;
pub(crate) use parsed::InvariantPiece;
pub use parsed::InvariantSource;
