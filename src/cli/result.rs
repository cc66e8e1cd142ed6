//! The result of a comparison on standard output.
//!
//! The first screen begins with what disturbed the runs, if anything did. It is the verdict with its cause and a bar for each mode or program; then what was asked for by name
//! (`--ladder`, `--memory-sweep`, `--scale`). The tables of everything that was measured are details.
//!
//! ```text
//! wordcount: 256 MiB of input, 5 runs a mode, 2 workers, 2 reducers, warm page cache
//!
//! disk takes 1.31× as long as memory [1.28, 1.34] (0.920 s against 0.700 s), because …
//!
//! disk       ███████████████████├─┼──┤           0.920 s  0.900–0.950 s
//! memory     ██████████████├┼┤                   0.700 s  0.690–0.720 s
//! reference  ██████████████████████████████├─┼─┤  1.90 s   1.80–2.00 s
//!
//! outputs identical: yes (xxh3:…)
//! ```

use crate::cli::chart::bar_with_interval;
use crate::cli::figures::{range, seconds};
use crate::cli::telling::{self, asked_tables, modes, noise, roofline, tools, verdict};
use crate::cli::terminal::{self, wrapped};
use crate::measure::analysis::tools as tool_analysis;
use crate::measure::comparison::Comparison;
use crate::measure::failure::Failure;
use crate::measure::statistics::Spread;

/// How much of a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Details {
    /// The first screen.
    Left,
    /// The tables of everything that was measured, too.
    Shown,
}

/// Prints a result.
///
/// # Errors
/// [`Failure::Library`] where standard output cannot be written.
pub fn print(comparison: &Comparison, details: Details) -> Result<(), Failure> {
    terminal::print(&text(comparison, details, terminal::width()))
}

/// A result as text that is no wider than `width`.
pub fn text(comparison: &Comparison, details: Details, width: usize) -> String {
    let table = modes::of_modes(comparison);
    let mut paragraphs: Vec<String> = noise::busy(comparison).map(|busy| wrapped(&busy, width)).into_iter().collect();
    paragraphs.push(wrapped(&table.sentence, width));
    paragraphs.extend(joined(telling::headlines(comparison), width));
    paragraphs.push(bars(comparison, width).trim_end().to_owned());
    paragraphs.extend(asked_tables(comparison).map(|table| table.within(width).trim_end().to_owned()));
    match details {
        Details::Shown => {
            paragraphs.push(crate::cli::table::grid_within(&table.rows, width).trim_end().to_owned());
            let best = roofline::table(comparison);
            paragraphs.extend(best.map(|table| table.within(width).trim_end().to_owned()));
            let tools = tools::table(comparison).into_iter().chain(tools::table_by_size(comparison));
            paragraphs.extend(tools.map(|table| table.within(width).trim_end().to_owned()));
            paragraphs.extend(joined(verdict::further(comparison), width));
        }
        Details::Left => paragraphs.extend(joined(tools::answers(comparison), width)),
    }
    paragraphs.push(wrapped(&ending(comparison), width));
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n") + "\n"
}

