//! Parts of a job: mappers for several inputs, hooks, counters, side data, partitioners, grouping, formats.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use twinmill::prelude::*;
use twinmill::record::Key;
use twinmill::record::key::first_part_len;

use crate::harness::{MODES, Scratch, assert_same_parts, concatenated};
use crate::sample_jobs::{JoinValues, Sum, Tokenize, add, counts, map_lines, word_count, word_count_oracle};

/// Splits a line at its first space.
fn pair(line: &[u8]) -> Result<(String, String)> {
    let text = std::str::from_utf8(line).map_err(Error::user)?;
    let (key, value) = text.split_once(' ').ok_or_else(|| Error::user("no space in the line"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// A group's key is its first part; the second decides the order of its values.
fn by_first_part(key: &[u8]) -> usize {
    first_part_len::<String>(key).expect("the mappers emit tuples that begin with a string")
}

#[test]
fn each_input_goes_to_the_mapper_at_its_place() {
    for mode in MODES {
        let scratch = Scratch::new();
        let users = scratch.write("users/1", "u1 Ann\nu2 Bob\n");
        let orders = scratch.write("orders/1", "o1 u2\no2 u1\no3 u2\no4 u9\n");
        let user = |line: Record<'_>| pair(&line).map(|(id, name)| vec![(id, format!("user {name}"))]);
        let order = |line: Record<'_>| pair(&line).map(|(id, user)| vec![(user, format!("order {id}"))]);
        let job = Job::new("join", (map_lines(user), map_lines(order)), JoinValues::<String, String>::new());
        let job = job.input(users.as_path()).input(orders.as_path()).reducers(1);
        let outcome = scratch.run(&scratch.config(mode), |config| job.run(config));
        let expected = "u1\tuser Ann,order o2\nu2\tuser Bob,order o1,order o3\nu9\torder o4\n";
        assert_eq!(outcome.text(), expected);
        assert_eq!(outcome.report.input_bytes, 14 + 24);
    }
}

#[test]
fn a_job_with_the_wrong_number_of_inputs_is_refused() {
    let scratch = Scratch::with_input("x y\n");
    let map = |line: Record<'_>| pair(&line).map(|pair| vec![pair]);
    let two = Job::new("two", (map_lines(map), map_lines(map)), JoinValues::<String, String>::new());
    let config = scratch.config(Mode::Disk);
    let error = scratch.fail(&config, |config| two.clone().input(scratch.input().as_path()).run(config));
    assert_eq!(error.to_string(), "job two needs 2 inputs, got 1");
    let error = scratch.fail(&config, |config| word_count().run(config));
    assert_eq!(error.to_string(), "job wordcount needs at least one input, got 0");
}

#[test]
fn one_mapper_may_read_several_inputs() {
    let scratch = Scratch::new();
    let (a, b) = (scratch.write("a", "x y\n"), scratch.write("b", "y z\n"));
    let job = word_count().input(a.as_path()).input(b.as_path()).reducers(1);
    let outcome = scratch.run(&scratch.config(Mode::Memory), |config| job.run(config));
    assert_eq!(outcome.text(), "x\t1\ny\t2\nz\t1\n");
}

/// A join by secondary sort: the user's record comes first in its group, whatever file it came from.
#[derive(Clone)]
struct JoinSorted;

impl Reducer for JoinSorted {
    type Key = (String, u8);
    type Value = String;
    type OutKey = String;
    type OutValue = String;

    fn reduce(
        &mut self,
        (id, tag): (String, u8),
        values: &mut Values<String>,
        out: &mut impl Emit<String, String>,
    ) -> Result<()> {
        if tag != 0 {
            out.count("join", "without user", 1);
            return Ok(());
        }
        let user = values.next().expect("a group has values").to_owned();
        while let Some(order) = values.next() {
            out.emit(format!("{id} {user}"), order);
        }
        Ok(())
    }
}

#[test]
fn a_grouping_prefix_makes_groups_in_the_order_of_the_whole_keys() {
    for mode in MODES {
        let scratch = Scratch::new();
        let orders = scratch.write("orders", "o1 u2\no2 u1\no3 u2\no4 u9\n");
        let users = scratch.write("users", "u1 Ann\nu2 Bob\nu3 Cy\n");
        let order = |line: Record<'_>| pair(&line).map(|(id, user)| vec![((user, 1u8), id)]);
        let user = |line: Record<'_>| pair(&line).map(|(id, name)| vec![((id, 0u8), name)]);
        let job = Job::new("join", (map_lines(order), map_lines(user)), JoinSorted).group_by_prefix(by_first_part);
        let job = job.input(orders.as_path()).input(users.as_path());
        for reducers in [1, 2, 7] {
            let config = scratch.config(mode).reducers(reducers);
            let outcome = scratch.run(&config, |config| job.run(config));
            let text = outcome.text();
            let mut lines: Vec<_> = text.lines().collect();
            lines.sort_unstable();
            assert_eq!(lines, ["u1 Ann\to2", "u2 Bob\to1", "u2 Bob\to3"], "{reducers} reducers");
            assert_eq!(outcome.report.counters.reduce_input_groups, 4);
            assert_eq!(outcome.report.counters.reduce_input_records, 7);
            assert_eq!(outcome.report.user_counters["join"]["without user"], 1);
        }
    }
}

/// Emits for each group its first key and the second parts of all its keys.
#[derive(Clone)]
struct ShowKeys;

impl Reducer for ShowKeys {
    type Key = (String, i64);
    type Value = ();
    type OutKey = (String, i64);
    type OutValue = String;

    fn reduce(
        &mut self,
        first: (String, i64),
        values: &mut Values<()>,
        out: &mut impl Emit<(String, i64), String>,
    ) -> Result<()> {
        let mut seconds = Vec::new();
        while Values::next(values).is_some() {
            let (_, second) = <(String, i64) as Key>::decode(values.key())?;
            seconds.push(second.to_string());
        }
        out.emit(&first, seconds.join(","));
        Ok(())
    }
}

#[test]
fn values_tell_the_whole_key_within_a_group() {
    let text = "b -1\na 10\na -5\nb 3\na 2\nb -1\nc 0\n";
    for mode in MODES {
        for split_bytes in [1, 6, 100] {
            let scratch = Scratch::with_input(text);
            let map = |line: Record<'_>| {
                let (key, number) = pair(&line)?;
                Ok(vec![((key, number.parse::<i64>().map_err(Error::user)?), ())])
            };
            let job = Job::new("temperatures", map_lines(map), ShowKeys).group_by_prefix(by_first_part).reducers(1);
            let mut config = scratch.config(mode);
            config.split_bytes = Some(split_bytes);
            let outcome = scratch.run(&config, |config| job.input(scratch.input().as_path()).run(config));
            assert_eq!(outcome.text(), "a\t-5\t-5,2,10\nb\t-1\t-1,-1,3\nc\t0\t0\n");
        }
    }
}

/// Word count that adds up in the mapper and emits at the end of its task.
#[derive(Clone, Default)]
struct CountInTask {
    counts: HashMap<Vec<u8>, u64>,
}

impl Mapper for CountInTask {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn setup(&mut self, _: &TaskContext) -> Result<()> {
        assert!(self.counts.is_empty(), "every attempt works on its own clone");
        Ok(())
    }

    fn map(&mut self, line: Record<'_>, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        line.words().for_each(|word| *self.counts.entry(word.to_vec()).or_default() += 1);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.counts.iter().for_each(|(word, count)| out.emit(word.as_slice(), *count));
        Ok(())
    }
}

#[test]
fn a_mapper_may_combine_on_its_own_and_emit_when_its_task_ends() {
    let text = "to be or not to be\nthat is the question\n".repeat(20);
    for mode in MODES {
        for split_bytes in [7, 200, 10_000] {
            let scratch = Scratch::with_input(&text);
            let mut config = scratch.config(mode);
            config.split_bytes = Some(split_bytes);
            let job = Job::new("wordcount", CountInTask::default(), Sum);
            let outcome = scratch.run(&config, |config| job.input(scratch.input().as_path()).run(config));
            assert_same_parts(&outcome.parts, &word_count_oracle(text.as_bytes(), 3), format_args!("{split_bytes}"));
        }
    }
}

/// Keeps the most frequent words of its partition, and emits them when it ends.
#[derive(Clone)]
struct Top {
    most: usize,
    found: Vec<(u64, Vec<u8>)>,
}

impl Reducer for Top {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.found.push((counts.sum(), word.to_vec()));
        self.found.sort_by(|a, b| b.cmp(a));
        self.found.truncate(self.most);
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        self.found.iter().for_each(|(count, word)| out.emit(word, *count));
        Ok(())
    }
}

#[test]
fn a_reducer_may_emit_when_its_task_ends() {
    let scratch = Scratch::with_input("a b b c c c d d d d e");
    let job = Job::new("top", Tokenize, Top { most: 2, found: Vec::new() }).input(scratch.input().as_path());
    let outcome = scratch.run(&scratch.config(Mode::Memory), |config| job.reducers(1).run(config));
    assert_eq!(outcome.text(), "d\t4\nc\t3\n");
}

/// Notes the context that it is given for each task.
#[derive(Clone)]
struct NoteTasks {
    notes: Arc<Mutex<Vec<TaskContext>>>,
}

impl Mapper for NoteTasks {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.notes.lock().unwrap().push(task.clone());
        Ok(())
    }

    fn map(&mut self, _: Record<'_>, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        Ok(())
    }
}

