//! A reader's guess beside what was measured.

use crate::measure::claims::dimension::Dimension;
use crate::measure::claims::figure::rounds_of;
use crate::measure::claims::file::Lesson;
use crate::measure::comparison::Comparison;

/// What was measured of the number that the reader was asked for, and the guess.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guessed {
    /// The measured number, from medians; `None` where it could not be measured.
    pub measured: Option<f64>,
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
        Some(Guessed { measured, guess, dimension: asked.dimension })
    }

    /// How many times too high the guess was, or too low where that is below 1; `None` where there is no guess, or one of the
    /// two is not above 0.
    pub fn times(&self) -> Option<f64> {
        let (measured, guess) = (self.measured?, self.guess?);
        (measured > 0.0 && guess > 0.0).then(|| guess / measured)
    }
}
