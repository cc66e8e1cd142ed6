//! Jobs that are loops, against plain oracles of their own, and the factors that only loops show.

use std::collections::BTreeMap;
use std::fs;

use super::Cli;
use crate::real_data::data;

/// Key and value of each line of an output.
fn pairs(output: &[u8]) -> Vec<(String, String)> {
    let text = std::str::from_utf8(output).unwrap();
    let pair = |line: &str| line.split_once('\t').map(|(key, value)| (key.to_owned(), value.to_owned())).unwrap();
    text.lines().map(pair).collect()
}

#[track_caller]
fn assert_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
}

/// Edges by the order of their ids.
fn edges(text: &str) -> (Vec<String>, Vec<(usize, usize)>) {
    let edge = |line: &str| line.split_once('\t').map(|(a, b)| (a.to_owned(), b.to_owned()));
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).filter_map(edge).collect();
    let mut numbers: BTreeMap<String, usize> =
        lines.iter().flat_map(|(a, b)| [a, b]).map(|id| (id.clone(), 0)).collect();
    numbers.values_mut().enumerate().for_each(|(place, number)| *number = place);
    let mut edges: Vec<_> = lines.iter().map(|(a, b)| (numbers[a], numbers[b])).collect();
    edges.sort_unstable();
    edges.dedup();
    (numbers.into_keys().collect(), edges)
}

fn rank_oracle(nodes: usize, edges: &[(usize, usize)], iterations: usize) -> Vec<f64> {
    let mut degrees = vec![0.0; nodes];
    edges.iter().for_each(|(source, _)| degrees[*source] += 1.0);
    let mut ranks = vec![1.0 / nodes as f64; nodes];
    for _ in 0..iterations {
        let dangling: f64 = (0..nodes).filter(|node| degrees[*node] == 0.0).map(|node| ranks[node]).sum();
        let mut next = vec![0.15 / nodes as f64 + 0.85 * dangling / nodes as f64; nodes];
        edges.iter().for_each(|(source, target)| next[*target] += 0.85 * ranks[*source] / degrees[*source]);
        ranks = next;
    }
    ranks
}

/// A graph with a duplicate edge, a self-loop, nodes without links, a node alone, a comment and an empty line.
const SMALL_GRAPH: &str = "# a graph\na\tb\nb\tc\n\nc\ta\na\tb\na\td\ne\te\nf\ta\nf\tf\nz\t10\nz\t9\n";

#[test]
fn page_rank_follows_its_definition() {
    let cli = Cli::with_input(SMALL_GRAPH);
    let (ids, edges) = edges(SMALL_GRAPH);
    for (options, iterations) in [("--iterations 0", 0), ("--iterations 1", 1), ("", 10), ("--iterations 60", 60)] {
        let expected = rank_oracle(ids.len(), &edges, iterations);
        for settings in ["--mode disk --reducers 3", "--mode memory --reducers 1 --workers 3", "--mode reference"] {
            cli.succeed(&format!("run pagerank {options} {settings} --input input --output out --overwrite --quiet"));
            let found = pairs(&cli.output("out"));
            assert_eq!(found.iter().map(|(id, _)| id).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
            for ((id, rank), expected) in found.iter().zip(&expected) {
                assert_close(rank.parse().unwrap(), *expected, id);
            }
            let total: f64 = found.iter().map(|(_, rank)| rank.parse::<f64>().unwrap()).sum();
            assert_close(total, 1.0, "the ranks' sum");
        }
    }
}

#[test]
fn page_rank_stops_when_it_has_converged() {
    let cli = Cli::with_input(SMALL_GRAPH);
    for mode in ["disk", "memory"] {
        let options = "--tolerance 1e-6 --report report.json --output out --overwrite --quiet";
        cli.succeed(&format!("run pagerank --mode {mode} --input input {options}"));
        let iterations = cli.json("report.json")["iterations"].as_array().unwrap().len();
        assert!((10..200).contains(&iterations), "{iterations}");
    }
    cli.succeed("run pagerank --tolerance 1e-6 --mode memory --input input --output out2 --quiet");
    cli.succeed("run pagerank --tolerance 1e-6 --mode reference --input input --output out3 --quiet");
    assert_eq!(cli.output("out2"), cli.output("out3"));
}

#[test]
fn numbers_as_ids_have_their_own_order() {
    let cli = Cli::with_input("9\t10\n10\t007\n");
    for job in ["pagerank", "components"] {
        for (ids, expected) in [("text", ["007", "10", "9"].as_slice()), ("number", &["7", "9", "10"])] {
            cli.succeed(&format!("run {job} --ids {ids} --input input --output out --overwrite --quiet"));
            let found = pairs(&cli.output("out"));
            assert_eq!(found.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), expected, "{job} {ids}");
        }
    }
}

