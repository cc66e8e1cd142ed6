//! When to say how far a command is, where nobody looks at a terminal: seldom, and more seldom the longer it takes.

use std::time::{Duration, Instant};

/// Seconds after which a line is due. There are eight, so that a log has fewer than ten however long a command takes.
const LINES: [u64; 8] = [2, 8, 30, 120, 480, 1800, 7200, 28_800];

/// The times of the lines about one command.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    told: usize,
}

impl Pace {
    /// Begins now.
    pub fn start() -> Self {
        Pace { began: Instant::now(), told: 0 }
    }

    /// Time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Whether a line is due; it counts as told then.
    pub fn is_due(&mut self) -> bool {
        self.is_due_after(self.elapsed())
    }

    fn is_due_after(&mut self, elapsed: Duration) -> bool {
        let passed = LINES.iter().filter(|due| elapsed >= Duration::from_secs(**due)).count();
        let due = passed > self.told;
        self.told = self.told.max(passed);
        due
    }
}

/// `45 s`, `7 min`, `2 h 5 min`: a time that is not known better.
pub fn about(time: Duration) -> String {
    let whole = time.as_secs_f64().round() as u64;
    match whole {
        0..100 => format!("{whole} s"),
        100..5970 => format!("{} min", (whole + 30) / 60),
        _ => {
            let minutes = (whole + 30) / 60;
            format!("{} h {} min", minutes / 60, minutes % 60)
        }
    }
}

/// The time since the beginning, as a line begins with it: `12 s: `.
pub fn stamp(elapsed: Duration) -> String {
    format!("{}: ", about(elapsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_fewer_than_ten_lines() {
        let mut pace = Pace::start();
        let week = (0..7 * 24 * 3600).step_by(7);
        let told = week.filter(|second| pace.is_due_after(Duration::from_secs(*second))).count();
        assert_eq!(told, 8);
        let mut pace = Pace::start();
        assert!(!pace.is_due_after(Duration::from_millis(1900)));
        assert!(pace.is_due_after(Duration::from_secs(40)), "three were due");
        assert!(!pace.is_due_after(Duration::from_secs(41)), "one was told");
    }

    #[test]
    fn times_ahead_are_rough() {
        let cases =
            [(0.4, "0 s"), (59.6, "60 s"), (99.0, "99 s"), (150.0, "3 min"), (3600.0, "60 min"), (7500.0, "2 h 5 min")];
        for (time, text) in cases {
            assert_eq!(about(Duration::from_secs_f64(time)), text);
        }
    }
}
