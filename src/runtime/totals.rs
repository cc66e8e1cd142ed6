//! Sums over the attempts that succeeded.

use std::collections::BTreeMap;

use crate::observe::counters::{Counters, UserCounters};
use crate::observe::phases::PhaseLog;
use crate::observe::report::ExtraWork;
use crate::pipeline::task::Counts;

/// Sums over successful attempts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Totals {
    pub counters: Counters,
    pub user_counters: BTreeMap<String, BTreeMap<String, u64>>,
    pub phases: PhaseLog,
    pub extra_work: ExtraWork,
}

impl Totals {
    /// The user counters since `before`.
    pub fn user_counters_since(&self, before: &Totals) -> BTreeMap<String, BTreeMap<String, u64>> {
        let earlier = |group: &str, name: &str| before.user_counters.get(group).and_then(|g| g.get(name)).copied();
        let of_group = |(group, counters): (&String, &BTreeMap<String, u64>)| {
            let since =
                counters.iter().map(|(name, n)| (name.clone(), n.wrapping_sub(earlier(group, name).unwrap_or(0))));
            (group.clone(), since.collect())
        };
        self.user_counters.iter().map(of_group).collect()
    }

    /// Adds an attempt's counts; returns those of the job's own code, which are also kept for each task.
    pub fn add(&mut self, counts: Counts) -> UserCounters {
        self.counters.add(&counts.counters);
        counts.user_counters.add_to(&mut self.user_counters);
        self.phases.append(counts.phases);
        self.extra_work.add(&counts.extra_work);
        counts.user_counters
    }

    /// Adds the totals of a wave.
    pub fn append(&mut self, other: Totals) {
        self.counters.add(&other.counters);
        for (group, counters) in other.user_counters {
            let sums = self.user_counters.entry(group).or_default();
            for (name, n) in counters {
                let sum = sums.entry(name).or_default();
                *sum = sum.wrapping_add(n);
            }
        }
        self.phases.append(other.phases);
        self.extra_work.add(&other.extra_work);
    }
}