impl Reducer for NoteTasks {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn setup(&mut self, task: &TaskContext) -> Result<()> {
        self.notes.lock().unwrap().push(task.clone());
        Ok(())
    }

    fn reduce(&mut self, _: &[u8], _: &mut Values<u64>, _: &mut impl Emit<[u8], u64>) -> Result<()> {
        Ok(())
    }
}

#[test]
fn set_up_tells_job_task_and_attempt() {
    let scratch = Scratch::with_input("a\nb\nc\n");
    let notes = Arc::<Mutex<Vec<TaskContext>>>::default();
    let mut config = scratch.config(Mode::Disk).reducers(2);
    (config.workers, config.split_bytes) = (1, Some(2));
    let job = Job::new("notes", NoteTasks { notes: notes.clone() }, NoteTasks { notes: notes.clone() });
    scratch.run(&config, |config| job.input(scratch.input().as_path()).run(config));
    let notes = notes.lock().unwrap();
    let ids: Vec<_> = notes.iter().map(|task| (task.id.as_str(), task.index)).collect();
    let expected = [("map-00000", 0), ("map-00001", 1), ("map-00002", 2), ("reduce-00000", 0), ("reduce-00001", 1)];
    assert_eq!(ids, expected);
    assert!(notes.iter().all(|task| (task.job.as_str(), task.attempt, task.reducers) == ("notes", 0, 2)));
}

