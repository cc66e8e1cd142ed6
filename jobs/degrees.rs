//! Degrees of the nodes of a graph: how many edges lead to each, and how many from it.
//!
//! ```text
//! a TAB b     map   (b) 1 in   (a) 1 out      reduce    a   0   2        node TAB in TAB out
//! a TAB c    ─────▶ (c) 1 in   (a) 1 out     ────────▶  b   1   0 …
//! ```
//!
//! Every line is an edge, also one that occurred before; an edge from a node to itself counts both ways.
//!
//! - *Shuffle*: two records an edge, by node.
//! - *Combiner*: it adds up the degrees of a node in a split. A node that half of all edges lead to is then a record a split.
//! - *Memory* helps little, for with the combiner little is shuffled.

use std::path::PathBuf;

use hashbrown::HashMap;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::{Edge, Ids, id_ranges};
use crate::jobs::highlights::{Largest, first_of, grouped, number};

pub struct Degrees;

#[derive(clap::Args)]
pub struct Options {
    /// Kind of the node ids
    #[arg(long, value_enum, default_value = "text")]
    ids: Ids,
}

/// Edges that lead to a node, and edges that lead from it.
type InAndOut = (u64, u64);

fn add((into, out_of): &mut InAndOut, more: InAndOut) {
    *into += more.0;
    *out_of += more.1;
}

/// Emits both ends of an edge.
#[derive(Clone)]
struct BothEnds {
    ids: Ids,
    edge: Edge,
}

impl Mapper for BothEnds {
    type Input = Lines;
    type Key = [u8];
    type Value = InAndOut;

    #[inline]
    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], InAndOut>) -> Result<()> {
        if self.edge.parse(&line, self.ids)? {
            out.emit(self.edge.source(), (0, 1));
            out.emit(self.edge.target(), (1, 0));
        }
        Ok(())
    }
}

/// Prints the degrees of a node.
#[derive(Clone)]
struct Print {
    ids: Ids,
}

impl Reducer for Print {
    type Key = [u8];
    type Value = InAndOut;
    type OutKey = [u8];
    type OutValue = InAndOut;

    fn reduce(&mut self, node: &[u8], some: &mut Values<InAndOut>, out: &mut impl Emit<[u8], InAndOut>) -> Result<()> {
        let mut all = (0, 0);
        some.for_each(|more| add(&mut all, more));
        out.emit(&self.ids.text(node)?, all);
        Ok(())
    }
}

impl Program for Degrees {
    type Options = Options;

    const NAME: &'static str = "degrees";
    const ABOUT: &'static str = "Count the edges that lead to each node and from it";
    const SUBJECT: &'static str = "graphs";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Graph, Shape::records(4_000_000)))
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let parts = id_ranges(inputs, options.ids, session.config.reducers, driver.inputs())?;
        let ends = BothEnds { ids: options.ids, edge: Edge::default() };
        let job = Job::new(Self::NAME, ends, Print { ids: options.ids }).input(inputs);
        driver.run(&job.combine(add).partition_by(parts))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        let mut largest = Largest::new();
        output.each_record(|node, degrees| {
            let both =
                degrees.split(|byte| *byte == b'\t').try_fold(0.0, |sum, degree| Ok::<_, Error>(sum + number(degree)?));
            largest.offer(both? as u64, node);
            Ok(())
        })?;
        let heading = first_of(largest.seen(), "nodes", "most edges");
        let mut rows = vec![["node", "edges"].map(str::to_owned).to_vec()];
        rows.extend(largest.into_sorted().into_iter().map(|(edges, node)| vec![node, grouped(edges)]));
        Ok(Some(Highlights { heading, rows }))
    }
}

impl Degrees {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut edge, mut degrees) = (Edge::default(), HashMap::<Vec<u8>, InAndOut>::new());
        run.for_each_line(inputs, |line| {
            if edge.parse(&line, options.ids)? {
                add(degrees.entry_ref(edge.source()).or_default(), (0, 1));
                add(degrees.entry_ref(edge.target()).or_default(), (1, 0));
            }
            Ok(())
        })?;
        let parts = id_ranges(inputs, options.ids, run.reducers(), run.inputs())?;
        let mut degrees: Vec<_> = degrees.into_iter().collect();
        degrees.sort_unstable();
        degrees.iter().try_for_each(|(node, degrees)| {
            run.write(parts.partition(node, run.reducers()), &options.ids.text(node)?, degrees)
        })
    }
}
