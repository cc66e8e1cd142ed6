//! Naive Bayes: which words tell classes of texts apart (the multinomial model).
//!
//! ```text
//! spam  buy now        count                 totals             learn
//! ham   see you   ─▶   buy {spam: 1}    ─▶   spam 1 text   ─▶   spam (no word)  ln P(spam)
//! spam  buy you        you {ham 1, spam 1}   ham 2 words        spam buy        ln P(buy | spam)
//! ```
//!
//! 1. *count*: map emits each word with its class, and for each text a word of no letters; the combiner adds up, which
//!    saves almost everything, since words repeat. Keys are grouped by their word, so reduce leaves one record a word
//!    with the counts of all classes.
//! 2. *totals*: the texts and words of each class, a few numbers, which the driver reads.
//! 3. *learn*: with the totals as side data, map turns counts into logarithms of shares.
//!
//! Input: a text a line, `class TAB text`. Output: `class TAB word TAB ln P(word | class)`, for every class and word,
//! with `--alpha` added to each count (scikit-learn's `MultinomialNB`); the line of the empty word has ln P(class).
//! `--test FILE` says how many texts of another file are given their own class; words that were never seen count for
//! nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use memchr::memchr;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::highlights::{Finite, Largest, grouped, number, significant, text};
use crate::jobs::shown::{Shown, lacks, wrong_line};
use crate::jobs::tokens::{Tokenizer, Tokens};

pub struct NaiveBayes;

#[derive(clap::Args)]
pub struct Options {
    /// Number that is added to each count, so that no word is impossible
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = above_zero)]
    alpha: f64,
    /// The rule that says what a word is
    #[arg(long, value_enum, default_value = "words")]
    tokens: Tokens,
    /// A file of the same kind on which the model is tried; how many texts it tells right is printed
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
}

fn above_zero(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0).ok_or_else(|| "must be above 0".into())
}

/// The output has a line for each class and word. Where classes are no classes, such as ids, it has by far more lines than the
/// input has words; the 150 classes of short questions to a bank make five times as many. A run whose output is not small notes
/// the one, and refuses the other.
const MANY_LINES: u64 = 1_000_000;
const MANY_LINES_A_WORD: u64 = 100;
const TOO_MANY_LINES_A_WORD: u64 = 1000;

/// Separates class and text, and class and word. No word has one.
const TAB: u8 = b'\t';

/// Counts by class.
type ByClass = BTreeMap<Vec<u8>, u64>;

/// Class and text of a line; `None` for an empty line.
fn labelled(line: &[u8]) -> Result<Option<(&[u8], &[u8])>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Ok(None);
    }
    match memchr(TAB, line) {
        Some(end) if end > 0 => Ok(Some((&line[..end], &line[end + 1..]))),
        Some(_) => Err(wrong_line(line, "the class is empty", "")),
        None => Err(Error::wrong_input(format!("{} is no labelled text: a class, a TAB and words", Shown(line)))),
    }
}

fn joined(first: &[u8], second: &[u8], key: &mut Vec<u8>) {
    key.clear();
    key.extend_from_slice(first);
    key.push(TAB);
    key.extend_from_slice(second);
}

/// Length of the first part of a key.
fn first_len(key: &[u8]) -> usize {
    memchr(TAB, key).unwrap_or(key.len())
}

// ------------------------------------------------------------------ count

/// Emits each word of a text with its class, and no word for the text itself.
#[derive(Clone)]
struct EachWord {
    tokenizer: Tokenizer,
    key: Vec<u8>,
}

impl Mapper for EachWord {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        let EachWord { tokenizer, key } = self;
        let Some((class, text)) = labelled(line.bytes())? else { return Ok(()) };
        joined(b"", class, key);
        out.emit(&key[..], 1);
        for word in tokenizer.of(text) {
            joined(word, class, key);
            out.emit(&key[..], 1);
        }
        Ok(())
    }
}

/// Leaves the counts of each word.
#[derive(Clone)]
struct Gather;

impl Reducer for Gather {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = ByClass;

    fn reduce(&mut self, first: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], ByClass>) -> Result<()> {
        let mut by_class = ByClass::new();
        while let Some((key, count)) = counts.next_with_key() {
            let class = &key[first_len(key) + 1..];
            match by_class.get_mut(class) {
                Some(sum) => *sum += count,
                None => drop(by_class.insert(class.to_vec(), count)),
            }
        }
        out.emit(&first[..first_len(first)], by_class);
        Ok(())
    }
}

