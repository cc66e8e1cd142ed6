//! Claim files: TOML, version 1.
//!
//! ```toml
//! version = 1
//!
//! [source]                          # where the claims come from
//! title = "Making Sense of Performance in Data Analytics Frameworks"
//! authors = "Ousterhout, Rasti, Ratnasamy, Shenker, Chun"
//! date = "2015-05"
//! place = "NSDI 2015, section 3"    # page, table, figure
//! url = "https://…"
//!
//! [comparison]                      # or [comparison.NAME], several of them
//! job = "terasort"
//! options = ["--reducers=4"]        # of the job, and of `run`
//! size = "256MiB"                   # of the generated input; or input = ["FILE", …], beside the claim file
//! columns = ["disk", "memory", {name = "hashed", mode = "memory", options = ["--grouping=hash"]}]
//! peers = ["duckdb"]                # other programs, as `compare --with` takes them
//! scale = [1, 4, 16]                # the input's size times these; as the options of these names:
//! iteration-sweep = [1, 5, 10]
//! memory-sweep = [25, 50, 100]
//! ladder = true
//!
//! [[claim]]
//! name = "files-double-the-time"
//! text = "The sentence, as its source has it."
//! statement = "median(disk) / median(memory) >= 2"
//! because = ["files"]               # part of the claim: this explains the difference in time
//! place = "section 3.2"             # page, table, figure of this claim
//! source = "Another text, 2016"     # where this claim comes from another text than the others
//! differs = "What is not here as it was there."
//! changed = {date = "2025-09", version = "Spark 4.1", text = "What has changed since."}
//! if-true = "What the verdict means."
//! if-false = "…"
//! if-undecided = "…"
//! comparison = "NAME"               # where there are several
//! ```
//!
//! A lesson has a table `[lesson]` besides, with `number`, `name`, `title`, `claimed`, `watch`, `why` and `not-shown`, and
//! `guess = {question = "…", value = "median(disk) / median(memory)"}`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::measure::claims::dimension::Dimension;
use crate::measure::claims::document::{Located, Reader};
pub use crate::measure::claims::document::{Refusal, Why};
use crate::measure::claims::figure::Figure;
use crate::measure::claims::mechanism::{REASONS, compared};
use crate::measure::claims::position::Position;
use crate::measure::claims::statement::{Condition, Expression, Fault, Names, parse, parse_value};
use crate::measure::mode::RunMode;
use crate::measure::plan::growth::Axis;
use crate::quantity::ByteSize;

/// The version of the format.
const VERSION: i64 = 1;

const TOP: &[&str] = &["version", "title", "source", "comparison", "claim", "lesson"];
const SOURCE: &[&str] = &["title", "authors", "date", "place", "url"];
const COMPARISON: &[&str] =
    &["job", "options", "size", "input", "columns", "peers", "scale", "iteration-sweep", "memory-sweep", "ladder"];
const COLUMN: &[&str] = &["name", "mode", "options"];
const CLAIM: &[&str] = &[
    "name",
    "text",
    "comparison",
    "statement",
    "because",
    "source",
    "place",
    "differs",
    "changed",
    "if-true",
    "if-false",
    "if-undecided",
];
const CHANGED: &[&str] = &["date", "version", "text"];
const LESSON: &[&str] = &["number", "name", "title", "claimed", "watch", "guess", "why", "not-shown"];
const GUESS: &[&str] = &["question", "value", "comparison"];

/// A claim file.
#[derive(Clone, Debug)]
pub struct ClaimFile {
    /// A few words.
    pub title: Option<String>,
    /// Where the claims come from.
    pub source: Source,
    /// The comparisons that settle them.
    pub comparisons: Vec<Setup>,
    /// The claims, at least one.
    pub claims: Vec<Claim>,
    /// The prose of a lesson.
    pub lesson: Option<Lesson>,
}

/// A text that claims something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// Its title.
    pub title: String,
    /// Its authors.
    pub authors: Option<String>,
    /// When it was written.
    pub date: Option<String>,
    /// Page, table, figure.
    pub place: Option<String>,
    /// Its address.
    pub url: Option<String>,
}

