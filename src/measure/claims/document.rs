//! Reads tables of TOML whose keys are known, and remembers where everything stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::measure::claims::position::Position;
use crate::measure::claims::statement::FaultKind;

/// A thing that is wrong in a claim file.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Where.
    pub at: Position,
    /// The key that it is about, with those of the tables around it; empty for the whole file.
    pub key: String,
    /// What.
    pub why: Why,
}

/// A kind of thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// It is no TOML, as the parser says.
    NoToml(String),
    /// There is no such key; these are known here.
    UnknownKey(&'static [&'static str]),
    /// A key is missing.
    Missing(&'static str),
    /// The value is of another type.
    Type {
        /// What it should be.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// The value is none of those that are known.
    Unknown {
        /// The kind of thing.
        what: &'static str,
        /// The value.
        name: String,
        /// Those that are known.
        known: Vec<String>,
    },
    /// The value is not written as it should be.
    Malformed(String),
    /// A version of the format that this program does not read.
    Version(i64),
    /// The same name a second time.
    Again(String),
    /// The list is empty, or the text is.
    Empty,
    /// A statement that cannot be read.
    Statement(FaultKind),
    /// A figure that needs another key of the comparison.
    Needs {
        /// The key.
        key: &'static str,
    },
    /// A figure that grows, of a column that does not.
    DoesNotGrow(String),
    /// A relation without a figure, which no measurement can settle.
    NothingMeasured,
    /// A reason for a statement that compares no times of two columns.
    NothingToExplain,
    /// A second setting that cannot go with the key.
    Conflict(&'static str),
    /// The comparison's options are none, as the command line says.
    Options(String),
}

/// A value and the byte at which it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its first byte in the file.
    pub at: usize,
}

/// A table whose keys are known.
pub struct Reader<'t> {
    text: &'t str,
    table: &'t DeTable<'t>,
    path: String,
    at: usize,
}

