//! Times as Hadoop shows them, in the zone that `TZ` names or the machine's own.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Days, Local, Months, NaiveDate, TimeDelta, TimeZone};

/// As `-ls` shows it: `2026-11-27 09:30`.
pub fn minutes(time: SystemTime) -> String {
    shown(time, "%Y-%m-%d %H:%M")
}

/// As `-stat` shows it: `2026-11-27 09:30:00`.
pub fn seconds(time: SystemTime) -> String {
    shown(time, "%Y-%m-%d %H:%M:%S")
}

/// As a line of a log begins: `26/11/27 09:30:00`.
pub fn of_log(time: SystemTime) -> String {
    shown(time, "%y/%m/%d %H:%M:%S")
}

/// Milliseconds since 1970.
pub fn milliseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

fn shown(time: SystemTime, form: &str) -> String {
    DateTime::<Local>::from(time).format(form).to_string()
}

/// The time that a stamp such as `20261127:093000` means in this zone. As in Java, a day beyond the month is one of the next, and
/// so are hours, minutes and seconds.
pub fn time_of_stamp(stamp: &str) -> Option<SystemTime> {
    let digits = |at: std::ops::Range<usize>| {
        let text = stamp.get(at).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        text.and_then(|text| text.parse::<u32>().ok())
    };
    if stamp.len() != 15 || stamp.as_bytes()[8] != b':' {
        return None;
    }
    // The day before the first one, so that the month and the day 0 mean something, too.
    let year = NaiveDate::from_ymd_opt(i32::try_from(digits(0..4)?).ok()?, 1, 1)?.checked_sub_months(Months::new(1))?;
    let month = year.checked_add_months(Months::new(digits(4..6)?))?;
    let day = month.checked_sub_days(Days::new(1))?.checked_add_days(Days::new(digits(6..8)?.into()))?;
    let clock = digits(9..11)? * 3600 + digits(11..13)? * 60 + digits(13..15)?;
    let shown = day.and_hms_opt(0, 0, 0)? + TimeDelta::seconds(clock.into());
    // Where the clock was set forward there is no such time, and Java takes the one an hour later.
    let times =
        [TimeDelta::zero(), TimeDelta::hours(1)].map(|later| Local.from_local_datetime(&(shown + later)).earliest());
    times.into_iter().flatten().next().map(SystemTime::from)
}
