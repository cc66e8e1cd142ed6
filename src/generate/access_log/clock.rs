//! The time of the requests: ascending, second by second, with a daily rhythm.

use rand_core::RngCore;

use super::super::portable_math::ln;
use super::super::sampling::unit;

/// 17 May 2015, 10:05:03 UTC, in milliseconds since 1970.
const START_MILLIS: u64 = 1_431_857_103_000;
const DAY_SECONDS: u64 = 86_400;
/// Mean milliseconds from a request to the next, by hour of the day in UTC.
const MEAN_GAP_MILLIS: [u16; 24] = [
    1400, 1700, 2000, 2200, 2200, 2000, 1700, 1400, 1100, 950, 850, 800, 800, 800, 750, 750, 700, 650, 600, 550, 550,
    650, 800, 1100,
];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time and its text, which is made anew only when the second changes.
pub(super) struct Clock {
    millis: u64,
    timestamp: String,
}

impl Clock {
    pub(super) fn start() -> Clock {
        Clock { millis: START_MILLIS, timestamp: timestamp(START_MILLIS / 1000) }
    }

    /// Moves on by an exponentially distributed gap.
    pub(super) fn advance(&mut self, rng: &mut impl RngCore) {
        let second = self.millis / 1000;
        let mean_gap = MEAN_GAP_MILLIS[(second % DAY_SECONDS / 3600) as usize];
        self.millis += (-ln(1.0 - unit(rng)) * f64::from(mean_gap)) as u64;
        if self.millis / 1000 != second {
            self.timestamp = timestamp(self.millis / 1000);
        }
    }

    /// The time as `17/May/2015:10:05:03 +0000`.
    pub(super) fn timestamp(&self) -> &str {
        &self.timestamp
    }
}

fn timestamp(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / DAY_SECONDS);
    let month = MONTHS[month as usize - 1];
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02} +0000")
}

/// Year, month and day of a count of days since 1 January 1970: Hinnant's `civil_from_days`
/// (howardhinnant.github.io/date_algorithms.html) for days that are not negative.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn timestamps_agree_with_the_calendar() {
        for (seconds, text) in [
            (0, "01/Jan/1970:00:00:00 +0000"),
            (951_827_696, "29/Feb/2000:12:34:56 +0000"),
            (START_MILLIS / 1000, "17/May/2015:10:05:03 +0000"),
            (1_456_790_399, "29/Feb/2016:23:59:59 +0000"),
            (1_456_790_400, "01/Mar/2016:00:00:00 +0000"),
        ] {
            assert_eq!(timestamp(seconds), text);
        }
    }

    #[test]
    fn time_ascends_by_about_a_second_a_request() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut clock = Clock::start();
        let mut before = clock.millis;
        for _ in 0..200_000 {
            clock.advance(&mut rng);
            assert!(clock.millis >= before);
            before = clock.millis;
        }
        let mean_gap = (clock.millis - START_MILLIS) / 200_000;
        assert!((850..1150).contains(&mean_gap), "{mean_gap}");
    }
}
