//! The load of the machine while something is measured: processors that other processes took, time stolen by the
//! hypervisor, time that tasks waited for a processor or for a device.
//!
//! The kernel counts all of this since it started (`/proc/stat`, `/proc/pressure`), so a [`LoadMeter`] reads the counts twice.
//! A system that does not tell leaves a figure out.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::machine::limits::processors;

/// The load of the machine over some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Seconds over which it was watched.
    #[serde(default)]
    pub watched_seconds: f64,
    /// The average number of tasks that were ready to run, over the minute before it was first watched.
    #[serde(default)]
    pub load_average: Option<f64>,
    /// Part of the processors' time that the hypervisor gave to other machines, in per cent.
    #[serde(default)]
    pub steal_percent: Option<f64>,
    /// Part of the time in which some task waited for a processor, in per cent; tasks of this process and its children count.
    #[serde(default)]
    pub pressure_cpu: Option<f64>,
    /// Part of the time in which some task waited for a device, in per cent, likewise.
    #[serde(default)]
    pub pressure_io: Option<f64>,
    /// Processors, of those that this process may use, that processes other than it and its children kept busy.
    #[serde(default)]
    pub other_processors: Option<f64>,
}

impl Load {
    /// The load over two times together.
    pub fn with(self, later: Load) -> Self {
        let seconds = self.watched_seconds + later.watched_seconds;
        let mean = |before: Option<f64>, after: Option<f64>| match (before, after) {
            (Some(before), Some(after)) if seconds > 0.0 => {
                Some((before * self.watched_seconds + after * later.watched_seconds) / seconds)
            }
            (before, after) => after.or(before),
        };
        Load {
            watched_seconds: seconds,
            load_average: self.load_average.or(later.load_average),
            steal_percent: mean(self.steal_percent, later.steal_percent),
            pressure_cpu: mean(self.pressure_cpu, later.pressure_cpu),
            pressure_io: mean(self.pressure_io, later.pressure_io),
            other_processors: mean(self.other_processors, later.other_processors),
        }
    }
}

/// Reads the counts when it is made, and the load since then as often as one likes. Child processes count as this process's
/// own once they have been waited for.
#[derive(Debug)]
pub struct LoadMeter {
    load_average: Option<f64>,
    begun: Counts,
}

/// The counts at one time.
#[derive(Debug)]
struct Counts {
    at: Instant,
    ticks: Option<Ticks>,
    /// Of this process and its children.
    own: Duration,
    waited_for_cpu: Option<Duration>,
    waited_for_io: Option<Duration>,
}

/// Time of all processors, in the kernel's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    all: u64,
    busy: u64,
    stolen: u64,
    processors: u64,
}

impl LoadMeter {
    /// Begins to watch.
    pub fn start() -> Self {
        let load_average = fs::read_to_string("/proc/loadavg").ok();
        LoadMeter {
            load_average: load_average.and_then(|text| text.split(' ').next()?.parse().ok()),
            begun: Counts::now(),
        }
    }

    /// The load since then.
    pub fn load(&self) -> Load {
        let now = Counts::now();
        let begun = &self.begun;
        let seconds = now.at.duration_since(begun.at).as_secs_f64();
        let waited = |now: Option<Duration>, before: Option<Duration>| {
            let waited = now?.saturating_sub(before?);
            (seconds > 0.0).then(|| (100.0 * waited.as_secs_f64() / seconds).min(100.0))
        };
        let ticks = now.ticks.zip(begun.ticks).filter(|(now, before)| now.all > before.all);
        let of_all = |ticks: u64, (now, before): (Ticks, Ticks)| ticks as f64 / (now.all - before.all) as f64;
        let busy = ticks.map(|both| {
            let busy = of_all(both.0.busy.saturating_sub(both.1.busy), both);
            (busy * both.0.processors as f64, both.0.processors as f64)
        });
        let own = now.own.saturating_sub(begun.own).as_secs_f64() / seconds;
        Load {
            watched_seconds: seconds,
            load_average: self.load_average,
            steal_percent: ticks.map(|both| 100.0 * of_all(both.0.stolen.saturating_sub(both.1.stolen), both)),
            pressure_cpu: waited(now.waited_for_cpu, begun.waited_for_cpu),
            pressure_io: waited(now.waited_for_io, begun.waited_for_io),
            other_processors: busy.map(|(busy, there)| taken_by_others(busy, own, there, processors() as f64)),
        }
    }
}

