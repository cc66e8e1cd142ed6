//! The result of a check, and its text.

use std::fmt;
use std::time::Duration;

use crate::check::law::{Law, Step, Variant};
use crate::check::outcome::Difference;
use crate::check::sample::Sample;
use crate::check::shrink::Shrunk;

/// Lines of the smallest input that the text shows.
const SHOWN_LINES: usize = 20;
/// Bytes of a line that the text shows.
const SHOWN_BYTES: usize = 200;

/// The laws that were checked, and the one that is broken, if there is one.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Checked {
    /// Lines of the input.
    pub lines: usize,
    /// Bytes of the input.
    pub bytes: u64,
    /// Every law, with what became of it.
    pub laws: Vec<Tried>,
    /// The law that is broken.
    pub broken: Option<Broken>,
    /// The first numbers that differ by rounding.
    pub rounding: Option<Rounding>,
    /// Runs of the job.
    pub runs: usize,
    /// The time that it took.
    pub seconds: f64,
}

/// A law, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Tried {
    /// The law.
    pub law: Law,
    /// What became of it.
    pub fate: Fate,
    /// Pairs of runs that agree.
    pub agreeing: usize,
    /// Of these, pairs in which numbers differ by rounding.
    pub rounded: usize,
}

/// Numbers that differ by rounding, which breaks no law.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Rounding {
    /// The first of two runs.
    pub one: Variant,
    /// The second of them.
    pub other: Variant,
    /// A line of each.
    pub lines: [String; 2],
}

/// What became of a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// All pairs of runs agree.
    Kept,
    /// A pair of runs differs.
    Broken,
    /// Not tried, because another law is broken.
    NotTried,
    /// Not tried, or not with all pairs, because the time was used up.
    NoTime,
    /// Not tried, because the job has no combiner, or the sample is nothing for it.
    NoCombiner,
    /// Not tried, because the job says that the order matters, or does not say.
    OrderMatters,
    /// Not tried, because the job has no reference.
    NoReference,
}

/// A law that is broken, and the smallest input that shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Broken {
    /// The law.
    pub law: Law,
    /// The first of the two runs.
    pub one: Variant,
    /// The second of the two runs.
    pub other: Variant,
    /// What differs between them on the smallest input.
    pub difference: Difference,
    /// The smallest input that was found.
    #[serde(serialize_with = "as_text")]
    pub input: Sample,
    /// Lines of the input that it was made from.
    pub lines_before: usize,
    /// Smaller inputs that were tried.
    pub tried: usize,
    /// Whether the time was used up before everything was tried.
    pub hurried: bool,
}

fn as_text<S: serde::Serializer>(sample: &Sample, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&sample.text())
}

impl Broken {
    pub(super) fn new(step: Step, difference: Difference, before: &Sample, shrunk: Shrunk) -> Self {
        let Step { law, one, other } = step;
        let Shrunk { sample: input, tried, hurried } = shrunk;
        Broken { law, one, other, difference, input, lines_before: before.lines(), tried, hurried }
    }
}

impl Checked {
    pub(super) fn begin(sample: &Sample) -> Self {
        let laws = Law::ALL.map(|law| Tried { law, fate: Fate::NotTried, agreeing: 0, rounded: 0 }).to_vec();
        let (lines, bytes) = (sample.lines(), sample.bytes());
        Checked { lines, bytes, laws, broken: None, rounding: None, runs: 0, seconds: 0.0 }
    }

    fn of(&mut self, law: Law) -> &mut Tried {
        self.laws.iter_mut().find(|tried| tried.law == law).expect("every law is there")
    }

    /// A pair of runs agrees.
    pub(super) fn kept(&mut self, law: Law) {
        // Runs with more reducers are looked at for two laws at once.
        let both = [Law::OneReducerAKey, Law::KeysAlone];
        for tried in &mut self.laws {
            if tried.law == law || both.contains(&law) && both.contains(&tried.law) {
                tried.agreeing += 1;
                tried.fate = if tried.fate == Fate::NotTried { Fate::Kept } else { tried.fate };
            }
        }
    }

    /// A pair of runs agrees but for rounding.
    pub(super) fn rounded(&mut self, step: Step, lines: [String; 2]) {
        self.kept(step.law);
        self.of(step.law).rounded += 1;
        self.rounding.get_or_insert(Rounding { one: step.one, other: step.other, lines });
    }

    pub(super) fn leave_out(&mut self, law: Law, fate: Fate) {
        self.of(law).fate = fate;
    }

    pub(super) fn end(&mut self, runs: usize, took: Duration) {
        (self.runs, self.seconds) = (runs, took.as_secs_f64());
        if let Some(law) = self.broken.as_ref().map(|broken| broken.law) {
            self.of(law).fate = Fate::Broken;
        }
    }

