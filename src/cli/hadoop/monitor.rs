//! What Hadoop prints about a streaming job, to the letter that mrjob reads.

use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::cli::hadoop::times;
use crate::cli::terminal::to_stdout;
use crate::error::Error;
use crate::measure::failure::Failure;
use crate::observe::report::{Outcome, Report};
use crate::streaming::place;

/// Tells of a job as Hadoop's client does.
#[derive(Debug)]
pub struct Monitor {
    stamp: u128,
    report: PathBuf,
    output: Option<String>,
}

impl Monitor {
    /// Says that a job begins; its report will be in `report`.
    pub fn begin(report: PathBuf, output: Option<String>) -> Self {
        // That of the job, whose tasks know its id.
        let stamp = place::stamp();
        // A closed output is nothing to report.
        let _ = to_stdout(|out| writeln!(out, "packageJobJar: [] [] /tmp/streamjob{stamp}.jar tmpDir=null"));
        log("impl.YarnClientImpl", format_args!("Submitted application application_{stamp}_0001"));
        log("mapreduce.Job", format_args!("The url to track the job: http://localhost:8080/"));
        log("mapreduce.Job", format_args!("Running job: job_{stamp}_0001"));
        log("mapreduce.Job", " map 0% reduce 0%");
        Monitor { stamp, report, output }
    }

    /// Says how it ended: with which error, if with any.
    pub fn end(self, failure: Option<&Failure>) {
        let Monitor { stamp, report, output } = self;
        let read = fs::read(&report).ok().and_then(|json| serde_json::from_slice::<Report>(&json).ok());
        let _ = fs::remove_file(&report);
        if let Some(failure) = failure {
            let task = failed_task(failure, stamp);
            if let Some((attempt, why)) = &task {
                tell_of_attempt(attempt, why);
            }
            let due = task.map_or("NA".to_owned(), |(attempt, _)| format!("Task failed {}", of_attempt(&attempt)));
            log("mapreduce.Job", format_args!("Job job_{stamp}_0001 failed with state FAILED due to: {due}"));
            tell(format_args!("{} ERROR streaming.StreamJob: Job not successful!", now()));
            tell("Streaming Command Failed!");
            return;
        }
        // Those that were made up for.
        for task in read.iter().flat_map(|report| &report.tasks).filter(|task| task.outcome == Outcome::Failed) {
            if let Some(attempt) = attempt_id(&task.id, task.attempt, stamp) {
                tell_of_attempt(&attempt, task.error.as_deref().unwrap_or_default());
            }
        }
        log("mapreduce.Job", " map 100% reduce 100%");
        log("mapreduce.Job", format_args!("Job job_{stamp}_0001 completed successfully"));
        if let Some(report) = read {
            let groups = groups(&report);
            let counters: usize = groups.iter().map(|(_, counters)| counters.len()).sum();
            log("mapreduce.Job", format_args!("Counters: {counters}"));
            for (group, counters) in groups {
                tell(format_args!("\t{group}"));
                counters.iter().for_each(|(name, value)| tell(format_args!("\t\t{name}={value}")));
            }
        }
        if let Some(output) = output {
            log("streaming.StreamJob", format_args!("Output directory: {output}"));
        }
    }
}

