//! `hadoop fs` on local files, against what Hadoop's own shell says and does with the same words.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use super::{Cli, Ended};

/// Files: `f` of 3 bytes, `g` of 2, `z` of none, `d` with `x` and `sub/y`, `e` with nothing, `out` with hidden names.
fn files() -> Cli {
    let cli = Cli::new();
    for dir in ["d/sub", "d/empty", "e", "out"] {
        fs::create_dir_all(cli.scratch.path(dir)).unwrap();
    }
    for (name, content) in [
        ("f", "abc"),
        ("g", "g\n"),
        ("z", ""),
        ("d/x", "hello\n"),
        ("d/sub/y", "yy"),
        ("out/part-0", "p0"),
        ("out/part-1", "p1"),
        ("out/_SUCCESS", ""),
        ("out/.hid", ""),
    ] {
        fs::write(cli.scratch.path(name), content).unwrap();
    }
    symlink("nowhere", cli.scratch.path("d/dang")).unwrap();
    cli
}

fn hadoop_fs(cli: &Cli, words: &[&str]) -> Ended {
    hadoop_fs_in("Asia/Tokyo", cli, words)
}

fn hadoop_fs_in(zone: &str, cli: &Cli, words: &[&str]) -> Ended {
    let mut command = cli.command("hadoop fs");
    command.args(words).env("TZ", zone).env_remove("HADOOP_CONF_DIR").env_remove("HADOOP_HOME");
    Ended::of(&words.join(" "), command.output().unwrap())
}

/// Checks the exit status, stdout, and the first line of stderr.
#[track_caller]
fn check(cli: &Cli, words: &[&str], status: i32, stdout: &str, complaint: &str) {
    let ended = hadoop_fs(cli, words);
    let first = ended.stderr.lines().next().unwrap_or_default();
    assert_eq!((ended.status, &*ended.stdout, first), (Some(status), stdout, complaint), "{words:?}");
}

/// All names, with what is in files.
fn tree(cli: &Cli) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![cli.scratch.path("")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path.clone());
            }
            found.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
        }
    }
    found.sort();
    found
}

#[test]
fn what_would_lose_data_changes_nothing() {
    let cli = files();
    let before = tree(&cli);
    let in_full = format!("file:{}", cli.scratch.path("d").canonicalize().unwrap().display());
    for (words, status, complaint) in [
        (&["-cp", "-f", "f", "f"][..], 0, ""),
        (&["-put", "-f", "f", "f"], 0, ""),
        (&["-get", "-f", "f", "f"], 0, ""),
        (&["-cp", "f", "f"], 1, "cp: `f': File exists"),
        (&["-mv", "f", "f"], 1, "mv: `f': File exists"),
        (&["-mv", "f", "g"], 1, "mv: `g': File exists"),
        (&["-mv", "-f", "f", "g"], 255, "-mv: Illegal option -f"),
        (&["-touchz", "f"], 1, "touchz: `f': Not a zero-length file"),
        (&["-touchz", "d"], 1, "touchz: `d': Is a directory"),
        (&["-cp", "d", "d/sub"], 1, "cp: `d' to `d/sub/d': is a subdirectory of itself"),
        (&["-mv", "d", "d/sub"], 1, "mv: `d' to `d/sub/d': is a subdirectory of itself"),
        (&["-put", "d", "d"], 1, "put: `d' to `d/d': is a subdirectory of itself"),
        (&["-cp", "d", "."], 1, &format!("cp: `d' to `{in_full}': are identical")),
        (&["-mv", "f", "g", "nodir"], 1, "mv: `nodir': No such file or directory"),
        (&["-cp", "f", "g", "nodir"], 1, "cp: `nodir': No such file or directory"),
        (&["-put", "f", "g", "z"], 1, "put: `z': Is not a directory"),
        (&["-get", "out/*", "got"], 1, "get: `got': No such file or directory"),
        (&["-cp", "-f", "none", "f"], 1, "cp: `none': No such file or directory"),
        (&["-getmerge", "none", "f"], 1, "getmerge: `none': No such file or directory"),
        (&["-getmerge", "d", "e"], 1, "getmerge: `e': Is a directory"),
        (
            &["-cp", "f", "nodir/"],
            1,
            &format!("cp: `nodir/': No such file or directory: `{}/nodir'", in_full.trim_end_matches("/d")),
        ),
        (
            &["-cp", "f", "g/x/y"],
            1,
            &format!(
                "cp: Destination exists and is not a directory: {}/g",
                in_full.trim_start_matches("file:").trim_end_matches("/d")
            ),
        ),
        (&["-rmdir", "f"], 1, "rmdir: `f': Is not a directory"),
        (&["-rmdir", "d"], 1, "rmdir: `d': Directory is not empty"),
        (&["-rmdir", "--ignore-fail-on-non-empty", "d"], 0, ""),
        (&["-rm", "d"], 1, "rm: `d': Is a directory"),
        (&["-rm", "[a"], 1, "rm: Illegal file pattern: error parsing regexp: Unclosed character class at pos 2: `[a`"),
        (&["-put", "f*", "e"], 1, "put: `f*': No such file or directory"),
        (&["-put", "f", "[ed]"], 1, "put: `[ed]': Too many matches"),
        (&["-rm", "-f", "none", "q*"], 0, ""),
    ] {
        check(&cli, words, status, "", complaint);
        assert_eq!(tree(&cli), before, "{words:?}");
    }
}