    /// Panics where a law is broken, or was not tried for want of time, and says all about it: the last line of a test.
    ///
    /// # Panics
    /// In these cases.
    #[track_caller]
    pub fn assert(&self) {
        let is_complete = self.laws.iter().all(|tried| tried.fate != Fate::NoTime);
        assert!(self.broken.is_none() && is_complete, "{self}");
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for tried in &self.laws {
            let pairs = if tried.agreeing == 1 { "pair" } else { "pairs" };
            let fate = match tried.fate {
                Fate::Kept => "kept     ",
                Fate::Broken => "BROKEN   ",
                _ => "not tried",
            };
            write!(f, "  {fate}  {}", tried.law.sentence())?;
            match tried.fate {
                Fate::Kept if tried.rounded > 0 => {
                    write!(f, " ({} {pairs} of runs, {} of them but for rounding)", tried.agreeing, tried.rounded)?
                }
                Fate::Kept => write!(f, " ({} {pairs} of runs)", tried.agreeing)?,
                Fate::NoTime => write!(f, ", with all pairs of runs: the time is used up")?,
                Fate::NoCombiner => f.write_str(": nothing was combined")?,
                Fate::OrderMatters => f.write_str(": the job does not say so")?,
                Fate::NoReference => f.write_str(": it has none")?,
                Fate::Broken | Fate::NotTried => {}
            }
            writeln!(f)?;
        }
        if let Some(Rounding { one, other, lines: [of_one, of_other] }) = &self.rounding {
            writeln!(
                f,
                "\nNumbers differ by rounding alone, since sums of floats depend on their order. That breaks no law."
            )?;
            for (variant, line) in [(one, of_one), (other, of_other)] {
                writeln!(f, "With {variant}:\n    {}", shown(line.as_bytes()))?;
            }
        }
        match &self.broken {
            None => Ok(()),
            Some(broken) => write!(f, "\n{broken}"),
        }
    }
}

impl Broken {
    /// The usual cause of such a difference.
    fn usual_cause(&self) -> &'static str {
        match (self.law, &self.difference) {
            (Law::Reference, Difference::Places(_)) => {
                "the reference writes a record to another part than the one its key goes to in the job: \
                 `ReferenceRun::write_by_key` finds the part, and keys come in their order"
            }
            (Law::Combiner, Difference::Fails(_)) => "the combiner fails where a job without it does not",
            (law, _) => law.usual_cause(),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { law, one, other, input, lines_before, tried, .. } = self;
        writeln!(f, "Broken: {}.", law.sentence())?;
        writeln!(f, "Usually {}.", self.usual_cause())?;
        let smaller = if self.hurried { "the time was used up" } else { "no smaller one shows it" };
        writeln!(
            f,
            "The smallest input that shows it, {} of {lines_before} lines ({tried} smaller inputs tried; {smaller}):",
            input.lines()
        )?;
        let many = input.files.iter().filter(|file| !file.lines.is_empty()).count() > 1;
        let mut left = SHOWN_LINES;
        for file in input.files.iter().filter(|file| !file.lines.is_empty()) {
            if many {
                writeln!(f, "  in {}:", file.name.display())?;
            }
            for line in file.lines.iter().take(left) {
                writeln!(f, "    {}", shown(line))?;
            }
            left -= left.min(file.lines.len());
        }
        if input.lines() > SHOWN_LINES {
            writeln!(f, "    … {} more", input.lines() - SHOWN_LINES)?;
        }
        match &self.difference {
            Difference::Fails(error) => writeln!(f, "With {one} it succeeds; with {other} it fails: {error}"),
            Difference::Places(place) => writeln!(f, "With {one}, and with {other}: {place}"),
            Difference::Lines { only_one, only_other } => {
                for (variant, lines) in [(one, only_one), (other, only_other)] {
                    let none = if lines.is_empty() { " no other line" } else { "" };
                    writeln!(f, "Only with {variant}:{none}")?;
                    lines.iter().try_for_each(|line| writeln!(f, "    {}", shown(line.as_bytes())))?;
                }
                match key(only_one, only_other) {
                    Some(key) => writeln!(f, "The key is {}.", shown(key.as_bytes())),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The key of differing lines, where it is the same one.
fn key<'l>(one: &'l [String], other: &'l [String]) -> Option<&'l str> {
    let mut keys = one.iter().chain(other).map(|line| line.split_once('\t').map(|(key, _)| key));
    let first = keys.next()??;
    keys.all(|key| key == Some(first)).then_some(first)
}

/// A line as text, with what is not printable escaped, and not too long.
fn shown(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN_BYTES)]);
    let mut shown = String::new();
    for c in text.chars() {
        if c.is_control() && c != '\t' { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if line.len() > SHOWN_BYTES { format!("{shown}… ({} bytes)", line.len()) } else { shown }
}
