//! The page of a dashboard: one file without scripts, which asks for nothing from anywhere. Pictures are SVG without text, so
//! that they may be stretched; what they say in words is HTML around them, which stays legible on a phone.

use std::fmt::Write;

use crate::jobs::highlights::grouped;
use crate::jobs::requests::{hour_of, hour_text};
use crate::jobs::summaries::{Counts, Of, Summary, TOP};

const STYLE: &str = include_str!("dashboard.css");
/// Columns of a picture of hours, at most.
const MOST_COLUMNS: u64 = 120;

/// The page.
pub fn page(summary: &Summary) -> String {
    let (requests, bytes, errors) = summary.total;
    let hours = Hours::of(summary.top(Of::Hour));
    let title = match &hours {
        Some(hours) => format!("{} requests from {} to {} UTC", grouped(requests), hours.first(), hours.last()),
        None => "No requests".to_owned(),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>twinmill: access log</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    let mut add = |text: &str| page.push_str(text);
    add(&figures(&[
        (size(bytes), "sent", ""),
        (percent(errors, requests), "errors (status 400 and more)", "faults"),
        (grouped(summary.hosts), "hosts", ""),
        (grouped(summary.pages), "pages", ""),
        (grouped(summary.sessions.0), "sessions", ""),
        (grouped(summary.bad_lines), "lines that are no requests", if summary.bad_lines > 0 { "faults" } else { "" }),
    ]));
    if let Some(hours) = &hours {
        add(&hours.picture("Requests", "requests", "", |(requests, _, _)| *requests as f64));
        add(&hours.picture("Share of errors", "errors", "%", |(requests, _, errors)| share(*errors, *requests)));
        add(&hours.steepest());
    }
    add("<div class=\"pair\">\n");
    add(&table("Status", "", summary.top(Of::Status)));
    add(&table("Method", "", summary.top(Of::Method)));
    add(&table("Extension", "", summary.top(Of::Extension)));
    let most = format!("The {TOP} with the most requests");
    add(&table("Pages", &most, summary.top(Of::Page)));
    add(&table("Hosts", &most, summary.top(Of::Host)));
    add(&table("Referrers", &most, summary.top(Of::Referrer)));
    add("</div>\n");
    add(&sessions(summary));
    add(&bad_lines(summary));
    add("</main>\n</body>\n</html>\n");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `1.2 GB`.
fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return if unit == "B" { format!("{size} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// So many of all, in percent.
fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { 100.0 * part as f64 / all as f64 }
}

fn percent(part: u64, all: u64) -> String {
    format!("{:.1} %", share(part, all))
}

fn figures(figures: &[(String, &str, &str)]) -> String {
    let mut html = String::from("<div class=\"figures\">\n");
    for (figure, of, class) in figures {
        html += &format!("<div class=\"{class}\"><b>{figure}</b><span class=\"soft\">{of}</span></div>\n");
    }
    html + "</div>\n"
}

/// The hours of a log, a few of them a column.
struct Hours {
    first: u64,
    last: u64,
    /// Hours of a column.
    step: u64,
    columns: Vec<Counts>,
}

impl Hours {
    fn of(rows: &[(String, Counts)]) -> Option<Self> {
        let rows: Vec<(u64, Counts)> =
            rows.iter().filter_map(|(hour, counts)| Some((hour_of(hour)?, *counts))).collect();
        let (first, last) = (rows.first()?.0, rows.last()?.0);
        let step = (last - first + 1).div_ceil(MOST_COLUMNS);
        let mut columns = vec![(0, 0, 0); ((last - first) / step + 1) as usize];
        for (hour, (requests, bytes, errors)) in rows {
            let column: &mut Counts = &mut columns[((hour - first) / step) as usize];
            *column = (column.0 + requests, column.1 + bytes, column.2 + errors);
        }
        Some(Hours { first, last, step, columns })
    }

    fn first(&self) -> String {
        format!("{}:00", hour_text(self.first))
    }

    fn last(&self) -> String {
        format!("{}:59", hour_text(self.last))
    }

    fn every(&self) -> String {
        if self.step == 1 { "an hour".into() } else { format!("every {} hours", self.step) }
    }

    /// A bar for each column.
    fn picture(&self, title: &str, of: &str, unit: &str, value: impl Fn(&Counts) -> f64) -> String {
        let most = self.columns.iter().map(&value).fold(0.0, f64::max);
        let class = if of == "errors" { "faults" } else { "calls" };
        let mut bars = String::new();
        for (at, column) in self.columns.iter().enumerate() {
            let value = value(column);
            let height = if most > 0.0 { 100.0 * value / most } else { 0.0 };
            let hour = hour_text(self.first + at as u64 * self.step);
            let shown = if unit.is_empty() { grouped(value as u64) } else { format!("{value:.1} {unit}") };
            let _ = writeln!(
                bars,
                "<rect class=\"{class}\" x=\"{at}.1\" y=\"{:.2}\" width=\".8\" height=\"{height:.2}\">\
                 <title>{hour}:00: {shown} {of}</title></rect>",
                100.0 - height
            );
        }
        let top = if unit.is_empty() { grouped(most as u64) } else { format!("{most:.1} {unit}") };
        let middle = hour_text(self.first + (self.last - self.first) / 2);
        format!(
            "<figure data-chart=\"{of}\">\n<h2>{title}</h2>\n<figcaption>A bar {every}</figcaption>\n<div class=\"plot\">\n\
             <svg viewBox=\"0 0 {count} 100\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{title}\">\n{bars}</svg>\n\
             <span class=\"top\">{top}</span>\n</div>\n\
             <div class=\"axis\"><span>{first}</span><span>{middle}</span><span>{last}</span></div>\n</figure>\n",
            every = self.every(),
            count = self.columns.len(),
            first = hour_text(self.first),
            last = hour_text(self.last),
        )
    }

    /// The steps at which the share of errors grew most.
    fn steepest(&self) -> String {
        let shares: Vec<f64> = self.columns.iter().map(|(requests, _, errors)| share(*errors, *requests)).collect();
        let mut steps: Vec<(f64, usize)> = shares
            .windows(2)
            .enumerate()
            .map(|(at, pair)| (pair[1] - pair[0], at + 1))
            .filter(|step| step.0 > 0.0)
            .collect();
        steps.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        if steps.is_empty() {
            return String::new();
        }
        let mut html = String::from(
            "<section>\n<h2>Where errors grew most</h2>\n<table>\n<tr><th>from</th><th>before</th><th>then</th>\
             <th>errors</th></tr>\n",
        );
        for (_, at) in steps.into_iter().take(5) {
            let hour = hour_text(self.first + at as u64 * self.step);
            let (before, then, errors) = (shares[at - 1], shares[at], grouped(self.columns[at].2));
            html +=
                &format!("<tr><td>{hour}:00</td><td>{before:.1} %</td><td>{then:.1} %</td><td>{errors}</td></tr>\n");
        }
        html + "</table>\n</section>\n"
    }
}

/// A table with a bar in each row.
fn table(title: &str, about: &str, rows: &[(String, Counts)]) -> String {
    let most = rows.iter().map(|(_, (requests, ..))| *requests).max().unwrap_or(0);
    let mut html = format!(
        "<section data-table=\"{title}\">\n<h2>{title}</h2>\n<p class=\"soft\">{about}</p>\n<table>\n<tr><th></th>\
         <th>requests</th><th>sent</th><th>errors</th></tr>\n"
    );
    for (key, (requests, bytes, errors)) in rows {
        let width = share(*requests, most);
        html += &format!(
            "<tr><td>{key}<i style=\"width:{width:.1}%\"></i></td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            grouped(*requests),
            size(*bytes),
            grouped(*errors),
            key = escape(key),
        );
    }
    html + "</table>\n</section>\n"
}

fn sessions(summary: &Summary) -> String {
    let (sessions, requests, seconds) = summary.sessions;
    if sessions == 0 {
        return String::new();
    }
    let mean = |n: u64| n as f64 / sessions as f64;
    let mut html = format!(
        "<section data-table=\"Sessions\">\n<h2>Sessions</h2>\n<p class=\"soft\">A session of a host ends when nothing came for 30 \
         minutes. A mean session has {:.1} requests in {:.1} minutes. The {TOP} hosts with the most sessions:</p>\n<table>\n\
         <tr><th></th><th>sessions</th><th>requests</th><th>minutes</th></tr>\n",
        mean(requests),
        mean(seconds) / 60.0
    );
    for (host, (sessions, requests, seconds)) in summary.top(Of::Sessions) {
        html += &format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.1}</td></tr>\n",
            escape(host),
            grouped(*sessions),
            grouped(*requests),
            *seconds as f64 / 60.0
        );
    }
    html + "</table>\n</section>\n"
}

fn bad_lines(summary: &Summary) -> String {
    if summary.bad_lines == 0 {
        return String::new();
    }
    let samples: String = summary.samples.iter().map(|line| format!("<pre>{}</pre>\n", escape(line))).collect();
    format!(
        "<section data-table=\"Bad lines\">\n<h2>Lines that are no requests</h2>\n<p class=\"soft\">{} lines are neither in Common \
         nor in Combined format and count nowhere else. Some of them:</p>\n{samples}</section>\n",
        grouped(summary.bad_lines)
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_have_units_and_text_of_a_log_is_no_markup() {
        assert_eq!(super::size(999), "999 B");
        assert_eq!(super::size(1_234_567), "1.2 MB");
        assert_eq!(super::escape("<a href=\"&\">"), "&lt;a href=&quot;&amp;&quot;&gt;");
    }
}
