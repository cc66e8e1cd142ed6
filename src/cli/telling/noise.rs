//! The state of the machine while a comparison was measured, where it was no quiet one.

use crate::cli::telling::relation::difference;
use crate::measure::analysis::noise::{Disturbance, Noise};
use crate::measure::comparison::Comparison;

/// Says that the machine was busy, and with what, and the differences that this may hide; `None` where it was not.
pub fn busy(comparison: &Comparison) -> Option<String> {
    let noise = Noise::of(comparison)?;
    let disturbances = noise.disturbances(comparison.machine()?.cpus);
    if disturbances.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = disturbances.into_iter().map(told).collect();
    parts.extend(noise.load.load_average.map(|average| format!("the load average was {average:.1} at the beginning")));
    let pair = comparison.verdicts().into_iter().next().zip(noise.smallest_detectable_percent);
    let shown = pair.map_or(String::new(), |(pair, percent)| {
        format!(" Between {} and {}, only {} or more would have shown.", pair.a, pair.b, difference(percent))
    });
    Some(format!("THE MACHINE WAS BUSY during the runs: {}.{shown}", parts.join("; ")))
}

fn told(disturbance: Disturbance) -> String {
    match disturbance {
        Disturbance::Others(taken, processors) => {
            format!("other processes took {taken:.1} of {processors} processors")
        }
        Disturbance::Stolen(percent) => format!("other virtual machines took {percent:.0} % of the processors' time"),
        Disturbance::Waited(percent) => {
            format!("workers waited for a processor {percent:.0} % of the time that they wanted one")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::load::Load;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn a_busy_machine_is_told_with_what_it_may_hide() {
        let mut comparison = comparison([&[2.0, 2.0, 4.5], &[1.0, 2.0, 1.0], &[]]);
        comparison.load = Load { other_processors: Some(1.53), load_average: Some(5.2), ..Load::default() };
        let line = busy(&comparison).unwrap();
        let begin = "THE MACHINE WAS BUSY during the runs: other processes took 1.5 of 2 processors; the load average was 5.2 at \
                     the beginning. Between disk and memory, only a factor of ";
        assert!(line.starts_with(begin), "{line}");
    }

    #[test]
    fn a_quiet_machine_needs_no_line() {
        assert_eq!(busy(&comparison([&[2.0, 2.0, 2.0], &[1.0, 1.0, 1.0], &[]])), None);
    }
}
