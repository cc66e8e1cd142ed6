//! The syntax tree of a statement.

use serde::{Deserialize, Serialize};

use crate::measure::claims::dimension::Dimension;
use crate::measure::claims::figure::Figure;

/// A condition on figures.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Holds where each of them does.
    All(Vec<Condition>),
    /// Holds where one of them does.
    Any(Vec<Condition>),
    /// Holds where the other one does not.
    Not(Box<Condition>),
    /// Two values.
    Relation(Relation),
}

/// Two values and the way in which they are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// The one on the left.
    pub left: Expression,
    /// The way.
    pub operator: Operator,
    /// The one on the right.
    pub right: Expression,
    /// The dimension of both.
    pub dimension: Dimension,
    /// Its text.
    pub text: String,
    /// Its first byte in the statement.
    pub at: usize,
}

/// A way of comparing two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number, in seconds, bytes or ones.
    Number(f64),
    /// A figure of the comparison.
    Figure(Figure),
    /// A value with the other sign.
    Negative(Box<Expression>),
    /// Two values.
    Binary(Box<Expression>, Arithmetic, Box<Expression>),
    /// The least of them.
    Least(Vec<Expression>),
    /// The greatest of them.
    Greatest(Vec<Expression>),
}

/// An operation on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
}

/// Whether a statement holds, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Neither is known.
    Undecided,
}

impl Truth {
    /// That of the opposite.
    pub fn opposite(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Undecided => Truth::Undecided,
        }
    }

    /// That of all of them together.
    pub fn of_all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        truths.into_iter().fold(Truth::True, |all, truth| match (all, truth) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            _ => Truth::Undecided,
        })
    }

    /// That of at least one of them.
    pub fn of_any(truths: impl IntoIterator<Item = Truth>) -> Truth {
        Truth::of_all(truths.into_iter().map(Truth::opposite)).opposite()
    }
}

impl Condition {
    /// Its relations, from left to right.
    pub fn relations(&self) -> Vec<&Relation> {
        match self {
            Condition::All(conditions) | Condition::Any(conditions) => {
                conditions.iter().flat_map(Condition::relations).collect()
            }
            Condition::Not(condition) => condition.relations(),
            Condition::Relation(relation) => vec![relation],
        }
    }

    /// Its truth, where that of each relation is known.
    pub fn truth(&self, of: &impl Fn(&Relation) -> Truth) -> Truth {
        match self {
            Condition::All(conditions) => Truth::of_all(conditions.iter().map(|condition| condition.truth(of))),
            Condition::Any(conditions) => Truth::of_any(conditions.iter().map(|condition| condition.truth(of))),
            Condition::Not(condition) => condition.truth(of).opposite(),
            Condition::Relation(relation) => of(relation),
        }
    }

    /// Its figures, from left to right.
    pub fn figures(&self) -> Vec<&Figure> {
        self.relations().into_iter().flat_map(Relation::figures).collect()
    }
}

impl Relation {
    /// Its figures, from left to right.
    pub fn figures(&self) -> Vec<&Figure> {
        let mut figures = self.left.figures();
        figures.extend(self.right.figures());
        figures
    }
}

impl Expression {
    /// Its figures, from left to right.
    pub fn figures(&self) -> Vec<&Figure> {
        match self {
            Expression::Number(_) => Vec::new(),
            Expression::Figure(figure) => vec![figure],
            Expression::Negative(value) => value.figures(),
            Expression::Binary(left, _, right) => [left.figures(), right.figures()].concat(),
            Expression::Least(values) | Expression::Greatest(values) => {
                values.iter().flat_map(Expression::figures).collect()
            }
        }
    }

    /// Its value, where that of each figure is known; `None` where one is not, or the value is no finite number.
    pub fn value(&self, of: &dyn Fn(&Figure) -> Option<f64>) -> Option<f64> {
        let all = |values: &[Expression]| values.iter().map(|value| value.value(of)).collect::<Option<Vec<f64>>>();
        let value = match self {
            Expression::Number(number) => *number,
            Expression::Figure(figure) => of(figure)?,
            Expression::Negative(value) => -value.value(of)?,
            Expression::Binary(left, arithmetic, right) => arithmetic.of(left.value(of)?, right.value(of)?),
            Expression::Least(values) => all(values)?.into_iter().fold(f64::INFINITY, f64::min),
            Expression::Greatest(values) => all(values)?.into_iter().fold(f64::NEG_INFINITY, f64::max),
        };
        value.is_finite().then_some(value)
    }
}

impl Arithmetic {
    fn of(self, left: f64, right: f64) -> f64 {
        match self {
            Arithmetic::Plus => left + right,
            Arithmetic::Minus => left - right,
            Arithmetic::Times => left * right,
            Arithmetic::Over => left / right,
        }
    }
}

impl Operator {
    /// All of them with their signs, those first whose sign begins with another's.
    pub const ALL: [(&'static str, Operator); 5] = [
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ];

    /// Its sign.
    pub fn sign(self) -> &'static str {
        Operator::ALL.iter().find(|(_, operator)| *operator == self).map_or("", |(sign, _)| sign)
    }

    /// The truth of it for a value that lies within an interval, against a value that is known.
    pub fn truth(self, (low, high): (f64, f64), known: f64) -> Truth {
        let (holds, fails) = match self {
            Operator::Less => (high < known, low >= known),
            Operator::LessOrEqual => (high <= known, low > known),
            Operator::Greater => (low > known, high <= known),
            Operator::GreaterOrEqual => (low >= known, high < known),
            Operator::Equal => (low == known && high == known, low > known || high < known),
        };
        match (holds, fails) {
            (true, _) => Truth::True,
            (_, true) => Truth::False,
            _ => Truth::Undecided,
        }
    }

    /// The same for the two values in the other order.
    pub fn mirrored(self) -> Operator {
        match self {
            Operator::Less => Operator::Greater,
            Operator::LessOrEqual => Operator::GreaterOrEqual,
            Operator::Greater => Operator::Less,
            Operator::GreaterOrEqual => Operator::LessOrEqual,
            Operator::Equal => Operator::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_unknown_unless_the_rest_settles_it() {
        use Truth::{False, True, Undecided};
        assert_eq!(Truth::of_all([True, Undecided]), Undecided);
        assert_eq!(Truth::of_all([Undecided, False]), False);
        assert_eq!(Truth::of_all([]), True);
        assert_eq!(Truth::of_any([Undecided, True]), True);
        assert_eq!(Truth::of_any([Undecided, False]), Undecided);
        assert_eq!(Truth::of_any([]), False);
    }

    #[test]
    fn an_interval_settles_a_relation_only_where_all_of_it_lies_on_one_side() {
        let at_least_two = |interval| Operator::GreaterOrEqual.truth(interval, 2.0);
        assert_eq!(at_least_two((2.0, 2.4)), Truth::True);
        assert_eq!(at_least_two((1.5, 1.99)), Truth::False);
        assert_eq!(at_least_two((1.5, 2.0)), Truth::Undecided);
        assert_eq!(Operator::Greater.truth((2.0, 2.0), 2.0), Truth::False);
        assert_eq!(Operator::Equal.truth((2.0, 2.0), 2.0), Truth::True);
        assert_eq!(Operator::Equal.truth((1.0, 3.0), 2.0), Truth::Undecided);
    }
}