/// Counts on both sides.
#[derive(Clone)]
struct CountLong;

impl Mapper for CountLong {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        for word in line.words() {
            out.count("words", if word.len() > 3 { "long" } else { "short" }, 1);
            out.count("bytes", "of words", word.len() as u64);
            out.emit(word, 1);
        }
        Ok(())
    }
}

impl Reducer for CountLong {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, word: &[u8], _: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.count("words", "distinct", 1);
        out.emit(word, 0);
        Ok(())
    }
}

#[test]
fn user_counters_are_summed_over_all_tasks() {
    let text = "one three\nfive seven\none three\n".repeat(10);
    for mode in MODES {
        let scratch = Scratch::with_input(&text);
        let mut config = scratch.config(mode);
        config.split_bytes = Some(40);
        let input = scratch.input();
        let expected = |distinct: Option<u64>| {
            let mut words = BTreeMap::from([("long".to_owned(), 40), ("short".to_owned(), 20)]);
            words.extend(distinct.map(|distinct| ("distinct".to_owned(), distinct)));
            let bytes = BTreeMap::from([("of words".to_owned(), 10 * (3 + 5 + 4 + 5 + 3 + 5))]);
            BTreeMap::from([("words".to_owned(), words), ("bytes".to_owned(), bytes)])
        };
        let job = Job::new("count", CountLong, CountLong).input(input.as_path());
        let plain = scratch.run(&config, |config| job.run(config));
        assert_eq!(plain.report.user_counters, expected(Some(4)));
        let combined = scratch.run(&config, |config| job.clone().combine(add).run(config));
        assert_eq!(combined.report.user_counters, expected(Some(4)));
        let map_only = scratch.run(&config, |config| Job::map_only("m", CountLong).input(input.as_path()).run(config));
        assert_eq!(map_only.report.user_counters, expected(None));
    }
}

