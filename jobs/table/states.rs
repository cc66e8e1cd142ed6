//! What aggregates keep of a group while it is added up: counts, sums, least and greatest cells.
//!
//! A combiner holds the states of a group for each key of its table, and folds those of each row into them. So a state is two
//! words, and the states of a group are an array of just as many as the plan needs, or nearly: nothing is allocated for a row,
//! unless it has more states than an array of the job, or a long cell.

use twinmill::prelude::*;
use twinmill::record::{ToText, ToValue, Value};

use crate::jobs::table::cells::write_cell;
use crate::jobs::table::decimal::Decimal;
use crate::jobs::table::order;

/// Longest cell that lies in its state.
const SHORT_BYTES: usize = 13;

/// One aggregate of a group. States of one kind are folded into one, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// There was no value yet.
    #[default]
    Nothing,
    Count(u64),
    Sum {
        units: i64,
        scale: u8,
    },
    /// A sum whose units do not fit a word.
    LongSum(Box<Decimal>),
    /// A sum that does not fit at all.
    TooLong,
    /// The cell at an end of the order, if it is short.
    Short {
        end: End,
        len: u8,
        bytes: [u8; SHORT_BYTES],
    },
    Long {
        end: End,
        cell: Box<Box<[u8]>>,
    },
}

/// An end of the order of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Least,
    Greatest,
}

impl State {
    pub fn sum(number: Decimal) -> Self {
        let mut state = State::Nothing;
        state.set_sum(number);
        state
    }

    pub fn cell(end: End, cell: &[u8]) -> Self {
        let mut state = State::Nothing;
        state.set_cell(end, cell);
        state
    }

    /// Makes it a sum.
    #[inline(always)]
    pub fn set_sum(&mut self, number: Decimal) {
        *self = match i64::try_from(number.units) {
            Ok(units) => State::Sum { units, scale: number.scale },
            Err(_) => State::LongSum(Box::new(number)),
        };
    }

    /// Makes it a cell at an end of the order.
    #[inline(always)]
    pub fn set_cell(&mut self, end: End, cell: &[u8]) {
        let mut bytes = [0; SHORT_BYTES];
        *self = match bytes.get_mut(..cell.len()) {
            Some(short) => {
                short.copy_from_slice(cell);
                State::Short { end, len: cell.len() as u8, bytes }
            }
            None => State::Long { end, cell: Box::new(cell.into()) },
        };
    }

    /// The sum, if it is one.
    pub fn decimal(&self) -> Option<Decimal> {
        match self {
            State::Sum { units, scale } => Some(Decimal { units: i128::from(*units), scale: *scale }),
            State::LongSum(sum) => Some(**sum),
            _ => None,
        }
    }

    /// The cell at an end of the order, if it is one.
    fn extreme(&self) -> Option<(End, &[u8])> {
        match self {
            State::Short { end, len, bytes } => Some((*end, &bytes[..usize::from(*len)])),
            State::Long { end, cell } => Some((*end, cell)),
            _ => None,
        }
    }

    #[inline(always)]
    fn fold(&mut self, more: State) {
        match (&mut *self, more) {
            (_, State::Nothing) => {}
            (State::Count(count), State::Count(more)) => *count += more,
            (State::Sum { units, scale }, more @ State::Sum { units: plus, scale: other }) => {
                match units.checked_add(plus).filter(|_| *scale == other) {
                    Some(sum) => *units = sum,
                    None => self.fold_other(more),
                }
            }
            (_, more) => self.fold_other(more),
        }
    }

    #[inline(never)]
    fn fold_other(&mut self, more: State) {
        if *self == State::Nothing || more == State::TooLong {
            *self = more;
        } else if let (Some((end, cell)), Some((_, other))) = (self.extreme(), more.extreme()) {
            // Of numbers that are written in two ways, the bytes decide.
            let order = order::compare(other, cell).then_with(|| other.cmp(cell));
            if if end == End::Least { order.is_lt() } else { order.is_gt() } {
                *self = more;
            }
        } else if let (Some(mut sum), Some(number)) = (self.decimal(), more.decimal()) {
            *self = sum.add(number).map_or(State::TooLong, |()| State::sum(sum));
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            State::LongSum(_) => size_of::<Decimal>(),
            State::Long { cell, .. } => size_of::<Box<[u8]>>() + cell.len(),
            _ => 0,
        }
    }

