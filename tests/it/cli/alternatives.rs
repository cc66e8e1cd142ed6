//! `twinmill compare --with`: other programs beside the modes. A script stands in for `scripts/peers`. It writes its
//! questions to `peers/log` and the number of its processors to `peers/processors`; its answer depends on the
//! alternative's name.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use serde_json::{Value, json};

use super::Cli;

/// `missing` is not set up, `unable` has no program, `unknown` is no name; `wrong` and `worse` give the same other
/// answer, `failing` gives none, `database` loads the input first. None takes part where the comparison declines them, or
/// the input is several files. All others agree if `a` occurs twice in twinmill's output.
const ONE: &str = r#"#!/bin/sh
set -eu
declined= files=0
here=$(dirname "$0")
echo "$*" >> "$here/log"
for word; do
    case $word in
        --input=*) files=$((files + 1)) ;;
        --with=*) names=${word#--with=} ;;
        --system=*) system=${word#--system=} ;;
        --against=*) against=${word#--against=} ;;
        --declined=*) declined=${word#--declined=} ;;
    esac
done
[ -n "$declined" ] || [ "$files" = 1 ] || declined="programs read one file, and the input is $files files"
if [ "$1" = plan ]; then
    entries=
    for name in $(echo "$names" | tr , ' '); do
        version='"1.0"' skipped=null
        case $name in
            missing) version=null skipped='"not set up; run scripts/peers/setup"' ;;
            unable) version=null skipped='"has no program for wordcount; good has one"' ;;
            unknown) echo "there is no unknown; wordcount can be done with good" >&2; exit 2 ;;
            newer) version="\"$(cat "$here/version")\"" ;;
        esac
        [ -z "$declined" ] || { version=null; skipped="\"$declined\""; }
        entries="$entries${entries:+,}{\"name\": \"$name\", \"system\": \"$name\", \"version\": $version,
            \"parallel\": false, \"framework\": false, \"skipped\": $skipped}"
    done
    echo "{\"alternatives\": [$entries]}"
    exit
fi
nproc >> "$here/processors"
agrees=false digest= difference= load=
case $system in
    failing) echo "status 3" >&2; echo "out of luck" >&2; exit 1 ;;
    wrong|worse) digest=x difference=', "first_difference": {"line": 2, "ours": "b\\t1", "theirs": "b\\t2"}' ;;
    database) agrees=true load='"load_seconds": 2.0,' ;;
    *) if grep -qx 'a	2' "$against"/part-*; then agrees=true; fi ;;
esac
echo "{$load \"wall_seconds\": 1.75, \"work_seconds\": 1.25, \"startup_seconds\": 0.5, \"cpu_seconds\": 1.5,
    \"peak_rss_bytes\": 1048576, \"iteration_seconds\": [], \"answer\": {\"agrees\": $agrees, \"difference\": 0.0,
    \"digest\": \"$digest\"$difference}}"
"#;

impl Cli {
    /// With an input of three words, of which `a` occurs twice, and the script.
    fn with_peers() -> Self {
        let cli = Cli::with_input("a b a\n");
        let one = cli.scratch.path("peers/one");
        fs::create_dir_all(one.parent().unwrap()).unwrap();
        fs::write(cli.scratch.path("peers/log"), "").unwrap();
        fs::write(cli.scratch.path("peers/version"), "1.0").unwrap();
        fs::write(&one, ONE).unwrap();
        fs::set_permissions(&one, fs::Permissions::from_mode(0o755)).unwrap();
        cli
    }

    /// The questions to the script, one a line.
    fn asked(&self) -> Vec<String> {
        fs::read_to_string(self.scratch.path("peers/log")).unwrap().lines().map(str::to_owned).collect()
    }
}

const COMPARE: &str = "compare wordcount --peers peers --input input --warmup 0 --details --report r.json";

