//! Tables of numbers: a row a line.
//!
//! [`separator`](crate::jobs::table::separator) cuts lines into fields, and [`guess`](crate::jobs::table::guess) finds the
//! separator where none is given; here fields become columns of numbers.

use std::ops::ControlFlow;
use std::path::PathBuf;

use twinmill::prelude::*;
use twinmill::record::{ToValue, Value};

use crate::jobs::shown::{Shown, wrong_line};
use crate::jobs::table::TableOptions;
use crate::jobs::table::columns::{Column, Columns, Heads, find_all, needs_header, refuse_repeated};
use crate::jobs::table::guess::Cut;
use crate::jobs::table::labels::{KnownLabels, Label, Labels};
use crate::jobs::table::separator::Separator;

/// The way in which the fields of a table are read.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The meaning of the first line of each file.
    pub title: Title,
    /// The separator between fields, where one is given.
    pub separator: Option<Separator>,
    /// The columns that are features; all but the label's where there are none.
    pub columns: Option<Vec<Columns>>,
    /// The column with a row's label, where there is one.
    pub label: Option<Label>,
    /// The text of a field without a value.
    pub null: Vec<u8>,
    /// What a feature without a value is.
    pub nulls: Nulls,
}

/// What a feature without a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nulls {
    /// An error of its row.
    #[default]
    Refused,
    /// [`f64::NAN`], which no value is.
    Kept,
}

/// The meaning of a file's first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Title {
    /// Always a row: the job has no option to say otherwise.
    #[default]
    Never,
    /// A row, since `--header` is not given.
    Row,
    /// The names of the columns: `--header` is given.
    Skip,
}

impl Layout {
    /// Whether a line holds the names of the columns.
    pub fn is_title(&self, line: &Record<'_>) -> bool {
        self.title == Title::Skip && line.is_first()
    }

    /// Whether a field may be that of a feature: a number, or a null that was named or is kept.
    pub fn may_be_feature(&self, field: &[u8]) -> bool {
        let may_be_null = self.nulls == Nulls::Kept || !self.null.is_empty();
        number(field).is_some() || may_be_null && field == self.null
    }

    /// The role of each field of a row.
    ///
    /// # Errors
    /// A column that is not there, or one that is named twice.
    pub fn roles(&self, heads: Heads<'_>) -> Result<Vec<Role>> {
        let columns = self.columns.as_ref().map(|columns| find_all(columns, heads)).transpose()?;
        let label = self.label.as_ref().map(|label| label.column.find(heads)).transpose()?;
        let mut roles = vec![Role::Unused; heads.width];
        if let Some(column) = label {
            roles[column] = Role::Label;
        }
        let all = (0..heads.width).filter(|column| Some(*column) != label);
        let columns = columns.unwrap_or_else(|| all.collect());
        for (feature, column) in columns.iter().enumerate() {
            if roles[*column] != Role::Unused {
                return Err(Error::Config(format!("column {} is named twice", column + 1)));
            }
            roles[*column] = Role::Feature(feature);
        }
        Ok(roles)
    }
}

/// The options of every job that reads a table of numbers.
#[derive(Clone, Debug, clap::Args)]
pub struct NumberOptions {
    #[command(flatten)]
    table: TableOptions,
    /// Separator between the fields of a row: comma, tab, semicolon, space or a character [default: guessed from the
    /// first rows]
    #[arg(long, value_name = "SEPARATOR", value_parser = Separator::parse, conflicts_with = "format")]
    separator: Option<Separator>,
}

impl NumberOptions {
    /// A layout with these features, or with all columns as features, and this label.
    ///
    /// # Errors
    /// [`Error::Config`] for a column that is named twice, or by name where there is no header.
    pub fn layout(&self, columns: &ColumnOptions, label: Option<Label>) -> Result<Layout> {
        let TableOptions { format, header, .. } = &self.table;
        let columns = columns.columns.clone();
        refuse_repeated("--columns", columns.as_deref().unwrap_or_default())?;
        for columns in columns.iter().flatten() {
            if let Columns::One(column) = columns {
                self.can_be_found("--columns", column)?;
            }
        }
        label.iter().try_for_each(|label| self.can_be_found("--label-column", &label.column))?;
        Ok(Layout {
            title: if *header { Title::Skip } else { Title::Row },
            separator: self.separator.or(format.map(Separator::from)),
            columns,
            label,
            null: self.table.null(),
            nulls: Nulls::Refused,
        })
    }

