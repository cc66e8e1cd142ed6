//! The names of Hadoop's classes that are known here.
//!
//! Where Hadoop takes a class or a command, a name that is no known class is a command, unless it is so clearly a class's that
//! running it would be a surprise.

use crate::config::OutputCodec;
use crate::error::{Error, Result};

/// What takes a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Mapper,
    Reducer,
    Combiner,
    Partitioner,
    Comparator,
    InputFormat,
    OutputFormat,
    Codec,
}

/// A class of Hadoop's that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    IdentityMapper,
    InverseMapper,
    TokenCountMapper,
    RegexMapper,
    FieldSelection,
    IdentityReducer,
    LongSumReducer,
    Aggregate,
    HashPartitioner,
    KeyFieldBasedPartitioner,
    BinaryPartitioner,
    TotalOrderPartitioner,
    TextComparator,
    KeyFieldBasedComparator,
    TextInputFormat,
    CombineTextInputFormat,
    NLineInputFormat,
    KeyValueTextInputFormat,
    SequenceFileInputFormat,
    SequenceFileAsTextInputFormat,
    SequenceFileAsBinaryInputFormat,
    AutoInputFormat,
    TextOutputFormat,
    SequenceFileOutputFormat,
    NullOutputFormat,
    Codec(OutputCodec),
}

/// The role of each class, its packages, its simple name.
const KNOWN: &[(Role, Class, &[&str], &str)] = {
    use Class as C;
    use Role as R;
    const LIB: &[&str] = &["org.apache.hadoop.mapred.lib."];
    const MAP: &[&str] = &["org.apache.hadoop.mapred.lib.", "org.apache.hadoop.mapreduce.lib.map."];
    const REDUCE: &[&str] = &["org.apache.hadoop.mapred.lib.", "org.apache.hadoop.mapreduce.lib.reduce."];
    const PARTITION: &[&str] = &["org.apache.hadoop.mapred.lib.", "org.apache.hadoop.mapreduce.lib.partition."];
    const INPUT: &[&str] = &["org.apache.hadoop.mapred.", "org.apache.hadoop.mapreduce.lib.input."];
    const INPUT_LIB: &[&str] = &["org.apache.hadoop.mapred.lib.", "org.apache.hadoop.mapreduce.lib.input."];
    const OUTPUT: &[&str] = &["org.apache.hadoop.mapred.", "org.apache.hadoop.mapreduce.lib.output."];
    const OUTPUT_LIB: &[&str] = &["org.apache.hadoop.mapred.lib.", "org.apache.hadoop.mapreduce.lib.output."];
    const AGGREGATE: &[&str] =
        &["org.apache.hadoop.mapred.lib.aggregate.", "org.apache.hadoop.mapreduce.lib.aggregate."];
    const STREAMING: &[&str] = &["org.apache.hadoop.streaming."];
    const CODEC: &[&str] = &["org.apache.hadoop.io.compress."];
    &[
        (R::Mapper, C::IdentityMapper, LIB, "IdentityMapper"),
        (R::Mapper, C::InverseMapper, MAP, "InverseMapper"),
        (R::Mapper, C::TokenCountMapper, LIB, "TokenCountMapper"),
        (R::Mapper, C::RegexMapper, MAP, "RegexMapper"),
        (R::Mapper, C::FieldSelection, LIB, "FieldSelectionMapReduce"),
        (R::Reducer, C::IdentityReducer, LIB, "IdentityReducer"),
        (R::Reducer, C::LongSumReducer, REDUCE, "LongSumReducer"),
        (R::Reducer, C::Aggregate, AGGREGATE, "ValueAggregatorReducer"),
        (R::Reducer, C::FieldSelection, LIB, "FieldSelectionMapReduce"),
        (R::Combiner, C::IdentityReducer, LIB, "IdentityReducer"),
        (R::Combiner, C::LongSumReducer, REDUCE, "LongSumReducer"),
        (R::Combiner, C::Aggregate, AGGREGATE, "ValueAggregatorCombiner"),
        (R::Partitioner, C::HashPartitioner, PARTITION, "HashPartitioner"),
        (R::Partitioner, C::KeyFieldBasedPartitioner, PARTITION, "KeyFieldBasedPartitioner"),
        (R::Partitioner, C::BinaryPartitioner, PARTITION, "BinaryPartitioner"),
        (R::Partitioner, C::TotalOrderPartitioner, PARTITION, "TotalOrderPartitioner"),
        (R::Comparator, C::KeyFieldBasedComparator, PARTITION, "KeyFieldBasedComparator"),
        (R::Comparator, C::TextComparator, &["org.apache.hadoop.io."], "Text$Comparator"),
        (R::InputFormat, C::TextInputFormat, INPUT, "TextInputFormat"),
        (R::InputFormat, C::CombineTextInputFormat, INPUT_LIB, "CombineTextInputFormat"),
        (R::InputFormat, C::NLineInputFormat, INPUT_LIB, "NLineInputFormat"),
        (R::InputFormat, C::KeyValueTextInputFormat, INPUT, "KeyValueTextInputFormat"),
        (R::InputFormat, C::SequenceFileInputFormat, INPUT, "SequenceFileInputFormat"),
        (R::InputFormat, C::SequenceFileAsTextInputFormat, INPUT, "SequenceFileAsTextInputFormat"),
        (R::InputFormat, C::SequenceFileAsBinaryInputFormat, INPUT, "SequenceFileAsBinaryInputFormat"),
        (R::InputFormat, C::AutoInputFormat, STREAMING, "AutoInputFormat"),
        (R::OutputFormat, C::TextOutputFormat, OUTPUT, "TextOutputFormat"),
        (R::OutputFormat, C::SequenceFileOutputFormat, OUTPUT, "SequenceFileOutputFormat"),
        (R::OutputFormat, C::NullOutputFormat, OUTPUT_LIB, "NullOutputFormat"),
        (R::Codec, C::Codec(OutputCodec::Gzip), CODEC, "GzipCodec"),
        (R::Codec, C::Codec(OutputCodec::Bzip2), CODEC, "BZip2Codec"),
        (R::Codec, C::Codec(OutputCodec::Zstd), CODEC, "ZStandardCodec"),
        (R::Codec, C::Codec(OutputCodec::Deflate), CODEC, "DefaultCodec"),
        (R::Codec, C::Codec(OutputCodec::Deflate), CODEC, "DeflateCodec"),
        (R::Codec, C::Codec(OutputCodec::Lz4), CODEC, "Lz4Codec"),
        (R::Codec, C::Codec(OutputCodec::Snappy), CODEC, "SnappyCodec"),
    ]
};

