//! A lesson in words.

use crate::cli::claims::measuring::Measured;
use crate::cli::result;
use crate::cli::telling::claims::{self, amount};
use crate::cli::terminal::wrapped;
use crate::measure::claims::dimension::{Dimension, UNITS};
use crate::measure::claims::file::{ClaimFile, Lesson};
use crate::measure::claims::guess::Guessed;

/// What comes before the measurement.
pub fn before(file: &ClaimFile, lesson: &Lesson, width: usize) -> String {
    let mut paragraphs = vec![
        format!("Lesson {}. {}", lesson.number, lesson.title),
        format!("What is claimed. {}", claims::claimed(file, lesson)),
        format!("What to watch. {}", lesson.watch),
    ];
    paragraphs.extend(lesson.guess.as_ref().map(|guess| format!("Guess first. {}", guess.question)));
    joined(&paragraphs, width) + "\n"
}

/// Asks for a guess.
pub fn prompt() -> String {
    "Your guess (Enter for none): ".into()
}

/// What comes after the measurement.
pub fn after(lesson: &Lesson, measured: &Measured<'_>, guess: Option<&Guessed>, width: usize) -> String {
    let picture = |(i, comparison)| {
        let picture = Some(result::picture(comparison, width)).filter(|picture| !picture.is_empty())?;
        Some(measured.name_of(i).map_or_else(String::new, |name| format!("{name}:\n")) + &picture)
    };
    let mut parts: Vec<String> = measured.comparisons.iter().enumerate().filter_map(picture).collect();
    parts.extend(guess.map(|guess| wrapped(&guessed(guess), width)));
    parts.push(claims::text(measured, width).trim_end().to_owned());
    parts.push(joined(
        &[format!("Why. {}", lesson.why), format!("What this does not show. {}", lesson.not_shown)],
        width,
    ));
    format!("\n{}", parts.join("\n\n"))
}

/// What was measured of the number that was to be guessed, and how good the guess was.
pub fn guessed(found: &Guessed) -> String {
    let Some(measured) = found.measured else { return "It could not be measured here.".into() };
    let ends = found.interval.filter(|(low, high)| low < high);
    let ends =
        ends.map(|(low, high)| format!(" [{}, {}]", amount(low, found.dimension), amount(high, found.dimension)));
    let measured = amount(measured, found.dimension) + &ends.unwrap_or_default();
    let Some(guess) = found.guess else { return format!("Measured here: {measured}.") };
    let guess = amount(guess, found.dimension);
    match found.times() {
        Some(times) if (0.8..=1.25).contains(&times) => {
            format!("Your guess was {guess}, and {measured} was measured here: well guessed.")
        }
        Some(_) if found.is_open() => format!(
            "Your guess was {guess}, and {measured} was measured here, which is too uncertain to say that the guess is wrong."
        ),
        Some(times) if times > 1.0 => {
            format!("Your guess was {guess}, and {measured} was measured here: the guess is {times:.1} times as high.")
        }
        Some(times) => format!(
            "Your guess was {guess}, and {measured} was measured here, which is {:.1} times as high.",
            1.0 / times
        ),
        None => format!("Your guess was {guess}, and {measured} was measured here."),
    }
}

/// Reads a guess: `2`, `2x`, `500 ms`.
///
/// # Errors
/// A message that says how to write one.
pub fn parse_guess(text: &str, dimension: Dimension) -> Result<f64, String> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let unit = text[end..].trim().trim_end_matches(" times").trim_end_matches(['x', '×']);
    let number = text[..end].parse::<f64>().ok();
    let size = UNITS.into_iter().find(|(name, _, of)| *name == unit && *of == dimension).map(|(_, size, _)| size);
    let size = size.or((unit.is_empty() || unit == "times").then_some(1.0));
    match (number, size) {
        (Some(number), Some(size)) => Ok(number * size),
        _ => {
            let example = match dimension {
                Dimension::SECONDS => "1.5 s or 500 ms",
                Dimension::BYTES => "64 MiB",
                _ => "2 or 0.5",
            };
            Err(format!("'{text}' is no such number; write it like {example}"))
        }
    }
}

/// Paragraphs with an empty line between them.
fn joined(paragraphs: &[String], width: usize) -> String {
    paragraphs.iter().map(|paragraph| wrapped(paragraph, width)).collect::<Vec<_>>().join("\n\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_may_have_a_unit_and_says_how_far_off_it_was() {
        assert_eq!(parse_guess("2", Dimension::NUMBER), Ok(2.0));
        assert_eq!(parse_guess("2x", Dimension::NUMBER), Ok(2.0));
        assert_eq!(parse_guess("2 times", Dimension::NUMBER), Ok(2.0));
        assert_eq!(parse_guess("500 ms", Dimension::SECONDS), Ok(0.5));
        assert!(parse_guess("500 MiB", Dimension::SECONDS).is_err() && parse_guess("many", Dimension::NUMBER).is_err());
        let found = |guess| Guessed { measured: Some(2.0), interval: None, guess, dimension: Dimension::NUMBER };
        assert_eq!(guessed(&found(None)), "Measured here: 2.");
        assert!(guessed(&found(Some(10.0))).ends_with("the guess is 5.0 times as high."));
        assert!(guessed(&found(Some(0.5))).ends_with("which is 4.0 times as high."));
        assert!(guessed(&found(Some(2.2))).ends_with("well guessed."));
        let wide = Guessed { interval: Some((0.4, 9.0)), ..found(Some(5.0)) };
        assert!(guessed(&wide).contains("2 [0.40, 9] was measured here, which is too uncertain"), "{}", guessed(&wide));
    }
}
