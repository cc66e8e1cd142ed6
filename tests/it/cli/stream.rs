//! `stream`: commands as mapper, combiner and reducer, by the rules of Hadoop Streaming.
//!
//! The tables restate what Hadoop's own tests of streaming pin down. Programs are `sh`, `awk` and `cat`; Python's are passed over
//! where there is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Cli, Ended};

const KEY_FIELDS: &str = "org.apache.hadoop.mapred.lib.KeyFieldBased";

impl Cli {
    fn stream(&self, words: &[&str]) -> Command {
        let mut command = self.command("stream");
        command.args(words);
        command
    }

    /// Runs a streaming job into `out`; `input` is its input.
    #[track_caller]
    fn streamed(&self, words: &[&str]) -> Ended {
        let mut all = vec!["-input", "input", "-output", "out", "--quiet", "--overwrite"];
        all.extend(words);
        Ended::of(&format!("stream {}", all.join(" ")), self.stream(&all).output().unwrap())
    }

    fn parts(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(self.scratch.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        let names = names.iter().filter(|name| name.to_string_lossy().starts_with("part-"));
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        names.map(|name| text(fs::read(self.scratch.path("out").join(name)).unwrap())).collect()
    }
}

/// Each job leaves these parts, in both modes.
#[track_caller]
fn check(input: &str, words: &[&str], parts: &[&str]) {
    let cli = Cli::with_input(input);
    for mode in ["disk", "memory"] {
        let mut words = words.to_vec();
        words.extend(["--mode", mode, "-D", "mapreduce.job.maps=1"]);
        let ended = cli.streamed(&words);
        assert_eq!(ended.status, Some(0), "{}: {}", ended.command, ended.stderr);
        assert_eq!(cli.parts(), parts, "{}", ended.command);
    }
}

#[test]
fn records_go_through_commands_by_hadoops_rules() {
    let words = "awk '{for (i = 1; i <= NF; i++) print $i \"\\t1\"}'";
    let count = "awk -F '\\t' '{n[$1] += $2} END {for (w in n) print w \"\\t\" n[w] | \"sort\"}'";
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("b a\nb\n", &["-mapper", words, "-reducer", count], &["a\t1\nb\t2\n"]),
        ("b a\nb\n", &["-mapper", words, "-reducer", count, "-combiner", count], &["a\t1\nb\t2\n"]),
        // A line without a separator is written with one; a key without a value is read with one.
        ("pink\nblue\n", &["-mapper", "cat", "-reducer", "NONE"], &["pink\t\nblue\t\n"]),
        ("pink\nblue\n", &["-mapper", "cat", "-reducer", "cat"], &["blue\t\npink\t\n"]),
        ("b\na\n", &["-mapper", "cat", "-reducer", "sed -n l"], &["a\\t$\t\nb\\t$\t\n"]),
        ("b\na\n", &["-mapper", "cat", "-reducer", "cat", "-D", "stream.reduce.output=keyonlytext"], &["a\t\nb\t\n"]),
        // Without a mapper keys are offsets; without a reducer records are sorted.
        ("x y\nz\n", &[], &["0\tx y\n4\tz\n"]),
        ("b 2\na 1\n", &["-mapper", "cat"], &["a 1\t\nb 2\t\n"]),
        // Lines end with LF, CR or both, on the way in and out; the last may lack its end.
        ("a\r\nb\rc", &["-mapper", "cat", "-reducer", "NONE"], &["a\t\nb\t\nc\t\n"]),
        ("x\n", &["-mapper", "printf 'a\\tb\\rc\\r\\nd'", "-reducer", "NONE"], &["a\tb\nc\t\nd\t\n"]),
        ("", &["-mapper", "echo from an empty split", "-reducer", "NONE"], &["from an empty split\t\n"]),
        ("\n\n", &["-mapper", "cat", "-reducer", "cat"], &["\t\n\t\n"]),
        // Separators and fields of keys.
        (
            "a.b.c\nd.e\n",
            &["-mapper", "cat", "-reducer", "NONE", "-D", "stream.map.output.field.separator=."],
            &["a\tb.c\nd\te\n"],
        ),
        (
            "a.b.c\nd\n",
            &[
                "-D",
                "stream.map.output.field.separator=.",
                "-D",
                "stream.num.map.output.key.fields=2",
                "-mapper",
                "cat",
                "-reducer",
                "NONE",
                "-D",
                "mapreduce.output.textoutputformat.separator=::",
            ],
            &["a.b::c\nd::\n"],
        ),
        (
            "a,1\n",
            &[
                "-mapper",
                "cat",
                "-reducer",
                "cat",
                "-D",
                "stream.map.output.field.separator=,",
                "-D",
                "stream.reduce.input.field.separator=;",
                "-D",
                "stream.reduce.output.field.separator=;",
            ],
            &["a\t1\n"],
        ),
        // Other input formats give keys too.
        (
            "a\nb\n",
            &["-mapper", "cat", "-reducer", "NONE", "-D", "stream.map.input.ignoreKey=false"],
            &["0\ta\n2\tb\n"],
        ),
        (
            "a\nb\nc\n",
            &[
                "-mapper",
                "cat",
                "-reducer",
                "NONE",
                "-inputformat",
                "org.apache.hadoop.mapred.lib.NLineInputFormat",
                "-D",
                "mapred.line.input.format.linespermap=2",
            ],
            &["0\ta\n2\tb\n", "4\tc\n"],
        ),
        (
            "k\tv\nx\n",
            &["-mapper", "sed 's/\\t/-/'", "-reducer", "NONE", "-inputformat", "KeyValueTextInputFormat"],
            &["k-v\t\nx-\t\n"],
        ),
        (
            "k\tv\nx\n",
            &[
                "-mapper",
                "cat",
                "-reducer",
                "NONE",
                "-inputformat",
                "KeyValueTextInputFormat",
                "-D",
                "stream.map.input.ignoreKey=true",
            ],
            &["v\t\n\t\n"],
        ),
        // Classes.
        (
            "LongValueSum:a\t2\nUniqValueCount:u\tx\nLongValueSum:a\t3\nUniqValueCount:u\tx\n",
            &["-mapper", "cat", "-reducer", "aggregate"],
            &["a\t5\nu\t1\n"],
        ),
        (
            "a\t2\na\t3\n",
            &[
                "-inputformat",
                "KeyValueTextInputFormat",
                "-mapper",
                "org.apache.hadoop.mapred.lib.IdentityMapper",
                "-reducer",
                "org.apache.hadoop.mapred.lib.LongSumReducer",
            ],
            &["a\t5\n"],
        ),
        // No shell reads a command, and a quote ends a word.
        ("x\n", &["-mapper", "sed s/x/$X|y/", "-reducer", "NONE"], &["$X|y\t\n"]),
        ("x\n", &["-mapper", "bash -c 'cat | tr x y'", "-reducer", "NONE"], &["y\t\n"]),
    ];
    for (input, words, parts) in cases {
        check(input, words, parts);
    }
}

#[test]
fn binary_records_go_through_as_they_are() {
    let raw = "printf '\\000\\000\\000\\001k\\000\\000\\000\\002vw'";
    check("x\n", &["-mapper", raw, "-D", "stream.map.output=rawbytes", "-reducer", "NONE"], &["6b\t76 77\n"]);
    let reduced = &[
        "-mapper",
        raw,
        "-D",
        "stream.map.output=rawbytes",
        "-D",
        "stream.reduce.input=RawBytes",
        "-reducer",
        "od -An -c",
    ];
    check("x\n", reduced, &["  \\0  \\0  \\0 001   k  \\0  \\0  \\0 002   v   w\t\n"]);
    let typed = "printf '\\007\\000\\000\\000\\001k\\003\\000\\000\\000\\005'";
    check("x\n", &["-mapper", typed, "-D", "stream.map.output=typedbytes", "-reducer", "NONE"], &["k\t5\n"]);
}

