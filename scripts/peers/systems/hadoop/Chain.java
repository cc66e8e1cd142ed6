import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The folders between the jobs of a chain. One is deleted when its reader is done. */
final class Chain {
    private int jobs;

    /** The folder for the output of the next job, which will read {@link #current}. */
    Path next() throws IOException {
        Path read = folder(jobs - 1);
        read.getFileSystem(new Configuration()).delete(read, true);
        return folder(++jobs);
    }

    /** What the last job wrote. */
    Path current() {
        return folder(jobs);
    }

    private static Path folder(int job) {
        return new Path(LocalJob.SCRATCH, "job-" + job);
    }
}
