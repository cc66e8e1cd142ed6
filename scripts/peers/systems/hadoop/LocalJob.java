import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;

/** Jobs for LocalJobRunner within what the harness grants: CPUS, SCRATCH and SPLIT_BYTES in the environment. */
final class LocalJob {
    static final int CPUS = Integer.parseInt(System.getenv("CPUS"));
    static final Path SCRATCH = new Path(System.getenv("SCRATCH"));

    private LocalJob() {}

    /** The time when Hadoop is ready for its first job: loading its classes and settings is start-up. */
    static long ready() throws IOException {
        Job.getInstance(new Configuration());
        return System.nanoTime();
    }

    /** A job of CPUS reducers over {@code input}, with as many tasks at once as there are CPUs. */
    static Job create(Class<?> program, Path input, Path output) throws IOException {
        Configuration conf = new Configuration();
        conf.set("hadoop.tmp.dir", SCRATCH.toString());
        conf.setLong("fs.local.block.size", Long.parseLong(System.getenv("SPLIT_BYTES")));
        conf.setInt("mapreduce.local.map.tasks.maximum", CPUS);
        conf.setInt("mapreduce.local.reduce.tasks.maximum", CPUS);
        conf.setInt("mapreduce.client.completion.pollinterval", 20);
        conf.setInt("mapreduce.client.progressmonitor.pollinterval", 20);
        Job job = Job.getInstance(conf, program.getSimpleName());
        job.setJarByClass(program);
        job.setNumReduceTasks(CPUS);
        FileInputFormat.addInputPath(job, input);
        FileOutputFormat.setOutputPath(job, output);
        return job;
    }

    /** Run to the end; a failed job is an error. */
    static void complete(Job job) throws IOException, InterruptedException, ClassNotFoundException {
        if (!job.waitForCompletion(false)) {
            throw new IOException(job.getJobName() + " failed: " + job.getStatus().getFailureInfo());
        }
    }

    /** Write lines that the driver holds to a file of the output folder. */
    static void write(List<String> lines, String output) throws IOException {
        Path part = new Path(output, "part-00000");
        try (PrintStream to = new PrintStream(part.getFileSystem(new Configuration()).create(part))) {
            lines.forEach(to::println);
        }
    }

    /** Report the time since {@code startedNanos}, when the first job was created, as this program's work. */
    static void report(long startedNanos) {
        System.out.printf("work_seconds=%.6f%n", (System.nanoTime() - startedNanos) / 1e9);
    }
}
