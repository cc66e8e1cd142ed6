//! Laws of user code: mistakes that are planted in a job are found, named, and shown on the smallest input.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use twinmill::check::{self, Broken, Check, Difference, Fate, Law, LineOrder};
use twinmill::prelude::*;

use crate::sample_jobs::{add, word_count};

/// Names and scores, as a mapper reads them.
const SCORES: &str = "ann 4\nbob 7\ncy 1\nann 5\nbob 7\ndee 2\ncy 9\neve 3\nfay 8\nann 3\ngus 6\nhal 5\n";

fn scores() -> impl Mapper<Input = twinmill::Lines, Key = str, Value = f64> {
    mapper(|line, out: &mut Out<str, f64>| {
        let (name, score) = line.text()?.split_once(' ').ok_or("a line has a name and a score")?;
        out.emit(name, score.parse::<f64>()?);
        Ok(())
    })
}

/// The mean of a name's scores.
fn mean() -> impl Reducer<Key = str, Value = f64, OutKey = str, OutValue = f64> {
    reducer(|name: &str, scores: &mut Values<f64>, out: &mut Out<str, f64>| {
        let scores: Vec<f64> = scores.collect();
        out.emit(name, scores.iter().sum::<f64>() / scores.len() as f64);
        Ok(())
    })
}

/// The law that a job breaks.
#[track_caller]
fn broken(check: &Check<'_>, text: &str) -> Broken {
    let checked = check.on(text).unwrap();
    let told = checked.to_string();
    let broken = checked.broken.unwrap_or_else(|| panic!("no law is broken: {told}"));
    assert!(told.contains("BROKEN") && told.contains(broken.law.sentence()), "{told}");
    for line in broken.input.text().lines() {
        assert!(told.contains(line), "the input is shown: {told}");
    }
    broken
}

#[test]
fn a_mean_as_a_combiner_is_found() {
    let job = Job::new("mean", scores(), mean()).combine(|mean: &mut f64, score| *mean = (*mean + score) / 2.0);
    let broken = broken(&Check::of(|inputs, session| job.clone().input(inputs).run(session)), SCORES);
    assert_eq!(broken.law, Law::Combiner);
    assert_eq!(broken.input.text(), "ann 4\nann 5\nann 3\n", "two equal scores or two scores have the right mean");
    let Difference::Lines { only_one, only_other } = broken.difference else { panic!("{:?}", broken.difference) };
    assert_eq!((only_one, only_other), (vec!["ann\t4.0".to_owned()], vec!["ann\t3.75".to_owned()]));
}

#[test]
fn a_partitioner_that_depends_on_the_value_is_found() {
    let pairs = mapper(|line, out: &mut Out<(String, u64), u64>| {
        let (name, score) = line.text()?.split_once(' ').ok_or("a line has a name and a score")?;
        let score: u64 = score.parse()?;
        out.emit((name, score), score);
        Ok(())
    });
    let total = reducer(|(name, _): &(String, u64), scores: &mut Values<u64>, out: &mut Out<str, u64>| {
        out.emit(name, scores.sum::<u64>());
        Ok(())
    });
    // The score is the last byte of the key.
    let by_score = |key: &[u8], reducers: u32| u32::from(*key.last().unwrap_or(&0)) % reducers;
    let job = Job::new("totals", pairs, total).group_by_first::<String>();
    Check::of(|inputs, session| job.clone().input(inputs).run(session)).on(SCORES).unwrap().assert();
    let job = job.partition_by(by_score);
    let broken = broken(&Check::of(|inputs, session| job.clone().input(inputs).run(session)), SCORES);
    assert_eq!(broken.law, Law::OneReducerAKey);
    let lines: Vec<String> = broken.input.text().lines().map(|line| line[..3].to_owned()).collect();
    assert!(lines.len() == 2 && lines[0] == lines[1], "two lines of one name: {lines:?}");
}

/// Emits the number of a key within its partition.
#[derive(Clone)]
struct Ranks(u64);

impl Reducer for Ranks {
    type Key = str;
    type Value = f64;
    type OutKey = str;
    type OutValue = u64;

    fn reduce(&mut self, name: &str, _: &mut Values<f64>, out: &mut impl Emit<str, u64>) -> Result<()> {
        self.0 += 1;
        out.emit(name, self.0);
        Ok(())
    }
}

#[test]
fn state_kept_between_keys_is_found() {
    let job = Job::new("ranks", scores(), Ranks(0));
    let broken = broken(&Check::of(|inputs, session| job.clone().input(inputs).run(session)), SCORES);
    assert_eq!((broken.law, broken.input.lines()), (Law::KeysAlone, 2));
}

