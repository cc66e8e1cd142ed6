//! Numbers for the nodes of a graph whose ids are numbers themselves, and not much larger than there are nodes.
//!
//! Most graphs that are kept in files have such ids. Each id then has a *code*, a small integer, so that the order of the codes
//! is the order of the ids. A bit for each code says whether the id occurs, and the number of a node is the number of bits
//! before its own:
//!
//! ```text
//! --ids text, up to two digits     code   0  1   2   3      11  12   13      21
//!                                  id    "0" "1" "10" "11" … "19" "2" "20" … "28" …
//! occurs                                  1   0   1    1       0   1    0       1
//! number                                  0   –   1    2       –   3    –       4
//! ```
//!
//! 1. *sample*: [`Codes`] are chosen by the ids of some edges: how many digits, or that there are other ids.
//! 2. *number* ([`number`]): map sets the bits of the ids in its split, reduce puts them together. The driver reads them back,
//!    and every later task has them: a bit a code, and as much again for the counts.
//!
//! A graph with other ids is numbered by sorting them, which its job does in its own way: [`number`] returns `None`.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::prelude::*;
use twinmill::record::{Packed, PackedRef, ToValue, Value};

use crate::jobs::edges::bits::{Bits, Together, WORD_BITS};
use crate::jobs::edges::{Edge, Ids, sample_ids};

/// The fewest codes that are worth a bit each, however small the input.
const FEW_CODES: u64 = 1 << 16;
/// Digits of the largest id.
const MOST_DIGITS: u32 = 9;

/// A way to give ids codes that have the order of the ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// `--ids number`: a number below the limit is its own code.
    Numbers { limit: u32 },
    /// `--ids text`: the place of the digits among all numbers of at most so many digits, in byte order.
    Digits { digits: u32 },
}

/// Numbers that begin with a given digit and have at most so many digits: 1, 11, 111, …
const WITH_FIRST_DIGIT: [u32; MOST_DIGITS as usize + 1] = {
    let mut numbers = [0; MOST_DIGITS as usize + 1];
    let mut digits = 1;
    while digits < numbers.len() {
        numbers[digits] = numbers[digits - 1] * 10 + 1;
        digits += 1;
    }
    numbers
};

/// The reason why an id has no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// It is a number of more digits.
    Longer,
    /// It is no number, or one that is too large.
    Other,
}

/// Most codes that an input is given: a bit for each then takes a sixteenth of the input's bytes.
fn most_codes(input_bytes: u64) -> u32 {
    (input_bytes / 2).clamp(FEW_CODES, 10u64.pow(MOST_DIGITS)) as u32
}

