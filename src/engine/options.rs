//! What a user tells an engine.

use crate::error::{Error, Result};

/// The options of an engine, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions(pub Vec<(String, String)>);

impl EngineOptions {
    /// The last value of an option.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(given, _)| given == key).map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Refuses options that an engine does not know.
    ///
    /// # Errors
    /// [`Error::Config`] that names those it knows.
    pub fn only(&self, engine: &str, known: &[&str]) -> Result<()> {
        match self.0.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, _)) => {
                let known = known.join(", ");
                Err(Error::Config(format!("engine {engine} has no --engine-option {key}; it takes {known}")))
            }
        }
    }
}

/// Reads `KEY=VALUE`.
pub fn parse(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("must be KEY=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts_and_unknown_options_are_named() {
        let options = ["a=1", "b=x=y", "a=2"].map(|text| parse(text).unwrap());
        let options = EngineOptions(options.into());
        assert_eq!((options.get("a"), options.get("b"), options.get("c")), (Some("2"), Some("x=y"), None));
        let error = options.only("batch", &["a"]).unwrap_err().to_string();
        assert!(error.contains("no --engine-option b") && error.contains("it takes a"), "{error}");
        assert!(parse("mapreduce.job.queuename").is_err() && parse("=1").is_err());
    }
}
