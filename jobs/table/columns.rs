//! Columns as options name them: by number from 1, by their names in the header, or a range of numbers.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use twinmill::prelude::*;

use crate::jobs::shown::Shown;
use crate::jobs::table::Table;

/// Most columns of a range: a larger one is a slip.
const MOST: usize = 1 << 20;

/// A column as an option names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column(String);

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim();
        match name.parse::<usize>() {
            Ok(0) => Err("columns count from 1".into()),
            _ if name.is_empty() => Err("a column has a number from 1 or a name".into()),
            _ => Ok(Column(name.to_owned())),
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The columns of a table: how many there are and, where there is a header, their names.
#[derive(Clone, Copy, Debug)]
pub struct Heads<'t> {
    /// The file whose first row tells them.
    pub file: &'t Path,
    pub width: usize,
    pub names: Option<&'t [Vec<u8>]>,
}

impl<'t> From<&'t Table> for Heads<'t> {
    fn from(table: &'t Table) -> Self {
        Heads { file: &table.file, width: table.width, names: table.names.as_deref() }
    }
}

impl Column {
    /// Its place in a row, from 0.
    ///
    /// # Errors
    /// A column that the table does not have; a name that more than one has, or none, or without a header.
    pub fn find<'t>(&self, heads: impl Into<Heads<'t>>) -> Result<usize> {
        let heads = heads.into();
        let by_name = self.by_name(heads)?;
        let Some(number) = self.number() else {
            let column = by_name.ok_or_else(|| self.unknown(heads))?;
            let (names, width, file) = (heads.names.map_or(0, <[_]>::len), heads.width, heads.file.display());
            if names == width {
                return Ok(column);
            }
            return Err(Error::user(format!(
                "column {self}: the header of {file} has {names} names, but the rows have {width} columns; give the number of \
                 the column"
            )));
        };
        if by_name.is_some_and(|column| column + 1 != number) {
            let (name, file) = (&self.0, heads.file.display());
            return Err(Error::user(format!(
                "is {name} the number of a column of {file}, or the name of another? It is both"
            )));
        }
        if number > heads.width {
            return Err(beyond(number, heads));
        }
        Ok(number - 1)
    }

    /// Its number, where it is one, so that it can be found without a header.
    pub fn number(&self) -> Option<usize> {
        self.0.parse().ok()
    }

    fn by_name(&self, heads: Heads<'_>) -> Result<Option<usize>> {
        let names = heads.names.unwrap_or_default().iter().enumerate();
        let mut same = names.filter(|(_, name)| **name == self.0.as_bytes()).map(|(column, _)| column);
        match (same.next(), same.next()) {
            (Some(one), Some(other)) => Err(Error::user(format!(
                "columns {} and {} of {} are both named {}; give the number of one",
                one + 1,
                other + 1,
                heads.file.display(),
                self.0
            ))),
            (column, _) => Ok(column),
        }
    }

    fn unknown(&self, heads: Heads<'_>) -> Error {
        let (name, file) = (&self.0, heads.file.display());
        let Some(names) = heads.names else {
            return needs_header(format_args!("column {name}"));
        };
        const NAMED: usize = 40;
        let named: Vec<String> = names.iter().take(NAMED).map(|name| Shown(name).to_string()).collect();
        let more = if names.len() > NAMED { " and more" } else { "" };
        let meant = nearest(name, names).map(|name| format!("; did you mean {}?", Shown(name)));
        let hint = meant.unwrap_or_else(|| separator_hint(names).to_owned());
        Error::user(format!("there is no column {name}: the header of {file} has {}{more}{hint}", named.join(", ")))
    }
}

/// The error of an option that names a column of a table without a header.
pub fn needs_header(column: impl fmt::Display) -> Error {
    Error::Config(format!(
        "{column}: columns have names only where there is a header; pass --header, or the column's number"
    ))
}

fn beyond(number: usize, heads: Heads<'_>) -> Error {
    let has = if heads.width == 1 { "only one".into() } else { heads.width.to_string() };
    Error::user(format!("there is no column {number}: {} has {has}", heads.file.display()))
}

/// The name that was probably meant.
fn nearest<'n>(name: &str, names: &'n [Vec<u8>]) -> Option<&'n [u8]> {
    let name = name.to_lowercase();
    let distance = |other: &[u8]| {
        let other = String::from_utf8_lossy(other).to_lowercase();
        let (distance, letters) = (strsim::damerau_levenshtein(&name, &other), other.chars().count());
        (distance < letters && distance <= (letters / 3).clamp(1, 3)).then_some(distance)
    };
    let near = names.iter().filter_map(|other| Some((distance(other)?, &other[..])));
    near.min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

/// A hint at a header that seems to be cut by the wrong separator.
fn separator_hint(names: &[Vec<u8>]) -> &'static str {
    match names {
        [one] if one.contains(&b'\t') => "; it seems to be tsv, which --format says",
        [one] if one.contains(&b',') => "; it seems to be csv, which --format says",
        [one] if one.contains(&b';') => "; its columns seem to be separated by semicolons",
        _ => "",
    }
}

