//! From disk to memory one factor at a time, as a table.

use crate::cli::figures::{bytes, seconds, signed_range, signed_seconds};
use crate::cli::table::Table;
use crate::cli::telling::cause;
use crate::cli::telling::fact::Fact;
use crate::measure::analysis::cause::Explanation;
use crate::measure::analysis::ladder::{Climb, Gap, LargestStep, Moved};
use crate::measure::comparison::Comparison;

/// The ladder as rows of a table and a sentence; `None` where there is none yet.
pub fn table(comparison: &Comparison) -> Option<Table> {
    let Climb { rungs, .. } = Climb::of(comparison)?;
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
    let sentences: Vec<String> = facts(comparison).iter().map(|fact| fact.text().to_owned()).collect();
    Some(Table { rows, sentence: sentences.join("\n") })
}

/// Whether the steps add up, and the largest of them with its cause; nothing where there is no ladder yet.
pub fn facts(comparison: &Comparison) -> Vec<Fact> {
    let Some(Climb { total, .. }) = Climb::of(comparison) else { return Vec::new() };
    let sum = Fact::new("the steps from disk to memory", sum(&total)).with("total", total);
    let largest = LargestStep::of(comparison).map(|LargestStep { factor, seconds: saved, explanation }| {
        let (flag, value) = (factor.flag(), factor.values()[1]);
        let before = explanation.map(|found| Explanation { faster: "the run after it".into(), ..found });
        let because = before.as_ref().map(|before| cause::after(" The run before it takes longer", Some(before)));
        let text = format!("The largest step is {flag} {value}, which saves {}.", seconds(saved));
        let causes: Vec<_> = before.iter().flat_map(Explanation::entries).collect();
        Fact::new("the largest step", text + &because.unwrap_or_default()).with("factor", factor).with("causes", causes)
    });
    [sum].into_iter().chain(largest).collect()
}

/// `Together the steps save 3.00 s, which is what memory saves against disk, 3.00 s ± 0.120 s.`
fn sum(total: &Gap) -> String {
    let effect = |difference: f64| match difference {
        ..=0.0 => format!("save {}", seconds(-difference)),
        _ => format!("cost {}", seconds(difference)),
    };
    let gap = seconds(total.gap_seconds.abs());
    let noise = total.noise_seconds.map_or("with unknown noise".to_owned(), |noise| format!("± {}", seconds(noise)));
    let steps = effect(total.sum_of_differences_seconds);
    match total.adds_up {
        true => format!("Together the steps {steps}, which is the difference between the modes, {gap} {noise}."),
        false => format!(
            "Together the steps {steps}, but the modes differ by {gap} {noise}: the factors act on each other, or noise hides \
             their effects."
        ),
    }
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
Together the steps save 3.00 s, which is the difference between the modes, 3.00 s ± 0.000 ms.
The largest step is invariant cached, which saves 1.50 s.
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