impl Codes {
    /// Codes for the ids of a sample; `None` where they are no numbers, or too large.
    fn of_sample<'a>(ids: Ids, sample: impl IntoIterator<Item = &'a [u8]>, input_bytes: u64) -> Option<Self> {
        let most = most_codes(input_bytes);
        let mut codes = match ids {
            Ids::Number => Codes::Numbers { limit: most },
            Ids::Text => Codes::Digits { digits: 1 },
        };
        let mut any = false;
        for id in sample {
            any = true;
            while let Err(unfit) = codes.code(id) {
                codes = codes.for_longer(unfit, most)?;
            }
        }
        any.then_some(codes)
    }

    /// Codes for longer ids, if there may be so many.
    fn for_longer(self, unfit: Unfit, most: u32) -> Option<Self> {
        match (self, unfit) {
            (Codes::Digits { digits }, Unfit::Longer) if 10u64.pow(digits + 1) <= u64::from(most).max(FEW_CODES) => {
                Some(Codes::Digits { digits: digits + 1 })
            }
            _ => None,
        }
    }

    /// The code of an id as it stands in a line.
    fn code(self, id: &[u8]) -> Result<u32, Unfit> {
        let mut rest = id;
        let code = self.read(&mut rest, None)?;
        if rest.is_empty() { Ok(code) } else { Err(Unfit::Other) }
    }

    /// Reads an id up to `end`, or up to the end of the line, and moves past both.
    #[inline(always)]
    fn read(self, line: &mut &[u8], end: Option<u8>) -> Result<u32, Unfit> {
        match self {
            Codes::Numbers { limit } => {
                let number = read_digits(line, end, 0u64, |number, _, digit| {
                    let number = number * 10 + u64::from(digit);
                    if number < u64::from(limit) { Ok(number) } else { Err(Unfit::Other) }
                })?;
                Ok(number as u32)
            }
            Codes::Digits { digits } => {
                let digits = digits as usize;
                if let [b'0', rest @ ..] = line {
                    // A number that begins with 0 is 0, or it is no number.
                    let ends = if rest.is_empty() { end.is_none() } else { Some(rest[0]) == end };
                    *line = rest.get(1..).unwrap_or_default();
                    return if ends { Ok(0) } else { Err(Unfit::Other) };
                }
                // Before a number stand those with a smaller first digit; then itself without its last digits, and those
                // with a smaller second digit; and so on.
                let code = read_digits(line, end, 0u32, |code, place, digit| {
                    let Some(after) = digits.checked_sub(place) else { return Err(Unfit::Longer) };
                    if after == 0 {
                        Err(Unfit::Longer)
                    } else {
                        Ok(code + 1 + u32::from(digit) * WITH_FIRST_DIGIT[after])
                    }
                })?;
                Ok(code - WITH_FIRST_DIGIT[digits])
            }
        }
    }

    /// Appends the id of a code as it is printed.
    pub fn write(self, code: u32, out: &mut Vec<u8>) {
        match self {
            Codes::Numbers { .. } => twinmill::record::ToText::write_text(&code, out),
            Codes::Digits { .. } if code == 0 => out.push(b'0'),
            Codes::Digits { digits } => {
                let mut left = code - 1 + WITH_FIRST_DIGIT[digits as usize];
                for after in (1..=digits as usize).rev() {
                    out.push(b'0' + (left / WITH_FIRST_DIGIT[after]) as u8);
                    left %= WITH_FIRST_DIGIT[after];
                    if left == 0 {
                        return;
                    }
                    left -= 1;
                }
            }
        }
    }
}

/// Reads digits up to `end`, or up to the end of the line, and moves past both. `add` is given what it has returned so far,
/// the digit's place and the digit.
#[inline(always)]
fn read_digits<T>(
    line: &mut &[u8],
    end: Option<u8>,
    start: T,
    mut add: impl FnMut(T, usize, u8) -> Result<T, Unfit>,
) -> Result<T, Unfit> {
    let mut value = start;
    for (place, byte) in line.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = add(value, place, digit)?;
            continue;
        }
        if Some(*byte) != end || place == 0 {
            return Err(Unfit::Other);
        }
        *line = &line[place + 1..];
        return Ok(value);
    }
    if end.is_some() || line.is_empty() {
        return Err(Unfit::Other);
    }
    *line = &[];
    Ok(value)
}

// ------------------------------------------------------------------ edges

/// Edges by the codes of their ids, and the reason why other edges are not among them.
#[derive(Debug, Default)]
pub struct CodedEdges {
    pub edges: Vec<(u32, u32)>,
    pub unfit: Option<Unfit>,
}

impl Block for CodedEdges {
    fn records(&self) -> u64 {
        self.edges.len() as u64 + u64::from(self.unfit.is_some())
    }

    fn heap_bytes(&self) -> usize {
        self.edges.capacity() * size_of::<(u32, u32)>()
    }

    fn complete(&mut self) {
        self.edges.shrink_to_fit();
    }

    fn codec() -> Option<BlockCodec<Self>> {
        Some(BlockCodec {
            encode: |block, out| {
                let is_longer = block.unfit.map(|unfit| unfit == Unfit::Longer);
                ToValue::<SentEdges>::encode(&(&block.edges, is_longer), out);
            },
            decode: |bytes| {
                let (edges, is_longer) = SentEdges::decode(bytes)?;
                let unfit = is_longer.map(|is_longer| if is_longer { Unfit::Longer } else { Unfit::Other });
                Ok(CodedEdges { edges, unfit })
            },
        })
    }
}

/// Edges, and whether an id among the others is too long or otherwise unfit: as they are sent.
type SentEdges = (Vec<(u32, u32)>, Option<bool>);

/// Reads edges as codes.
#[derive(Clone, Copy, Debug)]
pub struct ParseEdges {
    ids: Ids,
    codes: Codes,
}

