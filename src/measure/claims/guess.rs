//! A reader's guess beside what was measured.

use crate::measure::claims::dimension::Dimension;
use crate::measure::claims::figure::rounds_of;
use crate::measure::claims::file::Lesson;
use crate::measure::comparison::Comparison;
use crate::measure::paired::{FEWEST_ROUNDS, estimate};

/// What was measured of the number that the reader was asked for, and the guess.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guessed {
    /// The measured number, from medians; `None` where it could not be measured.
    pub measured: Option<f64>,
    /// Its interval, as that of a ratio; `None` where there are too few rounds, or some have no value above 0.
    pub interval: Option<(f64, f64)>,
    /// The reader's.
    pub guess: Option<f64>,
    /// The dimension of both.
    pub dimension: Dimension,
}

impl Guessed {
    /// Looks up what was to be guessed; `None` where a lesson asks for no guess.
    pub fn of(lesson: &Lesson, guess: Option<f64>, comparisons: &[Comparison]) -> Option<Self> {
        let asked = lesson.guess.as_ref()?;
        let comparison = comparisons.get(asked.comparison)?;
        let names: Vec<String> =
            asked.value.figures().into_iter().flat_map(|figure| figure.needs(comparison)).collect();
        let rounds = rounds_of(comparison, &names);
        let measured = asked.value.value(&|figure| figure.of_medians(comparison, &rounds));
        let in_round = |round: &u32| asked.value.value(&|figure| figure.in_round(comparison, *round));
        let logarithms: Option<Vec<f64>> =
            rounds.iter().filter_map(in_round).map(|value| (value > 0.0).then(|| value.ln())).collect();
        let middle = measured.filter(|measured| *measured > 0.0).map(f64::ln);
        let interval = logarithms.zip(middle).filter(|(values, _)| values.len() >= FEWEST_ROUNDS);
        let interval =
            interval.and_then(|(values, middle)| estimate(&values, middle, comparison.settings.looks, 1).ci95);
        let interval = interval.map(|(low, high)| (low.exp(), high.exp()));
        Some(Guessed { measured, interval, guess, dimension: asked.dimension })
    }

    /// Whether the measurement is too uncertain to tell its number from the guess.
    pub fn is_open(&self) -> bool {
        self.guess.zip(self.interval).is_some_and(|(guess, (low, high))| low <= guess && guess <= high)
    }

    /// How many times too high the guess was, or too low where that is below 1; `None` where there is no guess, or one of the
    /// two is not above 0.
    pub fn times(&self) -> Option<f64> {
        let (measured, guess) = (self.measured?, self.guess?);
        (measured > 0.0 && guess > 0.0).then(|| guess / measured)
    }
}