#[test]
fn partitioners_and_comparators_are_hadoops() {
    // The partitions are those that Java computes: String.hashCode from 1 for Text, from 0 for key fields.
    check("a\nb\nc\nd\n", &["-mapper", "cat", "-numReduceTasks", "2"], &["a\t\nc\t\n", "b\t\nd\t\n"]);
    let partitioner = format!("{KEY_FIELDS}Partitioner");
    check(
        "a\t1\nb\t2\nc\t3\nd\t4\n",
        &[
            "-mapper",
            "cat",
            "-numReduceTasks",
            "2",
            "-partitioner",
            &partitioner,
            "-D",
            "mapred.text.key.partitioner.options=-k1,1",
        ],
        &["b\t2\nd\t4\n", "a\t1\nc\t3\n"],
    );
    let comparator = format!("mapred.output.key.comparator.class={KEY_FIELDS}Comparator");
    check(
        "a 10\nb 9\nc 100\n",
        &[
            "-mapper",
            "cat",
            "-D",
            &comparator,
            "-D",
            "mapred.text.key.comparator.options=-k2,2nr",
            "-D",
            "map.output.key.field.separator= ",
        ],
        &["c 100\t\na 10\t\nb 9\t\n"],
    );
    // Records that the comparator calls equal keep their own keys, and the order of the input.
    check(
        "a.2\tx\na.1\ty\nb.0\tz\n",
        &[
            "-mapper",
            "cat",
            "-reducer",
            "cat",
            "-D",
            &comparator,
            "-D",
            "mapred.text.key.comparator.options=-k1,1",
            "-D",
            "map.output.key.field.separator=.",
        ],
        &["a.2\tx\na.1\ty\nb.0\tz\n"],
    );
}

#[test]
fn records_may_be_other_than_lines() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        // A delimiter of the job's own, wherever the file is cut; what it separates may have lines.
        (
            "a\nb\n\nc\n\nd",
            &["-mapper", "sed 's/^/-/'", "-reducer", "NONE", "-D", "textinputformat.record.delimiter=\n\n"],
            &["-a\t\n-b\t\n-c\t\n-d\t\n"],
        ),
        (
            "a;b;c;d;e;f",
            &[
                "-mapper",
                "cat",
                "-reducer",
                "cat",
                "-D",
                "textinputformat.record.delimiter=;",
                "-D",
                "fs.local.block.size=3",
            ],
            &["a\t\nb\t\nc\t\nd\t\ne\t\nf\t\n"],
        ),
        // From one tag to another; to a command it is the key.
        (
            "<xmltag>\nroses\nviolets\n</xmltag>",
            &[
                "-inputreader",
                "StreamXmlRecordReader,begin=<xmltag>,end=</xmltag>",
                "-mapper",
                "cat",
                "-reducer",
                "NONE",
            ],
            &["<xmltag>\t\nroses\t\nviolets\t\n</xmltag>\t\n"],
        ),
        (
            "a,b,c\nd,e\n",
            &[
                "-mapper",
                "org.apache.hadoop.mapred.lib.FieldSelectionMapReduce",
                "-reducer",
                "NONE",
                "-D",
                "mapreduce.fieldsel.data.field.separator=,",
                "-D",
                "map.output.key.value.fields.spec=1:2,0",
            ],
            &["b\tc,a\ne\t,d\n"],
        ),
        // Properties name each other.
        (
            "a.b\n",
            &["-mapper", "cat", "-reducer", "NONE", "-D", "s=.", "-D", "stream.map.output.field.separator=${s}"],
            &["a\tb\n"],
        ),
    ];
    for (input, words, parts) in cases {
        check(input, words, parts);
    }
}

#[test]
fn records_of_xml_are_read_once_wherever_the_file_is_cut() {
    let input = "<line>This is a single line,\nand it is containing multiple words.</line>                     \
                 <line>Only is appears more than once.</line>\n";
    for (slow, block) in [("false", "60"), ("false", "80"), ("true", "60"), ("true", "80")] {
        let reader = format!("StreamXmlRecordReader,begin=<line>,end=</line>,slowmatch={slow}");
        let block = format!("fs.local.block.size={block}");
        let count = "awk '{for (i = 1; i <= NF; i++) if ($i == \"is\") n++} END {print \"is\\t\" n}'";
        check(input, &["-inputreader", &reader, "-mapper", "cat", "-reducer", count, "-D", &block], &["is\t3\n"]);
    }
}

#[test]
fn sequence_files_are_written_and_read() {
    const FORMAT: &str = "org.apache.hadoop.mapred.SequenceFileOutputFormat";
    for unit in ["NONE", "RECORD", "BLOCK"] {
        let cli = Cli::with_input("b\t2\na\t1\n");
        let unit = format!("mapreduce.output.fileoutputformat.compress.type={unit}");
        let words = [
            "-mapper",
            "cat",
            "-reducer",
            "cat",
            "-numReduceTasks",
            "2",
            "-outputformat",
            FORMAT,
            "-D",
            "mapreduce.output.fileoutputformat.compress=true",
            "-D",
            &unit,
            "--report",
            "r.json",
        ];
        let ended = cli.streamed(&words);
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        assert!(cli.parts().iter().all(|part| part.starts_with("SEQ\u{6}\u{19}org.apache.hadoop.io.Text")));
        assert_eq!(cli.json("r.json")["counters"]["REDUCE_OUTPUT_RECORDS"], 2);
        fs::rename(cli.scratch.path("out"), cli.scratch.path("sequence")).unwrap();
        for format in ["SequenceFileAsTextInputFormat", "SequenceFileInputFormat", "AutoInputFormat"] {
            let words = [
                "-input",
                "sequence",
                "-inputformat",
                format,
                "-mapper",
                "cat",
                "-reducer",
                "cat",
                "--report",
                "r.json",
            ];
            let mut all = vec!["-output", "out", "--quiet", "--overwrite"];
            all.extend(words);
            let ended = Ended::of(format, cli.stream(&all).output().unwrap());
            assert_eq!(ended.status, Some(0), "{}", ended.stderr);
            assert_eq!(cli.parts(), ["a\t1\nb\t2\n"], "{format}");
            assert_eq!(cli.json("r.json")["counters"]["MAP_INPUT_RECORDS"], 2);
        }
    }
}

#[test]
fn compressed_output_has_the_codecs_suffix_and_may_be_replaced() {
    let cli = Cli::with_input("b\na\n");
    for (codec, suffix) in [
        ("GzipCodec", ".gz"),
        ("BZip2Codec", ".bz2"),
        ("ZStandardCodec", ".zst"),
        ("Lz4Codec", ".lz4"),
        ("SnappyCodec", ".snappy"),
        ("DefaultCodec", ".deflate"),
    ] {
        let codec = format!("mapreduce.output.fileoutputformat.compress.codec=org.apache.hadoop.io.compress.{codec}");
        let words = ["-mapper", "cat", "-D", "mapred.output.compress=true", "-D", &codec, "-reducer", "cat"];
        let ended = cli.streamed(&words);
        assert_eq!(ended.status, Some(0), "{}", ended.stderr);
        assert!(cli.scratch.path(&format!("out/part-00000{suffix}")).exists(), "{suffix}");
        let read =
            ["-input", "out", "-output", "again", "--overwrite", "--quiet", "-mapper", "cat", "-reducer", "NONE"];
        assert!(cli.stream(&read).status().unwrap().success());
        assert_eq!(fs::read_to_string(cli.scratch.path("again/part-00000")).unwrap(), "a\t\nb\t\n");
    }
}

