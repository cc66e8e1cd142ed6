//! The cause of a difference, as the end of a sentence that tells the difference.

use crate::cli::figures::{bytes, counted, seconds};
use crate::measure::analysis::cause::{Cause, Explanation, Mechanism, WORTH_NAMING};
use crate::measure::mode::RunMode;

/// Least part of the input that is worth a word of its own.
const WORTH_SAYING: f64 = 0.05;

/// Ends a sentence about a difference with its cause: `…, because it parsed the input of 153 MiB 20 times and memory once:
/// 7.90 s of the 8.70 s.` The verdict has no full stop, and its subject is the slower column.
pub fn after(verdict: &str, explanation: Option<&Explanation>) -> String {
    let Some(Explanation { faster, gap_seconds: gap, causes, .. }) = explanation else { return format!("{verdict}.") };
    let faster = if faster == RunMode::Reference.name() { "one thread" } else { faster };
    match causes.as_slice() {
        [] => format!("{verdict}."),
        [Cause { mechanism: Mechanism::Unexplained { explained_seconds }, .. }] => {
            format!("{verdict}. The difference is unexplained: {}.", unexplained(*explained_seconds, *gap))
        }
        [cause] => {
            let left = left(causes, *gap);
            format!("{verdict}, because {}: {}{left}.", reason(&cause.mechanism, faster), part(cause, *gap))
        }
        [first, others @ ..] => {
            let others = others
                .iter()
                .map(|cause| format!(" and because {} ({})", reason(&cause.mechanism, faster), seconds(cause.seconds)));
            let others: String = others.collect();
            let (first, left) =
                (format!("{} ({})", reason(&first.mechanism, faster), part(first, *gap)), left(causes, *gap));
            format!("{verdict}, because {first}{others}{left}.")
        }
    }
}

/// `7.90 s of the 8.70 s`.
fn part(cause: &Cause, gap: f64) -> String {
    const ALL: f64 = 0.995;
    let gap = seconds(gap);
    if cause.share >= ALL { format!("all of the {gap}") } else { format!("{} of the {gap}", seconds(cause.seconds)) }
}

/// Says what the causes leave, where that is much.
fn left(causes: &[Cause], gap: f64) -> String {
    let left = 1.0 - causes.iter().map(|cause| cause.share).sum::<f64>();
    if left < WORTH_NAMING { String::new() } else { format!("; {} are unexplained", seconds(left * gap)) }
}

fn unexplained(explained: f64, gap: f64) -> String {
    const NOTHING: f64 = 0.005;
    let is_nothing = explained < NOTHING * gap;
    let gap = seconds(gap);
    if is_nothing {
        return format!("nothing that was counted, neither bytes nor records nor waits, accounts for the {gap}");
    }
    format!("what was counted, bytes and records and waits, accounts for {} of the {gap}", seconds(explained))
}

/// What the slower one, `it`, did.
fn reason(mechanism: &Mechanism, faster: &str) -> String {
    let size = |size: f64| bytes(size as u64);
    match mechanism {
        Mechanism::ParsedInput { input_bytes, slower_times, faster_times, read_again_bytes } => {
            let input = size(*input_bytes);
            let again = if *read_again_bytes > WORTH_SAYING * input_bytes {
                format!(", and {} of its own files again and again", size(*read_again_bytes))
            } else {
                String::new()
            };
            format!(
                "it parsed the input of {input} {} and {faster} {}{again}",
                times(*slower_times),
                times(*faster_times)
            )
        }
        Mechanism::WaitedForDisk { file_bytes_written, file_bytes_read, .. } => {
            match (*file_bytes_written >= 1.0, *file_bytes_read >= 1.0) {
                (false, false) => "it waited for the disk".to_owned(),
                (true, false) => format!("it waited until the disk had written {}", size(*file_bytes_written)),
                (false, true) => format!("it waited until the disk had read {}", size(*file_bytes_read)),
                (true, true) => format!(
                    "it waited until the disk had written {} of intermediate files and read {}",
                    size(*file_bytes_written),
                    size(*file_bytes_read)
                ),
            }
        }
        Mechanism::UsedFiles { bytes_written, bytes_read, faster_bytes_written } => {
            let other = match *faster_bytes_written {
                ..1.0 => format!(", where {faster} wrote none"),
                written => format!(", where {faster} wrote {}", size(written)),
            };
            format!("it wrote {} of intermediate files and read {}{other}", size(*bytes_written), size(*bytes_read))
        }
        Mechanism::KeptInMemory { bytes } => {
            format!("it put {} of map outputs into memory, which the system had to clear first", size(*bytes))
        }
        Mechanism::Merged { passes, faster_passes, .. } => format!(
            "its merge passes wrote each record {} and those of {faster} {}",
            times(*passes),
            times(*faster_passes)
        ),
        Mechanism::Sorted { bytes, faster_bytes } => match *faster_bytes {
            ..1.0 => format!("it sorted {} and {faster} nothing", size(*bytes)),
            other => format!("it sorted {} and {faster} {}", size(*bytes), size(other)),
        },
        Mechanism::LackedMemory { budget_bytes, file_bytes_written, parsed_times } => {
            let files = (*file_bytes_written >= 1.0).then(|| format!("{} went to files", size(*file_bytes_written)));
            let parsed = (*parsed_times > 0.0).then(|| format!("it parsed the input {}", times(*parsed_times)));
            let effects: Vec<String> = files.into_iter().chain(parsed).collect();
            format!("its memory of {} was too small, so that {}", bytes(*budget_bytes), effects.join(" and "))
        }
        Mechanism::Recovered { attempts, .. } => {
            format!("it did work again after failures, in {}", counted(attempts.ceil() as u64, "attempt"))
        }
        Mechanism::Slept { worker_seconds } => {
            format!("its workers slept for {}, in the job's own code or for a fault", seconds(*worker_seconds))
        }
        Mechanism::WaitedForProcessor { stretch, faster_stretch } => format!(
            "it had to wait for a processor, so that its computing took {stretch:.1} times its processor time, and that of \
             {faster} {faster_stretch:.1} times"
        ),
        Mechanism::RanNoTask { seconds: without, faster_seconds } => format!(
            "for {} none of its tasks ran, while containers started and ended ({faster}: {})",
            seconds(*without),
            seconds(*faster_seconds)
        ),
        Mechanism::StartedUp { startup_seconds, faster_startup_seconds } => {
            let other = match *faster_startup_seconds {
                0.0 => format!("{faster} starts at once"),
                other => format!("{faster} {}", seconds(other)),
            };
            format!("it takes {} to start, and {other}", seconds(*startup_seconds))
        }
        Mechanism::Loaded { load_seconds, faster_load_seconds } => {
            let other = match *faster_load_seconds {
                0.0 => format!("{faster} loads nothing"),
                other => format!("{faster} {}", seconds(other)),
            };
            format!("it takes {} to load the input, and {other}", seconds(*load_seconds))
        }
        Mechanism::ComputedMore { cpu_seconds, faster_cpu_seconds } => format!(
            "it took {} of processor time, and {faster} {}",
            seconds(*cpu_seconds),
            seconds(*faster_cpu_seconds)
        ),
        Mechanism::UsedFewerProcessors { processors, faster_processors } => {
            format!("it kept {processors:.1} processors busy, and {faster} {faster_processors:.1}")
        }
        Mechanism::Unexplained { .. } => "of something that was not counted".to_owned(),
    }
}

