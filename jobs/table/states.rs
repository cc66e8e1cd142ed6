//! What aggregates keep of a group while it is added up: counts, sums, least and greatest cells.

use twinmill::prelude::*;
use twinmill::record::{ToText, ToValue, Value};

use crate::jobs::table::cells::write_cell;
use crate::jobs::table::decimal::Decimal;
use crate::jobs::table::order;

/// Longest cell that lies in its state.
const SHORT_BYTES: usize = 21;
/// Most states that lie in their list.
const FEW: usize = 3;

/// One aggregate of a group. States of one kind are folded into one, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// There was no value yet.
    #[default]
    Nothing,
    Count(u64),
    /// The two halves of the units of a [`Decimal`], so that no state needs more than four words.
    Sum {
        low: u64,
        high: i64,
        scale: u8,
    },
    /// A sum that does not fit.
    TooLong,
    Least(Cell),
    Greatest(Cell),
}

/// A cell of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Short { bytes: [u8; SHORT_BYTES], len: u8 },
    Long(Box<[u8]>),
}

impl Cell {
    fn of(cell: &[u8]) -> Self {
        if cell.len() > SHORT_BYTES {
            return Cell::Long(cell.into());
        }
        let mut bytes = [0; SHORT_BYTES];
        bytes[..cell.len()].copy_from_slice(cell);
        Cell::Short { bytes, len: cell.len() as u8 }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Cell::Short { bytes, len } => &bytes[..usize::from(*len)],
            Cell::Long(bytes) => bytes,
        }
    }

    /// Whether it comes before another one: by value and, of numbers that are written in two ways, by bytes.
    fn is_before(&self, other: &Self) -> bool {
        let (one, other) = (self.bytes(), other.bytes());
        order::compare(one, other).then_with(|| one.cmp(other)).is_lt()
    }
}

impl State {
    #[inline]
    pub fn sum(number: Decimal) -> Self {
        State::Sum { low: number.units as u64, high: (number.units >> 64) as i64, scale: number.scale }
    }

    pub fn least(cell: &[u8]) -> Self {
        State::Least(Cell::of(cell))
    }

    pub fn greatest(cell: &[u8]) -> Self {
        State::Greatest(Cell::of(cell))
    }

    /// The sum, if it is one.
    #[inline]
    pub fn decimal(&self) -> Option<Decimal> {
        match self {
            State::Sum { low, high, scale } => {
                Some(Decimal { units: i128::from(*high) << 64 | i128::from(*low), scale: *scale })
            }
            _ => None,
        }
    }

    #[inline]
    fn fold(&mut self, other: State) {
        match (&mut *self, other) {
            (_, State::Nothing) | (State::TooLong, _) => {}
            (State::Nothing, other) | (_, other @ State::TooLong) => *self = other,
            (State::Count(count), State::Count(more)) => *count += more,
            (State::Least(least), State::Least(other)) if other.is_before(least) => *least = other,
            (State::Greatest(greatest), State::Greatest(other)) if greatest.is_before(&other) => *greatest = other,
            (sum, more) => {
                if let (Some(mut total), Some(more)) = (sum.decimal(), more.decimal()) {
                    *sum = total.add(more).map_or(State::TooLong, |()| State::sum(total));
                }
            }
        }
    }

    /// Appends it as it stands in the output.
    pub fn write(&self, null: &[u8], out: &mut Vec<u8>) {
        match self {
            State::Nothing | State::TooLong => out.extend_from_slice(null),
            State::Count(count) => ToText::write_text(count, out),
            State::Sum { .. } => out.extend_from_slice(self.decimal().unwrap_or_default().to_string().as_bytes()),
            State::Least(cell) | State::Greatest(cell) => write_cell(cell.bytes(), out),
        }
    }
}

/// The states of a group. A few lie in the list itself, so that a row allocates nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum States {
    Few { states: [State; FEW], len: u8 },
    Many(Vec<State>),
}

impl Default for States {
    fn default() -> Self {
        States::Few { states: [State::Nothing, State::Nothing, State::Nothing], len: 0 }
    }
}

impl States {
    #[inline]
    pub fn push(&mut self, state: State) {
        match self {
            States::Few { states, len } if usize::from(*len) < FEW => {
                states[usize::from(*len)] = state;
                *len += 1;
            }
            States::Few { states, .. } => {
                let mut many: Vec<State> = states.iter_mut().map(std::mem::take).collect();
                many.push(state);
                *self = States::Many(many);
            }
            States::Many(states) => states.push(state),
        }
    }

    fn all(&self) -> &[State] {
        match self {
            States::Few { states, len } => &states[..usize::from(*len)],
            States::Many(states) => states,
        }
    }

    /// The state of this number.
    pub fn get(&self, at: usize) -> &State {
        &self.all()[at]
    }

    /// Adds the states of the same group elsewhere.
    #[inline]
    pub fn fold(&mut self, more: States) {
        match (self, more) {
            (States::Few { states, .. }, States::Few { states: more, .. }) => {
                states.iter_mut().zip(more).for_each(|(state, more)| state.fold(more));
            }
            (States::Many(states), States::Many(more)) => {
                states.iter_mut().zip(more).for_each(|(state, more)| state.fold(more));
            }
            _ => debug_assert!(false, "a job keeps as many states of every group"),
        }
    }
}

