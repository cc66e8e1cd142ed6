//! A report in a few lines, for people.

use std::fmt;

use crate::observe::report::Report;
use crate::quantity::ByteSize;

/// Prints the job and its cost, the data that flowed through it, and the place of the output. Each indented line begins
/// with its subject; there is no line about things that did not happen.
///
/// ```text
/// wordcount (disk): 0.358 s with 2 workers, 0.678 s of processor time, 109 MiB at peak
///   input     256 MiB, 3,170,000 records
///   map       43,000,000 records out
///   shuffle   200,000 records, 2.31 MiB
///   files     2.31 MiB written, 2.31 MiB read
///   output    100,000 records, 1.10 MiB in counts
/// ```
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counters, output) = (&self.counters, &self.output);
        write!(f, "{} ({}): {}", self.job, self.mode, Seconds(self.wall_seconds))?;
        write!(f, " with {}, {} of processor time", Counted(self.workers as u64, "worker"), Seconds(self.cpu_seconds))?;
        write!(f, ", {} at peak", ByteSize(self.peak_rss_bytes))?;
        write!(f, "\n  input     {}", ByteSize(self.input_bytes))?;
        if self.factors.is_some() {
            write!(f, ", {}", Counted(counters.map_input_records, "record"))?;
        }
        for (what, value) in &self.guessed {
            write!(f, "\n  guessed   {what} {value}")?;
        }
        if self.factors.is_some() && counters.map_output_records > 0 {
            let (shuffled, bytes) = (counters.reduce_input_records, ByteSize(counters.reduce_shuffle_bytes));
            let (written, read) = (ByteSize(counters.file_bytes_written), ByteSize(counters.file_bytes_read));
            write!(f, "\n  map       {} out", Counted(counters.map_output_records, "record"))?;
            write!(f, "\n  shuffle   {}, {bytes}", Counted(shuffled, "record"))?;
            write!(f, "\n  files     {written} written, {read} read")?;
        }
        if !self.iterations.is_empty() {
            let seconds = self.iterations.iter().map(|iteration| iteration.wall_seconds).sum();
            write!(f, "\n  loop      {}, {}", Counted(self.iterations.len() as u64, "iteration"), Seconds(seconds))?;
        }
        for (group, counters) in &self.user_counters {
            for (name, count) in counters {
                write!(f, "\n  counted   {group} {name}: {}", Grouped(*count))?;
            }
        }
        if !self.recoveries.is_empty() {
            write!(f, "\n  recovered {}", Counted(self.recoveries.len() as u64, "time"))?;
        }
        if let Some(disk) = &self.disk_profile {
            write!(f, "\n  disk      {disk}")?;
        }
        for note in &self.notes {
            write!(f, "\n  note      {note}")?;
        }
        write!(f, "\n  output    {}, {}", Counted(output.records, "record"), ByteSize(output.bytes))?;
        if output.path.as_os_str().is_empty() { Ok(()) } else { write!(f, " in {}", output.path.display()) }
    }
}

/// Seconds with three significant digits, or milliseconds below a tenth of one.
struct Seconds(f64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = if self.0 < 0.1 { (self.0 * 1e3, "ms") } else { (self.0, "s") };
        // Just below a power of ten a value is rounded up to it.
        let decimals = match value {
            99.95.. => 0,
            9.995.. => 1,
            0.9995.. => 2,
            _ => 3,
        };
        write!(f, "{value:.decimals$} {unit}")
    }
}

/// A number with its thousands apart.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (i, digit) in digits.chars().enumerate() {
            let apart = i > 0 && (digits.len() - i).is_multiple_of(3);
            write!(f, "{}{digit}", if apart { "," } else { "" })?;
        }
        Ok(())
    }
}

/// `1 record`, `2,000 records`.
struct Counted(u64, &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", Grouped(self.0), self.1, if self.0 == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let seconds = [(0.0, "0.000 ms"), (0.0123, "12.3 ms"), (0.9999, "1.00 s"), (1.5, "1.50 s"), (123.4, "123 s")];
        for (value, text) in seconds {
            assert_eq!(Seconds(value).to_string(), text);
        }
        for (n, text) in [(0, "0 records"), (1, "1 record"), (999, "999 records"), (68_500_123, "68,500,123 records")] {
            assert_eq!(Counted(n, "record").to_string(), text);
        }
    }
}
