//! Jobs that several modules run, and their oracles: the same thing in a few plain lines.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use twinmill::prelude::*;
use twinmill::record::{Key, ToKey, ToText, ToValue, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::harness::{Parts, reduce_parts};

/// Emits every word of a line with 1.
#[derive(Clone)]
pub struct Tokenize;

impl Mapper for Tokenize {
    type Input = Lines;
    type Key = [u8];
    type Value = u64;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        line.words().for_each(|word| out.emit(word, 1));
        Ok(())
    }
}

/// Adds up the values of a key.
#[derive(Clone)]
pub struct Sum;

impl Reducer for Sum {
    type Key = [u8];
    type Value = u64;
    type OutKey = [u8];
    type OutValue = u64;

    fn reduce(&mut self, key: &[u8], values: &mut Values<u64>, out: &mut impl Emit<[u8], u64>) -> Result<()> {
        out.emit(key, values.sum::<u64>());
        Ok(())
    }
}

/// Word count without its combiner.
pub fn word_count() -> Job<Tokenize, Sum> {
    Job::new("wordcount", Tokenize, Sum)
}

/// Word count's combiner.
pub fn add(sum: &mut u64, count: u64) {
    *sum += count;
}

/// Maximal runs of bytes other than space, TAB, LF, CR and FF.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| b" \t\n\r\x0c".contains(byte)).filter(|word| !word.is_empty())
}

/// Counts the occurrences of each word.
pub fn counts(text: &[u8]) -> BTreeMap<&[u8], u64> {
    let mut counts = BTreeMap::new();
    words(text).for_each(|word| *counts.entry(word).or_default() += 1);
    counts
}

/// The output of word count.
pub fn word_count_oracle(text: &[u8], reducers: u32) -> Parts {
    partitioned(&counts(text), reducers)
}

/// The text form of a sorted map, spread over parts as the default partitioner does: by XXH3-64 of the key.
pub fn partitioned<V: ToString>(sorted: &BTreeMap<&[u8], V>, reducers: u32) -> Parts {
    let mut parts = vec![Vec::new(); reducers as usize];
    for (key, value) in sorted {
        let part = &mut parts[((u128::from(xxh3_64(key)) * u128::from(reducers)) >> 64) as usize];
        part.extend_from_slice(key);
        part.push(b'\t');
        part.extend_from_slice(value.to_string().as_bytes());
        part.push(b'\n');
    }
    reduce_parts(parts)
}

/// Emits the records that a function makes of a line.
pub struct MapLines<F, K, V> {
    map: F,
    emits: PhantomData<fn() -> (K, V)>,
}

/// A mapper made of a function from lines to records.
pub fn map_lines<F, K, V>(map: F) -> MapLines<F, K, V>
where
    F: Fn(Record<'_>) -> Result<Vec<(K, V)>>,
{
    MapLines { map, emits: PhantomData }
}

impl<F: Clone, K, V> Clone for MapLines<F, K, V> {
    fn clone(&self) -> Self {
        MapLines { map: self.map.clone(), emits: PhantomData }
    }
}

impl<F, K, V> Mapper for MapLines<F, K, V>
where
    F: Fn(Record<'_>) -> Result<Vec<(K, V)>> + Clone + Send + Sync,
    K: Key + ToKey<K>,
    V: Value + ToValue<V>,
{
    type Input = Lines;
    type Key = K;
    type Value = V;

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<K, V>) -> Result<()> {
        for (key, value) in (self.map)(line)? {
            out.emit(&key, value);
        }
        Ok(())
    }
}

/// Emits each key with the text of its values in their order, separated by commas.
pub struct JoinValues<K: ?Sized, V: ?Sized>(PhantomData<fn(&K, &V)>);

impl<K: ?Sized, V: ?Sized> JoinValues<K, V> {
    pub fn new() -> Self {
        JoinValues(PhantomData)
    }
}

impl<K: ?Sized, V: ?Sized> Clone for JoinValues<K, V> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<K, V> Reducer for JoinValues<K, V>
where
    K: Key + ?Sized,
    V: Value + ?Sized,
    for<'a> K::Ref<'a>: ToKey<K>,
    for<'a> V::Ref<'a>: ToText,
{
    type Key = K;
    type Value = V;
    type OutKey = K;
    type OutValue = [u8];

    fn reduce(&mut self, key: K::Ref<'_>, values: &mut Values<V>, out: &mut impl Emit<K, [u8]>) -> Result<()> {
        let mut joined = Vec::new();
        while let Some(value) = values.next() {
            if !joined.is_empty() {
                joined.push(b',');
            }
            value.write_text(&mut joined);
        }
        out.emit(&key, joined.as_slice());
        Ok(())
    }
}

/// A job whose output is the values of each byte string.
pub type Joined<M, V> = Job<M, JoinValues<Vec<u8>, V>>;

/// Lists for each word the offsets of its lines, in their order. The output shows every value, and the order of values.
pub fn positions() -> Joined<impl Mapper<Input = Lines, Key = Vec<u8>, Value = u64>, u64> {
    let map = |line: Record<'_>| Ok(line.words().map(|word| (word.to_vec(), line.offset())).collect());
    Job::new("positions", map_lines(map), JoinValues::new())
}

/// [`positions`] with a combiner that appends lists.
pub fn positions_by_lists() -> Joined<impl Mapper<Input = Lines, Key = Vec<u8>, Value = Vec<u64>>, Vec<u64>> {
    let map = |line: Record<'_>| Ok(line.words().map(|word| (word.to_vec(), vec![line.offset()])).collect());
    Job::new("positions", map_lines(map), JoinValues::new())
}

/// The combiner of [`positions_by_lists`].
pub fn append(list: &mut Vec<u64>, more: Vec<u64>) {
    list.extend(more);
}

/// The output of [`positions`] for one file.
pub fn positions_oracle(text: &[u8], reducers: u32) -> Parts {
    let mut positions: BTreeMap<&[u8], String> = BTreeMap::new();
    for (offset, line) in lines(text) {
        for word in words(line) {
            let list = positions.entry(word).or_default();
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(&offset.to_string());
        }
    }
    partitioned(&positions, reducers)
}

/// The lines of a text with their offsets: split on LF, without an empty line after the last one.
pub fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut end = 0;
    text.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let offset = end;
        end += line.len();
        (offset, line.strip_suffix(b"\n").unwrap_or(line))
    })
}
