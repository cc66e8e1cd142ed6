//! Nothing that is read is ever replaced, by whatever name, and nothing that no run made.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

use super::Cli;
use super::signals::ending_signals;

/// `input/text`, `all/in/text` and links to both.
fn cli() -> Cli {
    let cli = Cli::with_input("a b a\n");
    fs::create_dir_all(cli.scratch.path("all/in")).unwrap();
    fs::write(cli.scratch.path("all/in/text"), "a b a\n").unwrap();
    symlink("input", cli.scratch.path("link")).unwrap();
    fs::hard_link(cli.scratch.path("all/in/text"), cli.scratch.path("hard")).unwrap();
    cli
}

#[test]
fn an_output_never_replaces_an_input() {
    let cli = cli();
    for (input, output) in [
        ("input", "input"),
        ("input", "input/"),
        ("input", "./all/../input/."),
        ("input", "link"),
        ("link", "input"),
        ("input", "all/in/../../link"),
        ("all/in", "all"),
        ("all/in/text", "all/in"),
        ("all/in/text", "all/in/text"),
        ("all", "all/in"),
        ("hard", "all/in/text"),
    ] {
        for mode in ["disk", "memory", "reference"] {
            let ended = cli
                .fail(2, &format!("run wordcount --quiet --mode {mode} --input {input} --output {output} --overwrite"));
            ended.says(&[output, input]);
        }
    }
    assert_eq!(fs::read(cli.scratch.path("all/in/text")).unwrap(), b"a b a\n");
}

#[test]
fn a_report_never_replaces_an_input() {
    let cli = cli();
    symlink("all/in/text", cli.scratch.path("to-text")).unwrap();
    for (input, report) in [
        ("all/in/text", "all/in/text"),
        ("all/in/text", "to-text"),
        ("all/in/text", "hard"),
        ("all/in", "hard"),
        ("all", "all/in/text"),
        ("hard", "all/./in/text"),
    ] {
        cli.fail(2, &format!("run wordcount --quiet --input {input} --report {report}")).says(&[report, "input"]);
        for option in ["--report", "--html", "--export-csv", "--export-markdown", "--trace"] {
            cli.fail(2, &format!("compare wordcount --quiet --runs 1 --input {input} {option} {report}"));
        }
    }
    cli.fail(2, "run kmeans --quiet --input input --centroids hard --report hard").says(&["--report hard"]);
    cli.fail(2, "report hard --html hard").says(&["--html hard"]);
    assert_eq!(fs::read(cli.scratch.path("hard")).unwrap(), b"a b a\n");
}

#[test]
fn what_is_written_while_others_read_does_not_appear_in_the_input() {
    let cli = cli();
    cli.fail(2, "compare wordcount --quiet --runs 1 --input all --report all/in/r.json").says(&["all/in/r.json"]);
    cli.fail(2, "compare wordcount --quiet --runs 1 --input input --html link/page.html").says(&["link/page.html"]);
    let modes = "--modes disk,memory --runs 1 --warmup 0 --quiet";
    cli.succeed(&format!("compare wordcount {modes} --input all --report all/in/_r.json"));
    cli.succeed("run wordcount --quiet --input all --output all/out --report all/r.json");
}

#[test]
fn two_things_do_not_have_one_place() {
    let cli = cli();
    for words in [
        "run wordcount --input input --output out --report out",
        "run wordcount --input input --output out/x --report out",
        "run wordcount --input input --output out --report out/part-r-00000",
        "run wordcount --input input --output out --report out/_SUCCESS",
        "run wordcount --input input --output out --report out/sub/r.json",
        "run wordcount --input input --output out --work-dir out",
        "run wordcount --input input --output out --work-dir out/work",
        "run wordcount --input input --work-dir w --report w",
        "run wordcount --input hard --work-dir hard",
        "compare wordcount --input input --runs 1 --report r --html ./r",
        "compare wordcount --input input --runs 1 --trace r --html r/page",
    ] {
        cli.fail(2, words);
    }
}

#[test]
fn a_report_may_lie_in_the_output() {
    let cli = cli();
    cli.succeed("run wordcount --quiet --input input --output out --report out/report.json");
    assert_eq!(cli.json("out/report.json")["output"]["path"], "out");
    cli.succeed("run sort --quiet --input input --output out --overwrite --report ./out/../out/other.json");
    assert!(!cli.scratch.path("out/report.json").exists());
    assert_eq!(cli.json("out/other.json")["job"], "sort");
    cli.succeed("run sort --quiet --input input --output out --overwrite");
}

#[test]
fn only_what_a_run_made_is_replaced() {
    let cli = cli();
    cli.succeed("run wordcount --quiet --reducers 1 --input input --output out");
    fs::write(cli.scratch.path("out/notes.txt"), "mine").unwrap();
    cli.fail(2, "run wordcount --quiet --input input --output out --overwrite").says(&["out", "notes.txt"]);
    fs::remove_file(cli.scratch.path("out/notes.txt")).unwrap();
    symlink("out", cli.scratch.path("to-out")).unwrap();
    cli.succeed("run sort --quiet --reducers 1 --input input --output to-out --overwrite");
    assert!(cli.scratch.path("to-out").is_symlink());
    assert_eq!(cli.output("out"), b"a b a\n");
}

