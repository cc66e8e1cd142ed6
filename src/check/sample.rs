//! A small input, by lines, that can be permuted and made smaller.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::check::law::{LineOrder, Lines};
use crate::error::{Error, Result};
use crate::input::{self, Inputs};

/// The lines of an input, or of its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// The paths that the job is given: whether each is a directory.
    roots: Vec<Root>,
    /// The files, in the order of the input.
    pub files: Vec<SampledFile>,
    /// Whether the input has more than this.
    pub is_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    File,
    Directory,
}

/// The lines of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledFile {
    root: usize,
    /// Its path below the path that the job is given; its name where it is that path.
    pub name: PathBuf,
    /// Its lines, each with its newline.
    pub lines: Vec<Vec<u8>>,
}

impl Sample {
    /// One file with this text.
    pub fn of_text(text: impl AsRef<[u8]>) -> Self {
        let lines = text.as_ref().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let files = vec![SampledFile { root: 0, name: "input".into(), lines }];
        Sample { roots: vec![Root::File], files, is_cut: false }
    }

    /// The lines at the beginning of each file at and below `paths`, so many bytes in all: of each file its share.
    ///
    /// # Errors
    /// Those of reading them.
    pub fn read(paths: &[PathBuf], inputs: &Inputs, most_bytes: u64) -> Result<Self> {
        let mut sample = Sample::default();
        let total = inputs.bytes(paths)?.max(1);
        for (root, path) in paths.iter().enumerate() {
            let only = [path.clone()];
            sample.roots.push(if path.is_dir() { Root::Directory } else { Root::File });
            for file in inputs.files(&only)?.iter() {
                let share = u128::from(most_bytes) * u128::from(file.bytes) / u128::from(total);
                let lines = sample.lines_of(&file.path, inputs, share as usize)?;
                let below = file.path.strip_prefix(path).ok().filter(|name| !name.as_os_str().is_empty());
                let name = below.or_else(|| file.path.file_name().map(Path::new)).unwrap_or(Path::new("input"));
                sample.files.push(SampledFile { root, name: name.to_owned(), lines });
            }
        }
        Ok(sample)
    }

    /// The first lines of a file, at least one.
    fn lines_of(&mut self, path: &Path, inputs: &Inputs, most_bytes: usize) -> Result<Vec<Vec<u8>>> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        inputs.scan::<input::Lines>(&[path.to_owned()], |line| {
            bytes += line.len() + 1;
            if bytes > most_bytes && !lines.is_empty() {
                self.is_cut = true;
                return Ok(ControlFlow::Break(()));
            }
            lines.push([&line[..], b"\n"].concat());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(lines)
    }

    /// Lines of all files.
    pub fn lines(&self) -> usize {
        self.files.iter().map(|file| file.lines.len()).sum()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().flat_map(|file| &file.lines).map(|line| line.len() as u64).sum()
    }

    /// The text of all files, one after another, as far as it is text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.files.iter().flat_map(|file| file.lines.concat()).collect::<Vec<_>>())
            .into_owned()
    }

    /// The same files with their lines in another order.
    pub(super) fn permuted(&self, lines: Lines, order: LineOrder, seed: u64) -> Self {
        let header = usize::from(order == LineOrder::FreeBelowHeader);
        let mut permuted = self.clone();
        for file in &mut permuted.files {
            // A last line without a newline would be joined to the one that comes to stand behind it.
            if let Some(last) = file.lines.last_mut().filter(|last| !last.ends_with(b"\n")) {
                last.push(b'\n');
            }
            let mut rows = rows(std::mem::take(&mut file.lines));
            let header = header.min(rows.len());
            match lines {
                Lines::AsGiven => {}
                Lines::Reversed => rows[header..].reverse(),
                Lines::Shuffled => shuffle(&mut rows[header..], seed),
            }
            file.lines = rows.concat();
        }
        permuted
    }

