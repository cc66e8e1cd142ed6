//! `claim` and `lesson`: exit statuses, refusals before any work, reports and pages.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::Cli;

/// A claim file about a small word count.
fn about(statement: &str) -> String {
    format!(
        "version = 1\n[source]\ntitle = \"A text\"\ndate = \"2026\"\n[comparison]\njob = \"wordcount\"\nsize = \"64KiB\"\n\
         columns = [\"disk\", \"memory\"]\n[[claim]]\nname = \"it\"\ntext = \"It is so.\"\nstatement = \"{statement}\"\n"
    )
}

#[test]
fn the_exit_status_says_whether_all_claims_are_true() {
    let cli = Cli::new();
    let write = |name: &str, statement: &str| fs::write(cli.scratch.path(name), about(statement)).unwrap();
    write("true.toml", "files_written(disk) > files_written(memory) and files_written(memory) == 0 B");
    write("false.toml", "median(disk) < 1 us");
    // A program that is not set up leaves a claim open.
    let with_tool = about("median(tool) > 1 s").replace("columns", "peers = [\"tool\"]\ncolumns");
    fs::write(cli.scratch.path("open.toml"), with_tool).unwrap();
    let answer = r#"{"alternatives": [{"name": "tool", "system": "tool", "version": null, "parallel": false,
        "framework": false, "skipped": "it is not set up"}]}"#;
    fs::create_dir(cli.scratch.path("peers")).unwrap();
    let one = cli.scratch.path("peers/one");
    fs::write(&one, format!("#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")).unwrap();
    fs::set_permissions(&one, fs::Permissions::from_mode(0o755)).unwrap();
    let words = "--quiet --budget 1s --work-dir work";
    let ended = cli.succeed(&format!("claim true.toml {words} --report r.json --html p.html --markdown m.md"));
    assert!(ended.stdout.contains("TRUE HERE: It is so. (after A text, 2026)"), "{}", ended.stdout);
    let report = cli.json("r.json");
    assert_eq!((&report["claims"][0]["verdict"], &report["claims"][0]["name"]), (&"true".into(), &"it".into()));
    assert_eq!(report["comparisons"].as_array().unwrap().len(), 1);
    let page = fs::read_to_string(cli.scratch.path("p.html")).unwrap();
    assert!(page.contains("\"verdict\":\"true here\"") && !page.contains("{{"));
    assert!(fs::read_to_string(cli.scratch.path("m.md")).unwrap().contains("| **true here** |"));
    cli.succeed("report r.json --html again.html");
    assert_eq!(cli.run(&format!("claim false.toml true.toml {words}")).status, Some(3));
    let open = cli.run(&format!("claim open.toml true.toml {words} --peers peers"));
    assert_eq!(open.status, Some(4), "{}", open.stderr);
    assert!(open.stdout.contains("NOT MEASURED") && open.stdout.contains("tool did not run: it is not set up"));
    assert_eq!(cli.run(&format!("claim open.toml false.toml {words} --peers peers")).status, Some(3), "false wins");
}

#[test]
fn a_bad_file_is_refused_before_anything_runs_with_its_line_and_what_was_meant() {
    let cli = Cli::new();
    let refused = |text: String, says: &[&str]| {
        fs::write(cli.scratch.path("bad.toml"), text).unwrap();
        cli.fail(2, "claim bad.toml --budget 1s --work-dir work").says(says);
    };
    let good = about("median(disk) > 1 s");
    refused(good.replace("statement", "statment"), &["bad.toml:12:1: claim[1].statment", "did you mean statement?"]);
    refused(good.replace("wordcount", "wordcuont"), &["bad.toml:6:7: comparison.job", "did you mean wordcount?"]);
    refused(about("medain(disk) > 1 s"), &["bad.toml:12:14: claim[1].statement", "did you mean median?"]);
    refused(
        good.replace("size = ", "options = [\"--no-combinr\"]\nsize = "),
        &["bad.toml:7:12: comparison.options", "--no-combinr"],
    );
    cli.fail(2, "claim no/such.toml").says(&["no/such.toml"]);
    cli.fail(2, "claim ousterhuot").says(&["did you mean ousterhout?", "claim --list"]);
    assert!(cli.succeed("claim --list").stdout.contains("ousterhout"));
}

#[test]
fn a_lesson_tells_what_is_claimed_what_was_measured_and_what_it_does_not_show() {
    let cli = Cli::new();
    let words = "--scale 0.002 --budget 1s --quiet --work-dir work --peers nowhere";
    let ended = cli.succeed(&format!("lesson counting {words} --guess 2 --html lesson.html --report lesson.json"));
    for told in
        ["Lesson 2.", "What is claimed.", "Guess first.", "Your guess was 2", "Why.", "What this does not show."]
    {
        assert!(ended.stdout.contains(told), "{told}: {}", ended.stdout);
    }
    assert!(ended.stdout.contains("hadoop did not run"), "{}", ended.stdout);
    assert!(fs::read_to_string(cli.scratch.path("lesson.html")).unwrap().contains("What this does not show."));
    assert_eq!(cli.json("lesson.json")["comparisons"].as_array().unwrap().len(), 3);
    assert!(cli.succeed("lesson").stdout.contains(" 3  iterating:"));
    cli.fail(2, "lesson iterate").says(&["did you mean iterating?"]);
    cli.fail(2, "lesson 2 --guess many").says(&["--guess: 'many' is no such number"]);
    cli.fail(2, "lesson --html x").says(&["name one, or take --all"]);
}