#[test]
fn side_data_is_shared_by_all_tasks() {
    let scratch = Scratch::with_input("the cat and the hat\n".repeat(50));
    let stop_words = Arc::new(HashSet::from([b"the".to_vec(), b"and".to_vec()]));
    let map = {
        let stop_words = stop_words.clone();
        move |line: Record<'_>| {
            let kept = line.words().filter(|word| !stop_words.contains(*word));
            Ok(kept.map(|word| (word.to_vec(), 1u64)).collect())
        }
    };
    let job = Job::new("without-stop-words", map_lines(map), JoinValues::<Vec<u8>, u64>::new()).combine(add);
    let mut config = scratch.config(Mode::Memory);
    config.split_bytes = Some(64);
    let job = job.input(scratch.input().as_path()).reducers(1);
    let outcome = scratch.run(&config, |config| job.run(config));
    let sums: u64 =
        outcome.text().lines().flat_map(|line| line[4..].split(',').map(|n| n.parse::<u64>().unwrap())).sum();
    assert_eq!((sums, outcome.report.counters.reduce_input_groups), (100, 2));
    drop(job);
    assert_eq!(Arc::strong_count(&stop_words), 1, "no task keeps it");
}

#[test]
fn a_map_only_job_writes_what_it_emits_in_the_order_of_the_input() {
    let text = "delta\nalpha\ncharlie\nbravo\n";
    for mode in MODES {
        let scratch = Scratch::with_input(text);
        let mut config = scratch.config(mode);
        config.split_bytes = Some(8);
        let map = |line: Record<'_>| Ok(vec![(line.to_vec(), line.len() as u64)]);
        let job = Job::map_only("lengths", map_lines(map)).input(scratch.input().as_path());
        let outcome = scratch.run(&config, |config| job.run(config));
        let names: Vec<_> = outcome.parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["part-m-00000", "part-m-00001", "part-m-00002", "part-m-00003"]);
        assert_eq!(outcome.text(), "delta\t5\nalpha\t5\ncharlie\t7\nbravo\t5\n");
        let counters = &outcome.report.counters;
        assert_eq!((counters.map_output_records, counters.reduce_output_records), (4, 0));
        assert_eq!((counters.spilled_records, counters.file_bytes_written), (0, 0));
        assert_eq!(outcome.report.reducers, 0);
    }
}

#[test]
fn with_zero_reducers_any_job_is_map_only() {
    let scratch = Scratch::with_input("b a b");
    let job = word_count().combine(add).input(scratch.input().as_path());
    let outcome = scratch.run(&scratch.config(Mode::Disk).reducers(0), |config| job.run(config));
    assert_eq!(outcome.text(), "b\t1\na\t1\nb\t1\n");
    assert!(outcome.parts.iter().all(|(name, _)| name.starts_with("part-m-")));
}

#[test]
fn a_jobs_own_number_of_reducers_wins() {
    let scratch = Scratch::with_input("b a b");
    let job = word_count().input(scratch.input().as_path()).reducers(1);
    let outcome = scratch.run(&scratch.config(Mode::Disk).reducers(5), |config| job.run(config));
    assert_eq!(outcome.parts, [("part-r-00000".to_owned(), b"a\t1\nb\t2\n".to_vec())]);
    assert_eq!(outcome.report.reducers, 1);
}