#[test]
fn patterns_match_hidden_names_and_are_patterns_even_where_a_file_has_their_name() {
    let cli = files();
    fs::write(cli.scratch.path("[a"), "").unwrap();
    for (words, status, stdout, complaint) in [
        (&["-test", "-e", "d/*"][..], 0, "", ""),
        (&["-test", "-e", "no*"], 1, "", "test: `no*': No such file or directory"),
        (
            &["-ls", "[a"],
            1,
            "",
            "ls: Illegal file pattern: error parsing regexp: Unclosed character class at pos 2: `[a`",
        ),
        (&["-ls", "{a"], 1, "", "ls: Illegal file pattern: error parsing regexp: Unclosed group at pos 2: `{a`"),
        (&["-ls", "x}"], 1, "", "ls: `x}': No such file or directory"),
        (&["-ls", "-C", "d/{sub/y,x}"], 0, "d/sub/y\nd/x\n", ""),
        (&["-ls", "-C", "out/part-[0-1]"], 0, "out/part-0\nout/part-1\n", ""),
        (&["-cat", "d/*"], 1, "hello\n", "cat: `d/empty': Is a directory"),
        (&["-rm", "out/*"], 0, "Deleted out/.hid\nDeleted out/_SUCCESS\nDeleted out/part-0\nDeleted out/part-1\n", ""),
    ] {
        check(&cli, words, status, stdout, complaint);
    }
}

#[test]
fn wrong_command_lines_are_refused_with_the_usage() {
    let cli = files();
    for (words, complaint) in [
        (&["-ls", "-x", "d"][..], "-ls: Illegal option -x"),
        (&["-ls", "-hR", "d"], "-ls: Illegal option -hR"),
        (&["-rm"], "-rm: Not enough arguments: expected 1 but got 0"),
        (&["-rm", "-f"], "-rm: Not enough arguments: expected 1 but got 0"),
        (&["-cp", "f"], "-cp: Not enough arguments: expected 2 but got 1"),
        (&["-tail", "f", "g"], "-tail: Too many arguments: expected 1 but got 2"),
        (&["-test", "f"], "-test: No test flag given"),
        (&["-test", "-d", "-e", "d"], "-test: Only one test flag is allowed"),
        (&["-stat", "%n"], "-stat: Not enough arguments: expected 1 but got 0"),
        (&["-chmod", "zz", "f"], "-chmod: chmod : mode 'zz' does not match the expected pattern."),
        (
            &["-touch", "-t", "2026", "f"],
            "-touch: Unable to parse the specified timestamp 2026. The expected format is yyyyMMdd:HHmmss",
        ),
        (&["-setrep", "0", "f"], "-setrep: replication must be >= 1"),
        (&["-usage", "nosuch"], "-usage: `nosuch': Unknown command"),
        (&["-ls", ""], "-ls: Can not create a Path from an empty string"),
        (&["ls", "d"], "ls: Unknown command"),
        (&["-nosuch"], "-nosuch: Unknown command"),
    ] {
        check(&cli, words, 255, "", complaint);
        let said = hadoop_fs(&cli, words).stderr;
        assert!(said.contains("\nUsage: hadoop fs [generic options]\n\t[-appendToFile"), "{words:?}: {said}");
    }
    let said = hadoop_fs(&cli, &["ls", "d"]).stderr;
    assert!(said.contains("\nDid you mean -ls?  This command begins with a dash.\n"), "{said}");
    let said = hadoop_fs(&cli, &["-mv", "f"]).stderr;
    assert!(said.ends_with("\nUsage: hadoop fs [generic options] -mv <src> ... <dst>\n"), "{said}");
}

