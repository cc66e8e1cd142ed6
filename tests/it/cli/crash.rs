//! Leftovers of a killed process, and the runs that find them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::Value;
use walkdir::{DirEntry, WalkDir};

use super::Cli;
use super::signals::endless_input;

/// Time allowed for steps that take a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts a command that does not end by itself, and waits until it has written runs of its own.
fn start(cli: &Cli, words: &str) -> Child {
    let before = run_files(&cli.scratch.path("work"));
    let mut child = cli.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while run_files(&cli.scratch.path("work")).iter().all(|path| before.contains(path)) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        assert!(Instant::now() < deadline, "no run");
        thread::sleep(Duration::from_millis(2));
    }
    child
}

/// The run files below a directory, some of which may be removed meanwhile.
fn run_files(dir: &Path) -> Vec<PathBuf> {
    let paths = WalkDir::new(dir).into_iter().flatten().map(DirEntry::into_path);
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "run")).collect()
}

/// Kills a process with SIGKILL, so that it cannot clean up.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

const ENDLESS: &str = "run terasort --mode disk --sort-buffer 1MiB --reducers 1 --input input --quiet --output output";

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_one_and_what_a_live_one_has_is_not() {
    let cli = Cli::new();
    endless_input(&cli);
    fs::create_dir(cli.scratch.path("small")).unwrap();
    fs::write(cli.scratch.path("small/text"), "a b a").unwrap();
    // Work directories, staging directories, and their owner files.
    let of_runs = || {
        let is_one = |path: &PathBuf| {
            let path = path.to_string_lossy();
            path.contains("twinmill-") && !path.ends_with("-lock")
        };
        let tops = cli.scratch.leftovers().into_iter().filter(is_one);
        tops.filter(|path| path.components().count() <= 1 + usize::from(path.starts_with("work"))).collect::<Vec<_>>()
    };
    kill(start(&cli, ENDLESS));
    let dead = of_runs();
    assert_eq!(dead.len(), 4, "{dead:?}");
    let live = start(&cli, &ENDLESS.replace("output output", "output elsewhere"));
    cli.succeed("run wordcount --input small --output output --quiet");
    fs::remove_dir_all(cli.scratch.path("output")).unwrap();
    let left = of_runs();
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(left.iter().all(|path| !dead.contains(path)), "{left:?}");
    kill(live);
    cli.succeed("run wordcount --input small --output elsewhere --quiet");
    fs::remove_dir_all(cli.scratch.path("elsewhere")).unwrap();
    cli.assert_left(&["small"]);
}

#[test]
fn the_result_of_a_killed_run_without_an_output_goes_with_the_next_run() {
    let cli = Cli::new();
    endless_input(&cli);
    kill(start(&cli, ENDLESS.strip_suffix(" --output output").unwrap()));
    fs::remove_file(cli.scratch.path("input/zeros")).unwrap();
    cli.scratch.write("text", "a b a");
    cli.succeed("run wordcount --input input --output output --quiet");
    cli.assert_left(&["output"]);
}

/// A text of many splits.
fn text() -> String {
    (0..60_000u64).map(|i| format!("word{}{}", i * i % 7_001, if i % 9 == 0 { '\n' } else { ' ' })).collect()
}

