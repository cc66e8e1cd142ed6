//! Columns as options name them: by number from 1, or by their names in the header.

use std::str::FromStr;

use twinmill::prelude::*;

use crate::jobs::shown::Shown;
use crate::jobs::table::Table;

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

impl Column {
    /// Its place in a row, from 0.
    ///
    /// # Errors
    /// A column that the table does not have; a name that more than one has, or none, or without a header.
    pub fn find(&self, table: &Table) -> Result<usize> {
        let by_name = self.by_name(table)?;
        let Ok(number) = self.0.parse::<usize>() else {
            return by_name.ok_or_else(|| self.unknown(table));
        };
        if by_name.is_some_and(|column| column + 1 != number) {
            let name = &self.0;
            return Err(Error::user(format!("is {name} the number of a column, or the name of another? It is both")));
        }
        if number > table.width {
            let are = if table.width == 1 { "is only one".into() } else { format!("are {}", table.width) };
            return Err(Error::user(format!("there is no column {number}: there {are}")));
        }
        Ok(number - 1)
    }

    fn by_name(&self, table: &Table) -> Result<Option<usize>> {
        let names = table.names.iter().flatten().enumerate();
        let mut same = names.filter(|(_, name)| **name == self.0.as_bytes()).map(|(column, _)| column);
        match (same.next(), same.next()) {
            (Some(one), Some(other)) => Err(Error::user(format!(
                "columns {} and {} are both named {}; give the number of one",
                one + 1,
                other + 1,
                self.0
            ))),
            (column, _) => Ok(column),
        }
    }

    fn unknown(&self, table: &Table) -> Error {
        let name = &self.0;
        Error::user(match &table.names {
            None => format!("there is no column {name}: without --header, columns have numbers from 1"),
            Some(names) => {
                const NAMED: usize = 40;
                let named: Vec<String> = names.iter().take(NAMED).map(|name| Shown(name).to_string()).collect();
                let more = if names.len() > NAMED { " and more" } else { "" };
                format!("there is no column {name}: the header has {}{more}", named.join(", "))
            }
        })
    }
}

/// The places of all of these columns.
///
/// # Errors
/// Those of [`Column::find`].
pub fn find_all(columns: &[Column], table: &Table) -> Result<Vec<usize>> {
    columns.iter().map(|column| column.find(table)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::table::Format;

    fn table(names: &[&str]) -> Table {
        let names = names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
        Table { format: Format::Csv, width: names.len(), names: Some(names), null: Vec::new() }
    }

    fn find(column: &str, table: &Table) -> Result<usize, String> {
        column.parse::<Column>()?.find(table).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_have_numbers_and_names() {
        let named = table(&["id", "name", "2", "name", "5"]);
        assert_eq!(find("1", &named), Ok(0));
        assert_eq!(find("id", &named), Ok(0));
        assert_eq!(find("5", &named), Ok(4));
        for (column, said) in [
            ("2", "it is both"),
            ("name", "columns 2 and 4 are both named name"),
            ("6", "there is no column 6: there are 5"),
            ("0", "columns count from 1"),
            ("x", "there is no column x: the header has 'id', 'name'"),
            (" ", "a number from 1 or a name"),
        ] {
            let error = find(column, &named).unwrap_err();
            assert!(error.to_lowercase().contains(&said.to_lowercase()), "{column}: {error}");
        }
        let unnamed = Table { names: None, ..named };
        assert_eq!(find("2", &unnamed), Ok(1));
        assert!(find("id", &unnamed).unwrap_err().contains("without --header"));
    }
}
