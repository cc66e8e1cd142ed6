//! The jobs that come with twinmill, one file each. They use only the public API, so each is an example of a job.
//!
//! | job | result |
//! |---|---|
//! | [`wordcount`] | number of occurrences of each word; `--no-combiner` shuffles every word |
//! | [`inverted_index`] | the documents in which each term occurs |
//! | [`bigrams`] | number of times each token follows another: pairs or stripes, counts or shares |
//! | [`pmi`] | pairs of tokens that stand in one line more often than by chance |
//! | [`tfidf`] | weights of terms in documents |
//! | [`wordmean`], [`wordmedian`], [`wordstandarddeviation`] | of the lengths of words |
//! | [`top`] | the records with the greatest numbers |
//! | [`distinct`] | each line once |
//! | [`sample`] | some lines by chance, the same ones in every run |
//! | [`anagrams`] | words that are made of the same letters |
//! | [`grep`] | number of occurrences of each match of `--pattern`, most frequent first: two jobs in a chain |
//! | [`sort`] | the lines in byte order over all parts |
//! | [`terasort`] | 100-byte records by their 10-byte key |
//! | [`terasort_validate`] | whether records are sorted and, `--against` an input, whether they are the same ones |
//! | [`pagerank`] | ranks of the nodes of a graph, by networkx's definition |
//! | [`components`] | connected components: union-find in each split, and one join of the forests |
//! | [`degrees`] | edges that lead to each node, and from it |
//! | [`bfs`] | levels of a breadth-first search |
//! | [`triangles`] | triangles that each node is in |
//! | [`common_friends`] | common friends of every two friends |
//! | [`people_you_may_know`] | people with the most friends in common, who are no friends yet |
//! | [`asymmetric_friends`] | edges that do not go back |
//! | [`pi`] | an estimate of pi, without any input |
//! | [`logreg`] | logistic regression by gradient descent |
//! | [`statistics`] | mean, deviation and range of each column |
//! | [`linear`] | linear regression, exactly |
//! | [`pca`] | principal components |
//! | [`svm`] | a support vector machine by Newton's method |
//! | [`naive_bayes`] | words that tell classes of texts apart |
//! | [`gmm`] | a mixture of Gaussians |
//! | [`als`] | traits of users and items, by alternating least squares |
//! | [`matrix_multiply`] | the product of two sparse matrices |
//! | [`kmeans`] | clusters of points by Lloyd's algorithm |
//! | [`select`] | columns of the rows of a table that meet conditions: maps only |
//! | [`aggregate`] | counts, exact sums, means, extremes and distinct values of the groups of a table |
//! | [`join`] | rows of two tables that have the same key, by a secondary sort or with one table in every task |
//! | [`secondary_sort`] | the rows of each key of a table in an order of their own |
//! | [`dashboard`] | tables and a page of an access log, in one pass over it |
//!
//! The other files are shared by the jobs: graph inputs ([`edges`]), text ([`tokens`], [`documents`], [`files`], [`lines`],
//! [`line_sorter`], [`least`], [`lengths`], [`decimals`], [`tally`]), tables ([`table`]), models of tables of numbers ([`sums`], [`lanes`],
//! [`scaling`], [`moments`], [`triangle`], [`algebra`], [`seeds`], [`trial`]), messages ([`shown`]) and what a run shows of its output
//! ([`highlights`]). The dashboard has files of its own: [`requests`], [`summaries`], [`dashboard_page`].
//!
//! A new job is a file here, with a plain single-threaded reference to compare it with; a `mod` line, a line in [`all`], which is
//! the order of `twinmill list`, and a row in the table above. [`Program`](twinmill::program::Program) says what each item of it
//! is for. A key is `[u8]` or `str` alone, and `Vec<u8>` or `String` as a part of a tuple; what is emitted may borrow.

mod aggregate;
mod algebra;
mod als;
mod anagrams;
mod asymmetric_friends;
mod bfs;
mod bigrams;
mod common_friends;
mod components;
mod dashboard;
mod dashboard_page;
mod decimals;
mod degrees;
mod distinct;
mod documents;
mod edges;
mod files;
mod gmm;
mod grep;
mod highlights;
mod inverted_index;
mod join;
mod kmeans;
mod lanes;
mod least;
mod lengths;
mod line_sorter;
mod linear;
mod lines;
mod logreg;
mod matrix_multiply;
mod moments;
mod naive_bayes;
mod numbers;
mod pagerank;
mod pca;
mod people_you_may_know;
mod pi;
mod pmi;
mod requests;
mod sample;
mod scaling;
mod secondary_sort;
mod seeds;
mod select;
mod shown;
mod sort;
mod statistics;
mod summaries;
mod sums;
mod svm;
mod table;
mod tally;
mod terasort;
mod terasort_validate;
mod tfidf;
mod tokens;
mod top;
mod trial;
mod triangle;
mod triangles;
mod wordcount;
mod wordmean;
mod wordmedian;
mod wordstandarddeviation;

use twinmill::program::AnyProgram;

/// The jobs, in the order of `twinmill list`.
pub fn all() -> Vec<Box<dyn AnyProgram>> {
    vec![
        Box::new(wordcount::WordCount),
        Box::new(grep::Grep),
        Box::new(inverted_index::InvertedIndex),
        Box::new(bigrams::Bigrams),
        Box::new(pmi::Pmi),
        Box::new(tfidf::TfIdf),
        Box::new(wordmean::WordMean),
        Box::new(wordmedian::WordMedian),
        Box::new(wordstandarddeviation::WordStandardDeviation),
        Box::new(top::Top),
        Box::new(distinct::Distinct),
        Box::new(sample::Sample),
        Box::new(anagrams::Anagrams),
        Box::new(sort::Sort),
        Box::new(terasort::Terasort),
        Box::new(terasort_validate::TerasortValidate),
        Box::new(pagerank::PageRank),
        Box::new(components::Components),
        Box::new(degrees::Degrees),
        Box::new(bfs::Bfs),
        Box::new(triangles::Triangles),
        Box::new(common_friends::CommonFriends),
        Box::new(people_you_may_know::PeopleYouMayKnow),
        Box::new(asymmetric_friends::AsymmetricFriends),
        Box::new(pi::Pi),
        Box::new(logreg::LogisticRegression),
        Box::new(kmeans::KMeans),
        Box::new(select::Select),
        Box::new(aggregate::Aggregate),
        Box::new(join::Join),
        Box::new(secondary_sort::SecondarySort),
        Box::new(dashboard::Dashboard),
        Box::new(statistics::Statistics),
        Box::new(linear::Linear),
        Box::new(pca::Pca),
        Box::new(svm::Svm),
        Box::new(naive_bayes::NaiveBayes),
        Box::new(gmm::Gmm),
        Box::new(als::Als),
        Box::new(matrix_multiply::MatrixMultiply),
    ]
}

/// Parses a tolerance: a change that is smaller counts as none.
fn tolerance(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    value.ok_or_else(|| "must be a number, at least 0".into())
}
