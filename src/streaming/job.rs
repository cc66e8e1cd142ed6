//! A streaming job, resolved: its steps, the forms of its records, and the route of its keys.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use regex::Regex;

use crate::config::{HadoopSplits, JobConfig, PartNames, SplitRule, Stragglers};
use crate::error::{Error, Result};
use crate::streaming::classes::{self, Class, Role};
use crate::streaming::key_fields::KeyFields;
use crate::streaming::options::Options;
use crate::streaming::partition::ByHadoop;
use crate::streaming::properties::Properties;
use crate::streaming::records::Form;
use crate::streaming::role::Rules;
use crate::streaming::route::{Order, Route};
use crate::streaming::words;

/// A command, as words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub words: Vec<Vec<u8>>,
    /// As it was written.
    pub shown: String,
}

/// The mapper.
#[derive(Clone, Debug)]
pub enum MapStep {
    Command(Command),
    Class(MapClass),
}

/// A mapper of Hadoop's own.
#[derive(Clone, Debug)]
pub enum MapClass {
    Identity,
    Inverse,
    TokenCount,
    Regex { pattern: Regex, group: usize },
}

/// The reducer.
#[derive(Clone, Debug)]
pub enum ReduceStep {
    Command(Command),
    Identity,
    LongSum,
    Aggregate,
    /// The map output is the output.
    None,
}

/// The records that a mapper is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapInput {
    /// A line, with its offset as its key.
    Offsets,
    /// The key of a line up to its first separator, and the rest.
    Keys { separator: u8 },
}

/// Treatment of parts without content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyParts {
    /// They are written.
    #[default]
    Written,
    /// They are left out (`-lazyOutput`).
    LeftOut,
    /// Those of reducers without input are left out, and the others numbered anew.
    Renumbered,
}

/// A job.
#[derive(Clone, Debug)]
pub struct StreamJob {
    pub properties: Properties,
    pub environment: Vec<(OsString, OsString)>,
    pub mapper: MapStep,
    pub combiner: Option<ReduceStep>,
    pub reducer: ReduceStep,
    pub input: MapInput,
    /// Whether a mapper is given the value alone.
    ignores_key: bool,
    lines_a_split: Option<u64>,
    /// The form of records that a mapper reads.
    pub map_input: Form,
    /// The form of records that a mapper prints.
    pub map_output: Form,
    pub reduce_input: Form,
    pub reduce_output: Form,
    pub discards_output: bool,
    /// Parts without content are left out, or with madoop's rules those of reducers without input.
    pub empty_parts: EmptyParts,
    pub files: Vec<OsString>,
    pub archives: Vec<OsString>,
    pub notes: Vec<String>,
    partition: ByHadoop,
    order: Order,
}