// ------------------------------------------------------------------ totals

/// What is known of a class: its texts and its words.
#[derive(Clone, Debug, Default)]
struct Class {
    name: Vec<u8>,
    texts: u64,
    words: u64,
}

/// What is known of all classes, in byte order.
#[derive(Clone, Debug)]
struct Totals {
    classes: Vec<Class>,
    texts: u64,
    vocabulary: u64,
    alpha: f64,
}

impl Totals {
    /// What follows from the classes of these inputs.
    ///
    /// # Errors
    /// Inputs without texts; one class; so many that the first fields of the lines are none.
    fn of(mut classes: Vec<Class>, vocabulary: u64, alpha: f64, (inputs, seen): (&[PathBuf], &Inputs)) -> Result<Self> {
        classes.sort_by(|one, other| one.name.cmp(&other.name));
        match &classes[..] {
            [] => return Err(lacks("texts", inputs)),
            [only] => {
                let name = Shown(&only.name).to_string();
                return Err(Error::user(format!("every text is of class {name}, so there is nothing to tell apart")));
            }
            _ => {}
        }
        let words = classes.iter().map(|class| class.words).sum::<u64>();
        let lines = classes.len() as u64 * (vocabulary + 1);
        if lines > MANY_LINES && lines / MANY_LINES_A_WORD > words {
            let (found, texts) = (grouped(classes.len() as u64), classes.iter().map(|class| class.texts).sum());
            let what = format!(
                "{found} classes in {} texts make {} lines of output for {} words of input; the class of a text is what \
                 stands before the first TAB of its line",
                grouped(texts),
                grouped(lines),
                grouped(words)
            );
            if lines / TOO_MANY_LINES_A_WORD > words {
                return Err(Error::wrong_input(format!("{what}; is this input of another kind?")));
            }
            seen.note(what);
        }
        Ok(Totals { texts: classes.iter().map(|class| class.texts).sum(), classes, vocabulary, alpha })
    }

    /// The logarithms of the shares of a word in each class; of the empty word, of the shares of the classes.
    fn logarithms(&self, word: &[u8], counts: &ByClass) -> Vec<f64> {
        let count = |class: &Class| counts.get(&class.name).copied().unwrap_or(0) as f64;
        let share = |class: &Class| {
            if word.is_empty() {
                return class.texts as f64 / self.texts as f64;
            }
            (count(class) + self.alpha) / (class.words as f64 + self.alpha * self.vocabulary as f64)
        };
        self.classes.iter().map(|class| share(class).ln()).collect()
    }
}

/// Adds up texts and words of each class.
#[derive(Clone)]
struct AddUp;

impl Mapper for AddUp {
    type Input = Pairs<[u8], ByClass>;
    type Key = [u8];
    type Value = (u64, u64);

    fn map(&mut self, (word, counts): (&[u8], ByClass), out: &mut impl Emit<[u8], (u64, u64)>) -> Result<()> {
        out.aggregate("vocabulary", u64::from(!word.is_empty()));
        for (class, count) in counts {
            out.emit(&class[..], if word.is_empty() { (count, 0) } else { (0, count) });
        }
        Ok(())
    }
}

impl Reducer for AddUp {
    type Key = [u8];
    type Value = (u64, u64);
    type OutKey = [u8];
    type OutValue = (u64, u64);

    fn reduce(
        &mut self,
        class: &[u8],
        sums: &mut Values<(u64, u64)>,
        out: &mut impl Emit<[u8], (u64, u64)>,
    ) -> Result<()> {
        let mut total = (0, 0);
        sums.for_each(|sum| add(&mut total, sum));
        out.emit(class, total);
        Ok(())
    }
}

fn add(total: &mut (u64, u64), more: (u64, u64)) {
    *total = (total.0 + more.0, total.1 + more.1);
}

// ------------------------------------------------------------------ learn

/// Turns the counts of a word into a line for each class.
#[derive(Clone)]
struct Learn {
    totals: Arc<Totals>,
    key: Vec<u8>,
}

impl Mapper for Learn {
    type Input = Pairs<[u8], ByClass>;
    type Key = [u8];
    type Value = f64;

    fn map(&mut self, (word, counts): (&[u8], ByClass), out: &mut impl Emit<[u8], f64>) -> Result<()> {
        let logarithms = self.totals.logarithms(word, &counts);
        for (class, logarithm) in self.totals.classes.iter().zip(logarithms) {
            joined(&class.name, word, &mut self.key);
            out.emit(&self.key[..], logarithm);
        }
        Ok(())
    }
}

