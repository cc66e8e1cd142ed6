//! What the programs of a job take of the processors, beside the framework.

use crate::cli::figures::{percent, seconds};
use crate::cli::telling::fact::Fact;
use crate::measure::column::Column;
use crate::measure::comparison::Comparison;

/// The share of a job's programs in the processor time of a run.
pub fn share(column: &Column) -> f64 {
    column.programs_cpu_seconds / (column.programs_cpu_seconds + column.cpu.median).max(f64::MIN_POSITIVE)
}

/// Says what the programs take, in the first mode whose job starts any.
pub fn fact(comparison: &Comparison) -> Option<Fact> {
    let columns = comparison.columns();
    let column = columns.iter().find(|column| column.programs_cpu_seconds > 0.0)?;
    let (programs, own, share) = (column.programs_cpu_seconds, column.cpu.median, share(column));
    let text = format!(
        "The programs of the job take {} of the processor time in {}: {} of theirs beside {} of twinmill. No mode makes them \
         faster.",
        percent(share),
        column.name,
        seconds(programs),
        seconds(own)
    );
    let fact = Fact::new("programs of the job", text).with("programs_cpu_seconds", programs);
    Some(fact.with("cpu_seconds", own).with("share", share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn programs_have_their_share_of_the_processor_time() {
        let mut comparison = comparison([&[2.0; 3], &[1.0; 3], &[]]);
        assert!(fact(&comparison).is_none());
        for run in &mut comparison.runs {
            (run.report.cpu_seconds, run.report.programs_cpu_seconds) = (1.0, 9.0);
        }
        let told = fact(&comparison).unwrap();
        let expected = "The programs of the job take 90 % of the processor time in disk: 9.00 s of theirs beside 1.00 s of \
                        twinmill. No mode makes them faster.";
        assert_eq!(told.text(), expected);
    }
}