    /// Makes sure that there is a header where an option names a column by name.
    ///
    /// # Errors
    /// [`Error::Config`] where there is none.
    pub fn can_be_found(&self, option: &str, column: &Column) -> Result<()> {
        if self.table.header || column.number().is_some() {
            return Ok(());
        }
        Err(needs_header(format_args!("{option} {column}")))
    }
}

/// The option of jobs that look at some columns.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ColumnOptions {
    /// The columns that are features, by number from 1 or by name, such as 2,5-7 [default: all but
    /// the label's]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub columns: Option<Vec<Columns>>,
}

/// The role of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// The feature of this number.
    Feature(usize),
    /// The label.
    Label,
    /// Not looked at.
    Unused,
}

impl Role {
    pub fn is_feature(self) -> bool {
        matches!(self, Role::Feature(_))
    }
}

/// Parses a field as a finite number; `None` where it is none.
pub fn number(field: &[u8]) -> Option<f64> {
    fast_float2::parse(field).ok().filter(|value: &f64| value.is_finite())
}

/// Parses the lines of a table into columns of numbers.
#[derive(Clone, Debug)]
pub struct ParseRows {
    layout: Layout,
    cut: Cut,
    /// The role of each field of a line.
    roles: Vec<Role>,
    labels: Option<Labels>,
    features: usize,
    /// Whether the text of a field without a value is a number: `-1`.
    null_is_a_number: bool,
}

impl ParseRows {
    /// Looks at the first rows, and at the titles of all files, to see what fields there are.
    ///
    /// # Errors
    /// Those of reading; columns that are not there; files whose titles are not the same.
    pub fn new(layout: Layout, inputs: &[PathBuf], seen: &Inputs) -> Result<Self> {
        let cut = Cut::of(inputs, &layout, seen)?;
        let roles = layout.roles(cut.heads())?;
        let features = roles.iter().filter(|role| role.is_feature()).count();
        let column = roles.iter().position(|role| *role == Role::Label);
        let label = layout.label.as_ref().zip(column);
        let labels = label.map(|(label, column)| Labels::new(column + 1, &label.positive, &layout.null));
        let null_is_a_number = number(&layout.null).is_some();
        let parse = ParseRows { layout, cut, roles, labels, features, null_is_a_number };
        if parse.layout.title == Title::Skip {
            parse.compare_titles(inputs, seen)?;
        }
        Ok(parse)
    }

    /// Refuses files in which the columns have different names: they would be different columns.
    fn compare_titles(&self, inputs: &[PathBuf], seen: &Inputs) -> Result<()> {
        let mut first: Option<(PathBuf, Vec<Vec<u8>>)> = None;
        for file in seen.files(inputs)?.iter() {
            let path = [file.path.to_path_buf()];
            seen.scan::<Lines>(&path, |line| {
                let names = self.names(&line)?;
                match &first {
                    None => first = Some((line.path().to_owned(), names)),
                    Some((other, expected)) if *expected != names => {
                        let other = other.display();
                        let what =
                            format!("the header is not that of {other}: files of one table have the same columns");
                        return Err(Error::user(what));
                    }
                    Some(_) => {}
                }
                Ok(ControlFlow::Break(()))
            })?;
        }
        Ok(())
    }

    /// The names of the columns that are looked at.
    fn names(&self, title: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        let mut roles = self.roles.iter();
        self.cut.separator.each_field(title, |name| {
            if roles.next().is_some_and(|role| *role != Role::Unused) {
                names.push(name.to_owned());
            }
            Ok(())
        })?;
        Ok(names)
    }

    /// Number of features of a row.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The column that a feature is in, from 1.
    pub fn column_of(&self, feature: usize) -> usize {
        1 + self.roles.iter().position(|role| *role == Role::Feature(feature)).expect("every feature has a column")
    }