// ------------------------------------------------------------------ try

/// The logarithms of each word, by class.
struct Model {
    totals: Arc<Totals>,
    words: HashMap<Vec<u8>, Vec<f64>>,
}

impl Model {
    fn new(totals: Arc<Totals>) -> Self {
        Model { totals, words: HashMap::new() }
    }

    fn learn(&mut self, word: &[u8], counts: &ByClass) {
        self.words.insert(word.to_vec(), self.totals.logarithms(word, counts));
    }

    /// The likeliest class of a text; of equally likely ones the first in byte order.
    fn class(&self, text: &[u8], tokenizer: &mut Tokenizer) -> &[u8] {
        let mut scores = self.words.get(&b""[..]).cloned().unwrap_or_default();
        for word in tokenizer.of(text).filter_map(|word| self.words.get(word)) {
            scores.iter_mut().zip(word).for_each(|(score, logarithm)| *score += logarithm);
        }
        let likelier = |best: usize, other: usize| if scores[other] > scores[best] { other } else { best };
        let best = (0..scores.len()).reduce(likelier).unwrap_or(0);
        &self.totals.classes[best].name
    }
}

/// Counts the texts that are given their own class.
#[derive(Clone)]
struct Try {
    model: Arc<Model>,
    tokenizer: Tokenizer,
}

impl Mapper for Try {
    type Input = Lines;
    type Key = ();
    type Value = ();

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<(), ()>) -> Result<()> {
        if let Some((class, text)) = labelled(line.bytes())? {
            out.aggregate("texts", 1);
            out.aggregate("right", u64::from(self.model.class(text, &mut self.tokenizer) == class));
        }
        Ok(())
    }
}

fn accuracy(file: &Path, right: u64, texts: u64) -> Result<String> {
    if texts == 0 {
        return Err(Error::user(format!("--test {}: the file has no texts", file.display())));
    }
    Ok(format!("accuracy on {}: {} ({right} of {texts} texts)", file.display(), right as f64 / texts as f64))
}

// ------------------------------------------------------------------ the program

impl Program for NaiveBayes {
    type Options = Options;

    const NAME: &'static str = "naive-bayes";
    const ABOUT: &'static str = "Learn which words tell classes of texts apart";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::LabelledText, Shape::bytes(64 << 20)))
    }

    fn side_inputs(&self, options: &Options) -> Vec<PathBuf> {
        options.test.clone().into_iter().collect()
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let tokenizer = Tokenizer::new(options.tokens);
        // Without a reducer nothing would gather the counts.
        let reducers = session.config.reducers.max(1);
        let each = EachWord { tokenizer: tokenizer.clone(), key: Vec::new() };
        let count = Job::new("naive-bayes-count", each, Gather).input(inputs).group_by_prefix(first_len).combine(Sum);
        let counts = driver.run_to_dataset(&count.reducers(reducers))?;
        let add_up = Job::new("naive-bayes-totals", AddUp, AddUp).input(&counts).combine(add).reducers(1);
        let mut classes = Vec::new();
        driver.run_to_dataset(&add_up)?.for_each(|name, (texts, words)| {
            classes.push(Class { name: name.to_vec(), texts, words });
            Ok(())
        })?;
        let totals =
            Arc::new(Totals::of(classes, driver.aggregate("vocabulary"), options.alpha, (inputs, driver.inputs()))?);
        if let Some(test) = &options.test {
            let mut model = Model::new(totals.clone());
            counts.for_each(|word, counts| {
                model.learn(word, &counts);
                Ok(())
            })?;
            let each = Try { model: Arc::new(model), tokenizer };
            driver.run_to_dataset(&Job::map_only("naive-bayes-test", each).input(&[test.clone()][..]))?;
            let note = accuracy(test, driver.aggregate("right"), driver.aggregate("texts"))?;
            driver.inputs().note(note);
        }
        let learn = Learn { totals, key: Vec::new() };
        driver.run(&Job::new(Self::NAME, learn, Identity).input(&counts).reducers(reducers))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        telling_words(output).map(Some)
    }
}