impl StreamJob {
    /// Resolves options.
    ///
    /// # Errors
    /// [`Error::Config`] for classes that are not known, and for options that contradict each other.
    pub fn resolve(options: &Options) -> Result<Self> {
        let mut properties = options.properties.clone();
        for (name, value) in [("inputdir", options.inputs.first()), ("outputdir", options.output.as_ref())] {
            if let Some(value) = value {
                let package = if name == "inputdir" { "input" } else { "output" };
                properties.set(&format!("mapreduce.{package}.file{package}format.{name}"), value.to_string_lossy());
            }
        }
        for form in ["stream.map.input", "stream.map.output", "stream.reduce.input", "stream.reduce.output"] {
            if let Some(io) = &options.io {
                properties.set(form, io.as_str());
            }
        }
        let form = |name: &str, separator: &str, fields: &str| -> Result<Form> {
            let fields = properties.number(fields)?.unwrap_or(1);
            Ok(Form::named(properties.get(name).unwrap_or("text"), properties.separator(separator), fields))
        };
        let map_input = form("stream.map.input", "stream.map.input.field.separator", "")?;
        let map_output =
            form("stream.map.output", "stream.map.output.field.separator", "stream.num.map.output.key.fields")?;
        let reduce_input = form("stream.reduce.input", "stream.reduce.input.field.separator", "")?;
        let reduce_output = form(
            "stream.reduce.output",
            "stream.reduce.output.field.separator",
            "stream.num.reduce.output.key.fields",
        )?;
        let format = match &options.input_format {
            Some(name) => classes::require(Role::InputFormat, name)?,
            None => Class::TextInputFormat,
        };
        let discards_output = match &options.output_format {
            Some(name) => classes::require(Role::OutputFormat, name)? == Class::NullOutputFormat,
            None => false,
        };
        let ignores_key = map_input.is_text()
            && map_input != Form::KeyOnly
            && properties.switch("stream.map.input.ignoreKey", format == Class::TextInputFormat);
        let input = match format {
            Class::KeyValueTextInputFormat => {
                let name = "mapreduce.input.keyvaluelinerecordreader.key.value.separator";
                MapInput::Keys { separator: properties.separator(name).first().copied().unwrap_or(b'\t') }
            }
            _ => MapInput::Offsets,
        };
        let lines_a_split = match format {
            Class::NLineInputFormat => {
                Some(properties.number("mapreduce.input.lineinputformat.linespermap")?.unwrap_or(1))
            }
            _ => None,
        };
        let empty_parts = match (options.madoop, options.lazy_output) {
            (true, _) => EmptyParts::Renumbered,
            (_, true) => EmptyParts::LeftOut,
            _ => EmptyParts::Written,
        };
        let cutter = Shipped::of(&options.packaged);
        let mapper = map_step(options.mapper.as_deref(), &cutter, &properties)?;
        let mut reducer = reduce_step(options.reducer.as_deref(), Role::Reducer, &cutter)?;
        let combiner = match &options.combiner {
            Some(combiner) => Some(reduce_step(Some(combiner), Role::Combiner, &cutter)?),
            None => None,
        };
        if options.reducer.as_deref() == Some(OsStr::new("NONE")) || reduces(options)? == Some(0) {
            reducer = ReduceStep::None;
        }
        // As in Hadoop, this class combines too.
        let combiner =
            if reducer_is_aggregate(options.reducer.as_deref()) { Some(ReduceStep::Aggregate) } else { combiner };
        let order = order(&properties, &mapper, &input)?;
        let partition = partition(options, &properties, &order)?;
        let mut environment = Vec::new();
        for variable in &options.environment {
            environment.push(assignment(variable)?);
        }
        Ok(StreamJob {
            environment,
            mapper,
            combiner,
            reducer,
            input,
            ignores_key,
            lines_a_split,
            map_input,
            map_output,
            reduce_input,
            reduce_output,
            discards_output,
            empty_parts,
            files: options.files.clone(),
            archives: options.archives.clone(),
            notes: options.notes.clone(),
            partition,
            order,
            properties,
        })
    }

    /// Whether a mapper is given lines and nothing else.
    pub fn gives_lines_alone(&self) -> bool {
        self.ignores_key
    }