/// Input formats that Hadoop Streaming takes by their simple names: some it knows, others lie in its own package.
const SIMPLE: &[Class] = &[
    Class::TextInputFormat,
    Class::KeyValueTextInputFormat,
    Class::SequenceFileInputFormat,
    Class::SequenceFileAsTextInputFormat,
    Class::AutoInputFormat,
];

impl Role {
    fn option(self) -> &'static str {
        match self {
            Role::Mapper => "-mapper",
            Role::Reducer => "-reducer",
            Role::Combiner => "-combiner",
            Role::Partitioner => "-partitioner",
            Role::Comparator => "-D mapreduce.job.output.key.comparator.class",
            Role::InputFormat => "-inputformat",
            Role::OutputFormat => "-outputformat",
            Role::Codec => "a codec",
        }
    }

    fn names(self) -> String {
        let names: Vec<String> = KNOWN
            .iter()
            .filter(|(role, ..)| *role == self)
            .map(|(_, _, packages, name)| packages[0].to_owned() + name)
            .collect();
        names.join(", ")
    }
}

/// The class of this name.
pub fn find(role: Role, name: &str) -> Option<Class> {
    let is_named = |(of, class, packages, simple): &&(Role, Class, &[&str], &str)| {
        let full = packages.iter().any(|package| name.strip_prefix(package) == Some(*simple));
        *of == role && (full || SIMPLE.contains(class) && name == *simple)
    };
    KNOWN.iter().find(is_named).map(|(_, class, ..)| *class)
}

/// The class of this name; `None` where it is a command.
///
/// # Errors
/// [`Error::Config`] where it can only be a class, and is not known.
pub fn find_or_command(role: Role, name: &str) -> Result<Option<Class>> {
    match find(role, name) {
        None if name.starts_with("org.apache.hadoop.") => Err(unknown(role, name)),
        found => Ok(found),
    }
}

/// The class of this name.
///
/// # Errors
/// [`Error::Config`] that names the known ones.
pub fn require(role: Role, name: &str) -> Result<Class> {
    find(role, name).ok_or_else(|| unknown(role, name))
}

/// The codec of this class; it may also be named as the files that it writes are, such as `gzip`.
///
/// # Errors
/// [`Error::Config`] that names the known ones.
pub fn codec(name: &str) -> Result<OutputCodec> {
    let short = match name.to_ascii_lowercase().as_str() {
        "gzip" | "gz" => Some(OutputCodec::Gzip),
        "bzip2" | "bz2" => Some(OutputCodec::Bzip2),
        "zstandard" | "zstd" => Some(OutputCodec::Zstd),
        "default" | "deflate" => Some(OutputCodec::Deflate),
        "lz4" => Some(OutputCodec::Lz4),
        "snappy" => Some(OutputCodec::Snappy),
        _ => None,
    };
    match (short, require(Role::Codec, name)) {
        (Some(codec), _) | (None, Ok(Class::Codec(codec))) => Ok(codec),
        (None, other) => other.and_then(|_| Err(unknown(Role::Codec, name))),
    }
}

/// The class of a codec.
pub fn codec_class(codec: OutputCodec) -> String {
    let is_it = |(_, class, ..): &&(Role, Class, &[&str], &str)| *class == Class::Codec(codec);
    KNOWN.iter().find(is_it).map(|(_, _, packages, name)| packages[0].to_owned() + name).unwrap_or_default()
}

fn unknown(role: Role, name: &str) -> Error {
    Error::Config(format!("{} : class not found : {name}; known here are {}", role.option(), role.names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_known_in_both_packages_and_the_rest_is_refused_with_names() {
        for package in ["mapred.lib", "mapreduce.lib.partition"] {
            let name = format!("org.apache.hadoop.{package}.KeyFieldBasedPartitioner");
            assert_eq!(find(Role::Partitioner, &name), Some(Class::KeyFieldBasedPartitioner), "{name}");
        }
        assert_eq!(find_or_command(Role::Mapper, "cat").unwrap(), None);
        assert_eq!(find(Role::InputFormat, "TextInputFormat"), Some(Class::TextInputFormat));
        let error = require(Role::Partitioner, "org.example.Mine").unwrap_err().to_string();
        assert!(error.contains("org.example.Mine") && error.contains("mapred.lib.HashPartitioner"), "{error}");
    }
}