    /// Appends it as it stands in the output.
    pub fn write(&self, null: &[u8], out: &mut Vec<u8>) {
        match (self, self.extreme()) {
            (State::Count(count), _) => ToText::write_text(count, out),
            (_, Some((_, cell))) => write_cell(cell, out),
            _ => match self.decimal() {
                Some(sum) => out.extend_from_slice(sum.to_string().as_bytes()),
                None => out.extend_from_slice(null),
            },
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            State::Nothing => out.push(NOTHING),
            State::Count(count) => {
                out.push(COUNT);
                ToValue::<u64>::encode_part(count, out);
            }
            State::Sum { units, scale } => {
                out.push(SUM);
                ToValue::<(u8, i64)>::encode_part(&(*scale, *units), out);
            }
            State::LongSum(sum) => {
                out.push(LONG_SUM);
                ToValue::<(u8, i128)>::encode_part(&(sum.scale, sum.units), out);
            }
            State::TooLong => out.push(TOO_LONG),
            State::Short { end, .. } | State::Long { end, .. } => {
                out.push(if *end == End::Least { LEAST } else { GREATEST });
                let (_, cell) = self.extreme().expect("a cell");
                ToValue::<Vec<u8>>::encode_part(cell, out);
            }
        }
    }

    fn decode(bytes: &mut &[u8]) -> Result<Self> {
        let Some((kind, rest)) = bytes.split_first() else { return Err(Error::codec("a state", bytes)) };
        *bytes = rest;
        Ok(match *kind {
            NOTHING => State::Nothing,
            COUNT => State::Count(u64::decode_part(bytes)?),
            SUM => {
                let (scale, units) = <(u8, i64)>::decode_part(bytes)?;
                State::Sum { units, scale }
            }
            LONG_SUM => {
                let (scale, units) = <(u8, i128)>::decode_part(bytes)?;
                State::sum(Decimal { units, scale })
            }
            TOO_LONG => State::TooLong,
            LEAST => State::cell(End::Least, &Vec::<u8>::decode_part(bytes)?),
            GREATEST => State::cell(End::Greatest, &Vec::<u8>::decode_part(bytes)?),
            other => return Err(Error::codec("a state", &[other])),
        })
    }
}

const NOTHING: u8 = 0;
const COUNT: u8 = 1;
const SUM: u8 = 2;
const LONG_SUM: u8 = 3;
const TOO_LONG: u8 = 4;
const LEAST: u8 = 5;
const GREATEST: u8 = 6;

/// A list of states: an array, of which the last ones may be unused, or any number of them.
pub trait List: AsRef<[State]> + IntoIterator<Item = State> + Clone + PartialEq + Send + 'static {
    /// A list of so many that are nothing.
    fn of(count: usize) -> Self;

    fn states(&mut self) -> &mut [State];

    /// The state of this number, which is the next one where the list may grow; `None` where there is no room for it.
    fn place(&mut self, number: usize) -> Option<&mut State>;

    /// Bytes of the list on the heap, without what its states own.
    fn own_heap_bytes(&self) -> usize;
}

impl<const N: usize> List for [State; N] {
    #[inline(always)]
    fn of(count: usize) -> Self {
        debug_assert!(count <= N, "the array was chosen for the plan");
        [const { State::Nothing }; N]
    }

    #[inline(always)]
    fn states(&mut self) -> &mut [State] {
        self
    }

    fn place(&mut self, number: usize) -> Option<&mut State> {
        self.get_mut(number)
    }

    fn own_heap_bytes(&self) -> usize {
        0
    }
}

impl List for Vec<State> {
    fn of(count: usize) -> Self {
        vec![State::Nothing; count]
    }

    fn states(&mut self) -> &mut [State] {
        self
    }

    fn place(&mut self, number: usize) -> Option<&mut State> {
        self.resize(number + 1, State::Nothing);
        self.last_mut()
    }

    fn own_heap_bytes(&self) -> usize {
        self.capacity() * size_of::<State>()
    }
}

/// The states of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct States<L>(pub L);

impl<L: List> States<L> {
    /// Adds the states of the same group elsewhere.
    #[inline(always)]
    pub fn fold(&mut self, more: States<L>) {
        for (state, more) in self.0.states().iter_mut().zip(more.0) {
            state.fold(more);
        }
    }
}

impl<L: List> Default for States<L> {
    fn default() -> Self {
        States(L::of(0))
    }
}

