//! A whole graph in memory, for the references.

use std::path::PathBuf;

use twinmill::prelude::*;
use twinmill::reference::ReferenceRun;

use crate::jobs::edges::nodes::{Coding, Nodes};
use crate::jobs::edges::{Edge, Ids, sample_ids};
use crate::jobs::numbers::Numbers;

/// A graph whose nodes are numbered in the order of their ids.
pub struct Graph {
    names: Names,
    pub nodes: u32,
    /// Source and target of each edge, in the order of the input.
    pub edges: Vec<(u32, u32)>,
}

enum Names {
    /// Ids that have codes.
    Coded(Nodes),
    /// Other ids, as they are printed.
    Ids(Vec<Vec<u8>>),
}

impl Graph {
    pub fn read(inputs: &[PathBuf], ids: Ids, run: &ReferenceRun) -> Result<Self> {
        let (sample, input_bytes) = (sample_ids(inputs, ids, run.inputs())?, run.inputs().bytes(inputs)?);
        let sample = sample.iter().map(|id| ids.text(id)).collect::<Result<Vec<_>>>()?;
        let mut coding = Coding::of_sample(ids, &sample, input_bytes);
        while let Some(mut some) = coding {
            run.for_each_line(inputs, |line| some.line(&line))?;
            match some.block.unfit {
                None => {
                    let (nodes, edges) = some.finish();
                    return Ok(Graph { nodes: nodes.count(), names: Names::Coded(nodes), edges });
                }
                Some(unfit) => coding = some.for_longer(unfit, input_bytes),
            }
        }
        Self::read_other(inputs, ids, run)
    }

    /// Numbers ids of any kind.
    fn read_other(inputs: &[PathBuf], ids: Ids, run: &ReferenceRun) -> Result<Self> {
        let (mut numbers, mut edges, mut edge) = (Numbers::default(), Vec::new(), Edge::default());
        run.for_each_line(inputs, |line| {
            if edge.parse(&line, ids)? {
                edges.push((numbers.of(edge.source()), numbers.of(edge.target())));
            }
            Ok(())
        })?;
        let (nodes, place_of) = numbers.in_order();
        for (source, target) in &mut edges {
            (*source, *target) = (place_of[*source as usize], place_of[*target as usize]);
        }
        let names = nodes.iter().map(|id| ids.text(id)).collect::<Result<Vec<_>>>()?;
        Ok(Graph { nodes: names.len() as u32, names: Names::Ids(names), edges })
    }

    /// Calls `each` with each node and its id as it is printed, in the order of the ids.
    pub fn for_each_id(&self, mut each: impl FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
        match &self.names {
            Names::Coded(nodes) => nodes.zip_ids(0, 0u32.., |id, node| each(node, id)),
            Names::Ids(ids) => (0u32..).zip(ids).try_for_each(|(node, id)| each(node, id)),
        }
    }
}

/// The links of a graph by their sources, each once: those of a node are `targets[starts[node]..starts[node + 1]]`.
pub struct Links {
    pub starts: Vec<usize>,
    pub targets: Vec<u32>,
}

impl Links {
    pub fn of(nodes: u32, edges: &[(u32, u32)]) -> Self {
        let mut next = vec![0usize; nodes as usize + 1];
        edges.iter().for_each(|(source, _)| next[*source as usize] += 1);
        let mut sum = 0;
        for next in &mut next {
            sum += std::mem::replace(next, sum);
        }
        let mut targets = vec![0; edges.len()];
        for (source, target) in edges {
            let next = &mut next[*source as usize];
            targets[*next] = *target;
            *next += 1;
        }
        // Where the links of a node ended those of the next one began. Each node's are sorted, and kept once.
        let (mut starts, mut kept, mut from) = (vec![0; nodes as usize + 1], 0, 0);
        for node in 0..nodes as usize {
            let to = next[node];
            targets[from..to].sort_unstable();
            let first = kept;
            for at in from..to {
                if kept == first || targets[kept - 1] != targets[at] {
                    targets[kept] = targets[at];
                    kept += 1;
                }
            }
            (starts[node + 1], from) = (kept, to);
        }
        targets.truncate(kept);
        Links { starts, targets }
    }

    /// The targets of a node's links, ascending.
    pub fn list(&self, node: u32) -> &[u32] {
        let node = node as usize;
        &self.targets[self.starts[node]..self.starts[node + 1]]
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn links_are_sorted_and_each_is_there_once() {
        use super::*;

        let links = Links::of(5, &[(3, 1), (0, 4), (0, 2), (3, 3), (0, 4), (3, 1), (0, 0)]);
        assert_eq!((links.starts, links.targets), (vec![0, 3, 3, 3, 5, 5], vec![0, 2, 4, 1, 3]));
    }
}
