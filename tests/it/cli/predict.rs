//! `twinmill predict`: a cluster that is not there, from one run.

use serde_json::Value;

use super::Cli;

fn told(cli: &Cli, words: &str) -> Value {
    serde_json::from_str(&cli.succeed(words).stdout).unwrap()
}

#[test]
fn every_number_of_nodes_has_a_time_an_interval_and_a_limit_in_both_modes() {
    let cli = Cli::with_input("to be or not to be\n".repeat(1000));
    let told = told(&cli, "predict wordcount --input input --nodes 1,4,1000 --size 1TB --json");
    let predictions = told["predictions"].as_array().unwrap();
    let names: Vec<_> =
        predictions.iter().map(|one| (one["engine"].as_str().unwrap(), one["nodes"].as_u64())).collect();
    let nodes = [Some(1), Some(4), Some(1000)];
    let expected: Vec<_> = ["hadoop", "spark"].iter().flat_map(|engine| nodes.map(|nodes| (*engine, nodes))).collect();
    assert_eq!(names, expected);
    for one in predictions {
        let seconds = one["seconds"].as_f64().unwrap();
        let interval = one["interval_seconds"].as_array().unwrap();
        assert!(interval[0].as_f64().unwrap() <= seconds && seconds <= interval[1].as_f64().unwrap(), "{one}");
        assert!(one["limits"][0]["saved_seconds"].as_f64().unwrap() > 0.0, "{one}");
        assert_eq!(one["maps"].as_f64(), Some(7451.0), "1 TB in blocks of 128 MiB");
    }
    assert_eq!(told["measured"]["jobs"].as_array().unwrap().len(), 1);
    cli.assert_left(&[]);
}

#[test]
fn a_loop_has_the_work_of_each_of_its_jobs() {
    let cli = Cli::with_input("1\t2\n2\t3\n3\t1\n1\t3\n");
    let told =
        told(&cli, "predict pagerank --input input --iterations 2 --nodes 4 --engine spark --json --report told.json");
    assert!(told["measured"]["jobs"].as_array().unwrap().len() >= 4, "{told}");
    assert_eq!(cli.json("told.json"), told);
    cli.assert_left(&["told.json"]);
}

#[test]
fn people_are_told_what_limits_the_job_and_how_good_predictions_were() {
    let cli = Cli::with_input("b a b\nc\n".repeat(100));
    let text = cli.succeed("predict wordcount --input input --nodes 4,1000 --quiet").stdout;
    for what in ["Hadoop with twinmill's tasks", "Spark with twinmill's tasks", "1,000 nodes", "limits the job: "] {
        assert!(text.contains(what), "no {what:?} in {text}");
    }
    assert!(text.contains("raded"), "{text}");
    let local = cli.succeed("predict wordcount --input input --engine local --disk hdd --size 16x --quiet").stdout;
    assert!(local.contains("disk hdd (150 MB/s, 10 ms a seek)") && local.contains("(mode memory)"), "{local}");
}

#[test]
fn a_saved_run_is_as_good_as_one_that_is_made_now() {
    let cli = Cli::with_input("b a b\nc\n".repeat(100));
    cli.succeed("run wordcount --input input --mode disk --quiet --report run.json");
    let told = told(&cli, "predict wordcount --from run.json --nodes 16 --json");
    assert_eq!(told["measured"]["wall_seconds"], cli.json("run.json")["wall_seconds"]);
    cli.fail(2, "predict sort --from run.json").says(&["run.json", "it is about wordcount, not sort"]);
    cli.fail(2, "predict wordcount --from run.json --input input").says(&["--from", "--input"]);
    cli.fail(2, "predict wordcount --from input/data.txt").says(&["no report of 'run --report'"]);
    cli.fail(1, "predict wordcount --from nowhere.json").says(&["nowhere.json"]);
    cli.succeed("run wordcount --input input --mode reference --quiet --report reference.json");
    cli.fail(2, "predict wordcount --from reference.json").says(&["the reference has no tasks"]);
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let cli = Cli::with_input("a\n");
    for words in [
        "--nodes 0",
        "--nodes some",
        "--network slow",
        "--disk floppy",
        "--size 0x",
        "--engine abacus",
        "--mode reference",
    ] {
        cli.fail(2, &format!("predict wordcount --input input {words}"));
    }
    cli.fail(2, "predict wordcuont").says(&["unknown job 'wordcuont'"]);
    cli.fail(2, "predict wordcount --input input --report input/data.txt").says(&["--report"]);
}
