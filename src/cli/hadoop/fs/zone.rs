//! Times in the zone that `TZ` names, or the machine's own, as the files of the zone database and the rules of POSIX give it.
//!
//! A zone is a list of instants with the offset that counts from each on, and a rule for what comes behind the last:
//!
//! ```text
//! file: header | times of version 1 | header | instants (8 bytes each) | index of each (1) | offsets (4 + 1 + 1) | … | LF rule LF
//! rule: EST5EDT,M3.2.0,M11.1.0     five hours behind; from the second Sunday of March to the first of November, four
//! ```

use std::env;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::machine::calendar::civil;

/// A time as `-ls` shows it: `2026-11-27 09:30`.
pub fn minutes(time: SystemTime) -> String {
    let (year, month, day, hour, minute, _) = local(time);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// A time as `-stat` shows it: `2026-11-27 09:30:00`.
pub fn seconds(time: SystemTime) -> String {
    let (.., second) = local(time);
    format!("{}:{second:02}", minutes(time))
}

/// Milliseconds since 1970.
pub fn milliseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

fn local(time: SystemTime) -> (i64, u32, u32, u32, u32, u32) {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64;
    civil(after_epoch(seconds + zone().offset(seconds)))
}

fn after_epoch(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.max(0) as u64)
}

/// The time that a stamp such as `20261127:093000` means in this zone.
pub fn time_of_stamp(stamp: &str) -> Option<SystemTime> {
    let digits = |at: std::ops::Range<usize>| {
        let text = stamp.get(at).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        text.and_then(|text| text.parse::<i64>().ok())
    };
    if stamp.len() != 15 || stamp.as_bytes()[8] != b':' {
        return None;
    }
    let days = days_before(digits(0..4)?, digits(4..6)?) + digits(6..8)? - 1;
    let shown = days * DAY + digits(9..11)? * 3600 + digits(11..13)? * 60 + digits(13..15)?;
    // The offset is that of the time itself, of which the first guess may be on the other side of a change.
    let guess = shown - zone().offset(shown);
    let seconds = shown - zone().offset(guess);
    Some(after_epoch(seconds))
}

const DAY: i64 = 86_400;

/// Days from 1970 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 - 719_468
}

/// Offsets from UTC, in seconds to the east.
#[derive(Debug, Default)]
struct Zone {
    /// The offset before the first change.
    first: i64,
    changes: Vec<(i64, i64)>,
    rule: Option<Rule>,
}

/// What counts behind the last change.
#[derive(Debug)]
struct Rule {
    standard: i64,
    summer: Option<Summer>,
}

#[derive(Debug)]
struct Summer {
    offset: i64,
    begin: Day,
    end: Day,
}

/// A day of the year, and the second of it, by the clock that counts until then.
#[derive(Debug)]
struct Day {
    kind: Kind,
    second: i64,
}

#[derive(Debug)]
enum Kind {
    /// Month, week (5 is the last) and day of the week (0 is Sunday).
    Week(i64, i64, i64),
    /// From 1, without the 29th of February.
    Julian(i64),
    /// From 0.
    Plain(i64),
}

fn zone() -> &'static Zone {
    static ZONE: OnceLock<Zone> = OnceLock::new();
    ZONE.get_or_init(|| match env::var("TZ") {
        Ok(name) => named(&name).unwrap_or_default(),
        Err(_) => Zone::read(Path::new("/etc/localtime")).unwrap_or_default(),
    })
}

fn named(name: &str) -> Option<Zone> {
    let name = name.strip_prefix(':').unwrap_or(name);
    if name.starts_with('/') {
        return Zone::read(Path::new(name));
    }
    let from_file = || {
        let is_inside = !name.is_empty() && !name.split('/').any(|part| part == "..");
        is_inside.then(|| Zone::read(&Path::new("/usr/share/zoneinfo").join(name)))?
    };
    from_file().or_else(|| Some(Zone { rule: Some(Rule::of(name)?), ..Zone::default() }))
}

impl Zone {
    fn read(path: &Path) -> Option<Self> {
        Self::of(&fs::read(path).ok()?)
    }

    /// Of the bytes of a file of the zone database, version 2 or above.
    fn of(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
        let counts = |at: usize| -> Option<[usize; 6]> {
            let mut counts = [0; 6];
            for (index, count) in counts.iter_mut().enumerate() {
                *count = number(at + 20 + 4 * index)?;
            }
            Some(counts)
        };
        if !bytes.starts_with(b"TZif") || *bytes.get(4)? < b'2' {
            return None;
        }
        let [utc, standard, leaps, times, types, letters] = counts(0)?;
        let second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc;
        let [utc, standard, leaps, times, types, letters] = counts(second)?;
        let (instants, indices) = (second + 44, second + 44 + times * 8);
        let offsets = indices + times;
        let offset = |index: usize| number(offsets + index * 6).map(|bits| i64::from(bits as u32 as i32));
        let mut changes = Vec::new();
        for at in 0..times {
            let instant = bytes.get(instants + at * 8..instants + at * 8 + 8)?;
            let index = *bytes.get(indices + at)?;
            changes.push((i64::from_be_bytes(instant.try_into().ok()?), offset(index.into())?));
        }
        let rule = offsets + types * 6 + letters + leaps * 12 + standard + utc;
        let rule = std::str::from_utf8(bytes.get(rule..)?).ok()?.trim_matches('\n');
        Some(Zone { first: offset(0)?, changes, rule: Rule::of(rule) })
    }

