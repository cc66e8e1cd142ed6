//! Requests of a web server's access log, in Apache's Common or Combined format.
//!
//! ```text
//! 83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a/b.png HTTP/1.1" 200 203023 "http://from/" "Mozilla/5.0 …"
//! host        user  time                          method path protocol status bytes  referrer       agent
//! ```
//!
//! The last two fields are those that Combined adds. A quote within quotes stands behind a backslash. Bytes that were not counted
//! are `-`, as are requests without a method.

use memchr::memchr;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'l> {
    pub host: &'l [u8],
    /// Seconds since 1970 in UTC.
    pub time: u64,
    pub method: &'l [u8],
    pub url: &'l [u8],
    pub status: u16,
    pub bytes: u64,
    /// `None` where there is none, or none is kept.
    pub referrer: Option<&'l [u8]>,
}

impl<'l> Request<'l> {
    /// Reads a line; `None` where it is no request.
    pub fn read(line: &'l [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (host, rest) = cut(line, b' ')?;
        // The user may have blanks in his name.
        let (_, rest) = cut(rest, b'[')?;
        let (time, rest) = cut(rest, b']')?;
        let (request, rest) = quoted(rest.strip_prefix(b" ")?)?;
        let (status, rest) = cut(rest.strip_prefix(b" ")?, b' ')?;
        let (bytes, rest) = cut(rest, b' ').unwrap_or((rest, b""));
        let referrer = if rest.is_empty() { None } else { Some(quoted(rest)?.0) };
        let mut words = request.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let method = words.next().unwrap_or(b"-");
        let url = words.next().unwrap_or(b"-");
        if host.is_empty() || status.len() != 3 {
            return None;
        }
        Some(Request {
            host,
            time: read_time(time)?,
            method,
            url,
            status: number(status)? as u16,
            bytes: if bytes == b"-" { 0 } else { number(bytes)? },
            referrer: referrer.filter(|referrer| !referrer.is_empty() && *referrer != b"-"),
        })
    }

    /// The URL without its query.
    pub fn path(&self) -> &'l [u8] {
        let end = self.url.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(self.url.len());
        &self.url[..end]
    }

    /// What follows the last point of the last part of the path: `png`; `None` where nothing does that is one.
    pub fn extension(&self) -> Option<&'l [u8]> {
        const LONGEST: usize = 8;
        let name = self.path().rsplit(|byte| *byte == b'/').next()?;
        let extension = &name[memchr::memrchr(b'.', name)? + 1..];
        let is_one = (1..=LONGEST).contains(&extension.len()) && extension.iter().all(u8::is_ascii_alphanumeric);
        is_one.then_some(extension)
    }

    pub fn is_error(&self) -> bool {
        self.status >= 400
    }
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let end = memchr(at, text)?;
    Some((&text[..end], &text[end + 1..]))
}

/// What stands in the quotes that the text begins with, and what follows them.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"\"")?;
    let mut from = 0;
    loop {
        let quote = from + memchr(b'"', &inside[from..])?;
        let escapes = inside[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if escapes % 2 == 0 {
            return Some((&inside[..quote], &inside[quote + 1..]));
        }
        from = quote + 1;
    }
}

fn number(text: &[u8]) -> Option<u64> {
    const MOST_DIGITS: usize = 18;
    let is_one = (1..=MOST_DIGITS).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_one.then(|| text.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// Reads `17/May/2015:10:05:03 +0000`.
fn read_time(text: &[u8]) -> Option<u64> {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let text: &[u8; 26] = text.try_into().ok()?;
    let marks = [(2, b'/'), (6, b'/'), (11, b':'), (14, b':'), (17, b':'), (20, b' ')];
    if marks.iter().any(|(at, mark)| text[*at] != *mark) {
        return None;
    }
    let month = MONTHS.chunks(3).position(|name| *name == text[3..6])? as u64 + 1;
    let part = |from: usize, to: usize| number(&text[from..to]);
    let (day, year) = (part(0, 2)?, part(7, 11)?);
    let (hour, minute, second) = (part(12, 14)?, part(15, 17)?, part(18, 20)?);
    if !(1..=31).contains(&day) || year < 1970 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let east = part(22, 24)? * 3600 + part(24, 26)? * 60;
    match text[21] {
        b'+' => local.checked_sub(east),
        b'-' => Some(local + east),
        _ => None,
    }
}

/// Days from 1970 to a day: Hinnant's `days_from_civil` (howardhinnant.github.io/date_algorithms.html).
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// An hour since 1970 as `2015-05-17 10`.
pub fn hour_text(hour: u64) -> String {
    // Hinnant's `civil_from_days`.
    let days = hour / 24 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    format!("{:04}-{month:02}-{day:02} {:02}", era * 400 + year_of_era + u64::from(month <= 2), hour % 24)
}

/// The hour since 1970 of such a text.
pub fn hour_of(text: &str) -> Option<u64> {
    let part = |from: usize, to: usize| number(text.as_bytes().get(from..to)?);
    Some(days(part(0, 4)?, part(5, 7)?, part(8, 10)?) * 24 + part(11, 13)?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn combined_and_common_lines_are_requests() {
        use super::*;
        let common = b"h - a b [29/Feb/2016:23:59:59 -0130] \"GET /x/y.tar.GZ?a=b.c HTTP/1.0\" 404 -";
        let request = Request::read(common).unwrap();
        assert_eq!((request.host, request.method, request.status, request.bytes), (&b"h"[..], &b"GET"[..], 404, 0));
        assert_eq!((request.path(), request.extension()), (&b"/x/y.tar.GZ"[..], Some(&b"GZ"[..])));
        assert_eq!((request.time, request.is_error(), request.referrer), (1_456_790_399 + 5400, true, None));
        assert_eq!(hour_text(request.time / 3600), "2016-03-01 01");
        assert_eq!(hour_of("2016-03-01 01"), Some(request.time / 3600));
        let combined = br#"::1 - - [01/Jan/1970:00:00:00 +0000] "GET /\"q\" HTTP/1.1" 200 12 "http://a/\"b" "Agent""#;
        let request = Request::read(combined).unwrap();
        assert_eq!((request.url, request.time, request.bytes), (&br#"/\"q\""#[..], 0, 12));
        assert_eq!((request.referrer, request.extension()), (Some(&br#"http://a/\"b"#[..]), None));
        let odd = Request::read(b"h - - [01/Jan/2020:00:00:00 +0000] \"-\" 408 0 \"-\" \"-\"").unwrap();
        assert_eq!((odd.method, odd.url, odd.referrer), (&b"-"[..], &b"-"[..], None));
    }

    #[test]
    fn other_lines_are_not() {
        let time = "[01/Jan/2020:00:00:00 +0000]";
        for line in [
            String::new(),
            "h - -".into(),
            format!("h - - {time} \"GET / HTTP/1.1\" 20 1"),
            format!("h - - {time} \"GET / HTTP/1.1\" abc 1"),
            format!("h - - {time} \"GET / HTTP/1.1\" 200 x"),
            format!("h - - {time} \"GET / 200 1"),
            "h - - [32/Jan/2020:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1".into(),
            "h - - [01/Foo/2020:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1".into(),
            "h - - [2020-01-01T00:00:00] \"GET / HTTP/1.1\" 200 1".into(),
        ] {
            assert_eq!(super::Request::read(line.as_bytes()), None, "{line}");
        }
    }
}
