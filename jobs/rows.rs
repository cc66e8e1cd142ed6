//! Tables of numbers: a row a line, its fields separated by commas, TABs or spaces.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use twinmill::prelude::*;
use twinmill::record::{ToValue, Value};

/// How the fields of a table are to be read. Columns count from 1, as people count.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The first line of each file is no row.
    pub header: bool,
    /// The columns that are features; all but the label's where there are none.
    pub columns: Option<Vec<usize>>,
    /// The column that says what a row is.
    pub label: Option<Label>,
}

/// A column of two classes.
#[derive(Clone, Debug)]
pub struct Label {
    pub column: usize,
    /// The value of one class; every other value is the other one.
    pub positive: String,
}

/// A field's separator and what a line is cut into.
fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let separator = [b',', b'\t'].into_iter().find(|separator| memchr::memchr(*separator, line).is_some());
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let separator = separator.unwrap_or(b' ');
        let bytes = if separator == b' ' { bytes.trim_ascii_start() } else { bytes };
        let end = memchr::memchr(separator, bytes);
        rest = end.map(|end| &bytes[end + 1..]).filter(|rest| separator != b' ' || !rest.trim_ascii_start().is_empty());
        Some(unquoted(bytes[..end.unwrap_or(bytes.len())].trim_ascii()))
    })
}

fn unquoted(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field)
}

fn number(field: &[u8]) -> Option<f64> {
    fast_float2::parse(field).ok().filter(|value: &f64| value.is_finite())
}

/// Makes columns of numbers of the lines of a table.
#[derive(Clone, Debug)]
pub struct ParseRows {
    layout: Layout,
    /// What each field of a line is.
    roles: Vec<Role>,
    positive_number: Option<f64>,
    features: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Feature(usize),
    Label,
    Unused,
}

impl ParseRows {
    /// Looks at the first row to see what fields there are.
    pub fn new(layout: Layout, inputs: &[PathBuf], seen: &Inputs) -> Result<Self> {
        let mut width = None;
        seen.scan::<Lines>(inputs, |line| {
            if is_row(&line, layout.header) {
                width = Some(fields(&line).count());
            }
            Ok(if width.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let width = width.ok_or_else(|| Error::user("the input has no rows"))?;
        let wanted = layout.columns.iter().flatten().copied().chain(layout.label.as_ref().map(|label| label.column));
        if let Some(column) = wanted.clone().find(|column| *column > width) {
            return Err(Error::user(format!("there is no column {column}: the first row has {width}")));
        }
        let named = layout.columns.iter().flatten().collect::<Vec<_>>();
        if let Some((_, twice)) = named.iter().enumerate().find(|(i, column)| named[..*i].contains(column)) {
            return Err(Error::user(format!("column {twice} is named twice")));
        }
        let mut roles = vec![Role::Unused; width];
        if let Some(label) = &layout.label {
            roles[label.column - 1] = Role::Label;
        }
        let all = (1..=width).filter(|column| layout.label.as_ref().is_none_or(|label| label.column != *column));
        let columns = layout.columns.clone().unwrap_or_else(|| all.collect());
        columns.iter().enumerate().for_each(|(feature, column)| roles[column - 1] = Role::Feature(feature));
        let positive_number = layout.label.as_ref().and_then(|label| number(label.positive.as_bytes()));
        Ok(ParseRows { layout, roles, positive_number, features: columns.len() })
    }

    /// How many features a row has.
    pub fn features(&self) -> usize {
        self.features
    }

    fn is_positive(&self, field: &[u8]) -> bool {
        let label = self.layout.label.as_ref().expect("a label has a column");
        field == label.positive.as_bytes() || (self.positive_number.is_some() && number(field) == self.positive_number)
    }

    /// The features of a line, or `None` where it is no row.
    pub fn features_of(&self, line: Record<'_>) -> Result<Option<Vec<f64>>> {
        let mut rows = Rows::default();
        self.parse(line, &mut rows)?;
        Ok((rows.rows() > 0).then(|| rows.columns.iter().map(|column| column[0]).collect()))
    }
}

fn is_row(line: &Record<'_>, header: bool) -> bool {
    !(line.trim_ascii().is_empty() || header && line.is_first())
}

impl Parse for ParseRows {
    type Input = Lines;
    type Block = Rows;

    fn parse(&self, line: Record<'_>, rows: &mut Rows) -> Result<()> {
        if !is_row(&line, self.layout.header) {
            return Ok(());
        }
        if rows.columns.is_empty() {
            rows.columns = vec![Vec::new(); self.features];
        }
        let mut roles = self.roles.iter();
        for field in fields(&line) {
            match roles.next() {
                Some(Role::Feature(feature)) => match number(field) {
                    Some(value) => rows.columns[*feature].push(value),
                    None => {
                        let (field, line) = (field.escape_ascii(), line.escape_ascii());
                        return Err(Error::user(format!("'{field}' is no finite number, in '{line}'")));
                    }
                },
                Some(Role::Label) => rows.labels.push(f64::from(u8::from(self.is_positive(field)))),
                Some(Role::Unused) => {}
                None => return Err(self.wrong_width(&line)),
            }
        }
        if roles.next().is_some() { Err(self.wrong_width(&line)) } else { Ok(()) }
    }
}

impl ParseRows {
    #[cold]
    fn wrong_width(&self, line: &[u8]) -> Error {
        let (wanted, found) = (self.roles.len(), fields(line).count());
        Error::user(format!("{found} fields where the first row has {wanted}, in '{}'", line.escape_ascii()))
    }
}

/// Rows, by column.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub columns: Vec<Vec<f64>>,
    /// 1 for the positive class, 0 for the other; empty without a label column.
    pub labels: Vec<f64>,
}

impl Rows {
    /// How many.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(self.labels.len(), Vec::len)
    }
}

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
    }
}

