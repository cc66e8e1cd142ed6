//! A streaming job, resolved: its steps, the forms of its records, and the route of its keys.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;

use crate::config::{
    Compression, Cuts, HadoopSplits, JobConfig, OutputCodec, PartForm, PartNames, SplitRule, Stragglers,
};
use crate::error::{Error, Result};
use crate::remote::Address;
use crate::streaming::classes::{self, Class, Role};
use crate::streaming::field_selection::FieldSelection;
use crate::streaming::globs::local;
use crate::streaming::key_fields::KeyFields;
use crate::streaming::options::{Options, commas};
use crate::streaming::order::Order;
use crate::streaming::output::OutputKind;
use crate::streaming::partition::ByHadoop;
use crate::streaming::properties::Properties;
use crate::streaming::reading::{Reading, Shown};
use crate::streaming::records::Form;
use crate::streaming::role::Rules;
use crate::streaming::route::Route;
use crate::streaming::sequence_file::Packing;
use crate::streaming::split_points::{self, SplitPoints};
use crate::streaming::words;
use crate::streaming::xml::Tags;

/// The property by which splits come in the order of the input, and not the largest first.
pub const IN_ORDER: &str = "twinmill.splits.in.order";

/// The property by which records that are the same are sorted, written and read one by one, if it is `false`.
pub const REPEATS: &str = "twinmill.repeats";

/// The property that bounds the bytes that a program may print, and those of its standard error that are passed on.
pub const MOST_PRINTED: &str = "twinmill.output.limit";

/// The property of a command that starts each program: the program's path and words follow its own. Grading shuts programs in so.
pub const STARTER: &str = "twinmill.starter";

/// The property that names madoop's program of its own as partitioner.
pub const PARTITIONER: &str = "twinmill.madoop.partitioner";

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
    Regex {
        pattern: Regex,
        group: usize,
    },
    /// Whether it ignores keys, as with `TextInputFormat`.
    Fields {
        selection: FieldSelection,
        ignores_key: bool,
    },
}

/// The reducer.
#[derive(Clone, Debug)]
pub enum ReduceStep {
    Command(Command),
    Identity,
    LongSum,
    Aggregate,
    Fields(FieldSelection),
    /// The map output is the output.
    None,
}

/// The records that a mapper is given.
#[derive(Clone, Debug)]
pub enum MapInput {
    /// A line, with its offset as its key.
    Offsets,
    /// The key of a line up to its first separator, and the rest.
    Keys { separator: u8 },
    /// Records of another format.
    Records(Reading),
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
    /// Bytes, with its end, from which a line is passed over.
    pub too_long: usize,
    /// The form of records that a mapper reads.
    pub map_input: Form,
    /// The form of records that a mapper prints.
    pub map_output: Form,
    pub reduce_input: Form,
    pub reduce_output: Form,
    pub output: OutputKind,
    codec: Option<OutputCodec>,
    /// Parts without content are left out, or with madoop's rules those of reducers without input.
    pub empty_parts: EmptyParts,
    pub files: Vec<OsString>,
    pub archives: Vec<OsString>,
    pub notes: Vec<String>,
    /// The words that describe it, where it came from a command line.
    pub words: Vec<OsString>,
    /// Commands that are run when a task has failed for the last time.
    pub map_debug: Option<Command>,
    pub reduce_debug: Option<Command>,
    /// A program that chooses the reducer of a line.
    pub partitioner: Option<Command>,
    partition: ByHadoop,
    order: Order,
}