impl<L: List> Value for States<L> {
    type Ref<'a> = States<L>;

    fn decode(bytes: &[u8]) -> Result<Self> {
        States::decode_owned(bytes)
    }

    /// All that is left: states are the whole value of a record.
    fn decode_part(bytes: &mut &[u8]) -> Result<Self> {
        let mut list = L::of(0);
        for number in 0.. {
            if bytes.is_empty() {
                break;
            }
            *list.place(number).ok_or_else(|| Error::codec("as many states", bytes))? = State::decode(bytes)?;
        }
        Ok(States(list))
    }

    #[inline]
    fn heap_bytes(&self) -> usize {
        self.own_heap_bytes() + self.0.as_ref().iter().map(State::heap_bytes).sum::<usize>()
    }

    #[inline]
    fn own_heap_bytes(&self) -> usize {
        self.0.own_heap_bytes()
    }
}

impl<L: List> ToValue<States<L>> for States<L> {
    /// Without what every list has.
    fn encode_part(&self, out: &mut Vec<u8>) {
        let (states, shortest) = (self.0.as_ref(), L::of(0).as_ref().len());
        let unused = states.iter().rev().take(shortest).take_while(|state| **state == State::Nothing).count();
        states[..states.len() - unused].iter().for_each(|state| state.encode(out));
    }

    fn to_value(&self) -> States<L> {
        self.clone()
    }

    fn into_value(self) -> States<L> {
        self
    }
}

/// For people who inspect runs.
impl<L: List> ToText for States<L> {
    fn write_text(&self, out: &mut Vec<u8>) {
        for (at, state) in self.0.as_ref().iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            state.write(b"", out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(units: i128, scale: u8) -> State {
        State::sum(Decimal { units, scale })
    }

    #[test]
    fn states_are_small_and_come_back_from_their_encoding() {
        assert!(size_of::<State>() <= 16, "{}", size_of::<State>());
        let all = [
            State::Nothing,
            State::Count(300),
            sum(-5, 2),
            sum(-(1i128 << 90), 9),
            State::TooLong,
            State::cell(End::Least, b"12"),
            State::cell(End::Greatest, &[b'x'; 100]),
        ];
        for len in 0..=all.len() {
            let (states, mut bytes) = (States(all[..len].to_vec()), Vec::new());
            states.encode(&mut bytes);
            assert_eq!(States::decode(&bytes).unwrap(), states);
            let few = States::<[State; 4]>::decode(&bytes);
            assert_eq!(few.map(|few| few.0[..len].to_vec()).ok(), (len <= 4).then_some(states.0));
        }
        let (mut bytes, unused) = (Vec::new(), States::<[State; 4]>::default());
        unused.encode(&mut bytes);
        assert!(bytes.is_empty() && States::decode(&bytes).unwrap() == unused, "a record of none has no bytes");
        assert_eq!(all[3].decimal().unwrap().units, -(1i128 << 90));
    }

    #[test]
    fn states_are_folded_in_any_order() {
        let one = States([State::Count(1), sum(15, 1), State::cell(End::Least, b"10"), sum(i128::from(i64::MAX), 0)]);
        let other = States([State::Count(2), State::Nothing, State::cell(End::Least, b"9"), sum(25, 1)]);
        let (mut forwards, mut backwards) = (one.clone(), other.clone());
        forwards.fold(other);
        backwards.fold(one);
        assert_eq!(forwards, backwards);
        let mut text = Vec::new();
        forwards.write_text(&mut text);
        assert_eq!(text, b"3,1.5,9,9223372036854775809.5");
        let mut too_long = State::TooLong;
        too_long.fold(State::sum(Decimal::default()));
        assert_eq!(too_long, State::TooLong);
    }

    #[test]
    fn a_cell_is_kept_however_long_it_is() {
        let cells = ["9", "10", "2024-01-31", "2024-01-31 10:00:00", "z"];
        for (end, expected) in [(End::Least, "9"), (End::Greatest, "z")] {
            let mut state = State::Nothing;
            cells.iter().for_each(|cell| state.fold(State::cell(end, cell.as_bytes())));
            assert_eq!(state.extreme(), Some((end, expected.as_bytes())));
            let long = State::cell(end, cells[3].as_bytes());
            assert_eq!((state.heap_bytes(), long.heap_bytes()), (0, size_of::<Box<[u8]>>() + cells[3].len()));
        }
    }
}
