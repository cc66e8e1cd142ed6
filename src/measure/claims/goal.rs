//! The claims of a comparison as what its rounds are made for.

use crate::measure::claims::figure::{Figure, is_out};
use crate::measure::claims::judge::{Finding, judge};
use crate::measure::claims::statement::{Condition, Truth};
use crate::measure::comparison::Comparison;
use crate::measure::plan::variant::Variant;
use crate::measure::running::goal::{Goal, Query};

/// Statements that are to be settled.
#[derive(Debug)]
pub struct Statements<'a>(pub Vec<&'a Condition>);

impl Goal for Statements<'_> {
    fn is_on(&self, comparison: &Comparison, name: &str) -> bool {
        let figures = self.0.iter().flat_map(|statement| statement.figures());
        figures.into_iter().any(|figure| figure.needs(comparison).iter().any(|needed| needed == name))
    }

    fn queries(&self, comparison: &Comparison) -> Vec<Query> {
        let of_statement = |statement: &&Condition| {
            let judgement = judge(statement, comparison);
            let is_known = judgement.truth != Truth::Undecided;
            let query = move |finding: Finding| {
                // A program that no longer runs settles nothing, however many rounds there are.
                let is_hopeless = finding.needs.iter().any(|name| is_out(comparison, name));
                Query {
                    is_settled: is_known || is_hopeless || finding.truth != Truth::Undecided,
                    rounds_to_settle: finding.rounds_to_settle,
                    on: finding.needs,
                }
            };
            judgement.findings.into_iter().map(query).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of_statement).collect()
    }

    fn is_for_fewer_workers(&self, variant: &Variant) -> bool {
        let mut columns = self.0.iter().flat_map(|statement| statement.figures()).flat_map(Figure::columns);
        columns.any(|column| *column == variant.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::claims::judge::tests::statement;
    use crate::measure::comparison::tests::comparison;

    #[test]
    fn a_statement_asks_for_runs_of_its_own_columns_until_it_is_settled() {
        let clear = comparison([&[2.0, 2.01, 2.02], &[1.0, 1.0, 1.0], &[3.0, 3.0, 3.0]]);
        let (open, known) = (statement("median(disk) > 2.01 s"), statement("median(disk) / median(memory) > 1.5"));
        let goal = Statements(vec![&open, &known]);
        let queries = goal.queries(&clear);
        assert_eq!(queries.iter().map(|query| query.is_settled).collect::<Vec<_>>(), [false, true]);
        assert_eq!(queries[1].on, ["disk", "memory"]);
        assert!(goal.is_on(&clear, "memory") && !goal.is_on(&clear, "reference"));
    }
}
