//! Statements: conditions on figures of a comparison.
//!
//! ```text
//! condition  = all { "or" all }            all      = relation { "and" relation }
//! relation   = [ "not" ] sum { ( "<" | "<=" | ">" | ">=" | "==" ) sum }
//! sum        = product { ( "+" | "-" ) product }     product = part { ( "*" | "/" ) part }
//! part       = "-" part | number [ unit ] | figure | "(" condition ")"
//! figure     = name "(" argument { "," argument } ")"        such as median(disk), counter(SPILLED_RECORDS, disk)
//! ```
//!
//! A relation may have several operators, `1 <= median(disk) / median(memory) <= 1.1`; it holds where each of them does.
//! `min` and `max` take any number of values. An argument is a name, in quotes where it has spaces: `"memory at 50 %"`.

mod parse;
mod syntax;

pub use parse::{Expected, Fault, FaultKind, Names, parse, parse_value};
pub use syntax::{Condition, Expression, Operator, Relation, Truth};
