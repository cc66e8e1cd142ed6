//! Turns input files, of any origin and form, into records.
//!
//! An input is a file, a directory that is walked, or a pipe; or it lies in HDFS or an object store ([`remote`](crate::remote)). Compression (gzip, bzip2, Zstandard, LZ4) is recognised
//! by content; Hadoop's own forms (DEFLATE, LZ4 and Snappy in [`hadoop_blocks`]) have no magic number, and are by their name
//! as well. A byte order mark is skipped. A file that is replaced or changed while it is read is an error.
//!
//! ```text
//! paths ─▶ listing ─▶ files ─▶ splits of pieces ─▶ source (form, decompress) ─▶ chunks (encoding) ─▶ lines | line_blocks | rows |
//!                                                                                                        fixed_length
//!                                                                                      datasets ─▶ pairs
//! ```
//!
//! 1. [`listing`] finds the files, [`inputs`] keeps the list for the whole run.
//! 2. [`split`] cuts them into pieces of about equal size, one list of pieces a map task.
//! 3. A [`source`] opens the file of a piece and checks that it has not changed; it is [`opened`] on this machine or in a store
//!    elsewhere. [`form`] recognises its compression, and [`decompress`] reads it.
//! 4. [`chunks`] is a window over its bytes; [`encoding`] knows the marks at its beginning.
//! 5. An input [`format`](mod@format) finds the records: [`lines`], [`line_blocks`], [`rows`] of tables, [`fixed_length`], or
//!    [`pairs`] of another job's output ([`dataset`]). A format that cannot begin anywhere has the [`cuts`] moved to where its
//!    records begin. Inputs that a loop has parsed already are [`parsed`]. Where the records depend on the job, its mapper is
//!    given the [`open_file`].
//! 6. [`bad_records`] passes over records that cannot be mapped; [`notes`] keeps sentences that are no errors but should be
//!    read.
//! 7. [`watch`] notes what was read of the files, and a [`replica`] holds that where they cannot be read.

pub(crate) mod bad_records;
mod chunks;
pub(crate) mod cuts;
mod dataset;
#[cfg(feature = "codecs")]
pub(crate) mod decompress;
#[cfg(not(feature = "codecs"))]
#[path = "undecoded.rs"]
pub(crate) mod decompress;
pub(crate) mod encoding;
mod fixed_length;
pub(crate) mod form;
mod format;
#[cfg(feature = "codecs")]
pub(crate) mod hadoop_blocks;
mod inputs;
mod line_blocks;
mod lines;
pub(crate) mod listing;
pub(crate) mod notes;
mod open_file;
pub(crate) mod opened;
mod pairs;
mod parsed;
pub(crate) mod replica;
mod rows;
pub(crate) mod source;
pub(crate) mod split;
#[cfg(all(test, feature = "object-store", feature = "codecs"))]
mod store_tests;
pub(crate) mod watch;

pub(crate) use chunks::ReadContext;
pub use chunks::{Chunks, PieceReader, Record, Window};
pub use dataset::{Dataset, Input};
pub use fixed_length::FixedLength;
pub(crate) use fixed_length::torn_record;
pub use format::InputFormat;
pub(crate) use format::read_split;
pub use inputs::Inputs;
#[cfg(feature = "cli")]
pub(crate) use inputs::View;
pub(crate) use inputs::{Keys, Shipped};
pub use line_blocks::{LineBlock, LineBlocks};
pub use lines::Lines;
pub use listing::{InputFile, list_files};
#[cfg(feature = "cli")]
pub(crate) use open_file::{OpenFile, OpenFiles};
pub use pairs::Pairs;
pub use parsed::InvariantSource;
pub(crate) use parsed::{InvariantPiece, SentParts};
pub use rows::Rows;
