//! The attempts at the tasks of a job that has ended, as the history server tells them.
//!
//! `hadoop … JobClient -history all JOB -format json` asks for them with the user's own settings and ticket. It starts a Java of
//! its own, so it runs beside the next job of a chain or loop, and is waited for at the end of the run.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::cancel::CancelToken;
use crate::engine::hadoop::client::Client;
use crate::error::{Error, Result};
use crate::observe::report::{Outcome, TaskReport};
use crate::observe::time_use::TimeUse;
use crate::runtime::apart::summary;

/// A job is known to the server some moments after its end. Where no server runs, Hadoop itself would try for minutes.
const PATIENCE: Duration = Duration::from_secs(15);
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// The answer about a job, which is on its way.
#[derive(Debug)]
pub(crate) struct Asked {
    application: String,
    /// Before the names of its tasks: `job2-`.
    prefix: String,
    /// The moment from which the report counts, in milliseconds since 1970.
    began: f64,
    answer: JoinHandle<Result<String>>,
    asked: Instant,
    cancel: CancelToken,
}

impl Asked {
    /// Asks about the job with this number in its program.
    pub fn begin(client: &Client, application: &str, job: u32, epoch: Instant, cancel: &CancelToken) -> Self {
        let (client, cancel) = (client.clone(), cancel.child());
        let own = cancel.clone();
        let id = application.replacen("application", "job", 1);
        Asked {
            application: application.to_owned(),
            prefix: if job > 1 { format!("job{job}-") } else { String::new() },
            began: 1e3 * (summary::now() - epoch.elapsed().as_secs_f64()),
            answer: thread::spawn(move || ask(&client, &id, &own)),
            asked: Instant::now(),
            cancel,
        }
    }

    /// Waits for the attempts, as long as patience goes.
    ///
    /// # Errors
    /// A sentence that says of which application nothing is known, and why.
    pub fn tasks(self) -> std::result::Result<Vec<TaskReport>, String> {
        while !self.answer.is_finished() && self.asked.elapsed() < PATIENCE {
            thread::sleep(BETWEEN_LOOKS);
        }
        self.cancel.cancel();
        let answer = self.answer.join().unwrap_or_else(|_| Err(Error::user("the thread that asked has panicked")));
        let answer = answer.map_err(|error| match error {
            Error::Cancelled => Error::user(format!("there was no answer within {} s", PATIENCE.as_secs())),
            other => other,
        });
        let tasks = answer.and_then(|json| tasks(&json, &self.prefix, self.began));
        tasks.map_err(|error| {
            format!(
                "the tasks of {} are not in the report, since its history cannot be read: {error}",
                self.application
            )
        })
    }
}

fn ask(client: &Client, job: &str, cancel: &CancelToken) -> Result<String> {
    loop {
        let outcome = client.history(job, cancel);
        if outcome.is_ok() || cancel.is_cancelled() {
            return outcome;
        }
        thread::sleep(BETWEEN_TRIES);
    }
}

#[derive(Deserialize)]
struct History {
    tasks: Vec<Task>,
}

/// Times are milliseconds since 1970, by the clock of the ApplicationMaster.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    task_id: String,
    r#type: String,
    status: String,
    finish_time: f64,
    #[serde(default)]
    counters: Value,
    /// One, or a list of several.
    attempts: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attempt {
    attempt_id: String,
    start_time: f64,
    finish_time: f64,
    host_name: Option<String>,
    error: Option<String>,
}

impl Task {
    fn counter(&self, group: &str, name: &str) -> u64 {
        let counters = self.counters[group].as_array().map_or(&[][..], Vec::as_slice);
        counters
            .iter()
            .find(|counter| counter["counterName"] == name)
            .and_then(|found| found["value"].as_u64())
            .unwrap_or(0)
    }

    /// Records and bytes read.
    fn read(&self) -> (u64, u64) {
        const INPUT: &str = "org.apache.hadoop.mapreduce.lib.input.FileInputFormatCounter";
        match self.r#type.as_str() {
            "MAP" => (self.counter(summary::GROUP_MAP, "MAP_INPUT_RECORDS"), self.counter(INPUT, "BYTES_READ")),
            _ => {
                let of = |name| self.counter(summary::GROUP_REDUCE, name);
                (of("REDUCE_INPUT_RECORDS"), of("REDUCE_SHUFFLE_BYTES"))
            }
        }
    }
}