    /// Writes the files below a directory that does not exist; returns the paths that the job is given.
    pub(super) fn write(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        let make = |dir: &Path| fs::create_dir_all(dir).map_err(Error::at("create", dir));
        let base = |root: usize| dir.join(root.to_string());
        (0..self.roots.len()).try_for_each(|root| make(&base(root)))?;
        let mut roots: Vec<PathBuf> = (0..self.roots.len()).map(base).collect();
        for file in &self.files {
            let path = base(file.root).join(&file.name);
            make(path.parent().expect("it lies below a directory"))?;
            fs::write(&path, file.lines.concat()).map_err(Error::at("write", &path))?;
            if self.roots[file.root] == Root::File {
                roots[file.root] = path;
            }
        }
        Ok(roots)
    }
}

/// Lines that stay together in any order: a quote that opens on one and closes on a later one makes all of them one row of
/// a table. Where a quote never closes, lines stand alone.
fn rows(lines: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let quotes = |line: &[u8]| memchr::memchr_iter(b'"', line).count();
    let mut rows: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut is_open = false;
    for line in lines {
        let was_open = is_open;
        is_open ^= quotes(&line) % 2 == 1;
        match rows.last_mut().filter(|_| was_open) {
            Some(row) => row.push(line),
            None => rows.push(vec![line]),
        }
    }
    if is_open {
        let open = rows.pop().unwrap_or_default();
        rows.extend(open.into_iter().map(|line| vec![line]));
    }
    rows
}

/// Shuffles by Fisher and Yates, with the numbers of Steele, Lea and Flood's SplitMix64.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut draw = state;
        draw = (draw ^ (draw >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        draw = (draw ^ (draw >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        draw ^= draw >> 31;
        items.swap(last, ((u128::from(draw) * (last as u128 + 1)) >> 64) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_permuted_below_a_header_and_stay_lines() {
        let sample = Sample::of_text("head\na\nb\nc\nd");
        let reversed = sample.permuted(Lines::Reversed, LineOrder::FreeBelowHeader, 1);
        assert_eq!(reversed.text(), "head\nd\nc\nb\na\n");
        let shuffled = sample.permuted(Lines::Shuffled, LineOrder::Free, 1);
        let mut lines: Vec<_> =
            shuffled.files[0].lines.concat().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        assert_ne!(shuffled.text(), sample.text());
        lines.sort();
        assert_eq!(lines, [&b""[..], b"a", b"b", b"c", b"d", b"head"]);
    }

    #[test]
    fn a_row_whose_quotes_go_on_stays_in_one_piece() {
        let reversed = |text: &str| Sample::of_text(text).permuted(Lines::Reversed, LineOrder::Free, 1).text();
        assert_eq!(reversed("a,\"b\n\n\"\"c\",d\ne\nf\n"), "f\ne\na,\"b\n\n\"\"c\",d\n");
        assert_eq!(reversed("5\" nail\na\nb\n"), "b\na\n5\" nail\n", "a quote that never closes");
    }

    #[test]
    fn a_sample_has_the_files_of_its_input_and_their_first_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir_all(path("many/below")).unwrap();
        fs::write(path("many/a.txt"), "1\n2\n").unwrap();
        fs::write(path("many/below/b.txt"), "3").unwrap();
        fs::write(path("one.txt"), "x\n".repeat(100)).unwrap();
        let sample = Sample::read(&[path("many"), path("one.txt")], &Inputs::default(), 103).unwrap();
        assert!(sample.is_cut && sample.bytes() <= 105, "{sample:?}");
        let roots = sample.write(&path("copy")).unwrap();
        assert_eq!(roots, [path("copy/0"), path("copy/1/one.txt")]);
        assert_eq!(fs::read(path("copy/0/below/b.txt")).unwrap(), b"3\n");
        assert!(fs::read(path("copy/1/one.txt")).unwrap().starts_with(b"x\nx\n"));
    }
}
