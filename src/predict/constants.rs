//! What the engines cost beside the work: measured where that was possible, assumed where it was not, in this one
//! place.
//!
//! Each constant is a range; a simulation draws from it. Measured: real daemons of Hadoop 3.5.0 and Spark 4.3 (standalone) on one
//! machine with 2 cores and 24 GiB of memory, Java 17, on 2026-11-28, when it was idle, by `scripts/cluster/grade-predictions
//! --constants`: one node that has one core for its tasks, or two. Assumed: what two nodes cannot show; the ranges are wide.
//!
//! The input lies where the tasks are, and the output stays there: how long this machine takes to send the one and to fetch
//! the other is no part of a prediction.

use serde::Serialize;

use crate::predict::cluster::Engine;

/// A figure that lies between two values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// Its name and unit.
    pub name: &'static str,
    /// The least.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// Its source.
    pub source: &'static str,
}

impl Constant {
    const fn measured(name: &'static str, low: f64, high: f64, source: &'static str) -> Self {
        Constant { name, low, high, source }
    }

    const fn assumed(name: &'static str, low: f64, high: f64) -> Self {
        Constant { name, low, high, source: "assumed" }
    }

    const fn none(name: &'static str) -> Self {
        Constant { name, low: 0.0, high: 0.0, source: "one process has none" }
    }
}

/// The constants of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Constants {
    /// Seconds before the first job and after the last: the client, its context.
    pub session_seconds: Constant,
    /// Seconds of each job before its first task and after its last.
    pub job_seconds: Constant,
    /// Seconds of a core for each task beside its work.
    pub task_seconds: Constant,
    /// Seconds between two tasks that the scheduler starts: it starts one after another.
    pub launch_seconds: Constant,
    /// Seconds of a core for each byte of input or output that goes through the pipes of the tasks.
    pub pipe_seconds_per_byte: Constant,
    /// Seconds of a core for each byte of map output that goes through pipes, its checksums and files, and as much again where it
    /// comes to a reducer.
    pub shuffle_seconds_per_byte: Constant,
    /// Seconds of a reduce task for each map output that it fetches.
    pub fetch_seconds: Constant,
    /// Share of the tasks that are slow, on a node with another load or a bad disk.
    pub slow_share: Constant,
    /// Times as long as the others that a slow task takes.
    pub slow_times: Constant,
    /// Failures of a machine in a year.
    pub failures_per_node_year: Constant,
    /// Seconds that a job loses when a machine fails.
    pub failure_seconds: Constant,
}

const PER_MIB: f64 = 1.0 / 1_048_576.0;

/// One process: nothing but the work. What the driver does between tasks is measured in the run.
const LOCAL: Constants = Constants {
    session_seconds: Constant::none("seconds of a session"),
    job_seconds: Constant::none("seconds of a job"),
    task_seconds: Constant::none("seconds of a task"),
    launch_seconds: Constant::none("seconds to start one task after another"),
    pipe_seconds_per_byte: Constant::none("seconds a byte through pipes"),
    shuffle_seconds_per_byte: Constant::none("seconds a byte of the shuffle"),
    fetch_seconds: Constant::none("seconds to fetch a map output"),
    slow_share: Constant::none("share of slow tasks"),
    slow_times: Constant { name: "times as long for a slow task", low: 1.0, high: 1.0, source: "one process has none" },
    failures_per_node_year: Constant::none("failures of a node in a year"),
    failure_seconds: Constant::none("seconds lost by a failure"),
};