/// A comparison that is to be made.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its name; empty where it is the only one.
    pub name: String,
    /// The job.
    pub job: Placed<String>,
    /// Options of the job and of its runs.
    pub options: Placed<Vec<String>>,
    /// Size of the generated input.
    pub size: Option<ByteSize>,
    /// Input files, as seen from the claim file.
    pub inputs: Vec<Placed<String>>,
    /// The columns, at least one.
    pub columns: Vec<ColumnSetup>,
    /// Other programs.
    pub peers: Vec<String>,
    /// Where the first of them stands.
    pub peers_at: Position,
    /// Sizes of the input, against its own.
    pub scale: Vec<f64>,
    /// Numbers of iterations.
    pub iteration_sweep: Vec<u32>,
    /// Budgets of memory mode, in per cent of its working set.
    pub memory_sweep: Vec<u32>,
    /// Whether the factors are changed one by one.
    pub ladder: bool,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// The place.
    pub at: Position,
}

/// A column: a mode, perhaps with options of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSetup {
    /// Its name.
    pub name: String,
    /// Its mode.
    pub mode: RunMode,
    /// Its options.
    pub options: Vec<String>,
    /// Where it stands.
    pub at: Position,
}

/// A sentence that a measurement can settle.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its name among those of the file.
    pub name: String,
    /// The sentence.
    pub text: String,
    /// The index of its comparison.
    pub comparison: usize,
    /// What it says about the figures.
    pub statement: Condition,
    /// The same as it was written.
    pub statement_text: String,
    /// The reasons that it gives, of [`REASONS`]; one of them must explain the difference.
    pub because: Vec<String>,
    /// Where it comes from, if not from the file's source.
    pub source: Option<String>,
    /// Page, table, figure.
    pub place: Option<String>,
    /// What is not here as it was there.
    pub differs: Option<String>,
    /// What has changed since it was written.
    pub changed: Option<Changed>,
    /// What it means if it is true here.
    pub if_true: Option<String>,
    /// What it means if it is false here.
    pub if_false: Option<String>,
    /// What it means if it stays undecided.
    pub if_undecided: Option<String>,
}

/// A change of the world that a claim is about.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Changed {
    /// When.
    pub date: String,
    /// With which version of what.
    pub version: String,
    /// What.
    pub text: String,
}

/// The prose of a lesson.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What is claimed.
    pub claimed: String,
    /// What to watch.
    pub watch: String,
    /// What the reader is to guess.
    pub guess: Option<Guess>,
    /// Why it is so, whatever the verdicts are.
    pub why: String,
    /// What it does not show.
    pub not_shown: String,
}

/// A number that the reader is to guess.
#[derive(Clone, Debug)]
pub struct Guess {
    /// The question.
    pub question: String,
    /// The figure that answers it.
    pub value: Expression,
    /// Its dimension.
    pub dimension: Dimension,
    /// The index of its comparison.
    pub comparison: usize,
}

impl ClaimFile {
    /// Reads a claim file.
    ///
    /// # Errors
    /// [`Refusal`] of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let parsed = DeTable::parse(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let at = Position::of(text, span.start);
            let key = text.get(span).filter(|_| error.message() == "duplicate key").unwrap_or_default().to_owned();
            Refusal { at, key, why: Why::NoToml(error.message().to_owned()) }
        })?;
        let top = Reader::of(text, parsed.get_ref(), (String::new(), 0), TOP)?;
        let version = top.whole("version")?.ok_or_else(|| top.missing("version"))?;
        if version.value != VERSION {
            return Err(top.refusal(version.at, "version", Why::Version(version.value)));
        }
        let comparisons = top.named_tables("comparison", "job", COMPARISON)?;
        if comparisons.is_empty() {
            return Err(top.missing("comparison"));
        }
        let comparisons: Vec<Setup> =
            comparisons.iter().map(|(name, reader)| Setup::read(text, name, reader)).collect::<Result<_, _>>()?;
        let claims = top.tables("claim", CLAIM)?;
        if claims.is_empty() {
            return Err(top.missing("claim"));
        }
        let mut read: Vec<Claim> = Vec::new();
        for reader in &claims {
            let claim = Claim::read(reader, &comparisons)?;
            if read.iter().any(|other| other.name == claim.name) {
                return Err(reader.refusal(reader.at(), "name", Why::Again(claim.name)));
            }
            read.push(claim);
        }
        Ok(ClaimFile {
            title: top.paragraph("title")?,
            source: top.table("source", SOURCE)?.map(|reader| Source::read(&reader)).transpose()?.unwrap_or_default(),
            lesson: top.table("lesson", LESSON)?.map(|reader| Lesson::read(&reader, &comparisons)).transpose()?,
            comparisons,
            claims: read,
        })
    }
}

