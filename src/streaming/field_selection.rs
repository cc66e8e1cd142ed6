//! `FieldSelectionMapReduce`: chooses fields of key and value, as mapper and as reducer.
//!
//! `mapreduce.fieldsel.map.output.key.value.fields.spec=4,3,0:6,5,1-3,7-` makes keys of the fields 4, 3 and 0, and values of 6,
//! 5, 1 to 3, and all from 7 on. Fields count from 0. Hadoop takes the separator for a pattern, and so do we.

use regex::Regex;

use crate::error::{Error, Result};
use crate::streaming::java_text;
use crate::streaming::properties::Properties;

/// Fields that are chosen for a key and for a value.
#[derive(Clone, Debug)]
pub struct FieldSelection {
    separator: String,
    pattern: Regex,
    key: Vec<usize>,
    value: Vec<usize>,
    /// The value has all fields from this one on, too.
    value_from: Option<usize>,
}

/// A selected key and value; `None` where there is none.
pub type Selected = (Option<String>, Option<String>);

impl FieldSelection {
    /// Reads the specification that a property holds.
    ///
    /// # Errors
    /// [`Error::Config`] where it is none.
    pub fn of(properties: &Properties, name: &str) -> Result<Self> {
        let separator = properties.get("mapreduce.fieldsel.data.field.separator").unwrap_or("\t").to_owned();
        let wrong = |why: &str| Error::Config(format!("-D mapreduce.fieldsel.data.field.separator={separator}: {why}"));
        // A single letter that is no sign of patterns is one itself; so is an escaped one.
        let pattern = Regex::new(&separator).map_err(|error| wrong(&error.to_string()))?;
        if pattern.is_match("") {
            return Err(wrong("it matches the empty text"));
        }
        let specification = properties.get(name).unwrap_or("0-:");
        let wrong = || Error::Config(format!("-D {name}={specification}: fields are written like 4,3,0:6,5,1-3,7-"));
        let (keys, values) = specification.split_once(':').unwrap_or((specification, ""));
        let values = values.split(':').next().unwrap_or_default();
        let (mut key, mut value) = (Vec::new(), Vec::new());
        // An open range of a key is none, as in Hadoop.
        fields(keys, &mut key).ok_or_else(wrong)?;
        let value_from = fields(values, &mut value).ok_or_else(wrong)?;
        Ok(FieldSelection { separator, pattern, key, value, value_from })
    }

    /// The record that a mapper makes of another one: what would be no key is the value.
    pub fn map(&self, key: &[u8], value: &[u8], ignores_key: bool) -> (String, String) {
        let text = if ignores_key { value.to_vec() } else { [key, value].concat() };
        match self.select(&java_text::decode(&text)) {
            (None, value) => (value.unwrap_or_default(), String::new()),
            (Some(key), value) => (key, value.unwrap_or_default()),
        }
    }

    /// The record that a reducer makes of another one.
    pub fn reduce(&self, key: &[u8], value: &[u8]) -> Selected {
        let (key, value) = (java_text::decode(key), java_text::decode(value));
        self.select(&format!("{key}{}{value}", self.separator))
    }

    fn select(&self, text: &str) -> Selected {
        let mut fields: Vec<&str> = self.pattern.split(text).collect();
        // Java drops empty fields at the end, but for the only one there is.
        while fields.len() > 1 && fields.last().is_some_and(|last| last.is_empty()) {
            fields.pop();
        }
        let is_nothing = fields == [""] && !text.is_empty();
        let fields = if is_nothing { &[][..] } else { &fields };
        (self.joined(fields, &self.key, None), self.joined(fields, &self.value, self.value_from))
    }

    fn joined(&self, fields: &[&str], chosen: &[usize], from: Option<usize>) -> Option<String> {
        if chosen.is_empty() && from.is_none() {
            return None;
        }
        let mut text = String::new();
        let chosen = chosen.iter().map(|at| fields.get(*at).copied().unwrap_or_default());
        let rest = fields.get(from.unwrap_or(fields.len())..).unwrap_or_default().iter().copied();
        chosen.chain(rest).for_each(|field| text.extend([field, &self.separator]));
        // Hadoop takes away one letter, however long the separator is.
        text.pop();
        Some(text)
    }
}

/// Adds the fields that a list names; tells from which on all are chosen.
fn fields(list: &str, chosen: &mut Vec<usize>) -> Option<Option<usize>> {
    let mut from = None;
    for item in list.split(',').filter(|item| !item.is_empty()) {
        match item.split_once('-') {
            None => chosen.push(item.parse().ok()?),
            Some((first, last)) => {
                let first = if first.is_empty() { 0 } else { first.parse().ok()? };
                if last.is_empty() { from = Some(first) } else { chosen.extend(first..=last.parse().ok()?) }
            }
        }
    }
    Some(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(specification: &str, separator: &str) -> FieldSelection {
        let mut properties = Properties::default();
        properties.set("mapreduce.fieldsel.map.output.key.value.fields.spec", specification);
        properties.set("mapreduce.fieldsel.data.field.separator", separator);
        FieldSelection::of(&properties, "mapreduce.fieldsel.map.output.key.value.fields.spec").unwrap()
    }

    #[test]
    fn fields_are_chosen_as_hadoop_chooses_them() {
        for (specification, line, key, value) in [
            ("6,5,1-3:0-", "0-1-2-3-4-5-6", "6-5-1-2-3", "0-1-2-3-4-5-6"),
            ("0:1", "a-b-c", "a", "b"),
            (":0-", "a-b", "a-b", ""),
            ("0-:", "a-b", "", ""),
            ("1,9:0", "a-b", "b-", "a"),
            ("0:1-", "a-b--", "a", "b"),
            ("0:", "", "", ""),
        ] {
            let (got_key, got_value) = selection(specification, "-").map(b"", line.as_bytes(), true);
            assert_eq!((got_key.as_str(), got_value.as_str()), (key, value), "{specification} {line}");
        }
        assert_eq!(selection("0:1", "-").map(b"a-", b"b", false), ("a".into(), "b".into()));
        assert_eq!(selection("0-:", "-").reduce(b"a", b"b"), (None, None));
    }

    #[test]
    fn a_specification_that_is_none_is_refused() {
        let mut properties = Properties::default();
        properties.set("x", "a:b");
        assert!(FieldSelection::of(&properties, "x").unwrap_err().to_string().contains("x=a:b"));
    }
}
