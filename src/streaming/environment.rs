//! The variables that a command finds.
//!
//! Hadoop exports all properties of a job, about 1,360. Here a command finds those that programs read, and all that the user
//! set, each under its new name and its old one, with `_` for every character but letters and digits. The number of map tasks is
//! the one that was asked for, as their real number is not known when a job begins.

use std::ffi::OsString;

use crate::streaming::properties::{Properties, old_name};
use crate::streaming::role::{Attempt, TaskKind};

/// Variables, in the order in which they are set.
pub type Variables = Vec<(OsString, OsString)>;

/// The variables of all tasks of a job.
pub fn of_job(properties: &Properties) -> Variables {
    let mut variables = Vec::new();
    let limit = properties.number("stream.jobconf.truncate.limit").ok().flatten();
    for (name, value) in properties.iter() {
        let cut = limit.map_or(value, |limit| value.get(..limit).unwrap_or(value));
        add(&mut variables, name, cut);
    }
    variables.push(("HADOOP_ROOT_LOGGER".into(), OsString::new()));
    variables
}

/// Adds a property under its new name and its old one.
pub fn add(variables: &mut Variables, name: &str, value: impl Into<OsString>) {
    let value = value.into();
    if let Some(old) = old_name(name) {
        variables.push((variable(old).into(), value.clone()));
    }
    variables.push((variable(name).into(), value));
}

fn variable(property: &str) -> String {
    property.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The variables of an attempt at a task.
pub fn of_attempt(kind: TaskKind, job_id: &str, task: &Attempt) -> Variables {
    let mut variables = Vec::new();
    let (id, letter) = (job_id.trim_start_matches("job_"), kind.letter());
    let mut set = |name: &str, value: OsString| add(&mut variables, name, value);
    set("mapreduce.task.id", format!("task_{id}_{letter}_{:06}", task.index).into());
    set("mapreduce.task.attempt.id", format!("attempt_{id}_{letter}_{:06}_{}", task.index, task.number).into());
    set("mapreduce.task.ismap", kind.is_map().to_string().into());
    set("mapreduce.task.is.map", kind.is_map().to_string().into());
    set("mapreduce.task.partition", task.index.to_string().into());
    if let (true, Some(input)) = (kind.is_map(), &task.input) {
        let path = std::path::absolute(&input.path).unwrap_or_else(|_| input.path.to_path_buf());
        let mut url = OsString::from("file:");
        url.push(path);
        set("mapreduce.map.input.file", url);
        set("mapreduce.map.input.start", input.start.to_string().into());
        set("mapreduce.map.input.length", input.bytes.to_string().into());
    }
    variables
}