#[test]
fn numbers_and_names_as_ids_give_the_same_results() {
    let cli = Cli::new();
    // All numbers have three digits, so that their order is that of the names.
    let edge = |i: u32| (100 + i * i % 771, 100 + i * 7 % 893);
    let graph =
        |prefix: &str| -> String { (0..2000).map(edge).map(|(a, b)| format!("{prefix}{a}\t{prefix}{b}\n")).collect() };
    fs::write(cli.scratch.path("numbers"), graph("")).unwrap();
    fs::write(cli.scratch.path("names"), graph("n")).unwrap();
    // One id that is no number, at the end of many, makes names of all.
    fs::write(cli.scratch.path("mixed"), graph("") + "0100\t100\n").unwrap();
    for job in ["pagerank --iterations 4", "components"] {
        let run = |settings: &str| {
            cli.succeed(&format!("run {job} {settings} --reducers 3 --output out --overwrite --quiet"));
            String::from_utf8(cli.output("out")).unwrap()
        };
        let expected = run("--input numbers --mode reference");
        let mixed = run("--input mixed --mode reference");
        assert!(expected.starts_with("100\t") && mixed.starts_with("0100\t"), "{job}");
        for mode in ["disk", "memory", "memory --memory 1MiB --invariant reread"] {
            assert_eq!(run(&format!("--input numbers --mode {mode}")), expected, "{job} {mode}");
            assert_eq!(run(&format!("--input numbers --ids number --mode {mode}")), expected, "{job} {mode}");
            assert_eq!(run(&format!("--input names --mode {mode}")).replace('n', ""), expected, "{job} {mode}");
            assert_eq!(run(&format!("--input mixed --mode {mode}")), mixed, "{job} {mode}");
        }
    }
}

#[test]
fn an_edge_that_does_not_parse_fails_the_job_at_its_place() {
    for (line, options) in [("a b", ""), ("a\tb\tc", ""), ("\tb", ""), ("1\tx", "--ids number")] {
        let cli = Cli::with_input(format!("1\t2\n{line}\n"));
        for job in ["pagerank", "components"] {
            for mode in ["disk", "memory", "reference"] {
                let ended = cli.fail(1, &format!("run {job} {options} --mode {mode} --input input --output out"));
                ended.says(&["input/data.txt", "offset 4", if options.is_empty() { "no edge" } else { "'x'" }]);
            }
        }
    }
}

#[test]
fn every_combination_of_factors_and_settings_gives_the_same_bytes() {
    let cli = Cli::new();
    cli.succeed("gen graph --edges 6000 --nodes 900 --seed 2 --out graph");
    cli.succeed("gen labelled --points 3000 --dimensions 3 --seed 2 --out rows");
    let jobs = [
        ("pagerank", "graph", "--iterations 3"),
        ("components", "graph", ""),
        ("logreg", "rows", "--iterations 3 --standardize"),
        ("kmeans", "rows", "--iterations 3 --k 4"),
    ];
    for (job, input, options) in jobs {
        let run = |settings: &str| {
            let files = format!("--input {input} --output out --overwrite --report report.json --quiet");
            cli.succeed(&format!("run {job} {options} {settings} {files}"));
            cli.json("report.json")["output"]["digest"].as_str().unwrap().to_owned()
        };
        let expected = run("--mode reference");
        for map_output in ["disk", "memory"] {
            for between_jobs in ["disk", "memory"] {
                for invariant in ["reread", "cached"] {
                    let factors =
                        format!("--map-output {map_output} --between-jobs {between_jobs} --invariant {invariant}");
                    assert_eq!(run(&factors), expected, "{job} {factors}");
                }
            }
        }
        for settings in [
            "--mode disk --grouping hash",
            "--mode memory --grouping hash",
            "--mode memory --grouping hash --memory 1MiB",
            "--mode disk --grouping hash --sort-buffer 32KiB --merge-factor 2",
            "--mode memory --memory 1MiB",
            "--mode disk --memory 1MiB --merge-factor 2",
            "--workers 5",
        ] {
            assert_eq!(run(settings), expected, "{job} {settings}");
        }
        assert_eq!(cli.json("report.json")["factors"]["invariant"], "cached");
    }
}