    /// A value as a reducer reads it. Where mappers print keys alone, Hadoop writes the text of its null.
    pub fn reducer_reads<'v>(&self, value: &'v [u8]) -> &'v [u8] {
        match (&self.map_output, &self.reduce_input) {
            (Form::KeyOnly, Form::Text { .. }) => b"(null)",
            _ => value,
        }
    }

    /// Its commands.
    pub fn commands(&self) -> Vec<&Command> {
        let mut commands = Vec::new();
        if let MapStep::Command(command) = &self.mapper {
            commands.push(command);
        }
        for step in self.combiner.iter().chain([&self.reducer]) {
            if let ReduceStep::Command(command) = step {
                commands.push(command);
            }
        }
        commands
    }

    /// The route of keys to reducers.
    pub fn route(&self) -> Route {
        Route::new(self.order.clone(), self.partition.clone())
    }

    /// The separator of the output.
    pub fn output_separator(&self) -> Vec<u8> {
        self.properties.separator("mapreduce.output.textoutputformat.separator")
    }

    /// What counts as a failure of a command.
    ///
    /// # Errors
    /// [`Error::Config`] for what is no number.
    pub fn rules(&self) -> Result<Rules> {
        Ok(Rules {
            status_counts: self.properties.switch("stream.non.zero.exit.is.failure", true),
            enough_records: self.properties.number("stream.minRecWrittenToEnableSkip_")?.unwrap_or(u64::MAX),
        })
    }

    /// Time without a sign of life after which a command has failed.
    ///
    /// # Errors
    /// [`Error::Config`] for what is no number.
    pub fn patience(&self) -> Result<Option<Duration>> {
        const USUAL_MS: u64 = 600_000;
        let limit = self.properties.number("mapreduce.task.timeout")?.unwrap_or(USUAL_MS);
        Ok((limit > 0).then(|| Duration::from_millis(limit)))
    }

    /// Time to wait for the rest of a command's output once it has ended; `None` for as long as it takes.
    ///
    /// # Errors
    /// [`Error::Config`] for what is no number.
    pub fn join_delay(&self) -> Result<Option<Duration>> {
        let delay = self.properties.number("stream.joindelay.milli")?.filter(|delay| *delay > 0);
        Ok(delay.map(Duration::from_millis))
    }

    /// Brings the settings of a run in line with the job's properties.
    ///
    /// # Errors
    /// [`Error::Config`] for properties that are no numbers.
    pub fn apply(&self, config: &mut JobConfig) -> Result<()> {
        /// Block size of HDFS.
        const BLOCK_BYTES: u64 = 128 << 20;
        let properties = &self.properties;
        config.part_names = PartNames::Plain;
        let block_bytes = match config.split_bytes {
            Some(bytes) => bytes,
            None => {
                properties.number("fs.local.block.size")?.or(properties.number("dfs.blocksize")?).unwrap_or(BLOCK_BYTES)
            }
        };
        config.split_rule = SplitRule::Hadoop(HadoopSplits {
            maps: properties.number("mapreduce.job.maps")?.unwrap_or(2),
            block_bytes,
            least_bytes: properties.number("mapreduce.input.fileinputformat.split.minsize")?.unwrap_or(1),
            lines: self.lines_a_split,
        });
        if let Some(attempts) = properties.number("mapreduce.map.maxattempts")? {
            config.max_attempts = attempts;
        }
        if let Some(megabytes) = properties.number::<u64>("mapreduce.task.io.sort.mb")? {
            config.sort_buffer_bytes = megabytes << 20;
        }
        if let Some(factor) = properties.number("mapreduce.task.io.sort.factor")? {
            config.merge_factor = factor;
        }
        if properties.switch("mapreduce.map.speculative", false) {
            config.stragglers = Stragglers::Speculate;
        }
        Ok(())
    }
}

/// The number of reduce tasks that options ask for.
///
/// # Errors
/// [`Error::Config`] where it is no number.
pub fn reduces(options: &Options) -> Result<Option<u32>> {
    if options.reducer.as_deref() == Some(OsStr::new("NONE")) {
        return Ok(Some(0));
    }
    match &options.reduce_tasks {
        Some(text) => {
            let number = text.parse().map_err(|_| Error::Config(format!("-numReduceTasks {text} is no number")))?;
            Ok(Some(number))
        }
        None => options.properties.number("mapreduce.job.reduces"),
    }
}

fn assignment(variable: &OsStr) -> Result<(OsString, OsString)> {
    let bytes = variable.as_bytes();
    let Some(equals) = memchr::memchr(b'=', bytes) else {
        return Err(Error::Config(format!("-cmdenv {} must be NAME=VALUE", variable.display())));
    };
    Ok((OsStr::from_bytes(&bytes[..equals]).to_owned(), OsStr::from_bytes(&bytes[equals + 1..]).to_owned()))
}

/// Files of `-file`, by which the first word of a command is cut to its base name.
struct Shipped(Vec<std::path::PathBuf>);

impl Shipped {
    fn of(files: &[OsString]) -> Self {
        Shipped(files.iter().filter_map(|file| fs::canonicalize(file).ok()).collect())
    }

    fn command(&self, command: &OsStr) -> Command {
        let bytes = command.as_bytes();
        let end = memchr::memchr(b' ', bytes).unwrap_or(bytes.len());
        let program = Path::new(OsStr::from_bytes(&bytes[..end]));
        let shipped = fs::canonicalize(program).is_ok_and(|path| self.0.contains(&path));
        let cut = match program.file_name().filter(|_| shipped) {
            Some(name) => [name.as_bytes(), &bytes[end..]].concat(),
            None => bytes.to_vec(),
        };
        Command { words: words::split(&cut), shown: String::from_utf8_lossy(&cut).into_owned() }
    }
}

