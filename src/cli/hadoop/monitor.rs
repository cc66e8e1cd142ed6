//! What Hadoop prints about a streaming job, to the letter that mrjob reads.

use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::hadoop::fs::civil;
use crate::cli::terminal::note;
use crate::observe::report::Report;

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
        let stamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        println!("packageJobJar: [] [] /tmp/streamjob{stamp}.jar tmpDir=null");
        log("impl.YarnClientImpl", format_args!("Submitted application application_{stamp}_0001"));
        log("mapreduce.Job", format_args!("The url to track the job: http://localhost:8080/"));
        log("mapreduce.Job", format_args!("Running job: job_{stamp}_0001"));
        log("mapreduce.Job", " map 0% reduce 0%");
        Monitor { stamp, report, output }
    }

    /// Says how it ended.
    pub fn end(self, succeeded: bool) {
        let Monitor { stamp, report, output } = self;
        let read = fs::read(&report).ok().and_then(|json| serde_json::from_slice::<Report>(&json).ok());
        let _ = fs::remove_file(&report);
        if !succeeded {
            log("mapreduce.Job", format_args!("Job job_{stamp}_0001 failed with state FAILED due to: Task failed"));
            note(format_args!("{} ERROR streaming.StreamJob: Job not successful!", now()));
            note("Streaming Command Failed!");
            return;
        }
        log("mapreduce.Job", " map 100% reduce 100%");
        log("mapreduce.Job", format_args!("Job job_{stamp}_0001 completed successfully"));
        if let Some(report) = read {
            let groups = groups(&report);
            let counters: usize = groups.iter().map(|(_, counters)| counters.len()).sum();
            log("mapreduce.Job", format_args!("Counters: {counters}"));
            for (group, counters) in groups {
                note(format_args!("\t{group}"));
                counters.iter().for_each(|(name, value)| note(format_args!("\t\t{name}={value}")));
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
    let maps = report.tasks.iter().filter(|task| task.id.contains("map-")).count() as u64;
    let reduces = report.tasks.iter().filter(|task| task.id.contains("reduce-")).count() as u64;
    let group = |name: &str, counters: &[(&str, u64)]| {
        let counters = counters.iter().map(|(name, value)| ((*name).to_owned(), value.cast_signed()));
        (name.to_owned(), counters.collect::<Vec<_>>())
    };
    let mut groups = vec![
        group(
            "File System Counters",
            &[
                ("FILE: Number of bytes read", counters.file_bytes_read),
                ("FILE: Number of bytes written", counters.file_bytes_written),
            ],
        ),
        group("Job Counters ", &[("Launched map tasks", maps), ("Launched reduce tasks", reduces)]),
        group(
            "Map-Reduce Framework",
            &[
                ("Map input records", counters.map_input_records),
                ("Map output records", counters.map_output_records),
                ("Map output bytes", counters.map_output_bytes),
                ("Map output materialized bytes", counters.map_output_materialized_bytes),
                ("Combine input records", counters.combine_input_records),
                ("Combine output records", counters.combine_output_records),
                ("Reduce input groups", counters.reduce_input_groups),
                ("Reduce shuffle bytes", counters.reduce_shuffle_bytes),
                ("Reduce input records", counters.reduce_input_records),
                ("Reduce output records", counters.reduce_output_records),
                ("Spilled Records", counters.spilled_records),
                ("Shuffled Maps ", counters.merged_map_outputs),
                ("Failed Shuffles", 0),
                ("Merged Map outputs", counters.merged_map_outputs),
                ("CPU time spent (ms)", (report.cpu_seconds * 1000.0) as u64),
            ],
        ),
    ];
    for (name, counters) in &report.user_counters {
        let counters: Vec<(&str, u64)> = counters.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        groups.push(group(name, &counters));
    }
    groups.push(group("File Input Format Counters ", &[("Bytes Read", report.input_bytes)]));
    groups.push(group("File Output Format Counters ", &[("Bytes Written", report.output.bytes)]));
    groups
}

fn now() -> String {
    let (year, month, day, hour, minute, second) = civil(SystemTime::now());
    format!("{:02}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}", year % 100)
}

fn log(class: &str, line: impl Display) {
    note(format_args!("{} INFO {class}: {line}", now()));
}
