//! Documents: the files of an input, each with a number, and how often terms occur in them.
//!
//! ```text
//! books/emma.txt          name "emma"      number 0        numbers have the order of the names
//! books/walden.txt.gz     name "walden.txt"       1
//! ```
//!
//! What is shuffled is a term, the number of a document, and a count. Numbers are four bytes where names are as long as people
//! make them, and they sort as their names do; the reducer writes the names. The key is (term, document), and a term is a group:
//! a secondary sort brings the documents of a term in order, however many there are, and none is held while the next is read.
//!
//! The combiner adds up the counts of a term in a document, so a task sends a record for each of its terms and documents,
//! not for each token.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use twinmill::prelude::*;
use twinmill::record::ToKey;
use twinmill::reference::ReferenceRun;

use crate::jobs::files::FileOf;
use crate::jobs::shown::Shown;
use crate::jobs::tokens::Tokenizer;

/// The documents of an input. The task of every split has them: some hundred bytes a file, as the list of the files takes.
#[derive(Debug)]
pub struct Documents {
    /// In byte order; a document's number is its place.
    names: Vec<Box<[u8]>>,
    numbers: FileOf,
}

impl Documents {
    /// The files at and below `inputs`, named by their file names without the last extension.
    ///
    /// # Errors
    /// Two files of one name, a name that would break a line of the output, and files that cannot be listed.
    pub fn of(inputs: &[PathBuf], seen: &Inputs) -> Result<Arc<Self>> {
        let files = seen.files(inputs)?;
        let mut named: Vec<(&[u8], &Path)> = files.iter().map(|file| (name_of(file.name()), &**file.name())).collect();
        named.sort_unstable();
        if let Some((name, path)) = named.iter().find(|(name, _)| name.iter().any(|byte| b"\t\n".contains(byte))) {
            return Err(breaks_a_line(name, path));
        }
        if let Some(pair) = named.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(of_one_name(pair[0].0, pair[0].1, pair[1].1));
        }
        let names = named.iter().map(|(name, _)| (*name).into()).collect();
        let numbers = FileOf::numbered(named.iter().map(|(_, path)| *path).zip(0..));
        Ok(Arc::new(Documents { names, numbers }))
    }

    /// Number of documents, empty ones too.
    pub fn count(&self) -> u32 {
        self.names.len() as u32
    }

    /// Tells the number of the document that a line is from.
    pub fn of_lines(&self) -> FileOf {
        self.numbers.clone()
    }

    /// The name of the document with a number.
    pub fn name(&self, number: u32) -> &[u8] {
        &self.names[number as usize]
    }
}

/// A file name without its last extension.
fn name_of(path: &Path) -> &[u8] {
    path.file_stem().unwrap_or(path.as_os_str()).as_bytes()
}

#[cold]
fn of_one_name(name: &[u8], one: &Path, other: &Path) -> Error {
    let (name, one, other) = (Shown(name), one.display(), other.display());
    Error::wrong_input(format!(
        "two documents have the name {name}: {one} and {other}; a document is named by its file without the last extension, so \
         rename one of them, or give only one as input"
    ))
}

#[cold]
fn breaks_a_line(name: &[u8], path: &Path) -> Error {
    let what = if name.contains(&b'\n') { "a line feed" } else { "a TAB" };
    Error::wrong_input(format!(
        "the document {} has {what} in its name {}, which would break the lines of the output; rename it",
        path.display(),
        Shown(name)
    ))
}

/// A term and the number of a document.
pub type TermInDocument = (Vec<u8>, u32);

/// Bytes of an encoded key that are the number of the document.
const NUMBER_BYTES: usize = size_of::<u32>();

/// Length of the term at the front of an encoded key.
pub fn term_len(key: &[u8]) -> usize {
    key.len() - NUMBER_BYTES
}