#[test]
fn commands_answer_as_hadoops_do() {
    let cli = files();
    const QUOTA: &str = "        none             inf            none             inf ";
    let facts = "644 rw-r--r-- 3 regular file f 33554432 1 2026-01-02 12:04:05 1767323045000 % q\n";
    let counted = "           3            2                  8 d\n";
    fs::set_permissions(cli.scratch.path("f"), fs::Permissions::from_mode(0o644)).unwrap();
    let time = UNIX_EPOCH + Duration::from_secs(1_767_323_045);
    fs::File::open(cli.scratch.path("f")).unwrap().set_modified(time).unwrap();
    for (words, status, stdout, complaint) in [
        (&["-stat", "%a %A %b %F %n %o %r %y %Y %% %q", "f"][..], 0, facts, ""),
        (&["-stat", "f"], 0, "2026-01-02 12:04:05\n", ""),
        (&["-stat", "a%nb%", "f", "none"], 1, "afb\n", "stat: `none': No such file or directory"),
        (&["-find", "d", "-name", "[xy]"], 0, "d/sub/y\nd/x\n", ""),
        (&["-find", "d", "-iname", "X", "-a", "-print0"], 0, "d/x\0", ""),
        (&["-find", "-name", "y"], 0, "d/sub/y\n", ""),
        (&["-find", "d", "-name", "x", "-name", "y"], 0, "", ""),
        (&["-find", "d", "-type", "f"], 1, "", "find: Unexpected argument: -type"),
        (&["-du", "d"], 0, "0  0  d/empty\n2  2  d/sub\n6  6  d/x\n", ""),
        (
            &["-du", "-s", "-v", "d", "f"],
            0,
            "SIZE  DISK_SPACE_CONSUMED_WITH_ALL_REPLICAS  FULL_PATH_NAME\n8     8                                      d\n3     3                                      f\n",
            "",
        ),
        (&["-dus", "d"], 0, "8  8  d\n", "dus: DEPRECATED: Please use 'du -s' instead."),
        (&["-du", "none", "f"], 1, "3  3  f\n", "du: `none': No such file or directory"),
        (&["-count", "d"], 0, counted, ""),
        (&["-count", "-q", "f"], 0, &format!("{QUOTA}           0            1                  3 f\n"), ""),
        (&["-count", "-u", "-h", "f"], 0, &format!("{QUOTA}f\n"), ""),
        (
            &["-count", "-v", "f"],
            0,
            "   DIR_COUNT   FILE_COUNT       CONTENT_SIZE PATHNAME\n           0            1                  3 f\n",
            "",
        ),
        (&["-cat", "f", "e", "g"], 1, "abcg\n", "cat: `e': Is a directory"),
        (&["-head", "f"], 0, "abc", ""),
        (&["-tail", "-s", "5", "f"], 0, "abc", ""),
        (&["-checksum", "f"], 0, "f\tNONE\n", ""),
        (&["-checksum", "-v", "f"], 0, "f\tNONE\tBlockSize=33554432\n", ""),
        (&["-setrep", "2", "d"], 0, "Replication 2 set: d/sub/y\nReplication 2 set: d/x\n", ""),
        (&["-expunge"], 0, "", ""),
        (&["-test", "-s", "z"], 1, "", ""),
        (&["-test", "-s", "d"], 0, "", ""),
        (&["-test", "-z", "z"], 0, "", ""),
        (&["-test", "-r", "f"], 0, "", ""),
        (&["-mkdir", "d"], 1, "", "mkdir: `d': File exists"),
        (&["-mkdir", "-p", "d"], 0, "", ""),
        (&["-mkdir", "-p", "f"], 1, "", "mkdir: `f': Is not a directory"),
        (&["-rmdir", "e"], 0, "", ""),
        (&["-rm", "-r", "d/empty"], 0, "Deleted d/empty\n", ""),
        (
            &["-chown", "no-such-user", "f"],
            1,
            "",
            "chown: changing ownership of 'f': chown: invalid user: ‘no-such-user’",
        ),
        (&["-usage", "mv"], 0, "Usage: hadoop fs [generic options] -mv <src> ... <dst>\n", ""),
        (&["-D", "a=b", "-fs", "file:///", "-ls", "-C", "d"], 0, "d/sub\nd/x\n", ""),
        (&["-moveToLocal", "f", "x"], 1, "", "moveToLocal: Option '-moveToLocal' is not implemented yet."),
    ] {
        check(&cli, words, status, stdout, complaint);
    }
    let helped = hadoop_fs(&cli, &["-help", "ls"]).stdout;
    assert!(helped.starts_with("-ls [-C] [-d] [-h] [-q] [-R] [-t] [-S] [-r] [-u] [-e] [<path> ...] :\n"), "{helped}");
    let space = hadoop_fs(&cli, &["-df", "-h"]).stdout;
    assert!(space.starts_with("Filesystem ") && space.contains("\nfile:///  "), "{space}");
}

