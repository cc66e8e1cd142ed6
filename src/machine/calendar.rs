//! Dates of the calendar, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// Today: `2026-11-27`.
pub fn today() -> String {
    let (year, month, day, ..) = civil(SystemTime::now());
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month, day, hour, minute and second of a time, in UTC.
pub fn civil(time: SystemTime) -> (i64, u32, u32, u32, u32, u32) {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64;
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
    // Days since the first of March of the year 0, in eras of 400 years.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * month + 2) / 5 + 1) as u32;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + 400 * era + i64::from(month <= 2);
    (year, month as u32, day, of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_dates() {
        for (seconds, date) in [
            (0, (1970, 1, 1, 0, 0, 0)),
            (951_782_400, (2000, 2, 29, 0, 0, 0)),
            (1_795_685_400, (2026, 11, 26, 9, 30, 0)),
        ] {
            assert_eq!(civil(UNIX_EPOCH + Duration::from_secs(seconds)), date);
        }
    }
}