impl<'t> Reader<'t> {
    /// The table at a path of keys.
    ///
    /// # Errors
    /// [`Refusal`] of the first key that is not among those that are known.
    pub fn of(
        text: &'t str,
        table: &'t DeTable<'t>,
        (path, at): (String, usize),
        known: &'static [&'static str],
    ) -> Result<Self, Refusal> {
        let reader = Reader { text, table, path, at };
        let mut unknown: Vec<&Spanned<_>> =
            table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).collect();
        unknown.sort_by_key(|key| key.span().start);
        match unknown.first() {
            Some(key) => Err(reader.refusal(key.span().start, key.get_ref(), Why::UnknownKey(known))),
            None => Ok(reader),
        }
    }

    /// A refusal of a key of this table.
    pub fn refusal(&self, at: usize, key: &str, why: Why) -> Refusal {
        Refusal { at: Position::of(self.text, at), key: self.path_of(key), why }
    }

    /// A refusal because a key is missing.
    pub fn missing(&self, key: &'static str) -> Refusal {
        Refusal { at: Position::of(self.text, self.at), key: self.path.clone(), why: Why::Missing(key) }
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    fn of_type<T>(
        &self,
        key: &str,
        wanted: &'static str,
        read: impl Fn(&'t DeValue<'t>) -> Option<T>,
    ) -> Result<Option<Located<T>>, Refusal> {
        let Some(found) = self.get(key) else { return Ok(None) };
        self.read(found, key, wanted, read).map(Some)
    }

    fn read<T>(
        &self,
        found: &'t Spanned<DeValue<'t>>,
        key: &str,
        wanted: &'static str,
        read: impl Fn(&'t DeValue<'t>) -> Option<T>,
    ) -> Result<Located<T>, Refusal> {
        let at = found.span().start;
        let value = read(found.get_ref());
        let refusal = || self.refusal(at, key, Why::Type { wanted, found: found.get_ref().type_str() });
        Ok(Located { value: value.ok_or_else(refusal)?, at })
    }

    /// A text.
    ///
    /// # Errors
    /// [`Refusal`] where it is something else, or empty.
    pub fn text(&self, key: &str) -> Result<Option<Located<String>>, Refusal> {
        let text = self.of_type(key, "a string", |value| value.as_str().map(str::to_owned))?;
        match text {
            Some(text) if text.value.trim().is_empty() => Err(self.refusal(text.at, key, Why::Empty)),
            text => Ok(text),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`Refusal`] where it is not, and as for [`text`](Self::text).
    pub fn required_text(&self, key: &'static str) -> Result<Located<String>, Refusal> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    /// A paragraph: a text whose line breaks are spaces.
    ///
    /// # Errors
    /// As for [`text`](Self::text).
    pub fn paragraph(&self, key: &str) -> Result<Option<String>, Refusal> {
        Ok(self.text(key)?.map(|text| text.value.split_whitespace().collect::<Vec<_>>().join(" ")))
    }

    /// Texts; none where the key is not there.
    ///
    /// # Errors
    /// [`Refusal`] where it is no list, or one of it is no text.
    pub fn texts(&self, key: &str) -> Result<Vec<Located<String>>, Refusal> {
        let text = |value: &'t Spanned<DeValue<'t>>| {
            self.read(value, key, "a string", |value| value.as_str().map(str::to_owned))
        };
        self.values(key, "a list of strings")?.into_iter().map(text).collect()
    }

    /// The values of a list; none where the key is not there.
    ///
    /// # Errors
    /// [`Refusal`] where it is no list.
    pub fn values(&self, key: &str, wanted: &'static str) -> Result<Vec<&'t Spanned<DeValue<'t>>>, Refusal> {
        let list = self.of_type(key, wanted, DeValue::as_array)?;
        Ok(list.map(|list| list.value.iter().collect()).unwrap_or_default())
    }

    /// A whole number.
    ///
    /// # Errors
    /// [`Refusal`] where it is something else.
    pub fn whole(&self, key: &str) -> Result<Option<Located<i64>>, Refusal> {
        self.of_type(key, "a whole number", |value| {
            let integer = value.as_integer()?;
            i64::from_str_radix(integer.as_str(), integer.radix()).ok()
        })
    }

    /// Numbers; none where the key is not there.
    ///
    /// # Errors
    /// [`Refusal`] where it is no list, or one of it is no number.
    pub fn numbers(&self, key: &str) -> Result<Vec<Located<f64>>, Refusal> {
        let number = |value: &'t Spanned<DeValue<'t>>| {
            self.read(value, key, "a number", |value| match value {
                DeValue::Float(number) => number.as_str().parse().ok(),
                value => value.as_integer()?.as_str().parse().ok(),
            })
        };
        self.values(key, "a list of numbers")?.into_iter().map(number).collect()
    }

    /// Yes or no; no where the key is not there.
    ///
    /// # Errors
    /// [`Refusal`] where it is neither.
    pub fn flag(&self, key: &str) -> Result<bool, Refusal> {
        Ok(self.of_type(key, "true or false", DeValue::as_bool)?.is_some_and(|flag| flag.value))
    }

    /// A table below this one.
    ///
    /// # Errors
    /// [`Refusal`] where it is something else, or has a key that is not known.
    pub fn table(&self, key: &str, known: &'static [&'static str]) -> Result<Option<Reader<'t>>, Refusal> {
        let Some(Located { value, at }) = self.of_type(key, "a table", DeValue::as_table)? else { return Ok(None) };
        Reader::of(self.text, value, (self.path_of(key), at), known).map(Some)
    }

    /// The tables of a list `[[key]]`.
    ///
    /// # Errors
    /// [`Refusal`] where it is something else, or one has a key that is not known.
    pub fn tables(&self, key: &str, known: &'static [&'static str]) -> Result<Vec<Reader<'t>>, Refusal> {
        let values = self.values(key, "a list of tables, each under [[…]]")?;
        let table = |(i, value): (usize, &'t Spanned<DeValue<'t>>)| {
            let Located { value, at } = self.read(value, key, "a table", DeValue::as_table)?;
            Reader::of(self.text, value, (format!("{}[{}]", self.path_of(key), i + 1), at), known)
        };
        values.into_iter().enumerate().map(table).collect()
    }

    /// The tables below a table, by name, in the order in which they stand; and whether the table is one itself, which it is
    /// where it has `own`.
    ///
    /// # Errors
    /// As for [`table`](Self::table).
    pub fn named_tables(
        &self,
        key: &str,
        own: &str,
        known: &'static [&'static str],
    ) -> Result<Vec<(String, Reader<'t>)>, Refusal> {
        let Some(Located { value, at }) = self.of_type(key, "a table", DeValue::as_table)? else {
            return Ok(Vec::new());
        };
        let is_one = value.contains_key(own) || value.values().any(|value| value.get_ref().as_table().is_none());
        if is_one {
            return Ok(vec![(String::new(), Reader::of(self.text, value, (self.path_of(key), at), known)?)]);
        }
        let mut entries: Vec<_> = value.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let table = |(name, value): (&'t Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let name: &std::borrow::Cow<'t, str> = name.get_ref();
            let path = format!("{}.{name}", self.path_of(key));
            let table = value.get_ref().as_table();
            let refusal = || Refusal {
                at: Position::of(self.text, value.span().start),
                key: path.clone(),
                why: Why::Type { wanted: "a table", found: value.get_ref().type_str() },
            };
            let reader = Reader::of(self.text, table.ok_or_else(refusal)?, (path.clone(), value.span().start), known)?;
            Ok((name.clone().into_owned(), reader))
        };
        entries.into_iter().map(table).collect()
    }

    /// An element of a list that is a table.
    ///
    /// # Errors
    /// As for [`table`](Self::table).
    pub fn element(
        &self,
        key: &str,
        value: &'t Spanned<DeValue<'t>>,
        known: &'static [&'static str],
    ) -> Result<Reader<'t>, Refusal> {
        let Located { value, at } = self.read(value, key, "a string or a table", DeValue::as_table)?;
        Reader::of(self.text, value, (self.path_of(key), at), known)
    }

    /// The first byte of this table.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The byte of the file at which a byte of a text stands, where the text has no escapes; else that of its beginning.
    pub fn within(&self, text: &Located<String>, byte: usize) -> usize {
        let raw = &self.text[text.at..];
        let quotes = raw.len() - raw.trim_start_matches(['"', '\'']).len();
        let begins = if quotes >= 3 { 3 } else { 1 };
        let begins = begins + if begins == 3 && raw[3..].starts_with('\n') { 1 } else { 0 };
        let is_plain = raw.get(begins..).is_some_and(|rest| rest.starts_with(&text.value));
        if is_plain { text.at + begins + byte } else { text.at }
    }
}