const NOTHING: u8 = 0;
const COUNT: u8 = 1;
const SUM: u8 = 2;
const LONG_SUM: u8 = 3;
const TOO_LONG: u8 = 4;
const LEAST: u8 = 5;
const GREATEST: u8 = 6;

impl Value for States {
    type Ref<'a> = States;

    #[inline]
    fn decode(bytes: &[u8]) -> Result<States> {
        States::decode_owned(bytes)
    }

    /// All that is left: states are the whole value of a record.
    fn decode_part(bytes: &mut &[u8]) -> Result<States> {
        let mut states = States::default();
        while let Some((kind, rest)) = bytes.split_first() {
            *bytes = rest;
            states.push(match *kind {
                NOTHING => State::Nothing,
                COUNT => State::Count(u64::decode_part(bytes)?),
                SUM => {
                    let (scale, units) = <(u8, i64)>::decode_part(bytes)?;
                    State::sum(Decimal { units: i128::from(units), scale })
                }
                LONG_SUM => {
                    let (scale, units) = <(u8, i128)>::decode_part(bytes)?;
                    State::sum(Decimal { units, scale })
                }
                TOO_LONG => State::TooLong,
                LEAST => State::least(&Vec::<u8>::decode_part(bytes)?),
                GREATEST => State::greatest(&Vec::<u8>::decode_part(bytes)?),
                other => return Err(Error::codec("a state", &[other])),
            });
        }
        Ok(states)
    }

    fn heap_bytes(&self) -> usize {
        let of_cells = |state: &State| match state {
            State::Least(Cell::Long(bytes)) | State::Greatest(Cell::Long(bytes)) => bytes.len(),
            _ => 0,
        };
        let list = match self {
            States::Few { .. } => 0,
            States::Many(states) => states.capacity() * size_of::<State>(),
        };
        list + self.all().iter().map(of_cells).sum::<usize>()
    }
}

impl ToValue<States> for States {
    fn encode_part(&self, out: &mut Vec<u8>) {
        for state in self.all() {
            match state {
                State::Nothing => out.push(NOTHING),
                State::Count(count) => {
                    out.push(COUNT);
                    ToValue::<u64>::encode_part(count, out);
                }
                State::Sum { scale, .. } => {
                    let units = state.decimal().unwrap_or_default().units;
                    match i64::try_from(units) {
                        Ok(units) => {
                            out.push(SUM);
                            ToValue::<(u8, i64)>::encode_part(&(*scale, units), out);
                        }
                        Err(_) => {
                            out.push(LONG_SUM);
                            ToValue::<(u8, i128)>::encode_part(&(*scale, units), out);
                        }
                    }
                }
                State::TooLong => out.push(TOO_LONG),
                State::Least(cell) | State::Greatest(cell) => {
                    out.push(if matches!(state, State::Least(_)) { LEAST } else { GREATEST });
                    ToValue::<Vec<u8>>::encode_part(cell.bytes(), out);
                }
            }
        }
    }

    fn to_value(&self) -> States {
        self.clone()
    }

    fn into_value(self) -> States {
        self
    }
}

/// For people who inspect runs.
impl ToText for States {
    fn write_text(&self, out: &mut Vec<u8>) {
        for (at, state) in self.all().iter().enumerate() {
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

    fn states(list: &[State]) -> States {
        let mut states = States::default();
        list.iter().cloned().for_each(|state| states.push(state));
        states
    }

    #[test]
    fn states_are_small_and_come_back_from_their_encoding() {
        assert!(size_of::<State>() <= 32, "{}", size_of::<State>());
        let sum = |units, scale| State::sum(Decimal { units, scale });
        let all = [
            State::Nothing,
            State::Count(300),
            sum(-5, 2),
            sum(-(1i128 << 90), 9),
            State::TooLong,
            State::least(b"12"),
            State::greatest(&[b'x'; 100]),
        ];
        for len in 0..=all.len() {
            let (states, mut bytes) = (states(&all[..len]), Vec::new());
            states.encode(&mut bytes);
            assert_eq!(States::decode(&bytes).unwrap(), states);
        }
        assert_eq!(all[3].decimal().unwrap().units, -(1i128 << 90));
    }

    #[test]
    fn states_are_folded_in_any_order() {
        let one = states(&[State::Count(1), State::sum(Decimal { units: 15, scale: 1 }), State::least(b"10")]);
        let other = states(&[State::Count(2), State::Nothing, State::least(b"9")]);
        let (mut forwards, mut backwards) = (one.clone(), other.clone());
        forwards.fold(other);
        backwards.fold(one);
        assert_eq!(forwards, backwards);
        let mut text = Vec::new();
        forwards.write_text(&mut text);
        assert_eq!(text, b"3,1.5,9");
        let mut too_long = State::TooLong;
        too_long.fold(State::sum(Decimal::default()));
        assert_eq!(too_long, State::TooLong);
    }
}
