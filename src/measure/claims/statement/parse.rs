//! Parses a statement, and checks the dimensions of its values.

use crate::measure::claims::dimension::{Dimension, UNITS};
use crate::measure::claims::figure::{Argument, FUNCTIONS, Figure, Function};
use crate::measure::claims::statement::syntax::{Arithmetic, Condition, Expression, Operator, Relation};

/// Most parentheses, signs and `not`s within each other.
const DEEPEST: usize = 50;

/// The names that a statement may use.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The columns: modes, columns of the comparison's own, and other programs; and what runs beside them, such as
    /// `memory at 50 %`.
    pub columns: Vec<String>,
    /// Whether there are also steps of a ladder, whose names begin with a column's.
    pub steps: bool,
}

/// A fault of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The byte at which it lies.
    pub at: usize,
    /// Its kind.
    pub kind: FaultKind,
}

/// A kind of fault.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// Something else was expected at this place, where this was found; nothing is the end.
    Unexpected {
        /// What was expected.
        expected: Expected,
        /// What was found.
        found: String,
    },
    /// There is no such figure.
    UnknownFigure(String),
    /// There is no such column.
    UnknownColumn {
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There is no such counter, phase or bound.
    UnknownName {
        /// The kind of thing.
        kind: Argument,
        /// The name.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There is no such unit.
    UnknownUnit(String),
    /// A figure has other arguments.
    Arguments(&'static Function),
    /// Two values of different dimensions are added or compared.
    Dimensions(Dimension, Dimension),
    /// It is a value, where a condition was expected.
    NotACondition,
    /// It is a condition, where a value was expected.
    NotAValue,
    /// A crossing is compared with something that is not a number.
    CrossingInArithmetic,
    /// Parentheses lie within each other too deeply.
    TooDeep,
}

/// A thing that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A number, a figure or a parenthesis.
    Value,
    /// An operator that compares, `and`, `or`, or the end.
    Continuation,
    /// This sign.
    Sign(char),
    /// A name.
    Name,
    /// The end of a name in quotes.
    ClosingQuote,
}

/// A part of a statement: a value with its dimension, or a condition.
enum Part {
    Value(Expression, Dimension),
    Condition(Condition),
}

/// Parses a statement about columns of these names.
///
/// # Errors
/// The first [`Fault`].
pub fn parse(text: &str, names: &Names) -> Result<Condition, Fault> {
    let mut parser = Parser { text, at: 0, depth: 0, names };
    let condition = parser.condition()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.unexpected(Expected::Continuation));
    }
    match condition {
        Part::Condition(condition) => Ok(condition),
        Part::Value(..) => Err(Fault { at: 0, kind: FaultKind::NotACondition }),
    }
}

/// Parses a value on columns of these names.
///
/// # Errors
/// The first [`Fault`].
pub fn parse_value(text: &str, names: &Names) -> Result<(Expression, Dimension), Fault> {
    let mut parser = Parser { text, at: 0, depth: 0, names };
    let value = parser.sum()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.unexpected(Expected::Continuation));
    }
    value.value(0)
}

impl Part {
    fn value(self, at: usize) -> Result<(Expression, Dimension), Fault> {
        match self {
            Part::Value(value, dimension) => Ok((value, dimension)),
            Part::Condition(_) => Err(Fault { at, kind: FaultKind::NotAValue }),
        }
    }

    fn condition(self, at: usize) -> Result<Condition, Fault> {
        match self {
            Part::Condition(condition) => Ok(condition),
            Part::Value(..) => Err(Fault { at, kind: FaultKind::NotACondition }),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    names: &'a Names,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes a sign, if it comes next.
    fn takes(&mut self, sign: &str) -> bool {
        self.skip_space();
        let comes = self.rest().starts_with(sign);
        self.at += if comes { sign.len() } else { 0 };
        comes
    }

    /// Takes a word, if it comes next and does not go on.
    fn takes_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let comes = self.word() == word;
        self.at += if comes { word.len() } else { 0 };
        comes
    }

    /// The word that comes next; empty where none does.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        let goes_on = |c: char| c.is_alphanumeric() || c == '_';
        let starts = rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let end = rest.find(|c: char| !goes_on(c)).unwrap_or(rest.len());
        if starts { &rest[..end] } else { "" }
    }

    fn fault(&self, kind: FaultKind) -> Fault {
        Fault { at: self.at, kind }
    }

    fn unexpected(&self, expected: Expected) -> Fault {
        let rest = self.rest();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let found = match self.word() {
            "" => rest[..end].chars().take(12).collect(),
            word => word.to_owned(),
        };
        self.fault(FaultKind::Unexpected { expected, found })
    }