/// A column, or the columns of a range of numbers such as `5-7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    One(Column),
    Range { first: usize, last: usize },
}

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let ends = text.split_once('-').and_then(|(first, last)| number(first).zip(number(last)));
        match ends {
            Some((first, last)) if 1 <= first && first <= last && last <= MOST => Ok(Columns::Range { first, last }),
            Some(_) => Err("columns are numbers from 1, or ranges such as 5-7".into()),
            None => text.parse().map(Columns::One),
        }
    }
}

impl Columns {
    /// Their numbers, as far as they are known without a table.
    fn numbers(&self) -> Option<std::ops::RangeInclusive<usize>> {
        match self {
            Columns::Range { first, last } => Some(*first..=*last),
            Columns::One(column) => column.number().map(|number| number..=number),
        }
    }
}

/// Refuses columns of which one is named twice.
///
/// # Errors
/// [`Error::Config`] that names the option.
pub fn refuse_repeated(option: &str, columns: &[Columns]) -> Result<()> {
    let mut named = HashSet::new();
    match columns.iter().filter_map(Columns::numbers).flatten().find(|number| !named.insert(*number)) {
        None => Ok(()),
        Some(number) => Err(Error::Config(format!("{option}: column {number} is named twice"))),
    }
}

/// The places of all of these columns.
///
/// # Errors
/// Those of [`Column::find`].
pub fn find_all<'t>(columns: &[Columns], heads: impl Into<Heads<'t>>) -> Result<Vec<usize>> {
    let heads = heads.into();
    let mut places = Vec::new();
    for columns in columns {
        match columns {
            Columns::One(column) => places.push(column.find(heads)?),
            Columns::Range { first, last } if *last > heads.width => {
                return Err(beyond((*first).max(heads.width + 1), heads));
            }
            Columns::Range { first, last } => places.extend(first - 1..*last),
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["id", "name", "2", "name", "5"];

    fn find(column: &str, names: Option<&[Vec<u8>]>) -> Result<usize, String> {
        column
            .parse::<Column>()?
            .find(Heads { file: Path::new("t"), width: NAMES.len(), names })
            .map_err(|error| error.to_string())
    }

    fn names() -> Vec<Vec<u8>> {
        NAMES.map(|name| name.as_bytes().to_vec()).to_vec()
    }

    #[test]
    fn columns_have_numbers_and_names() {
        let names = names();
        assert_eq!(find("1", Some(&names)), Ok(0));
        assert_eq!(find("id", Some(&names)), Ok(0));
        assert_eq!(find("5", Some(&names)), Ok(4));
        for (column, said) in [
            ("2", "It is both"),
            ("name", "columns 2 and 4 of t are both named name"),
            ("6", "there is no column 6: t has 5"),
            ("0", "columns count from 1"),
            ("x", "there is no column x: the header of t has 'id', 'name'"),
            ("nmae", "did you mean 'name'?"),
            ("ID", "did you mean 'id'?"),
            (" ", "a number from 1 or a name"),
        ] {
            let error = find(column, Some(&names)).unwrap_err();
            assert!(error.contains(said), "{column}: {error}");
        }
        assert_eq!(find("2", None), Ok(1));
        let error = find("id", Some(&names[..4])).unwrap_err();
        assert!(error.contains("the header of t has 4 names, but the rows have 5 columns"), "{error}");
        assert!(find("id", None).unwrap_err().contains("pass --header, or the column's number"));
    }

    #[test]
    fn ranges_are_of_numbers() {
        let names = names();
        let heads = Heads { file: Path::new("t"), width: NAMES.len(), names: Some(&names) };
        let all = |list: &str| -> Result<Vec<usize>, String> {
            let columns = list.split(',').map(str::parse).collect::<Result<Vec<Columns>, String>>()?;
            refuse_repeated("--columns", &columns).map_err(|error| error.to_string())?;
            find_all(&columns, heads).map_err(|error| error.to_string())
        };
        assert_eq!(all("5,1-3,id"), Ok(vec![4, 0, 1, 2, 0]), "a name may be one of the numbers");
        for (list, said) in [
            ("5-3", "ranges such as 5-7"),
            ("0-3", "ranges such as 5-7"),
            ("1-1048577", "ranges such as 5-7"),
            ("1-3,2", "--columns: column 2 is named twice"),
            ("3-9", "there is no column 6: t has 5"),
            ("8-9", "there is no column 8: t has 5"),
        ] {
            let error = all(list).unwrap_err();
            assert!(error.contains(said), "{list}: {error}");
        }
    }

    #[test]
    fn a_header_that_is_cut_by_the_wrong_separator_is_recognised() {
        let names = [b"id\tname".to_vec()];
        let heads = Heads { file: Path::new("t"), width: 1, names: Some(&names) };
        let error = "id".parse::<Column>().unwrap().find(heads).unwrap_err();
        assert!(error.to_string().contains("seems to be tsv"), "{error}");
    }
}
