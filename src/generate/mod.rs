//! Deterministic inputs for every job, so that a comparison runs on a fresh machine with no data at hand.
//!
//! `twinmill gen` and the default input of a job call [`generate`] with a [`Kind`], a [`Shape`] and a seed; bytes leave
//! through any [`Write`]. The same three give the same bytes for ever and on every machine: the generator is
//! xoshiro256++ (Blackman and Vigna, 2018), whose algorithm is fixed, the sampling tables are this module's own, and
//! logarithms and exponentials use only the operations that IEEE 754 defines exactly (`portable_math.rs`).
//!
//! ```text
//! seed → rng ─┬→ sampling (alias table, normal) ─┬→ the generator of a kind → RecordWriter → out
//!             └→ words (vocabulary) ─────────────┘                           (256 KiB blocks)
//! ```
//!
//! ```
//! use twinmill::generate::{Kind, Shape, generate};
//!
//! let mut text = Vec::new();
//! let bytes = generate(Kind::Text, &Shape::bytes(1000), 1, &mut text)?;
//! assert_eq!((bytes, text.len()), (1000, 1000));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fmt;
use std::io::{self, Write};

use rand_core::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

mod access_log;
mod documents;
mod files;
mod graph;
mod labelled_text;
mod matrices;
mod orders;
mod points;
mod portable_math;
mod sampling;
mod shape;
mod terasort;
mod text;
mod words;
mod writer;

pub use files::Files;
use files::OneStream;
pub use shape::{Amount, Shape};
use writer::RecordWriter;

/// A kind of generated input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Lines of words from a Zipf vocabulary. A record is a line.
    Text,
    /// Documents of words from a Zipf vocabulary, each with a topic: a directory with a file for each. A record is a
    /// line.
    Documents,
    /// 100-byte records with a 10-byte key, as gensort writes them in ASCII mode. A record is such a record.
    Terasort,
    /// A directed power-law graph, `src TAB dst`. A record is an edge.
    Graph,
    /// Points in Gaussian clusters, `f1,…,fd`. A record is a point.
    Points,
    /// Points labelled by a logistic model, `label,f1,…,fd`. A record is a point.
    LabelledPoints,
    /// A web server's access log in Apache's combined format. A record is a request.
    AccessLog,
    /// Orders, `customer,day,item,quantity,amount`. A record is an order.
    Orders,
    /// The customers of these orders, `customer,name,city,since`. A record is a customer.
    Customers,
    /// Texts of five classes, `class TAB words`. A record is a text.
    LabelledText,
    /// Two sparse square matrices, `A|B TAB row TAB column TAB value`. A record is an entry.
    Matrices,
    /// Ratings of items by users, `user TAB item TAB rating`. A record is a rating.
    Ratings,
}