    fn expect(&mut self, sign: char) -> Result<(), Fault> {
        if self.takes(sign.encode_utf8(&mut [0; 4])) {
            return Ok(());
        }
        Err(self.unexpected(Expected::Sign(sign)))
    }

    fn condition(&mut self) -> Result<Part, Fault> {
        self.joined("or", Parser::all, Condition::Any)
    }

    fn all(&mut self) -> Result<Part, Fault> {
        self.joined("and", Parser::relation, Condition::All)
    }

    /// Conditions with a word between them; a single one stays as it is.
    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Part, Fault>,
        join: fn(Vec<Condition>) -> Condition,
    ) -> Result<Part, Fault> {
        self.skip_space();
        let mut at = self.at;
        let first = part(self)?;
        if !self.takes_word(word) {
            return Ok(first);
        }
        let mut conditions = vec![first.condition(at)?];
        loop {
            self.skip_space();
            at = self.at;
            conditions.push(part(self)?.condition(at)?);
            if !self.takes_word(word) {
                return Ok(Part::Condition(join(conditions)));
            }
        }
    }

    fn relation(&mut self) -> Result<Part, Fault> {
        if self.takes_word("not") {
            let at = self.at;
            let negated = self.deeper(Parser::relation)?.condition(at)?;
            return Ok(Part::Condition(Condition::Not(Box::new(negated))));
        }
        self.skip_space();
        let mut at = self.at;
        let mut left = self.sum()?;
        let mut relations = Vec::new();
        while let Some(operator) = self.operator() {
            let (left_value, left_dimension) = left.value(at)?;
            self.skip_space();
            let right_at = self.at;
            let (right, dimension) = self.sum()?.value(right_at)?;
            let text = self.text[at..self.at].trim_end().to_owned();
            if left_dimension != dimension {
                return Err(Fault { at, kind: FaultKind::Dimensions(left_dimension, dimension) });
            }
            let relation = Relation { left: left_value, operator, right: right.clone(), dimension, text, at };
            relations.push(Condition::Relation(simple_about_crossings(relation)?));
            (left, at) = (Part::Value(right, dimension), right_at);
        }
        Ok(match relations.len() {
            0 => left,
            1 => Part::Condition(relations.remove(0)),
            _ => Part::Condition(Condition::All(relations)),
        })
    }

    fn operator(&mut self) -> Option<Operator> {
        Operator::ALL.into_iter().find(|(sign, _)| self.takes(sign)).map(|(_, operator)| operator)
    }

    fn sum(&mut self) -> Result<Part, Fault> {
        self.skip_space();
        let at = self.at;
        let mut sum = self.product()?;
        while let Some(arithmetic) = self.one_of([("+", Arithmetic::Plus), ("-", Arithmetic::Minus)]) {
            let (left, dimension) = sum.value(at)?;
            self.skip_space();
            let right_at = self.at;
            let (right, other) = self.product()?.value(right_at)?;
            if dimension != other {
                return Err(Fault { at, kind: FaultKind::Dimensions(dimension, other) });
            }
            sum = Part::Value(Expression::Binary(Box::new(left), arithmetic, Box::new(right)), dimension);
        }
        Ok(sum)
    }

    fn product(&mut self) -> Result<Part, Fault> {
        self.skip_space();
        let at = self.at;
        let mut product = self.part()?;
        while let Some(arithmetic) = self.one_of([("*", Arithmetic::Times), ("/", Arithmetic::Over)]) {
            let (left, dimension) = product.value(at)?;
            self.skip_space();
            let right_at = self.at;
            let (right, other) = self.part()?.value(right_at)?;
            let of_both = if arithmetic == Arithmetic::Times { dimension.times(other) } else { dimension.over(other) };
            let of_both = of_both.ok_or(Fault { at, kind: FaultKind::Dimensions(dimension, other) })?;
            product = Part::Value(Expression::Binary(Box::new(left), arithmetic, Box::new(right)), of_both);
        }
        Ok(product)
    }

    fn one_of(&mut self, signs: [(&str, Arithmetic); 2]) -> Option<Arithmetic> {
        signs.into_iter().find(|(sign, _)| self.takes(sign)).map(|(_, arithmetic)| arithmetic)
    }

    /// Parses something that may have itself as a part.
    fn deeper(&mut self, part: fn(&mut Self) -> Result<Part, Fault>) -> Result<Part, Fault> {
        if self.depth == DEEPEST {
            return Err(self.fault(FaultKind::TooDeep));
        }
        self.depth += 1;
        let part = part(self);
        self.depth -= 1;
        part
    }

    fn part(&mut self) -> Result<Part, Fault> {
        if self.takes("-") {
            let at = self.at;
            let (value, dimension) = self.deeper(Parser::part)?.value(at)?;
            return Ok(Part::Value(Expression::Negative(Box::new(value)), dimension));
        }
        if self.takes("(") {
            let inner = self.deeper(Parser::condition)?;
            self.expect(')')?;
            return Ok(inner);
        }
        if self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return self.number();
        }
        match self.word() {
            "" | "and" | "or" | "not" => Err(self.unexpected(Expected::Value)),
            "min" => self.extreme(Expression::Least),
            "max" => self.extreme(Expression::Greatest),
            name => self.figure(name),
        }
    }

    fn number(&mut self) -> Result<Part, Fault> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(rest.len());
        let number: f64 = rest[..end].replace('_', "").parse().map_err(|_| self.unexpected(Expected::Value))?;
        self.at += end;
        let after_number = self.at;
        self.skip_space();
        let unit = if self.rest().starts_with('%') { "%" } else { self.word() };
        if ["", "and", "or"].contains(&unit) {
            self.at = after_number;
            return Ok(Part::Value(Expression::Number(number), Dimension::NUMBER));
        }
        let Some((_, size, dimension)) = UNITS.into_iter().find(|(name, ..)| *name == unit) else {
            return Err(self.fault(FaultKind::UnknownUnit(unit.to_owned())));
        };
        self.at += unit.len();
        Ok(Part::Value(Expression::Number(number * size), dimension))
    }

    /// `min(…)` or `max(…)`.
    fn extreme(&mut self, of: fn(Vec<Expression>) -> Expression) -> Result<Part, Fault> {
        let at = self.at;
        self.at += "min".len();
        self.expect('(')?;
        let mut values = Vec::new();
        let mut dimension = None;
        loop {
            self.skip_space();
            let value_at = self.at;
            let (value, other) = self.deeper(Parser::sum)?.value(value_at)?;
            if let Some(dimension) = dimension.filter(|dimension| *dimension != other) {
                return Err(Fault { at, kind: FaultKind::Dimensions(dimension, other) });
            }
            dimension = Some(other);
            values.push(value);
            if !self.takes(",") {
                break;
            }
        }
        self.expect(')')?;
        Ok(Part::Value(of(values), dimension.unwrap_or_default()))
    }

    fn figure(&mut self, name: &str) -> Result<Part, Fault> {
        let at = self.at;
        let function = FUNCTIONS.iter().find(|function| function.name == name);
        let function = function.ok_or_else(|| self.fault(FaultKind::UnknownFigure(name.to_owned())))?;
        self.at += name.len();
        self.expect('(')?;
        let mut arguments = Vec::new();
        loop {
            self.skip_space();
            arguments.push((self.at, self.name()?));
            if !self.takes(",") {
                break;
            }
        }
        self.expect(')')?;
        if arguments.len() != function.arguments.len() {
            return Err(Fault { at, kind: FaultKind::Arguments(function) });
        }
        for (argument, (at, name)) in function.arguments.iter().zip(&arguments) {
            self.check(*argument, name).map_err(|kind| Fault { at: *at, kind })?;
        }
        let names = arguments.into_iter().map(|(_, name)| name).collect();
        let (figure, dimension) = Figure::of(function, names);
        Ok(Part::Value(Expression::Figure(figure), dimension))
    }

    /// A name in quotes, or one without spaces.
    fn name(&mut self) -> Result<String, Fault> {
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|c| ['"', '\''].contains(c)) {
            let Some(end) = rest[1..].find(quote) else { return Err(self.unexpected(Expected::ClosingQuote)) };
            self.at += end + 2;
            return Ok(rest[1..=end].to_owned());
        }
        let goes_on = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let end = rest.find(|c: char| !goes_on(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.unexpected(Expected::Name));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    /// Checks that there is a thing of this kind and name.
    fn check(&self, kind: Argument, name: &str) -> Result<(), FaultKind> {
        if kind == Argument::Column {
            let is_of = |column: &String| {
                let rest = name.strip_prefix(column.as_str());
                rest.is_some_and(|rest| rest.is_empty() || self.names.steps && rest.starts_with(' '))
            };
            let known = || FaultKind::UnknownColumn { name: name.to_owned(), known: self.names.columns.clone() };
            return if self.names.columns.iter().any(is_of) { Ok(()) } else { Err(known()) };
        }
        let known = kind.known();
        if known.is_empty() || known.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(FaultKind::UnknownName { kind, name: name.to_owned(), known })
    }
}