impl ParseEdges {
    /// The edge of a line, if both of its ids have a code.
    #[inline(always)]
    fn edge(self, line: &[u8]) -> Result<(u32, u32), Unfit> {
        let mut rest = line;
        let source = self.codes.read(&mut rest, Some(b'\t'))?;
        Ok((source, self.codes.read(&mut rest, None)?))
    }

    /// Reads a line that is no edge of two codes at first sight.
    #[cold]
    fn other_line(self, line: &[u8], block: &mut CodedEdges) -> Result<()> {
        let mut edge = Edge::default();
        if !edge.parse(line, self.ids)? {
            return Ok(());
        }
        let code = |id: &[u8]| -> Result<Result<u32, Unfit>> { Ok(self.codes.code(&self.ids.text(id)?)) };
        match (code(edge.source())?, code(edge.target())?) {
            (Ok(source), Ok(target)) => block.edges.push((source, target)),
            (source, target) => block.unfit = block.unfit.max(source.err()).max(target.err()),
        }
        Ok(())
    }

    /// Adds a line to a block.
    #[inline(always)]
    pub fn line(self, line: &[u8], block: &mut CodedEdges) -> Result<()> {
        match self.edge(line) {
            Ok(edge) => {
                block.edges.push(edge);
                Ok(())
            }
            Err(_) => self.other_line(line, block),
        }
    }
}

impl Parse for ParseEdges {
    type Input = Lines;
    type Block = CodedEdges;

    #[inline]
    fn parse(&self, line: Record<'_>, block: &mut CodedEdges) -> Result<()> {
        self.line(&line, block)
    }
}

// ------------------------------------------------------------------ nodes

/// The nodes of a graph: their ids' codes, and their numbers, which count the nodes in the order of their ids.
#[derive(Debug)]
pub struct Nodes {
    codes: Codes,
    /// The bits of some codes, and the number of nodes before them.
    words: Vec<(u64, u32)>,
    count: u32,
}

impl Nodes {
    fn new(codes: Codes, bits: Bits) -> Self {
        let mut count = 0;
        let words = bits.into_words().into_iter().map(|bits| {
            let before = count;
            count += bits.count_ones();
            (bits, before)
        });
        let words = words.collect();
        Nodes { codes, words, count }
    }

    pub fn count(&self) -> u32 {
        self.count
    }

    pub fn heap_bytes(&self) -> u64 {
        (self.words.capacity() * size_of::<(u64, u32)>()) as u64
    }

    /// The number of a node, by its code.
    #[inline(always)]
    pub fn number(&self, code: u32) -> u32 {
        let (bits, before) = self.words[code as usize / WORD_BITS];
        before + (bits & ((1 << (code as usize % WORD_BITS)) - 1)).count_ones()
    }

    /// The number of the node with an id, or of the first node behind where it would stand.
    pub fn number_of_id(&self, id: &[u8]) -> u32 {
        let code = self.codes.code(id).unwrap_or(0);
        if code as usize / WORD_BITS < self.words.len() { self.number(code) } else { self.count }
    }

    /// The codes of the nodes from a number on.
    pub fn codes_from(&self, number: u32) -> impl Iterator<Item = u32> {
        let word = self.words.partition_point(|(_, before)| *before <= number).saturating_sub(1);
        let codes = self.words.iter().zip((0u32..).step_by(WORD_BITS)).skip(word).flat_map(|((bits, _), first)| {
            let mut bits = *bits;
            std::iter::from_fn(move || {
                let code = (bits != 0).then(|| first + bits.trailing_zeros())?;
                bits &= bits - 1;
                Some(code)
            })
        });
        let before = self.words.get(word).map_or(0, |(_, before)| *before);
        codes.skip((number - before) as usize)
    }

    /// The code of the node with a number.
    pub fn code(&self, number: u32) -> u32 {
        self.codes_from(number).next().expect("the number of a node")
    }

