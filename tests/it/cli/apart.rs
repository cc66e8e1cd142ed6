//! Tasks that run apart: one by one through pipes, and all of a job's through a launcher of commands.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};
use std::thread;

use serde_json::Value;

use super::Cli;
use crate::harness::{assert_same_parts, read_output};

/// Runs a command with this standard input.
fn piped(cli: &Cli, words: &str, stdin: &[u8]) -> Output {
    let mut command = cli.command(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    thread::scope(|scope| {
        // A task that refuses its arguments does not read.
        scope.spawn(move || drop(pipe.write_all(stdin)));
        child.wait_with_output().unwrap()
    })
}

#[track_caller]
fn succeed(cli: &Cli, words: &str, stdin: &[u8]) -> Output {
    let output = piped(cli, words, stdin);
    assert!(output.status.success(), "twinmill {words}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Keys and values that are framed by their lengths.
fn records(mut bytes: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let part = |bytes: &mut &[u8]| {
        let (len, rest) = bytes.split_first_chunk::<4>().unwrap();
        let (part, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        *bytes = rest;
        part.to_vec()
    };
    let mut records = Vec::new();
    while !bytes.is_empty() {
        records.push((part(&mut bytes), part(&mut bytes)));
    }
    records
}

fn framed(records: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let part = |part: &Vec<u8>| [&(part.len() as u32).to_be_bytes()[..], part].concat();
    records.iter().flat_map(|(key, value)| [part(key), part(value)].concat()).collect()
}

/// The partition in which Hadoop's `BinaryPartitioner` puts a key, by its first four bytes.
fn partition(key: &[u8], reducers: i32) -> i32 {
    let hash = key[..4].iter().fold(1i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(*byte as i8)));
    (hash & i32::MAX) % reducers
}

const SPLITS: [&str; 3] = ["to be or not to be\nthat is", " the question\n", "to be\tis to be perceived\n\n"];

#[test]
fn a_cluster_that_sorts_records_by_their_bytes_gets_the_parts_of_a_run() {
    let cli = Cli::new();
    fs::write(cli.scratch.path("text"), SPLITS.concat()).unwrap();
    for options in ["", "--no-combiner", "--tokens letters"] {
        cli.succeed(&format!("run wordcount {options} --input text --reducers 3 --output run --overwrite --quiet"));
        let lines = SPLITS.concat();
        let tasks: Vec<&str> = lines.split_inclusive('\n').collect();
        let mut shuffled = Vec::new();
        for task in &tasks {
            let map = format!("task map wordcount {options} --reducers 3 --partition-token");
            shuffled.append(&mut records(&succeed(&cli, &map, task.as_bytes()).stdout));
        }
        shuffled.sort();
        for number in 0..3 {
            let own: Vec<_> = shuffled.iter().filter(|(key, _)| partition(key, 3) == number).cloned().collect();
            let reduce = format!("task reduce wordcount {options} --reducers 3 --partition-token --partition {number}");
            let part = succeed(&cli, &reduce, &framed(&own)).stdout;
            assert_eq!(part, fs::read(cli.scratch.path(&format!("run/part-r-0000{number}"))).unwrap(), "{options}");
        }
    }
}

#[test]
fn blocks_may_come_in_any_order_and_those_of_other_partitions_are_passed_by() {
    let cli = Cli::new();
    fs::write(cli.scratch.path("text"), SPLITS.concat()).unwrap();
    cli.succeed("run wordcount --input text --reducers 2 --output run --quiet");
    for compress in ["none", "lz4", "zstd"] {
        let options = format!("--reducers 2 --blocks --compress {compress}");
        let lines = SPLITS.concat();
        let mut blocks: Vec<Vec<u8>> = (0..)
            .zip(lines.split_inclusive('\n'))
            .map(|(number, task)| {
                let map = format!("task map wordcount --partition {number} {options}");
                succeed(&cli, &map, task.as_bytes()).stdout
            })
            .collect();
        blocks.reverse();
        for number in 0..2 {
            let reduce = format!("task reduce wordcount {options} --partition {number}");
            let part = succeed(&cli, &reduce, &blocks.concat()).stdout;
            assert_eq!(part, fs::read(cli.scratch.path(&format!("run/part-r-0000{number}"))).unwrap(), "{compress}");
        }
    }
}

#[test]
fn counts_are_reported_in_streamings_words() {
    let cli = Cli::new();
    let output = succeed(&cli, "task map wordcount --reducers 2 --summary counts.json", b"to be or\nnot to be\n");
    let said = String::from_utf8(output.stderr).unwrap();
    for counted in ["MAP_INPUT_RECORDS,2", "MAP_OUTPUT_RECORDS,6", "COMBINE_OUTPUT_RECORDS,4"] {
        assert!(said.contains(&format!("reporter:counter:twinmill map,{counted}\n")), "{said}");
    }
    assert_eq!(cli.json("counts.json")["counters"]["MAP_OUTPUT_RECORDS"], 6);
}

#[test]
fn a_task_says_what_it_lacks() {
    let cli = Cli::new();
    for (words, stdin, status, says) in [
        ("task map sort --reducers 2", "b\na\n", 2, "looks at its whole input before its first task"),
        ("task reduce wordcount --reducers 2", "", 2, "needs --partition"),
        ("task reduce wordcount --reducers 2 --partition 2", "", 2, "has 2 partitions"),
        ("task reduce wordcount --reducers 0 --partition 0", "", 2, "its map output is its output"),
        ("task reduce wordcount --reducers 1", "text\n", 1, "cannot read standard input"),
        (
            "task reduce wordcount --reducers 1",
            "\0\0\0\x01b\0\0\0\x01\x01\0\0\0\x01a\0\0\0\x01\x01",
            2,
            "sort records by",
        ),
        ("task map wordcount --pack", "", 2, "needs the --plan"),
        ("task map wordcount --plan nowhere", "", 1, "cannot open nowhere"),
        ("task map wordcuont", "", 2, "did you mean wordcount"),
        ("task map", "", 2, "Jobs:"),
    ] {
        let output = piped(&cli, words, stdin.as_bytes());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{words}: {said}");
        assert!(said.contains(says), "{words}: {said}");
        assert!(output.stdout.is_empty(), "{words}");
    }
    assert!(cli.scratch.leftovers().iter().all(|path| !path.to_string_lossy().contains("twinmill-")));
}

/// Runs a job here and by a launcher, and compares parts and the counts of records.
#[track_caller]
fn assert_same_apart(cli: &Cli, job: &str) {
    let options = "--split-size 20k --workers 2 --quiet --overwrite";
    cli.succeed(&format!("run {job} {options} --output here --report here.json"));
    cli.succeed(&format!("run {job} {options} --output apart --report apart.json --engine batch"));
    assert_same_parts(&read_output(&cli.scratch.path("here")), &read_output(&cli.scratch.path("apart")), job);
    let counts = |report: &str| {
        let counters = cli.json(report)["counters"].clone();
        ["MAP_INPUT_RECORDS", "MAP_OUTPUT_RECORDS", "REDUCE_INPUT_GROUPS", "REDUCE_OUTPUT_RECORDS"]
            .map(|name| counters[name].as_u64().unwrap())
    };
    assert_eq!(counts("here.json"), counts("apart.json"), "{job}");
}

#[test]
fn chains_loops_and_side_data_go_out_and_come_back_the_same() {
    let cli = Cli::new();
    let jobs: Value = serde_json::from_str(&cli.succeed("list --json").stdout).unwrap();
    let of = |name: &str| jobs.as_array().unwrap().iter().find(|job| job["name"] == name).unwrap().clone();
    for (name, options) in [
        ("wordcount", "--no-combiner --reducers 3"),
        ("terasort", "--reducers 3"),
        ("inverted-index", "--reducers 2"),
        ("join", "--reducers 2"),
        ("pagerank", "--iterations 2 --reducers 2"),
        ("kmeans", "--k 3 --iterations 2"),
        ("select", "--where 1>5 --reducers 0"),
    ] {
        let input = cli.generated_input_of(&of(name), "40k").unwrap();
        assert_same_apart(&cli, &format!("{name} {options} --input {input}"));
    }
    cli.fail(2, "run wordcount --engine batch --skip-bad-records 1").says(&["--skip-bad-records", "--engine local"]);
    cli.fail(2, "run wordcount --input data-wordcount --engine batch --engine-option lancher=x")
        .says(&["it takes launcher"]);
    cli.fail(2, "run wordcount --input data-wordcount --engine hadoop --engine-option history=never")
        .says(&["history is yes or no"]);
    cli.fail(2, "run wordcount --engine-option launcher=x").says(&["not local"]);
}

/// Every job's plan, its packs, and a task that comes to its place with them. `tests/trials/other-engines` runs the jobs to
/// their ends.
#[test]
fn the_first_map_task_of_every_listed_job_goes_out() {
    use std::os::unix::fs::PermissionsExt;

    let cli = Cli::new();
    let launcher = cli.scratch.path("first");
    fs::write(&launcher, "#!/bin/sh\nIFS= read -r command; exec sh -c \"$command\"\n").unwrap();
    fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).unwrap();
    let jobs: Value = serde_json::from_str(&cli.succeed("list --json").stdout).unwrap();
    let mut out = 0;
    for job in jobs.as_array().unwrap() {
        let name = job["name"].as_str().unwrap();
        let Some(input) = cli.generated_input_of(job, "2k") else { continue };
        let ended = cli.run(&format!(
            "run {name} --input {input} --split-size 1k --reducers 2 --quiet --output {name}-apart --max-attempts 1 \
             --engine batch --engine-option launcher={}",
            launcher.display()
        ));
        // The second task of a side is missing, since the first one alone was launched.
        assert!(ended.status == Some(1) && ended.stderr.contains("-00001 of job "), "{name}: {}", ended.stderr);
        out += 1;
    }
    assert!(out >= 39, "{out} jobs");
}

#[test]
fn an_engine_has_a_column_beside_the_modes_and_gives_the_same_bytes() {
    let cli = Cli::new();
    fs::write(cli.scratch.path("text"), SPLITS.concat()).unwrap();
    let options =
        "--modes disk --engine local,batch --runs 3 --engine-option launcher=sh --report r.json --html r.html";
    let ended = cli.succeed(&format!("compare wordcount --input text --reducers 2 --quiet --details {options}"));
    assert!(ended.stdout.contains("outputs identical: yes"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\ntwinmill on batch  ") && ended.stdout.contains("containers of tasks"));
    let report = cli.json("r.json");
    let runs = report["runs"].as_array().unwrap();
    let apart: Vec<&Value> = runs.iter().filter(|run| run["variant"] == "twinmill on batch").collect();
    assert_eq!((apart.len(), runs.len()), (3, 6));
    let start = apart[0]["engine"]["start_seconds"].as_f64().unwrap();
    assert!(apart[0]["engine"]["name"] == "batch" && start < apart[0]["wall_seconds"].as_f64().unwrap());
    let tasks = apart[0]["tasks"].as_array().unwrap();
    assert!(tasks.len() == 4 && tasks.iter().all(|task| task["start_seconds"].as_f64().unwrap() >= start), "{tasks:?}");
    // What was made can be told again, and gone on from.
    let told = cli.succeed("report r.json");
    assert!(told.stdout.contains("\ntwinmill on batch  "), "{}", told.stdout);
    cli.succeed(&format!(
        "compare wordcount --input text --reducers 2 --quiet {} --continue",
        options.replace("3", "4")
    ));
}

#[test]
fn engines_that_cannot_be_compared_are_refused_before_anything_runs() {
    let cli = Cli::with_input("a\n");
    for (options, said) in [
        ("--engine tez", "invalid value 'tez'"),
        ("--engine batch --engine-option spark.master=local", "is for none of the engines"),
        ("--engine-option launcher=sh", "--engine"),
        ("--engine batch --disk-profile hdd", "cannot be used with --disk-profile"),
        ("--engine batch --inject map:0:panic", "cannot run elsewhere"),
    ] {
        cli.fail(2, &format!("compare wordcount --input in --quiet {options}")).says(&[said]);
    }
}