/// Refuses a crossing that is compared with anything but a number: it is known only as lying between two amounts.
fn simple_about_crossings(relation: Relation) -> Result<Relation, Fault> {
    let crosses = relation.figures().into_iter().any(Figure::is_crossing);
    let is_simple = match (&relation.left, &relation.right) {
        (Expression::Figure(_), other) | (other, Expression::Figure(_)) => other.figures().is_empty(),
        _ => false,
    };
    if crosses && !is_simple {
        return Err(Fault { at: relation.at, kind: FaultKind::CrossingInArithmetic });
    }
    Ok(relation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names { columns: ["disk", "memory", "scikit-learn"].map(str::to_owned).to_vec(), steps: true }
    }

    fn parsed(text: &str) -> Condition {
        parse(text, &names()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
    }

    fn fault(text: &str) -> (usize, FaultKind) {
        let fault = parse(text, &names()).expect_err(text);
        (fault.at, fault.kind)
    }

    #[test]
    fn the_statements_of_the_design_are_read() {
        for text in [
            "median(disk) / median(memory) >= 2",
            "bound(infinitely_fast_disk, disk) / median(disk) > 0.81",
            "median(disk) - median(memory) <= 500 ms and files_written(disk) > 1.5GiB",
            "counter(SPILLED_RECORDS, disk) > 0 or not (peak_memory(memory) < 1 GiB)",
            "total(scikit-learn) <= min(total(disk), total(memory))",
            "1 <= median(disk) / median(memory) <= 1.25",
            "median(\"memory at 50 %\") < median(disk)",
            "crossing(memory, scikit-learn) > 64 MiB",
            "((median(disk))) > (1 s + 2*3 s)",
            "exponent(memory) < 105 %",
        ] {
            assert!(!parsed(text).figures().is_empty(), "{text}");
        }
    }

    #[test]
    fn several_operators_in_a_row_are_several_relations() {
        let condition = parsed("1 <= median(disk) / median(memory) <= 1.25");
        let texts: Vec<&str> = condition.relations().iter().map(|relation| relation.text.as_str()).collect();
        assert_eq!(texts, ["1 <= median(disk) / median(memory)", "median(disk) / median(memory) <= 1.25"]);
    }

    #[test]
    fn and_binds_closer_than_or_and_units_are_sizes() {
        let one_or_two = parsed("median(disk) > 1 s or median(disk) > 2 s and median(memory) > 3 s");
        assert!(matches!(&one_or_two, Condition::Any(both) if matches!(both[1], Condition::All(_))), "{one_or_two:?}");
        let units = parsed("files_written(disk) > 2 MiB");
        let Condition::Relation(relation) = &units else { panic!("{units:?}") };
        assert_eq!(relation.right, Expression::Number(2_097_152.0));
    }

    #[test]
    fn a_fault_says_where_it_is() {
        let unexpected = |at, expected, found: &str| (at, FaultKind::Unexpected { expected, found: found.into() });
        assert_eq!(fault(""), unexpected(0, Expected::Value, ""));
        assert_eq!(fault("median(disk) >= "), unexpected(16, Expected::Value, ""));
        assert_eq!(fault("median(disk >= 2"), unexpected(12, Expected::Sign(')'), ">="));
        assert_eq!(fault("median(disk) >= 2 s s"), unexpected(20, Expected::Continuation, "s"));
        assert_eq!(fault("median(disk) = 2 s"), unexpected(13, Expected::Continuation, "="));
        assert_eq!(fault("medain(disk) > 2 s"), (0, FaultKind::UnknownFigure("medain".into())));
        assert_eq!(fault("median(disk) > 2 parsecs"), (17, FaultKind::UnknownUnit("parsecs".into())));
        assert_eq!(fault("median(disk)"), (0, FaultKind::NotACondition));
        assert_eq!(fault("(1 < 2) + 3 > 4"), (0, FaultKind::NotAValue));
        assert_eq!(fault("median(disk) > 2"), (0, FaultKind::Dimensions(Dimension::SECONDS, Dimension::NUMBER)));
        assert!(matches!(fault("median(dsik) > 2 s"), (7, FaultKind::UnknownColumn { .. })));
        assert!(matches!(fault("counter(SPILLED, disk) > 2"), (8, FaultKind::UnknownName { .. })));
        assert!(matches!(fault("median(disk, memory) > 2 s"), (0, FaultKind::Arguments(_))));
        assert_eq!(fault("crossing(disk, memory) / 2 > 1 B").1, FaultKind::CrossingInArithmetic);
        assert_eq!(fault(&"(".repeat(60)).1, FaultKind::TooDeep);
    }
}
