//! Guesses how a table is cut into columns: once, from its first rows, for the whole input.
//!
//! Each separator that may be meant is tried on the first rows. The one that leaves numbers where numbers are wanted,
//! in most of the rows, is the table's; spaces are tried last, since they occur within fields too. Where two leave
//! numbers in equally many rows, there is no telling, and `--separator` must settle it. A few bad rows, or a title that
//! was not announced, do not decide the guess.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use twinmill::prelude::*;

use crate::jobs::shown::lacks;
use crate::jobs::table::columns::Heads;
use crate::jobs::table::numbers::{Layout, Title};
use crate::jobs::table::separator::Separator;

/// Rows looked at.
const SAMPLED_ROWS: usize = 100;
/// Bytes looked at, unless the first row is longer.
const SAMPLED_BYTES: usize = 1 << 20;

/// The way in which lines are cut into fields.
#[derive(Clone, Debug)]
pub struct Cut {
    pub separator: Separator,
    /// Fields of a row.
    pub width: usize,
    /// Whether the first row of the input has that many fields.
    pub first_has_width: bool,
    /// The first sound row among those looked at, if there is one.
    pub sound: Option<Vec<u8>>,
    /// The file with the first row, or with the header where there is one.
    file: PathBuf,
    /// Names of the columns, where there is a header.
    names: Option<Vec<Vec<u8>>>,
}

