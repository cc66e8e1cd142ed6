//! What the `hadoop` command prints of a job: its number, its progress, its counters, its errors.

use std::collections::BTreeMap;

use crate::engine::children::last_lines;
use crate::error::Error;
use crate::runtime::apart::engine::Stage;
use crate::runtime::apart::summary;

/// Lines that are kept for an error.
const KEPT_LINES: usize = 400;
const QUOTED_LINES: usize = 12;

/// The lines of one job.
#[derive(Default)]
pub(crate) struct Console<'s> {
    stage: Option<&'s Stage<'s>>,
    /// `application_1764061200000_0001`.
    pub application: Option<String>,
    /// Tasks that were told to be complete: of the map tasks, and of the reduce tasks.
    told: (u64, u64),
    reducing: bool,
    counters: BTreeMap<String, Vec<(String, i64)>>,
    /// The group of counters that is being printed.
    group: Option<String>,
    lines: Vec<String>,
}

/// A trap of a cluster, by the words in which it shows, and what to do about it.
const TRAPS: &[(&str, &str)] = &[
    (
        "TA_TOO_MANY_FETCH_FAILURE at KILL_CONTAINER_CLEANUP",
        "a NodeManager was lost, and the ApplicationMaster waited for it too long: leave \
         yarn.client.nodemanager-connect.max-wait-ms at 1000 and …retry-interval-ms at 200",
    ),
    (
        "Could not find or load main class org.apache.hadoop.mapreduce.v2.app.MRAppMaster",
        "the nodes do not find Hadoop's jars: set mapreduce.application.classpath, or yarn.app.mapreduce.am.env and \
         mapreduce.{map,reduce}.env to HADOOP_MAPRED_HOME=…, in mapred-site.xml or by --engine-option",
    ),
    (
        "mapreduce_shuffle does not exist",
        "the NodeManagers have no shuffle: set yarn.nodemanager.aux-services to mapreduce_shuffle in yarn-site.xml",
    ),
    (
        "running beyond physical memory limits",
        "YARN killed the container, which is Java and twinmill together: raise mapreduce.map.memory.mb and \
         mapreduce.reduce.memory.mb, or lower --engine-option task-memory=",
    ),
    (
        "Exec format error",
        "the nodes have another processor than this machine: build twinmill for theirs, and name it in TWINMILL_TASK_PROGRAM",
    ),
    (
        "GLIBC_",
        "the nodes have an older C library than this machine: build twinmill for x86_64-unknown-linux-musl, and name it in \
         TWINMILL_TASK_PROGRAM",
    ),
    ("Too many counters", "raise mapreduce.job.counters.max, on the history server, too"),
    (
        "Requested resources (or number of containers) exceeded",
        "the cluster has no node as large as a container: lower mapreduce.map.memory.mb and mapreduce.reduce.memory.mb",
    ),
    (
        "InvalidResourceRequestException",
        "the cluster has no node as large as a container: lower mapreduce.map.memory.mb, mapreduce.reduce.memory.mb and \
         yarn.app.mapreduce.am.resource.mb by --engine-option",
    ),
    ("SequenceFile that is compressed", "leave mapreduce.output.fileoutputformat.compress at false"),
    ("Name node is in safe mode", "HDFS takes no files yet; wait, or see why with `hdfs dfsadmin -safemode get`"),
    ("Connection refused", "a daemon does not run: is HADOOP_CONF_DIR that of the cluster?"),
    ("GSS initiate failed", "there is no Kerberos ticket: run kinit"),
];

/// Whether counters of this group are the framework's, and not of the job's own code.
pub(crate) fn is_of_hadoop(group: &str) -> bool {
    const OWN: [&str; 7] = [
        "File System Counters",
        "Job Counters",
        "Map-Reduce Framework",
        "Shuffle Errors",
        "File Input Format Counters",
        "File Output Format Counters",
        "org.apache.hadoop.streaming.",
    ];
    [summary::GROUP_MAP, summary::GROUP_REDUCE, summary::GROUP_AGGREGATES].contains(&group)
        || OWN.iter().any(|own| group.trim().starts_with(own))
}