/// `never`, `once`, `twice`, `20 times`, `2.4 times`.
fn times(times: f64) -> String {
    const NEARLY_WHOLE: f64 = 0.02;
    let whole = times.round();
    if (times - whole).abs() > (NEARLY_WHOLE * whole).max(0.05) {
        return format!("{times:.1} times");
    }
    match whole as u64 {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        whole => format!("{whole} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(gap_seconds: f64, causes: Vec<(Mechanism, f64)>) -> String {
        let cause = |(mechanism, seconds)| Cause { mechanism, seconds, share: seconds / gap_seconds };
        let causes = causes.into_iter().map(cause).collect();
        let explanation =
            Explanation { slower: "disk".into(), faster: "memory".into(), gap_seconds, of_whole: false, causes };
        after("disk takes 3.40 times as long as memory", Some(&explanation))
    }

    #[test]
    fn one_cause_ends_the_sentence() {
        let parsed =
            Mechanism::ParsedInput { input_bytes: 160e6, slower_times: 20.0, faster_times: 1.0, read_again_bytes: 0.0 };
        let expected = "disk takes 3.40 times as long as memory, because it parsed the input of 153 MiB 20 times and memory \
                        once: 7.90 s of the 8.70 s.";
        assert_eq!(told(8.7, vec![(parsed, 7.9)]), expected);
        let parsed = Mechanism::ParsedInput {
            input_bytes: 160e6,
            slower_times: 2.0,
            faster_times: 1.0,
            read_again_bytes: 320e6,
        };
        let expected = "disk takes 3.40 times as long as memory, because it parsed the input of 153 MiB twice and memory \
                        once, and 305 MiB of its own files again and again: 7.90 s of the 8.70 s.";
        assert_eq!(told(8.7, vec![(parsed, 7.9)]), expected);
    }

    #[test]
    fn two_causes_have_their_seconds_each() {
        let files = Mechanism::UsedFiles { bytes_written: 1e9, bytes_read: 1e9, faster_bytes_written: 0.0 };
        let merged = Mechanism::Merged { passes: 5.8, faster_passes: 0.0, bytes: 5.8e9 };
        let unexplained = told(2.0, vec![(files.clone(), 1.2), (merged.clone(), 0.4)]);
        assert!(unexplained.ends_with("those of memory never (0.400 s); 0.400 s are unexplained."), "{unexplained}");
        let expected = "disk takes 3.40 times as long as memory, because it wrote 954 MiB of intermediate files and read 954 MiB, \
                        where memory wrote none (1.20 s of the 2.00 s) and because its merge passes wrote each record 5.8 \
                        times and those of memory never (0.600 s).";
        assert_eq!(told(2.0, vec![(files, 1.2), (merged, 0.6)]), expected);
    }

    #[test]
    fn a_difference_without_a_cause_is_called_unexplained() {
        let expected = "disk takes 3.40 times as long as memory. The difference is unexplained: what was counted, bytes and \
                        records and waits, accounts for 0.400 s of the 2.00 s.";
        assert_eq!(told(2.0, vec![(Mechanism::Unexplained { explained_seconds: 0.4 }, 1.6)]), expected);
        assert_eq!(after("a takes longer than b", None), "a takes longer than b.");
    }

    #[test]
    fn times_are_words_where_they_are_whole() {
        let said = [(0.0, "never"), (1.04, "once"), (1.99, "twice"), (2.4, "2.4 times"), (20.2, "20 times")];
        said.into_iter().for_each(|(number, words)| assert_eq!(times(number), words));
    }
}