#[test]
fn a_total_order_has_its_points_from_a_file() {
    let cli = Cli::with_input("d\na\nc\nb\n");
    fs::write(cli.scratch.path("points"), "b\nd\n").unwrap();
    let words = [
        "-mapper",
        "cat",
        "-numReduceTasks",
        "3",
        "-partitioner",
        "org.apache.hadoop.mapred.lib.TotalOrderPartitioner",
        "-D",
        "mapreduce.totalorderpartitioner.path=points",
    ];
    let ended = cli.streamed(&words);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(cli.parts(), ["a\t\n", "b\t\nc\t\n", "d\t\n"]);
    let mut wrong = words.to_vec();
    wrong[3] = "2";
    let ended = cli.streamed(&wrong);
    assert_eq!(ended.status, Some(1));
    ended.says(&["Wrong number of partitions"]);
}

#[test]
fn a_dry_run_prints_what_the_job_would_write() {
    let cli = Cli::with_input("b a\nb\n");
    let words = "awk '{for (i = 1; i <= NF; i++) print $i \"\\t1\"}'";
    let count = "awk -F '\\t' '{n[$1] += $2} END {for (w in n) print w \"\\t\" n[w] | \"sort\"}'";
    let all = ["-input", "input", "-mapper", words, "-combiner", count, "-reducer", count, "--dry"];
    let ended = Ended::of("dry", cli.stream(&all).output().unwrap());
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "a\t1\nb\t2\n"), "{}", ended.stderr);
    cli.assert_left(&[]);
    let failing = ["-input", "input", "-mapper", "cat", "-reducer", "sh -c 'cat > /dev/null; exit 3'", "--dry"];
    let ended = Ended::of("dry", cli.stream(&failing).output().unwrap());
    assert_eq!(ended.status, Some(1));
    ended.says(&["subprocess failed with code 3"]);
    let to = |to: std::process::Stdio| cli.stream(&all).stdout(to).output().unwrap().status.code();
    assert_eq!(to(fs::File::options().write(true).open("/dev/full").unwrap().into()), Some(5), "what is lost is said");
    assert_eq!(to(closed_pipe().into()), Some(0), "whoever closes the output has read enough");
}

/// A pipe that nobody reads.
fn closed_pipe() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

#[test]
fn a_closed_output_is_nothing_to_report() {
    let cli = Cli::with_input("a\n");
    let jar = ["jar", "hadoop-streaming.jar", "-input", "input", "-output", "out", "-mapper", "cat"];
    for (command, words) in [("stream", &["-help"][..]), ("hadoop", &jar)] {
        let ended = cli.command(command).args(words).stdout(closed_pipe()).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{command}: {}", String::from_utf8_lossy(&ended.stderr));
    }
    assert_eq!(cli.parts(), ["a\t\n"]);
}

#[test]
fn the_beginning_of_a_pipe_is_found_by_the_tasks_behind_it() {
    const SEQUENCE: &str = "org.apache.hadoop.mapred.SequenceFileOutputFormat";
    let cli = Cli::with_input("one\ntwo\nthree\nfour\n");
    let own = |words: &[&str]| assert_eq!(cli.streamed(words).status, Some(0), "{words:?}");
    own(&["-mapper", "cat", "-reducer", "NONE", "-outputformat", SEQUENCE, "-D", "mapreduce.job.maps=1"]);
    let file = fs::read(cli.scratch.path("out/part-00000")).unwrap();
    fs::write(cli.scratch.path("sequence"), file).unwrap();
    for piped in ["input/data.txt", "sequence"] {
        let words = ["-input", "-", "-output", "out", "--quiet", "--overwrite", "-inputformat", "AutoInputFormat"];
        let mut command = cli.stream(&words);
        command.args(["-mapper", "cut -f 2", "-reducer", "cat", "-D", "mapreduce.job.maps=3"]);
        let ended = command.stdin(fs::File::open(cli.scratch.path(piped)).unwrap()).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        let lines = cli.parts().concat();
        assert_eq!(lines.lines().count(), 4, "{piped}: {lines}");
    }
}

impl Cli {
    /// Runs the line that an error gives to repeat a task, from another directory.
    #[track_caller]
    fn repeated(&self, ended: &Ended) -> Ended {
        let line = ended.stderr.lines().find_map(|line| line.split_once("to repeat this task alone: "));
        let line = line.unwrap_or_else(|| panic!("no line in {}", ended.stderr)).1;
        let mut again = Command::new("sh");
        again.args(["-c", line]).env("TMPDIR", self.scratch.path("work")).current_dir("/");
        Ended::of(line, again.output().unwrap())
    }
}

#[test]
fn a_failed_task_can_be_repeated_alone() {
    let all = "sh -c 'cat >&2; echo \"$mapreduce_task_partition $NAME $x_y\" >&2; exit 3'";
    let gives_keys = "org.apache.hadoop.mapred.lib.";
    let many: String = (1..=9).map(|n| format!("line {n}\n")).collect();
    let one_map = ["-D", "mapreduce.job.maps=1"];
    let lines_a_split = ["-D", "mapreduce.input.lineinputformat.linespermap=5"];
    let n_line = format!("{gives_keys}NLineInputFormat");
    let combined = format!("{gives_keys}CombineTextInputFormat");
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("b\na\n", &["-mapper", "cat", "-reducer", all], &["a\t\nb\t\n0"]),
        ("b\na\n", &["-mapper", all, "-cmdenv", "NAME=two words", "-D", "x.y=1"], &["0 two words 1\n"]),
        // Scripts that are shipped: by a path, under another name, not executable.
        ("b\na\n", &["-mapper", "sh m.sh", "-files", "sub/m.sh"], &["b\na\n", "m.sh fails"]),
        ("b\na\n", &["-mapper", "sh other.sh", "-files", "sub/m.sh#other.sh"], &["b\na\n", "m.sh fails"]),
        ("b\na\n", &["-mapper", "plain.sh", "-file", "plain.sh"], &["b\na\n", "m.sh fails"]),
        ("b\na\n", &["-mapper", "cat", "-reducer", "sh m.sh", "-files", "sub/m.sh"], &["a\t\nb\t\n", "m.sh fails"]),
        ("b\na\n", &["-mapper", "crlf.sh", "-file", "crlf.sh"], &[]),
        // Without an LF at the end, with CR, and with keys.
        ("b\na", &["-mapper", all], &["b\na\n0"]),
        ("b\r\na\r\n", &["-mapper", all], &["b\na\n0"]),
        (&many, &["-mapper", all, "-inputformat", &n_line, lines_a_split[0], lines_a_split[1]], &["\tline "]),
        ("k=v\nk\n", &["-mapper", all, "-inputformat", "KeyValueTextInputFormat"], &["k=v\t\nk\t\n"]),
        (&many, &["-mapper", all, "-inputformat", &combined], &["0\tline 1\n7\tline 2"]),
        ("b\na\n", &["-mapper", "cat", "-combiner", all, "-reducer", "cat"], &["a\t\nb\t\n"]),
    ];
    for (input, words, said) in cases {
        let cli = Cli::with_input(input);
        fs::create_dir(cli.scratch.path("sub")).unwrap();
        for (name, text) in [
            ("sub/m.sh", "cat >&2; echo m.sh fails >&2; exit 3\n"),
            ("plain.sh", "#!/bin/sh\ncat >&2; echo m.sh fails >&2; exit 3\n"),
            ("crlf.sh", "#!/usr/bin/env sh\r\ncat\r\n"),
        ] {
            fs::write(cli.scratch.path(name), text).unwrap();
            fs::set_permissions(cli.scratch.path(name), fs::Permissions::from_mode(0o644)).unwrap();
        }
        let mut words = words.to_vec();
        words.extend(one_map);
        words.extend(["--max-attempts", "1"]);
        let ended = cli.streamed(&words);
        assert_eq!(ended.status, Some(1), "{}: {}", ended.command, ended.stderr);
        let again = cli.repeated(&ended);
        let status = if words.contains(&"crlf.sh") { 127 } else { 3 };
        assert_eq!(again.status, Some(status), "{}: {}", again.command, again.stderr);
        again.says(said);
    }
    let cli = Cli::with_input("b\na\n");
    for (program, name) in [("gzip", "data.txt.gz"), ("bzip2", "data.txt.bz2")] {
        let packed = Command::new(program).args(["-kf", "input/data.txt"]).current_dir(cli.scratch.path("")).status();
        if packed.is_err() {
            continue;
        }
        let ended = cli.streamed(&["-mapper", all, "-input", &format!("input/{name}"), "--max-attempts", "1"]);
        assert_eq!(ended.status, Some(1), "{}", ended.stderr);
        assert_eq!(cli.repeated(&ended).status, Some(3), "{}", ended.stderr);
    }
    let ended = cli.streamed(&["-mapper", all, "-D", "stream.map.input=typedbytes", "--max-attempts", "1"]);
    ended.says(&["no line repeats this task alone: what it reads is binary"]);
    let cli = Cli::with_input("b\na\n");
    let slow = "sh -c 'cat > /dev/null; echo at work >&2; sleep 100'";
    let ended = cli.streamed(&["-mapper", slow, "--task-timeout", "1s", "--max-attempts", "1", one_map[0], one_map[1]]);
    assert_eq!(ended.status, Some(1));
    let said = ["ran past the time limit of 1s", "it had read up to line", "at work", "(--task-timeout)"];
    ended.says(&said);
    assert_eq!(cli.repeated(&ended).status, Some(124), "{}", ended.stderr);
}