/// The attempts in a history, in the order of their ends.
fn tasks(json: &str, prefix: &str, began: f64) -> Result<Vec<TaskReport>> {
    let unknown = |error: serde_json::Error| Error::user(format!("the history has an unknown form: {error}"));
    let History { tasks } = serde_json::from_str(json).map_err(unknown)?;
    let mut reports = Vec::new();
    for task in &tasks {
        let attempts = match &task.attempts {
            Value::Array(attempts) => attempts.clone(),
            one => vec![one.clone()],
        };
        let attempts = attempts.into_iter().map(serde_json::from_value).collect::<serde_json::Result<Vec<Attempt>>>();
        let attempts = attempts.map_err(unknown)?;
        let last_end = attempts.iter().map(|attempt| attempt.finish_time).filter(|end| *end <= task.finish_time);
        let last_end = last_end.fold(f64::NEG_INFINITY, f64::max);
        let side = if task.r#type == "MAP" { "map" } else { "reduce" };
        let number = |id: &str| id.rsplit('_').next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
        let (records, bytes) = task.read();
        reports.extend(attempts.into_iter().map(|attempt| {
            let succeeded = task.status == "SUCCEEDED" && attempt.finish_time == last_end;
            let error = attempt.error.filter(|error| !error.is_empty());
            TaskReport {
                id: format!("{prefix}{side}-{:05}", number(&task.task_id)),
                attempt: number(&attempt.attempt_id),
                outcome: match &error {
                    _ if succeeded => Outcome::Succeeded,
                    Some(_) => Outcome::Failed,
                    None => Outcome::Killed,
                },
                worker: None,
                host: attempt.host_name,
                start_seconds: ((attempt.start_time - began) / 1e3).max(0.0),
                end_seconds: ((attempt.finish_time - began) / 1e3).max(0.0),
                records: if succeeded { records } else { 0 },
                bytes: if succeeded { bytes } else { 0 },
                time: TimeUse::default(),
                error,
            }
        }));
    }
    reports.sort_by(|a, b| a.end_seconds.total_cmp(&b.end_seconds));
    Ok(reports)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"hadoopJob": "job_1_0002", "tasks": [
        {"taskId": "task_1_0002_m_000003", "type": "MAP", "status": "SUCCEEDED", "startTime": 2000, "finishTime": 9000,
         "counters": {"twinmill map": [{"counterName": "MAP_INPUT_RECORDS", "value": 7}]},
         "attempts": [
            {"attemptId": "attempt_1_0002_m_000003_0", "startTime": 3000, "finishTime": 4000, "hostName": "a", "error": "lost"},
            {"attemptId": "attempt_1_0002_m_000003_1", "startTime": 5000, "finishTime": 9000, "hostName": "b"}]},
        {"taskId": "task_1_0002_r_000000", "type": "REDUCE", "status": "SUCCEEDED", "startTime": 2000, "finishTime": 9500,
         "attempts": {"attemptId": "attempt_1_0002_r_000000_0", "startTime": 6000, "finishTime": 9500}}]}"#;

    #[test]
    fn attempts_are_told_by_their_tasks_hosts_and_ends() {
        let reports = tasks(JSON, "job2-", 1000.0).unwrap();
        let told = |report: &TaskReport| {
            let host = report.host.clone().unwrap_or_default();
            (
                report.id.clone(),
                report.attempt,
                report.outcome,
                host,
                report.start_seconds,
                report.end_seconds,
                report.records,
            )
        };
        let told: Vec<_> = reports.iter().map(told).collect();
        assert_eq!(
            told,
            [
                ("job2-map-00003".to_owned(), 0, Outcome::Failed, "a".to_owned(), 2.0, 3.0, 0),
                ("job2-map-00003".to_owned(), 1, Outcome::Succeeded, "b".to_owned(), 4.0, 8.0, 7),
                ("job2-reduce-00000".to_owned(), 0, Outcome::Succeeded, String::new(), 5.0, 8.5, 0),
            ]
        );
    }

    #[test]
    fn a_history_of_another_form_is_an_error() {
        let error = tasks("<html>", "", 0.0).unwrap_err().to_string();
        assert!(error.contains("unknown form"), "{error}");
    }
}
