//! The claims and lessons that come with twinmill. They are claim files like any other.

use crate::cli::terminal::hanging;
use crate::measure::claims::file::ClaimFile;

/// A claim file with its name.
macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../shipped/", $name, ".toml")))),*]
    };
}

/// All of them by name: the lessons in their order, then the claims of papers.
pub const ALL: [(&str, &str); 16] = shipped![
    "lesson-01-intermediates",
    "lesson-02-counting",
    "lesson-03-iterating",
    "lesson-04-enough",
    "lesson-05-chunks",
    "lesson-06-database",
    "lesson-07-latency",
    "lesson-08-linear",
    "lesson-09-dashboard",
    "lesson-10-legacy",
    "lesson-11-stores",
    "rdd",
    "ousterhout",
    "cost",
    "titans",
    "failures",
];

/// The text of the file of this name.
pub fn named(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A line for each: its name, its title, its source.
pub fn list(width: usize) -> String {
    let names = ALL.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, text): &(&str, &str)| {
        let told = ClaimFile::parse(text).map(|file| about(&file)).unwrap_or_default();
        hanging(&format!("{name:names$}  {told}"), names + 2, width) + "\n"
    };
    ALL.iter().map(line).collect()
}

fn about(file: &ClaimFile) -> String {
    let claims = file.claims.len();
    let title = match &file.lesson {
        Some(lesson) => format!("lesson {}: {}", lesson.number, lesson.title),
        None => file.title.clone().unwrap_or_else(|| file.source.title.clone()),
    };
    format!("{title} [{claims} {}]", if claims == 1 { "claim" } else { "claims" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::telling::refusal;
    use crate::jobs;

    #[test]
    fn each_file_is_read_and_names_its_source_and_jobs_that_there_are() {
        let jobs = jobs::all();
        for (name, text) in ALL {
            let file = ClaimFile::parse(text).unwrap_or_else(|refused| panic!("{}", refusal::words(name, &refused)));
            assert!(!file.source.title.is_empty() && file.source.date.is_some(), "{name}");
            for setup in &file.comparisons {
                assert!(jobs.iter().any(|job| job.name() == setup.job.value), "{name}: {}", setup.job.value);
                let claimed = file.claims.iter().any(|claim| file.comparisons[claim.comparison].name == setup.name);
                assert!(claimed, "{name}: no claim is about {}", setup.name);
            }
        }
    }
}