/// The counters by group, under the names that Hadoop shows.
fn groups(report: &Report) -> Vec<(String, Vec<(String, i64)>)> {
    let counters = &report.counters;
    let group = |name: &str, counters: &[(&str, u64)]| {
        let counters = counters.iter().map(|(name, value)| ((*name).to_owned(), value.cast_signed()));
        (name.to_owned(), counters.collect::<Vec<_>>())
    };
    let tasks = |kind: &str, outcome: Option<Outcome>| {
        let of_kind = report.tasks.iter().filter(|task| task.id.contains(kind));
        of_kind.filter(|task| outcome.is_none_or(|outcome| task.outcome == outcome)).count() as u64
    };
    let milliseconds = |kind: &str| {
        let of_kind = report.tasks.iter().filter(|task| task.id.contains(kind));
        of_kind.map(|task| ((task.end_seconds - task.start_seconds) * 1000.0) as u64).sum()
    };
    let files = [
        ("FILE: Number of bytes read", counters.file_bytes_read),
        ("FILE: Number of bytes written", counters.file_bytes_written),
        ("FILE: Number of read operations", 0),
        ("FILE: Number of large read operations", 0),
        ("FILE: Number of write operations", 0),
    ];
    let of_job = [
        ("Failed map tasks", tasks("map-", Some(Outcome::Failed))),
        ("Failed reduce tasks", tasks("reduce-", Some(Outcome::Failed))),
        ("Killed map tasks", tasks("map-", Some(Outcome::Killed))),
        ("Killed reduce tasks", tasks("reduce-", Some(Outcome::Killed))),
        ("Launched map tasks", tasks("map-", None)),
        ("Launched reduce tasks", tasks("reduce-", None)),
        ("Data-local map tasks", tasks("map-", None)),
        ("Total time spent by all map tasks (ms)", milliseconds("map-")),
        ("Total time spent by all reduce tasks (ms)", milliseconds("reduce-")),
    ];
    // Hadoop shows no failures where there are none, and no reducers where a job has none.
    let is_shown = |(name, value): &&(&str, u64)| match *name {
        name if name.starts_with("Failed") || name.starts_with("Killed") || name.contains("reduce") => *value > 0,
        _ => true,
    };
    let has_reducers = tasks("reduce-", None) > 0;
    let mut framework =
        vec![("Map input records", counters.map_input_records), ("Map output records", counters.map_output_records)];
    if has_reducers {
        framework.extend([
            ("Map output bytes", counters.map_output_bytes),
            ("Map output materialized bytes", counters.map_output_materialized_bytes),
        ]);
    }
    framework.push(("Input split bytes", 0));
    if has_reducers {
        framework.extend([
            ("Combine input records", counters.combine_input_records),
            ("Combine output records", counters.combine_output_records),
            ("Reduce input groups", counters.reduce_input_groups),
            ("Reduce shuffle bytes", counters.reduce_shuffle_bytes),
            ("Reduce input records", counters.reduce_input_records),
            ("Reduce output records", counters.reduce_output_records),
        ]);
    }
    framework.push(("Spilled Records", counters.spilled_records));
    if has_reducers {
        framework.push(("Shuffled Maps ", counters.merged_map_outputs));
    }
    framework.extend([
        ("Failed Shuffles", 0),
        ("Merged Map outputs", counters.merged_map_outputs),
        ("GC time elapsed (ms)", 0),
        ("CPU time spent (ms)", (report.cpu_seconds * 1000.0) as u64),
        ("Physical memory (bytes) snapshot", report.peak_rss_bytes),
    ]);
    let mut groups = vec![
        group("File System Counters", &files),
        group("Job Counters ", &of_job.iter().filter(is_shown).copied().collect::<Vec<_>>()),
        group("Map-Reduce Framework", &framework),
    ];
    if has_reducers {
        let errors = ["BAD_ID", "CONNECTION", "IO_ERROR", "WRONG_LENGTH", "WRONG_MAP", "WRONG_REDUCE"];
        groups.push(group("Shuffle Errors", &errors.map(|name| (name, 0))));
    }
    for (name, counters) in &report.user_counters {
        let counters: Vec<(&str, u64)> = counters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        groups.push(group(name, &counters));
    }
    groups.push(group("File Input Format Counters ", &[("Bytes Read", report.input_bytes)]));
    groups.push(group("File Output Format Counters ", &[("Bytes Written", report.output.bytes)]));
    groups
}

/// The id of the attempt with which a job failed, as Hadoop writes it, and the error.
fn failed_task(failure: &Failure, stamp: u128) -> Option<(String, String)> {
    let Failure::Library(Error::Task { task, attempt, source, .. }) = failure else { return None };
    Some((attempt_id(task, *attempt, stamp)?, source.to_string()))
}

/// The id of an attempt at a task, which is called `map-00000` in reports.
fn attempt_id(task: &str, attempt: u32, stamp: u128) -> Option<String> {
    let (kind, number) = task.rsplit_once('-')?;
    let letter = if kind.ends_with("map") { 'm' } else { 'r' };
    let number: u32 = number.parse().ok()?;
    Some(format!("attempt_{stamp}_0001_{letter}_{number:06}_{attempt}"))
}

/// Says that an attempt has failed; of the error, no more than the first line, since the rest comes at the end of a job that fails.
fn tell_of_attempt(attempt: &str, why: &str) {
    log("mapreduce.Job", format_args!("Task Id : {attempt}, Status : FAILED"));
    tell(format_args!("Error: {}", why.lines().next().unwrap_or_default()));
}

/// The id of the task of an attempt.
fn of_attempt(attempt: &str) -> String {
    let task = attempt.rsplit_once('_').map_or(attempt, |(task, _)| task);
    task.replacen("attempt", "task", 1)
}

fn now() -> String {
    times::of_log(SystemTime::now())
}

/// Writes a line to stderr as it is: mrjob starts Hadoop on a terminal, and reads whole lines.
fn tell(line: impl Display) {
    // A closed output is nothing to report.
    let _ = writeln!(io::stderr(), "{line}");
}

fn log(class: &str, line: impl Display) {
    tell(format_args!("{} INFO {class}: {line}", now()));
}
