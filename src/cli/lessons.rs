//! The lessons of a [lecture](crate::cli::lecture): their questions, and the comparisons that answer them.

use std::time::Duration;

use crate::program::AnyProgram;

/// The name in the place of a job's.
pub const NAME: &str = "lecture";

/// The time that all lessons take at most, where a round of each takes less than its share.
pub const LIMIT: Duration = Duration::from_secs(150);

/// A comparison and the question that it answers.
pub struct Lesson {
    /// A few words.
    pub title: &'static str,
    /// The question.
    pub question: &'static str,
    /// The job, and the options of the comparison.
    pub words: &'static [&'static str],
    /// Size of the input, as a part of the job's default input.
    pub part: f64,
}

/// The lessons, in their order.
pub const LESSONS: [Lesson; 6] = [
    Lesson {
        title: "Word count",
        question: "What does memory save where little is shuffled?",
        words: &["wordcount"],
        part: 1.0,
    },
    Lesson {
        title: "Logistic regression",
        question: "What does memory save where every iteration reads the same points?",
        words: &["logreg", "--iterations=10"],
        part: 1.0,
    },
    Lesson {
        title: "PageRank",
        question: "What does memory save where every iteration shuffles, and reads what the last one wrote?",
        words: &["pagerank", "--iterations=5"],
        part: 1.0,
    },
    Lesson {
        title: "A slow disk",
        question: "What if the intermediate files lie on a hard disk, here an emulated one?",
        words: &["sort", "--modes=disk,memory", "--disk-profile=hdd"],
        part: 0.5,
    },
    Lesson {
        title: "Little memory",
        question: "What if memory holds only a part of the intermediate data?",
        words: &["sort", "--modes=disk,memory", "--sort-buffer=4MiB", "--memory-sweep=10,50,100"],
        part: 0.5,
    },
    Lesson {
        title: "A failure",
        question: "What does it cost when a map task fails, and when the output of another is damaged?",
        words: &["wordcount", "--modes=disk,memory", "--inject=map:1:panic", "--inject=run:2:flip"],
        part: 1.0,
    },
];

/// Whether all jobs of the lessons are among these, and none that is called like the lecture.
pub fn is_offered(jobs: &[Box<dyn AnyProgram>]) -> bool {
    let is_there = |name: &str| jobs.iter().any(|job| job.name() == name);
    !is_there(NAME) && LESSONS.iter().all(|lesson| is_there(lesson.words[0]))
}

/// The lessons, a line each, for the help text.
pub fn contents() -> String {
    let line = |(i, lesson): (usize, &Lesson)| format!("  {} {}: {}", i + 1, lesson.title, lesson.question);
    let lines: Vec<String> = LESSONS.iter().enumerate().map(line).collect();
    format!("Lessons:\n{}", lines.join("\n"))
}
