//! What a dashboard shows, read back from its lines.

use twinmill::OutputFile;
use twinmill::prelude::*;
use twinmill::program::Output;

/// Pages, hosts and referrers that are shown: those with the most requests.
pub const TOP: usize = 20;
/// Lines that are no requests, of which so many are shown.
pub const SAMPLES: usize = 5;

/// The tables, in the order of the output. The number of a table is the first byte of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Of {
    Bad,
    Sample,
    Total,
    Hour,
    Status,
    Method,
    Extension,
    Page,
    Host,
    Referrer,
    Sessions,
}

impl Of {
    pub const ALL: [(Of, &'static str); 11] = [
        (Of::Bad, "bad"),
        (Of::Sample, "sample"),
        (Of::Total, "total"),
        (Of::Hour, "hour"),
        (Of::Status, "status"),
        (Of::Method, "method"),
        (Of::Extension, "extension"),
        (Of::Page, "page"),
        (Of::Host, "host"),
        (Of::Referrer, "referrer"),
        (Of::Sessions, "sessions"),
    ];

    /// The table of a key.
    pub fn of_key(key: &[u8]) -> Of {
        Of::ALL[usize::from(key[0])].0
    }

    /// The name in the output.
    pub fn name(self) -> &'static str {
        Of::ALL[self as usize].1
    }
}

/// Requests, their bytes, and errors among them; of sessions their number, their requests and their seconds.
pub type Counts = (u64, u64, u64);

/// The tables of a log.
#[derive(Debug, Default)]
pub struct Summary {
    pub total: Counts,
    /// Lines that are no requests, and samples of them.
    pub bad_lines: u64,
    pub samples: Vec<String>,
    /// Sessions, their requests and their seconds.
    pub sessions: Counts,
    pub hosts: u64,
    pub pages: u64,
    /// Rows of each table: all, in the order of their keys, or those with the most requests, the largest first.
    rows: Vec<Vec<(String, Counts)>>,
}

impl Summary {
    /// Reads the lines of all parts. Of tables that may be long only the rows with the most requests are kept.
    ///
    /// # Errors
    /// Those of reading.
    pub fn of(output: &Output<'_>) -> Result<Self> {
        let mut summary = Summary { rows: vec![Vec::new(); Of::ALL.len()], ..Summary::default() };
        output.each_record(|table, row| {
            let cells: Vec<&[u8]> = row.split(|byte| *byte == b'\t').collect();
            let (Some((of, _)), [key, one, two, three]) =
                (Of::ALL.into_iter().find(|(_, name)| name.as_bytes() == table), &cells[..])
            else {
                return Err(Error::user("a line of the output is none of a dashboard"));
            };
            let number = |cell: &[u8]| -> Result<u64> { Ok(std::str::from_utf8(cell)?.parse()?) };
            summary.add(of, String::from_utf8_lossy(key).into_owned(), (number(one)?, number(two)?, number(three)?));
            Ok(())
        })?;
        for of in [Of::Hour, Of::Status, Of::Method, Of::Extension] {
            summary.rows[of as usize].sort_unstable();
        }
        for of in [Of::Page, Of::Host, Of::Referrer, Of::Sessions] {
            keep_largest(&mut summary.rows[of as usize]);
        }
        Ok(summary)
    }

    fn add(&mut self, of: Of, key: String, counts: Counts) {
        match of {
            Of::Bad => return self.bad_lines += counts.0,
            Of::Sample => return self.samples.push(key),
            Of::Total => return self.total = counts,
            Of::Sessions => {
                self.sessions.0 += counts.0;
                self.sessions.1 += counts.1;
                self.sessions.2 += counts.2;
            }
            Of::Host => self.hosts += 1,
            Of::Page => self.pages += 1,
            _ => {}
        }
        let rows = &mut self.rows[of as usize];
        rows.push((key, counts));
        // Long tables are cut now and then, so that little of them is in memory.
        if matches!(of, Of::Page | Of::Host | Of::Referrer | Of::Sessions) && rows.len() == 64 * TOP {
            keep_largest(rows);
        }
    }

    /// The rows of a table.
    pub fn top(&self, of: Of) -> &[(String, Counts)] {
        &self.rows[of as usize]
    }

    /// The tables as files.
    pub fn tables(&self) -> Vec<OutputFile> {
        let table = |name: &str, of: Of, first: &str, others: &str| {
            let mut text = format!("{first}\t{others}\n");
            for (key, (one, two, three)) in self.top(of) {
                text += &format!("{key}\t{one}\t{two}\t{three}\n");
            }
            OutputFile { name: format!("{name}.tsv"), bytes: text.into_bytes() }
        };
        let counts = "requests\tbytes\terrors";
        vec![
            table("hours", Of::Hour, "hour", counts),
            table("statuses", Of::Status, "status", counts),
            table("methods", Of::Method, "method", counts),
            table("extensions", Of::Extension, "extension", counts),
            table("pages", Of::Page, "page", counts),
            table("hosts", Of::Host, "host", counts),
            table("referrers", Of::Referrer, "referrer", counts),
            table("sessions", Of::Sessions, "host", "sessions\trequests\tseconds"),
        ]
    }
}

/// Keeps the rows with the largest numbers, the largest first; of equal ones, those whose key comes first.
fn keep_largest(rows: &mut Vec<(String, Counts)>) {
    rows.sort_unstable_by(|(one, counts), (other, more)| more.0.cmp(&counts.0).then_with(|| one.cmp(other)));
    rows.truncate(TOP);
}