/// The headlines, the chart and the tables that were asked for: a result among several.
pub fn short(comparison: &Comparison, width: usize) -> String {
    let mut paragraphs: Vec<String> = noise::busy(comparison).map(|busy| wrapped(&busy, width)).into_iter().collect();
    paragraphs.extend(joined(telling::headlines(comparison), width));
    paragraphs.push(bars(comparison, width).trim_end().to_owned());
    paragraphs.extend(asked_tables(comparison).map(|table| wrapped(&table.sentence, width)));
    if !comparison.outputs_identical() {
        paragraphs.push(ending(comparison));
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs.join("\n\n") + "\n"
}

/// The chart alone.
pub fn picture(comparison: &Comparison, width: usize) -> String {
    bars(comparison, width).trim_end().to_owned()
}

/// Sentences, each on a line of its own; `None` where there are none.
fn joined(sentences: Vec<String>, width: usize) -> Option<String> {
    let lines: Vec<String> = sentences.iter().map(|sentence| wrapped(sentence, width)).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Says whether all outputs and answers are the same.
fn ending(comparison: &Comparison) -> String {
    let identical = if comparison.outputs_identical() { "yes" } else { "NO" };
    let outputs = format!("outputs identical: {identical} ({})", comparison.digests().join(", "));
    match comparison.alternatives_agree() {
        None => outputs,
        Some(true) => outputs + "\nanswers of the alternatives: equal",
        Some(false) => outputs + "\nanswers of the alternatives: THEY DIFFER",
    }
}

/// A bar for each mode, or for each tool where other programs take part, on one scale.
fn bars(comparison: &Comparison, width: usize) -> String {
    let times: Vec<(String, Spread)> = if comparison.alternatives.is_empty() {
        comparison.columns().into_iter().map(|column| (column.name, column.time)).collect()
    } else {
        tool_analysis::tools(comparison).into_iter().map(|tool| (tool.name, tool.work)).collect()
    };
    chart(&times, width) + &legend(&times, width)
}

/// What the whiskers are; nothing where there are none.
fn legend(times: &[(String, Spread)], width: usize) -> String {
    let coverage = times.iter().map(|(_, time)| time.coverage).fold(1.0, f64::min);
    let any = times.iter().any(|(_, time)| time.ci95.0 < time.ci95.1);
    if !any || coverage <= 0.0 {
        return String::new();
    }
    // What ran in fewer rounds has a wider interval or a lower confidence.
    let or_more = if times.iter().any(|(_, time)| time.coverage > coverage) { " or more" } else { "" };
    let percent = 100.0 * coverage;
    wrapped(&format!("median, and the interval that holds it with a confidence of {percent:.0} %{or_more}"), width)
}

/// Name, bar with a whisker over the interval of the median, median, and both ends of the interval.
fn chart(times: &[(String, Spread)], width: usize) -> String {
    const SHORTEST_BAR: usize = 10;
    const LONGEST_BAR: usize = 60;
    let columns = |text: &str| text.chars().count();
    let most = times.iter().map(|(_, time)| time.ci95.1).fold(0.0, f64::max);
    let medians: Vec<String> = times.iter().map(|(_, time)| seconds(time.median)).collect();
    let ranges: Vec<String> = times.iter().map(|(_, time)| range(time.ci95)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| columns(text)).max().unwrap_or(0);
    let names = times.iter().map(|(name, _)| columns(name)).max().unwrap_or(0);
    let (median_width, range_width) = (widest(&medians), widest(&ranges));
    let room = |besides: usize| width.saturating_sub(names + besides);
    let with_ranges = room(2 + 2 + median_width + 2 + range_width);
    let (bar_width, with_ranges) = match with_ranges {
        SHORTEST_BAR.. => (with_ranges.min(LONGEST_BAR), true),
        _ => (room(2 + 2 + median_width).clamp(1, LONGEST_BAR), false),
    };
    let row = |((name, time), (median, range)): (&(String, Spread), (&String, &String))| {
        let bar = bar_with_interval(time.median, time.ci95, most, bar_width);
        let range = if with_ranges { format!("  {range:>range_width$}") } else { String::new() };
        format!("{name:<names$}  {bar:<bar_width$}  {median:>median_width$}{range}\n")
    };
    times.iter().zip(medians.iter().zip(&ranges)).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;

    fn widest(text: &str) -> usize {
        text.lines().map(|line| line.chars().count()).max().unwrap_or(0)
    }

    #[test]
    fn the_first_screen_is_verdict_and_chart() {
        let comparison = comparison([&[0.90, 0.92, 0.95], &[0.69, 0.70, 0.72], &[1.9, 1.8, 2.0]]);
        let text = text(&comparison, Details::Left, 80);
        let paragraphs: Vec<&str> = text.trim_end().split("\n\n").collect();
        assert_eq!(paragraphs.len(), 4, "{text}");
        assert!(paragraphs[0].starts_with("wordcount: 256 MiB of input, 3 runs a mode"), "{text}");
        assert!(paragraphs[1].starts_with("disk takes 1.31× as long as memory"), "{text}");
        let chart = "\
disk       ████████████████├┼┤                      0.920 s  0.900–0.950 s
memory     █████████████                            0.700 s  0.690–0.720 s
reference  ████████████████████████████████├──┼──┤   1.90 s    1.80–2.00 s";
        assert_eq!(paragraphs[2].lines().count(), chart.lines().count() + 1, "{text}");
        assert!(paragraphs[3].starts_with("outputs identical: yes (xxh3:"), "{text}");
        assert!(!text.contains("peak memory"), "{text}");
    }

    #[test]
    fn details_have_the_tables() {
        let comparison = comparison([&[0.90, 0.92, 0.95], &[0.69, 0.70, 0.72], &[1.9, 1.8, 2.0]]);
        let text = text(&comparison, Details::Shown, 80);
        assert!(text.contains("peak memory") && text.contains("time, median"), "{text}");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let comparison = comparison([&[0.90, 0.92, 0.95], &[0.69, 0.70, 0.72], &[1.9, 1.8, 2.0]]);
        for width in [40, 60, 72, 80, 100, 132, 250] {
            let text = text(&comparison, Details::Shown, width);
            assert!(widest(&text) <= width, "{width}: {text}");
        }
    }

    #[test]
    fn bars_are_on_one_scale_whatever_the_width() {
        let spread = |min, median, max| Spread { min, median, max, ci95: (min, max), coverage: 0.75 };
        let times = [("disk".to_owned(), spread(3.0, 4.0, 5.0)), ("memory".to_owned(), spread(10.0, 10.0, 10.0))];
        let expected = "\
disk    ██████├─┼┤            4.00 s  3.00–5.00 s
memory  ████████████████████  10.0 s  10.0–10.0 s
";
        let drawn = chart(&times, 49);
        assert_eq!(drawn, expected, "\n{drawn}");
        let narrow = "disk    ████├┼┤         4.00 s\nmemory  ██████████████  10.0 s\n";
        assert_eq!(chart(&times, 30), narrow);
    }
}