    fn offset(&self, seconds: i64) -> i64 {
        let behind = self.changes.partition_point(|(instant, _)| *instant <= seconds);
        match (&self.rule, behind == self.changes.len()) {
            (Some(rule), true) => rule.offset(seconds),
            _ => behind.checked_sub(1).map_or(self.first, |at| self.changes[at].1),
        }
    }
}

impl Rule {
    /// Of a text such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    fn of(text: &str) -> Option<Self> {
        let mut rest = text;
        skip_name(&mut rest)?;
        let standard = -clock(&mut rest)?;
        if rest.is_empty() {
            return Some(Rule { standard, summer: None });
        }
        skip_name(&mut rest)?;
        let offset = if rest.starts_with(',') || rest.is_empty() { standard + 3600 } else { -clock(&mut rest)? };
        let mut days = rest.strip_prefix(',').unwrap_or("M3.2.0,M11.1.0").split(',');
        let summer = Summer { offset, begin: Day::of(days.next()?)?, end: Day::of(days.next()?)? };
        Some(Rule { standard, summer: Some(summer) })
    }

    fn offset(&self, seconds: i64) -> i64 {
        let Some(summer) = &self.summer else { return self.standard };
        let (year, ..) = civil(after_epoch(seconds + self.standard));
        let begin = summer.begin.in_year(year) - self.standard;
        let end = summer.end.in_year(year) - summer.offset;
        // In the south it goes over the end of the year.
        let is_summer = if begin < end { (begin..end).contains(&seconds) } else { !(end..begin).contains(&seconds) };
        if is_summer { summer.offset } else { self.standard }
    }
}

/// Passes over `EST` or `<+03>`.
fn skip_name(rest: &mut &str) -> Option<()> {
    let end = match rest.starts_with('<') {
        true => rest.find('>')? + 1,
        false => rest.find(|sign: char| !sign.is_ascii_alphabetic()).unwrap_or(rest.len()),
    };
    *rest = &rest[end..];
    (end >= 3).then_some(())
}

/// Reads hours, minutes and seconds, `-3:30`, as seconds.
fn clock(rest: &mut &str) -> Option<i64> {
    let end = rest.find(|sign: char| !sign.is_ascii_digit() && !"+-:".contains(sign)).unwrap_or(rest.len());
    let (text, behind) = rest.split_at(end);
    *rest = behind;
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.trim_start_matches('+')),
    };
    let mut seconds = 0;
    for (part, unit) in text.split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i64>().ok()? * unit;
    }
    Some(sign * seconds)
}

impl Day {
    fn of(text: &str) -> Option<Self> {
        let (day, mut time) = text.split_once('/').unwrap_or((text, "2"));
        let second = clock(&mut time)?;
        let kind = if let Some(week) = day.strip_prefix('M') {
            let mut parts = week.split('.').map(|part| part.parse().ok());
            Kind::Week(parts.next()??, parts.next()??, parts.next()??)
        } else if let Some(day) = day.strip_prefix('J') {
            Kind::Julian(day.parse().ok()?)
        } else {
            Kind::Plain(day.parse().ok()?)
        };
        Some(Day { kind, second })
    }

    /// Seconds from 1970 to this second of a year, by the clock.
    fn in_year(&self, year: i64) -> i64 {
        let january = days_before(year, 1);
        let day = match self.kind {
            Kind::Week(month, week, weekday) => {
                let first = days_before(year, month);
                // The first of January 1970 was a Thursday.
                let mut day = first + (weekday - (first + 4)).rem_euclid(7) + 7 * (week - 1);
                let next = if month == 12 { days_before(year + 1, 1) } else { days_before(year, month + 1) };
                while day >= next {
                    day -= 7;
                }
                day
            }
            Kind::Julian(day) => {
                let is_leap = days_before(year, 3) - days_before(year, 2) == 29;
                january + day - 1 + i64::from(is_leap && day > 59)
            }
            Kind::Plain(day) => january + day,
        };
        day * DAY + self.second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_give_the_offset_of_a_time() {
        for (rule, seconds, hours) in [
            ("UTC0", 0, 0.0),
            ("JST-9", 0, 9.0),
            ("<+0545>-5:45", 0, 5.75),
            // 2026-03-29 01:00 UTC and the second before.
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, 1.0),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, 2.0),
            // 2026-10-25 01:00 UTC and the second before.
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_889_999, 2.0),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, 1.0),
            ("EST5EDT,M3.2.0,M11.1.0", 1_795_685_400, -5.0),
            // 2026-01-01 in Sydney is in summer.
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, 11.0),
        ] {
            let zone = Zone { rule: Rule::of(rule), ..Zone::default() };
            assert_eq!(zone.offset(seconds) as f64 / 3600.0, hours, "{rule} at {seconds}");
        }
    }

    #[test]
    fn the_zone_database_is_read() {
        let Some(zone) = named("Europe/Berlin").filter(|_| Path::new("/usr/share/zoneinfo/Europe/Berlin").exists())
        else {
            return eprintln!("skipped: there is no zone database");
        };
        for (seconds, hours) in [(0, 1), (1_000_000_000, 2), (1_790_000_000, 2), (1_795_685_400, 1)] {
            assert_eq!(zone.offset(seconds), hours * 3600, "{seconds}");
        }
    }
}