#[test]
fn files_of_another_file_system_are_not_taken_for_local_ones() {
    let cli = files();
    let property = "<property><name>fs.defaultFS</name><value>s3://bucket</value></property>";
    fs::write(cli.scratch.path("site.xml"), format!("<configuration>{property}</configuration>")).unwrap();
    let refused = "fs: this build does not reach the file system s3://bucket";
    for generic in [
        &["-fs", "s3://bucket"][..],
        &["-D", "fs.defaultFS=s3://bucket"],
        &["-Dfs.default.name=s3://bucket"],
        &["-conf", "site.xml"],
        &["-fs", "file:///", "-D", "fs.defaultFS=s3://bucket"],
    ] {
        check(&cli, &[generic, &["-rm", "-r", "d"]].concat(), 1, "", refused);
    }
    if cfg!(not(feature = "hdfs")) {
        for name in ["hdfs://host:8020", "host:8020"] {
            let refused = format!("fs: this build does not reach the file system {name}; one that does is built with");
            let ended = hadoop_fs(&cli, &["-fs", name, "-rm", "-r", "d"]);
            assert!(ended.status == Some(1) && ended.stderr.starts_with(&refused), "{}", ended.stderr);
        }
    }
    check(
        &cli,
        &["-conf", "missing.xml", "-ls"],
        1,
        "",
        "fs: cannot read missing.xml: No such file or directory (os error 2)",
    );
    for generic in [&["-fs", "local"][..], &["-conf", "site.xml", "-fs", "file:///"]] {
        check(&cli, &[generic, &["-ls", "-C", "d"]].concat(), 0, "d/empty\nd/sub\nd/x\n", "");
    }
}

#[test]
fn files_are_made_changed_and_moved() {
    let cli = files();
    let content = |name: &str| fs::read_to_string(cli.scratch.path(name)).unwrap_or_else(|_| "none".into());
    let mode =
        |name: &str| format!("{:o}", fs::metadata(cli.scratch.path(name)).unwrap().permissions().mode() & 0o7777);
    for (words, name, expected) in [
        (&["-getmerge", "-nl", "out", "merged"][..], "merged", "\n\np0\np1\n"),
        (&["-getmerge", "-nl", "-skip-empty-file", "out", "merged"], "merged", "p0\np1\n"),
        (&["-getmerge", "out/part*", "g", "new/merged"], "new/merged", "p0p1g\n"),
        (&["-getmerge", "f", "g", "f"], "f", "abcg\n"),
        (&["-put", "d/sub"], "sub/y", "yy"),
        (&["-get", "d/x"], "x", "hello\n"),
        (&["-cp", "g", "copy"], "copy", "g\n"),
        (&["-cp", "-f", "f", "copy"], "copy", "abcg\n"),
        (&["-mv", "copy", "moved"], "moved", "abcg\n"),
        (&["-mv", "moved", "x", "e"], "e/moved", "abcg\n"),
        (&["-moveFromLocal", "e/moved", "back"], "back", "abcg\n"),
        (&["-appendToFile", "g", "back"], "back", "abcg\ng\n"),
        (&["-appendToFile", "g", "back", "back"], "back", "abcg\ng\ng\nabcg\ng\n"),
        (&["-touchz", "made"], "made", ""),
        (&["-touch", "-c", "unmade"], "unmade", "none"),
    ] {
        check(&cli, words, 0, "", "");
        assert_eq!(content(name), expected, "{words:?}");
    }
    assert!(!cli.scratch.path("moved").exists() && !cli.scratch.path("e/moved").exists());
    for (words, name, expected) in [
        (&["-chmod", "600", "g"][..], "g", "600"),
        (&["-chmod", "g+w,o=r", "g"], "g", "624"),
        (&["-chmod", "+x", "g"], "g", "735"),
        (&["-chmod", "-x", "g"], "g", "624"),
        (&["-chmod", "-R", "700", "d"], "d/sub/y", "700"),
        (&["-chmod", "-R", "go+rX", "d"], "d/sub/y", "755"),
        (&["-chmod", "1777", "d"], "d", "1777"),
    ] {
        check(&cli, words, 0, "", "");
        assert_eq!(mode(name), expected, "{words:?}");
    }
    check(&cli, &["-touch", "-t", "20260102:030405", "stamped"], 0, "", "");
    check(&cli, &["-stat", "%X %Y", "stamped"], 0, "1767290645000 1767290645000\n", "");
    // What a move cannot copy stays.
    check(&cli, &["-moveFromLocal", "d", "copied"], 1, "", "moveFromLocal: `d': Directory is not empty");
    assert!(fs::symlink_metadata(cli.scratch.path("d/dang")).is_ok() && content("copied/sub/y") == "yy");
    let mut put = cli.command("hadoop fs -put - piped");
    put.stdin(Stdio::from(fs::File::open(cli.scratch.path("g")).unwrap()));
    assert!(put.status().unwrap().success());
    assert_eq!(content("piped"), "g\n");
    let names = tree(&cli).into_iter().map(|(name, _)| name);
    assert!(names.into_iter().all(|name| !name.ends_with("._COPYING_")));
}