/// Sums whose order is fixed, in as many lanes as any processor has.
pub fn sum(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    for (i, value) in values.enumerate() {
        lanes[i % LANES] += value;
    }
    lanes.iter().sum()
}

/// Brings features to mean 0 and standard deviation 1, that of the population; a constant feature becomes 0.
#[derive(Clone, Debug)]
pub struct Scaling(Option<Arc<[(f64, f64)]>>);

impl Scaling {
    /// Leaves features as they are.
    pub fn none() -> Self {
        Scaling(None)
    }

    fn of(means: &[f64], variances: &[f64]) -> Self {
        let scale = |variance: &f64| if *variance > 0.0 { 1.0 / variance.sqrt() } else { 1.0 };
        Scaling(Some(means.iter().zip(variances).map(|(mean, variance)| (*mean, scale(variance))).collect()))
    }

    /// One value of a feature.
    pub fn apply(&self, feature: usize, value: f64) -> f64 {
        match &self.0 {
            None => value,
            Some(scales) => {
                let (mean, scale) = scales[feature];
                (value - mean) * scale
            }
        }
    }

    /// A column, in `scratch` unless it stays as it is.
    pub fn column<'a>(&self, rows: &'a Rows, feature: usize, scratch: &'a mut Vec<f64>) -> &'a [f64] {
        let column = &rows.columns[feature];
        let Some(scales) = &self.0 else { return column };
        let (mean, scale) = scales[feature];
        scratch.clear();
        scratch.extend(column.iter().map(|value| (value - mean) * scale));
        scratch
    }
}

/// What is added up over all blocks of a table, as a vector for each block.
pub trait BlockSums: Clone + Send + Sync + 'static {
    /// The vector of one block.
    fn of_block(&mut self, rows: &Rows) -> Vec<f64>;
}

/// Emits the vector of each block.
#[derive(Clone)]
struct EachBlock<S>(S);

impl<S: BlockSums> Mapper for EachBlock<S> {
    type Input = Blocks<ParseRows>;
    type Key = ();
    type Value = Vec<f64>;

    fn map(&mut self, rows: &Rows, out: &mut impl Emit<(), Vec<f64>>) -> Result<()> {
        out.emit(&(), self.0.of_block(rows));
        Ok(())
    }
}

/// Adds vectors in the order of the input.
#[derive(Clone)]
struct AddUp;

impl Reducer for AddUp {
    type Key = ();
    type Value = Vec<f64>;
    type OutKey = ();
    type OutValue = Vec<f64>;

    fn reduce(&mut self, _: (), vectors: &mut Values<Vec<f64>>, out: &mut impl Emit<(), Vec<f64>>) -> Result<()> {
        let mut total = Vec::new();
        vectors.for_each(|vector| add(&mut total, &vector));
        out.emit(&(), total);
        Ok(())
    }
}

fn add(total: &mut Vec<f64>, vector: &[f64]) {
    total.resize(vector.len(), 0.0);
    total.iter_mut().zip(vector).for_each(|(total, value)| *total += value);
}

/// Adds vectors over a table, on the framework or without it.
pub trait Table {
    fn add_up(&mut self, sums: impl BlockSums) -> Result<Vec<f64>>;

    /// What brings the features to mean 0 and standard deviation 1, in two passes.
    fn scaling(&mut self) -> Result<Scaling> {
        let sums = self.add_up(Means)?;
        let (rows, sums) = sums.split_last().expect("the count is there");
        let means: Arc<[f64]> = sums.iter().map(|sum| sum / rows).collect();
        let squares = self.add_up(Deviations { means: means.clone() })?;
        let variances: Vec<f64> = squares.iter().map(|sum| sum / rows).collect();
        Ok(Scaling::of(&means, &variances))
    }
}