    /// Calls `each` with the ids of the nodes from a number on, as they are printed, each with one of `values`.
    pub fn zip_ids<T>(
        &self,
        number: u32,
        values: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&[u8], T) -> Result<()>,
    ) -> Result<()> {
        let mut id = Vec::new();
        self.codes_from(number).zip(values).try_for_each(|(code, value)| {
            id.clear();
            self.write_id(code, &mut id);
            each(&id, value)
        })
    }

    /// Appends the id of a code as it is printed.
    pub fn write_id(&self, code: u32, out: &mut Vec<u8>) {
        self.codes.write(code, out);
    }
}

// ------------------------------------------------------------------ the job

/// Sets the bits of the codes in a split.
#[derive(Clone, Default)]
struct Occurring {
    bits: Bits,
}

impl Mapper for Occurring {
    type Input = Blocks<ParseEdges>;
    type Key = u32;
    type Value = Packed<u64>;

    fn map(&mut self, block: &CodedEdges, out: &mut impl Emit<u32, Packed<u64>>) -> Result<()> {
        for (source, target) in &block.edges {
            self.bits.set(*source);
            self.bits.set(*target);
        }
        out.aggregate("edges", block.edges.len() as u64);
        match block.unfit {
            None => {}
            Some(Unfit::Longer) => out.aggregate("longer", 1),
            Some(Unfit::Other) => out.aggregate("other", 1),
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut impl Emit<u32, Packed<u64>>) -> Result<()> {
        self.bits.emit(out);
        Ok(())
    }
}

/// A graph by numbers.
pub struct Numbered {
    pub edges: Invariant<ParseEdges>,
    pub nodes: Arc<Nodes>,
    /// Edges, each as often as it occurs.
    pub edge_count: u64,
    /// Numbers of the nodes at both ends of some edges.
    pub sample: Vec<u32>,
    /// The nodes as they were read back. A run that is resumed reads them again, so they stay to the end.
    pub pieces: Dataset<u32, Packed<u64>>,
}

/// Numbers the nodes of a graph; `None` where an id has no code.
pub fn number(driver: &mut Driver, name: &str, inputs: &[PathBuf], ids: Ids) -> Result<Option<Numbered>> {
    let (sample, input_bytes) = (sample_ids(inputs, ids, driver.inputs())?, driver.inputs().bytes(inputs)?);
    let sample = sample.iter().map(|id| ids.text(id)).collect::<Result<Vec<_>>>()?;
    let mut codes = Codes::of_sample(ids, sample.iter().map(|id| &id[..]), input_bytes);
    while let Some(some) = codes {
        let edges = driver.invariant(inputs, ParseEdges { ids, codes: some })?;
        let job = Job::new(name, Occurring::default(), Together).input(&edges).reducers(1);
        let pieces = driver.run_to_dataset(&job)?;
        let unfit = match (driver.aggregate("other"), driver.aggregate("longer")) {
            (0, 0) => return read_back(driver, edges, some, pieces, &sample).map(Some),
            (0, _) => Unfit::Longer,
            _ => Unfit::Other,
        };
        codes = some.for_longer(unfit, most_codes(input_bytes));
    }
    Ok(None)
}

fn read_back(
    driver: &Driver,
    edges: Invariant<ParseEdges>,
    codes: Codes,
    pieces: Dataset<u32, Packed<u64>>,
    sample: &[Vec<u8>],
) -> Result<Numbered> {
    let mut bits = Bits::default();
    pieces.for_each(|piece, words: PackedRef<'_, u64>| {
        bits.put(piece, words.iter());
        Ok(())
    })?;
    let nodes = Nodes::new(codes, bits);
    let sample = sample.iter().map(|id| nodes.number_of_id(id)).collect();
    let edge_count = driver.aggregate("edges");
    Ok(Numbered { edges, nodes: Arc::new(nodes), edge_count, sample, pieces })
}

/// Numbers nodes without the framework, for the references: codes that are added one by one.
pub struct Coding {
    parse: ParseEdges,
    pub block: CodedEdges,
}

impl Coding {
    /// A coding for the ids of a sample.
    pub fn of_sample(ids: Ids, sample: &[Vec<u8>], input_bytes: u64) -> Option<Self> {
        let codes = Codes::of_sample(ids, sample.iter().map(|id| &id[..]), input_bytes)?;
        Some(Coding { parse: ParseEdges { ids, codes }, block: CodedEdges::default() })
    }