#[test]
fn a_cached_input_is_read_once_and_a_reread_one_in_each_iteration() {
    let cli = Cli::new();
    cli.succeed("gen labelled --points 3000 --dimensions 3 --seed 2 --out input/data");
    let bytes = fs::metadata(cli.scratch.path("input/data")).unwrap().len();
    for (invariant, times) in [("cached", 1), ("reread", 7)] {
        let options = "--iterations 7 --input input --output out --overwrite --report report.json --quiet";
        cli.succeed(&format!("run logreg --invariant {invariant} {options}"));
        let report = cli.json("report.json");
        assert_eq!(report["input_bytes"], times * bytes, "{invariant}");
        assert_eq!(report["counters"]["MAP_INPUT_RECORDS"].as_u64().unwrap(), 7 * 3000 + 4, "points, and weights");
        assert_eq!(report["iterations"].as_array().unwrap().len(), 7);
    }
}

#[test]
fn components_are_what_union_find_finds() {
    let cli = Cli::new();
    // Long paths, which are what simple label propagation is slow on, and a star.
    let path = |from: usize, to: usize| (from..to).map(|i| format!("n{i:04}\tn{:04}\n", i + 1)).collect::<String>();
    let star = (0..50).map(|i| format!("hub\tleaf{i}\n")).collect::<String>();
    let graph =
        [path(0, 300), path(400, 401), path(500, 640), star, "alone\talone\n".into(), "# b\tc\n".into()].concat();
    fs::write(cli.scratch.path("input/graph"), &graph).unwrap();
    let (ids, edges) = edges(&graph);
    let mut smallest: Vec<usize> = (0..ids.len()).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for (a, b) in &edges {
            let least = smallest[*a].min(smallest[*b]);
            changed |= smallest[*a] != least || smallest[*b] != least;
            (smallest[*a], smallest[*b]) = (least, least);
        }
    }
    let expected: String =
        ids.iter().zip(&smallest).map(|(id, smallest)| format!("{id}\t{}\n", ids[*smallest])).collect();
    for settings in ["--mode disk --reducers 2", "--mode memory --reducers 5", "--mode reference --reducers 1"] {
        let options = "--output out --overwrite --report report.json --quiet";
        cli.succeed(&format!("run components {settings} --input input {options}"));
        assert_eq!(String::from_utf8(cli.output("out")).unwrap(), expected, "{settings}");
    }
    cli.succeed("run components --mode memory --input input --output out --overwrite --report report.json --quiet");
    let rounds = cli.json("report.json")["iterations"].as_array().unwrap().len();
    assert!(rounds < 15, "a path of 300 edges takes rounds by its logarithm: {rounds}");
}

/// Label and features of each row of a table without quotes.
fn rows(text: &str, label: usize, positive: &str) -> Vec<(f64, Vec<f64>)> {
    let row = |line: &str| {
        let mut fields: Vec<&str> = line.split(',').collect();
        let label = fields.remove(label);
        (f64::from(u8::from(label == positive)), fields.iter().map(|field| field.parse().unwrap()).collect())
    };
    text.lines().map(row).collect()
}

fn standardized(rows: &mut [(f64, Vec<f64>)]) {
    let count = rows.len() as f64;
    for feature in 0..rows[0].1.len() {
        let mean = rows.iter().map(|(_, x)| x[feature]).sum::<f64>() / count;
        let variance = rows.iter().map(|(_, x)| (x[feature] - mean).powi(2)).sum::<f64>() / count;
        rows.iter_mut().for_each(|(_, x)| x[feature] = (x[feature] - mean) / variance.sqrt());
    }
}

fn logreg_oracle(rows: &[(f64, Vec<f64>)], iterations: usize, rate: f64) -> Vec<f64> {
    let mut weights = vec![0.0; 1 + rows[0].1.len()];
    for _ in 0..iterations {
        let mut gradient = vec![0.0; weights.len()];
        for (label, x) in rows {
            let score = weights[0] + x.iter().zip(&weights[1..]).map(|(x, w)| x * w).sum::<f64>();
            let error = 1.0 / (1.0 + (-score).exp()) - label;
            gradient[0] += error;
            gradient[1..].iter_mut().zip(x).for_each(|(g, x)| *g += error * x);
        }
        weights.iter_mut().zip(&gradient).for_each(|(w, g)| *w -= rate * g / rows.len() as f64);
    }
    weights
}

