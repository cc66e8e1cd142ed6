import java.io.IOException;
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

    /** Key and value as the line that they were. */
    public static final class WholeLines extends Reducer<Text, Text, Text, NullWritable> {
        private final Text line = new Text();

        @Override
        protected void reduce(Text key, Iterable<Text> values, Context context)
                throws IOException, InterruptedException {
            for (Text value : values) {
                line.set(key);
                line.append(value.getBytes(), 0, value.getLength());
                context.write(line, NullWritable.get());
            }
        }
    }

    private TotalOrder() {}

    static void run(Class<? extends KeyedLines> input, String[] args) throws Exception {
        Job job = LocalJob.create(input, new Path(args[0]), new Path(args[1]));
        long started = System.nanoTime();
        job.setInputFormatClass(input);
        job.setReducerClass(WholeLines.class);
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