    /// Adds a line.
    #[inline(always)]
    pub fn line(&mut self, line: &[u8]) -> Result<()> {
        self.parse.line(line, &mut self.block)
    }

    /// The coding to go on with from the beginning, where an id has had no code; `None` where there is none.
    pub fn for_longer(&self, unfit: Unfit, input_bytes: u64) -> Option<Self> {
        let codes = self.parse.codes.for_longer(unfit, most_codes(input_bytes))?;
        Some(Coding { parse: ParseEdges { codes, ..self.parse }, block: CodedEdges::default() })
    }

    /// The nodes, and the edges by their numbers.
    pub fn finish(self) -> (Nodes, Vec<(u32, u32)>) {
        let (mut bits, mut edges) = (Bits::default(), self.block.edges);
        for (source, target) in &edges {
            bits.set(*source);
            bits.set(*target);
        }
        let nodes = Nodes::new(self.parse.codes, bits);
        for (source, target) in &mut edges {
            (*source, *target) = (nodes.number(*source), nodes.number(*target));
        }
        (nodes, edges)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn codes_have_the_order_of_the_ids_and_leave_no_gap() {
        use super::*;

        for digits in 1..=4 {
            let codes = Codes::Digits { digits };
            let mut ids: Vec<String> = (0..10u32.pow(digits)).map(|number| number.to_string()).collect();
            ids.sort();
            for (code, id) in (0u32..).zip(&ids) {
                assert_eq!(codes.code(id.as_bytes()), Ok(code), "{id}");
                let mut text = Vec::new();
                codes.write(code, &mut text);
                assert_eq!(text, id.as_bytes());
            }
        }
        let (codes, mut text) = (Codes::Digits { digits: 9 }, Vec::new());
        assert_eq!(codes.code(b"999999999"), Ok(999_999_999));
        codes.write(999_999_999, &mut text);
        assert_eq!(text, b"999999999");
    }

    #[test]
    fn edges_are_sent_as_they_are() {
        use super::*;

        let BlockCodec { encode, decode } = CodedEdges::codec().unwrap();
        for unfit in [None, Some(Unfit::Longer), Some(Unfit::Other)] {
            let (block, mut bytes) = (CodedEdges { edges: vec![(1, u32::MAX), (0, 7)], unfit }, Vec::new());
            encode(&block, &mut bytes);
            let read = decode(&bytes).unwrap();
            assert_eq!((read.edges, read.unfit), (block.edges, unfit));
            assert!((0..bytes.len()).all(|end| decode(&bytes[..end]).is_err()), "an edge is torn");
        }
        assert!(decode(&[3]).is_err());
    }

    #[test]
    fn ids_that_are_no_small_numbers_have_no_code() {
        use super::*;

        let (text, number) = (Codes::Digits { digits: 3 }, Codes::Numbers { limit: 1000 });
        for other in ["", "00", "01", "-1", "+1", "1a", "a", "1 ", " 1", "0x", "10\t"] {
            assert_eq!(text.code(other.as_bytes()), Err(Unfit::Other), "{other:?}");
        }
        assert_eq!(text.code(b"1000"), Err(Unfit::Longer));
        assert_eq!((number.code(b"007"), number.code(b"999"), number.code(b"0")), (Ok(7), Ok(999), Ok(0)));
        for other in ["", "1000", "-1", "+1", "99999999999999999999999", "1a"] {
            assert_eq!(number.code(other.as_bytes()), Err(Unfit::Other), "{other:?}");
        }
    }

    #[test]
    fn nodes_are_counted_in_the_order_of_their_codes() {
        use super::*;

        let mut bits = Bits::default();
        let present = [0u32, 3, 63, 64, 65, 1000, 4095, 4096];
        present.iter().for_each(|code| bits.set(*code));
        let nodes = Nodes::new(Codes::Numbers { limit: 10_000 }, bits);
        assert_eq!(nodes.count(), present.len() as u32);
        for (number, code) in (0u32..).zip(present) {
            assert_eq!((nodes.number(code), nodes.code(number)), (number, code));
            assert!(nodes.codes_from(number).eq(present[number as usize..].iter().copied()));
        }
        assert_eq!(nodes.codes_from(8).next(), None);
    }
}