impl<'s> Console<'s> {
    /// Nothing was printed yet of the job of this stage.
    pub fn new(stage: &'s Stage<'s>) -> Self {
        Console { stage: Some(stage), ..Console::default() }
    }

    /// Takes a line.
    pub fn take(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(name) = line.strip_prefix("\t\t") {
            if let (Some(group), Some((name, n))) = (&self.group, name.rsplit_once('='))
                && let Ok(n) = n.parse()
            {
                self.counters.entry(group.clone()).or_default().push((name.to_owned(), n));
            }
            return;
        }
        if let Some(group) = line.strip_prefix('\t').filter(|_| self.group.is_some()) {
            self.group = Some(group.to_owned());
            return;
        }
        self.group = None;
        if line.contains("Counters: ") {
            self.group = Some(String::new());
            return;
        }
        if let Some(at) = line.find("application_") {
            let name: String = line[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            self.application.get_or_insert(name);
        }
        if let Some((map, reduce)) = progress(line) {
            self.tell(map, reduce);
            return;
        }
        if self.lines.len() == KEPT_LINES {
            self.lines.remove(0);
        }
        self.lines.push(line.to_owned());
    }

    /// Tells how many tasks are complete, of which Hadoop says per cents.
    fn tell(&mut self, map: u64, reduce: u64) {
        let Some(stage) = self.stage else { return };
        let maps = stage.splits.len() as u64 * map / 100;
        (self.told.0..maps).for_each(|_| stage.progress.task_done());
        self.told.0 = maps.max(self.told.0);
        if map == 100 && stage.reducers > 0 && !self.reducing {
            self.reducing = true;
            stage.progress.begin_wave(stage.name, "reduce", stage.reducers.into(), 0);
        }
        if self.reducing {
            let reduces = u64::from(stage.reducers) * reduce / 100;
            (self.told.1..reduces).for_each(|_| stage.progress.task_done());
            self.told.1 = reduces.max(self.told.1);
        }
    }

    /// Counters of a group.
    pub fn group(&self, name: &str) -> &[(String, i64)] {
        self.counters.get(name).map_or(&[], Vec::as_slice)
    }

    /// All counters, by groups.
    pub fn groups(&self) -> impl Iterator<Item = (&String, &Vec<(String, i64)>)> {
        self.counters.iter()
    }

    /// The error of a job that has failed: what its tasks said, and what to do about it, where that is known.
    pub fn failure(&self, how: &str) -> Error {
        let all = self.lines.join("\n");
        let advice =
            TRAPS.iter().find(|(words, _)| all.contains(words)).map(|(_, advice)| format!("\n  advice: {advice}"));
        let advice = advice.unwrap_or_default();
        // A task's own error says more than Java's, and stands in lines of its own.
        let own: Vec<&str> =
            self.lines.iter().map(String::as_str).filter(|line| line.starts_with("twinmill: ")).collect();
        let said = if own.is_empty() {
            let told = |line: &&String| !line.trim_start().starts_with("at ") && !line.contains(" INFO ");
            last_lines(&self.lines.iter().filter(told).cloned().collect::<Vec<_>>().join("\n"), QUOTED_LINES)
        } else {
            last_lines(&own.join("\n"), QUOTED_LINES)
        };
        let logs =
            self.application.as_ref().map(|id| format!("\n  logs: yarn logs -applicationId {id}")).unwrap_or_default();
        Error::user(format!("the job failed on Hadoop; {how}:\n  {said}{advice}{logs}"))
    }
}

/// The per cents of ` map 33% reduce 0%`.
fn progress(line: &str) -> Option<(u64, u64)> {
    let (_, rest) = line.split_once(" map ")?;
    let (map, rest) = rest.split_once("% reduce ")?;
    let (reduce, _) = rest.split_once('%')?;
    Some((map.trim().parse().ok()?, reduce.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(text: &str) -> Console<'static> {
        let mut console = Console::default();
        text.lines().for_each(|line| console.take(line));
        console
    }

    #[test]
    fn number_and_counters_are_read_from_what_is_printed() {
        let console = console(
            "26/11/26 13:00:00,1 INFO impl.YarnClientImpl: Submitted application application_1764061200000_0007\n\
             26/11/26 13:00:01,1 INFO mapreduce.Job:  map 50% reduce 0%\n\
             26/11/26 13:00:02,1 INFO mapreduce.Job: Counters: 3\n\
             \tFile System Counters\n\t\tFILE: Number of bytes read=7\n\
             \ttwinmill map\n\t\tMAP_INPUT_RECORDS=12\n\
             \twords\n\t\tlong=-1\n\
             26/11/26 13:00:03,1 INFO streaming.StreamJob: Output directory: hdfs://h/x\n\tno counter\n",
        );
        assert_eq!(console.application.as_deref(), Some("application_1764061200000_0007"));
        assert_eq!(console.group("twinmill map"), [("MAP_INPUT_RECORDS".to_owned(), 12)]);
        assert_eq!(console.group("words"), [("long".to_owned(), -1)]);
        assert_eq!(console.groups().filter(|(group, _)| !is_of_hadoop(group)).count(), 1);
        assert_eq!(progress("INFO mapreduce.Job:  map 50% reduce 0%"), Some((50, 0)));
    }

    #[test]
    fn a_failure_quotes_the_task_and_not_java() {
        let error = console(
            "Error: java.lang.RuntimeException: PipeMapRed.waitOutputThreads(): subprocess failed with code 1\n\
             \tat org.apache.hadoop.streaming.PipeMapRed.waitOutputThreads(PipeMapRed.java:326)\n\
             twinmill: job kmeans: task map-00000 attempt 0: /data/points at offset 12: no number\n",
        )
        .failure("it ended with exit status 1")
        .to_string();
        assert!(error.contains("/data/points at offset 12") && !error.contains("PipeMapRed"), "{error}");
    }

    #[test]
    fn each_trap_is_explained_where_it_shows() {
        let recorded = [
            ("Job failed: Invalid event: TA_TOO_MANY_FETCH_FAILURE at KILL_CONTAINER_CLEANUP", "max-wait-ms"),
            (
                "Error: Could not find or load main class org.apache.hadoop.mapreduce.v2.app.MRAppMaster",
                "HADOOP_MAPRED_HOME",
            ),
            (
                "org.apache.hadoop.yarn.exceptions.InvalidAuxServiceException: The auxService:mapreduce_shuffle does not exist",
                "aux-services",
            ),
            (
                "Container [pid=1,containerID=c] is running 1MB beyond the 'PHYSICAL' memory limit, running beyond physical memory limits",
                "task-memory",
            ),
            (
                "java.io.IOException: Cannot run program \"./twinmill\": error=8, Exec format error",
                "TWINMILL_TASK_PROGRAM",
            ),
            ("./twinmill: /lib/libc.so.6: version `GLIBC_2.39' not found", "musl"),
            (
                "org.apache.hadoop.mapreduce.counters.LimitExceededException: Too many counters: 121 max=120",
                "counters.max",
            ),
            ("mkdir: Cannot create directory /tmp/x. Name node is in safe mode.", "safemode"),
            ("Call From vm to 127.0.0.1:8032 failed: java.net.ConnectException: Connection refused", "HADOOP_CONF_DIR"),
            ("javax.security.sasl.SaslException: GSS initiate failed", "kinit"),
        ];
        for (line, advice) in recorded {
            let error = console(line).failure("it ended with exit status 1").to_string();
            assert!(error.contains(line) && error.contains("advice: ") && error.contains(advice), "{error}");
        }
    }
}