/// YARN, Hadoop Streaming with raw bytes.
const HADOOP: Constants = Constants {
    session_seconds: Constant::measured(
        "seconds of a session",
        0.8,
        1.0,
        "word count of 64 KiB, without its two tasks and one job",
    ),
    job_seconds: Constant::measured("seconds of a job", 4.3, 4.5, "k-means of 6 iterations against 1, without tasks"),
    task_seconds: Constant::measured("seconds of a task", 1.9, 2.05, "word count of 64 KiB in 33 splits against 1"),
    launch_seconds: Constant::assumed("seconds to start one task after another", 0.0005, 0.005),
    pipe_seconds_per_byte: Constant::measured(
        "seconds a byte through pipes",
        0.0004 * PER_MIB,
        0.0023 * PER_MIB,
        "word count of 512 MiB, without tasks and the work itself",
    ),
    shuffle_seconds_per_byte: Constant::measured(
        "seconds a byte of the shuffle",
        0.0104 * PER_MIB,
        0.0135 * PER_MIB,
        "terasort of 256 MiB, without tasks, pipes and the work itself",
    ),
    fetch_seconds: Constant::assumed("seconds to fetch a map output", 0.0002, 0.002),
    slow_share: SLOW_SHARE,
    slow_times: SLOW_TIMES,
    failures_per_node_year: FAILURES,
    failure_seconds: Constant::measured(
        "seconds lost by a failure",
        17.0,
        24.0,
        "kill -9 of a NodeManager during a job of 29.6 s: 47 to 53 s",
    ),
};

/// Spark's standalone master, Python workers that move blocks.
const SPARK: Constants = Constants {
    session_seconds: Constant::measured(
        "seconds of a session",
        5.2,
        7.1,
        "word count of 64 KiB on one node and on two, without its two tasks and one job",
    ),
    job_seconds: Constant::measured("seconds of a job", 0.66, 0.75, "k-means of 6 iterations against 1, without tasks"),
    task_seconds: Constant::measured("seconds of a task", 0.09, 0.11, "word count of 64 KiB in 33 splits against 1"),
    launch_seconds: Constant::assumed("seconds to start one task after another", 0.0004, 0.002),
    pipe_seconds_per_byte: Constant::measured(
        "seconds a byte through pipes",
        0.0004 * PER_MIB,
        0.0013 * PER_MIB,
        "word count of 512 MiB, without tasks and the work itself",
    ),
    shuffle_seconds_per_byte: Constant::measured(
        "seconds a byte of the shuffle",
        0.0063 * PER_MIB,
        0.0066 * PER_MIB,
        "terasort of 256 MiB, without tasks, pipes and the work itself",
    ),
    fetch_seconds: Constant::assumed("seconds to fetch a map output", 0.0001, 0.001),
    slow_share: SLOW_SHARE,
    slow_times: SLOW_TIMES,
    failures_per_node_year: FAILURES,
    failure_seconds: Constant::measured(
        "seconds lost by a failure",
        6.0,
        8.0,
        "kill -9 of a worker during a job of 21.9 s: 28 to 29 s",
    ),
};

const SLOW_SHARE: Constant = Constant::assumed("share of slow tasks", 0.0, 0.02);
const SLOW_TIMES: Constant = Constant::assumed("times as long for a slow task", 1.5, 3.0);
const FAILURES: Constant = Constant::assumed("failures of a node in a year", 0.5, 4.0);

impl Constants {
    /// Those of an engine.
    pub fn of(engine: Engine) -> Self {
        match engine {
            Engine::LocalDisk | Engine::LocalMemory => LOCAL,
            Engine::Hadoop => HADOOP,
            Engine::Spark => SPARK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(of: &Constants) -> [Constant; 11] {
        [
            of.session_seconds,
            of.job_seconds,
            of.task_seconds,
            of.launch_seconds,
            of.pipe_seconds_per_byte,
            of.shuffle_seconds_per_byte,
            of.fetch_seconds,
            of.slow_share,
            of.slow_times,
            of.failures_per_node_year,
            of.failure_seconds,
        ]
    }

    #[test]
    fn every_range_is_one_and_has_a_source() {
        for engine in Engine::ALL {
            for constant in all(&Constants::of(engine)) {
                assert!(constant.low >= 0.0 && constant.low <= constant.high, "{constant:?}");
                assert!(!constant.source.is_empty(), "{constant:?}");
            }
        }
    }
}
