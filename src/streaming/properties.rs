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
    ("map.output.key.value.fields.spec", "mapreduce.fieldsel.map.output.key.value.fields.spec"),
    ("mapred.data.field.separator", "mapreduce.fieldsel.data.field.separator"),
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
    ("mapred.output.compression.type", "mapreduce.output.fileoutputformat.compress.type"),
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
    ("reduce.output.key.value.fields.spec", "mapreduce.fieldsel.reduce.output.key.value.fields.spec"),
    ("stream.num.reduce.output.fields", "stream.num.reduce.output.key.fields"),
    ("total.order.partitioner.path", "mapreduce.totalorderpartitioner.path"),
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
    /// Sets a property, under either name. Blanks around the name do not count.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(new_name(name.trim()).to_owned(), value.into());
    }

    /// The value of a property; an empty one where it is set so.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(new_name(name)).map(String::as_str)
    }

    /// A separator, which is never empty: TAB unless it is set.
    pub fn separator(&self, name: &str) -> Vec<u8> {
        self.get(name).filter(|separator| !separator.is_empty()).unwrap_or("\t").as_bytes().to_vec()
    }

    /// Whether a switch is on: `true` or `false`, in letters of either case.
    pub fn switch(&self, name: &str, default: bool) -> bool {
        match self.get(name).map(str::trim) {
            Some(text) if text.eq_ignore_ascii_case("true") => true,
            Some(text) if text.eq_ignore_ascii_case("false") => false,
            _ => default,
        }
    }

    /// A whole number, as Java writes it or with `0x`.
    ///
    /// # Errors
    /// [`Error::Config`] that names the property where it is none.
    pub fn number<N: TryFrom<i64>>(&self, name: &str) -> Result<Option<N>> {
        let Some(text) = self.get(name).map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
        let number = whole_number(text).and_then(|number| N::try_from(number).ok());
        number.map(Some).ok_or_else(|| Error::Config(format!("-D {name}={text} is no number that fits")))
    }

    /// The properties as tasks know them: `${name}` in values is replaced by a property of Java's virtual machine, by another
    /// property, or for `${env.NAME}` by a variable, and what is not known stays as it is. A property that was set to nothing is
    /// not there: Hadoop's file of a job's settings does not keep it.
    #[must_use]
    pub fn expanded(&self) -> Self {
        let kept = self.0.iter().filter(|(_, value)| !value.is_empty());
        Properties(kept.map(|(name, value)| (name.clone(), self.expand(value))).collect())
    }

    fn expand(&self, value: &str) -> String {
        /// Hadoop's own most: a property that names itself has no end.
        const MOST: usize = 20;
        let mut text = value.to_owned();
        for _ in 0..MOST {
            // The innermost one, if they are nested.
            let known = text.match_indices('}').find_map(|(end, _)| {
                let start = text[..end].rfind("${")?;
                Some((start..end + 1, self.named(&text[start + 2..end])?))
            });
            let Some((range, value)) = known else { break };
            text.replace_range(range, &value);
        }
        text
    }

    fn named(&self, name: &str) -> Option<String> {
        let variable = |name: &str| std::env::var(name).ok();
        if let Some(name) = name.strip_prefix("env.") {
            let (name, otherwise) = name.split_once(":-").or(name.split_once('-')).unwrap_or((name, ""));
            return variable(name).filter(|value| !value.is_empty()).or(Some(otherwise.to_owned()));
        }
        let of_java = match name {
            "user.name" => Some(user()),
            "user.home" => variable("HOME"),
            "user.dir" => std::env::current_dir().ok().map(|dir| dir.to_string_lossy().into_owned()),
            "java.io.tmpdir" => Some("/tmp".to_owned()),
            _ => None,
        };
        of_java.or_else(|| self.get(name).map(str::to_owned))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The user that Hadoop works for: the one that `HADOOP_USER_NAME` names, or that of this process.
pub fn user() -> String {
    let own = || nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().map(|user| user.name);
    let named = std::env::var("HADOOP_USER_NAME").ok().filter(|name| !name.is_empty());
    named.or_else(own).unwrap_or_else(|| "nobody".into())
}

/// A number in decimal digits, or behind `0x` in hexadecimal ones.
fn whole_number(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(&format!("{sign}{hex}"), 16).ok(),
        None => text.parse().ok(),
    }
}

/// The properties of one of Hadoop's configuration files, in its order. What stands in comments is none.
pub fn of_configuration(xml: &str) -> Vec<(String, String)> {
    let mut settings = String::new();
    let mut rest = xml;
    while let Some((before, comment)) = rest.split_once("<!--") {
        settings.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
    }
    settings.push_str(rest);
    let property = |text: &str| Some((element(text, "name")?, element(text, "value")?));
    settings.split("<property>").skip(1).filter_map(property).collect()
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let plain = text.trim().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    Some(plain.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_names_other_properties_and_variables() {
        let mut properties = Properties::default();
        for (name, value) in [
            ("base", "/data"),
            ("in", "${base}/${day}"),
            ("day", "mon"),
            ("self", "a${self}"),
            ("none", "${nothing} $HOME ${"),
            ("env", "${env.TWINMILL_NOT_SET:-x}${env.TWINMILL_NOT_SET}"),
            ("nested", "${${which}}"),
            ("which", "day"),
        ] {
            properties.set(name, value);
        }
        let expanded = properties.expanded();
        for (name, value) in [("in", "/data/mon"), ("none", "${nothing} $HOME ${"), ("env", "x"), ("nested", "mon")] {
            assert_eq!(expanded.get(name), Some(value));
        }
        assert!(expanded.get("self").unwrap().ends_with("${self}"), "it ends");
    }

    #[test]
    fn values_are_read_as_java_reads_them() {
        let mut properties = Properties::default();
        for (name, value) in [
            ("on", " TRUE "),
            ("off", "False"),
            ("neither", "yes"),
            ("hex", "0x10"),
            ("negative", "-0X2"),
            ("plain", " 7 "),
            ("empty", ""),
            (" blanks ", "1"),
        ] {
            properties.set(name, value);
        }
        let switch = |name, default| properties.switch(name, default);
        assert!(switch("on", false) && !switch("off", true) && switch("neither", true) && !switch("neither", false));
        for (name, number) in [("hex", Some(16)), ("negative", Some(-2)), ("plain", Some(7)), ("empty", None)] {
            assert_eq!(properties.number::<i32>(name).unwrap(), number, "{name}");
        }
        assert!(properties.number::<u32>("negative").is_err());
        assert_eq!(properties.separator("empty"), b"\t");
        let expanded = properties.expanded();
        assert_eq!((expanded.get("empty"), expanded.get("blanks")), (None, Some("1")));
    }

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

    #[test]
    fn a_configuration_has_the_properties_outside_of_comments() {
        let property =
            |name: &str, value: &str| format!("<property>\n <name>{name}</name>\n <value> {value}</value></property>");
        let xml = format!(
            "<configuration><!-- {} -->{}<!-- {}{}",
            property("fs.defaultFS", "hdfs://old"),
            property("a.b", "1 &lt; 2 &amp;&amp; 3"),
            property("c", "d"),
            "without an end"
        );
        assert_eq!(of_configuration(&xml), [("a.b".to_owned(), "1 < 2 && 3".to_owned())]);
        assert_eq!(of_configuration("<configuration></configuration>"), []);
    }
}