#[test]
fn an_error_names_the_record_up_to_which_a_program_had_read() {
    // A shell reads a byte at a time.
    let stops = "sh -c 'while read -r line; do case $line in *1234) exit 5;; esac; done'";
    let lines: String = (1..=5000).map(|n| format!("{n}\n")).collect();
    let numbered = "it had read up to line 1234 of input/data.txt: \"1234\"";
    let one = ["-D", "mapreduce.job.maps=1"];
    let n_line = ["-D", "mapreduce.input.lineinputformat.linespermap=5000"];
    for (words, said) in [
        (&["-inputformat", "TextInputFormat", one[0], one[1]][..], numbered),
        (&["-inputformat", "org.apache.hadoop.mapred.lib.NLineInputFormat", n_line[0], n_line[1]], numbered),
        (&["-inputformat", "KeyValueTextInputFormat", one[0], one[1]], numbered),
        (&["-inputformat", "TextInputFormat", "--dry"], numbered),
    ] {
        for (input, end) in [(lines.clone(), "\n"), (lines.replace('\n', "\r\n"), "\r\n")] {
            let cli = Cli::with_input(&input);
            let ended = cli.streamed(&[&["-mapper", stops, "--max-attempts", "1"], words].concat());
            assert_eq!(ended.status, Some(1), "{}", ended.stderr);
            assert!(ended.stderr.contains(&format!("{said}\n")), "{end:?}: {}", ended.stderr);
        }
    }
    let cli = Cli::with_input(&lines);
    let packed = Command::new("gzip").arg(cli.scratch.path("input/data.txt")).status();
    if packed.is_ok() {
        let ended = cli.streamed(&["-mapper", stops, "-input", "input/data.txt.gz", "--max-attempts", "1"]);
        ended.says(&["it had read up to this record of input/data.txt.gz: \"1234\"\n"]);
    }
}

#[test]
fn the_exception_of_python_is_the_cause() {
    if Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    for (script, cause) in [
        ("raise ValueError('one\\ntwo\\nthree')\n", "ValueError: one"),
        ("def f(n):\n  if n == 0: raise KeyError(7)\n  g(n)\ndef g(n): f(n - 1)\nf(40)\n", "KeyError: 7"),
        ("raise ValueError('one\\n' + 'more\\n' * 60)\n", "ValueError: one"),
        ("print 'x'\n", "SyntaxError: "),
    ] {
        let cli = Cli::with_input("a\n");
        fs::write(cli.scratch.path("m.py"), script).unwrap();
        for dry in [&[][..], &["--dry"]] {
            let ended = cli.streamed(&[&["-mapper", "python3 m.py", "--max-attempts", "1"], dry].concat());
            ended.says(&[&format!("cause: Python's exception: {cause}")]);
        }
    }
}

#[test]
fn a_debug_script_is_run_when_a_task_has_failed_for_the_last_time() {
    let cli = Cli::with_input("x\n");
    let script = "#!/bin/sh\necho \"four files: $#\"\ncat \"$2\"\ngrep -c mapred_task_id \"$4\"\n";
    fs::write(cli.scratch.path("debug.sh"), script).unwrap();
    let mapper = "sh -c 'cat > /dev/null; echo oh no >&2; exit 3'";
    let ended = cli.streamed(&[
        "-mapper",
        mapper,
        "-mapdebug",
        "./debug.sh",
        "-file",
        "debug.sh",
        "--max-attempts",
        "2",
        "-D",
        "mapreduce.job.maps=1",
    ]);
    assert_eq!(ended.status, Some(1));
    ended.says(&["the debug script `debug.sh` says:", "four files: 4", "oh no", "    1\n"]);
}

