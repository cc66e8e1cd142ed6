//! Waves of tasks on the slots of all nodes, and the jobs of a run one after another.
//!
//! A slot that is free takes the next task, as schedulers do. The scheduler starts tasks one after another. Times of
//! tasks vary as in the measured run (log-normally); some tasks are slow; machines fail. Of many waves only the last
//! few are simulated task by task: before them, the slots of a thousand nodes have taken about equally long.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand_core::RngCore;

use crate::predict::constants::{Constant, Constants};
use crate::predict::cost::{Drawn, JobCost, Scenario, Stage};
use crate::predict::profile::Profile;

/// Waves that are simulated task by task.
const SIMULATED_WAVES: f64 = 4.0;
const SECONDS_PER_YEAR: f64 = 365.25 * 86_400.0;

/// The time of a run, in parts that follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Parts {
    /// Starting and ending the session, and each job.
    pub start_seconds: f64,
    /// Waves of map tasks.
    pub map_seconds: f64,
    /// Waves of reduce tasks, with their shuffle.
    pub reduce_seconds: f64,
    /// The driver's own work between tasks.
    pub driver_seconds: f64,
    /// Lost by machines that failed.
    pub failure_seconds: f64,
}

impl Parts {
    /// All of it.
    pub fn total(&self) -> f64 {
        self.start_seconds + self.map_seconds + self.reduce_seconds + self.driver_seconds + self.failure_seconds
    }
}

/// The run with every constant in the middle of its range, and every task as long as the others of its kind.
pub fn expected(profile: &Profile, scenario: &Scenario, drawn: &Drawn) -> Parts {
    run(profile, scenario, drawn, |stage, drawn| even_seconds(stage, scenario.cluster.slots(), drawn))
}

/// The run with everything drawn.
pub fn drawn_run(profile: &Profile, scenario: &Scenario, constants: &Constants, rng: &mut impl RngCore) -> f64 {
    let drawn = Drawn::of(constants, |constant| {
        let Constant { low, high, .. } = *constant;
        // A range of several orders of magnitude is drawn from by order of magnitude.
        if low > 0.0 { low * (high / low).powf(unit(rng)) } else { low + (high - low) * unit(rng) }
    });
    let slots = scenario.cluster.slots();
    let mut parts = run(profile, scenario, &drawn, |stage, drawn| uneven_seconds(stage, slots, drawn, rng));
    let expected_failures =
        drawn.failures_per_node_second * f64::from(scenario.cluster.nodes) * (parts.total() - parts.driver_seconds);
    parts.failure_seconds = f64::from(poisson(expected_failures, rng)) * drawn.failure_seconds;
    parts.total()
}

fn run(profile: &Profile, scenario: &Scenario, drawn: &Drawn, mut waves: impl FnMut(&Stage, &Drawn) -> f64) -> Parts {
    let mut parts = Parts { start_seconds: drawn.session_seconds, ..Parts::default() };
    parts.driver_seconds = if drawn.driver { profile.driver_seconds } else { 0.0 };
    if scenario.engine.is_local() {
        parts.start_seconds += profile.once_seconds / drawn.processor_speed;
    }
    for job in &profile.jobs {
        let cost = JobCost::of(profile, job, scenario, drawn);
        parts.start_seconds += drawn.job_seconds;
        parts.map_seconds += waves(&cost.map, drawn);
        parts.reduce_seconds += cost.reduce.as_ref().map_or(0.0, |reduce| waves(reduce, drawn));
    }
    parts
}

/// Time of waves of equal tasks, but for the largest.
fn even_seconds(stage: &Stage, slots: u64, drawn: &Drawn) -> f64 {
    let waves = (stage.tasks / slots as f64).ceil();
    let launched = (stage.tasks - 1.0) * drawn.launch_seconds + stage.seconds;
    (waves * stage.seconds).max(launched).max(stage.seconds * stage.largest)
}

/// Time of waves of tasks that vary.
fn uneven_seconds(stage: &Stage, slots: u64, drawn: &Drawn, rng: &mut impl RngCore) -> f64 {
    // Whole nanoseconds are ordered, and there is room for 500 years of them.
    let nanos = |seconds: f64| (seconds * 1e9) as u64;
    let waves = stage.tasks / slots as f64;
    let before = (waves.floor() - SIMULATED_WAVES).max(0.0);
    let tasks = (stage.tasks - before * slots as f64) as u64;
    let began = nanos(before * stage.seconds.max(slots as f64 * drawn.launch_seconds));
    let mut free: BinaryHeap<Reverse<u64>> = (0..slots.min(tasks)).map(|_| Reverse(began)).collect();
    let mut end = began;
    let sigma = stage.spread;
    for task in 0..tasks {
        let Some(Reverse(at)) = free.pop() else { break };
        let launched = began + nanos(task as f64 * drawn.launch_seconds);
        let slow = if unit(rng) < drawn.slow_share { drawn.slow_times } else { 1.0 };
        let largest = if task == 0 { stage.largest } else { 1.0 };
        let seconds = stage.seconds * largest * slow * (sigma * normal(rng) - sigma * sigma / 2.0).exp();
        let done = at.max(launched) + nanos(seconds);
        end = end.max(done);
        free.push(Reverse(done));
    }
    (end as f64) / 1e9
}