/// Starts a command that a fault keeps from ending, waits until its journal says `until`, and kills it. Returns its
/// work directory.
fn kill_when(cli: &Cli, words: &str, fault: &str, until: &str) -> PathBuf {
    let mut command = cli.command(words);
    let mut child = command.arg("--inject").arg(fault).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        assert!(Instant::now() < deadline, "no {until} in the journal");
        let dirs = fs::read_dir(cli.scratch.path("work")).unwrap().flatten().map(|entry| entry.path());
        let said = |dir: &PathBuf| fs::read_to_string(dir.join("journal")).is_ok_and(|text| text.contains(until));
        if let Some(dir) = dirs.into_iter().find(said) {
            kill(child);
            return dir;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

const COUNT: &str = "run wordcount --mode disk --workers 1 --reducers 3 --split-size 40k --input input --output output";

/// The output of an undisturbed run, which is removed again.
fn undisturbed(cli: &Cli, words: &str) -> Vec<u8> {
    cli.succeed(&format!("{words} --quiet"));
    let output = cli.output("output");
    fs::remove_dir_all(cli.scratch.path("output")).unwrap();
    output
}

/// Resumes a command; returns its output and its report.
fn resume(cli: &Cli, words: &str) -> (Vec<u8>, Value) {
    cli.succeed(&format!("{words} --resume --report r.json"));
    let (output, report) = (cli.output("output"), cli.json("r.json"));
    cli.assert_left(&["output", "r.json"]);
    fs::remove_dir_all(cli.scratch.path("output")).unwrap();
    (output, report)
}

#[test]
fn a_killed_run_goes_on_from_the_map_outputs_that_were_complete() {
    let cli = Cli::with_input(text());
    let expected = undisturbed(&cli, COUNT);
    for (fault, until, complete) in
        [("map:5:slow=1h", r#""task":4,"#, 5), ("reduce:1:slow=1h", r#""task":12,"#, 13), ("map:0:slow=1h", "Begin", 0)]
    {
        kill_when(&cli, COUNT, fault, until);
        let (output, report) = resume(&cli, COUNT);
        assert!(output == expected, "{fault}");
        assert_eq!(report["resumed"]["map_tasks"].as_u64().unwrap_or(0), complete, "{fault}");
        assert_eq!(report["counters"]["MAP_INPUT_RECORDS"], 6668, "{fault}");
        assert_eq!(report["recoveries"].as_array().unwrap().len(), 0, "{fault}");
    }
}

#[test]
fn a_resumed_run_that_is_killed_goes_on_too() {
    let cli = Cli::with_input(text());
    let expected = undisturbed(&cli, COUNT);
    let first = kill_when(&cli, COUNT, "map:3:slow=1h", r#""task":2,"#);
    let resumed = format!("{COUNT} --resume");
    assert_eq!(kill_when(&cli, &resumed, "map:9:slow=1h", r#""task":8,"#), first);
    let (output, report) = resume(&cli, COUNT);
    assert!(output == expected);
    assert_eq!(report["resumed"]["map_tasks"], 9);
}

#[test]
fn what_was_not_completely_written_is_not_trusted() {
    let cli = Cli::with_input(text());
    let expected = undisturbed(&cli, COUNT);
    let dir = kill_when(&cli, COUNT, "map:6:slow=1h", r#""task":5,"#).join("map-output");
    let run = |task: u32| dir.join(format!("map-0000{task}-0-map-output.run"));
    let change = |task, change: fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(run(task)).unwrap();
        change(&mut bytes);
        fs::write(run(task), bytes).unwrap();
    };
    // Without its footer, gone, with a damaged index: run again. With a damaged block: found when that is read.
    change(0, |bytes| bytes.truncate(bytes.len() - 1));
    fs::remove_file(run(1)).unwrap();
    change(2, |bytes| *bytes.iter_mut().rev().nth(60).unwrap() ^= 1);
    change(3, |bytes| bytes[100] ^= 1);
    let (output, report) = resume(&cli, COUNT);
    assert!(output == expected);
    assert_eq!(report["resumed"]["map_tasks"], 3);
    let reruns = report["recoveries"].as_array().unwrap().iter().filter(|recovery| recovery["kind"] == "rerun");
    assert_eq!(reruns.map(|recovery| &recovery["task"]).collect::<Vec<_>>(), ["map-00003"]);
}

#[test]
fn another_input_or_another_command_starts_over() {
    let cli = Cli::with_input(text());
    undisturbed(&cli, COUNT);
    kill_when(&cli, COUNT, "map:5:slow=1h", r#""task":4,"#);
    let other = COUNT.replace("--reducers 3", "--reducers 2");
    cli.succeed(&format!("{other} --resume --quiet --report r.json"));
    assert!(cli.json("r.json").get("resumed").is_none());
    fs::remove_dir_all(cli.scratch.path("output")).unwrap();
    // The other command has left the work for this one, but with another input it is worthless.
    cli.scratch.write("data.txt", text().replace("word1 ", "word2 "));
    cli.succeed(&format!("{COUNT} --resume --report r.json")).says(&["nothing to resume: the input ", "changed since"]);
    assert!(cli.json("r.json").get("resumed").is_none());
    let output = cli.output("output");
    fs::remove_dir_all(cli.scratch.path("output")).unwrap();
    // A run that resumes nothing removes the leftovers.
    assert!(output == undisturbed(&cli, COUNT));
    cli.assert_left(&["r.json"]);
}

#[test]
fn memory_mode_starts_over() {
    let cli = Cli::with_input(text());
    let memory = COUNT.replace("--mode disk", "--mode memory");
    let expected = undisturbed(&cli, &memory);
    let mut child = cli.command(&memory).args(["--inject", "map:5:slow=1h"]).stderr(Stdio::null()).spawn().unwrap();
    while fs::read_dir(cli.scratch.path("work")).unwrap().count() < 2 {
        assert!(child.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(2));
    }
    kill(child);
    let ended = cli.succeed(&format!("{memory} --resume"));
    ended.says(&["nothing to resume: map outputs in memory go with their process"]);
    assert!(cli.output("output") == expected);
    cli.assert_left(&["output"]);
}

#[test]
fn a_killed_loop_goes_on_from_the_jobs_that_were_complete() {
    let cli = Cli::new();
    let edges: String = (0..5_000u32).map(|i| format!("{}\t{}\n", i * 7 % 613, i * i % 811)).collect();
    let points: String = (0..5_000u32).map(|i| format!("{}.5,{}.25\n", i * i % 97, i * 31 % 89)).collect();
    cli.scratch.write("edges", edges);
    fs::create_dir(cli.scratch.path("points")).unwrap();
    fs::write(cli.scratch.path("points/points"), points).unwrap();
    let common = "--mode disk --workers 2 --reducers 2 --output output";
    for command in [
        format!("run pagerank --iterations 6 --input input {common}"),
        format!("run pagerank --iterations 6 --replication 2 --input input {common}"),
        format!("run kmeans --k 3 --iterations 6 --input points {common}"),
        format!("run grep --pattern 1[0-9]* --input input {common}"),
    ] {
        let expected = undisturbed(&cli, &command);
        let last = if command.contains("grep") { 2 } else { 5 };
        let until = format!("{{\"Job\":{{\"job\":{},", last - 1);
        let dead = kill_when(&cli, &command, &format!("map:0:slow=1h:job={last}"), &until);
        let ended = cli.succeed(&format!("{command} --resume --report r.json"));
        ended.says(&["resumed: "]);
        assert!(cli.output("output") == expected, "{command}");
        assert!(cli.json("r.json")["resumed"]["jobs"].as_u64().unwrap() + 2 > last, "{command}");
        assert!(!dead.exists());
        fs::remove_dir_all(cli.scratch.path("output")).unwrap();
    }
}

/// Kills a run that has published its output while it cleans up. Returns whether it was still there to be killed.
fn kill_after_publishing(cli: &Cli, words: &str) -> bool {
    let mut command = cli.command(words);
    let mut child = command.args(["--inject", "reduce:0:slow=1s"]).stderr(Stdio::null()).spawn().unwrap();
    let work_dir = loop {
        let dirs = fs::read_dir(cli.scratch.path("work")).unwrap().flatten().map(|entry| entry.path());
        if let Some(dir) = dirs.into_iter().find(|dir| dir.join("gathered").is_dir()) {
            break dir;
        }
        assert!(child.try_wait().unwrap().is_none());
    };
    // It waits while it gets enough files to remove that there is time for a kill in between, however busy the machine.
    let process = Pid::from_raw(child.id() as i32);
    signal::kill(process, Signal::SIGSTOP).unwrap();
    (0..20_000).for_each(|i| drop(fs::File::create(work_dir.join("gathered").join(format!("{i}.run")))));
    signal::kill(process, Signal::SIGCONT).unwrap();
    while !cli.scratch.path("output/_SUCCESS").exists() {
        assert!(child.try_wait().unwrap().is_none());
    }
    let died = child.try_wait().unwrap().is_none();
    kill(child);
    died && work_dir.exists()
}

#[test]
fn a_run_that_had_published_its_output_can_be_resumed() {
    let cli = Cli::with_input(text());
    for mode in ["disk", "memory"] {
        let command = COUNT.replace("--mode disk", &format!("--mode {mode}"));
        let expected = undisturbed(&cli, &command);
        let published = || {
            let died = kill_after_publishing(&cli, &command);
            if !died {
                // It may have ended while files were still being put into its directory.
                ["output", "work"].iter().for_each(|dir| fs::remove_dir_all(cli.scratch.path(dir)).unwrap());
                fs::create_dir(cli.scratch.path("work")).unwrap();
            }
            died
        };
        assert!((0..10).any(|_| published()), "it never died in time");
        // It is not the answer to another command, nor is anything that is put there later.
        let other = command.replace("--reducers 3", "--reducers 2");
        let ended = cli.run(&format!("{other} --resume --quiet"));
        ended.says(&["output output exists already"]);
        assert_eq!(ended.status, Some(1));
        for _ in 0..3 {
            cli.succeed(&format!("{command} --resume")).says(&["nothing to do: output output is complete"]);
            assert!(cli.output("output") == expected, "{mode}");
            cli.assert_left(&["output"]);
        }
        cli.fail(1, &format!("{other} --resume --quiet")).says(&["output output exists already"]);
        // For a report there must be a run.
        assert!(resume(&cli, &command).0 == expected, "{mode}");
        // An output with a changed part belongs to no run.
        cli.succeed(&format!("{command} --quiet"));
        fs::write(cli.scratch.path("output/part-r-00001"), "precious").unwrap();
        cli.fail(1, &format!("{command} --resume --quiet")).says(&["output output exists already"]);
        fs::remove_dir_all(cli.scratch.path("output")).unwrap();
        fs::remove_file(cli.scratch.path("r.json")).unwrap();
    }
}

#[test]
fn an_output_of_somebody_else_is_not_replaced_by_resuming() {
    let cli = Cli::with_input(text());
    undisturbed(&cli, COUNT);
    kill_when(&cli, COUNT, "reduce:0:slow=1h", r#""task":12,"#);
    fs::create_dir(cli.scratch.path("output")).unwrap();
    fs::write(cli.scratch.path("output/_SUCCESS"), "").unwrap();
    fs::write(cli.scratch.path("output/part-r-00000"), "precious").unwrap();
    let ended = cli.run(&format!("{COUNT} --resume"));
    ended.says(&["output output exists already"]);
    assert_eq!((ended.status, cli.output("output")), (Some(1), b"precious".to_vec()));
}

#[test]
fn whatever_changes_between_kill_and_resume_the_answer_is_the_new_commands() {
    let cli = Cli::new();
    let points: String = (0..3_000u32).map(|i| format!("{}.5,{}.25\n", i * i % 97, i * 31 % 89)).collect();
    let input = |name: &str| cli.scratch.path("points").join(name);
    fs::create_dir(cli.scratch.path("points")).unwrap();
    let old = "run kmeans --k 3 --iterations 4 --input points --centroids seeds --mode disk --workers 2 --reducers 2 \
               --output output";
    type Change<'a> = &'a dyn Fn();
    let same: Change<'_> = &|| {};
    let touched: Change<'_> = &|| fs::write(input("a"), points.as_bytes()).unwrap();
    let replaced: Change<'_> = &|| {
        fs::write(cli.scratch.path("other"), points.as_bytes()).unwrap();
        fs::rename(cli.scratch.path("other"), input("a")).unwrap();
    };
    let changed: Change<'_> = &|| fs::write(input("a"), points.replace("1.5", "7.5")).unwrap();
    let added: Change<'_> = &|| fs::write(input("b"), "1.5,2.5\n90.5,80.5\n").unwrap();
    let renamed: Change<'_> = &|| fs::rename(input("a"), input("z")).unwrap();
    let seeded: Change<'_> = &|| fs::write(cli.scratch.path("seeds"), "0,0\n1,90\n50,50\n").unwrap();
    for (what, change, words) in [
        ("the input", touched, ""),
        ("the input", replaced, ""),
        ("the input", changed, ""),
        ("the input", added, ""),
        ("the input", renamed, ""),
        ("the side input", seeded, ""),
        ("the option --iterations", same, "--iterations 3"),
        ("the option --tolerance", same, "--tolerance 5"),
        ("the option --reducers", same, "--reducers 3"),
        ("the option --sort-buffer", same, "--sort-buffer 1MiB"),
        ("the option --compress", same, "--compress lz4"),
        ("the option --split-size", same, "--split-size 9k"),
    ] {
        for name in ["a", "b", "z"] {
            let _ = fs::remove_file(input(name));
        }
        fs::write(input("a"), &points).unwrap();
        fs::write(cli.scratch.path("seeds"), "1,1\n20,20\n60,60\n").unwrap();
        let new = words.split_once(' ').map_or(old.to_owned(), |(option, value)| {
            let without: Vec<&str> = old.split_whitespace().collect();
            let at = without.iter().position(|word| *word == option);
            let skipped = |i: usize| at.is_some_and(|at| i == at || i == at + 1);
            let kept: Vec<&str> =
                without.iter().enumerate().filter(|(i, _)| !skipped(*i)).map(|(_, word)| *word).collect();
            format!("{} {option} {value}", kept.join(" "))
        });
        kill_when(&cli, old, "map:0:slow=1h:job=3", "{\"Job\":{\"job\":2,");
        change();
        cli.succeed(&format!("{new} --resume")).says(&["nothing to resume: ", what]);
        let resumed = cli.output("output");
        fs::remove_dir_all(cli.scratch.path("output")).unwrap();
        assert!(resumed == undisturbed(&cli, &new), "{what} {words}");
    }
}