/// Words by their first letter: a to m, and the rest.
#[derive(Clone)]
struct Halves;

impl Partitioner for Halves {
    fn partition(&self, key: &[u8], _: u32) -> u32 {
        u32::from(key[0] > b'm')
    }
}

#[test]
fn a_partitioner_of_ones_own_says_who_gets_a_key() {
    let text = "zebra ant moose newt bee zebra ant yak";
    for mode in MODES {
        let scratch = Scratch::with_input(text);
        let mut config = scratch.config(mode);
        config.split_bytes = Some(10);
        let job = word_count().partition_by(Halves).input(scratch.input().as_path());
        for combined in [false, true] {
            let outcome = scratch.run(&config, |config| match combined {
                false => job.run(config),
                true => job.clone().combine(add).run(config),
            });
            let parts: Vec<_> = outcome.parts.iter().map(|(_, bytes)| std::str::from_utf8(bytes).unwrap()).collect();
            assert_eq!(parts, ["ant\t2\nbee\t1\nmoose\t1\n", "newt\t1\nyak\t1\nzebra\t2\n", ""]);
        }
    }
}

/// Not below the number of reducers.
#[derive(Clone)]
struct Beyond;

impl Partitioner for Beyond {
    fn partition(&self, _: &[u8], reducers: u32) -> u32 {
        reducers
    }
}

