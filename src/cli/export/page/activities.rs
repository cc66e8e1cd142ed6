//! The time of all workers, by what they did and by phase: a row for each activity, with the spread over the runs.

use serde::Serialize;

use crate::cli::telling::time_groups;
use crate::measure::comparison::Comparison;
use crate::measure::run::Run;
use crate::measure::statistics::Spread;
use crate::measure::time_groups::TimeGroup;

/// Rows below this part of every mode's whole are left out.
const LEAST_SHOWN: f64 = 0.005;

/// Times of all workers, by activity and by mode.
#[derive(Serialize)]
pub struct Activities {
    modes: Vec<String>,
    /// The whole of each mode.
    totals: Vec<Spread>,
    rows: Vec<Activity>,
}

#[derive(Serialize)]
struct Activity {
    name: String,
    /// Whether it is waiting, and not computing.
    waiting: bool,
    /// One for each mode.
    times: Vec<Spread>,
}

impl Activities {
    /// The use of workers' time; `None` where the reports do not tell.
    pub fn of_time(comparison: &Comparison) -> Option<Self> {
        let told = |run: &Run| run.report.time.is_some();
        let row = |group: TimeGroup| {
            let seconds = move |run: &Run| run.report.time.as_ref().map_or(0.0, |time| group.of(time));
            (time_groups::name(group).to_owned(), group.is_waiting(), seconds)
        };
        Self::of(comparison, told, TimeGroup::ALL.into_iter().map(row).collect())
    }

    /// The phases; `None` where there are none.
    pub fn of_phases(comparison: &Comparison) -> Option<Self> {
        let with_phases = comparison.runs.iter().find(|run| !run.report.phases.is_empty())?;
        let row = |i: usize| {
            let busy = move |run: &Run| run.report.phases.get(i).map_or(0.0, |phase| phase.busy_seconds);
            (with_phases.report.phases[i].name.to_string(), false, busy)
        };
        let rows = (0..with_phases.report.phases.len()).map(row).collect();
        Self::of(comparison, |run| !run.report.phases.is_empty(), rows)
    }

    fn of<F: Fn(&Run) -> f64>(
        comparison: &Comparison,
        told: impl Fn(&Run) -> bool,
        rows: Vec<(String, bool, F)>,
    ) -> Option<Self> {
        let columns = comparison.columns();
        let runs = |name: &str| -> Vec<&Run> { comparison.runs.iter().filter(|run| run.variant == name).collect() };
        let modes: Vec<(String, Vec<&Run>)> =
            columns.into_iter().map(|column| (column.name.clone(), runs(&column.name))).collect();
        let modes: Vec<_> = modes.into_iter().filter(|(_, runs)| runs.iter().all(|run| told(run))).collect();
        if modes.is_empty() {
            return None;
        }
        let total = |run: &Run| rows.iter().map(|(_, _, seconds)| seconds(run)).sum::<f64>();
        let totals: Vec<Spread> = modes.iter().map(|(_, runs)| Spread::of(runs.iter().map(|run| total(run)))).collect();
        let activity = |(name, waiting, seconds): &(String, bool, F)| Activity {
            name: name.clone(),
            waiting: *waiting,
            times: modes.iter().map(|(_, runs)| Spread::of(runs.iter().map(|run| seconds(run)))).collect(),
        };
        let shows = |activity: &Activity| {
            activity.times.iter().zip(&totals).any(|(time, total)| time.median >= LEAST_SHOWN * total.median)
        };
        let rows = rows.iter().map(activity).filter(shows).collect();
        Some(Activities { modes: modes.into_iter().map(|(name, _)| name).collect(), totals, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn phases_have_a_row_each_and_those_that_do_not_show_none() {
        let activities = Activities::of_phases(&comparison([&[1.0, 2.0], &[1.0], &[1.0]])).unwrap();
        assert_eq!(activities.modes, ["disk", "memory"]);
        let names: Vec<&str> = activities.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["map", "sort", "spill", "merge", "reduce", "commit"]);
        assert_eq!(activities.rows[2].times.iter().map(|time| time.median).collect::<Vec<_>>(), [0.2, 0.0]);
        assert!(Activities::of_time(&comparison([&[1.0], &[1.0], &[]])).is_none());
    }
}
