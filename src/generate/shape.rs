//! The amount and the shape of a generated input.

use std::io;

/// The amount to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Text has exactly that many bytes. Every other kind has whole records and at most that many bytes: less by up to
    /// one record, for a graph by up to about 2 %.
    Bytes(u64),
    /// Exactly that many records, as [`Kind`](super::Kind) defines them.
    Records(u64),
}

/// The shape of a generated input. A kind ignores the fields whose documentation does not name it.
///
/// ```
/// use twinmill::generate::Shape;
///
/// let mut shape = Shape::records(8_000_000);
/// shape.nodes = Some(1_000_000);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shape {
    /// The amount.
    pub amount: Amount,
    /// Text, documents, labelled text: distinct words, at least 1. Default 200,000. More words mean more groups and
    /// longer words; fewer make a combiner more effective.
    pub vocabulary_words: u32,
    /// Text, documents, labelled text, graph (popularity of a destination), access log (paths, clients), orders
    /// (customers), ratings (items): the exponent of Zipf's law, 0 to 10.
    /// Default 1. Larger is more skewed, 0 is uniform.
    pub zipf_exponent: f64,
    /// Graph, matrices (rows and columns), ratings (users): ids are below it; at least 1. Default one eighth of the
    /// edges, about a fiftieth of the entries of a matrix, and of the ratings. Memory is about 24 bytes a node.
    pub nodes: Option<u32>,
    /// Points, labelled points: features of a point, at least 1. Default 10.
    pub dimensions: u32,
    /// Points: Gaussian clusters, at least 1. Default 10.
    pub clusters: u32,
    /// Orders: customers that the table of customers has, at least 1. Default 100,000.
    pub customers: u32,
    /// Orders: the share of them whose customer is one of those, 0 to 1. Default 0.9.
    pub matches: f64,
}

impl Shape {
    /// So many bytes, everything else at its default.
    pub fn bytes(bytes: u64) -> Shape {
        Shape::of(Amount::Bytes(bytes))
    }

    /// So many records, everything else at its default.
    pub fn records(records: u64) -> Shape {
        Shape::of(Amount::Records(records))
    }

    fn of(amount: Amount) -> Shape {
        Shape {
            amount,
            vocabulary_words: 200_000,
            zipf_exponent: 1.0,
            nodes: None,
            dimensions: 10,
            clusters: 10,
            customers: 100_000,
            matches: 0.9,
        }
    }

    /// Refuses fields that are out of range.
    pub(super) fn validate(&self) -> io::Result<()> {
        let counts = [
            ("vocabulary_words", self.vocabulary_words),
            ("nodes", self.nodes.unwrap_or(1)),
            ("dimensions", self.dimensions),
            ("clusters", self.clusters),
            ("customers", self.customers),
        ];
        if let Some((field, _)) = counts.into_iter().find(|&(_, count)| count == 0) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{field} must be at least 1")));
        }
        if !(0.0..=10.0).contains(&self.zipf_exponent) {
            let message = format!("zipf_exponent must be from 0 to 10, not {}", self.zipf_exponent);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        if !(0.0..=1.0).contains(&self.matches) {
            let message = format!("matches must be from 0 to 1, not {}", self.matches);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Ok(())
    }
}
