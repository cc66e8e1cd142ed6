//! Weights of terms: what a document is about, by the terms that are frequent in it and rare elsewhere (tf-idf).
//!
//! ```text
//! weight of a term in a document = count of the term there · ln(documents / documents with the term)
//! ```
//!
//! The shuffle is that of the [inverted index](crate::jobs::inverted_index): (term, document) → count. Courses take three jobs
//! for it, one a factor. One is enough: the number of documents is known before, and a reducer has all documents of a term in one
//! group. It must count them before it can write the first, so it holds the list of one term: a number and a count a document,
//! less than the list of the input's files.
//!
//! - *Combiner*: it adds up the counts of a term within a document.
//! - *Memory* helps little: what is shuffled is much smaller than the input.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::documents::{Documents, TermInDocument, TermTable, TermsOfDocuments, for_each_document, term_len};
use crate::jobs::highlights::{Finite, Largest, first_of, number, significant};
use crate::jobs::tokens::{Tokenizer, Tokens};

pub struct TfIdf;

#[derive(clap::Args)]
pub struct Options {
    /// What a term is
    #[arg(long, value_enum, value_name = "RULE", default_value = "letters")]
    tokens: Tokens,
}

/// The weight of a term in a document.
fn weight(count: u64, documents: u32, with_term: usize) -> f64 {
    count as f64 * (f64::from(documents) / with_term as f64).ln()
}

/// Weighs a term in each of its documents.
#[derive(Clone)]
struct Weigh {
    documents: Arc<Documents>,
    counts: Vec<(u32, u64)>,
}

impl Reducer for Weigh {
    type Key = TermInDocument;
    type Value = u64;
    type OutKey = (Vec<u8>, Vec<u8>);
    type OutValue = f64;

    fn reduce(
        &mut self,
        (term, _): TermInDocument,
        counts: &mut Values<u64>,
        out: &mut impl Emit<(Vec<u8>, Vec<u8>), f64>,
    ) -> Result<()> {
        self.counts.clear();
        for_each_document(counts, |document, count| self.counts.push((document, count)));
        for (document, count) in &self.counts {
            let weight = weight(*count, self.documents.count(), self.counts.len());
            out.emit((&term, self.documents.name(*document)), weight);
        }
        Ok(())
    }
}

impl Program for TfIdf {
    type Options = Options;

    const NAME: &'static str = "tfidf";
    const ABOUT: &'static str = "Weigh terms by how much they tell of a document";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Documents, Shape::bytes(64 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let documents = Documents::of(inputs, driver.inputs())?;
        let terms = TermsOfDocuments { tokenizer: Tokenizer::new(options.tokens), document: documents.of_lines() };
        let weigh = Weigh { documents, counts: Vec::new() };
        driver.run(&Job::new(Self::NAME, terms, weigh).input(inputs).group_by_prefix(term_len).combine(Sum))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let mut largest = Largest::new();
        output.each_record(|term, document_and_weight| {
            let tab = document_and_weight.iter().rposition(|byte| *byte == b'\t').unwrap_or(0);
            let (document, weight) = document_and_weight.split_at(tab);
            largest.offer(Finite(number(weight)?), &[term, b"\t", document].concat());
            Ok(())
        })?;
        let heading = first_of(largest.seen(), "weights", "greatest");
        let mut rows = vec![["term", "document", "weight"].map(str::to_owned).to_vec()];
        rows.extend(largest.into_sorted().into_iter().map(|(Finite(weight), key)| {
            let (term, document) = key.split_once('\t').unwrap_or((&key, ""));
            vec![term.to_owned(), document.to_owned(), significant(weight)]
        }));
        Ok(Some(Highlights { heading, rows }))
    }
}

impl TfIdf {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (documents, table) = TermTable::read(inputs, &mut Tokenizer::new(options.tokens), run)?;
        table.for_each_sorted(run, |run, part, term, counts| {
            counts.iter().try_for_each(|(document, count)| {
                let weight = weight(*count, documents.count(), counts.len());
                run.write(part, &(term, documents.name(*document)), &weight)
            })
        })
    }
}
