//! Runs the script of `-mapdebug` or `-reducedebug` when the last attempt at a task has failed: `SCRIPT stdout stderr syslog
//! jobconf`, each a file. What the script prints is added to the error.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::streaming::job::Command;
use crate::streaming::place::Workspace;
use crate::streaming::process::spawn;

/// Time that a script gets.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of its output that are shown: Hadoop shows as many.
const SHOWN_LINES: usize = 100;

/// Runs a script; returns what it printed, or why it could not.
pub fn run(script: &Command, workspace: &Workspace, last_words: &[String], failure: &str) -> String {
    match output_of(script, workspace, last_words, failure) {
        Ok(text) => {
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
        }
        Err(error) => format!("it could not be run: {error}"),
    }
}

fn output_of(script: &Command, workspace: &Workspace, last_words: &[String], failure: &str) -> io::Result<String> {
    let file = |name: &str, text: &str| -> io::Result<PathBuf> {
        let path = workspace.path().join("tmp").join(name);
        fs::write(&path, text)?;
        Ok(path)
    };
    let files = [
        // The records that the program printed are not kept.
        file("stdout", "")?,
        file("stderr", &(last_words.join("\n") + "\n"))?,
        file("syslog", failure)?,
        file("job.xml", &configuration(workspace))?,
    ];
    let printed = workspace.path().join("tmp").join("printed");
    let to_file = fs::File::create(&printed)?;
    let mut process: Process = workspace.process(script)?;
    process.args(files);
    let same = || to_file.try_clone().map_or_else(|_| Stdio::null(), Stdio::from);
    wait(spawn(process, |process| {
        process.stdin(Stdio::null()).stdout(same()).stderr(same());
    })?)?;
    Ok(String::from_utf8_lossy(&fs::read(printed)?).into_owned())
}

fn wait(mut child: Child) -> io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(20);
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!("it had not ended after {} s", PATIENCE.as_secs())));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// The variables of the task as Hadoop's configuration file would have them.
fn configuration(workspace: &Workspace) -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<configuration>\n");
    for (name, value) in workspace.variables() {
        let (name, value) = (escaped(name.as_ref()), escaped(value.as_ref()));
        let _ = writeln!(xml, "<property><name>{name}</name><value>{value}</value></property>");
    }
    xml + "</configuration>\n"
}

fn escaped(text: &Path) -> String {
    text.to_string_lossy().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
