//! Properties of a job (`-D name=value`), under their new names and their old ones.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// Old names of properties, and the new ones.
const RENAMED: &[(&str, &str)] = &[
    ("io.sort.factor", "mapreduce.task.io.sort.factor"),
    ("io.sort.mb", "mapreduce.task.io.sort.mb"),
    ("job.local.dir", "mapreduce.job.local.dir"),
    ("key.value.separator.in.input.line", "mapreduce.input.keyvaluelinerecordreader.key.value.separator"),
    ("map.input.file", "mapreduce.map.input.file"),
    ("map.input.length", "mapreduce.map.input.length"),
    ("map.input.start", "mapreduce.map.input.start"),
    ("map.output.key.field.separator", "mapreduce.map.output.key.field.separator"),
    ("mapred.cache.archives", "mapreduce.job.cache.archives"),
    ("mapred.cache.files", "mapreduce.job.cache.files"),
    ("mapred.cache.localArchives", "mapreduce.job.cache.local.archives"),
    ("mapred.cache.localFiles", "mapreduce.job.cache.local.files"),
    ("mapred.compress.map.output", "mapreduce.map.output.compress"),
    ("mapred.input.dir", "mapreduce.input.fileinputformat.inputdir"),
    ("mapred.input.dir.recursive", "mapreduce.input.fileinputformat.input.dir.recursive"),
    ("mapred.job.id", "mapreduce.job.id"),
    ("mapred.job.name", "mapreduce.job.name"),
    ("mapred.line.input.format.linespermap", "mapreduce.input.lineinputformat.linespermap"),
    ("mapred.map.max.attempts", "mapreduce.map.maxattempts"),
    ("mapred.map.output.compression.codec", "mapreduce.map.output.compress.codec"),
    ("mapred.map.tasks", "mapreduce.job.maps"),
    ("mapred.map.tasks.speculative.execution", "mapreduce.map.speculative"),
    ("mapred.mapper.regex", "mapreduce.mapper.regex"),
    ("mapred.mapper.regex.group", "mapreduce.mapper.regexmapper..group"),
    ("mapred.min.split.size", "mapreduce.input.fileinputformat.split.minsize"),
    ("mapred.output.compress", "mapreduce.output.fileoutputformat.compress"),
    ("mapred.output.compression.codec", "mapreduce.output.fileoutputformat.compress.codec"),
    ("mapred.output.dir", "mapreduce.output.fileoutputformat.outputdir"),
    ("mapred.output.key.comparator.class", "mapreduce.job.output.key.comparator.class"),
    ("mapred.output.value.groupfn.class", "mapreduce.job.output.group.comparator.class"),
    ("mapred.partitioner.class", "mapreduce.job.partitioner.class"),
    ("mapred.reduce.max.attempts", "mapreduce.reduce.maxattempts"),
    ("mapred.reduce.tasks", "mapreduce.job.reduces"),
    ("mapred.reduce.tasks.speculative.execution", "mapreduce.reduce.speculative"),
    ("mapred.task.id", "mapreduce.task.attempt.id"),
    ("mapred.task.is.map", "mapreduce.task.ismap"),
    ("mapred.task.partition", "mapreduce.task.partition"),
    ("mapred.task.timeout", "mapreduce.task.timeout"),
    ("mapred.text.key.comparator.options", "mapreduce.partition.keycomparator.options"),
    ("mapred.text.key.partitioner.options", "mapreduce.partition.keypartitioner.options"),
    ("mapred.textoutputformat.separator", "mapreduce.output.textoutputformat.separator"),
    ("mapred.tip.id", "mapreduce.task.id"),
    ("mapred.work.output.dir", "mapreduce.task.output.dir"),
    ("stream.num.reduce.output.fields", "stream.num.reduce.output.key.fields"),
    ("user.name", "mapreduce.job.user.name"),
];

/// The old name of a property that was renamed.
pub fn old_name(new: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(_, renamed)| *renamed == new).map(|(old, _)| *old)
}

fn new_name(name: &str) -> &str {
    RENAMED.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| new)
}

/// Properties by their new names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Sets a property, under either name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(new_name(name).to_owned(), value.into());
    }

    /// The value of a property; an empty one where it is set so.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(new_name(name)).map(String::as_str)
    }

    /// A separator: TAB unless it is set.
    pub fn separator(&self, name: &str) -> Vec<u8> {
        self.get(name).unwrap_or("\t").as_bytes().to_vec()
    }

    /// Whether a switch is on.
    pub fn switch(&self, name: &str, default: bool) -> bool {
        match self.get(name).map(str::trim) {
            Some("true") => true,
            Some("false") => false,
            _ => default,
        }
    }

    /// A number.
    ///
    /// # Errors
    /// [`Error::Config`] that names the property where it is none.
    pub fn number<N: std::str::FromStr>(&self, name: &str) -> Result<Option<N>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let number = text.trim().parse().map_err(|_| Error::Config(format!("-D {name}={text} is no number that fits")));
        number.map(Some)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_has_two_names() {
        let mut properties = Properties::default();
        properties.set("mapred.reduce.tasks", "3");
        assert_eq!(properties.get("mapreduce.job.reduces"), Some("3"));
        assert_eq!(properties.number::<u32>("mapred.reduce.tasks").unwrap(), Some(3));
        assert_eq!(old_name("mapreduce.job.reduces"), Some("mapred.reduce.tasks"));
        properties.set("mapreduce.job.reduces", "many");
        let error = properties.number::<u32>("mapreduce.job.reduces").unwrap_err().to_string();
        assert!(error.contains("mapreduce.job.reduces=many"), "{error}");
    }
}
