import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.Reducer;
import org.apache.hadoop.mapreduce.lib.partition.InputSampler;
import org.apache.hadoop.mapreduce.lib.partition.TotalOrderPartitioner;

/** Hadoop's own sort: the identity job, with split points from a sample, so that the parts follow each other. */
final class TotalOrder {
    private static final int SAMPLES = 10_000;
    private static final int SPLITS_SAMPLED = 10;
    /** The sampler wants a record for each reducer; an input of fewer bytes may not have them. */
    private static final long LEAST_BYTES_OF_SEVERAL_REDUCERS = 1 << 16;

    /** Key and value as the line that they were. */
    public static class WholeLines extends Reducer<Text, Text, Text, NullWritable> {
        private final Text line = new Text();
        private final byte[] end;

        public WholeLines() {
            this("");
        }

        /** What the reader has dropped before the line feed. */
        WholeLines(String end) {
            this.end = end.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        protected void reduce(Text key, Iterable<Text> values, Context context)
                throws IOException, InterruptedException {
            for (Text value : values) {
                line.set(key);
                line.append(value.getBytes(), 0, value.getLength());
                line.append(end, 0, end.length);
                context.write(line, NullWritable.get());
            }
        }
    }

    private TotalOrder() {}

    static void run(Class<? extends KeyedLines> input, Class<? extends WholeLines> output, String[] args)
            throws Exception {
        Path from = new Path(args[0]);
        Job job = LocalJob.create(input, from, new Path(args[1]));
        long started = System.nanoTime();
        long bytes = from.getFileSystem(job.getConfiguration()).getContentSummary(from).getLength();
        if (bytes < LEAST_BYTES_OF_SEVERAL_REDUCERS) {
            job.setNumReduceTasks(1);
        }
        job.setInputFormatClass(input);
        job.setReducerClass(output);
        job.setMapOutputKeyClass(Text.class);
        job.setMapOutputValueClass(Text.class);
        job.setOutputKeyClass(Text.class);
        job.setOutputValueClass(NullWritable.class);
        job.setPartitionerClass(TotalOrderPartitioner.class);
        TotalOrderPartitioner.setPartitionFile(job.getConfiguration(), new Path(LocalJob.SCRATCH, "partitions"));
        InputSampler.writePartitionFile(job, new InputSampler.SplitSampler<Text, Text>(SAMPLES, SPLITS_SAMPLED));
        LocalJob.complete(job);
        LocalJob.report(started);
    }
}
