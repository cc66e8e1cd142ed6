//! Dashboard: an access log becomes a directory of tables and one page.
//!
//! ```text
//! log line ─ map ─▶ hour 10     ⇥ 1 request, 2,048 bytes, 0 errors ┐ combine   shuffle   ┌─▶ a line for each hour, status, …
//!                   status 200  ⇥ the same                         ├──────────────────── ┤
//!                   page /a.png ⇥ …                                ┘                     └─▶ the sessions of a host
//!                   host 1.2.3.4 at 10:05:03 ⇥ …
//! ```
//!
//! All tables are made in one pass over the log: each request is counted once in every table, and the name of the table is the
//! first part of the key. The combiner adds up, so that hours and statuses cost next to nothing; hosts and pages are shuffled once
//! for each map task.
//!
//! Sessions need the requests of a host in the order of their time, which logs of several servers do not have. The time is part
//! of the key, and the reducer, which is given a host at a time (a secondary sort), cuts where nothing came for more than 30
//! minutes. It keeps the time of one request, however many there are.
//!
//! Parts have all lines of all tables: `table TAB key TAB requests TAB bytes TAB errors`, of a host's sessions `sessions TAB host
//! TAB sessions TAB requests TAB seconds`. Beside them lie the tables one by one (`hours.tsv`, `statuses.tsv`, …, of pages, hosts
//! and referrers the [`TOP`](crate::jobs::summaries::TOP) with the most requests) and `dashboard.html`, which shows them and needs neither a network nor
//! scripts. Hours are those of UTC; errors are requests with a status of 400 and more. Lines that are no requests fail nothing:
//! they are counted, and the first [`SAMPLES`] of them by a hash, always the same ones, are shown. The run notes how many there
//! are.

use std::path::PathBuf;

use hashbrown::HashMap;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::record::key::first_part_len;
use twinmill::record::{Key, ToKey};
use twinmill::reference::ReferenceRun;
use twinmill::{CancelToken, OutputFile};

use crate::jobs::dashboard_page::page;
use crate::jobs::highlights::grouped;
use crate::jobs::requests::{Request, hour_text};
use crate::jobs::shown::Shown;
use crate::jobs::summaries::{Counts, Of, SAMPLES, Summary};

pub struct Dashboard;

#[derive(clap::Args)]
pub struct Options {}

/// Nothing for so many seconds ends a session.
const SESSION_GAP_SECONDS: u64 = 30 * 60;
/// Bytes of a sample that are kept.
const SAMPLE_BYTES: usize = 200;

fn add(sum: &mut Counts, more: Counts) {
    *sum = (sum.0 + more.0, sum.1 + more.1, sum.2 + more.2);
}

/// Counts each line in all tables.
#[derive(Clone, Default)]
struct Count {
    key: Vec<u8>,
    /// The least hashes of lines that are no requests.
    least: Vec<u64>,
}

impl Count {
    fn count(&mut self, line: &[u8], mut emit: impl FnMut(&[u8], Counts)) {
        if line.is_empty() {
            return;
        }
        let Some(request) = Request::read(line) else { return self.count_bad(line, emit) };
        let counts = (1, request.bytes, u64::from(request.is_error()));
        let mut digits = [0; 3];
        (0..3).for_each(|at| digits[at] = b'0' + (request.status / [100, 10, 1][at] % 10) as u8);
        let keys = [
            (Of::Total, &b"requests"[..]),
            (Of::Status, &digits),
            (Of::Method, request.method),
            (Of::Page, request.path()),
            (Of::Host, request.host),
        ];
        keys.into_iter().for_each(|(of, text)| emit(self.key_of(of, text), counts));
        emit(self.key_of(Of::Hour, &(request.time / 3600).to_be_bytes()), counts);
        let extension = request.extension().unwrap_or(b"none").to_ascii_lowercase();
        emit(self.key_of(Of::Extension, &extension), counts);
        if let Some(referrer) = request.referrer {
            emit(self.key_of(Of::Referrer, referrer), counts);
        }
        self.key.clear();
        self.key.push(Of::Sessions as u8);
        ToKey::<Vec<u8>>::encode_part(request.host, &mut self.key);
        self.key.extend_from_slice(&request.time.to_be_bytes());
        emit(&self.key, (1, 0, 0));
    }

    fn key_of(&mut self, of: Of, text: &[u8]) -> &[u8] {
        self.key.clear();
        self.key.push(of as u8);
        self.key.extend_from_slice(text);
        &self.key
    }