/// A table that a driver's jobs go over.
pub struct InvariantTable<'d> {
    pub name: &'static str,
    pub driver: &'d mut Driver,
    pub rows: &'d Invariant<ParseRows>,
}

impl Table for InvariantTable<'_> {
    fn add_up(&mut self, sums: impl BlockSums) -> Result<Vec<f64>> {
        let job = Job::new(self.name, EachBlock(sums), AddUp).input(self.rows).reducers(1);
        let mut total = Vec::new();
        self.driver.run_to_dataset(&job)?.for_each(|(), sum| {
            total = sum;
            Ok(())
        })?;
        Ok(total)
    }
}

/// A table in memory, for the references.
pub struct Parsed(pub Vec<Rows>);

impl Table for Parsed {
    fn add_up(&mut self, mut sums: impl BlockSums) -> Result<Vec<f64>> {
        let mut total = Vec::new();
        self.0.iter().for_each(|rows| add(&mut total, &sums.of_block(rows)));
        Ok(total)
    }
}

/// Sums of the features, and the number of rows behind them.
#[derive(Clone)]
struct Means;

impl BlockSums for Means {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let sums = rows.columns.iter().map(|column| sum(column.iter().copied()));
        sums.chain([rows.rows() as f64]).collect()
    }
}

/// Sums of the features' squared deviations.
#[derive(Clone)]
struct Deviations {
    means: Arc<[f64]>,
}

impl BlockSums for Deviations {
    fn of_block(&mut self, rows: &Rows) -> Vec<f64> {
        let columns = rows.columns.iter().zip(self.means.iter());
        columns.map(|(column, mean)| sum(column.iter().map(|value| (value - mean) * (value - mean)))).collect()
    }
}

/// Writes a model, a record a line, in the order of the numbers in front.
struct Line<V>(PhantomData<fn() -> V>);

impl<V> Clone for Line<V> {
    fn clone(&self) -> Self {
        Line(PhantomData)
    }
}

impl<V: for<'a> Value<Ref<'a> = V> + ToValue<V>> Mapper for Line<V> {
    type Input = Pairs<u32, V>;
    type Key = u32;
    type Value = V;

    fn map(&mut self, (number, value): (u32, V), out: &mut impl Emit<u32, V>) -> Result<()> {
        out.emit(&number, value);
        Ok(())
    }
}

impl<V: for<'a> Value<Ref<'a> = V> + ToValue<V>> Reducer for Line<V> {
    type Key = u32;
    type Value = V;
    type OutKey = u32;
    type OutValue = V;

    fn reduce(&mut self, number: u32, values: &mut Values<V>, out: &mut impl Emit<u32, V>) -> Result<()> {
        values.for_each(|value| out.emit(&number, value));
        Ok(())
    }
}

/// Writes a model as the output: number TAB value.
pub fn write_model<V>(driver: &mut Driver, name: &str, model: Vec<V>) -> Result<()>
where
    V: for<'a> Value<Ref<'a> = V> + ToValue<V>,
{
    let parts = TotalOrderPartitioner::of_numbers(model.len() as u32, driver.config().reducers.max(1));
    let records = (0u32..).zip(model);
    let model: Dataset<u32, V> = driver.parallelize(records)?;
    let job = Job::new(name, Line::<V>(PhantomData), Line(PhantomData)).input(&model);
    driver.run(&job.partition_by(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(line: &str) -> Vec<&str> {
        fields(line.as_bytes()).map(|field| std::str::from_utf8(field).unwrap()).collect()
    }

    #[test]
    fn fields_are_separated_by_commas_or_tabs_or_spaces() {
        assert_eq!(cut("1, 2,\"g\",x y\r"), ["1", "2", "g", "x y"]);
        assert_eq!(cut("1\t2 \t\t3"), ["1", "2", "", "3"]);
        assert_eq!(cut("  1   2 3  "), ["1", "2", "3"]);
        assert_eq!(cut("a,b,"), ["a", "b", ""]);
        assert_eq!(cut("7"), ["7"]);
    }

    #[test]
    fn only_finite_numbers_are_numbers() {
        assert_eq!(number(b"-1.5e3"), Some(-1500.0));
        for text in ["", "x", "nan", "inf", "1e999", "1,2"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_constant_feature_is_scaled_to_zero() {
        let mut table = Parsed(vec![Rows { columns: vec![vec![1.0, 3.0], vec![5.0, 5.0]], labels: Vec::new() }]);
        let scaling = table.scaling().unwrap();
        assert_eq!((scaling.apply(0, 3.0), scaling.apply(1, 5.0)), (1.0, 0.0));
    }
}