    /// The feature that a column is.
    ///
    /// # Errors
    /// A column that is not there, or is none of the features.
    pub fn feature_of(&self, column: &Column) -> Result<usize> {
        match self.roles[column.find(self.cut.heads())?] {
            Role::Feature(feature) => Ok(feature),
            Role::Label | Role::Unused => Err(Error::user(format!("column {column} is no feature"))),
        }
    }

    /// The labels, where there is a column of them.
    pub fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// Notes in the report the guesses that were made because no option was given.
    pub fn tell_guesses(&self, seen: &Inputs) {
        if self.layout.separator.is_none() {
            let separator = if self.cut.width == 1 { "none".to_owned() } else { self.cut.separator.to_string() };
            seen.guess("separator", separator);
        }
        if self.layout.title == Title::Row {
            seen.guess("header", "none");
        }
    }

    /// The features of one of the first rows, if one of them is sound.
    pub fn sound_row(&self) -> Result<Option<Vec<f64>>> {
        let Some(line) = &self.cut.sound else { return Ok(None) };
        let mut features = vec![0.0; self.features];
        let mut roles = self.roles.iter();
        self.cut.separator.each_field(line, |field| {
            if let (Some(Role::Feature(feature)), Some(value)) = (roles.next(), number(field)) {
                features[*feature] = value;
            }
            Ok(())
        })?;
        Ok(Some(features))
    }

    /// The features of a line, or `None` where it is no row.
    pub fn features_of(&self, line: Record<'_>) -> Result<Option<Vec<f64>>> {
        let mut rows = Rows::default();
        self.parse(line, &mut rows)?;
        Ok((rows.rows() > 0).then(|| rows.columns.iter().map(|column| column[0]).collect()))
    }
}

impl Parse for ParseRows {
    type Input = Lines;
    type Block = Rows;

    fn parse(&self, line: Record<'_>, rows: &mut Rows) -> Result<()> {
        if self.layout.is_title(&line) {
            return self.names(&line).map(drop);
        }
        if self.cut.separator.is_blank(&line) {
            return Ok(());
        }
        if rows.columns.is_empty() {
            rows.columns = vec![Vec::new(); self.features];
        }
        let row = self.parse_row(&line, rows);
        if let Some(labels) = &self.labels {
            labels.settle(&mut rows.known_labels, row.is_ok());
        }
        row
    }
}

impl ParseRows {
    #[inline(always)]
    fn parse_row(&self, line: &Record<'_>, rows: &mut Rows) -> Result<()> {
        let mut roles = self.roles.iter();
        let column = |roles: &std::slice::Iter<'_, Role>| self.roles.len() - roles.len();
        match self.cut.separator.values(line) {
            Some(values) => {
                for (field, plain) in values {
                    match (roles.next(), plain) {
                        (Some(Role::Feature(feature)), Some(value)) if !self.null_is_a_number => {
                            rows.columns[*feature].push(value);
                        }
                        (role, plain) => self.parse_field(role, field, plain, column(&roles), line, rows)?,
                    }
                }
            }
            None => self.cut.separator.each_field(line, |field| {
                let role = roles.next();
                self.parse_field(role, field, None, column(&roles), line, rows)
            })?,
        }
        if roles.next().is_some() { Err(self.wrong_width(line)) } else { Ok(()) }
    }

    /// Adds any field of a row to its column, which is counted from 1.
    fn parse_field(
        &self,
        role: Option<&Role>,
        field: &[u8],
        plain: Option<f64>,
        column: usize,
        line: &Record<'_>,
        rows: &mut Rows,
    ) -> Result<()> {
        match role {
            Some(Role::Feature(feature)) => match plain.or_else(|| number(field)) {
                Some(value) if !(self.null_is_a_number && field == self.layout.null) => {
                    rows.columns[*feature].push(value);
                }
                _ if self.layout.nulls == Nulls::Kept && field == self.layout.null => {
                    rows.columns[*feature].push(f64::NAN);
                }
                _ => return Err(self.no_number(field, column, line)),
            },
            Some(Role::Label) => {
                let labels = self.labels.as_ref().expect("a label has a column");
                let positive = labels.is_positive(field, line, &mut rows.known_labels)?;
                rows.positive += u64::from(positive);
                rows.labels.push(f64::from(u8::from(positive)));
            }
            Some(Role::Unused) => {}
            None => return Err(self.wrong_width(line)),
        }
        Ok(())
    }