#[track_caller]
fn assert_weights(cli: &Cli, run: &str, expected: &[f64]) {
    for settings in ["--mode disk --workers 3", "--mode memory --reducers 1", "--mode reference"] {
        cli.succeed(&format!("run logreg {run} {settings} --output out --overwrite --quiet"));
        let found = pairs(&cli.output("out"));
        assert_eq!(found.len(), expected.len());
        for (i, ((index, weight), expected)) in found.iter().zip(expected).enumerate() {
            assert_eq!(*index, i.to_string());
            assert_close(weight.parse().unwrap(), *expected, &format!("{run} {settings}: weight {i}"));
        }
    }
}

#[test]
fn logistic_regression_descends_as_defined() {
    let cli = Cli::new();
    cli.succeed("gen labelled --points 5000 --dimensions 4 --seed 8 --out input/data");
    let text = fs::read_to_string(cli.scratch.path("input/data")).unwrap();
    let mut table = rows(&text, 0, "1");
    assert_weights(&cli, "--iterations 25 --learning-rate 0.5 --input input", &logreg_oracle(&table, 25, 0.5));
    standardized(&mut table);
    assert_weights(&cli, "--iterations 3 --standardize --input input", &logreg_oracle(&table, 3, 0.1));

    let turned: String = text
        .lines()
        .map(|line| line.split_once(',').unwrap())
        .map(|(label, features)| {
            format!("{} {}\n", features.replace(',', " "), if label == "1" { "\"g\"" } else { "h" })
        })
        .collect();
    fs::write(cli.scratch.path("input/data"), format!("a b c d class\n{turned}")).unwrap();
    let run = "--header --label-column 5 --positive g --iterations 3 --standardize --input input";
    assert_weights(&cli, run, &logreg_oracle(&table, 3, 0.1));
}

#[test]
fn a_row_that_does_not_parse_fails_the_job_at_its_place() {
    for (line, says) in
        [("1,2", "2 fields where the first row has 3"), ("1,2,x", "'x' is no finite number"), ("0,nan,1", "'nan'")]
    {
        let cli = Cli::with_input(format!("0,1,2\n{line}\n"));
        for mode in ["disk", "memory", "reference"] {
            let ended = cli.fail(1, &format!("run logreg --mode {mode} --input input --output out"));
            ended.says(&["input/data.txt", "offset 6", says]);
        }
    }
    let cli = Cli::with_input("\n\n");
    cli.fail(1, "run kmeans --input input --output out").says(&["no rows"]);
    let cli = Cli::with_input("1,2\n1,2\n3,4\n");
    cli.fail(1, "run kmeans --k 3 --input input --output out").says(&["only 2 distinct points"]);
    cli.fail(2, "run kmeans --k 1 --columns 1-2,2 --input input --output out").says(&["column 2 is named twice"]);
    cli.fail(2, "run kmeans --k 1 --columns 2-1 --input input --output out").says(&["--columns"]);
    cli.fail(1, "run logreg --label-column 3 --input input --output out").says(&["no column 3"]);
}

/// Counts and centroids.
fn kmeans_oracle(points: &[Vec<f64>], mut centroids: Vec<Vec<f64>>, iterations: usize) -> Vec<(usize, Vec<f64>)> {
    let mut counts = vec![0; centroids.len()];
    for _ in 0..iterations {
        let mut sums = vec![vec![0.0; points[0].len()]; centroids.len()];
        counts.fill(0);
        for point in points {
            let distance = |c: &Vec<f64>| c.iter().zip(point).map(|(c, x)| (x - c).powi(2)).sum::<f64>();
            let nearest = (0..centroids.len())
                .reduce(|a, b| if distance(&centroids[b]) < distance(&centroids[a]) { b } else { a })
                .unwrap();
            counts[nearest] += 1;
            sums[nearest].iter_mut().zip(point).for_each(|(sum, x)| *sum += x);
        }
        for ((centroid, sum), count) in centroids.iter_mut().zip(sums).zip(&counts) {
            if *count > 0 {
                *centroid = sum.iter().map(|sum| sum / *count as f64).collect();
            }
        }
    }
    counts.into_iter().zip(centroids).collect()
}