impl StreamJob {
    /// Resolves options.
    ///
    /// # Errors
    /// [`Error::Config`] for classes that are not known, and for options that contradict each other.
    pub fn resolve(options: &Options) -> Result<Self> {
        let mut properties = options.properties.expanded();
        let inputs: Vec<OsString> = options.inputs.iter().flat_map(|input| commas(input)).collect();
        for (name, paths) in [("input", inputs.as_slice()), ("output", options.output.as_slice())] {
            if !paths.is_empty() {
                let paths = paths.iter().map(|path| uri(path)).collect::<Vec<_>>().join(",");
                properties.set(&format!("mapreduce.{name}.file{name}format.{name}dir"), paths);
            }
        }
        for form in ["stream.map.input", "stream.map.output", "stream.reduce.input", "stream.reduce.output"] {
            if let Some(io) = &options.io {
                properties.set(form, io.as_str());
            }
        }
        let form = |name: &str, separator: &str, fields: &str| -> Result<Form> {
            let fields = properties.number::<i64>(fields)?.unwrap_or(1).max(1);
            let fields = usize::try_from(fields).unwrap_or(usize::MAX);
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
        let codec = codec(&properties)?;
        let output = output_kind(options, &properties, codec)?;
        let reader = options.input_reader.as_deref().filter(|_| reader_counts(options, format));
        let is_text = format == Class::TextInputFormat && reader.is_none();
        let ignores_key = map_input.is_text()
            && map_input != Form::KeyOnly
            && properties.switch("stream.map.input.ignoreKey", is_text);
        let reading = reading(reader, &properties, format)?;
        let input = match format {
            _ if reading.is_some() => reading.map_or(MapInput::Offsets, MapInput::Records),
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
        let too_long = properties.number("mapreduce.input.linerecordreader.line.maxlength")?.unwrap_or(usize::MAX);
        let empty_parts = match (options.madoop, options.lazy_output) {
            (true, _) => EmptyParts::Renumbered,
            (_, lazy) if lazy || output == OutputKind::Nothing => EmptyParts::LeftOut,
            _ => EmptyParts::Written,
        };
        let cutter = Shipped::of(&options.packaged);
        let mapper = map_step(options.mapper.as_deref(), &cutter, &properties, is_text)?;
        let mut reducer = reduce_step(options.reducer.as_deref(), Role::Reducer, &cutter, &properties)?;
        let combiner = match &options.combiner {
            Some(combiner) => Some(reduce_step(Some(combiner), Role::Combiner, &cutter, &properties)?),
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
        let partitioner = properties.get(PARTITIONER).map(|program| cutter.command(OsStr::new(program)));
        let mut notes = options.notes.clone();
        let mut environment = Vec::new();
        for variable in &options.environment {
            match assignment(variable) {
                Some(variable) => environment.push(variable),
                None => notes.push(format!("-cmdenv {} is no NAME=VALUE, and was passed over", variable.display())),
            }
        }
        Ok(StreamJob {
            environment,
            mapper,
            combiner,
            reducer,
            input,
            ignores_key,
            lines_a_split,
            too_long,
            map_input,
            map_output,
            reduce_input,
            reduce_output,
            codec: if let OutputKind::Sequence(_) = output { None } else { codec },
            output,
            empty_parts,
            files: options.files.clone(),
            archives: options.archives.clone(),
            notes,
            words: Vec::new(),
            map_debug: options.map_debug.as_deref().map(|script| cutter.command(script)),
            reduce_debug: options.reduce_debug.as_deref().map(|script| cutter.command(script)),
            partitioner,
            partition,
            order,
            properties,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.properties.get("mapreduce.job.name").unwrap_or("stream")
    }

    /// Whether a mapper is given lines and nothing else.
    pub fn gives_lines_alone(&self) -> bool {
        self.ignores_key
    }

    /// Whether what a mapper does depends on lines, and not on where they lie.
    pub fn reads_lines_alone(&self) -> bool {
        match (&self.input, &self.mapper) {
            (MapInput::Records(_), _) => false,
            (MapInput::Keys { .. }, _) => true,
            (MapInput::Offsets, MapStep::Class(class)) => {
                matches!(
                    class,
                    MapClass::TokenCount | MapClass::Regex { .. } | MapClass::Fields { ignores_key: true, .. }
                )
            }
            (MapInput::Offsets, MapStep::Command(_)) => self.ignores_key,
        }
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

    /// Files that its programs are, and that are shipped to them, alone or in directories.
    pub fn files_read(&self) -> Vec<PathBuf> {
        let shipped = self.files.iter().chain(&self.archives).map(|file| shipped(file).0);
        let words = self.commands().into_iter().flat_map(|command| &command.words);
        let named = words.map(|word| PathBuf::from(OsStr::from_bytes(word)));
        let within =
            |path: PathBuf| walkdir::WalkDir::new(path).into_iter().flatten().map(walkdir::DirEntry::into_path);
        let mut files: Vec<PathBuf> = shipped.flat_map(within).chain(named).filter(|path| path.is_file()).collect();
        files.sort();
        files.dedup();
        files
    }

    /// Whether records that are the same may be kept once with their number.
    pub fn keeps_repeats(&self) -> bool {
        self.combiner.is_none() && self.partitioner.is_none() && self.properties.switch(REPEATS, true)
    }

    /// The route of keys to reducers.
    pub fn route(&self) -> Route {
        Route::new(self.order.clone(), self.partition.clone())
    }

    /// The partition of a key.
    pub fn partition_of(&self, key: &[u8], reducers: u32) -> u32 {
        self.partition.of(key, reducers)
    }

    /// The order of keys.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// Checks what depends on the number of reducers.
    ///
    /// # Errors
    /// [`Error::Config`] where the points of a total order are too many or too few.
    pub fn check_reducers(&self, reducers: u32) -> Result<()> {
        match &self.partition {
            ByHadoop::TotalOrder(points) => points.check(reducers),
            _ => Ok(()),
        }
    }

    /// The words of the command that starts each program; none where a program starts by itself.
    pub fn starter(&self) -> Vec<OsString> {
        let command = self.properties.get(STARTER).unwrap_or_default();
        words::split(command.as_bytes()).into_iter().map(OsString::from_vec).collect()
    }

    /// What counts as a failure of a command.
    ///
    /// # Errors
    /// [`Error::Config`] for what is no number.
    pub fn rules(&self) -> Result<Rules> {
        Ok(Rules {
            status_counts: self.properties.switch("stream.non.zero.exit.is.failure", true),
            enough_records: self.properties.number("stream.minRecWrittenToEnableSkip_")?.unwrap_or(u64::MAX),
            most_printed: self.properties.number(MOST_PRINTED)?.unwrap_or(u64::MAX),
        })
    }

    /// Time without a sign of life after which a command has failed.
    ///
    /// # Errors
    /// [`Error::Config`] for what is no number.
    pub fn patience(&self) -> Result<Option<Duration>> {
        const USUAL_MS: i64 = 600_000;
        let limit = self.properties.number::<i64>("mapreduce.task.timeout")?.unwrap_or(USUAL_MS);
        Ok((limit > 0).then(|| Duration::from_millis(limit.unsigned_abs())))
    }

    /// Time to wait for the rest of a command's output once it has ended; `None` for as long as it takes.
    ///
    /// # Errors
    /// [`Error::Config`] for what is no number.
    pub fn join_delay(&self) -> Result<Option<Duration>> {
        let delay = self.properties.number::<i64>("stream.joindelay.milli")?.filter(|delay| *delay > 0);
        Ok(delay.map(|delay| Duration::from_millis(delay.unsigned_abs())))
    }

    /// Brings the settings of a run in line with the job's properties.
    ///
    /// # Errors
    /// [`Error::Config`] for properties that are no numbers.
    pub fn apply(&self, config: &mut JobConfig) -> Result<()> {
        /// What Hadoop takes for the block size of local files.
        const BLOCK_BYTES: u64 = 32 << 20;
        let properties = &self.properties;
        config.part_form = PartForm { names: PartNames::Plain, codec: self.codec };
        let block_bytes = match config.split_bytes {
            Some(bytes) => bytes,
            None => {
                properties.number("fs.local.block.size")?.or(properties.number("dfs.blocksize")?).unwrap_or(BLOCK_BYTES)
            }
        };
        // Laws are checked with splits in the order of the input, and parts that say so.
        if properties.switch(IN_ORDER, false) {
            config.part_form.names = PartNames::OfKind;
            return self.apply_limits(config);
        }
        config.split_rule = SplitRule::Hadoop(HadoopSplits {
            maps: properties.number("mapreduce.job.maps")?.unwrap_or(2),
            block_bytes,
            least_bytes: properties.number("mapreduce.input.fileinputformat.split.minsize")?.unwrap_or(1),
            cuts: match (self.lines_a_split, &self.input) {
                (Some(lines), _) => Cuts::Lines(lines),
                (None, MapInput::Records(reading)) => reading
                    .delimiter_bytes()
                    .map_or(Cuts::OwnFormat, |delimiter_bytes| Cuts::Anywhere { delimiter_bytes }),
                (None, _) => Cuts::Anywhere { delimiter_bytes: 1 },
            },
        });
        self.apply_limits(config)
    }

    fn apply_limits(&self, config: &mut JobConfig) -> Result<()> {
        let properties = &self.properties;
        // One number for both: no task gets fewer attempts than were asked for.
        let attempts = |side: &str| properties.number::<i64>(&format!("mapreduce.{side}.maxattempts"));
        if let Some(attempts) = attempts("map")?.max(attempts("reduce")?) {
            config.max_attempts = u32::try_from(attempts.max(1)).unwrap_or(u32::MAX);
        }
        if config.compression == Compression::None && properties.switch("mapreduce.map.output.compress", false) {
            let codec = properties.get("mapreduce.map.output.compress.codec").map(classes::codec).transpose()?;
            // Intermediate files have forms of their own: one that is small, and one that is fast.
            let is_small = matches!(codec, Some(OutputCodec::Zstd | OutputCodec::Bzip2));
            config.compression = if is_small { Compression::Zstd } else { Compression::Lz4 };
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

/// The path and the name of a file to ship: `path`, `path#name`, `file:/path`.
pub fn shipped(file: &OsStr) -> (PathBuf, OsString) {
    let bytes = file.as_bytes();
    let hash = memchr::memrchr(b'#', bytes);
    let path = local(OsStr::from_bytes(&bytes[..hash.unwrap_or(bytes.len())]));
    let own_name = || fs::canonicalize(&path).ok().and_then(|path| path.file_name().map(OsStr::to_owned));
    let name = match hash {
        Some(hash) => OsStr::from_bytes(&bytes[hash + 1..]).to_owned(),
        None => path.file_name().map(OsStr::to_owned).or_else(own_name).unwrap_or_default(),
    };
    (path, name)
}

/// The number of reduce tasks that options ask for.
///
/// # Errors
/// [`Error::Config`] where it is no number.
pub fn reduces(options: &Options) -> Result<Option<u32>> {
    let asked = match &options.reduce_tasks {
        Some(text) => {
            let number = text.parse().map_err(|_| Error::Config(format!("-numReduceTasks {text} is no number")))?;
            Some(number)
        }
        None => options.properties.number("mapreduce.job.reduces")?,
    };
    let is_none = options.reducer.as_deref() == Some(OsStr::new("NONE"));
    Ok(if is_none { Some(0) } else { asked })
}

fn assignment(variable: &OsStr) -> Option<(OsString, OsString)> {
    let bytes = variable.as_bytes();
    let equals = memchr::memchr(b'=', bytes)?;
    Some((OsStr::from_bytes(&bytes[..equals]).to_owned(), OsStr::from_bytes(&bytes[equals + 1..]).to_owned()))
}

/// The address of a path, as Hadoop names it.
pub fn uri(path: &OsStr) -> String {
    if path.as_bytes().starts_with(b"hdfs:") || Address::of(Path::new(path)).is_some() {
        return path.to_string_lossy().into_owned();
    }
    let path = local(path);
    format!("file:{}", std::path::absolute(&path).unwrap_or(path).display())
}

/// Files of `-file`, by which the first word of a command is cut to its base name.
struct Shipped(Vec<PathBuf>);

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

fn map_step(mapper: Option<&OsStr>, shipped: &Shipped, properties: &Properties, ignores_key: bool) -> Result<MapStep> {
    let Some(mapper) = mapper else { return Ok(MapStep::Class(MapClass::Identity)) };
    let class = mapper.to_str().map(|name| classes::find_or_command(Role::Mapper, name)).transpose()?.flatten();
    Ok(match class {
        None => MapStep::Command(shipped.command(mapper)),
        Some(Class::InverseMapper) => MapStep::Class(MapClass::Inverse),
        Some(Class::TokenCountMapper) => MapStep::Class(MapClass::TokenCount),
        Some(Class::FieldSelection) => {
            let selection = FieldSelection::of(properties, "mapreduce.fieldsel.map.output.key.value.fields.spec")?;
            MapStep::Class(MapClass::Fields { selection, ignores_key })
        }
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

fn reduce_step(reducer: Option<&OsStr>, role: Role, shipped: &Shipped, properties: &Properties) -> Result<ReduceStep> {
    let Some(reducer) = reducer else { return Ok(ReduceStep::Identity) };
    if role == Role::Reducer && reducer_is_aggregate(Some(reducer)) {
        return Ok(ReduceStep::Aggregate);
    }
    let class = reducer.to_str().map(|name| classes::find_or_command(role, name)).transpose()?.flatten();
    Ok(match class {
        None => ReduceStep::Command(shipped.command(reducer)),
        Some(Class::LongSumReducer) => ReduceStep::LongSum,
        Some(Class::Aggregate) => ReduceStep::Aggregate,
        Some(Class::FieldSelection) => {
            let name = "mapreduce.fieldsel.reduce.output.key.value.fields.spec";
            ReduceStep::Fields(FieldSelection::of(properties, name)?)
        }
        Some(_) => ReduceStep::Identity,
    })
}

/// Whether `-inputreader` counts: beside some formats, Hadoop passes over it.
fn reader_counts(options: &Options, format: Class) -> bool {
    options.input_format.is_none() || matches!(format, Class::KeyValueTextInputFormat | Class::SequenceFileInputFormat)
}

/// How records are found that are no lines; `None` where they are.
fn reading(reader: Option<&str>, properties: &Properties, format: Class) -> Result<Option<Reading>> {
    if let Some(reader) = reader {
        return Ok(Some(Reading::Xml(Tags::parse(reader)?)));
    }
    Ok(match format {
        Class::SequenceFileInputFormat => Some(Reading::Sequence(Shown::TheirOwn)),
        Class::SequenceFileAsTextInputFormat => Some(Reading::Sequence(Shown::Text)),
        Class::SequenceFileAsBinaryInputFormat => Some(Reading::Sequence(Shown::Bytes)),
        Class::AutoInputFormat => Some(Reading::Auto),
        Class::TextInputFormat => {
            let delimiter =
                properties.get("textinputformat.record.delimiter").filter(|delimiter| !delimiter.is_empty());
            delimiter.map(|delimiter| Reading::Delimited(delimiter.as_bytes().to_vec()))
        }
        _ => None,
    })
}

/// The codec of the output; `None` where it is not compressed.
fn codec(properties: &Properties) -> Result<Option<OutputCodec>> {
    if !properties.switch("mapreduce.output.fileoutputformat.compress", false) {
        return Ok(None);
    }
    let name = "mapreduce.output.fileoutputformat.compress.codec";
    let Some(class) = properties.get(name) else { return Ok(Some(OutputCodec::Deflate)) };
    classes::codec(class).map(Some).map_err(|error| Error::Config(format!("-D {name}: {error}")))
}

fn output_kind(options: &Options, properties: &Properties, codec: Option<OutputCodec>) -> Result<OutputKind> {
    let class = match &options.output_format {
        Some(name) => classes::require(Role::OutputFormat, name)?,
        None => Class::TextOutputFormat,
    };
    Ok(match class {
        Class::NullOutputFormat => OutputKind::Nothing,
        Class::SequenceFileOutputFormat => {
            let unit = properties.get("mapreduce.output.fileoutputformat.compress.type").unwrap_or("RECORD");
            OutputKind::Sequence(match (codec, unit) {
                (None, _) | (_, "NONE") => Packing::Plain,
                (Some(codec), "BLOCK") => Packing::Blocks(codec),
                (Some(codec), "RECORD") => Packing::Values(codec),
                (Some(_), other) => {
                    let name = "mapreduce.output.fileoutputformat.compress.type";
                    return Err(Error::Config(format!("-D {name}={other}: it is NONE, RECORD or BLOCK")));
                }
            })
        }
        _ => OutputKind::Lines { separator: properties.separator("mapreduce.output.textoutputformat.separator") },
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
    let is_identity = matches!(mapper, MapStep::Class(MapClass::Identity));
    let has_offsets = matches!(input, MapInput::Offsets | MapInput::Records(Reading::Delimited(_) | Reading::Auto));
    Ok(if is_identity && has_offsets { Order::Numbers } else { Order::Bytes })
}

fn partition(options: &Options, properties: &Properties, order: &Order) -> Result<ByHadoop> {
    if options.madoop {
        return Ok(if properties.get(PARTITIONER).is_some() { ByHadoop::Program } else { ByHadoop::Madoop });
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
        Some(Class::TotalOrderPartitioner) => {
            let path = properties.get("mapreduce.totalorderpartitioner.path").unwrap_or(split_points::DEFAULT_PATH);
            let points = SplitPoints::read(&local(OsStr::new(path)), order);
            let points = points.map_err(|error| Error::Config(format!("the partitioner's split points: {error}")))?;
            ByHadoop::TotalOrder(Arc::new(points))
        }
        Some(Class::BinaryPartitioner) => ByHadoop::Binary {
            left: properties.number("mapreduce.partition.binarypartitioner.left.offset")?.unwrap_or(0),
            right: properties.number("mapreduce.partition.binarypartitioner.right.offset")?.unwrap_or(-1),
        },
        _ if matches!(order, Order::Numbers) => ByHadoop::Long,
        _ => ByHadoop::Hash,
    })
}