impl Source {
    fn read(reader: &Reader<'_>) -> Result<Self, Refusal> {
        Ok(Source {
            title: reader.required_text("title")?.value,
            authors: reader.paragraph("authors")?,
            date: reader.paragraph("date")?,
            place: reader.paragraph("place")?,
            url: reader.paragraph("url")?,
        })
    }
}

impl Setup {
    fn read(text: &str, name: &str, reader: &Reader<'_>) -> Result<Self, Refusal> {
        let placed = |at: usize| Position::of(text, at);
        let job = reader.required_text("job")?;
        let size = match reader.text("size")? {
            None => None,
            Some(size) => {
                let parsed = size.value.parse::<ByteSize>();
                Some(parsed.map_err(|why| reader.refusal(size.at, "size", Why::Malformed(why)))?)
            }
        };
        let inputs = reader.texts("input")?;
        if let (Some(_), Some(input)) = (size, inputs.first()) {
            return Err(reader.refusal(input.at, "input", Why::Conflict("size")));
        }
        let options = reader.texts("options")?;
        let mut columns: Vec<ColumnSetup> = Vec::new();
        for value in reader.values("columns", "a list of columns")? {
            let column = ColumnSetup::read(text, reader, value)?;
            if columns.iter().any(|other| other.name == column.name) {
                return Err(reader.refusal(value.span().start, "columns", Why::Again(column.name)));
            }
            columns.push(column);
        }
        if columns.is_empty() {
            return Err(reader.missing("columns"));
        }
        let peers = reader.texts("peers")?;
        if let Some(again) = peers.iter().find(|peer| columns.iter().any(|column| column.name == peer.value)) {
            return Err(reader.refusal(again.at, "peers", Why::Again(again.value.clone())));
        }
        let scale = ascending(reader, "scale", |value| value > 0.0)?;
        let iterations = ascending(reader, "iteration-sweep", is_whole)?;
        let memory = ascending(reader, "memory-sweep", |value| value == 0.0 || is_whole(value))?;
        if let (Some(_), Some(input)) = (scale.first(), inputs.first()) {
            return Err(reader.refusal(input.at, "input", Why::Conflict("scale")));
        }
        Ok(Setup {
            name: name.to_owned(),
            job: Placed { at: placed(job.at), value: job.value },
            options: Placed {
                at: placed(options.first().map_or(reader.at(), |option| option.at)),
                value: options.into_iter().map(|option| option.value).collect(),
            },
            size,
            inputs: inputs.into_iter().map(|input| Placed { at: placed(input.at), value: input.value }).collect(),
            columns,
            peers_at: placed(peers.first().map_or(reader.at(), |peer| peer.at)),
            peers: peers.into_iter().map(|peer| peer.value).collect(),
            scale,
            iteration_sweep: iterations.into_iter().map(|value| value as u32).collect(),
            memory_sweep: memory.into_iter().map(|value| value as u32).collect(),
            ladder: reader.flag("ladder")?,
        })
    }

    /// The names that statements about it may use.
    pub fn names(&self) -> Names {
        let modes = || self.columns.iter().filter(|column| column.is_plain()).map(|column| column.name.as_str());
        let others = || self.peers.iter().map(String::as_str);
        let beside = |names: &mut dyn Iterator<Item = &str>, rests: &[String]| {
            names.flat_map(|name| rests.iter().map(move |rest| format!("{name} {rest}"))).collect::<Vec<_>>()
        };
        let sizes: Vec<String> = self.scale.iter().map(|factor| format!("×{factor}")).collect();
        let iterations: Vec<String> =
            self.iteration_sweep.iter().map(|number| format!("{number} iterations")).collect();
        let budgets: Vec<String> = self.memory_sweep.iter().map(|percent| format!("at {percent} %")).collect();
        let mut columns: Vec<String> =
            self.columns.iter().map(|column| &column.name).chain(&self.peers).cloned().collect();
        columns.extend(beside(&mut modes().chain(others()), &sizes));
        columns.extend(beside(&mut modes(), &iterations));
        columns.extend(beside(&mut std::iter::once(RunMode::Memory.name()), &budgets));
        if self.has_faults() {
            columns.extend(beside(
                &mut self.columns.iter().map(|column| column.name.as_str()),
                &["without faults".into()],
            ));
        }
        Names { columns, steps: self.ladder }
    }