#[test]
fn a_tiny_file_has_two_map_tasks_and_the_larger_split_is_the_first() {
    let cli = Cli::with_input("one\ntwo\nthree\nfours\n");
    let ended = cli.streamed(&["-mapper", "cat", "-reducer", "NONE"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    // A line that begins where a split begins belongs to the split before.
    assert_eq!(cli.parts(), ["one\t\ntwo\t\nthree\t\n", "fours\t\n"]);
}

#[test]
fn a_program_finds_its_files_and_variables() {
    let cli = Cli::with_input("x\n");
    let script = "#!/bin/sh\ncat > /dev/null\ncat data.txt other\n\
        echo \"$mapreduce_task_ismap $mapred_task_is_map $mapred_task_partition $NAME $x_y_z\"\n\
        echo \"${map_input_file##*/} $map_input_start $mapreduce_map_input_length $mapred_task_id\"\n";
    fs::write(cli.scratch.path("map.sh"), script).unwrap();
    fs::set_permissions(cli.scratch.path("map.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::create_dir(cli.scratch.path("sub")).unwrap();
    fs::write(cli.scratch.path("sub/data.txt"), "data\n").unwrap();
    let ended = cli.streamed(&[
        "-mapper",
        "map.sh",
        "-reducer",
        "NONE",
        "-file",
        "map.sh",
        "-files",
        "sub/data.txt,sub/data.txt#other",
        "-cmdenv",
        "NAME=two words",
        "-D",
        "x.y-z=1",
        "-D",
        "mapreduce.job.maps=1",
    ]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let part = cli.parts().remove(0).replace('\t', "");
    let lines: Vec<&str> = part.lines().collect();
    assert_eq!(lines[..3], ["data", "data", "true true 0 two words 1"]);
    let (file, id) = lines[3].rsplit_once(' ').unwrap();
    assert!(file.ends_with(" 0 2") && id.starts_with("attempt_") && id.ends_with("_0001_m_000000_0"), "{part}");
    // The user's own file is as it was.
    assert_eq!(fs::metadata(cli.scratch.path("map.sh")).unwrap().permissions().mode() & 0o777, 0o644);
    cli.assert_left(&["map.sh", "out", "sub"]);
}

#[test]
fn settings_are_read_as_hadoop_reads_them() {
    let part = &format!("{KEY_FIELDS}Partitioner");
    let long: String = (1..=3000).map(|n| format!("{n}\n")).collect();
    let short: String = (1..=99).map(|n| format!("{n}\t\n")).collect();
    let cases: &[(&str, &[&str], &[&str])] = &[
        // What is set to nothing is not set.
        ("a\tb\n", &["-mapper", "cat", "-D", "stream.map.output.field.separator="], &["a\tb\n"]),
        ("a\tb\n", &["-mapper", "cat", "-D", "mapreduce.output.textoutputformat.separator="], &["a\tb\n"]),
        ("x\n", &["-mapper", "sh -c 'cat >/dev/null; printenv a || echo none'", "-D", "a="], &["none\t\n"]),
        (
            "k\tv\n",
            &[
                "-mapper",
                "cat",
                "-partitioner",
                part,
                "-D",
                "mapreduce.partition.keypartitioner.options=-k2,2",
                "-D",
                "mapreduce.map.output.key.field.separator=",
                "-D",
                "mapreduce.job.reduces=0x1",
            ],
            &["k\tv\n"],
        ),
        // Switches in letters of either case, numbers as Java reads them.
        ("x\n", &["-mapper", "sh -c 'cat; exit 3'", "-D", "stream.non.zero.exit.is.failure=FALSE"], &["x\t\n"]),
        ("x\n", &["-mapper", "cat", "-D", "stream.map.input.ignoreKey=False"], &["0\tx\n"]),
        ("a\tb\n", &["-mapper", "cat", "-D", "stream.num.map.output.key.fields=-1"], &["a\tb\n"]),
        ("x\n", &["-mapper", "cat", "-D", "mapreduce.task.timeout=-1"], &["x\t\n"]),
        // A line with its end is shorter than the most.
        (
            &long,
            &["-mapper", "cat", "-reducer", "NONE", "-D", "mapreduce.input.linerecordreader.line.maxlength=4"],
            &[&short],
        ),
        ("x\n", &["-mapper", "cat", "-outputformat", "org.apache.hadoop.mapred.lib.NullOutputFormat"], &[]),
        // `-cmdenv` goes before what a task is told.
        (
            "x\n",
            &[
                "-mapper",
                "sh -c 'cat >/dev/null; echo $mapreduce_task_partition'",
                "-cmdenv",
                "mapreduce_task_partition=z",
                "-cmdenv",
                "none",
            ],
            &["z\t\n"],
        ),
    ];
    for (input, words, parts) in cases {
        check(input, words, parts);
    }
}

#[test]
fn a_program_finds_the_settings_of_its_job() {
    let cli = Cli::with_input("x\n");
    fs::write(cli.scratch.path("more"), "y\n").unwrap();
    fs::write(cli.scratch.path("plain"), "no archive").unwrap();
    let names = "mapred_reduce_tasks mapreduce_job_name user_name mapreduce_job_cache_files mapreduce_job_cache_archives \
                 mapred_input_dir mapred_output_dir";
    let ended = cli.streamed(&[
        "-mapper",
        "sh -c 'cat >/dev/null; cat plain; echo'",
        "-reducer",
        &format!("sh -c 'cat; printenv {names}'"),
        "-input",
        "more",
        "-archives",
        "plain",
        "-files",
        "more#m",
        "-D",
        "mapreduce.job.name=the name",
        "-numReduceTasks",
        "1",
    ]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let at = |name: &str| format!("file:{}", cli.scratch.path(name).display());
    let lines: Vec<String> = cli.parts().concat().replace('\t', "").lines().map(str::to_owned).collect();
    let (of_archive, settings) = lines.split_at(lines.len() - 7);
    assert!(!of_archive.is_empty() && of_archive.iter().all(|line| line == "no archive"), "{lines:?}");
    assert_eq!(settings[..2], ["1", "the name"]);
    assert!(!settings[2].is_empty());
    let expected = [at("more") + "#m", at("plain") + "#plain", format!("{},{}", at("input"), at("more")), at("out")];
    assert_eq!(settings[3..], expected);
}

#[test]
fn warnings_tell_of_what_is_lost() {
    const LOUD: &str =
        "sh -c 'cat; for n in $(seq 70); do echo reporter:counter:g$mapreduce_task_partition,$n,1 >&2; done'";
    type Words = &'static [&'static str];
    let cases: [(&str, Words, Words, Words); 7] = [
        ("a b\n", &["-mapper", "cat", "-D", "stream.num.map.output.key.fields=3"], &["fewer than 3 fields"], &[]),
        ("a\tb\tc\n", &["-mapper", "cat", "-D", "stream.num.map.output.key.fields=3"], &[], &["fewer than"]),
        ("a\nb\nc\nd\n", &["-mapper", LOUD], &["more than 120 counters"], &[]),
        ("a\n", &["-mapper", "printf 'k\\rx\\t1\\r\\n'"], &["printed CR within a line"], &[]),
        ("a\n", &["-mapper", "printf 'x\\t1\\r\\n'"], &[], &["CR"]),
        ("a\n", &["-mapper", "sh -c 'cat > /dev/null'"], &["printed nothing"], &[]),
        // Of two map tasks, one has no line.
        ("a\n", &["-mapper", "cat"], &[], &["printed nothing"]),
    ];
    for (input, words, said, unsaid) in cases {
        let cli = Cli::with_input(input);
        let mut words = words.to_vec();
        words.extend(["--report", "r.json"]);
        let ended = cli.streamed(&words);
        assert_eq!(ended.status, Some(0), "{}: {}", ended.command, ended.stderr);
        let notes = cli.json("r.json")["notes"].to_string();
        assert!(said.iter().all(|said| notes.contains(said)), "{}: {notes}", ended.command);
        assert!(!unsaid.iter().any(|said| notes.contains(said)), "{}: {notes}", ended.command);
    }
}

#[test]
fn counters_and_status_come_from_standard_error() {
    let cli = Cli::with_input("a\nb\n");
    let mapper = "sh -c 'cat; echo reporter:counter:g,n,3 >&2; echo reporter:status:fine >&2; echo hello >&2'";
    let ended =
        cli.streamed(&["-mapper", mapper, "-reducer", "cat", "--report", "r.json", "-D", "mapreduce.job.maps=1"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), "hello\n"));
    let report = cli.json("r.json");
    assert_eq!(report["user_counters"]["g"]["n"], 3);
    for (name, n) in [("MAP_INPUT_RECORDS", 2), ("REDUCE_INPUT_GROUPS", 2), ("REDUCE_OUTPUT_RECORDS", 2)] {
        assert_eq!(report["counters"][name], n, "{name}");
    }
}

#[test]
fn records_that_are_the_same_come_as_often_as_they_were_printed_and_in_order() {
    let count = "awk -F '\\t' '{n[$1] += $2} END {for (w in n) print w \"\\t\" n[w] | \"sort\"}'";
    let (long, longer) = ("k".repeat(40), "v".repeat(40));
    let input = format!("b\t1\na\t1\na\t1\n{long}\t1\na\t{longer}\na\t1\na\t1\n{long}\t1\na\t\na\na\t2\n").repeat(700);
    let of = |key: &str, values: &[&str]| {
        let lines: String = values.iter().map(|value| format!("{key}\t{value}\n")).collect();
        lines.repeat(700)
    };
    let sorted =
        [of("a", &["1", "1", &longer, "1", "1", "", "", "2"]), of("b", &["1"]), of(&long, &["1", "1"])].concat();
    let cli = Cli::with_input(&input);
    for mode in ["disk", "memory"] {
        for keeps_repeats in ["true", "false"] {
            let repeats = format!("twinmill.repeats={keeps_repeats}");
            let mode = ["--mode", mode, "-D", &repeats, "-D", "mapreduce.job.maps=1"];
            let words = [&["-mapper", "cat", "-reducer", "cat", "--report", "r.json"][..], &mode].concat();
            let ended = cli.streamed(&words);
            assert_eq!(ended.status, Some(0), "{}", ended.stderr);
            assert!(cli.parts() == [sorted.as_str()], "{}", ended.command);
            let report = cli.json("r.json");
            let bytes = input.len() - 700 * (2 * 11 - 1);
            for (name, n) in [
                ("MAP_OUTPUT_RECORDS", 700 * 11),
                ("MAP_OUTPUT_BYTES", bytes),
                ("REDUCE_INPUT_RECORDS", 700 * 11),
                ("REDUCE_INPUT_GROUPS", 3),
                ("REDUCE_OUTPUT_RECORDS", 700 * 11),
            ] {
                assert_eq!(report["counters"][name], n, "{name}: {}", ended.command);
            }
            assert_eq!(report["user_counters"], serde_json::json!({}), "{}", ended.command);
        }
    }
    let words = "awk '{for (i = 1; i <= NF; i++) print \"LongValueSum:\" $i \"\\t1\"}'";
    check(&"a b a\n".repeat(500), &["-mapper", words, "-reducer", "aggregate"], &["a\t1000\nb\t500\n"]);
    let words = "awk '{for (i = 1; i <= NF; i++) print $i \"\\t1\"}'";
    check(&"a b a\n".repeat(500), &["-mapper", words, "-reducer", count], &["a\t1000\nb\t500\n"]);
}

#[test]
fn a_reducer_without_input_is_run_and_what_it_prints_is_thrown_away() {
    let cli = Cli::with_input("a\n");
    let reducer = "sh -c 'cat; echo end; echo reporter:counter:g,n,1 >&2'";
    let words = ["-mapper", "cat", "-reducer", reducer, "-numReduceTasks", "2", "--report", "r.json"];
    let ended = cli.streamed(&words);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(cli.parts(), ["a\t\nend\t\n", ""]);
    assert_eq!(cli.json("r.json")["user_counters"]["g"]["n"], 1);
}

#[test]
fn a_script_that_names_no_interpreter_is_run_by_a_shell() {
    let cli = Cli::with_input("b\na\n");
    fs::write(cli.scratch.path("bare.sh"), "echo \"$1 $mapreduce_task_partition\"; cat; ls bare.sh\n").unwrap();
    fs::set_permissions(cli.scratch.path("bare.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let words = ["-mapper", "./bare.sh one", "-file", "bare.sh", "-reducer", "cat", "-D", "mapreduce.job.maps=1"];
    let ended = cli.streamed(&words);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    let expected = "a\t\nb\t\nbare.sh\t\none 0\t\n";
    assert_eq!(cli.parts(), [expected]);
    let dry = cli.streamed(&[&words[..], &["--dry"]].concat());
    assert_eq!((dry.status, &*dry.stdout), (Some(0), expected), "{}", dry.stderr);
}

#[test]
fn failures_name_the_cause_and_have_hadoops_exit_status() {
    let many = "a line of some length\n".repeat(20_000);
    let cases: &[(&str, &[&str], i32, &[&str])] = &[
        (
            "one\ntwo\n",
            &["-mapper", "sh -c 'cat > /dev/null; echo help >&2; exit 3'"],
            1,
            &["subprocess failed with code 3", "line 2 of", "\"two\"", "last words", "help", "to repeat this task"],
        ),
        ("x\n", &["-mapper", "./missing"], 1, &["./missing is neither", "-file ./missing"]),
        ("x\n", &["-mapper", "crlf.sh"], 1, &["ends with CR LF"]),
        // The system finds `env`, which finds no interpreter of that name.
        ("x\n", &["-mapper", "crlf-env.sh"], 1, &["ends with CR LF"]),
        ("x\n", &["-mapper", "./bare.py"], 1, &["does not begin with a line such as #!", "python3 ./bare.py"]),
        (
            "x\n",
            &["-mapper", "./python9.py"],
            1,
            &["the interpreter that ./python9.py names", "is not there: python9\n"],
        ),
        ("x\n", &["-mapper", "./marked.sh"], 1, &["./marked.sh begins with a byte order mark"]),
        ("x\n", &["-mapper", "/nosuch/x.py"], 1, &["cause: there is no file /nosuch/x.py\n"]),
        ("x\n", &["-mapper", "sh map.sh"], 1, &["sh does not find map.sh", "-files"]),
        ("x\n", &["-mapper", "sh -c 'kill -9 $$'"], 1, &["signal 9", "code 137"]),
        (&many, &["-mapper", "head -n 1"], 1, &["Broken pipe", "minRecWrittenToEnableSkip_=1"]),
        ("x\n", &["-mapper", "cat | sort"], 1, &["no shell reads the command"]),
        ("x\n", &["-mapper", "cat", "-partitioner", "org.x.Y"], 1, &["org.x.Y", "KeyFieldBasedPartitioner"]),
        (
            "x\n",
            &["-mapper", "cat", "-reducer", "NONE", "-numReduceTasks", "x"],
            1,
            &["-numReduceTasks x is no number"],
        ),
        ("x\n", &["-mapper", "cat", "-wrong"], 1, &["Unrecognized option: -wrong", "Try -help"]),
        ("x\n", &["-mapper", "cat", "more"], 1, &["Found 1 unexpected arguments"]),
        ("x\n", &["-mapper", "sleep 100", "-D", "mapreduce.task.timeout=200"], 1, &["without reading, printing"]),
        ("x\n", &["-mapper", "cat", "-input", "nowhere"], 2, &["nowhere"]),
        ("x\n", &["-mapper", "cat", "-input", "_hidden"], 2, &["_hidden", "begins with _"]),
        ("x\n", &["-mapper", "cat", "-input", "tree"], 5, &["tree/inner", "Not a file"]),
    ];
    for (input, words, status, said) in cases {
        let cli = Cli::with_input(input);
        for (name, text) in [
            ("crlf.sh", "#!/bin/sh\r\ncat\r\n"),
            ("crlf-env.sh", "#!/usr/bin/env sh\r\ncat\r\n"),
            ("python9.py", "#!/usr/bin/env python9\n"),
            ("marked.sh", "\u{feff}#!/bin/sh\nexit 1\n"),
            ("bare.py", "import sys\nfor line in sys.stdin: print(line)\n"),
        ] {
            fs::write(cli.scratch.path(name), text).unwrap();
            fs::set_permissions(cli.scratch.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(cli.scratch.path("_hidden"), "x\n").unwrap();
        fs::create_dir_all(cli.scratch.path("tree/inner")).unwrap();
        let mut words = words.to_vec();
        words.extend(["--max-attempts", "1", "-D", "mapreduce.job.maps=1"]);
        let ended = cli.streamed(&words);
        assert_eq!(ended.status, Some(*status), "{}: {}", ended.command, ended.stderr);
        ended.says(said);
        assert!(!cli.scratch.path("out").exists(), "{}", ended.command);
    }
    // Words of a program's own, and a word of the command that it repeats.
    for own in ["sh -c \"echo can\\'t open file 'x' >&2; exit 2\"", "sh repeats.sh wrong"] {
        let cli = Cli::with_input("x\n");
        fs::write(cli.scratch.path("repeats.sh"), "echo \"repeats.sh: syntax error near $1\" >&2; exit 2").unwrap();
        let ended = cli.streamed(&["-mapper", own, "-file", "repeats.sh", "--max-attempts", "1"]);
        assert!(ended.status == Some(1) && !ended.stderr.contains("does not find"), "{}", ended.stderr);
    }
    let cli = Cli::with_input("x\n");
    let ended = cli.streamed(&["-mapper", "awk '{print $1'", "--max-attempts", "1"]);
    assert!(ended.status == Some(1) && !ended.stderr.contains("does not find"), "{}", ended.stderr);
    let cli = Cli::with_input("x\n");
    fs::create_dir(cli.scratch.path("out")).unwrap();
    let words = ["-input", "input", "-output", "out", "-mapper", "cat"];
    assert_eq!(cli.stream(&words).output().unwrap().status.code(), Some(4));
}

#[test]
fn what_a_program_leaves_unread_or_its_status_may_be_no_failure() {
    let many = "a line of some length\n".repeat(20_000);
    check(
        &many,
        &["-mapper", "head -n 1", "-reducer", "NONE", "-D", "stream.minRecWrittenToEnableSkip_=1"],
        &["a line of some length\t\n"],
    );
    check("a\nb\n", &["-mapper", "head -n 1", "-reducer", "NONE"], &["a\t\n"]);
    let words = ["-mapper", "sh -c 'cat; exit 3'", "-reducer", "NONE", "-D", "stream.non.zero.exit.is.failure=false"];
    check("a\n", &words, &["a\t\n"]);
}

#[test]
fn no_order_of_reading_and_printing_brings_a_program_to_a_halt() {
    let many = "a line of some length\n".repeat(100_000);
    let first = "sh -c 'yes | head -n 200000; yes | head -n 20000 >&2; cat > /dev/null'";
    check(&many, &["-mapper", first, "-reducer", "sh -c 'wc -l; cat'"], &["200000\t\n"]);
}

#[test]
fn a_failed_attempt_is_made_again() {
    let cli = Cli::with_input("a\n");
    let mapper = "sh -c 'case $mapred_task_id in *_0) exit 1;; esac; cat'";
    let ended =
        cli.streamed(&["-mapper", mapper, "-reducer", "cat", "--report", "r.json", "-D", "mapreduce.job.maps=1"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(cli.json("r.json")["recoveries"].as_array().unwrap().len(), 1);
}

/// Whether a process runs.
fn runs(id: &str) -> bool {
    // A process that waits for its parent has ended.
    let status = fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
fn children_do_not_outlive_the_run_however_it_ends() {
    // A child, one that has left the group, and one of the same kind whose parent has ended.
    let mapper = "sh -c 'trap \"\" TERM INT; sleep 1000 & echo $! > $DIR/forked; \
        setsid sh -c \"echo \\$\\$ > $DIR/apart; sleep 1000\" & \
        sh -c \"setsid sh -c \\\"sleep 1000 & echo \\\\\\$! > $DIR/orphan\\\"\"; \
        while [ ! -s $DIR/apart ]; do sleep 0.01; done; echo $$ > $DIR/own; wait; sleep 1000'";
    let signals = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGKILL];
    for (signal, dry) in signals.iter().flat_map(|signal| [(*signal, false), (*signal, true)]) {
        let cli = Cli::with_input("a\n");
        let dir = format!("DIR={}", cli.scratch.path("").display());
        let words = [
            "-input",
            "input",
            "-output",
            "out",
            "--quiet",
            "-mapper",
            mapper,
            "-cmdenv",
            &dir,
            "-D",
            "mapreduce.job.maps=1",
        ];
        let mut command = cli.stream(&words);
        if dry {
            command.arg("--dry");
        }
        let mut child = command.spawn().unwrap();
        let began = Instant::now();
        let id = |name: &str| fs::read_to_string(cli.scratch.path(name)).unwrap_or_default();
        while id("own").is_empty() {
            assert!(began.elapsed() < Duration::from_secs(60), "it did not begin");
            thread::sleep(Duration::from_millis(5));
        }
        let ids = [id("own"), id("forked"), id("apart"), id("orphan")];
        assert!(ids.iter().all(|id| runs(id)), "{ids:?}");
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        assert!(!child.wait().unwrap().success());
        let ended = Instant::now();
        while ids.iter().any(|id| runs(id)) {
            assert!(ended.elapsed() < Duration::from_secs(10), "{signal}, dry {dry}: {ids:?} still run");
            thread::sleep(Duration::from_millis(5));
        }
        if signal != Signal::SIGKILL {
            cli.assert_left(&["apart", "forked", "orphan", "own"]);
        }
    }
}

#[test]
fn compare_takes_a_streaming_job() {
    let cli = Cli::with_input("b a\nb\n");
    let words = [
        "compare", "stream", "-input", "input", "-mapper", "cat", "-reducer", "cat", "--runs", "1", "--warmup", "0",
        "--report", "r.json",
    ];
    let mut command = cli.command("");
    let output = command.args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(cli.json("r.json")["outputs_identical"], true);
}

#[test]
fn hadoop_runs_streaming_jobs_and_lists_files() {
    let cli = Cli::with_input("b a\nb\n");
    let home = cli.succeed("hadoop-home home");
    assert!(home.stdout.starts_with("export HADOOP_HOME="), "{}", home.stdout);
    let hadoop = |words: &str| {
        let mut command = Command::new(cli.scratch.path("home/bin/hadoop"));
        command.args(words.split_whitespace()).current_dir(cli.scratch.path(""));
        command.env("TMPDIR", cli.scratch.path("work")).env("TWINMILL_HDFS", cli.scratch.path("hdfs"));
        Ended::of(words, command.output().unwrap())
    };
    let jar = "home/share/hadoop/tools/lib/hadoop-streaming-3.5.0.jar";
    assert!(hadoop("version").stdout.starts_with("Hadoop 3.5.0\n"));
    for words in ["fs -mkdir -p hdfs:///user/me/in", "fs -put input/data.txt hdfs:///user/me/in/"] {
        assert_eq!(hadoop(words).status, Some(0), "{words}");
    }
    let run = hadoop(&format!(
        "jar {jar} -D mapreduce.job.maps=1 -input hdfs:///user/me/in -output hdfs:///user/me/out -mapper cat -reducer cat"
    ));
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stdout.starts_with("packageJobJar: "), "{}", run.stdout);
    run.says(&[
        " INFO mapreduce.Job: Running job: job_",
        "completed successfully",
        "\t\tMap input records=2\n",
        "Output directory: ",
    ]);
    assert_eq!(hadoop("fs -cat hdfs:///user/me/out/part-*").stdout, "b\t\nb a\t\n");
    let listed = hadoop("fs -ls hdfs:///user/me/out").stdout;
    assert!(
        listed.starts_with("Found 2 items\n-rw") && listed.contains(" hdfs:///user/me/out/part-00000\n"),
        "{listed}"
    );
    assert_eq!(hadoop("fs -test -e hdfs:///user/me/out").status, Some(0));
    assert_eq!(hadoop("fs -rm -R -f -skipTrash hdfs:///user/me/out hdfs:///none").status, Some(0));
    let missing = hadoop("fs -ls hdfs:///user/me/out");
    assert_eq!(missing.status, Some(1));
    missing.says(&["ls: `hdfs:///user/me/out': No such file or directory"]);
    let failed = hadoop(&format!("jar {jar} -input input -output out -mapper false"));
    assert_eq!(failed.status, Some(1));
    failed.says(&["ERROR streaming.StreamJob: Job not successful!", "Streaming Command Failed!"]);
    // Each attempt that failed is told, also where another one made up for it.
    let flaky = "cat > /dev/null; case $mapreduce_task_attempt_id in *_[01]) exit 3; esac";
    fs::write(cli.scratch.path("flaky.sh"), flaky).unwrap();
    let words = "-D mapreduce.job.maps=1 -input input -output made-up -mapper flaky.sh -reducer NONE -file flaky.sh";
    let made_up = hadoop(&format!("jar {jar} {words}"));
    made_up.says(&[
        "_m_000000_0, Status : FAILED\nError: ",
        "_m_000000_1, Status : FAILED\n",
        "completed successfully",
    ]);
    assert_eq!(made_up.stderr.matches("Status : FAILED").count(), 2, "{}", made_up.stderr);
    // The job has one id, in what is said of it and in its tasks.
    fs::write(cli.scratch.path("id.sh"), "cat > /dev/null; echo $mapreduce_job_id").unwrap();
    let told = hadoop(&format!("jar {jar} -input input -output ids -mapper id.sh -reducer NONE -file id.sh"));
    let ids = fs::read_to_string(cli.scratch.path("ids/part-00000")).unwrap();
    told.says(&[&format!("Running job: {}\n", ids.trim()), &format!("Job {} completed successfully", ids.trim())]);
    for (words, status, said) in [
        ("-input input -output home -mapper cat", 5, "already exists"),
        ("-input nowhere -output out -mapper cat", 5, "nowhere"),
        ("-input input -output out -mapper cat -wrong", 1, "Unrecognized option: -wrong"),
    ] {
        let refused = hadoop(&format!("jar {jar} {words}"));
        assert_eq!(refused.status, Some(status), "{words}: {}", refused.stderr);
        refused.says(&[said, "Streaming Command Failed!"]);
        assert!(!refused.stderr.contains("Submitted application"), "{}", refused.stderr);
    }
    assert_eq!(hadoop("jar other.jar Main").status, Some(255));
    // A Hadoop of the user's own stays as it is.
    fs::write(cli.scratch.path(jar), "classes").unwrap();
    assert_eq!(cli.run("hadoop-home home").status, Some(2));
    assert_eq!(fs::read(cli.scratch.path(jar)).unwrap(), b"classes");
}

#[test]
fn madoops_words_sort_whole_lines_and_leave_out_parts_without_input() {
    let cli = Cli::with_input("b 2\na 1\nb 1\n");
    for (name, script) in [("map.sh", "#!/bin/sh\ntr ' ' '\\t'\n"), ("reduce.sh", "#!/bin/sh\ncat\n")] {
        fs::write(cli.scratch.path(name), script).unwrap();
        fs::set_permissions(cli.scratch.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    // MD5 of a is 1 modulo 4, that of b is 3; the words of Hadoop that madoop does not know are passed over.
    cli.succeed("madoop jar x.jar -input input -output out -mapper map.sh -reducer reduce.sh --quiet");
    assert_eq!(cli.parts(), ["a\t1\n", "b\t1\nb\t2\n"]);
    assert!(!cli.scratch.path("out/_SUCCESS").exists());
}

#[test]
fn madoops_partitioner_is_a_program() {
    let cli = Cli::with_input("b\na\nc\n");
    let scripts = [
        ("map.sh", "#!/bin/sh\ncat\n"),
        ("part.sh", "#!/bin/sh\nwhile read -r line; do [ \"$line\" = b ] && echo 0 || echo $(($1 - 1)); done\n"),
        ("bad.sh", "#!/bin/sh\nwhile read -r line; do echo 7; done\n"),
    ];
    for (name, script) in scripts {
        fs::write(cli.scratch.path(name), script).unwrap();
        fs::set_permissions(cli.scratch.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let words = "madoop -input input -output out -mapper map.sh -reducer map.sh -numReduceTasks 3 --quiet";
    cli.succeed(&format!("{words} -partitioner part.sh"));
    assert_eq!(cli.parts(), ["b\n", "a\nc\n"]);
    let ended = cli.run(&format!("{words} -partitioner bad.sh --overwrite --max-attempts 1"));
    assert_eq!(ended.status, Some(1));
    ended.says(&["returned invalid value: 0 <= 7 < 3"]);
}

#[test]
fn the_laws_of_commands_are_checked() {
    let cli = Cli::with_input("b a\nb c d\n".repeat(20));
    let words = "awk '{for (i = 1; i <= NF; i++) print $i \"\\t1\"}'";
    let count = "awk -F '\\t' '{n[$1] += $2} END {for (w in n) print w \"\\t\" n[w] | \"sort\"}'";
    let checked = |words: &[&str]| {
        let mut command = cli.command("check");
        command.args(["stream", "-input", "input", "--quick"]).args(words);
        Ended::of(&words.join(" "), command.output().unwrap())
    };
    let lawful = checked(&["-mapper", words, "-reducer", count, "-combiner", count]);
    assert_eq!(lawful.status, Some(0), "{}{}", lawful.stdout, lawful.stderr);
    // It counts lines, and so takes its split for the whole input.
    let broken = checked(&["-mapper", "awk '{print NR \"\\t\" $0}'", "-reducer", "cat"]);
    assert_eq!(broken.status, Some(1), "{}{}", broken.stdout, broken.stderr);
    broken.says(&["a mapper's output for a record depends on that record alone"]);
}

#[test]
fn typed_bytes_are_loaded_and_dumped() {
    let cli = Cli::with_input("a\n");
    let typed = b"\x07\0\0\0\x01k\x03\0\0\0\x05";
    fs::write(cli.scratch.path("typed"), typed).unwrap();
    let hadoop = |words: &str| {
        let mut command = cli.command("hadoop");
        command.args(["jar", "hadoop-streaming.jar"]).args(words.split_whitespace());
        command
    };
    let loaded = hadoop("loadtb file").stdin(fs::File::open(cli.scratch.path("typed")).unwrap()).status().unwrap();
    assert!(loaded.success());
    assert_eq!(hadoop("dumptb file").output().unwrap().stdout, typed);
    assert_eq!(hadoop("dumptb input/data.txt").output().unwrap().stdout, b"\x04\0\0\0\0\0\0\0\0\x07\0\0\0\x01a");
    assert_eq!(hadoop("").output().unwrap().status.code(), Some(1));
    fs::write(cli.scratch.path("torn"), &typed[..7]).unwrap();
    let torn = hadoop("loadtb half").stdin(fs::File::open(cli.scratch.path("torn")).unwrap()).status().unwrap();
    assert!(!torn.success() && !cli.scratch.path("half").exists(), "no half of a file is left");
}

#[test]
fn a_word_count_in_python_works() {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return eprintln!("skipped: there is no python3");
    }
    let cli = Cli::with_input("to be or not to be\n");
    fs::write(
        cli.scratch.path("map.py"),
        "import sys\nfor line in sys.stdin:\n    for w in line.split(): print(w + '\\t1')\n",
    )
    .unwrap();
    let reducer = "import sys, itertools\nrows = (line.rstrip('\\n').split('\\t') for line in sys.stdin)\n\
        for w, ones in itertools.groupby(rows, lambda row: row[0]): print(w + '\\t' + str(sum(int(n) for _, n in ones)))\n";
    fs::write(cli.scratch.path("reduce.py"), reducer).unwrap();
    let ended =
        cli.streamed(&["-mapper", "python3 map.py", "-combiner", "python3 reduce.py", "-reducer", "python3 reduce.py"]);
    assert_eq!(ended.status, Some(0), "{}", ended.stderr);
    assert_eq!(cli.parts(), ["be\t2\nnot\t1\nor\t1\nto\t2\n"]);
    fs::write(cli.scratch.path("bad.py"), "import sys\nfor line in sys.stdin: int(line)\n").unwrap();
    let ended = cli.streamed(&["-mapper", "python3 bad.py", "--max-attempts", "1"]);
    assert_eq!(ended.status, Some(1));
    ended.says(&["Python's exception: ValueError", "Traceback"]);
    assert!(Path::new(&cli.scratch.path("out")).exists(), "the output before stays");
}