fn map_step(mapper: Option<&OsStr>, shipped: &Shipped, properties: &Properties) -> Result<MapStep> {
    let Some(mapper) = mapper else { return Ok(MapStep::Class(MapClass::Identity)) };
    let class = mapper.to_str().map(|name| classes::find_or_command(Role::Mapper, name)).transpose()?.flatten();
    Ok(match class {
        None => MapStep::Command(shipped.command(mapper)),
        Some(Class::InverseMapper) => MapStep::Class(MapClass::Inverse),
        Some(Class::TokenCountMapper) => MapStep::Class(MapClass::TokenCount),
        Some(Class::RegexMapper) => {
            let pattern = properties.get("mapreduce.mapper.regex").unwrap_or_default();
            let pattern = Regex::new(pattern);
            let pattern = pattern.map_err(|error| Error::Config(format!("-D mapreduce.mapper.regex: {error}")))?;
            let group = properties.number("mapreduce.mapper.regexmapper..group")?.unwrap_or(0);
            MapStep::Class(MapClass::Regex { pattern, group })
        }
        Some(_) => MapStep::Class(MapClass::Identity),
    })
}

fn reducer_is_aggregate(reducer: Option<&OsStr>) -> bool {
    reducer.is_some_and(|reducer| reducer.eq_ignore_ascii_case("aggregate"))
}

fn reduce_step(reducer: Option<&OsStr>, role: Role, shipped: &Shipped) -> Result<ReduceStep> {
    let Some(reducer) = reducer else { return Ok(ReduceStep::Identity) };
    if role == Role::Reducer && reducer_is_aggregate(Some(reducer)) {
        return Ok(ReduceStep::Aggregate);
    }
    let class = reducer.to_str().map(|name| classes::find_or_command(role, name)).transpose()?.flatten();
    Ok(match class {
        None => ReduceStep::Command(shipped.command(reducer)),
        Some(Class::LongSumReducer) => ReduceStep::LongSum,
        Some(Class::Aggregate) => ReduceStep::Aggregate,
        Some(_) => ReduceStep::Identity,
    })
}

fn key_field_separator(properties: &Properties) -> Vec<u8> {
    properties.separator("mapreduce.map.output.key.field.separator")
}

fn order(properties: &Properties, mapper: &MapStep, input: &MapInput) -> Result<Order> {
    let comparator = properties.get("mapreduce.job.output.key.comparator.class");
    let comparator = comparator.map(|name| classes::require(Role::Comparator, name)).transpose()?;
    if comparator == Some(Class::KeyFieldBasedComparator) {
        let options = properties.get("mapreduce.partition.keycomparator.options").unwrap_or_default();
        return Ok(Order::Fields(KeyFields::parse(options, key_field_separator(properties))?));
    }
    let offsets = matches!((mapper, input), (MapStep::Class(MapClass::Identity), MapInput::Offsets));
    Ok(if offsets { Order::Numbers } else { Order::Bytes })
}

fn partition(options: &Options, properties: &Properties, order: &Order) -> Result<ByHadoop> {
    if options.madoop {
        return Ok(ByHadoop::Madoop);
    }
    let name = options.partitioner.as_deref().or(properties.get("mapreduce.job.partitioner.class"));
    let class = name.map(|name| classes::require(Role::Partitioner, name)).transpose()?;
    Ok(match class {
        Some(Class::KeyFieldBasedPartitioner) => {
            let separator = key_field_separator(properties);
            match properties.number::<usize>("num.key.fields.for.partition")? {
                Some(fields) => ByHadoop::Fields(KeyFields::first(fields, separator)),
                None => {
                    let options = properties.get("mapreduce.partition.keypartitioner.options").unwrap_or_default();
                    ByHadoop::Fields(KeyFields::parse(options, separator)?)
                }
            }
        }
        Some(Class::BinaryPartitioner) => ByHadoop::Binary {
            left: properties.number("mapreduce.partition.binarypartitioner.left.offset")?.unwrap_or(0),
            right: properties.number("mapreduce.partition.binarypartitioner.right.offset")?.unwrap_or(-1),
        },
        _ if matches!(order, Order::Numbers) => ByHadoop::Long,
        _ => ByHadoop::Hash,
    })
}