    /// Whether runs without faults are made beside those with them.
    fn has_faults(&self) -> bool {
        let own = self.columns.iter().flat_map(|column| &column.options);
        self.options.value.iter().chain(own).any(|option| option.starts_with("--inject"))
    }

    /// Whether a column runs at each point along an axis.
    fn grows(&self, column: &str, axis: Axis) -> bool {
        let is_mode = self.columns.iter().any(|own| own.name == column && own.is_plain());
        is_mode || axis == Axis::Scale && self.peers.iter().any(|peer| peer == column)
    }
}

fn is_whole(value: f64) -> bool {
    value.fract() == 0.0 && (1.0..=f64::from(u32::MAX)).contains(&value)
}

/// Numbers in ascending order, each once.
fn ascending(reader: &Reader<'_>, key: &str, is_valid: impl Fn(f64) -> bool) -> Result<Vec<f64>, Refusal> {
    let numbers = reader.numbers(key)?;
    let mut last = f64::NEG_INFINITY;
    for number in &numbers {
        if !is_valid(number.value) || number.value <= last {
            let why = Why::Malformed("write numbers above 0 in ascending order, like [1, 4, 16]".into());
            return Err(reader.refusal(number.at, key, why));
        }
        last = number.value;
    }
    Ok(numbers.into_iter().map(|number| number.value).collect())
}

impl ColumnSetup {
    fn read(text: &str, reader: &Reader<'_>, value: &Spanned<DeValue<'_>>) -> Result<Self, Refusal> {
        let at = value.span().start;
        let mode = |name: &str, at: usize, reader: &Reader<'_>, key: &str| {
            RunMode::named(name).ok_or_else(|| {
                let known = RunMode::ALL.map(|mode| mode.name().to_owned()).to_vec();
                reader.refusal(at, key, Why::Unknown { what: "mode", name: name.to_owned(), known })
            })
        };
        if let Some(name) = value.get_ref().as_str() {
            let mode = mode(name, at, reader, "columns")?;
            return Ok(ColumnSetup { name: name.to_owned(), mode, options: Vec::new(), at: Position::of(text, at) });
        }
        let column = element(reader, value)?;
        let name = column.required_text("name")?;
        let is_word = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
        if !is_word(&name.value) {
            let why = Why::Malformed("a column's name has letters, digits, - and _".into());
            return Err(column.refusal(name.at, "name", why));
        }
        let of_mode = column.required_text("mode")?;
        let mode = mode(&of_mode.value, of_mode.at, &column, "mode")?;
        let options = column.texts("options")?.into_iter().map(|option| option.value).collect();
        Ok(ColumnSetup { name: name.value, mode, options, at: Position::of(text, at) })
    }

    /// Whether it is a mode and nothing else.
    pub fn is_plain(&self) -> bool {
        self.name == self.mode.name() && self.options.is_empty()
    }
}

/// A column that is a table.
fn element<'t>(reader: &Reader<'t>, value: &'t Spanned<DeValue<'t>>) -> Result<Reader<'t>, Refusal> {
    reader.element("columns", value, COLUMN)
}

/// The index of the comparison that a claim names, or of the only one.
fn comparison_of(reader: &Reader<'_>, comparisons: &[Setup]) -> Result<usize, Refusal> {
    match (reader.text("comparison")?, comparisons.len()) {
        (None, 1) => Ok(0),
        (None, _) => Err(reader.missing("comparison")),
        (Some(name), _) => comparisons.iter().position(|setup| setup.name == name.value).ok_or_else(|| {
            let known = comparisons.iter().map(|setup| setup.name.clone()).collect();
            reader.refusal(name.at, "comparison", Why::Unknown { what: "comparison", name: name.value.clone(), known })
        }),
    }
}