#[test]
fn alternatives_take_turns_with_the_modes_and_their_answers_are_checked() {
    let cli = Cli::with_peers();
    let ended = cli.succeed(&format!("{COMPARE} --runs 2 --workers 1 --with good,missing,unable"));
    ended.says(&["missing was not run: not set up; run scripts/peers/setup"]);
    ended.says(&["unable was not run: has no program for wordcount; good has one"]);
    let report = cli.json("r.json");
    let [good, missing, unable] = report["alternatives"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((&good["agrees"], &good["version"], &good["skipped"]), (&json!(true), &json!("1.0"), &Value::Null));
    assert_eq!((&good["median_seconds"], &good["median_startup_seconds"]), (&json!(1.25), &json!(0.5)));
    let runs = good["runs"].as_array().unwrap();
    assert_eq!(runs.iter().map(|run| &run["round"]).collect::<Vec<_>>(), [0, 1]);
    assert!(runs.iter().all(|run| run["checked_against"] == report["runs"][0]["output"]["digest"]), "{runs:?}");
    for (absent, why) in [(missing, "not set up"), (unable, "has no program")] {
        assert!(absent["skipped"].as_str().unwrap().contains(why) && absent["runs"] == json!([]), "{absent}");
    }
    assert_eq!((&report["outputs_identical"], &report["alternatives_agree"]), (&json!(true), &json!(true)));
    let order = report["plan"]["order"].as_array().unwrap();
    assert!(order.iter().all(|round| round.as_array().unwrap().contains(&json!("good"))), "{order:?}");
    let tools: Vec<_> = report["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!((tools.len(), tools[3]), (4, &json!("good")));
    let row = ended.stdout.lines().rfind(|line| line.starts_with("good ")).unwrap();
    let cells: Vec<_> = row.split_whitespace().collect();
    assert_eq!(cells[..7], ["good", "1.25", "s", "1.25–1.25", "s", "0.500", "s"], "{row}");
    assert!(row.ends_with("equal"), "{row}");
    assert!(ended.stdout.contains("\nmissing was not run: not set up; run scripts/peers/setup.\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("answers of the alternatives: equal"), "{}", ended.stdout);
    assert!(ended.stdout.contains("Start-up apart, one thread (reference) takes "), "{}", ended.stdout);
    let asked = cli.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[1].starts_with("run wordcount --input=/") && asked[1].contains("--cpus=1"), "{asked:?}");
    cli.assert_left(&["peers", "r.json"]);
}

#[test]
fn what_a_database_takes_to_load_the_input_is_told_apart_and_counted() {
    let cli = Cli::with_peers();
    let ended = cli.succeed(&format!("{COMPARE} --runs 1 --with good,database"));
    let row = |name: &str| ended.stdout.lines().rfind(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(ended.stdout.contains(" start-up     load   processor "), "{}", ended.stdout);
    assert!(
        row("database ").contains("0.500 s   2.00 s ") && row("good ").contains("0.500 s        – "),
        "{}",
        ended.stdout
    );
    let report = cli.json("r.json");
    let tool = |name: &str| report["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == name).unwrap();
    assert_eq!((&tool("database")["load_seconds"], &tool("database")["total_seconds"]), (&json!(2.0), &json!(3.75)));
    assert_eq!((&tool("good")["load_seconds"], &tool("good")["total_seconds"]), (&Value::Null, &json!(1.75)));
}

#[test]
fn a_program_may_use_all_processors_whoever_had_the_turn_before() {
    let cli = Cli::with_peers();
    cli.succeed(&format!("{COMPARE} --runs 20 --workers 2 --with good --quiet"));
    let order = &cli.json("r.json")["plan"]["order"];
    assert!(order.to_string().contains("with 1 worker\",\"good\""), "one round has them in this order: {order}");
    let all = std::thread::available_parallelism().unwrap().to_string();
    let seen = fs::read_to_string(cli.scratch.path("peers/processors")).unwrap();
    assert_eq!(seen.lines().collect::<Vec<_>>(), [all.as_str(); 20]);
}

#[test]
fn who_is_alone_with_its_answer_is_told_and_the_comparison_stands() {
    let cli = Cli::with_peers();
    let ended =
        cli.succeed(&format!("{COMPARE} --runs 1 --with good,wrong --quiet --export-markdown r.md --html r.html"));
    let told = "wrong gave another answer than the 4 others (disk, memory, reference, good); in line 2, compared in order, they \
                have 'b\\t1' and wrong 'b\\t2'.";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert!(ended.stdout.contains("answers of the alternatives: THEY DIFFER"), "{}", ended.stdout);
    assert!(
        ended.stdout.lines().any(|line| line.starts_with("wrong ") && line.ends_with("DIFFERS")),
        "{}",
        ended.stdout
    );
    let report = cli.json("r.json");
    assert_eq!((&report["outputs_identical"], &report["alternatives_agree"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&report["alternatives"][0]["agrees"], &report["alternatives"][1]["agrees"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(report["other_answers"][0]["names"], json!(["wrong"]));
    assert!(fs::read_to_string(cli.scratch.path("r.md")).unwrap().contains("**THEY DIFFER**"));
}

#[test]
fn twinmill_in_the_minority_is_an_error() {
    let cli = Cli::with_peers();
    for (with, names) in [("wrong", "wrong"), ("good,wrong,worse", "wrong and worse")] {
        let ended = cli.run(&format!("{COMPARE} --runs 1 --with {with} --quiet"));
        assert_eq!(ended.status, Some(1), "{}", ended.stdout);
        ended.says(&[&format!("THE ANSWERS DIFFER: {names} gave another answer than the")]);
    }
}

#[test]
fn nobody_takes_part_where_no_program_can_read_the_input() {
    let cli = Cli::with_peers();
    fs::write(cli.scratch.path("more"), "c\n").unwrap();
    let ended = cli.succeed(&format!("{COMPARE} --runs 1 --with good --input more"));
    let why = "programs read one file, and the input is 2 files";
    ended.says(&[&format!("good was not run: {why}")]);
    assert_eq!(cli.json("r.json")["alternatives"][0]["skipped"], why);
    assert_eq!(cli.asked().len(), 1, "only who takes part was asked");
}

#[test]
fn an_answer_of_another_input_does_not_agree() {
    let cli = Cli::with_peers();
    cli.scratch.write("file.txt", "a b c\n");
    let ended = cli.run("compare wordcount --peers peers --input input/file.txt --runs 1 --with good --quiet");
    assert_eq!(ended.status, Some(1), "twinmill's own output is what the script looks into");
}

#[test]
fn an_alternative_that_fails_is_not_run_again() {
    let cli = Cli::with_peers();
    let ended = cli.run(&format!("{COMPARE} --runs 3 --with failing,good"));
    assert_eq!(ended.status, Some(1));
    ended.says(&["failing failed: status 3\nout of luck"]);
    assert!(ended.stdout.contains("\nfailing FAILED: status 3.\n"), "{}", ended.stdout);
    assert_eq!(cli.asked().iter().filter(|asked| asked.contains("--system=failing")).count(), 1);
    let report = cli.json("r.json");
    assert_eq!(report["alternatives"][0]["failed"], "status 3\nout of luck");
    assert_eq!(report["alternatives"][1]["runs"].as_array().unwrap().len(), 3);
}

#[test]
fn what_other_programs_cannot_be_asked_is_refused_or_they_are_not_run() {
    let cli = Cli::with_peers();
    let compare = "compare wordcount --peers peers --runs 1 --with good";
    cli.fail(2, &format!("{compare},unknown --input input")).says(&["--with: there is no unknown; wordcount can be"]);
    cli.fail(2, &format!("{compare} --input input --reducers 0 --modes disk")).says(&["--reducers 0"]);
    cli.fail(2, "compare wordcount --with good --peers nowhere --input input").says(&["nowhere", "TWINMILL_PEERS"]);
    cli.scratch.write("more.txt", "c");
    cli.succeed(&format!("{compare} --input input"))
        .says(&["good was not run: programs read one file, and the input is 2 files"]);
}

#[test]
fn other_programs_are_told_the_jobs_options() {
    let cli = Cli::with_peers();
    let compare =
        "compare grep --peers peers --input input --pattern [ab] --runs 1 --workers 1 --with good --quiet --cold";
    cli.succeed(compare);
    let asked = cli.asked();
    assert!(asked.iter().all(|asked| asked.contains("--option=pattern=[ab]")), "{asked:?}");
    assert!(asked[1].ends_with(" --cold"), "{asked:?}");
}

#[test]
fn a_comparison_with_alternatives_is_continued() {
    let cli = Cli::with_peers();
    let compare = format!("{COMPARE} --with newer --quiet --continue");
    cli.succeed(&format!("{compare} --runs 2"));
    let whole = cli.json("r.json");
    cli.succeed(&format!("{compare} --runs 3"));
    let continued = cli.json("r.json");
    let runs = |report: &Value| report["alternatives"][0]["runs"].as_array().unwrap().clone();
    assert_eq!((runs(&continued).len(), &runs(&continued)[..2]), (3, &runs(&whole)[..]));
    fs::write(cli.scratch.path("peers/version"), "2.0").unwrap();
    cli.fail(2, &format!("{compare} --runs 4")).says(&["cannot continue: newer was 1.0 and is 2.0 now"]);
    cli.fail(2, &format!("{COMPARE} --with good --continue")).says(&["with was [\"newer\"] and is [\"good\"] now"]);
}

#[test]
fn alternatives_are_in_every_form_of_the_result() {
    let cli = Cli::with_peers();
    let forms = "--html r.html --export-markdown r.md --export-csv r.csv";
    cli.succeed(&format!("{COMPARE} --runs 1 --workers 2 --with good --quiet {forms}"));
    let text = |name: &str| fs::read_to_string(cli.scratch.path(name)).unwrap();
    let before = ["r.html", "r.md", "r.csv"].map(text);
    assert!(
        before[1].contains("| good | 1.25 s |") && before[0].contains("\"alternatives_agree\":true"),
        "{}",
        before[1]
    );
    // Three modes, two of them with one worker too, and the alternative.
    assert_eq!(before[2].lines().count(), 1 + 3 + 2 + 1, "{}", before[2]);
    assert!(before[2].contains("\r\nwordcount,good,,0,"), "{}", before[2]);
    cli.succeed(&format!("report r.json {forms}"));
    assert!(["r.html", "r.md", "r.csv"].map(text) == before, "another page, table or list");
}

#[test]
fn a_program_ends_with_a_comparison_that_is_killed() {
    let cli = Cli::with_peers();
    let one = cli.scratch.path("peers/one");
    let sleeping = "if [ \"$1\" = run ]; then echo $$ > \"$here/running\"; exec sleep 600; fi\n";
    fs::write(&one, ONE.replace("nproc >>", &format!("{sleeping}nproc >>"))).unwrap();
    let words = format!("{COMPARE} --runs 1 --modes memory --with good --quiet");
    let mut comparison = cli.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let running = loop {
        match fs::read_to_string(cli.scratch.path("peers/running")).unwrap_or_default().trim().parse() {
            Ok(process) => break Pid::from_raw(process),
            Err(_) => assert!(Instant::now() < deadline && comparison.try_wait().unwrap().is_none(), "nothing runs"),
        }
        thread::sleep(Duration::from_millis(5));
    };
    comparison.kill().unwrap();
    comparison.wait().unwrap();
    // A zombie has ended; its parent has not waited for it yet.
    let is_there = || {
        let status = fs::read_to_string(format!("/proc/{running}/stat")).unwrap_or_default();
        !(status.is_empty() || status.contains(") Z "))
    };
    while is_there() {
        assert!(Instant::now() < deadline, "it outlived the comparison");
        thread::sleep(Duration::from_millis(5));
    }
}
