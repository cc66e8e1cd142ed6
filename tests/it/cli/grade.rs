//! `grade`: submissions run in a sandbox, and whatever they do, the next one is graded.

use std::fs;
use std::path::Path;

use super::Cli;

/// It opens its own script by its whole path, as Python does.
const MAPPER: &str =
    "head -c 1 \"$PWD/map.sh\" > /dev/null || exit 9\nawk '{for (i = 1; i <= NF; i++) print $i \"\\t1\"}'\n";
const REDUCER: &str =
    "awk -F '\\t' '$1 != w {if (NR > 1) print w \"\\t\" n; w = $1; n = 0} {n += $2} END {if (NR) print w \"\\t\" n}'\n";

/// An assignment with a solution, and these submissions: name, mapper, reducer.
fn assignment(submissions: &[(&str, &str, &str)]) -> Cli {
    let cli = Cli::with_input("b a\nb c\n".repeat(50));
    let write = |path: &str, script: &str| {
        let path = cli.scratch.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\n{script}")).unwrap();
    };
    for (name, mapper, reducer) in submissions {
        write(&format!("subs/{name}/map.sh"), mapper);
        write(&format!("subs/{name}/reduce.sh"), reducer);
    }
    write("right/map.sh", MAPPER);
    write("right/reduce.sh", REDUCER);
    let text = "name = \"Words\"\nsubmissions = \"subs\"\nsolution = \"right\"\ninput = [\"input\"]\n\
        mapper = \"./map.sh\"\nreducer = \"./reduce.sh\"\ncombiner = \"./reduce.sh\"\n\
        [limits]\ntime = \"20s\"\nmemory = \"300MiB\"\nprocesses = 30\noutput = \"2MiB\"\n";
    fs::write(cli.scratch.path("assignment.toml"), text).unwrap();
    cli
}

/// The points of each test of a submission.
fn points(cli: &Cli, number: usize) -> Vec<f64> {
    let tests = cli.json("r.json")["grades"][number]["tests"].as_array().unwrap().clone();
    tests.iter().map(|test| test["score"].as_f64().unwrap()).collect()
}

#[test]
fn each_test_has_its_points_and_every_form_has_them() {
    let mean = "awk '{print \"x\\t1\"}'\n";
    let cli = assignment(&[
        ("ann", MAPPER, REDUCER),
        // It counts the words of its partition as one.
        ("bob", MAPPER, "awk 'END {print \"all\\t\" NR}'\n"),
        ("cid", "exit 3\n", REDUCER),
        ("dan", mean, REDUCER),
    ]);
    let graded =
        cli.succeed("grade assignment.toml --report r.json --csv g.csv --gradescope scores --work-dir work/grade");
    // runs, answer, partitions, combiner, time
    assert_eq!(points(&cli, 0), [20.0, 40.0, 20.0, 10.0, 10.0], "{}{}", graded.stdout, cli.json("r.json"));
    assert_eq!(points(&cli, 1)[..3], [20.0, 0.0, 0.0]);
    assert_eq!(points(&cli, 2), [0.0; 5]);
    assert_eq!(points(&cli, 3)[..2], [20.0, 0.0]);
    assert!(graded.stdout.contains("100 of 100"), "{}", graded.stdout);
    let csv = fs::read_to_string(cli.scratch.path("g.csv")).unwrap();
    assert!(csv.starts_with("submission,score,max_score,seconds,runs,answer,partitions,combiner,time\nann,100,100,"));
    let scope = cli.json("scores/cid.json");
    assert_eq!((&scope["score"], &scope["tests"][0]["status"]), (&0.0.into(), &"failed".into()));
    assert!(scope["tests"][0]["output"].as_str().unwrap().contains("code 3"), "{scope}");
    assert_eq!(fs::read_dir(cli.scratch.path("work/grade")).unwrap().count(), 0, "nothing is left");
}

#[test]
fn a_hostile_submission_has_no_points_and_harms_nothing() {
    let cli = assignment(&[
        ("a-forks", "f() { f | f & }; f; sleep 5\n", REDUCER),
        ("b-prints", "yes\n", REDUCER),
        ("c-reads", "", "cat RIGHT/reduce.sh >&2; exit 1\n"),
        ("d-good", MAPPER, REDUCER),
    ]);
    let reads = cli.scratch.path("subs/c-reads/map.sh");
    let right = cli.scratch.path("right");
    fs::write(&reads, format!("#!/bin/sh\ncat {}/reduce.sh && echo found >&2\nexit 1\n", right.display())).unwrap();
    cli.succeed("grade assignment.toml --report r.json --quiet --work-dir work/grade");
    for hostile in 0..3 {
        assert_eq!(points(&cli, hostile)[..4], [0.0; 4], "{}", cli.json("r.json")["grades"][hostile]);
    }
    assert_eq!(points(&cli, 3).iter().sum::<f64>(), 100.0, "{}", cli.json("r.json"));
    // Where the system lets a submission be shut in, the solution is out of its sight.
    let notes = cli.json("r.json")["notes"].to_string();
    if !notes.contains("unshare") {
        let why = cli.json("r.json")["grades"][2]["tests"][0]["output"].to_string();
        assert!(!why.contains("found"), "{why}");
    }
    assert!(Path::new(&right).exists());
}