    /// Counts a line that is no request. Of all such lines those with the least hashes are the samples, so each task emits those
    /// that are among the least it has seen.
    fn count_bad(&mut self, line: &[u8], mut emit: impl FnMut(&[u8], Counts)) {
        emit(self.key_of(Of::Bad, b"lines"), (1, line.len() as u64, 0));
        let sample = &line[..line.len().min(SAMPLE_BYTES)];
        let hash = hash(sample);
        if let Err(at) = self.least.binary_search(&hash) {
            if at == SAMPLES {
                return;
            }
            self.least.insert(at, hash);
            self.least.truncate(SAMPLES);
        }
        self.key.clear();
        self.key.push(Of::Sample as u8);
        self.key.extend_from_slice(&hash.to_be_bytes());
        self.key.extend_from_slice(sample);
        emit(&self.key, (1, line.len() as u64, 0));
    }
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

impl Mapper for Count {
    type Input = Lines;
    type Key = [u8];
    type Value = Counts;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], Counts>) -> Result<()> {
        self.count(&line, |key, counts| out.emit(key, counts));
        Ok(())
    }
}

/// The length of the part of a key that makes a group: all samples are one, and all requests of a host.
fn group_len(key: &[u8]) -> usize {
    match Of::of_key(key) {
        Of::Sample => 1,
        Of::Sessions => 1 + first_part_len::<Vec<u8>>(&key[1..]).unwrap_or(key.len() - 1),
        _ => key.len(),
    }
}

/// Cuts the requests of a host, in the order of their time, into sessions.
#[derive(Default)]
struct Sessions {
    counts: Counts,
    last: Option<u64>,
}

impl Sessions {
    fn add(&mut self, time: u64, requests: u64) {
        let gap = self.last.map(|last| time - last).filter(|gap| *gap <= SESSION_GAP_SECONDS);
        add(&mut self.counts, (u64::from(gap.is_none()), requests, gap.unwrap_or(0)));
        self.last = Some(time);
    }
}

fn time_of(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The text of a group's key.
fn text_of(key: &[u8]) -> Result<Vec<u8>> {
    Ok(match Of::of_key(key) {
        Of::Hour => hour_text(time_of(key)).into_bytes(),
        Of::Sample => shown(key.get(9..).unwrap_or_default()),
        Of::Sessions => shown(&<Vec<u8> as Key>::decode_part(&mut &key[1..])?),
        _ => shown(&key[1..]),
    })
}

/// Text of a log as it stands in a table: without bytes that would end a cell or a line.
fn shown(text: &[u8]) -> Vec<u8> {
    let is_plain = |byte: &u8| *byte >= b' ' && *byte != 0x7f;
    if text.iter().all(is_plain) {
        return text.to_vec();
    }
    text.iter().flat_map(|byte| if is_plain(byte) { vec![*byte] } else { byte.escape_ascii().collect() }).collect()
}

/// Appends a line of the output.
fn line_of(key: &[u8], (requests, bytes, errors): Counts, line: &mut Vec<u8>) -> Result<()> {
    line.clear();
    line.extend_from_slice(Of::of_key(key).name().as_bytes());
    line.push(b'\t');
    line.extend_from_slice(&text_of(key)?);
    line.extend_from_slice(format!("\t{requests}\t{bytes}\t{errors}").as_bytes());
    Ok(())
}

#[derive(Clone, Default)]
struct Tell {
    key: Vec<u8>,
    line: Vec<u8>,
}

impl Tell {
    fn emit(&mut self, counts: Counts, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        line_of(&self.key, counts, &mut self.line)?;
        out.emit(&self.line[..], ());
        Ok(())
    }

    /// Emits the samples with the least hashes, which come first.
    fn samples(&mut self, values: &mut Values<Counts>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        let (mut told, mut sum) = (0, None);
        self.key.clear();
        while let Some((key, counts)) = values.next_with_key() {
            match &mut sum {
                Some(sum) if *key == self.key => add(sum, counts),
                _ => {
                    let (key, before) = (key.to_vec(), sum.replace(counts));
                    if let Some(before) = before {
                        self.emit(before, out)?;
                        told += 1;
                    }
                    self.key = key;
                    if told == SAMPLES {
                        return Ok(());
                    }
                }
            }
        }
        match sum {
            Some(sum) => self.emit(sum, out),
            None => Ok(()),
        }
    }
}

impl Reducer for Tell {
    type Key = [u8];
    type Value = Counts;
    type OutKey = [u8];
    type OutValue = ();

    fn reduce(&mut self, key: &[u8], values: &mut Values<Counts>, out: &mut impl Emit<[u8], ()>) -> Result<()> {
        let counts = match Of::of_key(key) {
            Of::Sample => return self.samples(values, out),
            Of::Sessions => {
                let mut sessions = Sessions::default();
                while let Some((key, (requests, ..))) = values.next_with_key() {
                    sessions.add(time_of(key), requests);
                }
                sessions.counts
            }
            _ => {
                let mut sum = (0, 0, 0);
                values.for_each(|counts| add(&mut sum, counts));
                sum
            }
        };
        self.key.clear();
        self.key.extend_from_slice(key);
        self.emit(counts, out)
    }
}

impl Program for Dashboard {
    type Options = Options;

    const NAME: &'static str = "dashboard";
    const SUBJECT: &'static str = "tables";
    const ABOUT: &'static str =
        "Tables and a page of an access log: traffic, errors, pages, hosts, referrers, sessions";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::AccessLog, Shape::bytes(256 << 20)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, _: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let job = Job::new(Self::NAME, Count::default(), Tell::default()).combine(add).group_by_prefix(group_len);
        let seen = driver.inputs().clone();
        driver.run_with_files(&job.input(inputs), |parts| files(parts, &session.cancel, &seen))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let summary = Summary::of(output)?;
        let (requests, _, errors) = summary.total;
        let (requests, errors) = (grouped(requests), grouped(errors));
        let mut rows = vec![["page".to_owned(), "requests".to_owned()].to_vec()];
        let of_page = |(page, counts): &(String, Counts)| vec![page.clone(), grouped(counts.0)];
        rows.extend(summary.top(Of::Page).iter().take(10).map(of_page));
        let heading =
            format!("{requests} requests, {errors} of them errors. With --output they have a page, dashboard.html:");
        Ok(Some(Highlights { heading, rows }))
    }
}