#[test]
fn a_directory_that_is_put_where_it_is_already_is_merged() {
    let cli = files();
    fs::create_dir_all(cli.scratch.path("m/d")).unwrap();
    for name in ["m/d/x", "m/d/other"] {
        fs::write(cli.scratch.path(name), "1").unwrap();
    }
    check(&cli, &["-put", "d", "m"], 1, "", "put: `m/d/x': File exists");
    let read = |name: &str| fs::read_to_string(cli.scratch.path(name)).unwrap();
    assert_eq!((read("m/d/x"), read("m/d/other"), read("m/d/sub/y")), ("1".into(), "1".into(), "yy".into()));
    check(&cli, &["-put", "-f", "d", "m"], 0, "", "");
    assert_eq!(read("m/d/x"), "hello\n");
}

#[test]
fn lists_have_hadoops_columns_and_order() {
    let cli = files();
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    for (name, seconds) in [("d/x", 1_767_323_045), ("d/sub", 1_767_000_000), ("d/empty", 1_768_000_000)] {
        fs::File::open(cli.scratch.path(name)).unwrap().set_modified(at(seconds)).unwrap();
    }
    let shown = hadoop_fs(&cli, &["-ls", "d"]).stdout;
    let facts: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(facts[0], ["Found", "3", "items"]);
    let size = fs::metadata(cli.scratch.path("d/empty")).unwrap().len().to_string();
    assert_eq!(facts[1][0..2], ["drwxr-xr-x", "-"]);
    assert_eq!(facts[1][4..], [&*size, "2026-01-10", "08:06", "d/empty"]);
    assert_eq!(facts[3][0..2], ["-rw-r--r--", "1"]);
    assert_eq!(facts[3][4..], ["6", "2026-01-02", "12:04", "d/x"]);
    assert!(shown.contains("\n-rw-r--r--   1 "), "{shown}");
    assert!(shown.contains("          6 2026-01-02 12:04 d/x\n"), "{shown}");
    let uri = format!("file://{}", cli.scratch.path("e").canonicalize().unwrap().display());
    fs::write(cli.scratch.path("e/i"), "").unwrap();
    for (words, stdout) in [
        (&["-ls", "-C", "."][..], "cache\nd\ne\nf\ng\nout\nz\n"),
        (&["-ls", "-C", "./d/../d/"], "d/empty\nd/sub\nd/x\n"),
        (&["-ls", "-C", "-t", "d"], "d/empty\nd/x\nd/sub\n"),
        (&["-ls", "-C", "-t", "-r", "d"], "d/sub\nd/x\nd/empty\n"),
        (&["-ls", "-C", "-S", "out"], "out/part-0\nout/part-1\nout/.hid\nout/_SUCCESS\n"),
        (&["-ls", "-C", "-R", "d"], "d/empty\nd/sub\nd/sub/y\nd/x\n"),
        (&["-ls", "-C", "-d", "d"], "d\n"),
        (&["-ls", "d/empty"], ""),
        (&["-ls", "-C", &uri], &format!("{uri}/i\n")),
    ] {
        if words[2..] == ["."] {
            // Beside what the harness keeps there.
            let shown = hadoop_fs(&cli, words).stdout;
            for name in stdout.lines().filter(|name| *name != "cache") {
                assert!(shown.lines().any(|line| line == name), "{name} in {shown}");
            }
            continue;
        }
        check(&cli, words, 0, stdout, "");
    }
    check(&cli, &["-ls", "./none"], 1, "", "ls: `./none': No such file or directory");
    check(&cli, &["-ls", "d/dang"], 1, "", "ls: `d/dang': No such file or directory");
}