    #[cold]
    fn wrong_width(&self, line: &[u8]) -> Error {
        let found = match self.cut.separator.count(line) {
            Ok(found) => found,
            Err(error) => return error,
        };
        let rows = if self.cut.first_has_width { "the first row has" } else { "most of the first rows have" };
        let (wanted, hint) = (self.roles.len(), self.separator_hint(line));
        wrong_line(line, format_args!("{found} fields where {rows} {wanted}"), &hint)
    }

    #[cold]
    fn no_number(&self, field: &[u8], column: usize, line: &Record<'_>) -> Error {
        let hint = self.number_hint(field, line);
        wrong_line(line, format_args!("column {column}: {} is no finite number", Shown(field)), &hint)
    }

    /// A hint at what a field that is no number may be.
    fn number_hint(&self, field: &[u8], line: &Record<'_>) -> String {
        let with_point: Vec<u8> = field.iter().map(|byte| if *byte == b',' { b'.' } else { *byte }).collect();
        let without_commas: Vec<u8> = field.iter().copied().filter(|byte| *byte != b',').collect();
        let hint = self.separator_hint(line);
        if !hint.is_empty() {
            return hint;
        }
        let hint = if field == self.layout.null && !field.is_empty() {
            "; the row lacks a value"
        } else if field.is_empty() {
            "; the cell is empty"
        } else if field.contains(&b'\r') {
            "; a CR alone ends no line"
        } else if field.contains(&b',') && (number(&with_point).is_some() || number(&without_commas).is_some()) {
            "; numbers have a point before their decimals and nothing between thousands"
        } else if field.starts_with("\u{2212}".as_bytes()) {
            "; its minus sign is not the ASCII one"
        } else if line.is_first() && self.has_no_number(line) {
            match self.layout.title {
                Title::Row => "; the line looks like a title: if it is one, pass --header",
                Title::Never => "; the line looks like a title, which this file must not have",
                Title::Skip => "",
            }
        } else {
            ""
        };
        hint.to_owned()
    }

    /// Whether no feature of a line is a number.
    fn has_no_number(&self, line: &[u8]) -> bool {
        let mut roles = self.roles.iter();
        let none = self.cut.separator.each_field(line, |field| match roles.next() {
            Some(role) if role.is_feature() && number(field).is_some() => Err(Error::Cancelled),
            _ => Ok(()),
        });
        none.is_ok()
    }

    /// A hint where a line looks as if its fields had another separator.
    fn separator_hint(&self, line: &[u8]) -> String {
        let ours = self.cut.separator;
        let others = Separator::GUESSED.into_iter().filter(|separator| *separator != ours);
        let fits =
            |separator: &Separator| separator.count(line).is_ok_and(|width| width > 1 && width == self.roles.len());
        let occurs = |separator: Separator| separator.count(line).is_ok_and(|width| width > 1);
        match (self.layout.separator, others.clone().find(fits)) {
            (_, Some(other)) if self.roles.len() > 1 => {
                format!(
                    "; between its fields there seems to be a {other}, between those of the table there is a {ours}"
                )
            }
            (None, _) if occurs(ours) && others.filter(|other| *other != Separator::Spaces).any(occurs) => {
                format!("; a {ours} is taken to be between the fields: --separator says if it is something else")
            }
            _ => String::new(),
        }
    }
}

/// Rows, by column.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub columns: Vec<Vec<f64>>,
    /// 1 for the positive class, 0 for the other; empty without a label column.
    pub labels: Vec<f64>,
    /// Number of rows of the positive class.
    pub positive: u64,
    /// Labels that occurred, to recognise them when they occur again.
    pub known_labels: KnownLabels,
}

impl Rows {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(self.labels.len(), Vec::len)
    }
}

/// Columns, labels, and the number of rows of the positive class: rows as they are sent.
type SentRows = (Vec<Vec<f64>>, Vec<f64>, u64);

impl Block for Rows {
    fn records(&self) -> u64 {
        self.rows() as u64
    }