impl Kind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Kind; 12] = [
        Kind::Text,
        Kind::Documents,
        Kind::Terasort,
        Kind::Graph,
        Kind::Points,
        Kind::LabelledPoints,
        Kind::AccessLog,
        Kind::Orders,
        Kind::Customers,
        Kind::LabelledText,
        Kind::Matrices,
        Kind::Ratings,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Documents => "documents",
            Kind::Terasort => "terasort",
            Kind::Graph => "graph",
            Kind::Points => "points",
            Kind::LabelledPoints => "labelled",
            Kind::AccessLog => "access-log",
            Kind::Orders => "orders",
            Kind::Customers => "customers",
            Kind::LabelledText => "labelled-text",
            Kind::Matrices => "matrices",
            Kind::Ratings => "ratings",
        }
    }

    /// The kind of that [`name`](Kind::name), also `labelled-points` for `labelled`.
    pub fn from_name(name: &str) -> Option<Kind> {
        if name == "labelled-points" {
            return Some(Kind::LabelledPoints);
        }
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is a directory of files, and not one file.
    pub fn is_directory(self) -> bool {
        self == Kind::Documents
    }

    /// One line about the generated input.
    pub fn about(self) -> &'static str {
        match self {
            Kind::Text => "lines of about ten words from a Zipf vocabulary",
            Kind::Documents => "a directory of documents on some topics, sentences of words from a Zipf vocabulary",
            Kind::Terasort => "100-byte records with a random 10-byte key, in gensort's ASCII layout",
            Kind::Graph => "a directed power-law graph, one `src TAB dst` a line, ordered by src",
            Kind::Points => "points in Gaussian clusters, comma separated",
            Kind::LabelledPoints => "points with a leading 0/1 label drawn from a logistic model, comma separated",
            Kind::AccessLog => "an access log in Apache's combined format, times ascending",
            Kind::Orders => "a table of orders whose customers follow Zipf's law, comma separated",
            Kind::Customers => "a table of customers for the orders, comma separated",
            Kind::LabelledText => "texts of five classes, `class TAB words`, some of the words the class's own",
            Kind::Matrices => "two sparse square matrices, `A|B TAB row TAB column TAB value`",
            Kind::Ratings => "ratings of items by users, `user TAB item TAB rating`, items by Zipf's law",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Writes the input of `kind`, `shape` and `seed` to `out` and returns the bytes written. `out` gets blocks of 256 KiB
/// and needs no buffer of its own; it is not flushed. A kind that [is a directory](Kind::is_directory) is written as
/// one stream, file after file.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] names the field of `shape` that is out of range, before anything is written; any
/// other error is `out`'s.
pub fn generate(kind: Kind, shape: &Shape, seed: u64, out: &mut dyn Write) -> io::Result<u64> {
    generate_files(kind, shape, seed, &mut OneStream(out))
}

/// Writes an input as [`generate`] does. A kind that [is a directory](Kind::is_directory) begins each of its files
/// before it writes to it; the others begin none.
///
/// # Errors
/// As [`generate`].
pub fn generate_files(kind: Kind, shape: &Shape, seed: u64, files: &mut dyn Files) -> io::Result<u64> {
    shape.validate()?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut writer = RecordWriter::new(shape.amount, files);
    match kind {
        Kind::Text => text::write(shape, &mut rng, &mut writer)?,
        Kind::Documents => documents::write(shape, &mut rng, &mut writer)?,
        Kind::Terasort => terasort::write(&mut rng, &mut writer)?,
        Kind::Graph => graph::write(shape, &mut rng, &mut writer)?,
        Kind::Points => points::write_clustered(shape, &mut rng, &mut writer)?,
        Kind::LabelledPoints => points::write_labelled(shape, &mut rng, &mut writer)?,
        Kind::AccessLog => access_log::write(shape, &mut rng, &mut writer)?,
        Kind::Orders => orders::write_orders(shape, &mut rng, &mut writer)?,
        Kind::Customers => orders::write_customers(&mut rng, &mut writer)?,
        Kind::LabelledText => labelled_text::write(shape, &mut rng, &mut writer)?,
        Kind::Matrices => matrices::write_matrices(shape, &mut rng, &mut writer)?,
        Kind::Ratings => matrices::write_ratings(shape, &mut rng, &mut writer)?,
    }
    writer.finish()
}

#[cfg(test)]
fn generated(kind: Kind, shape: &Shape, seed: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = generate(kind, shape, seed, &mut bytes).expect("a vector takes every write");
    assert_eq!(written, bytes.len() as u64);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_64;

    #[test]
    fn a_seed_gives_the_same_bytes_for_ever() {
        let digests = Kind::ALL.map(|kind| (kind, xxh3_64(&generated(kind, &Shape::bytes(100_000), 42))));
        let pinned: [(Kind, u64); 12] = [
            (Kind::Text, 0x519d_4a63_d4e9_eaa7),
            (Kind::Documents, 0x172a_0fb3_9331_b540),
            (Kind::Terasort, 0xffc6_1049_0643_344c),
            (Kind::Graph, 0x3298_887e_b0ca_ffd5),
            (Kind::Points, 0x5030_c870_427c_f1ac),
            (Kind::LabelledPoints, 0x5f80_1f10_c76e_71b0),
            (Kind::AccessLog, 0x4d16_3deb_8c3a_c849),
            (Kind::Orders, 0xa986_6412_c11d_b046),
            (Kind::Customers, 0x6ce1_910e_9231_9b7d),
            (Kind::LabelledText, 0xd28e_1db4_4d82_c777),
            (Kind::Matrices, 0xfba7_ceec_af16_6c5f),
            (Kind::Ratings, 0x9eb6_587a_1d61_9bbc),
        ];
        assert_eq!(digests, pinned, "got {digests:#x?}");
    }

    #[test]
    fn another_seed_gives_other_bytes() {
        for kind in Kind::ALL {
            assert_ne!(generated(kind, &Shape::bytes(1000), 1), generated(kind, &Shape::bytes(1000), 2), "{kind}");
        }
    }

    #[test]
    fn a_size_is_kept_to_the_last_whole_record() {
        for kind in Kind::ALL {
            for bytes in [0, 1, 99, 1000, 300_000] {
                let got = generated(kind, &Shape::bytes(bytes), 3);
                assert!(got.len() as u64 <= bytes, "{kind} {bytes}");
                assert!(got.is_empty() || got.ends_with(b"\n"), "{kind} {bytes}");
                assert!(bytes < 1000 || got.len() as u64 > bytes - bytes / 50 - 400, "{kind} {bytes} {}", got.len());
            }
        }
    }

    #[test]
    fn a_record_count_is_exact() {
        for kind in Kind::ALL {
            for records in [0, 1, 2000] {
                let got = generated(kind, &Shape::records(records), 3);
                let lines = got.iter().filter(|&&byte| byte == b'\n').count();
                assert_eq!(lines as u64, records, "{kind}");
            }
        }
    }

    #[test]
    fn names_lead_back_to_their_kinds() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(Kind::from_name("labelled-points"), Some(Kind::LabelledPoints));
        assert_eq!(Kind::from_name("video"), None);
    }

    #[test]
    fn a_shape_out_of_range_is_refused_by_field() {
        let mut shape = Shape::bytes(10);
        shape.dimensions = 0;
        let error = generate(Kind::Points, &shape, 1, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "dimensions must be at least 1");
        shape = Shape::bytes(10);
        shape.zipf_exponent = f64::NAN;
        let error = generate(Kind::Text, &shape, 1, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_failing_writer_fails_the_generation() {
        let mut room = [0u8; 1000];
        let error = generate(Kind::Text, &Shape::bytes(2000), 1, &mut &mut room[..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }
}