#[test]
fn state_kept_between_records_is_found() {
    let mut seen = 0;
    let numbered = mapper(move |line, out: &mut Out<str, u64>| {
        seen += 1;
        out.emit(line.text()?, seen);
        Ok(())
    });
    let job = Job::new("numbered", numbered, Identity);
    let broken = broken(&Check::of(|inputs, session| job.clone().input(inputs).run(session)), SCORES);
    assert_eq!((broken.law, broken.input.lines()), (Law::RecordsAlone, 2));
}

#[test]
fn chance_in_the_output_is_found() {
    let runs = AtomicU32::new(0);
    let check = Check::of(|inputs, session| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        let numbered = mapper(move |line, out: &mut Out<str, u32>| {
            out.emit(line.text()?, run);
            Ok(())
        });
        Job::new("numbered", numbered, Identity).input(inputs).run(session)
    });
    let broken = broken(&check, SCORES);
    assert_eq!((broken.law, broken.input.lines()), (Law::Repeatable, 1));
}

#[test]
fn an_order_that_makes_a_difference_is_found_where_the_job_says_that_it_makes_none() {
    let first = reducer(|name: &str, scores: &mut Values<f64>, out: &mut Out<str, f64>| {
        let first = Iterator::next(scores).unwrap_or_default();
        out.emit(name, first);
        Ok(())
    });
    let job = Job::new("first", scores(), first);
    let check = || Check::of(|inputs, session| job.clone().input(inputs).run(session));
    let checked = check().on(SCORES).unwrap();
    checked.assert();
    assert!(checked.laws.iter().any(|tried| (tried.law, tried.fate) == (Law::LineOrder, Fate::OrderMatters)));
    let broken = broken(&check().line_order(LineOrder::Free), SCORES);
    assert_eq!((broken.law, broken.other.lines, broken.input.lines()), (Law::LineOrder, check::Lines::Reversed, 2));
}

#[test]
fn a_reference_with_another_answer_and_a_run_that_fails_are_found() {
    let job = word_count().combine(add);
    let other = word_count();
    let check = Check::of(|inputs, session| job.clone().input(inputs).run(session)).line_order(LineOrder::Free);
    check.on("a b\nb\n").unwrap().assert();
    let check = check.reference(|inputs, session| {
        let mut counts = HashMap::new();
        let text = inputs.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>();
        text.split_whitespace().for_each(|word| *counts.entry(word.to_owned()).or_insert(0) += 1);
        if counts.get("b") == Some(&2) {
            return Err(Error::user("no second b"));
        }
        other.clone().input(inputs).run(session)
    });
    let broken = broken(&check, "a b\nb\nc a\n");
    assert_eq!((broken.law, broken.input.text().as_str()), (Law::Reference, " b\nb\n"));
    let Difference::Fails(error) = broken.difference else { panic!("{:?}", broken.difference) };
    assert!(error.contains("no second b"), "{error}");
}

#[test]
fn a_reference_that_gives_keys_to_other_parts_is_told_so() {
    let job = word_count();
    let by_length = word_count().partition_by(|word: &[u8], reducers: u32| word.len() as u32 % reducers);
    let check = Check::of(|inputs, session| job.clone().input(inputs).run(session));
    let check = check.reference(|inputs, session| by_length.clone().input(inputs).run(session));
    let broken = broken(&check, "a bb ccc dddd eeeee\n");
    assert!(matches!((broken.law, &broken.difference), (Law::Reference, Difference::Places(_))), "{broken}");
    assert!(broken.to_string().contains("write_by_key"), "{broken}");
}

#[test]
fn time_is_bounded_and_what_was_not_tried_is_told() {
    let calls = Arc::new(AtomicU32::new(0));
    let check = Check::of(|inputs, session| {
        calls.fetch_add(1, Ordering::Relaxed);
        word_count().input(inputs).run(session)
    });
    let checked = check.budget(Duration::ZERO).on("a b\n").unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 1, "the plainest run alone");
    assert!(checked.broken.is_none() && checked.laws.iter().any(|tried| tried.fate == Fate::NoTime));
    assert!(checked.to_string().contains("the time is used up"), "{checked}");
    let outcome = std::panic::catch_unwind(|| checked.assert());
    assert!(outcome.is_err(), "a check that was not completed proves nothing");
}

#[test]
fn an_error_of_the_plainest_run_is_the_checks() {
    let job = Job::new("mean", scores(), mean());
    let error = Check::of(|inputs, session| job.clone().input(inputs).run(session)).on("ann\n").unwrap_err();
    assert!(error.to_string().contains("a line has a name and a score"), "{error}");
}