impl Claim {
    fn read(reader: &Reader<'_>, comparisons: &[Setup]) -> Result<Self, Refusal> {
        let comparison = comparison_of(reader, comparisons)?;
        let setup = &comparisons[comparison];
        let text = reader.required_text("statement")?;
        let refuse =
            |fault: Fault| reader.refusal(reader.within(&text, fault.at), "statement", Why::Statement(fault.kind));
        let statement = parse(&text.value, &setup.names()).map_err(refuse)?;
        for relation in statement.relations() {
            let at = reader.within(&text, relation.at);
            if relation.figures().is_empty() {
                return Err(reader.refusal(at, "statement", Why::NothingMeasured));
            }
            for figure in relation.figures() {
                check_growth(figure, setup).map_err(|why| reader.refusal(at, "statement", why))?;
            }
        }
        let because = reader.texts("because")?;
        if let Some(unknown) = because.iter().find(|reason| REASONS.iter().all(|(name, _)| *name != reason.value)) {
            let known = REASONS.iter().map(|(name, _)| (*name).to_owned()).collect();
            let why = Why::Unknown { what: "reason", name: unknown.value.clone(), known };
            return Err(reader.refusal(unknown.at, "because", why));
        }
        if let (Some(first), None) = (because.first(), compared(&statement)) {
            return Err(reader.refusal(first.at, "because", Why::NothingToExplain));
        }
        let changed = reader.table("changed", CHANGED)?;
        let changed = changed.map(|reader| {
            let text = |key| Ok(reader.required_text(key)?.value);
            Ok(Changed { date: text("date")?, version: text("version")?, text: text("text")? })
        });
        Ok(Claim {
            name: reader.required_text("name")?.value,
            text: reader.paragraph("text")?.ok_or_else(|| reader.missing("text"))?,
            comparison,
            statement,
            statement_text: text.value.split_whitespace().collect::<Vec<_>>().join(" "),
            because: because.into_iter().map(|reason| reason.value).collect(),
            source: reader.paragraph("source")?,
            place: reader.paragraph("place")?,
            differs: reader.paragraph("differs")?,
            changed: changed.transpose()?,
            if_true: reader.paragraph("if-true")?,
            if_false: reader.paragraph("if-false")?,
            if_undecided: reader.paragraph("if-undecided")?,
        })
    }
}

/// Refuses a figure along an axis along which the comparison, or the figure's column, does not grow.
fn check_growth(figure: &Figure, setup: &Setup) -> Result<(), Why> {
    let Some(axis) = figure.axis() else { return Ok(()) };
    let (key, is_there) = match axis {
        Axis::Scale => ("scale", !setup.scale.is_empty()),
        Axis::Iterations => ("iteration-sweep", !setup.iteration_sweep.is_empty()),
    };
    if !is_there {
        return Err(Why::Needs { key });
    }
    match figure.columns().iter().find(|column| !setup.grows(column, axis)) {
        Some(column) => Err(Why::DoesNotGrow(column.clone())),
        None => Ok(()),
    }
}

impl Lesson {
    fn read(reader: &Reader<'_>, comparisons: &[Setup]) -> Result<Self, Refusal> {
        let paragraph = |key: &'static str| reader.paragraph(key)?.ok_or_else(|| reader.missing(key));
        let number = reader.whole("number")?.ok_or_else(|| reader.missing("number"))?;
        Ok(Lesson {
            number: u32::try_from(number.value)
                .map_err(|_| reader.refusal(number.at, "number", Why::Malformed("a number from 1 on".into())))?,
            name: reader.required_text("name")?.value,
            title: paragraph("title")?,
            claimed: paragraph("claimed")?,
            watch: paragraph("watch")?,
            guess: reader.table("guess", GUESS)?.map(|guess| Guess::read(&guess, comparisons)).transpose()?,
            why: paragraph("why")?,
            not_shown: paragraph("not-shown")?,
        })
    }
}

