//! Refusals, with their messages and exit status, that leave nothing behind.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{Cli, Ended, MODES};

#[test]
fn an_existing_output_is_refused_with_status_1() {
    let cli = Cli::with_input("a b");
    fs::create_dir(cli.scratch.path("output")).unwrap();
    for mode in MODES {
        let ended = cli.fail(1, &format!("run wordcount --mode {mode} --input input --output output"));
        ended.says(&["output output exists already; remove it or pass --overwrite"]);
    }
}

#[test]
fn a_missing_input_is_named_with_status_1() {
    let cli = Cli::with_input("a b");
    for mode in MODES {
        let ended =
            cli.fail(1, &format!("run wordcount --mode {mode} --input input --input input/missing --output output"));
        ended.says(&["cannot read input input/missing", "No such file or directory"]);
    }
    cli.fail(1, "compare wordcount --input input/missing --report r.json").says(&["input/missing", "No such file"]);
}

#[test]
fn a_truncated_gzip_is_named_with_status_1() {
    let cli = Cli::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all("some words\n".repeat(10_000).as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    cli.scratch.write("cut.gz", &whole[..whole.len() - 9]);
    for mode in ["disk", "memory"] {
        let ended = cli.fail(1, &format!("run wordcount --mode {mode} --input input --output output --report r.json"));
        ended.says(&["job wordcount: task map-00000 attempt 0: cannot read input input/cut.gz: at offset"]);
    }
    cli.fail(1, "run wordcount --mode reference --input input --output output").says(&["input/cut.gz"]);
}

#[test]
fn a_torn_record_is_named_with_its_offset_and_status_1() {
    let cli = Cli::with_input([b'x'; 250]);
    for mode in ["disk", "memory"] {
        let ended = cli.fail(1, &format!("run terasort --mode {mode} --reducers 1 --input input --output output"));
        ended.says(&[
            "job terasort: task map-0000",
            "attempt 0",
            "input/data.txt at offset 200: the file ends after 50 bytes",
        ]);
    }
    cli.fail(1, "run terasort --mode reference --input input --output output");
}

#[test]
fn whoever_finds_an_error_names_the_job() {
    let cli = Cli::new();
    for (name, bytes) in [("torn", &[b'x'; 150][..]), ("text", b"a\tb\n"), ("csv", b"a,b\n1,2\n"), ("empty", b"")] {
        fs::write(cli.scratch.path(name), bytes).unwrap();
    }
    for (job, words, said) in [
        ("terasort", "--input torn", "torn at offset 100: "),
        ("top", "--input text", "text at offset 0: "),
        ("select", "--input csv --header --columns c", "there is no column c"),
        ("kmeans", "--k 1 --input empty", "the input has no rows"),
        ("als", "--input empty", "the input has no ratings"),
    ] {
        for mode in MODES {
            let ended = cli.fail(1, &format!("run {job} {words} --mode {mode} --output out --quiet"));
            ended.says(&[&format!("twinmill: job {job}: "), said]);
        }
    }
}

#[test]
fn unusable_command_lines_are_refused_with_status_2() {
    let cli = Cli::with_input("a b");
    for (words, message) in [
        ("run wordcuont --input input", "unknown job 'wordcuont'"),
        ("compare wordcuont --input input", "unknown job 'wordcuont'"),
        ("run wordcount --input input --memory lots", "'lots' is not a size"),
        ("run wordcount --input input --sort-buffer 12parsecs", "'12parsecs' is not a size"),
        ("run wordcount --input input --memory 0", "--memory must be at least 1, got 0"),
        ("run wordcount --input input --split-size 0", "--split-size must be at least 1, got 0"),
        ("run wordcount --input input --workers 0", "--workers must be at least 1"),
        ("compare wordcount --input input --workers 0", "--workers must be at least 1"),
        ("run wordcount --input input --workers two", "two"),
        ("run wordcount --input input --reducers 65537", "--reducers must be at most 65536"),
        ("run wordcount --input input --merge-factor 1", "--merge-factor must be at least 2"),
        ("run wordcount --input input --max-attempts 0", "--max-attempts must be at least 1"),
        ("run wordcount --input input --frobnicate", "--frobnicate"),
        ("run wordcount --input input --pattern x", "--pattern"),
        ("run wordcount --input input --compress gzip", "gzip"),
        ("run wordcount --input input --mode tape", "tape"),
        ("run wordcount --input input --map-output tape", "tape"),
        ("run grep --input input --pattern (", "regex parse error"),
        ("run wordcount input", "input"),
        ("run", "Usage: twinmill run"),
        ("frobnicate", "frobnicate"),
        ("", "Usage: twinmill"),
        ("compare wordcount --input input --modes disk,tape", "tape"),
        ("compare wordcount --input input --continue", "--report"),
        ("compare wordcount --input input --warmup few", "--warmup"),
        ("compare wordcount --input input --runs 0", "0"),
        ("gen video --size 1k --out out", "video"),
        ("gen text --out out", "--size"),
        ("gen text --size many --out out", "'many' is not a size"),
        ("gen text --size 1k --nodes 3 --out out", "--nodes means nothing to kind text"),
        ("inspect", "Usage: twinmill inspect"),
        ("run sort --input input --memory 10", "10 without a unit is 10 bytes; did you mean 10MiB?"),
        ("compare sort --input input --memory 512", "512 without a unit is 512 bytes; did you mean 512MiB?"),
        ("run sort --input input --sort-buffer 100", "100 without a unit is 100 bytes; did you mean 100MiB?"),
    ] {
        cli.fail(2, words).says(&[message]);
    }
}

#[test]
fn what_is_mistyped_is_answered_with_a_suggestion() {
    let cli = Cli::with_input("a b");
    for (words, message) in [
        (
            "run wordcuont --input input",
            "unknown job 'wordcuont'; did you mean wordcount? The jobs are wordcount, grep",
        ),
        ("compare pagernk", "did you mean pagerank?"),
        ("rnu sort", "a similar command exists: 'run'"),
        ("wordcount --input input", "write 'twinmill run wordcount' or 'twinmill compare wordcount'"),
        ("run sort input", "an input is named with --input: '--input input'"),
        ("run pagerank --iteratons 3", "a similar argument exists: '--iterations'"),
        ("compare sort --mode disk", "a similar argument exists: '--modes'"),
        ("compare sort --resume", "--resume is an option of 'run', not of 'compare'"),
        ("run sort --ladder", "--ladder is an option of 'compare', not of 'run'"),
        ("run sort --mode memry", "a similar value exists: 'memory'"),
        ("compare sort --modes disk,memry", "a similar value exists: 'memory'"),
        ("gen txt --size 1k --out out", "a similar value exists: 'text'"),
        ("run sort --disk-profile hd", "did you mean hdd?"),
        ("run sort --disk-profile sata", "did you mean sata-ssd?"),
        ("compare wordcount --input input --with duckbd,awk", "there is no duckbd (did you mean duckdb?)"),
        ("compare sort --memory-sweep 0-100", "write them like 0,25,50,75,100, or 0..100 for these five"),
        ("compare sort --scale 1..64", "list several like 1,4,16,64"),
        ("compare pagerank --iteration-sweep 1..20", "list several like 1,2,5,10,20"),
    ] {
        cli.fail(2, words).says(&[message]);
    }
}

#[test]
fn what_cannot_pass_is_tried_once() {
    let cli = Cli::new();
    cli.scratch.write("table", "x,y\n1,2\n");
    cli.scratch.write("edges", "1 2\n");
    for (job, said) in [
        ("kmeans --k 1 --input input/table", "pass --header"),
        ("logreg --input input/table", "pass --header"),
        ("pagerank --input input/edges", "a space separates no ids"),
        ("pagerank --ids number --input input/edges", "a space separates no ids"),
        ("components --input input/edges", "a space separates no ids"),
        ("terasort --reducers 1 --input input/edges", "the file ends after 4 bytes"),
    ] {
        for mode in ["disk", "memory"] {
            let ended = cli.fail(1, &format!("run {job} --mode {mode} --output out"));
            ended.says(&["task map-00000 attempt 0: ", said]);
            assert_eq!(ended.stderr.matches(said).count(), 1, "{}", ended.stderr);
        }
        let ended = cli.fail(1, &format!("compare {job} --runs 1 --quiet"));
        assert_eq!(ended.stderr.matches(said).count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn a_command_line_is_judged_before_the_output_is_looked_at() {
    let cli = Cli::with_input("a b");
    fs::create_dir(cli.scratch.path("output")).unwrap();
    cli.fail(2, "run wordcount --input input --output output --workers 0");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_any_work() {
    let cli = Cli::with_input("a b");
    fs::create_dir(cli.scratch.path("folder")).unwrap();
    for command in ["run wordcount --output output", "compare wordcount"] {
        cli.fail(1, &format!("{command} --input input --report no/such/report.json")).says(&["no/such/report.json"]);
        cli.fail(1, &format!("{command} --input input --report folder")).says(&["cannot write folder"]);
        cli.fail(2, &format!("{command} --input input --report input")).says(&["--report input is the input input"]);
    }
}

#[test]
fn a_work_directory_that_cannot_be_is_named() {
    let cli = Cli::with_input("a b");
    for command in ["run wordcount --output output", "run wordcount", "compare wordcount"] {
        cli.fail(1, &format!("{command} --input input --work-dir input/data.txt")).says(&["input/data.txt"]);
    }
}

#[test]
fn memory_that_does_not_suffice_is_an_error_on_request() {
    let cli = Cli::with_input("some words\n".repeat(50_000));
    let command = "run wordcount --no-combiner --input input --output output --memory 200k --on-full fail";
    let ended = cli.fail(1, command);
    ended.says(&["job wordcount: task map-0000", "attempt 0: memory budget exhausted", "--on-full spill"]);
    cli.succeed(&command.replace("fail", "spill"));
    cli.assert_left(&["output"]);
}

#[test]
fn a_comparison_that_fails_says_which_run_did() {
    let cli = Cli::with_input([b'x'; 250]);
    let ended = cli.fail(1, "compare terasort --reducers 1 --input input --quiet --report r.json");
    ended.says(&["run in mode disk: job terasort: task map-0000", "at offset 200"]);
}

#[test]
fn what_is_no_run_file_is_named_by_inspect() {
    let cli = Cli::with_input("this is plain text, and quite a lot of it, but no run\n".repeat(10));
    cli.scratch.write("dir/notes.txt", "x");
    let ended = cli.run("inspect input/data.txt");
    assert_eq!(ended.status, Some(1));
    ended.says(&["damaged run input/data.txt at offset 0: magic"]);
    cli.fail(1, "inspect input/dir").says(&["no run files below input/dir"]);
    let ended = cli.run("inspect input/missing.run");
    assert_eq!(ended.status, Some(1));
    ended.says(&["cannot open input/missing.run"]);
}

#[test]
fn a_generated_file_does_not_replace_another_unasked() {
    let cli = Cli::with_input("mine");
    cli.fail(1, "gen text --size 1k --out input/data.txt").says(&["input/data.txt exists already"]);
    assert_eq!(fs::read(cli.scratch.path("input/data.txt")).unwrap(), b"mine");
    cli.fail(1, "gen text --size 1k --out no/such/file").says(&["no/such/file"]);
    cli.succeed("gen text --size 1k --out input/data.txt --overwrite");
    assert_eq!(fs::read(cli.scratch.path("input/data.txt")).unwrap().len(), 1024);
}

/// Runs a command as a user who owns nothing, or as the one who runs the tests if that is not root; `None` where the
/// binary cannot be run so.
fn run_unprivileged(cli: &Cli, words: &str) -> Option<Ended> {
    const NOBODY: u32 = 65_534;
    let mut command = cli.command(words);
    let owner_of_what_this_process_makes = fs::metadata(cli.scratch.path("work")).unwrap().uid();
    if owner_of_what_this_process_makes == 0 {
        let binary = cli.scratch.path("input/.twinmill");
        // By a process of its own: a file that this one has open for writing might be inherited by another test's child,
        // and could not be run while that has it.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_twinmill")).arg(&binary).status().unwrap();
        assert!(copied.success());
        for dir in ["", "input", "work"] {
            fs::set_permissions(cli.scratch.path(dir), Permissions::from_mode(0o777)).unwrap();
        }
        let template = command;
        command = Command::new(&binary);
        command.args(template.get_args()).current_dir(template.get_current_dir().unwrap()).uid(NOBODY).gid(NOBODY);
        command.env("TMPDIR", cli.scratch.path("work"));
    }
    match command.output() {
        Ok(output) => Some(Ended::of(words, output)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            eprintln!("skipped: another user cannot run the binary: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn forbid(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_like_a_full_disk() {
    let cli = Cli::with_input("some words on a line\n".repeat(20_000));
    for mode in ["disk", "memory"] {
        let words = format!("run sort --mode {mode} --reducers 1 --input input --output output");
        let limited = cli.command(&words);
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -f 100 && exec \"$0\" \"$@\""]).arg(limited.get_program()).args(limited.get_args());
        command.current_dir(limited.get_current_dir().unwrap()).env("TMPDIR", cli.scratch.path("work"));
        let ended = Ended::of(&words, command.output().unwrap());
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        ended.says(&["job sort: task", "attempt 3", "cannot write", "File too large"]);
        cli.assert_left(&[]);
    }
}

#[test]
fn an_unreadable_file_is_named_with_status_1() {
    let cli = Cli::with_input("a b");
    forbid(&cli.scratch.write("secret.txt", "c"));
    for mode in MODES {
        let words = format!("run wordcount --mode {mode} --input input --output output");
        let Some(ended) = run_unprivileged(&cli, &words) else { return };
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        ended.says(&["cannot read input/secret.txt", "Permission denied"]);
        cli.assert_left(&[]);
    }
}

#[test]
fn directories_that_may_not_be_written_are_named_with_status_1() {
    let cli = Cli::with_input("a b");
    fs::create_dir(cli.scratch.path("input/locked")).unwrap();
    fs::set_permissions(cli.scratch.path("input/locked"), Permissions::from_mode(0o555)).unwrap();
    for option in ["--output input/locked/output", "--work-dir input/locked", "--report input/locked/report.json"] {
        let Some(ended) = run_unprivileged(&cli, &format!("run wordcount --input input {option}")) else { return };
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        ended.says(&["input/locked", "Permission denied"]);
        cli.assert_left(&[]);
    }
}
