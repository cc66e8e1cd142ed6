//! `grade`: submissions run in a sandbox, and whatever they do, the next one is graded.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::getuid;

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

/// Gives the assignment other commands.
fn commands(cli: &Cli, mapper: &str, reducer: &str) {
    let file = cli.scratch.path("assignment.toml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("mapper = \"./map.sh\"", &format!("mapper = \"{mapper}\""));
    fs::write(&file, text.replace("reducer = \"./reduce.sh\"", &format!("reducer = \"{reducer}\""))).unwrap();
}

/// Grades as a user without rights, if this is root and the user can reach the program.
fn grade_as_nobody(cli: &Cli, words: &str) -> bool {
    let nobody = |command: &Command| {
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(command.get_program());
        other.args(command.get_args()).current_dir(cli.scratch.path(""));
        other.env("PATH", "/usr/bin:/bin").env("HOME", cli.scratch.path("home"));
        other
    };
    let works = nobody(&cli.command("--version")).output().is_ok_and(|output| output.status.success());
    if !getuid().is_root() || !works {
        return false;
    }
    let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(cli.scratch.path("")).status().unwrap();
    assert!(owned.success());
    let output = nobody(&cli.command(words)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

/// Whether the system let submissions be shut in.
fn is_closed(cli: &Cli) -> bool {
    !cli.json("r.json")["notes"].to_string().contains("unshare")
}

/// Why a test of a submission was not passed.
fn output(cli: &Cli, number: usize, test: usize) -> String {
    cli.json("r.json")["grades"][number]["tests"][test]["output"].as_str().unwrap().to_owned()
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

#[test]
fn a_submission_reaches_no_file_but_its_own() {
    let cli = assignment(&[("evil", "", REDUCER), ("good", MAPPER, REDUCER)]);
    fs::create_dir(cli.scratch.path("home")).unwrap();
    let (thesis, work) = (cli.scratch.path("home/thesis"), cli.scratch.path("work"));
    fs::write(&thesis, "precious").unwrap();
    let litter = format!("twinmill-litter-{}", std::process::id());
    let script = format!(
        "#!/bin/sh\n\
         cat {thesis} && echo REACHED\nrm {thesis} && echo REACHED\necho >> map.sh && echo REACHED\necho x > {thesis} && echo REACHED\n\
         for place in /usr /etc /var; do touch $place/{litter} && echo REACHED $place; done\n\
         for place in . /tmp /var/tmp /dev/shm; do touch $place/{litter} || echo CLOSED $place; done\n\
         find {work} /var/tmp /tmp -name plan.json -o -name 'submission-1*' | grep . && echo REACHED\n\
         ls -A {work}/grade | grep -v twinmill-grade && echo REACHED\n\
         cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n' | grep -e '[/]right' -e 'plan[.]json' && echo REACHED\n\
         for group in $(sed -n 's/^CapEff:[^0-9]*//p' /proc/self/status); do echo \"rights: $group\"; done\n\
         test -z \"$(sed 1,2d /proc/net/dev | grep -v lo:)\" || echo REACHED network\n\
         exit 1\n",
        thesis = thesis.display(),
        work = work.display(),
    );
    // What it prints is not shown, what it says is.
    fs::write(
        cli.scratch.path("subs/evil/map.sh"),
        script.replace("echo ", "echo >&2 ").replace("echo >&2 x", "echo x"),
    )
    .unwrap();
    const GRADE: &str = "grade assignment.toml --report r.json --quiet --work-dir work/grade";
    let look = || {
        assert_eq!(points(&cli, 1).iter().sum::<f64>(), 100.0, "{}", cli.json("r.json"));
        if is_closed(&cli) {
            let said = output(&cli, 0, 0);
            assert!(!said.contains("REACHED") && !said.contains("CLOSED"), "{said}");
            assert!(said.contains("rights: 0000000000000000"), "{said}");
            assert_eq!(fs::read_to_string(&thesis).unwrap(), "precious");
            for place in [Path::new("/tmp"), Path::new("/var/tmp"), Path::new("/dev/shm"), &work] {
                assert!(!place.join(&litter).exists(), "{}", place.display());
            }
        }
        assert_eq!(fs::read_dir(cli.scratch.path("work/grade")).unwrap().count(), 0, "nothing is left");
    };
    cli.succeed(GRADE);
    look();
    if grade_as_nobody(&cli, GRADE) {
        look();
    }
}

#[test]
fn files_of_a_submission_may_have_any_name() {
    let cli = assignment(&[(
        "ann",
        "cat 'report, final.pdf' a#b.txt '#map.sh#' tmp/x > /dev/null || exit 9\ncat\n",
        REDUCER,
    )]);
    let solution = fs::read_to_string(cli.scratch.path("right/map.sh")).unwrap();
    let mapper = fs::read_to_string(cli.scratch.path("subs/ann/map.sh")).unwrap();
    let mapper = mapper.replace("cat\n", &solution.replace("#!/bin/sh\n", ""));
    fs::write(cli.scratch.path("subs/ann/map.sh"), mapper).unwrap();
    fs::create_dir(cli.scratch.path("subs/ann/tmp")).unwrap();
    for name in ["report, final.pdf", "a#b.txt", "#map.sh#", "tmp/x"] {
        fs::write(cli.scratch.path("subs/ann").join(name), "x\n").unwrap();
    }
    cli.succeed("grade assignment.toml --report r.json --quiet --work-dir work/grade");
    assert_eq!(points(&cli, 0).iter().sum::<f64>(), 100.0, "{}", cli.json("r.json"));
}

#[test]
fn a_submission_gets_a_short_environment() {
    let cli = assignment(&[("ann", "env >&2; exit 1\n", REDUCER)]);
    let mut command = cli.command("grade assignment.toml --report r.json --quiet --work-dir work/grade");
    assert!(command.env("GRADER_TOKEN", "secret").env("LC_ALL", "C").status().unwrap().success());
    let said = output(&cli, 0, 0);
    assert!(!said.contains("GRADER_TOKEN") && said.contains("LC_ALL=C") && said.contains("PATH="), "{said}");
}

#[test]
fn failures_of_submissions_name_their_cause() {
    let cli = assignment(&[("crlf", MAPPER, REDUCER), ("empty", MAPPER, REDUCER), ("good", MAPPER, REDUCER)]);
    fs::write(cli.scratch.path("subs/crlf/map.sh"), "#!/bin/sh\r\ncat\r\n").unwrap();
    fs::remove_file(cli.scratch.path("subs/empty/reduce.sh")).unwrap();
    // A program by its name alone, and one behind its interpreter.
    commands(&cli, "map.sh", "sh reduce.sh");
    cli.succeed("grade assignment.toml --report r.json --quiet --work-dir work/grade");
    assert_eq!(points(&cli, 2).iter().sum::<f64>(), 100.0, "{}", cli.json("r.json"));
    let (crlf, missing) = (output(&cli, 0, 0), output(&cli, 1, 0));
    assert!(crlf.contains("CR LF"), "{crlf}");
    assert!(missing.contains("sh does not find reduce.sh"), "{missing}");
    let folder = fs::canonicalize(cli.scratch.path("subs/empty")).unwrap();
    assert!(missing.contains(&format!("cd {} && twinmill stream", folder.display())), "{missing}");
    assert!(!missing.contains("twinmill-grade-"), "no directory that is gone is named: {missing}");
}

#[test]
fn what_a_killed_grading_left_is_removed_by_the_next() {
    let cli = assignment(&[("ann", MAPPER, REDUCER)]);
    let grade = "grade assignment.toml --report r.json --quiet --work-dir work/grade";
    fs::write(cli.scratch.path("subs/ann/map.sh"), "#!/bin/sh\nsleep 20\n").unwrap();
    let mut killed = cli.command(grade).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let dir = cli.scratch.path("work/grade");
    let is_running = || {
        let names = fs::read_dir(&dir).into_iter().flatten().flatten().map(|entry| entry.path());
        names.into_iter().any(|dir| dir.join("submission-0-runs/first").exists())
    };
    let began = Instant::now();
    while !is_running() {
        assert!(began.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    fs::write(cli.scratch.path("subs/ann/map.sh"), format!("#!/bin/sh\n{MAPPER}")).unwrap();
    cli.succeed(grade);
    assert_eq!(points(&cli, 0).iter().sum::<f64>(), 100.0, "{}", cli.json("r.json"));
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0, "nothing is left");
}