/// Of each class, its share of the texts and the words that speak for it most: those that are most times as likely in it as
/// in the class, of the others, where they are likeliest.
fn telling_words(output: &Output<'_>) -> Result<Highlights> {
    const WORDS: usize = 8;
    let (mut shares, mut words) = (BTreeMap::new(), HashMap::<Vec<u8>, BTreeMap<Vec<u8>, f64>>::new());
    output.each_record(|class, rest| {
        let tab = memchr(TAB, rest).unwrap_or(rest.len());
        let (word, logarithm) = (&rest[..tab], number(rest.get(tab + 1..).unwrap_or_default())?);
        if word.is_empty() {
            shares.insert(class.to_vec(), logarithm.exp());
        } else {
            words.entry_ref(word).or_default().insert(class.to_vec(), logarithm);
        }
        Ok(())
    })?;
    let mut rows = vec![["class", "texts", "words that speak for it"].map(str::to_owned).to_vec()];
    for (class, share) in &shares {
        let mut telling = Largest::new();
        for (word, by_class) in &words {
            let others = by_class.iter().filter(|(other, _)| *other != class).map(|(_, logarithm)| *logarithm);
            if let (Some(own), Some(best)) = (by_class.get(class), others.reduce(f64::max)) {
                telling.offer((Finite(own - best), Reverse(&word[..])), word);
            }
        }
        let telling = telling.into_sorted().into_iter().take_while(|((Finite(more), _), _)| *more > 0.0).take(WORDS);
        let telling: Vec<String> = telling.map(|(_, word)| word).collect();
        rows.push(vec![text(class), significant(*share), telling.join(" ")]);
    }
    Ok(Highlights { heading: format!("{} classes, {} words:", shares.len(), grouped(words.len() as u64)), rows })
}

/// How often the reference saw a word in each class, by the number of the class, in order.
#[derive(Default)]
struct ByNumber(Vec<(u32, u64)>);

impl ByNumber {
    fn add(&mut self, class: u32) {
        match self.0.binary_search_by_key(&class, |(number, _)| *number) {
            Ok(at) => self.0[at].1 += 1,
            Err(at) => self.0.insert(at, (class, 1)),
        }
    }

    fn by_class(self, names: &[Vec<u8>]) -> ByClass {
        self.0.into_iter().map(|(class, count)| (names[class as usize].clone(), count)).collect()
    }
}

impl NaiveBayes {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let mut tokenizer = Tokenizer::new(options.tokens);
        let mut numbers: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut counts: HashMap<Vec<u8>, ByNumber> = HashMap::new();
        run.for_each_line(inputs, |line| {
            let Some((class, text)) = labelled(line.bytes())? else { return Ok(()) };
            let next = numbers.len() as u32;
            let class = *numbers.entry_ref(class).or_insert(next);
            let mut count = |word: &[u8]| counts.entry_ref(word).or_default().add(class);
            count(b"");
            tokenizer.of(text).for_each(count);
            Ok(())
        })?;
        let counts: HashMap<Vec<u8>, ByClass> = {
            let mut names = vec![Vec::new(); numbers.len()];
            numbers.into_iter().for_each(|(name, number)| names[number as usize] = name);
            counts.into_iter().map(|(word, counts)| (word, counts.by_class(&names))).collect()
        };
        let mut totals: BTreeMap<&[u8], (u64, u64)> = BTreeMap::new();
        for (word, by_class) in &counts {
            for (class, count) in by_class {
                add(totals.entry(class).or_default(), if word.is_empty() { (*count, 0) } else { (0, *count) });
            }
        }
        let classes = totals.into_iter().map(|(name, (texts, words))| Class { name: name.to_vec(), texts, words });
        let vocabulary = counts.keys().filter(|word| !word.is_empty()).count() as u64;
        let totals = Arc::new(Totals::of(classes.collect(), vocabulary, options.alpha, (inputs, run.inputs()))?);
        let mut model = Model::new(totals.clone());
        counts.iter().for_each(|(word, counts)| model.learn(word, counts));
        if let Some(test) = &options.test {
            let (mut right, mut texts) = (0, 0);
            run.for_each_line(std::slice::from_ref(test), |line| {
                let Some((class, text)) = labelled(line.bytes())? else { return Ok(()) };
                texts += 1;
                right += u64::from(model.class(text, &mut tokenizer) == class);
                Ok(())
            })?;
            run.inputs().note(accuracy(test, right, texts)?);
        }
        let mut words: Vec<_> = model.words.into_iter().collect();
        words.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut key = Vec::new();
        for (at, class) in totals.classes.iter().enumerate() {
            for (word, logarithms) in &words {
                joined(&class.name, word, &mut key);
                run.write_by_key::<[u8]>(&key[..], &logarithms[at])?;
            }
        }
        Ok(())
    }
}