impl Cut {
    /// Looks at the first rows of an input.
    ///
    /// # Errors
    /// An input without rows; one that can be cut in two ways.
    pub fn of(inputs: &[PathBuf], layout: &Layout, seen: &Inputs) -> Result<Self> {
        let (mut rows, mut bytes, mut title, mut file) = (Vec::new(), 0, None, None);
        seen.scan::<Lines>(inputs, |line| {
            file.get_or_insert_with(|| line.path().to_owned());
            if layout.is_title(&line) {
                title.get_or_insert_with(|| line.to_vec());
            } else if !line.trim_ascii().is_empty() {
                bytes += line.len();
                rows.push(line.to_vec());
            }
            let enough = rows.len() == SAMPLED_ROWS || bytes >= SAMPLED_BYTES;
            Ok(if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if rows.is_empty() {
            return Err(lacks(if layout.title == Title::Skip { "rows below its header" } else { "rows" }, inputs));
        }
        let cut = choose(&rows, title.as_deref(), layout)?;
        Ok(Cut { file: file.unwrap_or_default(), ..cut })
    }

    /// The columns.
    pub fn heads(&self) -> Heads<'_> {
        Heads { file: &self.file, width: self.width, names: self.names.as_deref() }
    }
}

fn choose(rows: &[Vec<u8>], title: Option<&[u8]>, layout: &Layout) -> Result<Cut> {
    if let Some(separator) = layout.separator {
        return Ok(Trial::of(separator, rows, title, layout).cut);
    }
    let trials = Separator::GUESSED.map(|separator| Trial::of(separator, rows, title, layout));
    let (spaces, others) = trials.split_last().expect("spaces are the last");
    let most = others.iter().filter(|trial| trial.cut.width > 1).map(|trial| trial.fitting).max().unwrap_or(0);
    let mut best = others.iter().filter(|trial| trial.cut.width > 1 && trial.fitting == most);
    let first = best.next();
    if most > 0 {
        if let (Some(first), Some(second)) = (first, best.next()) {
            let (first, second) = (first.cut.separator, second.cut.separator);
            return Err(Error::user(format!(
                "is a {first} or a {second} between the fields? The first rows have numbers where they are wanted either \
                 way; say which with --separator"
            )));
        }
    } else if spaces.cut.width > 1 && (spaces.fitting > 0 || first.is_none()) {
        return Ok(spaces.cut.clone());
    }
    // A line without any separator is one field, whatever separates others.
    Ok(first.unwrap_or(&trials[0]).cut.clone())
}

/// The result of cutting the rows by one separator.
struct Trial {
    cut: Cut,
    /// Rows with numbers where numbers are wanted.
    fitting: usize,
}

impl Trial {
    fn of(separator: Separator, rows: &[Vec<u8>], title: Option<&[u8]>, layout: &Layout) -> Self {
        let widths: Vec<usize> = rows.iter().map(|row| separator.count(row).unwrap_or(0)).collect();
        let width = most_frequent(&widths);
        let first_has_width = widths[0] == width;
        // The reader of the header says what is wrong with one that cannot be cut.
        let names = title.map(|title| separator.fields(title).unwrap_or_default());
        let roles = layout.roles(Heads { file: Path::new(""), width, names: names.as_deref() }).unwrap_or_default();
        let fits = |row: &[u8]| {
            let mut roles = roles.iter();
            let all = separator.each_field(row, |field| match roles.next() {
                Some(role) if !role.is_feature() || layout.may_be_feature(field) => Ok(()),
                _ => Err(Error::Cancelled),
            });
            all.is_ok() && roles.next().is_none()
        };
        let mut fitting = rows.iter().filter(|row| fits(row));
        let sound = fitting.next().cloned();
        let fitting = usize::from(sound.is_some()) + fitting.count();
        Trial { cut: Cut { separator, width, first_has_width, sound, file: PathBuf::new(), names }, fitting }
    }
}

/// The width that most rows have; of several, the one that comes first. Rows that cannot be cut, of width 0, do not count.
fn most_frequent(widths: &[usize]) -> usize {
    let count = |width: usize| widths.iter().filter(|other| **other == width).count();
    let sound = widths.iter().copied().filter(|width| *width > 0);
    sound.reduce(|best, width| if count(width) > count(best) { width } else { best }).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::table::labels::Label;

    fn guess(rows: &[&str], layout: &Layout) -> Result<Cut> {
        choose(&rows.iter().map(|row| row.as_bytes().to_vec()).collect::<Vec<_>>(), None, layout)
    }

    #[track_caller]
    fn assert_guessed(rows: &[&str], layout: &Layout, separator: &str, width: usize) {
        let cut = guess(rows, layout).unwrap();
        assert_eq!((cut.separator.to_string().as_str(), cut.width), (separator, width), "{rows:?}");
    }

    fn labelled() -> Layout {
        Layout { label: Some(Label { column: "1".parse().unwrap(), positive: "1".into() }), ..Layout::default() }
    }

    fn columns(columns: &[usize]) -> Layout {
        let columns = columns.iter().map(|column| column.to_string().parse().unwrap());
        Layout { columns: Some(columns.collect()), ..Layout::default() }
    }

    #[test]
    fn the_separator_is_the_one_that_leaves_numbers() {
        let all = Layout::default();
        assert_guessed(&["1,2", "3,4"], &all, "comma", 2);
        assert_guessed(&["1\t2"], &all, "tab", 2);
        assert_guessed(&["1;2"], &all, "semicolon", 2);
        assert_guessed(&["1  2 3"], &all, "space", 3);
        assert_guessed(&["1, 2,\t3"], &all, "comma", 3);
        assert_guessed(&["Doe, J\t1\t2"], &columns(&[2, 3]), "tab", 3);
        assert_guessed(&["New York, 5"], &labelled(), "comma", 2);
        assert_guessed(&["a;b,5"], &labelled(), "comma", 2);
        assert_guessed(&["x,y 1 2"], &labelled(), "space", 3);
        assert_guessed(&["A 5 st,6,7"], &columns(&[2]), "comma", 3);
        assert_guessed(&["\"a,1;b\";1.5"], &labelled(), "semicolon", 2);
        assert_guessed(&["7"], &all, "comma", 1);
    }

    #[test]
    fn neither_a_title_nor_some_bad_rows_decide() {
        assert_guessed(&["a;b c", "1,2", "3,4"], &Layout::default(), "comma", 2);
        assert_guessed(&["1", "1,2,3", "\"1,2", "3,4", "5,6"], &Layout::default(), "comma", 2);
        let cut = guess(&["1,2,3", "1,2", "3,4"], &Layout::default()).unwrap();
        assert_eq!((cut.width, cut.first_has_width, cut.sound.as_deref()), (2, false, Some(&b"1,2"[..])));
        let cut = guess(&["1,2,3", "1,2"], &Layout::default()).unwrap();
        assert_eq!((cut.width, cut.first_has_width), (3, true), "of as many, the first");
    }

    #[test]
    fn names_in_the_header_say_which_columns_must_be_numbers() {
        let rows = ["a;1;b,2,c", "d;3;e,4,f"].map(|row| row.as_bytes().to_vec());
        let named = |name: &str| Layout { columns: Some(vec![name.parse().unwrap()]), ..Layout::default() };
        let cut = choose(&rows, Some(b"w;x;y"), &named("x")).unwrap();
        assert_eq!((cut.separator, cut.width), (Separator::Byte(b';'), 3));
        let cut = choose(&rows, Some(b"x;y,z,w"), &named("z")).unwrap();
        assert_eq!((cut.separator, cut.width), (Separator::Byte(b','), 3));
    }

    #[test]
    fn what_can_be_cut_in_two_ways_must_be_said() {
        let error = guess(&["a;1;b,2,c", "d;3;e,4,f"], &columns(&[2])).unwrap_err().to_string();
        assert!(error.contains("comma") && error.contains("semicolon") && error.contains("--separator"), "{error}");
        let said = Layout { separator: Some(Separator::Byte(b';')), ..columns(&[2]) };
        assert_guessed(&["a;1;b,2,c"], &said, "semicolon", 3);
    }
}