    fn heap_bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|column| size_of::<Vec<f64>>() + 8 * column.capacity()).sum();
        columns + 8 * self.labels.capacity()
    }

    fn complete(&mut self) {
        self.columns.iter_mut().for_each(Vec::shrink_to_fit);
        self.labels.shrink_to_fit();
        self.known_labels = KnownLabels::default();
    }

    fn codec() -> Option<BlockCodec<Self>> {
        Some(BlockCodec {
            encode: |rows, out| ToValue::<SentRows>::encode(&(&rows.columns, &rows.labels, rows.positive), out),
            decode: |bytes| {
                let (columns, labels, positive) = SentRows::decode(bytes)?;
                Ok(Rows { columns, labels, positive, known_labels: KnownLabels::default() })
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number with its sign, also where it is 0.
    fn bits(text: &str) -> Option<u64> {
        number(text.as_bytes()).map(f64::to_bits)
    }

    #[test]
    fn rows_are_sent_as_they_are() {
        let [x, y] = [vec![1.5, -0.0, f64::MAX], vec![2.0, f64::from_bits(1), -7.25]];
        for labels in [vec![], vec![1.0, 0.0, 1.0]] {
            let rows = Rows { columns: vec![x.clone(), y.clone()], labels, positive: 2, ..Rows::default() };
            let mut bytes = Vec::new();
            let BlockCodec { encode, decode } = Rows::codec().unwrap();
            encode(&rows, &mut bytes);
            let read = decode(&bytes).unwrap();
            let all = |rows: &Rows| {
                rows.columns
                    .iter()
                    .chain([&rows.labels])
                    .map(|column| column.iter().map(|number| number.to_bits()).collect::<Vec<_>>())
                    .collect::<Vec<_>>()
            };
            assert_eq!((all(&read), read.positive, read.records()), (all(&rows), 2, 3));
            assert!((0..bytes.len()).all(|end| decode(&bytes[..end]).is_err()), "a part of the bytes is no block");
            bytes.extend([0; 8]);
            assert!(decode(&bytes).is_err(), "more than the bytes is no block");
        }
    }

    #[test]
    fn only_finite_numbers_are_numbers() {
        for (text, value) in [
            ("-1.5e3", -1500.0),
            ("+2", 2.0),
            ("-0", -0.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("5e-324", f64::from_bits(1)),
            ("1e-400", 0.0),
            ("1.7976931348623157e308", f64::MAX),
            ("007", 7.0),
        ] {
            assert_eq!(bits(text), Some(f64::to_bits(value)), "{text}");
        }
        let none =
            ["", "x", "nan", "NaN", "NA", "inf", "-infinity", "1e400", "-1e999", "1,2", "0x10", "1_000", "1 000"];
        for text in none.into_iter().chain(["\u{2212}5", "--1", "1e", "+", ".", "1.2.3", "5\0", "\u{0665}"]) {
            assert_eq!(bits(text), None, "{text}");
        }
    }

    #[test]
    fn columns_have_their_roles() {
        use std::path::Path;

        let label = Some(Label { column: "2".parse().unwrap(), positive: "1".into() });
        let all = Layout { label, ..Layout::default() };
        let of = |layout: &Layout, width| layout.roles(Heads { file: Path::new("t"), width, names: None });
        assert_eq!(of(&all, 3).unwrap(), [Role::Feature(0), Role::Label, Role::Feature(1)]);
        let columns = |list: &str| Some(list.split(',').map(|column| column.parse().unwrap()).collect());
        let some = Layout { columns: columns("3,1"), ..Layout::default() };
        assert_eq!(of(&some, 4).unwrap(), [Role::Feature(1), Role::Unused, Role::Feature(0), Role::Unused]);
        assert!(of(&some, 2).unwrap_err().to_string().contains("no column 3"));
        let twice = Layout { columns: columns("1,1"), ..Layout::default() };
        assert!(matches!(of(&twice, 2), Err(Error::Config(_))));
        let names = ["x", "y"].map(|name| name.as_bytes().to_vec());
        let named = Layout { columns: columns("y"), ..Layout::default() };
        let roles = named.roles(Heads { file: Path::new("t"), width: 2, names: Some(&names) }).unwrap();
        assert_eq!(roles, [Role::Unused, Role::Feature(0)]);
    }
}