/// The files beside the parts: the tables, and the page that shows them. Lines that are no requests are noted.
fn files(parts: &[PathBuf], cancel: &CancelToken, seen: &Inputs) -> Result<Vec<OutputFile>> {
    let summary = Summary::of(&Output::new(parts, cancel))?;
    if let Some(sample) = summary.samples.first() {
        seen.note(bad_lines(&summary, sample));
    }
    let mut files = summary.tables();
    files.push(OutputFile { name: "dashboard.html".into(), bytes: page(&summary).into_bytes() });
    Ok(files)
}

/// Says in a sentence how many lines are no requests.
fn bad_lines(summary: &Summary, sample: &str) -> String {
    let (bad, requests, sample) = (summary.bad_lines, summary.total.0, Shown(sample.as_bytes()));
    if requests == 0 {
        return format!(
            "the dashboard is empty: none of the {bad} lines is a request in Common or Combined format, such as {sample}"
        );
    }
    let all = bad + requests;
    format!(
        "{bad} of {all} lines are no requests in Common or Combined format, such as {sample}; dashboard.html shows more"
    )
}

impl Dashboard {
    fn reference(&self, _: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut count = Count::default();
        let mut all: HashMap<Vec<u8>, Counts> = HashMap::new();
        run.for_each_line(inputs, |line| {
            count.count(&line, |key, counts| add(all.entry_ref(key).or_default(), counts));
            Ok(())
        })?;
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_unstable();
        let (mut line, mut samples) = (Vec::new(), 0);
        let mut all = all.into_iter().peekable();
        while let Some((key, counts)) = all.next() {
            let group = &key[..group_len(&key)];
            let part = run.partition(group);
            let counts = match Of::of_key(&key) {
                Of::Sample if samples == SAMPLES => continue,
                Of::Sample => {
                    samples += 1;
                    counts
                }
                Of::Sessions => {
                    let mut sessions = Sessions::default();
                    sessions.add(time_of(&key), counts.0);
                    while let Some((key, (requests, ..))) = all.next_if(|(next, _)| next.starts_with(group)) {
                        sessions.add(time_of(&key), requests);
                    }
                    sessions.counts
                }
                _ => counts,
            };
            line_of(&key, counts, &mut line)?;
            run.write(part, &line[..], &())?;
        }
        let (cancel, seen) = (CancelToken::default(), run.inputs().clone());
        run.add_files(|parts| files(parts, &cancel, &seen))
    }
}
