//! Charts of one line, for the terminal.

/// Eighths of a cell, from nothing to all of it.
const HORIZONTAL: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const VERTICAL: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar of `value` in `width` cells of which `most` fills all.
pub fn bar(value: f64, most: f64, width: usize) -> String {
    let eighths = if most > 0.0 { (value / most * (width * 8) as f64).round() as usize } else { 0 };
    let eighths = eighths.min(width * 8);
    let mut bar = "█".repeat(eighths / 8);
    if eighths % 8 > 0 {
        bar.push(HORIZONTAL[eighths % 8]);
    }
    let cells = bar.chars().count();
    bar + &" ".repeat(width - cells)
}

/// A bar up to `value`, with a whisker over the interval around it where that is wide enough to be seen:
/// `██████├──┼────┤`. `most` is at the end of `width` cells.
pub fn bar_with_interval(value: f64, (low, high): (f64, f64), most: f64, width: usize) -> String {
    let cell = |value: f64| ((value / most).clamp(0.0, 1.0) * width as f64).round() as usize;
    let (low, middle, high) = (cell(low), cell(value), cell(high));
    if most <= 0.0 || high < low + 3 {
        return bar(value, most, width).trim_end().to_owned();
    }
    let middle = middle.clamp(low + 1, high - 2);
    let whisker = (low..high).map(|at| match at {
        _ if at == low => '├',
        _ if at == high - 1 => '┤',
        _ if at == middle => '┼',
        _ => '─',
    });
    "█".repeat(low) + &whisker.collect::<String>()
}

/// A column for each value, of which `most` is the highest; where there are more than `width`, each stands for the mean of
/// several.
pub fn sparkline(values: &[f64], most: f64, width: usize) -> String {
    let per_column = values.len().div_ceil(width).max(1);
    let column = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let level = if most > 0.0 { (mean / most * 8.0).ceil() as usize } else { 0 };
        VERTICAL[level.clamp(1, 8) - 1]
    };
    values.chunks(per_column).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_value() {
        assert_eq!(bar(1.0, 1.0, 4), "████");
        assert_eq!(bar(0.5, 1.0, 4), "██  ");
        assert_eq!(bar(0.3, 1.0, 4), "█▎  ");
        assert_eq!((bar(0.0, 1.0, 3), bar(0.0, 0.0, 2)), ("   ".into(), "  ".into()));
    }

    #[test]
    fn a_whisker_spans_the_interval_where_it_can_be_seen() {
        assert_eq!(bar_with_interval(5.0, (3.0, 9.0), 10.0, 10), "███├─┼──┤");
        assert_eq!(bar_with_interval(5.0, (4.9, 5.1), 10.0, 10), "█████");
        assert_eq!(bar_with_interval(9.9, (0.0, 10.0), 10.0, 10), "├───────┼┤");
        assert_eq!(bar_with_interval(0.0, (0.0, 0.0), 0.0, 10), "");
    }

    #[test]
    fn a_sparkline_has_a_column_a_value_as_long_as_they_fit() {
        assert_eq!(sparkline(&[8.0, 1.0, 4.0, 0.0], 8.0, 10), "█▁▄▁");
        assert_eq!(sparkline(&[8.0, 0.0, 4.0, 4.0, 2.0], 8.0, 3), "▄▄▂");
        assert_eq!(sparkline(&[], 0.0, 3), "");
    }
}