/// Of the `allowed` processors that this process may use, those that others took, where `busy` of the `there` processors of
/// the machine were busy and `own` of them with this process: others may use the rest of the machine without harm.
fn taken_by_others(busy: f64, own: f64, there: f64, allowed: f64) -> f64 {
    let others = (busy - own).max(0.0);
    (others - (there - allowed).max(0.0)).clamp(0.0, allowed)
}

impl Counts {
    fn now() -> Self {
        Counts {
            at: Instant::now(),
            ticks: fs::read_to_string("/proc/stat").ok().and_then(|text| Ticks::read(&text)),
            own: time_of(UsageWho::RUSAGE_SELF) + time_of(UsageWho::RUSAGE_CHILDREN),
            waited_for_cpu: waited("/proc/pressure/cpu"),
            waited_for_io: waited("/proc/pressure/io"),
        }
    }
}

impl Ticks {
    /// Of the lines `cpu user nice system idle iowait irq softirq steal …`, the sum, and `cpu0 …`, one a processor.
    fn read(stat: &str) -> Option<Self> {
        let mut lines = stat.lines();
        let fields = lines.next()?.strip_prefix("cpu ")?.split_whitespace().map(str::parse);
        // Time of guests, which comes after these, is part of that of the user.
        let fields: Vec<u64> = fields.take(8).collect::<Result<_, _>>().ok()?;
        let [user, nice, system, idle, waiting, irq, soft_irq, stolen] = fields.try_into().ok()?;
        let busy = user + nice + system + irq + soft_irq;
        let processors = lines.take_while(|line| line.starts_with("cpu")).count() as u64;
        Some(Ticks { all: busy + idle + waiting + stolen, busy, stolen, processors: processors.max(1) })
    }
}

/// User and system time of processes.
fn time_of(who: UsageWho) -> Duration {
    let micros = getrusage(who).map_or(0, |usage| {
        let (user, system) = (usage.user_time(), usage.system_time());
        (user.tv_sec() + system.tv_sec()) * 1_000_000 + user.tv_usec() + system.tv_usec()
    });
    Duration::from_micros(micros as u64)
}

/// The time in which some task waited, of `some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS`.
fn waited(file: &str) -> Option<Duration> {
    let text = fs::read_to_string(file).ok()?;
    let some = text.lines().find(|line| line.starts_with("some "))?;
    some.split(' ').find_map(|field| field.strip_prefix("total="))?.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counts_are_read() {
        let stat = "cpu  100 5 20 300 30 1 2 40 7 0\ncpu0 1 2 3\ncpu1 1 2 3\nintr 1\n";
        assert_eq!(Ticks::read(stat), Some(Ticks { all: 498, busy: 128, stolen: 40, processors: 2 }));
        assert_eq!(Ticks::read("intr 1\n"), None);
    }

    #[test]
    fn others_take_what_is_busy_beyond_this_process_and_the_rest_of_the_machine() {
        assert_eq!(taken_by_others(1.75, 0.25, 2.0, 2.0), 1.5);
        assert_eq!(taken_by_others(6.0, 2.0, 8.0, 2.0), 0.0);
        assert_eq!(taken_by_others(8.0, 0.5, 8.0, 2.0), 1.5);
        assert_eq!(taken_by_others(1.0, 1.5, 2.0, 2.0), 0.0);
    }

    #[test]
    fn loads_over_two_times_are_weighted_by_them() {
        let load = |seconds, steal| Load { watched_seconds: seconds, steal_percent: Some(steal), ..Load::default() };
        let both = load(30.0, 4.0).with(load(10.0, 0.0));
        assert_eq!((both.watched_seconds, both.steal_percent), (40.0, Some(3.0)));
        assert_eq!(Load::default().with(load(10.0, 1.0)).steal_percent, Some(1.0));
    }

    #[test]
    fn this_machine_has_a_load() {
        let meter = LoadMeter::start();
        std::thread::sleep(Duration::from_millis(30));
        let load = meter.load();
        assert!(load.watched_seconds >= 0.03 && load.load_average.is_some(), "{load:?}");
    }
}