#[test]
fn text_unpacks_and_shows_records() {
    let cli = files();
    let packed = |program: &str, name: &str| {
        let output = std::process::Command::new(program).arg("-c").arg(cli.scratch.path("d/x")).output();
        output.is_ok_and(|output| output.status.success() && fs::write(cli.scratch.path(name), output.stdout).is_ok())
    };
    for (program, name) in [("gzip", "x.gz"), ("gzip", "xgz"), ("bzip2", "x.bz2")] {
        if packed(program, name) {
            check(&cli, &["-text", name], 0, "hello\n", "");
        }
    }
    check(&cli, &["-text", "f", "z"], 0, "abc", "");
    let format = "org.apache.hadoop.mapred.SequenceFileOutputFormat";
    cli.succeed(&format!("stream -input g -output records -mapper cat -numReduceTasks 0 -outputformat {format}"));
    check(&cli, &["-text", "records/part-00000"], 0, "g\t\n", "");
}

#[test]
fn hadoops_own_options_are_passed_over() {
    let cli = Cli::new();
    for words in ["hadoop --config conf version", "hadoop --loglevel WARN version"] {
        assert!(cli.succeed(words).stdout.starts_with("Hadoop 3.5.0\n"), "{words}");
    }
    assert!(cli.succeed("hadoop classpath").stdout.contains("share/hadoop/tools/lib/*"));
    cli.fail(2, "hadoop-home").says(&["hadoop-home needs the name of the directory"]);
}

#[test]
fn times_are_those_of_the_zone_that_tz_names() {
    let cli = files();
    let shown = |zone: &str, seconds: u64| {
        let file = fs::File::options().write(true).open(cli.scratch.path("f")).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        hadoop_fs_in(zone, &cli, &["-stat", "%y", "f"]).stdout
    };
    let rules = [
        ("UTC0", 0, 0.0),
        ("JST-9", 0, 9.0),
        ("<+0545>-5:45", 0, 5.75),
        // 2026-03-29 01:00 UTC and the second before.
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, 1.0),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, 2.0),
        // 2026-10-25 01:00 UTC and the second before.
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_889_999, 2.0),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, 1.0),
        ("EST5EDT,M3.2.0,M11.1.0", 1_795_685_400, -5.0),
        // 2026-01-01 in Sydney is in summer.
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, 11.0),
    ];
    let files = [
        ("Europe/Berlin", 0, 1.0),
        ("Europe/Berlin", 1_000_000_000, 2.0),
        ("Europe/Berlin", 1_790_000_000, 2.0),
        ("Europe/Berlin", 1_795_685_400, 1.0),
    ];
    let there = std::path::Path::new("/usr/share/zoneinfo/Europe/Berlin").exists();
    if !there {
        eprintln!("skipped: there is no zone database");
    }
    for (zone, seconds, hours) in rules.into_iter().chain(files.into_iter().filter(|_| there)) {
        let there = (seconds as f64 + 3600.0 * hours) as u64;
        assert_eq!(shown(zone, seconds), shown("UTC0", there), "{zone} at {seconds}");
    }
    assert_eq!(shown("UTC0", 1_795_685_400), "2026-11-26 09:30:00\n");
}

#[test]
fn a_stamp_beyond_its_month_is_of_the_next() {
    let cli = files();
    for (stamp, time) in [
        ("20260102:030405", "2026-01-02 03:04:05\n"),
        ("20261301:000000", "2027-01-01 00:00:00\n"),
        ("20260230:250000", "2026-03-03 01:00:00\n"),
        ("20260100:000000", "2025-12-31 00:00:00\n"),
    ] {
        check(&cli, &["-touch", "-t", stamp, "f"], 0, "", "");
        check(&cli, &["-stat", "%y", "f"], 0, time, "");
    }
}
