//! The share of the machine's best that each phase reached, as a table.

use crate::cli::figures::bytes;
use crate::cli::table::Table;
use crate::cli::telling::fact::Fact;
use crate::machine::peak_rates::PeakRates;
use crate::measure::analysis::roofline::{PhaseShare, Roofline};
use crate::measure::comparison::Comparison;

/// Cell of a mode that was not in the phase.
const NONE: &str = "–";

/// A column for each mode, and two rows for each phase: its share of the best, and its time for a record. `None` where the
/// best was not measured.
pub fn table(comparison: &Comparison) -> Option<Table> {
    let roofline = Roofline::of(comparison)?;
    let mut modes: Vec<&str> = roofline.phases.iter().map(|phase| &phase.variant[..]).collect();
    modes.dedup();
    let mut phases: Vec<&str> = Vec::new();
    for PhaseShare { phase, .. } in &roofline.phases {
        if !phases.contains(&&phase[..]) {
            phases.push(phase);
        }
    }
    // In the order of the data flow, also where the first mode was not in all of them.
    phases.sort_by_key(|name| Roofline::place_of(name));
    let block = |label: &str, cell: &dyn Fn(&PhaseShare) -> String| {
        let of = |mode: &str, name: &str| {
            let phase = roofline.phases.iter().find(|phase| phase.variant == mode && phase.phase == name);
            phase.map_or(NONE.to_owned(), cell)
        };
        let row = |name: &&str| {
            let cells = modes.iter().map(|mode| of(mode, name));
            [format!("  {name}")].into_iter().chain(cells).collect::<Vec<_>>()
        };
        let head = [label.to_owned()].into_iter().chain(modes.iter().map(|_| String::new())).collect();
        [head].into_iter().chain(phases.iter().map(row)).collect::<Vec<Vec<String>>>()
    };
    let mut rows = vec![[""].iter().chain(&modes).map(|name| (*name).to_owned()).collect()];
    rows.extend(block("share of this machine's best", &share));
    rows.extend(block("ns a record and worker", &|phase| match phase.nanoseconds_per_record {
        nanoseconds if nanoseconds < 9.95 => format!("{nanoseconds:.1}"),
        nanoseconds => format!("{nanoseconds:.0}"),
    }));
    Some(Table { rows, sentence: sentence(&roofline, comparison) })
}

/// The same as a sentence, with its figures.
pub fn fact(comparison: &Comparison) -> Option<Fact> {
    let roofline = Roofline::of(comparison)?;
    Some(
        Fact::new("the best of this machine", sentence(&roofline, comparison)).with("peak_rates", &roofline.peak_rates),
    )
}

fn sentence(roofline: &Roofline, comparison: &Comparison) -> String {
    let PeakRates {
        measured_on,
        threads,
        copy_bytes_per_second,
        write_bytes_per_second,
        read_bytes_per_second,
        pipe_bytes_per_second,
    } = &roofline.peak_rates;
    let rate = |bytes_per_second: &f64| bytes(*bytes_per_second as u64);
    let together = if *threads == 1 { "one thread".to_owned() } else { format!("{threads} threads together") };
    let mut text = format!(
        "At its best, this machine copies {} of memory a second, writes {} to files and reads {} from them (in the page \
         cache), and passes {} through pipes ({together}, measured on {measured_on}). The share of a phase is the time in which its bytes could be \
         moved so, of the time that it took; the rest is computing and waiting.",
        rate(copy_bytes_per_second),
        rate(write_bytes_per_second),
        rate(read_bytes_per_second),
        rate(pipe_bytes_per_second),
    );
    if comparison.settings.page_cache == "cold" {
        text += " Here files were read from the device, not from the page cache.";
    }
    let errors: Vec<String> = roofline.phases.iter().filter(|phase| phase.is_error_of_measurement).map(name).collect();
    if !errors.is_empty() {
        text += &format!(
            " More than 100 % cannot be ({}): it is an error of measurement. The machine was slower when its best was measured.",
            errors.join(", ")
        );
    }
    text
}

/// `sort in memory`.
fn name(phase: &PhaseShare) -> String {
    format!("{} in {}", phase.phase, phase.variant)
}

fn share(PhaseShare { share, is_error_of_measurement, .. }: &PhaseShare) -> String {
    let percent = 100.0 * share;
    let decimals = usize::from(percent < 0.95);
    let error = if *is_error_of_measurement { " (error)" } else { "" };
    format!("{percent:.decimals$} %{error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::table::grid;
    use crate::measure::analysis::roofline::tests::on_disk_and_in_memory;

    #[test]
    fn phases_have_a_share_and_a_time_for_a_record() {
        let mut comparison = on_disk_and_in_memory();
        comparison.runs[1].report.phases[2].busy_seconds = 0.0;
        comparison.runs[1].report.phases[1].busy_seconds = 0.1;
        let Table { rows, sentence } = table(&comparison).unwrap();
        let expected = [
            "                               disk          memory",
            "share of this machine's best",
            "  map                          25 %            25 %",
            "  sort                         12 %   500 % (error)",
            "  spill                        50 %               –",
            "  merge                        75 %            12 %",
            "  reduce                       75 %            56 %",
            "ns a record and worker",
            "  map                            60              60",
            "  sort                           60             1.5",
            "  spill                          60               –",
            "  merge                          60              60",
            "  reduce                         60              60",
        ];
        let text = grid(&rows);
        assert_eq!(text.lines().collect::<Vec<_>>(), expected, "\n{text}");
        assert!(
            sentence.starts_with("At its best, this machine copies 4.00 GiB of memory a second, writes 1.00 GiB"),
            "{sentence}"
        );
        assert!(sentence.contains("(2 threads together, measured on 2026-11-27)"), "{sentence}");
        assert!(sentence.contains("More than 100 % cannot be (sort in memory)"), "{sentence}");
    }

    #[test]
    fn without_the_best_of_the_machine_there_is_no_table() {
        let mut comparison = on_disk_and_in_memory();
        comparison.peak_rates = None;
        assert!(table(&comparison).is_none() && fact(&comparison).is_none());
    }
}