#[track_caller]
fn assert_clusters(cli: &Cli, run: &str, expected: &[(usize, Vec<f64>)]) {
    for settings in ["--mode disk --workers 3", "--mode memory --reducers 1", "--mode reference"] {
        cli.succeed(&format!("run kmeans {run} {settings} --output out --overwrite --quiet"));
        let found = pairs(&cli.output("out"));
        assert_eq!(found.len(), expected.len());
        for (i, ((cluster, line), (count, centroid))) in found.iter().zip(expected).enumerate() {
            let (found_count, values) = line.split_once('\t').unwrap();
            assert_eq!((cluster.as_str(), found_count), (i.to_string().as_str(), count.to_string().as_str()), "{run}");
            for (value, expected) in values.split(',').zip(centroid) {
                assert_close(value.parse().unwrap(), *expected, &format!("{run} {settings}: cluster {i}"));
            }
        }
    }
}

#[test]
fn k_means_is_lloyds_algorithm() {
    let cli = Cli::new();
    cli.succeed("gen points --points 4000 --dimensions 3 --clusters 5 --seed 4 --out input/data");
    let text = fs::read_to_string(cli.scratch.path("input/data")).unwrap();
    let doubled = format!("{}\n{text}", text.lines().next().unwrap());
    fs::write(cli.scratch.path("input/data"), &doubled).unwrap();
    let points: Vec<Vec<f64>> =
        doubled.lines().map(|line| line.split(',').map(|field| field.parse().unwrap()).collect()).collect();
    let seeds = points[1..6].to_vec();
    assert_clusters(&cli, "--k 5 --iterations 6 --input input", &kmeans_oracle(&points, seeds, 6));

    let two: Vec<Vec<f64>> = points.iter().map(|point| vec![point[2], point[0]]).collect();
    let seeds = vec![vec![0.0, 0.0], vec![1e6, 1e6], vec![5.0, -5.0]];
    fs::write(cli.scratch.path("seeds"), "0 0\n1e6 1e6\n5 -5\n").unwrap();
    let run = "--k 3 --iterations 4 --columns 3,1-1 --centroids seeds --input input";
    let expected = kmeans_oracle(&two, seeds, 4);
    assert!(expected.iter().any(|(count, _)| *count == 0), "an empty cluster keeps its centroid");
    assert_clusters(&cli, run, &expected);
}

#[test]
fn k_means_stops_when_nothing_moves() {
    let cli = Cli::with_input("0\n1\n10\n11\n");
    cli.succeed("run kmeans --k 2 --iterations 50 --input input --output out --report report.json --quiet");
    assert_eq!(cli.json("report.json")["iterations"].as_array().unwrap().len(), 3);
    assert_eq!(cli.output("out"), b"0\t2\t0.5\n1\t2\t10.5\n");
}

#[test]
fn real_graphs_have_the_ranks_and_components_of_the_oracles() {
    let cli = Cli::new();
    for name in ["wiki_vote.tsv", "wikispeedia_links.tsv"] {
        let Some(graph) = data(&format!("graphs/{name}")) else { return };
        let (ids, edges) = edges(&fs::read_to_string(&graph).unwrap());
        let expected = rank_oracle(ids.len(), &edges, 20);
        for mode in ["disk", "memory"] {
            let run = format!("run pagerank --iterations 20 --mode {mode} --output out --overwrite --quiet --input");
            cli.succeed(&format!("{run} {}", graph.display()));
            let found = pairs(&cli.output("out"));
            assert_eq!(found.len(), ids.len());
            for ((found, id), expected) in found.iter().zip(&ids).zip(&expected) {
                assert_eq!(found.0, *id);
                assert_close(found.1.parse().unwrap(), *expected, id);
            }
        }
    }
}

#[test]
fn data_between_jobs_is_written_as_often_as_asked() {
    let cli = Cli::new();
    cli.succeed("gen graph --edges 3000 --nodes 500 --seed 2 --out input/graph");
    let run = |settings: &str| {
        let options = "--iterations 2 --output out --overwrite --report report.json --quiet --input input";
        cli.succeed(&format!("run pagerank --mode memory --between-jobs disk {settings} {options}"));
        let report = cli.json("report.json");
        let digest = report["output"]["digest"].as_str().unwrap().to_owned();
        (digest, report["counters"]["FILE_BYTES_WRITTEN"].as_u64().unwrap(), report["durability"].clone())
    };
    let once = run("");
    let thrice = run("--replication 3 --sync");
    assert!(once.1 > 0);
    assert_eq!((&thrice.0, thrice.1), (&once.0, 3 * once.1));
    assert_eq!(thrice.2, serde_json::json!({"replication": 3, "sync": "device"}));
    cli.fail(2, "run pagerank --replication 0 --input input --output never").says(&["--replication"]);
}
