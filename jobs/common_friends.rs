//! Common friends of every two friends: `a TAB b TAB friend,friend…`, for edges without direction.
//!
//! ```text
//! ann: bob cat dan     map   (ann, bob) bob cat dan   (ann, cat) bob cat dan …     reduce   ann bob   cat
//! bob: ann cat        ─────▶ (ann, bob) ann cat       (bob, cat) ann cat …        ────────▶ (both lists have cat)
//! ```
//!
//! 1. *neighbours*: [lists](crate::jobs::edges::neighbours) of the friends of each person.
//! 2. *meet*: a list goes to each pair of its owner and a friend. Two friends' lists meet in one group, and the reducer prints what
//!    they have in common, in the order of the ids. Friends without a common friend are not printed.
//!
//! - *Shuffle*: a list of d friends is sent d times, so what is shuffled is the sum of d² over all people. A person whom everybody
//!   knows makes most of it; a list is one record, and none is held but the two of a group.
//! - A combiner has nothing to add up: the two lists of a pair are from two people.
//! - *Memory* helps by what is shuffled, which is many times the input.

use std::path::PathBuf;
use std::sync::Arc;

use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Program, Reference};
use twinmill::record::{Packed, PackedRef};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::Ids;
use crate::jobs::edges::graph::Graph;
use crate::jobs::edges::neighbours::{Direction, Listed, Neighbours, NodeIds, for_each_common, write_list};

pub struct CommonFriends;

#[derive(clap::Args)]
pub struct Options {
    /// Kind of the ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

/// Sends a list of friends to each pair of its owner and a friend.
#[derive(Clone, Default)]
struct ToPairs {
    list: Vec<u32>,
}

impl Mapper for ToPairs {
    type Input = Pairs<u32, Packed<u32>>;
    type Key = (u32, u32);
    type Value = Packed<u32>;

    fn map(
        &mut self,
        (owner, friends): (u32, PackedRef<'_, u32>),
        out: &mut impl Emit<(u32, u32), Packed<u32>>,
    ) -> Result<()> {
        if friends.len() > 1 {
            self.list.clear();
            self.list.extend(friends.iter());
            self.list.iter().for_each(|friend| out.emit((owner.min(*friend), owner.max(*friend)), &self.list[..]));
        }
        Ok(())
    }
}

/// Prints what the lists of two friends have in common.
#[derive(Clone)]
struct Meet {
    ids: Arc<NodeIds>,
    one: Vec<u32>,
    other: Vec<u32>,
    line: Line,
}

/// A pair and its common friends, as they are printed.
#[derive(Clone, Default)]
struct Line {
    common: Vec<u32>,
    one: Vec<u8>,
    other: Vec<u8>,
    list: Vec<u8>,
}

impl Line {
    /// Fills it; `false` where nothing is in common.
    fn fill(&mut self, ids: &NodeIds, (one, other): (u32, u32), of_one: &[u32], of_other: &[u32]) -> bool {
        self.common.clear();
        for_each_common(of_one, of_other, |friend| self.common.push(friend));
        if self.common.is_empty() {
            return false;
        }
        for text in [&mut self.one, &mut self.other, &mut self.list] {
            text.clear();
        }
        ids.write(one, &mut self.one);
        ids.write(other, &mut self.other);
        write_list(ids, self.common.iter().copied(), &mut self.list);
        true
    }
}

impl Reducer for Meet {
    type Key = (u32, u32);
    type Value = Packed<u32>;
    type OutKey = (Vec<u8>, Vec<u8>);
    type OutValue = [u8];

    fn reduce(
        &mut self,
        pair: (u32, u32),
        lists: &mut Values<Packed<u32>>,
        out: &mut impl Emit<(Vec<u8>, Vec<u8>), [u8]>,
    ) -> Result<()> {
        for list in [&mut self.one, &mut self.other] {
            list.clear();
            list.extend(lists.next().into_iter().flat_map(PackedRef::iter));
        }
        if self.line.fill(&self.ids, pair, &self.one, &self.other) {
            out.emit((&self.line.one, &self.line.other), &self.line.list[..]);
        }
        Ok(())
    }
}

impl Program for CommonFriends {
    type Options = Options;

    const NAME: &'static str = "common-friends";
    const ABOUT: &'static str = "List the common friends of every two friends";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(100_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let graph = Neighbours::read(&mut driver, Self::NAME, inputs, options.ids, Direction::Both)?;
        let meet = Meet { ids: graph.ids.clone(), one: Vec::new(), other: Vec::new(), line: Line::default() };
        let job = Job::new(Self::NAME, ToPairs::default(), meet).input(&graph.lists);
        driver.run(&job.partition_by(graph.by_part(session.config.reducers)))?;
        driver.finish()
    }
}

impl CommonFriends {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let listed = Listed::of(Graph::read(inputs, options.ids, run)?, Direction::Both);
        let (ids, mut line, nodes) = (listed.ids()?, Line::default(), listed.graph.nodes);
        let parts = TotalOrderPartitioner::of_numbers(nodes, run.reducers());
        for one in 0..nodes {
            let part = parts.partition(&one.to_be_bytes(), run.reducers());
            for other in listed.list(one).iter().filter(|other| **other > one) {
                if line.fill(&ids, (one, *other), listed.list(one), listed.list(*other)) {
                    run.write(part, &(&line.one, &line.other), &line.list)?;
                }
            }
        }
        Ok(())
    }
}
