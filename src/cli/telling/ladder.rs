//! From disk to memory one factor at a time, as a table.

use crate::cli::figures::{bytes, seconds, signed_range, signed_seconds};
use crate::cli::table::Table;
use crate::measure::analysis::ladder::{Climb, Moved};
use crate::measure::comparison::Comparison;

/// The ladder as rows of a table and a sentence; `None` where there is none yet.
pub fn table(comparison: &Comparison) -> Option<Table> {
    let Climb { rungs, total } = Climb::of(comparison)?;
    let head = ["from disk to memory", "time", "difference", "95 % interval", "written", "read", "shuffled", "input"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for rung in &rungs {
        let mut row = vec![match rung.changed {
            None => "  disk".to_owned(),
            Some(factor) => format!("  {} {}", factor.flag(), factor.values()[1]),
        }];
        if let Some(void) = &rung.does_not_apply {
            row.push(format!("– ({void})"));
            row.resize(rows[0].len(), String::new());
            rows.push(row);
            continue;
        }
        let Moved { file_written, file_read, shuffle, input_read } = rung.bytes;
        row.push(seconds(rung.median_seconds));
        row.push(rung.difference_seconds.map_or(String::new(), signed_seconds));
        row.push(rung.difference_ci95.map_or(String::new(), signed_range));
        let of = |value: Option<f64>| value.map_or(String::new(), |value| bytes(value as u64));
        row.extend([file_written, file_read, shuffle, Some(input_read)].map(of));
        rows.push(row);
    }
    let relation = if total.adds_up { "which is" } else { "which is NOT" };
    let noise = total.noise_seconds.map_or("unknown noise (one round)".into(), |noise| format!("± {}", seconds(noise)));
    let sentence = format!(
        "The steps come to {}, {relation} the gap of {} {noise} between the modes.",
        signed_seconds(total.sum_of_differences_seconds),
        signed_seconds(total.gap_seconds)
    );
    Some(Table { rows, sentence })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::analysis::ladder::tests::measured;

    #[test]
    fn each_factor_of_a_loop_is_a_step_and_the_steps_add_up() {
        let text = table(&measured(&["", "job2-", "job3-"], 2, &[4.0, 3.0, 2.5, 1.0])).unwrap().to_string();
        let expected = "\
from disk to memory       time   difference     95 % interval    written       read   shuffled      input
  disk                  4.25 s                                  12.0 KiB   12.0 KiB   2.00 KiB   1.00 MiB
  map-output memory     3.25 s      −1.00 s     −1.00…−1.00 s   8.00 KiB   8.00 KiB   2.00 KiB   1.00 MiB
  between-jobs memory   2.75 s     −0.500 s   −0.500…−0.500 s   4.00 KiB   4.00 KiB   2.00 KiB   1.00 MiB
  invariant cached      1.25 s      −1.50 s     −1.50…−1.50 s        0 B        0 B   2.00 KiB   1.00 MiB
The steps come to −3.00 s, which is the gap of −3.00 s ± 0.000 ms between the modes.
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn a_factor_without_effect_is_no_step() {
        let text = table(&measured(&[""], 0, &[2.0, 1.0])).unwrap().to_string();
        assert!(
            text.contains("  between-jobs memory   – (one job)\n  invariant cached      – (no loop)\n"),
            "\n{text}"
        );
    }
}