#[test]
fn a_partition_beyond_the_reducers_fails_the_job() {
    for mode in MODES {
        let scratch = Scratch::with_input("some words here");
        let job = word_count().partition_by(Beyond).input(scratch.input().as_path());
        let plain = scratch.fail(&scratch.config(mode), |config| job.run(config));
        let combined = scratch.fail(&scratch.config(mode), |config| job.clone().combine(add).run(config));
        for error in [plain, combined] {
            assert!(matches!(error, Error::Task { .. }), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn with_a_total_order_the_parts_one_after_another_are_sorted(
        words in prop::collection::vec("[a-e]{1,4}", 0..200),
        sampled in prop::collection::vec("[a-e]{1,4}", 0..20),
        reducers in 1u32..9,
    ) {
        let scratch = Scratch::with_input(words.join(" "));
        let sample = sampled.iter().map(|word| word.as_bytes().into()).collect();
        let order = TotalOrderPartitioner::from_sample(sample, reducers);
        let job = word_count().partition_by(order).input(scratch.input().as_path());
        let outcome = scratch.run(&scratch.config(Mode::Memory).reducers(reducers), |config| job.run(config));
        let text = words.join(" ");
        let expected: String = counts(text.as_bytes())
            .iter()
            .map(|(word, count)| format!("{}\t{count}\n", std::str::from_utf8(word).unwrap()))
            .collect();
        prop_assert_eq!(String::from_utf8(concatenated(&outcome.parts)).unwrap(), expected);
        prop_assert_eq!(outcome.parts.len() as u32, reducers);
    }
}

/// Reads at most some values of each group.
#[derive(Clone)]
struct TakeSome {
    most: usize,
}

impl Reducer for TakeSome {
    type Key = (String, u64);
    type Value = String;
    type OutKey = String;
    type OutValue = String;

    fn reduce(
        &mut self,
        (key, _): (String, u64),
        values: &mut Values<String>,
        out: &mut impl Emit<String, String>,
    ) -> Result<()> {
        let mut taken = Vec::new();
        while taken.len() < self.most {
            match values.next() {
                Some(value) => taken.push(value.to_owned()),
                None => break,
            }
        }
        out.emit(&key, taken.join(","));
        Ok(())
    }
}

#[test]
fn a_reducer_may_leave_values_unread() {
    let text: String = (0..300).map(|i| format!("{} v{i}\n", ["a", "b", "c"][i % 3])).collect();
    for mode in MODES {
        for most in [0, 1, 2, 1000] {
            let scratch = Scratch::with_input(&text);
            let map = |line: Record<'_>| pair(&line).map(|(key, value)| vec![((key, line.offset()), value)]);
            let job = Job::new("first", map_lines(map), TakeSome { most }).group_by_prefix(by_first_part).reducers(1);
            let mut config = scratch.config(mode);
            config.split_bytes = Some(500);
            let outcome = scratch.run(&config, |config| job.input(scratch.input().as_path()).run(config));
            let taken = |first: usize| {
                let values: Vec<_> = (first..300).step_by(3).take(most).map(|i| format!("v{i}")).collect();
                values.join(",")
            };
            assert_eq!(outcome.text(), format!("a\t{}\nb\t{}\nc\t{}\n", taken(0), taken(1), taken(2)));
            let counters = &outcome.report.counters;
            assert_eq!((counters.reduce_input_groups, counters.reduce_input_records), (3, 300));
        }
    }
}

/// Asks for a value once more than there are.
#[derive(Clone)]
struct AskOnceMore;

impl Reducer for AskOnceMore {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, word: &[u8], counts: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        let sum = counts.by_ref().sum::<u64>();
        assert_eq!((counts.next(), counts.next()), (None, None));
        out.emit(word, sum);
        Ok(())
    }
}

#[test]
fn values_end_where_their_group_ends() {
    let text = "a b a c b a";
    let scratch = Scratch::with_input(text);
    let job = Job::new("wordcount", Tokenize, AskOnceMore).input(scratch.input().as_path());
    let outcome = scratch.run(&scratch.config(Mode::Disk), |config| job.run(config));
    assert_same_parts(&outcome.parts, &word_count_oracle(text.as_bytes(), 3), "asked once more");
}

#[test]
fn a_record_larger_than_every_buffer_passes_whole() {
    let large = "x".repeat(3 << 20);
    let text = format!("a 1\nb {large}\nc 3\n{large} 4\nb 5\n");
    for mode in MODES {
        let scratch = Scratch::with_input(&text);
        let map = |line: Record<'_>| pair(&line).map(|pair| vec![pair]);
        let job = Job::new("large", map_lines(map), JoinValues::<String, String>::new()).reducers(1);
        let mut config = scratch.config(mode);
        (config.memory_bytes, config.sort_buffer_bytes) = (1 << 20, 64 << 10);
        let outcome = scratch.run(&config, |config| job.input(scratch.input().as_path()).run(config));
        assert_eq!(outcome.text(), format!("a\t1\nb\t{large},5\nc\t3\n{large}\t4\n"));
    }
}

#[test]
fn raw_output_has_nothing_between_records() {
    let scratch = Scratch::with_input("b a");
    let job = word_count().input(scratch.input().as_path()).reducers(1).output_format(OutputFormat::Raw);
    assert_eq!(scratch.run(&scratch.config(Mode::Disk), |config| job.run(config)).text(), "a1b1");
}

#[test]
fn a_null_key_or_value_leaves_no_tab() {
    let scratch = Scratch::with_input("b\na\n");
    let config = scratch.config(Mode::Memory);
    let map = |line: Record<'_>| Ok(vec![(line.to_vec(), ())]);
    let job = Job::map_only("keys", map_lines(map)).input(scratch.input().as_path());
    assert_eq!(scratch.run(&config, |config| job.run(config)).text(), "b\na\n");
    let map = |line: Record<'_>| Ok(vec![((), line.to_vec())]);
    let job = Job::map_only("values", map_lines(map)).input(scratch.input().as_path());
    assert_eq!(scratch.run(&config, |config| job.run(config)).text(), "b\na\n");
}

#[test]
fn a_job_may_be_run_again_and_cloned() {
    let scratch = Scratch::with_input("b a b");
    let job = word_count().combine(add).input(scratch.input().as_path());
    let first = scratch.run(&scratch.config(Mode::Disk), |config| job.run(config));
    let second = scratch.run(&scratch.config(Mode::Memory), |config| job.clone().run(config));
    assert_same_parts(&first.parts, &second.parts, "run twice");
}
