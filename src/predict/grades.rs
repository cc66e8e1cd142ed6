//! Predictions that were measured afterwards.
//!
//! `scripts/cluster/grade-predictions` predicts runs from a smaller one, makes them, and writes `grades.csv`; the
//! table is in the program, so that every prediction is told together with the error of others before it.

use serde::Serialize;

use crate::predict::cluster::Engine;

/// The graded runs: `engine,job,run,predicted_seconds,measured_seconds`. Lines that begin with `#` say where and when.
const TABLE: &str = include_str!("grades.csv");
/// A prediction hits that is so near to the measured time.
pub const NEAR: f64 = 0.2;
/// Fewest graded runs that tell an error.
const FEWEST: usize = 5;
/// The error of an engine that was not graded: a factor.
const UNKNOWN_ERROR: f64 = 2.0;

/// A predicted run that was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graded {
    /// What ran it.
    pub engine: Engine,
    /// The job.
    pub job: String,
    /// What was changed against the run from which it was predicted.
    pub run: String,
    /// The prediction.
    pub predicted_seconds: f64,
    /// The measured time, a median.
    pub measured_seconds: f64,
}

impl Graded {
    /// The error: predicted over measured, less one.
    pub fn error(&self) -> f64 {
        self.predicted_seconds / self.measured_seconds - 1.0
    }
}

/// The graded predictions for some engines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grade {
    /// Number of graded runs.
    pub runs: usize,
    /// Those whose prediction was within 20 % of what was measured.
    pub hits: usize,
    /// The median of the errors, without their sign.
    pub median_error: f64,
    /// The largest.
    pub largest_error: f64,
    /// Factor by which nine of ten measured times were at most away from the prediction.
    pub error_factor: f64,
    /// Where and when.
    pub graded_on: String,
}

/// All graded runs, and the line about them.
///
/// # Errors
/// The line that cannot be read.
pub fn read(table: &str) -> Result<(Vec<Graded>, String), String> {
    let (comments, lines): (Vec<&str>, Vec<&str>) = table.lines().partition(|line| line.starts_with('#'));
    let where_and_when = comments.first().map(|line| line.trim_start_matches(['#', ' ']).to_owned());
    let graded = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [engine, job, run, predicted, measured] = fields[..] else { return None };
        let seconds = |text: &str| text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
        Some(Graded {
            engine: Engine::named(engine)?,
            job: job.to_owned(),
            run: run.to_owned(),
            predicted_seconds: seconds(predicted)?,
            measured_seconds: seconds(measured)?,
        })
    };
    let lines = lines.into_iter().filter(|line| !line.is_empty() && !line.starts_with("engine,"));
    let all = lines.map(|line| graded(line).ok_or_else(|| format!("no graded run: {line}")));
    Ok((all.collect::<Result<_, _>>()?, where_and_when.unwrap_or_default()))
}

impl Grade {
    /// The grade of an engine, from the table in the program.
    pub fn of(engine: Engine) -> Option<Self> {
        let (all, graded_on) = read(TABLE).expect("a test reads the table");
        let own: Vec<Graded> = all.into_iter().filter(|graded| graded.engine == engine).collect();
        Grade::about(&own, graded_on)
    }

    fn about(runs: &[Graded], graded_on: String) -> Option<Self> {
        if runs.is_empty() {
            return None;
        }
        let sorted = |of: fn(&Graded) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let errors = sorted(|graded| graded.error().abs());
        let factors = sorted(|graded| (graded.predicted_seconds / graded.measured_seconds).ln().abs());
        let nine_of_ten = ((factors.len() as f64 * 0.9).ceil() as usize).clamp(1, factors.len()) - 1;
        Some(Grade {
            runs: runs.len(),
            hits: errors.iter().filter(|error| **error <= NEAR).count(),
            median_error: (errors[(errors.len() - 1) / 2] + errors[errors.len() / 2]) / 2.0,
            largest_error: errors[errors.len() - 1],
            error_factor: factors[nine_of_ten].exp(),
            graded_on,
        })
    }

    /// The factor that the model may be wrong by.
    pub fn factor(grade: Option<&Self>) -> f64 {
        match grade {
            Some(grade) if grade.runs >= FEWEST => grade.error_factor,
            Some(grade) => grade.error_factor.max(UNKNOWN_ERROR),
            None => UNKNOWN_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_program_can_be_read() {
        let (all, graded_on) = read(TABLE).unwrap();
        assert!(!graded_on.is_empty() || all.is_empty());
    }

    #[test]
    fn a_grade_counts_hits_and_tells_errors() {
        let table = "# here, today\nengine,job,run,predicted_seconds,measured_seconds\n\
                     local disk,sort,16 times,9.0,10.0\nlocal disk,sort,hdd,13.0,10.0\n";
        let (runs, graded_on) = read(table).unwrap();
        let grade = Grade::about(&runs, graded_on).unwrap();
        assert_eq!((grade.runs, grade.hits, grade.graded_on.as_str()), (2, 1, "here, today"));
        assert!((grade.median_error - 0.2).abs() < 1e-9 && (grade.largest_error - 0.3).abs() < 1e-9);
        assert_eq!(Grade::factor(Some(&grade)), UNKNOWN_ERROR, "two runs tell too little");
        assert_eq!(Grade::factor(None), UNKNOWN_ERROR);
        assert!(read("local disk,sort,hdd,13.0").is_err() && read("abacus,sort,hdd,13.0,1.0").is_err());
    }
}
