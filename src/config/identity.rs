//! The identity of a run, and whether another process may resume it.
//!
//! A killed run is resumed only by one of the same identity. An identity is a list of named components, so that a run
//! that does not resume another can say what has changed:
//!
//! ```text
//! the job                 kmeans
//! the option --k          3
//! the output              /home/ann/clusters
//! the input /data/a.csv   8192 bytes, written …, inode …, digest …
//! the setting reducers    4
//! the program             1203944 bytes, written …
//! ```

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// Whether a run in disk mode can be resumed after its process was killed. Memory mode starts over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Resume {
    /// Nothing is written down.
    #[default]
    Off,
    /// A journal is kept, and the files of killed runs are removed.
    Record(Identity),
    /// Completed work of a killed run of the same identity is taken up again.
    Continue(Identity),
}

impl Resume {
    /// The identity of the run, where resuming needs one.
    pub fn identity(&mut self) -> Option<&mut Identity> {
        match self {
            Resume::Off => None,
            Resume::Record(identity) | Resume::Continue(identity) => Some(identity),
        }
    }
}

/// The components that identify a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Identity(Vec<(String, String)>);

impl Identity {
    /// The identity of a job without options.
    pub fn of(job: &str) -> Self {
        Identity(vec![("the job".to_owned(), job.to_owned())])
    }

    /// Adds an option with the values in force, given or default, in their order.
    pub fn option<V: AsRef<OsStr>>(&mut self, name: &str, values: impl IntoIterator<Item = V>) {
        let values = values.into_iter().map(|value| format!("\"{}\"", value.as_ref().as_bytes().escape_ascii()));
        self.add(format!("the option --{name}"), values.collect::<Vec<_>>().join(" "));
    }

    /// Adds a component.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: String) {
        self.0.push((name.into(), value));
    }

    /// Whether both are runs of one job into one output.
    pub(crate) fn is_kin(&self, other: &Identity) -> bool {
        let same = |name: &str| self.value(name) == other.value(name);
        same("the job") && same("the output")
    }

    /// Names a component that differs from `before`, and the number of other ones.
    pub(crate) fn change_since(&self, before: &Identity) -> String {
        let (then, now): (HashMap<_, _>, HashMap<_, _>) =
            (before.0.iter().cloned().collect(), self.0.iter().cloned().collect());
        let changed = self.0.iter().filter_map(|(name, value)| match then.get(name) {
            None => Some(format!("{name} is new")),
            Some(old) if old != value => Some(format!("{name} changed since")),
            Some(_) => None,
        });
        let gone = before.0.iter().filter(|(name, _)| !now.contains_key(name));
        let all: Vec<String> = changed.chain(gone.map(|(name, _)| format!("{name} is gone"))).collect();
        match &all[..] {
            [] => "the order of the inputs changed since".to_owned(),
            [one] => one.clone(),
            [first, more @ ..] => format!("{first}, and {} more", more.len()),
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// A hash of all components.
    pub(crate) fn digest(&self) -> u128 {
        xxh3_128(&serde_json::to_vec(self).expect("strings"))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn options_of_any_bytes_are_told_apart() {
        let option = |values: &[&[u8]]| {
            let mut identity = Identity::of("job");
            identity.option("pattern", values.iter().map(|value| OsString::from_vec(value.to_vec())));
            identity
        };
        let all =
            [option(&[b"\xff"]), option(&[b"\xfe"]), option(&[b"\\xff"]), option(&[b"a", b"b"]), option(&[b"a\" \"b"])];
        for (i, one) in all.iter().enumerate() {
            assert!(all.iter().enumerate().all(|(j, other)| (i == j) == (one == other)), "{one:?}");
        }
        assert_eq!(all[0].change_since(&all[1]), "the option --pattern changed since");
        assert_eq!(all[0].change_since(&Identity::of("job")), "the option --pattern is new");
    }
}