/// Emits each token of a line with the document that the line is from, and 1.
#[derive(Clone, Debug)]
pub struct TermsOfDocuments {
    pub tokenizer: Tokenizer,
    pub document: FileOf,
}

impl Mapper for TermsOfDocuments {
    type Input = Lines;
    type Key = TermInDocument;
    type Value = u64;

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<TermInDocument, u64>) -> Result<()> {
        let document = self.document.number(&line)?;
        self.tokenizer.of(line.bytes()).for_each(|term| out.emit((term, document), 1));
        Ok(())
    }
}

/// Calls `each` with each document of a term, in order, and the count of the term in it.
pub fn for_each_document(counts: &mut Values<u64>, mut each: impl FnMut(u32, u64)) {
    let mut current: Option<(u32, u64)> = None;
    while let Some((key, count)) = counts.next_with_key() {
        let number = key.last_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        match &mut current {
            // A document that was cut has a count from each of its splits.
            Some((document, sum)) if *document == number => *sum += count,
            _ => {
                if let Some((document, sum)) = current.replace((number, count)) {
                    each(document, sum);
                }
            }
        }
    }
    if let Some((document, sum)) = current {
        each(document, sum);
    }
}

/// The counts of terms in documents, without the framework.
#[derive(Debug, Default)]
pub struct TermTable {
    terms: HashMap<Vec<u8>, Vec<(u32, u64)>>,
}

impl TermTable {
    pub fn read(inputs: &[PathBuf], tokenizer: &mut Tokenizer, run: &ReferenceRun) -> Result<(Arc<Documents>, Self)> {
        let documents = Documents::of(inputs, run.inputs())?;
        let (mut document, mut table) = (documents.of_lines(), TermTable::default());
        run.for_each_line(inputs, |line| {
            let document = document.number(&line)?;
            tokenizer.of(line.bytes()).for_each(|term| table.count(term, document));
            Ok(())
        })?;
        Ok((documents, table))
    }

    fn count(&mut self, term: &[u8], document: u32) {
        let counts = self.terms.entry_ref(term).or_default();
        match counts.last_mut() {
            Some((last, count)) if *last == document => *count += 1,
            _ => counts.push((document, 1)),
        }
    }

    /// Calls `each` with each term in byte order, its documents and counts in order, and the part that the term belongs to.
    pub fn for_each_sorted(
        self,
        run: &mut ReferenceRun,
        mut each: impl FnMut(&mut ReferenceRun, u32, &[u8], &[(u32, u64)]) -> Result<()>,
    ) -> Result<()> {
        let mut terms: Vec<_> = self.terms.into_iter().collect();
        terms.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut key = Vec::new();
        terms.iter_mut().try_for_each(|(term, counts)| {
            // Files are read in the order of their paths, which may not be that of their names.
            counts.sort_unstable();
            key.clear();
            ToKey::<Vec<u8>>::encode_part(term, &mut key);
            let part = run.partition(&key);
            each(run, part, term, counts)
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn documents_are_numbered_in_the_order_of_their_names() {
        use super::*;

        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "text").unwrap();
        };
        ["a/zebra.txt", "b/ant.tar.gz", "b/ox", "c/.hidden"].into_iter().for_each(write);
        let of = || Documents::of(&[dir.path().to_owned()], &Inputs::default());
        let documents = of().unwrap();
        let names: Vec<&[u8]> = (0..documents.count()).map(|number| documents.name(number)).collect();
        assert_eq!(names, [&b"ant.tar"[..], b"ox", b"zebra"], "names that begin with a dot are no input");
        write("c/ox.md");
        let error = of().unwrap_err().to_string();
        assert!(error.contains("two documents have the name 'ox'") && error.contains("c/ox.md; "), "{error}");
        std::fs::remove_file(dir.path().join("c/ox.md")).unwrap();
        write("c/a\tb.txt");
        assert!(of().unwrap_err().to_string().contains("has a TAB in its name 'a\\tb'"));
    }
}