impl Drawn {
    /// A value from the range of each constant.
    pub fn of(constants: &Constants, mut draw: impl FnMut(&Constant) -> f64) -> Self {
        Drawn {
            session_seconds: draw(&constants.session_seconds),
            job_seconds: draw(&constants.job_seconds),
            task_seconds: draw(&constants.task_seconds),
            launch_seconds: draw(&constants.launch_seconds),
            pipe_seconds_per_byte: draw(&constants.pipe_seconds_per_byte),
            shuffle_seconds_per_byte: draw(&constants.shuffle_seconds_per_byte),
            fetch_seconds: draw(&constants.fetch_seconds),
            slow_share: draw(&constants.slow_share),
            slow_times: draw(&constants.slow_times),
            failures_per_node_second: draw(&constants.failures_per_node_year) / SECONDS_PER_YEAR,
            failure_seconds: draw(&constants.failure_seconds),
            disk_speed: 1.0,
            network_speed: 1.0,
            processor_speed: 1.0,
            uneven: true,
            driver: true,
        }
    }

    /// The middle of each range.
    pub fn middle(constants: &Constants) -> Self {
        Drawn::of(constants, |constant| {
            let Constant { low, high, .. } = *constant;
            if low > 0.0 { (low * high).sqrt() } else { (low + high) / 2.0 }
        })
    }
}

/// A number in `[0, 1)`.
fn unit(rng: &mut impl RngCore) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A draw from the standard normal distribution (Box and Muller, 1958).
fn normal(rng: &mut impl RngCore) -> f64 {
    let radius = (-2.0 * (1.0 - unit(rng)).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(rng)).cos()
}

/// A draw from the Poisson distribution (Knuth, *Seminumerical Algorithms*, 3.4.1); of many, their mean.
fn poisson(mean: f64, rng: &mut impl RngCore) -> u32 {
    const MANY: f64 = 100.0;
    if mean > MANY {
        return mean.round() as u32;
    }
    let (limit, mut product, mut count) = ((-mean).exp(), unit(rng), 0);
    while product > limit {
        product *= unit(rng);
        count += 1;
    }
    count
}

#[cfg(test)]
pub mod tests {
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::predict::cluster::Engine;
    use crate::predict::cluster::tests::cluster;
    use crate::predict::profile::tests::sort;

    /// Constants that are all zero.
    pub fn nothing_drawn() -> Drawn {
        Drawn { slow_times: 1.0, ..Drawn::of(&Constants::of(Engine::LocalDisk), |_| 0.0) }
    }

    fn rng() -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(1)
    }

    #[test]
    fn equal_tasks_take_as_many_waves_as_they_need() {
        let stage = Stage { tasks: 17.0, seconds: 2.0, largest: 1.0, spread: 0.0 };
        assert_eq!(even_seconds(&stage, 8, &nothing_drawn()), 6.0);
        assert_eq!(uneven_seconds(&stage, 8, &nothing_drawn(), &mut rng()), 6.0);
        let many = Stage { tasks: 8001.0, ..stage };
        assert_eq!(uneven_seconds(&many, 8, &nothing_drawn(), &mut rng()), 2002.0, "most waves are not simulated");
    }

    #[test]
    fn the_largest_task_and_the_scheduler_hold_up_the_others() {
        let stage = Stage { tasks: 8.0, seconds: 2.0, largest: 5.0, spread: 0.0 };
        assert_eq!(even_seconds(&stage, 8, &nothing_drawn()), 10.0);
        assert_eq!(uneven_seconds(&stage, 8, &nothing_drawn(), &mut rng()), 10.0);
        let slow_scheduler = Drawn { launch_seconds: 1.0, ..nothing_drawn() };
        let stage = Stage { tasks: 1000.0, largest: 1.0, ..stage };
        assert_eq!(even_seconds(&stage, 1000, &slow_scheduler), 1001.0);
        assert_eq!(uneven_seconds(&stage, 1000, &slow_scheduler, &mut rng()), 1001.0);
    }

    #[test]
    fn slow_tasks_lengthen_a_wave_of_many_more_than_one_of_few() {
        let drawn = Drawn { slow_share: 0.01, slow_times: 3.0, ..nothing_drawn() };
        let seconds = |tasks: f64, rng: &mut Xoshiro256PlusPlus| {
            let stage = Stage { tasks, seconds: 1.0, largest: 1.0, spread: 0.0 };
            (0..50).map(|_| uneven_seconds(&stage, tasks as u64, &drawn, rng)).sum::<f64>() / 50.0
        };
        let mut rng = rng();
        assert!(seconds(1000.0, &mut rng) > 2.9 && seconds(4.0, &mut rng) < 1.3);
    }

    #[test]
    fn draws_have_their_means() {
        let mut rng = rng();
        let mean = |of: &mut dyn FnMut() -> f64| (0..20_000).map(|_| of()).sum::<f64>() / 20_000.0;
        assert!(mean(&mut || normal(&mut rng)).abs() < 0.03);
        assert!((mean(&mut || normal(&mut rng).powi(2)) - 1.0).abs() < 0.05);
        assert!((mean(&mut || f64::from(poisson(3.0, &mut rng))) - 3.0).abs() < 0.06);
        assert_eq!(poisson(0.0, &mut rng), 0);
    }

    #[test]
    fn a_run_is_the_sum_of_its_parts() {
        let scenario = Scenario { cluster: cluster(4), engine: Engine::Hadoop, growth: 100.0 };
        let constants = Constants::of(Engine::Hadoop);
        let middle = Drawn::middle(&constants);
        let parts = expected(&sort(), &scenario, &middle);
        assert_eq!(parts.start_seconds, middle.session_seconds + middle.job_seconds);
        assert!(parts.map_seconds > 0.0 && parts.reduce_seconds > 0.0);
        assert_eq!(parts.driver_seconds, 0.1);
        let drawn = drawn_run(&sort(), &scenario, &constants, &mut rng());
        assert!(drawn > 0.8 * parts.total() && drawn < 2.0 * parts.total(), "{drawn} against {parts:?}");
    }
}