impl Guess {
    fn read(reader: &Reader<'_>, comparisons: &[Setup]) -> Result<Self, Refusal> {
        let comparison = comparison_of(reader, comparisons)?;
        let text: Located<String> = reader.required_text("value")?;
        let refuse = |fault: Fault| reader.refusal(reader.within(&text, fault.at), "value", Why::Statement(fault.kind));
        let (value, dimension) = parse_value(&text.value, &comparisons[comparison].names()).map_err(refuse)?;
        let question = reader.paragraph("question")?.ok_or_else(|| reader.missing("question"))?;
        Ok(Guess { question, value, dimension, comparison })
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A claim file about disk and memory mode with this statement.
    pub fn about(statement: &str) -> String {
        format!(
            "version = 1\n\n[source]\ntitle = \"A text\"\n\n[comparison]\njob = \"wordcount\"\ncolumns = [\"disk\", \
             \"memory\"]\n\n[[claim]]\nname = \"twice\"\ntext = \"Twice as fast.\"\nstatement = \"{statement}\"\n"
        )
    }

    fn refusal(text: &str) -> (Position, String, Why) {
        let Refusal { at, key, why } = ClaimFile::parse(text).expect_err(text);
        (at, key, why)
    }

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    #[test]
    fn a_claim_file_is_read() {
        let file = ClaimFile::parse(&about("median(disk) / median(memory) >= 2")).unwrap();
        assert_eq!((file.source.title.as_str(), file.claims[0].name.as_str()), ("A text", "twice"));
        assert_eq!(file.comparisons[0].columns.iter().map(|c| c.mode).collect::<Vec<_>>(), RunMode::ALL[..2]);
    }

    #[test]
    fn a_statement_may_name_what_runs_beside_the_columns_and_nothing_else() {
        let with = |keys: &str, statement: &str| {
            ClaimFile::parse(&about(statement).replace("[comparison]", &format!("[comparison]\n{keys}"))).is_ok()
        };
        assert!(with("memory-sweep = [50, 100]", "median('memory at 50 %') < median(disk)"));
        assert!(!with("memory-sweep = [50, 100]", "median('disk at 50 %') < median(disk)"));
        assert!(with("scale = [0.5, 3]\npeers = [\"duckdb\"]", "median('duckdb ×3') < median('disk ×0.5')"));
        assert!(!with("scale = [0.5, 3]", "median('disk ×2') < median(disk)"));
        assert!(with("iteration-sweep = [1, 5]", "median('disk 5 iterations') < 2 s"));
        assert!(with("options = [\"--inject=map:1:panic\"]", "median('disk without faults') < median(disk)"));
        assert!(!with("", "median('disk without faults') < median(disk)"));
        assert!(with("ladder = true", "median('disk of the ladder') < median(disk)"));
    }

    #[test]
    fn the_example_of_the_module_is_read() {
        let lines = include_str!("file.rs").lines().skip_while(|line| *line != "//! ```toml").skip(1);
        let lines = lines.take_while(|line| *line != "//! ```");
        let example: Vec<&str> = lines.map(|line| line.trim_start_matches("//!").trim_start()).collect();
        let example = example.join("\n").replace("comparison = \"NAME\"", "").replace("size =", "# size =");
        let example = example.replace("\"memory\", {name", "\"memory\", \"reference\", {name");
        let file = ClaimFile::parse(&example).unwrap_or_else(|refusal| panic!("{refusal:?}\n{example}"));
        assert_eq!(file.comparisons[0].columns.len(), 4);
        assert_eq!(file.claims[0].because, ["files"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_column() {
        let good = about("median(disk) / median(memory) >= 2");
        let (place, key, why) = refusal(&good.replace("statement", "statment"));
        assert_eq!((place, key.as_str(), why), (at(13, 1), "claim[1].statment", Why::UnknownKey(CLAIM)));
        let (place, _, why) = refusal(&about("median(disk) / medain(memory) >= 2"));
        assert_eq!(place, at(13, 29));
        assert!(matches!(why, Why::Statement(_)), "{why:?}");
        let (place, key, why) = refusal(&good.replace("\"memory\"]", "\"mem\"]"));
        assert_eq!((place, key.as_str()), (at(8, 20), "comparison.columns"));
        assert!(matches!(why, Why::Unknown { what: "mode", .. }), "{why:?}");
        assert!(matches!(refusal(&good.replace("= 1\n", "= 2\n")).2, Why::Version(2)));
        assert!(matches!(refusal(&good.replace("\"wordcount\"", "7")).2, Why::Type { wanted: "a string", .. }));
        assert!(matches!(refusal(&good.replace("text = ", "#")).2, Why::Missing("text")));
        assert!(matches!(refusal("version = 1\n[comparison\n").2, Why::NoToml(_)));
        assert!(matches!(refusal("").2, Why::Missing("version")));
        let (place, _, why) = refusal(&about("exponent(disk) > 1"));
        assert_eq!((place, why), (at(13, 14), Why::Needs { key: "scale" }));
    }

    #[test]
    fn claims_about_several_comparisons_name_theirs() {
        let good = about("median(disk) > 1 s");
        let several =
            good.replace("[comparison]", "[comparison.other]\njob=\"sort\"\ncolumns=[\"disk\"]\n[comparison.words]");
        assert!(matches!(refusal(&several).2, Why::Missing("comparison")));
        let named =
            |name: &str| several.replace("name = \"twice\"", &format!("name = \"twice\"\ncomparison = \"{name}\""));
        assert_eq!(ClaimFile::parse(&named("words")).unwrap().claims[0].comparison, 1);
        assert!(matches!(refusal(&named("word")).2, Why::Unknown { what: "comparison", .. }));
    }
}
