//! The names of Hadoop's classes that are known here.
//!
//! Where Hadoop takes a class or a command, a name that is no known class is a command, unless it is so clearly a class's that
//! running it would be a surprise.

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
}

/// A class of Hadoop's that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    IdentityMapper,
    InverseMapper,
    TokenCountMapper,
    RegexMapper,
    IdentityReducer,
    LongSumReducer,
    Aggregate,
    HashPartitioner,
    KeyFieldBasedPartitioner,
    BinaryPartitioner,
    TextComparator,
    KeyFieldBasedComparator,
    TextInputFormat,
    CombineTextInputFormat,
    NLineInputFormat,
    KeyValueTextInputFormat,
    TextOutputFormat,
    NullOutputFormat,
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
    &[
        (R::Mapper, C::IdentityMapper, LIB, "IdentityMapper"),
        (R::Mapper, C::InverseMapper, MAP, "InverseMapper"),
        (R::Mapper, C::TokenCountMapper, LIB, "TokenCountMapper"),
        (R::Mapper, C::RegexMapper, MAP, "RegexMapper"),
        (R::Reducer, C::IdentityReducer, LIB, "IdentityReducer"),
        (R::Reducer, C::LongSumReducer, REDUCE, "LongSumReducer"),
        (R::Reducer, C::Aggregate, AGGREGATE, "ValueAggregatorReducer"),
        (R::Combiner, C::IdentityReducer, LIB, "IdentityReducer"),
        (R::Combiner, C::LongSumReducer, REDUCE, "LongSumReducer"),
        (R::Combiner, C::Aggregate, AGGREGATE, "ValueAggregatorCombiner"),
        (R::Partitioner, C::HashPartitioner, PARTITION, "HashPartitioner"),
        (R::Partitioner, C::KeyFieldBasedPartitioner, PARTITION, "KeyFieldBasedPartitioner"),
        (R::Partitioner, C::BinaryPartitioner, PARTITION, "BinaryPartitioner"),
        (R::Comparator, C::KeyFieldBasedComparator, PARTITION, "KeyFieldBasedComparator"),
        (R::Comparator, C::TextComparator, &["org.apache.hadoop.io."], "Text$Comparator"),
        (R::InputFormat, C::TextInputFormat, INPUT, "TextInputFormat"),
        (R::InputFormat, C::CombineTextInputFormat, INPUT_LIB, "CombineTextInputFormat"),
        (R::InputFormat, C::NLineInputFormat, INPUT_LIB, "NLineInputFormat"),
        (R::InputFormat, C::KeyValueTextInputFormat, INPUT, "KeyValueTextInputFormat"),
        (R::OutputFormat, C::TextOutputFormat, OUTPUT, "TextOutputFormat"),
        (R::OutputFormat, C::NullOutputFormat, OUTPUT_LIB, "NullOutputFormat"),
    ]
};

/// Input formats that Hadoop Streaming takes by their simple names.
const SIMPLE: &[Class] = &[Class::TextInputFormat, Class::KeyValueTextInputFormat];

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
