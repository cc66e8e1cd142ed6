//! Inverted index: for each term the documents in which it occurs, and how often. It is what a search engine looks into.
//!
//! ```text
//! a.txt  "to be"      map      (be, a) 1  (to, a) 1         reduce   be   2   a:1,b:1
//! b.txt  "be bold"   ─────▶    (be, b) 1  (bold, b) 1      ───────▶  bold 1   b:1
//!                                        │                           to   1   a:1
//!                              shuffled by term, sorted by (term, document)
//! ```
//!
//! - *Shuffle*: a record for each term, document and task. The [secondary sort](crate::jobs::documents) does the work that
//!   the reducer would otherwise do in memory: the documents of a term arrive in order.
//! - *Combiner*: it saves what a term's repetitions within a document would cost. Without it every token is shuffled.
//! - *Skew*: a term that is in every line is a record a document and task, since the combiner has added up its tokens; its list
//!   is written as it is read, and is never longer than the list of the input's files.
//! - *Memory* helps little: the input is read once, and what is shuffled is much smaller than it.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::ToText;
use twinmill::reference::ReferenceRun;

use crate::jobs::documents::{Documents, TermInDocument, TermTable, TermsOfDocuments, for_each_document, term_len};
use crate::jobs::highlights::{Largest, first_of, grouped, number};
use crate::jobs::tokens::{Tokenizer, Tokens};

pub struct InvertedIndex;

#[derive(clap::Args)]
pub struct Options {
    /// What a term is
    #[arg(long, value_enum, value_name = "RULE", default_value = "letters")]
    tokens: Tokens,
}

/// A term's list as it is written: `emma:3,walden:1`, and the number of documents in it.
#[derive(Clone, Default)]
struct Postings {
    documents: u64,
    list: Vec<u8>,
}

impl Postings {
    fn clear(&mut self) {
        self.documents = 0;
        self.list.clear();
    }

    fn push(&mut self, name: &[u8], count: u64) {
        if self.documents > 0 {
            self.list.push(b',');
        }
        self.documents += 1;
        self.list.extend_from_slice(name);
        self.list.push(b':');
        count.write_text(&mut self.list);
    }
}

/// Lists the documents of a term.
#[derive(Clone)]
struct ListDocuments {
    documents: Arc<Documents>,
    postings: Postings,
}

impl Reducer for ListDocuments {
    type Key = TermInDocument;
    type Value = u64;
    type OutKey = [u8];
    type OutValue = (u64, Vec<u8>);

    fn reduce(
        &mut self,
        (term, _): TermInDocument,
        counts: &mut Values<u64>,
        out: &mut impl Emit<[u8], (u64, Vec<u8>)>,
    ) -> Result<()> {
        let ListDocuments { documents, postings } = self;
        postings.clear();
        for_each_document(counts, |document, count| postings.push(documents.name(document), count));
        out.emit(term, (postings.documents, &postings.list));
        Ok(())
    }
}

impl Program for InvertedIndex {
    type Options = Options;

    const NAME: &'static str = "inverted-index";
    const ABOUT: &'static str = "List the documents in which each term occurs, and how often";
    const SUBJECT: &'static str = "text";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Documents, Shape::bytes(40 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let documents = Documents::of(inputs, driver.inputs())?;
        let terms = TermsOfDocuments { tokenizer: Tokenizer::new(options.tokens), document: documents.of_lines() };
        let list = ListDocuments { documents, postings: Postings::default() };
        let job = Job::new(Self::NAME, terms, list).input(inputs).group_by_prefix(term_len).combine(Sum);
        driver.run(&job)?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let mut largest = Largest::new();
        output.each_record(|term, documents_and_list| {
            let documents = documents_and_list.split(|byte| *byte == b'\t').next().unwrap_or_default();
            largest.offer(number(documents)? as u64, term);
            Ok(())
        })?;
        let heading = first_of(largest.seen(), "terms", "most documents");
        let mut rows = vec![["term", "documents"].map(str::to_owned).to_vec()];
        rows.extend(largest.into_sorted().into_iter().map(|(documents, term)| vec![term, grouped(documents)]));
        Ok(Some(Highlights { heading, rows }))
    }
}

impl InvertedIndex {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (documents, table) = TermTable::read(inputs, &mut Tokenizer::new(options.tokens), run)?;
        let mut postings = Postings::default();
        table.for_each_sorted(run, |run, part, term, counts| {
            postings.clear();
            counts.iter().for_each(|(document, count)| postings.push(documents.name(*document), *count));
            run.write(part, term, &(postings.documents, &postings.list))
        })
    }
}
