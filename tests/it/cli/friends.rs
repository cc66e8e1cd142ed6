//! Jobs on graphs that are no loops of ranks: degrees, levels, triangles and friends, against oracles.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;

use super::Cli;

/// Edges with repetitions, loops, a hub, and a part of its own.
fn some_edges(name: impl Fn(u32) -> String) -> Vec<(String, String)> {
    let mut state = 7u32;
    let mut next = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    let mut edges: Vec<_> = (0..400).map(|_| (next(60), next(60))).collect();
    edges.extend((0..60).map(|node| (7, node)));
    edges.extend([(70, 71), (71, 70), (71, 72), (80, 80)]);
    edges.into_iter().map(|(one, other)| (name(one), name(other))).collect()
}

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The different neighbours of each node, without itself.
fn neighbours(edges: &[(String, String)], both: bool) -> Graph {
    let mut graph = Graph::new();
    for (one, other) in edges {
        graph.entry(one.clone()).or_default().insert(other.clone());
        let back = graph.entry(other.clone()).or_default();
        if both {
            back.insert(one.clone());
        }
    }
    graph.iter_mut().for_each(|(node, others)| {
        others.remove(node);
    });
    graph
}

/// Runs a job on edges whose ids are small numbers, and on the same with names; the output is what `oracle` says, in all modes
/// and with several reducers.
fn assert_output(job: &str, oracle: impl Fn(&[(String, String)]) -> String) {
    for (kind, name) in [("numbers", ""), ("names", "\u{e9}:")] {
        let cli = Cli::new();
        let edges = some_edges(|node| format!("{name}{node}"));
        let text: String = edges.iter().map(|(one, other)| format!("{one}\t{other}\n")).collect();
        fs::write(cli.scratch.path("edges"), "# a comment\n\n".to_owned() + &text).unwrap();
        let expected = oracle(&edges);
        for mode in ["disk --sort-buffer 64k --split-size 500", "memory", "reference"] {
            for reducers in [1, 3, 7] {
                let run = format!("run {job} --mode {mode} --reducers {reducers}").replace("NAME", name);
                cli.succeed(&format!("{run} --input edges --output out --overwrite --quiet"));
                assert_eq!(String::from_utf8(cli.output("out")).unwrap(), expected, "{kind}: {run}");
            }
        }
    }
}

fn joined<'a>(ids: impl IntoIterator<Item = &'a String>) -> String {
    ids.into_iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

#[test]
fn degrees_count_every_line() {
    assert_output("degrees", |edges| {
        let mut degrees: BTreeMap<&String, (u32, u32)> = BTreeMap::new();
        for (one, other) in edges {
            degrees.entry(one).or_default().1 += 1;
            degrees.entry(other).or_default().0 += 1;
        }
        degrees.iter().map(|(node, (into, out_of))| format!("{node}\t{into}\t{out_of}\n")).collect()
    });
}

#[test]
fn levels_are_lengths_of_shortest_ways_along_the_edges() {
    assert_output("bfs --source NAME12", |edges| {
        let graph = neighbours(edges, false);
        let source =
            edges.iter().flat_map(|(one, other)| [one, other]).find(|id| id.trim_start_matches("\u{e9}:") == "12");
        let source = source.unwrap();
        let (mut levels, mut queue) = (BTreeMap::from([(source, 0)]), VecDeque::from([source]));
        while let Some(node) = queue.pop_front() {
            let level = levels[node] + 1;
            for neighbour in &graph[node] {
                levels.entry(neighbour).or_insert_with(|| {
                    queue.push_back(neighbour);
                    level
                });
            }
        }
        graph.keys().map(|node| format!("{node}\t{}\n", levels.get(node).unwrap_or(&-1))).collect()
    });
    let cli = Cli::with_input("a\tb\n");
    for mode in ["disk", "memory", "reference"] {
        let ended = cli.fail(1, &format!("run bfs --source c --mode {mode} --input input --output out"));
        ended.says(&["--source 'c' is no node of the graph"]);
    }
    fs::write(cli.scratch.path("input/data.txt"), "1\t2\n").unwrap();
    cli.fail(1, "run bfs --ids number --source c --input input --output out").says(&["'c' is no unsigned integer"]);
}

#[test]
fn ids_that_are_numbers_begin_a_search_however_they_are_written() {
    let cli = Cli::with_input("9\t10\n010\t11\n");
    for mode in ["disk", "memory", "reference"] {
        cli.succeed(&format!(
            "run bfs --ids number --source 09 --mode {mode} --input input --output out --overwrite --quiet"
        ));
        assert_eq!(cli.output("out"), b"9\t0\n10\t1\n11\t2\n");
    }
}

#[test]
fn triangles_are_counted_at_each_of_their_nodes() {
    assert_output("triangles", |edges| {
        let graph = neighbours(edges, true);
        let of_node = |node: &String| {
            let friends: Vec<&String> = graph[node].iter().collect();
            let pairs = friends
                .iter()
                .enumerate()
                .flat_map(|(at, one)| friends[at + 1..].iter().map(move |other| (one, other)));
            pairs.filter(|(one, other)| graph[**one].contains(**other)).count()
        };
        graph.keys().map(|node| format!("{node}\t{}\n", of_node(node))).collect()
    });
}

#[test]
fn friends_have_their_common_friends_listed() {
    assert_output("common-friends", |edges| {
        let graph = neighbours(edges, true);
        let mut output = String::new();
        for (one, friends) in &graph {
            for other in friends.iter().filter(|other| *other > one) {
                let common = joined(friends.intersection(&graph[other]));
                if !common.is_empty() {
                    output += &format!("{one}\t{other}\t{common}\n");
                }
            }
        }
        output
    });
}

#[test]
fn strangers_are_suggested_by_common_friends() {
    for k in [10, 2, 0] {
        assert_output(&format!("people-you-may-know --k {k}"), |edges| {
            let graph = neighbours(edges, true);
            let mut output = String::new();
            for (person, friends) in &graph {
                let strangers = graph.iter().filter(|(other, _)| *other != person && !friends.contains(*other));
                let mut strangers: Vec<_> =
                    strangers.map(|(other, theirs)| (-(friends.intersection(theirs).count() as i64), other)).collect();
                strangers.retain(|(common, _)| *common < 0);
                strangers.sort();
                output += &format!("{person}\t{}\n", joined(strangers.into_iter().take(k).map(|(_, other)| other)));
            }
            output
        });
    }
}

#[test]
fn edges_that_do_not_go_back_are_printed() {
    assert_output("asymmetric-friends", |edges| {
        let all: BTreeSet<_> = edges.iter().cloned().collect();
        let one_way = all.iter().filter(|(one, other)| !all.contains(&(other.clone(), one.clone())));
        one_way.map(|(one, other)| format!("{one}\t{other}\n")).collect()
    });
}

#[test]
fn a_graph_without_edges_has_no_nodes() {
    let cli = Cli::with_input("# nothing\n");
    for job in ["degrees", "bfs", "triangles", "common-friends", "people-you-may-know", "asymmetric-friends"] {
        for mode in ["disk", "memory", "reference"] {
            cli.succeed(&format!("run {job} --mode {mode} --input input --output out --overwrite --quiet"));
            assert_eq!(cli.output("out"), b"", "{job} {mode}");
        }
    }
}