#[test]
fn the_current_directory_is_replaced_where_it_is() {
    let cli = cli();
    cli.succeed("run wordcount --quiet --input input --output out");
    let mut command = cli.command("run sort --quiet --reducers 1 --input ../input --output . --overwrite");
    assert!(command.current_dir(cli.scratch.path("out")).status().unwrap().success());
    assert_eq!(cli.output("out"), b"a b a\n");
    assert_eq!(fs::read_dir(cli.scratch.path("out")).unwrap().count(), 2);
}

#[test]
fn paths_need_not_be_text() {
    let cli = cli();
    let name = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    fs::write(cli.scratch.path("").join(name(b"caf\xe9")), "a b a\n").unwrap();
    let succeed = |words: &str, more: &[&[u8]]| {
        let output = cli.command(words).args(more.iter().map(|bytes| name(bytes))).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    };
    succeed("run wordcount --report r.json", &[b"--input=caf\xe9", b"--output=out\xe9"]);
    assert_eq!(cli.json("r.json")["output"]["path"], "out\u{fffd}");
    succeed("run wordcount --mode reference --report r.json", &[b"--input=caf\xe9", b"--output=ref\xe9"]);
    let exports = "--html p.html --export-csv p.csv --export-markdown p.md --trace p.trace";
    let compare =
        format!("compare wordcount --modes disk,memory --runs 1 --warmup 0 --quiet --report c.json {exports}");
    succeed(&compare, &[b"--input=caf\xe9"]);
    succeed("report c.json", &[b"--html=p\xe9.html"]);
}

#[test]
fn names_may_be_as_long_as_the_system_has_them() {
    let cli = cli();
    let long = "n".repeat(254);
    cli.succeed(&format!("run wordcount --quiet --input input --output o{long} --report r{long}"));
    cli.succeed(&format!("run wordcount --quiet --input input --output o{long} --overwrite"));
    cli.succeed(&format!("gen text --size 1k --out g{long}"));
}

#[test]
fn runs_at_the_same_time_may_have_one_report() {
    let cli = cli();
    let run = |n: usize| {
        let words = format!("run wordcount --quiet --workers 1 --input input --output o{n} --report r.json");
        cli.command(&words).stderr(Stdio::piped()).spawn().unwrap()
    };
    for child in (0..6).map(run).collect::<Vec<_>>() {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(cli.json("r.json")["job"], "wordcount");
}

#[test]
fn a_pipe_that_nobody_reads_keeps_no_run_from_ending() {
    let cli = cli();
    let pipe = cli.scratch.path("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    for (signal, status, _) in ending_signals() {
        let mut child = cli.command("run wordcount --quiet --input input --output out --overwrite --report pipe");
        let mut child = child.stderr(Stdio::null()).spawn().unwrap();
        while !cli.scratch.path("out/_SUCCESS").exists() {
            thread::sleep(Duration::from_millis(5));
        }
        kill(Pid::from_raw(child.id() as i32), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(status));
        fs::remove_dir_all(cli.scratch.path("out")).unwrap();
    }
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    cli.fail(1, "inspect pipe").says(&["pipe", "neither a file nor a directory"]);
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_the_output() {
    let cli = cli();
    let ended = cli.run("run wordcount --quiet --input input --output out --report /dev/full");
    assert_eq!(ended.status, Some(1));
    ended.says(&["the output out is complete", "/dev/full"]);
    assert!(cli.scratch.path("out/_SUCCESS").exists());
    cli.fail(1, "run wordcount --quiet --input input --output other --report nowhere/r.json").says(&["nowhere/r.json"]);
    let ended = cli.succeed("run wordcount --quiet --input input --output other --report -");
    assert!(ended.stdout.starts_with("{\n  \"schema\": 1"), "{}", ended.stdout);
}

#[test]
fn the_second_run_into_an_output_is_told_before_its_work() {
    let cli = cli();
    let slow = "run wordcount --quiet --input input --output out --inject map:0:slow=30s";
    let mut first = cli.command(slow).stderr(Stdio::null()).spawn().unwrap();
    let lock = cli.scratch.path(".out.twinmill-lock");
    while fs::read(&lock).map_or(true, |id| id.is_empty()) {
        thread::sleep(Duration::from_millis(5));
    }
    let ended = cli.run("run wordcount --quiet --input input --output all/../out");
    assert_eq!(ended.status, Some(1));
    ended.says(&[&format!("process {}", first.id())]);
    kill(Pid::from_raw(first.id() as i32), Signal::SIGKILL).unwrap();
    first.wait().unwrap();
    // Its lock went with it.
    cli.succeed("run wordcount --quiet --input input --output out");
    assert!(!lock.exists());
}

#[test]
fn values_may_begin_with_a_hyphen() {
    let cli = cli();
    fs::write(cli.scratch.path("-g"), "a -x\n").unwrap();
    fs::write(cli.scratch.path("points"), "-1,0.5\n+1,0.1\n").unwrap();
    cli.succeed("run grep --quiet --input -g --pattern -x --output -out --report -r.json --work-dir -w");
    assert_eq!(cli.output("-out"), b"-x\t1\n");
    cli.succeed("run logreg --quiet --input points --positive -1");
    cli.fail(2, "run wordcount --input input --workers -1").says(&["-1"]);
    cli.fail(2, "run wordcount --input --quiet").says(&["--input needs a value", "--input=--quiet"]);
}
